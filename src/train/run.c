/* SPDX-License-Identifier: MIT
 *
 * run.c: the training of one member: a pipeline, the rows and a solver, stepped until it stops.
 */
#include "train/run_inside.h"

#include <string.h>

#include "model/net_recipe.h"
#include "train/inputs.h"
#include "train/scale.h"

#define NETWORK_STREAM UINT64_C(0x6e6574)

/* ---- making ---- */

ba_status bai_run_check_offsets(const bai_run *t, const ba_dataset *dataset) {
  if (!dataset->offsets.count || t->model->spec->kind == BAI_TERM_LOGISTIC || bai_term_is_value(t->model)) return BA_OK;
  return bai_fail(t->context, BA_ERR_UNSUPPORTED, "%s takes no offsets; expected Linear, Poisson or Logistic",
                  t->model->spec->name);
}

static ba_status check_model(bai_run *t, const bai_pipeline *pipeline) {
  const ba_status status = bai_run_check_offsets(t, t->dataset);
  if (status) return status;
  t->outputs = 1;
  if (bai_term_is_value(t->model)) return bai_net_of_pipeline(t->context, pipeline, 1, &t->net);
  const int32_t classes = ba_dataset_classes(t->dataset), margins = classes == 2 ? 1 : classes;
  if (t->model->spec->kind == BAI_TERM_LOGISTIC && classes != 2)
    return bai_fail(t->context, BA_ERR_CLASSES, "Logistic takes two classes, the dataset has %d; expected Softmax",
                    classes);
  t->outputs = t->model->spec->kind == BAI_TERM_SOFTMAX ? classes : margins;
  return bai_net_of_pipeline(t->context, pipeline, margins, &t->net);
}

/* Of a sparse row, the columns that it needs. */
static int64_t length_to_learn(const ba_dataset *dataset, int64_t row) {
  if (!bai_dataset_is_sparse(dataset)) return bai_dataset_length(dataset, row);
  const bai_sparse sparse = bai_dataset_sparse(dataset, row);
  return sparse.count ? (int64_t)sparse.columns[sparse.count - 1] + 1 : 0;
}

/* Rows that are read again and again, in their order, may stand in their table all the time. */
static int32_t reads_in_place(const bai_run *t, const bai_pipeline *pipeline) {
  return t->kind && !t->kind->by_epochs && !pipeline->pca.spec && bai_plan_is_numbers(t->plan) &&
         bai_row_reals_plain(t->plan);
}

static ba_status fit_plan(bai_run *t, const bai_pipeline *pipeline) {
  ba_status status = BA_OK;
  int64_t rows = 0, longest = 0;
  for (int64_t row = 0; !status && row < t->dataset->rows; row++) {
    const int64_t length = length_to_learn(t->dataset, row);
    if (t->uses[row] != BAI_USE_TRAIN && t->uses[row] != BAI_USE_DEV) continue;
    status = bai_dataset_check_row(t->context, t->dataset, row, t->plan);
    /* The dev loss needs the dev rows' features too: a length that does not fit is better known before the training. */
    if (!status && t->uses[row] == BAI_USE_DEV && t->plan->needs_equal)
      status = bai_plan_fit_length(t->context, t->plan, length, row + 1);
    if (status || t->uses[row] != BAI_USE_TRAIN) continue;
    rows++;
    if (length > longest) longest = length;
    status = bai_plan_fit_length(t->context, t->plan, length, row + 1);
  }
  if (!status && rows == 0)
    status = bai_fail(t->context, BA_ERR_CLASSES, "there are no training rows; expected at least one a class");
  if (status) return status;
  const bai_block *shortest = t->plan->blocks;
  for (int32_t b = 1; b < t->plan->block_count; b++)
    if (t->plan->blocks[b].span < shortest->span) shortest = &t->plan->blocks[b];
  if (t->plan->block_count && longest < shortest->span)
    return bai_fail(t->context, BA_ERR_LENGTH,
                    "the longest training sequence has %lld letters; expected at least %d, as a word of %s takes",
                    (long long)longest, shortest->span, shortest->name);
  status = bai_inputs_learn(t->context, t->dataset, t->uses, t->plan);
  if (!status) status = bai_plan_lay_out(t->context, t->plan);
  if (!status) status = bai_input_rows_open(t->context, t->dataset, t->plan, reads_in_place(t, pipeline), &t->inputs);
  if (!status) status = bai_inputs_check(t->context, t->dataset, t->plan, &t->inputs);
  return status ? status : bai_scale_learn(t->context, t->dataset, t->uses, t->inputs.numbers, t->plan);
}

