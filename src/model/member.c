/* SPDX-License-Identifier: MIT
 *
 * member.c: a member of an ensemble as a model of its own, for whoever wants its columns, weights or scores.
 */
#include <string.h>

#include "model/model.h"

int32_t ba_model_members(const ba_model *model) {
  return model ? model->member_count : 0;
}

static ba_status member_recipe(ba_context *context, const ba_model *model, int32_t index, bai_vector *text) {
  bai_recipe parsed = {{0, 0, 0}};
  ba_status status = bai_recipe_parse(context, model->recipe, &parsed);
  if (!status) status = bai_pipeline_write(context, bai_recipe_member(&parsed, index), 1, text);
  bai_recipe_free(context, &parsed);
  return status;
}

static void copy_member(bai_member *to, const bai_member *from, int32_t outputs) {
  memcpy(to->weights, from->weights, (size_t)(from->units * from->plan->width) * 4);
  memcpy(to->exponents, from->exponents, (size_t)from->units * (size_t)from->plan->block_count * 4);
  memcpy(to->intercepts, from->intercepts, (size_t)(from->hidden + outputs) * 8);
  if (from->hidden) memcpy(to->head, from->head, (size_t)from->hidden * (size_t)outputs * 8);
  if (from->plan->real_width) memcpy(to->reals, from->reals, (size_t)from->units * (size_t)from->plan->real_width * 8);
  if (from->net.layer_count)
    memcpy(to->parameters, from->parameters, (size_t)(from->net.copies * from->net.parameters) * 4);
  bai_member_prepare(to);
}

static ba_status take_member(ba_context *context, const ba_model *model, int32_t index, ba_model **out) {
  const bai_member *member = &model->members[index];
  const bai_plan *plan = member->plan;
  const bai_fitted fitted = {plan->needs_fit ? plan->fitted_length : -1,
                             plan->inputs.items.count ? &plan->inputs : NULL, plan->fill};
  bai_vector recipe = {0, 0, 0};
  ba_status status = member_recipe(context, model, index, &recipe);
  if (!status) status = bai_model_open(context, recipe.data, &fitted, model->classes, out);
  bai_vector_free(context, &recipe);
  if (status) return status;
  ba_model *made = *out;
  const int64_t provenance = bai_length(model->provenance) + 1;
  copy_member(&made->members[0], member, model->outputs);
  status = bai_alloc(context, model->class_names_length, 1, &made->class_names);
  if (!status) {
    memcpy(made->class_names, model->class_names, (size_t)model->class_names_length);
    made->class_names_length = model->class_names_length;
    status = bai_alloc(context, provenance, 1, &made->provenance);
  }
  if (!status) memcpy(made->provenance, model->provenance, (size_t)provenance);
  if (!status) status = bai_golden_make(context, made, 0);
  return status ? status : bai_model_complete(context, made);
}

ba_status ba_model_member(ba_context *context, ba_model *model, int32_t index, ba_model **out, double *factor) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (out) *out = NULL;
  if (!model || !out || index < 0 || index >= model->member_count)
    return bai_leave(context, bai_fail(context, BA_ERR_ARGUMENT, "member %d; expected a model, 0 to %d, and a place",
                                       index, ba_model_members(model) - 1));
  if (factor) *factor = model->factors ? model->factors[index] : 1.0;
  if (model->member_count == 1) {
    *out = ba_model_retain(model);
    return bai_leave(context, BA_OK);
  }
  status = take_member(context, model, index, out);
  if (status) {
    ba_model_release(*out);
    *out = NULL;
  }
  return bai_leave(context, status);
}
