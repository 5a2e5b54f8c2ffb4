# SPDX-License-Identifier: MIT
"""What the tests of the program share: running it, and made-up sequences."""

import os
import pathlib
import random
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BA = os.path.abspath(os.environ.get("BA", ROOT / "build" / "release" / "ba"))
if not os.access(BA, os.X_OK):
    pytest.exit(f"there is no program at {BA}; build it, or set BA", returncode=2)
COMMANDS = ("stats", "cut", "convert", "index", "split", "features", "describe", "pca", "train", "learn", "eval", "calibrate",
            "predict", "scan", "mutate", "explain", "info", "export", "selftest", "help")
RECIPE = "Kmer(k=1..3) | Logistic(l2=1e-3)"
COMPLEMENT = str.maketrans("ACGTacgtNn", "TGCAtgcaNn")


def ba(*arguments, cwd=None, data=None, text=True):
    """Run ba; standard input is empty unless data are given."""
    if data is None:
        data = "" if text else b""
    return subprocess.run([BA, *map(str, arguments)], cwd=cwd, input=data, capture_output=True, text=text, timeout=300,
                          check=False)


def ok(*arguments, **keywords):
    done = ba(*arguments, **keywords)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fails(code, pattern, *arguments, **keywords):
    """The command ends with the code and prints one line that matches, and nothing on standard output."""
    done = ba(*arguments, **keywords)
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout in ("", b"")
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(f"ba {arguments[0]}: "), done.stderr
    assert re.search(pattern, done.stderr), done.stderr
    return done.stderr


def listing(folder):
    return sorted(os.listdir(folder))


def table(text):
    rows = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(rows[0], row)) for row in rows[1:]]


def sequences(seed, count, length, words):
    """Random letters, each sequence with one of the words put in at a random place."""
    source = random.Random(seed)
    result = []
    for _ in range(count):
        letters = [source.choice("ACGT") for _ in range(length)]
        word = source.choice(words)
        at = source.randrange(length - len(word) + 1)
        letters[at:at + len(word)] = word
        result.append("".join(letters))
    return result


def fasta(items, prefix="s"):
    return "".join(f">{prefix}{i} number {i}\n{item}\n" for i, item in enumerate(items))
