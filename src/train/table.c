/* SPDX-License-Identifier: MIT
 *
 * table.c: labelled sequences from a CSV or TSV file, plain or gzip, in one streaming pass.
 */
#include <string.h>

#include "array/csv.h"
#include "seq/inflate.h"
#include "seq/source.h"
#include "train/dataset.h"

enum { SEQUENCE, LABEL, NAME, WEIGHT, GROUP, SPLIT, TIME, OFFSET, ROLES };
static const char *const role_names[ROLES] = {"sequence", "label", "name", "weight",
                                              "group",    "split", "time", "offset"};

typedef struct table {
  ba_dataset *dataset;
  ba_context *context;
  bai_source *source;
  bai_inflate *inflate; /* NULL for plain text */
  bai_csv csv;
  int64_t column[ROLES]; /* -1 when there is none */
  int64_t fields;
  int32_t part;
} table;

/* A window of plain text: the source's own, or what inflate makes of it. */
static bai_window *window_of(table *t) {
  return t->inflate ? bai_inflate_window(t->inflate) : &t->source->window;
}

static ba_status refill(table *t) {
  if (!t->inflate) return t->source->refill(t->source, t->context);
  ba_status status = bai_inflate_refill(t->inflate, t->context, t->source);
  int64_t byte = 0;
  const char *problem = status ? bai_inflate_problem(t->inflate, &byte) : NULL;
  if (problem)
    return bai_fail_at(t->context, status, t->csv.row, t->csv.byte, "%s (compressed byte %lld)", problem,
                       (long long)byte);
  return status;
}

