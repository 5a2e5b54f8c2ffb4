#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Two threads beside one: wall time, in turns. Runs on whatever cores there are, so nothing else should run there.

usage: threads.py score|train. Prints `threads2.NAME VALUE`, above 1 where two threads are faster; with one core
`skipped`.
"""

import os
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/oracles"))

import compare  # noqa: E402
import library  # noqa: E402
from library import F64, I32, P  # noqa: E402

ROUNDS = 7
set_threads = library.declare({"context_set_threads": (I32, P, I32)}).context_set_threads


def wall(context, threads, call):
    context.check(set_threads(context.handle, threads))
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def race(name, context, call):
    """The median of one thread's time over two threads', pair by pair."""
    if len(os.sched_getaffinity(0)) < 2:
        compare.say(f"threads2.{name}", "skipped one core")
        return
    wall(context, 2, call)
    pairs = [(wall(context, 1, call), wall(context, 2, call)) for _ in range(ROUNDS)]
    compare.say(f"threads2.{name}_one_s", statistics.median(one for one, _ in pairs))
    compare.say(f"threads2.{name}", statistics.median(one / two for one, two in pairs))


def score():
    """Scores of 200,000 records of 200 letters, in one pass over the letters."""
    context, (found, labels) = library.Context(), compare.sequences(4, 20000, 200)
    model, _ = context.train("Kmer(k=6, value=count, norm=none) | Logistic(l2=1e-3)",
                             context.dataset(found[:2000], labels[:2000]))
    scorer = context.make(library.ba.scorer_create, context.handle, model, b"", destroy=library.ba.scorer_destroy)
    records = context.records(found * 10)
    scores = (F64 * (10 * len(found)))()
    race("score", context,
         lambda: context.check(library.ba.scorer_predict_records(scorer, records, scores, None)))


def train():
    """Features of 65,536 sequences anew in every pass, a network, and rows of numbers, which are bound by memory."""
    context, (found, labels) = library.Context(), compare.sequences(2, 16384, 200)
    dataset = context.dataset(found * 4, labels * 4)
    race("train", context, lambda: context.train("Kmer(k=1..6) | Logistic(tol=0, max_iter=10)", dataset))
    few = context.dataset(found[:3000], labels[:3000])
    race("train_conv", context, lambda: context.train(
        "OneHot() | Conv(filters=64, width=15, pool=2) | Conv(filters=64, width=9) | MLP(epochs=1)", few))
    try:
        import train as tables
        matrix, classes = tables.mixed(20000, 512)
    except ImportError as missing:
        compare.say("threads2.train_dense", f"skipped no {missing.name}")
        return
    rows, _columns = tables.table_dataset(context, matrix, classes)
    race("train_dense", context, lambda: context.train("Columns() | Logistic(tol=0, max_iter=8)", rows))


if __name__ == "__main__":
    {"score": score, "train": train}[sys.argv[1]]()
