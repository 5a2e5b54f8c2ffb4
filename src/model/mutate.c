/* SPDX-License-Identifier: MIT
 *
 * mutate.c: the effect of every single substitution. A score is made of integer sums, so only the words over the
 * changed letter have to be exchanged, and the result is the score of the changed sequence to the bit.
 */
#include <string.h>

#include "model/scorer.h"

#define LETTERS 4

__extension__ typedef __int128 wide;

typedef struct mutation {
  ba_context *context;
  const bai_kernels *kernels;
  bai_row *row;
  const bai_member *member;
  int64_t length;
  uint8_t *codes;           /* of the sequence as it is */
  uint32_t *slots[LETTERS]; /* the words of one block where every n-th letter is changed to this one */
  int64_t *starts;          /* of these words' windows */
  uint64_t *values;         /* of the counts up to the largest that can come up */
  double *scores;           /* LETTERS x length: of the member, block by block */
} mutation;

/* A block of the sequence as it is, and what its words weigh. */
typedef struct base {
  const bai_block *block;
  const int32_t *weights; /* of the block's columns and the output */
  int32_t exponent;
  int32_t divided; /* see is_divided */
  wide sum;
  bai_totals totals;
  double unit, divisor;
} base;

/* Whether the divisor follows more than the number of words. Columns that are never shared, those without a table of
 * counts, have as many words as there are columns in use. */
static int32_t is_divided(const bai_block *block) {
  const int32_t counted = block->value == BAI_VALUE_COUNT || block->value == BAI_VALUE_FREQ;
  if (block->norm == BAI_NORM_L1) return !counted;
  return block->norm == BAI_NORM_L2 && block->value != BAI_VALUE_SQRT;
}

static double part_of(const base *b, wide sum, const bai_totals *totals) {
  const int32_t same = !b->divided && totals->kept == b->totals.kept;
  const double divisor = same ? b->divisor : bai_totals_divisor(b->block, totals);
  return bai_scale_by_power((double)sum, -b->exponent) * b->unit / divisor;
}

/* One word more (by = 1) or less (by = -1). */
static inline void exchange(const mutation *m, const base *b, uint32_t slot, int32_t by, wide *sum,
                            bai_totals *totals) {
  uint32_t *count = &m->row->table[b->block->slots ? slot : 0];
  const uint32_t before = b->block->slots ? *count : (uint32_t)(by < 0), after = (uint32_t)((int64_t)before + by);
  *sum += (int64_t)b->weights[slot] * ((int64_t)m->values[after] - (int64_t)m->values[before]);
  if (b->divided) {
    bai_totals_add(b->block, totals, before, 1);
    bai_totals_add(b->block, totals, after, 0);
  } else {
    totals->kept += (uint64_t)(int64_t)by;
    totals->distinct += (uint64_t)((int64_t)(after > 0) - (before > 0));
  }
  if (b->block->slots) *count = after;
}

/* The words from `first` to `end` lie over the letter at `position`: exchanges them for those of each other letter. */
static void exchange_all(const mutation *m, const base *b, int64_t position, int64_t first, int64_t end) {
  const uint8_t own = m->codes[position];
  wide without = b->sum, sum;
  bai_totals less = b->totals, totals;
  for (int64_t i = first; own < LETTERS && i < end; i++) exchange(m, b, m->slots[own][i], -1, &without, &less);
  for (int32_t c = 0; c < LETTERS; c++) {
    if (c == own) continue;
    sum = without;
    totals = less;
    for (int64_t i = first; i < end; i++) exchange(m, b, m->slots[c][i], 1, &sum, &totals);
    m->scores[LETTERS * position + c] += part_of(b, sum, &totals);
    for (int64_t i = first; b->block->slots && i < end; i++) m->row->table[m->slots[c][i]]--;
  }
  for (int64_t i = first; b->block->slots && own < LETTERS && i < end; i++) m->row->table[m->slots[own][i]]++;
}

/* Every `span`-th letter is changed at once: each window then has exactly one changed letter. */
static ba_status exchange_block(const mutation *m, const base *b, int64_t first, int64_t span) {
  bai_row *row = m->row;
  int64_t ambiguous = 0, kept = 0;
  for (int64_t i = 0; i < m->length; i++) ambiguous += m->codes[i] >= LETTERS;
  for (uint8_t c = 0; c < LETTERS; c++) {
    memcpy(row->codes, m->codes, (size_t)m->length);
    for (int64_t p = first; p < m->length; p += span) row->codes[p] = c;
    bai_row_begin(row, m->length, ambiguous);
    kept = bai_row_windows(m->kernels, row, b->block, c ? NULL : m->starts);
    memcpy(m->slots[c], row->slots, (size_t)kept * 4);
  }
  /* After a cancel there may be too few words. */
  const ba_status status = bai_check_cancel(m->context);
  if (status) return status;
  int64_t i = 0;
  for (int64_t p = first; p < m->length; p += span) {
    const int64_t from = i;
    while (i < kept && m->starts[i] <= p) i++;
    exchange_all(m, b, p, from, i);
  }
  return BA_OK;
}

