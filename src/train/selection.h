/* SPDX-License-Identifier: MIT
 *
 * selection.h: chosen rows of a dataset, with labels in a model's class order and what the model says of them.
 */
#ifndef BAI_TRAIN_SELECTION_H
#define BAI_TRAIN_SELECTION_H

#include "model/model.h"
#include "train/dataset.h"

typedef struct bai_selection {
  int64_t count;
  int64_t *rows;
  int32_t *labels; /* in the dataset's class order, until bai_selection_match */
  double *weights;
  double *targets;       /* of bai_selection_of_numbers, else NULL */
  double *scores;        /* count x outputs; once scored */
  double *probabilities; /* count x classes, of a model of numbers count; once scored */
} bai_selection;

/* The rows of a part, or of one fold of the training part when fold >= 0. Freed also after a failure. */
ba_status bai_selection_make(ba_context *context, ba_dataset *dataset, int32_t part, int32_t fold, bai_selection *out);
/* The same where labels are numbers, which become `targets`; BA_ERR_LABEL for one that is none. */
ba_status bai_selection_of_numbers(ba_context *context, const ba_dataset *dataset, int32_t part, int32_t fold,
                                   bai_selection *out);
void bai_selection_free(ba_context *context, bai_selection *selection);
/* Labels to the model's class order, by name; BA_ERR_LABEL for one that the model does not have. */
ba_status bai_selection_match(ba_context *context, const ba_model *model, const ba_dataset *dataset,
                              bai_selection *selection);
/* Scores and probabilities of the rows. */
ba_status bai_selection_score(ba_context *context, const ba_model *model, const ba_dataset *dataset,
                              bai_selection *selection);
/* The same of rows listed; either of the results may be NULL. */
ba_status bai_score_rows(ba_context *context, const ba_model *model, const ba_dataset *dataset, const int64_t *rows,
                         int64_t count, double *scores, double *probabilities);

#endif
