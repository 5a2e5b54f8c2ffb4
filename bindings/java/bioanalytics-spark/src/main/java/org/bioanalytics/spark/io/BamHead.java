// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.fs.FSDataInputStream;

/** The header of a BAM file, and how its records are told from what only looks like one. */
final class BamHead {
  private static final byte[] MAGIC = {'B', 'A', 'M', 1};
  private static final int FIXED = 36; // of a record, with its length
  private static final int LONGEST = 1 << 28;
  /** So many records in a row, or all up to the end of the file, are no chance. */
  private static final int CHAIN = 12;

  /** As it is in the file, decompressed. */
  final byte[] bytes;
  /** The first record. */
  final Bgzf.Place end;
  private final int[] lengths; // of the references

  private BamHead(byte[] bytes, Bgzf.Place end, int[] lengths) {
    this.bytes = bytes;
    this.end = end;
    this.lengths = lengths;
  }

  static BamHead read(FSDataInputStream in, long fileLength) throws IOException {
    Bgzf.Blocks blocks = new Bgzf.Blocks(in, 0, fileLength);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    byte[] magic = take(blocks, 4, bytes);
    for (int i = 0; i < MAGIC.length; i++) {
      if (magic[i] != MAGIC[i]) {
        throw new IOException("it is no BAM file: expected the bytes BAM and 1 at its start");
      }
    }
    take(blocks, number(blocks, bytes), bytes);
    int[] lengths = new int[number(blocks, bytes)];
    for (int i = 0; i < lengths.length; i++) {
      take(blocks, number(blocks, bytes), bytes);
      lengths[i] = number(blocks, bytes);
    }
    return new BamHead(bytes.toByteArray(), blocks.next(), lengths);
  }

  private static int number(InputStream in, ByteArrayOutputStream bytes) throws IOException {
    int value = Bgzf.little(take(in, 4, bytes), 0, 4);
    if (value < 0 || value > LONGEST) {
      throw new IOException("the header of the BAM file has a length of " + value);
    }
    return value;
  }

  private static byte[] take(InputStream in, int length, ByteArrayOutputStream bytes) throws IOException {
    byte[] some = in.readNBytes(length);
    if (some.length < length) {
      throw new EOFException("the BAM file ends in its header");
    }
    bytes.writeBytes(some);
    return some;
  }

  /** How many bytes of the blocks come before the first record that starts in them; -1: none does. */
  long recordStart(Bgzf.Blocks blocks) throws IOException {
    Window window = new Window(blocks);
    for (int at = 0; window.has(at + 1L); at++) {
      if (isChain(window, at)) {
        return at;
      }
    }
    return -1;
  }

  private boolean isChain(Window window, int from) throws IOException {
    long at = from;
    for (int i = 0; i < CHAIN; i++) {
      if (i > 0 && !window.has(at + 1)) {
        return true; // the end, right behind a record
      }
      long length = recordLength(window, at);
      if (length < 0) {
        return false;
      }
      at += length;
    }
    return true;
  }

  /** The length of what stands there, if it can be a record; else -1. */
  private long recordLength(Window window, long at) throws IOException {
    if (!window.has(at + FIXED)) {
      return -1;
    }
    int length = window.number(at, 4);
    int reference = window.number(at + 4, 4);
    int position = window.number(at + 8, 4);
    int name = window.number(at + 12, 1);
    int cigar = window.number(at + 16, 2);
    int letters = window.number(at + 20, 4);
    int mateReference = window.number(at + 24, 4);
    int matePosition = window.number(at + 28, 4);
    long least = FIXED - 4L + name + 4L * cigar + (letters + 1L) / 2 + letters;
    if (letters < 0 || name < 2 || length < least || length > LONGEST || !isPlace(reference, position)
        || !isPlace(mateReference, matePosition) || !window.has(at + 4L + length)) {
      return -1;
    }
    for (int i = 0; i < name - 1; i++) {
      int letter = window.number(at + FIXED + i, 1);
      if (letter < '!' || letter > '~') {
        return -1;
      }
    }
    for (int i = 0; i < cigar; i++) {
      if ((window.number(at + FIXED + name + 4L * i, 1) & 15) > 8) {
        return -1;
      }
    }
    return window.number(at + FIXED + name - 1, 1) == 0 ? 4L + length : -1;
  }

  private boolean isPlace(int reference, int position) {
    return reference >= -1 && reference < lengths.length && position >= -1
        && (reference < 0 || position < lengths[reference]);
  }

  /** The decompressed bytes that were looked at so far. */
  private static final class Window {
    private final InputStream in;
    private byte[] bytes = new byte[2 * Bgzf.MOST];
    private int held;

    Window(InputStream in) {
      this.in = in;
    }

    /** Whether there are so many bytes. */
    boolean has(long count) throws IOException {
      while (held < count) {
        if (count > bytes.length || held == bytes.length) {
          long room = Math.min(Math.max(2L * bytes.length, count), Integer.MAX_VALUE - 16L);
          if (room < count) {
            return false;
          }
          bytes = java.util.Arrays.copyOf(bytes, (int) room);
        }
        int more = in.read(bytes, held, bytes.length - held);
        if (more < 0) {
          return false;
        }
        held += more;
      }
      return true;
    }

    int number(long at, int count) {
      return Bgzf.little(bytes, (int) at, count);
    }
  }
}
