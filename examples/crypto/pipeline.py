# SPDX-License-Identifier: MIT
"""Prices by the API every 90 seconds to a stream; returns, volatility and flags from the stream to CSV files."""

import json

import numpy as np

import bioanalytics as ba

from lib.fetch import fetch
from lib.steps import write_atomically
from ports.sql import Lake

from .consumer import PriceConsumer

# `ticks`: so many prices of each coin, then the step ends. Made-up sources are replayed without waiting.
SETTINGS = {"period": 90, "ticks": 640, "coins": "bitcoin,ethereum,solana"}
TEST = 0.6  # this part of the tape is for training


def poll(run):
    """Asks for the prices of the moment until there are `ticks` of them; goes on where a killed run stopped."""
    place = run.state / "poll.json"
    kept = json.loads(place.read_text()) if place.exists() else {"ticks": 0, "last": {}}
    stream, period, began = run.stream("prices"), run.settings["period"], kept["ticks"]
    run.wait(period * kept["ticks"] + 1)  # the made-up clock of a new server stands at the beginning; a second behind
    while kept["ticks"] < run.settings["ticks"]:
        waited = [0.0]
        prices = fetch(f"{run.sources}/api/v3/simple/price", prices_of(run.settings["coins"]), wait=waiting(run, waited),
                       attempts=16, params={"ids": run.settings["coins"], "vs_currencies": "usd",
                                            "include_last_updated_at": "true"})
        new = {coin: price for coin, price in prices.items() if price["last_updated_at"] != kept["last"].get(coin)}
        stream.put([(coin, json.dumps({"coin": coin, **price}).encode()) for coin, price in new.items()])
        kept["last"].update({coin: price["last_updated_at"] for coin, price in new.items()})
        kept["ticks"] += 1
        write_atomically(place, json.dumps(kept))
        run.wait(max(0.0, period - waited[0]))
    return {"prices": (kept["ticks"] - began) * len(kept["last"])}


def prices_of(coins):
    """What takes an answer apart; one that lacks a coin or its price is malformed."""
    def parse(answer):
        found = answer.json()
        return {coin: {"usd": float(found[coin]["usd"]), "last_updated_at": int(found[coin]["last_updated_at"])}
                for coin in coins.split(",")}
    return parse


def waiting(run, waited):
    def wait(seconds):
        waited[0] += seconds
        run.wait(seconds)
    return wait


def consume(run, limit=1000):
    """Reads the stream to its end."""
    consumer = PriceConsumer(run.stream("prices"), run.store, run.state / "consumer.json",
                             run.settings["coins"].split(","))
    rows = flags = 0
    while found := consumer.step(limit):
        rows, flags = rows + len(found), flags + sum(row["flag"] for row in found)
    return {"rows": rows, "flags": flags}


def forecast(run):
    """How much will the price move next? A model of the same terms, trained on the first part of the tape."""
    lake = Lake(run.store, {"prices": "crypto/*/*.csv"})
    rows = lake.query("SELECT coin, to_unixtime(time) AS time, usd FROM prices ORDER BY coin, time")
    lake.close()
    table = {name: np.array([row[name] for row in rows]) for name in ("coin", "time", "usd")}
    returns = ba.Extractor("LogReturn(column=usd)").table(table, group="coin", time="time")[:, 0]
    same = np.append(table["coin"][1:] == table["coin"][:-1], False)
    upcoming = np.where(same, np.append(returns[1:], 0.0), 0.0)
    moves = table["time"] - table["time"].min()
    part = np.where(moves < TEST * moves.max(), "train", "test")
    part[~same | ~np.isfinite(returns)] = "dev"  # neither trained on nor judged
    scores = {}
    for target, values, terms in (("volatility", 1e4 * np.abs(upcoming), VOLATILITY), ("return", 1e4 * upcoming, RETURN)):
        data = ba.Dataset().add_table({**table, "y": values, "part": part}, "y", group="coin", time="time", split="part")
        model = ba.train(f"{terms} | Standardize() | Linear(l2=1e-4)", data)
        guess = model.predict(table, group="coin", time="time")
        naive = np.append(0.0, values[:-1]) if target == "volatility" else np.zeros(len(values))
        test = part == "test"
        scores[target] = [float(np.mean((g - values)[test] ** 2) ** 0.5) for g in (guess, naive)]
        model.save(run.state / f"{target}.ba")
    write_atomically(run.state / "quality.json", json.dumps(scores))
    return {f"{name}_rmse": f"{ours:.3g} basis points, naive {naive:.3g}" for name, (ours, naive) in scores.items()}


VOLATILITY = " + ".join(f"EWMA(column=usd, stat=std, of=logreturn, window={window})" for window in (5, 20, 60))
RETURN = "LogReturn(column=usd) + LogReturn(column=usd, lag=5)"
STEPS = {"poll": poll, "consume": consume, "forecast": forecast}
