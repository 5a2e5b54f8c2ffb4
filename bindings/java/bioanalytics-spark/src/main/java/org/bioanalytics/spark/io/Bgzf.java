// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * The blocks of a bgzf file, as the SAM specification has them: gzip members of at most 64 KiB on either side, each with
 * its own length in a subfield "BC".
 */
final class Bgzf {
  /** The most bytes of a block, compressed or not. */
  static final int MOST = 1 << 16;
  /** A header with the one subfield that all writers give. */
  static final int HEAD = 18;
  private static final int MAGIC = 4;
  private static final int TAIL = 8;
  /** So many bytes fit into a block even where they do not get shorter. */
  private static final int WRITTEN = MOST - 1024;

  private Bgzf() {}

  /** The length of the block whose header stands there; -1 when it is none. */
  static int blockLength(byte[] bytes, int at, int end) {
    if (end - at < HEAD || !isMagic(bytes, at)) {
      return -1;
    }
    int extra = at + 12 + little(bytes, at + 10, 2);
    for (int field = at + 12; field + 4 <= Math.min(extra, end); field += 4 + little(bytes, field + 2, 2)) {
      if (bytes[field] == 'B' && bytes[field + 1] == 'C' && little(bytes, field + 2, 2) == 2 && field + 6 <= end) {
        int length = little(bytes, field + 4, 2) + 1;
        return length >= extra - at + TAIL ? length : -1;
      }
    }
    return -1;
  }

  /** Where the first block starts from this byte on; the file's length when none does. */
  static long nextBlock(FSDataInputStream in, long from, long fileLength) throws IOException {
    byte[] window = new byte[(int) Math.min(MOST, Math.max(0, fileLength - from))];
    long start = from;
    while (start < fileLength) {
      int n = (int) Math.min(window.length, fileLength - start);
      in.readFully(start, window, 0, n);
      for (int i = 0; i + MAGIC <= n; i++) {
        if (isMagic(window, i) && isBlock(in, start + i, fileLength)) {
          return start + i;
        }
      }
      start += start + n < fileLength ? n - MAGIC + 1 : n;
    }
    return fileLength;
  }

