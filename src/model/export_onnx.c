/* SPDX-License-Identifier: MIT
 *
 * export_onnx.c: the model part as an ONNX file: rows of features, or letters, in float32 to scores and probabilities.
 * The messages of protocol buffers that this takes are written by hand: fields of numbers, and of bytes with their
 * length.
 */
#include <string.h>

#include "model/export.h"

/* The fields of onnx.proto (ONNX 1.8, IR version 7, opset 13) that are used. */
enum { FLOAT = 1, INT64 = 7, TYPE_INT = 2, TYPE_INTS = 7, IR_VERSION = 7, OPSET = 13 };
enum { ANY_ROWS = -1, ANY_LENGTH = -2 }; /* of a dimension */

/* The graph that is written. A name in a list ends in the tag of the values, one that begins with = in that of the
 * parameters, and one that begins with @ stands as it is. */
typedef struct onnx {
  bai_export *e;
  bai_vector graph;
  char owner[32], tag[48];
} onnx;

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

/* One name of a list, as a field. */
static void add_token(const onnx *o, bai_vector *to, uint32_t field, const char *token, int64_t n) {
  char name[128];
  const int32_t marked = token[0] == '=' || token[0] == '@';
  const char *end = token[0] == '@' ? "" : token[0] == '=' ? o->owner : o->tag;
  memcpy(name, token + marked, (size_t)(n - marked));
  bai_format(name + n - marked, (int64_t)sizeof name - n, "%s", end);
  add_name(o->e, to, field, name);
}

static void add_tokens(const onnx *o, bai_vector *to, uint32_t field, const char *list) {
  while (*list) {
    int64_t n = 0;
    while (list[n] && list[n] != ' ') n++;
    add_token(o, to, field, list, n);
    list += n + (list[n] == ' ');
  }
}

/* TensorProto: dims 1, data_type 2, name 8, raw_data 9. Dimensions of 0 are left out. */
static void add_tensor(onnx *o, const char *name, uint64_t type, const int64_t *dims, const uint8_t *raw) {
  bai_vector tensor = {0, 0, 0};
  int64_t bytes = type == INT64 ? 8 : 4;
  for (int32_t d = 0; d < 3; d++) {
    if (dims[d] == 0) continue;
    add_number(o->e, &tensor, 1, (uint64_t)dims[d]);
    bytes *= dims[d];
  }
  add_number(o->e, &tensor, 2, type);
  add_tokens(o, &tensor, 8, name);
  add_blob(o->e, &tensor, 9, raw, bytes);
  add_message(o->e, &o->graph, 5, &tensor);
}

static void put_float(uint8_t *at, double value) {
  const float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, 4);
  bai_put_u32(at, bits);
}

/* Room for the numbers of a tensor; NULL after a failure. */
static uint8_t *open_raw(const onnx *o, int64_t count) {
  uint8_t *raw = NULL;
  if (!o->e->status) o->e->status = bai_alloc(o->e->context, count, 4, &raw);
  return o->e->status ? NULL : raw;
}

static void add_numbers(onnx *o, const char *name, const double *values, int64_t rows, int64_t columns) {
  const int64_t dims[] = {rows, columns, 0}, count = rows * (columns ? columns : 1);
  uint8_t *raw = open_raw(o, count);
  for (int64_t i = 0; raw && i < count; i++) put_float(raw + 4 * i, values[i]);
  if (raw) add_tensor(o, name, FLOAT, dims, raw);
  bai_free(o->e->context, raw);
}

static void add_floats(onnx *o, const char *name, const float *values, int64_t rows, int64_t columns) {
  const int64_t dims[] = {rows, columns, 0}, count = rows * (columns ? columns : 1);
  uint8_t *raw = open_raw(o, count);
  for (int64_t i = 0; raw && i < count; i++) put_float(raw + 4 * i, (double)values[i]);
  if (raw) add_tensor(o, name, FLOAT, dims, raw);
  bai_free(o->e->context, raw);
}

