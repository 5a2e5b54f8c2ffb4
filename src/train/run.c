/* SPDX-License-Identifier: MIT
 *
 * run.c: the training of one member: a pipeline, the rows and a solver, stepped until it stops.
 */
#include "train/run.h"

#include <string.h>

#include "train/adagrad.h"
#include "train/lbfgs.h"
#include "train/newton.h"
#include "train/problem.h"

#define DIGEST_SEED UINT64_C(0x726f7773)

enum { SOLVER_LBFGS, SOLVER_ADAGRAD, SOLVER_NEWTON };

struct bai_run {
  ba_context *context;
  ba_dataset *dataset;
  const bai_term *model; /* of the recipe */
  bai_vector text;       /* of the pipeline, canonical */
  const uint8_t *uses;
  bai_plan *plan;
  bai_problem *problem;
  int32_t solver, outputs, stopped;
  int32_t dev_due; /* the dev loss was to be computed when a cancel came */
  bai_lbfgs *lbfgs;
  bai_adagrad *adagrad;
  bai_newton *newton;
  double *gradient; /* lbfgs */
  double tol;
  int64_t max_iter, epochs, patience, seed;
  int64_t iterations, passes, worse; /* worse: epochs without a better dev loss */
  double objective, slope, start_slope, dev_loss, best_dev;
  char reason[200];
};

static double not_a_number(void) {
  return bai_f64_of_bits(UINT64_C(0x7ff8000000000000));
}

/* ---- making ---- */

static ba_status check_model(bai_run *t) {
  const int32_t classes = ba_dataset_classes(t->dataset);
  if (t->model->spec->kind == BAI_TERM_LOGISTIC && classes != 2)
    return bai_fail(t->context, BA_ERR_CLASSES, "Logistic takes two classes, the dataset has %d; expected Softmax",
                    classes);
  t->outputs = t->model->spec->kind == BAI_TERM_LOGISTIC ? 1 : classes;
  return BA_OK;
}

static ba_status fit_plan(bai_run *t) {
  ba_status status = BA_OK;
  int64_t rows = 0, longest = 0;
  for (int64_t row = 0; !status && row < t->dataset->rows; row++) {
    const int64_t length = bai_dataset_length(t->dataset, row);
    /* The dev loss needs the dev rows' features too: a length that does not fit is better known before the training. */
    if (t->uses[row] == BAI_USE_DEV && t->plan->needs_equal)
      status = bai_plan_fit_length(t->context, t->plan, length, row + 1);
    if (status || t->uses[row] != BAI_USE_TRAIN) continue;
    rows++;
    if (length > longest) longest = length;
    status = bai_plan_fit_length(t->context, t->plan, length, row + 1);
  }
  if (!status && rows == 0)
    status = bai_fail(t->context, BA_ERR_CLASSES, "there are no training rows; expected at least one a class");
  if (status) return status;
  int32_t shortest_k = 64;
  for (int32_t b = 0; b < t->plan->block_count; b++)
    if (t->plan->blocks[b].k < shortest_k) shortest_k = t->plan->blocks[b].k;
  if (longest < shortest_k)
    return bai_fail(t->context, BA_ERR_LENGTH,
                    "the longest training sequence has %lld letters; expected at least k = %d of the recipe",
                    (long long)longest, shortest_k);
  return bai_plan_lay_out(t->context, t->plan);
}

static ba_status make_solver(bai_run *t) {
  const bai_term *model = t->model;
  double *start;
  t->solver = (int32_t)bai_term_value(model, "solver")->integer;
  t->tol = bai_term_value(model, "tol")->real;
  t->max_iter = bai_term_value(model, "max_iter")->integer;
  t->epochs = bai_term_value(model, "epochs")->integer;
  t->patience = bai_term_value(model, "patience")->integer;
  if (t->solver == SOLVER_ADAGRAD)
    return bai_adagrad_create(t->context, t->problem, bai_term_value(model, "rate")->real, (uint64_t)t->seed,
                              &t->adagrad);
  ba_status status = bai_alloc_zero(t->context, t->problem->parameters, 8, &start);
  if (status) return status;
  if (t->solver == SOLVER_NEWTON) {
    status = bai_newton_create(t->context, t->problem, start, &t->newton);
  } else {
    status = bai_alloc(t->context, t->problem->parameters, 8, &t->gradient);
    if (!status)
      status = bai_lbfgs_create(t->context, t->problem->parameters, (int32_t)bai_term_value(model, "memory")->integer,
                                start, &t->lbfgs);
  }
  bai_free(t->context, start);
  return status;
}

