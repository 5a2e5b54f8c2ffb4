// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.evaluation.BinaryClassificationEvaluator;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import org.bioanalytics.Context;
import org.bioanalytics.Csr;
import org.bioanalytics.Extractor;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.Records;
import org.bioanalytics.spark.Local;
import org.bioanalytics.spark.Reads;
import org.bioanalytics.spark.Session;
import org.junit.jupiter.api.Test;

class StagesTest {
  private static final List<String> READS = Reads.odd(10_000, 200, 17);

  private static Dataset<Row> reads() {
    return Session.view("stages", READS, 4).withColumnRenamed("seq", "sequence");
  }

  private static Dataset<Row> labelled() {
    return Session.view("labelled", Reads.planted(1500, 60, 23), 3)
        .selectExpr("id", "seq AS sequence", "cast(id % 2 AS double) AS label");
  }

  private static void check(Dataset<Row> found, ModelBytes model) {
    int classes = model.equals(Session.THREE) ? 3 : 2;
    double[] scores = Local.scores(model, READS);
    double[] probabilities = Local.probabilities(model, READS);
    List<Row> rows = found.orderBy("id").select("rawPrediction", "probability", "prediction").collectAsList();
    assertEquals(READS.size(), rows.size());
    for (int i = 0; i < rows.size(); i++) {
      double[] expected = Arrays.copyOfRange(probabilities, classes * i, classes * (i + 1));
      double[] raw = classes == 2 ? new double[] {-scores[i], scores[i]} : Arrays.copyOfRange(scores, 3 * i, 3 * i + 3);
      assertArrayEquals(raw, ((Vector) rows.get(i).get(0)).toArray(), 0.0);
      assertArrayEquals(expected, ((Vector) rows.get(i).get(1)).toArray(), 0.0);
      int best = 0;
      for (int c = 1; c < classes; c++) {
        best = expected[c] > expected[best] ? c : best;
      }
      assertEquals(best, rows.get(i).getDouble(2));
    }
  }

  @Test
  void aModelFileIsAStage() throws Exception {
    Path folder = Files.createTempDirectory("stages");
    for (ModelBytes model : List.of(Session.BINARY, Session.THREE)) {
      Path file = Files.write(folder.resolve("model.ba"), model.bytes());
      ModelTransformer stage = ModelTransformer.ofFile(file.toUri().toString());
      assertEquals(model, stage.bytes());
      check(stage.transform(reads()), model);
    }
    assertEquals(List.of("other", "promoter"), ModelTransformer.of(Session.BINARY).classes());
    assertEquals(List.of("0", "1", "2"), ModelTransformer.of(Session.THREE).classes());
  }

  @Test
  void numbersAreThePrediction() {
    List<String> reads = Reads.planted(500, 50, 9);
    List<String> numbers = new ArrayList<>();
    for (int i = 0; i < reads.size(); i++) {
      numbers.add(String.valueOf(i % 2 + 0.25));
    }
    ModelBytes model = Local.train("Kmer(k=3) | Linear(l2=1e-2)", reads, numbers, null);
    Dataset<Row> found = ModelTransformer.of(model).transform(reads()).orderBy("id");
    assertArrayEquals(new String[] {"id", "sequence", "prediction"}, found.columns());
    double[] expected = Local.scores(model, READS);
    assertArrayEquals(expected, found.collectAsList().stream().mapToDouble(row -> row.getDouble(2)).toArray(), 0.0);
  }

  @Test
  void columnsAreNamedOrLeftOutAndNullGivesNull() {
    ModelTransformer stage = ModelTransformer.of(Session.BINARY).setInputCol("seq").setRawPredictionCol("")
        .setProbabilityCol("p").setPredictionCol("");
    Dataset<Row> data = Session.SPARK.sql("SELECT cast(null AS string) AS seq UNION ALL SELECT 'ACGT'");
    Dataset<Row> found = stage.transform(data);
    assertArrayEquals(new String[] {"seq", "p"}, found.columns());
    assertEquals(found.schema(), stage.transformSchema(data.schema()));
    List<Row> rows = found.orderBy("seq").collectAsList();
    assertNull(rows.get(0).get(1));
    assertArrayEquals(Local.probabilities(Session.BINARY, List.of("ACGT")), ((Vector) rows.get(1).get(1)).toArray(), 0);
    Exception error = assertThrows(Exception.class, () -> stage.setInputCol("other").transform(data));
    assertTrue(error.getMessage().contains("there is no column other"), error.getMessage());
  }

