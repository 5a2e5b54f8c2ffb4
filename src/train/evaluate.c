/* SPDX-License-Identifier: MIT
 *
 * evaluate.c: scores rows of a dataset with a model and measures them; cross-validation.
 */
#include <string.h>

#include "model/model.h"
#include "train/metrics.h"
#include "train/problem.h"
#include "train/trainer.h"

#define BATCH 64

typedef struct scoring {
  const bai_kernels *kernels;
  const ba_model *model;
  const ba_dataset *dataset;
  const int64_t *rows; /* the rows to score */
  int64_t count;
  double *scores;        /* count x outputs, or NULL */
  double *probabilities; /* count x classes, or NULL */
  bai_lane *lanes;
  _Atomic int64_t failed;
} scoring;

static ba_status score_batch(void *argument, int32_t worker, int64_t batch) {
  scoring *s = argument;
  bai_lane *lane = &s->lanes[worker];
  const int64_t end = (batch + 1) * BATCH < s->count ? (batch + 1) * BATCH : s->count;
  for (int64_t i = batch * BATCH; i < end; i++) {
    const int64_t ambiguous = bai_dataset_codes(s->kernels, s->dataset, s->rows[i], lane->rows[0]->codes);
    double *scores = s->scores ? s->scores + i * s->model->outputs : lane->scores;
    lane->symbols = bai_dataset_symbols(s->dataset, s->rows[i]);
    const ba_status status =
        bai_lane_score_codes(s->kernels, s->model, lane, bai_dataset_length(s->dataset, s->rows[i]), ambiguous, scores);
    if (status) {
      int64_t known = atomic_load(&s->failed);
      while (i < known && !atomic_compare_exchange_weak(&s->failed, &known, i)) continue;
      return status;
    }
    if (s->probabilities)
      bai_probabilities(s->kernels, s->model->classes, scores, s->probabilities + i * s->model->classes);
  }
  return BA_OK;
}

ba_status bai_score_rows(ba_context *context, const ba_model *model, const ba_dataset *dataset, const int64_t *rows,
                         int64_t count, double *scores, double *probabilities) {
  scoring s = {bai_kernels_of(context), model, dataset, rows, count, scores, probabilities, NULL, INT64_MAX};
  const int64_t batches = (count + BATCH - 1) / BATCH;
  const int32_t workers = bai_workers(context, batches);
  ba_status status = bai_alloc_zero(context, workers, sizeof *s.lanes, &s.lanes);
  if (status) return status;
  for (int32_t i = 0; !status && i < workers; i++)
    status = bai_lane_reserve(context, model, &s.lanes[i], dataset->longest);
  if (!status) status = bai_parallel(context, batches, score_batch, &s);
  if (bai_row_explains(status))
    status =
        bai_lane_explain(context, &s.lanes[0], status, rows[s.failed] + 1, bai_dataset_length(dataset, rows[s.failed]));
  for (int32_t i = 0; i < workers; i++) bai_lane_free(context, &s.lanes[i]);
  bai_free(context, s.lanes);
  return status;
}

/* ---- evaluation ---- */

/* classes[i]: the model's number of the dataset's i-th class in class order; -1 when it has none of that name. */
static void match_classes(const ba_model *model, const ba_dataset *dataset, int32_t *classes) {
  for (int32_t i = 0; i < ba_dataset_classes(dataset); i++) {
    classes[i] = -1;
    for (int32_t c = 0; c < model->classes; c++)
      if (strcmp(ba_dataset_class_name(dataset, i), ba_model_class_name(model, c)) == 0) classes[i] = c;
  }
}

typedef struct selection {
  int64_t count;
  int64_t *rows;
  int32_t *labels;
  double *weights, *probabilities;
} selection;

static void free_selection(ba_context *context, selection *s) {
  bai_free(context, s->rows);
  bai_free(context, s->labels);
  bai_free(context, s->weights);
  bai_free(context, s->probabilities);
}

/* The rows of a part, or of one fold of the training part when fold >= 0. */
static ba_status select_rows(ba_context *context, const ba_dataset *dataset, int32_t part, int32_t fold,
                             int32_t classes, selection *out) {
  const int32_t *parts = dataset->parts.data, *folds = dataset->folds.data;
  memset(out, 0, sizeof *out);
  ba_status status = bai_alloc(context, dataset->rows, 8, &out->rows);
  if (!status) status = bai_alloc(context, dataset->rows, 4, &out->labels);
  if (!status) status = bai_alloc(context, dataset->rows, 8, &out->weights);
  for (int64_t row = 0; !status && row < dataset->rows; row++) {
    if (part != BA_PART_ALL && parts[row] != part) continue;
    if (fold >= 0 && folds[row] != fold) continue;
    out->labels[out->count] = bai_dataset_label(dataset, row);
    out->weights[out->count] = ((const double *)dataset->weights.data)[row];
    out->rows[out->count++] = row;
  }
  if (!status) status = bai_alloc(context, out->count, 8 * (int64_t)classes, &out->probabilities);
  return status;
}

