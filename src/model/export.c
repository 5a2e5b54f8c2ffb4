/* SPDX-License-Identifier: MIT
 *
 * export.c: the way out of our format: everything that a score is made of as JSON, and the call for all formats.
 */
#include "model/export.h"

#include <string.h>

static void add_quoted(bai_export *e, const char *text) {
  BAI_ADD(e, "\"");
  if (!e->status) e->status = bai_text_add_json(e->context, &e->text, text, bai_length(text));
  BAI_ADD(e, "\"");
}

static void add_integers(bai_export *e, const int32_t *values, int64_t n, int64_t step) {
  BAI_ADD(e, "[");
  for (int64_t i = 0; !e->status && i < n; i++) BAI_ADD(e, i ? ",%d" : "%d", values[i * step]);
  BAI_ADD(e, "]");
}

static void add_reals(bai_export *e, const double *values, int64_t n) {
  BAI_ADD(e, "[");
  for (int64_t i = 0; !e->status && i < n; i++) BAI_ADD(e, i ? ",%g" : "%g", values[i]);
  BAI_ADD(e, "]");
}

static void add_block(bai_export *e, const bai_member *member, int32_t b) {
  static const char *const values[] = {"count", "freq", "sqrt", "binary"}, *const norms[] = {"l2", "l1", "none"};
  const bai_plan *plan = member->plan;
  const bai_block *block = &plan->blocks[b];
  BAI_ADD(e,
          "%s{\"term\": \"%s\", \"k\": %d, \"first\": %lld, \"columns\": %lld, \"value\": \"%s\", \"norm\": \"%s\", ",
          b ? ",\n" : "", block->name, block->k, (long long)block->first, (long long)block->width, values[block->value],
          norms[block->norm]);
  BAI_ADD(e, "\"per\": %lld, \"hash_bits\": %d, \"exponents\": [", (long long)block->per, block->hash_bits);
  for (int32_t u = 0; u < member->units; u++)
    BAI_ADD(e, u ? ",%d" : "%d", member->exponents[u * plan->block_count + b]);
  BAI_ADD(e, "]}");
}

static void add_columns(bai_export *e, const bai_plan *plan) {
  BAI_ADD(e, "\"columns\": [");
  for (int64_t i = 0; !e->status && i < plan->width; i++) {
    BAI_ADD(e, i ? ",\"" : "\"");
    if (!e->status) e->status = bai_plan_column_name(e->context, plan, i, &e->text);
    BAI_ADD(e, "\"");
    if (!e->status && i % 4096 == 0) e->status = bai_check_cancel(e->context);
  }
  BAI_ADD(e, "]");
}

static void add_member(bai_export *e, int32_t index) {
  const bai_member *member = &e->model->members[index];
  const bai_plan *plan = member->plan;
  const int32_t outputs = e->model->outputs;
  BAI_ADD(e, "%s{\"factor\": %g, \"length\": ", index ? ",\n" : "", e->model->factors ? e->model->factors[index] : 1.0);
  if (plan->needs_fit)
    BAI_ADD(e, "%lld", (long long)plan->fitted_length);
  else
    BAI_ADD(e, "null");
  BAI_ADD(e, ", \"intercepts\": ");
  add_reals(e, member->intercepts, member->hidden + outputs);
  if (member->hidden) {
    BAI_ADD(e, ", \"skip\": %s, \"hidden\": [", member->net.skip ? "true" : "false");
    for (int32_t j = 0; !e->status && j < member->hidden; j++) {
      BAI_ADD(e, j ? "," : "");
      add_reals(e, member->head + j * outputs, outputs);
    }
    BAI_ADD(e, "]");
  }
  BAI_ADD(e, ",\n\"blocks\": [");
  for (int32_t b = 0; b < plan->block_count; b++) add_block(e, member, b);
  BAI_ADD(e, "],\n");
  add_columns(e, plan);
  BAI_ADD(e, ",\n\"weights\": [");
  for (int32_t u = 0; u < member->units; u++) {
    BAI_ADD(e, u ? ",\n" : "");
    add_integers(e, bai_member_unit(member, u), plan->width, bai_member_step(member));
  }
  BAI_ADD(e, "]}");
}

