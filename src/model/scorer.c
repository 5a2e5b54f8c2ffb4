/* SPDX-License-Identifier: MIT
 *
 * scorer.c: scoring of records, rows and windows. A scorer keeps one lane of working memory for each thread.
 */
#include <string.h>

#include "features/columns.h"
#include "model/scorer.h"
#include "seq/records.h"

/* Records that a worker takes at a time; only the hand-out depends on it. */
#define BATCH 64

/* Memory for one row of a table: a single row allocates nothing. */
static ba_status make_inputs(ba_scorer *scorer) {
  const ba_model *model = scorer->model;
  int64_t size = 0, scratch = 0;
  if (ba_model_inputs(model) == 0) return BA_OK;
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_series *series = &model->members[m].plan->series;
    size += series->size;
    if (series->scratch > scratch) scratch = series->scratch;
  }
  ba_status status = bai_alloc_zero(scorer->context, bai_model_row_inputs(model), 8, &scorer->inputs);
  scorer->state_size = size;
  if (!status) status = bai_alloc_zero(scorer->context, size + scratch, 8, &scorer->states);
  return status ? status : bai_scorer_reserve(scorer, 1, 0);
}

ba_status ba_scorer_create(ba_context *context, ba_model *model, const char *options, ba_scorer **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  int32_t drift = 0;
  const bai_option table[] = {{"drift", 'w', "no|yes", 0, 0, &drift}, {NULL, 0, NULL, 0, 0, NULL}};
  ba_scorer *scorer = NULL;
  if (out) *out = NULL;
  if (!out || !model)
    status = bai_fail(context, BA_ERR_ARGUMENT, "scorer: expected a model and a place for the result");
  if (!status) status = bai_options_parse(context, options, table);
  if (!status && drift && model->drift.count == 0)
    status =
        bai_fail(context, BA_ERR_UNSUPPORTED,
                 "scorer: drift=yes, and the model keeps nothing of its training rows to compare with; expected one "
                 "trained with sketches=on");
  if (!status) status = bai_alloc_zero(context, 1, sizeof *scorer, &scorer);
  if (!status) {
    scorer->context = bai_context_retain(context);
    scorer->model = ba_model_retain(model);
    scorer->drift = drift;
    scorer->fastest = bai_kernels_of(NULL);
    scorer->waiting.kind = bai_group_fits(model);
    status = bai_scorer_take_features(scorer);
    if (!status) status = bai_alloc(context, model->outputs, 8, &scorer->scores);
    if (!status) status = make_inputs(scorer);
    if (!status) status = bai_alloc(context, model->members[0].units, 8, &scorer->sums);
    if (status)
      ba_scorer_destroy(scorer);
    else
      *out = scorer;
  }
  return bai_leave(context, status);
}

void ba_scorer_destroy(ba_scorer *scorer) {
  if (!scorer) return;
  ba_context *context = scorer->context;
  for (int32_t i = 0; i < scorer->lane_count; i++) bai_lane_free(context, &scorer->lanes[i]);
  bai_free(context, scorer->lanes);
  bai_free(context, scorer->weights64);
  bai_free(context, scorer->weights32);
  bai_free(context, scorer->centres);
  bai_free(context, scorer->totals);
  bai_free(context, scorer->scores);
  bai_free(context, scorer->inputs);
  bai_free(context, scorer->states);
  bai_free(context, scorer->sums);
  bai_free(context, scorer->waiting.rows);
  bai_free(context, scorer->waiting.sums);
  ba_model_release(scorer->model);
  bai_free(context, scorer);
  bai_context_release(context);
}

static ba_status reserve_lane(ba_scorer *scorer, bai_lane *lane, int64_t longest) {
  const int64_t bins = (int64_t)scorer->model->drift.count * BAI_DRIFT_BINS;
  const ba_status status = bai_lane_reserve(scorer->context, scorer->model, lane, longest);
  return status || !scorer->drift || lane->drift ? status : bai_alloc_zero(scorer->context, bins, 8, &lane->drift);
}

ba_status bai_scorer_reserve(ba_scorer *scorer, int32_t count, int64_t longest) {
  ba_context *context = scorer->context;
  ba_status status = BA_OK;
  if (count > scorer->lane_count) {
    bai_lane *lanes;
    status = bai_alloc_zero(context, count, sizeof *lanes, &lanes);
    if (status) return status;
    if (scorer->lane_count) memcpy(lanes, scorer->lanes, (size_t)scorer->lane_count * sizeof *lanes);
    bai_free(context, scorer->lanes);
    scorer->lanes = lanes;
    scorer->lane_count = count;
  }
  for (int32_t i = 0; !status && i < count; i++) status = reserve_lane(scorer, &scorer->lanes[i], longest);
  return status;
}

