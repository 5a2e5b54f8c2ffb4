/* SPDX-License-Identifier: MIT
 *
 * test_value.c: what a count becomes, against exact integers and long doubles.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "features/plan.h"

static const ba_context never; /* is it cancelled */

/* r = round(sqrt(s)) exactly when (r - 1/2)^2 < s < (r + 1/2)^2, which for integers is r^2 - r < s <= r^2 + r. */
__extension__ typedef unsigned __int128 wide;

static int32_t is_rounded_root(uint64_t root, uint32_t count) {
  const wide s = (wide)count << 40, r = root; /* (2^20 sqrt(c))^2 */
  return s == 0 ? r == 0 : r * r - r < s && s <= r * r + r;
}

static void test_fixed_sqrt_is_the_rounded_root(void **state) {
  (void)state;
  for (uint32_t c = 0; c < 2000000; c++)
    if (!is_rounded_root(bai_fixed_sqrt(c), c)) fail_msg("count %u", c);
  for (uint64_t i = 0; i < 1000000; i++) {
    const uint32_t c = (uint32_t)(bai_random(5, 0, i) >> 33);
    if (!is_rounded_root(bai_fixed_sqrt(c), c)) fail_msg("count %u", c);
  }
  /* Around squares, where a double that is off by one would show, up to the largest count. */
  for (uint32_t root = 1; root <= 46340; root++)
    for (uint32_t d = 0; d < 3; d++) {
      const uint32_t c = root * root + d - 1;
      if (!is_rounded_root(bai_fixed_sqrt(c), c)) fail_msg("count %u", c);
      if (d == 1) assert_int_equal(bai_fixed_sqrt(c), (uint64_t)root << 20);
    }
  for (uint32_t c = INT32_MAX; c > (uint32_t)INT32_MAX - 100000; c--)
    if (!is_rounded_root(bai_fixed_sqrt(c), c)) fail_msg("count %u", c);
  assert_int_equal(bai_fixed_sqrt(2), 1482910); /* 1048576 * 1.41421356... = 1482910.4 */
  assert_int_equal(bai_fixed_sqrt(3), 1816187); /* 1048576 * 1.73205080... = 1816186.9 */
}

static const char *const value_names[] = {"count", "freq", "sqrt", "binary"};
static const char *const norm_names[] = {"l2", "l1", "none"};

/* What the recipe says a count becomes, before the norm. */
static long double value_of(int32_t value, uint32_t count, long double kept) {
  switch (value) {
    case BAI_VALUE_COUNT:
      return count;
    case BAI_VALUE_FREQ:
      return count / kept;
    case BAI_VALUE_SQRT:
      return sqrtl(count);
    default:
      return 1;
  }
}

static void check_counts(const uint32_t *counts, int64_t n) {
  long double kept = 0;
  uint64_t roots = 0;
  for (int64_t i = 0; i < n; i++) {
    kept += counts[i];
    roots += bai_fixed_sqrt(counts[i]);
  }
  for (int32_t value = 0; value < 4; value++)
    for (int32_t norm = 0; norm < 3; norm++) {
      const bai_block block = {.kind = BAI_TERM_KMER, .value = value, .norm = norm, .per = 1};
      double values[64];
      long double divisor = norm == BAI_NORM_NONE, length = 0;
      for (int64_t i = 0; i < n; i++) {
        const long double v = value_of(value, counts[i], kept);
        if (norm == BAI_NORM_L1) divisor += v;
        if (norm == BAI_NORM_L2) length += v * v;
      }
      if (norm == BAI_NORM_L2) divisor = sqrtl(length);
      bai_values_double(&block, counts, n, values);
      const double ours = bai_block_divisor(&never, &block, counts, n);
      /* The l1 norm of roots is the sum of their fixed-point forms: each is within half of 2^-20 of a root >= 1. */
      const int32_t fixed = value == BAI_VALUE_SQRT && norm == BAI_NORM_L1;
      if (fixed) assert_true(ours == (double)roots / 1048576.0);
      for (int64_t i = 0; i < n; i++) {
        const long double want = value_of(value, counts[i], kept) / divisor;
        const long double off = fabsl(values[i] / ours - want) / want;
        if (off > (fixed ? 0x1p-21L : 0x1p-51L))
          fail_msg("value=%s norm=%s entry %d: %.20g, expected %.20Lg", value_names[value], norm_names[norm], (int)i,
                   values[i] / ours, want);
      }
    }
}

static void test_every_value_with_every_norm(void **state) {
  (void)state;
  const uint32_t one[] = {1}, some[] = {1, 2, 3, 4, 100}, large[] = {1, 2147483647, 65536};
  check_counts(one, 1);
  check_counts(some, 5);
  check_counts(large, 3);
  for (uint64_t seed = 0; seed < 200; seed++) {
    uint32_t counts[64];
    const int64_t n = 1 + (int64_t)(bai_random(seed, 1, 0) % 64);
    for (int64_t i = 0; i < n; i++)
      counts[i] = 1 + (uint32_t)(bai_random(seed, 2, (uint64_t)i) % (seed % 2 ? 5 : 100000));
    check_counts(counts, n);
  }
}

