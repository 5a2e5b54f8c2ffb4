// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;

/** The features of a recipe; a model stage in it is checked and left aside. */
public final class Extractor extends Handle {
  private static final byte[] COUNTS = Text.of("output=counts", "options");

  public Extractor(Context context, String recipe) {
    super(context, Resource.EXTRACTOR, create(context, Text.of(recipe, "recipe")));
  }

  private static long create(Context context, byte[] recipe) {
    return Context.make(context, c -> Calls.extractorCreate(c, recipe));
  }

  /** Learns what depends on data, the length that PositionKmer covers, from every batch of the training records. */
  public Extractor fit(Records records) {
    long extractor = enter();
    try {
      long batch = records.hold();
      try {
        Calls.extractorFit(contextPointer(), extractor, batch);
      } finally {
        records.letGo();
      }
    } finally {
      leave();
    }
    return this;
  }

  /** How many columns there are; -1 before a fit that is needed. */
  public long width() {
    long extractor = enter();
    try {
      return Calls.extractorWidth(extractor);
    } finally {
      leave();
    }
  }

  /** The name of each column. */
  public List<String> names() {
    long extractor = enter();
    try {
      List<String> found = new ArrayList<>();
      for (long column = 0, width = Calls.extractorWidth(extractor); column < width; column++) {
        found.add(Text.from(Calls.extractorColumnName(contextPointer(), extractor, column)));
      }
      return found;
    } finally {
      leave();
    }
  }

  /** The recipe's values, row by row: records x width numbers. */
  public double[] dense(Records records) {
    return dense(records, null, Calls::arrayDoubles);
  }

  /** The bare counts, row by row, as numbers of 32 bits without a sign. */
  public int[] counts(Records records) {
    return dense(records, COUNTS, Calls::arrayInts);
  }

  private <T> T dense(Records records, byte[] options, LongFunction<T> copy) {
    long array = 0;
    long extractor = enter();
    try {
      long batch = records.hold();
      try {
        array = Calls.extractorDense(contextPointer(), extractor, batch, options);
      } finally {
        records.letGo();
      }
      return copy.apply(array);
    } finally {
      Calls.destroy(Resource.ARRAY, array);
      leave();
    }
  }

  /** The recipe's values other than 0. */
  public Csr csr(Records records) {
    long[] arrays = new long[3];
    long extractor = enter();
    try {
      long batch = records.hold();
      try {
        Calls.extractorCsr(contextPointer(), extractor, batch, null, arrays);
      } finally {
        records.letGo();
      }
      return new Csr(Calls.arrayLongs(arrays[0]), Calls.arrayInts(arrays[1]),
          Calls.arrayDoubles(arrays[2]));
    } finally {
      for (long array : arrays) {
        Calls.destroy(Resource.ARRAY, array);
      }
      leave();
    }
  }
}
