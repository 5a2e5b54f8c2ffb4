/* SPDX-License-Identifier: MIT
 *
 * sums.h: sums over many rows of float64 for the levels with wide registers of BAI_TILE_BYTES: several rows at a time
 * for sums of products, and what is added to stays in registers while the rows go by. Each number is summed as scalar.h
 * says, so the bits are the same. A level defines sum_vector and sum_widen before: so many float32 as a vector;
 * with BAI_SUM_FOUR also sum_four: the lanes of four rows, summed.
 */
#include <stdint.h>
#include <string.h>

#define SUM_SIDE (BAI_TILE_BYTES / 8) /* numbers of a vector */
#define SUM_PARTS (BAI_LANES / SUM_SIDE)
#define SUM_ROWS (8 / SUM_PARTS) /* whose lanes fill eight registers */
#define SQUARE_ROWS 64           /* that go by before the next part of a square has its turn */

BAI_WITH sum_vector sum_load(const double *from) {
  sum_vector v;
  memcpy(&v, from, sizeof v);
  return v;
}

/* Rows of float64, or else of float32. */
typedef struct sum_rows {
  const double *const *wide;
  const float *const *narrow;
} sum_rows;

BAI_WITH sum_vector sum_take(sum_rows rows, int64_t r, int64_t at) {
  return rows.wide ? sum_load(rows.wide[r] + at) : sum_widen(rows.narrow[r] + at);
}

BAI_WITH double sum_one(sum_rows rows, int64_t r, int64_t at) {
  return rows.wide ? rows.wide[r][at] : (double)rows.narrow[r][at];
}

/* The r-th is the first. */
BAI_WITH sum_rows sum_from(sum_rows rows, int64_t r) {
  return rows.wide ? (sum_rows){rows.wide + r, NULL} : (sum_rows){NULL, rows.narrow + r};
}

/* Of the next `ahead` rows, which come from memory, as much is fetched. */
BAI_WITH void dot_some(double *sums, sum_rows rows, const double *x, int64_t n, const int32_t count, int64_t ahead) {
  sum_vector lanes[SUM_ROWS][SUM_PARTS] = {{{0}}};
  int64_t i = 0;
  for (; i + BAI_LANES <= n; i += BAI_LANES) {
    for (int64_t r = 0; rows.narrow && r < ahead; r++) __builtin_prefetch(rows.narrow[count + r] + i);
#pragma GCC unroll 4
    for (int32_t p = 0; p < SUM_PARTS; p++) {
      const sum_vector right = sum_load(x + i + p * SUM_SIDE);
#pragma GCC unroll 4
      for (int32_t r = 0; r < count; r++) lanes[r][p] += sum_take(rows, r, i + p * SUM_SIDE) * right;
    }
  }
#ifdef BAI_SUM_FOUR
  if (count == 4 && i == n) {
    sum_four(sums, lanes);
    return;
  }
#endif
#pragma GCC unroll 4
  for (int32_t r = 0; r < count; r++) {
    double all[BAI_LANES];
    memcpy(all, lanes[r], sizeof all);
    for (int64_t j = i; j < n; j++) all[j - i] += sum_one(rows, r, j) * x[j];
    sums[r] = scalar_lanes(all);
  }
}

BAI_WITH void dot_all(double *sums, sum_rows rows, int64_t count, const double *x, int64_t n) {
  int64_t r = 0;
  for (; r + 2 * SUM_ROWS <= count; r += SUM_ROWS) dot_some(sums + r, sum_from(rows, r), x, n, SUM_ROWS, SUM_ROWS);
  for (; r + SUM_ROWS <= count; r += SUM_ROWS) dot_some(sums + r, sum_from(rows, r), x, n, SUM_ROWS, 0);
  for (; r < count; r++) dot_some(sums + r, sum_from(rows, r), x, n, 1, 0);
}

static void dot_rows_f64(double *sums, const double *const *rows, int64_t count, const double *x, int64_t n) {
  dot_all(sums, (sum_rows){rows, NULL}, count, x, n);
}

static void dot_floats_f64(double *sums, const float *const *rows, int64_t count, const double *x, int64_t n) {
  dot_all(sums, (sum_rows){NULL, rows}, count, x, n);
}

BAI_WITH void axpy_some(double *y, const double *factors, sum_rows rows, int64_t count, int64_t at,
                        const int32_t vectors) {
  sum_vector sums[8];
#pragma GCC unroll 8
  for (int32_t v = 0; v < vectors; v++) sums[v] = sum_load(y + at + v * SUM_SIDE);
  for (int64_t r = 0; r < count; r++) {
#pragma GCC unroll 8
    for (int32_t v = 0; v < vectors; v++) sums[v] += factors[r] * sum_take(rows, r, at + v * SUM_SIDE);
  }
#pragma GCC unroll 8
  for (int32_t v = 0; v < vectors; v++) memcpy(y + at + v * SUM_SIDE, &sums[v], sizeof sums[v]);
}

