// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.Serializable;
import org.bioanalytics.Context;
import org.bioanalytics.Partial;

/** The rows of a block, as Spark stores them between the rounds of a training. */
interface Summable extends Serializable {
  /** Adds what they come to, at the point that the sums are for. */
  void addTo(Context context, Partial sums);
}
