/* SPDX-License-Identifier: MIT
 *
 * records.h: what a batch of records is made of, for the rooms to the right.
 */
#ifndef BAI_SEQ_RECORDS_H
#define BAI_SEQ_RECORDS_H

#include "base/base.h"
#include "bioanalytics/seq.h"
#include "seq/alignments.h"

/* Record i has letters[offsets[i]] up to letters[offsets[i + 1]]; names and qualities alike. Every offsets vector has
 * count + 1 entries of int64_t and starts at 0. Bytes after the last offset belong to a record that is being read. */
struct ba_records {
  ba_context *context;
  _Atomic int64_t references;
  int64_t count;
  int64_t start; /* letters of its sequence before the first record, which is a later piece of it if there are any */
  int32_t more;  /* the last record is a piece, and its sequence goes on */
  bai_vector letters, offsets;
  int32_t foreign;             /* `letters` points to memory of the caller's, which is never written */
  ba_release_function release; /* called with `user` when such memory is let go; may be NULL */
  void *user;
  bai_vector names, name_offsets;
  bai_vector qualities, quality_offsets;
  bai_alignments *alignments; /* NULL unless the records are alignments; then a row a record */
};

/* One column of texts for bai_records_make: text i is bytes[offsets[i]] up to bytes[offsets[i + 1]]. */
typedef struct bai_texts {
  const char *bytes;
  const int64_t *offsets; /* count + 1 entries, from any start, never falling; NULL: all texts are empty */
} bai_texts;

/* Makes a batch from copies. Letters outside the alphabet give BA_ERR_FORMAT with the record and the byte. */
ba_status bai_records_make(ba_context *context, bai_texts names, bai_texts letters, bai_texts qualities, int64_t count,
                           ba_records **out);
/* How much a batch will hold, as far as one can guess. */
typedef struct bai_records_room {
  int64_t records, letters, names, qualities;
} bai_records_room;
/* An empty batch to be filled. */
ba_status bai_records_open(ba_context *context, bai_records_room room, ba_records **out);
/* Empties a batch that only the caller holds, keeping its memory; 0 when somebody else holds it too. */
int32_t bai_records_recycle(ba_records *records);
/* Ends the record whose bytes stand behind the last offsets. */
ba_status bai_records_commit(ba_records *records);
/* How many times that cannot fail: there is room for the offsets. */
int64_t bai_records_room_left(const ba_records *records);
/* Moves record `first` and everything after it, the unfinished one too, to the empty batch `next`. */
ba_status bai_records_split(ba_records *records, int64_t first, ba_records *next);

/* Cuts each record from `first` on to its span, in place; what stands behind the records stays there. */
void bai_records_keep(ba_records *records, int64_t first, const bai_span *spans);
/* Takes away the records from `count` on, and what stands behind them. */
void bai_records_cut(ba_records *records, int64_t count);

static inline const int64_t *bai_records_offsets(const ba_records *records) {
  return (const int64_t *)records->offsets.data;
}
static inline const char *bai_records_letters(const ba_records *records) {
  return (const char *)records->letters.data;
}

#endif
