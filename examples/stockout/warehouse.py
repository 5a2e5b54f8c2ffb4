# SPDX-License-Identifier: MIT
"""The warehouse: hourly sales and what is usual; and the rows to learn from, catalogue and warehouse joined."""

from pathlib import Path

import duckdb
import pyarrow as pa
from sources.stockout import DAYS, DELIVERY, EVERY, FIRST, FLEET

from . import curated

SQL = Path(__file__).parent / "sql"
HOURLY = """
SELECT f.fridge, h.hour, COALESCE(s.units, 0)::BIGINT AS units, COALESCE(s.revenue, 0.0) AS revenue
FROM fridges f CROSS JOIN hours h
LEFT JOIN (SELECT store, sku, sold - sold % 3600 AS hour, SUM(qty) AS units, SUM(qty * price) AS revenue
           FROM sales GROUP BY ALL) s ON s.store = f.store AND s.sku = f.sku AND s.hour = h.hour
WHERE h.hour <= (SELECT MAX(sold) FROM sales)"""


def ask(text, parameters=None, **tables):
    """SQL of DuckDB over Arrow tables and lists of dictionaries; copied in, as it plans joins by what it can count."""
    with duckdb.connect() as duck:
        for name, found in tables.items():
            duck.register("given", found if isinstance(found, pa.Table) else pa.Table.from_pylist(found))
            duck.execute(f"CREATE TABLE {name} AS FROM given")
        return duck.execute(text, parameters).to_arrow_table()


def load(run):
    """Curated sales to the warehouse: everything has a key, so a second load changes nothing."""
    run.sql.script((SQL / "warehouse.sql").read_text())
    fridges = [{"fridge": one.name, "store": one.store, "sku": one.sku, "capacity": one.capacity} for one in FLEET]
    hours = [{"hour": hour, "day": hour // 86400, "clock": hour % 86400, "weekend": int((hour // 86400 + 3) % 7 >= 5),
              "lorry": hour + every - (hour - FIRST - DELIVERY) % every}
             for every in [EVERY * 86400] for hour in range(int(FIRST), int(FIRST) + (DAYS + 2) * 86400, 3600)]
    sales = curated.table(run, "sales").scan().to_arrow()
    sold = ask(HOURLY, fridges=fridges, hours=hours, sales=sales).to_pylist()
    for name, found, key in (("dw_fridge", fridges, ["fridge"]), ("dw_hour", hours, ["hour"]),
                             ("dw_sales", sold, ["fridge", "hour"])):
        run.sql.upsert(name, found, key)
    run.sql.execute("DELETE FROM dw_usual")
    run.sql.execute((SQL / "usual.sql").read_text())
    return {"hours": len(sold), "units": sum(row["units"] for row in sold)}


def dataset(run, horizon, levels=None):
    """Levels, those of the catalogue unless they are given, joined with the warehouse; and labels, which look ahead."""
    levels = levels or curated.table(run, "levels").scan().to_arrow()
    tables = {name: run.sql.query(f"SELECT * FROM {name}") for name in ("dw_fridge", "dw_hour", "dw_sales", "dw_usual")}
    return ask((SQL / "dataset.sql").read_text(), {"horizon": horizon}, levels=levels, **tables).to_pandas()
