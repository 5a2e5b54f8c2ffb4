// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.Context;
import org.bioanalytics.Model;
import org.bioanalytics.ModelBytes;

/**
 * A model of sequences as tasks know it: its name, its digest, and its bytes, which Spark sends to each executor once.
 */
public final class ModelReference implements Serializable {
  private static final long serialVersionUID = 1;

  private final String name;
  private final String digest;
  private final ArrayList<String> classes;
  private final int outputs;
  private final long limit;
  private final PeakMemory peak;
  private final Broadcast<ModelBytes> bytes;
  private transient volatile TaskScorer scorer;

  private ModelReference(SparkContext spark, String name, ModelBytes bytes, Model model, long limit) {
    this.name = name;
    this.digest = bytes.digest();
    this.classes = new ArrayList<>(model.classes());
    this.outputs = model.outputs();
    this.limit = limit;
    this.peak = new PeakMemory();
    spark.register(peak, "native memory of " + name + " in a task, bytes");
    this.bytes = JavaSparkContext.fromSparkContext(spark).broadcast(bytes);
  }

  /**
   * Makes a model known to the tasks of a session, from the driver. The native side may hold {@code limit} bytes for
   * the model, and as much again in each task; 0 means no limit.
   */
  public static ModelReference of(SparkSession session, String name, ModelBytes bytes, long limit) {
    try (Context context = new Context().memoryLimit(limit); Model model = Model.of(context, bytes)) {
      if (!model.inputs().isEmpty()) {
        throw new IllegalArgumentException("the model " + name + " reads the columns " + model.inputs()
            + " of a table: expected a model of sequences");
      }
      return new ModelReference(session.sparkContext(), name, bytes, model, limit);
    }
  }

  public String name() {
    return name;
  }

  /** SHA-256 of the model file. */
  public String digest() {
    return digest;
  }

  /** In the order of probabilities; empty for a model of numbers. */
  public List<String> classes() {
    return classes;
  }

  /** Scores a sequence. */
  public int outputs() {
    return outputs;
  }

  long limit() {
    return limit;
  }

  PeakMemory peak() {
    return peak;
  }

  ModelBytes bytes() {
    return bytes.value();
  }

  /** The scorer of this task; a reference is copied to each task, and keeps it there until the task ends. */
  public TaskScorer scorer() {
    TaskScorer found = scorer;
    return found == null || found.isClosed() ? opened() : found;
  }

  private synchronized TaskScorer opened() {
    if (scorer == null || scorer.isClosed()) {
      scorer = ModelRegistry.open(this);
    }
    return scorer;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelReference && name.equals(((ModelReference) other).name)
        && digest.equals(((ModelReference) other).digest) && limit == ((ModelReference) other).limit;
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }

  @Override
  public String toString() {
    return name;
  }
}
