/* SPDX-License-Identifier: MIT
 *
 * weights.c: sums of weights.
 */
#include "train/weights.h"

#include "train/problem.h"

typedef struct weighing {
  const ba_dataset *dataset;
  const uint8_t *uses;
  const int32_t *labels;
} weighing;

double bai_weights_of_block(const ba_dataset *dataset, const uint8_t *uses, const int32_t *labels, int64_t block,
                            double *classes) {
  double sum = 0.0;
  for (int64_t row = block * BAI_BLOCK_ROWS; row < bai_block_end(dataset, block); row++) {
    if (uses[row] != BAI_USE_TRAIN) continue;
    const double weight = bai_dataset_weight(dataset, row);
    sum += weight;
    if (classes) classes[labels[row]] += weight;
  }
  return sum;
}

static ba_status weigh_block(void *argument, int64_t block, double *node) {
  const weighing *w = argument;
  node[0] = bai_weights_of_block(w->dataset, w->uses, w->labels, block, w->labels ? node + 1 : NULL);
  return BA_OK;
}

ba_status bai_weights_sum(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, const int32_t *labels,
                          int32_t classes, double *out) {
  weighing w = {dataset, uses, labels};
  return bai_tree_sum(context, bai_blocks_of(dataset), (bai_shape){1 + classes, 0}, weigh_block, &w, out);
}

void bai_weights_balance(const double *sums, int32_t classes, double *factors) {
  int64_t present = 0;
  for (int32_t c = 0; c < classes; c++) present += sums[1 + c] > 0.0;
  for (int32_t c = 0; c < classes; c++)
    factors[c] = sums[1 + c] > 0.0 ? sums[0] / ((double)present * sums[1 + c]) : 0.0;
}
