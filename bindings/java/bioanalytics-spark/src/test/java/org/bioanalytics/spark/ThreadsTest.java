// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.bioanalytics.Context;
import org.bioanalytics.Model;
import org.bioanalytics.Records;
import org.bioanalytics.Scorer;
import org.junit.jupiter.api.Test;

/** A task has one thread, whatever the machine has. */
class ThreadsTest {
  private static final List<String> READS = Reads.planted(20_000, 200, 53);

  /** Threads of that name, as the kernel sees them: native ones have the name of the thread that began them. */
  private static long named(String name) {
    try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
      return threads.filter(thread -> {
        try {
          return Files.readString(thread.resolve("comm")).equals(name);
        } catch (IOException gone) { // it has ended meanwhile
          return false;
        }
      }).count();
    } catch (IOException error) {
      throw new IllegalStateException(error);
    }
  }

  /** How many more threads than before there were at most while a context scored a batch, over and over. */
  private static long begun(Context context) throws IOException, InterruptedException {
    String name = Files.readString(Path.of("/proc/thread-self/comm"));
    long before = named(name);
    AtomicLong most = new AtomicLong();
    AtomicLong looks = new AtomicLong();
    AtomicBoolean ended = new AtomicBoolean();
    Thread watch = new Thread(() -> {
      while (!ended.get()) {
        most.accumulateAndGet(named(name), Math::max);
        looks.incrementAndGet();
      }
    }, "watch");
    watch.start();
    try (Model model = Model.of(context, Session.BINARY); Scorer scorer = new Scorer(context, model);
        Records records = Records.of(context, READS)) {
      for (long start = System.nanoTime(); looks.get() < 50 || System.nanoTime() - start < 300_000_000L;) {
        scorer.scores(records);
      }
    } finally {
      ended.set(true);
      watch.join();
    }
    return most.get() - before;
  }

  @Test
  void aTaskBeginsNoThreads() throws Exception {
    FlatMapFunction<Iterator<Integer>, Long> task = rows -> {
      try (NativeScope scope = NativeScope.open(0, null)) {
        return List.of(begun(scope.context())).iterator();
      }
    };
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(Session.SPARK.sparkContext());
    assertEquals(List.of(0L), spark.parallelize(List.of(1), 1).mapPartitions(task).collect());
    try (Context context = new Context().threads(3)) {
      assertTrue(begun(context) > 0, "threads that are asked for are not seen");
    }
  }
}
