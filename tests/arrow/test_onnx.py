# SPDX-License-Identifier: MIT
"""ba export --onnx in ONNX Runtime: rows of ba features give what ba predict gives, within float32."""

import os
import pathlib
import random
import subprocess

import numpy
import pytest

runtime = pytest.importorskip("onnxruntime")
BA = os.environ.get("BA", str(pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "ba"))


def ba(*arguments):
    return subprocess.run([BA, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def columns(text, names):
    head, *rows = (line.split("\t") for line in text.splitlines())
    return numpy.array([[float(row[head.index(name)]) for name in names] for row in rows])


@pytest.fixture(name="data", scope="module")
def make_data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("onnx")
    source = random.Random(3)
    rows = [("".join(source.choice(mix) for _ in range(40)), label, number) for label, mix, number in
            [("a", "AACGT", 1.5), ("b", "ACCGT", 2.5), ("c", "ACGGT", 4.0)] for _ in range(60)]
    (folder / "three.csv").write_text("sequence,label\n" + "".join(f"{s},{y}\n" for s, y, _ in rows))
    (folder / "two.csv").write_text("sequence,label\n" + "".join(f"{s},{y}\n" for s, y, _ in rows if y != "c"))
    (folder / "numbers.csv").write_text("sequence,label\n" + "".join(f"{s},{n}\n" for s, _, n in rows))
    (folder / "x.fa").write_text("".join(f">x{i}\n{s}\n" for i, (s, _, _) in enumerate(rows)))
    return folder


FEATURES = "Kmer(k=1..3)"


@pytest.mark.parametrize("name, model, calibration, answers, scores", [
    ("two", "Logistic()", None, ["probability"], ["score"]),
    ("two", "Logistic()", "platt", ["probability"], ["score"]),
    ("two", "Logistic()", "temperature", ["probability"], ["score"]),
    ("three", "Softmax()", None, ["probability:a", "probability:b", "probability:c"], None),
    ("three", "Softmax()", "temperature", ["probability:a", "probability:b", "probability:c"], None),
    ("numbers", "Linear()", None, ["value"], ["score"]),
    ("numbers", "Poisson()", None, ["value"], ["score"]),
])
def test_same_answers(data, name, model, calibration, answers, scores):
    ba("train", "--recipe", f"{FEATURES} | {model}", "--labels", data / f"{name}.csv", "--out", data / "m.ba")
    if calibration:
        ba("calibrate", "--method", calibration, "--model", data / "m.ba", "--labels", data / f"{name}.csv", "--out",
           data / "m.ba")
    ba("export", "--onnx", "--out", data / "m.onnx", data / "m.ba")
    ba("features", "--recipe", FEATURES, "--format", "npy", "--out", data / "x.npy", data / "x.fa")
    rows = numpy.load(data / "x.npy").astype(numpy.float32)
    session = runtime.InferenceSession(str(data / "m.onnx"), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape[1] == rows.shape[1]
    margins, given = session.run(None, {"features": rows})
    wanted = ba("predict", "--model", data / "m.ba", data / "x.fa")
    expected = columns(wanted, answers)
    if answers == ["probability"]:
        expected = numpy.hstack([1 - expected, expected])
    assert given.dtype == numpy.float32 and numpy.abs(given - expected).max() < 2e-5
    if scores:
        assert numpy.abs(margins - columns(wanted, scores)).max() < 2e-5
