// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.Serializable;
import java.util.Objects;
import org.apache.spark.sql.connector.catalog.functions.ScalarFunction;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;

/**
 * A function of SQL: what it is called, takes and gives. The code that Spark generates calls {@code invoke} of the
 * class. Functions of one class over the same models are equal, so that Spark computes such a column once.
 */
abstract class SequenceFunction<R> implements ScalarFunction<R> {
  private static final long serialVersionUID = 1;

  static final DataType NUMBERS = DataTypes.createArrayType(DataTypes.DoubleType, false);

  private final String name;
  private final String canonicalName;
  private final Serializable models;
  private final DataType result;
  private final DataType[] inputs;

  /** `models` is what the function scores by, or null. */
  SequenceFunction(String name, String canonicalName, Serializable models, DataType result, DataType... inputs) {
    this.name = name;
    this.canonicalName = "org.bioanalytics." + canonicalName;
    this.models = models;
    this.result = result;
    this.inputs = inputs;
  }

  @Override
  public final DataType[] inputTypes() {
    return inputs.clone();
  }

  @Override
  public final DataType resultType() {
    return result;
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String canonicalName() {
    return canonicalName;
  }

  @Override
  public final boolean equals(Object other) {
    return other != null && getClass() == other.getClass()
        && Objects.equals(models, ((SequenceFunction<?>) other).models);
  }

  @Override
  public final int hashCode() {
    return Objects.hash(getClass(), models);
  }

  @Override
  public final String toString() {
    return name;
  }
}
