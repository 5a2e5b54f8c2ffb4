/* SPDX-License-Identifier: MIT
 *
 * scalar.h: the definition of the kernels, as plain loops over plain functions of one element. scalar.c puts them in
 * its table as they are; the other levels compile the same text with their own instructions, and replace a loop only
 * where intrinsics do better. C without contraction gives each operation one result, so the bits cannot differ.
 */
#ifndef BAI_SCALAR_H
#define BAI_SCALAR_H

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

/* Says that a loop's steps do not depend on each other even where its output is its input, so it may be vectorised. */
#if defined(__clang__)
#define BAI_EACH _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define BAI_EACH _Pragma("GCC ivdep")
#else
#define BAI_EACH
#endif

/* ---- checksums ---- */

/* In scalar.c: the table method. */
uint32_t bai_scalar_crc32c(uint32_t crc, const uint8_t *data, int64_t n);

/* ---- letters ---- */

static inline int64_t scalar_encode(uint8_t *codes, const uint8_t *letters, int64_t n) {
  int64_t unknown = 0;
  for (int64_t i = 0; i < n; i++) {
    uint8_t code = 4;
    switch (letters[i] & 0xDF) { /* clears the bit of lower case */
      case 'A':
        code = 0;
        break;
      case 'C':
        code = 1;
        break;
      case 'G':
        code = 2;
        break;
      case 'T':
      case 'U':
        code = 3;
        break;
      default:
        unknown++;
    }
    codes[i] = code;
  }
  return unknown;
}

static inline void scalar_pack(uint8_t *packed, const uint8_t *codes, int64_t n) {
  for (int64_t i = 0; i < n; i += 4) {
    uint32_t byte = 0;
    for (int64_t j = 0; j < 4 && i + j < n; j++) byte |= (uint32_t)(codes[i + j] & 3) << (2 * j);
    packed[i / 4] = (uint8_t)byte;
  }
}

static inline void scalar_unpack(uint8_t *codes, const uint8_t *packed, int64_t first, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    int64_t base = first + i;
    codes[i] = (uint8_t)(packed[base / 4] >> (2 * (base % 4)) & 3);
  }
}

/* ---- text ---- */

/* The copies: -1 when a byte is not of the kind, else 0, or for letters (A-Z a-z * - .) how many are other than A C G T
 * U. They look at all bytes even when one of them is bad, so that the compiler can vectorise them. */
static inline int64_t scalar_copy_letters(uint8_t *to, const uint8_t *from, int64_t n) {
  int64_t others = 0;
  uint8_t odd = 0;
  for (int64_t i = 0; i < n; i++) {
    uint8_t byte = from[i], upper = byte & 0xDF; /* without the bit of lower case */
    odd |= (uint8_t) !((uint8_t)(upper - 'A') < 26 || byte == '*' || byte == '-' || byte == '.');
    others += !(upper == 'A' || upper == 'C' || upper == 'G' || upper == 'T' || upper == 'U');
    to[i] = byte;
  }
  return odd ? -1 : others;
}

static inline int64_t scalar_copy_name(uint8_t *to, const uint8_t *from, int64_t n) {
  uint8_t odd = 0;
  for (int64_t i = 0; i < n; i++) {
    odd |= (uint8_t)((from[i] < ' ' && from[i] != '\t') || from[i] == 0x7F);
    to[i] = from[i];
  }
  return -(int64_t)odd;
}

/* Pieces of a line, or all of it: up to `limit` bytes are looked at, rounded up to whole blocks, of which copies are
 * left. The length of the line, or -1 when it does not end there or has a byte that is not of the kind. */
static inline int64_t scalar_take_name(uint8_t *to, const uint8_t *from, int64_t limit) {
  for (int64_t i = 0; i < limit; i++) {
    if (from[i] == '\n') return i;
    if ((from[i] < ' ' && from[i] != '\t') || from[i] == 0x7F) return -1;
    to[i] = from[i];
  }
  return -1;
}

static inline int64_t scalar_take_letters(uint8_t *to, const uint8_t *from, int64_t limit, int64_t *ambiguous) {
  for (int64_t i = 0; i < limit; i++) {
    if (from[i] == '\n') return i;
    int64_t others = scalar_copy_letters(to + i, from + i, 1);
    if (others < 0) return -1;
    *ambiguous += others;
  }
  return -1;
}

