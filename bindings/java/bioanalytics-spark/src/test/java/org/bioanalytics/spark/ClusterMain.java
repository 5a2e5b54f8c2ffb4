// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.spark.ml.SequenceClassifier;
import org.bioanalytics.spark.ml.SequenceClassifierModel;

/**
 * What {@link ClusterTest} submits: scores and trains on a cluster. Arguments: a Parquet file of id, seq and label; a
 * file for the results; a model file to write.
 */
public final class ClusterMain {
  private ClusterMain() {}

  public static void main(String[] arguments) throws IOException {
    SparkSession spark = SparkSession.builder().getOrCreate();
    spark.read().parquet(arguments[0]).repartition(4).createOrReplaceTempView("reads");
    StringBuilder text = new StringBuilder();
    BioFunctions.register(spark);
    List<Row> rows = spark.sql("SELECT bio.models.promoter(seq), bio.score('promoter', seq), bio.gc(seq), "
        + "bio.revcomp(seq), bio_score('promoter', seq), bio.kmers(seq, 2)['AC'] FROM reads ORDER BY id")
        .collectAsList();
    for (Row row : rows) {
      text.append(row.mkString("\t")).append('\n');
    }
    Files.writeString(Path.of(arguments[1]), text.toString());
    SequenceClassifierModel model = new SequenceClassifier().setRecipe(ClusterTest.RECIPE)
        .setInputCol("seq").setRowIdCol("id").setReproducible(true).setNumPartitions(3).fit(spark.table("reads"));
    Files.write(Path.of(arguments[2]), model.bytes().bytes());
    spark.stop();
  }
}
