/* SPDX-License-Identifier: MIT
 *
 * model.h: the immutable model, its file, and scoring. A program that only scores needs no header to the right.
 *
 * Scores are margins: for two classes one number, positive for the second class; for more classes one a class.
 * Probabilities are one a class, in the model's class order. All are doubles and the same bits at every CPU level, for
 * any number of threads and any batch.
 */
#ifndef BIOANALYTICS_MODEL_H
#define BIOANALYTICS_MODEL_H

#include "bioanalytics/features.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A trained model; immutable, shared by reference count, usable from any number of contexts at once. Since 0.1.0. */
typedef struct ba_model ba_model;
/** The working memory of one scoring thread. Since 0.1.0. */
typedef struct ba_scorer ba_scorer;

/**
 * Loads a model file.
 * @param context not NULL.
 * @param path a local file.
 * @param options NULL, "" or `selftest=no|yes`: score the golden inputs before returning (default no).
 * @param out gets the model.
 * @return BA_OK; BA_ERR_MODEL (damaged: every byte is under a checksum); BA_ERR_VERSION, BA_ERR_SELFTEST, BA_ERR_IO,
 * BA_ERR_RECIPE for an option, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller releases the model. Threads: one at a time for each context. Cost: one read of the file, held in
 * memory meanwhile. Since 0.1.0.
 */
BA_API ba_status ba_model_load_path(ba_context *context, const char *path, const char *options, ba_model **out);
/**
 * Loads a model from the bytes of a model file, which are copied.
 * @param context not NULL.
 * @param data `length` bytes, not NULL.
 * @param length bytes, 0 or more.
 * @param options as for ba_model_load_path.
 * @param out gets the model.
 * @return as ba_model_load_path, without BA_ERR_IO.
 * Owns: the caller releases the model and keeps the bytes. Threads: one at a time for each context. Cost: a few passes
 * over the bytes. Since 0.1.0.
 */
BA_API ba_status ba_model_load_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                      ba_model **out);
/**
 * Makes a model from weights that were fitted elsewhere. It has the bits, the file and the calls of one that was
 * trained here; without training rows it has no bins to tell a drift by.
 *
 * Weights of counted words are rounded to integers (docs/numbers.md), at most 2^-31 of the largest weight of their
 * block; those of real numbers stay as they are. Columns stand in the order of ba_extractor_column_name.
 * @param context not NULL.
 * @param recipe one member with a model stage: Logistic, Softmax, Linear or Poisson. What it says of training does not
 * matter.
 * @param class_names as many distinct names as `classes`, in the order of the probabilities; may be NULL
 * when that is 0.
 * @param classes 2 for Logistic, 2 or more for Softmax, 0 for Linear and Poisson.
 * @param columns of a recipe with Columns(), the names of the columns that it stands for, in order; else may be NULL.
 * @param column_count how many; 0 without Columns().
 * @param scale of each column of real numbers three: what stands for a missing value, then c and f, as a value x
 * becomes (x - c) f; an array of 3 x such columns. NULL means as they are, an error when the recipe scales or
 * fills.
 * @param weights an array of outputs (1 for two classes and for numbers, else one a class) x columns.
 * @param intercepts an array of one number an output.
 * @param options `length=` of terms by position (letters) and of Sparse() (columns); `origin=TEXT` for
 * ba_model_describe. NULL and "" mean neither.
 * @param out gets the model.
 * @return BA_OK; BA_ERR_RECIPE with the column; BA_ERR_UNSUPPORTED for a network and for Category; BA_ERR_CLASSES,
 * BA_ERR_LABEL, BA_ERR_TABLE, BA_ERR_SHAPE, BA_ERR_NUMBER for a number that is not finite; BA_ERR_ARGUMENT,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller releases the model and keeps what it gave. Threads: one at a time for each context. Cost: a few
 * passes over the weights, which are copied. Since 0.1.0.
 */
BA_API ba_status ba_model_create(ba_context *context, const char *recipe, const char *const *class_names,
                                 int32_t classes, const char *const *columns, int64_t column_count,
                                 const ba_array *scale, const ba_array *weights, const ba_array *intercepts,
                                 const char *options, ba_model **out);
/**
 * Writes a model file by rename: afterwards `path` holds the whole new file or what it held before.
 * @param context not NULL.
 * @param model not NULL.
 * @param path a local file name, not empty.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_IO, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time for each context. Cost: one write of the file, built in memory first.
 * Since 0.1.0.
 */
