/* SPDX-License-Identifier: MIT
 *
 * mutate.c: the effect of every single substitution. A score is made of integer sums, so only the words over the
 * changed letter have to be exchanged, and the result is the score of the changed sequence to the bit.
 */
#include <string.h>

#include "model/scorer.h"

#define LETTERS 4
#define STRETCH 4096            /* places between looks whether to go on */
#define MOST (INT64_C(1) << 31) /* letters: no sum of as many weights overflows 64 bits */

__extension__ typedef __int128 wide;

typedef struct mutation {
  ba_context *context;
  const bai_kernels *kernels;
  bai_row *row;
  const bai_member *member;
  int64_t length;
  uint8_t *codes; /* of the sequence as it is */
  /* The words of one block, where every n-th letter is changed to this one; the last are those of the sequence as it
   * is. Then the starts of their windows: the same for every change, and of the sequence as it is. */
  uint32_t *slots[LETTERS + 1];
  int64_t *starts, *own_starts;
  int64_t *steps; /* of a count's value from that of one less, up to the largest that can come up */
  double *scores; /* LETTERS x length: of the member, block by block */
} mutation;

/* A block of the sequence as it is, and what its words weigh. */
typedef struct base {
  const bai_block *block;
  int32_t counted;        /* words are counted: a weight's part of the sum depends on how often its word was there */
  int64_t words;          /* of the sequence as it is */
  const int32_t *weights; /* of the block's columns and the output */
  int32_t exponent;
  int32_t divided; /* the divisor follows the counts. Columns that are never shared, those without a table of counts,
                    * have as many words as there are columns in use */
  wide sum;
  bai_totals totals;
  double unit, divisor;
  double scale; /* 2^-exponent; 0: that is not a number to multiply by */
} base;

/* The sum and totals of a block after some words were exchanged. A change of the sum fits 64 bits: a window has
 * at most 1030 letters, so 2060 words change, each by less than 2^51. */
typedef struct changed {
  int64_t sum;
  bai_totals totals;
} changed;

/* Takes n words out. */
static void take_out(const mutation *m, const base *b, const uint32_t *slots, int64_t n, changed *to) {
  uint32_t *table = m->row->table;
  const int32_t *weights = b->weights;
  const int64_t *steps = m->steps;
  int64_t sum = 0;
  for (int64_t i = 0; b->counted && i < n; i++) {
    const uint32_t count = table[slots[i]]--;
    sum += weights[slots[i]] * steps[count];
    if (!b->divided) continue;
    bai_totals_add(b->block, &to->totals, count, 1);
    bai_totals_add(b->block, &to->totals, count - 1, 0);
  }
  for (int64_t i = 0; !b->counted && i < n; i++) sum += weights[slots[i]];
  to->sum -= sum;
  if (!b->divided) to->totals.kept -= (uint64_t)n;
}

/* Puts n words in. */
static void put_in(const mutation *m, const base *b, const uint32_t *slots, int64_t n, changed *to) {
  uint32_t *table = m->row->table;
  const int32_t *weights = b->weights;
  const int64_t *steps = m->steps;
  int64_t sum = 0;
  for (int64_t i = 0; b->counted && i < n; i++) {
    const uint32_t count = ++table[slots[i]];
    sum += weights[slots[i]] * steps[count];
    if (!b->divided) continue;
    bai_totals_add(b->block, &to->totals, count - 1, 1);
    bai_totals_add(b->block, &to->totals, count, 0);
  }
  for (int64_t i = 0; !b->counted && i < n; i++) sum += weights[slots[i]];
  to->sum += sum;
  if (!b->divided) to->totals.kept += (uint64_t)n;
}

/* A sum as a number; most fit 64 bits, which are converted much faster. */
static double scaled(const base *b, wide sum) {
  const double whole = sum == (wide)(int64_t)sum ? (double)(int64_t)sum : (double)sum;
  return (b->scale != 0.0 ? whole * b->scale : bai_scale_by_power(whole, -b->exponent)) * b->unit;
}

static double part_of(const base *b, changed *c) {
  double divisor = b->divisor;
  if (!b->divided)
    c->totals.distinct = c->totals.kept; /* of words with columns of their own; else more than 0 matters */
  if (b->divided || c->totals.kept != b->totals.kept) divisor = bai_totals_divisor(b->block, &c->totals);
  return scaled(b, b->sum + c->sum) / divisor;
}

/* A run of words. */
typedef struct words {
  int64_t first, count;
} words;

