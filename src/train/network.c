/* SPDX-License-Identifier: MIT
 *
 * network.c: the training loop of a network. Adam with decay apart from the gradient (Loshchilov and Hutter, 2019), the
 * rate in one cycle (Smith, 2018).
 */
#include "train/network.h"

#include <math.h>
#include <string.h>

#include "train/mlp.h"
#include "train/net_backward.h"

#define PARTS 8   /* of a batch; the slopes of one part's rows are summed one after the other */
#define ALIKE 32  /* features side by side, taken to be about equally large */
#define JUDGED 64 /* rows that a worker takes at a time */
#define PACE 10.0 /* of the decay of columns of words: most are rare, and rows have hundreds of them */

enum { STREAM_START = 1, STREAM_ORDER, STREAM_DROPOUT };

/* What one thread needs. */
typedef struct worker {
  bai_net_room room;
  bai_net_back back;
  bai_real *features, *hidden; /* of the part's rows, for the gradient of the hidden weights */
  bai_real *slopes;            /* of one row's outputs */
  uint8_t *codes;
  int32_t due; /* its share of the columns is still to be moved */
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
  bai_mlp *mlp;   /* of a network over columns */
  double decayed; /* what all steps so far made its columns decay by */
  int64_t rows, judge_count, epoch, next, steps, best_epoch;
  double scale; /* that makes the mean weight 1 */
  double power1, power2, sum, best_loss, latest;
  int32_t under_way;
};

/* Numbers that every row has decay as other weights do. */
static double pace_of(const bai_plan *plan) {
  return plan->inputs.items.count > 0 ? 1.0 : PACE;
}

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

/* Small: a column that no training row has keeps its weights. The linear function and all biases start from 0. */
static void start_columns(bai_network *n) {
  const bai_net *net = &n->net;
  const double bound = 0.1 / sqrt((double)n->all.problem->plan->block_count);
  start_weights(n, 0, net->hidden_biases, bound);
  for (int64_t f = 0; net->skip && f < net->features; f++)
    for (int64_t u = net->hidden; u < net->units; u++) n->parameters[f * net->units + u] = 0;
  start_weights(n, net->output_weights, net->output_biases - net->output_weights, 1.0 / sqrt(net->hidden));
}

/* Values keep their size from layer to layer: of the first layer's inputs one in four is 1. */
static void start(bai_network *n) {
  const bai_net *net = &n->net;
  if (n->mlp) {
    start_columns(n);
    return;
  }
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

static ba_status make_worker(bai_network *n, worker *w) {
  ba_status status = bai_alloc(n->context, n->net.outputs, sizeof(bai_real), &w->slopes);
  if (n->mlp) return status; /* the rest is there */
  if (!status) status = bai_net_reserve(n->context, &n->net, n->all.dataset->longest, 1, &w->room);
  if (!status) status = bai_net_back_reserve(n->context, &n->net, n->all.dataset->longest, &w->back);
  if (!status) status = bai_alloc(n->context, n->part * n->net.features, sizeof(bai_real), &w->features);
  if (!status) status = bai_alloc(n->context, n->part * n->net.hidden, sizeof(bai_real), &w->hidden);
  return status ? status : bai_alloc(n->context, n->all.dataset->longest, 1, &w->codes);
}

static ba_status make_workers(bai_network *n) {
  int32_t count = bai_workers(n->context, n->judge_count / JUDGED > PARTS ? n->judge_count / JUDGED : PARTS);
  if (n->mlp && count > n->all.problem->lane_count) count = n->all.problem->lane_count;
  ba_status status = bai_alloc_zero(n->context, count, sizeof *n->workers, &n->workers);
  if (status) return status;
  n->worker_count = count;
  for (int32_t i = 0; !status && i < count; i++) status = make_worker(n, &n->workers[i]);
  return status;
}

/* What batches need beside the workers. */
static ba_status make_scratch(bai_network *n) {
  const int64_t size = sizeof(bai_real), parameters = n->net.parameters;
  if (n->mlp) return bai_alloc(n->context, parameters - n->net.hidden_biases, size, &n->partials);
  ba_status status = bai_alloc(n->context, bai_net_table_size(&n->net, 1), size, &n->tables);
  if (!status) status = bai_alloc(n->context, bai_net_turned_size(&n->net), size, &n->turned);
  return status ? status : bai_alloc(n->context, PARTS * parameters, size, &n->partials);
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
  if (!status && bai_net_over_columns(net))
    status = bai_mlp_create(context, &n->net, rows->problem, how->batch, &n->mlp);
  if (!status) status = make_workers(n);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->parameters);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->best);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->first);
  if (!status) status = bai_alloc_zero(context, net->parameters, size, &n->second);
  if (!status) status = make_scratch(n);
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
  bai_mlp_destroy(n->mlp);
  bai_free(context, n);
  bai_context_release(context);
}

