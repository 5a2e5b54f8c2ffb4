// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.sources.EqualTo;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.In;
import org.apache.spark.sql.sources.IsNotNull;
import org.apache.spark.sql.sources.StringStartsWith;
import org.apache.spark.unsafe.types.UTF8String;

/** The filters that are decided while a file is read: on names, and that a text is there, which is always so. */
final class NameFilter implements Serializable {
  private static final long serialVersionUID = 1;

  private static final Set<String> NEVER_NULL =
      Set.of(SequenceFormat.NAME, SequenceFormat.SEQUENCE, SequenceFormat.QUALITY);

  private final List<Filter> filters = new ArrayList<>();
  private transient List<Test> tests;

  private interface Test {
    boolean passes(UTF8String name);
  }

  /** Takes a filter; false when Spark has to look itself. */
  boolean take(Filter filter) {
    if (testOf(filter) == null) {
      return false;
    }
    filters.add(filter);
    return true;
  }

  Filter[] taken() {
    return filters.toArray(new Filter[0]);
  }

  /** Whether names have to be looked at. */
  boolean needsNames() {
    return filters.stream().anyMatch(filter -> !(filter instanceof IsNotNull));
  }

  boolean passes(UTF8String name) {
    if (tests == null) {
      tests = new ArrayList<>();
      filters.forEach(filter -> tests.add(testOf(filter)));
    }
    for (Test test : tests) {
      if (!test.passes(name)) {
        return false;
      }
    }
    return true;
  }

  private static Test testOf(Filter filter) {
    if (filter instanceof IsNotNull && NEVER_NULL.contains(((IsNotNull) filter).attribute())) {
      return name -> true;
    }
    if (filter instanceof EqualTo && ((EqualTo) filter).attribute().equals(SequenceFormat.NAME)) {
      return oneOf(((EqualTo) filter).value());
    }
    if (filter instanceof In && ((In) filter).attribute().equals(SequenceFormat.NAME)) {
      return oneOf(((In) filter).values());
    }
    if (filter instanceof StringStartsWith
        && ((StringStartsWith) filter).attribute().equals(SequenceFormat.NAME)) {
      UTF8String prefix = UTF8String.fromString(((StringStartsWith) filter).value());
      return name -> name.startsWith(prefix);
    }
    return null;
  }

  private static Test oneOf(Object... values) {
    UTF8String[] texts = Arrays.stream(values).filter(value -> value != null)
        .map(value -> UTF8String.fromString(value.toString())).toArray(UTF8String[]::new);
    return name -> Arrays.asList(texts).contains(name);
  }
}
