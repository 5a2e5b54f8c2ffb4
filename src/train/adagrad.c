/* SPDX-License-Identifier: MIT
 *
 * adagrad.c: Duchi, Hazan and Singer (JMLR 12, 2011), diagonal form. The penalty acts on a weight when its column is
 * met, for all the steps since it was last met, by the implicit step w / (1 + rate_j l2 steps): it cannot overshoot.
 * FTRL-proximal: McMahan, "Follow-the-regularized-leader and mirror descent" (AISTATS 2011), with the penalties of all
 * steps so far, so that it goes to the minimum of the mean.
 */
#include "train/adagrad.h"

#include <math.h>
#include <string.h>

#define EPSILON 1e-8 /* added to the sums of squares, so that an untouched column has a finite rate */

struct bai_adagrad {
  ba_context *context;
  bai_problem *problem;
  double rate;
  uint64_t seed;
  int64_t epoch, step, rows;
  int32_t under_way; /* an epoch was cancelled; it goes on at `next` */
  int64_t next;      /* of `order` */
  double sum;        /* of the losses of the epoch */
  bai_adagrad_kind kind;
  double *point, *squares;
  double *pulls; /* FTRL: gradients so far, less what the point already owes to them */
  int64_t *met;  /* the step at which a column was last met */
  bai_keyed *order;
};

ba_status bai_adagrad_create(ba_context *context, bai_problem *problem, bai_adagrad_kind kind, double rate,
                             const double *start, uint64_t seed, bai_adagrad **out) {
  bai_adagrad *s;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *s, &s);
  if (status) return status;
  s->context = bai_context_retain(context);
  s->problem = problem;
  s->kind = kind;
  s->rate = rate;
  s->seed = seed;
  for (int64_t row = 0; row < problem->dataset->rows; row++) s->rows += problem->weights[row] != 0.0;
  status = bai_alloc_zero(context, problem->parameters, 8, &s->point);
  if (!status) status = bai_alloc_zero(context, problem->parameters, 8, &s->squares);
  if (!status) status = bai_alloc_zero(context, kind == BAI_FTRL ? problem->parameters : 0, 8, &s->pulls);
  if (!status) status = bai_alloc_zero(context, problem->plan->width, 8, &s->met);
  if (!status) status = bai_alloc_zero(context, s->rows, sizeof *s->order, &s->order);
  if (status) {
    bai_adagrad_destroy(s);
    return status;
  }
  memcpy(s->point, start, (size_t)problem->parameters * 8);
  for (int64_t i = 0; kind == BAI_FTRL && i < problem->parameters; i++) s->pulls[i] = -start[i] * sqrt(EPSILON) / rate;
  *out = s;
  return BA_OK;
}

void bai_adagrad_destroy(bai_adagrad *s) {
  if (!s) return;
  ba_context *context = s->context;
  void *parts[] = {s->point, s->squares, s->pulls, s->met, s->order};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_free(context, s);
  bai_context_release(context);
}

const double *bai_adagrad_point(const bai_adagrad *s) {
  return s->point;
}

static void draw_order(bai_adagrad *s) {
  int64_t n = 0;
  for (int64_t row = 0; row < s->problem->dataset->rows; row++) {
    if (s->problem->weights[row] == 0.0) continue;
    s->order[n].key = bai_random(s->seed, (uint64_t)s->epoch, (uint64_t)row);
    s->order[n++].index = row;
  }
  bai_sort_keyed(s->order, n);
}

/* FTRL: the point of one parameter, from its gradients and the penalties of all steps. */
static void lead(bai_adagrad *s, int64_t at, double l1, double l2) {
  const double pull = s->pulls[at], most = l1 * (double)s->step;
  const double rest = pull > most ? pull - most : pull < -most ? pull + most : 0.0;
  s->point[at] = -rest / (sqrt(s->squares[at] + EPSILON) / s->rate + l2 * (double)s->step);
}

