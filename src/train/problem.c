/* SPDX-License-Identifier: MIT
 *
 * problem.c: one pass over the rows for loss and gradient together. A row's features are computed, used for its margin
 * and for its part of the gradient, and forgotten.
 */
#include "train/problem.h"

#include <math.h>
#include <string.h>

#include "train/panel.h"
#include "train/piece.h"
#include "train/tile.h"
#include "train/weights.h"

#define WAVE_NUMBERS 65536

/* ---- making ---- */

/* What a training row weighs. */
static double weight_of(const bai_problem *p, int64_t row) {
  const double weight = bai_dataset_weight(p->dataset, row);
  return p->class_factors ? weight * p->class_factors[p->labels[row]] : weight;
}

static ba_status take_rows(bai_problem *p, int32_t balanced, int32_t classes) {
  const ba_dataset *dataset = p->dataset;
  double *sums = NULL;
  int64_t present = 0;
  for (int64_t row = 0; row < dataset->rows; row++) p->labels[row] = bai_dataset_label(dataset, row);
  ba_status status = bai_alloc(p->context, 1 + classes, 8, &sums);
  if (!status && balanced) status = bai_alloc(p->context, classes, 8, &p->class_factors);
  if (!status) status = bai_weights_sum(p->context, dataset, p->uses, p->labels, classes, sums);
  for (int32_t c = 0; !status && c < classes; c++) present += sums[1 + c] > 0.0;
  if (!status && present < 2 && dataset->rows > 0) /* none: they come in batches */
    status =
        bai_fail(p->context, BA_ERR_CLASSES,
                 "the training rows hold %lld class(es); expected rows of at least two classes", (long long)present);
  if (!status) {
    p->weight_total = sums[0];
    if (balanced) bai_weights_balance(sums, classes, p->class_factors);
    for (int64_t row = 0; row < dataset->rows; row++)
      if (p->uses[row] == BAI_USE_TRAIN) p->weights[row] = weight_of(p, row);
  }
  bai_free(p->context, sums);
  return status;
}

/* The same for numbers. */
static ba_status take_numbers(bai_problem *p) {
  const double least = p->loss.kind == BAI_LOSS_POISSON ? 0.0 : -1e300;
  ba_status status = bai_weights_sum(p->context, p->dataset, p->uses, NULL, 0, &p->weight_total);
  for (int64_t row = 0; !status && row < p->dataset->rows; row++) {
    if (p->uses[row] == BAI_USE_NONE) continue;
    status = bai_dataset_number(p->context, p->dataset, row, least, &p->targets[row]);
    if (p->uses[row] != BAI_USE_TRAIN) continue;
    p->weights[row] = bai_dataset_weight(p->dataset, row);
  }
  return status;
}

/* Makes a lane's room, anew for longer rows. */
static ba_status make_lane(const bai_problem *p, int64_t longest, bai_pass_lane *lane) {
  bai_row *row = NULL;
  double *values = NULL;
  ba_status status = bai_row_create(p->context, p->plan, longest, &row);
  if (!status) status = bai_alloc(p->context, row->entries, 8, &values);
  if (status) {
    bai_row_destroy(row);
    return status;
  }
  bai_row_destroy(lane->row);
  bai_free(p->context, lane->values);
  lane->row = row;
  lane->values = values;
  return BA_OK;
}

static ba_status make_lanes(bai_problem *p) {
  const int64_t blocks = bai_blocks_of(p->dataset);
  const int32_t count = bai_workers(p->context, blocks);
  ba_status status = bai_alloc_zero(p->context, count, sizeof *p->lanes, &p->lanes);
  if (status) return status;
  p->lane_count = count;
  for (int32_t i = 0; !status && i < count; i++) {
    bai_pass_lane *lane = &p->lanes[i];
    status = make_lane(p, p->dataset->longest, lane);
    if (!status && p->pca) status = bai_row_create(p->context, p->source, p->dataset->longest, &lane->source);
    if (!status && p->pca) status = bai_alloc(p->context, lane->source->entries, 8, &lane->entries);
    if (!status) status = bai_alloc(p->context, p->plan->block_count, 8, &lane->divisors);
    if (!status) status = bai_input_window_open(p->context, &p->inputs, &lane->inputs);
    if (!status) status = bai_alloc(p->context, p->outputs, 8, &lane->margins);
    if (!status) status = bai_alloc(p->context, p->outputs, 8, &lane->chances);
    if (!status && p->dense) status = bai_tile_open(p, &lane->tile);
    if (!status && p->panelled) status = bai_panel_open(p, &lane->tile);
  }
  return status;
}

/* Blocks are computed in waves of a power of two; a wave merges to one node of the tree. Threads meet after each wave,
 * so short sums make long ones. */
static ba_status make_sums(const bai_problem *p, int64_t size, bai_sums *out) {
  int32_t wave = 1;
  while (wave < p->lane_count || (p->lane_count > 1 && wave < 64 && wave * size < WAVE_NUMBERS)) wave *= 2;
  *out = (bai_sums){.wave = wave, .tree.shape = {size, 0}};
  return bai_alloc_zero(p->context, wave, sizeof *out->nodes, &out->nodes); /* they come when they are needed */
}