/* The other way round: a line of n symbols. 0 or -1. */
static inline int64_t scalar_take_symbols(uint8_t *to, const uint8_t *from, int64_t n) {
  uint8_t odd = from[n] != '\n';
  for (int64_t i = 0; i < n; i++) {
    odd |= (uint8_t)((uint8_t)(from[i] - '!') > '~' - '!');
    to[i] = from[i];
  }
  return -(int64_t)odd;
}

static inline int64_t scalar_check_symbols(const uint8_t *from, int64_t n) {
  uint8_t odd = from[n] != '\n';
  for (int64_t i = 0; i < n; i++) odd |= (uint8_t)((uint8_t)(from[i] - '!') > '~' - '!');
  return -(int64_t)odd;
}

/* What the levels share: each gives its own copies, which become part of the loop. */
typedef int64_t bai_look(const uint8_t *from, int64_t n);
typedef int64_t bai_copy(uint8_t *to, const uint8_t *from, int64_t n);
typedef int64_t bai_copy_counting(uint8_t *to, const uint8_t *from, int64_t n, int64_t *ambiguous);
#define BAI_WITH static inline __attribute__((always_inline))

static inline int64_t scalar_smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* A limit below 1 makes the takes give -1: with that, and the last test, nothing outside the ranges is touched. As many
 * letters as the record before has are tried first: where the next record starts does not wait for them then. */
BAI_WITH int64_t cut_records_with(bai_copy take_name, bai_copy copy_letters, bai_copy_counting take_letters,
                                  bai_copy take_symbols, bai_look check_symbols, int32_t keep,
                                  bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t most,
                                  int64_t *bytes) {
  bai_text_column names = columns->names, all = columns->letters, symbols = columns->symbols;
  const int64_t wanted = columns->wanted;
  const int32_t refuse = columns->refuse_ambiguous;
  int64_t taken = 0, letters = 0, others = 0;
  *bytes = 0;
  if (n < BAI_TEXT_SLACK) return 0;
  const uint8_t *at = text, *last = text + (n - BAI_TEXT_SLACK);
  names.room -= BAI_TEXT_SLACK;
  all.room -= BAI_TEXT_SLACK;
  symbols.room -= BAI_TEXT_SLACK;
  for (; taken < most && all.count < wanted && at <= last && *at == '@'; taken++) {
    const uint8_t *line = at + 1;
    int64_t limit = scalar_smaller(last - line, names.room - names.count) + 1;
    int64_t name = take_name(names.bytes + names.count, line, limit), ambiguous = -1;
    if (name < 0) break;
    line += name + 1;
    limit = scalar_smaller(last - line, all.room - all.count) + 1;
    uint8_t *to = all.bytes + all.count;
    if (letters > 0 && letters < limit && line[letters] == '\n') ambiguous = copy_letters(to, line, letters);
    if (ambiguous < 0) {
      ambiguous = 0;
      letters = take_letters(to, line, limit, &ambiguous);
    }
    if (letters <= 0 || (ambiguous > 0 && refuse)) break;
    line += letters + 1;
    limit = last - line - 3;
    if (keep) limit = scalar_smaller(limit, symbols.room - symbols.count);
    if (letters > limit || line[0] != '+' || line[1] != '\n') break;
    if (keep ? take_symbols(symbols.bytes + symbols.count, line + 2, letters) : check_symbols(line + 2, letters)) break;
    at = line + 2 + letters + 1;
    others += ambiguous;
    names.ends[taken] = names.count += name;
    all.ends[taken] = all.count += letters;
    symbols.ends[taken] = symbols.count += keep ? letters : 0;
  }
  columns->names.ends += taken;
  columns->letters.ends += taken;
  columns->symbols.ends += taken;
  columns->names.count = names.count;
  columns->letters.count = all.count;
  columns->symbols.count = symbols.count;
  columns->ambiguous += others;
  *bytes = at - text;
  return taken;
}

/* Both ways: with the symbols, and without. */
BAI_WITH int64_t cut_some_with(bai_copy take_name, bai_copy copy_letters, bai_copy_counting take_letters,
                               bai_copy take_symbols, bai_look check_symbols, bai_text_columns *columns,
                               const uint8_t *text, int64_t n, int64_t most, int64_t *bytes) {
  return columns->symbols.bytes ? cut_records_with(take_name, copy_letters, take_letters, take_symbols, check_symbols,
                                                   1, columns, text, n, most, bytes)
                                : cut_records_with(take_name, copy_letters, take_letters, take_symbols, check_symbols,
                                                   0, columns, text, n, most, bytes);
}

