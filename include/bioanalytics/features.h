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
 * @param options `output=values|counts|counts8`: the recipe's values (float64, the default) or the bare counts, as
 * uint32 (of terms with quality=weight in units of 1/256) or, where no word is there more than 255 times, as uint8.
 * @param out gets records x width numbers, row-major.
 * @return BA_OK; BA_ERR_FIT; BA_ERR_LETTER (ambiguous=error, or residues where the recipe reads DNA), BA_ERR_LENGTH and
 * BA_ERR_QUALITY (quality=weight) with the record; BA_ERR_LIMIT with the record for a larger count with counts8;
 * BA_ERR_UNSUPPORTED for counts of descriptors, and counts8 with quality=weight; BA_ERR_RECIPE for an option;
 * BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_CANCELLED, BA_ERR_BUSY.
 * Owns: the caller releases the array. Threads: one at a time. Cost: records x width x 8 bytes, 4 for counts, 1 for
 * counts8; use CSR for wide recipes. Since 0.1.0.
 */
BA_API ba_status ba_extractor_apply_records(ba_extractor *extractor, const ba_records *records, const char *options,
                                            ba_array **out);
/**
 * Computes the same as a sparse matrix in compressed rows, columns rising within a row; extractor, records and options
 * as for ba_extractor_apply_records, without counts8.
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
 * Learns what depends on a table: which columns Columns() stands for, and the texts of each Category. Other terms need
 * no fit. It replaces what an earlier call learnt; a call that fails changes nothing.
 * @param extractor of a recipe that reads tables.
 * @param table not NULL; its rows are the training rows.
 * @param options `ignore=a|b`: columns that Columns() leaves out, such as a target; NULL and "" mean none.
 * @return BA_OK; BA_ERR_TABLE for a column that is not there, with the row for a text that is none;
 * BA_ERR_UNSUPPORTED for a recipe of sequences; BA_ERR_ARGUMENT, BA_ERR_RECIPE for an option, BA_ERR_MEMORY,
 * BA_ERR_LIMIT, BA_ERR_BUSY. Owns: nothing. Threads: one at a time. Cost: a pass over the columns of categories.
 * Since 0.1.0.
 */
BA_API ba_status ba_extractor_fit_table(ba_extractor *extractor, const ba_table *table, const char *options);
/**
 * Computes a dense matrix, one row a row of a table: its columns and categories, and terms over series.
 *
 * A value that is missing, or that a term does not have yet, is NaN under missing=mean and missing=indicator: means
 * and scales are what a model learns. With missing=error a missing value is an error.
 * @param extractor fitted where the recipe needs it.
 * @param table not NULL.
 * @param options `group=COLUMN`: rows of one text are a series; `time=COLUMN`: the order of a series;
 * `duplicate=keep|error`: a row of the time of one before in its group (default keep); NULL and "": one series, as it
 * stands.
 * @param out gets rows x width numbers (float64), row-major, in the order of the table's rows.
 * @return BA_OK; BA_ERR_FIT; BA_ERR_TABLE for a column that is not there or has texts for numbers; BA_ERR_NUMBER with
 * the row for a missing or infinite value or a time that is none; BA_ERR_UNSUPPORTED, BA_ERR_RECIPE for an option,
 * BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_BUSY. Owns: the caller releases the array.
 * Threads: one at a time. Cost: rows x width x 8 bytes, and as much for the columns that are read. Since 0.1.0.
 */
BA_API ba_status ba_extractor_apply_table(ba_extractor *extractor, const ba_table *table, const char *options,
                                          ba_array **out);
/**
 * Gives the column of a text in CategoryHash, for programs that give a model its inputs as numbers.
 * @param text `length` bytes; one that is a number counts as the shortest text of it: "7.0" is "7".
 * @param length bytes.
 * @param slots as in the recipe: a power of two from 2 to 2^24.
 * @return 0 to slots - 1: the highest bits of the hash of docs/tables.md; -1 for no text, or other slots. Cannot fail.
 * Owns: nothing. Threads: any. Cost: one pass over the text. Since 0.1.0.
 */
BA_API int64_t ba_category_slot(const char *text, int64_t length, int64_t slots);
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

/** Rows of many series, one after the other, and what terms over series make of them. Since 0.1.0. */
typedef struct ba_stream ba_stream;

