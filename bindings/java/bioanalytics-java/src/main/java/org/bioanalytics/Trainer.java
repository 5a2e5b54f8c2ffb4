// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.file.Path;
import java.util.List;

/**
 * A training run: over the training rows of a dataset, stepped by {@link #step} or to its end by {@link #run}; or
 * {@link #online}, over batches. {@link Context#cancel} ends a step; after a reset the next one goes on with the same
 * run.
 */
public final class Trainer extends Handle {
  /** Options {@code "seed=1, hold_out=0, sketches=off"}. */
  public Trainer(String recipe, Dataset dataset, String options) {
    super(dataset.context(), Resource.TRAINER,
        create(Text.of(recipe, "recipe"), dataset, Text.orNull(options, "options")), dataset);
  }

  private Trainer(Context context, long pointer) {
    super(context, Resource.TRAINER, pointer);
  }

  private static long create(byte[] recipe, Dataset dataset, byte[] options) {
    long rows = dataset.enter();
    try {
      long trainer = dataset.kept(Calls.trainerCreate(dataset.contextPointer(), recipe, rows, options));
      dataset.hold();
      return trainer;
    } finally {
      dataset.leave();
    }
  }

  /**
   * A run whose rows come by {@link #update}. `classes` names all there will be, and is null for a model of numbers;
   * `start` is a model to go on from, or null. Options {@code "seed=1, length=120"}.
   */
  public static Trainer online(Context context, String recipe, List<String> classes, Model start, String options) {
    byte[] text = Text.of(recipe, "recipe");
    byte[] names = classes == null ? null : Text.joined(classes, "a class");
    int count = classes == null ? 0 : classes.size();
    byte[] rest = Text.orNull(options, "options");
    long before = start == null ? 0 : start.hold();
    try {
      return new Trainer(
          context, Context.make(context, c -> Calls.trainerCreateOnline(c, text, names, count, before, rest)));
    } finally {
      if (start != null) {
        start.letGo();
      }
    }
  }

  /** Learns from the rows of a batch of the same context, once each, in their order. */
  public void update(Dataset batch) {
    mustShare(batch);
    long trainer = enter();
    try {
      long rows = batch.hold();
      try {
        Calls.trainerUpdate(contextPointer(), trainer, rows);
      } finally {
        batch.letGo();
      }
    } finally {
      leave();
    }
  }

  /** One pass, iteration or epoch; false when the run has stopped. */
  public boolean step() {
    long trainer = enter();
    try {
      return Calls.trainerStep(contextPointer(), trainer);
    } finally {
      leave();
    }
  }

  /** Steps to the end. */
  public Trainer run() {
    while (step()) {
      // Each step is a call of its own, so that others see progress between them.
    }
    return this;
  }

  public Progress progress() {
    double[] numbers = new double[5];
    long trainer = enter();
    try {
      Calls.trainerMetrics(trainer, numbers);
      return new Progress(numbers, Text.from(Calls.trainerReason(trainer)));
    } finally {
      leave();
    }
  }

  /** Begins anew at the best weights so far with other penalties: {@code "l2=1e-3"}. */
  public void set(String options) {
    byte[] text = Text.orNull(options, "options");
    long trainer = enter();
    try {
      Calls.trainerSet(contextPointer(), trainer, text);
    } finally {
      leave();
    }
  }

  /** Writes the state of the run. */
  public void checkpoint(Path path) {
    file(path, Calls::trainerCheckpoint);
  }

  /** Takes the run to where it was when the file was written. */
  public void restore(Path path) {
    file(path, Calls::trainerRestore);
  }

  private interface FileCall {
    void on(long context, long trainer, byte[] path);
  }

  private void file(Path path, FileCall call) {
    byte[] name = Text.of(path);
    long trainer = enter();
    try {
      call.on(contextPointer(), trainer, name);
    } catch (BioAnalyticsException error) {
      throw error.in(path.toString());
    } finally {
      leave();
    }
  }

  /** The model of the best weights so far. */
  public Model finish() {
    long trainer = enter();
    try {
      return new Model(context(), kept(Calls.trainerFinish(contextPointer(), trainer)));
    } finally {
      leave();
    }
  }
}
