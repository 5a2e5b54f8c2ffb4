/* SPDX-License-Identifier: MIT
 *
 * loss.c: losses of a margin against a number, their slopes and curvatures.
 */
#include "train/loss.h"

double bai_loss_value(const bai_loss *loss, const bai_kernels *kernels, double margin, double target, double *slope) {
  const double rest = margin - target, size = rest < 0.0 ? -rest : rest;
  double mean, logarithm = 0.0;
  switch (loss->kind) {
    case BAI_LOSS_SQUARED:
      *slope = rest;
      return 0.5 * rest * rest;
    case BAI_LOSS_HUBER:
      *slope = size <= loss->delta ? rest : rest < 0.0 ? -loss->delta : loss->delta;
      return size <= loss->delta ? 0.5 * rest * rest : loss->delta * (size - 0.5 * loss->delta);
    case BAI_LOSS_QUANTILE: {
      /* What a margin that is too small costs, and one that is too large. */
      const double share = rest < 0.0 ? loss->quantile : 1.0 - loss->quantile, knee = share * loss->delta;
      *slope = size <= knee ? rest / loss->delta : rest < 0.0 ? -share : share;
      return size <= knee ? 0.5 * rest * rest / loss->delta : share * (size - 0.5 * knee);
    }
    default: /* half the deviance of a Poisson count */
      kernels->exp_f64(&mean, &margin, 1);
      if (target > 0.0) kernels->log_f64(&logarithm, &target, 1);
      *slope = mean - target;
      return mean - target + target * (logarithm - margin);
  }
}

double bai_loss_curvature(const bai_loss *loss, const bai_kernels *kernels, double margin, double target) {
  const double rest = margin - target, size = rest < 0.0 ? -rest : rest;
  double mean;
  switch (loss->kind) {
    case BAI_LOSS_SQUARED:
      return 1.0;
    case BAI_LOSS_HUBER:
      return size <= loss->delta ? 1.0 : 0.0;
    case BAI_LOSS_QUANTILE:
      return size <= (rest < 0.0 ? loss->quantile : 1.0 - loss->quantile) * loss->delta ? 1.0 / loss->delta : 0.0;
    default:
      kernels->exp_f64(&mean, &margin, 1);
      return mean;
  }
}
