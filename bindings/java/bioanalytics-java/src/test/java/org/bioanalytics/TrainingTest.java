// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Models trained from Java have the bytes of those that the program `ba` trains. */
class TrainingTest {
  private static final int BLOCK = 4096;
  private static final List<String> SEQUENCES = Made.sequences(1, 1200, 150, 250, false);
  private static final List<String> LABELS = Made.labels(1200);

  private static Dataset rows(Context context) {
    return rows(context, SEQUENCES, LABELS, 0, SEQUENCES.size());
  }

  private static Dataset rows(Context context, List<String> sequences, List<String> labels, int from, int to) {
    Dataset dataset = new Dataset(context);
    for (int i = from; i < to; i += 500) {
      int end = Math.min(i + 500, to);
      try (Records records = Records.of(context, sequences.subList(i, end))) {
        dataset.add(records, labels.subList(i, end));
      }
    }
    return dataset;
  }

  @Test
  void theBytesOfTheCommandLine() {
    for (int threads = 1; threads <= 2; threads++) {
      try (Context context = new Context().threads(threads); Dataset dataset = rows(context);
          Trainer trainer = new Trainer(Made.RECIPE, dataset, null)) {
        assertEquals(List.of("0", "1"), dataset.classes());
        assertEquals(1200, dataset.rows(Part.ALL));
        assertEquals("running", trainer.progress().reason());
        assertTrue(trainer.step());
        Progress first = trainer.progress();
        Progress last = trainer.run().progress();
        assertTrue(last.objective() < first.objective() && last.iterations() > first.iterations());
        assertTrue(last.reason().startsWith("converged") && last.passes() > 0 && last.gradient() < first.gradient());
        assertTrue(Double.isNaN(last.devLoss()));
        try (Model model = trainer.finish()) {
          assertArrayEquals(Made.bytes(Made.model()), model.toBytes().bytes());
          Path copy = Made.folder().resolve("copy.ba");
          model.save(copy);
          assertArrayEquals(Made.bytes(Made.model()), Made.bytes(copy));
        }
      }
    }
  }

  @Test
  void files() {
    try (Context context = new Context(); Dataset dataset = new Dataset(context)) {
      dataset.addFile(Made.table(SEQUENCES, LABELS), null);
      try (Trainer trainer = new Trainer(Made.RECIPE, dataset, null); Model model = trainer.run().finish()) {
        assertArrayEquals(Made.bytes(Made.model()), model.toBytes().bytes());
      }
      BioAnalyticsException error = assertThrows(BioAnalyticsException.class,
          () -> dataset.addFile(Path.of("/nowhere/t.tsv"), null));
      assertEquals("/nowhere/t.tsv", error.file());
    }
  }

  @Test
  void checkpoints() {
    Path file = Made.folder().resolve("state");
    try (Context context = new Context(); Dataset dataset = rows(context);
        Trainer first = new Trainer(Made.RECIPE, dataset, null);
        Trainer second = new Trainer(Made.RECIPE, dataset, null)) {
      for (int i = 0; i < 4; i++) {
        first.step();
      }
      first.checkpoint(file);
      second.restore(file);
      assertArrayEquals(Made.bytes(Made.model()), second.run().finish().toBytes().bytes());
      second.set("l2=0.1");
      assertEquals("running", second.progress().reason());
      assertEquals("/nowhere/x", assertThrows(BioAnalyticsException.class,
          () -> first.checkpoint(Path.of("/nowhere/x"))).file());
    }
  }

