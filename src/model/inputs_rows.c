/* SPDX-License-Identifier: MIT
 *
 * inputs_rows.c: scoring by models that read tables: rows of numbers in the model's order, and rows of tables.
 */
#include <string.h>

#include "features/columns.h"
#include "model/scorer.h"

/* The scores of scorer->inputs; `record`, from 1, is for the message. */
static ba_status score_inputs(ba_scorer *scorer, const bai_kernels *kernels, int64_t record, double *scores) {
  bai_lane *lane = &scorer->lanes[0];
  lane->inputs = scorer->inputs;
  lane->symbols = NULL;
  lane->lists = scorer->shares != NULL;
  const ba_status status = bai_lane_score_codes(kernels, scorer->model, lane, 0, 0, scores);
  lane->lists = 0;
  return status ? bai_lane_explain(scorer->context, lane, status, record, 0) : BA_OK;
}

/* A row whose inputs stand in scorer->inputs is the next of its series: computes the rest of them. */
static void derive_row(ba_scorer *scorer, const bai_kernels *kernels) {
  double *row = scorer->inputs, *state = scorer->states;
  for (int32_t m = 0; m < scorer->model->member_count; m++) {
    const bai_plan *plan = scorer->model->members[m].plan;
    bai_series_update(kernels, &plan->series, row, bai_not_a_number(), state, scorer->states + scorer->state_size,
                      row + plan->inputs.items.count);
    row += bai_plan_inputs(plan);
    state += plan->series.size;
  }
}

static void begin_series(ba_scorer *scorer) {
  memset(scorer->states, 0, (size_t)scorer->state_size * 8);
}

static ba_status score_next(ba_scorer *scorer, const bai_kernels *kernels, int64_t i, const bai_answers *answers) {
  const ba_model *model = scorer->model;
  double *to = answers->scores ? answers->scores + i * model->outputs : scorer->scores;
  const ba_status status = score_inputs(scorer, kernels, i + 1, to);
  if (status) return status;
  const bai_lane *lane = &scorer->lanes[0];
  const bai_member *member = &model->members[0];
  if (scorer->shares)
    bai_member_shares(kernels, member, scorer->output, lane->rows[0], lane->values,
                      scorer->shares + i * member->plan->width);
  if (answers->probabilities) bai_model_probabilities(kernels, model, to, answers->probabilities + i * model->answers);
  if (!scorer->shares) bai_scorer_watch(scorer, to);
  return i % 256 == 255 ? bai_check_cancel(scorer->context) : BA_OK;
}

/* Row i, whose inputs stand in scorer->inputs: with others, or after those before it. */
static ba_status take_next(ba_scorer *scorer, const bai_kernels *kernels, int64_t i, const bai_answers *answers) {
  if (bai_group_take(scorer, kernels)) return bai_group_end(scorer, kernels, answers, i + 1, 1);
  const ba_status status = bai_group_end(scorer, kernels, answers, i, 0);
  return status ? status : score_next(scorer, kernels, i, answers);
}

static void read_numbers(const ba_array *rows, int64_t i, int64_t inputs, double *to) {
  const uint8_t *row = (const uint8_t *)rows->data + i * rows->stride[0];
  if (rows->dtype == BA_FLOAT64) memcpy(to, row, (size_t)inputs * 8);
  for (int64_t j = 0; rows->dtype == BA_FLOAT32 && j < inputs; j++)
    to[j] = (double)((const float *)(const void *)row)[j];
  for (int64_t j = 0; rows->dtype == BA_UINT32 && j < inputs; j++)
    to[j] = (double)((const uint32_t *)(const void *)row)[j];
}

/* Rows of numbers, which stand in `made` before each member gets its own. */
static ba_status predict_some(ba_scorer *scorer, const bai_kernels *kernels, const ba_array *rows, int64_t first,
                              int64_t end, double *made, const bai_answers *answers) {
  const int64_t inputs = ba_model_inputs(scorer->model);
  ba_status status = BA_OK;
  for (int64_t i = first; !status && i < end; i++) {
    read_numbers(rows, i, inputs, made ? made : scorer->inputs);
    if (made) bai_model_spread(scorer->model, made, scorer->inputs);
    derive_row(scorer, kernels);
    status = take_next(scorer, kernels, i, answers);
  }
  return status ? status : bai_group_end(scorer, kernels, answers, end, 0);
}

