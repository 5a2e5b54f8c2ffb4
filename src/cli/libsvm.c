/* SPDX-License-Identifier: MIT
 *
 * libsvm.c: sparse rows from files of the kind that libsvm and LIBLINEAR read: a label, then index:value for each
 * number, indices from 1 and rising; a # begins a comment. Plain or gzip.
 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"

typedef struct reading {
  cli *c;
  const char *path;
  int64_t *starts;
  uint32_t *columns;
  double *values;
  char **labels;
  int64_t rows, row_room, count, room;
} reading;

static int bad(const reading *r, const char *expected, const char *found) {
  return cli_error(r->c, CLI_INPUT, "%s: record %lld: expected %s, found \"%.40s\"", r->path, (long long)r->rows + 1,
                   expected, found);
}

static void add_number(reading *r, uint32_t column, double value) {
  if (r->count == r->room) {
    r->room = 2 * r->room + 1024;
    r->columns = cli_resize(r->columns, sizeof *r->columns * (size_t)r->room);
    r->values = cli_resize(r->values, sizeof *r->values * (size_t)r->room);
  }
  r->columns[r->count] = column;
  r->values[r->count++] = value;
}

static int take_number(reading *r, char *token, int64_t *last) {
  char *colon = strchr(token, ':'), *end = NULL;
  int64_t index = 0;
  if (colon == NULL || colon[1] == '\0') return bad(r, "index:value", token);
  *colon = '\0';
  if (!cli_integer(token, &index) || index < 1 || index >= INT32_MAX || index <= *last) {
    *colon = ':';
    return bad(r, "an index of 1 or more, larger than the one before", token);
  }
  *last = index;
  const double value = strtod(colon + 1, &end);
  if (*end != '\0') return bad(r, "a number behind the colon", colon + 1);
  if (value != 0.0) add_number(r, (uint32_t)(index - 1), value);
  return CLI_DONE;
}

static int take_line(void *job, char *line) {
  reading *r = job;
  char *rest = NULL, *comment = strchr(line, '#');
  if (comment != NULL) *comment = '\0';
  char *label = strtok_r(line, " \t\r\n", &rest);
  if (label == NULL) return CLI_DONE;
  if (strchr(label, ':') != NULL) return bad(r, "a label first", label);
  if (label[0] == '>' || label[0] == '@') return bad(r, "a label and index:value, not sequences", label);
  int64_t last = 0;
  int code = CLI_DONE;
  for (char *token; code == CLI_DONE && (token = strtok_r(NULL, " \t\r\n", &rest)) != NULL;)
    code = take_number(r, token, &last);
  if (code != CLI_DONE) return code;
  if (r->rows + 2 > r->row_room) {
    r->row_room = 2 * r->row_room + 1024;
    r->starts = cli_resize(r->starts, sizeof *r->starts * (size_t)r->row_room);
    r->labels = cli_resize(r->labels, sizeof *r->labels * (size_t)r->row_room);
    r->starts[0] = 0;
  }
  r->labels[r->rows] = cli_allocate(strlen(label) + 1);
  memcpy(r->labels[r->rows], label[0] == '+' ? label + 1 : label, strlen(label) + (label[0] == '+' ? 0 : 1));
  r->starts[++r->rows] = r->count;
  return CLI_DONE;
}

static ba_status make_array(cli *c, int32_t dtype, int64_t n, const void *data, size_t bytes, ba_array **out) {
  const ba_status status = ba_array_create(c->context, dtype, 1, &n, out);
  if (status == BA_OK && bytes > 0) memcpy(ba_array_data_mut(*out), data, bytes);
  return status;
}

int cli_libsvm_read(cli *c, const char *path, cli_libsvm *out) {
  reading r = {.c = c, .path = path};
  memset(out, 0, sizeof *out);
  int code = cli_each_line(c, path, take_line, &r);
  if (code == CLI_DONE && r.rows == 0) code = cli_error(c, CLI_INPUT, "%s: there are no rows", path);
  if (code == CLI_DONE) {
    ba_status status =
        make_array(c, BA_INT64, r.rows + 1, r.starts, sizeof *r.starts * (size_t)(r.rows + 1), &out->starts);
    if (status == BA_OK)
      status = make_array(c, BA_UINT32, r.count, r.columns, sizeof *r.columns * (size_t)r.count, &out->columns);
    if (status == BA_OK)
      status = make_array(c, BA_FLOAT64, r.count, r.values, sizeof *r.values * (size_t)r.count, &out->values);
    if (status != BA_OK) code = cli_fail_in(c, status, path);
  }
  free(r.starts);
  free(r.columns);
  free(r.values);
  out->labels = r.labels;
  out->rows = r.rows;
  if (code != CLI_DONE) cli_libsvm_free(out);
  return code;
}

void cli_libsvm_free(cli_libsvm *rows) {
  for (int64_t i = 0; i < rows->rows; i++) free(rows->labels[i]);
  free(rows->labels);
  ba_array_release(rows->starts);
  ba_array_release(rows->columns);
  ba_array_release(rows->values);
  memset(rows, 0, sizeof *rows);
}
