/* SPDX-License-Identifier: MIT
 *
 * csv.c: labelled sequences from a CSV or TSV file, plain or gzip, in one streaming pass, whole or in batches.
 */
#include <string.h>

#include "seq/delimited.h"
#include "train/dataset.h"

enum { SEQUENCE, LABEL, NAME, WEIGHT, GROUP, SPLIT, TIME, OFFSET, ROLES };
static const char *const role_names[ROLES] = {"sequence", "label", "name", "weight",
                                              "group",    "split", "time", "offset"};

typedef struct table {
  ba_dataset *dataset;
  ba_context *context;
  bai_delimited text;
  int64_t column[ROLES]; /* -1 when there is none */
  int64_t fields;
  int32_t part;
  int32_t time_kind; /* of the rows so far */
} table;

/* ---- columns ---- */

static int64_t find_column(const bai_csv *csv, const char *name) {
  for (int64_t i = 0; i < bai_csv_fields(csv); i++) {
    int64_t length;
    const char *field = bai_csv_field(csv, i, &length);
    if (length == bai_length(name) && memcmp(field, name, (size_t)length) == 0) return i;
  }
  return -1;
}

static ba_status name_columns(table *t, const bai_columns *columns) {
  const char *asked[ROLES] = {columns->sequence, columns->label, columns->name, columns->weight,
                              columns->group,    columns->split, columns->time, columns->offset};
  t->fields = bai_csv_fields(&t->text.csv);
  for (int32_t role = 0; role < ROLES; role++) {
    const int32_t given = asked[role][0] != 0;
    const char *name = given ? asked[role] : role_names[role];
    int64_t number;
    /* Times and offsets are read only when asked for: many tables have columns of these names with another meaning. */
    t->column[role] = (role == TIME || role == OFFSET) && !given ? -1 : find_column(&t->text.csv, name);
    if (t->column[role] < 0 && given && bai_parse_i64(name, bai_length(name), &number) && number >= 1 &&
        number <= t->fields)
      t->column[role] = number - 1;
    if (t->column[role] >= 0 || (!given && role != SEQUENCE && role != LABEL)) continue;
    char header[300];
    int64_t n = 0;
    header[0] = 0;
    for (int64_t i = 0; i < t->fields && n < 200; i++) {
      int64_t length;
      const char *field = bai_csv_field(&t->text.csv, i, &length);
      n += bai_format(header + n, (int64_t)sizeof header - n, "%s%.*s", i ? ", " : "", length < 60 ? (int)length : 60,
                      field);
    }
    return bai_fail_at(t->context, BA_ERR_TABLE, 1, 0, "there is no column \"%s\" for the %s; expected one of: %s",
                       name, role_names[role], header);
  }
  return BA_OK;
}

/* ---- rows ---- */

static ba_status bad_field(const table *t, ba_status status, const char *what, const char *field, int64_t length) {
  return bai_fail_at(t->context, status, t->text.csv.row, t->text.csv.row_byte, "%s, found \"%.*s\"", what,
                     length < 60 ? (int)length : 60, field);
}

static ba_status read_weight(const table *t, bai_new_row *row) {
  int64_t length;
  row->weight = 1.0;
  if (t->column[WEIGHT] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->text.csv, t->column[WEIGHT], &length);
  if (!bai_parse_f64(field, length, &row->weight) || !(row->weight >= 0.0) || row->weight > 1e300)
    return bad_field(t, BA_ERR_LABEL, "expected a weight of 0 or more", field, length);
  return BA_OK;
}

static ba_status read_part(const table *t, bai_new_row *row) {
  static const char *const words[] = {"train", "dev", "test"};
  int64_t length;
  row->part = t->part;
  if (t->column[SPLIT] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->text.csv, t->column[SPLIT], &length);
  for (int32_t i = 0; i < 3; i++) {
    if (length != bai_length(words[i]) || memcmp(field, words[i], (size_t)length) != 0) continue;
    row->part = i;
    return BA_OK;
  }
  return bad_field(t, BA_ERR_LABEL, "expected a split of train, dev or test", field, length);
}

static ba_status read_time(table *t, bai_new_row *row, double *time) {
  int64_t length;
  if (t->column[TIME] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->text.csv, t->column[TIME], &length);
  const char *expected = bai_parse_time_like(field, length, &t->time_kind, time);
  if (expected)
    return bai_fail_at(t->context, BA_ERR_LABEL, t->text.csv.row, t->text.csv.row_byte,
                       "expected a time: %s, found \"%.*s\"", expected, length < 60 ? (int)length : 60, field);
  row->time = time;
  return BA_OK;
}

static ba_status read_offset(const table *t, bai_new_row *row, double *offset) {
  int64_t length;
  if (t->column[OFFSET] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->text.csv, t->column[OFFSET], &length);
  if (!bai_parse_f64(field, length, offset) || !(*offset - *offset == 0.0))
    return bad_field(t, BA_ERR_LABEL, "expected an offset: a finite number", field, length);
  row->offset = offset;
  return BA_OK;
}

/* Letters may have spaces around them (as in some published tables), not inside. */
static ba_status read_letters(const table *t, bai_new_row *row) {
  row->letters = bai_csv_field(&t->text.csv, t->column[SEQUENCE], &row->letters_length);
  while (row->letters_length && (row->letters[0] == ' ' || row->letters[0] == '\t')) {
    row->letters++;
    row->letters_length--;
  }
  while (row->letters_length && row->letters[row->letters_length - 1] == ' ') row->letters_length--;
  for (int64_t i = 0; i < row->letters_length; i++) {
    const char c = row->letters[i];
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == '-' || c == '.') continue;
    return bai_fail_at(t->context, BA_ERR_TABLE, t->text.csv.row, t->text.csv.row_byte,
                       "letter %lld of the sequence is \"%c\"; expected A-Z, a-z, '*', '-' or '.'", (long long)(i + 1),
                       c);
  }
  return BA_OK;
}