/* The same without names and symbols. */
BAI_WITH int64_t join_lines_with(bai_copy copy_letters, bai_copy_counting take_letters, bai_text_columns *columns,
                                 const uint8_t *text, int64_t n, int64_t *bytes) {
  bai_text_column to = columns->letters;
  const int64_t room = scalar_smaller(to.room - BAI_TEXT_SLACK, columns->wanted), last = n - BAI_TEXT_SLACK - 1;
  int64_t at = 0, taken = 0, letters = 0, others = 0;
  for (;; taken++) {
    const int64_t limit = scalar_smaller(last - at, room - to.count) + 1;
    int64_t ambiguous = -1;
    if (letters > 0 && letters < limit && text[at + letters] == '\n') {
      ambiguous = copy_letters(to.bytes + to.count, text + at, letters);
    }
    if (ambiguous < 0) {
      ambiguous = 0;
      letters = take_letters(to.bytes + to.count, text + at, limit, &ambiguous);
    }
    if (letters <= 0 || (ambiguous > 0 && columns->refuse_ambiguous)) break;
    others += ambiguous;
    to.count += letters;
    at += letters + 1;
  }
  columns->letters.count = to.count;
  columns->ambiguous += others;
  *bytes = at;
  return taken;
}

static inline int64_t scalar_cut_records(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t most,
                                         int64_t *bytes) {
  return cut_some_with(scalar_take_name, scalar_copy_letters, scalar_take_letters, scalar_take_symbols,
                       scalar_check_symbols, columns, text, n, most, bytes);
}

static inline int64_t scalar_join_lines(bai_text_columns *columns, const uint8_t *text, int64_t n, int64_t *bytes) {
  return join_lines_with(scalar_copy_letters, scalar_take_letters, columns, text, n, bytes);
}

#include "kernels/words.h"

/* ---- sums and products ---- */

#define BAI_PLACES 16 /* of exchange_f64 at a time */

/* For up to BAI_PLACES places, the sums of weights over each with each letter there. */
typedef void bai_sum_letters(int64_t sums[4][BAI_PLACES], const bai_exchange *how, const uint32_t *words, int64_t n);

static inline void scalar_sum_letters(int64_t sums[4][BAI_PLACES], const bai_exchange *how, const uint32_t *words,
                                      int64_t n) {
  for (uint32_t c = 0; c < 4; c++)
    for (int64_t i = 0; i < n; i++) sums[c][i] = 0;
  for (int32_t d = 0; d < how->k; d++)
    for (uint32_t c = 0; c < 4; c++)
      for (int64_t i = 0; i < n; i++) sums[c][i] += how->weights[(words[i + d] & ~(UINT32_C(3) << 2 * d)) | c << 2 * d];
}

BAI_WITH void exchange_some(double *parts, const bai_exchange *how, int64_t sums[4][BAI_PLACES], const uint8_t *codes,
                            const int64_t n) {
  int64_t without[BAI_PLACES];
  double part[4][BAI_PLACES];
  for (int64_t i = 0; i < n; i++) without[i] = how->sum - sums[codes[i]][i];
  for (int32_t c = 0; c < 4; c++)
    for (int64_t i = 0; i < n; i++)
      part[c][i] = (double)(without[i] + sums[c][i]) * how->scale * how->unit / how->divisor;
  for (int64_t i = 0; i < n; i++)
    for (int32_t c = 0; c < 4; c++) parts[4 * i + c] += part[c][i];
}

BAI_WITH void exchange_with(bai_sum_letters sum_letters, double *parts, const bai_exchange *how, const uint32_t *words,
                            const uint8_t *codes, int64_t n) {
  const bai_exchange here = *how; /* where no store can reach it */
  int64_t sums[4][BAI_PLACES], i = 0;
  for (; i + BAI_PLACES <= n; i += BAI_PLACES) {
    sum_letters(sums, &here, words + i, BAI_PLACES);
    exchange_some(parts + 4 * i, &here, sums, codes + i, BAI_PLACES);
  }
  if (i == n) return;
  scalar_sum_letters(sums, &here, words + i, n - i);
  exchange_some(parts + 4 * i, &here, sums, codes + i, n - i);
}

