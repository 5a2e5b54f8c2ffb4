// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.Objects;

/** What native code asks of buffers: direct, in the machine's order, writable where it writes, and long enough. */
final class Direct {
  private Direct() {}

  static void bytes(ByteBuffer buffer, String name) {
    direct(buffer, name);
  }

  /** How many sequences they bound. */
  static int offsets(IntBuffer offsets) {
    direct(offsets, "offsets");
    ordered(offsets.order(), "offsets");
    return count(offsets);
  }

  static int offsets(LongBuffer offsets) {
    direct(offsets, "offsets");
    ordered(offsets.order(), "offsets");
    return count(offsets);
  }

  /** Where to write, from the buffer's position on; null is no output, at 0. */
  static int output(DoubleBuffer buffer, long needed, String name) {
    if (buffer == null) {
      return 0;
    }
    direct(buffer, name);
    ordered(buffer.order(), name);
    if (buffer.isReadOnly()) {
      throw new IllegalArgumentException(name + " is read-only: expected a buffer to write to");
    }
    if (buffer.remaining() < needed) {
      throw new IllegalArgumentException(
          name + " has room for " + buffer.remaining() + " numbers: expected " + needed + " or more");
    }
    return buffer.position();
  }

  /** An array to write to; null is no output. */
  static void output(double[] array, long needed, String name) {
    if (array != null && array.length < needed) {
      throw new IllegalArgumentException(
          name + " has room for " + array.length + " numbers: expected " + needed + " or more");
    }
  }

  private static void direct(Buffer buffer, String name) {
    Objects.requireNonNull(buffer, name);
    if (!buffer.isDirect()) {
      throw new IllegalArgumentException(name + " is in the heap: expected a direct buffer");
    }
  }

  private static void ordered(ByteOrder order, String name) {
    if (order != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(name + " is " + order + ": expected " + ByteOrder.nativeOrder());
    }
  }

  private static int count(Buffer offsets) {
    if (offsets.remaining() == 0) {
      throw new IllegalArgumentException("offsets are empty: expected one more than there are sequences");
    }
    return offsets.remaining() - 1;
  }
}
