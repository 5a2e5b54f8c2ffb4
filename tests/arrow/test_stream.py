# SPDX-License-Identifier: MIT
"""A file of reads as a table in pyarrow, polars and DuckDB, through the Arrow stream of a reader."""

import ctypes as c
import gzip
import random

import pytest

import library

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

ba = library.declare({
    "reader_open_path": (library.I32, library.P, library.TEXT, library.TEXT, library.OUT),
    "reader_export_stream": (library.I32, library.P, library.P),
})
STREAM_BYTES = 5 * c.sizeof(c.c_void_p)


def stream(context, path, options=b""):
    """The file's records as a pyarrow RecordBatchReader, which owns our reader from here on."""
    reader, exported = library.P(), c.create_string_buffer(STREAM_BYTES)
    context.check(ba.reader_open_path(context.handle, str(path).encode(), options, c.byref(reader)))
    context.check(ba.reader_export_stream(reader, exported))
    return pyarrow.RecordBatchReader._import_from_c(c.addressof(exported))


@pytest.fixture
def reads(tmp_path):
    """More than one batch of reads, empty ones among them, and the file that holds them."""
    numbers, found = random.Random(11), []
    for i in range(70_000):
        letters = "".join(numbers.choices("ACGTN", k=i % 40))
        quality = "".join(chr(numbers.randint(33, 126)) for _ in letters)
        found.append((f"read{i} gr\u00fc\u00df", letters, quality))
    path = tmp_path / "reads.fastq.gz"
    with gzip.open(path, "wt", compresslevel=1, encoding="utf-8") as out:
        out.writelines(f"@{name}\n{letters}\n+\n{quality}\n" for name, letters, quality in found)
    return path, found


def test_pyarrow_reads_every_record(context, reads):
    path, expected = reads
    table = stream(context, path).read_all()
    assert [(field.name, field.type) for field in table.schema] == [
        (name, pyarrow.large_utf8()) for name in ("name", "sequence", "quality")]
    table.validate(full=True)
    assert list(zip(*(table[name].to_pylist() for name in table.column_names))) == expected


def test_polars_reads_every_record(context, reads):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    path, expected = reads
    frame = polars.from_arrow(stream(context, path).read_all())
    assert frame.rows() == expected
    lengths = frame.group_by(polars.col("sequence").str.len_bytes().alias("n")).len().sort("n")
    assert lengths.rows() == [(n, 1750) for n in range(40)]


def test_duckdb_asks_the_stream(context, reads):
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    path, expected = reads
    table = stream(context, path)
    connection = duckdb.connect()
    connection.register("reads", table)
    found = connection.execute("select count(*), sum(length(sequence)), min(name) from reads").fetchone()
    assert found == (len(expected), sum(len(letters) for _, letters, _ in expected),
                     min(name for name, _, _ in expected))


def test_fasta_is_two_columns_and_an_error_says_where(context, tmp_path):
    (tmp_path / "a.fa").write_text(">one\nACGT\n>two\nNN\n")
    assert stream(context, tmp_path / "a.fa").read_all().to_pydict() == {"name": ["one", "two"],
                                                                       "sequence": ["ACGT", "NN"]}
    (tmp_path / "b.fq").write_text("@a\nAC\n+\nII\n@b\nACG\n+\nIIII\n")
    with pytest.raises(pyarrow.ArrowInvalid, match=r"record 2, byte 20: quality has 4 symbols, sequence has 3"):
        stream(context, tmp_path / "b.fq").read_all()


ALIGNED = ["name", "sequence", "quality", "flag", "reference", "position", "mapping_quality", "NM", "RG"]


@pytest.fixture
def alignments(context, tmp_path):
    """More than one batch of alignments, some without a place or a tag, as SAM and as rows."""
    numbers, rows = random.Random(12), []
    lines = ["@HD\tVN:1.6", "@SQ\tSN:chr1\tLN:1000000", "@SQ\tSN:chrM\tLN:16571"]
    for i in range(9_000):
        letters = "".join(numbers.choices("ACGTN", k=1 + i % 90))
        reference = numbers.choice(["chr1", "chrM", None])
        position = numbers.randrange(16_000) if reference else -1
        flag, mapq = (numbers.choice([0, 16, 1024]), numbers.randrange(256)) if reference else (4, 0)
        mismatches = str(numbers.randrange(-300, 70_000)) if i % 3 else None
        group = f"lane {i % 7}" if i % 5 else None
        rows.append((f"r{i}", letters, "I" * len(letters), flag, reference, position, mapq, mismatches, group))
        cigar = f"{len(letters)}M" if reference else "*"  # without one htslib takes a record for unmapped
        fields = [f"r{i}", flag, reference or "*", position + 1, mapq, cigar, "*", 0, 0, letters, "I" * len(letters)]
        fields += [f"NM:i:{mismatches}"] if mismatches else []
        fields += [f"RG:Z:{group}"] if group else []
        lines.append("\t".join(map(str, fields)))
    path = tmp_path / "reads.sam"
    path.write_text("\n".join(lines) + "\n")
    try:
        table = stream(context, path, b"tags=NM:RG")
    except library.Failed as failure:
        if "htslib" in str(failure):
            pytest.skip("this build has no htslib")
        raise
    return table, rows


def test_pyarrow_reads_alignments(alignments):
    table, rows = alignments
    table = table.read_all()
    text = pyarrow.large_utf8()
    assert table.schema == pyarrow.schema([
        pyarrow.field("name", text, False), pyarrow.field("sequence", text, False),
        pyarrow.field("quality", text, False), pyarrow.field("flag", pyarrow.int32(), False),
        pyarrow.field("reference", text), pyarrow.field("position", pyarrow.int64(), False),
        pyarrow.field("mapping_quality", pyarrow.int32(), False), pyarrow.field("NM", text),
        pyarrow.field("RG", text)])
    table.validate(full=True)
    assert len(table.column(0).chunks) > 1
    assert list(zip(*(table[name].to_pylist() for name in ALIGNED))) == rows


def test_polars_and_duckdb_ask_for_alignments(alignments):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    duckdb = pytest.importorskip("duckdb", reason="duckdb is not installed")
    table, rows = alignments
    reads = table.read_all()
    assert polars.from_arrow(reads).rows() == rows
    found = duckdb.sql("select reference, count(*), sum(position), count(NM), max(RG) from reads group by 1 "
                       "order by 1 nulls last").fetchall()
    expected = []
    for reference in ("chr1", "chrM", None):
        of = [row for row in rows if row[4] == reference]
        expected.append((reference, len(of), sum(row[5] for row in of), sum(row[7] is not None for row in of),
                         max(row[8] for row in of if row[8])))
    assert found == expected
