# SPDX-License-Identifier: MIT
"""Trusted to refined: figures of each category, a forecast of demand and items that go together, by the library.

The functions that take `batches` run in the workers of Spark, over Arrow's memory; each needs room for its result and
one batch, whatever the number of rows."""

import resource
from datetime import timedelta
from functools import partial

import bioanalytics as bio
import bioanalytics.spark as bs
import numpy as np
import pyarrow as pa
from pyspark.sql import Window
from pyspark.sql import functions as F

from .etl import TRUSTED

FIGURES = ("count", "mean", "std", "min", "max", "sum")
FEATURES = ("Lag(column=units, lag=6) + Lag(column=units, lag=13) + Rolling(column=units, stat=mean, window=7)"
            " + EWMA(column=units, window=4)")
LOOKS_BACK = ["week_ago", "two_weeks_ago", "week_mean", "recent"]
INPUTS = ["units", *LOOKS_BACK]
MODEL = "Columns() | Linear(l2=0, tol=1e-12)"
HISTORY, CHOICE = 12, "Kmer(k=1, value=freq, norm=none) | Softmax(l2=1e-4, tol=1e-5)"


def runs(batch, key):
    """The texts of a column by which a batch is sorted, each with the slice of its rows."""
    texts = np.array(batch.column(key).to_pylist()).astype(str)
    starts = np.flatnonzero(np.r_[True, texts[1:] != texts[:-1]]) if len(texts) else []
    return [(texts[start], slice(start, end)) for start, end in zip(starts, [*starts[1:], len(texts)])]


def describe(batches):
    """The figures of each category, and the most memory that this process has had, in KB."""
    stream = bio.Stream(" + ".join(f"Expanding(column=usd, stat={figure})" for figure in FIGURES))
    figures = {}
    for batch in batches:
        usd = batch.column("usd").to_numpy(zero_copy_only=False).reshape(-1, 1)
        for category, rows in runs(batch, "category"):
            figures[category] = stream.update_rows(usd[rows], group=category)[-1]
    columns = {"category": pa.array(figures, pa.string())}
    columns |= {name: pa.array([row[i] for row in figures.values()], pa.float64()) for i, name in enumerate(FIGURES)}
    memory = pa.array([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss] * len(figures), pa.int64())
    yield pa.RecordBatch.from_pydict({**columns, "memory": memory})


def look_back(batches):
    """Adds what the last days of each product say: missing until there are as many."""
    stream = bio.Stream(FEATURES)
    for batch in batches:
        units = batch.column("units").to_numpy(zero_copy_only=False).astype(float).reshape(-1, 1)
        values = np.vstack([stream.update_rows(units[rows], group=product) for product, rows in runs(batch, "product")])
        yield pa.RecordBatch.from_arrays([*batch.columns, *(pa.array(column) for column in values.T)],
                                         [*batch.schema.names, *LOOKS_BACK])


def train(batches):
    """A model of the rows whose `part` is train, and how far off it is in those of test."""
    data = bio.Dataset()
    for batch in batches:
        data.add_table(batch, "tomorrow", split="part")
    model = bio.train(MODEL, data)
    yield pa.RecordBatch.from_pydict({"model": [model.to_bytes()], "mae": [bio.evaluate(model, data, "test")["mae"]]})


def forecast(model, batches):
    model = bio.Model.from_bytes(model)
    for batch in batches:
        yield pa.RecordBatch.from_arrays([*batch.columns, pa.array(model.predict(batch.select(INPUTS)))],
                                         [*batch.schema.names, "forecast"])


def similar(top, batches):
    """For each item the `top` ones whose buyers are most the same: correlations over a column an item."""
    table = bio.Table.of(pa.Table.from_batches(batches)).describe()
    items, found = table["correlated"], {"product": [], "rank": [], "other": [], "similarity": []}
    for item, row in zip(items, table["correlation"]):
        best = [place for place in np.argsort(row)[::-1] if items[place] != item][:top]
        for rank, place in enumerate(best, 1):
            for name, value in zip(found, (int(item), rank, int(items[place]), float(row[place]))):
                found[name].append(value)
    yield pa.RecordBatch.from_pydict(found)


def schema_with(frame, *more):
    return ", ".join([*(f"`{field.name}` {field.dataType.simpleString()}" for field in frame.schema.fields), *more])


def demand(sales):
    """Units, sales and dollars of each product on each day, zeros too."""
    sold = sales.groupBy("day", "product").agg(F.sum("quantity").alias("units"), F.count("*").alias("sales"),
                                               F.sum("usd").alias("revenue"))
    grid = sales.select("day").distinct().crossJoin(sales.select("product", "category").distinct())
    return grid.join(sold, ["day", "product"], "left").fillna(0, ["units", "sales"]).withColumn(
        "revenue", F.coalesce("revenue", F.lit(0)).cast("decimal(14,2)"))


