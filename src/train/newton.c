/* SPDX-License-Identifier: MIT
 *
 * newton.c: Newton's method. The Hessian is the square of the feature rows, each scaled by the root of its weight
 * p (1 - p).
 */
#include "train/newton.h"

#include <math.h>
#include <string.h>

#include "train/blas.h"
#include "train/dense.h"

#define SHARE 8              /* a sample has the rows of one group in so many */
#define ROWS_A_PARAMETER 256 /* that a sample has at least */
#define MOST_OF_SAMPLE 20    /* steps */
#define BLOCK_ROWS 512
#define MOST_HALVINGS 30
#define MOST_RIDGES 20
#define ENOUGH 1e-4         /* the share of the predicted fall that a step must bring: Armijo's condition */
#define ROUNDING 0x1p-50    /* differences of objectives below this share of them are noise */
#define FIRST_RIDGE 0x1p-40 /* of the largest diagonal entry */

struct bai_newton {
  ba_context *context;
  bai_problem *problem;
  bai_blas *blas; /* NULL for narrow problems, which need none, unless it is to be fast */
  int32_t n;
  int32_t started;
  int32_t sampled;  /* the Hessian comes from a sample of the rows */
  int64_t share;    /* of the rows that the objective is of; 1: all */
  double predicted; /* by the slope along the last step of Newton: twice its fall */
  int64_t iterations, passes;
  double objective, trial_objective, start_slope;
  double *point, *gradient;
  double *trial, *trial_gradient;
  double *direction, *diagonal; /* diagonal: of the Hessian */
  double *rows;                 /* of BLAS: BLOCK_ROWS x n */
  double *hessian;              /* n x n */
};

/* Whether there are rows enough for a sample of those that the objective is of. */
static int32_t has_sample(const bai_newton *s) {
  const bai_problem *p = s->problem;
  return p->dense && !s->blas && p->dataset->rows / (SHARE * s->share) >= ROWS_A_PARAMETER * s->n;
}

ba_status bai_newton_create(ba_context *context, bai_problem *problem, const double *start, int32_t fast,
                            bai_newton **out) {
  bai_newton *s;
  *out = NULL;
  if (problem->outputs != 1)
    return bai_fail(context, BA_ERR_UNSUPPORTED, "newton is for two classes; expected solver=lbfgs for more");
  if (problem->plan->width > BAI_NEWTON_COLUMNS)
    return bai_fail(context, BA_ERR_UNSUPPORTED, "newton takes at most %d columns, not %lld; expected solver=lbfgs",
                    BAI_NEWTON_COLUMNS, (long long)problem->plan->width);
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) return status;
  const int64_t n = problem->parameters;
  s->context = bai_context_retain(context);
  s->problem = problem;
  s->n = (int32_t)n;
  double **vectors[] = {&s->point, &s->gradient, &s->trial, &s->trial_gradient, &s->direction, &s->diagonal};
  if (fast || problem->plan->width > BAI_NEWTON_OWN_COLUMNS) status = bai_blas_open(context, &s->blas);
  for (size_t i = 0; !status && i < sizeof vectors / sizeof vectors[0]; i++)
    status = bai_alloc(context, n, 8, vectors[i]);
  if (!status && s->blas) status = bai_alloc(context, n, 8 * BLOCK_ROWS, &s->rows);
  if (!status) status = bai_alloc(context, n, 8 * n, &s->hessian);
  if (status) {
    bai_newton_destroy(s);
    return status;
  }
  memcpy(s->point, start, (size_t)n * 8);
  s->share = 1;
  s->predicted = INFINITY;
  s->sampled = has_sample(s);
  *out = s;
  return BA_OK;
}

void bai_newton_destroy(bai_newton *s) {
  if (!s) return;
  ba_context *context = s->context;
  void *parts[] = {s->point, s->gradient, s->trial, s->trial_gradient, s->direction, s->diagonal, s->rows, s->hessian};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_blas_close(context, s->blas);
  bai_free(context, s);
  bai_context_release(context);
}

