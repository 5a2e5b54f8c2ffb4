# SPDX-License-Identifier: MIT
"""Terms over series against TA-Lib, pandas, statsmodels and river, each where it is installed, and definitions."""

import ctypes as c
import decimal
import math
import random
import statistics
from fractions import Fraction

import numpy as np
import pytest

import library
from library import F64, I32, I64, OUT, P, TEXT

ba = library.declare({
    "stream_open": (I32, P, TEXT, TEXT, OUT), "stream_width": (I64, P), "stream_inputs": (I64, P),
    "stream_input_name": (TEXT, P, I64), "stream_update": (I32, P, TEXT, F64, P, I64, P), "stream_close": (None, P),
    "newsvendor_quantity": (F64, F64, F64, F64, F64), "stockout_probability": (F64, F64, F64, F64)})

ROWS = 2000


def walk(seed=4):
    """Prices that move by some cents, with a step now and then."""
    source = random.Random(seed)
    x, found = 100.0, []
    for i in range(ROWS):
        x += round(source.gauss(0, 0.3), 2) + (5 if i % 500 == 499 else 0)
        found.append(x)
    return np.array(found)


def run(context, recipe, times=None, **columns):
    """The stream's numbers, one row each."""
    stream = P()
    context.check(ba.stream_open(context.handle, recipe.encode(), None, c.byref(stream)))
    names = [ba.stream_input_name(stream, i).decode() for i in range(ba.stream_inputs(stream))]
    out = np.empty(ba.stream_width(stream))
    found = []
    for i in range(len(columns[names[0]])):
        row = np.array([float(columns[name][i]) for name in names])
        time = math.nan if times is None else float(times[i])
        context.check(ba.stream_update(stream, None, time, row.ctypes.data, len(names), out.ctypes.data))
        found.append(out.copy())
    ba.stream_close(stream)
    return np.array(found)


def same(got, expected, bound):
    """Where the peer has numbers, so have we, and they agree; returns by how much they differ at most."""
    known = ~np.isnan(expected)
    assert known.sum() > ROWS // 2
    assert not np.isnan(got[known]).any()
    worst = float(np.max(np.abs(got[known] - expected[known]) / np.maximum(1.0, np.abs(expected[known]))))
    print(f"differs by {worst:.1e}")
    assert worst <= bound
    return worst


def talib_cases(talib, x, high, low):
    upper, middle, lower = talib.BBANDS(x, 20, 2, 2)
    macd, signal, histogram = talib.MACD(x)
    return {
        "Rolling(column=x, window=30)": [talib.SMA(x, 30)],
        "Rolling(column=x, window=30, stat=std)": [talib.STDDEV(x, 30)],
        "Rolling(column=x, window=30, stat=min) + Rolling(column=x, window=30, stat=max)":
            [talib.MIN(x, 30), talib.MAX(x, 30)],
        "Rolling(column=x, window=30, stat=sum)": [talib.SUM(x, 30)],
        "Rolling(column=x, window=14, stat=slope)": [talib.LINEARREG_SLOPE(x, 14)],
        "EWMA(column=x, window=30, seed=mean)": [talib.EMA(x, 30)],
        "RSI(column=x)": [talib.RSI(x)],
        "Return(column=x, lag=10)": [talib.ROC(x, 10) / 100],
        "ROCP(column=x, lag=10)": [talib.ROCP(x, 10)],
        "MOM(column=x, lag=10)": [talib.MOM(x, 10)],
        "BBANDS(column=x)": [upper, middle, lower],
        "MACD(column=x)": [macd, signal, histogram],
        "ATR(close=x)": [talib.ATR(high, low, x)],
        "CORREL(column=x, column2=high, window=30)": [talib.CORREL(x, high, 30)],
    }


def bars(kind):
    """Prices with a high and a low: the walk near 100, or numbers from 0.5 to 1.5, where no formula cancels."""
    source = random.Random(2)
    x = walk() if kind == "walk" else np.array([source.uniform(0.5, 1.5) for _ in range(ROWS)])
    high = x + np.array([abs(source.gauss(0, 0.5)) for _ in x])
    return x, high, x - np.array([abs(source.gauss(0, 0.5)) for _ in x])


