# SPDX-License-Identifier: MIT
"""Sparse rows from libsvm files: the same model as from the sequences whose features they are."""

import gzip
import json

import pytest

from program import fails, ok, sequences, table


@pytest.fixture(name="place")
def made_place(tmp_path):
    for name, word in (("a.fa", "GATTACA"), ("b.fa", "CCGCGG")):
        found = sequences(len(name + word), 120, 60, [word])
        (tmp_path / name).write_text("".join(f">{i}\n{letters}\n" for i, letters in enumerate(found)))
    rows = []
    for name, label in (("a.fa", "+1"), ("b.fa", "-1")):
        text = ok("features", "--recipe", "Kmer(k=3)", "--format", "libsvm", name, cwd=tmp_path)
        rows += [label + line[line.index(" "):] for line in text.splitlines()]
    (tmp_path / "rows.svm").write_text("# made of sequences\n" + "\n".join(rows) + "\n\n")
    with gzip.open(tmp_path / "rows.svm.gz", "wt") as file:
        file.write("\n".join(rows))
    return tmp_path


def test_equals_the_model_of_the_sequences(place):
    ok("train", "--recipe", "Kmer(k=3) | Logistic(l2=0.01, solver=newton, tol=1e-12)", "--pos", "a.fa", "--neg", "b.fa",
       "--out", "letters.ba", cwd=place)
    ok("train", "--recipe", "Sparse() | Logistic(l2=0.01, solver=newton, tol=1e-12)", "--libsvm", "rows.svm", "--out",
       "sparse.ba", cwd=place)
    letters = table(ok("predict", "--model", "letters.ba", "a.fa", "b.fa", cwd=place))
    sparse = table(ok("predict", "--model", "sparse.ba", "rows.svm", cwd=place))
    assert [row["class"] for row in sparse[:3]] == [{"1": "1", "0": "-1"}[row["class"]] for row in letters[:3]]
    for one, other in zip(letters, sparse):
        assert float(one["score"]) == pytest.approx(float(other["score"]), abs=1e-6)
    assert ok("predict", "--model", "sparse.ba", "rows.svm.gz", cwd=place).splitlines()[1:] == [
        "\t".join(row.values()) for row in sparse]
    for level in json.loads(ok("selftest", "--json", "sparse.ba", cwd=place))["levels"]:
        again = ok("predict", "--model", "sparse.ba", "--cpu", level, "rows.svm", cwd=place)
        assert table(again) == sparse
    assert "ok" in ok("selftest", "sparse.ba", cwd=place)
    found = json.loads(ok("eval", "--model", "sparse.ba", "--libsvm", "rows.svm", "--json", cwd=place))
    assert found["n"] == 240 and found["auroc"] > 0.9


def test_folds_penalties_and_networks(place):
    text = json.loads(ok("train", "--recipe", "Sparse() | Logistic(solver=tron)", "--l2", "1e-3,1e-2", "--libsvm",
                         "rows.svm", "--cv", "4", "--json", "--out", "m.ba", cwd=place))
    assert len(text["candidates"]) == 2 and text["candidates"][0]["cv"]["auroc"] > 0.8
    ok("train", "--recipe", "Sparse() | MLP(hidden=4, epochs=3)", "--libsvm", "rows.svm", "--out", "n.ba", cwd=place)
    assert "ok" in ok("selftest", "n.ba", cwd=place)
    (place / "wide.svm").write_text("1 2:0.5 900:3\n")  # a column that no training row has
    (place / "same.svm").write_text("1 2:0.5\n")
    assert ok("predict", "--model", "m.ba", "wide.svm", cwd=place) == ok("predict", "--model", "m.ba", "same.svm", cwd=place)


def test_refusals(place):
    for text, message in (("1 3:1 2:1\n", "larger than the one before"), ("1 a:1\n", "an index of 1 or more"),
                          ("1 0:1\n", "an index of 1 or more"), ("1 2\n", "expected index:value"),
                          ("1 2:x\n", "a number behind the colon"), ("1:2 3:4\n", "a label first"),
                          ("# nothing\n", "there are no rows")):
        (place / "bad.svm").write_text("1 1:1\n-1 2:1\n" + text if text[0] != "#" else text)
        fails(2, message, "train", "--recipe", "Sparse() | Logistic()", "--libsvm", "bad.svm", "--out", "m.ba", cwd=place)
    (place / "bad.svm").write_text("1 1:1\n-1 2:inf\n")
    fails(2, "record 2: column 1 is not finite", "train", "--recipe", "Sparse() | Logistic()", "--libsvm", "bad.svm",
          "--out", "m.ba", cwd=place)
    start = ("train", "--out", "m.ba")
    fails(1, "Sparse is joined to another term", *start, "--recipe", "Sparse() + Kmer(k=2) | Logistic()", "--libsvm",
          "rows.svm", cwd=place)
    fails(1, "sparse rows are not scaled", *start, "--recipe", "Sparse() | Standardize() | Logistic()", "--libsvm",
          "rows.svm", cwd=place)
    fails(1, "the recipe reads other rows and the dataset holds sparse rows", *start, "--recipe", "Kmer(k=2) | Logistic()",
          "--libsvm", "rows.svm", cwd=place)
    fails(1, "the recipe reads sparse rows and the dataset holds others", *start, "--recipe", "Sparse() | Logistic()",
          "--pos", "a.fa", "--neg", "b.fa", cwd=place)
    fails(1, "--libsvm has sparse rows", *start, "--recipe", "Sparse() | Logistic()", "--libsvm", "rows.svm", "--pos",
          "a.fa", "--neg", "b.fa", cwd=place)
    ok(*start, "--recipe", "Sparse() | Logistic()", "--libsvm", "rows.svm", cwd=place)
    fails(2, "a label and index:value, not sequences", "predict", "--model", "m.ba", "--out", "p.tsv", "a.fa", cwd=place)
    fails(2, "the model reads sparse rows", "scan", "--model", "m.ba", "--window", "3", "--step", "1", "--out", "s.bed",
          "a.fa", cwd=place)
    fails(2, "the model reads sparse rows", "mutate", "--model", "m.ba", "--out", "s.tsv", "a.fa", cwd=place)