/* ---- the Hessian ---- */

/* What is added to the diagonal: nothing at first. */
typedef struct ridge_state {
  double value, first;
  int32_t tries;
} ridge_state;

static void grow(ridge_state *ridge) {
  ridge->value = ridge->tries++ == 0 ? ridge->first : ridge->value * 16.0;
}

static ridge_state no_ridge(const bai_newton *s) {
  double largest = 0.0;
  for (int64_t i = 0; i < s->n; i++)
    if (s->diagonal[i] > largest) largest = s->diagonal[i];
  return (ridge_state){.first = (largest > 0.0 ? largest : 1.0) * FIRST_RIDGE};
}

/* Writes one row's features, with 1 for the intercept, each times the root of its part in the mean of p (1 - p). */
static ba_status fill_row(bai_newton *s, const bai_kernels *kernels, int64_t row, double *to) {
  const bai_problem *p = s->problem;
  bai_pass_lane *lane = &p->lanes[0];
  const ba_status status = bai_problem_features(p, kernels, lane, row);
  if (status) return bai_problem_explain(p, status, row);
  bai_problem_margins(p, kernels, lane, s->point);
  const double scale =
      sqrt(p->weights[row] / p->weight_total * bai_problem_curvature(p, kernels, lane->margins[0], row));
  bai_problem_spread(p, lane, scale, to);
  to[s->n - 1] = scale;
  return BA_OK;
}

/* By BLAS, from all rows in their order. */
static ba_status sum_by_blas(bai_newton *s) {
  const bai_kernels *kernels = bai_kernels_of(s->context);
  const bai_problem *p = s->problem;
  int32_t filled = 0;
  memset(s->hessian, 0, (size_t)s->n * (size_t)s->n * 8);
  for (int64_t row = 0; row < p->dataset->rows; row++) {
    if (p->weights[row] == 0.0) continue;
    ba_status status = fill_row(s, kernels, row, s->rows + filled * (int64_t)s->n);
    if (!status && filled % 64 == 0) status = bai_check_cancel(s->context);
    if (status) return status;
    if (++filled < BLOCK_ROWS) continue;
    bai_blas_add_square(s->blas, s->hessian, s->n, s->rows, filled);
    filled = 0;
  }
  bai_blas_add_square(s->blas, s->hessian, s->n, s->rows, filled);
  return BA_OK;
}

/* Its upper triangle at the point, mirrored to the lower one: Cholesky will overwrite the upper. */
static ba_status make_hessian(bai_newton *s) {
  const int64_t n = s->n;
  const double *square = s->hessian;
  if (s->sampled) bai_problem_sample(s->problem, SHARE * s->share);
  const ba_status status = s->blas ? sum_by_blas(s) : bai_problem_square(s->problem, s->point, &square);
  if (s->sampled) bai_problem_sample(s->problem, s->share);
  if (status) return status;
  for (int64_t i = 0; i < n; i++) {
    s->diagonal[i] = square[i * n + i] + (i < n - 1 ? s->problem->l2 : 0.0);
    for (int64_t j = i + 1; j < n; j++) s->hessian[j * n + i] = square[i * n + j];
  }
  return BA_OK;
}

/* direction = - (Hessian + ridge)^-1 gradient; the ridge grows until there is a solution and it leads down. */
static ba_status solve(bai_newton *s, const bai_kernels *kernels, ridge_state *ridge, double *descent) {
  const int64_t n = s->n;
  for (; ridge->tries < MOST_RIDGES; grow(ridge)) {
    for (int64_t i = 0; i < n; i++) {
      s->hessian[i * n + i] = s->diagonal[i] + ridge->value;
      for (int64_t j = i + 1; j < n; j++) s->hessian[i * n + j] = s->hessian[j * n + i];
    }
    kernels->scale_f64(s->direction, -1.0, s->gradient, n);
    const int32_t solved = s->blas ? bai_blas_solve(s->blas, s->hessian, s->n, s->direction)
                                   : bai_dense_solve(kernels, s->hessian, s->n, s->direction);
    if (!solved) continue;
    *descent = kernels->dot_f64(s->gradient, s->direction, n);
    if (*descent <= 0.0) return BA_OK; /* not so when it is NaN */
  }
  return bai_fail(s->context, BA_ERR_DIVERGED,
                  "newton: the second derivatives at iteration %lld are not finite; expected a larger l2",
                  (long long)s->iterations);
}