/* Exchanges the words over the letter at `position` for those of each other letter. */
static void exchange(const mutation *m, const base *b, int64_t position, const uint32_t *old, int64_t old_count,
                     const uint32_t *const *new, int64_t new_count) {
  changed without = {0, b->totals};
  take_out(m, b, old, old_count, &without);
  for (int32_t c = 0; c < LETTERS; c++) {
    if (c == m->codes[position]) continue;
    changed with = without;
    put_in(m, b, new[c], new_count, &with);
    m->scores[LETTERS * position + c] += part_of(b, &with);
    for (int64_t i = 0; b->counted && i < new_count; i++) m->row->table[new[c][i]]--;
  }
  for (int64_t i = 0; b->counted && i < old_count; i++) m->row->table[old[i]]++;
}

/* The words that start at or before `last`, from where `from` ends. */
static words next_words(words from, const int64_t *starts, int64_t all, int64_t last) {
  words next = {from.first + from.count, 0};
  while (next.first + next.count < all && starts[next.first + next.count] <= last) next.count++;
  return next;
}

/* Lists the words of row->codes. */
static int64_t list_words(const mutation *m, const bai_block *block, int64_t ambiguous, int64_t *starts,
                          uint32_t *slots) {
  bai_row_begin(m->row, m->length, ambiguous);
  const int64_t count = bai_row_windows(m->kernels, m->row, block, starts);
  memcpy(slots, m->row->slots, (size_t)count * 4);
  return count;
}

/* Every `span`-th letter is changed at once: each window then has exactly one changed letter. */
static ba_status exchange_block(const mutation *m, const base *b, int64_t first, int64_t ambiguous) {
  const int64_t span = b->block->span;
  int64_t count = 0;
  for (uint8_t c = 0; c < LETTERS; c++) {
    memcpy(m->row->codes, m->codes, (size_t)m->length);
    for (int64_t p = first; p < m->length; p += span) m->row->codes[p] = c;
    count = list_words(m, b->block, ambiguous, c ? NULL : m->starts, m->slots[c]);
  }
  /* After a cancel there may be too few words. */
  const ba_status status = bai_check_cancel(m->context);
  words own = {0, 0}, new = {0, 0};
  for (int64_t p = first; !status && p < m->length; p += span) {
    own = next_words(own, m->own_starts, b->words, p);
    new = next_words(new, m->starts, count, p);
    const uint32_t *changes[LETTERS];
    for (int32_t c = 0; c < LETTERS; c++) changes[c] = m->slots[c] + new.first;
    exchange(m, b, p, m->slots[LETTERS] + own.first, own.count, changes, new.count);
  }
  return status;
}

/* Where words are columns and none has an ambiguous letter: the letter is a digit of the words over it. */
static void exchange_digit(const mutation *m, const base *b, int64_t p, int64_t first, int64_t last) {
  const int32_t k = b->block->k;
  const uint32_t *own = m->slots[LETTERS];
  uint32_t new[LETTERS][12];
  const uint32_t *const changes[LETTERS] = {new[0], new[1], new[2], new[3]};
  for (int64_t s = first; s <= last; s++) {
    const int32_t shift = 2 * (k - 1 - (int32_t)(p - s));
    const uint32_t rest = own[s] & ~(UINT32_C(3) << shift);
    for (uint32_t c = 0; c < LETTERS; c++) new[c][s - first] = rest | c << shift;
  }
  exchange(m, b, p, own + first, last - first + 1, changes, last - first + 1);
}

/* The same where counts do not matter: the sums of weights over each letter that may stand there. */
static void exchange_weights(const mutation *m, const base *b, int64_t p, int64_t first, int64_t last) {
  const int32_t *weights = b->weights;
  const uint32_t *own = m->slots[LETTERS];
  double *scores = m->scores + LETTERS * p;
  int64_t sums[LETTERS] = {0};
  int32_t shift = 2 * (b->block->k - 1 - (int32_t)(p - first));
  for (int64_t s = first; s <= last; s++, shift += 2) {
    const int32_t *rest = weights + (own[s] & ~(UINT32_C(3) << shift));
    for (int32_t c = 0; c < LETTERS; c++) sums[c] += rest[(int64_t)c << shift];
  }
  const wide without = b->sum - sums[m->codes[p]];
  for (int32_t c = 0; c < LETTERS; c++)
    if (c != m->codes[p]) scores[c] += scaled(b, without + sums[c]) / b->divisor;
}

/* Places from `first` up to `end`, whose words are all there, may be exchanged together. */
static void exchange_places(const mutation *m, const base *b, int64_t first, int64_t end) {
  const int32_t k = b->block->k;
  const bai_exchange how = {b->weights, k, (int64_t)b->sum, b->scale, b->unit, b->divisor};
  m->kernels->exchange_f64(m->scores + LETTERS * first, &how, m->slots[LETTERS] + first - k + 1, m->codes + first,
                           end - first);
}

