# SPDX-License-Identifier: MIT
"""Puts the examples and the Python package on the path, for this process and those that it starts."""

import os
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FOLDERS = [str(TOP / "examples"), str(TOP / "bindings" / "python" / "src")]
sys.path[:0] = FOLDERS
os.environ["PYTHONPATH"] = os.pathsep.join(FOLDERS)
os.environ.setdefault("BIOANALYTICS_LIBRARY", str(TOP / "build" / "release" / "src" / "libbioanalytics.so"))
