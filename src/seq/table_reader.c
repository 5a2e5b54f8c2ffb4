/* SPDX-License-Identifier: MIT
 *
 * table_reader.c: CSV and TSV files as tables: in batches of texts, or whole with the columns of numbers found, and if
 * asked for without the rows that do not fit.
 */
#include <string.h>

#include "array/array.h"
#include "bioanalytics/seq.h"
#include "seq/delimited.h"

struct ba_table_reader {
  ba_context *context;
  bai_delimited text;
  bai_vector names;      /* of the columns, each ended by a NUL */
  bai_vector columns;    /* bai_column: the texts of the batch so far */
  int64_t rows, missing; /* of the batch; missing: texts that are empty */
  int32_t lost;          /* memory ran out while a batch was handed over */
};

/* ---- the header ---- */

static ba_status take_header(ba_table_reader *r) {
  ba_status status = bai_delimited_next(&r->text);
  if (status == BA_END)
    return bai_fail_at(r->context, BA_ERR_TABLE, 1, 0, "the table is empty; expected a header with names of columns");
  for (int64_t i = 0; !status && i < bai_csv_fields(&r->text.csv); i++) {
    const bai_column column = {0};
    char number[32];
    int64_t length;
    const char *name = bai_csv_field(&r->text.csv, i, &length);
    if (length == 0) { /* as the index that some programs write has */
      length = bai_format(number, sizeof number, "column%lld", (long long)(i + 1));
      name = number;
    }
    status = bai_vector_append(r->context, &r->names, name, length, 1);
    if (!status) status = bai_vector_append(r->context, &r->names, "", 1, 1);
    if (!status) status = bai_vector_append(r->context, &r->columns, &column, 1, sizeof column);
  }
  return status;
}

static bai_column *column_at(const ba_table_reader *r, int64_t index) {
  return (bai_column *)r->columns.data + index;
}

static ba_status open_reader(ba_context *context, const char *path, ba_table_reader **out) {
  ba_table_reader *r;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *r, &r);
  if (status) return status;
  r->context = bai_context_retain(context);
  status = bai_delimited_open(context, path, &r->text);
  if (!status) status = take_header(r);
  if (status) {
    bai_fail_prefix(context, status, path);
    ba_table_reader_close(r);
  } else {
    *out = r;
  }
  return status;
}

ba_status ba_table_reader_open(ba_context *context, const char *path, ba_table_reader **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (out) *out = NULL;
  if (!path || !out) status = bai_fail(context, BA_ERR_ARGUMENT, "table: expected a path and a place for the result");
  if (!status) status = open_reader(context, path, out);
  return bai_leave(context, status);
}

void ba_table_reader_close(ba_table_reader *r) {
  if (!r) return;
  ba_context *context = r->context;
  for (int64_t i = 0; i < r->columns.count; i++) bai_column_free(context, column_at(r, i));
  bai_vector_free(context, &r->columns);
  bai_vector_free(context, &r->names);
  if (r->text.context) bai_delimited_close(&r->text);
  bai_free(context, r);
  bai_context_release(context);
}

/* ---- rows ---- */

/* A row joins the batch whole or not at all. */
static ba_status add_row(ba_table_reader *r) {
  const int64_t fields = bai_csv_fields(&r->text.csv);
  if (fields != r->columns.count)
    return bai_fail_at(r->context, BA_ERR_TABLE, r->text.csv.row, r->text.csv.row_byte,
                       "%lld fields; expected %lld, as in the header", (long long)fields, (long long)r->columns.count);
  ba_status status = BA_OK;
  int64_t added = 0;
  for (; !status && added < fields; added++) {
    bai_column *column = column_at(r, added);
    const int64_t zero = 0;
    int64_t length;
    const char *field = bai_csv_field(&r->text.csv, added, &length);
    if (r->rows == 0) status = bai_vector_append(r->context, &column->offsets, &zero, 1, 8);
    if (!status) status = bai_vector_append(r->context, &column->bytes, field, length, 1);
    if (!status) status = bai_vector_append(r->context, &column->offsets, &column->bytes.count, 1, 8);
    r->missing += length == 0;
  }
  for (int64_t i = 0; status && i < added; i++) {
    bai_column *column = column_at(r, i);
    column->offsets.count = r->rows ? r->rows + 1 : 0;
    column->bytes.count = r->rows ? ((const int64_t *)column->offsets.data)[r->rows] : 0;
  }
  if (!status) r->rows++;
  return status;
}