static void free_sums(ba_context *context, bai_sums *sums) {
  for (int32_t i = 0; sums->nodes && i < sums->wave; i++) bai_free(context, sums->nodes[i]);
  bai_free(context, sums->nodes);
  bai_tree_free(context, &sums->tree);
}

static ba_status open_cache(bai_problem *p) {
  const int64_t blocks = bai_blocks_of(p->dataset);
  const ba_status status = bai_alloc_zero(p->context, 1, sizeof *p->cache, &p->cache);
  return status ? status : bai_cache_open(p->context, p->plan, blocks, BAI_BLOCK_ROWS, p->cache);
}

ba_status bai_problem_create(ba_context *context, ba_dataset *dataset, const bai_plan *plan, const uint8_t *uses,
                             const bai_input_rows *inputs, const bai_objective *objective, bai_problem **out) {
  bai_problem *p;
  *out = NULL;
  const int32_t of_classes = objective->loss.kind == BAI_LOSS_CLASSES;
  ba_status status = of_classes ? bai_dataset_order_classes(context, dataset) : BA_OK;
  if (!status) status = bai_alloc_zero(context, 1, sizeof *p, &p);
  if (status) return status;
  p->context = bai_context_retain(context);
  p->dataset = dataset;
  p->plan = objective->pca ? objective->pca->view : plan;
  p->source = plan;
  p->pca = objective->pca;
  p->uses = uses;
  if (inputs) p->inputs = *inputs;
  p->outputs = objective->outputs;
  p->parameters = p->outputs * (p->plan->width + 1);
  p->l2 = objective->l2;
  p->l1 = objective->l1;
  p->loss = objective->loss;
  p->dense = bai_tile_suits(p);
  p->panelled = bai_panel_suits(p);
  if (of_classes)
    status = bai_alloc_zero(context, dataset->rows, 4, &p->labels);
  else
    status = bai_alloc_zero(context, dataset->rows, 8, &p->targets);
  if (!status) status = bai_alloc_zero(context, dataset->rows, 8, &p->weights);
  if (!status) status = of_classes ? take_rows(p, objective->balanced, ba_dataset_classes(dataset)) : take_numbers(p);
  if (!status) status = make_lanes(p);
  if (!status) status = make_sums(p, p->parameters + 1, &p->sums);
  if (!status && !p->pca) status = open_cache(p);
  if (status)
    bai_problem_destroy(p);
  else
    *out = p;
  return status;
}

void bai_problem_destroy(bai_problem *p) {
  if (!p) return;
  ba_context *context = p->context;
  for (int32_t i = 0; i < p->lane_count; i++) {
    bai_row_destroy(p->lanes[i].row);
    bai_free(context, p->lanes[i].values);
    bai_free(context, p->lanes[i].divisors);
    bai_free(context, p->lanes[i].inputs.numbers);
    bai_free(context, p->lanes[i].margins);
    bai_free(context, p->lanes[i].chances);
    bai_row_destroy(p->lanes[i].source);
    bai_free(context, p->lanes[i].entries);
    bai_tile_close(context, &p->lanes[i].tile);
    bai_free(context, p->lanes[i].square);
  }
  bai_panels_free(p);
  free_sums(context, &p->sums);
  free_sums(context, &p->squares);
  if (p->cache) bai_cache_close(context, p->cache);
  bai_free(context, p->cache);
  bai_free(context, p->curved);
  bai_free(context, p->curved_at);
  bai_free(context, p->lanes);
  bai_free(context, p->labels);
  bai_free(context, p->targets);
  bai_free(context, p->weights);
  bai_free(context, p->class_factors);
  bai_free(context, p);
  bai_context_release(context);
}

/* ---- rows of a batch ---- */

/* classes[i]: the number, in class order, of the batch's i-th class; -1 when there is none of that name. */
static void match_classes(const ba_dataset *batch, const ba_dataset *own, int32_t *classes) {
  for (int32_t i = 0; i < ba_dataset_classes(batch); i++) {
    classes[i] = -1;
    for (int32_t c = 0; classes[i] < 0 && c < ba_dataset_classes(own); c++)
      if (strcmp(bai_names_text(&batch->classes, i), ba_dataset_class_name(own, c)) == 0) classes[i] = c;
  }
}

static ba_status match_rows(bai_problem *p, const ba_dataset *own) {
  const ba_dataset *batch = p->dataset;
  const int32_t *labels = batch->labels.data;
  int32_t *classes;
  ba_status status = bai_alloc(p->context, ba_dataset_classes(batch), 4, &classes);
  if (status) return status;
  match_classes(batch, own, classes);
  for (int64_t row = 0; !status && row < batch->rows; row++) {
    if (p->uses[row] != BAI_USE_TRAIN) continue;
    p->labels[row] = classes[labels[row]];
    if (p->labels[row] >= 0)
      p->weights[row] = weight_of(p, row);
    else
      status = bai_fail_at(p->context, BA_ERR_LABEL, row + 1, -1,
                           "the label \"%s\" is none of the classes that were declared; expected \"%s\", \"%s\"%s",
                           bai_names_text(&batch->classes, labels[row]), ba_dataset_class_name(own, 0),
                           ba_dataset_class_name(own, 1), ba_dataset_classes(own) > 2 ? " and so on" : "");
  }
  bai_free(p->context, classes);
  return status;
}

