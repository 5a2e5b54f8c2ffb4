// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.bioanalytics.Context;
import org.bioanalytics.Extractor;

/**
 * The features of a recipe as sparse vectors, for learners of Spark ML. A model of the library needs no such column: it
 * computes its features on the way to the score, in a fraction of the time. A null sequence gives null.
 */
public final class SequenceVectorizer extends Transformer implements DefaultParamsWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final Param<String> recipe;
  private final IntParam length;
  private final Param<String> inputCol;
  private final Param<String> outputCol;

  public SequenceVectorizer() {
    this(Identifiable.randomUID("sequenceVectorizer"));
  }

  public SequenceVectorizer(String uid) {
    this.uid = uid;
    recipe = Columns.param(this, "recipe", "terms of features", "Kmer(k=4)");
    length = new IntParam(this, "length", "letters that terms by position cover, such as PositionKmer");
    inputCol = Columns.param(this, "inputCol", "column of sequences", "sequence");
    outputCol = Columns.param(this, "outputCol", "column of vectors to add", "features");
    setDefault(length, 0);
  }

  /** The name of each feature. */
  public String[] names() {
    try (Context context = new Context();
        Extractor extractor = Vectorize.fitted(context, getOrDefault(recipe), (Integer) getOrDefault(length))) {
      return extractor.names().toArray(new String[0]);
    }
  }

  @Override
  public StructType transformSchema(StructType schema) {
    Columns.require(schema, getOrDefault(inputCol), "a STRING or BINARY of letters", Columns::isText);
    return Columns.append(schema, new String[] {getOrDefault(outputCol)}, SQLDataTypes.VectorType());
  }

  @Override
  public Dataset<Row> transform(Dataset<?> data) {
    transformSchema(data.schema());
    Vectorize vectorize = new Vectorize(getOrDefault(recipe), (Integer) getOrDefault(length));
    return data.withColumn(getOrDefault(outputCol), functions.udf(vectorize, SQLDataTypes.VectorType())
        .apply(data.col(getOrDefault(inputCol)).cast("binary")));
  }

  @Override
  public SequenceVectorizer copy(ParamMap extra) {
    return defaultCopy(extra);
  }

  public static MLReader<SequenceVectorizer> read() {
    return new DefaultParamsReader<>();
  }

  public static SequenceVectorizer load(String path) {
    return read().load(path);
  }

  @Override
  public String uid() {
    return uid;
  }

  public Param<String> recipe() {
    return recipe;
  }

  public IntParam length() {
    return length;
  }

  public Param<String> inputCol() {
    return inputCol;
  }

  public Param<String> outputCol() {
    return outputCol;
  }

  public SequenceVectorizer setRecipe(String value) {
    set(recipe, value);
    return this;
  }

  public SequenceVectorizer setLength(int value) {
    set(length, value);
    return this;
  }

  public SequenceVectorizer setInputCol(String value) {
    set(inputCol, value);
    return this;
  }

  public SequenceVectorizer setOutputCol(String value) {
    set(outputCol, value);
    return this;
  }
}
