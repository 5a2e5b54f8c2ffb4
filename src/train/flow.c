/* SPDX-License-Identifier: MIT
 *
 * flow.c: losses followed downhill for a time, in closed form.
 */
#include "train/loss.h"

#define CERTAIN 36.0 /* above, the slope is exp(-margin) to the last bit */
#define MOST_TURNS 60

/* A slope of `most` down to `knee`, then one that shrinks with the rest by `decay`: a straight way and a decay. */
static double down_to_zero(const bai_kernels *kernels, double rest, double knee, double decay, double time) {
  const double straight = rest > knee ? (rest - knee) / (knee * decay) : 0.0;
  if (time <= straight) return knee * decay * time;
  const double exponent = (straight - time) * decay;
  double share;
  kernels->exp_f64(&share, &exponent, 1);
  return rest - (rest > knee ? knee : rest) * share;
}

/* exp(-margin) goes to 1 / target: it becomes left exp(-margin) + (1 - left) / target, left = exp(-target time). */
static double poisson(const bai_kernels *kernels, double margin, double target, double time) {
  const double span = target * time, exponent = -span;
  double mean, left, sum;
  kernels->exp_f64(&mean, &margin, 1);
  kernels->exp_f64(&left, &exponent, 1);
  sum = left + mean * (span < 1e-4 ? time * (1.0 - span * (0.5 - span / 6.0)) : (1.0 - left) / target);
  kernels->log_f64(&sum, &sum, 1);
  return -sum;
}

double bai_loss_flow(const bai_loss *loss, const bai_kernels *kernels, double margin, double target, double time) {
  const double rest = margin - target, size = rest < 0.0 ? -rest : rest;
  double moved;
  switch (loss->kind) {
    case BAI_LOSS_SQUARED:
      moved = down_to_zero(kernels, size, size, 1.0, time);
      break;
    case BAI_LOSS_HUBER:
      moved = down_to_zero(kernels, size, loss->delta, 1.0, time);
      break;
    case BAI_LOSS_QUANTILE: {
      const double share = rest < 0.0 ? loss->quantile : 1.0 - loss->quantile;
      moved = down_to_zero(kernels, size, share * loss->delta, 1.0 / loss->delta, time);
      break;
    }
    default:
      return poisson(kernels, margin, target, time);
  }
  return rest < 0.0 ? moved : -moved;
}

/* margin + exp(margin) grows by the time. Newton's method comes to it from the right and cannot go past it. */
double bai_logistic_flow(const bai_kernels *kernels, double margin, double time) {
  const double back = -margin;
  double power, at;
  if (margin > CERTAIN) {
    kernels->exp_f64(&power, &back, 1);
    power = 1.0 + time * power;
    kernels->log_f64(&at, &power, 1);
    return at;
  }
  kernels->exp_f64(&power, &margin, 1);
  const double sum = margin + power + time;
  at = sum;
  if (sum > 1.0) kernels->log_f64(&at, &sum, 1);
  for (int32_t turn = 0; turn < MOST_TURNS; turn++) {
    kernels->exp_f64(&power, &at, 1);
    const double next = at - (at + power - sum) / (1.0 + power);
    if (!(next < at)) break;
    at = next;
  }
  return at > margin ? at - margin : 0.0;
}
