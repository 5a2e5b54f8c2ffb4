/* SPDX-License-Identifier: MIT
 *
 * scored.c: what the records of one request got, and how it is written.
 */
#include "scored.h"

#include <stdlib.h>
#include <string.h>

void scored_begin(scored *s, const served *by) {
  s->by = by;
  s->count = 0;
  text_clear(&s->names);
}

bool scored_reserve(scored *s, int64_t more) {
  const size_t outputs = (size_t)s->by->outputs, answers = (size_t)served_answers(s->by);
  /* Another model may have more of them, so the room is asked for anew. */
  const size_t rows = (size_t)(s->count + more > s->room ? s->count + more + s->room / 2 : s->room);
  scored_row *all = realloc(s->rows, rows * sizeof *all);
  if (all != NULL) s->rows = all;
  double *scores = realloc(s->scores, rows * outputs * sizeof *scores);
  if (scores != NULL) s->scores = scores;
  double *probabilities = realloc(s->probabilities, rows * answers * sizeof *probabilities);
  if (probabilities != NULL) s->probabilities = probabilities;
  if (all == NULL || scores == NULL || probabilities == NULL) return false;
  s->room = (int64_t)rows;
  return true;
}

void scored_add(scored *s, const char *name, size_t length, const char digest[65]) {
  const double *probabilities = s->probabilities + s->count * served_answers(s->by);
  const double *scores = s->scores + s->count * s->by->outputs;
  int32_t best = 0;
  for (int32_t i = 1; i < s->by->classes; i++)
    if (probabilities[i] > probabilities[best]) best = i;
  scored_row *row = &s->rows[s->count++];
  row->name = s->names.length;
  row->best = best;
  row->score = scores[s->by->outputs == 1 ? 0 : best];
  memcpy(row->digest, digest, sizeof row->digest);
  number_text(row->score, row->score_text);
  number_text(probabilities[s->by->classes == 2 ? 1 : best], row->probability_text);
  text_clean(&s->names, name, length);
  text_put(&s->names, "", 1);
}

const char *scored_name(const scored *s, int64_t row) {
  return s->names.bytes + s->rows[row].name;
}

const char *scored_class(const scored *s, int64_t row) {
  return s->by->classes > 0 ? ba_model_class_name(s->by->model, s->rows[row].best) : NULL;
}

void scored_count(const scored *s) {
  for (int64_t i = 0; i < s->count; i++) atomic_fetch_add(&s->by->predicted[s->rows[i].best], 1);
}

/* Digits begin with a digit or a sign; nan and inf do not. */
static const char *json_number(const char *digits) {
  const char *first = digits + (digits[0] == '-');
  return *first >= '0' && *first <= '9' ? digits : "null";
}

void scored_json(const scored *s, int64_t row, text *out) {
  const scored_row *of = &s->rows[row];
  const double *probabilities = s->probabilities + row * served_answers(s->by);
  text_word(out, "{\"name\":");
  text_quoted(out, scored_name(s, row));
  text_word(out, s->by->classes == 0 ? ",\"value\":" : ",\"class\":");
  if (s->by->classes > 0) text_word(out, s->by->classes_json[of->best]);
  if (s->by->classes > 0) text_word(out, ",\"probability\":");
  if (s->by->classes <= 2) text_word(out, json_number(of->probability_text));
  for (int32_t i = 0; s->by->classes > 2 && i < s->by->classes; i++) {
    char digits[NUMBER_ROOM];
    number_text(probabilities[i], digits);
    text_print(out, "%s%s:%s", i > 0 ? "," : "{", s->by->classes_json[i], json_number(digits));
  }
  text_word(out, s->by->classes > 2 ? "},\"score\":" : ",\"score\":");
  text_word(out, json_number(of->score_text));
  text_put(out, "}", 1);
}

/* RFC 4180: a field with a comma, a quote or a line end stands in quotes. */
static void csv_field(text *out, const char *field) {
  if (field[strcspn(field, ",\"\r\n")] == '\0') {
    text_word(out, field);
    return;
  }
  text_put(out, "\"", 1);
  for (; *field != '\0'; field++) {
    if (*field == '"') text_put(out, "\"", 1);
    text_put(out, field, 1);
  }
  text_put(out, "\"", 1);
}

void scored_csv(const scored *s, text *out) {
  const int32_t first = s->by->classes == 2 ? 1 : 0;
  text_word(out, s->by->classes == 0 ? "name,value" : s->by->classes == 2 ? "name,class,probability" : "name,class");
  for (int32_t i = 0; s->by->classes > 2 && i < s->by->classes; i++) {
    text_word(out, ",");
    text title = {0};
    text_print(&title, "probability:%s", ba_model_class_name(s->by->model, i));
    if (!title.failed) csv_field(out, title.bytes);
    text_free(&title);
  }
  text_word(out, ",score\n");
  for (int64_t row = 0; row < s->count; row++) {
    csv_field(out, scored_name(s, row));
    if (s->by->classes > 0) {
      text_word(out, ",");
      csv_field(out, scored_class(s, row));
    }
    for (int32_t i = first; i < served_answers(s->by); i++)
      text_print(out, ",%.17g", s->probabilities[row * served_answers(s->by) + i]);
    text_print(out, ",%.17g\n", s->rows[row].score);
  }
}

void scored_lines(const scored *s, text *out) {
  for (int64_t row = 0; row < s->count && !out->failed; row++) {
    scored_json(s, row, out);
    text_put(out, "\n", 1);
  }
}

void scored_free(scored *s) {
  free(s->rows);
  free(s->scores);
  free(s->probabilities);
  text_free(&s->names);
  *s = (scored){0};
}
