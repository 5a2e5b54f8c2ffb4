/* SPDX-License-Identifier: MIT
 *
 * conditioning.h: variables in which a problem's Hessian at the start has ones on its diagonal and nothing between the
 * intercept and the rest: the deviations of the columns from their means, each in its own unit. Columns that are far
 * from 0, or of different sizes, then cost L-BFGS no iterations. The objective, with its penalty, is the same.
 */
#ifndef BAI_TRAIN_CONDITIONING_H
#define BAI_TRAIN_CONDITIONING_H

#include "train/problem.h"

typedef struct bai_conditioning {
  int64_t columns;
  double *means;  /* of the columns, rows weighted by the curvature of their losses */
  double *scales; /* of the columns, then of the intercept */
} bai_conditioning;

/* 1 for problems of one output whose columns are learnt from all rows. */
int32_t bai_conditioning_suits(const bai_problem *problem);
/* Variables that are the weights themselves. Freed also after a failure. */
ba_status bai_conditioning_open(const bai_problem *problem, bai_conditioning *out);
/* Two passes over the rows. */
ba_status bai_conditioning_learn(bai_problem *problem, const double *start, bai_conditioning *c);
/* The same from sums of blocks: bai_conditioning_sums numbers each, and those of all rows. */
int64_t bai_conditioning_sums(const bai_problem *problem);
ba_status bai_conditioning_block(bai_problem *problem, const double *start, int64_t block, double *sums);
ba_status bai_conditioning_take(bai_problem *problem, const double *sums, bai_conditioning *c);
void bai_conditioning_free(ba_context *context, bai_conditioning *conditioning);
/* From weights and intercept to the variables, and back; `to` is another place. */
void bai_conditioning_enter(const bai_conditioning *c, const bai_kernels *kernels, const double *plain, double *to);
void bai_conditioning_leave(const bai_conditioning *c, const bai_kernels *kernels, const double *variables, double *to);
/* A gradient by weights and intercept becomes one by the variables. */
void bai_conditioning_turn(const bai_conditioning *c, double *gradient);

#endif
