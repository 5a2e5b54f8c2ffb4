/* SPDX-License-Identifier: MIT
 *
 * hidden_rows.c: rows of a table by a model that is one hidden layer over numbers: some at a time, so that the weights
 * are read once for all of them. A row that needs more than float32, or is refused, goes alone.
 */
#include "model/scorer.h"

int32_t bai_group_fits(const ba_model *model) {
  const bai_member *member = &model->members[0];
  const bai_plan *plan = member->plan;
  if (model->member_count > 1 || !member->narrow || !bai_plan_is_numbers(plan)) return BAI_GROUP_NONE;
  return bai_row_reals_plain(plan) && bai_plan_inputs(plan) == plan->inputs.items.count ? BAI_GROUP_PLAIN
                                                                                        : BAI_GROUP_MADE;
}

ba_status bai_group_begin(ba_scorer *scorer, int64_t rows) {
  const bai_member *member = &scorer->model->members[0];
  bai_group *group = &scorer->waiting;
  ba_status status = BA_OK;
  group->count = 0;
  group->is_open = 0;
  if (rows < 2 || group->kind == BAI_GROUP_NONE) return BA_OK;
  if (!group->sums) status = bai_alloc(scorer->context, BAI_GROUP_ROWS * bai_hidden_sums(member), 8, &group->sums);
  if (!status && !group->rows)
    status = bai_alloc(scorer->context, BAI_GROUP_ROWS * member->plan->real_width, 4, &group->rows);
  group->is_open = !status;
  return status;
}

int32_t bai_group_take(ba_scorer *scorer, const bai_kernels *kernels) {
  const bai_plan *plan = scorer->model->members[0].plan;
  bai_group *group = &scorer->waiting;
  double *reals = scorer->lanes[0].rows[0]->reals;
  if (!group->is_open || !bai_row_reals(kernels, plan, scorer->inputs, reals) ||
      kernels->narrow_f64(group->rows + group->count * plan->real_width, reals, plan->real_width))
    return 0;
  group->count++;
  return 1;
}

/* Scores of rows whose sums are there. */
static void score(ba_scorer *scorer, const bai_kernels *kernels, const bai_answers *answers, int64_t first,
                  int64_t count) {
  const ba_model *model = scorer->model;
  const bai_member *member = &model->members[0];
  const double *sums = scorer->waiting.sums;
  for (int64_t i = first; i < first + count; i++, sums += bai_hidden_sums(member)) {
    double *to = answers->scores ? answers->scores + i * model->outputs : scorer->scores;
    bai_hidden_head(kernels, member, sums, to);
    if (answers->probabilities)
      bai_model_probabilities(kernels, model, to, answers->probabilities + i * model->answers);
    bai_scorer_watch(scorer, to);
  }
}

ba_status bai_group_end(ba_scorer *scorer, const bai_kernels *kernels, const bai_answers *answers, int64_t end,
                        int32_t when_full) {
  const bai_member *member = &scorer->model->members[0];
  bai_group *group = &scorer->waiting;
  const int64_t count = group->count;
  if (count == 0 || (when_full && count < BAI_GROUP_ROWS)) return BA_OK;
  bai_hidden_rows(kernels, member, group->rows, member->plan->real_width * 4, count, group->sums);
  score(scorer, kernels, answers, end - count, count);
  group->count = 0;
  return bai_check_cancel(scorer->context);
}

int32_t bai_group_plain(ba_scorer *scorer, const bai_kernels *kernels, const ba_array *rows, int64_t first, int64_t end,
                        const bai_answers *answers) {
  const uint8_t *from = (const uint8_t *)rows->data + first * rows->stride[0];
  if (bai_hidden_rows(kernels, &scorer->model->members[0], (const float *)(const void *)from, rows->stride[0],
                      end - first, scorer->waiting.sums))
    return 0;
  score(scorer, kernels, answers, first, end - first);
  return 1;
}
