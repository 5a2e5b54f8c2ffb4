/* SPDX-License-Identifier: MIT
 *
 * seq.h: bytes to records. FASTA and FASTQ, plain, gzip (all members) or bgzf; SAM, BAM and CRAM where the build has
 * htslib. A reader gives batches; a batch keeps all names, letters and qualities in one buffer each, with offsets.
 * docs/formats.md has the rules of each format.
 *
 * Unless a comment says otherwise, a call may be made by one thread at a time per context.
 */
#ifndef BIOANALYTICS_SEQ_H
#define BIOANALYTICS_SEQ_H

#include "bioanalytics/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A source of records. */
typedef struct ba_reader ba_reader;
/** An immutable batch of records, shared by reference count. */
typedef struct ba_records ba_records;

/* What a reader found out about its input. */
#define BA_FORMAT_UNKNOWN 0
#define BA_FORMAT_FASTA 1
#define BA_FORMAT_FASTQ 2
#define BA_FORMAT_SAM 3
#define BA_FORMAT_BAM 4
#define BA_FORMAT_CRAM 5

/**
 * Opens a file. The format and the compression are found from the bytes, never from the name.
 *
 * @param path a local file, or "-" for standard input; names with "://" are refused
 * @param options NULL, "" or a list of
 *   `ambiguous=skip|error`: letters other than A C G T U are kept and counted (the default), or an error;
 *   `bgzf_end=warn|require`: a bgzf file without its end block gives a log line (the default), or an error;
 *   `reference=FILE`: the FASTA file of a CRAM file that needs one
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE (an option), BA_ERR_IO, BA_ERR_UNSUPPORTED, BA_ERR_MEMORY,
 *   BA_ERR_LIMIT, BA_ERR_BUSY
 * Owns: the caller closes the reader. Cost: opens the file, reads nothing; holds about 130 kB, twice that for gzip.
 * Since 0.1.0.
 */
BA_API ba_status ba_reader_open_path(ba_context *context, const char *path, const char *options, ba_reader **out);
/**
 * Opens bytes in memory: FASTA or FASTQ, plain, gzip or bgzf.
 *
 * @param data `length` bytes, which must stay until the reader is closed; may be NULL when `length` is 0
 * @param length 0 or more
 * @param options as for ba_reader_open_path
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY
 * Owns: the caller closes the reader and keeps the bytes. Cost: nothing is copied. Since 0.1.0.
 */
BA_API ba_status ba_reader_open_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                       ba_reader **out);
/**
 * Opens a reader that is fed: ba_reader_feed any number of times, in chunks of any size, then ba_reader_finish. The
 * records and the errors do not depend on the chunks.
 *
 * @param options as for ba_reader_open_path
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_RECIPE, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY
 * Owns: the caller closes the reader. Since 0.1.0.
 */
BA_API ba_status ba_reader_open_push(ba_context *context, const char *options, ba_reader **out);
/**
 * Gives the next bytes to a push reader; they are copied, and read by ba_reader_next.
 *
 * @param data `length` bytes; may be NULL when `length` is 0
 * @return BA_OK, BA_ERR_ARGUMENT (not a push reader, or finished), BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY
 * Cost: one copy. After an error of ba_reader_next the bytes are dropped. Since 0.1.0.
 */
BA_API ba_status ba_reader_feed(ba_reader *reader, const uint8_t *data, int64_t length);
/**
 * Says that a push reader's input is complete.
 *
 * @return BA_OK, BA_ERR_ARGUMENT (not a push reader, or finished before), BA_ERR_BUSY
 * Since 0.1.0.
 */
