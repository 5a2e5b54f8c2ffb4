// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

/** {@code spark.read().format("bam")}. */
public final class BamSource extends SequenceSource {
  public BamSource() {
    super(SequenceFormat.BAM);
  }
}
