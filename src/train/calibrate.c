/* SPDX-License-Identifier: MIT
 *
 * calibrate.c: fits probabilities to rows that a model was not trained on, and ranks rows for split-conformal sets.
 */
#include <math.h>
#include <string.h>

#include "train/selection.h"

#define STEPS 100

typedef struct fitting {
  ba_context *context;
  const bai_kernels *kernels;
  const ba_model *model;
  const bai_selection *all;
  uint8_t *ranks; /* 1 for rows that rank for the sets, 0 for those that fit */
  bai_calibration *out;
} fitting;

/* Every second row of each class ranks, the others fit: what was fitted to a row could not promise anything about it.
 * Without one of the two jobs all rows do the other. */
static ba_status deal_rows(fitting *f, int32_t fits, int32_t ranks) {
  int64_t *seen;
  const ba_status status = bai_alloc_zero(f->context, f->model->classes, 8, &seen);
  if (status) return status;
  for (int64_t i = 0; i < f->all->count; i++)
    f->ranks[i] = (uint8_t)(ranks && (!fits || seen[f->all->labels[i]]++ % 2));
  bai_free(f->context, seen);
  return BA_OK;
}

/* Both jobs need rows of every class. */
static ba_status check_rows(const fitting *f) {
  for (int32_t c = 0; c < f->model->classes; c++) {
    int64_t rows = 0;
    for (int64_t i = 0; i < f->all->count; i++) rows += f->all->labels[i] == c;
    if (rows < 2)
      return bai_fail(f->context, BA_ERR_CLASSES,
                      "calibrate: %lld row(s) of the class \"%s\"; expected at least two of each class",
                      (long long)rows, ba_model_class_name(f->model, c));
  }
  return BA_OK;
}

/* ---- platt ---- */

typedef struct line {
  double slope, intercept;
} line;

/* Minus the weighted logarithm of the targets' chances. log p = -softplus(-z). */
static double platt_loss(const fitting *f, const double targets[2], line l) {
  double sum = 0.0;
  for (int64_t i = 0; i < f->all->count; i++) {
    if (f->ranks[i]) continue;
    const double z = l.slope * f->all->scores[i] + l.intercept, t = targets[f->all->labels[i]];
    double both[2] = {z, -z};
    f->kernels->softplus_f64(both, both, 2);
    sum += f->all->weights[i] * (t * both[1] + (1.0 - t) * both[0]);
  }
  return sum;
}

/* The step of Newton's method from l. */
static line platt_step(const fitting *f, const double targets[2], line l) {
  double ga = 0.0, gb = 0.0, haa = 1e-12, hab = 0.0, hbb = 1e-12;
  for (int64_t i = 0; i < f->all->count; i++) {
    if (f->ranks[i]) continue;
    const double s = f->all->scores[i], w = f->all->weights[i];
    double p = l.slope * s + l.intercept;
    f->kernels->sigmoid_f64(&p, &p, 1);
    const double error = w * (p - targets[f->all->labels[i]]), curve = w * p * (1.0 - p);
    ga += error * s;
    gb += error;
    haa += curve * s * s;
    hab += curve * s;
    hbb += curve;
  }
  const double determinant = haa * hbb - hab * hab;
  if (!(determinant > 0.0)) return (line){0.0, gb / hbb};
  return (line){(hbb * ga - hab * gb) / determinant, (haa * gb - hab * ga) / determinant};
}

static ba_status fit_platt(const fitting *f) {
  double mass[2] = {0.0, 0.0};
  for (int64_t i = 0; i < f->all->count; i++)
    if (!f->ranks[i]) mass[f->all->labels[i]] += f->all->weights[i];
  const double targets[2] = {1.0 / (mass[0] + 2.0), (mass[1] + 1.0) / (mass[1] + 2.0)};
  double start = (mass[1] + 1.0) / (mass[0] + 1.0);
  f->kernels->log_f64(&start, &start, 1);
  line at = {0.0, start};
  double loss = platt_loss(f, targets, at);
  for (int32_t i = 0; i < STEPS; i++) {
    const ba_status status = bai_check_cancel(f->context);
    if (status) return status;
    const line step = platt_step(f, targets, at);
    double length = 1.0, next = loss;
    line trial = at;
    for (int32_t half = 0; half < 40; half++, length *= 0.5) {
      trial = (line){at.slope - length * step.slope, at.intercept - length * step.intercept};
      next = platt_loss(f, targets, trial);
      if (next < loss) break;
    }
    if (!(next < loss)) break;
    const double gain = loss - next;
    at = trial;
    loss = next;
    if (gain <= 1e-15 * loss) break;
  }
  f->out->slope = at.slope;
  f->out->intercept = at.intercept;
  return BA_OK;
}

/* ---- temperature ---- */

