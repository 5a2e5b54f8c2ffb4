// SPDX-License-Identifier: MIT
package example;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.evaluation.BinaryClassificationEvaluator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.spark.BioCatalog;
import org.bioanalytics.spark.ml.SequenceClassifier;
import org.bioanalytics.spark.ml.SequenceClassifierModel;

/** Learns to tell two sets of reads apart, measures that on reads set aside, and scores others. */
public final class TrainAndScore {
  private static final String HELP = """
      usage: spark-submit [OPTIONS OF SPARK] train-and-score.jar --positive FASTQ --negative FASTQ --out FOLDER
                          [OPTIONS]

      Learns to tell two sets of reads apart, measures that on reads that it has not seen, and scores others.
      FASTQ is a file, a pattern or a folder, plain, gzip or bgzf, or several with commas between them, wherever
      Spark reads: s3://, s3a://, hdfs://, file://.

        --positive FASTQ       reads of class 1 to learn from
        --negative FASTQ       reads of class 0 to learn from
        --test-positive FASTQ  reads of class 1 to measure by: of another sample, run or chromosome
        --test-negative FASTQ  reads of class 0 to measure by
        --reads FASTQ          reads to score
        --out FOLDER           where the results go; it must not be there yet
        --recipe RECIPE        what is counted, and the model: 'Kmer(k=1..5) | Logistic(l2=1e-4)'
        --seed N               of the inputs that the model file checks itself by (1)
        --reader OPTIONS       of all files, such as 'min_length=50, trim_quality=20'

      FOLDER/model/model.ba is the model file, which `ba predict`, C and Python read too; FOLDER/scores is Parquet with
      the columns name, class, probability and score. Files whose reads are in the order of their names give the very
      bytes of `ba train --pos FASTQ --neg FASTQ --sketches off`, on any cluster.
      """;
  private static final List<String> NAMES = List.of("positive", "negative", "test-positive", "test-negative", "reads",
      "out", "recipe", "seed", "reader");
  private static final long START = System.nanoTime();

  private final SparkSession spark;
  private final Map<String, String> options;

  private TrainAndScore(SparkSession spark, Map<String, String> options) {
    this.spark = spark;
    this.options = options;
  }

  public static void main(String[] arguments) throws IOException {
    if (List.of(arguments).contains("--help")) {
      System.out.print(HELP);
      return;
    }
    Map<String, String> options = new HashMap<>(
        Map.of("recipe", "Kmer(k=1..5) | Logistic(l2=1e-4)", "seed", "1", "reader", ""));
    String wrong = parse(arguments, options);
    if (wrong != null) {
      System.err.println("train-and-score: " + wrong + "; --help says more");
      System.exit(1);
    }
    SparkSession spark = SparkSession.builder().appName("train and score").getOrCreate();
    try {
      new TrainAndScore(spark, options).run();
    } finally {
      spark.stop();
    }
  }

  /** What is wrong with the arguments, or null. */
  private static String parse(String[] arguments, Map<String, String> options) {
    for (int i = 0; i < arguments.length; i += 2) {
      String name = arguments[i].startsWith("--") ? arguments[i].substring(2) : "";
      if (!NAMES.contains(name)) {
        return "there is no option " + arguments[i];
      }
      if (i + 1 == arguments.length) {
        return arguments[i] + " has no value";
      }
      options.put(name, arguments[i + 1]);
    }
    for (String name : List.of("positive", "negative", "out")) {
      if (!options.containsKey(name)) {
        return "--" + name + " is missing";
      }
    }
    if (options.containsKey("test-positive") != options.containsKey("test-negative")) {
      return "--test-positive and --test-negative go together";
    }
    return options.get("seed").matches("[0-9]{1,18}") ? null : "--seed " + options.get("seed") + ": expected a number";
  }

  private static void say(String format, Object... values) {
    double seconds = (System.nanoTime() - START) / 1e9;
    System.out.printf(Locale.ROOT, "[%6.1f s] %s%n", seconds, String.format(Locale.ROOT, format, values));
  }

  private void run() throws IOException {
    String out = options.get("out");
    Path folder = new Path(out);
    if (folder.getFileSystem(spark.sparkContext().hadoopConfiguration()).exists(folder)) {
      throw new IllegalArgumentException("--out " + out + " is there already: expected a new folder");
    }
    Dataset<Row> rows = labelled("positive", "negative");
    long positive = rows.where("label = 1").count();
    long negative = rows.where("label = 0").count();
    say("%,d reads of class 1 and %,d of class 0 to learn from", positive, negative);

    SequenceClassifierModel model = new SequenceClassifier().setRecipe(options.get("recipe"))
        .setSeed(Long.parseLong(options.get("seed"))).setRowIdCol("place").fit(rows);
    model.write().save(out + "/model");
    say("%s/model/model.ba has %,d bytes", out, model.bytes().bytes().length);

    if (options.containsKey("test-positive")) {
      measure(model, positive >= negative ? 1 : 0);
    }
    if (options.containsKey("reads")) {
      score(out);
    }
  }

  private Dataset<Row> reads(String option) {
    return spark.read().format("fastq").option("reader", options.get("reader")).load(options.get(option).split(","));
  }

  /** Both sets, in an order that does not depend on how Spark reads them: it decides the last bits of the model. */
  private Dataset<Row> labelled(String positive, String negative) {
    return reads(positive).withColumn("label", lit(1.0)).unionByName(reads(negative).withColumn("label", lit(0.0)))
        .withColumn("place", struct(lit(1).minus(col("label")), col("name")));
  }

  private void measure(SequenceClassifierModel model, double larger) {
    Dataset<Row> rows = model.transform(labelled("test-positive", "test-negative"))
        .select("label", "rawPrediction", "prediction").cache();
    double auroc = new BinaryClassificationEvaluator().setNumBins(0).evaluate(rows);
    Row shares = rows.agg(avg(col("label").equalTo(col("prediction")).cast("double")),
        avg(col("label").equalTo(larger).cast("double"))).first();
    say("%,d reads set aside: AUROC %.4f; %.2f%% right, %.2f%% by naming the larger class each time", rows.count(),
        auroc, 100 * shares.getDouble(0), 100 * shares.getDouble(1));
    rows.unpersist();
  }

  /** By functions of SQL, as any other job or notebook would do it with the model file. */
  private void score(String out) {
    spark.conf().set("spark.sql.catalog.bio", BioCatalog.class.getName());
    spark.conf().set("spark.sql.catalog.bio.models.trained", out + "/model/model.ba");
    reads("reads").createOrReplaceTempView("reads");
    spark.sql("""
        SELECT name, if(score > 0, '1', '0') AS class, probability, score
        FROM (SELECT name, bio.probabilities('trained', sequence)[1] AS probability,
                     bio.score('trained', sequence) AS score FROM reads)
        """).write().parquet(out + "/scores");
    Dataset<Row> scores = spark.read().parquet(out + "/scores");
    say("%s/scores has %,d reads, %,d of them of class 1", out, scores.count(), scores.where("class = '1'").count());
  }
}
