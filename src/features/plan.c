/* SPDX-License-Identifier: MIT
 *
 * plan.c: from a recipe to blocks of columns.
 */
#include "features/plan.h"

#include <string.h>

static int64_t power4(int32_t k) {
  return INT64_C(1) << (2 * k);
}

static ba_status count_blocks(ba_context *context, const bai_pipeline *recipe, int32_t *count) {
  const bai_term *terms = recipe->features.data;
  for (int64_t i = 0; i < recipe->features.count; i++)
    if (terms[i].spec->kind == BAI_TERM_ONE_HOT)
      return bai_fail(context, BA_ERR_UNSUPPORTED,
                      "OneHot has no columns of its own; expected OneHot() | Conv(...) | MLP(...), or other features");
  int64_t total = 0;
  for (int64_t i = 0; i < recipe->features.count; i++) {
    const bai_value *k = bai_term_value(&terms[i], "k");
    total += k->upper - k->integer + 1;
  }
  if (total > 4096)
    return bai_fail(context, BA_ERR_RECIPE, "recipe: %lld blocks of features; expected at most 4096", (long long)total);
  *count = (int32_t)total;
  return BA_OK;
}

static uint64_t reverse_complement(uint64_t code, int32_t k) {
  uint64_t out = 0;
  for (int32_t i = 0; i < k; i++) {
    out = out << 2 | (3 - (code & 3));
    code >>= 2;
  }
  return out;
}

/* Canonical codes are numbered in rising order: a bit a code, and how many bits are set before each word of 64. */
static ba_status make_ranks(ba_context *context, bai_block *block) {
  const int64_t codes = power4(block->k);
  const int64_t words = (codes + 63) / 64;
  ba_status status = bai_alloc_zero(context, words, 8, &block->rank_bits);
  if (!status) status = bai_alloc_zero(context, words, 4, &block->rank_prefix);
  if (status) return status;
  uint32_t rank = 0;
  for (int64_t c = 0; c < codes; c++) {
    if (c % 64 == 0) block->rank_prefix[c / 64] = rank;
    if ((uint64_t)c <= reverse_complement((uint64_t)c, block->k)) {
      block->rank_bits[c / 64] |= UINT64_C(1) << (c % 64);
      rank++;
    }
  }
  return BA_OK;
}

/* Columns of one k of a Kmer term; *hash_bits is 0 when it is exact. */
static int64_t kmer_width(const bai_term *term, int64_t k, int32_t *hash_bits) {
  const int64_t slots = bai_term_value(term, "slots")->integer;
  *hash_bits = 0;
  if (k > 15 || power4((int32_t)k) > slots) {
    while (INT64_C(1) << *hash_bits < slots) ++*hash_bits;
    return slots;
  }
  const int64_t all = power4((int32_t)k);
  if (bai_term_value(term, "strand")->integer == 0) return all;
  return (all + (k % 2 ? 0 : power4((int32_t)k / 2))) / 2; /* words that are their own reverse complement: 4^(k/2) */
}

static int64_t position_width(int64_t k, int64_t length) {
  return length >= k ? (length - k + 1) << (2 * k) : 0;
}

int64_t bai_plan_width_of(const bai_pipeline *recipe, int64_t fitted_length) {
  const bai_term *terms = recipe->features.data;
  int64_t width = 0;
  for (int64_t i = 0; i < recipe->features.count; i++) {
    const bai_value *k = bai_term_value(&terms[i], "k");
    for (int64_t j = k->integer; j <= k->upper && width <= INT32_MAX; j++) {
      int32_t hash_bits;
      width += terms[i].spec->kind == BAI_TERM_KMER ? kmer_width(&terms[i], j, &hash_bits)
                                                    : position_width(j, fitted_length);
    }
  }
  return width;
}

static ba_status make_kmer(ba_context *context, const bai_term *term, bai_block *block) {
  block->value = (int32_t)bai_term_value(term, "value")->integer;
  block->canonical = bai_term_value(term, "strand")->integer == 1;
  block->weighted = bai_term_value(term, "quality")->integer == 1;
  if (block->weighted && block->value == BAI_VALUE_BINARY)
    return bai_fail(context, BA_ERR_RECIPE,
                    "Kmer: quality=weight does not go with value=binary; expected count, freq or sqrt");
  block->width = kmer_width(term, block->k, &block->hash_bits);
  block->slots = block->width;
  return block->canonical && !block->hash_bits ? make_ranks(context, block) : BA_OK;
}

static ba_status make_blocks(ba_context *context, const bai_pipeline *recipe, bai_plan *plan) {
  const bai_term *terms = recipe->features.data;
  bai_block *block = plan->blocks;
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < recipe->features.count; i++) {
    const bai_term *term = &terms[i];
    const bai_value *k = bai_term_value(term, "k");
    for (int64_t j = k->integer; !status && j <= k->upper; j++, block++) {
      block->kind = term->spec->kind;
      block->term = (int32_t)i;
      block->k = (int32_t)j;
      block->norm = (int32_t)bai_term_value(term, "norm")->integer;
      block->refuse_ambiguous = bai_term_value(term, "ambiguous")->integer == 1;
      block->value = BAI_VALUE_BINARY;
      if (block->kind == BAI_TERM_KMER) {
        status = make_kmer(context, term, block);
      } else {
        block->anchor = (int32_t)bai_term_value(term, "anchor")->integer;
        plan->needs_fit = 1;
        if (block->anchor == BAI_ANCHOR_NONE) plan->needs_equal = 1;
      }
      if (block->slots > plan->most_slots) plan->most_slots = block->slots;
      plan->both_strands |= block->canonical;
      plan->needs_quality |= block->weighted;
    }
  }
  return status;
}

