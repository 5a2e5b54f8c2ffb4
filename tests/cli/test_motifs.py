# SPDX-License-Identifier: MIT
"""ba explain --motifs: a planted motif comes out first, in a format that Biopython reads; and members of ensembles."""

import io
import json
import random

import pytest

from program import COMPLEMENT, fails, fasta, ok, table

motifs = pytest.importorskip("Bio.motifs")


def planted(seed, motif, both_strands, count=300, length=60):
    """Random sequences; in the positive ones the motif with one letter in eight changed, on one or on either strand."""
    source = random.Random(seed)
    result = []
    for kind in (0, 1):
        rows = []
        for _ in range(count):
            letters = [source.choice("ACGT") for _ in range(length)]
            word = [c if source.random() > 0.125 else source.choice("ACGT") for c in motif]
            word = "".join(word)
            if both_strands and source.random() < 0.5:
                word = word.translate(COMPLEMENT)[::-1]
            at = source.randrange(length - len(word))
            if kind:
                letters[at:at + len(word)] = word
            rows.append("".join(letters))
        result.append(rows)
    return result


def made(folder, seed, motif, both_strands, recipe):
    negatives, positives = planted(seed, motif, both_strands)
    (folder / "p.fa").write_text(fasta(positives, "p"))
    (folder / "n.fa").write_text(fasta(negatives, "n"))
    ok("train", "--recipe", recipe, "--pos", folder / "p.fa", "--neg", folder / "n.fa", "--out", folder / "m.ba")
    return folder / "m.ba"


def common(motif, found):
    """The longest run that both have."""
    return max(j - i for i in range(len(motif)) for j in range(i, len(motif) + 1) if motif[i:j] in found)


def parsed(text):
    found = motifs.parse(io.StringIO(text), "minimal")
    for motif in found:
        for column in zip(*(motif.pwm[letter] for letter in "ACGT"), strict=True):
            assert sum(column) == pytest.approx(1, abs=5e-6)
    return found


def check_first(motif, both_strands, text):
    first = str(parsed(text)[0].consensus)
    best = common(motif, first)
    if both_strands:
        best = max(best, common(motif.translate(COMPLEMENT)[::-1], first))
    assert best >= 6, (motif, first)


@pytest.mark.parametrize("seed, motif, both_strands", [
    (1, "TGACGTCA", False), (2, "CACGTGAC", True), (3, "TATAAAGC", True), (4, "GGGACTTTCC", False), (5, "AACCGGTT", True),
    (6, "ACTTGGCA", True)])
def test_planted_motif_comes_first(tmp_path, seed, motif, both_strands):
    recipe = f"Kmer(k=3..8, strand={'canonical' if both_strands else 'forward'}) | Logistic(l2=1e-3)"
    model = made(tmp_path, seed, motif, both_strands, recipe)
    text = ok("explain", "--motifs", "--model", model)
    check_first(motif, both_strands, text)
    assert f"strands: {'+ -' if both_strands else '+'}\n" in text
    check_first(motif, both_strands, ok("explain", "--motifs", "--model", model, tmp_path / "p.fa"))
    one = ok("explain", "--motifs", "--top", 1, "--model", model, "--out", tmp_path / "x.meme") or \
        (tmp_path / "x.meme").read_text()
    assert one.count("MOTIF ") == 2  # of either class


def test_classes(data):
    text = ok("explain", "--motifs", "--top", 2, "--model", data / "three.ba")
    names = [line.split()[2] for line in text.splitlines() if line.startswith("MOTIF")]
    assert names == ["acceptor"] * 2 + ["donor"] * 2 + ["none"] * 2
    assert len(parsed(text)) == 6
    text = ok("explain", "--motifs", "--model", data / "three.ba", "--class", "none", data / "three.fa")
    first = [line for line in text.splitlines() if line.startswith("MOTIF")][0].split()
    assert first[2] == "none" and ("ACAC" in first[1] or "CACA" in first[1])


def test_members(data, tmp_path):
    """Each member's heaviest features, times the factor that ba info shows."""
    recipe = "Kmer(k=1..2) | Logistic(l2=1e-3) & PositionKmer(k=1) | Logistic(l2=1e-3)"
    ok("train", "--recipe", recipe, "--labels", data / "split.csv", "--out", tmp_path / "m.ba")
    ok("train", "--recipe", recipe.split(" & ")[1], "--labels", data / "split.csv", "--out", tmp_path / "one.ba")
    factors = json.loads(ok("info", "--json", tmp_path / "m.ba"))["factors"]
    rows = table(ok("explain", "--top", 5, "--model", tmp_path / "m.ba"))
    assert [row["member"] for row in rows] == ["1"] * 5 + ["2"] * 5
    assert all(row["feature"].startswith("Kmer_") for row in rows[:5])
    alone = table(ok("explain", "--top", 5, "--model", tmp_path / "one.ba"))
    for row, other in zip(rows[5:], alone, strict=True):
        assert row["feature"] == other["feature"]
        assert float(row["weight"]) == pytest.approx(factors[1] * float(other["weight"]), rel=1e-5)
    objects = [json.loads(line) for line in ok("explain", "--json", "--top", 5, "--model", tmp_path / "m.ba").splitlines()]
    assert [(str(o["member"]), o["feature"]) for o in objects] == [(r["member"], r["feature"]) for r in rows]
    assert parsed(ok("explain", "--motifs", "--model", tmp_path / "m.ba"))


@pytest.mark.parametrize("arguments, pattern", [
    (["--top", "0"], "--top 0: expected 1 or more, and of motifs"), (["--top", "1001"], "no more than 1000"),
    (["--json"], "--json does not go with --motifs")])
def test_refused(data, arguments, pattern):
    fails(1, pattern, "explain", "--motifs", "--model", data / "two.ba", *arguments)
