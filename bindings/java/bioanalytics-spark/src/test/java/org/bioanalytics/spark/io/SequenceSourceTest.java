// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.bioanalytics.Alignments;
import org.bioanalytics.Context;
import org.bioanalytics.Reader;
import org.bioanalytics.Records;
import org.bioanalytics.spark.Session;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The sources as Spark uses them. */
class SequenceSourceTest {
  private static final SparkSession SPARK = Session.SPARK;

  @TempDir
  Path folder;

  private String write(String name, byte[] bytes) throws IOException {
    Path path = folder.resolve(name);
    java.nio.file.Files.createDirectories(path.getParent());
    java.nio.file.Files.write(path, bytes);
    return path.toString();
  }

  private static List<String> rows(Dataset<Row> data) {
    List<String> rows = new ArrayList<>();
    for (Row row : data.collectAsList()) {
      rows.add(row.toString());
    }
    return rows;
  }

  /** As a single reader gives them. */
  private static List<String> expected(byte[] file, boolean qualities) {
    List<String> rows = new ArrayList<>();
    try (Context context = new Context(); Reader reader = Reader.open(context, file, "")) {
      for (Records records = reader.next(); records != null; records = reader.next()) {
        for (int i = 0; i < records.count(); i++) {
          String row = "[" + records.name(i) + "," + new String(records.sequence(i), StandardCharsets.US_ASCII);
          rows.add(row + (qualities ? "," + records.qualities().get(i) : "") + "]");
        }
      }
    }
    return rows;
  }

  @Test
  void partsOfPlainAndBgzf() throws IOException {
    byte[] fastq = Files.fastq(3000, "\n");
    byte[] fasta = Files.fasta(2000);
    String[] paths = {write("a.fq", fastq), write("b.fq.gz", Files.bgzf(fastq, 3000, 6))};
    for (String path : paths) {
      Dataset<Row> read = SPARK.read().format("fastq").option("splitBytes", 1501).load(path);
      assertTrue(read.rdd().getNumPartitions() > 5, path);
      assertEquals(expected(fastq, true), rows(read));
      assertEquals(3000, read.count());
    }
    Dataset<Row> read =
        SPARK.read().format("fasta").option("splitBytes", 999).load(write("c.fa", fasta));
    assertTrue(read.rdd().getNumPartitions() > 20);
    assertEquals(expected(fasta, false), rows(read));
  }

  @Test
  void bam() throws IOException {
    byte[] bam = Files.bam(2000, 5000);
    String path = write("a.bam", bam);
    List<String> expected = new ArrayList<>();
    try (Context context = new Context(); Reader reader = Reader.open(context, Path.of(path), "unmapped=skip")) {
      for (Records records = reader.next(); records != null; records = reader.next()) {
        Alignments places = records.alignments();
        for (int i = 0; i < records.count(); i++) {
          String place = places.reference(i) + "," + places.position(i) + "," + places.mappingQuality(i);
          expected.add("[" + records.name(i) + "," + records.sequences().get(i) + "," + records.qualities().get(i) + ","
              + places.flag(i) + "," + place + "]");
        }
      }
    }
    Dataset<Row> read =
        SPARK.read().format("bam").option("splitBytes", 2000).option("reader", "unmapped=skip").load(path);
    assertTrue(read.rdd().getNumPartitions() > 5);
    assertEquals(expected, rows(read));
    assertTrue(expected.size() > 900 && expected.size() < 1900);
    Dataset<Row> all = SPARK.read().format("bam").option("splitBytes", 2000).load(path);
    assertEquals(2000, all.count());
    assertEquals(2000 - expected.size(),
        all.where("flag = 4 and reference is null and position is null and mapping_quality is not null").count());
    assertEquals(0, all.where("reference is not null and position is null").count());
  }