BA_API ba_status ba_model_save_path(ba_context *context, const ba_model *model, const char *path);
/**
 * Writes the bytes of the model file: all of them, or none when they are more than `capacity`.
 * @param context not NULL.
 * @param model not NULL.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more.
 * @param length gets the bytes of the whole file; more than `capacity` means that none were written.
 * @return BA_OK, also when none were written; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time for each context. Cost: builds the file in memory, also for its length alone.
 * Since 0.1.0.
 */
BA_API ba_status ba_model_save_memory(ba_context *context, const ba_model *model, uint8_t *buffer, int64_t capacity,
                                      int64_t *length);
/**
 * Writes what the model is as one JSON object: recipe, classes, sizes, digest, training summary.
 * @param context not NULL.
 * @param model not NULL.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time for each context. Cost: linear in the text. Since 0.1.0.
 */
BA_API ba_status ba_model_describe(ba_context *context, const ba_model *model, char *buffer, int64_t capacity,
                                   int64_t *length);
/**
 * Gives the canonical recipe text.
 * @param model NULL gives NULL.
 * @return a borrowed text. Cannot fail.
 * Owns: the model owns the text, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_model_recipe(const ba_model *model);
/**
 * Gives the number of classes.
 * @param model NULL gives 0.
 * @return 2 or more; 0 for a model of numbers (Linear, Poisson). Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_model_classes(const ba_model *model);
/**
 * Gives the name of a class.
 * @param model NULL gives NULL.
 * @param index 0 to classes - 1.
 * @return a borrowed text; NULL when out of range. Cannot fail.
 * Owns: the model owns the text, which lives as long as it. Threads: any. Cost: linear in the names before it.
 * Since 0.1.0.
 */
BA_API const char *ba_model_class_name(const ba_model *model, int32_t index);
/**
 * Gives the number of score columns.
 * @param model NULL gives 0.
 * @return 1 for two classes, else one a class. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_model_outputs(const ba_model *model);
/**
 * Gives the number of feature columns.
 * @param model NULL gives 0.
 * @return 0 or more; 0 for an ensemble, whose members have columns of their own. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_model_width(const ba_model *model);
/**
 * Gives the number of columns of a table that a model reads, over all its members.
 * @param model NULL gives 0.
 * @return 0 for a model of sequences. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_model_inputs(const ba_model *model);
/**
 * Says whether a model has terms that look at the rows before, so that rows must come together and in order.
 * @param model NULL gives 0.
 * @return 1 or 0. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_model_looks_back(const ba_model *model);
/**
 * Gives the name of a column that a model reads; rows for ba_scorer_predict and ba_scorer_predict_row have their
 * numbers in this order.
 * @param model NULL gives NULL.
 * @param index 0 to ba_model_inputs - 1.
 * @return a borrowed text; NULL for an input that is not there. Cannot fail.
 * Owns: the model owns the text, which lives as long as it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_model_input_name(const ba_model *model, int64_t index);
/**
 * Writes the name of a feature column, as ba_extractor_column_name.
 * @param context not NULL.
 * @param model not NULL.
 * @param column 0 to width - 1.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_UNSUPPORTED for an ensemble, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time for each context. Cost: a look at every term and k. Since 0.1.0.
 */
BA_API ba_status ba_model_column_name(ba_context *context, const ba_model *model, int64_t column, char *buffer,
                                      int64_t capacity, int64_t *length);
/**
 * Gives the number of members.
 * @param model NULL gives 0.
 * @return 1, or for an ensemble 2 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_model_members(const ba_model *model);
/**
 * Gives a member of an ensemble as a model of its own, with columns, weights and scores, and without calibration. The
 * ensemble's score is the sum of its members' scores, each times its factor, plus a constant.
 * @param context not NULL.
 * @param model not NULL; one of a single member gives itself.
 * @param index 0 to members - 1.
 * @param out gets the model.
 * @param factor gets the factor, 1 for a single member; may be NULL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller releases the model. Threads: one at a time for each context. Cost: a copy of the member.
 * Since 0.1.0.
 */
