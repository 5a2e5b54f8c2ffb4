// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bioanalytics.spark.ModelReference;

/** Everything that a model says of a sequence. */
final class Predict implements UDF1<byte[], Row> {
  private static final long serialVersionUID = 1;

  static final StructType TYPE = new StructType().add("raw", SQLDataTypes.VectorType())
      .add("probability", SQLDataTypes.VectorType()).add("prediction", DataTypes.DoubleType);

  private final ModelReference model;
  private final boolean wantsRaw;
  private final boolean wantsProbability;
  private final double[] answers;

  Predict(ModelReference model, boolean wantsRaw, boolean wantsProbability) {
    this.model = model;
    this.wantsRaw = wantsRaw;
    this.wantsProbability = wantsProbability;
    this.answers = answers(model.classes());
  }

  /** The number that stands for each class. */
  private static double[] answers(List<String> classes) {
    double[] answers = new double[classes.size()];
    try {
      for (int i = 0; i < answers.length; i++) {
        answers[i] = Double.parseDouble(classes.get(i));
      }
    } catch (NumberFormatException error) {
      for (int i = 0; i < answers.length; i++) {
        answers[i] = i;
      }
    }
    return answers;
  }

  @Override
  public Row call(byte[] letters) {
    if (letters == null) {
      return null;
    }
    double[] scores = wantsRaw ? new double[model.outputs()] : null;
    double[] probabilities = new double[Math.max(1, answers.length)];
    model.scorer().score(letters, 0, letters.length, scores, probabilities);
    if (answers.length == 0) {
      return RowFactory.create(null, null, probabilities[0]);
    }
    int best = 0;
    for (int i = 1; i < probabilities.length; i++) {
      best = probabilities[i] > probabilities[best] ? i : best;
    }
    return RowFactory.create(
        wantsRaw ? raw(scores) : null, wantsProbability ? Vectors.dense(probabilities) : null, answers[best]);
  }

  private static Vector raw(double[] scores) {
    return Vectors.dense(scores.length == 1 ? new double[] {-scores[0], scores[0]} : scores);
  }
}
