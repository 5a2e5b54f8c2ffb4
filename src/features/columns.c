/* SPDX-License-Identifier: MIT
 *
 * columns.c: finds a plan's inputs among the columns of a table and reads them row by row.
 */
#include "features/columns.h"

#include <string.h>

static int64_t width_of(const bai_column *column) {
  return column->array && column->array->ndim == 2 ? column->array->shape[1] : 1;
}

/* "x_3": the third number from 0 of a column "x" of two dimensions. */
static bai_place place_within(const ba_table *table, const char *name) {
  const char *bar = NULL;
  int64_t at;
  for (const char *c = name; *c; c++)
    if (*c == '_') bar = c;
  const int64_t n = bar ? (int64_t)(bar - name) : 0;
  for (int64_t i = 0; bar && i < ba_table_columns(table); i++) {
    const bai_column *column = bai_table_column(table, i);
    if (bai_length(column->name) != n || memcmp(column->name, name, (size_t)n) != 0) continue;
    if (!column->array || column->array->ndim != 2) continue;
    if (bai_parse_i64(bar + 1, bai_length(bar + 1), &at) && at >= 0 && at < width_of(column))
      return (bai_place){column, at};
  }
  return (bai_place){NULL, 0};
}

bai_place bai_place_of(const ba_table *table, const char *name) {
  const int64_t index = ba_table_find(table, name);
  const bai_column *column = bai_table_column(table, index);
  if (column && (!column->array || column->array->ndim == 1)) return (bai_place){column, 0};
  return place_within(table, name);
}

int32_t bai_place_has_numbers(const bai_place *place) {
  return place->column->array != NULL;
}

static int32_t is_missing(const bai_place *place, int64_t row) {
  return place->column->validity && !bai_bit(place->column->validity, row);
}

static const char *text_of(const bai_place *place, int64_t row, int64_t *length) {
  const int64_t *offsets = place->column->offsets.data;
  *length = offsets[row + 1] - offsets[row];
  return place->column->bytes.data ? (const char *)place->column->bytes.data + offsets[row] : "";
}

double bai_place_number(const bai_place *place, int64_t row) {
  const ba_array *array = place->column->array;
  double value = bai_not_a_number();
  if (is_missing(place, row)) return value;
  if (!array) {
    int64_t length;
    const char *text = text_of(place, row, &length);
    return !bai_is_missing_number(text, length) && bai_parse_f64(text, length, &value) ? value : bai_not_a_number();
  }
  return bai_array_number(array, row, place->at);
}

const char *bai_place_text(const bai_place *place, int64_t row, char buffer[32], int64_t *length) {
  *length = 0;
  if (is_missing(place, row)) return NULL;
  if (!place->column->array) {
    const char *text = text_of(place, row, length);
    return *length ? bai_category_text(text, buffer, length) : NULL;
  }
  const double value = bai_place_number(place, row);
  if (value != value) return NULL;
  *length = bai_format_f64(buffer, value + 0.0);
  return buffer;
}

/* ---- the inputs of a plan ---- */

static ba_status missing_column(ba_context *context, const ba_table *table, const bai_input *input) {
  char names[300];
  int64_t n = 0;
  names[0] = 0;
  for (int64_t i = 0; i < ba_table_columns(table) && n < 240; i++)
    n += bai_format(names + n, (int64_t)sizeof names - n, "%s%s", i ? ", " : "", ba_table_name(table, i));
  return bai_fail(context, BA_ERR_TABLE, "there is no column \"%s\"; expected one of: %s", input->name, names);
}

/* A column of texts that are numbers, as a reader without types gives them, will do. */
static ba_status check_texts(ba_context *context, const ba_table *table, const bai_place *place, int32_t times) {
  int32_t seen = BAI_TIME_NONE;
  for (int64_t row = 0; row < table->rows; row++) {
    int64_t length;
    double value;
    const char *text = text_of(place, row, &length), *expected = NULL;
    if (is_missing(place, row) || bai_is_missing_number(text, length)) continue;
    if (times)
      expected = bai_parse_time_like(text, length, &seen, &value);
    else if (!bai_parse_f64(text, length, &value))
      expected = "a number, or Category(column=...) in the recipe";
    if (expected)
      return bai_fail_at(context, BA_ERR_TABLE, row + 1, -1, "column \"%s\" has the text \"%.*s\"; expected %s",
                         place->column->name, length < 60 ? (int)length : 60, text, expected);
  }
  return BA_OK;
}