/* ---- without rows of its own, or from a model on ---- */

static ba_status fit_online(bai_run *t, int64_t length) {
  const bai_value *balanced = bai_term_value(t->model, "class_weight");
  ba_status status = BA_OK;
  if (t->remote && !t->kind->ask)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "%s evaluates the rows itself; expected solver=lbfgs where they are elsewhere", t->kind->name);
  if (!t->remote && !t->kind->learn)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "%s needs all rows at once; expected solver=adagrad, nag or ftrl to learn from batches",
                    t->kind->name);
  if (t->plan->needs_table)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "Columns() and Category() learn which columns and texts there are from all rows at once; expected "
                    "Column(column=NAME) for each column, and CategoryHash(column=NAME)");
  if (!t->remote && balanced && balanced->integer == 1)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "class_weight=balanced needs all rows at once; expected weights of rows");
  if (!t->remote && (t->plan->scaling != BAI_SCALE_NONE || bai_plan_fills(t->plan)))
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "scales and means for missing values are learnt from all rows at once; expected columns as they "
                    "are and solver=nag, which takes any scale");
  if (t->plan->needs_fit && length < 0)
    return bai_fail(t->context, BA_ERR_ARGUMENT,
                    "the columns depend on the length of the sequences; expected the option length=");
  if (length >= 0) status = bai_plan_fit_length(t->context, t->plan, length, 1);
  return status ? status : bai_plan_lay_out(t->context, t->plan);
}

static ba_status differs(const bai_run *t, const char *what) {
  return bai_fail(t->context, BA_ERR_ARGUMENT, "the model to go on from has other %s; expected those of the recipe",
                  what);
}

/* The recipe's features and model term, and the classes, must be those of the model. */
static ba_status check_start(const bai_run *t, const bai_pipeline *pipeline, const ba_model *model) {
  bai_recipe recipe = {{0, 0, 0}};
  bai_vector ours = {0, 0, 0}, theirs = {0, 0, 0};
  ba_status status = bai_model_single(t->context, model, "a model to go on from");
  if (!status) status = bai_recipe_parse(t->context, model->recipe, &recipe);
  if (!status) status = bai_pipeline_write(t->context, pipeline, 0, &ours);
  if (!status) status = bai_pipeline_write(t->context, bai_recipe_member(&recipe, 0), 0, &theirs);
  if (!status && strcmp(ours.data, theirs.data) != 0) status = differs(t, "features");
  if (!status && bai_recipe_member(&recipe, 0)->model.spec != t->model->spec) status = differs(t, "kinds of answers");
  if (!status && model->members[0].plan->width != t->plan->width) status = differs(t, "lengths of sequences");
  const int32_t classes = bai_term_is_value(t->model) ? 0 : ba_dataset_classes(t->dataset);
  if (!status && model->classes != classes) status = differs(t, "classes");
  for (int32_t c = 0; !status && c < classes; c++)
    if (strcmp(ba_dataset_class_name(t->dataset, c), ba_model_class_name(model, c)) != 0)
      status = differs(t, "classes");
  bai_vector_free(t->context, &ours);
  bai_vector_free(t->context, &theirs);
  bai_recipe_free(t->context, &recipe);
  return status;
}

