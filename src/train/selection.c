/* SPDX-License-Identifier: MIT
 *
 * selection.c: chooses rows of a dataset and scores them with a model.
 */
#include "train/selection.h"

#include "train/inputs.h"

#include <string.h>

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
  int64_t input_count;
  double *inputs; /* of all rows of the dataset and all members; NULL for a model that reads no table */
  _Atomic int64_t failed;
} scoring;

/* `sparse` stays in the lane. */
static ba_status score_row(const scoring *s, bai_lane *lane, int64_t i, bai_sparse *sparse, double *scores) {
  const int64_t row = s->rows[i];
  const int64_t ambiguous =
      bai_dataset_codes(s->kernels, s->dataset, row, s->model->members[0].plan->protein, lane->rows[0]->codes);
  lane->symbols = bai_dataset_symbols(s->dataset, row);
  if (bai_dataset_is_sparse(s->dataset)) {
    *sparse = bai_dataset_sparse(s->dataset, row);
    lane->sparse = sparse;
  }
  lane->inputs = s->inputs ? s->inputs + row * s->input_count : NULL;
  return bai_lane_score_codes(s->kernels, s->model, lane, bai_dataset_length(s->dataset, row), ambiguous, scores);
}

static ba_status score_batch(void *argument, int32_t worker, int64_t batch) {
  scoring *s = argument;
  bai_lane *lane = &s->lanes[worker];
  const int64_t end = (batch + 1) * BATCH < s->count ? (batch + 1) * BATCH : s->count;
  for (int64_t i = batch * BATCH; i < end; i++) {
    double *scores = s->scores ? s->scores + i * s->model->outputs : lane->scores;
    bai_sparse sparse;
    const ba_status status = score_row(s, lane, i, &sparse, scores);
    if (status) {
      int64_t known = atomic_load(&s->failed);
      while (i < known && !atomic_compare_exchange_weak(&s->failed, &known, i)) continue;
      return status;
    }
    if (s->model->outputs == 1) scores[0] += bai_dataset_offset(s->dataset, s->rows[i]);
    if (s->probabilities)
      bai_model_probabilities(s->kernels, s->model, scores, s->probabilities + i * s->model->answers);
  }
  return BA_OK;
}

/* The members' inputs side by side. */
static ba_status join_inputs(ba_context *context, scoring *s) {
  int64_t at = 0;
  s->input_count = bai_model_row_inputs(s->model);
  if (s->input_count == 0) return BA_OK;
  ba_status status = bai_alloc(context, s->dataset->rows, 8 * s->input_count, &s->inputs);
  for (int32_t m = 0; !status && m < s->model->member_count; m++) {
    const bai_plan *plan = s->model->members[m].plan;
    const int64_t width = bai_plan_inputs(plan);
    bai_input_rows rows;
    status = bai_input_rows_open(context, s->dataset, plan, 0, &rows);
    for (int64_t row = 0; !status && rows.numbers && row < s->dataset->rows; row++)
      memcpy(s->inputs + row * s->input_count + at, rows.numbers + row * width, (size_t)width * 8);
    bai_input_rows_close(context, &rows);
    at += width;
  }
  return status;
}

ba_status bai_score_rows(ba_context *context, const ba_model *model, const ba_dataset *dataset, const int64_t *rows,
                         int64_t count, double *scores, double *probabilities) {
  scoring s = {.kernels = bai_kernels_of(context),
               .model = model,
               .dataset = dataset,
               .rows = rows,
               .count = count,
               .scores = scores,
               .probabilities = probabilities,
               .failed = INT64_MAX};
  const int64_t batches = (count + BATCH - 1) / BATCH;
  const int32_t workers = bai_workers(context, batches);
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < count; i++)
    status = bai_dataset_check_row(context, dataset, rows[i], model->members[0].plan);
  if (!status) status = bai_alloc_zero(context, workers, sizeof *s.lanes, &s.lanes);
  if (status) return status;
  status = join_inputs(context, &s);
  for (int32_t i = 0; !status && i < workers; i++)
    status = bai_lane_reserve(context, model, &s.lanes[i], dataset->longest);
  if (!status) status = bai_parallel(context, batches, score_batch, &s);
  if (bai_row_explains(status)) {
    /* Another lane may have met it: what is wrong stands in the rows that were extracted. */
    bai_sparse sparse;
    const ba_status again = score_row(&s, &s.lanes[0], s.failed, &sparse, s.lanes[0].scores);
    status = bai_lane_explain(context, &s.lanes[0], again ? again : status, rows[s.failed] + 1,
                              bai_dataset_length(dataset, rows[s.failed]));
  }
  for (int32_t i = 0; i < workers; i++) bai_lane_free(context, &s.lanes[i]);
  bai_free(context, s.lanes);
  bai_free(context, s.inputs);
  return status;
}

