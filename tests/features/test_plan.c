/* SPDX-License-Identifier: MIT
 *
 * test_plan.c: the columns of a recipe: how many, in which order, under which names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "features/brute.h"
#include "features/plan.h"
#include "support/fault.h"

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

/* A plan laid out after a fit on `fitted` letters; the columns that the recipe alone promises must be the same. */
static ba_status make(ba_context *context, const char *text, int64_t fitted, bai_plan **out) {
  bai_recipe recipe = {{0, 0, 0}};
  *out = NULL;
  ba_status status = bai_recipe_parse(context, text, &recipe);
  if (!status) status = bai_plan_create(context, bai_recipe_member(&recipe, 0), out);
  if (!status && (*out)->needs_fit) {
    status = bai_plan_fit_length(context, *out, fitted, 1);
    if (!status) status = bai_plan_lay_out(context, *out);
  }
  const bai_fitted learnt = {fitted, NULL, NULL};
  int64_t reals = -1;
  if (!status) assert_int_equal((*out)->width, bai_plan_width_of(bai_recipe_member(&recipe, 0), &learnt, &reals));
  bai_recipe_free(context, &recipe);
  if (status) {
    bai_plan_destroy(*out);
    *out = NULL;
  }
  return status;
}

static bai_plan *plan_of(ba_context *context, const char *text, int64_t fitted) {
  bai_plan *plan;
  if (make(context, text, fitted, &plan)) fail_msg("%s: %s", text, ba_context_error_message(context));
  return plan;
}

static void check_name(ba_context *context, const bai_plan *plan, int64_t column, const char *name) {
  bai_vector text = {0, 0, 0};
  assert_int_equal(bai_plan_column_name(context, plan, column, &text), BA_OK);
  assert_string_equal(text.data, name);
  bai_vector_free(context, &text);
}

static void test_widths(void **state) {
  const struct {
    const char *recipe;
    int64_t fitted, width;
  } cases[] = {
      {"Kmer(k=1)", 0, 4},
      {"Kmer(k=6)", 0, 4096},
      {"Kmer(k=1..4)", 0, 4 + 16 + 64 + 256},
      {"Kmer(k=1, strand=canonical)", 0, 2},
      {"Kmer(k=2, strand=canonical)", 0, 10}, /* (16 + 4) / 2 */
      {"Kmer(k=3, strand=canonical)", 0, 32},
      {"Kmer(k=4, strand=canonical)", 0, 136},     /* (256 + 16) / 2 */
      {"Kmer(k=10, strand=canonical)", 0, 524800}, /* (4^10 + 4^5) / 2 */
      {"Kmer(k=10)", 0, 1048576},
      {"Kmer(k=11)", 0, 1048576},
      {"Kmer(k=31, strand=canonical)", 0, 1048576},
      {"Kmer(k=2, slots=16)", 0, 16},
      {"Kmer(k=3, slots=16)", 0, 16},
      {"Kmer(k=3, slots=16, strand=canonical)", 0, 16},
      {"Kmer(k=15, slots=1073741824)", 0, 1073741824},
      {"PositionKmer(k=1)", 10, 40},
      {"PositionKmer(k=3)", 10, 8 * 64},
      {"PositionKmer(k=3)", 3, 64},
      {"PositionKmer(k=3)", 2, 0},
      {"PositionKmer(k=3)", 0, 0},
      {"PositionKmer(k=1..3, anchor=end)", 10, 40 + 144 + 512},
      {"@anchored", 70, 4 + 16 + 64 + 256 + 1024 + 4096 + 16384 + 65536 + 70 * 4 + 69 * 16 + 68 * 64},
      {"@motif", 0, 32 + 136 + 512 + 2080 + 8192 + 32896 + 131072 + 524800},
      {"Kmer(k=2) + Kmer(k=2) + PositionKmer(k=1)", 5, 16 + 16 + 20},
      {"GappedKmer(gap=0..4)", 0, 5 * 16},
      {"GappedKmer(k=1..2, gap=3..4, strand=canonical)", 0, 2 * 10 + 2 * 136},
      {"GappedKmer(k=6, gap=1)", 0, 1048576}, /* 4^12 words */
      {"SpacedKmer(mask=1101011)", 0, 1024},
      {"GKM(l=6, k=4)", 0, 15 * 256},
      {"GKM()", 0, 56 * 1024},
      {"SpacedKmer(mask=1101011, strand=canonical)", 0, 512},
      {"BinnedKmer(k=1..2, bins=10)", 0, 40 + 160},
      {"BinnedKmer(k=2, bins=3, strand=canonical)", 0, 30},
      {"BinnedKmer(k=3, bins=3, slots=16)", 0, 48},
      {"Length()", 0, 1},
      {"GC()", 0, 2},
      {"@peptide", 0, 20 + 400 + 8000 + 6 * 400},
      {"Kmer(k=1..5, alphabet=protein)", 0, 20 + 400 + 8000 + 160000 + 1048576},
      {"Kmer(k=14, alphabet=protein, slots=64)", 0, 64},
      {"PositionKmer(k=1..2, alphabet=protein)", 10, 200 + 3600},
      {"CKSAAP()", 0, 1600},
      {"CKSAAGP()", 0, 100},
      {"Kmer(k=3, alphabet=ctriad)", 0, 343},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bai_plan *plan = plan_of(*state, cases[i].recipe, cases[i].fitted);
    assert_int_equal(plan->width, cases[i].width);
    int64_t first = 0;
    for (int32_t b = 0; b < plan->block_count; b++) {
      assert_int_equal(plan->blocks[b].first, first);
      first += plan->blocks[b].width;
    }
    assert_int_equal(first, plan->width);
    bai_plan_destroy(plan);
  }
}

