// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code gc(sequence)}: the share of G and C among the letters A, C, G, T and U. */
public final class GcFunction extends SequenceFunction<Double> {
  private static final long serialVersionUID = 1;

  GcFunction() {
    super("gc", "gc", null, DataTypes.DoubleType, DataTypes.StringType);
  }

  /** Called by the code that Spark generates. */
  public static Double invoke(UTF8String sequence) {
    return sequence == null ? null : Letters.gc(Letters.array(sequence), Letters.from(sequence), sequence.numBytes());
  }
}
