// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Made-up sequences, the same each time. */
public final class Reads {
  private Reads() {}

  /** `count` sequences of 0 to `longest` letters, some with ambiguous letters, lower case and U. */
  public static List<String> odd(int count, int longest, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> reads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String letters = i % 5 == 0 ? "ACGTNacgtURY" : "ACGT";
      reads.add(text(random, letters, random.nextInt(longest + 1)));
    }
    return reads;
  }

  /** Sequences of one length; every second of them has a motif, so that there is something to learn. */
  public static List<String> planted(int count, int length, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<String> reads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String read = text(random, "ACGT", length);
      if (i % 2 == 1 && random.nextInt(10) > 0) {
        int at = random.nextInt(length - 8);
        read = read.substring(0, at) + "TATAAAGC" + read.substring(at + 8);
      }
      reads.add(read);
    }
    return reads;
  }

  private static String text(SplittableRandom random, String letters, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(letters.charAt(random.nextInt(letters.length())));
    }
    return text.toString();
  }
}
