// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.io;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownFilters;
import org.apache.spark.sql.connector.read.SupportsPushDownRequiredColumns;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** What {@code spark.read().format("fasta")}, {@code "fastq"} and {@code "bam"} have in common. */
abstract class SequenceSource implements TableProvider, DataSourceRegister {
  private final SequenceFormat format;

  SequenceSource(SequenceFormat format) {
    this.format = format;
  }

  @Override
  public String shortName() {
    return format.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return format.schema();
  }

  @Override
  public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return new SequenceTable(format);
  }

  private static final class SequenceTable implements Table, SupportsRead {
    private final SequenceFormat format;

    SequenceTable(SequenceFormat format) {
      this.format = format;
    }

    @Override
    public String name() {
      return format.name().toLowerCase(Locale.ROOT);
    }

    @Override
    @Deprecated
    public StructType schema() {
      return format.schema();
    }

    @Override
    public Set<TableCapability> capabilities() {
      return EnumSet.of(TableCapability.BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
      return new Builder(new SequenceOptions(format, options.asCaseSensitiveMap()));
    }
  }

  private static final class Builder
      implements ScanBuilder, SupportsPushDownRequiredColumns, SupportsPushDownFilters {
    private final SequenceOptions options;
    private final NameFilter filter = new NameFilter();
    private StructType columns;

    Builder(SequenceOptions options) {
      this.options = options;
      this.columns = options.format.schema();
    }

    @Override
    public void pruneColumns(StructType required) {
      columns = required;
    }

    @Override
    public Filter[] pushFilters(Filter[] filters) {
      java.util.List<Filter> left = new java.util.ArrayList<>();
      for (Filter one : filters) {
        if (!filter.take(one)) {
          left.add(one);
        }
      }
      return left.toArray(new Filter[0]);
    }

    @Override
    public Filter[] pushedFilters() {
      return filter.taken();
    }

    @Override
    public Scan build() {
      return new SequenceScan(options, columns, filter);
    }
  }
}