/* ---- steps ---- */

/* Near the minimum the predicted fall drowns in rounding, while the gradient still tells: there it must halve. */
static int32_t is_flat(const bai_newton *s, double step, double descent) {
  return -step * descent < ROUNDING * s->objective; /* which is never negative */
}

static int32_t falls_enough(const bai_newton *s, double step, double descent) {
  if (!is_flat(s, step, descent)) return s->trial_objective <= s->objective + ENOUGH * step * descent;
  return s->trial_objective <= s->objective + ROUNDING * s->objective &&
         bai_largest(s->trial_gradient, s->n) <= 0.5 * bai_newton_slope(s);
}

static void accept(bai_newton *s) {
  double *point = s->point, *gradient = s->gradient;
  s->point = s->trial;
  s->trial = point;
  s->gradient = s->trial_gradient;
  s->trial_gradient = gradient;
  s->objective = s->trial_objective;
  s->iterations++;
}

static ba_status try_step(bai_newton *s, const bai_kernels *kernels, double step) {
  memcpy(s->trial, s->point, (size_t)s->n * 8);
  kernels->axpy_f64(s->trial, step, s->direction, s->n);
  s->passes++;
  return bai_problem_evaluate(s->problem, s->trial, &s->trial_objective, s->trial_gradient);
}

/* Tries the whole step, then halves of it. *fell is 0 when no step brought enough; *flat is 1 when even a fall as
 * predicted would drown in rounding. */
static ba_status search(bai_newton *s, const bai_kernels *kernels, double descent, int32_t *fell, int32_t *flat) {
  double step = 1.0;
  *fell = *flat = 0;
  for (int32_t halvings = 0; !*fell && !*flat && halvings <= MOST_HALVINGS; halvings++, step *= 0.5) {
    const ba_status status = try_step(s, kernels, step);
    if (status) return status;
    *fell = falls_enough(s, step, descent);
    *flat = !*fell && is_flat(s, step, descent);
  }
  if (*fell) accept(s);
  return BA_OK;
}

static ba_status start(bai_newton *s) {
  const ba_status status = bai_problem_evaluate(s->problem, s->point, &s->objective, s->gradient);
  if (status) return status;
  s->passes++;
  s->started = 1;
  s->start_slope = bai_newton_slope(s);
  return BA_OK;
}

/* ---- samples ---- */

/* Steps of a solver for a sample of the rows, until what is left to gain there is less than what a sample can tell of
 * all rows: with n parameters and m rows about n / m of the objective. */
static ba_status solve_sample(bai_newton *sample) {
  const double rows = (double)sample->problem->dataset->rows / (double)sample->share;
  int32_t stuck = 0;
  ba_status status = BA_OK;
  for (int32_t i = 0; !status && !stuck && i < MOST_OF_SAMPLE; i++) {
    status = bai_newton_step(sample, &stuck);
    stuck = stuck || sample->predicted < sample->n / rows * sample->objective;
  }
  return status;
}

/* The first step: to the optimum of a sample, if at least half of what the objective falls by there is true of all
 * rows. */
