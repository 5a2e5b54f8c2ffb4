/* SPDX-License-Identifier: MIT
 *
 * problem.h: the objective over a dataset: mean weighted loss plus l2/2 |weights|^2, and its gradient. Rows go by
 * blocks of 4,096 row ids, blocks merge in a fixed binary tree, so threads cannot change a bit.
 */
#ifndef BAI_TRAIN_PROBLEM_H
#define BAI_TRAIN_PROBLEM_H

#include "features/plan.h"
#include "train/cache.h"
#include "train/inputs.h"
#include "train/loss.h"
#include "train/pca.h"
#include "train/tree.h"
#include "train/uses.h"

#define BAI_BLOCK_ROWS 4096
#define BAI_SQUARE_ROWS 64

/* Blocks of rows, and the row behind the last of a block. */
static inline int64_t bai_blocks_of(const ba_dataset *dataset) {
  return (dataset->rows + BAI_BLOCK_ROWS - 1) / BAI_BLOCK_ROWS;
}
static inline int64_t bai_block_end(const ba_dataset *dataset, int64_t block) {
  const int64_t end = (block + 1) * BAI_BLOCK_ROWS;
  return end < dataset->rows ? end : dataset->rows;
}

/* What is minimised. The penalty l1 is left to the solver. */
typedef struct bai_objective {
  int32_t outputs;  /* 1: two classes by one margin, or a number; else one margin a class */
  int32_t balanced; /* 1: every class weighs the same in all */
  double l2, l1;
  bai_loss loss;
  const bai_pca *pca; /* the function is linear in these; NULL: in the columns */
} bai_objective;

/* Rows of numbers, some at a time (tile.h), or those of a panel (panel.h), which needs no rows, parts and copies. */
typedef struct bai_tile {
  int64_t room, count;
  int32_t narrow; /* the rows stand in `floats` */
  int64_t *ids;
  const double **rows;                 /* numbers of each */
  const double **parts;                /* those of one block */
  const float **floats, **float_parts; /* the same of rows of float32 */
  double *inputs;                      /* of rows that are read from a table */
  double *copies;                      /* of rows that do not stand in the inputs as they are */
  double *sums;                        /* two a row; of a panel BAI_LANES */
  double *margins, *chances;           /* outputs x room */
} bai_tile;

/* The working memory of one thread. */
typedef struct bai_pass_lane {
  bai_tile tile; /* of a dense problem */
  bai_row *row;
  bai_sparse view;  /* the row's entries */
  double *values;   /* room for those of one row */
  double *divisors; /* one a block */
  double *margins;  /* one an output */
  double offset;    /* of the row, added to its margin */
  bai_input_window inputs;
  double *chances; /* one an output: what the second derivatives of the loss are made from */
  bai_row *source; /* where rows are made of components: the row that those are made from, */
  double *entries; /* and its values */
  double *square;  /* rows that a Hessian is made from, when they do not go by tiles: BAI_SQUARE_ROWS of them */
} bai_pass_lane;

/* Sums over the rows of a block, or of several that merged. */
typedef struct bai_sums {
  double **nodes; /* those of a wave's blocks; NULL before they are needed */
  int32_t wave;   /* blocks of it: a power of two */
  bai_tree tree;  /* of waves */
} bai_sums;

typedef struct bai_panel bai_panel; /* panel.h */
typedef struct bai_piece bai_piece; /* piece.h */

typedef struct bai_problem {
  ba_context *context;
  const ba_dataset *dataset;
  const bai_plan *plan;   /* what the function is linear in */
  const bai_plan *source; /* what the rows are extracted by: the same, unless there are components */
  const bai_pca *pca;
  const uint8_t *uses;    /* of the rows */
  bai_input_rows inputs;  /* of the rows */
  const bai_piece *piece; /* that the rows are in; NULL: they are in the dataset */
  int32_t outputs;        /* 1: two classes by one margin; else one margin a class */
  int64_t parameters;     /* outputs x (width) weights, then the intercepts */
  bai_loss loss;
  int32_t *labels;       /* class order, one a row; NULL where numbers are to be found */
  double *targets;       /* the numbers, one a row; else NULL */
  double *weights;       /* one a row; 0: not a training row */
  double *class_factors; /* what the weights of a class's rows are multiplied by; NULL: they stay as they are */
  double weight_total;
  int64_t share;       /* of a sample: one group of rows in so many; 0: all rows */
  double sample_total; /* the weight of all rows, while weight_total is that of a sample */
  double l2, l1;
  bai_pass_lane *lanes;
  int32_t lane_count;
  int32_t dense;     /* rows are numbers of a table, and go by tiles */
  int32_t panelled;  /* sparse rows go by panels once a pass has gone through */
  bai_panel *panels; /* one a block; NULL before there are any */
  int64_t panel_bytes;
  bai_cache *cache; /* of the rows' columns; NULL: rows that are there for one pass */
  int32_t cached;   /* a pass has gone through: rows can be used, and what there is room for is kept */
  /* Second derivatives of the rows' losses by their margin, where there is one output, and the point; once known. */
  double *curved, *curved_at;
  int32_t curved_known;
  bai_sums sums;    /* gradients of blocks on their way up the tree */
  bai_sums squares; /* Hessians; none before one is asked for */
} bai_problem;

