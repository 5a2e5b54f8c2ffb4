# SPDX-License-Identifier: MIT
"""Variants: stats and convert of VCF against a reading in Python."""

import gzip
import json
import random

import pytest

from program import fails, ok

HEADER = """##fileformat=VCFv4.2
##INFO=<ID=AF,Number=A,Type=Float,Description="f">
##INFO=<ID=DB,Number=0,Type=Flag,Description="b">
##FORMAT=<ID=GT,Number=1,Type=String,Description="g">
"""
COLUMNS = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "anna", "bert", "cara"]


def alleles(numbers, ref):
    kinds = [lambda: numbers.choice("ACGT".replace(ref[0], "")) + ref[1:], lambda: ref + numbers.choice("ACGT") * 2,
             lambda: ref[0] if len(ref) > 1 else ref + "G", lambda: "<DEL>", lambda: "*"]
    return list(dict.fromkeys(numbers.choice(kinds)() for _ in range(numbers.choice([1, 1, 1, 2, 3]))))


def genotype(numbers, count):
    return numbers.choice("/|").join(numbers.choice([*map(str, range(count + 1)), "."]) if numbers.random() < 0.9 else "."
                                     for _ in range(numbers.choice([1, 2, 2, 2, 3])))


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Made-up records as lists of columns, and the file that holds them."""
    numbers, rows = random.Random(5), []
    for i in range(1500):
        ref = "".join(numbers.choices("ACGT", k=numbers.choice([1, 1, 1, 3])))
        alt = alleles(numbers, ref) if numbers.random() < 0.95 else ["."]
        info = numbers.choice([".", "DB", "AF=" + ",".join("0.25" for _ in alt), "DB;AF=" + ",".join("." for _ in alt)])
        count = 0 if alt == ["."] else len(alt)
        rows.append(["2L" if i < 900 else "X", str(10 + 7 * i), ".", ref, ",".join(alt),
                     numbers.choice([".", "29.5", "100"]), numbers.choice(["PASS", ".", "q1;q2"]), info, "GT:DP",
                     *(genotype(numbers, count) + numbers.choice(["", ":7"]) for _ in range(3))])
    path = tmp_path_factory.mktemp("variants") / "calls"
    text = HEADER + "".join("\t".join(row) + "\n" for row in [COLUMNS, *rows])
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
    return path, rows


def trimmed(ref, alt):
    while len(ref) > 1 and len(alt) > 1 and ref[-1] == alt[-1]:
        ref, alt = ref[:-1], alt[:-1]
    while len(ref) > 1 and len(alt) > 1 and ref[0] == alt[0]:
        ref, alt = ref[1:], alt[1:]
    return ref, alt


def dosage(sample, allele=None):
    parts = sample.split(":")[0].replace("|", "/").split("/")
    if "." in parts:
        return ""
    return str(sum(int(part) > 0 if allele is None else int(part) == allele for part in parts))


def test_stats_agree_with_python(calls):
    path, rows = calls
    counts = dict.fromkeys(("snvs", "mnvs", "indels", "others", "multiallelic", "transitions", "transversions"), 0)
    for row in rows:
        for alt in row[4].split(",") if row[4] != "." else []:
            if not alt.isalpha():
                counts["others"] += 1
                continue
            ref, alt = trimmed(row[3], alt)
            if len(ref) != len(alt):
                counts["indels"] += 1
            elif len(ref) > 1:
                counts["mnvs"] += 1
            else:
                counts["snvs"] += 1
                counts["transitions" if {ref, alt} in ({"A", "G"}, {"C", "T"}) else "transversions"] += 1
        counts["multiallelic"] += "," in row[4]
    missing = sum(dosage(sample) == "" for row in rows for sample in row[9:])
    found = json.loads(ok("stats", "--json", path))[0]
    assert found.pop("ti_tv") == pytest.approx(counts["transitions"] / counts["transversions"])
    assert found.pop("missing_rate") == pytest.approx(missing / (3 * len(rows)))
    assert found == {"file": str(path), "format": "VCF", "records": len(rows), "samples": 3, **counts}
    heading, line = ok("stats", path).splitlines()
    assert heading.split() == ["file", "format", "records", "samples", "SNVs", "MNVs", "indels", "others",
                               "multiallelic", "ti/tv", "missing"]
    assert line.split()[1:5] == ["VCF", "1500", "3", str(counts["snvs"])]


def test_stats_of_both_kinds_are_two_tables(calls, tmp_path):
    (tmp_path / "a.fa").write_text(">a\nACGT\n")
    lines = ok("stats", calls[0], tmp_path / "a.fa").splitlines()
    assert [line.split()[1] for line in lines] == ["format", "FASTA", "format", "VCF"]
    found = json.loads(ok("stats", "--json", calls[0], tmp_path / "a.fa"))
    assert [item["format"] for item in found] == ["VCF", "FASTA"]


def test_convert_gives_every_column(calls, tmp_path):
    path, rows = calls
    assert ok("convert", "--to", "tsv", "--json", path, tmp_path / "out.tsv").split() == ["{", '"records":', "1500", "}"]
    lines = [line.split("\t") for line in (tmp_path / "out.tsv").read_text().splitlines()]
    assert lines[0] == ["chrom", "position", "id", "ref", "alt", "quality", "filter", "info", "dosage/anna",
                        "dosage/bert", "dosage/cara"]
    assert lines[1:] == [[*row[:5], "" if row[5] == "." else row[5], *row[6:8], *map(dosage, row[9:])] for row in rows]


def test_convert_splits_alleles_and_takes_keys(calls):
    path, rows = calls
    out = ok("convert", "--to", "tsv", "--split-alleles", "--info", "DB:AF", path, "-")
    expected = []
    for row in rows:
        info = dict(item.partition("=")[::2] for item in row[7].split(";"))
        for number, alt in enumerate(row[4].split(","), 1):
            allele = None if alt == "." else number
            expected.append([*row[:4], alt, "" if row[5] == "." else row[5], row[6], "1" if "DB" in info else "",
                             info.get("AF", ""), *(dosage(sample, allele) for sample in row[9:])])
    assert [line.split("\t") for line in out.splitlines()[1:]] == expected


def test_what_does_not_go_together(calls, tmp_path):
    path = calls[0]
    (tmp_path / "a.fa").write_text(">a\nACGT\n")
    fails(1, "is VCF, which becomes TSV", "convert", "--to", "fasta", path, "-")
    fails(1, "about sequence files", "convert", "--to", "tsv", "--min-length", 5, path, "-")
    fails(1, "about sequence files", "stats", "--min-length", 5, path)
    fails(1, "about VCF and BCF", "convert", "--to", "tsv", "--info", "DP", tmp_path / "a.fa", "-")
    fails(1, "expected all, none", "convert", "--to", "tsv", "--info", "DP,AF", path, "-")
    fails(1, "stands there twice", "convert", "--to", "tsv", "--info", "DP:DP", path, "-")


def test_errors_say_where(calls, tmp_path):
    bad = tmp_path / "bad.vcf"
    bad.write_text(HEADER + "\t".join(COLUMNS[:8]) + "\n1\t5\t.\tA\tC\t.\t.\t.\n1\t6\t.\tA\t\t.\t.\t.\n")
    fails(2, r"bad\.vcf: record 2, byte \d+: column 5 is empty", "stats", bad)
    fails(2, r"bad\.vcf: record 2, byte \d+: column 5 is empty", "convert", "--to", "tsv", bad, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    fails(2, "header line 1: expected ##fileformat", "stats", "--strict", write(bad, "##fileformat=VCFv3\n"))
    loose = write(bad, HEADER + "\t".join(COLUMNS[:8]) + "\n1\t5\t.\tA\tC\t.\t.\tAF=1,2\n")
    ok("stats", loose)
    fails(2, "AF has 2 values", "stats", "--strict", loose)
    fails(2, "AF has 2 values", "convert", "--to", "tsv", "--strict", loose, "-")


def write(path, text):
    path.write_text(text)
    return path
