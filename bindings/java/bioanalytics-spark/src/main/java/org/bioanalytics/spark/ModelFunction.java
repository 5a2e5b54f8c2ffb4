// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code models.NAME(sequence)} of a model with one score: the margin of the second class, or the number. */
public final class ModelFunction implements ScalarFunction<Double> {
  private static final long serialVersionUID = 1;

  private final ModelReference model;

  ModelFunction(ModelReference model) {
    this.model = model;
  }

  /** Called by the code that Spark generates. */
  public Double invoke(UTF8String sequence) {
    return sequence == null ? null : Double.valueOf(model.scorer().score(sequence));
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
    return model.name();
  }

  @Override
  public String canonicalName() {
    return "org.bioanalytics.model." + model.digest();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ModelFunction && model.equals(((ModelFunction) other).model);
  }

  @Override
  public int hashCode() {
    return model.hashCode();
  }

  @Override
  public String toString() {
    return model.name();
  }
}
