// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/** {@code revcomp(sequence)}: the reverse complement, by the letters of IUPAC. */
public final class RevCompFunction extends SequenceFunction<UTF8String> {
  private static final long serialVersionUID = 1;

  RevCompFunction() {
    super("revcomp", "revcomp", null, DataTypes.StringType, DataTypes.StringType);
  }

  /** Called by the code that Spark generates. */
  public static UTF8String invoke(UTF8String sequence) {
    return sequence == null ? null : UTF8String.fromBytes(
        Letters.reverseComplement(Letters.array(sequence), Letters.from(sequence), sequence.numBytes()));
  }
}
