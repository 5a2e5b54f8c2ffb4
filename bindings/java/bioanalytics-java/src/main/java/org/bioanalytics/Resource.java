// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What a handle leaves behind when it is closed or forgotten: the native pointer and nothing of the handle. Its owner
 * and each call that uses it hold it; the last to let go destroys the native object.
 */
final class Resource implements Runnable {
  static final int CONTEXT = 0;
  static final int READER = 1;
  static final int RECORDS = 2;
  static final int EXTRACTOR = 3;
  static final int MODEL = 4;
  static final int SCORER = 5;
  static final int DATASET = 6;
  static final int TRAINER = 7;
  static final int SOLVER = 8;
  static final int PARTIAL = 9;
  static final int STREAM = 10;
  static final int ARRAY = 11;

  private static final int CLOSED = Integer.MIN_VALUE;

  private static final Cleaner CLEANER = Cleaner.create();

  private final int kind;
  private final long pointer;
  private final Resource[] parents;
  /** How many hold it, its owner too; with {@link #CLOSED} when the owner does no more. */
  private final AtomicInteger state = new AtomicInteger(1);

  /** Parents have been held for this one, which lets them go when it is destroyed. */
  Resource(int kind, long pointer, Resource... parents) {
    this.kind = kind;
    this.pointer = pointer;
    this.parents = parents;
  }

  /** Closes it when the handle has become unreachable, or is cleaned. */
  Cleaner.Cleanable watch(Object handle) {
    return CLEANER.register(handle, this);
  }

  /** One more holder, also of a closed one; only for who holds it, or a child of it. */
  void retain() {
    state.incrementAndGet();
  }

  /** False when it is closed. */
  boolean hold() {
    for (int now = state.get(); now >= 0; now = state.get()) {
      if (state.compareAndSet(now, now + 1)) {
        return true;
      }
    }
    return false;
  }

  void letGo() {
    if ((state.decrementAndGet() & ~CLOSED) > 0) {
      return;
    }
    Calls.destroy(kind, pointer);
    for (Resource parent : parents) {
      parent.letGo();
    }
  }

  /** Its owner and so many others, and nobody else. */
  boolean heldBy(int others) {
    return state.get() == 1 + others;
  }

  boolean isClosed() {
    return state.get() < 0;
  }

  /** Only for who holds it, or a child of it. */
  long pointer() {
    return pointer;
  }

  /** The owner closes it, or nobody can reach the owner any more. */
  @Override
  public void run() {
    if (state.getAndUpdate(now -> now | CLOSED) >= 0) {
      letGo();
    }
  }
}
