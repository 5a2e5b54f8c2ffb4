// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.bioanalytics.ModelBytes;
import org.bioanalytics.spark.Local;
import org.bioanalytics.spark.Reads;
import org.bioanalytics.spark.Session;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Stages that Spark 3.5.6 and 4.0.1 have saved, read by the Spark that runs: the estimator, and a pipeline of a
 * SequenceVectorizer and the SequenceClassifierModel that was learnt.
 */
class GoldenTest {
  private static final List<String> READS = Reads.odd(500, 80, 29);

  private static Path modelFile(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      List<Path> found = files.filter(path -> path.endsWith("model.ba")).collect(Collectors.toList());
      assertEquals(1, found.size());
      return found.get(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"3.5.6", "4.0.1"})
  void stagesOfBothLinesOfSparkLoad(String version) throws IOException {
    Path folder = Path.of(System.getProperty("test.golden"), "spark-" + version);
    SequenceClassifier estimator = SequenceClassifier.load(folder.resolve("estimator").toUri().toString());
    assertEquals("Kmer(k=3) | Logistic(l2=1e-2)", estimator.getOrDefault(estimator.recipe()));
    assertEquals(9L, estimator.getOrDefault(estimator.seed()));
    assertEquals("id", estimator.getOrDefault(estimator.rowIdCol()));
    assertTrue((Boolean) estimator.getOrDefault(estimator.reproducible()));

    PipelineModel pipeline = PipelineModel.load(folder.resolve("pipeline").toUri().toString());
    SequenceClassifierModel model = (SequenceClassifierModel) pipeline.stages()[1];
    ModelBytes file = ModelBytes.of(Files.readAllBytes(modelFile(folder)));
    assertEquals(file, model.bytes());
    assertEquals(List.of("no", "yes"), model.classes());

    double[] scores = Local.scores(file, READS);
    List<Row> rows = pipeline.transform(Session.view("golden", READS, 2).withColumnRenamed("seq", "sequence"))
        .orderBy("id").select("words", "rawPrediction", "p").collectAsList();
    for (int i = 0; i < READS.size(); i++) {
      assertEquals(16, ((Vector) rows.get(i).get(0)).size());
      assertArrayEquals(new double[] {-scores[i], scores[i]}, ((Vector) rows.get(i).get(1)).toArray(), 0.0);
      assertEquals(2, ((Vector) rows.get(i).get(2)).size());
    }
  }
}
