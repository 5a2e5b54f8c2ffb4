/* SPDX-License-Identifier: MIT
 *
 * pairs.h: the memory of L-BFGS: differences of points and of gradients, and the direction that they give.
 */
#ifndef BAI_TRAIN_PAIRS_H
#define BAI_TRAIN_PAIRS_H

#include "kernels/kernels.h"
#include "train/archive.h"

typedef struct bai_pairs {
  int64_t n;
  int32_t memory, stored, next; /* pairs that fit, pairs kept, where the next one goes */
  double *steps, *changes;      /* memory x n: differences of points and of gradients */
  double *rho, *alpha;          /* memory */
} bai_pairs;

ba_status bai_pairs_create(ba_context *context, int64_t n, int32_t memory, bai_pairs *pairs);
void bai_pairs_free(ba_context *context, bai_pairs *pairs);
void bai_pairs_archive(bai_pairs *pairs, bai_archive *archive);
/* direction = -H gradient, H from the pairs kept, newest first; without any, down the gradient. */
void bai_pairs_direction(bai_pairs *pairs, const bai_kernels *kernels, const double *gradient, double *direction);
/* Keeps the step from one point to the next when it has positive curvature. */
void bai_pairs_keep(bai_pairs *pairs, const bai_kernels *kernels, const double *from, const double *to,
                    const double *gradient_from, const double *gradient_to);

#endif