static inline void scalar_exchange_f64(double *parts, const bai_exchange *how, const uint32_t *words,
                                       const uint8_t *codes, int64_t n) {
  exchange_with(scalar_sum_letters, parts, how, words, codes, n);
}

static inline int64_t scalar_gather_dot_i32(const int32_t *weights, const uint32_t *columns, const uint32_t *values,
                                            int64_t n) {
  int64_t sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (int64_t)weights[columns[i]] * (int64_t)values[i];
  return sum;
}

static inline void scalar_gather_rows_i32(int64_t *sums, const int32_t *weights, int64_t units, const uint32_t *columns,
                                          const uint32_t *values, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const int32_t value = (int32_t)values[i];
    const int32_t *from = weights + (int64_t)columns[i] * units;
    BAI_EACH for (int64_t j = 0; j < units; j++) sums[j] += (int64_t)from[j] * value;
  }
}

/* The halving tree of the lanes. */
static inline double scalar_lanes(double *lanes) {
  for (int32_t width = BAI_LANES / 2; width > 0; width /= 2) {
    for (int32_t l = 0; l < width; l++) lanes[l] += lanes[l + width];
  }
  return lanes[0];
}

static inline double scalar_dot_f64(const double *a, const double *b, int64_t n) {
  double lanes[BAI_LANES] = {0};
  for (int64_t i = 0; i < n; i++) lanes[i % BAI_LANES] += a[i] * b[i];
  return scalar_lanes(lanes);
}

/* One run of at most BAI_RUN products, added to the lanes of float64. */
static inline void scalar_run(double *lanes, const float *a, const float *b, int64_t n) {
  float narrow[BAI_NARROW_LANES] = {0};
  int64_t i = 0;
  for (; i + BAI_NARROW_LANES <= n; i += BAI_NARROW_LANES) {
    for (int64_t l = 0; l < BAI_NARROW_LANES; l++) narrow[l] += a[i + l] * b[i + l];
  }
  for (int64_t l = 0; i + l < n; l++) narrow[l] += a[i + l] * b[i + l];
  for (int32_t width = BAI_NARROW_LANES / 2; width >= BAI_LANES; width /= 2) {
    for (int32_t l = 0; l < width; l++) narrow[l] += narrow[l + width];
  }
  for (int32_t l = 0; l < BAI_LANES; l++) lanes[l] += (double)narrow[l];
}

static inline double scalar_dot_f32(const float *a, const float *b, int64_t n) {
  double lanes[BAI_LANES] = {0};
  for (int64_t i = 0; i < n; i += BAI_RUN) scalar_run(lanes, a + i, b + i, scalar_smaller(n - i, BAI_RUN));
  return scalar_lanes(lanes);
}

static inline void scalar_dot_rows_f32(double *sums, const float *rows, int64_t stride, int64_t count,
                                       const float *weights, int64_t n) {
  const uint8_t *at = (const uint8_t *)rows;
  for (int64_t r = 0; r < count; r++, at += stride)
    sums[r] = scalar_dot_f32((const float *)(const void *)at, weights, n);
}

#include "kernels/panels.h"

static inline double scalar_gather_dot_f64(const double *weights, const uint32_t *columns, const double *values,
                                           int64_t n) {
  double lanes[BAI_LANES] = {0};
  for (int64_t i = 0; i < n; i++) lanes[i % BAI_LANES] += weights[columns[i]] * values[i];
  return scalar_lanes(lanes);
}

static inline void scalar_axpy_f64(double *y, double a, const double *x, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) y[i] += a * x[i];
}

static inline void scalar_scatter_axpy_f64(double *y, double a, const uint32_t *columns, const double *values,
                                           int64_t n) {
  for (int64_t i = 0; i < n; i++) y[columns[i]] += a * values[i];
}

static inline void scalar_dot_rows_f64(double *sums, const double *const *rows, int64_t count, const double *x,
                                       int64_t n) {
  for (int64_t r = 0; r < count; r++) sums[r] = scalar_dot_f64(rows[r], x, n);
}

static inline void scalar_axpy_rows_f64(double *y, const double *factors, const double *const *rows, int64_t count,
                                        int64_t n) {
  for (int64_t r = 0; r < count; r++) scalar_axpy_f64(y, factors[r], rows[r], n);
}

