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

/** The features of a recipe, with working memory: used by one thread at a time. Since 0.1.0. */
typedef struct ba_extractor ba_extractor;
/** A FracMinHash sketch: of the distinct k-mers of a set of sequences, a share chosen by their hash. Since 0.1.0. */
typedef struct ba_sketch ba_sketch;

/**
 * Makes an extractor from the feature terms of a recipe; a model stage is checked and left aside.
 * @param context not NULL.
 * @param recipe such as "Kmer(k=1..8) + PositionKmer(k=1..3)"; see docs/recipes.md.
 * @param out gets the extractor.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE with the column, BA_ERR_UNSUPPORTED, BA_ERR_MEMORY, BA_ERR_LIMIT,
 * BA_ERR_BUSY.
 * Owns: the caller destroys the extractor. Threads: one at a time. Cost: small; with strand=canonical one pass over 4^k
 * words. Since 0.1.0.
 */
BA_API ba_status ba_extractor_create(ba_context *context, const char *recipe, ba_extractor **out);
/**
 * Learns what depends on data: the length that PositionKmer covers. Call it once for every batch of the training
 * records; other terms need no fit. A call that fails changes nothing.
 * @param extractor not NULL.
 * @param records not NULL.
 * @return BA_OK; BA_ERR_LENGTH with the record when anchor=none and the lengths differ; BA_ERR_ARGUMENT, BA_ERR_LIMIT,
 * BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a look at the lengths. Since 0.1.0.
 */
BA_API ba_status ba_extractor_fit(ba_extractor *extractor, const ba_records *records);
/**
 * Gives the number of columns.
 * @param extractor NULL gives -1.
 * @return 0 or more; -1 before a fit that is needed. Cannot fail.
 * Owns: nothing. Threads: any once fitted. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_extractor_width(const ba_extractor *extractor);
/**
 * Writes the name of a column: "Kmer_ACG", "RCKmer_ACG" when canonical, "PositionKmer_AC.pos12" (position from 0),
 * "Kmer_12.slot77" when hashed, "GappedKmer_AC.gap3", "SpacedKmer_A-C" with a dash where the mask has a 0,
 * "BinnedKmer_AC.bin2", "Length".
 * @param extractor not NULL.
 * @param column 0 to width - 1.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_FIT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a look at every term and k. Since 0.1.0.
 */
BA_API ba_status ba_extractor_column_name(const ba_extractor *extractor, int64_t column, char *buffer, int64_t capacity,
                                          int64_t *length);
/**
 * Computes a dense matrix, one row a record.
 * @param extractor fitted where the recipe needs it.
 * @param records not NULL.
 * @param options `output=values|counts`: the recipe's values (float64, the default) or the bare counts (uint32; of
 * terms with quality=weight in units of 1/256).
 * @param out gets records x width numbers, row-major.
 * @return BA_OK; BA_ERR_FIT; BA_ERR_LETTER (ambiguous=error, or residues where the recipe reads DNA), BA_ERR_LENGTH and
 * BA_ERR_QUALITY (quality=weight) with the record; BA_ERR_RECIPE for an option; BA_ERR_ARGUMENT, BA_ERR_MEMORY,
 * BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller releases the array. Threads: one at a time. Cost: records x width x 8 bytes, 4 for counts; use CSR
 * for wide recipes. Since 0.1.0.
 */
BA_API ba_status ba_extractor_apply_records(ba_extractor *extractor, const ba_records *records, const char *options,
                                            ba_array **out);
/**
 * Computes the same as a sparse matrix in compressed rows, columns rising within a row; extractor, records and options
 * as for ba_extractor_apply_records.
 * @param row_starts gets int64, records + 1 entries.
 * @param columns gets uint32, one a non-zero.
 * @param values gets float64, or uint32 for counts, one a non-zero.
 * @return as ba_extractor_apply_records.
 * Owns: the caller releases all three. Threads: one at a time. Cost: 12 bytes a non-zero, 8 for counts; every row is
 * sorted. Since 0.1.0.
 */