ba_status bai_problem_borrow(bai_problem *p, const ba_dataset *batch, const uint8_t *uses, const bai_input_rows *inputs,
                             bai_problem *own) {
  *own = *p;
  p->inputs = *inputs;
  p->cache = NULL;
  p->panels = NULL;
  p->panelled = p->cached = 0;
  p->dataset = batch;
  p->uses = uses;
  p->labels = NULL;
  p->targets = p->weights = NULL;
  ba_status status = bai_alloc_zero(p->context, batch->rows, 8, &p->weights);
  if (!status && own->labels) status = bai_alloc_zero(p->context, batch->rows, 4, &p->labels);
  if (!status && own->targets) status = bai_alloc_zero(p->context, batch->rows, 8, &p->targets);
  if (!status) status = own->labels ? match_rows(p, own->dataset) : take_numbers(p);
  if (!status && batch->longest > p->lanes[0].row->length_capacity) status = make_lane(p, batch->longest, &p->lanes[0]);
  if (status) bai_problem_return(p, own);
  return status;
}

void bai_problem_return(bai_problem *p, const bai_problem *own) {
  bai_free(p->context, p->weights);
  bai_free(p->context, p->labels);
  bai_free(p->context, p->targets);
  *p = *own;
}

/* ---- one row ---- */

/* The components of the lane's source, as a row of their own. */
static void make_components(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane) {
  bai_pca_project(p->pca, kernels, lane->source, lane->entries, lane->values);
  for (int32_t c = 0; c < p->pca->count; c++) lane->row->columns[c] = (uint32_t)c;
  lane->row->ends[0] = p->pca->count;
  lane->divisors[0] = 1.0;
  lane->view = (bai_sparse){lane->row->columns, lane->values, p->pca->count};
}

/* `sparse` stays in the row. */
static ba_status extract_row(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane, int64_t row,
                             bai_sparse *sparse) {
  bai_row *from_row = p->pca ? lane->source : lane->row;
  const int64_t ambiguous = bai_dataset_load(kernels, p->dataset, row, sparse, from_row);
  from_row->inputs = bai_input_rows_one(&p->inputs, kernels, row, &lane->inputs);
  return bai_row_extract(kernels, from_row, bai_dataset_length(p->dataset, row), ambiguous);
}

ba_status bai_problem_features(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane, int64_t row) {
  bai_sparse sparse;
  bai_cached cached = {NULL, lane->values, lane->divisors, lane->row->ends};
  lane->offset = bai_dataset_offset(p->dataset, row);
  if (p->cache && bai_cache_get(p->cache, row, &cached)) {
    lane->view = (bai_sparse){cached.columns, lane->values, cached.ends[p->plan->block_count - 1]};
    return BA_OK;
  }
  const ba_status status = extract_row(p, kernels, lane, row, &sparse);
  if (status) return status;
  if (p->pca) {
    make_components(p, kernels, lane);
    return BA_OK;
  }
  int64_t from = 0;
  for (int32_t b = 0; b < p->plan->block_count; b++) {
    const int64_t n = lane->row->ends[b] - from;
    bai_row_values(lane->row, b, lane->values + from);
    lane->divisors[b] = bai_row_divisor(lane->row, b);
    from += n;
  }
  lane->view = (bai_sparse){lane->row->columns, lane->values, from};
  return BA_OK;
}

void bai_problem_margins(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane, const double *x) {
  const int64_t width = p->plan->width;
  for (int32_t o = 0; o < p->outputs; o++) {
    double margin = 0.0;
    int64_t from = 0;
    for (int32_t b = 0; b < p->plan->block_count; b++) {
      const int64_t n = lane->row->ends[b] - from;
      margin += kernels->gather_dot_f64(x + o * width, lane->view.columns + from, lane->view.values + from, n) /
                lane->divisors[b];
      from += n;
    }
    lane->margins[o] = margin + x[p->outputs * width + o] + lane->offset;
  }
}

/* The share of each class: exp of its margin over the sum of them, which is left times exp of the largest one. */
static double share_out(const bai_problem *p, const bai_kernels *kernels, const double *margins, double *shares,
                        double *most) {
  double total = 0.0;
  *most = margins[0];
  for (int32_t c = 1; c < p->outputs; c++)
    if (margins[c] > *most) *most = margins[c];
  for (int32_t c = 0; c < p->outputs; c++) shares[c] = margins[c] - *most;
  kernels->exp_f64(shares, shares, p->outputs);
  for (int32_t c = 0; c < p->outputs; c++) total += shares[c];
  for (int32_t c = 0; c < p->outputs; c++) shares[c] /= total;
  return total;
}