static void add_integer(onnx *o, const char *name, int64_t value) {
  const int64_t dims[] = {1, 0, 0};
  uint8_t raw[8];
  bai_put_u64(raw, (uint64_t)value);
  add_tensor(o, name, INT64, dims, raw);
}

static void add_pair(onnx *o, const char *name, int64_t first, int64_t second) {
  const int64_t dims[] = {2, 0, 0};
  uint8_t raw[16];
  bai_put_u64(raw, (uint64_t)first);
  bai_put_u64(raw + 8, (uint64_t)second);
  add_tensor(o, name, INT64, dims, raw);
}

/* Weights of some units, width x units. */
static void add_weights(onnx *o, const bai_member *member, const char *name, int32_t first, int32_t units) {
  const bai_plan *plan = member->plan;
  const int64_t step = bai_member_step(member), dims[] = {plan->width, units, 0};
  uint8_t *raw = open_raw(o, plan->width * units);
  for (int32_t u = 0; raw && u < units; u++) {
    const int32_t *weights = bai_member_unit(member, first + u);
    for (int32_t b = 0; b < plan->block_count; b++) {
      const int32_t exponent = member->exponents[(first + u) * plan->block_count + b];
      const bai_block *block = &plan->blocks[b];
      const double *reals = member->reals + (first + u) * plan->real_width + block->real_first;
      for (int64_t i = block->first; i < block->first + block->width; i++)
        put_float(raw + 4 * (i * units + u),
                  block->real ? reals[i - block->first] : bai_scale_by_power((double)weights[i * step], -exponent));
    }
  }
  if (raw) add_tensor(o, name, FLOAT, dims, raw);
  bai_free(o->e->context, raw);
}

/* `count` 0: one integer, `first`; else a list of one or two. */
typedef struct attribute {
  const char *name;
  int32_t count;
  int64_t first, second;
} attribute;

/* AttributeProto: name 1, i 3, ints 8, type 20. */
static void add_attribute(const onnx *o, bai_vector *node, const attribute *a) {
  bai_vector message = {0, 0, 0};
  add_name(o->e, &message, 1, a->name);
  add_number(o->e, &message, a->count ? 8 : 3, (uint64_t)a->first);
  if (a->count == 2) add_number(o->e, &message, 8, (uint64_t)a->second);
  add_number(o->e, &message, 20, a->count ? TYPE_INTS : TYPE_INT);
  add_message(o->e, node, 5, &message);
}

/* NodeProto: input 1, output 2, op_type 4, attribute 5. The list of attributes, or NULL, ends with a name NULL. */
static void add_node(onnx *o, const char *type, const char *inputs, const char *output, const attribute *attributes) {
  bai_vector node = {0, 0, 0};
  add_tokens(o, &node, 1, inputs);
  add_tokens(o, &node, 2, output);
  add_name(o->e, &node, 4, type);
  for (; attributes && attributes->name; attributes++) add_attribute(o, &node, attributes);
  add_message(o->e, &o->graph, 1, &node);
}

/* ValueInfoProto: name 1, type 2 (tensor_type 1: elem_type 1, shape 2 of dim 1: dim_value 1 or dim_param 2). */
static void add_value(onnx *o, uint32_t field, const char *name, int64_t columns, int64_t depth) {
  bai_export *e = o->e;
  const int64_t dims[] = {ANY_ROWS, columns, depth};
  bai_vector value = {0, 0, 0}, type = {0, 0, 0}, tensor = {0, 0, 0}, shape = {0, 0, 0}, dim = {0, 0, 0};
  for (int32_t d = 0; d < 3 && dims[d]; d++) {
    if (dims[d] < 0)
      add_name(e, &dim, 2, dims[d] == ANY_ROWS ? "n" : "length");
    else
      add_number(e, &dim, 1, (uint64_t)dims[d]);
    add_message(e, &shape, 1, &dim);
  }
  add_number(e, &tensor, 1, FLOAT);
  add_message(e, &tensor, 2, &shape);
  add_message(e, &type, 1, &tensor);
  add_tokens(o, &value, 1, name);
  add_message(e, &value, 2, &type);
  add_message(e, &o->graph, field, &value);
}

