// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Context;
import org.bioanalytics.Reader;
import org.bioanalytics.Records;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parts of any size, together, have the records of the file, each once and in order. */
class SplitTest {
  @TempDir
  Path folder;

  private static List<String> records(Reader reader) {
    List<String> found = new ArrayList<>();
    for (Records records = reader.next(); records != null; records = reader.next()) {
      try (Records batch = records) {
        for (int i = 0; i < batch.count(); i++) {
          byte[] quality = batch.quality(i);
          found.add(batch.name(i) + "|" + new String(batch.sequence(i)) + "|"
              + (quality == null ? "" : new String(quality)));
        }
      }
    }
    return found;
  }

  private List<String> recordsOf(Context context, FSDataInputStream in, SequenceFormat format, FilePart part)
      throws IOException {
    PartBytes bytes = new PartBytes(in, format, part);
    byte[] piece = bytes.next();
    if (piece == null) {
      return List.of();
    }
    if (format == SequenceFormat.BAM) {
      ByteArrayOutputStream file = new ByteArrayOutputStream();
      for (; piece != null; piece = bytes.next()) {
        file.writeBytes(piece);
      }
      file.writeBytes(Bgzf.end());
      Path path = folder.resolve("part.bam");
      java.nio.file.Files.write(path, file.toByteArray());
      try (Reader reader = Reader.open(context, path, "")) {
        return records(reader);
      }
    }
    try (Reader reader = Reader.push(context, "")) {
      for (; piece != null; piece = bytes.next()) {
        reader.feed(piece, 0, piece.length);
      }
      reader.finish();
      return records(reader);
    }
  }

  private FSDataInputStream open(Path path) throws IOException {
    RawLocalFileSystem system = new RawLocalFileSystem();
    system.initialize(folder.toUri(), new Configuration(false));
    return system.open(new org.apache.hadoop.fs.Path(path.toUri()));
  }

  private void check(SequenceFormat format, byte[] file, FilePart.Cut cut, int expectedCount) throws IOException {
    Path path = folder.resolve("file");
    java.nio.file.Files.write(path, file);
    assertEquals(cut, PartBytes.cutOf(new ByteArrayInputStream(file)));
    try (Context context = new Context(); Reader whole = Reader.open(context, path, "");
        FSDataInputStream in = open(path)) {
      List<String> expected = records(whole);
      assertEquals(expectedCount, expected.size());
      for (long step = 1; step <= file.length; step++) {
        List<String> found = new ArrayList<>();
        for (long from = 0; from < file.length; from += step) {
          long to = Math.min(from + step, file.length);
          found.addAll(recordsOf(context, in, format, new FilePart("file", cut, from, to, file.length)));
        }
        assertEquals(expected, found, "parts of " + step + " bytes");
      }
    }
  }

  @Test
  void fastq() throws IOException {
    check(SequenceFormat.FASTQ, Files.fastq(24, "\n"), FilePart.Cut.LINES, 24);
    check(SequenceFormat.FASTQ, Files.fastq(12, "\r\n"), FilePart.Cut.LINES, 12);
    check(SequenceFormat.FASTQ, Files.fastq(1, "\n"), FilePart.Cut.LINES, 1);
  }

  @Test
  void fasta() throws IOException {
    check(SequenceFormat.FASTA, Files.fasta(20), FilePart.Cut.LINES, 20);
  }

  @Test
  void bgzf() throws IOException {
    check(SequenceFormat.FASTQ, Files.bgzf(Files.fastq(24, "\n"), 97, 6), FilePart.Cut.BLOCKS, 24);
    check(SequenceFormat.FASTQ, Files.bgzf(Files.fastq(2, "\n"), 1, 6), FilePart.Cut.BLOCKS, 2);
    check(SequenceFormat.FASTQ, Files.bgzf(Files.fastq(24, "\n"), 5000, 0), FilePart.Cut.BLOCKS, 24);
    check(SequenceFormat.FASTA, Files.bgzf(Files.fasta(20), 61, 6), FilePart.Cut.BLOCKS, 20);
  }

  @Test
  void bam() throws IOException {
    check(SequenceFormat.BAM, Files.bam(40, 300), FilePart.Cut.BLOCKS, 40);
    check(SequenceFormat.BAM, Files.bam(9, 20), FilePart.Cut.BLOCKS, 9);
    check(SequenceFormat.BAM, Files.bam(0, 20), FilePart.Cut.BLOCKS, 0);
  }

  /** A record in a tag, with a true one right behind it, may pass for one: that is an error, and nothing is lost. */
  @Test
  void bamThatDeceives() {
    BioAnalyticsException error = assertThrows(BioAnalyticsException.class,
        () -> check(SequenceFormat.BAM, Files.bam(30, 50, new byte[0]), FilePart.Cut.BLOCKS, 30));
    assertEquals("BA_ERR_CORRUPT", error.status());
  }

  @Test
  void whatIsNotCut() throws IOException {
    byte[] file = Files.gzip(Files.fastq(20, "\n"));
    assertEquals(FilePart.Cut.NOWHERE, PartBytes.cutOf(new ByteArrayInputStream(file)));
  }

  /** What only looks like the header of a block is none. */
  @Test
  void blockThatIsNone() throws IOException {
    byte[] blocks = Files.bgzf("@a\nACGT\n+\nIIII\n".getBytes(StandardCharsets.US_ASCII), 100, 6);
    byte[] block = Arrays.copyOf(blocks, Bgzf.blockLength(blocks, 0, blocks.length));
    byte[] file = new byte[3 * block.length];
    System.arraycopy(block, 0, file, 0, block.length);
    file[block.length / 2] ^= 1; // in its data
    System.arraycopy(block, 0, file, 2 * block.length, block.length);
    Path path = folder.resolve("blocks");
    java.nio.file.Files.write(path, file);
    try (FSDataInputStream in = open(path)) {
      assertEquals(2L * block.length, Bgzf.nextBlock(in, 0, file.length));
      assertEquals(file.length, Bgzf.nextBlock(in, file.length - 5, file.length));
    }
  }
}