# Worked out by TA-Lib from sums of squares and products, which cancel on the walk: test_exact says whose digits go.
CANCELLING = ("Rolling(column=x, window=30, stat=std)", "Rolling(column=x, window=14, stat=slope)",
              "CORREL(column=x, column2=high, window=30)")


@pytest.mark.parametrize("kind", ["walk", "ones"])
def test_talib(context, kind):
    talib = pytest.importorskip("talib", reason="TA-Lib is not installed")
    x, high, low = bars(kind)
    for recipe, expected in talib_cases(talib, x, high, low).items():
        print(recipe, end=" ")
        bound = 1e-10 if kind == "walk" and recipe in CANCELLING else 1e-12
        same(run(context, recipe, x=x, high=high, low=low), np.array(expected).T, bound)


def root(square):
    with decimal.localcontext() as digits:
        digits.prec = 50
        return Fraction((decimal.Decimal(square.numerator) / decimal.Decimal(square.denominator)).sqrt())


def exact_rows(x, high):
    """Of every fourth row from 29 on: deviation of 30 rows, slope of 14, correlation of 30, in rational arithmetic."""
    x, high = [Fraction(float(v)) for v in x], [Fraction(float(v)) for v in high]
    steps = [Fraction(2 * i - 13, 2) for i in range(14)]
    for i in range(29, len(x), 4):
        u, v = x[i - 29:i + 1], high[i - 29:i + 1]
        u, v = [a - sum(u) / 30 for a in u], [a - sum(v) / 30 for a in v]
        squares = sum(a * a for a in u)
        slope = sum(a * b for a, b in zip(steps, x[i - 13:i + 1])) / sum(a * a for a in steps)
        yield [float(root(squares / 30)), float(slope),
               float(sum(a * b for a, b in zip(u, v)) / root(squares * sum(a * a for a in v)))]


def test_exact(context):
    """On the walk: our distance from the exact numbers, and that of TA-Lib, which is all that is between the two."""
    talib = pytest.importorskip("talib", reason="TA-Lib is not installed")
    x, high, _ = bars("walk")
    exact = np.array(list(exact_rows(x, high)))
    ours = run(context, " + ".join(CANCELLING), x=x, high=high)[29::4]
    theirs = np.array([talib.STDDEV(x, 30), talib.LINEARREG_SLOPE(x, 14), talib.CORREL(x, high, 30)]).T[29::4]
    own, other = [np.max(np.abs(found - exact), axis=0) for found in (ours, theirs)]
    print("from exact: ours", own, "TA-Lib's", other)
    assert (own < 5e-14).all() and (own * 50 < other).all()


def test_pandas(context):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    x, times = walk(), np.cumsum(np.random.default_rng(3).integers(1, 9, ROWS))
    s, y = pandas.Series(x), pandas.Series(walk(7))
    stamps = pandas.to_datetime(times, unit="s")
    cases = {
        "Rolling(column=x, window=25, stat=std, ddof=1)": s.rolling(25).std(),
        "Rolling(column=x, window=25, stat=median)": s.rolling(25).median(),
        "Rolling(column=x, window=25, stat=quantile, quantile=0.9)": s.rolling(25).quantile(0.9),
        "RollingCovariance(column=x, column2=y, window=25, ddof=1)": s.rolling(25).cov(y),
        "RollingCorrelation(column=x, column2=y, window=25, of=return)": s.pct_change().rolling(25).corr(y.pct_change()),
        "EWMA(column=x, alpha=0.2)": s.ewm(alpha=0.2, adjust=False).mean(),
        "EWMA(column=x, window=9, stat=std)": s.ewm(span=9, adjust=False).std(bias=True),
        "LogReturn(column=x)": pandas.Series(np.log(x)).diff(),
        "Drawdown(column=x)": s / s.cummax() - 1,
        "RealisedVolatility(column=x, window=20)": np.sqrt((np.log(s).diff() ** 2).rolling(20).sum()),
    }
    for recipe, expected in cases.items():
        print(recipe, end=" ")
        same(run(context, recipe, x=x, y=y.to_numpy())[:, 0], expected.to_numpy(), 1e-9)
    # pandas's mean with times is that of all rows, weighted; ours starts from the first: far on they are one.
    aware = s.ewm(halflife="60s", times=stamps).mean().to_numpy()
    got = run(context, "EWMA(column=x, halflife=60)", times=times, x=x)[:, 0]
    assert np.all(np.isfinite(got)) and abs(got[-1] - aware[-1]) < 2.0


