# SPDX-License-Identifier: MIT
"""The sensor series of tabular.py: whether alarms find the labelled windows, at a stated rate of false ones.

A detector gives each row a score, from rows up to it alone; a row above a threshold is an alarm. A false alarm is one
outside all windows, so that one which lasts is counted with all its rows; a window is found when an alarm is within it.
Keys of each detector are chosen on one series and it is reported on the other. The threshold is the least that keeps to
the rate on the series that is looked at, for all detectors alike.
"""

import json

from tabular_sets import TABLES, derive, read, say

SERIES = {"machine": ("sensors/machine_temperature_system_failure.csv.gz", 288),
          "ambient": ("sensors/ambient_temperature_system_failure.csv.gz", 24)}  # rows a day
RATES = (1, 5, 10)  # false alarms in 1,000 rows outside windows
FINER = (0.5, 1, 2, 3, 5, 7, 10)  # to choose by, so that fewer are equal
DAYS = (0.25, 1, 3, 7, 14)


def load(name):
    """The values, and the window of each row, -1 for none."""
    file, day = SERIES[name]
    rows = read(file)
    windows = json.loads((TABLES / "sensors/combined_windows.json").read_text())
    spans = next(value for key, value in windows.items() if key.endswith(file.split("/")[1][:-3]))
    stamps = [row["timestamp"] for row in rows]
    inside = [next((k for k, (first, last) in enumerate(spans) if first[:19] <= stamp <= last[:19]), -1)
              for stamp in stamps]
    return {"x": [float(row["value"]) for row in rows]}, inside, day, len(spans)


def size(column):
    return [abs(v) if v == v else 0.0 for v in column]


def detectors():
    """name -> list of (keys, scores of columns and rows a day). The first is the plain one."""
    found = {name: [] for name in
             ("zscore", "robust_z", "ewma", "holt_winters", "slow_zscore", "cusum", "page_hinkley")}
    for days in DAYS:
        found["zscore"].append((f"{days} d", lambda c, day, d=days: size(
            derive(c, [f"ZScore(column=x, window={round(d * day)}, against=past)"])[0])))
        found["robust_z"].append((f"{days} d", lambda c, day, d=days: size(
            derive(c, [f"RobustZ(column=x, window={round(d * day)}, against=past)"])[0])))
        found["ewma"].append((f"{days} d", lambda c, day, d=days: far_from_mean(c, round(d * day))))
        for hours in (1, 4, 12):
            found["slow_zscore"].append((f"{hours} h, {days} d", lambda c, day, d=days, h=hours: slow(
                c, max(2, round(h * day / 24)), round(d * day))))
    for gamma in (0.05, 0.2):
        for alpha in (0.1, 0.3):
            found["holt_winters"].append((f"{alpha}, {gamma}", lambda c, day, a=alpha, g=gamma: surprise(c, day, a, g)))
    for days in (3, 7, 14):
        for drift in (0.25, 0.5, 1, 2):
            found["cusum"].append((f"{days} d, {drift}", lambda c, day, d=days, k=drift: larger(derive(
                c, [f"CUSUM(column=x, window={round(d * day)}, drift={k}, threshold=1e9)"]))))
    for kept in (0.9, 0.99, 0.999):
        for delta in (0.05, 0.5, 2):
            found["page_hinkley"].append((f"{kept}, {delta}", lambda c, day, k=kept, e=delta: larger(derive(
                c, [f"PageHinkley(column=x, alpha={k}, delta={e}, threshold=1e9)"]))))
    return found


def far_from_mean(columns, window):
    """How far a row is from the exponential mean of those before, in deviations of then."""
    term = f"EWMA(column=x, window={window}"
    mean, deviation = derive(columns, [f"{term})", f"{term}, stat=std)"])
    return [0.0] * window + [abs(x - m) / s if s else 0.0 for x, m, s in
                             zip(columns["x"][window:], mean[window - 1:], deviation[window - 1:])]


def slow(columns, short, long):
    """A short mean beside the long past of short means."""
    mean, = derive(columns, [f"Rolling(column=x, window={short})"])
    return size(derive({"m": mean}, [f"ZScore(column=m, window={long}, against=past)"])[0])


def surprise(columns, day, alpha, gamma):
    """How far a row is from what was forecast, in errors of then."""
    forecast, error = derive(columns, [f"HoltWinters(column=x, period={day}, alpha={alpha}, beta=0.01, gamma={gamma})"])
    return [0.0] + [abs(x - f) / e if f == f and e == e and e > 0 else 0.0
                    for x, f, e in zip(columns["x"][1:], forecast, error)]


def larger(results):
    return [max(up, down) if up == up and down == down else 0.0 for up, down in zip(results[0], results[1])]


def found_at(scores, inside, rate):
    """How many windows have a row above the threshold, with as many false alarms as the rate allows."""
    outside = sorted((score for score, k in zip(scores, inside) if k < 0), reverse=True)
    threshold = outside[int(rate * len(outside) / 1000)]
    return len({k for score, k in zip(scores, inside) if score > threshold and k >= 0})


def sensors():
    data = {name: load(name) for name in SERIES}
    say("sensors.rates", f"windows found at {', '.join(map(str, RATES))} false alarms in 1,000 rows outside windows")
    for tuned, reported in (("machine", "ambient"), ("ambient", "machine")):
        columns, inside, day, _ = data[tuned]
        chosen = {}
        for name, tries in detectors().items():
            values = []
            for keys, score in tries:
                scores = score(columns, day)
                values.append((sum(found_at(scores, inside, rate) for rate in FINER), keys, score))
            chosen[name] = max(values, key=lambda v: v[0])
        columns, inside, day, windows = data[reported]
        for name, (value, keys, score) in chosen.items():
            scores = score(columns, day)
            hits = " ".join(f"{found_at(scores, inside, rate)}/{windows}" for rate in RATES)
            say(f"sensors.{reported}.{name}", f"{hits} ({keys}; found on {tuned}: {value})")
