/* SPDX-License-Identifier: MIT
 *
 * test_lbfgs.c: functions with known minima, at all CPU levels with the same bits; points that are not finite.
 */
#include <math.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/lbfgs.h"

typedef void (*function)(const double *x, int64_t n, double *value, double *gradient);

/* Sum of c_i (x_i - i)^2, condition number 10,000. */
static void quadratic(const double *x, int64_t n, double *value, double *gradient) {
  *value = 0.0;
  for (int64_t i = 0; i < n; i++) {
    const double c = pow(10.0, 4.0 * (double)i / (double)(n - 1)), d = x[i] - (double)i;
    *value += c * d * d;
    gradient[i] = 2.0 * c * d;
  }
}

/* Rosenbrock's function, chained; minimum 0 at ones. */
static void rosenbrock(const double *x, int64_t n, double *value, double *gradient) {
  *value = 0.0;
  for (int64_t i = 0; i < n; i++) gradient[i] = 0.0;
  for (int64_t i = 0; i + 1 < n; i++) {
    const double a = x[i + 1] - x[i] * x[i], b = 1.0 - x[i];
    *value += 100.0 * a * a + b * b;
    gradient[i] += -400.0 * a * x[i] - 2.0 * b;
    gradient[i + 1] += 200.0 * a;
  }
}

/* Finite only inside of a box of 2 around 0; minimum at the point that tan leads to. */
static void walled(const double *x, int64_t n, double *value, double *gradient) {
  *value = 0.0;
  for (int64_t i = 0; i < n; i++) {
    const double inside = 1.0 - x[i] * x[i]; /* log of a negative number: NaN */
    *value += -log(inside) - (double)(i + 1) * x[i];
    gradient[i] = 2.0 * x[i] / inside - (double)(i + 1);
  }
}

/* Minimum 0 where all are 0: not differentiable twice there, flat. */
static void fourth_power(const double *x, int64_t n, double *value, double *gradient) {
  *value = 0.0;
  for (int64_t i = 0; i < n; i++) {
    *value += x[i] * x[i] * x[i] * x[i];
    gradient[i] = 4.0 * x[i] * x[i] * x[i];
  }
}

typedef struct run {
  int64_t iterations, evaluations;
  double point[100], value, slope;
  bai_lbfgs_news news;
} run;

static run minimise(ba_context *context, function f, int64_t n, int32_t memory, const double *start, int64_t most) {
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_lbfgs *solver = NULL;
  double gradient[100], value;
  run r = {.news = BAI_LBFGS_SEARCHING};
  OK(context, bai_lbfgs_create(context, n, memory, start, &solver));
  SAME_BITS(bai_lbfgs_ask(solver), start, n);
  double before = INFINITY;
  while (r.news != BAI_LBFGS_STUCK && r.evaluations < most) {
    f(bai_lbfgs_ask(solver), n, &value, gradient);
    r.evaluations++;
    r.news = bai_lbfgs_tell(solver, kernels, value, gradient);
    assert_true(!(bai_lbfgs_objective(solver) > before)); /* never up */
    before = bai_lbfgs_objective(solver);
    if (r.news != BAI_LBFGS_SEARCHING && bai_lbfgs_slope(solver) <= 1e-9) break;
  }
  memcpy(r.point, bai_lbfgs_point(solver), (size_t)n * 8);
  r.value = bai_lbfgs_objective(solver);
  r.slope = bai_lbfgs_slope(solver);
  r.iterations = bai_lbfgs_iterations(solver);
  /* What it says of its point is so. */
  f(r.point, n, &value, gradient);
  double largest = 0.0;
  for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(gradient[i]));
  assert_true(value == r.value && largest == r.slope);
  bai_lbfgs_destroy(solver);
  return r;
}

static void test_a_quadratic(void **state) {
  const double start[50] = {0};
  const run r = minimise(*state, quadratic, 50, 10, start, 2000);
  for (int32_t i = 0; i < 50; i++) assert_true(fabs(r.point[i] - i) < 1e-6);
  assert_true(r.value < 1e-12);
}

