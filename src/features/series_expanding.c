/* SPDX-License-Identifier: MIT
 *
 * series_expanding.c: figures of all rows of a series so far. Sums are exact, so that neither the order of the rows nor
 * the places where a series was cut into parts can change a bit: they are whole numbers in base 2^32, in two's
 * complement, whose first digit is worth 2^-532 (of squares: 2^-1064).
 */
#include <math.h>

#include "features/series.h"

__extension__ typedef unsigned __int128 wide;

#define BASE 4294967296.0
#define LARGEST 0x1p480   /* larger numbers, squared and added 2^53 times, would leave the range of doubles */
#define SMALLEST 0x1p-480 /* smaller ones have bits below the first digit: they count as 0 */
#define LOWEST 532
#define MOST_ROWS 9007199254740992.0 /* 2^53 */
enum { STAT_MEAN, STAT_STD, STAT_MIN, STAT_MAX, STAT_SUM, STAT_COUNT };
/* Parts of a state. */
enum { COUNT, LEAST, MOST, SUM, SUM_DIGITS = 34, SQUARES = SUM + SUM_DIGITS, SQUARE_DIGITS = 65 };

static int64_t size_of_expanding(const bai_series_term *t) {
  const int32_t stat = (int32_t)t->p[0];
  return stat == STAT_STD ? SQUARES + SQUARE_DIGITS : stat == STAT_MEAN || stat == STAT_SUM ? SQUARES : SUM;
}

/* ---- exact sums ---- */

/* A state may come from anywhere: what cannot be a digit is 0. */
static int64_t digit_of(double x) {
  return x >= 0.0 && x < BASE ? (int64_t)x : 0;
}

static double split_carry(int64_t digit, int64_t *carry) {
  const int64_t rest = digit & INT64_C(0xffffffff);
  *carry = (digit - rest) / INT64_C(0x100000000);
  return (double)rest;
}

/* Adds a number below 2^106 times 2^bit, or takes it off. */
static void add_exact(double *digits, int32_t count, int32_t bit, wide value, int32_t negative) {
  int64_t carry = 0;
  int32_t from = -(bit % 32);
  for (int32_t i = bit / 32; i < count && (from < 106 || carry); i++, from += 32) {
    const int64_t piece = (int64_t)(uint32_t)(from < 0 ? value << -from : from < 106 ? value >> from : 0);
    digits[i] = split_carry(digit_of(digits[i]) + (negative ? -piece : piece) + carry, &carry);
  }
}

static void merge_exact(double *digits, const double *other, int32_t count) {
  int64_t carry = 0;
  for (int32_t i = 0; i < count; i++) digits[i] = split_carry(digit_of(digits[i]) + digit_of(other[i]) + carry, &carry);
}

/* A whole number of 0 or more: the digits from `first` to `last`, all others are 0. */
enum { BIG_DIGITS = 72 };
typedef struct big {
  uint32_t digits[BIG_DIGITS];
  int32_t first, last; /* last below first: it is 0 */
} big;

static void trim(big *b) {
  while (b->first <= b->last && b->digits[b->first] == 0) b->first++;
  while (b->last >= b->first && b->digits[b->last] == 0) b->last--;
}

/* The size of a sum; returns 1 for one below 0. */
static int32_t read_exact(const double *digits, int32_t count, big *out) {
  const int32_t negative = digit_of(digits[count - 1]) >= INT64_C(0x80000000);
  int64_t carry = negative;
  *out = (big){{0}, 0, count - 1};
  for (int32_t i = 0; i < count; i++) {
    const int64_t digit = (negative ? INT64_C(0xffffffff) - digit_of(digits[i]) : digit_of(digits[i])) + carry;
    out->digits[i] = (uint32_t)digit;
    carry = digit >> 32;
  }
  trim(out);
  return negative;
}

/* The nearest double. The first two digits and what their sum loses are exact, the third has its last bit set where
 * more follows, and both together have 43 bits: so only the last sum rounds. */
static double nearest(const big *b, int32_t lowest) {
  double parts[3] = {0.0, 0.0, 0.0};
  for (int32_t k = 0; k < 3 && b->last - k >= b->first; k++) {
    const uint32_t more = k == 2 && b->last - k > b->first;
    parts[k] = bai_scale_by_power((double)(b->digits[b->last - k] | more), 32 * (b->last - k) - lowest);
  }
  const double sum = parts[0] + parts[1], lost = parts[1] - (sum - parts[0]);
  return sum + (lost + parts[2]);
}