static void take_weights(bai_run *t, const ba_model *model) {
  const int64_t width = t->plan->width;
  double *intercepts = t->start + t->outputs * width;
  for (int32_t o = 0; o < model->outputs; o++) {
    bai_member_weights(&model->members[0], o, t->start + o * width);
    intercepts[o] = model->members[0].intercepts[o];
  }
  if (t->outputs == model->outputs) return;
  for (int64_t i = 0; i < width; i++) t->start[i] = -(t->start[width + i] = 0.5 * t->start[i]); /* Softmax of two */
  intercepts[0] = -(intercepts[1] = 0.5 * intercepts[0]);
}

static ba_status make_solver(bai_run *t, const bai_pipeline *pipeline, const ba_model *start) {
  const bai_term *model = t->model;
  t->tol = bai_term_value(model, "tol")->real;
  t->max_iter = bai_term_value(model, "max_iter")->integer;
  t->epochs = bai_term_value(model, "epochs")->integer;
  t->patience = bai_term_value(model, "patience")->integer;
  ba_status status = bai_alloc_zero(t->context, t->problem->parameters, 8, &t->start);
  if (!status && start) status = check_start(t, pipeline, start);
  if (!status && start) take_weights(t, start);
  return status ? status : t->kind->create(t->problem, model, t->start, (uint64_t)t->seed, &t->solver);
}

/* Nothing is known of the run yet. */
static void begin(bai_run *t) {
  t->standing = (bai_standing){.objective = bai_not_a_number(), .slope = bai_not_a_number()};
  t->dev_loss = t->best_dev = bai_not_a_number();
  t->stopped = t->dev_due = 0;
  t->worse = 0;
  bai_format(t->reason, sizeof t->reason, "running");
}

uint64_t bai_run_copy_seed(const bai_run *t, int32_t copy) {
  return bai_random((uint64_t)t->seed, NETWORK_STREAM, (uint64_t)copy);
}

/* The next copy: its seed is all that differs. */
static ba_status make_network(bai_run *t, int32_t copy) {
  const bai_network_rows rows = {t->dataset, t->problem->labels, t->problem->weights, t->uses, t->problem};
  const bai_network_how how = {bai_term_value(t->model, "rate")->real,
                               bai_term_value(t->model, "decay")->real,
                               bai_term_value(t->model, "dropout")->real,
                               bai_term_value(t->model, "smoothing")->real,
                               t->epochs,
                               bai_term_value(t->model, "batch")->integer,
                               bai_run_copy_seed(t, copy)};
  bai_network *network;
  const ba_status status = bai_network_create(t->context, &rows, &t->net, &how, &network);
  if (status) return status;
  bai_network_destroy(t->network);
  t->network = network;
  return BA_OK;
}

/* Few rows make few steps an epoch, and want more epochs. */
static int64_t usual_epochs(const bai_run *t) {
  int64_t rows = 0;
  for (int64_t row = 0; row < t->dataset->rows; row++) rows += t->uses[row] == BAI_USE_TRAIN;
  const int64_t epochs = 6 + 24000 / rows;
  return epochs < 30 ? epochs : 30;
}

static ba_status make_networks(bai_run *t) {
  t->epochs = bai_term_value(t->model, "epochs")->integer;
  if (t->epochs == 0) t->epochs = usual_epochs(t);
  if (bai_net_over_columns(&t->net)) {
    t->net.features = t->plan->width;
    bai_net_lay_out(&t->net);
  }
  const ba_status status = bai_alloc_zero(t->context, t->net.copies * t->net.parameters, 4, &t->parameters);
  return status ? status : make_network(t, 0);
}

/* Of the problem of a network over letters only labels and weights of the rows are used. */
static ba_status make_problem(bai_run *t) {
  const bai_value *l2 = bai_term_value(t->model, "l2"), *l1 = bai_term_value(t->model, "l1");
  const bai_value *balanced = bai_term_value(t->model, "class_weight");
  bai_objective objective = {.outputs = t->outputs,
                             .balanced = balanced && balanced->integer == 1,
                             .l2 = l2 ? l2->real : 0.0,
                             .l1 = l1 ? l1->real : 0.0};
  if (t->model->spec->kind == BAI_TERM_POISSON) objective.loss.kind = BAI_LOSS_POISSON;
  if (t->model->spec->kind == BAI_TERM_LINEAR)
    objective.loss = (bai_loss){BAI_LOSS_SQUARED + (int32_t)bai_term_value(t->model, "loss")->integer,
                                bai_term_value(t->model, "delta")->real, bai_term_value(t->model, "quantile")->real};
  objective.pca = t->pca;
  return bai_problem_create(t->context, t->dataset, t->plan, t->uses, &t->inputs, &objective, &t->problem);
}