static inline void scalar_dot_floats_f64(double *sums, const float *const *rows, int64_t count, const double *x,
                                         int64_t n) {
  for (int64_t r = 0; r < count; r++) {
    double lanes[BAI_LANES] = {0};
    for (int64_t i = 0; i < n; i++) lanes[i % BAI_LANES] += (double)rows[r][i] * x[i];
    sums[r] = scalar_lanes(lanes);
  }
}

static inline void scalar_axpy_floats_f64(double *y, const double *factors, const float *const *rows, int64_t count,
                                          int64_t n) {
  for (int64_t r = 0; r < count; r++) {
    BAI_EACH for (int64_t i = 0; i < n; i++) y[i] += factors[r] * (double)rows[r][i];
  }
}

static inline void scalar_rows_of_columns_f32(double *rows, const float *const *columns, int64_t first, int64_t count,
                                              int64_t n, int64_t end) {
  (void)end;
  for (int64_t r = 0; r < count; r++)
    for (int64_t c = 0; c < n; c++) rows[r * n + c] = (double)columns[c][first + r];
}

static inline void scalar_add_square_f64(double *square, int64_t ld, const double *rows, int64_t count, int64_t n) {
  for (int64_t r = 0; r < count; r++)
    for (int64_t i = 0; i < n; i++) scalar_axpy_f64(square + i * ld + i, rows[r * n + i], rows + r * n + i, n - i);
}

static inline void scalar_scale_f64(double *y, double a, const double *x, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) y[i] = a * x[i];
}

/* ---- exp, log and their kin ----
 *
 * GCC vectorises a choice between doubles only when told that no one watches the floating-point exception flags; that
 * changes no value.
 *
 * Largest errors against MPFR in 20 million points each, in units in the last place of the exact result (of 2^-1074
 * where that is subnormal): exp 0.79, log 0.68, sigmoid 2.38, softplus 1.58. tests/kernels holds them to 0.85, 0.75,
 * 3 and 2. */

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("no-trapping-math")
#endif