ba_status bai_run_create(ba_dataset *dataset, const bai_pipeline *pipeline, const uint8_t *uses, int64_t seed,
                         bai_run **out) {
  ba_context *context = dataset->context;
  bai_run *t;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *t, &t);
  if (status) return status;
  t->context = bai_context_retain(context);
  t->dataset = dataset;
  t->model = &pipeline->model;
  t->uses = uses;
  t->seed = seed;
  t->objective = t->slope = t->dev_loss = t->best_dev = not_a_number();
  bai_format(t->reason, sizeof t->reason, "running");
  status = bai_pipeline_write(context, pipeline, 1, &t->text);
  if (!status) status = check_model(t);
  if (!status) status = bai_plan_create(context, pipeline, &t->plan);
  if (!status) status = fit_plan(t);
  if (!status)
    status = bai_problem_create(context, dataset, t->plan, t->outputs, uses,
                                bai_term_value(t->model, "class_weight")->integer == 1,
                                bai_term_value(t->model, "l2")->real, &t->problem);
  if (!status) status = make_solver(t);
  if (status)
    bai_run_destroy(t);
  else
    *out = t;
  return status;
}

void bai_run_destroy(bai_run *t) {
  if (!t) return;
  ba_context *context = t->context;
  bai_lbfgs_destroy(t->lbfgs);
  bai_adagrad_destroy(t->adagrad);
  bai_newton_destroy(t->newton);
  bai_problem_destroy(t->problem);
  bai_plan_destroy(t->plan);
  bai_vector_free(context, &t->text);
  bai_free(context, t->gradient);
  bai_free(context, t);
  bai_context_release(context);
}

/* ---- stepping ---- */

static const double *best_point(const bai_run *t) {
  if (t->solver == SOLVER_ADAGRAD) return bai_adagrad_best(t->adagrad);
  return t->solver == SOLVER_NEWTON ? bai_newton_point(t->newton) : bai_lbfgs_point(t->lbfgs);
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
  const ba_status status = t->solver == SOLVER_ADAGRAD ? BA_OK : measure_dev(t, best_point(t));
  return status ? status : BA_END;
}

/* What lbfgs and newton share: when to stop after an iteration. */
static ba_status judge(bai_run *t, int32_t stuck) {
  char text[160];
  if (!(t->objective - t->objective == 0.0) || !(t->slope - t->slope == 0.0))
    return bai_fail(t->context, BA_ERR_DIVERGED,
                    "the objective is not finite after %lld iterations; expected smaller "
                    "weights of rows or a larger l2",
                    (long long)t->iterations);
  if (t->slope <= t->tol * t->start_slope) {
    bai_format(text, sizeof text, "converged: the largest entry of the gradient fell to tol = %g of its start", t->tol);
    return stop(t, text);
  }
  if (stuck) return stop(t, "converged: the objective cannot fall any further in double precision");
  if (t->iterations >= t->max_iter) {
    bai_format(text, sizeof text, "stopped at max_iter = %lld before it converged; raise max_iter or l2",
               (long long)t->max_iter);
    return stop(t, text);
  }
  return BA_OK;
}

static ba_status step_lbfgs(bai_run *t) {
  double objective;
  const ba_status status = bai_problem_evaluate(t->problem, bai_lbfgs_ask(t->lbfgs), &objective, t->gradient);
  if (status) return status;
  t->passes++;
  const bai_lbfgs_news news = bai_lbfgs_tell(t->lbfgs, bai_kernels_of(t->context), objective, t->gradient);
  if (news == BAI_LBFGS_SEARCHING) return BA_OK;
  t->iterations = bai_lbfgs_iterations(t->lbfgs);
  t->objective = bai_lbfgs_objective(t->lbfgs);
  t->slope = bai_lbfgs_slope(t->lbfgs);
  if (t->passes == 1) t->start_slope = t->slope;
  return judge(t, news == BAI_LBFGS_STUCK);
}

static ba_status step_newton(bai_run *t) {
  int32_t stuck;
  const ba_status status = bai_newton_step(t->newton, &stuck);
  if (status) return status;
  t->start_slope = bai_newton_start_slope(t->newton);
  t->passes = bai_newton_passes(t->newton);
  t->iterations = bai_newton_iterations(t->newton);
  t->objective = bai_newton_objective(t->newton);
  t->slope = bai_newton_slope(t->newton);
  return judge(t, stuck);
}

static ba_status step_adagrad(bai_run *t) {
  char text[160];
  ba_status status = t->dev_due ? BA_OK : bai_adagrad_epoch(t->adagrad, &t->objective);
  if (!status) status = measure_dev(t, bai_adagrad_point(t->adagrad));
  if (status) return status;
  t->iterations++;
  t->passes++;
  if (!(t->objective - t->objective == 0.0))
    return bai_fail(t->context, BA_ERR_DIVERGED, "the loss is not finite in epoch %lld; expected a smaller rate",
                    (long long)t->iterations);
  /* Without dev rows every epoch is the best so far. */
  if (!(t->dev_loss >= t->best_dev)) {
    if (t->dev_loss - t->dev_loss == 0.0) t->best_dev = t->dev_loss;
    t->worse = 0;
    bai_adagrad_keep(t->adagrad);
  } else if (++t->worse >= t->patience) {
    bai_format(text, sizeof text, "stopped early: %lld epochs without a better dev loss; the best weights are kept",
               (long long)t->worse);
    t->dev_loss = t->best_dev;
    return stop(t, text);
  }
  if (t->iterations < t->epochs) return BA_OK;
  bai_format(text, sizeof text, "stopped after epochs = %lld", (long long)t->epochs);
  t->dev_loss = t->best_dev; /* of the weights that are kept */
  return stop(t, text);
}