static ba_status fit_components(bai_run *t, const bai_pipeline *pipeline) {
  if (!pipeline->pca.spec) return BA_OK;
  if (t->online || t->remote || t->net.hidden)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "PCA needs all rows at once, and a linear model behind it");
  const int32_t count = (int32_t)bai_term_value(&pipeline->pca, "n")->integer;
  return bai_pca_fit(t->context, t->dataset, t->plan, t->uses, t->inputs.numbers, count, &t->pca);
}

static ba_status open_run(ba_dataset *dataset, const bai_pipeline *pipeline, const uint8_t *uses, bai_run **out) {
  ba_context *context = dataset->context;
  const ba_status status = bai_alloc_zero(context, 1, sizeof **out, out);
  if (status) return status;
  bai_run *t = *out;
  t->context = bai_context_retain(context);
  t->dataset = dataset;
  t->model = &pipeline->model;
  t->uses = uses;
  begin(t);
  return bai_pipeline_write(context, pipeline, 1, &t->text);
}

ba_status bai_run_features(ba_dataset *dataset, const bai_pipeline *pipeline, const uint8_t *uses, bai_run **out) {
  bai_run *t = NULL;
  *out = NULL;
  ba_status status = open_run(dataset, pipeline, uses, &t);
  if (!status) status = bai_plan_create(dataset->context, pipeline, &t->plan);
  if (!status) status = fit_plan(t, pipeline);
  if (!status) status = fit_components(t, pipeline);
  if (status)
    bai_run_destroy(t);
  else
    *out = t;
  return status;
}

const bai_plan *bai_run_plan(const bai_run *run) {
  return run->plan;
}

const double *bai_run_inputs(const bai_run *run) {
  return run->inputs.numbers;
}

const bai_pca *bai_run_pca(const bai_run *run) {
  return run->pca;
}

ba_status bai_run_create(ba_dataset *dataset, const bai_pipeline *pipeline, const uint8_t *uses, int64_t seed,
                         const bai_online *online, bai_run **out) {
  ba_context *context = dataset->context;
  bai_run *t = NULL;
  *out = NULL;
  ba_status status = open_run(dataset, pipeline, uses, &t);
  if (!status) {
    t->seed = seed;
    t->remote = online && online->remote;
    t->online = online && !online->remote;
    if (t->online) bai_format(t->reason, sizeof t->reason, "learns from batches");
    status = check_model(t, pipeline);
  }
  if (!status && online && t->net.hidden)
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "a network needs all rows at once; expected a linear model");
  if (!status && !t->net.hidden) status = bai_solver_choose(context, t->model, &t->kind);
  if (!status) status = bai_plan_create(context, bai_net_columns(&t->net, pipeline), &t->plan);
  if (!status) status = online ? fit_online(t, online->length) : fit_plan(t, pipeline);
  if (!status) status = fit_components(t, pipeline);
  if (!status) status = make_problem(t);
  if (!status) status = t->net.hidden ? make_networks(t) : make_solver(t, pipeline, online ? online->start : NULL);
  if (!status && t->remote) bai_run_open_rounds(t);
  if (status)
    bai_run_destroy(t);
  else
    *out = t;
  return status;
}

void bai_run_destroy(bai_run *t) {
  if (!t) return;
  ba_context *context = t->context;
  if (t->solver) t->kind->destroy(t->solver);
  bai_network_destroy(t->network);
  bai_free(context, t->parameters);
  bai_problem_destroy(t->problem);
  bai_pca_destroy(context, t->pca);
  bai_plan_destroy(t->plan);
  bai_input_rows_close(context, &t->inputs);
  bai_vector_free(context, &t->text);
  bai_free(context, t->start);
  bai_free(context, t);
  bai_context_release(context);
}

