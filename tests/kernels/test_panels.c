/* SPDX-License-Identifier: MIT
 *
 * test_panels.c: sums of hidden layers over numbers: the definition of kernels.h with MPFR's fused multiply-add, what a
 * sum is off by, and every level by itself: rows of all widths and numbers, the same bits for any number of rows at a
 * time, and no byte beside what is given.
 */
#include <math.h>
#include <mpfr.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/random.h"

#define ROOM 140000
#define MOST_WIDTH 1100
#define CANARY (-77.0)

static uint64_t state;
static float rows[ROOM], panels[ROOM];
static double sums[3][20000];

static uint64_t bits(void) {
  return random_next(&state) >> 20;
}

static const float odd[] = {0.0f, -0.0f, 0x1p-149f, -0x1p-126f, 0x1p64f, -0x1.fffffep63f, 0x1p-40f, 0x1.8p60f};

/* Numbers of many sizes; where `all`, zeros and subnormal and large ones too, as times no more than 2^48 they fit. */
static void fill(float *to, int64_t n, int32_t all) {
  for (int64_t i = 0; i < n; i++) {
    to[i] = ((float)(int64_t)(bits() % 2000003) - 1e6f) * 0x1p-20f;
    if (all && bits() % 5 == 0) to[i] *= ldexpf(1.0f, (int)(bits() % 40) - 20);
    if (all && bits() % 7 == 0) to[i] = odd[bits() % 8];
    if (to == panels && fabsf(to[i]) > 0x1p48f) to[i] *= 0x1p-16f;
  }
}

/* MPFR has as many bits and as small numbers as float32. */
static float fused(float a, float b, float c) {
  mpfr_t x, y, z;
  mpfr_exp_t least = mpfr_get_emin(), most = mpfr_get_emax();
  mpfr_inits2(24, x, y, z, (mpfr_ptr)0);
  mpfr_set_flt(x, a, MPFR_RNDN);
  mpfr_set_flt(y, b, MPFR_RNDN);
  mpfr_set_flt(z, c, MPFR_RNDN);
  mpfr_set_emin(-148);
  mpfr_set_emax(128);
  const int inexact = mpfr_fma(z, x, y, z, MPFR_RNDN);
  mpfr_subnormalize(z, inexact, MPFR_RNDN);
  const float result = mpfr_get_flt(z, MPFR_RNDN);
  mpfr_set_emin(least);
  mpfr_set_emax(most);
  mpfr_clears(x, y, z, (mpfr_ptr)0);
  return result;
}

/* Unit u's sum, as the comment in kernels.h says it. */
static double defined(const float *row, int64_t n, int64_t u) {
  const int64_t chains = (n + 511) / 512 * 4;
  double sum = 0.0;
  for (int64_t c = 0, i = 0; c < chains; c++) {
    float chain = 0.0f;
    for (const int64_t end = i + n / chains + (c < n % chains); i < end; i++)
      chain = fused(row[i], panels[(u / 16 * n + i) * 16 + u % 16], chain);
    sum += (double)chain;
  }
  return sum;
}

static void test_definition(void **unused) {
  static const int64_t widths[] = {0, 1, 2, 3, 4, 5, 31, 100, 511, 512, 513, 1027};
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  (void)unused;
  state = 1;
  for (int32_t w = 0; w < 24; w++) {
    const int64_t n = widths[w / 2];
    fill(rows, n, w % 2);
    fill(panels, 32 * n, w % 2);
    for (int32_t level = 0; level < count; level++) {
      assert_int_equal(levels[level]->dot_panels_f32(sums[level], rows, 0, 1, panels, 2, n), 0);
      for (int64_t u = 0; u < 32; u++) {
        const double expected = defined(rows, n, u);
        assert_memory_equal(&sums[level][u], &expected, 8);
      }
    }
  }
}

/* Half a unit in the last place for each step of a chain, of what a chain has summed by then, and for each number and
 * weight; docs/numbers.md says 8e-6 of the sizes. */
static void test_error(void **unused) {
  const bai_kernels *kernels = bai_kernels_of(NULL);
  long double worst = 0.0L;
  (void)unused;
  state = 2;
  for (int64_t n = 1; n <= MOST_WIDTH; n += 1 + n / 9) {
    static double exact_row[MOST_WIDTH], exact_weights[MOST_WIDTH];
    for (int64_t i = 0; i < n; i++) {
      exact_row[i] = (double)(bits() % 1000003 + 1) / (n % 2 ? 1e6 : -3e5);
      exact_weights[i] = ((double)(bits() % 1000003) - (n % 3 ? 0 : 5e5)) / 7e5;
      rows[i] = (float)exact_row[i];
      for (int32_t u = 0; u < 16; u++) panels[16 * i + u] = (float)exact_weights[i];
    }
    long double exact = 0, sizes = 0;
    for (int64_t i = 0; i < n; i++) {
      exact += (long double)exact_row[i] * exact_weights[i];
      sizes += fabsl((long double)exact_row[i] * exact_weights[i]);
    }
    kernels->dot_panels_f32(sums[0], rows, 0, 1, panels, 1, n);
    for (int32_t u = 0; u < 16; u++) {
      const long double error = fabsl(sums[0][u] - exact) / sizes;
      if (error > worst) worst = error;
    }
  }
  assert_true(worst <= 8e-6L && worst > 1e-9L);
}