  @Test
  void partsWeightsAndGroups() {
    try (Context context = new Context(); Dataset dataset = new Dataset(context);
        Records records = Records.of(context, SEQUENCES.subList(0, 100))) {
      List<String> labels = LABELS.subList(0, 100);
      double[] weights = new double[100];
      List<String> groups = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        weights[i] = i % 10 == 0 ? 0 : 1 + i % 3;
        groups.add(i % 5 == 0 ? null : "g" + i % 7);
      }
      dataset.add(records, labels, weights, null, Part.DEV);
      assertEquals(90, dataset.rows(Part.DEV));
      dataset.add(records, labels, null, Collections.nCopies(100, "é"), Part.TEST);
      assertEquals(100, dataset.rows(Part.TEST));
      dataset.deal("by=random, train=0.5, dev=0.25, test=0.25").split("by=stratified, folds=3");
      assertEquals(95, dataset.rows(Part.TRAIN));
      assertThrows(IllegalArgumentException.class, () -> dataset.add(records, labels.subList(0, 99)));
      assertThrows(IllegalArgumentException.class,
          () -> dataset.add(records, labels, new double[101], null, Part.TRAIN));
      dataset.add(records, labels, null, groups, Part.TRAIN);
      BioAnalyticsException error =
          assertThrows(BioAnalyticsException.class, () -> dataset.deal("by=group, train=0.5, test=0.5"));
      assertEquals("BA_ERR_LABEL", error.status()); // rows without a group
      weights[7] = Double.NaN;
      error = assertThrows(BioAnalyticsException.class,
          () -> dataset.add(records, labels, weights, null, Part.TRAIN));
      assertEquals("BA_ERR_LABEL", error.status());
      assertEquals(8, error.record());
    }
  }

  /** The rows of an open trainer stay as they are. */
  @Test
  void rowsUnderATrainer() {
    try (Context context = new Context(); Dataset dataset = rows(context)) {
      Trainer trainer = new Trainer(Made.RECIPE, dataset, null);
      try (Records records = Records.of(context, List.of("ACGT"))) {
        assertThrows(IllegalStateException.class, () -> dataset.add(records, List.of("1")));
        assertThrows(IllegalStateException.class, () -> dataset.split(null));
        trainer.close();
        assertEquals(1201, dataset.add(records, List.of("1")).rows(Part.ALL));
      }
    }
  }

  @Test
  void rowByRow() {
    String recipe = "Kmer(k=4) | Logistic(solver=adagrad)";
    byte[] expected = null;
    for (int size : new int[] {1200, 100, 7}) {
      try (Context context = new Context();
          Trainer trainer = Trainer.online(context, recipe, List.of("0", "1"), null, "seed=3")) {
        for (int from = 0; from < 1200; from += size) {
          try (Dataset batch = rows(context, SEQUENCES, LABELS, from, Math.min(from + size, 1200))) {
            trainer.update(batch);
          }
        }
        assertEquals(1200, trainer.progress().iterations());
        try (Model model = trainer.finish();
            Trainer more = Trainer.online(context, recipe, List.of("1", "0"), model, null)) {
          byte[] bytes = model.toBytes().bytes();
          expected = expected == null ? bytes : expected;
          assertArrayEquals(expected, bytes);
          model.close();
          assertEquals(List.of("0", "1"), more.finish().classes());
        }
      }
    }
  }

  /** Rows in 1, 2, 3 and 7 processes' worth of partials that come in any order, some twice, and every other packed. */
  @Test
  void partialsAndASolver() {
    int count = 8 * BLOCK + 77;
    List<String> sequences = Made.sequences(9, count, 10, 14, false);
    List<String> labels = Made.labels(count);
    String recipe = "Kmer(k=3) | Logistic(l2=1e-3, max_iter=8)";
    byte[] whole;
    try (Context context = new Context(); Dataset dataset = rows(context, sequences, labels, 0, count);
        Trainer trainer = new Trainer(recipe, dataset, "sketches=off"); Model model = trainer.run().finish()) {
      whole = model.toBytes().bytes();
    }
    Path file = Made.folder().resolve("whole.ba");
    for (int workers : new int[] {1, 2, 3, 7}) {
      try (Context context = new Context(); Model model = shared(context, recipe, sequences, labels, workers)) {
        assertArrayEquals(whole, model.toBytes().bytes(), workers + " workers");
        model.save(file);
      }
    }
    assertTrue(Made.ba("selftest", file).contains("ok"));
  }

  private static Model shared(
      Context driver, String recipe, List<String> sequences, List<String> labels, int workers) {
    List<Context> contexts = new ArrayList<>();
    List<Dataset> parts = new ArrayList<>();
    List<Integer> firsts = new ArrayList<>();
    int blocks = (sequences.size() + BLOCK - 1) / BLOCK;
    for (int i = 0; i < workers; i++) {
      Context context = new Context().threads(1 + i % 2);
      int from = i * blocks / workers * BLOCK;
      contexts.add(context);
      firsts.add(from);
      parts.add(rows(context, sequences, labels, from, Math.min((i + 1) * blocks / workers * BLOCK, sequences.size())));
    }
    byte[][] packed = new byte[workers][];
    try (Solver solver = new Solver(driver, recipe, List.of("1", "0"), null)) {
      boolean more = true;
      for (int round = 0; more; round++) {
        byte[] request = solver.ask();
        List<byte[]> answers = new ArrayList<>();
        for (int i = 0; i < workers; i++) {
          try (Partial partial = new Partial(contexts.get(i), request)) {
            if (round == 1 && i % 2 == 0) {
              packed[i] = partial.pack(parts.get(i), firsts.get(i));
            }
            if (packed[i] != null) {
              partial.accumulatePacked(packed[i]);
            } else {
              partial.accumulate(parts.get(i), firsts.get(i));
            }
            answers.add(partial.save());
          }
        }
        answers.add(answers.get(round % workers)); // a task that ran twice
        Collections.shuffle(answers, new Random(round));
        try (Partial all = new Partial(driver, request); Partial rest = new Partial(driver, request)) {
          for (int i = 0; i < answers.size(); i++) {
            (i % 2 == 0 ? all : rest).add(answers.get(i));
          }
          all.merge(rest);
          assertEquals(sequences.size(), all.rows());
          more = round == 3 ? resumed(driver, solver, recipe, all) : solver.tell(all);
        }
      }
      assertEquals(8, solver.progress().iterations());
      assertTrue(Double.isFinite(solver.progress().objective()) && Double.isNaN(solver.progress().devLoss()));
      return solver.finish();
    } finally {
      parts.forEach(Dataset::close);
      contexts.forEach(Context::close);
    }
  }

  /** The driver was killed and another took its state. */
  private static boolean resumed(Context driver, Solver solver, String recipe, Partial all) {
    try (Solver other = new Solver(driver, recipe, List.of("1", "0"), null)) {
      other.restore(solver.save());
      assertArrayEquals(solver.ask(), other.ask());
      boolean more = other.tell(all);
      solver.restore(other.save());
      return more;
    }
  }

  @Test
  void objectsOfTwoContexts() {
    try (Context one = new Context(); Context two = new Context(); Dataset dataset = rows(two);
        Solver solver = new Solver(one, "Kmer(k=2) | Logistic()", List.of("0", "1"), null);
        Partial partial = new Partial(one, solver.ask()); Partial other = new Partial(two, solver.ask())) {
      assertThrows(IllegalArgumentException.class, () -> partial.accumulate(dataset, 0));
      assertThrows(IllegalArgumentException.class, () -> partial.merge(other));
      assertThrows(IllegalArgumentException.class, () -> solver.tell(other));
      BioAnalyticsException error = assertThrows(BioAnalyticsException.class, () -> other.accumulate(dataset, 5));
      assertEquals(BioAnalyticsException.ARGUMENT, error.code());
      byte[] packed = other.pack(dataset, 0);
      assertThrows(IllegalArgumentException.class, () -> partial.pack(dataset, 0));
      assertEquals("BA_ERR_CORRUPT", assertThrows(
          BioAnalyticsException.class, () -> other.accumulatePacked(Arrays.copyOf(packed, packed.length - 1))).status());
      packed[packed.length / 2] ^= 1;
      assertEquals("BA_ERR_CORRUPT",
          assertThrows(BioAnalyticsException.class, () -> other.accumulatePacked(packed)).status());
      other.accumulate(dataset, 0);
      assertEquals(1200, other.rows());
      assertEquals("BA_ERR_FORMAT",
          assertThrows(BioAnalyticsException.class, () -> partial.add(new byte[100])).status());
      byte[] saved = other.save();
      saved[saved.length / 2] ^= 1;
      assertThrows(BioAnalyticsException.class, () -> partial.add(saved));
      assertFalse(partial.rows() > 0);
    }
  }
}
