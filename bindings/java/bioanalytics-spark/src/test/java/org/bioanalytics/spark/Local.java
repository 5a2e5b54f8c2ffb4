// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.List;
import org.bioanalytics.Context;
import org.bioanalytics.Dataset;
import org.bioanalytics.Model;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.Part;
import org.bioanalytics.Records;
import org.bioanalytics.Scorer;
import org.bioanalytics.Trainer;

/** The library on its own, which says what Spark has to give. */
public final class Local {
  private Local() {}

  /** The model of these rows. */
  public static ModelBytes train(String recipe, List<String> reads, List<String> labels, double[] weights) {
    try (Context context = new Context();
        Records records = Records.of(context, reads);
        Dataset dataset = new Dataset(context).add(records, labels, weights, null, Part.TRAIN);
        Trainer trainer = new Trainer(recipe, dataset, "sketches=off");
        Model model = trainer.run().finish()) {
      return model.toBytes();
    }
  }

  /** The scores of a batch, row by row. */
  public static double[] scores(ModelBytes bytes, List<String> reads) {
    try (Context context = new Context(); Model model = Model.of(context, bytes);
        Scorer scorer = new Scorer(context, model); Records records = Records.of(context, reads)) {
      return scorer.scores(records);
    }
  }

  /** The probabilities of a batch, row by row. */
  public static double[] probabilities(ModelBytes bytes, List<String> reads) {
    try (Context context = new Context(); Model model = Model.of(context, bytes);
        Scorer scorer = new Scorer(context, model); Records records = Records.of(context, reads)) {
      return scorer.probabilities(records);
    }
  }
}