static void add_calibration(bai_export *e) {
  static const char *const names[] = {"none", "platt", "temperature", "isotonic"};
  const bai_calibration *c = &e->model->calibration;
  BAI_ADD(e, "\"calibration\": {\"method\": \"%s\"", names[c->method]);
  if (c->method == BAI_CALIBRATION_PLATT || c->method == BAI_CALIBRATION_TEMPERATURE)
    BAI_ADD(e, ", \"slope\": %g, \"intercept\": %g", c->slope, c->intercept);
  if (c->method == BAI_CALIBRATION_ISOTONIC) {
    BAI_ADD(e, ", \"at\": ");
    add_reals(e, c->at, c->knots);
    BAI_ADD(e, ", \"value\": ");
    add_reals(e, c->value, c->knots);
  }
  BAI_ADD(e, "}");
}

void bai_export_json(bai_export *e) {
  const ba_model *model = e->model;
  BAI_ADD(e, "{\"version\": 1, \"recipe\": ");
  add_quoted(e, model->recipe);
  BAI_ADD(e, ",\n\"classes\": [");
  for (int32_t c = 0; c < model->classes; c++) {
    BAI_ADD(e, c ? ", " : "");
    add_quoted(e, ba_model_class_name(model, c));
  }
  BAI_ADD(e, "], \"outputs\": %d, \"log_link\": %s, \"offsets\": ", model->outputs, model->log_link ? "true" : "false");
  if (model->offsets)
    add_reals(e, model->offsets, model->outputs);
  else
    BAI_ADD(e, "null");
  BAI_ADD(e, ",\n");
  add_calibration(e);
  BAI_ADD(e, ",\n\"members\": [");
  for (int32_t m = 0; !e->status && m < model->member_count; m++) add_member(e, m);
  BAI_ADD(e, "],\n\"provenance\": %s}\n", model->provenance);
}

enum { FORMAT_JSON, FORMAT_C, FORMAT_ONNX };

/* Networks over letters have no columns, and only ONNX has convolutions; qualities, descriptors and columns of tables
 * have a place in none of the formats. */
static ba_status check_members(ba_context *context, const ba_model *model, int32_t format) {
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    if (member->net.layer_count && format != FORMAT_ONNX)
      return bai_fail(context, BA_ERR_UNSUPPORTED,
                      "export: member %d is a network; expected linear members, which have a weight a feature, or ONNX",
                      m + 1);
    if (member->hidden && format == FORMAT_C)
      return bai_fail(context, BA_ERR_UNSUPPORTED,
                      "export to C: member %d has a hidden layer; expected linear members, or JSON or ONNX", m + 1);
    if (member->plan->needs_quality)
      return bai_fail(context, BA_ERR_UNSUPPORTED, "export: the recipe says quality=weight; expected quality=ignore");
    if ((member->plan->real_width > 0 || member->plan->inputs.items.count > 0) && format != FORMAT_ONNX)
      return bai_fail(
          context, BA_ERR_UNSUPPORTED,
          "export: the recipe has descriptors, columns of a table or sparse rows; expected terms that count "
          "words, or ONNX");
  }
  return BA_OK;
}

ba_status ba_model_export(ba_context *context, const ba_model *model, const char *options, uint8_t *buffer,
                          int64_t capacity, int64_t *length) {
  ba_status status = bai_enter(context);
  if (status) return status;
  static void (*const formats[])(bai_export *) = {bai_export_json, bai_export_c, bai_export_onnx};
  int32_t format = 0;
  const bai_option table[] = {{"format", 'w', "json|c|onnx", 0, 0, &format}, {NULL, 0, NULL, 0, 0, NULL}};
  bai_export e = {.context = context, .model = model};
  if (!model || !length || capacity < 0 || (capacity > 0 && !buffer))
    status = bai_fail(context, BA_ERR_ARGUMENT, "export: expected a model, a buffer and a place for the length");
  if (!status) status = bai_options_parse(context, options, table);
  if (!status) status = check_members(context, model, format);
  if (!status) {
    formats[format](&e);
    status = e.status;
  }
  if (!status) {
    *length = e.text.count;
    if (capacity >= e.text.count) memcpy(buffer, e.text.data, (size_t)e.text.count);
  }
  bai_vector_free(context, &e.text);
  return bai_leave(context, status);
}
