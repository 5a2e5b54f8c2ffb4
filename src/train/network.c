/* SPDX-License-Identifier: MIT
 *
 * network.c: the training loop of a network. Adam with decay apart from the gradient (Loshchilov and Hutter, 2019), the
 * rate in one cycle (Smith, 2018).
 */
#include "train/network.h"

#include <math.h>
#include <string.h>

#include "train/net_backward.h"

#define PARTS 8   /* of a batch; the slopes of one part's rows are summed one after the other */
#define ALIKE 32  /* features side by side, taken to be about equally large */
#define JUDGED 64 /* rows that a worker takes at a time */

enum { STREAM_START = 1, STREAM_ORDER, STREAM_DROPOUT };

/* What one thread needs. */
typedef struct worker {
  bai_net_room room;
  bai_net_back back;
  bai_real *features, *hidden; /* of the part's rows, for the gradient of the hidden weights */
  bai_real *slopes;            /* of one row's outputs */
  uint8_t *codes;
} worker;

struct bai_network {
  ba_context *context;
  bai_network_rows all;
  bai_net net;
  bai_network_how how;
  worker *workers;
  int32_t worker_count;
  bai_real *parameters, *best, *first, *second; /* moments of the gradient */
  bai_real *tables, *turned, *partials;
  bai_keyed *order;
  int64_t *judges;
  double *losses; /* of a batch's or all judging rows */
  int64_t part;   /* rows of a part */
  int64_t rows, judge_count, epoch, next, steps, best_epoch;
  double scale; /* that makes the mean weight 1 */
  double power1, power2, sum, best_loss, latest;
  int32_t under_way, judging;
};

static uint64_t draw(const bai_network *n, uint64_t kind, uint64_t stream, uint64_t index) {
  return bai_random(n->how.seed * 8 + kind, stream, index);
}

/* ---- making ---- */

/* Evenly from -bound to bound. */
static void start_weights(bai_network *n, int64_t at, int64_t count, double bound) {
  for (int64_t i = at; i < at + count; i++)
    n->parameters[i] = (bai_real)(((double)(draw(n, STREAM_START, 0, (uint64_t)i) >> 11) * 0x1p-52 - 1.0) * bound);
}

/* Gives columns of `rows` weights the mean 0: inputs that are all above 0 then push no unit to one side. */
static void centre(bai_network *n, int64_t at, int64_t rows, int64_t columns) {
  bai_real *weights = n->parameters + at;
  for (int64_t j = 0; j < columns; j++) {
    double sum = 0.0;
    for (int64_t i = 0; i < rows; i++) sum += (double)weights[i * columns + j];
    for (int64_t i = 0; i < rows; i++) weights[i * columns + j] -= (bai_real)(sum / (double)rows);
  }
}

/* Values keep their size from layer to layer: of the first layer's inputs one in four is 1. */
static void start(bai_network *n) {
  const bai_net *net = &n->net;
  for (int32_t l = 0; l < net->layer_count; l++) {
    const bai_net_layer *layer = &net->layers[l];
    const double bound = l ? sqrt(6.0 / (layer->width * (double)layer->inputs)) : sqrt(3.0 / layer->width);
    start_weights(n, layer->weights, layer->biases - layer->weights, bound);
    for (int64_t t = 0; t < (l ? 1 : layer->width); t++)
      centre(n, layer->weights + t * 4 * layer->filters, l ? layer->width * (int64_t)layer->inputs : 4, layer->filters);
  }
  start_weights(n, net->hidden_weights, net->hidden_biases - net->hidden_weights, 2.0 / sqrt((double)net->features));
  for (int64_t f = 0; f < net->features; f += ALIKE)
    centre(n, net->hidden_weights + f * net->hidden, net->features - f < ALIKE ? net->features - f : ALIKE,
           net->hidden);
  start_weights(n, net->output_weights, net->parameters - net->output_weights, 1.0 / sqrt(net->hidden));
}