static ba_status mutate_block(const mutation *m, int32_t output, int32_t index) {
  const bai_plan *plan = m->member->plan;
  const bai_block *block = &plan->blocks[index];
  bai_row *row = m->row;
  const int64_t from = index ? row->ends[index - 1] : 0, n = row->ends[index] - from;
  const uint32_t *columns = row->columns + from, *counts = row->counts + from;
  base b = {.block = block};
  uint32_t most = 0;
  b.weights = m->member->weights + output * plan->width + block->first;
  b.exponent = m->member->exponents[output * plan->block_count + index];
  b.unit = bai_value_unit(block);
  b.divided = block->slots && is_divided(block);
  for (int64_t i = 0; i < n; i++) {
    const int64_t slot = columns[i] - block->first;
    bai_totals_add(block, &b.totals, counts[i], 0);
    b.sum += (wide)b.weights[slot] * (wide)bai_value_fixed(block, counts[i]);
    if (counts[i] > most) most = counts[i];
    if (block->slots) row->table[slot] = counts[i];
  }
  b.divisor = bai_totals_divisor(block, &b.totals);
  most += (uint32_t)block->k;
  m->values[0] = 0;
  for (uint32_t c = 1; c <= most && c <= m->length; c++) m->values[c] = bai_value_fixed(block, c);
  ba_status status = BA_OK;
  for (int64_t first = 0; !status && first < block->k; first++) status = exchange_block(m, &b, first, block->k);
  for (int64_t i = 0; block->slots && i < n; i++) row->table[columns[i] - block->first] = 0;
  return status;
}

static ba_status mutate_member(const mutation *m, int32_t output) {
  ba_status status = BA_OK;
  for (int64_t i = 0; i < LETTERS * m->length; i++) m->scores[i] = 0.0;
  for (int32_t b = 0; !status && b < m->member->plan->block_count; b++) status = mutate_block(m, output, b);
  for (int64_t i = 0; i < LETTERS * m->length; i++) m->scores[i] += m->member->intercepts[output];
  return status;
}

/* Scores of all changed sequences, then what they differ by; the sequence itself is scored already. */
static ba_status mutate(ba_scorer *scorer, mutation *m, int32_t output, double score, double *effects) {
  const ba_model *model = scorer->model;
  ba_status status = BA_OK;
  memcpy(m->codes, scorer->lanes[0].rows[0]->codes, (size_t)m->length);
  for (int32_t i = 0; !status && i < model->member_count; i++) {
    m->member = &model->members[i];
    m->row = scorer->lanes[0].rows[i];
    status = mutate_member(m, output);
    for (int64_t j = 0; model->factors && j < LETTERS * m->length; j++)
      effects[j] = (i ? effects[j] : model->offsets[output]) + model->factors[i] * m->scores[j];
  }
  for (int64_t i = 0; i < LETTERS * m->length; i++)
    effects[i] = i % LETTERS == m->codes[i / LETTERS] ? 0.0 : effects[i] - score;
  return status;
}

static ba_status make_room(ba_scorer *scorer, mutation *m, double *effects) {
  ba_context *context = scorer->context;
  const int64_t length = m->length;
  ba_status status = bai_scorer_reserve(scorer, 1, length);
  if (!status) status = bai_alloc(context, length, 1, &m->codes);
  if (!status) status = bai_alloc(context, LETTERS * length, 4, &m->slots[0]);
  if (!status) status = bai_alloc(context, length, 8, &m->starts);
  if (!status) status = bai_alloc(context, length + 1, 8, &m->values);
  if (!status && scorer->model->factors) status = bai_alloc(context, LETTERS * length, 8, &m->scores);
  if (status) return status;
  for (int32_t c = 1; c < LETTERS; c++) m->slots[c] = m->slots[0] + c * length;
  if (!m->scores) m->scores = effects;
  return BA_OK;
}

static ba_status check(const ba_scorer *scorer, const char *letters, int64_t length, int32_t output,
                       const double *effects) {
  if (length >= 0 && (length == 0 || (letters && effects)) && output >= 0 && output < scorer->model->outputs)
    return BA_OK;
  return bai_fail(scorer->context, BA_ERR_ARGUMENT,
                  "mutate: expected letters, room for four numbers a letter, and an output from 0 to %d",
                  scorer->model->outputs - 1);
}

ba_status ba_scorer_mutate(ba_scorer *scorer, const char *letters, int64_t length, int32_t output, double *effects) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  mutation m = {.context = context, .kernels = bai_kernels_of(context), .length = length};
  status = check(scorer, letters, length, output, effects);
  if (!status) status = make_room(scorer, &m, effects);
  if (!status) {
    bai_lane *lane = &scorer->lanes[0];
    lane->symbols = NULL;
    status = bai_lane_score(m.kernels, scorer->model, lane, letters, length, lane->scores);
    if (status) status = bai_lane_explain(context, lane, status, -1, length);
    if (!status) status = mutate(scorer, &m, output, lane->scores[output], effects);
  }
  void *made[] = {m.codes, m.slots[0], m.starts, m.values, m.scores == effects ? NULL : m.scores};
  for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) bai_free(context, made[i]);
  return bai_leave(context, status);
}
