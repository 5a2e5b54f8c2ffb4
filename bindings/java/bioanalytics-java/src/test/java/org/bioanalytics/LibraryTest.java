// SPDX-License-Identifier: MIT
package org.bioanalytics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What the native library shows and needs, and that the tests run as they should. */
class LibraryTest {
  private static final Path LIBRARY =
      Path.of(Made.CLASSES, "org/bioanalytics/native", Native.platform(), "libbioanalytics_jni-0.1.0.so");

  private static String told(String... command) {
    try {
      Made.Done done = Made.run(Map.of(), List.of(command));
      assertEquals(0, done.code, done.err);
      return done.out;
    } catch (UncheckedIOException error) {
      assumeTrue(false, "binutils are not installed");
      return "";
    }
  }

  /** The native methods, and nothing of the C library. */
  @Test
  void exports() {
    Set<String> expected = new TreeSet<>(Set.of("JNI_OnLoad", "JNI_OnUnload"));
    for (java.lang.reflect.Method method : Calls.class.getDeclaredMethods()) {
      if (java.lang.reflect.Modifier.isNative(method.getModifiers())) {
        expected.add("Java_org_bioanalytics_Calls_" + method.getName());
      }
    }
    Set<String> found = new TreeSet<>();
    for (String line : told("nm", "-D", "--defined-only", LIBRARY.toString()).split("\n")) {
      found.add(line.substring(line.lastIndexOf(' ') + 1));
    }
    assertEquals(expected, found);
  }

  /** With the defaults of the Maven build: no inflaters besides zlib, no OpenMP, no C++, no libm. */
  @Test
  void needs() {
    Matcher needed = Pattern.compile("NEEDED.*\\[(.*)\\]").matcher(told("readelf", "-dW", LIBRARY.toString()));
    while (needed.find()) {
      assertTrue(needed.group(1).matches("(libc|libz|libpthread|libdl|ld-linux-.*)\\.so\\.\\d+"), needed.group(1));
    }
  }

  @Test
  void theVirtualMachineChecksNativeCalls() {
    assertTrue(ManagementFactory.getRuntimeMXBean().getInputArguments().contains("-Xcheck:jni"));
  }
}
