/* SPDX-License-Identifier: MIT
 *
 * evaluate.c: measures what a model says of rows of a dataset; cross-validation.
 */
#include <string.h>

#include "train/metrics.h"
#include "train/selection.h"
#include "train/similar.h"
#include "train/trainer.h"

/* ---- evaluation ---- */

typedef struct evaluation {
  int64_t resamples, seed;
  int32_t low_overlap;
  bai_similar_options similar;
} evaluation;

/* Leaves the rows of the selection that are like no training row of the dataset. */
static ba_status leave_out_similar(ba_context *context, const ba_dataset *dataset, const evaluation *e,
                                   bai_selection *chosen) {
  int64_t similar[9], duplicates[9], kept = 0;
  uint8_t *found;
  ba_status status = bai_alloc_zero(context, dataset->rows, 1, &found);
  if (!status) status = bai_similar_leaks(context, dataset, &e->similar, similar, duplicates, found);
  for (int64_t i = 0; !status && i < chosen->count; i++) {
    if (found[chosen->rows[i]] >> BA_PART_TRAIN & 1) continue;
    chosen->rows[kept] = chosen->rows[i];
    chosen->labels[kept] = chosen->labels[i];
    if (chosen->targets) chosen->targets[kept] = chosen->targets[i];
    chosen->weights[kept++] = chosen->weights[i];
  }
  if (!status && kept == 0)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "evaluate: all %lld rows are similar to a training row; expected others",
                 (long long)chosen->count);
  if (!status) chosen->count = kept;
  bai_free(context, found);
  return status;
}

static ba_status check_parts(ba_context *context, const ba_dataset *dataset, int32_t part) {
  for (int64_t row = 0; row < dataset->rows; row++)
    if (bai_dataset_part(dataset, row) == BA_PART_TRAIN && part != BA_PART_TRAIN && part != BA_PART_ALL) return BA_OK;
  return bai_fail(context, BA_ERR_ARGUMENT,
                  "evaluate: low_overlap=yes compares rows of dev or test with training rows; expected both");
}

static ba_status select_rows(ba_context *context, ba_dataset *dataset, int32_t numbers, int32_t part, int32_t fold,
                             bai_selection *out) {
  return numbers ? bai_selection_of_numbers(context, dataset, part, fold, out)
                 : bai_selection_make(context, dataset, part, fold, out);
}

static bai_predictions predictions_of(const bai_selection *s, int32_t classes, int32_t counts) {
  return (bai_predictions){classes, s->count, s->labels, s->probabilities, s->weights, s->targets, counts};
}

static ba_status evaluate(ba_context *context, const ba_model *model, ba_dataset *dataset, int32_t part,
                          const evaluation *e, ba_metrics **out) {
  bai_selection chosen;
  ba_status status = select_rows(context, dataset, model->classes == 0, part, -1, &chosen);
  if (!status && chosen.count == 0)
    status = bai_fail(context, BA_ERR_ARGUMENT, "evaluate: there are no rows in part %d; expected at least one", part);
  if (!status && e->low_overlap) status = check_parts(context, dataset, part);
  if (!status && e->low_overlap) status = leave_out_similar(context, dataset, e, &chosen);
  if (!status && model->classes) status = bai_selection_match(context, model, dataset, &chosen);
  if (!status) status = bai_selection_score(context, model, dataset, &chosen);
  const bai_predictions in = predictions_of(&chosen, model->classes, model->log_link);
  if (!status) status = bai_metrics_make(context, &in, out);
  if (!status && e->resamples) {
    status = bai_metrics_bootstrap(*out, &in, e->resamples, (uint64_t)e->seed);
    if (status) {
      ba_metrics_destroy(*out);
      *out = NULL;
    }
  }
  bai_selection_free(context, &chosen);
  return status;
}