/* ---- members over columns ---- */

/* A number a column: centre or factor of real ones, `other` of the rest. */
static void add_scale(onnx *o, const bai_plan *plan, const char *name, const double *values, double other) {
  const int64_t dims[] = {plan->width, 0, 0};
  uint8_t *raw = open_raw(o, plan->width);
  for (int32_t b = 0; raw && b < plan->block_count; b++) {
    const bai_block *block = &plan->blocks[b];
    for (int64_t i = 0; i < block->width; i++)
      put_float(raw + 4 * (block->first + i), block->real ? values[block->real_first + i] : other);
  }
  if (raw) add_tensor(o, name, FLOAT, dims, raw);
  bai_free(o->e->context, raw);
}

/* The name of the columns as the weights take them: scaled, where the plan does so. */
static const char *scaled_features(onnx *o, const bai_plan *plan) {
  if (plan->scaling == BAI_SCALE_NONE || plan->real_width == 0) return "features";
  add_scale(o, plan, "=centre", plan->centre, 0.0);
  add_scale(o, plan, "=factor", plan->factor, 1.0);
  add_node(o, "Sub", "features =centre", "centred", NULL);
  add_node(o, "Mul", "centred =factor", "scaled", NULL);
  return "scaled";
}

static void add_linear(onnx *o, const bai_member *member, const char *scores) {
  const int32_t outputs = o->e->model->outputs;
  char inputs[64];
  bai_format(inputs, sizeof inputs, "%s =weights =intercepts", scaled_features(o, member->plan));
  add_weights(o, member, "=weights", 0, outputs);
  add_numbers(o, "=intercepts", member->intercepts, outputs, 0);
  add_node(o, "Gemm", inputs, scores, NULL);
}

static void add_hidden(onnx *o, const bai_member *member, const char *scores) {
  const int32_t outputs = o->e->model->outputs, hidden = member->hidden;
  const char *features = scaled_features(o, member->plan);
  char inputs[64], straight[64];
  bai_format(inputs, sizeof inputs, "%s =weights =biases", features);
  bai_format(straight, sizeof straight, "%s =straight_weights", features);
  add_weights(o, member, "=weights", 0, hidden);
  add_numbers(o, "=biases", member->intercepts, hidden, 0);
  add_numbers(o, "=head", member->head, hidden, outputs);
  add_numbers(o, "=intercepts", member->intercepts + hidden, outputs, 0);
  add_node(o, "Gemm", inputs, "sums", NULL);
  add_node(o, "Relu", "sums", "units", NULL);
  add_node(o, "Gemm", "units =head =intercepts", member->net.skip ? "bent" : scores, NULL);
  if (!member->net.skip) return;
  add_weights(o, member, "=straight_weights", hidden, outputs);
  add_node(o, "MatMul", straight, "straight", NULL);
  add_node(o, "Add", "bent straight", scores, NULL);
}

/* ---- members over letters ---- */

/* A layer's weights, of ours (place, input, filter) those of ONNX (filter, input, place), and all biases. */
static void add_parameters(onnx *o, const bai_net *net, const float *parameters) {
  char name[32];
  for (int32_t l = 0; l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    const int64_t dims[] = {layer->filters, layer->inputs, layer->width};
    uint8_t *raw = open_raw(o, dims[0] * dims[1] * dims[2]);
    for (int64_t t = 0; raw && t < dims[2]; t++)
      for (int64_t c = 0; c < dims[1]; c++)
        for (int64_t f = 0; f < dims[0]; f++)
          put_float(raw + 4 * ((f * dims[1] + c) * dims[2] + t),
                    (double)parameters[layer->weights + (t * dims[1] + c) * dims[0] + f]);
    bai_format(name, sizeof name, "=conv_%d", l);
    if (raw) add_tensor(o, name, FLOAT, dims, raw);
    bai_free(o->e->context, raw);
    bai_format(name, sizeof name, "=bias_%d", l);
    add_floats(o, name, parameters + layer->biases, layer->filters, 0);
  }
  add_floats(o, "=weights", parameters + net->hidden_weights, net->features, net->hidden);
  add_floats(o, "=biases", parameters + net->hidden_biases, net->hidden, 0);
  add_floats(o, "=head", parameters + net->output_weights, net->hidden, net->outputs);
  add_floats(o, "=intercepts", parameters + net->output_biases, net->outputs, 0);
}

