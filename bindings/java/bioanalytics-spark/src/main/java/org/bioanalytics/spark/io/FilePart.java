// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.io.Serializable;

/** A range of bytes of a file, and with it the records that start there. */
final class FilePart implements Serializable {
  private static final long serialVersionUID = 1;

  /** How a file may be cut. */
  enum Cut { NOWHERE, LINES, BLOCKS }

  final String path;
  final Cut cut;
  final long from;
  final long to;
  final long fileLength;

  FilePart(String path, Cut cut, long from, long to, long fileLength) {
    this.path = path;
    this.cut = cut;
    this.from = from;
    this.to = to;
    this.fileLength = fileLength;
  }

  @Override
  public String toString() {
    return cut == Cut.NOWHERE ? path : path + ", the records that start in bytes " + from + " to " + (to - 1);
  }
}
