// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.unsafe.types.UTF8String;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Scorer;

/** Scores sequences inside of one task. */
public final class TaskScorer {
  private final NativeScope scope;
  private final Scorer scorer;
  private final int outputs;
  private final int columns;

  TaskScorer(NativeScope scope, Scorer scorer, int outputs, int columns) {
    this.scope = scope;
    this.scorer = scorer;
    this.outputs = outputs;
    this.columns = columns;
  }

  boolean isClosed() {
    return scope.isClosed();
  }

  /** Scores the letters; either result may be null. */
  public void score(byte[] letters, int from, int length, double[] scores, double[] probabilities) {
    try {
      scorer.score(letters, from, length, scores, probabilities);
    } catch (BioAnalyticsException error) {
      throw scope.failure(error);
    }
  }

  /** The score by a model of one score. */
  double score(UTF8String sequence) {
    try {
      return scorer.score(Letters.array(sequence), Letters.from(sequence), sequence.numBytes());
    } catch (BioAnalyticsException error) {
      throw scope.failure(error);
    }
  }

  double[] scores(UTF8String sequence) {
    double[] scores = new double[outputs];
    score(Letters.array(sequence), Letters.from(sequence), sequence.numBytes(), scores, null);
    return scores;
  }

  double[] probabilities(UTF8String sequence) {
    double[] probabilities = new double[columns];
    score(Letters.array(sequence), Letters.from(sequence), sequence.numBytes(), null, probabilities);
    return probabilities;
  }
}
