// SPDX-License-Identifier: MIT
package org.bioanalytics.spark.ml;

import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.bioanalytics.BioAnalyticsException;
import org.bioanalytics.Dataset;
import org.bioanalytics.Partial;
import org.bioanalytics.spark.NativeScope;
import org.bioanalytics.spark.PeakMemory;

/** Counts the words of blocks once for all rounds, as far as what comes of it may be stored; others stay letters. */
final class Counting implements FlatMapFunction<Iterator<Block>, Summable> {
  private static final long serialVersionUID = 1;

  private final Broadcast<byte[]> request;
  private final long limit;
  private final PeakMemory peak;
  private final long share;

  /** `share` is how many bytes may be stored for each block; what one leaves, the next ones of its task may use. */
  Counting(Broadcast<byte[]> request, long limit, PeakMemory peak, long share) {
    this.request = request;
    this.limit = limit;
    this.peak = peak;
    this.share = share;
  }

  @Override
  public Iterator<Summable> call(Iterator<Block> blocks) {
    return new Iterator<Summable>() {
      private long allowed;

      @Override
      public boolean hasNext() {
        return blocks.hasNext();
      }

      @Override
      public Summable next() {
        Block block = blocks.next();
        byte[] packed = pack(block);
        allowed += share;
        if (packed.length > allowed) {
          return block;
        }
        allowed -= packed.length;
        return new CountedBlock(packed);
      }
    };
  }

  private byte[] pack(Block block) {
    try (NativeScope scope = NativeScope.open(limit, peak)) {
      try (Partial partial = new Partial(scope.context(), request.value());
          Dataset dataset = block.toDataset(scope.context())) {
        return partial.pack(dataset, block.firstRow());
      } catch (BioAnalyticsException error) {
        throw scope.failure(error);
      }
    }
  }
}
