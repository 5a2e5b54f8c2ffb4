# SPDX-License-Identifier: MIT
"""Labelled rows, and training runs over them that can be watched, stopped, and gone on with."""

import ctypes
import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ._arrays import address
from ._errors import ArgumentError
from ._handles import Context, Handle, expect, interruptible, options_of
from ._library import lib
from ._sequences import columns
from ._types import Array, Path
from .model import Model, sparse_arrays
from .records import Records, wrapped
from .tables import Table

PARTS = {"train": 0, "dev": 1, "test": 2, "all": -1}
_END = 1
_ROWS = 65536  # sequences that are added in one call


class TextPointers:
    """Texts as an array of pointers, each distinct text stored once; None is NULL."""

    def __init__(self, values: Any) -> None:
        array = np.asarray(values)
        if array.ndim != 1:
            raise ArgumentError(f"expected one text a row, got {array.ndim} dimensions")
        if array.dtype == object:
            array = np.array(["" if value is None else str(value) for value in array.tolist()])
        distinct, places = np.unique(array, return_inverse=True)
        self._texts = [ctypes.create_string_buffer(str(text).encode()) for text in distinct.tolist()]
        starts = np.array([ctypes.addressof(text) if text.value else 0 for text in self._texts], np.uintp)
        self.pointers = starts[places.reshape(-1)] if len(starts) else np.empty(0, np.uintp)

    def __len__(self) -> int:
        return len(self.pointers)

    def at(self, row: int) -> int:
        return address(self.pointers) + row * self.pointers.itemsize


