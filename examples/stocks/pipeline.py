# SPDX-License-Identifier: MIT
"""Prices by the API to a log, an agent, a stream, a Lambda function, a lake and a table; SQL, a page, alerts."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd

from lib.steps import write_atomically
from ports import catalog
from ports.firehose import Firehose
from ports.sql import Lake

from .agent import Agent, configuration
from .analytics import FIGURES, WEIGHTS, portfolio, quality
from .dashboard import dashboard, provisioning
from .feed import Feed, Provider
from .handler import handle, ports
from .page import render
from .runner import Runner

# Polls every `period` seconds for `span` seconds, to the end of the day of the made-up tape; `days` of history.
SETTINGS = {"period": 3600.0, "span": 40_000.0, "days": 14.0, "soak": 5.0, "keep_days": 30.0}
PRICES = {"sym": "string", "ts": "bigint", "price": "double", "volume": "bigint"}
TABLES = {
    "ticks": {"location": "raw/stocks", "format": "json",
              "columns": {**PRICES, "fetched": "double", "sequence": "string"}},
    "prices": {"location": "refined/prices", "format": "parquet",
               "columns": {**PRICES, **dict.fromkeys(FIGURES, "double"), "alert": "boolean"}},
    "portfolio": {"location": "refined/portfolio", "format": "parquet",
                  "columns": {"ts": "bigint", **dict.fromkeys(("return", "cumulative", "volatility"), "double")}},
    "correlation": {"location": "refined/correlation", "format": "parquet",
                    "columns": {"ts": "bigint", "sym": "string", "other": "string", "correlation": "double"}}}


def feed_of(run):
    return Feed(Provider(run.sources), run.state / "feed", list(WEIGHTS), run.settings["days"])


def agent_of(run):
    write_atomically(run.state / "agent.json", json.dumps(configuration(run.state / "feed" / "ticks.log*"), indent=1))
    flow = json.loads((run.state / "agent.json").read_text())["flows"][0]
    return Agent(flow, run.stream(flow["kinesisStream"]), run.state / "agent-places.json")


def runner_of(run, **more):
    return Runner(run.stream("ticks"), lambda event, context: handle(event, ports(run.store, run.alerts, run.table)),
                  run.stream("dead", 1), run.state / "runner.json", **more)


def produce(run):
    """From the provider to the stream; after a kill it goes on from the moment that it had come to."""
    feed, agent, place, lines = feed_of(run), agent_of(run), run.state / "produced.json", 0
    at = json.loads(place.read_text()) if place.exists() else 0.0
    run.wait(at)  # a new made-up source begins at the beginning
    while True:
        feed.poll()
        lines += agent.step()
        if at >= run.settings["span"]:
            break
        pause = min(run.settings["period"], run.settings["span"] - at)
        run.wait(pause)
        at += pause
        write_atomically(place, json.dumps(at))
    feed.close()
    return {"lines": lines}


def process(run):
    """From the stream, by the function, to raw objects, the table and alerts; letters of the dead go to the lake."""
    done = runner_of(run).drain()
    dead = [record for shard in run.stream("dead", 1).shards() for record in run.stream("dead").read(shard)]
    writer = Firehose(run.store, "dead/stocks/{:08}.json".format, records=100, seconds=60)
    for record in dead:
        writer.add(record.data)
    writer.flush()
    return {"records": done, "dead": len(dead)}


def rows_of(run):
    """The table of prices as a frame, by symbol and time."""
    table = run.table("prices")
    frame = pd.DataFrame([item for symbol in table.keys() for item in table.last(symbol, 10 ** 6)],
                         columns=[*TABLES["prices"]["columns"]])
    frame[[*FIGURES]] = frame[[*FIGURES]].astype(float)
    return frame.assign(alert=frame["alert"].eq(True))


def store(run):
    """From the table to refined files, one a day, and to the catalogue; ends what is older than the table keeps."""
    rows = rows_of(run)
    run.table("prices").expire(rows["ts"].max() // 86400 * 86400 - 86400 * run.settings["keep_days"])
    closes = rows.pivot(index="ts", columns="sym", values="price")[list(WEIGHTS)].dropna()
    returns, sums, pairs = portfolio(closes.to_numpy(), closes.index.to_numpy(float))
    whole = pd.DataFrame({"ts": closes.index, "return": returns, "cumulative": sums[:, 0], "volatility": sums[:, 1]})
    hours = np.flatnonzero(closes.index.to_numpy() % 3600 == 0)
    related = pd.concat([pd.DataFrame({"ts": closes.index[hours], "sym": a, "other": b, "correlation": found[hours]})
                         for (a, b), found in pairs.items()])
    for name, frame in (("prices", rows), ("portfolio", whole), ("correlation", related)):
        for day, part in frame.groupby(pd.to_datetime(frame["ts"], unit="s").dt.strftime("%Y-%m-%d")):
            buffer = io.BytesIO()
            part.to_parquet(buffer, index=False)
            run.store.put(f"refined/{name}/dt={day}/{name}.parquet", buffer.getvalue())
    catalog.sync(run.store, "stocks", TABLES)
    facts = {"prices": len(rows), "days": rows["ts"].floordiv(86400).nunique()}
    if facts["days"] > 8:
        table = {name: rows[name].to_numpy(kind) for name, kind in (("sym", str), ("ts", float), ("price", float))}
        errors = quality(table, table["ts"] // 86400)
        write_atomically(run.state / "quality.json", json.dumps(errors))
        facts |= {name: f"{ours:.3g} basis points, naive {naive:.3g}" for name, (ours, naive) in errors.items()}
    return facts


def views():
    return {path.stem: path.read_text() for path in sorted((Path(__file__).parent / "sql").glob("*.sql"))}


def open_lake(run):
    lake = Lake(run.store, catalog.load(run.store, "stocks"))
    for text in views().values():
        lake.query(text)
    return lake


def view(run):
    """The dashboard for Grafana, and a page that shows the same."""
    lake, folder = open_lake(run), run.state / "dashboard"
    made = dashboard()
    write_atomically(folder / "stocks.json", made)
    for name, text in provisioning().items():
        write_atomically(folder / name, text)
    write_atomically(folder / "index.html", render(json.loads(made), lake.query))
    lake.close()
    return {"page": str(folder / "index.html")}


STEPS = {"produce": produce, "process": process, "store": store, "view": view}
