// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.util.Objects;

/** Where each record of a batch of SAM, BAM or CRAM is aligned. */
public final class Alignments {
  private static final int NUMBERS = 3;

  private final long[] numbers; // of a record: flag, position, mapping quality
  private final Texts references;

  Alignments(long[] numbers, Texts references) {
    this.numbers = numbers;
    this.references = references;
  }

  /** How many records there are. */
  public int count() {
    return references.size();
  }

  /** The FLAG field, bits as the SAM specification numbers them. */
  public int flag(int index) {
    return (int) numbers[NUMBERS * Objects.checkIndex(index, count())];
  }

  /** The place of the first aligned base, from 0 (SAM text counts from 1); -1 when there is none. */
  public long position(int index) {
    return numbers[NUMBERS * Objects.checkIndex(index, count()) + 1];
  }

  /** 0 to 255; 255 is unknown. */
  public int mappingQuality(int index) {
    return (int) numbers[NUMBERS * Objects.checkIndex(index, count()) + 2];
  }

  /** The name of the reference; empty when it has none. */
  public String reference(int index) {
    return references.get(index);
  }

  /** The names of all. */
  public Texts references() {
    return references;
  }
}
