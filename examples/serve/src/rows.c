/* SPDX-License-Identifier: MIT
 *
 * rows.c: CSV and JSON in the body of a request: rows of a table, and sequences by name.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "worker.h"

static const char SHAPES[] =
    "send {\"sequences\": [\"ACGT\", {\"name\": \"a\", \"sequence\": \"ACGT\"}]}, or {\"rows\": [{\"column\": 1.5}]} "
    "for a model of tables";

static bool no_memory(problem *p) {
  return problem_set(p, 503, "BA_ERR_MEMORY", "try again later", "the server is out of memory");
}

/* ---- JSON: sequences ---- */

static bool score_sequences(worker *w, const json_t *list, problem *p) {
  const size_t count = json_array_size(list);
  int64_t *offsets = calloc(count + 1, sizeof *offsets);
  const char **names = calloc(count + 1, sizeof *names);
  char *numbers = calloc(count + 1, 24);
  bool done = offsets != NULL && names != NULL && numbers != NULL;
  if (!done) no_memory(p);
  text_clear(&w->bytes);
  for (size_t i = 0; done && i < count; i++) {
    const json_t *item = json_array_get(list, i),
                 *letters = json_is_object(item) ? json_object_get(item, "sequence") : item;
    snprintf(numbers + 24 * i, 24, "%zu", i + 1);
    const char *name = json_string_value(json_object_get(item, "name"));
    names[i] = name != NULL ? name : numbers + 24 * i;
    if (json_is_string(letters))
      text_put(&w->bytes, json_string_value(letters), json_string_length(letters));
    else
      done = problem_set(p, 400, "sequence_expected", SHAPES, "record %zu has no text of letters", i + 1);
    offsets[i + 1] = (int64_t)w->bytes.length;
  }
  if (done && w->bytes.failed) done = no_memory(p);
  ba_records *records = NULL;
  const ba_status status =
      done ? ba_records_wrap(w->context, w->bytes.bytes, offsets, (int64_t)count, NULL, NULL, &records) : BA_END;
  if (done)
    done = status == BA_OK ? worker_score_records(w, records, names, 0, p)
                           : problem_from_library(p, w->context, status, 0);
  ba_records_release(records);
  free(offsets);
  free(names);
  free(numbers);
  return done;
}

/* ---- JSON: rows ---- */

/* The value of a column in a row, which is an object, or an array in the order of the model's inputs. */
static const json_t *value_at(const json_t *rows, size_t row, const char *column, int64_t input) {
  const json_t *item = json_array_get(rows, row);
  const json_t *value =
      json_is_array(item) ? (input >= 0 ? json_array_get(item, (size_t)input) : NULL) : json_object_get(item, column);
  return json_is_null(value) ? NULL : value;
}

static ba_status add_texts(ba_table *table, const json_t *rows, const char *column, int64_t input,
                           const uint8_t *validity) {
  const size_t count = json_array_size(rows);
  int64_t *offsets = calloc(count + 1, sizeof *offsets);
  text bytes = {0};
  for (size_t i = 0; offsets != NULL && i < count; i++) {
    const json_t *value = value_at(rows, i, column, input);
    if (json_is_string(value)) text_put(&bytes, json_string_value(value), json_string_length(value));
    if (json_is_integer(value)) text_print(&bytes, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value)) text_print(&bytes, "%.17g", json_real_value(value));
    if (json_is_boolean(value)) text_word(&bytes, json_is_true(value) ? "true" : "false");
    offsets[i + 1] = (int64_t)bytes.length;
  }
  const ba_status status = offsets != NULL && !bytes.failed
                               ? ba_table_add_text(table, column, bytes.bytes, offsets, validity)
                               : BA_ERR_MEMORY;
  text_free(&bytes);
  free(offsets);
  return status;
}

