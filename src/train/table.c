/* SPDX-License-Identifier: MIT
 *
 * table.c: rows of a table as rows of a dataset. The table is kept, not copied: a dataset's row says where it stands.
 */
#include <string.h>

#include "features/columns.h"
#include "train/dataset.h"
#include "train/inputs.h"

enum { TARGET, NAME, WEIGHT, GROUP, SPLIT, TIME, OFFSET, ROLES };
static const char *const role_names[ROLES] = {"target", "name", "weight", "group", "split", "time", "offset"};

#define MOST_IN_PLACE 256 /* columns */
#define COPIED_ROWS 64    /* at a time */
#define WINDOW_ROWS 16    /* float32 of a cache line */
#define UNLABELLED "-"    /* the class of rows without a target */

typedef struct adding {
  ba_dataset *dataset;
  ba_context *context;
  const ba_table *table;
  bai_place places[ROLES]; /* column NULL: none */
  int32_t part, unlabelled, duplicate;
  int32_t time_kind; /* of the rows so far */
} adding;

static ba_status find_roles(adding *a, char (*names)[BAI_OPTION_TEXT]) {
  if (!names[TARGET][0] && !a->unlabelled)
    return bai_fail(a->context, BA_ERR_ARGUMENT, "add_table: expected target=COLUMN");
  for (int32_t r = 0; r < ROLES; r++) {
    if (!names[r][0]) continue;
    a->places[r] = bai_place_of(a->table, names[r]);
    if (!a->places[r].column)
      return bai_fail(a->context, BA_ERR_TABLE, "there is no column \"%s\" for the %s", names[r], role_names[r]);
    int32_t index;
    const ba_status status = bai_names_index(a->context, &a->dataset->roles, names[r], bai_length(names[r]), &index);
    if (status) return status;
  }
  return BA_OK;
}

/* Names with bars between them: columns that are no features. */
static ba_status leave_out(adding *a, const char *names) {
  ba_status status = BA_OK;
  for (const char *from = names; !status && *from;) {
    char name[BAI_OPTION_TEXT];
    int64_t n = 0;
    int32_t index;
    while (from[n] && from[n] != '|') n++;
    memcpy(name, from, (size_t)n);
    name[n] = 0;
    if (!bai_place_of(a->table, name).column)
      return bai_fail(a->context, BA_ERR_TABLE, "there is no column \"%s\" to ignore", name);
    status = bai_names_index(a->context, &a->dataset->roles, name, n, &index);
    from += n + (from[n] == '|');
  }
  return status;
}

static ba_status bad(const adding *a, int64_t row, int32_t role, const char *expected) {
  char buffer[32];
  int64_t length;
  const char *text = bai_place_text(&a->places[role], row, buffer, &length);
  return bai_fail_at(a->context, BA_ERR_LABEL, row + 1, -1, "column \"%s\" has \"%.*s\"; expected %s",
                     a->places[role].column->name, length < 60 ? (int)length : 60, text ? text : "", expected);
}

static ba_status read_numbers(adding *a, int64_t row, bai_new_row *out, double *time, double *offset) {
  char buffer[32];
  int64_t length;
  out->weight = 1.0;
  if (a->places[WEIGHT].column) {
    out->weight = bai_place_number(&a->places[WEIGHT], row);
    if (!(out->weight >= 0.0) || out->weight > 1e300) return bad(a, row, WEIGHT, "a weight of 0 or more");
  }
  if (a->places[TIME].column) {
    const char *text = bai_place_text(&a->places[TIME], row, buffer, &length);
    const char *expected = text ? bai_parse_time_like(text, length, &a->time_kind, time) : BAI_TIME_EXPECTED;
    if (expected) return bad(a, row, TIME, expected);
    out->time = time;
  }
  if (a->places[OFFSET].column) {
    *offset = bai_place_number(&a->places[OFFSET], row);
    if (!(*offset - *offset == 0.0)) return bad(a, row, OFFSET, "an offset: a finite number");
    out->offset = offset;
  }
  return BA_OK;
}

static ba_status read_part(const adding *a, int64_t row, int32_t *part) {
  static const char *const words[] = {"train", "dev", "test"};
  char buffer[32];
  int64_t length;
  *part = a->part;
  if (!a->places[SPLIT].column) return BA_OK;
  const char *text = bai_place_text(&a->places[SPLIT], row, buffer, &length);
  for (int32_t i = 0; text && i < 3; i++) {
    if (length != bai_length(words[i]) || memcmp(text, words[i], (size_t)length) != 0) continue;
    *part = i;
    return BA_OK;
  }
  return bad(a, row, SPLIT, "train, dev or test");
}