static const attribute over_positions[] = {{"axes", 1, 2, 0}, {"keepdims", 0, 0, 0}, {NULL, 0, 0, 0}};
static const attribute side_by_side[] = {{"axis", 0, 1, 0}, {NULL, 0, 0, 0}};

/* Cuts the positions into equal parts: "bin_0" and so on. */
static void add_parts(onnx *o, const bai_net *net, const char *kept) {
  char list[96], name[32];
  add_node(o, "Shape", kept, "shape", NULL);
  add_node(o, "Gather", "shape =two", "positions", NULL);
  for (int32_t b = 0; b <= net->bins; b++) {
    bai_format(list, sizeof list, "positions =part_%d", b);
    bai_format(name, sizeof name, "times_%d", b);
    add_node(o, "Mul", list, name, NULL);
    bai_format(list, sizeof list, "times_%d =parts", b);
    bai_format(name, sizeof name, "bound_%d", b);
    add_node(o, "Div", list, name, NULL);
  }
  for (int32_t b = 0; b < net->bins; b++) {
    bai_format(list, sizeof list, "%s bound_%d bound_%d =two", kept, b, b + 1);
    bai_format(name, sizeof name, "bin_%d", b);
    add_node(o, "Slice", list, name, NULL);
  }
}

/* The largest and the mean in each of the equal parts of the last layer's positions; adds their names to `seen`. */
static void add_bins(onnx *o, const bai_net *net, const char *kept, bai_vector *seen) {
  char from[32], most[32], mean[32];
  bai_format(from, sizeof from, "%s", kept);
  if (net->bins > 1) add_parts(o, net, kept);
  for (int32_t b = 0; b < net->bins; b++) {
    if (net->bins > 1) bai_format(from, sizeof from, "bin_%d", b);
    bai_format(most, sizeof most, "most_of_%d", b);
    bai_format(mean, sizeof mean, "mean_of_%d", b);
    add_node(o, "ReduceMax", from, most, over_positions);
    add_node(o, "ReduceMean", from, mean, over_positions);
    if (!o->e->status) o->e->status = bai_text_add(o->e->context, seen, "%s%s %s", seen->count ? " " : "", most, mean);
  }
}

/* Features of one strand. */
static void add_strand(onnx *o, const bai_net *net, const char *letters) {
  char list[96], raw[32], kept[32], most[32];
  bai_vector seen = {0, 0, 0};
  bai_format(kept, sizeof kept, "%s", letters);
  for (int32_t l = 0; l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    const int64_t before = bai_net_before(layer);
    const attribute pads[] = {{"pads", 2, before, layer->width - 1 - before}, {NULL, 0, 0, 0}};
    const attribute pool[] = {
        {"kernel_shape", 1, layer->pool, 0}, {"strides", 1, layer->pool, 0}, {"ceil_mode", 0, 1, 0}, {NULL, 0, 0, 0}};
    bai_format(list, sizeof list, "%s =conv_%d =bias_%d", kept, l, l);
    bai_format(raw, sizeof raw, "raw_%d", l);
    add_node(o, "Conv", list, raw, pads);
    bai_format(kept, sizeof kept, "kept_%d", l);
    add_node(o, "Relu", raw, kept, NULL);
    if (layer->pool > 1) {
      bai_format(raw, sizeof raw, "pooled_%d", l);
      add_node(o, "MaxPool", kept, raw, pool);
      bai_format(kept, sizeof kept, "%s", raw);
    }
    if (l + 1 == net->layer_count) break;
    bai_format(most, sizeof most, "most_%d", l);
    add_node(o, "ReduceMax", kept, most, over_positions);
    if (!o->e->status) o->e->status = bai_text_add(o->e->context, &seen, "%s%s", seen.count ? " " : "", most);
  }
  add_bins(o, net, kept, &seen);
  if (!o->e->status) add_node(o, "Concat", seen.data, "seen", side_by_side);
  bai_vector_free(o->e->context, &seen);
}

