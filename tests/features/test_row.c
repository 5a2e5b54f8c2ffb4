/* SPDX-License-Identifier: MIT
 *
 * test_row.c: the counts of one sequence against words counted one by one, at every CPU level.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "features/brute.h"
#include "features/plan.h"
#include "support/fault.h"

/* Long enough for three chunks of the extractor, which are 8,192 starts. */
#define MOST 20000

static int32_t set_up(void **state) {
  ba_context *context;
  if (ba_context_create(NULL, &context)) return 1;
  *state = context;
  return 0;
}

static int32_t tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static ba_status make(ba_context *context, const char *text, int64_t fitted, int64_t longest, bai_plan **plan,
                      bai_row **row) {
  bai_recipe recipe = {{0, 0, 0}};
  *plan = NULL;
  *row = NULL;
  ba_status status = bai_recipe_parse(context, text, &recipe);
  if (!status) status = bai_plan_create(context, bai_recipe_member(&recipe, 0), plan);
  if (!status && (*plan)->needs_fit) {
    status = bai_plan_fit_length(context, *plan, fitted, 1);
    if (!status) status = bai_plan_lay_out(context, *plan);
  }
  if (!status) status = bai_row_create(context, *plan, longest, row);
  bai_recipe_free(context, &recipe);
  return status;
}

static brute brute_of(const bai_plan *plan, const bai_block *block) {
  static const brute_alphabet *const alphabets[] = {&brute_dna,     &brute_ws,   &brute_ry,
                                                    &brute_protein, &brute_gaac, &brute_ctriad};
  brute out = {.position = block->kind == BAI_TERM_POSITION_KMER,
               .k = block->k,
               .canonical = block->canonical,
               .bins = block->bins,
               .everything = block->kind == BAI_TERM_LENGTH,
               .slots = block->hash_bits ? INT64_C(1) << block->hash_bits : 0,
               .anchor = block->anchor,
               .fitted = plan->fitted_length};
  if (block->alphabet) out.alphabet = alphabets[block->alphabet - bai_alphabets];
  return out;
}

/* Masks of the blocks of a recipe, where they have one; the plan's own are not looked at. */
static const char *const *masks;

/* One block of an extracted row: the same columns with the same counts, each once, and the words in order. */
static void check_block(const bai_kernels *kernels, bai_row *row, int32_t b, const char *letters, int64_t n) {
  const bai_block *block = &row->plan->blocks[b];
  brute slow = brute_of(row->plan, block);
  if (masks) strcpy(slow.mask, masks[b]);
  const int64_t width = brute_width(&slow), from = b ? row->ends[b - 1] : 0;
  assert_int_equal(block->width, width);
  uint32_t *counts = calloc((size_t)width + 1, sizeof *counts);
  int64_t *columns = malloc(((size_t)n + 1) * 8), *starts = malloc(((size_t)n + 1) * 8);
  int64_t *ours = malloc(((size_t)n + 1) * 8);
  const int64_t kept = brute_count(&slow, letters, n, counts, columns, starts);
  assert_int_equal(row->kept[b], kept);
  for (int64_t i = from; i < row->ends[b]; i++) {
    const int64_t column = (int64_t)row->columns[i] - block->first;
    assert_true(column >= 0 && column < width);
    assert_int_equal(row->counts[i], counts[column]);
    assert_true(counts[column] > 0);
    counts[column] = 0; /* so a second time would be seen */
  }
  for (int64_t i = 0; i < kept; i++) assert_int_equal(counts[columns[i]], 0); /* so a missing one is seen */
  assert_int_equal(bai_row_windows(kernels, row, block, ours), kept);
  for (int64_t i = 0; i < kept; i++) {
    assert_int_equal(row->slots[i], columns[i]);
    assert_int_equal(ours[i], starts[i]);
  }
  free(counts);
  free(columns);
  free(starts);
  free(ours);
}

