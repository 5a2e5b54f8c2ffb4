// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.nio.ByteBuffer;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.bioanalytics.Context;
import org.bioanalytics.Dataset;
import org.bioanalytics.Part;
import org.bioanalytics.Partial;
import org.bioanalytics.Records;

/**
 * Rows that stand one after the other, at most {@link #ROWS}, in a few arrays: what Spark stores, spills and sends of
 * the rows that a model learns from.
 */
final class Block implements Summable {
  private static final long serialVersionUID = 1;

  /** Sums are made over blocks of so many rows, by the numbers of these; the library fixes it. */
  static final int ROWS = 4096;

  private final long firstRow;
  private final byte[] letters;
  private final int[] ends;
  private final String[] names;
  private final int[] labels;
  private final double[] weights; // null when all are 1

  private Block(long firstRow, byte[] letters, int[] ends, String[] names, int[] labels, double[] weights) {
    this.firstRow = firstRow;
    this.letters = letters;
    this.ends = ends;
    this.names = names;
    this.labels = labels;
    this.weights = weights;
  }

  /** Which block its rows are of. */
  long number() {
    return firstRow / ROWS;
  }

  long firstRow() {
    return firstRow;
  }

  int rows() {
    return ends.length;
  }

  /** A dataset of its rows. */
  Dataset toDataset(Context context) {
    Dataset dataset = new Dataset(context, "names=drop");
    try {
      addTo(context, dataset);
      return dataset;
    } catch (RuntimeException error) {
      dataset.close();
      throw error;
    }
  }

  /** Adds its rows to a dataset of the context. */
  void addTo(Context context, Dataset dataset) {
    try (Records records = Records.of(context, letters, offsets())) {
      dataset.add(records, labels(), weights, null, Part.TRAIN);
    }
  }

  @Override
  public void addTo(Context context, Partial sums) {
    try (Dataset dataset = toDataset(context)) {
      sums.accumulate(dataset, firstRow);
    }
  }

  /** Where sequences begin, and behind them where the last one ends. */
  private long[] offsets() {
    long[] offsets = new long[ends.length + 1];
    for (int i = 0; i < ends.length; i++) {
      offsets[i + 1] = ends[i];
    }
    return offsets;
  }

  /** The label of each row. */
  private List<String> labels() {
    return new AbstractList<String>() {
      @Override
      public String get(int row) {
        return names[labels[row]];
      }

      @Override
      public int size() {
        return labels.length;
      }
    };
  }

  /** The labels that there are. */
  List<String> names() {
    return Arrays.asList(names);
  }

  int longest() {
    int longest = 0;
    for (int i = 0; i < ends.length; i++) {
      longest = Math.max(longest, ends[i] - (i == 0 ? 0 : ends[i - 1]));
    }
    return longest;
  }

  /** A number that other rows, or these in another place, most likely have not. */
  long digest() {
    CRC32C crc = new CRC32C();
    crc.update(letters);
    ByteBuffer numbers = ByteBuffer.allocate(8 + 8 * ends.length + (weights == null ? 0 : 8 * weights.length));
    numbers.putLong(firstRow);
    for (int i = 0; i < ends.length; i++) {
      numbers.putInt(ends[i]).putInt(names[labels[i]].hashCode());
    }
    for (int i = 0; weights != null && i < weights.length; i++) {
      numbers.putDouble(weights[i]);
    }
    numbers.flip();
    crc.update(numbers);
    return crc.getValue();
  }

  /** One block of parts of it, in any order. */
  static Block join(Iterable<Block> parts) {
    List<Block> sorted = new ArrayList<>();
    parts.forEach(sorted::add);
    if (sorted.size() == 1) {
      return sorted.get(0);
    }
    sorted.sort((a, b) -> Long.compare(a.firstRow, b.firstRow));
    Builder builder = new Builder(sorted.get(0).firstRow);
    for (Block part : sorted) {
      for (int i = 0, from = 0; i < part.ends.length; from = part.ends[i++]) {
        builder.add(part.letters, from, part.ends[i] - from, part.names[part.labels[i]],
            part.weights == null ? 1 : part.weights[i]);
      }
    }
    return builder.build();
  }

  /** Takes rows one by one. */
  static final class Builder {
    private final long firstRow;
    private byte[] letters = new byte[1 << 16];
    private int[] ends = new int[ROWS];
    private final Map<String, Integer> names = new HashMap<>();
    private final List<String> ordered = new ArrayList<>();
    private final int[] labels = new int[ROWS];
    private double[] weights;
    private int rows;

    Builder(long firstRow) {
      this.firstRow = firstRow;
    }

    void add(byte[] from, int start, int length, String label, double weight) {
      int end = rows == 0 ? 0 : ends[rows - 1];
      if (length > Integer.MAX_VALUE - 16 - end) {
        throw new IllegalArgumentException("rows " + firstRow + " to " + (firstRow + rows)
            + " have more than 2^31 letters: expected shorter sequences");
      }
      if (end + length > letters.length) {
        letters = Arrays.copyOf(letters,
            (int) Math.min(Integer.MAX_VALUE - 16, Math.max(end + (long) length, 2L * letters.length)));
      }
      System.arraycopy(from, start, letters, end, length);
      ends[rows] = end + length;
      labels[rows] = names.computeIfAbsent(label, name -> {
        ordered.add(name);
        return ordered.size() - 1;
      });
      if (weight != 1 && weights == null) {
        weights = new double[ROWS];
        Arrays.fill(weights, 1);
      }
      if (weights != null) {
        weights[rows] = weight;
      }
      rows++;
    }

    /** Whether the next row begins another block. */
    boolean isFull() {
      return (firstRow + rows) % ROWS == 0;
    }

    Block build() {
      return new Block(firstRow, Arrays.copyOf(letters, rows == 0 ? 0 : ends[rows - 1]), Arrays.copyOf(ends, rows),
          ordered.toArray(new String[0]), Arrays.copyOf(labels, rows),
          weights == null ? null : Arrays.copyOf(weights, rows));
    }
  }
}
