// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.concurrent.ConcurrentHashMap;
import org.bioanalytics.Context;
import org.bioanalytics.Model;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.Scorer;

/**
 * The models of this process: one of each digest, however many tasks score with it, and freed with the last of them.
 * Each task has a scorer of its own, on a context of its own.
 */
public final class ModelRegistry {
  private static final ConcurrentHashMap<String, Shared> MODELS = new ConcurrentHashMap<>();

  private ModelRegistry() {}

  private static final class Shared {
    private final Context context;
    private final Model model;
    private int users;

    Shared(ModelBytes bytes, long limit) {
      context = new Context().memoryLimit(limit);
      try {
        model = Model.of(context, bytes);
      } catch (RuntimeException error) {
        context.close();
        throw error;
      }
    }

    private void close() {
      model.close();
      context.close();
    }
  }

  /** A scorer of the task of this thread. */
  static TaskScorer open(ModelReference reference) {
    NativeScope scope = NativeScope.open(reference.limit(), reference.peak());
    try {
      Shared shared = MODELS.compute(reference.digest(), (digest, found) -> {
        Shared one = found == null ? new Shared(reference.bytes(), reference.limit()) : found;
        one.users++;
        return one;
      });
      scope.keep(() -> letGo(reference.digest()));
      return new TaskScorer(scope, scope.keep(new Scorer(scope.context(), shared.model)), shared.model.outputs(),
          shared.model.probabilities());
    } catch (RuntimeException error) {
      scope.close();
      throw error;
    }
  }

  private static void letGo(String digest) {
    MODELS.computeIfPresent(digest, (key, shared) -> {
      if (--shared.users > 0) {
        return shared;
      }
      shared.close();
      return null;
    });
  }

  /** How many models are loaded. */
  public static int models() {
    return MODELS.size();
  }

  /** Bytes that the models, and the tasks that score with them, hold on the native side now. */
  public static long bytes() {
    long[] bytes = {NativeScope.openBytes()};
    // Inside of computeIfPresent a model cannot be closed meanwhile.
    for (String digest : MODELS.keySet()) {
      MODELS.computeIfPresent(digest, (key, shared) -> {
        bytes[0] += shared.context.memory();
        return shared;
      });
    }
    return bytes[0];
  }
}
