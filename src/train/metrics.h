/* SPDX-License-Identifier: MIT
 *
 * metrics.h: metrics for calls that are already inside.
 */
#ifndef BAI_TRAIN_METRICS_H
#define BAI_TRAIN_METRICS_H

#include "train/dataset.h"

/* What is measured: labels and the probabilities of the classes; or, without classes, numbers and what was predicted.
 */
typedef struct bai_predictions {
  int32_t classes;
  int64_t n;
  const int32_t *labels;
  const double *probabilities; /* n x classes; without classes, n predictions */
  const double *weights;       /* NULL: 1 each */
  const double *targets;       /* without classes */
  int32_t counts;              /* 1: targets are counts, so the deviance of Poisson is defined */
} bai_predictions;

/* ba_metrics_create without entering. */
ba_status bai_metrics_make(ba_context *context, const bai_predictions *in, ba_metrics **out);

/* Adds the 95 % intervals of all numbers: percentiles over `resamples` draws of n rows with replacement. The input is
 * that of bai_metrics_make. */
ba_status bai_metrics_bootstrap(ba_metrics *metrics, const bai_predictions *in, int64_t resamples, uint64_t seed);
/* numbers.c: n, rmse, mae, r2, spearman, deviance, in this order; NaN for what is not defined. */
#define BAI_NUMBERS 6
extern const char *const bai_number_names[BAI_NUMBERS];
ba_status bai_measure_numbers(ba_context *context, const bai_predictions *in, double *values);

#endif