BA_API ba_status ba_model_member(ba_context *context, ba_model *model, int32_t index, ba_model **out, double *factor);
/**
 * Gives the weights of one output, as used in scoring, and its intercept.
 * @param context not NULL.
 * @param model not NULL.
 * @param output 0 to outputs - 1.
 * @param weights room for `width` doubles, or NULL.
 * @param intercept may be NULL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_UNSUPPORTED for an ensemble or a network, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time for each context. Cost: one pass over the weights. Since 0.1.0.
 */
BA_API ba_status ba_model_weights(ba_context *context, const ba_model *model, int32_t output, double *weights,
                                  double *intercept);
/**
 * Gives what the probability of a class has to reach for the class to be in a split-conformal set: a set of all classes
 * that reach it holds the true one with at least the coverage asked for, over new rows like those of ba_calibrate.
 * @param model NULL gives NaN.
 * @param coverage above 0 and below 1, such as 0.9.
 * @return 0 to 1; 0, so that all classes are in, when there were too few rows to promise more; NaN without conformal
 * rows in the model, or for another coverage. Cannot fail. Source: Vovk, Gammerman, Shafer, Algorithmic Learning in a
 * Random World, 2005; the score is 1 - the probability of the true class, the rank (n + 1) coverage, rounded up.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API double ba_model_conformal_threshold(const ba_model *model, double coverage);
/**
 * Writes the model for other programs: all bytes, or none when they are more than `capacity`.
 *
 * json has all that a score is made of: the recipe, classes, names of the columns, integer weights with their
 * exponents, and the calibration. c is one file of standard C11 whose function ba_score gives the same bits as a
 * scorer. onnx takes rows of features in float32, of a network over letters the letters as numbers, to scores and
 * probabilities (opset 13).
 * @param context not NULL.
 * @param model not NULL.
 * @param options `format=json|c|onnx` (default json).
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more.
 * @param length gets the bytes of the whole; more than `capacity` means that none were written.
 * @return BA_OK, also when none were written; BA_ERR_UNSUPPORTED for quality=weight, descriptors and columns of tables,
 * as json for networks over letters, as c for all networks, and as onnx for isotonic calibration; BA_ERR_RECIPE for an
 * option, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. Owns: nothing. Threads: one at a
 * time for each context. Cost: builds the whole in memory, also for its length alone. Since 0.1.0.
 */
BA_API ba_status ba_model_export(ba_context *context, const ba_model *model, const char *options, uint8_t *buffer,
                                 int64_t capacity, int64_t *length);
/**
 * Scores the golden inputs of the model at every CPU level that this machine has, and compares all bits.
 * @param context not NULL.
 * @param model not NULL.
 * @return BA_OK; BA_ERR_SELFTEST with the level and the input; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time for each context. Cost: 32 short scores a level. Since 0.1.0.
 */
BA_API ba_status ba_model_selftest(ba_context *context, const ba_model *model);
/**
 * Adds a reference to a model.
 * @param model may be NULL.
 * @return `model` itself. Cannot fail.
 * Owns: the caller has one more reference to release. Threads: any, at any time. Cost: constant. Since 0.1.0.
 */
BA_API ba_model *ba_model_retain(ba_model *model);
/**
 * Drops a reference to a model; the last one frees it.
 * @param model may be NULL. Not to be used by the caller afterwards.
 * Owns: texts borrowed from the model go with it; a scorer holds a reference of its own. Threads: any, at any time.
 * Cost: constant, with the last reference that of freeing. Since 0.1.0.
 */
BA_API void ba_model_release(ba_model *model);

/**
 * Makes a scorer, one for each scoring thread, each on a context of its own.
 * @param context not NULL.
 * @param model not NULL; may be made from another context.
 * @param options NULL, "" or `drift=yes|no` (default no; yes: ba_scorer_predict_records and the calls that score
 * rows of a table count what they see, for ba_scorer_drift).
 * @param out gets the scorer.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE, BA_ERR_UNSUPPORTED for a drift without sketches, BA_ERR_MEMORY,
 * BA_ERR_LIMIT, BA_ERR_BUSY. Owns: the caller destroys the scorer, which holds the model. Threads: one at a time for
 * each context. Cost: 4 bytes a weight; other working memory is made by the first call that needs it. Since 0.1.0.
 */
