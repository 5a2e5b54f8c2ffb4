/* SPDX-License-Identifier: MIT
 *
 * reader.h: the inner calls of a reader, for rooms that are already inside the context and for tests.
 */
#ifndef BAI_SEQ_READER_H
#define BAI_SEQ_READER_H

#include "bioanalytics/seq.h"
#include "seq/alignments.h"
#include "seq/hts.h"
#include "seq/source.h"

/* As the public calls of the same names, without entering or leaving the context. */
ba_status bai_reader_open_path(ba_context *context, const char *path, const char *options, ba_reader **out);
ba_status bai_reader_next_inner(ba_reader *reader, int64_t most, ba_records **out);
ba_context *bai_reader_context(const ba_reader *reader);
/* The option; 0 for whole records. */
int64_t bai_reader_chunk(const ba_reader *reader);
int32_t bai_reader_skips_quality(const ba_reader *reader);
/* Reads text with the state machines alone: slower, the same result. For tests. */
void bai_reader_go_careful(ba_reader *reader);
/* For index.c: as bai_reader_open_source, with a name for messages, and the option `index`. */
ba_status bai_reader_open_indexed(ba_context *context, bai_source *source, const char *path, const char *options,
                                  ba_reader **out);
/* Makes a reader over a file, from which nothing was read, one of a region of these alignments. */
ba_status bai_reader_fetch(ba_reader *reader, int32_t format, const bai_hts *indexed, const char *region);
const bai_hts_options *bai_reader_alignments(const ba_reader *reader);
/* The format that the first bytes tell when they are alignments, or BA_FORMAT_UNKNOWN. */
int32_t bai_alignment_format(const uint8_t *head, int64_t n);
/* BA_ERR_CORRUPT when the plain bytes behind "BAM\1" claim a header that a file of `total` bytes cannot hold. */
ba_status bai_check_bam_header(ba_context *context, const uint8_t *plain, int64_t n, int64_t total);
/* A reader over any source, which it takes over, also when it fails. */
ba_status bai_reader_open_source(ba_context *context, bai_source *source, const char *options, ba_reader **out);

#endif
