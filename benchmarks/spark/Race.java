// SPDX-License-Identifier: MIT
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.classification.LogisticRegression;
import org.apache.spark.ml.classification.LogisticRegressionModel;
import org.apache.spark.ml.feature.HashingTF;
import org.apache.spark.ml.feature.NGram;
import org.apache.spark.ml.feature.RegexTokenizer;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;
import org.bioanalytics.Context;
import org.bioanalytics.Dataset;
import org.bioanalytics.Model;
import org.bioanalytics.Records;
import org.bioanalytics.Trainer;
import org.bioanalytics.spark.BioCatalog;
import org.bioanalytics.spark.ml.SequenceClassifier;
import org.bioanalytics.spark.ml.SequenceVectorizer;

/**
 * Scoring and training on Spark, in turns with what a user would write without the library. CPU seconds of the whole
 * process, the least of the rounds. Argument: a folder for the reads, which are kept, and the models.
 */
public final class Race {
  private static final int ROWS = 1_000_000;
  private static final int FEW = 20_000; // for MLlib, whose pipeline takes as long for these
  private static final int LENGTH = 200;
  private static final int ROUNDS = Integer.getInteger("rounds", 7);
  private static final String K6 = "Kmer(k=6, value=freq, norm=none) | Logistic(l2=1e-6)";
  private static final String MOTIF = "@motif | Logistic(l2=1e-4)";
  private static final String GRADIENT = "Kmer(k=5) | Logistic(l2=1e-6, tol=0, max_iter=%d)";

  private Race() {}