BA_API ba_status ba_reader_finish(ba_reader *reader);
/**
 * Gives the next batch: at least one record, at most `most`, and about 1 MiB of letters unless one record is longer.
 * Every record before an error is given first; then the error comes, and the reader stays at it. Only after
 * BA_ERR_CANCELLED, once the context was reset, reading goes on where it stopped.
 *
 * @param most the most records wanted, 1 or more; a batch never has more than 1,048,576
 * @param out the batch, or NULL with any other status than BA_OK
 * @return BA_OK; BA_END: no more records, or for a push reader that is not finished: none complete yet;
 *   BA_ERR_FORMAT, BA_ERR_TRUNCATED, BA_ERR_CORRUPT, BA_ERR_LETTER with record and byte in ba_context_error_position;
 *   BA_ERR_IO, BA_ERR_UNSUPPORTED, BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_CANCELLED, BA_ERR_ARGUMENT, BA_ERR_BUSY
 * Owns: the caller releases the batch. Cost: one pass over the bytes, no allocation per record; when the batch before
 * has been released, its memory is used again. Since 0.1.0.
 */
BA_API ba_status ba_reader_next(ba_reader *reader, int64_t most, ba_records **out);
/** The format found, one of BA_FORMAT_...; BA_FORMAT_UNKNOWN before the first ba_reader_next and for an empty input.
 * Since 0.1.0. */
BA_API int32_t ba_reader_format(const ba_reader *reader);
/** Records given so far, and bytes of decompressed input that they took (0 for SAM, BAM and CRAM); either pointer may
 * be NULL. Since 0.1.0. */
BA_API void ba_reader_position(const ba_reader *reader, int64_t *records, int64_t *bytes);
/** Counts over the records given so far: letters in all, and letters other than A C G T U of either case; either
 * pointer may be NULL. Since 0.1.0. */
BA_API void ba_reader_counters(const ba_reader *reader, int64_t *letters, int64_t *ambiguous);
/** Closes a reader; NULL is fine. Batches that it gave stay valid. Since 0.1.0. */
BA_API void ba_reader_close(ba_reader *reader);

/**
 * Makes a batch from letters in memory, which are copied. Names are empty and there are no qualities.
 *
 * @param letters A-Z, a-z, '*', '-' and '.'; may be NULL when there are none
 * @param offsets count + 1 entries, 0 or more and never falling: sequence i is letters[offsets[i]] up to, without,
 *   letters[offsets[i + 1]]
 * @param count the number of sequences, 0 or more
 * @return BA_OK, BA_ERR_ARGUMENT, BA_ERR_FORMAT (another letter; the position has the record, and the byte in it),
 *   BA_ERR_MEMORY, BA_ERR_LIMIT, BA_ERR_BUSY
 * Owns: the caller releases the batch. Cost: one copy and one pass. Since 0.1.0.
 */
BA_API ba_status ba_records_create(ba_context *context, const char *letters, const int64_t *offsets, int64_t count,
                                   ba_records **out);
/** The number of records. From any thread. Since 0.1.0. */
BA_API int64_t ba_records_count(const ba_records *records);
/** The header of a record after its mark, first word and description; not NUL-ended, `length` bytes. `index` counts
 * from 0; outside the batch the result is NULL and the length 0. Lives as long as the batch. From any thread.
 * Since 0.1.0. */
BA_API const char *ba_records_name(const ba_records *records, int64_t index, int64_t *length);
/** The letters of a record, as written, without line ends; otherwise as ba_records_name. Since 0.1.0. */
BA_API const char *ba_records_sequence(const ba_records *records, int64_t index, int64_t *length);
/** The quality symbols of a record, as written; NULL and length 0 when there are none; otherwise as ba_records_name.
 * Since 0.1.0. */
BA_API const char *ba_records_quality(const ba_records *records, int64_t index, int64_t *length);
/** All letters in one buffer, and count + 1 offsets into it, which start at 0. Both live as long as the batch. From
 * any thread. Since 0.1.0. */
BA_API const char *ba_records_columns(const ba_records *records, const int64_t **offsets);
/** Adds a reference and returns the batch. May be called from any thread. Since 0.1.0. */
BA_API ba_records *ba_records_retain(ba_records *records);
/** Drops a reference; NULL is fine. May be called from any thread. Since 0.1.0. */
BA_API void ba_records_release(ba_records *records);

#ifdef __cplusplus
}
#endif
#endif
