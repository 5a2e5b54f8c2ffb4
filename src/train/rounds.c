/* SPDX-License-Identifier: MIT
 *
 * rounds.c: runs whose rows are elsewhere go by rounds of sums over all rows: first those that scales, means and
 * weights of classes are learnt from, as a run over rows of its own learns them, then gradients. Whoever has rows gets
 * a brief of what is known, and sums them by blocks.
 */
#include <string.h>

#include "train/inputs.h"
#include "train/piece.h"
#include "train/run_inside.h"
#include "train/scale.h"
#include "train/weights.h"

/* ---- rounds ---- */

static bai_conditioning *conditioning_of(const bai_run *t) {
  return t->kind->conditioning ? t->kind->conditioning(t->solver) : NULL;
}

static int32_t has_round(const bai_run *t, int64_t round) {
  switch (round) {
    case BAI_ROUND_MEANS:
      return t->learns_scale || t->problem->class_factors;
    case BAI_ROUND_SQUARES:
      return t->learns_scale && t->plan->scaling == BAI_SCALE_STANDARDIZE;
    case BAI_ROUND_CURVATURE:
      return conditioning_of(t) != NULL;
    default:
      return round == BAI_ROUND_POINT;
  }
}

static bai_round round_from(const bai_run *t, int64_t round) {
  while (!has_round(t, round)) round++;
  return (bai_round)round;
}

void bai_run_open_rounds(bai_run *t) {
  t->learns_scale = bai_scale_begin(t->plan) != BAI_PASS_NONE;
  t->round = round_from(t, BAI_ROUND_MEANS);
}

int32_t bai_run_is_stopped(const bai_run *t) {
  return t->stopped;
}

bai_round bai_run_round(const bai_run *t) {
  return t->round;
}

static bai_scale_pass pass_of(const bai_run *t) {
  if (!t->learns_scale || t->round > BAI_ROUND_SQUARES) return BAI_PASS_NONE;
  return t->round == BAI_ROUND_MEANS ? BAI_PASS_MEANS : BAI_PASS_SQUARES;
}

/* In the round of means the weight of the rows and those of the classes stand before the sums of the scale. */
static int64_t weights_of(const bai_run *t) {
  return t->round == BAI_ROUND_MEANS && t->problem->class_factors ? 1 + ba_dataset_classes(t->dataset) : 0;
}

bai_shape bai_run_shape(const bai_run *t) {
  if (t->round == BAI_ROUND_POINT) return (bai_shape){t->problem->parameters + 2, 0};
  if (t->round == BAI_ROUND_CURVATURE) return (bai_shape){bai_conditioning_sums(t->problem), 0};
  const bai_shape scale = bai_scale_shape(t->plan, pass_of(t));
  return (bai_shape){weights_of(t) + scale.added, scale.widened};
}

/* ---- what is known ---- */

typedef struct part {
  double *numbers;
  int64_t count;
} part;

/* The scale, the factors of the classes, and the point. */
static void parts_of(const bai_run *t, part parts[3]) {
  const bai_problem *p = t->problem;
  parts[0] = (part){t->plan->fill, t->learns_scale ? 3 * t->plan->real_width : 0};
  parts[1] = (part){p->class_factors, p->class_factors ? ba_dataset_classes(t->dataset) : 0};
  parts[2] = (part){t->start, p->parameters};
}

int64_t bai_run_brief_size(const bai_run *t) {
  part parts[3];
  parts_of(t, parts);
  return parts[0].count + parts[1].count + parts[2].count;
}

void bai_run_write_brief(const bai_run *t, double *brief) {
  part parts[3];
  parts_of(t, parts);
  for (int32_t i = 0; i < 3; brief += parts[i++].count)
    if (parts[i].count) memcpy(brief, parts[i].numbers, (size_t)parts[i].count * 8);
  if (t->round == BAI_ROUND_POINT) memcpy(brief - parts[2].count, t->kind->ask(t->solver), (size_t)parts[2].count * 8);
}

