# SPDX-License-Identifier: MIT
"""The catalogue: tables, their columns, and the partitions that SQL sees; an object of the store, in Glue's manner.

A table is {"location": "raw/stocks", "format": "json", "columns": {"sym": "string"}} with Athena's types."""

import json


def sync(store, database, tables):
    """Looks for partitions, as a crawler does; what SQL did not see before, as folders by table."""
    before, found = load(store, database), {}
    for name, table in tables.items():
        keys = (stored.key for stored in store.list(table["location"] + "/"))
        folders = {key.rpartition("/")[0] for key in keys if key.endswith("." + table["format"])}
        found[name] = {**table, "partitions": sorted(folders)}
    store.put(_key(database), json.dumps(found, indent=1).encode())
    return {name: [folder for folder in table["partitions"] if folder not in before.get(name, {}).get("partitions", ())]
            for name, table in found.items()}


def load(store, database):
    """The tables, as `Lake` takes them; none before the first `sync`."""
    known = any(stored.key == _key(database) for stored in store.list("catalog/"))
    return json.loads(store.get(_key(database))) if known else {}


def _key(database):
    return f"catalog/{database}.json"