double bai_problem_loss(const bai_problem *p, const bai_kernels *kernels, double *margins, int64_t row) {
  double loss;
  if (p->targets) return bai_loss_value(&p->loss, kernels, margins[0], p->targets[row], &margins[0]);
  const int32_t label = p->labels[row];
  if (p->outputs == 1) {
    const double wrong = label ? -margins[0] : margins[0];
    double slope;
    kernels->softplus_f64(&loss, &wrong, 1);
    kernels->sigmoid_f64(&slope, &wrong, 1);
    margins[0] = label ? -slope : slope;
    return loss;
  }
  double most;
  const double own = margins[label], total = share_out(p, kernels, margins, margins, &most);
  margins[label] -= 1.0;
  kernels->log_f64(&loss, &total, 1);
  return loss - (own - most);
}

/* Classes of many margins: one against the rest, as if the others stood still. */
double bai_problem_flow(const bai_problem *p, const bai_kernels *kernels, const bai_pass_lane *lane, int64_t row,
                        int32_t output, double time) {
  if (p->targets) return bai_loss_flow(&p->loss, kernels, lane->chances[0], p->targets[row], time);
  const int32_t own = p->outputs == 1 ? p->labels[row] : p->labels[row] == output;
  double margin = lane->chances[0];
  if (p->outputs > 1) {
    const double slope = lane->margins[output];
    double shares[2] = {own ? 1.0 + slope : slope, own ? -slope : 1.0 - slope};
    kernels->log_f64(shares, shares, 2);
    margin = shares[0] - shares[1];
  }
  return own ? bai_logistic_flow(kernels, margin, time) : -bai_logistic_flow(kernels, -margin, time);
}

double bai_problem_curvature(const bai_problem *p, const bai_kernels *kernels, double margin, int64_t row) {
  double chances[2] = {margin, -margin};
  if (p->targets) return bai_loss_curvature(&p->loss, kernels, margin, p->targets[row]);
  kernels->sigmoid_f64(chances, chances, 2);
  return chances[0] * chances[1];
}

void bai_problem_chances(const bai_problem *p, const bai_kernels *kernels, bai_pass_lane *lane, int64_t row) {
  double most;
  if (p->outputs == 1)
    lane->chances[0] = bai_problem_curvature(p, kernels, lane->margins[0], row);
  else
    share_out(p, kernels, lane->margins, lane->chances, &most);
}

static void add_gradient(const bai_problem *p, const bai_kernels *kernels, const bai_pass_lane *lane, double weight,
                         double *gradient) {
  const int64_t width = p->plan->width;
  for (int32_t o = 0; o < p->outputs; o++) {
    const double slope = weight * lane->margins[o];
    int64_t from = 0;
    for (int32_t b = 0; b < p->plan->block_count; b++) {
      const int64_t n = lane->row->ends[b] - from;
      kernels->scatter_axpy_f64(gradient + o * width, slope / lane->divisors[b], lane->view.columns + from,
                                lane->view.values + from, n);
      from += n;
    }
    gradient[p->outputs * width + o] += slope;
  }
}

ba_status bai_problem_explain(const bai_problem *p, ba_status status, int64_t row) {
  const bai_row *from_row = p->pca ? p->lanes[0].source : p->lanes[0].row;
  /* Another lane may have met it: what is wrong stands in the row that was extracted. */
  bai_sparse sparse;
  const ba_status again = extract_row(p, bai_kernels_of(p->context), &p->lanes[0], row, &sparse);
  return bai_row_explain(p->context, from_row, again ? again : status, row + 1, bai_dataset_length(p->dataset, row));
}

void bai_problem_spread(const bai_problem *p, const bai_pass_lane *lane, double scale, double *to) {
  int64_t at = 0;
  memset(to, 0, (size_t)p->plan->width * 8);
  for (int32_t b = 0; b < p->plan->block_count; b++)
    for (const double factor = scale / lane->divisors[b]; at < lane->row->ends[b]; at++)
      to[lane->view.columns[at]] = factor * lane->view.values[at];
}

/* ---- blocks ---- */

typedef enum aim { GRADIENT, PRODUCT, DIAGONAL, SQUARE } pass_aim;

typedef struct pass {
  bai_problem *problem;
  const bai_kernels *kernels;
  pass_aim aim;
  const double *x, *direction; /* direction: of a product */
  bai_sums *sums;
  int64_t first_block;  /* of the wave */
  int32_t first;        /* rows that there is room for are kept */
  int32_t curved_known; /* problem->curved holds at x */
  _Atomic int64_t failed_row;
} pass;

