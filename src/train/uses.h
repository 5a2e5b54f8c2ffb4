/* SPDX-License-Identifier: MIT
 *
 * uses.h: what a training run does with each row: trains on it, measures on it to choose, or leaves it alone.
 */
#ifndef BAI_TRAIN_USES_H
#define BAI_TRAIN_USES_H

#include "train/dataset.h"

enum { BAI_USE_NONE, BAI_USE_TRAIN, BAI_USE_DEV };

/* One use a row: of the train and dev parts, without the fold `hold_out` (-1: none). With `need_dev` and no dev rows, a
 * tenth of the training rows becomes dev: of each class alike, or where all rows have groups whole groups of them, up
 * to a fifth of the rows, or the smallest group. The caller frees them. */
ba_status bai_uses_make(ba_context *context, const ba_dataset *dataset, int32_t hold_out, int32_t need_dev,
                        int64_t seed, uint8_t **out);

#endif