static ba_status step_to_sample(bai_newton *s, const bai_kernels *kernels, int32_t *fell) {
  bai_newton *sample;
  ba_status status = bai_newton_create(s->context, s->problem, s->point, 0, &sample);
  if (status) return status;
  sample->share = SHARE * s->share;
  sample->sampled = has_sample(sample);
  bai_problem_sample(s->problem, sample->share);
  status = start(sample);
  const double before = sample->objective;
  if (!status) status = solve_sample(sample);
  bai_problem_sample(s->problem, s->share);
  if (!status) {
    memcpy(s->direction, sample->point, (size_t)s->n * 8);
    kernels->axpy_f64(s->direction, -1.0, s->point, s->n);
    status = try_step(s, kernels, 1.0);
  }
  *fell = !status && s->objective - s->trial_objective >= 0.5 * (before - sample->objective) &&
          s->trial_objective < s->objective;
  if (*fell) accept(s);
  bai_newton_destroy(sample);
  return status;
}

/* A step by the Hessian of a sample, which has to bring the slope down to a quarter. */
static ba_status step_by_sample(bai_newton *s, const bai_kernels *kernels, int32_t *fell) {
  const double slope = bai_newton_slope(s);
  ridge_state ridge = no_ridge(s);
  double descent;
  ba_status status = solve(s, kernels, &ridge, &descent);
  if (status || ridge.tries) return status == BA_ERR_DIVERGED ? BA_OK : status;
  status = try_step(s, kernels, 1.0);
  *fell = !status && falls_enough(s, 1.0, descent) && bai_largest(s->trial_gradient, s->n) <= 0.25 * slope;
  if (*fell) accept(s);
  if (*fell) s->predicted = -descent;
  return status;
}

ba_status bai_newton_step(bai_newton *s, int32_t *stuck) {
  const bai_kernels *kernels = bai_kernels_of(s->context);
  int32_t fell = 0, flat = 0;
  double descent = 0.0;
  ba_status status = s->started ? BA_OK : start(s);
  if (status) return status;
  *stuck = !(s->objective - s->objective == 0.0) || !(s->start_slope - s->start_slope == 0.0);
  if (*stuck) return BA_OK; /* the caller sees numbers that are not finite */
  if (s->sampled && s->iterations == 0) status = step_to_sample(s, kernels, &fell);
  if (!status && s->sampled && !fell) {
    status = make_hessian(s);
    if (!status) status = step_by_sample(s, kernels, &fell);
    if (!status && !fell) s->sampled = 0;
  }
  if (status || fell) return status;
  status = make_hessian(s);
  /* Where rows are so sure that p (1 - p) all but vanishes, a bare step is far too long: a ridge bounds it. */
  ridge_state ridge = no_ridge(s);
  for (; !status && !fell && !flat && ridge.tries < MOST_RIDGES; grow(&ridge)) {
    status = solve(s, kernels, &ridge, &descent);
    if (!status) status = search(s, kernels, descent, &fell, &flat);
  }
  s->predicted = -descent;
  *stuck = !fell;
  return status;
}

const double *bai_newton_point(const bai_newton *s) {
  return s->point;
}

double bai_newton_objective(const bai_newton *s) {
  return s->objective;
}

double bai_newton_slope(const bai_newton *s) {
  return bai_largest(s->gradient, s->n);
}

double bai_newton_start_slope(const bai_newton *s) {
  return s->start_slope;
}

int64_t bai_newton_iterations(const bai_newton *s) {
  return s->iterations;
}

int64_t bai_newton_passes(const bai_newton *s) {
  return s->passes;
}

/* All else is made anew by every step. */
void bai_newton_archive(bai_newton *s, bai_archive *a) {
  bai_archive_i32(a, &s->started, 0, 1);
  bai_archive_i32(a, &s->sampled, 0, 1);
  bai_archive_i64(a, &s->iterations, 1, 0, BAI_MOST_COUNTED);
  bai_archive_i64(a, &s->passes, 1, 0, BAI_MOST_COUNTED);
  bai_archive_f64(a, &s->objective, 1);
  bai_archive_f64(a, &s->start_slope, 1);
  bai_archive_f64(a, s->point, s->n);
  bai_archive_f64(a, s->gradient, s->n);
}
