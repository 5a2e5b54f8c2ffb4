/* SPDX-License-Identifier: MIT
 *
 * test_newton.c: Newton's steps against differences of the gradient, and its end against that of L-BFGS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "support/fault.h"
#include "support/levels.h"
#include "train/lbfgs.h"
#include "train/newton.h"

enum { ROWS = 1300, LENGTH = 24 }; /* more than two blocks of 512 training rows */

static const char *const no_blas[] = {
    "this build has no OpenBLAS: configure with -DBA_BLAS=ON",
    "libopenblas.so.0 could not be loaded: install the Debian packages libopenblas0 and liblapacke",
    "liblapacke.so.3 could not be loaded: install the Debian packages libopenblas0 and liblapacke"};

/* A problem and all that it stands on. */
typedef struct fixture {
  ba_context *context;
  ba_dataset *dataset;
  bai_recipe recipe;
  bai_plan *plan;
  uint8_t *uses;
  bai_problem *problem;
} fixture;

static const char *class_name(int64_t row, int32_t classes) {
  static const char *const names[] = {"no", "yes", "zero"};
  return names[bai_random(5, 0, (uint64_t)row) % (uint64_t)classes];
}

/* Class "yes" has more of A and of AC, but not so that a plane could part the classes; every fifth row is dev. */
static ba_status add_rows(ba_dataset *dataset, int32_t rows, int32_t classes) {
  for (int64_t i = 0; i < rows; i++) {
    char letters[LENGTH];
    const char *label = class_name(i, classes);
    for (int64_t j = 0; j < LENGTH; j++) {
      const uint64_t bits = bai_random(6, (uint64_t)i, (uint64_t)j);
      letters[j] = "ACGTACA"[bits % (label[0] == 'y' ? 6 : 4)];
    }
    bai_new_row row = {.letters = letters, .letters_length = LENGTH, .name = "", .label = label};
    row.label_length = bai_length(label);
    row.weight = 0.5 + (double)(i % 4);
    row.part = i % 5 == 4 ? BA_PART_DEV : BA_PART_TRAIN;
    const ba_status status = bai_dataset_add_row(dataset, &row);
    if (status) return status;
  }
  return BA_OK;
}

static ba_status make(fixture *f, ba_context *context, const char *recipe, int32_t rows, int32_t classes,
                      int32_t balanced, double l2) {
  const bai_objective objective = {.outputs = classes > 2 ? classes : 1, .balanced = balanced, .l2 = l2};
  *f = (fixture){.context = context};
  ba_status status = ba_dataset_create(context, NULL, &f->dataset);
  if (!status) status = add_rows(f->dataset, rows, classes);
  if (!status) status = bai_recipe_parse(context, recipe, &f->recipe);
  if (!status) status = bai_plan_create(context, bai_recipe_member(&f->recipe, 0), &f->plan);
  if (!status) status = bai_plan_lay_out(context, f->plan);
  if (!status) status = bai_uses_make(context, f->dataset, -1, 0, 1, &f->uses);
  if (!status) status = bai_problem_create(context, f->dataset, f->plan, f->uses, NULL, &objective, &f->problem);
  return status;
}

static void unmake(fixture *f) {
  bai_problem_destroy(f->problem);
  bai_free(f->context, f->uses);
  bai_plan_destroy(f->plan);
  bai_recipe_free(f->context, &f->recipe);
  ba_dataset_destroy(f->dataset);
}

static int set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

/* NULL, after the reason was checked, where there is no BLAS. */
static bai_newton *solver_of(fixture *f, const double *start) {
  bai_newton *solver = NULL;
  const ba_status status = bai_newton_create(f->context, f->problem, start, 0, &solver);
  if (status == BA_OK) return solver;
  const char *message = ba_context_error_message(f->context);
  int32_t known = 0;
  for (int32_t i = 0; i < 3; i++) known += strcmp(message, no_blas[i]) == 0;
  assert_int_equal(status, BA_ERR_UNSUPPORTED);
  assert_int_equal(known, 1);
  assert_null(solver);
  print_message("left out: %s\n", message);
  unmake(f);
  return NULL;
}

