/* SPDX-License-Identifier: MIT
 *
 * net_backward.c: the way back through a network: pools pass a slope to the place that was the largest, relu stops it
 * where the value was not above 0, a convolution is a product of matrices both ways.
 */
#include "train/net_backward.h"

#include <string.h>

#define REGISTER 16 /* numbers in the widest register: a product with fewer columns takes as long */

int64_t bai_net_turned_size(const bai_net *net) {
  int64_t size = net->features * net->hidden;
  for (int32_t l = 1; l < net->layer_count; l++) size += net->layers[l].biases - net->layers[l].weights;
  return size;
}

/* First the hidden weights with rows for hidden units. Then, a layer after the other, rows for a place and a filter,
 * the last place first, and columns for inputs: so that the slopes of an input are a product with slopes side by side.
 */
void bai_net_turn(const bai_net *net, const bai_real *parameters, bai_real *turned) {
  for (int64_t i = 0; i < net->features; i++)
    for (int64_t j = 0; j < net->hidden; j++)
      turned[j * net->features + i] = parameters[net->hidden_weights + i * net->hidden + j];
  turned += net->features * net->hidden;
  for (int32_t l = 1; l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    const int64_t filters = layer->filters, inputs = layer->inputs;
    for (int64_t t = 0; t < layer->width; t++) {
      const bai_real *from = parameters + layer->weights + t * inputs * filters;
      bai_real *to = turned + (layer->width - 1 - t) * filters * inputs;
      for (int64_t c = 0; c < inputs; c++)
        for (int64_t j = 0; j < filters; j++) to[j * inputs + c] = from[c * filters + j];
    }
    turned += layer->width * inputs * filters;
  }
}

static const bai_real *turned_layer(const bai_net *net, const bai_real *turned, int32_t l) {
  turned += net->features * net->hidden;
  for (int32_t i = 1; i < l; i++) turned += net->layers[i].biases - net->layers[i].weights;
  return turned;
}

/* ---- working memory ---- */

/* Numbers needed; with memory, where each piece is. */
static int64_t lay_out(const bai_net *net, int64_t longest, bai_net_back *back) {
  bai_real *memory = back->memory;
  int64_t at = 0, positions = longest;
  for (int32_t l = 0; l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    if (memory) back->raw[l] = memory + at;
    at += (positions + layer->width) * layer->filters;
    positions = (positions + layer->pool - 1) / layer->pool;
    if (memory) back->kept[l] = memory + at;
    at += positions * layer->filters;
  }
  const bai_net_layer *last = &net->layers[net->layer_count - 1];
  const int64_t weights = (last->biases - last->weights), slopes = (longest + last->width) * last->filters;
  if (memory) {
    back->features = memory + at;
    back->strand = back->features + net->features;
    back->hidden = back->strand + net->features;
    back->narrow_turned = back->hidden + net->hidden;
    back->narrow_sum = back->narrow_turned + weights;
    back->narrow = back->narrow_sum + weights;
    back->active = (int32_t *)(void *)(back->narrow + slopes);
  }
  return at + 2 * net->features + net->hidden + 2 * weights + slopes + last->filters;
}

ba_status bai_net_back_reserve(ba_context *context, const bai_net *net, int64_t longest, bai_net_back *back) {
  bai_net_back fresh = {.context = context, .longest = longest};
  if (back->memory && longest <= back->longest) return BA_OK;
  const int64_t size = lay_out(net, longest, &fresh);
  const ba_status status = bai_alloc(context, size, sizeof(bai_real), &fresh.memory);
  if (status) return status;
  lay_out(net, longest, &fresh);
  bai_net_back_free(back);
  *back = fresh;
  return BA_OK;
}

void bai_net_back_free(bai_net_back *back) {
  if (back->memory) bai_free(back->context, back->memory);
  back->memory = NULL;
}

/* ---- the loss and the head ---- */

double bai_net_loss(const bai_kernels *kernels, const bai_net *net, const bai_real *outputs, int32_t label,
                    double smoothing, bai_real *slopes) {
  const int32_t n = net->outputs;
  if (n == 1) {
    const double margin = (double)outputs[0], target = label * (1.0 - smoothing) + 0.5 * smoothing;
    double loss, probability;
    kernels->softplus_f64(&loss, &margin, 1);
    kernels->sigmoid_f64(&probability, &margin, 1);
    slopes[0] = (bai_real)(probability - target);
    return loss - target * margin;
  }
  double most = (double)outputs[0], total = 0.0, sum = 0.0, loss;
  for (int32_t c = 1; c < n; c++)
    if ((double)outputs[c] > most) most = (double)outputs[c];
  for (int32_t c = 0; c < n; c++) {
    double power = (double)outputs[c] - most;
    sum += power;
    kernels->exp_f64(&power, &power, 1);
    total += power;
  }
  for (int32_t c = 0; c < n; c++) {
    double power = (double)outputs[c] - most;
    kernels->exp_f64(&power, &power, 1);
    slopes[c] = (bai_real)(power / total - (c == label ? 1.0 - smoothing : 0.0) - smoothing / n);
  }
  kernels->log_f64(&loss, &total, 1);
  return loss - (1.0 - smoothing) * ((double)outputs[label] - most) - smoothing / n * sum;
}

