# SPDX-License-Identifier: MIT
"""Types: mypy --strict on the package, and stubtest, which imports it and compares what it says with what it has."""

import importlib.util
import os
import subprocess
import sys

import pytest

from conftest import HERE

pytest.importorskip("mypy")


def said(*command, **variables):
    done = subprocess.run([sys.executable, "-m", *command], cwd=HERE.parent, env={**os.environ, **variables}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_mypy_strict(tmp_path):
    assert "no issues found" in said("mypy", "--strict", "--cache-dir", str(tmp_path), "src/bioanalytics")


def test_stubtest(tmp_path):
    """Types stand in the source itself, so this checks what the package exports."""
    absent = tmp_path / "absent"
    absent.write_text("" if importlib.util.find_spec("pyspark") else "bioanalytics.spark\n")
    done = subprocess.run([sys.executable, "-m", "mypy.stubtest", "bioanalytics", "--ignore-missing-stub",
                           "--allowlist", str(absent), "--mypy-config-file", str(HERE.parent / "pyproject.toml")],
                          cwd=tmp_path, text=True,
                          env={**os.environ, "MYPYPATH": str(HERE.parent / "src")}, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, done.stdout


def test_a_caller_is_checked(tmp_path):
    """py.typed works: a wrong call of the package is an error of mypy."""
    (tmp_path / "caller.py").write_text("import bioanalytics\nm = bioanalytics.Model.load('m.ba')\n"
                                        "x: int = m.predict(['ACGT'])\nm.scan(3, window='a')\n")
    done = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", str(tmp_path), "caller.py"], cwd=tmp_path,
                          env={**os.environ, "MYPYPATH": str(HERE.parent / "src")}, text=True, stdout=subprocess.PIPE,
                          check=False)
    assert done.stdout.count("caller.py:3") == 1 and done.stdout.count("caller.py:4") == 2, done.stdout
