/* SPDX-License-Identifier: MIT
 *
 * row.c: one sequence to distinct columns with counts, block by block. Words of up to 16 nucleotides are made from
 * the letters at once, others grown one letter at a time for all starts at once, so that a range of k costs one vector
 * pass each; long sequences go by chunks that stay in the cache.
 */
#include <string.h>

#include "features/plan.h"

#define CHUNK 8192
#define MOST_WEIGHTED (INT32_C(1) << 24) /* letters below which weighted counts stay within 32 bits */

static int64_t smaller_of(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Where the slice of n that starts there ends; at its start when the call was cancelled. */
static int64_t slice_end(const bai_row *row, int64_t start, int64_t n) {
  return start && bai_row_cancelled(row) ? start : smaller_of(start + BAI_SLICE, n);
}

#define EACH_SLICE(row, at, end, n) \
  for (int64_t at = 0, end = slice_end(row, 0, n); end > at; at = end, end = slice_end(row, at, n))

int64_t bai_row_entries(const bai_plan *plan, int64_t length) {
  int64_t entries = 0;
  for (int32_t b = 0; b < plan->block_count; b++)
    entries += plan->blocks[b].kind == BAI_TERM_SPARSE ? length
               : plan->blocks[b].real                  ? plan->blocks[b].width
               : plan->blocks[b].input >= 0            ? 1
               : plan->blocks[b].slots                 ? smaller_of(length, plan->blocks[b].slots)
                                                       : length;
  return entries;
}

ba_status bai_row_create(ba_context *context, const bai_plan *plan, int64_t longest, bai_row **out) {
  bai_row *row;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *row, &row);
  if (status) return status;
  row->context = bai_context_retain(context);
  row->plan = plan;
  row->length_capacity = -1;
  row->numbers = bai_plan_is_numbers(plan);
  status = bai_alloc_zero(context, plan->most_slots, 4, &row->table);
  if (!status) status = bai_alloc(context, CHUNK, 8, &row->forward);
  if (!status) status = bai_alloc(context, CHUNK, 8, &row->reverse);
  if (!status) status = bai_alloc(context, CHUNK, 8, &row->smaller);
  if (!status && plan->needs_quality) status = bai_alloc(context, CHUNK, 4, &row->right);
  if (!status) status = bai_alloc_zero(context, plan->block_count, 8, &row->ends);
  if (!status) status = bai_alloc_zero(context, plan->block_count, 8, &row->kept);
  if (!status && plan->real_width > 0) status = bai_alloc_zero(context, plan->real_width, 8, &row->reals);
  if (!status && plan->most_work > 0) status = bai_alloc(context, plan->most_work, 8, &row->work);
  if (!status) status = bai_row_reserve(context, row, longest);
  if (status)
    bai_row_destroy(row);
  else
    *out = row;
  return status;
}

ba_status bai_row_reserve(ba_context *context, bai_row *row, int64_t longest) {
  if (longest <= row->length_capacity) return BA_OK;
  /* Counts and their roots stay within 32 bits. */
  const int32_t weighted = row->plan->needs_quality, most = weighted ? MOST_WEIGHTED - 1 : INT32_MAX;
  if (longest > most)
    return bai_fail(context, BA_ERR_LIMIT, "a sequence of %lld letters; expected at most %d%s", (long long)longest,
                    most, weighted ? " with quality=weight" : "");
  const int64_t entries = bai_row_entries(row->plan, longest);
  uint8_t *codes;
  uint32_t *runs = NULL, *slots = NULL, *columns = NULL, *counts = NULL, *shares = NULL;
  ba_status status = bai_alloc(context, longest, 1, &codes);
  if (!status) status = bai_alloc(context, longest, 4, &runs);
  if (!status) status = bai_alloc(context, longest, 4, &slots);
  if (!status) status = bai_alloc(context, entries, 4, &columns);
  if (!status) status = bai_alloc(context, entries, 4, &counts);
  if (!status && weighted) status = bai_alloc(context, longest, 4, &shares);
  if (status) {
    void *made[] = {codes, runs, slots, columns, counts, shares};
    for (int32_t i = 0; i < 6; i++) bai_free(context, made[i]);
    return status;
  }
  void *old[] = {row->codes, row->runs, row->slots, row->columns, row->counts, row->shares};
  for (int32_t i = 0; i < 6; i++) bai_free(context, old[i]);
  row->codes = codes;
  row->runs = runs;
  row->slots = slots;
  row->columns = columns;
  row->counts = counts;
  row->shares = shares;
  row->entries = entries;
  row->length_capacity = longest;
  return BA_OK;
}

