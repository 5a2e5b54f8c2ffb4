/* SPDX-License-Identifier: MIT
 *
 * run.h: the training of one member of a recipe.
 */
#ifndef BAI_TRAIN_RUN_H
#define BAI_TRAIN_RUN_H

#include "model/model.h"
#include "train/archive.h"
#include "train/pca.h"
#include "train/piece.h"
#include "train/tree.h"
#include "train/uses.h"

typedef struct bai_run bai_run;

/* Of a run whose rows come in batches; its dataset has the classes and no rows. */
typedef struct bai_online {
  int64_t length;        /* of the sequences, for features that are fitted on it; else -1 */
  const ba_model *start; /* to go on from; NULL */
  int32_t remote;        /* the rows are elsewhere: objective and gradient are told */
} bai_online;

/* `pipeline` and `uses` must live as long as the run; `online` is NULL for a run over the dataset's rows. */
ba_status bai_run_create(ba_dataset *dataset, const bai_pipeline *pipeline, const uint8_t *uses, int64_t seed,
                         const bai_online *online, bai_run **out);
/* Learns from the training rows of a batch, in their order. A failure leaves the run as it was. */
ba_status bai_run_learn(bai_run *run, ba_dataset *batch);
/* A run that only learns what the features of a pipeline without a model need: the plan, and the components. */
ba_status bai_run_features(ba_dataset *dataset, const bai_pipeline *pipeline, const uint8_t *uses, bai_run **out);
const bai_plan *bai_run_plan(const bai_run *run);
const double *bai_run_inputs(const bai_run *run); /* of all rows; NULL for a plan that reads no table */
const bai_pca *bai_run_pca(const bai_run *run);   /* NULL for a pipeline without PCA */
void bai_run_destroy(bai_run *run);
/* Begins anew at the best point so far, with the penalties that the pipeline has now; `tol` stays relative to the
 * gradient at the first start. BA_ERR_UNSUPPORTED for a solver that goes by epochs. */
ba_status bai_run_restart(bai_run *run, const bai_pipeline *pipeline);
/* Writes its state down, or takes it back. */
ba_status bai_run_archive(bai_run *run, bai_archive *archive);
/* What a state belongs to: recipe, seed, and the rows in their order with labels, weights and uses. */
ba_status bai_run_identity(bai_run *run, uint64_t *digest);
/* One step; BA_END when the run has stopped. */
ba_status bai_run_advance(bai_run *run);
/* ---- rounds.c: runs whose rows are elsewhere ---- */

/* What the sums of a round are of; a run has some of these, one after the other. */
typedef enum bai_round {
  BAI_ROUND_MEANS,     /* weights of the classes, where they are to be balanced; means and ranges of columns */
  BAI_ROUND_SQUARES,   /* of deviations from the means */
  BAI_ROUND_CURVATURE, /* at the start, for the variables of the solver */
  BAI_ROUND_POINT      /* gradient, loss and weight at a point, again and again */
} bai_round;

int32_t bai_run_is_stopped(const bai_run *run);
bai_round bai_run_round(const bai_run *run);
/* Numbers of a node of this round. */
bai_shape bai_run_shape(const bai_run *run);
/* What the sums of a round depend on: what was learnt so far, and a point. */
int64_t bai_run_brief_size(const bai_run *run);
void bai_run_write_brief(const bai_run *run, double *brief);
/* Puts a run, made for rows, where the one is that wrote the brief; 0 for a round that it has not. */
int32_t bai_run_take_brief(bai_run *run, int64_t round, const double *brief);
/* What all rows come to. */
typedef struct bai_told {
  const double *sums;
  int64_t rows, letters;
  uint64_t digest;
} bai_told;
/* As bai_run_advance. */
ba_status bai_run_tell(bai_run *run, const bai_told *told);
/* What a block of rows comes to. */
typedef struct bai_block_sums {
  int64_t block; /* of the batch */
  double *sums;
  int64_t rows, letters;
  uint64_t digest;
  int64_t *classes; /* rows of each, in class order */
} bai_block_sums;
typedef ba_status (*bai_block_call)(void *argument, const bai_block_sums *block);
/* Gives the caller every block of a batch; `at` has room for sums and classes. */
ba_status bai_run_blocks(bai_run *run, ba_dataset *batch, bai_block_sums *at, bai_block_call call, void *argument);
/* Appends the rows of a batch as pieces, in a round of points: their features depend on nothing that is learnt later.
 * `head` has the run and the number of the first row. */
ba_status bai_run_pack(bai_run *run, ba_dataset *batch, bai_piece_head head, bai_vector *out);
/* piece.h: closed also after a failure. */
ba_status bai_run_open_piece(bai_run *run, const uint8_t *bytes, bai_piece *out);
/* Adds what the rows of a piece come to, to the sums of their block and its rows of each class. */
ba_status bai_run_add_piece(bai_run *run, const bai_piece *piece, double *sums, int64_t *classes);
void bai_run_metrics(const bai_run *run, int64_t *iterations, int64_t *passes, double *objective, double *gradient,
                     double *dev_loss);
const char *bai_run_reason(const bai_run *run);
/* A model of one member, from the best weights so far. */
ba_status bai_run_model(bai_run *run, ba_model **out);

#endif