static ba_status take_rows(bai_network *n) {
  const ba_dataset *dataset = n->all.dataset;
  double total = 0.0;
  ba_status status = bai_alloc(n->context, dataset->rows, sizeof *n->order, &n->order);
  if (!status) status = bai_alloc(n->context, dataset->rows, 8, &n->judges);
  if (status) return status;
  for (int64_t row = 0; row < dataset->rows; row++) {
    if (n->all.uses[row] == BAI_USE_TRAIN && n->all.weights[row] > 0.0) n->order[n->rows++].index = row;
    if (n->all.uses[row] == BAI_USE_DEV) n->judges[n->judge_count++] = row;
  }
  for (int64_t i = 0; i < n->rows; i++) total += n->all.weights[n->order[i].index];
  n->scale = (double)n->rows / total;
  return bai_alloc(n->context, n->judge_count > n->how.batch ? n->judge_count : n->how.batch, 8, &n->losses);
}

static ba_status make_workers(bai_network *n) {
  const int32_t count = bai_workers(n->context, n->judge_count / JUDGED > PARTS ? n->judge_count / JUDGED : PARTS);
  ba_status status = bai_alloc_zero(n->context, count, sizeof *n->workers, &n->workers);
  if (status) return status;
  n->worker_count = count;
  for (int32_t i = 0; !status && i < count; i++) {
    worker *w = &n->workers[i];
    status = bai_net_reserve(n->context, &n->net, n->all.dataset->longest, 1, &w->room);
    if (!status) status = bai_net_back_reserve(n->context, &n->net, n->all.dataset->longest, &w->back);
    if (!status) status = bai_alloc(n->context, n->part * n->net.features, sizeof(bai_real), &w->features);
    if (!status) status = bai_alloc(n->context, n->part * n->net.hidden, sizeof(bai_real), &w->hidden);
    if (!status) status = bai_alloc(n->context, n->net.outputs, sizeof(bai_real), &w->slopes);
    if (!status) status = bai_alloc(n->context, n->all.dataset->longest, 1, &w->codes);
  }
  return status;
}

ba_status bai_network_create(ba_context *context, const bai_network_rows *rows, const bai_net *net,
                             const bai_network_how *how, bai_network **out) {
  bai_network *n;
  const int64_t size = sizeof(bai_real);
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *n, &n);
  if (status) return status;
  n->context = bai_context_retain(context);
  n->all = *rows;
  n->net = *net;
  n->how = *how;
  n->part = (how->batch + PARTS - 1) / PARTS;
  n->power1 = n->power2 = 1.0;
  n->best_loss = bai_not_a_number();
  status = take_rows(n);
  if (!status) status = make_workers(n);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->parameters);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->best);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->first);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->second);
  if (!status) status = bai_alloc(context, bai_net_table_size(net), size, &n->tables);
  if (!status) status = bai_alloc(context, bai_net_turned_size(net), size, &n->turned);
  if (!status) status = bai_alloc(context, PARTS * net->parameters, size, &n->partials);
  if (!status) start(n);
  if (status)
    bai_network_destroy(n);
  else
    *out = n;
  return status;
}

void bai_network_destroy(bai_network *n) {
  if (!n) return;
  ba_context *context = n->context;
  for (int32_t i = 0; i < n->worker_count; i++) {
    worker *w = &n->workers[i];
    bai_net_room_free(&w->room);
    bai_net_back_free(&w->back);
    void *parts[] = {w->features, w->hidden, w->slopes, w->codes};
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) bai_free(context, parts[p]);
  }
  void *parts[] = {n->workers, n->parameters, n->best,  n->first,  n->second, n->tables,
                   n->turned,  n->partials,   n->order, n->judges, n->losses};
  for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) bai_free(context, parts[p]);
  bai_free(context, n);
  bai_context_release(context);
}

/* ---- one batch ---- */

typedef struct pass {
  bai_network *network;
  const bai_kernels *kernels;
  int64_t rows; /* of the batch */
} pass;

/* Each bit of the mask keeps one feature; 16 random bits decide it. */
static void drop(const bai_network *n, int64_t row, bai_real *features) {
  if (n->how.dropout == 0.0) return;
  const uint64_t limit = (uint64_t)(n->how.dropout * 65536.0);
  const bai_real factor = (bai_real)(1.0 / (1.0 - (double)limit / 65536.0));
  const int64_t words = (n->net.features + 3) / 4;
  for (int64_t i = 0; i < words; i++) {
    uint64_t bits = draw(n, STREAM_DROPOUT, (uint64_t)n->epoch, (uint64_t)(row * words + i));
    for (int64_t j = 4 * i; j < 4 * i + 4 && j < n->net.features; j++, bits >>= 16)
      features[j] = (bits & 0xFFFF) < limit ? 0 : features[j] * factor;
  }
}

