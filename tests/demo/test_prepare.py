# SPDX-License-Identifier: MIT
"""prepare.py on a small made-up chromosome whose windows are known by construction."""

import gzip
import json
import os
import random
import subprocess
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SCRIPT = os.path.join(ROOT, "examples", "promoters", "prepare.py")
sys.path.insert(0, os.path.dirname(SCRIPT))
import prepare  # noqa: E402

COMPLEMENT = str.maketrans("ACGT", "TGCA")


def chromosome(seed, length=40000):
    return "".join(random.Random(seed).choices("ACGT", k=length))


def reverse_complement(letters):
    return letters.translate(COMPLEMENT)[::-1]


def upstream(genome, arm, transcript, strand, first):
    """The record UCSC would write: 2,000 bases from `first` (1-based), read towards the start."""
    letters = genome[first - 1 : first + 1999]
    if strand == "r":
        letters = reverse_complement(letters)
    return f"{transcript}_up_2000_chr{arm}_{first}_{strand} chr{arm}:{first}-{first + 1999}", letters


def write_fasta(path, records, width=50):
    text = ""
    for header, letters in records:
        rows = [letters[i : i + width].lower() for i in range(0, len(letters), width)]
        text += ">" + header + "\n" + "\n".join(rows) + "\n"
    with open(path, "wb") as handle:  # without the time, which would make a file of each second another one
        handle.write(gzip.compress(text.encode(), mtime=0))


def read_table(path):
    with open(path) as handle:
        header, *rows = [line.rstrip("\n").split("\t") for line in handle]
    assert header == ["name", "sequence", "label", "group"]
    return rows


def prepared(tmp_path, records):
    source = str(tmp_path / "made_up.fa.gz")
    write_fasta(source, records)
    out = str(tmp_path / "out")
    counts = prepare.prepare(source, out)
    return counts, read_table(os.path.join(out, "train.tsv")), read_table(os.path.join(out, "test.tsv")), out


def dropped(counts, words):
    found = [step["dropped"] for step in counts["steps"] if words in step["step"]]
    assert len(found) == 1
    return found[0]


def test_windows_of_both_strands_are_cut_where_the_start_is(tmp_path):
    genome = chromosome(1)
    records = [upstream(genome, "2L", "NM_1", "f", 1001), upstream(genome, "X", "NM_2", "r", 20001)]
    counts, train, test, out = prepared(tmp_path, records)
    # + strand: the start is base 3001, so the promoter is 2751..3000 and the far window 1001..1250.
    assert [row[1] for row in train] == [genome[2750:3000], genome[1000:1250]]
    # - strand: the start is base 20000, so the promoter is 20001..20250 on the other strand.
    assert [row[1] for row in test] == [
        reverse_complement(genome[20000:20250]),
        reverse_complement(genome[21750:22000]),
    ]
    assert [row[2:] for row in train] == [["1", "2L"], ["0", "2L"]]
    assert [row[2:] for row in test] == [["1", "X"], ["0", "X"]]
    assert (counts["total"], counts["train"], counts["test"]) == (4, 2, 2)
    with open(os.path.join(out, "test.fa")) as handle:
        lines = handle.read().split("\n")
    assert lines[0] == ">NM_2_up_2000_chrX_20001_r_near chrX:20001-20250(-)"
    assert lines[1] == test[0][1]
    assert lines[2] == ">NM_2_up_2000_chrX_20001_r_far chrX:21751-22000(-)"


def test_a_negative_that_overlaps_a_promoter_on_the_other_strand_is_dropped(tmp_path):
    genome = chromosome(2)
    # NM_1 reads forward from 1001: its far window is 1001..1250. NM_2 reads back: its promoter is first..first+249.
    for first, kept in ((1250, False), (1251, True), (752, False), (751, True)):
        records = [upstream(genome, "3R", "NM_1", "f", 1001), upstream(genome, "3R", "NM_2", "r", first)]
        folder = tmp_path / str(first)
        folder.mkdir()
        counts, train, _, _ = prepared(folder, records)
        names = [row[0] for row in train]
        assert ("NM_1_up_2000_chr3R_1001_f_far" in names) == kept, first
        # The two records mirror each other, so NM_2's far window touches NM_1's promoter in the same cases.
        assert dropped(counts, "overlaps a promoter") == (0 if kept else 2), first


def test_a_promoter_elsewhere_does_not_drop_a_negative(tmp_path):
    genome = chromosome(3)
    records = [upstream(genome, "2L", "NM_1", "f", 1001), upstream(chromosome(4), "2R", "NM_2", "r", 1001)]
    counts, train, _, _ = prepared(tmp_path, records)
    assert len(train) == 4
    assert dropped(counts, "overlaps a promoter") == 0


