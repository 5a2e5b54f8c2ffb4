/* SPDX-License-Identifier: MIT
 *
 * cache.c: a row is the ends and the divisors of its blocks, its columns, and its counts in a byte each.
 */
#include "train/cache.h"

#include <string.h>

ba_status bai_cache_open(ba_context *context, const bai_plan *plan, int64_t blocks, int64_t rows, bai_cache *out) {
  uint32_t counts[256];
  *out = (bai_cache){.plan = plan, .rows = rows, .count = blocks};
  for (uint32_t i = 0; i < 256; i++) counts[i] = i;
  for (int32_t b = 0; b < plan->block_count; b++) {
    const bai_block *block = &plan->blocks[b];
    if (block->real || block->weighted || block->input >= 0)
      out->count = 0;
    else
      bai_values_double(block, counts, 256, out->values[block->value]);
  }
  if (out->count == 0) return BA_OK;
  const ba_status status = bai_alloc_zero(context, out->count, sizeof *out->blocks, &out->blocks);
  if (status) out->count = 0;
  return status;
}

void bai_cache_close(ba_context *context, bai_cache *cache) {
  for (int64_t b = 0; b < cache->count; b++) {
    bai_free(context, cache->blocks[b].words);
    bai_free(context, cache->blocks[b].starts);
  }
  bai_free(context, cache->blocks);
  *cache = (bai_cache){0};
}

static int64_t words_for(const bai_plan *plan, int64_t entries) {
  return 3 * plan->block_count + entries + (entries + 3) / 4;
}

int32_t bai_cache_allows(ba_context *context, int64_t bytes, int64_t most) {
  const int64_t limit = atomic_load_explicit(&context->memory_limit, memory_order_relaxed);
  return bytes <= most && (limit == 0 || bytes <= limit / 4);
}

ba_status bai_cache_room(ba_context *context, int64_t block, int64_t entries, bai_cache *cache) {
  if (block >= cache->count || cache->blocks[block].starts) return BA_OK;
  bai_cache_block *b = &cache->blocks[block];
  const int64_t words = words_for(cache->plan, entries) + cache->rows * (3 * cache->plan->block_count + 1),
                bytes = 4 * words + 8 * cache->rows;
  if (!bai_cache_allows(context, cache->held + bytes, BAI_CACHE_BYTES)) return BA_OK;
  ba_status status = bai_alloc(context, words, 4, &b->words);
  if (!status) status = bai_alloc(context, cache->rows, 8, &b->starts);
  if (status) return status;
  for (int64_t i = 0; i < cache->rows; i++) b->starts[i] = -1;
  b->room = words;
  cache->held += bytes;
  return BA_OK;
}

void bai_cache_put(bai_cache *cache, int64_t row, const bai_row *from, const double *divisors) {
  const int64_t block = row / cache->rows;
  if (block >= cache->count || !cache->blocks[block].starts) return;
  bai_cache_block *b = &cache->blocks[block];
  if (b->starts[row % cache->rows] >= 0) return; /* by a pass that was cancelled */
  const int32_t ends = cache->plan->block_count;
  const int64_t n = ends ? from->ends[ends - 1] : 0, size = words_for(cache->plan, n);
  uint32_t *to = b->words + b->used, most = 0;
  for (int64_t i = 0; i < n; i++) most |= from->counts[i];
  if (size > b->room - b->used || most > UINT8_MAX) return;
  for (int32_t e = 0; e < ends; e++) to[e] = (uint32_t)from->ends[e];
  memcpy(to + ends, divisors, (size_t)ends * 8);
  to += 3 * ends;
  if (n) memcpy(to, from->columns, (size_t)n * 4);
  uint8_t *counts = (uint8_t *)(to + n);
  for (int64_t i = 0; i < n; i++) counts[i] = (uint8_t)from->counts[i];
  b->starts[row % cache->rows] = b->used;
  b->used += size;
}

int32_t bai_cache_get(const bai_cache *cache, int64_t row, bai_cached *to) {
  const int64_t block = row / cache->rows;
  const bai_cache_block *b = block < cache->count ? &cache->blocks[block] : NULL;
  if (!b || !b->starts || b->starts[row % cache->rows] < 0) return 0;
  const int32_t ends = cache->plan->block_count;
  const uint32_t *from = b->words + b->starts[row % cache->rows];
  for (int32_t e = 0; e < ends; e++) to->ends[e] = from[e];
  memcpy(to->divisors, from + ends, (size_t)ends * 8);
  to->columns = from + 3 * ends;
  const int64_t n = ends ? to->ends[ends - 1] : 0;
  const uint8_t *counts = (const uint8_t *)(to->columns + n);
  int64_t at = 0;
  for (int32_t e = 0; e < ends; e++)
    for (const double *values = cache->values[cache->plan->blocks[e].value]; at < to->ends[e]; at++)
      to->values[at] = values[counts[at]];
  return 1;
}
