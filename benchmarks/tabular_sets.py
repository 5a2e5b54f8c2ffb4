# SPDX-License-Identifier: MIT
"""What tabular.py and tabular_sensors.py share: where the tables are, the program, and terms over columns in memory."""

import ctypes
import csv
import gzip
import json
import os
import random
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/oracles"))

import library  # noqa: E402
from accuracy_sets import DATA, TOP  # noqa: E402
from library import I32, I64, OUT, P, TEXT  # noqa: E402

TABLES = DATA / "tabular"
WORK = TOP / "build/bench/tabular"
TERMS_AT_ONCE = 20  # a recipe has at most 4,096 letters

ba = library.declare({"stream_open": (I32, P, TEXT, TEXT, OUT), "stream_width": (I64, P), "stream_close": (None, P),
                      "stream_inputs": (I64, P), "stream_input_name": (TEXT, P, I64),
                      "stream_update_rows": (I32, P, TEXT, P, P, I64, I64, P)})


def say(name, value):
    print(f"tabular.{name} {value:.4g}" if isinstance(value, float) else f"tabular.{name} {value}", flush=True)


def read(name):
    """The rows of a table as dictionaries of texts."""
    path = TABLES / name
    with (gzip.open if name.endswith(".gz") else open)(path, "rt", newline="") as file:
        return list(csv.DictReader(file))


def write(name, rows):
    path = WORK / name
    with open(path, "w", newline="") as file:
        out = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)
    return str(path)


def run(*arguments, text=False):
    """What the program prints: an object, or lines of fields."""
    done = subprocess.run([library.BA, *arguments] + ([] if text else ["--json"]), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"ba {' '.join(arguments)}\n{done.stderr}")
    return [line.split("\t") for line in done.stdout.splitlines()[1:]] if text else json.loads(done.stdout)


def probabilities(model, table):
    return [float(fields[2]) for fields in run("predict", "--model", model, table, text=True)]


def deal(labels, parts, seed):
    """A part for each row, as many of every class in each: by a seeded shuffle."""
    found, numbers = [0] * len(labels), random.Random(seed)
    for label in sorted(set(labels)):
        own = [i for i, other in enumerate(labels) if other == label]
        numbers.shuffle(own)
        for place, i in enumerate(own):
            found[i] = place % parts
    return found


def derive(columns, terms):
    """What the library makes of columns of numbers, row by row: one list for each result."""
    context, found = library.Context(), []
    for first in range(0, len(terms), TERMS_AT_ONCE):
        stream = P()
        recipe = " + ".join(terms[first:first + TERMS_AT_ONCE])
        context.check(ba.stream_open(context.handle, recipe.encode(), None, ctypes.byref(stream)))
        names = [ba.stream_input_name(stream, i).decode() for i in range(ba.stream_inputs(stream))]
        rows, width = len(columns[names[0]]), ba.stream_width(stream)
        inputs, out = (ctypes.c_double * (rows * len(names)))(), (ctypes.c_double * (rows * width))()
        for i, name in enumerate(names):
            inputs[i::len(names)] = columns[name]
        context.check(ba.stream_update_rows(stream, None, None, inputs, rows, len(names), out))
        ba.stream_close(stream)
        found += [out[i::width] for i in range(width)]
    return found