/* ---- stepping ---- */

static const double *best_point(const bai_run *t) {
  return t->kind->by_epochs ? t->start : t->kind->point(t->solver);
}

static ba_status measure_dev(bai_run *t, const double *point) {
  t->dev_due = 1;
  const ba_status status = bai_problem_mean_loss(t->problem, point, BAI_USE_DEV, &t->dev_loss);
  if (!status) t->dev_due = 0;
  return status;
}

static ba_status stop(bai_run *t, const char *reason) {
  t->stopped = 1;
  bai_format(t->reason, sizeof t->reason, "%s", reason);
  const ba_status status = t->kind->by_epochs ? BA_OK : measure_dev(t, best_point(t));
  return status ? status : BA_END;
}

ba_status bai_run_restart(bai_run *t, const bai_pipeline *pipeline) {
  bai_vector text = {0, 0, 0};
  void *solver = NULL;
  if (t->net.hidden)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "a network has no optimum to go on from; expected a new trainer");
  if (t->kind->by_epochs)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "%s has no optimum to go on from; expected a new trainer",
                    t->kind->name);
  const bai_problem before = *t->problem;
  ba_status status = bai_pipeline_write(t->context, pipeline, 1, &text);
  t->problem->l2 = bai_term_value(t->model, "l2")->real;
  t->problem->l1 = bai_term_value(t->model, "l1")->real;
  if (!status) status = bai_solver_choose(t->context, t->model, &t->kind);
  if (!status) status = t->kind->create(t->problem, t->model, best_point(t), (uint64_t)t->seed, &solver);
  if (status) {
    t->problem->l2 = before.l2;
    t->problem->l1 = before.l1;
    bai_vector_free(t->context, &text);
    return status;
  }
  t->kind->destroy(t->solver);
  t->solver = solver;
  bai_vector_free(t->context, &t->text);
  t->text = text;
  begin(t);
  return BA_OK;
}

ba_status bai_run_judge(bai_run *t) {
  const bai_standing *s = &t->standing;
  char text[200];
  if (!(s->objective - s->objective == 0.0) || !(s->slope - s->slope == 0.0))
    return bai_fail(t->context, BA_ERR_DIVERGED,
                    "the objective is not finite after %lld iterations; expected smaller "
                    "weights of rows or a larger l2",
                    (long long)s->iterations);
  if (t->first_slope == 0.0) t->first_slope = s->start_slope;
  if (s->slope <= t->tol * t->first_slope) {
    bai_format(text, sizeof text, "converged: the largest entry of the gradient fell to tol = %g of its start", t->tol);
    return stop(t, text);
  }
  if (s->stuck) return stop(t, "converged: the objective cannot fall any further in double precision");
  if (s->iterations >= t->max_iter) {
    bai_format(text, sizeof text,
               "stopped at max_iter = %lld before it converged; raise max_iter, tol or l2, or scale the features "
               "(norm=l2)",
               (long long)t->max_iter);
    return stop(t, text);
  }
  return BA_OK;
}

/* Keeps the best epoch, and stops early; without dev rows every epoch is the best so far. */
static ba_status judge_epoch(bai_run *t) {
  const int64_t epoch = t->standing.iterations;
  char text[200];
  if (!(t->standing.objective - t->standing.objective == 0.0))
    return bai_fail(t->context, BA_ERR_DIVERGED, "the loss is not finite in epoch %lld; expected a smaller rate",
                    (long long)epoch);
  if (!(t->dev_loss >= t->best_dev)) {
    if (t->dev_loss - t->dev_loss == 0.0) t->best_dev = t->dev_loss;
    t->worse = 0;
    memcpy(t->start, t->kind->point(t->solver), (size_t)t->problem->parameters * 8);
  } else if (++t->worse >= t->patience) {
    bai_format(text, sizeof text, "stopped early: %lld epochs without a better dev loss; the best weights are kept",
               (long long)t->worse);
    t->dev_loss = t->best_dev;
    return stop(t, text);
  }
  if (epoch < t->epochs) return BA_OK;
  const int32_t judged = t->dev_loss - t->dev_loss == 0.0;
  bai_format(text, sizeof text, "stopped after epochs = %lld%s", (long long)t->epochs,
             !judged         ? "; dev rows would say when to stop"
             : t->worse == 0 ? ", the dev loss still falling; raise epochs or rate"
                             : "; the best weights are kept");
  t->dev_loss = t->best_dev; /* of the weights that are kept */
  return stop(t, text);
}

