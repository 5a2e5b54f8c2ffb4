# SPDX-License-Identifier: MIT
"""The Lambda function: ticks of a Kinesis event to raw objects, to the table of prices, and to alerts.

It keeps nothing in itself: a stream's state is in a table, so any instance goes on from where another stopped, and what
comes twice changes nothing."""

import base64
import json
import logging
import math
import os
from collections import defaultdict
from datetime import datetime, timezone
from functools import lru_cache, partial
from typing import NamedTuple

from ports.alert import open_alerts
from ports.store import open_store
from ports.table import open_table

from .analytics import FIGURES, LIMITS, open_symbol

LOG = logging.getLogger("stocks")  # which Lambda writes to CloudWatch


class Ports(NamedTuple):
    store: object
    alerts: object
    prices: object
    states: object  # of each symbol: its stream
    archive: object  # of each shard: the last record that is in a raw object


def ports(store, alerts, table):
    return Ports(store, alerts, table("prices"), table("states"), table("archive"))


@lru_cache
def ports_of_environment():
    return ports(open_store(os.environ["BIO_STORE_URL"]), open_alerts(os.environ["BIO_ALERTS_URL"]),
                 partial(open_table, os.environ["BIO_TABLE_URL"]))


def handler(event, context):
    return handle(event, ports_of_environment())


def handle(event, ports):
    """Takes the records up to the first that is malformed, and names that one, as `batchItemFailures` asks."""
    ticks, failed = [], []
    for record in event["Records"]:
        try:
            ticks.append(tick_of(record))
        except (ValueError, KeyError, TypeError) as error:
            LOG.warning("%s: %s: %s", record["eventID"], type(error).__name__, error)
            failed = [{"itemIdentifier": record["kinesis"]["sequenceNumber"]}]
            break
    if ticks:
        archive(ticks, event["Records"][0]["eventID"].rpartition(":")[0], ports)
        process(ticks, ports)
    return {"batchItemFailures": failed}


def tick_of(record):
    data = json.loads(base64.b64decode(record["kinesis"]["data"]))
    tick = {"sym": str(data["symbol"]), "ts": int(data["ts"]), "price": float(data["price"]),
            "volume": int(data["volume"]), "fetched": float(data["fetched"]),
            "sequence": record["kinesis"]["sequenceNumber"]}
    if not (0 < tick["price"] < math.inf and 0 < tick["ts"] < 1 << 33 and math.isfinite(tick["fetched"])):
        raise ValueError(f"price {tick['price']} at {tick['ts']}: expected one above 0, at seconds since 1970")
    return tick


def archive(ticks, shard, ports):
    """One raw object a batch and hour, named by its first record."""
    kept = (ports.archive.last(shard) or [{"sequence": "0", "records": 0}])[0]
    new, hours = [tick for tick in ticks if int(tick["sequence"]) > int(kept["sequence"])], defaultdict(list)
    for tick in new:
        hours[datetime.fromtimestamp(tick["ts"], timezone.utc)
              .strftime("raw/stocks/dt=%Y-%m-%d/hour=%H")].append(tick)
    for folder, found in hours.items():
        ports.store.put(f"{folder}/{shard}-{found[0]['sequence']}.json",
                        b"".join(json.dumps(tick).encode() + b"\n" for tick in found))
    if new:
        count = kept["records"] + len(new)
        ports.archive.put([(shard, 0, count, {"sequence": new[-1]["sequence"], "records": count})])


def process(ticks, ports):
    """The library's stream of each symbol goes on by its ticks; its state is kept after what came of them."""
    symbols, items = defaultdict(list), []
    for tick in ticks:
        symbols[tick["sym"]].append(tick)
    states = []
    for symbol, own in symbols.items():
        state = (ports.states.last(symbol) or [{"ts": 0, "alert": False, "stream": None}])[0]
        stream = open_symbol()
        if state["stream"]:
            stream.restore(base64.b64decode(state["stream"]))
        for tick in own:
            item = {name: tick[name] for name in ("sym", "ts", "price", "volume")}
            if tick["ts"] > state["ts"]:
                values = stream.update([tick["price"]], group=symbol, time=tick["ts"])
                item.update({name: float(value) if math.isfinite(value) else None
                             for name, value in zip(FIGURES, values)})
                item["alert"] = state["alert"] = alert(item, state["alert"], ports.alerts)
                state["ts"] = tick["ts"]
            items.append((symbol, tick["ts"], tick["fetched"], item))
        state["stream"] = base64.b64encode(stream.save()).decode()
        states.append((symbol, 0, state["ts"], state))
    ports.prices.put(items)
    ports.states.put(states)


def alert(item, was, alerts):
    """Whether this tick is one to tell of; the next that is not ends the alert."""
    over = {name: item[name] for name, limit in LIMITS.items() if item[name] is not None and abs(item[name]) >= limit}
    if over:
        why = ", ".join(f"{name} {value:.3g}" for name, value in over.items())
        alerts.fire("stock_moved", {"sym": item["sym"]}, f"{item['sym']} at {item['price']}: {why}", item["ts"])
    elif was:
        alerts.resolve("stock_moved", {"sym": item["sym"]}, item["ts"])
    return bool(over)