static void exchange_place(const mutation *m, const base *b, int64_t p) {
  const int32_t k = b->block->k;
  const int64_t first = p >= k ? p - k + 1 : 0, last = p + k <= m->length ? p : m->length - k;
  if (b->counted)
    exchange_digit(m, b, p, first, last);
  else
    exchange_weights(m, b, p, first, last);
}

static ba_status exchange_digits(const mutation *m, const base *b) {
  const int64_t first = b->block->k - 1, end = m->length - first; /* of the places that have k words */
  const int32_t together = !b->counted && b->scale != 0.0 && b->sum == (wide)(int64_t)b->sum && m->length < MOST;
  ba_status status = BA_OK;
  for (int64_t p = 0; !status && p < m->length;) {
    if (together && p >= first && p < end) {
      const int64_t to = end - p < STRETCH ? end : p + STRETCH;
      exchange_places(m, b, p, to);
      p = to;
      status = bai_check_cancel(m->context);
      continue;
    }
    exchange_place(m, b, p++);
    if (p % STRETCH == 0) status = bai_check_cancel(m->context);
  }
  return status;
}

/* The block of the sequence as it is; its counts go into the row's table. */
static base open_block(const mutation *m, int32_t output, int32_t index, int64_t ambiguous) {
  const bai_plan *plan = m->member->plan;
  const bai_block *block = &plan->blocks[index];
  bai_row *row = m->row;
  const int64_t from = index ? row->ends[index - 1] : 0;
  base b = {.block = block};
  uint32_t most = 0;
  b.weights = m->member->weights + output * plan->width + block->first;
  b.exponent = m->member->exponents[output * plan->block_count + index];
  b.unit = bai_value_unit(block);
  b.scale = b.exponent >= -1000 && b.exponent <= 1000 ? bai_scale_by_power(1.0, -b.exponent) : 0.0;
  b.divided = block->slots && bai_divisor_follows(block);
  b.counted = block->slots && (b.divided || block->value == BAI_VALUE_SQRT || block->value == BAI_VALUE_BINARY);
  for (int64_t i = from; i < row->ends[index]; i++) {
    const int64_t slot = row->columns[i] - block->first;
    bai_totals_add(block, &b.totals, row->counts[i], 0);
    b.sum += (wide)b.weights[slot] * (wide)bai_value_fixed(block, row->counts[i]);
    if (row->counts[i] > most) most = row->counts[i];
    if (block->slots) row->table[slot] = row->counts[i];
  }
  b.divisor = bai_totals_divisor(block, &b.totals);
  most += (uint32_t)block->span;
  for (uint32_t c = 1; c <= most && c <= m->length; c++)
    m->steps[c] = (int64_t)bai_value_fixed(block, c) - (c > 1 ? (int64_t)bai_value_fixed(block, c - 1) : 0);
  memcpy(row->codes, m->codes, (size_t)m->length);
  b.words = list_words(m, block, ambiguous, m->own_starts, m->slots[LETTERS]);
  return b;
}

static ba_status mutate_block(const mutation *m, int32_t output, int32_t index) {
  const bai_row *row = m->row;
  int64_t ambiguous = 0;
  for (int64_t i = 0; i < m->length; i++) ambiguous += m->codes[i] >= LETTERS;
  const base b = open_block(m, output, index, ambiguous);
  ba_status status = BA_OK;
  if (ambiguous == 0 && m->length >= b.block->span && bai_block_is_direct(b.block))
    status = exchange_digits(m, &b);
  else
    for (int64_t first = 0; !status && first < b.block->span; first++) status = exchange_block(m, &b, first, ambiguous);
  for (int64_t i = index ? row->ends[index - 1] : 0; b.block->slots && i < row->ends[index]; i++)
    row->table[row->columns[i] - b.block->first] = 0;
  return status;
}

/* Networks and descriptors are no sums that could be changed: every changed sequence is scored. */
static ba_status mutate_network(const mutation *m, const ba_model *model, const bai_lane *lane, int32_t index,
                                int32_t output) {
  ba_status status = BA_OK;
  int64_t ambiguous = 0;
  for (int64_t i = 0; i < m->length; i++) ambiguous += m->codes[i] >= LETTERS;
  memcpy(m->row->codes, m->codes, (size_t)m->length);
  for (int64_t i = 0; !status && i < LETTERS * m->length; i++) {
    const int64_t p = i / LETTERS;
    m->row->codes[p] = (uint8_t)(i % LETTERS);
    if (m->row->codes[p] != m->codes[p])
      status = bai_lane_score_member(m->kernels, model, lane, index, m->length, ambiguous - (m->codes[p] >= LETTERS),
                                     lane->part);
    m->scores[i] = lane->part[output];
    m->row->codes[p] = m->codes[p];
    if (!status || status == BA_ERR_CANCELLED) status = bai_check_cancel(m->context);
  }
  return status;
}

