/* SPDX-License-Identifier: MIT
 *
 * net.c: a network's sizes, its working memory and its forward pass.
 */
#include "model/net.h"

#include <string.h>

/* Letters are added four at a time, see letters_f32. */
static int64_t groups_of(const bai_net *net) {
  return (net->layers[0].width + 3) / 4;
}

void bai_net_lay_out(bai_net *net) {
  int64_t at = 0;
  if (net->layer_count) net->features = 0;
  for (int32_t l = 0; l < net->layer_count; l++) {
    bai_net_layer *layer = &net->layers[l];
    layer->inputs = l ? net->layers[l - 1].filters : 4;
    layer->weights = at;
    layer->biases = at + (int64_t)layer->width * layer->inputs * layer->filters;
    at = layer->biases + layer->filters;
    net->features += (l + 1 < net->layer_count ? 1 : 2 * (int64_t)net->bins) * layer->filters;
  }
  net->units = net->hidden + net->skip * net->outputs;
  net->hidden_weights = at;
  net->hidden_biases = at + net->features * net->units;
  net->output_weights = net->hidden_biases + net->hidden;
  net->output_biases = net->output_weights + (int64_t)net->hidden * net->outputs;
  net->parameters = net->output_biases + net->outputs;
}

int64_t bai_net_before(const bai_net_layer *layer) {
  return (layer->width - 1) / 2;
}

int64_t bai_net_table_size(const bai_net *net) {
  return 2 * groups_of(net) * BAI_PAIRS * net->layers[0].filters;
}

void bai_net_make_tables(const bai_net *net, const bai_real *parameters, bai_real *tables) {
  const bai_net_layer *layer = &net->layers[0];
  const int64_t filters = layer->filters;
  for (int64_t t = 0; t < 2 * groups_of(net); t++) {
    for (int64_t pair = 0; pair < BAI_PAIRS; pair++) {
      const int64_t a = pair / 5, b = pair % 5;
      const bai_real *first = a < 4 && 2 * t < layer->width ? parameters + (8 * t + a) * filters : NULL;
      const bai_real *second = b < 4 && 2 * t + 1 < layer->width ? parameters + (8 * t + 4 + b) * filters : NULL;
      bai_real *row = tables + (t * BAI_PAIRS + pair) * filters;
      for (int64_t j = 0; j < filters; j++) row[j] = (first ? first[j] : 0) + (second ? second[j] : 0);
    }
  }
}

/* ---- working memory ---- */

static int64_t pooled_of(const bai_net_layer *layer, int64_t positions) {
  return (positions + layer->pool - 1) / layer->pool;
}

/* Hands out pieces of one block; without a block it only measures. */
typedef struct cutter {
  uint8_t *memory;
  int64_t at;
} cutter;

static void *cut(cutter *c, int64_t count, int64_t size) {
  void *piece = c->memory ? c->memory + c->at : NULL;
  c->at += (count * size + 63) / 64 * 64;
  return piece;
}

static void cut_strand(cutter *c, const bai_net *net, int64_t longest, int32_t training, bai_net_strand *s) {
  int64_t positions = longest;
  s->codes = cut(c, longest + net->layers[0].width + 8, 1);
  s->pairs = cut(c, longest + net->layers[0].width + 8, 1);
  for (int32_t l = 0; l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    const int64_t around = l + 1 < net->layer_count ? net->layers[l + 1].width - 1 : 0;
    bai_net_values *v = &s->layers[l];
    v->raw = cut(c, positions * layer->filters, sizeof(bai_real));
    positions = pooled_of(layer, positions);
    v->input = cut(c, (positions + around) * layer->filters, sizeof(bai_real));
    v->winners = training ? cut(c, positions * layer->filters, 4) : NULL;
  }
  s->features = cut(c, net->features, sizeof(bai_real));
  s->places = training ? cut(c, net->features, 4) : NULL;
}

static void cut_room(cutter *c, const bai_net *net, int64_t longest, int32_t training, bai_net_room *room) {
  for (int32_t s = 0; s < net->strands; s++) cut_strand(c, net, longest, training, &room->strands[s]);
  room->features = cut(c, net->features, sizeof(bai_real));
  room->hidden = cut(c, net->hidden, sizeof(bai_real));
  room->outputs = cut(c, net->outputs, sizeof(bai_real));
}

