// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

/** {@code spark.read().format("fasta")}. */
public final class FastaSource extends SequenceSource {
  public FastaSource() {
    super(SequenceFormat.FASTA);
  }
}
