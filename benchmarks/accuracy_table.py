# SPDX-License-Identifier: MIT
"""The table of accuracy.py: figures beside the published ones, what they cost, and where we lose."""

import pathlib
import statistics

from accuracy_sets import SETS

BEGIN, END = "<!-- written by benchmarks/accuracy.py --docs -->", "<!-- end of what it wrote -->"
LEVELS = ("below must", "must", "good", "beyond")


def level(task, figure):
    """The highest of the goals that is reached; figures are compared as they are shown."""
    if not task.goals:
        return "-"
    reached = sum(round(figure, 1) >= goal for goal in task.goals)
    return LEVELS[reached] + (f" ({task.goals[0]})" if len(task.goals) == 1 else "")


def difference(task, result):
    if task.best != task.best:
        return "-"
    inside = result["low"] <= task.best <= result["high"]
    return f"{result['test'] - task.best:+.1f}{' (in the interval)' if inside else ''}"


def published(task):
    if not task.peer:
        return "-"
    text = f"{task.peer} {task.best:.1f}" + (f"; {task.others}" if task.others else "")
    return text + ("" if task.official else " (another split)")


def short(recipe):
    return "`" + recipe.replace("class_weight=balanced", "balanced").replace("|", "\\|") + "`"


def figure_rows(results):
    lines = ["| set | metric, % | n | test | 95 % interval | unlike train (n) | 2-mers | published | ours minus best | "
             "goal reached |", "|---|---|---|---|---|---|---|---|---|---|"]
    for r in results:
        task = SETS[r["set"]]
        splits = f" +- {statistics.stdev(r['splits']):.1f}" if "splits" in r else ""
        apart = f"{r['apart']:.1f} ({r['apart_n']})" if "apart" in r else "-"
        lines.append(f"| {r['set']} | {task.metric} | {r['n']} | **{r['test']:.1f}**{splits} | {r['low']:.1f} to "
                     f"{r['high']:.1f} | {apart} | {r['two_mers']:.1f} | {published(task)} | {difference(task, r)} | "
                     f"{level(task, r['test'])} |")
    return lines


def cost_rows(results):
    lines = ["| set | chosen on | there | linear CPU s | network CPU s | peak MB | commit | recipe |",
             "|---|---|---|---|---|---|---|---|"]
    for r in results:
        same = f", in {r['same_recipe']} of {r['split_count']} splits" if r["split_count"] > 1 else ""
        lines.append(f"| {r['set']} | {r['on']} | {r['chosen']:.1f} | {r.get('cpu_linear', 0):.0f} | "
                     f"{r.get('cpu_network', 0):.0f} | {r['peak'] / 1e6:.0f} | {r['date']} {r['commit']} | "
                     f"{short(r['recipe'])}{same} |")
    return lines


def summary(results):
    """NAME and VALUE pairs."""
    graded = [r for r in results if len(SETS[r["set"]].goals) == 3]
    below = [r["set"] for r in results if level(SETS[r["set"]], r["test"]).startswith("below")]
    found = [("sets", len(results))]
    if graded:
        found += [("graded_sets", len(graded)), ("mean_of_graded", statistics.mean(r["test"] for r in graded)),
                  ("mean_of_good_row", statistics.mean(SETS[r["set"]].goals[1] for r in graded))]
    found += [("sets_below_must", len(below))]
    if below:
        found += [("below_must", ",".join(below))]
    beaten = [r for r in results if SETS[r["set"]].peer]
    found += [("sets_at_or_above_best_published", sum(r["test"] >= SETS[r["set"]].best for r in beaten)),
              ("sets_with_published_figure", len(beaten)),
              ("linear_cpu_minutes", sum(r.get("cpu_linear", 0) + r.get("cpu_two_mers", 0) for r in results) / 60),
              ("network_cpu_minutes", sum(r.get("cpu_network", 0) for r in results) / 60),
              ("peak_MB", max(r["peak"] for r in results) / 1e6)]
    return [(name, f"{value:.2f}" if isinstance(value, float) else str(value)) for name, value in found]


def tried_text(result):
    """The features that were tried, each with its best penalty, and the network."""
    tried, best, last = result["tried"], {}, ""
    if "&" in tried[-1]["recipe"]:
        alone, beside = (abs(c["value"]) for c in tried[-2:])
        last = f"; then, on {result['on'].split()[-1]}, alone {alone:.3f}, with a network {beside:.3f}"
        tried = tried[:-2]
    for c in tried:
        features = c["recipe"].rsplit(" | ", 1)[0]
        best[features] = min(best.get(features, c["value"]), c["value"])
    listed = "; ".join(f"{short(features)} {abs(value):.3f}" for features, value in best.items())
    by = "log loss" if result["by"] == "log_loss" else "MCC"
    return f"Tried, with the {by} on {result['on'].split(',')[0]}: {listed}{last}."


def losses(results):
    """Where a published figure is better: by how much, and what was tried."""
    lines = []
    for r in results:
        task = SETS[r["set"]]
        if not task.peer or r["test"] >= task.best:
            continue
        where = "" if task.official else ", whose test rows are others"
        said = [tried_text(r)] if r["tried"] else []
        lines.append(f"- {r['set']}: {task.best - r['test']:.1f} below {task.peer}{where}. "
                     + " ".join(said + ([task.tried] if task.tried else [])))
    return lines


def processor():
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return "unknown processor"
    names = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else "unknown processor"


def plot(results, path):
    """A dot a set with its interval, and a cross for the best published figure."""
    try:
        import matplotlib
    except ImportError:
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(7, 0.32 * len(results) + 1))
    for y, r in enumerate(reversed(results)):
        task = SETS[r["set"]]
        axes.plot([r["low"], r["high"]], [y, y], color="tab:blue", linewidth=1)
        axes.plot(r["test"], y, "o", color="tab:blue", label="ours, 95 % interval" if y == 0 else None)
        axes.plot(r["two_mers"], y, ".", color="0.6", label="2-mers" if y == 0 else None)
        axes.plot(task.best, y, "x", color="tab:red", label="best published" if y == 0 else None)
    axes.set_yticks(range(len(results)), [f"{r['set']}, {SETS[r['set']].metric}" for r in reversed(results)])
    axes.set_xlabel("%")
    axes.legend(loc="lower left", fontsize="small")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def put_into(page, text):
    before, rest = page.read_text().split(BEGIN)
    page.write_text(before + BEGIN + "\n\n" + text + "\n" + END + rest.split(END)[1])


def show(results, folder, page):
    numbers = summary(results)
    for name, value in numbers:
        print(f"accuracy.{name} {value}")
    when = sorted({r["date"] for r in results})
    lines = [f"{when[0]}{' to ' + when[-1] if len(when) > 1 else ''}, {processor()}, one thread:", ""]
    lines += figure_rows(results) + [""] + cost_rows(results) + ["", "| in all | |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {value} |" for name, value in numbers]
    lost = losses(results)
    lines += ["", "Where a published figure is better:", ""] + lost if lost else []
    text = "\n".join(lines) + "\n"
    (folder / "accuracy.md").write_text(text)
    for line in text.splitlines():
        print(f"# {line}".rstrip())
    plot(results, folder / "accuracy.png")
    if page:
        put_into(page, text)
