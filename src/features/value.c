/* SPDX-License-Identifier: MIT
 *
 * value.c: what a count becomes: values, norms, and their fixed-point form.
 */
#include <math.h>

#include "features/plan.h"

__extension__ typedef unsigned __int128 wide;

const uint32_t bai_right_of[94] = {
    0u,          883353506u,  1585026136u, 2142384518u, 2585110018u, 2936779383u, 3216120289u, 3438008657u, 3614260853u,
    3754262949u, 3865470566u, 3953805917u, 4023973180u, 4079709018u, 4123981568u, 4159148505u, 4187082595u, 4209271432u,
    4226896652u, 4240896861u, 4252017623u, 4260851158u, 4267867884u, 4273441468u, 4277868723u, 4281385417u, 4284178826u,
    4286397710u, 4288160232u, 4289560253u, 4290672329u, 4291555682u, 4292257355u, 4292814713u, 4293257439u, 4293609108u,
    4293888449u, 4294110337u, 4294286590u, 4294426592u, 4294537799u, 4294626135u, 4294696302u, 4294752038u, 4294796310u,
    4294831477u, 4294859411u, 4294881600u, 4294899225u, 4294913226u, 4294924346u, 4294933180u, 4294940197u, 4294945770u,
    4294950197u, 4294953714u, 4294956508u, 4294958726u, 4294960489u, 4294961889u, 4294963001u, 4294963884u, 4294964586u,
    4294965143u, 4294965586u, 4294965938u, 4294966217u, 4294966439u, 4294966615u, 4294966755u, 4294966867u, 4294966955u,
    4294967025u, 4294967081u, 4294967125u, 4294967160u, 4294967188u, 4294967210u, 4294967228u, 4294967242u, 4294967253u,
    4294967262u, 4294967269u, 4294967274u, 4294967279u, 4294967282u, 4294967285u, 4294967287u, 4294967289u, 4294967291u,
    4294967292u, 4294967293u, 4294967293u, 4294967294u,
};

/* The root of an integer to the nearest one, from a guess that is within some of it. */
static uint64_t nearest_root(wide square, uint64_t root) {
  while ((wide)root * root > square) root--;
  while ((wide)(root + 1) * (root + 1) <= square) root++;
  /* (root + 1/2)^2 = root^2 + root + 1/4 decides the rounding; equality cannot happen. */
  return square - (wide)root * root > root ? root + 1 : root;
}

uint64_t bai_fixed_sqrt(uint32_t count) {
  return nearest_root((wide)count << (2 * BAI_ROOT_BITS),
                      (uint64_t)(sqrt((double)count) * (double)(1 << BAI_ROOT_BITS)));
}

/* round(2^20 sqrt(count / 256)) */
static uint64_t weighted_root(uint32_t count) {
  return nearest_root((wide)count << (2 * BAI_ROOT_BITS - 8),
                      (uint64_t)(sqrt((double)count) * (double)(1 << (BAI_ROOT_BITS - 4))));
}

double bai_value_unit(const bai_block *block) {
  if (block->value == BAI_VALUE_SQRT) return 1.0 / (double)(1 << BAI_ROOT_BITS);
  return block->weighted ? 1.0 / BAI_SHARES : 1.0;
}

uint64_t bai_value_fixed(const bai_block *block, uint32_t count) {
  if (block->value == BAI_VALUE_BINARY) return 1;
  if (block->value != BAI_VALUE_SQRT) return count;
  if (count == (block->weighted ? BAI_SHARES : 1)) return UINT64_C(1) << BAI_ROOT_BITS;
  return block->weighted ? weighted_root(count) : bai_fixed_sqrt(count);
}

void bai_values_fixed(const bai_block *block, const uint32_t *counts, int64_t n, uint32_t *values) {
  for (int64_t i = 0; i < n; i++) values[i] = (uint32_t)bai_value_fixed(block, counts[i]);
}

/* Apart, so that the compiler does not take roots of the ones, which most counts are. */
static __attribute__((noinline)) double root(uint32_t count) {
  return sqrt((double)count);
}

