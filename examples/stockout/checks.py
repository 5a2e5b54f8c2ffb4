# SPDX-License-Identifier: MIT
"""OUT-01 to OUT-17, each shown on what the run left, or on a small world of its own."""

import json
import multiprocessing
import os
import random
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import cache
from itertools import product

import numpy as np
import pyarrow.compute as pc
import requests
import sqlglot
from botocore.stub import ANY, Stubber
from lib.check import NeedsReal
from lib.run import EXAMPLES, ROOT
from lib.services import answers, free_port
from ports.alert import open_alerts
from pyiceberg.expressions import And, EqualTo, GreaterThanOrEqual, LessThanOrEqual
from sources.stockout import DAYS, FIRST, FLEET, PLANTED, STORES, Shop, sense

from . import curated, governance, learn, pipeline, raw, warehouse
from .handler import handler
from .report import drift


def expect(what, found, wanted):
    if found != wanted:
        raise AssertionError(f"{what}: {str(found)[:200]}, expected {str(wanted)[:200]}")


def rows_of(run, name):
    return curated.table(run, name).scan().to_arrow()


@cache
def watched(run):
    return pipeline.watched(run)


@cache
def featured(run):
    return learn.with_features(warehouse.dataset(run, run.settings["horizon"]))


def sensors(run):
    levels = {}
    for bad in (0, 1):
        with run.fresh(f"sensors-{bad}", records=200, seconds=43200) as small:
            sent = sense(small.stream("levels"), 0, 3, bad=bad, fleet=FLEET[:9])
            raw.land(small)
            curated.clean_levels(small)
            stored = [(one["device"], one["seq"]) for one in raw.lines(small.store, "raw/levels")]
            expect("stored", len(stored), sent)
            expect("distinct", len(set(stored)), 9 * 3 * 48)
            levels[bad] = rows_of(small, "levels").to_pandas().sort_values(["fridge", "seen"])
    expect("levels of a bad day", levels[1].to_dict("list"), levels[0].to_dict("list"))
    skew = max(abs(fridge.skew) for fridge in FLEET[:9])
    return (f"{9 * 3 * 48} distinct of {sent} delivered, clocks off by up to {skew:.0f} s, cut off for hours: "
            "the levels of a good day")


def mqtt(run):
    raise NeedsReal("mosquitto with TLS and a user for each device; the simulator writes what the topic rule would")


class Slow:
    """A store that takes its time, so that there is a moment at which to kill."""

    def __init__(self, store):
        self.list, self._put = store.list, store.put

    def put(self, *words):
        time.sleep(0.005)
        return self._put(*words)


def change_randomly(shop, count, seed=1):
    """Inserts, updates, deletes, moved keys, and updates of rows with a long receipt, which the log leaves out."""
    chance, cursor = random.Random(seed), shop.sql
    for i in range(count):
        kind = chance.choice("IIIUUUDKT")
        row = cursor.execute("SELECT id FROM sale ORDER BY (id * 7919 + ?) % 997 LIMIT 1", (i,)).fetchone()
        if kind == "I" or not row:
            cursor.execute("INSERT INTO sale (sold, store, sku, qty, price, customer, receipt) VALUES (?,?,?,?,?,?,?)",
                           (int(FIRST) + chance.randrange(3 * 86400), f"store-{chance.randint(1, 3)}", "drink-1",
                            1, 1.5, chance.choice([None, "card-1"]), chance.choice(["short", "long " * 500])))
        elif kind == "U":
            cursor.execute("UPDATE sale SET qty = qty + 1, price = round(price * 1.1, 2) WHERE id = ?", row)
        elif kind == "D":
            cursor.execute("DELETE FROM sale WHERE id = ?", row)
        elif kind == "K":
            cursor.execute("UPDATE sale SET id = (SELECT max(id) + 1 FROM sale), store = 'store-4' WHERE id = ?", row)
        else:
            cursor.execute("UPDATE sale SET receipt = receipt || '!' WHERE id = ?", row)
    cursor.commit()


