# SPDX-License-Identifier: MIT
"""What reads the prices from the stream: a row of results for each price, a CSV object for each hour."""

import csv
import io
import json
from datetime import datetime, timezone

import bioanalytics as ba

from ports.stream import Consumer

# The return, a mean that forgets, how much the price moves at present, and how odd the newest return is against the
# sixty before it: by median and median distance, so that one jump does not hide the next.
RECIPE = ("LogReturn(column=usd) + EWMA(column=usd, window=30) + EWMA(column=usd, stat=std, of=logreturn, window=30)"
          " + RobustZ(column=usd, window=60, against=past, of=logreturn)")
COLUMNS = ("coin", "time", "usd", "log_return", "mean", "volatility", "oddness", "flag")
ODD = 12  # above this a price is flagged; chosen on the notebook's tape, not on this one
HOUR = 3600


class PriceConsumer:
    """Objects are stored before places are kept, and have the same bytes each time: a kill loses and doubles nothing."""

    def __init__(self, stream, store, checkpoint, coins):
        self.store, self.coins = store, coins
        self.consumer = Consumer(stream, checkpoint)
        self.series = ba.Stream(RECIPE, late="drop", duplicate="drop")
        self.rows = json.loads(self.consumer.state.get("rows", b"[]"))
        if "series" in self.consumer.state:
            self.series.restore(self.consumer.state["series"])

    def step(self, limit=1000):
        """Takes what has come; the rows that this gave."""
        records = self.consumer.poll(limit)
        rows = [row for row in (self._row(json.loads(record.data)) for record in records) if row]
        self.rows += rows
        for hour in sorted({row["time"] // HOUR for row in rows}):
            self.store.put(self._key(hour), self._csv(hour))
        # An hour may yet get rows while there is a coin that has not come to its end.
        latest = [max((row["time"] for row in self.rows if row["coin"] == coin), default=0) for coin in self.coins]
        self.rows = [row for row in self.rows if row["time"] // HOUR >= min(latest) // HOUR]
        if records:
            self.consumer.commit(series=self.series.save(), rows=json.dumps(self.rows).encode())
        return rows

    def _row(self, price):
        taken = self.series.counters["rows"]
        found = self.series.update([price["usd"]], group=price["coin"], time=price["last_updated_at"])
        if self.series.counters["rows"] == taken:
            return None  # the poller was killed behind its last record, and sent it once more
        numbers = dict(zip(COLUMNS[3:7], map(float, found)))
        return {"coin": price["coin"], "time": price["last_updated_at"], "usd": price["usd"], **numbers,
                "flag": int(abs(numbers["oddness"]) > ODD)}

    @staticmethod
    def _key(hour):
        begin = datetime.fromtimestamp(hour * HOUR, timezone.utc)
        return f"crypto/dt={begin:%Y-%m-%d}/{begin:%H%M}.csv"

    def _csv(self, hour):
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS)
        writer.writeheader()
        inside = [row for row in self.rows if row["time"] // HOUR == hour]
        for row in sorted(inside, key=lambda row: (row["time"], row["coin"])):
            moment = datetime.fromtimestamp(row["time"], timezone.utc)
            writer.writerow({**{name: "" if row[name] != row[name] else row[name] for name in COLUMNS},
                             "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}"})
        return text.getvalue().encode()