/* ---- sequences ---- */

typedef struct job {
  ba_scorer *scorer;
  const bai_kernels *kernels;
  const char *letters;
  const int64_t *offsets;    /* records; NULL for windows */
  const ba_records *records; /* for their qualities; NULL for windows */
  int64_t count, window, step;
  double *scores, *probabilities;
  _Atomic int64_t failed; /* the first index that failed */
  int32_t report;
} job;

static ba_status score_one(job *j, bai_lane *l, int64_t index) {
  const ba_model *model = j->scorer->model;
  const int64_t start = j->offsets ? j->offsets[index] : index * j->step;
  const int64_t length = j->offsets ? j->offsets[index + 1] - start : j->window;
  double *scores = j->scores ? j->scores + index * model->outputs : l->scores;
  l->symbols = (const uint8_t *)ba_records_quality(j->records, index, NULL);
  const ba_status status = bai_lane_score(j->kernels, model, l, j->letters + start, length, scores);
  if (!status && j->probabilities)
    bai_model_probabilities(j->kernels, model, scores, j->probabilities + index * model->answers);
  if (!status && l->drift && j->records) bai_drift_count(&model->drift, j->letters + start, length, scores, l->drift);
  return status;
}

static ba_status score_batch(void *argument, int32_t worker, int64_t batch) {
  job *j = argument;
  const int64_t end = (batch + 1) * BATCH < j->count ? (batch + 1) * BATCH : j->count;
  for (int64_t i = batch * BATCH; i < end; i++) {
    const ba_status status = score_one(j, &j->scorer->lanes[worker], i);
    if (!status) continue;
    int64_t known = atomic_load(&j->failed);
    while (i < known && !atomic_compare_exchange_weak(&j->failed, &known, i)) continue;
    return status;
  }
  if (worker == 0 && j->report) bai_progress(j->scorer->context, end, j->count);
  return BA_OK;
}

ba_status bai_scorer_explain(const ba_scorer *scorer, ba_status status, int64_t record, const char *letters,
                             int64_t length) {
  ba_context *context = scorer->context;
  if (status == BA_ERR_LETTER) {
    const bai_plan *plan = scorer->lanes[0].rows[0]->plan;
    const ba_status foreign = bai_plan_check_letter(context, plan, bai_foreign_letter(letters, length), record);
    if (foreign) return foreign;
  }
  return bai_lane_explain(context, &scorer->lanes[0], status, record, length);
}

static ba_status run(job *j, int64_t longest) {
  ba_context *context = j->scorer->context;
  const int64_t batches = (j->count + BATCH - 1) / BATCH;
  ba_status status = bai_scorer_reserve(j->scorer, bai_workers(context, batches), longest);
  if (status) return status;
  j->failed = INT64_MAX;
  j->kernels = bai_kernels_of(context);
  status = bai_parallel(context, batches, score_batch, j);
  if (bai_row_explains(status)) {
    const int64_t i = j->failed, start = j->offsets ? j->offsets[i] : i * j->step;
    const int64_t length = j->offsets ? j->offsets[i + 1] - start : j->window;
    return bai_scorer_explain(j->scorer, status, i + 1, j->letters + start, length);
  }
  return status;
}

ba_status ba_scorer_predict_records(ba_scorer *scorer, const ba_records *records, double *scores,
                                    double *probabilities) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!records) status = bai_fail(context, BA_ERR_ARGUMENT, "predict: expected records");
  if (!status) status = bai_model_check_letters(context, scorer->model, "predict_records");
  if (status) return bai_leave(context, status);
  job j = {0};
  j.scorer = scorer;
  j.records = records;
  j.letters = bai_records_letters(records);
  j.offsets = bai_records_offsets(records);
  j.count = ba_records_count(records);
  j.scores = scores;
  j.probabilities = probabilities;
  j.report = 1;
  int64_t longest = 0;
  for (int64_t i = 0; i < j.count; i++)
    if (j.offsets[i + 1] - j.offsets[i] > longest) longest = j.offsets[i + 1] - j.offsets[i];
  return bai_leave(context, run(&j, longest));
}

ba_status bai_scorer_windows(ba_scorer *scorer, const char *letters, int64_t window, int64_t step, int64_t count,
                             double *scores) {
  job j = {0};
  j.scorer = scorer;
  j.letters = letters;
  j.count = count;
  j.window = window;
  j.step = step;
  j.scores = scores;
  /* No window: no memory for one. */
  return run(&j, count ? window : 0);
}

/* ---- attribution ---- */