/* All but the intercept. */
static ba_status mutate_member(const mutation *m, int32_t output) {
  ba_status status = BA_OK;
  for (int64_t i = 0; i < LETTERS * m->length; i++) m->scores[i] = 0.0;
  for (int32_t b = 0; !status && b < m->member->plan->block_count; b++) status = mutate_block(m, output, b);
  return status;
}

/* What changed sequences score, as differences. */
static void subtract(const mutation *m, double intercept, double score, double *effects) {
  for (int64_t p = 0; p < m->length; p++, effects += LETTERS) {
    for (int32_t c = 0; c < LETTERS; c++) effects[c] = effects[c] + intercept - score;
    if (m->codes[p] < LETTERS) effects[m->codes[p]] = 0.0;
  }
}

/* Scores of all changed sequences, then what they differ by; the sequence itself is scored already. */
static ba_status mutate(ba_scorer *scorer, mutation *m, int32_t output, double *effects) {
  const ba_model *model = scorer->model;
  bai_lane *lane = &scorer->lanes[0];
  const double score = lane->scores[output];
  double intercept = 0.0;
  ba_status status = BA_OK;
  memcpy(m->codes, lane->rows[0]->codes, (size_t)m->length);
  for (int32_t i = 0; !status && i < model->member_count; i++) {
    m->member = &model->members[i];
    m->row = lane->rows[i];
    intercept = -0.0; /* which changes nothing */
    if (m->member->net.hidden || m->member->plan->real_width) {
      status = mutate_network(m, model, lane, i, output);
    } else {
      status = mutate_member(m, output);
      intercept = m->member->intercepts[output];
    }
    for (int64_t j = 0; model->factors && j < LETTERS * m->length; j++)
      effects[j] = (i ? effects[j] : model->offsets[output]) + model->factors[i] * (m->scores[j] + intercept);
  }
  subtract(m, model->factors ? -0.0 : intercept, score, effects);
  return status;
}

static ba_status make_room(ba_scorer *scorer, mutation *m, double *effects) {
  ba_context *context = scorer->context;
  const int64_t length = m->length;
  ba_status status = bai_scorer_reserve(scorer, 1, length);
  if (!status) status = bai_alloc(context, length, 1, &m->codes);
  if (!status) status = bai_alloc(context, (LETTERS + 1) * length, 4, &m->slots[0]);
  if (!status) status = bai_alloc(context, 2 * length, 8, &m->starts);
  if (!status) status = bai_alloc(context, length + 1, 8, &m->steps);
  if (!status && scorer->model->factors) status = bai_alloc(context, LETTERS * length, 8, &m->scores);
  if (status) return status;
  m->own_starts = m->starts + length;
  for (int32_t c = 1; c <= LETTERS; c++) m->slots[c] = m->slots[0] + c * length;
  if (!m->scores) m->scores = effects;
  return BA_OK;
}

static ba_status check(const ba_scorer *scorer, const char *letters, int64_t length, int32_t output,
                       const double *effects) {
  if (length < 0 || (length > 0 && (!letters || !effects)) || output < 0 || output >= scorer->model->outputs)
    return bai_fail(scorer->context, BA_ERR_ARGUMENT,
                    "mutate: expected letters, room for four numbers a letter, and an output from 0 to %d",
                    scorer->model->outputs - 1);
  const ba_status status = bai_model_check_letters(scorer->context, scorer->model, "mutate");
  if (status) return status;
  if (scorer->model->members[0].plan->protein)
    return bai_fail(scorer->context, BA_ERR_UNSUPPORTED,
                    "mutate: the model reads residues; expected one of nucleotides");
  return BA_OK;
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
    lane->lists = 1;
    status = bai_lane_score(m.kernels, scorer->model, lane, letters, length, lane->scores);
    lane->lists = 0;
    if (status) status = bai_lane_explain(context, lane, status, -1, length);
    if (!status) status = mutate(scorer, &m, output, effects);
  }
  void *made[] = {m.codes, m.slots[0], m.starts, m.steps, m.scores == effects ? NULL : m.scores};
  for (size_t i = 0; i < sizeof made / sizeof made[0]; i++) bai_free(context, made[i]);
  return bai_leave(context, status);
}