BAI_WITH void axpy_all(double *y, const double *factors, sum_rows rows, int64_t count, int64_t n) {
  int64_t at = 0;
  for (; n - at >= 8 * SUM_SIDE; at += 8 * SUM_SIDE) axpy_some(y, factors, rows, count, at, 8);
  if (n - at >= 4 * SUM_SIDE) {
    axpy_some(y, factors, rows, count, at, 4);
    at += 4 * SUM_SIDE;
  }
  for (; n - at >= SUM_SIDE; at += SUM_SIDE) axpy_some(y, factors, rows, count, at, 1);
  for (int64_t r = 0; at < n && r < count; r++)
    for (int64_t i = at; i < n; i++) y[i] += factors[r] * sum_one(rows, r, i);
}

static void axpy_rows_f64(double *y, const double *factors, const double *const *rows, int64_t count, int64_t n) {
  axpy_all(y, factors, (sum_rows){rows, NULL}, count, n);
}

static void axpy_floats_f64(double *y, const double *factors, const float *const *rows, int64_t count, int64_t n) {
  axpy_all(y, factors, (sum_rows){NULL, rows}, count, n);
}

/* The numbers of some columns in some rows; one has `step` from row to row. */
typedef struct square_side {
  const double *at;
  int64_t step;
} square_side;

/* SUM_SIDE rows of a square by as many columns as the vectors have. */
BAI_WITH void square_some(double *to, int64_t ld, square_side left, square_side right, int64_t count,
                          const int32_t vectors) {
  sum_vector sums[SUM_SIDE][2];
#pragma GCC unroll 8
  for (int32_t i = 0; i < SUM_SIDE; i++) {
#pragma GCC unroll 2
    for (int32_t v = 0; v < vectors; v++) sums[i][v] = sum_load(to + i * ld + v * SUM_SIDE);
  }
  for (int64_t r = 0; r < count; r++) {
    sum_vector row[2];
#pragma GCC unroll 2
    for (int32_t v = 0; v < vectors; v++) row[v] = sum_load(right.at + r * right.step + v * SUM_SIDE);
#pragma GCC unroll 8
    for (int32_t i = 0; i < SUM_SIDE; i++) {
      const double factor = left.at[r * left.step + i];
#pragma GCC unroll 2
      for (int32_t v = 0; v < vectors; v++) sums[i][v] += factor * row[v];
    }
  }
#pragma GCC unroll 8
  for (int32_t i = 0; i < SUM_SIDE; i++) {
#pragma GCC unroll 2
    for (int32_t v = 0; v < vectors; v++) memcpy(to + i * ld + v * SUM_SIDE, &sums[i][v], sizeof sums[i][v]);
  }
}

/* Of a part on the diagonal or at the end, only what the upper triangle has there is looked at. */
static void square_edge(double *to, int64_t ld, square_side left, square_side right, int64_t count, int64_t lines,
                        int64_t columns, int32_t diagonal) {
  double part[SUM_SIDE][SUM_SIDE] = {{0}};
  for (int64_t i = 0; i < lines; i++)
    for (int64_t j = diagonal ? i : 0; j < columns; j++) part[i][j] = to[i * ld + j];
  square_some(part[0], SUM_SIDE, left, right, count, 1);
  for (int64_t i = 0; i < lines; i++)
    for (int64_t j = diagonal ? i : 0; j < columns; j++) to[i * ld + j] = part[i][j];
}

/* `end`: the columns behind the last whole vector, with zeros behind. */
static void square_lines(double *square, int64_t ld, const double *rows, const double *end, int64_t count, int64_t n,
                         int64_t i) {
  const int64_t lines = n - i < SUM_SIDE ? n - i : SUM_SIDE;
  const square_side last = {end, SUM_SIDE}, left = lines < SUM_SIDE ? last : (square_side){rows + i, n};
  square_edge(square + i * ld + i, ld, left, left, count, lines, lines, 1);
  int64_t j = i + SUM_SIDE;
  for (; n - j >= 2 * SUM_SIDE; j += 2 * SUM_SIDE)
    square_some(square + i * ld + j, ld, left, (square_side){rows + j, n}, count, 2);
  if (n - j >= SUM_SIDE) {
    square_some(square + i * ld + j, ld, left, (square_side){rows + j, n}, count, 1);
    j += SUM_SIDE;
  }
  if (j < n) square_edge(square + i * ld + j, ld, left, last, count, lines, n - j, 0);
}

static void add_square_f64(double *square, int64_t ld, const double *rows, int64_t count, int64_t n) {
  double end[SQUARE_ROWS * SUM_SIDE];
  const int64_t whole = n / SUM_SIDE * SUM_SIDE;
  for (int64_t first = 0; first < count; first += SQUARE_ROWS) {
    const int64_t some = count - first < SQUARE_ROWS ? count - first : SQUARE_ROWS;
    for (int64_t r = 0; r < some; r++)
      for (int64_t c = 0; c < SUM_SIDE; c++)
        end[r * SUM_SIDE + c] = whole + c < n ? rows[(first + r) * n + whole + c] : 0.0;
    for (int64_t i = 0; i < n; i += SUM_SIDE) square_lines(square, ld, rows + first * n, end, some, n, i);
  }
}