BA_API ba_status ba_scorer_create(ba_context *context, ba_model *model, const char *options, ba_scorer **out);
/**
 * Scores rows of features.
 * @param rows n x width, columns side by side: uint32 counts (the integer path: the same bits as from the letters),
 * float64 or float32 values (the float path: within 1e-6 of the sizes that add up to it, see docs/numbers.md).
 * @param scores n x outputs doubles, or NULL.
 * @param probabilities n x classes doubles, or NULL; of a model of numbers n doubles, the numbers.
 * @return BA_OK; BA_ERR_SHAPE; BA_ERR_UNSUPPORTED for an ensemble; BA_ERR_ARGUMENT, with the row when the counts of one
 * k add up to 2^31 or more; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time; runs on that one. Cost: n x width; the first float64 rows make 8 bytes a
 * weight. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict(ba_scorer *scorer, const ba_array *rows, double *scores, double *probabilities);
/**
 * Scores the rows of a table with a model that reads columns of one; columns are found by their names.
 *
 * Terms that look back see the rows of the table alone: a series begins with its first row.
 * @param scorer of a model that was trained on a table.
 * @param table not NULL.
 * @param options of a model whose terms look back: `group=COLUMN`, each text of which is a series of its own, and
 * `time=COLUMN` of numbers or dates, in whose order the rows of a series go; without it they go as they stand. NULL and
 * "" mean one series. `duplicate=error` refuses a row with the time of a row before in its group; `keep`, the default,
 * keeps it as it stands, and ba_scorer_duplicates counts it.
 * @param scores gets rows x outputs numbers; may be NULL.
 * @param probabilities gets rows x classes numbers, rows for a model of numbers; may be NULL.
 * @return BA_OK; BA_ERR_TABLE for a column that is not there or holds texts where numbers are wanted; BA_ERR_NUMBER
 * with the row for a missing or infinite value; BA_ERR_UNSUPPORTED for a model of sequences; BA_ERR_ARGUMENT,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. Owns: nothing. Threads: one at a time. Cost: one pass
 * over the columns that the model reads; with group or time of a model that looks back, 8 bytes a row and number that
 * it reads or computes. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict_table(ba_scorer *scorer, const ba_table *table, const char *options, double *scores,
                                         double *probabilities);
/**
 * Opens a stream of rows of a model that reads a table: ba_stream_update takes a row, and
 * ba_scorer_predict_stream scores it.
 * @param context not NULL.
 * @param model not NULL; rows have its columns, in the order of ba_model_input_name; of an ensemble those of all
 * members.
 * @param options as for ba_stream_open.
 * @param out gets the stream, or NULL on failure.
 * @return BA_OK; BA_ERR_UNSUPPORTED for a model of sequences; BA_ERR_RECIPE for an option;
 * BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the stream, which does not need the model. Threads: one at a time. Cost: small. Since 0.1.0.
 */