void bai_row_destroy(bai_row *row) {
  if (!row) return;
  ba_context *context = row->context;
  void *parts[] = {row->codes, row->runs,  row->forward, row->reverse, row->smaller,
                   row->slots, row->table, row->columns, row->counts,  row->ends,
                   row->kept,  row->right, row->shares,  row->reals,   row->work};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_free(context, row);
  bai_context_release(context);
}

/* One more letter on the right of n products: each is rounded to nearest, so k - 1 times in all. */
static void extend_right(uint32_t *right, const uint8_t *symbols, int64_t n, int32_t first) {
  for (int64_t i = 0; i < n; i++) {
    const uint32_t letter = bai_right_of[symbols[i] - '!'];
    right[i] = first ? letter : (uint32_t)(((uint64_t)right[i] * letter + (UINT64_C(1) << 31)) >> 32);
  }
}

/* One more letter on the right of n words. */
static void extend(const bai_kernels *kernels, const bai_alphabet *alphabet, uint64_t *words, const uint8_t *next,
                   int64_t n) {
  if (alphabet == &bai_alphabets[BAI_ALPHABET_DNA]) {
    kernels->kmer_extend(words, next, n);
    return;
  }
  uint64_t group[BAI_RESIDUES + 1] = {0}; /* an ambiguous letter is like the first: its words are left out later */
  const uint64_t size = (uint64_t)alphabet->size;
  for (int32_t i = 0; i < BAI_RESIDUES; i++) group[i] = alphabet->group[i];
  for (int64_t i = 0; i < n; i++) words[i] = words[i] * size + group[next[i]];
}

static void begin_words(bai_row *row, const bai_alphabet *alphabet, int64_t start) {
  const int64_t starts = smaller_of(CHUNK, row->length - start);
  memset(row->forward, 0, (size_t)starts * 8);
  if (row->plan->both_strands) memset(row->reverse, 0, (size_t)starts * 8);
  row->chunk_start = start;
  row->state_k = 0;
  row->state_alphabet = alphabet;
}

/* Brings forward and reverse to the block's words for the windows that start in the chunk; returns how many there are.
 * Words without a gap are left to be grown by a block of larger k. */
static int64_t grow_codes(const bai_kernels *kernels, bai_row *row, const bai_block *block, int64_t start) {
  const int32_t whole = block->part_count == 1 && block->parts[0].offset == 0;
  if (!whole || row->chunk_start != start || row->state_k > block->k || row->state_k == 0 ||
      row->state_alphabet != block->alphabet)
    begin_words(row, block->alphabet, start);
  int32_t k = 0;
  for (int32_t p = 0; p < block->part_count; p++) {
    for (int32_t i = 0; i < block->parts[p].length; i++, k++) {
      if (k < row->state_k) continue;
      const int64_t at = start + block->parts[p].offset + i, n = smaller_of(CHUNK, row->length - at);
      extend(kernels, block->alphabet, row->forward, row->codes + at, n);
      if (row->plan->both_strands) kernels->kmer_extend_reverse(row->reverse, row->codes + at, n, 2 * k);
      if (row->plan->needs_quality) extend_right(row->right, row->symbols + at, n, k == 0);
    }
  }
  row->state_k = whole ? k : 0;
  return smaller_of(CHUNK, row->length - start - block->span + 1);
}

/* A word of so few nucleotides side by side comes straight from the letters, in 32 bits. */
static int32_t is_plain_word(const bai_block *block) {
  return block->alphabet == &bai_alphabets[BAI_ALPHABET_DNA] && block->part_count == 1 && block->k <= 16 &&
         !block->weighted;
}

