/* SPDX-License-Identifier: MIT
 *
 * tiles.h: loops of layers.h for the levels with wide registers: of a product, tiles of up to BAI_TILE_ROWS rows by
 * three vectors of BAI_TILE_BYTES stay in registers while k runs; of the others, up to four vectors. Each number is
 * summed as layers.h says, so the bits are the same. A level defines tile_vector and tile_larger before: of two numbers
 * the first where it is larger, else the second.
 */
#include <stdint.h>
#include <string.h>

#define TILE_LANES (BAI_TILE_BYTES / 4)
#define TILE_VECTORS 3

BAI_WITH tile_vector tile_load(const float *from) {
  tile_vector v;
  memcpy(&v, from, sizeof v);
  return v;
}

BAI_WITH void tile(float *c, int64_t ldc, const float *a, int64_t row, int64_t step, const float *b, int64_t ldb,
                   int64_t inner, const int32_t rows, const int32_t vectors) {
  tile_vector sum[BAI_TILE_ROWS][TILE_VECTORS];
#pragma GCC unroll 8
  for (int32_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
    for (int32_t v = 0; v < vectors; v++) sum[r][v] = tile_load(c + r * ldc + v * TILE_LANES);
  }
  for (int64_t k = 0; k < inner; k++) {
    tile_vector right[TILE_VECTORS];
#pragma GCC unroll 3
    for (int32_t v = 0; v < vectors; v++) right[v] = tile_load(b + k * ldb + v * TILE_LANES);
#pragma GCC unroll 8
    for (int32_t r = 0; r < rows; r++) {
      const float left = a[r * row + k * step];
#pragma GCC unroll 3
      for (int32_t v = 0; v < vectors; v++) sum[r][v] += left * right[v];
    }
  }
#pragma GCC unroll 8
  for (int32_t r = 0; r < rows; r++) {
#pragma GCC unroll 3
    for (int32_t v = 0; v < vectors; v++) memcpy(c + r * ldc + v * TILE_LANES, &sum[r][v], BAI_TILE_BYTES);
  }
}

/* All rows of a column of tiles. */
BAI_WITH void tile_panel(float *c, int64_t ldc, const float *a, int64_t row, int64_t step, const float *b, int64_t ldb,
                         int64_t rows, int64_t inner, const int32_t vectors) {
  int64_t i = 0;
  for (; i + BAI_TILE_ROWS <= rows; i += BAI_TILE_ROWS)
    tile(c + i * ldc, ldc, a + i * row, row, step, b, ldb, inner, BAI_TILE_ROWS, vectors);
  if (BAI_TILE_ROWS > 4 && rows - i >= 4) {
    tile(c + i * ldc, ldc, a + i * row, row, step, b, ldb, inner, 4, vectors);
    i += 4;
  }
  if (rows - i >= 2) {
    tile(c + i * ldc, ldc, a + i * row, row, step, b, ldb, inner, 2, vectors);
    i += 2;
  }
  if (rows - i >= 1) tile(c + i * ldc, ldc, a + i * row, row, step, b, ldb, inner, 1, vectors);
}

/* Columns that fill no vector: the sums of a row still stay in registers. */
BAI_WITH void tile_rest(float *c, int64_t ldc, const float *a, int64_t row, int64_t step, const float *b, int64_t ldb,
                        int64_t rows, int64_t inner, const int32_t columns) {
  for (int64_t i = 0; i < rows; i++) {
    float sum[4];
    for (int32_t j = 0; j < columns; j++) sum[j] = c[i * ldc + j];
#pragma GCC unroll 4
    for (int64_t k = 0; k < inner; k++)
      for (int32_t j = 0; j < columns; j++) sum[j] += a[i * row + k * step] * b[k * ldb + j];
    for (int32_t j = 0; j < columns; j++) c[i * ldc + j] = sum[j];
  }
}

static void gemm_f32(float *c, int64_t ldc, const float *a, int64_t row, int64_t step, const float *b, int64_t ldb,
                     int64_t rows, int64_t inner, int64_t columns) {
  int64_t j = 0;
  for (; j + 3 * TILE_LANES <= columns; j += 3 * TILE_LANES)
    tile_panel(c + j, ldc, a, row, step, b + j, ldb, rows, inner, 3);
  if (j + 2 * TILE_LANES <= columns) {
    tile_panel(c + j, ldc, a, row, step, b + j, ldb, rows, inner, 2);
    j += 2 * TILE_LANES;
  }
  if (j + TILE_LANES <= columns) {
    tile_panel(c + j, ldc, a, row, step, b + j, ldb, rows, inner, 1);
    j += TILE_LANES;
  }
  for (; j + 4 <= columns; j += 4) tile_rest(c + j, ldc, a, row, step, b + j, ldb, rows, inner, 4);
  if (j + 2 <= columns) {
    tile_rest(c + j, ldc, a, row, step, b + j, ldb, rows, inner, 2);
    j += 2;
  }
  if (j < columns) tile_rest(c + j, ldc, a, row, step, b + j, ldb, rows, inner, 1);
}

/* `vectors` of them from filter j on, at all positions. */
BAI_WITH void letters_panel(float *out, const float *bias, const float *tables, const uint8_t *pairs, int64_t positions,
                            int64_t groups, int64_t filters, int64_t j, const int32_t vectors) {
  for (int64_t p = 0; p < positions; p++, pairs++) {
    tile_vector sum[4];
    const float *table = tables + j;
#pragma GCC unroll 4
    for (int32_t v = 0; v < vectors; v++) sum[v] = tile_load(bias + j + v * TILE_LANES);
    for (int64_t g = 0; g < groups; g++, table += 2 * BAI_PAIRS * filters) {
      const float *first = table + pairs[4 * g] * filters;
      const float *second = table + (BAI_PAIRS + pairs[4 * g + 2]) * filters;
#pragma GCC unroll 4
      for (int32_t v = 0; v < vectors; v++)
        sum[v] += tile_load(first + v * TILE_LANES) + tile_load(second + v * TILE_LANES);
    }
#pragma GCC unroll 4
    for (int32_t v = 0; v < vectors; v++) memcpy(out + p * filters + j + v * TILE_LANES, &sum[v], BAI_TILE_BYTES);
  }
}

