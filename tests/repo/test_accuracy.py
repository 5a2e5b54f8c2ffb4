# SPDX-License-Identifier: MIT
"""The arithmetic of benchmarks/accuracy.py: intervals, levels, splits. Nothing is trained here."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benchmarks"))
import accuracy  # noqa: E402
import accuracy_sets  # noqa: E402
import accuracy_table  # noqa: E402


@pytest.mark.parametrize("hits, rows, low, high", [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                                                   (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)])
def test_wilson_as_newcombe_1998_has_it(hits, rows, low, high):
    assert accuracy.wilson(hits / rows, rows) == pytest.approx((low, high), abs=5e-5)


def test_a_level_is_reached_by_the_figure_as_shown():
    task = accuracy_sets.Set(None, [], "mcc", 0, "", goals=(84, 85, 88))
    figures = {83.94: "below must", 83.96: "must", 84.94: "must", 85.0: "good", 88.2: "beyond"}
    assert {figure: accuracy_table.level(task, figure) for figure in figures} == figures


def test_hold_out_takes_its_share_of_every_class_and_differs_by_seed():
    rows = [(f"A{i}", "1" if i % 5 == 0 else "0") for i in range(100)]
    parts = {seed: accuracy_sets.hold_out(rows, 0.2, seed) for seed in (1, 2)}
    for held in parts.values():
        assert [row[:2] for row in held] == rows
        assert sum(row[2] == "test" for row in held if row[1] == "1") == 4
        assert sum(row[2] == "test" for row in held) == 20
    assert parts[1] == accuracy_sets.hold_out(rows, 0.2, 1) != parts[2]


def test_rows_left_out_one_by_one_are_one_test_part():
    joint = accuracy.join_splits([{"n": 1, "test": 100.0, "two_mers": 0.0}] * 3 +
                                 [{"n": 1, "test": 0.0, "two_mers": 100.0}])
    assert (joint["n"], joint["test"], joint["two_mers"]) == (4, 75.0, 25.0)
    assert joint["low"] < 75 < joint["high"]
    split = accuracy_sets.left_out([("A", "1"), ("C", "0")])
    assert split(0) == [("A", "1", "test"), ("C", "0", "train")]


@pytest.mark.parametrize("best", accuracy.PENALTIES)
def test_the_penalty_is_found_from_the_middle(best):
    def fit(features, penalties):
        asked.extend(penalties.split(","))
        return [{"recipe": f"{features} | Logistic(l2={p})", "value": distance(p)} for p in penalties.split(",")]

    def distance(penalty):
        return abs(accuracy.PENALTIES.index(penalty) - accuracy.PENALTIES.index(best))

    asked = []
    middle = {"recipe": "Kmer(k=1) | Logistic(l2=1e-4)", "value": distance("1e-4")}
    kept, tried = accuracy.choose_penalty("Kmer(k=1)", "1e-4", middle, fit)
    assert f"l2={best})" in kept["recipe"] and kept["value"] == 0
    assert len(asked) == len(set(asked)) == len(tried) - 1 and "1e-4" not in asked


def test_training_is_never_given_the_test_rows(tmp_path, monkeypatch):
    """Stands in for `ba`, and looks at the tables that it is told to train on."""
    seen = []

    def ba(self, kind, *arguments):
        table = pathlib.Path(arguments[arguments.index("--labels") + 1])
        if arguments[0] == "train":
            seen.append(table.read_text())
            recipes = [arguments[i + 1] for i, a in enumerate(arguments) if a == "--recipe"]
            part = "cv" if "--cv" in arguments else "dev"
            figures = {"log_loss": 0.5, "accuracy": 0.8, "mcc": 0.6}
            penalties = arguments[arguments.index("--l2") + 1].split(",") if "--l2" in arguments else [None]
            return {"candidates": [{"recipe": f"{r[:-1]}l2={p})" if p else r, part: figures} for r in recipes
                                   for p in penalties], "recipe": recipes[0]}
        figures = {"n": 1, "accuracy": 0.7, "mcc": 0.4}
        return {**figures, "intervals": {"accuracy": [0.5, 0.9]}, "low_overlap": figures}

    rows = [("AAAA", "1", "train"), ("CCCC", "0", "train"), ("GGGG", "1", "test"), ("TTTT", "0", "test")]
    task = accuracy_sets.Set(lambda seed: rows, ["Kmer(k=1)"], "accuracy", 2, "uci-molbio", splits=2)
    monkeypatch.setattr(accuracy.Cost, "ba", ba)
    monkeypatch.setattr(accuracy, "WORK", tmp_path)
    monkeypatch.setitem(accuracy.SETS, "small", task)
    result = accuracy.run("small", True, False, "0000000")
    assert result["test"] == pytest.approx(70) and result["splits"] == [70, 70]
    assert len(seen) == 8 and all("GGGG" not in text and "TTTT" not in text for text in seen)
