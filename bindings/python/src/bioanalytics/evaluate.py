# SPDX-License-Identifier: MIT
"""What a model is worth: metrics with intervals and curves, cross-validation, calibration, and leaks between parts."""

import ctypes
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ._arrays import address
from ._handles import Context, Handle, expect, interruptible, options_of
from ._library import lib
from ._types import Array
from .model import Model
from .train import PARTS, Dataset

_CURVES = {"roc": 101, "calibration": 15}


class Metrics:
    """Named numbers, as `metrics["auroc"]`, with a confusion matrix and curves."""

    def __init__(self, handle: Handle, classes: int) -> None:
        self._handle = handle
        with handle as pointer:
            names = [lib.ba_metrics_name(pointer, i).decode() for i in range(lib.ba_metrics_count(pointer))]
            self.values: Dict[str, float] = {name: lib.ba_metrics_value(pointer, name.encode()) for name in names}
            self.confusion = np.array([[lib.ba_metrics_confusion(pointer, a, p) for p in range(classes)]
                                       for a in range(classes)])

    def __getitem__(self, name: str) -> float:
        return self.values[name]

    def interval(self, name: str) -> Optional[Tuple[float, float]]:
        """The 95 % interval of a number; None unless `bootstrap=` was given."""
        low, high = ctypes.c_double(), ctypes.c_double()
        with self._handle as pointer:
            found = lib.ba_metrics_interval(pointer, name.encode(), ctypes.byref(low), ctypes.byref(high))
        return (low.value, high.value) if found else None

    def curve(self, name: str) -> Tuple[Array, Array]:
        """The x and y of the points of "roc" or "calibration" that there are."""
        x, y, points = ctypes.c_double(), ctypes.c_double(), []
        with self._handle as pointer:
            for i in range(_CURVES[name]):
                if lib.ba_metrics_curve(pointer, name.encode(), i, ctypes.byref(x), ctypes.byref(y)):
                    points.append((x.value, y.value))
        found = np.array(points).reshape(-1, 2)
        return found[:, 0], found[:, 1]

    def __repr__(self) -> str:
        return f"Metrics({', '.join(f'{name}={value:.4g}' for name, value in self.values.items())})"

    def _repr_html_(self) -> str:
        rows = []
        for name, value in self.values.items():
            interval = self.interval(name)
            within = f"{interval[0]:.4g} to {interval[1]:.4g}" if interval else ""
            rows.append(f"<tr><th style='text-align:left'>{name}</th><td>{value:.4g}</td><td>{within}</td></tr>")
        return f"<table>{''.join(rows)}</table>"


def metrics(labels: Any, probabilities: Any, weights: Any = None) -> Metrics:
    """Metrics of predictions: class numbers from 0, and a probability for each class (n x classes)."""
    chances = np.ascontiguousarray(probabilities, np.float64)
    actual = np.ascontiguousarray(labels, np.int32)
    numbers = None if weights is None else np.ascontiguousarray(weights, np.float64)
    if chances.ndim != 2 or len(actual) != len(chances) or (numbers is not None and len(numbers) != len(chances)):
        raise ValueError(f"{len(actual)} labels and probabilities of shape {chances.shape}: expected a row for each")
    context = Context()
    return Metrics(context.make(lib.ba_metrics_destroy, lib.ba_metrics_create, context.pointer, chances.shape[1],
                                len(actual), address(actual), address(chances),
                                None if numbers is None else address(numbers)), chances.shape[1])


def evaluate(model: Model, dataset: Dataset, part: str = "test", **options: Any) -> Metrics:
    """Scores a part of a dataset; `bootstrap=1000` gives intervals, `low_overlap=True` leaves out rows that are similar
    to training rows."""
    expect(model, Model)
    expect(dataset, Dataset)
    context = dataset._context

    def run() -> Metrics:
        with model._handle as native, dataset._handle as rows:
            return Metrics(context.make(lib.ba_metrics_destroy, lib.ba_evaluate, context.pointer, native, rows,
                                        PARTS[part], options_of(options)), len(model.classes))
    return interruptible(context, run)


def calibrate(model: Model, dataset: Dataset, part: str = "dev", **options: Any) -> Model:
    """A model like the other whose probabilities are fitted to a part: `method="platt"` and so on."""
    expect(model, Model)
    expect(dataset, Dataset)
    context = dataset._context

    def run() -> Model:
        with model._handle as native, dataset._handle as rows:
            return Model(context.make(lib.ba_model_release, lib.ba_calibrate, context.pointer, native, rows,
                                      PARTS[part], options_of(options)))
    return interruptible(context, run)


def cross_validate(recipe: str, dataset: Dataset, **options: Any) -> Metrics:
    """Trains once for each fold of `dataset.split`, and computes the metrics of all rows left out together."""
    expect(dataset, Dataset)
    context = dataset._context

    def run() -> Metrics:
        with dataset._handle as rows:
            return Metrics(context.make(lib.ba_metrics_destroy, lib.ba_cross_validate, context.pointer, recipe.encode(),
                                        rows, options_of(options)), len(dataset.classes))
    return interruptible(context, run)


def cross_validate_path(recipe: str, dataset: Dataset, l2: Sequence[float], **options: Any) -> List[Metrics]:
    """The same for penalties in the place of the recipe's l2, best from the largest on."""
    expect(dataset, Dataset)
    context, numbers = dataset._context, np.ascontiguousarray(l2, np.float64)
    out = (ctypes.c_void_p * len(numbers))()

    def run() -> List[Metrics]:
        with dataset._handle as rows:
            context.check(lib.ba_cross_validate_path(context.pointer, recipe.encode(), rows, options_of(options),
                                                     address(numbers), len(numbers), out))
        return [Metrics(Handle(context, one, lib.ba_metrics_destroy), len(dataset.classes)) for one in out if one]
    return interruptible(context, run)


class Leakage:
    """How many rows of each part another part gives away: `similar[a][b]` and `duplicates[a][b]`, of part a by b."""

    def __init__(self, similar: Array, duplicates: Array, rows: List[int]) -> None:
        self.similar, self.duplicates, self.rows = similar, duplicates, rows

    @property
    def clean(self) -> bool:
        """Whether no row of dev or test has a similar one in train."""
        return not self.similar[1:, 0].any()

    def __repr__(self) -> str:
        said = [f"{name}: {self.similar[i, 0]} of {self.rows[i]} rows similar to training rows, "
                f"{self.duplicates[i, 0]} the same" for i, name in ((1, "dev"), (2, "test"))]
        return f"Leakage({'; '.join(said)})"

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th>{name}</th><td>{self.rows[i]}</td><td>{self.similar[i, 0]}</td>"
                       f"<td>{self.duplicates[i, 0]}</td></tr>" for i, name in ((1, "dev"), (2, "test")))
        return ("<table><tr><th>part</th><th>rows</th><th>similar to a training row</th><th>the same letters</th></tr>"
                f"{rows}</table>")


def leakage(dataset: Dataset, **options: Any) -> Leakage:
    """What the parts of a dataset give away of each other; `k`, `threshold` and `scaled` say what is similar."""
    expect(dataset, Dataset)
    similar, duplicates = np.zeros((3, 3), np.int64), np.zeros((3, 3), np.int64)

    def run() -> None:
        with dataset._handle as rows:
            dataset._context.check(lib.ba_dataset_leakage(rows, options_of(options), address(similar),
                                                          address(duplicates)))
    interruptible(dataset._context, run)
    return Leakage(similar, duplicates, [dataset.rows(part) for part in ("train", "dev", "test")])