/* One copy is done: the next one, or the end. When there is no memory for the next, a later step asks for it again. */
static ba_status next_copy(bai_run *t) {
  const double best = bai_network_best_loss(t->network) / t->net.copies;
  const ba_status status = t->copies + 1 < t->net.copies ? make_network(t, t->copies + 1) : BA_OK;
  if (status) return status;
  t->best_dev = (t->copies ? t->best_dev : 0.0) + best;
  if (++t->copies < t->net.copies) return BA_OK;
  bai_format(t->reason, sizeof t->reason, "stopped after epochs = %lld; the weights of epoch %lld are kept",
             (long long)t->epochs, (long long)bai_network_best_epoch(t->network));
  t->stopped = 1;
  t->dev_loss = t->best_dev;
  return BA_END;
}

static ba_status step_network(bai_run *t) {
  bai_standing *s = &t->standing;
  const int64_t end = t->epochs * (t->copies + 1);
  if (s->iterations < end) {
    const ba_status status = bai_network_epoch(t->network, &s->objective, &t->dev_loss);
    if (status) return status;
    s->passes = ++s->iterations;
    if (!(s->objective - s->objective == 0.0))
      return bai_fail(t->context, BA_ERR_DIVERGED, "the loss is not finite in epoch %lld; expected a smaller rate",
                      (long long)s->iterations);
    memcpy(t->parameters + t->copies * t->net.parameters, bai_network_best(t->network),
           (size_t)t->net.parameters * sizeof(float));
  }
  return s->iterations < end ? BA_OK : next_copy(t);
}

static ba_status step(bai_run *t) {
  if (t->network) return step_network(t);
  ba_status status = t->dev_due ? BA_OK : t->kind->step(t->solver, &t->standing);
  if (!status && t->kind->by_epochs) status = measure_dev(t, t->kind->point(t->solver));
  if (status) return status;
  return t->kind->by_epochs ? judge_epoch(t) : bai_run_judge(t);
}

ba_status bai_run_advance(bai_run *t) {
  if (t->online)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "step: the rows come in batches; expected ba_trainer_update");
  if (t->remote)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "step: the rows are elsewhere; expected ba_solver_tell");
  if (t->stopped) {
    const ba_status status = t->dev_due ? measure_dev(t, best_point(t)) : BA_OK;
    return status ? status : BA_END;
  }
  const ba_status status = step(t);
  const int64_t most = t->network ? t->epochs * t->net.copies : t->kind->by_epochs ? t->epochs : t->max_iter;
  bai_progress(t->context, t->standing.iterations, most);
  return status;
}

void bai_run_metrics(const bai_run *t, int64_t *iterations, int64_t *passes, double *objective, double *gradient,
                     double *dev_loss) {
  *iterations = t->standing.iterations;
  *passes = t->standing.passes;
  *objective = t->standing.objective;
  *gradient = t->standing.slope;
  *dev_loss = t->dev_loss;
}

const char *bai_run_reason(const bai_run *run) {
  return run->reason;
}

/* ---- the model ---- */

static ba_status add_number(bai_run *t, bai_vector *text, const char *name, double value) {
  if (value - value == 0.0) return bai_text_add(t->context, text, ", \"%s\": %g", name, value);
  return bai_text_add(t->context, text, ", \"%s\": null", name);
}

