/* SPDX-License-Identifier: MIT
 *
 * extractor_table.c: rows of a table to a dense matrix of values. Numbers that a mean would stand for in a model stay
 * missing here: an extractor learns no means.
 */
#include <string.h>

#include "features/columns.h"
#include "features/extractor.h"

/* ---- learning ---- */

/* Names with bars between them. */
static ba_status read_ignored(ba_context *context, const ba_table *table, const char *names, bai_names *roles) {
  ba_status status = BA_OK;
  for (const char *from = names; !status && *from;) {
    int64_t n = 0;
    int32_t index;
    while (from[n] && from[n] != '|') n++;
    status = bai_names_index(context, roles, from, n, &index);
    if (!status && !bai_place_of(table, bai_names_text(roles, index)).column)
      status = bai_fail(context, BA_ERR_TABLE, "there is no column \"%s\" to ignore", bai_names_text(roles, index));
    from += n + (from[n] == '|');
  }
  return status;
}

/* The inputs that the recipe names, without what was learnt about them. */
static ba_status named_inputs(ba_context *context, const bai_inputs *from, bai_inputs *out) {
  ba_status status = BA_OK;
  *out = (bai_inputs){{0, 0, 0}, from->named};
  for (int64_t i = 0; !status && i < from->named; i++)
    status = bai_inputs_add(context, out, bai_input_at(from, i)->name, bai_input_at(from, i)->kind);
  return status;
}

static ba_status learn(ba_extractor *extractor, const ba_table *table, const bai_names *roles) {
  bai_plan *plan = extractor->plan;
  const bai_table_part part = {table, NULL, NULL, 0, 0, table->rows};
  const bai_inputs before = plan->inputs;
  const int32_t knew = plan->knows_table;
  bai_inputs fresh;
  ba_status status = named_inputs(extractor->context, &before, &fresh);
  plan->inputs = fresh;
  if (!status) status = bai_columns_learn(extractor->context, &part, 1, roles, plan);
  if (!status) status = bai_plan_lay_out(extractor->context, plan);
  bai_inputs left = before;
  if (status) { /* the columns are laid out as they were */
    left = plan->inputs;
    plan->inputs = before;
    plan->knows_table = knew;
  }
  bai_inputs_free(extractor->context, &left);
  if (status) return status;
  bai_row_destroy(extractor->row);
  extractor->row = NULL;
  return BA_OK;
}

static ba_status check_table(const ba_extractor *extractor, const ba_table *table) {
  const bai_plan *plan = extractor->plan;
  if (!table) return bai_fail(extractor->context, BA_ERR_ARGUMENT, "extractor: expected a table");
  if (plan->needs_table || plan->inputs.items.count) return BA_OK;
  return bai_fail(extractor->context, BA_ERR_UNSUPPORTED,
                  "extractor: the recipe reads no table; expected records, or terms such as Columns()");
}

ba_status ba_extractor_fit_table(ba_extractor *extractor, const ba_table *table, const char *options) {
  if (!extractor) return BA_ERR_ARGUMENT;
  ba_context *context = extractor->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  char ignored[BAI_OPTION_TEXT] = "";
  bai_names roles = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  const bai_option accepted[] = {{"ignore", 't', NULL, 0, 0, ignored}, {NULL, 0, NULL, 0, 0, NULL}};
  status = check_table(extractor, table);
  if (!status) status = bai_options_parse(context, options, accepted);
  if (!status) status = read_ignored(context, table, ignored, &roles);
  if (!status) status = learn(extractor, table, &roles);
  bai_names_free(context, &roles);
  return bai_leave(context, status);
}

/* ---- applying ---- */

typedef struct applying {
  ba_extractor *extractor;
  const ba_table *table;
  char group[BAI_OPTION_TEXT], time[BAI_OPTION_TEXT]; /* names of columns; "": none */
  int32_t duplicate;                                  /* 1: refused */
  int32_t *groups;
  double *times, *matrix, *values;
} applying;

