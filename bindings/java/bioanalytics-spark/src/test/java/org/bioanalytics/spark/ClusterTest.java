// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.bioanalytics.ModelBytes;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Executors in processes of their own, which know of the library by what was submitted alone. */
class ClusterTest {
  private static final List<String> READS = Reads.planted(9000, 60, 41);
  private static Path home;
  private static Path folder;

  /** A Spark as it is installed: of its jars those of this process. */
  @BeforeAll
  static void install() throws IOException {
    folder = Files.createTempDirectory("cluster");
    home = Files.createDirectory(folder.resolve("spark"));
    Path jars = Files.createDirectory(home.resolve("jars"));
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      Path jar = Path.of(entry);
      String name = jar.getFileName().toString();
      if (name.endsWith(".jar") && !name.startsWith("bioanalytics") && !name.startsWith("surefire")) {
        Files.createSymbolicLink(jars.resolve(name), jar);
      }
    }
    Session.view("cluster", READS, 2).selectExpr("id", "seq", "if(id % 2 = 1, 'yes', 'no') AS label")
        .write().parquet(folder.resolve("reads").toString());
    Files.write(folder.resolve("promoter.ba"), Session.BINARY.bytes());
  }

  private static List<String> labels() {
    List<String> labels = new ArrayList<>();
    for (int i = 0; i < READS.size(); i++) {
      labels.add(i % 2 == 1 ? "yes" : "no");
    }
    return labels;
  }

  /** A jar of the classes and files below org/bioanalytics that are where these classes are from. */
  private static Path jar(String name, Class<?>... of) throws Exception {
    Path jar = folder.resolve(name);
    try (OutputStream out = Files.newOutputStream(jar); ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Class<?> each : of) {
        Path place = Path.of(each.getProtectionDomain().getCodeSource().getLocation().toURI());
        if (Files.isDirectory(place)) {
          copy(place, zip);
        } else {
          try (FileSystem inside = FileSystems.newFileSystem(URI.create("jar:" + place.toUri()), Map.of())) {
            copy(inside.getPath("/"), zip);
          }
        }
      }
    }
    return jar;
  }

  private static void copy(Path root, ZipOutputStream zip) throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve("org/bioanalytics"))) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        zip.putNextEntry(new ZipEntry(root.relativize(file).toString()));
        Files.copy(file, zip);
        zip.closeEntry();
      }
    }
  }

  private static void submit(String name, String... arguments) throws Exception {
    Path results = folder.resolve(name + ".tsv");
    Path model = folder.resolve(name + ".ba");
    Path log = folder.resolve(name + ".log");
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
    command.addAll(Arrays.asList(System.getProperty("test.options").split(" ")));
    command.addAll(List.of("-Xmx700m", "-cp", home.resolve("jars") + "/*", "org.apache.spark.deploy.SparkSubmit",
        "--master", "local-cluster[2,1,1024]", "--class", ClusterMain.class.getName(),
        "--conf", "spark.executor.extraJavaOptions=" + System.getProperty("test.short"),
        "--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2",
        "--conf", "spark.sql.catalog.bio=" + BioCatalog.class.getName(),
        "--conf", "spark.sql.catalog.bio.models.promoter=" + folder.resolve("promoter.ba").toUri()));
    command.addAll(Arrays.asList(arguments));
    command.addAll(List.of(folder.resolve("reads").toString(), results.toString(), model.toString()));
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
        .redirectOutput(log.toFile());
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_SCALA_VERSION",
        scala.util.Properties.versionNumberString().replaceFirst("[.][0-9]+$", "")); // or it looks for its own build
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    Process process = builder.start();
    try {
      assertTrue(process.waitFor(5, TimeUnit.MINUTES), "it does not end");
    } finally {
      process.destroyForcibly();
    }
    assertEquals(0, process.exitValue(), () -> read(log));
    check(Files.readAllLines(results), ModelBytes.of(Files.readAllBytes(model)));
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException error) {
      return error.toString();
    }
  }

  private static void check(List<String> lines, ModelBytes model) {
    double[] scores = Local.scores(Session.BINARY, READS);
    assertEquals(READS.size(), lines.size());
    for (int i = 0; i < lines.size(); i++) {
      String[] fields = lines.get(i).split("\t");
      for (int column : new int[] {0, 1, 4}) {
        assertEquals(scores[i], Double.parseDouble(fields[column]), 0.0);
      }
      byte[] letters = READS.get(i).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      assertEquals(Letters.gc(letters, 0, letters.length), Double.parseDouble(fields[2]));
      assertEquals(letters.length, fields[3].length());
    }
    assertEquals(Local.train("Kmer(k=3) | Logistic(l2=1e-3)", READS, labels(), null), model);
  }

  @Test
  void theLibraryComesByJars() throws Exception {
    Path library = jar("library.jar", ModelBytes.class, BioCatalog.class);
    Path application = jar("application.jar", ClusterMain.class);
    submit("jars", "--jars", library.toString(), "--conf",
        "spark.serializer=org.apache.spark.serializer.KryoSerializer", application.toString());
  }

  @Test
  void oneJarOfAllThatGoesFirst() throws Exception {
    Path all = jar("all.jar", ModelBytes.class, BioCatalog.class, ClusterMain.class);
    submit("all", "--conf", "spark.executor.userClassPathFirst=true", "--conf", "spark.driver.userClassPathFirst=true",
        all.toString());
  }
}
