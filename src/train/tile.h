/* SPDX-License-Identifier: MIT
 *
 * tile.h: rows of numbers of a table, some at a time: margins, losses and gradients of all of them from one read. They
 * come to the same bits as row after row.
 */
#ifndef BAI_TRAIN_TILE_H
#define BAI_TRAIN_TILE_H

#include "train/problem.h"

/* 1 for a problem whose rows are numbers of a table and nothing else. */
int32_t bai_tile_suits(const bai_problem *problem);
ba_status bai_tile_open(const bai_problem *problem, bai_tile *out);
void bai_tile_close(ba_context *context, bai_tile *tile);
/* The next row, from `row` on, of those that a pass is over, and *stop where it has to stop; `end`: there is none. */
int64_t bai_tile_seek(const bai_problem *problem, int64_t row, int64_t end, int64_t *stop);
/* The next training rows from *row on, before `end`; *row becomes the one behind them, or the one that failed. With
 * `wide` 1 they are float64 in any case, for whoever looks at them. */
ba_status bai_tile_take(const bai_problem *problem, const bai_kernels *kernels, bai_pass_lane *lane, int64_t *row,
                        int64_t end, int32_t wide);
/* Their margins at x; a direction has no offsets. */
void bai_tile_margins(const bai_problem *problem, const bai_kernels *kernels, bai_tile *tile, const double *x,
                      int32_t offsets);
/* Adds weighted losses to *loss, and makes of each margin the weighted slope by it. */
void bai_tile_slopes(const bai_problem *problem, const bai_kernels *kernels, bai_pass_lane *lane, double *loss);
/* Writes what the second derivatives of the losses are made from: tile->chances. */
void bai_tile_chances(const bai_problem *problem, const bai_kernels *kernels, bai_pass_lane *lane);
/* From the margins of a direction, and chances: what a product of the Hessian adds up the rows by. */
void bai_tile_turn(const bai_problem *problem, bai_tile *tile);
/* The same of its diagonal, which adds up the squares of the rows' numbers. */
void bai_tile_weigh(const bai_problem *problem, bai_tile *tile);
void bai_tile_square(const bai_problem *problem, bai_tile *tile);
/* Adds the rows, each times what stands in the place of its margin. */
void bai_tile_add(const bai_problem *problem, const bai_kernels *kernels, const bai_tile *tile, double *gradient);

#endif