ba_status bai_columns_find(ba_context *context, const ba_table *table, const bai_inputs *inputs,
                           bai_columns_link *out) {
  out->inputs = inputs;
  ba_status status = bai_alloc_zero(context, inputs->items.count, sizeof *out->places, &out->places);
  for (int64_t i = 0; !status && i < inputs->items.count; i++) {
    const bai_input *input = bai_input_at(inputs, i);
    out->places[i] = bai_place_of(table, input->name);
    if (!out->places[i].column)
      status = missing_column(context, table, input);
    else if ((input->kind == BAI_INPUT_NUMBER || input->kind == BAI_INPUT_TIME) &&
             !bai_place_has_numbers(&out->places[i]))
      status = check_texts(context, table, &out->places[i], input->kind == BAI_INPUT_TIME);
  }
  if (status) bai_columns_free(context, out);
  return status;
}

void bai_columns_free(ba_context *context, bai_columns_link *link) {
  bai_free(context, link->places);
  link->places = NULL;
}

int32_t bai_columns_floats(const bai_columns_link *link, const float **columns) {
  for (int64_t i = 0; i < link->inputs->items.count; i++) {
    const bai_column *column = link->places[i].column;
    const ba_array *array = column->array;
    if (bai_input_at(link->inputs, i)->kind != BAI_INPUT_NUMBER || !array || column->validity) return 0;
    if (array->dtype != BA_FLOAT32 || array->ndim != 1 || array->stride[0] != (int64_t)sizeof **columns) return 0;
    if ((uintptr_t)array->data % _Alignof(float)) return 0;
    columns[i] = (const float *)array->data;
  }
  return 1;
}

static double read_input(const bai_columns_link *link, int64_t i, int64_t row) {
  const bai_input *input = bai_input_at(link->inputs, i);
  char buffer[32];
  int64_t length;
  double time;
  if (input->kind == BAI_INPUT_NUMBER) return bai_place_number(&link->places[i], row);
  const char *text = bai_place_text(&link->places[i], row, buffer, &length);
  if (input->kind != BAI_INPUT_TIME) return text ? bai_input_place(input, text, length) : -1.0;
  return text && bai_parse_time(text, length, &time) ? time : bai_not_a_number();
}

void bai_columns_read(const bai_columns_link *link, int64_t row, double *inputs) {
  for (int64_t i = 0; i < link->inputs->items.count; i++) inputs[i] = read_input(link, i, row);
}

/* One input of some rows. */
static void read_column(const bai_columns_link *link, int64_t i, const int64_t *rows, int64_t count, double *to) {
  const bai_place *place = &link->places[i];
  const ba_array *array = place->column->array;
  const int32_t plain = bai_input_at(link->inputs, i)->kind == BAI_INPUT_NUMBER && array && !place->column->validity;
  if (!plain || array->dtype != BA_FLOAT64) {
    for (int64_t r = 0; r < count; r++) to[r] = read_input(link, i, rows[r]);
    return;
  }
  const uint8_t *from = (const uint8_t *)array->data + (array->ndim == 2 ? place->at * array->stride[1] : 0);
  for (int64_t r = 0; r < count; r++) memcpy(&to[r], from + rows[r] * array->stride[0], sizeof *to);
}