/* ---- choosing ---- */

void bai_selection_free(ba_context *context, bai_selection *s) {
  bai_free(context, s->rows);
  bai_free(context, s->labels);
  bai_free(context, s->weights);
  bai_free(context, s->targets);
  bai_free(context, s->scores);
  bai_free(context, s->probabilities);
  memset(s, 0, sizeof *s);
}

/* The rows and their weights; labels come from another. */
static ba_status choose(ba_context *context, const ba_dataset *dataset, int32_t part, int32_t fold,
                        bai_selection *out) {
  memset(out, 0, sizeof *out);
  ba_status status = bai_alloc(context, dataset->rows, 8, &out->rows);
  if (!status) status = bai_alloc_zero(context, dataset->rows, 4, &out->labels);
  if (!status) status = bai_alloc(context, dataset->rows, 8, &out->weights);
  for (int64_t row = 0; !status && row < dataset->rows; row++) {
    if (part != BA_PART_ALL && bai_dataset_part(dataset, row) != part) continue;
    if (fold >= 0 && bai_dataset_fold(dataset, row) != fold) continue;
    out->weights[out->count] = bai_dataset_weight(dataset, row);
    out->rows[out->count++] = row;
  }
  return status;
}

ba_status bai_selection_make(ba_context *context, ba_dataset *dataset, int32_t part, int32_t fold, bai_selection *out) {
  ba_status status = choose(context, dataset, part, fold, out);
  if (!status) status = bai_dataset_order_classes(context, dataset);
  for (int64_t i = 0; !status && i < out->count; i++) out->labels[i] = bai_dataset_label(dataset, out->rows[i]);
  return status;
}

ba_status bai_selection_of_numbers(ba_context *context, const ba_dataset *dataset, int32_t part, int32_t fold,
                                   bai_selection *out) {
  ba_status status = choose(context, dataset, part, fold, out);
  if (!status) status = bai_alloc(context, out->count, 8, &out->targets);
  for (int64_t i = 0; !status && i < out->count; i++)
    status = bai_dataset_number(context, dataset, out->rows[i], -1e300, &out->targets[i]);
  return status;
}

/* classes[i]: the model's number of the dataset's i-th class in class order; -1 when it has none of that name. */
static void match_classes(const ba_model *model, const ba_dataset *dataset, int32_t *classes) {
  for (int32_t i = 0; i < ba_dataset_classes(dataset); i++) {
    classes[i] = -1;
    for (int32_t c = 0; c < model->classes; c++)
      if (strcmp(ba_dataset_class_name(dataset, i), ba_model_class_name(model, c)) == 0) classes[i] = c;
  }
}

ba_status bai_selection_match(ba_context *context, const ba_model *model, const ba_dataset *dataset, bai_selection *s) {
  int32_t *classes;
  ba_status status = bai_alloc(context, ba_dataset_classes(dataset), 4, &classes);
  if (status) return status;
  match_classes(model, dataset, classes);
  for (int64_t i = 0; !status && i < s->count; i++) {
    const int32_t label = s->labels[i];
    s->labels[i] = classes[label];
    if (classes[label] >= 0) continue;
    status = bai_fail_at(context, BA_ERR_LABEL, s->rows[i] + 1, -1,
                         "the label \"%s\" is none of the model's classes; expected \"%s\", \"%s\"%s",
                         ba_dataset_class_name(dataset, label), ba_model_class_name(model, 0),
                         ba_model_class_name(model, 1), model->classes > 2 ? " and so on" : "");
  }
  bai_free(context, classes);
  return status;
}

ba_status bai_selection_score(ba_context *context, const ba_model *model, const ba_dataset *dataset, bai_selection *s) {
  ba_status status = bai_alloc(context, s->count, 8 * (int64_t)model->outputs, &s->scores);
  if (!status) status = bai_alloc(context, s->count, 8 * (int64_t)model->answers, &s->probabilities);
  return status ? status : bai_score_rows(context, model, dataset, s->rows, s->count, s->scores, s->probabilities);
}