typedef struct attribution {
  const bai_kernels *kernels;
  const ba_model *model;
  bai_lane *lane;
  int32_t output;
  int64_t *starts;
  double *shares; /* one a letter */
} attribution;

/* What moves a score by how much for each unit's sum: a hidden unit above 0 by what the output makes of it. */
static void find_gains(const bai_member *member, int32_t outputs, int32_t output, double *sums) {
  for (int32_t u = 0; u < member->units; u++) {
    if (u < member->hidden)
      sums[u] = sums[u] + member->intercepts[u] > 0.0 ? member->head[u * outputs + output] : 0.0;
    else
      sums[u] = u == member->hidden + output;
  }
}

/* What a block's sum has from one column; of a network over columns with lane->sums as gains. */
static double column_sum(const attribution *a, const bai_member *member, int32_t b, uint32_t column, uint32_t count) {
  const bai_lane *lane = a->lane;
  double sum = 0.0;
  if (!member->hidden)
    return bai_block_sum(a->lane->rows[0]->context, a->kernels, member, a->output, b, &column, &count, lane->values, 1);
  for (int32_t u = 0; u < member->units; u++)
    if (lane->sums[u] != 0.0)
      sum += lane->sums[u] *
             bai_block_sum(a->lane->rows[0]->context, a->kernels, member, u, b, &column, &count, lane->values, 1);
  return sum;
}

/* Every word's part of the block's sum goes in equal shares to its letters. */
static void attribute_block(const attribution *a, int32_t m, int32_t b) {
  const bai_member *member = &a->model->members[m];
  const bai_block *block = &member->plan->blocks[b];
  const double factor = a->model->factors ? a->model->factors[m] : 1.0;
  bai_row *row = a->lane->rows[m];
  const int64_t from = b ? row->ends[b - 1] : 0;
  const int64_t distinct = row->ends[b] - from;
  const uint32_t *columns = row->columns + from, *counts = row->counts + from;
  const double divisor = bai_block_divisor(row->context, block, counts, distinct);
  const int64_t kept = bai_row_windows(a->kernels, row, block, a->starts);
  for (int64_t i = 0; block->slots && i < distinct; i++) row->table[columns[i] - (uint32_t)block->first] = counts[i];
  for (int64_t i = 0; i < kept; i++) {
    const uint32_t column = (uint32_t)block->first + row->slots[i];
    const uint32_t count = block->slots ? row->table[row->slots[i]] : 1;
    const double whole = column_sum(a, member, b, column, count) / divisor;
    const double share = factor * whole / ((double)count * block->k);
    for (int32_t part = 0; part < block->part_count; part++) {
      double *shares = a->shares + a->starts[i] + block->parts[part].offset;
      for (int32_t p = 0; p < block->parts[part].length; p++) shares[p] += share;
    }
  }
  for (int64_t i = 0; block->slots && i < distinct; i++) row->table[columns[i] - (uint32_t)block->first] = 0;
}

/* Letters are hidden one after the other from the left, then shown again in the same order. What the score does at a
 * letter, on average of the two ways, is its share: both ways lead from the sequence to one of ambiguous letters alone,
 * so the shares add up to the difference. For networks and descriptors, which are no sums over words. */
static ba_status attribute_whole(ba_context *context, const attribution *a, int32_t m, const char *letters,
                                 int64_t length) {
  const double half = 0.5 * (a->model->factors ? a->model->factors[m] : 1.0);
  const int32_t protein = a->model->members[m].plan->protein;
  const double *score = &a->lane->part[a->output];
  uint8_t *codes = a->lane->rows[m]->codes;
  ba_status status = bai_lane_score_member(a->kernels, a->model, a->lane, m, length, length, a->lane->part);
  for (int64_t i = 0; !status && i < 2 * length; i++) {
    const double before = *score;
    const int64_t p = i % length;
    if (i < length)
      codes[p] = protein ? BAI_RESIDUES : 4;
    else
      bai_encode(a->kernels, protein, codes + p, letters + p, 1);
    status = bai_lane_score_member(a->kernels, a->model, a->lane, m, length, length, a->lane->part);
    a->shares[p] += half * (i < length ? before - *score : *score - before);
    if (!status) status = bai_check_cancel(context);
  }
  return status ? bai_lane_explain(context, a->lane, status, -1, length) : BA_OK;
}

/* A recipe that refuses ambiguous letters cannot have letters hidden. */
static ba_status check_hiding(ba_context *context, const ba_model *model) {
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_plan *plan = model->members[m].plan;
    for (int32_t b = 0; plan->real_width > 0 && b < plan->block_count; b++)
      if (plan->blocks[b].refuse_ambiguous)
        return bai_fail(context, BA_ERR_UNSUPPORTED,
                        "attribute: descriptors are explained by hiding letters, and the recipe says ambiguous=error; "
                        "expected ambiguous=skip");
  }
  return BA_OK;
}

