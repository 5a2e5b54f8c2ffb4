// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;

/**
 * Finds the native library, loads it once a class loader, and checks that it is of this jar's version.
 *
 * <p>The system property {@value #PROPERTY}, or else the environment variable {@value #VARIABLE}, names a file, and
 * then no other is tried. Otherwise the library is unpacked from the jar: into a new folder of its own, open to nobody
 * else, in the first place that works of: the folders of the property {@value #FOLDERS}, those of the variables
 * LOCAL_DIRS and SPARK_LOCAL_DIRS, {@code java.io.tmpdir}, and {@code user.home}. The file is read again and compared,
 * and deleted once it is loaded.
 */
public final class Native {
  /** The version of this jar and of the library in it. */
  public static final String VERSION = "0.1.0";
  /** The system property that names a library file. */
  public static final String PROPERTY = "org.bioanalytics.library";
  /** The environment variable that names a library file. */
  public static final String VARIABLE = "BIOANALYTICS_JNI_LIBRARY";
  /** The system property that names folders to unpack into, with the separator of paths between them. */
  public static final String FOLDERS = "org.bioanalytics.folders";

  private static final int ABI = 0;

  private static boolean loaded;
  private static String failure;

  private Native() {}

  /** Loads the library unless it is; the first {@link Context} does it too. A failure stays, and lists all attempts. */
  public static synchronized void load() {
    if (loaded) {
      return;
    }
    if (failure == null) {
      List<String> attempts = new ArrayList<>();
      Throwable cause = null;
      try {
        find(attempts);
        check();
        loaded = true;
        return;
      } catch (UnsatisfiedLinkError | IOException error) {
        cause = error;
        attempts.add(error.getMessage());
      }
      failure = "the native library of bioanalytics " + VERSION + " does not load: " + String.join("; ", attempts);
      throw new BioAnalyticsException(BioAnalyticsException.UNSUPPORTED, failure, null, -1, -1, cause);
    }
    throw new BioAnalyticsException(BioAnalyticsException.UNSUPPORTED, failure, -1, -1);
  }

  /** The compiler, the processor levels and the optional parts of the library. */
  public static String buildText() {
    load();
    return Text.from(Calls.buildText());
  }

  private static void find(List<String> attempts) throws IOException {
    String named = System.getProperty(PROPERTY);
    String from = "the property " + PROPERTY;
    if (named == null || named.isEmpty()) {
      named = System.getenv(VARIABLE);
      from = "the variable " + VARIABLE;
    }
    if (named != null && !named.isEmpty()) {
      try {
        System.load(Path.of(named).toAbsolutePath().toString());
      } catch (UnsatisfiedLinkError | InvalidPathException error) {
        throw new UnsatisfiedLinkError(from + " names " + named + ": " + reason(error));
      }
      return;
    }
    String resource = "/org/bioanalytics/native/" + platform() + "/libbioanalytics_jni-" + VERSION + ".so";
    byte[] bytes;
    try (InputStream in = Native.class.getResourceAsStream(resource)) {
      if (in == null) {
        throw new UnsatisfiedLinkError("the jar has no " + resource + "; name a file in the property " + PROPERTY);
      }
      bytes = in.readAllBytes();
    }
    for (String folder : folders()) {
      try {
        unpack(bytes, folder);
        return;
      } catch (IOException | InvalidPathException | UnsupportedOperationException | UnsatisfiedLinkError error) {
        attempts.add(folder + ": " + reason(error));
      }
    }
    throw new UnsatisfiedLinkError("no folder is left; name one in the property " + FOLDERS);
  }

  private static String reason(Throwable error) {
    String message = String.valueOf(error.getMessage());
    if (message.contains("failed to map segment")) {
      return message + " (the folder is mounted noexec)";
    }
    return error instanceof UnsatisfiedLinkError ? message : error.getClass().getSimpleName() + ": " + message;
  }

  /** Such as "linux/x86_64", or "linux/aarch64-musl". */
  static String platform() {
    String system = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
    if (system.startsWith("mac")) {
      system = "osx";
    }
    switch (machine) {
      case "amd64":
        machine = "x86_64";
        break;
      case "arm64":
        machine = "aarch64";
        break;
      default:
    }
    return system + "/" + machine + (system.equals("linux") && musl() ? "-musl" : "");
  }

  /** Whether this process runs on musl instead of glibc: it has musl's loader in its memory then. */
  private static boolean musl() {
    try {
      return Files.readString(Path.of("/proc/self/maps"), StandardCharsets.ISO_8859_1).contains("/ld-musl-");
    } catch (IOException | SecurityException error) {
      return false;
    }
  }

  private static Set<String> folders() {
    Set<String> found = new LinkedHashSet<>();
    add(found, System.getProperty(FOLDERS), System.getProperty("path.separator"));
    add(found, System.getenv("LOCAL_DIRS"), ",");
    add(found, System.getenv("SPARK_LOCAL_DIRS"), ",");
    add(found, System.getProperty("java.io.tmpdir"), "\0");
    add(found, System.getProperty("user.home"), "\0");
    return found;
  }

  private static void add(Set<String> folders, String listed, String separator) {
    if (listed != null) {
      for (String folder : listed.split(separator)) {
        if (!folder.isBlank()) {
          folders.add(folder.trim());
        }
      }
    }
  }

  /** The name is of this process and loader alone: a second loader may not load a file of the same name. */
  private static void unpack(byte[] bytes, String folder) throws IOException {
    FileAttribute<?> ours = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
    String digest = ModelBytes.of(bytes).digest();
    String unique = UUID.randomUUID().toString();
    Path place = Files.createDirectory(Path.of(folder).toAbsolutePath().resolve("bioanalytics-" + unique), ours);
    String name = "libbioanalytics_jni-" + VERSION + "-" + digest.substring(0, 16) + "-" + unique + ".so";
    Path file = place.resolve(name);
    try {
      Files.write(file, bytes);
      if (!Arrays.equals(Files.readAllBytes(file), bytes)) {
        throw new IOException("the file that was written has other contents");
      }
      System.load(file.toString());
    } finally {
      delete(file);
      delete(place);
    }
  }

  /** A file that stays is no reason not to go on. */
  private static void delete(Path path) {
    try {
      Files.deleteIfExists(path);
    } catch (IOException | SecurityException error) {
      path.toFile().deleteOnExit();
    }
  }

  /** The glue between the two sides has no promise of its own, so the versions have to be the same. */
  private static void check() {
    String version;
    int abi;
    try {
      version = Text.from(Calls.versionText());
      abi = Calls.abiVersion();
    } catch (UnsatisfiedLinkError error) {
      throw new UnsatisfiedLinkError("what was loaded is no library of bioanalytics for Java: " + error.getMessage());
    }
    if (!version.equals(VERSION) || abi != ABI) {
      throw new UnsatisfiedLinkError("the library is version " + version + " with ABI " + abi + "; this jar needs "
          + VERSION + " with ABI " + ABI);
    }
  }
}
