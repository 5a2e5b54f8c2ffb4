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

#include "bioanalytics/array.h"
#include "bioanalytics/seq.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A trained model; immutable, shared by reference count, usable from any number of contexts at once. */
typedef struct ba_model ba_model;
/** The working memory of one scoring thread. */
typedef struct ba_scorer ba_scorer;

/**
 * Loads a model file.
 *
 * @param options `selftest=no|yes`: score the golden inputs before returning (default no)
 * @return BA_OK, BA_ERR_IO, BA_ERR_MODEL (damaged: every byte is under a checksum), BA_ERR_VERSION, BA_ERR_SELFTEST,
 * BA_ERR_LIMIT, BA_ERR_MEMORY
 * Owns: the caller releases *out. Threads: one. Cost: one read of the file. Since 0.1.0.
 */
BA_API ba_status ba_model_load_path(ba_context *context, const char *path, const char *options, ba_model **out);
/** Loads a model from the bytes of a model file, which are copied. As ba_model_load_path. Since 0.1.0. */
BA_API ba_status ba_model_load_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                      ba_model **out);
/**
 * Writes a model file by rename: afterwards `path` holds the whole new file or what it held before.
 *
 * @return BA_OK, BA_ERR_IO, BA_ERR_MEMORY, BA_ERR_LIMIT
 * Threads: one a context. Cost: one write. Since 0.1.0.
 */
BA_API ba_status ba_model_save_path(ba_context *context, const ba_model *model, const char *path);
/** Writes the bytes of the model file: at most `capacity`, all or none; sets *length. Since 0.1.0. */
BA_API ba_status ba_model_save_memory(ba_context *context, const ba_model *model, uint8_t *buffer, int64_t capacity,
                                      int64_t *length);
/** Writes what the model is as one JSON object: recipe, classes, sizes, digests, training summary. Since 0.1.0. */
BA_API ba_status ba_model_describe(ba_context *context, const ba_model *model, char *buffer, int64_t capacity,
                                   int64_t *length);
/** The canonical recipe text. Borrowed from the model. Threads: any. Since 0.1.0. */
BA_API const char *ba_model_recipe(const ba_model *model);
/** The number of classes. Threads: any. Since 0.1.0. */
BA_API int32_t ba_model_classes(const ba_model *model);
/** The name of a class; NULL when out of range. Borrowed from the model. Threads: any. Since 0.1.0. */
BA_API const char *ba_model_class_name(const ba_model *model, int32_t index);
/** The number of score columns: 1 for two classes, else one a class. Threads: any. Since 0.1.0. */
BA_API int32_t ba_model_outputs(const ba_model *model);
/** The number of feature columns. Threads: any. Since 0.1.0. */
BA_API int64_t ba_model_width(const ba_model *model);
/** Writes the name of a feature column, as ba_extractor_column_name. Since 0.1.0. */
BA_API ba_status ba_model_column_name(ba_context *context, const ba_model *model, int64_t column, char *buffer,
                                      int64_t capacity, int64_t *length);
/**
 * Gives the weights of one output, as used in scoring, and its intercept.
 *
 * @param output 0 to outputs - 1
 * @param weights room for `width` doubles, or NULL
 * @param intercept may be NULL
 * @return BA_OK, BA_ERR_ARGUMENT
 * Threads: one a context. Cost: one pass. Since 0.1.0.
 */
BA_API ba_status ba_model_weights(ba_context *context, const ba_model *model, int32_t output, double *weights,
                                  double *intercept);
/**
 * Scores the golden inputs of the model at every CPU level that this machine has, and compares all bits.
 *
 * @return BA_OK, BA_ERR_SELFTEST with the level and the input, BA_ERR_MEMORY, BA_ERR_LIMIT
 * Threads: one a context. Cost: some thousand short scores. Since 0.1.0.
 */
BA_API ba_status ba_model_selftest(ba_context *context, const ba_model *model);
/** Adds a reference and returns the model. Threads: any. Since 0.1.0. */
BA_API ba_model *ba_model_retain(ba_model *model);
/** Drops a reference; NULL is fine. Threads: any. Since 0.1.0. */
BA_API void ba_model_release(ba_model *model);

/**
 * Makes a scorer, one for each scoring thread, each on a context of its own.
 *
 * @param options none yet; NULL or ""
 * @return BA_OK, BA_ERR_MEMORY, BA_ERR_LIMIT
 * Owns: the caller destroys *out; it holds the model. Threads: one. Cost: 4 bytes a weight; other working
 * memory is made by the first call that needs it. Since 0.1.0.
 */
BA_API ba_status ba_scorer_create(ba_context *context, ba_model *model, const char *options, ba_scorer **out);
/**
 * Scores rows of features.
 *
 * @param rows n x width: uint32 counts (the integer path: the same bits as from the letters), float64 or float32
 * values (the float path: within 1e-6 of the sizes that add up to it, see docs/numbers.md)
 * @param scores n x outputs doubles, or NULL
 * @param probabilities n x classes doubles, or NULL
 * @return BA_OK, BA_ERR_SHAPE, BA_ERR_ARGUMENT with the row when the counts of one k add up to 2^31 or more,
 * BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED
 * Threads: one. Cost: n x width. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict(ba_scorer *scorer, const ba_array *rows, double *scores, double *probabilities);
/** Scores one row of float32 values; after the first call it allocates nothing. As ba_scorer_predict. Since 0.1.0. */
BA_API ba_status ba_scorer_predict_row(ba_scorer *scorer, const float *row, int64_t width, double *scores,
                                       double *probabilities);
/**
 * Scores records straight from their letters: no feature row is built.
 *
 * @param scores count x outputs doubles, or NULL
 * @param probabilities count x classes doubles, or NULL
 * @return BA_OK, BA_ERR_LETTER (ambiguous=error) and BA_ERR_LENGTH with the record
 * Threads: the context's. Cost: a few nanoseconds a letter and k. Since 0.1.0.
 */
BA_API ba_status ba_scorer_predict_records(ba_scorer *scorer, const ba_records *records, double *scores,
                                           double *probabilities);
/**
 * Scores every window of one sequence; window i starts at i * step. Equal to scoring each by itself.
 *
 * @param scores room for `capacity` windows x outputs doubles
 * @param count set to the number of windows: 0 when the sequence is shorter than the window
 * @return BA_OK, BA_ERR_ARGUMENT when capacity is too small, as ba_scorer_predict_records
 * Threads: the context's. Cost: one score a window. Since 0.1.0.
 */
BA_API ba_status ba_scorer_scan(ba_scorer *scorer, const char *letters, int64_t length, int64_t window, int64_t step,
                                double *scores, int64_t capacity, int64_t *count);
/**
 * Shares the score of one sequence out to its letters: each feature's part goes in equal shares to the letters of its
 * k-mer. The parts add up to the score minus the intercept, within rounding.
 *
 * @param output 0 to outputs - 1
 * @param attribution `length` doubles
 * @return as ba_scorer_predict_records
 * Threads: one. Cost: a few scores. Since 0.1.0.
 */
BA_API ba_status ba_scorer_attribute(ba_scorer *scorer, const char *letters, int64_t length, int32_t output,
                                     double *attribution);
/** Destroys a scorer; NULL is fine. Threads: any. Since 0.1.0. */
BA_API void ba_scorer_destroy(ba_scorer *scorer);

#ifdef __cplusplus
}
#endif
#endif
