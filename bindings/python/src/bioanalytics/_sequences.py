# SPDX-License-Identifier: MIT
"""Sequences in whatever shape they come, as batches of records: what every estimator and model takes.

Columns of Arrow texts, and bytes with offsets, are used where they are; lists and NumPy texts are joined once.
"""

import ctypes
import os
import time
from typing import Any, Callable, Iterator, Mapping, Sequence, Tuple

import numpy as np

from . import _arrow
from ._arrays import address, view
from ._errors import ArgumentError
from ._handles import Context, Handle, interruptible
from ._library import lib
from ._types import Array, Integers
from .records import Records, buffers

SLICE_SECONDS = 0.04  # a call is sized to take about so long, so that Ctrl-C is seen soon
SHORT = 20_000  # letters or numbers that no model takes long for
FIRST_LETTERS = 1 << 18
MOST_LETTERS = 1 << 28

Column = Tuple[int, Integers, Any]  # address of the letters, offsets, owner


def columns(source: Any, context: Context) -> Iterator[Column]:
    """The letters and offsets of sequences: one or more columns, in order."""
    if isinstance(source, Records):
        letters, offsets = source.letters, source.offsets
        yield address(letters), offsets, source
    elif isinstance(source, (str, os.PathLike)):
        from .io import open as open_reader
        with open_reader(source) as reader:
            for batch in reader:
                yield from columns(batch, context)
    elif isinstance(source, tuple) and len(source) == 2 and not isinstance(source[0], str):
        data, places = buffers(*source)
        yield address(data), places, data
    elif _is_frame(source):
        yield from columns(_column_of_frame(source), context)
    elif _arrow.is_arrow(source) and not isinstance(source, np.ndarray):
        for owned in _arrow.batches(source):
            yield _of_arrow(owned)
    elif hasattr(source, "to_numpy"):
        yield _of_texts(source.to_numpy())
    elif isinstance(source, Iterator) or hasattr(source, "__next__") or _is_reader(source):
        for batch in source:
            yield from columns(batch, context)
    else:
        yield _of_texts(source)


def _is_reader(source: Any) -> bool:
    from .io import Reader
    return isinstance(source, Reader)


def _is_frame(source: Any) -> bool:
    if isinstance(source, Mapping):
        return True
    return hasattr(source, "columns") and hasattr(source, "__getitem__") and not isinstance(source, Records)


def _column_of_frame(frame: Any) -> Any:
    """The column `sequence` of a frame, or its only one."""
    names = list(frame) if isinstance(frame, Mapping) else list(getattr(frame, "column_names", None) or frame.columns)
    if "sequence" in names:
        return frame["sequence"]
    if len(names) == 1:
        return frame[names[0]]
    raise ArgumentError(f"expected a column named 'sequence', or one column alone; there are {names}")


def _of_arrow(batch: _arrow.Owned) -> Column:
    schema = batch.schema
    if schema.format == b"+s":
        from .tables import Table
        table = Table._of_arrow(batch)
        return _of_table(table)
    found = _arrow.texts(batch)
    if found is None:
        from .tables import Table
        return _of_table(Table._of_arrow(_arrow.as_struct(batch, b"sequence")))
    start, where, size, rows = found
    offsets = view(batch, where, rows + 1, f"i{size}") if rows else np.zeros(1, np.int64)
    return start, np.ascontiguousarray(offsets, np.int64), batch


def _of_table(table: Any) -> Column:
    name = "sequence" if "sequence" in table.names else table.names[0] if len(table.names) == 1 else None
    if name is None:
        raise ArgumentError(f"expected a column named 'sequence', or one column alone; there are {table.names}")
    if table.missing(name).any():
        raise ArgumentError(f"row {int(np.flatnonzero(table.missing(name))[0])} has no sequence: expected texts alone")
    found = table.texts(name)
    return address(found.bytes), found.offsets, table


