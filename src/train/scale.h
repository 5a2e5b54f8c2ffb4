/* SPDX-License-Identifier: MIT
 *
 * scale.h: fill, centre and factor of the real columns of a plan, from passes over the training rows. In each of them
 * blocks of rows are summed, blocks merge by the tree, and the plan takes what all of them come to.
 */
#ifndef BAI_TRAIN_SCALE_H
#define BAI_TRAIN_SCALE_H

#include "train/tree.h"
#include "train/uses.h"

typedef enum bai_scale_pass {
  BAI_PASS_MEANS,   /* with ranges, where the scale is made from them */
  BAI_PASS_SQUARES, /* of deviations from the means */
  BAI_PASS_NONE     /* all is known, or there is nothing to learn */
} bai_scale_pass;

/* Training rows; `inputs` are all of them, one row after the other, and `row` has room for all of them. */
typedef struct bai_scale_rows {
  const ba_dataset *dataset;
  const uint8_t *uses;
  const double *inputs;
  bai_row *row;
} bai_scale_rows;

/* The first pass of a plan that is laid out; makes the plan ready for it. */
bai_scale_pass bai_scale_begin(bai_plan *plan);
bai_shape bai_scale_shape(const bai_plan *plan, bai_scale_pass pass);
/* Sums a block by the plan as it is by now, into a node that was cleared. */
ba_status bai_scale_block(ba_context *context, const bai_scale_rows *rows, bai_scale_pass pass, int64_t block,
                          double *node);
/* The plan takes the sums of all rows; *pass becomes the next. A failure changes nothing. */
ba_status bai_scale_take(ba_context *context, const double *sums, bai_scale_pass *pass, bai_plan *plan);
/* All passes over the rows of a dataset. */
ba_status bai_scale_learn(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, const double *inputs,
                          bai_plan *plan);

#endif
