/* SPDX-License-Identifier: MIT
 *
 * dense.c: every sum adds one product after the other, in the order of the rows; only independent sums run side by
 * side.
 */
#include "train/dense.h"

#include <math.h>
#include <string.h>

/* square = U'U: U takes the place of its upper triangle. */
static int32_t factor(const bai_kernels *kernels, double *square, int64_t n) {
  for (int64_t k = 0; k < n; k++) {
    double *row = square + k * n;
    if (!(row[k] > 0.0) || row[k] - row[k] != 0.0) return 0;
    row[k] = sqrt(row[k]);
    for (int64_t j = k + 1; j < n; j++) row[j] /= row[k];
    for (int64_t i = k + 1; i < n; i++) kernels->axpy_f64(square + i * n + i, -row[i], row + i, n - i);
  }
  return 1;
}

int32_t bai_dense_solve(const bai_kernels *kernels, double *square, int64_t n, double *right) {
  if (!factor(kernels, square, n)) return 0;
  for (int64_t k = 0; k < n; k++) {
    const double *row = square + k * n;
    right[k] /= row[k];
    kernels->axpy_f64(right + k + 1, -right[k], row + k + 1, n - k - 1);
  }
  for (int64_t k = n - 1; k >= 0; k--) {
    const double *row = square + k * n;
    right[k] = (right[k] - kernels->dot_f64(row + k + 1, right + k + 1, n - k - 1)) / row[k];
  }
  return 1;
}

/* Sizes are in the order of their bits, with every NaN above all numbers. */
double bai_largest(const double *x, int64_t n) {
  uint64_t most = 0, bits;
  double largest;
  for (int64_t i = 0; i < n; i++) {
    memcpy(&bits, x + i, 8);
    bits &= INT64_MAX;
    most = bits > most ? bits : most;
  }
  memcpy(&largest, &most, 8);
  return largest;
}
