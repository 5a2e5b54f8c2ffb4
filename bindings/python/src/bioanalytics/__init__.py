# SPDX-License-Identifier: MIT
"""Biological sequences and tables to features, models and scores: the C library, thinly, for notebooks and services.

Importing this loads nothing; the native library is loaded by the first call.
"""

import importlib
from typing import Any

from . import _errors
from ._errors import Error
from ._library import __version__, build_info
from .carry import Carried, Parity, from_liblinear, from_sklearn, from_weights
from .evaluate import Leakage, Metrics, calibrate, cross_validate, cross_validate_path, evaluate, leakage, metrics
from .features import Extractor, canonical
from .io import Index, Reader, Variants, build_index, open, open_interleaved
from .model import Drift, Model, Scorer
from .records import Alignment, Record, Records, Texts
from .sharded import Partial, Solver
from .stream import Stream
from .tables import Table
from .train import Dataset, OnlineTrainer, Progress, Trainer, train

# These import scikit-learn, which takes a second, so they wait until they are asked for.
_LATER = {"LinearRegression": "linear", "LogisticRegression": "linear", "PoissonRegressor": "linear",
          "MLPClassifier": "neural", "SequenceClassifier": "sequence", "SequenceVectorizer": "sequence",
          "SeriesTransformer": "series"}
_ERRORS = [name for name, found in vars(_errors).items() if isinstance(found, type) and issubclass(found, Error)]
globals().update({name: getattr(_errors, name) for name in _ERRORS})


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'bioanalytics' has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)


__all__ = ["Alignment", "Carried", "Dataset", "Drift", "Error", "Extractor", "Index", "Leakage", "Metrics", "Model",
           "OnlineTrainer", "Parity", "Partial", "Progress", "Reader", "Record", "Records", "Scorer", "Solver", "Stream",
           "Table", "Texts", "Trainer", "Variants", "__version__", "build_index", "build_info", "calibrate", "canonical",
           "cross_validate", "cross_validate_path", "evaluate", "from_liblinear", "from_sklearn", "from_weights",
           "leakage", "metrics", "open", "open_interleaved", "train"]
__all__ += [*_LATER, *_ERRORS]
