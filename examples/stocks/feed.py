# SPDX-License-Identifier: MIT
"""The provider's prices as lines of a log file: each minute of each symbol once, rotated as logs are."""

import json
import logging
import os
import time
from datetime import datetime
from logging.handlers import RotatingFileHandler
from zoneinfo import ZoneInfo

import requests

from lib.fetch import TryAgain, fetch
from lib.steps import write_atomically


class Provider:
    """Alpha Vantage. Its key is told in the address, so errors are raised without it."""

    def __init__(self, url, wait=time.sleep):
        self._url, self._key, self._wait = url, os.environ.get("ALPHAVANTAGE_API_KEY", "demo"), wait

    def _ask(self, part, **words):
        def parse(answer):
            body = answer.json()
            refused = {"Note", "Information"} & set(body)  # its way to say 429, with status 200
            if refused:
                raise TryAgain(f"{self._url}: {body[refused.pop()]}")
            if "Error Message" in body:
                raise LookupError(f"{words['function']} of {words['symbol']}: {body['Error Message']}")
            try:
                return part(body)
            except KeyError as error:
                raise ValueError(f"an answer without {error}") from error
        try:
            return fetch(f"{self._url}/query", parse, attempts=20, wait=self._wait,  # which is above a minute in all
                         params={**words, "apikey": self._key})
        except requests.RequestException as error:
            raise RuntimeError(str(error).replace(self._key, "***")) from None

    def quote(self, symbol):
        """The newest price, and the close of the day before."""
        return self._ask(lambda body: (float(body["Global Quote"]["05. price"]),
                                       float(body["Global Quote"]["08. previous close"])),
                         function="GLOBAL_QUOTE", symbol=symbol)

    def minutes(self, symbol, after):
        """(moment, price, volume) of each minute behind `after`; the last 100 come in a short answer."""
        found = self._minutes(symbol, "compact")
        if found and found[0][0] > after + 60:
            found = self._minutes(symbol, "full")
        return [minute for minute in found if minute[0] > after]

    def _minutes(self, symbol, size):
        def part(body):
            zone, series = ZoneInfo(body["Meta Data"]["6. Time Zone"]), body["Time Series (1min)"]
            return sorted((int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()), float(bar["4. close"]),
                           int(bar["5. volume"])) for text, bar in series.items())
        return self._ask(part, function="TIME_SERIES_INTRADAY", symbol=symbol, interval="1min", outputsize=size)


class Feed:
    """Writes ticks.log in `folder`; remembers the last minute of each symbol, so a poll that failed loses nothing."""

    def __init__(self, provider, folder, symbols, days, size=500_000):
        self.provider, self.symbols, self.days = provider, symbols, days
        self._place = folder / "last.json"
        self.last = json.loads(self._place.read_text()) if self._place.exists() else {}
        folder.mkdir(parents=True, exist_ok=True)
        self._log = RotatingFileHandler(folder / "ticks.log", maxBytes=size, backupCount=1000)

    def poll(self):
        found = []
        for symbol in self.symbols:
            minutes = self.provider.minutes(symbol, self.last.get(symbol, 0))
            since = minutes[-1][0] - 86400 * self.days if minutes else 0
            now = time.time()
            found += [{"symbol": symbol, "ts": at, "price": price, "volume": volume, "fetched": now}
                      for at, price, volume in minutes if at > since]
        found.sort(key=lambda tick: tick["ts"])
        for start in range(0, len(found), 100):
            lines = "\n".join(json.dumps(tick) for tick in found[start:start + 100])
            self._log.emit(logging.makeLogRecord({"msg": lines}))
        self.last.update({tick["symbol"]: tick["ts"] for tick in found})
        write_atomically(self._place, json.dumps(self.last))
        return len(found)

    def close(self):
        self._log.close()
