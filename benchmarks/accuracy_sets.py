# SPDX-License-Identifier: MIT
"""The sets of accuracy.py: where their rows are, what is tried on them, and what others have published.

Published figures are those of the notes beside the data; a * marks one that was quoted from memory there.
"""

import csv
import dataclasses
import gzip
import os
import pathlib
import random
import typing

TOP = pathlib.Path(__file__).resolve().parents[1]
DATA = pathlib.Path(os.environ.get("BA_DATA", TOP.parent / "shared" / "data"))

GAPPED = "Kmer(k=3..8, strand=canonical) + GappedKmer(k=4, gap=1..4, strand=canonical)"
MOTIF = ["@motif", "Kmer(k=3..8, strand=canonical)", GAPPED]
ANCHORED = ["@anchored", "PositionKmer(k=1..3)", "Kmer(k=1..6) + PositionKmer(k=1..4)",
            "PositionKmer(k=1..4) + BinnedKmer(k=3..6, bins=10)", "PositionKmer(k=1..4) + BinnedKmer(k=3..6, bins=20)"]
# The boxes at -35 and -10 of a bacterial promoter, 14 to 20 letters apart.
BOXES = "GappedKmer(k=3, gap=14..20)"
PROKARYOTE = ["PositionKmer(k=1..3)", "Kmer(k=4..10) + PositionKmer(k=2..5)",
              "Kmer(k=4..10) + PositionKmer(k=2..5) + BinnedKmer(k=3..6, bins=8) + GappedKmer(k=3, gap=0..6) + "
              f"{BOXES}",
              f"Kmer(k=4..8) + PositionKmer(k=2..5) + BinnedKmer(k=3..6, bins=8) + {BOXES}",
              "Kmer(k=4..8) + PositionKmer(k=2..5) + BinnedKmer(k=3..6, bins=4) + BinnedKmer(k=3..6, bins=8) + "
              f"BinnedKmer(k=2..5, bins=16) + {BOXES}"]
PEPTIDE = ["@peptide", "Kmer(k=1, alphabet=protein)", "Kmer(k=1..3, alphabet=protein)", "@peptide + Length()",
           "@peptide + Kmer(k=2..4, alphabet=gaac)",
           "@peptide + BinnedKmer(k=1, bins=3, alphabet=protein) + Length() + "
           "PositionKmer(k=1, anchor=start, alphabet=protein) + PositionKmer(k=1, anchor=end, alphabet=protein)"]
LONG = ["Kmer(k=1..6)", "Kmer(k=1..6, strand=canonical)", "Kmer(k=1..8, strand=canonical)",
        "Kmer(k=1..6, strand=canonical) + GappedKmer(k=2..3, gap=1..3, strand=canonical)"]
METHYLATION = ["PositionKmer(k=1..3)", "Kmer(k=1..6) + PositionKmer(k=1..4)", "PositionKmer(k=1..5)",
               "PositionKmer(k=1..5) + BinnedKmer(k=1..4, bins=8)"]
FEW = ["PositionKmer(k=1..2)", "PositionKmer(k=1..3)", "Kmer(k=1..3) + PositionKmer(k=1..3)",
       "PositionKmer(k=1..4) + BinnedKmer(k=2..4, bins=10)"]

# Networks to stand beside a linear model: motifs anywhere, and sequences aligned at a site.
ANYWHERE = "OneHot() | Conv(width=13, pool=2, strand=max) | Conv(width=5) | "
ALIGNED = "OneHot() | Conv(width=13, pool=2) | Conv(width=5, bins=10) | "


def rows_of_csv(path):
    with gzip.open(path, "rt", newline="") as file:
        return [(row["sequence"], row["label"]) for row in csv.DictReader(file)]


def rows_of_fasta(path, label):
    """The headers may be empty; sequences may stand on several lines."""
    found, letters = [], None
    with gzip.open(path, "rt") as file:
        for line in file:
            if line.startswith(">"):
                if letters:
                    found.append((letters, label))
                letters = ""
            elif letters is not None:
                letters += line.strip()
    return found + ([(letters, label)] if letters else [])


