/* SPDX-License-Identifier: MIT
 *
 * similar.h: which rows of a dataset are alike. Two rows are alike when the containment of one's k-mers in the other's
 * is above a threshold, or when their letters are the same.
 */
#ifndef BAI_TRAIN_SIMILAR_H
#define BAI_TRAIN_SIMILAR_H

#include "train/dataset.h"

typedef struct bai_similar_options {
  int64_t k, scaled;
  double threshold; /* 0 to 1; at 1 only equal letters are alike */
} bai_similar_options;
#define BAI_SIMILAR_DEFAULTS \
  { 21, 1, 0.5 }

/* Groups of rows alike, chains joined. group_of[row] counts from 0 in order of first row; -1 for rows of other parts
 * than `part` (BA_PART_ALL for all). */
ba_status bai_similar_groups(ba_context *context, const ba_dataset *dataset, const bai_similar_options *options,
                             int32_t part, int32_t *group_of, int64_t *groups);
/* similar[3 * a + b]: rows of part a that are in a row of part b by more than the threshold, or the same as one;
 * duplicates: the latter alone. The diagonals are 0. Bit b of found[row], one a row and all 0 at first, is set when the
 * row is similar to one of part b. */
ba_status bai_similar_leaks(ba_context *context, const ba_dataset *dataset, const bai_similar_options *options,
                            int64_t similar[9], int64_t duplicates[9], uint8_t *found);

#endif
