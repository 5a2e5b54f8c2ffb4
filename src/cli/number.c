/* SPDX-License-Identifier: MIT
 *
 * number.c: numbers as text, as printf gives them with %.17g, several times as fast for those of ordinary size.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

#define DIGITS 17 /* enough to read any double back */
#define TEN_TO_17 UINT64_C(100000000000000000)

__extension__ typedef unsigned __int128 wide;

char *cli_put_whole(char *at, int64_t value) {
  char digits[20];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  while (n > 0) *at++ = digits[--n];
  return at;
}

/* The digits of 1e-4 <= value < 1e15 as a whole number, ties to even; the first of them stands for 10^*exponent. All of
 * it is exact: value is fraction 2^power, so value 10^scale is fraction 5^scale 2^(power + scale). */
static uint64_t digits_of(double value, int *exponent) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const int power = (int)(bits >> 52) - 1075;
  const uint64_t fraction = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
  /* log10 of 2^(power + 52), rounded down: right, or one too few. */
  for (int guess = (power + 52 + 93) * 30103 / 100000 - 28;; guess++) {
    const int scale = DIGITS - 1 - guess, shift = -(power + scale);
    uint64_t fives = 1;
    for (int i = 0; i < scale; i++) fives *= 5;
    const wide product = (wide)fraction * fives, rest = product & (((wide)1 << shift) - 1),
               half = (wide)1 << (shift - 1);
    uint64_t whole = (uint64_t)(product >> shift);
    if (rest > half || (rest == half && whole % 2 == 1)) whole++;
    *exponent = guess;
    if (whole < TEN_TO_17) return whole;
  }
}

char *cli_put_number(char *at, double value) {
  if (!(fabs(value) >= 1e-4 && fabs(value) < 1e15)) return at + snprintf(at, CLI_NUMBER, "%.17g", value);
  char digits[DIGITS];
  int exponent, n = DIGITS;
  uint64_t whole = digits_of(fabs(value), &exponent);
  for (int i = DIGITS; i > 0; whole /= 10) digits[--i] = (char)('0' + whole % 10);
  while (n > exponent + 1 && n > 1 && digits[n - 1] == '0') n--;
  if (value < 0) *at++ = '-';
  if (exponent < 0) {
    memcpy(at, "0.000", 5);
    at += 1 - exponent;
    memcpy(at, digits, (size_t)n);
    return at + n;
  }
  const int before = exponent + 1;
  memcpy(at, digits, (size_t)before);
  at += before;
  if (n == before) return at;
  *at++ = '.';
  memcpy(at, digits + before, (size_t)(n - before));
  return at + n - before;
}

void cli_write_number(FILE *out, double value) {
  char text[CLI_NUMBER];
  fwrite(text, 1, (size_t)(cli_put_number(text, value) - text), out);
}
