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


def stream(context, path):
    """The file's records as a pyarrow RecordBatchReader, which owns our reader from here on."""
    reader, exported = library.P(), c.create_string_buffer(STREAM_BYTES)
    context.check(ba.reader_open_path(context.handle, str(path).encode(), b"", c.byref(reader)))
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
