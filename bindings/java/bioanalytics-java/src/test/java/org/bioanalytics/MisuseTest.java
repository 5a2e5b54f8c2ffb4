// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Wrong buffers and random calls of the native side: what is wrong is raised, and the process lives. */
class MisuseTest {
  private static final List<String> SEQUENCES = List.of("ACGTAC", "GGGG", "", "TTATAAAGGC");

  private static final Path FASTA = Made.fasta(Made.sequences(51, 20, 10, 20, false));
  private static final Path TABLE = Made.table(Made.sequences(51, 20, 10, 20, false), Made.labels(20));
  private static final Path CHECKPOINT = Made.folder().resolve("state");
  private static final Path MODEL_COPY = Made.write(Made.folder().resolve("copy.ba"), "");
  private static final Path TABULAR = tabular();

  /** A model of one column of numbers. */
  private static Path tabular() {
    Path out = Made.folder().resolve("tabular.ba");
    Path table = Made.write(Made.folder().resolve("t.tsv"), "x\ty\n1\t2\n2\t4\n3\t5\n4\t9\n");
    Made.ba("train", "--table", table, "--target", "y", "--recipe", "Columns() | Linear()", "--out", out);
    return out;
  }

  private static void refused(Scorer scorer, ByteBuffer letters, IntBuffer offsets, DoubleBuffer out) {
    assertThrows(IllegalArgumentException.class, () -> scorer.score(letters, offsets, out, null));
    assertThrows(IllegalArgumentException.class, () -> scorer.score(letters, offsets, null, out));
  }

