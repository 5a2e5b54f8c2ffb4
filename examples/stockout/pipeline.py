# SPDX-License-Identifier: MIT
"""Stock-out prevention, step by step: four weeks of history train the models, two live weeks are watched."""

import hashlib
import json
import os
import subprocess
import sys
from datetime import datetime, timezone

import bioanalytics as bio
import pandas as pd
from sources.stockout import DAYS, FIRST, PLANTED, STORES, Shop, sense

from . import curated, raw, warehouse
from .learn import EMPTY, KNOWN, alarms, ran_empty, with_features
from .report import draw, drift, metrics
from .watch import Watch

SETTINGS = {"history": 28, "dev": 7, "warm": 3, "horizon": 12, "false_alarms": 0.7, "bad": 1, "records": 1000,
            "seconds": 86400}  # days, hours, alarms a week and shop; records and seconds of an object of raw
TRAINED = ("hours", "risk")


def shop(run):
    return Shop(run.state / "shop.db")


def produced(run, name, first, last):
    """What the world does from one day to another: fridges send, customers buy. Once, as time does not come back."""
    mark = run.state / f"{name}.done"
    if mark.exists():
        return {}
    ours = shop(run)
    facts = {"messages": sense(run.stream("levels"), first, last, bad=bool(run.settings["bad"])),
             "sales": ours.sell(first, last)}
    bought = ours.sql.execute("SELECT customer, sold + id / 1e6, id, store, sku, qty FROM sale WHERE customer > ''")
    run.table("purchase").put((customer, sort, sort, dict(zip(("sale", "store", "sku", "qty"), rest)))
                              for customer, sort, *rest in bought)
    ours.close()
    mark.touch()
    return facts


def history(run):
    return produced(run, "history", 0, run.settings["history"])


def live(run):
    return produced(run, "live", run.settings["history"], DAYS)


def land(run):
    ours = shop(run)
    facts = {**raw.land(run), **raw.capture(run, ours), **raw.export(run)}
    ours.close()
    return facts


def curate(run):
    return {**curated.merge_sales(run), **curated.clean_levels(run)}


def train(run):
    """Runs the container's `train` on its own layout of folders, and registers the version with what it learnt from."""
    prefix, settings = run.state / "opt/ml", run.settings
    (prefix / "input/config").mkdir(parents=True, exist_ok=True)
    (prefix / "input/data/training").mkdir(parents=True, exist_ok=True)
    given = {"train_from": FIRST + 86400 * settings["warm"], "stores": STORES, "false_alarms": settings["false_alarms"],
             "dev_from": FIRST + 86400 * (settings["history"] - settings["dev"])}
    (prefix / "input/config/hyperparameters.json").write_text(json.dumps({name: str(v) for name, v in given.items()}))
    rows = warehouse.dataset(run, settings["horizon"])
    end = FIRST + 86400 * settings["history"]  # what comes later is judged: it trains nothing, however often this runs
    rows = rows[rows["seen"] <= end]
    rows["hours"] = rows["hours"].where(rows["seen"] + 3600 * rows["hours"] <= end)
    rows["empty"] = rows["empty"].where(rows["seen"] + 3600 * settings["horizon"] <= end)
    rows.to_parquet(prefix / "input/data/training/rows.parquet")
    subprocess.run([sys.executable, "-m", "stockout.learn", prefix], check=True, env=os.environ)
    version = hashlib.sha256(b"".join((prefix / f"model/{name}.ba").read_bytes() for name in TRAINED)).hexdigest()
    data = {name: curated.table(run, name).current_snapshot().snapshot_id for name in curated.COLUMNS}
    card = {"about": "hours until a fridge is empty; the chance that it is within 12 h", "owner": "ml",
            "from": "levels of the stream, hourly sales of the warehouse", "snapshots": data,
            **json.loads((prefix / "model/chosen.json").read_text())}
    (prefix / "model/card.json").write_text(json.dumps(card, indent=2))
    run.sql.upsert("model_version", [{"version": version, "trained": datetime.now(timezone.utc).isoformat(),
                                      "data": json.dumps(data), "card": json.dumps(card)}], ["version"])
    return {"version": version[:12], "threshold": card["threshold"], "rows": card["rows"]}


def models(run):
    return {name: bio.Model.load(run.state / f"opt/ml/model/{name}.ba") for name in TRAINED}


def watcher(run):
    chosen = json.loads((run.state / "opt/ml/model/chosen.json").read_text())
    return Watch(run, models(run), chosen["threshold"], FIRST + 86400 * run.settings["history"])


def watch(run):
    watching, rows = watcher(run), 0
    while (found := watching.poll()) is not None:
        rows += len(found)
    return {"predictions": rows, "alerts": sum(one["status"] == "firing" for one in run.alerts.changes())}


def watched(run):
    """Live rows as they are known afterwards: features, true hours to empty, and what was predicted when they came."""
    rows = with_features(warehouse.dataset(run, run.settings["horizon"]))
    said = pd.DataFrame(run.sql.query("SELECT fridge, seen, hours AS said, risk FROM prediction"))
    return rows.merge(said, on=["fridge", "seen"])


def report(run):
    rows = watched(run)
    judged = rows[(rows["hours"] > 0) & (rows["level"] >= EMPTY * rows["capacity"])]
    loaded = models(run)
    psi = drift(loaded["risk"], judged[list(KNOWN)].assign(hours=judged["said"]))
    mae = float((judged["said"] - judged["hours"]).abs().mean())
    newest = rows.groupby("fridge").tail(1).assign(hours=lambda one: one["said"])
    metrics(run.state / "metrics/stockout.prom", newest.to_dict("records"), mae, psi)
    name, day = PLANTED
    around = rows[(rows["fridge"] == name) & (rows["seen"] - FIRST).between(86400 * (day - 3), 86400 * (day + 4))]
    chosen = json.loads((run.state / "opt/ml/model/chosen.json").read_text())
    draw(run.state / "plots/planted.png", around.assign(hours=around["said"]), alarms(around, chosen["threshold"]),
         ran_empty(around), f"{name} sells four times as much from noon of the fourth day on")
    return {"mae": round(mae, 2), "psi": round(psi, 3), "picture": "plots/planted.png"}


STEPS = {"history": history, "land": land, "curate": curate, "warehouse": warehouse.load, "train": train, "live": live,
         "watch": watch, "land live": land, "curate live": curate, "warehouse live": warehouse.load, "report": report}
