/* SPDX-License-Identifier: MIT
 *
 * test_owlqn.c: minima that are known in closed form, the conditions of a minimum where they are not, the same bits at
 * all CPU levels, and values that are not finite.
 */
#include "train/owlqn.h"

#include <math.h>

#include "model/making.h"
#include "support/fault.h"

enum { N = 40, PENALISED = 38 };

/* Sum of c_i/2 (x_i - t_i)^2: with the penalty the minimum is t_i, pulled in by l1/c_i but not beyond zero. */
static double target(int64_t i) {
  return (i % 2 ? -1.0 : 1.0) * (double)(i % 7) / 3.0;
}

static double scale(int64_t i) {
  return 1.0 + (double)(i % 5);
}

static void separable(const double *x, double *value, double *gradient) {
  *value = 0.0;
  for (int64_t i = 0; i < N; i++) {
    const double d = x[i] - target(i);
    *value += 0.5 * scale(i) * d * d;
    gradient[i] = scale(i) * d;
  }
}

/* A quadratic whose parameters hang together. */
static void coupled(const double *x, double *value, double *gradient) {
  double sum = 0.0;
  separable(x, value, gradient);
  for (int64_t i = 0; i < N; i++) sum += x[i];
  *value += 0.5 * sum * sum;
  for (int64_t i = 0; i < N; i++) gradient[i] += sum;
}

typedef struct run {
  double point[N], value, slope;
  int64_t iterations, told;
  bai_lbfgs_news news;
} run;

static run minimise(ba_context *context, void (*f)(const double *, double *, double *), double l1,
                    const double *start) {
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_owlqn *solver = NULL;
  double gradient[N], value, before = INFINITY;
  run r = {.news = BAI_LBFGS_SEARCHING};
  OK(context, bai_owlqn_create(context, N, PENALISED, l1, 5, start, &solver));
  SAME_BITS(bai_owlqn_ask(solver), start, N);
  while (r.news != BAI_LBFGS_STUCK && r.told < 3000) {
    f(bai_owlqn_ask(solver), &value, gradient);
    r.told++;
    r.news = bai_owlqn_tell(solver, kernels, value, gradient);
    assert_true(!(bai_owlqn_objective(solver) > before)); /* never up */
    before = bai_owlqn_objective(solver);
    if (bai_owlqn_slope(solver) <= 1e-6) break;
  }
  memcpy(r.point, bai_owlqn_point(solver), sizeof r.point);
  r.value = bai_owlqn_objective(solver);
  r.slope = bai_owlqn_slope(solver);
  r.iterations = bai_owlqn_iterations(solver);
  bai_owlqn_destroy(solver);
  return r;
}

static void test_a_closed_form(void **state) {
  static const double penalties[] = {0.01, 0.7, 2.0, 1000.0};
  double start[N] = {0}, away[N];
  for (int64_t i = 0; i < N; i++) away[i] = (double)(i % 3) - 1.2;
  for (int32_t p = 0; p < 4; p++) {
    for (int32_t s = 0; s < 2; s++) {
      const run r = minimise(*state, separable, penalties[p], s ? away : start);
      int32_t zeros = 0;
      if (!(r.slope <= 1e-6 && r.told < 500))
        fail_msg("penalty %g start %d: slope %g after %d", penalties[p], s, r.slope, (int)r.told);
      for (int64_t i = 0; i < N; i++) {
        const double pull = i < PENALISED ? penalties[p] / scale(i) : 0.0, size = fabs(target(i));
        const double expected = size > pull ? copysign(size - pull, target(i)) : 0.0;
        if (expected == 0.0 && i < PENALISED) assert_true(r.point[i] == 0.0); /* zero, not nearly so */
        assert_true(fabs(r.point[i] - expected) < 2e-6);
        zeros += r.point[i] == 0.0;
      }
      if (p == 3) assert_true(zeros >= PENALISED);
    }
  }
}

/* At a minimum no entry of the gradient is larger than l1 where the point is zero, and -l1 times its sign elsewhere. */
static void test_the_conditions_of_a_minimum(void **state) {
  const double start[N] = {0};
  double gradient[N], value, sizes = 0.0;
  const run r = minimise(*state, coupled, 0.5, start);
  coupled(r.point, &value, gradient);
  for (int64_t i = 0; i < N; i++) {
    const double x = r.point[i];
    if (i >= PENALISED)
      assert_true(fabs(gradient[i]) < 2e-6);
    else if (x == 0.0)
      assert_true(fabs(gradient[i]) <= 0.5 + 2e-6);
    else
      assert_true(fabs(gradient[i] + copysign(0.5, x)) < 2e-6);
    if (i < PENALISED) sizes += fabs(x);
  }
  assert_true(fabs(value + 0.5 * sizes - r.value) < 1e-12 * r.value);
  /* From its own minimum there is nothing to do. */
  assert_int_equal(minimise(*state, coupled, 0.5, r.point).told, 1);
}

static void test_values_that_are_not_finite(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  const double start[2] = {0, 0};
  bai_owlqn *solver = NULL;
  double gradient[2] = {NAN, 1.0};
  OK(*state, bai_owlqn_create(*state, 2, 1, 0.1, 3, start, &solver));
  assert_int_equal(bai_owlqn_tell(solver, kernels, 1.0, gradient), BAI_LBFGS_STUCK);
  assert_true(isnan(bai_owlqn_slope(solver)));
  bai_owlqn_destroy(solver);
  /* A value that is not finite on the way makes the step shorter. */
  OK(*state, bai_owlqn_create(*state, 2, 1, 0.1, 3, start, &solver));
  gradient[0] = 5.0;
  assert_int_equal(bai_owlqn_tell(solver, kernels, 1.0, gradient), BAI_LBFGS_ADVANCED);
  const double first = bai_owlqn_ask(solver)[0];
  assert_int_equal(bai_owlqn_tell(solver, kernels, INFINITY, gradient), BAI_LBFGS_SEARCHING);
  assert_true(bai_owlqn_ask(solver)[0] == 0.5 * first);
  assert_int_equal(bai_owlqn_tell(solver, kernels, NAN, gradient), BAI_LBFGS_SEARCHING);
  assert_true(bai_owlqn_point(solver)[0] == 0.0 && bai_owlqn_objective(solver) == 1.0);
  bai_owlqn_destroy(solver);
}

static void test_the_same_bits_at_every_level(void **state) {
  const double start[N] = {0};
  run expected = {0};
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(*state, level)) continue;
    const run r = minimise(*state, coupled, 0.3, start);
    if (level == 0) expected = r;
    SAME_BITS(r.point, expected.point, N);
    assert_int_equal(r.told, expected.told);
  }
}

static ba_status life(ba_context *context, void *argument) {
  const double start[3] = {0};
  bai_owlqn *solver = NULL;
  (void)argument;
  const ba_status status = bai_owlqn_create(context, 3, 2, 0.1, 4, start, &solver);
  assert_true((status == BA_OK) == (solver != NULL));
  bai_owlqn_destroy(solver);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_closed_form, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_conditions_of_a_minimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_values_that_are_not_finite, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_same_bits_at_every_level, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
