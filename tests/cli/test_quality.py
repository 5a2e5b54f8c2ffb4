# SPDX-License-Identifier: MIT
"""Recipes with quality=weight, from FASTQ to a score, against exact arithmetic."""

import json
import math
import random
from decimal import Decimal, getcontext
from fractions import Fraction

import pytest

from program import fails, ok, sequences, table

getcontext().prec = 50
RIGHT = [1 - Fraction(Decimal(10) ** (Decimal(-q) / 10)) for q in range(94)]


def nearest(x):
    """To the nearest integer, halves up."""
    return math.floor(x + Fraction(1, 2))


def share(qualities):
    """What docs/numbers.md says: the product in units of 2^-32, rounded after every letter, then in units of 1/256."""
    product = nearest(RIGHT[qualities[0]] * 2 ** 32)
    for q in qualities[1:]:
        product = nearest(Fraction(product * nearest(RIGHT[q] * 2 ** 32), 2 ** 32))
    found = nearest(Fraction(product, 2 ** 24))
    exact = 256 * math.prod(RIGHT[q] for q in qualities)
    assert abs(found - exact) < Fraction(51, 100)
    return found


def reads(seed, count, words, worst=2):
    source = random.Random(seed)
    return [(f"r{i}", letters, [source.choice([worst, 12, 20, 30, 37, 40, 41]) for _ in letters])
            for i, letters in enumerate(sequences(seed, count, 40, words))]


def fastq(items):
    return "".join(f"@{name}\n{letters}\n+\n{''.join(chr(33 + q) for q in quality)}\n"
                   for name, letters, quality in items)


def shares(letters, quality, k):
    found = {}
    for i in range(len(letters) - k + 1):
        weight = share(quality[i:i + k])
        if weight:
            found[letters[i:i + k]] = found.get(letters[i:i + k], 0) + weight
    return found


@pytest.mark.parametrize("value", ["count", "freq", "sqrt"])
@pytest.mark.parametrize("norm", ["none", "l1", "l2"])
def test_features(tmp_path, value, norm):
    items = reads(3, 20, ["ACGT"], worst=0) + [("end", "ACNGTA", [0, 93, 93, 5, 1, 93])]
    (tmp_path / "x.fq").write_text(fastq(items))
    for k in (1, 2, 4):
        rows = table(ok("features", "--recipe", f"Kmer(k={k}, value={value}, norm={norm}, quality=weight)", "x.fq",
                        cwd=tmp_path))
        for (name, letters, quality), row in zip(items, rows):
            assert row.pop("name") == name
            counts = {word: x / 256 for word, x in shares(letters, quality, k).items() if "N" not in word}
            whole = sum(counts.values())
            values = {word: {"count": c, "freq": c / whole, "sqrt": math.sqrt(c)}[value] for word, c in counts.items()}
            length = {"none": 1, "l1": sum(values.values()), "l2": math.sqrt(sum(x * x for x in values.values()))}[norm]
            tolerance = 1e-5 if (value, norm) == ("sqrt", "l1") else 1e-12
            for column, found in row.items():
                expected = values.get(column.split("_")[1], 0.0) / (length or 1.0)
                assert math.isclose(float(found), expected, rel_tol=tolerance), (name, column, found, expected)


def test_sure_letters_score_as_without_weights(tmp_path):
    """A model of either recipe, trained on reads of Phred 93: the same scores to the last digit."""
    for name, seed, words in (("p", 1, ["TATAAA"]), ("n", 2, ["GCGCGC"])):
        items = [(n, letters, [93] * len(letters)) for n, letters, _ in reads(seed, 150, words)]
        (tmp_path / f"{name}.fq").write_text(fastq(items))
    scores = []
    for name, key in (("with", "quality=weight"), ("without", "quality=ignore")):
        ok("train", "--recipe", f"Kmer(k=1..4, {key}) | Logistic()", "--pos", "p.fq", "--neg", "n.fq", "--out",
           f"{name}.ba", cwd=tmp_path)
        scores.append([row["score"] for row in table(ok("predict", "--model", f"{name}.ba", "p.fq", cwd=tmp_path))])
    assert scores[0] == scores[1]