static ba_status add_row(adding *a, int64_t row) {
  char label[32], name[32], group[32];
  double time, offset;
  bai_new_row new = {.letters = "", .name = "", .table_row = row};
  if (a->places[TARGET].column) {
    new.label = bai_place_text(&a->places[TARGET], row, label, &new.label_length);
  } else {
    new.label = UNLABELLED;
    new.label_length = bai_length(UNLABELLED);
  }
  if (!new.label) return bad(a, row, TARGET, "a value");
  ba_status status = read_numbers(a, row, &new, &time, &offset);
  if (!status) status = read_part(a, row, &new.part);
  if (status) return status;
  if (a->places[NAME].column) new.name = bai_place_text(&a->places[NAME], row, name, &new.name_length);
  if (!new.name) new.name = "";
  if (a->places[GROUP].column) new.group = bai_place_text(&a->places[GROUP], row, group, &new.group_length);
  return bai_dataset_add_row(a->dataset, &new);
}

/* Rows of the same time in one group stay as they stand; they are counted. */
static ba_status count_duplicates(const adding *a, int64_t from) {
  ba_dataset *dataset = a->dataset;
  int64_t count, first;
  if (!a->places[TIME].column) return BA_OK;
  const ba_status status = bai_series_repeats(a->context, bai_dataset_groups(dataset), dataset->times.data,
                                              dataset->times.count, from, &count, &first);
  if (status) return status;
  dataset->duplicates += count;
  return a->duplicate && first >= 0 ? bad(a, ((const int64_t *)dataset->table_rows.data)[first], TIME,
                                          "a time that no row before has in its group, or duplicate=keep")
                                    : BA_OK;
}

static ba_status add_table(adding *a, ba_table *table, char (*names)[BAI_OPTION_TEXT], const char *ignored) {
  const bai_dataset_table kept = {table, a->dataset->rows};
  ba_status status = find_roles(a, names);
  if (!status) status = leave_out(a, ignored);
  if (!status) status = bai_vector_append(a->context, &a->dataset->tables, &kept, 1, sizeof kept);
  if (status) return status;
  ba_table_retain(table);
  for (int64_t row = 0; !status && row < table->rows; row++) {
    status = add_row(a, row);
    if (!status && row % 4096 == 0) status = bai_check_cancel(a->context);
  }
  return status ? status : count_duplicates(a, kept.first);
}

ba_status ba_dataset_add_table(ba_dataset *dataset, ba_table *table, const char *options) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  char names[ROLES][BAI_OPTION_TEXT] = {""}, ignored[BAI_OPTION_TEXT] = "";
  adding a = {.dataset = dataset, .context = context, .table = table};
  const bai_option accepted[] = {{"target", 't', NULL, 0, 0, names[TARGET]},
                                 {"name", 't', NULL, 0, 0, names[NAME]},
                                 {"weight", 't', NULL, 0, 0, names[WEIGHT]},
                                 {"group", 't', NULL, 0, 0, names[GROUP]},
                                 {"split", 't', NULL, 0, 0, names[SPLIT]},
                                 {"time", 't', NULL, 0, 0, names[TIME]},
                                 {"offset", 't', NULL, 0, 0, names[OFFSET]},
                                 {"labels", 'w', "needed|none", 0, 0, &a.unlabelled},
                                 {"duplicate", 'w', "keep|error", 0, 0, &a.duplicate},
                                 {"ignore", 't', NULL, 0, 0, ignored},
                                 {"part", 'w', "train|dev|test", 0, 0, &a.part},
                                 {NULL, 0, NULL, 0, 0, NULL}};
  const ba_dataset before = *dataset;
  if (!table) status = bai_fail(context, BA_ERR_ARGUMENT, "add_table: expected a table");
  if (!status && dataset->rows > 0 && dataset->tables.count == 0)
    status = bai_fail(context, BA_ERR_ARGUMENT, "add_table: the dataset holds sequences; expected one for the table");
  if (!status) status = bai_options_parse(context, options, accepted);
  if (!status) status = add_table(&a, table, names, ignored);
  if (status) bai_dataset_restore(dataset, &before);
  return bai_leave(context, status);
}

/* ---- reading ---- */

static const bai_dataset_table *table_at(const ba_dataset *dataset, int64_t index) {
  return (const bai_dataset_table *)dataset->tables.data + index;
}

