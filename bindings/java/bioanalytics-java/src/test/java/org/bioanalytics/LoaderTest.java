// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Where the native library comes from, and what is said when it does not. */
class LoaderTest {
  private static final String LETTERS = "ACGTTATAAAGGCACGTAGGATCC";
  private static final Path LIBRARY =
      Path.of(Made.CLASSES, "org/bioanalytics/native", Native.platform(), "libbioanalytics_jni-0.1.0.so");
  private static final Map<String, String> NOTHING = Map.of();

  private static String expected() {
    return Child.score(Made.model().toString(), LETTERS);
  }

  private static Made.Done child(Map<String, String> environment, List<String> options, Object... arguments) {
    return Made.run(environment, Made.java(options, Child.class, arguments));
  }

  private static Made.Done score(Map<String, String> environment, String... options) {
    return child(environment, List.of(options), "score", Made.model(), LETTERS);
  }

  private static void scores(Made.Done done) {
    assertEquals(expected() + "\n", done.out, done.err);
    assertEquals("", done.err);
    assertEquals(0, done.code);
  }

  private static String failure(Map<String, String> environment, String... options) {
    Made.Done done = child(environment, List.of(options), "load");
    String[] lines = done.out.split("\n");
    assertEquals(2, lines.length, done.out + done.err);
    assertEquals(lines[0], lines[1]);
    assertTrue(lines[0].startsWith("BA_ERR_UNSUPPORTED the native library of bioanalytics 0.1.0 does not load: "), lines[0]);
    return lines[0];
  }

  private static List<Path> entries(Path folder) throws IOException {
    try (Stream<Path> found = Files.walk(folder)) {
      return found.filter(path -> !path.equals(folder)).collect(Collectors.toList());
    }
  }

  @Test
  void foldersInTheirOrder() throws IOException {
    Path first = Made.folder();
    Path spark = Made.folder();
    String none = "-Djava.io.tmpdir=/nowhere/tmp";
    String home = "-Duser.home=/nowhere/home";
    scores(score(NOTHING, "-Dorg.bioanalytics.folders=/nowhere/a" + File.pathSeparator + first, none, home));
    scores(score(Map.of("LOCAL_DIRS", "/nowhere/b," + spark), none, home));
    scores(score(Map.of("SPARK_LOCAL_DIRS", spark.toString()), none, home));
    scores(score(NOTHING, "-Djava.io.tmpdir=" + first, home));
    scores(score(NOTHING, none, "-Duser.home=" + first));
    assertEquals(List.of(), entries(first), "files are deleted once they are loaded");
    assertEquals(List.of(), entries(spark));
  }

  /** A name that no other process or loader has, and a file that is gone. */
  @Test
  void uniqueNames() {
    Native.load();
    String id = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
    String digest = ModelBytes.of(Made.bytes(LIBRARY)).digest().substring(0, 16);
    Matcher found = Pattern.compile("/bioanalytics-(" + id + ")/libbioanalytics_jni-0\\.1\\.0-" + digest + "-(" + id
        + ")\\.so \\(deleted\\)").matcher(new String(Made.bytes(Path.of("/proc/self/maps")), StandardCharsets.UTF_8));
    assertTrue(found.find());
    assertEquals(found.group(1), found.group(3));
  }

  /** Then no other place is tried. */
  @Test
  void namedFiles() throws IOException {
    scores(score(NOTHING, "-Dorg.bioanalytics.library=" + LIBRARY));
    scores(score(Map.of("BIOANALYTICS_JNI_LIBRARY", LIBRARY.toString()), "-Djava.io.tmpdir=/nowhere/tmp",
        "-Duser.home=/nowhere/home"));
    Path text = Made.write(Made.folder().resolve("text.so"), "no library");
    String said = failure(NOTHING, "-Dorg.bioanalytics.library=" + text);
    assertTrue(said.contains("the property org.bioanalytics.library names " + text), said);
    assertFalse(said.contains("folder"), said);
    said = failure(Map.of("BIOANALYTICS_JNI_LIBRARY", "/nowhere/x.so"));
    assertTrue(said.contains("the variable BIOANALYTICS_JNI_LIBRARY names /nowhere/x.so"), said);
  }

  @Test
  void everyAttemptIsListed() throws IOException {
    Path file = Made.write(Made.folder().resolve("file"), "");
    Path local = Path.of("/nowhere/local");
    String said = failure(Map.of("LOCAL_DIRS", local + ",/nowhere/other"),
        "-Dorg.bioanalytics.folders=" + file, "-Djava.io.tmpdir=/nowhere/tmp", "-Duser.home=/nowhere/home");
    for (String part : List.of(file + ": ", local + ": NoSuchFileException", "/nowhere/other: NoSuchFileException",
        "/nowhere/tmp: NoSuchFileException", "/nowhere/home: NoSuchFileException",
        "no folder is left; name one in the property org.bioanalytics.folders")) {
      assertTrue(said.contains(part), part + " is not in " + said);
    }
    said = failure(NOTHING, "-Dos.arch=sparc");
    assertTrue(said.contains("the jar has no /org/bioanalytics/native/linux/sparc"), said);
  }