/* With l2 the squares of the values of a block add up to 1, with l1 the values do. */
static void test_norms_make_one(void **state) {
  (void)state;
  const uint32_t counts[] = {7, 1, 1, 12, 3};
  for (int32_t value = 0; value < 4; value++)
    for (int32_t norm = 0; norm < 2; norm++) {
      const bai_block block = {.kind = BAI_TERM_KMER, .value = value, .norm = norm, .per = 1};
      double values[5], sum = 0;
      bai_values_double(&block, counts, 5, values);
      const double divisor = bai_block_divisor(&never, &block, counts, 5);
      for (int32_t i = 0; i < 5; i++)
        sum += norm == BAI_NORM_L2 ? values[i] / divisor * (values[i] / divisor) : values[i] / divisor;
      assert_true(fabs(sum - 1) < (value == BAI_VALUE_SQRT && norm == BAI_NORM_L1 ? 1e-5 : 1e-14));
    }
}

/* Order of the entries must not show in a divisor. */
static void test_divisors_do_not_depend_on_order(void **state) {
  (void)state;
  uint32_t counts[50], turned[50];
  for (uint32_t i = 0; i < 50; i++) counts[i] = 1 + (uint32_t)(bai_random(9, 9, i) % 1000);
  for (uint32_t i = 0; i < 50; i++) turned[i] = counts[(i * 7 + 3) % 50];
  for (int32_t value = 0; value < 4; value++)
    for (int32_t norm = 0; norm < 3; norm++) {
      const bai_block block = {.kind = BAI_TERM_KMER, .value = value, .norm = norm, .per = 1};
      assert_true(bai_block_divisor(&never, &block, counts, 50) == bai_block_divisor(&never, &block, turned, 50));
      assert_true(bai_block_divisor(&never, &block, counts, 0) == 1.0);
    }
}

static void test_fixed_values(void **state) {
  (void)state;
  uint32_t counts[300], fixed[300];
  for (uint32_t i = 0; i < 300; i++) counts[i] = 1 + i * i * 7;
  for (int32_t value = 0; value < 4; value++) {
    const bai_block block = {.kind = BAI_TERM_KMER, .value = value};
    bai_values_fixed(&block, counts, 300, fixed);
    for (int32_t i = 0; i < 300; i++) {
      if (value == BAI_VALUE_SQRT)
        assert_true(is_rounded_root(fixed[i], counts[i]));
      else
        assert_int_equal(fixed[i], value == BAI_VALUE_BINARY ? 1 : counts[i]);
    }
    assert_true(bai_value_unit(&block) == (value == BAI_VALUE_SQRT ? 0x1p-20 : 1.0));
  }
}

/* Counts in units of 1/256: what 256 c gives is what c gives without weights, to the bit, and others are in between. */
static void test_weighted_counts(void **state) {
  (void)state;
  uint32_t counts[64], shares[64], fixed[64];
  for (uint32_t i = 0; i < 64; i++) counts[i] = 1 + i * i * (i % 5 ? 1 : 100);
  for (uint32_t i = 0; i < 64; i++) shares[i] = 256 * counts[i];
  for (int32_t value = BAI_VALUE_COUNT; value <= BAI_VALUE_SQRT; value++)
    for (int32_t norm = 0; norm < 3; norm++) {
      const bai_block plain = {.kind = BAI_TERM_KMER, .value = value, .norm = norm};
      const bai_block weighted = {.kind = BAI_TERM_KMER, .value = value, .norm = norm, .weighted = 1};
      double a[64], b[64];
      assert_true(bai_block_divisor(&never, &plain, counts, 64) == bai_block_divisor(&never, &weighted, shares, 64));
      assert_true(bai_block_divisor(&never, &weighted, shares, 0) == 1.0);
      bai_values_double(&plain, counts, 64, a);
      bai_values_double(&weighted, shares, 64, b);
      for (int32_t i = 0; i < 64; i++) {
        assert_true(a[i] == b[i]);
        assert_true((double)bai_value_fixed(&plain, counts[i]) * bai_value_unit(&plain) ==
                    (double)bai_value_fixed(&weighted, shares[i]) * bai_value_unit(&weighted));
      }
    }
  const bai_block roots = {.kind = BAI_TERM_KMER, .value = BAI_VALUE_SQRT, .norm = BAI_NORM_L1, .weighted = 1};
  for (uint32_t c = 1; c < 1000000; c++) {
    /* r = round(sqrt(s)) for s = 2^40 c / 256 */
    const wide s = (wide)c << 32, r = bai_value_fixed(&roots, c);
    if (r * r - r >= s || s > r * r + r) fail_msg("count %u", c);
  }
  const uint32_t last = UINT32_MAX - 255; /* 2^24 - 1 k-mers */
  const wide s = (wide)last << 32, r = bai_value_fixed(&roots, last);
  assert_true(r * r - r < s && s <= r * r + r && r < UINT32_MAX);
  for (uint32_t i = 0; i < 64; i++) counts[i] = 1 + i * 37;
  bai_values_fixed(&roots, counts, 64, fixed);
  uint64_t sum = 0;
  for (int32_t i = 0; i < 64; i++) sum += fixed[i];
  assert_true(bai_block_divisor(&never, &roots, counts, 64) == (double)sum / 1048576.0);
  const bai_block plain = {.kind = BAI_TERM_KMER, .value = BAI_VALUE_COUNT, .norm = BAI_NORM_NONE, .weighted = 1};
  double values[64];
  bai_values_double(&plain, counts, 64, values);
  for (int32_t i = 0; i < 64; i++) assert_true(values[i] * 256 == counts[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_fixed_sqrt_is_the_rounded_root),
      cmocka_unit_test(test_every_value_with_every_norm),
      cmocka_unit_test(test_norms_make_one),
      cmocka_unit_test(test_divisors_do_not_depend_on_order),
      cmocka_unit_test(test_fixed_values),
      cmocka_unit_test(test_weighted_counts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