/* The rows of a group are a series, in the order of their times where they have some. */
static ba_status derive(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, double *matrix) {
  if (plan->series.needs_past && dataset->left_out > 0)
    return bai_fail(context, BA_ERR_UNSUPPORTED,
                    "%lld rows have the weight 0 and are not kept, so the rows behind them would be taken for "
                    "neighbours in their series; expected weights above 0 for a recipe that looks back",
                    (long long)dataset->left_out);
  const bai_series_rows rows = {matrix, bai_plan_inputs(plan), dataset->rows, bai_dataset_groups(dataset),
                                dataset->times.count ? dataset->times.data : NULL};
  return bai_series_fill(context, &plan->series, plan->inputs.items.count, &rows);
}

/* All numbers, one row after the other. */
static ba_status copy_rows(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, double **out) {
  const bai_inputs *inputs = &plan->inputs;
  const int64_t width = bai_plan_inputs(plan);
  double *matrix = NULL;
  ba_status status = bai_alloc(context, dataset->rows, 8 * width, &matrix);
  int64_t row = 0;
  for (int64_t t = 0; !status && t < dataset->tables.count; t++) {
    bai_columns_link link;
    const int64_t end = t + 1 < dataset->tables.count ? table_at(dataset, t + 1)->first : dataset->rows;
    status = bai_columns_find(context, table_at(dataset, t)->table, inputs, &link);
    if (status) break;
    for (int64_t some; !status && row < end; row += some) {
      some = end - row < 4096 ? end - row : 4096;
      bai_columns_read_rows(&link, (const int64_t *)dataset->table_rows.data + row, some, width, matrix + row * width);
      status = bai_check_cancel(context);
    }
    bai_columns_free(context, &link);
  }
  if (!status) status = derive(context, dataset, plan, matrix);
  if (status)
    bai_free(context, matrix);
  else
    *out = matrix;
  return status;
}

/* Where all numbers are float32, in one table of which no row was left out. */
static ba_status find_columns(ba_context *context, const ba_dataset *dataset, const bai_plan *plan,
                              bai_input_rows *out) {
  const int64_t *places = dataset->table_rows.data;
  bai_columns_link link;
  if (dataset->tables.count != 1 || dataset->rows == 0 || plan->series.width) return BA_OK;
  for (int64_t row = 1; row < dataset->rows; row++)
    if (places[row] != places[0] + row) return BA_OK;
  ba_status status = bai_columns_find(context, table_at(dataset, 0)->table, &plan->inputs, &link);
  if (status) return status;
  status = bai_alloc(context, out->width, sizeof *out->columns, &out->columns);
  if (!status && !bai_columns_floats(&link, out->columns)) {
    bai_free(context, out->columns);
    out->columns = NULL;
  }
  for (int64_t i = 0; out->columns && i < out->width; i++) out->columns[i] += places[0];
  bai_columns_free(context, &link);
  return status;
}

/* Of many columns each row costs as many places in memory, so that a copy is worth it after few passes. Float64 says
 * better what is wrong with numbers that are not finite. */
static ba_status copy_floats(ba_context *context, bai_input_rows *rows) {
  const bai_kernels *kernels = bai_kernels_of(context);
  const int64_t width = rows->width;
  double *room = NULL;
  float *floats = NULL;
  ba_status status = bai_alloc(context, rows->count, 4 * width, &floats);
  if (!status) status = bai_alloc(context, COPIED_ROWS, 8 * width, &room);
  int64_t beyond = 0;
  for (int64_t row = 0, some; !status && !beyond && row < rows->count; row += some) {
    some = rows->count - row < COPIED_ROWS ? rows->count - row : COPIED_ROWS;
    const double *numbers = bai_input_rows_at(rows, kernels, row, some, room);
    beyond = kernels->narrow_f64(floats + row * width, numbers, some * width);
    status = bai_check_cancel(context);
  }
  bai_free(context, room);
  if (!status && !beyond) {
    rows->floats = floats;
    return BA_OK;
  }
  bai_free(context, floats);
  bai_free(context, rows->columns);
  rows->columns = NULL;
  return status;
}

ba_status bai_input_rows_open(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, int32_t floats,
                              bai_input_rows *out) {
  *out = (bai_input_rows){.width = bai_plan_inputs(plan), .count = dataset->rows};
  if (out->width == 0) return BA_OK;
  if (dataset->tables.count == 0)
    return bai_fail(context, BA_ERR_ARGUMENT, "the recipe reads columns of a table; expected a dataset of one");
  ba_status status = floats ? find_columns(context, dataset, plan, out) : BA_OK;
  if (!status && out->columns && out->width > MOST_IN_PLACE) status = copy_floats(context, out);
  if (!status && !out->columns) status = copy_rows(context, dataset, plan, &out->numbers);
  if (status) bai_input_rows_close(context, out);
  return status;
}

void bai_input_rows_close(ba_context *context, bai_input_rows *rows) {
  bai_free(context, rows->numbers);
  bai_free(context, rows->floats);
  bai_free(context, rows->columns);
  *rows = (bai_input_rows){0};
}

