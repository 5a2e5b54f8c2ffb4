// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bioanalytics.ModelBytes;

/** One Spark of two threads for all tests of a process, with some models by name. */
public final class Session {
  /** Two classes, of real binding of a motif. */
  public static final ModelBytes BINARY;
  /** Three classes. */
  public static final ModelBytes THREE;
  public static final SparkSession SPARK;

  static {
    List<String> reads = Reads.planted(600, 80, 1);
    List<String> two = new ArrayList<>();
    List<String> three = new ArrayList<>();
    for (int i = 0; i < reads.size(); i++) {
      two.add(i % 2 == 1 ? "promoter" : "other");
      three.add(String.valueOf(i % 3));
    }
    BINARY = Local.train("Kmer(k=4) | Logistic(l2=1e-3)", reads, two, null);
    THREE = Local.train("Kmer(k=1..3) | Softmax(l2=1e-2)", reads, three, null);
    try {
      Path folder = Files.createTempDirectory("bioanalytics-spark");
      SPARK = SparkSession.builder().master("local[2]").appName("tests")
          .config("spark.ui.enabled", "false")
          .config("spark.sql.shuffle.partitions", "3")
          .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
          .config("spark.sql.catalog.bio", BioCatalog.class.getName())
          .config("spark.sql.catalog.bio.models.promoter", write(folder.resolve("promoter.ba"), BINARY))
          .config("spark.sql.catalog.bio.models.Three", write(folder.resolve("three.ba"), THREE))
          .config("spark.sql.catalog.bio.models.missing", folder.resolve("missing.ba").toUri().toString())
          .config("spark.sql.catalog.bio.models.damaged",
              write(folder.resolve("damaged.ba"), ModelBytes.of(new byte[100])))
          .config("spark.sql.catalog.bio.memory", "64m")
          .getOrCreate();
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  private Session() {}

  private static String write(Path path, ModelBytes model) throws IOException {
    Files.write(path, model.bytes());
    return path.toUri().toString();
  }

  /** A view of a column seq, and of a column id that counts from 0. */
  public static Dataset<Row> view(String name, List<String> reads, int partitions) {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < reads.size(); i++) {
      rows.add(RowFactory.create((long) i, reads.get(i)));
    }
    StructType schema = new StructType().add("id", DataTypes.LongType).add("seq", DataTypes.StringType);
    Dataset<Row> made = SPARK.createDataFrame(rows, schema).repartition(partitions);
    made.createOrReplaceTempView(name);
    return made;
  }
}
