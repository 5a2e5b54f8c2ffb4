// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.BooleanParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.bioanalytics.ModelBytes;

/**
 * Learns a linear model of classes by a recipe of the library, over rows that stay where they are. With
 * {@link #rowIdCol} the model has the bytes of a training on one machine over the rows in the order of their ids, for
 * any partitions and any order of the input; {@link #reproducible} insists on that.
 */
public final class SequenceClassifier extends Estimator<SequenceClassifierModel> implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final Param<String> recipe;
  private final Param<String> inputCol;
  private final Param<String> labelCol;
  private final Param<String> weightCol;
  private final Param<String> rowIdCol;
  private final Param<String> rawPredictionCol;
  private final Param<String> probabilityCol;
  private final Param<String> predictionCol;
  private final BooleanParam reproducible;
  private final LongParam seed;
  private final IntParam numPartitions;
  private final LongParam memory;
  private final LongParam cacheMemory;
  private final Param<String> checkpointFile;
  private final IntParam checkpointInterval;

  public SequenceClassifier() {
    this(Identifiable.randomUID("sequenceClassifier"));
  }

  public SequenceClassifier(String uid) {
    this.uid = uid;
    recipe = Columns.param(this, "recipe", "features and a linear model of solver=lbfgs", "@motif | Logistic()");
    inputCol = Columns.param(this, "inputCol", "column of sequences", "sequence");
    labelCol = Columns.param(this, "labelCol", "column of classes, texts or numbers", "label");
    weightCol = Columns.param(this, "weightCol", "column of weights; \"\" for 1", "");
    rowIdCol = Columns.param(this, "rowIdCol", "column of what gives rows their order; \"\" for none", "");
    rawPredictionCol = Columns.param(this, "rawPredictionCol", "of the model: column of margins", "rawPrediction");
    probabilityCol = Columns.param(this, "probabilityCol", "of the model: column of probabilities", "probability");
    predictionCol = Columns.param(this, "predictionCol", "of the model: column of classes", "prediction");
    reproducible = new BooleanParam(this, "reproducible", "refuse rows without an id, and two of one id");
    seed = new LongParam(this, "seed", "of the inputs that a model file checks itself by");
    numPartitions = new IntParam(this, "numPartitions", "tasks in a round; 0 for Spark's default parallelism");
    memory = new LongParam(this, "memory", "most bytes on the native side of a task; 0 for no limit");
    cacheMemory = new LongParam(
        this, "cacheMemory", "most bytes of counts that Spark stores in all; -1 for half of what it has room for");
    checkpointFile =
        Columns.param(this, "checkpointFile", "where to store the run, and go on from; \"\" for nowhere", "");
    checkpointInterval = new IntParam(this, "checkpointInterval", "rounds from one checkpoint to the next");
    setDefault(reproducible, false);
    setDefault(seed, 1L);
    setDefault(numPartitions, 0);
    setDefault(memory, 0L);
    setDefault(cacheMemory, -1L);
    setDefault(checkpointInterval, 10);
  }

  @Override
  public SequenceClassifierModel fit(Dataset<?> data) {
    transformSchema(data.schema());
    SparkSession session = data.sparkSession();
    int partitions = (Integer) getOrDefault(numPartitions);
    JavaRDD<Block> blocks = Packing.blocks(data, getOrDefault(inputCol), getOrDefault(labelCol),
        getOrDefault(weightCol), getOrDefault(rowIdCol), (Boolean) getOrDefault(reproducible),
        partitions > 0 ? partitions : session.sparkContext().defaultParallelism());
    Training training = new Training(session, getOrDefault(recipe), "seed=" + getOrDefault(seed),
        (Long) getOrDefault(memory), (Long) getOrDefault(cacheMemory), getOrDefault(checkpointFile),
        (Integer) getOrDefault(checkpointInterval));
    blocks.persist(StorageLevel.MEMORY_AND_DISK());
    try {
      ModelBytes bytes = training.run(blocks);
      return copyValues(SequenceClassifierModel.of(uid, bytes), extractParamMap()).setParent(this);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    } finally {
      blocks.unpersist(false);
    }
  }

  @Override
  public StructType transformSchema(StructType schema) {
    Columns.require(schema, getOrDefault(inputCol), "a STRING or BINARY of letters", Columns::isText);
    Columns.require(schema, getOrDefault(labelCol), "a STRING or a number",
        type -> type instanceof StringType || type instanceof NumericType);
    if (!getOrDefault(weightCol).isEmpty()) {
      Columns.require(schema, getOrDefault(weightCol), "a number", type -> type instanceof NumericType);
    }
    if (!getOrDefault(rowIdCol).isEmpty()) {
      Columns.require(schema, getOrDefault(rowIdCol), "any type", type -> true);
    } else if ((Boolean) getOrDefault(reproducible)) {
      throw new IllegalArgumentException("reproducible without rowIdCol: expected a column that orders the rows");
    }
    return Columns.append(schema,
        new String[] {getOrDefault(rawPredictionCol), getOrDefault(probabilityCol), getOrDefault(predictionCol)},
        SQLDataTypes.VectorType(), SQLDataTypes.VectorType(), DataTypes.DoubleType);
  }

  @Override
  public SequenceClassifier copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  public static MLReader<SequenceClassifier> read() {
    return new DefaultParamsReader<>();
  }

  public static SequenceClassifier load(String path) {
    return read().load(path);
  }

  @Override
  public String uid() {
    return uid;
  }

  public Param<String> recipe() {
    return recipe;
  }

  public Param<String> inputCol() {
    return inputCol;
  }

  public Param<String> labelCol() {
    return labelCol;
  }

  public Param<String> weightCol() {
    return weightCol;
  }

  public Param<String> rowIdCol() {
    return rowIdCol;
  }

  public Param<String> rawPredictionCol() {
    return rawPredictionCol;
  }

  public Param<String> probabilityCol() {
    return probabilityCol;
  }

  public Param<String> predictionCol() {
    return predictionCol;
  }

  public BooleanParam reproducible() {
    return reproducible;
  }

  public LongParam seed() {
    return seed;
  }

  public IntParam numPartitions() {
    return numPartitions;
  }

  public LongParam memory() {
    return memory;
  }

  public LongParam cacheMemory() {
    return cacheMemory;
  }

  public Param<String> checkpointFile() {
    return checkpointFile;
  }

  public IntParam checkpointInterval() {
    return checkpointInterval;
  }

  public SequenceClassifier setRecipe(String value) {
    set(recipe, value);
    return this;
  }

  public SequenceClassifier setInputCol(String value) {
    set(inputCol, value);
    return this;
  }

  public SequenceClassifier setLabelCol(String value) {
    set(labelCol, value);
    return this;
  }

  public SequenceClassifier setWeightCol(String value) {
    set(weightCol, value);
    return this;
  }

  public SequenceClassifier setRowIdCol(String value) {
    set(rowIdCol, value);
    return this;
  }

  public SequenceClassifier setRawPredictionCol(String value) {
    set(rawPredictionCol, value);
    return this;
  }

  public SequenceClassifier setProbabilityCol(String value) {
    set(probabilityCol, value);
    return this;
  }

  public SequenceClassifier setPredictionCol(String value) {
    set(predictionCol, value);
    return this;
  }

  public SequenceClassifier setReproducible(boolean value) {
    set(reproducible, value);
    return this;
  }

  public SequenceClassifier setSeed(long value) {
    set(seed, value);
    return this;
  }

  public SequenceClassifier setNumPartitions(int value) {
    set(numPartitions, value);
    return this;
  }

  public SequenceClassifier setMemory(long value) {
    set(memory, value);
    return this;
  }

  public SequenceClassifier setCacheMemory(long value) {
    set(cacheMemory, value);
    return this;
  }

  public SequenceClassifier setCheckpointFile(String value) {
    set(checkpointFile, value);
    return this;
  }

  public SequenceClassifier setCheckpointInterval(int value) {
    set(checkpointInterval, value);
    return this;
  }
}
