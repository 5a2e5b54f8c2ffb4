// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * Series by group, and what the terms of a recipe make of each row: to the bit what a table of the rows gives. A group
 * is a name, or null for the only one; a time rises, or is NaN for none; a missing number is NaN.
 */
public final class SeriesStream extends Handle {
  private final transient Scorer scorer;
  private final transient List<String> inputs;
  private final transient int width;

  private SeriesStream(Context context, long pointer, Scorer scorer) {
    super(context, Resource.STREAM, pointer);
    this.scorer = scorer;
    List<String> names = new ArrayList<>();
    for (long i = 0; i < Calls.streamInputs(pointer); i++) {
      names.add(Text.from(Calls.streamInputName(pointer, i)));
    }
    inputs = Collections.unmodifiableList(names);
    width = Math.toIntExact(Calls.streamWidth(pointer));
  }

  /** Opens a stream for the terms of a recipe. Options {@code "late=drop, duplicate=keep, max_groups=100000"}. */
  public static SeriesStream open(Context context, String recipe, String options) {
    byte[] text = Text.of(recipe, "recipe");
    byte[] rest = Text.orNull(options, "options");
    return new SeriesStream(context, Context.make(context, c -> Calls.streamOpen(c, text, rest)), null);
  }

  /** A stream of the rows that a model reads; {@link #probabilities} scores the row that came last. */
  public static SeriesStream of(Context context, Model model, String options) {
    byte[] rest = Text.orNull(options, "options");
    long pointer = model.hold();
    try {
      long stream = Context.make(context, c -> Calls.streamOpenModel(c, pointer, rest));
      return new SeriesStream(context, stream, new Scorer(context, model));
    } finally {
      model.letGo();
    }
  }

  /** The columns that a row has, in this order. */
  public List<String> inputs() {
    return inputs;
  }

  /** Results a row. */
  public int width() {
    return width;
  }

  /** The name of each result. */
  public List<String> names() {
    long stream = enter();
    try {
      List<String> found = new ArrayList<>();
      for (int column = 0; column < width; column++) {
        found.add(Text.from(Calls.streamColumnName(contextPointer(), stream, column)));
      }
      return found;
    } finally {
      leave();
    }
  }

  /** Takes a row and gives its results, NaN for missing ones. */
  public double[] update(String group, double time, double... row) {
    return one(group, time, row, false);
  }

  /** What {@link #update} would give; the stream stays as it is. */
  public double[] peek(String group, double time, double... row) {
    return one(group, time, row, true);
  }

  private double[] one(String group, double time, double[] row, boolean peek) {
    Objects.requireNonNull(row, "row");
    byte[] name = Text.orNull(group, "group");
    double[] out = new double[width];
    long stream = enter();
    try {
      Calls.streamUpdate(contextPointer(), stream, name, time, row, out, peek);
    } finally {
      leave();
    }
    return out;
  }

  /** Takes rows of one group, one after the other; `times` is one a row, or null. The same bits as one by one. */
  public double[] updateRows(String group, double[] times, double[] rows, int count) {
    Objects.requireNonNull(rows, "rows");
    byte[] name = Text.orNull(group, "group");
    double[] out = new double[Math.multiplyExact(Math.max(0, count), width)];
    long stream = enter();
    try {
      Calls.streamUpdateRows(contextPointer(), stream, name, times, rows, count, out);
    } finally {
      leave();
    }
    return out;
  }

  /** The probabilities, or the number, of the row that came last, of a stream of a model. */
  public double[] probabilities() {
    if (scorer == null) {
      throw new IllegalStateException("this stream was opened on a recipe: expected one of a model");
    }
    double[] found = new double[scorer.model().probabilities()];
    long stream = enter();
    try {
      long pointer = scorer.hold();
      try {
        Calls.scoreStream(contextPointer(), pointer, scorer.model().pointerForChild(), stream, null, found);
      } finally {
        scorer.letGo();
      }
    } finally {
      leave();
    }
    return found;
  }

  /** A counter: "rows", "late", "duplicate", "missing" or "groups"; -1 for another name. */
  public long count(String counter) {
    byte[] name = Text.of(counter, "counter");
    long stream = enter();
    try {
      return Calls.streamCount(stream, name);
    } finally {
      leave();
    }
  }

  /** A stream that goes on by itself from here. */
  public SeriesStream copy() {
    long stream = enter();
    try {
      return new SeriesStream(context(), kept(Calls.streamCopy(contextPointer(), stream)),
          scorer == null ? null : new Scorer(context(), scorer.model()));
    } finally {
      leave();
    }
  }

  /** All that the stream has come to, for {@link #restore} in this process or another. */
  public byte[] save() {
    long stream = enter();
    try {
      return Calls.streamSave(contextPointer(), stream);
    } finally {
      leave();
    }
  }

  /** Goes on from where a stream of the same recipe was saved. */
  public void restore(byte[] state) {
    Objects.requireNonNull(state, "state");
    long stream = enter();
    try {
      Calls.streamRestore(contextPointer(), stream, state);
    } finally {
      leave();
    }
  }

  /** Adds the groups and counters of another stream of the same context and recipe. */
  public void merge(SeriesStream other) {
    mustShare(other);
    long stream = enter();
    try {
      long from = other.hold();
      try {
        Calls.streamMerge(contextPointer(), stream, from);
      } finally {
        other.letGo();
      }
    } finally {
      leave();
    }
  }

  @Override
  public void close() {
    super.close();
    if (scorer != null) {
      scorer.close();
    }
  }
}
