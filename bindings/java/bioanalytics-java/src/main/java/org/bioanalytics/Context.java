// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.lang.ref.Cleaner;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongUnaryOperator;

/**
 * What confines work: threads, a memory limit, the processor level, progress, and a flag to cancel by.
 *
 * <p>Objects are made from a context. One thread at a time is inside a context and its objects; others wait, so give
 * each thread that scores a context of its own. {@link #cancel}, {@link #progress} and {@link #memory} never wait.
 * After {@link #close} objects that were made go on; the native context goes with the last of them.
 */
public final class Context implements AutoCloseable {
  private final transient ReentrantLock lock = new ReentrantLock();
  private final transient Resource resource;
  private final transient Cleaner.Cleanable cleanable;

  /** A context with one thread and no limits. Loads the native library when it is the first. */
  public Context() {
    Native.load();
    resource = new Resource(Resource.CONTEXT, Calls.contextCreate());
    cleanable = resource.watch(this);
  }

  /** How many threads a call may use, 1 to 256; they end before it returns. The default, 1, starts none. */
  public Context threads(int threads) {
    return set(context -> Calls.contextThreads(context, threads));
  }

  /** The most bytes that the native side may hold; 0, the default, means no limit. */
  public Context memoryLimit(long bytes) {
    return set(context -> Calls.contextMemoryLimit(context, bytes));
  }

  /** The level: "auto", "scalar", "avx2", "avx512" or "neon". Results do not depend on it. */
  public Context cpu(String level) {
    byte[] text = Text.of(level, "level");
    return set(context -> Calls.contextCpu(context, text));
  }

  /** The level in use. */
  public String cpu() {
    enter();
    try {
      return Text.from(Calls.contextCpuName(pointer()));
    } finally {
      leave();
    }
  }

  /** The canonical text of a recipe: presets expanded, every default written out. */
  public String canonical(String recipe) {
    byte[] text = Text.of(recipe, "recipe");
    enter();
    try {
      return Text.from(Calls.recipeCanonical(pointer(), text));
    } finally {
      leave();
    }
  }

  /** Bytes that the native side holds now. Any thread, at any time. */
  public long memory() {
    return pair(false)[0];
  }

  /** The most bytes that the native side ever held. Any thread, at any time. */
  public long peakMemory() {
    return pair(false)[1];
  }

  /** Work done of the running call, and in all (0 when unknown), in a unit of its own. Any thread, at any time. */
  public long[] progress() {
    return pair(true);
  }

  private long[] pair(boolean progress) {
    long[] found = new long[2];
    hold();
    try {
      if (progress) {
        Calls.contextProgress(pointer(), found);
      } else {
        Calls.contextMemory(pointer(), found);
      }
    } finally {
      resource.letGo();
    }
    return found;
  }

  /**
   * Asks the running call, and those after it, to end with {@link BioAnalyticsException#CANCELLED}; holds until
   * {@link #reset}. Any thread, at any time. The running call sees it within 10 ms of its own time.
   */
  public void cancel() {
    hold();
    try {
      Calls.contextCancel(pointer());
    } finally {
      resource.letGo();
    }
  }

  /** Makes a context usable again that was cancelled. */
  public Context reset() {
    return set(Calls::contextReset);
  }

  public boolean isClosed() {
    return resource == null || resource.isClosed();
  }

  @Override
  public void close() {
    if (cleanable != null) {
      cleanable.clean();
    }
  }

  private interface Setting {
    void on(long context);
  }

  private Context set(Setting setting) {
    enter();
    try {
      setting.on(pointer());
    } finally {
      leave();
    }
    return this;
  }

  private void hold() {
    if (resource == null) {
      throw new IllegalStateException(Handle.COPIED);
    }
    if (!resource.hold()) {
      throw new IllegalStateException("the context is closed");
    }
  }

  private void enter() {
    if (lock == null) {
      throw new IllegalStateException(Handle.COPIED);
    }
    lock.lock();
    try {
      hold();
    } catch (RuntimeException error) {
      lock.unlock();
      throw error;
    }
  }

  private void leave() {
    resource.letGo();
    lock.unlock();
  }

  /** The pointer that `maker` gives, called alone in the context, which stays held for the handle of it. */
  static long make(Context context, LongUnaryOperator maker) {
    Objects.requireNonNull(context, "context");
    context.enter();
    try {
      long made = maker.applyAsLong(context.pointer());
      context.resource.retain();
      return made;
    } finally {
      context.leave();
    }
  }

  /** For handles of this context, which keep the native context alive. */
  ReentrantLock lock() {
    return lock;
  }

  Resource resource() {
    return resource;
  }

  long pointer() {
    return resource.pointer();
  }
}