static double unit_of_counts(const bai_block *block) {
  return block->weighted ? 1.0 / BAI_SHARES : 1.0;
}

void bai_values_double(const bai_block *block, const uint32_t *counts, int64_t n, double *values) {
  if (block->value == BAI_VALUE_BINARY) {
    for (int64_t i = 0; i < n; i++) values[i] = 1.0;
  } else if (block->value == BAI_VALUE_SQRT && block->weighted) {
    for (int64_t i = 0; i < n; i++) values[i] = root(counts[i]) / 16.0;
  } else if (block->value == BAI_VALUE_SQRT) {
    for (int64_t i = 0; i < n; i++) values[i] = counts[i] == 1 ? 1.0 : root(counts[i]);
  } else {
    const double unit = unit_of_counts(block);
    for (int64_t i = 0; i < n; i++) values[i] = (double)counts[i] * unit;
  }
}

void bai_totals_add(const bai_block *block, bai_totals *totals, uint32_t count, int32_t out) {
  if (count == 0) return;
  const int32_t rooted = block->value == BAI_VALUE_SQRT && block->norm == BAI_NORM_L1;
  const uint64_t square = (uint64_t)count * count, root = rooted ? bai_value_fixed(block, count) : 0;
  totals->kept = out ? totals->kept - count : totals->kept + count;
  totals->distinct = out ? totals->distinct - 1 : totals->distinct + 1;
  totals->squares = out ? totals->squares - square : totals->squares + square;
  totals->roots = out ? totals->roots - root : totals->roots + root;
}

int32_t bai_divisor_follows(const bai_block *block) {
  const int32_t counted = block->value == BAI_VALUE_COUNT || block->value == BAI_VALUE_FREQ;
  if (block->norm == BAI_NORM_L1) return !counted;
  return block->norm == BAI_NORM_L2 && block->value != BAI_VALUE_SQRT;
}

double bai_totals_divisor(const bai_block *block, const bai_totals *totals) {
  const double unit = unit_of_counts(block);
  if (totals->distinct == 0) return 1.0;
  const double kept = (double)totals->kept * unit;
  const int32_t counted = block->value == BAI_VALUE_COUNT || block->value == BAI_VALUE_FREQ;
  if (block->norm == BAI_NORM_NONE) return block->value == BAI_VALUE_FREQ ? kept : (double)block->per;
  if (block->norm == BAI_NORM_L1) {
    if (counted) return kept;
    if (block->value == BAI_VALUE_BINARY) return (double)totals->distinct;
    return (double)totals->roots / (double)(1 << BAI_ROOT_BITS);
  }
  if (block->value == BAI_VALUE_SQRT) return sqrt(kept);
  if (block->value == BAI_VALUE_BINARY) return sqrt((double)totals->distinct);
  return sqrt((double)totals->squares) * unit;
}

static void add_totals(const bai_block *block, const uint32_t *counts, int64_t n, bai_totals *totals) {
  for (int64_t i = 0; i < n; i++) totals->kept += counts[i];
  if (block->norm == BAI_NORM_L1 && block->value == BAI_VALUE_SQRT) {
    for (int64_t i = 0; i < n; i++) totals->roots += bai_value_fixed(block, counts[i]);
  } else if (block->norm == BAI_NORM_L2 && block->value < BAI_VALUE_SQRT) { /* count and freq */
    for (int64_t i = 0; i < n; i++) totals->squares += (uint64_t)counts[i] * counts[i];
  }
}

double bai_block_divisor(const ba_context *context, const bai_block *block, const uint32_t *counts, int64_t n) {
  bai_totals totals = {0, (uint64_t)n, 0, 0};
  for (int64_t at = 0; at < n && !(at && bai_is_cancelled(context)); at += BAI_SLICE)
    add_totals(block, counts + at, n - at < BAI_SLICE ? n - at : BAI_SLICE, &totals);
  return bai_totals_divisor(block, &totals);
}
