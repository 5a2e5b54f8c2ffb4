/* SPDX-License-Identifier: MIT
 *
 * conditioning.c: what the variables are made from is the Hessian at the start: its diagonal, and its row of the
 * intercept.
 */
#include "train/conditioning.h"

#include <math.h>

#include "train/weights.h"

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

ba_status bai_conditioning_open(const bai_problem *p, bai_conditioning *out) {
  const int64_t n = p->parameters;
  *out = (bai_conditioning){.columns = n - 1};
  ba_status status = bai_alloc_zero(p->context, n, 8, &out->means);
  if (!status) status = bai_alloc(p->context, n, 8, &out->scales);
  for (int64_t i = 0; !status && i < n; i++) out->scales[i] = 1.0;
  return status;
}

/* `means` has the Hessian's row of the intercept, `scales` its diagonal. Without curvature at the intercept, as of some
 * losses of numbers, variables are the weights themselves. */
static void set_scales(bai_conditioning *c) {
  const double own = c->means[c->columns];
  for (int64_t i = 0; i < c->columns; i++) {
    const double beside = c->means[i], diagonal = c->scales[i], mean = own > 0.0 ? beside / own : 0.0;
    const double left = own > 0.0 ? diagonal - beside * mean : 0.0, least = LEAST * diagonal;
    c->means[i] = mean;
    c->scales[i] = own > 0.0 && diagonal > 0.0 ? sqrt(left > least ? left : least) : 1.0;
  }
  c->scales[c->columns] = own > 0.0 ? sqrt(own) : 1.0;
}

/* The direction of the intercept. */
static ba_status make_direction(const bai_problem *p, double **out) {
  const ba_status status = bai_alloc_zero(p->context, p->parameters, 8, out);
  if (!status) (*out)[p->parameters - 1] = 1.0;
  return status;
}

ba_status bai_conditioning_learn(bai_problem *p, const double *start, bai_conditioning *c) {
  double *direction = NULL;
  ba_status status = make_direction(p, &direction);
  if (!status) status = bai_problem_product(p, start, direction, c->means);
  if (!status) status = bai_problem_diagonal(p, start, c->scales);
  if (!status) set_scales(c);
  bai_free(p->context, direction);
  return status;
}

/* The product, the diagonal and the weight of the rows. */
int64_t bai_conditioning_sums(const bai_problem *p) {
  return 2 * p->parameters + 1;
}

ba_status bai_conditioning_block(bai_problem *p, const double *start, int64_t block, double *sums) {
  const int64_t n = p->parameters;
  double *direction = NULL;
  ba_status status = make_direction(p, &direction);
  if (!status) status = bai_problem_curved_block(p, block, start, direction, sums, sums + n);
  if (!status) sums[2 * n] = bai_weights_of_block(p->dataset, p->uses, NULL, block, NULL);
  bai_free(p->context, direction);
  return status;
}

ba_status bai_conditioning_take(bai_problem *p, const double *sums, bai_conditioning *c) {
  double *direction = NULL;
  const ba_status status = make_direction(p, &direction);
  if (status) return status;
  p->weight_total = sums[2 * p->parameters];
  bai_problem_close_product(p, sums, direction, c->means);
  bai_problem_close_diagonal(p, sums + p->parameters, c->scales);
  set_scales(c);
  bai_free(p->context, direction);
  return BA_OK;
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
