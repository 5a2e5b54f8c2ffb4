#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the models of predict.c with the program ba, and runs it.

usage: predict.py BENCH_PREDICT [PART]. Prints `NAME VALUE`. The peer's graphs are what `ba export --onnx` writes, cut down to
the one answer that is asked for, as ONNX Runtime computes all of a graph in any case.
"""

import importlib.util
import os
import pathlib
import random
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
BA = os.environ.get("BA", str(TOP / "build/release/ba"))
WORK = TOP / "build/bench"
WIDTH = 1024
MODELS = {  # name -> (features, model, the answer)
    "row": ("Kmer(k=5)", "Logistic(l2=1e-2)", "second"),
    "columns": ("Columns()", "Logistic(l2=1e-2)", "second"),
    "mlp": ("Kmer(k=5)", "MLP(hidden=64, epochs=2)", "scores"),
    "mlp_columns": ("Columns()", "MLP(hidden=64, epochs=2)", "scores"),
    "conv8": ("OneHot() | Conv(filters=32, width=8)", "MLP(hidden=1, epochs=1)", "scores"),
    "conv24": ("OneHot() | Conv(filters=32, width=24)", "MLP(hidden=1, epochs=1)", "scores"),
}


def make_rows(path):
    numbers = random.Random(5)
    lines = [",".join(f"x{i}" for i in range(WIDTH)) + ",y"]
    for i in range(400):
        lines.append(",".join(f"{numbers.random() - 0.5 + 0.1 * (i % 2):.4f}" for _ in range(WIDTH)) + f",{i % 2}")
    path.write_text("\n".join(lines) + "\n")


def make_letters(path):
    numbers = random.Random(6)
    rows = [("".join(numbers.choices("ACGT", (1, 1 + i % 2, 1, 1), k=200)), i % 2) for i in range(400)]
    path.write_text("sequence,label\n" + "".join(f"{letters},{label}\n" for letters, label in rows))


def cut(path, answer):
    """Leaves of a graph what one answer needs; without the package onnx it stays whole."""
    if not importlib.util.find_spec("onnx"):
        return
    import onnx
    model = onnx.load(str(path))
    graph, wanted, kept = model.graph, {answer}, []
    for node in reversed(graph.node):
        if wanted & set(node.output):
            kept.insert(0, node)
            wanted |= set(node.input)
    del graph.node[:], graph.output[:]
    graph.node.extend(kept)
    graph.output.append(onnx.helper.make_tensor_value_info(answer, onnx.TensorProto.FLOAT, None))
    onnx.save(model, str(path))


def inside(package, pattern):
    """The path of a library that a package of Python has inside, or nothing."""
    found = importlib.util.find_spec(package)
    paths = sorted(pathlib.Path(found.origin).parent.glob(pattern)) if found else []
    return str(paths[0]) if paths else ""


def main():
    program = sys.argv[1]
    if not pathlib.Path(program).exists():
        raise SystemExit(f"predict.py: {program} is not built: configure with -DBA_BENCHMARKS=ON")
    WORK.mkdir(parents=True, exist_ok=True)
    rows, letters = WORK / "predict.rows.csv", WORK / "predict.letters.csv"
    make_rows(rows)
    make_letters(letters)
    for name, (features, model, answer) in MODELS.items():
        made, graph = WORK / f"predict.{name}.ba", WORK / f"predict.{name}.onnx"
        data = ["--table", rows, "--target", "y"] if features == "Columns()" else ["--labels", letters]
        for command in (["train", "--recipe", f"{features} | {model}", *data, "--out", made],
                        ["export", "--onnx", "--out", graph, made]):
            subprocess.run([BA, *map(str, command)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cut(graph, answer)
    subprocess.run([program, str(WORK), inside("onnxruntime", "capi/libonnxruntime.so*"),
                    inside("numpy", "../numpy.libs/libscipy_openblas64*.so"), *sys.argv[2:]], check=True)


if __name__ == "__main__":
    main()
