/* SPDX-License-Identifier: MIT
 *
 * number.c: numbers to text and back, correctly rounded and without a locale. Short numbers take 128-bit arithmetic;
 * the others exact big integers of fixed size, so nothing is allocated.
 */
#include <string.h>

#include "base/base.h"

__extension__ typedef unsigned __int128 u128;

/* No decimal that lies halfway between two doubles has more significant digits than 767; one more stands for "and
 * something beyond". */
#define MOST_DIGITS 768
/* The largest integer needed is 10^1094, about 3,635 bits; the scaling for a division adds at most 64. */
#define BIG_WORDS 128

typedef struct big {
  int32_t n; /* words in use, the last of them not zero */
  uint32_t word[BIG_WORDS];
} big;

/* One number a line would hide the shape. */
/* clang-format off */
static const uint64_t POWERS_OF_5[28] = {
  1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125, 9765625, 48828125, 244140625, 1220703125, 6103515625,
  30517578125, 152587890625, 762939453125, 3814697265625, 19073486328125, 95367431640625, 476837158203125,
  2384185791015625, 11920928955078125, 59604644775390625, 298023223876953125, 1490116119384765625,
  7450580596923828125};
/* clang-format on */

static const double POWERS_OF_10[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- big integers ---- */

static void big_set(big *a, uint64_t value) {
  a->word[0] = (uint32_t)value;
  a->word[1] = (uint32_t)(value >> 32);
  a->n = a->word[1] ? 2 : a->word[0] ? 1 : 0;
}

/* a = a * factor + more. */
static void big_multiply(big *a, uint32_t factor, uint32_t more) {
  uint64_t carry = more;
  for (int32_t i = 0; i < a->n; i++) {
    carry += (uint64_t)a->word[i] * factor;
    a->word[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) a->word[a->n++] = (uint32_t)carry;
}

static void big_multiply_power_of_5(big *a, int32_t power) {
  for (; power > 13; power -= 13) big_multiply(a, (uint32_t)POWERS_OF_5[13], 0);
  big_multiply(a, (uint32_t)POWERS_OF_5[power], 0);
}

static void big_shift(big *a, int32_t bits) {
  int32_t words = bits / 32, rest = bits % 32;
  if (a->n == 0) return;
  if (rest) big_multiply(a, UINT32_C(1) << rest, 0);
  if (words == 0) return;
  memmove(a->word + words, a->word, (size_t)a->n * sizeof a->word[0]);
  memset(a->word, 0, (size_t)words * sizeof a->word[0]);
  a->n += words;
}

static int32_t big_compare(const big *a, const big *b) {
  if (a->n != b->n) return a->n < b->n ? -1 : 1;
  for (int32_t i = a->n - 1; i >= 0; i--) {
    if (a->word[i] != b->word[i]) return a->word[i] < b->word[i] ? -1 : 1;
  }
  return 0;
}

/* Compares a + b with c. */
static int32_t big_compare_sum(const big *a, const big *b, const big *c) {
  big sum = a->n >= b->n ? *a : *b;
  const big *other = a->n >= b->n ? b : a;
  uint64_t carry = 0;
  for (int32_t i = 0; i < sum.n; i++) {
    carry += (uint64_t)sum.word[i] + (i < other->n ? other->word[i] : 0);
    sum.word[i] = (uint32_t)carry;
    carry >>= 32;
  }
  if (carry) sum.word[sum.n++] = (uint32_t)carry;
  return big_compare(&sum, c);
}

/* a -= b * factor, which must not exceed a. */
static void big_subtract(big *a, const big *b, uint32_t factor) {
  uint64_t borrow = 0;
  for (int32_t i = 0; i < a->n; i++) {
    borrow += i < b->n ? (uint64_t)b->word[i] * factor : 0;
    uint32_t low = (uint32_t)borrow;
    borrow = (borrow >> 32) + (a->word[i] < low);
    a->word[i] -= low;
  }
  while (a->n > 0 && a->word[a->n - 1] == 0) a->n--;
}

static int32_t big_bits(const big *a) {
  return a->n == 0 ? 0 : 32 * a->n - __builtin_clz(a->word[a->n - 1]);
}

/* a %= b, returning a / b, which must be small. The guess from the leading words is never too large; the loop makes up
 * for what it lacks. */
static int32_t big_digit(big *a, const big *b) {
  int32_t digit = 0;
  if (a->n == b->n) {
    uint64_t guess = a->word[a->n - 1] / ((uint64_t)b->word[b->n - 1] + 1);
    if (guess) big_subtract(a, b, (uint32_t)guess);
    digit = (int32_t)guess;
  }
  while (big_compare(a, b) >= 0) {
    big_subtract(a, b, 1);
    digit++;
  }
  return digit;
}

/* ---- text to double ---- */

/* 0.DIGITS times 10^point, all that a decimal text says. */
typedef struct decimal {
  int32_t negative;
  int32_t n;
  int64_t point;
  uint8_t digit[MOST_DIGITS + 1];
} decimal;

/* The double nearest to (value + a bit more if `more`) * 2^power, ties to even; value has its highest bit set. */
static double assemble(uint64_t value, int32_t more, int32_t power) {
  /* As 1.ddd * 2^exponent. */
  int32_t exponent = power + 63;
  int32_t drop = 11;
  if (exponent < -1022) drop += -1022 - exponent;
  if (drop > 64) return 0.0;
  uint64_t kept = drop == 64 ? 0 : value >> drop;
  uint64_t half = UINT64_C(1) << (drop - 1), rest = drop == 64 ? value : value & ((half << 1) - 1);
  if (rest > half || (rest == half && (more || (kept & 1)))) kept++;
  if (exponent > 1023) return bai_f64_of_bits(UINT64_C(0x7ff) << 52);
  /* The hidden bit adds one to the exponent field, and so does a carry out of the fraction: up to infinity. */
  uint64_t field = exponent < -1022 ? 0 : (uint64_t)(exponent + 1022);
  return bai_f64_of_bits((field << 52) + kept);
}

/* mantissa * 10^power with |power| <= 27, in 128 bits. */
static double scale_short(uint64_t mantissa, int32_t power) {
  int32_t zeros = __builtin_clzll(mantissa);
  if (power < 0) {
    /* The quotient keeps at least 64 bits, so the remainder is needed only for ties. */
    uint64_t divisor = POWERS_OF_5[-power];
    int32_t lift = __builtin_clzll(divisor);
    u128 dividend = (u128)(mantissa << zeros) << 64;
    uint64_t normal = divisor << lift;
    u128 quotient = dividend / normal;
    int32_t more = dividend % normal != 0;
    /* The quotient is in (2^63, 2^65): dividend in [2^127, 2^128), divisor in [2^63, 2^64). A bit shifted out below
     * can be set only when there is a remainder too, since an exact quotient has at most 64 significant bits. */
    int32_t down = quotient >> 64 ? 1 : 0;
    return assemble((uint64_t)(quotient >> down), more, down - 64 - zeros + lift + power);
  }
  u128 product = (u128)mantissa * POWERS_OF_5[power];
  int32_t high_zeros =
      product >> 64 ? __builtin_clzll((uint64_t)(product >> 64)) : 64 + __builtin_clzll((uint64_t)product);
  product <<= high_zeros;
  return assemble((uint64_t)(product >> 64), (uint64_t)product != 0, 64 - high_zeros + power);
}

/* Any decimal within the range of doubles, by exact long division. */
static double scale_long(const decimal *d) {
  big top, bottom;
  int32_t power = (int32_t)(d->point - d->n);
  big_set(&top, 0);
  big_set(&bottom, 1);
  for (int32_t i = 0; i < d->n; i++) big_multiply(&top, 10, d->digit[i]);
  if (power >= 0) {
    big_multiply_power_of_5(&top, power);
  } else {
    big_multiply_power_of_5(&bottom, -power);
  }
  /* A shift that puts the quotient into [2^63, 2^65). */
  int32_t shift = 64 - (big_bits(&top) - big_bits(&bottom));
  if (shift >= 0) {
    big_shift(&top, shift);
  } else {
    big_shift(&bottom, -shift);
  }
  uint64_t quotient = 0;
  int32_t more = 0, dropped = 0;
  big part = bottom;
  big_shift(&part, 64);
  if (big_compare(&top, &part) < 0) {
    /* 64 bits: start one place lower. */
    dropped = -1;
    big_shift(&top, 1);
  }
  for (int32_t bit = 63; bit >= 0; bit--) {
    if (big_compare(&top, &part) >= 0) {
      big_subtract(&top, &part, 1);
      quotient |= UINT64_C(1) << bit;
    }
    big_shift(&top, 1);
  }
  more = top.n > 0;
  return assemble(quotient, more, dropped + 1 - shift + power);
}

static double value_of(const decimal *d) {
  if (d->n == 0 || d->point < -330) return 0.0;
  if (d->point > 310) return bai_f64_of_bits(UINT64_C(0x7ff) << 52);
  int64_t power = d->point - d->n;
  if (d->n <= 19 && power >= -27 && power <= 27) {
    uint64_t mantissa = 0;
    for (int32_t i = 0; i < d->n; i++) mantissa = 10 * mantissa + d->digit[i];
    if (d->n > 15 || power < -22 || power > 22) return scale_short(mantissa, (int32_t)power);
    /* Both numbers are exact doubles, so one operation rounds once. */
    return power < 0 ? (double)mantissa / POWERS_OF_10[-power] : (double)mantissa * POWERS_OF_10[power];
  }
  return scale_long(d);
}

static void add_digit(decimal *d, int32_t digit) {
  if (d->n < MOST_DIGITS) {
    d->digit[d->n++] = (uint8_t)digit;
  } else if (digit) {
    /* Beyond what can decide a tie, all that matters is that something is there. */
    d->digit[MOST_DIGITS] = 1;
  }
}

static int32_t is_word(const char *text, int64_t n, const char *word) {
  char copy[16];
  if (n != bai_length(word)) return 0;
  memcpy(copy, text, (size_t)n);
  copy[n] = 0;
  return bai_equal(copy, word);
}

/* The exponent after an e, held within +-10^15; returns 0 when it is not one. */
static int32_t read_exponent(const char *text, int64_t n, int64_t *exponent) {
  int64_t i = 0, value = 0;
  int32_t negative = 0;
  if (i < n && (text[i] == '+' || text[i] == '-')) negative = text[i++] == '-';
  if (i == n) return 0;
  for (; i < n; i++) {
    if (text[i] < '0' || text[i] > '9') return 0;
    if (value < INT64_C(100000000000000)) value = 10 * value + (text[i] - '0');
  }
  *exponent = negative ? -value : value;
  return 1;
}

/* Digits, point and exponent into `d`; returns 0 when the bytes are not one number. */
static int32_t read_decimal(const char *text, int64_t n, decimal *d) {
  int64_t i = 0, exponent = 0, seen = 0;
  int32_t after_point = 0;
  d->digit[MOST_DIGITS] = 0;
  for (; i < n; i++) {
    if (text[i] == '.' && !after_point) {
      after_point = 1;
      continue;
    }
    if (text[i] < '0' || text[i] > '9') break;
    seen++;
    int32_t leading = d->n == 0 && text[i] == '0';
    if (!leading) add_digit(d, text[i] - '0');
    if (leading && after_point) d->point--;
    if (!leading && !after_point) d->point++;
  }
  if (seen == 0) return 0;
  if (i < n) {
    if ((text[i] != 'e' && text[i] != 'E') || !read_exponent(text + i + 1, n - i - 1, &exponent)) return 0;
  }
  d->point += exponent;
  if (d->n == MOST_DIGITS && d->digit[MOST_DIGITS]) d->n++;
  while (d->n > 0 && d->digit[d->n - 1] == 0) d->n--;
  return 1;
}

int32_t bai_parse_f64(const char *text, int64_t n, double *value) {
  decimal d;
  d.negative = 0;
  d.n = 0;
  d.point = 0;
  if (n <= 0) return 0;
  if (text[0] == '+' || text[0] == '-') {
    d.negative = text[0] == '-';
    text++;
    n--;
  }
  double size;
  if (is_word(text, n, "inf") || is_word(text, n, "infinity")) {
    size = bai_f64_of_bits(UINT64_C(0x7ff) << 52);
  } else if (is_word(text, n, "nan")) {
    size = bai_f64_of_bits(UINT64_C(0x7ff8) << 48);
  } else if (read_decimal(text, n, &d)) {
    size = value_of(&d);
  } else {
    return 0;
  }
  *value = d.negative ? -size : size;
  return 1;
}

int32_t bai_parse_i64(const char *text, int64_t n, int64_t *value) {
  int64_t i = 0, result = 0;
  int32_t negative = 0;
  if (n > 0 && (text[0] == '+' || text[0] == '-')) negative = text[i++] == '-';
  if (i >= n) return 0;
  for (; i < n; i++) {
    if (text[i] < '0' || text[i] > '9') return 0;
    int32_t digit = text[i] - '0';
    /* Gathered below zero, where there is room for one more. */
    if (__builtin_mul_overflow(result, 10, &result) || __builtin_sub_overflow(result, digit, &result)) return 0;
  }
  if (!negative && result == INT64_MIN) return 0;
  *value = negative ? result : -result;
  return 1;
}

/* ---- double to text ---- */

/* The state of digit generation: value = rest / unit, and the distances to the edges of what still reads back as the
 * same double are below / unit and above / unit. */
typedef struct generator {
  big rest, unit, below, above;
  int32_t even; /* 1: the edges themselves read back as this double */
} generator;

static void start(generator *g, uint64_t fraction, int32_t power, int32_t at_edge) {
  /* All doubled, and doubled again where the gap below is half the gap above. */
  int32_t extra = at_edge ? 2 : 1;
  big_set(&g->rest, fraction);
  big_set(&g->unit, 1);
  big_set(&g->below, 1);
  big_shift(&g->rest, extra + (power > 0 ? power : 0));
  big_shift(&g->unit, extra + (power < 0 ? -power : 0));
  big_shift(&g->below, power > 0 ? power : 0);
  g->above = g->below;
  if (at_edge) big_shift(&g->above, 1);
  g->even = (fraction & 1) == 0;
}

/* Whether rest + above reaches the unit: the next digit up is still this double. */
static int32_t reaches(const generator *g) {
  int32_t order = big_compare_sum(&g->rest, &g->above, &g->unit);
  return g->even ? order >= 0 : order > 0;
}

static void times_10(big *a) {
  big_multiply(a, 10, 0);
}

/* Scales so that the first digit comes next; returns the place of the point, value = 0.DIGITS * 10^point. */
static int32_t place_point(generator *g, int32_t binary_exponent) {
  /* floor(log10(2^e)) by a fraction a little below log10(2); the check after it makes up for being one short. */
  int32_t point = (int32_t)(((int64_t)binary_exponent * 78913) >> 18);
  if (point >= 0) {
    big_multiply_power_of_5(&g->unit, point);
    big_shift(&g->unit, point);
  } else {
    big *parts[] = {&g->rest, &g->below, &g->above};
    for (int32_t i = 0; i < 3; i++) {
      big_multiply_power_of_5(parts[i], -point);
      big_shift(parts[i], -point);
    }
  }
  while (reaches(g)) {
    times_10(&g->unit);
    point++;
  }
  return point;
}

static int32_t generate(generator *g, uint8_t *digits) {
  int32_t n = 0;
  for (;;) {
    times_10(&g->rest);
    times_10(&g->below);
    times_10(&g->above);
    int32_t digit = big_digit(&g->rest, &g->unit);
    int32_t order = big_compare(&g->rest, &g->below);
    int32_t low = g->even ? order <= 0 : order < 0, high = reaches(g);
    if (low || high) {
      int32_t middle = big_compare_sum(&g->rest, &g->rest, &g->unit);
      if (high && (!low || middle > 0 || (middle == 0 && (digit & 1)))) digit++;
      digits[n++] = (uint8_t)digit;
      return n;
    }
    digits[n++] = (uint8_t)digit;
  }
}

/* The shortest digits of a finite positive double, nearest to it among those; returns how many. */
static int32_t shortest(uint64_t bits, uint8_t *digits, int32_t *point) {
  generator g;
  uint64_t fraction = bits & ((UINT64_C(1) << 52) - 1);
  int32_t field = (int32_t)(bits >> 52);
  int32_t at_edge = fraction == 0 && field > 1;
  if (field) fraction |= UINT64_C(1) << 52;
  int32_t power = (field ? field : 1) - 1075;
  start(&g, fraction, power, at_edge);
  *point = place_point(&g, power + 63 - __builtin_clzll(fraction));
  return generate(&g, digits);
}

static char *put_all(char *at, const char *text) {
  while (*text) *at++ = *text++;
  return at;
}

static char *put_digits(char *at, const uint8_t *digits, int32_t n) {
  for (int32_t i = 0; i < n; i++) *at++ = (char)('0' + digits[i]);
  return at;
}

static char *put_scientific(char *at, const uint8_t *digits, int32_t n, int32_t exponent) {
  at = put_digits(at, digits, 1);
  if (n > 1) *at++ = '.';
  at = put_digits(at, digits + 1, n - 1);
  *at++ = 'e';
  *at++ = exponent < 0 ? '-' : '+';
  if (exponent < 0) exponent = -exponent;
  if (exponent >= 100) *at++ = (char)('0' + exponent / 100);
  *at++ = (char)('0' + exponent / 10 % 10);
  *at++ = (char)('0' + exponent % 10);
  return at;
}

static char *put_fixed(char *at, const uint8_t *digits, int32_t n, int32_t point) {
  if (point <= 0) {
    at = put_all(at, "0.");
    for (int32_t i = point; i < 0; i++) *at++ = '0';
    return put_digits(at, digits, n);
  }
  int32_t whole = n < point ? n : point;
  at = put_digits(at, digits, whole);
  for (int32_t i = whole; i < point; i++) *at++ = '0';
  if (n > point) *at++ = '.';
  return put_digits(at, digits + whole, n - whole);
}

int64_t bai_format_f64(char *buffer, double value) {
  uint64_t bits = bai_bits_of_f64(value);
  uint64_t size = bits & (UINT64_MAX >> 1);
  char *at = buffer;
  if (size > UINT64_C(0x7ff) << 52) {
    at = put_all(at, "nan");
    *at = 0;
    return at - buffer;
  }
  if (bits != size) *at++ = '-';
  if (size == UINT64_C(0x7ff) << 52) {
    at = put_all(at, "inf");
  } else if (size == 0) {
    *at++ = '0';
  } else {
    uint8_t digits[20];
    int32_t point = 0, n = shortest(size, digits, &point);
    int32_t fixed = point > -4 && point <= 16;
    at = fixed ? put_fixed(at, digits, n, point) : put_scientific(at, digits, n, point - 1);
  }
  *at = 0;
  return at - buffer;
}
