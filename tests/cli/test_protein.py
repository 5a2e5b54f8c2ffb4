# SPDX-License-Identifier: MIT
"""Protein from FASTA and tables to features, models, scores and explanations; residues where DNA is read."""

import json
import random

import pytest

from program import fails, fasta, ok, table

RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
PEPTIDE = "@peptide + Length() | Logistic(l2=1e-3)"


def peptides(seed, count, motif):
    """Half of the letters of a class are of its own."""
    source = random.Random(seed)
    return ["".join(source.choice(motif if source.random() < .5 else RESIDUES) for _ in range(source.randint(12, 40)))
            for _ in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("protein")
    positives, negatives = peptides(1, 120, "KRLW"), peptides(2, 120, "DESG")
    (path / "pos.fa").write_text(fasta(positives, "p"))
    (path / "neg.fa").write_text(fasta([s.lower() for s in negatives], "n"))
    rows = [(s, "amp") for s in positives] + [(s, "none") for s in negatives]
    (path / "t.tsv").write_text("sequence\tlabel\n" + "".join(f"{s}\t{y}\n" for s, y in rows))
    (path / "dna.fa").write_text(fasta(["ACGTTTGACA" * 4] * 30, "d"))
    ok("train", "--recipe", PEPTIDE, "--pos", path / "pos.fa", "--neg", path / "neg.fa", "--out", path / "m.ba")
    return path


def test_features(folder):
    rows = table(ok("features", "--recipe", "AAC()", "pos.fa", cwd=folder))
    letters = [line for line in (folder / "pos.fa").read_text().splitlines() if not line.startswith(">")]
    assert [key for key in rows[0] if key != "name"] == [f"AAC_{x}" for x in RESIDUES]
    for row, sequence in zip(rows, letters):
        for x in RESIDUES:
            assert float(row[f"AAC_{x}"]) == pytest.approx(sequence.count(x) / len(sequence), abs=1e-15)


def test_from_fasta_and_from_a_table_alike(folder):
    report = json.loads(ok("train", "--json", "--recipe", PEPTIDE, "--labels", "t.tsv", "--cv", "4", "--out", "t.ba",
                           cwd=folder))
    assert report["candidates"][0]["cv"]["accuracy"] > 0.95
    ok("selftest", "t.ba", cwd=folder)
    assert json.loads(ok("eval", "--json", "--model", "t.ba", "--labels", "t.tsv", cwd=folder))["accuracy"] > 0.95
    rows = table(ok("predict", "--model", "m.ba", "pos.fa", cwd=folder))
    assert sum(row["class"] == "1" for row in rows) > 114


def test_scan_and_explain(folder):
    (folder / "long.fa").write_text(">x\n" + "DESG" * 20 + "KRLW" * 20 + "\n")
    lines = [line.split("\t") for line in ok("scan", "--model", "m.ba", "--window", "20", "--step", "10", "long.fa",
                                             cwd=folder).splitlines() if line[0] != "t"]
    assert float(lines[0][3]) < 0 < float(lines[-1][3])
    assert "Kmer_K" in ok("explain", "--model", "m.ba", "--top", "2000", cwd=folder)
    shares = table(ok("explain", "--model", "m.ba", "long.fa", cwd=folder))
    assert len(shares) == 160


def test_splits_keep_the_letters(folder):
    """Also U, selenocysteine, which is no T among residues; alike are those that share words."""
    rows = peptides(3, 40, "KRLW") + ["MKUELLWRU*", "mkuellwru*"]
    (folder / "u.csv").write_text("sequence,label\n" + "".join(f"{s},x\n" for s in rows))
    ok("split", "--by", "similarity", "--k", "5", "--parts", "train=.5,test=.5", "--out-prefix", "u", "--labels", "u.csv",
       cwd=folder)
    found = [line.split(",")[0] for part in ("train", "test")
             for line in (folder / f"u.{part}.csv").read_text().splitlines()[1:]]
    assert sorted(found) == sorted(s.upper() for s in rows)
    report = json.loads((folder / "u.leakage.json").read_text())
    assert "similar" in str(report)


@pytest.mark.parametrize("arguments", [
    ["features", "--recipe", "CKSNAP()", "--out", "y", "mixed.fa"],
    ["train", "--recipe", "Length() + GappedKmer(gap=1) | Logistic()", "--pos", "mixed.fa", "--neg", "dna.fa", "--out", "y"],
])
def test_residues_where_dna_is_read(folder, arguments):
    (folder / "mixed.fa").write_text(">a\nACGT\n>b\nNNNNNNNN\n>c\nMKEWLLIP\n")
    message = "record 3: the sequence holds 'E' and most of its letters are not A C G T U, but GappedKmer reads DNA"
    fails(2, message, *arguments, cwd=folder)


def test_one_kind_of_letters(folder):
    fails(1, "Kmer reads protein and Kmer reads DNA", "train", "--recipe", "AAC() + NAC() | Logistic()", "--labels",
          "t.tsv", "--out", "y", cwd=folder)
