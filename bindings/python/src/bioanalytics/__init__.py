# SPDX-License-Identifier: MIT
"""Biological sequences and tables to features, models and scores: the C library, thinly, for notebooks and services.

Importing this loads nothing; the native library is loaded by the first call.
"""

from ._errors import *  # noqa: F401,F403
from ._errors import Error
from ._library import __version__, build_info
from .features import Extractor, canonical
from .io import Index, Reader, Variants, build_index, open, open_interleaved
from .model import Drift, Model, Scorer
from .records import Alignment, Record, Records, Texts
from .tables import Table

__all__ = ["Alignment", "Drift", "Error", "Extractor", "Index", "Model", "Reader", "Record", "Records", "Scorer",
           "Table", "Texts", "Variants", "__version__", "build_index", "build_info", "canonical", "open",
           "open_interleaved"]
