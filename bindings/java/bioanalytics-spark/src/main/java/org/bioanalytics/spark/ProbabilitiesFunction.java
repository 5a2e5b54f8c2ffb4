// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code probabilities(name, sequence)}: one a class, in class order; of a model of numbers the number. */
public final class ProbabilitiesFunction implements ScalarFunction<ArrayData> {
  private static final long serialVersionUID = 1;

  private final Models models;

  ProbabilitiesFunction(Models models) {
    this.models = models;
  }

  /** Called by the code that Spark generates. */
  public ArrayData invoke(UTF8String name, UTF8String sequence) {
    return name == null || sequence == null
        ? null : UnsafeArrayData.fromPrimitiveArray(models.named(name).scorer().probabilities(sequence));
  }

  @Override
  public DataType[] inputTypes() {
    return new DataType[] {DataTypes.StringType, DataTypes.StringType};
  }

  @Override
  public DataType resultType() {
    return DataTypes.createArrayType(DataTypes.DoubleType, false);
  }

  @Override
  public String name() {
    return "probabilities";
  }

  @Override
  public String canonicalName() {
    return "org.bioanalytics.probabilities";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ProbabilitiesFunction && models.equals(((ProbabilitiesFunction) other).models);
  }

  @Override
  public int hashCode() {
    return models.hashCode();
  }

  @Override
  public String toString() {
    return name();
  }
}
