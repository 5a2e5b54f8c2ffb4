/* SPDX-License-Identifier: MIT
 *
 * inputs.h: what a plan learns from the rows it is trained on: the columns of their table.
 */
#ifndef BAI_TRAIN_INPUTS_H
#define BAI_TRAIN_INPUTS_H

#include "train/uses.h"

/* table.c: which columns of numbers there are and which texts a category has. */
ba_status bai_inputs_learn(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, bai_plan *plan);
/* The inputs of all rows with what is computed from them, bai_plan_inputs numbers a row, one row after the other; NULL
 * for a plan without inputs. The caller frees it. */
ba_status bai_inputs_matrix(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, double **out);
/* Refuses a matrix in which a term that looks back has no value in any row: its window is longer than every series. */
ba_status bai_inputs_check(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, const double *matrix);

#endif
