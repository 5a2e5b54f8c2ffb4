/* SPDX-License-Identifier: MIT
 *
 * uses.c: which rows train and which choose.
 */
#include "train/uses.h"

#include <string.h>

#define DEV_STREAM UINT64_C(0x6465762074656e)
#define DEV_SHARE 10 /* one row of so many */

/* Of every ten rows of a class, one by chance: the shares of the classes stay. */
static int32_t is_drawn(int64_t seed, int32_t label, int64_t ordinal) {
  const uint64_t draw = bai_random((uint64_t)seed, DEV_STREAM ^ (uint64_t)label << 32, (uint64_t)(ordinal / DEV_SHARE));
  return ordinal % DEV_SHARE == (int64_t)(draw % DEV_SHARE);
}

static ba_status draw_dev(ba_context *context, const ba_dataset *dataset, int64_t seed, uint8_t *uses) {
  const int32_t *labels = dataset->labels.data, *groups = dataset->groups.data;
  int64_t *seen;
  const ba_status status = bai_alloc_zero(context, ba_dataset_classes(dataset), 8, &seen);
  for (int64_t row = 0; !status && row < dataset->rows; row++) {
    if (uses[row] != BAI_USE_TRAIN) continue;
    const int32_t drawn = groups[row] >= 0
                              ? bai_random((uint64_t)seed, DEV_STREAM, (uint64_t)groups[row]) % DEV_SHARE == 0
                              : is_drawn(seed, labels[row], seen[labels[row]]++);
    if (drawn) uses[row] = BAI_USE_DEV;
  }
  bai_free(context, seen);
  return status;
}

/* Folds that follow each other in time: what comes later is not known yet. */
static int32_t is_learnt(const ba_dataset *dataset, int32_t fold, int32_t hold_out) {
  return dataset->folds_in_time ? fold >= 0 && fold < hold_out : fold != hold_out;
}

ba_status bai_uses_make(ba_context *context, const ba_dataset *dataset, int32_t hold_out, int32_t need_dev,
                        int64_t seed, uint8_t **out) {
  const int32_t *parts = dataset->parts.data, *folds = dataset->folds.data;
  uint8_t *uses;
  int32_t has_dev = 0;
  ba_status status = bai_alloc_zero(context, dataset->rows, 1, &uses);
  if (status) return status;
  for (int64_t row = 0; row < dataset->rows; row++) {
    if (parts[row] == BA_PART_DEV) {
      uses[row] = BAI_USE_DEV;
      has_dev = 1;
    } else if (parts[row] == BA_PART_TRAIN && (hold_out < 0 || is_learnt(dataset, folds[row], hold_out))) {
      uses[row] = BAI_USE_TRAIN;
    }
  }
  if (need_dev && !has_dev) status = draw_dev(context, dataset, seed, uses);
  if (status)
    bai_free(context, uses);
  else
    *out = uses;
  return status;
}
