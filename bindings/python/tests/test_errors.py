# SPDX-License-Identifier: MIT
"""Exceptions: one class a status, with the place where it happened."""

import ctypes
import pickle
import re

import pytest

import bioanalytics
from bioanalytics import _errors
from bioanalytics._library import lib
from conftest import TOP


def statuses():
    text = (TOP / "include/bioanalytics/base.h").read_text()
    return {name: int(value) for name, value in re.findall(r"#define (BA_ERR_\w+) \((-\d+)\)", text)}


def test_every_status_has_its_class():
    assert {kind.name: code for code, kind in _errors._CLASSES.items() if code} == statuses()
    for name, code in statuses().items():
        assert lib.ba_status_name(code).decode() == name
        error = _errors.of_status(code, "said", "f", 3, 9)
        assert (error.code, error.name, error.file, error.record, error.byte) == (code, name, "f", 3, 9)
        assert isinstance(error, bioanalytics.Error)


def test_they_are_what_python_calls_them():
    for kind, python in ((bioanalytics.FileError, OSError), (bioanalytics.LimitError, MemoryError),
                         (bioanalytics.RecipeError, ValueError), (bioanalytics.ModelError, ValueError),
                         (bioanalytics.UnsupportedError, NotImplementedError), (bioanalytics.ClosedError, ValueError)):
        assert issubclass(kind, python)


def test_file_record_and_byte(tmp_path):
    path = tmp_path / "bad.fq"
    path.write_text("@a\nACGT\n+\nIIII\n@b\nACG\n+\nIIII\n")
    with bioanalytics.open(path) as reader, pytest.raises(bioanalytics.FormatError) as found:
        list(reader)
    error = found.value
    assert (error.file, error.record, error.byte) == (str(path), 2, 24)
    assert str(error) == f"{path}: record 2, byte 24: quality has 4 symbols, sequence has 3"
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.record) == (type(error), str(error), 2)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(OSError, match="No such file") as found:
        bioanalytics.open(tmp_path / "none.fa")
    assert isinstance(found.value, bioanalytics.FileError) and found.value.file == str(tmp_path / "none.fa")


def test_options_and_recipes_name_the_column():
    with pytest.raises(bioanalytics.RecipeError, match='column 1: there is no option "speed"; accepted: ambiguous'):
        bioanalytics.open(b">a\nA\n", speed=3)
    with pytest.raises(bioanalytics.RecipeError, match="column 6"):
        bioanalytics.Extractor("Kmer(q=3)")
    with pytest.raises(bioanalytics.ArgumentError, match="cannot hold a comma"):
        bioanalytics.open(b">a\nA\n", tags="a,b")


def test_log_lines_go_to_logging(tmp_path, caplog):
    import gzip
    block = gzip.compress(b">a\nACGT\n")
    bgzf = (b"\x1f\x8b\x08\x04" + b"\0" * 4 + b"\0\xff\x06\0BC\x02\0" +
            (len(block) + 8 - 1).to_bytes(2, "little") + block[10:])
    path = tmp_path / "a.fa.gz"
    path.write_bytes(bgzf)  # without the block that ends a bgzf file
    with caplog.at_level("DEBUG", "bioanalytics"), bioanalytics.open(path) as reader:
        assert [record.sequence for record in reader.records()] == ["ACGT"]
    assert any(line.name == "bioanalytics" and "end" in line.getMessage() for line in caplog.records)


def test_a_context_says_what_it_holds():
    from bioanalytics._handles import Context
    context = Context()
    now, most = context.memory()
    assert 0 < now <= most and context.progress() == (0, 0)
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(context)
    assert ctypes.sizeof(ctypes.c_void_p) == 8