def capture(run):
    with run.fresh("cdc") as small:
        shop = Shop(small.state / "shop.db")
        change_randomly(shop, 1000)

        def read():
            small.store = Slow(small.store)
            raw.capture(small, Shop(small.state / "shop.db"), limit=10)
        reader = multiprocessing.get_context("fork").Process(target=read)
        reader.start()
        while len(small.store.list("raw/cdc/")) < 5:
            time.sleep(0.002)
        os.kill(reader.pid, signal.SIGKILL)
        reader.join()
        before = sum(1 for _ in raw.lines(small.store, "raw/cdc/"))
        raw.capture(small, shop)
        logged = [json.loads(line) for _, line in shop.changes(0, 10**6)]
        expect("changes in order", list(raw.lines(small.store, "raw/cdc/")), logged)
        expect("killed midway", 0 < before < len(logged), True)
        short = sum(one["action"] == "U" and "receipt" not in [column["name"] for column in one["columns"]]
                    for one in logged)
        shop.close()
    expect("updates without their unchanged long text", short > 0, True)
    return f"killed after {before}, then all {len(logged)} changes in order, {short} without their unchanged long text"


def behaviour(run):
    kept = {(row["key"], row["sort"]) for row in run.sql.query("SELECT key, sort FROM purchase")}
    stored = [(one["customer"], one["sold"]) for one in raw.lines(run.store, "raw/behaviour")]
    expect("keys", sorted(stored), sorted(kept))
    return f"{len(stored)} items of {len(run.table('purchase').keys())} customers under the same keys"


def windows(run):
    """The stream's features, saved as each row came, against the same over all curated rows, and against NumPy."""
    batch = featured(run).set_index(["fridge", "seen"])
    live = run.sql.query("SELECT fridge, seen, smooth, rate FROM prediction ORDER BY fridge, seen")
    at = batch.loc[[(row["fridge"], row["seen"]) for row in live]]
    for name in ("smooth", "rate"):
        expect(f"{name} to the bit", np.array_equal(at[name], [row[name] for row in live]), True)
    one = batch.loc[PLANTED[0]]
    drawn, hours = one["drawn"].to_numpy(), one["t"].to_numpy()
    pairs = np.triu_indices(8, 1)
    slopes = [np.median((np.subtract.outer(drawn[i - 7:i + 1], drawn[i - 7:i + 1])
                         / (np.subtract.outer(hours[i - 7:i + 1], hours[i - 7:i + 1]) + np.eye(8)))[pairs])
              for i in range(7, len(one))]
    means = np.convolve(one["level"], [0.5, 0.5], "valid")
    worst = max(np.abs(one["rate"].to_numpy()[7:] - slopes).max(), np.abs(one["smooth"].to_numpy()[1:] - means).max())
    expect("as NumPy", worst < 1e-9, True)
    return f"{len(live)} live windows equal the batch to the bit, {len(slopes)} NumPy to {worst:.0e}"


def firehose(run):
    def landed(**settings):
        with run.fresh("firehose", **settings) as small:
            sense(small.stream("levels"), 0, 2, fleet=FLEET[:6])
            raw.land(small)
            first = small.store.list("raw/")
            (small.state / "land.json").unlink()
            raw.land(small)
            expect("objects after a replay", small.store.list("raw/"), first)
            return [[one["received"] for one in map(json.loads, small.store.get(stored.key).splitlines())]
                    for stored in first]
    full = [len(one) for one in landed(records=50, seconds=10**9)]
    timed = [one[-1] - one[0] for one in landed(records=10**9, seconds=21600)]
    expect("records of an object", (max(full), sum(length < 50 for length in full) <= 2), (50, True))
    expect("seconds of an object", max(timed) < 21600e3, True)
    return f"closed at 50 records ({len(full)} objects) or at 6 h ({len(timed)} objects); a replay adds none"