def hold_out(rows, share, seed):
    """Marks a share of every class as test, by a seeded shuffle of the rows in their order."""
    parts = ["train"] * len(rows)
    numbers = random.Random(seed)
    for label in sorted({label for _, label in rows}):
        own = [i for i, row in enumerate(rows) if row[1] == label]
        numbers.shuffle(own)
        for i in own[:round(share * len(own))]:
            parts[i] = "test"
    return [(sequence, label, part) for (sequence, label), part in zip(rows, parts)]


def gue(name):
    return [row + (part,) for part in ("train", "dev", "test")
            for row in rows_of_csv(DATA / "gue" / name / f"{part}.csv.gz")]


def cnnprom(positive, negative, seed=1):
    folder = DATA / "cnnprom-promoters"
    return hold_out(rows_of_fasta(folder / f"{positive}.fa.gz", "1") + rows_of_fasta(folder / f"{negative}.fa.gz", "0"),
                    0.2, seed)


def ienhancer():
    found = []
    for part, name in (("train", "train"), ("test", "independent")):
        with gzip.open(DATA / f"ienhancer-2l/{name}.tsv.gz", "rt", newline="") as file:
            found += [(row[0], row[1], part) for row in csv.reader(file, delimiter="\t")]
    return found


def uci(path, opener):
    with opener(DATA / "uci-molbio" / path, "rt") as file:
        return [(fields[2].strip(), fields[0].strip()) for fields in csv.reader(file) if len(fields) == 3]


def peptides(name, seed=1):
    folder = DATA / "peptides" / name
    labels = (folder / "classes.txt").read_text().split()
    rows = rows_of_fasta(folder / "seqs.fasta.gz", None)
    assert len(rows) == len(labels), f"{name}: {len(rows)} sequences, {len(labels)} labels"
    return hold_out([(sequence, label) for (sequence, _), label in zip(rows, labels)], 0.2, seed)


def methylation(name):
    found = []
    for part in ("train", "test"):
        with gzip.open(DATA / "dna-methylation-41bp" / name / f"{part}.tsv.gz", "rt", newline="") as file:
            found += [(row["text"], row["label"], part) for row in csv.DictReader(file, delimiter="\t")]
    return found


def cohn(seed=1):
    """70 to 30 of the official test part: not the official task."""
    with gzip.open(DATA / "genomic-benchmarks/human_enhancers_cohn.test.tsv.gz", "rt", newline="") as file:
        return hold_out([(row["seq"], row["label"]) for row in csv.DictReader(file, delimiter="\t")], 0.3, seed)


@dataclasses.dataclass(frozen=True)
class Set:
    """One task. `best` is the best published figure, in percent, by the metric; `peer` says whose it is."""
    load: typing.Callable
    recipes: list
    metric: str
    folds: int  # 0: there are dev rows
    folder: str
    network: str = ""
    peer: str = ""
    best: float = float("nan")
    others: str = ""
    goals: tuple = ()  # must, good, beyond
    official: bool = True  # the published figure is of the same test rows
    splits: int = 1  # where the split is made here, several say more than one
    tried: str = ""  # what else was tried, for where the figure is below the best


def left_out(rows):
    """One split a row: that row is the test part."""
    return lambda number: [row + ("test" if i == number else "train",) for i, row in enumerate(rows)]


