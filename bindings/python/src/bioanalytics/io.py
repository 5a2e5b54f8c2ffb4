# SPDX-License-Identifier: MIT
"""Readers: files of sequences as batches with NumPy views, as records, and as Arrow data."""

import ctypes
import os
from typing import Any, Callable, Iterator, List, Optional, Union

from . import _arrow
from ._errors import ArgumentError
from ._handles import Context, Handle, interruptible, options_of
from ._library import lib
from ._types import Path
from .records import Record, Records
from .tables import Table

FORMATS = (None, "fasta", "fastq", "sam", "bam", "cram", "vcf", "bcf")
BATCH_RECORDS = 1 << 20  # the most; a batch ends earlier by its letters
_END = 1


def open(path: Union[Path, bytes], mate: Optional[Path] = None, *, threads: int = 1, memory_limit: int = 0,
         **options: Any) -> "Reader":
    """Opens FASTA, FASTQ, SAM, BAM or CRAM, plain, gzip or bgzf; "-" is standard input, bytes are a file in memory.

    `mate` is the second file of paired reads: records 2i and 2i + 1 of each batch are then mates. `options` are those
    of ba_reader_open_path: `min_length=30`, `trim_quality=20`, `tags=["NM", "AS"]`, `qualities="skip"` and so on.
    """
    text = options_of(options)
    if isinstance(path, bytes):
        if mate is not None:
            raise ArgumentError("expected files for pairs, not bytes")
        data = path
        return Reader(lambda: _open_bytes(data, text, threads, memory_limit))
    second = None if mate is None else os.fsencode(mate)
    file = path
    return Reader(lambda: _open_file(file, second, mate is not None, text, threads, memory_limit), path != "-")


def _open_bytes(data: bytes, text: bytes, threads: int, memory_limit: int) -> Handle:
    context = Context(threads, memory_limit)
    handle = context.make(lib.ba_reader_close, lib.ba_reader_open_push, context.pointer, text)
    with handle as pointer:
        context.check(lib.ba_reader_feed(pointer, data, len(data)))
        context.check(lib.ba_reader_finish(pointer))
    return handle


def _open_file(path: Path, mate: Optional[bytes], paired: bool, text: bytes, threads: int,
               memory_limit: int) -> Handle:
    context, name = Context(threads, memory_limit, os.fspath(path)), os.fsencode(path)
    if paired:
        return context.make(lib.ba_reader_close, lib.ba_reader_open_pair, context.pointer, name, mate, text)
    return context.make(lib.ba_reader_close, lib.ba_reader_open_path, context.pointer, name, text)


def open_interleaved(path: Path, *, threads: int = 1, memory_limit: int = 0, **options: Any) -> "Reader":
    """Opens one file that has both mates of each pair in turn."""
    text = options_of(options)
    return Reader(lambda: _open_file(path, None, True, text, threads, memory_limit), path != "-")