  @Test
  void foldersWithoutExecution() throws IOException {
    Path folder = Made.folder();
    Made.Done mounted = mount(List.of("mount", "-t", "tmpfs", "-o", "noexec,size=8m", "tmpfs", folder.toString()));
    assumeTrue(mounted.code == 0, "this machine lets nobody mount");
    try {
      String said = failure(NOTHING, "-Djava.io.tmpdir=" + folder, "-Duser.home=/nowhere/home");
      assertTrue(said.contains(folder + ": ") && said.contains("(the folder is mounted noexec)"), said);
      Path home = Made.folder();
      scores(score(NOTHING, "-Djava.io.tmpdir=" + folder, "-Duser.home=" + home));
      assertEquals(List.of(), entries(folder));
    } finally {
      assertEquals(0, mount(List.of("umount", folder.toString())).code);
    }
  }

  private static Made.Done mount(List<String> command) {
    try {
      return Made.run(NOTHING, command);
    } catch (java.io.UncheckedIOException error) {
      return new Made.Done(1, "", error.getMessage());
    }
  }

  @Test
  void otherVersions() {
    String said = failure(NOTHING, "-Dorg.bioanalytics.library=" + Made.NATIVE.resolve("libother_version.so"));
    assertTrue(said.contains("the library is version 9.9.9 with ABI 0; this jar needs 0.1.0 with ABI 0"), said);
    Path zlib = Stream.of("/lib/x86_64-linux-gnu/libz.so.1", "/lib/aarch64-linux-gnu/libz.so.1", "/usr/lib64/libz.so.1")
        .map(Path::of).filter(Files::exists).findFirst().orElse(null);
    assumeTrue(zlib != null, "zlib is elsewhere here");
    said = failure(NOTHING, "-Dorg.bioanalytics.library=" + zlib);
    assertTrue(said.contains("what was loaded is no library of bioanalytics for Java"), said);
  }

  @Test
  void versionsAgree() {
    assertEquals(System.getProperty("test.version"), Native.VERSION);
    String project = new String(Made.bytes(Made.TOP.resolve("CMakeLists.txt")), StandardCharsets.UTF_8);
    assertTrue(project.contains("project(BioAnalytics VERSION " + Native.VERSION + " "));
    assertTrue(Native.buildText().contains("scalar"), Native.buildText());
  }

  /** Each loader has classes, and a library, of its own. */
  @Test
  void severalClassLoaders() throws Exception {
    URL[] classes = {Path.of(Made.CLASSES).toUri().toURL(), Path.of(Made.TEST_CLASSES).toUri().toURL()};
    Class<?> before = Child.class;
    for (int i = 0; i < 3; i++) {
      try (URLClassLoader loader = new URLClassLoader(classes, ClassLoader.getPlatformClassLoader())) {
        Class<?> child = loader.loadClass(Child.class.getName());
        assertNotSame(before, child);
        assertNotEquals(Child.class.getClassLoader(), child.getClassLoader());
        Object found = child.getMethod("score", String.class, String.class)
            .invoke(null, Made.model().toString(), LETTERS);
        assertEquals(expected(), found);
        before = child;
      }
    }
  }

  @Test
  void eightAtOnce() throws IOException {
    Path folder = Made.folder();
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      processes.add(Made.start(NOTHING,
          Made.java(List.of("-Djava.io.tmpdir=" + folder, "-Xshare:auto", "-XX:-UsePerfData"), Child.class, "score",
              Made.model(), LETTERS)));
    }
    for (Process process : processes) {
      scores(Made.finish(process));
    }
    assertEquals(List.of(), entries(folder));
  }

  /** Nothing native happens before the first context, in whatever order classes come. */
  @Test
  void classesLoadNothing() throws IOException {
    List<String> names = new ArrayList<>();
    for (Path path : entries(Path.of(Made.CLASSES, "org/bioanalytics"))) {
      String name = path.getFileName().toString();
      if (name.endsWith(".class")) {
        names.add(name.substring(0, name.length() - 6));
      }
    }
    assertTrue(names.size() > 20);
    for (int first = 0; first < names.size(); first += 6) {
      List<Object> arguments = new ArrayList<>(List.of("classes"));
      arguments.addAll(names.subList(first, names.size()));
      arguments.addAll(names.subList(0, first));
      Made.Done done = child(NOTHING, List.of("-Dorg.bioanalytics.library=/nowhere/x.so"), arguments.toArray());
      assertEquals("initialised\n", done.out, done.err);
      assertEquals("", done.err);
    }
  }
}
