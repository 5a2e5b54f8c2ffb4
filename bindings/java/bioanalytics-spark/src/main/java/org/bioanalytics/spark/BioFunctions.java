// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;

/**
 * The functions of {@link BioCatalog} by plain names, for where a catalog cannot be set up: {@code bio_score(name,
 * seq)}, {@code bio_probabilities(name, seq)}, {@code bio_kmers(seq, k)}, {@code bio_gc(seq)}, {@code
 * bio_revcomp(seq)}. Spark makes a String of each sequence for them, so the catalog's are faster.
 */
public final class BioFunctions {
  private BioFunctions() {}

  /** Registers them with the models of {@code spark.sql.catalog.bio.models.NAME}. */
  public static void register(SparkSession session) {
    register(session, ModelFiles.load(session, ModelFiles.settings(session, "bio"), null));
  }

  /** Registers them with these models, paths by name. */
  public static void register(SparkSession session, Map<String, String> paths) {
    Map<String, String> options = new LinkedHashMap<>();
    paths.forEach((name, path) -> options.put(ModelFiles.MODELS + name, path));
    register(session, ModelFiles.load(session, options, null));
  }

  private static void register(SparkSession session, Models models) {
    ScoreFunction score = new ScoreFunction(models);
    session.udf().register("bio_gc", (UDF1<String, Double>) sequence -> GcFunction.invoke(text(sequence)),
        DataTypes.DoubleType);
    session.udf().register("bio_revcomp", (UDF1<String, String>) sequence -> {
      UTF8String other = RevCompFunction.invoke(text(sequence));
      return other == null ? null : other.toString();
    }, DataTypes.StringType);
    session.udf().register("bio_kmers", (UDF2<String, Integer, Map<String, Integer>>) BioFunctions::kmers,
        DataTypes.createMapType(DataTypes.StringType, DataTypes.IntegerType, false));
    session.udf().register("bio_score",
        (UDF2<String, String, Double>) (name, sequence) -> score.invoke(text(name), text(sequence)),
        DataTypes.DoubleType);
    session.udf().register("bio_probabilities",
        (UDF2<String, String, double[]>) (name, sequence) -> name == null || sequence == null
            ? null : models.named(name).scorer().probabilities(text(sequence)),
        DataTypes.createArrayType(DataTypes.DoubleType, false));
  }

  private static UTF8String text(String text) {
    return UTF8String.fromString(text);
  }

  private static Map<String, Integer> kmers(String sequence, Integer k) {
    if (sequence == null || k == null) {
      return null;
    }
    Map<String, Integer> counts = new LinkedHashMap<>();
    byte[] letters = text(sequence).getBytes();
    for (long code : Letters.words(letters, 0, letters.length, k)) {
      counts.merge(Letters.word(code, k).toString(), 1, Integer::sum);
    }
    return counts;
  }
}
