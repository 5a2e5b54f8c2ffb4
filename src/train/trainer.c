/* SPDX-License-Identifier: MIT
 *
 * trainer.c: trains the members of a recipe one after the other, each as a run of its own, and joins their models.
 */
#include "train/trainer.h"

#include <string.h>

#include "train/run.h"
#include "train/sketch.h"
#include "train/stack.h"

struct ba_trainer {
  ba_context *context;
  ba_dataset *dataset;
  bai_recipe recipe;
  uint8_t *uses;
  bai_run *runs[BAI_MOST_MEMBERS];
  int32_t members, current; /* the run that is stepped */
  int64_t seed;
  int32_t sketches; /* 1: off */
  ba_dataset *own;  /* of a trainer whose rows come in batches: the classes, without rows */
  char reason[200 * BAI_MOST_MEMBERS + 32 * BAI_MOST_MEMBERS];
};

/* ---- making ---- */

static ba_status check_recipe(const ba_trainer *t) {
  bai_vector text = {0, 0, 0};
  ba_status status = bai_recipe_write(t->context, &t->recipe, &text);
  if (!status && text.count > BAI_MOST_RECIPE)
    status =
        bai_fail(t->context, BA_ERR_RECIPE,
                 "the recipe has %lld letters with its defaults written out, as a model holds it; expected at most "
                 "%d",
                 (long long)text.count, BAI_MOST_RECIPE);
  if (!status && !bai_recipe_member(&t->recipe, 0)->has_model)
    status =
        bai_fail(t->context, BA_ERR_RECIPE, "recipe \"%s\" has no model; expected one after '|', such as Logistic()",
                 (const char *)text.data);
  bai_vector_free(t->context, &text);
  return status;
}

static ba_status check_classes(const ba_trainer *t, const bai_online *online) {
  const int32_t classes = ba_dataset_classes(t->dataset);
  int32_t values = 0;
  for (int64_t m = 0; m < t->recipe.members.count; m++)
    values += bai_term_is_value(&bai_recipe_member(&t->recipe, m)->model);
  if (values && t->recipe.members.count > 1)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "an ensemble with a model of numbers; expected models of classes");
  if (online && t->recipe.members.count > 1)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "an ensemble needs all rows at once; expected a recipe of one member");
  if (online && values) return BA_OK;
  if (online && classes < 2)
    return bai_fail(t->context, BA_ERR_CLASSES, "%d classes are declared; expected at least two", classes);
  if (values)
    return classes ? BA_OK : bai_fail(t->context, BA_ERR_LABEL, "the dataset has no rows; expected at least one");
  if (classes == 0)
    return bai_fail(t->context, BA_ERR_CLASSES, "the dataset has no rows; expected at least two classes");
  if (classes == 1)
    return bai_fail(t->context, BA_ERR_CLASSES, "all %lld rows are of the class \"%s\"; expected at least two classes",
                    (long long)t->dataset->rows, ba_dataset_class_name(t->dataset, 0));
  if (classes > BAI_MOST_CLASSES)
    return bai_fail(t->context, BA_ERR_CLASSES, "the dataset has %d classes; expected at most %d", classes,
                    BAI_MOST_CLASSES);
  return BA_OK;
}

ba_status bai_trainer_make(ba_context *context, const char *recipe, ba_dataset *dataset, int64_t seed, int32_t hold_out,
                           const bai_online *online, ba_trainer **out) {
  ba_trainer *t;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *t, &t);
  if (status) return status;
  t->context = bai_context_retain(context);
  t->dataset = dataset;
  t->seed = seed;
  bai_format(t->reason, sizeof t->reason, "running");
  status = bai_recipe_parse(context, recipe, &t->recipe);
  if (!status) status = check_recipe(t);
  if (!status) status = check_classes(t, online);
  if (!status && !bai_term_is_value(&bai_recipe_member(&t->recipe, 0)->model))
    status = bai_dataset_order_classes(context, dataset);
  const int32_t members = (int32_t)t->recipe.members.count;
  /* What weighs the members, or chooses the epoch of a network, must not have trained them. */
  int32_t need_dev = members > 1;
  for (int32_t m = 0; !status && m < members; m++)
    need_dev |= bai_recipe_member(&t->recipe, m)->model.spec->kind == BAI_TERM_MLP;
  if (!status) status = bai_uses_make(context, dataset, hold_out, need_dev, seed, &t->uses);
  for (int32_t m = 0; !status && m < members; m++) {
    status = bai_run_create(dataset, bai_recipe_member(&t->recipe, m), t->uses, seed, online, &t->runs[m]);
    t->members = m + 1;
  }
  if (status)
    ba_trainer_destroy(t);
  else
    *out = t;
  return status;
}