class Reader:
    """An iterator of batches; one thread at a time, others wait. `with` or `close` ends it.

    As Arrow data it is the whole file, each time from its start, however much was read; standard input and regions can
    be taken once.
    """

    def __init__(self, open_again: Callable[[], Handle], repeatable: bool = True) -> None:
        self._handle = open_again()
        self._open_again = open_again if repeatable else None

    def __iter__(self) -> "Reader":
        return self

    def __next__(self) -> Records:
        batch = self.read(BATCH_RECORDS)
        if batch is None:
            raise StopIteration
        return batch

    def read(self, most: int) -> Optional[Records]:
        """The next batch, of at most so many records; None at the end."""
        out = ctypes.c_void_p()
        with self._handle as pointer:
            context = self._handle.context
            if context.check(lib.ba_reader_next(pointer, most, ctypes.byref(out))) == _END:
                return None
        assert out.value is not None
        return Records(Handle(context, out.value, lib.ba_records_release))

    def records(self) -> Iterator[Record]:
        """Record after record, as Python texts."""
        for batch in self:
            yield from batch.records()

    def alignments(self) -> Iterator[Any]:
        """(record, alignment) after the other, of SAM, BAM and CRAM."""
        for batch in self:
            for i, record in enumerate(batch.records()):
                yield record, batch.alignment(i)

    @property
    def format(self) -> Optional[str]:
        """What was found: "fasta", "fastq", "sam", "bam" or "cram"; None before the first batch."""
        with self._handle as pointer:
            return FORMATS[lib.ba_reader_format(pointer)]

    def _two(self, call: Any) -> "tuple[int, int]":
        first, second = ctypes.c_int64(), ctypes.c_int64()
        with self._handle as pointer:
            call(pointer, ctypes.byref(first), ctypes.byref(second))
        return first.value, second.value

    @property
    def position(self) -> "tuple[int, int]":
        """Records given so far, and the decompressed bytes that they took."""
        return self._two(lib.ba_reader_position)

    @property
    def counters(self) -> "tuple[int, int]":
        """Letters so far, and those other than A C G T U."""
        return self._two(lib.ba_reader_counters)

    @property
    def trimmed(self) -> "tuple[int, int]":
        """Records that lost letters so far, and the letters cut off."""
        return self._two(lib.ba_reader_trimmed)

    @property
    def skipped(self) -> int:
        """Records that the options left out so far."""
        with self._handle as pointer:
            return int(lib.ba_reader_skipped(pointer))

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """The file as an Arrow stream of batches without copies."""
        stream = _arrow.Stream()
        with self._handle:  # closed is closed
            handle = self._open_again() if self._open_again else self._handle
        with handle as pointer:
            handle.context.check(lib.ba_reader_export_stream(pointer, ctypes.addressof(stream)))
            handle.give()
        return _arrow.capsule(stream)

    def to_arrow(self) -> Any:
        """The file as a pyarrow Table: name, sequence, quality, and columns of alignments."""
        import pyarrow
        return pyarrow.RecordBatchReader.from_stream(self).read_all()

    def to_pandas(self) -> Any:
        """The file as a pandas DataFrame."""
        return self.to_arrow().to_pandas()

    def close(self) -> None:
        self._handle.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Index:
    """Regions of an indexed FASTA, BAM, SAM or CRAM file."""

    def __init__(self, path: Path, *, threads: int = 1, memory_limit: int = 0, **options: Any) -> None:
        context = Context(threads, memory_limit, os.fspath(path))
        self._handle = context.make(lib.ba_index_close, lib.ba_index_open, context.pointer, os.fsencode(path),
                                    options_of(options))

    def fetch(self, region: str) -> Reader:
        """A reader of one region, such as "chr1:1,001-2,000", counted from 1 with the end."""
        with self._handle as pointer:
            context = self._handle.context
            handle = context.make(lib.ba_reader_close, lib.ba_index_fetch, pointer, region.encode())
        return Reader(lambda: handle, False)

    def close(self) -> None:
        self._handle.close()

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def build_index(path: Path) -> None:
    """Writes the index of a FASTA file beside it."""
    context = Context(file=os.fspath(path))

    def build() -> None:
        with context.lock:
            context.check(lib.ba_index_build(context.pointer, os.fsencode(path)))
    interruptible(context, build)


class Variants:
    """A VCF or BCF file as an iterator of tables: chrom, position, id, ref, alt, quality, filter, info, dosage."""

    def __init__(self, path: Path, *, threads: int = 1, memory_limit: int = 0, **options: Any) -> None:
        context = Context(threads, memory_limit, os.fspath(path))
        self._handle = context.make(lib.ba_variants_close, lib.ba_variants_open_path, context.pointer,
                                    os.fsencode(path), options_of(options))

    @property
    def samples(self) -> List[str]:
        found, length = [], ctypes.c_int64()
        with self._handle as pointer:
            for i in range(lib.ba_variants_samples(pointer)):
                start = lib.ba_variants_sample(pointer, i, ctypes.byref(length))
                found.append(ctypes.string_at(start, length.value).decode("utf-8", "replace"))
        return found

    def __iter__(self) -> "Variants":
        return self

    def __next__(self) -> Table:
        out = ctypes.c_void_p()
        with self._handle as pointer:
            context = self._handle.context
            if context.check(lib.ba_variants_next(pointer, BATCH_RECORDS, ctypes.byref(out))) == _END:
                raise StopIteration
        assert out.value is not None
        return Table._of(Handle(context, out.value, lib.ba_table_release))

    def close(self) -> None:
        self._handle.close()

    def __enter__(self) -> "Variants":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


__all__ = ["Index", "Reader", "Record", "Records", "Variants", "build_index", "open", "open_interleaved"]
