# SPDX-License-Identifier: MIT
"""Features of a recipe as matrices."""

import ctypes
from typing import Any, List, Optional

import numpy as np

from ._arrays import take
from ._errors import FitError
from ._handles import Context, Handle, options_of, text_of
from ._library import lib
from ._sequences import Pacer, columns, each
from ._types import Array
from .tables import Table


def canonical(recipe: str) -> str:
    """The canonical text of a recipe: presets expanded, every default written out."""
    context = Context()
    return text_of(lib.ba_recipe_canonical, context, context.pointer, recipe.encode())


class Extractor:
    """The features of a recipe, of sequences or of a table; a model stage in it is checked and left aside."""

    def __init__(self, recipe: str, *, threads: int = 1, memory_limit: int = 0) -> None:
        self.recipe = recipe
        context = Context(threads, memory_limit)
        self._handle = context.make(lib.ba_extractor_destroy, lib.ba_extractor_create, context.pointer,
                                    recipe.encode())
        self._pacer = Pacer(1 << 20)  # no feature takes longer than a tenth of a microsecond a letter

    def fit(self, sequences: Any) -> "Extractor":
        """Learns what depends on data: the length that PositionKmer covers."""
        context = self._handle.context

        def learn(extractor: int, records: int, _: int) -> None:
            context.check(lib.ba_extractor_fit(extractor, records))
        for column in columns(sequences, context):
            each(column, self._handle, self._pacer, learn)
        return self

    def fit_table(self, table: Any, ignore: "tuple[str, ...] | List[str]" = ()) -> "Extractor":
        """Learns which columns Columns() stands for, and the texts of each Category."""
        with self._handle as extractor, Table.of(table)._handle as native:
            options = options_of({"ignore": "|".join(ignore)}) if ignore else b""
            self._handle.context.check(lib.ba_extractor_fit_table(extractor, native, options))
        return self

    @property
    def needs_fit(self) -> bool:
        """Whether there are no columns yet, as they depend on data."""
        with self._handle as extractor:
            return bool(lib.ba_extractor_width(extractor) < 0)

    @property
    def width(self) -> int:
        """Columns; FitError before a fit that is needed."""
        with self._handle as extractor:
            width = int(lib.ba_extractor_width(extractor))
        if width < 0:
            raise FitError("the extractor has no columns before it is fitted")
        return width

    def names(self) -> List[str]:
        """The name of each column."""
        buffer, length, found = ctypes.create_string_buffer(512), ctypes.c_int64(), []
        width, context = self.width, self._handle.context
        with self._handle as extractor:
            for column in range(width):
                context.check(lib.ba_extractor_column_name(extractor, column, buffer, 512, ctypes.byref(length)))
                found.append(buffer.value.decode("utf-8", "replace"))
        return found

    def dense(self, sequences: Any, counts: bool = False) -> Array:
        """A matrix of float64 values, or of uint32 counts, one row a sequence."""
        parts: List[Array] = []
        options = b"output=counts" if counts else b""
        context = self._handle.context

        def apply(extractor: int, records: int, first: int) -> None:
            part = take(context.make(lib.ba_array_release, lib.ba_extractor_apply_records, extractor, records, options))
            if first == 0:  # often all
                parts.append(part if len(part) == rows else np.empty((rows, part.shape[1]), part.dtype))
            if part is not parts[-1]:
                parts[-1][first:first + len(part)] = part
        for column in columns(sequences, context):
            rows = len(column[1]) - 1
            each(column, self._handle, self._pacer, apply)
        if not parts:
            return np.empty((0, self.width), np.uint32 if counts else np.float64)
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def csr(self, sequences: Any, counts: bool = False) -> Any:
        """The same as a SciPy matrix of compressed rows."""
        from scipy.sparse import csr_matrix
        starts: List[Array] = []
        places: List[Array] = []
        values: List[Array] = []
        options = b"output=counts" if counts else b""
        context = self._handle.context

        def apply(extractor: int, records: int, _: int) -> None:
            outs = [ctypes.c_void_p() for _ in range(3)]
            context.check(lib.ba_extractor_apply_records_csr(extractor, records, options, *map(ctypes.byref, outs)))
            for part, out in zip((starts, places, values), outs):
                part.append(take(Handle(context, out.value or 0, lib.ba_array_release)))
        for column in columns(sequences, context):
            each(column, self._handle, self._pacer, apply)
        width = self.width
        if not starts:
            return csr_matrix((0, width), dtype=np.uint32 if counts else np.float64)
        one = len(starts) == 1
        data = values[0] if one else np.concatenate(values)
        indices = (places[0] if one else np.concatenate(places)).view(np.int32)
        rows = starts[0] if one else _joined_starts(starts)
        matrix = csr_matrix((len(rows) - 1, width), dtype=data.dtype)
        small = len(data) < 2**31  # SciPy wants both kinds of places in one type
        matrix.data, matrix.indices = data, indices if small else indices.astype(np.int64)
        matrix.indptr = rows.astype(np.int32) if small else rows
        matrix.has_canonical_format = True  # columns rise within a row
        return matrix

    def table(self, table: Any, *, group: Optional[str] = None, time: Optional[str] = None,
              duplicate: Optional[str] = None) -> Array:
        """A matrix of float64 values, one row a row of a table; `group` and `time` name the columns of series."""
        options = options_of({"group": group, "time": time, "duplicate": duplicate})
        rows, found = Table.of(table), []

        def apply() -> None:
            with self._handle as extractor, rows._handle as native:
                found.append(take(self._handle.context.make(lib.ba_array_release, lib.ba_extractor_apply_table,
                                                            extractor, native, options)))
        self._pacer.run(self._handle.context, len(rows) * len(rows.names), apply)
        return found[0]

    def close(self) -> None:
        self._handle.close()


def _joined_starts(parts: List[Array]) -> Array:
    """Row starts of parts as those of the whole."""
    joined = [parts[0]]
    for part in parts[1:]:
        joined.append(part[1:] + joined[-1][-1])
    return np.concatenate(joined)


__all__ = ["Extractor", "canonical"]
