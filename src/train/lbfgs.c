/* SPDX-License-Identifier: MIT
 *
 * lbfgs.c: the two-loop recursion of Nocedal (Mathematics of Computation 35, 1980) around the line search.
 */
#include "train/lbfgs.h"

#include <math.h>
#include <string.h>

struct bai_lbfgs {
  ba_context *context;
  int64_t n;
  int32_t memory, stored, next; /* pairs kept, and where the next one goes */
  int64_t iterations;
  double objective;
  int32_t started;
  double *point, *gradient; /* the iterate */
  double *direction, *asked;
  double *steps, *changes; /* memory x n: differences of points and of gradients */
  double *rho, *alpha;     /* memory */
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
  s->memory = memory;
  status = bai_alloc(context, parameters, 8, &s->point);
  if (!status) status = bai_alloc(context, parameters, 8, &s->gradient);
  if (!status) status = bai_alloc(context, parameters, 8, &s->direction);
  if (!status) status = bai_alloc(context, parameters, 8, &s->asked);
  if (!status) status = bai_alloc(context, parameters, 8 * (int64_t)memory, &s->steps);
  if (!status) status = bai_alloc(context, parameters, 8 * (int64_t)memory, &s->changes);
  if (!status) status = bai_alloc(context, memory, 8, &s->rho);
  if (!status) status = bai_alloc(context, memory, 8, &s->alpha);
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
  void *parts[] = {s->point, s->gradient, s->direction, s->asked, s->steps, s->changes, s->rho, s->alpha};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
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
  double largest = 0.0;
  for (int64_t i = 0; i < s->n; i++) {
    const double size = s->gradient[i] < 0 ? -s->gradient[i] : s->gradient[i];
    if (!(size <= largest) && largest == largest) largest = size; /* the first NaN stays */
  }
  return largest;
}

/* direction = -H gradient, H from the pairs kept, newest first. */
static void find_direction(bai_lbfgs *s, const bai_kernels *kernels) {
  kernels->scale_f64(s->direction, -1.0, s->gradient, s->n);
  for (int32_t i = 0; i < s->stored; i++) {
    const int32_t pair = (s->next - 1 - i + 2 * s->memory) % s->memory;
    s->alpha[pair] = s->rho[pair] * kernels->dot_f64(s->steps + pair * s->n, s->direction, s->n);
    kernels->axpy_f64(s->direction, -s->alpha[pair], s->changes + pair * s->n, s->n);
  }
  if (s->stored) {
    const int32_t newest = (s->next - 1 + s->memory) % s->memory;
    const double *change = s->changes + newest * s->n;
    kernels->scale_f64(s->direction, 1.0 / (s->rho[newest] * kernels->dot_f64(change, change, s->n)), s->direction,
                       s->n);
  }
  for (int32_t i = s->stored - 1; i >= 0; i--) {
    const int32_t pair = (s->next - 1 - i + 2 * s->memory) % s->memory;
    const double beta = s->rho[pair] * kernels->dot_f64(s->changes + pair * s->n, s->direction, s->n);
    kernels->axpy_f64(s->direction, s->alpha[pair] - beta, s->steps + pair * s->n, s->n);
  }
}

static void ask_on_line(bai_lbfgs *s, const bai_kernels *kernels) {
  memcpy(s->asked, s->point, (size_t)s->n * 8);
  kernels->axpy_f64(s->asked, s->line.step, s->direction, s->n);
}

/* Begins a line search from the iterate. Returns 0 when no descent is left. */
static int32_t begin_line(bai_lbfgs *s, const bai_kernels *kernels) {
  find_direction(s, kernels);
  double slope = kernels->dot_f64(s->direction, s->gradient, s->n);
  if (!(slope < 0.0) && s->stored) { /* rounding has spoilt the pairs: steepest descent */
    s->stored = 0;
    find_direction(s, kernels);
    slope = kernels->dot_f64(s->direction, s->gradient, s->n);
  }
  if (!(slope < 0.0)) return 0;
  bai_line_start(&s->line, s->objective, slope, s->stored ? 1.0 : 1.0 / sqrt(-slope));
  ask_on_line(s, kernels);
  return 1;
}

/* Keeps the pair of the step just done when it has positive curvature. */
static void keep_pair(bai_lbfgs *s, const bai_kernels *kernels, const double *gradient) {
  double *step = s->steps + s->next * s->n, *change = s->changes + s->next * s->n;
  memcpy(step, s->asked, (size_t)s->n * 8);
  kernels->axpy_f64(step, -1.0, s->point, s->n);
  memcpy(change, gradient, (size_t)s->n * 8);
  kernels->axpy_f64(change, -1.0, s->gradient, s->n);
  const double curvature = kernels->dot_f64(step, change, s->n);
  if (!(curvature > 1e-300)) return;
  s->rho[s->next] = 1.0 / curvature;
  s->next = (s->next + 1) % s->memory;
  if (s->stored < s->memory) s->stored++;
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
    if (!s->stored) return BAI_LBFGS_STUCK;
    s->stored = 0; /* once more, down the gradient */
    return begin_line(s, kernels) ? BAI_LBFGS_SEARCHING : BAI_LBFGS_STUCK;
  }
  keep_pair(s, kernels, gradient);
  memcpy(s->point, s->asked, (size_t)s->n * 8);
  memcpy(s->gradient, gradient, (size_t)s->n * 8);
  s->objective = objective;
  s->iterations++;
  return begin_line(s, kernels) ? BAI_LBFGS_ADVANCED : BAI_LBFGS_STUCK;
}
