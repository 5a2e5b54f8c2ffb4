# SPDX-License-Identifier: MIT
"""What pip builds: from a source distribution, in an environment that has nothing, a wheel that works in another."""

import json
import os
import pathlib
import re
import shlex
import subprocess
import sys
import zipfile

import pytest

from conftest import HERE, run

MOST_BYTES = 3 << 20
pytest.importorskip("build")
PORTABLE = os.environ.get("PORTABLE_WHEELS")
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


# Portable wheels, which ./dev test bindings makes before

SCORES = """
import json, sys
import bioanalytics as b
info, (model, sequences) = b.build_info(), sys.argv[1:]
model = b.Model.load(model, selftest=True)
print(json.dumps({"left_out": info["left_out"], "build": info["build"], "bundled": info["bundled"],
                  "scores": model.score(json.load(open(sequences)))[0][:, 0].tolist()}))
"""


def portable(processor):
    if not PORTABLE:
        pytest.skip("PORTABLE_WHEELS is not set")
    return next(pathlib.Path(PORTABLE).glob(f"*_{processor}.whl"))


@pytest.mark.parametrize("processor, machine", [("x86_64", "X86-64"), ("aarch64", "AArch64")])
def test_a_portable_wheel_asks_for_what_every_system_has(processor, machine, tmp_path):
    wheel = portable(processor)
    assert re.fullmatch(rf"bioanalytics-[\d.]+-py3-none-manylinux2014_{processor}\.manylinux_2_17_{processor}\.whl",
                        wheel.name)
    assert wheel.stat().st_size < MOST_BYTES
    zipfile.ZipFile(wheel).extractall(tmp_path)
    library = tmp_path / "bioanalytics/lib/libbioanalytics.so"
    assert machine in run("readelf", "-h", library)
    said = run("readelf", "-dW", library)
    assert set(re.findall(r"\(NEEDED\).*\[(.*)\]", said)) <= {"libc.so.6", "libdl.so.2", "libpthread.so.0", "libz.so.1"}
    assert not re.search("RPATH|RUNPATH", said)
    versions = re.findall(r"GLIBC_(\d+)\.(\d+)", run("readelf", "-VW", library))
    assert versions and max((int(major), int(minor)) for major, minor in versions) <= (2, 17)


def check_scores(said, told, level):
    found = json.loads(said)
    assert found["scores"] == told[0][:len(found["scores"])] and len(found["scores"]) >= 500
    assert found["left_out"] == ["isal", "libdeflate"] and level in found["build"] and found["bundled"]


def test_a_portable_wheel_scores_as_the_command_line(model_file, strangers, told, tmp_path):
    wheel = portable("x86_64")
    run(sys.executable, "-m", "venv", tmp_path / "empty")
    run(tmp_path / "empty/bin/pip", "install", "-q", "--disable-pip-version-check", wheel, env=clean())
    (tmp_path / "sequences.json").write_text(json.dumps(strangers))
    check_scores(run(tmp_path / "empty/bin/python", "-c", SCORES, model_file, tmp_path / "sequences.json", env=clean()),
                 told, "avx512")


def test_a_portable_wheel_of_aarch64_scores_as_the_command_line(model_file, strangers, told, tmp_path):
    """Debian's Python of arm64, by qemu."""
    wheel = portable("aarch64")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    (tmp_path / "sequences.json").write_text(json.dumps(strangers[:500]))
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{SCORES}"
    check_scores(run(*shlex.split(os.environ["ARM_PYTHON"]), "-c", code, model_file, tmp_path / "sequences.json",
                     env=clean()), told, "neon")