/* Forward and back for one row of the batch. */
static void train_row(const pass *run, worker *w, int64_t place, bai_real *gradient) {
  const bai_network *n = run->network;
  const bai_net *net = &n->net;
  const bai_kernels *kernels = run->kernels;
  const int64_t row = n->order[n->next + place].index, r = place % n->part;
  bai_net_room *room = &w->room;
  bai_net_back *back = &w->back;
  const double weight = n->all.weights[row] * n->scale;
  bai_dataset_codes(kernels, n->all.dataset, row, 0, w->codes);
  bai_net_features(kernels, net, n->parameters, n->tables, room, w->codes, bai_dataset_length(n->all.dataset, row));
  drop(n, row, room->features);
  bai_net_head(kernels, net, n->parameters, room);
  n->losses[place] =
      weight * bai_net_loss(kernels, net, room->outputs, n->all.labels[row], n->how.smoothing, w->slopes);
  for (int32_t o = 0; o < net->outputs; o++) w->slopes[o] *= (bai_real)(weight / (double)run->rows);
  bai_net_head_back(kernels, net, n->parameters, n->turned, room, w->slopes, back, gradient);
  memcpy(w->features + r * net->features, room->features, (size_t)net->features * sizeof(bai_real));
  memcpy(w->hidden + r * net->hidden, back->hidden, (size_t)net->hidden * sizeof(bai_real));
  drop(n, row, back->features); /* a feature that was dropped has no slope */
  bai_net_features_back(kernels, net, n->turned, room, back, gradient);
}

/* The gradient of one part of the batch; the product for the hidden weights takes its rows together. */
static ba_status part_task(void *argument, int32_t worker_index, int64_t index) {
  const pass *run = argument;
  bai_network *n = run->network;
  const bai_net *net = &n->net;
  worker *w = &n->workers[worker_index];
  bai_real *gradient = n->partials + index * net->parameters;
  const int64_t left = run->rows - index * n->part, rows = left < n->part ? left : n->part;
  memset(gradient, 0, (size_t)net->parameters * sizeof *gradient);
  for (int64_t r = 0; r < rows; r++) {
    if (atomic_load_explicit(&n->context->cancelled, memory_order_relaxed)) return BA_ERR_CANCELLED;
    train_row(run, w, index * n->part + r, gradient);
  }
  BAI_NET_CALL(run->kernels, gemm)
  (gradient + net->hidden_weights, net->hidden, w->features, 1, net->features, w->hidden, net->hidden, net->features,
   rows, net->hidden);
  return BA_OK;
}

/* From a 25th of the rate up in the first third, then down to 0; both ways smoothly, as a cubic. */
static double rate_at(double rate, double share) {
  const double x = share < 0.3 ? share / 0.3 : (1.0 - share) / 0.7;
  const double rise = x * x * (3.0 - 2.0 * x);
  return share < 0.3 ? rate * (0.04 + 0.96 * rise) : rate * rise;
}

static void move(bai_network *n, const bai_kernels *kernels) {
  const double b1 = 0.9, b2 = 0.999;
  const int64_t batches = (n->rows + n->how.batch - 1) / n->how.batch;
  const double rate = rate_at(n->how.rate, (double)n->steps / (double)(batches * n->how.epochs));
  n->steps++;
  n->power1 *= b1;
  n->power2 *= b2;
  const double root = sqrt(1.0 - n->power2);
  const bai_adam adam = {(float)b1, (float)b2, (float)(rate * root / (1.0 - n->power1)), (float)(1e-8 * root),
                         (float)(rate * n->how.decay)};
  kernels->adam_f32(n->parameters, n->first, n->second, n->partials, n->net.parameters, &adam);
}

