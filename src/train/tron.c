/* SPDX-License-Identifier: MIT
 *
 * tron.c: Lin and Moré, "Newton's method for large bound-constrained optimization problems" (SIAM J. Optim. 9, 1999),
 * without the bounds; the inner iterations of Steihaug (1983), preconditioned by the diagonal of the Hessian, in whose
 * norm the region is a ball. A step of the solver is one pass, so a cancel loses no more than one.
 */
#include "train/tron.h"

#include <math.h>
#include <string.h>

#include "train/dense.h"

#define FORCING 0.1       /* inner iterations stop at this share of the gradient, and below it close to the minimum */
#define MOST_INNER 250    /* of them */
#define ACCEPT 1e-4       /* shares of the predicted fall: from here on a step is taken, */
#define POOR 0.25         /* below here the region shrinks, */
#define GOOD 0.75         /* above here it grows */
#define ROUNDING 0x1p-50  /* differences of objectives below this share of them are noise */
#define SMALLEST 0x1p-100 /* a region of this share of its first size is none */

typedef enum phase { BEGIN, DIAGONAL, PRODUCT, TRIAL } phase;

struct bai_tron {
  ba_context *context;
  bai_problem *problem;
  int64_t n, iterations, passes, inner;
  int32_t phase;
  double objective, start_slope, start_size, region, first_region;
  double predicted, descent; /* of the step tried: the fall, and gradient times step */
  double square, enough;     /* of the inner iterations: residual in the norm, and where it is small enough */
  double *point, *gradient, *trial, *trial_gradient;
  double *metric; /* the preconditioner: diagonal of the Hessian */
  double *step, *residual, *direction, *product;
};

ba_status bai_tron_create(ba_context *context, bai_problem *problem, const double *start, bai_tron **out) {
  bai_tron *s;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) return status;
  s->context = bai_context_retain(context);
  s->problem = problem;
  s->n = problem->parameters;
  double **vectors[] = {&s->point, &s->gradient, &s->trial,     &s->trial_gradient, &s->metric,
                        &s->step,  &s->residual, &s->direction, &s->product};
  for (size_t i = 0; !status && i < sizeof vectors / sizeof vectors[0]; i++)
    status = bai_alloc_zero(context, s->n, 8, vectors[i]);
  if (status) {
    bai_tron_destroy(s);
    return status;
  }
  memcpy(s->point, start, (size_t)s->n * 8);
  *out = s;
  return BA_OK;
}

void bai_tron_destroy(bai_tron *s) {
  if (!s) return;
  ba_context *context = s->context;
  void *parts[] = {s->point, s->gradient, s->trial,     s->trial_gradient, s->metric,
                   s->step,  s->residual, s->direction, s->product};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_free(context, s);
  bai_context_release(context);
}

/* ---- the inner iterations ---- */

/* Sum of a b metric, or of a b / metric. */
static double in_metric(const bai_tron *s, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t i = 0; i < s->n; i++) sum += a[i] * b[i] * s->metric[i];
  return sum;
}

static double in_inverse(const bai_tron *s, const double *a, const double *b) {
  double sum = 0.0;
  for (int64_t i = 0; i < s->n; i++) sum += a[i] * b[i] / s->metric[i];
  return sum;
}

/* direction = residual / metric + keep * direction. */
static void turn(bai_tron *s, double keep) {
  for (int64_t i = 0; i < s->n; i++) s->direction[i] = s->residual[i] / s->metric[i] + keep * s->direction[i];
}

static void begin_inner(bai_tron *s, const bai_kernels *kernels) {
  /* A column that no row has leads nowhere; any metric will do. */
  for (int64_t i = 0; i < s->n; i++)
    if (!(s->metric[i] > 0.0)) s->metric[i] = 1.0;
  memset(s->step, 0, (size_t)s->n * 8);
  kernels->scale_f64(s->residual, -1.0, s->gradient, s->n);
  s->square = in_inverse(s, s->residual, s->residual);
  turn(s, 0.0);
  const double size = sqrt(s->square);
  if (s->first_region == 0.0) {
    s->start_size = size;
    s->region = s->first_region = size;
  }
  double share = sqrt(size / s->start_size);
  if (!(share < FORCING)) share = FORCING;
  s->enough = share * size;
  s->inner = 0;
  s->phase = PRODUCT;
}

/* The way along the direction to the edge of the region. */
static double to_the_edge(const bai_tron *s) {
  const double a = in_metric(s, s->direction, s->direction), b = in_metric(s, s->step, s->direction);
  const double c = s->region * s->region - in_metric(s, s->step, s->step);
  const double root = sqrt(b * b + a * (c > 0.0 ? c : 0.0));
  return b >= 0.0 ? c / (b + root) : (root - b) / a;
}

static void end_inner(bai_tron *s, const bai_kernels *kernels) {
  s->descent = kernels->dot_f64(s->gradient, s->step, s->n);
  s->predicted = -0.5 * (s->descent - kernels->dot_f64(s->step, s->residual, s->n));
  memcpy(s->trial, s->point, (size_t)s->n * 8);
  kernels->axpy_f64(s->trial, 1.0, s->step, s->n);
  s->phase = TRIAL;
}

