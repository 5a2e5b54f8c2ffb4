# SPDX-License-Identifier: MIT
"""ba export --onnx in ONNX Runtime: rows of ba features, and letters, give what ba predict gives, within float32."""

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
    ("two", "MLP(hidden=5, skip=linear, epochs=4)", "platt", ["probability"], ["score"]),
    ("two", "MLP(hidden=4, epochs=4, seeds=2)", None, ["probability"], ["score"]),
    ("three", "MLP(hidden=3, skip=linear, epochs=4, seeds=3)", "temperature",
     ["probability:a", "probability:b", "probability:c"], None),
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


def one_hot(path):
    letters = path.read_text().splitlines()[1::2]
    return numpy.array([[[letter == base for letter in text] for base in "ACGT"] for text in letters], numpy.float32)


def check(data, inputs, letters="x.fa"):
    ba("export", "--onnx", "--out", data / "m.onnx", data / "m.ba")
    session = runtime.InferenceSession(str(data / "m.onnx"), providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == list(inputs)
    margins, given = session.run(None, inputs)
    wanted = ba("predict", "--model", data / "m.ba", data / letters)
    if given.shape[1] == 2:
        assert numpy.abs(margins - columns(wanted, ["score"])).max() < 2e-5
        assert numpy.abs(given[:, 1:] - columns(wanted, ["probability"])).max() < 2e-5
    else:
        assert numpy.abs(given - columns(wanted, [f"probability:{c}" for c in "abc"])).max() < 2e-5


@pytest.mark.parametrize("name, layers", [
    ("two", "Conv(filters=7, width=6, pool=3, strand=max) | Conv(filters=5, width=3) | MLP(hidden=4, epochs=3)"),
    ("two", "Conv(filters=6, width=5) | MLP(hidden=3, epochs=3, seeds=2)"),
    ("three", "Conv(filters=6, width=4, pool=2) | Conv(filters=4, width=2, pool=3) | Conv(filters=5, width=3, bins=2) | "
              "MLP(hidden=4, epochs=3)"),
    ("three", "Conv(filters=6, width=8, strand=max, bins=7, pool=2) | MLP(hidden=4, epochs=3, seeds=2)"),
])
def test_networks(data, name, layers):
    ba("train", "--recipe", f"OneHot() | {layers}", "--labels", data / f"{name}.csv", "--out", data / "m.ba")
    check(data, {"letters": one_hot(data / "x.fa")})
    short = [line if line.startswith(">") else line[:24] + "N" for line in (data / "x.fa").read_text().splitlines()]
    (data / "short.fa").write_text("\n".join(short) + "\n")
    check(data, {"letters": one_hot(data / "short.fa")}, "short.fa")


@pytest.mark.parametrize("name, linear", [("two", "Logistic()"), ("three", "Softmax()")])
def test_ensembles(data, name, linear):
    features = ["Kmer(k=1..2)", "Kmer(k=3, strand=canonical)"]
    convolution = "OneHot() | Conv(filters=6, width=4, strand=max) | MLP(hidden=3, epochs=3)"
    ba("train", "--recipe", f"{features[0]} | {linear} & {convolution} & {features[1]} | MLP(hidden=3, skip=linear, epochs=3)",
       "--labels", data / f"{name}.csv", "--out", data / "m.ba")
    ba("calibrate", "--method", "temperature", "--model", data / "m.ba", "--labels", data / f"{name}.csv", "--out",
       data / "m.ba")
    rows = []
    for recipe in features:
        ba("features", "--recipe", recipe, "--format", "npy", "--out", data / "x.npy", data / "x.fa")
        rows.append(numpy.load(data / "x.npy").astype(numpy.float32))
    check(data, {"letters": one_hot(data / "x.fa"), "features": rows[0], "features.2": rows[1]})


@pytest.mark.parametrize("scale, model", [("", "Logistic(l2=1e-3)"), (" | Standardize()", "Logistic(l2=1e-3)"),
                                          (" | MinMax()", "MLP(hidden=4, skip=linear, epochs=4)"),
                                          (" | Standardize()", "MLP(hidden=4, epochs=4)")])
def test_rows_of_a_table(data, scale, model):
    """The input is the columns of the model, as they are before they are scaled."""
    source = random.Random(7)
    rows = [(source.gauss(40, 5), source.gauss(-1, 0.1), source.choice(["north", "south"])) for _ in range(300)]
    label = [int(a + 20 * b + (5 if c == "north" else 0) + source.gauss(0, 2) > 22) for a, b, c in rows]
    (data / "t.csv").write_text("a,b,c,y\n" + "".join(f"{a},{b},{c},{y}\n" for (a, b, c), y in zip(rows, label)))
    ba("train", "--recipe", f"Columns() + Category(column=c){scale} | {model}", "--table", data / "t.csv", "--target", "y",
       "--out", data / "m.ba")
    ba("export", "--onnx", "--out", data / "m.onnx", data / "m.ba")
    session = runtime.InferenceSession(str(data / "m.onnx"), providers=["CPUExecutionProvider"])
    features = numpy.array([[a, b, c == "north", c == "south"] for a, b, c in rows], numpy.float32)
    margins, given = session.run(None, {"features": features})
    wanted = ba("predict", "--model", data / "m.ba", data / "t.csv")
    assert numpy.abs(margins - columns(wanted, ["score"])).max() < 2e-4
    assert numpy.abs(given[:, 1:] - columns(wanted, ["probability"])).max() < 2e-4


def test_descriptors(data):
    recipe = "PseDNC(lambda=3) + Kmer(k=2) | Standardize()"
    ba("train", "--recipe", f"{recipe} | Logistic()", "--labels", data / "two.csv", "--out", data / "m.ba")
    ba("export", "--onnx", "--out", data / "m.onnx", data / "m.ba")
    ba("features", "--recipe", "PseDNC(lambda=3) + Kmer(k=2)", "--format", "npy", "--out", data / "x.npy", data / "x.fa")
    session = runtime.InferenceSession(str(data / "m.onnx"), providers=["CPUExecutionProvider"])
    margins, _ = session.run(None, {"features": numpy.load(data / "x.npy").astype(numpy.float32)})
    wanted = ba("predict", "--model", data / "m.ba", data / "x.fa")
    assert numpy.abs(margins - columns(wanted, ["score"])).max() < 2e-4