static ba_status open_text(table *t, const char *path) {
  int32_t descriptor = 0;
  const int32_t standard = strcmp(path, "-") == 0;
  ba_status status = standard ? BA_OK : bai_file_open(t->context, path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(t->context, descriptor, standard, &t->source);
  if (status) {
    if (!standard) bai_file_close(descriptor);
    return status;
  }
  while (!status && t->source->window.at == t->source->window.end && !t->source->window.ended)
    status = t->source->refill(t->source, t->context);
  const bai_window *window = &t->source->window;
  /* No text starts with this byte: it is the first of gzip. */
  if (!status && window->at < window->end && *window->at == 0x1f) {
    status = bai_inflate_open(t->context, BAI_INFLATER_AUTO, t->context->threads, &t->inflate);
  }
  return status;
}

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
  t->fields = bai_csv_fields(&t->csv);
  for (int32_t role = 0; role < ROLES; role++) {
    const int32_t given = asked[role][0] != 0;
    const char *name = given ? asked[role] : role_names[role];
    int64_t number;
    /* Times and offsets are read only when asked for: many tables have columns of these names with another meaning. */
    t->column[role] = (role == TIME || role == OFFSET) && !given ? -1 : find_column(&t->csv, name);
    if (t->column[role] < 0 && given && bai_parse_i64(name, bai_length(name), &number) && number >= 1 &&
        number <= t->fields)
      t->column[role] = number - 1;
    if (t->column[role] >= 0 || (!given && role != SEQUENCE && role != LABEL)) continue;
    char header[300];
    int64_t n = 0;
    header[0] = 0;
    for (int64_t i = 0; i < t->fields && n < 200; i++) {
      int64_t length;
      const char *field = bai_csv_field(&t->csv, i, &length);
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
  return bai_fail_at(t->context, status, t->csv.row, t->csv.row_byte, "%s, found \"%.*s\"", what,
                     length < 60 ? (int)length : 60, field);
}

static ba_status read_weight(const table *t, bai_new_row *row) {
  int64_t length;
  row->weight = 1.0;
  if (t->column[WEIGHT] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->csv, t->column[WEIGHT], &length);
  if (!bai_parse_f64(field, length, &row->weight) || !(row->weight >= 0.0) || row->weight > 1e300)
    return bad_field(t, BA_ERR_LABEL, "expected a weight of 0 or more", field, length);
  return BA_OK;
}

static ba_status read_part(const table *t, bai_new_row *row) {
  static const char *const words[] = {"train", "dev", "test"};
  int64_t length;
  row->part = t->part;
  if (t->column[SPLIT] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->csv, t->column[SPLIT], &length);
  for (int32_t i = 0; i < 3; i++) {
    if (length != bai_length(words[i]) || memcmp(field, words[i], (size_t)length) != 0) continue;
    row->part = i;
    return BA_OK;
  }
  return bad_field(t, BA_ERR_LABEL, "expected a split of train, dev or test", field, length);
}

static ba_status read_time(const table *t, bai_new_row *row, double *time) {
  int64_t length;
  if (t->column[TIME] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->csv, t->column[TIME], &length);
  if (!bai_parse_time(field, length, time))
    return bad_field(t, BA_ERR_LABEL, "expected a time: a number, or a date such as 2024-05-31 or 2024-05-31T12:00:00Z",
                     field, length);
  row->time = time;
  return BA_OK;
}

static ba_status read_offset(const table *t, bai_new_row *row, double *offset) {
  int64_t length;
  if (t->column[OFFSET] < 0) return BA_OK;
  const char *field = bai_csv_field(&t->csv, t->column[OFFSET], &length);
  if (!bai_parse_f64(field, length, offset) || !(*offset - *offset == 0.0))
    return bad_field(t, BA_ERR_LABEL, "expected an offset: a finite number", field, length);
  row->offset = offset;
  return BA_OK;
}

/* Letters may have spaces around them (as in some published tables), not inside. */
static ba_status read_letters(const table *t, bai_new_row *row) {
  row->letters = bai_csv_field(&t->csv, t->column[SEQUENCE], &row->letters_length);
  while (row->letters_length && (row->letters[0] == ' ' || row->letters[0] == '\t')) {
    row->letters++;
    row->letters_length--;
  }
  while (row->letters_length && row->letters[row->letters_length - 1] == ' ') row->letters_length--;
  for (int64_t i = 0; i < row->letters_length; i++) {
    const char c = row->letters[i];
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '*' || c == '-' || c == '.') continue;
    return bai_fail_at(t->context, BA_ERR_TABLE, t->csv.row, t->csv.row_byte,
                       "letter %lld of the sequence is \"%c\"; expected A-Z, a-z, '*', '-' or '.'", (long long)(i + 1),
                       c);
  }
  return BA_OK;
}

static ba_status add_row(table *t) {
  bai_new_row row = {0};
  double time, offset;
  if (bai_csv_fields(&t->csv) != t->fields)
    return bai_fail_at(t->context, BA_ERR_TABLE, t->csv.row, t->csv.row_byte,
                       "%lld fields; expected %lld, as in the "
                       "header",
                       (long long)bai_csv_fields(&t->csv), (long long)t->fields);
  ba_status status = read_letters(t, &row);
  if (!status) status = read_weight(t, &row);
  if (!status) status = read_part(t, &row);
  if (!status) status = read_time(t, &row, &time);
  if (!status) status = read_offset(t, &row, &offset);
  if (status) return status;
  row.label = bai_csv_field(&t->csv, t->column[LABEL], &row.label_length);
  row.name = "";
  if (t->column[NAME] >= 0) row.name = bai_csv_field(&t->csv, t->column[NAME], &row.name_length);
  if (t->column[GROUP] >= 0) row.group = bai_csv_field(&t->csv, t->column[GROUP], &row.group_length);
  if (row.label_length == 0) return bad_field(t, BA_ERR_LABEL, "expected a label", "", 0);
  if (memchr(row.label, 0, (size_t)row.label_length))
    return bad_field(t, BA_ERR_LABEL, "expected a label without a zero byte", row.label, row.label_length);
  if (!bai_is_class_name(row.label, row.label_length))
    return bad_field(t, BA_ERR_LABEL, "expected a label without control bytes", row.label, row.label_length);
  return bai_dataset_add_row(t->dataset, &row);
}

/* Files from some spreadsheets start with a byte order mark; the first name may be in quotes behind it. */
static void skip_mark(table *t, bai_window *window) {
  if (t->csv.byte || window->end - window->at < 3 || memcmp(window->at, "\xef\xbb\xbf", 3) != 0) return;
  window->at += 3;
  t->csv.byte = 3;
}

static ba_status read_rows(table *t, const bai_columns *columns) {
  for (int64_t turn = 0;; turn++) {
    bai_window *window = window_of(t);
    int32_t complete;
    skip_mark(t, window);
    ba_status status = bai_csv_take(t->context, &t->csv, &window->at, window->end, window->ended, &complete);
    if (status) return status;
    if (complete) {
      status = t->csv.row == 1 ? name_columns(t, columns) : add_row(t);
    } else {
      if (window->ended) break;
      status = refill(t);
      if (!status) status = bai_check_cancel(t->context);
    }
    if (status) return status;
  }
  if (t->csv.row == 0) return bai_fail(t->context, BA_ERR_TABLE, "the table is empty; expected a header");
  return BA_OK;
}

ba_status bai_dataset_add_table(ba_dataset *dataset, const char *path, const bai_columns *columns, int32_t part) {
  table t;
  memset(&t, 0, sizeof t);
  t.dataset = dataset;
  t.context = dataset->context;
  t.part = part;
  ba_status status = open_text(&t, path);
  if (!status) {
    status = read_rows(&t, columns);
    if (status) bai_fail_prefix(t.context, status, path);
  }
  bai_csv_free(t.context, &t.csv);
  bai_inflate_close(t.inflate, t.context);
  if (t.source) t.source->close(t.source, t.context);
  return status;
}
