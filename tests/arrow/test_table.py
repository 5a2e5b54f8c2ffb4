# SPDX-License-Identifier: MIT
"""A file of variants as a table in pyarrow, through the Arrow C data interface, and from there in polars."""

import ctypes as c
import math

import pytest

import library

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")

ba = library.declare({
    "variants_open_path": (library.I32, library.P, library.TEXT, library.TEXT, library.OUT),
    "variants_next": (library.I32, library.P, library.I64, library.OUT),
    "variants_close": (None, library.P),
    "table_export": (library.I32, library.P, library.P, library.P),
    "table_release": (None, library.P),
})
SCHEMA_BYTES, ARRAY_BYTES = 9 * 8, 10 * 8
TEXT = """##fileformat=VCFv4.3
#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\ts3
1\t10\trs\u00e9\tA\tC,G\t2.5\tPASS\tDP=7;DB\tGT\t0|2\t./.\t1/1/2
2\t20\t.\tN\t<DEL>\t.\t.\tDP=8\tDP\t1\t2\t3
"""


def batches(context, path, options, most):
    """The file's tables as pyarrow record batches; the tables themselves are released before pyarrow looks."""
    variants, table, found = library.P(), library.P(), []
    context.check(ba.variants_open_path(context.handle, str(path).encode(), options.encode(), c.byref(variants)))
    while context.check(ba.variants_next(variants, most, c.byref(table))) == 0:
        schema, array = c.create_string_buffer(SCHEMA_BYTES), c.create_string_buffer(ARRAY_BYTES)
        context.check(ba.table_export(table, schema, array))
        ba.table_release(table)
        found.append(pyarrow.RecordBatch._import_from_c(c.addressof(array), c.addressof(schema)))
    ba.variants_close(variants)
    return found


@pytest.fixture
def calls(tmp_path):
    (tmp_path / "calls").write_text(TEXT, encoding="utf-8")
    return tmp_path / "calls"


@pytest.mark.parametrize("most", [1, 2])
def test_pyarrow_reads_every_column(context, calls, most):
    table = pyarrow.Table.from_batches(batches(context, calls, "", most))
    table.validate(full=True)
    text, dosage = pyarrow.large_utf8(), table.column("dosage").to_pylist()
    assert [(field.name, field.type) for field in table.schema] == [
        ("chrom", text), ("position", pyarrow.int64()), ("id", text), ("ref", text), ("alt", text),
        ("quality", pyarrow.float32()), ("filter", text), ("info", text),
        ("dosage", pyarrow.list_(pyarrow.float32(), 3))]
    assert all(field.nullable for field in table.schema)
    assert table.drop_columns(["dosage"]).to_pydict() == {
        "chrom": ["1", "2"], "position": [10, 20], "id": ["rs\u00e9", "."], "ref": ["A", "N"], "alt": ["C,G", "<DEL>"],
        "quality": [2.5, None], "filter": ["PASS", "."], "info": ["DP=7;DB", "DP=8"]}
    assert dosage[0][0] == 1 and math.isnan(dosage[0][1]) and dosage[0][2] == 3
    assert all(math.isnan(value) for value in dosage[1])


def test_keys_that_are_missing_are_nulls(context, calls):
    table = pyarrow.Table.from_batches(batches(context, calls, "info=DB:DP,dosage=none", 9))
    assert table.column("info/DB").to_pylist() == ["1", None]
    assert table.column("info/DP").to_pylist() == ["7", "8"]
    assert "dosage" not in table.column_names


def test_polars_takes_it(context, calls):
    polars = pytest.importorskip("polars", reason="polars is not installed")
    frame = polars.from_arrow(pyarrow.Table.from_batches(batches(context, calls, "alleles=split", 9)))
    assert frame["alt"].to_list() == ["C", "G", "<DEL>"]
    assert frame["dosage"].to_list()[0][2] == 2 and frame["dosage"].to_list()[1][0] == 1
