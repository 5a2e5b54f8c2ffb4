# SPDX-License-Identifier: MIT
"""Models: a file of a recipe and its weights that gives the same bits everywhere."""

import ctypes
import html
import json
import os
from collections import deque
from typing import Any, Callable, Deque, Dict, List, NamedTuple, Tuple, TypeVar, Union

import numpy as np

from ._arrays import address, wrap
from ._errors import ArgumentError, ClosedError, ShapeError, UnsupportedError
from ._handles import Context, Handle, bytes_of, expect, interruptible, options_of, text_of
from ._library import lib
from ._sequences import SHORT, Pacer, columns, each
from ._types import Array, Floats, Path
from .tables import Table

T = TypeVar("T")


class Drift(NamedTuple):
    """How far what was scored is from what was learnt from; `raised` when a limit was passed."""

    name: str
    requests: int
    psi: float
    psi_limit: float
    ks: float
    ks_limit: float
    raised: bool


class Model:
    """A trained model, immutable; any number of threads may use it at once, and it can be pickled.

    Sequences are a list, NumPy, Arrow, pandas or polars column, a path, a reader, or a pair (bytes, offsets); rows are
    a matrix of numbers, a frame, a mapping of columns, Arrow data, or a path of a CSV file.
    """

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._free: "Deque[Scorer]" = deque()  # scorers that no thread has; append and pop are atomic
        self._pacer = Pacer()
        with handle as pointer:
            self._recipe: str = lib.ba_model_recipe(pointer).decode()
            self._classes = [lib.ba_model_class_name(pointer, i).decode() for i in range(lib.ba_model_classes(pointer))]
            self._outputs = int(lib.ba_model_outputs(pointer))
            self._width = int(lib.ba_model_width(pointer))
            self._inputs = [lib.ba_model_input_name(pointer, i).decode() for i in range(lib.ba_model_inputs(pointer))]
            self._looks_back = bool(lib.ba_model_looks_back(pointer))

    @classmethod
    def load(cls, path: Path, *, selftest: bool = False, memory_limit: int = 0) -> "Model":
        """Reads a model file; with `selftest`, also checks that this machine scores it to the bit."""
        context = Context(memory_limit=memory_limit, file=os.fspath(path))
        return cls(context.make(lib.ba_model_release, lib.ba_model_load_path, context.pointer, os.fsencode(path),
                                options_of({"selftest": selftest})))

    @classmethod
    def from_bytes(cls, data: bytes, *, selftest: bool = False, memory_limit: int = 0) -> "Model":
        """A model from the bytes of a model file."""
        context = Context(memory_limit=memory_limit)
        return cls(context.make(lib.ba_model_release, lib.ba_model_load_memory, context.pointer, bytes(data), len(data),
                                options_of({"selftest": selftest})))

    def save(self, path: Path) -> None:
        """Writes the model file, whole or not at all."""
        with self._handle as pointer:
            context = self._handle.context
            context.check(lib.ba_model_save_path(context.pointer, pointer, os.fsencode(path)))

    def to_bytes(self) -> bytes:
        """The bytes of the model file."""
        with self._handle as pointer:
            return bytes_of(lib.ba_model_save_memory, self._handle.context, self._handle.context.pointer, pointer)

    def __reduce__(self) -> Any:
        return Model.from_bytes, (self.to_bytes(),)

    def export(self, format: str = "json") -> bytes:
        """The model for other programs: "json", "c" or "onnx"."""
        with self._handle as pointer:
            return bytes_of(lib.ba_model_export, self._handle.context, self._handle.context.pointer, pointer,
                            options_of({"format": format}))

    def close(self) -> None:
        """Gives the model's memory back; scores that other threads are computing end first or go on by themselves."""
        self._handle.close()
        while self._free:
            self._free.pop().close()

    # What it is

    @property
    def recipe(self) -> str:
        return self._recipe

    @property
    def classes(self) -> List[str]:
        """Names of the classes, in the order of probabilities; empty for a model of numbers."""
        return list(self._classes)

    @property
    def outputs(self) -> int:
        """Scores a sequence or row: 1 for two classes, else one a class."""
        return self._outputs

    @property
    def width(self) -> int:
        """Columns of features; 0 for an ensemble."""
        return self._width

    @property
    def inputs(self) -> List[str]:
        """Columns of a table that the model reads; empty for a model of sequences."""
        return list(self._inputs)

    @property
    def looks_back(self) -> bool:
        """Whether rows must come together and in order, as terms look at those before."""
        return self._looks_back

    def describe(self) -> Dict[str, Any]:
        """What the model file says of itself: recipe, classes, sizes, digest, training."""
        with self._handle as pointer:
            context = self._handle.context
            found: Dict[str, Any] = json.loads(text_of(lib.ba_model_describe, context, context.pointer, pointer))
        return found

    def selftest(self) -> None:
        """Scores the golden inputs at every level of this processor; SelftestError when a bit differs."""
        with self._handle as pointer:
            context = self._handle.context
            context.check(lib.ba_model_selftest(context.pointer, pointer))

    def column_names(self) -> List[str]:
        """The name of each feature."""
        buffer, length, found = ctypes.create_string_buffer(512), ctypes.c_int64(), []
        with self._handle as pointer:
            context = self._handle.context
            for column in range(self._width):
                context.check(lib.ba_model_column_name(context.pointer, pointer, column, buffer, 512,
                                                       ctypes.byref(length)))
                found.append(buffer.value.decode("utf-8", "replace"))
        return found

    def weights(self) -> Tuple[Floats, Floats]:
        """Weights (outputs x width) and intercepts (outputs), of a linear model."""
        weights, intercepts = np.empty((self._outputs, self._width)), np.empty(self._outputs)
        intercept = ctypes.c_double()
        with self._handle as pointer:
            context = self._handle.context
            for output in range(self._outputs):
                context.check(lib.ba_model_weights(context.pointer, pointer, output, address(weights[output:]),
                                                   ctypes.byref(intercept)))
                intercepts[output] = intercept.value
        return weights, intercepts

    def members(self) -> "List[Tuple[Model, float]]":
        """The members of an ensemble as models of their own, with the factor of each."""
        found, factor = [], ctypes.c_double()
        with self._handle as pointer:
            context = self._handle.context
            for i in range(lib.ba_model_members(pointer)):
                out = ctypes.c_void_p()
                context.check(lib.ba_model_member(context.pointer, pointer, i, ctypes.byref(out), ctypes.byref(factor)))
                found.append((Model(Handle(context, out.value or 0, lib.ba_model_release)), factor.value))
        return found

    def conformal_threshold(self, coverage: float) -> float:
        """What a class's probability must reach to be in a set that has the true class with this chance."""
        with self._handle as pointer:
            return float(lib.ba_model_conformal_threshold(pointer, coverage))

    # Scores

    def scorer(self, *, drift: bool = False, threads: int = 1, memory_limit: int = 0) -> "Scorer":
        """Working memory for one thread that scores many single rows, or watches for drift."""
        return Scorer(self, drift=drift, threads=threads, memory_limit=memory_limit)

    def _with_scorer(self, threads: int, use: "Callable[[Scorer], T]") -> T:
        """Lends a scorer that no other thread has."""
        if self._handle.closed:
            self._handle.__enter__()  # raises ClosedError
        try:
            scorer = self._free.pop()
        except IndexError:
            scorer = Scorer(self)
        scorer.set_threads(threads)
        try:
            return use(scorer)
        finally:
            if self._handle.closed:
                scorer.close()
            else:
                self._free.append(scorer)

    def score(self, X: Any, *, threads: int = 1, **options: Any) -> Tuple[Floats, Floats]:
        """Scores (rows x outputs) and probabilities (rows x classes; of a model of numbers the numbers, one column).

        `options` of a table whose rows are series: `group="column"`, `time="column"`, `duplicate="error"`.
        """
        return self._with_scorer(threads, lambda scorer: scorer.score(X, **options))

    def decision_function(self, X: Any, *, threads: int = 1, **options: Any) -> Floats:
        """Margins: one a row for two classes and numbers, else one a class."""
        scores = self.score(X, threads=threads, **options)[0]
        return scores[:, 0] if self._outputs == 1 else scores

    def predict_proba(self, X: Any, *, threads: int = 1, **options: Any) -> Floats:
        """The probability of each class."""
        if not self._classes:
            raise UnsupportedError("a model of numbers has no probabilities: expected predict")
        return self.score(X, threads=threads, **options)[1]

    def predict(self, X: Any, *, threads: int = 1, **options: Any) -> Array:
        """The name of the most probable class, or the number."""
        scores, probabilities = self.score(X, threads=threads, **options)
        if not self._classes:
            return probabilities[:, 0]
        return np.array(self._classes)[self._chosen(scores)]

    def _chosen(self, scores: Array) -> Array:
        """The class of each row, by its scores: of two, the second from 0 on."""
        if self._outputs == 1:
            return (scores[:, 0] > 0).astype(np.intp)
        best: Array = scores.argmax(axis=1)
        return best

    def scan(self, letters: Union[str, bytes], window: int, step: int = 1, *, threads: int = 1) -> Array:
        """The scores of every window of a sequence (windows x outputs); window i starts at i * step."""
        return self._with_scorer(threads, lambda s: s.scan(letters, window, step))

    def mutate(self, letters: Union[str, bytes], output: int = 0) -> Array:
        """What each substitution does to the score: letters x 4, for A, C, G and T."""
        return self._with_scorer(1, lambda s: s.mutate(letters, output))

    def explain(self, X: Any, output: int = 0, **options: Any) -> Array:
        """What adds up to a score: of a sequence (str or bytes) a number a letter, of a table rows x features."""
        return self._with_scorer(1, lambda s: s.explain(X, output, **options))

    def top_features(self, count: int = 20, output: int = 0) -> "List[Tuple[str, float]]":
        """The features of a linear model with the largest weights, by size."""
        weights = self.weights()[0][output]
        names = self.column_names()
        order = np.argsort(-np.abs(weights), kind="stable")[:count]
        return [(names[i], float(weights[i])) for i in order]

    def __repr__(self) -> str:
        what = " or ".join(self._classes) if len(self._classes) <= 4 else f"{len(self._classes)} classes"
        return f"<Model {self._recipe}: {what or 'numbers'}>"

    def _repr_html_(self) -> str:
        rows = []
        for key, value in self.describe().items():
            if isinstance(value, (dict, list)) and len(json.dumps(value)) > 400:
                shown = f"{len(value)} entries"
            else:
                shown = value if isinstance(value, str) else json.dumps(value)
            rows.append(f"<tr><th style='text-align:left'>{html.escape(key)}</th>"
                        f"<td style='text-align:left'>{html.escape(shown)}</td></tr>")
        return f"<table><caption>bioanalytics.Model</caption>{''.join(rows)}</table>"


