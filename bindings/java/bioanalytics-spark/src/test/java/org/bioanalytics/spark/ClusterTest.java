// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Executors in processes of their own, which know of the library by what was submitted alone. */
class ClusterTest {
  static final String RECIPE = "Kmer(k=3) | Logistic(l2=1e-3)";
  private static final List<String> READS = Reads.planted(9000, 60, 41);
  private static final String LOCAL = "local-cluster[2,1,1024]";
  private static final List<Process> PROCESSES = new ArrayList<>();
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

  /** A process of Spark on a host of this machine, which is stopped when the tests end. */
  private static Process start(String log, String host, String main, List<String> arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java"));
    command.addAll(Arrays.asList(System.getProperty("test.options").split(" ")));
    command.addAll(List.of("-Xmx700m", "-cp", home.resolve("jars") + "/*", main));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true)
        .redirectOutput(folder.resolve(log).toFile());
    builder.environment().put("SPARK_HOME", home.toString());
    builder.environment().put("SPARK_SCALA_VERSION",
        scala.util.Properties.versionNumberString().replaceFirst("[.][0-9]+$", "")); // or it looks for its own build
    builder.environment().put("SPARK_LOCAL_IP", host);
    Process process = builder.start();
    PROCESSES.add(process);
    return process;
  }

  @AfterAll
  static void stop() throws InterruptedException {
    for (Process process : PROCESSES) {
      process.destroyForcibly().waitFor();
    }
  }

  /** A cluster of two hosts; its executors end when they have lost their workers. */
  private static String twoHosts() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      port = free.getLocalPort();
    }
    start("master.log", "127.0.0.1", "org.apache.spark.deploy.master.Master",
        List.of("--host", "127.0.0.1", "--port", String.valueOf(port), "--webui-port", "0"));
    for (int tries = 0; tries < 600; tries++) {
      try {
        new Socket("127.0.0.1", port).close();
        break;
      } catch (IOException error) {
        TimeUnit.MILLISECONDS.sleep(100); // it is not there yet
      }
    }
    String master = "spark://127.0.0.1:" + port;
    for (String host : List.of("127.0.0.1", "127.0.0.2")) {
      start("worker-" + host + ".log", host, "org.apache.spark.deploy.worker.Worker", List.of("--host", host,
          "--webui-port", "0", "--cores", "1", "--memory", "1g", "--work-dir", folder.resolve(host).toString(),
          master));
    }
    return master;
  }

  /** Runs a program on a cluster, which gets a file for results and one for a model, NAME.tsv and NAME.ba. */
  private static void submit(String name, String master, Class<?> main, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of("--master", master, "--class", main.getName(),
        "--conf", "spark.executor.extraJavaOptions=" + System.getProperty("test.short"),
        "--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=2",
        "--conf", "spark.sql.catalog.bio=" + BioCatalog.class.getName(),
        "--conf", "spark.sql.catalog.bio.models.promoter=" + folder.resolve("promoter.ba").toUri()));
    all.addAll(Arrays.asList(arguments));
    for (String file : List.of("reads", name + ".tsv", name + ".ba")) {
      all.add(folder.resolve(file).toString());
    }
    Process process = start(name + ".log", "127.0.0.1", "org.apache.spark.deploy.SparkSubmit", all);
    assertTrue(process.waitFor(5, TimeUnit.MINUTES), "it does not end");
    assertEquals(0, process.exitValue(), () -> read(folder.resolve(name + ".log")));
  }

  private static String read(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException error) {
      return error.toString();
    }
  }

  private static ModelBytes model(String name) throws IOException {
    return ModelBytes.of(Files.readAllBytes(folder.resolve(name + ".ba")));
  }

  private static void check(String name) throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve(name + ".tsv"));
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
    assertEquals(Local.train(RECIPE, READS, labels(), null), model(name));
  }

  @Test
  void theLibraryComesByJars() throws Exception {
    Path library = jar("library.jar", ModelBytes.class, BioCatalog.class);
    Path application = jar("application.jar", ClusterMain.class);
    submit("jars", LOCAL, ClusterMain.class, "--jars", library.toString(), "--conf",
        "spark.serializer=org.apache.spark.serializer.KryoSerializer", application.toString());
    check("jars");
  }

  @Test
  void oneJarOfAllThatGoesFirst() throws Exception {
    Path all = jar("all.jar", ModelBytes.class, BioCatalog.class, ClusterMain.class);
    submit("all", LOCAL, ClusterMain.class, "--conf", "spark.executor.userClassPathFirst=true",
        "--conf", "spark.driver.userClassPathFirst=true", all.toString());
    check("all");
  }

  /** Whatever runs twice, or is lost and made anew, the model has the bytes of one process. */
  @Test
  void tasksFailRunTwiceAndLoseTheirExecutor() throws Exception {
    Path library = jar("faults-library.jar", ModelBytes.class, BioCatalog.class);
    Path application = jar("faults.jar", FaultsMain.class);
    String master = twoHosts(); // a copy of a task is never run on the host of the first
    submit("faults", master, FaultsMain.class, "--jars", library.toString(),
        "--conf", "spark.plugins=" + Faults.class.getName(), "--conf", "spark.test.killed=" + folder.resolve("killed"),
        "--conf", "spark.locality.wait=0", "--conf", "spark.speculation=true",
        "--conf", "spark.speculation.interval=50ms", "--conf", "spark.speculation.quantile=0.1",
        "--conf", "spark.speculation.multiplier=1.1", application.toString());
    String[] counts = Files.readString(folder.resolve("faults.tsv")).split(" ");
    for (int i = 0; i < counts.length; i++) {
      assertTrue(Integer.parseInt(counts[i]) > 0,
          List.of("no task failed", "no task ran twice", "no executor was lost").get(i));
    }
    assertEquals(Local.train(RECIPE, READS, labels(), null), model("faults"));
  }
}