/* Rows that overlap, side by side or backwards. */
static void one_shape(int64_t row_count, int64_t count, int64_t n, int64_t stride) {
  const bai_kernels *levels[3];
  const int32_t level_count = bai_kernels_available(levels);
  const int64_t all = row_count * count * 16;
  const float *first = rows + (stride < 0 ? (1 - row_count) * stride : 0);
  assert_true(all < 20000 && n * count * 16 <= ROOM);
  for (int32_t level = 0; level < level_count; level++) {
    double one[16 * 8];
    sums[level][all] = CANARY;
    levels[level]->dot_panels_f32(sums[level], first, 4 * stride, row_count, panels, count, n);
    assert_true(sums[level][all] == CANARY);
    assert_memory_equal(sums[level], sums[0], (size_t)all * 8);
    for (int64_t r = 0; r < row_count; r++) {
      levels[level]->dot_panels_f32(one, first + r * stride, 0, 1, panels, count, n);
      assert_memory_equal(one, sums[0] + r * count * 16, (size_t)count * 128);
    }
  }
}

static void test_shapes(void **unused) {
  (void)unused;
  state = 3;
  for (int64_t n = 0; n <= MOST_WIDTH; n += n < 70 ? 1 : 103) {
    fill(rows, ROOM, n % 2 == 1);
    fill(panels, ROOM, n % 3 == 1);
    for (int64_t count = 1; count <= 5; count++) one_shape((n + 11 * count) % 61, count, n, n % 4 ? 1 + n / 3 : -n / 2);
  }
}

/* Wherever it stands, and only then. */
static void test_numbers_beyond(void **unused) {
  static const float beyond[] = {(float)NAN, -(float)NAN, (float)INFINITY, -(float)INFINITY, 0x1.000002p64f, -0x1p127f};
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  enum { WIDTH = 67, ROWS = 31 };
  static double wide[WIDTH];
  (void)unused;
  memset(panels, 0, sizeof panels);
  for (int32_t level = 0; level < count; level++) {
    for (int64_t i = 0; i < ROWS * WIDTH; i++) rows[i] = odd[i % 8];
    assert_int_equal(levels[level]->dot_panels_f32(sums[0], rows, 4 * WIDTH, ROWS, panels, 1, WIDTH), 0);
    for (int64_t i = 0; i < ROWS * WIDTH; i++) {
      rows[i] = beyond[i % 6];
      const float *row = rows + i / WIDTH * WIDTH;
      assert_int_equal(levels[level]->dot_panels_f32(sums[0], rows, 4 * WIDTH, ROWS, panels, 1, WIDTH), 1);
      assert_int_equal(levels[level]->dot_panels_f32(sums[0], row, 0, 1, panels, 1, WIDTH), 1);
      for (int64_t j = 0; j < WIDTH; j++) wide[j] = (double)row[j];
      assert_int_equal(levels[level]->narrow_f64((float *)(void *)sums[0], wide, WIDTH), 1);
      rows[i] = 1.0f;
      wide[i % WIDTH] = 0x1p64;
      assert_int_equal(levels[level]->narrow_f64((float *)(void *)sums[0], wide, WIDTH), 0);
      wide[i % WIDTH] = -1e300;
      assert_int_equal(levels[level]->narrow_f64((float *)(void *)sums[0], wide, WIDTH), 1);
      assert_true(isinf(((float *)(void *)sums[0])[i % WIDTH]));
    }
  }
}

/* Whole numbers, which every order adds up to the same. */
static void test_relu(void **unused) {
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  double of_units[100], biases[100], weights[100];
  (void)unused;
  state = 4;
  for (int64_t n = 0; n <= 100; n++) {
    double expected = 0.0;
    for (int64_t i = 0; i < n; i++) {
      of_units[i] = (double)(bits() % 2001) - 1000.0;
      biases[i] = i % 9 ? (double)(bits() % 11) : -of_units[i];
      weights[i] = (double)(bits() % 201) - 100.0;
      expected += fmax(of_units[i] + biases[i], 0.0) * weights[i];
    }
    for (int32_t level = 0; level < count; level++) {
      const double sum = levels[level]->relu_dot_f64(of_units, biases, weights, n);
      assert_memory_equal(&sum, &expected, 8);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_definition),     cmocka_unit_test(test_error), cmocka_unit_test(test_shapes),
      cmocka_unit_test(test_numbers_beyond), cmocka_unit_test(test_relu),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
