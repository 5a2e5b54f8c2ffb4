/* SPDX-License-Identifier: MIT
 *
 * trainer.h: training and scoring for calls that are inside the context already.
 */
#ifndef BAI_TRAIN_TRAINER_H
#define BAI_TRAIN_TRAINER_H

#include "model/model.h"
#include "train/dataset.h"

ba_status bai_trainer_make(ba_context *context, const char *recipe, ba_dataset *dataset, int64_t seed, int32_t hold_out,
                           ba_trainer **out);
ba_status bai_trainer_advance(ba_trainer *trainer);
ba_status bai_trainer_model(ba_trainer *trainer, ba_model **out);

/* evaluate.c: scores (count x outputs) and class probabilities (count x classes) of the rows listed, in the model's
 * class order; either may be NULL. */
ba_status bai_score_rows(ba_context *context, const ba_model *model, const ba_dataset *dataset, const int64_t *rows,
                         int64_t count, double *scores, double *probabilities);

#endif
