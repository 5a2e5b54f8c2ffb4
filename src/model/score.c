/* SPDX-License-Identifier: MIT
 *
 * score.c: the definition of a score. Integer sums per block, one conversion, one division, blocks added in recipe
 * order, members in theirs: nothing that a batch, a thread or a CPU level could change.
 */
#include <string.h>

#include "model/model.h"

/* Up to this many k-mers no int64 sum can overflow: |weight| < 2^31, values add up to at most 2^20 a k-mer. */
#define NARROW BAI_MOST_WORDS

__extension__ typedef __int128 wide;

/* Any number after a cancel. */
static double wide_sum(const ba_context *context, const bai_block *block, const int32_t *weights, int64_t step,
                       const uint32_t *columns, const uint32_t *counts, int64_t n) {
  wide sum = 0;
  for (int64_t at = 0; at < n && !(at && bai_is_cancelled(context)); at += BAI_SLICE)
    for (int64_t i = at; i < n && i < at + BAI_SLICE; i++)
      sum += (wide)weights[columns[i] * step] * (wide)bai_value_fixed(block, counts[i]);
  return (double)sum;
}

/* Whether no int64 sum of a block can overflow. */
static int32_t is_narrow(const bai_block *block, const uint32_t *counts, int64_t n) {
  /* Roots of numbers below 1 are larger than these, but no larger than 1. */
  const int64_t most = block->weighted ? (NARROW - n) * BAI_SHARES : NARROW;
  int64_t kept = 0;
  for (int64_t i = 0; i < n && kept <= most; i++) kept += counts[i];
  return kept <= most;
}

/* An integer sum as a number. */
static double scaled(const bai_member *member, int32_t unit, int32_t b, double sum) {
  return bai_scale_by_power(sum, -member->exponents[unit * member->plan->block_count + b]) *
         bai_value_unit(&member->plan->blocks[b]);
}

double bai_block_sum(const ba_context *context, const bai_kernels *kernels, const bai_member *member, int32_t unit,
                     int32_t b, const uint32_t *columns, const uint32_t *counts, uint32_t *values, int64_t n) {
  const bai_block *block = &member->plan->blocks[b];
  const int32_t *weights = bai_member_unit(member, unit);
  const int64_t step = bai_member_step(member);
  if (step > 1 || !is_narrow(block, counts, n))
    return scaled(member, unit, b, wide_sum(context, block, weights, step, columns, counts, n));
  bai_values_fixed(block, counts, n, values);
  return scaled(member, unit, b, (double)kernels->gather_dot_i32(weights, columns, values, n));
}

/* Real numbers have real weights, and a sum of float64 over lanes whose number depends on the width alone. A sparse
 * block is the only one. */
static void add_reals(const bai_kernels *kernels, const bai_member *member, const bai_row *row, const bai_block *block,
                      double *sums) {
  const int64_t width = member->plan->real_width, first = block->real_first;
  const int32_t sparse = block->kind == BAI_TERM_SPARSE;
  for (int32_t u = 0; u < member->units; u++)
    sums[u] += sparse
                   ? kernels->gather_dot_f64(member->reals + u * width, row->columns, row->reals + first, row->ends[0])
                   : kernels->dot_f64(row->reals + first, member->reals + u * width + first, block->width);
}

/* What bai_block_sum gives for all units of a network over columns, divided and added to lane->sums. */
static void add_block(const ba_context *context, const bai_kernels *kernels, const bai_member *member, int32_t b,
                      const bai_lane *lane, const uint32_t *columns, const uint32_t *counts, int64_t n) {
  const bai_block *block = &member->plan->blocks[b];
  const double divisor = bai_block_divisor(context, block, counts, n);
  const int32_t narrow = is_narrow(block, counts, n);
  memset(lane->whole, 0, (size_t)member->units * sizeof *lane->whole);
  if (narrow) {
    bai_values_fixed(block, counts, n, lane->values);
    kernels->gather_rows_i32(lane->whole, member->weights, member->units, columns, lane->values, n);
  }
  for (int32_t u = 0; u < member->units; u++) {
    const double sum = narrow ? (double)lane->whole[u]
                              : wide_sum(context, block, member->weights + u, member->units, columns, counts, n);
    lane->sums[u] += scaled(member, u, b, sum) / divisor;
  }
}

