/* SPDX-License-Identifier: MIT
 *
 * adagrad.c: AdaGrad with closed-form updates (flow.c), divided by the mean size of a row; with NAG each column by its
 * largest value too (Ross, Mineiro and Langford, UAI 2013). The penalty acts on a weight when its column is met, for
 * all the weight of rows since, by the implicit step w / (1 + rate_j l2 weight). FTRL-proximal: McMahan (AISTATS 2011),
 * with the penalties of all rows so far, so that it goes to the minimum of the mean.
 */
#include "train/adagrad.h"

#include <math.h>
#include <string.h>

/* Measured on three sets of sequences (docs/solvers.md). */
#define RATE 0.2
#define BATCHES_RATE 0.4 /* of rows that are seen once */
#define FTRL_RATE 0.05
#define AHEAD 16     /* entries: cells are asked from memory before they are met */
#define EPSILON 1e-8 /* FTRL: added to the sums of squares, so that an untouched column has a finite rate */

/* What is known of a column stands together, as it is met together: the largest value seen and the total at which it
 * was last met, then for each output its parts. The last cell is the intercept's. */
enum { SCALE, MET, HEAD };
enum { WEIGHT, SQUARES, PULL /* FTRL: gradients so far, less what the point already owes to them */ };

struct bai_adagrad {
  ba_context *context;
  bai_problem *problem;
  bai_adagrad_kind kind;
  double rate, batches_rate;
  uint64_t seed;
  int64_t epoch, rows;
  int32_t under_way; /* an epoch was cancelled; it goes on at `next` */
  int64_t next;      /* of `order` */
  double sum;        /* of the losses of the epoch */
  double total;      /* weight of the rows so far */
  double norm;       /* weighted sum of the squares of values over scales */
  double size;       /* weighted sum of the squares of targets */
  int64_t width, parts, stride;
  double *cells, *point;
  bai_keyed *order;
  int32_t keeps; /* cells are kept in `before`, at their first meeting since `kept_from`; a few at the second too */
  double kept_from;
  bai_vector before; /* number and cell of columns as they were */
  bai_vector roots;  /* of a row's columns: what their gradients are divided by */
};

ba_status bai_adagrad_create(ba_context *context, bai_problem *problem, bai_adagrad_kind kind, double rate,
                             const double *start, uint64_t seed, bai_adagrad **out) {
  bai_adagrad *s;
  const int64_t width = problem->plan->width, parts = kind == BAI_FTRL ? 3 : 2;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) return status;
  s->context = bai_context_retain(context);
  s->problem = problem;
  s->kind = kind;
  s->rate = rate > 0.0 ? rate : kind == BAI_FTRL ? FTRL_RATE : RATE;
  s->batches_rate = rate > 0.0 ? rate : BATCHES_RATE;
  s->seed = seed;
  s->width = width;
  s->parts = parts;
  s->stride = HEAD + parts * problem->outputs;
  for (int64_t row = 0; row < problem->dataset->rows; row++) s->rows += problem->weights[row] != 0.0;
  status = bai_alloc_zero(context, width + 1, 8 * s->stride, &s->cells);
  if (!status) status = bai_alloc_zero(context, problem->parameters, 8, &s->point);
  if (!status) status = bai_alloc_zero(context, s->rows, sizeof *s->order, &s->order);
  if (status) {
    bai_adagrad_destroy(s);
    return status;
  }
  memcpy(s->point, start, (size_t)problem->parameters * 8);
  s->cells[width * s->stride + SCALE] = 1.0;
  for (int64_t column = 0; column <= width; column++) {
    for (int32_t o = 0; o < problem->outputs; o++) {
      double *part = s->cells + column * s->stride + HEAD + o * parts;
      part[WEIGHT] = start[column < width ? o * width + column : problem->outputs * width + o];
      if (kind == BAI_FTRL) part[PULL] = -part[WEIGHT] * sqrt(EPSILON) / s->rate;
    }
  }
  *out = s;
  return BA_OK;
}

void bai_adagrad_destroy(bai_adagrad *s) {
  if (!s) return;
  ba_context *context = s->context;
  void *parts[] = {s->cells, s->point, s->order};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_vector_free(context, &s->before);
  bai_vector_free(context, &s->roots);
  bai_free(context, s);
  bai_context_release(context);
}

const double *bai_adagrad_point(const bai_adagrad *s) {
  return s->point;
}

/* ---- one row ---- */

/* The rate that all parameters have in common. Numbers are as far from zero as their targets. Later epochs are slower:
 * measured, the best rate falls like that. */
static double common_rate(const bai_adagrad *s) {
  if (s->norm == 0.0) return 0.0;
  const double size = s->problem->targets && s->problem->loss.kind != BAI_LOSS_POISSON ? s->size / s->total : 1.0;
  if (s->epoch == 0) return s->batches_rate * sqrt(s->total / s->norm * size);
  return s->rate * sqrt(s->total / s->norm * size / (double)s->epoch);
}

