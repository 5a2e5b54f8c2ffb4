// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import org.bioanalytics.Context;
import org.bioanalytics.Partial;

/** A block as the library packs it: features, classes and weights, so that a round need not count words again. */
final class CountedBlock implements Summable {
  private static final long serialVersionUID = 1;

  private final byte[] packed;

  CountedBlock(byte[] packed) {
    this.packed = packed;
  }

  @Override
  public void addTo(Context context, Partial sums) {
    sums.accumulatePacked(packed);
  }
}
