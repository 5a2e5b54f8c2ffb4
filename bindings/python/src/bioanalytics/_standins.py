# SPDX-License-Identifier: MIT
"""The least of scikit-learn that the estimators need where it is not there."""

from typing import Any, Dict, List

import numpy as np


class NotFittedError(ValueError, AttributeError):
    """The estimator was not fitted."""


class BaseEstimator:
    """Parameters are the arguments of __init__, and attributes of the same names."""

    def _parameters(self) -> List[str]:
        code = type(self).__init__.__code__
        return sorted(code.co_varnames[1:code.co_argcount + code.co_kwonlyargcount])

    def get_params(self, deep: bool = True) -> Dict[str, Any]:
        return {name: getattr(self, name) for name in self._parameters()}

    def set_params(self, **params: Any) -> Any:
        for name, value in params.items():
            if name not in self._parameters():
                raise ValueError(f"{type(self).__name__} has no parameter {name!r}: {self._parameters()}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"


class ClassifierMixin:
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The share of rows whose class is right."""
        right = np.asarray(self.predict(X)) == np.asarray(y)  # type: ignore[attr-defined]
        return float(np.average(right, weights=sample_weight))


class RegressorMixin:
    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination."""
        actual = np.asarray(y, np.float64)
        wrong = actual - self.predict(X)  # type: ignore[attr-defined]
        centred = actual - np.average(actual, weights=sample_weight)
        return float(1 - np.average(wrong**2, weights=sample_weight) /
                     np.average(centred**2, weights=sample_weight))


class TransformerMixin:
    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        return self.fit(X, y, **fit_params).transform(X)  # type: ignore[attr-defined]


def check_classification_targets(y: Any) -> None:
    if np.asarray(y).dtype.kind == "f" and (np.asarray(y) != np.floor(y)).any():
        raise ValueError("Unknown label type: continuous. Expected classes")
