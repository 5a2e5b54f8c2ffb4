/* SPDX-License-Identifier: MIT
 *
 * plan.c: from a recipe to blocks of columns.
 */
#include "features/plan.h"

#include <string.h>

#define TOO_MANY ((int64_t)INT32_MAX + 1) /* columns: what larger numbers are cut to */

/* ---- the shape of blocks ---- */

static int64_t range_of(const bai_term *term, const char *key) {
  const bai_value *value = bai_term_value(term, key);
  return value ? value->upper - value->integer + 1 : 1;
}

/* Ways to choose k of l. */
static int64_t choices_of(int64_t l, int64_t k) {
  int64_t ways = k <= l;
  for (int64_t i = 1; i <= k && ways; i++) ways = ways * (l - k + i) / i;
  return ways;
}

static int64_t blocks_of(const bai_term *term) {
  if (term->spec->kind == BAI_TERM_GKM)
    return choices_of(bai_term_value(term, "l")->integer, bai_term_value(term, "k")->integer);
  return range_of(term, "k") * range_of(term, "gap");
}

int64_t bai_plan_blocks_of(const bai_pipeline *recipe) {
  const bai_term *terms = recipe->features.data;
  int64_t total = 0;
  for (int64_t i = 0; i < recipe->features.count; i++) total += blocks_of(&terms[i]);
  return total;
}

static int64_t words_of(int64_t size, int32_t k) {
  int64_t words = 1;
  while (k-- > 0 && words < TOO_MANY) words *= size;
  return words < TOO_MANY ? words : TOO_MANY;
}

static int64_t word_of(const bai_term *term, const char *key, int64_t standard) {
  const bai_value *value = bai_term_value(term, key);
  return value ? value->integer : standard;
}

/* Runs of ones, from the highest bit of the window. */
static void shape_mask(uint64_t mask, int32_t span, bai_block *block) {
  block->span = span;
  for (int32_t i = 0; i < block->span; i++) {
    if (!(mask >> (block->span - 1 - i) & 1)) continue;
    bai_word_part *last = block->part_count ? &block->parts[block->part_count - 1] : NULL;
    if (last && last->offset + last->length == i)
      last->length++;
    else
      block->parts[block->part_count++] = (bai_word_part){i, 1};
    block->k++;
  }
}

/* Choice `index` of k places of l, the places of each as rising numbers and the choices in their order. */
static uint64_t choose(int32_t l, int32_t k, int64_t index) {
  uint64_t mask = 0;
  for (int32_t left = l; left > 0 && k > 0; left--) {
    const int64_t with = choices_of(left - 1, k - 1); /* that have the first place that is left */
    if (index < with) {
      mask |= UINT64_C(1) << (left - 1);
      k--;
    } else {
      index -= with;
    }
  }
  return mask;
}

static void shape_word(const bai_term *term, int64_t index, bai_block *block) {
  const int64_t gaps = range_of(term, "gap");
  if (block->kind == BAI_TERM_SPACED_KMER) {
    const uint64_t mask = (uint64_t)bai_term_value(term, "mask")->integer;
    shape_mask(mask, 64 - __builtin_clzll(mask), block);
    return;
  }
  if (block->kind == BAI_TERM_GKM) {
    const int32_t l = (int32_t)bai_term_value(term, "l")->integer;
    shape_mask(choose(l, (int32_t)bai_term_value(term, "k")->integer, index), l, block);
    return;
  }
  const int32_t letters = (int32_t)(word_of(term, "k", 1) + index / gaps);
  block->gap = block->kind == BAI_TERM_GAPPED_KMER ? (int32_t)(bai_term_value(term, "gap")->integer + index % gaps) : 0;
  block->k = block->kind == BAI_TERM_GAPPED_KMER ? 2 * letters : letters;
  block->span = block->k + block->gap;
  block->part_count = block->gap ? 2 : 1;
  block->parts[0] = (bai_word_part){0, block->gap ? letters : block->k};
  block->parts[1] = (bai_word_part){letters + block->gap, letters};
}

