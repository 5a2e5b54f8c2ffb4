// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/** Files of sequences that are hard to cut. */
final class Files {
  private Files() {}

  /** Quality lines that look like headers and separators, empty sequences, repeated names, and lines that end in CR LF. */
  static byte[] fastq(int records, String newline) {
    StringBuilder text = new StringBuilder();
    String[] starts = {"@", "+", "@+", "I", "+@", "@@@"};
    for (int i = 0; i < records; i++) {
      int length = i % 7 == 3 ? 0 : 1 + i * 37 % 23;
      String name = (i % 5 == 0 ? "@+" : "read") + i + (i % 3 == 0 ? " +x @y" : "");
      text.append('@').append(name).append(newline);
      for (int j = 0; j < length; j++) {
        text.append("ACGTN".charAt((i + j * j) % 5));
      }
      text.append(newline).append('+').append(i % 4 == 0 ? name : "").append(newline);
      String quality = (starts[i % starts.length] + "IIIIIIIIIIIIIIIIIIIIIIIIIIII").substring(0, length);
      text.append(quality).append(newline);
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  /** Sequences over several lines, one without any, and a last line without its end. */
  static byte[] fasta(int records) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < records; i++) {
      text.append(i > 0 ? "\n" : "").append('>').append("chr").append(i).append(" a > b");
      for (int line = 0; line < i % 4; line++) {
        text.append('\n');
        for (int j = 0; j < 1 + (i * 13 + line) % 19; j++) {
          text.append("ACGTacgtnN".charAt((i + 3 * j) % 10));
        }
      }
    }
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }

  static byte[] gzip(byte[] text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(text);
    }
    return out.toByteArray();
  }

  /** Blocks of so many bytes each, with an empty one in the middle, and the empty one at the end. */
  static byte[] bgzf(byte[] text, int blockBytes, int level) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int from = 0, block = 0; from < text.length; from += blockBytes, block++) {
      if (block == 3) {
        block(out, text, 0, 0, level);
      }
      block(out, text, from, Math.min(blockBytes, text.length - from), level);
    }
    block(out, text, 0, 0, level);
    return out.toByteArray();
  }

  private static void block(ByteArrayOutputStream out, byte[] text, int from, int length, int level) {
    Deflater deflater = new Deflater(level, true);
    deflater.setInput(text, from, length);
    deflater.finish();
    byte[] data = new byte[2 * length + 64];
    int n = deflater.deflate(data);
    deflater.end();
    CRC32 crc = new CRC32();
    crc.update(text, from, length);
    out.writeBytes(new byte[] {0x1F, (byte) 0x8B, 8, 4, 0, 0, 0, 0, 0, (byte) 0xFF, 6, 0, 'B', 'C', 2, 0});
    little(out, 18 + n + 8 - 1, 2);
    out.write(data, 0, n);
    little(out, (int) crc.getValue(), 4);
    little(out, length, 4);
  }

  private static void little(ByteArrayOutputStream out, int value, int bytes) {
    for (int i = 0; i < bytes; i++) {
      out.write(value >> 8 * i);
    }
  }

  /** A BAM file: some records without letters, long names, tags that look like records, and mates. */
  static byte[] bam(int records, int blockBytes) {
    return bam(records, blockBytes, new byte[] {'N', 'M', 'C', 1});
  }

  /** The records in tags have these bytes behind them; without any, nothing tells them from true ones. */
  static byte[] bam(int records, int blockBytes, byte[] behind) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] text = "@SQ\tSN:chr1\tLN:1000000\n@SQ\tSN:chr2\tLN:500\n".getBytes(StandardCharsets.US_ASCII);
    out.writeBytes(new byte[] {'B', 'A', 'M', 1});
    little(out, text.length, 4);
    out.writeBytes(text);
    little(out, 2, 4);
    for (int r = 1; r <= 2; r++) {
      little(out, 5, 4);
      out.writeBytes(("chr" + r + "\0").getBytes(StandardCharsets.US_ASCII));
      little(out, r == 1 ? 1000000 : 500, 4);
    }
    byte[] before = {};
    for (int i = 0; i < records; i++) {
      before = bamRecord(i, i % 4 == 1 ? before : new byte[0], behind);
      out.writeBytes(before);
    }
    return bgzf(out.toByteArray(), blockBytes, 6);
  }

  /** With another record's bytes as an array in a tag, and what stands behind it. */
  private static byte[] bamRecord(int i, byte[] inside, byte[] behind) {
    ByteArrayOutputStream record = new ByteArrayOutputStream();
    int letters = i % 6 == 2 ? 0 : 1 + i * 7 % 31;
    byte[] name = ("read" + i + "x".repeat(i % 9) + "\0").getBytes(StandardCharsets.US_ASCII);
    boolean mapped = i % 3 != 0 && letters > 0;
    little(record, mapped ? i % 2 : -1, 4);
    little(record, mapped ? 10 + i : -1, 4);
    record.write(name.length);
    record.write(i % 61);
    little(record, 4680, 2);
    little(record, mapped ? 1 : 0, 2);
    little(record, mapped ? 0 : 4, 2);
    little(record, letters, 4);
    little(record, -1, 4);
    little(record, -1, 4);
    little(record, 0, 4);
    record.writeBytes(name);
    if (mapped) {
      little(record, letters << 4, 4);
    }
    for (int j = 0; j < (letters + 1) / 2; j++) {
      record.write(j == letters / 2 ? 0x10 : new int[] {0x12, 0x48, 0x8F, 0x21}[(i + j) % 4]);
    }
    for (int j = 0; j < letters; j++) {
      record.write((i + j) % 42);
    }
    if (inside.length > 0) {
      record.writeBytes(new byte[] {'X', 'X', 'B', 'C'});
      little(record, inside.length, 4);
      record.writeBytes(inside);
      record.writeBytes(behind);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    little(out, record.size(), 4);
    out.writeBytes(record.toByteArray());
    return out.toByteArray();
  }
}
