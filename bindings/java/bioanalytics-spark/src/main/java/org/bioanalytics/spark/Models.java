// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.Serializable;
import java.util.Locale;
import java.util.TreeMap;
import org.apache.spark.unsafe.types.UTF8String;

/** The models that are known by name, case aside; of one whose file could not be read, why. */
final class Models implements Serializable {
  private static final long serialVersionUID = 1;

  private final TreeMap<String, ModelReference> models = new TreeMap<>();
  private final TreeMap<String, String> paths = new TreeMap<>();
  private final TreeMap<String, String> failures = new TreeMap<>();
  private final long limit;
  private transient UTF8String lastName;
  private transient ModelReference last;

  /** The native side may hold `limit` bytes of each. */
  Models(long limit) {
    this.limit = limit;
  }

  void add(ModelReference model, String path) {
    String key = model.name().toLowerCase(Locale.ROOT);
    models.put(key, model);
    paths.put(key, path);
  }

  /** Takes a model over from those of before, which may be null, if they have it from there; true when they did. */
  boolean take(Models before, String name, String path) {
    String key = name.toLowerCase(Locale.ROOT);
    if (before == null || before.limit != limit || !path.equals(before.paths.get(key))) {
      return false;
    }
    add(before.models.get(key), path);
    return true;
  }

  void addFailure(String name, String message) {
    failures.put(name.toLowerCase(Locale.ROOT), message);
  }

  /** A name is most often that of the row before. */
  synchronized ModelReference named(UTF8String name) {
    if (!name.equals(lastName)) {
      last = named(name.toString());
      lastName = name.clone();
    }
    return last;
  }

  ModelReference named(String name) {
    String key = name.toLowerCase(Locale.ROOT);
    ModelReference found = models.get(key);
    if (found == null) {
      String why = failures.get(key);
      throw new IllegalArgumentException(why != null ? why : "there is no model " + name + ": expected one of "
          + models.keySet());
    }
    return found;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Models && models.equals(((Models) other).models)
        && failures.equals(((Models) other).failures);
  }

  @Override
  public int hashCode() {
    return models.hashCode();
  }
}
