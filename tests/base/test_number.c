/* SPDX-License-Identifier: MIT
 *
 * test_number.c: reading and writing doubles against the C library's strtod and "%.{p}e", which round correctly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

static int32_t same_bits(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0;
}

static double parsed(const char *text) {
  double value = 12345;
  if (!bai_parse_f64(text, (int64_t)strlen(text), &value)) fail_msg("\"%s\" was not read", text);
  return value;
}

static void check_parse(const char *text) {
  double ours = parsed(text), theirs = strtod(text, NULL);
  if (!same_bits(ours, theirs)) fail_msg("\"%.60s\" read as %a, expected %a", text, ours, theirs);
}

/* Round trip, and no shorter text reads back; of equal length, none is nearer. */
static void check_format(double value) {
  char text[40], shorter[40];
  int64_t n = bai_format_f64(text, value);
  assert_int_equal(n, strlen(text));
  assert_true(n < 32);
  if (!same_bits(strtod(text, NULL), value)) fail_msg("%a written as %s", value, text);
  int32_t digits = 0;
  const char *at = text + (text[0] == '-');
  while (*at == '0' || *at == '.') at++;
  int32_t zeros = 0; /* trailing zeros of a whole number are not digits */
  for (; *at && *at != 'e'; at++) {
    if (*at == '.') continue;
    digits++;
    zeros = *at == '0' ? zeros + 1 : 0;
  }
  digits -= zeros;
  if (digits > 1) {
    snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
    if (same_bits(strtod(shorter, NULL), value)) fail_msg("%s is longer than %s", text, shorter);
  }
  /* %e gives the nearest of its length; it is the answer whenever it reads back. */
  snprintf(shorter, sizeof shorter, "%.*e", digits - 1, value);
  if (same_bits(strtod(shorter, NULL), value)) {
    char ours[40];
    snprintf(ours, sizeof ours, "%.*e", digits - 1, strtod(text, NULL));
    assert_string_equal(ours, shorter);
  }
}

static void check_both(double value) {
  char text[60];
  check_format(value);
  bai_format_f64(text, value);
  check_parse(text);
  snprintf(text, sizeof text, "%.17g", value);
  check_parse(text);
}

static void test_random_doubles(void **state) {
  (void)state;
  for (uint64_t i = 0; i < 40000; i++) {
    double value = bai_f64_of_bits(bai_random(1, 1, i));
    if (isfinite(value)) check_both(value);
    check_both((double)(bai_random(1, 2, i) >> 11) * 0x1p-53);
    check_both((double)(int64_t)bai_random(1, 3, i) / 1e4);
    check_both(bai_f64_of_bits(bai_random(1, 4, i) >> (12 + i % 52))); /* subnormal */
  }
}

static void test_powers_and_their_neighbours(void **state) {
  (void)state;
  for (int32_t e = -1074; e < 1024; e++) {
    double power = ldexp(1, e);
    check_both(power);
    check_both(nextafter(power, 0));
    check_both(-nextafter(power, INFINITY));
  }
  for (int32_t e = -323; e < 309; e++) {
    char text[40];
    for (int32_t digit = 1; digit < 10; digit++) {
      snprintf(text, sizeof text, "%de%d", digit, e);
      check_parse(text);
    }
    if (e < 308) check_both(parsed(text));
  }
  check_both(DBL_MAX);
  check_both(DBL_MIN);
  check_both(nextafter(DBL_MIN, 0));
}

static void test_texts_of_any_length(void **state) {
  (void)state;
  static char text[2100];
  const int32_t lengths[] = {1, 5, 15, 16, 18, 19, 20, 21, 25, 60, 400, 766, 767, 768, 769, 800, 2000};
  for (uint64_t i = 0; i < 6000; i++) {
    int32_t n = lengths[bai_random(2, 1, i) % 17], point = (int32_t)(bai_random(2, 2, i) % (uint64_t)(n + 1)), at = 0;
    for (int32_t j = 0; j < n; j++) {
      if (j == point) text[at++] = '.';
      text[at++] = (char)('0' + bai_random(3, i, (uint64_t)j) % 10);
    }
    snprintf(text + at, 20, "e%d", (int)(bai_random(2, 3, i) % 800) - 400);
    check_parse(text);
  }
}

/* The exact decimal text of the point halfway between two neighbours: glibc prints long doubles exactly, and 64 bits
 * hold the halfway point of any two doubles. */
static void check_halfway(double low) {
  static char text[3000], more[4000];
  long double half = (long double)low + ((long double)nextafter(low, INFINITY) - (long double)low) / 2;
  snprintf(text, sizeof text, "%.1100Le", half);
  check_parse(text);
  /* A little above and below, in the last place and far behind it. */
  char *e = strchr(text, 'e');
  snprintf(more, sizeof more, "%.*s1%s", (int)(e - text), text, e);
  check_parse(more);
  snprintf(more, sizeof more, "%.*s%01500d1%s", (int)(e - text), text, 0, e);
  check_parse(more);
  assert_true(parsed(more) > low);
  char *last = e - 1;
  while (*last == '0') last--;
  if (*last == '.') return;
  (*last)--;
  snprintf(more, sizeof more, "%.*s9%s", (int)(last + 1 - text), text, e);
  check_parse(more);
  assert_true(same_bits(parsed(more), low));
}

static void test_halfway(void **state) {
  (void)state;
  assert_true(LDBL_MANT_DIG >= 64);
  for (uint64_t i = 0; i < 600; i++) {
    double value = fabs(bai_f64_of_bits(bai_random(4, 1, i)));
    if (isfinite(value) && value < DBL_MAX) check_halfway(value);
    check_halfway((double)(bai_random(4, 2, i) >> 11));
    check_halfway(bai_f64_of_bits(bai_random(4, 3, i) >> (12 + i % 52)));
  }
  check_halfway(0);
  check_halfway(nextafter(DBL_MAX, 0));
  check_halfway(nextafter(DBL_MIN, 0));
}

