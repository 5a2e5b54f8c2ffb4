// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code models.NAME(sequence)} of a model with more than two classes: one margin a class, in class order. */
public final class ModelScoresFunction implements ScalarFunction<ArrayData> {
  private static final long serialVersionUID = 1;

  private final ModelReference model;

  ModelScoresFunction(ModelReference model) {
    this.model = model;
  }

  /** Called by the code that Spark generates. */
  public ArrayData invoke(UTF8String sequence) {
    return sequence == null ? null : UnsafeArrayData.fromPrimitiveArray(model.scorer().scores(sequence));
  }

  @Override
  public DataType[] inputTypes() {
    return new DataType[] {DataTypes.StringType};
  }

  @Override
  public DataType resultType() {
    return DataTypes.createArrayType(DataTypes.DoubleType, false);
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
    return other instanceof ModelScoresFunction && model.equals(((ModelScoresFunction) other).model);
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
