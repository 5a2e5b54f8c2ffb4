/* SPDX-License-Identifier: MIT
 *
 * trainer.h: training for calls that are inside the context already.
 */
#ifndef BAI_TRAIN_TRAINER_H
#define BAI_TRAIN_TRAINER_H

#include "model/model.h"
#include "train/archive.h"
#include "train/dataset.h"
#include "train/run.h"

/* `online` as for bai_run_create. */
ba_status bai_trainer_make(ba_context *context, const char *recipe, ba_dataset *dataset, int64_t seed, int32_t hold_out,
                           const bai_online *online, ba_trainer **out);
/* What a run whose rows are elsewhere is made from. */
typedef struct bai_remote_how {
  const char *recipe;
  const char *const *classes; /* NULL for a model of numbers */
  int32_t class_count;
  int64_t length; /* of the sequences, for features that are fitted on it; else -1 */
  int64_t seed;
} bai_remote_how;
/* A trainer that evaluates no rows of its own: bai_run_ask and bai_run_tell step it. `own`, without rows, is the
 * trainer's when this succeeds. */
ba_status bai_trainer_open_remote(ba_dataset *own, const bai_remote_how *how, ba_trainer **out);
bai_run *bai_trainer_run(const ba_trainer *trainer);
ba_context *bai_trainer_context(const ba_trainer *trainer);
/* Of all members; see run.h. */
ba_status bai_trainer_archive(ba_trainer *trainer, bai_archive *archive);
ba_status bai_trainer_identity(ba_trainer *trainer, uint64_t *digest);
/* ba_trainer_set without entering; a number below 0 leaves that penalty as it is. */
ba_status bai_trainer_penalise(ba_trainer *trainer, double l2, double l1);
ba_status bai_trainer_advance(ba_trainer *trainer);
ba_status bai_trainer_model(ba_trainer *trainer, ba_model **out);

#endif