ba_status ba_trainer_create(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options,
                            ba_trainer **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  int64_t seed = 1, hold_out = -1;
  int32_t sketches = 0;
  const bai_option table[] = {{"seed", 'i', NULL, 0, 9e15, &seed},
                              {"hold_out", 'i', NULL, -1, 2147483647, &hold_out},
                              {"sketches", 'w', "on|off", 0, 0, &sketches},
                              {NULL, 0, NULL, 0, 0, NULL}};
  if (out) *out = NULL;
  if (!out || !dataset || !recipe)
    status = bai_fail(context, BA_ERR_ARGUMENT, "trainer: expected a recipe, a dataset and a place for the result");
  if (!status) status = bai_dataset_check_context(context, dataset);
  if (!status) status = bai_options_parse(context, options, table);
  if (!status && hold_out >= dataset->folds_made)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "hold_out=%lld; expected one of the %d folds that ba_dataset_split made",
                 (long long)hold_out, dataset->folds_made);
  if (!status && hold_out == 0 && dataset->folds_in_time)
    status =
        bai_fail(context, BA_ERR_ARGUMENT,
                 "hold_out=0: the folds follow each other in time, and nothing comes before the first; expected 1 to "
                 "%d",
                 dataset->folds_made - 1);
  if (!status) status = bai_trainer_make(context, recipe, dataset, seed, (int32_t)hold_out, NULL, out);
  if (!status) (*out)->sketches = sketches;
  return bai_leave(context, status);
}

static ba_status declare_classes(ba_dataset *dataset, const char *const *classes, int32_t count) {
  ba_context *context = dataset->context;
  ba_status status = BA_OK;
  for (int32_t c = 0; !status && c < count; c++) {
    int32_t index = -1;
    if (!classes[c] || !bai_is_class_name(classes[c], bai_length(classes[c])))
      status = bai_fail(context, BA_ERR_LABEL, "class %d: expected a name without control bytes", c + 1);
    if (!status) status = bai_names_index(context, &dataset->classes, classes[c], bai_length(classes[c]), &index);
    if (!status && index != c)
      status = bai_fail(context, BA_ERR_LABEL, "the class \"%s\" is declared twice", classes[c]);
  }
  return status;
}

/* `own` is the trainer's when this succeeds. */
static ba_status open_without_rows(ba_dataset *own, const char *recipe, const char *const *classes, int32_t class_count,
                                   int64_t seed, const bai_online *online, ba_trainer **out) {
  ba_status status = declare_classes(own, classes, class_count);
  if (!status) status = bai_trainer_make(own->context, recipe, own, seed, -1, online, out);
  if (status) return status;
  (*out)->own = own;
  (*out)->sketches = 1; /* a model's bins are made from all rows at once */
  return BA_OK;
}

ba_status bai_trainer_open_remote(ba_dataset *own, const bai_remote_how *how, ba_trainer **out) {
  const bai_online online = {how->length, NULL, 1};
  return open_without_rows(own, how->recipe, how->classes, how->class_count, how->seed, &online, out);
}

bai_run *bai_trainer_run(const ba_trainer *trainer) {
  return trainer->runs[0];
}