/* Every level against the words, and against the first level entry by entry. */
static void check_sequence(const bai_plan *plan, bai_row *row, const char *letters, int64_t n) {
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  uint32_t *columns = NULL, *counts = NULL;
  for (int32_t l = 0; l < count; l++) {
    assert_int_equal(bai_row_extract_letters(levels[l], row, letters, n), BA_OK);
    const size_t entries = (size_t)row->ends[plan->block_count - 1];
    assert_true((int64_t)entries <= row->entries);
    if (l == 0) {
      columns = malloc(entries * 4 + 1);
      counts = malloc(entries * 4 + 1);
      memcpy(columns, row->columns, entries * 4);
      memcpy(counts, row->counts, entries * 4);
    }
    assert_memory_equal(columns, row->columns, entries * 4);
    assert_memory_equal(counts, row->counts, entries * 4);
    if (l == 0 || n < 300) /* the words are slow to count, and equal entries need it once */
      for (int32_t b = 0; b < plan->block_count; b++) check_block(levels[l], row, b, letters, n);
    for (int64_t i = 0; i < plan->most_slots; i++)
      if (row->table[i]) fail_msg("the count table is not clean at %lld", (long long)i);
  }
  free(columns);
  free(counts);
}

static const int64_t lengths[] = {0,    1,    2,    3,    4,    5,    7,     8,     9,     15,    16,    17,   31,
                                  32,   33,   63,   64,   65,   100,  250,   511,   512,   513,   8190,  8191, 8192,
                                  8193, 8194, 8200, 8222, 8223, 8224, 16383, 16384, 16385, 16390, 16415, MOST};

static void check_recipe(ba_context *context, const char *recipe, int64_t fitted, int64_t most) {
  bai_plan *plan;
  bai_row *row;
  char *letters = malloc(MOST);
  if (make(context, recipe, fitted, MOST, &plan, &row)) fail_msg("%s: %s", recipe, ba_context_error_message(context));
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0] && lengths[i] <= most; i++)
    for (int32_t odd = 0; odd <= 30; odd += odd ? 29 : 1) { /* none, 1 % and 30 % of other letters */
      if ((plan->needs_equal && lengths[i] != fitted) || (odd == 30 && lengths[i] > 600)) continue;
      (plan->protein ? brute_residues : brute_letters)((uint64_t)lengths[i] * 3 + (uint64_t)odd, lengths[i], odd,
                                                       letters);
      check_sequence(plan, row, letters, lengths[i]);
    }
  free(letters);
  bai_row_destroy(row);
  bai_plan_destroy(plan);
}

static void test_kmers(void **state) {
  check_recipe(*state, "Kmer(k=1..6)", 0, MOST);
  check_recipe(*state, "Kmer(k=8) + Kmer(k=2) + Kmer(k=5)", 0, MOST); /* k falls: codes start anew */
  check_recipe(*state, "Kmer(k=3) + Kmer(k=3)", 0, 513);
}

static void test_canonical_kmers(void **state) {
  check_recipe(*state, "Kmer(k=1..6, strand=canonical)", 0, MOST);
  check_recipe(*state, "Kmer(k=4) + Kmer(k=4, strand=canonical) + Kmer(k=3, strand=canonical)", 0, 513);
}

static void test_hashed_kmers(void **state) {
  check_recipe(*state, "Kmer(k=3, slots=16) + Kmer(k=8..12, slots=64)", 0, MOST);
  check_recipe(*state, "Kmer(k=1..31, slots=1024)", 0, 513);
  check_recipe(*state, "Kmer(k=1..31, slots=1024, strand=canonical)", 0, 513);
  check_recipe(*state, "Kmer(k=30..31, slots=4096, strand=canonical)", 0, MOST);
  check_recipe(*state, "Kmer(k=16, slots=16)", 0, 513);
}

static void test_positions(void **state) {
  check_recipe(*state, "PositionKmer(k=1..3)", 100, 100);
  check_recipe(*state, "PositionKmer(k=1..3)", 8193, 8193);
  check_recipe(*state, "PositionKmer(k=1..4, anchor=start)", 64, 513);
  check_recipe(*state, "PositionKmer(k=1..4, anchor=end)", 64, 513);
  check_recipe(*state, "PositionKmer(k=1..2, anchor=end)", 16384, MOST);
  check_recipe(*state, "PositionKmer(k=8, anchor=start)", 9, 64);
  check_recipe(*state, "PositionKmer(k=5, anchor=start) + Kmer(k=2)", 3, 64); /* too short to have a column */
  check_recipe(*state,
               "Kmer(k=1..3, strand=canonical) + PositionKmer(k=2, anchor=start) + PositionKmer(k=2, "
               "anchor=end) + Kmer(k=9, slots=256)",
               33, 513);
}

