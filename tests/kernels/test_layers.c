/* SPDX-License-Identifier: MIT
 *
 * test_layers.c: the loops of networks: what they compute, by whole numbers that float32 holds exactly, and that every
 * level gives the same bits for fractions of all sizes and touches nothing outside its ranges.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/random.h"

#define ROOM 200000
#define CANARY (-77.0f)

static uint64_t state;
static float in[4][ROOM], out[3][3][ROOM]; /* outputs by level */

static uint64_t bits(void) {
  return random_next(&state) >> 20;
}

/* Whole numbers, or fractions with some zeros, subnormals and infinities. */
static void fill(float *to, int64_t n, int32_t whole) {
  static const float odd[] = {0.0f, -0.0f, 0x1p-149f, 0x1p-126f, 0x1p100f, (float)INFINITY, -(float)INFINITY};
  for (int64_t i = 0; i < n; i++) {
    to[i] = (float)(int64_t)(bits() % 15) - 7.0f;
    if (whole) continue;
    to[i] *= (float)(bits() % 1000003) * 0x1p-20f;
    if (bits() % 9 == 0) to[i] = odd[bits() % (whole < 0 ? 7 : 4)];
  }
}

static void check_levels(int32_t count, int32_t outputs) {
  for (int32_t level = 1; level < count; level++)
    for (int32_t o = 0; o < outputs; o++)
      for (int64_t i = 0; i < ROOM; i++)
        if (memcmp(&out[0][o][i], &out[level][o][i], 4) && !(isnan(out[0][o][i]) && isnan(out[level][o][i])))
          fail_msg("level %d, output %d, number %ld: %a for %a", level, o, (long)i, (double)out[level][o][i],
                   (double)out[0][o][i]);
}

static void clear(int32_t count) {
  for (int32_t level = 0; level < count; level++)
    for (int32_t o = 0; o < 3; o++)
      for (int64_t i = 0; i < ROOM; i++) out[level][o][i] = CANARY;
}

static void one_gemm(int64_t rows, int64_t inner, int64_t columns, int64_t row, int64_t step, int32_t whole) {
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  const int64_t ldc = columns + 3, ldb = columns + 1;
  fill(in[0], ROOM, whole);
  fill(in[1], ROOM, whole);
  clear(count);
  for (int32_t level = 0; level < count; level++) {
    for (int64_t i = 0; i < rows; i++) memcpy(out[level][0] + i * ldc, in[2] + i * ldc, (size_t)columns * 4);
    levels[level]->gemm_f32(out[level][0], ldc, in[0], row, step, in[1], ldb, rows, inner, columns);
  }
  check_levels(count, 1);
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t j = 0; j < 3 && i + 1 < rows; j++) assert_true(out[0][0][i * ldc + columns + j] == CANARY);
    for (int64_t j = 0; whole == 1 && j < columns; j++) {
      double sum = (double)in[2][i * ldc + j];
      for (int64_t k = 0; k < inner; k++) sum += (double)in[0][i * row + k * step] * (double)in[1][k * ldb + j];
      assert_true((double)out[0][0][i * ldc + j] == sum);
    }
  }
  assert_true(out[0][0][rows ? (rows - 1) * ldc + columns : 0] == CANARY);
}

static void test_gemm(void **unused) {
  (void)unused;
  state = 7;
  fill(in[2], ROOM, 1);
  for (int64_t rows = 0; rows < 20; rows++)
    for (int64_t columns = 0; columns < 110; columns += columns < 34 ? 1 : 7)
      one_gemm(rows, (rows * 5 + columns) % 37, columns, 40, 1, (int32_t)(rows + columns) % 3 - 1);
  one_gemm(50, 480, 96 - 15, 96, 1, 1); /* rows of a convolution overlap */
  one_gemm(300, 30, 96, 1, 300, 1);     /* across */
  one_gemm(300, 30, 64, 1, 300, 0);
}

