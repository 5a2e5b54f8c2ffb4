#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the library reaches on tables that stand beside the repository in ../shared/data/tabular.

usage: tabular.py. Prints `NAME VALUE`. Settings are chosen by cross-validation of the training rows, thresholds too;
test rows are scored once. Terms, models and scores are the library's; this file cuts tables into parts and compares.
"""

import math
import statistics

import tabular_sensors
from tabular_sets import TABLES, WORK, deal, derive, probabilities, read, run, say, write


# ---- AI4I: failures of machines ----

PENALTIES = ("1e-5", "1e-6", "1e-7", "1e-8")
SPLITS = 5
DERIVED = {"power": "Product(column=torque, column2=speed)", "strain": "Product(column=torque, column2=wear)",
           "heat": "Ratio(column=process, column2=air)"}
# Where a line may bend: shares of the training rows.
BENDS = {"power": (.01, .02, .05, .5, .95, .98, .99), "strain": (.5, .8, .9, .95, .98), "wear": (.5, .8, .9, .95),
         "heat": (0, .05, .1, .15, .2, .3, .4, .5), "speed": (0, .05, .1, .15, .2, .3, .5)}
MODEL = "Columns() + Category(column=type) | Standardize() | Logistic(solver=newton, tol=1e-6, l2={})"


def machines():
    """Columns of numbers, the type and the target of each machine."""
    rows = read("sensors/ai4i2020.csv.gz")
    names = {"air": "Air temperature [K]", "process": "Process temperature [K]", "speed": "Rotational speed [rpm]",
             "torque": "Torque [Nm]", "wear": "Tool wear [min]"}
    columns = {short: [float(row[name]) for row in rows] for short, name in names.items()}
    columns["light"] = [float(row["Type"] == "L") for row in rows]
    columns["heavy"] = [float(row["Type"] == "H") for row in rows]
    return columns, [row["Type"] for row in rows], [row["Machine failure"] for row in rows]


def machine_terms(columns, train):
    """The columns with what terms make of them: products; lines that bend; products of those. A term does not read
    another's result, so the library goes over the rows once for each."""
    found = dict(columns, **dict(zip(DERIVED, derive(columns, list(DERIVED.values())))))
    bends, terms = {}, []
    for name, shares in BENDS.items():
        ordered = sorted(found[name][i] for i in train)
        places = sorted({ordered[round(share * (len(ordered) - 1))] for share in shares})
        bends[name] = [f"{name}_{i}" for i in range(len(places))]
        terms += [f"Clip(column={name}, low={place!r})" for place in places]
    found.update(zip([name for group in bends.values() for name in group], derive(found, terms)))
    pairs = [(a, b) for a in bends["heat"] for b in bends["speed"]]
    pairs += [(a, b) for a in ["strain"] + bends["strain"] for b in ("light", "heavy")]
    crossed = derive(found, [f"Product(column={a}, column2={b})" for a, b in pairs])
    found.update((f"{a}_{b}", column) for (a, b), column in zip(pairs, crossed))
    return found


def best_threshold(scores, truth):
    """The F1 and the least score of the failures, where F1 is largest."""
    hits, best, total = 0, (0.0, 1.0), sum(truth)
    for count, (score, label) in enumerate(sorted(zip(scores, truth), reverse=True), 1):
        hits += label
        best = max(best, (2 * hits / (count + total), score))
    return best


