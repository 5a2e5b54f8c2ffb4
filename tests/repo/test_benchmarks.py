# SPDX-License-Identifier: MIT
"""What benchmarks/plot.py makes of lines and targets. Nothing is measured or drawn here."""

import sys

from conftest import TOP

sys.path.insert(0, str(TOP / "benchmarks"))

import plot  # noqa: E402


def test_the_last_number_of_a_name_counts(tmp_path):
    path = tmp_path / "results.txt"
    path.write_text("a.vs_x 1.5\na.peer_version 2.0.1\nb.vs_y skipped no y\nc_s 1e-05\na.vs_x 12\n-- noise\nd 3 4\ne nan\n")
    assert list(plot.read_results(path).items()) == [("a.vs_x", 12.0), ("c_s", 1e-05)]


def test_ratios_are_told_from_other_figures():
    names = ["train.dense.vs_sklearn", "series.update.rows_vs_river", "threads2.train", "threads2.train_dense"]
    others = ["train.dense.cpu_s", "threads2.train_one_s", "memory.dataset_bytes_per_read", "scan.text_mwindows_per_s"]
    assert [name for name in names + others if plot.RATIO.fullmatch(name)] == names


def test_a_target_is_missed_below_the_least_or_above_the_most():
    targets = {"a": ("least", 2.0), "b": ("least", 2.0), "c": ("most", 50.0), "d": ("most", 50.0), "e": ("least", 1.0)}
    results = {"a": 1.99, "b": 2.0, "c": 50.1, "d": 50.0}
    assert plot.missed(results, targets) == [("a", 1.99, "least", 2.0), ("c", 50.1, "most", 50.0)]


def test_targets_are_well_formed():
    lines = [line for line in plot.TARGETS.read_text().splitlines() if not line.startswith("#")]
    targets = plot.read_targets()
    assert len(targets) == len(lines) > 30
    assert {bound for bound, _ in targets.values()} == {"least", "most"} and min(v for _, v in targets.values()) > 0