/* Makes of the margins what add_gradient scatters: for a product of the Hessian, or for its diagonal. */
static void second_order(const pass *run, bai_pass_lane *lane, int64_t row) {
  const bai_problem *p = run->problem;
  double sum = 0.0;
  if (run->curved_known) {
    lane->chances[0] = p->curved[row];
  } else {
    bai_problem_margins(p, run->kernels, lane, run->x);
    bai_problem_chances(p, run->kernels, lane, row);
    if (p->curved) p->curved[row] = lane->chances[0];
  }
  if (run->aim == PRODUCT) {
    lane->offset = 0.0; /* a direction has none */
    bai_problem_margins(p, run->kernels, lane, run->direction);
    for (int32_t o = 0; p->outputs > 1 && o < p->outputs; o++) sum += lane->chances[o] * lane->margins[o];
    for (int32_t o = 0; o < p->outputs; o++) lane->margins[o] = lane->chances[o] * (lane->margins[o] - sum);
    return;
  }
  for (int32_t o = 0; o < p->outputs; o++)
    lane->margins[o] = p->outputs == 1 ? lane->chances[0] : lane->chances[o] * (1.0 - lane->chances[o]);
  for (int32_t b = 0; b < p->plan->block_count; b++) lane->divisors[b] *= lane->divisors[b];
  for (int64_t i = 0; i < lane->view.count; i++) lane->values[i] = lane->view.values[i] * lane->view.values[i];
  lane->view.values = lane->values;
}

static ba_status failed_at(pass *run, int64_t row, ba_status status) {
  int64_t known = atomic_load(&run->failed_row);
  while (row < known && !atomic_compare_exchange_weak(&run->failed_row, &known, row)) continue;
  return status;
}

bai_sparse bai_problem_sparse(const bai_problem *p, int64_t row) {
  bai_sparse sparse = bai_dataset_sparse(p->dataset, row);
  while (sparse.count && sparse.columns[sparse.count - 1] >= p->plan->width) sparse.count--;
  return sparse;
}

/* Sparse rows that a pass has gone through are used where they stand; others are kept at the first pass. */
static ba_status look_at_row(const pass *run, bai_pass_lane *lane, int64_t row) {
  const bai_problem *p = run->problem;
  if (p->piece) {
    bai_piece_row(p->plan, p->piece, row, lane);
    return BA_OK;
  }
  if (p->cached && bai_plan_is_sparse(p->plan)) {
    lane->view = bai_problem_sparse(p, row);
    lane->row->ends[0] = lane->view.count;
    lane->divisors[0] = 1.0;
    lane->offset = bai_dataset_offset(p->dataset, row);
    return BA_OK;
  }
  const ba_status status = bai_problem_features(p, run->kernels, lane, row);
  if (!status && p->cache && run->first && lane->view.columns == lane->row->columns)
    bai_cache_put(p->cache, row, lane->row, lane->divisors);
  return status;
}

/* Makes of margins, or of chances that are known, what the rows are added up by, or what a direction's margins are
 * turned by. */
static void turn_margins(const pass *run, bai_pass_lane *lane, double *loss) {
  bai_problem *p = run->problem;
  bai_tile *tile = &lane->tile;
  if (run->aim == GRADIENT) {
    bai_tile_slopes(p, run->kernels, lane, loss);
  } else if (run->curved_known) {
    for (int64_t r = 0; r < tile->count; r++) tile->chances[r] = p->curved[tile->ids[r]];
  } else {
    bai_tile_chances(p, run->kernels, lane);
    for (int64_t r = 0; p->curved && r < tile->count; r++) p->curved[tile->ids[r]] = tile->chances[r];
  }
}

/* What sum_block does, by tiles. */
static ba_status sum_tiles(pass *run, bai_pass_lane *lane, int64_t first, int64_t end, double *gradient) {
  const bai_problem *p = run->problem;
  bai_tile *tile = &lane->tile;
  for (int64_t row = first, stop; (row = bai_tile_seek(p, row, end, &stop)) < end;) {
    if (bai_is_cancelled(p->context)) return BA_ERR_CANCELLED;
    const ba_status status = bai_tile_take(p, run->kernels, lane, &row, stop, run->aim == DIAGONAL);
    if (status) return failed_at(run, row, status);
    if (!run->curved_known) bai_tile_margins(p, run->kernels, tile, run->x, 1);
    turn_margins(run, lane, &gradient[p->parameters]);
    if (run->aim == PRODUCT) {
      bai_tile_margins(p, run->kernels, tile, run->direction, 0);
      bai_tile_turn(p, tile);
    } else if (run->aim == DIAGONAL) {
      bai_tile_weigh(p, tile);
      bai_tile_square(p, tile);
    }
    bai_tile_add(p, run->kernels, tile, gradient);
  }
  return BA_OK;
}