/* Rows of numbers as the model's inputs, in its order. */
ba_status bai_scorer_predict_inputs(ba_scorer *scorer, const ba_array *rows, double *scores, double *probabilities) {
  const bai_kernels *kernels = bai_kernels_of(scorer->context);
  const bai_answers answers = {scores, probabilities};
  const int64_t count = rows->shape[0];
  double *made = NULL; /* one member's inputs stand as they come */
  ba_status status =
      scorer->model->member_count == 1 ? BA_OK : bai_alloc(scorer->context, ba_model_inputs(scorer->model), 8, &made);
  if (!status) status = bai_group_begin(scorer, count);
  if (!status) begin_series(scorer);
  const int32_t plain = scorer->waiting.is_open && scorer->waiting.kind == BAI_GROUP_PLAIN && rows->dtype == BA_FLOAT32;
  const int64_t step = plain ? BAI_GROUP_ROWS : count;
  for (int64_t i = 0; !status && i < count; i += step) {
    const int64_t end = count - i < step ? count : i + step;
    if (plain && bai_group_plain(scorer, kernels, rows, i, end, &answers))
      status = bai_check_cancel(scorer->context);
    else
      status = predict_some(scorer, kernels, rows, i, end, made, &answers);
  }
  bai_free(scorer->context, made);
  return status;
}

/* Rows of a table: columns of all members, and of which series a row is. */
typedef struct table_rows {
  const ba_table *table;
  bai_columns_link links[BAI_MOST_MEMBERS];
  char group[BAI_OPTION_TEXT], time[BAI_OPTION_TEXT]; /* names of columns; "": none */
  int32_t duplicate;                                  /* 1: refused */
  int32_t *groups;
  double *times;
} table_rows;

static ba_status find_columns(ba_scorer *scorer, table_rows *rows) {
  ba_status status = BA_OK;
  for (int32_t m = 0; !status && m < scorer->model->member_count; m++)
    status = bai_columns_find(scorer->context, rows->table, &scorer->model->members[m].plan->inputs, &rows->links[m]);
  return status;
}

static void read_row(const ba_scorer *scorer, const table_rows *rows, int64_t i, double *row) {
  for (int32_t m = 0; m < scorer->model->member_count; row += bai_plan_inputs(scorer->model->members[m++].plan))
    bai_columns_read(&rows->links[m], i, row);
}

static ba_status count_duplicates(ba_scorer *scorer, const table_rows *rows) {
  if (!rows->times) return BA_OK;
  return bai_columns_repeats(scorer->context, rows->time, rows->groups, rows->times, rows->table->rows, rows->duplicate,
                             &scorer->duplicates);
}

/* All rows at once, each series in the order of time. */
static ba_status order_table(ba_scorer *scorer, table_rows *rows, double **out) {
  ba_context *context = scorer->context;
  const int64_t count = rows->table->rows, width = bai_model_row_inputs(scorer->model);
  ba_status status = BA_OK;
  if (rows->group[0]) status = bai_columns_groups(context, rows->table, rows->group, &rows->groups);
  if (!status && rows->time[0]) status = bai_columns_times(context, rows->table, rows->time, &rows->times);
  if (!status) status = count_duplicates(scorer, rows);
  if (!status) status = bai_alloc(context, count, 8 * width, out);
  for (int64_t i = 0; !status && i < count; i++) {
    read_row(scorer, rows, i, *out + i * width);
    if (i % 1024 == 1023) status = bai_check_cancel(context);
  }
  const bai_series_rows all = {*out, width, count, rows->groups, rows->times};
  return status ? status : bai_model_derive(context, scorer->model, &all);
}

static ba_status predict_table(ba_scorer *scorer, table_rows *rows, const bai_answers *answers) {
  const bai_kernels *kernels = bai_kernels_of(scorer->context);
  const int64_t width = bai_model_row_inputs(scorer->model);
  double *all = NULL;
  ba_status status = find_columns(scorer, rows);
  if (!status && ba_model_looks_back(scorer->model) && (rows->group[0] || rows->time[0]))
    status = order_table(scorer, rows, &all);
  if (!status) status = bai_group_begin(scorer, rows->table->rows);
  begin_series(scorer);
  for (int64_t i = 0; !status && i < rows->table->rows; i++) {
    if (all) {
      memcpy(scorer->inputs, all + i * width, (size_t)width * 8);
    } else {
      read_row(scorer, rows, i, scorer->inputs);
      derive_row(scorer, kernels);
    }
    status = take_next(scorer, kernels, i, answers);
  }
  if (!status) status = bai_group_end(scorer, kernels, answers, rows->table->rows, 0);
  bai_free(scorer->context, all);
  bai_free(scorer->context, rows->groups);
  bai_free(scorer->context, rows->times);
  return status;
}

