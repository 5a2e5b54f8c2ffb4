# SPDX-License-Identifier: MIT
"""Random calls with random arguments, for MISUSE_SECONDS (default 4): what is wrong is raised, and the process lives."""

import os
import subprocess
import sys

import pytest

import bioanalytics as bio

CODE = """
import faulthandler, gc, random, sys, threading, time
import numpy as np
import bioanalytics as b
from conftest import sequences_of

faulthandler.enable()
path, seed, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
numbers = random.Random(seed)
sequences = sequences_of(seed, 40, least=0, most=60, odd=0.05)
whole = open(path, "rb").read()
OBJECTS, MOST = [], 60


def number():
    return numbers.choice([0, 1, -1, 2, 7, 2**31, 2**63 - 1, -2**63, 1 << 70, 0.5, float("nan"), float("inf"), None,
                           "x"])


def value():
    return numbers.choice([
        number, lambda: sequences, lambda: numbers.choice(sequences), lambda: [number() for _ in range(3)],
        lambda: b"ACGT",
        lambda: np.random.default_rng(numbers.randrange(99)).normal(size=(numbers.randrange(4), numbers.randrange(4))),
        lambda: np.array(sequences), lambda: (b"ACGTACGT", [0, numbers.randrange(12)]), lambda: {"x": [1.0, 2.0]},
        lambda: numbers.choice(OBJECTS) if OBJECTS else None, lambda: np.zeros(3, "c16"), lambda: range(3),
        lambda: ["0", "1"] * 20, lambda: path,
        lambda: numbers.choice(["Kmer(k=2)", "Columns()", "", "Kmer(k=2) | Logistic()"]),
        lambda: memoryview(b"ACGT"), lambda: np.arange(12)[::-2], lambda: object()])()


def make():
    return numbers.choice([
        lambda: b.Model.load(path), lambda: b.Model.from_bytes(bytes(damaged())),
        lambda: b.open(bytes(value() or b">a\\nA")), lambda: b.Extractor("Kmer(k=2)"),
        lambda: b.Extractor("PositionKmer(k=1)"), lambda: b.Stream("Return(column=x)"),
        lambda: b.Dataset().add(sequences, ["0", "1"] * 20), lambda: b.Records.from_buffers(value(), value()),
        lambda: b.Table({"x": [1.0, 2.0], "t": ["a", None]}), lambda: b.Table.of(value()),
        lambda: b.OnlineTrainer("Kmer(k=2) | Logistic(solver=adagrad)", ["0", "1"]),
        lambda: b.Trainer("Kmer(k=2) | Logistic()", numbers.choice([o for o in OBJECTS if isinstance(o, b.Dataset)])),
        lambda: b.Model.load(path).scorer(drift=True), lambda: b.LogisticRegression().fit(value(), value())])()


def damaged():
    data = bytearray(whole)
    for _ in range(numbers.randrange(3)):
        data[numbers.randrange(len(data))] = numbers.randrange(256)
    return data[:numbers.choice([len(data), len(data), numbers.randrange(len(data))])]


def call():
    target = numbers.choice(OBJECTS)
    names = [n for n in dir(type(target)) if not n.startswith("_")
             and n not in ("save", "checkpoint", "run", "dump", "tofile")]  # these would write over the model
    names += ["__next__", "__len__", "__getitem__", "__arrow_c_stream__", "__arrow_c_array__", "_repr_html_",
              "__reduce__"]
    found = getattr(target, numbers.choice(names))
    if callable(found):
        found = found(*(value() for _ in range(numbers.randrange(4))))
    if isinstance(found, (b.Model, b.Records, b.Table, b.Scorer, np.ndarray)):
        OBJECTS.append(found)


def work(until):
    while time.time() < until:
        try:
            if len(OBJECTS) < 5 or numbers.random() < 0.2:
                OBJECTS.append(make())
            else:
                call()
        except (Exception, ImportError):
            pass
        if len(OBJECTS) > MOST:
            del OBJECTS[numbers.randrange(len(OBJECTS))]
        if numbers.random() < 0.01:
            gc.collect()


threads = [threading.Thread(target=work, args=(time.time() + seconds,)) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert b.Model.load(path).predict(["ACGT" * 20])[0] in "01"
print("alive")
"""


@pytest.mark.parametrize("seed", range(3))
def test_no_misuse_ends_the_process(model_file, tmp_path, seed):
    seconds = float(os.environ.get("MISUSE_SECONDS", "4")) / 3
    done = subprocess.run([sys.executable, "-c", CODE, str(model_file), str(seed), str(seconds)], cwd=tmp_path,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds + 120, check=False,
                          env={**os.environ, "PYTHONWARNINGS": "ignore"})
    assert (done.returncode, done.stdout) == (0, "alive\n"), done.stderr[-3000:]


def test_one_object_for_another(model_file):
    """Each has a native handle; what takes one kind refuses all others before native code can mistake it."""
    model, table = bio.Model.load(model_file), bio.Table({"x": [1.0]})
    dataset = bio.Dataset().add(["ACGT", "TTTT"], ["0", "1"])
    recipe, online = "Kmer(k=2) | Logistic()", bio.OnlineTrainer("Kmer(k=2) | Logistic(solver=adagrad)", ["0", "1"])
    for wrong in (table, model.scorer(), bio.Extractor("Kmer(k=2)"), object(), "model", 7):
        for call in (lambda: bio.Stream.of_model(wrong), lambda: bio.model.Scorer(wrong),
                     lambda: bio.Trainer(recipe, wrong), lambda: online.learn(wrong), lambda: bio.leakage(wrong),
                     lambda: bio.OnlineTrainer(recipe, ["0", "1"], start=wrong), lambda: bio.evaluate(wrong, dataset),
                     lambda: bio.evaluate(model, wrong), lambda: bio.calibrate(wrong, dataset),
                     lambda: bio.calibrate(model, wrong), lambda: bio.cross_validate(recipe, wrong),
                     lambda: bio.cross_validate_path(recipe, wrong, [1.0]),
                     lambda: bio.Partial.of(b"", wrong, 0)):
            with pytest.raises(TypeError, match="expected a bioanalytics.(Model|Dataset)"):
                call()
