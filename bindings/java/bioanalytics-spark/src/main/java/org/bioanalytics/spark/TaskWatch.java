// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.HashSet;
import java.util.Set;

/**
 * Tells native calls that their task was killed. Spark says it by a flag of the task that nobody is called about, so
 * one thread looks at the flags of all tasks that are inside the library; it ends when there have been none for a
 * while.
 */
final class TaskWatch extends Thread {
  private static final long LOOK_MS = 2;
  private static final long IDLE_MS = 5000;
  private static final Set<NativeScope.Held> TASKS = new HashSet<>();
  private static boolean running;

  private TaskWatch() {
    super("bioanalytics-task-watch");
    setDaemon(true);
  }

  static void add(NativeScope.Held held) {
    synchronized (TASKS) {
      TASKS.add(held);
      if (running) {
        TASKS.notifyAll();
      } else {
        running = true;
        new TaskWatch().start();
      }
    }
  }

  @Override
  public void run() {
    try {
      while (look()) {
        Thread.sleep(LOOK_MS);
      }
    } catch (InterruptedException error) {
      synchronized (TASKS) {
        running = false;
      }
    }
  }

  /** False when no task has come for a while. */
  private static boolean look() throws InterruptedException {
    synchronized (TASKS) {
      TASKS.removeIf(NativeScope.Held::look);
      if (TASKS.isEmpty()) {
        TASKS.wait(IDLE_MS);
      }
      running = !TASKS.isEmpty();
      return running;
    }
  }
}