class Scorer:
    """Working memory for scores; one thread at a time, others wait."""

    def __init__(self, model: Model, *, drift: bool = False, threads: int = 1, memory_limit: int = 0) -> None:
        expect(model, Model)
        self._context = context = Context(1, memory_limit)
        self._threads = 1
        self._pacer = model._pacer
        self._outputs, self._columns, self._width = model._outputs, max(len(model._classes), 1), model._width
        self._table = bool(model._inputs)
        with model._handle as pointer:
            self._handle = context.make(lib.ba_scorer_destroy, lib.ba_scorer_create, context.pointer, pointer,
                                        options_of({"drift": drift}))
        self._row_width = len(model._inputs) or model._width
        self._row_call: Any = None  # until the first row
        self.set_threads(threads)

    def set_threads(self, threads: int) -> None:
        """How many threads a call may use; they end before it returns."""
        if threads != self._threads:
            with self._context.lock:
                self._context.check(lib.ba_context_set_threads(self._context.pointer, threads))
            self._threads = threads

    def score(self, X: Any, **options: Any) -> Tuple[Floats, Floats]:
        """Scores and probabilities, as Model.score."""
        if hasattr(X, "indptr") and hasattr(X, "indices"):
            return self._score_sparse(X)
        if isinstance(X, np.ndarray) and X.ndim == 2 and X.dtype.kind in "fiub":
            return self._score_rows(X)
        if self._table:
            return self._score_table(Table.of(X), options)
        return self._score_sequences(X)

    def _results(self, rows: int) -> Tuple[Floats, Floats]:
        return np.empty((rows, self._outputs)), np.empty((rows, self._columns))

    def _score_sequences(self, X: Any) -> Tuple[Floats, Floats]:
        parts: List[Tuple[Floats, Floats]] = []
        context = self._context
        for column in columns(X, context):
            scores, probabilities = results = self._results(len(column[1]) - 1)

            def score(scorer: int, records: int, first: int) -> None:
                context.check(lib.ba_scorer_predict_records(scorer, records, address(scores[first:]),
                                                            address(probabilities[first:])))
            each(column, self._handle, self._pacer, score)
            parts.append(results)
        if len(parts) == 1:
            return parts[0]
        empty = self._results(0)
        return (np.concatenate([empty[0], *(p[0] for p in parts)]), np.concatenate([empty[1], *(p[1] for p in parts)]))

    def _score_rows(self, X: Array) -> Tuple[Floats, Floats]:
        if X.ndim == 2 and X.shape[1] and X.strides[1] != X.itemsize:
            X = np.ascontiguousarray(X)  # rows may be apart, but not their numbers
        scores, probabilities = self._results(len(X))

        def score() -> None:
            with self._handle as scorer, wrap(self._context, X) as rows:
                self._context.check(lib.ba_scorer_predict(scorer, rows, address(scores), address(probabilities)))
        self._pacer.run(self._context, X.size, score)
        return scores, probabilities

    def _score_table(self, table: Table, options: Dict[str, Any]) -> Tuple[Floats, Floats]:
        scores, probabilities = self._results(len(table))

        def score() -> None:
            with self._handle as scorer, table._handle as native:
                self._context.check(lib.ba_scorer_predict_table(scorer, native, options_of(options), address(scores),
                                                                address(probabilities)))
        self._pacer.run(self._context, len(table) * self._row_width, score)
        return scores, probabilities

    def _score_sparse(self, X: Any) -> Tuple[Floats, Floats]:
        scores, probabilities = self._results(X.shape[0])
        starts, places, values = sparse_arrays(self._context, X)

        def score() -> None:
            with self._handle as scorer, starts as a, places as b, values as c:
                self._context.check(lib.ba_scorer_predict_csr(scorer, a, b, c, address(scores), address(probabilities)))
        self._pacer.run(self._context, X.nnz, score)
        return scores, probabilities

    def predict_row(self, row: Any) -> Any:
        """The probabilities of one row of numbers (float32), or its number.

        The array that comes back is the scorer's: the next call writes it anew.
        """
        with self._context.lock:
            if self._handle.closed:
                raise ClosedError("the scorer is closed")
            if self._row_call is None:
                self._prepare_row(self._row_width)
            try:
                self._row_view[:] = row
            except (TypeError, ValueError):  # no array of float32 of the right length
                self._row[:] = self._as_row(row)
            status = lib.ba_scorer_predict_row(*self._row_call)
            if status:
                self._context.check(status)
        return self._row_probabilities

    def _as_row(self, row: Any) -> Array:
        numbers = np.asarray(row, np.float32)
        if numbers.shape != self._row.shape:
            raise ShapeError(f"a row of shape {numbers.shape}: expected {len(self._row)} numbers")
        return numbers

    def _prepare_row(self, width: int) -> None:
        """Memory for one row, and the arguments of its call, so that a call makes nothing but itself."""
        self._row: Any = np.zeros(width, np.float32)
        self._row_probabilities = np.zeros(self._columns)
        self._row_view = self._row.data
        self._row_call = (ctypes.c_void_p(self._handle._pointer), ctypes.c_void_p(address(self._row)),
                          ctypes.c_int64(width), None, ctypes.c_void_p(address(self._row_probabilities)))

    def scan(self, letters: Union[str, bytes], window: int, step: int = 1) -> Array:
        """The scores of every window, as Model.scan."""
        text = _letters(letters)
        if window < 1 or step < 1:
            raise ArgumentError(f"window {window}, step {step}: expected 1 or more")
        room = max(0, (len(text) - window) // step + 1)
        scores, count = np.empty((room, self._outputs)), ctypes.c_int64()

        def run() -> None:
            with self._handle as scorer:
                self._context.check(lib.ba_scorer_scan(scorer, text, len(text), window, step, address(scores), room,
                                                       ctypes.byref(count)))
        self._long(len(text), run)
        return scores[:count.value]

    def mutate(self, letters: Union[str, bytes], output: int = 0) -> Array:
        """What each substitution does to the score: letters x 4, for A, C, G and T."""
        text = _letters(letters)
        effects = np.empty((len(text), 4))

        def run() -> None:
            with self._handle as scorer:
                self._context.check(lib.ba_scorer_mutate(scorer, text, len(text), output, address(effects)))
        self._long(len(text), run)
        return effects

    def explain(self, X: Any, output: int = 0, **options: Any) -> Array:
        """What adds up to a score, as Model.explain."""
        if self._table:
            return self._explain_table(Table.of(X), output, options)
        text = _letters(X)
        shares = np.empty(len(text))

        def run() -> None:
            with self._handle as scorer:
                self._context.check(lib.ba_scorer_attribute(scorer, text, len(text), output, address(shares)))
        self._long(len(text), run)
        return shares

    def _explain_table(self, table: Table, output: int, options: Dict[str, Any]) -> Array:
        shares = np.empty((len(table), self._width))

        def run() -> None:
            with self._handle as scorer, table._handle as native:
                self._context.check(lib.ba_scorer_attribute_table(scorer, native, options_of(options), output,
                                                                  address(shares)))
        self._long(len(table) * self._row_width, run)
        return shares

    def _long(self, letters: int, run: "Callable[[], None]") -> None:
        """Networks take a microsecond or so for a letter: from some ten thousand on Ctrl-C matters."""
        if letters > SHORT:
            interruptible(self._context, run)
        else:
            run()

    def drift(self) -> List[Drift]:
        """What was scored against what was learnt from, of a scorer with `drift=True`."""
        found = []
        requests, numbers = ctypes.c_int64(), [ctypes.c_double() for _ in range(4)]
        with self._handle as scorer:
            for i in range(lib.ba_scorer_drift_count(scorer)):
                raised = lib.ba_scorer_drift(scorer, i, ctypes.byref(requests), *map(ctypes.byref, numbers))
                found.append(Drift(lib.ba_scorer_drift_name(scorer, i).decode(), requests.value, numbers[0].value,
                                   numbers[1].value, numbers[2].value, numbers[3].value, bool(raised)))
        return found

    def drift_reset(self) -> None:
        """Forgets what was scored so far."""
        with self._handle as scorer:
            lib.ba_scorer_drift_reset(scorer)

    def close(self) -> None:
        self._handle.close()


def _letters(letters: Union[str, bytes]) -> bytes:
    if isinstance(letters, (bytes, bytearray)):
        return bytes(letters)
    if not isinstance(letters, str):
        raise TypeError(f"expected a sequence as str or bytes, got {type(letters).__name__}")
    return letters.encode("ascii")


def sparse_arrays(context: Context, X: Any) -> Tuple[Handle, Handle, Handle]:
    """Row starts, columns and values of a SciPy matrix of compressed rows, as native arrays."""
    if not X.has_sorted_indices:
        X = X.sorted_indices()
    starts, columns = X.indptr.astype(np.int64, copy=False), X.indices.astype(np.uint32, copy=False)
    return wrap(context, starts), wrap(context, columns), wrap(context, X.data.astype(np.float64, copy=False))
