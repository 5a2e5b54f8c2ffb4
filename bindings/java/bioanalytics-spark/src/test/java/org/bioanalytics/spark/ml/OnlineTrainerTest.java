// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bioanalytics.Context;
import org.bioanalytics.Model;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.Part;
import org.bioanalytics.Records;
import org.bioanalytics.Trainer;
import org.bioanalytics.spark.Reads;
import org.bioanalytics.spark.Session;
import org.junit.jupiter.api.Test;

class OnlineTrainerTest {
  static final String RECIPE = "Kmer(k=1..4) | Logistic(solver=adagrad)";
  private static final List<String> CLASSES = List.of("no", "yes");
  private static final int BATCH = 150;
  private static final int BATCHES = 6;
  private static final List<String> READS = Reads.planted(BATCH * BATCHES, 60, 71);
  private static final StructType SCHEMA = new StructType().add("id", DataTypes.LongType)
      .add("sequence", DataTypes.StringType).add("label", DataTypes.StringType).add("weight", DataTypes.DoubleType);

  private static String label(int row) {
    return row % 2 == 1 ? "yes" : "no";
  }

  private static double weight(int row) {
    return row % 5 == 0 ? 0 : 1 + row % 3;
  }

  /** The rows of one batch, in any order. */
  private static Dataset<Row> batch(int number) {
    List<Row> rows = new ArrayList<>();
    for (int i = BATCH * number; i < BATCH * (number + 1); i++) {
      rows.add(RowFactory.create((long) i, READS.get(i), label(i), weight(i)));
    }
    Collections.shuffle(rows, new Random(number));
    return Session.SPARK.createDataFrame(rows, SCHEMA).repartition(1 + number % 3);
  }

  /** The library on its own, over the batches in the order of their ids. */
  private static ModelBytes local(int batches, boolean weighted, ModelBytes start) {
    try (Context context = new Context(); Model before = start == null ? null : Model.of(context, start);
        Trainer trainer = Trainer.online(context, RECIPE, CLASSES, before, null)) {
      for (int b = 0; b < batches; b++) {
        List<String> reads = READS.subList(BATCH * b, BATCH * (b + 1));
        List<String> labels = new ArrayList<>();
        double[] weights = new double[BATCH];
        for (int i = 0; i < BATCH; i++) {
          labels.add(label(BATCH * b + i));
          weights[i] = weight(BATCH * b + i);
        }
        try (Records records = Records.of(context, reads);
            org.bioanalytics.Dataset rows = new org.bioanalytics.Dataset(context)) {
          trainer.update(rows.add(records, labels, weighted ? weights : null, null, Part.TRAIN));
        }
      }
      return trainer.finish().toBytes();
    }
  }

  private static OnlineTrainer trainer(Path folder) {
    return new OnlineTrainer(RECIPE, CLASSES, folder.resolve("run").toUri().toString()).setRowIdCol("id");
  }

  private static byte[] model(Path folder) throws IOException {
    return Files.readAllBytes(folder.resolve("run/model.ba"));
  }

