/* SPDX-License-Identifier: MIT
 *
 * net.c: a network's sizes, its working memory and its forward pass.
 */
#include "model/net.h"

#include <string.h>

#define SOME 1024 /* positions of a layer between two looks for a cancel */

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

/* Those for letters alone fill 1 MB, which a second-level cache holds. */
int32_t bai_net_by_fours(const bai_net *net, int32_t training) {
  const bai_net_layer *layer = &net->layers[0];
  return !training && net->layer_count == 1 && layer->pool == 1 && groups_of(net) * layer->filters <= 1024;
}

int64_t bai_net_table_size(const bai_net *net, int32_t training) {
  return groups_of(net) * (bai_net_by_fours(net, training) ? BAI_QUADS : 2 * BAI_PAIRS) * net->layers[0].filters;
}

/* A letter's weights at a place; NULL: all 0. */
static const bai_real *weights_of(const bai_net *net, const bai_real *parameters, int64_t place, int64_t code) {
  const bai_net_layer *layer = &net->layers[0];
  return code < 4 && place < layer->width ? parameters + (4 * place + code) * layer->filters : NULL;
}

static bai_real sum_of(const bai_real *first, const bai_real *second, int64_t j) {
  return (first ? first[j] : 0) + (second ? second[j] : 0);
}

static void make_pairs(const bai_net *net, const bai_real *parameters, int64_t t, bai_real *row) {
  const int64_t filters = net->layers[0].filters;
  for (int64_t pair = 0; pair < BAI_PAIRS; pair++, row += filters) {
    const bai_real *first = weights_of(net, parameters, 2 * t, pair / 5);
    const bai_real *second = weights_of(net, parameters, 2 * t + 1, pair % 5);
    for (int64_t j = 0; j < filters; j++) row[j] = sum_of(first, second, j);
  }
}

static void make_fours(const bai_net *net, const bai_real *parameters, int64_t g, bai_real *row) {
  const int64_t filters = net->layers[0].filters;
  const bai_real *biases = parameters + net->layers[0].biases, *weights[4];
  for (int64_t quad = 0; quad < BAI_QUADS; quad++, row += filters) {
    for (int64_t i = 0, rest = quad; i < 4; i++, rest /= 5)
      weights[3 - i] = weights_of(net, parameters, 4 * g + 3 - i, rest % 5);
    for (int64_t j = 0; j < filters; j++) {
      const bai_real sum = sum_of(weights[0], weights[1], j) + sum_of(weights[2], weights[3], j);
      row[j] = g == 0 ? biases[j] + sum : sum;
    }
  }
}

void bai_net_make_tables(const bai_net *net, int32_t training, const bai_real *parameters, bai_real *tables) {
  const int64_t filters = net->layers[0].filters, groups = groups_of(net);
  const int32_t fours = bai_net_by_fours(net, training);
  for (int64_t g = 0; fours && g < groups; g++) make_fours(net, parameters, g, tables + g * BAI_QUADS * filters);
  for (int64_t t = 0; !fours && t < 2 * groups; t++) make_pairs(net, parameters, t, tables + t * BAI_PAIRS * filters);
}

/* ---- working memory ---- */

static int64_t pooled_of(const bai_net_layer *layer, int64_t positions) {
  return (positions + layer->pool - 1) / layer->pool;
}