/* Which texts of a column are there; NULL when all are. */
static ba_status mark_missing(ba_context *context, bai_column *column, int64_t rows) {
  const int64_t *offsets = column->offsets.data;
  int64_t missing = 0;
  for (int64_t i = 0; i < rows; i++) missing += offsets[i] == offsets[i + 1];
  if (missing == 0) return BA_OK;
  const ba_status status = bai_alloc_zero(context, rows / 8 + 1, 1, &column->validity);
  for (int64_t i = 0; !status && i < rows; i++)
    if (offsets[i] < offsets[i + 1]) bai_bit_set(column->validity, i);
  return status;
}

/* The batch as a table; the reader starts a new one. */
static ba_status give_batch(ba_table_reader *r, ba_table **out) {
  const char *name = r->names.data;
  ba_table *table;
  ba_status status = bai_table_make(r->context, r->rows, &table);
  for (int64_t i = 0; !status && i < r->columns.count; i++, name += bai_length(name) + 1) {
    const int64_t zero = 0;
    bai_column *column = column_at(r, i);
    if (r->rows == 0) status = bai_vector_append(r->context, &column->offsets, &zero, 1, 8);
    if (!status && r->missing) status = mark_missing(r->context, column, r->rows);
    if (!status) status = bai_table_take(table, name, column);
  }
  if (status) {
    ba_table_release(table);
    r->lost = 1;
    return status;
  }
  r->rows = r->missing = 0;
  *out = table;
  return BA_OK;
}

static ba_status read_batch(ba_table_reader *r, int64_t most, ba_table **out) {
  ba_status status = BA_OK;
  if (r->lost)
    return bai_fail(r->context, BA_ERR_MEMORY, "rows were lost when memory ran out; expected the file opened again");
  while (!status && r->rows < most) {
    status = bai_delimited_next(&r->text);
    if (!status) status = add_row(r);
    if (!status && r->text.csv.row % 1024 == 0) status = bai_check_cancel(r->context);
  }
  if (status == BA_END && r->rows > 0) status = BA_OK;
  return status ? status : give_batch(r, out);
}

ba_status ba_table_reader_next(ba_table_reader *reader, int64_t most, ba_table **out) {
  if (!reader) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(reader->context);
  if (status) return status;
  if (out) *out = NULL;
  if (!out || most < 1)
    status = bai_fail(reader->context, BA_ERR_ARGUMENT, "table: expected 1 row or more and a place for the result");
  if (!status) status = read_batch(reader, most, out);
  return bai_leave(reader->context, status);
}

/* ---- whole tables with numbers ---- */

/* A column of texts that all are numbers, or missing, becomes an array; *found is 0 when one is neither. */
static ba_status find_numbers(ba_context *context, const bai_column *column, int64_t rows, bai_column *out,
                              int32_t *found) {
  const char *bytes = column->bytes.data ? column->bytes.data : "";
  const int64_t *offsets = column->offsets.data;
  int64_t numbers = 0;
  double *values;
  ba_status status = bai_alloc(context, rows, 8, &values);
  if (!status) status = bai_alloc_zero(context, rows / 8 + 1, 1, &out->validity);
  *found = !status;
  for (int64_t i = 0; *found && i < rows; i++) {
    const char *text = bytes + offsets[i];
    const int64_t length = offsets[i + 1] - offsets[i];
    values[i] = bai_not_a_number();
    if (bai_is_missing_number(text, length)) continue;
    *found = bai_parse_f64(text, length, &values[i]);
    bai_bit_set(out->validity, i);
    numbers++;
  }
  if (numbers == 0) *found = 0;
  if (!*found) {
    bai_free(context, values);
    bai_column_free(context, out);
    return status;
  }
  if (numbers == rows) {
    bai_free(context, out->validity);
    out->validity = NULL;
  }
  return bai_array_take(context, BA_FLOAT64, 1, &rows, values, &out->array);
}

static ba_status find_all_numbers(ba_context *context, ba_table *table) {
  bai_column *columns = table->columns.data;
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < table->columns.count; i++) {
    bai_column numbers = {0};
    int32_t found;
    status = find_numbers(context, &columns[i], table->rows, &numbers, &found);
    if (status || !found) {
      bai_column_free(context, &numbers);
      continue;
    }
    numbers.name = columns[i].name;
    columns[i].name = NULL;
    bai_column_free(context, &columns[i]);
    columns[i] = numbers;
    if (i % 16 == 0) status = bai_check_cancel(context);
  }
  return status;
}

ba_status ba_table_read(ba_context *context, const char *path, ba_table **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  ba_table_reader *reader = NULL;
  if (out) *out = NULL;
  if (!path || !out) status = bai_fail(context, BA_ERR_ARGUMENT, "table: expected a path and a place for the result");
  if (!status) status = open_reader(context, path, &reader);
  if (!status) {
    status = read_batch(reader, INT64_MAX, out);
    if (status == BA_END) status = give_batch(reader, out);
    if (status) bai_fail_prefix(context, status, path);
  }
  ba_table_reader_close(reader);
  if (!status) status = find_all_numbers(context, *out);
  if (status && out) {
    ba_table_release(*out);
    *out = NULL;
  }
  return bai_leave(context, status);
}

