# SPDX-License-Identifier: MIT
"""What feeds the batch lake: sales files by URL, FakeStore's API of products, and the database of a chain of shops.

`month` gives the truth beside each file: what is sold, in whole cents and micro-rates, and how many lines are dirt."""

import base64
import csv
import hashlib
import io
import sqlite3
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse

from .clock import clock

FIRST, CUSTOMERS, SHOPS = date(2025, 7, 1), 60, 40  # customers of a shop; shops of the chain
CATEGORIES = ("electronics", "jewelery", "men's clothing", "women's clothing")
PRODUCTS = 20  # 2k + 1 and 2k + 2 are bought by the same customers: the planted truth of recommendations
PLACES = (("New York", "USD", "America/New_York"), ("Paris", "EUR", "Europe/Paris"),
          ("São Paulo", "BRL", "America/Sao_Paulo"))
RATES = {"USD": 1_000_000, "EUR": 1_080_000, "BRL": 185_000}  # of a US dollar, in millionths, before they move
DIRT = {"bad line": 6, "bad date": 15, "bad quantity": 7, "bad price": 12, "unknown currency": 5, "unknown product": 8,
        "duplicate": 40}  # lines of a file
HEADER = ("sale", "at", "shop", "product", "customer", "quantity", "price", "currency")


def cents(product):
    return 499 + 1283 * product % 9000


def rate(day, currency):
    return RATES[currency] + (0 if currency == "USD" else 1000 * ((day.toordinal() * 7) % 41 - 20))


@lru_cache
def demand():
    """The mean of what one shop sells, days by products: weeks, and moods that last some days and all shops share."""
    chance, days = np.random.default_rng(2025), 200
    base, week = chance.uniform(0.8, 5, PRODUCTS), chance.uniform(0.5, 1.7, (7, PRODUCTS))
    mood, moods = np.zeros(PRODUCTS), []
    for _ in range(days):
        mood = 0.85 * mood + chance.normal(0, 0.2, PRODUCTS)
        moods.append(mood)
    return base * week[np.arange(days) % 7] * np.exp(moods)


@lru_cache(maxsize=16)
def month(shops, number, until):
    """The text of a month's file up to the day before `until`, and the truth: clean sales as dictionaries of arrays."""
    chance = np.random.default_rng([number, shops])
    day, lines, truth = date(2025, number, 1), [], []
    while day.month == number and day < until:
        count = chance.poisson(demand()[(day - FIRST).days], (shops, PRODUCTS))
        shop, product = (np.repeat(place.ravel(), count.ravel()) for place in np.indices(count.shape))
        truth.append(_sales(chance, day, shop + 1, product + 1))
        lines += _lines(truth[-1], day, number)
        day += timedelta(days=1)
    lines = [",".join(HEADER), *_with_dirt(chance, lines)]
    whole = {name: np.concatenate([part[name] for part in truth]) for name in truth[0]}
    return "\n".join(lines).encode() + b"\n", whole