/* The columns within the block of the windows that start in a chunk; returns how many there are. */
static int64_t chunk_slots(const bai_kernels *kernels, bai_row *row, const bai_block *block, int64_t start,
                           uint32_t *slots) {
  const int32_t plain = is_plain_word(block);
  const int64_t windows =
      plain ? smaller_of(CHUNK, row->length - start - block->span + 1) : grow_codes(kernels, row, block, start);
  const uint64_t *codes = row->forward;
  if (plain) {
    kernels->kmer_words(slots, row->codes + start + block->parts[0].offset, windows, block->k, block->canonical);
  } else if (block->canonical) {
    kernels->kmer_canonical(row->smaller, row->forward, row->reverse, windows);
    codes = row->smaller;
  }
  if (!plain && block->hash_bits)
    kernels->kmer_hash(slots, codes, windows, block->hash_bits);
  else if (!plain)
    kernels->kmer_slot(slots, codes, windows);
  if (plain && block->hash_bits)
    kernels->word_hash(slots, slots, windows, block->hash_bits);
  else if (block->canonical && !block->hash_bits)
    kernels->kmer_rank(slots, slots, windows, block->rank_bits, block->rank_prefix);
  return windows;
}

/* Where a window stands among the positions of the fit, or in which part of the sequence; -1 outside of them. */
static int64_t place_of(const bai_row *row, const bai_block *block, int64_t start) {
  if (block->bins) return start * block->bins / row->length;
  const int64_t fitted = row->plan->fitted_length;
  const int64_t position = block->anchor == BAI_ANCHOR_END ? start + fitted - row->length : start;
  return position >= 0 && position <= fitted - block->span ? position : -1;
}

/* Whether the word of the window that starts there has no ambiguous letter. */
static int32_t is_word(const bai_row *row, const bai_block *block, int64_t start) {
  for (int32_t p = 0; p < block->part_count; p++)
    if (row->runs[start + block->parts[p].offset] < (uint32_t)block->parts[p].length) return 0;
  return 1;
}

int32_t bai_row_cancelled(const bai_row *row) {
  return bai_is_cancelled(row->context);
}

/* Every letter, into the only column. */
static int64_t all_letters(bai_row *row, int64_t *starts) {
  EACH_SLICE(row, at, end, row->length) {
    memset(row->slots + at, 0, (size_t)(end - at) * 4);
    for (int64_t i = at; starts && i < end; i++) starts[i] = i;
  }
  return bai_row_cancelled(row) ? 0 : row->length;
}

int64_t bai_row_windows(const bai_kernels *kernels, bai_row *row, const bai_block *block, int64_t *starts) {
  const int32_t placed = block->bins || block->kind == BAI_TERM_POSITION_KMER;
  int64_t kept = 0;
  if (block->kind == BAI_TERM_LENGTH) return all_letters(row, starts);
  if (!block->alphabet) return 0;
  for (int64_t start = 0; start + block->span <= row->length; start += CHUNK) {
    if (start && bai_row_cancelled(row)) break;
    uint32_t *slots = row->slots + kept;
    const int64_t windows = chunk_slots(kernels, row, block, start, slots);
    if (!row->has_ambiguous && !starts && !placed && !block->weighted) {
      kept += windows;
      continue;
    }
    /* Writing never overtakes reading: kept <= start. */
    for (int64_t i = 0; i < windows; i++) {
      uint32_t slot = slots[i];
      if (row->has_ambiguous && !is_word(row, block, start + i)) continue;
      if (placed) {
        const int64_t place = place_of(row, block, start + i);
        if (place < 0) continue;
        slot += (uint32_t)(place * block->words);
      }
      if (block->weighted) {
        const uint32_t share = (uint32_t)(((uint64_t)row->right[i] + (1 << 23)) >> 24);
        if (share == 0) continue;
        row->shares[kept] = share;
      }
      if (starts) starts[kept] = start + i;
      row->slots[kept++] = slot;
    }
  }
  return kept;
}

/* runs[i]: letters from i up to the next ambiguous one. After a cancel there are no letters: they have no runs. */
static void measure_runs(bai_row *row) {
  const uint8_t last = row->plan->protein ? BAI_RESIDUES - 1 : 3;
  uint32_t run = 0;
  EACH_SLICE(row, at, end, row->length) {
    for (int64_t i = row->length - 1 - at; i >= row->length - end; i--) {
      if (row->codes[i] > last)
        run = 0;
      else if (run < UINT32_MAX)
        run++;
      row->runs[i] = run;
    }
  }
  if (bai_row_cancelled(row)) row->length = 0;
}

