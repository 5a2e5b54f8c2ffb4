/* SPDX-License-Identifier: MIT
 *
 * sketch.c: fills a model's bins of what its rows look like. Lengths and letters are those of the training rows; scores
 * are those of the dev rows, since a model is surer of what it was trained on.
 */
#include "train/sketch.h"

#include <string.h>

#include "train/selection.h"

#define QUANTILES 16

/* Edges just below the least value, at equal shares of the rows, and at the largest; equal ones become one. Returns how
 * many bins they make. */
static int32_t choose_edges(double *edges, const double *sorted, int64_t n) {
  int32_t count = 0;
  uint64_t below = bai_bits_of_f64(sorted[0]);
  below = sorted[0] > 0.0 ? below - 1 : sorted[0] < 0.0 ? below + 1 : UINT64_C(0x8000000000000001);
  edges[count++] = bai_f64_of_bits(below);
  for (int32_t q = 1; q <= QUANTILES; q++) {
    const double edge = sorted[(n * q + QUANTILES - 1) / QUANTILES - 1];
    if (edge > edges[count - 1]) edges[count++] = edge;
  }
  return count + 1;
}

static ba_status add_monitor(ba_context *context, bai_drift *drift, int32_t kind, const double *values, int64_t n) {
  bai_keyed *order = NULL;
  double *sorted = NULL;
  ba_status status = bai_alloc(context, n, sizeof *order, &order);
  if (!status) status = bai_alloc(context, n, 8, &sorted);
  if (!status) {
    const int32_t index = drift->count++;
    const int64_t at = (int64_t)index * BAI_DRIFT_BINS;
    for (int64_t i = 0; i < n; i++) order[i] = (bai_keyed){bai_order_of_f64(values[i] + 0.0), i};
    bai_sort_keyed(order, n);
    for (int64_t i = 0; i < n; i++) sorted[i] = values[order[i].index] + 0.0;
    drift->kinds[index] = kind;
    drift->bins[index] = choose_edges(drift->edges + at, sorted, n);
    const bai_monitor m = bai_drift_monitor(drift, index);
    for (int64_t i = 0; i < n; i++) drift->counts[at + bai_drift_bin(&m, sorted[i])]++;
  }
  bai_free(context, order);
  bai_free(context, sorted);
  return status;
}

static double gc_of(const ba_dataset *dataset, const bai_kernels *kernels, int64_t row, uint8_t *codes) {
  int64_t gc = 0, known = 0;
  bai_dataset_codes(kernels, dataset, row, 0, codes);
  for (int64_t i = 0; i < bai_dataset_length(dataset, row); i++) {
    gc += codes[i] == 1 || codes[i] == 2;
    known += codes[i] < 4;
  }
  return known ? (double)gc / (double)known : 0.0;
}

static ba_status watch_rows(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, bai_drift *drift) {
  double *lengths = NULL, *shares = NULL;
  uint8_t *codes = NULL;
  int64_t n = 0;
  if (dataset->tables.count || bai_dataset_is_sparse(dataset)) return BA_OK; /* such rows have no letters */
  ba_status status = bai_alloc(context, dataset->rows, 8, &lengths);
  if (!status) status = bai_alloc(context, dataset->rows, 8, &shares);
  if (!status) status = bai_alloc(context, dataset->longest, 1, &codes);
  for (int64_t row = 0; !status && row < dataset->rows; row++) {
    if (uses[row] != BAI_USE_TRAIN) continue;
    lengths[n] = (double)bai_dataset_length(dataset, row);
    shares[n++] = gc_of(dataset, bai_kernels_of(context), row, codes);
    if (n % 4096 == 0) status = bai_check_cancel(context);
  }
  if (!status && n) status = add_monitor(context, drift, BAI_DRIFT_LENGTH, lengths, n);
  if (!status && n) status = add_monitor(context, drift, BAI_DRIFT_GC, shares, n);
  bai_free(context, codes);
  bai_free(context, shares);
  bai_free(context, lengths);
  return status;
}

static ba_status watch_scores(ba_context *context, const ba_model *model, const ba_dataset *dataset,
                              const uint8_t *uses, bai_drift *drift) {
  const int32_t outputs = model->outputs;
  int64_t *rows = NULL, n = 0;
  double *scores = NULL, *one = NULL;
  for (int64_t row = 0; row < dataset->rows; row++) n += uses[row] == BAI_USE_DEV;
  if (n < BAI_DRIFT_LEAST || outputs > BAI_DRIFT_SCORES) return BA_OK;
  ba_status status = bai_alloc(context, n, 8, &rows);
  if (!status) status = bai_alloc(context, n, 8 * (int64_t)outputs, &scores);
  if (!status) status = bai_alloc(context, n, 8, &one);
  n = 0;
  for (int64_t row = 0; !status && row < dataset->rows; row++)
    if (uses[row] == BAI_USE_DEV) rows[n++] = row;
  if (!status) status = bai_score_rows(context, model, dataset, rows, n, scores, NULL);
  for (int32_t o = 0; !status && o < outputs; o++) {
    for (int64_t i = 0; i < n; i++) one[i] = scores[i * outputs + o];
    status = add_monitor(context, drift, BAI_DRIFT_SCORE + o, one, n);
  }
  bai_free(context, one);
  bai_free(context, scores);
  bai_free(context, rows);
  return status;
}

ba_status bai_sketch_rows(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, ba_model *model) {
  bai_drift drift = {0};
  ba_status status = bai_drift_open(context, BAI_DRIFT_KINDS, &drift);
  if (!status) status = watch_rows(context, dataset, uses, &drift);
  if (!status) status = watch_scores(context, model, dataset, uses, &drift);
  if (status) {
    bai_drift_free(context, &drift);
    return status;
  }
  model->drift = drift;
  return bai_model_find_digest(context, model);
}
