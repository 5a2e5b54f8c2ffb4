// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.util.Collections;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.api.java.UDF1;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Context;
import org.bioanalytics.Csr;
import org.bioanalytics.Extractor;
import org.bioanalytics.Records;
import org.bioanalytics.spark.NativeScope;

/** The features of a sequence. */
final class Vectorize implements UDF1<byte[], Vector> {
  private static final long serialVersionUID = 1;

  private final String recipe;
  private final int length;
  private final int width;
  private transient NativeScope scope;
  private transient Extractor extractor;

  /** On the driver, where a recipe that is wrong is refused. */
  Vectorize(String recipe, int length) {
    this.recipe = recipe;
    this.length = length;
    try (Context context = new Context(); Extractor fitted = fitted(context, recipe, length)) {
      if (fitted.width() < 0) {
        throw new IllegalArgumentException(recipe + " has a term by position: expected a length of 1 or more");
      }
      width = Math.toIntExact(fitted.width());
    }
  }

  /** An extractor for sequences of so many letters. */
  static Extractor fitted(Context context, String recipe, int length) {
    Extractor extractor = new Extractor(context, recipe);
    if (length > 0) {
      try (Records letters = Records.of(context, Collections.singletonList("N".repeat(length)))) {
        extractor.fit(letters);
      }
    }
    return extractor;
  }

  @Override
  public Vector call(byte[] letters) {
    if (letters == null) {
      return null;
    }
    if (scope == null || scope.isClosed()) {
      scope = NativeScope.open(0, null);
      extractor = scope.keep(fitted(scope.context(), recipe, length));
    }
    try (Records records = Records.of(scope.context(), letters, new long[] {0, letters.length})) {
      Csr row = extractor.csr(records);
      return Vectors.sparse(width, row.columns(), row.values());
    } catch (BioAnalyticsException error) {
      throw scope.failure(error);
    }
  }
}