static ba_status score_table(ba_scorer *scorer, const ba_table *table, const char *options, double *scores,
                             double *probabilities) {
  ba_context *context = scorer->context;
  table_rows rows = {.table = table};
  const bai_option accepted[] = {{"group", 't', NULL, 0, 0, rows.group},
                                 {"time", 't', NULL, 0, 0, rows.time},
                                 {"duplicate", 'w', "keep|error", 0, 0, &rows.duplicate},
                                 {NULL, 0, NULL, 0, 0, NULL}};
  scorer->duplicates = 0;
  ba_status status = table ? BA_OK : bai_fail(context, BA_ERR_ARGUMENT, "predict: expected a table");
  if (!status && ba_model_inputs(scorer->model) == 0)
    status = bai_fail(context, BA_ERR_UNSUPPORTED,
                      "predict_table: the model reads sequences; expected ba_scorer_predict_records");
  if (!status) status = bai_options_parse(context, options, accepted);
  if (!status) status = predict_table(scorer, &rows, &(bai_answers){scores, probabilities});
  for (int32_t m = 0; m < scorer->model->member_count; m++) bai_columns_free(context, &rows.links[m]);
  return status;
}

ba_status ba_scorer_predict_table(ba_scorer *scorer, const ba_table *table, const char *options, double *scores,
                                  double *probabilities) {
  if (!scorer) return BA_ERR_ARGUMENT;
  const ba_status status = bai_enter(scorer->context);
  if (status) return status;
  return bai_leave(scorer->context, score_table(scorer, table, options, scores, probabilities));
}

int64_t ba_scorer_duplicates(const ba_scorer *scorer) {
  return scorer ? scorer->duplicates : 0;
}

ba_status ba_scorer_attribute_table(ba_scorer *scorer, const ba_table *table, const char *options, int32_t output,
                                    double *shares) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!shares || output < 0 || output >= scorer->model->outputs)
    status = bai_fail(context, BA_ERR_ARGUMENT, "attribute: expected room, and an output from 0 to %d",
                      scorer->model->outputs - 1);
  if (!status) status = bai_model_single(context, scorer->model, "attribute_table");
  if (!status && scorer->model->members[0].hidden)
    status = bai_fail(context, BA_ERR_UNSUPPORTED,
                      "attribute_table: the model has a hidden layer of %d units, so no column has a share of its own; "
                      "expected a linear model",
                      scorer->model->members[0].hidden);
  if (!status) {
    scorer->shares = shares;
    scorer->output = output;
    status = score_table(scorer, table, options, NULL, NULL);
    scorer->shares = NULL;
  }
  return bai_leave(context, status);
}

/* A row that is not one of features: of a table, or one that is refused. */
ba_status bai_scorer_predict_input_row(ba_scorer *scorer, const bai_kernels *kernels, const float *row, int64_t width,
                                       double *to) {
  ba_context *context = scorer->context;
  const ba_model *model = scorer->model;
  const int64_t inputs = ba_model_inputs(model);
  ba_status status = inputs ? BA_OK : bai_model_single(context, model, "predict_row");
  const int64_t expected = !status && !inputs ? model->members[0].plan->width : inputs;
  if (!status && (!row || width != expected))
    status = bai_fail(context, BA_ERR_SHAPE, "predict: a row of %lld columns; expected %lld", (long long)width,
                      (long long)expected);
  if (!status && ba_model_looks_back(model))
    status = bai_fail(context, BA_ERR_UNSUPPORTED,
                      "predict_row: the model looks at the rows before; expected rows of a series");
  if (status) return status;
  if (scorer->waiting.kind == BAI_GROUP_PLAIN &&
      !bai_hidden_rows(kernels, model->members, row, 0, 1, scorer->lanes[0].sums)) {
    bai_hidden_head(kernels, model->members, scorer->lanes[0].sums, to);
    return BA_OK;
  }
  begin_series(scorer);
  for (int32_t m = 0, from = 0, at = 0; m < model->member_count; m++) {
    const bai_plan *plan = model->members[m].plan;
    for (int32_t i = 0; i < plan->inputs.items.count; i++) scorer->inputs[at + i] = (double)row[from + i];
    from += (int32_t)plan->inputs.items.count;
    at += (int32_t)bai_plan_inputs(plan);
  }
  derive_row(scorer, kernels);
  return score_inputs(scorer, kernels, -1, to);
}
