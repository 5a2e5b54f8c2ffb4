// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** Readers against records that are written here. */
class ReadersTest {
  private static final List<String> SEQUENCES = Made.sequences(21, 3000, 1, 300, true);

  private static String quality(int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('!' + i % 90));
    }
    return text.toString();
  }

  private static String fastq(List<String> sequences) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sequences.size(); i++) {
      text.append("@read").append(i).append(" of a test\n").append(sequences.get(i)).append("\n+\n");
      text.append(quality(sequences.get(i).length())).append('\n');
    }
    return text.toString();
  }

  private static void check(Reader reader, int most) {
    int row = 0;
    for (Records batch = reader.next(most); batch != null; batch = reader.next(most)) {
      Texts letters = batch.sequences();
      Texts names = batch.names();
      Texts qualities = batch.qualities();
      assertEquals(batch.count(), letters.size());
      for (int i = 0; i < batch.count(); i++, row++) {
        assertEquals(SEQUENCES.get(row), letters.get(i));
        assertEquals("read" + row + " of a test", names.get(i));
        assertEquals(quality(SEQUENCES.get(row).length()), qualities.get(i));
      }
      assertArrayEquals(letters.copy(0), batch.sequence(0));
      assertEquals(names.get(0), batch.name(0));
      assertArrayEquals(qualities.copy(0), batch.quality(0));
      Records given = batch;
      assertThrows(IndexOutOfBoundsException.class, () -> given.name(given.count()));
      assertThrows(IndexOutOfBoundsException.class, () -> letters.get(-1));
      batch.close();
    }
    assertEquals(3000, row);
    assertEquals(3000, reader.records());
    assertEquals("fastq", reader.format());
    assertEquals(SEQUENCES.stream().mapToLong(String::length).sum(), reader.letters());
    assertEquals(SEQUENCES.stream().flatMapToInt(String::chars).filter(c -> c == 'N' || c == 'n').count(),
        reader.ambiguous());
    assertEquals(fastq(SEQUENCES).length(), reader.bytes());
    assertNull(reader.next());
  }

  @Test
  void alignments() {
    Path sam = Made.write(Made.folder().resolve("places.sam"), "@SQ\tSN:chr1\tLN:1000\n@SQ\tSN:chrX\tLN:500\n"
        + "a\t0\tchr1\t17\t60\t4M\t*\t0\t0\tACGT\tIIII\n"
        + "b\t4\t*\t0\t0\t*\t*\t0\t0\tGG\tII\n"
        + "c\t16\tchrX\t1\t255\t2M1I\t*\t0\t0\tTTA\t*\n");
    try (Context context = new Context(); Reader reader = Reader.open(context, sam, null); Records batch = reader.next();
        Records bare = Records.of(context, List.of("ACGT"))) {
      Alignments found = batch.alignments();
      assertEquals(3, found.count());
      assertEquals(List.of("chr1", "", "chrX"), found.references());
      int[] flags = {0, 4, 16};
      long[] positions = {16, -1, 0};
      int[] qualities = {60, 0, 255};
      for (int i = 0; i < 3; i++) {
        assertEquals(flags[i], found.flag(i));
        assertEquals(positions[i], found.position(i));
        assertEquals(qualities[i], found.mappingQuality(i));
      }
      assertEquals("chrX", found.reference(2));
      assertThrows(IndexOutOfBoundsException.class, () -> found.flag(3));
      assertNull(bare.alignments());
      Records closed = Records.of(context, List.of("A"));
      closed.close();
      assertThrows(IllegalStateException.class, closed::alignments);
    }
  }

  @Test
  void filesAndMemory() throws IOException {
    String text = fastq(SEQUENCES);
    byte[] plain = text.getBytes(StandardCharsets.US_ASCII);
    Path file = Made.write(Made.folder().resolve("r.fastq"), text);
    Path zipped = Made.folder().resolve("r.fastq.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(zipped))) {
      out.write(plain);
    }
    try (Context context = new Context()) {
      for (Path path : List.of(file, zipped)) {
        try (Reader reader = Reader.open(context, path, null)) {
          assertNull(reader.format());
          check(reader, 700);
        }
        try (Reader reader = Reader.open(context, Made.bytes(path), "threads=2")) {
          check(reader, Reader.MOST);
        }
      }
    }
  }

  @Test
  void fedInPieces() {
    byte[] plain = fastq(SEQUENCES).getBytes(StandardCharsets.US_ASCII);
    for (int piece : new int[] {1009, 4096, 65536}) {
      try (Context context = new Context(); Reader reader = Reader.push(context, "qualities=skip")) {
        List<String> found = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.allocateDirect(piece);
        for (int from = 0; from <= plain.length; from += piece) {
          int length = Math.min(piece, plain.length - from);
          if (from / piece % 2 == 0) {
            reader.feed(plain, from, length);
          } else {
            buffer.clear();
            buffer.put(plain, from, length).flip();
            reader.feed(buffer);
            assertEquals(0, buffer.remaining());
          }
          if (from + piece > plain.length) {
            reader.finish();
          }
          for (Records batch = reader.next(); batch != null; batch = reader.next()) {
            found.addAll(batch.sequences());
            assertNull(batch.quality(0));
          }
        }
        assertEquals(SEQUENCES, found);
      }
    }
  }

  @Test
  void pairs() {
    Path first = Made.write(Made.folder().resolve("1.fq"), "@a/1\nAC\n+\nII\n@b/1\nG\n+\nI\n");
    Path second = Made.write(Made.folder().resolve("2.fq"), "@a/2\nTT\n+\nII\n@b/2\nC\n+\nI\n");
    try (Context context = new Context(); Reader reader = Reader.openPair(context, first, second, null)) {
      assertEquals(List.of("AC", "TT", "G", "C"), reader.next().sequences());
    }
    Path both = Made.write(Made.folder().resolve("b.fq"), "@a/1\nAC\n+\nII\n@a/2\nTT\n+\nII\n@b/1\nG\n+\nI\n");
    try (Context context = new Context(); Reader reader = Reader.openPair(context, both, null, null)) {
      assertEquals(List.of("AC", "TT"), reader.next().sequences());
      assertEquals("BA_ERR_FORMAT", assertThrows(BioAnalyticsException.class, reader::next).status());
    }
  }

  @Test
  void trimmedAndLeftOut() {
    String text = "@a\nACGT\n+\nII!!\n@b\nAC\n+\nII\n";
    try (Context context = new Context();
        Reader reader = Reader.open(context, text.getBytes(StandardCharsets.US_ASCII), "trim_quality=20, max_length=2")) {
      assertEquals(List.of("AC", "AC"), reader.next().sequences());
      assertEquals(1, reader.trimmedRecords());
      assertEquals(2, reader.trimmedLetters());
    }
    try (Context context = new Context();
        Reader reader = Reader.open(context, text.getBytes(StandardCharsets.US_ASCII), "min_length=3")) {
      assertEquals(List.of("ACGT"), reader.next().sequences());
      assertNull(reader.next());
      assertEquals(1, reader.skipped());
    }
  }

  @Test
  void errorsSayWhere() {
    String broken = "@a\nACGT\n+\nIIII\n@b\nACGT\n+\nIII\n@c\nA\n+\nI\n";
    Path file = Made.write(Made.folder().resolve("broken.fq"), broken);
    try (Context context = new Context(); Reader reader = Reader.open(context, file, null)) {
      assertEquals(1, reader.next().count());
      BioAnalyticsException error = assertThrows(BioAnalyticsException.class, reader::next);
      assertEquals("BA_ERR_FORMAT", error.status());
      assertEquals(-301, error.code());
      assertEquals(2, error.record());
      assertTrue(error.byteOffset() >= broken.indexOf("@b") && error.byteOffset() <= broken.length());
      assertEquals(file.toString(), error.file());
      assertTrue(error.getMessage().contains("broken.fq") && error.getMessage().contains("3"), error.getMessage());
      assertEquals(error.getMessage(), assertThrows(BioAnalyticsException.class, reader::next).getMessage());
    }
    try (Context context = new Context()) {
      BioAnalyticsException none = assertThrows(BioAnalyticsException.class,
          () -> Reader.open(context, Path.of("/nowhere/at/all.fa"), null));
      assertEquals(BioAnalyticsException.IO, none.code());
      assertEquals("/nowhere/at/all.fa", none.file());
      assertEquals(-1, none.record());
      assertEquals(BioAnalyticsException.RECIPE,
          assertThrows(BioAnalyticsException.class, () -> Reader.push(context, "colour=red")).code());
      BioAnalyticsException letter =
          assertThrows(BioAnalyticsException.class, () -> Records.of(context, List.of("ACGT", "ACé")));
      assertEquals(2, letter.record());
      assertEquals(2, letter.byteOffset());
    }
  }

  @Test
  void batchesOutliveTheirReader() {
    Records batch;
    try (Context context = new Context(); Reader reader = Reader.open(context, Made.fasta(SEQUENCES), null)) {
      batch = reader.next(10);
    }
    assertEquals(SEQUENCES.subList(0, 10), batch.sequences());
    batch.close();
    assertThrows(IllegalStateException.class, batch::sequences);
    assertEquals(10, batch.count());
  }
}
