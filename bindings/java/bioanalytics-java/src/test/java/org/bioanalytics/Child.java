// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;

/** What tests run in a Java of its own; what it prints is compared. */
public final class Child {
  private Child() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "score":
        System.out.println(score(arguments[1], arguments[2]));
        break;
      case "load":
        load();
        break;
      case "classes":
        for (String name : Arrays.copyOfRange(arguments, 1, arguments.length)) {
          Class.forName("org.bioanalytics." + name);
        }
        System.out.println("initialised");
        break;
      default:
        throw new IllegalArgumentException(arguments[0]);
    }
  }

  /** Also called in class loaders of their own. */
  public static String score(String model, String letters) {
    try (Context context = new Context(); Model loaded = Model.load(context, Path.of(model));
        Scorer scorer = new Scorer(context, loaded)) {
      return String.valueOf(scorer.scores(letters.getBytes(StandardCharsets.US_ASCII))[0]);
    }
  }

  /** Twice: the failure stays. */
  private static void load() {
    for (int i = 0; i < 2; i++) {
      try {
        Native.load();
        System.out.println("loaded");
      } catch (BioAnalyticsException error) {
        System.out.println(error.status() + " " + error.getMessage());
      }
    }
  }
}
