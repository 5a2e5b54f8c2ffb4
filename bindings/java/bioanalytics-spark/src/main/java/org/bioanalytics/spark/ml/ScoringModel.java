// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.apache.spark.ml.Model;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.bioanalytics.Context;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.spark.ModelReference;

/**
 * A model of the library as a stage of Spark ML. Of a model of classes it adds {@link #rawPredictionCol}, the margins
 * (of two classes the negative and the positive one); {@link #probabilityCol}, one a class; and {@link #predictionCol},
 * the most probable class: its name if all names are numbers, else its index in {@link #classes}. Of a model of numbers
 * it adds the number as {@link #predictionCol}. A column whose name is "" is left out; a null sequence gives nulls.
 */
abstract class ScoringModel<M extends ScoringModel<M>> extends Model<M> implements MLWritable {
  private static final long serialVersionUID = 1;

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> rawPredictionCol;
  private final Param<String> probabilityCol;
  private final Param<String> predictionCol;
  private ModelBytes bytes;
  private ArrayList<String> classes;

  ScoringModel(String uid) {
    this.uid = uid;
    inputCol = Columns.param(this, "inputCol", "column of sequences", "sequence");
    rawPredictionCol =
        Columns.param(this, "rawPredictionCol", "column to add, of margins, one a class", "rawPrediction");
    probabilityCol =
        Columns.param(this, "probabilityCol", "column to add, of probabilities, one a class", "probability");
    predictionCol = Columns.param(this, "predictionCol", "column to add, of the class or the number", "prediction");
  }

  final void setBytes(ModelBytes given) {
    try (Context context = new Context();
        org.bioanalytics.Model model = org.bioanalytics.Model.of(context, given)) {
      if (!model.inputs().isEmpty()) {
        throw new IllegalArgumentException(
            "the model reads the columns " + model.inputs() + " of a table: expected a model of sequences");
      }
      classes = new ArrayList<>(model.classes());
    }
    bytes = given;
  }

  /** The bytes of the library's model file. */
  public ModelBytes bytes() {
    if (bytes == null) {
      throw new IllegalStateException(uid + " has no model");
    }
    return bytes;
  }

  /** Names of the classes, in the order of probabilities; empty for a model of numbers. */
  public List<String> classes() {
    bytes();
    return Collections.unmodifiableList(classes);
  }

  @Override
  public String uid() {
    return uid;
  }

  public Param<String> inputCol() {
    return inputCol;
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

  public M setInputCol(String value) {
    return with(inputCol, value);
  }

  public M setRawPredictionCol(String value) {
    return with(rawPredictionCol, value);
  }

  public M setProbabilityCol(String value) {
    return with(probabilityCol, value);
  }

  public M setPredictionCol(String value) {
    return with(predictionCol, value);
  }

  @SuppressWarnings("unchecked")
  private M with(Param<String> param, String value) {
    set(param, value);
    return (M) this;
  }

  @Override
  public MLWriter write() {
    return new ModelFileWriter(this);
  }

  /** What is added, in this order; "" for what is not. */
  private String[] added() {
    String prediction = getOrDefault(predictionCol);
    return classes().isEmpty() ? new String[] {"", "", prediction}
        : new String[] {getOrDefault(rawPredictionCol), getOrDefault(probabilityCol), prediction};
  }

  @Override
  public StructType transformSchema(StructType schema) {
    Columns.require(schema, getOrDefault(inputCol), "a STRING or BINARY of letters", Columns::isText);
    return Columns.append(schema, added(),
        SQLDataTypes.VectorType(), SQLDataTypes.VectorType(), DataTypes.DoubleType);
  }

  @Override
  public Dataset<Row> transform(Dataset<?> data) {
    transformSchema(data.schema());
    String[] names = added();
    ModelReference model = ModelReference.of(data.sparkSession(), uid, bytes(), 0);
    Column all = functions.udf(new Predict(model, !names[0].isEmpty(), !names[1].isEmpty()), Predict.TYPE)
        .apply(data.col(getOrDefault(inputCol)).cast("binary"));
    // Through a column of its own, so that each sequence is scored once.
    String whole = uid + "_all";
    Dataset<Row> result = data.withColumn(whole, all);
    for (int i = 0; i < names.length; i++) {
      if (!names[i].isEmpty()) {
        result = result.withColumn(names[i], functions.col(whole).getField(Predict.TYPE.fieldNames()[i]));
      }
    }
    return result.drop(whole);
  }
}