/* `uses` and what `inputs` has must live as long as the problem; NULL: a plan that reads no table. */
ba_status bai_problem_create(ba_context *context, ba_dataset *dataset, const bai_plan *plan, const uint8_t *uses,
                             const bai_input_rows *inputs, const bai_objective *objective, bai_problem **out);
void bai_problem_destroy(bai_problem *problem);
/* Puts the rows of a batch in the place of the problem's own, which `own` keeps; labels are found among the problem's
 * classes by name. To be returned, but after a failure. */
ba_status bai_problem_borrow(bai_problem *problem, const ba_dataset *batch, const uint8_t *uses,
                             const bai_input_rows *inputs, bai_problem *own);
void bai_problem_return(bai_problem *problem, const bai_problem *own);
/* Passes of a dense problem, as its objective, are of a sample of the rows from here on: of one group of them in
 * `share`, which hashes of the groups' numbers choose. The groups of a larger share, that is a multiple, are among
 * them. With 1 they are of all rows again. */
void bai_problem_sample(bai_problem *problem, int64_t share);
/* Objective, without l1, and its gradient at x. */
ba_status bai_problem_evaluate(bai_problem *problem, const double *x, double *objective, double *gradient);
/* The sums of one block of the rows: of gradients, then of losses; weights are not divided yet. */
ba_status bai_problem_block(bai_problem *problem, int64_t block, const double *x, double *sums);
/* Adds the same of all rows, as if they followed in one block on those that the sums are of. */
ba_status bai_problem_add(bai_problem *problem, const double *x, double *sums);
/* From the sums of all rows, then their weights, to the same objective and gradient. */
void bai_problem_close(bai_problem *problem, const double *sums, const double *x, double *objective, double *gradient);
/* The same of the Hessian's product with a direction, and of its diagonal; a number more than there are parameters is
 * written of each. */
ba_status bai_problem_curved_block(bai_problem *problem, int64_t block, const double *x, const double *direction,
                                   double *product, double *diagonal);
void bai_problem_close_product(const bai_problem *problem, const double *sums, const double *direction,
                               double *product);
void bai_problem_close_diagonal(const bai_problem *problem, const double *sums, double *diagonal);
/* The Hessian of that objective at x: its product with a direction, and its diagonal. */
ba_status bai_problem_product(bai_problem *problem, const double *x, const double *direction, double *product);
ba_status bai_problem_diagonal(bai_problem *problem, const double *x, double *diagonal);
/* The whole Hessian but for l2, of one output: parameters x parameters, its upper triangle. */
ba_status bai_problem_square(bai_problem *problem, const double *x, const double **square);
/* A sparse row where it stands, as far as there are columns. */
bai_sparse bai_problem_sparse(const bai_problem *problem, int64_t row);
/* Features of a row into a lane: its entries in lane->view, with values in lane->values; the ends of its blocks in
 * lane->row, and their divisors. */
ba_status bai_problem_features(const bai_problem *problem, const bai_kernels *kernels, bai_pass_lane *lane,
                               int64_t row);
/* The margins of the row in the lane. */
void bai_problem_margins(const bai_problem *problem, const bai_kernels *kernels, bai_pass_lane *lane, const double *x);
/* The row in the lane times a scale, as all columns of the plan. */
void bai_problem_spread(const bai_problem *problem, const bai_pass_lane *lane, double scale, double *to);
/* The loss of one row, and what each output's margin should move by: d loss / d margin, written over the margins. */
double bai_problem_loss(const bai_problem *problem, const bai_kernels *kernels, double *margins, int64_t row);
/* How far the margin of an output moves when it follows the loss of the row for a time (loss.h): from lane->chances,
 * the margins, and lane->margins, what bai_problem_loss made of them. */
double bai_problem_flow(const bai_problem *problem, const bai_kernels *kernels, const bai_pass_lane *lane, int64_t row,
                        int32_t output, double time);
/* The second derivative of a row's loss by its margin, for one output. */
double bai_problem_curvature(const bai_problem *problem, const bai_kernels *kernels, double margin, int64_t row);
/* lane->chances from lane->margins: second derivatives, or the share of each class. */
void bai_problem_chances(const bai_problem *problem, const bai_kernels *kernels, bai_pass_lane *lane, int64_t row);
/* Mean loss over the rows of one use; NaN without rows. */
ba_status bai_problem_mean_loss(bai_problem *problem, const double *x, uint8_t use, double *loss);
/* Words a status of the passes. */
ba_status bai_problem_explain(const bai_problem *problem, ba_status status, int64_t row);

#endif
