/* SPDX-License-Identifier: MIT
 *
 * panel.h: the entries of a block of sparse rows, ordered by ranges of columns that a near cache holds. Sums over them
 * add the same numbers in the same order as those over rows, so they have the same bits.
 */
#ifndef BAI_TRAIN_PANEL_H
#define BAI_TRAIN_PANEL_H

#include "train/problem.h"

#define BAI_PANEL_COLUMNS 4096             /* of a range */
#define BAI_PANEL_VALUES 16                /* so many different ones are kept as numbers of a list */
#define BAI_PANEL_BYTES (INT64_C(1) << 30) /* of all at most, and at most a quarter of what the context may hold */

/* Whether rows have enough columns, and margins few enough, for panels. */
int32_t bai_panel_suits(const bai_problem *problem);
/* Room for the margins of a block. */
ba_status bai_panel_open(const bai_problem *problem, bai_tile *tile);
/* Makes the panel of a block whose rows a pass has gone through; there is none where there is no room for it. */
ba_status bai_panel_make(bai_problem *problem, int64_t block);
int32_t bai_panel_is_made(const bai_problem *problem, int64_t block);
void bai_panels_free(bai_problem *problem);

/* The training rows of a block. */
void bai_panel_take(const bai_problem *problem, bai_tile *tile, int64_t block);
/* Margins of these, for `x` or, without offsets, for a direction. 0 when it was cancelled. */
int32_t bai_panel_margins(const bai_problem *problem, const bai_kernels *kernels, bai_tile *tile, int64_t block,
                          const double *x, int32_t offsets);
/* Adds each row, or the squares of its values, times its number in tile->margins. 0 when it was cancelled. */
int32_t bai_panel_add(const bai_problem *problem, const bai_tile *tile, int64_t block, int32_t squares,
                      double *gradient);

#endif
