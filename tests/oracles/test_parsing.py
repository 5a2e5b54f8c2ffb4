# SPDX-License-Identifier: MIT
"""FASTA and FASTQ against Biopython's readers on generated files."""

import gzip
import random

import pytest
from Bio import SeqIO, bgzf
from Bio.SeqIO.QualityIO import FastqGeneralIterator

import library
from conftest import sequences


def write(path, text):
    """Plain, gzip of two members, or bgzf, by the end of the name."""
    data = text.encode()
    if path.suffix == ".gz":
        half = len(data) // 2
        path.write_bytes(gzip.compress(data[:half]) + gzip.compress(data[half:]))
    elif path.suffix == ".bgz":
        with bgzf.BgzfWriter(str(path)) as out:
            out.write(data)
    else:
        path.write_bytes(data)
    return path


def headers(seed, count):
    numbers = random.Random(seed)
    signs = "abcXYZ0189_.:|/=-+@>#"
    return ["r%d%s%s" % (i, "".join(numbers.choices(signs, k=numbers.randint(0, 12))),
                         numbers.choice(["", " ", " two words", "  x  y", "\tlength=7"])) for i in range(count)]


def biopython(path, text, kind):
    """Biopython on the plain text; it drops blanks at the end of a header, so the comparison does too."""
    plain = path.parent / "plain"
    plain.write_text(text, newline="")
    return [(record.description, str(record.seq), record.letter_annotations.get("phred_quality"))
            for record in SeqIO.parse(str(plain), kind)]


def ours(context, path, most):
    return [(name.rstrip(), letters, quality and [ord(x) - 33 for x in quality])
            for name, letters, quality in context.read(path, most)]


@pytest.mark.parametrize("suffix", ["fa", "fa.gz", "fa.bgz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("width", [1, 60, 10 ** 9])
def test_fasta(context, tmp_path, suffix, end, width):
    found = sequences(7, 120, 0, 700, odd=0.02, lower=0.3) + sequences(8, 1, 150000, 150000)
    lines = []
    for name, letters in zip(headers(9, len(found)), found):
        lines.append(">" + name)
        lines += [letters[i:i + width] for i in range(0, len(letters), width)]
        lines += [""] * (len(letters) % 3 == 1)  # blank lines between records
    text = end.join(lines) + end * (width != 60)  # one without the last line end
    path = write(tmp_path / f"x.{suffix}", text)
    expected = biopython(path, text, "fasta")
    assert len(expected) == len(found)
    for most in (1, 50, 10 ** 6):
        assert [record[:2] for record in ours(context, path, most)] == [record[:2] for record in expected]


@pytest.mark.parametrize("suffix", ["fq", "fq.gz", "fq.bgz"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("repeat_name", [False, True])
def test_fastq(context, tmp_path, suffix, end, repeat_name):
    numbers = random.Random(10)
    found = sequences(11, 200, 1, 300, odd=0.02) + sequences(12, 1, 100000, 100000)
    text = ""
    for name, letters in zip(headers(13, len(found)), found):
        quality = "".join(chr(numbers.randint(33, 126)) for _ in letters)
        text += end.join(["@" + name, letters, "+" + name * repeat_name, quality, ""])
    path = write(tmp_path / f"x.{suffix}", text)
    expected = biopython(path, text, "fastq")
    for most in (1, 50, 10 ** 6):
        assert [record for record in ours(context, path, most)] == [
            (name.rstrip(), letters, quality) for name, letters, quality in expected]


def test_fastq_over_several_lines(context, tmp_path):
    numbers = random.Random(14)
    found = sequences(15, 60, 1, 400)
    text = ""
    for name, letters in zip(headers(16, len(found)), found):
        # No quality line may look like a header to Biopython's reader of old files.
        quality = "".join(chr(numbers.randint(65, 90)) for _ in letters)
        cut = [line[i:i + 70] for line in (letters,) for i in range(0, len(line), 70)]
        text += "\n".join(["@" + name, *cut, "+"] + [quality[i:i + 70] for i in range(0, len(quality), 70)] + [""])
    path = write(tmp_path / "x.fq", text)
    assert ours(context, path, 7) == [(name.rstrip(), letters, quality) for name, letters, quality in
                                      biopython(path, text, "fastq")]


CONFORMANCE = library.TOP.parent / "shared/data/conformance/biopython-fastq"


@pytest.mark.skipif(not CONFORMANCE.is_dir(), reason="the conformance files are not at hand")
def test_conformance_files(context):
    """Every good file of Cock et al. (2010), as Biopython reads it, letter by letter."""
    paths = [path for path in sorted(CONFORMANCE.glob("*.fastq")) if not path.name.startswith("error_")]
    assert len(paths) == 37
    for path in paths:
        with path.open(encoding="ascii") as text:
            expected = [(title.rstrip(), letters, quality or None) for title, letters, quality in
                        FastqGeneralIterator(text)]
        found = [(name.rstrip(), letters, quality or None) for name, letters, quality in context.read(path, 10)]
        assert found == expected, path.name
