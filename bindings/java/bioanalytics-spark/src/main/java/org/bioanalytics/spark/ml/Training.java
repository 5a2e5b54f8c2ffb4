// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Context;
import org.bioanalytics.Dataset;
import org.bioanalytics.Model;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.Part;
import org.bioanalytics.Partial;
import org.bioanalytics.Records;
import org.bioanalytics.Solver;
import org.bioanalytics.spark.ModelFiles;
import org.bioanalytics.spark.NativeScope;
import org.bioanalytics.spark.PeakMemory;

/**
 * A training whose rows stay where they are. The driver has the solver, and asks for the sums over all rows at a point;
 * each task makes those of its blocks; the driver adds them, in whatever order they come, and tells the solver. A task
 * that runs twice gives the same bytes, and only one of them is taken.
 */
final class Training {
  private final SparkSession session;
  private final String recipe;
  private final String options;
  private final long limit;
  private final String checkpoint;
  private final int interval;

  /** `checkpoint` is a file, or empty; `interval` is in rounds; the native side of a task may hold `limit` bytes. */
  Training(SparkSession session, String recipe, String options, long limit, String checkpoint, int interval) {
    this.session = session;
    this.recipe = recipe;
    this.options = options;
    this.limit = limit;
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

  /** The model of these blocks, which are read once a round: let them be stored. */
  ModelBytes run(JavaRDD<Block> blocks) throws IOException {
    Summary summary = blocks.aggregate(new Summary(), Summary::add, Summary::add);
    try (Context context = new Context(); Solver solver = solver(context, summary)) {
      resume(solver, summary.digest);
      PeakMemory peak = new PeakMemory();
      session.sparkContext().register(peak, "native memory of a training in a task, bytes");
      for (int round = 1; round(context, solver, blocks, peak); round++) {
        if (!checkpoint.isEmpty() && round % interval == 0) {
          byte[] state = solver.save();
          ModelFiles.write(session, checkpoint,
              ByteBuffer.allocate(8 + state.length).putLong(summary.digest).put(state).array());
        }
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
  private boolean round(Context context, Solver solver, JavaRDD<Block> blocks, PeakMemory peak) {
    byte[] request = solver.ask();
    Broadcast<byte[]> sent = JavaSparkContext.fromSparkContext(session.sparkContext()).broadcast(request);
    try (Partial all = new Partial(context, request)) {
      blocks.mapPartitions(new Sums(sent, limit, peak)).collect().forEach(all::add);
      return solver.tell(all);
    } finally {
      sent.destroy();
    }
  }

  /** The sums of one partition, as bytes; none of an empty one. */
  private static final class Sums implements FlatMapFunction<Iterator<Block>, byte[]> {
    private static final long serialVersionUID = 1;

    private final Broadcast<byte[]> request;
    private final long limit;
    private final PeakMemory peak;

    Sums(Broadcast<byte[]> request, long limit, PeakMemory peak) {
      this.request = request;
      this.limit = limit;
      this.peak = peak;
    }

    @Override
    public Iterator<byte[]> call(Iterator<Block> blocks) {
      if (!blocks.hasNext()) {
        return Collections.emptyIterator();
      }
      try (NativeScope scope = NativeScope.open(limit, peak)) {
        try {
          Partial sums = scope.keep(new Partial(scope.context(), request.value()));
          while (blocks.hasNext()) {
            add(scope.context(), sums, blocks.next());
          }
          return Collections.singleton(sums.save()).iterator();
        } catch (BioAnalyticsException error) {
          throw scope.failure(error);
        }
      }
    }

    private static void add(Context context, Partial sums, Block block) {
      try (Records records = Records.of(context, block.letters(), block.offsets());
          Dataset dataset = new Dataset(context, "names=drop")) {
        dataset.add(records, block.labels(), block.weights(), null, Part.TRAIN);
        sums.accumulate(dataset, block.firstRow());
      }
    }
  }
}
