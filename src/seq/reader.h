/* SPDX-License-Identifier: MIT
 *
 * reader.h: the inner calls of a reader, for rooms that are already inside the context and for tests.
 */
#ifndef BAI_SEQ_READER_H
#define BAI_SEQ_READER_H

#include "bioanalytics/seq.h"
#include "seq/alignments.h"
#include "seq/source.h"

/* As the public calls of the same names, without entering or leaving the context. */
ba_status bai_reader_open_path(ba_context *context, const char *path, const char *options, ba_reader **out);
ba_status bai_reader_next_inner(ba_reader *reader, int64_t most, ba_records **out);
ba_context *bai_reader_context(const ba_reader *reader);
/* What the option `tags` names. */
const bai_tags *bai_reader_tags(const ba_reader *reader);
/* Reads text with the state machines alone: slower, the same result. For tests. */
void bai_reader_go_careful(ba_reader *reader);
/* A reader over any source, which it takes over, also when it fails. */
ba_status bai_reader_open_source(ba_context *context, bai_source *source, const char *options, ba_reader **out);

#endif
