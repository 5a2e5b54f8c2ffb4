# SPDX-License-Identifier: MIT
"""Puts the examples and the Python package on the path, for this process and those that it starts."""

import os
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
FOLDERS = [str(TOP / "examples"), str(TOP / "bindings" / "python" / "src")]
sys.path[:0] = FOLDERS
os.environ["PYTHONPATH"] = os.pathsep.join(FOLDERS)
os.environ.setdefault("BIOANALYTICS_LIBRARY", str(TOP / "build" / "release" / "src" / "libbioanalytics.so"))


@pytest.fixture(scope="session")
def program(tmp_path_factory):
    """bio-serve, built against the installed library."""
    import serving
    return serving.build(tmp_path_factory.mktemp("serve"), "-DSERVE_WERROR=ON")


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A model of two classes of sequences."""
    import serving
    return serving.train(tmp_path_factory.mktemp("model"))