def failures():
    columns, types, labels = machines()
    found = []
    for seed in range(1, SPLITS + 1):
        part = deal(labels, 5, seed)
        train = [i for i, p in enumerate(part) if p]
        test = [i for i, p in enumerate(part) if not p]
        every = machine_terms(columns, train)
        rows = [dict({name: repr(column[i]) for name, column in every.items()}, type=types[i], failed=labels[i])
                for i in range(len(labels))]
        fold = deal([labels[i] for i in train], 5, seed)
        truth = [int(labels[i]) for k in range(5) for i, f in zip(train, fold) if f == k]
        tries = []
        for penalty in PENALTIES:
            scores = []
            for k in range(5):
                scores += fit(rows, [i for i, f in zip(train, fold) if f != k],
                              [i for i, f in zip(train, fold) if f == k], penalty)
            loss = -statistics.fmean(math.log(max(1e-12, p if y else 1 - p)) for p, y in zip(scores, truth))
            tries.append((loss, penalty, best_threshold(scores, truth)))
        _, penalty, (inside, threshold) = min(tries)
        scores = fit(rows, train, test, penalty)
        figures = run("eval", "--model", str(WORK / "m.ba"), "--table", str(WORK / "test.csv"), "--target", "failed")
        alarms, hits = sum(s >= threshold for s in scores), sum(s >= threshold and labels[i] == "1"
                                                                for s, i in zip(scores, test))
        f1 = 2 * hits / (alarms + sum(labels[i] == "1" for i in test))
        found.append((f1, figures["auroc"], figures["auprc"]))
        say(f"ai4i.split{seed}", f"f1={f1:.3f} auroc={figures['auroc']:.3f} auprc={figures['auprc']:.3f} "
                                 f"f1_in_cv={inside:.3f} threshold={threshold:.3f} l2={penalty} columns={len(every)}")
    say("ai4i.recipe", f"{MODEL.format('l2')}, over {', '.join(DERIVED.values())}, Clip of "
                       f"{', '.join(BENDS)}, and Product of heat and speed, and of strain and type")
    say("ai4i.split", f"a fifth of each class, {SPLITS} times; penalty and threshold by fivefold cross-validation")
    for name, values in zip(("f1", "auroc", "auprc"), zip(*found)):
        say(f"ai4i.{name}", statistics.fmean(values))
    say("ai4i.f1_least", min(f1 for f1, _, _ in found))


def fit(rows, train, test, penalty):
    model = str(WORK / "m.ba")
    run("train", "--recipe", MODEL.format(penalty), "--table", write("train.csv", [rows[i] for i in train]),
        "--target", "failed", "--out", model)
    return probabilities(model, write("test.csv", [rows[i] for i in test]))


# ---- Smarket, OJ ----

def smarket():
    rows = read("islp/Smarket.csv")
    train = write("train.csv", [row for row in rows if int(row["Year"]) < 2005])
    test = write("test.csv", [row for row in rows if int(row["Year"]) == 2005])
    for name, lags in (("lags2", "12"), ("lags5", "12345")):
        recipe = " + ".join(f"Column(column=Lag{lag})" for lag in lags) + (" + Column(column=Volume)" * (lags != "12"))
        run("train", "--recipe", f"{recipe} | Logistic(l2=0, solver=newton, tol=1e-9)", "--table", train, "--target",
            "Direction", "--out", str(WORK / "m.ba"))
        figures = run("eval", "--model", str(WORK / "m.ba"), "--table", test, "--target", "Direction")
        say(f"smarket.{name}_accuracy_percent", f"{100 * figures['accuracy']:.1f}")


def juice():
    """Which of two brands was bought, against the brand that is bought more often."""
    rows = read("islp/OJ.csv")
    part = deal([row["Purchase"] for row in rows], 5, 1)
    train, test = ([row for row, p in zip(rows, part) if bool(p) == wanted] for wanted in (True, False))
    report = run("train", "--recipe", "Columns() + Category(column=StoreID) | Standardize() | Logistic()", "--recipe",
                 "Column(column=LoyalCH) + Column(column=PriceDiff) + Power(column=LoyalCH, p=2) + "
                 "Power(column=LoyalCH, p=3) + Product(column=LoyalCH, column2=PriceDiff) + Category(column=StoreID)"
                 " | Standardize() | Logistic()", "--l2", "1e-4,1e-3,1e-2", "--cv", "5", "--choose", "log_loss",
                 "--table", write("train.csv", train), "--target", "Purchase", "--out", str(WORK / "m.ba"))
    figures = run("eval", "--model", str(WORK / "m.ba"), "--table", write("test.csv", test), "--target", "Purchase")
    often = max({row["Purchase"] for row in train}, key=[row["Purchase"] for row in train].count)
    say("oj.error_percent", 100 * (1 - figures["accuracy"]))
    say("oj.naive_error_percent", 100 * statistics.fmean(row["Purchase"] != often for row in test))
    say("oj.auroc", figures["auroc"])
    say("oj.split", "a fifth of each class; recipe and penalty by fivefold cross-validation")
    say("oj.recipe", report["recipe"].split(" | ")[0])


# ---- Bikeshare: bikers an hour ----