static ba_status evaluate(ba_context *context, const ba_model *model, ba_dataset *dataset, int32_t part,
                          ba_metrics **out) {
  selection chosen;
  int32_t *classes = NULL;
  ba_status status = bai_dataset_order_classes(context, dataset);
  if (status) return status;
  status = select_rows(context, dataset, part, -1, model->classes, &chosen);
  if (!status && chosen.count == 0)
    status = bai_fail(context, BA_ERR_ARGUMENT, "evaluate: there are no rows in part %d; expected at least one", part);
  if (!status) status = bai_alloc(context, ba_dataset_classes(dataset), 4, &classes);
  if (!status) match_classes(model, dataset, classes);
  for (int64_t i = 0; !status && i < chosen.count; i++) {
    const int32_t label = chosen.labels[i];
    chosen.labels[i] = classes[label];
    if (classes[label] >= 0) continue;
    status = bai_fail_at(context, BA_ERR_LABEL, chosen.rows[i] + 1, -1,
                         "the label \"%s\" is none of the model's classes; expected \"%s\", \"%s\"%s",
                         ba_dataset_class_name(dataset, label), ba_model_class_name(model, 0),
                         ba_model_class_name(model, 1), model->classes > 2 ? " and so on" : "");
  }
  if (!status) status = bai_score_rows(context, model, dataset, chosen.rows, chosen.count, NULL, chosen.probabilities);
  if (!status)
    status = bai_metrics_make(context, model->classes, chosen.count, chosen.labels, chosen.probabilities,
                              chosen.weights, out);
  bai_free(context, classes);
  free_selection(context, &chosen);
  return status;
}

ba_status ba_evaluate(ba_context *context, ba_model *model, ba_dataset *dataset, int32_t part, ba_metrics **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (out) *out = NULL;
  if (!out || !model || !dataset || part < BA_PART_ALL || part > BA_PART_TEST)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "evaluate: expected a model, a dataset, a part and a place for the result");
  if (!status) status = bai_dataset_check_context(context, dataset);
  if (!status) status = evaluate(context, model, dataset, part, out);
  return bai_leave(context, status);
}

/* ---- cross-validation ---- */

static ba_status train_fold(ba_context *context, const char *recipe, ba_dataset *dataset, int64_t seed, int32_t fold,
                            ba_model **model) {
  ba_trainer *trainer;
  ba_status status = bai_trainer_make(context, recipe, dataset, seed, fold, &trainer);
  if (status) return status;
  while (!status) {
    status = bai_trainer_advance(trainer);
    if (!status) status = bai_check_cancel(context);
  }
  if (status == BA_END) status = bai_trainer_model(trainer, model);
  ba_trainer_destroy(trainer);
  return status;
}

/* A row that came after the split would get no prediction. */
static ba_status check_folds(ba_context *context, const ba_dataset *dataset, const selection *all) {
  const int32_t *folds = dataset->folds.data;
  for (int64_t i = 0; i < all->count; i++)
    if (folds[all->rows[i]] < 0)
      return bai_fail_at(
          context, BA_ERR_ARGUMENT, all->rows[i] + 1, -1,
          "cross_validate: the row was added after the folds were made; expected ba_dataset_split again");
  return BA_OK;
}

static void leave_out_fold(const ba_dataset *dataset, selection *all, int32_t fold) {
  const int32_t *folds = dataset->folds.data;
  int64_t kept = 0;
  for (int64_t i = 0; i < all->count; i++) {
    if (folds[all->rows[i]] == fold) continue;
    all->rows[kept] = all->rows[i];
    all->labels[kept] = all->labels[i];
    all->weights[kept++] = all->weights[i];
  }
  all->count = kept;
}

static ba_status cross_validate(ba_context *context, const char *recipe, ba_dataset *dataset, int64_t seed,
                                ba_metrics **out) {
  const int32_t classes = ba_dataset_classes(dataset);
  selection all;
  ba_status status = bai_dataset_order_classes(context, dataset);
  if (status) return status;
  /* The first fold in time has nothing before it to learn from, so it is not scored. */
  const int32_t first = dataset->folds_in_time ? 1 : 0;
  status = select_rows(context, dataset, BA_PART_TRAIN, -1, classes, &all);
  if (!status) status = check_folds(context, dataset, &all);
  if (!status && first) leave_out_fold(dataset, &all, 0);
  for (int32_t fold = first; !status && fold < dataset->folds_made; fold++) {
    selection held;
    ba_model *model = NULL;
    status = select_rows(context, dataset, BA_PART_TRAIN, fold, classes, &held);
    if (!status) status = train_fold(context, recipe, dataset, seed, fold, &model);
    if (!status) status = bai_score_rows(context, model, dataset, held.rows, held.count, NULL, held.probabilities);
    for (int64_t i = 0, j = 0; !status && i < held.count; i++) {
      while (all.rows[j] != held.rows[i]) j++;
      memcpy(all.probabilities + j * classes, held.probabilities + i * classes, (size_t)classes * 8);
    }
    ba_model_release(model);
    free_selection(context, &held);
  }
  if (!status) status = bai_metrics_make(context, classes, all.count, all.labels, all.probabilities, all.weights, out);
  free_selection(context, &all);
  return status;
}

ba_status ba_cross_validate(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                            ba_metrics **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  int64_t seed = 1;
  const bai_option table[] = {{"seed", 'i', NULL, 0, 9e15, &seed}, {NULL, 0, NULL, 0, 0, NULL}};
  if (out) *out = NULL;
  if (!out || !recipe || !dataset)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "cross_validate: expected a recipe, a dataset and a place for the result");
  if (!status) status = bai_dataset_check_context(context, dataset);
  if (!status) status = bai_options_parse(context, options, table);
  if (!status && dataset->folds_made < 2)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "cross_validate: the dataset has no folds; expected ba_dataset_split first");
  if (!status) status = cross_validate(context, recipe, dataset, seed, out);
  return bai_leave(context, status);
}