static ba_status write_provenance(bai_run *t, bai_vector *text) {
  uint64_t digest = t->learnt_digest;
  int64_t rows = t->remote ? t->remote_rows : t->standing.iterations, bases = t->learnt_letters;
  ba_status status = t->online || t->remote ? BA_OK
                                            : bai_run_digest(t, t->dataset, t->uses, &t->inputs,
                                                             (bai_span){0, t->dataset->rows}, &digest, &rows, &bases);
  if (!status)
    status = bai_text_add(t->context, text,
                          "{\"library\": \"%s\", \"seed\": %lld, \"rows\": %lld, \"letters\": %lld, \"data\": "
                          "\"%08x%08x\", \"iterations\": %lld",
                          ba_version_text(), (long long)t->seed, (long long)rows, (long long)bases,
                          (unsigned)(digest >> 32), (unsigned)digest, (long long)t->standing.iterations);
  if (!status) status = add_number(t, text, "objective", t->standing.objective);
  if (!status) status = add_number(t, text, "gradient", t->standing.slope);
  if (!status) status = add_number(t, text, "dev_loss", t->network || t->kind->by_epochs ? t->best_dev : t->dev_loss);
  return status ? status : bai_text_add(t->context, text, ", \"stopped\": \"%s\"}", t->reason);
}

/* Two classes have one margin in a model: of Softmax's two, the difference. */
static void join_outputs(const bai_run *t, double *weights, double *intercepts) {
  const int64_t width = t->problem->plan->width;
  for (int64_t i = 0; i < width; i++) weights[i] = weights[width + i] - weights[i];
  intercepts[0] = intercepts[1] - intercepts[0];
}

/* A weight for each column, from those of the components; the intercepts stand behind. */
static ba_status unfold(const bai_run *t, double *weights, const double *intercepts, double **out) {
  const int32_t outputs = t->outputs == 2 ? 1 : t->outputs;
  const ba_status status = bai_alloc(t->context, outputs * (t->plan->width + 1), 8, out);
  if (status) return status;
  memmove(weights + (int64_t)outputs * t->pca->count, intercepts, (size_t)outputs * 8);
  bai_pca_unfold(t->pca, bai_kernels_of(t->context), outputs, weights, *out);
  return BA_OK;
}

ba_status bai_run_model(bai_run *t, ba_model **out) {
  const int32_t classes = bai_term_is_value(t->model) ? 0 : ba_dataset_classes(t->dataset);
  const int64_t width = t->problem->plan->width;
  bai_vector provenance = {0, 0, 0};
  const char **names = NULL;
  double *weights = NULL, *unfolded = NULL;
  ba_status status = bai_alloc(t->context, classes, sizeof *names, &names);
  if (t->online) {
    t->kind->settle(t->solver);
    memcpy(t->start, t->kind->point(t->solver), (size_t)t->problem->parameters * 8);
  }
  for (int32_t c = 0; !status && c < classes; c++) names[c] = ba_dataset_class_name(t->dataset, c);
  if (!status) status = bai_alloc(t->context, t->problem->parameters, 8, &weights);
  if (!status) status = write_provenance(t, &provenance);
  if (!status) {
    if (!t->network) memcpy(weights, best_point(t), (size_t)t->problem->parameters * 8);
    double *intercepts = weights + t->outputs * width;
    if (t->outputs == 2 && !t->network) join_outputs(t, weights, intercepts);
    if (t->pca) status = unfold(t, weights, intercepts, &unfolded);
  }
  if (!status) {
    double *own = unfolded ? unfolded : weights;
    const int32_t outputs = t->outputs == 2 ? 1 : t->outputs;
    double *intercepts = unfolded ? unfolded + outputs * t->plan->width : weights + t->outputs * width;
    const bai_fitted fitted = {t->plan->fitted_length, t->plan->inputs.items.count ? &t->plan->inputs : NULL,
                               t->plan->fill};
    const bai_fit fit = {t->text.data, names,           classes,           fitted,       own,
                         intercepts,   provenance.data, (uint64_t)t->seed, t->parameters};
    status = bai_model_make(t->context, &fit, out);
  }
  bai_vector_free(t->context, &provenance);
  bai_free(t->context, weights);
  bai_free(t->context, unfolded);
  bai_free(t->context, names);
  return status;
}
