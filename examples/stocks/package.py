# SPDX-License-Identifier: MIT
"""python -m stocks.package FOLDER: function.zip and layer.zip for Lambda; its handler is stocks.handler.handler.

The layer holds NumPy, the Python package and the library of this build; for Lambda take those of Amazon Linux instead:
`pip install --target python WHEEL` with the wheel of `./dev wheel`."""

import importlib.util
import sys
import zipfile
from pathlib import Path

import bioanalytics

EXAMPLES = Path(__file__).resolve().parent.parent
FUNCTION = ("stocks/__init__.py", "stocks/handler.py", "stocks/analytics.py", "ports/__init__.py", "ports/alert.py",
            "ports/sql.py", "ports/store.py", "ports/table.py")
LEFT_OUT = {"__pycache__", "tests", "include", "f2py"}  # of NumPy: what only tests and builds use


def build(folder):
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "function.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in FUNCTION:
            archive.write(EXAMPLES / name, name)
    with zipfile.ZipFile(folder / "layer.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        ours = Path(bioanalytics.__file__).parent
        for path in sorted(ours.glob("*.py")):
            archive.write(path, f"python/bioanalytics/{path.name}")
        archive.write(Path(bioanalytics.build_info()["library"]).resolve(),
                      "python/bioanalytics/lib/libbioanalytics.so")
        numpy = Path(importlib.util.find_spec("numpy").origin).parent
        for path in sorted([*numpy.rglob("*"), *(numpy.parent / "numpy.libs").glob("*")]):
            name = path.relative_to(numpy.parent)
            if path.is_file() and path.suffix not in (".pyi", ".a") and not LEFT_OUT & set(name.parts):
                archive.write(path, f"python/{name}")
    return [folder / "function.zip", folder / "layer.zip"]


if __name__ == "__main__":
    for made in build(Path(sys.argv[1])):
        print(f"{made} {made.stat().st_size / 1e6:.1f} MB")