/* One inner iteration, with the product of Hessian and direction. */
static void go_on(bai_tron *s, const bai_kernels *kernels) {
  const double curvature = kernels->dot_f64(s->direction, s->product, s->n);
  double way = s->square / curvature;
  int32_t at_edge = !(curvature > 0.0);
  if (!at_edge) {
    kernels->axpy_f64(s->step, way, s->direction, s->n);
    at_edge = in_metric(s, s->step, s->step) > s->region * s->region;
    if (at_edge) kernels->axpy_f64(s->step, -way, s->direction, s->n);
  }
  if (at_edge) {
    way = to_the_edge(s);
    kernels->axpy_f64(s->step, way, s->direction, s->n);
  }
  kernels->axpy_f64(s->residual, -way, s->product, s->n);
  const double square = in_inverse(s, s->residual, s->residual);
  if (at_edge || sqrt(square) <= s->enough || ++s->inner >= MOST_INNER) {
    end_inner(s, kernels);
    return;
  }
  turn(s, square / s->square);
  s->square = square;
}

/* ---- the outer iterations ---- */

static double smaller(double a, double b) {
  return a < b ? a : b;
}

static double larger(double a, double b) {
  return a > b ? a : b;
}

/* The region for the next step, from how well the quadratic foretold this one. */
static void resize(bai_tron *s, double objective) {
  const double size = sqrt(in_metric(s, s->step, s->step)), fell = s->objective - objective;
  const double above = objective - s->objective - s->descent; /* what the straight line did not foretell */
  const double scale = above <= 0.0 ? 4.0 : -0.5 * s->descent / above > 0.25 ? -0.5 * s->descent / above : 0.25;
  if (s->iterations == 0 && size < s->region) s->region = size;
  const double region = s->region;
  if (!(fell >= ACCEPT * s->predicted))
    s->region = smaller(larger(scale, 0.25) * size, 0.5 * region);
  else if (fell < POOR * s->predicted)
    s->region = larger(0.25 * region, smaller(scale * size, 0.5 * region));
  else if (fell < GOOD * s->predicted)
    s->region = larger(0.25 * region, smaller(scale * size, 4.0 * region));
  else
    s->region = larger(region, smaller(scale * size, 4.0 * region));
}

static void take(bai_tron *s, double objective) {
  double *point = s->point, *gradient = s->gradient;
  s->point = s->trial;
  s->trial = point;
  s->gradient = s->trial_gradient;
  s->trial_gradient = gradient;
  s->objective = objective;
  s->iterations++;
  s->phase = DIAGONAL;
}

/* Near the minimum the predicted fall drowns in rounding, while the gradient still tells: there it must halve. */
static int32_t judge(bai_tron *s, double objective) {
  if (s->predicted < ROUNDING * s->objective) {
    const int32_t better = objective <= s->objective + ROUNDING * s->objective &&
                           bai_largest(s->trial_gradient, s->n) <= 0.5 * bai_tron_slope(s);
    if (better) take(s, objective);
    return !better;
  }
  const int32_t falls = s->objective - objective >= ACCEPT * s->predicted;
  resize(s, objective);
  if (falls) {
    take(s, objective);
    return 0;
  }
  /* The metric is still that of the point. */
  const bai_kernels *kernels = bai_kernels_of(s->context);
  begin_inner(s, kernels);
  return !(s->region > SMALLEST * s->first_region);
}

ba_status bai_tron_step(bai_tron *s, int32_t *stuck) {
  const bai_kernels *kernels = bai_kernels_of(s->context);
  double objective;
  ba_status status;
  *stuck = 0;
  switch (s->phase) {
    case BEGIN:
      status = bai_problem_evaluate(s->problem, s->point, &s->objective, s->gradient);
      if (status) return status;
      s->start_slope = bai_tron_slope(s);
      s->phase = DIAGONAL;
      break;
    case DIAGONAL:
      status = bai_problem_diagonal(s->problem, s->point, s->metric);
      if (status) return status;
      begin_inner(s, kernels);
      break;
    case PRODUCT:
      status = bai_problem_product(s->problem, s->point, s->direction, s->product);
      if (status) return status;
      go_on(s, kernels);
      break;
    default:
      status = bai_problem_evaluate(s->problem, s->trial, &objective, s->trial_gradient);
      if (status) return status;
      *stuck = judge(s, objective);
  }
  s->passes++;
  return BA_OK;
}

const double *bai_tron_point(const bai_tron *s) {
  return s->point;
}

double bai_tron_objective(const bai_tron *s) {
  return s->objective;
}

double bai_tron_slope(const bai_tron *s) {
  return bai_largest(s->gradient, s->n);
}

double bai_tron_start_slope(const bai_tron *s) {
  return s->start_slope;
}

int64_t bai_tron_iterations(const bai_tron *s) {
  return s->iterations;
}

int64_t bai_tron_passes(const bai_tron *s) {
  return s->passes;
}

void bai_tron_archive(bai_tron *s, bai_archive *a) {
  double *const numbers[] = {&s->objective, &s->start_slope, &s->start_size, &s->region, &s->first_region,
                             &s->predicted, &s->descent,     &s->square,     &s->enough};
  double *const vectors[] = {s->point, s->gradient, s->trial,     s->trial_gradient, s->metric,
                             s->step,  s->residual, s->direction, s->product};
  bai_archive_i32(a, &s->phase, BEGIN, TRIAL);
  bai_archive_i64(a, &s->iterations, 1, 0, BAI_MOST_COUNTED);
  bai_archive_i64(a, &s->passes, 1, 0, BAI_MOST_COUNTED);
  bai_archive_i64(a, &s->inner, 1, 0, MOST_INNER);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) bai_archive_f64(a, numbers[i], 1);
  for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) bai_archive_f64(a, vectors[i], s->n);
}