static void test_names_in_order(void **state) {
  static const char recipe[] =
      "Kmer(k=1..3) + Kmer(k=2..4, strand=canonical) + Kmer(k=3, slots=16) + "
      "PositionKmer(k=1..2, anchor=start)";
  bai_plan *plan = plan_of(*state, recipe, 5);
  int64_t column = 0;
  char word[32], name[64];
  for (int32_t canonical = 0; canonical < 2; canonical++)
    for (int32_t k = 1 + canonical; k <= 3 + canonical; k++)
      for (uint64_t code = 0; code < UINT64_C(1) << (2 * k); code++) {
        char smaller[32];
        brute_spell(code, k, word);
        memcpy(smaller, word, sizeof word);
        if (canonical) brute_smaller(smaller, k);
        if (strcmp(word, smaller) != 0) continue;
        snprintf(name, sizeof name, "%sKmer_%s", canonical ? "RC" : "", word);
        check_name(*state, plan, column++, name);
      }
  for (int32_t slot = 0; slot < 16; slot++) {
    snprintf(name, sizeof name, "Kmer_3.slot%d", (int)slot);
    check_name(*state, plan, column++, name);
  }
  for (int32_t k = 1; k <= 2; k++)
    for (int32_t position = 0; position + k <= 5; position++)
      for (uint64_t code = 0; code < UINT64_C(1) << (2 * k); code++) {
        brute_spell(code, k, word);
        snprintf(name, sizeof name, "PositionKmer_%s.pos%d", word, (int)position);
        check_name(*state, plan, column++, name);
      }
  assert_int_equal(column, plan->width);
  bai_plan_destroy(plan);
}