ba_status ba_evaluate(ba_context *context, ba_model *model, ba_dataset *dataset, int32_t part, const char *options,
                      ba_metrics **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  evaluation e = {0, 1, 0, BAI_SIMILAR_DEFAULTS};
  const bai_option table[] = {{"bootstrap", 'i', NULL, 0, 1000000, &e.resamples},
                              {"seed", 'i', NULL, 0, 9e15, &e.seed},
                              {"low_overlap", 'w', "no|yes", 0, 0, &e.low_overlap},
                              {"k", 'i', NULL, 1, 255, &e.similar.k},
                              {"threshold", 'r', NULL, 0, 1, &e.similar.threshold},
                              {"scaled", 'i', NULL, 1, 9007199254740992.0, &e.similar.scaled},
                              {NULL, 0, NULL, 0, 0, NULL}};
  if (out) *out = NULL;
  if (!out || !model || !dataset || part < BA_PART_ALL || part > BA_PART_TEST)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "evaluate: expected a model, a dataset, a part and a place for the result");
  if (!status) status = bai_dataset_check_context(context, dataset);
  if (!status) status = bai_options_parse(context, options, table);
  if (!status) status = evaluate(context, model, dataset, part, &e, out);
  return bai_leave(context, status);
}

/* ---- cross-validation ---- */

static ba_status run_out(ba_trainer *trainer, ba_model **model) {
  ba_context *context = bai_trainer_context(trainer);
  ba_status status = BA_OK;
  while (!status) {
    status = bai_trainer_advance(trainer);
    if (!status) status = bai_check_cancel(context);
  }
  return status == BA_END ? bai_trainer_model(trainer, model) : status;
}

/* A row that came after the split would get no prediction. */
static ba_status check_folds(ba_context *context, const ba_dataset *dataset, const bai_selection *all) {
  for (int64_t i = 0; i < all->count; i++)
    if (bai_dataset_fold(dataset, all->rows[i]) < 0)
      return bai_fail_at(
          context, BA_ERR_ARGUMENT, all->rows[i] + 1, -1,
          "cross_validate: the row was added after the folds were made; expected ba_dataset_split again");
  return BA_OK;
}

static void leave_out_fold(const ba_dataset *dataset, bai_selection *all, int32_t fold) {
  int64_t kept = 0;
  for (int64_t i = 0; i < all->count; i++) {
    if (bai_dataset_fold(dataset, all->rows[i]) == fold) continue;
    all->rows[kept] = all->rows[i];
    all->labels[kept] = all->labels[i];
    if (all->targets) all->targets[kept] = all->targets[i];
    all->weights[kept++] = all->weights[i];
  }
  all->count = kept;
}

/* What is validated: a recipe as it stands, or with each of some penalties, from the optimum of the one before. */
typedef struct validation {
  ba_context *context;
  ba_dataset *dataset;
  const char *recipe;
  const double *l2; /* NULL: as it stands */
  int32_t count;
  int64_t seed, answers;
  bai_selection all;
  double *probabilities; /* count x rows x answers */
} validation;

static ba_status validate_fold(validation *v, int32_t numbers, int32_t fold) {
  bai_selection held;
  ba_trainer *trainer = NULL;
  double *found = NULL;
  ba_status status = select_rows(v->context, v->dataset, numbers, BA_PART_TRAIN, fold, &held);
  if (!status) status = bai_alloc(v->context, held.count, 8 * v->answers, &found);
  if (!status) status = bai_trainer_make(v->context, v->recipe, v->dataset, v->seed, fold, NULL, &trainer);
  for (int32_t c = 0; !status && c < v->count; c++) {
    ba_model *model = NULL;
    if (v->l2) status = bai_trainer_penalise(trainer, v->l2[c], -1.0);
    if (!status) status = run_out(trainer, &model);
    if (!status) status = bai_score_rows(v->context, model, v->dataset, held.rows, held.count, NULL, found);
    double *to = v->probabilities + c * v->all.count * v->answers;
    for (int64_t i = 0, j = 0; !status && i < held.count; i++) {
      while (v->all.rows[j] != held.rows[i]) j++;
      memcpy(to + j * v->answers, found + i * v->answers, (size_t)v->answers * 8);
    }
    ba_model_release(model);
  }
  ba_trainer_destroy(trainer);
  bai_free(v->context, found);
  bai_selection_free(v->context, &held);
  return status;
}

