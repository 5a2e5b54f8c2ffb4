/* SPDX-License-Identifier: MIT
 *
 * number.c: doubles as text, by whole numbers of 128 bits, as in src/cli/number.c.
 */
#include "number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define DIGITS 17
#define TEN_TO_17 UINT64_C(100000000000000000)

__extension__ typedef unsigned __int128 wide;

/* The digits of 1e-4 <= value < 1e15, ties to even; the first stands for 10^*exponent. The value is fraction 2^power,
 * so value 10^scale is fraction 5^scale 2^(power + scale), and all of it is exact. */
static uint64_t digits_of(double value, int *exponent) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const int power = (int)(bits >> 52) - 1075;
  const uint64_t fraction = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
  /* log10 of 2^(power + 52), rounded down: right, or one too few. */
  for (*exponent = (power + 52 + 93) * 30103 / 100000 - 28;; ++*exponent) {
    const int scale = DIGITS - 1 - *exponent, shift = -(power + scale);
    uint64_t fives = 1;
    for (int i = 0; i < scale; i++) fives *= 5;
    const wide product = (wide)fraction * fives, rest = product & (((wide)1 << shift) - 1),
               half = (wide)1 << (shift - 1);
    uint64_t whole = (uint64_t)(product >> shift);
    if (rest > half || (rest == half && whole % 2 == 1)) whole++;
    if (whole < TEN_TO_17) return whole;
  }
}

void number_text(double value, char text[NUMBER_ROOM]) {
  if (!(fabs(value) >= 1e-4 && fabs(value) < 1e15)) {
    snprintf(text, NUMBER_ROOM, "%.17g", value);
    return;
  }
  char digits[DIGITS];
  int exponent, count = DIGITS;
  uint64_t whole = digits_of(fabs(value), &exponent);
  for (int i = DIGITS; i > 0; whole /= 10) digits[--i] = (char)('0' + whole % 10);
  while (count > exponent + 1 && count > 1 && digits[count - 1] == '0') count--;
  if (value < 0) *text++ = '-';
  const int before = exponent < 0 ? 0 : exponent + 1;
  if (exponent < 0) {
    memcpy(text, "0.000", 5);
    text += 1 - exponent;
  }
  memcpy(text, digits, (size_t)before);
  text += before;
  if (before > 0 && count > before) *text++ = '.';
  memcpy(text, digits + before, (size_t)(count - before));
  text[count - before] = '\0';
}
