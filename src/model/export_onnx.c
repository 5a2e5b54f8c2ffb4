/* SPDX-License-Identifier: MIT
 *
 * export_onnx.c: the model part as an ONNX file: rows of features in float32 to scores and probabilities. The messages
 * of protocol buffers that this takes are written by hand: fields of numbers, and of bytes with their length.
 */
#include <string.h>

#include "model/export.h"

/* The fields of onnx.proto (ONNX 1.8, IR version 7, opset 13) that are used. */
enum { FLOAT = 1, TYPE_INT = 2, TYPE_FLOAT = 1, IR_VERSION = 7, OPSET = 13 };
#define ROWS "n"

static void add_bytes(bai_export *e, bai_vector *to, const void *bytes, int64_t n) {
  if (!e->status) e->status = bai_vector_append(e->context, to, bytes, n, 1);
}

static void add_varint(bai_export *e, bai_vector *to, uint64_t value) {
  uint8_t bytes[10];
  int32_t n = 0;
  for (; value > 127; value >>= 7) bytes[n++] = (uint8_t)(value | 128);
  bytes[n++] = (uint8_t)value;
  add_bytes(e, to, bytes, n);
}

static void add_number(bai_export *e, bai_vector *to, uint32_t field, uint64_t value) {
  add_varint(e, to, field << 3);
  add_varint(e, to, value);
}

static void add_blob(bai_export *e, bai_vector *to, uint32_t field, const void *bytes, int64_t n) {
  add_varint(e, to, field << 3 | 2);
  add_varint(e, to, (uint64_t)n);
  add_bytes(e, to, bytes, n);
}

static void add_name(bai_export *e, bai_vector *to, uint32_t field, const char *text) {
  add_blob(e, to, field, text, bai_length(text));
}

/* Puts a message into another as a field, and frees it. */
static void add_message(bai_export *e, bai_vector *to, uint32_t field, bai_vector *message) {
  add_blob(e, to, field, message->data, message->count);
  bai_vector_free(e->context, message);
}

/* TensorProto: dims 1, data_type 2, name 8, raw_data 9. `columns` 0: one dimension. */
static void add_tensor(bai_export *e, bai_vector *graph, const char *name, int64_t rows, int64_t columns,
                       const uint8_t *raw, int64_t bytes) {
  bai_vector tensor = {0, 0, 0};
  add_number(e, &tensor, 1, (uint64_t)rows);
  if (columns) add_number(e, &tensor, 1, (uint64_t)columns);
  add_number(e, &tensor, 2, FLOAT);
  add_name(e, &tensor, 8, name);
  add_blob(e, &tensor, 9, raw, bytes);
  add_message(e, graph, 5, &tensor);
}

static void put_float(uint8_t *at, double value) {
  const float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, 4);
  bai_put_u32(at, bits);
}

/* Weights, width x outputs, and intercepts. */
static void add_weights(bai_export *e, bai_vector *graph) {
  const bai_member *member = &e->model->members[0];
  const bai_plan *plan = member->plan;
  const int32_t outputs = e->model->outputs;
  uint8_t *raw = NULL;
  if (!e->status) e->status = bai_alloc(e->context, plan->width * outputs + outputs, 4, &raw);
  for (int32_t o = 0; !e->status && o < outputs; o++) {
    for (int32_t b = 0; b < plan->block_count; b++) {
      const int32_t exponent = member->exponents[o * plan->block_count + b];
      const int64_t first = plan->blocks[b].first;
      for (int64_t i = first; i < first + plan->blocks[b].width; i++)
        put_float(raw + 4 * (i * outputs + o),
                  bai_scale_by_power((double)member->weights[o * plan->width + i], -exponent));
    }
    put_float(raw + 4 * (plan->width * outputs + o), member->intercepts[o]);
  }
  if (!e->status) {
    add_tensor(e, graph, "weights", plan->width, outputs, raw, 4 * plan->width * outputs);
    add_tensor(e, graph, "intercepts", outputs, 0, raw + 4 * plan->width * outputs, 4 * outputs);
  }
  bai_free(e->context, raw);
}

static void add_scalar(bai_export *e, bai_vector *graph, const char *name, double value) {
  uint8_t raw[4];
  put_float(raw, value);
  add_tensor(e, graph, name, 1, 0, raw, 4);
}