/* One copy; its outputs are "out" with the tag of the copy. */
static void add_copy(onnx *o, const bai_net *net, const float *parameters) {
  char name[32], list[128];
  add_parameters(o, net, parameters);
  if (net->bins > 1) {
    add_integer(o, "=two", 2);
    add_integer(o, "=parts", net->bins);
  }
  for (int32_t b = 0; net->bins > 1 && b <= net->bins; b++) {
    bai_format(name, sizeof name, "=part_%d", b);
    add_integer(o, name, b);
  }
  for (int32_t s = 0; s < net->strands; s++) {
    bai_format(o->tag, sizeof o->tag, "%s.%d", o->owner, s);
    add_strand(o, net, s ? "@other_strand" : "@letters");
  }
  bai_format(o->tag, sizeof o->tag, "%s", o->owner);
  int64_t n = bai_format(list, sizeof list, "@seen%s.0", o->owner);
  if (net->strands == 2) bai_format(list + n, (int64_t)sizeof list - n, " @seen%s.1", o->owner);
  add_node(o, net->strands == 2 ? "Max" : "Identity", list, "found", NULL);
  add_node(o, "Gemm", "found =weights =biases", "sums", NULL);
  add_node(o, "Relu", "sums", "units", NULL);
  add_node(o, "Gemm", "units =head =intercepts", "out", NULL);
}

static void add_network(onnx *o, const bai_member *member, int32_t m, const char *scores) {
  const bai_net *net = &member->net;
  const double share = 1.0 / net->copies;
  bai_vector outs = {0, 0, 0};
  for (int32_t c = 0; c < net->copies; c++) {
    bai_format(o->owner, sizeof o->owner, ".%d.%d", m, c);
    add_copy(o, net, member->parameters + c * net->parameters);
    if (!o->e->status) o->e->status = bai_text_add(o->e->context, &outs, "%s@out%s", c ? " " : "", o->owner);
  }
  bai_format(o->owner, sizeof o->owner, ".%d", m);
  bai_format(o->tag, sizeof o->tag, "%s", m ? o->owner : "");
  add_numbers(o, "=share", &share, 1, 0);
  if (!o->e->status) add_node(o, "Sum", outs.data, "total", NULL);
  add_node(o, "Mul", "total =share", scores, NULL);
  bai_vector_free(o->e->context, &outs);
}

/* The letters of the other strand: both places and A C G T backwards. */
static void add_letters(onnx *o, int32_t strands) {
  add_value(o, 11, "@letters", 4, ANY_LENGTH);
  if (strands < 2) return;
  add_pair(o, "@last", -1, -1);
  add_pair(o, "@beyond", INT64_MIN, INT64_MIN);
  add_pair(o, "@backwards", 1, 2);
  add_pair(o, "@steps", -1, -1);
  add_node(o, "Slice", "@letters @last @beyond @backwards @steps", "@other_strand", NULL);
}

/* ---- the model ---- */

