// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** What was said to {@code spark.read}: paths, and the options {@code splitBytes}, {@code reader} and {@code fs.*}. */
final class SequenceOptions {
  private static final String FILES = "fs.";
  private static final Set<String> KNOWN = Set.of("path", "paths", "splitbytes", "reader");

  final SequenceFormat format;
  final List<String> paths;
  final Configuration conf;
  final long splitBytes;
  /** What opening a file costs, in bytes that could be read meanwhile. */
  final long openCost;
  private final String reader;
  private List<FileStatus> files;

  SequenceOptions(SequenceFormat format, Map<String, String> given) {
    CaseInsensitiveStringMap options = new CaseInsensitiveStringMap(given);
    SparkSession spark = SparkSession.active();
    this.format = format;
    this.paths = paths(options);
    this.conf = new Configuration(spark.sparkContext().hadoopConfiguration());
    given.forEach((name, value) -> {
      if (name.startsWith(FILES)) {
        conf.set(name, value);
      } else if (!KNOWN.contains(name.toLowerCase(Locale.ROOT))) {
        throw new IllegalArgumentException(
            "option \"" + name + "\" is not known: expected splitBytes, reader, or a setting of Hadoop, fs.*");
      }
    });
    this.splitBytes = bytes(options, setting(spark, "spark.sql.files.maxPartitionBytes", "128m"));
    this.openCost = Math.min(splitBytes, setting(spark, "spark.sql.files.openCostInBytes", "4m"));
    this.reader = options.getOrDefault("reader", "");
  }

  private static long setting(SparkSession spark, String name, String usual) {
    return JavaUtils.byteStringAsBytes(spark.conf().get(name, usual));
  }

  private static long bytes(CaseInsensitiveStringMap options, long usual) {
    long bytes = options.getLong("splitBytes", usual);
    if (bytes < 1) {
      throw new IllegalArgumentException("splitBytes is " + bytes + ": expected 1 or more");
    }
    return bytes;
  }

  private static List<String> paths(CaseInsensitiveStringMap options) {
    List<String> paths = new ArrayList<>();
    if (options.containsKey("path")) {
      paths.add(options.get("path"));
    }
    if (options.containsKey("paths")) { // Spark writes a list of texts in JSON
      try {
        paths.addAll(Arrays.asList(
            new com.fasterxml.jackson.databind.ObjectMapper().readValue(options.get("paths"), String[].class)));
      } catch (IOException error) {
        throw new UncheckedIOException("option \"paths\": expected a list of texts in JSON", error);
      }
    }
    if (paths.isEmpty()) {
      throw new IllegalArgumentException("there is no path: expected load(path)");
    }
    return paths;
  }

  /** Options of the library's reader; what nobody asks for is not kept. */
  String readerOptions(boolean qualities) {
    if (format == SequenceFormat.FASTA || qualities || reader.contains("qualities")) {
      return reader;
    }
    return reader.isEmpty() ? "qualities=skip" : reader + ", qualities=skip";
  }

  FSDataInputStream open(Path path) throws IOException {
    return path.getFileSystem(conf).open(path);
  }

  /** All files, in the order of their paths: patterns are expanded, and folders gone through but for hidden files. */
  List<FileStatus> files() {
    if (files == null) {
      try {
        List<FileStatus> found = new ArrayList<>();
        for (String text : paths) {
          Path path = new Path(text);
          FileSystem system = path.getFileSystem(conf);
          FileStatus[] matches = system.globStatus(path);
          if (matches == null || matches.length == 0) {
            throw new FileNotFoundException(text + ": no such file");
          }
          for (FileStatus match : matches) {
            add(system, match, found);
          }
        }
        found.sort(FileStatus::compareTo);
        files = found;
      } catch (IOException error) {
        throw new UncheckedIOException(error);
      }
    }
    return files;
  }

  private static void add(FileSystem system, FileStatus status, List<FileStatus> found) throws IOException {
    if (!status.isDirectory()) {
      found.add(status);
      return;
    }
    for (FileStatus inside : system.listStatus(status.getPath())) {
      String name = inside.getPath().getName();
      if (!name.startsWith("_") && !name.startsWith(".")) {
        add(system, inside, found);
      }
    }
  }
}
