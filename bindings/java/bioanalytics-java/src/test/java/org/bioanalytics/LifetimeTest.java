// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Who closes what when. */
class LifetimeTest {
  private static final List<String> SEQUENCES = Made.sequences(31, 60, 30, 60, false);

  /** One of every kind. */
  private static List<AutoCloseable> all(Context context) {
    Model model = Model.load(context, Made.model());
    Records records = Records.of(context, SEQUENCES);
    Dataset dataset = new Dataset(context).add(records, Made.labels(60));
    Solver solver = new Solver(context, "Kmer(k=2) | Logistic()", List.of("0", "1"), null);
    return List.of(context, Reader.push(context, null), records, new Extractor(context, "Kmer(k=2)"), model,
        new Scorer(context, model), dataset, new Trainer("Kmer(k=2) | Logistic()", dataset, null), solver,
        new Partial(context, solver.ask()), SeriesStream.open(context, "Return(column=x)", null));
  }

  /** What may be asked of closed objects: what Java keeps. */
  private static final Set<String> KEPT = Set.of("close", "isClosed", "recipe", "classes", "outputs", "probabilities",
      "width", "inputs", "looksBack", "count");

  /** Arguments that are fine, so that what is wrong is the closed object alone. */
  private static Object argument(Class<?> type, Context context) {
    if (type == int.class) return 1;
    if (type == long.class) return 1L;
    if (type == double.class) return 0.5;
    if (type == String.class) return null;
    if (type == byte[].class) return new byte[] {'A', 'C', 'G'};
    if (type == float[].class) return new float[1];
    if (type == double[].class) return new double[100];
    if (type == List.class) return List.of("0");
    if (type == Path.class) return Path.of("x");
    if (type == Part.class) return Part.TRAIN;
    if (type == java.nio.ByteBuffer.class) return java.nio.ByteBuffer.allocateDirect(3);
    if (type == java.nio.IntBuffer.class) return Made.ints(1);
    if (type == java.nio.LongBuffer.class) return Made.longOffsets(List.of());
    if (type == java.nio.DoubleBuffer.class) return Made.doubles(100);
    for (AutoCloseable open : all(context)) {
      if (type.isInstance(open)) return open;
    }
    throw new AssertionError(type);
  }

  @Test
  void everyCallOnAClosedObjectIsRefused() throws Exception {
    int tried = 0;
    try (Context living = new Context()) {
      for (AutoCloseable closed : all(new Context())) {
        closed.close();
        closed.close();
        for (Method method : closed.getClass().getDeclaredMethods()) {
          boolean ours = Modifier.isPublic(method.getModifiers()) && !Modifier.isStatic(method.getModifiers())
              && !method.isSynthetic();
          boolean kept = method.getParameterCount() == 0 && KEPT.contains(method.getName());
          if (!ours || (kept && !(closed instanceof Extractor))) {
            continue;
          }
          Object[] arguments = new Object[method.getParameterCount()];
          for (int i = 0; i < arguments.length; i++) {
            arguments[i] = argument(method.getParameterTypes()[i], living);
            if (arguments[i] == null && !List.of("set", "split", "deal", "addFile").contains(method.getName())) {
              arguments[i] = "Kmer(k=2)";
            }
          }
          Throwable cause = assertThrows(InvocationTargetException.class, () -> method.invoke(closed, arguments),
              method.toString()).getCause();
          if (!(cause instanceof IllegalArgumentException)) { // objects of two contexts
            assertInstanceOf(IllegalStateException.class, cause, method.toString());
          }
          tried++;
        }
      }
    }
    assertTrue(tried > 60, tried + " calls");
  }

  @Test
  void objectsGoInAnyOrder() throws Exception {
    List<String> sequences = Made.sequences(32, 40, 30, 60, false);
    for (int order = 0; order < 24; order++) {
      Context context = new Context();
      List<AutoCloseable> objects = new ArrayList<>(all(context));
      java.util.Collections.shuffle(objects, new java.util.Random(order));
      for (AutoCloseable object : objects) {
        object.close();
      }
      assertThrows(IllegalStateException.class, () -> Records.of(context, sequences));
    }
  }

  /** The rows go when the trainer has gone, and the context with the last object. */
  @Test
  void objectsKeepWhatTheyNeed() {
    Context context = new Context();
    Dataset dataset;
    try (Records records = Records.of(context, SEQUENCES)) {
      dataset = new Dataset(context).add(records, Made.labels(60));
    }
    Trainer trainer = new Trainer("Kmer(k=2) | Logistic()", dataset, null);
    dataset.close();
    context.close();
    assertTrue(trainer.step());
    Model model = trainer.run().finish();
    trainer.close();
    try (Context other = new Context(); Scorer scorer = new Scorer(other, model)) {
      model.close();
      assertEquals(1, scorer.scores("ACGTACGT".getBytes(StandardCharsets.US_ASCII)).length);
    }
  }

