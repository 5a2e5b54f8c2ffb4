/* SPDX-License-Identifier: MIT
 *
 * scale.c: means, deviations and ranges of real columns over the training rows: first means and ranges of the values
 * that are there, then, with missing values filled in, how far the values are from the means.
 */
#include "train/scale.h"

#include <math.h>
#include <string.h>

#include "train/dataset.h"
#include "train/inputs.h"
#include "train/problem.h"

/* ---- blocks of rows ---- */

/* Numbers of a node: sums of the values and of their weights, then for ranges the largest of the values and of what the
 * values are below 0. Values that are missing stand as NaN, the fill of this pass. */
static void add_values(const bai_row *row, int64_t width, int32_t ranges, double weight, double *node) {
  double *weights = node + width, *largest = weights + width, *below = largest + width;
  for (int64_t i = 0; i < width; i++) {
    const double value = row->reals[i];
    if (value != value) continue;
    node[i] += weight * value;
    weights[i] += weight;
    if (!ranges) continue;
    if (value + 0.0 > largest[i]) largest[i] = value + 0.0;
    if (0.0 - value > below[i]) below[i] = 0.0 - value;
  }
}

/* Sums of squares, and the weight of the rows. Values are less their mean by now. */
static void add_squares(const bai_row *row, int64_t width, double weight, double *node) {
  for (int64_t i = 0; i < width; i++) node[i] += weight * (row->reals[i] * row->reals[i]);
  node[width] += weight;
}

ba_status bai_scale_block(ba_context *context, const bai_scale_rows *rows, bai_scale_pass pass, int64_t block,
                          double *node) {
  const bai_kernels *kernels = bai_kernels_of(context);
  const ba_dataset *dataset = rows->dataset;
  const bai_plan *plan = rows->row->plan;
  for (int64_t row = block * BAI_BLOCK_ROWS; row < bai_block_end(dataset, block); row++) {
    if (rows->uses[row] != BAI_USE_TRAIN) continue;
    const int64_t length = bai_dataset_length(dataset, row);
    bai_sparse sparse;
    const int64_t ambiguous = bai_dataset_load(kernels, dataset, row, &sparse, rows->row);
    rows->row->inputs = rows->inputs ? rows->inputs + row * bai_plan_inputs(plan) : NULL;
    ba_status status = bai_row_extract(kernels, rows->row, length, ambiguous);
    if (status) return bai_row_explain(context, rows->row, status, row + 1, length);
    const double weight = bai_dataset_weight(dataset, row);
    if (pass == BAI_PASS_MEANS)
      add_values(rows->row, plan->real_width, plan->scaling == BAI_SCALE_MINMAX, weight, node);
    else
      add_squares(rows->row, plan->real_width, weight, node);
    if (row % 1024 == 0) status = bai_check_cancel(context);
    if (status) return status;
  }
  return BA_OK;
}

/* ---- what they come to ---- */

static void be_plain(bai_plan *plan, double fill) {
  for (int64_t i = 0; i < plan->real_width; i++) {
    plan->fill[i] = fill;
    plan->centre[i] = 0.0;
    plan->factor[i] = 1.0;
  }
}

bai_scale_pass bai_scale_begin(bai_plan *plan) {
  if (plan->real_width <= 0 || (plan->scaling == BAI_SCALE_NONE && !bai_plan_fills(plan))) return BAI_PASS_NONE;
  be_plain(plan, bai_not_a_number());
  return BAI_PASS_MEANS;
}

bai_shape bai_scale_shape(const bai_plan *plan, bai_scale_pass pass) {
  const int64_t width = plan->real_width;
  if (pass == BAI_PASS_NONE) return (bai_shape){0, 0};
  if (pass == BAI_PASS_SQUARES) return (bai_shape){width + 1, 0};
  return (bai_shape){2 * width, plan->scaling == BAI_SCALE_MINMAX ? 2 * width : 0};
}

static void take_means(bai_plan *plan, const double *sums) {
  const int64_t width = plan->real_width;
  const double *weights = sums + width, *largest = weights + width, *below = largest + width;
  for (int64_t i = 0; i < width; i++) {
    plan->fill[i] = weights[i] > 0.0 ? sums[i] / weights[i] : 0.0;
    if (plan->scaling == BAI_SCALE_STANDARDIZE) plan->centre[i] = plan->fill[i];
    if (plan->scaling != BAI_SCALE_MINMAX || !(weights[i] > 0.0)) continue;
    plan->centre[i] = 0.0 - below[i];
    plan->factor[i] = largest[i] > plan->centre[i] ? 1.0 / (largest[i] - plan->centre[i]) : 1.0;
  }
}

static void take_squares(bai_plan *plan, const double *sums) {
  const double weight = sums[plan->real_width];
  for (int64_t i = 0; i < plan->real_width; i++) {
    const double deviation = weight > 0.0 ? sqrt(sums[i] / weight) : 0.0;
    /* Rounding alone leaves something of this size where all values are equal. */
    const double least = 1e-13 * (plan->centre[i] < 0.0 ? -plan->centre[i] : plan->centre[i]);
    plan->factor[i] = deviation > least ? 1.0 / deviation : 1.0;
  }
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

ba_status bai_scale_take(ba_context *context, const double *sums, bai_scale_pass *pass, bai_plan *plan) {
  const int32_t more = *pass == BAI_PASS_MEANS && plan->scaling == BAI_SCALE_STANDARDIZE;
  if (*pass == BAI_PASS_MEANS)
    take_means(plan, sums);
  else
    take_squares(plan, sums);
  const ba_status status = check_scale(context, plan);
  if (!status) {
    *pass = more ? BAI_PASS_SQUARES : BAI_PASS_NONE;
  } else if (*pass == BAI_PASS_MEANS) {
    be_plain(plan, bai_not_a_number());
  } else {
    for (int64_t i = 0; i < plan->real_width; i++) plan->factor[i] = 1.0;
  }
  return status;
}

/* ---- all rows ---- */

typedef struct learning {
  ba_context *context;
  bai_scale_rows rows;
  bai_scale_pass pass;
} learning;

static ba_status sum_block(void *argument, int64_t block, double *node) {
  const learning *l = argument;
  return bai_scale_block(l->context, &l->rows, l->pass, block, node);
}

ba_status bai_scale_learn(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, const double *inputs,
                          bai_plan *plan) {
  learning l = {context, {dataset, uses, inputs, NULL}, bai_scale_begin(plan)};
  double *sums = NULL;
  if (l.pass == BAI_PASS_NONE) return BA_OK;
  ba_status status = bai_row_create(context, plan, dataset->longest, &l.rows.row);
  /* The first pass has the most. */
  if (!status) status = bai_alloc(context, bai_shape_size(bai_scale_shape(plan, l.pass)), 8, &sums);
  while (!status && l.pass != BAI_PASS_NONE) {
    status = bai_tree_sum(context, bai_blocks_of(dataset), bai_scale_shape(plan, l.pass), sum_block, &l, sums);
    if (!status) status = bai_scale_take(context, sums, &l.pass, plan);
  }
  bai_row_destroy(l.rows.row);
  bai_free(context, sums);
  return status;
}
