# SPDX-License-Identifier: MIT
"""What the estimators share: scikit-learn's base classes and checks where it is there, the least of them where not.

scikit-learn 1.6 renamed its ways of validation and tags; both are served here and nowhere else.
"""

import os
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ._types import Array, Floats

try:
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.multiclass import check_classification_targets
    HAVE_SKLEARN = True
except ImportError:
    from ._standins import (BaseEstimator, ClassifierMixin, NotFittedError, RegressorMixin, TransformerMixin,
                            check_classification_targets)
    HAVE_SKLEARN = False

__all__ = ["Classifier", "Estimator", "NotFittedError", "RegressorMixin", "TransformerMixin", "check_fitted",
           "class_names", "rows_and_target", "rows_of", "seed_of", "threads_of", "weights_of"]

_NATIVE = ("extractor_", "_online")


class Estimator(BaseEstimator):  # type: ignore[misc]
    """What all estimators are: parameters, and pickles that leave native objects out."""

    def __getstate__(self) -> Dict[str, Any]:
        """A run of partial_fit goes as its model, from which a later one goes on."""
        state = super().__getstate__() if hasattr(super(), "__getstate__") else self.__dict__
        return {key: value for key, value in dict(state).items() if key not in _NATIVE}

    def __setstate__(self, state: Dict[str, Any]) -> None:
        parent = super()
        if hasattr(parent, "__setstate__"):
            parent.__setstate__(state)
        else:
            self.__dict__.update(state)
        self._make_extractor()

    def _make_extractor(self) -> None:
        """Makes extractor_ again from what `fit` learnt, if it has been called; most have none."""


class Classifier(ClassifierMixin):  # type: ignore[misc]
    """What classifiers of rows and of sequences share: their classes, and the weights of rows by them."""

    class_weight: Any

    def _encode(self, y: Any) -> Array:
        """Each row's place among classes_, which are those of y."""
        classes, codes = _coded_classes(y)
        if len(classes) < 2:
            raise ValueError(f"Classifier can't train when only one class is present: {classes.tolist()}")
        self.classes_ = classes
        return codes

    def _encode_batch(self, y: Any, classes: Any) -> Array:
        """The same for a batch of partial_fit, of which the first names all classes there will be."""
        if not hasattr(self, "classes_"):
            if classes is None:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            self.classes_ = np.unique(np.asarray(classes))
        found, places = _coded_classes(y)
        unknown = np.setdiff1d(found, self.classes_)
        if len(unknown):
            raise ValueError(f"y has classes that were not declared: {unknown.tolist()}")
        codes: Array = np.searchsorted(self.classes_, found)[places]
        return codes

    def _weights(self, codes: Any, sample_weight: Any) -> Optional[Array]:
        return _class_weights(self.class_weight, self.classes_, codes, weights_of(sample_weight, len(codes)))

    def predict_log_proba(self: Any, X: Any) -> Array:
        """The logarithm of each probability."""
        logarithms: Array = np.log(self.predict_proba(X))
        return logarithms


def rows_of(estimator: Any, X: Any, *, reset: bool, sparse: bool = False) -> Any:
    """X as a matrix of finite float64 or float32 numbers; `reset` when fitting, which notes its columns."""
    return _validated(estimator, X, None, reset, sparse)


def rows_and_target(estimator: Any, X: Any, y: Any, *, sparse: bool = False, numeric: bool = False,
                    reset: bool = True) -> Tuple[Any, Any]:
    """The same with a target of one dimension."""
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None.")
    rows, target = _validated(estimator, X, y, reset, sparse, numeric)
    return rows, target


def _validated(estimator: Any, X: Any, y: Any, reset: bool, sparse: bool, numeric: bool = False) -> Any:
    options: Dict[str, Any] = {"dtype": [np.float64, np.float32], "accept_sparse": "csr" if sparse else False}
    if not HAVE_SKLEARN:
        return _plain(estimator, X, y, reset, numeric)
    if y is not None:
        options.update(y=y, y_numeric=numeric)
    try:
        from sklearn.utils.validation import validate_data
    except ImportError:  # before 1.6
        return estimator._validate_data(X, reset=reset, **options)
    return validate_data(estimator, X, reset=reset, **options)


