// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.IOException;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.spark.ModelFiles;

/** A model file of the library, trained anywhere, as a stage of Spark ML. */
public final class ModelTransformer extends ScoringModel<ModelTransformer> {
  private static final long serialVersionUID = 1;

  /** For Spark, which reads saved stages; {@link #of} makes one. */
  public ModelTransformer(String uid) {
    super(uid);
  }

  /** The model of these bytes. */
  public static ModelTransformer of(ModelBytes bytes) {
    ModelTransformer made = new ModelTransformer(Identifiable.randomUID("modelTransformer"));
    made.setBytes(bytes);
    return made;
  }

  /** The model of a file wherever Hadoop reaches. */
  public static ModelTransformer ofFile(String path) throws IOException {
    return of(ModelFiles.read(SparkSession.active(), path));
  }

  public static MLReader<ModelTransformer> read() {
    return new ModelFileWriter.Reader<>();
  }

  public static ModelTransformer load(String path) {
    return read().load(path);
  }

  @Override
  public ModelTransformer copy(ParamMap extra) {
    ModelTransformer copy = new ModelTransformer(uid());
    copy.setBytes(bytes());
    return copyValues(copy, extra).setParent(parent());
  }
}
