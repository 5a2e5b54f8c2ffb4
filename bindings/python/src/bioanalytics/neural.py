# SPDX-License-Identifier: MIT
"""A small network over rows of numbers, as a scikit-learn estimator."""

from typing import Any, Optional

from ._numeric import NumericClassifier, term


class MLPClassifier(NumericClassifier):
    """A hidden layer over the columns, which are standardised first; trained by Adam.

    `fit` takes `loss_weight`, by which the loss of each row counts. It is not called sample_weight, as scikit-learn has
    a row of weight 2 be two rows there: an epoch goes by batches of rows, in which these differ.
    """

    def __init__(self, hidden: int = 64, *, skip: str = "linear", dropout: float = 0.0, epochs: int = 0,
                 batch: int = 32, learning_rate: float = 0.01, decay: float = 0.0, smoothing: float = 0.0,
                 seeds: int = 1, standardize: bool = True, class_weight: Any = None, random_state: Any = None,
                 n_jobs: Optional[int] = None) -> None:
        self.hidden = hidden
        self.skip = skip
        self.dropout = dropout
        self.epochs = epochs
        self.batch = batch
        self.learning_rate = learning_rate
        self.decay = decay
        self.smoothing = smoothing
        self.seeds = seeds
        self.standardize = standardize
        self.class_weight = class_weight
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, loss_weight: Any = None) -> "MLPClassifier":
        rows, codes = self._checked(X, y)
        if hasattr(rows, "indptr"):
            rows = rows.toarray()
        network = term({"hidden": self.hidden, "skip": self.skip, "dropout": float(self.dropout),
                        "epochs": self.epochs, "batch": self.batch, "rate": float(self.learning_rate),
                        "decay": float(self.decay), "smoothing": float(self.smoothing), "seeds": self.seeds}, "MLP")
        scale = "Standardize() | " if self.standardize else ""
        weights = self._weights(codes, loss_weight)
        self._train(rows, self._labels(codes), weights, f"Columns() | {scale}{network}")
        return self