static void test_gapped(void **state) {
  static const char *const pairs[] = {"11", "101", "1001", "10001", "100001", "1000001"};
  static const char *const words[] = {"11011", "110011", "1110111", "11100111", "", "1111001111"};
  static const char *const far[] = {"1000000000000000000000000000000000000000001", "", "1111011110"};
  masks = pairs;
  check_recipe(*state, "GappedKmer(gap=0..5)", 0, MOST);
  check_recipe(*state, "GappedKmer(k=1, gap=0..5, strand=canonical)", 0, 8193);
  masks = words;
  check_recipe(*state, "GappedKmer(k=2..3, gap=1..2) + Kmer(k=2) + GappedKmer(k=4, gap=2, slots=256)", 0, MOST);
  check_recipe(*state,
               "GappedKmer(k=2..3, gap=1..2, strand=canonical) + Kmer(k=2, strand=canonical) + GappedKmer(k=4, gap=2, "
               "slots=1024, strand=canonical)",
               0, 513);
  masks = far;
  check_recipe(*state, "GappedKmer(gap=41) + Kmer(k=1)", 0, 8224);
  masks = NULL;
}

static void test_spaced(void **state) {
  static const char *const seeds[] = {"1101011", "1", "10000000000000000000000000000001"};
  static const char *const both[] = {"1101011", "11111", "1010101010101010101010101010101", "11", "101"};
  masks = seeds;
  check_recipe(*state, "SpacedKmer(mask=1101011) + SpacedSeed(mask=1)", 0, MOST);
  masks = both;
  check_recipe(*state,
               "SpacedKmer(mask=1101011, strand=canonical) + SpacedKmer(mask=11111) + "
               "SpacedKmer(mask=1010101010101010101010101010101, slots=4096, strand=canonical) + Kmer(k=2) + "
               "SpacedKmer(mask=101)",
               0, 8224);
  masks = NULL;
}

static void test_gapped_k_mers(void **state) {
  static const char *const four[] = {"1100", "1010", "1001", "0110", "0101", "0011", ""};
  static const char *const three[] = {"110", "101", "011", "1"};
  masks = four;
  check_recipe(*state, "GKM(l=4, k=2) + Kmer(k=3)", 0, MOST);
  masks = three;
  check_recipe(*state, "GKM(l=3, k=2, slots=16, alphabet=protein) + GKM(l=1, k=1, alphabet=protein)", 0, 8224);
  masks = NULL;
}

static void test_bins(void **state) {
  check_recipe(*state, "BinnedKmer(k=1..3, bins=7) + Kmer(k=3) + Length()", 0, MOST);
  check_recipe(*state, "BinnedKmer(k=2..5, bins=3, strand=canonical) + BinnedKmer(k=6, bins=5, slots=64)", 0, 513);
  check_recipe(*state, "BinnedKmer(k=1, bins=65536)", 0, 513);
}

static void test_alphabets(void **state) {
  static const char *const peptide[] = {"", "", "", "101", "1001", "10001", "100001", "1000001", "10000001"};
  static const char *const mixed[] = {"", "", "", "1101", "", "", "", "101", "", ""};
  static const char *const groups[] = {"", "", "", "11", "101", ""};
  masks = peptide;
  check_recipe(*state, "@peptide", 0, MOST);
  masks = groups;
  check_recipe(*state, "Kmer(k=3, alphabet=ctriad) + Length() + GAAC() + CKSAAGP(gap=0..1) + AAC()", 0, MOST);
  masks = mixed;
  check_recipe(*state,
               "Kmer(k=12..14, alphabet=protein, slots=256) + SpacedKmer(mask=1101, alphabet=protein) + "
               "PositionKmer(k=1..2, alphabet=protein, anchor=end) + BinnedKmer(k=1, bins=4, alphabet=protein) + "
               "GappedKmer(gap=1, alphabet=gaac) + Kmer(k=1, alphabet=gaac) + Kmer(k=2, alphabet=protein)",
               40, 513);
  masks = NULL;
  check_recipe(*state, "GC() + Kmer(k=1..8, alphabet=ry) + Kmer(k=2) + Kmer(k=3, alphabet=ws) + Kmer(k=4)", 0, MOST);
}

