/* SPDX-License-Identifier: MIT
 *
 * newton.h: Newton's method for few columns and two classes, its Hessian as a square and its step by Cholesky.
 */
#ifndef BAI_TRAIN_NEWTON_H
#define BAI_TRAIN_NEWTON_H

#include "train/archive.h"
#include "train/problem.h"

#define BAI_NEWTON_COLUMNS 4096
/* Up to here our own fixed-order sums do it, with the same bits at every CPU level; beyond, OpenBLAS and LAPACKE. */
#define BAI_NEWTON_OWN_COLUMNS 512

typedef struct bai_newton bai_newton;

/* Starts at `start`; with `fast` 1 BLAS works for narrow problems too. BA_ERR_UNSUPPORTED with more columns, with more
 * than one output, or where a wide problem needs BLAS and the build or the machine has none. */
ba_status bai_newton_create(ba_context *context, bai_problem *problem, const double *start, int32_t fast,
                            bai_newton **out);
void bai_newton_destroy(bai_newton *solver);
/* Writes its state down, or takes it back. */
void bai_newton_archive(bai_newton *solver, bai_archive *archive);
/* One iteration: Hessian, step, halved until the objective falls. *stuck is 1 when it cannot fall any more. */
ba_status bai_newton_step(bai_newton *solver, int32_t *stuck);
const double *bai_newton_point(const bai_newton *solver);
double bai_newton_objective(const bai_newton *solver);
double bai_newton_slope(const bai_newton *solver);       /* the largest entry of the gradient in size */
double bai_newton_start_slope(const bai_newton *solver); /* that at the start; known after the first step */
int64_t bai_newton_iterations(const bai_newton *solver);
int64_t bai_newton_passes(const bai_newton *solver); /* evaluations of objective and gradient so far */

#endif