/* A weight as it is now: after what the penalty did to it since its column was last met. */
static double weight_now(const bai_adagrad *s, const double *cell, const double *part, double rate, int32_t free) {
  const bai_problem *p = s->problem;
  if (s->kind == BAI_FTRL) {
    const double seen = free ? 0.0 : s->total, pull = part[PULL], most = p->l1 * seen;
    const double rest = pull > most ? pull - most : pull < -most ? pull + most : 0.0;
    return -rest / (sqrt(part[SQUARES] + EPSILON) / s->rate + p->l2 * seen);
  }
  if (free || part[WEIGHT] == 0.0 || part[SQUARES] == 0.0) return part[WEIGHT];
  return part[WEIGHT] / (1.0 + rate / (cell[SCALE] * sqrt(part[SQUARES])) * p->l2 * (s->total - cell[MET]));
}

static void keep(bai_adagrad *s, int64_t column, const double *cell) {
  double *to = (double *)s->before.data + s->before.count;
  to[0] = (double)column;
  for (int64_t i = 0; i < s->stride; i++) to[i + 1] = cell[i];
  s->before.count += s->stride + 1;
}

/* What a row of so many entries needs. */
static ba_status make_room(bai_adagrad *s, int64_t entries) {
  const ba_status status = bai_vector_reserve(s->context, &s->roots, entries + 1, 8);
  if (status || !s->keeps) return status;
  return bai_vector_reserve(s->context, &s->before, (entries + 1) * (s->stride + 1), 8);
}

/* Brings a column up to the row, and adds its part to the margins. */
static void meet(bai_adagrad *s, int64_t column, double value, double weight, double rate, double *margins) {
  double *cell = s->cells + column * s->stride, *part = cell + HEAD;
  const double size = value < 0.0 ? -value : value;
  if (s->keeps && cell[MET] <= s->kept_from) keep(s, column, cell);
  const double shrink = s->kind == BAI_NAG && size > cell[SCALE] && cell[SCALE] > 0.0 ? cell[SCALE] / size : 1.0;
  for (int32_t o = 0; o < s->problem->outputs; o++, part += s->parts) {
    part[WEIGHT] = weight_now(s, cell, part, rate, column == s->width);
    if (shrink < 1.0) part[WEIGHT] *= shrink;
    margins[o] += part[WEIGHT] * value;
  }
  if (s->kind != BAI_NAG)
    cell[SCALE] = 1.0;
  else if (size > cell[SCALE])
    cell[SCALE] = size;
  cell[MET] = s->total;
  if (size > 0.0) s->norm += weight * (size / cell[SCALE]) * (size / cell[SCALE]);
}

static void move_ftrl(const bai_adagrad *s, double *part, double gradient) {
  const double before = sqrt(part[SQUARES] + EPSILON);
  part[SQUARES] += gradient * gradient;
  part[PULL] += gradient - (sqrt(part[SQUARES] + EPSILON) - before) / s->rate * part[WEIGHT];
}

/* What one output of the row teaches: first how fast its margin goes, then how far, then each weight its share. */
static void move(bai_adagrad *s, const bai_pass_lane *lane, int64_t entries, int64_t row, double weight, int32_t o) {
  const double slope = lane->margins[o], grown = weight * slope * slope, rate = common_rate(s);
  double *cells = s->cells + HEAD + o * s->parts, *part, *roots = s->roots.data;
  double speed = 0.0;
  for (int64_t e = 0; e <= entries; e++) {
    const double value = e < entries ? lane->values[e] : 1.0;
    part = cells + (e < entries ? (int64_t)lane->view.columns[e] : s->width) * s->stride;
    if (s->kind == BAI_FTRL) {
      move_ftrl(s, part, weight * slope * value);
      continue;
    }
    part[SQUARES] += grown * value * value;
    roots[e] = part[SCALE - HEAD - o * s->parts] * sqrt(part[SQUARES]);
    if (part[SQUARES] > 0.0) speed += value * value / roots[e];
  }
  if (!(speed > 0.0)) return;
  const double far = bai_problem_flow(s->problem, bai_kernels_of(s->context), lane, row, o, weight * rate * speed);
  const double share = far / speed;
  for (int64_t e = 0; e <= entries; e++) {
    const double value = e < entries ? lane->values[e] : 1.0;
    part = cells + (e < entries ? (int64_t)lane->view.columns[e] : s->width) * s->stride;
    if (part[SQUARES] > 0.0) part[WEIGHT] += share * value / roots[e];
  }
}