static inline uint64_t scalar_bits(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline double scalar_value(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* ln 2 in two parts; the first has 42 bits, so that its product with an exponent (11 bits) is exact. */
#define BAI_LN2_HIGH 0x1.62e42fefa38p-1
#define BAI_LN2_LOW 0x1.ef35793c7673p-45
#define BAI_LOG2_E 0x1.71547652b82fep+0
/* Added to a small number, leaves its nearest integer in the low bits, and the sum's bits are an integer too. */
#define BAI_ROUND 0x1.8p52

/* exp(x) = 2^k exp(r), |r| <= ln 2 / 2, by the series up to r^13 (next term below 2^-57). The two largest parts,
 * 1 and r, are added with their rounding errors kept. 2^k goes in as two factors, so that only the last product can
 * overflow, underflow or round. */
static inline double scalar_exp(double x) {
  x = x > 710.0 ? 710.0 : x; /* exp is inf from 709.79 on, and 0 from -745.14 down; NaN passes both */
  x = x < -750.0 ? -750.0 : x;
  double rounded = x * BAI_LOG2_E + BAI_ROUND;
  double k = rounded - BAI_ROUND;
  double high = x - k * BAI_LN2_HIGH;
  double low = k * BAI_LN2_LOW;
  double r = high - low;
  double rest = (high - r) - low;
  double p = 1.0 / 6227020800;
  p = p * r + 1.0 / 479001600;
  p = p * r + 1.0 / 39916800;
  p = p * r + 1.0 / 3628800;
  p = p * r + 1.0 / 362880;
  p = p * r + 1.0 / 40320;
  p = p * r + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  double sum = 1.0 + r;
  rest += (r * r) * p;
  rest += r - (sum - 1.0);
  uint64_t biased = (scalar_bits(rounded) + 2046) & 0xFFF; /* k plus the bias of two exponents */
  uint64_t half = biased >> 1;
  return (sum + rest) * scalar_value(half << 52) * scalar_value((biased - half) << 52);
}

/* k ln 2 + log(1 + f), f from sqrt(1/2) - 1 to sqrt(2) - 1. With s = f / (2 + f) the log is 2 atanh(s), whose series
 * runs up to s^21 (next term below 2^-60 of the sum), and 2s = f - f^2/2 + s f^2/2. The large parts, k ln 2, f and the
 * square of the upper half of f, are exact and are added with their rounding errors kept. */
static inline double scalar_log_sum(double k, double f) {
  double s = f / (2.0 + f);
  double z = s * s;
  double p = 2.0 / 21;
  p = p * z + 2.0 / 19;
  p = p * z + 2.0 / 17;
  p = p * z + 2.0 / 15;
  p = p * z + 2.0 / 13;
  p = p * z + 2.0 / 11;
  p = p * z + 2.0 / 9;
  p = p * z + 2.0 / 7;
  p = p * z + 2.0 / 5;
  p = p * z + 2.0 / 3;
  double upper = scalar_value(scalar_bits(f) & UINT64_C(0xFFFFFFFFF8000000)); /* 26 bits, so its square is exact */
  double square = 0.5 * upper * upper;
  double square_rest = 0.5 * (f - upper) * (f + upper);
  double high = k * BAI_LN2_HIGH;
  double first = high + f;
  double sum = first - square;
  double lost = ((high - first) + f) + ((first - sum) - square);
  return sum + (s * (square + square_rest + p * z) + (k * BAI_LN2_LOW - square_rest + lost));
}

/* x = 2^k m with m from sqrt(1/2) to sqrt(2), so that log near 1 has k = 0 and loses nothing. */
static inline double scalar_log(double x) {
  const uint64_t root_half = UINT64_C(0x3FE6A09E667F3BCD), one = UINT64_C(0x3FF0000000000000);
  double normal = x < 0x1p-1022 ? x * 0x1p54 : x;
  double bias = x < 0x1p-1022 ? 0x1p52 + 1023 + 54 : 0x1p52 + 1023;
  uint64_t shifted = scalar_bits(normal) + (one - root_half);
  double k = scalar_value(shifted >> 52 | UINT64_C(0x4330000000000000)) - bias;
  double m = scalar_value((shifted & UINT64_C(0xFFFFFFFFFFFFF)) + root_half);
  double y = scalar_log_sum(k, m - 1.0);
  y = x < (double)INFINITY ? y : x; /* inf and NaN pass through */
  y = x < 0.0 ? (double)NAN : y;
  return x == 0.0 ? -(double)INFINITY : y;
}

/* With e = exp(-|x|) <= 1: 1 / (1 + e), or e / (1 + e) on the left. */
static inline double scalar_sigmoid(double x) {
  double e = scalar_exp(-fabs(x));
  return (x < 0.0 ? e : 1.0) / (1.0 + e);
}

/* What scalar_exp gives of an x from -700 to 0, for a caller that waits for one: there every step of the series waits
 * for the step before. Here its upper part q is summed by halves instead, which is off by less than 2^-53 from what the
 * steps give (each way by less than five half units of 2^-55). Nothing after it falls where q rises, or all of it does,
 * so where both ends of that range come to the same sum the steps do too; where not, they are taken. */
static inline double scalar_exp_soon(double x) {
  double rounded = x * BAI_LOG2_E + BAI_ROUND;
  double k = rounded - BAI_ROUND;
  double high = x - k * BAI_LN2_HIGH;
  double low = k * BAI_LN2_LOW;
  double r = high - low;
  double rest = (high - r) - low;
  double r2 = r * r, r4 = r2 * r2;
  double first = (1.0 / 6 + r * (1.0 / 24)) + r2 * (1.0 / 120 + r * (1.0 / 720));
  double second = (1.0 / 5040 + r * (1.0 / 40320)) + r2 * (1.0 / 362880 + r * (1.0 / 3628800));
  double third = (1.0 / 39916800 + r * (1.0 / 479001600)) + r2 * (1.0 / 6227020800);
  double q = (first + r4 * second) + (r4 * r4) * third;
  double sum = 1.0 + r, lost = r - (sum - 1.0);
  double least = sum + ((rest + r2 * ((q - 0x1p-53) * r + 0.5)) + lost);
  double most = sum + ((rest + r2 * ((q + 0x1p-53) * r + 0.5)) + lost);
  if (least != most) return scalar_exp(x);
  return least * scalar_value((scalar_bits(rounded) + 1023) << 52); /* 2^k; neither factor nor product is subnormal */
}

/* The sigmoids of -x and of x, of one exp. */
static inline void scalar_chances_f64(double *pair, double x) {
  double t = -fabs(x);
  double e = t >= -700.0 ? scalar_exp_soon(t) : scalar_exp(t);
  double small = e / (1.0 + e), large = 1.0 / (1.0 + e);
  pair[0] = x < 0.0 ? large : small;
  pair[1] = x < 0.0 ? small : large;
}

/* max(x, 0) + log(1 + e), e = exp(-|x|). Above sqrt(2) - 1, 1 + e is halved so that the series is short enough. */
static inline double scalar_softplus(double x) {
  double e = scalar_exp(-fabs(x));
  double k = e > 0x1.a8p-2 ? 1.0 : 0.0;
  double f = e > 0x1.a8p-2 ? 0.5 * (e - 1.0) : e;
  return (x > 0.0 ? x : 0.0) + scalar_log_sum(k, f);
}

static inline void scalar_widen_f32(double *y, const float *x, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) y[i] = (double)x[i];
}

static inline uint64_t scalar_digest_f64(uint64_t seed, const double *numbers, int64_t n) {
  uint64_t chains[8] = {seed, seed, seed, seed, seed, seed, seed, seed}, sum = 0;
  for (int64_t i = 0; i < n; i++) {
    uint64_t y = chains[i % 8] ^ scalar_bits(numbers[i] + 0.0);
    chains[i % 8] = (y ^ y >> 32) * BAI_HASH_A;
  }
  for (uint64_t c = 0; c < 8; c++) {
    uint64_t y = chains[c] + c, z = (y ^ y >> 32) * BAI_HASH_B;
    sum += z ^ z >> 29;
  }
  return sum;
}

/* Any NaN counts, and so does an infinite number. */
static inline int64_t scalar_scale_columns_f64(double *y, const double *x, const double *fill, const double *centre,
                                               const double *factor, int64_t n) {
  int64_t beyond = 0;
  for (int64_t i = 0; fill && i < n; i++) y[i] = (x[i] != x[i] ? fill[i] : x[i]) - centre[i];
  for (int64_t i = 0; !fill && i < n; i++) y[i] = x[i] - centre[i];
  for (int64_t i = 0; i < n; i++) {
    y[i] *= factor[i];
    beyond += !(fabs(y[i]) <= 1.7e308);
  }
  return beyond;
}

static inline void scalar_exp_f64(double *y, const double *x, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) y[i] = scalar_exp(x[i]);
}

