/* SPDX-License-Identifier: MIT
 *
 * rows.c: scoring of rows of features, and the calls for rows of numbers.
 */
#include "array/array.h"
#include "model/scorer.h"

/* Rows that are summed before any is made scores of: many of one sum each, or as many as stay in the cache while sum
 * after sum is made. */
#define ROWS 256
#define SOME_ROWS 16

/* Float weights of a model of one member, exactly as the integers say; float32 rows use them rounded to float32. */
static ba_status make_weights(ba_scorer *scorer, int32_t single) {
  const bai_member *member = &scorer->model->members[0];
  const bai_plan *plan = member->plan;
  const int64_t n = member->units * plan->width, step = bai_member_step(member);
  if (single ? scorer->weights32 != NULL : scorer->weights64 != NULL) return BA_OK;
  const ba_status status = single ? bai_alloc(scorer->context, n, 4, &scorer->weights32)
                                  : bai_alloc(scorer->context, n, 8, &scorer->weights64);
  if (status) return status;
  for (int32_t u = 0; u < member->units; u++) {
    const int32_t *weights = bai_member_unit(member, u);
    for (int32_t b = 0; b < plan->block_count; b++) {
      const int32_t exponent = member->exponents[u * plan->block_count + b];
      const bai_block *block = &plan->blocks[b];
      for (int64_t i = block->first; i < block->first + block->width; i++) {
        const int64_t r = i - block->first + block->real_first;
        const double weight = block->real ? member->reals[u * plan->real_width + r] * plan->factor[r]
                                          : bai_scale_by_power((double)weights[i * step], -exponent);
        if (single)
          scorer->weights32[u * plan->width + i] = (float)weight;
        else
          scorer->weights64[u * plan->width + i] = weight;
      }
    }
  }
  return BA_OK;
}

/* The counts of one row, as the extractor would list them: block by block, columns rising. Returns 0 when a block has
 * more k-mers than any sequence. */
static int32_t gather_counts(const bai_plan *plan, const uint32_t *counts, bai_row *row) {
  int64_t at = 0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    int64_t kept = 0;
    for (int64_t c = plan->blocks[b].first; c < plan->blocks[b].first + plan->blocks[b].width; c++) {
      if (!counts[c]) continue;
      row->columns[at] = (uint32_t)c;
      row->counts[at++] = counts[c];
      kept += counts[c];
    }
    if (kept > INT32_MAX) return 0;
    row->ends[b] = at;
  }
  return 1;
}

/* The centre of a scale is taken out once for the whole row. */
static double centre_of(const bai_plan *plan, const double *reals) {
  double sum = 0.0;
  for (int64_t i = 0; i < plan->real_width; i++) sum += reals[i] * plan->factor[i] * plan->centre[i];
  return sum;
}

ba_status bai_scorer_take_features(ba_scorer *scorer) {
  const bai_member *member = &scorer->model->members[0];
  const bai_plan *plan = member->plan;
  scorer->features = -1;
  if (scorer->model->member_count > 1 || ba_model_inputs(scorer->model)) return BA_OK;
  scorer->group = member->units == 1 ? ROWS : SOME_ROWS;
  ba_status status = make_weights(scorer, 1);
  if (!status) status = bai_alloc(scorer->context, member->units, 8, &scorer->centres);
  if (!status) status = bai_alloc(scorer->context, member->units * scorer->group, 8, &scorer->totals);
  for (int32_t u = 0; !status && u < member->units; u++)
    scorer->centres[u] = plan->real_width ? centre_of(plan, member->reals + u * plan->real_width) : 0.0;
  if (!status && !member->net.layer_count) scorer->features = plan->width;
  return status;
}

/* Scores of row r of those whose totals are there. */
static void finish_row(const ba_scorer *scorer, const bai_kernels *kernels, int64_t r, double *scores) {
  const bai_member *member = &scorer->model->members[0];
  double *sums = member->hidden ? scorer->sums : scores;
  for (int32_t u = 0; u < member->units; u++) sums[u] = scorer->totals[u * scorer->group + r] - scorer->centres[u];
  if (member->hidden)
    bai_hidden_head(kernels, member, sums, scores);
  else
    for (int32_t o = 0; o < member->units; o++) scores[o] += member->intercepts[o];
}

/* The sums of up to scorer->group rows. */
static void sum_rows(ba_scorer *scorer, const bai_kernels *kernels, const void *rows, int64_t stride, int64_t count,
                     int32_t single) {
  const bai_member *member = &scorer->model->members[0];
  const int64_t width = member->plan->width;
  double *totals = scorer->totals;
  for (int32_t u = 0; u < member->units; u++, totals += scorer->group) {
    if (single) kernels->dot_rows_f32(totals, rows, stride, count, scorer->weights32 + u * width, width);
    for (int64_t r = 0; !single && r < count; r++)
      totals[r] = kernels->dot_f64((const double *)(const void *)((const uint8_t *)rows + r * stride),
                                   scorer->weights64 + u * width, width);
  }
}

