// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.api.java.function.PairFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;
import scala.Tuple2;

/** Gives the rows of a data frame their numbers, and packs them to blocks. */
final class Packing {
  static final int SEQUENCE = 0;
  static final int LABEL = 1;
  static final int WEIGHT = 2;
  static final int ID = 3;

  private Packing() {}

  /**
   * The blocks, whole but for the last one, neighbours in one partition or the next. Rows have the order of the ids, or
   * without these the one they stand in; those of weight 0 are left out. `weight` and `id` may be empty.
   */
  static JavaRDD<Block> blocks(
      Dataset<?> data, String sequence, String label, String weight, String id, boolean unique, int partitions) {
    Dataset<Row> rows = rows(data, sequence, label, weight, id);
    if (!id.isEmpty()) {
      // Rows of one id are put into an order too, which does not depend on where they come from.
      rows = rows.orderBy(functions.col("id"), functions.col("sequence"), functions.col("label").cast("string"),
          functions.col("weight"));
    }
    JavaRDD<Row> kept = rows.javaRDD().filter(row -> row.isNullAt(WEIGHT) || row.getDouble(WEIGHT) != 0);
    List<Long> counts = kept.mapPartitions(Packing::count).collect();
    long[] starts = new long[counts.size() + 1];
    for (int i = 0; i < counts.size(); i++) {
      starts[i + 1] = starts[i] + counts.get(i);
    }
    long blocks = (starts[counts.size()] + Block.ROWS - 1) / Block.ROWS;
    Function2<Integer, Iterator<Row>, Iterator<Block>> pack =
        (partition, each) -> new Parts(each, starts[partition], !id.isEmpty(), unique);
    PairFunction<Block, Long, Block> number = part -> new Tuple2<>(part.number(), part);
    Function<Tuple2<Long, Iterable<Block>>, Block> join = each -> Block.join(each._2());
    return kept.mapPartitionsWithIndex(pack, false).mapToPair(number)
        .groupByKey(new InOrder(partitions, blocks)).map(join);
  }

  /** The columns that count: sequence, label, weight and id, by these names and in this order. */
  static Dataset<Row> rows(Dataset<?> data, String sequence, String label, String weight, String id) {
    return data.select(data.col(sequence).cast("binary").as("sequence"), data.col(label).as("label"),
        weight.isEmpty() ? functions.lit(1.0).as("weight") : data.col(weight).cast("double").as("weight"),
        id.isEmpty() ? functions.lit(null).cast("int").as("id") : data.col(id).as("id"));
  }

  private static Iterator<Long> count(Iterator<Row> rows) {
    long count = 0;
    for (; rows.hasNext(); rows.next()) {
      count++;
    }
    return Collections.singleton(count).iterator();
  }

  /** Blocks in the order of their numbers, about as many to each partition. */
  private static final class InOrder extends Partitioner {
    private static final long serialVersionUID = 1;

    private final int partitions;
    private final long blocks;

    InOrder(int partitions, long blocks) {
      this.partitions = partitions;
      this.blocks = Math.max(1, blocks);
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object block) {
      return (int) ((Long) block * partitions / blocks);
    }
  }

  /** The rows of one partition as blocks; of the first and the last other partitions may have rows too. */
  private static final class Parts implements Iterator<Block> {
    private final Iterator<Row> rows;
    private final boolean hasIds;
    private final boolean unique;
    private long next;
    private Object lastId;

    Parts(Iterator<Row> rows, long first, boolean hasIds, boolean unique) {
      this.rows = rows;
      this.next = first;
      this.hasIds = hasIds;
      this.unique = unique;
    }

    @Override
    public boolean hasNext() {
      return rows.hasNext();
    }

    @Override
    public Block next() {
      if (!rows.hasNext()) {
        throw new NoSuchElementException();
      }
      Block.Builder block = new Block.Builder(next);
      do {
        add(block, rows.next());
        next++;
      } while (!block.isFull() && rows.hasNext());
      return block.build();
    }

    private void add(Block.Builder block, Row row) {
      Object id = row.get(ID);
      if (hasIds && id == null) {
        throw new IllegalArgumentException("a row has no id: expected one of each row");
      }
      if (unique && id.equals(lastId)) {
        throw new IllegalArgumentException("two rows have the id " + id + ": expected one of each row");
      }
      lastId = id;
      if (row.isNullAt(SEQUENCE) || row.isNullAt(LABEL) || row.isNullAt(WEIGHT)) {
        throw new IllegalArgumentException("row " + next + (id == null ? "" : ", id " + id)
            + ": a sequence, label or weight is null; leave such rows out");
      }
      byte[] letters = row.getAs(SEQUENCE);
      block.add(letters, 0, letters.length, text(row.get(LABEL)), row.getDouble(WEIGHT));
    }
  }

  /** The name of a class: whole numbers are written without a point, whatever type the column has. */
  static String text(Object label) {
    if (label instanceof Double || label instanceof Float) {
      double number = ((Number) label).doubleValue();
      if (Double.isNaN(number) || Double.isInfinite(number)) {
        throw new IllegalArgumentException("a label is " + label + ": expected a finite number");
      }
      return number == Math.rint(number) && Math.abs(number) < 1e15 ? Long.toString((long) number) : label.toString();
    }
    return label.toString();
  }
}
