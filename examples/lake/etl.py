# SPDX-License-Identifier: MIT
"""Raw to trusted: sales, joined with products, shops, customers and rates; what is not usable goes to raw/_rejected."""

from pyspark.sql import Window
from pyspark.sql import functions as F

from .ingest import FILES, read_json

FIELDS = ("sale", "at", "shop", "product", "customer", "quantity", "price", "currency")
TRUSTED, REJECTED = "trusted/sales", "raw/_rejected"


def current(store, name):
    """Where the newest version of each file is whose name begins so."""
    return [store.location(versions[-1]["key"]) for line, versions in sorted(read_json(store, FILES).items())
            if line.rsplit("/", 1)[1].startswith(name)]


def read_sales(spark, store):
    schema = ", ".join(f"{name} string" for name in (*FIELDS, "bad_line"))
    return spark.read.csv(current(store, "sales"), header=True, schema=schema, mode="PERMISSIVE",
                          columnNameOfCorruptRecord="bad_line")


def read_table(spark, store, name, schema):
    """A table of the shops: of each id its newest version, over all extracts."""
    newest = Window.partitionBy("id").orderBy(F.desc("version"))
    rows = spark.read.csv(store.location(f"raw/shop/{name}/"), header=True, schema=schema + ", version bigint")
    return rows.withColumn("turn", F.row_number().over(newest)).where("turn = 1").drop("turn", "version")


def joined(spark, store):
    """Each raw line with what it means, and the first reason, if any, for which it cannot be used."""
    newest = max(found.key for found in store.list("raw/products/"))
    products = spark.read.json(store.location(newest), multiLine=True).select(
        F.col("id").cast("string").alias("product"), "category", F.col("price").cast("decimal(10,2)").alias("listed"))
    shops = read_table(spark, store, "shops", "id string, city string, timezone string").withColumnRenamed("id", "shop")
    customers = read_table(spark, store, "customers", "id string, segment string").withColumnRenamed("id", "customer")
    rates = spark.read.csv(current(store, "rates"), header=True, schema="day date, currency string, usd decimal(10,6)")

    iso = F.col("at").rlike(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$")
    local = F.to_utc_timestamp(F.to_timestamp("at", "dd/MM/yyyy HH:mm"), F.col("timezone"))
    rows = read_sales(spark, store).join(F.broadcast(shops), "shop", "left")
    rows = rows.withColumn("moment", F.when(iso, F.col("at").cast("timestamp")).otherwise(local))
    rows = rows.withColumn("day", F.to_date("moment")).join(F.broadcast(products), "product", "left")
    rows = rows.join(F.broadcast(customers), "customer", "left")
    rows = rows.join(F.broadcast(rates.withColumnRenamed("usd", "rate")), ["day", "currency"], "left")
    rules = (("bad line", F.col("bad_line").isNotNull()), ("bad date", F.col("day").isNull()),
             ("unknown shop", F.col("city").isNull()), ("unknown product", F.col("category").isNull()),
             ("unknown customer", F.col("customer").isNotNull() & F.col("segment").isNull()),
             ("bad quantity", ~F.coalesce(F.col("quantity"), F.lit("")).rlike(r"^[1-9]\d{0,5}$")),
             ("bad price", F.col("price").isNotNull() & ~F.col("price").rlike(r"^\d{1,7}(\.\d\d?)?$")),
             ("unknown currency", F.col("rate").isNull()))
    rows = rows.withColumn("reason", F.coalesce(*(F.when(wrong, F.lit(reason)) for reason, wrong in rules)))
    first = Window.partitionBy("sale").orderBy(F.col("reason").asc_nulls_first(), *FIELDS)
    again = (F.row_number().over(first) > 1) & F.col("sale").isNotNull()
    return rows.withColumn("reason", F.coalesce("reason", F.when(again, F.lit("duplicate"))))


def sales_of(rows):
    """The columns of trusted.sales: times in UTC, money in dollars, the catalogue's price where there is none."""
    price = F.coalesce(F.col("price").cast("decimal(10,2)"), F.col("listed"))
    rate = F.when(F.col("price").isNull(), F.lit(1).cast("decimal(10,6)")).otherwise(F.col("rate"))
    usd = F.round(price * rate * F.col("quantity").cast("int"), 2).cast("decimal(12,2)")
    return rows.where("reason IS NULL").select(
        "sale", F.col("moment").alias("at"), *(F.col(name).cast("int") for name in ("shop", "product", "customer")),
        "city", "category", F.coalesce("segment", F.lit("guest")).alias("segment"), F.col("quantity").cast("int"),
        usd.alias("usd"), "day")


def etl(spark, store):
    rows = joined(spark, store).cache()
    counts = {row["reason"]: row["count"] for row in rows.groupBy("reason").count().collect()}
    sales_of(rows).repartition("day").sortWithinPartitions("day", "sale").write.mode("overwrite").partitionBy(
        "day").parquet(store.location(TRUSTED))
    rejects = rows.where("reason IS NOT NULL").select(*FIELDS, "bad_line", "reason").coalesce(1)
    rejects.sortWithinPartitions("reason", *FIELDS).write.mode("overwrite").json(store.location(REJECTED))
    rows.unpersist()
    return {"rows_in": sum(counts.values()), "rows_out": counts.pop(None, 0), "rejects": counts}
