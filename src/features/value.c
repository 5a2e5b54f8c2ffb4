/* SPDX-License-Identifier: MIT
 *
 * value.c: what a count becomes: values, norms, and their fixed-point form.
 */
#include <math.h>

#include "features/plan.h"

__extension__ typedef unsigned __int128 wide;

uint64_t bai_fixed_sqrt(uint32_t count) {
  const wide square = (wide)count << (2 * BAI_ROOT_BITS);
  /* The double is within one of the integer root; the loops make it exact. */
  uint64_t root = (uint64_t)(sqrt((double)count) * (double)(1 << BAI_ROOT_BITS));
  while ((wide)root * root > square) root--;
  while ((wide)(root + 1) * (root + 1) <= square) root++;
  /* (root + 1/2)^2 = root^2 + root + 1/4 decides the rounding; equality cannot happen. */
  return square - (wide)root * root > root ? root + 1 : root;
}

double bai_value_unit(const bai_block *block) {
  return block->value == BAI_VALUE_SQRT ? 1.0 / (double)(1 << BAI_ROOT_BITS) : 1.0;
}

uint64_t bai_value_fixed(const bai_block *block, uint32_t count) {
  if (block->value == BAI_VALUE_SQRT) return count == 1 ? UINT64_C(1) << BAI_ROOT_BITS : bai_fixed_sqrt(count);
  return block->value == BAI_VALUE_BINARY ? 1 : count;
}

void bai_values_fixed(const bai_block *block, const uint32_t *counts, int64_t n, uint32_t *values) {
  for (int64_t i = 0; i < n; i++) values[i] = (uint32_t)bai_value_fixed(block, counts[i]);
}

/* Apart, so that the compiler does not take roots of the ones, which most counts are. */
static __attribute__((noinline)) double root(uint32_t count) {
  return sqrt((double)count);
}

void bai_values_double(const bai_block *block, const uint32_t *counts, int64_t n, double *values) {
  if (block->value == BAI_VALUE_SQRT) {
    for (int64_t i = 0; i < n; i++) values[i] = counts[i] == 1 ? 1.0 : root(counts[i]);
  } else if (block->value == BAI_VALUE_BINARY) {
    for (int64_t i = 0; i < n; i++) values[i] = 1.0;
  } else {
    for (int64_t i = 0; i < n; i++) values[i] = (double)counts[i];
  }
}

double bai_block_divisor(const bai_block *block, const uint32_t *counts, int64_t n) {
  uint64_t kept = 0, squares = 0, roots = 0;
  if (n == 0) return 1.0;
  for (int64_t i = 0; i < n; i++) kept += counts[i];
  const int32_t counted = block->value == BAI_VALUE_COUNT || block->value == BAI_VALUE_FREQ;
  if (block->norm == BAI_NORM_NONE) return block->value == BAI_VALUE_FREQ ? (double)kept : 1.0;
  if (block->norm == BAI_NORM_L1) {
    if (counted) return (double)kept;
    if (block->value == BAI_VALUE_BINARY) return (double)n;
    for (int64_t i = 0; i < n; i++) roots += bai_fixed_sqrt(counts[i]);
    return (double)roots / (double)(1 << BAI_ROOT_BITS);
  }
  if (block->value == BAI_VALUE_SQRT) return sqrt((double)kept);
  if (block->value == BAI_VALUE_BINARY) return sqrt((double)n);
  for (int64_t i = 0; i < n; i++) squares += (uint64_t)counts[i] * counts[i];
  return sqrt((double)squares);
}
