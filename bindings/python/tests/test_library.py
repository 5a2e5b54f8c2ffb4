# SPDX-License-Identifier: MIT
"""How the native library is found, and what is said when it does not fit."""

import os
import subprocess
import sys

import bioanalytics
from conftest import run


def python(code, **variables):
    return subprocess.run([sys.executable, "-c", code], env={**os.environ, **variables}, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)


def test_import_loads_nothing_native_and_no_scikit_learn():
    code = ("import sys, bioanalytics; from bioanalytics._library import lib; assert lib._library is None; "
            "assert not {'sklearn', 'scipy', 'pandas', 'pyarrow', 'tqdm'} & set(sys.modules); "
            "bioanalytics.build_info(); assert lib._library is not None")
    done = python(code)
    assert done.returncode == 0, done.stderr


def test_build_info_says_which_library():
    found = bioanalytics.build_info()
    assert found["library"] == os.environ["BIOANALYTICS_LIBRARY"]
    assert found["version"] == found["package"] == bioanalytics.__version__ and found["abi"] == 0
    assert "levels: scalar" in found["build"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    done = python("import bioanalytics; bioanalytics.build_info()", BIOANALYTICS_LIBRARY=str(tmp_path / "no.so"))
    assert f"ImportError: the bioanalytics library {tmp_path / 'no.so'} does not load" in done.stderr


def stranger(folder, version, abi, more=""):
    source = folder / "stranger.c"
    source.write_text(f'const char *ba_version_text(void) {{ return "{version}"; }}\n'
                      f"int ba_abi_version(void) {{ return {abi}; }}\n{more}")
    run("cc", "-shared", "-fPIC", source, "-o", folder / "stranger.so")
    return python("import bioanalytics; bioanalytics.build_info()", BIOANALYTICS_LIBRARY=str(folder / "stranger.so"))


def test_another_version_or_abi_is_refused_by_name(tmp_path):
    for version, abi in (("0.1.0", 1), ("0.2.0", 0), ("1.1.0", 0)):
        said = stranger(tmp_path, version, abi).stderr
        assert f"stranger.so is version {version} with ABI {abi}; bioanalytics 0.1.0 needs 0.1.x with ABI 0" in said


def test_a_library_that_lacks_a_call_is_refused(tmp_path):
    said = stranger(tmp_path, "0.1.0", 0).stderr
    assert "is no library for bioanalytics 0.1.0" in said and "ba_version" in said
