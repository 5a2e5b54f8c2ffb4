// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A source of records: FASTA, FASTQ, SAM, BAM or CRAM, plain, gzip or bgzf, found from the bytes. Options are those of
 * the C library, as text: {@code "min_length=30, trim_quality=20"}; null means none.
 */
public final class Reader extends Handle {
  private static final String[] FORMATS = {null, "fasta", "fastq", "sam", "bam", "cram", "vcf", "bcf"};
  /** The most records of a batch; it ends earlier by its letters, at about 256 KiB. */
  public static final int MOST = 1 << 20;

  private final transient String file;

  private Reader(Context context, long pointer, String file) {
    super(context, Resource.READER, pointer);
    this.file = file;
  }

  /** Opens a file. */
  public static Reader open(Context context, Path path, String options) {
    byte[] name = Text.of(path);
    byte[] text = Text.orNull(options, "options");
    return of(context, path.toString(), () -> Context.make(context, c -> Calls.readerOpenPath(c, name, text)));
  }

  /**
   * Opens pairs of reads: records 2i and 2i + 1 of every batch are mates. With {@code path2} null the first file has
   * both mates in turn.
   */
  public static Reader openPair(Context context, Path path1, Path path2, String options) {
    byte[] name1 = Text.of(path1);
    byte[] name2 = path2 == null ? null : Text.of(path2);
    byte[] text = Text.orNull(options, "options");
    return of(context, path1.toString(), () -> Context.make(context, c -> Calls.readerOpenPair(c, name1, name2, text)));
  }

  /** Opens the bytes of a FASTA or FASTQ file, which are copied. */
  public static Reader open(Context context, byte[] data, String options) {
    Objects.requireNonNull(data, "data");
    Reader reader = push(context, options);
    reader.feed(data, 0, data.length);
    reader.finish();
    return reader;
  }

  /**
   * Opens a reader that is fed: {@link #feed} any number of times, then {@link #finish}. {@link #next} gives what is
   * complete so far; the records do not depend on the pieces.
   */
  public static Reader push(Context context, String options) {
    byte[] text = Text.orNull(options, "options");
    return new Reader(context, Context.make(context, c -> Calls.readerOpenPush(c, text)), null);
  }

  private interface Opening {
    long open();
  }

  private static Reader of(Context context, String file, Opening opening) {
    try {
      return new Reader(context, opening.open(), file);
    } catch (BioAnalyticsException error) {
      throw error.in(file);
    }
  }

  /** Gives bytes to a reader that is fed. */
  public void feed(byte[] data, int from, int length) {
    Objects.checkFromIndexSize(from, length, data.length);
    long reader = enter();
    try {
      Calls.readerFeed(contextPointer(), reader, data, from, length);
    } finally {
      leave();
    }
  }

  /** Gives what a direct buffer has between position and limit, and moves its position to the limit. */
  public void feed(ByteBuffer data) {
    Direct.bytes(data, "data");
    long reader = enter();
    try {
      Calls.readerFeedBuffer(contextPointer(), reader, data, data.position(), data.remaining());
    } finally {
      leave();
    }
    data.position(data.limit());
  }

  /** Says that a reader that is fed has got all. */
  public void finish() {
    long reader = enter();
    try {
      Calls.readerFinish(contextPointer(), reader);
    } finally {
      leave();
    }
  }

  /** The next batch; null at the end, and of a reader that is fed while no record is complete. */
  public Records next() {
    return next(MOST);
  }

  /** The next batch, of at most so many records. */
  public Records next(int most) {
    long reader = enter();
    try {
      long records = Calls.readerNext(contextPointer(), reader, most);
      return records == 0 ? null : new Records(context(), kept(records));
    } catch (BioAnalyticsException error) {
      throw file == null ? error : error.in(file);
    } finally {
      leave();
    }
  }

  /** What was found: "fasta", "fastq", "sam", "bam" or "cram"; null before the first batch. */
  public String format() {
    long reader = enter();
    try {
      return FORMATS[Calls.readerFormat(reader)];
    } finally {
      leave();
    }
  }

  private long counted(int which) {
    long[] counts = new long[7];
    long reader = enter();
    try {
      Calls.readerCounts(reader, counts);
    } finally {
      leave();
    }
    return counts[which];
  }

  /** Records given so far. */
  public long records() {
    return counted(0);
  }

  /** Decompressed bytes that these took; 0 for SAM, BAM and CRAM. */
  public long bytes() {
    return counted(1);
  }

  /** Letters given so far. */
  public long letters() {
    return counted(2);
  }

  /** Letters among these other than A C G T U. */
  public long ambiguous() {
    return counted(3);
  }

  /** Records that the options left out so far. */
  public long skipped() {
    return counted(4);
  }

  /** Records that lost letters by trimming so far. */
  public long trimmedRecords() {
    return counted(5);
  }

  /** Letters cut off by trimming so far. */
  public long trimmedLetters() {
    return counted(6);
  }
}
