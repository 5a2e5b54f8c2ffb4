// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWriter;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWriter;
import org.bioanalytics.spark.ModelFiles;

/** Writes Spark's metadata of a model, and beside it the library's own file, which C and Python read too. */
final class ModelFileWriter extends MLWriter {
  private static final String FILE = "/model.ba";

  private final ScoringModel<?> model;

  ModelFileWriter(ScoringModel<?> model) {
    this.model = model;
  }

  @Override
  public void saveImpl(String path) {
    new DefaultParamsWriter(model).saveImpl(path);
    try {
      ModelFiles.write(sparkSession(), path + FILE, model.bytes().bytes());
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** Reads what was written. */
  static final class Reader<M extends ScoringModel<M>> extends MLReader<M> {
    @Override
    public M load(String path) {
      M model = new DefaultParamsReader<M>().load(path);
      try {
        model.setBytes(ModelFiles.read(sparkSession(), path + FILE));
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
      return model;
    }
  }
}
