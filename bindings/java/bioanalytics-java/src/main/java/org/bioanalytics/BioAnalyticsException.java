// SPDX-License-Identifier: MIT
package org.bioanalytics;

/** A call that failed. The message says what, where and what would be accepted. */
public final class BioAnalyticsException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** An argument is out of range. */
  public static final int ARGUMENT = -101;
  /** Memory is at its end. */
  public static final int MEMORY = -102;
  /** The memory limit of the context, or that of a Java array, would be passed. */
  public static final int LIMIT = -103;
  /** {@link Context#cancel} was called. */
  public static final int CANCELLED = -105;
  /** The operating system refused to open, read, write or rename. */
  public static final int IO = -106;
  /** A recipe or an option is wrong; the message gives the column. */
  public static final int RECIPE = -107;
  /** This build, processor, version or kind of model cannot do it; also a native library that does not load. */
  public static final int UNSUPPORTED = -108;

  private final int code;
  private final String file;
  private final long record;
  private final long byteOffset;

  /** Called by native code, which knows no file. */
  BioAnalyticsException(int code, String message, long record, long byteOffset) {
    this(code, message, null, record, byteOffset, null);
  }

  BioAnalyticsException(int code, String message, String file, long record, long byteOffset, Throwable cause) {
    super(message, cause);
    this.code = code;
    this.file = file;
    this.record = record;
    this.byteOffset = byteOffset;
  }

  /** The same failure, of this file. */
  BioAnalyticsException in(String name) {
    BioAnalyticsException told =
        new BioAnalyticsException(code, super.getMessage(), name, record, byteOffset, getCause());
    told.setStackTrace(getStackTrace());
    return told;
  }

  /** The status of the C library, such as -301. */
  public int code() {
    return code;
  }

  /** The name of the status, such as "BA_ERR_FORMAT". */
  public String status() {
    switch (code) {
      case -101: return "BA_ERR_ARGUMENT";
      case -102: return "BA_ERR_MEMORY";
      case -103: return "BA_ERR_LIMIT";
      case -104: return "BA_ERR_BUSY";
      case -105: return "BA_ERR_CANCELLED";
      case -106: return "BA_ERR_IO";
      case -107: return "BA_ERR_RECIPE";
      case -108: return "BA_ERR_UNSUPPORTED";
      case -109: return "BA_ERR_INTERNAL";
      case -201: return "BA_ERR_SHAPE";
      case -202: return "BA_ERR_TABLE";
      case -301: return "BA_ERR_FORMAT";
      case -302: return "BA_ERR_TRUNCATED";
      case -303: return "BA_ERR_CORRUPT";
      case -304: return "BA_ERR_LETTER";
      case -401: return "BA_ERR_LENGTH";
      case -402: return "BA_ERR_FIT";
      case -403: return "BA_ERR_QUALITY";
      case -404: return "BA_ERR_NUMBER";
      case -501: return "BA_ERR_MODEL";
      case -502: return "BA_ERR_VERSION";
      case -503: return "BA_ERR_SELFTEST";
      case -601: return "BA_ERR_LABEL";
      case -602: return "BA_ERR_CLASSES";
      case -603: return "BA_ERR_DIVERGED";
      default: return "BA_ERR_UNKNOWN";
    }
  }

  /** The path that was read or written; null when the failure is of no file. */
  public String file() {
    return file;
  }

  /** The record or row, from 1; -1 when it is not known. */
  public long record() {
    return record;
  }

  /** The byte, from 0, of the decompressed input; -1 when it is not known. */
  public long byteOffset() {
    return byteOffset;
  }

  @Override
  public String getMessage() {
    String message = super.getMessage();
    return file == null || message.contains(file) ? message : file + ": " + message;
  }
}
