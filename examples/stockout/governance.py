# SPDX-License-Identifier: MIT
"""Who may do what: one matrix, from which the ports of each role and deploy/governance.md are made."""

import sqlite3

ROLES = ("ingest", "etl", "analyst", "ml", "auditor", "anonymous")
# object: (owner, kept for, comes from, {role: verbs}); r reads, w writes. A verb that no cell has is denied.
MATRIX = {
    "raw/levels": ("operations", "1 year", "fridges", {"ingest": "w", "etl": "r"}),
    "raw/cdc": ("sales", "1 year", "shop database", {"ingest": "w", "etl": "r"}),
    "raw/behaviour": ("marketing", "90 days", "loyalty cards", {"ingest": "w", "etl": "r"}),
    "curated": ("data office", "5 years", "raw", {"etl": "rw", "analyst": "r", "ml": "r", "auditor": "r"}),
    "models": ("ml", "every version", "warehouse, curated", {"ml": "rw", "auditor": "r"}),
    "dw_sales": ("data office", "5 years", "curated", {"etl": "rw", "analyst": "r", "ml": "r", "auditor": "r"}),
    "dw_usual": ("data office", "5 years", "dw_sales", {"etl": "rw", "analyst": "r", "ml": "r"}),
    "prediction": ("ml", "1 year", "models", {"ml": "rw", "analyst": "r", "auditor": "r"}),
    "purchase": ("marketing", "90 days", "loyalty cards", {"ingest": "rw", "ml": "r"}),
    "purchase.key": ("marketing", "90 days", "loyalty cards", {"ingest": "rw"}),  # who it was
    "model_version": ("ml", "for ever", "training", {"ml": "rw", "analyst": "r", "auditor": "r"}),
}
APPROVAL = "A model goes live when its owner and the data office have signed its card: rows, snapshots, dev figures."
LINEAGE = """A model's card and `model_version` name the snapshots of the Iceberg tables that it learnt from; a
snapshot names its files and the last object of raw behind it."""


def may(role, thing, verb):
    return verb in MATRIX[thing][3].get(role, "") if thing in MATRIX else False


class RoleStore:
    """The store as a role sees it: what IAM's policies do on S3."""

    def __init__(self, store, role):
        self._store, self._role = store, role

    def _allow(self, key, verb):
        thing = next((one for one in MATRIX if key.startswith(f"{one}/")), key)
        if not may(self._role, thing, verb):
            raise PermissionError(f"{self._role} may not {'read' if verb == 'r' else 'write'} {key}")

    def get(self, key):
        self._allow(key, "r")
        return self._store.get(key)

    def put(self, key, data, if_absent=False):
        self._allow(key, "w")
        return self._store.put(key, data, if_absent)

    def delete(self, key):
        self._allow(key, "w")
        self._store.delete(key)

    def list(self, prefix):
        self._allow(f"{prefix}/", "r")
        return self._store.list(prefix)


def role_sql(path, role):
    """SQLite as a role sees it, column by column: what GRANT does in PostgreSQL and Redshift."""
    writes = (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE)

    def allowed(action, table, column, *_):
        if action == sqlite3.SQLITE_READ:
            thing = f"{table}.{column}" if f"{table}.{column}" in MATRIX else table
            return sqlite3.SQLITE_OK if may(role, thing, "r") else sqlite3.SQLITE_DENY
        if action in writes:
            return sqlite3.SQLITE_OK if may(role, table, "w") else sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION,
                                               sqlite3.SQLITE_FUNCTION) else sqlite3.SQLITE_DENY
    connection = sqlite3.connect(path, timeout=30)
    connection.set_authorizer(allowed)
    return connection


def document():
    """deploy/governance.md."""
    lines = ["# Governance of the stock-out system", "",
             "Made from `MATRIX` in `stockout/governance.py`, whose every cell OUT-10 tries. r: reads, w: writes.", "",
             "| object | owner | kept | comes from | " + " | ".join(ROLES) + " |", "|---" * (4 + len(ROLES)) + "|"]
    for thing, (owner, kept, source, cells) in MATRIX.items():
        verbs = " | ".join(cells.get(role, "-") for role in ROLES)
        lines.append(f"| `{thing}` | {owner} | {kept} | {source} | {verbs} |")
    return "\n".join([*lines, "", f"**Approval.** {APPROVAL}", "", f"**Lineage.** {LINEAGE}", ""])
