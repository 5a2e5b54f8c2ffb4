/* SPDX-License-Identifier: MIT
 *
 * tables.c: tables of numbers and texts from files: CSV and TSV by the library, JSON lines by cJSON.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* ---- JSON lines ---- */

/* Values of a column so far: numbers until a text comes, then texts too. */
typedef struct column {
  char *name;
  cJSON **values; /* one a row; NULL: the row has none */
  int64_t room;
} column;

typedef struct lines {
  cli *c;
  const char *path;
  column *columns;
  int32_t count;
  int64_t rows;
  cJSON **objects; /* that own the values */
  int64_t room;
} lines;

static column *column_of(lines *l, const char *name) {
  for (int32_t i = 0; i < l->count; i++)
    if (strcmp(l->columns[i].name, name) == 0) return &l->columns[i];
  l->columns = cli_resize(l->columns, sizeof *l->columns * (size_t)(l->count + 1));
  column *made = &l->columns[l->count++];
  *made = (column){.name = cli_allocate(strlen(name) + 1)};
  memcpy(made->name, name, strlen(name) + 1);
  return made;
}

static void put_value(lines *l, cJSON *value) {
  column *to = column_of(l, value->string);
  if (to->room <= l->rows) {
    const int64_t room = 2 * l->rows + 64;
    to->values = cli_resize(to->values, sizeof *to->values * (size_t)room);
    memset(to->values + to->room, 0, sizeof *to->values * (size_t)(room - to->room));
    to->room = room;
  }
  to->values[l->rows] = cJSON_IsNull(value) ? NULL : value;
}

/* One object a line, its values numbers, texts, true, false or null. */
static int take_line(void *job, char *line) {
  lines *l = job;
  if (line[strspn(line, " \t\r\n")] == '\0') return CLI_DONE;
  const char *end = NULL;
  cJSON *object = cJSON_ParseWithOpts(line, &end, false);
  const bool whole = cJSON_IsObject(object) && end[strspn(end, " \t\r\n")] == '\0';
  cJSON *value = NULL;
  if (!whole) {
    cJSON_Delete(object);
    return cli_error(l->c, CLI_INPUT, "%s: record %lld: expected one JSON object on the line", l->path,
                     (long long)l->rows + 1);
  }
  if (l->rows == l->room) {
    l->room = 2 * l->room + 64;
    l->objects = cli_resize(l->objects, sizeof *l->objects * (size_t)l->room);
  }
  l->objects[l->rows] = object;
  cJSON_ArrayForEach(value, object) {
    if (cJSON_IsArray(value) || cJSON_IsObject(value)) {
      const int code = cli_error(l->c, CLI_INPUT, "%s: record %lld: \"%s\" is no number, text, true, false or null",
                                 l->path, (long long)l->rows + 1, value->string);
      l->rows++;
      return code;
    }
    put_value(l, value);
  }
  l->rows++;
  return CLI_DONE;
}

static const cJSON *value_at(const column *from, int64_t row) {
  return row < from->room ? from->values[row] : NULL;
}

static bool has_texts(const column *from, int64_t rows) {
  for (int64_t i = 0; i < rows; i++)
    if (cJSON_IsString(value_at(from, i))) return true;
  return false;
}

static ba_status add_numbers(lines *l, const column *from, const uint8_t *validity, ba_table *table) {
  ba_array *array = NULL;
  ba_status status = ba_array_create(l->c->context, BA_FLOAT64, 1, &l->rows, &array);
  if (status != BA_OK) return status;
  double *data = ba_array_data_mut(array);
  for (int64_t i = 0; i < l->rows; i++) {
    const cJSON *value = value_at(from, i);
    data[i] = value == NULL ? NAN : cJSON_IsNumber(value) ? value->valuedouble : cJSON_IsTrue(value);
  }
  status = ba_table_add_array(table, from->name, array, validity);
  ba_array_release(array);
  return status;
}

static ba_status add_texts(lines *l, const column *from, const uint8_t *validity, ba_table *table) {
  int64_t *offsets = cli_allocate(sizeof *offsets * (size_t)(l->rows + 1));
  char *bytes = NULL;
  size_t room = 0, used = 0;
  offsets[0] = 0;
  for (int64_t i = 0; i < l->rows; i++) {
    const cJSON *value = value_at(from, i);
    char number[40] = "";
    if (cJSON_IsNumber(value)) snprintf(number, sizeof number, "%.17g", value->valuedouble);
    if (cJSON_IsBool(value)) snprintf(number, sizeof number, "%s", cJSON_IsTrue(value) ? "true" : "false");
    const char *text = cJSON_IsString(value) ? value->valuestring : number;
    const size_t length = strlen(text);
    if (used + length + 1 > room) bytes = cli_resize(bytes, room = 2 * (room + length) + 64);
    memcpy(bytes + used, text, length);
    used += length;
    offsets[i + 1] = (int64_t)used;
  }
  const ba_status status = ba_table_add_text(table, from->name, bytes, offsets, validity);
  free(bytes);
  free(offsets);
  return status;
}

static int make_table(lines *l, ba_table **out) {
  ba_status status = ba_table_create(l->c->context, l->rows, out);
  uint8_t *validity = cli_allocate((size_t)(l->rows / 8 + 1));
  for (int32_t i = 0; status == BA_OK && i < l->count; i++) {
    memset(validity, 0, (size_t)(l->rows / 8 + 1));
    for (int64_t row = 0; row < l->rows; row++)
      if (value_at(&l->columns[i], row) != NULL) validity[row / 8] |= (uint8_t)(1u << (row % 8));
    status = (has_texts(&l->columns[i], l->rows) ? add_texts : add_numbers)(l, &l->columns[i], validity, *out);
  }
  free(validity);
  return status == BA_OK ? CLI_DONE : cli_fail_in(l->c, status, l->path);
}

static int read_lines(cli *c, const char *path, ba_table **out) {
  lines l = {.c = c, .path = path};
  int code = cli_each_line(c, path, take_line, &l);
  if (code == CLI_DONE) code = make_table(&l, out);
  for (int32_t i = 0; i < l.count; i++) {
    free(l.columns[i].name);
    free(l.columns[i].values);
  }
  for (int64_t i = 0; i < l.rows; i++) cJSON_Delete(l.objects[i]);
  free(l.columns);
  free(l.objects);
  if (code != CLI_DONE) {
    ba_table_release(*out);
    *out = NULL;
  }
  return code;
}

/* ---- any table ---- */

static bool ends_in(const char *path, const char *ending) {
  const size_t n = strlen(path), m = strlen(ending);
  return n >= m && strcmp(path + n - m, ending) == 0;
}

bool cli_table_is_lines(const char *path) {
  static const char *const endings[] = {".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz", ".json", ".json.gz"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
    if (ends_in(path, endings[i])) return true;
  return false;
}

int cli_table_read(cli *c, const char *path, ba_table **out) {
  *out = NULL;
  cli_progress(c, "reading %s", path);
  if (cli_table_is_lines(path)) return read_lines(c, path, out);
  const ba_status status = ba_table_read(c->context, path, out);
  return status == BA_OK ? CLI_DONE : cli_fail_in(c, status, path);
}
