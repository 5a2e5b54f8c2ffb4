/* SPDX-License-Identifier: MIT
 *
 * numbers.c: what predictions of numbers are worth. Weights count as rows: one of 3 is three rows.
 */
#include <math.h>

#include "train/metrics.h"

enum { NUMBER_N, NUMBER_RMSE, NUMBER_MAE, NUMBER_R2, NUMBER_SPEARMAN, NUMBER_DEVIANCE };
const char *const bai_number_names[BAI_NUMBERS] = {"n", "rmse", "mae", "r2", "spearman", "deviance"};

static double weight_of(const bai_predictions *in, int64_t row) {
  return in->weights ? in->weights[row] : 1.0;
}

/* Sums of one pass: weight, targets, sizes and squares of the errors. */
typedef struct sums {
  double weight, target, sizes, squares;
} sums;

static sums add_up(const bai_predictions *in) {
  sums s = {0, 0, 0, 0};
  for (int64_t i = 0; i < in->n; i++) {
    const double w = weight_of(in, i), rest = in->probabilities[i] - in->targets[i];
    s.weight += w;
    s.target += w * in->targets[i];
    s.sizes += w * (rest < 0.0 ? -rest : rest);
    s.squares += w * rest * rest;
  }
  return s;
}

/* Twice the mean of y log(y / mu) - y + mu. */
static double deviance(const bai_kernels *kernels, const bai_predictions *in, double weight) {
  double sum = 0.0;
  for (int64_t i = 0; i < in->n; i++) {
    const double y = in->targets[i], mean = in->probabilities[i];
    double ratio = y / mean;
    if (weight_of(in, i) == 0.0) continue;
    if (!(y >= 0.0) || !(mean > 0.0)) return bai_not_a_number();
    if (y > 0.0) kernels->log_f64(&ratio, &ratio, 1);
    sum += weight_of(in, i) * (y * ratio - y + mean);
  }
  return 2.0 * sum / weight;
}

/* Mean places in the order of the values; rows of equal value share theirs. */
static void rank(const bai_predictions *in, const double *values, bai_keyed *order, double *ranks) {
  double before = 0.0;
  for (int64_t i = 0; i < in->n; i++) order[i] = (bai_keyed){.key = bai_order_of_f64(values[i] + 0.0), .index = i};
  bai_sort_keyed(order, in->n);
  for (int64_t i = 0; i < in->n;) {
    int64_t end = i;
    double here = 0.0;
    for (; end < in->n && order[end].key == order[i].key; end++) here += weight_of(in, order[end].index);
    for (; i < end; i++) ranks[order[i].index] = before + 0.5 * here;
    before += here;
  }
}

/* The correlation of two columns; NaN when one is constant. */
static double correlation(const bai_predictions *in, const double *a, const double *b, double weight) {
  double mean_a = 0.0, mean_b = 0.0, ab = 0.0, aa = 0.0, bb = 0.0;
  for (int64_t i = 0; i < in->n; i++) {
    mean_a += weight_of(in, i) * a[i] / weight;
    mean_b += weight_of(in, i) * b[i] / weight;
  }
  for (int64_t i = 0; i < in->n; i++) {
    const double x = a[i] - mean_a, y = b[i] - mean_b;
    ab += weight_of(in, i) * x * y;
    aa += weight_of(in, i) * x * x;
    bb += weight_of(in, i) * y * y;
  }
  return ab / sqrt(aa * bb);
}

static ba_status spearman(ba_context *context, const bai_predictions *in, double weight, double *value) {
  bai_keyed *order = NULL;
  double *ranks = NULL;
  ba_status status = bai_alloc(context, in->n, sizeof *order, &order);
  if (!status) status = bai_alloc(context, in->n, 16, &ranks);
  if (!status) {
    rank(in, in->targets, order, ranks);
    rank(in, in->probabilities, order, ranks + in->n);
    *value = correlation(in, ranks, ranks + in->n, weight);
  }
  bai_free(context, order);
  bai_free(context, ranks);
  return status;
}

ba_status bai_measure_numbers(ba_context *context, const bai_predictions *in, double *values) {
  const double nan = bai_not_a_number();
  const sums s = add_up(in);
  double spread = 0.0;
  for (int32_t i = 0; i < BAI_NUMBERS; i++) values[i] = nan;
  if (!(s.weight > 0.0)) return BA_OK;
  for (int64_t i = 0; i < in->n; i++) {
    const double d = in->targets[i] - s.target / s.weight;
    spread += weight_of(in, i) * d * d;
  }
  values[NUMBER_RMSE] = sqrt(s.squares / s.weight);
  values[NUMBER_MAE] = s.sizes / s.weight;
  if (spread > 0.0) values[NUMBER_R2] = 1.0 - s.squares / spread;
  if (in->counts) values[NUMBER_DEVIANCE] = deviance(bai_kernels_of(context), in, s.weight);
  return spearman(context, in, s.weight, &values[NUMBER_SPEARMAN]);
}