/* The same by the block's panel. */
static ba_status sum_panel(const pass *run, bai_pass_lane *lane, int64_t block, double *gradient) {
  const bai_problem *p = run->problem;
  bai_tile *tile = &lane->tile;
  int32_t goes_on = 1;
  bai_panel_take(p, tile, block);
  if (!run->curved_known) goes_on = bai_panel_margins(p, run->kernels, tile, block, run->x, 1);
  if (goes_on) turn_margins(run, lane, &gradient[p->parameters]);
  if (goes_on && run->aim == PRODUCT) {
    goes_on = bai_panel_margins(p, run->kernels, tile, block, run->direction, 0);
    bai_tile_turn(p, tile);
  } else if (run->aim == DIAGONAL) {
    bai_tile_weigh(p, tile);
  }
  goes_on = goes_on && bai_panel_add(p, tile, block, run->aim == DIAGONAL, gradient);
  return goes_on ? BA_OK : BA_ERR_CANCELLED;
}

/* The square of rows with one number more, `lasts`: the intercept's. Its line below the diagonal is used in the place
 * of its column, and copied when all is summed. */
static void add_square(const pass *run, const double *rows, const double *lasts, int64_t count, double *square) {
  const int64_t width = run->problem->plan->width, n = width + 1;
  const double *each[BAI_SQUARE_ROWS];
  for (int64_t r = 0; r < count; r++) each[r] = rows + r * width;
  run->kernels->add_square_f64(square, n, rows, count, width);
  run->kernels->axpy_rows_f64(square + width * n, lasts, each, count, width);
  for (int64_t r = 0; r < count; r++) square[n * n - 1] += lasts[r] * lasts[r];
}

/* A row times this is its part of the Hessian's root. */
static double root_of(const bai_problem *p, int64_t row, double curvature) {
  return sqrt(p->weights[row] / p->weight_total * curvature);
}

static ba_status square_tiles(pass *run, bai_pass_lane *lane, int64_t first, int64_t end, double *square) {
  const bai_problem *p = run->problem;
  bai_tile *tile = &lane->tile;
  const int64_t width = p->plan->width;
  for (int64_t row = first, stop; (row = bai_tile_seek(p, row, end, &stop)) < end;) {
    if (bai_is_cancelled(p->context)) return BA_ERR_CANCELLED;
    const ba_status status = bai_tile_take(p, run->kernels, lane, &row, stop, 1);
    if (status) return failed_at(run, row, status);
    bai_tile_margins(p, run->kernels, tile, run->x, 1);
    bai_tile_chances(p, run->kernels, lane);
    for (int64_t r = 0; r < tile->count; r++) {
      tile->margins[r] = root_of(p, tile->ids[r], tile->chances[r]);
      run->kernels->scale_f64(tile->copies + r * width, tile->margins[r], tile->rows[r], width);
    }
    add_square(run, tile->copies, tile->margins, tile->count, square);
  }
  return BA_OK;
}

static ba_status square_rows(pass *run, bai_pass_lane *lane, int64_t first, int64_t end, double *square) {
  const bai_problem *p = run->problem;
  const int64_t width = p->plan->width;
  double roots[BAI_SQUARE_ROWS];
  int64_t count = 0;
  for (int64_t row = first; row < end; row++) {
    if (row % 16 == 0 && bai_is_cancelled(p->context)) return BA_ERR_CANCELLED;
    if (p->weights[row] == 0.0) continue;
    const ba_status status = look_at_row(run, lane, row);
    if (status) return failed_at(run, row, status);
    bai_problem_margins(p, run->kernels, lane, run->x);
    bai_problem_chances(p, run->kernels, lane, row);
    roots[count] = root_of(p, row, lane->chances[0]);
    bai_problem_spread(p, lane, roots[count], lane->square + count * width);
    if (++count < BAI_SQUARE_ROWS) continue;
    add_square(run, lane->square, roots, count, square);
    count = 0;
  }
  add_square(run, lane->square, roots, count, square);
  return BA_OK;
}

static ba_status sum_rows(pass *run, bai_pass_lane *lane, int64_t first, int64_t end, double *gradient) {
  bai_problem *p = run->problem;
  if (p->dense) return sum_tiles(run, lane, first, end, gradient);
  for (int64_t row = first; row < end; row++) {
    if (row % 16 == 0 && bai_is_cancelled(p->context)) return BA_ERR_CANCELLED;
    if (p->weights[row] == 0.0) continue;
    const ba_status status = look_at_row(run, lane, row);
    if (status) return failed_at(run, row, status);
    if (run->aim == GRADIENT) {
      bai_problem_margins(p, run->kernels, lane, run->x);
      gradient[p->parameters] += p->weights[row] * bai_problem_loss(p, run->kernels, lane->margins, row);
    } else {
      second_order(run, lane, row);
    }
    add_gradient(p, run->kernels, lane, p->weights[row], gradient);
  }
  return BA_OK;
}

/* One block's loss and gradient, or the like of second order. The loss goes in the slot after the last parameter. */
static ba_status sum_block(pass *run, bai_pass_lane *lane, int64_t block, double *gradient) {
  bai_problem *p = run->problem;
  const int64_t first = block * BAI_BLOCK_ROWS, end = bai_block_end(p->dataset, block);
  memset(gradient, 0, (size_t)(run->sums ? run->sums->tree.shape.added : p->parameters + 1) * 8);
  if (run->aim == SQUARE) return (p->dense ? square_tiles : square_rows)(run, lane, first, end, gradient);
  if (p->panelled && bai_panel_is_made(p, block)) return sum_panel(run, lane, block, gradient);
  return sum_rows(run, lane, first, end, gradient);
}

