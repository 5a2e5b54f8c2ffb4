# SPDX-License-Identifier: MIT
"""What the tests of the Python package share: the built library and program, and seeded sequences and models.

`./dev test bindings` runs them; by hand: BIOANALYTICS_LIBRARY=.../libbioanalytics.so BA=.../ba python -m pytest tests
"""

import os
import pathlib
import random
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parents[2]
PACKAGE = HERE.parent / "src"
sys.path[:0] = [str(PACKAGE), str(HERE)]
os.environ["PYTHONPATH"] = os.pathsep.join([str(PACKAGE), str(HERE)])  # of the processes that tests start
os.environ.setdefault("BA", str(TOP / "build/release/ba"))
os.environ.setdefault("BIOANALYTICS_LIBRARY", str(TOP / "build/release/src/libbioanalytics.so"))


def run(*command, **options):
    """Runs a command and returns its standard output; a failure shows all that it said."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False, **options)
    assert done.returncode == 0, f"{command}\nexit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def sequences_of(seed, count, least=150, most=250, letters="ACGT", motif="", odd=0.0):
    """Random sequences, with a motif at a random place; `odd` is the share of letters that become N."""
    numbers, found = random.Random(seed), []
    for _ in range(count):
        text = [numbers.choice("Nnacgt") if numbers.random() < odd else x
                for x in numbers.choices(letters, k=numbers.randint(least, most))]
        at = numbers.randrange(len(text) - len(motif) + 1)
        text[at:at + len(motif)] = motif
        found.append("".join(text))
    return found


@pytest.fixture(scope="session")
def ba():
    return pathlib.Path(os.environ["BA"]).resolve()


@pytest.fixture(scope="session")
def labelled():
    """(sequences, labels) of two classes, one with a motif."""
    return (sequences_of(1, 600) + sequences_of(2, 600, motif="TATAAAGGC"), [0] * 600 + [1] * 600)


@pytest.fixture(scope="session")
def strangers():
    """10,000 sequences that no model has seen, odd letters and lower case among them."""
    return sequences_of(3, 10_000, least=30, most=200, odd=0.01)


def fasta(path, sequences, name="s"):
    path.write_text("".join(f">{name}{i}\n{letters}\n" for i, letters in enumerate(sequences)))
    return path


@pytest.fixture(scope="session")
def model_file(ba, labelled, tmp_path_factory):
    """A model that the command line trained: words on both strands and a hidden layer over columns."""
    folder = tmp_path_factory.mktemp("model")
    sequences, labels = labelled
    negative = fasta(folder / "neg.fa", [s for s, y in zip(sequences, labels) if not y])
    positive = fasta(folder / "pos.fa", [s for s, y in zip(sequences, labels) if y])
    run(ba, "train", "--recipe", "Kmer(k=3..6, strand=canonical) | Logistic()", "--pos", positive, "--neg", negative,
        "--out", folder / "m.ba")
    return folder / "m.ba"


@pytest.fixture(scope="session")
def told(ba, model_file, strangers, tmp_path_factory):
    """(scores, probabilities) that the command line gives the strangers, as texts of 17 digits."""
    path = fasta(tmp_path_factory.mktemp("told") / "strangers.fa", strangers)
    lines = run(ba, "predict", "--model", model_file, path).splitlines()
    columns = lines[0].split("\t")
    rows = [dict(zip(columns, line.split("\t"))) for line in lines[1:]]
    assert len(rows) == len(strangers)
    return [float(row["score"]) for row in rows], [float(row["probability"]) for row in rows]