static void test_names_of_other_terms(void **state) {
  const struct {
    const char *recipe;
    int64_t fitted, column;
    const char *name;
  } cases[] = {
      {"GappedKmer(gap=0..2)", 0, 16 + 4, "GappedKmer_CA.gap1"},
      {"GappedKmer(k=2, gap=5)", 0, 27, "GappedKmer_ACGT.gap5"},
      {"GappedKmer(gap=1, strand=canonical)", 0, 9, "RCGappedKmer_TA.gap1"}, /* AA AC AG AT CA CC CG GA GC TA */
      {"GappedKmer(k=2, gap=1, slots=16)", 0, 7, "GappedKmer_2.gap1.slot7"},
      {"SpacedKmer(mask=1101011)", 0, 0, "SpacedKmer_AA-A-AA"},
      {"SpacedKmer(mask=1101011)", 0, 1023, "SpacedKmer_TT-T-TT"},
      {"SpacedKmer(mask=10011)", 0, 27, "SpacedKmer_C--GT"},
      {"GKM(l=4, k=2)", 0, 6, "GKM_CG--"},
      {"GKM(l=4, k=2)", 0, 16 * 3 + 6, "GKM_-CG-"},
      {"GKM(l=4, k=2)", 0, 16 * 5 + 14, "GKM_--TG"},
      {"GKM(l=5, k=3, slots=32)", 0, 32 * 9 + 1, "GKM_00111.slot1"},
      {"SpacedKmer(mask=10011, slots=16)", 0, 15, "SpacedKmer_10011.slot15"},
      {"BinnedKmer(k=2, bins=3)", 0, 33, "BinnedKmer_AC.bin2"},
      {"BinnedKmer(k=2, bins=3, strand=canonical)", 0, 19, "RCBinnedKmer_TA.bin1"},
      {"BinnedKmer(k=3, bins=3, slots=16)", 0, 47, "BinnedKmer_3.bin2.slot15"},
      {"Length()", 0, 0, "Length"},
      {"GC()", 0, 0, "Kmer_S"},
      {"GC()", 0, 1, "Kmer_W"},
      {"Kmer(k=2, alphabet=ry)", 0, 1, "Kmer_RY"},
      {"DPC()", 0, 399, "DPC_YY"},
      {"DPC()", 0, 21, "DPC_CC"},
      {"TPC()", 0, 8000 - 20, "TPC_YYA"},
      {"GAAC()", 0, 4, "GAAC_5"},
      {"CKSAAP()", 0, 400 + 19, "CKSAAP_AY.gap1"},
      {"PositionKmer(k=1, alphabet=protein)", 9, 8 * 20 + 18, "PositionKmer_W.pos8"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bai_plan *plan = plan_of(*state, cases[i].recipe, cases[i].fitted);
    check_name(*state, plan, cases[i].column, cases[i].name);
    bai_plan_destroy(plan);
  }
}

/* What only several keys together can say. */
static void test_words_that_cannot_be(void **state) {
  const struct {
    const char *recipe, *message;
  } cases[] = {
      {"Kmer(k=15, alphabet=protein)",
       "recipe: Kmer has words of 15 letters; expected at most 14 of an alphabet of 20"},
      {"GappedKmer(k=8, gap=1, alphabet=protein)",
       "recipe: GappedKmer has words of 16 letters; expected at most 14 of an alphabet of 20"},
      {"Kmer(k=28, alphabet=gaac)", "recipe: Kmer has words of 28 letters; expected at most 27 of an alphabet of 5"},
      {"DPC(strand=canonical)", "recipe: Kmer has strand=canonical; expected that with alphabet=dna only"},
      {"GC(strand=canonical)", "recipe: Kmer has strand=canonical; expected that with alphabet=dna only"},
      {"GKM(l=4, k=5)", "recipe: GKM has windows of l=4 and k=5; expected k no more than l"},
      {"GKM(l=15, k=7)", "recipe: 6435 blocks of features; expected at most 4096"},
      {"SpacedKmer(mask=1011, strand=canonical)",
       "recipe: SpacedKmer has strand=canonical; expected a mask that reads the same from both ends"},
      {"SpacedKmer(mask=110111, strand=canonical)",
       "recipe: SpacedKmer has strand=canonical; expected a mask that reads the same from both ends"},
      {"GappedKmer(k=1..5, gap=0..999)", "recipe: 5000 blocks of features; expected at most 4096"},
  };
  bai_plan *plan;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(make(*state, cases[i].recipe, 10, &plan), BA_ERR_RECIPE);
    assert_string_equal(ba_context_error_message(*state), cases[i].message);
  }
  assert_int_equal(make(*state, "Kmer(k=2) + BinnedKmer(k=8, bins=65536)", 0, &plan), BA_ERR_LIMIT);
  assert_string_equal(
      ba_context_error_message(*state),
      "the recipe comes to more than 2147483647 columns with BinnedKmer of 8 letters; expected fewer or "
      "smaller k, or fewer slots or bins");
  assert_int_equal(make(*state, "PositionKmer(k=8, alphabet=protein)", 10, &plan), BA_ERR_LIMIT);
}

/* Names of wide blocks: the ends and some ranks between, by walking all words in order. */
static void test_names_of_wide_canonical_blocks(void **state) {
  bai_plan *plan = plan_of(*state, "Kmer(k=8, strand=canonical)", 0);
  int64_t count;
  const int64_t *ranks = brute_ranks(8, &count);
  assert_int_equal(count, plan->width);
  for (uint64_t code = 0; code < 65536; code++) {
    char word[32], name[64];
    if (ranks[code] < 0 || (ranks[code] % 97 && ranks[code] > 100 && ranks[code] < count - 100)) continue;
    brute_spell(code, 8, word);
    snprintf(name, sizeof name, "RCKmer_%s", word);
    check_name(*state, plan, ranks[code], name);
  }
  bai_plan_destroy(plan);
}

