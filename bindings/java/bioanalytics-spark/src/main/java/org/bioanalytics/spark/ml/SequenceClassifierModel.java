// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.MLReader;
import org.bioanalytics.ModelBytes;

/** What {@link SequenceClassifier} has learnt. */
public final class SequenceClassifierModel extends ScoringModel<SequenceClassifierModel> {
  private static final long serialVersionUID = 1;

  /** For Spark, which reads saved stages. */
  public SequenceClassifierModel(String uid) {
    super(uid);
  }

  static SequenceClassifierModel of(String uid, ModelBytes bytes) {
    SequenceClassifierModel made = new SequenceClassifierModel(uid);
    made.setBytes(bytes);
    return made;
  }

  public static MLReader<SequenceClassifierModel> read() {
    return new ModelFileWriter.Reader<>();
  }

  public static SequenceClassifierModel load(String path) {
    return read().load(path);
  }

  @Override
  public SequenceClassifierModel copy(ParamMap extra) {
    return copyValues(of(uid(), bytes()), extra).setParent(parent());
  }
}
