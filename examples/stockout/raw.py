# SPDX-License-Identifier: MIT
"""Into raw: messages of the stream, changes of the shop's database, and what customers bought, as they came."""

import json
from datetime import datetime, timezone

from ports.firehose import Firehose
from ports.stream import Consumer


def day_of(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d")


def lines(store, prefix):
    """Every record below a prefix, object by object in the order of their keys."""
    for stored in store.list(prefix):
        yield from map(json.loads, store.get(stored.key).splitlines())


def hose(run, shard):
    """A writer that names an object by its first record: what was written before a kill is written again, not twice."""
    taken = []  # (when it was received, sequence number)
    made = Firehose(run.store, records=run.settings["records"], seconds=run.settings["seconds"],
                    name=lambda first: f"raw/levels/day={day_of(taken[first][0])}/{shard}-{taken[first][1]}.jsonl",
                    clock=lambda: taken[-1][0])
    return made, taken


def land(run):
    """Messages to raw; the stream is acknowledged only when all that was read is stored."""
    consumer, hoses, count = Consumer(run.stream("levels"), run.state / "land.json"), {}, 0
    while records := consumer.poll():
        count += len(records)
        for record in records:
            if record.shard not in hoses:
                hoses[record.shard] = hose(run, record.shard)
            writer, taken = hoses[record.shard]
            taken.append((json.loads(record.data)["received"] / 1000, record.sequence))
            writer.add(record.data)
    for writer, _ in hoses.values():
        writer.flush()
    consumer.commit()
    return {"messages": count}


def capture(run, shop, limit=5000):
    """Changes to raw/cdc, in order. An object's name says which it holds, so raw itself knows where to go on."""
    taken, stored = 0, run.store.list("raw/cdc/")
    place = int(stored[-1].key.rpartition("-")[2].removesuffix(".jsonl")) if stored else 0
    while changes := shop.changes(place, limit):
        first, place = changes[0][0], changes[-1][0]
        run.store.put(f"raw/cdc/{first:012}-{place:012}.jsonl", "".join(f"{line}\n" for _, line in changes).encode())
        taken += len(changes)
    return {"changes": taken}


def export(run):
    """The purchase behaviour, a key-value table, to raw: one item a line with its keys."""
    items = run.sql.query("SELECT key, sort, item FROM purchase ORDER BY key, sort")
    rows = [json.dumps({"customer": one["key"], "sold": one["sort"], **json.loads(one["item"])}) for one in items]
    run.store.put("raw/behaviour/export.jsonl", "".join(f"{row}\n" for row in rows).encode())
    return {"items": len(rows)}