static void multiply(const big *a, const big *b, big *out) {
  *out = (big){{0}, a->first + b->first, a->last + b->last + 1};
  for (int32_t i = a->first; i <= a->last; i++) {
    uint64_t carry = 0;
    for (int32_t j = b->first; j <= b->last; j++) {
      const uint64_t sum = (uint64_t)a->digits[i] * b->digits[j] + out->digits[i + j] + carry;
      out->digits[i + j] = (uint32_t)sum;
      carry = sum >> 32;
    }
    out->digits[i + b->last + 1] = (uint32_t)carry;
  }
  trim(out);
}

/* Takes off a smaller number; below 0, as no rows lead to, the result is 0. */
static void subtract(big *a, const big *b) {
  int64_t borrow = 0;
  if (b->first < a->first) a->first = b->first;
  if (b->last > a->last) a->last = b->last;
  for (int32_t i = a->first; i <= a->last; i++) {
    const int64_t digit = (int64_t)a->digits[i] - b->digits[i] + borrow;
    a->digits[i] = (uint32_t)digit;
    borrow = digit < 0 ? -1 : 0;
  }
  if (borrow) a->last = a->first - 1;
  trim(a);
}

/* ---- the term ---- */

static void take_number(double *state, double x, int32_t squares) {
  const double size = x < 0.0 ? -x : x;
  if (size < SMALLEST) return;
  const uint64_t image = bai_bits_of_f64(size), one = UINT64_C(1) << 52, bits = one | (image & (one - 1));
  const int32_t bit = (int32_t)(image >> 52) - 1075;
  add_exact(state + SUM, SUM_DIGITS, bit + LOWEST, bits, x < 0.0);
  if (squares) add_exact(state + SQUARES, SQUARE_DIGITS, 2 * (bit + LOWEST), (wide)bits * bits, 0);
}

static double sum_of(const double *state) {
  big sum;
  const int32_t negative = read_exact(state + SUM, SUM_DIGITS, &sum);
  const double size = nearest(&sum, LOWEST);
  return negative ? -size : size;
}

/* The rows times the sum of squares, less the square of the sum: exact, so nearly equal numbers lose nothing. */
static double deviation_of(const double *state, double n, double ddof) {
  big sum, squares, product, rows = {{(uint32_t)(int64_t)n, (uint32_t)((int64_t)n >> 32)}, 0, 1};
  read_exact(state + SUM, SUM_DIGITS, &sum);
  read_exact(state + SQUARES, SQUARE_DIGITS, &squares);
  trim(&rows);
  multiply(&rows, &squares, &product);
  multiply(&sum, &sum, &squares);
  subtract(&product, &squares);
  return sqrt(nearest(&product, 2 * LOWEST) / n / (n - ddof));
}

static void update_expanding(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int32_t stat = (int32_t)t->p[0];
  const double x = tick->x[0], ddof = t->p[1];
  const int32_t sums = stat == STAT_STD || stat == STAT_MEAN || stat == STAT_SUM;
  if (sums && (x > LARGEST || x < -LARGEST)) return;
  if (!(state[COUNT] >= 0.0 && state[COUNT] <= MOST_ROWS)) state[COUNT] = 0.0; /* no rows lead to it */
  if (!(state[COUNT] > 0.0) || x < state[LEAST]) state[LEAST] = x;
  if (!(state[COUNT] > 0.0) || x > state[MOST]) state[MOST] = x;
  state[COUNT] += state[COUNT] < MOST_ROWS;
  const double n = state[COUNT];
  if (sums) take_number(state, x, stat == STAT_STD);
  if (stat == STAT_MIN) out[0] = state[LEAST];
  if (stat == STAT_MAX) out[0] = state[MOST];
  if (stat == STAT_COUNT) out[0] = n;
  if (stat == STAT_SUM) out[0] = sum_of(state);
  if (stat == STAT_MEAN) out[0] = sum_of(state) / n;
  if (stat == STAT_STD && n > ddof) out[0] = deviation_of(state, n, ddof);
}

static void merge_expanding(const bai_series_term *t, double *state, const double *other) {
  const int32_t stat = (int32_t)t->p[0];
  if (!(other[COUNT] > 0.0)) return;
  if (!(state[COUNT] > 0.0) || other[LEAST] < state[LEAST]) state[LEAST] = other[LEAST];
  if (!(state[COUNT] > 0.0) || other[MOST] > state[MOST]) state[MOST] = other[MOST];
  const double n = state[COUNT] + other[COUNT];
  state[COUNT] = n < MOST_ROWS ? n : MOST_ROWS;
  if (size_of_expanding(t) > SUM) merge_exact(state + SUM, other + SUM, SUM_DIGITS);
  if (stat == STAT_STD) merge_exact(state + SQUARES, other + SQUARES, SQUARE_DIGITS);
}

const bai_series_kind bai_series_expanding[] = {
    {.kind = BAI_TERM_EXPANDING,
     .update = update_expanding,
     .size = size_of_expanding,
     .merge = merge_expanding,
     .needs_past = 1},
    {.update = NULL},
};