BA_API ba_status ba_model_open_stream(ba_context *context, const ba_model *model, const char *options, ba_stream **out);
/**
 * Scores the row that a stream was last given: to the bit what the same rows score as a table.
 * @param scorer of the model that the stream was opened on.
 * @param stream that was given a row; when that was dropped, or there was none, scores are NaN.
 * @param scores gets one number an output; may be NULL.
 * @param probabilities gets one number a class, or the number itself; may be NULL.
 * @return BA_OK; BA_ERR_NUMBER for a value that is missing where the recipe says missing=error; BA_ERR_ARGUMENT,
 * BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time for each scorer and stream. Cost: one row, without an allocation. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict_stream(ba_scorer *scorer, const ba_stream *stream, double *scores,
                                          double *probabilities);
/**
 * Scores one row of float32 values, as ba_scorer_predict does.
 * @param scorer not NULL.
 * @param row `width` values, not NULL.
 * @param width columns, as many as the model's.
 * @param scores `outputs` doubles, or NULL.
 * @param probabilities `classes` doubles, or NULL; of a model of numbers one.
 * @return BA_OK, BA_ERR_SHAPE, BA_ERR_UNSUPPORTED for an ensemble, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time; runs on that one. Cost: width x outputs; allocates nothing. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict_row(ba_scorer *scorer, const float *row, int64_t width, double *scores,
                                       double *probabilities);
/**
 * Scores records straight from their letters: no feature row is built.
 * @param scorer not NULL.
 * @param records not NULL.
 * @param scores count x outputs doubles, or NULL.
 * @param probabilities count x classes doubles, or NULL; of a model of numbers count doubles, the numbers.
 * @return BA_OK; BA_ERR_LETTER (ambiguous=error, or residues for a model of DNA), BA_ERR_LENGTH and BA_ERR_QUALITY
 * (quality=weight, and it has none) with the record; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED,
 * BA_ERR_BUSY. Owns: nothing. Threads: one at a time; works on as many as the context allows. Cost: a few nanoseconds a
 * letter and k. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict_records(ba_scorer *scorer, const ba_records *records, double *scores,
                                           double *probabilities);
/**
 * Scores one sequence where it stands, to the bits of ba_scorer_predict_records: for services that get one at a time.
 * @param scorer not NULL.
 * @param letters `length` bytes; may be NULL when that is 0.
 * @param quality `length` symbols as in FASTQ (Phred + 33), for models with quality=weight; may be NULL.
 * @param scores `outputs` doubles, or NULL.
 * @param probabilities `classes` doubles, or NULL; of a model of numbers one.
 * @return as ba_scorer_predict_records, without a record; BA_ERR_FORMAT, with the byte, for other quality symbols.
 * Owns: nothing. Threads: one at a time; runs on that one. Cost: a few nanoseconds a letter and k; allocates nothing
 * but for the longest sequence so far. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict_sequence(ba_scorer *scorer, const char *letters, int64_t length, const char *quality,
                                            double *scores, double *probabilities);
/**
 * Scores every window of one sequence; window i starts at i * step. Equal to scoring each by itself.
 * @param scorer not NULL.
 * @param letters `length` bytes; `window` and `step` are in letters too, each 1 or more.
 * @param scores room for `capacity` windows x outputs doubles; may be NULL when there is no window.
 * @param count gets the number of windows, also when `capacity` is too small; 0 when the sequence is shorter than the
 * window.
 * @return BA_OK; BA_ERR_LETTER (ambiguous=error, or residues for a model of DNA) and BA_ERR_LENGTH with the window;
 * BA_ERR_QUALITY for a recipe with quality=weight, as these letters have none; BA_ERR_ARGUMENT, also for too small a
 * `capacity`; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. Owns: nothing. Threads: one at a time; works
 * on as many as the context allows. Cost: of linear models over words, the words that come and go from window to
 * window, a few nanoseconds each; with a term at places all places of a window; of others, of windows above 2^20
 * letters, and of windows that overlap by less than half, one score a window. Since 0.1.0.
 */
BA_API ba_status ba_scorer_scan(ba_scorer *scorer, const char *letters, int64_t length, int64_t window, int64_t step,
                                double *scores, int64_t capacity, int64_t *count);
/**
 * Shares the score of one sequence out to its letters: each feature's part goes in equal shares to the letters of its
 * k-mer. The parts add up to the score minus the intercept, within rounding. Of a hidden layer over columns, a
 * feature's part is what it has in the units that are above 0, and the biases of these are left out too. Of a network
 * over letters, the letters are hidden one after the other from the left, and shown again in that order; a letter's
 * part is what that changes in the score, on average of both ways, and the parts add up to the score minus that of as
 * many ambiguous letters.
 * @param scorer not NULL.
 * @param letters `length` bytes; may be NULL when that is 0.
 * @param output 0 to outputs - 1.
 * @param attribution gets `length` doubles, in units of the score.
 * @return BA_OK; BA_ERR_LETTER (ambiguous=error, or residues for a model of DNA), BA_ERR_LENGTH, BA_ERR_QUALITY as for
 * a scan, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. Owns: nothing. Threads: one at a
 * time; runs on that one. Cost: a few scores; of a network, two a letter. Since 0.1.0.
 */
BA_API ba_status ba_scorer_attribute(ba_scorer *scorer, const char *letters, int64_t length, int32_t output,
                                     double *attribution);
/**
 * Gives the effect of every single substitution: the score of the sequence with another letter in one place, minus the
 * score of the sequence as it is. Equal to scoring both and subtracting, to the bit.
 * @param scorer not NULL.
 * @param letters `length` bytes; may be NULL when that is 0.
 * @param output 0 to outputs - 1.
 * @param effects gets 4 x length doubles, in units of the score: for each letter its change to A, C, G and T; 0 for the
 * letter that is there. An ambiguous letter has four effects, those of knowing it.
 * @return as ba_scorer_attribute; BA_ERR_UNSUPPORTED for a model of residues.
 * Owns: nothing. Threads: one at a time; runs on that one. Cost: for each k some k + 4 looks at a table for each
 * effect, of a network a score for each; about 70 bytes a letter. Since 0.1.0.
 */