  private static boolean isMagic(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) == 0x1F && (bytes[at + 1] & 0xFF) == 0x8B && bytes[at + 2] == 8 && bytes[at + 3] == 4;
  }

  /** By chance a header may stand among compressed bytes, but it hardly inflates to the length and CRC-32 behind it. */
  private static boolean isBlock(FSDataInputStream in, long at, long fileLength) throws IOException {
    byte[] block = new byte[(int) Math.min(MOST, fileLength - at)];
    in.readFully(at, block, 0, Math.min(HEAD, block.length));
    int length = blockLength(block, 0, Math.min(HEAD, block.length));
    if (length < 0 || length > block.length) {
      return false;
    }
    in.readFully(at, block, 0, length);
    try {
      inflate(block, length);
      return true;
    } catch (IOException notOne) {
      return false;
    }
  }

  /** Reads the block at `at`; an empty array at the end of the file. */
  static byte[] read(FSDataInputStream in, long at, long fileLength) throws IOException {
    byte[] block = new byte[(int) Math.min(MOST, fileLength - at)];
    if (block.length == 0) {
      return block;
    }
    in.readFully(at, block, 0, block.length);
    int length = blockLength(block, 0, block.length);
    if (length < 0 || length > block.length) {
      throw new IOException("byte " + at + ": expected a block of bgzf");
    }
    return Arrays.copyOf(block, length);
  }

  static byte[] inflate(byte[] block, int length) throws IOException {
    int extra = 12 + little(block, 10, 2);
    byte[] out = new byte[little(block, length - 4, 3)];
    if (out.length > MOST) {
      throw new IOException("a block of bgzf with " + out.length + " bytes: expected at most " + MOST);
    }
    Inflater inflater = new Inflater(true);
    try {
      inflater.setInput(block, extra, length - TAIL - extra);
      int n = 0;
      while (n < out.length && !inflater.finished()) {
        int more = inflater.inflate(out, n, out.length - n);
        if (more == 0 && !inflater.finished()) {
          throw new EOFException("a block of bgzf that ends early");
        }
        n += more;
      }
      CRC32 crc = new CRC32();
      crc.update(out, 0, n);
      if (n != out.length || (int) crc.getValue() != little(block, length - TAIL, 4)) {
        throw new IOException("a block of bgzf with a wrong length or CRC-32");
      }
      return out;
    } catch (DataFormatException error) {
      throw new IOException("a block of bgzf that does not inflate", error);
    } finally {
      inflater.end();
    }
  }

  /** Writes bytes as blocks. */
  static byte[] deflate(byte[] text, int from, int to) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(to - from + 64);
    for (int at = from; at < to; at += WRITTEN) {
      deflateBlock(text, at, Math.min(WRITTEN, to - at), out);
    }
    return out.toByteArray();
  }

  /** The empty block that says that a file is whole. */
  static byte[] end() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    deflateBlock(new byte[0], 0, 0, out);
    return out.toByteArray();
  }

  private static void deflateBlock(byte[] text, int from, int length, ByteArrayOutputStream out) {
    byte[] data = new byte[MOST];
    Deflater deflater = new Deflater(Deflater.BEST_SPEED, true);
    deflater.setInput(text, from, length);
    deflater.finish();
    int n = deflater.deflate(data);
    deflater.end();
    CRC32 crc = new CRC32();
    crc.update(text, from, length);
    out.writeBytes(new byte[] {0x1F, (byte) 0x8B, 8, 4, 0, 0, 0, 0, 0, (byte) 0xFF, 6, 0, 'B', 'C', 2, 0});
    put(out, HEAD + n + TAIL - 1, 2);
    out.write(data, 0, n);
    put(out, (int) crc.getValue(), 4);
    put(out, length, 4);
  }

  private static void put(ByteArrayOutputStream out, int value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write(value >>> 8 * i);
    }
  }

  /** A number of so many bytes, the lowest first. */
  static int little(byte[] bytes, int at, int count) {
    int value = 0;
    for (int i = count - 1; i >= 0; i--) {
      value = value << 8 | bytes[at + i] & 0xFF;
    }
    return value;
  }

  /** A byte of the decompressed file: the block that it is in, and how many bytes of that come before it. */
  static final class Place {
    final long block;
    final int within;

    Place(long block, int within) {
      this.block = block;
      this.within = within;
    }
  }

  /** The decompressed bytes of the blocks from one on. */
  static final class Blocks extends InputStream {
    private final FSDataInputStream in;
    private final long fileLength;
    private final List<long[]> passed = new ArrayList<>(); // where a block starts, and its text in the stream
    private long next; // the block behind the one at hand
    private long texts; // where its text will start
    private byte[] text = new byte[0];
    private int at;

    Blocks(FSDataInputStream in, long block, long fileLength) {
      this.in = in;
      this.next = block;
      this.fileLength = fileLength;
    }

    /** Where a byte of the stream that was read stands. */
    Place place(long byteOfStream) {
      int i = passed.size() - 1;
      while (passed.get(i)[1] > byteOfStream) {
        i--;
      }
      return new Place(passed.get(i)[0], (int) (byteOfStream - passed.get(i)[1]));
    }

    /** Where the next byte stands. */
    Place next() {
      return at < text.length ? place(texts - text.length + at) : new Place(next, 0);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] to, int from, int length) throws IOException {
      while (at == text.length) {
        byte[] block = Bgzf.read(in, next, fileLength);
        if (block.length == 0) {
          return -1;
        }
        passed.add(new long[] {next, texts});
        next += block.length;
        text = inflate(block, block.length);
        texts += text.length;
        at = 0;
      }
      int n = Math.min(length, text.length - at);
      System.arraycopy(text, at, to, from, n);
      at += n;
      return n;
    }
  }
}
