// SPDX-License-Identifier: MIT
package org.bioanalytics;

/** A matrix in compressed rows: row i has the entries {@code starts[i]} up to {@code starts[i + 1]}. */
public final class Csr {
  private final long[] starts;
  private final int[] columns;
  private final double[] values;

  Csr(long[] starts, int[] columns, double[] values) {
    this.starts = starts;
    this.columns = columns;
    this.values = values;
  }

  public int rows() {
    return starts.length - 1;
  }

  /** One more than there are rows; not a copy. */
  public long[] starts() {
    return starts;
  }

  /** The column of each entry, rising within a row; not a copy. */
  public int[] columns() {
    return columns;
  }

  /** The number of each entry; not a copy. */
  public double[] values() {
    return values;
  }
}
