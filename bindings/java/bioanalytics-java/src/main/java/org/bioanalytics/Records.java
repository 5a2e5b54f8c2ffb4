// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;

/** An immutable batch of sequences with names and qualities, in native memory; any thread may read it. */
public final class Records extends Handle {
  private static final int LETTERS = 0;
  private static final int NAMES = 1;
  private static final int QUALITIES = 2;

  private final transient int count;

  Records(Context context, long pointer) {
    super(context, Resource.RECORDS, pointer);
    count = (int) Calls.recordsCount(pointer); // a batch never has more than 1,048,576, one from Java fits an array
  }

  /** A batch of sequences: sequence i is {@code letters[offsets[i]]} up to {@code letters[offsets[i + 1]]}. */
  public static Records of(Context context, byte[] letters, long[] offsets) {
    Objects.requireNonNull(letters, "letters");
    Objects.requireNonNull(offsets, "offsets");
    return new Records(context, Context.make(context, c -> Calls.recordsCreate(c, letters, offsets)));
  }

  /**
   * A batch of sequences in direct buffers, which are copied: sequence i is from offset i up to offset i + 1, counted
   * from the position of {@code letters}.
   */
  public static Records of(Context context, ByteBuffer letters, IntBuffer offsets) {
    Direct.bytes(letters, "letters");
    int count = Direct.offsets(offsets);
    return new Records(context, Context.make(context, c -> Calls.recordsCreateBuffer(
        c, letters, letters.position(), letters.remaining(), offsets, null, offsets.position(), count)));
  }

  /** The same with offsets of 64 bits. */
  public static Records of(Context context, ByteBuffer letters, LongBuffer offsets) {
    Direct.bytes(letters, "letters");
    int count = Direct.offsets(offsets);
    return new Records(context, Context.make(context, c -> Calls.recordsCreateBuffer(
        c, letters, letters.position(), letters.remaining(), null, offsets, offsets.position(), count)));
  }

  /** A batch of texts. */
  public static Records of(Context context, List<String> sequences) {
    ByteArrayOutputStream letters = new ByteArrayOutputStream();
    long[] offsets = new long[sequences.size() + 1];
    int row = 0;
    for (String sequence : sequences) {
      Objects.requireNonNull(sequence, "sequence");
      // What is not ASCII becomes '?', which the native side refuses with the record and the byte.
      byte[] bytes = sequence.getBytes(StandardCharsets.US_ASCII);
      letters.write(bytes, 0, bytes.length);
      offsets[++row] = letters.size();
    }
    return of(context, letters.toByteArray(), offsets);
  }

  /** How many records there are. */
  public int count() {
    return count;
  }

  /** The letters of all records as they are written, a copy. */
  public Texts sequences() {
    return column(LETTERS);
  }

  /** The header of each record after its mark, a copy. */
  public Texts names() {
    return column(NAMES);
  }

  /** The quality symbols of each record, a copy; empty where there are none. */
  public Texts qualities() {
    return column(QUALITIES);
  }

  /** The letters of one record, a copy. */
  public byte[] sequence(int index) {
    return item(LETTERS, index);
  }

  /** The header of one record. */
  public String name(int index) {
    return Text.from(item(NAMES, index));
  }

  /** The quality symbols of one record, a copy; null when it has none. */
  public byte[] quality(int index) {
    return item(QUALITIES, index);
  }

  /** Where the records of SAM, BAM or CRAM are aligned, a copy; null for others. */
  public Alignments alignments() {
    long records = enter();
    try {
      long[] numbers = Calls.recordsAlignments(contextPointer(), records);
      if (numbers == null) {
        return null;
      }
      long[] offsets = new long[count + 1];
      return new Alignments(numbers, new Texts(Calls.recordsReferences(contextPointer(), records, offsets), offsets));
    } finally {
      leave();
    }
  }

  private Texts column(int column) {
    long records = enter();
    try {
      return new Texts(Calls.recordsBytes(contextPointer(), records, column),
          Calls.recordsOffsets(contextPointer(), records, column));
    } finally {
      leave();
    }
  }

  private byte[] item(int column, int index) {
    Objects.checkIndex(index, count);
    long records = hold();
    try {
      return Calls.recordsItem(contextPointer(), records, column, index);
    } finally {
      letGo();
    }
  }
}