/* With as many pairs as unknowns, few iterations. */
static void test_a_small_quadratic_is_quick(void **state) {
  const double start[3] = {5.0, -5.0, 5.0};
  const run r = minimise(*state, quadratic, 3, 10, start, 100);
  assert_true(r.slope <= 1e-9 && r.evaluations < 40);
}

static void test_rosenbrock(void **state) {
  static const int64_t sizes[] = {2, 10, 100};
  double start[100];
  for (int32_t i = 0; i < 100; i++) start[i] = i % 2 ? 1.0 : -1.2;
  for (int32_t s = 0; s < 3; s++) {
    for (int32_t memory = 1; memory < 20; memory += 9) {
      const run r = minimise(*state, rosenbrock, sizes[s], memory, start, 20000);
      /* From this start the chain has a second, local minimum from four unknowns on. */
      if (sizes[s] == 2)
        for (int32_t i = 0; i < 2; i++) assert_true(fabs(r.point[i] - 1.0) < 1e-6);
      assert_true(r.slope <= 1e-6);
    }
  }
  const double ones[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  assert_int_equal(minimise(*state, rosenbrock, 10, 5, ones, 100).evaluations, 1); /* starts at the minimum */
}

static void test_values_that_are_not_finite(void **state) {
  const double start[5] = {0}, edge[5] = {0.999, -0.999, 0.999, -0.999, 0.5};
  for (int32_t s = 0; s < 2; s++) {
    const run r = minimise(*state, walled, 5, 10, s ? edge : start, 2000);
    assert_true(r.slope <= 1e-6);
    for (int32_t i = 0; i < 5; i++) { /* 2 x / (1 - x^2) = m */
      const double m = i + 1;
      assert_true(fabs(r.point[i] - (sqrt(1.0 + m * m) - 1.0) / m) < 1e-6);
    }
  }
  /* A start that is not finite stops at once; the caller sees the slope. */
  const double outside[5] = {2.0, 0, 0, 0, 0};
  const bai_kernels *kernels = bai_kernels_of(*state);
  bai_lbfgs *solver = NULL;
  double value, gradient[5];
  OK(*state, bai_lbfgs_create(*state, 5, 4, outside, &solver));
  walled(outside, 5, &value, gradient);
  gradient[2] = NAN;
  assert_int_equal(bai_lbfgs_tell(solver, kernels, value, gradient), BAI_LBFGS_STUCK);
  assert_true(isnan(bai_lbfgs_objective(solver)) && isnan(bai_lbfgs_slope(solver)));
  bai_lbfgs_destroy(solver);
}

static void test_a_flat_minimum(void **state) {
  const double start[4] = {1.0, -2.0, 3.0, -4.0};
  const run r = minimise(*state, fourth_power, 4, 10, start, 2000);
  assert_true(r.value < 1e-8);
}

static void test_the_same_bits_at_every_level(void **state) {
  double start[100];
  run expected = {0};
  for (int32_t i = 0; i < 100; i++) start[i] = i % 3 - 1.1;
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(*state, level)) continue;
    const run r = minimise(*state, rosenbrock, 99, 7, start, 300);
    if (level == 0) expected = r;
    SAME_BITS(r.point, expected.point, 99);
    assert_int_equal(r.iterations, expected.iterations);
  }
}

static ba_status life(ba_context *context, void *argument) {
  const double start[3] = {0};
  bai_lbfgs *solver = NULL;
  (void)argument;
  const ba_status status = bai_lbfgs_create(context, 3, 4, start, &solver);
  assert_true((status == BA_OK) == (solver != NULL));
  bai_lbfgs_destroy(solver);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_int_equal(fault_sweep(life, NULL), 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_quadratic, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_small_quadratic_is_quick, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rosenbrock, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_values_that_are_not_finite, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_flat_minimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_same_bits_at_every_level, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
