// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/** What the tests share: seeded sequences, a model that the program `ba` trained, and other processes. */
final class Made {
  static final String RECIPE = "Kmer(k=3..6, strand=canonical) | Logistic()";
  static final Path TOP = Path.of(System.getProperty("test.top")).normalize();
  static final Path NATIVE = Path.of(System.getProperty("test.native"));
  static final String CLASSES = System.getProperty("test.classes");
  static final String TEST_CLASSES = CLASSES.replaceFirst("classes$", "test-classes");

  private static final Path BA = NATIVE.resolve("library/ba");
  private static Path folder;
  private static Path model;

  private Made() {}

  /** Random sequences; every second has a motif at a random place; one letter in a hundred is odd when asked for. */
  static List<String> sequences(int seed, int count, int least, int most, boolean odd) {
    Random random = new Random(seed);
    List<String> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = least + random.nextInt(most - least + 1); n > 0; n--) {
        boolean strange = odd && random.nextInt(100) == 0;
        text.append(strange ? "Nnacgt".charAt(random.nextInt(6)) : "ACGT".charAt(random.nextInt(4)));
      }
      if (i % 2 == 1 && text.length() >= 9) {
        int at = random.nextInt(text.length() - 8);
        text.replace(at, at + 9, "TATAAAGGC");
      }
      found.add(text.toString());
    }
    return found;
  }

  /** Labels 0 and 1 in turn, as the motif. */
  static List<String> labels(int count) {
    List<String> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      found.add(String.valueOf(i % 2));
    }
    return found;
  }

  static synchronized Path folder() {
    try {
      if (folder == null) {
        folder = Files.createTempDirectory("bioanalytics-test");
      }
      return Files.createTempDirectory(folder, "t");
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  static Path write(Path path, String text) {
    try {
      return Files.write(path, text.getBytes(StandardCharsets.ISO_8859_1));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  static byte[] bytes(Path path) {
    try {
      return Files.readAllBytes(path);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  static Path fasta(List<String> sequences) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < sequences.size(); i++) {
      text.append(">s").append(i).append('\n').append(sequences.get(i)).append('\n');
    }
    return write(folder().resolve("made.fa"), text.toString());
  }

  static Path table(List<String> sequences, List<String> labels) {
    StringBuilder text = new StringBuilder("sequence\tlabel\n");
    for (int i = 0; i < sequences.size(); i++) {
      text.append(sequences.get(i)).append('\t').append(labels.get(i)).append('\n');
    }
    return write(folder().resolve("made.tsv"), text.toString());
  }

  /** The standard output of the program `ba`. */
  static String ba(Object... arguments) {
    assertTrue(Files.exists(BA), "these tests need the program ba, which needs libcjson-dev to be built");
    List<String> command = new ArrayList<>(List.of(BA.toString()));
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Done done = run(Map.of(), command);
    assertEquals(0, done.code, () -> command + "\n" + done.out + done.err);
    return done.out;
  }

  /** A model that `ba` trained on 1,200 sequences. */
  static synchronized Path model() {
    if (model == null) {
      List<String> sequences = sequences(1, 1200, 150, 250, false);
      Path out = folder().resolve("model.ba");
      ba("train", "--recipe", RECIPE, "--labels", table(sequences, labels(1200)), "--out", out);
      model = out;
    }
    return model;
  }

  /** A column of what `ba predict` prints, with all its digits. */
  static double[] told(String printed, String column) {
    String[] lines = printed.split("\n");
    int place = Arrays.asList(lines[0].split("\t")).indexOf(column);
    assertTrue(place >= 0, lines[0]);
    double[] found = new double[lines.length - 1];
    for (int i = 0; i < found.length; i++) {
      found[i] = Double.parseDouble(lines[i + 1].split("\t")[place]);
    }
    return found;
  }

  /** Equal to the bit; NaN is NaN. */
  static void same(double[] expected, double[] found) {
    assertEquals(expected.length, found.length);
    for (int i = 0; i < expected.length; i++) {
      int row = i;
      assertEquals(Double.doubleToLongBits(expected[i]), Double.doubleToLongBits(found[i]),
          () -> "number " + row + ": " + expected[row] + " and " + found[row]);
    }
  }

  // Direct buffers

  static ByteBuffer direct(List<String> sequences) {
    byte[] letters = String.join("", sequences).getBytes(StandardCharsets.ISO_8859_1);
    ByteBuffer buffer = ByteBuffer.allocateDirect(letters.length);
    buffer.put(letters).flip();
    return buffer;
  }

  static IntBuffer offsets(List<String> sequences) {
    IntBuffer offsets = ints(sequences.size() + 1);
    int at = 0;
    offsets.put(0);
    for (String sequence : sequences) {
      offsets.put(at += sequence.length());
    }
    offsets.flip();
    return offsets;
  }

  static LongBuffer longOffsets(List<String> sequences) {
    IntBuffer narrow = offsets(sequences);
    LongBuffer wide = ByteBuffer.allocateDirect(narrow.remaining() * 8).order(ByteOrder.nativeOrder()).asLongBuffer();
    while (narrow.hasRemaining()) {
      wide.put(narrow.get());
    }
    wide.flip();
    return wide;
  }

  static IntBuffer ints(int count) {
    return ByteBuffer.allocateDirect(count * 4).order(ByteOrder.nativeOrder()).asIntBuffer();
  }

  static DoubleBuffer doubles(int count) {
    return ByteBuffer.allocateDirect(count * 8).order(ByteOrder.nativeOrder()).asDoubleBuffer();
  }

  static double[] array(DoubleBuffer buffer) {
    double[] found = new double[buffer.capacity()];
    DoubleBuffer from = buffer.duplicate();
    from.clear();
    from.get(found);
    return found;
  }

  // Other processes

  static final class Done {
    final int code;
    final String out;
    final String err;

    Done(int code, String out, String err) {
      this.code = code;
      this.out = out;
      this.err = err;
    }
  }

  static Done run(Map<String, String> environment, List<String> command) {
    return finish(start(environment, command));
  }

  /** Its output goes to files, so that it never waits for a reader. */
  static Process start(Map<String, String> environment, List<String> command) {
    try {
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().putAll(environment);
      Path place = folder();
      builder.directory(place.toFile());
      builder.redirectOutput(place.resolve("out").toFile()).redirectError(place.resolve("err").toFile());
      Process process = builder.start();
      PLACES.put(process, place);
      return process;
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static final Map<Process, Path> PLACES = Collections.synchronizedMap(new java.util.IdentityHashMap<>());

  static Done finish(Process process) {
    try {
      if (!process.waitFor(300, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
        throw new AssertionError("a process did not end in 300 s");
      }
      Path place = PLACES.remove(process);
      return new Done(process.exitValue(), new String(bytes(place.resolve("out")), StandardCharsets.UTF_8),
          new String(bytes(place.resolve("err")), StandardCharsets.UTF_8));
    } catch (InterruptedException error) {
      throw new AssertionError(error);
    }
  }

  /** A Java of this kind, of the classes under test and those of the tests. */
  static List<String> java(List<String> options, Class<?> main, Object... arguments) {
    List<String> command = new ArrayList<>(List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx128m", "-Xcheck:jni", "-cp",
        CLASSES + System.getProperty("path.separator") + TEST_CLASSES));
    command.addAll(options);
    command.add(main.getName());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    return command;
  }
}