int32_t bai_run_take_brief(bai_run *t, int64_t round, const double *brief) {
  part parts[3];
  if (!has_round(t, round)) return 0;
  parts_of(t, parts);
  for (int32_t i = 0; i < 3; brief += parts[i++].count)
    if (parts[i].count) memcpy(parts[i].numbers, brief, (size_t)parts[i].count * 8);
  t->round = (bai_round)round;
  return 1;
}

void bai_run_archive_rounds(bai_run *t, bai_archive *a) {
  part parts[3];
  int32_t round = (int32_t)t->round;
  parts_of(t, parts);
  bai_archive_i32(a, &round, BAI_ROUND_MEANS, BAI_ROUND_POINT);
  bai_archive_f64(a, parts[0].numbers, parts[0].count);
  bai_archive_f64(a, parts[1].numbers, parts[1].count);
  t->round = round_from(t, round);
}

/* ---- being told ---- */

static ba_status learn(bai_run *t, const double *sums) {
  bai_problem *p = t->problem;
  if (t->round == BAI_ROUND_CURVATURE) return bai_conditioning_take(p, sums, conditioning_of(t));
  bai_scale_pass pass = pass_of(t);
  const ba_status status =
      pass == BAI_PASS_NONE ? BA_OK : bai_scale_take(t->context, sums + weights_of(t), &pass, t->plan);
  if (!status && weights_of(t)) bai_weights_balance(sums, ba_dataset_classes(t->dataset), p->class_factors);
  return status;
}

static ba_status step(bai_run *t, const double *sums) {
  double objective, *gradient;
  const ba_status status = bai_alloc(t->context, t->problem->parameters, 8, &gradient);
  if (status) return status;
  bai_problem_close(t->problem, sums, t->kind->ask(t->solver), &objective, gradient);
  t->kind->tell(t->solver, objective, gradient, &t->standing);
  bai_free(t->context, gradient);
  return BA_OK;
}

ba_status bai_run_tell(bai_run *t, const bai_told *told) {
  if (t->stopped) return BA_END;
  const int32_t steps = t->round == BAI_ROUND_POINT;
  const ba_status status = steps ? step(t, told->sums) : learn(t, told->sums);
  if (status) return status;
  t->remote_rows = told->rows;
  t->learnt_letters = told->letters;
  t->learnt_digest = told->digest;
  if (!steps) t->round = round_from(t, (int64_t)t->round + 1);
  bai_progress(t->context, t->standing.iterations, t->max_iter);
  return steps ? bai_run_judge(t) : BA_OK;
}

/* ---- rows ---- */

/* The sums of a block of what the problem has borrowed. */
static ba_status sum_block(bai_run *t, int64_t block, double *sums) {
  bai_problem *p = t->problem;
  if (t->round == BAI_ROUND_POINT) {
    sums[p->parameters + 1] = bai_weights_of_block(p->dataset, p->uses, NULL, block, NULL);
    return bai_problem_block(p, block, t->start, sums);
  }
  if (t->round == BAI_ROUND_CURVATURE) return bai_conditioning_block(p, t->start, block, sums);
  const bai_scale_rows rows = {p->dataset, p->uses, p->inputs.numbers, p->lanes[0].row};
  if (weights_of(t)) sums[0] = bai_weights_of_block(p->dataset, p->uses, p->labels, block, sums + 1);
  return pass_of(t) == BAI_PASS_NONE ? BA_OK
                                     : bai_scale_block(t->context, &rows, pass_of(t), block, sums + weights_of(t));
}

static ba_status take_block(bai_run *t, const ba_dataset *batch, bai_block_sums *at) {
  const bai_problem *p = t->problem;
  const bai_span span = {at->block * BAI_BLOCK_ROWS, bai_block_end(batch, at->block)};
  memset(at->classes, 0, (size_t)ba_dataset_classes(t->dataset) * 8);
  for (int64_t row = span.first; p->labels && row < span.end; row++)
    if (p->uses[row] == BAI_USE_TRAIN) at->classes[p->labels[row]]++;
  bai_shape_clear(bai_run_shape(t), at->sums);
  const ba_status status = bai_run_digest(t, batch, p->uses, &p->inputs, span, &at->digest, &at->rows, &at->letters);
  return status ? status : sum_block(t, at->block, at->sums);
}

