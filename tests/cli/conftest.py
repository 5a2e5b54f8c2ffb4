# SPDX-License-Identifier: MIT
"""Labelled sequences and models for the tests of the program."""

import random

import pytest

from program import RECIPE, fasta, ok, sequences


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """Two classes of 150, three of 60, and models of both."""
    folder = tmp_path_factory.mktemp("data")
    positives = sequences(1, 150, 40, ["TATAAA", "TATATA"])
    negatives = sequences(2, 150, 40, ["GCGCGC", "CCGGCC"])
    (folder / "pos.fa").write_text(fasta(positives, "p"))
    (folder / "neg.fa").write_text(fasta(negatives, "n"))
    rows = [(s, "1") for s in positives] + [(s, "0") for s in negatives]
    random.Random(3).shuffle(rows)
    lines = [f"r{i},{s},{y},g{i % 7},{'train' if i % 5 else 'dev'}" for i, (s, y) in enumerate(rows)]
    (folder / "split.csv").write_text("\n".join(["name,sequence,label,group,split", *lines]) + "\n")
    plain = [f"{s},{y},g{i % 7}" for i, (s, y) in enumerate(rows)]
    (folder / "table.csv").write_text("\n".join(["sequence,label,fold", *plain]) + "\n")
    (folder / "dev.csv").write_text("\n".join(["sequence,label", *[f"{s},{y}" for s, y in rows[:60]]]) + "\n")
    three = [(s, name) for name, words in (("donor", ["GTAAGT"]), ("acceptor", ["TTTCAG"]), ("none", ["ACACAC"]))
             for s in sequences(len(name), 60, 30, words)]
    random.Random(4).shuffle(three)
    (folder / "three.tsv").write_text("text\tkind\n" + "".join(f"{s}\t{y}\n" for s, y in three))
    (folder / "three.fa").write_text(fasta([s for s, _ in three], "t"))
    ok("train", "--recipe", RECIPE, "--pos", folder / "pos.fa", "--neg", folder / "neg.fa", "--out", folder / "two.ba")
    ok("train", "--recipe", "Kmer(k=1..3) | Softmax(l2=1e-3)", "--labels", folder / "three.tsv", "--columns",
       "sequence=text,label=2", "--out", folder / "three.ba")
    return folder
