// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.util.List;
import java.util.Objects;

/**
 * A training whose rows are elsewhere. Each round {@link #ask} gives a request; workers make a {@link Partial} of it
 * each, add their rows and save it; the driver adds what they saved to a partial of its own and {@link #tell}s it.
 * However blocks of 4,096 rows are dealt out, the model has the bytes of {@link Trainer} with {@code sketches=off}.
 */
public final class Solver extends Handle {
  /** `classes` names all there will be, and is null for a model of numbers. Options {@code "seed=1, length=120"}. */
  public Solver(Context context, String recipe, List<String> classes, String options) {
    super(context, Resource.SOLVER, create(context, Text.of(recipe, "recipe"),
        classes == null ? null : Text.joined(classes, "a class"), classes == null ? 0 : classes.size(),
        Text.orNull(options, "options")));
  }

  private static long create(Context context, byte[] recipe, byte[] classes, int count, byte[] options) {
    return Context.make(context, c -> Calls.solverCreate(c, recipe, classes, count, options));
  }

  /** The request of this round, the same until the solver is told. */
  public byte[] ask() {
    long solver = enter();
    try {
      return Calls.solverAsk(contextPointer(), solver);
    } finally {
      leave();
    }
  }

  /** Tells what all rows came to, by a partial of the same context; false when the run has stopped. */
  public boolean tell(Partial partial) {
    mustShare(partial);
    long solver = enter();
    try {
      long sums = partial.hold();
      try {
        return Calls.solverTell(contextPointer(), solver, sums);
      } finally {
        partial.letGo();
      }
    } finally {
      leave();
    }
  }

  public Progress progress() {
    double[] numbers = new double[5];
    long solver = enter();
    try {
      Calls.solverMetrics(solver, numbers);
      return new Progress(numbers, Text.from(Calls.solverReason(solver)));
    } finally {
      leave();
    }
  }

  /** The model of the best point so far. */
  public Model finish() {
    long solver = enter();
    try {
      return new Model(context(), kept(Calls.solverFinish(contextPointer(), solver)));
    } finally {
      leave();
    }
  }

  /** The state of the run, for {@link #restore} in this process or another. */
  public byte[] save() {
    long solver = enter();
    try {
      return Calls.solverSave(contextPointer(), solver);
    } finally {
      leave();
    }
  }

  /** Goes on from where a solver of the same recipe, classes, seed and length was saved. */
  public void restore(byte[] state) {
    Objects.requireNonNull(state, "state");
    long solver = enter();
    try {
      Calls.solverRestore(contextPointer(), solver, state);
    } finally {
      leave();
    }
  }
}