BA_API ba_status ba_extractor_apply_records_csr(ba_extractor *extractor, const ba_records *records, const char *options,
                                                ba_array **row_starts, ba_array **columns, ba_array **values);
/**
 * Destroys an extractor.
 * @param extractor may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_extractor_destroy(ba_extractor *extractor);

/**
 * Makes an empty FracMinHash sketch, with the hashes of sourmash.
 *
 * A k-mer's hash is the first 64 bits of MurmurHash3 (x64, 128 bits) over the smaller of the k-mer and its reverse
 * complement, as upper-case letters. Hashes up to 2^64 / scaled are kept. Method: Irber and others 2022, "Lightweight
 * compositional analysis of metagenomes with FracMinHash and minimum metagenome covers".
 * @param context not NULL.
 * @param options `k=1..255` (default 21), `scaled=1..` (default 1000; 1 keeps all), `seed=0..4294967295` (default 42);
 * NULL and "" mean the defaults.
 * @param out gets the sketch, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE with the column, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller owns the sketch. Threads: one at a time. Cost: one allocation. Since 0.1.0.
 */
BA_API ba_status ba_sketch_create(ba_context *context, const char *options, ba_sketch **out);
/**
 * Adds the k-mers of one sequence. A call that fails adds nothing.
 *
 * Case does not matter and U is T; k-mers with another letter than A C G T are left out.
 * @param sketch not NULL.
 * @param letters `length` bytes; may be NULL when that is 0.
 * @param length letters, 0 or more.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_CANCELLED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: one hash a letter; 8 bytes a kept k-mer, and for repeats until they are
 * next sorted out. Since 0.1.0.
 */
BA_API ba_status ba_sketch_add(ba_sketch *sketch, const char *letters, int64_t length);
/**
 * Adds the k-mers of every record of a batch; no k-mer goes from one record to the next. A call that fails adds
 * nothing.
 * @param sketch not NULL.
 * @param records not NULL.
 * @return as ba_sketch_add.
 * Owns: nothing. Threads: one at a time. Cost: as ba_sketch_add. Since 0.1.0.
 */
BA_API ba_status ba_sketch_add_records(ba_sketch *sketch, const ba_records *records);
/**
 * Adds what another sketch holds: the result is the sketch of the sequences of both. A call that fails adds nothing.
 * @param sketch not NULL.
 * @param other of the same context, k, scaled and seed; it stays as it is.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: one copy. Since 0.1.0.
 */
BA_API ba_status ba_sketch_merge(ba_sketch *sketch, const ba_sketch *other);
/**
 * Compares two sketches; exact with scaled=1, else an estimate.
 * @param sketch not NULL.
 * @param other of the same context, k, scaled and seed.
 * @param containment gets the share, 0 to 1, of the hashes of `sketch` that `other` has too; 0 when `sketch` is empty;
 * may be NULL.
 * @param jaccard gets the share, 0 to 1, of the hashes of either that both have; 0 when both are empty; may be NULL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a pass over both; a sort after something was added. Since 0.1.0.
 */
BA_API ba_status ba_sketch_similarity(ba_sketch *sketch, ba_sketch *other, double *containment, double *jaccard);
/**
 * Gives the number of distinct hashes.
 * @param sketch NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: a sort after something was added, else constant. Since 0.1.0.
 */
BA_API int64_t ba_sketch_count(ba_sketch *sketch);
/**
 * Gives the hashes, distinct and rising.
 * @param sketch NULL gives NULL.
 * @return ba_sketch_count numbers of 64 bits without a sign, so with scaled=1 large ones read as negative; NULL when
 * there never was one. Cannot fail. Owns: the sketch owns them; adding to it moves them. Threads: one at a time. Cost:
 * as ba_sketch_count. Since 0.1.0.
 */
BA_API const int64_t *ba_sketch_hashes(ba_sketch *sketch);
/**
 * Destroys a sketch.
 * @param sketch may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_sketch_destroy(ba_sketch *sketch);

#ifdef __cplusplus
}
#endif
#endif
