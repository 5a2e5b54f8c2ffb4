#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library reaches on published data sets, which stand beside the repository in ../shared/data.

usage: accuracy.py [--test] [--logged] [--resume] [--table] [--docs] [SET...]

Settings are chosen without the test rows, which `ba train` is not even given: first the features at a middle penalty,
then the penalty, each on the dev rows where the set has them and else by cross-validation on the training rows; then,
by cross-validation on the training rows, the linear model alone or with a network beside it. What wins gets two
networks. They are chosen by log loss, which is the least noisy; for the CNNProm sets, where there are two to four
negatives to a positive, the classes are balanced and MCC chooses. Where the split is made here there are several, and
each chooses anew; whether a network helps is asked on the first alone.

--test lets the model that was chosen score the test rows; what is new goes into accuracy-log.tsv. Each set that is
done goes into build/bench/accuracy.jsonl at once: --resume leaves out those that stand there, --table trains nothing
and prints those, --docs puts the table into docs/benchmarks.md. --logged chooses nothing: it trains what the last run
in the log chose, and the table says whose choice that was.
"""

import argparse
import collections
import csv
import datetime
import json
import math
import os
import re
import resource
import statistics
import subprocess
import sys

import accuracy_table
from accuracy_sets import DATA, SETS, TOP

BA = os.environ.get("BA", str(TOP / "build/release/ba"))
WORK = TOP / "build/bench"
RESULTS = WORK / "accuracy.jsonl"
LOG = TOP / "benchmarks/accuracy-log.tsv"
COLUMNS = ("date", "commit", "set", "recipe", "metric", "chosen_on", "chosen", "test", "test_rows",
           "test_not_in_train", "splits", "low", "high", "test_low_overlap", "two_mers")
MIDDLE, PENALTIES = "1e-4", ("1e-5", "3e-5", "1e-4", "3e-4", "1e-3", "3e-3", "1e-2")
NETWORK_FOLDS = 3
# Keys as a canonical recipe has them when nobody asked for anything else.
DEFAULTS = re.compile(r"(, )?\b(strand=forward|value=sqrt|norm=l2|slots=1048576|ambiguous=skip|quality=ignore|"
                      r"alphabet=dna|anchor=none|l1=0|solver=lbfgs|tol=0.001|max_iter=300|memory=10|epochs=(20|0)|"
                      r"rate=[0-9.]+|patience=3|class_weight=none|filters=96|pool=1|bins=1|hidden=64|dropout=0.4|"
                      r"batch=64|decay=0.2|smoothing=0)(?=[,)])")
RESAMPLES = "1000"


class Cost:
    """CPU seconds of the programs that were run, by kind of work, and the most memory that one of them held."""

    def __init__(self):
        self.seconds, self.peak = collections.Counter(), 0

    def ba(self, kind, *arguments):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run([BA, *arguments, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode:
            raise SystemExit(f"ba {' '.join(arguments)}\n{done.stderr}")
        report = json.loads(done.stdout)
        self.seconds[kind] += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        self.peak = max(self.peak, report.get("peak_memory_bytes", 0))
        return report

    def train(self, kind, recipes, table, out, penalties=None, folds=0, choose_by="log_loss"):
        arguments = ["train", "--labels", str(table), "--choose", choose_by, "--out", str(out)]
        arguments += ["--l2", penalties] if penalties else []
        arguments += ["--cv", str(folds)] if folds else []
        for recipe in recipes:
            arguments += ["--recipe", recipe]
        return self.ba(kind, *arguments)


def write_table(path, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["sequence", "label", "split"])
        out.writerows(rows)


def percent(metrics, metric):
    value = metrics[metric]
    return float("nan") if value is None else 100 * value


def candidates_of(report, task, choose_by):
    """Their recipes, what they are chosen by (smaller is better), and the figure of the set."""
    found = []
    for candidate in report["candidates"]:
        part = candidate.get("cv") or candidate.get("dev")
        if part:
            value = part[choose_by] if choose_by == "log_loss" else -part[choose_by]
            found.append({"recipe": candidate["recipe"], "value": value, "figure": percent(part, task.metric)})
    return found


def choose_penalty(features, middle, first, fit):
    """Goes from the middle penalty to either side while that is better; `fit` gives the candidates of penalties."""
    def value(at):
        return known[at]["value"]
    known, best = {PENALTIES.index(middle): first}, PENALTIES.index(middle)
    while True:
        fresh = [at for at in (best - 1, best + 1) if 0 <= at < len(PENALTIES) and at not in known]
        if not fresh:
            return known[best], [known[at] for at in sorted(known)]
        found = fit(features, ",".join(PENALTIES[at] for at in fresh))
        known.update({at: next(c for c in found if f"l2={PENALTIES[at]})" in c["recipe"]) for at in fresh})
        best = min([best] + fresh, key=value)


def choose_linear(task, table, model, cost):
    """The candidate with the best features and penalty, fitted to `model`, and what was tried."""
    with open(table, newline="") as file:
        classes = {row["label"] for row in csv.DictReader(file)}
    term, choose_by = ("Logistic()" if len(classes) == 2 else "Softmax()"), "log_loss"
    if task.folder == "cnnprom-promoters":
        term, choose_by = "Logistic(class_weight=balanced)", "mcc"
    middle = "1e-3" if task.folder == "peptides" else MIDDLE  # few rows, and many columns a row

    def fit(arms, penalties):
        report = cost.train("linear", [f"{features} | {term}" for features in arms], table, model, penalties,
                               task.folds, choose_by)
        return candidates_of(report, task, choose_by)

    arms = fit(task.recipes, middle)
    first = min(arms, key=lambda c: c["value"])
    kept, penalties = choose_penalty([first["recipe"].rsplit(" | ", 1)[0]], middle, first, fit)
    canonical = cost.train("linear", [kept["recipe"]], table, model)["recipe"]
    return {"recipe": kept["recipe"], "canonical": canonical, "on": f"{task.folds}-fold" if task.folds else "dev",
            "by": choose_by, "chosen": kept["figure"], "tried": arms + [c for c in penalties if c is not first]}


def add_network(task, chosen, table, model, cost):
    """Asks the training rows whether a network helps; then the model becomes one with two of them."""
    balanced = ", class_weight=balanced" if chosen["by"] == "mcc" else ""
    linear = chosen["recipe"]
    recipes = [linear, f"{linear} & {task.network}MLP(seeds=1{balanced})"]
    other = WORK / "accuracy.other.ba"
    report = cost.train("network", recipes, table, other, None, NETWORK_FOLDS, chosen["by"])
    tried = candidates_of(report, task, chosen["by"])
    kept = min(tried, key=lambda c: c["value"])
    chosen["tried"] += tried
    chosen["on"] += f", then {NETWORK_FOLDS}-fold"
    chosen["chosen"] = kept["figure"]
    if kept["recipe"] != linear:
        chosen["recipe"] = f"{linear} & {task.network}MLP(seeds=2{balanced})"
        chosen["canonical"] = cost.train("network", [chosen["recipe"]], table, model)["recipe"]


def logged(name, table, model, cost):
    """What the last run in the log chose, trained again."""
    with open(LOG, newline="") as file:
        row = [row for row in csv.DictReader(file, delimiter="\t") if row["set"] == name][-1]
    on = row["chosen_on"] + ("" if ", by " in row["chosen_on"] else f", by {row['commit']}")
    kind = "network" if "MLP" in row["recipe"] else "linear"
    report = cost.train(kind, [row["recipe"]], table, model)
    return {"recipe": DEFAULTS.sub("", row["recipe"]).replace("(, ", "("), "canonical": report["recipe"],
            "on": on, "by": "log_loss",
            "chosen": float(row["chosen"]), "tried": []}


def score(task, rows, name, model, cost):
    """The figures of the test rows of one split: all of them, those like no training row, and 2-mers alone."""
    table, plain = WORK / f"{name}.all.csv", WORK / f"{name}.2mers.ba"
    write_table(table, rows)
    count = sum(row[2] == "test" for row in rows)
    arguments = ["--labels", str(table), "--part", "test"]
    more = ["--bootstrap", RESAMPLES, "--low-overlap"] if count > 1 else []
    whole = cost.ba("score", "eval", "--model", str(model), *arguments, *more)
    protein = ", alphabet=protein" if task.folder == "peptides" else ""
    term = "Softmax" if len({row[1] for row in rows}) > 2 else "Logistic"
    weight = "class_weight=balanced" if task.folder == "cnnprom-promoters" else ""
    trained = WORK / f"{name}.csv"
    cost.train("two_mers", [f"Kmer(k=2{protein}) | {term}({weight})"], trained, plain)
    two_mers = cost.ba("score", "eval", "--model", str(plain), *arguments)
    figures = {"n": count, "test": percent(whole, task.metric), "two_mers": percent(two_mers, task.metric)}
    if count > 1:
        figures["low"], figures["high"] = (100 * end for end in whole["intervals"][task.metric])
        figures["apart_n"], figures["apart"] = whole["low_overlap"]["n"], percent(whole["low_overlap"], task.metric)
    return figures


def wilson(share, rows, z=1.96):
    """The 95 % interval of a share."""
    middle = (share + z * z / (2 * rows)) / (1 + z * z / rows)
    half = z / (1 + z * z / rows) * math.sqrt(share * (1 - share) / rows + z * z / (4 * rows * rows))
    return middle - half, middle + half


def join_splits(figures):
    """Of several splits the mean of each figure; rows left out one by one are one test part."""
    if figures[0]["n"] == 1:
        share = statistics.mean(f["test"] for f in figures) / 100
        low, high = wilson(share, len(figures))
        return {"n": len(figures), "test": 100 * share, "low": 100 * low, "high": 100 * high,
                "two_mers": statistics.mean(f["two_mers"] for f in figures)}
    joint = {key: statistics.mean(f[key] for f in figures) for key in figures[0]}
    joint["n"], joint["apart_n"] = round(joint["n"]), round(joint["apart_n"])
    if len(figures) > 1:
        joint["splits"] = [round(f["test"], 2) for f in figures]
    return joint


def run(name, with_test, from_log, commit):
    task, cost = SETS[name], Cost()
    table, model = WORK / f"{name}.csv", WORK / f"{name}.ba"
    chosen, figures = [], []
    for split in range(1, (task.splits if with_test else 1) + 1):
        rows = task.load(split) if task.splits > 1 else task.load()
        write_table(table, [row for row in rows if row[2] != "test"])
        chosen.append(logged(name, table, model, cost) if from_log else choose_linear(task, table, model, cost))
        if task.network and not from_log and (split == 1 or "&" in chosen[0]["recipe"]):
            add_network(task, chosen[-1], table, model, cost)
        if with_test:
            figures.append(score(task, rows, name, model, cost))
        if with_test and figures[-1]["n"] > 1:
            print(f"# {name} split {split}: {chosen[-1]['chosen']:.1f} chosen on {chosen[-1]['on']}, "
                  f"{figures[-1]['test']:.1f} test", flush=True)
    same = collections.Counter(c["recipe"] for c in chosen)
    result = {"set": name, "date": datetime.date.today().isoformat(), "commit": commit, **chosen[0],
              "same_recipe": same[chosen[0]["recipe"]], "split_count": len(chosen), "peak": cost.peak,
              **{f"cpu_{kind}": round(seconds, 2) for kind, seconds in cost.seconds.items()}}
    return {**result, **join_splits(figures)} if with_test else result


def say(result):
    """NAME VALUE lines."""
    name, metric = result["set"], SETS[result["set"]].metric
    lines = [(f"chosen_on_{result['on'].split(',')[-1].split()[-1]}.{metric}", result["chosen"])]
    lines += [(f"{key}.{metric}", result[key]) for key in ("test", "low", "high", "two_mers") if key in result]
    if "apart" in result:
        lines += [(f"test_low_overlap.{metric}", result["apart"])]
    lines += [("n", result["n"])] if "n" in result else []
    lines += [(f"{kind}_cpu_s", result[f"cpu_{kind}"]) for kind in ("linear", "network") if f"cpu_{kind}" in result]
    lines += [("peak_MB", result["peak"] / 1e6)]
    for key, value in lines:
        print(f"accuracy.{name}.{key} {value:.1f}" if isinstance(value, float) else f"accuracy.{name}.{key} {value}")
    print(f"# {name}: {result['recipe']}", flush=True)


def add_to_log(result):
    """Unless the last run of the set came to the very same."""
    def text(key):
        return f"{result[key]:.2f}" if key in result else ""
    splits = result.get("splits")
    spread = f"{statistics.mean(splits):.2f} +- {statistics.stdev(splits):.2f}" if splits else ""
    first = f"{splits[0]:.2f}" if splits else text("test")
    line = [result["date"], result["commit"], result["set"], result["canonical"], SETS[result["set"]].metric,
            result["on"], text("chosen"), first, str(result["n"]), "", spread, text("low"), text("high"), text("apart"),
            text("two_mers")]
    with open(LOG, newline="") as file:
        before = [row for row in csv.reader(file, delimiter="\t") if row[2:3] == line[2:3]]
    if not before or before[-1][2:] != line[2:]:
        with open(LOG, "a") as file:
            file.write("\t".join(line) + "\n")


def results_so_far():
    """The last result of each set that scored its test rows."""
    if not RESULTS.exists():
        return {}
    with open(RESULTS) as file:
        found = [json.loads(line) for line in file]
    return {result["set"]: result for result in found if "test" in result}


def head():
    done = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=TOP, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip() or "unknown"


def run_all(names, with_test, from_log, known):
    commit, results = head(), []
    for name in names:
        if not (DATA / SETS[name].folder).is_dir():
            print(f"accuracy.{name} skipped no folder {SETS[name].folder} in the data beside the repository")
            continue
        if name in known:
            results.append(known[name])
            continue
        result = run(name, with_test, from_log, commit)
        say(result)
        with open(RESULTS, "a") as file:
            file.write(json.dumps(result) + "\n")
        if with_test:
            add_to_log(result)
        results.append(result)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for flag in ("--test", "--logged", "--resume", "--table", "--docs"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("sets", nargs="*", metavar="SET")
    options = parser.parse_args()
    unknown = [name for name in options.sets if name not in SETS]
    if unknown:
        parser.error(f"unknown set {unknown[0]}; known: {', '.join(SETS)}")
    WORK.mkdir(parents=True, exist_ok=True)
    known = results_so_far() if options.resume or options.table else {}
    names = options.sets or list(SETS)
    if options.table:
        results = [known[name] for name in names if name in known]
    else:
        results = run_all(names, options.test, options.logged, known)
    results = [result for result in results if "test" in result]
    if results:
        accuracy_table.show(results, WORK, TOP / "docs/benchmarks.md" if options.docs else None)


if __name__ == "__main__":
    sys.exit(main())
