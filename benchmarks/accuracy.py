#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library reaches on published data sets, which stand beside the repository in ../shared/data.

usage: accuracy.py [--test] [SET...]

Settings are chosen in two steps, each on the dev rows where the set has them and else by cross-validation on the
training rows: the recipe at a middle penalty, then the penalty. Where there are dev rows, the linear model alone and
beside two averaged networks stand for choice in a third step. They are chosen by log loss, which is the least noisy;
for the CNNProm sets, where there are two to four negatives to a positive, the classes are balanced and MCC chooses.
Without --test the rows of the test part are not even given to `ba`. With --test the one chosen model scores them, and
the run is added to accuracy-log.tsv.
"""

import argparse
import csv
import datetime
import gzip
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
DATA = pathlib.Path(os.environ.get("BA_DATA", TOP.parent / "shared" / "data"))
BA = os.environ.get("BA", str(TOP / "build/release/ba"))
WORK = TOP / "build/bench"
LOG = TOP / "benchmarks/accuracy-log.tsv"

MOTIF = ["@motif", "Kmer(k=3..8, strand=canonical)", "Kmer(k=1..8, strand=canonical)"]
ANCHORED = ["@anchored", "PositionKmer(k=1..3)", "Kmer(k=1..6) + PositionKmer(k=1..4)"]
PROKARYOTE = ["@anchored", "Kmer(k=1..10) + PositionKmer(k=1..3)", "Kmer(k=4..10) + PositionKmer(k=2..5)",
              "PositionKmer(k=1..3)",
              "Kmer(k=4..8) + PositionKmer(k=2..5) + BinnedKmer(k=3..6, bins=8) + GappedKmer(k=3, gap=14..20)"]
PEPTIDE = ["@peptide", "Kmer(k=1, alphabet=protein)", "Kmer(k=1..3, alphabet=protein)", "@peptide + Length()",
           "@peptide + Kmer(k=2..4, alphabet=gaac)",
           "@peptide + BinnedKmer(k=1, bins=3, alphabet=protein) + Length() + "
           "PositionKmer(k=1, anchor=start, alphabet=protein) + PositionKmer(k=1, anchor=end, alphabet=protein)"]
LONG = ["Kmer(k=1..6)", "Kmer(k=1..6, strand=canonical)", "Kmer(k=1..8, strand=canonical)"]
METHYLATION = ["PositionKmer(k=1..3)", "Kmer(k=1..6) + PositionKmer(k=1..4)", "PositionKmer(k=1..5)"]
FEW = ["PositionKmer(k=1..2)", "PositionKmer(k=1..3)", "Kmer(k=1..3) + PositionKmer(k=1..3)"]
COLUMNS = ("date", "commit", "set", "recipe", "metric", "chosen_on", "chosen", "test", "test_rows", "test_not_in_train",
           "five_splits")
MIDDLE, PENALTIES = "1e-4", "1e-5,3e-5,1e-4,3e-4,1e-3,3e-3"


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


# Sets split here at random: five seeds say more than one.
SPLIT_HERE = ("cnnprom-promoters", "peptides")

# name: rows, recipes, metric, folds (0: dev rows), the folder it comes from
SETS = {
    "prom_core_tata": (lambda: gue("prom_core_tata"), ANCHORED, "mcc", 0, "gue"),
    "prom_300_tata": (lambda: gue("prom_300_tata"), ANCHORED, "mcc", 0, "gue"),
    "prom_core_all": (lambda: gue("prom_core_all"), ANCHORED, "mcc", 0, "gue"),
    "tf_0": (lambda: gue("tf_0"), MOTIF, "mcc", 0, "gue"),
    "tf_2": (lambda: gue("tf_2"), MOTIF, "mcc", 0, "gue"),
    "mouse_2": (lambda: gue("mouse_2"), MOTIF, "mcc", 0, "gue"),
    "ecoli": (lambda *seed: cnnprom("Ecoli_prom", "Ecoli_non_prom", *seed), PROKARYOTE, "mcc", 5, "cnnprom-promoters"),
    "bsubtilis": (lambda *seed: cnnprom("Bacillus_prom", "Bacillus_non_prom", *seed), PROKARYOTE, "mcc", 5,
                  "cnnprom-promoters"),
    "arabidopsis_tata": (lambda *seed: cnnprom("Arabidopsis_tata", "Arabidopsis_non_prom", *seed),
                         ANCHORED + ["PositionKmer(k=1..3) + BinnedKmer(k=3..6, bins=10)"], "mcc", 5,
                         "cnnprom-promoters"),
    "ienhancer": (ienhancer, MOTIF, "accuracy", 5, "ienhancer-2l"),
    "splice": (lambda: hold_out(uci("splice.data.gz", gzip.open), 0.1, 1), FEW, "accuracy", 10, "uci-molbio"),
    "antimicrobial": (lambda *seed: peptides("amp_iamp2l", *seed), PEPTIDE, "accuracy", 5, "peptides"),
    "haemolytic": (lambda *seed: peptides("hem_hemopi", *seed), PEPTIDE, "accuracy", 5, "peptides"),
    "cell_penetrating": (lambda *seed: peptides("cpp_mlcpp", *seed), PEPTIDE, "accuracy", 5, "peptides"),
    "5hmC_human": (lambda: methylation("5hmC_H.sapiens"), METHYLATION, "accuracy", 5, "dna-methylation-41bp"),
    "6mA_arabidopsis": (lambda: methylation("6mA_A.thaliana"), METHYLATION, "accuracy", 5, "dna-methylation-41bp"),
    "6mA_elegans": (lambda: methylation("6mA_C.elegans"), METHYLATION, "accuracy", 5, "dna-methylation-41bp"),
    "4mC_casuarina": (lambda: methylation("4mC_C.equisetifolia"), METHYLATION, "accuracy", 5, "dna-methylation-41bp"),
    "enhancers_cohn": (cohn, LONG, "accuracy", 5, "genomic-benchmarks"),
    "uci_promoters": (lambda: [row + ("train",) for row in uci("promoters.data", open)], FEW, "accuracy", 106,
                      "uci-molbio"),
}


def write_table(path, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["sequence", "label", "split"])
        out.writerows(rows)


def ba(*arguments):
    done = subprocess.run([BA, *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"ba {' '.join(arguments)}\n{done.stderr}")
    return json.loads(done.stdout)


def train(recipes, penalties, table, folds, choose_by, out):
    """The report of `ba train`, and the figures of the candidate that it kept."""
    arguments = ["train", "--labels", str(table), "--choose", choose_by, "--out", str(out)]
    if penalties:
        arguments += ["--l2", penalties]
    for recipe in recipes:
        arguments += ["--recipe", recipe]
    if folds:
        arguments += ["--cv", str(folds)]
    report = ba(*arguments)
    best = min if choose_by == "log_loss" else max
    kept = best(report["candidates"], key=lambda c: c["cv" if folds else "dev"][choose_by])
    return report, kept["cv" if folds else "dev"]


def choose(table, recipes, folds, folder, model):
    with open(table, newline="") as file:
        classes = {row["label"] for row in csv.DictReader(file)}
    term, choose_by = ("Logistic()" if len(classes) == 2 else "Softmax()"), "log_loss"
    if folder == "cnnprom-promoters":
        term, choose_by = "Logistic(class_weight=balanced)", "mcc"
    middle = "1e-3" if folder == "peptides" else MIDDLE  # few rows, and many columns a row
    first, _ = train([f"{recipe} | {term}" for recipe in recipes], middle, table, folds, choose_by, model)
    features = first["recipe"].split("|")[0]
    chosen = train([f"{features}| {term}"], PENALTIES, table, folds, choose_by, model)
    if folds:
        return chosen
    linear = chosen[0]["recipe"]
    network = ("OneHot() | Conv(width=13, pool=2, strand=max) | Conv(width=5)" if recipes is MOTIF else
               "OneHot() | Conv(width=13, pool=2) | Conv(width=5, bins=10)") + " | MLP(seeds=2)"
    last, kept = train([linear, f"{linear} & {network}"], None, table, folds, choose_by, model)
    for kind, candidate in zip(("linear", "ensemble"), last["candidates"]):
        dev = candidate["dev"]
        print(f"# {kind}: dev log loss {dev['log_loss']:.4f}, mcc {100 * dev['mcc']:.1f}, "
              f"{candidate['cpu_seconds']:.0f} CPU s", flush=True)
    return last, kept


def percent(metrics, metric):
    value = metrics[metric]
    return float("nan") if value is None else 100 * value


def interval(rows, share):
    """Half of the 95 % interval of an accuracy, in percent."""
    return 196 * math.sqrt(max(share * (1 - share), 0) / rows)


def commit():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=TOP, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or "unknown"


def add_to_log(lines):
    fresh = not LOG.exists()
    with open(LOG, "a") as file:
        if fresh:
            file.write("\t".join(COLUMNS) + "\n")
        file.writelines("\t".join(map(str, line)) + "\n" for line in lines)


def test_figures(name, rows, model, metric, table):
    """On the whole test part, and on the part whose sequences do not stand in the training rows too."""
    known = {sequence.upper() for sequence, _, part in rows if part == "train"}
    fresh = [row for row in rows if row[2] == "test" and row[0].upper() not in known]
    count = sum(row[2] == "test" for row in rows)
    whole = ba("eval", "--model", str(model), "--labels", str(table), "--part", "test")
    only = whole
    if len(fresh) < count:
        clean = WORK / f"{name}.fresh.csv"
        write_table(clean, fresh)
        only = ba("eval", "--model", str(model), "--labels", str(clean), "--part", "test")
    return percent(whole, metric), percent(only, metric), count, whole["accuracy"]


def five_splits(name, recipe, metric):
    """Mean and standard deviation of the test figure over five seeds of the split, all with the recipe that was chosen
    on the training rows of the first."""
    table, model, found = WORK / f"{name}.seed.csv", WORK / f"{name}.seed.ba", []
    for seed in range(1, 6):
        write_table(table, SETS[name][0](seed))
        ba("train", "--labels", str(table), "--recipe", recipe, "--out", str(model))
        found.append(percent(ba("eval", "--model", str(model), "--labels", str(table), "--part", "test"), metric))
    return statistics.mean(found), statistics.stdev(found)


def run(name, with_test, log):
    load, recipes, metric, folds, folder = SETS[name]
    if not (DATA / folder).is_dir():
        print(f"accuracy.{name} skipped no folder {folder} in the data beside the repository", flush=True)
        return
    rows = load()
    chosen_on = "leave-one-out" if folds == 106 else f"{folds}-fold" if folds else "dev"
    table, full, model = WORK / f"{name}.csv", WORK / f"{name}.all.csv", WORK / f"{name}.ba"
    write_table(table, [row for row in rows if row[2] != "test"])
    start = time.time()
    report, kept = choose(table, recipes, folds, folder, model)
    print(f"accuracy.{name}.{chosen_on}.{metric} {percent(kept, metric):.1f}")
    print(f"accuracy.{name}.fit_cpu_s {report['fit_cpu_seconds']:.2f}")
    print(f"# {name}: {report['recipe']} ({time.time() - start:.0f} s in all)", flush=True)
    if not with_test:
        return
    line = [datetime.date.today().isoformat(), commit(), name, report["recipe"], metric, chosen_on,
            f"{percent(kept, metric):.2f}"]
    if not any(row[2] == "test" for row in rows):
        log.append(line + ["", 0, "", ""])
        return
    write_table(full, rows)
    whole, only, count, accuracy = test_figures(name, rows, model, metric, full)
    print(f"accuracy.{name}.test.{metric} {whole:.1f}")
    print(f"accuracy.{name}.test_not_in_train.{metric} {only:.1f}")
    print(f"# {name}: {count} test rows, accuracy +-{interval(count, accuracy):.1f} at 95 %", flush=True)
    spread = ""
    if folder in SPLIT_HERE:
        mean, deviation = five_splits(name, report["recipe"], metric)
        print(f"accuracy.{name}.test_five_splits.{metric} {mean:.1f}", flush=True)
        spread = f"{mean:.2f} +- {deviation:.2f}"
    log.append(line + [f"{whole:.2f}", count, f"{only:.2f}", spread])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--test", action="store_true")
    parser.add_argument("sets", nargs="*", metavar="SET")
    options = parser.parse_args()
    unknown = [name for name in options.sets if name not in SETS]
    if unknown:
        parser.error(f"unknown set {unknown[0]}; known: {', '.join(SETS)}")
    WORK.mkdir(parents=True, exist_ok=True)
    log = []
    for name in options.sets or SETS:
        run(name, options.test, log)
    if log:
        add_to_log(log)


if __name__ == "__main__":
    sys.exit(main())
