// SPDX-License-Identifier: MIT
package org.bioanalytics.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

/** The queries and programs of the README are run. */
class ReadmeTest {
  private static List<String> blocks(String language) throws IOException {
    String text = Files.readString(Path.of(System.getProperty("test.readme")));
    Matcher matcher =
        Pattern.compile("^```" + language + "\n(.*?)^```", Pattern.MULTILINE | Pattern.DOTALL).matcher(text);
    List<String> found = new ArrayList<>();
    while (matcher.find()) {
      found.add(matcher.group(1));
    }
    assertTrue(!found.isEmpty(), language);
    return found;
  }

  @Test
  void queriesRun() throws IOException {
    Session.view("reads", Reads.planted(100, 50, 51), 1);
    for (String query : blocks("sql")) {
      List<Row> rows = Session.SPARK.sql(query).collectAsList();
      assertEquals(100, rows.size());
      rows.forEach(row -> assertEquals(row.getDouble(0), row.getDouble(1)));
    }
  }

  @Test
  void programsRun() throws Exception {
    Session.view("reads", Reads.planted(100, 50, 51), 1);
    Session.view("all", Reads.planted(400, 50, 53), 2)
        .selectExpr("id", "seq AS sequence", "cast(id % 2 AS string) AS label").createOrReplaceTempView("labelled");
    for (String program : blocks("java")) {
      Path folder = Files.createTempDirectory("readme");
      Matcher name = Pattern.compile("public class (\\w+)").matcher(program);
      assertTrue(name.find());
      Session.SPARK.table("labelled").write().parquet(folder.resolve("labelled").toString());
      Session.SPARK.conf().set("spark.sql.streaming.checkpointLocation", folder.toString());
      Path source = Files.writeString(folder.resolve(name.group(1) + ".java"),
          program.replaceAll("(?<!table\\()\"(model|scored|labelled|online)(?=[/\"])", "\"" + folder.toUri() + "$1"));
      assertEquals(0, ToolProvider.getSystemJavaCompiler().run(null, null, null, "-proc:none", "-cp",
          System.getProperty("java.class.path"), source.toString()));
      try (URLClassLoader loader = new URLClassLoader(new URL[] {folder.toUri().toURL()})) {
        loader.loadClass(name.group(1)).getMethod("main", String[].class).invoke(null, (Object) new String[0]);
      }
      assertTrue(Stream.of("model", "online").anyMatch(each -> Files.exists(folder.resolve(each + "/model.ba"))));
    }
  }
}
