// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Context;
import org.bioanalytics.Model;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.Progress;
import org.bioanalytics.Trainer;
import org.bioanalytics.spark.ModelFiles;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Learns from a stream: each row once, in batches as they come.
 *
 * <pre>
 * var trainer = new OnlineTrainer("@motif | Logistic(solver=adagrad)", List.of("no", "yes"), "hdfs:///online");
 * stream.writeStream().option("checkpointLocation", "hdfs:///query").foreachBatch(trainer).start();
 * </pre>
 *
 * <p>After each batch the folder gets the state of the run, one file with the number of the batch in it, and then the
 * model, {@code model.ba}. A batch that Spark gives again is left out, so that the model is that of a stream that was
 * never interrupted, and has the bytes of {@link Trainer#update} over the same rows in the same order: that of
 * {@link #setRowIdCol}, or without ids one by a hash of the rows, however they are spread over partitions. A batch that
 * fails changes nothing. A batch is collected to the driver, where one thread learns from it.
 */
public final class OnlineTrainer implements VoidFunction2<Dataset<Row>, Long>, AutoCloseable {
  private static final long serialVersionUID = 1;
  private static final Logger LOG = LoggerFactory.getLogger(OnlineTrainer.class);
  private static final String MODEL = "/model.ba";

  private final String recipe;
  private final ArrayList<String> classes;
  private final String folder;
  private ModelBytes start;
  private String options = "";
  private String inputCol = "sequence";
  private String labelCol = "label";
  private String weightCol = "";
  private String rowIdCol = "";
  private long memory;
  private transient Context context;
  private transient Trainer trainer;
  private transient long last;
  private transient String query;
  private transient long skipped;

  /**
   * `recipe` has {@code solver=adagrad}, {@code nag} or {@code ftrl}; `classes` are all that there will be, null for a
   * model of numbers; `folder` is where the run is kept, wherever Hadoop reaches, and goes on from.
   */
  public OnlineTrainer(String recipe, List<String> classes, String folder) {
    this.recipe = recipe;
    this.classes = classes == null ? null : new ArrayList<>(classes);
    this.folder = folder;
  }

  /** A model to go on from where the folder has no state yet. */
  public OnlineTrainer setStart(ModelBytes value) {
    start = value;
    return this;
  }

  /** Options of {@link Trainer#online}: {@code "seed=1, length=120"}. */
  public OnlineTrainer setOptions(String value) {
    options = value;
    return this;
  }

  /** The column of sequences, "sequence" if not set. */
  public OnlineTrainer setInputCol(String value) {
    inputCol = value;
    return this;
  }

  /** The column of classes or numbers, "label" if not set. */
  public OnlineTrainer setLabelCol(String value) {
    labelCol = value;
    return this;
  }

  /** The column of weights, each as so many rows; "" for none. */
  public OnlineTrainer setWeightCol(String value) {
    weightCol = value;
    return this;
  }

  /** The column that the rows of a batch are learnt in the order of; "" for none. */
  public OnlineTrainer setRowIdCol(String value) {
    rowIdCol = value;
    return this;
  }

  /** The most bytes that the native side may hold; 0 for no limit. */
  public OnlineTrainer setMemory(long value) {
    memory = value;
    return this;
  }

  /** Learns from a batch; Structured Streaming calls this. */
  @Override
  public void call(Dataset<Row> batch, Long number) throws IOException {
    learn(batch, number);
  }

  /** Learns from a batch, unless it was learnt: one whose number is not above that of the last. */
  public synchronized void learn(Dataset<Row> batch, long number) throws IOException {
    SparkSession session = batch.sparkSession();
    String asking = session.sparkContext().getLocalProperty("sql.streaming.queryId");
    if (trainer == null) {
      open(session);
    }
    if (asking != null && !query.isEmpty() && !asking.equals(query)) {
      throw new IllegalStateException(folder + " is the state of another query, " + query + ", whose batch " + last
          + " was the last: the numbers of query " + asking + " say nothing here. Expected the checkpointLocation of "
          + "that query, or another folder, with setStart for a model to go on from");
    }
    if (number <= last) {
      skipped++;
      LOG.warn("batch {} was learnt before, up to batch {}: left out", number, last);
      return;
    }
    try {
      rows(batch, number);
      query = asking == null ? query : asking;
      new OnlineState(query, number, state()).write(session, folder);
      last = number;
      writeModel(session);
    } catch (RuntimeException | IOException error) {
      close(); // so that the next batch begins with the state that was written
      throw error;
    }
  }

  private void open(SparkSession session) throws IOException {
    OnlineState state = OnlineState.read(session, folder);
    try {
      context = new Context().memoryLimit(memory);
      try (Model before = start == null ? null : Model.of(context, start)) {
        trainer = Trainer.online(context, recipe, classes, before, options);
      }
      last = state == null ? -1 : state.batch();
      query = state == null ? "" : state.query();
      if (state != null) {
        restore(state.run());
        writeModel(session); // a crash may have come between the two files
      }
    } catch (RuntimeException | IOException error) {
      close();
      throw error;
    }
  }

  private byte[] state() throws IOException {
    Path file = Files.createTempFile("bioanalytics", ".state");
    try {
      trainer.checkpoint(file);
      return Files.readAllBytes(file);
    } finally {
      Files.delete(file);
    }
  }

  private void restore(byte[] state) throws IOException {
    Path file = Files.createTempFile("bioanalytics", ".state");
    try {
      trainer.restore(Files.write(file, state));
    } catch (BioAnalyticsException error) {
      throw new IllegalStateException(folder + ": " + error.getMessage(), error);
    } finally {
      Files.delete(file);
    }
  }

  private void writeModel(SparkSession session) throws IOException {
    ModelFiles.write(session, folder + MODEL, model().bytes());
  }

  /** Learns from the rows, all of them or none. */
  private void rows(Dataset<Row> batch, long number) {
    Iterator<Row> rows = ordered(batch).toLocalIterator();
    List<Object> ids = new ArrayList<>();
    try (org.bioanalytics.Dataset learnt = new org.bioanalytics.Dataset(context, "names=drop")) {
      while (rows.hasNext()) {
        int first = ids.size();
        Block.Builder block = new Block.Builder(first);
        do {
          add(block, rows.next(), ids, number);
        } while (!block.isFull() && rows.hasNext());
        fill(learnt, block.build(), ids, number);
      }
      if (!ids.isEmpty()) {
        trainer.update(learnt);
      }
    } catch (BioAnalyticsException error) {
      throw at(number, ids, error.record() - 1, error.getMessage(), error);
    }
  }

  /** In one partition, in an order that does not depend on where they come from. */
  private Dataset<Row> ordered(Dataset<Row> batch) {
    Column sequence = functions.col("sequence");
    Column label = functions.col("label").cast("string");
    Column weight = functions.col("weight");
    Column id = functions.col("id");
    return Packing.rows(batch, inputCol, labelCol, weightCol, rowIdCol)
        .repartition(1).sortWithinPartitions(
            rowIdCol.isEmpty() ? functions.xxhash64(sequence, label, weight) : id, sequence, label, weight);
  }

  private void add(Block.Builder block, Row row, List<Object> ids, long number) {
    ids.add(row.get(Packing.ID));
    if (row.isNullAt(Packing.SEQUENCE) || row.isNullAt(Packing.LABEL) || row.isNullAt(Packing.WEIGHT)
        || row.isNullAt(Packing.ID) && !rowIdCol.isEmpty()) {
      throw at(number, ids, ids.size() - 1, "a sequence, label, weight or id is null; leave such rows out", null);
    }
    byte[] letters = row.getAs(Packing.SEQUENCE);
    String label = Packing.text(row.get(Packing.LABEL));
    if (classes != null && !classes.contains(label)) {
      throw at(number, ids, ids.size() - 1, "the label " + label + " is none of the classes " + classes, null);
    }
    block.add(letters, 0, letters.length, label, row.getDouble(Packing.WEIGHT));
  }

  private void fill(org.bioanalytics.Dataset learnt, Block block, List<Object> ids, long number) {
    try {
      block.addTo(context, learnt);
    } catch (BioAnalyticsException error) {
      throw at(number, ids, block.firstRow() + error.record() - 1, error.getMessage(), error);
    }
  }

  private IllegalArgumentException at(long number, List<Object> ids, long row, String message, Exception cause) {
    Object id = row >= 0 && row < ids.size() ? ids.get((int) row) : null;
    return new IllegalArgumentException("batch " + number + (row < 0 ? "" : ", row " + row)
        + (id == null ? "" : ", id " + id) + ": " + message + ". The batch was not learnt", cause);
  }

  /** The model of all batches so far. */
  public synchronized ModelBytes model() {
    try (Model model = opened().finish()) {
      return model.toBytes();
    }
  }

  /** Rows, batches and the progressive loss so far: each row's before it was learnt. */
  public synchronized Progress progress() {
    return opened().progress();
  }

  private Trainer opened() {
    if (trainer == null) {
      throw new IllegalStateException("no batch has come yet: the model of earlier ones is " + folder + MODEL);
    }
    return trainer;
  }

  /** How many batches were left out, as they had been learnt. */
  public synchronized long skipped() {
    return skipped;
  }

  /** Gives the memory back; the next batch goes on from the folder. */
  @Override
  public synchronized void close() {
    if (trainer != null) {
      trainer.close();
      trainer = null;
    }
    if (context != null) {
      context.close();
      context = null;
    }
  }
}
