// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.io.Serializable;
import java.util.Collection;
import java.util.Locale;
import java.util.TreeMap;
import org.apache.spark.unsafe.types.UTF8String;

/** The models that are known by name, case aside; of one whose file could not be read, why. */
final class Models implements Serializable {
  private static final long serialVersionUID = 1;

  private final TreeMap<String, ModelReference> models = new TreeMap<>();
  private final TreeMap<String, String> failures = new TreeMap<>();
  private transient UTF8String lastName;
  private transient ModelReference last;

  void add(ModelReference model) {
    models.put(model.name().toLowerCase(Locale.ROOT), model);
  }

  void addFailure(String name, String message) {
    failures.put(name.toLowerCase(Locale.ROOT), message);
  }

  Collection<ModelReference> all() {
    return models.values();
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
