# SPDX-License-Identifier: MIT
"""What the library makes of prices: a symbol's returns as they come, the portfolio's, and forecasts."""

from itertools import combinations

import numpy as np

import bioanalytics as ba

WEIGHTS = {"ACME": 0.3, "BRIO": 0.1, "CASA": 0.25, "DUNE": 0.15, "ECHO": 0.2}
FIGURES = ("return", "volatility", "ewma", "drawdown", "zscore")
SYMBOL = ("Return(column=price) + Rolling(column=price, of=logreturn, stat=std, window=30)"
          " + EWMA(column=price, window=30) + Drawdown(column=price)"
          " + ZScore(column=price, of=logreturn, window=60, against=past)")
# An alert: a change that is large for any stock, or for this one at present; no minute of the ten days before has any.
LIMITS = {"return": 0.05, "zscore": 10.0}


def open_symbol():
    return ba.Stream(SYMBOL, late="drop", duplicate="drop")


def portfolio(closes, times):
    """Return, sum of returns and volatility of the portfolio; and the correlation of each pair, over an hour."""
    names, pairs = list(WEIGHTS), list(combinations(WEIGHTS, 2))
    together = f'PortfolioReturn(columns="{", ".join(names)}", weights="{", ".join(map(str, WEIGHTS.values()))}")'
    stream = ba.Stream(" + ".join([together, *(f"RollingCorrelation(column={a}, column2={b}, window=60, of=logreturn)"
                                               for a, b in pairs)]))
    columns = [names.index(name) for name in stream.inputs]
    found = stream.update_rows(np.asarray(closes)[:, columns], times=times)
    sums = ba.Stream("Expanding(column=r, stat=sum) + Rolling(column=r, stat=std, window=30)")
    return found[:, 0], sums.update_rows(found[:, :1], times=times), dict(zip(pairs, found[:, 1:].T))


def quality(table, days):
    """Errors of forecasts of the next half hour's volatility and of the next return, and those of naive ones.

    `table` has columns sym, ts, price in order; what is learnt is learnt from the first 7 of its days."""
    steps = ba.Extractor("LogReturn(column=price)").table(table, group="sym", time="ts")[:, 0] * 1e4
    volatility, upcoming, before = (np.full(len(steps), np.nan) for _ in range(3))
    for symbol in np.unique(table["sym"]):
        own = np.flatnonzero(table["sym"] == symbol)
        ahead = np.lib.stride_tricks.sliding_window_view(steps[own], 30).std(axis=1)
        volatility[own[:len(ahead) - 1]], upcoming[own[:-1]] = ahead[1:], steps[own[1:]]
        for day in np.unique(days[own])[1:]:
            before[own[days[own] == day]] = np.nanstd(steps[own[days[own] == np.max(days[own][days[own] < day])]])
    results = {}
    last = np.isin(days, np.unique(days)[7:])
    terms = [f"EWMA(column=price, of=logreturn, stat=std, window={window})" for window in (20, 60, 240)]
    for name, target, recipe, naive in (
            ("volatility", volatility, terms, before),
            ("return", upcoming, ["LogReturn(column=price)", *terms], np.zeros(len(steps)))):
        usable = np.isfinite(target) & np.isfinite(steps)
        rows = {**table, "y": np.where(usable, target, 0.0), "part": np.where(last, "test", "train")}
        rows["part"][~usable] = "dev"
        data = ba.Dataset().add_table(rows, "y", group="sym", time="ts", split="part")
        model = ba.train(" + ".join(recipe) + " | Standardize() | Linear(l2=1e-4)", data)
        judged = usable & last & np.isfinite(naive)
        guess = model.predict(table, group="sym", time="ts")
        results[name] = [float(np.abs(g - target)[judged].mean()) for g in (guess, naive)]
    return results
