#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sketches beside sourmash and one-hot rows beside NumPy, in turns within one process. CPU time, medians.

usage: features.py. Prints `NAME VALUE`; a ratio above 1 means that we are faster.
"""

import ctypes
import importlib
import importlib.metadata
import os
import pathlib
import random
import statistics
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")  # one thread on either side
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/oracles"))

import library  # noqa: E402
from library import I32, I64, OUT, P, TEXT  # noqa: E402

ROUNDS, LETTERS, ROWS, LENGTH = 11, 5_000_000, 256, 200
ba = library.declare({"sketch_create": (I32, P, TEXT, OUT), "sketch_add": (I32, P, TEXT, I64),
                      "sketch_destroy": (None, P), "sketch_count": (I64, P)})


def say(name, value):
    print(f"features.{name} {value:.3g}" if isinstance(value, float) else f"features.{name} {value}", flush=True)


def peer(module):
    """The module, or None and why not; says its version."""
    try:
        found = importlib.import_module(module)
    except ImportError as missing:
        return None, f"skipped no {missing.name} for {sys.executable}"
    say(f"{module}_version", importlib.metadata.version(module))
    return found, None


def seconds(call):
    start = time.process_time()
    call()
    return time.process_time() - start


def race(name, peer_name, ours, theirs, megabases):
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    say(f"{name}.mbases_per_s", megabases / statistics.median(a for a, _ in pairs))
    say(f"{name}.{peer_name}_mbases_per_s", megabases / statistics.median(b for _, b in pairs))
    say(f"{name}.vs_{peer_name}", statistics.median(b / a for a, b in pairs))


def fracminhash(context):
    """Canonical 21-mers of one long sequence, one in a thousand of their hashes kept, from a text to the sketch."""
    sourmash, why = peer("sourmash")
    if why:
        say("fracminhash.vs_sourmash", why)
        return
    letters = "".join(random.Random(8).choices("ACGT", k=LETTERS))
    encoded, counts = letters.encode(), {}

    def ours():
        sketch = P()
        context.check(ba.sketch_create(context.handle, b"k=21, scaled=1000", ctypes.byref(sketch)))
        context.check(ba.sketch_add(sketch, encoded, len(encoded)))
        counts["ours"] = ba.sketch_count(sketch)
        ba.sketch_destroy(sketch)

    def theirs():
        sketch = sourmash.MinHash(n=0, ksize=21, scaled=1000)
        sketch.add_sequence(letters)
        counts["theirs"] = len(sketch)

    ours()
    theirs()
    if counts["ours"] != counts["theirs"]:
        raise SystemExit(f"features.py: sketches differ: {counts}")
    race("fracminhash", "sourmash", ours, theirs, LETTERS / 1e6)


def one_hot(context):
    """Rows of four numbers a letter, of float64 and of uint8. NumPy takes rows of a table by the letters, its fastest
    way."""
    numpy, why = peer("numpy")
    if why:
        say("onehot.vs_numpy", why)
        say("onehot8.vs_numpy", why)
        return
    numbers = random.Random(9)
    found = ["".join(numbers.choices("ACGT", k=LENGTH)) for _ in range(ROWS)]
    records = context.records(found)
    extractor = context.extractor("PositionKmer(k=1, norm=none)", records)
    letters = numpy.frombuffer("".join(found).encode(), numpy.uint8)
    acgt = numpy.frombuffer(b"ACGT", numpy.uint8)
    for name, output, dtype in ("onehot", "values", numpy.float64), ("onehot8", "counts8", numpy.uint8):
        table = numpy.zeros((256, 4), dtype)
        table[acgt, range(4)] = 1
        option, rows = f"output={output}".encode(), P()

        def ours():
            for _ in range(20):
                context.check(library.ba.extractor_apply_records(extractor, records, option, ctypes.byref(rows)))
                library.ba.array_release(rows)

        def theirs():
            for _ in range(20):
                table.take(letters, axis=0).reshape(ROWS, 4 * LENGTH)

        def usual():
            for _ in range(20):
                (letters.reshape(-1, 1) == acgt).astype(dtype).reshape(ROWS, 4 * LENGTH)

        mine = context.dense(extractor, records, output)
        if mine.dtype != dtype or (mine != table.take(letters, axis=0).reshape(ROWS, 4 * LENGTH)).any():
            raise SystemExit(f"features.py: {name} rows differ")
        race(name, "numpy", ours, theirs, 20 * ROWS * LENGTH / 1e6)
        race(f"{name}.comparison", "numpy", ours, usual, 20 * ROWS * LENGTH / 1e6)


def main():
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    context = library.Context()
    fracminhash(context)
    one_hot(context)


if __name__ == "__main__":
    main()
