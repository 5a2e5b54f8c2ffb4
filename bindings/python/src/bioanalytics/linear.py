# SPDX-License-Identifier: MIT
"""Linear models over rows of numbers, as scikit-learn estimators; `model_` is the model, to be used anywhere."""

from typing import Any, Dict, Optional

import numpy as np

from ._numeric import NumericClassifier, NumericEstimator, NumericRegressor, is_sparse, term
from ._sklearn import class_names, rows_and_target, weights_of

NEWTON_COLUMNS = 512  # up to here its bits are promised


class _Linear:
    """Settings that linear models share."""

    solver: str
    tol: float
    max_iter: int
    rate: float
    standardize: bool
    model_: Any
    n_features_in_: int

    def _stage(self: Any, name: str, X: Any, l2: float, l1: float, newton: bool = True, **words: Any) -> str:
        """Scaling and the model stage of a recipe, for all rows at once."""
        solver = self.solver
        if solver == "auto":
            # Without a penalty, more columns than rows have many optima: lbfgs goes to the shortest of them.
            narrow = X.shape[1] <= (NEWTON_COLUMNS if l2 > 0 else min(NEWTON_COLUMNS, X.shape[0] // 2))
            solver = "newton" if newton and narrow and l1 == 0 and not is_sparse(X) else "lbfgs"
        settings: Dict[str, Any] = {**words, "l2": float(l2), "solver": solver, "tol": float(self.tol),
                                    "max_iter": self.max_iter}
        if l1 > 0:
            settings["l1"] = float(l1)
        scale = " | Standardize()" if self.standardize and not is_sparse(X) else ""
        return f"{self._features(X)}{scale} | {term(settings, name)}"

    def _online_stage(self: Any, name: str, l2: float, **words: Any) -> str:
        return term({**words, "l2": float(l2), "solver": "nag", "rate": float(self.rate)}, name)

    def _set_coefficients(self: Any) -> None:
        """coef_ and intercept_, for the columns as they came."""
        weights, intercepts = self.model_.weights()
        if self._sparse:
            whole = np.zeros((len(weights), self.n_features_in_))
            whole[:, :weights.shape[1]] = weights
            weights = whole
        self.coef_, self.intercept_ = weights, intercepts


class LogisticRegression(_Linear, NumericClassifier):
    """Logistic regression for two or more classes: C and l1_ratio as in scikit-learn, the intercept always there.

    partial_fit goes row by row, for columns of any scale, and gives about what one pass over the rows can.
    """

    def __init__(self, C: float = 1.0, *, l1_ratio: float = 0.0, standardize: bool = False, solver: str = "auto",
                 tol: float = 1e-8, max_iter: int = 1000, rate: float = 0.0, class_weight: Any = None,
                 random_state: Any = None, n_jobs: Optional[int] = None) -> None:
        self.C = C
        self.l1_ratio = l1_ratio
        self.standardize = standardize
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.rate = rate
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LogisticRegression":
        rows, codes = self._checked(X, y)
        weights = self._weights(codes, sample_weight)
        penalty = 1.0 / (self.C * (len(codes) if weights is None else weights.sum()))
        name = "Logistic" if len(self.classes_) == 2 else "Softmax"
        recipe = self._stage(name, rows, (1 - self.l1_ratio) * penalty, self.l1_ratio * penalty, name == "Logistic")
        self._train(rows, self._labels(codes), weights, recipe)
        self._set_coefficients()
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> "LogisticRegression":
        """Learns from a batch, each row once; the first call names all classes there will be."""
        rows, target = rows_and_target(self, X, y, sparse=True, reset=not hasattr(self, "classes_"))
        codes = self._encode_batch(target, classes)
        weights = self._weights(codes, sample_weight)
        stage = self._online_stage("Logistic" if len(self.classes_) == 2 else "Softmax", 0.0)
        self._learn(rows, self._labels(codes), weights, class_names(self.classes_), stage)
        self._set_coefficients()
        return self


class _LinearRegressor(_Linear, NumericRegressor):
    """What regressors of numbers and of counts share."""

    def _fit(self, X: Any, y: Any, sample_weight: Any, name: str, l2: float, l1: float, newton: bool = True,
             **words: Any) -> None:
        rows, target = rows_and_target(self, X, y, sparse=True, numeric=True)
        self._check_target(target)
        weights = weights_of(sample_weight, rows.shape[0])
        total = rows.shape[0] if weights is None else weights.sum()
        share = 1.0 / total if self._penalty_of_sum else 1.0
        recipe = self._stage(name, rows, l2 * share, l1 * share, newton, **words)
        self._train(rows, _numbers(target, rows), weights, recipe)
        self._set_coefficients()
        self.coef_, self.intercept_ = self.coef_[0], float(self.intercept_[0])

    def _partial_fit(self, X: Any, y: Any, sample_weight: Any, stage: str) -> None:
        rows, target = rows_and_target(self, X, y, sparse=True, numeric=True, reset=not hasattr(self, "model_"))
        self._check_target(target)
        self._learn(rows, np.asarray(target, np.float64), weights_of(sample_weight, rows.shape[0]), None, stage)
        self._set_coefficients()
        self.coef_, self.intercept_ = self.coef_[0], float(self.intercept_[0])

    _penalty_of_sum = True

    def _check_target(self, target: Any) -> None:
        """Nothing to ask of numbers."""


def _numbers(target: Any, rows: Any) -> Any:
    """Targets as numbers; of sparse rows labels are texts, which keep all digits."""
    numbers = np.asarray(target, np.float64)
    return np.array([repr(value) for value in numbers.tolist()]) if is_sparse(rows) else numbers


class LinearRegression(_LinearRegressor):
    """Least squares (`alpha` as in Ridge, 0 by default), or with `loss` "huber" and "quantile" what they are for."""

    def __init__(self, alpha: float = 0.0, *, l1_ratio: float = 0.0, loss: str = "squared", delta: float = 1.0,
                 quantile: float = 0.5, standardize: bool = False, solver: str = "auto", tol: float = 1e-8,
                 max_iter: int = 1000, rate: float = 0.0, random_state: Any = None,
                 n_jobs: Optional[int] = None) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.loss = loss
        self.delta = delta
        self.quantile = quantile
        self.standardize = standardize
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.rate = rate
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _loss(self) -> Dict[str, Any]:
        words: Dict[str, Any] = {"loss": self.loss}
        if self.loss != "squared":
            words["delta"] = float(self.delta)
        if self.loss == "quantile":
            words["quantile"] = float(self.quantile)
        return words

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LinearRegression":
        self._fit(X, y, sample_weight, "Linear", (1 - self.l1_ratio) * self.alpha, self.l1_ratio * self.alpha,
                  self.loss == "squared", **self._loss())
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "LinearRegression":
        """Learns from a batch, each row once."""
        self._partial_fit(X, y, sample_weight, self._online_stage("Linear", 0.0, **self._loss()))
        return self


class PoissonRegressor(_LinearRegressor):
    """Counts: the log of the mean is linear; `alpha` as in scikit-learn."""

    _penalty_of_sum = False

    def __init__(self, alpha: float = 1.0, *, l1_ratio: float = 0.0, standardize: bool = False, solver: str = "auto",
                 tol: float = 1e-8, max_iter: int = 1000, rate: float = 0.0, random_state: Any = None,
                 n_jobs: Optional[int] = None) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.standardize = standardize
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.rate = rate
        self.random_state = random_state
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.positive_only = True
        return tags

    def _more_tags(self) -> Dict[str, Any]:
        return {"requires_positive_y": True}

    def _check_target(self, target: Any) -> None:
        if (np.asarray(target) < 0).any():
            raise ValueError("some values of y are below 0: expected counts")

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "PoissonRegressor":
        self._fit(X, y, sample_weight, "Poisson", (1 - self.l1_ratio) * self.alpha, self.l1_ratio * self.alpha)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "PoissonRegressor":
        """Learns from a batch, each row once."""
        self._partial_fit(X, y, sample_weight, self._online_stage("Poisson", 0.0))
        return self


__all__ = ["LinearRegression", "LogisticRegression", "NumericEstimator", "PoissonRegressor"]
