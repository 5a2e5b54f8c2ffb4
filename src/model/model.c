/* SPDX-License-Identifier: MIT
 *
 * model.c: making a model from fitted weights, and what can be asked of it.
 */
#include "model/model.h"

#include <string.h>

#include "model/net_recipe.h"

/* The largest power of two that keeps |weight| 2^e within 31 bits after rounding. */
static int32_t exponent_for(const double *weights, int64_t n) {
  double largest = 0.0;
  for (int64_t i = 0; i < n; i++) {
    const double size = weights[i] < 0 ? -weights[i] : weights[i];
    if (size > largest) largest = size;
  }
  if (largest == 0.0) return 0;
  const int32_t power = (int32_t)(bai_bits_of_f64(largest) >> 52) - 1023; /* largest < 2^(power + 1) */
  int32_t exponent = 30 - power;
  if (exponent > 1000) exponent = 1000;
  /* A mantissa of ones may round up to 2^31. */
  if (bai_scale_by_power(largest, exponent) >= 2147483647.5) exponent--;
  return exponent;
}

static int32_t round_to_int(double value) {
  const int64_t down = (int64_t)value; /* towards zero; |value| < 2^31 */
  const double rest = value - (double)down;
  if (rest > 0.5 || (rest == 0.5 && (down & 1))) return (int32_t)(down + 1);
  if (rest < -0.5 || (rest == -0.5 && (down & 1))) return (int32_t)(down - 1);
  return (int32_t)down;
}

static int32_t all_finite_f32(const float *values, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (!(values[i] - values[i] == 0.0f)) return 0;
  return 1;
}

static int32_t all_finite(const double *values, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (!(values[i] - values[i] == 0.0)) return 0;
  return 1;
}

/* Weights of one unit's block, side by side. */
static void round_block(bai_member *member, int32_t unit, int32_t b, const double *weights) {
  const bai_block *block = &member->plan->blocks[b];
  const int64_t step = bai_member_step(member);
  if (block->real) {
    memcpy(member->reals + unit * member->plan->real_width + block->real_first, weights, (size_t)block->width * 8);
    return;
  }
  const int32_t exponent = exponent_for(weights, block->width);
  int32_t *to = member->weights + (bai_member_unit(member, unit) - member->weights) + block->first * step;
  member->exponents[unit * member->plan->block_count + b] = exponent;
  for (int64_t i = 0; i < block->width; i++) to[i * step] = round_to_int(bai_scale_by_power(weights[i], exponent));
}

static void round_weights(bai_member *member, const double *weights) {
  for (int32_t u = 0; u < member->units; u++)
    for (int32_t b = 0; b < member->plan->block_count; b++)
      round_block(member, u, b, weights + u * member->plan->width + member->plan->blocks[b].first);
}

/* A weight of the joint network of all copies: hidden units stand side by side, linear functions are averaged. */
static double joint_weight(const bai_member *member, const float *parameters, int64_t column, int32_t unit) {
  const bai_net *net = &member->net;
  double sum = 0.0;
  if (unit < member->hidden)
    return (double)parameters[unit / net->hidden * net->parameters + column * net->units + unit % net->hidden];
  for (int32_t c = 0; c < net->copies; c++)
    sum += (double)parameters[c * net->parameters + column * net->units + net->hidden + unit - member->hidden];
  return sum / net->copies;
}

/* The rest of it: what is made of hidden units is shared out among the copies. */
static void join_heads(bai_member *member, const float *parameters) {
  const bai_net *net = &member->net;
  const int32_t outputs = net->outputs;
  for (int32_t c = 0; c < net->copies; c++, parameters += net->parameters) {
    const int64_t first = (int64_t)c * net->hidden;
    for (int64_t j = 0; j < net->hidden; j++)
      member->intercepts[first + j] = (double)parameters[net->hidden_biases + j];
    for (int64_t i = 0; i < (int64_t)net->hidden * outputs; i++)
      member->head[first * outputs + i] = (double)parameters[net->output_weights + i] / net->copies;
    for (int32_t o = 0; o < outputs; o++)
      member->intercepts[member->hidden + o] += (double)parameters[net->output_biases + o] / net->copies;
  }
}