def test_statsmodels(context):
    smooth = pytest.importorskip("statsmodels.tsa.api", reason="statsmodels is not installed")
    x = walk() + 10 * np.sin(np.arange(ROWS) * 2 * np.pi / 12) + 50
    model = smooth.SimpleExpSmoothing(x, initialization_method="known", initial_level=x[0])
    expected = model.fit(smoothing_level=0.3, optimized=False).fittedvalues
    same(run(context, "SES(column=x)", x=x)[:-1, 0], expected[1:], 1e-12)
    model = smooth.Holt(x[1:], initialization_method="known", initial_level=x[0], initial_trend=0.0)
    expected = model.fit(smoothing_level=0.3, smoothing_trend=0.1, optimized=False).fittedvalues
    same(run(context, "Holt(column=x)", x=x)[:-1, 0], expected, 1e-12)
    for seasonal in ("additive", "multiplicative"):
        level = x[:12].mean()
        season = x[:12] - level if seasonal == "additive" else x[:12] / level
        model = smooth.ExponentialSmoothing(
            x[12:], trend="add", seasonal=seasonal[:3], seasonal_periods=12, initialization_method="known",
            initial_level=level, initial_trend=0.0, initial_seasonal=season)
        fit = model.fit(smoothing_level=0.3, smoothing_trend=0.1, smoothing_seasonal=0.2, optimized=False)
        recipe = f"HoltWinters(column=x, gamma=0.2, period=12, seasonal={seasonal}"
        got = run(context, recipe + ")", x=x)
        same(got[11:-1, 0], fit.fittedvalues, 1e-12)
        errors = x[12:] - fit.fittedvalues
        assert abs(got[-1, 1] - math.sqrt(np.mean(errors**2))) < 1e-9
        assert abs(run(context, recipe + ", horizon=5)", x=x)[-1, 0] - fit.forecast(5)[-1]) < 1e-9


def steps(seed=1):
    source = random.Random(seed)
    return np.array([source.gauss(3 if 700 <= i < 1400 else 0, 1) for i in range(ROWS)])


def test_river(context):
    drift = pytest.importorskip("river.drift", reason="river is not installed")
    x = steps()
    detector, expected = drift.PageHinkley(), []
    for i, value in enumerate(x):
        detector.update(value)
        if detector.drift_detected:
            expected.append(i)
    found = run(context, "PageHinkley(column=x)", x=x)[:, 2]
    assert list(np.nonzero(found)[0]) == expected and expected
    for at, sign in ((700, 1.0), (1400, -1.0)):
        assert any(at <= i < at + 60 and found[i] == sign for i in expected)
    detector, expected, widths = drift.ADWIN(), [], []
    for i, value in enumerate(x):
        detector.update(value)
        widths.append(detector.width)
        if detector.drift_detected:
            expected.append(i)
    got = run(context, "ADWIN(column=x)", x=x)
    print("ADWIN: river", expected, "ours", list(np.nonzero(got[:, 2])[0]))
    alarms = np.nonzero(got[:, 2])[0]
    assert len(expected) >= 2
    # A cut is tested every 32 rows; ours and river's are found within one or two tests of each other.
    for at, sign in ((700, 1.0), (1400, -1.0)):
        ours = [i for i in alarms if at <= i < at + 96]
        assert ours and any(at <= i < at + 96 for i in expected) and got[ours[0], 2] == sign