static ba_status predict_features(ba_scorer *scorer, const bai_kernels *kernels, const ba_array *rows, double *scores,
                                  double *probabilities) {
  const ba_model *model = scorer->model;
  const int32_t single = rows->dtype == BA_FLOAT32;
  ba_status status = single ? BA_OK : make_weights(scorer, 0);
  for (int64_t i = 0; !status && i < rows->shape[0]; i += scorer->group) {
    const int64_t left = rows->shape[0] - i, count = left < scorer->group ? left : scorer->group;
    sum_rows(scorer, kernels, (const uint8_t *)rows->data + i * rows->stride[0], rows->stride[0], count, single);
    for (int64_t r = 0; r < count; r++) {
      double *to = scores ? scores + (i + r) * model->outputs : scorer->scores;
      finish_row(scorer, kernels, r, to);
      if (probabilities) bai_model_probabilities(kernels, model, to, probabilities + (i + r) * model->answers);
    }
    status = bai_check_cancel(scorer->context);
  }
  return status;
}

static ba_status predict_counts(ba_scorer *scorer, const bai_kernels *kernels, const ba_array *rows, double *scores,
                                double *probabilities) {
  const ba_model *model = scorer->model;
  const bai_member *member = &model->members[0];
  /* A row of counts may have any number of non-zeros: as many entries as columns. */
  ba_status status = bai_scorer_reserve(scorer, 1, member->plan->width);
  for (int64_t i = 0; !status && i < rows->shape[0]; i++) {
    const uint8_t *row = (const uint8_t *)rows->data + i * rows->stride[0];
    const bai_lane *lane = &scorer->lanes[0];
    double *to = scores ? scores + i * model->outputs : scorer->scores;
    if (!gather_counts(member->plan, (const uint32_t *)(const void *)row, lane->rows[0]))
      return bai_fail_at(scorer->context, BA_ERR_ARGUMENT, i + 1, -1,
                         "the counts of one k add up to more than %d; expected those of one sequence", INT32_MAX);
    bai_member_score(kernels, member, model->outputs, lane, lane->rows[0], to);
    if (probabilities) bai_model_probabilities(kernels, model, to, probabilities + i * model->answers);
    if (i % 256 == 255) status = bai_check_cancel(scorer->context);
  }
  return status;
}

static ba_status check_rows(const ba_scorer *scorer, const ba_array *rows) {
  ba_context *context = scorer->context;
  if (!rows) return bai_fail(context, BA_ERR_ARGUMENT, "predict: expected rows");
  const int64_t inputs = ba_model_inputs(scorer->model);
  const ba_status status = inputs ? BA_OK : bai_model_single(context, scorer->model, "predict");
  if (status) return status;
  const int64_t width = inputs ? inputs : scorer->model->members[0].plan->width;
  const int64_t size = bai_dtype_size(rows->dtype);
  if (rows->dtype != BA_UINT32 && rows->dtype != BA_FLOAT32 && rows->dtype != BA_FLOAT64)
    return bai_fail(context, BA_ERR_SHAPE, "predict: rows of type %d; expected uint32 counts, float32 or float64",
                    rows->dtype);
  if (rows->ndim != 2 || rows->shape[1] != width || rows->stride[1] != size)
    return bai_fail(context, BA_ERR_SHAPE,
                    "predict: rows of %lld columns; expected two dimensions, %lld columns side "
                    "by side",
                    (long long)rows->shape[rows->ndim - 1], (long long)width);
  if (rows->dtype == BA_UINT32 && !inputs && scorer->model->members[0].plan->real_width > 0)
    return bai_fail(context, BA_ERR_SHAPE,
                    "predict: the model reads descriptors, which are no counts; expected values");
  return BA_OK;
}

ba_status ba_scorer_predict(ba_scorer *scorer, const ba_array *rows, double *scores, double *probabilities) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  const bai_kernels *kernels = bai_kernels_of(context);
  status = check_rows(scorer, rows);
  if (!status && ba_model_inputs(scorer->model))
    status = bai_scorer_predict_inputs(scorer, rows, scores, probabilities);
  else if (!status && rows->dtype == BA_UINT32)
    status = predict_counts(scorer, kernels, rows, scores, probabilities);
  else if (!status)
    status = predict_features(scorer, kernels, rows, scores, probabilities);
  return bai_leave(context, status);
}

/* Whoever asks for one row waits for it: its sum goes to no memory on the way. */
static void score_row(ba_scorer *scorer, const bai_kernels *kernels, const float *row, double *scores) {
  const bai_member *member = &scorer->model->members[0];
  const int64_t width = scorer->features;
  if (member->hidden) {
    sum_rows(scorer, kernels, row, 0, 1, 1);
    finish_row(scorer, kernels, 0, scores);
    return;
  }
  for (int32_t o = 0; o < member->units; o++) {
    double sum = kernels->dot_f32(row, scorer->weights32 + o * width, width);
    if (member->plan->real_width) sum -= scorer->centres[o];
    scores[o] = sum + member->intercepts[o];
  }
}

ba_status ba_scorer_predict_row(ba_scorer *scorer, const float *row, int64_t width, double *scores,
                                double *probabilities) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  double *to = scores ? scores : scorer->scores;
  const bai_kernels *kernels = context->kernels ? context->kernels : scorer->fastest;
  if (row && width == scorer->features)
    score_row(scorer, kernels, row, to);
  else
    status = bai_scorer_predict_input_row(scorer, kernels, row, width, to);
  if (!status && probabilities) bai_model_probabilities(kernels, scorer->model, to, probabilities);
  if (!status) bai_scorer_watch(scorer, to);
  return bai_leave(context, status);
}