/* Columns of one place; sets hash_bits, which stays 0 when the words are exact. */
static int64_t words_of_block(const bai_term *term, bai_block *block) {
  if (!block->alphabet) return 1;
  const int64_t all = words_of(block->alphabet->size, block->k);
  const int64_t slots = word_of(term, "slots", TOO_MANY);
  if (all > slots) {
    while (INT64_C(1) << block->hash_bits < slots) block->hash_bits++;
    return slots;
  }
  if (!block->canonical) return all;
  return (all + (block->k % 2 ? 0 : words_of(4, block->k / 2))) / 2; /* words that are their own reverse complement */
}

/* Where a term over a table starts to read. */
static int64_t input_of(const bai_term *term, const bai_inputs *inputs) {
  if (!inputs || !bai_term_reads_table(term) || bai_kind_is_derived(term->spec->kind)) return -1;
  if (term->spec->kind == BAI_TERM_COLUMNS) return inputs->named;
  return bai_inputs_find(inputs, bai_term_value(term, "column")->name, bai_input_kind_of(term));
}

/* Block `index` of a term, but for its columns' place in the row and what needs memory. */
static bai_block shape_block(const bai_term *term, int64_t index, const bai_inputs *inputs) {
  bai_block block = {.kind = term->spec->kind, .name = term->spec->name, .per = 1};
  block.input = input_of(term, inputs);
  if (bai_term_reads_table(term)) {
    block.norm = BAI_NORM_NONE;
    block.value = BAI_VALUE_BINARY;
    block.derived = bai_kind_is_derived(term->spec->kind);
    block.words = block.derived ? bai_series_outputs(term) : 1;
    block.missing = (int32_t)word_of(term, "missing", BAI_MISSING_ERROR) + (block.derived ? BAI_MISSING_MEAN : 0);
    block.real = block.kind != BAI_TERM_CATEGORY && block.kind != BAI_TERM_CATEGORY_HASH;
    return block;
  }
  block.refuse_ambiguous = word_of(term, "ambiguous", 0) == 1;
  if (bai_kind_is_descriptor(block.kind)) {
    block.descriptor = bai_descriptor_of(term);
    block.alphabet = block.descriptor.alphabet;
    block.norm = BAI_NORM_NONE;
    block.value = BAI_VALUE_BINARY;
    block.words = block.span = block.real = 1;
    block.k = block.descriptor.k;
    return block;
  }
  if (block.kind == BAI_TERM_SPARSE) {
    block.norm = BAI_NORM_NONE;
    block.value = BAI_VALUE_BINARY;
    block.words = block.real = 1;
    return block;
  }
  if (block.kind != BAI_TERM_LENGTH) block.alphabet = &bai_alphabets[word_of(term, "alphabet", BAI_ALPHABET_DNA)];
  shape_word(term, index, &block);
  block.canonical = word_of(term, "strand", 0) == 1;
  block.norm = (int32_t)word_of(term, "norm", BAI_NORM_NONE);
  block.anchor = (int32_t)word_of(term, "anchor", BAI_ANCHOR_NONE);
  block.weighted = word_of(term, "quality", 0) == 1;
  block.value = (int32_t)word_of(term, "value", block.kind == BAI_TERM_LENGTH ? BAI_VALUE_COUNT : BAI_VALUE_BINARY);
  block.per = word_of(term, "per", 1);
  block.bins = word_of(term, "bins", 0);
  block.words = words_of_block(term, &block);
  return block;
}

/* How many inputs a block of numbers reads. */
static int64_t inputs_of(const bai_block *block, const bai_inputs *inputs) {
  if (block->derived) return block->words;
  return block->kind == BAI_TERM_COLUMNS ? inputs->items.count - inputs->named : 1;
}

static int64_t table_width(const bai_block *block, const bai_inputs *inputs) {
  if (!block->derived && (!inputs || block->input < 0)) return 0;
  if (!block->real) return bai_input_places(bai_input_at(inputs, block->input));
  return inputs_of(block, inputs) * (block->missing == BAI_MISSING_INDICATOR ? 2 : 1);
}

static int64_t width_of(const bai_block *block, int64_t fitted_length, const bai_inputs *inputs) {
  if (block->kind >= BAI_TERM_COLUMN && block->kind <= BAI_TERM_CATEGORY_HASH) return table_width(block, inputs);
  if (bai_kind_is_descriptor(block->kind)) {
    const int64_t width = bai_descriptor_width(&block->descriptor, fitted_length);
    return width < TOO_MANY ? width : TOO_MANY;
  }
  if (block->kind == BAI_TERM_SPARSE) return fitted_length < TOO_MANY ? fitted_length : TOO_MANY;
  int64_t places = block->bins ? block->bins : 1;
  if (block->kind == BAI_TERM_POSITION_KMER)
    places = fitted_length >= block->span ? fitted_length - block->span + 1 : 0;
  return places > INT32_MAX / block->words ? TOO_MANY : places * block->words;
}

