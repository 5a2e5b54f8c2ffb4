/* SPDX-License-Identifier: MIT
 *
 * scale.c: means, deviations and ranges of real columns over the training rows, in the order of the rows: first the
 * means, then, with missing values filled in, how far the values are from them.
 */
#include <math.h>
#include <string.h>

#include "train/dataset.h"
#include "train/inputs.h"

typedef struct learning {
  ba_context *context;
  const ba_dataset *dataset;
  const uint8_t *uses;
  const double *inputs;
  bai_plan *plan;
  bai_row *row;
  double *sums, *weights; /* one a real column */
} learning;

typedef void (*bai_visit)(learning *l, double weight);

/* Extracts every training row with the plan as it is by now. */
static ba_status visit_rows(learning *l, bai_visit visit) {
  const bai_kernels *kernels = bai_kernels_of(l->context);
  for (int64_t row = 0; row < l->dataset->rows; row++) {
    if (l->uses[row] != BAI_USE_TRAIN) continue;
    const int64_t length = bai_dataset_length(l->dataset, row);
    bai_sparse sparse;
    const int64_t ambiguous = bai_dataset_load(kernels, l->dataset, row, &sparse, l->row);
    l->row->inputs = l->inputs ? l->inputs + row * bai_plan_inputs(l->plan) : NULL;
    ba_status status = bai_row_extract(kernels, l->row, length, ambiguous);
    if (status) return bai_row_explain(l->context, l->row, status, row + 1, length);
    visit(l, bai_dataset_weight(l->dataset, row));
    if (row % 1024 == 0) status = bai_check_cancel(l->context);
    if (status) return status;
  }
  return BA_OK;
}

/* Values that are missing stand as NaN, the fill of this pass. */
static void add_values(learning *l, double weight) {
  for (int64_t i = 0; i < l->plan->real_width; i++) {
    if (l->row->reals[i] != l->row->reals[i]) continue;
    l->sums[i] += weight * l->row->reals[i];
    l->weights[i] += weight;
  }
}

/* Values are less their mean by now. */
static void add_squares(learning *l, double weight) {
  for (int64_t i = 0; i < l->plan->real_width; i++) {
    l->sums[i] += weight * (l->row->reals[i] * l->row->reals[i]);
    l->weights[i] += weight;
  }
}

/* sums: the smallest; weights: the largest. */
static void widen(learning *l, double weight) {
  (void)weight;
  for (int64_t i = 0; i < l->plan->real_width; i++) {
    const double value = l->row->reals[i];
    if (value < l->sums[i]) l->sums[i] = value;
    if (value > l->weights[i]) l->weights[i] = value;
  }
}

static void clear(learning *l, double sum, double weight) {
  for (int64_t i = 0; i < l->plan->real_width; i++) {
    l->sums[i] = sum;
    l->weights[i] = weight;
  }
}

static ba_status learn_fill(learning *l) {
  bai_plan *plan = l->plan;
  for (int64_t i = 0; i < plan->real_width; i++) plan->fill[i] = bai_not_a_number();
  clear(l, 0.0, 0.0);
  const ba_status status = visit_rows(l, add_values);
  for (int64_t i = 0; i < plan->real_width; i++) plan->fill[i] = l->weights[i] > 0.0 ? l->sums[i] / l->weights[i] : 0.0;
  return status;
}

static ba_status standardize(learning *l) {
  bai_plan *plan = l->plan;
  memcpy(plan->centre, plan->fill, (size_t)plan->real_width * 8);
  clear(l, 0.0, 0.0);
  const ba_status status = visit_rows(l, add_squares);
  for (int64_t i = 0; i < plan->real_width; i++) {
    const double deviation = l->weights[i] > 0.0 ? sqrt(l->sums[i] / l->weights[i]) : 0.0;
    /* Rounding alone leaves something of this size where all values are equal. */
    const double least = 1e-13 * (plan->centre[i] < 0.0 ? -plan->centre[i] : plan->centre[i]);
    plan->factor[i] = deviation > least ? 1.0 / deviation : 1.0;
  }
  return status;
}

static ba_status find_ranges(learning *l) {
  bai_plan *plan = l->plan;
  clear(l, 1e308, -1e308);
  const ba_status status = visit_rows(l, widen);
  for (int64_t i = 0; i < plan->real_width; i++) {
    plan->centre[i] = l->sums[i];
    plan->factor[i] = l->weights[i] > l->sums[i] ? 1.0 / (l->weights[i] - l->sums[i]) : 1.0;
  }
  return status;
}

/* Numbers may be so large that their sums, squares or ranges are infinite, or so close that a factor is. */
static ba_status check_scale(ba_context *context, const bai_plan *plan) {
  for (int64_t i = 0; i < plan->real_width; i++) {
    const double all = plan->fill[i] + plan->centre[i] + plan->factor[i];
    if (all - all == 0.0 && plan->factor[i] > 0.0) continue;
    int32_t b = 0;
    while (!plan->blocks[b].real || i >= plan->blocks[b].real_first + plan->blocks[b].width) b++;
    bai_vector name = {0, 0, 0};
    ba_status status =
        bai_plan_column_name(context, plan, plan->blocks[b].first + i - plan->blocks[b].real_first, &name);
    if (!status)
      status = bai_fail(context, BA_ERR_NUMBER,
                        "column \"%.*s\" has no mean or scale in float64; expected numbers up to about 1e150, that are "
                        "not all within 1e-300",
                        (int)name.count, (const char *)name.data);
    bai_vector_free(context, &name);
    return status;
  }
  return BA_OK;
}

ba_status bai_scale_learn(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, const double *inputs,
                          bai_plan *plan) {
  learning l = {.context = context, .dataset = dataset, .uses = uses, .inputs = inputs, .plan = plan};
  if (plan->real_width <= 0 || (plan->scaling == BAI_SCALE_NONE && !bai_plan_fills(plan))) return BA_OK;
  ba_status status = bai_row_create(context, plan, dataset->longest, &l.row);
  if (!status) status = bai_alloc(context, plan->real_width, 8, &l.sums);
  if (!status) status = bai_alloc(context, plan->real_width, 8, &l.weights);
  if (!status) status = learn_fill(&l);
  if (!status && plan->scaling == BAI_SCALE_STANDARDIZE) status = standardize(&l);
  if (!status && plan->scaling == BAI_SCALE_MINMAX) status = find_ranges(&l);
  if (!status) status = check_scale(context, plan);
  bai_row_destroy(l.row);
  bai_free(context, l.sums);
  bai_free(context, l.weights);
  return status;
}