/* Rows of a batch in the place of the problem's own. */
typedef struct lent {
  bai_problem own;
  uint8_t *uses;
  bai_input_rows inputs;
  int32_t is_lent;
} lent;

/* To be taken back also after a failure. */
static ba_status lend_rows(bai_run *t, ba_dataset *batch, lent *out) {
  *out = (lent){.uses = NULL};
  if (t->plan->series.needs_past)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "a term looks at the rows before, which may be elsewhere; expected all rows at once");
  ba_status status = bai_run_check_offsets(t, batch);
  if (!status) status = bai_uses_make(t->context, batch, -1, 0, t->seed, &out->uses);
  if (status) return status;
  for (int64_t row = 0; !status && row < batch->rows; row++)
    if (out->uses[row] == BAI_USE_TRAIN) status = bai_dataset_check_row(t->context, batch, row, t->plan);
  if (!status) status = bai_input_rows_open(t->context, batch, t->plan, 0, &out->inputs);
  if (!status) status = bai_problem_borrow(t->problem, batch, out->uses, &out->inputs, &out->own);
  out->is_lent = !status;
  return status;
}

static void take_back(bai_run *t, lent *rows) {
  if (rows->is_lent) bai_problem_return(t->problem, &rows->own);
  bai_input_rows_close(t->context, &rows->inputs);
  bai_free(t->context, rows->uses);
}

ba_status bai_run_blocks(bai_run *t, ba_dataset *batch, bai_block_sums *at, bai_block_call call, void *argument) {
  lent rows;
  ba_status status = lend_rows(t, batch, &rows);
  for (at->block = 0; !status && at->block < bai_blocks_of(batch); at->block++) {
    status = take_block(t, batch, at);
    if (!status) status = call(argument, at);
  }
  take_back(t, &rows);
  return status;
}

/* ---- rows in pieces ---- */

static ba_status measure(void *argument, int64_t first, int64_t end, bai_piece_head *head) {
  const bai_run *t = argument;
  const bai_problem *p = t->problem;
  return bai_run_digest(t, p->dataset, p->uses, &p->inputs, (bai_span){first, end}, &head->digest, &head->trained,
                        &head->letters);
}

ba_status bai_run_pack(bai_run *t, ba_dataset *batch, bai_piece_head head, bai_vector *out) {
  lent rows;
  if (t->round != BAI_ROUND_POINT)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED,
                    "pack: this round learns what the features depend on; expected a request that comes later");
  ba_status status = lend_rows(t, batch, &rows);
  if (!status) status = bai_pieces_write(t->problem, head, measure, t, out);
  take_back(t, &rows);
  return status;
}

ba_status bai_run_add_piece(bai_run *t, const bai_piece *piece, double *sums, int64_t *classes) {
  bai_problem *p = t->problem, own;
  ba_dataset dataset;
  const bai_piece_head *head = &piece->head;
  if (t->round != BAI_ROUND_POINT)
    return bai_fail(t->context, BA_ERR_UNSUPPORTED, "packed rows: the request is of another round than their sums");
  for (int64_t row = 0; row < head->rows; row++) {
    if (piece->uses[row] != BAI_USE_TRAIN) continue;
    sums[p->parameters + 1] += piece->weights ? piece->weights[row] : 1.0;
    if (piece->labels) classes[piece->labels[row]]++;
  }
  bai_piece_lend(piece, &dataset, p, &own);
  const ba_status status = bai_problem_add(p, t->start, sums);
  *p = own;
  return status;
}

ba_status bai_run_open_piece(bai_run *t, const uint8_t *bytes, bai_piece *out) {
  return bai_piece_open(t->problem, ba_dataset_classes(t->dataset), bytes, out);
}
