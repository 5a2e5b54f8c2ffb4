// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.spark.ModelFiles;

/**
 * What a training on a stream is after a batch: one file, which has its name when it is whole. The newest one counts,
 * so that there is a state at any time, whether a store can replace a file at once or not.
 */
final class OnlineState {
  private static final String MARK = "bioanalytics online 1";
  private static final String PREFIX = "batch-";
  private static final String SUFFIX = ".state";

  private final String query;
  private final long batch;
  private final byte[] run;

  /** After this batch of a query, which is "" outside of any; `run` is a checkpoint of the trainer. */
  OnlineState(String query, long batch, byte[] run) {
    this.query = query;
    this.batch = batch;
    this.run = run;
  }

  String query() {
    return query;
  }

  long batch() {
    return batch;
  }

  byte[] run() {
    return run;
  }

  /** The newest state in a folder; null when there is none. */
  static OnlineState read(SparkSession session, String folder) throws IOException {
    String newest = null;
    for (String name : ModelFiles.list(session, folder, PREFIX + "*" + SUFFIX)) {
      newest = newest == null || name.compareTo(newest) > 0 ? name : newest; // numbers are of one length
    }
    if (newest == null) {
      return null;
    }
    String path = folder + "/" + newest;
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(ModelFiles.readBytes(session, path)))) {
      if (!MARK.equals(in.readUTF())) {
        throw new IOException("it is not the state of a training on a stream");
      }
      return new OnlineState(in.readUTF(), in.readLong(), in.readAllBytes());
    } catch (IOException error) {
      throw new IOException(path + ": " + error.getMessage(), error);
    }
  }

  /** Writes it, and removes those before it. */
  void write(SparkSession session, String folder) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.writeUTF(MARK);
    out.writeUTF(query);
    out.writeLong(batch);
    out.write(run);
    List<String> before = ModelFiles.list(session, folder, PREFIX + "*" + SUFFIX);
    ModelFiles.write(session, folder + "/" + String.format("%s%019d%s", PREFIX, batch, SUFFIX), bytes.toByteArray());
    for (String name : before) {
      ModelFiles.delete(session, folder + "/" + name);
    }
  }
}
