# SPDX-License-Identifier: MIT
"""Estimators over rows of numbers: how rows become a table or sparse rows, and recipes become models."""

from typing import Any, Dict, List, Optional

import numpy as np

from ._errors import ArgumentError
from ._sklearn import (Classifier, Estimator, RegressorMixin, check_fitted, class_names, rows_and_target, rows_of,
                       seed_of, threads_of)
from ._types import Array
from .model import Model
from .tables import Table
from .train import Dataset, OnlineTrainer, Trainer

TARGET, WEIGHT = "__target__", "__weight__"


def is_sparse(X: Any) -> bool:
    return hasattr(X, "indptr")


def columns_of(X: Array, names: Any) -> Dict[str, Any]:
    """The columns of a matrix: by their names, or all as one of several numbers a row, which the library calls x_0."""
    if names is None:
        return {"x": X} if X.shape[1] > 1 else {"x_0": X[:, 0]}
    return {str(name): X[:, i] for i, name in enumerate(names)}


def dataset_of(X: Any, names: Any, labels: Any, weights: Any, dataset: Dataset) -> Dataset:
    """Fills a dataset with rows; numbers of a dense matrix are not copied."""
    if is_sparse(X):
        return dataset.add_csr(X, labels, weights=weights)
    columns = columns_of(X, names)
    columns[TARGET] = labels
    if weights is not None:
        columns[WEIGHT] = weights
    return dataset.add_table(Table(columns), TARGET, weight=WEIGHT if weights is not None else None)


def term(words: Dict[str, Any], name: str) -> str:
    """A term of a recipe; numbers keep all their digits."""
    said = (f"{key}={value!r}" if isinstance(value, float) else f"{key}={value}" for key, value in words.items())
    return f"{name}({', '.join(said)})"


class NumericEstimator(Estimator):
    """The part of all of them: training by a recipe, and scores of a model."""

    n_jobs: Optional[int]
    random_state: Any

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _names(self) -> Any:
        return getattr(self, "feature_names_in_", None)

    def _features(self, X: Any) -> str:
        return "Sparse()" if is_sparse(X) else "Columns()"

    def _train(self, X: Any, labels: Any, weights: Any, recipe: str) -> Trainer:
        self._online: Any = None
        dataset = dataset_of(X, self._names(), labels, weights, Dataset(threads=threads_of(self.n_jobs)))
        trainer = Trainer(recipe, dataset, seed=seed_of(self.random_state)).run()
        self._keep(trainer.finish(), is_sparse(X))
        self.n_iter_ = max(1, trainer.progress.iterations)
        return trainer

    def _keep(self, model: Model, sparse: bool, online: bool = False) -> None:
        self.model_ = model
        self._sparse = sparse
        self._learnt_online = online

    def _score(self, X: Any) -> Any:
        """Scores and probabilities of rows."""
        check_fitted(self)
        rows = rows_of(self, X, reset=False, sparse=True)
        if self._sparse and not is_sparse(rows):
            from scipy.sparse import csr_matrix
            rows = csr_matrix(rows)
        elif is_sparse(rows) and not self._sparse:
            rows = rows.toarray()
        return self.model_.score(rows, threads=threads_of(self.n_jobs))

    def _learn(self, X: Any, labels: Any, weights: Any, classes: Optional[List[str]], stage: str) -> None:
        """One batch of partial_fit, in which each row counts once; after a `fit` it begins at zero."""
        if getattr(self, "_online", None) is None:
            self._online = self._open_online(X, classes, stage)
        trainer = self._online
        trainer.learn(dataset_of(X, self._names(), labels, weights, trainer.batch()))
        self._keep(trainer.finish(), False, online=True)
        self.n_iter_ = trainer.progress.passes
        self.t_ = trainer.progress.iterations

    def _open_online(self, X: Any, classes: Optional[List[str]], stage: str) -> OnlineTrainer:
        if is_sparse(X):
            raise ArgumentError("partial_fit takes dense rows: sparse rows are learnt from all at once, by fit")
        names = self._names()
        places = [f"x_{i}" for i in range(X.shape[1])] if names is None else list(names)
        features = " + ".join(f'Column(column="{name}")' for name in places)
        start = self.model_ if getattr(self, "_learnt_online", False) else None  # after a pickle
        return OnlineTrainer(f"{features} | {stage}", classes, start=start, seed=seed_of(self.random_state))


class NumericClassifier(Classifier, NumericEstimator):
    """The part of classifiers."""

    def _labels(self, codes: Any) -> Any:
        names = class_names(self.classes_)
        numbers = all(name.isdigit() for name in names)
        return np.array([int(name) for name in names])[codes] if numbers else np.array(names, object)[codes]

    def decision_function(self, X: Any) -> Any:
        """Margins: one a row for two classes, else one a class."""
        scores = self._score(X)[0]
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict_proba(self, X: Any) -> Any:
        """The probability of each class, in the order of classes_."""
        return self._score(X)[1]

    def predict(self, X: Any) -> Any:
        """The most probable class of each row."""
        scores = self._score(X)[0]
        return self.classes_[self.model_._chosen(scores)]

    def _checked(self, X: Any, y: Any) -> Any:
        rows, target = rows_and_target(self, X, y, sparse=True)
        return rows, self._encode(target)


class NumericRegressor(RegressorMixin, NumericEstimator):  # type: ignore[misc]
    """The part of regressors."""

    def predict(self, X: Any) -> Any:
        """The number of each row."""
        return self._score(X)[1][:, 0]