void bai_net_head_back(const bai_kernels *kernels, const bai_net *net, const bai_real *parameters,
                       const bai_real *turned, const bai_net_room *room, const bai_real *output_slopes,
                       bai_net_back *back, bai_real *gradient) {
  for (int64_t j = 0; j < net->hidden; j++) {
    const bai_real *weights = parameters + net->output_weights + j * net->outputs;
    bai_real *sums = gradient + net->output_weights + j * net->outputs, slope = 0;
    for (int64_t o = 0; o < net->outputs; o++) {
      sums[o] += room->hidden[j] * output_slopes[o];
      slope += weights[o] * output_slopes[o];
    }
    back->hidden[j] = room->hidden[j] > 0 ? slope : 0;
  }
  BAI_NET_CALL(kernels, add_rows)(gradient + net->output_biases, output_slopes, 1, net->outputs);
  BAI_NET_CALL(kernels, add_rows)(gradient + net->hidden_biases, back->hidden, 1, net->hidden);
  memset(back->features, 0, (size_t)net->features * sizeof(bai_real));
  BAI_NET_CALL(kernels, gemm)
  (back->features, net->features, back->hidden, 0, 1, turned, net->features, 1, net->hidden, net->features);
}

/* ---- convolutions ---- */

/* Slopes of the features to the values they were taken from. */
static void scatter(const bai_kernels *kernels, const bai_net *net, int32_t l, const bai_net_strand *s,
                    const bai_net_back *back) {
  const int64_t filters = net->layers[l].filters, pooled = s->layers[l].pooled;
  const int32_t last = l + 1 == net->layer_count;
  const int64_t bins = last ? net->bins : 1;
  int64_t at = 0;
  for (int32_t i = 0; i < l; i++) at += net->layers[i].filters;
  const bai_real *slope = back->strand + at;
  const int32_t *places = s->places + at;
  bai_real *kept = back->kept[l];
  for (int64_t b = 0; b < bins; b++) {
    for (int64_t j = 0; j < filters; j++)
      if (places[j] >= 0) kept[places[j] * filters + j] += slope[j];
    slope += filters;
    places += filters;
    if (!last) continue;
    const int64_t from = pooled * b / bins, rows = pooled * (b + 1) / bins - from;
    for (int64_t j = 0; rows && j < filters; j++) back->narrow[j] = slope[j] / (bai_real)rows;
    BAI_NET_CALL(kernels, add_row)(kept + from * filters, back->narrow, rows, filters);
    slope += filters;
    places += filters;
  }
}

/* Lists the last layer's filters that have slopes, filled up with -1 to whole registers. */
static int64_t list_active(const bai_net *net, bai_net_back *back) {
  const int64_t filters = net->layers[net->layer_count - 1].filters;
  const bai_real *slopes = back->strand + net->features - 2 * net->bins * filters;
  int64_t n = 0;
  for (int64_t j = 0; j < filters; j++) {
    int32_t any = 0;
    for (int64_t b = 0; b < 2 * (int64_t)net->bins; b++) any |= slopes[b * filters + j] != 0;
    if (any) back->active[n++] = (int32_t)j;
  }
  for (; n % REGISTER && n < filters; n++) back->active[n] = -1;
  return n;
}

