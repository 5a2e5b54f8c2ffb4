// SPDX-License-Identifier: MIT
package org.bioanalytics;

/** How far what was scored is from what was learnt from. */
public final class Drift {
  private final String name;
  private final boolean raised;
  private final double[] numbers;

  Drift(String name, boolean raised, double[] numbers) {
    this.name = name;
    this.raised = raised;
    this.numbers = numbers;
  }

  /** "length", "gc", "score", "score:1" and so on. */
  public String name() {
    return name;
  }

  /** Whether a limit was passed. */
  public boolean raised() {
    return raised;
  }

  /** Records counted. */
  public long requests() {
    return (long) numbers[0];
  }

  /** The population stability index. */
  public double psi() {
    return numbers[1];
  }

  public double psiLimit() {
    return numbers[2];
  }

  /** The distance of Kolmogorov and Smirnov. */
  public double ks() {
    return numbers[3];
  }

  public double ksLimit() {
    return numbers[4];
  }
}
