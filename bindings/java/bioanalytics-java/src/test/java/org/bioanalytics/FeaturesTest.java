// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Features against words that are counted here. */
class FeaturesTest {
  private static final List<String> SEQUENCES = Made.sequences(11, 40, 5, 60, false);

  private static int code(String word) {
    int code = 0;
    for (char letter : word.toCharArray()) {
      code = 4 * code + "ACGT".indexOf(letter);
    }
    return code;
  }

  @Test
  void countsAndValues() {
    int[] counts = new int[40 * 64];
    for (int row = 0; row < 40; row++) {
      for (int i = 0; i + 3 <= SEQUENCES.get(row).length(); i++) {
        counts[row * 64 + code(SEQUENCES.get(row).substring(i, i + 3))]++;
      }
    }
    try (Context context = new Context(); Extractor extractor = new Extractor(context, "Kmer(k=3, value=count, norm=none)");
        Records records = Records.of(context, SEQUENCES)) {
      assertEquals(64, extractor.width());
      assertEquals("Kmer_AAC", extractor.names().get(1));
      assertArrayEquals(counts, extractor.counts(records));
      double[] dense = extractor.dense(records);
      Csr csr = extractor.csr(records);
      assertEquals(40, csr.rows());
      double[] spread = new double[dense.length];
      for (int row = 0; row < 40; row++) {
        for (long i = csr.starts()[row]; i < csr.starts()[row + 1]; i++) {
          spread[row * 64 + csr.columns()[(int) i]] = csr.values()[(int) i];
        }
      }
      for (int i = 0; i < counts.length; i++) {
        assertEquals(counts[i], dense[i], 0);
        assertEquals(counts[i], spread[i], 0);
      }
    }
  }

  @Test
  void fits() {
    try (Context context = new Context(); Extractor extractor = new Extractor(context, "PositionKmer(k=1)");
        Records records = Records.of(context, List.of("ACG", "TTT"))) {
      assertEquals(-1, extractor.width());
      assertEquals("BA_ERR_FIT", assertThrows(BioAnalyticsException.class, () -> extractor.dense(records)).status());
      assertEquals(12, extractor.fit(records).width());
    }
  }

  @Test
  void wrongRecipes() {
    try (Context context = new Context()) {
      BioAnalyticsException error =
          assertThrows(BioAnalyticsException.class, () -> new Extractor(context, "Kmer(k=0)"));
      assertEquals(BioAnalyticsException.RECIPE, error.code());
      assertThrows(NullPointerException.class, () -> new Extractor(context, null));
      assertThrows(IllegalArgumentException.class, () -> new Extractor(context, "Kmer(k=3)\0"));
    }
  }
}
