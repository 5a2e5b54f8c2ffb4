/* SPDX-License-Identifier: MIT
 *
 * blas.h: products and solutions of dense matrices by OpenBLAS and LAPACKE. Nobody's thread count is changed.
 */
#ifndef BAI_TRAIN_BLAS_H
#define BAI_TRAIN_BLAS_H

#include "base/base.h"

typedef struct bai_blas bai_blas;

/* BA_ERR_UNSUPPORTED when the build or the machine does not have them. */
ba_status bai_blas_open(ba_context *context, bai_blas **out);
void bai_blas_close(ba_context *context, bai_blas *blas); /* NULL is fine */
/* square += rows' rows: `rows` is count x n, `square` n x n, both by rows; only its upper triangle is touched. */
void bai_blas_add_square(const bai_blas *blas, double *square, int32_t n, const double *rows, int32_t count);
/* Solves square x = right by Cholesky, from the upper triangle of `square`, which is overwritten; x takes the place of
 * `right`. Returns 0, with `right` as it was, when the matrix is not positive definite. */
int32_t bai_blas_solve(const bai_blas *blas, double *square, int32_t n, double *right);

/* The `count` largest eigenvalues of a symmetric square, rising, and their vectors, one after the other; only the
 * square's upper triangle by rows is read, and the square is overwritten. */
ba_status bai_blas_eigen(ba_context *context, const bai_blas *blas, double *square, int32_t n, int32_t count,
                         double *values, double *vectors);

#endif
