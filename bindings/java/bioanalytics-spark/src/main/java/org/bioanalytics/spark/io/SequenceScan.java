// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.connector.read.Batch;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;
import org.apache.spark.sql.connector.read.Statistics;
import org.apache.spark.sql.connector.read.SupportsReportStatistics;
import org.apache.spark.sql.types.StructType;

/** Finds the files and cuts them into parts; small parts share a task. */
final class SequenceScan implements SupportsReportStatistics, Batch {
  private final SequenceOptions options;
  private final StructType schema;
  private final NameFilter filter;

  SequenceScan(SequenceOptions options, StructType schema, NameFilter filter) {
    this.options = options;
    this.schema = schema;
    this.filter = filter;
  }

  @Override
  public StructType readSchema() {
    return schema;
  }

  @Override
  public String description() {
    return options.format.name().toLowerCase(java.util.Locale.ROOT) + " " + options.paths + ", columns "
        + Arrays.toString(schema.fieldNames()) + ", filters decided while reading: " + Arrays.toString(filter.taken());
  }

  @Override
  public Batch toBatch() {
    return this;
  }

  @Override
  public Statistics estimateStatistics() {
    long bytes = options.files().stream().mapToLong(FileStatus::getLen).sum();
    return new Statistics() {
      @Override
      public OptionalLong sizeInBytes() {
        return OptionalLong.of(bytes);
      }

      @Override
      public OptionalLong numRows() {
        return OptionalLong.empty();
      }
    };
  }

  @Override
  public InputPartition[] planInputPartitions() {
    List<InputPartition> partitions = new ArrayList<>();
    List<FilePart> some = new ArrayList<>();
    long held = 0;
    try {
      for (FileStatus file : options.files()) {
        for (FilePart part : cut(file)) {
          long cost = part.to - part.from + options.openCost;
          if (!some.isEmpty() && held + cost > options.splitBytes) {
            partitions.add(partition(some));
            some = new ArrayList<>();
            held = 0;
          }
          some.add(part);
          held += cost;
        }
      }
      if (!some.isEmpty()) {
        partitions.add(partition(some));
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return partitions.toArray(new InputPartition[0]);
  }

  private List<FilePart> cut(FileStatus file) throws IOException {
    List<FilePart> parts = new ArrayList<>();
    String path = file.getPath().toString();
    FilePart.Cut cut;
    try (FSDataInputStream in = options.open(file.getPath())) {
      cut = PartBytes.cutOf(in);
    }
    long step = cut == FilePart.Cut.NOWHERE ? file.getLen() : options.splitBytes;
    for (long from = 0; from < file.getLen(); from += step) {
      parts.add(new FilePart(path, cut, from, Math.min(from + step, file.getLen()), file.getLen()));
    }
    return parts;
  }

  /** Where the first part lies. */
  private InputPartition partition(List<FilePart> parts) throws IOException {
    FilePart first = parts.get(0);
    Path path = new Path(first.path);
    FileSystem files = path.getFileSystem(options.conf);
    BlockLocation[] blocks = files.getFileBlockLocations(path, first.from, first.to - first.from);
    String[] hosts = blocks.length == 0 ? new String[0] : blocks[0].getHosts();
    return new SequencePartition(parts,
        Arrays.stream(hosts).filter(host -> !host.equals("localhost")).toArray(String[]::new));
  }

  @Override
  public PartitionReaderFactory createReaderFactory() {
    boolean qualities = Arrays.asList(schema.fieldNames()).contains(SequenceFormat.QUALITY);
    return new ScanPlan(options.format, new HadoopConf(options.conf), schema.fieldNames(), filter,
        options.readerOptions(qualities));
  }
}