static ba_status batch(bai_network *n, const bai_kernels *kernels) {
  const int64_t left = n->rows - n->next;
  pass run = {n, kernels, left < n->how.batch ? left : n->how.batch};
  const int64_t parts = (run.rows + n->part - 1) / n->part, size = n->net.parameters;
  const int32_t threads = n->context->threads;
  bai_net_make_tables(&n->net, n->parameters, n->tables);
  bai_net_turn(&n->net, n->parameters, n->turned);
  if (threads > n->worker_count) n->context->threads = n->worker_count;
  const ba_status status = bai_parallel(n->context, parts, part_task, &run);
  n->context->threads = threads;
  if (status) return status == BA_ERR_CANCELLED ? bai_check_cancel(n->context) : status;
  for (int64_t step = 1; step < parts; step *= 2)
    for (int64_t i = 0; i + step < parts; i += 2 * step)
      kernels->add_rows_f32(n->partials + i * size, n->partials + (i + step) * size, 1, size);
  for (int64_t i = 0; i < run.rows; i++) n->sum += n->losses[i];
  move(n, kernels);
  n->next += run.rows;
  return BA_OK;
}

/* ---- judging ---- */

static ba_status judge_task(void *argument, int32_t worker_index, int64_t index) {
  const pass *run = argument;
  bai_network *n = run->network;
  worker *w = &n->workers[worker_index];
  bai_net_room *room = &w->room;
  for (int64_t i = index * JUDGED; i < n->judge_count && i < (index + 1) * JUDGED; i++) {
    if (atomic_load_explicit(&n->context->cancelled, memory_order_relaxed)) return BA_ERR_CANCELLED;
    const int64_t row = n->judges[i];
    bai_dataset_codes(run->kernels, n->all.dataset, row, 0, w->codes);
    bai_net_features(run->kernels, &n->net, n->parameters, n->tables, room, w->codes,
                     bai_dataset_length(n->all.dataset, row));
    bai_net_head(run->kernels, &n->net, n->parameters, room);
    n->losses[i] = bai_net_loss(run->kernels, &n->net, room->outputs, n->all.labels[row], 0.0, w->slopes);
  }
  return BA_OK;
}

static ba_status judge(bai_network *n, const bai_kernels *kernels) {
  const double *weights = n->all.dataset->weights.data;
  const int32_t threads = n->context->threads;
  pass run = {n, kernels, 0};
  double sum = 0.0, total = 0.0;
  bai_net_make_tables(&n->net, n->parameters, n->tables);
  if (threads > n->worker_count) n->context->threads = n->worker_count;
  const ba_status status = bai_parallel(n->context, (n->judge_count + JUDGED - 1) / JUDGED, judge_task, &run);
  n->context->threads = threads;
  if (status) return status == BA_ERR_CANCELLED ? bai_check_cancel(n->context) : status;
  for (int64_t i = 0; i < n->judge_count; i++) {
    sum += weights[n->judges[i]] * n->losses[i];
    total += weights[n->judges[i]];
  }
  n->latest = total > 0.0 ? sum / total : bai_not_a_number();
  if (n->best_epoch == 0 || !(n->latest >= n->best_loss)) {
    n->best_loss = n->latest;
    n->best_epoch = n->epoch;
    memcpy(n->best, n->parameters, (size_t)n->net.parameters * sizeof(bai_real));
  }
  return BA_OK;
}

ba_status bai_network_epoch(bai_network *n, double *loss, double *judged) {
  const bai_kernels *kernels = bai_kernels_of(n->context);
  ba_status status = BA_OK;
  if (!n->under_way) {
    n->under_way = 1;
    n->next = 0;
    n->sum = 0.0;
    n->epoch++;
    for (int64_t i = 0; i < n->rows; i++)
      n->order[i].key = draw(n, STREAM_ORDER, (uint64_t)n->epoch, (uint64_t)n->order[i].index);
    bai_sort_keyed(n->order, n->rows);
  }
  while (!status && n->next < n->rows) status = batch(n, kernels);
  if (!status) status = judge(n, kernels);
  if (status) return status;
  n->under_way = 0;
  *loss = n->sum / (double)n->rows;
  *judged = n->latest;
  return BA_OK;
}

const bai_real *bai_network_best(const bai_network *n) {
  return n->best;
}

double bai_network_best_loss(const bai_network *n) {
  return n->best_loss;
}

int64_t bai_network_best_epoch(const bai_network *n) {
  return n->best_epoch;
}
