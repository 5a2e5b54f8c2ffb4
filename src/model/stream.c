/* SPDX-License-Identifier: MIT
 *
 * stream.c: a model over a stream: its columns row by row, and the score of the row that came last.
 */
#include "features/stream.h"

#include "model/scorer.h"

/* A member's columns, but nothing of its weights and scales. */
static ba_status make_plan(ba_context *context, const bai_pipeline *pipeline, const bai_member *member,
                           bai_plan **out) {
  const bai_fitted fitted = {-1, &member->plan->inputs, NULL};
  ba_status status = bai_plan_create(context, pipeline, out);
  if (!status) status = bai_plan_take_fit(context, *out, &fitted);
  return status;
}

static ba_status open_stream(ba_context *context, const ba_model *model, const char *options, ba_stream **out) {
  bai_recipe parsed = {{0, 0, 0}};
  bai_plan *plans[BAI_MOST_MEMBERS] = {NULL};
  ba_status status = bai_recipe_parse(context, model->recipe, &parsed);
  for (int32_t m = 0; !status && m < model->member_count; m++)
    status = make_plan(context, bai_recipe_member(&parsed, m), &model->members[m], &plans[m]);
  for (int32_t m = 0; status && m < model->member_count; m++) bai_plan_destroy(plans[m]);
  if (!status) status = bai_stream_make(context, plans, &parsed, options, out);
  if (!status) (*out)->model = model->digest;
  bai_recipe_free(context, &parsed);
  return status;
}

ba_status ba_model_open_stream(ba_context *context, const ba_model *model, const char *options, ba_stream **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (out) *out = NULL;
  if (!model || !out)
    status = bai_fail(context, BA_ERR_ARGUMENT, "stream: expected a model and a place for the result");
  if (!status && ba_model_inputs(model) == 0)
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "stream: the model reads sequences; expected one of tables");
  if (!status) status = open_stream(context, model, options, out);
  return bai_leave(context, status);
}

static ba_status predict(ba_scorer *scorer, const ba_stream *stream, double *scores, double *probabilities) {
  const ba_model *model = scorer->model;
  const bai_kernels *kernels = bai_kernels_of(scorer->context);
  bai_lane *lane = &scorer->lanes[0];
  double *to = scores ? scores : scorer->scores;
  for (int32_t o = 0; !stream->has_row && o < model->outputs; o++) to[o] = bai_not_a_number();
  for (int32_t a = 0; !stream->has_row && probabilities && a < model->answers; a++)
    probabilities[a] = bai_not_a_number();
  if (!stream->has_row) return BA_OK;
  lane->inputs = stream->row;
  lane->symbols = NULL;
  const ba_status status = bai_lane_score_codes(kernels, model, lane, 0, 0, to);
  if (status) return bai_lane_explain(scorer->context, lane, status, -1, 0);
  if (probabilities) bai_model_probabilities(kernels, model, to, probabilities);
  bai_scorer_watch(scorer, to);
  return BA_OK;
}

ba_status ba_scorer_predict_stream(ba_scorer *scorer, const ba_stream *stream, double *scores, double *probabilities) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(scorer->context);
  if (status) return status;
  if (!stream || stream->model != scorer->model->digest)
    status =
        bai_fail(scorer->context, BA_ERR_ARGUMENT, "predict_stream: expected a stream that was opened on the model");
  if (!status) status = predict(scorer, stream, scores, probabilities);
  return bai_leave(scorer->context, status);
}
