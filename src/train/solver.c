/* SPDX-License-Identifier: MIT
 *
 * solver.c: the solvers as a run sees them.
 */
#include "train/solver.h"

#include <string.h>

#include "train/adagrad.h"
#include "train/lbfgs.h"
#include "train/newton.h"
#include "train/owlqn.h"
#include "train/tron.h"

void bai_standing_archive(bai_standing *s, bai_archive *archive) {
  bai_archive_i64(archive, &s->iterations, 1, 0, BAI_MOST_COUNTED);
  bai_archive_i64(archive, &s->passes, 1, 0, BAI_MOST_COUNTED);
  bai_archive_f64(archive, &s->objective, 1);
  bai_archive_f64(archive, &s->slope, 1);
  bai_archive_f64(archive, &s->start_slope, 1);
  bai_archive_i32(archive, &s->stuck, 0, 1);
}

/* ---- lbfgs, and owlqn where there is an l1 ---- */

typedef struct descent {
  bai_problem *problem;
  bai_lbfgs *smooth;
  bai_owlqn *pointed;
  double *gradient;
  bai_conditioning conditioning; /* of smooth, where it suits */
  double *asked, *point;         /* then in weights: what smooth asks for, and its iterate; else NULL */
  bai_standing standing;
} descent;

static void destroy_descent(void *solver) {
  descent *d = solver;
  if (!d) return;
  ba_context *context = d->problem->context;
  bai_lbfgs_destroy(d->smooth);
  bai_owlqn_destroy(d->pointed);
  bai_conditioning_free(context, &d->conditioning);
  bai_free(context, d->gradient);
  bai_free(context, d->asked);
  bai_free(context, d->point);
  bai_free(context, d);
}

/* In weights. */
static void note_asked(descent *d) {
  if (d->asked)
    bai_conditioning_leave(&d->conditioning, bai_kernels_of(d->problem->context), bai_lbfgs_ask(d->smooth), d->asked);
}

static void note_point(descent *d) {
  if (d->point)
    bai_conditioning_leave(&d->conditioning, bai_kernels_of(d->problem->context), bai_lbfgs_point(d->smooth), d->point);
}

/* Rows that are elsewhere: there are none to learn from. */
static int32_t is_told(const descent *d) {
  return d->problem->dataset->rows == 0;
}

static ba_status create_smooth(descent *d, int32_t memory, const double *start) {
  bai_problem *problem = d->problem;
  const int64_t n = problem->parameters;
  if (!bai_conditioning_suits(problem)) return bai_lbfgs_create(problem->context, n, memory, start, &d->smooth);
  ba_status status = bai_conditioning_open(problem, &d->conditioning);
  if (!status && !is_told(d)) status = bai_conditioning_learn(problem, start, &d->conditioning);
  if (!status) status = bai_alloc(problem->context, n, 8, &d->asked);
  if (!status) status = bai_alloc(problem->context, n, 8, &d->point);
  if (status) return status;
  bai_conditioning_enter(&d->conditioning, bai_kernels_of(problem->context), start, d->asked);
  status = bai_lbfgs_create(problem->context, n, memory, d->asked, &d->smooth);
  memcpy(d->point, start, (size_t)n * 8);
  if (!status) note_asked(d);
  return status;
}

static ba_status create_descent(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed,
                                void **out) {
  ba_context *context = problem->context;
  const int32_t memory = (int32_t)bai_term_value(model, "memory")->integer;
  const int64_t n = problem->parameters;
  descent *d;
  (void)seed;
  ba_status status = bai_alloc_zero(context, 1, sizeof *d, &d);
  if (status) return status;
  d->problem = problem;
  status = bai_alloc(context, n, 8, &d->gradient);
  if (!status && problem->l1 > 0.0)
    status = bai_owlqn_create(context, n, n - problem->outputs, problem->l1, memory, start, &d->pointed);
  else if (!status)
    status = create_smooth(d, memory, start);
  if (status)
    destroy_descent(d);
  else
    *out = d;
  return status;
}

