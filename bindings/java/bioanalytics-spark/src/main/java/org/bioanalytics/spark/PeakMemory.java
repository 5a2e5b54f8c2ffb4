// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.util.AccumulatorV2;

/** The most bytes that one task held on the native side; Spark's web interface shows it with each stage. */
public final class PeakMemory extends AccumulatorV2<Long, Long> {
  private static final long serialVersionUID = 1;

  private long most;

  @Override
  public boolean isZero() {
    return most == 0;
  }

  @Override
  public AccumulatorV2<Long, Long> copy() {
    PeakMemory copy = new PeakMemory();
    copy.most = most;
    return copy;
  }

  @Override
  public void reset() {
    most = 0;
  }

  @Override
  public void add(Long bytes) {
    most = Math.max(most, bytes);
  }

  @Override
  public void merge(AccumulatorV2<Long, Long> other) {
    most = Math.max(most, other.value());
  }

  @Override
  public Long value() {
    return most;
  }
}