/* Keys below what a block has slots for, in order; the keys end up in either place. NULL after a cancel. */
static uint32_t *sort_slots(const bai_row *row, const bai_block *block, uint32_t *slots, uint32_t *scratch, int64_t n) {
  return bai_sort_u32(row->context, slots, scratch, n, 64 - __builtin_clzll((uint64_t)(block->slots - 1) | 1));
}

/* Takes the counts of columns out of the table, which is then zero; after a cancel it is not, and is cleared later. */
static void take_counts(bai_row *row, const uint32_t *columns, uint32_t *counts, int64_t n) {
  EACH_SLICE(row, at, end, n) {
    for (int64_t i = at; i < end; i++) {
      counts[i] = row->table[columns[i]];
      row->table[columns[i]] = 0;
    }
  }
}

/* What kernels->count does, with a look for a cancel now and then; after one the counts are wrong. */
static int64_t count_long(bai_row *row, int64_t kept, uint32_t *columns, uint32_t *counts) {
  int64_t distinct = 0;
  EACH_SLICE(row, at, end, kept) {
    for (int64_t i = at; i < end; i++) {
      const uint32_t slot = row->slots[i];
      columns[distinct] = slot;
      distinct += row->table[slot]++ == 0;
    }
  }
  take_counts(row, columns, counts, distinct);
  return distinct;
}

/* The same with shares for ones. */
static int64_t add_shares(bai_row *row, const bai_block *block, int64_t kept, uint32_t *columns, uint32_t *counts) {
  int64_t distinct = 0;
  EACH_SLICE(row, at, end, kept) {
    for (int64_t i = at; i < end; i++) {
      const uint32_t slot = row->slots[i];
      if (row->table[slot] == 0) columns[distinct++] = slot;
      row->table[slot] += row->shares[i];
    }
  }
  if (row->rising) {
    const uint32_t *sorted = sort_slots(row, block, columns, row->slots, distinct);
    if (sorted && sorted != columns) memcpy(columns, sorted, (size_t)distinct * 4);
  }
  take_counts(row, columns, counts, distinct);
  return distinct;
}

/* All columns of the table that are not 0, in order. */
static int64_t read_table(bai_row *row, const bai_block *block, uint32_t *columns, uint32_t *counts) {
  int64_t distinct = 0;
  EACH_SLICE(row, at, end, block->slots) {
    for (int64_t slot = at; slot < end; slot++) {
      const uint32_t count = row->table[slot];
      if (count == 0) continue;
      row->table[slot] = 0;
      columns[distinct] = (uint32_t)slot;
      counts[distinct++] = count;
    }
  }
  return distinct;
}

/* The same as kernels->count, columns rising. Few words are sorted, and of many the whole table is read. */
static int64_t count_rising(bai_row *row, const bai_block *block, int64_t kept, uint32_t *columns, uint32_t *counts) {
  int64_t distinct = 0;
  if (kept > block->slots / 4) {
    EACH_SLICE(row, at, end, kept) {
      for (int64_t i = at; i < end; i++) row->table[row->slots[i]]++;
    }
    return read_table(row, block, columns, counts);
  }
  const uint32_t *sorted = sort_slots(row, block, row->slots, columns, kept);
  if (!sorted) return 0;
  /* Where each run ends, without a branch: which words are alike is not predictable. Never ahead of the reading. */
  EACH_SLICE(row, at, end, kept) {
    for (int64_t i = at; i < end; i++) {
      const uint32_t slot = sorted[i], differs = i + 1 == kept || sorted[i + 1] != slot;
      columns[distinct] = slot;
      counts[distinct] = (uint32_t)(i + 1);
      distinct += differs;
    }
  }
  for (int64_t i = distinct - 1; i > 0; i--) counts[i] -= counts[i - 1];
  return distinct;
}

/* The numbers that a block over a table reads; behind them may be as many indicators. */
static int64_t inputs_of(const bai_block *block) {
  return block->missing == BAI_MISSING_INDICATOR ? block->width / 2 : block->width;
}

