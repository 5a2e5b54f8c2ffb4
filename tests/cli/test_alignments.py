# SPDX-License-Identifier: MIT
"""What the commands make of alignments, from outside."""

import json

import pytest
from program import ba, fails, ok

SAM = ("@HD\tVN:1.6\n@SQ\tSN:chr1\tLN:99999\n"
       "a\t99\tchr1\t1234\t37\t2M\t=\t1240\t8\tAC\tII\tNM:i:-3\tXZ:Z:two words\n"
       "b\t4\t*\t0\t0\t*\t*\t0\t0\tGG\t*\tNM:i:40\n")
HEADER = "name\tsequence\tquality"


@pytest.fixture(name="folder")
def fixture_folder(tmp_path):
    (tmp_path / "in.sam").write_text(SAM)
    done = ba("stats", "in.sam", cwd=tmp_path)
    if "-DBA_HTSLIB=ON" in done.stderr:
        pytest.skip("this build has no htslib")
    return tmp_path


@pytest.mark.parametrize("arguments, wanted", [
    ([], f"{HEADER}\na\tAC\tII\nb\tGG\t\n"),
    (["--alignments"], f"{HEADER}\tflag\treference\tposition\tmapping_quality\n"
                       "a\tAC\tII\t99\tchr1\t1233\t37\nb\tGG\t\t4\t\t-1\t0\n"),
    (["--tags", "XZ:NM"], f"{HEADER}\tXZ\tNM\na\tAC\tII\ttwo words\t-3\nb\tGG\t\t\t40\n"),
    (["--tags", ""], f"{HEADER}\na\tAC\tII\nb\tGG\t\n"),
    (["--alignments", "--tags", "NM"], f"{HEADER}\tflag\treference\tposition\tmapping_quality\tNM\n"
                                       "a\tAC\tII\t99\tchr1\t1233\t37\t-3\nb\tGG\t\t4\t\t-1\t0\t40\n"),
])
def test_convert_writes_the_columns_of_alignments(folder, arguments, wanted):
    assert ok("convert", "--to", "tsv", *arguments, "in.sam", "-", cwd=folder) == wanted


@pytest.mark.parametrize("code, pattern, given, arguments", [
    (1, "need --to tsv", SAM, ["--to", "fasta", "--alignments"]),
    (1, "need --to tsv", SAM, ["--to", "fastq", "--tags", "NM"]),
    (1, "need --to tsv", SAM, ["--to", "tsv", "--from", "tsv", "--tags", "NM"]),
    (2, "about SAM, BAM and CRAM", ">a\nACGT\n", ["--to", "tsv", "--tags", "NM"]),
    (2, "about SAM, BAM and CRAM", ">a\nACGT\n", ["--to", "tsv", "--alignments"]),
    (1, "tags is \"NMM\"; accepted: names of two characters", SAM, ["--to", "tsv", "--tags", "NMM"]),
])
def test_convert_refuses(folder, code, pattern, given, arguments):
    (folder / "in").write_text(given)
    fails(code, pattern, "convert", *arguments, "in", "out", cwd=folder)


FASTA, FAI = ">one x\nACGT\nNacg\n>two\nTT\n", "one\t8\t7\t4\t5\ntwo\t2\t22\t2\t3\n"


@pytest.fixture(name="genome")
def fixture_genome(tmp_path):
    (tmp_path / "x.fa").write_text(FASTA)
    (tmp_path / "x.fa.fai").write_text(FAI)
    return tmp_path


def test_convert_regions(genome):
    assert ok("convert", "--to", "fasta", "--region", "one:2-6", "x.fa", "-", cwd=genome) == ">one:2-6\nCGTNa\n"
    assert ok("convert", "--to", "fasta", "--region", "one", "--min-length", "9", "x.fa", "-", cwd=genome) == ""
    (genome / "x.fa.fai").rename(genome / "y")
    assert ok("convert", "--to", "tsv", "--region", "two:2", "--index", "y", "x.fa", "-", cwd=genome) == \
        "name\tsequence\ntwo:2-2\tT\n"
    fails(3, "no index beside the file; make it with `ba index`", "convert", "--to", "fasta", "--region", "two", "x.fa", "o", cwd=genome)
    fails(1, "--index is for --region", "convert", "--to", "fasta", "--index", "y", "x.fa", "o", cwd=genome)
    fails(1, "the file has no such sequence", "convert", "--to", "fasta", "--index", "y", "--region", "three", "x.fa",
          "o", cwd=genome)
    fails(1, "are about sequence files", "convert", "--to", "fasta", "--from", "tsv", "--region", "a", "-", "o",
          cwd=genome)
    fails(1, "--region is about one indexed file", "stats", "--interleaved", "--region", "two", "x.fa", cwd=genome)


def test_stats_of_a_region(genome):
    found = json.loads(ok("stats", "--json", "--region", "one:3-8", "x.fa", cwd=genome))[0]
    assert (found["records"], found["letters"], found["ambiguous"]) == (1, 6, 1)
    fails(1, "the region starts behind the end of two", "stats", "--region", "two:3", "x.fa", cwd=genome)


def test_index_writes_what_region_needs(genome):
    (genome / "x.fa.fai").unlink()
    assert ok("index", "x.fa", cwd=genome) == ""
    assert (genome / "x.fa.fai").read_text() == FAI
    (genome / "y.fa").write_text(">a\nAC\nA\nAC\n")
    fails(2, "y.fa: line 4: a sequence with lines of several lengths", "index", "y.fa", cwd=genome)
    fails(3, "cannot open absent", "index", "absent", cwd=genome)
