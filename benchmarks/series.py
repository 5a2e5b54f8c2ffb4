#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Rows of series through ba_stream, beside river, pandas and TA-Lib, in turns on one core. CPU time, medians.

usage: series.py BENCH_SERIES. Prints `NAME VALUE`; a ratio above 1 means that we are faster. Ours is a C program:
beside river it calls ba_stream_update for each row, then (`rows`) ba_stream_update_rows for all of them; then (`ctypes`)
Python calls the library for each row. Beside pandas and TA-Lib it calls ba_stream_update_rows once. Where the peer
gives the same numbers, that is shown before anything is timed.
"""

import array
import ctypes
import importlib
import importlib.metadata
import math
import pathlib
import random
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests/oracles"))

import library  # noqa: E402
from library import F64, I32, I64, OUT, P, TEXT  # noqa: E402

WORK = library.TOP / "build/bench"
ROUNDS, ROWS, TICKS = 5, 1_000_000, 200_000
WINDOWS = (20, 100)
NAN = math.nan


def peer(module, package):
    """The module, or None and why not; says its version."""
    try:
        found = importlib.import_module(module)
    except ImportError as missing:
        return None, f"no {missing.name} for {sys.executable}"
    print(f"series.{module.split('.')[0]}_version {importlib.metadata.version(package)}", flush=True)
    return found, None


def say(name, value):
    print(f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}", flush=True)


def rate(value):
    return str(int(float(f"{value:.3g}")))


def walk():
    """Prices that move by cents, with a step now and then, their highs and lows, and a second series."""
    numbers = random.Random(11)
    close, x, other = array.array("d"), 100.0, array.array("d")
    for i in range(ROWS):
        x += numbers.gauss(0, 0.05) + (numbers.choice((-2, 2)) if i % 5000 == 4999 else 0) + 0.001 * (100 - x)
        close.append(x)
        other.append(0.5 * x + numbers.gauss(0, 1))
    high = array.array("d", (v + abs(numbers.gauss(0, 0.05)) for v in close))
    low = array.array("d", (v - abs(numbers.gauss(0, 0.05)) for v in close))
    return {"x": close, "y": other, "high": high, "low": low}


class Ours:
    """One recipe over columns, which the C program reads from a file as rows."""

    def __init__(self, program, mode, recipe, columns, rows):
        self.command = [program, mode, recipe, str(WORK / "series.numbers"), str(WORK / "series.results")]
        self.rows, flat = rows, array.array("d", bytes(8 * rows * len(columns)))
        for i, column in enumerate(columns):
            flat[i::len(columns)] = array.array("d", column[:rows])
        (WORK / "series.numbers").write_bytes(flat.tobytes())

    def seconds(self):
        return float(subprocess.run(self.command, check=True, stdout=subprocess.PIPE, text=True).stdout)

    def results(self):
        """One list for each number of a row."""
        self.seconds()
        flat = array.array("d", (WORK / "series.results").read_bytes())
        width = len(flat) // self.rows
        return [flat[i::width] for i in range(width)]


def agree(name, ours, theirs):
    """Numbers that both have are the same to a millionth, and most rows have them."""
    pairs = [(a, b) for a, b in zip(ours, theirs) if a == a and b is not None and b == b]
    worst = max((abs(a - b) / max(1.0, abs(b)) for a, b in pairs), default=math.inf)
    if worst > 1e-6 or len(pairs) < len(ours) // 2:
        raise SystemExit(f"series.py: {name}: does not agree: {worst:g}, {len(pairs)} of {len(ours)} rows")


def cpu(call, *arguments):
    start = time.process_time()
    call(*arguments)
    return time.process_time() - start


def race(name, peer_name, ours, theirs, rows, unit):
    """CPU seconds of each in turns; returns the median ratio and our median for a row."""
    pairs = [(ours(), theirs()) for _ in range(ROUNDS)]
    mine, other = (statistics.median(times) / rows for times in zip(*pairs))
    for who, seconds in (("", mine), (f"{peer_name}_", other)):
        say(f"{name}.{who}{unit}", rate(1 / seconds) if unit == "ticks_per_s" else 1e9 * seconds)
    ratio = statistics.median(b / a for a, b in pairs)
    say(f"{name}.vs_{peer_name}", ratio)
    return ratio


# ---- river: a call for each row ----

def by_rows(make, columns):
    """Values after each row, as a user would ask for them, and the CPU seconds."""
    found, thing = [], make()
    start = time.process_time()
    if len(columns) == 2:
        for x, y in zip(*columns):
            thing.update(x, y)
            found.append(thing.get())
    elif hasattr(thing, "drift_detected"):
        for x in columns[0]:
            thing.update(x)
            found.append(thing.drift_detected)
    else:
        for x in columns[0]:
            thing.update(x)
            found.append(thing.get())
    return time.process_time() - start, found


def river_cases(river):
    """name -> (recipe, columns, river's, how ours reads as river's, or None where the two do differ)."""
    stats, drift, rolling = river.stats, river.drift, river.utils.Rolling
    return {
        "ewma": ("EWMA(column=x, alpha=0.1)", "x", lambda: stats.EWMean(0.1), lambda v: v[0]),
        "ewm_std": ("EWMA(column=x, alpha=0.1, stat=std)", "x", lambda: stats.EWVar(0.1), None),
        "mean_100": ("Rolling(column=x, window=100)", "x", lambda: rolling(stats.Mean, window_size=100),
                     lambda v: v[0]),
        "std_100": ("Rolling(column=x, stat=std, ddof=1, window=100)", "x",
                    lambda: rolling(stats.Var, window_size=100), lambda v: [a * a for a in v[0]]),
        "max_100": ("Rolling(column=x, stat=max, window=100)", "x", lambda: stats.RollingMax(100), lambda v: v[0]),
        "median_100": ("Rolling(column=x, stat=median, window=100)", "x",
                       lambda: stats.RollingQuantile(0.5, 100), None),
        "correlation_100": ("RollingCorrelation(column=x, column2=y, window=100)", "xy",
                            lambda: rolling(stats.PearsonCorr, window_size=100), lambda v: v[0]),
        "page_hinkley": ("PageHinkley(column=x)", "x", drift.PageHinkley, lambda v: [a != 0 for a in v[2]]),
        "adwin": ("ADWIN(column=x)", "x", drift.ADWIN, None),
    }


ba = library.declare({"stream_open": (I32, P, TEXT, TEXT, OUT), "stream_width": (I64, P), "stream_close": (None, P),
                      "stream_update": (I32, P, TEXT, F64, P, I64, P)})


def through_ctypes(recipe, columns):
    """CPU seconds of Python that calls the library for each row."""
    context, stream = library.Context(), P()
    context.check(ba.stream_open(context.handle, recipe.encode(), None, ctypes.byref(stream)))
    row, out = (F64 * len(columns))(), (F64 * ba.stream_width(stream))()
    update, found = ba.stream_update, []
    to, into = ctypes.addressof(row), ctypes.addressof(out)
    start = time.process_time()
    if len(columns) == 1:
        for row[0] in columns[0]:
            update(stream, None, NAN, to, 1, into)
            found.append(out[0])
    else:
        for row[0], row[1] in zip(*columns):
            update(stream, None, NAN, to, 2, into)
            found.append(out[0])
    spent = time.process_time() - start
    ba.stream_close(stream)
    return spent


def run_river(program, data, river, why):
    if river is None:
        say("series.update.vs_river", f"skipped {why}")
        return
    ratios, at_once, python = [], [], []
    for case, (recipe, letters, make, read) in river_cases(river).items():
        columns, name = [list(data[c][:TICKS]) for c in letters], f"series.update.{case}"
        ours = Ours(program, "each", recipe, columns, TICKS)
        if read:
            agree(name, read(ours.results()), by_rows(make, columns)[1])
        ratios.append(race(name, "river", ours.seconds, lambda: by_rows(make, columns)[0], TICKS, "ticks_per_s"))
        at_once.append(race(f"{name}.rows", "river", Ours(program, "rows", recipe, columns, TICKS).seconds,
                            lambda: by_rows(make, columns)[0], TICKS, "ticks_per_s"))
        pairs = [(through_ctypes(recipe, columns), by_rows(make, columns)[0]) for _ in range(ROUNDS)]
        say(f"{name}.ctypes_ticks_per_s", rate(TICKS / statistics.median(a for a, _ in pairs)))
        python.append(statistics.median(b / a for a, b in pairs))
        say(f"{name}.ctypes_vs_river", python[-1])
    say("series.update.ctypes_vs_river", min(python))
    say("series.update.rows_vs_river", min(at_once))
    say("series.update.vs_river", min(ratios))


GROUPS, GROUP_TICKS = 1000, 200_000


def river_groups(river):
    """Ticks a CPU second of the terms of series.c's groups: a dictionary of river's things, RSI by two of its means."""
    stats, groups, last, found = river.stats, {}, {}, 0.0
    source, names = random.Random(3), [f"machine-{i:04d}" for i in range(GROUPS)]
    steps = [source.random() - 0.5 for _ in range(GROUP_TICKS)]
    start = time.process_time()
    for i, step in enumerate(steps):
        name = names[i % GROUPS]
        if name not in groups:
            groups[name] = (stats.EWMean(2 / 21), river.utils.Rolling(stats.Var, window_size=100),
                            stats.EWMean(1 / 14), stats.EWMean(1 / 14), river.drift.PageHinkley())
            last[name] = 0.0
        mean, variance, rises, falls, drift = groups[name]
        x = last[name] + step
        change, last[name] = x - last[name], x
        mean.update(x)
        variance.update(x)
        rises.update(max(change, 0.0))
        falls.update(max(-change, 0.0))
        drift.update(x)
        up, down = rises.get(), falls.get()
        found += mean.get() + variance.get() ** 0.5 + (100 * up / (up + down) if up + down else 0) + drift.drift_detected
    return GROUP_TICKS / (time.process_time() - start)


def run_groups(program, river, why):
    """Ten million ticks of a thousand groups, and the same terms by river over fewer."""
    ours, theirs = [], []
    for turn in range(3):
        lines = subprocess.run([program, "groups"], check=True, stdout=subprocess.PIPE, text=True).stdout
        if turn == 0:
            print(lines, end="", flush=True)
        ours.append(float(lines.split("ticks_per_s ")[1].split()[0]))
        if river:
            theirs.append(river_groups(river))
    if river:
        say("series.groups.river_ticks_per_s", rate(statistics.median(theirs)))
        say("series.groups.vs_river", statistics.median(a / b for a, b in zip(ours, theirs)))
    else:
        say("series.groups.vs_river", f"skipped {why}")


# ---- pandas and TA-Lib: whole columns ----

def pandas_cases(pandas, data):
    """name -> (recipe, columns, the peer's)."""
    x, y = (pandas.Series(data[c]) for c in "xy")
    found = {}
    for w in WINDOWS:
        window = x.rolling(w)
        one = {"mean": window.mean, "sum": window.sum, "min": window.min, "max": window.max, "median": window.median}
        for stat, call in one.items():
            found[f"{stat}_{w}"] = (f"Rolling(column=x, stat={stat}, window={w})", "x", call)
        found.update({
            f"std_{w}": (f"Rolling(column=x, stat=std, ddof=1, window={w})", "x", window.std),
            f"quantile_{w}": (f"Rolling(column=x, stat=quantile, quantile=0.9, window={w})", "x",
                              lambda window=window: window.quantile(0.9)),
            f"correlation_{w}": (f"RollingCorrelation(column=x, column2=y, window={w})", "xy",
                                 lambda window=window: window.corr(y)),
            f"ewm_mean_{w}": (f"EWMA(column=x, window={w})", "x", x.ewm(span=w, adjust=False).mean),
            f"ewm_std_{w}": (f"EWMA(column=x, stat=std, window={w})", "x",
                             lambda w=w: x.ewm(span=w, adjust=False).std(bias=True))})
    return found


def talib_cases(talib, data):
    """The same; a peer's first result is the one to compare."""
    import numpy as np
    x, high, low = (np.array(data[c]) for c in ("x", "high", "low"))
    found = {"macd": ("MACD(column=x)", "x", lambda: talib.MACD(x)[0])}
    for w in WINDOWS:
        found.update({
            f"sma_{w}": (f"Rolling(column=x, window={w})", "x", lambda w=w: talib.SMA(x, w)),
            f"stddev_{w}": (f"Rolling(column=x, stat=std, window={w})", "x", lambda w=w: talib.STDDEV(x, w)),
            f"ema_{w}": (f"EWMA(column=x, seed=mean, window={w})", "x", lambda w=w: talib.EMA(x, w)),
            f"rsi_{w}": (f"RSI(column=x, window={w})", "x", lambda w=w: talib.RSI(x, w)),
            f"bbands_{w}": (f"Bollinger(column=x, window={w})", "x", lambda w=w: talib.BBANDS(x, w, 2, 2)[0]),
            f"atr_{w}": (f"ATR(close=x, high=high, low=low, window={w})", ("high", "low", "x"),
                         lambda w=w: talib.ATR(high, low, x, w))})
    return found


def run_columns(program, data, peer_name, cases, why):
    if why:
        say(f"series.rolling.vs_{peer_name}", f"skipped {why}")
        return
    ratios = []
    for case, (recipe, letters, call) in cases.items():
        name, ours = f"series.rolling.{case}", Ours(program, "rows", recipe, [data[c] for c in letters], ROWS)
        agree(f"{name}, {peer_name}", ours.results()[0], call())
        ratios.append(race(name, peer_name, ours.seconds, lambda: cpu(call), ROWS, "ns_per_row"))
    say(f"series.rolling.vs_{peer_name}", min(ratios))


def main():
    program = sys.argv[1]
    if not pathlib.Path(program).exists():
        raise SystemExit(f"series.py: {program} is not built: configure with -DBA_BENCHMARKS=ON")
    data = walk()
    WORK.mkdir(parents=True, exist_ok=True)
    river, absent = peer("river", "river")
    for part in ("stats", "drift", "utils") if river else ():
        importlib.import_module(f"river.{part}")
    run_river(program, data, river, absent)
    for name, package, cases in (("pandas", "pandas", pandas_cases), ("talib", "TA-Lib", talib_cases)):
        module, why = peer(name, package)
        run_columns(program, data, name, cases(module, data) if module else {}, why)
    for left in ("numbers", "results"):
        (WORK / f"series.{left}").unlink(missing_ok=True)
    run_groups(program, river, absent)


if __name__ == "__main__":
    main()
