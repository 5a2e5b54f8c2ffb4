# SPDX-License-Identifier: MIT
"""What the tests of this folder share: the build under test, an installed tree, and made-up sequences."""

import collections
import gzip
import os
import pathlib
import random
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


def run(*command, **options):
    """Runs a command and returns its standard output; a failure shows all that it said."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def sequence(source, length, motif=""):
    """Random bases, with a motif at a random place."""
    bases = "".join(source.choices("ACGT", k=length - len(motif)))
    at = source.randrange(len(bases) + 1)
    return bases[:at] + motif + bases[at:]


@pytest.fixture(scope="session")
def build_dir():
    """The folder of the build under test: that of the program in the environment variable BA."""
    folder = pathlib.Path(os.environ.get("BA", TOP / "build" / "release" / "ba")).resolve().parent
    assert (folder / "CMakeCache.txt").exists(), f"{folder} is no build: run ./dev build"
    return folder


@pytest.fixture(scope="session")
def shared_library(build_dir):
    return build_dir / "src" / "libbioanalytics.so"


@pytest.fixture(scope="session")
def static_library(build_dir):
    return build_dir / "src" / "libbioanalytics.a"


Installed = collections.namedtuple("Installed", "prefix ba library environment")


@pytest.fixture(scope="session")
def installed(build_dir, tmp_path_factory):
    """An installed tree, moved after it was installed: nothing in it may know where it was first."""
    first = tmp_path_factory.mktemp("install") / "first"
    run("cmake", "--install", build_dir, "--prefix", first)
    prefix = first.with_name("moved")
    shutil.move(first, prefix)
    library = next(prefix.glob("lib/**/libbioanalytics.so")).parent
    environment = dict(os.environ, PATH=f"{prefix / 'bin'}:{os.environ['PATH']}",
                       PKG_CONFIG_PATH=str(library / "pkgconfig"), LD_LIBRARY_PATH=str(library))
    return Installed(prefix, prefix / "bin" / "ba", library, environment)


@pytest.fixture(scope="session")
def data(installed, tmp_path_factory):
    """A folder of the files that the documents speak of: sequences, reads, labelled tables and a model."""
    folder = tmp_path_factory.mktemp("data")
    source = random.Random(20)
    positive = [sequence(source, 120, "TATAAAAGGC") for _ in range(400)]
    negative = [sequence(source, 120) for _ in range(400)]
    for name, records in (("promoters", positive), ("background", negative)):
        (folder / f"{name}.fa").write_text("".join(f">{name}{i}\n{s}\n" for i, s in enumerate(records)))
    rows = [f"{name}{i}\t{s}\t{label}\n" for label, name, records in
            ((1, "p", positive), (0, "n", negative)) for i, s in enumerate(records)]
    source.shuffle(rows)
    header = "name\tsequence\tlabel\n"
    (folder / "train.tsv").write_text(header + "".join(rows[:600]))
    (folder / "test.tsv").write_text(header + "".join(rows[600:]))
    with gzip.open(folder / "reads.fastq.gz", "wt") as reads:
        for i in range(200):
            reads.write(f"@read{i}\n{sequence(source, 100)}\n+\n{'I' * 100}\n")
    run(installed.ba, "train", "--recipe", "@motif | Logistic()", "--labels", folder / "train.tsv",
        "--out", folder / "model.ba", env=installed.environment)
    return folder
