# SPDX-License-Identifier: MIT
"""Batches of sequences: columns of letters, names and qualities over native memory."""

import ctypes
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

import numpy as np

from ._arrays import address, forget, keep, let_go, view
from ._errors import ArgumentError
from ._handles import Context, Handle
from ._library import lib
from ._types import Bytes, Integers


class Record(NamedTuple):
    """One record as Python texts; `quality` is None without symbols."""

    name: str
    sequence: str
    quality: Optional[str]


class Alignment(NamedTuple):
    """Where a record of SAM, BAM or CRAM is aligned; `position` counts from 0, -1 for none."""

    flag: int
    reference: Optional[str]
    position: int
    mapping_quality: int


class Records:
    """An immutable batch of sequences. Record i has `letters[offsets[i]:offsets[i + 1]]`; names and qualities alike.

    The arrays are views of native memory, which lives as long as any of them.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        with handle as pointer:
            self._count = int(lib.ba_records_count(pointer))

    @classmethod
    def from_buffers(cls, letters: Any, offsets: Any) -> "Records":
        """A batch over letters and offsets without a copy of the letters: sequence i is
        `letters[offsets[i]:offsets[i + 1]]`. `letters` is anything with contiguous bytes, and must not change."""
        data, places = buffers(letters, offsets)
        return wrapped(Context(), address(data), places, data)

    def __len__(self) -> int:
        return self._count

    def _columns(self, call: Any) -> Tuple[Bytes, Integers]:
        places = ctypes.c_void_p()
        with self._handle as pointer:
            start = call(pointer, ctypes.byref(places))
        offsets = view(self._handle, places.value, self._count + 1, "i8")
        return view(self._handle, start, int(offsets[-1]), "u1"), offsets

    @property
    def letters(self) -> Bytes:
        """The letters of all records, as bytes."""
        return self._columns(lib.ba_records_columns)[0]

    @property
    def offsets(self) -> Integers:
        """Where the letters of each record begin, and where the last one ends."""
        return self._columns(lib.ba_records_columns)[1]

    @property
    def lengths(self) -> Integers:
        return np.diff(self.offsets)

    @property
    def names(self) -> "Texts":
        """The header of each record after its mark."""
        return Texts(*self._columns(lib.ba_records_names))

    @property
    def qualities(self) -> "Texts":
        """The quality symbols of each record, empty where there are none."""
        return Texts(*self._columns(lib.ba_records_qualities))

    @property
    def sequences(self) -> "Texts":
        return Texts(*self._columns(lib.ba_records_columns))

    def phred(self) -> Bytes:
        """The qualities of all letters as Phred numbers."""
        return self.qualities.bytes - np.uint8(33)

    def records(self) -> Iterator[Record]:
        """Each record as Python texts: convenient, and slower than the columns."""
        names, sequences, qualities = self.names, self.sequences, self.qualities
        for i in range(self._count):
            yield Record(names[i], sequences[i], qualities[i] or None)

    def alignment(self, index: int) -> Optional[Alignment]:
        """Where a record is aligned; None when the batch is not of alignments."""
        flag, quality, position = ctypes.c_int32(), ctypes.c_int32(), ctypes.c_int64()
        name, length = ctypes.c_void_p(), ctypes.c_int64()
        with self._handle as pointer:
            found = lib.ba_records_alignment(pointer, self._index(index), ctypes.byref(flag), ctypes.byref(name),
                                             ctypes.byref(length), ctypes.byref(position), ctypes.byref(quality))
            reference = ctypes.string_at(name.value, length.value).decode("latin-1") if name.value else None
        return Alignment(flag.value, reference, position.value, quality.value) if found else None

    def tag(self, index: int, tag: str) -> Optional[str]:
        """An optional field of an alignment as SAM text has it, such as "NM", of those that `tags=` asked for."""
        length = ctypes.c_int64()
        with self._handle as pointer:
            start = lib.ba_records_tag(pointer, self._index(index), tag.encode(), ctypes.byref(length))
            return ctypes.string_at(start, length.value).decode("latin-1") if start else None

    def _index(self, index: int) -> int:
        if not -self._count <= index < self._count:
            raise IndexError(f"record {index} of {self._count}")
        return index % self._count

    def __repr__(self) -> str:
        return f"Records({self._count} records, {int(self.offsets[-1])} letters)"

    def __reduce__(self) -> Any:
        return _rebuilt, (bytes(self.letters), np.array(self.offsets))


def _rebuilt(letters: bytes, offsets: Any) -> Records:
    """Records come out of a pickle with their letters alone."""
    return Records.from_buffers(letters, offsets)


class Texts:
    """A column of texts: `bytes`, and `offsets` of where each begins. An item is a str, `to_list` all of them."""

    def __init__(self, data: Bytes,
                 offsets: Integers) -> None:
        self.bytes = data
        self.offsets = offsets

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        if not -len(self) <= index < len(self):
            raise IndexError(f"text {index} of {len(self)}")
        at = index % len(self)
        return bytes(self.bytes[self.offsets[at]:self.offsets[at + 1]]).decode("utf-8", "replace")

    def __iter__(self) -> Iterator[str]:
        return iter(self.to_list())

    def to_list(self) -> List[str]:
        whole, places = bytes(self.bytes), self.offsets.tolist()
        return [whole[start:end].decode("utf-8", "replace") for start, end in zip(places, places[1:])]

    def __repr__(self) -> str:
        return f"Texts({len(self)} texts, {len(self.bytes)} bytes)"


def buffers(letters: Any, offsets: Any) -> Tuple[Bytes, Integers]:
    """Letters and offsets as arrays, of which the offsets do not lead out of the letters."""
    data = letters if isinstance(letters, np.ndarray) else np.frombuffer(letters, np.uint8)
    if data.dtype != np.uint8 or data.ndim != 1 or not data.flags.c_contiguous:
        raise ArgumentError(f"letters: expected contiguous bytes of one dimension, got {data.dtype} in {data.ndim}")
    places = np.ascontiguousarray(offsets, np.int64)
    if places.ndim != 1 or places.size == 0:
        raise ArgumentError("offsets: expected one more than there are sequences")
    if places[-1] > data.size or places.max() > data.size:
        raise ArgumentError(f"offsets end at {places.max()}, but there are {data.size} letters")
    return data, places


def wrapped(context: Context, start: int, offsets: Integers, owner: Any) -> Records:
    """A batch over letters at an address, which `owner` keeps."""
    number = keep(owner)
    try:
        return Records(context.make(lib.ba_records_release, lib.ba_records_wrap, context.pointer, start or None,
                                    address(offsets), len(offsets) - 1, let_go, number))
    except BaseException:
        forget(number)
        raise
