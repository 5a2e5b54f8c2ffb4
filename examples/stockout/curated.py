# SPDX-License-Identifier: MIT
"""From raw to curated: Apache Iceberg tables in a catalogue, each step one commit, partitioned by day and shop."""

import json
import logging
import math

import pyarrow as pa
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.expressions import And, GreaterThanOrEqual, In, LessThanOrEqual, Or

from .raw import day_of, lines

COLUMNS = {
    "sales": pa.schema({"id": "int64", "sold": "int64", "store": "string", "sku": "string", "qty": "int64",
                        "price": "float64", "customer": "string", "receipt": "string", "day": "string"}.items()),
    "levels": pa.schema({"fridge": "string", "seen": "float64", "level": "float64", "drawn": "float64",
                         "store": "string", "day": "string"}.items())}
PARTITIONS = {"sales": ("day", "store"), "levels": ("day",)}
logging.getLogger("pyiceberg").setLevel(logging.ERROR)  # it says so when it tries a commit again
RISE = 5  # items: more than that at once is a refill, not noise of the scale


def catalogue(run):
    """A SQLite file that names the tables' newest metadata; on AWS the REST catalogue of S3 Tables or Glue."""
    lake = run.store.location()
    return load_catalog("lake", type="sql", uri=f"sqlite:///{run.state}/catalogue.db",
                        warehouse=lake if "://" in lake else f"file://{lake}")


def table(run, name):
    found = catalogue(run)
    found.create_namespace_if_not_exists("curated")
    if not found.table_exists(f"curated.{name}"):
        with found.create_table(f"curated.{name}", COLUMNS[name]).update_spec() as spec:
            for field in PARTITIONS[name]:
                spec.add_identity(field)
    return found.load_table(f"curated.{name}")


def rows(name, dictionaries):
    return pa.Table.from_pylist(dictionaries, COLUMNS[name])


def property_of(iceberg, name):
    """What the newest commit that says so keeps under a name: a place goes with the rows that it is a place behind."""
    kept = [snapshot.summary[name] for snapshot in iceberg.snapshots() if snapshot.summary[name]]
    return kept[-1] if kept else ""


def again(commit, load, attempts=5):
    """Of two who write what the other changed one wins; the other begins anew on the table as it is then."""
    for attempt in range(1, attempts + 1):
        try:
            return commit(load())
        except (CommitFailedException, ValidationException):
            if attempt == attempts:
                raise


def merged(changes, present):
    """The rows, by id, that changes in the form of wal2json leave behind; None for a row that is gone.

    `present` gives rows that are there: of those an update may leave columns out, since they stay as they were. Changes
    that come twice, as a slot gives them after a crash, leave what they left the first time."""
    left = {}
    for change in changes:
        given = {column["name"]: column["value"] for column in change.get("columns", ())}
        old = {column["name"]: column["value"] for column in change.get("identity", ())}.get("id", given.get("id"))
        before = left[old] if old in left else present.get(old) or present.get(given.get("id"))
        if change["action"] != "I":
            left[old] = None
        if change["action"] in "IU":
            left[given["id"]] = {**(before or {}), **given}
    return left


def merge_sales(run):
    """Applies what raw has behind the last commit: one commit, with its place."""
    def commit(sales):
        place = property_of(sales, "place")
        keys = [stored.key for stored in run.store.list("raw/cdc/") if stored.key > place]
        changes = [json.loads(line) for key in keys for line in run.store.get(key).splitlines()]
        changes = [change for change in changes if change["action"] in "IUD" and change["table"] == "sale"]
        if not changes:
            return {"changes": 0}
        old, new = ({column["value"] for change in changes for column in change.get(side, ()) if column["name"] == "id"}
                    for side in ("identity", "columns"))
        there = And(GreaterThanOrEqual("id", min(new, default=0)), LessThanOrEqual("id", max(new, default=0)))
        found = sales.scan(Or(In("id", old), there) if old else there).to_arrow().to_pylist()
        present = {row["id"]: row for row in found}
        left = merged(changes, present)
        stay = [{**row, "day": day_of(row["sold"])} for row in left.values() if row]
        for row in stay:
            if len(row) < len(COLUMNS["sales"]):
                raise ValueError(f"sale {row['id']}: an update leaves columns out, but there is no row before it")
        with sales.transaction() as both:
            if gone := sorted(left.keys() & present.keys()):
                both.delete(In("id", gone), snapshot_properties={"place": keys[-1]})
            if stay:
                both.append(rows("sales", stay), snapshot_properties={"place": keys[-1]})
        return {"changes": len(changes)}
    return again(commit, lambda: table(run, "sales"))


class Cleaner:
    """A message to a row: each once, by the shop's clock in place of the fridge's, refills taken out of `drawn`."""

    def __init__(self, state=None):
        self.state = state or {}  # of a fridge: last number, how far its clock is behind, level, items refilled so far

    def __call__(self, message):
        level = message["grams"] / 500
        number, behind, before, added = self.state.get(message["device"], (-1, math.inf, level, 0.0))
        if message["seq"] <= number:
            return None
        behind = min(behind, message["received"] - message["at"])  # the quickest message took next to no time
        if level - before > RISE:
            added += level - before
        self.state[message["device"]] = (message["seq"], behind, level, added)
        seen = 60.0 * round((message["at"] + behind) / 60000)
        return {"fridge": message["device"], "seen": seen, "level": level, "drawn": added - level,
                "store": message["topic"].split("/")[1], "day": day_of(seen)}


def clean_levels(run):
    """All of raw cleaned in the order in which it came; the last day in curated, and those behind it, are written."""
    def commit(levels):
        clean = Cleaner()
        found = [row for row in map(clean, lines(run.store, "raw/levels")) if row]
        since = property_of(levels, "day")
        found = [row for row in found if row["day"] >= since]
        newest = {"day": max(row["day"] for row in found)}
        if since:
            levels.overwrite(rows("levels", found), GreaterThanOrEqual("day", since), snapshot_properties=newest)
        else:
            levels.append(rows("levels", found), snapshot_properties=newest)
        return {"levels": len(found)}
    return again(commit, lambda: table(run, "levels"))