static void test_only_other_letters(void **state) {
  bai_plan *plan;
  bai_row *row;
  char letters[600];
  memset(letters, 'N', sizeof letters);
  assert_int_equal(make(*state, "Kmer(k=1..3) + PositionKmer(k=1, anchor=start)", 50, 600, &plan, &row), BA_OK);
  check_sequence(plan, row, letters, 600);
  assert_int_equal(row->ends[plan->block_count - 1], 0);
  letters[300] = 'a';
  check_sequence(plan, row, letters, 600);
  assert_int_equal(row->ends[plan->block_count - 1], 1);
  bai_row_destroy(row);
  bai_plan_destroy(plan);
}

/* A row is used for one sequence after another, long and short. */
static void test_nothing_is_left_of_the_sequence_before(void **state) {
  bai_plan *plan;
  bai_row *row;
  char *letters = malloc(MOST);
  assert_int_equal(make(*state, "Kmer(k=2..4) + PositionKmer(k=2, anchor=end)", 40, MOST, &plan, &row), BA_OK);
  for (uint64_t i = 0; i < 60; i++) {
    const int64_t n = (int64_t)(bai_random(4, 0, i) % (i % 10 ? 90 : 9000));
    brute_letters(i, n, i % 3 ? 0 : 10, letters);
    check_sequence(plan, row, letters, n);
  }
  free(letters);
  bai_row_destroy(row);
  bai_plan_destroy(plan);
}

/* That a letter of this quality is right. Kept, because powl is slow where long doubles have 128 bits. */
static long double chance_of(int32_t quality) {
  static long double known[94];
  if (known[93] == 0)
    for (int32_t q = 0; q < 94; q++) known[q] = 1 - powl(10, -q / 10.0L);
  return known[quality];
}

/* What a k-mer of a weighted block counts: the definition of docs/numbers.md over long doubles and integers. */
static uint32_t share_of(const brute *b, const uint8_t *symbols) {
  uint64_t right = UINT64_C(1) << 32;
  long double exact = 256;
  for (int32_t i = 0, first = 1; i < brute_span(b); i++) {
    if (b->mask[0] && b->mask[i] == '0') continue;
    const long double chance = chance_of(symbols[i] - 33);
    const uint64_t letter = (uint64_t)llroundl(ldexpl(chance, 32));
    right = first ? letter : (right * letter + 0x80000000u) >> 32;
    first = 0;
    exact *= chance;
  }
  const uint32_t share = (uint32_t)((right + 0x800000) >> 24);
  assert_true(fabsl((long double)share - exact) < 0.5001L);
  return share;
}

static void check_weighted(const bai_plan *plan, bai_row *row, const char *letters, const uint8_t *symbols, int64_t n) {
  const bai_kernels *levels[3];
  const int32_t level_count = bai_kernels_available(levels);
  for (int32_t l = 0; l < level_count; l++) {
    row->symbols = symbols;
    assert_int_equal(bai_row_extract_letters(levels[l], row, letters, n), BA_OK);
    for (int32_t b = 0; b < plan->block_count; b++) {
      const bai_block *block = &plan->blocks[b];
      brute slow = brute_of(plan, block);
      if (masks) strcpy(slow.mask, masks[b]);
      uint32_t *counts = calloc((size_t)block->width, 4), *wanted = calloc((size_t)block->width, 4);
      int64_t *columns = malloc(((size_t)n + 1) * 8), *starts = malloc(((size_t)n + 1) * 8);
      const int64_t kept = brute_count(&slow, letters, n, counts, columns, starts);
      int64_t distinct = 0;
      for (int64_t i = 0; i < kept; i++) {
        const uint32_t share = block->weighted ? share_of(&slow, symbols + starts[i]) : 1;
        distinct += wanted[columns[i]] == 0 && share > 0;
        wanted[columns[i]] += share;
      }
      const int64_t from = b ? row->ends[b - 1] : 0;
      assert_int_equal(row->ends[b] - from, distinct);
      for (int64_t i = from; i < row->ends[b]; i++) {
        assert_true(row->counts[i] > 0);
        assert_int_equal(row->counts[i], wanted[row->columns[i] - block->first]);
      }
      free(counts);
      free(wanted);
      free(columns);
      free(starts);
    }
    for (int64_t i = 0; i < plan->most_slots; i++) assert_int_equal(row->table[i], 0);
  }
}

