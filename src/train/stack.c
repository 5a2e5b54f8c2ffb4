/* SPDX-License-Identifier: MIT
 *
 * stack.c: weights of an ensemble's members, by Newton's method on the dev rows. The unknowns are one weight a member
 * and, for two classes, an intercept: few enough for a dense step.
 */
#include "train/stack.h"

#include <math.h>
#include <string.h>

#include "train/dense.h"
#include "train/selection.h"
#include "train/uses.h"

#define MOST_UNKNOWNS (BAI_MOST_MEMBERS + 1)
#define LEAST_ROWS 20
#define EQUAL_PULL 16.0 /* rows' worth of pull towards equal weights: few dev rows say little */
#define RIDGE 1.0       /* the same towards zero, so that dev rows without an error have an answer */
#define STEPS 50

typedef struct fitting {
  ba_context *context;
  const bai_kernels *kernels;
  int32_t members, outputs, classes, unknowns;
  int64_t rows;
  double *scores; /* members x rows x outputs, each member's over its deviation */
  int32_t *labels;
  double *weights, total;
  double *joint, *chances;       /* of one row */
  int32_t out[BAI_MOST_MEMBERS]; /* members that would count below zero: left out */
} fitting;

static const double *scores_of(const fitting *f, int32_t m, int64_t row) {
  return f->scores + ((int64_t)m * f->rows + row) * f->outputs;
}

/* The deviation of a member's scores; of several outputs, of each from the mean of its row. */
static double deviation(const double *scores, int64_t rows, int32_t outputs) {
  double sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < rows; i++) {
    double mean = 0.0;
    for (int32_t o = 0; outputs > 1 && o < outputs; o++) mean += scores[i * outputs + o] / outputs;
    for (int32_t o = 0; o < outputs; o++) {
      const double value = scores[i * outputs + o] - mean;
      sum += value;
      squares += value * value;
    }
  }
  const double n = (double)(rows * outputs), spread = squares / n - (sum / n) * (sum / n);
  return spread > 1e-24 ? sqrt(spread) : 1.0;
}

/* One row's joint scores and class probabilities. */
static void join_row(const fitting *f, const double *x, int64_t row) {
  for (int32_t o = 0; o < f->outputs; o++) f->joint[o] = f->outputs == 1 ? x[f->members] : 0.0;
  for (int32_t m = 0; m < f->members; m++)
    for (int32_t o = 0; o < f->outputs; o++) f->joint[o] += x[m] * scores_of(f, m, row)[o];
  bai_probabilities(f->kernels, f->classes, f->joint, f->chances);
}

/* -log of the chance of the row's class, without a logarithm of zero. */
static double row_loss(const fitting *f, int64_t row) {
  double chance = f->chances[f->labels[row]], loss;
  if (chance < 1e-300) chance = 1e-300;
  f->kernels->log_f64(&loss, &chance, 1);
  return -loss;
}

static double penalty(const fitting *f, const double *x) {
  double mean = 0.0, sum = 0.0;
  for (int32_t m = 0; m < f->members; m++) mean += x[m] / f->members;
  for (int32_t m = 0; m < f->members; m++) sum += EQUAL_PULL * (x[m] - mean) * (x[m] - mean) + RIDGE * x[m] * x[m];
  return 0.5 * sum;
}

static double objective(const fitting *f, const double *x) {
  double sum = penalty(f, x);
  for (int64_t row = 0; row < f->rows; row++) {
    join_row(f, x, row);
    sum += f->weights[row] * row_loss(f, row);
  }
  return sum;
}

/* What the row's joint score of output o moves by with unknown u. */
static double slope_of(const fitting *f, int32_t u, int64_t row, int32_t o) {
  return u < f->members ? scores_of(f, u, row)[o] : 1.0;
}

/* Gradient and the upper triangle of the Hessian. */
static void derivatives(const fitting *f, const double *x, double *gradient, double *hessian) {
  const int32_t n = f->unknowns;
  double mean = 0.0;
  for (int32_t m = 0; m < f->members; m++) mean += x[m] / f->members;
  memset(hessian, 0, (size_t)(n * n) * 8);
  for (int32_t u = 0; u < n; u++) gradient[u] = 0.0;
  for (int32_t u = 0; u < f->members; u++) {
    gradient[u] = EQUAL_PULL * (x[u] - mean) + RIDGE * x[u];
    for (int32_t v = u; v < f->members; v++)
      hessian[u * n + v] = (u == v ? EQUAL_PULL + RIDGE : 0.0) - EQUAL_PULL / f->members;
  }
  for (int64_t row = 0; row < f->rows; row++) {
    join_row(f, x, row);
    /* Of two classes the second one's score moves, the first one's stays. */
    const double *p = f->outputs == 1 ? f->chances + 1 : f->chances;
    const int32_t own = f->outputs == 1 ? f->labels[row] - 1 : f->labels[row];
    for (int32_t u = 0; u < n; u++) {
      double mean_u = 0.0;
      for (int32_t o = 0; o < f->outputs; o++) {
        const double s = slope_of(f, u, row, o);
        gradient[u] += f->weights[row] * (p[o] - (o == own)) * s;
        mean_u += p[o] * s;
      }
      for (int32_t v = u; v < n; v++) {
        double both = 0.0, mean_v = 0.0;
        for (int32_t o = 0; o < f->outputs; o++) {
          both += p[o] * slope_of(f, u, row, o) * slope_of(f, v, row, o);
          mean_v += p[o] * slope_of(f, v, row, o);
        }
        hessian[u * n + v] += f->weights[row] * (both - mean_u * mean_v);
      }
    }
  }
}

