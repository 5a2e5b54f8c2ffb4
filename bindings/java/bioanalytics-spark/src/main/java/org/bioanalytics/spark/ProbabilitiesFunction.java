// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.apache.spark.sql.catalyst.util.ArrayData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code probabilities(name, sequence)}: one a class, in class order; of a model of numbers the number. */
public final class ProbabilitiesFunction extends SequenceFunction<ArrayData> {
  private static final long serialVersionUID = 1;

  private final Models models;

  ProbabilitiesFunction(Models models) {
    super("probabilities", "probabilities", models, NUMBERS, DataTypes.StringType, DataTypes.StringType);
    this.models = models;
  }

  /** Called by the code that Spark generates. */
  public ArrayData invoke(UTF8String name, UTF8String sequence) {
    return name == null || sequence == null
        ? null : UnsafeArrayData.fromPrimitiveArray(models.named(name).scorer().probabilities(sequence));
  }
}
