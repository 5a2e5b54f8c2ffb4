/* SPDX-License-Identifier: MIT
 *
 * mlp.h: batches of rows for a network over columns. A row touches the weights of the columns that it has alone, so a
 * batch lists its columns, works on these, and leaves the others as they are: what the decay owes them is made up for
 * when they are met again.
 */
#ifndef BAI_TRAIN_MLP_H
#define BAI_TRAIN_MLP_H

#include "model/net.h"
#include "train/archive.h"
#include "train/problem.h"

typedef struct bai_mlp {
  ba_context *context;
  const bai_net *net;
  bai_problem *problem;
  int64_t entries; /* the most of a row */
  /* Of each row of the batch. */
  int64_t *counts;         /* of its entries */
  uint32_t *columns;       /* after the way back their places among the columns of the batch */
  bai_real *values, *kept; /* and what dropout left of them for the hidden units */
  bai_real *sums;          /* of the units; then their slopes */
  bai_real *hidden;        /* after relu */
  bai_real *outputs;       /* then their slopes */
  /* Of the columns of the batch. */
  int64_t met; /* how many */
  uint32_t *met_columns;
  uint32_t *places;   /* by column: its place, from 1 within the batch; 0 for none */
  bai_real *gradient; /* met x units */
  double *owed;
  double *paid; /* by column: the decay of all steps so far that is made up for */
} bai_mlp;

/* Room for `batch` rows, or one a lane of the problem. `net`, laid out, and `problem` must live as long. */
ba_status bai_mlp_create(ba_context *context, const bai_net *net, bai_problem *problem, int64_t batch, bai_mlp **out);
void bai_mlp_destroy(bai_mlp *mlp);

/* Row `place` of the batch gets its entries; status as of bai_problem_features. */
ba_status bai_mlp_take(bai_mlp *mlp, const bai_kernels *kernels, bai_pass_lane *lane, int64_t place, int64_t row);
/* Its outputs. */
void bai_mlp_forward(bai_mlp *mlp, const bai_kernels *kernels, const bai_real *parameters, int64_t place);
/* Lists the columns of the first `rows` rows, and brings their weights up to date with the decay of all steps. */
void bai_mlp_meet(bai_mlp *mlp, const bai_kernels *kernels, bai_real *parameters, int64_t rows, double decay);
/* From the slopes of a row's outputs, which stand in their place, to those of its units. */
void bai_mlp_back(bai_mlp *mlp, const bai_real *parameters, int64_t place);
/* The gradient of the columns from `first` to `end` - 1 of those that were met; of all that is not columns. */
void bai_mlp_gradient(bai_mlp *mlp, const bai_kernels *kernels, int64_t rows, int64_t first, int64_t end);
void bai_mlp_head_gradient(const bai_mlp *mlp, const bai_kernels *kernels, int64_t rows, bai_real *gradient);
/* Forgets the columns that were met. */
void bai_mlp_leave(bai_mlp *mlp);
/* Brings all columns up to date with the decay. */
void bai_mlp_settle(bai_mlp *mlp, const bai_kernels *kernels, bai_real *parameters, double decay);

#endif
