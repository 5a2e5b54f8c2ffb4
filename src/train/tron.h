/* SPDX-License-Identifier: MIT
 *
 * tron.h: trust-region Newton: steps by conjugate gradients, from products of the Hessian with a vector, which are a
 * pass over the rows each. For many columns and any number of outputs.
 */
#ifndef BAI_TRAIN_TRON_H
#define BAI_TRAIN_TRON_H

#include "train/archive.h"
#include "train/problem.h"

typedef struct bai_tron bai_tron;

/* Starts at `start`, which is copied. */
ba_status bai_tron_create(ba_context *context, bai_problem *problem, const double *start, bai_tron **out);
void bai_tron_destroy(bai_tron *solver);
/* Writes its state down, or takes it back. */
void bai_tron_archive(bai_tron *solver, bai_archive *archive);
/* One pass over the rows. *stuck is 1 when the objective cannot fall any more. */
ba_status bai_tron_step(bai_tron *solver, int32_t *stuck);
const double *bai_tron_point(const bai_tron *solver); /* of the last iteration */
double bai_tron_objective(const bai_tron *solver);
double bai_tron_slope(const bai_tron *solver);       /* the largest entry of the gradient in size */
double bai_tron_start_slope(const bai_tron *solver); /* that at the start; known after the first step */
int64_t bai_tron_iterations(const bai_tron *solver);
int64_t bai_tron_passes(const bai_tron *solver);

#endif
