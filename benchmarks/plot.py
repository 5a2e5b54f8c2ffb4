#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Draws the ratios of results.txt as bars, with the targets of targets.tsv, and says which targets were missed.

usage: plot.py RESULTS SVG. Of each name the last value counts. The same results give the same bytes.
"""

import pathlib
import re
import sys

TARGETS = pathlib.Path(__file__).resolve().parent / "targets.tsv"
RATIO = re.compile(r"(.*[._])?vs_\w+|threads2\.[a-z_]+(?<!_s)")
OURS, PEERS, GOAL = "#2a6f97", "#c9622f", "#222222"


def read_targets(path=TARGETS):
    """name -> (least or most, value)"""
    rows = [line.split("\t") for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: (bound, float(value)) for name, bound, value in rows}


def read_results(path):
    """name -> value, of the lines that are a name and a number; the last of each name, in the order of the first."""
    found = {}
    for line in path.read_text().splitlines():
        parts = line.split()
        if len(parts) == 2 and re.fullmatch(r"-?\d+(\.\d+)?(e[-+]\d+)?", parts[1]):
            found[parts[0]] = float(parts[1])
    return found


def missed(results, targets):
    """(name, value, bound, target) of the targets that were measured and not reached."""
    return [(name, results[name], bound, target) for name, (bound, target) in targets.items()
            if name in results and (results[name] < target if bound == "least" else results[name] > target)]


def draw(ratios, targets, path):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "bioanalytics", "svg.fonttype": "none", "font.size": 8})
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(9, 0.8 + 0.19 * len(ratios)), layout="constrained")
    names, values = list(ratios), list(ratios.values())
    places = range(len(names))
    axes.barh(places, [value - 1 for value in values], left=1, height=0.7,
              color=[OURS if value >= 1 else PEERS for value in values])
    for place, (name, value) in enumerate(ratios.items()):
        axes.annotate(f"{value:.3g}", (value, place), (3 if value >= 1 else -3, 0), textcoords="offset points",
                      ha="left" if value >= 1 else "right", va="center", fontsize=7,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5})
        if name in targets:
            axes.plot([targets[name][1]] * 2, [place - 0.45, place + 0.45], color=GOAL, linewidth=1.6)
    axes.set_xscale("log")
    spread = values + [targets[name][1] for name in names if name in targets]
    axes.set_xlim(min(0.5, *spread) / 2, max(2, *spread) * 2)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_yticks(places, names)
    axes.axvline(1, color="#888888", linewidth=0.8)
    axes.set_xlabel("times as fast as the peer; a black mark is the target")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: plot.py RESULTS SVG")
    source, target = map(pathlib.Path, sys.argv[1:])
    if not source.exists():
        raise SystemExit(f"plot.py: {source} is not there; ./dev bench makes it")
    results, targets = read_results(source), read_targets()
    for name, value, bound, wanted in missed(results, targets):
        print(f"{name} {value:g} missed at {bound} {wanted:g}")
    ratios = {name: value for name, value in results.items() if RATIO.fullmatch(name) and value > 0}
    if not ratios:
        raise SystemExit(f"plot.py: {source} has no ratios")
    draw(ratios, targets, target)


if __name__ == "__main__":
    main()
