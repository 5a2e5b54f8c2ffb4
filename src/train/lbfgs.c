/* SPDX-License-Identifier: MIT
 *
 * lbfgs.c: directions from the pairs kept, and the line search along them.
 */
#include "train/lbfgs.h"

#include <math.h>
#include <string.h>

#include "train/dense.h"
#include "train/pairs.h"

struct bai_lbfgs {
  ba_context *context;
  int64_t n;
  int64_t iterations;
  double objective;
  int32_t started;
  double *point, *gradient; /* the iterate */
  double *direction, *asked;
  bai_pairs pairs;
  bai_line line;
};

ba_status bai_lbfgs_create(ba_context *context, int64_t parameters, int32_t memory, const double *start,
                           bai_lbfgs **out) {
  bai_lbfgs *s;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) return status;
  s->context = bai_context_retain(context);
  s->n = parameters;
  status = bai_alloc(context, parameters, 8, &s->point);
  if (!status) status = bai_alloc(context, parameters, 8, &s->gradient);
  if (!status) status = bai_alloc(context, parameters, 8, &s->direction);
  if (!status) status = bai_alloc(context, parameters, 8, &s->asked);
  if (!status) status = bai_pairs_create(context, parameters, memory, &s->pairs);
  if (status) {
    bai_lbfgs_destroy(s);
    return status;
  }
  memcpy(s->point, start, (size_t)parameters * 8);
  memcpy(s->asked, start, (size_t)parameters * 8);
  *out = s;
  return BA_OK;
}

void bai_lbfgs_destroy(bai_lbfgs *s) {
  if (!s) return;
  ba_context *context = s->context;
  void *parts[] = {s->point, s->gradient, s->direction, s->asked};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_pairs_free(context, &s->pairs);
  bai_free(context, s);
  bai_context_release(context);
}

const double *bai_lbfgs_ask(const bai_lbfgs *s) {
  return s->asked;
}

const double *bai_lbfgs_point(const bai_lbfgs *s) {
  return s->point;
}

double bai_lbfgs_objective(const bai_lbfgs *s) {
  return s->objective;
}

int64_t bai_lbfgs_iterations(const bai_lbfgs *s) {
  return s->iterations;
}

double bai_lbfgs_slope(const bai_lbfgs *s) {
  return bai_largest(s->gradient, s->n);
}

static void ask_on_line(bai_lbfgs *s, const bai_kernels *kernels) {
  memcpy(s->asked, s->point, (size_t)s->n * 8);
  kernels->axpy_f64(s->asked, s->line.step, s->direction, s->n);
}

/* Begins a line search from the iterate. Returns 0 when no descent is left. */
static int32_t begin_line(bai_lbfgs *s, const bai_kernels *kernels) {
  bai_pairs_direction(&s->pairs, kernels, s->gradient, s->direction);
  double slope = kernels->dot_f64(s->direction, s->gradient, s->n);
  if (!(slope < 0.0) && s->pairs.stored) { /* rounding has spoilt the pairs: steepest descent */
    s->pairs.stored = 0;
    bai_pairs_direction(&s->pairs, kernels, s->gradient, s->direction);
    slope = kernels->dot_f64(s->direction, s->gradient, s->n);
  }
  if (!(slope < 0.0)) return 0;
  bai_line_start(&s->line, s->objective, slope, s->pairs.stored ? 1.0 : 1.0 / sqrt(-slope));
  ask_on_line(s, kernels);
  return 1;
}

bai_lbfgs_news bai_lbfgs_tell(bai_lbfgs *s, const bai_kernels *kernels, double objective, const double *gradient) {
  if (!s->started) {
    s->started = 1;
    s->objective = objective;
    memcpy(s->gradient, gradient, (size_t)s->n * 8);
    return begin_line(s, kernels) ? BAI_LBFGS_ADVANCED : BAI_LBFGS_STUCK;
  }
  const bai_line_news news = bai_line_tell(&s->line, objective, kernels->dot_f64(s->direction, gradient, s->n));
  if (news == BAI_LINE_TRY) {
    ask_on_line(s, kernels);
    return BAI_LBFGS_SEARCHING;
  }
  if (news == BAI_LINE_FAILED) {
    if (!s->pairs.stored) return BAI_LBFGS_STUCK;
    s->pairs.stored = 0; /* once more, down the gradient */
    return begin_line(s, kernels) ? BAI_LBFGS_SEARCHING : BAI_LBFGS_STUCK;
  }
  bai_pairs_keep(&s->pairs, kernels, s->point, s->asked, s->gradient, gradient);
  memcpy(s->point, s->asked, (size_t)s->n * 8);
  memcpy(s->gradient, gradient, (size_t)s->n * 8);
  s->objective = objective;
  s->iterations++;
  return begin_line(s, kernels) ? BAI_LBFGS_ADVANCED : BAI_LBFGS_STUCK;
}

static void archive_line(bai_line *l, bai_archive *a) {
  double *const numbers[] = {&l->start_value, &l->start_slope, &l->step,        &l->low,        &l->low_value,
                             &l->low_slope,   &l->high,        &l->high_value,  &l->high_slope, &l->least,
                             &l->most,        &l->width,       &l->width_before};
  int32_t *const states[] = {&l->bracketed, &l->second_stage, &l->tries, &l->settling};
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) bai_archive_f64(a, numbers[i], 1);
  for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) bai_archive_i32(a, states[i], 0, INT32_MAX / 2);
}

void bai_lbfgs_archive(bai_lbfgs *s, bai_archive *a) {
  double *const vectors[] = {s->point, s->gradient, s->direction, s->asked};
  bai_archive_i64(a, &s->iterations, 1, 0, BAI_MOST_COUNTED);
  bai_archive_i32(a, &s->started, 0, 1);
  bai_archive_f64(a, &s->objective, 1);
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) bai_archive_f64(a, vectors[i], s->n);
  bai_pairs_archive(&s->pairs, a);
  archive_line(&s->line, a);
}
