// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Scores by every way are those of the program `ba`, to the bit. */
class ScoringTest {
  private static final int COUNT = 10_000;
  private static List<String> strangers;
  private static double[] scores;
  private static double[] probabilities;

  @BeforeAll
  static void ask() {
    strangers = Made.sequences(3, COUNT, 30, 200, true);
    String printed = Made.ba("predict", "--model", Made.model(), Made.fasta(strangers));
    scores = Made.told(printed, "score");
    double[] positive = Made.told(printed, "probability");
    probabilities = new double[2 * COUNT];
    for (int i = 0; i < COUNT; i++) {
      probabilities[2 * i + 1] = positive[i];
    }
    assertEquals(COUNT, scores.length);
  }

  /** `ba` prints the probability of the second class. */
  private static void check(double[] foundScores, double[] foundProbabilities) {
    Made.same(scores, foundScores);
    for (int i = 0; i < COUNT; i++) {
      assertEquals(probabilities[2 * i + 1], foundProbabilities[2 * i + 1], 0);
      assertEquals(1, foundProbabilities[2 * i] + foundProbabilities[2 * i + 1], 1e-15);
    }
  }

  @Test
  void recordsToArrays() {
    for (String cpu : List.of("auto", "scalar")) {
      for (int threads = 1; threads <= 3; threads++) {
        try (Context context = new Context().cpu(cpu).threads(threads);
            Model model = Model.load(context, Made.model());
            Scorer scorer = new Scorer(context, model);
            Records records = Records.of(context, strangers)) {
          check(scorer.scores(records), scorer.probabilities(records));
        }
      }
    }
  }

