/* SPDX-License-Identifier: MIT
 *
 * adagrad.h: AdaGrad and FTRL-proximal, row by row: by epochs, in an order drawn anew each epoch from (seed, epoch,
 * row), or from rows that come in batches, once each. Each parameter has a rate of its own, which falls with the
 * gradients that it has met.
 */
#ifndef BAI_TRAIN_ADAGRAD_H
#define BAI_TRAIN_ADAGRAD_H

#include "train/archive.h"
#include "train/problem.h"

typedef struct bai_adagrad bai_adagrad;

/* How a row moves a parameter: AdaGrad and NAG, for which the scale of a column makes no difference, take l2 alone;
 * FTRL-proximal takes l1 too and makes weights zero. */
typedef enum bai_adagrad_kind { BAI_ADAGRAD, BAI_FTRL, BAI_NAG } bai_adagrad_kind;

ba_status bai_adagrad_create(ba_context *context, bai_problem *problem, bai_adagrad_kind kind, double rate,
                             const double *start, uint64_t seed, bai_adagrad **out); /* rate 0: the usual one */
void bai_adagrad_destroy(bai_adagrad *solver);
/* Writes its state down, or takes it back. */
void bai_adagrad_archive(bai_adagrad *solver, bai_archive *archive);
/* One pass over the training rows. Afterwards *loss is the mean loss of the rows as they were met. After a cancel the
 * next call goes on with the same pass. */
ba_status bai_adagrad_epoch(bai_adagrad *solver, double *loss);
/* Learns the training rows that the problem has now, in their order, and adds their weighted losses to *loss, each as
 * it was before the row was learnt. Into how many batches rows are cut makes no difference. A failure undoes the batch.
 */
ba_status bai_adagrad_learn(bai_adagrad *solver, double *loss);
/* The point as it was at the end of the last epoch, or when it was last settled. */
const double *bai_adagrad_point(const bai_adagrad *solver);
void bai_adagrad_settle(bai_adagrad *solver);

#endif
