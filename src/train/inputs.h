/* SPDX-License-Identifier: MIT
 *
 * inputs.h: what a plan learns from the rows it is trained on: the columns of their table.
 */
#ifndef BAI_TRAIN_INPUTS_H
#define BAI_TRAIN_INPUTS_H

#include "kernels/kernels.h"
#include "train/uses.h"

/* The inputs of rows with what is computed from them: bai_plan_inputs numbers a row. */
typedef struct bai_input_rows {
  double *numbers;       /* one row after the other; NULL for a plan without inputs, or where all are float32: */
  float *floats;         /* one row after the other, */
  const float **columns; /* or in the table, row r's at r of each */
  int64_t width, count;
} bai_input_rows;

/* Rows that were read, for whoever takes one after the other. */
typedef struct bai_input_window {
  double *numbers; /* NULL: what is copied needs none */
  int64_t first, end;
} bai_input_window;

/* table.c: which columns of numbers there are and which texts a category has. */
ba_status bai_inputs_learn(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, bai_plan *plan);
/* All rows. With `floats` 1 they may be float32, which saves half of the memory or all of it, and be read from the
 * dataset's table, which then must stay as it is. */
ba_status bai_input_rows_open(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, int32_t floats,
                              bai_input_rows *out);
void bai_input_rows_close(ba_context *context, bai_input_rows *rows);
/* Where the inputs of `count` rows stand, one row after the other: in `room`, if they are read. NULL: there are none.
 */
const double *bai_input_rows_at(const bai_input_rows *rows, const bai_kernels *kernels, int64_t first, int64_t count,
                                double *room);
/* The same of one row. The caller frees the numbers of the window. */
ba_status bai_input_window_open(ba_context *context, const bai_input_rows *rows, bai_input_window *out);
const double *bai_input_rows_one(const bai_input_rows *rows, const bai_kernels *kernels, int64_t row,
                                 bai_input_window *window);
/* Refuses rows in which a term that looks back has no value anywhere: its window is longer than every series. */
ba_status bai_inputs_check(ba_context *context, const ba_dataset *dataset, const bai_plan *plan,
                           const bai_input_rows *rows);

#endif
