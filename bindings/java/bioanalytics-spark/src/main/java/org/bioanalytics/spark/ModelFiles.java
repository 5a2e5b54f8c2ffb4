// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.spark.network.util.JavaUtils;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.ModelBytes;
import scala.Tuple2;
import scala.collection.Iterator;

/** Files of models wherever Hadoop reaches: local ones, HDFS, object stores. */
public final class ModelFiles {
  /** What options of models begin with. */
  static final String MODELS = "models.";
  /** The option for the most bytes that the native side may hold. */
  static final String MEMORY = "memory";

  private ModelFiles() {}

  /** Reads a model file; a path without a scheme is one of Hadoop's default file system. */
  public static ModelBytes read(SparkSession session, String path) throws IOException {
    return ModelBytes.of(readBytes(session, path));
  }

  /** The bytes of a file. */
  public static byte[] readBytes(SparkSession session, String path) throws IOException {
    Path file = new Path(path);
    try (FSDataInputStream in = system(session, file).open(file)) {
      return in.readAllBytes();
    }
  }

  /** Writes a file; it has its name when it is whole. */
  public static void write(SparkSession session, String path, byte[] bytes) throws IOException {
    Path file = new Path(path);
    FileSystem system = system(session, file);
    Path part = new Path(file.getParent(), "." + file.getName() + ".part");
    try (FSDataOutputStream out = system.create(part, true)) {
      out.write(bytes);
    }
    try {
      FileContext.getFileContext(system.getUri(), system.getConf())
          .rename(system.makeQualified(part), system.makeQualified(file), Options.Rename.OVERWRITE);
    } catch (UnsupportedFileSystemException error) { // a store that renames only to what is not there
      if (!system.rename(part, file) && !(system.delete(file, false) && system.rename(part, file))) {
        throw new IOException(path + ": cannot be renamed to from " + part);
      }
    }
  }

  /** Names of files in a folder, those of a pattern; none when there is no such folder. */
  public static List<String> list(SparkSession session, String folder, String pattern) throws IOException {
    Path files = new Path(folder, pattern);
    FileStatus[] found = system(session, files).globStatus(files);
    List<String> names = new ArrayList<>();
    for (FileStatus each : found == null ? new FileStatus[0] : found) {
      names.add(each.getPath().getName());
    }
    return names;
  }

  public static boolean exists(SparkSession session, String path) throws IOException {
    Path file = new Path(path);
    return system(session, file).exists(file);
  }

  public static void delete(SparkSession session, String path) throws IOException {
    Path file = new Path(path);
    system(session, file).delete(file, false);
  }

  private static FileSystem system(SparkSession session, Path file) throws IOException {
    Configuration configuration = session.sparkContext().hadoopConfiguration();
    return file.getFileSystem(configuration);
  }

  /** What a session says of a catalog: {@code spark.sql.catalog.bio.models.promoter} as {@code models.promoter}. */
  static Map<String, String> settings(SparkSession session, String catalog) {
    String prefix = "spark.sql.catalog." + catalog + ".";
    Map<String, String> found = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    Iterator<Tuple2<String, String>> settings = session.conf().getAll().iterator();
    while (settings.hasNext()) {
      Tuple2<String, String> setting = settings.next();
      if (setting._1().startsWith(prefix)) {
        found.put(setting._1().substring(prefix.length()), setting._2());
      }
    }
    return found;
  }

  /** The names of models in options such as {@code models.promoter=hdfs:///promoter.ba}, with their paths. */
  static Map<String, String> named(Map<String, String> options) {
    Map<String, String> found = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    options.forEach((key, path) -> {
      if (key.regionMatches(true, 0, MODELS, 0, MODELS.length())) {
        found.put(key.substring(MODELS.length()), path);
      }
    });
    return found;
  }

  /** Reads what options name, but for what is in `before`. A file that cannot be used keeps the others from nothing. */
  static Models load(SparkSession session, Map<String, String> options, Models before) {
    String memory = options.get(MEMORY);
    long limit = memory == null ? 0 : JavaUtils.byteStringAsBytes(memory);
    Models models = new Models(limit);
    named(options).forEach((name, path) -> {
      if (models.take(before, name, path)) {
        return;
      }
      try {
        models.add(ModelReference.of(session, name, read(session, path), limit), path);
      } catch (IOException | BioAnalyticsException | IllegalArgumentException error) {
        models.addFailure(name, "the model " + name + " of " + path + ": " + error.getMessage());
      }
    });
    return models;
  }
}