def test_every_filter_is_counted(tmp_path):
    genome, other = chromosome(5), chromosome(6)
    good = upstream(genome, "2L", "NM_1", "f", 1001)
    with_n = upstream(other, "3L", "NM_7", "f", 9001)
    with_n = (with_n[0], with_n[1][:1000] + "N" + with_n[1][1001:])
    short = upstream(other, "3L", "NM_8", "f", 15001)
    records = [
        good,
        ("NM_2_up_2000_chr2L_1001_f chr2L:1001-3000", good[1]),  # same start, another transcript
        ("NM_3_up_2000_chr2L_1001_r chr2L:1001-3000", reverse_complement(good[1])),  # same place, other strand: kept
        ("NM_4_up_2000_chr3R_-1646_f chr3R:-1646-353", good[1][:353]),  # before the first base
        ("NM_5_up_2000_chr2LHet_1001_f chr2LHet:1001-3000", good[1]),  # not a main arm
        ("NM_6_up_2000_chr4_5001_f chr4:5001-7000", good[1]),  # same letters at another place
        with_n,
        (short[0], short[1][:1999]),
    ]
    counts, train, test, _ = prepared(tmp_path, records)
    assert counts["steps"][0]["kept"] == 8
    assert dropped(counts, "header of another form") == 1
    assert dropped(counts, "six main arms") == 1
    assert dropped(counts, "already seen") == 1
    assert dropped(counts, "bases long") == 1
    assert dropped(counts, "holds an N") == 1
    assert dropped(counts, "earlier positive") == 1
    assert dropped(counts, "earlier negative") == 1
    # NM_1 and NM_3 read the same 2,000 bases both ways: each one's far window is the other's promoter.
    assert dropped(counts, "overlaps a promoter") == 2
    assert [row[0][:4] + row[2] for row in train] == ["NM_11", "NM_31"]
    assert test == []
    for step, after in zip(counts["steps"], counts["steps"][1:]):
        if step["of"] == after["of"]:
            assert after["kept"] == step["kept"] - after["dropped"]
    with open(tmp_path / "out" / "counts.json") as handle:
        assert json.load(handle) == counts


def test_the_genes_file_holds_the_whole_records_of_test_positives(tmp_path):
    genome = chromosome(7)
    records = [upstream(genome, "X", "NM_1", "f", 1001), upstream(genome, "2R", "NM_2", "f", 9001)]
    counts, _, _, out = prepared(tmp_path, records)
    with open(os.path.join(out, "x_genes.fa")) as handle:
        assert handle.read() == f">{records[0][0]}\n{records[0][1]}\n"
    assert counts["test_genes"] == 1


def test_equal_runs_give_equal_bytes(tmp_path):
    genome = chromosome(8)
    records = [upstream(genome, arm, f"NM_{i}", "fr"[i % 2], 3000 * i + 1) for i, arm in enumerate(prepare.ARMS, 1)]
    contents = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        _, _, _, out = prepared(folder, records)
        contents.append({f: open(os.path.join(out, f), "rb").read() for f in sorted(os.listdir(out))})
    assert contents[0] == contents[1]
    assert sorted(contents[0]) == ["counts.json", "test.fa", "test.tsv", "train.tsv", "x_genes.fa"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "NM_1",
        "NM_1_up_2000_chr2L_5_f chr2L:6-2005",
        "NM_1_up_2000_chr2L_5_f chr2R:5-2004",
        "NM_1_up_2000_chr2L_5_x chr2L:5-2004",
    ],
)
def test_headers_of_another_form_are_refused(header):
    assert prepare.parse_header(header) is None


def test_a_header_gives_its_parts():
    got = prepare.parse_header("NM_078863_up_2000_chr2L_16764737_f chr2L:16764737-16766736")
    assert got == ("NM_078863", "2L", "+", 16764737, 16766736)
    assert prepare.parse_header("NR_1_up_2000_chrX_7_r chrX:7-2006") == ("NR_1", "X", "-", 7, 2006)


@pytest.mark.parametrize(
    "content, words", [(b"no record here\n", "line 1"), (b"", "no FASTA record"), (b"\x1f\x8b\x08\x00cut", "")]
)
def test_bad_files_end_with_status_2_and_write_nothing(tmp_path, content, words):
    source = tmp_path / "bad.fa.gz"
    source.write_bytes(content)
    out = tmp_path / "out"
    done = subprocess.run([sys.executable, SCRIPT, str(source), str(out)], capture_output=True, text=True)
    assert done.returncode == 2
    assert "bad.fa.gz" in done.stderr and words in done.stderr and "Traceback" not in done.stderr
    assert not out.exists()