/* ---- rows that do not fit ---- */

typedef struct sorting {
  ba_context *context;
  ba_table *table;
  char texts[BAI_OPTION_TEXT]; /* columns that may mix numbers and texts, with bars between them */
  bai_vector broken;           /* int64: which rows of the file are no rows of the table, from 1 */
  int32_t *bad;                /* of each row of the table: the column with a text among numbers, from 1; 0: none */
  bai_vector rows;             /* double: rows of the file that were put aside */
  bai_vector reasons, ends;    /* why: texts one after the other; ends begins with 0 */
} sorting;

static ba_status add_reason(sorting *s, int64_t row, const char *reason) {
  const double number = (double)row;
  const int64_t zero = 0;
  ba_status status = bai_vector_append(s->context, &s->rows, &number, 1, 8);
  if (!status && s->ends.count == 0) status = bai_vector_append(s->context, &s->ends, &zero, 1, 8);
  if (!status) status = bai_vector_append(s->context, &s->reasons, reason, bai_length(reason), 1);
  return status ? status : bai_vector_append(s->context, &s->ends, &s->reasons.count, 1, 8);
}

static int32_t is_listed(const char *list, const char *name) {
  const int64_t n = bai_length(name);
  for (const char *at = list; *at; at += *at == '|') {
    const char *from = at;
    while (*at && *at != '|') at++;
    if (at - from == n && memcmp(from, name, (size_t)n) == 0) return 1;
  }
  return 0;
}

/* 0: missing, 1: a number, 2: another text. */
static int32_t kind_of_text(const bai_column *column, int64_t row, const char **text, int64_t *length) {
  const int64_t *offsets = column->offsets.data;
  double value;
  *text = (column->bytes.data ? (const char *)column->bytes.data : "") + offsets[row];
  *length = offsets[row + 1] - offsets[row];
  if (bai_is_missing_number(*text, *length)) return 0;
  return bai_parse_f64(*text, *length, &value) ? 1 : 2;
}

/* Marks the texts of a column that has more numbers than texts. */
static void mark_texts(sorting *s, int32_t index) {
  const bai_column *column = bai_table_column(s->table, index);
  int64_t counts[3] = {0, 0, 0}, length;
  const char *text;
  if (is_listed(s->texts, column->name)) return;
  for (int64_t row = 0; row < s->table->rows; row++) counts[kind_of_text(column, row, &text, &length)]++;
  if (counts[2] == 0 || counts[1] <= counts[2]) return;
  for (int64_t row = 0; row < s->table->rows; row++)
    if (s->bad[row] == 0 && kind_of_text(column, row, &text, &length) == 2) s->bad[row] = index + 1;
}

static ba_status add_text_reason(sorting *s, int64_t row, int64_t file_row) {
  const bai_column *column = bai_table_column(s->table, s->bad[row] - 1);
  char reason[512];
  const char *text;
  int64_t length;
  kind_of_text(column, row, &text, &length);
  bai_format(reason, sizeof reason, "row %lld: column \"%s\" has the text \"%.*s\"; expected a number",
             (long long)file_row, column->name, length < 60 ? (int)length : 60, text);
  return add_reason(s, file_row, reason);
}

/* The reasons of the marked rows and of the broken ones, in the order of the file. */
static ba_status give_reasons(sorting *s, const bai_vector *messages) {
  const int64_t *broken = s->broken.data;
  const char *message = messages->data;
  int64_t next = 0, row = 0;
  ba_status status = BA_OK;
  for (int64_t file_row = 1; !status && (row < s->table->rows || next < s->broken.count); file_row++) {
    if (next < s->broken.count && broken[next] == file_row) {
      status = add_reason(s, file_row, message);
      message += bai_length(message) + 1;
      next++;
      continue;
    }
    if (row < s->table->rows && s->bad[row]) status = add_text_reason(s, row, file_row);
    row++;
  }
  return status;
}