static void test_weighted_by_quality(void **state) {
  static const char *const recipes[] = {
      "Kmer(k=1..5, quality=weight)", "Kmer(k=4, quality=weight) + Kmer(k=2, quality=weight) + Kmer(k=3)",
      "Kmer(k=2..4, strand=canonical, quality=weight)", "Kmer(k=9..12, slots=256, quality=weight, value=count)",
      "GappedKmer(k=1..2, gap=0..1, quality=weight) + SpacedKmer(mask=1101011, quality=weight) + Kmer(k=2, "
      "quality=weight)"
      " + BinnedKmer(k=2, bins=3, quality=weight)"};
  static const char *const gaps[] = {"11", "101", "1111", "11011", "1101011", "", ""};
  bai_plan *plan;
  bai_row *row;
  char *letters = malloc(MOST);
  uint8_t *symbols = malloc(MOST);
  for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
    assert_int_equal(make(*state, recipes[i], 0, MOST, &plan, &row), BA_OK);
    masks = strchr(recipes[i], 'G') ? gaps : NULL;
    for (size_t j = 0; j<sizeof lengths / sizeof *lengths; j += lengths[j]> 100 ? 4 : 1) {
      const uint64_t seed = i * 100 + j;
      brute_letters(seed, lengths[j], j % 2 ? 3 : 0, letters);
      for (int64_t p = 0; p < lengths[j]; p++) {
        const uint64_t bits = bai_random(seed, 5, (uint64_t)p);
        symbols[p] = (uint8_t)(33 + (bits % 5 == 0 ? (bits >> 8) % 94 : 20 + (bits >> 8) % 74));
      }
      check_weighted(plan, row, letters, symbols, lengths[j]);
    }
    /* Without qualities nothing is extracted, unless there are no letters. */
    row->symbols = NULL;
    const ba_status status = bai_row_extract_letters(bai_kernels_of(*state), row, "ACGT", 4);
    assert_int_equal(status, BA_ERR_QUALITY);
    assert_int_equal(bai_row_explain(*state, row, status, 7, 4), BA_ERR_QUALITY);
    assert_non_null(strstr(ba_context_error_message(*state), "record 7: the sequence has no qualities"));
    assert_int_equal(bai_row_extract_letters(bai_kernels_of(*state), row, "", 0), BA_OK);
    assert_int_equal(bai_row_reserve(*state, row, 1 << 24), BA_ERR_LIMIT);
    bai_row_destroy(row);
    bai_plan_destroy(plan);
  }
  masks = NULL;
  assert_int_equal(make(*state, "Kmer(k=2, value=binary, quality=weight)", 0, 10, &plan, &row), BA_ERR_RECIPE);
  free(letters);
  free(symbols);
}

static void test_refusals(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  bai_plan *plan;
  bai_row *row;
  assert_int_equal(make(*state, "PositionKmer(k=1) + Kmer(k=2, ambiguous=error)", 4, 10, &plan, &row), BA_OK);
  ba_status status = bai_row_extract_letters(kernels, row, "ACGTA", 5);
  assert_int_equal(status, BA_ERR_LENGTH);
  assert_int_equal(bai_row_explain(*state, row, status, 12, 5), BA_ERR_LENGTH);
  assert_string_equal(
      ba_context_error_message(*state),
      "record 12: the sequence has 5 letters; PositionKmer(anchor=none) was fitted on 4 and expects that");
  status = bai_row_extract_letters(kernels, row, "ACNT", 4);
  assert_int_equal(status, BA_ERR_LETTER);
  assert_int_equal(bai_row_explain(*state, row, status, 3, 4), BA_ERR_LETTER);
  assert_string_equal(ba_context_error_message(*state),
                      "record 3: the sequence has a letter other than A C G T U, and the recipe says ambiguous=error");
  assert_int_equal(bai_row_extract_letters(kernels, row, "acgu", 4), BA_OK);
  bai_row_destroy(row);
  bai_plan_destroy(plan);
}

