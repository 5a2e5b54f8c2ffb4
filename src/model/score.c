/* SPDX-License-Identifier: MIT
 *
 * score.c: the definition of a score. Integer sums per block, one conversion, one division, blocks added in recipe
 * order: nothing that a batch, a thread or a CPU level could change.
 */
#include "model/model.h"

/* Up to this many k-mers no int64 sum can overflow: |weight| < 2^31, values add up to at most 2^20 a k-mer. */
#define NARROW 4096

__extension__ typedef __int128 wide;

double bai_scale_by_power(double value, int32_t exponent) {
  while (exponent > 1000) {
    value *= bai_f64_of_bits(UINT64_C(2023) << 52); /* 2^1000 */
    exponent -= 1000;
  }
  while (exponent < -1000) {
    value *= bai_f64_of_bits(UINT64_C(23) << 52); /* 2^-1000 */
    exponent += 1000;
  }
  return value * bai_f64_of_bits((uint64_t)(1023 + exponent) << 52);
}

static double wide_sum(const bai_block *block, const int32_t *weights, const uint32_t *columns, const uint32_t *counts,
                       int64_t n) {
  wide sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (wide)weights[columns[i]] * (wide)bai_value_fixed(block, counts[i]);
  return (double)sum;
}

static double narrow_sum(const bai_kernels *kernels, const bai_block *block, const int32_t *weights,
                         const uint32_t *columns, const uint32_t *counts, uint32_t *values, int64_t n) {
  bai_values_fixed(block, counts, n, values);
  return (double)kernels->gather_dot_i32(weights, columns, values, n);
}

double bai_block_sum(const bai_kernels *kernels, const ba_model *model, int32_t output, int32_t b,
                     const uint32_t *columns, const uint32_t *counts, uint32_t *values, int64_t n) {
  const bai_plan *plan = model->plan;
  const bai_block *block = &plan->blocks[b];
  const int32_t *weights = model->weights + output * plan->width;
  int64_t kept = 0;
  for (int64_t i = 0; i < n && kept <= NARROW; i++) kept += counts[i];
  const double sum = kept <= NARROW ? narrow_sum(kernels, block, weights, columns, counts, values, n)
                                    : wide_sum(block, weights, columns, counts, n);
  return bai_scale_by_power(sum, -model->exponents[output * plan->block_count + b]) * bai_value_unit(block);
}

void bai_score_row(const bai_kernels *kernels, const ba_model *model, const bai_row *row, uint32_t *values,
                   double *scores) {
  const bai_plan *plan = model->plan;
  for (int32_t o = 0; o < model->outputs; o++) scores[o] = 0.0;
  int64_t from = 0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    const int64_t n = row->ends[b] - from;
    const double divisor = bai_block_divisor(&plan->blocks[b], row->counts + from, n);
    for (int32_t o = 0; o < model->outputs; o++)
      scores[o] += bai_block_sum(kernels, model, o, b, row->columns + from, row->counts + from, values, n) / divisor;
    from = row->ends[b];
  }
  for (int32_t o = 0; o < model->outputs; o++) scores[o] += model->intercepts[o];
}

void bai_probabilities(const bai_kernels *kernels, int32_t classes, const double *scores, double *probabilities) {
  if (classes == 2) {
    const double negative = -scores[0];
    kernels->sigmoid_f64(&probabilities[1], scores, 1);
    kernels->sigmoid_f64(&probabilities[0], &negative, 1);
    return;
  }
  double most = scores[0], total = 0.0;
  for (int32_t c = 1; c < classes; c++)
    if (scores[c] > most) most = scores[c];
  for (int32_t c = 0; c < classes; c++) probabilities[c] = scores[c] - most;
  kernels->exp_f64(probabilities, probabilities, classes);
  for (int32_t c = 0; c < classes; c++) total += probabilities[c];
  for (int32_t c = 0; c < classes; c++) probabilities[c] /= total;
}