static ba_status block_task(void *argument, int32_t worker, int64_t index) {
  pass *run = argument;
  return sum_block(run, &run->problem->lanes[worker], run->first_block + index, run->sums->nodes[index]);
}

static ba_status sum_alone(bai_problem *p, pass_aim aim, int64_t block, const double *x, const double *direction,
                           double *sums) {
  pass run = {p, bai_kernels_of(p->context), aim, x, direction, NULL, 0, 0, 0, INT64_MAX};
  const ba_status status = sum_block(&run, &p->lanes[0], block, sums);
  if (status == BA_ERR_CANCELLED) return bai_check_cancel(p->context);
  return bai_row_explains(status) ? bai_problem_explain(p, status, run.failed_row) : status;
}

ba_status bai_problem_block(bai_problem *p, int64_t block, const double *x, double *sums) {
  return sum_alone(p, GRADIENT, block, x, NULL, sums);
}

ba_status bai_problem_add(bai_problem *p, const double *x, double *sums) {
  pass run = {p, bai_kernels_of(p->context), GRADIENT, x, NULL, NULL, 0, 0, 0, INT64_MAX};
  const ba_status status = sum_rows(&run, &p->lanes[0], 0, p->dataset->rows, sums);
  if (status == BA_ERR_CANCELLED) return bai_check_cancel(p->context);
  return status ? bai_fail(p->context, BA_ERR_CORRUPT, "packed rows: a number that cannot be used") : BA_OK;
}

ba_status bai_problem_curved_block(bai_problem *p, int64_t block, const double *x, const double *direction,
                                   double *product, double *diagonal) {
  const ba_status status = sum_alone(p, PRODUCT, block, x, direction, product);
  return status ? status : sum_alone(p, DIAGONAL, block, x, NULL, diagonal);
}

static ba_status need_node(bai_problem *p, bai_sums *sums, int32_t index) {
  return sums->nodes[index] ? BA_OK : bai_alloc(p->context, sums->tree.shape.added, 8, &sums->nodes[index]);
}

/* Room for the columns of a block's rows, where there is some. */
static ba_status need_cache(bai_problem *p, int64_t block) {
  int64_t entries = 0;
  if (!p->cache) return BA_OK;
  for (int64_t row = block * BAI_BLOCK_ROWS; row < bai_block_end(p->dataset, block); row++)
    if (p->weights[row] != 0.0) entries += bai_row_entries(p->plan, bai_dataset_length(p->dataset, row));
  return bai_cache_room(p->context, block, entries, p->cache);
}

/* Merges a wave's blocks to its first node, as a binary tree over the block index. */
static void merge_wave(const pass *run, int32_t blocks) {
  double **nodes = run->sums->nodes;
  for (int32_t step = 1; step < blocks; step *= 2)
    for (int32_t i = 0; i + step < blocks; i += 2 * step)
      bai_shape_merge(run->sums->tree.shape, run->kernels, nodes[i], nodes[i + step]);
}

/* The context may have got more threads since there were lanes made for each. */
static ba_status run_wave(bai_problem *p, int64_t count, pass *run) {
  const int32_t threads = p->context->threads;
  if (threads > p->lane_count) p->context->threads = p->lane_count;
  const ba_status status = bai_parallel(p->context, count, block_task, run);
  p->context->threads = threads;
  return status;
}

/* All blocks; the sum ends in the first node. */
static ba_status run_pass(bai_problem *p, bai_sums *sums, pass_aim aim, const double *x, const double *direction) {
  const int64_t blocks = bai_blocks_of(p->dataset);
  pass run = {p, bai_kernels_of(p->context), aim, x, direction, sums, 0, !p->cached, 0, INT64_MAX};
  run.curved_known = aim != GRADIENT && p->curved_known;
  sums->tree.count = 0; /* a pass that failed may have left some */
  for (; run.first_block < blocks; run.first_block += sums->wave) {
    const int64_t count = blocks - run.first_block < sums->wave ? blocks - run.first_block : sums->wave;
    ba_status status = BA_OK;
    for (int32_t i = 0; !status && i < count; i++) status = need_node(p, sums, i);
    for (int64_t i = 0; !status && run.first && i < count; i++) status = need_cache(p, run.first_block + i);
    for (int64_t i = 0; !status && p->cached && p->panelled && i < count; i++)
      status = bai_panel_make(p, run.first_block + i);
    if (!status) status = run_wave(p, count, &run);
    if (status == BA_ERR_CANCELLED) return bai_check_cancel(p->context);
    if (bai_row_explains(status)) return bai_problem_explain(p, status, run.failed_row);
    if (status) return status;
    merge_wave(&run, (int32_t)count);
    bai_tree_push(&sums->tree, run.kernels, &sums->nodes[0]);
  }
  if (blocks) bai_tree_finish(&sums->tree, run.kernels, &sums->nodes[0]);
  if (!p->share) p->cached = 1;
  return BA_OK;
}