  /** Nobody closes anything: the garbage collector does. */
  @Test
  void forgottenObjectsAreFreed() throws Exception {
    try (Context context = new Context(); Model model = Model.load(context, Made.model())) {
      long before = context.memory();
      forget(context, model);
      assertTrue(context.memory() > before + 1_000_000);
      for (int i = 0; i < 200 && context.memory() > before; i++) {
        System.gc();
        Thread.sleep(20);
      }
      assertEquals(before, context.memory());
      assertTrue(context.peakMemory() > before + 1_000_000);
    }
  }

  private static void forget(Context context, Model model) {
    for (int i = 0; i < 50; i++) {
      Records records = Records.of(context, Made.sequences(i, 100, 200, 300, false));
      assertEquals(100, new Scorer(context, model).scores(records).length);
      new Trainer("Kmer(k=2) | Logistic()", new Dataset(context).add(records, Made.labels(100)), null).step();
    }
  }

  private interface Use {
    void on(AutoCloseable[] objects) throws Exception;
  }

  /** Threads use what one closes under them: a call ends well, or is refused; the process lives. */
  private static void closedMeanwhile(Use make, Use use) throws Exception {
    AtomicReference<Throwable> wrong = new AtomicReference<>();
    AtomicInteger ended = new AtomicInteger();
    for (int round = 0; round < 60; round++) {
      AutoCloseable[] objects = new AutoCloseable[4];
      make.on(objects);
      AtomicInteger started = new AtomicInteger();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Thread thread = new Thread(() -> {
          try {
            while (true) {
              started.incrementAndGet();
              use.on(objects);
            }
          } catch (IllegalStateException closed) {
            ended.incrementAndGet();
          } catch (Throwable other) {
            wrong.set(other);
          }
        });
        thread.start();
        threads.add(thread);
      }
      while (started.get() < 3 + round % 5) {
        Thread.yield();
      }
      for (AutoCloseable object : objects) {
        if (object != null) {
          object.close();
        }
      }
      for (Thread thread : threads) {
        thread.join();
      }
    }
    if (wrong.get() != null) {
      throw new AssertionError(wrong.get());
    }
    assertEquals(180, ended.get());
  }

  @Test
  void closedDuringACall() throws Exception {
    List<String> many = Made.sequences(33, 300, 100, 200, false);
    byte[] letters = String.join("", many).getBytes(StandardCharsets.US_ASCII);
    closedMeanwhile(objects -> {
      Context context = new Context();
      Model model = Model.load(context, Made.model());
      objects[0] = model;
      objects[1] = new Scorer(context, model);
      objects[2] = Records.of(context, many);
      objects[3] = context;
    }, objects -> {
      Scorer scorer = (Scorer) objects[1];
      scorer.scores((Records) objects[2]);
      ((Model) objects[0]).toBytes();
    });
    closedMeanwhile(objects -> {
      Context context = new Context();
      objects[0] = Reader.push(context, null);
      objects[1] = SeriesStream.open(context, "Return(column=x)", null);
      objects[2] = context;
    }, objects -> {
      ((Reader) objects[0]).feed(letters, 0, 1000);
      ((SeriesStream) objects[1]).update(null, Double.NaN, 1);
    });
    closedMeanwhile(objects -> {
      Context context = new Context();
      try (Records records = Records.of(context, many)) {
        objects[0] = new Dataset(context).add(records, Made.labels(300));
      }
      objects[1] = new Trainer("Kmer(k=5) | Logistic(tol=0, max_iter=100000)", (Dataset) objects[0], null);
      objects[2] = context;
    }, objects -> {
      ((Trainer) objects[1]).step();
      ((Dataset) objects[0]).rows(Part.ALL);
    });
  }

  /** A closed context takes no more, and waits for nobody. */
  @Test
  void closedContexts() {
    Context context = new Context();
    Reader reader = Reader.push(context, null);
    reader.feed(">a\nACGT\n".getBytes(StandardCharsets.US_ASCII), 0, 8);
    context.close();
    assertTrue(context.isClosed());
    for (org.junit.jupiter.api.function.Executable call : List.<org.junit.jupiter.api.function.Executable>of(
        context::cancel, context::reset, context::memory, context::progress, context::cpu, () -> context.threads(2),
        () -> Model.load(context, Made.model()))) {
      assertThrows(IllegalStateException.class, call);
    }
    reader.finish();
    assertEquals(1, reader.next().count());
    reader.close();
    assertDoesNotThrow(context::close);
  }

  @Test
  void settings() {
    try (Context context = new Context()) {
      assertTrue(List.of("scalar", "avx2", "avx512", "neon").contains(context.cpu()));
      assertEquals("scalar", context.cpu("scalar").cpu());
      assertEquals(BioAnalyticsException.ARGUMENT,
          assertThrows(BioAnalyticsException.class, () -> context.cpu("mmx")).code());
      assertThrows(BioAnalyticsException.class, () -> context.threads(0));
      context.memoryLimit(context.memory() + 1000);
      assertEquals(BioAnalyticsException.LIMIT,
          assertThrows(BioAnalyticsException.class, () -> Records.of(context, SEQUENCES)).code());
      context.memoryLimit(0);
      Records.of(context, SEQUENCES).close();
    }
  }
}