/* Each member's scores, then their sum. */
static void add_members(onnx *o) {
  const ba_model *model = o->e->model;
  const int32_t alone = model->member_count == 1;
  int32_t strands = 0;
  for (int32_t m = 0; m < model->member_count; m++)
    if (model->members[m].net.layer_count && model->members[m].net.strands > strands)
      strands = model->members[m].net.strands;
  if (strands) add_letters(o, strands);
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    const char *scores = alone ? "@scores" : "score";
    o->owner[0] = 0;
    if (m) bai_format(o->owner, sizeof o->owner, ".%d", m);
    bai_format(o->tag, sizeof o->tag, "%s", o->owner);
    if (member->net.layer_count) {
      add_network(o, member, m, scores);
    } else {
      add_value(o, 11, "features", member->plan->width, 0);
      (member->hidden ? add_hidden : add_linear)(o, member, scores);
    }
    if (alone) continue;
    add_numbers(o, "=factor", &model->factors[m], 1, 0);
    add_node(o, "Mul", "score =factor", "part", NULL);
  }
  o->owner[0] = o->tag[0] = 0;
  if (alone) return;
  bai_vector parts = {0, 0, 0};
  add_numbers(o, "offsets", model->offsets, model->outputs, 0);
  for (int32_t m = 0; !o->e->status && m < model->member_count; m++)
    o->e->status =
        m ? bai_text_add(o->e->context, &parts, "part.%d ", m) : bai_text_add(o->e->context, &parts, "part ");
  if (!o->e->status) o->e->status = bai_text_add(o->e->context, &parts, "offsets");
  if (!o->e->status) add_node(o, "Sum", parts.data, "scores", NULL);
  bai_vector_free(o->e->context, &parts);
}

static void add_answers(onnx *o) {
  const ba_model *model = o->e->model;
  const bai_calibration *c = &model->calibration;
  const double shift = c->method == BAI_CALIBRATION_PLATT ? c->intercept : 0.0;
  const char *margin = "scores";
  if (model->classes == 0) {
    add_node(o, model->log_link ? "Exp" : "Identity", "scores", "value", NULL);
    return;
  }
  if (c->method != BAI_CALIBRATION_NONE) {
    add_node(o, "Mul", "scores slope", "scaled", NULL);
    add_node(o, "Add", "scaled shift", "margins", NULL);
    add_numbers(o, "slope", &c->slope, 1, 0);
    add_numbers(o, "shift", &shift, 1, 0);
    margin = "margins";
  }
  if (model->outputs > 1) {
    add_node(o, "Softmax", margin, "probabilities", side_by_side);
    return;
  }
  add_node(o, "Neg", margin, "against", NULL);
  add_node(o, "Sigmoid", margin, "second", NULL);
  add_node(o, "Sigmoid", "against", "first", NULL);
  add_node(o, "Concat", "first second", "probabilities", side_by_side);
}

static ba_status check(const bai_export *e) {
  const ba_model *model = e->model;
  int64_t numbers = 0;
  if (model->calibration.method == BAI_CALIBRATION_ISOTONIC)
    return bai_fail(e->context, BA_ERR_UNSUPPORTED,
                    "export to ONNX: isotonic calibration; expected none, platt or temperature");
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    const int32_t letters = member->net.layer_count > 0;
    numbers += letters ? member->net.copies * member->net.parameters : member->plan->width * member->units;
    if (numbers >= INT32_MAX / 4 || (!letters && member->plan->width == 0))
      return bai_fail(e->context, BA_ERR_LIMIT, "export to ONNX: %lld weights; expected 1 to 2 GiB of them",
                      (long long)numbers);
  }
  return BA_OK;
}

/* ModelProto: ir_version 1, producer_name 2, graph 7, opset_import 8 (version 2), metadata_props 14 (key 1, value 2);
 * GraphProto: node 1, name 2, initializer 5, input 11, output 12. */
void bai_export_onnx(bai_export *e) {
  onnx o = {.e = e};
  bai_vector opset = {0, 0, 0}, property = {0, 0, 0};
  e->status = check(e);
  if (e->status) return;
  add_members(&o);
  add_answers(&o);
  add_name(e, &o.graph, 2, "bioanalytics");
  add_value(&o, 12, "scores", e->model->outputs, 0);
  add_value(&o, 12, e->model->classes ? "probabilities" : "value", e->model->answers, 0);
  add_number(e, &e->text, 1, IR_VERSION);
  add_name(e, &e->text, 2, "libbioanalytics");
  add_message(e, &e->text, 7, &o.graph);
  add_number(e, &opset, 2, OPSET);
  add_message(e, &e->text, 8, &opset);
  add_name(e, &property, 1, "recipe");
  add_name(e, &property, 2, e->model->recipe);
  add_message(e, &e->text, 14, &property);
}