/* A member left out keeps its weight of zero. */
static void leave_out(const fitting *f, double *gradient, double *hessian) {
  const int32_t n = f->unknowns;
  for (int32_t m = 0; m < f->members; m++) {
    if (!f->out[m]) continue;
    for (int32_t v = 0; v < n; v++) hessian[m < v ? m * n + v : v * n + m] = m == v ? 1.0 : 0.0;
    gradient[m] = 0.0;
  }
}

static ba_status minimise(const fitting *f, double *x) {
  double gradient[MOST_UNKNOWNS], hessian[MOST_UNKNOWNS * MOST_UNKNOWNS], trial[MOST_UNKNOWNS];
  double value = objective(f, x);
  for (int32_t step = 0; step < STEPS; step++) {
    const ba_status status = bai_check_cancel(f->context);
    if (status) return status;
    derivatives(f, x, gradient, hessian);
    leave_out(f, gradient, hessian);
    if (!bai_dense_solve(f->kernels, hessian, f->unknowns, gradient)) return BA_OK;
    double length = 1.0, next = value;
    for (int32_t half = 0; half < 30; half++, length *= 0.5) {
      for (int32_t u = 0; u < f->unknowns; u++) trial[u] = x[u] - length * gradient[u];
      next = objective(f, trial);
      if (next < value) break;
    }
    if (!(next < value)) return BA_OK;
    memcpy(x, trial, (size_t)f->unknowns * 8);
    if (value - next <= 1e-12 * value) return BA_OK;
    value = next;
  }
  return BA_OK;
}

/* Members below zero are left out, the lowest first, and the rest is weighed again. */
static ba_status weigh(fitting *f, double *x) {
  for (;;) {
    const ba_status status = minimise(f, x);
    int32_t lowest = -1;
    for (int32_t m = 0; !status && m < f->members; m++)
      if (x[m] < 0.0 && (lowest < 0 || x[m] < x[lowest])) lowest = m;
    if (lowest < 0) return status;
    f->out[lowest] = 1;
    x[lowest] = 0.0;
  }
}

static ba_status take_rows(fitting *f, const ba_dataset *dataset, const uint8_t *uses, int64_t *rows) {
  f->rows = 0;
  for (int64_t row = 0; row < dataset->rows; row++) {
    if (uses[row] != BAI_USE_DEV) continue;
    f->labels[f->rows] = bai_dataset_label(dataset, row);
    f->weights[f->rows] = bai_dataset_weight(dataset, row);
    f->total += f->weights[f->rows];
    rows[f->rows++] = row;
  }
  /* The pulls count in rows: weights of rows mean 1. */
  for (int64_t i = 0; i < f->rows; i++) f->weights[i] *= (double)f->rows / f->total;
  return BA_OK;
}

static ba_status fit(fitting *f, ba_model *const *models, const ba_dataset *dataset, const uint8_t *uses, int64_t *rows,
                     bai_stack *out) {
  double x[MOST_UNKNOWNS] = {0};
  ba_status status = take_rows(f, dataset, uses, rows);
  if (!status) status = bai_alloc(f->context, f->rows * f->members, 8 * (int64_t)f->outputs, &f->scores);
  for (int32_t m = 0; !status && m < f->members; m++) {
    double *scores = f->scores + (int64_t)m * f->rows * f->outputs;
    status = bai_score_rows(f->context, models[m], dataset, rows, f->rows, scores, NULL);
    if (status) break;
    const double spread = f->rows ? deviation(scores, f->rows, f->outputs) : 1.0;
    for (int64_t i = 0; i < f->rows * f->outputs; i++) scores[i] /= spread;
    out->factors[m] = 1.0 / spread;
    x[m] = 1.0;
  }
  if (!status && f->rows >= LEAST_ROWS) status = weigh(f, x);
  for (int32_t m = 0; !status && m < f->members; m++) out->factors[m] *= x[m];
  if (!status && f->outputs == 1) out->offsets[0] = x[f->members];
  out->rows = f->rows;
  return status;
}

ba_status bai_stack_fit(ba_context *context, ba_model *const *models, int32_t count, const ba_dataset *dataset,
                        const uint8_t *uses, bai_stack *out) {
  const int32_t outputs = models[0]->outputs;
  fitting f = {.context = context,
               .kernels = bai_kernels_of(context),
               .members = count,
               .outputs = outputs,
               .classes = models[0]->classes,
               .unknowns = outputs == 1 ? count + 1 : count};
  int64_t *rows = NULL;
  ba_status status = bai_alloc_zero(context, count, 8, &out->factors);
  if (!status) status = bai_alloc_zero(context, outputs, 8, &out->offsets);
  if (!status) status = bai_alloc(context, dataset->rows, 4, &f.labels);
  if (!status) status = bai_alloc(context, dataset->rows, 8, &f.weights);
  if (!status) status = bai_alloc(context, dataset->rows, 8, &rows);
  if (!status) status = bai_alloc(context, outputs, 8, &f.joint);
  if (!status) status = bai_alloc(context, f.classes, 8, &f.chances);
  if (!status) status = fit(&f, models, dataset, uses, rows, out);
  void *parts[] = {f.scores, f.labels, f.weights, f.joint, f.chances, rows};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  return status;
}

void bai_stack_free(ba_context *context, bai_stack *stack) {
  bai_free(context, stack->factors);
  bai_free(context, stack->offsets);
}
