// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

/** {@code spark.read().format("fastq")}. */
public final class FastqSource extends SequenceSource {
  public FastqSource() {
    super(SequenceFormat.FASTQ);
  }
}
