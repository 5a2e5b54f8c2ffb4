// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.Arrays;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayBasedMapData;
import org.apache.spark.sql.catalyst.util.GenericArrayData;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * {@code kmers(sequence, k)}: how often each word of k letters is there, a map with the words that are. Words overlap,
 * and rise in the order A, C, G, T; one with an ambiguous letter is left out.
 */
public final class KmersFunction extends SequenceFunction<MapData> {
  private static final long serialVersionUID = 1;

  KmersFunction() {
    super("kmers", "kmers", null, DataTypes.createMapType(DataTypes.StringType, DataTypes.IntegerType, false),
        DataTypes.StringType, DataTypes.IntegerType);
  }

  /** Called by the code that Spark generates. */
  public static MapData invoke(UTF8String sequence, int k) {
    if (sequence == null) {
      return null;
    }
    long[] codes = Letters.words(Letters.array(sequence), Letters.from(sequence), sequence.numBytes(), k);
    Object[] words = new Object[codes.length];
    int[] counts = new int[codes.length];
    int last = -1;
    for (int i = 0; i < codes.length; i++) {
      if (i == 0 || codes[i] != codes[i - 1]) {
        words[++last] = Letters.word(codes[i], k);
      }
      counts[last]++;
    }
    return new ArrayBasedMapData(new GenericArrayData(Arrays.copyOf(words, last + 1)),
        UnsafeArrayData.fromPrimitiveArray(Arrays.copyOf(counts, last + 1)));
  }
}
