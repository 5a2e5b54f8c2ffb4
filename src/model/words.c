/* SPDX-License-Identifier: MIT
 *
 * words.c: the score of a sequence by a linear model over words alone, while they are read: no column is listed. The
 * c-th occurrence of a word adds its weight times what the c-th one adds to the value, so the integer sum is the one
 * that bai_member_score makes of the counts.
 */
#include <string.h>

#include "model/model.h"

/* One block of a sequence, and its words. */
typedef struct reading {
  const bai_kernels *kernels;
  const bai_block *block;
  bai_row *row;
  const int64_t *steps;
  int64_t words;
  int32_t direct; /* its words are not listed: their codes are its columns */
} reading;

int32_t bai_member_reads_words(const bai_member *member) {
  return !member->hidden && !member->net.layer_count && !member->plan->real_width && !member->plan->needs_quality &&
         member->plan->inputs.items.count == 0;
}

void bai_words_steps(int64_t steps[BAI_MOST_WORDS + 1]) {
  int64_t last = 0;
  for (uint32_t c = 0; c <= BAI_MOST_WORDS; c++) {
    const int64_t root = (int64_t)bai_fixed_sqrt(c);
    steps[c] = root - last;
    last = root;
  }
}

int32_t bai_block_is_direct(const bai_block *block) {
  return block->kind == BAI_TERM_KMER && block->alphabet == &bai_alphabets[BAI_ALPHABET_DNA] && !block->canonical &&
         !block->hash_bits && block->k <= 12;
}

/* Values that are counts, or ones of columns that no two words share. */
static int64_t sum_plain(const reading *r, const int32_t *weights) {
  const uint32_t *slots = r->row->slots;
  int64_t sum = 0;
  if (r->direct) return r->kernels->kmer_sum(weights, r->row->codes, r->words, r->block->k);
  for (int64_t i = 0; i < r->words; i++) sum += weights[slots[i]];
  return sum;
}

/* Few words are counted in bytes: of a table so small more stays in a near cache. */
static int64_t sum_roots_of_few(const reading *r, const int32_t *weights) {
  const uint32_t *slots = r->row->slots;
  const int64_t *steps = r->steps, words = r->words;
  uint8_t *table = (uint8_t *)r->row->table;
  int64_t sum = 0;
  for (int64_t i = 0; i < words; i++) sum += weights[slots[i]] * steps[++table[slots[i]]];
  for (int64_t i = 0; i < words; i++) table[slots[i]] = 0;
  return sum;
}

static int64_t sum_roots(const reading *r, const int32_t *weights) {
  const uint32_t *slots = r->row->slots;
  uint32_t *table = r->row->table;
  int64_t sum = 0;
  if (r->words <= UINT8_MAX) return sum_roots_of_few(r, weights);
  for (int64_t i = 0; i < r->words; i++) sum += weights[slots[i]] * r->steps[++table[slots[i]]];
  for (int64_t i = 0; i < r->words; i++) table[slots[i]] = 0;
  return sum;
}

static int64_t sum_ones(const reading *r, const int32_t *weights) {
  const uint32_t *slots = r->row->slots;
  uint32_t *table = r->row->table;
  int64_t sum = 0;
  for (int64_t i = 0; i < r->words; i++) sum += table[slots[i]]++ ? 0 : weights[slots[i]];
  for (int64_t i = 0; i < r->words; i++) table[slots[i]] = 0;
  return sum;
}

/* What the divisor is made from. Where it follows no counts, only their number matters. */
static bai_totals totals_of(const reading *r) {
  const uint32_t *slots = r->row->slots;
  uint32_t *table = r->row->table;
  bai_totals totals = {(uint64_t)r->words, (uint64_t)r->words, 0, 0};
  if (!r->block->slots || !bai_divisor_follows(r->block)) return totals;
  totals = (bai_totals){0, 0, 0, 0};
  for (int64_t i = 0; i < r->words; i++) {
    const uint32_t count = ++table[slots[i]];
    bai_totals_add(r->block, &totals, count - 1, 1);
    bai_totals_add(r->block, &totals, count, 0);
  }
  for (int64_t i = 0; i < r->words; i++) table[slots[i]] = 0;
  return totals;
}

static void read_block(reading *r) {
  const bai_block *block = r->block;
  const int32_t counts = block->value == BAI_VALUE_COUNT || block->value == BAI_VALUE_FREQ;
  r->direct = counts && !bai_divisor_follows(block) && bai_block_is_direct(block) && !r->row->has_ambiguous;
  if (!r->direct)
    r->words = bai_row_windows(r->kernels, r->row, block, NULL);
  else
    r->words = r->row->length < block->span ? 0 : r->row->length - block->span + 1;
}

static int64_t sum_block(const reading *r, const int32_t *weights) {
  const int32_t value = r->block->value;
  if (!r->block->slots || value == BAI_VALUE_COUNT || value == BAI_VALUE_FREQ) return sum_plain(r, weights);
  return value == BAI_VALUE_SQRT ? sum_roots(r, weights) : sum_ones(r, weights);
}

void bai_member_read(const bai_kernels *kernels, const bai_member *member, int32_t outputs, bai_row *row,
                     const int64_t *steps, double *scores) {
  const bai_plan *plan = member->plan;
  for (int32_t o = 0; o < outputs; o++) scores[o] = 0.0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    const bai_block *block = &plan->blocks[b];
    reading r = {kernels, block, row, steps, 0, 0};
    read_block(&r);
    const bai_totals totals = totals_of(&r);
    const double divisor = bai_totals_divisor(block, &totals), unit = bai_value_unit(block);
    for (int32_t o = 0; o < outputs; o++) {
      const int64_t sum = sum_block(&r, member->weights + o * plan->width + block->first);
      scores[o] += bai_scale_by_power((double)sum, -member->exponents[o * plan->block_count + b]) * unit / divisor;
    }
  }
  for (int32_t o = 0; o < outputs; o++) scores[o] += member->intercepts[o];
}