/* The rows that are not marked move up. */
static ba_status drop_marked(sorting *s) {
  bai_column *columns = s->table->columns.data;
  int64_t kept = 0;
  ba_status status = BA_OK;
  for (int64_t c = 0; c < s->table->columns.count; c++) {
    int64_t *offsets = columns[c].offsets.data, used = 0;
    char *bytes = columns[c].bytes.data;
    kept = 0;
    for (int64_t row = 0; row < s->table->rows; row++) {
      const int64_t from = offsets[row], n = offsets[row + 1] - from;
      if (s->bad[row]) continue;
      if (n) memmove(bytes + used, bytes + from, (size_t)n);
      offsets[kept++] = used;
      used += n;
    }
    offsets[kept] = used;
    columns[c].offsets.count = kept + 1;
    columns[c].bytes.count = used;
    bai_free(s->context, columns[c].validity);
    columns[c].validity = NULL;
    if (!status) status = mark_missing(s->context, &columns[c], kept);
  }
  s->table->rows = kept;
  return status;
}

static ba_status give_rejects(sorting *s, ba_table **out) {
  const int64_t count = s->rows.count;
  bai_column rows = {0}, reasons = {0};
  double *numbers;
  ba_status status = bai_table_make(s->context, count, out);
  if (!status) status = bai_alloc(s->context, count, 8, &numbers);
  if (!status) {
    if (count) memcpy(numbers, s->rows.data, (size_t)count * 8);
    status = bai_array_take(s->context, BA_FLOAT64, 1, &count, numbers, &rows.array);
  }
  if (!status) status = bai_table_take(*out, "row", &rows);
  if (status) return status;
  const int64_t zero = 0;
  if (s->ends.count == 0) status = bai_vector_append(s->context, &s->ends, &zero, 1, 8);
  reasons.offsets = s->ends;
  reasons.bytes = s->reasons;
  s->ends = s->reasons = (bai_vector){0, 0, 0};
  if (status)
    bai_column_free(s->context, &reasons);
  else
    status = bai_table_take(*out, "reason", &reasons);
  return status;
}

/* Reads what are rows, and keeps the messages of what are none. */
static ba_status read_rows(sorting *s, const char *path, bai_vector *messages) {
  ba_table_reader *reader;
  ba_status status = ba_table_reader_open(s->context, path, &reader);
  if (status) return status; /* the message has the path already */
  while (!status && !s->table) {
    int64_t record = -1;
    status = ba_table_reader_next(reader, INT64_MAX, &s->table);
    if (status == BA_END) status = give_batch(reader, &s->table);
    if (status != BA_ERR_TABLE) continue;
    const char *message = ba_context_error_message(s->context);
    ba_context_error_position(s->context, &record, NULL);
    if (record < 2) break;
    record--; /* the header is the first */
    status = bai_vector_append(s->context, &s->broken, &record, 1, 8);
    if (!status) status = bai_vector_append(s->context, messages, message, bai_length(message) + 1, 1);
  }
  ba_table_reader_close(reader);
  return status ? bai_fail_prefix(s->context, status, path) : BA_OK;
}

static ba_status sort_rows(sorting *s, const bai_vector *messages, ba_table **rejects) {
  ba_status status = bai_alloc_zero(s->context, s->table->rows, sizeof *s->bad, &s->bad);
  for (int32_t i = 0; !status && i < s->table->columns.count; i++) {
    mark_texts(s, i);
    status = bai_check_cancel(s->context);
  }
  if (!status) status = give_reasons(s, messages);
  if (!status && s->rows.count > s->broken.count) status = drop_marked(s);
  if (!status) status = find_all_numbers(s->context, s->table);
  return status ? status : give_rejects(s, rejects);
}

ba_status ba_table_read_fitting(ba_context *context, const char *path, const char *options, ba_table **out,
                                ba_table **rejects) {
  ba_status status = bai_enter(context);
  if (status) return status;
  sorting s = {.context = context};
  bai_vector messages = {0, 0, 0};
  const bai_option accepted[] = {{"texts", 't', NULL, 0, 0, s.texts}, {NULL, 0, NULL, 0, 0, NULL}};
  if (out) *out = NULL;
  if (rejects) *rejects = NULL;
  if (!path || !out || !rejects)
    status = bai_fail(context, BA_ERR_ARGUMENT, "table: expected a path and places for both results");
  if (!status) status = bai_options_parse(context, options, accepted);
  bai_leave(context, status);
  if (status) return status;
  status = read_rows(&s, path, &messages);
  if (!status) {
    status = bai_enter(context);
    if (!status) status = bai_leave(context, sort_rows(&s, &messages, rejects));
  }
  bai_vector_free(context, &messages);
  bai_vector_free(context, &s.broken);
  bai_vector_free(context, &s.rows);
  bai_vector_free(context, &s.reasons);
  bai_vector_free(context, &s.ends);
  bai_free(context, s.bad);
  if (!status) {
    *out = s.table;
    return BA_OK;
  }
  ba_table_release(s.table);
  ba_table_release(*rejects);
  *rejects = NULL;
  return status;
}