static const double *ask_descent(const void *solver) {
  const descent *d = solver;
  if (d->asked) return d->asked;
  return d->smooth ? bai_lbfgs_ask(d->smooth) : bai_owlqn_ask(d->pointed);
}

static void tell_descent(void *solver, double objective, const double *gradient, bai_standing *standing) {
  descent *d = solver;
  const bai_kernels *kernels = bai_kernels_of(d->problem->context);
  bai_standing *s = &d->standing;
  s->passes++;
  if (d->asked) {
    if (gradient != d->gradient) memcpy(d->gradient, gradient, (size_t)d->problem->parameters * 8);
    bai_conditioning_turn(&d->conditioning, d->gradient);
    gradient = d->gradient;
  }
  const bai_lbfgs_news news = d->smooth ? bai_lbfgs_tell(d->smooth, kernels, objective, gradient)
                                        : bai_owlqn_tell(d->pointed, kernels, objective, gradient);
  if (news != BAI_LBFGS_SEARCHING) {
    s->iterations = d->smooth ? bai_lbfgs_iterations(d->smooth) : bai_owlqn_iterations(d->pointed);
    s->objective = d->smooth ? bai_lbfgs_objective(d->smooth) : bai_owlqn_objective(d->pointed);
    s->slope = d->smooth ? bai_lbfgs_slope(d->smooth) : bai_owlqn_slope(d->pointed);
    if (s->passes == 1) s->start_slope = s->slope;
    s->stuck = news == BAI_LBFGS_STUCK;
    note_point(d);
  }
  note_asked(d);
  *standing = *s;
}

static ba_status step_descent(void *solver, bai_standing *standing) {
  descent *d = solver;
  double objective;
  const ba_status status = bai_problem_evaluate(d->problem, ask_descent(d), &objective, d->gradient);
  if (!status) tell_descent(d, objective, d->gradient, standing);
  return status;
}

static const double *point_of_descent(const void *solver) {
  const descent *d = solver;
  if (d->point) return d->point;
  return d->smooth ? bai_lbfgs_point(d->smooth) : bai_owlqn_point(d->pointed);
}

static void archive_descent(void *solver, bai_archive *archive) {
  descent *d = solver;
  bai_standing_archive(&d->standing, archive);
  if (d->asked && is_told(d)) {
    bai_archive_f64(archive, d->conditioning.means, d->problem->parameters);
    bai_archive_f64(archive, d->conditioning.scales, d->problem->parameters);
  }
  if (d->smooth)
    bai_lbfgs_archive(d->smooth, archive);
  else
    bai_owlqn_archive(d->pointed, archive);
  if (archive->written || archive->status) return;
  note_asked(d);
  if (d->standing.iterations) note_point(d);
}

static bai_conditioning *conditioning_of_descent(void *solver) {
  descent *d = solver;
  return d->asked ? &d->conditioning : NULL;
}

/* ---- newton ---- */

static ba_status create_newton(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed,
                               void **out) {
  bai_newton *solver;
  const int32_t fast = bai_term_value(model, "numerics")->integer == 1;
  (void)seed;
  const ba_status status = bai_newton_create(problem->context, problem, start, fast, &solver);
  *out = solver;
  return status;
}

static void destroy_newton(void *solver) {
  bai_newton_destroy(solver);
}

static ba_status step_newton(void *solver, bai_standing *standing) {
  int32_t stuck;
  const ba_status status = bai_newton_step(solver, &stuck);
  if (status) return status;
  *standing =
      (bai_standing){bai_newton_iterations(solver), bai_newton_passes(solver),      bai_newton_objective(solver),
                     bai_newton_slope(solver),      bai_newton_start_slope(solver), stuck};
  return BA_OK;
}

static const double *point_of_newton(const void *solver) {
  return bai_newton_point(solver);
}

static void archive_newton(void *solver, bai_archive *archive) {
  bai_newton_archive(solver, archive);
}

/* ---- tron ---- */