def with_features(days, cut):
    """The rows of `demand` with LOOKS_BACK, what is sold `tomorrow`, and `part`; none where a window is not full."""
    rows = days.repartition("product").sortWithinPartitions("product", "day")
    rows = rows.mapInArrow(look_back, schema_with(rows, *(f"{name} double" for name in LOOKS_BACK)))
    product = Window.partitionBy("product").orderBy("day")
    rows = rows.withColumn("tomorrow", F.lead("units").over(product).cast("double"))
    rows = rows.withColumn("part", F.when(F.lead("day").over(product) <= cut, "train").otherwise("test"))
    return rows.where(" AND ".join(f"NOT isnan({name})" for name in LOOKS_BACK))


def learn(store, days, cut):
    """Forecasts of every day by a model of the days up to `cut`, and how far off they are in those after it."""
    rows = with_features(days, cut).cache()
    known = rows.where("tomorrow IS NOT NULL").select(*INPUTS, "tomorrow", "part").coalesce(1)
    trained = known.mapInArrow(train, "model binary, mae double").collect()[0]
    model = bytes(trained["model"])
    store.put("refined/demand.ba", model)
    ahead = rows.mapInArrow(partial(forecast, model), schema_with(rows, "forecast double"))
    ahead = ahead.select("product", F.date_add("day", 1).alias("day"), "forecast")
    late = F.col("day") > cut
    usual = days.where(~late).groupBy("product").agg(F.avg("units").alias("usual"))
    naive = days.where(late).join(usual, "product").agg(F.avg(F.abs(F.col("units") - F.col("usual")))).first()[0]
    rows.drop("category").write.mode("overwrite").parquet(store.location("refined/features"))
    metrics = [("demand", "mae", trained["mae"]), ("mean demand", "mae", naive)]
    return days.join(ahead, ["day", "product"], "left"), metrics


def histories(sales, cut):
    """Each purchase's category, and those of the purchases before it: four categories are four letters."""
    letter = F.translate(F.substring("category", 1, 1), "ejmw", "ACGT")
    before = Window.partitionBy("customer").orderBy("at", "sale").rowsBetween(-HISTORY, -1)
    rows = sales.where("customer IS NOT NULL").select(
        "sale", "category", F.array_join(F.collect_list(letter).over(before), "").alias("history"),
        (F.col("day") > cut).alias("late"))
    return rows.where(F.length("history") == HISTORY)


def choose(store, sales, cut):
    """What a customer buys next, by the jar's classifier: learnt where the rows are; how often that is right."""
    rows = histories(sales, cut).cache()
    classifier = bs.SequenceClassifier(recipe=CHOICE, inputCol="history", labelCol="category", rowIdCol="sale")
    model = classifier.fit(rows.where("NOT late"))
    store.put("refined/choice.ba", model.model().to_bytes())
    named = F.element_at(F.array(*map(F.lit, model.classes)), F.col("prediction").cast("int") + 1)
    usual = rows.where("NOT late").groupBy("category").count().orderBy(F.desc("count")).first()["category"]
    right = model.transform(rows.where("late")).agg(
        *(F.avg((F.col("category") == name).cast("double")) for name in (named, F.lit(usual)))).first()
    return [("choice", "accuracy", right[0]), ("most frequent category", "accuracy", right[1])]


def analyse(spark, store, test_days=21, top=3):
    """Writes refined.description, daily, model_metrics and recommendations; models learn from all but the last days."""
    def write(frame, name, *order):
        one = frame.coalesce(1)
        one = one.sortWithinPartitions(*order) if order else one
        one.write.mode("overwrite").parquet(store.location(f"refined/{name}"))

    sales = spark.read.parquet(store.location(TRUSTED))
    usd = sales.select("category", F.col("usd").cast("double").alias("usd"))
    figures = ", ".join(["category string", *(f"{name} double" for name in FIGURES), "memory bigint"])
    write(usd.repartition("category").sortWithinPartitions("category").mapInArrow(describe, figures), "description")
    days = demand(sales).cache()
    cut = days.agg(F.max("day")).first()[0] - timedelta(days=test_days)
    refined, metrics = learn(store, days, cut)
    metrics += choose(store, sales, cut)
    columns = ("day", "product", "category", "units", "sales", "revenue", "forecast")
    write(refined.select(*columns), "daily", "day", "product")
    write(spark.createDataFrame(metrics, "model string, metric string, value double"), "model_metrics")
    bought = sales.where("customer IS NOT NULL").groupBy("customer").pivot("product").count().fillna(0).drop("customer")
    items = "product bigint, rank bigint, other bigint, similarity double"
    write(bought.coalesce(1).mapInArrow(partial(similar, top), items), "recommendations")
    spark.catalog.clearCache()
    return {f"{metric} of {model}": round(value, 3) for model, metric, value in metrics}