/* Brings a column up to the step: what the penalty did to it since it was last met. */
static void decay(bai_adagrad *s, int64_t column) {
  const bai_problem *p = s->problem;
  if (s->kind == BAI_FTRL) {
    for (int32_t o = 0; o < p->outputs; o++) lead(s, o * p->plan->width + column, p->l1, p->l2);
    return;
  }
  const double steps = (double)(s->step - s->met[column]);
  s->met[column] = s->step;
  for (int32_t o = 0; o < p->outputs; o++) {
    const int64_t at = o * p->plan->width + column;
    if (s->point[at] != 0.0) s->point[at] /= 1.0 + s->rate / sqrt(s->squares[at] + EPSILON) * p->l2 * steps;
  }
}

static void move(bai_adagrad *s, int64_t at, double gradient) {
  const double before = sqrt(s->squares[at] + EPSILON);
  s->squares[at] += gradient * gradient;
  if (s->kind == BAI_FTRL) {
    s->pulls[at] += gradient - (sqrt(s->squares[at] + EPSILON) - before) / s->rate * s->point[at];
    return;
  }
  s->point[at] -= s->rate * gradient / sqrt(s->squares[at] + EPSILON);
}

static void update(bai_adagrad *s, const bai_pass_lane *lane, double weight) {
  const bai_problem *p = s->problem;
  for (int32_t o = 0; o < p->outputs; o++) {
    const double slope = weight * lane->margins[o];
    int64_t from = 0;
    for (int32_t b = 0; b < p->plan->block_count; b++) {
      const double share = slope / lane->divisors[b];
      for (int64_t i = from; i < lane->row->ends[b]; i++)
        move(s, o * p->plan->width + lane->row->columns[i], share * lane->values[i]);
      from = lane->row->ends[b];
    }
    move(s, p->outputs * p->plan->width + o, slope);
    if (s->kind == BAI_FTRL) lead(s, p->outputs * p->plan->width + o, 0.0, 0.0); /* the intercept is free */
  }
}

ba_status bai_adagrad_epoch(bai_adagrad *s, double *loss) {
  bai_problem *p = s->problem;
  const bai_kernels *kernels = bai_kernels_of(s->context);
  bai_pass_lane *lane = &p->lanes[0];
  if (!s->under_way) {
    s->under_way = 1;
    s->next = 0;
    s->sum = 0.0;
    s->epoch++;
    draw_order(s);
  }
  for (; s->next < s->rows; s->next++) {
    const int64_t row = s->order[s->next].index;
    ba_status status = s->next % 64 ? BA_OK : bai_check_cancel(s->context);
    if (status) return status;
    status = bai_problem_features(p, kernels, lane, row);
    if (status) return bai_problem_explain(p, status, row);
    s->step++;
    const int64_t entries = lane->row->ends[p->plan->block_count - 1];
    for (int64_t e = 0; e < entries; e++) decay(s, lane->row->columns[e]);
    bai_problem_margins(p, kernels, lane, s->point);
    s->sum += p->weights[row] * bai_problem_loss(p, kernels, lane->margins, row);
    update(s, lane, p->weights[row] * (double)s->rows / p->weight_total);
  }
  for (int64_t column = 0; column < p->plan->width; column++) decay(s, column);
  *loss = s->sum / p->weight_total;
  s->under_way = 0;
  return BA_OK;
}

void bai_adagrad_archive(bai_adagrad *s, bai_archive *a) {
  const int64_t n = s->problem->parameters;
  bai_archive_i64(a, &s->epoch, 1, 0, INT64_MAX);
  bai_archive_i64(a, &s->step, 1, 0, INT64_MAX);
  bai_archive_i32(a, &s->under_way, 0, 1);
  bai_archive_i64(a, &s->next, 1, 0, s->rows);
  bai_archive_f64(a, &s->sum, 1);
  bai_archive_f64(a, s->point, n);
  bai_archive_f64(a, s->squares, n);
  if (s->kind == BAI_FTRL) bai_archive_f64(a, s->pulls, n);
  bai_archive_i64(a, s->met, s->problem->plan->width, 0, INT64_MAX);
  if (!a->written && !a->status && s->under_way) draw_order(s); /* it follows from seed and epoch */
}