ba_status bai_plan_create(ba_context *context, const bai_pipeline *recipe, bai_plan **out) {
  bai_plan *plan;
  int32_t count = 0;
  *out = NULL;
  ba_status status = count_blocks(context, recipe, &count);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *plan, &plan);
  if (status) return status;
  plan->context = bai_context_retain(context);
  plan->fitted_length = -1;
  plan->width = -1;
  status = bai_alloc_zero(context, count, sizeof(bai_block), &plan->blocks);
  if (!status) {
    plan->block_count = count;
    status = make_blocks(context, recipe, plan);
  }
  if (!status && !plan->needs_fit) status = bai_plan_lay_out(context, plan);
  if (status)
    bai_plan_destroy(plan);
  else
    *out = plan;
  return status;
}

void bai_plan_destroy(bai_plan *plan) {
  if (!plan) return;
  ba_context *context = plan->context;
  for (int32_t b = 0; b < plan->block_count; b++) {
    bai_free(context, plan->blocks[b].rank_bits);
    bai_free(context, plan->blocks[b].rank_prefix);
  }
  bai_free(context, plan->blocks);
  bai_free(context, plan);
  bai_context_release(context);
}

ba_status bai_plan_fit_length(ba_context *context, bai_plan *plan, int64_t length, int64_t record) {
  if (!plan->needs_fit) return BA_OK;
  if (plan->needs_equal && plan->fitted_length >= 0 && plan->fitted_length != length)
    return bai_fail_at(context, BA_ERR_LENGTH, record, -1,
                       "the sequence has %lld letters, those before it %lld; expected equal lengths, or "
                       "PositionKmer(anchor=start) or anchor=end",
                       (long long)length, (long long)plan->fitted_length);
  if (length > plan->fitted_length) plan->fitted_length = length;
  return BA_OK;
}

static int64_t width_of(const bai_plan *plan, const bai_block *block) {
  return block->kind == BAI_TERM_POSITION_KMER ? position_width(block->k, plan->fitted_length) : block->width;
}

ba_status bai_plan_lay_out(ba_context *context, bai_plan *plan) {
  if (plan->needs_fit && plan->fitted_length < 0)
    return bai_fail(context, BA_ERR_FIT, "PositionKmer: the length is not known yet; expected a fit on records first");
  int64_t first = 0, total = 0;
  /* The sum before the columns: a plan that has become too wide keeps the columns that it had. */
  for (int32_t b = 0; b < plan->block_count && total <= INT32_MAX; b++) total += width_of(plan, &plan->blocks[b]);
  if (total > INT32_MAX)
    return bai_fail(context, BA_ERR_LIMIT,
                    "the recipe comes to more than %d columns; expected fewer or smaller k, "
                    "or fewer slots",
                    INT32_MAX);
  for (int32_t b = 0; b < plan->block_count; b++) {
    bai_block *block = &plan->blocks[b];
    block->width = width_of(plan, block);
    block->first = first;
    first += block->width;
  }
  plan->width = first;
  return BA_OK;
}

/* ---- names ---- */

static int64_t code_of_rank(const bai_block *block, int64_t rank) {
  int64_t low = 0, high = (power4(block->k) + 63) / 64 - 1;
  while (low < high) {
    const int64_t middle = (low + high + 1) / 2;
    if (block->rank_prefix[middle] <= rank)
      low = middle;
    else
      high = middle - 1;
  }
  int64_t left = rank - block->rank_prefix[low];
  int32_t bit = 0;
  for (;; bit++) {
    if (!(block->rank_bits[low] >> bit & 1)) continue;
    if (left-- == 0) break;
  }
  return low * 64 + bit;
}

static void spell(int64_t code, int32_t k, char *letters) {
  for (int32_t i = 0; i < k; i++) letters[i] = "ACGT"[code >> (2 * (k - 1 - i)) & 3];
  letters[k] = 0;
}

ba_status bai_plan_column_name(ba_context *context, const bai_plan *plan, int64_t column, bai_vector *text) {
  int32_t b = 0;
  char letters[32];
  while (column >= plan->blocks[b].first + plan->blocks[b].width) b++;
  const bai_block *block = &plan->blocks[b];
  column -= block->first;
  if (block->kind == BAI_TERM_POSITION_KMER) {
    spell(column % power4(block->k), block->k, letters);
    return bai_text_add(context, text, "PositionKmer_%s.pos%lld", letters, (long long)(column / power4(block->k)));
  }
  const char *strands = block->canonical ? "RC" : "";
  if (block->hash_bits) return bai_text_add(context, text, "%sKmer_%d.slot%lld", strands, block->k, (long long)column);
  spell(block->rank_bits ? code_of_rank(block, column) : column, block->k, letters);
  return bai_text_add(context, text, "%sKmer_%s", strands, letters);
}
