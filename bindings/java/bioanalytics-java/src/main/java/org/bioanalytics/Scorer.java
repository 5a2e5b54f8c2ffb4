// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Scores with a model; one a thread, each on a context of its own. Scores are margins, {@link Model#outputs} a row;
 * probabilities are {@link Model#probabilities} a row. Outputs go row by row, and either may be null.
 */
public final class Scorer extends Handle {
  private final transient Model model;
  private final transient int outputs;
  private final transient int columns;

  public Scorer(Context context, Model model) {
    this(context, model, null);
  }

  /** With options {@code "drift=yes"} it counts what it sees for {@link #drift}. */
  public Scorer(Context context, Model model, String options) {
    super(context, Resource.SCORER, create(context, model, Text.orNull(options, "options")), model);
    this.model = model;
    outputs = model.outputs();
    columns = model.probabilities();
  }

  private static long create(Context context, Model model, byte[] options) {
    long pointer = model.hold();
    try {
      return Context.make(context, c -> Calls.scorerCreate(c, pointer, options));
    } catch (RuntimeException error) {
      model.letGo();
      throw error;
    }
  }

  private interface Call {
    void on(long context, long scorer, long model);
  }

  private void run(Call call) {
    long scorer = enter();
    try {
      call.on(contextPointer(), scorer, model.pointerForChild());
    } finally {
      leave();
    }
  }

  private void room(long rows, double[] scores, double[] probabilities) {
    Direct.output(scores, rows * outputs, "scores");
    Direct.output(probabilities, rows * columns, "probabilities");
  }

  // Batches

  /** The scores of a batch, row by row. */
  public double[] scores(Records records) {
    double[] scores = new double[Math.multiplyExact(records.count(), outputs)];
    score(records, scores, null);
    return scores;
  }

  /** The probabilities of a batch, row by row; of a model of numbers the numbers. */
  public double[] probabilities(Records records) {
    double[] probabilities = new double[Math.multiplyExact(records.count(), columns)];
    score(records, null, probabilities);
    return probabilities;
  }

  public void score(Records records, double[] scores, double[] probabilities) {
    room(records.count(), scores, probabilities);
    long batch = records.hold();
    try {
      run((c, s, m) -> Calls.scoreRecords(c, s, m, batch, scores, probabilities));
    } finally {
      records.letGo();
    }
  }

  /** Writes to direct buffers from their positions on, which stay. */
  public void score(Records records, DoubleBuffer scores, DoubleBuffer probabilities) {
    int first = Direct.output(scores, (long) records.count() * outputs, "scores");
    int second = Direct.output(probabilities, (long) records.count() * columns, "probabilities");
    long batch = records.hold();
    try {
      run((c, s, m) -> Calls.scoreRecordsBuffers(c, s, m, batch, scores, first, probabilities, second));
    } finally {
      records.letGo();
    }
  }

  /**
   * Scores sequences in direct buffers without a copy of their letters, which must not change meanwhile: sequence i is
   * from offset i up to offset i + 1, counted from the position of {@code letters}. Positions stay.
   */
  public void score(ByteBuffer letters, IntBuffer offsets, DoubleBuffer scores, DoubleBuffer probabilities) {
    score(letters, offsets, null, Direct.offsets(offsets), offsets.position(), scores, probabilities);
  }

  /** The same with offsets of 64 bits. */
  public void score(ByteBuffer letters, LongBuffer offsets, DoubleBuffer scores, DoubleBuffer probabilities) {
    score(letters, null, offsets, Direct.offsets(offsets), offsets.position(), scores, probabilities);
  }

  private void score(
      ByteBuffer letters, IntBuffer narrow, LongBuffer wide, int count, int bounds, DoubleBuffer scores,
      DoubleBuffer probabilities) {
    Direct.bytes(letters, "letters");
    int first = Direct.output(scores, (long) count * outputs, "scores");
    int second = Direct.output(probabilities, (long) count * columns, "probabilities");
    run((c, s, m) -> Calls.scoreBuffers(c, s, m, letters, letters.position(), letters.remaining(), narrow, wide,
        bounds, count, scores, first, probabilities, second));
  }

  // Single rows

  /** The scores of one sequence. */
  public double[] scores(byte[] letters) {
    double[] scores = new double[outputs];
    score(letters, 0, letters.length, scores, null);
    return scores;
  }

  /** The probabilities of one sequence, or its number. */
  public double[] probabilities(byte[] letters) {
    double[] probabilities = new double[columns];
    score(letters, 0, letters.length, null, probabilities);
    return probabilities;
  }

  /** Scores one sequence, a region of an array. */
  public void score(byte[] letters, int from, int length, double[] scores, double[] probabilities) {
    Objects.checkFromIndexSize(from, length, letters.length);
    room(1, scores, probabilities);
    run((c, s, m) -> Calls.scoreBytes(c, s, m, letters, from, length, scores, probabilities));
  }

  /** The score of one sequence, a region of an array, by a model of one score: in the least time. */
  public double score(byte[] letters, int from, int length) {
    Objects.checkFromIndexSize(from, length, letters.length);
    long scorer = enter();
    try {
      return Calls.scoreOne(contextPointer(), scorer, model.pointerForChild(), letters, from, length);
    } finally {
      leave();
    }
  }

  /** Scores one row of {@link Model#inputs}, or of features in their order where the model reads sequences. */
  public void scoreRow(float[] row, double[] scores, double[] probabilities) {
    Objects.requireNonNull(row, "row");
    room(1, scores, probabilities);
    run((c, s, m) -> Calls.scoreRow(c, s, m, row, scores, probabilities));
  }

  /** Scores rows of numbers, one row after the other, each as for {@link #scoreRow}. */
  public void scoreRows(double[] rows, int count, double[] scores, double[] probabilities) {
    Objects.requireNonNull(rows, "rows");
    room(Math.max(0, count), scores, probabilities);
    run((c, s, m) -> Calls.scoreRows(c, s, m, rows, count, scores, probabilities));
  }

  // What a score is made of

  private interface Question {
    double[] on(long context, long scorer, long model);
  }

  private double[] ask(Question question) {
    long scorer = enter();
    try {
      return question.on(contextPointer(), scorer, model.pointerForChild());
    } finally {
      leave();
    }
  }

  /** The scores of every window; window i starts at i * step. */
  public double[] scan(byte[] letters, long window, long step) {
    Objects.requireNonNull(letters, "letters");
    return ask((c, s, m) -> Calls.scorerScan(c, s, m, letters, window, step));
  }

  /** What each substitution does to the score: four numbers a letter, for A, C, G and T. */
  public double[] mutate(byte[] letters, int output) {
    Objects.requireNonNull(letters, "letters");
    return ask((c, s, m) -> Calls.scorerMutate(c, s, letters, output));
  }

  /** What each letter adds to the score. */
  public double[] explain(byte[] letters, int output) {
    Objects.requireNonNull(letters, "letters");
    return ask((c, s, m) -> Calls.scorerAttribute(c, s, letters, output));
  }

  /** What was scored against what was learnt from, of a scorer with {@code drift=yes}. */
  public List<Drift> drift() {
    List<Drift> found = new ArrayList<>();
    run((c, s, m) -> {
      for (int i = 0; i < Calls.driftCount(s); i++) {
        double[] numbers = new double[5];
        boolean raised = Calls.drift(s, i, numbers);
        found.add(new Drift(Text.from(Calls.driftName(s, i)), raised, numbers));
      }
    });
    return found;
  }

  /** Forgets what was scored so far. */
  public void driftReset() {
    run((c, s, m) -> Calls.driftReset(s));
  }

  Model model() {
    return model;
  }
}
