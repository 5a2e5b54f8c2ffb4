// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.util.List;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;

/** What {@link OnlineTrainerTest} kills: learns from the files of a folder, one a batch. Argument: the folder. */
public final class OnlineMain {
  private OnlineMain() {}

  public static void main(String[] arguments) throws TimeoutException, StreamingQueryException {
    SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").getOrCreate();
    OnlineTrainer trainer = new OnlineTrainer(OnlineTrainerTest.RECIPE, List.of("yes", "no"), arguments[0] + "/run")
        .setRowIdCol("id");
    OnlineTrainerTest.stream(spark, arguments[0]).trigger(Trigger.AvailableNow()).foreachBatch(trainer).start()
        .awaitTermination();
  }
}