static double *zeros(int64_t n) {
  double *x = test_calloc((size_t)n, sizeof *x);
  assert_non_null(x);
  return x;
}

static double largest_entry(const double *x, int64_t n) {
  double largest = 0.0;
  for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(x[i]));
  return largest;
}

/* The least objective that L-BFGS finds. */
static double lbfgs_minimum(fixture *f) {
  const bai_kernels *kernels = bai_kernels_of(f->context);
  bai_lbfgs *solver = NULL;
  bai_lbfgs_news news = BAI_LBFGS_SEARCHING;
  double *gradient = zeros(f->problem->parameters), *start = zeros(f->problem->parameters), objective;
  assert_int_equal(bai_lbfgs_create(f->context, f->problem->parameters, 10, start, &solver), BA_OK);
  for (int32_t i = 0; i < 3000 && news != BAI_LBFGS_STUCK; i++) {
    assert_int_equal(bai_problem_evaluate(f->problem, bai_lbfgs_ask(solver), &objective, gradient), BA_OK);
    news = bai_lbfgs_tell(solver, kernels, objective, gradient);
  }
  objective = bai_lbfgs_objective(solver);
  bai_lbfgs_destroy(solver);
  test_free(gradient);
  test_free(start);
  return objective;
}

/* Steps until it is stuck; the objective never rises by more than rounding. */
static int64_t run(bai_newton *solver, int32_t most, int32_t *stuck) {
  double before = INFINITY;
  *stuck = 0;
  for (int32_t i = 0; i < most && !*stuck; i++) {
    assert_int_equal(bai_newton_step(solver, stuck), BA_OK);
    assert_true(bai_newton_objective(solver) <= before * (1.0 + 1e-15));
    before = bai_newton_objective(solver);
  }
  return bai_newton_iterations(solver);
}

static void reaches_the_minimum(ba_context *context, const char *recipe, int32_t balanced, double l2, double slope) {
  fixture f;
  assert_int_equal(make(&f, context, recipe, ROWS, 2, balanced, l2), BA_OK);
  double *start = zeros(f.problem->parameters), *gradient = zeros(f.problem->parameters), objective;
  int32_t stuck;
  bai_newton *solver = solver_of(&f, start);
  if (solver) {
    assert_in_range(run(solver, 50, &stuck), 3, 12);
    assert_int_equal(stuck, 1); /* it knows when it is there */
    assert_true(bai_newton_passes(solver) > bai_newton_iterations(solver));
    assert_true(bai_newton_objective(solver) <= lbfgs_minimum(&f) * (1.0 + 1e-9));
    /* What it says of its point is so. */
    assert_int_equal(bai_problem_evaluate(f.problem, bai_newton_point(solver), &objective, gradient), BA_OK);
    assert_true(objective == bai_newton_objective(solver));
    const double largest = largest_entry(gradient, f.problem->parameters);
    assert_true(largest == bai_newton_slope(solver));
    assert_true(largest < slope);
    bai_newton_destroy(solver);
    unmake(&f);
  }
  test_free(start);
  test_free(gradient);
  if (!solver) skip();
}

static void test_reaches_the_minimum(void **state) {
  reaches_the_minimum(*state, "Kmer(k=1..3) | Logistic()", 0, 1e-4, 1e-13);
}

static void test_reaches_the_minimum_with_balanced_classes(void **state) {
  reaches_the_minimum(*state, "Kmer(k=2, value=sqrt) + Kmer(k=3, strand=canonical) | Logistic()", 1, 1e-2, 1e-13);
}

/* More columns than our own sums take: through OpenBLAS and LAPACKE. */
static void test_reaches_the_minimum_of_a_wide_problem(void **state) {
  reaches_the_minimum(*state, "Kmer(k=5) | Logistic()", 0, 1e-3, 1e-13);
}

