/* SPDX-License-Identifier: MIT
 *
 * cache.h: columns and counts of the rows of some blocks, kept from pass to pass: to count words anew takes several
 * times as long as to read what they came to. What does not fit is counted anew, to the same bits.
 */
#ifndef BAI_TRAIN_CACHE_H
#define BAI_TRAIN_CACHE_H

#include "features/plan.h"

#define BAI_CACHE_BYTES (INT64_C(64) << 20) /* kept at most; and at most a quarter of what the context may hold */

typedef struct bai_cache_block {
  uint32_t *words; /* rows one after the other */
  int64_t *starts; /* of each row among them; -1: it is not there */
  int64_t room, used;
} bai_cache_block;

/* A row as a pass wants it. */
typedef struct bai_cached {
  const uint32_t *columns;
  double *values, *divisors; /* room for all entries, and for one a block of the plan */
  int64_t *ends;             /* of the blocks, as a row has them */
} bai_cached;

typedef struct bai_cache {
  const bai_plan *plan;
  double values[4][256]; /* that counts below 256 stand for, for each kind of value */
  int64_t rows;          /* of a block */
  int64_t count, held;
  bai_cache_block *blocks;
} bai_cache;

/* For plans whose rows are counts of words; others keep nothing. */
ba_status bai_cache_open(ba_context *context, const bai_plan *plan, int64_t blocks, int64_t rows, bai_cache *out);
void bai_cache_close(ba_context *context, bai_cache *cache);
/* Whether so many bytes may be kept between passes: `most`, and a quarter of what the context may hold. */
int32_t bai_cache_allows(ba_context *context, int64_t bytes, int64_t most);
/* Makes room for a block of `entries` columns in all its rows, where that is within bounds. Not while rows are put. */
ba_status bai_cache_room(ba_context *context, int64_t block, int64_t entries, bai_cache *cache);
/* One worker a block at a time. The row's columns and counts, and what its blocks are divided by. */
void bai_cache_put(bai_cache *cache, int64_t row, const bai_row *from, const double *divisors);
/* Points to the columns of a row and writes the rest; returns 0 when it is not there. */
int32_t bai_cache_get(const bai_cache *cache, int64_t row, bai_cached *to);

#endif
