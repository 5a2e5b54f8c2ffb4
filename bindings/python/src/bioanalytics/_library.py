# SPDX-License-Identifier: MIT
"""Finds the native library, checks that it fits this package, and loads it when it is first used."""

import ctypes
import os
import pathlib
import re
from typing import Any, Dict, List

from . import _prototypes

__version__ = "0.1.0"
ABI = 0
VARIABLE = "BIOANALYTICS_LIBRARY"


def _candidates() -> List[pathlib.Path]:
    """The file that the variable names, and nothing else when it is set; else the one that was installed with us."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return [pathlib.Path(chosen)]
    return sorted(pathlib.Path(__file__).with_name("lib").glob("libbioanalytics.*"))


def _open() -> ctypes.CDLL:
    found = _candidates()
    if not found:
        raise ImportError(f"the bioanalytics package has no library in {pathlib.Path(__file__).with_name('lib')}: "
                          f"install it by pip, or name a built libbioanalytics.so in the variable {VARIABLE}")
    path = found[0]
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise ImportError(f"the bioanalytics library {path} does not load: {error}") from error
    _check(library, path)
    return library


def _check(library: ctypes.CDLL, path: pathlib.Path) -> None:
    """Before 1.0 the interface may change with the minor version, so that has to be the same too."""
    try:
        library.ba_version_text.restype = ctypes.c_char_p
        version, abi = library.ba_version_text().decode(), library.ba_abi_version()
        if abi != ABI or version.split(".")[:2] != __version__.split(".")[:2]:
            raise ImportError(f"{path} is version {version} with ABI {abi}; bioanalytics {__version__} needs "
                              f"{'.'.join(__version__.split('.')[:2])}.x with ABI {ABI}")
        _prototypes.declare(library)
    except AttributeError as error:
        raise ImportError(f"{path} is no library for bioanalytics {__version__}: {error}") from error


class _Calls:
    """The calls by name. The library is loaded by the first of them, so importing this package loads nothing."""

    _library: "ctypes.CDLL | None" = None

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("ba_"):
            raise AttributeError(name)
        if self._library is None:
            self._library = _open()
        call = getattr(self._library, name)
        setattr(self, name, call)  # the next look-up finds it at once
        return call

    def __reduce__(self) -> str:
        return "lib"  # by name: a pickle of what refers to it holds no pointer


lib: Any = _Calls()


def build_info() -> Dict[str, Any]:
    """Which library is in use: its path, version, ABI, compiler, CPU levels and optional parts.

    `left_out` names the parts that this build cannot use. Of the others htslib and BLAS are looked for when they are
    first needed, on the machine that runs this.
    """
    text = lib.ba_build_text().decode()
    return {"version": lib.ba_version_text().decode(), "abi": lib.ba_abi_version(), "package": __version__,
            "library": lib._library._name, "build": text, "left_out": re.findall(r"(\w+): no\b", text),
            "bundled": not os.environ.get(VARIABLE)}