static ba_status take_columns(ba_context *context, bai_member *member, const float *parameters) {
  const bai_plan *plan = member->plan;
  int64_t widest = 0;
  double *weights;
  for (int32_t b = 0; b < plan->block_count; b++)
    if (plan->blocks[b].width > widest) widest = plan->blocks[b].width;
  const ba_status status = bai_alloc(context, widest, 8, &weights);
  if (status) return status;
  for (int32_t u = 0; u < member->units; u++) {
    for (int32_t b = 0; b < plan->block_count; b++) {
      for (int64_t i = 0; i < plan->blocks[b].width; i++)
        weights[i] = joint_weight(member, parameters, plan->blocks[b].first + i, u);
      round_block(member, u, b, weights);
    }
  }
  join_heads(member, parameters);
  bai_free(context, weights);
  return BA_OK;
}

static ba_status copy_text(ba_context *context, const char *text, char **out) {
  const int64_t n = bai_length(text) + 1;
  const ba_status status = bai_alloc(context, n, 1, out);
  if (!status) memcpy(*out, text, (size_t)n);
  return status;
}

void bai_member_prepare(bai_member *member) {
  const bai_net *net = &member->net;
  if (member->hidden) bai_hidden_prepare(member);
  for (int32_t c = 0; net->layer_count && c < net->copies; c++)
    bai_net_make_tables(net, 0, member->parameters + c * net->parameters,
                        member->tables + c * bai_net_table_size(net, 0));
}

static ba_status open_network(ba_context *context, bai_member *member) {
  const bai_net *net = &member->net;
  const ba_status status = bai_alloc_zero(context, net->copies * net->parameters, 4, &member->parameters);
  return status ? status : bai_alloc_zero(context, net->copies * bai_net_table_size(net, 0), 4, &member->tables);
}

static ba_status open_member(ba_context *context, const bai_pipeline *pipeline, const bai_fitted *fitted,
                             int32_t outputs, bai_member *member) {
  ba_status status = bai_net_of_pipeline(context, pipeline, outputs, &member->net);
  if (!status) status = bai_plan_create(context, bai_net_columns(&member->net, pipeline), &member->plan);
  if (!status && member->net.layer_count) status = open_network(context, member);
  if (!status && (member->plan->needs_fit || fitted->inputs || fitted->scale))
    status = bai_plan_take_fit(context, member->plan, fitted);
  if (status) return status;
  if (bai_net_over_columns(&member->net)) {
    member->hidden = member->net.copies * member->net.hidden;
    member->net.features = member->plan->width;
    bai_net_lay_out(&member->net);
  }
  const int64_t hidden = member->hidden, units = hidden ? hidden + member->net.skip * outputs : outputs;
  member->units = (int32_t)units;
  if (member->plan->width > INT64_MAX / 8 / units) status = bai_fail(context, BA_ERR_LIMIT, "model: too many weights");
  if (!status) status = bai_alloc_zero(context, units * member->plan->width, 4, &member->weights);
  if (!status) status = bai_alloc_zero(context, units * member->plan->block_count, 4, &member->exponents);
  if (!status) status = bai_alloc_zero(context, units * member->plan->real_width, 8, &member->reals);
  if (!status) status = bai_alloc_zero(context, hidden * outputs, 8, &member->head);
  if (!status && hidden) status = bai_hidden_open(context, member);
  return status ? status : bai_alloc_zero(context, hidden + outputs, 8, &member->intercepts);
}

/* A model without members. */
static ba_status open_model(ba_context *context, const char *recipe, int32_t classes, int32_t members, ba_model **out) {
  ba_model *model;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *model, &model);
  if (status) return status;
  model->references = 1;
  model->context = bai_context_retain(context);
  model->classes = classes;
  model->outputs = classes == 2 || classes == 0 ? 1 : classes;
  model->answers = classes ? classes : 1;
  status = copy_text(context, recipe, &model->recipe);
  if (!status) status = bai_alloc_zero(context, members, sizeof *model->members, &model->members);
  if (!status) model->member_count = members;
  if (!status && members > 1) status = bai_alloc_zero(context, members, 8, &model->factors);
  if (!status && members > 1) status = bai_alloc_zero(context, model->outputs, 8, &model->offsets);
  if (status)
    ba_model_release(model);
  else
    *out = model;
  return status;
}

