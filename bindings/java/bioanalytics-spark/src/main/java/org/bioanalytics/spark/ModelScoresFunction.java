// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code models.NAME(sequence)} of a model with more than two classes: one margin a class, in class order. */
public final class ModelScoresFunction extends SequenceFunction<ArrayData> {
  private static final long serialVersionUID = 1;

  private final ModelReference model;

  ModelScoresFunction(ModelReference model) {
    super(model.name(), "model." + model.digest(), model, NUMBERS, DataTypes.StringType);
    this.model = model;
  }

  /** Called by the code that Spark generates. */
  public ArrayData invoke(UTF8String sequence) {
    return sequence == null ? null : UnsafeArrayData.fromPrimitiveArray(model.scorer().scores(sequence));
  }
}