int64_t bai_plan_width_of(const bai_pipeline *recipe, const bai_fitted *fitted, int64_t *reals) {
  const bai_term *terms = recipe->features.data;
  int64_t width = 0;
  *reals = 0;
  for (int64_t i = 0; i < recipe->features.count; i++) {
    const int64_t blocks = blocks_of(&terms[i]);
    for (int64_t j = 0; j < blocks && width <= INT32_MAX; j++) {
      const bai_block block = shape_block(&terms[i], j, fitted->inputs);
      const int64_t own = width_of(&block, fitted->length, fitted->inputs);
      width += own;
      if (block.real) *reals += own;
    }
  }
  return width;
}

/* ---- making ---- */

static ba_status count_blocks(ba_context *context, const bai_pipeline *recipe, int32_t *count) {
  const bai_term *terms = recipe->features.data;
  for (int64_t i = 0; i < recipe->features.count; i++) {
    if (blocks_of(&terms[i]) == 0)
      return bai_fail(context, BA_ERR_RECIPE, "recipe: GKM has windows of l=%lld and k=%lld; expected k no more than l",
                      (long long)word_of(&terms[i], "l", 0), (long long)word_of(&terms[i], "k", 0));
    if (terms[i].spec->kind == BAI_TERM_ONE_HOT)
      return bai_fail(context, BA_ERR_UNSUPPORTED,
                      "OneHot has no columns of its own; expected OneHot() | Conv(...) | MLP(...), or other features");
  }
  const int64_t total = bai_plan_blocks_of(recipe);
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
  const int64_t codes = words_of(4, block->k);
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

/* What a key alone cannot say. */
static ba_status check_block(ba_context *context, const bai_block *block) {
  if (bai_kind_is_descriptor(block->kind)) return bai_descriptor_check(context, &block->descriptor);
  const int32_t size = block->alphabet ? block->alphabet->size : 1;
  int32_t most = 31;
  if (block->canonical && block->alphabet != &bai_alphabets[BAI_ALPHABET_DNA])
    return bai_fail(context, BA_ERR_RECIPE, "recipe: %s has strand=canonical; expected that with alphabet=dna only",
                    block->name);
  for (int32_t i = 0; block->canonical && i < block->part_count; i++) {
    const bai_word_part *other = &block->parts[block->part_count - 1 - i];
    if (block->parts[i].offset != block->span - other->offset - other->length)
      return bai_fail(context, BA_ERR_RECIPE,
                      "recipe: %s has strand=canonical; expected a mask that reads the same from both ends",
                      block->name);
  }
  if (block->weighted && block->value == BAI_VALUE_BINARY)
    return bai_fail(context, BA_ERR_RECIPE,
                    "%s: quality=weight does not go with value=binary; expected count, freq or sqrt", block->name);
  if (size > 4) { /* as many letters as have a code of 64 bits */
    uint64_t words = (uint64_t)size;
    for (most = 1; words <= UINT64_MAX / (uint64_t)size; most++) words *= (uint64_t)size;
  }
  if (block->k > most)
    return bai_fail(context, BA_ERR_RECIPE,
                    "recipe: %s has words of %d letters; expected at most %d of an alphabet of %d", block->name,
                    block->k, most, size);
  return BA_OK;
}

/* What the plan must learn from the lengths of sequences for a block. */
static void note_fit(bai_plan *plan, const bai_block *block) {
  const int32_t equal =
      block->kind == BAI_TERM_POSITION_KMER ? block->anchor == BAI_ANCHOR_NONE : block->kind != BAI_TERM_SPARSE;
  if (!bai_kind_by_position(block->kind)) return;
  if (!plan->needs_fit || (equal && !plan->needs_equal))
    plan->fitted = equal && block->kind == BAI_TERM_POSITION_KMER ? "PositionKmer(anchor=none)" : block->name;
  plan->needs_fit = 1;
  plan->needs_equal |= equal;
}

/* What the working memory of a row must hold for a block. */
static void note_memory(bai_plan *plan, bai_block *block) {
  const int64_t work = bai_kind_is_descriptor(block->kind) ? bai_descriptor_work(&block->descriptor) : 0;
  if (!block->real && block->input < 0 && block->kind != BAI_TERM_POSITION_KMER)
    block->slots = width_of(block, 0, NULL);
  if (block->slots > plan->most_slots) plan->most_slots = block->slots;
  if (work > plan->most_work) plan->most_work = work;
}

static ba_status make_blocks(ba_context *context, const bai_pipeline *recipe, bai_plan *plan) {
  const bai_term *terms = recipe->features.data;
  bai_block *block = plan->blocks;
  ba_status status = BA_OK;
  plan->protein = bai_pipeline_reads_protein(recipe);
  if (recipe->features.count == 0) plan->reader = "OneHot"; /* a network has no columns and reads the letters */
  for (int64_t i = 0; !status && i < recipe->features.count; i++) {
    const int64_t blocks = blocks_of(&terms[i]);
    for (int64_t j = 0; !status && j < blocks; j++, block++) {
      *block = shape_block(&terms[i], j, &plan->inputs);
      block->term = (int32_t)i;
      status = check_block(context, block);
      if (block->alphabet && !plan->reader) plan->reader = block->name;
      plan->needs_table |= block->kind == BAI_TERM_COLUMNS || block->kind == BAI_TERM_CATEGORY;
      note_fit(plan, block);
      note_memory(plan, block);
      if (!status && block->canonical && !block->hash_bits) status = make_ranks(context, block);
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
  plan->width = plan->real_width = -1;
  if (recipe->scale.spec)
    plan->scaling = recipe->scale.spec->kind == BAI_TERM_MINMAX ? BAI_SCALE_MINMAX : BAI_SCALE_STANDARDIZE;
  status = bai_inputs_make(context, recipe, &plan->inputs);
  if (!status) status = bai_series_make(context, recipe, &plan->inputs, &plan->series);
  if (!status) status = bai_alloc_zero(context, count, sizeof(bai_block), &plan->blocks);
  if (!status) {
    plan->block_count = count;
    status = make_blocks(context, recipe, plan);
  }
  if (!status && !plan->needs_fit && !plan->needs_table) status = bai_plan_lay_out(context, plan);
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
  bai_free(context, plan->fill);
  bai_inputs_free(context, &plan->inputs);
  bai_series_free(context, &plan->series);
  bai_free(context, plan);
  bai_context_release(context);
}

ba_status bai_plan_fit_length(ba_context *context, bai_plan *plan, int64_t length, int64_t record) {
  if (!plan->needs_fit) return BA_OK;
  if (plan->needs_equal && plan->fitted_length >= 0 && plan->fitted_length != length)
    return bai_fail_at(context, BA_ERR_LENGTH, record, -1,
                       "the sequence has %lld letters, those before it %lld; expected equal lengths, as %s needs "
                       "(PositionKmer with anchor=start or anchor=end does not)",
                       (long long)length, (long long)plan->fitted_length, plan->fitted);
  if (length > plan->fitted_length) plan->fitted_length = length;
  return BA_OK;
}

/* Real columns are as they are until a scale is learnt. */
static ba_status open_scale(ba_context *context, bai_plan *plan, int64_t reals) {
  double *scale = NULL;
  const ba_status status = reals ? bai_alloc_zero(context, 3 * reals, 8, &scale) : BA_OK;
  if (status) return status;
  bai_free(context, plan->fill);
  plan->fill = scale;
  plan->centre = reals ? scale + reals : NULL;
  plan->factor = reals ? scale + 2 * reals : NULL;
  for (int64_t i = 0; i < reals; i++) plan->factor[i] = 1.0;
  plan->real_width = reals;
  return BA_OK;
}

ba_status bai_plan_lay_out(ba_context *context, bai_plan *plan) {
  if (plan->needs_fit && plan->fitted_length < 0)
    return bai_fail(context, BA_ERR_FIT, "%s: the length is not known yet; expected a fit on records first",
                    plan->fitted);
  if (plan->needs_table && !plan->knows_table)
    return bai_fail(context, BA_ERR_FIT, "Columns, Category: the table is not known yet; expected a fit on one first");
  int64_t first = 0, total = 0, reals = 0;
  /* The sum before the columns: a plan that has become too wide keeps the columns that it had. */
  for (int32_t b = 0; b < plan->block_count; b++) {
    const int64_t own = width_of(&plan->blocks[b], plan->fitted_length, &plan->inputs);
    total += own;
    if (plan->blocks[b].real) reals += own;
    if (total > INT32_MAX)
      return bai_fail(context, BA_ERR_LIMIT,
                      "the recipe comes to more than %d columns with %s of %d letters; expected fewer or smaller k, "
                      "or fewer slots or bins",
                      INT32_MAX, plan->blocks[b].name, plan->blocks[b].k);
  }
  const ba_status status = open_scale(context, plan, reals);
  if (status) return status;
  int64_t derived = plan->inputs.items.count;
  reals = 0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    bai_block *block = &plan->blocks[b];
    if (block->derived) block->input = derived;
    if (block->derived) derived += block->words;
    block->width = width_of(block, plan->fitted_length, &plan->inputs);
    block->first = first;
    block->real_first = reals;
    first += block->width;
    if (block->real) reals += block->width;
  }
  plan->width = first;
  return BA_OK;
}

/* Whether inputs start with those that the recipe names. */
static int32_t are_inputs_of(const bai_plan *plan, const bai_inputs *inputs) {
  if (inputs->named != plan->inputs.named) return 0;
  for (int64_t i = 0; i < inputs->named; i++) {
    const bai_input *own = bai_input_at(&plan->inputs, i), *other = bai_input_at(inputs, i);
    if (own->kind != other->kind || strcmp(own->name, other->name) != 0) return 0;
  }
  return 1;
}

ba_status bai_plan_take_fit(ba_context *context, bai_plan *plan, const bai_fitted *fitted) {
  ba_status status = BA_OK;
  plan->fitted_length = fitted->length;
  if (fitted->inputs && !are_inputs_of(plan, fitted->inputs))
    return bai_fail(context, BA_ERR_MODEL, "the columns of the table are not those of the recipe");
  if (fitted->inputs) {
    bai_inputs_free(context, &plan->inputs);
    status = bai_inputs_copy(context, fitted->inputs, &plan->inputs);
    plan->knows_table = 1;
  }
  if (!status) status = bai_plan_lay_out(context, plan);
  if (!status && fitted->scale && plan->real_width)
    memcpy(plan->fill, fitted->scale, (size_t)(3 * plan->real_width) * 8);
  return status;
}

int32_t bai_plan_is_numbers(const bai_plan *plan) {
  for (int32_t b = 0; b < plan->block_count; b++)
    if (!plan->blocks[b].real || plan->blocks[b].input < 0) return 0;
  return plan->block_count > 0;
}

int32_t bai_plan_fills(const bai_plan *plan) {
  for (int32_t b = 0; b < plan->block_count; b++)
    if (plan->blocks[b].missing != BAI_MISSING_ERROR) return 1;
  return 0;
}

ba_status bai_plan_check_letter(ba_context *context, const bai_plan *plan, char foreign, int64_t record) {
  if (!foreign || plan->protein || !plan->reader) return BA_OK;
  return bai_fail_at(context, BA_ERR_LETTER, record, -1,
                     "the sequence holds '%c' and most of its letters are not A C G T U, but %s reads DNA; expected "
                     "nucleotides, or alphabet=protein in the recipe",
                     foreign, plan->reader);
}

/* ---- names ---- */

static int64_t code_of_rank(const bai_block *block, int64_t rank) {
  int64_t low = 0, high = (words_of(4, block->k) + 63) / 64 - 1;
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

/* The letters of a word, with a dash for each letter between its parts. */
static int32_t is_masked(const bai_block *block) {
  return block->kind == BAI_TERM_SPACED_KMER || block->kind == BAI_TERM_GKM;
}

static void spell(const bai_block *block, int64_t code, char *text) {
  const int32_t length = is_masked(block) ? block->span : block->k;
  int32_t at = length;
  memset(text, '-', (size_t)length);
  text[length] = 0;
  for (int32_t p = block->part_count - 1; p >= 0; p--) {
    if (is_masked(block)) at = block->parts[p].offset + block->parts[p].length;
    for (int32_t i = 0; i < block->parts[p].length; i++, code /= block->alphabet->size)
      text[--at] = block->alphabet->symbols[code % block->alphabet->size];
  }
}

/* A hashed block's words have no names: its k, or its mask. */
static void spell_shape(const bai_block *block, char *text) {
  if (!is_masked(block)) {
    bai_format(text, 40, "%d", block->kind == BAI_TERM_GAPPED_KMER ? block->k / 2 : block->k);
    return;
  }
  memset(text, '0', (size_t)block->span);
  for (int32_t p = 0; p < block->part_count; p++)
    memset(text + block->parts[p].offset, '1', (size_t)block->parts[p].length);
  text[block->span] = 0;
}

/* "price", "price.missing", "region=north" or "Return_price.1". */
static ba_status table_column_name(ba_context *context, const bai_plan *plan, const bai_block *block, int64_t column,
                                   bai_vector *text) {
  const int64_t inputs = inputs_of(block, &plan->inputs);
  if (block->derived) {
    const int64_t output = block->input - plan->inputs.items.count + column % inputs;
    const ba_status status = bai_series_name(context, &plan->series, output, text);
    return status || column < inputs ? status : bai_text_add(context, text, ".missing");
  }
  const bai_input *input = bai_input_at(&plan->inputs, block->input + (block->real ? column % inputs : 0));
  ba_status status = bai_text_add(context, text, "%s", input->name);
  if (!status && !block->real && block->kind == BAI_TERM_CATEGORY)
    status = bai_text_add(context, text, "=%s", bai_input_level(input, column));
  else if (!status && !block->real)
    status = bai_text_add(context, text, ".slot%lld", (long long)column);
  if (!status && block->real && column >= inputs) status = bai_text_add(context, text, ".missing");
  return status;
}

/* The field has names of its own for shares of residues, and of pairs at a distance. */
static const char *field_name(const bai_block *block) {
  static const char *const shares[] = {"AAC", "DPC", "TPC"};
  const int32_t pairs = block->kind == BAI_TERM_GAPPED_KMER && block->k == 2;
  const int64_t alphabet = block->alphabet - bai_alphabets;
  if (block->value != BAI_VALUE_FREQ || block->norm != BAI_NORM_NONE || block->hash_bits) return block->name;
  if (pairs && alphabet == BAI_ALPHABET_DNA) return "CKSNAP";
  if (pairs && alphabet == BAI_ALPHABET_PROTEIN) return "CKSAAP";
  if (pairs && alphabet == BAI_ALPHABET_GAAC) return "CKSAAGP";
  if (block->kind != BAI_TERM_KMER) return block->name;
  if (alphabet == BAI_ALPHABET_PROTEIN && block->k <= 3) return shares[block->k - 1];
  return alphabet == BAI_ALPHABET_GAAC && block->k == 1 ? "GAAC" : block->name;
}

ba_status bai_plan_column_name(ba_context *context, const bai_plan *plan, int64_t column, bai_vector *text) {
  int32_t b = 0;
  char word[40];
  while (column >= plan->blocks[b].first + plan->blocks[b].width) b++;
  const bai_block *block = &plan->blocks[b];
  if (block->input >= 0) return table_column_name(context, plan, block, column - block->first, text);
  if (bai_kind_is_descriptor(block->kind))
    return bai_descriptor_column_name(context, &block->descriptor, column - block->first, text);
  if (block->kind == BAI_TERM_SPARSE) return bai_text_add(context, text, "%lld", (long long)(column - block->first));
  if (!block->alphabet) return bai_text_add(context, text, "%s", block->name);
  const int64_t place = (column - block->first) / block->words, code = (column - block->first) % block->words;
  if (block->hash_bits)
    spell_shape(block, word);
  else
    spell(block, block->rank_bits ? code_of_rank(block, code) : code, word);
  ba_status status = bai_text_add(context, text, "%s%s_%s", block->canonical ? "RC" : "", field_name(block), word);
  if (!status && block->kind == BAI_TERM_POSITION_KMER)
    status = bai_text_add(context, text, ".pos%lld", (long long)place);
  if (!status && block->kind == BAI_TERM_GAPPED_KMER) status = bai_text_add(context, text, ".gap%d", block->gap);
  if (!status && block->bins) status = bai_text_add(context, text, ".bin%lld", (long long)place);
  if (!status && block->hash_bits) status = bai_text_add(context, text, ".slot%lld", (long long)code);
  return status;
}