static inline void scalar_log_f64(double *y, const double *x, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) y[i] = scalar_log(x[i]);
}

static inline void scalar_sigmoid_f64(double *y, const double *x, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) y[i] = scalar_sigmoid(x[i]);
}

static inline void scalar_softplus_f64(double *y, const double *x, int64_t n) {
  BAI_EACH for (int64_t i = 0; i < n; i++) y[i] = scalar_softplus(x[i]);
}

/* ---- networks ---- */

#define BAI_REAL float
#define BAI_LAYER(name) scalar_##name##_f32
#include "kernels/layers.h"
#undef BAI_REAL
#undef BAI_LAYER

/* Pairs fit a byte, so most of the work is done on bytes. */
static inline void scalar_join_letters(uint16_t *quads, const uint8_t *codes, int64_t n) {
  int64_t i = 0;
  for (; i + 64 <= n; i += 64, codes += 64) {
    uint8_t first[64], second[64];
    for (int64_t j = 0; j < 64; j++) first[j] = (uint8_t)(5 * codes[j] + codes[j + 1]);
    for (int64_t j = 0; j < 64; j++) second[j] = (uint8_t)(5 * codes[j + 2] + codes[j + 3]);
    for (int64_t j = 0; j < 64; j++) quads[i + j] = (uint16_t)(25 * first[j] + second[j]);
  }
  for (; i < n; i++, codes++) quads[i] = (uint16_t)(125 * codes[0] + 25 * codes[1] + 5 * codes[2] + codes[3]);
}

static inline void scalar_adam_f32(float *x, float *m, float *v, const float *g, int64_t n, const bai_adam *how) {
  const bai_adam a = *how;
  BAI_EACH for (int64_t i = 0; i < n; i++) {
    m[i] = a.b1 * m[i] + (1.0f - a.b1) * g[i];
    v[i] = a.b2 * v[i] + (1.0f - a.b2) * (g[i] * g[i]);
    x[i] -= a.step * m[i] / (sqrtf(v[i]) + a.small) + a.decay * x[i];
  }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC pop_options
#endif

#endif