/* Numbers of a table, with their indicators behind them. */
static ba_status extract_numbers(bai_row *row, const bai_block *block) {
  const int32_t marks = block->missing == BAI_MISSING_INDICATOR;
  const int64_t n = inputs_of(block);
  double *reals = row->reals + block->real_first;
  for (int64_t i = 0; i < n; i++) {
    const double value = row->inputs[block->input + i];
    const int32_t missing = value != value;
    if (missing ? block->missing == BAI_MISSING_ERROR : !(value - value == 0.0)) {
      row->bad_input = block->input + i;
      return BA_ERR_NUMBER;
    }
    reals[i] = missing ? row->plan->fill[block->real_first + i] : value;
    if (marks) reals[n + i] = missing;
  }
  return BA_OK;
}

/* A block whose values are real: all its columns are entries. */
static ba_status extract_reals(const bai_kernels *kernels, bai_row *row, int32_t b, int64_t at) {
  const bai_plan *plan = row->plan;
  const bai_block *block = &plan->blocks[b];
  double *reals = row->reals + block->real_first;
  ba_status status = BA_OK;
  if (bai_kind_is_descriptor(block->kind))
    bai_descriptor_compute(kernels, &block->descriptor, row->codes, row->length, row->work, reals);
  else
    status = extract_numbers(row, block);
  if (status) return status;
  for (int64_t i = 0; i < block->width; i++) {
    const int64_t r = block->real_first + i;
    reals[i] = (reals[i] - plan->centre[r]) * plan->factor[r];
    if (reals[i] > 1.7e308 || reals[i] < -1.7e308) { /* two of them could make a score that is no number */
      row->bad_input = block->input < 0 ? -1 : block->input + i % inputs_of(block);
      return BA_ERR_NUMBER;
    }
    row->columns[at + i] = (uint32_t)(block->first + i);
    row->counts[at + i] = (uint32_t)i;
  }
  row->kept[b] = block->width;
  row->ends[b] = at + block->width;
  return BA_OK;
}

int32_t bai_row_reals(const bai_kernels *kernels, const bai_plan *plan, const double *inputs, double *reals) {
  int64_t beyond = 0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    const bai_block *block = &plan->blocks[b];
    const int64_t at = block->real_first, n = inputs_of(block);
    const double *from = inputs + block->input, *fill = block->missing == BAI_MISSING_ERROR ? NULL : plan->fill + at;
    beyond += kernels->scale_columns_f64(reals + at, from, fill, plan->centre + at, plan->factor + at, n);
    for (int64_t i = 0; n + i < block->width; i++) {
      const int64_t mark = at + n + i;
      reals[mark] = ((double)(from[i] != from[i]) - plan->centre[mark]) * plan->factor[mark];
      beyond += reals[mark] > 1.7e308 || reals[mark] < -1.7e308;
    }
  }
  return beyond == 0;
}

int32_t bai_row_reals_plain(const bai_plan *plan) {
  for (int32_t b = 0; b < plan->block_count; b++)
    if (plan->blocks[b].missing != BAI_MISSING_ERROR || plan->blocks[b].input != plan->blocks[b].real_first) return 0;
  return plan->scaling == BAI_SCALE_NONE;
}

/* What the plan has columns for, in their order. */
static ba_status extract_sparse(bai_row *row, int32_t b, int64_t at) {
  const bai_block *block = &row->plan->blocks[b];
  const bai_sparse *from = row->sparse;
  double *reals = row->reals + block->real_first;
  int64_t n = 0;
  for (; n < from->count && from->columns[n] < block->width; n++) {
    if (!(from->values[n] - from->values[n] == 0.0)) {
      row->bad_input = n;
      return BA_ERR_NUMBER;
    }
    row->columns[at + n] = (uint32_t)block->first + from->columns[n];
    row->counts[at + n] = (uint32_t)n;
    reals[n] = from->values[n];
  }
  row->kept[b] = n;
  row->ends[b] = at + n;
  return BA_OK;
}

/* The one column of a category's text. */
static void extract_category(bai_row *row, int32_t b, int64_t at) {
  const bai_block *block = &row->plan->blocks[b];
  const double place = row->inputs[block->input];
  const int32_t known = place >= 0.0 && place < (double)block->width;
  if (known) {
    row->columns[at] = (uint32_t)(block->first + (int64_t)place);
    row->counts[at] = 1;
  }
  row->kept[b] = known;
  row->ends[b] = at + known;
}