static ba_status add_numbers(worker *w, ba_table *table, const json_t *rows, const char *column, int64_t input,
                             const uint8_t *validity) {
  const int64_t count = (int64_t)json_array_size(rows);
  ba_array *array = NULL;
  ba_status status = ba_array_create(w->context, BA_FLOAT64, 1, &count, &array);
  if (status != BA_OK) return status;
  double *data = ba_array_data_mut(array);
  for (int64_t i = 0; i < count; i++) {
    const json_t *value = value_at(rows, (size_t)i, column, input);
    data[i] = value == NULL ? NAN : json_is_number(value) ? json_number_value(value) : json_is_true(value);
  }
  status = ba_table_add_array(table, column, array, validity);
  ba_array_release(array);
  return status;
}

/* A column that no row has is left out, so that the library names it. */
static bool add_column(worker *w, ba_table *table, const json_t *rows, const char *column, int64_t input, problem *p) {
  const size_t count = json_array_size(rows);
  size_t found = 0, texts = 0;
  if (ba_table_find(table, column) >= 0) return true;
  uint8_t *validity = calloc(count / 8 + 1, 1);
  if (validity == NULL) return no_memory(p);
  for (size_t i = 0; i < count; i++) {
    const json_t *value = value_at(rows, i, column, input);
    if (json_is_object(value) || json_is_array(value)) {
      free(validity);
      return problem_set(p, 400, "value_expected", SHAPES, "record %zu: \"%s\" is no number, text, true, false or null",
                         i + 1, column);
    }
    found += value != NULL;
    texts += json_is_string(value);
    if (value != NULL) validity[i / 8] |= (uint8_t)(1u << (i % 8));
  }
  const ba_status status = found == 0   ? BA_OK
                           : texts == 0 ? add_numbers(w, table, rows, column, input, validity)
                                        : add_texts(table, rows, column, input, validity);
  free(validity);
  return status == BA_OK || problem_from_library(p, w->context, status, 0);
}

/* `group` and `time` of a model that looks back, as options of ba_scorer_predict_table. */
static bool row_options(const json_t *body, char *options, size_t room, problem *p) {
  static const char *const keys[] = {"group", "time"};
  size_t used = 0;
  options[0] = '\0';
  for (size_t i = 0; i < 2; i++) {
    const char *column = json_string_value(json_object_get(body, keys[i]));
    if (column == NULL) continue;
    if (strpbrk(column, ",\"\\") != NULL || strlen(column) > 200)
      return problem_set(p, 400, "bad_column", NULL, "%s: no name of a column", keys[i]);
    used += (size_t)snprintf(options + used, room - used, "%s%s=%s", used > 0 ? ", " : "", keys[i], column);
  }
  return true;
}

static bool check_rows(const worker *w, const json_t *rows, problem *p) {
  for (size_t i = 0; i < json_array_size(rows); i++) {
    const json_t *row = json_array_get(rows, i);
    if (!json_is_array(row) && !json_is_object(row))
      return problem_set(p, 400, "row_expected", SHAPES, "record %zu is no row; the model %s reads %lld columns", i + 1,
                         w->by->name, (long long)w->by->inputs);
    if (json_is_array(row) && (int64_t)json_array_size(row) != w->by->inputs)
      return problem_set(p, 400, "row_expected", "GET /healthz lists the columns in their order",
                         "record %zu has %zu values; the model %s reads %lld columns", i + 1, json_array_size(row),
                         w->by->name, (long long)w->by->inputs);
  }
  return true;
}

static bool score_rows(worker *w, const json_t *body, const json_t *rows, problem *p) {
  static const char *const beside[] = {"group", "time"};
  char options[512];
  ba_table *table = NULL;
  if (!check_rows(w, rows, p) || !row_options(body, options, sizeof options, p)) return false;
  const ba_status status = ba_table_create(w->context, (int64_t)json_array_size(rows), &table);
  bool done = status == BA_OK || problem_from_library(p, w->context, status, 0);
  for (int64_t i = 0; done && i < w->by->inputs; i++)
    done = add_column(w, table, rows, ba_model_input_name(w->by->model, i), i, p);
  for (size_t i = 0; done && i < 2; i++) {
    const char *column = json_string_value(json_object_get(body, beside[i]));
    if (column != NULL) done = add_column(w, table, rows, column, -1, p);
  }
  if (done) done = add_column(w, table, rows, "name", -1, p);
  if (done) done = worker_score_table(w, table, options, p);
  ba_table_release(table);
  return done;
}