ba_status bai_net_reserve(ba_context *context, const bai_net *net, int64_t longest, int32_t training,
                          bai_net_room *room) {
  if (room->memory && longest <= room->longest) return BA_OK;
  if (longest > INT64_C(1) << 31)
    return bai_fail(context, BA_ERR_LIMIT,
                    "a sequence of %lld letters is too long for a network; expected at most %lld", (long long)longest,
                    (long long)(INT64_C(1) << 31));
  bai_net_room fresh = {context, NULL, longest, {{0}, {0}}, NULL, NULL, NULL};
  cutter measure = {NULL, 0};
  cut_room(&measure, net, longest, training, &fresh);
  const ba_status status = bai_alloc(context, measure.at, 1, &fresh.memory);
  if (status) return status;
  cutter give = {fresh.memory, 0};
  cut_room(&give, net, longest, training, &fresh);
  bai_net_room_free(room);
  *room = fresh;
  return BA_OK;
}

void bai_net_room_free(bai_net_room *room) {
  if (room->memory) bai_free(room->context, room->memory);
  room->memory = NULL;
}

/* ---- forward ---- */

static void put_codes(const bai_net *net, bai_net_strand *s, const uint8_t *codes, int64_t length, int32_t reverse) {
  const int64_t before = bai_net_before(&net->layers[0]), all = length + 4 * groups_of(net);
  memset(s->codes, 4, (size_t)all);
  for (int64_t i = 0; i < length; i++) {
    const uint8_t code = codes[reverse ? length - 1 - i : i];
    s->codes[before + i] = code > 3 ? 4 : reverse ? (uint8_t)(3 - code) : code;
  }
  for (int64_t i = 0; i + 1 < all; i++) s->pairs[i] = (uint8_t)(5 * s->codes[i] + s->codes[i + 1]);
}

static void start(const bai_net *net, bai_net_room *room, const uint8_t *codes, int64_t length) {
  for (int32_t i = 0; i < net->strands; i++) {
    put_codes(net, &room->strands[i], codes, length, i);
    int64_t positions = length;
    for (int32_t l = 0; l < net->layer_count; l++) {
      bai_net_values *v = &room->strands[i].layers[l];
      v->positions = positions;
      v->pooled = positions = pooled_of(&net->layers[l], positions);
      v->kept =
          v->input + (l + 1 < net->layer_count ? bai_net_before(&net->layers[l + 1]) * net->layers[l].filters : 0);
    }
  }
}

static void convolve(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters, const bai_real *tables,
                     bai_net_room *room, int32_t l) {
  const bai_net_layer *layer = &net->layers[l];
  const bai_real *biases = parameters + layer->biases;
  for (int32_t i = 0; i < net->strands; i++) {
    const bai_net_strand *s = &room->strands[i];
    const bai_net_values *v = &s->layers[l];
    if (l == 0) {
      BAI_NET_CALL(kernels, letters)
      (v->raw, biases, tables, s->pairs, v->positions, groups_of(net), layer->filters);
      continue;
    }
    for (int64_t p = 0; p < v->positions; p++)
      memcpy(v->raw + p * layer->filters, biases, (size_t)layer->filters * sizeof(bai_real));
    BAI_NET_CALL(kernels, gemm)
    (v->raw, layer->filters, s->layers[l - 1].input, layer->inputs, 1, parameters + layer->weights, layer->filters,
     v->positions, (int64_t)layer->width * layer->inputs, layer->filters);
  }
}

static void pool_layer(const bai_kernels *kernels, const bai_net *net, bai_net_room *room, int32_t l) {
  const bai_net_layer *layer = &net->layers[l];
  const int64_t filters = layer->filters, around = l + 1 < net->layer_count ? net->layers[l + 1].width - 1 : 0;
  for (int32_t s = 0; s < net->strands; s++) {
    const bai_net_values *v = &room->strands[s].layers[l];
    const int64_t before = v->kept - v->input;
    memset(v->input, 0, (size_t)before * sizeof(bai_real));
    memset(v->kept + v->pooled * filters, 0, (size_t)(around * filters - before) * sizeof(bai_real));
    if (layer->pool == 1) { /* all positions as one row */
      BAI_NET_CALL(kernels, most)(v->kept, v->winners, v->raw, 1, v->positions * filters);
      continue;
    }
    for (int64_t i = 0; i < v->pooled; i++) {
      const int64_t from = i * layer->pool, left = v->positions - from;
      BAI_NET_CALL(kernels, most)
      (v->kept + i * filters, v->winners ? v->winners + i * filters : NULL, v->raw + from * filters,
       left < layer->pool ? left : layer->pool, filters);
    }
  }
}

