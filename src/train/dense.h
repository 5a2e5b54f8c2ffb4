/* SPDX-License-Identifier: MIT
 *
 * dense.h: solutions of small dense matrices in a fixed order: the same bits at every CPU level.
 */
#ifndef BAI_TRAIN_DENSE_H
#define BAI_TRAIN_DENSE_H

#include "kernels/kernels.h"

/* Solves square x = right by Cholesky, from the upper triangle of `square`, which is overwritten; x takes the place of
 * `right`. Returns 0, with `right` as it was, when the matrix is not positive definite. */
int32_t bai_dense_solve(const bai_kernels *kernels, double *square, int64_t n, double *right);
/* The largest of the sizes; a NaN, if there is one. */
double bai_largest(const double *x, int64_t n);

#endif
