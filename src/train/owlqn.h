/* SPDX-License-Identifier: MIT
 *
 * owlqn.h: L-BFGS for an objective with l1 times the sum of the sizes of its first parameters. By reverse
 * communication, as lbfgs.h; objective and gradient that are told are those without that penalty.
 */
#ifndef BAI_TRAIN_OWLQN_H
#define BAI_TRAIN_OWLQN_H

#include "train/archive.h"
#include "train/lbfgs.h"

typedef struct bai_owlqn bai_owlqn;

/* `start` is copied; `memory` pairs of vectors are kept; the penalty is on the first `penalised` parameters. */
ba_status bai_owlqn_create(ba_context *context, int64_t parameters, int64_t penalised, double l1, int32_t memory,
                           const double *start, bai_owlqn **out);
void bai_owlqn_destroy(bai_owlqn *solver);
/* Writes its state down, or takes it back. */
void bai_owlqn_archive(bai_owlqn *solver, bai_archive *archive);
const double *bai_owlqn_ask(const bai_owlqn *solver);
bai_lbfgs_news bai_owlqn_tell(bai_owlqn *solver, const bai_kernels *kernels, double objective, const double *gradient);
const double *bai_owlqn_point(const bai_owlqn *solver);
double bai_owlqn_objective(const bai_owlqn *solver); /* with the penalty */
double bai_owlqn_slope(const bai_owlqn *solver);     /* the largest entry of the subgradient of least size */
int64_t bai_owlqn_iterations(const bai_owlqn *solver);

#endif
