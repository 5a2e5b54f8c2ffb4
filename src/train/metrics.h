/* SPDX-License-Identifier: MIT
 *
 * metrics.h: metrics for calls that are already inside.
 */
#ifndef BAI_TRAIN_METRICS_H
#define BAI_TRAIN_METRICS_H

#include "train/dataset.h"

/* ba_metrics_create without entering. */
ba_status bai_metrics_make(ba_context *context, int32_t classes, int64_t n, const int32_t *labels,
                           const double *probabilities, const double *weights, ba_metrics **out);

/* Adds the 95 % intervals of all numbers: percentiles over `resamples` draws of n rows with replacement. The input is
 * that of bai_metrics_make. */
ba_status bai_metrics_bootstrap(ba_metrics *metrics, int64_t n, const int32_t *labels, const double *probabilities,
                                const double *weights, int64_t resamples, uint64_t seed);

#endif