static void letters_f32(float *out, const float *bias, const float *tables, const uint8_t *pairs, int64_t positions,
                        int64_t groups, int64_t filters) {
  int64_t j = 0;
  if (filters % TILE_LANES) {
    scalar_letters_f32(out, bias, tables, pairs, positions, groups, filters);
    return;
  }
  for (; j + 4 * TILE_LANES <= filters; j += 4 * TILE_LANES)
    letters_panel(out, bias, tables, pairs, positions, groups, filters, j, 4);
  if (j + 2 * TILE_LANES <= filters) {
    letters_panel(out, bias, tables, pairs, positions, groups, filters, j, 2);
    j += 2 * TILE_LANES;
  }
  if (j < filters) letters_panel(out, bias, tables, pairs, positions, groups, filters, j, 1);
}

/* See letters_panel. */
BAI_WITH void find_letters_panel(float *best, float *sum, const float *tables, const uint16_t *quads, int64_t positions,
                                 int64_t groups, int64_t filters, int64_t j, const int32_t vectors) {
  const tile_vector zero = {0};
  tile_vector most[4] = {zero, zero, zero, zero}, total[4] = {zero, zero, zero, zero}, value[4];
  for (int64_t p = 0; p < positions; p++, quads++) {
    const float *table = tables + j, *row = table + quads[0] * filters;
#pragma GCC unroll 4
    for (int32_t v = 0; v < vectors; v++) value[v] = tile_load(row + v * TILE_LANES);
    for (int64_t g = 1; g < groups; g++) {
      table += BAI_QUADS * filters;
      row = table + quads[4 * g] * filters;
#pragma GCC unroll 4
      for (int32_t v = 0; v < vectors; v++) value[v] += tile_load(row + v * TILE_LANES);
    }
#pragma GCC unroll 4
    for (int32_t v = 0; v < vectors; v++) {
      most[v] = tile_larger(value[v], most[v]);
      total[v] += tile_larger(value[v], zero);
    }
  }
#pragma GCC unroll 4
  for (int32_t v = 0; v < vectors; v++) {
    memcpy(best + j + v * TILE_LANES, &most[v], BAI_TILE_BYTES);
    memcpy(sum + j + v * TILE_LANES, &total[v], BAI_TILE_BYTES);
  }
}

/* Apart, so that each has all registers. */
static __attribute__((noinline)) void find_letters_by_four(float *best, float *sum, const float *tables,
                                                           const uint16_t *quads, int64_t positions, int64_t groups,
                                                           int64_t filters, int64_t j) {
  find_letters_panel(best, sum, tables, quads, positions, groups, filters, j, 4);
}

static __attribute__((noinline)) void find_letters_by_two(float *best, float *sum, const float *tables,
                                                          const uint16_t *quads, int64_t positions, int64_t groups,
                                                          int64_t filters, int64_t j) {
  find_letters_panel(best, sum, tables, quads, positions, groups, filters, j, 2);
}

static void find_letters_f32(float *best, float *sum, const float *tables, const uint16_t *quads, int64_t positions,
                             int64_t groups, int64_t filters) {
  int64_t j = 0;
  for (; j + 4 * TILE_LANES <= filters; j += 4 * TILE_LANES)
    find_letters_by_four(best, sum, tables, quads, positions, groups, filters, j);
  if (j + 2 * TILE_LANES <= filters) {
    find_letters_by_two(best, sum, tables, quads, positions, groups, filters, j);
    j += 2 * TILE_LANES;
  }
  if (j + TILE_LANES <= filters) {
    find_letters_panel(best, sum, tables, quads, positions, groups, filters, j, 1);
    j += TILE_LANES;
  }
  scalar_find_last_letters_f32(best, sum, tables, quads, positions, groups, filters, j);
}

BAI_WITH void find_rows_panel(float *best, float *sum, const float *x, int64_t rows, int64_t columns, int64_t j,
                              const int32_t vectors) {
  const tile_vector zero = {0};
  tile_vector most[4] = {zero, zero, zero, zero}, total[4] = {zero, zero, zero, zero};
  for (int64_t r = 0; r < rows; r++) {
#pragma GCC unroll 4
    for (int32_t v = 0; v < vectors; v++) {
      const tile_vector value = tile_load(x + r * columns + j + v * TILE_LANES);
      most[v] = tile_larger(value, most[v]);
      total[v] += tile_larger(value, zero);
    }
  }
#pragma GCC unroll 4
  for (int32_t v = 0; v < vectors; v++) {
    memcpy(best + j + v * TILE_LANES, &most[v], BAI_TILE_BYTES);
    memcpy(sum + j + v * TILE_LANES, &total[v], BAI_TILE_BYTES);
  }
}

static void find_rows_f32(float *best, float *sum, const float *x, int64_t rows, int64_t columns) {
  int64_t j = 0;
  for (; j + 4 * TILE_LANES <= columns; j += 4 * TILE_LANES) find_rows_panel(best, sum, x, rows, columns, j, 4);
  for (; j + TILE_LANES <= columns; j += TILE_LANES) find_rows_panel(best, sum, x, rows, columns, j, 1);
  if (j < columns) scalar_find_last_rows_f32(best, sum, x, rows, columns, j);
}
