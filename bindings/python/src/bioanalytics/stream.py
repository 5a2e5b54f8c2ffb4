# SPDX-License-Identifier: MIT
"""Streams: rows of series as they come, one after the other, and the scores of a model on them."""

import ctypes
from typing import Any, Dict, List, Optional

import numpy as np

from ._arrays import address
from ._errors import ShapeError
from ._handles import Context, Handle, bytes_of, expect, options_of
from ._library import lib
from ._types import Array
from .model import Model, Scorer


class Stream:
    """Series by group, and what the terms of a recipe make of each row: to the bit what a table of the rows gives."""

    def __init__(self, recipe: str, *, memory_limit: int = 0, **options: Any) -> None:
        """`options`: late="drop" or "error", duplicate="keep", "drop" or "error", max_groups."""
        context = Context(memory_limit=memory_limit)
        self._open(context.make(lib.ba_stream_close, lib.ba_stream_open, context.pointer, recipe.encode(),
                                options_of(options)))

    def _open(self, handle: Handle) -> None:
        self._handle = handle
        self._scorer: Optional[Scorer] = None
        self._model: Optional[Model] = None
        with handle as stream:
            self.inputs: List[str] = [lib.ba_stream_input_name(stream, i).decode()
                                      for i in range(lib.ba_stream_inputs(stream))]
            self.width = int(lib.ba_stream_width(stream))
        self._row = np.zeros(len(self.inputs))
        self._row_at, self._row_count = address(self._row), len(self.inputs)

    @classmethod
    def of_model(cls, model: Model, **options: Any) -> "Stream":
        """A stream of the rows that a model reads; `score` scores the row that came last."""
        expect(model, Model)
        context = Context()
        stream = cls.__new__(cls)
        with model._handle as pointer:
            stream._open(context.make(lib.ba_stream_close, lib.ba_model_open_stream, context.pointer, pointer,
                                      options_of(options)))
        stream._model, stream._scorer = model, model.scorer()
        return stream

    def names(self) -> List[str]:
        """The name of each result."""
        buffer, length, found = ctypes.create_string_buffer(512), ctypes.c_int64(), []
        with self._handle as stream:
            for column in range(self.width):
                self._handle.context.check(lib.ba_stream_column_name(stream, column, buffer, 512,
                                                                     ctypes.byref(length)))
                found.append(buffer.value.decode("utf-8", "replace"))
        return found

    def update(self, row: Any, *, group: Optional[str] = None, time: float = float("nan")) -> Array:
        """Takes a row, numbers in the order of `inputs` or by their names, and gives the results; NaN for missing."""
        return self._one(lib.ba_stream_update, row, group, time)

    def peek(self, row: Any, *, group: Optional[str] = None, time: float = float("nan")) -> Array:
        """What `update` would give; the stream stays as it is."""
        return self._one(lib.ba_stream_peek, row, group, time)

    def _one(self, call: Any, row: Any, group: Optional[str], time: float) -> Array:
        out = np.empty(self.width)
        if isinstance(row, dict):
            row = [row[name] for name in self.inputs]
        if len(row) != len(self.inputs):
            raise ShapeError(f"a row of {len(row)} numbers: expected {len(self.inputs)}, of {self.inputs}")
        with self._handle as stream:
            self._row[:] = row
            self._handle.context.check(call(stream, group.encode() if group is not None else None, time, self._row_at,
                                            self._row_count, address(out)))
        return out

    def update_rows(self, rows: Any, *, group: Optional[str] = None, times: Any = None) -> Array:
        """Takes many rows of one group at once, to the bit as one by one."""
        numbers = np.ascontiguousarray(rows, np.float64)
        if numbers.ndim != 2:
            raise ShapeError(f"rows of {numbers.ndim} dimensions: expected two, one row after the other")
        moments = None if times is None else np.ascontiguousarray(times, np.float64)
        if moments is not None and moments.shape != (len(numbers),):
            raise ShapeError(f"{len(numbers)} rows, but times of shape {moments.shape}")
        out = np.empty((len(numbers), self.width))
        with self._handle as stream:
            self._handle.context.check(lib.ba_stream_update_rows(
                stream, group.encode() if group is not None else None, None if moments is None else address(moments),
                address(numbers), len(numbers), numbers.shape[1], address(out)))
        return out

    def score(self) -> Array:
        """The probabilities, or the number, of the row that came last, of a stream of a model."""
        if self._scorer is None:
            raise ShapeError("this stream was opened on a recipe: expected Stream.of_model")
        out = np.empty(self._scorer._columns)
        with self._handle as stream, self._scorer._handle as scorer:
            self._scorer._context.check(lib.ba_scorer_predict_stream(scorer, stream, None, address(out)))
        return out

    @property
    def counters(self) -> Dict[str, int]:
        """Rows taken, late, duplicate and missing ones, and groups."""
        with self._handle as stream:
            return {name: int(lib.ba_stream_count(stream, name.encode()))
                    for name in ("rows", "late", "duplicate", "missing", "groups")}

    def copy(self) -> "Stream":
        """A stream that goes on by itself from here."""
        made = Stream.__new__(Stream)
        with self._handle as stream:
            made._open(self._handle.context.make(lib.ba_stream_close, lib.ba_stream_copy, stream))
        if self._model is not None:
            made._model, made._scorer = self._model, self._model.scorer()
        return made

    def save(self) -> bytes:
        """All that the stream has come to, for `restore` in this process or another."""
        with self._handle as stream:
            return bytes_of(lib.ba_stream_save, self._handle.context, stream)

    def restore(self, state: bytes) -> None:
        """Goes on from where a stream of the same recipe was saved."""
        with self._handle as stream:
            self._handle.context.check(lib.ba_stream_restore(stream, state, len(state)))

    def close(self) -> None:
        self._handle.close()