/* NodeProto: input 1, output 2, op_type 4, attribute 5 (name 1, i 3, type 20). `axis` -1: no attribute. */
static void add_node(bai_export *e, bai_vector *graph, const char *type, const char *inputs, const char *output,
                     int32_t axis) {
  bai_vector node = {0, 0, 0};
  for (const char *at = inputs; *at;) {
    int64_t n = 0;
    while (at[n] && at[n] != ' ') n++;
    add_blob(e, &node, 1, at, n);
    at += n + (at[n] == ' ');
  }
  add_name(e, &node, 2, output);
  add_name(e, &node, 4, type);
  if (axis >= 0) {
    bai_vector attribute = {0, 0, 0};
    add_name(e, &attribute, 1, "axis");
    add_number(e, &attribute, 3, (uint64_t)axis);
    add_number(e, &attribute, 20, TYPE_INT);
    add_message(e, &node, 5, &attribute);
  }
  add_message(e, graph, 1, &node);
}

/* ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1, shape 2 of dim 1: dim_value 1 or dim_param 2). */
static void add_value(bai_export *e, bai_vector *graph, uint32_t field, const char *name, int64_t columns) {
  bai_vector value = {0, 0, 0}, type = {0, 0, 0}, tensor = {0, 0, 0}, shape = {0, 0, 0}, dim = {0, 0, 0};
  add_name(e, &dim, 2, ROWS);
  add_message(e, &shape, 1, &dim);
  add_number(e, &dim, 1, (uint64_t)columns);
  add_message(e, &shape, 1, &dim);
  add_number(e, &tensor, 1, FLOAT);
  add_message(e, &tensor, 2, &shape);
  add_message(e, &type, 1, &tensor);
  add_name(e, &value, 1, name);
  add_message(e, &value, 2, &type);
  add_message(e, graph, field, &value);
}

static void add_nodes(bai_export *e, bai_vector *graph) {
  const bai_calibration *c = &e->model->calibration;
  const char *margin = "scores";
  add_node(e, graph, "Gemm", "features weights intercepts", "scores", -1);
  if (e->model->classes == 0) {
    add_node(e, graph, e->model->log_link ? "Exp" : "Identity", "scores", "value", -1);
    return;
  }
  if (c->method != BAI_CALIBRATION_NONE) {
    add_node(e, graph, "Mul", "scores slope", "scaled", -1);
    add_node(e, graph, "Add", "scaled shift", "margins", -1);
    add_scalar(e, graph, "slope", c->slope);
    add_scalar(e, graph, "shift", c->method == BAI_CALIBRATION_PLATT ? c->intercept : 0.0);
    margin = "margins";
  }
  if (e->model->outputs > 1) {
    add_node(e, graph, "Softmax", margin, "probabilities", 1);
    return;
  }
  add_node(e, graph, "Neg", margin, "against", -1);
  add_node(e, graph, "Sigmoid", margin, "second", -1);
  add_node(e, graph, "Sigmoid", "against", "first", -1);
  add_node(e, graph, "Concat", "first second", "probabilities", 1);
}

static ba_status check(const bai_export *e) {
  const ba_model *model = e->model;
  const ba_status status = bai_model_single(e->context, model, "export to ONNX");
  if (status) return status;
  if (model->calibration.method == BAI_CALIBRATION_ISOTONIC)
    return bai_fail(e->context, BA_ERR_UNSUPPORTED,
                    "export to ONNX: isotonic calibration; expected none, platt or temperature");
  if (model->members[0].plan->width * model->outputs >= INT32_MAX / 4 || model->members[0].plan->width == 0)
    return bai_fail(e->context, BA_ERR_LIMIT, "export to ONNX: %lld weights; expected 1 to 2 GiB of them",
                    (long long)(model->members[0].plan->width * model->outputs));
  return BA_OK;
}

/* ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8 (version 2), metadata_props 14 (key 1, value 2);
 * GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
void bai_export_onnx(bai_export *e) {
  bai_vector graph = {0, 0, 0}, opset = {0, 0, 0}, property = {0, 0, 0};
  e->status = check(e);
  add_nodes(e, &graph);
  add_name(e, &graph, 2, "bioanalytics");
  add_weights(e, &graph);
  add_value(e, &graph, 11, "features", e->model->members[0].plan->width);
  add_value(e, &graph, 12, "scores", e->model->outputs);
  add_value(e, &graph, 12, e->model->classes ? "probabilities" : "value", e->model->answers);
  add_number(e, &e->text, 1, IR_VERSION);
  add_name(e, &e->text, 2, "libbioanalytics");
  add_message(e, &e->text, 7, &graph);
  add_number(e, &opset, 2, OPSET);
  add_message(e, &e->text, 8, &opset);
  add_name(e, &property, 1, "recipe");
  add_name(e, &property, 2, e->model->recipe);
  add_message(e, &e->text, 14, &property);
}