ba_status bai_model_open(ba_context *context, const char *recipe, const bai_fitted *fitted, int32_t classes,
                         ba_model **out) {
  bai_recipe parsed = {{0, 0, 0}};
  *out = NULL;
  ba_status status = bai_recipe_parse(context, recipe, &parsed);
  if (!status) status = open_model(context, recipe, classes, (int32_t)parsed.members.count, out);
  if (!status) (*out)->log_link = bai_recipe_member(&parsed, 0)->model.spec->kind == BAI_TERM_POISSON;
  for (int32_t m = 0; !status && m < (*out)->member_count; m++)
    status = open_member(context, bai_recipe_member(&parsed, m), &fitted[m], (*out)->outputs, &(*out)->members[m]);
  bai_recipe_free(context, &parsed);
  if (status) {
    ba_model_release(*out);
    *out = NULL;
  }
  return status;
}

ba_status bai_model_find_digest(ba_context *context, ba_model *model) {
  bai_vector bytes = {0, 0, 0};
  const ba_status status = bai_model_write(context, model, &bytes, &model->digest);
  bai_vector_free(context, &bytes);
  return status;
}

/* What is left once the members are there. */
static ba_status complete(ba_context *context, ba_model *model, const char *provenance, uint64_t seed) {
  ba_status status = copy_text(context, provenance, &model->provenance);
  if (!status) status = bai_golden_make(context, model, seed);
  return status ? status : bai_model_find_digest(context, model);
}

ba_status bai_model_copy(ba_context *context, const ba_model *model, ba_model **out) {
  bai_vector bytes = {0, 0, 0};
  uint64_t digest;
  *out = NULL;
  ba_status status = bai_model_write(context, model, &bytes, &digest);
  if (!status) status = bai_model_read(context, bytes.data, bytes.count, out);
  bai_vector_free(context, &bytes);
  return status;
}

ba_status bai_model_complete(ba_context *context, ba_model *model) {
  const ba_status status = bai_golden_score(context, model);
  return status ? status : bai_model_find_digest(context, model);
}

static ba_status name_classes(ba_context *context, ba_model *model, const char *const *names) {
  for (int32_t c = 0; c < model->classes; c++) model->class_names_length += bai_length(names[c]) + 1;
  const ba_status status = bai_alloc(context, model->class_names_length, 1, &model->class_names);
  char *at = model->class_names;
  for (int32_t c = 0; !status && c < model->classes; c++) {
    const int64_t n = bai_length(names[c]) + 1;
    memcpy(at, names[c], (size_t)n);
    at += n;
  }
  return status;
}

ba_status bai_model_make(ba_context *context, const bai_fit *fit, ba_model **out) {
  ba_model *model;
  *out = NULL;
  ba_status status = bai_model_open(context, fit->recipe, &fit->fitted, fit->classes, &model);
  if (status) return status;
  bai_member *member = &model->members[0];
  const int64_t parameters = member->net.copies * member->net.parameters;
  if (member->net.hidden ? !all_finite_f32(fit->parameters, parameters)
                         : !all_finite(fit->weights, model->outputs * member->plan->width) ||
                               !all_finite(fit->intercepts, model->outputs)) {
    ba_model_release(model);
    return bai_fail(context, BA_ERR_DIVERGED, "model: a weight is not finite; expected a smaller rate or a larger l2");
  }
  if (member->hidden) {
    status = take_columns(context, member, fit->parameters);
  } else if (member->net.hidden) {
    memcpy(member->parameters, fit->parameters, (size_t)parameters * 4);
  } else {
    memcpy(member->intercepts, fit->intercepts, (size_t)model->outputs * 8);
    round_weights(member, fit->weights);
  }
  if (!status) bai_member_prepare(member);
  if (!status) status = name_classes(context, model, fit->class_names);
  if (!status) status = complete(context, model, fit->provenance, fit->seed);
  if (status)
    ba_model_release(model);
  else
    *out = model;
  return status;
}