def _plain(estimator: Any, X: Any, y: Any, reset: bool, numeric: bool) -> Any:
    names = [str(name) for name in X.columns] if hasattr(X, "columns") else None
    rows = X if hasattr(X, "indptr") else np.asarray(X)
    if rows.ndim != 2:
        raise ValueError(f"Expected 2D array, got {rows.ndim}D array instead")
    if rows.dtype not in (np.float64, np.float32):
        rows = rows.astype(np.float64)
    if not np.isfinite(rows.data if hasattr(rows, "indptr") else rows).all():
        raise ValueError("Input X contains NaN or infinity")
    if reset:
        estimator.n_features_in_ = rows.shape[1]
        if names is not None:
            estimator.feature_names_in_ = np.array(names, object)
    elif rows.shape[1] != estimator.n_features_in_:
        raise ValueError(f"X has {rows.shape[1]} features, but {type(estimator).__name__} is expecting "
                         f"{estimator.n_features_in_} features as input")
    if y is None:
        return rows
    target = np.asarray(y, np.float64) if numeric else np.asarray(y)
    if target.reshape(-1).shape[0] != rows.shape[0]:
        raise ValueError(f"inconsistent numbers of samples: {rows.shape[0]} rows, {target.shape[0]} targets")
    return rows, target.reshape(-1)


def weights_of(sample_weight: Any, rows: int) -> Optional[Floats]:
    """Weights of rows as float64, None for none."""
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight, np.float64)
    if weights.ndim == 0:
        weights = np.full(rows, float(weights))
    if weights.ndim != 1:
        raise ValueError("Sample weights must be 1D array or scalar")
    if weights.shape[0] != rows:
        raise ValueError(f"sample_weight.shape == {weights.shape}, expected {(rows,)}!")
    if rows and not weights.any():
        raise ValueError("Sample weights are all zero: expected one above zero at least")
    return weights


def _class_weights(class_weight: Any, classes: Array, codes: Array,
                   weights: Optional[Array]) -> Optional[Array]:
    """The weights of rows times those of their classes: None, "balanced", or a mapping of classes to numbers."""
    if class_weight is None:
        return weights
    own = np.ones(len(codes)) if weights is None else weights
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ValueError(f"class_weight is {class_weight!r}: expected None, 'balanced' or a mapping")
        totals = np.bincount(codes, weights=own, minlength=len(classes))
        factors = own.sum() / (len(classes) * np.maximum(totals, 1e-300))
    else:
        factors = np.array([class_weight.get(label, 1.0) for label in classes.tolist()])
    weighted: Array = own * factors[codes]
    return weighted


def threads_of(n_jobs: Optional[int]) -> int:
    """n_jobs as a number of threads: None is 1, -1 all processors."""
    if n_jobs is None:
        return 1
    if n_jobs < 0:
        return max(1, min((os.cpu_count() or 1) + 1 + n_jobs, 256))
    return max(1, min(n_jobs, 256))


def seed_of(random_state: Any) -> int:
    """A seed of the library from what scikit-learn takes as a random state."""
    if random_state is None:
        return 1
    if hasattr(random_state, "randint"):
        return int(random_state.randint(2**31 - 1))
    return int(random_state)


def class_names(classes: Array) -> List[str]:
    """Names for the classes under which the library keeps their order: their texts, or else their numbers."""
    names = [str(label) for label in classes.tolist()]

    def whole(name: str) -> bool:
        return name.lstrip("-").isdigit() and name.isascii() and len(name) < 18
    ordered = sorted(names, key=int) if all(map(whole, names)) else sorted(names, key=lambda name: name.encode())
    usable = all(name and name.isprintable() for name in names) and len(set(names)) == len(names)
    return names if usable and ordered == names else [str(i) for i in range(len(names))]


def check_fitted(estimator: Any) -> None:
    if not hasattr(estimator, "model_") and not hasattr(estimator, "extractor_"):
        raise NotFittedError(f"This {type(estimator).__name__} instance is not fitted yet. Call 'fit' before.")


def _coded_classes(y: Any) -> Tuple[Array, Array]:
    """The distinct classes, in order, and each row's place among them."""
    check_classification_targets(y)
    classes, codes = np.unique(np.asarray(y), return_inverse=True)
    return classes, codes.reshape(-1)