static void test_fit(void **state) {
  bai_recipe recipe = {{0, 0, 0}};
  bai_plan *plan;
  assert_int_equal(bai_recipe_parse(*state, "PositionKmer(k=2, anchor=start) + PositionKmer(k=1)", &recipe), BA_OK);
  assert_int_equal(bai_plan_create(*state, bai_recipe_member(&recipe, 0), &plan), BA_OK);
  bai_recipe_free(*state, &recipe);
  assert_int_equal(plan->width, -1);
  assert_int_equal(bai_plan_lay_out(*state, plan), BA_ERR_FIT);
  assert_string_equal(ba_context_error_message(*state),
                      "PositionKmer(anchor=none): the length is not known yet; expected a fit on records first");
  assert_int_equal(bai_plan_fit_length(*state, plan, 7, 1), BA_OK);
  assert_int_equal(bai_plan_fit_length(*state, plan, 7, 2), BA_OK);
  assert_int_equal(bai_plan_fit_length(*state, plan, 8, 3), BA_ERR_LENGTH);
  assert_string_equal(ba_context_error_message(*state),
                      "record 3: the sequence has 8 letters, those before it 7; expected equal lengths, as "
                      "PositionKmer(anchor=none) needs (PositionKmer with anchor=start or anchor=end does not)");
  int64_t record, byte;
  ba_context_error_position(*state, &record, &byte);
  assert_int_equal(record, 3);
  assert_int_equal(byte, -1);
  assert_int_equal(plan->fitted_length, 7);
  bai_plan_destroy(plan);
}

static void test_fit_takes_the_longest(void **state) {
  bai_plan *plan = plan_of(*state, "PositionKmer(k=1, anchor=end)", 3);
  assert_int_equal(bai_plan_fit_length(*state, plan, 9, 2), BA_OK);
  assert_int_equal(bai_plan_fit_length(*state, plan, 5, 3), BA_OK);
  assert_int_equal(bai_plan_lay_out(*state, plan), BA_OK);
  assert_int_equal(plan->width, 36);
  bai_plan_destroy(plan);
}

static void test_limits(void **state) {
  bai_plan *plan;
  char recipe[4096] = "Kmer(k=1..31)";
  assert_int_equal(make(*state, "Kmer(k=14..15, slots=1073741824)", 0, &plan), BA_OK);
  bai_plan_destroy(plan);
  assert_int_equal(make(*state, "Kmer(k=15, slots=1073741824) + Kmer(k=15, slots=1073741824)", 0, &plan), BA_ERR_LIMIT);
  assert_string_equal(
      ba_context_error_message(*state),
      "the recipe comes to more than 2147483647 columns with Kmer of 15 letters; expected fewer or smaller k, or "
      "fewer slots or bins");
  assert_int_equal(make(*state, "PositionKmer(k=8)", 32774, &plan), BA_OK); /* 32767 * 65536 < 2^31 */
  bai_plan_destroy(plan);
  assert_int_equal(make(*state, "PositionKmer(k=8)", 32775, &plan), BA_ERR_LIMIT);
  for (int32_t i = 1; i < 133; i++) strcat(recipe, "+Kmer(k=1..31,slots=16)");
  recipe[4095] = 0;
  assert_int_equal(make(*state, recipe, 0, &plan), BA_ERR_RECIPE);
  assert_string_equal(ba_context_error_message(*state), "recipe: 4123 blocks of features; expected at most 4096");
}

static ba_status call_plan(ba_context *context, void *argument) {
  bai_plan *plan;
  bai_vector text = {0, 0, 0};
  ba_status status = make(context, argument, 9, &plan);
  if (!status) status = bai_plan_column_name(context, plan, plan->width - 1, &text);
  bai_vector_free(context, &text);
  bai_plan_destroy(plan);
  return status;
}

static void test_failing_allocations(void **state) {
  (void)state;
  char recipe[] = "Kmer(k=1..3, strand=canonical) + Kmer(k=5, slots=16) + PositionKmer(k=1..2)";
  assert_true(fault_sweep(call_plan, recipe) > 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_widths, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_names_in_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_names_of_wide_canonical_blocks, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_fit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_fit_takes_the_longest, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_names_of_other_terms, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_words_that_cannot_be, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_limits, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_failing_allocations, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
