// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.TaskContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.util.TaskCompletionListener;

/**
 * What goes wrong on a cluster, in any task: every second one fails at first, when its work is done; some are slow, so
 * that Spark runs a copy beside them; and one, in a round of the training, takes its executor with it.
 */
public final class Faults implements SparkPlugin {
  private static final int IN_THE_ROUNDS = 8;
  private static final long SLOW_MS = 3000;

  @Override
  public DriverPlugin driverPlugin() {
    return null;
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new Tasks();
  }

  private static final class Tasks implements ExecutorPlugin {
    private final AtomicInteger firsts = new AtomicInteger();
    private Path killed;

    @Override
    public void init(PluginContext context, Map<String, String> settings) {
      killed = Path.of(context.conf().get("spark.test.killed"));
    }

    @Override
    public void onTaskStart() {
      TaskContext task = TaskContext.get();
      if (task.attemptNumber() > 0) {
        return;
      }
      if (task.stageId() >= IN_THE_ROUNDS && task.partitionId() == 0) {
        killOnce();
      }
      if (task.partitionId() % 2 == 1) {
        task.addTaskCompletionListener((TaskCompletionListener) ended -> {
          throw new IllegalStateException("on purpose");
        });
      } else if (task.partitionId() == 0 && firsts.incrementAndGet() % 4 == 0) {
        try {
          Thread.sleep(SLOW_MS);
        } catch (InterruptedException error) { // the copy was first
          Thread.currentThread().interrupt();
        }
      }
    }

    private void killOnce() {
      try {
        Files.createFile(killed);
        Runtime.getRuntime().halt(3);
      } catch (FileAlreadyExistsException done) {
        // by another
      } catch (IOException error) {
        throw new IllegalStateException(error);
      }
    }
  }
}
