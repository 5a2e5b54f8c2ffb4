// SPDX-License-Identifier: MIT
package org.bioanalytics;

/** The parts of a dataset. */
public enum Part {
  TRAIN(0), DEV(1), TEST(2), ALL(-1);

  final int code;

  Part(int code) {
    this.code = code;
  }
}
