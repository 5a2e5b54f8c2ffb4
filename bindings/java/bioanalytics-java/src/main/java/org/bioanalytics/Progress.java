// SPDX-License-Identifier: MIT
package org.bioanalytics;

/** Where a run stands; numbers that are not known yet are NaN. */
public final class Progress {
  private final double[] five;
  private final String reason;

  Progress(double[] five, String reason) {
    this.five = five;
    this.reason = reason;
  }

  /** Iterations, epochs, or rows of an online run. */
  public long iterations() {
    return (long) five[0];
  }

  /** Passes over the rows, or batches of an online run. */
  public long passes() {
    return (long) five[1];
  }

  /** The mean loss, with its penalty where the solver has one. */
  public double objective() {
    return five[2];
  }

  /** The size of the largest entry of the gradient. */
  public double gradient() {
    return five[3];
  }

  /** The mean loss of the dev rows. */
  public double devLoss() {
    return five[4];
  }

  /** Why the run stopped; "running" before. */
  public String reason() {
    return reason;
  }

  @Override
  public String toString() {
    return "iterations " + iterations() + ", passes " + passes() + ", objective " + objective() + ", " + reason;
  }
}