  @Test
  void buffersThatJavaRefuses() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model); Records records = Records.of(context, SEQUENCES)) {
      ByteBuffer letters = Made.direct(SEQUENCES);
      IntBuffer offsets = Made.offsets(SEQUENCES);
      DoubleBuffer out = Made.doubles(8);
      refused(scorer, ByteBuffer.wrap("ACGTACGGGGTTATAAAGGC".getBytes(StandardCharsets.US_ASCII)), offsets, out);
      refused(scorer, letters, IntBuffer.allocate(5), out);
      refused(scorer, letters, Made.ints(0), out);
      refused(scorer, letters, ByteBuffer.allocateDirect(20).asIntBuffer(), out); // big-endian
      refused(scorer, letters, offsets, DoubleBuffer.allocate(8));
      refused(scorer, letters, offsets, out.asReadOnlyBuffer());
      refused(scorer, letters, offsets, ByteBuffer.allocateDirect(64).asDoubleBuffer());
      refused(scorer, letters, offsets, Made.doubles(3));
      assertThrows(IllegalArgumentException.class, () -> scorer.score(records, Made.doubles(3), null));
      assertThrows(IllegalArgumentException.class, () -> scorer.score(records, new double[3], null));
      assertThrows(IllegalArgumentException.class, () -> scorer.score(records, null, new double[7]));
      assertThrows(NullPointerException.class, () -> scorer.score((ByteBuffer) null, offsets, out, null));
      assertThrows(NullPointerException.class, () -> scorer.score(letters, (IntBuffer) null, out, null));
      assertThrows(IndexOutOfBoundsException.class, () -> scorer.score(new byte[5], 3, 3, null, new double[2]));
      assertThrows(IndexOutOfBoundsException.class, () -> scorer.score(new byte[5], -1, 3, null, new double[2]));
      assertThrows(IndexOutOfBoundsException.class, () -> scorer.score(new byte[5], 1, -3, null, new double[2]));
    }
  }

  @Test
  void buffersThatTheNativeSideRefuses() {
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model)) {
      ByteBuffer letters = Made.direct(SEQUENCES);
      DoubleBuffer out = Made.doubles(8);
      for (int[] bounds : new int[][] {{0, 5, 3, 10, 20}, {-1, 2, 3, 4, 5}, {0, 6, 10, 10, 21}, {21, 21, 21, 21, 21},
          {Integer.MIN_VALUE, 0, 0, 0, 0}, {0, 6, 10, 10, Integer.MAX_VALUE}, {20, 10, 10, 6, 0}}) {
        IntBuffer offsets = Made.ints(5);
        offsets.put(bounds).flip();
        BioAnalyticsException error =
            assertThrows(BioAnalyticsException.class, () -> scorer.score(letters, offsets, out, null));
        assertEquals(BioAnalyticsException.ARGUMENT, error.code());
        assertThrows(BioAnalyticsException.class, () -> Records.of(context, letters, offsets));
      }
      long[] huge = {0, Long.MAX_VALUE};
      assertThrows(BioAnalyticsException.class, () -> Records.of(context, new byte[4], huge));
      LongBuffer wide = Made.longOffsets(SEQUENCES);
      wide.put(2, Long.MIN_VALUE);
      assertThrows(BioAnalyticsException.class, () -> scorer.score(letters, wide, out, null));
      ByteBuffer odd = ByteBuffer.allocateDirect(100).order(ByteOrder.nativeOrder());
      odd.position(1).limit(81);
      BioAnalyticsException error = assertThrows(BioAnalyticsException.class,
          () -> scorer.score(letters, Made.offsets(SEQUENCES), odd.asDoubleBuffer(), null));
      assertTrue(error.getMessage().contains("multiple"), error.getMessage());
      odd.limit(21);
      assertThrows(BioAnalyticsException.class, () -> scorer.score(letters, odd.asIntBuffer(), out, null));
      ByteBuffer strange = Made.direct(SEQUENCES);
      strange.put(7, (byte) '>');
      error = assertThrows(BioAnalyticsException.class,
          () -> scorer.score(strange, Made.offsets(SEQUENCES), out, null));
      assertEquals("BA_ERR_FORMAT", error.status());
      assertEquals(2, error.record());
      scorer.score(ByteBuffer.allocateDirect(0), Made.ints(1), Made.doubles(0), null); // no sequence at all
      scorer.score(letters, Made.offsets(SEQUENCES), out, null);
    }
  }

  /** What a call is given for each parameter, by name for handles and by type for the rest. */
  private static final class Arguments {
    private final Random random;
    private final Map<String, Long> handles = new HashMap<>();
    private final byte[] whole = Made.bytes(Made.model());
    private final byte[] request;
    private final byte[] sums;
    private final byte[] packed;
    private final byte[] solved;
    private final byte[] streamed;
    private final int width;

    Arguments(int seed) {
      random = new Random(seed);
      byte[] none = null;
      byte[] recipe = Text.of("Kmer(k=2) | Logistic()", "recipe");
      byte[] classes = "0\0001\0".getBytes(StandardCharsets.US_ASCII);
      long c = Calls.contextCreate();
      handles.put("c", c);
      handles.put("reader", Calls.readerOpenPush(c, none));
      handles.put("readerFinish reader", Calls.readerOpenPush(c, none)); // which takes no more afterwards
      byte[] letters = String.join("", SEQUENCES).getBytes(StandardCharsets.US_ASCII);
      long records = Calls.recordsCreate(c, letters, new long[] {0, 6, 10, 10, 20});
      handles.put("records", records);
      handles.put("extractor", Calls.extractorCreate(c, recipe));
      handles.put("array", Calls.extractorDense(c, handles.get("extractor"), records, none));
      handles.put("model", Calls.modelLoadBytes(c, whole, none));
      handles.put("start", handles.get("model"));
      handles.put("scorer", Calls.scorerCreate(c, handles.get("model"), Text.of("drift=yes", "options")));
      byte[] labels = "0\0001\0000\0001\0".getBytes(StandardCharsets.US_ASCII);
      for (String name : List.of("dataset", "rows")) {
        handles.put(name, Calls.datasetCreate(c, none));
        Calls.datasetAdd(c, handles.get(name), records, labels, null, null, 0);
      }
      handles.put("trainer", Calls.trainerCreate(c, recipe, handles.get("rows"), none));
      handles.put("solver", Calls.solverCreate(c, recipe, classes, 2, none));
      request = Calls.solverAsk(c, handles.get("solver"));
      handles.put("partial", Calls.partialCreate(c, request));
      handles.put("stream", Calls.streamOpen(c, Text.of("Return(column=x)", "recipe"), none));
      handles.put("partialMerge other", Calls.partialCreate(c, request));
      Calls.partialAccumulate(c, handles.get("partialMerge other"), handles.get("rows"), 0);
      handles.put("solverTell partial", handles.get("partialMerge other"));
      packed = Calls.partialPack(c, handles.get("partial"), handles.get("rows"), 0);
      sums = Calls.partialSave(c, handles.get("partialMerge other"));
      solved = Calls.solverSave(c, handles.get("solver"));
      streamed = Calls.streamSave(c, handles.get("stream"));
      width = (int) Calls.modelWidth(handles.get("model"));
      byte[] online = Text.of("Kmer(k=2) | Logistic(solver=adagrad)", "recipe");
      handles.put("trainerUpdate trainer", Calls.trainerCreateOnline(c, online, classes, 2, 0, none));
      handles.put("trainerCreateOnline start", Calls.trainerFinish(c, handles.get("trainerUpdate trainer")));
      handles.put("arrayInts array", Calls.extractorDense(
          c, handles.get("extractor"), records, Text.of("output=counts", "options")));
      long[] three = new long[3];
      Calls.extractorCsr(c, handles.get("extractor"), records, none, three);
      handles.put("arrayLongs array", three[0]);
      long tabular = Calls.modelLoadPath(c, Text.of(TABULAR), none);
      handles.put("modelInputName model", tabular);
      handles.put("streamOpenModel model", tabular);
      handles.put("scoreStream model", tabular);
      handles.put("scoreStream scorer", Calls.scorerCreate(c, tabular, none));
      handles.put("scoreStream stream", Calls.streamOpenModel(c, tabular, none));
      handles.put("streamMerge other", Calls.streamOpen(c, Text.of("Return(column=x)", "recipe"), none));
    }

    @SafeVarargs
    private final <T> T one(T... values) {
      return values[random.nextInt(values.length)];
    }

    Object of(Method method, Parameter parameter) {
      Class<?> type = parameter.getType();
      String name = parameter.getName();
      Long handle = handles.getOrDefault(method.getName() + " " + name, handles.get(name));
      if (name.equals("dataset") && !method.getName().startsWith("dataset")) {
        handle = handles.get("rows"); // of the trainer, which nobody may change
      }
      if (type == long.class && handle != null) {
        return random.nextInt(12) == 0 ? 0L : handle;
      }
      if (random.nextInt(4) > 0) {
        return fine(method.getName(), name, type);
      }
      if (type == long.class) {
        return one(0L, 1L, 2L, 3L, 4L, -1L, 4096L, Long.MAX_VALUE, Long.MIN_VALUE, 1L << 31, 1L << 40);
      }
      if (type == int.class) {
        return one(0, 1, 2, 3, 4, -1, 7, Integer.MAX_VALUE, Integer.MIN_VALUE, 1 << 20);
      }
      if (type == double.class) {
        return one(0.0, 1.0, Double.NaN, Double.POSITIVE_INFINITY, -1e308);
      }
      if (type == boolean.class) {
        return random.nextBoolean();
      }
      if (name.startsWith("path")) {
        return one(null, new byte[0], "/nowhere/at/all".getBytes(StandardCharsets.US_ASCII), new byte[] {'/', 0, 'x'});
      }
      if (type == byte[].class) {
        return bytes();
      }
      if (type == double[].class) {
        int length = one(0, 1, 2, 3, 4, 5, 8, 40);
        return random.nextInt(6) == 0 ? null : random.doubles(length, -1, 1).toArray();
      }
      if (type == float[].class) {
        return random.nextInt(6) == 0 ? null : new float[one(0, 1, 3, 2080)];
      }
      if (type == long[].class) {
        return one(null, new long[0], new long[1], new long[2], new long[8], new long[] {0, 2, 4}, new long[] {4, 2});
      }
      return buffer(type);
    }

    /** What makes the call go well, most often. */
    private Object fine(String method, String name, Class<?> type) {
      if (type == int.class) {
        return name.equals("length") || (name.equals("count") && !method.endsWith("Online") && !method.startsWith("solver"))
            ? 4 : name.equals("count") ? 2 : 0;
      }
      if (type == long.class) {
        return name.equals("most") || name.equals("window") ? 4L : name.equals("step") || name.equals("count") ? 1L : 0L;
      }
      if (type == double.class) {
        return 0.5;
      }
      if (type == boolean.class) {
        return random.nextBoolean();
      }
      if (type == float[].class) {
        return new float[width];
      }
      if (type == double[].class) {
        return name.equals("rows") ? new double[method.startsWith("stream") ? 1 : width]
            : name.equals("row") ? new double[1]
            : name.equals("times") || name.equals("weights") && method.equals("datasetAdd") ? null : new double[width];
      }
      if (type == long[].class) {
        return name.equals("offsets") ? new long[] {0, 2, 4} : new long[8];
      }
      if (type == ByteBuffer.class) {
        return Made.direct(SEQUENCES);
      }
      if (type == IntBuffer.class) {
        return Made.offsets(SEQUENCES);
      }
      if (type == LongBuffer.class) {
        return null;
      }
      if (type == DoubleBuffer.class) {
        return Made.doubles(40);
      }
      return fineBytes(method, name);
    }

    private byte[] fineBytes(String method, String name) {
      switch (name) {
        case "options": case "groups": case "group":
          return null;
        case "labels":
          return "0\0001\0000\0001\0".getBytes(StandardCharsets.US_ASCII);
        case "classes":
          return "0\0001\0".getBytes(StandardCharsets.US_ASCII);
        case "level":
          return "auto".getBytes(StandardCharsets.US_ASCII);
        case "name":
          return "rows".getBytes(StandardCharsets.US_ASCII);
        case "request":
          return request;
        case "saved":
          return sums;
        case "packed":
          return packed;
        case "state":
          return method.startsWith("solver") ? solved : streamed;
        case "recipe":
          return (method.startsWith("stream") ? "Return(column=x)" : method.endsWith("Online")
              ? "Kmer(k=2) | Logistic(solver=adagrad)" : "Kmer(k=2) | Logistic()").getBytes(StandardCharsets.US_ASCII);
        case "path": case "path1": case "path2":
          return (method.startsWith("model") ? MODEL_COPY : method.startsWith("reader") ? FASTA
              : method.startsWith("dataset") ? TABLE : CHECKPOINT).toString().getBytes(StandardCharsets.UTF_8);
        case "bytes":
          return whole;
        default:
          return "ACGTACGTAC".getBytes(StandardCharsets.US_ASCII);
      }
    }

    private byte[] bytes() {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] ^= 1;
      byte[] noise = new byte[random.nextInt(50)];
      random.nextBytes(noise);
      return one(null, new byte[0], whole, damaged, noise, "ACGTACGTAC".getBytes(StandardCharsets.US_ASCII),
          "Kmer(k=2) | Logistic(solver=adagrad)".getBytes(StandardCharsets.US_ASCII),
          "0\0001\0000\0001\0".getBytes(StandardCharsets.US_ASCII), "0\0001\0".getBytes(StandardCharsets.US_ASCII),
          ">a\nACGT\n".getBytes(StandardCharsets.US_ASCII), "rows".getBytes(StandardCharsets.US_ASCII),
          "Return(column=x)".getBytes(StandardCharsets.US_ASCII), new byte[] {0}, new byte[5000]);
    }

    private Object buffer(Class<?> type) {
      ByteBuffer memory = ByteBuffer.allocateDirect(one(0, 1, 8, 20, 40, 100)).order(ByteOrder.nativeOrder());
      if (random.nextBoolean()) {
        memory.put("ACGTACGGGGTTATAAAGGC".substring(0, Math.min(20, memory.capacity()))
            .getBytes(StandardCharsets.US_ASCII)).clear();
      }
      if (random.nextInt(8) == 0 && memory.capacity() > 0) {
        memory.position(1);
      }
      ByteBuffer found = random.nextInt(6) == 0 ? memory.asReadOnlyBuffer().order(ByteOrder.nativeOrder()) : memory;
      boolean none = random.nextInt(6) == 0;
      boolean heap = random.nextInt(6) == 0;
      if (type == ByteBuffer.class) {
        return none ? null : heap ? ByteBuffer.allocate(20) : found.slice();
      }
      if (type == IntBuffer.class) {
        return none ? null : heap ? IntBuffer.allocate(5) : found.asIntBuffer();
      }
      if (type == LongBuffer.class) {
        return random.nextBoolean() ? null : heap ? LongBuffer.allocate(5) : found.asLongBuffer();
      }
      if (type == DoubleBuffer.class) {
        return none ? null : heap ? DoubleBuffer.allocate(5) : found.asDoubleBuffer();
      }
      throw new AssertionError(type);
    }
  }

  /** These end objects, or change what all others are about. */
  private static final Set<String> LEFT_OUT = Set.of("destroy", "contextCancel", "contextMemoryLimit", "contextThreads");

  @Test
  void randomCallsOfTheNativeSide() throws Exception {
    List<Method> methods = new ArrayList<>();
    for (Method method : Calls.class.getDeclaredMethods()) {
      if (Modifier.isNative(method.getModifiers()) && !LEFT_OUT.contains(method.getName())) {
        methods.add(method);
      }
    }
    methods.sort(Comparator.comparing(Method::getName)); // the same calls in every run
    Files.copy(Made.model(), MODEL_COPY, StandardCopyOption.REPLACE_EXISTING);
    Set<String> done = new TreeSet<>();
    int raised = 0;
    double[] before;
    try (Context context = new Context(); Model model = Model.load(context, Made.model());
        Scorer scorer = new Scorer(context, model); Records records = Records.of(context, SEQUENCES)) {
      before = scorer.scores(records);
      for (int seed = 0; seed < 4; seed++) {
        Arguments arguments = new Arguments(seed);
        Random random = new Random(seed);
        for (int i = 0; i < 12_000; i++) {
          Method method = methods.get(random.nextInt(methods.size()));
          Object[] given = new Object[method.getParameterCount()];
          for (int j = 0; j < given.length; j++) {
            given[j] = arguments.of(method, method.getParameters()[j]);
          }
          try {
            method.invoke(null, given);
            done.add(method.getName());
          } catch (InvocationTargetException error) {
            Throwable cause = error.getCause();
            assertTrue(cause instanceof BioAnalyticsException, () -> method + " " + cause);
            assertTrue(!cause.getMessage().isEmpty());
            raised++;
          }
        }
      }
      Made.same(before, scorer.scores(records));
    }
    Set<String> never = new TreeSet<>();
    methods.forEach(method -> never.add(method.getName()));
    never.removeAll(done);
    assertTrue(raised > 5000, raised + " were raised");
    assertTrue(never.isEmpty(), "never went well: " + never);
  }
}
