# SPDX-License-Identifier: MIT
"""Alpha Vantage's /query, over a tape of made-up minute prices with planted jumps."""

import time
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from .clock import START, clock

ZONE = ZoneInfo("US/Eastern")
SYMBOLS = {"ACME": (258.0, 4e-4), "BRIO": (41.5, 6e-4), "CASA": (112.0, 3e-4), "DUNE": (73.2, 5e-4),
           "ECHO": (510.0, 4e-4)}  # the first price, and how much a minute moves it
DAYS, MINUTES = 11, 390  # the last is the day of START, which has not begun then; it alone has jumps
JUMPS = {("ACME", 150): 0.08, ("CASA", 220): -0.02, ("DUNE", 300): 0.025}  # by the minute of that day


def moments():
    """When each minute of trading began, in seconds."""
    day, days = datetime.fromtimestamp(START, ZONE), []
    while len(days) < DAYS:
        if day.weekday() < 5:
            days.insert(0, day.replace(hour=9, minute=30, second=0, microsecond=0).timestamp())
        day -= timedelta(days=1)
    return np.concatenate([opened + 60 * np.arange(MINUTES) for opened in days]).astype(int)


@lru_cache
def tape():
    """Closing prices by symbol: moves that share a market, in hours that are calm or wild."""
    chance, count = np.random.default_rng(2025), DAYS * MINUTES
    market, tension = chance.normal(size=count), swings(chance, count, 0.45)
    made = {}
    for symbol, (price, size) in SYMBOLS.items():
        moves = size * np.exp(tension + swings(chance, count, 0.3)) * (0.6 * market + 0.8 * chance.normal(size=count))
        for (name, minute), jump in JUMPS.items():
            if name == symbol:
                moves[(DAYS - 1) * MINUTES + minute] = np.log1p(jump)
        made[symbol] = np.round(price * np.exp(np.cumsum(moves)), 4)
    return made


def swings(chance, count, size, memory=200.0):
    """What goes up and down slowly, over so many minutes."""
    kept = np.exp(-1 / memory)
    level, found = chance.normal() * size, np.empty(count)
    for i in range(count):
        level = kept * level + size * np.sqrt(1 - kept * kept) * chance.normal()
        found[i] = level
    return found


class Limit:
    """So many calls in so many seconds; those above get an answer of status 200 that says so."""

    def __init__(self):
        self.set()

    def set(self, calls=10 ** 9, seconds=1.0):
        self.calls, self.seconds, self.times, self.refused = calls, seconds, [], 0

    def refuses(self):
        now = time.monotonic()
        self.times = [at for at in self.times if now - at < self.seconds]
        if len(self.times) >= self.calls:
            self.refused += 1
            return True
        self.times.append(now)
        return False


def quote(symbol, upto, when):
    prices = tape()[symbol]
    before = prices[(upto - 1) // MINUTES * MINUTES - 1]
    change = prices[upto - 1] - before
    return {"01. symbol": symbol, "02. open": f"{prices[(upto - 1) // MINUTES * MINUTES]:.4f}",
            "05. price": f"{prices[upto - 1]:.4f}", "06. volume": str(1000 * upto),
            "07. latest trading day": f"{datetime.fromtimestamp(when[upto - 1], ZONE):%Y-%m-%d}",
            "08. previous close": f"{before:.4f}", "09. change": f"{change:.4f}",
            "10. change percent": f"{100 * change / before:.4f}%"}


@lru_cache
def minutes(symbol):
    """Each minute's text and figures, as the provider tells them."""
    prices = [f"{price:.4f}" for price in tape()[symbol]]
    found = []
    for i, at in enumerate(moments()):
        opened, closed = prices[max(0, i - 1)], prices[i]
        found.append((f"{datetime.fromtimestamp(at, ZONE):%Y-%m-%d %H:%M:%S}", {
            "1. open": opened, "2. high": max(opened, closed, key=float), "3. low": min(opened, closed, key=float),
            "4. close": closed, "5. volume": str(1000 + 7 * i % 900)}))
    return found


def intraday(symbol, upto, size):
    told = minutes(symbol)[max(0, upto - size):upto][::-1]
    return {"Meta Data": {"2. Symbol": symbol, "3. Last Refreshed": told[0][0], "4. Interval": "1min",
                          "5. Output Size": "Compact" if size == 100 else "Full size", "6. Time Zone": "US/Eastern"},
            "Time Series (1min)": dict(told)}


def router(folder):
    made, when, limit = APIRouter(), moments(), Limit()

    @made.get("/query")
    async def query(function: str = "", symbol: str = "", apikey: str = "", interval: str = "",
                    outputsize: str = "compact"):
        return JSONResponse(answer(function, symbol, apikey, interval, 100 if outputsize == "compact" else 10 ** 6))

    def answer(function, symbol, apikey, interval, size):
        if limit.refuses():
            return {"Note" if limit.refused % 2 else "Information": "the call frequency of this key is used up"}
        if not apikey:
            return {"Error Message": "the parameter apikey is invalid or missing"}
        upto = int(np.searchsorted(when + 60, clock.now(), side="right"))  # a minute is told when it is over
        if function == "GLOBAL_QUOTE":
            return {"Global Quote": quote(symbol, upto, when) if symbol in SYMBOLS else {}}
        if function == "TIME_SERIES_INTRADAY" and symbol in SYMBOLS and interval == "1min":
            return intraday(symbol, upto, size)
        return {"Error Message": "Invalid API call"}

    @made.put("/_limit")
    async def set_limit(request: Request):
        limit.set(**await request.json())

    @made.get("/_limit")
    async def count_refused():
        return {"refused": limit.refused}

    return made