/**
 * Opens a stream of rows for the terms of a recipe that are computed from columns row by row (docs/series.md). What it
 * gives for a row is, to the bit, what the same rows give as a table.
 * @param context not NULL.
 * @param recipe such as "Return(column=close) + RSI(column=close)"; a model stage is checked and left aside.
 * @param options `late=drop|error` (default drop): a row of an earlier time than its group's last one;
 * `duplicate=keep|drop|error` (default keep): a row of the same time; `max_groups=1..` (default 100000). NULL and ""
 * mean the defaults.
 * @param out gets the stream, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT; BA_ERR_RECIPE with the column, or when no term is one over series or some need a
 * table; BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the stream. Threads: one at a time. Cost: small. Since 0.1.0.
 */
BA_API ba_status ba_stream_open(ba_context *context, const char *recipe, const char *options, ba_stream **out);
/**
 * Takes one row of a series.
 * @param stream not NULL.
 * @param group the series, a text that ends with a NUL; NULL and "" are one series.
 * @param time of the row, in any unit that rises; NaN: it has none, and is taken as it comes.
 * @param inputs `count` numbers, one a column in the order of ba_stream_input_name; NaN where a value is missing.
 * @param count ba_stream_inputs.
 * @param out gets ba_stream_width numbers, NaN for missing ones, all of a row that is dropped; may be NULL.
 * @return BA_OK, also for a row that is dropped and counted; BA_ERR_NUMBER for a late or duplicate row that is an
 * error; BA_ERR_LIMIT for one group too many; BA_ERR_SHAPE, BA_ERR_MEMORY, BA_ERR_BUSY, BA_ERR_ARGUMENT. After an error
 * the stream is as it was, but for the counter. Owns: nothing. Threads: one at a time. Cost: constant on average for
 * most terms; docs/series.md names the others. A new group allocates its state. Since 0.1.0.
 */
BA_API ba_status ba_stream_update(ba_stream *stream, const char *group, double time, const double *inputs,
                                  int64_t count, double *out);
/**
 * Takes rows of one series, one after the other: to the bit what a call of ba_stream_update for each gives, in less
 * time.
 * @param stream not NULL.
 * @param group as for ba_stream_update.
 * @param times one a row; NULL: they have none.
 * @param inputs `rows` times `count` numbers, row by row.
 * @param rows 0 or more.
 * @param count ba_stream_inputs.
 * @param out gets ba_stream_width numbers a row, row by row; not NULL, but for 0 rows.
 * @return as ba_stream_update. After an error the rows before the one that it is about have been taken; "rows" counts
 * them. Owns: nothing. Threads: one at a time. Cost: as ba_stream_update, without what each call takes. Since 0.1.0.
 */
BA_API ba_status ba_stream_update_rows(ba_stream *stream, const char *group, const double *times, const double *inputs,
                                       int64_t rows, int64_t count, double *out);
/**
 * Computes what ba_stream_update would give, and leaves the stream as it is.
 * @param stream not NULL.
 * @param group as for ba_stream_update; one that is not there yet is not made.
 * @param time as there.
 * @param inputs as there.
 * @param count as there.
 * @param out as there; a row that is late or an unwanted duplicate gives NaN, and is not counted.
 * @return BA_OK, BA_ERR_SHAPE, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY, BA_ERR_ARGUMENT.
 * Owns: nothing. Threads: one at a time. Cost: copies the state of the group. Since 0.1.0.
 */
BA_API ba_status ba_stream_peek(ba_stream *stream, const char *group, double time, const double *inputs, int64_t count,
                                double *out);
/**
 * Gives the number of columns that a row has.
 * @param stream NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_stream_inputs(const ba_stream *stream);
/**
 * Gives the name of such a column.
 * @param stream NULL gives NULL.
 * @param index 0 to ba_stream_inputs - 1.
 * @return the name; NULL for no such column. Cannot fail.
 * Owns: the stream owns it. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API const char *ba_stream_input_name(const ba_stream *stream, int64_t index);
/**
 * Gives the number of results of a row.
 * @param stream NULL gives 0.
 * @return 0 or more. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_stream_width(const ba_stream *stream);
/**
 * Writes the name of a result: "Rolling_close.std.20", "MACD_close.12.26.9.signal".
 * @param stream not NULL.
 * @param column 0 to ba_stream_width - 1.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more; a longer text is cut and stays NUL-terminated.
 * @param length gets the length of the whole text without the NUL.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: a look at every term. Since 0.1.0.
 */
BA_API ba_status ba_stream_column_name(const ba_stream *stream, int64_t column, char *buffer, int64_t capacity,
                                       int64_t *length);
