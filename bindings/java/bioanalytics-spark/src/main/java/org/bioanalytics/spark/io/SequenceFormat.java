// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.IOException;
import java.io.InputStream;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** What a data source reads: its columns, and how a record is told from the lines around it. */
enum SequenceFormat {
  FASTA {
    @Override
    StructType schema() {
      return new StructType().add(NAME, DataTypes.StringType).add(SEQUENCE, DataTypes.StringType);
    }

    @Override
    long recordStart(InputStream in, boolean behindNewline) throws IOException {
      Lines lines = new Lines(in, behindNewline);
      while (lines.next()) {
        if (lines.first() == '>') {
          return lines.start();
        }
      }
      return -1;
    }
  },

  /**
   * Records of four lines. A quality line may begin with '@' as a header does, but two lines behind it are letters, and
   * two behind a header is the line with '+', which no sequence can begin with: so one look ahead is exact.
   */
  FASTQ {
    @Override
    StructType schema() {
      return FASTA.schema().add(QUALITY, DataTypes.StringType);
    }

    @Override
    long recordStart(InputStream in, boolean behindNewline) throws IOException {
      Lines lines = new Lines(in, behindNewline);
      long[] starts = new long[3]; // of this line and the two before it; -1: the line is no header
      for (int line = 0; lines.next(); line++) {
        starts[line % 3] = lines.first() == '@' ? lines.start() : -1;
        if (lines.first() == '+' && line >= 2 && starts[(line - 2) % 3] >= 0) {
          return starts[(line - 2) % 3];
        }
      }
      return -1;
    }
  },

  /** Its records are no lines: {@link BamHead} finds them. */
  BAM {
    @Override
    StructType schema() {
      return FASTQ.schema().add(FLAG, DataTypes.IntegerType).add(REFERENCE, DataTypes.StringType)
          .add(POSITION, DataTypes.LongType).add(MAPPING_QUALITY, DataTypes.IntegerType);
    }

    @Override
    long recordStart(InputStream in, boolean behindNewline) {
      throw new UnsupportedOperationException("records of BAM are found with its header");
    }
  };

  static final String NAME = "name";
  static final String SEQUENCE = "sequence";
  static final String QUALITY = "quality";
  static final String FLAG = "flag";
  static final String REFERENCE = "reference"; // null where there is none
  static final String POSITION = "position"; // from 0; null where there is none
  static final String MAPPING_QUALITY = "mapping_quality"; // null where it is unknown

  abstract StructType schema();

  /**
   * How many bytes of the stream come before the first record whose line begins in it: behind a newline of the stream,
   * or at its very start when that is {@code behindNewline}. -1: none does. Two calls from places in order give places
   * in order, so parts that end where the next begins share out every record once.
   */
  abstract long recordStart(InputStream in, boolean behindNewline) throws IOException;

  /** The lines of a stream: where each starts, and its first byte. */
  private static final class Lines {
    private final InputStream in;
    private final byte[] buffer = new byte[1 << 13];
    private long at; // of the stream, of the next byte
    private int from;
    private int to;
    private long start;
    private int first;
    private boolean atStart;

    Lines(InputStream in, boolean behindNewline) {
      this.in = in;
      this.atStart = behindNewline;
    }

    long start() {
      return start;
    }

    int first() {
      return first;
    }

    /** Goes behind the next newline; false when nothing is there. */
    boolean next() throws IOException {
      if (!atStart && !skipLine()) {
        return false;
      }
      start = at;
      first = read();
      atStart = first == '\n'; // an empty line, whose newline is gone
      return first >= 0;
    }

    private boolean skipLine() throws IOException {
      int read;
      do {
        read = read();
      } while (read >= 0 && read != '\n');
      return read >= 0;
    }

    private int read() throws IOException {
      if (from == to) {
        from = 0;
        to = Math.max(0, in.read(buffer));
        if (to == 0) {
          return -1;
        }
      }
      at++;
      return buffer[from++] & 0xFF;
    }
  }
}
