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

static void draw_rows(const ba_dataset *dataset, int64_t seed, int64_t *seen, uint8_t *uses) {
  const int32_t *labels = dataset->labels.data;
  for (int64_t row = 0; row < dataset->rows; row++)
    if (uses[row] == BAI_USE_TRAIN && is_drawn(seed, labels[row], seen[labels[row]]++)) uses[row] = BAI_USE_DEV;
}

/* Groups in random order, as long as the rows drawn stay within twice a tenth; at least the smallest one. With a single
 * group there is nothing to keep apart. Returns 0 in that case. */
static int32_t draw_groups(const ba_dataset *dataset, int64_t seed, bai_keyed *order, int64_t *sizes, uint8_t *uses) {
  const int64_t count = dataset->group_names.offsets.count;
  int64_t rows = 0, present = 0, drawn = 0, smallest = -1;
  for (int64_t row = 0; row < dataset->rows; row++) {
    if (uses[row] != BAI_USE_TRAIN) continue;
    const int32_t group = bai_dataset_group(dataset, row);
    if (group < 0) return 0;
    sizes[group]++;
    rows++;
  }
  for (int64_t g = 0; g < count; g++) {
    order[g] = (bai_keyed){bai_random((uint64_t)seed, DEV_STREAM, (uint64_t)g), g};
    present += sizes[g] > 0;
    if (sizes[g] > 0 && (smallest < 0 || sizes[g] < sizes[smallest])) smallest = g;
  }
  if (present < 2) return 0;
  bai_sort_keyed(order, count);
  for (int64_t i = 0; i < count; i++) {
    const int64_t size = sizes[order[i].index];
    const int32_t fits = size > 0 && drawn * DEV_SHARE < rows && (drawn + size) * DEV_SHARE <= 2 * rows;
    if (fits) drawn += size;
    sizes[order[i].index] = fits; /* from here on: whether it is drawn */
  }
  if (drawn == 0) sizes[smallest] = 1;
  for (int64_t row = 0; row < dataset->rows; row++)
    if (uses[row] == BAI_USE_TRAIN && sizes[bai_dataset_group(dataset, row)]) uses[row] = BAI_USE_DEV;
  return 1;
}

static ba_status draw_dev(ba_context *context, const ba_dataset *dataset, int64_t seed, uint8_t *uses) {
  const int64_t groups = dataset->group_names.offsets.count;
  int64_t *seen = NULL, *sizes = NULL;
  bai_keyed *order = NULL;
  ba_status status = bai_alloc_zero(context, ba_dataset_classes(dataset), 8, &seen);
  if (!status) status = bai_alloc_zero(context, groups, 8, &sizes);
  if (!status) status = bai_alloc(context, groups, sizeof *order, &order);
  if (!status && (groups == 0 || !draw_groups(dataset, seed, order, sizes, uses))) draw_rows(dataset, seed, seen, uses);
  bai_free(context, order);
  bai_free(context, sizes);
  bai_free(context, seen);
  return status;
}

/* Folds that follow each other in time: what comes later is not known yet. */
static int32_t is_learnt(const ba_dataset *dataset, int32_t fold, int32_t hold_out) {
  return dataset->folds_in_time ? fold >= 0 && fold < hold_out : fold != hold_out;
}

ba_status bai_uses_make(ba_context *context, const ba_dataset *dataset, int32_t hold_out, int32_t need_dev,
                        int64_t seed, uint8_t **out) {
  uint8_t *uses;
  int32_t has_dev = 0;
  ba_status status = bai_alloc_zero(context, dataset->rows, 1, &uses);
  if (status) return status;
  for (int64_t row = 0; row < dataset->rows; row++) {
    const int32_t part = bai_dataset_part(dataset, row);
    if (part == BA_PART_DEV) {
      uses[row] = BAI_USE_DEV;
      has_dev = 1;
    } else if (part == BA_PART_TRAIN &&
               (hold_out < 0 || is_learnt(dataset, bai_dataset_fold(dataset, row), hold_out))) {
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