BA_API ba_status ba_scorer_mutate(ba_scorer *scorer, const char *letters, int64_t length, int32_t output,
                                  double *effects);
/**
 * Scores sparse rows with a model of the term Sparse(); columns beyond those of the training rows are left out.
 * @param scorer of a model of sparse rows.
 * @param row_starts int64, rows + 1 entries, as ba_extractor_apply_records_csr gives them.
 * @param columns uint32, one a number, from 0, rising within a row.
 * @param values float64, one a number.
 * @param scores gets rows x outputs numbers; may be NULL.
 * @param probabilities gets rows x classes numbers, rows for a model of numbers; may be NULL.
 * @return BA_OK; BA_ERR_SHAPE and BA_ERR_NUMBER with the row; BA_ERR_UNSUPPORTED for another model; BA_ERR_MEMORY,
 * BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: one look-up a number. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict_csr(ba_scorer *scorer, const ba_array *row_starts, const ba_array *columns,
                                       const ba_array *values, double *scores, double *probabilities);
/**
 * Says what every column of a linear model gives to the scores of the rows of a table: the weight times the value that
 * the recipe makes of the row. With the intercept they add up to the score, but for rounding.
 * @param scorer of a linear model of one member that was trained on a table.
 * @param table not NULL.
 * @param options as for ba_scorer_predict_table.
 * @param output whose score, from 0 to ba_model_outputs - 1.
 * @param shares gets rows x ba_model_width numbers, in the order of ba_model_column_name.
 * @return as ba_scorer_predict_table; BA_ERR_UNSUPPORTED also for an ensemble and for a network.
 * Owns: nothing. Threads: one at a time. Cost: that of the scores, and 8 bytes a column and row. Since 0.1.0.
 */
BA_API ba_status ba_scorer_attribute_table(ba_scorer *scorer, const ba_table *table, const char *options,
                                           int32_t output, double *shares);
/**
 * Counts the rows of the last table scored that have the time of a row before in their group.
 * @param scorer NULL gives 0.
 * @return 0 for a model that does not look back, and for a table without `time=`. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_scorer_duplicates(const ba_scorer *scorer);
/**
 * Gives the number of quantities that a scorer watches for drift.
 * @param scorer NULL gives 0.
 * @return 0 without `drift=yes`. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_scorer_drift_count(const ba_scorer *scorer);
/**
 * Gives the name of a quantity: "length" in letters, "gc" (the share of G and C), "score" of the first output,
 * "score:1" of the second, and so on.
 * @param scorer NULL gives NULL.
 * @param index 0 to count - 1.
 * @return a constant text; NULL when out of range. Cannot fail.
 * Owns: nothing; the text lives as long as the library. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_scorer_drift_name(const ba_scorer *scorer, int32_t index);
/**
 * Compares the records scored so far with the rows of training: lengths and letters with the training rows, scores with
 * the dev rows.
 *
 * psi is the population stability index, the sum over bins of (q - p) log(q / p); ks the largest distance of the two
 * distribution functions at the edges of the bins (Kolmogorov and Smirnov). Their limits are chosen so that without a
 * drift all quantities and both measures together raise at one look in a hundred, or less: psi by chi-squared over its
 * bins less one, times 1/n + 1/N; ks by Smirnov's large-sample limit; both with the chance shared out evenly
 * (Bonferroni).
 * @param scorer NULL gives 0.
 * @param index 0 to count - 1; else zeros.
 * @param requests records counted; this and what follows may be NULL.
 * @param psi 0 or more.
 * @param psi_limit what psi may reach.
 * @param ks 0 to 1.
 * @param ks_limit what ks may reach.
 * @return 1 when a limit was passed, else 0. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int32_t ba_scorer_drift(const ba_scorer *scorer, int32_t index, int64_t *requests, double *psi,
                               double *psi_limit, double *ks, double *ks_limit);
/**
 * Forgets the records counted so far.
 * @param scorer may be NULL.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API void ba_scorer_drift_reset(ba_scorer *scorer);
/**
 * Destroys a scorer.
 * @param scorer may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_scorer_destroy(ba_scorer *scorer);

#ifdef __cplusplus
}
#endif
#endif
