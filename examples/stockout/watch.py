# SPDX-License-Identifier: MIT
"""Live: each message becomes features by the stream, hours and risk by the models, an alert before it is empty."""

import json

import bioanalytics as bio
from ports.stream import Consumer

from .curated import Cleaner
from .learn import FEATURES, KNOWN, NAMES, Alarm, predict


class Watch:
    """What one consumer of the stream knows; all of it is kept with its places, so a kill costs nothing."""

    def __init__(self, run, models, threshold, since):
        self.run, self.models, self.since = run, models, since
        self.consumer = Consumer(run.stream("levels"), run.state / "watch.json")
        self.stream, self.alarm = bio.Stream(FEATURES), Alarm(threshold)
        kept = self.consumer.state
        self.clean = Cleaner(json.loads(kept["clean"]) if kept else None)
        if kept:
            self.stream.restore(kept["stream"])
            self.alarm.state = json.loads(kept["alarm"])
        self.capacity = {row["fridge"]: row["capacity"] for row in run.sql.query("SELECT * FROM dw_fridge")}
        self.usual = {(row["fridge"], row["hour"]): row for row in run.sql.query("SELECT * FROM dw_usual")}
        self.lorry = {row["hour"]: row["lorry"] for row in run.sql.query("SELECT hour, lorry FROM dw_hour")}

    def row(self, message):
        """What is known when a message comes; None for one that came before."""
        row = self.clean(message)
        if not row:
            return None
        fridge, seen = row["fridge"], row["seen"]
        hour = int(seen - seen % 3600)
        usual = self.usual[fridge, hour]
        row["usual"] = usual["before"] + usual["units"] * ((seen - hour) / 3600.0)
        found = self.stream.update([row[name] for name in self.stream.inputs], group=fridge, time=seen / 3600.0)
        row.update(zip(NAMES, found.tolist()), lorry=(self.lorry[hour] - seen) / 3600.0)
        for ahead in (6, 24):
            row[f"ahead{ahead}"] = self.usual[fridge, hour + ahead * 3600]["before"] - usual["before"]
        return row

    def poll(self):
        """Takes what has come; the rows that are new, with their predictions, or None when nothing has come."""
        records = self.consumer.poll()
        if not records:
            return None
        rows = [row for row in (self.row(json.loads(record.data)) for record in records) if row]
        rows = [row for row in rows if row["seen"] > self.since]
        if rows:
            hours, risk = predict(self.models, {name: [row[name] for row in rows] for name in KNOWN})
            for row, left, chance in zip(rows, hours.tolist(), risk.tolist()):
                row.update(hours=left, risk=chance)
                self.tell(row)
            names = ("fridge", "seen", "level", "smooth", "rate", "hours", "risk")
            self.run.sql.upsert("prediction", [{name: row[name] for name in names} for row in rows], ["fridge", "seen"])
        self.consumer.commit(clean=json.dumps(self.clean.state).encode(), stream=self.stream.save(),
                             alarm=json.dumps(self.alarm.state).encode())
        return rows

    def tell(self, row):
        fridge = row["fridge"]
        labels = {"fridge": fridge, "store": row["store"]}
        if self.alarm(fridge, row["level"], row["drawn"], row["risk"], self.capacity[fridge]):
            summary = f"{fridge} will be empty in about {row['hours']:.0f} h, a lorry comes in {row['lorry']:.0f} h"
            self.run.alerts.fire("stock-out ahead", labels, summary, row["seen"])
        else:
            self.run.alerts.resolve("stock-out ahead", labels, row["seen"])
