/* SPDX-License-Identifier: MIT
 *
 * test_row_cancel.c: one long sequence whose counting is cancelled on the way: what is behind the cancel does no more
 * than a slice of work, counted by calls of kernels, and the row is as good as new once the context was reset.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "features/plan.h"

enum { LETTERS = 700001, CHUNK = 8192 };

static ba_context *context;
static const bai_kernels *real;
static int64_t encoded, words, cancel_encode, cancel_words; /* calls; the one in which the cancel comes, from 1 */
static char letters[LETTERS];

static int64_t counting_encode(uint8_t *codes, const uint8_t *from, int64_t n) {
  assert_true(n <= BAI_SLICE);
  if (++encoded == cancel_encode) ba_context_cancel(context);
  return real->encode(codes, from, n);
}

static void counting_words(uint32_t *out, const uint8_t *codes, int64_t n, int32_t k, int32_t canonical) {
  if (++words == cancel_words) ba_context_cancel(context);
  real->kmer_words(out, codes, n, k, canonical);
}

static bai_row *row_of(const char *text, int32_t rising, bai_plan **plan) {
  bai_recipe recipe = {{0, 0, 0}};
  bai_row *row;
  assert_int_equal(bai_recipe_parse(context, text, &recipe), BA_OK);
  assert_int_equal(bai_plan_create(context, bai_recipe_member(&recipe, 0), plan), BA_OK);
  assert_int_equal(bai_row_create(context, *plan, LETTERS, &row), BA_OK);
  row->rising = rising;
  bai_recipe_free(context, &recipe);
  return row;
}

static ba_status extract(const bai_kernels *kernels, bai_row *row) {
  encoded = words = 0;
  return bai_row_extract_letters(kernels, row, letters, LETTERS);
}

static void check(const char *text, int32_t rising) {
  bai_kernels kernels = *real;
  kernels.encode = counting_encode;
  kernels.kmer_words = counting_words;
  bai_plan *plan, *other;
  bai_row *row = row_of(text, rising, &plan), *fresh = row_of(text, rising, &other);
  cancel_encode = cancel_words = 0;
  assert_int_equal(extract(&kernels, fresh), BA_OK);
  const int64_t encodes = encoded, all = words;
  assert_true(encodes == (LETTERS + BAI_SLICE - 1) / BAI_SLICE);
  assert_true(all == 0 || all >= LETTERS / CHUNK);
  for (int64_t at = -3; at <= all; at += at < 1 ? 1 : all / 3) { /* amid the letters, the words, and at the last word */
    cancel_encode = at < 1 ? encodes + at : 0;
    cancel_words = at < 1 ? 0 : at + all / 3 > all ? all : at;
    assert_int_equal(extract(&kernels, row), BA_ERR_CANCELLED);
    assert_int_equal(encoded, cancel_encode ? cancel_encode : encodes);
    assert_int_equal(words, cancel_words);
    assert_int_equal(extract(&kernels, row), BA_ERR_CANCELLED); /* still */
    assert_true(encoded <= 1 && words == 0);
    cancel_encode = cancel_words = 0;
    assert_int_equal(ba_context_reset(context), BA_OK);
    assert_int_equal(extract(&kernels, row), BA_OK);
    const int32_t last = plan->block_count - 1;
    assert_memory_equal(row->ends, fresh->ends, (size_t)plan->block_count * 8);
    assert_memory_equal(row->columns, fresh->columns, (size_t)row->ends[last] * 4);
    assert_memory_equal(row->counts, fresh->counts, (size_t)row->ends[last] * 4);
    for (int64_t i = 0; i < plan->most_slots; i++) assert_int_equal(row->table[i], 0);
  }
  bai_row_destroy(row);
  bai_row_destroy(fresh);
  bai_plan_destroy(plan);
  bai_plan_destroy(other);
}

static void test_words(void **state) {
  (void)state;
  check("Kmer(k=6)", 0);
  check("Kmer(k=11, strand=canonical)", 0);
  check("Kmer(k=9) + Kmer(k=5) + Length()", 0);
  check("Length()", 0);
}

static void test_rising_words(void **state) {
  (void)state;
  check("Kmer(k=6)", 1);                 /* by the whole table */
  check("Kmer(k=12)", 1);                /* sorted */
  check("Kmer(k=14, slots=8388608)", 1); /* hashed and sorted */
}

static void test_ambiguous_letters(void **state) {
  (void)state;
  for (int64_t i = 0; i < LETTERS; i += 1000) letters[i] = 'N';
  check("Kmer(k=6)", 0);
  check("Kmer(k=8)", 1);
}

static int set_up(void **state) {
  (void)state;
  if (ba_context_create(NULL, &context)) return -1;
  real = bai_kernels_of(context);
  for (int64_t i = 0; i < LETTERS; i++) letters[i] = "ACGT"[bai_random(3, 0, (uint64_t)i) & 3];
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  ba_context_destroy(context);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_rising_words),
                                     cmocka_unit_test(test_ambiguous_letters)};
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
