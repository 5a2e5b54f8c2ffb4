# SPDX-License-Identifier: MIT
"""These tests use the ctypes declarations of the oracles, but Python packages of their own (./dev test python)."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "oracles"))

import library  # noqa: E402


@pytest.fixture
def context():
    return library.Context()
