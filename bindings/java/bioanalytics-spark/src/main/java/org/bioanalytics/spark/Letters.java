// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.Arrays;
import org.apache.spark.unsafe.Platform;
import org.apache.spark.unsafe.types.UTF8String;

/** What is known of a sequence by its letters alone; case does not matter, and U is T. */
final class Letters {
  /** So that a word fits a long, and its code is not negative. */
  static final int LONGEST_WORD = 31;

  private static final byte[] CODES = new byte[256];
  private static final byte[] COMPLEMENTS = new byte[256];

  static {
    Arrays.fill(CODES, (byte) -1);
    String letters = "ACGTUacgtu";
    for (int i = 0; i < letters.length(); i++) {
      CODES[letters.charAt(i)] = (byte) Math.min(i % 5, 3);
    }
    for (int i = 0; i < COMPLEMENTS.length; i++) {
      COMPLEMENTS[i] = (byte) i;
    }
    String from = "ACGTURYKMBDHV";
    String to = "TGCAAYRMKVHDB";
    for (int i = 0; i < from.length(); i++) {
      COMPLEMENTS[from.charAt(i)] = (byte) to.charAt(i);
      COMPLEMENTS[Character.toLowerCase(from.charAt(i))] = (byte) Character.toLowerCase(to.charAt(i));
    }
  }

  private Letters() {}

  /** The array that a text stands in, or a copy of it. */
  static byte[] array(UTF8String text) {
    Object base = text.getBaseObject();
    return base instanceof byte[] ? (byte[]) base : text.getBytes();
  }

  /** Where in {@link #array} a text begins. */
  static int from(UTF8String text) {
    return text.getBaseObject() instanceof byte[] ? (int) (text.getBaseOffset() - Platform.BYTE_ARRAY_OFFSET) : 0;
  }

  /** The share of G and C among A, C, G, T and U; null when there are none of these. */
  static Double gc(byte[] letters, int from, int length) {
    int known = 0;
    int gc = 0;
    for (int i = from; i < from + length; i++) {
      int code = CODES[letters[i] & 255];
      known += code >= 0 ? 1 : 0;
      gc += code == 1 || code == 2 ? 1 : 0;
    }
    return known == 0 ? null : Double.valueOf((double) gc / known);
  }

  /** The other strand, by the letters of IUPAC; case is kept, and so is any other byte. */
  static byte[] reverseComplement(byte[] letters, int from, int length) {
    byte[] other = new byte[length];
    for (int i = 0; i < length; i++) {
      other[length - 1 - i] = COMPLEMENTS[letters[from + i] & 255];
    }
    return other;
  }

  /** The codes of all words of k letters, rising; a word with an ambiguous letter is left out. */
  static long[] words(byte[] letters, int from, int length, int k) {
    if (k < 1 || k > LONGEST_WORD) {
      throw new IllegalArgumentException("words of " + k + " letters: expected 1 to " + LONGEST_WORD);
    }
    long[] codes = new long[Math.max(0, length - k + 1)];
    long mask = (1L << 2 * k) - 1;
    long code = 0;
    int known = 0;
    int count = 0;
    for (int i = from; i < from + length; i++) {
      int letter = CODES[letters[i] & 255];
      known = letter < 0 ? 0 : known + 1;
      code = code << 2 & mask | letter & 3;
      if (known >= k) {
        codes[count++] = code;
      }
    }
    Arrays.sort(codes, 0, count);
    return Arrays.copyOf(codes, count);
  }

  static UTF8String word(long code, int k) {
    byte[] letters = new byte[k];
    for (int i = 0; i < k; i++) {
      letters[i] = (byte) "ACGT".charAt((int) (code >>> 2 * (k - 1 - i)) & 3);
    }
    return UTF8String.fromBytes(letters);
  }
}
