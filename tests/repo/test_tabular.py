# SPDX-License-Identifier: MIT
"""The arithmetic of benchmarks/tabular.py: parts, thresholds, windows that are found. Nothing is trained here."""

import sys

import pytest

from conftest import TOP

sys.path.insert(0, str(TOP / "benchmarks"))

import tabular  # noqa: E402
import tabular_sensors  # noqa: E402
import tabular_sets  # noqa: E402


def test_parts_have_their_share_of_each_class():
    labels = ["a"] * 40 + ["b"] * 10
    parts = tabular_sets.deal(labels, 5, 1)
    assert [parts[:40].count(k) for k in range(5)] == [8] * 5 and [parts[40:].count(k) for k in range(5)] == [2] * 5
    assert parts == tabular_sets.deal(labels, 5, 1) != tabular_sets.deal(labels, 5, 2)


def test_the_threshold_is_where_f1_is_largest():
    scores, truth = [0.9, 0.8, 0.7, 0.2, 0.1], [1, 0, 1, 0, 1]
    # With three alarms two of three are hits: 2 * 2 / (3 + 3); with all five 2 * 3 / (5 + 3).
    assert tabular.best_threshold(scores, truth) == (pytest.approx(0.75), 0.1)
    assert tabular.best_threshold(scores[:4], truth[:4]) == (pytest.approx(0.8), 0.7)


def test_windows_are_found_at_a_rate_of_false_alarms():
    inside = [-1] * 1000 + [0] * 5 + [-1] * 1000 + [1] * 5
    scores = [0.0] * len(inside)
    scores[10] = scores[1500] = 3.0
    scores[1002], scores[2007] = 4.0, 2.0
    assert tabular_sensors.found_at(scores, inside, 0.5) == 1  # one false alarm: the threshold stays at 3
    assert tabular_sensors.found_at(scores, inside, 1) == 2


def test_terms_go_over_columns():
    columns = {"x": [1.0, 2.0, 4.0], "y": [3.0, 5.0, 7.0]}
    lag, product = tabular_sets.derive(columns, ["Lag(column=x)", "Product(column=x, column2=y)"])
    assert lag[0] != lag[0] and list(lag[1:]) == [1.0, 2.0] and list(product) == [3.0, 10.0, 28.0]