static ba_status check_duplicates(const applying *a) {
  int64_t count;
  if (!a->duplicate || !a->times) return BA_OK;
  return bai_columns_repeats(a->extractor->context, a->time, a->groups, a->times, a->table->rows, 1, &count);
}

/* The inputs of all rows, and what is computed from them. */
static ba_status read_rows(applying *a) {
  ba_context *context = a->extractor->context;
  const bai_plan *plan = a->extractor->plan;
  const int64_t width = bai_plan_inputs(plan), count = a->table->rows;
  bai_columns_link link;
  ba_status status = bai_columns_find(context, a->table, &plan->inputs, &link);
  if (status) return status;
  if (a->group[0]) status = bai_columns_groups(context, a->table, a->group, &a->groups);
  if (!status && a->time[0]) status = bai_columns_times(context, a->table, a->time, &a->times);
  if (!status) status = check_duplicates(a);
  if (!status) status = bai_alloc(context, count, 8 * width, &a->matrix);
  for (int64_t i = 0; !status && i < count; i++) {
    bai_columns_read(&link, i, a->matrix + i * width);
    if (i % 1024 == 1023) status = bai_check_cancel(context);
  }
  bai_columns_free(context, &link);
  const bai_series_rows rows = {a->matrix, width, count, a->groups, a->times};
  return status ? status : bai_series_fill(context, &plan->series, plan->inputs.items.count, &rows);
}

static ba_status give_rows(applying *a, ba_array *out) {
  ba_context *context = a->extractor->context;
  const bai_plan *plan = a->extractor->plan;
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_row *row = a->extractor->row;
  for (int64_t i = 0; i < a->table->rows; i++) {
    row->inputs = a->matrix + i * bai_plan_inputs(plan);
    ba_status status = bai_row_extract(kernels, row, 0, 0);
    if (status) status = bai_row_explain(context, row, status, i + 1, 0);
    if (status) return status;
    bai_extractor_give(a->extractor, a->values, (double *)out->data + i * out->shape[1]);
  }
  return BA_OK;
}

static ba_status apply(applying *a, const char *options, ba_array **out) {
  ba_extractor *extractor = a->extractor;
  ba_context *context = extractor->context;
  const bai_option accepted[] = {{"group", 't', NULL, 0, 0, a->group},
                                 {"time", 't', NULL, 0, 0, a->time},
                                 {"duplicate", 'w', "keep|error", 0, 0, &a->duplicate},
                                 {NULL, 0, NULL, 0, 0, NULL}};
  ba_status status = check_table(extractor, a->table);
  if (!status && !out) status = bai_fail(context, BA_ERR_ARGUMENT, "extractor: expected a place for the result");
  if (!status) status = bai_options_parse(context, options, accepted);
  if (!status) status = bai_extractor_check(extractor);
  if (!status && !extractor->row) status = bai_row_create(context, extractor->plan, 0, &extractor->row);
  if (status) return status;
  for (int64_t i = 0; i < extractor->plan->real_width; i++) extractor->plan->fill[i] = bai_not_a_number();
  const int64_t shape[2] = {a->table->rows, extractor->plan->width};
  ba_array *rows = NULL;
  status = read_rows(a);
  if (!status) status = bai_alloc(context, extractor->row->entries, 8, &a->values);
  if (!status) status = bai_array_make(context, BA_FLOAT64, 2, shape, &rows);
  if (!status) status = give_rows(a, rows);
  extractor->row->inputs = NULL;
  if (status)
    ba_array_release(rows);
  else
    *out = rows;
  return status;
}

ba_status ba_extractor_apply_table(ba_extractor *extractor, const ba_table *table, const char *options,
                                   ba_array **out) {
  if (!extractor) return BA_ERR_ARGUMENT;
  ba_context *context = extractor->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  applying a = {.extractor = extractor, .table = table};
  if (out) *out = NULL;
  status = apply(&a, options, out);
  bai_free(context, a.groups);
  bai_free(context, a.times);
  bai_free(context, a.matrix);
  bai_free(context, a.values);
  return bai_leave(context, status);
}
