/* SPDX-License-Identifier: MIT
 *
 * solver.h: what a run needs of a solver, one table entry each, in the order of the words of the recipe's key `solver`.
 */
#ifndef BAI_TRAIN_SOLVER_H
#define BAI_TRAIN_SOLVER_H

#include "base/recipe.h"
#include "train/archive.h"
#include "train/conditioning.h"
#include "train/problem.h"

/* Where a solver stands after a step. */
typedef struct bai_standing {
  int64_t iterations, passes; /* passes: over the rows */
  double objective;           /* of solvers that go by epochs, the mean loss of the rows as they were met */
  double slope, start_slope;  /* the largest entry of the gradient, with l1 of the subgradient of least size */
  int32_t stuck;              /* the objective cannot fall any more */
} bai_standing;

typedef struct bai_solver_kind {
  const char *name;
  int32_t by_epochs; /* a step is an epoch, and the run chooses among their points */
  int32_t takes_l1;
  ba_status (*create)(bai_problem *problem, const bai_term *model, const double *start, uint64_t seed, void **out);
  ba_status (*step)(void *solver, bai_standing *standing);
  const double *(*point)(const void *solver);
  /* Of solvers that leave the evaluation to others, else NULL: the point to evaluate, and what it came to. */
  const double *(*ask)(const void *solver);
  void (*tell)(void *solver, double objective, const double *gradient, bai_standing *standing);
  /* Of those, without rows of their own: the conditioning that must be told first, if it has one; NULL for none. */
  bai_conditioning *(*conditioning)(void *solver);
  /* Of solvers that can learn from rows in batches, else NULL: learn as bai_adagrad_learn; settle brings `point` up to
   * date. */
  ba_status (*learn)(void *solver, double *loss);
  void (*settle)(void *solver);
  void (*archive)(void *solver, bai_archive *archive); /* writes its state down, or takes it back */
  void (*destroy)(void *solver);
} bai_solver_kind;

void bai_standing_archive(bai_standing *standing, bai_archive *archive);
/* The solver that the model term names; BA_ERR_UNSUPPORTED when it does not go with the term's l1. */
ba_status bai_solver_choose(ba_context *context, const bai_term *model, const bai_solver_kind **out);

#endif
