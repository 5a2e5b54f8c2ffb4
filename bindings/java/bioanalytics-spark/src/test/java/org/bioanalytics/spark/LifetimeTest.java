// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.ModelBytes;
import org.junit.jupiter.api.Test;

class LifetimeTest {
  /** Of no other test, so that nobody else has it open. */
  private static final ModelBytes MODEL = Local.train(
      "Kmer(k=7) | Logistic(l2=1e-2)", Reads.planted(400, 60, 31), labels(400), null);
  private static final byte[] READ = "ACGTACGTACGTTATAAAGC".getBytes(StandardCharsets.US_ASCII);

  private static final CyclicBarrier BOTH = new CyclicBarrier(2);
  private static final CountDownLatch INSIDE = new CountDownLatch(1);
  private static final AtomicReference<Throwable> ENDED = new AtomicReference<>();

  private static List<String> labels(int count) {
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      labels.add(i % 2 == 1 ? "b" : "a");
    }
    return labels;
  }

  private static JavaSparkContext spark() {
    return JavaSparkContext.fromSparkContext(Session.SPARK.sparkContext());
  }

  @Test
  void tasksShareAModelThatGoesWithTheLast() {
    ModelReference reference = ModelReference.of(Session.SPARK, "shared", MODEL, 0);
    int models = ModelRegistry.models();
    FlatMapFunction<Iterator<Integer>, Long> task = rows -> {
      double[] score = new double[1];
      reference.scorer().score(READ, 0, READ.length, score, null);
      BOTH.await();
      long[] seen = {ModelRegistry.models(), NativeScope.openScopes(), ModelRegistry.bytes()};
      BOTH.await();
      return Arrays.asList(seen[0], seen[1], seen[2], Double.doubleToRawLongBits(score[0])).iterator();
    };
    int scopes = NativeScope.openScopes();
    List<Long> seen = spark().parallelize(List.of(1, 2), 2).mapPartitions(task).collect();
    assertTrue(seen.get(0) <= models + 1 && seen.get(1) <= scopes + 2, seen.toString());
    assertTrue(seen.get(2) > 4 * Math.pow(4, 7), "bytes held: " + seen.get(2)); // more than a weight for each word
    double expected = Local.scores(MODEL, List.of(new String(READ, StandardCharsets.US_ASCII)))[0];
    assertEquals(expected, Double.longBitsToDouble(seen.get(3)));
    assertEquals(expected, Double.longBitsToDouble(seen.get(7)));
    assertTrue(reference.peak().value() > 0);
    assertTrue(ModelRegistry.models() <= models && NativeScope.openScopes() <= scopes);
  }

  @Test
  void aTaskThatFailsLeavesNothing() {
    ModelReference reference = ModelReference.of(Session.SPARK, "failing", MODEL, 0);
    int models = ModelRegistry.models();
    int scopes = NativeScope.openScopes();
    FlatMapFunction<Iterator<Integer>, Long> task = rows -> {
      reference.scorer().score(READ, 0, READ.length, null, null);
      throw new IllegalStateException("on purpose");
    };
    assertThrows(Exception.class, () -> spark().parallelize(List.of(1), 1).mapPartitions(task).collect());
    assertTrue(ModelRegistry.models() <= models && NativeScope.openScopes() <= scopes);
  }

  @Test
  void memoryIsBounded() {
    BioAnalyticsException error =
        assertThrows(BioAnalyticsException.class, () -> ModelReference.of(Session.SPARK, "large", MODEL, 10_000));
    assertEquals(BioAnalyticsException.LIMIT, error.code());
  }

  @Test
  void aKilledTaskEndsInsideOfACall() throws Exception {
    ModelReference reference = ModelReference.of(Session.SPARK, "killed", MODEL, 0);
    FlatMapFunction<Iterator<Integer>, Long> task = rows -> {
      byte[] letters = new byte[1 << 24];
      Arrays.fill(letters, (byte) 'A');
      double[] score = new double[1];
      try {
        while (true) {
          reference.scorer().score(letters, 0, letters.length, score, null);
          INSIDE.countDown();
        }
      } catch (Throwable error) {
        ENDED.set(error);
        throw error;
      }
    };
    Thread killer = new Thread(() -> {
      try {
        INSIDE.await();
        Session.SPARK.sparkContext().cancelJobGroup("kill");
      } catch (InterruptedException error) {
        Thread.currentThread().interrupt();
      }
    });
    killer.start();
    spark().setJobGroup("kill", "", false);
    try {
      assertThrows(Exception.class, () -> spark().parallelize(List.of(1), 1).mapPartitions(task).collect());
    } finally {
      spark().clearJobGroup();
    }
    killer.join();
    while (ENDED.get() == null) {
      Thread.onSpinWait(); // the driver does not wait for the task
    }
    assertTrue(ENDED.get() instanceof TaskKilledException, String.valueOf(ENDED.get()));
  }

  @Test
  void outsideOfTasksAScopeClosesByHand() {
    assertEquals(null, TaskContext.get());
    NativeScope scope = NativeScope.open(0, null);
    assertFalse(scope.isClosed());
    scope.close();
    scope.close();
    assertTrue(scope.isClosed());
  }
}
