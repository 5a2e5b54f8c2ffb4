// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code score(name, sequence)}: the margin of the second of two classes, or the number of a model of numbers. */
public final class ScoreFunction extends SequenceFunction<Double> {
  private static final long serialVersionUID = 1;

  private final Models models;

  ScoreFunction(Models models) {
    super("score", "score", models, DataTypes.DoubleType, DataTypes.StringType, DataTypes.StringType);
    this.models = models;
  }

  /** Called by the code that Spark generates. */
  public Double invoke(UTF8String name, UTF8String sequence) {
    if (name == null || sequence == null) {
      return null;
    }
    ModelReference model = models.named(name);
    if (model.outputs() != 1) {
      throw new IllegalArgumentException("the model " + model + " has a score for each of its classes "
          + model.classes() + ": expected models." + model + "(sequence) or probabilities(name, sequence)");
    }
    return model.scorer().score(sequence);
  }
}
