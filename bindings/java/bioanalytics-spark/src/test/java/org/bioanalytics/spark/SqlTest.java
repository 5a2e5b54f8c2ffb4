// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.Context;
import org.bioanalytics.Extractor;
import org.bioanalytics.Records;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class SqlTest {
  private static final List<String> READS = Reads.odd(10_000, 300, 7);

  @BeforeAll
  static void view() {
    Session.view("reads", READS, 5);
    BioFunctions.register(Session.SPARK);
  }

  private static List<Row> rows(String query) {
    return Session.SPARK.sql(query).collectAsList();
  }

  private static Row row(String query) {
    return rows(query).get(0);
  }

  private static double[] column(String expression) {
    return rows("SELECT " + expression + " FROM reads ORDER BY id").stream().mapToDouble(r -> r.getDouble(0)).toArray();
  }

  /** Numbers of an array column, row by row. */
  private static double[] flat(String expression) {
    List<Double> all = new ArrayList<>();
    for (Row row : rows("SELECT " + expression + " FROM reads ORDER BY id")) {
      row.<Double>getList(0).forEach(all::add);
    }
    return all.stream().mapToDouble(Double::doubleValue).toArray();
  }

  @Test
  void scoresAreThoseOfTheLibraryToTheBit() {
    double[] expected = Local.scores(Session.BINARY, READS);
    assertArrayEquals(expected, column("bio.score('promoter', seq)"), 0.0);
    assertArrayEquals(expected, column("bio.models.promoter(seq)"), 0.0);
    assertArrayEquals(expected, column("bio_score('promoter', seq)"), 0.0);
    assertArrayEquals(Local.probabilities(Session.BINARY, READS), flat("bio.probabilities('promoter', seq)"), 0.0);
    assertArrayEquals(Local.probabilities(Session.BINARY, READS), flat("bio_probabilities('promoter', seq)"), 0.0);
    assertArrayEquals(Local.scores(Session.THREE, READS), flat("bio.models.three(seq)"), 0.0);
    assertArrayEquals(Local.probabilities(Session.THREE, READS), flat("bio.probabilities('three', seq)"), 0.0);
  }

  @Test
  void scoresAreThoseOfTheCommandLine() throws Exception {
    Path ba = Path.of(System.getProperty("test.native")).resolve("library/ba");
    assumeTrue(Files.isExecutable(ba), "the program ba was not built");
    Path folder = Files.createTempDirectory("command");
    Path model = Files.write(folder.resolve("promoter.ba"), Session.BINARY.bytes());
    StringBuilder fasta = new StringBuilder();
    for (int i = 0; i < READS.size(); i++) {
      fasta.append('>').append(i).append('\n').append(READS.get(i)).append('\n');
    }
    Path reads = Files.writeString(folder.resolve("reads.fa"), fasta.toString());
    Path table = folder.resolve("scores.tsv");
    Process process = new ProcessBuilder(ba.toString(), "predict", "--model", model.toString(), reads.toString())
        .redirectOutput(table.toFile()).redirectError(folder.resolve("errors").toFile()).start();
    int code = process.waitFor();
    assertEquals(0, code, Files.readString(folder.resolve("errors")));
    List<String> lines = Files.readAllLines(table);
    assertEquals(READS.size() + 1, lines.size());
    List<Row> found =
        rows("SELECT bio.models.promoter(seq), bio.probabilities('promoter', seq)[1] FROM reads ORDER BY id");
    for (int i = 0; i < READS.size(); i++) {
      String[] fields = lines.get(i + 1).split("\t");
      assertEquals(Double.parseDouble(fields[3]), found.get(i).getDouble(0), 0.0, fields[0]);
      assertEquals(Double.parseDouble(fields[2]), found.get(i).getDouble(1), 0.0, fields[0]);
    }
  }

  @Test
  void runsInsideGeneratedCode() {
    String plan = row("EXPLAIN CODEGEN SELECT bio.gc(seq), bio.revcomp(seq), bio.kmers(seq, 3), "
        + "bio.models.promoter(seq), bio.score('promoter', seq) "
        + "FROM (SELECT cast(id AS string) AS seq FROM range(10))").getString(0);
    String project = plan.lines().filter(line -> line.contains("Project [") && line.contains("Function"))
        .findFirst().orElse(plan);
    assertTrue(project.startsWith("*("), project); // the star: code for the whole stage
    for (String name : List.of("GcFunction", "RevCompFunction", "KmersFunction")) {
      assertTrue(project.matches(".*static_?invoke\\((class )?org.bioanalytics.spark." + name + ".*"), project);
      assertTrue(plan.contains("org.bioanalytics.spark." + name + ".invoke("), plan);
    }
    assertTrue(plan.contains("(org.bioanalytics.spark.ModelFunction) references["), plan);
    assertTrue(plan.contains("(org.bioanalytics.spark.ScoreFunction) references["), plan);
  }

  @Test
  void constantsAreFoldedOnTheDriver() {
    double expected = Local.scores(Session.BINARY, List.of("ACGTACGTTATAAAGC"))[0];
    assertEquals(expected, row("SELECT bio.score('PROMOTER', 'ACGTACGTTATAAAGC')").getDouble(0));
    assertEquals(expected, row("SELECT bio.models.Promoter('ACGTACGTTATAAAGC')").getDouble(0));
  }

  @Test
  void wordsAreThoseOfTheExtractor() {
    List<String> reads = READS.subList(0, 300);
    Session.view("some", reads, 2);
    for (int k : new int[] {1, 3, 6}) {
      List<Row> found = rows("SELECT bio.kmers(seq, " + k + "), bio_kmers(seq, " + k + ") FROM some ORDER BY id");
      try (Context context = new Context(); Extractor extractor = new Extractor(context, "Kmer(k=" + k + ")");
          Records records = Records.of(context, reads)) {
        List<String> names = extractor.names();
        int[] counts = extractor.counts(records);
        for (int i = 0; i < reads.size(); i++) {
          Map<String, Integer> expected = new HashMap<>();
          for (int j = 0; j < names.size(); j++) {
            if (counts[i * names.size() + j] > 0) {
              expected.put(names.get(j).substring("Kmer_".length()), counts[i * names.size() + j]);
            }
          }
          assertEquals(expected, found.get(i).getJavaMap(0), reads.get(i));
          assertEquals(expected, found.get(i).getJavaMap(1), reads.get(i));
        }
      }
    }
  }

  @Test
  void longWordsAreCounted() {
    String read = "ACGTTGCAACGTTGCAACGTTGCAACGTTGCAACGTTGCAACGTTGCA";
    Map<String, Integer> expected = new TreeMap<>();
    for (int i = 0; i + 31 <= read.length(); i++) {
      expected.merge(read.substring(i, i + 31), 1, Integer::sum);
    }
    assertEquals(expected, new TreeMap<>(row("SELECT bio.kmers('" + read + "', 31)").<String, Integer>getJavaMap(0)));
    assertTrue(row("SELECT bio.kmers('ACGT', 31)").getJavaMap(0).isEmpty());
    for (String k : List.of("0", "32", "-1")) {
      Exception error = assertThrows(Exception.class, () -> rows("SELECT bio.kmers(seq, " + k + ") FROM reads"));
      assertTrue(text(error).contains("words of " + k + " letters: expected 1 to 31"), text(error));
    }
  }

  @Test
  void sharesAndOtherStrands() {
    List<Row> found = rows("SELECT seq, bio.gc(seq), bio.revcomp(seq), bio_gc(seq), bio_revcomp(seq) FROM reads");
    for (Row row : found) {
      String read = row.getString(0);
      long gc = read.chars().filter(c -> "GCgc".indexOf(c) >= 0).count();
      long all = read.chars().filter(c -> "ACGTUacgtu".indexOf(c) >= 0).count();
      assertEquals(all == 0 ? null : Double.valueOf((double) gc / all), row.get(1), read);
      assertEquals(row.get(1), row.get(3), read);
      StringBuilder other = new StringBuilder();
      for (int i = read.length() - 1; i >= 0; i--) {
        other.append("TGCAAYRNtgcaayrn".charAt("ACGTURYNacgturyn".indexOf(read.charAt(i))));
      }
      assertEquals(other.toString(), row.getString(2));
      assertEquals(other.toString(), row.getString(4));
    }
    assertEquals("kmrybdhvKMRYBDHV*", new StringBuilder(
        row("SELECT bio.revcomp('*BDHVRYKMbdhvrykm')").getString(0)).toString());
  }

  @Test
  void nullAndEmpty() {
    Session.SPARK.sql("SELECT * FROM VALUES (cast(null as string), 2), ('', 2), ('ACGT', cast(null as int)) "
        + "AS t(seq, k)").createOrReplaceTempView("nulls");
    List<Row> found = rows("SELECT bio.score('promoter', seq), bio.models.promoter(seq), bio.models.three(seq), "
        + "bio.probabilities('promoter', seq), bio.kmers(seq, k), bio.gc(seq), bio.revcomp(seq), "
        + "bio_score('promoter', seq), bio_kmers(seq, k), bio_gc(seq), bio_revcomp(seq) FROM nulls");
    for (int i = 0; i < found.get(0).length(); i++) {
      assertNull(found.get(0).get(i), "column " + i);
    }
    assertEquals(Local.scores(Session.BINARY, List.of(""))[0], found.get(1).getDouble(0));
    assertTrue(found.get(1).getJavaMap(4).isEmpty());
    assertNull(found.get(1).get(5));
    assertEquals("", found.get(1).getString(6));
    assertNull(found.get(2).get(4));
    assertNull(found.get(2).get(8));
    assertNull(row("SELECT bio.score(null, 'ACGT')").get(0));
    assertNull(row("SELECT bio.gc(null)").get(0));
  }

  @Test
  void wrongArgumentsAreSaidInTheAnalysis() {
    Map<String, String> wrong = new HashMap<>();
    wrong.put("bio.gc(id)", "expected gc(STRING), not gc(BIGINT)");
    wrong.put("bio.gc(seq, seq)", "expected gc(STRING), not gc(STRING, STRING)");
    wrong.put("bio.kmers(seq)", "expected kmers(STRING, INT), not kmers(STRING)");
    wrong.put("bio.kmers(seq, 'a')", "expected kmers(STRING, INT), not kmers(STRING, STRING)");
    wrong.put("bio.score(seq)", "expected score(STRING, STRING), not score(STRING)");
    wrong.put("bio.models.promoter(id)", "expected models.promoter(STRING), not models.promoter(BIGINT)");
    wrong.put("bio.models.nobody(seq)", "nobody");
    wrong.put("bio.nothing(seq)", "nothing");
    wrong.put("bio.models.missing(seq)", "missing.ba");
    wrong.put("bio.models.damaged(seq)", "the model damaged of");
    wrong.forEach((expression, message) -> {
      Exception error = assertThrows(AnalysisException.class, () -> rows("SELECT " + expression + " FROM reads"),
          expression);
      assertTrue(error.getMessage().contains(message), error.getMessage());
    });
  }

  @Test
  void wrongNamesAreSaidByTheTask() {
    Exception error = assertThrows(Exception.class, () -> rows("SELECT bio.score('nobody', seq) FROM reads"));
    assertTrue(text(error).contains("there is no model nobody: expected one of [promoter, three]"), text(error));
    error = assertThrows(Exception.class, () -> rows("SELECT bio.score('missing', seq) FROM reads"));
    assertTrue(text(error).contains("missing.ba"), text(error));
    error = assertThrows(Exception.class, () -> rows("SELECT bio.score('three', seq) FROM reads"));
    assertTrue(text(error).contains("has a score for each of its classes [0, 1, 2]"), text(error));
  }

  private static String text(Throwable error) {
    StringBuilder text = new StringBuilder();
    for (Throwable each = error; each != null; each = each.getCause()) {
      text.append(each.getMessage()).append('\n');
    }
    return text.toString();
  }

  @Test
  void namesChangeFromRowToRow() {
    List<Row> found = rows("SELECT seq, bio.probabilities(if(id % 2 = 0, 'promoter', 'three'), seq) FROM reads "
        + "WHERE id < 500 ORDER BY id");
    double[] two = Local.probabilities(Session.BINARY, READS.subList(0, 500));
    double[] three = Local.probabilities(Session.THREE, READS.subList(0, 500));
    for (int i = 0; i < found.size(); i++) {
      double[] expected = i % 2 == 0 ? Arrays.copyOfRange(two, 2 * i, 2 * i + 2)
          : Arrays.copyOfRange(three, 3 * i, 3 * i + 3);
      assertArrayEquals(expected, found.get(i).<Double>getList(1).stream().mapToDouble(d -> d).toArray(), 0.0);
    }
  }

  @Test
  void aModelMayComeLater() throws Exception {
    SparkSession later = Session.SPARK.newSession();
    later.sql("SELECT bio.score('promoter', 'ACGT')").collectAsList();
    assertThrows(AnalysisException.class, () -> later.sql("SELECT bio.models.later('ACGT')"));
    Path file = Files.createTempDirectory("later").resolve("model.ba");
    later.conf().set("spark.sql.catalog.bio.models.later", file.toUri().toString());
    assertThrows(AnalysisException.class, () -> later.sql("SELECT bio.models.later('ACGT')"));
    Files.write(file, Session.BINARY.bytes());
    later.conf().set("spark.sql.catalog.bio.models.other", Files.copy(file, file.resolveSibling("o.ba")).toString());
    double expected = Local.scores(Session.BINARY, List.of("ACGT"))[0];
    Row row = later.sql("SELECT bio.models.later('ACGT'), bio.score('LATER', 'ACGT'), bio.score('other', 'ACGT'), "
        + "bio.score('promoter', 'ACGT')").collectAsList().get(0);
    for (int i = 0; i < row.length(); i++) {
      assertEquals(expected, row.getDouble(i));
    }
    assertThrows(AnalysisException.class, () -> rows("SELECT bio.models.later('ACGT')")); // of that session alone
  }

  @Test
  void functionsAreListed() {
    List<String> names = new ArrayList<>();
    rows("SHOW USER FUNCTIONS IN bio.models").forEach(r -> names.add(r.getString(0)));
    assertTrue(names.stream().anyMatch(n -> n.endsWith("promoter")), names.toString());
    assertFalse(names.stream().anyMatch(n -> n.endsWith("nothing")), names.toString());
  }

  @Test
  void readsColumnsOfFiles() throws Exception {
    Path folder = Files.createTempDirectory("parquet");
    Session.SPARK.table("reads").write().mode("overwrite").parquet(folder.toString());
    Session.SPARK.read().parquet(folder.toString()).createOrReplaceTempView("stored");
    double[] found = rows("SELECT bio.models.promoter(seq) FROM stored ORDER BY id").stream()
        .mapToDouble(r -> r.getDouble(0)).toArray();
    assertArrayEquals(Local.scores(Session.BINARY, READS), found, 0.0);
  }
}