/* A convolution of width w written out: position by position, letter by letter. */
static void test_letters(void **unused) {
  (void)unused;
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  state = 11;
  for (int64_t round = 0; round < 120; round++) {
    const int64_t filters = round % 3 ? 1 + (int64_t)(bits() % 70) : 16 * (1 + round / 3 % 7),
                  groups = 1 + (int64_t)(bits() % 4), width = 4 * groups;
    const int64_t positions = (int64_t)(bits() % 30);
    const int32_t whole = (int32_t)(round % 2);
    uint8_t codes[64], pairs[64];
    for (int64_t i = 0; i < 64; i++) codes[i] = (uint8_t)(bits() % 5);
    for (int64_t i = 0; i < 63; i++) pairs[i] = (uint8_t)(5 * codes[i] + codes[i + 1]);
    float *weights = in[0], *bias = in[1], *tables = in[2], *slope = in[3]; /* weights: 5 rows a place, the last 0 */
    fill(weights, 5 * width * filters, whole);
    fill(bias, filters, whole);
    fill(slope, positions * filters, whole);
    for (int64_t t = 0; t < width; t++) memset(weights + (5 * t + 4) * filters, 0, (size_t)filters * 4);
    for (int64_t i = 0; i < 2 * groups * BAI_PAIRS * filters; i++) {
      const int64_t table = i / filters / BAI_PAIRS, pair = i / filters % BAI_PAIRS, j = i % filters;
      tables[i] =
          weights[(5 * (2 * table) + pair / 5) * filters + j] + weights[(5 * (2 * table + 1) + pair % 5) * filters + j];
    }
    clear(count);
    for (int32_t level = 0; level < count; level++) {
      levels[level]->letters_f32(out[level][0], bias, tables, pairs, positions, groups, filters);
      memset(out[level][1], 0, (size_t)(4 * width * filters) * 4);
      levels[level]->letters_slope_f32(out[level][1], slope, codes, positions, width, filters);
    }
    check_levels(count, 2);
    assert_true(out[0][0][positions * filters] == CANARY && out[0][1][4 * width * filters] == CANARY);
    for (int64_t i = 0; whole && i < positions * filters; i++) {
      double sum = (double)bias[i % filters];
      for (int64_t t = 0; t < width; t++)
        sum += (double)weights[(5 * t + codes[i / filters + t]) * filters + i % filters];
      assert_true((double)out[0][0][i] == sum);
    }
    for (int64_t i = 0; whole && i < 4 * width * filters; i++) {
      double sum = 0.0;
      for (int64_t p = 0; p < positions; p++)
        if (codes[p + i / filters / 4] == i / filters % 4) sum += (double)slope[p * filters + i % filters];
      assert_true((double)out[0][1][i] == sum);
    }
  }
}

/* The largest and the sum of what a convolution finds: of its values as test_letters has them, one after the other. */
static void test_find(void **unused) {
  (void)unused;
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  state = 19;
  for (int64_t round = 0; round < 150; round++) {
    const int64_t filters = round % 3 ? 1 + (int64_t)(bits() % 30) : 16 * (1 + round / 3 % 6);
    const int64_t groups = 1 + (int64_t)(bits() % 3);
    const int64_t positions = (int64_t)(bits() % 40);
    const int32_t whole = round % 2 ? 1 : round % 4 ? 0 : -1;
    uint8_t codes[64];
    uint16_t quads[64];
    float *tables = in[0], *values = in[1];
    for (int64_t i = 0; i < 64; i++) codes[i] = (uint8_t)(bits() % 5);
    fill(tables, BAI_QUADS * groups * filters, whole);
    for (int64_t p = 0; p < positions; p++) {
      for (int64_t j = 0; j < filters; j++) {
        float *value = &values[p * filters + j];
        for (int64_t g = 0; g < groups; g++) {
          const uint8_t *c = codes + p + 4 * g;
          const float part = tables[(((((g * 5 + c[0]) * 5 + c[1]) * 5 + c[2]) * 5) + c[3]) * filters + j];
          *value = g ? *value + part : part;
        }
      }
    }
    clear(count);
    for (int32_t level = 0; level < count; level++) {
      quads[60] = 7;
      levels[level]->join_letters(quads, codes, 60);
      assert_int_equal(quads[60], 7);
      levels[level]->find_letters_f32(out[level][0], out[level][1], tables, quads, positions, groups, filters);
      assert_true(out[level][0][filters] == CANARY && out[level][1][filters] == CANARY);
      levels[level]->find_rows_f32(out[level][2], out[level][2] + filters, values, positions, filters);
      assert_memory_equal(out[level][0], out[level][2], (size_t)filters * 4);
      assert_memory_equal(out[level][1], out[level][2] + filters, (size_t)filters * 4);
      assert_true(out[level][2][2 * filters] == CANARY);
    }
    check_levels(count, 3);
    for (int64_t j = 0; j < filters; j++) {
      float best = 0.0f, sum = 0.0f;
      for (int64_t p = 0; p < positions; p++) {
        const float value = values[p * filters + j];
        if (value > best) best = value;
        if (value > 0.0f) sum += value;
      }
      assert_true(out[0][0][j] == best && out[0][1][j] == sum);
    }
  }
}

static void test_most(void **unused) {
  (void)unused;
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  state = 13;
  for (int64_t round = 0; round < 200; round++) {
    const int64_t columns = 1 + (int64_t)(bits() % 100), rows = (int64_t)(bits() % 12);
    int32_t which[3][100];
    fill(in[0], rows * columns, round % 2 ? 1 : -1);
    fill(in[1], columns, 1);
    clear(count);
    for (int32_t level = 0; level < count; level++) {
      levels[level]->most_f32(out[level][0], which[level], in[0], rows, columns);
      levels[level]->most_f32(out[level][1], NULL, in[0], rows, columns);
      levels[level]->spread_f32(out[level][2], in[1], which[level], rows, columns);
      assert_memory_equal(which[level], which[0], (size_t)columns * 4);
      assert_memory_equal(out[level][0], out[level][1], (size_t)columns * 4);
    }
    check_levels(count, 3);
    for (int64_t j = 0; j < columns; j++) {
      float best = 0.0f;
      int32_t at = -1;
      for (int32_t r = 0; r < rows; r++) {
        if (!(in[0][r * columns + j] > best)) continue;
        best = in[0][r * columns + j];
        at = r;
      }
      assert_true(out[0][0][j] == best && which[0][j] == at);
      for (int32_t r = 0; r < rows; r++) assert_true(out[0][2][r * columns + j] == (r == at ? in[1][j] : 0.0f));
    }
    assert_true(out[0][0][columns] == CANARY && out[0][2][rows * columns] == CANARY);
  }
}

