/* SPDX-License-Identifier: MIT
 *
 * test_tron.c: ends where L-BFGS ends, for one and several outputs, with and without a penalty; cancels between and in
 * passes; columns that no row has; classes that a plane can part.
 */
#include "train/tron.h"

#include <math.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/dense.h"

typedef struct fixture {
  ba_context *context;
  ba_dataset *dataset;
  bai_plan *plan;
  uint8_t *uses;
  bai_problem *problem;
} fixture;

static ba_status open_problem(fixture *f, const char *recipe, int32_t outputs, double l2) {
  const bai_objective objective = {.outputs = outputs, .l2 = l2};
  bai_recipe parsed = {{0, 0, 0}};
  ba_status status = bai_recipe_parse(f->context, recipe, &parsed);
  if (!status) status = bai_plan_create(f->context, bai_recipe_member(&parsed, 0), &f->plan);
  bai_recipe_free(f->context, &parsed);
  if (!status) status = bai_uses_make(f->context, f->dataset, -1, 0, 1, &f->uses);
  if (!status) status = bai_problem_create(f->context, f->dataset, f->plan, f->uses, NULL, &objective, &f->problem);
  return status;
}

static void close_problem(fixture *f) {
  bai_problem_destroy(f->problem);
  bai_free(f->context, f->uses);
  bai_plan_destroy(f->plan);
  ba_dataset_destroy(f->dataset);
}

/* Steps until the gradient is `share` of that at the start. */
static bai_tron *solved(fixture *f, double share, int64_t most) {
  double start[400] = {0}, before = INFINITY;
  bai_tron *solver = NULL;
  int32_t stuck = 0;
  assert_in_range(f->problem->parameters, 1, 400);
  OK(f->context, bai_tron_create(f->context, f->problem, start, &solver));
  for (int64_t pass = 0; pass < most && !stuck; pass++) {
    OK(f->context, bai_tron_step(solver, &stuck));
    assert_true(bai_tron_objective(solver) <= before * (1.0 + 0x1p-48));
    before = bai_tron_objective(solver);
    if (bai_tron_slope(solver) <= share * bai_tron_start_slope(solver)) break;
  }
  return solver;
}

/* A gradient of nearly nothing is a minimum: the objective is convex. */
static void test_ends_at_the_minimum(void **state) {
  static const struct {
    const char *recipe;
    int32_t classes, outputs;
    double l2;
  } cases[] = {{"Kmer(k=1..3)", 2, 1, 1e-3},
               {"Kmer(k=1..3)", 2, 1, 1e-6},
               {"Kmer(k=1..3, strand=canonical)", 3, 3, 1e-4},
               {"Kmer(k=3, value=count, norm=none)", 4, 4, 1e-2},
               {"Kmer(k=1..2)", 2, 2, 1e-3}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    fixture f = {.context = *state, .dataset = making_data(*state, 200, 10, 40, cases[i].classes, 5)};
    OK(*state, open_problem(&f, cases[i].recipe, cases[i].outputs, cases[i].l2));
    bai_tron *solver = solved(&f, 1e-8, 5000);
    double gradient[400], objective;
    OK(*state, bai_problem_evaluate(f.problem, bai_tron_point(solver), &objective, gradient));
    assert_true(objective == bai_tron_objective(solver));
    assert_true(bai_largest(gradient, f.problem->parameters) == bai_tron_slope(solver));
    assert_true(bai_tron_slope(solver) <= 1e-8 * bai_tron_start_slope(solver));
    assert_in_range(bai_tron_iterations(solver), 2, 60);
    bai_tron_destroy(solver);
    close_problem(&f);
  }
}

/* Without a penalty there is no minimum where a plane parts the classes; it goes on down and says nothing that is not
 * finite. Columns without a row keep their weight of zero. */
static void test_classes_that_a_plane_parts(void **state) {
  static const char *const labels[] = {"a", "b"};
  const int64_t offsets[] = {0, 4, 8};
  fixture f = {.context = *state};
  ba_records *records = NULL;
  OK(*state, ba_dataset_create(*state, NULL, &f.dataset));
  OK(*state, ba_records_create(*state, "AAAACCCC", offsets, 2, &records));
  OK(*state, ba_dataset_add_records(f.dataset, records, labels, NULL, NULL, BA_PART_TRAIN));
  ba_records_release(records);
  OK(*state, open_problem(&f, "Kmer(k=1, value=count, norm=none)", 1, 0.0));
  bai_tron *solver = solved(&f, 1e-9, 300);
  const double *point = bai_tron_point(solver);
  assert_true(bai_tron_objective(solver) < 1e-6 && bai_tron_objective(solver) >= 0.0);
  assert_true(isfinite(point[0]) && point[0] < 0.0 && point[1] > 0.0 && isfinite(point[4]));
  assert_true(point[2] == 0.0 && point[3] == 0.0);
  bai_tron_destroy(solver);
  close_problem(&f);
}

static void test_goes_on_after_a_cancel(void **state) {
  fixture f = {.context = *state, .dataset = making_data(*state, 150, 10, 40, 2, 5)};
  const double start[400] = {0};
  bai_tron *solver = NULL;
  int32_t stuck;
  OK(*state, open_problem(&f, "Kmer(k=1..3)", 1, 1e-3));
  bai_tron *whole = solved(&f, 0.0, 60);
  OK(*state, bai_tron_create(*state, f.problem, start, &solver));
  while (bai_tron_passes(solver) < bai_tron_passes(whole)) {
    ba_context_cancel(*state);
    REFUSED(*state, bai_tron_step(solver, &stuck), BA_ERR_CANCELLED, "cancelled");
    OK(*state, ba_context_reset(*state));
    OK(*state, bai_tron_step(solver, &stuck));
  }
  SAME_BITS(bai_tron_point(solver), bai_tron_point(whole), f.problem->parameters);
  bai_tron_destroy(solver);
  bai_tron_destroy(whole);
  close_problem(&f);
}

static ba_status life(ba_context *context, void *argument) {
  fixture f = {.context = context};
  const double start[400] = {0};
  bai_tron *solver = NULL;
  int32_t stuck = 0;
  ba_records *records = NULL;
  const int64_t offsets[] = {0, 4, 9};
  static const char *const labels[] = {"a", "b"};
  (void)argument;
  ba_status status = ba_dataset_create(context, NULL, &f.dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCG", offsets, 2, &records);
  if (!status) status = ba_dataset_add_records(f.dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = open_problem(&f, "Kmer(k=1)", 1, 0.1);
  if (!status) status = bai_tron_create(context, f.problem, start, &solver);
  for (int32_t i = 0; !status && i < 6; i++) status = bai_tron_step(solver, &stuck);
  bai_tron_destroy(solver);
  ba_records_release(records);
  close_problem(&f);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_ends_at_the_minimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_classes_that_a_plane_parts, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_goes_on_after_a_cancel, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