/* The two products of the last layer with its n active filters alone: with two strands, and dropout, about half are. */
static void narrow_back(const bai_kernels *kernels, const bai_net *net, const bai_real *turned, const bai_net_strand *s,
                        bai_net_back *back, int64_t n, bai_real *gradient) {
  const int32_t l = net->layer_count - 1;
  const bai_net_layer *layer = &net->layers[l];
  const int64_t filters = layer->filters, inputs = layer->inputs, width = layer->width;
  const int64_t positions = s->layers[l].positions, behind = width - 1 - bai_net_before(layer);
  for (int64_t r = 0; r < positions + width - 1; r++)
    for (int64_t i = 0; i < n; i++)
      back->narrow[r * n + i] = back->active[i] < 0 ? 0 : back->raw[l][r * filters + back->active[i]];
  memset(back->narrow_sum, 0, (size_t)(width * inputs * n) * sizeof(bai_real));
  BAI_NET_CALL(kernels, gemm)
  (back->narrow_sum, n, s->layers[l - 1].input, 1, inputs, back->narrow + behind * n, n, width * inputs, positions, n);
  int64_t real = n; /* without those that only fill up */
  while (real > 0 && back->active[real - 1] < 0) real--;
  for (int64_t k = 0; k < width * inputs; k++)
    for (int64_t i = 0; i < real; i++)
      gradient[layer->weights + k * filters + back->active[i]] += back->narrow_sum[k * n + i];
  for (int64_t t = 0; t < width; t++)
    for (int64_t i = 0; i < n; i++) /* a filter that only fills up has no slopes: any weights do */
      memcpy(back->narrow_turned + (t * n + i) * inputs,
             turned + (t * filters + (back->active[i] < 0 ? 0 : back->active[i])) * inputs,
             (size_t)inputs * sizeof(bai_real));
  BAI_NET_CALL(kernels, gemm)
  (back->kept[l - 1], inputs, back->narrow, n, 1, back->narrow_turned, inputs, positions, width * n, inputs);
}

/* From the slopes of what layer l keeps, and of its features, to its parameters and the layer below. */
static void layer_back(const bai_kernels *kernels, const bai_net *net, int32_t l, const bai_real *turned,
                       const bai_net_strand *s, bai_net_back *back, bai_real *gradient) {
  const bai_net_layer *layer = &net->layers[l];
  const bai_net_values *v = &s->layers[l];
  const int64_t filters = layer->filters, inputs = layer->inputs, before = bai_net_before(layer);
  const int64_t behind = layer->width - 1 - before;
  bai_real *raw = back->raw[l] + behind * filters; /* the other way round: what came before comes behind */
  scatter(kernels, net, l, s, back);
  if (layer->pool == 1) /* all positions as one row */
    BAI_NET_CALL(kernels, spread)(raw, back->kept[l], v->winners, 1, v->positions * filters);
  for (int64_t p = 0; layer->pool > 1 && p < v->pooled; p++) {
    const int64_t from = p * layer->pool, left = v->positions - from;
    BAI_NET_CALL(kernels, spread)
    (raw + from * filters, back->kept[l] + p * filters, v->winners + p * filters,
     left < layer->pool ? left : layer->pool, filters);
  }
  BAI_NET_CALL(kernels, add_rows)(gradient + layer->biases, raw, v->positions, filters);
  if (l == 0) {
    BAI_NET_CALL(kernels, letters_slope)(gradient, raw, s->codes, v->positions, layer->width, filters);
    return;
  }
  memset(back->raw[l], 0, (size_t)(behind * filters) * sizeof *raw);
  memset(raw + v->positions * filters, 0, (size_t)(before * filters) * sizeof *raw);
  memset(back->kept[l - 1], 0, (size_t)(v->positions * inputs) * sizeof *raw);
  const int64_t active = l + 1 == net->layer_count ? list_active(net, back) : filters;
  if (active < filters) {
    narrow_back(kernels, net, turned_layer(net, turned, l), s, back, active, gradient);
    return;
  }
  BAI_NET_CALL(kernels, gemm)
  (gradient + layer->weights, filters, s->layers[l - 1].input, 1, inputs, raw, filters, layer->width * inputs,
   v->positions, filters);
  BAI_NET_CALL(kernels, gemm)
  (back->kept[l - 1], inputs, back->raw[l], filters, 1, turned_layer(net, turned, l), inputs, v->positions,
   layer->width * filters, inputs);
}

void bai_net_features_back(const bai_kernels *kernels, const bai_net *net, const bai_real *turned,
                           const bai_net_room *room, bai_net_back *back, bai_real *gradient) {
  const bai_real *first = room->strands[0].features, *second = room->strands[1].features;
  const int32_t last = net->layer_count - 1;
  for (int32_t i = 0; i < net->strands; i++) {
    const bai_net_strand *s = &room->strands[i];
    for (int64_t j = 0; j < net->features; j++) {
      const int32_t from = net->strands == 2 && second[j] > first[j];
      back->strand[j] = from == i ? back->features[j] : 0;
    }
    memset(back->kept[last], 0, (size_t)(s->layers[last].pooled * net->layers[last].filters) * sizeof(bai_real));
    for (int32_t l = last; l >= 0 && !bai_is_cancelled(room->context); l--)
      layer_back(kernels, net, l, turned, s, back, gradient);
  }
}