def merge(run):
    with run.fresh("merge") as small:
        shop = Shop(small.state / "shop.db")
        for part in range(4):
            change_randomly(shop, 250, seed=part)
            raw.capture(small, shop, limit=100)
            curated.merge_sales(small)
        expect("nothing new", curated.merge_sales(small), {"changes": 0})
        last = small.store.list("raw/cdc/")[-1].key
        small.store.put("raw/cdc/999999999901-999999999999.jsonl", small.store.get(last))  # as after a crash
        expect("changes that come twice", curated.merge_sales(small)["changes"], 50)
        found = rows_of(small, "sales").sort_by("id").drop_columns(["day"]).to_pylist()
        names = ("id", "sold", "store", "sku", "qty", "price", "customer", "receipt")
        expect("curated", found, [dict(zip(names, row)) for row in shop.rows()])
        long = sum(len(row["receipt"]) > 2000 for row in found)
        shop.close()
    return (f"after 1000 random operations in 4 merges, the last 50 twice, {len(found)} rows equal the source's, "
            f"{long} with a long text")


def trigger(run):
    with run.fresh("trigger") as small:
        small.sql, small.store  # made before threads share them
        shop, seen = Shop(small.state / "shop.db"), []
        for day in range(2):
            change_randomly(shop, 40, seed=day)
            raw.capture(small, shop)
            dropped = small.store.list("raw/cdc/")[-1]
            event = {"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "lake"}, "object": {
                "key": dropped.key, "size": dropped.size, "eTag": dropped.etag}}}]}
            with ThreadPoolExecutor(4) as pool:
                runs = [facts for started in pool.map(lambda _: handler(event, small), range(8)) for facts in started]
            expect("runs of a file told of 8 times", len(runs), 1)
            seen.append(runs[0]["changes"])
        shop.close()
    return f"2 files, each told of 8 times by 4 at once: one run each, of {seen[0]} and {seen[1]} changes"


def catalogue(run):
    found = [".".join(name) for name in curated.catalogue(run).list_tables("curated")]
    expect("tables", sorted(found), ["curated.levels", "curated.sales"])
    with run.fresh("catalogue") as small:
        shop = Shop(small.state / "shop.db")
        reader = curated.table(small, "sales")
        partitions = []
        for day in range(2):
            shop.sell(day, day + 1, FLEET[:2])
            raw.capture(small, shop)
            curated.merge_sales(small)
            partitions.append(pc.unique(reader.refresh().scan().to_arrow()["day"]))
        shop.close()
    expect("partitions", [len(days) for days in partitions], [1, 2])
    return f"{', '.join(found)}; a new day is seen by who had the table open once it refreshes"


def athena(run):
    day = And(GreaterThanOrEqual("day", "2025-10-20"), LessThanOrEqual("day", "2025-10-21"))
    tables, files = {}, {}
    for name in curated.COLUMNS:
        iceberg = curated.table(run, name)
        tables[name] = iceberg.scan(day).to_arrow()
        files[name] = (len(list(iceberg.scan(day).plan_files())), len(list(iceberg.scan().plan_files())))
        expect("days read", {file.file.partition[0] for file in iceberg.scan(day).plan_files()},
               {"2025-10-20", "2025-10-21"})
    texts = [(warehouse.SQL / f"{name}.sql").read_text() for name in ("by_store", "lowest")]
    found = [warehouse.ask(sqlglot.transpile(text, "athena", "duckdb")[0], **tables) for text in texts]
    frame = rows_of(run, "sales").to_pandas().query("'2025-10-20' <= day <= '2025-10-21'")
    wanted = frame.groupby(["day", "store"])["qty"].sum()
    expect("units", found[0]["units"].to_pylist(), wanted.to_list())
    low = rows_of(run, "levels").to_pandas().query("'2025-10-20' <= day <= '2025-10-21'")
    expect("half-hours", found[1]["low"].to_pylist(),
           low.assign(low=low["level"] < 5).groupby(["fridge", "day"])["low"].sum().to_list())
    few, all_ = files["sales"]
    return f"2 queries in Athena's dialect equal pandas; their days read {few} of {all_} files"


