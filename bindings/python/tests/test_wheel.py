# SPDX-License-Identifier: MIT
"""What pip builds: from a source distribution, in an environment that has nothing, a wheel that works in another."""

import os
import re
import subprocess
import sys
import zipfile

import pytest

from conftest import HERE, run

MOST_BYTES = 3 << 20
pytest.importorskip("build")
KNOWN = {"libc.so.6", "libz.so.1", "libisal.so.2", "libdeflate.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}


def clean():
    """The environment without this package, its variable, and the compiler's cache of settings."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "BIOANALYTICS_LIBRARY")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    # `build` makes the source distribution, and the wheel from that alone, each in an environment of its own.
    run(sys.executable, "-m", "build", "--outdir", folder, HERE.parent,
        env={**clean(), "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count())})
    assert len(list(folder.glob("bioanalytics-*.tar.gz"))) == 1
    return next(folder.glob("*.whl"))


def test_one_wheel_for_every_python(wheel, capsys):
    assert re.fullmatch(r"bioanalytics-[\d.]+-py3-none-linux_\w+\.whl", wheel.name)
    names = zipfile.ZipFile(wheel).namelist()
    assert {"bioanalytics/py.typed", "bioanalytics/lib/libbioanalytics.so"} <= set(names)
    assert not [name for name in names if "tests" in name or name.endswith((".c", ".h"))]
    assert wheel.stat().st_size < MOST_BYTES
    with capsys.disabled():
        print(f"\n{wheel.name}: {wheel.stat().st_size} bytes")


def test_needed_libraries(wheel, tmp_path, capsys):
    zipfile.ZipFile(wheel).extract("bioanalytics/lib/libbioanalytics.so", tmp_path)
    said = run("readelf", "-d", tmp_path / "bioanalytics/lib/libbioanalytics.so")
    needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", said))
    assert needed <= KNOWN
    with capsys.disabled():
        print(f"needed: {' '.join(sorted(needed))}")


def test_it_works_where_nothing_else_is(wheel, tmp_path):
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    python = tmp_path / "empty/bin/python"
    run(python, "-m", "pip", "install", "-q", "--disable-pip-version-check", wheel, env=clean())
    code = ("import bioanalytics as b; i = b.build_info(); assert i['bundled'], i\n"
            "m = b.train('Kmer(k=2) | Logistic()', b.Dataset().add(['ACGTACGT', 'GGGGCCCC'] * 9, [0, 1] * 9))\n"
            "print(m.predict(['ACGTACGT', 'GGGGCCCC']).tolist())\n")
    done = subprocess.run([python, "-c", code], cwd=tmp_path, env=clean(), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    assert done.stdout == "['0', '1']\n", done.stderr
    listed = run(python, "-m", "pip", "list", "--format=freeze", env=clean())
    assert {line.split("==")[0] for line in listed.split()} <= {"bioanalytics", "numpy", "pip", "setuptools"}
