// SPDX-License-Identifier: MIT
package org.bioanalytics;

import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;

/**
 * The native methods, of src/main/c. Loading this class loads nothing: {@link Native#load} comes before the first call.
 * `c` is the context that is asked what went wrong; texts are UTF-8; what is checked in Java is checked there again.
 */
final class Calls {
  private Calls() {}

  // What the library is
  static native byte[] versionText();

  static native int abiVersion();

  static native byte[] buildText();

  // Contexts
  static native void destroy(int kind, long pointer);

  static native long contextCreate();

  static native void contextThreads(long c, int threads);

  static native void contextMemoryLimit(long c, long bytes);

  static native void contextCpu(long c, byte[] level);

  static native byte[] contextCpuName(long c);

  static native void contextMemory(long c, long[] two);

  static native void contextProgress(long c, long[] two);

  static native void contextCancel(long c);

  static native void contextReset(long c);

  static native byte[] recipeCanonical(long c, byte[] recipe);

  // Readers and records; a reader gives 0 at its end. Columns: 0 letters, 1 names, 2 qualities. Of the buffers of
  // offsets, in ints and in longs, one is null
  static native long readerOpenPath(long c, byte[] path, byte[] options);

  static native long readerOpenPair(long c, byte[] path1, byte[] path2, byte[] options);

  static native long readerOpenPush(long c, byte[] options);

  static native void readerFeed(long c, long reader, byte[] data, int from, int length);

  static native void readerFeedBuffer(long c, long reader, ByteBuffer data, int from, int length);

  static native void readerFinish(long c, long reader);

  static native long readerNext(long c, long reader, long most);

  static native int readerFormat(long reader);

  static native void readerCounts(long reader, long[] seven);

  static native long recordsCreate(long c, byte[] letters, long[] offsets);

  static native long recordsCreateBuffer(
      long c, ByteBuffer letters, int from, int length, IntBuffer narrow, LongBuffer wide, int first, int count);

  static native long recordsCount(long records);

  static native byte[] recordsBytes(long c, long records, int column);

  static native long[] recordsOffsets(long c, long records, int column);

  static native byte[] recordsItem(long c, long records, int column, long index);

  // Three numbers a record: flag, position, mapping quality; null when the records are no alignments.
  static native long[] recordsAlignments(long c, long records);

  static native byte[] recordsReferences(long c, long records, long[] offsets);

  // Features; they give arrays, which are copied and destroyed
  static native long extractorCreate(long c, byte[] recipe);

  static native void extractorFit(long c, long extractor, long records);

  static native long extractorWidth(long extractor);

  static native byte[] extractorColumnName(long c, long extractor, long column);

  static native long extractorDense(long c, long extractor, long records, byte[] options);

  static native void extractorCsr(long c, long extractor, long records, byte[] options, long[] three);

  static native double[] arrayDoubles(long array);

  static native long[] arrayLongs(long array);

  static native int[] arrayInts(long array);

  // Models
  static native long modelLoadPath(long c, byte[] path, byte[] options);

  static native long modelLoadBytes(long c, byte[] bytes, byte[] options);

  static native void modelSavePath(long c, long model, byte[] path);

  static native byte[] modelBytes(long c, long model);

  static native byte[] modelDescribe(long c, long model);

  static native byte[] modelExport(long c, long model, byte[] options);

  static native void modelSelftest(long c, long model);

  static native byte[] modelRecipe(long model);

  static native int modelClasses(long model);

  static native byte[] modelClassName(long model, int index);

  static native int modelOutputs(long model);

  static native long modelWidth(long model);

  static native long modelInputs(long model);

  static native byte[] modelInputName(long model, long index);

  static native boolean modelLooksBack(long model);

  static native byte[] modelColumnName(long c, long model, long column);

  static native double modelWeights(long c, long model, int output, double[] weights);

  static native double modelConformalThreshold(long model, double coverage);

  // Scores; of the two outputs either may be null. `model` is that of the scorer, and says how much room they need
  static native long scorerCreate(long c, long model, byte[] options);

  static native void scoreRecords(
      long c, long scorer, long model, long records, double[] scores, double[] probabilities);

  static native void scoreRecordsBuffers(
      long c, long scorer, long model, long records, DoubleBuffer scores, int scoresAt, DoubleBuffer probabilities,
      int probabilitiesAt);