class Dataset:
    """Labelled sequences, rows of tables, or sparse rows; sequences are packed to two bits a base."""

    def __init__(self, *, threads: int = 1, memory_limit: int = 0, context: Optional[Context] = None,
                 **options: Any) -> None:
        self._context = context or Context(threads, memory_limit)
        self._handle = self._context.make(lib.ba_dataset_destroy, lib.ba_dataset_create, self._context.pointer,
                                          options_of(options))

    def add(self, sequences: Any, labels: Any, *, weights: Any = None, groups: Any = None,
            part: str = "train") -> "Dataset":
        """Adds sequences with a label each; a row of weight 0 is left out."""
        texts = TextPointers(labels)
        numbers = None if weights is None else np.ascontiguousarray(weights, np.float64)
        names = None if groups is None else TextPointers(groups)
        row = 0
        with self._handle as dataset:
            for start, offsets, owner in columns(sequences, self._context):
                for first in range(0, len(offsets) - 1, _ROWS):
                    places = offsets[first:first + _ROWS + 1]
                    end = row + len(places) - 1
                    _check_lengths(end, labels=texts, weights=numbers, groups=names)
                    with wrapped(self._context, start, places, owner)._handle as records:
                        self._context.check(lib.ba_dataset_add_records(
                            dataset, records, texts.at(row), None if numbers is None else address(numbers[row:]),
                            names.at(row) if names else None, PARTS[part]))
                    row = end
        if row != len(texts):
            raise ArgumentError(f"{row} sequences, but {len(texts)} labels")
        return self

    def add_file(self, path: Path, **options: Any) -> "Dataset":
        """Adds FASTA or FASTQ of one class (`cls="promoter"` for class=), or a table of sequences and labels."""
        if "cls" in options:
            options["class"] = options.pop("cls")

        def run() -> None:
            with self._handle as dataset:
                self._context.file = os.fspath(path)
                self._context.check(lib.ba_dataset_add_file(dataset, os.fsencode(path), options_of(options)))
                self._context.file = None
        interruptible(self._context, run)
        return self

    def add_table(self, table: Any, target: Optional[str], *, ignore: Sequence[str] = (), **options: Any) -> "Dataset":
        """Adds the rows of a table; `options` name columns: weight, group, split, time, offset; and part, duplicate."""
        options["target" if target is not None else "labels"] = target if target is not None else "none"
        if ignore:
            options["ignore"] = "|".join(ignore)
        with self._handle as dataset, Table.of(table)._handle as native:
            self._context.check(lib.ba_dataset_add_table(dataset, native, options_of(options)))
        return self

    def add_csr(self, matrix: Any, labels: Any, *, weights: Any = None, groups: Any = None,
                part: str = "train") -> "Dataset":
        """Adds the rows of a SciPy matrix of compressed rows, for recipes of Sparse()."""
        texts = TextPointers(labels)
        numbers = None if weights is None else np.ascontiguousarray(weights, np.float64)
        names = None if groups is None else TextPointers(groups)
        _check_lengths(matrix.shape[0], labels=texts, weights=numbers, groups=names)
        starts, places, values = sparse_arrays(self._context, matrix)
        with self._handle as dataset, starts as a, places as b, values as c:
            self._context.check(lib.ba_dataset_add_csr(dataset, a, b, c, texts.at(0),
                                                       None if numbers is None else address(numbers),
                                                       names.at(0) if names else None, PARTS[part]))
        return self

    def rows(self, part: str = "all") -> int:
        with self._handle as dataset:
            return int(lib.ba_dataset_rows(dataset, PARTS[part]))

    def __len__(self) -> int:
        return self.rows()

    @property
    def classes(self) -> List[str]:
        """The labels seen, in class order: as numbers if all are integers, else by byte."""
        with self._handle as dataset:
            return [lib.ba_dataset_class_name(dataset, i).decode() for i in range(lib.ba_dataset_classes(dataset))]

    def row_numbers(self) -> "Dict[str, Array]":
        """Of each row its label (a place among `classes`), weight, part (0 train, 1 dev, 2 test), fold (-1: none)."""
        count = len(self)
        kinds = {"label": np.int32, "weight": np.float64, "part": np.int32, "fold": np.int32}
        found: Dict[str, Array] = {name: np.empty(count, kind) for name, kind in kinds.items()}
        starts = [(address(column), column.itemsize) for column in found.values()]
        with self._handle as dataset:
            for row in range(count):
                self._context.check(lib.ba_dataset_row(dataset, row, *(at + row * size for at, size in starts)))
        return found

    def records(self, first: int = 0, count: Optional[int] = None) -> Records:
        """Rows given back as records, with names."""
        number = len(self) - first if count is None else count
        with self._handle as dataset:
            return Records(self._context.make(lib.ba_records_release, lib.ba_dataset_records, dataset, first, number))

    def split(self, **options: Any) -> "Dataset":
        """Deals the training rows into folds: `by="similarity", folds=5` and so on."""
        return self._deal(lib.ba_dataset_split, options)

    def deal(self, **options: Any) -> "Dataset":
        """Deals all rows into train, dev and test: `by="group", train=0.8, dev=0.1, test=0.1` and so on."""
        return self._deal(lib.ba_dataset_deal, options)

    def _deal(self, call: Any, options: Dict[str, Any]) -> "Dataset":
        def run() -> None:
            with self._handle as dataset:
                self._context.check(call(dataset, options_of(options)))
        interruptible(self._context, run)
        return self

    def close(self) -> None:
        self._handle.close()


def _check_lengths(rows: int, **given: Any) -> None:
    for name, values in given.items():
        if values is not None and len(values) < rows:
            raise ArgumentError(f"{rows} rows or more, but {len(values)} {name}")


class Progress(NamedTuple):
    """Where a run stands; numbers that are not known yet are NaN."""

    iterations: int
    passes: int
    objective: float
    gradient: float
    dev_loss: float