  private static List<String> states(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("run"))) {
      return files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".state"))
          .collect(Collectors.toList());
    }
  }

  /** The files of a folder as a stream, one a batch, oldest first; its checkpoint is in the folder, `query`. */
  static DataStreamWriter<Row> stream(SparkSession spark, String folder) {
    // Not by an option of the writer, a method that has other bytes in Spark 4.
    spark.conf().set("spark.sql.streaming.checkpointLocation", folder);
    return spark.readStream().schema(SCHEMA).option("maxFilesPerTrigger", 1).json(folder + "/rows").repartition(2)
        .writeStream().queryName("query");
  }

  private static void arrive(Path folder, int from, int to) throws IOException {
    Files.createDirectories(folder.resolve("rows"));
    for (int b = from; b < to; b++) {
      Path part = folder.resolve("part" + b);
      Files.write(part, batch(b).toJSON().collectAsList());
      part.toFile().setLastModified(1_000_000_000_000L + 10_000L * b);
      Files.move(part, folder.resolve("rows/" + b + ".json"), StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static void run(Path folder, VoidFunction2<Dataset<Row>, Long> trainer) throws Exception {
    stream(Session.SPARK, folder.toUri().toString()).trigger(Trigger.AvailableNow()).foreachBatch(trainer).start()
        .awaitTermination();
  }

  @Test
  void aStreamThatIsStoppedAndStartedHasTheModelOfOne() throws Exception {
    byte[] expected = local(BATCHES, false, null).bytes();
    Path whole = Files.createTempDirectory("online");
    arrive(whole, 0, BATCHES);
    try (OnlineTrainer trainer = trainer(whole)) {
      run(whole, trainer);
      assertEquals(BATCH * BATCHES, trainer.progress().iterations());
      assertEquals(BATCHES, trainer.progress().passes());
      assertEquals(0, trainer.skipped());
      assertArrayEquals(expected, trainer.model().bytes());
    }
    assertArrayEquals(expected, model(whole));
    Path folder = Files.createTempDirectory("online");
    for (int b = 0; b < BATCHES; b += 2) {
      arrive(folder, b, b + 2);
      try (OnlineTrainer trainer = trainer(folder)) {
        run(folder, trainer);
      }
      assertArrayEquals(local(b + 2, false, null).bytes(), model(folder));
      assertEquals(1, states(folder).size());
    }
    assertArrayEquals(expected, model(folder));
  }

  /** Between the state and Spark's own note that a batch is done, where Spark gives it again; and before the state. */
  @Test
  void aBatchThatComesTwiceCountsOnce() throws Exception {
    Path folder = Files.createTempDirectory("online");
    arrive(folder, 0, BATCHES);
    OnlineTrainer first = trainer(folder);
    assertThrows(Exception.class, () -> run(folder, (rows, number) -> {
      first.call(rows, number);
      if (number == 3) {
        throw new IllegalStateException("on purpose");
      }
    }));
    assertArrayEquals(local(4, false, null).bytes(), model(folder));
    Files.write(folder.resolve("run/model.ba"), new byte[3]); // as if it had died before it wrote the model
    OnlineTrainer second = trainer(folder);
    assertThrows(Exception.class, () -> run(folder, (rows, number) -> {
      if (number == 5) {
        throw new IllegalStateException("on purpose");
      }
      second.call(rows, number);
      assertArrayEquals(local(number == 3 ? 4 : 5, false, null).bytes(), model(folder));
    }));
    assertEquals(1, second.skipped());
    run(folder, second); // of the same process, which still has the run
    assertEquals(1, second.skipped());
    assertArrayEquals(local(BATCHES, false, null).bytes(), model(folder));
  }

  @Test
  void aProcessThatIsKilledGoesOn() throws Exception {
    Path folder = Files.createTempDirectory("online");
    arrive(folder, 0, BATCHES);
    List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
    command.addAll(Arrays.asList(System.getProperty("test.options").split(" ")));
    command.addAll(List.of("-Xmx600m", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), OnlineMain.class.getName(),
        folder.toUri().toString()));
    int kills = 0;
    while (true) {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
          .redirectOutput(folder.resolve("log").toFile());
      builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
      Process process = builder.start();
      while (process.isAlive() && (kills == 1 || !Files.exists(folder.resolve("run/model.ba")))) {
        process.waitFor(5, TimeUnit.MILLISECONDS);
      }
      if (!process.isAlive()) {
        assertEquals(0, process.exitValue(), Files.readString(folder.resolve("log")));
        break;
      }
      process.destroyForcibly().waitFor();
      assertTrue(states(folder).get(0).compareTo("batch-" + "0".repeat(18) + (BATCHES - 1)) < 0, "it was done");
      kills++;
    }
    assertTrue(kills > 0);
    assertArrayEquals(local(BATCHES, false, null).bytes(), model(folder));
  }

  @Test
  void hasTheBytesOfTheCommandLine() throws Exception {
    Path ba = Path.of(System.getProperty("test.native")).resolve("library/ba");
    assumeTrue(Files.isExecutable(ba), "the program ba was not built");
    Path folder = Files.createTempDirectory("online");
    List<String> table = new ArrayList<>(List.of("sequence,label"));
    for (int i = 0; i < READS.size(); i++) {
      table.add(READS.get(i) + "," + label(i));
    }
    Files.write(folder.resolve("table.csv"), table);
    Process process = new ProcessBuilder(ba.toString(), "learn", "--recipe", RECIPE, "--labels", "table.csv",
        "--classes", "no,yes", "--out", "told.ba").directory(folder.toFile()).redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile()).start();
    assertEquals(0, process.waitFor(), () -> folder.resolve("log").toString());
    try (OnlineTrainer trainer = trainer(folder).setOptions("length=60")) {
      for (int b = 0; b < BATCHES; b++) {
        trainer.learn(batch(b), b);
      }
    }
    assertArrayEquals(Files.readAllBytes(folder.resolve("told.ba")), model(folder));
  }

  @Test
  void weightsCountAndAModelMayBeTheStart() throws Exception {
    ModelBytes start = local(2, false, null);
    Path folder = Files.createTempDirectory("online");
    for (int b = 0; b < 3; b++) {
      try (OnlineTrainer trainer = trainer(folder).setWeightCol("weight").setStart(start)) {
        trainer.learn(batch(b), b);
      }
    }
    assertArrayEquals(local(3, true, start).bytes(), model(folder));
    assertNotEquals(local(3, true, null), local(3, true, start));
    assertNotEquals(local(3, false, start), local(3, true, start));
  }

  @Test
  void withoutIdsTheOrderDoesNotDependOnPartitions() throws Exception {
    byte[] expected = null;
    for (int partitions : new int[] {1, 2, 7}) {
      Path folder = Files.createTempDirectory("online");
      try (OnlineTrainer trainer = trainer(folder).setRowIdCol("")) {
        trainer.learn(batch(0).orderBy(org.apache.spark.sql.functions.rand(partitions)).repartition(partitions), 0);
        trainer.learn(batch(1).where("false"), 1);
      }
      expected = expected == null ? model(folder) : expected;
      assertArrayEquals(expected, model(folder), partitions + " partitions");
      assertEquals(List.of("batch-0000000000000000001.state"), states(folder));
    }
  }

  @Test
  void aBatchWithAnErrorChangesNothing() throws Exception {
    Path folder = Files.createTempDirectory("online");
    OnlineTrainer trainer = trainer(folder);
    assertTrue(assertThrows(IllegalStateException.class, trainer::model).getMessage().contains("no batch has come"));
    trainer.learn(batch(0), 0);
    byte[] before = model(folder);
    said(trainer, "batch 1, row 7, id 157: the label perhaps is none of the classes [no, yes]",
        "id", "sequence", "if(id = 157, 'perhaps', label) AS label");
    said(trainer, "batch 1, row 3, id 153: a sequence, label, weight or id is null",
        "id", "if(id = 153, null, sequence) AS sequence", "label");
    said(trainer, "batch 1, row 0: a sequence, label, weight or id is null",
        "if(id = 153, null, id) AS id", "sequence", "label");
    said(trainer, "batch 1, row 9, id 159: record 10, byte 2: '1'",
        "id", "if(id = 159, 'AC1GT', sequence) AS sequence", "label");
    said(trainer, "batch 1, row 9, id 159: record 10: the sequence holds 'L'",
        "id", "if(id = 159, 'MKLVEFPQ', sequence) AS sequence", "label");
    trainer.setWeightCol("weight");
    said(trainer, "batch 1, row 5, id 155: ", "id", "sequence", "label", "if(id = 155, -1D, 1D) AS weight");
    trainer.setWeightCol("");
    assertArrayEquals(before, model(folder));
    trainer.learn(batch(1), 1);
    trainer.learn(batch(2), 1);
    assertEquals(1, trainer.skipped());
    assertArrayEquals(local(2, false, null).bytes(), model(folder));
  }

  private static void said(OnlineTrainer trainer, String message, String... columns) {
    Exception error = assertThrows(Exception.class, () -> trainer.learn(batch(1).selectExpr(columns), 1));
    assertTrue(error.getMessage().contains(message), error.getMessage());
  }

  @Test
  void aStateThatIsOfSomethingElseIsRefused() throws Exception {
    Path folder = Files.createTempDirectory("online");
    arrive(folder, 0, 2);
    run(folder, trainer(folder));
    byte[] before = model(folder);
    OnlineTrainer other = new OnlineTrainer(
        "Kmer(k=2) | Logistic(solver=ftrl)", CLASSES, folder.resolve("run").toUri().toString()).setRowIdCol("id");
    Exception error = assertThrows(Exception.class, () -> other.learn(batch(2), 2));
    assertTrue(error.getMessage().contains("of another recipe"), error.getMessage());
    Files.move(folder.resolve("query"), folder.resolve("removed"));
    error = assertThrows(Exception.class, () -> run(folder, trainer(folder)));
    assertTrue(error.getMessage().contains("is the state of another query"), error.getMessage());
    assertArrayEquals(before, model(folder));
    Path state = folder.resolve("run").resolve(states(folder).get(0));
    byte[] bytes = Files.readAllBytes(state);
    Files.delete(state.resolveSibling("." + state.getFileName() + ".crc"));
    Files.write(state, Arrays.copyOf(bytes, bytes.length - 1));
    error = assertThrows(Exception.class, () -> trainer(folder).learn(batch(2), 2));
    assertTrue(error.getMessage().contains("checksum"), error.getMessage());
    Files.write(state, new byte[0]);
    error = assertThrows(Exception.class, () -> trainer(folder).learn(batch(2), 2));
    assertTrue(error.getMessage().contains(state.getFileName().toString()), error.getMessage());
  }
}
