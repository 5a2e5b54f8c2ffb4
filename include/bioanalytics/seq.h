/* SPDX-License-Identifier: MIT
 *
 * seq.h: bytes to records. FASTA and FASTQ, plain, gzip (all members) or bgzf; SAM, BAM and CRAM where the build has
 * htslib. A reader gives batches; a batch keeps all names, letters and qualities in one buffer each, with offsets.
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
 * Opens a file; "-" is standard input. The format and the compression are found from the bytes, never from the name.
 *
 * Options: `ambiguous=skip|error` (letters other than A C G T U: kept and counted, or an error; default skip),
 * `soft_mask=fold|keep|skip` ... see docs/formats.md.
 */
BA_API ba_status ba_reader_open_path(ba_context *context, const char *path, const char *options, ba_reader **out);
/** Opens bytes in memory, which must stay until the reader is closed. */
BA_API ba_status ba_reader_open_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                       ba_reader **out);
/** Opens a reader that is fed: ba_reader_feed any number of times, in chunks of any size, then ba_reader_finish. */
BA_API ba_status ba_reader_open_push(ba_context *context, const char *options, ba_reader **out);
/** Gives the next bytes to a push reader; they are copied. */
BA_API ba_status ba_reader_feed(ba_reader *reader, const uint8_t *data, int64_t length);
/** Says that a push reader's input is complete. */
BA_API ba_status ba_reader_finish(ba_reader *reader);
/**
 * Gives the next batch of at most `most` records (at least 1) and about 1 MiB of letters; a batch has at least one
 * record. BA_END: no more records, or for a push reader that is not finished: none complete yet. After an error the
 * reader stays at the error, with every record before it delivered first.
 */
BA_API ba_status ba_reader_next(ba_reader *reader, int64_t most, ba_records **out);
/** The format found, BA_FORMAT_UNKNOWN before the first ba_reader_next. */
BA_API int32_t ba_reader_format(const ba_reader *reader);
/** Records given so far, and bytes of decompressed input that they took. */
BA_API void ba_reader_position(const ba_reader *reader, int64_t *records, int64_t *bytes);
/** Counts over the records given so far: letters in all, and letters other than A C G T U. */
BA_API void ba_reader_counters(const ba_reader *reader, int64_t *letters, int64_t *ambiguous);
/** Closes a reader; NULL is fine. Batches that it gave stay valid. */
BA_API void ba_reader_close(ba_reader *reader);

/**
 * Makes a batch from letters in memory, which are copied. Sequence i is letters[offsets[i]] up to letters[offsets[i +
 * 1]], so `offsets` has count + 1 entries. Names are empty.
 */
BA_API ba_status ba_records_create(ba_context *context, const char *letters, const int64_t *offsets, int64_t count,
                                   ba_records **out);
/** The number of records. */
BA_API int64_t ba_records_count(const ba_records *records);
/** The header of a record after its mark, first word and description; not NUL-ended. */
BA_API const char *ba_records_name(const ba_records *records, int64_t index, int64_t *length);
/** The letters of a record, as written, without line ends; not NUL-ended. */
BA_API const char *ba_records_sequence(const ba_records *records, int64_t index, int64_t *length);
/** The quality symbols of a record, as written; length 0 and NULL when the format has none. */
BA_API const char *ba_records_quality(const ba_records *records, int64_t index, int64_t *length);
/** All letters in one buffer, and count + 1 offsets into it. */
BA_API const char *ba_records_columns(const ba_records *records, const int64_t **offsets);
/** Adds a reference and returns the batch. May be called from any thread. */
BA_API ba_records *ba_records_retain(ba_records *records);
/** Drops a reference; NULL is fine. May be called from any thread. */
BA_API void ba_records_release(ba_records *records);

#ifdef __cplusplus
}
#endif
#endif
