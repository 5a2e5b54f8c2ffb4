# SPDX-License-Identifier: MIT
"""Fridges with scales at points of sale, and the shop's database: made up by a seed, with planted rushes."""

import json
import random
import sqlite3
from pathlib import Path

import numpy as np

from .clock import START

STEP, DAYS = 1800, 42  # seconds between two messages of a fridge; days of the tape
STORES, FRIDGES = 6, 3
ITEM = 500  # grams
EMPTY = 0.05  # of what fits in: people see an empty shelf
DELIVERY, EVERY = 5 * 3600, 2  # a lorry at five in the morning, every other day
PLANTED = ("store-1-fridge-1", 33)  # sells four times as much from noon of this day on, for a day
FIRST = START - START % 86400  # midnight of the first day, UTC

_WORKDAY = np.interp(np.arange(48) / 2, [0, 6, 8, 10, 12.5, 15, 18, 21, 24], [.1, .2, 1.3, .8, 1.7, .9, 2.2, .8, .1])
_WEEKEND = np.interp(np.arange(48) / 2, [0, 8, 11, 15, 19, 24], [.2, .3, 1.9, 2.1, 1.3, .2])


class Fridge:
    """Half-hours of one fridge: `sold` items, the `level` behind them as a share of what fits in, rushes and all."""

    def __init__(self, store, number):
        self.store, self.name = f"store-{store}", f"store-{store}-fridge-{number}"
        self.sku, self.price = f"drink-{number}", 1 + 0.4 * number
        chance = np.random.default_rng([store, number])
        self.daily = chance.uniform(60, 140)
        self.capacity = int(3.2 * self.daily)
        steps = np.arange(DAYS * 86400 // STEP)
        weekend = (FIRST // 86400 + 3 + steps // 48) % 7 >= 5
        rate = np.where(weekend, 1.2 * _WEEKEND[steps % 48], _WORKDAY[steps % 48]) * self.daily / 48
        rate *= np.repeat(chance.lognormal(0, 0.1, DAYS), 48)
        self._rush(rate, chance)
        self.asked, left = chance.poisson(rate), self.capacity
        self.sold, self.left = np.zeros(len(steps), int), np.zeros(len(steps), int)
        for step in steps:
            if step % (48 * EVERY) == DELIVERY // STEP - 1 and chance.random() > 0.04:  # now and then no lorry comes
                left = self.capacity
            self.sold[step] = min(left, self.asked[step])
            left -= self.sold[step]
            self.left[step] = left
        self.skew = float(chance.uniform(-90, 90))
        self.grams = np.round(np.maximum(0, ITEM * self.left + chance.normal(0, 0.3 * ITEM, len(steps))))

    def _rush(self, rate, chance):
        for day in range(1, DAYS):
            if chance.random() < 0.12:
                start = 48 * day + chance.integers(0, 30)
                rate[start:start + chance.integers(32, 72)] *= chance.uniform(3, 6)
        if self.name == PLANTED[0]:
            rate[48 * PLANTED[1] + 24:48 * PLANTED[1] + 72] *= 4

    def empties(self, first=0, last=DAYS):
        """The moments, between two days of the tape, at which the shelf came to look empty."""
        low = self.left < EMPTY * self.capacity
        return [FIRST + STEP * (step + 1) for step in range(max(48 * first, 1), 48 * last) if low[step] > low[step - 1]]

    def messages(self, first, last, bad=True):
        """What the fridge's scale sends from one day to another: (when it is received, topic, payload), in order.

        On bad days it is cut off for hours and sends all afterwards, and what nobody acknowledged comes twice."""
        chance, sent, received, back = random.Random(f"{self.name} {first}"), [], 0, 0
        for step in range(48 * first, 48 * last):
            at = FIRST + STEP * (step + 1)
            if bad and step > 4 and chance.random() < 0.01:
                back = at + chance.uniform(1, 8) * 3600
            received = max(max(at, back) + chance.uniform(0.1, 0.5), received + 0.01)
            payload = {"device": self.name, "seq": step, "at": int(1000 * (at - self.skew)),
                       "grams": int(self.grams[step])}
            sent.append((received, f"shops/{self.store}/{self.name}/level", payload))
            if bad and chance.random() < 0.03:
                sent.append((received + chance.uniform(1, 5000), sent[-1][1], payload))
        return sorted(sent, key=lambda message: message[0])


FLEET = [Fridge(store, number) for store in range(1, STORES + 1) for number in range(1, FRIDGES + 1)]


def sense(stream, first, last, bad=True, fleet=FLEET):
    """Puts messages where the rule of an IoT topic would, `SELECT *, topic() AS topic, timestamp() AS received`."""
    sent = sorted((one for fridge in fleet for one in fridge.messages(first, last, bad)), key=lambda one: one[0])
    records = [(payload["device"], json.dumps({**payload, "topic": topic, "received": int(1000 * received)}).encode())
               for received, topic, payload in sent]
    for start in range(0, len(records), 5000):
        stream.put(records[start:start + 5000])
    return len(records)


class Shop:
    """The shop's database. Its triggers write changes as wal2json does, so `pg_recvlogical` can take their place."""

    def __init__(self, path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        self.sql = sqlite3.connect(path, timeout=30)
        self.sql.executescript((Path(__file__).parent / "shop.sql").read_text())

    def sell(self, first, last, fleet=FLEET):
        """What was sold from one day to another, one row a fridge and half-hour, and what cashiers put right later."""
        newest = self.sql.execute("SELECT max(sold) FROM sale").fetchone()[0]
        if newest and newest >= FIRST + 86400 * (last - 1):
            return 0  # that was sold before
        chance, rows = random.Random(f"shop {first}"), []
        for fridge in fleet:
            for step in range(48 * first, 48 * last):
                if fridge.sold[step]:
                    receipt = "long " * 500 if chance.random() < 0.02 else "short"
                    customer = f"card-{chance.randrange(400)}" if chance.random() < 0.25 else None
                    rows.append((FIRST + STEP * step + chance.randrange(STEP), fridge.store, fridge.sku,
                                 int(fridge.sold[step]), fridge.price, customer, receipt))
        with self.sql:
            self.sql.executemany("INSERT INTO sale (sold, store, sku, qty, price, customer, receipt) "
                                 "VALUES (?, ?, ?, ?, ?, ?, ?)", sorted(rows, key=lambda row: row[:3]))
            ends = self.sql.execute("SELECT max(id) FROM sale").fetchone()[0]
            some = chance.sample(range(ends - len(rows) + 1, ends + 1), len(rows) // 50)
            for number in some[::2]:
                self.sql.execute("UPDATE sale SET qty = qty + 1 WHERE id = ?", (number,))
            for number in some[1::2]:
                self.sql.execute("DELETE FROM sale WHERE id = ?", (number,))
        return len(rows)

    def rows(self):
        return self.sql.execute("SELECT * FROM sale ORDER BY id").fetchall()

    def changes(self, after, limit=5000):
        """(place, line) of each change behind a place, as a replication slot gives them."""
        return self.sql.execute("SELECT place, line FROM change WHERE place > ? ORDER BY place LIMIT ?",
                                (after, limit)).fetchall()

    def close(self):
        self.sql.close()