static ba_status create_tron(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed,
                             void **out) {
  bai_tron *solver;
  (void)model;
  (void)seed;
  const ba_status status = bai_tron_create(problem->context, problem, start, &solver);
  *out = solver;
  return status;
}

static void destroy_tron(void *solver) {
  bai_tron_destroy(solver);
}

static ba_status step_tron(void *solver, bai_standing *standing) {
  int32_t stuck;
  const ba_status status = bai_tron_step(solver, &stuck);
  if (status) return status;
  *standing = (bai_standing){bai_tron_iterations(solver), bai_tron_passes(solver),      bai_tron_objective(solver),
                             bai_tron_slope(solver),      bai_tron_start_slope(solver), stuck};
  return BA_OK;
}

static const double *point_of_tron(const void *solver) {
  return bai_tron_point(solver);
}

static void archive_tron(void *solver, bai_archive *archive) {
  bai_tron_archive(solver, archive);
}

/* ---- adagrad, nag and ftrl ---- */

static ba_status create_rowwise(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed,
                                bai_adagrad_kind kind, void **out) {
  bai_adagrad *solver;
  const double rate = bai_term_value(model, "rate")->real;
  const ba_status status = bai_adagrad_create(problem->context, problem, kind, rate, start, seed, &solver);
  *out = solver;
  return status;
}

static ba_status create_adagrad(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed,
                                void **out) {
  return create_rowwise(problem, model, start, seed, BAI_ADAGRAD, out);
}

static ba_status create_nag(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed,
                            void **out) {
  return create_rowwise(problem, model, start, seed, BAI_NAG, out);
}

static ba_status create_ftrl(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed,
                             void **out) {
  return create_rowwise(problem, model, start, seed, BAI_FTRL, out);
}

static void destroy_adagrad(void *solver) {
  bai_adagrad_destroy(solver);
}

static ba_status step_adagrad(void *solver, bai_standing *standing) {
  const ba_status status = bai_adagrad_epoch(solver, &standing->objective);
  if (status) return status;
  standing->iterations++;
  standing->passes++;
  return BA_OK;
}

static ba_status learn_adagrad(void *solver, double *loss) {
  return bai_adagrad_learn(solver, loss);
}

static void settle_adagrad(void *solver) {
  bai_adagrad_settle(solver);
}

static const double *point_of_adagrad(const void *solver) {
  return bai_adagrad_point(solver);
}

static void archive_adagrad(void *solver, bai_archive *archive) {
  bai_adagrad_archive(solver, archive);
}

/* ---- the table ---- */

#define ROWWISE \
  step_adagrad, point_of_adagrad, NULL, NULL, NULL, learn_adagrad, settle_adagrad, archive_adagrad, destroy_adagrad

static const bai_solver_kind kinds[] = {
    {"lbfgs", 0, 1, create_descent, step_descent, point_of_descent, ask_descent, tell_descent, conditioning_of_descent,
     NULL, NULL, archive_descent, destroy_descent},
    {"adagrad", 1, 0, create_adagrad, ROWWISE},
    {"newton", 0, 0, create_newton, step_newton, point_of_newton, NULL, NULL, NULL, NULL, NULL, archive_newton,
     destroy_newton},
    {"tron", 0, 0, create_tron, step_tron, point_of_tron, NULL, NULL, NULL, NULL, NULL, archive_tron, destroy_tron},
    {"ftrl", 1, 1, create_ftrl, ROWWISE},
    {"nag", 1, 0, create_nag, ROWWISE},
};

ba_status bai_solver_choose(ba_context *context, const bai_term *model, const bai_solver_kind **out) {
  const bai_solver_kind *kind = &kinds[bai_term_value(model, "solver")->integer];
  *out = kind;
  if (kind->takes_l1 || bai_term_value(model, "l1")->real == 0.0) return BA_OK;
  return bai_fail(context, BA_ERR_UNSUPPORTED, "%s takes no l1; expected solver=lbfgs or ftrl, or l1=0", kind->name);
}
