// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.util.List;
import org.apache.spark.sql.connector.read.InputPartition;

/** What one task reads: parts of files, one after the other. */
final class SequencePartition implements InputPartition {
  private static final long serialVersionUID = 1;

  final List<FilePart> parts;
  private final String[] hosts;

  SequencePartition(List<FilePart> parts, String[] hosts) {
    this.parts = parts;
    this.hosts = hosts;
  }

  @Override
  public String[] preferredLocations() {
    return hosts;
  }
}
