// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** The Java blocks of the READMEs are run. One without a class is the inside of a main. */
class ReadmeTest {
  private static final Pattern BLOCK = Pattern.compile("^```java\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL);

  private static String program(String block) {
    if (block.contains("class ")) {
      return block;
    }
    return "import java.nio.*; import java.nio.file.Path; import java.util.*; import org.bioanalytics.*;\n"
        + "public class Main {\n  public static void main(String[] arguments) throws Exception {\n"
        + "    List<String> sequences = List.of(\"ACGTTATAAAGGCACGT\", \"GGGTTTACCAGT\", \"TATAAAGGC\", \"ACCA\");\n"
        + "    List<String> labels = List.of(\"1\", \"0\", \"1\", \"0\");\n" + block + "  }\n}\n";
  }

  /** Files that the blocks speak of. */
  private static Path data() throws IOException {
    Path folder = Made.folder();
    Files.copy(Made.model(), folder.resolve("mine.ba"));
    StringBuilder reads = new StringBuilder();
    for (String sequence : Made.sequences(61, 50, 60, 60, false)) {
      reads.append("@r\n").append(sequence).append("\n+\n").append("I".repeat(60)).append('\n');
    }
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(folder.resolve("reads.fastq.gz")))) {
      out.write(reads.toString().getBytes(StandardCharsets.US_ASCII));
    }
    return folder;
  }

  private static List<String> blocks(String document) {
    List<String> found = new ArrayList<>();
    Matcher matcher = BLOCK.matcher(new String(Made.bytes(Made.TOP.resolve(document)), StandardCharsets.UTF_8));
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    return found;
  }

  @Test
  void blocksRun() throws IOException {
    Path folder = data();
    String java = Path.of(System.getProperty("java.home"), "bin").toString();
    List<String> blocks = blocks("README.md");
    blocks.addAll(blocks("bindings/java/README.md"));
    assertTrue(blocks.size() >= 5);
    for (String block : blocks) {
      Matcher named = Pattern.compile("public class (\\w+)").matcher(program(block));
      assertTrue(named.find());
      Path source = Made.write(folder.resolve(named.group(1) + ".java"), program(block));
      Made.Done done = Made.run(Map.of(), List.of("sh", "-ec", "cd " + folder + " && " + java + "/javac -cp " + Made.CLASSES
          + " " + source + " && " + java + "/java -cp " + Made.CLASSES + ":. " + named.group(1)));
      assertEquals(0, done.code, () -> block + done.out + done.err);
    }
  }
}