/* First and second derivative of the mean log loss by the factor, and the loss itself. */
static double temperature_loss(const fitting *f, double factor, double *chances, double *first, double *second) {
  const int32_t outputs = f->model->outputs, classes = f->model->classes;
  double sum = 0.0;
  *first = *second = 0.0;
  for (int64_t i = 0; i < f->all->count; i++) {
    if (f->ranks[i]) continue;
    const double *scores = f->all->scores + i * outputs, w = f->all->weights[i];
    const int32_t label = f->all->labels[i];
    double mean = 0.0, square = 0.0, own = 0.0, chance;
    for (int32_t o = 0; o < outputs; o++) chances[o] = factor * scores[o];
    bai_probabilities(f->kernels, classes, chances, chances);
    for (int32_t c = 0; c < classes; c++) {
      const double s = outputs == 1 ? (c == 1 ? scores[0] : 0.0) : scores[c];
      mean += chances[c] * s;
      square += chances[c] * s * s;
      if (c == label) own = s;
    }
    chance = chances[label] > 1e-300 ? chances[label] : 1e-300;
    f->kernels->log_f64(&chance, &chance, 1);
    sum -= w * chance;
    *first += w * (mean - own);
    *second += w * (square - mean * mean);
  }
  return sum;
}

/* The loss is convex in the factor, so Newton's method with halved steps finds its minimum above 0. */
static ba_status fit_temperature(const fitting *f) {
  double *chances, factor = 1.0, first, second;
  ba_status status = bai_alloc(f->context, f->model->classes, 8, &chances);
  if (status) return status;
  double loss = temperature_loss(f, factor, chances, &first, &second);
  for (int32_t i = 0; !status && i < STEPS; i++) {
    status = bai_check_cancel(f->context);
    if (status || !(second > 0.0)) break;
    double length = first / second, next = loss, trial = factor, slope, curve;
    for (int32_t half = 0; half < 60; half++, length *= 0.5) {
      trial = factor - length;
      if (trial <= 0.0 || trial > 1e6) continue;
      next = temperature_loss(f, trial, chances, &slope, &curve);
      if (next < loss) break;
    }
    if (!(next < loss)) break;
    const double gain = loss - next;
    factor = trial;
    loss = next;
    first = slope;
    second = curve;
    if (gain <= 1e-15 * loss) break;
  }
  f->out->slope = factor;
  bai_free(f->context, chances);
  return status;
}

/* ---- isotonic ---- */

typedef struct pool {
  double low, high; /* the scores that it covers */
  double weight, mean;
} pool;

/* Rows by rising score; those of one score are one pool from the start. Returns the number of pools. */
static int64_t pool_rows(const fitting *f, const bai_keyed *order, int64_t n, pool *pools) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) {
    const int64_t row = order[i].index;
    const double score = f->all->scores[row], weight = f->all->weights[row], y = f->all->labels[row] == 1;
    pool *last = pools + count - 1;
    if (count && !(score > last->high)) {
      last->mean = (last->mean * last->weight + y * weight) / (last->weight + weight);
      last->weight += weight;
    } else {
      pools[count++] = (pool){score, score, weight, y};
    }
  }
  return count;
}

/* Neighbours that fall are joined until none does. */
static int64_t join_violators(pool *pools, int64_t count) {
  int64_t kept = 0;
  for (int64_t i = 0; i < count; i++) {
    pools[kept++] = pools[i];
    while (kept > 1 && pools[kept - 2].mean >= pools[kept - 1].mean) {
      pool *a = &pools[kept - 2], *b = &pools[kept - 1];
      const double weight = a->weight + b->weight;
      a->mean = (a->mean * a->weight + b->mean * b->weight) / weight;
      a->weight = weight;
      a->high = b->high;
      kept--;
    }
  }
  return kept;
}

static ba_status keep_knots(const fitting *f, const pool *pools, int64_t count) {
  bai_calibration *c = f->out;
  ba_status status = bai_alloc(f->context, 2 * count, 8, &c->at);
  if (!status) status = bai_alloc(f->context, 2 * count, 8, &c->value);
  if (status) return status;
  for (int64_t i = 0; i < count; i++) {
    c->at[c->knots] = pools[i].low;
    c->value[c->knots++] = pools[i].mean;
    if (!(pools[i].high > pools[i].low)) continue;
    c->at[c->knots] = pools[i].high;
    c->value[c->knots++] = pools[i].mean;
  }
  return BA_OK;
}

static ba_status fit_isotonic(const fitting *f) {
  bai_keyed *order = NULL;
  pool *pools = NULL;
  int64_t n = 0;
  ba_status status = bai_alloc(f->context, f->all->count, sizeof *order, &order);
  if (!status) status = bai_alloc(f->context, f->all->count, sizeof *pools, &pools);
  if (!status) {
    for (int64_t i = 0; i < f->all->count; i++)
      if (!f->ranks[i]) order[n++] = (bai_keyed){bai_order_of_f64(f->all->scores[i] + 0.0), i};
    bai_sort_keyed(order, n);
    status = keep_knots(f, pools, join_violators(pools, pool_rows(f, order, n, pools)));
  }
  bai_free(f->context, order);
  bai_free(f->context, pools);
  return status;
}