SETS = {
    "uci_promoters": Set(
        lambda number=1: left_out(uci("promoters.data", open))(number - 1), FEW, "accuracy", 10, "uci-molbio",
        peer="KBANN, 4 errors*", best=96.2, others="backprop 92.5*", splits=106),
    "splice": Set(
        lambda: hold_out(uci("splice.data.gz", gzip.open), 0.1, 1), FEW, "accuracy", 10, "uci-molbio",
        peer="KBANN*", best=93.7, goals=(95, 96.5, 97), official=False),
    "4mC_casuarina": Set(lambda: methylation("4mC_C.equisetifolia"), METHYLATION, "accuracy", 5,
                         "dna-methylation-41bp", ALIGNED),
    "5hmC_human": Set(lambda: methylation("5hmC_H.sapiens"), METHYLATION, "accuracy", 5, "dna-methylation-41bp",
                      ALIGNED),
    "6mA_elegans": Set(lambda: methylation("6mA_C.elegans"), METHYLATION, "accuracy", 5, "dna-methylation-41bp",
                      ALIGNED),
    "antimicrobial": Set(
        lambda seed=1: peptides("amp_iamp2l", seed), PEPTIDE, "accuracy", 5, "peptides", peer="iAMP-2L", best=92.2,
        goals=(89,), official=False, splits=5),
    "haemolytic": Set(
        lambda seed=1: peptides("hem_hemopi", seed), PEPTIDE, "accuracy", 5, "peptides", peer="HemoPI-1", best=95.0,
        official=False, splits=5),
    "cell_penetrating": Set(lambda seed=1: peptides("cpp_mlcpp", seed), PEPTIDE, "accuracy", 5, "peptides", splits=5),
    "bsubtilis": Set(
        lambda seed=1: cnnprom("Bacillus_prom", "Bacillus_non_prom", seed), PROKARYOTE, "mcc", 5, "cnnprom-promoters",
        ALIGNED, "CNNProm", 86.0, goals=(82, 84, 86), official=False, splits=5),
    "ecoli": Set(
        lambda seed=1: cnnprom("Ecoli_prom", "Ecoli_non_prom", seed), PROKARYOTE, "mcc", 5, "cnnprom-promoters",
        ALIGNED, "CNNProm", 84.0, goals=(84, 85, 88), official=False, splits=5),
    "arabidopsis_tata": Set(
        lambda seed=1: cnnprom("Arabidopsis_tata", "Arabidopsis_non_prom", seed), ANCHORED[1:], "mcc", 5,
        "cnnprom-promoters", ALIGNED, "CNNProm", 91.0, goals=(91, 93, 95), official=False, splits=5),
    "ienhancer": Set(
        ienhancer, MOTIF + ["GappedKmer(k=3..4, gap=0..6, strand=canonical)"], "accuracy", 5, "ienhancer-2l", ANYWHERE,
        "iEnhancer-ELM", 83.0, "5Step 79.0, ECNN 76.9, iEnhancer-2L 73.0", (75, 76, 80),
        tried="On 21 November 2026, l2 1e-3, log loss of fivefold cross-validation: `@motif` 0.476, with `@conv` "
              "beside it 0.481; `Kmer(k=1..8, strand=canonical)` 0.478, with `GappedKmer(k=2..4, gap=0..6)` 0.478; "
              "`GappedKmer(k=3..4, gap=0..6)` alone 0.474. iEnhancer-ELM is an ensemble of pretrained networks."),
    "enhancers_cohn": Set(
        cohn, LONG, "accuracy", 5, "genomic-benchmarks", ANYWHERE, "HyenaDNA", 74.2, "CNN 69.5", official=False),
    "mouse_2": Set(lambda: gue("mouse_2"), MOTIF, "mcc", 0, "gue", ANYWHERE, "DNABERT-2*", 79.3,
                   "DNABERT 6-mer 71.4*", (82, 87, 89)),
    "prom_core_tata": Set(lambda: gue("prom_core_tata"), ANCHORED, "mcc", 0, "gue", ALIGNED, "VQDNA", 78.5,
                          "DNABERT-2 74.2, NT-2500M 69.7", (78, 82, 85)),
    "prom_300_tata": Set(lambda: gue("prom_300_tata"), ANCHORED, "mcc", 0, "gue", ALIGNED, "NT-multi*", 79.4,
                         "DNABERT-2 71.6*"),
    "tf_2": Set(lambda: gue("tf_2"), MOTIF, "mcc", 0, "gue", ANYWHERE, "VQDNA", 66.9,
                "DNABERT-2 66.5, NT-2500M 58.7", (65, 70, 73)),
    "tf_0": Set(lambda: gue("tf_0"), MOTIF, "mcc", 0, "gue", ANYWHERE, "VQDNA", 72.5,
                "DNABERT-2 72.0, NT-2500M 66.3", (64, 68, 72),
                tried="On 21 November 2026, log loss on dev: `@motif` 0.420, with two networks beside it 0.421; "
                      "`GappedKmer(k=4, gap=1..4)` beside `Kmer(k=3..8)` 0.419, `GappedKmer(k=4..5, gap=1..6)` 0.423."),
    "6mA_arabidopsis": Set(lambda: methylation("6mA_A.thaliana"), METHYLATION, "accuracy", 5, "dna-methylation-41bp",
                           ALIGNED),
    "prom_core_all": Set(lambda: gue("prom_core_all"), ANCHORED, "mcc", 0, "gue", ALIGNED, "VQDNA", 71.0,
                         "DNABERT-2 69.4, NT-2500M 67.4", (62, 67, 70)),
}