/* What holds the records: one of these keys, or the body itself. */
static json_t *list_in(json_t *body) {
  static const char *const keys[] = {"sequences", "rows", "instances", "records"};
  for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
    json_t *list = json_object_get(body, keys[i]);
    if (json_is_array(list)) return json_incref(list);
  }
  if (json_is_array(body)) return json_incref(body);
  return json_is_string(body) || json_is_object(body) ? json_pack("[O]", body) : NULL;
}

bool worker_score_json(worker *w, json_t *body, problem *p) {
  json_t *list = list_in(body);
  if (list == NULL) return problem_set(p, 400, "records_expected", SHAPES, "the JSON holds no records");
  const bool done = w->by->inputs > 0 ? score_rows(w, body, list, p) : score_sequences(w, list, p);
  json_decref(list);
  return done;
}

/* ---- CSV ---- */

/* The library reads CSV from a file, so the body becomes one that has no name on any disk. Rows of numbers without a
 * header get the model's columns as one. */
static int in_memory(const worker *w, const text *body) {
  const int file = memfd_create("body", MFD_CLOEXEC);
  if (file < 0) return -1;
  const bool bare = strchr("0123456789+-.", body->bytes[0]) != NULL;
  text header = {0};
  for (int64_t i = 0; bare && i < w->by->inputs; i++)
    text_print(&header, "%s\"%s\"", i > 0 ? "," : "", ba_model_input_name(w->by->model, i));
  text_put(&header, "\n", bare);
  bool written = !header.failed;
  if (bare) written = written && write(file, header.bytes, header.length) == (ssize_t)header.length;
  for (size_t at = 0; written && at < body->length;) {
    const ssize_t step = write(file, body->bytes + at, body->length - at);
    written = step > 0;
    if (written) at += (size_t)step;
  }
  text_free(&header);
  if (written) return file;
  close(file);
  return -1;
}

/* A model of sequences takes the column `sequence` of a table, and `name` where there is one. */
static bool sequences_of(worker *w, const ba_table *table, problem *p) {
  const int64_t letters = ba_table_find(table, "sequence"), names = ba_table_find(table, "name");
  if (letters < 0)
    return problem_set(p, 400, "sequence_expected", "name the column in the first line: name,sequence",
                       "there is no column \"sequence\"");
  json_t *list = json_array();
  for (int64_t i = 0; i < ba_table_rows(table); i++) {
    int64_t length, name_length;
    const char *sequence = ba_table_text(table, letters, i, &length),
               *name = ba_table_text(table, names, i, &name_length);
    json_t *item = json_object();
    json_object_set_new(item, "sequence", json_stringn(sequence != NULL ? sequence : "", (size_t)length));
    if (name != NULL) json_object_set_new(item, "name", json_stringn(name, (size_t)name_length));
    json_array_append_new(list, item);
  }
  const bool done = score_sequences(w, list, p);
  json_decref(list);
  return done;
}

static bool score_table_file(worker *w, const char *path, problem *p) {
  ba_table_reader *reader = NULL;
  ba_table *table = NULL;
  ba_status status = ba_table_reader_open(w->context, path, &reader);
  if (status == BA_OK) status = ba_table_reader_next(reader, INT64_MAX, &table);
  bool done = status == BA_OK || status == BA_END;
  if (!done) problem_from_library(p, w->context, status, 0);
  if (status == BA_OK) done = w->by->inputs > 0 ? worker_score_table(w, table, "", p) : sequences_of(w, table, p);
  ba_table_release(table);
  ba_table_reader_close(reader);
  return done;
}

bool worker_score_csv(worker *w, const text *body, problem *p) {
  char path[40];
  if (body->length == 0) return true;
  const int file = in_memory(w, body);
  if (file < 0) return no_memory(p);
  snprintf(path, sizeof path, "/proc/self/fd/%d", file);
  const bool done = score_table_file(w, path, p);
  close(file);
  return done;
}
