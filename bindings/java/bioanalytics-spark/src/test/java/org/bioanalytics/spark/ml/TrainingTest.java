// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.spark.Local;
import org.bioanalytics.spark.NativeScope;
import org.bioanalytics.spark.Reads;
import org.bioanalytics.spark.Session;
import org.junit.jupiter.api.Test;

class TrainingTest {
  private static final String RECIPE = "Kmer(k=1..4) | Logistic(l2=1e-3)";
  private static final int ROWS = 3 * Block.ROWS + 1000;
  private static final List<String> READS = Reads.planted(ROWS, 60, 3);
  private static final StructType SCHEMA = new StructType().add("id", DataTypes.LongType)
      .add("sequence", DataTypes.StringType).add("label", DataTypes.StringType).add("weight", DataTypes.DoubleType);

  private static List<String> labels() {
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      labels.add(i % 2 == 1 ? "yes" : "no");
    }
    return labels;
  }

  private static double[] weights() {
    double[] weights = new double[ROWS];
    for (int i = 0; i < ROWS; i++) {
      weights[i] = i % 7 == 0 ? 0 : 1 + i % 3;
    }
    return weights;
  }

  /** Ids rise by steps that are not 1; row i is READS.get(i). */
  private static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    List<String> labels = labels();
    double[] weights = weights();
    for (int i = 0; i < ROWS; i++) {
      rows.add(RowFactory.create(10L * i - 500, READS.get(i), labels.get(i), weights[i]));
    }
    return rows;
  }

  private static Dataset<Row> data(List<Row> rows) {
    return Session.SPARK.createDataFrame(rows, SCHEMA);
  }

  private static SequenceClassifier classifier(int partitions) {
    return new SequenceClassifier().setRecipe(RECIPE).setRowIdCol("id").setReproducible(true)
        .setNumPartitions(partitions);
  }

  @Test
  void hasTheBytesOfALocalTrainingForAnyPartitions() {
    int before = NativeScope.openScopes();
    ModelBytes expected = Local.train(RECIPE, READS, labels(), null);
    List<Row> shuffled = rows();
    Collections.shuffle(shuffled, new Random(5));
    for (int partitions : new int[] {1, 2, 7, 64}) {
      Dataset<Row> data = data(shuffled).repartition(partitions);
      assertEquals(expected, classifier(partitions).fit(data).bytes(), partitions + " partitions");
    }
    assertTrue(NativeScope.openScopes() <= before);
  }

  /** Of four blocks, all of them, some of them and none are stored as counts. */
  @Test
  void howMuchIsStoredMakesNoDifference() {
    ModelBytes expected = Local.train(RECIPE, READS, labels(), null);
    Dataset<Row> data = data(rows());
    for (long bytes : new long[] {0, 2_000_000, 1_000_000_000}) {
      assertEquals(expected, classifier(2).setCacheMemory(bytes).fit(data).bytes(), bytes + " bytes");
    }
    assertEquals(0, Session.SPARK.sparkContext().getPersistentRDDs().size());
  }

  /** What was learnt before the first point is in the counts. */
  @Test
  void scalesAndBalancedClassesToo() {
    String recipe = "Kmer(k=2) + Entropy() | Standardize() | Logistic(class_weight=balanced)";
    assertEquals(Local.train(recipe, READS, labels(), null), classifier(3).setRecipe(recipe).fit(data(rows())).bytes());
  }

  @Test
  void weightsCountAndRowsOfWeightZeroAreLeftOut() {
    ModelBytes expected = Local.train(RECIPE, READS, labels(), weights());
    assertEquals(expected, classifier(3).setWeightCol("weight").fit(data(rows()).repartition(5)).bytes());
    assertNotEquals(expected, Local.train(RECIPE, READS, labels(), null));
  }

  @Test
  void withoutIdsRowsHaveTheOrderTheyStandIn() {
    ModelBytes expected = Local.train(RECIPE, READS, labels(), null);
    Dataset<Row> none = data(Collections.emptyList()).repartition(3);
    Dataset<Row> data = none.union(data(rows()).coalesce(3)).union(none);
    SequenceClassifier classifier = new SequenceClassifier().setRecipe(RECIPE).setNumPartitions(2);
    assertEquals(expected, classifier.fit(data).bytes());
  }

  @Test
  void positionsMoreClassesAndLassoToo() {
    List<String> three = new ArrayList<>();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      three.add(String.valueOf(i % 2 == 1 ? 10 : i % 4));
      rows.add(RowFactory.create((long) i, READS.get(i), three.get(i), 1.0));
    }
    for (String recipe : List.of("Kmer(k=3) + PositionKmer(k=1..2) | Softmax(l2=1e-2)",
        "Kmer(k=3) + Length() | Softmax(l1=1e-3, l2=1e-3)")) {
      assertEquals(Local.train(recipe, READS.subList(0, 5000), three, null),
          classifier(2).setRecipe(recipe).fit(data(rows)).bytes(), recipe);
    }
  }

  @Test
  void numbersAreClassesToo() {
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      labels.add(String.valueOf(i % 2));
    }
    Dataset<Row> data = data(rows()).selectExpr("id", "sequence", "cast(label = 'yes' AS double) AS label");
    assertEquals(Local.train(RECIPE, READS, labels, null), classifier(2).fit(data).bytes());
  }

  @Test
  void partitionsOfOneClassAndNone() {
    ModelBytes expected = Local.train(RECIPE, READS, labels(), null);
    Dataset<Row> data = data(rows()).repartition(4, org.apache.spark.sql.functions.col("label"));
    assertEquals(expected, classifier(2).fit(data).bytes());
    Exception error = assertThrows(RuntimeException.class, () -> classifier(2).fit(data.where("label = 'yes'")));
    assertTrue(error.getMessage().contains("at least two"), error.getMessage());
    error = assertThrows(RuntimeException.class, () -> classifier(2).fit(data.where("label = 'neither'")));
    assertTrue(error.getMessage().contains("class"), error.getMessage());
  }

  @Test
  void wrongRowsAndSettingsAreSaid() {
    Dataset<Row> data = data(rows());
    said("two rows have the id 5", () -> classifier(2).fit(data.union(data.where("id = 500")
        .selectExpr("5L AS id", "sequence", "label", "weight")).union(data.where("id = 510")
        .selectExpr("5L AS id", "sequence", "label", "weight"))));
    said("a sequence, label or weight is null",
        () -> classifier(2).fit(data.selectExpr("id", "if(id = 0, null, sequence) AS sequence", "label")));
    said("a row has no id",
        () -> classifier(2).fit(data.selectExpr("if(id = 0, null, id) AS id", "sequence", "label")));
    said("reproducible without rowIdCol", () -> classifier(2).setRowIdCol("").fit(data));
    said("there is no column nothing", () -> classifier(2).setLabelCol("nothing").fit(data));
    said("the column id is of type BIGINT", () -> classifier(2).setInputCol("id").fit(data));
    said("there is a column weight already", () -> classifier(2).setPredictionCol("weight").fit(data));
    said("solver", () -> classifier(2).setRecipe("Kmer(k=3) | Logistic(solver=adagrad)").fit(data));
    said("memory limit", () -> classifier(2).setMemory(100_000).fit(data));
  }

  private static void said(String message, org.junit.jupiter.api.function.Executable call) {
    Throwable error = assertThrows(Exception.class, call);
    StringBuilder text = new StringBuilder();
    for (Throwable each = error; each != null; each = each.getCause()) {
      text.append(each.getMessage()).append('\n');
    }
    assertTrue(text.toString().contains(message), text.toString());
  }

  @Test
  void goesOnFromACheckpoint() throws Exception {
    ModelBytes expected = Local.train(RECIPE, READS, labels(), null);
    Path folder = Files.createTempDirectory("checkpoint");
    Path file = folder.resolve("run.bin");
    SequenceClassifier classifier =
        classifier(2).setCheckpointFile(file.toUri().toString()).setCheckpointInterval(1);
    Dataset<Row> data = data(rows());
    Thread stopper = new Thread(() -> {
      while (!Files.exists(file) && !Thread.currentThread().isInterrupted()) {
        Thread.onSpinWait();
      }
      // Between two jobs there is none to cancel.
      while (!Thread.currentThread().isInterrupted()) {
        Session.SPARK.sparkContext().cancelJobGroup("training");
      }
    });
    stopper.start();
    Session.SPARK.sparkContext().setJobGroup("training", "", false);
    try {
      assertThrows(Exception.class, () -> classifier.fit(data));
    } finally {
      Session.SPARK.sparkContext().clearJobGroup();
      stopper.interrupt();
      stopper.join();
    }
    byte[] state = Files.readAllBytes(file);
    said("over other rows", () -> classifier.fit(data.where("id > 0")));
    assertTrue(Arrays.equals(state, Files.readAllBytes(file)));
    assertEquals(expected, classifier.fit(data).bytes());
    assertFalse(Files.exists(file));
  }
}