def bikes():
    """The last fifth of the year is the test part. A slot is an hour of a working day, or of another."""
    rows = read("islp/Bikeshare.csv.gz")
    counts = [float(row["bikers"]) for row in rows]
    past, = derive({"bikers": counts}, ["Log(column=bikers, shift=1)"])
    for i, row in enumerate(rows):
        row.update(slot=f"{row['workingday']}-{row['hr']}", row=i, past=repr(past[i]))
    weather = "Column(column=temp) + Power(column=temp, p=2) + Column(column=hum) + Column(column=windspeed) + " \
              "Category(column=weathersit) + Category(column=slot) + Category(column=weekday)"
    # The present row's count must not be seen, so there is no lag below 1.
    lags = " + ".join(f"Lag(column=past, lag={lag})" for lag in (1, 2, 24, 168))
    cut = round(0.8 * len(rows))
    train, everything = write("train.csv", rows[:cut]), write("all.csv", rows)
    say("bikeshare.split", "the last fifth of the year; penalty by cross-validation in time")
    truth, mean = counts[cut:], statistics.fmean(counts[:cut])
    say("bikeshare.naive_mean_rmse", rmse([mean] * len(truth), truth))
    say("bikeshare.last_hour_rmse", rmse(counts[cut - 1:-1], truth))
    say("bikeshare.same_hour_last_week_rmse", rmse(counts[cut - 168:-168], truth))
    for name, recipe in (("calendar_weather", weather), ("with_lags", f"{weather} + {lags}")):
        report = run("train", "--recipe", f"{recipe} | Standardize() | Poisson()", "--l2", "1e-4,1e-3,1e-2", "--cv",
                     "5", "--by", "time", "--time", "row", "--table", train, "--target", "bikers", "--out",
                     str(WORK / "m.ba"))
        values = [float(f[1]) for f in run("predict", "--model", str(WORK / "m.ba"), "--time", "row", everything,
                                           text=True)][cut:]
        say(f"bikeshare.{name}_rmse", rmse(values, truth))
        say(f"bikeshare.{name}_l2", report["recipe"].split("l2=")[1].split(",")[0])


def rmse(values, truth):
    return math.sqrt(statistics.fmean((a - b) ** 2 for a, b in zip(values, truth)))


# ---- stocks: the next day's return ----

def stocks():
    """Trained before 2010, tested from then on. The target is the next day's return, which no row can see."""
    rows = read("stocks/stocks_ohlcv.csv.gz")
    by_name = {}
    for row in rows:
        by_name.setdefault(row["Ticker"], []).append(row)
    kept = []
    for series in by_name.values():
        for row, then in zip(series, series[1:]):
            change = float(then["Adj Close"]) / float(row["Adj Close"]) - 1
            kept.append({"ticker": row["Ticker"], "date": row["Date"], "close": row["Adj Close"],
                         "volume": row["Volume"], "next": repr(100 * change)})
    recipe = "LogReturn(column=close) + LogReturn(column=close, lag=5) + LogReturn(column=close, lag=20) + " \
             "RealisedVolatility(column=close, window=20) + RSI(column=close) + ZScore(column=close, window=20) + " \
             "LogReturn(column=volume) + Drawdown(column=close, window=250) | Standardize() | Linear()"
    train = write("train.csv", [row for row in kept if row["date"] < "2010"])
    report = run("train", "--recipe", recipe, "--l2", "1e-3,1e-1,1,10", "--cv", "5", "--by", "time", "--table", train,
                 "--target", "next", "--group", "ticker", "--time", "date", "--out", str(WORK / "m.ba"))
    values = [float(f[1]) for f in run("predict", "--model", str(WORK / "m.ba"), "--group", "ticker", "--time", "date",
                                       write("all.csv", kept), text=True)]
    late = [(value, float(row["next"])) for value, row in zip(values, kept) if row["date"] >= "2010"]
    mean = statistics.fmean(float(row["next"]) for row in kept if row["date"] < "2010")
    errors = sum((value - true) ** 2 for value, true in late)
    say("stocks.r2_out_of_time", 1 - errors / sum((true - mean) ** 2 for _, true in late))
    moved = [(value, true) for value, true in late if true]
    say("stocks.direction_percent", 100 * statistics.fmean((value > 0) == (true > 0) for value, true in moved))
    say("stocks.always_up_percent", 100 * statistics.fmean(true > 0 for _, true in moved))
    say("stocks.split", f"trained before 2010, {len(late)} rows from then on; penalty by cross-validation in time")
    say("stocks.l2", report["recipe"].split("l2=")[1].split(",")[0])


def main():
    if not TABLES.is_dir():
        print("tabular skipped no tables in ../shared/data/tabular, or where BA_DATA says")
        return
    WORK.mkdir(parents=True, exist_ok=True)
    for task in (smarket, juice, bikes, stocks, tabular_sensors.sensors, failures):
        task()


if __name__ == "__main__":
    main()
