# SPDX-License-Identifier: MIT
"""Tables: named columns of numbers and texts, from files, mappings, frames and Arrow data, numbers without a copy."""

import ctypes
import json
import os
from typing import Any, Dict, List, Mapping, Optional, Tuple, Union

import numpy as np

from . import _arrow
from ._arrays import address, borrow, view, wrap
from ._errors import ArgumentError
from ._handles import Context, Handle, interruptible, options_of, text_of
from ._library import lib
from ._types import Array, Path
from .records import Texts


class Table:
    """An immutable table. `table["x"]` is a view of a column of numbers, or the Texts of one of texts."""

    def __init__(self, columns: Mapping[str, Any], *, memory_limit: int = 0) -> None:
        """A table from columns by name; each is an array of numbers (two dimensions: several a row), or texts of which
        None is missing."""
        items = list(columns.items())
        rows = len(items[0][1]) if items else 0
        context = Context(memory_limit=memory_limit)
        self._handle = context.make(lib.ba_table_release, lib.ba_table_create, context.pointer, rows)
        for name, values in items:
            self._add(str(name), values, rows)

    def _add(self, name: str, values: Any, rows: int) -> None:
        array = values.to_numpy() if hasattr(values, "to_numpy") else np.asarray(values)
        if array.dtype.kind in "US" and not isinstance(values, np.ndarray):
            array = np.array(values, object)  # a list of texts and numbers would pass for one of texts
        if len(array) != rows:
            raise ArgumentError(f"column {name!r} has {len(array)} rows, the table has {rows}")
        context = self._handle.context
        with self._handle as pointer:
            if array.dtype.kind in "fiub":
                with wrap(context, array) as native:
                    context.check(lib.ba_table_add_array(pointer, name.encode(), native, None))
            elif array.dtype.kind == "M":
                seconds = array.astype("datetime64[ns]").astype(np.float64) / 1e9
                with wrap(context, seconds) as native:
                    context.check(lib.ba_table_add_array(pointer, name.encode(), native, None))
            else:
                data, offsets, validity = _encoded(name, array)
                context.check(lib.ba_table_add_text(pointer, name.encode(), data, address(offsets), validity))

    @classmethod
    def _of(cls, handle: Handle) -> "Table":
        table = cls.__new__(cls)
        table._handle = handle
        return table

    @classmethod
    def _of_arrow(cls, batch: _arrow.Owned) -> "Table":
        context = Context()
        return cls._of(context.make(lib.ba_table_release, lib.ba_table_import, context.pointer,
                                    ctypes.addressof(batch.schema), ctypes.addressof(batch.array)))

    @classmethod
    def read(cls, path: Path, *, memory_limit: int = 0) -> "Table":
        """A whole CSV or TSV file, plain, gzip or bgzf."""
        context = Context(memory_limit=memory_limit, file=os.fspath(path))
        return interruptible(context, lambda: cls._of(
            context.make(lib.ba_table_release, lib.ba_table_read, context.pointer, os.fsencode(path))))

    @classmethod
    def read_fitting(cls, path: Path, *, texts: "Tuple[str, ...] | List[str]" = (),
                     memory_limit: int = 0) -> "Tuple[Table, Table]":
        """The rows of a file that fit, and a table of the others: `row`, from 1, and `reason`."""
        context = Context(memory_limit=memory_limit, file=os.fspath(path))
        options = options_of({"texts": "|".join(texts)}) if texts else b""

        def read() -> "Tuple[Table, Table]":
            tables = ctypes.c_void_p(), ctypes.c_void_p()
            with context.lock:
                context.check(lib.ba_table_read_fitting(context.pointer, os.fsencode(path), options,
                                                        ctypes.byref(tables[0]), ctypes.byref(tables[1])))
            good, bad = (cls._of(Handle(context, t.value or 0, lib.ba_table_release)) for t in tables)
            return good, bad
        return interruptible(context, read)

    @classmethod
    def of(cls, source: Any) -> "Table":
        """A table of whatever is one: a Table, a path, a mapping, Arrow data of one batch, a frame."""
        if isinstance(source, Table):
            return source
        if isinstance(source, (str, os.PathLike)):
            return cls.read(source)
        if isinstance(source, Mapping):
            return cls(source)
        if hasattr(source, "columns") and hasattr(source, "dtypes"):  # pandas and polars: numbers stay where they are
            return cls({str(name): source[name] for name in source.columns})
        if _arrow.is_arrow(source):
            batches = list(_arrow.batches(source))
            if len(batches) == 1:
                return cls._of_arrow(batches[0])
            return cls._joined([cls._of_arrow(batch) for batch in batches])
        raise TypeError(f"expected a table, a frame, a mapping of columns or a path, got {type(source).__name__}")

    @classmethod
    def _joined(cls, parts: "List[Table]") -> "Table":
        if not parts:
            raise ArgumentError("the Arrow data have no batch")
        return cls({name: np.concatenate([part._with_missing(name) for part in parts]) for name in parts[0].names})

    def _with_missing(self, name: str) -> Array:
        """A column by itself: NaN, or None among texts, where a value is missing."""
        column: Any = self[name]
        gone = self.missing(name)
        if isinstance(column, Texts):
            texts = np.array(column.to_list(), dtype=object)
            texts[gone] = None
            return texts
        if gone.any():
            column = column.astype(np.float64)
            column[gone] = np.nan
        numbers: Array = column
        return numbers

    def __len__(self) -> int:
        with self._handle as pointer:
            return int(lib.ba_table_rows(pointer))

    @property
    def names(self) -> List[str]:
        with self._handle as pointer:
            return [lib.ba_table_name(pointer, i).decode() for i in range(lib.ba_table_columns(pointer))]

    def _find(self, pointer: int, name: str) -> int:
        found = int(lib.ba_table_find(pointer, name.encode()))
        if found < 0:
            raise KeyError(name)
        return found

    def __getitem__(self, name: str) -> Any:
        with self._handle as pointer:
            array = lib.ba_table_array(pointer, self._find(pointer, name))
            return borrow(self._handle, array) if array else self.texts(name)

    def texts(self, name: str) -> Texts:
        """A column of texts."""
        places = ctypes.c_void_p()
        with self._handle as pointer:
            start = lib.ba_table_texts(pointer, self._find(pointer, name), ctypes.byref(places))
        if start is None:
            raise ArgumentError(f"column {name!r} holds numbers: expected texts")
        offsets = view(self._handle, places.value, len(self) + 1, "i8")
        return Texts(view(self._handle, start, int(offsets[-1]), "u1"), offsets)

    def missing(self, name: str) -> Array:
        """True where a row has no value in a column."""
        rows = len(self)
        with self._handle as pointer:
            bits = lib.ba_table_validity(pointer, self._find(pointer, name))
        if not bits:
            return np.zeros(rows, np.bool_)
        packed = view(self._handle, bits, (rows + 7) // 8, "u1")
        gone: Array = np.unpackbits(packed, count=rows, bitorder="little") == 0
        return gone

    def describe(self) -> Dict[str, Any]:
        """What each column holds: counts, quantiles, a histogram, frequent texts; and correlations."""
        context = self._handle.context
        with self._handle as pointer:
            found: Dict[str, Any] = json.loads(text_of(lib.ba_table_describe, context, context.pointer, pointer))
        return found

    def __arrow_c_array__(self, requested_schema: Any = None) -> Any:
        schema, array = _arrow.Schema(), _arrow.Array()
        with self._handle as pointer:
            self._handle.context.check(lib.ba_table_export(pointer, ctypes.addressof(schema), ctypes.addressof(array)))
        return _arrow.capsule(schema), _arrow.capsule(array)

    def to_arrow(self) -> Any:
        """A pyarrow RecordBatch over the same memory."""
        import pyarrow
        return pyarrow.record_batch(self)

    def to_pandas(self) -> Any:
        return self.to_arrow().to_pandas()

    def __repr__(self) -> str:
        return f"Table({len(self)} rows: {', '.join(self.names)})"


def _encoded(name: str, array: Array) -> Tuple[bytes, Array, Optional[bytes]]:
    """Texts as bytes, offsets, and bits of which are there."""
    present = np.array([item is not None and item == item for item in array.tolist()], np.bool_)
    texts: List[bytes] = []
    for row, (item, there) in enumerate(zip(array.tolist(), present)):
        if there and not isinstance(item, (str, bytes)):
            raise TypeError(f"column {name!r}, row {row}: {type(item).__name__}; expected numbers throughout, or texts")
        texts.append((item.encode() if isinstance(item, str) else item) if there else b"")
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    validity = None if present.all() else np.packbits(present, bitorder="little").tobytes()
    return b"".join(texts), offsets, validity
