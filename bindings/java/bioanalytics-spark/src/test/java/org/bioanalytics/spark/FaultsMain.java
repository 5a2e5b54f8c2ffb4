// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.spark.ml.SequenceClassifier;

/**
 * What {@link ClusterTest} submits where tasks fail: trains, and counts how many did. Arguments: a Parquet file of id,
 * seq and label; a file for the counts of failed tasks, copies and lost executors; a model file to write.
 */
public final class FaultsMain {
  private FaultsMain() {}

  public static void main(String[] arguments) throws IOException {
    SparkSession spark = SparkSession.builder().getOrCreate();
    AtomicInteger failed = new AtomicInteger();
    AtomicInteger copies = new AtomicInteger();
    AtomicInteger lost = new AtomicInteger();
    spark.sparkContext().addSparkListener(new SparkListener() {
      @Override
      public void onTaskEnd(SparkListenerTaskEnd end) {
        failed.addAndGet(end.taskInfo().failed() ? 1 : 0);
        copies.addAndGet(end.taskInfo().speculative() ? 1 : 0);
      }

      @Override
      public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
        lost.incrementAndGet();
      }
    });
    byte[] model = new SequenceClassifier().setRecipe(ClusterTest.RECIPE).setInputCol("seq").setRowIdCol("id")
        .setReproducible(true).setNumPartitions(3).fit(spark.read().parquet(arguments[0])).bytes().bytes();
    Files.writeString(Path.of(arguments[1]), failed + " " + copies + " " + lost);
    Files.write(Path.of(arguments[2]), model);
    spark.stop();
  }
}