  static native void scoreBytes(
      long c, long scorer, long model, byte[] letters, int from, int length, double[] scores, double[] probabilities);

  static native double scoreOne(long c, long scorer, long model, byte[] letters, int from, int length);

  static native void scoreBuffers(
      long c, long scorer, long model, ByteBuffer letters, int from, int length, IntBuffer narrow, LongBuffer wide,
      int first, int count, DoubleBuffer scores, int scoresAt, DoubleBuffer probabilities, int probabilitiesAt);

  static native void scoreRow(
      long c, long scorer, long model, float[] row, double[] scores, double[] probabilities);

  static native void scoreRows(
      long c, long scorer, long model, double[] rows, long count, double[] scores, double[] probabilities);

  static native double[] scorerScan(long c, long scorer, long model, byte[] letters, long window, long step);

  static native double[] scorerMutate(long c, long scorer, byte[] letters, int output);

  static native double[] scorerAttribute(long c, long scorer, byte[] letters, int output);

  static native int driftCount(long scorer);

  static native byte[] driftName(long scorer, int index);

  static native boolean drift(long scorer, int index, double[] five);

  static native void driftReset(long scorer);

  // Training. Texts of rows and classes stand one after the other, each with a NUL behind it
  static native long datasetCreate(long c, byte[] options);

  static native void datasetAdd(
      long c, long dataset, long records, byte[] labels, double[] weights, byte[] groups, int part);

  static native void datasetAddFile(long c, long dataset, byte[] path, byte[] options);

  static native void datasetSplit(long c, long dataset, byte[] options);

  static native void datasetDeal(long c, long dataset, byte[] options);

  static native long datasetRows(long dataset, int part);

  static native int datasetClasses(long dataset);

  static native byte[] datasetClassName(long dataset, int index);

  static native long trainerCreate(long c, byte[] recipe, long dataset, byte[] options);

  static native long trainerCreateOnline(
      long c, byte[] recipe, byte[] classes, int count, long start, byte[] options);

  static native void trainerUpdate(long c, long trainer, long dataset);

  static native boolean trainerStep(long c, long trainer);

  static native void trainerSet(long c, long trainer, byte[] options);

  static native void trainerCheckpoint(long c, long trainer, byte[] path);

  static native void trainerRestore(long c, long trainer, byte[] path);

  static native void trainerMetrics(long trainer, double[] five);

  static native byte[] trainerReason(long trainer);

  static native long trainerFinish(long c, long trainer);

  static native long solverCreate(long c, byte[] recipe, byte[] classes, int count, byte[] options);

  static native byte[] solverAsk(long c, long solver);

  static native boolean solverTell(long c, long solver, long partial);

  static native long solverFinish(long c, long solver);

  static native void solverMetrics(long solver, double[] five);

  static native byte[] solverReason(long solver);

  static native byte[] solverSave(long c, long solver);

  static native void solverRestore(long c, long solver, byte[] state);

  static native long partialCreate(long c, byte[] request);

  static native void partialAccumulate(long c, long partial, long dataset, long firstRow);

  static native byte[] partialPack(long c, long partial, long dataset, long firstRow);

  static native void partialAccumulatePacked(long c, long partial, byte[] packed);

  static native void partialMerge(long c, long partial, long other);

  static native void partialAdd(long c, long partial, byte[] saved);

  static native byte[] partialSave(long c, long partial);

  static native long partialRows(long partial);

  // Streams
  static native long streamOpen(long c, byte[] recipe, byte[] options);

  static native long streamOpenModel(long c, long model, byte[] options);

  static native void streamUpdate(
      long c, long stream, byte[] group, double time, double[] row, double[] out, boolean peek);

  static native void streamUpdateRows(
      long c, long stream, byte[] group, double[] times, double[] rows, long count, double[] out);

  static native long streamInputs(long stream);

  static native byte[] streamInputName(long stream, long index);

  static native long streamWidth(long stream);

  static native byte[] streamColumnName(long c, long stream, long column);

  static native long streamCount(long stream, byte[] name);

  static native long streamCopy(long c, long stream);

  static native byte[] streamSave(long c, long stream);

  static native void streamRestore(long c, long stream, byte[] state);

  static native void streamMerge(long c, long stream, long other);

  static native void scoreStream(
      long c, long scorer, long model, long stream, double[] scores, double[] probabilities);
}
