/* SPDX-License-Identifier: MIT
 *
 * predict_sequence.c: the public call that scores one sequence where it stands, for whoever has one at a time.
 */
#include "model/scorer.h"

static ba_status score_letters(ba_scorer *scorer, const char *letters, int64_t length, const char *quality,
                               double *scores, double *probabilities) {
  const bai_kernels *kernels = bai_kernels_of(scorer->context);
  const ba_model *model = scorer->model;
  ba_status status = bai_scorer_reserve(scorer, 1, length);
  if (status) return status;
  bai_lane *lane = &scorer->lanes[0];
  double *to = scores ? scores : lane->scores;
  lane->symbols = (const uint8_t *)quality;
  status = bai_lane_score(kernels, model, lane, letters, length, to);
  lane->symbols = NULL;
  if (status) return bai_scorer_explain(scorer, status, -1, letters, length);
  if (probabilities) bai_model_probabilities(kernels, model, to, probabilities);
  if (lane->drift) bai_drift_count(&model->drift, letters, length, to, lane->drift);
  return BA_OK;
}

/* Symbols look up a table, so a wrong one must not reach it. */
static ba_status check_quality(ba_context *context, const char *quality, int64_t length) {
  for (int64_t i = 0; quality && i < length; i++)
    if (quality[i] < '!' || quality[i] > '~')
      return bai_fail_at(context, BA_ERR_FORMAT, -1, i, "byte 0x%02x among the qualities; expected '!' to '~'",
                         (unsigned)(uint8_t)quality[i]);
  return BA_OK;
}

ba_status ba_scorer_predict_sequence(ba_scorer *scorer, const char *letters, int64_t length, const char *quality,
                                     double *scores, double *probabilities) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (length < 0 || (length > 0 && !letters))
    status = bai_fail(context, BA_ERR_ARGUMENT, "predict_sequence: expected letters, and how many there are");
  if (!status) status = bai_model_check_letters(context, scorer->model, "predict_sequence");
  if (!status) status = check_quality(context, quality, length);
  if (!status) status = score_letters(scorer, letters, length, quality, scores, probabilities);
  return bai_leave(context, status);
}