ba_status bai_run_advance(bai_run *t) {
  if (t->stopped) {
    const ba_status status = t->dev_due ? measure_dev(t, best_point(t)) : BA_OK;
    return status ? status : BA_END;
  }
  const ba_status status = t->solver == SOLVER_ADAGRAD  ? step_adagrad(t)
                           : t->solver == SOLVER_NEWTON ? step_newton(t)
                                                        : step_lbfgs(t);
  bai_progress(t->context, t->iterations, t->solver == SOLVER_ADAGRAD ? t->epochs : t->max_iter);
  return status;
}

void bai_run_metrics(const bai_run *t, int64_t *iterations, int64_t *passes, double *objective, double *gradient,
                     double *dev_loss) {
  *iterations = t->iterations;
  *passes = t->passes;
  *objective = t->objective;
  *gradient = t->slope;
  *dev_loss = t->dev_loss;
}

const char *bai_run_reason(const bai_run *run) {
  return run->reason;
}

/* ---- the model ---- */

/* The same for any order of the rows: row digests add up. */
static ba_status digest_rows(bai_run *t, uint64_t *digest, int64_t *rows, int64_t *bases) {
  uint8_t *codes;
  const bai_kernels *kernels = bai_kernels_of(t->context);
  const ba_status status = bai_alloc(t->context, t->dataset->longest, 1, &codes);
  if (status) return status;
  *digest = 0;
  *rows = *bases = 0;
  for (int64_t row = 0; row < t->dataset->rows; row++) {
    if (t->uses[row] != BAI_USE_TRAIN) continue;
    const char *label = ba_dataset_class_name(t->dataset, t->problem->labels[row]);
    const uint64_t weight = bai_bits_of_f64(((const double *)t->dataset->weights.data)[row]);
    const uint64_t seed = bai_hash_bytes(DIGEST_SEED ^ weight, (const uint8_t *)label, bai_length(label));
    const int64_t length = bai_dataset_length(t->dataset, row);
    bai_dataset_codes(kernels, t->dataset, row, codes);
    *digest += bai_hash_bytes(seed, codes, length);
    ++*rows;
    *bases += length;
  }
  bai_free(t->context, codes);
  return BA_OK;
}

static ba_status add_number(bai_run *t, bai_vector *text, const char *name, double value) {
  if (value - value == 0.0) return bai_text_add(t->context, text, ", \"%s\": %g", name, value);
  return bai_text_add(t->context, text, ", \"%s\": null", name);
}

static ba_status write_provenance(bai_run *t, bai_vector *text) {
  uint64_t digest;
  int64_t rows, bases;
  ba_status status = digest_rows(t, &digest, &rows, &bases);
  if (!status)
    status = bai_text_add(t->context, text,
                          "{\"library\": \"%s\", \"seed\": %lld, \"rows\": %lld, \"letters\": %lld, \"data\": "
                          "\"%08x%08x\", \"iterations\": %lld",
                          ba_version_text(), (long long)t->seed, (long long)rows, (long long)bases,
                          (unsigned)(digest >> 32), (unsigned)digest, (long long)t->iterations);
  if (!status) status = add_number(t, text, "objective", t->objective);
  if (!status) status = add_number(t, text, "gradient", t->slope);
  if (!status) status = add_number(t, text, "dev_loss", t->solver == SOLVER_ADAGRAD ? t->best_dev : t->dev_loss);
  return status ? status : bai_text_add(t->context, text, ", \"stopped\": \"%s\"}", t->reason);
}

/* Two classes have one margin in a model: of Softmax's two, the difference. */
static void join_outputs(const bai_run *t, double *weights, double *intercepts) {
  const int64_t width = t->plan->width;
  for (int64_t i = 0; i < width; i++) weights[i] = weights[width + i] - weights[i];
  intercepts[0] = intercepts[1] - intercepts[0];
}

ba_status bai_run_model(bai_run *t, ba_model **out) {
  const int32_t classes = ba_dataset_classes(t->dataset);
  const int64_t width = t->plan->width;
  bai_vector provenance = {0, 0, 0};
  const char **names = NULL;
  double *weights = NULL;
  ba_status status = bai_alloc(t->context, classes, sizeof *names, &names);
  for (int32_t c = 0; !status && c < classes; c++) names[c] = ba_dataset_class_name(t->dataset, c);
  if (!status) status = bai_alloc(t->context, t->problem->parameters, 8, &weights);
  if (!status) status = write_provenance(t, &provenance);
  if (!status) {
    memcpy(weights, best_point(t), (size_t)t->problem->parameters * 8);
    double *intercepts = weights + t->outputs * width;
    if (t->outputs == 2) join_outputs(t, weights, intercepts);
    const bai_fit fit = {t->text.data, names,      classes,         t->plan->fitted_length,
                         weights,      intercepts, provenance.data, (uint64_t)t->seed};
    status = bai_model_make(t->context, &fit, out);
  }
  bai_vector_free(t->context, &provenance);
  bai_free(t->context, weights);
  bai_free(t->context, names);
  return status;
}
