// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Labelled sequences, packed to two bits a base; its rows cannot change while a {@link Trainer} is open on them. */
public final class Dataset extends Handle {
  public Dataset(Context context) {
    this(context, null);
  }

  /** Options {@code "quality=keep"} and {@code "names=drop"}. */
  public Dataset(Context context, String options) {
    super(context, Resource.DATASET, create(context, Text.orNull(options, "options")));
  }

  private static long create(Context context, byte[] options) {
    return Context.make(context, c -> Calls.datasetCreate(c, options));
  }

  /** Adds records of the part train with a label each. */
  public Dataset add(Records records, List<String> labels) {
    return add(records, labels, null, null, Part.TRAIN);
  }

  /** Adds records, one row each: `weights` and `groups` may be null, a row of weight 0 is left out. */
  public Dataset add(Records records, List<String> labels, double[] weights, List<String> groups, Part part) {
    int count = records.count();
    same(count, labels.size(), "labels");
    same(count, weights == null ? count : weights.length, "weights");
    same(count, groups == null ? count : groups.size(), "groups");
    byte[] classes = Text.joined(labels, "a label");
    byte[] names = groups == null ? null : Text.joined(groups, "a group");
    long batch = records.hold();
    try {
      change((c, d) -> Calls.datasetAdd(c, d, batch, classes, weights, names, part.code));
    } finally {
      records.letGo();
    }
    return this;
  }

  private static void same(int records, int given, String name) {
    if (records != given) {
      throw new IllegalArgumentException(records + " sequences, but " + given + " " + name);
    }
  }

  /** Adds FASTA or FASTQ of one class ({@code "class=promoter"}), or a table of sequences and labels. */
  public Dataset addFile(Path path, String options) {
    byte[] name = Text.of(path);
    byte[] text = Text.orNull(options, "options");
    try {
      change((c, d) -> Calls.datasetAddFile(c, d, name, text));
    } catch (BioAnalyticsException error) {
      throw error.in(path.toString());
    }
    return this;
  }

  /** Deals the training rows into folds: {@code "by=similarity, folds=5"} and so on. */
  public Dataset split(String options) {
    byte[] text = Text.orNull(options, "options");
    change((c, d) -> Calls.datasetSplit(c, d, text));
    return this;
  }

  /** Deals all rows into parts: {@code "by=group, train=0.8, dev=0.1, test=0.1"} and so on. */
  public Dataset deal(String options) {
    byte[] text = Text.orNull(options, "options");
    change((c, d) -> Calls.datasetDeal(c, d, text));
    return this;
  }

  private interface Change {
    void on(long context, long dataset);
  }

  private void change(Change change) {
    long dataset = enter();
    try {
      if (!alone()) {
        throw new IllegalStateException("a trainer is open on these rows: close it before they change");
      }
      change.on(contextPointer(), dataset);
    } finally {
      leave();
    }
  }

  /** How many rows a part has. */
  public long rows(Part part) {
    long dataset = enter();
    try {
      return Calls.datasetRows(dataset, part.code);
    } finally {
      leave();
    }
  }

  /** The labels seen, in class order: as numbers if all are integers, else by byte. */
  public List<String> classes() {
    long dataset = enter();
    try {
      List<String> found = new ArrayList<>();
      for (int i = 0; i < Calls.datasetClasses(dataset); i++) {
        found.add(Text.from(Calls.datasetClassName(dataset, i)));
      }
      return found;
    } finally {
      leave();
    }
  }
}