/* ---- sets ---- */

/* 1 minus the calibrated probability of the true class of each row that ranks, rising. */
static ba_status rank_rows(const fitting *f, const ba_model *calibrated) {
  bai_calibration *c = f->out;
  double *chances = NULL;
  bai_keyed *order = NULL;
  ba_status status = bai_alloc(f->context, f->model->classes, 8, &chances);
  if (!status) status = bai_alloc(f->context, f->all->count, sizeof *order, &order);
  if (!status) status = bai_alloc(f->context, f->all->count, 8, &c->strangeness);
  for (int64_t i = 0; !status && i < f->all->count; i++) {
    if (!f->ranks[i]) continue;
    bai_model_probabilities(f->kernels, calibrated, f->all->scores + i * f->model->outputs, chances);
    const double strange = 1.0 - chances[f->all->labels[i]];
    order[c->rows++] = (bai_keyed){bai_order_of_f64(strange), i};
    c->strangeness[i] = strange;
  }
  if (!status) {
    bai_sort_keyed(order, c->rows);
    double *sorted;
    status = bai_alloc(f->context, c->rows, 8, &sorted);
    for (int64_t i = 0; !status && i < c->rows; i++) sorted[i] = c->strangeness[order[i].index];
    bai_free(f->context, c->strangeness);
    c->strangeness = status ? NULL : sorted;
    if (status) c->rows = 0;
  }
  bai_free(f->context, order);
  bai_free(f->context, chances);
  return status;
}

/* ---- the call ---- */

static ba_status fit(fitting *f, int32_t method, int32_t conformal, ba_model *model) {
  ba_status status = check_rows(f);
  if (!status) status = bai_alloc(f->context, f->all->count, 1, &f->ranks);
  if (!status) status = deal_rows(f, method != BAI_CALIBRATION_NONE, conformal);
  if (!status && method == BAI_CALIBRATION_PLATT) status = fit_platt(f);
  if (!status && method == BAI_CALIBRATION_TEMPERATURE) status = fit_temperature(f);
  if (!status && method == BAI_CALIBRATION_ISOTONIC) status = fit_isotonic(f);
  f->out->method = method;
  if (!status && conformal) status = rank_rows(f, model);
  bai_free(f->context, f->ranks);
  return status;
}

static ba_status calibrate(ba_context *context, const ba_model *model, ba_dataset *dataset, int32_t part,
                           int32_t method, int32_t conformal, ba_model **out) {
  bai_selection all;
  ba_model *fresh = NULL;
  ba_status status = bai_selection_make(context, dataset, part, -1, &all);
  if (!status) status = bai_selection_match(context, model, dataset, &all);
  if (!status) status = bai_model_copy(context, model, &fresh);
  if (!status) {
    bai_calibration_free(fresh->context, &fresh->calibration);
    status = bai_selection_score(context, fresh, dataset, &all);
  }
  if (!status) {
    fitting f = {context, bai_kernels_of(context), model, &all, NULL, &fresh->calibration};
    status = fit(&f, method, conformal, fresh);
  }
  if (!status) status = bai_model_complete(context, fresh);
  bai_selection_free(context, &all);
  if (status)
    ba_model_release(fresh);
  else
    *out = fresh;
  return status;
}

ba_status ba_calibrate(ba_context *context, ba_model *model, ba_dataset *dataset, int32_t part, const char *options,
                       ba_model **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  int32_t method = -1, conformal = 0;
  const bai_option table[] = {{"method", 'w', BAI_CALIBRATION_WORDS, 0, 0, &method},
                              {"conformal", 'w', "yes|no", 0, 0, &conformal},
                              {NULL, 0, NULL, 0, 0, NULL}};
  if (out) *out = NULL;
  if (!out || !model || !dataset || part < BA_PART_ALL || part > BA_PART_TEST)
    status =
        bai_fail(context, BA_ERR_ARGUMENT, "calibrate: expected a model, a dataset, a part and a place for the result");
  if (!status) status = bai_dataset_check_context(context, dataset);
  if (!status) status = bai_options_parse(context, options, table);
  if (!status && model->classes == 0)
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "calibrate: a model of numbers has no probabilities");
  if (!status && method < 0) method = model->outputs == 1 ? BAI_CALIBRATION_PLATT : BAI_CALIBRATION_TEMPERATURE;
  if (!status && model->outputs > 1 && method != BAI_CALIBRATION_NONE && method != BAI_CALIBRATION_TEMPERATURE)
    status = bai_fail(context, BA_ERR_RECIPE,
                      "calibrate: the model has %d classes, and platt and isotonic are for two; expected temperature",
                      model->classes);
  if (!status) status = calibrate(context, model, dataset, part, method, conformal == 0, out);
  return bai_leave(context, status);
}
