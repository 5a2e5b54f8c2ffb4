// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/**
 * A call ends within 10 ms of its own processor time after it was cancelled from another thread; the time of the wall
 * would measure what else the machine does.
 */
class CancelTest {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  /** Processor time, in ms, that `call` took behind the cancel: the median of 15. */
  private static double after(Context context, Runnable call) throws InterruptedException {
    double[] spent = new double[15];
    for (int i = 0; i < spent.length; i++) {
      AtomicLong end = new AtomicLong();
      AtomicReference<Throwable> wrong = new AtomicReference<>();
      Thread thread = new Thread(() -> {
        try {
          while (true) {
            call.run();
          }
        } catch (BioAnalyticsException error) {
          end.set(THREADS.getCurrentThreadCpuTime());
          if (error.code() != BioAnalyticsException.CANCELLED) {
            wrong.set(error);
          }
        } catch (Throwable error) {
          wrong.set(error);
        }
      });
      thread.start();
      while (thread.isAlive() && THREADS.getThreadCpuTime(thread.getId()) < 60_000_000L) {
        Thread.sleep(1);
      }
      long begin = THREADS.getThreadCpuTime(thread.getId());
      context.cancel();
      thread.join();
      assertEquals(null, wrong.get());
      assertTrue(begin > 0, "it ended before it was cancelled");
      spent[i] = Math.max(0, end.get() - begin) / 1e6;
      context.reset();
    }
    Arrays.sort(spent);
    return spent[spent.length / 2];
  }

  @Test
  void scores() throws InterruptedException {
    List<String> sequences = Made.sequences(41, 20_000, 200, 200, false);
    byte[] genome = String.join("", sequences).getBytes(StandardCharsets.US_ASCII);
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model); Records records = Records.of(context, sequences)) {
      double[] out = new double[20_000];
      double batch = after(context, () -> scorer.score(records, out, null));
      double scan = after(context, () -> scorer.scan(genome, 200, 10));
      assertTrue(batch < 10 && scan < 10, batch + " ms, " + scan + " ms");
      assertEquals(20_000, scorer.scores(records).length); // a reset context goes on
    }
  }

  /** Amid one sequence: its letters, words of several lengths, their counts and sums. */
  @Test
  void oneLongSequence() throws InterruptedException {
    byte[] genome = new byte[16_000_000];
    Random random = new Random(7);
    for (int i = 0; i < genome.length; i++) {
      genome[i] = (byte) "ACGT".charAt(random.nextInt(4));
    }
    List<String> few = Made.sequences(44, 400, 60, 60, false);
    for (String recipe : List.of("Kmer(k=4..11, strand=canonical, value=sqrt) | Logistic()",
        "OneHot() | Conv(filters=32, width=9) | Conv(filters=32, width=7) | MLP(hidden=8, epochs=1)")) {
      byte[] letters = recipe.startsWith("OneHot") ? Arrays.copyOf(genome, 200_000) : genome;
      try (Context context = new Context(); Records records = Records.of(context, few);
          Dataset dataset = new Dataset(context).add(records, Made.labels(few.size()));
          Trainer trainer = new Trainer(recipe, dataset, null); Model model = trainer.run().finish();
          Scorer scorer = new Scorer(context, model)) {
        double[] before = scorer.scores(letters);
        double one = after(context, () -> scorer.scores(letters));
        assertTrue(one < 10, recipe + ": " + one + " ms");
        assertArrayEquals(before, scorer.scores(letters)); // as if nothing had been cancelled
      }
    }
  }

  @Test
  void training() throws InterruptedException {
    List<String> sequences = Made.sequences(42, 4000, 300, 300, false);
    try (Context context = new Context(); Records records = Records.of(context, sequences);
        Dataset dataset = new Dataset(context).add(records, Made.labels(4000));
        Trainer trainer = new Trainer("Kmer(k=1..8) | Logistic(tol=0, max_iter=1000000, l2=0)", dataset, null)) {
      double step = after(context, trainer::step);
      assertTrue(step < 10, step + " ms");
      assertTrue(trainer.step());
    }
  }

  /** Progress and memory can be asked while another thread is inside. */
  @Test
  void questionsMeanwhile() throws InterruptedException {
    List<String> sequences = Made.sequences(43, 2000, 300, 300, false);
    try (Context context = new Context(); Records records = Records.of(context, sequences);
        Dataset dataset = new Dataset(context).add(records, Made.labels(2000));
        Trainer trainer = new Trainer("Kmer(k=1..8) | Logistic(tol=0, max_iter=1000000, l2=0)", dataset, null)) {
      Thread thread = new Thread(() -> {
        try {
          trainer.run();
        } catch (BioAnalyticsException error) {
          assertEquals(BioAnalyticsException.CANCELLED, error.code());
        }
      });
      thread.start();
      long total = 0;
      while (thread.isAlive() && total == 0) {
        total = context.progress()[1];
      }
      assertTrue(total > 0 && context.memory() > 0);
      context.cancel();
      thread.join();
    }
  }
}