void bai_member_score(const bai_kernels *kernels, const bai_member *member, int32_t outputs, const bai_lane *lane,
                      const bai_row *row, double *scores) {
  const bai_plan *plan = member->plan;
  double *sums = member->hidden ? lane->sums : scores;
  int64_t from = 0;
  if (member->panels)
    bai_hidden_row(kernels, member, row->reals, lane->narrow, sums);
  else
    for (int32_t u = 0; u < member->units; u++) sums[u] = 0.0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    const uint32_t *columns = row->columns + from, *counts = row->counts + from;
    const int64_t n = row->ends[b] - from;
    from = row->ends[b];
    if (plan->blocks[b].real) {
      if (!member->panels) add_reals(kernels, member, row, &plan->blocks[b], sums);
      continue;
    }
    if (member->hidden) {
      add_block(row->context, kernels, member, b, lane, columns, counts, n);
      continue;
    }
    const double divisor = bai_block_divisor(row->context, &plan->blocks[b], counts, n);
    for (int32_t o = 0; o < outputs; o++)
      scores[o] += bai_block_sum(row->context, kernels, member, o, b, columns, counts, lane->values, n) / divisor;
  }
  if (member->hidden)
    bai_hidden_head(kernels, member, sums, scores);
  else
    for (int32_t o = 0; o < outputs; o++) scores[o] += member->intercepts[o];
}

void bai_member_shares(const bai_kernels *kernels, const bai_member *member, int32_t output, const bai_row *row,
                       uint32_t *values, double *shares) {
  const bai_plan *plan = member->plan;
  memset(shares, 0, (size_t)plan->width * 8);
  int64_t at = 0;
  for (int32_t b = 0; b < plan->block_count; b++) {
    const bai_block *block = &plan->blocks[b];
    const double divisor = bai_row_divisor(row, b);
    for (int64_t i = 0; at < row->ends[b]; at++, i++) {
      const int64_t real = block->real_first + i;
      shares[row->columns[at]] = block->real ? member->reals[output * plan->real_width + real] * row->reals[real]
                                             : bai_block_sum(row->context, kernels, member, output, b,
                                                             row->columns + at, row->counts + at, values, 1) /
                                                   divisor;
    }
  }
}

/* ---- lanes ---- */

void bai_lane_free(ba_context *context, bai_lane *lane) {
  for (int32_t m = 0; m < lane->row_count; m++) {
    bai_row_destroy(lane->rows[m]);
    bai_net_room_free(&lane->rooms[m]);
  }
  bai_free(context, lane->rows);
  bai_free(context, lane->rooms);
  bai_free(context, lane->values);
  bai_free(context, lane->whole);
  bai_free(context, lane->sums);
  bai_free(context, lane->narrow);
  bai_free(context, lane->scores);
  bai_free(context, lane->part);
  bai_free(context, lane->drift);
  bai_free(context, lane->steps);
  memset(lane, 0, sizeof *lane);
}

ba_status bai_lane_reserve(ba_context *context, const ba_model *model, bai_lane *lane, int64_t longest) {
  int64_t entries = 0, units = 0, reals = 0;
  int32_t words = 0;
  ba_status status = BA_OK;
  for (int32_t m = 0; m < model->member_count; m++) words |= bai_member_reads_words(&model->members[m]);
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_member *member = &model->members[m];
    if (member->hidden && bai_hidden_sums(member) > units) units = bai_hidden_sums(member);
    if (member->panels && member->plan->real_width > reals) reals = member->plan->real_width;
  }
  if (!lane->rows) status = bai_alloc_zero(context, model->member_count, sizeof *lane->rows, &lane->rows);
  if (!status && !lane->rooms) {
    status = bai_alloc_zero(context, model->member_count, sizeof *lane->rooms, &lane->rooms);
    if (!status) lane->row_count = model->member_count;
  }
  if (!status && !lane->scores) status = bai_alloc(context, model->outputs, 8, &lane->scores);
  if (!status && !lane->part) status = bai_alloc(context, model->outputs, 8, &lane->part);
  if (!status && words && !lane->steps) {
    status = bai_alloc(context, BAI_MOST_WORDS + 1, 8, &lane->steps);
    if (!status) bai_words_steps(lane->steps);
  }
  if (!status && units && !lane->whole) status = bai_alloc(context, units, 8, &lane->whole);
  if (!status && units && !lane->sums) status = bai_alloc(context, units, 8, &lane->sums);
  if (!status && reals && !lane->narrow) status = bai_alloc(context, reals, 4, &lane->narrow);
  for (int32_t m = 0; !status && m < model->member_count; m++) {
    bai_row **row = &lane->rows[m];
    status =
        *row ? bai_row_reserve(context, *row, longest) : bai_row_create(context, model->members[m].plan, longest, row);
    if (!status && (*row)->entries > entries) entries = (*row)->entries;
    if (!status && model->members[m].net.layer_count)
      status = bai_net_reserve(context, &model->members[m].net, longest, 0, &lane->rooms[m]);
  }
  if (!status && lane->values_capacity < entries) {
    bai_free(context, lane->values);
    lane->values = NULL;
    lane->values_capacity = 0;
    status = bai_alloc(context, entries, 4, &lane->values);
    if (!status) lane->values_capacity = entries;
  }
  return status;
}

