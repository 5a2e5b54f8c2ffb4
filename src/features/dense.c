/* SPDX-License-Identifier: MIT
 *
 * dense.c: one sequence straight into a dense row, without a list of its columns where that is a detour: words are
 * counted where they belong, descriptors and letters written there. Every block writes all of its columns.
 */
#include <string.h>

#include "features/extractor.h"

/* A letter in each place, as it is. */
static int32_t is_one_hot(const bai_block *block) {
  return block->kind == BAI_TERM_POSITION_KMER && block->k == 1 &&
         block->alphabet == &bai_alphabets[BAI_ALPHABET_DNA] && !block->weighted && !block->hash_bits &&
         !block->canonical && block->words == 4;
}

int32_t bai_row_is_direct(const bai_plan *plan, int32_t output) {
  int32_t direct = !bai_plan_is_sparse(plan) && plan->inputs.items.count == 0;
  for (int32_t b = 0; b < plan->block_count && output == BAI_OUTPUT_VALUES; b++) {
    const bai_block *block = &plan->blocks[b];
    direct &= is_one_hot(block) || (block->real && bai_kind_is_descriptor(block->kind));
  }
  return direct;
}

/* The letters that have a place, and the first place that has one. */
static int64_t letters_with_places(const bai_row *row, const bai_block *block, int64_t *letter, int64_t *place) {
  const int64_t places = row->plan->fitted_length;
  const int64_t ahead = block->anchor == BAI_ANCHOR_END ? places - row->length : 0;
  *letter = ahead < 0 ? -ahead : 0;
  *place = ahead > 0 ? ahead : 0;
  const int64_t left = row->length - *letter, room = places - *place;
  return left < room ? left : room;
}

static void write_letters(const bai_kernels *kernels, const bai_row *row, const bai_block *block, int32_t output,
                          void *out) {
  const int64_t size = output == BAI_OUTPUT_VALUES ? 8 : 1;
  int64_t letter, place, known = 0;
  const int64_t n = letters_with_places(row, block, &letter, &place);
  const uint8_t *codes = row->codes + letter;
  uint8_t *to = (uint8_t *)out + 4 * place * size;
  memset(out, 0, (size_t)(4 * place * size));
  memset(to + 4 * n * size, 0, (size_t)(block->width - 4 * (place + n)) * (size_t)size);
  if (output == BAI_OUTPUT_COUNTS8) {
    kernels->one_hot_u8(to, codes, n);
    return;
  }
  for (int64_t i = 0; i < n && row->has_ambiguous; i++) known += codes[i] < 4;
  if (!row->has_ambiguous) known = n;
  const uint64_t all = (uint64_t)known;
  const bai_totals totals = {all, all, all, block->value == BAI_VALUE_SQRT ? all * bai_fixed_sqrt(1) : 0};
  kernels->one_hot_f64((double *)(void *)to, codes, n, 1.0 / bai_totals_divisor(block, &totals));
}

static void count_words(const bai_row *row, const bai_block *block, int64_t kept, uint32_t *restrict out) {
  const uint32_t *slots = row->slots;
  memset(out, 0, (size_t)block->width * 4);
  for (int64_t i = 0; i < kept; i++) out[slots[i]] += block->weighted ? row->shares[i] : 1;
}

/* A sequence of few words needs no wider counts on the way. */
static ba_status count_words8(bai_row *row, const bai_block *block, int64_t kept, uint8_t *restrict out) {
  const uint32_t *slots = row->slots;
  uint32_t most = 0;
  if (kept <= UINT8_MAX || !block->slots) {
    memset(out, 0, (size_t)block->width);
    for (int64_t i = 0; i < kept; i++) out[slots[i]]++;
    return BA_OK;
  }
  for (int64_t i = 0; i < kept; i++) row->table[slots[i]]++;
  for (int64_t i = 0; i < block->width; i++) {
    const uint32_t count = row->table[i];
    most = count > most ? count : most;
    out[i] = (uint8_t)count;
  }
  memset(row->table, 0, (size_t)block->width * 4);
  return most > UINT8_MAX ? BA_ERR_LIMIT : BA_OK;
}

static ba_status write_block(const bai_kernels *kernels, bai_row *row, const bai_block *block, int32_t output,
                             void *out) {
  if (block->real) {
    bai_descriptor_compute(kernels, &block->descriptor, row->codes, row->length, row->work, out);
    return BA_OK;
  }
  if (is_one_hot(block) && output != BAI_OUTPUT_COUNTS) {
    write_letters(kernels, row, block, output, out);
    return BA_OK;
  }
  const int64_t kept = bai_row_windows(kernels, row, block, NULL);
  if (output == BAI_OUTPUT_COUNTS8) return count_words8(row, block, kept, out);
  count_words(row, block, kept, out);
  return BA_OK;
}

ba_status bai_row_write(const bai_kernels *kernels, bai_row *row, const char *letters, int64_t length, int32_t output,
                        void *out) {
  const bai_plan *plan = row->plan;
  const int64_t size = output == BAI_OUTPUT_VALUES ? 8 : output == BAI_OUTPUT_COUNTS ? 4 : 1;
  int64_t ambiguous;
  ba_status status = bai_row_encode(kernels, row, letters, length, &ambiguous);
  if (!status) status = bai_row_refuses(row, length, ambiguous);
  if (status) return status;
  bai_row_begin(row, length, ambiguous);
  for (int32_t b = 0; !status && b < plan->block_count; b++) {
    const bai_block *block = &plan->blocks[b];
    status = write_block(kernels, row, block, output, (uint8_t *)out + block->first * size);
    if (bai_row_cancelled(row)) status = BA_ERR_CANCELLED;
  }
  return status;
}