static ba_status add_row(table *t) {
  bai_new_row row = {0};
  double time, offset;
  if (bai_csv_fields(&t->text.csv) != t->fields)
    return bai_fail_at(t->context, BA_ERR_TABLE, t->text.csv.row, t->text.csv.row_byte,
                       "%lld fields; expected %lld, as in the "
                       "header",
                       (long long)bai_csv_fields(&t->text.csv), (long long)t->fields);
  ba_status status = read_letters(t, &row);
  if (!status) status = read_weight(t, &row);
  if (!status) status = read_part(t, &row);
  if (!status) status = read_time(t, &row, &time);
  if (!status) status = read_offset(t, &row, &offset);
  if (status) return status;
  row.label = bai_csv_field(&t->text.csv, t->column[LABEL], &row.label_length);
  row.name = "";
  if (t->column[NAME] >= 0) row.name = bai_csv_field(&t->text.csv, t->column[NAME], &row.name_length);
  if (t->column[GROUP] >= 0) row.group = bai_csv_field(&t->text.csv, t->column[GROUP], &row.group_length);
  if (row.label_length == 0) return bad_field(t, BA_ERR_LABEL, "expected a label", "", 0);
  if (memchr(row.label, 0, (size_t)row.label_length))
    return bad_field(t, BA_ERR_LABEL, "expected a label without a zero byte", row.label, row.label_length);
  if (!bai_is_class_name(row.label, row.label_length))
    return bad_field(t, BA_ERR_LABEL, "expected a label without control bytes", row.label, row.label_length);
  return bai_dataset_add_row(t->dataset, &row);
}

/* Rows until the dataset has `most` of them, or BA_END. */
static ba_status read_rows(table *t, const bai_columns *columns, int64_t most) {
  ba_status status = BA_OK;
  while (!status && t->dataset->rows < most) {
    status = bai_delimited_next(&t->text);
    if (!status) status = t->text.csv.row == 1 ? name_columns(t, columns) : add_row(t);
    if (!status && t->text.csv.row % 1024 == 0) status = bai_check_cancel(t->context);
  }
  if (status == BA_END && t->text.csv.row == 0)
    return bai_fail(t->context, BA_ERR_TABLE, "the table is empty; expected a header");
  return status;
}

ba_status bai_dataset_add_csv(ba_dataset *dataset, const char *path, const bai_columns *columns, int32_t part) {
  table t = {.dataset = dataset, .context = dataset->context, .part = part};
  ba_status status = bai_delimited_open(t.context, path, &t.text);
  if (!status) status = read_rows(&t, columns, INT64_MAX);
  if (status == BA_END) status = BA_OK;
  if (status) bai_fail_prefix(t.context, status, path);
  bai_delimited_close(&t.text);
  return status;
}

/* ---- batches ---- */

struct ba_feed {
  table table;
  bai_columns columns;
  int32_t broken; /* a row could not be read: what follows it would not be the next one */
};

ba_status ba_feed_open(ba_context *context, const char *path, const char *options, ba_feed **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_columns columns = {"", "", "", "", "", "", "", ""};
  const bai_option accepted[] = {BAI_COLUMN_OPTIONS(columns), {NULL, 0, NULL, 0, 0, NULL}};
  ba_feed *feed = NULL;
  if (out) *out = NULL;
  if (!path || !out) status = bai_fail(context, BA_ERR_ARGUMENT, "feed: expected a path and a place for the result");
  if (!status) status = bai_options_parse(context, options, accepted);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *feed, &feed);
  if (!status) {
    feed->table.context = bai_context_retain(context);
    feed->columns = columns;
    status = bai_delimited_open(context, path, &feed->table.text);
    if (status) bai_fail_prefix(context, status, path);
  }
  if (!status) *out = feed;
  status = bai_leave(context, status);
  if (status) ba_feed_close(feed);
  return status;
}

ba_status ba_feed_next(ba_feed *feed, int64_t most, ba_dataset **out) {
  if (!feed) return BA_ERR_ARGUMENT;
  ba_context *context = feed->table.context;
  ba_dataset *dataset = NULL;
  if (out) *out = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = bai_enter(context);
  if (status) {
    ba_dataset_destroy(dataset);
    return status;
  }
  if (!out || most < 1) status = bai_fail(context, BA_ERR_ARGUMENT, "feed: expected a place for 1 row or more");
  if (!status && feed->broken)
    status = bai_fail(context, BA_ERR_TABLE, "feed: a row before this one could not be read");
  if (!status) {
    feed->table.dataset = dataset;
    status = read_rows(&feed->table, &feed->columns, most);
    feed->broken = status && status != BA_END;
    if (status == BA_END && dataset->rows + dataset->left_out > 0) status = BA_OK;
  }
  status = bai_leave(context, status);
  if (status)
    ba_dataset_destroy(dataset);
  else
    *out = dataset;
  return status;
}

void ba_feed_close(ba_feed *feed) {
  if (!feed) return;
  ba_context *context = feed->table.context;
  bai_delimited_close(&feed->table.text);
  bai_free(context, feed);
  bai_context_release(context);
}
