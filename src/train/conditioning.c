/* SPDX-License-Identifier: MIT
 *
 * conditioning.c: what the variables are made from is the Hessian at the start: its diagonal, and its row of the
 * intercept.
 */
#include "train/conditioning.h"

#include <math.h>

#define LEAST 1e-6 /* share of a column's curvature that is left at least: a constant column has none */

int32_t bai_conditioning_suits(const bai_problem *p) {
  return p->outputs == 1 && !p->pca &&
         (p->plan->needs_table || p->plan->scaling != BAI_SCALE_NONE || bai_plan_fills(p->plan));
}

void bai_conditioning_free(ba_context *context, bai_conditioning *c) {
  bai_free(context, c->means);
  bai_free(context, c->scales);
  *c = (bai_conditioning){0};
}

/* Without curvature at the intercept, as of some losses of numbers, variables are the weights themselves. */
static void set_scales(bai_conditioning *c, const double *diagonal, const double *beside) {
  const double own = beside[c->columns];
  for (int64_t i = 0; i < c->columns; i++) {
    const double mean = own > 0.0 ? beside[i] / own : 0.0;
    const double left = own > 0.0 ? diagonal[i] - beside[i] * mean : 0.0, least = LEAST * diagonal[i];
    c->means[i] = mean;
    c->scales[i] = own > 0.0 && diagonal[i] > 0.0 ? sqrt(left > least ? left : least) : 1.0;
  }
  c->scales[c->columns] = own > 0.0 ? sqrt(own) : 1.0;
}

ba_status bai_conditioning_learn(bai_problem *p, const double *start, bai_conditioning *out) {
  ba_context *context = p->context;
  const int64_t n = p->parameters;
  double *direction = NULL, *beside = NULL, *diagonal = NULL;
  *out = (bai_conditioning){.columns = n - 1};
  ba_status status = bai_alloc(context, n, 8, &out->means);
  if (!status) status = bai_alloc(context, n, 8, &out->scales);
  if (!status) status = bai_alloc_zero(context, n, 8, &direction);
  if (!status) status = bai_alloc(context, n, 8, &beside);
  if (!status) status = bai_alloc(context, n, 8, &diagonal);
  if (!status) {
    direction[n - 1] = 1.0;
    status = bai_problem_product(p, start, direction, beside);
  }
  if (!status) status = bai_problem_diagonal(p, start, diagonal);
  if (!status) set_scales(out, diagonal, beside);
  bai_free(context, direction);
  bai_free(context, beside);
  bai_free(context, diagonal);
  return status;
}

void bai_conditioning_enter(const bai_conditioning *c, const bai_kernels *kernels, const double *plain, double *to) {
  const int64_t n = c->columns;
  to[n] = (plain[n] + kernels->dot_f64(c->means, plain, n)) * c->scales[n];
  for (int64_t i = 0; i < n; i++) to[i] = plain[i] * c->scales[i];
}

void bai_conditioning_leave(const bai_conditioning *c, const bai_kernels *kernels, const double *variables,
                            double *to) {
  const int64_t n = c->columns;
  for (int64_t i = 0; i < n; i++) to[i] = variables[i] / c->scales[i];
  to[n] = variables[n] / c->scales[n] - kernels->dot_f64(c->means, to, n);
}

void bai_conditioning_turn(const bai_conditioning *c, double *gradient) {
  const int64_t n = c->columns;
  for (int64_t i = 0; i < n; i++) gradient[i] = (gradient[i] - c->means[i] * gradient[n]) / c->scales[i];
  gradient[n] /= c->scales[n];
}