/* Residues where the recipe reads nucleotides; other letters that are most of a sequence are no reason. */
static void test_foreign_letters(void **state) {
  static const char *const fine[] = {"", "NNNN", "xxxxxN", "RYSWKMBDHV", "ACGTEFIL", "GATTACAKKKKK"};
  const bai_kernels *kernels = bai_kernels_of(*state);
  bai_plan *plan;
  bai_row *row;
  assert_int_equal(make(*state, "Length() + GappedKmer(gap=1) + Kmer(k=2)", 0, 40, &plan, &row), BA_OK);
  for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
    assert_int_equal(bai_row_extract_letters(kernels, row, fine[i], (int64_t)strlen(fine[i])), BA_OK);
  assert_int_equal(bai_row_extract_letters(kernels, row, "MKWvtfisll", 10), BA_ERR_LETTER);
  assert_int_equal(bai_foreign_letter("MKWvtfisll", 10), 'f');
  assert_int_equal(bai_plan_check_letter(*state, plan, 'f', 3), BA_ERR_LETTER);
  assert_string_equal(
      ba_context_error_message(*state),
      "record 3: the sequence holds 'f' and most of its letters are not A C G T U, but GappedKmer reads "
      "DNA; expected nucleotides, or alphabet=protein in the recipe");
  bai_row_destroy(row);
  bai_plan_destroy(plan);
  assert_int_equal(make(*state, "Length()", 0, 40, &plan, &row), BA_OK);
  assert_int_equal(bai_row_extract_letters(kernels, row, "MKWvtfisll", 10), BA_OK);
  assert_int_equal(row->counts[0], 10);
  bai_row_destroy(row);
  bai_plan_destroy(plan);
  assert_int_equal(make(*state, "Kmer(k=1, alphabet=protein, ambiguous=error)", 0, 40, &plan, &row), BA_OK);
  assert_int_equal(bai_row_extract_letters(kernels, row, "ACDU", 4), BA_ERR_LETTER);
  assert_int_equal(bai_row_explain(*state, row, BA_ERR_LETTER, 7, 4), BA_ERR_LETTER);
  assert_string_equal(
      ba_context_error_message(*state),
      "record 7: the sequence has a letter other than the 20 residues, and the recipe says ambiguous=error");
  bai_row_destroy(row);
  bai_plan_destroy(plan);
}

static void test_a_failed_reserve_keeps_the_row(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 5; n++) {
    fault plan_of_faults = {0};
    ba_allocator allocator = fault_allocator(&plan_of_faults);
    ba_context *context;
    bai_plan *plan;
    bai_row *row;
    char letters[64];
    assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
    assert_int_equal(make(context, "Kmer(k=1..3)", 0, 64, &plan, &row), BA_OK);
    plan_of_faults.fail_at = plan_of_faults.allocations + n;
    assert_int_equal(bai_row_reserve(context, row, 1000), BA_ERR_MEMORY);
    assert_int_equal(row->length_capacity, 64);
    brute_letters(1, 64, 5, letters);
    check_sequence(plan, row, letters, 64);
    assert_int_equal(bai_row_reserve(context, row, 1000), BA_OK);
    assert_int_equal(row->length_capacity, 1000);
    bai_row_destroy(row);
    bai_plan_destroy(plan);
    ba_context_destroy(context);
    assert_int_equal(plan_of_faults.blocks, 0);
  }
}

static ba_status call_row(ba_context *context, void *argument) {
  bai_plan *plan;
  bai_row *row;
  ba_status status = make(context, argument, 6, 20, &plan, &row);
  if (!status) status = bai_row_reserve(context, row, 200);
  bai_row_destroy(row);
  bai_plan_destroy(plan);
  return status;
}

static void test_failing_allocations(void **state) {
  (void)state;
  char recipe[] = "Kmer(k=2..3, strand=canonical) + PositionKmer(k=1) + SpacedKmer(mask=1101) + Length()";
  assert_true(fault_sweep(call_row, recipe) > 15);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_kmers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_canonical_kmers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_hashed_kmers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_positions, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_gapped, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_spaced, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_gapped_k_mers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_bins, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_alphabets, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_only_other_letters, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_foreign_letters, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_nothing_is_left_of_the_sequence_before, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_weighted_by_quality, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_failed_reserve_keeps_the_row, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_failing_allocations, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