/* *loss: of the row before it is learnt. */
static ba_status learn(bai_adagrad *s, int64_t row, double weight, double *loss) {
  bai_problem *p = s->problem;
  bai_pass_lane *lane = &p->lanes[0];
  const bai_kernels *kernels = bai_kernels_of(s->context);
  ba_status status = bai_problem_features(p, kernels, lane, row);
  if (status) return bai_problem_explain(p, status, row);
  const int64_t entries = lane->row->ends[p->plan->block_count - 1];
  for (int64_t e = 0, b = 0; e < entries; e++) {
    while (e == lane->row->ends[b]) b++;
    lane->values[e] /= lane->divisors[b];
  }
  status = make_room(s, entries);
  if (status) return status;
  const double rate = common_rate(s);
  for (int32_t o = 0; o < p->outputs; o++) lane->margins[o] = 0.0;
  for (int64_t e = 0; e < entries; e++) {
    if (e + AHEAD < entries) __builtin_prefetch(s->cells + lane->view.columns[e + AHEAD] * s->stride, 1);
    meet(s, lane->view.columns[e], lane->values[e], weight, rate, lane->margins);
  }
  meet(s, s->width, 1.0, weight, rate, lane->margins);
  s->total += weight;
  if (p->targets) s->size += weight * (p->targets[row] - lane->offset) * (p->targets[row] - lane->offset);
  for (int32_t o = 0; o < p->outputs; o++) lane->chances[o] = lane->margins[o] += lane->offset;
  *loss = bai_problem_loss(p, kernels, lane->margins, row);
  for (int32_t o = 0; o < p->outputs; o++)
    if (lane->margins[o] != 0.0) move(s, lane, entries, row, weight, o);
  return BA_OK;
}

void bai_adagrad_settle(bai_adagrad *s) {
  const double rate = common_rate(s);
  const int32_t outputs = s->problem->outputs;
  for (int64_t column = 0; column <= s->width; column++) {
    const double *cell = s->cells + column * s->stride;
    for (int32_t o = 0; o < outputs; o++)
      s->point[column < s->width ? o * s->width + column : outputs * s->width + o] =
          weight_now(s, cell, cell + HEAD + o * s->parts, rate, column == s->width);
  }
}

/* ---- epochs ---- */

static void draw_order(bai_adagrad *s) {
  int64_t n = 0;
  for (int64_t row = 0; row < s->problem->dataset->rows; row++) {
    if (s->problem->weights[row] == 0.0) continue;
    s->order[n].key = bai_random(s->seed, (uint64_t)s->epoch, (uint64_t)row);
    s->order[n++].index = row;
  }
  bai_sort_keyed(s->order, n);
}

ba_status bai_adagrad_epoch(bai_adagrad *s, double *loss) {
  const bai_problem *p = s->problem;
  if (!s->under_way) {
    s->under_way = 1;
    s->next = 0;
    s->sum = 0.0;
    s->epoch++;
    draw_order(s);
  }
  for (; s->next < s->rows; s->next++) {
    const int64_t row = s->order[s->next].index;
    double one;
    ba_status status = s->next % 64 ? BA_OK : bai_check_cancel(s->context);
    if (!status) status = learn(s, row, p->weights[row] * (double)s->rows / p->weight_total, &one);
    if (status) return status;
    s->sum += p->weights[row] * one;
  }
  bai_adagrad_settle(s);
  *loss = s->sum / p->weight_total;
  s->under_way = 0;
  return BA_OK;
}

/* ---- batches ---- */

static void undo(bai_adagrad *s) {
  const double *cells = s->before.data;
  for (int64_t at = s->before.count - s->stride - 1; at >= 0; at -= s->stride + 1)
    memcpy(s->cells + (int64_t)cells[at] * s->stride, cells + at + 1, (size_t)s->stride * 8);
}

ba_status bai_adagrad_learn(bai_adagrad *s, double *loss) {
  const bai_problem *p = s->problem;
  const double total = s->total, norm = s->norm, size = s->size;
  ba_status status = BA_OK;
  s->keeps = 1;
  s->kept_from = total;
  for (int64_t row = 0; !status && row < p->dataset->rows; row++) {
    double one;
    if (p->weights[row] == 0.0) continue;
    if (row % 64 == 0) status = bai_check_cancel(s->context);
    if (!status) status = learn(s, row, p->weights[row], &one);
    if (status) break;
    *loss += p->weights[row] * one;
    if (!(*loss - *loss == 0.0))
      status = bai_fail_at(s->context, BA_ERR_DIVERGED, row + 1, -1,
                           "the loss is not finite; expected smaller numbers, or a smaller rate");
  }
  s->keeps = 0;
  if (status) {
    undo(s);
    s->total = total;
    s->norm = norm;
    s->size = size;
  }
  s->before.count = 0;
  return status;
}

void bai_adagrad_archive(bai_adagrad *s, bai_archive *a) {
  bai_archive_i64(a, &s->epoch, 1, 0, BAI_MOST_COUNTED);
  bai_archive_i32(a, &s->under_way, 0, 1);
  bai_archive_i64(a, &s->next, 1, 0, s->rows);
  bai_archive_f64(a, &s->sum, 1);
  bai_archive_f64(a, &s->total, 1);
  bai_archive_f64(a, &s->norm, 1);
  bai_archive_f64(a, &s->size, 1);
  bai_archive_f64(a, s->cells, (s->width + 1) * s->stride);
  bai_archive_f64(a, s->point, s->problem->parameters);
  if (!a->written && !a->status && s->under_way) draw_order(s); /* it follows from seed and epoch */
}