static ba_status attribute(ba_scorer *scorer, const attribution *a, const char *letters, int64_t length) {
  ba_context *context = scorer->context;
  a->lane->symbols = NULL;
  a->lane->lists = 1;
  ba_status status = bai_lane_score(a->kernels, a->model, a->lane, letters, length, a->lane->scores);
  a->lane->lists = 0;
  if (status) return bai_scorer_explain(scorer, status, -1, letters, length);
  for (int64_t i = 0; i < length; i++) a->shares[i] = 0.0;
  for (int32_t m = 0; m < a->model->member_count; m++) {
    const bai_member *member = &a->model->members[m];
    const int32_t whole = member->net.layer_count || member->plan->real_width;
    if (whole) status = attribute_whole(context, a, m, letters, length);
    if (status) return status;
    if (member->hidden && !whole) {
      bai_member_score(a->kernels, member, a->model->outputs, a->lane, a->lane->rows[m], a->lane->part);
      find_gains(member, a->model->outputs, a->output, a->lane->sums);
    }
    for (int32_t b = 0; !whole && b < member->plan->block_count; b++) {
      a->lane->rows[m]->state_k = 0;
      attribute_block(a, m, b);
    }
  }
  return bai_check_cancel(context);
}

ba_status ba_scorer_attribute(ba_scorer *scorer, const char *letters, int64_t length, int32_t output,
                              double *attribution_out) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (length < 0 || (length > 0 && (!letters || !attribution_out)) || output < 0 || output >= scorer->model->outputs)
    status = bai_fail(context, BA_ERR_ARGUMENT,
                      "attribute: expected letters, room for as many numbers, and an output "
                      "from 0 to %d",
                      scorer->model->outputs - 1);
  int64_t *starts = NULL;
  if (!status) status = bai_model_check_letters(context, scorer->model, "attribute");
  if (!status) status = check_hiding(context, scorer->model);
  if (!status) status = bai_scorer_reserve(scorer, 1, length);
  if (!status) status = bai_alloc(context, length, 8, &starts);
  if (!status) {
    const attribution a = {bai_kernels_of(context), scorer->model, &scorer->lanes[0], output, starts, attribution_out};
    status = attribute(scorer, &a, letters, length);
  }
  bai_free(context, starts);
  return bai_leave(context, status);
}

/* ---- drift ---- */

void bai_scorer_watch(ba_scorer *scorer, const double *scores) {
  if (!scorer->drift || ba_model_inputs(scorer->model) == 0) return;
  bai_drift_count(&scorer->model->drift, NULL, 0, scores, scorer->lanes[0].drift);
}

int32_t ba_scorer_drift_count(const ba_scorer *scorer) {
  return scorer && scorer->drift ? scorer->model->drift.count : 0;
}

const char *ba_scorer_drift_name(const ba_scorer *scorer, int32_t index) {
  static const char *const names[] = {"length",  "gc",      "score",   "score:1", "score:2",
                                      "score:3", "score:4", "score:5", "score:6", "score:7"};
  if (index < 0 || index >= ba_scorer_drift_count(scorer)) return NULL;
  return names[scorer->model->drift.kinds[index]];
}

int32_t ba_scorer_drift(const ba_scorer *scorer, int32_t index, int64_t *requests, double *psi, double *psi_limit,
                        double *ks, double *ks_limit) {
  bai_drift_result found = {0};
  if (index >= 0 && index < ba_scorer_drift_count(scorer)) {
    int64_t counts[BAI_DRIFT_BINS] = {0};
    for (int32_t i = 0; i < scorer->lane_count; i++)
      for (int32_t b = 0; scorer->lanes[i].drift && b < BAI_DRIFT_BINS; b++)
        counts[b] += scorer->lanes[i].drift[(int64_t)index * BAI_DRIFT_BINS + b];
    bai_drift_compare(bai_kernels_of(scorer->context), &scorer->model->drift, index, counts, &found);
  }
  if (requests) *requests = found.requests;
  if (psi) *psi = found.psi;
  if (psi_limit) *psi_limit = found.psi_limit;
  if (ks) *ks = found.ks;
  if (ks_limit) *ks_limit = found.ks_limit;
  return found.raised;
}

void ba_scorer_drift_reset(ba_scorer *scorer) {
  for (int32_t i = 0; scorer && i < scorer->lane_count; i++)
    if (scorer->lanes[i].drift)
      memset(scorer->lanes[i].drift, 0, (size_t)scorer->model->drift.count * BAI_DRIFT_BINS * 8);
}
