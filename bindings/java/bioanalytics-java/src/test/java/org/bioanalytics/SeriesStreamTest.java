// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Streams against formulas, against each other, and against the table of the same rows that `ba` scores. */
class SeriesStreamTest {
  private static final double[] PRICES = new Random(4).doubles(200, 90, 110).toArray();
  private static final String RECIPE = "Return(column=close) + Difference(column=close, lag=2)";

  @Test
  void rowsOneByOneAndManyAtOnce() {
    try (Context context = new Context(); SeriesStream stream = SeriesStream.open(context, RECIPE, null);
        SeriesStream many = SeriesStream.open(context, RECIPE, null)) {
      assertEquals(List.of("close"), stream.inputs());
      assertEquals(2, stream.width());
      assertEquals(2, stream.names().size());
      double[] all = many.updateRows("a", null, PRICES, 200);
      for (int i = 0; i < 200; i++) {
        double[] ahead = stream.peek("a", Double.NaN, PRICES[i]);
        double[] now = stream.update("a", Double.NaN, PRICES[i]);
        Made.same(ahead, now);
        Made.same(new double[] {all[2 * i], all[2 * i + 1]}, now);
        assertEquals(i < 1 ? Double.NaN : PRICES[i] / PRICES[i - 1] - 1, now[0], 0);
        assertEquals(i < 2 ? Double.NaN : PRICES[i] - PRICES[i - 2], now[1], 0);
      }
      assertEquals(200, stream.count("rows"));
      assertEquals(1, stream.count("groups"));
      assertEquals(-1, stream.count("colours"));
    }
  }

  @Test
  void statesGoOn() {
    try (Context context = new Context(); SeriesStream stream = SeriesStream.open(context, RECIPE, null)) {
      stream.updateRows(null, null, PRICES, 200);
      try (SeriesStream copy = stream.copy(); SeriesStream other = SeriesStream.open(context, RECIPE, null);
          SeriesStream merged = SeriesStream.open(context, RECIPE, null)) {
        byte[] state = stream.save();
        other.restore(state);
        merged.merge(stream);
        double[] expected = stream.update(null, Double.NaN, 5);
        Made.same(expected, copy.update(null, Double.NaN, 5));
        Made.same(expected, other.update(null, Double.NaN, 5));
        Made.same(expected, merged.update(null, Double.NaN, 5));
        state[state.length - 1] ^= 1;
        assertThrows(BioAnalyticsException.class, () -> other.restore(state));
        assertThrows(BioAnalyticsException.class, () -> other.restore(new byte[0]));
      }
    }
  }

  @Test
  void timesAndWrongRows() {
    try (Context context = new Context(); SeriesStream stream = SeriesStream.open(context, RECIPE, "late=error")) {
      stream.update("g", 2, 1);
      BioAnalyticsException late = assertThrows(BioAnalyticsException.class, () -> stream.update("g", 1, 1));
      assertEquals("BA_ERR_NUMBER", late.status());
      assertEquals("BA_ERR_SHAPE", assertThrows(BioAnalyticsException.class, () -> stream.update("g", 3, 1, 2)).status());
      double[] two = {1, 2};
      assertThrows(BioAnalyticsException.class, () -> stream.updateRows("g", new double[1], two, 2));
      assertThrows(BioAnalyticsException.class, () -> stream.updateRows("g", null, two, 3));
      assertThrows(BioAnalyticsException.class, () -> stream.updateRows("g", null, two, -1));
      assertThrows(IllegalStateException.class, stream::probabilities);
      assertEquals(2, stream.updateRows("g", new double[] {3}, new double[] {1}, 1).length);
    }
  }

  @Test
  void modelsOnStreams() {
    StringBuilder text = new StringBuilder("close\ty\n");
    for (int i = 0; i < 200; i++) {
      text.append(PRICES[i]).append('\t').append(i % 2 == 0 ? PRICES[i] : 100).append('\n');
    }
    Path table = Made.write(Made.folder().resolve("t.tsv"), text.toString());
    Path file = Made.folder().resolve("series.ba");
    Made.ba("train", "--table", table, "--target", "y", "--recipe",
        "Column(column=close) + Lag(column=close, lag=1) | Standardize() | Linear()", "--out", file);
    double[] told = Made.told(Made.ba("predict", "--model", file, table), "value");
    try (Context context = new Context(); Model model = Model.load(context, file);
        SeriesStream stream = SeriesStream.of(context, model, null)) {
      assertEquals(List.of("close"), model.inputs());
      assertTrue(model.looksBack() && model.classes().isEmpty());
      for (int i = 0; i < 200; i++) {
        stream.update(null, Double.NaN, PRICES[i]);
        Made.same(new double[] {told[i]}, stream.probabilities());
      }
      try (SeriesStream copy = stream.copy()) {
        copy.update(null, Double.NaN, 77);
        stream.update(null, Double.NaN, 77);
        stream.close();
        assertEquals(1, copy.probabilities().length);
        assertThrows(IllegalStateException.class, stream::probabilities);
      }
    }
  }
}