void bai_row_values(const bai_row *row, int32_t b, double *values) {
  const bai_block *block = &row->plan->blocks[b];
  const int64_t from = b ? row->ends[b - 1] : 0, n = row->ends[b] - from;
  if (n == 0) return; /* a plan without real columns has no reals */
  if (block->real)
    memcpy(values, row->reals + block->real_first, (size_t)n * 8);
  else
    bai_values_double(block, row->counts + from, n, values);
}

double bai_row_divisor(const bai_row *row, int32_t b) {
  const int64_t from = b ? row->ends[b - 1] : 0;
  if (row->plan->blocks[b].real) return 1.0;
  return bai_block_divisor(row->context, &row->plan->blocks[b], row->counts + from, row->ends[b] - from);
}

/* Words that nobody counts: each is a column of its own. */
static void list_words(bai_row *row, int64_t kept, uint32_t *columns, uint32_t *counts) {
  EACH_SLICE(row, at, end, kept) {
    memcpy(columns + at, row->slots + at, (size_t)(end - at) * 4);
    for (int64_t i = at; i < end; i++) counts[i] = 1;
  }
}

/* After a cancel its columns and counts are of no use, and the table may have to be cleared. */
static void extract_block(const bai_kernels *kernels, bai_row *row, int32_t b, int64_t at) {
  const bai_block *block = &row->plan->blocks[b];
  const int64_t kept = bai_row_windows(kernels, row, block, NULL);
  int64_t distinct = kept;
  row->kept[b] = kept;
  row->ends[b] = at;
  if (bai_row_cancelled(row)) return;
  if (block->weighted) {
    distinct = add_shares(row, block, kept, row->columns + at, row->counts + at);
  } else if (block->slots && row->rising) {
    distinct = count_rising(row, block, kept, row->columns + at, row->counts + at);
  } else if (block->slots && kept <= BAI_SLICE) {
    distinct = kernels->count(row->columns + at, row->counts + at, row->slots, kept, row->table);
  } else if (block->slots) {
    distinct = count_long(row, kept, row->columns + at, row->counts + at);
  } else {
    list_words(row, kept, row->columns + at, row->counts + at);
  }
  const uint32_t first = (uint32_t)block->first;
  EACH_SLICE(row, from, end, distinct) {
    for (int64_t i = from; i < end; i++) row->columns[at + i] += first;
  }
  row->ends[b] = at + distinct;
  row->dirty |= bai_row_cancelled(row);
}

/* Zeroes the table after a cancel; without letters nobody uses it before that is done. */
static void clear_table(bai_row *row) {
  EACH_SLICE(row, at, end, row->plan->most_slots) memset(row->table + at, 0, (size_t)(end - at) * 4);
  if (bai_row_cancelled(row))
    row->length = 0;
  else
    row->dirty = 0;
}

void bai_row_begin(bai_row *row, int64_t length, int64_t ambiguous) {
  row->length = length;
  row->has_ambiguous = ambiguous > 0;
  row->state_k = 0;
  if (row->dirty) clear_table(row);
  if (row->has_ambiguous) measure_runs(row);
}

ba_status bai_row_refuses(const bai_row *row, int64_t length, int64_t ambiguous) {
  const bai_plan *plan = row->plan;
  if (plan->needs_equal && length != plan->fitted_length) return BA_ERR_LENGTH;
  if (plan->needs_quality && row->symbols == NULL && length > 0) return BA_ERR_QUALITY;
  for (int32_t b = 0; ambiguous > 0 && b < plan->block_count; b++)
    if (plan->blocks[b].refuse_ambiguous) return BA_ERR_LETTER;
  return BA_OK;
}

