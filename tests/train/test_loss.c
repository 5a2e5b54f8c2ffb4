/* SPDX-License-Identifier: MIT
 *
 * test_loss.c: losses by their definitions with libm; slopes and curvatures against differences; how far the rounded
 * quantile loss is from the pinball loss.
 */
#include "train/loss.h"

#include <math.h>

#include "model/making.h"

static const bai_loss losses[] = {{BAI_LOSS_SQUARED, 0, 0},       {BAI_LOSS_HUBER, 0.7, 0},
                                  {BAI_LOSS_QUANTILE, 0.5, 0.9},  {BAI_LOSS_QUANTILE, 1e-3, 0.25},
                                  {BAI_LOSS_QUANTILE, 0.01, 0.5}, {BAI_LOSS_POISSON, 0, 0}};

static double by_definition(const bai_loss *loss, double margin, double target) {
  const double rest = margin - target, q = rest < 0 ? loss->quantile : 1 - loss->quantile, size = fabs(rest);
  switch (loss->kind) {
    case BAI_LOSS_SQUARED:
      return rest * rest / 2;
    case BAI_LOSS_HUBER:
      return size <= loss->delta ? rest * rest / 2 : loss->delta * size - loss->delta * loss->delta / 2;
    case BAI_LOSS_QUANTILE:
      return size <= q * loss->delta ? rest * rest / (2 * loss->delta) : q * size - q * q * loss->delta / 2;
    default:
      return (target > 0 ? target * log(target / exp(margin)) : 0.0) - target + exp(margin);
  }
}

static void test_values_and_slopes(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  uint64_t seed = 3;
  for (size_t l = 0; l < sizeof losses / sizeof *losses; l++) {
    for (int32_t i = 0; i < 2000; i++) {
      const double h = 1e-6, margin = 2.0 * making_real(&seed);
      double target = 2.0 * making_real(&seed), slope, up, down;
      if (losses[l].kind == BAI_LOSS_POISSON) target = i % 7;
      const double value = bai_loss_value(&losses[l], kernels, margin, target, &slope);
      assert_true(fabs(value - by_definition(&losses[l], margin, target)) <= 1e-13 * (1.0 + value));
      const double above = bai_loss_value(&losses[l], kernels, margin + h, target, &up);
      const double below = bai_loss_value(&losses[l], kernels, margin - h, target, &down);
      assert_true(fabs((above - below) / (2 * h) - slope) <= (losses[l].delta == 1e-3 ? 2e-3 : 1e-6));
      /* Where the slope has no corner between the two. */
      const double curvature = bai_loss_curvature(&losses[l], kernels, margin, target);
      if (bai_loss_curvature(&losses[l], kernels, margin + h, target) != curvature ||
          bai_loss_curvature(&losses[l], kernels, margin - h, target) != curvature) {
        if (losses[l].kind != BAI_LOSS_POISSON) continue;
      }
      assert_true(fabs((up - down) / (2 * h) - curvature) <= 1e-6 * (1.0 + curvature));
    }
  }
}

static void test_the_rounded_corner(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  const double shares[] = {0.1, 0.5, 0.95};
  for (int32_t s = 0; s < 3; s++) {
    const bai_loss loss = {BAI_LOSS_QUANTILE, 0.2, shares[s]};
    const double larger = fmax(shares[s], 1 - shares[s]);
    for (double rest = -1.0; rest <= 1.0; rest += 1e-3) {
      double slope;
      const double pinball = rest < 0 ? -shares[s] * rest : (1 - shares[s]) * rest;
      const double below = pinball - bai_loss_value(&loss, kernels, rest, 0.0, &slope);
      assert_true(below >= -1e-15 && below <= 0.1 * larger * larger + 1e-15);
    }
  }
}

static void test_the_edges(void **state) {
  const bai_kernels *kernels = bai_kernels_of(*state);
  double slope;
  /* A count of zero costs its mean; a margin beyond exp is infinite, not NaN. */
  assert_true(fabs(bai_loss_value(&losses[5], kernels, -1.0, 0.0, &slope) - exp(-1.0)) < 1e-15);
  assert_true(isinf(bai_loss_value(&losses[5], kernels, 800.0, 3.0, &slope)) && isinf(slope));
  assert_true(bai_loss_value(&losses[1], kernels, 1e300, 0.0, &slope) == 0.7 * (1e300 - 0.35) && slope == 0.7);
  assert_true(bai_loss_value(&losses[0], kernels, 2.0, 2.0, &slope) == 0.0 && slope == 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_values_and_slopes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_rounded_corner, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_edges, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
