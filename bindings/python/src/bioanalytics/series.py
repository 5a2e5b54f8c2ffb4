# SPDX-License-Identifier: MIT
"""Series in scikit-learn: what the terms of a recipe make of the rows of a table, in their order."""

from typing import Any, Dict, List, Optional

import numpy as np

from ._numeric import columns_of
from ._sklearn import Estimator, TransformerMixin, check_fitted, rows_of
from ._types import Array
from .features import Extractor, canonical


class SeriesTransformer(TransformerMixin, Estimator):  # type: ignore[misc]
    """Terms over series, such as "Return(column=close) + Rolling(column=close, stat=std, window=20)".

    Rows are taken in the order in which they stand; terms that look back see the rows of one call of `transform` alone,
    and what they do not have yet is NaN. The columns of an array are called x_0, x_1 and so on, those of a frame by
    their names; `group` and `time` name columns of a frame. The recipe that is there from the start gives the columns
    as they are.
    """

    def __init__(self, recipe: str = "Columns()", *, group: Optional[str] = None, time: Optional[str] = None,
                 n_jobs: Optional[int] = None) -> None:
        self.recipe = recipe
        self.group = group
        self.time = time
        self.n_jobs = n_jobs

    def _columns(self, X: Any, reset: bool) -> Dict[str, Any]:
        kept: Dict[str, Any] = {}
        apart = [name for name in (self.group, self.time) if name is not None]
        if apart:
            kept = {name: np.asarray(X[name]) for name in apart}
            X = X.drop(columns=apart)
        rows = rows_of(self, X, reset=reset)
        names = getattr(self, "feature_names_in_", None)
        found = columns_of(rows, names) if names is not None else {f"x_{i}": rows[:, i] for i in range(rows.shape[1])}
        return {**found, **kept}

    def fit(self, X: Any, y: Any = None) -> "SeriesTransformer":
        """Learns which columns there are, and the texts of each Category."""
        columns = self._columns(X, True)
        if "Category(" not in canonical(self.recipe):  # then the names are all that there is to learn
            columns = {name: values[:1] for name, values in columns.items()}
        self._learnt_from = columns
        self._make_extractor()
        return self

    def _make_extractor(self) -> None:
        if not hasattr(self, "_learnt_from"):
            return
        ignore = [name for name in (self.group, self.time) if name is not None]
        self.extractor_ = Extractor(self.recipe).fit_table(self._learnt_from, ignore)

    def transform(self, X: Any) -> Array:
        check_fitted(self)
        return self.extractor_.table(self._columns(X, False), group=self.group, time=self.time)

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        check_fitted(self)
        return np.array(self.extractor_.names(), object)


__all__: List[str] = ["SeriesTransformer"]
