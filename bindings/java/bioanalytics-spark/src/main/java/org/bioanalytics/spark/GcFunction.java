// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code gc(sequence)}: the share of G and C among the letters A, C, G, T and U. */
public final class GcFunction implements ScalarFunction<Double> {
  private static final long serialVersionUID = 1;

  /** Called by the code that Spark generates. */
  public static Double invoke(UTF8String sequence) {
    return sequence == null ? null : Letters.gc(Letters.array(sequence), Letters.from(sequence), sequence.numBytes());
  }

  @Override
  public DataType[] inputTypes() {
    return new DataType[] {DataTypes.StringType};
  }

  @Override
  public DataType resultType() {
    return DataTypes.DoubleType;
  }

  @Override
  public String name() {
    return "gc";
  }

  @Override
  public String canonicalName() {
    return "org.bioanalytics.gc";
  }
}