/* ---- one batch ---- */

typedef struct pass {
  bai_network *network;
  const bai_kernels *kernels;
  int64_t rows;               /* of the batch */
  bai_adam adam;              /* of columns */
  _Atomic int64_t failed_row; /* the first whose columns could not be had */
} pass;

/* Leaves out some of `count` numbers of a row that has at most `most`; 16 random bits decide on each. */
static void drop(const bai_network *n, int64_t row, bai_real *features, int64_t count, int64_t most) {
  if (n->how.dropout == 0.0) return;
  const uint64_t limit = (uint64_t)(n->how.dropout * 65536.0);
  const bai_real factor = (bai_real)(1.0 / (1.0 - (double)limit / 65536.0));
  const int64_t words = (most + 3) / 4;
  for (int64_t i = 0; 4 * i < count; i++) {
    uint64_t bits = draw(n, STREAM_DROPOUT, (uint64_t)n->epoch, (uint64_t)(row * words + i));
    for (int64_t j = 4 * i; j < 4 * i + 4 && j < count; j++, bits >>= 16)
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
  drop(n, row, room->features, net->features, net->features);
  bai_net_head(kernels, net, n->parameters, room);
  n->losses[place] =
      weight * bai_net_loss(kernels, net, room->outputs, n->all.labels[row], n->how.smoothing, w->slopes);
  for (int32_t o = 0; o < net->outputs; o++) w->slopes[o] *= (bai_real)(weight / (double)run->rows);
  bai_net_head_back(kernels, net, n->parameters, n->turned, room, w->slopes, back, gradient);
  memcpy(w->features + r * net->features, room->features, (size_t)net->features * sizeof(bai_real));
  memcpy(w->hidden + r * net->hidden, back->hidden, (size_t)net->hidden * sizeof(bai_real));
  drop(n, row, back->features, net->features, net->features); /* a feature that was dropped has no slope */
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
    if (bai_is_cancelled(n->context)) return BA_ERR_CANCELLED;
    train_row(run, w, index * n->part + r, gradient);
  }
  if (bai_is_cancelled(n->context)) return BA_ERR_CANCELLED; /* the last row may be half done */
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

/* How the next step moves; `decay` of it is times the rate. */
static bai_adam next_step(bai_network *n, double *rate) {
  const double b1 = 0.9, b2 = 0.999;
  const int64_t batches = (n->rows + n->how.batch - 1) / n->how.batch;
  *rate = rate_at(n->how.rate, (double)n->steps / (double)(batches * n->how.epochs));
  n->steps++;
  n->power1 *= b1;
  n->power2 *= b2;
  const double root = sqrt(1.0 - n->power2);
  return (bai_adam){(float)b1, (float)b2, (float)(*rate * root / (1.0 - n->power1)), (float)(1e-8 * root),
                    (float)(*rate * n->how.decay)};
}

static ba_status run_tasks(bai_network *n, int64_t count, ba_status (*task)(void *, int32_t, int64_t), pass *run) {
  const int32_t threads = n->context->threads;
  if (threads > n->worker_count) n->context->threads = n->worker_count;
  const ba_status status = bai_parallel(n->context, count, task, run);
  n->context->threads = threads;
  if (bai_row_explains(status)) return bai_problem_explain(n->all.problem, status, run->failed_row);
  return status == BA_ERR_CANCELLED ? bai_check_cancel(n->context) : status;
}

static ba_status batch(bai_network *n, pass *run) {
  const bai_kernels *kernels = run->kernels;
  const int64_t parts = (run->rows + n->part - 1) / n->part, size = n->net.parameters;
  double rate;
  bai_net_make_tables(&n->net, 1, n->parameters, n->tables);
  bai_net_turn(&n->net, n->parameters, n->turned);
  const ba_status status = run_tasks(n, parts, part_task, run);
  if (status) return status;
  for (int64_t step = 1; step < parts; step *= 2)
    for (int64_t i = 0; i + step < parts; i += 2 * step)
      kernels->add_rows_f32(n->partials + i * size, n->partials + (i + step) * size, 1, size);
  const bai_adam adam = next_step(n, &rate);
  kernels->adam_f32(n->parameters, n->first, n->second, n->partials, size, &adam);
  return BA_OK;
}

/* ---- one batch over columns ---- */

static ba_status take(pass *run, int32_t worker_index, int64_t place, int64_t row) {
  const bai_network *n = run->network;
  if (bai_is_cancelled(n->context)) return BA_ERR_CANCELLED;
  const ba_status status = bai_mlp_take(n->mlp, run->kernels, &n->all.problem->lanes[worker_index], place, row);
  int64_t known = atomic_load(&run->failed_row);
  while (status && row < known && !atomic_compare_exchange_weak(&run->failed_row, &known, row)) continue;
  return status;
}

static ba_status take_task(void *argument, int32_t worker_index, int64_t index) {
  pass *run = argument;
  const bai_network *n = run->network;
  ba_status status = BA_OK;
  for (int64_t r = index * n->part; !status && r < run->rows && r < (index + 1) * n->part; r++) {
    const int64_t row = n->order[n->next + r].index;
    status = take(run, worker_index, r, row);
    if (!status) drop(n, row, n->mlp->kept + r * n->mlp->entries, n->mlp->counts[r], n->mlp->entries);
  }
  return status;
}

/* Forward and back for some rows. */
static ba_status rows_task(void *argument, int32_t worker_index, int64_t index) {
  const pass *run = argument;
  bai_network *n = run->network;
  const int32_t outputs = n->net.outputs;
  bai_real *slopes = n->workers[worker_index].slopes;
  for (int64_t r = index * n->part; r < run->rows && r < (index + 1) * n->part; r++) {
    const int64_t row = n->order[n->next + r].index;
    const double weight = n->all.weights[row] * n->scale;
    bai_real *to = n->mlp->outputs + r * outputs;
    bai_mlp_forward(n->mlp, run->kernels, n->parameters, r);
    n->losses[r] = weight * bai_net_loss(run->kernels, &n->net, to, n->all.labels[row], n->how.smoothing, slopes);
    for (int32_t o = 0; o < outputs; o++) to[o] = slopes[o] * (bai_real)(weight / (double)run->rows);
    bai_mlp_back(n->mlp, n->parameters, r);
  }
  return BA_OK;
}

/* A worker's share of the columns: how many share them cannot change a bit. */
static ba_status columns_task(void *argument, int32_t worker_index, int64_t index) {
  const pass *run = argument;
  bai_network *n = run->network;
  const bai_mlp *m = n->mlp;
  const int64_t units = n->net.units, first = m->met * index / n->worker_count;
  const int64_t end = m->met * (index + 1) / n->worker_count;
  (void)worker_index;
  n->workers[index].due = 0;
  bai_mlp_gradient(n->mlp, run->kernels, run->rows, first, end);
  for (int64_t i = first; i < end; i++) {
    const int64_t at = m->met_columns[i] * units;
    run->kernels->adam_f32(n->parameters + at, n->first + at, n->second + at, m->gradient + i * units, units,
                           &run->adam);
  }
  return BA_OK;
}

/* A batch whose steps have begun is finished, whatever comes. */
static void move_columns(bai_network *n, pass *run) {
  for (int32_t i = 0; i < n->worker_count; i++) n->workers[i].due = 1;
  (void)run_tasks(n, n->worker_count, columns_task, run);
  for (int32_t i = 0; i < n->worker_count; i++)
    if (n->workers[i].due) (void)columns_task(run, 0, i);
}

static ba_status columns_batch(bai_network *n, pass *run) {
  const int64_t parts = (run->rows + n->part - 1) / n->part, head = n->net.hidden_biases;
  double rate;
  ba_status status = run_tasks(n, parts, take_task, run);
  if (status) return status;
  bai_mlp_meet(n->mlp, run->kernels, n->parameters, run->rows, n->decayed);
  status = run_tasks(n, parts, rows_task, run);
  if (!status) {
    run->adam = next_step(n, &rate);
    bai_mlp_head_gradient(n->mlp, run->kernels, run->rows, n->partials);
    run->kernels->adam_f32(n->parameters + head, n->first + head, n->second + head, n->partials,
                           n->net.parameters - head, &run->adam);
    run->adam.decay = 0.0f;
    n->decayed += pace_of(n->all.problem->plan) * rate * n->how.decay;
    move_columns(n, run);
  }
  bai_mlp_leave(n->mlp);
  return status;
}

/* ---- judging ---- */

/* The outputs of one row, for good. */
static ba_status show(pass *run, int32_t worker_index, int64_t row, const bai_real **outputs) {
  bai_network *n = run->network;
  worker *w = &n->workers[worker_index];
  if (n->mlp) {
    const ba_status status = take(run, worker_index, worker_index, row);
    if (!status) bai_mlp_forward(n->mlp, run->kernels, n->parameters, worker_index);
    *outputs = n->mlp->outputs + (int64_t)worker_index * n->net.outputs;
    return status;
  }
  bai_dataset_codes(run->kernels, n->all.dataset, row, 0, w->codes);
  bai_net_features(run->kernels, &n->net, n->parameters, n->tables, &w->room, w->codes,
                   bai_dataset_length(n->all.dataset, row));
  bai_net_head(run->kernels, &n->net, n->parameters, &w->room);
  *outputs = w->room.outputs;
  return bai_is_cancelled(n->context) ? BA_ERR_CANCELLED : BA_OK;
}

static ba_status judge_task(void *argument, int32_t worker_index, int64_t index) {
  pass *run = argument;
  bai_network *n = run->network;
  for (int64_t i = index * JUDGED; i < n->judge_count && i < (index + 1) * JUDGED; i++) {
    const int64_t row = n->judges[i];
    const bai_real *outputs;
    if (bai_is_cancelled(n->context)) return BA_ERR_CANCELLED;
    const ba_status status = show(run, worker_index, row, &outputs);
    if (status) return status;
    n->losses[i] =
        bai_net_loss(run->kernels, &n->net, outputs, n->all.labels[row], 0.0, n->workers[worker_index].slopes);
  }
  return BA_OK;
}

static ba_status judge(bai_network *n, const bai_kernels *kernels) {
  pass run = {.network = n, .kernels = kernels, .failed_row = INT64_MAX};
  double sum = 0.0, total = 0.0;
  if (n->mlp)
    bai_mlp_settle(n->mlp, kernels, n->parameters, n->decayed);
  else
    bai_net_make_tables(&n->net, 1, n->parameters, n->tables);
  const ba_status status = run_tasks(n, (n->judge_count + JUDGED - 1) / JUDGED, judge_task, &run);
  if (status) return status;
  for (int64_t i = 0; i < n->judge_count; i++) {
    const double weight = bai_dataset_weight(n->all.dataset, n->judges[i]);
    sum += weight * n->losses[i];
    total += weight;
  }
  n->latest = total > 0.0 ? sum / total : bai_not_a_number();
  if (n->best_epoch == 0 || !(n->latest >= n->best_loss)) {
    n->best_loss = n->latest;
    n->best_epoch = n->epoch;
    memcpy(n->best, n->parameters, (size_t)n->net.parameters * sizeof(bai_real));
  }
  return BA_OK;
}

static void draw_order(bai_network *n) {
  for (int64_t i = 0; i < n->rows; i++)
    n->order[i].key = draw(n, STREAM_ORDER, (uint64_t)n->epoch, (uint64_t)n->order[i].index);
  bai_sort_keyed(n->order, n->rows);
}

ba_status bai_network_epoch(bai_network *n, double *loss, double *judged) {
  const bai_kernels *kernels = bai_kernels_of(n->context);
  ba_status status = BA_OK;
  if (!n->under_way) {
    n->under_way = 1;
    n->next = 0;
    n->sum = 0.0;
    n->epoch++;
    draw_order(n);
  }
  while (!status && n->next < n->rows) {
    const int64_t left = n->rows - n->next;
    pass run = {
        .network = n, .kernels = kernels, .rows = left < n->how.batch ? left : n->how.batch, .failed_row = INT64_MAX};
    status = n->mlp ? columns_batch(n, &run) : batch(n, &run);
    for (int64_t i = 0; !status && i < run.rows; i++) n->sum += n->losses[i];
    if (!status) n->next += run.rows;
  }
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

void bai_network_archive(bai_network *n, uint64_t seed, bai_archive *a) {
  const int64_t batches = (n->rows + n->how.batch - 1) / n->how.batch;
  double *numbers[] = {&n->power1, &n->power2, &n->sum, &n->best_loss, &n->latest, &n->decayed};
  bai_real *arrays[] = {n->parameters, n->best, n->first, n->second};
  bai_archive_i64(a, &n->epoch, 1, 0, n->how.epochs);
  bai_archive_i64(a, &n->best_epoch, 1, 0, n->how.epochs);
  bai_archive_i64(a, &n->steps, 1, 0, batches * n->how.epochs);
  bai_archive_i64(a, &n->next, 1, 0, n->rows);
  bai_archive_i32(a, &n->under_way, 0, 1);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) bai_archive_f64(a, numbers[i], 1);
  for (size_t i = 0; i < sizeof arrays / sizeof arrays[0]; i++) bai_archive_f32(a, arrays[i], n->net.parameters);
  if (n->mlp) bai_archive_f64(a, n->mlp->paid, n->net.features);
  n->how.seed = seed;
  if (!a->written && !a->status && n->under_way) draw_order(n); /* it follows from seed and epoch */
}