static ba_status cross_validate(validation *v, const bai_term *term, ba_metrics **out) {
  const int32_t numbers = bai_term_is_value(term), classes = numbers ? 0 : ba_dataset_classes(v->dataset);
  /* The first fold in time has nothing before it to learn from, so it is not scored. */
  const int32_t first = v->dataset->folds_in_time ? 1 : 0;
  v->answers = numbers ? 1 : classes;
  ba_status status = select_rows(v->context, v->dataset, numbers, BA_PART_TRAIN, -1, &v->all);
  if (!status) status = check_folds(v->context, v->dataset, &v->all);
  if (!status && first) leave_out_fold(v->dataset, &v->all, 0);
  if (!status) status = bai_alloc(v->context, v->count * v->all.count, 8 * v->answers, &v->probabilities);
  for (int32_t fold = first; !status && fold < v->dataset->folds_made; fold++) status = validate_fold(v, numbers, fold);
  bai_predictions in = predictions_of(&v->all, classes, numbers && term->spec->kind == BAI_TERM_POISSON);
  for (int32_t c = 0; !status && c < v->count; c++) {
    in.probabilities = v->probabilities + c * v->all.count * v->answers;
    status = bai_metrics_make(v->context, &in, &out[c]);
  }
  for (int32_t c = 0; status && c < v->count; c++) {
    ba_metrics_destroy(out[c]);
    out[c] = NULL;
  }
  bai_free(v->context, v->probabilities);
  bai_selection_free(v->context, &v->all);
  return status;
}

/* Inside a call: `v` has the context, the dataset, the recipe and the penalties. */
static ba_status begin_validation(validation *v, const char *options, ba_metrics **out) {
  bai_recipe parsed = {{0, 0, 0}};
  const bai_option table[] = {{"seed", 'i', NULL, 0, 9e15, &v->seed}, {NULL, 0, NULL, 0, 0, NULL}};
  v->seed = 1;
  ba_status status = bai_dataset_check_context(v->context, v->dataset);
  if (!status) status = bai_options_parse(v->context, options, table);
  if (!status && v->dataset->folds_made < 2)
    status = bai_fail(v->context, BA_ERR_ARGUMENT,
                      "cross_validate: the dataset has no folds; expected ba_dataset_split first");
  if (!status) status = bai_recipe_parse(v->context, v->recipe, &parsed);
  if (!status) status = cross_validate(v, &bai_recipe_member(&parsed, 0)->model, out);
  bai_recipe_free(v->context, &parsed);
  return status;
}

ba_status ba_cross_validate(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                            ba_metrics **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  validation v = {.context = context, .dataset = dataset, .recipe = recipe, .count = 1};
  if (out) *out = NULL;
  if (!out || !recipe || !dataset)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "cross_validate: expected a recipe, a dataset and a place for the result");
  if (!status) status = begin_validation(&v, options, out);
  return bai_leave(context, status);
}

ba_status ba_cross_validate_path(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                                 const double *l2, int32_t count, ba_metrics **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  validation v = {.context = context, .dataset = dataset, .recipe = recipe, .l2 = l2, .count = count};
  for (int32_t c = 0; out && c < count; c++) out[c] = NULL;
  if (!out || !recipe || !dataset || !l2 || count < 1)
    status = bai_fail(context, BA_ERR_ARGUMENT,
                      "cross_validate: expected a recipe, a dataset, penalties and a place for each result");
  for (int32_t c = 0; !status && c < count; c++)
    if (!(l2[c] >= 0.0 && l2[c] <= 1e9))
      status = bai_fail(context, BA_ERR_ARGUMENT, "cross_validate: l2 is %g; expected 0 to 1e9", l2[c]);
  if (!status) status = begin_validation(&v, options, out);
  return bai_leave(context, status);
}