ba_status bai_lane_score_member(const bai_kernels *kernels, const ba_model *model, const bai_lane *lane, int32_t m,
                                int64_t length, int64_t ambiguous, double *scores) {
  const bai_member *member = &model->members[m];
  bai_row *row = lane->rows[m];
  if (lane->steps && !lane->lists && length <= BAI_MOST_WORDS && bai_member_reads_words(member)) {
    const ba_status refused = bai_row_refuses(row, length, ambiguous);
    if (refused) return refused;
    bai_row_begin(row, length, ambiguous);
    bai_member_read(kernels, member, model->outputs, row, lane->steps, scores);
    return bai_row_cancelled(row) ? BA_ERR_CANCELLED : BA_OK;
  }
  /* Numbers alone need no list of columns; one that cannot be used is named by the way of all. */
  row->bad_input = -1;
  if (row->numbers && row->inputs && !lane->lists && bai_row_reals(kernels, member->plan, row->inputs, row->reals)) {
    bai_member_score(kernels, member, model->outputs, lane, row, scores);
    return bai_row_cancelled(row) ? BA_ERR_CANCELLED : BA_OK;
  }
  row->symbols = lane->symbols;
  row->sparse = lane->sparse;
  const ba_status status = bai_row_extract(kernels, row, length, ambiguous);
  if (status) return status;
  if (member->net.layer_count)
    bai_net_score(kernels, &member->net, member->parameters, member->tables, &lane->rooms[m], row->codes, length,
                  scores);
  else
    bai_member_score(kernels, member, model->outputs, lane, row, scores);
  return bai_row_cancelled(row) ? BA_ERR_CANCELLED : BA_OK;
}

ba_status bai_lane_score_codes(const bai_kernels *kernels, const ba_model *model, bai_lane *lane, int64_t length,
                               int64_t ambiguous, double *scores) {
  const int32_t alone = model->member_count == 1;
  const double *inputs = lane->inputs;
  double *part = alone ? scores : lane->part;
  for (int32_t m = 0; m < model->member_count; m++) {
    if (m > 0) memcpy(lane->rows[m]->codes, lane->rows[0]->codes, (size_t)length);
    lane->rows[m]->inputs = inputs;
    if (inputs) inputs += bai_plan_inputs(model->members[m].plan);
    const ba_status status = bai_lane_score_member(kernels, model, lane, m, length, ambiguous, part);
    if (status) return status;
    for (int32_t o = 0; !alone && o < model->outputs; o++)
      scores[o] = (m ? scores[o] : model->offsets[o]) + model->factors[m] * part[o];
  }
  return BA_OK;
}

ba_status bai_lane_score(const bai_kernels *kernels, const ba_model *model, bai_lane *lane, const char *letters,
                         int64_t length, double *scores) {
  int64_t ambiguous;
  const ba_status status = bai_row_encode(kernels, lane->rows[0], letters, length, &ambiguous);
  return status ? status : bai_lane_score_codes(kernels, model, lane, length, ambiguous, scores);
}

ba_status bai_lane_explain(ba_context *context, const bai_lane *lane, ba_status status, int64_t record,
                           int64_t length) {
  int32_t m = 0;
  /* The first member that wants one length: all that do were fitted on the same one. */
  while (status == BA_ERR_LENGTH && m + 1 < lane->row_count && !lane->rows[m]->plan->needs_equal) m++;
  while (status == BA_ERR_NUMBER && m + 1 < lane->row_count && lane->rows[m]->bad_input < 0) m++;
  return bai_row_explain(context, lane->rows[m], status, record, length);
}

void bai_probabilities(const bai_kernels *kernels, int32_t classes, const double *scores, double *probabilities) {
  if (classes == 2) {
    kernels->chances_f64(probabilities, scores[0]);
    return;
  }
  double most = scores[0], total = 0.0;
  for (int32_t c = 1; c < classes; c++)
    if (scores[c] > most) most = scores[c];
  for (int32_t c = 0; c < classes; c++) probabilities[c] = scores[c] - most;
  kernels->exp_f64(probabilities, probabilities, classes);
  for (int32_t c = 0; c < classes; c++) total += probabilities[c];
  for (int32_t c = 0; c < classes; c++) probabilities[c] /= total;
}
