/* SPDX-License-Identifier: MIT
 *
 * test_sort.c: the sorts against the C library's qsort, and the order of doubles against <.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>

#include "base/base.h"

#define MOST 3000

static int by_value(const void *a, const void *b) {
  uint64_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

static int by_key(const void *a, const void *b) {
  bai_keyed x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return x.key != y.key ? (x.key > y.key) - (x.key < y.key) : (x.index > y.index) - (x.index < y.index);
}

static void test_sorts_like_qsort(void **state) {
  (void)state;
  static uint64_t keys[MOST + 1], expected[MOST + 1];
  static bai_keyed items[MOST + 1], expected_items[MOST + 1];
  const int64_t counts[] = {0, 1, 2, 3, 4, 5, 7, 8, 100, 1001, MOST};
  const uint64_t ranges[] = {1, 2, 10, 5000, UINT64_MAX}; /* few distinct keys, and all distinct */
  for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
    for (uint64_t r = 0; r < 5; r++) {
      const int64_t n = counts[c];
      for (int64_t i = 0; i <= n; i++) {
        keys[i] = expected[i] = bai_random(r, 1, (uint64_t)i) % ranges[r];
        /* Indices neither rising nor distinct from the place. */
        items[i] = expected_items[i] = (bai_keyed){.key = keys[i], .index = (i * 7919) % (n + 1) - 5};
      }
      qsort(expected, (size_t)n, sizeof expected[0], by_value);
      qsort(expected_items, (size_t)n, sizeof expected_items[0], by_key);
      bai_sort_u64(keys, n);
      bai_sort_keyed(items, n);
      /* The item after the last is not touched. */
      assert_memory_equal(keys, expected, (size_t)(n + 1) * sizeof keys[0]);
      assert_memory_equal(items, expected_items, (size_t)(n + 1) * sizeof items[0]);
    }
  }
}

static int by_size(const void *a, const void *b) {
  uint32_t x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  return (x > y) - (x < y);
}

static void test_sorts_short_keys_like_qsort(void **state) {
  ba_context *context;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  static uint32_t keys[MOST + 1], scratch[MOST + 1], expected[MOST];
  const int64_t counts[] = {0, 1, 2, 3, 190, 1001, MOST};
  for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
    for (int32_t bits = 0; bits <= 32; bits++) {
      const int64_t n = counts[c];
      for (int64_t i = 0; i < n; i++)
        keys[i] = expected[i] = (uint32_t)((bai_random(5, (uint64_t)bits, (uint64_t)i) >> 32) >> (32 - bits));
      keys[n] = scratch[n] = 12345;
      qsort(expected, (size_t)n, sizeof expected[0], by_size);
      const uint32_t *sorted = bai_sort_u32(context, keys, scratch, n, bits);
      assert_true(sorted == keys || sorted == scratch);
      assert_memory_equal(sorted, expected, (size_t)n * sizeof expected[0]);
      assert_true(keys[n] == 12345 && scratch[n] == 12345);
    }
  ba_context_destroy(context);
}

/* Few keys are sorted all the same: nobody looks before there are many. */
static void test_cancel(void **state) {
  enum { MANY = 3 * BAI_SLICE };
  static uint32_t keys[MANY], scratch[MANY];
  ba_context *context;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  ba_context_cancel(context);
  for (int32_t bits = 0; bits <= 32; bits += 4) {
    assert_null(bai_sort_u32(context, keys, scratch, MANY, bits));
    assert_non_null(bai_sort_u32(context, keys, scratch, BAI_SLICE, bits));
  }
  ba_context_destroy(context);
}

static void test_already_sorted_and_reversed(void **state) {
  (void)state;
  uint64_t keys[500];
  for (uint64_t i = 0; i < 500; i++) keys[i] = i;
  bai_sort_u64(keys, 500);
  for (uint64_t i = 0; i < 500; i++) assert_true(keys[i] == i);
  for (uint64_t i = 0; i < 500; i++) keys[i] = 499 - i;
  bai_sort_u64(keys, 500);
  for (uint64_t i = 0; i < 500; i++) assert_true(keys[i] == i);
}

static void test_order_of_doubles(void **state) {
  (void)state;
  const double rising[] = {-INFINITY,    -DBL_MAX, -1.5, -1,  -DBL_MIN, -DBL_TRUE_MIN, -0.0,     0.0,
                           DBL_TRUE_MIN, DBL_MIN,  1,    1.5, 2,        DBL_MAX,       INFINITY, NAN};
  for (size_t i = 1; i < sizeof rising / sizeof rising[0]; i++) {
    assert_true(bai_order_of_f64(rising[i - 1]) < bai_order_of_f64(rising[i]));
  }
  for (uint64_t i = 0; i < 10000; i++) {
    const double a = bai_f64_of_bits(bai_random(1, 0, i)), b = bai_f64_of_bits(bai_random(2, 0, i));
    if (!isnan(a) && !isnan(b) && a != b) assert_int_equal(a < b, bai_order_of_f64(a) < bai_order_of_f64(b));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sorts_like_qsort), cmocka_unit_test(test_sorts_short_keys_like_qsort),
      cmocka_unit_test(test_cancel),           cmocka_unit_test(test_already_sorted_and_reversed),
      cmocka_unit_test(test_order_of_doubles),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