/* The recipes of the models, one after the other. */
static ba_status join_recipes(ba_context *context, ba_model *const *models, int32_t count, bai_vector *text) {
  ba_status status = BA_OK;
  for (int32_t m = 0; !status && m < count; m++)
    status = bai_text_add(context, text, "%s%s", m ? " & " : "", models[m]->recipe);
  if (!status && text->count > BAI_MOST_RECIPE)
    status =
        bai_fail(context, BA_ERR_RECIPE,
                 "the recipe has %lld letters with its defaults written out, as a model holds it; expected at most "
                 "%d",
                 (long long)text->count, BAI_MOST_RECIPE);
  return status;
}

ba_status bai_model_join(ba_context *context, ba_model *const *models, int32_t count, const bai_joint *joint,
                         ba_model **out) {
  bai_vector recipe = {0, 0, 0};
  ba_model *model = NULL;
  *out = NULL;
  ba_status status = join_recipes(context, models, count, &recipe);
  if (!status) status = open_model(context, recipe.data, models[0]->classes, count, &model);
  bai_vector_free(context, &recipe);
  if (status) return status;
  if (!all_finite(joint->factors, count) || !all_finite(joint->offsets, model->outputs))
    status = bai_fail(context, BA_ERR_DIVERGED, "ensemble: the weight of a member is not finite");
  memcpy(model->factors, joint->factors, (size_t)count * 8);
  memcpy(model->offsets, joint->offsets, (size_t)model->outputs * 8);
  if (!status) status = bai_alloc(context, models[0]->class_names_length, 1, &model->class_names);
  if (!status) {
    model->class_names_length = models[0]->class_names_length;
    memcpy(model->class_names, models[0]->class_names, (size_t)model->class_names_length);
    for (int32_t m = 0; m < count; m++) {
      model->members[m] = models[m]->members[0];
      memset(&models[m]->members[0], 0, sizeof(bai_member));
    }
    status = complete(context, model, joint->provenance, joint->seed);
  }
  if (status)
    ba_model_release(model);
  else
    *out = model;
  return status;
}

int64_t ba_model_inputs(const ba_model *model) {
  int64_t inputs = 0;
  for (int32_t m = 0; model && m < model->member_count; m++) inputs += model->members[m].plan->inputs.items.count;
  return inputs;
}

const char *ba_model_input_name(const ba_model *model, int64_t index) {
  for (int32_t m = 0; model && index >= 0 && m < model->member_count; m++) {
    const bai_inputs *inputs = &model->members[m].plan->inputs;
    if (index < inputs->items.count) return bai_input_at(inputs, index)->name;
    index -= inputs->items.count;
  }
  return NULL;
}

int64_t bai_model_row_inputs(const ba_model *model) {
  int64_t inputs = 0;
  for (int32_t m = 0; m < model->member_count; m++) inputs += bai_plan_inputs(model->members[m].plan);
  return inputs;
}

int32_t ba_model_looks_back(const ba_model *model) {
  for (int32_t m = 0; model && m < model->member_count; m++)
    if (model->members[m].plan->series.needs_past) return 1;
  return 0;
}

ba_status bai_model_derive(ba_context *context, const ba_model *model, const bai_series_rows *rows) {
  bai_series_rows own = *rows;
  ba_status status = BA_OK;
  for (int32_t m = 0; !status && m < model->member_count; m++) {
    const bai_plan *plan = model->members[m].plan;
    status = bai_series_fill(context, &plan->series, plan->inputs.items.count, &own);
    own.rows += bai_plan_inputs(plan);
  }
  return status;
}

void bai_model_spread(const ba_model *model, const double *inputs, double *row) {
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_plan *plan = model->members[m].plan;
    const int64_t n = plan->inputs.items.count;
    if (n) memcpy(row, inputs, (size_t)n * 8);
    inputs += n;
    row += bai_plan_inputs(plan);
  }
}

ba_status bai_model_check_letters(ba_context *context, const ba_model *model, const char *call) {
  const bai_plan *plan = model->members[0].plan;
  if (bai_plan_is_sparse(plan))
    return bai_fail(context, BA_ERR_UNSUPPORTED, "%s: the model reads sparse rows; expected ba_scorer_predict_csr",
                    call);
  if (ba_model_inputs(model) == 0) return BA_OK;
  return bai_fail(context, BA_ERR_UNSUPPORTED,
                  "%s: the model reads columns of a table; expected rows of one, by ba_scorer_predict_table", call);
}

