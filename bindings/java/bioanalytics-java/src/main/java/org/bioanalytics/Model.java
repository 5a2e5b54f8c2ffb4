// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** A trained model, immutable: any number of threads may score with it at once, each by a {@link Scorer} of its own. */
public final class Model extends Handle {
  private final transient String recipe;
  private final transient List<String> classes;
  private final transient List<String> inputs;
  private final transient int outputs;
  private final transient long width;
  private final transient boolean looksBack;

  Model(Context context, long pointer) {
    super(context, Resource.MODEL, pointer);
    recipe = Text.from(Calls.modelRecipe(pointer));
    List<String> names = new ArrayList<>();
    for (int i = 0; i < Calls.modelClasses(pointer); i++) {
      names.add(Text.from(Calls.modelClassName(pointer, i)));
    }
    classes = Collections.unmodifiableList(names);
    List<String> columns = new ArrayList<>();
    for (long i = 0; i < Calls.modelInputs(pointer); i++) {
      columns.add(Text.from(Calls.modelInputName(pointer, i)));
    }
    inputs = Collections.unmodifiableList(columns);
    outputs = Calls.modelOutputs(pointer);
    width = Calls.modelWidth(pointer);
    looksBack = Calls.modelLooksBack(pointer);
  }

  /** Reads a model file. */
  public static Model load(Context context, Path path) {
    byte[] name = Text.of(path);
    try {
      return new Model(context, Context.make(context, c -> Calls.modelLoadPath(c, name, null)));
    } catch (BioAnalyticsException error) {
      throw error.in(path.toString());
    }
  }

  /** The model of the bytes of a model file. */
  public static Model of(Context context, ModelBytes bytes) {
    byte[] checked = Objects.requireNonNull(bytes, "bytes").checked();
    return new Model(context, Context.make(context, c -> Calls.modelLoadBytes(c, checked, null)));
  }

  /** Writes the model file, whole or not at all. */
  public void save(Path path) {
    byte[] name = Text.of(path);
    long model = enter();
    try {
      Calls.modelSavePath(contextPointer(), model, name);
    } catch (BioAnalyticsException error) {
      throw error.in(path.toString());
    } finally {
      leave();
    }
  }

  /** The bytes of the model file. */
  public ModelBytes toBytes() {
    long model = enter();
    try {
      return ModelBytes.of(Calls.modelBytes(contextPointer(), model));
    } finally {
      leave();
    }
  }

  /** The model for other programs: "json", "c" or "onnx". */
  public byte[] export(String format) {
    byte[] options = Text.of("format=" + format, "format");
    long model = enter();
    try {
      return Calls.modelExport(contextPointer(), model, options);
    } finally {
      leave();
    }
  }

  /** What the model file says of itself, as JSON: recipe, classes, sizes, digest, training. */
  public String describe() {
    long model = enter();
    try {
      return Text.from(Calls.modelDescribe(contextPointer(), model));
    } finally {
      leave();
    }
  }

  /** Scores the golden inputs of the model at every level of this processor; fails when a bit differs. */
  public void selftest() {
    long model = enter();
    try {
      Calls.modelSelftest(contextPointer(), model);
    } finally {
      leave();
    }
  }

  public String recipe() {
    return recipe;
  }

  /** Names of the classes, in the order of probabilities; empty for a model of numbers. */
  public List<String> classes() {
    return classes;
  }

  /** Scores a sequence or row: 1 for two classes and for numbers, else one a class. */
  public int outputs() {
    return outputs;
  }

  /** Probabilities a sequence or row: one a class; 1, the number itself, of a model of numbers. */
  public int probabilities() {
    return Math.max(1, classes.size());
  }

  /** Columns of features; 0 for an ensemble. */
  public long width() {
    return width;
  }

  /** Columns of a table that the model reads; empty for a model of sequences. */
  public List<String> inputs() {
    return inputs;
  }

  /** Whether rows must come together and in order, as terms look at those before. */
  public boolean looksBack() {
    return looksBack;
  }

  /** The name of each feature. */
  public List<String> names() {
    long model = enter();
    try {
      List<String> found = new ArrayList<>();
      for (long column = 0; column < width; column++) {
        found.add(Text.from(Calls.modelColumnName(contextPointer(), model, column)));
      }
      return found;
    } finally {
      leave();
    }
  }

  /** The weight of each feature, of a linear model. */
  public double[] weights(int output) {
    double[] weights = new double[Math.toIntExact(width)];
    intercept(output, weights);
    return weights;
  }

  /** What is added to the weighted sum. */
  public double intercept(int output) {
    return intercept(output, null);
  }

  private double intercept(int output, double[] weights) {
    long model = enter();
    try {
      return Calls.modelWeights(contextPointer(), model, output, weights);
    } finally {
      leave();
    }
  }

  /** What a class's probability must reach to be in a set that has the true class with this chance; NaN without. */
  public double conformalThreshold(double coverage) {
    long model = hold();
    try {
      return Calls.modelConformalThreshold(model, coverage);
    } finally {
      letGo();
    }
  }
}