/* One layer after the other: the largest of lower layers; of the last, for each bin the largest, then the mean. */
static void gather_strand(const bai_kernels *kernels, const bai_net *net, bai_net_strand *s) {
  int64_t at = 0;
  for (int32_t l = 0; l < net->layer_count; l++) {
    const bai_net_values *v = &s->layers[l];
    const int64_t filters = net->layers[l].filters;
    const int32_t last = l + 1 == net->layer_count, bins = last ? net->bins : 1;
    for (int64_t b = 0; b < bins; b++) {
      const int64_t from = v->pooled * b / bins, rows = v->pooled * (b + 1) / bins - from;
      const bai_real *values = v->kept + from * filters;
      BAI_NET_CALL(kernels, most)(s->features + at, s->places ? s->places + at : NULL, values, rows, filters);
      for (int64_t j = at; s->places && j < at + filters; j++)
        if (s->places[j] >= 0) s->places[j] += (int32_t)from;
      at += filters;
      if (!last) continue;
      bai_real *mean = s->features + at;
      memset(mean, 0, (size_t)filters * sizeof *mean);
      BAI_NET_CALL(kernels, add_rows)(mean, values, rows, filters);
      for (int64_t j = 0; rows && j < filters; j++) mean[j] /= (bai_real)rows;
      at += filters;
    }
  }
}

static void gather(const bai_kernels *kernels, const bai_net *net, bai_net_room *room) {
  const bai_real *first = room->strands[0].features, *second = room->strands[1].features;
  for (int32_t i = 0; i < net->strands; i++) gather_strand(kernels, net, &room->strands[i]);
  for (int64_t j = 0; j < net->features; j++)
    room->features[j] = net->strands == 2 && second[j] > first[j] ? second[j] : first[j];
}

void bai_net_features(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters,
                      const bai_real *tables, bai_net_room *room, const uint8_t *codes, int64_t length) {
  start(net, room, codes, length);
  for (int32_t l = 0; l < net->layer_count; l++) {
    convolve(kernels, net, parameters, tables, room, l);
    pool_layer(kernels, net, room, l);
  }
  gather(kernels, net, room);
}

void bai_net_head(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters, bai_net_room *room) {
  memcpy(room->hidden, parameters + net->hidden_biases, (size_t)net->hidden * sizeof(bai_real));
  BAI_NET_CALL(kernels, gemm)
  (room->hidden, net->hidden, room->features, 0, 1, parameters + net->hidden_weights, net->hidden, 1, net->features,
   net->hidden);
  for (int64_t j = 0; j < net->hidden; j++) room->hidden[j] = room->hidden[j] > 0 ? room->hidden[j] : 0;
  memcpy(room->outputs, parameters + net->output_biases, (size_t)net->outputs * sizeof(bai_real));
  BAI_NET_CALL(kernels, gemm)
  (room->outputs, net->outputs, room->hidden, 0, 1, parameters + net->output_weights, net->outputs, 1, net->hidden,
   net->outputs);
}

void bai_net_score(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters, const bai_real *tables,
                   bai_net_room *room, const uint8_t *codes, int64_t length, double *scores) {
  for (int32_t o = 0; o < net->outputs; o++) scores[o] = 0.0;
  for (int32_t c = 0; c < net->copies; c++) {
    bai_net_features(kernels, net, parameters, tables, room, codes, length);
    bai_net_head(kernels, net, parameters, room);
    for (int32_t o = 0; o < net->outputs; o++) scores[o] += (double)room->outputs[o];
    parameters += net->parameters;
    tables += bai_net_table_size(net);
  }
  for (int32_t o = 0; o < net->outputs; o++) scores[o] /= net->copies;
}
