/* SPDX-License-Identifier: MIT
 *
 * calibration.c: from scores to probabilities that mean what they say, and to sets of classes.
 */
#include <string.h>

#include "model/model.h"

void bai_calibration_free(ba_context *context, bai_calibration *calibration) {
  bai_free(context, calibration->at);
  bai_free(context, calibration->value);
  bai_free(context, calibration->strangeness);
  memset(calibration, 0, sizeof *calibration);
}

/* The height at x of straight lines between the knots. */
static double height(const bai_calibration *c, double x) {
  int64_t low = 0, high = c->knots - 1;
  if (!(x > c->at[low])) return c->value[low];
  if (x >= c->at[high]) return c->value[high];
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (c->at[middle] <= x)
      low = middle;
    else
      high = middle;
  }
  return c->value[low] + (c->value[high] - c->value[low]) * ((x - c->at[low]) / (c->at[high] - c->at[low]));
}

void bai_model_probabilities(const bai_kernels *kernels, const ba_model *model, const double *scores,
                             double *probabilities) {
  const bai_calibration *c = &model->calibration;
  if (model->classes == 0) {
    probabilities[0] = scores[0];
    if (model->log_link) kernels->exp_f64(probabilities, scores, 1);
    return;
  }
  if (c->method == BAI_CALIBRATION_ISOTONIC) {
    probabilities[1] = height(c, scores[0]);
    probabilities[0] = 1.0 - probabilities[1];
  } else if (c->method == BAI_CALIBRATION_NONE) {
    bai_probabilities(kernels, model->classes, scores, probabilities);
  } else if (model->outputs == 1) {
    const double score = c->slope * scores[0] + c->intercept;
    bai_probabilities(kernels, model->classes, &score, probabilities);
  } else {
    /* There is one output a class: the probabilities have room for the scaled scores. */
    for (int32_t o = 0; o < model->outputs; o++) probabilities[o] = c->slope * scores[o];
    bai_probabilities(kernels, model->classes, probabilities, probabilities);
  }
}

double ba_model_conformal_threshold(const ba_model *model, double coverage) {
  const double none = bai_not_a_number();
  if (!model || model->calibration.rows == 0 || !(coverage > 0.0 && coverage < 1.0)) return none;
  const int64_t n = model->calibration.rows;
  /* The smallest whole number that is at least (n + 1) coverage. */
  const double exact = (double)(n + 1) * coverage;
  int64_t rank = (int64_t)exact;
  rank += (double)rank < exact;
  if (rank > n) return 0.0;
  return 1.0 - model->calibration.strangeness[rank - 1];
}