def test_cusum_is_its_definition(context):
    x = steps()
    mean, deviation = statistics.fmean(x[:50]), statistics.pstdev(x[:50])
    up = down = 0.0
    for i, row in enumerate(run(context, "CUSUM(column=x)", x=x)):
        if i < 50:
            assert np.isnan(row).all()
            continue
        z = (x[i] - mean) / deviation
        up, down = max(0.0, up + z - 0.5), max(0.0, down - z - 0.5)
        alarm = 1.0 if up > 5 else -1.0 if down > 5 else 0.0
        assert abs(row[0] - up) < 1e-9 and abs(row[1] - down) < 1e-9 and row[2] == alarm
        if alarm:
            up = down = 0.0


def test_adwin_has_few_false_alarms(context):
    alarms = sum(np.count_nonzero(run(context, "ADWIN(column=x)",
                                      x=np.random.default_rng(seed).normal(size=ROWS))[:, 2]) for seed in range(10))
    assert alarms <= 2


def test_seldom_demand_is_its_definition(context):
    source = random.Random(6)
    x = [source.randrange(1, 9) if source.random() < 0.2 else 0 for _ in range(ROWS)]
    z = p = chance = demand = None
    since = 0
    got = {name: run(context, name, x=x)[:, 0] for name in
           ("Croston(column=x, alpha=0.2)", "Croston(column=x, alpha=0.2, variant=sba)",
            "Croston(column=x, alpha=0.2, variant=sbj)", "TSB(column=x, alpha=0.3, beta=0.05)")}
    croston, sba, sbj, tsb = got.values()
    for i, value in enumerate(x):
        since += 1
        chance = float(value > 0) if chance is None else 0.05 * (value > 0) + 0.95 * chance
        if value:
            z, p = (value, since) if z is None else (0.2 * value + 0.8 * z, 0.2 * since + 0.8 * p)
            demand = value if demand is None else 0.3 * value + 0.7 * demand
            since = 0
        if z is None:
            assert math.isnan(croston[i])
            continue
        assert abs(croston[i] - z / p) < 1e-12
        assert abs(sba[i] - 0.9 * z / p) < 1e-12 and abs(sbj[i] - (1 - 0.2 / 1.8) * z / p) < 1e-12
        assert abs(tsb[i] - chance * demand) < 1e-12


def test_time_to_empty(context):
    """The line is numpy's; the interval holds the true time as often as it says."""
    source, inside, known = np.random.default_rng(5), 0, 0
    for _ in range(400):
        times = np.cumsum(source.integers(1, 5, 20)) + 1.7e9
        level = 100 - 0.5 * (times - times[0]) + source.normal(0, 3, 20)
        got = run(context, "TimeToEmpty(column=x, window=20)", times=times, x=level)[-1]
        slope, start = np.polyfit(times - times[-1], level, 1)
        assert abs(got[0] + start / slope) < 1e-6 * abs(got[0])
        if not math.isnan(got[1]):
            assert got[1] <= got[0] <= got[2]
            known += 1
            inside += got[1] <= times[0] + 200 - times[-1] <= got[2]
    assert known > 350 and 0.9 < inside / known < 0.98


def test_stock_for_a_normal_demand():
    normal = statistics.NormalDist(100, 15)
    for stock in (20, 60, 85, 99.5, 100, 101, 120, 137.4, 137.6, 160, 200):
        exact = 0.5 * math.erfc((stock - 100) / 15 / math.sqrt(2))
        assert abs(ba.stockout_probability(stock, 100, 15) - exact) <= 1e-13 * exact
    for under, over in ((1, 1), (9, 1), (1, 9), (999, 1), (1, 1e6), (3.5, 2.25)):
        expected = normal.inv_cdf(under / (under + over))
        assert abs(ba.newsvendor_quantity(100, 15, under, over) - expected) < 1e-9
    assert ba.stockout_probability(5, 4, 0) == 0 and ba.stockout_probability(4, 5, 0) == 1
    for wrong in ((math.nan, 1, 1), (1, math.inf, 1), (1, 1, -1)):
        assert math.isnan(ba.stockout_probability(*wrong))
    for wrong in ((1, -1, 1, 1), (1, 1, 0, 1), (1, 1, 1, -2), (math.nan, 1, 1, 1)):
        assert math.isnan(ba.newsvendor_quantity(*wrong))
