// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.TreeSet;
import org.apache.spark.SparkExecutorInfo;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Context;
import org.bioanalytics.Model;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.Partial;
import org.bioanalytics.Solver;
import org.bioanalytics.spark.ModelFiles;
import org.bioanalytics.spark.NativeScope;
import org.bioanalytics.spark.PeakMemory;
import scala.collection.Iterator;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction2;

/**
 * A training whose rows stay where they are. The driver has the solver, and asks for the sums over all rows at a point;
 * each task makes those of its blocks; the driver adds them, in whatever order they come, and tells the solver. A task
 * that runs twice gives the same bytes, and only one of them is taken.
 */
final class Training {
  private static final int LARGE = 1 << 19; // Spark complains of tasks of twice as many bytes

  private final SparkSession session;
  private final String recipe;
  private final String options;
  private final long limit;
  private final long cache;
  private final String checkpoint;
  private final int interval;

  /**
   * `checkpoint` is a file, or empty; `interval` is in rounds; the native side of a task may hold `limit` bytes; counts
   * of `cache` bytes may be stored in all, and below 0 as many as half of what Spark has room for.
   */
  Training(
      SparkSession session, String recipe, String options, long limit, long cache, String checkpoint, int interval) {
    this.session = session;
    this.recipe = recipe;
    this.options = options;
    this.limit = limit;
    this.cache = cache;
    this.checkpoint = checkpoint;
    this.interval = interval;
  }

  /** What is known of blocks before the first round. */
  static final class Summary implements Serializable {
    private static final long serialVersionUID = 1;

    private final TreeSet<String> classes = new TreeSet<>();
    private long rows;
    private long longest;
    private long digest;

    Summary add(Block block) {
      classes.addAll(block.names());
      rows += block.rows();
      longest = Math.max(longest, block.longest());
      digest += block.digest();
      return this;
    }

    Summary add(Summary other) {
      classes.addAll(other.classes);
      rows += other.rows;
      longest = Math.max(longest, other.longest);
      digest += other.digest;
      return this;
    }
  }

  /** The model of these blocks, which are read at the start and where counts are not stored: let them be stored. */
  ModelBytes run(JavaRDD<Block> blocks) throws IOException {
    Summary summary = blocks.aggregate(new Summary(), Summary::add, Summary::add);
    try (Context context = new Context(); Solver solver = solver(context, summary)) {
      resume(solver, summary.digest);
      PeakMemory peak = new PeakMemory();
      session.sparkContext().register(peak, "native memory of a training in a task, bytes");
      boolean more = true;
      // What features depend on is known behind the first point.
      for (int round = 1; more && solver.progress().passes() == 0; round++) {
        more = round(context, solver, blocks, peak);
        keep(solver, summary.digest, round);
      }
      if (more) {
        goOn(context, solver, blocks, summary, peak);
      }
      try (Model model = solver.finish()) {
        ModelBytes bytes = model.toBytes();
        if (!checkpoint.isEmpty() && ModelFiles.exists(session, checkpoint)) {
          ModelFiles.delete(session, checkpoint);
        }
        return bytes;
      }
    }
  }

  /** The rounds that are left, over counts. */
  private void goOn(Context context, Solver solver, JavaRDD<Block> blocks, Summary summary, PeakMemory peak)
      throws IOException {
    Broadcast<byte[]> request = send(solver.ask());
    long share = bytesToStore() / Math.max(1, (summary.rows + Block.ROWS - 1) / Block.ROWS);
    JavaRDD<Summable> counted = blocks.mapPartitions(new Counting(request, limit, peak, share));
    counted.persist(StorageLevel.MEMORY_AND_DISK());
    try {
      for (int round = 1; round(context, solver, counted, peak); round++) {
        keep(solver, summary.digest, round);
      }
    } finally {
      counted.unpersist(false);
      request.destroy();
    }
  }

  private long bytesToStore() {
    if (cache >= 0) {
      return cache;
    }
    long room = 0;
    for (SparkExecutorInfo each : session.sparkContext().statusTracker().getExecutorInfos()) {
      room += Math.max(0, each.totalOnHeapStorageMemory() - each.usedOnHeapStorageMemory());
    }
    return room / 2;
  }

  private void keep(Solver solver, long digest, int round) throws IOException {
    if (!checkpoint.isEmpty() && round % interval == 0) {
      byte[] state = solver.save();
      ModelFiles.write(
          session, checkpoint, ByteBuffer.allocate(8 + state.length).putLong(digest).put(state).array());
    }
  }

  private Broadcast<byte[]> send(byte[] request) {
    return JavaSparkContext.fromSparkContext(session.sparkContext()).broadcast(request);
  }

  private Solver solver(Context context, Summary summary) {
    return new Solver(context, recipe, new ArrayList<>(summary.classes), options + ", length=" + summary.longest);
  }

  private void resume(Solver solver, long digest) throws IOException {
    if (checkpoint.isEmpty() || !ModelFiles.exists(session, checkpoint)) {
      return;
    }
    byte[] state = ModelFiles.readBytes(session, checkpoint);
    if (state.length < 8 || ByteBuffer.wrap(state).getLong() != digest) {
      throw new IllegalArgumentException(
          checkpoint + ": a training over other rows wrote it; remove it, or name another file");
    }
    solver.restore(Arrays.copyOfRange(state, 8, state.length));
  }

  /** False when the solver has stopped. */
  private <R extends Summable> boolean round(Context context, Solver solver, JavaRDD<R> rows, PeakMemory peak) {
    byte[] request = solver.ask();
    // A small request goes with the task, which is sent to each executor once as well.
    Broadcast<byte[]> sent = request.length > LARGE ? send(request) : null;
    try (Partial all = new Partial(context, request)) {
      Sums<R> sums = new Sums<>(sent == null ? request : null, sent, limit, peak);
      // Not by a lambda: Spark would read the class files around it anew in each round, to see what it refers to.
      Object each = session.sparkContext().runJob(rows.rdd(), sums, ClassTag$.MODULE$.<byte[]>apply(byte[].class));
      for (byte[] saved : (byte[][]) each) {
        if (saved != null) {
          all.add(saved);
        }
      }
      return solver.tell(all);
    } finally {
      if (sent != null) {
        sent.destroy();
      }
    }
  }

  /** The sums of one partition, as bytes; null of an empty one. */
  private static final class Sums<R extends Summable> extends AbstractFunction2<TaskContext, Iterator<R>, byte[]>
      implements Serializable {
    private static final long serialVersionUID = 1;

    private final byte[] request;
    private final Broadcast<byte[]> sent;
    private final long limit;
    private final PeakMemory peak;

    /** One of `request` and `sent` is null. */
    Sums(byte[] request, Broadcast<byte[]> sent, long limit, PeakMemory peak) {
      this.request = request;
      this.sent = sent;
      this.limit = limit;
      this.peak = peak;
    }

    @Override
    public byte[] apply(TaskContext task, Iterator<R> rows) {
      if (!rows.hasNext()) {
        return null;
      }
      try (NativeScope scope = NativeScope.open(limit, peak)) {
        try {
          Partial sums = scope.keep(new Partial(scope.context(), sent == null ? request : sent.value()));
          while (rows.hasNext()) {
            rows.next().addTo(scope.context(), sums);
          }
          return sums.save();
        } catch (BioAnalyticsException error) {
          throw scope.failure(error);
        }
      }
    }
  }
}
