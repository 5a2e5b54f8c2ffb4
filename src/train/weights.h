/* SPDX-License-Identifier: MIT
 *
 * weights.h: what training rows weigh, all together and of each class, summed by blocks; and what makes every class
 * weigh the same.
 */
#ifndef BAI_TRAIN_WEIGHTS_H
#define BAI_TRAIN_WEIGHTS_H

#include "train/tree.h"
#include "train/uses.h"

/* Adds the weights of the training rows of a block to those of their classes; returns that of all. */
double bai_weights_of_block(const ba_dataset *dataset, const uint8_t *uses, const int32_t *labels, int64_t block,
                            double *classes);
/* The weight of all training rows, then that of each class; `labels` is NULL, and `classes` 0, for rows of numbers. */
ba_status bai_weights_sum(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, const int32_t *labels,
                          int32_t classes, double *out);
/* From such sums: what a row's weight is to be multiplied by, one a class. */
void bai_weights_balance(const double *sums, int32_t classes, double *factors);

#endif