void bai_columns_read_rows(const bai_columns_link *link, const int64_t *rows, int64_t count, int64_t stride,
                           double *inputs) {
  const int64_t width = link->inputs->items.count;
  double part[8][64];
  for (int64_t first = 0; first < count; first += 64) {
    const int64_t some = count - first < 64 ? count - first : 64;
    for (int64_t i = 0; i < width; i += 8) {
      const int64_t columns = width - i < 8 ? width - i : 8;
      for (int64_t c = 0; c < columns; c++) read_column(link, i + c, rows + first, some, part[c]);
      for (int64_t r = 0; r < some; r++)
        for (int64_t c = 0; c < columns; c++) inputs[(first + r) * stride + i + c] = part[c][r];
    }
  }
}

/* ---- series ---- */

static ba_status find_place(ba_context *context, const ba_table *table, const char *name, const char *what,
                            bai_place *out) {
  *out = bai_place_of(table, name);
  if (out->column) return BA_OK;
  return bai_fail(context, BA_ERR_TABLE, "there is no column \"%s\" for the %s", name, what);
}

ba_status bai_columns_groups(ba_context *context, const ba_table *table, const char *name, int32_t **out) {
  bai_names names = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  bai_place place;
  ba_status status = find_place(context, table, name, "group", &place);
  if (!status) status = bai_alloc(context, table->rows, sizeof **out, out);
  for (int64_t row = 0; !status && row < table->rows; row++) {
    char buffer[32];
    int64_t length;
    const char *text = bai_place_text(&place, row, buffer, &length);
    (*out)[row] = -1;
    if (text) status = bai_names_index(context, &names, text, length, &(*out)[row]);
  }
  bai_names_free(context, &names);
  return status;
}

ba_status bai_columns_times(ba_context *context, const ba_table *table, const char *name, double **out) {
  bai_place place;
  int32_t seen = BAI_TIME_NONE;
  ba_status status = find_place(context, table, name, "time", &place);
  if (!status) status = bai_alloc(context, table->rows, sizeof **out, out);
  for (int64_t row = 0; !status && row < table->rows; row++) {
    char buffer[32];
    int64_t length;
    const char *text = bai_place_text(&place, row, buffer, &length);
    const char *expected = text ? bai_parse_time_like(text, length, &seen, &(*out)[row]) : BAI_TIME_EXPECTED;
    if (expected)
      status = bai_fail_at(context, BA_ERR_NUMBER, row + 1, -1, "column \"%s\" has \"%.*s\"; expected %s", name,
                           length < 60 ? (int)length : 60, text ? text : "", expected);
  }
  return status;
}

/* In the order of time each row is compared with the last one of its group. */
ba_status bai_series_repeats(ba_context *context, const int32_t *groups, const double *times, int64_t rows,
                             int64_t from, int64_t *count, int64_t *first) {
  bai_keyed *items = NULL;
  int64_t *last = NULL, most = 0;
  *count = 0;
  *first = -1;
  for (int64_t i = 0; groups && i < rows; i++)
    if (groups[i] >= most) most = groups[i] + INT64_C(1);
  ba_status status = bai_alloc(context, rows, sizeof *items, &items);
  if (!status) status = bai_alloc_zero(context, most + 1, 8, &last);
  for (int64_t i = 0; !status && i < rows; i++) items[i] = (bai_keyed){bai_order_of_f64(times[i]), i};
  if (!status) bai_sort_keyed(items, rows);
  for (int64_t i = 0; !status && i < rows; i++) {
    const int64_t row = items[i].index, group = groups ? groups[row] + 1 : 0;
    const int32_t again = last[group] > 0 && times[last[group] - 1] == times[row] && row >= from;
    *count += again;
    if (again && (*first < 0 || row < *first)) *first = row;
    last[group] = row + 1;
  }
  bai_free(context, items);
  bai_free(context, last);
  return status;
}

ba_status bai_columns_repeats(ba_context *context, const char *name, const int32_t *groups, const double *times,
                              int64_t rows, int32_t refuse, int64_t *count) {
  int64_t first;
  const ba_status status = bai_series_repeats(context, groups, times, rows, 0, count, &first);
  if (status || !refuse || first < 0) return status;
  return bai_fail_at(context, BA_ERR_NUMBER, first + 1, -1,
                     "column \"%s\" has the time of a row before in its group; expected another, or duplicate=keep",
                     name);
}
