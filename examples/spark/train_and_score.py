#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Learns to tell two sets of reads apart, measures that on reads that it has not seen, and scores others.

FASTQ is a file, a pattern or a folder, plain, gzip or bgzf, or several with commas between them, wherever Spark reads:
s3://, s3a://, hdfs://, file://.

FOLDER/model/model.ba is the model file, which `ba predict`, C and Java read too; FOLDER/scores is Parquet with the
columns name, class, probability and score. Files whose reads are in the order of their names give the very bytes of
`ba train --pos FASTQ --neg FASTQ --sketches off`, on any cluster.
"""

import argparse
import time

from bioanalytics import spark as bio
from pyspark.ml.evaluation import BinaryClassificationEvaluator
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

START = time.monotonic()


def arguments():
    parser = argparse.ArgumentParser(usage="spark-submit [OPTIONS OF SPARK] %(prog)s --positive FASTQ --negative FASTQ "
                                     "--out FOLDER [OPTIONS]", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    fastq = {"metavar": "FASTQ"}
    parser.add_argument("--positive", required=True, help="reads of class 1 to learn from", **fastq)
    parser.add_argument("--negative", required=True, help="reads of class 0 to learn from", **fastq)
    parser.add_argument("--test-positive", help="reads of class 1 to measure by: of another sample, run or chromosome",
                        **fastq)
    parser.add_argument("--test-negative", help="reads of class 0 to measure by", **fastq)
    parser.add_argument("--reads", help="reads to score", **fastq)
    parser.add_argument("--out", required=True, metavar="FOLDER",
                        help="where the results go; it must not be there yet")
    parser.add_argument("--recipe", default="Kmer(k=1..5) | Logistic(l2=1e-4)",
                        help="what is counted, and the model: '%(default)s'")
    parser.add_argument("--seed", type=int, default=1, metavar="N",
                        help="of the inputs that the model file checks itself by (%(default)s)")
    parser.add_argument("--reader", default="", metavar="OPTIONS",
                        help="of all files, such as 'min_length=50, trim_quality=20'")
    given = parser.parse_args()
    if (given.test_positive is None) != (given.test_negative is None):
        parser.error("--test-positive and --test-negative go together")
    return given


def say(text):
    print(f"[{time.monotonic() - START:6.1f} s] {text}", flush=True)


class Job:
    def __init__(self, spark, options):
        self.spark, self.options = spark, options

    def run(self):
        out = self.options.out
        folder = self.spark._jvm.org.apache.hadoop.fs.Path(out)
        if folder.getFileSystem(self.spark._jsc.hadoopConfiguration()).exists(folder):
            raise SystemExit(f"--out {out} is there already: expected a new folder")
        rows = self.labelled(self.options.positive, self.options.negative)
        positive, negative = (rows.where(F.col("label") == label).count() for label in (1, 0))
        say(f"{positive:,} reads of class 1 and {negative:,} of class 0 to learn from")

        model = bio.SequenceClassifier(recipe=self.options.recipe, seed=self.options.seed, rowIdCol="place").fit(rows)
        model.write().save(f"{out}/model")
        say(f"{out}/model/model.ba has {len(model.model().to_bytes()):,} bytes")

        if self.options.test_positive:
            self.measure(model, 1 if positive >= negative else 0)
        if self.options.reads:
            self.score()

    def reads(self, paths):
        return self.spark.read.format("fastq").option("reader", self.options.reader).load(paths.split(","))

    def labelled(self, positive, negative):
        """Both sets, in an order that no partition changes: it decides the last bits of the model."""
        both = self.reads(positive).withColumn("label", F.lit(1.0)).unionByName(
            self.reads(negative).withColumn("label", F.lit(0.0)))
        return both.withColumn("place", F.struct(1 - F.col("label"), "name"))

    def measure(self, model, larger):
        rows = model.transform(self.labelled(self.options.test_positive, self.options.test_negative)).select(
            "label", "rawPrediction", "prediction").cache()
        auroc = BinaryClassificationEvaluator(numBins=0).evaluate(rows)
        count, right, baseline = rows.agg(
            F.count("*"), F.avg((F.col("label") == F.col("prediction")).cast("double")),
            F.avg((F.col("label") == larger).cast("double"))).first()
        say(f"{count:,} reads set aside: AUROC {auroc:.4f}; {right:.2%} right, {baseline:.2%} by naming the larger "
            "class each time")
        rows.unpersist()

    def score(self):
        """By functions of SQL, as any other job or notebook would do it with the model file."""
        out = self.options.out
        bio.add_model(self.spark, "trained", f"{out}/model/model.ba")
        self.reads(self.options.reads).select(
            "name", bio.probabilities("trained", "sequence")[1].alias("probability"), bio.score("trained", "sequence")
        ).select("name", F.expr("if(score > 0, '1', '0')").alias("class"), "probability", "score").write.parquet(
            f"{out}/scores")
        scores = self.spark.read.parquet(f"{out}/scores")
        say(f"{out}/scores has {scores.count():,} reads, {scores.where('class = 1').count():,} of them of class 1")


if __name__ == "__main__":
    options = arguments()
    spark = SparkSession.builder.appName("train and score").getOrCreate()
    try:
        Job(spark, options).run()
    finally:
        spark.stop()