def roles(run):
    """Every cell of the matrix by an attempt: an object read or put, a column selected, rows deleted."""
    def attempt(role, thing, verb):
        if thing.startswith(("raw/", "curated", "models")):
            store = governance.RoleStore(small.store, role)
            return store.get(f"{thing}/probe") if verb == "r" else store.put(f"{thing}/probe", b"new")
        name, _, column = thing.partition(".")
        change = f"UPDATE {name} SET {column} = 'x'" if column else f"DELETE FROM {name}"
        with closing(governance.role_sql(small.state / "results.db", role)) as connection:
            connection.execute(f"SELECT {column or free[name]} FROM {name}" if verb == "r" else change)

    free = {"purchase": "item"}
    with run.fresh("roles") as small:
        small.table("purchase")
        small.sql.script((warehouse.SQL / "warehouse.sql").read_text())
        counts = {True: 0, False: 0}
        for thing, (*_, cells) in governance.MATRIX.items():
            small.store.put(f"{thing}/probe", b"old")
            free.setdefault(thing, "*")
            for role, verb in product(governance.ROLES, "rw"):
                try:
                    attempt(role, thing, verb)
                    allowed = True
                except (PermissionError, sqlite3.DatabaseError) as error:
                    expect("why", "may not" in str(error) or "not authorized" in str(error)
                           or "prohibited" in str(error), True)
                    allowed = False
                expect(f"{role} {verb} {thing}", allowed, verb in cells.get(role, ""))
                counts[allowed] += 1
    expect("deploy/governance.md", (EXAMPLES / "deploy/governance.md").read_text(), governance.document())
    return (f"{sum(counts.values())} cells tried: {counts[True]} allowed, {counts[False]} denied, as declared; "
            "identities of S3 and grants of PostgreSQL need real parts")


def warehouse_totals(run):
    sales = rows_of(run, "sales")
    kept = run.sql.query("SELECT SUM(units) AS units, SUM(revenue) AS revenue FROM dw_sales")[0]
    expect("units", kept["units"], pc.sum(sales["qty"]).as_py())
    revenue = float(np.dot(sales["qty"].to_numpy(), sales["price"].to_numpy()))
    expect("revenue", abs(kept["revenue"] / revenue - 1) < 1e-12, True)
    types = set()
    for name in ("warehouse", "usual"):
        for one in sqlglot.parse((warehouse.SQL / f"{name}.sql").read_text(), dialect="redshift"):
            types |= {kind.sql("redshift").split("(")[0] for kind in one.find_all(sqlglot.exp.DataType)}
    expect("types beyond plain SQL", types - {"VARCHAR", "INTEGER", "BIGINT", "DOUBLE PRECISION"}, set())
    return f"{kept['units']} units and {revenue:.2f} of revenue as curated; types {', '.join(sorted(types))}"


def container(run):
    prefix = run.state / "opt/ml"
    card = json.loads((prefix / "model/card.json").read_text())
    version = run.sql.query("SELECT * FROM model_version")
    expect("versions", len(version), 1)
    expect("card of the version", json.loads(version[0]["card"]), card)
    for name in curated.COLUMNS:
        curated.table(run, name).scan(snapshot_id=card["snapshots"][name]).to_arrow()
    before = {name: (prefix / f"model/{name}.ba").read_bytes() for name in pipeline.TRAINED}
    learn.train(prefix)
    expect("bytes when trained again", {name: (prefix / f"model/{name}.ba").read_bytes() for name in before}, before)
    program = os.environ.get("BIO_SERVE", ROOT / "build/serve/build/bio-serve")
    if not os.path.exists(program):
        raise NeedsReal("bio-serve is not built (examples/serve/build.sh build/release build/serve); `train` holds")
    rows = watched(run).tail(100)
    rows = rows[list(learn.KNOWN)].assign(hours=rows["said"])
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [program, "--model", prefix / "model/risk.ba", "--port", port]
    run.services.start("serve", command, answers(f"{address}/ping"))
    answer = requests.post(f"{address}/invocations", json={"rows": rows.to_dict("records")}, timeout=10).json()
    run.services.stop("serve")
    alone = pipeline.models(run)["risk"].predict_proba(rows)[:, 1]
    expect("served", [one["probability"] for one in answer["predictions"]], alone.tolist())
    return (f"train on /opt/ml gives the same bytes again, from {card['rows']} rows of the snapshots on its card; "
            f"{len(alone)} rows by POST /invocations to the bit")


