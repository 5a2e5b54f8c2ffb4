# SPDX-License-Identifier: MIT
"""Descriptors on the command line: features as the table of exact values has them, models, scans, effects, refusals."""

import fractions
import pathlib
import random

import pytest

from program import fails, fasta, ok, table

EXACT = pathlib.Path(__file__).resolve().parents[1] / "features/descriptors.tsv"
RECIPE = "PseDNC(lambda=2) + DAC(nlag=1) + Minimizer(k=3, w=4) | Standardize() | Logistic()"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("descriptors")
    source = random.Random(1)
    for name, letters in ("pos", "AACGTT"), ("neg", "ACCGGT"):
        reads = ["".join(source.choices(letters, k=40)) for _ in range(60)]
        (path / f"{name}.fa").write_text(fasta(reads, name[0]))
    ok("train", "--recipe", RECIPE, "--pos", path / "pos.fa", "--neg", path / "neg.fa", "--out", path / "m.ba")
    return path


def exact(recipe):
    """The first sequence of a recipe in the file, and its columns."""
    lines = EXACT.read_text().splitlines()
    at = lines.index("R\t" + recipe) + 1
    columns = {}
    for line in lines[at + 1:]:
        if not line.startswith("V"):
            break
        _, name, value = line.split("\t")
        columns[name] = fractions.Fraction(value)
    return lines[at][3:-1], columns


@pytest.mark.parametrize("recipe", ["PseDNC()", "CKSNAP(gap=0..2)", "ENAC()", "CTDD()", "PAAC()", "Minimizer(k=3, w=5)"])
def test_features(folder, recipe):
    sequence, columns = exact(recipe)
    (folder / "one.fa").write_text(f">a\n{sequence}\n")
    row, = table(ok("features", "--recipe", recipe, "one.fa", cwd=folder))
    assert [name for name in row if name != "name"] == list(columns)
    for name, value in columns.items():
        assert float(row[name]) == pytest.approx(float(value), rel=1e-12, abs=4e-15)


def test_a_model(folder):
    assert "ok" in ok("selftest", "m.ba", cwd=folder)
    scores = {level: ok("predict", "--cpu", level, "--model", "m.ba", "pos.fa", cwd=folder) for level in ("scalar", "auto")}
    assert scores["scalar"] == scores["auto"]
    rows = table(scores["auto"])
    assert sum(float(row["score"]) > 0 for row in rows) > 50


def test_a_scan_scores_each_window(folder):
    letters = (folder / "pos.fa").read_text().split("\n")[1]
    pieces = [letters[i:i + 25] for i in range(0, 16, 5)]
    (folder / "whole.fa").write_text(f">a\n{letters}\n")
    (folder / "pieces.fa").write_text(fasta(pieces, "w"))
    found = [line.split()[3] for line in
             ok("scan", "--model", "m.ba", "whole.fa", "--window", "25", "--step", "5", cwd=folder).splitlines()]
    assert found == [row["score"] for row in table(ok("predict", "--model", "m.ba", "pieces.fa", cwd=folder))]


def test_shares_add_up(folder):
    (folder / "two.fa").write_text(">a\nACGTTGCATTGACCATGCAT\n>b\n" + "N" * 20 + "\n")
    scores = [float(row["score"]) for row in table(ok("predict", "--model", "m.ba", "two.fa", cwd=folder))]
    shares = [float(row["attribution"]) for row in table(ok("explain", "--model", "m.ba", "two.fa", cwd=folder))
              if row["name"] == "a"]
    assert sum(shares) == pytest.approx(scores[0] - scores[1], abs=1e-9)


def test_refusals(folder):
    fails(1, "PAAC reads protein", "features", "--recipe", "DAC() + PAAC()", "one.fa", cwd=folder)
    (folder / "unequal.fa").write_text(">a\nACGTACGT\n>b\nACGTACG\n")
    fails(2, "record 2: .*equal lengths, as ENAC needs", "features", "--recipe", "ENAC()", "unequal.fa", cwd=folder)
    fails(2, "descriptors", "export", "--c", "m.ba", cwd=folder)
