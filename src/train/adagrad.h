/* SPDX-License-Identifier: MIT
 *
 * adagrad.h: AdaGrad, row by row, in an order drawn anew each epoch from (seed, epoch, row).
 */
#ifndef BAI_TRAIN_ADAGRAD_H
#define BAI_TRAIN_ADAGRAD_H

#include "train/problem.h"

typedef struct bai_adagrad bai_adagrad;

ba_status bai_adagrad_create(ba_context *context, bai_problem *problem, double rate, const double *start, uint64_t seed,
                             bai_adagrad **out);
void bai_adagrad_destroy(bai_adagrad *solver);
/* One pass over the training rows. Afterwards *loss is the mean loss of the rows as they were met. After a cancel the
 * next call goes on with the same pass. */
ba_status bai_adagrad_epoch(bai_adagrad *solver, double *loss);
const double *bai_adagrad_point(const bai_adagrad *solver);

#endif
