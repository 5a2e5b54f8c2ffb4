/* SPDX-License-Identifier: MIT
 *
 * panels.h: the part of scalar.h that is about hidden layers over numbers, whose weights lie in panels of BAI_PANEL
 * units. It is the only one that multiplies and adds in one step, which rounds once: IEEE 754 defines that as well as
 * it defines each step by itself, and half of a product of matrices would be lost without. scalar.h includes it.
 */
#ifndef BAI_PANELS_H
#define BAI_PANELS_H

#include <math.h>
#include <string.h>

#include "kernels/kernels.h"

/* a * b + c, rounded once. Without an instruction for it: as a double the product is exact, and its sum with c is
 * rounded to odd, which keeps what the rounding to float has to know of the bits behind. Neither overflows. */
static inline float scalar_fused_f32(float a, float b, float c) {
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  return __builtin_fmaf(a, b, c);
#else
  const double product = (double)a * (double)b, add = (double)c;
  double sum = product + add;
  const double part = sum - product;
  const double left = (product - (sum - part)) + (add - part); /* exact; NaN where the sum is not finite */
  uint64_t bits, of_left;
  memcpy(&bits, &sum, sizeof bits);
  memcpy(&of_left, &left, sizeof of_left);
  const uint64_t step = (uint64_t)((left > 0.0) | (left < 0.0)) & ~bits; /* 1: inexact and even */
  bits += step - ((step & (bits ^ of_left) >> 63) << 1);                 /* away from zero, or towards it */
  memcpy(&sum, &bits, sizeof sum);
  return (float)sum;
#endif
}

/* 1 when a number is NaN or too large. */
static inline int32_t scalar_beyond_f32(const float *x, int64_t n) {
  int32_t beyond = 0;
  for (int64_t i = 0; i < n; i++) beyond |= !(fabsf(x[i]) <= BAI_MOST_NUMBER);
  return beyond;
}

static inline void scalar_panel_f32(double *sums, const float *row, const float *panel, int64_t n) {
  const int64_t chains = bai_chains(n);
  for (int32_t u = 0; u < BAI_PANEL; u++) sums[u] = 0.0;
  for (int64_t c = 0; c < chains; c++) {
    float chain[BAI_PANEL] = {0};
    for (int64_t i = bai_chain_start(n, chains, c); i < bai_chain_start(n, chains, c + 1); i++) {
      for (int32_t u = 0; u < BAI_PANEL; u++) chain[u] = scalar_fused_f32(row[i], panel[i * BAI_PANEL + u], chain[u]);
    }
    for (int32_t u = 0; u < BAI_PANEL; u++) sums[u] += (double)chain[u];
  }
}

static inline int32_t scalar_dot_panels_f32(double *sums, const float *rows, int64_t stride, int64_t row_count,
                                            const float *panels, int64_t count, int64_t n) {
  const uint8_t *at = (const uint8_t *)rows;
  int32_t beyond = 0;
  for (int64_t r = 0; r < row_count; r++, at += stride) {
    const float *row = (const float *)(const void *)at;
    beyond |= scalar_beyond_f32(row, n);
    for (int64_t p = 0; p < count; p++, sums += BAI_PANEL) scalar_panel_f32(sums, row, panels + p * n * BAI_PANEL, n);
  }
  return beyond;
}

static inline int32_t scalar_narrow_f64(float *y, const double *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) y[i] = (float)x[i];
  return scalar_beyond_f32(y, n);
}

static inline double scalar_relu_dot_f64(const double *sums, const double *biases, const double *weights, int64_t n) {
  double lanes[BAI_LANES] = {0};
  for (int64_t i = 0; i < n; i++) {
    const double value = sums[i] + biases[i];
    lanes[i % BAI_LANES] += (value > 0.0 ? value : 0.0) * weights[i];
  }
  return scalar_lanes(lanes);
}

#endif