/* Pairs or fours of a sequence, those over its ends too, in whole registers. */
static int64_t room_for(const bai_net *net, int64_t length) {
  return (length + 4 * groups_of(net) + 63) / 64 * 64;
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
  const int32_t fours = bai_net_by_fours(net, training);
  int64_t positions = longest;
  s->codes = cut(c, room_for(net, longest) + 3, 1);
  s->pairs = fours ? NULL : cut(c, room_for(net, longest), 1);
  s->quads = fours ? cut(c, room_for(net, longest), 2) : NULL;
  for (int32_t l = 0; !fours && l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    const int64_t around = l + 1 < net->layer_count ? net->layers[l + 1].width - 1 : 0;
    bai_net_values *v = &s->layers[l];
    v->raw = cut(c, positions * layer->filters, sizeof(bai_real));
    positions = pooled_of(layer, positions);
    v->input = v->raw;
    if (training || layer->pool > 1 || l + 1 < net->layer_count)
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
  bai_net_room fresh = {.context = context, .longest = longest, .training = training};
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

static void put_codes(const bai_kernels *kernels, const bai_net *net, bai_net_strand *s, const uint8_t *codes,
                      int64_t length, int32_t reverse) {
  const int64_t before = bai_net_before(&net->layers[0]), all = room_for(net, length);
  uint8_t *to = s->codes + before, *pairs = s->pairs;
  memset(s->codes, 4, (size_t)before);
  memset(to + length, 4, (size_t)(all + 3 - before - length));
  if (!reverse) memcpy(to, codes, (size_t)length);
  for (int64_t i = 0; reverse && i < length; i++)
    to[i] = codes[length - 1 - i] > 3 ? 4 : (uint8_t)(3 - codes[length - 1 - i]);
  to = s->codes;
  if (s->quads) kernels->join_letters(s->quads, to, all);
  for (int64_t i = 0; pairs && i < all; i++) pairs[i] = (uint8_t)(5 * to[i] + to[i + 1]);
}

static void start(const bai_kernels *kernels, const bai_net *net, bai_net_room *room, const uint8_t *codes,
                  int64_t length) {
  for (int32_t i = 0; i < net->strands; i++) {
    put_codes(kernels, net, &room->strands[i], codes, length, i);
    int64_t positions = length;
    for (int32_t l = 0; l < net->layer_count; l++) {
      bai_net_values *v = &room->strands[i].layers[l];
      v->positions = positions;
      v->pooled = positions = pooled_of(&net->layers[l], positions);
      v->kept = v->input;
      if (l + 1 < net->layer_count) v->kept += bai_net_before(&net->layers[l + 1]) * net->layers[l].filters;
    }
  }
}

/* Some positions of a strand, from `at` on. */
static void convolve_some(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters,
                          const bai_real *tables, const bai_net_strand *s, int32_t l, int64_t at, int64_t count) {
  const bai_net_layer *layer = &net->layers[l];
  const bai_real *biases = parameters + layer->biases;
  bai_real *raw = s->layers[l].raw + at * layer->filters;
  if (l == 0) {
    BAI_NET_CALL(kernels, letters)(raw, biases, tables, s->pairs + at, count, groups_of(net), layer->filters);
    return;
  }
  for (int64_t p = 0; p < count; p++)
    memcpy(raw + p * layer->filters, biases, (size_t)layer->filters * sizeof(bai_real));
  BAI_NET_CALL(kernels, gemm)
  (raw, layer->filters, s->layers[l - 1].input + at * layer->inputs, layer->inputs, 1, parameters + layer->weights,
   layer->filters, count, (int64_t)layer->width * layer->inputs, layer->filters);
}

static void convolve(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters, const bai_real *tables,
                     bai_net_room *room, int32_t l) {
  for (int32_t i = 0; i < net->strands; i++) {
    const bai_net_strand *s = &room->strands[i];
    const int64_t positions = s->layers[l].positions;
    for (int64_t at = 0; at < positions && !bai_is_cancelled(room->context); at += SOME) {
      const int64_t count = positions - at < SOME ? positions - at : SOME;
      convolve_some(kernels, net, parameters, tables, s, l, at, count);
    }
  }
}

static void pool_layer(const bai_kernels *kernels, const bai_net *net, bai_net_room *room, int32_t l) {
  const bai_net_layer *layer = &net->layers[l];
  const int64_t filters = layer->filters, around = l + 1 < net->layer_count ? net->layers[l + 1].width - 1 : 0;
  for (int32_t s = 0; s < net->strands; s++) {
    const bai_net_values *v = &room->strands[s].layers[l];
    if (v->kept == v->raw) continue;
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

/* The largest of each filter and where it stands, and the sums; the same numbers as without places. */
static void find_places(const bai_kernels *kernels, bai_real *features, int32_t *places, const bai_real *values,
                        int64_t from, int64_t rows, int64_t filters) {
  bai_real *sums = features + filters;
  BAI_NET_CALL(kernels, most)(features, places, values, rows, filters);
  for (int64_t j = 0; j < filters; j++)
    if (places[j] >= 0) places[j] += (int32_t)from;
  memset(sums, 0, (size_t)filters * sizeof *sums);
  BAI_NET_CALL(kernels, add_rows)(sums, values, rows, filters);
}

/* Of the last layer, for each bin the largest, then the mean. */
static void gather_last(const bai_kernels *kernels, const bai_net *net, const bai_real *tables, bai_net_strand *s,
                        int64_t at) {
  const int32_t last = net->layer_count - 1;
  const bai_net_values *v = &s->layers[last];
  const int64_t filters = net->layers[last].filters;
  for (int64_t b = 0; b < net->bins; b++, at += 2 * filters) {
    const int64_t from = v->pooled * b / net->bins, rows = v->pooled * (b + 1) / net->bins - from;
    bai_real *features = s->features + at, *mean = features + filters;
    if (s->quads)
      BAI_NET_CALL(kernels, find_letters)(features, mean, tables, s->quads + from, rows, groups_of(net), filters);
    else if (s->places)
      find_places(kernels, features, s->places + at, v->kept + from * filters, from, rows, filters);
    else
      BAI_NET_CALL(kernels, find_rows)(features, mean, v->kept + from * filters, rows, filters);
    for (int64_t j = 0; rows && j < filters; j++) mean[j] /= (bai_real)rows;
  }
}

/* One layer after the other: the largest of lower layers, then the last. */
static void gather_strand(const bai_kernels *kernels, const bai_net *net, const bai_real *tables, bai_net_strand *s) {
  int64_t at = 0;
  for (int32_t l = 0; l + 1 < net->layer_count; l++) {
    BAI_NET_CALL(kernels, most)
    (s->features + at, s->places ? s->places + at : NULL, s->layers[l].kept, s->layers[l].pooled,
     net->layers[l].filters);
    at += net->layers[l].filters;
  }
  gather_last(kernels, net, tables, s, at);
}

static void gather(const bai_kernels *kernels, const bai_net *net, const bai_real *tables, bai_net_room *room) {
  const bai_real *first = room->strands[0].features, *second = room->strands[1].features;
  for (int32_t i = 0; i < net->strands; i++) gather_strand(kernels, net, tables, &room->strands[i]);
  memcpy(room->features, first, (size_t)net->features * sizeof *first);
  for (int64_t j = 0; net->strands == 2 && j < net->features; j++)
    if (second[j] > first[j]) room->features[j] = second[j];
}

void bai_net_features(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters,
                      const bai_real *tables, bai_net_room *room, const uint8_t *codes, int64_t length) {
  const int32_t last = net->layer_count - 1;
  start(kernels, net, room, codes, length);
  for (int32_t l = 0; !bai_net_by_fours(net, room->training) && l <= last; l++) {
    convolve(kernels, net, parameters, tables, room, l);
    pool_layer(kernels, net, room, l);
  }
  gather(kernels, net, tables, room);
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
    tables += bai_net_table_size(net, 0);
  }
  for (int32_t o = 0; o < net->outputs; o++) scores[o] /= net->copies;
}
