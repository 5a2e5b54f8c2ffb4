# SPDX-License-Identifier: MIT
"""Sequences in scikit-learn: a vectoriser and a classifier by recipe. They stand in pipelines, and pickle with models.

Sequences are lists, NumPy, Arrow, pandas or polars columns, or the path of a FASTA or FASTQ file.
"""

from typing import Any, Dict, List, Optional

import numpy as np

from ._sequences import columns
from ._handles import Context
from ._sklearn import Classifier, Estimator, TransformerMixin, check_fitted, class_names, seed_of, threads_of
from ._types import Array
from .features import Extractor
from .model import Model
from .train import Dataset, OnlineTrainer, Trainer


def count_of(sequences: Any) -> int:
    """How many sequences there are."""
    if hasattr(sequences, "__len__") and not isinstance(sequences, (str, tuple)):
        return len(sequences)
    return sum(len(offsets) - 1 for _, offsets, _ in columns(sequences, Context()))


class _Sequences(Estimator):
    """Says to scikit-learn that the input is texts."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags

    def _more_tags(self) -> Dict[str, Any]:
        return {"X_types": ["string"]}


class SequenceVectorizer(TransformerMixin, _Sequences):  # type: ignore[misc]
    """The features of a recipe, such as "Kmer(k=6)", as a matrix: sparse, or with `sparse=False` dense.

    `counts=True` gives the bare counts in place of the recipe's values.
    """

    def __init__(self, recipe: str = "Kmer(k=6)", *, sparse: bool = True, counts: bool = False,
                 n_jobs: Optional[int] = None) -> None:
        self.recipe = recipe
        self.sparse = sparse
        self.counts = counts
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> "SequenceVectorizer":
        """Learns what depends on data, such as the length that PositionKmer covers."""
        self._fitted_on = _FittedLengths(X, self.recipe)
        self._make_extractor()
        self.n_columns_ = self.extractor_.width
        return self

    def _make_extractor(self) -> None:
        if hasattr(self, "_fitted_on"):
            self.extractor_ = self._fitted_on.extractor(threads_of(self.n_jobs))

    def transform(self, X: Any) -> Any:
        check_fitted(self)
        return self.extractor_.csr(X, self.counts) if self.sparse else self.extractor_.dense(X, self.counts)

    def fit_transform(self, X: Any, y: Any = None, **fit_params: Any) -> Any:
        return self.fit(X, y).transform(X)

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        check_fitted(self)
        return np.array(self.extractor_.names(), object)


class _FittedLengths:
    """All that an extractor learns from sequences is their shortest and longest length: two of those make it again."""

    def __init__(self, sequences: Any, recipe: str) -> None:
        self.recipe = recipe
        shortest, longest = None, 0
        if not Extractor(recipe).needs_fit:
            sequences = ()
        for _, offsets, _ in columns(sequences, Context()):
            if len(offsets) > 1:
                sizes = np.diff(offsets)
                shortest = int(sizes.min()) if shortest is None else min(shortest, int(sizes.min()))
                longest = max(longest, int(sizes.max()))
        self.sizes = [] if shortest is None else [shortest, longest]

    def extractor(self, threads: int) -> Extractor:
        extractor = Extractor(self.recipe, threads=threads)
        if self.sizes:
            extractor.fit(["A" * size for size in self.sizes])
        return extractor


class SequenceClassifier(Classifier, _Sequences):
    """A classifier by recipe, such as "@motif | Logistic(l2=1e-4)" or "Kmer(k=6) | Logistic() & @conv".

    `model_` is the model, to save and to use in C, on the command line and in Spark. partial_fit asks for a recipe with
    solver=adagrad, nag or ftrl, and for `length` when columns depend on the length of the sequences.
    """

    def __init__(self, recipe: str = "@motif | Logistic()", *, class_weight: Any = None, length: Optional[int] = None,
                 random_state: Any = None, n_jobs: Optional[int] = None, progress: bool = False) -> None:
        self.recipe = recipe
        self.class_weight = class_weight
        self.length = length
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> "SequenceClassifier":
        """Trains; `groups` keep rows together where an ensemble or a network sets some apart."""
        codes = self._encode(y)
        weights = self._weights(codes, sample_weight)
        dataset = Dataset(threads=threads_of(self.n_jobs)).add(X, self._labels(codes), weights=weights, groups=groups)
        trainer = Trainer(self.recipe, dataset, seed=seed_of(self.random_state)).run(progress=self.progress)
        self.model_: Model = trainer.finish()
        self.n_iter_ = max(1, trainer.progress.iterations)
        self._online: Any = None
        return self

    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> "SequenceClassifier":
        """Learns from a batch, each row once; the first call names all classes there will be."""
        codes = self._encode_batch(y, classes)
        if getattr(self, "_online", None) is None:
            options = {} if self.length is None else {"length": self.length}
            self._online = OnlineTrainer(
                self.recipe, class_names(self.classes_), start=getattr(self, "model_", None),
                seed=seed_of(self.random_state), **options)
        self._online.update(X, self._labels(codes), weights=self._weights(codes, sample_weight))
        self.model_ = self._online.finish()
        return self

    def _labels(self, codes: Any) -> Any:
        return np.array(class_names(self.classes_))[codes]

    def decision_function(self, X: Any) -> Array:
        """Margins: one a sequence for two classes, else one a class."""
        check_fitted(self)
        return self.model_.decision_function(X, threads=threads_of(self.n_jobs))

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, in the order of classes_."""
        check_fitted(self)
        return self.model_.predict_proba(X, threads=threads_of(self.n_jobs))

    def predict(self, X: Any) -> Array:
        """The most probable class of each sequence."""
        check_fitted(self)
        scores = self.model_.score(X, threads=threads_of(self.n_jobs))[0]
        chosen: Array = self.classes_[self.model_._chosen(scores)]
        return chosen


__all__: List[str] = ["SequenceClassifier", "SequenceVectorizer"]
