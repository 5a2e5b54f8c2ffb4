// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.RandomAccess;

/** A column of texts, copied from a batch: text i is {@code bytes[offsets[i]]} up to {@code bytes[offsets[i + 1]]}. */
public final class Texts extends AbstractList<String> implements RandomAccess {
  private final byte[] bytes;
  private final long[] offsets;

  Texts(byte[] bytes, long[] offsets) {
    this.bytes = bytes;
    this.offsets = offsets;
  }

  /** All texts, one after the other; not a copy. */
  public byte[] bytes() {
    return bytes;
  }

  /** One more than there are texts, from 0; not a copy. */
  public long[] offsets() {
    return offsets;
  }

  /** The bytes of one text, a copy. */
  public byte[] copy(int index) {
    return Arrays.copyOfRange(bytes, start(index), (int) offsets[index + 1]);
  }

  private int start(int index) {
    if (index < 0 || index >= size()) {
      throw new IndexOutOfBoundsException("text " + index + " of " + size());
    }
    return (int) offsets[index];
  }

  @Override
  public String get(int index) {
    return Text.from(copy(index));
  }

  @Override
  public int size() {
    return offsets.length - 1;
  }
}