static void test_edges_of_the_range(void **state) {
  (void)state;
  const char *texts[] = {"1.7976931348623157e308",
                         "1.7976931348623158e308",
                         "1.7976931348623159e308",
                         "17976931348623158e292",
                         "1e309",
                         "1e310",
                         "1e311",
                         "2.4703282292062327e-324",
                         "2.4703282292062328e-324",
                         "4.9e-324",
                         "1e-324",
                         "1e-400",
                         "2.2250738585072011e-308",
                         "2.2250738585072012e-308",
                         "2.2250738585072014e-308",
                         "9007199254740993",
                         "9007199254740992.99999",
                         "0.000000000000000000000000000001",
                         "123456789012345678901234567890",
                         "18446744073709551615",
                         "18446744073709551616",
                         "9999999999999999999",
                         "1e27",
                         "1e28",
                         "9999999999999999999e27",
                         "9999999999999999999e-27",
                         "1e-27",
                         "0e999999999999999999999",
                         "1e-999999999999999999999",
                         "1e999999999999999999999",
                         "0.0e0",
                         "-0",
                         "-0.000e5",
                         "00000000000000000000001",
                         "1e00000000000000000001",
                         "+1.5"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) check_parse(texts[i]);
  /* A long run of zeros taken back by the exponent. */
  static char text[5000];
  memset(text, '0', sizeof text);
  text[1] = '.';
  strcpy(text + 4002, "15e4001");
  check_parse(text);
  assert_true(parsed(text) == 1.5);
  memset(text, '0', sizeof text);
  text[0] = '7';
  strcpy(text + 4001, "e-4000");
  assert_true(parsed(text) == 7);
}

static void test_words(void **state) {
  (void)state;
  double value;
  assert_true(parsed("inf") == INFINITY && parsed("-Infinity") == -INFINITY && parsed("+INF") == INFINITY);
  assert_true(isnan(parsed("nan")) && isnan(parsed("-NaN")));
  const char *wrong[] = {"",    " ",   "+",   "-",    ".",    "e5",    "1e", "1e+",   "1.2.3", "1 ",        " 1",
                         "0x1", "1,5", "--1", "infi", "nanx", "1e5.0", "1f", "1_000", "٣",     "infinityy", "1e5e5"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    if (bai_parse_f64(wrong[i], (int64_t)strlen(wrong[i]), &value)) fail_msg("\"%s\" was read", wrong[i]);
  }
  assert_false(bai_parse_f64("1\0", 2, &value));
  /* Exactly n bytes are looked at. */
  assert_true(bai_parse_f64("12345", 2, &value));
  assert_true(value == 12);
  assert_true(parsed(".5") == 0.5 && parsed("5.") == 5);
}

static void test_layout_of_written_numbers(void **state) {
  (void)state;
  const struct {
    double value;
    const char *text;
  } cases[] = {{0, "0"},
               {-0.0, "-0"},
               {1, "1"},
               {-1.5, "-1.5"},
               {100, "100"},
               {0.1, "0.1"},
               {0.0001, "0.0001"},
               {0.00001, "1e-05"},
               {0.000123456, "0.000123456"},
               {1e15, "1000000000000000"},
               {1e16, "1e+16"},
               {123456789012345680.0, "1.2345678901234568e+17"},
               /* Two shortest texts equally near: the even digit. */
               {1125899906842625.25, "1125899906842625.2"},
               {1125899906842625.75, "1125899906842625.8"},
               {9007199254740993.0, "9007199254740992"},
               {1e22, "1e+22"},
               {1e23, "1e+23"},
               {1.5e300, "1.5e+300"},
               {5e-324, "5e-324"},
               {DBL_MAX, "1.7976931348623157e+308"},
               {-2.2250738585072014e-308, "-2.2250738585072014e-308"},
               {INFINITY, "inf"},
               {-INFINITY, "-inf"},
               {NAN, "nan"},
               {-NAN, "nan"}};
  char text[40];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int64_t n = bai_format_f64(text, cases[i].value);
    assert_string_equal(text, cases[i].text);
    assert_int_equal(n, strlen(cases[i].text));
  }
}

static void check_integer(const char *text, int32_t good, int64_t expected) {
  int64_t value = 77;
  assert_int_equal(bai_parse_i64(text, (int64_t)strlen(text), &value), good);
  assert_true(value == (good ? expected : 77));
}

static void test_integers(void **state) {
  (void)state;
  check_integer("0", 1, 0);
  check_integer("-0", 1, 0);
  check_integer("+12", 1, 12);
  check_integer("007", 1, 7);
  check_integer("9223372036854775807", 1, INT64_MAX);
  check_integer("-9223372036854775808", 1, INT64_MIN);
  check_integer("9223372036854775808", 0, 0);
  check_integer("-9223372036854775809", 0, 0);
  check_integer("99999999999999999999999", 0, 0);
  const char *wrong[] = {"", "+", "-", "1.0", "1e3", " 1", "1 ", "0x1", "--1", "a"};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) check_integer(wrong[i], 0, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_doubles),
      cmocka_unit_test(test_powers_and_their_neighbours),
      cmocka_unit_test(test_texts_of_any_length),
      cmocka_unit_test(test_halfway),
      cmocka_unit_test(test_edges_of_the_range),
      cmocka_unit_test(test_words),
      cmocka_unit_test(test_layout_of_written_numbers),
      cmocka_unit_test(test_integers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