class Trainer:
    """A training run over the training rows of a dataset, stepped by `step` or to its end by `run`."""

    def __init__(self, recipe: str, dataset: Dataset, **options: Any) -> None:
        expect(dataset, Dataset)
        self._context = dataset._context

        def create() -> Handle:
            with dataset._handle as rows:
                return self._context.make(lib.ba_trainer_destroy, lib.ba_trainer_create, self._context.pointer,
                                          recipe.encode(), rows, options_of(options), parents=(dataset._handle,))
        self._handle = interruptible(self._context, create)

    def _asked(self) -> "Tuple[Progress, str]":
        whole, real = [ctypes.c_int64() for _ in range(2)], [ctypes.c_double() for _ in range(3)]
        with self._handle as trainer:
            lib.ba_trainer_metrics(trainer, *map(ctypes.byref, whole), *map(ctypes.byref, real))
            reason = lib.ba_trainer_reason(trainer).decode()
        return Progress(whole[0].value, whole[1].value, real[0].value, real[1].value, real[2].value), reason

    @property
    def progress(self) -> Progress:
        return self._asked()[0]

    @property
    def reason(self) -> str:
        """Why the run stopped; "running" before."""
        return self._asked()[1]

    def step(self) -> bool:
        """One pass, iteration or epoch; False when the run has stopped."""
        with self._handle as trainer:
            return self._context.check(lib.ba_trainer_step(trainer)) != _END

    def run(self, *, progress: bool = False, watch: Optional[Callable[[Progress], None]] = None) -> "Trainer":
        """Steps to the end. Ctrl-C stops within a tenth of a second, and `run` then goes on with the same run."""
        show = _bar() if progress else None
        latest: List[Progress] = []

        def steps() -> None:
            while self.step():
                if show or watch:
                    latest[:] = [self.progress]

        def poll() -> None:
            if latest:
                for listener in (show, watch):
                    if listener:
                        listener(latest[0])
        try:
            interruptible(self._context, steps, poll)
            latest[:] = [self.progress]
            poll()
        finally:
            if show:
                show.close()
        return self

    def set(self, **options: Any) -> None:
        """Begins anew at the best weights so far with other penalties: l2, l1."""
        with self._handle as trainer:
            self._context.check(lib.ba_trainer_set(trainer, options_of(options)))

    def checkpoint(self, path: Path) -> None:
        """Writes the state of the run."""
        with self._handle as trainer:
            self._context.check(lib.ba_trainer_checkpoint(trainer, os.fsencode(path)))

    def restore(self, path: Path) -> None:
        """Takes the run to where it was when the file was written."""
        with self._handle as trainer:
            self._context.check(lib.ba_trainer_restore(trainer, os.fsencode(path)))

    def finish(self) -> Model:
        """The model of the best weights so far."""
        with self._handle as trainer:
            return Model(self._context.make(lib.ba_model_release, lib.ba_trainer_finish, trainer))

    def close(self) -> None:
        self._handle.close()


class OnlineTrainer(Trainer):
    """A run whose rows come in batches: a stream of any length in bounded memory."""

    def __init__(self, recipe: str, classes: Optional[Sequence[str]], *, start: Optional[Model] = None,
                 threads: int = 1, memory_limit: int = 0, **options: Any) -> None:
        self._context = Context(threads, memory_limit)
        names = [str(name).encode() for name in classes or ()]
        pointers = (ctypes.c_char_p * len(names))(*names)
        if start is not None:
            expect(start, Model)
        before = start._handle.__enter__() if start else None
        try:
            self._handle = self._context.make(lib.ba_trainer_destroy, lib.ba_trainer_create_online,
                                              self._context.pointer, recipe.encode(), pointers if names else None,
                                              len(names), before, options_of(options))
        finally:
            if start:
                start._handle.__exit__()

    def batch(self) -> Dataset:
        """An empty dataset to fill, and to learn from by `learn`."""
        return Dataset(context=self._context)

    def learn(self, batch: Dataset) -> None:
        """Learns from the rows of a batch that this trainer made, once each, in their order."""
        expect(batch, Dataset)
        with self._handle as trainer, batch._handle as rows:
            self._context.check(lib.ba_trainer_update(trainer, rows))

    def update(self, sequences: Any, labels: Any, *, weights: Any = None) -> None:
        """Learns from labelled sequences."""
        self.learn(self.batch().add(sequences, labels, weights=weights))


def train(recipe: str, dataset: Dataset, *, progress: bool = False, **options: Any) -> Model:
    """The model of a whole run; `options` are `seed`, `hold_out` and `sketches`."""
    return Trainer(recipe, dataset, **options).run(progress=progress).finish()


class _Bar:
    """tqdm, told of iterations and losses."""

    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def __call__(self, seen: Progress) -> None:
        self._bar.set_postfix({key: f"{value:.6g}" for key, value in seen._asdict().items()
                               if key not in ("iterations", "passes") and value == value}, refresh=False)
        self._bar.update(seen.iterations - self._bar.n)

    def close(self) -> None:
        self._bar.close()


def _bar() -> "Optional[_Bar]":
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return _Bar(tqdm(unit="it", desc="training"))


__all__ = ["Dataset", "OnlineTrainer", "Progress", "Trainer", "train"]
