// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.util.Objects;

/** The sums of some of the rows at the point of a request of {@link Solver#ask}. */
public final class Partial extends Handle {
  /** An empty partial. */
  public Partial(Context context, byte[] request) {
    super(context, Resource.PARTIAL, create(context, request));
  }

  private static long create(Context context, byte[] request) {
    Objects.requireNonNull(request, "request");
    return Context.make(context, c -> Calls.partialCreate(c, request));
  }

  /**
   * Adds the sums of a dataset of the same context, whose training rows have the numbers from {@code firstRow} on, a
   * multiple of 4,096. Blocks that are there already stay, so a task may run twice.
   */
  public void accumulate(Dataset dataset, long firstRow) {
    mustShare(dataset);
    long partial = enter();
    try {
      long rows = dataset.hold();
      try {
        Calls.partialAccumulate(contextPointer(), partial, rows, firstRow);
      } finally {
        dataset.letGo();
      }
    } finally {
      leave();
    }
  }

  /**
   * The features of rows as bytes, for {@link #accumulatePacked} in this round and later ones, so that nothing is counted
   * again. Not in the rounds in which a scale or the like is learnt: before {@link Solver#progress} has passes.
   */
  public byte[] pack(Dataset dataset, long firstRow) {
    mustShare(dataset);
    long partial = enter();
    try {
      long rows = dataset.hold();
      try {
        return Calls.partialPack(contextPointer(), partial, rows, firstRow);
      } finally {
        dataset.letGo();
      }
    } finally {
      leave();
    }
  }

  /** Adds the sums of rows that were packed for the same run, to the same bits as those of the rows. */
  public void accumulatePacked(byte[] packed) {
    Objects.requireNonNull(packed, "packed");
    long partial = enter();
    try {
      Calls.partialAccumulatePacked(contextPointer(), partial, packed);
    } finally {
      leave();
    }
  }

  /** Adds what another partial of the same context and request has. */
  public void merge(Partial other) {
    mustShare(other);
    long partial = enter();
    try {
      long sums = other.hold();
      try {
        Calls.partialMerge(contextPointer(), partial, sums);
      } finally {
        other.letGo();
      }
    } finally {
      leave();
    }
  }

  /** Adds what a partial of the same request saved, in this process or another. */
  public void add(byte[] saved) {
    Objects.requireNonNull(saved, "saved");
    long partial = enter();
    try {
      Calls.partialAdd(contextPointer(), partial, saved);
    } finally {
      leave();
    }
  }

  public byte[] save() {
    long partial = enter();
    try {
      return Calls.partialSave(contextPointer(), partial);
    } finally {
      leave();
    }
  }

  /** How many rows it has the sums of. */
  public long rows() {
    long partial = enter();
    try {
      return Calls.partialRows(partial);
    } finally {
      leave();
    }
  }
}