ba_status bai_model_single(ba_context *context, const ba_model *model, const char *call) {
  if (model->member_count == 1 && model->members[0].net.layer_count == 0) return BA_OK;
  if (model->member_count == 1)
    return bai_fail(context, BA_ERR_UNSUPPORTED,
                    "%s: the model is a network over letters, which has no columns; expected one with columns", call);
  return bai_fail(
      context, BA_ERR_UNSUPPORTED,
      "%s: the model is an ensemble of %d members, which have columns of their own; expected a model of one", call,
      model->member_count);
}

ba_model *ba_model_retain(ba_model *model) {
  if (model) atomic_fetch_add(&model->references, 1);
  return model;
}

void ba_model_release(ba_model *model) {
  if (!model || atomic_fetch_sub(&model->references, 1) != 1) return;
  ba_context *context = model->context;
  for (int32_t m = 0; m < model->member_count; m++) {
    bai_member *member = &model->members[m];
    bai_plan_destroy(member->plan);
    bai_free(context, member->weights);
    bai_free(context, member->exponents);
    bai_free(context, member->intercepts);
    bai_free(context, member->reals);
    bai_free(context, member->head);
    bai_free(context, member->outputs_of);
    bai_free(context, member->panels);
    bai_free(context, member->parameters);
    bai_free(context, member->tables);
  }
  void *parts[] = {model->recipe,         model->members,       model->factors,
                   model->offsets,        model->class_names,   model->golden.letters,
                   model->golden.offsets, model->golden.scores, model->golden.probabilities,
                   model->provenance,     model->golden.inputs};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_calibration_free(context, &model->calibration);
  bai_drift_free(context, &model->drift);
  bai_free(context, model);
  bai_context_release(context);
}

const char *ba_model_recipe(const ba_model *model) {
  return model ? model->recipe : NULL;
}

int32_t ba_model_classes(const ba_model *model) {
  return model ? model->classes : 0;
}

const char *ba_model_class_name(const ba_model *model, int32_t index) {
  if (!model || index < 0 || index >= model->classes) return NULL;
  const char *name = model->class_names;
  while (index-- > 0) name += bai_length(name) + 1;
  return name;
}

int32_t ba_model_outputs(const ba_model *model) {
  return model ? model->outputs : 0;
}

int64_t ba_model_width(const ba_model *model) {
  return model && model->member_count == 1 ? model->members[0].plan->width : 0;
}

ba_status ba_model_column_name(ba_context *context, const ba_model *model, int64_t column, char *buffer,
                               int64_t capacity, int64_t *length) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector text = {0, 0, 0};
  if (model) status = bai_model_single(context, model, "column_name");
  if (!status && (!model || column < 0 || column >= ba_model_width(model)))
    status = bai_fail(context, BA_ERR_ARGUMENT, "column %lld; expected a model and 0 to %lld", (long long)column,
                      (long long)ba_model_width(model) - 1);
  if (!status) status = bai_plan_column_name(context, model->members[0].plan, column, &text);
  if (!status) status = bai_give_text(context, text.data, text.count, buffer, capacity, length);
  bai_vector_free(context, &text);
  return bai_leave(context, status);
}

void bai_member_weights(const bai_member *member, int32_t output, double *weights) {
  const bai_plan *plan = member->plan;
  for (int32_t b = 0; b < plan->block_count; b++) {
    const int64_t first = plan->blocks[b].first;
    for (int64_t i = first; i < first + plan->blocks[b].width; i++)
      weights[i] = plan->blocks[b].real
                       ? member->reals[output * plan->real_width + plan->blocks[b].real_first + i - first]
                       : bai_scale_by_power((double)member->weights[output * plan->width + i],
                                            -member->exponents[output * plan->block_count + b]);
  }
}

