// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code models.NAME(sequence)} of a model with one score: the margin of the second class, or the number. */
public final class ModelFunction extends SequenceFunction<Double> {
  private static final long serialVersionUID = 1;

  private final ModelReference model;

  ModelFunction(ModelReference model) {
    super(model.name(), "model." + model.digest(), model, DataTypes.DoubleType, DataTypes.StringType);
    this.model = model;
  }

  /** Called by the code that Spark generates. */
  public Double invoke(UTF8String sequence) {
    return sequence == null ? null : Double.valueOf(model.scorer().score(sequence));
  }
}