/* Rows picked by index, with repetitions; those of one range alone on the way back. */
static void test_picked_rows(void **unused) {
  (void)unused;
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  uint32_t picked[200];
  state = 23;
  for (int64_t columns = 0; columns < 70; columns++) {
    const int64_t ld = columns + columns % 3, n = columns * 7 % 200;
    const uint32_t first = (uint32_t)(columns % 5), end = 40 - (uint32_t)(columns % 4);
    const int32_t whole = columns % 2 ? 1 : 0;
    for (int32_t i = 0; i < 4; i++) fill(in[i], ROOM, whole);
    for (int64_t i = 0; i < n; i++) picked[i] = (uint32_t)(bits() % 50);
    clear(count);
    for (int32_t level = 0; level < count; level++) {
      memcpy(out[level][0], in[1], (size_t)columns * 4);
      levels[level]->gather_rows_f32(out[level][0], in[0], ld, picked, in[2], n, columns);
      memcpy(out[level][1], in[0], (size_t)(50 * ld) * 4);
      levels[level]->scatter_rows_f32(out[level][1], ld, picked, in[2], n, in[3], columns, first, end);
    }
    check_levels(count, 2);
    if (!whole) continue;
    for (int64_t i = 0; i < n; i++) {
      for (int64_t j = 0; j < columns; j++) {
        in[1][j] += in[2][i] * in[0][picked[i] * ld + j];
        if (picked[i] >= first && picked[i] < end) out[0][1][picked[i] * ld + j] -= in[2][i] * in[3][j];
      }
    }
    for (int64_t j = 0; j < columns; j++) assert_true(out[0][0][j] == in[1][j]);
    for (int64_t i = 0; i < 50 * ld; i++) assert_true(out[0][1][i] == in[0][i]);
    assert_true(out[0][0][columns] == CANARY && out[0][1][50 * ld] == CANARY);
  }
}

static void test_rows(void **unused) {
  (void)unused;
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  const bai_adam how = {0.9f, 0.999f, 0.01f, 1e-8f, 0.001f};
  state = 17;
  for (int64_t columns = 0; columns < 90; columns++) {
    const int64_t rows = columns % 7;
    for (int32_t i = 0; i < 4; i++) fill(in[i], 1000, 1);
    clear(count);
    for (int32_t level = 0; level < count; level++) {
      memcpy(out[level][0], in[1], (size_t)columns * 4);
      levels[level]->add_rows_f32(out[level][0], in[0], rows, columns);
      memcpy(out[level][1], in[0], (size_t)(rows * columns) * 4);
      levels[level]->add_row_f32(out[level][1], in[1], rows, columns);
    }
    check_levels(count, 2);
    for (int64_t i = 0; i < rows * columns; i++) assert_true(out[0][1][i] == in[0][i] + in[1][i % columns]);
    for (int64_t j = 0; j < columns; j++) {
      float sum = in[1][j];
      for (int64_t r = 0; r < rows; r++) sum += in[0][r * columns + j];
      assert_true(out[0][0][j] == sum);
    }
    clear(count);
    for (int32_t level = 0; level < count; level++) {
      for (int32_t i = 0; i < 3; i++) memcpy(out[level][i], in[i], (size_t)columns * 4);
      for (int64_t i = 0; i < columns; i++) out[level][2][i] = fabsf(out[level][2][i]);
      levels[level]->adam_f32(out[level][0], out[level][1], out[level][2], in[3], columns, &how);
    }
    check_levels(count, 3);
    for (int64_t i = 0; i < columns; i++) {
      const double x = (double)in[0][i], g = (double)in[3][i];
      const double m = (double)how.b1 * (double)in[1][i] + (double)(1.0f - how.b1) * g;
      const double v = (double)how.b2 * fabs((double)in[2][i]) + (double)(1.0f - how.b2) * g * g;
      const double expected = x - ((double)how.step * m / (sqrt(v) + (double)how.small) + (double)how.decay * x);
      assert_true(fabs((double)out[0][0][i] - expected) <= 2e-6 * (fabs(expected) + fabs(x) + 1.0));
    }
    for (int32_t i = 0; i < 3; i++) assert_true(out[0][i][columns] == CANARY);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_gemm),        cmocka_unit_test(test_letters), cmocka_unit_test(test_most),
      cmocka_unit_test(test_picked_rows), cmocka_unit_test(test_rows),    cmocka_unit_test(test_find),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
