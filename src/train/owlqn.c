/* SPDX-License-Identifier: MIT
 *
 * owlqn.c: Andrew and Gao, "Scalable training of L1-regularized log-linear models" (ICML 2007). A step stays in the
 * orthant that the iterate and its subgradient choose: what would change its sign becomes zero.
 */
#include "train/owlqn.h"

#include <math.h>
#include <string.h>

#include "train/dense.h"
#include "train/pairs.h"

#define DECREASE 1e-4
#define MOST_TRIES 50

struct bai_owlqn {
  ba_context *context;
  int64_t n, penalised, iterations;
  double l1, objective, step;
  int32_t started, tries;
  double *point, *gradient; /* the iterate; the gradient without the penalty */
  double *slope;            /* its subgradient of least size */
  double *direction, *asked;
  bai_pairs pairs;
};

ba_status bai_owlqn_create(ba_context *context, int64_t parameters, int64_t penalised, double l1, int32_t memory,
                           const double *start, bai_owlqn **out) {
  bai_owlqn *s;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) return status;
  s->context = bai_context_retain(context);
  s->n = parameters;
  s->penalised = penalised;
  s->l1 = l1;
  double **vectors[] = {&s->point, &s->gradient, &s->slope, &s->direction, &s->asked};
  for (size_t i = 0; !status && i < sizeof vectors / sizeof vectors[0]; i++)
    status = bai_alloc(context, parameters, 8, vectors[i]);
  if (!status) status = bai_pairs_create(context, parameters, memory, &s->pairs);
  if (status) {
    bai_owlqn_destroy(s);
    return status;
  }
  memcpy(s->point, start, (size_t)parameters * 8);
  memcpy(s->asked, start, (size_t)parameters * 8);
  *out = s;
  return BA_OK;
}

void bai_owlqn_destroy(bai_owlqn *s) {
  if (!s) return;
  ba_context *context = s->context;
  void *parts[] = {s->point, s->gradient, s->slope, s->direction, s->asked};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_pairs_free(context, &s->pairs);
  bai_free(context, s);
  bai_context_release(context);
}

const double *bai_owlqn_ask(const bai_owlqn *s) {
  return s->asked;
}

const double *bai_owlqn_point(const bai_owlqn *s) {
  return s->point;
}

double bai_owlqn_objective(const bai_owlqn *s) {
  return s->objective;
}

int64_t bai_owlqn_iterations(const bai_owlqn *s) {
  return s->iterations;
}

double bai_owlqn_slope(const bai_owlqn *s) {
  return bai_largest(s->slope, s->n);
}

/* ---- the subgradient and its orthant ---- */

static double penalty(const bai_owlqn *s, const double *x) {
  double sum = 0.0;
  for (int64_t i = 0; i < s->penalised; i++) sum += x[i] < 0.0 ? -x[i] : x[i];
  return s->l1 * sum;
}

static void find_slope(bai_owlqn *s) {
  memcpy(s->slope, s->gradient, (size_t)s->n * 8);
  for (int64_t i = 0; i < s->penalised; i++) {
    const double g = s->gradient[i];
    if (s->point[i] != 0.0)
      s->slope[i] += s->point[i] > 0.0 ? s->l1 : -s->l1;
    else if (g <= s->l1 && g >= -s->l1)
      s->slope[i] = 0.0;
    else
      s->slope[i] += g < 0.0 ? s->l1 : -s->l1; /* a NaN stays one */
  }
}

/* Down the slope in the metric of the pairs, without the entries that would go up it. */
static double find_direction(bai_owlqn *s, const bai_kernels *kernels) {
  bai_pairs_direction(&s->pairs, kernels, s->slope, s->direction);
  for (int64_t i = 0; i < s->penalised; i++)
    if (s->direction[i] * s->slope[i] >= 0.0) s->direction[i] = 0.0;
  return kernels->dot_f64(s->direction, s->slope, s->n);
}

static void ask_on_path(bai_owlqn *s, const bai_kernels *kernels) {
  memcpy(s->asked, s->point, (size_t)s->n * 8);
  kernels->axpy_f64(s->asked, s->step, s->direction, s->n);
  for (int64_t i = 0; i < s->penalised; i++) {
    const double side = s->point[i] != 0.0 ? s->point[i] : -s->slope[i];
    if (s->asked[i] * (side < 0.0 ? -1.0 : 1.0) <= 0.0) s->asked[i] = 0.0;
  }
}

/* Begins a search from the iterate. Returns 0 when no descent is left. */
static int32_t begin_search(bai_owlqn *s, const bai_kernels *kernels) {
  double descent = find_direction(s, kernels);
  if (!(descent < 0.0) && s->pairs.stored) {
    s->pairs.stored = 0;
    descent = find_direction(s, kernels);
  }
  if (!(descent < 0.0)) return 0;
  s->step = s->pairs.stored ? 1.0 : 1.0 / sqrt(-descent);
  s->tries = 0;
  ask_on_path(s, kernels);
  return 1;
}

/* The fall that the slope promises from the iterate to the point asked. */
static double promised(const bai_owlqn *s) {
  double sum = 0.0;
  for (int64_t i = 0; i < s->n; i++) sum += s->slope[i] * (s->asked[i] - s->point[i]);
  return sum;
}

bai_lbfgs_news bai_owlqn_tell(bai_owlqn *s, const bai_kernels *kernels, double objective, const double *gradient) {
  const double value = objective + penalty(s, s->asked);
  const int32_t started = s->started;
  if (started && !(value <= s->objective + DECREASE * promised(s) && value < s->objective)) {
    s->step *= 0.5;
    if (++s->tries < MOST_TRIES) {
      ask_on_path(s, kernels);
      return BAI_LBFGS_SEARCHING;
    }
    if (!s->pairs.stored) return BAI_LBFGS_STUCK;
    s->pairs.stored = 0; /* once more, down the slope */
    return begin_search(s, kernels) ? BAI_LBFGS_SEARCHING : BAI_LBFGS_STUCK;
  }
  if (started) {
    bai_pairs_keep(&s->pairs, kernels, s->point, s->asked, s->gradient, gradient);
    memcpy(s->point, s->asked, (size_t)s->n * 8);
    s->iterations++;
  }
  s->started = 1;
  memcpy(s->gradient, gradient, (size_t)s->n * 8);
  s->objective = value;
  find_slope(s);
  return begin_search(s, kernels) ? BAI_LBFGS_ADVANCED : BAI_LBFGS_STUCK;
}

void bai_owlqn_archive(bai_owlqn *s, bai_archive *a) {
  double *const vectors[] = {s->point, s->gradient, s->slope, s->direction, s->asked};
  bai_archive_i64(a, &s->iterations, 1, 0, BAI_MOST_COUNTED);
  bai_archive_i32(a, &s->started, 0, 1);
  bai_archive_i32(a, &s->tries, 0, MOST_TRIES);
  bai_archive_f64(a, &s->objective, 1);
  bai_archive_f64(a, &s->step, 1);
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) bai_archive_f64(a, vectors[i], s->n);
  bai_pairs_archive(&s->pairs, a);
}