def _sales(chance, day, shop, product):
    many = len(shop)
    taste = (product - 1) // 2 + 10 * chance.integers(0, CUSTOMERS // 10, many)
    customer = np.where(chance.random(many) < 0.5, taste, chance.integers(0, CUSTOMERS, many)) + CUSTOMERS * shop
    rates = np.array([rate(day, currency) for _, currency, _ in PLACES])[shop % 3]
    listed = np.array([cents(p) for p in range(PRODUCTS + 1)])[product]
    priced = chance.random(many) >= 0.01  # without a price the catalogue's, in dollars, is meant
    price = np.where(priced, listed * 1_000_000 // rates, -1)
    quantity = chance.choice([1, 1, 1, 2, 3], many)
    micro = np.where(priced, price * rates, listed * 1_000_000) * quantity
    return {"day": np.full(many, day.toordinal()), "second": chance.integers(0, 86400, many), "shop": shop,
            "product": product, "customer": np.where(chance.random(many) < 0.1, 0, customer), "quantity": quantity,
            "price": price, "usd": (micro + 500_000) // 1_000_000}


def _lines(sales, day, number):
    """The sales of a day as the shops write them: each currency's in its own form of time."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    columns = [sales[name].tolist() for name in ("second", "shop", "product", "customer", "quantity", "price")]
    for row, (second, shop, product, customer, quantity, price) in enumerate(zip(*columns)):
        at, currency = midnight + timedelta(seconds=second), PLACES[shop % 3][1]
        if currency == "USD":
            text = f"{at:%Y-%m-%dT%H:%M:%SZ}"
        elif currency == "EUR":
            text = f"{at + timedelta(hours=2):%Y-%m-%dT%H:%M:%S+02:00}"
        else:  # the time of the shop's own clock
            text = f"{at - timedelta(hours=3):%d/%m/%Y %H:%M}"
        money = f"{price / 100:.2f}" if price >= 0 else ""
        yield f"{number}-{day.day}-{row},{text},{shop},{product},{customer or ''},{quantity},{money},{currency}"


def _with_dirt(chance, lines):
    spoil = {"bad line": lambda f: f[:3], "bad date": lambda f: [f[0], "2025-13-45T00:00:00Z", *f[2:]],
             "bad quantity": lambda f: [*f[:5], "two", *f[6:]], "bad price": lambda f: [*f[:6], "-5.00", f[7]],
             "unknown currency": lambda f: [*f[:7], "ZZZ"], "unknown product": lambda f: [*f[:3], "999", *f[4:]],
             "duplicate": lambda f: f}
    number = 0
    for reason, many in DIRT.items():
        for place in sorted(chance.integers(0, len(lines), many)):
            fields = spoil[reason](lines[place].split(","))
            if len(fields) < 8 or reason != "duplicate":
                number += 1
                fields = [f"dirt-{number}-{fields[0]}", *fields[1:]]
            yield ",".join(fields)
    yield from lines


def products():
    return [{"id": p, "title": f"Product {p}", "price": cents(p) / 100, "description": f"What number {p} is.",
             "category": CATEGORIES[(p - 1) // 5], "image": f"https://example.com/{p}.jpg",
             "rating": {"rate": 3 + p % 20 / 10, "count": 100 + p}} for p in range(1, PRODUCTS + 1)]


def _rates(until):
    days = [FIRST + timedelta(days=n) for n in range((until - FIRST).days)]
    lines = [f"{day},{name},{rate(day, name) / 1e6:.6f}\n" for day in days for name in RATES]
    return "".join(["day,currency,usd\n", *lines]).encode()


def make_database(path):
    """The shops' own database: rows have a version that rises with every change."""
    shop = sqlite3.connect(path)
    shop.executescript("""
        CREATE TABLE IF NOT EXISTS shops (id INTEGER PRIMARY KEY, city TEXT, timezone TEXT, version INTEGER);
        CREATE TABLE IF NOT EXISTS customers (id INTEGER PRIMARY KEY, segment TEXT, version INTEGER);""")
    shop.executemany("INSERT OR IGNORE INTO shops VALUES (?, ?, ?, ?)",
                     [(s, PLACES[s % 3][0], PLACES[s % 3][2], s) for s in range(1, SHOPS + 1)])
    shop.executemany("INSERT OR IGNORE INTO customers VALUES (?, ?, ?)",
                     [(c, ("home", "club", "trade")[c % 3], c) for c in range(CUSTOMERS, CUSTOMERS * (SHOPS + 1))])
    shop.commit()
    shop.close()


def router(folder):
    made, folder = APIRouter(), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    make_database(folder / "shop.db")

    @made.get("/files/{shops}/{name}")
    def file(shops: int, name: str, request: Request):
        until = datetime.fromtimestamp(clock.now(), timezone.utc).date()
        numbers = {f"sales-2025-{n:02}.csv": n for n in range(FIRST.month, until.month + 1)}
        if name not in (*numbers, "rates.csv"):
            return Response("no such file", 404)
        body = _rates(until) if name == "rates.csv" else month(shops, numbers[name], until)[0]
        digest = hashlib.sha256(body)
        etag, path = f'"{digest.hexdigest()[:16]}"', folder / f"{digest.hexdigest()[:16]}-{name}"
        if request.headers.get("If-None-Match") == etag:
            return Response(status_code=304, headers={"ETag": etag})
        if not path.exists():
            path.write_bytes(body)
        sha = base64.b64encode(digest.digest()).decode()
        return FileResponse(path, headers={"ETag": etag, "Repr-Digest": f"sha-256=:{sha}:"})

    @made.get("/products")
    async def all_products():
        return products()

    @made.get("/products/category/{category}")
    async def by_category(category: str):
        return [product for product in products() if product["category"] == category]

    @made.get("/products/{number}")
    async def one(number: int):
        return next((product for product in products() if product["id"] == number), None)

    return made


def rows(text):
    """The records of a file, as a plain reader of CSV counts them."""
    return list(csv.reader(io.StringIO(text.decode())))[1:]
