/* SPDX-License-Identifier: MIT
 *
 * test_dense.c: squares and solutions of dense matrices, against long doubles and their own definition.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "train/dense.h"

enum { MOST = 65, ROWS = 90 };

static double rows[ROWS * MOST], square[MOST * MOST], first_square[MOST * MOST];

static double real(uint64_t stream, uint64_t index) {
  return (double)(int64_t)bai_random(3, stream, index) * 0x1p-63;
}

static void fill(int64_t n, int64_t count) {
  for (int64_t i = 0; i < count * n; i++) rows[i] = i % 10 == 3 ? 0.0 : real(1, (uint64_t)i);
  memset(square, 0, sizeof square);
}

static void test_square_is_the_sum_of_products(void **state) {
  const bai_kernels *levels[3];
  (void)state;
  for (int64_t n = 1; n <= MOST; n += 8) {
    for (int32_t level = 0; level < bai_kernels_available(levels); level++) {
      fill(n, ROWS);
      for (int64_t i = 0; i < n * n; i++) square[i] = 0.25;
      levels[level]->add_square_f64(square, n, rows, ROWS, n);
      for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
          long double sum = 0.25L;
          for (int64_t r = 0; r < ROWS; r++) sum += (long double)rows[r * n + i] * rows[r * n + j];
          if (j < i) sum = 0.25L; /* the lower triangle is left alone */
          assert_true(fabsl((long double)square[i * n + j] - sum) <= 1e-12L);
        }
      }
      if (level == 0) memcpy(first_square, square, sizeof square);
      assert_memory_equal(square, first_square, sizeof square);
    }
  }
}

static void test_solution_gives_the_right_side_back(void **state) {
  const bai_kernels *levels[3];
  (void)state;
  for (int64_t n = 1; n <= MOST; n += 8) {
    double first[MOST] = {0};
    for (int32_t level = 0; level < bai_kernels_available(levels); level++) {
      double right[MOST] = {0}, whole[MOST * MOST];
      fill(n, ROWS);
      levels[level]->add_square_f64(square, n, rows, ROWS, n);
      for (int64_t i = 0; i < n; i++) right[i] = real(2, (uint64_t)i);
      for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) whole[i * n + j] = square[(i < j ? i * n + j : j * n + i)];
      assert_int_equal(bai_dense_solve(levels[level], square, n, right), 1);
      for (int64_t i = 0; i < n; i++) {
        long double sum = 0.0L;
        for (int64_t j = 0; j < n; j++) sum += (long double)whole[i * n + j] * right[j];
        assert_true(fabsl(sum - (long double)real(2, (uint64_t)i)) <= 1e-10L);
      }
      if (level == 0) memcpy(first, right, sizeof first);
      assert_memory_equal(first, right, sizeof first);
    }
  }
}

static void test_a_matrix_that_is_not_positive_is_refused(void **state) {
  const bai_kernels *levels[3];
  (void)state;
  bai_kernels_available(levels);
  double indefinite[] = {1.0, 2.0, 0.0, 1.0}, zero[] = {0.0}, nan[] = {NAN}, infinite[] = {INFINITY};
  double right[] = {3.0, 4.0};
  assert_int_equal(bai_dense_solve(levels[0], indefinite, 2, right), 0);
  assert_int_equal(bai_dense_solve(levels[0], zero, 1, right), 0);
  assert_int_equal(bai_dense_solve(levels[0], nan, 1, right), 0);
  assert_int_equal(bai_dense_solve(levels[0], infinite, 1, right), 0);
  assert_true(right[0] == 3.0 && right[1] == 4.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_square_is_the_sum_of_products),
      cmocka_unit_test(test_solution_gives_the_right_side_back),
      cmocka_unit_test(test_a_matrix_that_is_not_positive_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