  @Test
  void gzipIsOnePart() throws IOException {
    byte[] fastq = Files.fastq(500, "\n");
    Dataset<Row> read =
        SPARK.read().format("fastq").option("splitBytes", 100).load(write("a.fq.gz", Files.gzip(fastq)));
    assertEquals(1, read.rdd().getNumPartitions());
    assertEquals(expected(fastq, true), rows(read));
  }

  @Test
  void foldersPatternsAndSmallFiles() throws IOException {
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      byte[] fasta = Files.fasta(3 + i);
      write("in/" + i + "/x.fa", fasta);
      all.addAll(expected(fasta, false));
    }
    write("in/_SUCCESS", new byte[0]);
    write("in/.hidden", new byte[] {1});
    write("in/3/empty.fa", new byte[0]);
    Dataset<Row> read = SPARK.read().format("fasta").load(folder.resolve("in").toString());
    assertEquals(1, read.rdd().getNumPartitions()); // they are small
    assertEquals(all, rows(read));
    assertEquals(all.size(),
        SPARK.read().format("fasta").load(folder.resolve("in/*/x.fa").toString()).count());
    assertEquals(2L * expected(Files.fasta(3), false).size(), SPARK.read().format("fasta")
        .load(folder.resolve("in/0/x.fa").toString(), folder.resolve("in/0").toString()).count());
  }

  @Test
  void columnsAndFiltersWhileReading() throws IOException {
    String path = write("a.fq", Files.fastq(100, "\n"));
    Dataset<Row> read = SPARK.read().format("fastq").load(path);
    Dataset<Row> some = read.where("name in ('read1', 'read2')").where("name is not null").select("sequence");
    String plan = some.queryExecution().executedPlan().toString();
    assertTrue(plan.contains("columns [sequence]") || plan.contains("columns [name, sequence]"), plan);
    assertTrue(plan.contains("In(name"), plan);
    assertFalse(plan.contains("- Filter"), plan);
    assertEquals(2, some.count());
    assertEquals(rows(read.where("concat(name, '') like 'read1%'")), rows(read.where("name like 'read1%'")));
    assertEquals(1, read.where("name like 'read1%'").where("length(sequence) > 5").where("name = 'read11'").count());
    assertEquals(100, read.select("quality").count());
  }

  @Test
  void readerOptionsOfTheLibrary() throws IOException {
    String path = write("a.fq", Files.fastq(100, "\n"));
    Dataset<Row> all = SPARK.read().format("fastq").load(path);
    assertEquals(all.where("length(sequence) >= 10").count(),
        SPARK.read().format("fastq").option("reader", "min_length=10").load(path).count());
  }

  private static String refusal(Dataset<Row> read) {
    Throwable error = assertThrows(Exception.class, read::collectAsList);
    StringBuilder all = new StringBuilder();
    for (; error != null; error = error.getCause()) {
      all.append(error.getMessage()).append('\n');
    }
    return all.toString();
  }

  @Test
  void whatIsWrong() throws IOException {
    String fastq = write("a.fq", Files.fastq(10, "\n"));
    String broken = write("b.fq", "@a\nACGT\n+\nIIII\n@b\nAC!T\n+\nIIII\n".getBytes(StandardCharsets.US_ASCII));
    assertTrue(refusal(SPARK.read().format("fasta").load(fastq)).contains("it is fastq"));
    String message = refusal(SPARK.read().format("fastq").load(broken));
    assertTrue(message.contains("b.fq") && message.contains("record 2"), message);
    assertTrue(assertThrows(Exception.class, () -> SPARK.read().format("fastq").option("splitByte", 3).load(fastq)
        .count()).getMessage().contains("splitByte"));
    assertTrue(refusal(SPARK.read().format("fastq").option("splitBytes", 0).load(fastq)).contains("1 or more"));
    assertTrue(refusal(SPARK.read().format("fastq").load(fastq + "x")).contains("no such file"));
    assertTrue(refusal(SPARK.read().format("fastq").option("reader", "min_len=3").load(fastq)).contains("min_len"));
  }
}
