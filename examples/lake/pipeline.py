# SPDX-License-Identifier: MIT
"""The lake's steps: three sources to raw, Spark to trusted and refined, and the cluster down again."""

from pathlib import Path

from ports.sql import open_sql

from . import ingest
from .cluster import LocalSpark

SETTINGS = {"shops": 3, "urls": str(Path(__file__).with_name("urls.txt")), "database": "", "bucket": "lake",
            "test_days": 21, "top": 3}
TABLES = ("shops", "customers")


def urls(run):
    lines = Path(run.settings["urls"]).read_text().splitlines()
    return {line: line.format(sources=run.sources, **run.settings) for line in lines if line and line[0] != "#"}


def bot(run, **options):
    return ingest.FakeStoreBot(run.sources, run.state / "outbox", lambda bucket: run.store, **options)


def cluster(run):
    """The Spark of this run; whatever happens, it goes when the run ends."""
    if not hasattr(run, "spark"):
        run.spark = LocalSpark(run.state, run.log)
        run.at_end(run.spark.down)
    return run.spark


def files(run):
    return ingest.ingest_files(run.store, urls(run), run.state / "partial")


def products(run):
    return ingest.ingest_products(bot(run), run.settings["bucket"])


def tables(run):
    url = run.settings["database"]
    if not url and run.sources:  # which make one when they start
        url = f"sqlite:{run.state}/sources/shop.db"
    shop = open_sql(url)
    try:
        return ingest.ingest_tables(run.store, shop, TABLES)
    finally:
        shop.close()


def etl(run):
    from .etl import etl
    return etl(cluster(run).up(), run.store)


def analyse(run):
    from .analysis import analyse
    return analyse(cluster(run).up(), run.store, run.settings["test_days"], run.settings["top"])


def down(run):
    cluster(run).down()


STEPS = {"files": files, "products": products, "tables": tables, "etl": etl, "analyse": analyse, "down": down}
