/* SPDX-License-Identifier: MIT
 *
 * test_flow.c: closed-form updates against the differential equation that they solve, and what follows from it: a row
 * of weight n moves a margin as n rows do, and never beyond the least loss.
 */
#include <float.h>
#include <math.h>

#include "model/making.h"
#include "train/loss.h"

enum { LOGISTIC = -1 };

static const bai_loss losses[] = {{LOGISTIC, 0, 0},         {BAI_LOSS_SQUARED, 0, 0},
                                  {BAI_LOSS_HUBER, 0.7, 0}, {BAI_LOSS_QUANTILE, 0.5, 0.9},
                                  {BAI_LOSS_POISSON, 0, 0}, {BAI_LOSS_QUANTILE, 0.1, 0.25}};
#define LOSSES (int32_t)(sizeof losses / sizeof *losses)

/* The logistic loss of the label's own side; targets do not matter to it. */
static double flow(const bai_kernels *kernels, const bai_loss *loss, double margin, double target, double time) {
  return loss->kind == LOGISTIC ? bai_logistic_flow(kernels, margin, time)
                                : bai_loss_flow(loss, kernels, margin, target, time);
}

static double slope(const bai_loss *loss, double margin, double target) {
  const double rest = margin - target, q = rest < 0 ? loss->quantile : 1 - loss->quantile;
  switch (loss->kind) {
    case LOGISTIC:
      return -1 / (1 + exp(margin));
    case BAI_LOSS_SQUARED:
      return rest;
    case BAI_LOSS_HUBER:
      return fmax(-loss->delta, fmin(loss->delta, rest));
    case BAI_LOSS_QUANTILE:
      return fmax(-q, fmin(q, rest / loss->delta));
    default:
      return exp(margin) - target;
  }
}

/* Runge and Kutta's fourth-order steps. */
static double integrated(const bai_loss *loss, double margin, double target, double time, int32_t steps) {
  const double h = time / steps;
  double at = margin;
  for (int32_t i = 0; i < steps; i++) {
    const double a = -slope(loss, at, target), b = -slope(loss, at + h / 2 * a, target),
                 c = -slope(loss, at + h / 2 * b, target), d = -slope(loss, at + h * c, target);
    at += h / 6 * (a + 2 * b + 2 * c + d);
  }
  return at - margin;
}

static double drawn_target(const bai_loss *loss, uint64_t *seed) {
  return loss->kind == BAI_LOSS_POISSON ? (double)(making_bits(seed) % 5) : 2 * making_real(seed);
}

static void test_it_solves_the_equation(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  uint64_t seed = 1;
  for (int32_t l = 0; l < LOSSES; l++) {
    for (int32_t i = 0; i < 60; i++) {
      const double margin = 3 * making_real(&seed), target = drawn_target(&losses[l], &seed);
      const double time = 3 * fabs(making_real(&seed));
      const double expected = integrated(&losses[l], margin, target, time, 20000);
      /* Where the slope has a corner, a step is off by the square of its length. */
      const double off = fabs(flow(kernels, &losses[l], margin, target, time) - expected);
      if (off > (losses[l].delta > 0 ? 1e-7 : 1e-10)) fail_msg("loss %d: off by %g", (int)l, off);
    }
  }
}

static void test_times_add_up(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  uint64_t seed = 2;
  for (int32_t l = 0; l < LOSSES; l++) {
    for (int32_t i = 0; i < 2000; i++) {
      const double margin = (i % 2 ? 3 : 30) * making_real(&seed), target = drawn_target(&losses[l], &seed);
      const double time = (i % 3 ? 1 : 50) * fabs(making_real(&seed));
      const int32_t count = 2 + i % 5;
      double at = margin;
      for (int32_t k = 0; k < count; k++) at += flow(kernels, &losses[l], at, target, time);
      const double whole = margin + flow(kernels, &losses[l], margin, target, count * time);
      if (fabs(whole - at) > 1e-10 * (1 + fabs(at))) fail_msg("loss %d: %.17g, %.17g", (int)l, whole, at);
    }
  }
}

/* At first it goes down the slope; after any time it is not beyond the least loss. */
static void test_beginning_and_end(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  uint64_t seed = 3;
  for (int32_t l = 0; l < LOSSES; l++) {
    for (int32_t i = 0; i < 500; i++) {
      const double margin = 3 * making_real(&seed), target = drawn_target(&losses[l], &seed);
      const double down = -slope(&losses[l], margin, target);
      assert_true(fabs(flow(kernels, &losses[l], margin, target, 1e-7) / 1e-7 - down) <= 1e-5 * (1 + fabs(down)));
      assert_true(fabs(flow(kernels, &losses[l], margin, target, 0.0)) <= 1e-15);
      const double end = margin + flow(kernels, &losses[l], margin, target, 1e6);
      if (losses[l].kind == LOGISTIC)
        assert_true(end > 13 && end < 14); /* log(1e6) */
      else if (losses[l].kind == BAI_LOSS_POISSON)
        assert_true(fabs(end - (target > 0 ? log(target) : -log(exp(-margin) + 1e6))) < 1e-9);
      else
        assert_true(fabs(end - target) <= 1e-12);
    }
  }
}

static void test_far_from_zero(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  assert_true(bai_logistic_flow(kernels, -1000, 10) == 10);
  assert_true(fabs(bai_logistic_flow(kernels, -1000, 1010) - (1000 + log(10 - log(10)))) < 0.2);
  assert_true(bai_logistic_flow(kernels, 1000, 10) == 0);
  assert_true(bai_logistic_flow(kernels, INFINITY, 10) == 0);
  for (double margin = 35.9; margin < 36.1; margin += 0.01) /* two formulas meet at 36 */
    assert_true(fabs(bai_logistic_flow(kernels, margin, 1e17) - log1p(1e17 * exp(-margin))) < 1e-12);
  assert_true(bai_logistic_flow(kernels, 0, DBL_MAX) < 710);
}

static void test_levels(void **state) {
  double first[4096];
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(*state, level)) continue;
    const bai_kernels *kernels = bai_kernels_of(*state);
    uint64_t seed = 4;
    for (int32_t i = 0; i < 4096; i++) {
      const bai_loss *loss = &losses[i % LOSSES];
      const double margin = 40 * making_real(&seed), target = drawn_target(loss, &seed);
      const double moved = flow(kernels, loss, margin, target, 5 * fabs(making_real(&seed)));
      if (level == 0) first[i] = moved;
      SAME_BITS(&first[i], &moved, 1);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_it_solves_the_equation, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_times_add_up, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_beginning_and_end, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_far_from_zero, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_levels, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