/**
 * Gives a counter: "rows" that were taken, rows that came "late" and rows that were a "duplicate" of the last time,
 * dropped or not, rows with a "missing" value that some term left out, and "groups".
 * @param stream NULL gives -1.
 * @param name of the counter.
 * @return 0 or more; -1 for no such counter. Cannot fail.
 * Owns: nothing. Threads: one at a time. Cost: constant. Since 0.1.0.
 */
BA_API int64_t ba_stream_count(const ba_stream *stream, const char *name);
/**
 * Makes a stream that goes on by itself from where another one is.
 * @param stream not NULL.
 * @param out gets the copy, or NULL on failure.
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: the caller closes the copy. Threads: one at a time. Cost: copies all states. Since 0.1.0.
 */
BA_API ba_status ba_stream_copy(const ba_stream *stream, ba_stream **out);
/**
 * Writes all that a stream has come to: all bytes, or none when they are more than `capacity`.
 * @param stream not NULL.
 * @param buffer room for `capacity` bytes; may be NULL when that is 0.
 * @param capacity bytes, 0 or more.
 * @param length gets how many bytes there are; more than `capacity` means that none were written.
 * @return BA_OK, also when none were written; BA_ERR_ARGUMENT, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY.
 * Owns: nothing. Threads: one at a time. Cost: 8 bytes a number of each state, built in memory, also for the length
 * alone. Since 0.1.0.
 */
BA_API ba_status ba_stream_save(const ba_stream *stream, uint8_t *buffer, int64_t capacity, int64_t *length);
/**
 * Replaces what a stream has come to by what was saved, in this process or another, on any machine: it goes on as if it
 * had never stopped. A call that fails changes nothing.
 * @param stream opened on the same recipe; its options stay.
 * @param bytes `length` bytes of ba_stream_save.
 * @param length bytes.
 * @return BA_OK; BA_ERR_FORMAT, BA_ERR_VERSION and BA_ERR_CORRUPT for bytes that are not such; BA_ERR_ARGUMENT, also
 * for those of another recipe; BA_ERR_LIMIT for more than max_groups; BA_ERR_MEMORY, BA_ERR_BUSY. Owns: nothing.
 * Threads: one at a time. Cost: one pass over the bytes. Since 0.1.0.
 */
BA_API ba_status ba_stream_restore(ba_stream *stream, const uint8_t *bytes, int64_t length);
/**
 * Adds the groups and counters of another stream, as of another part of the data. Where both have a group, the result
 * is to the bit that of all its rows in one stream: of terms of a row alone and of Expanding, which do not ask for the
 * order of the rows. A call that fails changes nothing.
 * @param stream not NULL.
 * @param other of the same context and recipe; it stays as it is.
 * @return BA_OK; BA_ERR_UNSUPPORTED when both have a group and a term asks for the order of its rows;
 * BA_ERR_ARGUMENT, BA_ERR_LIMIT, BA_ERR_MEMORY, BA_ERR_BUSY. Owns: nothing. Threads: one at a time. Cost: copies all
 * states. Since 0.1.0.
 */
BA_API ba_status ba_stream_merge(ba_stream *stream, const ba_stream *other);
/**
 * Closes a stream.
 * @param stream may be NULL. Not to be used afterwards.
 * Owns: nothing is left of it. Threads: any, but no call on it may be running. Cost: frees its memory. Since 0.1.0.
 */
BA_API void ba_stream_close(ba_stream *stream);
/**
 * Gives the probability that a normal demand is above the stock: 1 - Phi((stock - mean) / deviation).
 * @param stock what there is, in units of the demand; finite.
 * @param mean of the demand, as a forecast gives it; finite.
 * @param deviation of the demand, 0 or more; 0: the demand is the mean.
 * @return 0 to 1; NaN for arguments out of range. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API double ba_stockout_probability(double stock, double mean, double deviation);
/**
 * Gives the stock with the least expected cost for a normal demand, the newsvendor quantile: mean + deviation
 * Phi^-1(underage / (underage + overage)). Arrow, Harris and Marschak 1951, "Optimal inventory policy".
 * @param mean of the demand, finite.
 * @param deviation of the demand, 0 or more.
 * @param underage cost of one unit too few, above 0.
 * @param overage cost of one unit too many, above 0, in the same money.
 * @return the stock in units of the demand; NaN for arguments out of range. Cannot fail.
 * Owns: nothing. Threads: any. Cost: constant. Since 0.1.0.
 */
BA_API double ba_newsvendor_quantity(double mean, double deviation, double underage, double overage);

#ifdef __cplusplus
}
#endif
#endif
