// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Iterator;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.unsafe.types.UTF8String;
import org.bioanalytics.Alignments;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Context;
import org.bioanalytics.Reader;
import org.bioanalytics.Records;
import org.bioanalytics.Texts;

/** The rows of a partition. The bytes of a batch are copied once out of native memory, and its rows look into that. */
final class SequenceRows implements PartitionReader<InternalRow> {
  private static final UTF8String EMPTY = UTF8String.fromString("");
  private static final Integer UNKNOWN = 255; // mapping quality, as the SAM specification has it

  private final ScanPlan plan;
  private final Iterator<FilePart> parts;
  private final Context context = new Context();
  private FilePart part;
  private PartBytes bytes;
  private Reader reader;
  private boolean isFed;
  private Column[] columns; // of the batch at hand, in the order of the schema
  private Texts names; // for the filter
  private int count;
  private int next;
  private InternalRow row;

  private interface Column {
    Object at(int row);
  }

  SequenceRows(ScanPlan plan, SequencePartition partition) {
    this.plan = plan;
    this.parts = partition.parts.iterator();
  }

  @Override
  public boolean next() throws IOException {
    do {
      while (next == count) {
        if (!nextBatch()) {
          return false;
        }
      }
      next++;
    } while (names != null && !plan.filter.passes(text(names, next - 1)));
    Object[] values = new Object[columns.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = columns[i].at(next - 1);
    }
    row = new GenericInternalRow(values);
    return true;
  }

  private static UTF8String text(Texts column, int index) {
    long from = column.offsets()[index];
    return UTF8String.fromBytes(column.bytes(), (int) from, (int) (column.offsets()[index + 1] - from));
  }

  @Override
  public InternalRow get() {
    return row;
  }

  /** Takes the next batch of any part; false when there is none. */
  private boolean nextBatch() throws IOException {
    for (;;) {
      checkTask();
      try {
        if (reader == null && !openPart()) {
          return false;
        }
        if (take()) {
          return true;
        }
        goOn();
      } catch (BioAnalyticsException | IOException error) {
        throw new IOException(part + ": " + error.getMessage(), error);
      }
    }
  }

  private boolean openPart() throws IOException {
    if (!parts.hasNext()) {
      return false;
    }
    part = parts.next();
    Path path = new Path(part.path);
    FileSystem files = path.getFileSystem(plan.conf.value());
    bytes = new PartBytes(files.open(path), plan.format, part);
    if (plan.format == SequenceFormat.BAM) {
      reader = openBam();
      closeBytes();
    } else {
      reader = Reader.push(context, plan.readerOptions);
      isFed = false;
    }
    return true;
  }

  /** BAM is read from a file, so the part becomes one, which nobody sees longer than it takes to open it. */
  private Reader openBam() throws IOException {
    java.nio.file.Path file = Files.createTempFile("bioanalytics", ".bam");
    try {
      try (OutputStream out = Files.newOutputStream(file)) {
        for (byte[] piece = bytes.next(); piece != null; piece = bytes.next()) {
          checkTask();
          out.write(piece);
        }
        out.write(Bgzf.end());
      }
      return Reader.open(context, file, plan.readerOptions);
    } finally {
      Files.delete(file);
    }
  }

  private static void checkTask() {
    TaskContext task = TaskContext.get();
    if (task != null) {
      task.killTaskIfInterrupted();
    }
  }

  /** Gives the reader more bytes, or tells it that these were all, or ends the part. */
  private void goOn() throws IOException {
    byte[] more = bytes == null ? null : bytes.next();
    if (more != null) {
      reader.feed(more, 0, more.length);
      isFed = true;
    } else if (bytes != null && isFed) {
      closeBytes();
      reader.finish();
    } else {
      closePart();
    }
  }

  /** Takes a batch of the part; false when none is ready. */
  private boolean take() throws IOException {
    try (Records records = reader.next()) {
      if (records != null) {
        take(records);
      }
      return records != null;
    }
  }

  private void take(Records records) throws IOException {
    if (!plan.format.name().equalsIgnoreCase(reader.format())) {
      throw new IOException("it is " + reader.format() + ": expected spark.read.format(\"" + reader.format() + "\")");
    }
    names = plan.filter.needsNames() ? records.names() : null;
    Alignments alignments = plan.format == SequenceFormat.BAM ? records.alignments() : null;
    columns = new Column[plan.columns.length];
    for (int i = 0; i < columns.length; i++) {
      columns[i] = column(records, alignments, plan.columns[i]);
    }
    count = records.count();
    next = 0;
  }

  private Column column(Records records, Alignments alignments, String name) {
    switch (name) {
      case SequenceFormat.NAME:
        return texts(names == null ? records.names() : names);
      case SequenceFormat.SEQUENCE:
        return texts(records.sequences());
      case SequenceFormat.QUALITY:
        return texts(records.qualities());
      case SequenceFormat.FLAG:
        return alignments::flag;
      case SequenceFormat.REFERENCE:
        Texts references = alignments.references();
        return row -> nullIf(text(references, row), EMPTY);
      case SequenceFormat.POSITION:
        return row -> nullIf(alignments.position(row), -1L);
      case SequenceFormat.MAPPING_QUALITY:
        return row -> nullIf(alignments.mappingQuality(row), UNKNOWN);
      default:
        throw new IllegalArgumentException("column \"" + name + "\": expected one of the schema");
    }
  }

  private static Column texts(Texts column) {
    return row -> text(column, row);
  }

  private static Object nullIf(Object value, Object missing) {
    return value.equals(missing) ? null : value;
  }

  private void closeBytes() throws IOException {
    if (bytes != null) {
      bytes.close();
      bytes = null;
    }
  }

  private void closePart() throws IOException {
    if (reader != null) {
      reader.close();
      reader = null;
    }
    closeBytes();
  }

  @Override
  public void close() throws IOException {
    try {
      closePart();
    } finally {
      context.close();
    }
  }
}
