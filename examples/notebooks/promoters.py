# SPDX-License-Identifier: MIT
"""Promoters for the notebooks: real ones of the fly if `./dev demo` has prepared them, else made-up ones.

A promoter is the 250 bases before the start of a gene; what it is told from are the 250 bases that begin 2,000 before
the start. Chromosome X is set aside for the test.
"""

import csv
import os
import pathlib
from typing import List, NamedTuple, Tuple

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
PREPARED = pathlib.Path(os.environ.get("BA_DEMO_OUT") or HERE.parents[1] / "build" / "demo")
ARMS = ("2L", "2R", "3L", "3R")


class Rows(NamedTuple):
    sequences: List[str]
    labels: List[str]  # "promoter" or "upstream"
    arms: List[str]


class Promoters(NamedTuple):
    train: Rows
    test: Rows  # of chromosome X
    genes: List[Tuple[str, str]]  # name and the 2,000 bases before each gene on X
    origin: str  # a sentence on where all this is from


def load(most: int = 4000) -> Promoters:
    """At most so many training rows, half of them promoters, and a third as many for the test."""
    if all((PREPARED / name).exists() for name in ("train.tsv", "test.tsv", "x_genes.fa")):
        return Promoters(_read(PREPARED / "train.tsv", most), _read(PREPARED / "test.tsv", most // 3),
                         _genes(PREPARED / "x_genes.fa", most // 6),
                         "Real promoters of Drosophila melanogaster (dm3), as `./dev demo` prepares them.")
    random = np.random.default_rng(7)
    genes = [(f"gene{i + 1}", _upstream(random)) for i in range(most // 2 + most // 6)]
    arms = [ARMS[i] for i in random.integers(0, 4, most // 2)]
    rows = [_rows([letters for _, letters in part], arm)
            for part, arm in ((genes[:most // 2], arms), (genes[most // 2:], ["X"] * (most // 6)))]
    return Promoters(*rows, genes[most // 2:],
                     "MADE-UP SEQUENCES, as `./dev demo` has not prepared the real ones here: letters by chance, and "
                     "before each gene, more often than by chance, a TATA box, a DRE and GAGA repeats.")


def _read(path: pathlib.Path, most: int) -> Rows:
    """The two rows of a gene stand together, and either both are taken or none."""
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    step = max(1, len(rows) // most)
    rows = [row for i, row in enumerate(rows) if i // 2 % step == 0][:most]
    return Rows([row["sequence"] for row in rows], ["promoter" if row["label"] == "1" else "upstream" for row in rows],
                [row["group"] for row in rows])


def _genes(path: pathlib.Path, most: int) -> List[Tuple[str, str]]:
    records = [record.partition("\n") for record in path.read_text().split(">")[1:]]
    step = max(1, len(records) // most)
    return [(name.split("_up_")[0], letters.replace("\n", "")) for name, _, letters in records[::step][:most]]


def _rows(genes: List[str], arms: List[str]) -> Rows:
    return Rows([part for letters in genes for part in (letters[-250:], letters[:250])],
                ["promoter", "upstream"] * len(genes), [arm for arm in arms for _ in range(2)])


def _upstream(random: np.random.Generator) -> str:
    """2,000 bases before a gene that nobody has ever seen."""
    letters = random.choice(list("ACGT"), size=2000, p=[0.29, 0.21, 0.21, 0.29])
    letters[1750:] = random.choice(list("ACGT"), size=250, p=[0.27, 0.23, 0.23, 0.27])
    for motif, chance, first, last in (("TATAAA", 0.45, 1963, 1970), ("TATCGATA", 0.35, 1800, 1950),
                                       ("GAGAGAGAG", 0.4, 1760, 1980)):
        if random.random() < chance:
            place = int(random.integers(first, last))
            kept = random.random(len(motif)) < 0.93
            letters[place:place + len(motif)] = np.where(kept, list(motif), letters[place:place + len(motif)])
    return "".join(letters)
