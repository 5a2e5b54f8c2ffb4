# SPDX-License-Identifier: MIT
"""What people look at: metrics as Prometheus takes them, and a picture of one fridge on its way to empty."""

import numpy as np

from lib.steps import write_atomically


def drift(model, rows):
    """The population stability index of the model's scores on rows, against those of the dev part it came with."""
    scorer = model.scorer(drift=True)
    scorer.score(rows)
    return next(one for one in scorer.drift() if one.name == "score").psi


def metrics(path, newest, mae, psi):
    """A text file for the textfile collector of node_exporter, or to be scraped."""
    lines = []
    for name, about in (("risk", "chance that the fridge is empty within the horizon"),
                        ("hours", "hours until the fridge is empty")):
        full = {"risk": "stockout_risk", "hours": "hours_to_empty"}[name]
        lines += [f"# HELP {full} {about}", f"# TYPE {full} gauge"]
        lines += [f'{full}{{fridge="{row["fridge"]}"}} {row[name]:.6g}' for row in newest]
    for name, about, value in (("mae_hours", "error of hours_to_empty where they came", mae),
                               ("stockout_drift_psi", "PSI of the scores against training", psi)):
        lines += [f"# HELP {name} {about}", f"# TYPE {name} gauge", f"{name} {value:.6g}"]
    write_atomically(path, "\n".join(lines) + "\n")


def draw(path, rows, spans, empties, title):
    """A fridge's level, what the model said was left, and when it spoke up."""
    path.parent.mkdir(exist_ok=True)
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    day = (rows["seen"] - rows["seen"].iloc[0]) / 86400
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(10, 5), sharex=True, layout="constrained")
    top.step(day, rows["level"], where="post", color="#333")
    top.set_ylabel("items in the fridge")
    bottom.plot(day, np.minimum(rows["hours"], 72), color="#1f6fb2", label="predicted")
    bottom.set_ylabel("hours to empty (72 at most)")
    bottom.set_xlabel("day")
    for axis in (top, bottom):
        for i, (_, *span) in enumerate(spans):
            axis.axvspan(*((moment - rows["seen"].iloc[0]) / 86400 for moment in span), color="#f4b183",
                         alpha=0.6, label="" if i else "alert")
        for i, (_, moment) in enumerate(empties):
            axis.axvline((moment - rows["seen"].iloc[0]) / 86400, color="#c00000", label="" if i else "empty")
    top.legend(frameon=False, ncols=3)
    top.set_title(title)
    figure.savefig(path)
    plt.close(figure)
