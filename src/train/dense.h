/* SPDX-License-Identifier: MIT
 *
 * dense.h: squares and solutions of small dense matrices in a fixed order: the same bits at every CPU level.
 */
#ifndef BAI_TRAIN_DENSE_H
#define BAI_TRAIN_DENSE_H

#include "kernels/kernels.h"

/* square += rows' rows: `rows` is count x n, `square` n x n, both by rows; only its upper triangle is touched. */
void bai_dense_add_square(const bai_kernels *kernels, double *square, int64_t n, const double *rows, int64_t count);
/* Solves square x = right by Cholesky, from the upper triangle of `square`, which is overwritten; x takes the place of
 * `right`. Returns 0, with `right` as it was, when the matrix is not positive definite. */
int32_t bai_dense_solve(const bai_kernels *kernels, double *square, int64_t n, double *right);
/* The largest of the sizes; the first NaN, if there is one. */
double bai_largest(const double *x, int64_t n);

#endif