def metrics(run):
    text = (run.state / "metrics/stockout.prom").read_text()
    kept = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    expect("fridges", sum(name.startswith("stockout_risk{") for name in kept), len(FLEET))
    rows = watched(run)
    table = {name: rows[name].to_numpy() for name in learn.KNOWN}
    model = pipeline.models(run)["risk"]
    planted = drift(model, {**table, "hours": rows["said"].to_numpy() / 3, "rate": table["rate"] * 3})
    quiet = float(kept["stockout_drift_psi"])
    expect("PSI quiet below 0.25, drifted above", (quiet < 0.25, planted > 0.25), (True, True))
    return f"{len(kept)} metrics; PSI {quiet:.3f} as it was, {planted:.2f} when all sell three times as much"


def bus(change):
    """The driver for AWS sends what botocore takes as calls of EventBridge and SNS."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "eu-west-1")
    driver = open_alerts("events:supply,arn:aws:sns:eu-west-1:123456789012:buyers")
    name, labels, summary, at = (change[word] for word in ("name", "labels", "summary", "at"))
    entry = {"Source": "bioanalytics", "DetailType": name, "Detail": ANY, "EventBusName": "supply", "Time": at}
    with Stubber(driver.events) as events, Stubber(driver.sns) as sns:
        sns.add_response("publish", {}, {"TopicArn": ANY, "Subject": name, "Message": summary})
        events.add_response("put_events", {"FailedEntryCount": 0}, {"Entries": [entry]})
        driver.fire(name, labels, summary, at)
        sns.assert_no_pending_responses()
        events.assert_no_pending_responses()


def alerts(run):
    spans, firing = [], {}
    for change in run.alerts.changes():
        fridge = change["labels"]["fridge"]
        if change["status"] == "firing":
            firing[fridge] = change["at"]
        else:
            spans.append((fridge, firing.pop(fridge), change["at"]))
    spans += [(fridge, start, np.inf) for fridge, start in firing.items()]
    first = run.settings["history"]
    truth = [(fridge.name, moment) for fridge in FLEET for moment in fridge.empties(first, DAYS)]
    early, false = learn.judge(spans, truth)
    told = [one for one in early if one is not None]
    weekly = len(false) / ((DAYS - first) / 7 * STORES)
    since = FIRST + 86400 * PLANTED[1]
    planted = next(one for (name, at), one in zip(truth, early) if name == PLANTED[0] and at > since)
    expect("planted at least 4 h before", planted is not None and planted >= 4, True)
    expect("recall and false alarms", (len(told) / len(truth) >= 0.9, weekly <= 1), (True, True))
    rows = watched(run)
    rows = rows[(rows["hours"] > 0) & (rows["level"] >= learn.EMPTY * rows["capacity"])]
    constant = (rows["level"] - learn.EMPTY * rows["capacity"]) / np.maximum(rows["rate_day"], 0.05)
    errors = [np.abs(np.minimum(one, 72) - np.minimum(rows["hours"], 72)).mean() for one in (rows["said"], constant)]
    expect("hours better than a constant rate", errors[0] < errors[1], True)
    bus(run.alerts.changes()[0])
    return (f"planted {planted:.1f} h before; {len(told)} of {len(truth)} foretold, median {np.median(told):.1f} h, "
            f"{weekly:.2f} false a shop and week; hours off by {errors[0]:.1f}, at a constant rate {errors[1]:.1f}")


def acid(run):
    with run.fresh("acid") as small:
        row = {"sold": int(FIRST), "sku": "s", "qty": 1, "price": 1.0, "receipt": "", "day": "2025-10-09"}
        sales = curated.table(small, "sales")
        sales.append(curated.rows("sales", [{**row, "id": i, "store": f"store-{i % 2}"} for i in range(4)]))
        before = sales.current_snapshot().snapshot_id
        sales.overwrite(curated.rows("sales", [{**row, "id": 1, "store": "store-1", "qty": 9}]), EqualTo("id", 1))
        sales.delete(EqualTo("id", 2))
        now = {one["id"]: one["qty"] for one in sales.scan().to_arrow().to_pylist()}
        expect("now", now, {0: 1, 1: 9, 3: 1})
        expect("then", sales.scan(snapshot_id=before).to_arrow()["qty"].to_pylist(), [1] * 4)
        held = [curated.table(small, "sales") for _ in range(2)]
        tries = []

        def write(first):
            def commit(fresh):
                tries.append(first)
                table = first if len(tries) <= 2 else fresh
                old = table.scan(EqualTo("id", 3)).to_arrow()["qty"][0].as_py()
                if len(tries) == 1:
                    write(held[1])  # the other comes between this one's reading and its commit
                more = {**row, "id": 3, "store": "store-1", "qty": old + 1}
                table.overwrite(curated.rows("sales", [more]), EqualTo("id", 3))
            curated.again(commit, lambda: curated.table(small, "sales"))
        write(held[0])
        final = curated.table(small, "sales")
        expect("both added one", final.scan(EqualTo("id", 3)).to_arrow()["qty"].to_pylist(), [3])
        expect("attempts", len(tries), 3)
    return (f"{len(final.snapshots())} snapshots; the one before update and delete still reads; "
            "of 2 writers one won, the other began anew")


def leaks(run):
    """Sales behind a moment are multiplied: labels before it may change, no feature may."""
    since = FIRST + 86400 * 20 + 43200
    rows = featured(run)
    expect("rows of the join", len(rows), len(rows_of(run, "levels")))
    with run.fresh("leaks") as small:
        small.sql.script((warehouse.SQL / "warehouse.sql").read_text())
        for name, key in (("dw_fridge", ["fridge"]), ("dw_hour", ["hour"]), ("dw_sales", ["fridge", "hour"])):
            small.sql.upsert(name, run.sql.query(f"SELECT * FROM {name}"), key)
        small.sql.execute("UPDATE dw_sales SET units = units * 5 WHERE hour >= ?", since)
        small.sql.execute((warehouse.SQL / "usual.sql").read_text())
        levels = rows_of(run, "levels")
        other = learn.with_features(warehouse.dataset(small, run.settings["horizon"], levels))
    past = (rows["seen"] <= since).to_numpy()
    for name in learn.KNOWN:
        expect(f"{name} before the moment", np.array_equal(rows[name][past], other[name][past], equal_nan=True), True)
    changed = int((rows["hours"][past] != other["hours"][past]).sum())
    expect("labels that look ahead", changed > 0, True)
    return f"{len(rows)} rows of catalogue and warehouse; sales multiplied later change {changed} labels, no feature"


CHECKS = {"OUT-01": sensors, "OUT-02": mqtt, "OUT-03": capture, "OUT-04": behaviour, "OUT-05": windows,
          "OUT-06": firehose, "OUT-07": merge, "OUT-08": trigger, "OUT-09": catalogue, "OUT-10": roles,
          "OUT-11": athena,
          "OUT-12": warehouse_totals, "OUT-13": container, "OUT-14": metrics, "OUT-15": alerts, "OUT-16": acid,
          "OUT-17": leaks}
