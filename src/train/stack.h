/* SPDX-License-Identifier: MIT
 *
 * stack.h: how much each member of an ensemble counts.
 */
#ifndef BAI_TRAIN_STACK_H
#define BAI_TRAIN_STACK_H

#include "model/model.h"
#include "train/dataset.h"

typedef struct bai_stack {
  double *factors; /* one a member: its weight over the deviation of its scores */
  double *offsets; /* one an output */
  int64_t rows;    /* the dev rows that chose them */
} bai_stack;

/* Chooses the weights on the dev rows of `uses`, by the mean logistic loss of the joint score, drawn towards equal
 * weights; a member never counts below zero. Without enough dev rows the weights are equal. */
ba_status bai_stack_fit(ba_context *context, ba_model *const *models, int32_t count, const ba_dataset *dataset,
                        const uint8_t *uses, bai_stack *out);
void bai_stack_free(ba_context *context, bai_stack *stack);

#endif
