/* SPDX-License-Identifier: MIT
 *
 * run_inside.h: the inside of a run, for run.c and run_rows.c.
 */
#ifndef BAI_TRAIN_RUN_INSIDE_H
#define BAI_TRAIN_RUN_INSIDE_H

#include "train/inputs.h"
#include "train/network.h"
#include "train/run.h"
#include "train/solver.h"

struct bai_run {
  ba_context *context;
  ba_dataset *dataset;
  const bai_term *model; /* of the recipe */
  bai_vector text;       /* of the pipeline, canonical */
  const uint8_t *uses;
  bai_input_rows inputs; /* of all rows */
  bai_plan *plan;
  bai_pca *pca; /* NULL for a recipe without it */
  bai_problem *problem;
  const bai_solver_kind *kind;
  void *solver;
  bai_net net;          /* hidden 0: the run trains no network */
  bai_network *network; /* the copy that is trained now */
  float *parameters;    /* of the copies, the best so far */
  int32_t copies;       /* that are done */
  double *start;        /* the point to begin at; of solvers that go by epochs, later the best point */
  int32_t outputs, stopped;
  int32_t dev_due; /* the dev loss was to be computed when a cancel came */
  double tol;
  int64_t max_iter, epochs, patience, seed;
  int64_t worse; /* epochs without a better dev loss */
  bai_standing standing;
  double first_slope; /* the gradient at the first start; 0 before it is known */
  double dev_loss, best_dev;
  char reason[200];
  /* Of a run whose rows come in batches, or are elsewhere: weight, weighted loss, letters and digest of those so far.
   */
  int32_t online, remote;
  int32_t learns_scale; /* the plan's scale comes in rounds */
  bai_round round;
  int64_t remote_rows;
  double learnt_weight, learnt_loss;
  int64_t learnt_letters;
  uint64_t learnt_digest;
};

/* rounds.c: opens the first round; archives what was learnt. */
void bai_run_open_rounds(bai_run *run);
void bai_run_archive_rounds(bai_run *run, bai_archive *archive);
/* Whether to stop, after a step of a solver that goes down the objective. */
ba_status bai_run_judge(bai_run *run);
ba_status bai_run_check_offsets(const bai_run *run, const ba_dataset *dataset);
uint64_t bai_run_copy_seed(const bai_run *run, int32_t copy);
/* Rows from one to before another. */
typedef struct bai_span {
  int64_t first, end;
} bai_span;

/* Of the training rows of a span: a digest that is the same for any order of them, since row digests add up. */
ba_status bai_run_digest(const bai_run *run, const ba_dataset *dataset, const uint8_t *uses,
                         const bai_input_rows *inputs, bai_span span, uint64_t *digest, int64_t *rows,
                         int64_t *letters);

#endif