  @Test
  void savedStagesHoldTheLibrarysOwnFile() throws Exception {
    String folder = Files.createTempDirectory("saved").toString();
    SequenceClassifier classifier = new SequenceClassifier().setRecipe("Kmer(k=3) | Logistic(l2=1e-2)")
        .setRowIdCol("id").setSeed(7).setNumPartitions(2).setReproducible(true);
    classifier.save(folder + "/estimator");
    SequenceClassifier loaded = SequenceClassifier.load(folder + "/estimator");
    assertEquals(classifier.explainParams(), loaded.explainParams());
    PipelineModel fitted = new Pipeline().setStages(new PipelineStage[] {classifier}).fit(labelled());
    fitted.write().overwrite().save(folder + "/pipeline");
    fitted.write().overwrite().save(folder + "/pipeline");
    SequenceClassifierModel model = (SequenceClassifierModel) fitted.stages()[0];
    assertEquals(model.bytes(), loaded.fit(labelled()).bytes());
    List<Path> files;
    try (java.util.stream.Stream<Path> all = Files.walk(Path.of(folder, "pipeline"))) {
      files = all.filter(path -> path.endsWith("model.ba")).collect(java.util.stream.Collectors.toList());
    }
    assertEquals(model.bytes(), ModelBytes.of(Files.readAllBytes(files.get(0))));
    PipelineModel again = PipelineModel.load(folder + "/pipeline");
    assertEquals(model.bytes(), ((SequenceClassifierModel) again.stages()[0]).bytes());
    assertEquals(model.explainParams(), again.stages()[0].explainParams());
    assertEquals(fitted.transform(labelled()).orderBy("id").collectAsList(),
        again.transform(labelled()).orderBy("id").collectAsList());
    ModelTransformer stage = ModelTransformer.of(Session.THREE).setProbabilityCol("p");
    stage.save(folder + "/stage");
    assertEquals(Session.THREE, ModelTransformer.load(folder + "/stage").bytes());
    assertEquals("p", ModelTransformer.load(folder + "/stage").getOrDefault(stage.probabilityCol()));
  }

  @Test
  void crossValidationChoosesARecipe() {
    SequenceClassifier classifier = new SequenceClassifier().setRowIdCol("id").setNumPartitions(1);
    ParamMap[] grid = {
        new ParamMap().put(classifier.recipe(), "Kmer(k=1) | Logistic(l2=1)"),
        new ParamMap().put(classifier.recipe(), "Kmer(k=4) | Logistic(l2=1e-3)")};
    CrossValidatorModel chosen = new CrossValidator().setEstimator(classifier).setEstimatorParamMaps(grid)
        .setEvaluator(new BinaryClassificationEvaluator()).setNumFolds(2).setSeed(1).fit(labelled());
    assertTrue(chosen.avgMetrics()[1] > 0.8 && chosen.avgMetrics()[1] > chosen.avgMetrics()[0] + 0.1,
        Arrays.toString(chosen.avgMetrics()));
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < 1500; i++) {
      labels.add(String.valueOf(i % 2));
    }
    assertEquals(Local.train("Kmer(k=4) | Logistic(l2=1e-3)", Reads.planted(1500, 60, 23), labels, null),
        ((SequenceClassifierModel) chosen.bestModel()).bytes());
  }

  @Test
  void vectorsAreThoseOfTheExtractor() {
    String recipe = "Kmer(k=3) + PositionKmer(k=1, anchor=start) + Length()";
    SequenceVectorizer stage = new SequenceVectorizer().setRecipe(recipe).setLength(200);
    List<Row> rows = stage.transform(reads()).orderBy("id").collectAsList();
    try (Context context = new Context();
        Extractor extractor = new Extractor(context, recipe);
        Records fitting = Records.of(context, List.of("A".repeat(200))); Records records = Records.of(context, READS)) {
      extractor.fit(fitting);
      assertArrayEquals(extractor.names().toArray(), stage.names());
      Csr expected = extractor.csr(records);
      for (int i = 0; i < rows.size(); i++) {
        org.apache.spark.ml.linalg.SparseVector vector = ((Vector) rows.get(i).get(2)).toSparse();
        int from = (int) expected.starts()[i];
        int to = (int) expected.starts()[i + 1];
        assertEquals(extractor.width(), vector.size());
        assertArrayEquals(Arrays.copyOfRange(expected.columns(), from, to), vector.indices());
        assertArrayEquals(Arrays.copyOfRange(expected.values(), from, to), vector.values(), 0.0);
      }
    }
    Exception error = assertThrows(Exception.class,
        () -> new SequenceVectorizer().setRecipe("PositionKmer(k=1)").transform(reads()));
    assertTrue(error.getMessage().contains("expected a length of 1 or more"), error.getMessage());
  }

  @Test
  void vectorsFeedSparksOwnLearners() throws Exception {
    SequenceVectorizer stage = new SequenceVectorizer().setRecipe("Kmer(k=4)");
    PipelineModel model = new Pipeline().setStages(
        new PipelineStage[] {stage, new LogisticRegression().setMaxIter(20).setRegParam(1e-3)}).fit(labelled());
    double auc = new BinaryClassificationEvaluator().evaluate(model.transform(labelled()));
    assertTrue(auc > 0.9, "AUROC " + auc);
    String folder = Files.createTempDirectory("vectorizer").toString();
    stage.save(folder + "/stage");
    assertEquals(stage.explainParams(), SequenceVectorizer.load(folder + "/stage").explainParams());
    assertEquals(1500, SequenceVectorizer.load(folder + "/stage").transform(labelled())
        .where(functions.col("features").isNotNull()).count());
  }
}
