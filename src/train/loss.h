/* SPDX-License-Identifier: MIT
 *
 * loss.h: losses of a margin against a number. Classes have theirs in problem.c.
 */
#ifndef BAI_TRAIN_LOSS_H
#define BAI_TRAIN_LOSS_H

#include "kernels/kernels.h"

/* Those of Linear stand in the order of the words of its key `loss`. */
typedef enum bai_loss_kind {
  BAI_LOSS_CLASSES,  /* logistic or softmax */
  BAI_LOSS_SQUARED,  /* half the square */
  BAI_LOSS_HUBER,    /* the same up to delta, a straight line beyond */
  BAI_LOSS_QUANTILE, /* the pinball loss with its corner rounded: Moreau's envelope of parameter delta, which is below
                        it by at most delta/2 times the larger of quantile^2 and (1 - quantile)^2 */
  BAI_LOSS_POISSON   /* half the deviance; the margin is the log of the mean */
} bai_loss_kind;

typedef struct bai_loss {
  int32_t kind;
  double delta, quantile;
} bai_loss;

/* The loss, never below zero but for rounding, and its slope. Not for BAI_LOSS_CLASSES. */
double bai_loss_value(const bai_loss *loss, const bai_kernels *kernels, double margin, double target, double *slope);
double bai_loss_curvature(const bai_loss *loss, const bai_kernels *kernels, double margin, double target);

/* flow.c: how far a margin moves that follows d margin / d time = -slope, in closed form: a row that counts n times
 * moves it as n rows do, and it never goes beyond the least loss. Karampatziakis and Langford, "Online importance
 * weight aware updates" (UAI 2011). `time` is 0 or more. */
double bai_loss_flow(const bai_loss *loss, const bai_kernels *kernels, double margin, double target, double time);
/* The same of the logistic loss: how far the margin of the label's own side rises. */
double bai_logistic_flow(const bai_kernels *kernels, double margin, double time);

#endif