/* The sum over the rows becomes a mean, and the penalty comes to it. */
void bai_problem_close_product(const bai_problem *p, const double *sums, const double *direction, double *product) {
  const bai_kernels *kernels = bai_kernels_of(p->context);
  kernels->scale_f64(product, 1.0 / p->weight_total, sums, p->parameters);
  kernels->axpy_f64(product, p->l2, direction, p->outputs * p->plan->width);
}

void bai_problem_close_diagonal(const bai_problem *p, const double *sums, double *diagonal) {
  bai_kernels_of(p->context)->scale_f64(diagonal, 1.0 / p->weight_total, sums, p->parameters);
  for (int64_t i = 0; i < p->outputs * p->plan->width; i++) diagonal[i] += p->l2;
}

static void close_sums(const bai_problem *p, const double *sums, const double *x, double *objective, double *gradient) {
  const bai_kernels *kernels = bai_kernels_of(p->context);
  bai_problem_close_product(p, sums, x, gradient); /* the penalty's gradient is l2 x */
  *objective =
      sums[p->parameters] / p->weight_total + 0.5 * p->l2 * kernels->dot_f64(x, x, p->outputs * p->plan->width);
}

void bai_problem_close(bai_problem *p, const double *sums, const double *x, double *objective, double *gradient) {
  p->weight_total = sums[p->parameters + 1];
  close_sums(p, sums, x, objective, gradient);
}

ba_status bai_problem_evaluate(bai_problem *p, const double *x, double *objective, double *gradient) {
  const ba_status status = run_pass(p, &p->sums, GRADIENT, x, NULL);
  if (!status) close_sums(p, p->sums.nodes[0], x, objective, gradient);
  return status;
}

/* A pass of second order. Many follow each other at one point, and what they have in common is kept. */
static ba_status run_curved(bai_problem *p, pass_aim aim, const double *x, const double *direction) {
  ba_status status = BA_OK;
  if (p->outputs == 1 && !p->curved) status = bai_alloc_zero(p->context, p->dataset->rows, 8, &p->curved);
  if (p->outputs == 1 && !status && !p->curved_at) status = bai_alloc_zero(p->context, p->parameters, 8, &p->curved_at);
  if (status) return status;
  p->curved_known = p->curved_known && memcmp(p->curved_at, x, (size_t)p->parameters * 8) == 0;
  status = run_pass(p, &p->sums, aim, x, direction);
  if (status || p->outputs > 1) return status;
  memcpy(p->curved_at, x, (size_t)p->parameters * 8);
  p->curved_known = 1;
  return BA_OK;
}

ba_status bai_problem_product(bai_problem *p, const double *x, const double *direction, double *product) {
  const ba_status status = run_curved(p, PRODUCT, x, direction);
  if (!status) bai_problem_close_product(p, p->sums.nodes[0], direction, product);
  return status;
}

ba_status bai_problem_diagonal(bai_problem *p, const double *x, double *diagonal) {
  const ba_status status = run_curved(p, DIAGONAL, x, NULL);
  if (!status) bai_problem_close_diagonal(p, p->sums.nodes[0], diagonal);
  return status;
}

ba_status bai_problem_square(bai_problem *p, const double *x, const double **square) {
  const int64_t n = p->parameters;
  ba_status status = p->squares.nodes ? BA_OK : make_sums(p, n * n, &p->squares);
  for (int32_t i = 0; !status && !p->dense && i < p->lane_count; i++)
    if (!p->lanes[i].square) status = bai_alloc(p->context, n, 8 * BAI_SQUARE_ROWS, &p->lanes[i].square);
  p->curved_known = 0;
  if (!status) status = run_pass(p, &p->squares, SQUARE, x, NULL);
  if (status) return status;
  double *sum = p->squares.nodes[0];
  for (int64_t i = 0; i < n; i++) sum[i * n + n - 1] = sum[(n - 1) * n + i];
  *square = sum;
  return BA_OK;
}

ba_status bai_problem_mean_loss(bai_problem *p, const double *x, uint8_t use, double *loss) {
  const bai_kernels *kernels = bai_kernels_of(p->context);
  double sum = 0.0, total = 0.0;
  for (int64_t row = 0; row < p->dataset->rows; row++) {
    ba_status status = row % 64 ? BA_OK : bai_check_cancel(p->context);
    if (status) return status;
    if (p->uses[row] != use) continue;
    status = bai_problem_features(p, kernels, &p->lanes[0], row);
    if (status) return bai_problem_explain(p, status, row);
    bai_problem_margins(p, kernels, &p->lanes[0], x);
    const double weight = bai_dataset_weight(p->dataset, row);
    sum += weight * bai_problem_loss(p, kernels, p->lanes[0].margins, row);
    total += weight;
  }
  *loss = total > 0.0 ? sum / total : bai_not_a_number();
  return BA_OK;
}