/* Up to 512 columns the promise of same bits holds. */
static void test_same_bits_at_every_level(void **state) {
  double first[85 + 1] = {0};
  int32_t compared = 0;
  for (int32_t level = 0; level < 3; level++) {
    for (int32_t threads = 1; threads <= 2; threads++) {
      fixture f;
      int32_t stuck;
      if (ba_context_set_cpu(*state, cpu_levels[level])) continue;
      assert_int_equal(ba_context_set_threads(*state, threads), BA_OK);
      assert_int_equal(make(&f, *state, "Kmer(k=1..3) | Logistic()", ROWS, 2, 0, 1e-4), BA_OK);
      assert_int_equal(f.problem->parameters, 85);
      double *start = zeros(f.problem->parameters);
      bai_newton *solver = NULL;
      assert_int_equal(bai_newton_create(f.context, f.problem, start, 0, &solver), BA_OK);
      run(solver, 50, &stuck);
      if (compared++ == 0) memcpy(first, bai_newton_point(solver), 85 * sizeof *first);
      assert_memory_equal(first, bai_newton_point(solver), 85 * sizeof *first);
      bai_newton_destroy(solver);
      unmake(&f);
      test_free(start);
    }
  }
  assert_true(compared >= 2);
}

/* Frequencies add up to 1, which is the intercept again: the Hessian is singular, and a ridge helps. */
static void test_reaches_the_minimum_of_a_singular_problem(void **state) {
  reaches_the_minimum(*state, "Kmer(k=1..2, value=freq, norm=none) | Logistic()", 0, 0.0, 1e-9);
}

/* A whole step d solves H d = -g, and H d is how the gradient changes along d. */
static void test_step_against_differences_of_the_gradient(void **state) {
  fixture f;
  assert_int_equal(make(&f, *state, "Kmer(k=1..2) | Logistic()", ROWS, 2, 0, 0.5), BA_OK);
  const int64_t n = f.problem->parameters;
  double *start = zeros(n), *there = zeros(n), *gradient = zeros(n), *up = zeros(n), *down = zeros(n), objective;
  int32_t stuck;
  for (int64_t i = 0; i < n; i++) start[i] = 0.25 * (double)(i % 7) - 0.75;
  bai_newton *solver = solver_of(&f, start);
  if (solver) {
    const double h = 1e-4;
    assert_int_equal(bai_newton_step(solver, &stuck), BA_OK);
    assert_int_equal(stuck, 0);
    assert_int_equal(bai_newton_passes(solver), 2); /* the whole step was taken */
    const double *end = bai_newton_point(solver);
    assert_int_equal(bai_problem_evaluate(f.problem, start, &objective, gradient), BA_OK);
    assert_true(bai_newton_start_slope(solver) == largest_entry(gradient, n));
    for (int64_t i = 0; i < n; i++) there[i] = start[i] + h * (end[i] - start[i]);
    assert_int_equal(bai_problem_evaluate(f.problem, there, &objective, up), BA_OK);
    for (int64_t i = 0; i < n; i++) there[i] = start[i] - h * (end[i] - start[i]);
    assert_int_equal(bai_problem_evaluate(f.problem, there, &objective, down), BA_OK);
    for (int64_t i = 0; i < n; i++) assert_true(fabs((up[i] - down[i]) / (2.0 * h) + gradient[i]) < 1e-7);
    bai_newton_destroy(solver);
    unmake(&f);
  }
  double *all[] = {start, there, gradient, up, down};
  for (int32_t i = 0; i < 5; i++) test_free(all[i]);
  if (!solver) skip();
}

/* Few rows, many columns, no l2: a plane parts the classes, and the objective falls towards 0 for ever. */
static void test_classes_that_can_be_parted(void **state) {
  fixture f;
  int32_t stuck;
  assert_int_equal(make(&f, *state, "Kmer(k=4) | Logistic()", 30, 2, 0, 0.0), BA_OK);
  double *start = zeros(f.problem->parameters);
  bai_newton *solver = solver_of(&f, start);
  if (solver) {
    run(solver, 30, &stuck);
    assert_true(bai_newton_objective(solver) < 1e-6);
    bai_newton_destroy(solver);
    unmake(&f);
  }
  test_free(start);
  if (!solver) skip();
}

