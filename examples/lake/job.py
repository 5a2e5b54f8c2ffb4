# SPDX-License-Identifier: MIT
"""spark-submit job.py etl|analyse STORE: a step of the lake on a cluster, which may be any."""

import sys

from lake.analysis import analyse
from lake.etl import etl
from ports.store import open_store
from pyspark.sql import SparkSession

STEPS = {"etl": etl, "analyse": analyse}


def main(step, store):
    spark = SparkSession.builder.config("spark.sql.session.timeZone", "UTC").config(
        "spark.sql.legacy.timeParserPolicy", "CORRECTED").getOrCreate()
    print(STEPS[step](spark, open_store(store if ":" in store else f"file:{store}")))
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