  @Test
  void recordsToBuffers() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model); Records records = Records.of(context, strangers)) {
      DoubleBuffer first = Made.doubles(COUNT);
      DoubleBuffer second = Made.doubles(2 * COUNT);
      scorer.score(records, first, second);
      check(Made.array(first), Made.array(second));
      assertEquals(0, first.position());
    }
  }

  @Test
  void directBuffers() {
    try (Context context = new Context().threads(2); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model)) {
      ByteBuffer letters = Made.direct(strangers);
      DoubleBuffer first = Made.doubles(COUNT);
      DoubleBuffer second = Made.doubles(2 * COUNT);
      scorer.score(letters, Made.offsets(strangers), first, second);
      check(Made.array(first), Made.array(second));
      DoubleBuffer again = Made.doubles(COUNT);
      scorer.score(letters.asReadOnlyBuffer(), Made.longOffsets(strangers), again, null);
      Made.same(scores, Made.array(again));
      try (Records copied = Records.of(context, letters, Made.offsets(strangers));
          Records wide = Records.of(context, letters, Made.longOffsets(strangers))) {
        Made.same(scores, scorer.scores(copied));
        Made.same(scores, scorer.scores(wide));
      }
    }
  }

  /** Every position and limit counts: letters in the middle, results behind others. */
  @Test
  void partsOfBuffers() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model)) {
      ByteBuffer whole = Made.direct(strangers);
      IntBuffer offsets = Made.offsets(strangers);
      int from = 17;
      int count = 100;
      ByteBuffer letters = whole.duplicate();
      letters.position(offsets.get(from));
      IntBuffer bounds = Made.ints(count + 3);
      bounds.position(2);
      for (int i = 0; i <= count; i++) {
        bounds.put(offsets.get(from + i) - offsets.get(from));
      }
      bounds.position(2);
      DoubleBuffer out = Made.doubles(count + 5);
      out.position(5);
      scorer.score(letters, bounds, out, null);
      assertArrayEquals(Arrays.copyOfRange(scores, from, from + count),
          Arrays.copyOfRange(Made.array(out), 5, count + 5));
      assertArrayEquals(new double[5], Arrays.copyOf(Made.array(out), 5));
      assertEquals(2, bounds.position());
    }
  }

  @Test
  void oneByOne() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model)) {
      double[] found = new double[COUNT];
      double[] chance = new double[2 * COUNT];
      double[] score = new double[1];
      double[] two = new double[2];
      for (int i = 0; i < COUNT; i++) {
        byte[] letters = ("xx" + strangers.get(i) + "y").getBytes(StandardCharsets.US_ASCII);
        scorer.score(letters, 2, letters.length - 3, score, two);
        found[i] = score[0];
        System.arraycopy(two, 0, chance, 2 * i, 2);
        assertEquals(score[0], scorer.score(letters, 2, letters.length - 3), 0);
      }
      check(found, chance);
      byte[] first = strangers.get(0).getBytes(StandardCharsets.US_ASCII);
      assertEquals(scores[0], scorer.scores(first)[0], 0);
      assertEquals(probabilities[1], scorer.probabilities(first)[1], 0);
      byte[] genome = String.join("", strangers.subList(0, 200)).getBytes(StandardCharsets.US_ASCII);
      double[] windows = scorer.scan(genome, genome.length, 1); // longer than what fits the stack
      assertTrue(genome.length > 8192);
      assertEquals(windows[0], scorer.scores(genome)[0], 0);
      assertEquals(windows[0], scorer.score(genome, 0, genome.length), 0);
      assertThrows(IndexOutOfBoundsException.class, () -> scorer.score(first, 1, first.length));
      assertThrows(NullPointerException.class, () -> scorer.score(null, 0, 0));
    }
  }

  @Test
  void batchesOfAReader() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model);
        Reader reader = Reader.open(context, Made.fasta(strangers), "threads=2")) {
      double[] found = new double[COUNT];
      int row = 0;
      for (Records batch = reader.next(999); batch != null; batch = reader.next(999)) {
        double[] part = scorer.scores(batch);
        System.arraycopy(part, 0, found, row, part.length);
        row += part.length;
        batch.close();
      }
      assertEquals(COUNT, row);
      Made.same(scores, found);
    }
  }

  @Test
  void oneModelManyThreads() throws InterruptedException {
    try (Context context = new Context(); Model model = Model.load(context, Made.model())) {
      List<double[]> found = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        Thread thread = new Thread(() -> {
          try (Context own = new Context(); Scorer scorer = new Scorer(own, model);
              Records records = Records.of(own, strangers)) {
            double[] part = scorer.scores(records);
            synchronized (found) {
              found.add(part);
            }
          }
        });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertEquals(4, found.size());
      found.forEach(part -> Made.same(scores, part));
    }
  }

  @Test
  void moreThanTwoClasses() {
    List<String> sequences = Made.sequences(5, 300, 40, 60, false);
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      labels.add(List.of("b", "a", "c").get(i % 3));
    }
    Path file = Made.folder().resolve("three.ba");
    Made.ba("train", "--recipe", "Kmer(k=3) | Softmax()", "--labels", Made.table(sequences, labels), "--out", file);
    String printed = Made.ba("predict", "--model", file, Made.fasta(sequences));
    try (Context context = new Context(); Model model = Model.load(context, file);
        Scorer scorer = new Scorer(context, model); Records records = Records.of(context, sequences)) {
      assertEquals(List.of("a", "b", "c"), model.classes());
      assertEquals(3, model.outputs());
      double[] found = scorer.probabilities(records);
      for (int column = 0; column < 3; column++) {
        double[] one = Made.told(printed, "probability:" + model.classes().get(column));
        for (int row = 0; row < 300; row++) {
          assertEquals(one[row], found[3 * row + column], 0);
        }
      }
      assertEquals(900, scorer.scores(records).length);
      BioAnalyticsException error =
          assertThrows(BioAnalyticsException.class, () -> scorer.score(new byte[] {'A', 'C', 'G'}, 0, 3));
      assertEquals(BioAnalyticsException.ARGUMENT, error.code());
    }
  }

  /** A row of counts as numbers is scored by floats, to within what docs/numbers.md says. */
  @Test
  void rowsOfFeatures() {
    List<String> few = strangers.subList(0, 50);
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model); Extractor extractor = new Extractor(context, model.recipe());
        Records records = Records.of(context, few)) {
      int width = (int) model.width();
      double[] rows = extractor.dense(records);
      double[] found = new double[50];
      scorer.scoreRows(rows, 50, found, null);
      double[] one = new double[1];
      for (int i = 0; i < 50; i++) {
        assertEquals(scores[i], found[i], 1e-6 * (1 + Math.abs(scores[i])));
        float[] row = new float[width];
        for (int j = 0; j < width; j++) {
          row[j] = (float) rows[i * width + j];
        }
        scorer.scoreRow(row, one, null);
        assertEquals(scores[i], one[0], 1e-4 * (1 + Math.abs(scores[i])));
      }
      BioAnalyticsException error = assertThrows(BioAnalyticsException.class,
          () -> scorer.scoreRow(new float[width - 1], one, null));
      assertEquals("BA_ERR_SHAPE", error.status());
      assertThrows(BioAnalyticsException.class, () -> scorer.scoreRows(rows, 49, found, null));
    }
  }

  /** A window by itself, a changed letter by itself, and a sum. */
  @Test
  void whatScoresAreMadeOf() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model)) {
      byte[] letters = Made.sequences(8, 1, 120, 120, false).get(0).getBytes(StandardCharsets.US_ASCII);
      double[] windows = scorer.scan(letters, 50, 7);
      assertEquals(11, windows.length);
      for (int i = 0; i < windows.length; i++) {
        assertEquals(scorer.scores(Arrays.copyOfRange(letters, 7 * i, 7 * i + 50))[0], windows[i], 0);
      }
      assertEquals(0, scorer.scan(letters, 121, 1).length);
      double[] effects = scorer.mutate(letters, 0);
      double whole = scorer.scores(letters)[0];
      for (int i = 0; i < letters.length; i += 13) {
        for (int base = 0; base < 4; base++) {
          byte[] changed = letters.clone();
          changed[i] = (byte) "ACGT".charAt(base);
          assertEquals(scorer.scores(changed)[0] - whole, effects[4 * i + base], 0);
        }
      }
      double sum = Arrays.stream(scorer.explain(letters, 0)).sum();
      assertEquals(whole - model.intercept(0), sum, 1e-9);
      assertThrows(BioAnalyticsException.class, () -> scorer.explain(letters, 1));
      assertThrows(BioAnalyticsException.class, () -> scorer.scan(letters, 0, 1));
    }
  }

  @Test
  void whatAModelSaysOfItself() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Extractor extractor = new Extractor(context, Made.RECIPE)) {
      assertEquals(List.of("0", "1"), model.classes());
      assertTrue(model.describe().contains(model.recipe()));
      assertEquals(context.canonical(Made.RECIPE), model.recipe());
      assertEquals(extractor.names(), model.names());
      assertEquals(model.width(), model.names().size());
      assertEquals(model.width(), model.weights(0).length);
      assertTrue(model.inputs().isEmpty());
      assertFalse(model.looksBack());
      assertTrue(Double.isNaN(model.conformalThreshold(0.9)));
      model.selftest();
      assertTrue(new String(model.export("c"), StandardCharsets.UTF_8).contains("ba_score"));
      assertArrayEquals(Made.ba("export", "--json", Made.model()).trim().getBytes(StandardCharsets.UTF_8),
          new String(model.export("json"), StandardCharsets.UTF_8).trim().getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void driftOfStrangers() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model, "drift=yes"); Records records = Records.of(context, strangers)) {
      scorer.scores(records);
      Drift length = scorer.drift().get(0);
      assertEquals("length", length.name());
      assertEquals(COUNT, length.requests());
      assertTrue(length.raised() && length.psi() > length.psiLimit() && length.ks() > length.ksLimit());
      scorer.driftReset();
      assertEquals(0, scorer.drift().get(0).requests());
    }
  }
}
