/* SPDX-License-Identifier: MIT
 *
 * alignments.h: the further columns of a batch that comes from SAM, BAM or CRAM. Other batches have none of this.
 */
#ifndef BAI_SEQ_ALIGNMENTS_H
#define BAI_SEQ_ALIGNMENTS_H

#include "base/base.h"

#define BAI_MOST_TAGS 32

/* The tags that a reader was asked for. */
typedef struct bai_tags {
  int32_t count;
  char names[BAI_MOST_TAGS][3];
} bai_tags;

/* Reads "NM:AS:MD"; "" is none. BA_ERR_RECIPE says which name is wrong. */
ba_status bai_tags_parse(ba_context *context, const char *text, bai_tags *out);

/* Text i is bytes[offsets[i]] up to bytes[offsets[i + 1]]; an empty one is missing when present[i] is 0. */
typedef struct bai_optional_texts {
  bai_vector bytes, offsets, present; /* char, int64_t (count + 1 of them, from 0), uint8_t */
} bai_optional_texts;

/* Text column 0 is the reference's name, then come the tags. */
typedef struct bai_alignments {
  bai_vector flags, positions, mapping_qualities; /* int32_t, int64_t, int32_t */
  int64_t room;                                   /* rows that fit in every column */
  bai_tags tags;
  bai_optional_texts texts[1 + BAI_MOST_TAGS];
} bai_alignments;

typedef struct bai_alignment {
  int32_t flag, mapping_quality;
  int64_t position;
} bai_alignment;

ba_status bai_alignments_open(ba_context *context, const bai_tags *tags, bai_alignments **out);
void bai_alignments_close(ba_context *context, bai_alignments *alignments); /* NULL is fine */
/* Keeps the memory. */
void bai_alignments_clear(bai_alignments *alignments);
/* Ends a row, whose texts stand behind the last offsets; bit i of `present` says that text column i has one. */
ba_status bai_alignments_commit(ba_context *context, bai_alignments *alignments, bai_alignment row, uint64_t present);
/* Moves rows first up to, without, `count` to the empty `next`. */
ba_status bai_alignments_split(ba_context *context, bai_alignments *alignments, int64_t first, int64_t count,
                               bai_alignments *next);
/* Which letters of a record are kept, with their qualities. */
typedef struct bai_span {
  int64_t start, length; /* length -1: the record goes */
} bai_span;
/* Takes away the rows from `first` on whose record goes. */
void bai_alignments_keep(bai_alignments *alignments, int64_t first, const bai_span *spans);
/* Takes away the rows from `count` on. */
void bai_alignments_cut(bai_alignments *alignments, int64_t count);
/* 1 when the letters are the reverse complement of those that were read. */
int32_t bai_alignments_reversed(const bai_alignments *alignments, int64_t row);
/* NULL when the row has none. */
const char *bai_alignments_text(const bai_alignments *alignments, int32_t column, int64_t row, int64_t *length);

#endif
