# SPDX-License-Identifier: MIT
"""Trimming, filters and pairs of `ba stats` and `ba convert`, against a re-implementation of what cutadapt documents."""

import gzip
import json
import random
from fractions import Fraction

import pytest

from program import fails, listing, ok


def reads(seed, count, most=120, mate=""):
    """(name, letters, qualities), ends worse than the middle."""
    source, found = random.Random(seed), []
    for i in range(count):
        n = source.randint(0, most)
        letters = "".join(source.choice("ACGTNacgt") for _ in range(n))
        quality = [source.randint(0, 12 if at < n // 5 or at > n // 2 else 41) for at in range(n)]
        found.append((f"r{i}{mate}", letters, quality))
    return found


def fastq(items):
    return "".join(f"@{name}\n{letters}\n+\n{''.join(chr(33 + q) for q in quality)}\n"
                   for name, letters, quality in items)


def trim(quality, front, back):
    """The partial sums of (quality - threshold), as cutadapt's manual tells it: cut where they are lowest; stop once a
    sum is above 0."""
    start, stop = 0, len(quality)
    if front:
        total = lowest = 0
        for i, q in enumerate(quality):
            total += q - front
            if total > 0:
                break
            if total < lowest:
                lowest, start = total, i + 1
    if back:
        total = lowest = 0
        for i in reversed(range(len(quality))):
            total += quality[i] - back
            if total > 0:
                break
            if total < lowest:
                lowest, stop = total, i
    return (start, stop) if start < stop else (0, 0)


def passes(letters, quality, least=0, longest=10 ** 9, ambiguous=10 ** 9, mean=0):
    """Probabilities to 30 digits; a mean of just Q passes."""
    if not least <= len(letters) <= longest or sum(x not in "ACGTUacgtu" for x in letters) > ambiguous:
        return False
    error = [Fraction(10 ** 30) if q == 0 else Fraction(int(10 ** (30 - q / 10))) for q in range(94)]
    return not quality or mean == 0 or sum(error[q] for q in quality) <= error[mean] * len(quality)


def filtered(items, front=0, back=0, **rules):
    kept, trimmed, cut = [], 0, 0
    for name, letters, quality in items:
        start, stop = trim(quality, front, back)
        trimmed += stop - start < len(letters)
        cut += len(letters) - (stop - start)
        kept.append(((name, letters[start:stop], quality[start:stop]),
                     passes(letters[start:stop], quality[start:stop], **rules)))
    return kept, trimmed, cut


RULES = [
    (["--trim-quality", 20], {"back": 20}),
    (["--trim-quality", 2, "--trim-start-quality", 30], {"back": 2, "front": 30}),
    (["--trim-quality", 10, "--trim-start-quality", 8, "--min-length", 30], {"back": 10, "front": 8, "least": 30}),
    (["--min-length", 20, "--max-length", 80], {"least": 20, "longest": 80}),
    (["--max-ambiguous", 3], {"ambiguous": 3}),
    (["--trim-quality", 15, "--min-mean-quality", 12], {"back": 15, "mean": 12}),
    (["--trim-quality", 93, "--max-length", 0], {"back": 93, "longest": 0}),
]


@pytest.mark.parametrize("options, rules", RULES)
@pytest.mark.parametrize("cpu", ["scalar", "auto"])
def test_filters_are_those_of_the_definition(tmp_path, options, rules, cpu):
    items = reads(5, 1500)
    (tmp_path / "x.fq").write_text(fastq(items))
    kept, trimmed, cut = filtered(items, **rules)
    wanted = [item for item, good in kept if good]
    counts = json.loads(ok("convert", "--to", "fastq", "--json", "--cpu", cpu, *options, "x.fq", "y.fq", cwd=tmp_path))
    assert (tmp_path / "y.fq").read_text() == fastq(wanted)
    expected = {"records": len(wanted), "left_out": len(items) - len(wanted), "trimmed_records": trimmed,
                "trimmed_letters": cut, "letters": sum(len(item[1]) for item in wanted)}
    assert counts == expected
    found = json.loads(ok("stats", "--json", *options, "x.fq", cwd=tmp_path))[0]
    assert {name: found[name] for name in expected} == expected


def test_counts_are_shown(tmp_path):
    (tmp_path / "x.fq").write_text("@a\nACGT\n+\nII##\n@b\nA\n+\nI\n")
    lines = ok("stats", "--trim-quality", 10, "--min-length", 2, "x.fq", cwd=tmp_path).splitlines()
    assert lines[0].endswith("    left out      trimmed    letters cut")
    assert lines[1].split()[-3:] == ["1", "1", "2"]
    assert "left out" not in ok("stats", "x.fq", cwd=tmp_path)


def write_pairs(folder, count=700):
    first, second = reads(11, count, mate="/1"), reads(12, count, mate="/2")
    (folder / "R1.fq").write_text(fastq(first))
    (folder / "R2.fq.gz").write_bytes(gzip.compress(fastq(second).encode()))
    mixed = [item for pair in zip(first, second) for item in pair]
    (folder / "mixed.fq").write_text(fastq(mixed))
    return first, second, mixed


def test_pairs_two_ways_in_and_two_out(tmp_path):
    first, second, mixed = write_pairs(tmp_path)
    two = ["--mate", "R2.fq.gz", "R1.fq"]
    one = ["--interleaved", "mixed.fq"]
    for source in (two, one):
        assert ok("convert", "--to", "fastq", *source, "-", cwd=tmp_path) == fastq(mixed)
        ok("convert", "--to", "fastq", "--mate-out", "o2.fq", *source, "o1.fq", cwd=tmp_path)
        assert (tmp_path / "o1.fq").read_text() == fastq(first)
        assert (tmp_path / "o2.fq").read_text() == fastq(second)
        found = json.loads(ok("stats", "--json", *source, cwd=tmp_path))[0]
        assert found["records"] == len(mixed) and found["letters"] == sum(len(item[1]) for item in mixed)
        assert found.get("mate") == ("R2.fq.gz" if source is two else None)
    ok("convert", "--to", "tsv", "--mate-out", "o2.tsv", *two, "o1.tsv", cwd=tmp_path)
    for name, items in (("o1.tsv", first), ("o2.tsv", second)):
        lines = (tmp_path / name).read_text().splitlines()
        assert lines[0] == "name\tsequence\tquality" and len(lines) == len(items) + 1


@pytest.mark.parametrize("how", ["any", "both"])
def test_pairs_are_filtered_together(tmp_path, how):
    _, _, mixed = write_pairs(tmp_path)
    kept, trimmed, cut = filtered(mixed, back=15, least=25)
    wanted = []
    for (a, good_a), (b, good_b) in zip(kept[::2], kept[1::2]):
        if (good_a and good_b) or (how == "both" and (good_a or good_b)):
            wanted += [a, b]
    counts = json.loads(ok("convert", "--to", "fastq", "--json", "--trim-quality", 15, "--min-length", 25,
                           "--pair-filter", how, "--mate", "R2.fq.gz", "R1.fq", "out.fq", cwd=tmp_path))
    assert (tmp_path / "out.fq").read_text() == fastq(wanted)
    assert counts["left_out"] == len(mixed) - len(wanted)
    assert (counts["trimmed_records"], counts["trimmed_letters"]) == (trimmed, cut)


def test_pairs_that_do_not_fit(tmp_path):
    write_pairs(tmp_path, 5)
    (tmp_path / "short.fq").write_text(fastq(reads(12, 4, mate="/2")))
    (tmp_path / "other.fq").write_text(fastq(reads(12, 5, mate="x/2")))
    before = listing(tmp_path)
    fails(2, r"R1.fq.*\"r0/1\" and \"r0x/2\"|are not the names of mates", "stats", "--mate", "other.fq", "R1.fq",
          cwd=tmp_path)
    fails(2, r"short.fq ends after 4 records, so \"r4/1\" of R1.fq has no mate", "convert", "--to", "fastq", "--mate",
          "short.fq", "--mate-out", "b.fq", "R1.fq", "a.fq", cwd=tmp_path)
    assert listing(tmp_path) == before


@pytest.mark.parametrize("arguments, pattern", [
    (["stats", "--trim-quality", 94, "x"], "--trim-quality 94: expected 0 to 93"),
    (["stats", "--min-length", -1, "x"], "--min-length -1: expected 0"),
    (["stats", "--pair-filter", "any", "x"], "needs --mate or --interleaved"),
    (["stats", "--pair-filter", "all", "--interleaved", "x"], "--pair-filter 'all': expected any or both"),
    (["stats", "--mate", "y", "--interleaved", "x"], "not both"),
    (["stats", "--mate", "y", "x", "z"], "--mate goes with one file"),
    (["stats", "--mate", "x", "x"], "holds both mates"),
    (["convert", "--to", "fastq", "--mate-out", "y", "x", "z"], "--mate-out is about pairs"),
    (["convert", "--to", "fastq", "--interleaved", "--mate-out", "y", "x", "y"], "a file other than OUT"),
    (["convert", "--to", "fasta", "--from", "tsv", "--min-length", 3, "x", "y"], "x is TSV"),
])
def test_wrong_options(tmp_path, arguments, pattern):
    (tmp_path / "x").write_text("@a\nA\n+\nI\n")
    fails(1, pattern, *arguments, cwd=tmp_path)
    assert listing(tmp_path) == ["x"]


def test_fasta_has_nothing_to_trim(tmp_path):
    (tmp_path / "x.fa").write_text(">a\nACGT\n>b\nAC\n")
    fails(2, "record 1: FASTA has no qualities, which trim_quality", "stats", "--trim-quality", 3, "x.fa", cwd=tmp_path)
    assert ok("convert", "--to", "fasta", "--min-length", 3, "x.fa", "-", cwd=tmp_path) == ">a\nACGT\n"
