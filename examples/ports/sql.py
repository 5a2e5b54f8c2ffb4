# SPDX-License-Identifier: MIT
"""The SQL port: `sqlite:PATH` or `postgresql://...` keeps rows with keys; DuckDB asks the lake in Athena's dialect."""

import sqlite3


def open_sql(url):
    if url.startswith("sqlite:"):
        return Sqlite(url.removeprefix("sqlite:"))
    if url.startswith("postgresql:"):
        return Postgres(url)
    raise ValueError(f"SQL {url}: expected sqlite:PATH or postgresql://...")


class Relational:
    """What both databases share: statements with ? for each parameter, rows as dictionaries, upserts by key."""

    def query(self, text, *parameters):
        with self._transaction() as cursor:
            return self._rows(cursor, text, *parameters)

    def snapshot(self, *queries):
        """What several queries, (text, parameters...) each, give as of one moment."""
        with self._transaction() as cursor:
            cursor.execute(self.SNAPSHOT)
            return [self._rows(cursor, *query) for query in queries]

    def _rows(self, cursor, text, *parameters):
        cursor.execute(self._marked(text), parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def execute(self, text, *parameters):
        with self._transaction() as cursor:
            cursor.execute(self._marked(text), parameters)
            return cursor.rowcount

    def upsert(self, table, rows, keys, newer=None):
        """Writes dictionaries; one of the same `keys` is replaced, with `newer` only by one whose column is greater."""
        rows = list(rows)
        others = [name for name in rows[0] if name not in keys] if rows else []
        change = ", ".join(f"{name} = excluded.{name}" for name in others)
        action = f"({', '.join(keys)}) DO UPDATE SET {change}" if others else f"({', '.join(keys)}) DO NOTHING"
        if others and newer:
            action += f" WHERE excluded.{newer} > {table}.{newer}"
        self._write(table, rows, action)

    def insert(self, table, rows):
        """Writes dictionaries; one that any key of the table forbids is left out."""
        self._write(table, list(rows), "DO NOTHING")

    def _write(self, table, rows, on_conflict):
        if not rows:
            return
        columns = list(rows[0])
        text = (f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
                f"ON CONFLICT {on_conflict}")
        with self._transaction() as cursor:
            cursor.executemany(self._marked(text), [[row[name] for name in columns] for row in rows])


class Sqlite(Relational):
    SNAPSHOT = "BEGIN"

    def __init__(self, path):
        self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA foreign_keys=ON")

    def _marked(self, text):
        return text

    def _transaction(self):
        return _Cursor(self._connection)

    def script(self, text):
        self._connection.executescript(text)

    def close(self):
        self._connection.close()


class _Cursor:
    """sqlite3's connection commits a block of statements, but gives no cursor for it."""

    def __init__(self, connection):
        self._connection = connection

    def __enter__(self):
        self._connection.__enter__()
        return self._connection.cursor()

    def __exit__(self, *failure):
        return self._connection.__exit__(*failure)


class Postgres(Relational):
    SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"

    def __init__(self, url):
        from psycopg_pool import ConnectionPool
        self._pool = ConnectionPool(url, min_size=1, max_size=4, open=True, check=ConnectionPool.check_connection)

    def _marked(self, text):
        return text.replace("%", "%%").replace("?", "%s")

    def _transaction(self):
        from contextlib import contextmanager

        @contextmanager
        def cursor():
            with self._pool.connection() as connection, connection.cursor() as made:
                yield made
        return cursor()

    def script(self, text):
        with self._transaction() as cursor:
            cursor.execute(text)

    def close(self):
        self._pool.close()


class Lake:
    """SQL in Athena's dialect over the files of a store; `tables` names each by the pattern of its keys, or as a
    catalogue has it (ports/catalog.py): then the partitions that it knows are seen, and a filter on them reads no other.
    """

    READERS = {"parquet": "read_parquet", "json": "read_json_auto", "csv": "read_csv_auto"}
    TYPES = {"string": "VARCHAR"}  # where DuckDB's name is another than Athena's

    def __init__(self, store, tables):
        import duckdb
        self._duckdb, self._store = duckdb.connect(), store
        self._duckdb.execute("SET TimeZone = 'UTC'")  # Athena's; else that of the machine
        for name, table in tables.items():
            made = self._pattern(table) if isinstance(table, str) else self._catalogued(**table)
            self._duckdb.execute(f"CREATE VIEW {name} AS {made}")

    def _quoted(self, pattern):
        return "'" + self._store.location(pattern).replace("'", "''") + "'"

    def _pattern(self, pattern):
        reader = self.READERS[pattern.rsplit(".", 1)[1]]
        return f"SELECT * FROM {reader}({self._quoted(pattern)}, hive_partitioning=true, union_by_name=true)"

    def _catalogued(self, location, format, columns, partitions):
        typed = {name: self.TYPES.get(kind, kind) for name, kind in columns.items()}
        if not partitions:
            return f"SELECT {', '.join(f'CAST(NULL AS {kind}) AS {name}' for name, kind in typed.items())} WHERE false"
        files = "[" + ", ".join(self._quoted(f"{partition}/*.{format}") for partition in partitions) + "]"
        if format == "parquet":
            return f"SELECT * FROM read_parquet({files}, hive_partitioning=true)"
        kinds = ", ".join(f"{name}: '{kind}'" for name, kind in typed.items())
        return (f"SELECT * FROM read_json({files}, format='newline_delimited', columns={{{kinds}}}, "
                "hive_partitioning=true)")

    def query(self, text, *parameters):
        import sqlglot
        cursor = self._duckdb.execute(sqlglot.transpile(text, read="athena", write="duckdb")[0], parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in cursor.fetchall()]

    def close(self):
        self._duckdb.close()
