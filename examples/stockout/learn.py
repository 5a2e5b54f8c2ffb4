# SPDX-License-Identifier: MIT
"""The two models: hours to empty, and the chance of a stock-out; `python -m stockout.learn PREFIX` is the container's
`train` in the layout of SageMaker (/opt/ml)."""

import json
import sys
from pathlib import Path

import bioanalytics as bio
import numpy as np
import pandas as pd

EMPTY = 0.05  # of what fits in
NAMES = ("smooth", "rate", "rate_day", "recent", "usual_rate", "usual_day", "alike", "odd")
FEATURES = ("Rolling(column=level, stat=mean, window=2) + Rolling(column=drawn, stat=theilsen, window=8, per=time)"
            " + Rolling(column=drawn, stat=slope, window=48, per=time)"
            " + EWMA(column=drawn, of=difference, halflife=1.5)"
            " + Rolling(column=usual, stat=slope, window=8, per=time)"
            " + Rolling(column=usual, stat=slope, window=48, per=time)"
            " + RollingCorrelation(column=drawn, column2=usual, of=difference, window=48)"
            " + ZScore(column=drawn, of=difference, window=96, against=past)")
TERMS = " + ".join(f"Log(column={name}, shift=1)" for name in (*NAMES[:6], "ahead6", "ahead24"))
TERMS += " + Column(column=alike, missing=mean) + Column(column=odd, missing=mean) + Cycle(column=seen)"
HOURS = f"{TERMS} | Standardize() | Poisson()"
RISK = (f"Log(column=hours, shift=1) + Log(column=lorry, shift=1) + Ratio(column=lorry, column2=hours) + {TERMS}"
        " | Standardize() | Logistic()")
KNOWN = (*NAMES, "ahead6", "ahead24", "lorry", "seen")


def with_features(rows):
    """Rows of whole series with what the library makes of the levels so far, to the bit as the stream gives it."""
    made = bio.Extractor(FEATURES).table(rows[["fridge", "t", "level", "drawn", "usual"]], group="fridge", time="t")
    return rows.assign(**dict(zip(NAMES, made.T)))


def fit(recipe, rows, label, **more):
    table = {**{name: rows[name].to_numpy() for name in KNOWN}, **more}
    table.update(label=rows[label].to_numpy(), part=rows["part"].to_numpy())
    return bio.train(recipe, bio.Dataset().add_table(table, "label", split="part"))


def predict(models, rows):
    """Hours to empty, and the chance of a stock-out, of rows with features."""
    table = {name: np.asarray(rows[name], float) for name in KNOWN}
    hours = models["hours"].predict(table)
    return hours, models["risk"].predict_proba({**table, "hours": hours})[:, 1]


class Alarm:
    """Fires when the chance reaches a threshold, until a refill or a quarter of it; what is empty stays as it was."""

    def __init__(self, threshold):
        self.threshold, self.state = threshold, {}  # of a fridge: items refilled so far, and whether it fires

    def __call__(self, fridge, level, drawn, risk, capacity):
        """Whether it fires, now that this row came."""
        before, fires = self.state.get(fridge, (level + drawn, False))
        refilled = level + drawn > before + 1
        if refilled or (level >= EMPTY * capacity and risk < self.threshold / 4):
            fires = False
        elif risk >= self.threshold and level >= EMPTY * capacity:
            fires = True
        self.state[fridge] = (level + drawn, fires)
        return fires


def alarms(rows, threshold):
    """What the alarm would have done: (fridge, start, end) of each time that it fired."""
    alarm, spans = Alarm(threshold), []
    for fridge, one in rows.groupby("fridge", sort=True):
        start = None
        for seen, *row in one[["seen", "level", "drawn", "risk", "capacity"]].itertuples(index=False):
            fires = alarm(fridge, *row)
            if fires and start is None:
                start = seen
            elif start is not None and not fires:
                start = spans.append((fridge, start, seen))
        if start is not None:
            spans.append((fridge, start, seen))
    return spans


def judge(spans, empties):
    """How early each (fridge, moment) was foretold, in hours, None if it was not; and alarms that nothing followed."""
    early = [max(((moment - start) / 3600 for fridge, start, end in spans if fridge == name and start < moment <= end),
                 default=None) for name, moment in empties]
    false = [span for span in spans if not any(name == span[0] and span[1] < moment <= span[2]
                                               for name, moment in empties)]
    return early, false


def ran_empty(rows):
    """(fridge, moment) of each time that a level came below what counts as empty."""
    low = rows["level"] < EMPTY * rows["capacity"]
    first = low & ~low.groupby(rows["fridge"]).shift(fill_value=False)
    return list(rows.loc[first, ["fridge", "seen"]].itertuples(index=False, name=None))


def choose(rows, weeks, allowed):
    """The lowest threshold with no more false alarms a week than are allowed, on rows that trained nothing."""
    empties = ran_empty(rows)
    for threshold in np.arange(0.3, 0.95, 0.05).round(2):
        early, false = judge(alarms(rows, threshold), empties)
        if len(false) <= allowed * weeks:
            break
    return float(threshold), {"recall": sum(one is not None for one in early) / len(early), "false": len(false)}


def train(prefix):
    given = json.loads((prefix / "input/config/hyperparameters.json").read_text())  # SageMaker gives texts
    rows = with_features(pd.read_parquet(prefix / "input/data/training"))
    dev_from = float(given["dev_from"])
    rows = rows.assign(part=np.where(rows["seen"] < dev_from, "train", "dev"))
    rows = rows[rows["seen"] >= float(given["train_from"])]
    known = rows[rows["hours"].notna() & rows["empty"].notna() & (rows["hours"] > 0)
                 & (rows["level"] >= EMPTY * rows["capacity"])]
    models = {"hours": fit(HOURS, known, "hours")}
    models["risk"] = fit(RISK, known, "empty", hours=models["hours"].predict(known[list(KNOWN)]))
    dev = rows[rows["part"] == "dev"]
    weeks = (dev["seen"].max() - dev["seen"].min()) / 604800 * int(given["stores"])
    threshold, shown = choose(dev.assign(risk=predict(models, dev)[1]), weeks, float(given["false_alarms"]))
    (prefix / "model").mkdir(parents=True, exist_ok=True)
    for name, model in models.items():
        model.save(prefix / "model" / f"{name}.ba")
    (prefix / "model/chosen.json").write_text(json.dumps({"threshold": threshold, "dev": shown, "rows": len(known)}))


if __name__ == "__main__":
    train(Path(sys.argv[1]))
