// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.lang.ref.Cleaner;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Context;

/**
 * What one task holds on the native side: a context of one thread, and what is made from it. All of it is closed when
 * the task ends, and a call that is running ends when the task is killed. Outside of tasks, such as where Spark folds
 * constants on the driver, it is closed when nobody can reach it any more.
 */
public final class NativeScope implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final Set<Held> OPEN = ConcurrentHashMap.newKeySet();

  private final Held held;
  private final Cleaner.Cleanable cleanable;

  private NativeScope(Held held) {
    this.held = held;
    this.cleanable = CLEANER.register(this, held);
  }

  /**
   * A scope of the task of this thread. The native side of it may hold {@code limit} bytes, or what it needs when that
   * is 0; `peak` may be null, and is told the most that it held.
   */
  public static NativeScope open(long limit, PeakMemory peak) {
    TaskContext task = TaskContext.get();
    Context context = new Context().memoryLimit(limit);
    Held held = new Held(context, task, peak);
    OPEN.add(held);
    NativeScope scope = new NativeScope(held);
    if (task != null) {
      TaskWatch.add(held);
      task.addTaskCompletionListener((TaskCompletionListener) ended -> held.run());
    }
    return scope;
  }

  public Context context() {
    return held.context;
  }

  /** Closes it with the scope, before what was kept earlier. */
  public <T extends AutoCloseable> T keep(T handle) {
    held.keep(handle);
    return handle;
  }

  public boolean isClosed() {
    return held.closed;
  }

  /** What a call that failed is to be answered by: Spark's own exception in a task that was killed. */
  public RuntimeException failure(BioAnalyticsException error) {
    if (error.code() == BioAnalyticsException.CANCELLED && held.task != null) {
      held.task.killTaskIfInterrupted();
    }
    return error;
  }

  @Override
  public void close() {
    cleanable.clean();
  }

  /** How many scopes of this process are open. */
  public static int openScopes() {
    return OPEN.size();
  }

  /** Bytes that all scopes of this process hold on the native side now, without the models that they share. */
  public static long openBytes() {
    long bytes = 0;
    for (Held held : OPEN) {
      bytes += held.bytes();
    }
    return bytes;
  }

  /** What is closed; it does not know the scope, so that this can be forgotten. */
  static final class Held implements Runnable {
    private final Context context;
    private final TaskContext task;
    private final PeakMemory peak;
    private final Deque<AutoCloseable> handles = new ArrayDeque<>();
    private volatile boolean closed;

    Held(Context context, TaskContext task, PeakMemory peak) {
      this.context = context;
      this.task = task;
      this.peak = peak;
    }

    synchronized void keep(AutoCloseable handle) {
      handles.push(handle);
    }

    private synchronized long bytes() {
      return closed ? 0 : context.memory();
    }

    /** Passes a kill of the task on to the native side; true when there is nothing more to watch. */
    synchronized boolean look() {
      if (closed) {
        return true;
      }
      if (task.isInterrupted()) {
        context.cancel();
        return true;
      }
      return false;
    }

    @Override
    public synchronized void run() {
      if (closed) {
        return;
      }
      closed = true;
      OPEN.remove(this);
      if (peak != null && task != null) {
        peak.add(context.peakMemory());
      }
      for (AutoCloseable handle : handles) {
        try {
          handle.close();
        } catch (Exception error) {
          throw new IllegalStateException("a native object cannot be closed", error);
        }
      }
      context.close();
    }
  }
}