def _of_texts(source: Any) -> Column:
    """Texts or bytes in a list, or in an array of NumPy."""
    if isinstance(source, np.ndarray) and source.ndim == 2 and source.shape[1] == 1:
        source = source[:, 0]
    if isinstance(source, np.ndarray) and source.ndim != 1:
        raise ArgumentError(f"expected one dimension of sequences, got {source.ndim}")
    if isinstance(source, np.ndarray) and source.dtype.kind in "US":
        return _of_fixed(source)
    items: Sequence[Any] = source.tolist() if isinstance(source, np.ndarray) else list(source)
    try:
        joined = "".join(items).encode("ascii")
    except TypeError:
        joined = _joined_bytes(items)
    except UnicodeEncodeError as error:
        raise ArgumentError(f"a sequence has the letter {error.object[error.start]!r}: expected ASCII") from error
    offsets = np.zeros(len(items) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, items), np.int64, len(items)), out=offsets[1:])
    data = np.frombuffer(joined, np.uint8)
    return address(data), offsets, data


def _joined_bytes(items: Sequence[Any]) -> bytes:
    for i, item in enumerate(items):
        if not isinstance(item, (bytes, bytearray)):
            raise TypeError(f"sequence {i} is {type(item).__name__}: expected str, or bytes throughout")
    return b"".join(items)


def _of_fixed(source: Array) -> Column:
    """Texts of one width each, filled up with NUL."""
    width = 4 if source.dtype.kind == "U" else 1
    kind = np.uint32 if width == 4 else np.uint8
    codes = np.ascontiguousarray(source).view(kind).reshape(len(source), source.itemsize // width)
    if width == 4 and codes.size and int(codes.max()) > 127:
        raise ArgumentError("a sequence has a letter outside ASCII")
    used = codes != 0
    offsets = np.zeros(len(source) + 1, np.int64)
    np.cumsum(used.sum(axis=1), out=offsets[1:])
    data = codes[used].astype(np.uint8)
    return address(data), offsets, data


class Pacer:
    """Cuts columns into calls that take about SLICE_SECONDS each, as far as earlier ones tell.

    Rows of numbers are not cut, as their terms may look back; of these, its letters are the numbers.
    """

    def __init__(self, first_letters: int = FIRST_LETTERS) -> None:
        self.first_letters = first_letters
        self.seconds_a_letter = 0.0

    def run(self, context: Context, letters: int, call: Callable[[], None]) -> None:
        """Runs a call over so many letters; one that may take long so that Ctrl-C ends it."""
        rate = self.seconds_a_letter
        long = letters * rate > 2 * SLICE_SECONDS if rate > 0 else letters > SHORT
        started = time.perf_counter()
        if long:
            interruptible(context, call)
        else:
            call()
        if letters > 0:
            self.seconds_a_letter = (time.perf_counter() - started) / letters

    def slices(self, offsets: Integers) -> Iterator[Tuple[int, int]]:
        first, count = 0, len(offsets) - 1
        while first < count or count == 0:
            rate = self.seconds_a_letter
            letters = min(int(SLICE_SECONDS / rate), MOST_LETTERS) if rate > 0 else self.first_letters
            end = int(np.searchsorted(offsets, offsets[first] + letters, "right")) - 1
            end = min(max(end, first + 1), count)
            yield first, end
            first = end
            if count == 0:
                return


def each(column: Column, handle: Handle, pacer: Pacer, take: Callable[[int, int, int], object]) -> None:
    """Calls `take(pointer of the handle, records, number of the first)` for batch after batch of a column."""
    start, offsets, _ = column  # and its owner, which keeps the letters for as long as this runs
    context, batch = handle.context, ctypes.c_void_p()
    for first, end in pacer.slices(offsets):
        places = offsets[first:end + 1]

        def call() -> None:
            with handle as pointer:
                context.check(lib.ba_records_wrap(context.pointer, start or None, address(places), len(places) - 1,
                                                  None, None, ctypes.byref(batch)))
                try:
                    take(pointer, batch.value or 0, first)
                finally:
                    lib.ba_records_release(batch)
        pacer.run(context, int(places[-1] - places[0]), call)