ba_status bai_row_extract(const bai_kernels *kernels, bai_row *row, int64_t length, int64_t ambiguous) {
  const bai_plan *plan = row->plan;
  const ba_status refused = bai_row_refuses(row, length, ambiguous);
  if (refused) return refused;
  row->bad_input = -1;
  if (plan->inputs.items.count && !row->inputs) return BA_ERR_NUMBER;
  if (bai_plan_is_sparse(plan) && !row->sparse) return BA_ERR_NUMBER;
  bai_row_begin(row, length, ambiguous);
  int64_t at = 0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    ba_status status = bai_row_cancelled(row) ? BA_ERR_CANCELLED : BA_OK;
    if (!status && plan->blocks[b].kind == BAI_TERM_SPARSE)
      status = extract_sparse(row, b, at);
    else if (!status && plan->blocks[b].real)
      status = extract_reals(kernels, row, b, at);
    else if (!status && plan->blocks[b].input >= 0)
      extract_category(row, b, at);
    else if (!status)
      extract_block(kernels, row, b, at);
    if (status) return status;
    at = row->ends[b];
  }
  return bai_row_cancelled(row) ? BA_ERR_CANCELLED : BA_OK;
}

ba_status bai_row_encode(const bai_kernels *kernels, bai_row *row, const char *letters, int64_t length,
                         int64_t *ambiguous) {
  const bai_plan *plan = row->plan;
  *ambiguous = 0;
  EACH_SLICE(row, at, end, length) {
    *ambiguous += bai_encode(kernels, plan->protein, row->codes + at, letters + at, end - at);
  }
  if (plan->protein || !plan->reader || 2 * *ambiguous <= length) return BA_OK;
  return bai_foreign_letter(letters, length) ? BA_ERR_LETTER : BA_OK;
}

ba_status bai_row_extract_letters(const bai_kernels *kernels, bai_row *row, const char *letters, int64_t length) {
  int64_t ambiguous;
  const ba_status status = bai_row_encode(kernels, row, letters, length, &ambiguous);
  return status ? status : bai_row_extract(kernels, row, length, ambiguous);
}

static ba_status explain_number(ba_context *context, const bai_row *row, int64_t record) {
  const bai_plan *plan = row->plan;
  const double value = row->inputs[row->bad_input];
  const int32_t missing = value != value, infinite = !missing && value - value != 0.0;
  const int64_t derived = row->bad_input - plan->inputs.items.count;
  bai_vector name = {0, 0, 0};
  ba_status status = derived < 0 ? bai_text_add(context, &name, "%s", bai_input_at(&plan->inputs, row->bad_input)->name)
                                 : bai_series_name(context, &plan->series, derived, &name);
  if (!status)
    status = bai_fail_at(context, BA_ERR_NUMBER, record, -1, "column \"%.*s\" %s; expected a finite number%s",
                         (int)name.count, (const char *)name.data,
                         missing    ? "has no value"
                         : infinite ? "is infinite"
                                    : "is too large for the scale of the training rows",
                         missing ? ", or missing=mean or missing=indicator in the recipe" : "");
  bai_vector_free(context, &name);
  return status;
}

ba_status bai_row_explain(ba_context *context, const bai_row *row, ba_status status, int64_t record, int64_t length) {
  if (status == BA_ERR_LENGTH)
    return bai_fail_at(context, status, record, -1,
                       "the sequence has %lld letters; %s was fitted on %lld and expects that", (long long)length,
                       row->plan->fitted, (long long)row->plan->fitted_length);
  if (status == BA_ERR_LETTER)
    return bai_fail_at(context, status, record, -1,
                       "the sequence has a letter other than %s, and the recipe says ambiguous=error",
                       row->plan->protein ? "the 20 residues" : "A C G T U");
  if (status == BA_ERR_QUALITY)
    return bai_fail_at(
        context, status, record, -1,
        "the sequence has no qualities, and the recipe says quality=weight; expected FASTQ (readers with "
        "qualities=keep, datasets with quality=keep), or quality=ignore");
  if (status == BA_ERR_NUMBER && bai_plan_is_sparse(row->plan)) {
    if (row->bad_input < 0 || !row->sparse)
      return bai_fail_at(context, status, record, -1, "the recipe reads sparse rows; expected some");
    return bai_fail_at(context, status, record, -1, "column %lld is not finite; expected a finite number",
                       (long long)row->sparse->columns[row->bad_input]);
  }
  if (status == BA_ERR_NUMBER && (row->bad_input < 0 || !row->inputs))
    return bai_fail_at(context, status, record, -1, "the recipe reads columns of a table; expected a table");
  if (status == BA_ERR_NUMBER) return explain_number(context, row, record);
  return status == BA_ERR_CANCELLED ? bai_check_cancel(context) : status;
}
