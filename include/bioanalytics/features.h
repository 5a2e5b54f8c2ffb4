/* SPDX-License-Identifier: MIT
 *
 * features.h: records to numbers. An extractor computes the feature part of a recipe; a scorer does not need one, it
 * computes the same numbers on the way.
 */
#ifndef BIOANALYTICS_FEATURES_H
#define BIOANALYTICS_FEATURES_H

#include "bioanalytics/array.h"
#include "bioanalytics/seq.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The features of a recipe; immutable and shareable once fitted. */
typedef struct ba_extractor ba_extractor;

/**
 * Makes an extractor from the feature terms of a recipe; a model stage is checked and left aside.
 *
 * @param recipe such as "Kmer(k=1..8) + PositionKmer(k=1..3)"; see docs/recipes.md
 * @return BA_OK, BA_ERR_RECIPE with the column, BA_ERR_MEMORY, BA_ERR_LIMIT
 * Owns: the caller destroys *out. Threads: one. Cost: small. Since 0.1.0.
 */
BA_API ba_status ba_extractor_create(ba_context *context, const char *recipe, ba_extractor **out);
/**
 * Learns what depends on data: the length that PositionKmer covers. Call it once for every batch of the training
 * records; terms without such a thing need no fit.
 *
 * @return BA_OK, BA_ERR_LENGTH with the record when anchor=none and the lengths differ
 * Threads: one. Cost: a look at the lengths. Since 0.1.0.
 */
BA_API ba_status ba_extractor_fit(ba_extractor *extractor, const ba_records *records);
/** The number of columns; -1 before a needed fit. Threads: any once fitted. Since 0.1.0. */
BA_API int64_t ba_extractor_width(const ba_extractor *extractor);
/**
 * Writes the name of a column: "Kmer_ACG", "RCKmer_ACG" when canonical, "PositionKmer_AC.pos12" (position
 * from 0), "Kmer_12.slot77" when hashed.
 *
 * @param column 0 to width - 1
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_FIT
 * Threads: one (the context's). Cost: small. Since 0.1.0.
 */
BA_API ba_status ba_extractor_column_name(const ba_extractor *extractor, int64_t column, char *buffer, int64_t capacity,
                                          int64_t *length);
/**
 * Computes a dense matrix, one row a record.
 *
 * @param options `output=values|counts`: the recipe's values (float64, the default) or the bare counts (uint32)
 * @param out records x width, row-major
 * @return BA_OK, BA_ERR_FIT, BA_ERR_LETTER (ambiguous=error) and BA_ERR_LENGTH with the record, BA_ERR_LIMIT
 * Owns: the caller releases *out. Threads: one. Cost: records x width x 8 bytes; use CSR for wide recipes. Since 0.1.0.
 */
BA_API ba_status ba_extractor_apply_records(ba_extractor *extractor, const ba_records *records, const char *options,
                                            ba_array **out);
/**
 * Computes the same as a sparse matrix in compressed rows, columns rising within a row.
 *
 * @param row_starts int64, records + 1 entries
 * @param columns uint32, one a non-zero
 * @param values float64 or uint32, one a non-zero
 * @return as ba_extractor_apply_records
 * Owns: the caller releases all three. Threads: one. Cost: 12 bytes a non-zero. Since 0.1.0.
 */
BA_API ba_status ba_extractor_apply_records_csr(ba_extractor *extractor, const ba_records *records, const char *options,
                                                ba_array **row_starts, ba_array **columns, ba_array **values);
/** Destroys an extractor; NULL is fine. Threads: any. Since 0.1.0. */
BA_API void ba_extractor_destroy(ba_extractor *extractor);

#ifdef __cplusplus
}
#endif
#endif