def test_from_reads_to_scores(tmp_path):
    """The motif is right in one class; in the other the same letters stand, but with qualities that deny them."""
    source = random.Random(9)
    for name, doubt in (("p", 40), ("n", 1)):
        items = []
        for i, letters in enumerate(sequences(7, 200, 40, ["TATAAA"])):
            at = letters.index("TATAAA")
            quality = [doubt if at <= j < at + 6 else source.choice([30, 37, 40]) for j in range(40)]
            items.append((f"r{i}", letters, quality))
        (tmp_path / f"{name}.fq").write_text(fastq(items))
    found = {}
    for key in ("weight", "ignore"):
        ok("train", "--recipe", f"Kmer(k=1..6, quality={key}) | Logistic()", "--pos", "p.fq", "--neg", "n.fq", "--cv", 5,
           "--out", f"{key}.ba", cwd=tmp_path)
        found[key] = json.loads(ok("eval", "--json", "--model", f"{key}.ba", "--pos", "p.fq", "--neg", "n.fq",
                                   cwd=tmp_path))["auroc"]
        ok("selftest", f"{key}.ba", cwd=tmp_path)
    assert found["weight"] > 0.99 and found["ignore"] == 0.5
    outputs = {(cpu, threads): ok("predict", "--model", "weight.ba", "--cpu", cpu, "--threads", threads, "p.fq",
                                  cwd=tmp_path) for cpu in ("scalar", "auto") for threads in (1, 3)}
    assert len(set(outputs.values())) == 1
    again = tmp_path / "again.ba"
    ok("train", "--recipe", "Kmer(k=1..6, quality=weight) | Logistic()", "--pos", "p.fq", "--neg", "n.fq", "--threads",
       2, "--cpu", "scalar", "--cv", 5, "--out", again, cwd=tmp_path)
    assert again.read_bytes() == (tmp_path / "weight.ba").read_bytes()


def test_without_qualities(tmp_path):
    (tmp_path / "x.fa").write_text(">a\nACGT\n>b\nGGGG\n")
    (tmp_path / "x.fq").write_text("@a\nACGT\n+\nIIII\n@b\nGGGG\n+\nIII#\n")
    (tmp_path / "t.csv").write_text("sequence,label\nACGT,1\nGGCC,0\n")
    recipe = "Kmer(k=2, quality=weight) | Logistic()"
    why = "record 1: the sequence has no qualities, and the recipe says quality=weight; expected FASTQ .*quality=ignore"
    fails(2, why, "train", "--recipe", recipe, "--pos", "x.fa", "--neg", "x.fq", "--out", "m.ba", cwd=tmp_path)
    fails(2, why, "train", "--recipe", recipe, "--labels", "t.csv", "--out", "m.ba", cwd=tmp_path)
    ok("train", "--recipe", recipe, "--pos", "x.fq", "--neg", "x.fq", "--out", "m.ba", cwd=tmp_path)
    fails(2, why, "eval", "--model", "m.ba", "--pos", "x.fa", "--neg", "x.fa", cwd=tmp_path)
    fails(2, why, "scan", "--model", "m.ba", "--window", 3, "--step", 1, "x.fq", cwd=tmp_path)
    fails(1, "quality=weight does not go with value=binary", "train", "--recipe",
          "Kmer(k=2, value=binary, quality=weight) | Logistic()", "--pos", "x.fq", "--neg", "x.fq", "--out", "n.ba",
          cwd=tmp_path)


def test_nobody_asks_for_qualities(tmp_path):
    """FASTQ gives what its letters give as FASTA, and a wrong quality line is still an error."""
    items = reads(5, 60, ("ACGTAC",))
    (tmp_path / "p.fq").write_text(fastq(items))
    (tmp_path / "p.fa").write_text("".join(f">{name}\n{letters}\n" for name, letters, _ in items))
    others = sequences(6, 60, 40, ["T"])
    (tmp_path / "n.fa").write_text("".join(f">{i}\n{letters}\n" for i, letters in enumerate(others)))
    recipe = "Kmer(k=1..3) | Logistic()"
    out = {}
    for kind in ("fa", "fq"):
        ok("train", "--recipe", recipe, "--pos", f"p.{kind}", "--neg", "n.fa", "--out", f"{kind}.ba", cwd=tmp_path)
        out[kind] = (ok("features", "--recipe", recipe, f"p.{kind}", cwd=tmp_path),
                     ok("predict", "--model", "fa.ba", f"p.{kind}", cwd=tmp_path),
                     (tmp_path / f"{kind}.ba").read_bytes())
    assert out["fq"] == out["fa"]
    (tmp_path / "short.fq").write_text("@a\nACGT\n+\nIII\n@b\nA\n+\nI\n")
    (tmp_path / "odd.fq").write_text("@a\nACGT\n+\nII I\n")
    short = "short.fq: record 1, byte 10: quality has 3 symbols, sequence has 4"
    for command in (("predict", "--model", "fa.ba"), ("features", "--recipe", recipe)):
        fails(2, short, *command, "--out", "o.tsv", "short.fq", cwd=tmp_path)
        fails(2, "odd.fq: record 1, byte 12: a space in a", *command, "--out", "o.tsv", "odd.fq", cwd=tmp_path)