ba_status ba_model_weights(ba_context *context, const ba_model *model, int32_t output, double *weights,
                           double *intercept) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!model || output < 0 || output >= model->outputs)
    return bai_leave(context, bai_fail(context, BA_ERR_ARGUMENT, "output %d; expected a model and 0 to %d", output,
                                       ba_model_outputs(model) - 1));
  status = bai_model_single(context, model, "weights");
  const bai_member *member = &model->members[0];
  if (!status && member->hidden)
    status = bai_fail(context, BA_ERR_UNSUPPORTED,
                      "weights: the model has a hidden layer of %d units, so no column has one weight; expected a "
                      "linear model",
                      member->hidden);
  if (status) return bai_leave(context, status);
  if (weights) bai_member_weights(member, output, weights);
  if (intercept) *intercept = member->intercepts[output];
  return bai_leave(context, BA_OK);
}

static ba_status describe_classes(ba_context *context, const ba_model *model, bai_vector *text) {
  ba_status status = BA_OK;
  for (int32_t c = 0; !status && c < model->classes; c++) {
    const char *name = ba_model_class_name(model, c);
    status = bai_text_add(context, text, "%s\"", c ? ", " : "");
    if (!status) status = bai_text_add_json(context, text, name, bai_length(name));
    if (!status) status = bai_text_add(context, text, "\"");
  }
  return status;
}

/* Sums over the members; the length is that of the first that was fitted on one. */
static ba_status describe_members(ba_context *context, const ba_model *model, bai_vector *text) {
  int64_t width = 0, length = -1, parameters = 0;
  int32_t blocks = 0;
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_plan *plan = model->members[m].plan;
    width += plan->width;
    parameters += model->members[m].units * plan->width + (int64_t)model->members[m].hidden * model->outputs;
    if (model->members[m].net.layer_count)
      parameters += model->members[m].net.copies * model->members[m].net.parameters;
    blocks += plan->block_count;
    if (plan->needs_fit && length < 0) length = plan->fitted_length;
  }
  ba_status status = bai_text_add(context, text, "\"features\": %lld, \"blocks\": %d, \"weights\": %lld, \"length\": ",
                                  (long long)width, blocks, (long long)parameters);
  if (!status)
    status = length >= 0 ? bai_text_add(context, text, "%lld", (long long)length) : bai_text_add(context, text, "null");
  for (int32_t m = 0; !status && model->factors && m < model->member_count; m++)
    status = bai_text_add(context, text, "%s%g", m ? ", " : ", \"factors\": [", model->factors[m]);
  return status || !model->factors ? status : bai_text_add(context, text, "]");
}

static ba_status describe_calibration(ba_context *context, const ba_model *model, bai_vector *text) {
  static const char *const names[] = {"none", "platt", "temperature", "isotonic"};
  return bai_text_add(context, text, ", \"calibration\": \"%s\", \"conformal_rows\": %lld",
                      names[model->calibration.method], (long long)model->calibration.rows);
}

static ba_status describe(ba_context *context, const ba_model *model, bai_vector *text) {
  ba_status status = bai_text_add(context, text, "{\"format\": %d, \"recipe\": \"", bai_model_format(model));
  if (!status) status = bai_text_add_json(context, text, model->recipe, bai_length(model->recipe));
  if (!status) status = bai_text_add(context, text, "\", \"classes\": [");
  if (!status) status = describe_classes(context, model, text);
  if (!status) status = bai_text_add(context, text, "], ");
  if (!status) status = describe_members(context, model, text);
  if (!status && bai_model_format(model) > 1) status = describe_calibration(context, model, text);
  if (!status) status = bai_text_add(context, text, ", \"drift_monitors\": %d", model->drift.count);
  if (!status)
    status = bai_text_add(context, text, ", \"golden_inputs\": %lld, \"digest\": \"", (long long)model->golden.count);
  for (int32_t i = 7; !status && i >= 0; i--)
    status = bai_text_add(context, text, "%02x", (unsigned)(model->digest >> (8 * i) & 255));
  return status ? status : bai_text_add(context, text, "\", \"provenance\": %s}", model->provenance);
}

ba_status ba_model_describe(ba_context *context, const ba_model *model, char *buffer, int64_t capacity,
                            int64_t *length) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector text = {0, 0, 0};
  if (!model) status = bai_fail(context, BA_ERR_ARGUMENT, "describe: expected a model");
  if (!status) status = describe(context, model, &text);
  if (!status) status = bai_give_text(context, text.data, text.count, buffer, capacity, length);
  bai_vector_free(context, &text);
  return bai_leave(context, status);
}