const double *bai_input_rows_at(const bai_input_rows *rows, const bai_kernels *kernels, int64_t first, int64_t count,
                                double *room) {
  if (rows->floats)
    kernels->widen_f32(room, rows->floats + first * rows->width, count * rows->width);
  else if (rows->columns)
    kernels->rows_of_columns_f32(room, rows->columns, first, count, rows->width, rows->count);
  else
    return rows->numbers ? rows->numbers + first * rows->width : NULL;
  return room;
}

ba_status bai_input_window_open(ba_context *context, const bai_input_rows *rows, bai_input_window *out) {
  *out = (bai_input_window){0};
  return rows->columns ? bai_alloc(context, WINDOW_ROWS, 8 * rows->width, &out->numbers) : BA_OK;
}

const double *bai_input_rows_one(const bai_input_rows *rows, const bai_kernels *kernels, int64_t row,
                                 bai_input_window *window) {
  if (!rows->columns) return bai_input_rows_at(rows, kernels, row, 1, NULL);
  if (row < window->first || row >= window->end) {
    window->first = row;
    window->end = row + WINDOW_ROWS < rows->count ? row + WINDOW_ROWS : rows->count;
    bai_input_rows_at(rows, kernels, row, window->end - row, window->numbers);
  }
  return window->numbers + (row - window->first) * rows->width;
}

static int32_t has_value(const bai_series_term *term, const double *outputs, int64_t stride, int64_t rows) {
  for (int64_t row = 0; row < rows; row++)
    for (int64_t i = 0; i < term->width; i++)
      if (outputs[row * stride + term->first + i] == outputs[row * stride + term->first + i]) return 1;
  return 0;
}

static ba_status longest_series(ba_context *context, const ba_dataset *dataset, int64_t *longest) {
  const int32_t *groups = bai_dataset_groups(dataset);
  int64_t *counts, most = 0;
  *longest = dataset->rows;
  if (!groups) return BA_OK;
  for (int64_t row = 0; row < dataset->rows; row++)
    if (groups[row] >= most) most = groups[row] + INT64_C(1);
  const ba_status status = bai_alloc_zero(context, most + 1, 8, &counts);
  if (status) return status;
  *longest = 0;
  for (int64_t row = 0; row < dataset->rows; row++)
    if (++counts[groups[row] + 1] > *longest) *longest = counts[groups[row] + 1];
  bai_free(context, counts);
  return BA_OK;
}

ba_status bai_inputs_check(ba_context *context, const ba_dataset *dataset, const bai_plan *plan,
                           const bai_input_rows *rows) {
  const int64_t stride = bai_plan_inputs(plan);
  for (int32_t i = 0; i < plan->series.count; i++) {
    const bai_series_term *term = &plan->series.terms[i];
    bai_vector text = {0, 0, 0};
    int64_t longest;
    if (!term->kind->needs_past && !term->of) continue;
    if (has_value(term, rows->numbers + plan->inputs.items.count, stride, dataset->rows)) continue;
    ba_status status = longest_series(context, dataset, &longest);
    if (!status) status = bai_term_write(context, &term->term, &text);
    if (!status)
      status = bai_fail(context, BA_ERR_LENGTH, "term %s has no value in any row; the longest series has %lld rows",
                        (const char *)text.data, (long long)longest);
    bai_vector_free(context, &text);
    return status;
  }
  return BA_OK;
}

/* ---- what a plan learns ---- */

ba_status bai_inputs_learn(ba_context *context, const ba_dataset *dataset, const uint8_t *uses, bai_plan *plan) {
  bai_vector parts = {0, 0, 0};
  ba_status status = BA_OK;
  if (plan->inputs.items.count == 0 && !plan->needs_table) return BA_OK;
  if (dataset->tables.count == 0)
    return bai_fail(context, BA_ERR_ARGUMENT, "the recipe reads columns of a table; expected a dataset of one");
  for (int64_t t = 0; !status && t < dataset->tables.count; t++) {
    const int64_t first = table_at(dataset, t)->first;
    const int64_t end = t + 1 < dataset->tables.count ? table_at(dataset, t + 1)->first : dataset->rows;
    const bai_table_part part = {table_at(dataset, t)->table,
                                 (const int64_t *)dataset->table_rows.data + first,
                                 uses + first,
                                 BAI_USE_TRAIN,
                                 first,
                                 end - first};
    status = bai_vector_append(context, &parts, &part, 1, sizeof part);
  }
  if (!status) status = bai_columns_learn(context, parts.data, parts.count, &dataset->roles, plan);
  bai_vector_free(context, &parts);
  return status;
}