  private static double cpu() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime() / 1e9;
  }

  private static String read(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    byte[] letters = new byte[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      letters[i] = (byte) "ACGT".charAt(random.nextInt(4));
    }
    if (seed % 2 == 1) {
      System.arraycopy("TATAAAAG".getBytes(StandardCharsets.US_ASCII), 0, letters, random.nextInt(LENGTH - 8), 8);
    }
    return new String(letters, StandardCharsets.US_ASCII);
  }

  private static Model train(Context context, String recipe) {
    List<String> reads = new ArrayList<>();
    List<String> labels = new ArrayList<>();
    for (long i = 0; i < 2000; i++) {
      reads.add(read(1_000_000_000L + i));
      labels.add(String.valueOf(i % 2));
    }
    try (Records records = Records.of(context, reads); Dataset rows = new Dataset(context).add(records, labels);
        Trainer trainer = new Trainer(recipe, rows, null)) {
      return trainer.run().finish();
    }
  }

  private static void models(Path folder) throws Exception {
    try (Context context = new Context(); Model k6 = train(context, K6); Model motif = train(context, MOTIF)) {
      k6.save(folder.resolve("k6.ba"));
      motif.save(folder.resolve("motif.ba"));
      Peers.K6.weights = k6.weights(0);
      Peers.K6.intercept = k6.intercept(0);
      Peers.Motif.weights = new double[Peers.Motif.MOST + 1][];
      Peers.Motif.intercept = motif.intercept(0);
      double[] weights = motif.weights(0);
      List<String> names = motif.names();
      for (int k = Peers.Motif.LEAST; k <= Peers.Motif.MOST; k++) {
        Peers.Motif.weights[k] = new double[1 << 2 * k];
      }
      for (int i = 0; i < weights.length; i++) {
        String word = names.get(i).substring(names.get(i).indexOf('_') + 1);
        int forward = 0;
        int reverse = 0;
        for (int j = 0; j < word.length(); j++) {
          int letter = Peers.CODES[word.charAt(j)];
          forward = forward << 2 | letter;
          reverse |= (3 - letter) << 2 * j;
        }
        Peers.Motif.weights[word.length()][Math.min(forward, reverse)] = weights[i];
      }
    }
  }

  private static SparkSession session(Path folder) {
    return SparkSession.builder().master("local[2]").config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.catalog.bio", BioCatalog.class.getName())
        .config("spark.sql.catalog.bio.models.k6", folder.resolve("k6.ba").toUri().toString())
        .config("spark.sql.catalog.bio.models.motif", folder.resolve("motif.ba").toUri().toString())
        .config("spark.sql.catalog.peer", Peers.class.getName()).getOrCreate();
  }

  private static double number(SparkSession spark, String query) {
    return ((Number) spark.sql(query).first().get(0)).doubleValue();
  }

  /** The least CPU seconds of each, in turns; all must give about the same number, unless it is NaN. */
  private static Map<String, Double> race(Map<String, DoubleSupplier> runs, int warm) {
    Map<String, Double> least = new LinkedHashMap<>();
    double expected = Double.NaN;
    for (int round = 0; round < warm + ROUNDS; round++) {
      for (Map.Entry<String, DoubleSupplier> run : runs.entrySet()) {
        double start = cpu();
        double got = run.getValue().getAsDouble();
        double taken = cpu() - start;
        if (!Double.isNaN(got)) {
          expected = Double.isNaN(expected) ? got : expected;
          if (Math.abs(got - expected) > 1e-5 * Math.abs(expected)) {
            throw new IllegalStateException(run.getKey() + " gives " + got + ", not " + expected);
          }
        }
        if (round >= warm) {
          least.merge(run.getKey(), taken, Math::min);
        }
      }
    }
    return least;
  }

  private static void say(String name, double value) {
    System.out.printf("%s %.3g%n", name, value);
  }

  private static void scores(SparkSession spark) {
    Map<String, DoubleSupplier> runs = new LinkedHashMap<>();
    runs.put("ours", () -> number(spark, "SELECT sum(bio.models.k6(seq)) FROM reads"));
    runs.put("udf", () -> number(spark, "SELECT sum(udf_k6(seq)) FROM reads"));
    runs.put("v2", () -> number(spark, "SELECT sum(peer.k6(seq)) FROM reads"));
    runs.put("scan", () -> number(spark, "SELECT sum(octet_length(seq)) FROM reads") * Double.NaN);
    Map<String, Double> k6 = race(runs, 6);
    say("spark.score.cpu_s_per_mrow", k6.get("ours") / ROWS * 1e6);
    say("spark.score.vs_java_udf", k6.get("udf") / k6.get("ours"));
    say("spark.score.vs_java_v2", k6.get("v2") / k6.get("ours"));
    say("spark.score.vs_scan", k6.get("scan") / k6.get("ours"));
    runs.clear();
    runs.put("ours", () -> number(spark, "SELECT sum(bio.models.motif(seq)) FROM few"));
    runs.put("v2", () -> number(spark, "SELECT sum(peer.motif(seq)) FROM few"));
    Map<String, Double> motif = race(runs, 6);
    say("spark.motif.cpu_s_per_mrow", motif.get("ours") / (10 * FEW) * 1e6);
    say("spark.motif.vs_java_v2", motif.get("v2") / motif.get("ours"));
    PipelineStage[] stages = {
        new RegexTokenizer().setInputCol("seq").setOutputCol("letters").setPattern("").setToLowercase(false),
        new NGram().setN(6).setInputCol("letters").setOutputCol("words"),
        new HashingTF().setNumFeatures(4096).setInputCol("words").setOutputCol("features"),
        new LogisticRegression().setMaxIter(5)};
    PipelineModel mllib = new Pipeline().setStages(stages).fit(spark.table("few").where("id < 2000"));
    runs.clear();
    runs.put("mllib", () -> {
      mllib.transform(spark.table("few").where("id < " + FEW)).select("probability").write().format("noop")
          .mode(SaveMode.Overwrite).save();
      return Double.NaN;
    });
    double each = race(runs, 2).get("mllib") / FEW;
    say("spark.score.vs_mllib", each / (k6.get("ours") / ROWS));
  }

  private static DoubleSupplier mllib(org.apache.spark.sql.Dataset<Row> vectors, int iterations) {
    return () -> {
      LogisticRegressionModel model =
          new LogisticRegression().setMaxIter(iterations).setTol(0).setRegParam(1e-6).fit(vectors);
      if (model.summary().totalIterations() != iterations) {
        throw new IllegalStateException("MLlib stopped after " + model.summary().totalIterations());
      }
      return Double.NaN;
    };
  }

  /** CPU seconds of one iteration, from those of few and of many; and of all, per iteration. */
  private static void gradient(SparkSession spark) {
    spark.sql("SELECT id, seq AS sequence, cast(id % 2 AS double) AS label FROM few WHERE id < 30000")
        .createOrReplaceTempView("rows");
    spark.table("rows").cache().count();
    org.apache.spark.sql.Dataset<Row> vectors =
        new SequenceVectorizer().setRecipe("Kmer(k=5)").transform(spark.table("rows")).select("features", "label").cache();
    vectors.count();
    spark.udf().register("dense", (UDF1<Vector, Vector>) Vector::toDense, SQLDataTypes.VectorType());
    org.apache.spark.sql.Dataset<Row> dense = vectors.selectExpr("dense(features) AS features", "label").cache();
    dense.count();
    int few = 5;
    int many = 45;
    Map<String, DoubleSupplier> runs = new LinkedHashMap<>();
    for (int iterations : new int[] {few, many}) {
      runs.put("mllib" + iterations, mllib(vectors, iterations));
      runs.put("dense" + iterations, mllib(dense, iterations));
      runs.put("ours" + iterations, () -> {
        new SequenceClassifier().setRecipe(String.format(GRADIENT, iterations)).fit(spark.table("rows"));
        return Double.NaN;
      });
    }
    Map<String, Double> taken = race(runs, 2);
    double ours = (taken.get("ours" + many) - taken.get("ours" + few)) / (many - few);
    double ofDense = (taken.get("dense" + many) - taken.get("dense" + few)) / (many - few);
    double mllib = (taken.get("mllib" + many) - taken.get("mllib" + few)) / (many - few);
    say("spark.gradient.cpu_ms_per_iteration", 1e3 * ours);
    say("spark.gradient.mllib_cpu_ms_per_iteration", 1e3 * mllib);
    say("spark.gradient.vs_mllib", mllib / ours);
    say("spark.gradient.vs_mllib_dense", ofDense / ours);
    say("spark.gradient.fit_vs_mllib", taken.get("mllib" + many) / taken.get("ours" + many));
    say("spark.gradient.fit_vs_mllib_dense", taken.get("dense" + many) / taken.get("ours" + many));
  }

  public static void main(String[] arguments) throws Exception {
    Path folder = Files.createDirectories(Path.of(arguments[0]).toAbsolutePath());
    models(folder);
    SparkSession spark = session(folder);
    Path reads = folder.resolve("reads.parquet");
    spark.udf().register("make", (UDF1<Long, String>) Race::read, DataTypes.StringType);
    if (!Files.exists(reads.resolve("_SUCCESS"))) {
      spark.range(0, ROWS, 1, 4).selectExpr("id", "make(id) AS seq", "cast(id % 2 AS double) AS label").write()
          .mode(SaveMode.Overwrite).option("compression", "uncompressed").parquet(reads.toString());
    }
    spark.read().parquet(reads.toString()).createOrReplaceTempView("reads");
    spark.table("reads").where("id < " + 10 * FEW).repartition(2).write().mode(SaveMode.Overwrite)
        .option("compression", "uncompressed").parquet(folder.resolve("few.parquet").toString());
    spark.read().parquet(folder.resolve("few.parquet").toString()).createOrReplaceTempView("few");
    spark.udf().register("udf_k6", (UDF1<String, Double>) text -> {
      byte[] letters = text.getBytes(StandardCharsets.ISO_8859_1);
      return Peers.K6.score(letters, 0, letters.length);
    }, DataTypes.DoubleType);
    List<String> parts = arguments.length > 1 ? Arrays.asList(arguments[1]) : Arrays.asList("score", "gradient");
    if (parts.contains("score")) {
      scores(spark);
    }
    if (parts.contains("gradient")) {
      gradient(spark);
    }
    spark.stop();
  }
}
