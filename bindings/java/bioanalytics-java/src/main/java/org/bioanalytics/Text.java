// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** Java's texts as the bytes that native code takes, and back. */
final class Text {
  private Text() {}

  static byte[] of(String text, String name) {
    Objects.requireNonNull(text, name);
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(name + " has a NUL: expected none");
    }
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Null stays null: the native side has a default. */
  static byte[] orNull(String text, String name) {
    return text == null ? null : of(text, name);
  }

  static byte[] of(Path path) {
    Objects.requireNonNull(path, "path");
    if (path.getFileSystem() != FileSystems.getDefault()) {
      throw new IllegalArgumentException(path + " is in a file system of Java's own: expected a local file");
    }
    return of(path.toString(), "path");
  }

  /** Texts one after the other, each with a NUL behind it; null is the empty text. */
  static byte[] joined(List<String> texts, String name) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (String text : texts) {
      byte[] one = text == null ? new byte[0] : of(text, name);
      bytes.write(one, 0, one.length);
      bytes.write(0);
    }
    return bytes.toByteArray();
  }

  static String from(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