ba_status ba_trainer_create_online(ba_context *context, const char *recipe, const char *const *classes,
                                   int32_t class_count, const ba_model *start, const char *options, ba_trainer **out) {
  ba_dataset *own = NULL;
  if (out) *out = NULL;
  ba_status status = ba_dataset_create(context, NULL, &own);
  if (!status) status = bai_enter(context);
  if (status) {
    ba_dataset_destroy(own);
    return status;
  }
  int64_t seed = 1;
  bai_online online = {-1, start, 0};
  const bai_option table[] = {{"seed", 'i', NULL, 0, 9e15, &seed},
                              {"length", 'i', NULL, 0, 1099511627775.0, &online.length},
                              {NULL, 0, NULL, 0, 0, NULL}};
  if (!out || !recipe || class_count < 0 || (class_count && !classes))
    status = bai_fail(context, BA_ERR_ARGUMENT, "trainer: expected a recipe, classes and a place for the result");
  if (!status) status = bai_options_parse(context, options, table);
  if (!status && start && online.length < 0) online.length = start->members[0].plan->fitted_length;
  if (!status) status = open_without_rows(own, recipe, classes, class_count, seed, &online, out);
  if (status) ba_dataset_destroy(own);
  return bai_leave(context, status);
}

void ba_trainer_destroy(ba_trainer *t) {
  if (!t) return;
  ba_context *context = t->context;
  for (int32_t m = 0; m < t->members; m++) bai_run_destroy(t->runs[m]);
  bai_recipe_free(context, &t->recipe);
  bai_free(context, t->uses);
  ba_dataset_destroy(t->own);
  bai_free(context, t);
  bai_context_release(context);
}

ba_status bai_trainer_penalise(ba_trainer *t, double l2, double l1) {
  if (t->members != 1)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "set: an ensemble of %d members; expected a recipe of one",
                    t->members);
  bai_pipeline *pipeline = (bai_pipeline *)t->recipe.members.data;
  const bai_term before = pipeline->model;
  if (l2 >= 0.0) bai_term_set(&pipeline->model, "l2", l2);
  if (l1 >= 0.0) bai_term_set(&pipeline->model, "l1", l1);
  const ba_status status = bai_run_restart(t->runs[0], pipeline);
  if (status) pipeline->model = before;
  return status;
}

ba_status ba_trainer_set(ba_trainer *trainer, const char *options) {
  if (!trainer) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(trainer->context);
  if (status) return status;
  double l2 = -1.0, l1 = -1.0;
  const bai_option table[] = {
      {"l2", 'r', NULL, 0, 1e9, &l2}, {"l1", 'r', NULL, 0, 1e9, &l1}, {NULL, 0, NULL, 0, 0, NULL}};
  status = bai_options_parse(trainer->context, options, table);
  if (!status) status = bai_trainer_penalise(trainer, l2, l1);
  return bai_leave(trainer->context, status);
}

/* ---- stepping ---- */

static void word_reason(ba_trainer *t) {
  int64_t n = 0;
  for (int32_t m = 0; m < t->members; m++)
    n += bai_format(t->reason + n, (int64_t)sizeof t->reason - n, "%smember %d: %s", m ? "; " : "", m + 1,
                    bai_run_reason(t->runs[m]));
}

ba_status bai_trainer_advance(ba_trainer *t) {
  const ba_status status = bai_run_advance(t->runs[t->current]);
  if (status != BA_END || t->members == 1) return status;
  word_reason(t);
  if (t->current + 1 == t->members) return BA_END;
  t->current++;
  return BA_OK;
}

ba_status ba_trainer_step(ba_trainer *trainer) {
  if (!trainer) return BA_ERR_ARGUMENT;
  const ba_status status = bai_enter(trainer->context);
  if (status) return status;
  return bai_leave(trainer->context, bai_trainer_advance(trainer));
}

ba_status ba_trainer_update(ba_trainer *trainer, ba_dataset *batch) {
  if (!trainer) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(trainer->context);
  if (status) return status;
  if (!batch) status = bai_fail(trainer->context, BA_ERR_ARGUMENT, "update: expected a dataset, a batch of rows");
  if (!status && !trainer->own)
    status = bai_fail(trainer->context, BA_ERR_UNSUPPORTED,
                      "update: the trainer has rows of its own; expected one of ba_trainer_create_online");
  if (!status) status = bai_dataset_check_context(trainer->context, batch);
  if (!status) status = bai_run_learn(trainer->runs[0], batch);
  return bai_leave(trainer->context, status);
}