/* With every row sure and wrong, p (1 - p) rounds to 0 and a bare Newton step would be unbounded. */
static void test_start_far_from_the_minimum(void **state) {
  fixture f;
  int32_t stuck;
  assert_int_equal(make(&f, *state, "Kmer(k=1) | Logistic()", 200, 2, 0, 1e-3), BA_OK);
  double *start = zeros(f.problem->parameters);
  for (int64_t i = 0; i < f.problem->parameters; i++) start[i] = i % 2 ? 900.0 : -900.0;
  bai_newton *solver = solver_of(&f, start);
  if (solver) {
    run(solver, 100, &stuck);
    assert_int_equal(stuck, 1);
    assert_true(bai_newton_objective(solver) <= lbfgs_minimum(&f) * (1.0 + 1e-9));
    bai_newton_destroy(solver);
    unmake(&f);
  }
  test_free(start);
  if (!solver) skip();
}

static void refused(ba_context *context, const char *recipe, int32_t classes, const char *message) {
  fixture f;
  bai_newton *solver = NULL;
  assert_int_equal(make(&f, context, recipe, 40, classes, 0, 1e-4), BA_OK);
  double *start = zeros(f.problem->parameters);
  assert_int_equal(bai_newton_create(context, f.problem, start, 0, &solver), BA_ERR_UNSUPPORTED);
  assert_null(solver);
  assert_string_equal(ba_context_error_message(context), message);
  test_free(start);
  unmake(&f);
}

static void test_refusals(void **state) {
  refused(*state, "Kmer(k=2) | Softmax()", 3, "newton is for two classes; expected solver=lbfgs for more");
  refused(*state, "Kmer(k=6) + Kmer(k=1) | Logistic()", 2,
          "newton takes at most 4096 columns, not 4100; expected solver=lbfgs");
  bai_newton_destroy(NULL);
}

static void test_cancelled(void **state) {
  fixture f;
  int32_t stuck;
  assert_int_equal(make(&f, *state, "Kmer(k=1) | Logistic()", 100, 2, 0, 1e-3), BA_OK);
  double *start = zeros(f.problem->parameters);
  bai_newton *solver = solver_of(&f, start);
  if (solver) {
    assert_int_equal(bai_newton_step(solver, &stuck), BA_OK);
    ba_context_cancel(*state);
    assert_int_equal(bai_newton_step(solver, &stuck), BA_ERR_CANCELLED);
    bai_newton_destroy(solver);
    unmake(&f);
  }
  test_free(start);
  if (!solver) skip();
}

static ba_status whole_life(ba_context *context, void *argument) {
  fixture f;
  bai_newton *solver = NULL;
  double start[32] = {0};
  int32_t stuck = 0;
  ba_status status = make(&f, context, "Kmer(k=1..2) | Logistic()", 40, 2, 0, 1e-4);
  if (!status) status = bai_newton_create(context, f.problem, start, 0, &solver);
  if (status == BA_ERR_UNSUPPORTED) { /* all that comes before is swept where there is no BLAS */
    *(int32_t *)argument = 1;
    status = BA_OK;
  }
  for (int32_t i = 0; solver && !status && i < 3; i++) status = bai_newton_step(solver, &stuck);
  bai_newton_destroy(solver);
  unmake(&f);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  int32_t without_blas = 0;
  const int64_t allocations = fault_sweep(whole_life, &without_blas);
  assert_true(allocations > (without_blas ? 10 : 20));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_reaches_the_minimum, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reaches_the_minimum_with_balanced_classes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reaches_the_minimum_of_a_wide_problem, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_same_bits_at_every_level, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_reaches_the_minimum_of_a_singular_problem, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_step_against_differences_of_the_gradient, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_classes_that_can_be_parted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_start_far_from_the_minimum, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_cancelled, set_up, tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
