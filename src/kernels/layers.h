/* SPDX-License-Identifier: MIT
 *
 * layers.h: the definition of the loops of a network, for one type of number. Whoever includes it defines BAI_REAL and
 * BAI_LAYER(name): scalar.h for float; the tests for double too, where a slope can be compared with differences.
 * All matrices have their rows side by side.
 */
#include <stdint.h>

static inline void BAI_LAYER(gemm)(BAI_REAL *c, int64_t ldc, const BAI_REAL *a, int64_t row, int64_t step,
                                   const BAI_REAL *b, int64_t ldb, int64_t rows, int64_t inner, int64_t columns) {
  for (int64_t i = 0; i < rows; i++) {
    BAI_REAL *out = c + i * ldc;
    for (int64_t k = 0; k < inner; k++) {
      const BAI_REAL factor = a[i * row + k * step];
      const BAI_REAL *from = b + k * ldb;
      BAI_EACH for (int64_t j = 0; j < columns; j++) out[j] += factor * from[j];
    }
  }
}

static inline void BAI_LAYER(gather_rows)(BAI_REAL *sum, const BAI_REAL *x, int64_t ld, const uint32_t *rows,
                                          const BAI_REAL *values, int64_t n, int64_t columns) {
  for (int64_t i = 0; i < n; i++) {
    const BAI_REAL factor = values[i];
    const BAI_REAL *from = x + (int64_t)rows[i] * ld;
    BAI_EACH for (int64_t j = 0; j < columns; j++) sum[j] += factor * from[j];
  }
}

static inline void BAI_LAYER(scatter_rows)(BAI_REAL *x, int64_t ld, const uint32_t *rows, const BAI_REAL *values,
                                           int64_t n, const BAI_REAL *slope, int64_t columns, uint32_t first,
                                           uint32_t end) {
  for (int64_t i = 0; i < n; i++) {
    if (rows[i] < first || rows[i] >= end) continue;
    const BAI_REAL factor = values[i];
    BAI_REAL *to = x + (int64_t)rows[i] * ld;
    BAI_EACH for (int64_t j = 0; j < columns; j++) to[j] += factor * slope[j];
  }
}

static inline void BAI_LAYER(letters)(BAI_REAL *out, const BAI_REAL *bias, const BAI_REAL *tables, const uint8_t *pairs,
                                      int64_t positions, int64_t groups, int64_t filters) {
  for (int64_t p = 0; p < positions; p++, out += filters, pairs++) {
    for (int64_t j = 0; j < filters; j++) out[j] = bias[j];
    for (int64_t g = 0; g < groups; g++) {
      const BAI_REAL *first = tables + (BAI_PAIRS * 2 * g + pairs[4 * g]) * filters;
      const BAI_REAL *second = tables + (BAI_PAIRS * (2 * g + 1) + pairs[4 * g + 2]) * filters;
      BAI_EACH for (int64_t j = 0; j < filters; j++) out[j] += first[j] + second[j];
    }
  }
}

/* Filters from `from` on, some at a time. */
static inline void BAI_LAYER(find_last_letters)(BAI_REAL *best, BAI_REAL *sum, const BAI_REAL *tables,
                                                const uint16_t *quads, int64_t positions, int64_t groups,
                                                int64_t filters, int64_t from) {
  BAI_REAL value[BAI_SOME];
  for (int64_t at = from; at < filters; at += BAI_SOME) {
    const int64_t count = filters - at < BAI_SOME ? filters - at : BAI_SOME;
    BAI_REAL *most = best + at, *total = sum + at;
    for (int64_t j = 0; j < count; j++) most[j] = total[j] = 0;
    for (int64_t p = 0; p < positions; p++) {
      for (int64_t g = 0; g < groups; g++) {
        const BAI_REAL *row = tables + (BAI_QUADS * g + quads[p + 4 * g]) * filters + at;
        BAI_EACH for (int64_t j = 0; j < count; j++) value[j] = g ? value[j] + row[j] : row[j];
      }
      BAI_EACH for (int64_t j = 0; j < count; j++) most[j] = value[j] > most[j] ? value[j] : most[j];
      BAI_EACH for (int64_t j = 0; j < count; j++) total[j] += value[j] > 0 ? value[j] : 0;
    }
  }
}

static inline void BAI_LAYER(find_letters)(BAI_REAL *best, BAI_REAL *sum, const BAI_REAL *tables, const uint16_t *quads,
                                           int64_t positions, int64_t groups, int64_t filters) {
  BAI_LAYER(find_last_letters)(best, sum, tables, quads, positions, groups, filters, 0);
}

/* Columns from `from` on. */
static inline void BAI_LAYER(find_last_rows)(BAI_REAL *best, BAI_REAL *sum, const BAI_REAL *x, int64_t rows,
                                             int64_t columns, int64_t from) {
  for (int64_t j = from; j < columns; j++) best[j] = sum[j] = 0;
  for (int64_t r = 0; r < rows; r++, x += columns) {
    BAI_EACH for (int64_t j = from; j < columns; j++) best[j] = x[j] > best[j] ? x[j] : best[j];
    BAI_EACH for (int64_t j = from; j < columns; j++) sum[j] += x[j] > 0 ? x[j] : 0;
  }
}

static inline void BAI_LAYER(find_rows)(BAI_REAL *best, BAI_REAL *sum, const BAI_REAL *x, int64_t rows,
                                        int64_t columns) {
  BAI_LAYER(find_last_rows)(best, sum, x, rows, columns, 0);
}

static inline void BAI_LAYER(letters_slope)(BAI_REAL *sum, const BAI_REAL *slope, const uint8_t *codes,
                                            int64_t positions, int64_t width, int64_t filters) {
  for (int64_t p = 0; p < positions; p++) {
    const BAI_REAL *from = slope + p * filters;
    for (int64_t t = 0; t < width; t++) {
      if (codes[p + t] > 3) continue;
      BAI_REAL *to = sum + (4 * t + codes[p + t]) * filters;
      BAI_EACH for (int64_t j = 0; j < filters; j++) to[j] += from[j];
    }
  }
}

static inline void BAI_LAYER(most)(BAI_REAL *best, int32_t *which, const BAI_REAL *x, int64_t rows, int64_t columns) {
  for (int64_t j = 0; j < columns; j++) best[j] = 0;
  for (int64_t j = 0; which && j < columns; j++) which[j] = -1;
  for (int64_t r = 0; r < rows; r++, x += columns) {
    if (which) {
      BAI_EACH for (int64_t j = 0; j < columns; j++) which[j] = x[j] > best[j] ? (int32_t)r : which[j];
    }
    BAI_EACH for (int64_t j = 0; j < columns; j++) best[j] = x[j] > best[j] ? x[j] : best[j];
  }
}

static inline void BAI_LAYER(spread)(BAI_REAL *slope, const BAI_REAL *of_best, const int32_t *which, int64_t rows,
                                     int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    BAI_EACH for (int64_t j = 0; j < columns; j++) slope[r * columns + j] = which[j] == r ? of_best[j] : 0;
  }
}

static inline void BAI_LAYER(add_rows)(BAI_REAL *sum, const BAI_REAL *x, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    BAI_EACH for (int64_t j = 0; j < columns; j++) sum[j] += x[r * columns + j];
  }
}

static inline void BAI_LAYER(add_row)(BAI_REAL *x, const BAI_REAL *row, int64_t rows, int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    BAI_EACH for (int64_t j = 0; j < columns; j++) x[r * columns + j] += row[j];
  }
}