void ba_trainer_metrics(const ba_trainer *t, int64_t *iterations, int64_t *passes, double *objective, double *gradient,
                        double *dev_loss) {
  const double nan = bai_not_a_number();
  int64_t counts[2] = {0, 0};
  double numbers[3] = {nan, nan, nan};
  if (t) bai_run_metrics(t->runs[t->current], &counts[0], &counts[1], &numbers[0], &numbers[1], &numbers[2]);
  if (iterations) *iterations = counts[0];
  if (passes) *passes = counts[1];
  if (objective) *objective = numbers[0];
  if (gradient) *gradient = numbers[1];
  if (dev_loss) *dev_loss = numbers[2];
}

const char *ba_trainer_reason(const ba_trainer *trainer) {
  if (!trainer) return "no trainer";
  return trainer->members == 1 ? bai_run_reason(trainer->runs[0]) : trainer->reason;
}

/* ---- the model ---- */

static ba_status write_provenance(const ba_trainer *t, ba_model *const *models, int64_t dev_rows, bai_vector *text) {
  ba_status status =
      bai_text_add(t->context, text, "{\"library\": \"%s\", \"seed\": %lld, \"dev_rows\": %lld, \"members\": [",
                   ba_version_text(), (long long)t->seed, (long long)dev_rows);
  for (int32_t m = 0; !status && m < t->members; m++)
    status = bai_text_add(t->context, text, "%s%s", m ? ", " : "", models[m]->provenance);
  return status ? status : bai_text_add(t->context, text, "]}");
}

static ba_status join(ba_trainer *t, ba_model *const *models, ba_model **out) {
  bai_vector provenance = {0, 0, 0};
  bai_stack stack = {0};
  ba_status status = bai_stack_fit(t->context, models, t->members, t->dataset, t->uses, &stack);
  if (!status) status = write_provenance(t, models, stack.rows, &provenance);
  if (!status) {
    const bai_joint joint = {stack.factors, stack.offsets, provenance.data, (uint64_t)t->seed};
    status = bai_model_join(t->context, models, t->members, &joint, out);
  }
  bai_stack_free(t->context, &stack);
  bai_vector_free(t->context, &provenance);
  return status;
}

ba_status bai_trainer_model(ba_trainer *t, ba_model **out) {
  ba_model *models[BAI_MOST_MEMBERS] = {NULL};
  if (t->members == 1) return bai_run_model(t->runs[0], out);
  ba_status status = BA_OK;
  for (int32_t m = 0; !status && m < t->members; m++) status = bai_run_model(t->runs[m], &models[m]);
  if (!status) status = join(t, models, out);
  for (int32_t m = 0; m < t->members; m++) ba_model_release(models[m]);
  return status;
}

ba_status ba_trainer_finish(ba_trainer *trainer, ba_model **out) {
  if (!trainer) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(trainer->context);
  if (status) return status;
  if (out) *out = NULL;
  status = out ? bai_trainer_model(trainer, out)
               : bai_fail(trainer->context, BA_ERR_ARGUMENT, "trainer: expected a place for the model");
  if (!status && trainer->sketches == 0) {
    status = bai_sketch_rows(trainer->context, trainer->dataset, trainer->uses, *out);
    if (status) {
      ba_model_release(*out);
      *out = NULL;
    }
  }
  return bai_leave(trainer->context, status);
}

/* ---- checkpoints ---- */

ba_context *bai_trainer_context(const ba_trainer *t) {
  return t->context;
}

ba_status bai_trainer_archive(ba_trainer *t, bai_archive *archive) {
  ba_status status = BA_OK;
  bai_archive_i32(archive, &t->current, 0, t->members - 1);
  for (int32_t m = 0; !status && m < t->members; m++) status = bai_run_archive(t->runs[m], archive);
  if (!status && !archive->written && t->current > 0) word_reason(t);
  return status ? status : archive->status;
}

ba_status bai_trainer_identity(ba_trainer *t, uint64_t *digest) {
  ba_status status = BA_OK;
  *digest = (uint64_t)t->members;
  for (int32_t m = 0; !status && m < t->members; m++) {
    uint64_t own = 0;
    status = bai_run_identity(t->runs[m], &own);
    *digest = bai_random(*digest, (uint64_t)m, own);
  }
  return status;
}
