// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.connector.read.InputPartition;
import org.apache.spark.sql.connector.read.PartitionReader;
import org.apache.spark.sql.connector.read.PartitionReaderFactory;

/** What every task of a scan knows. */
final class ScanPlan implements PartitionReaderFactory {
  private static final long serialVersionUID = 1;

  final SequenceFormat format;
  final HadoopConf conf;
  final String[] columns;
  final NameFilter filter;
  final String readerOptions;

  ScanPlan(SequenceFormat format, HadoopConf conf, String[] columns, NameFilter filter, String readerOptions) {
    this.format = format;
    this.conf = conf;
    this.columns = columns;
    this.filter = filter;
    this.readerOptions = readerOptions;
  }

  @Override
  public PartitionReader<InternalRow> createReader(InputPartition partition) {
    return new SequenceRows(this, (SequencePartition) partition);
  }
}
