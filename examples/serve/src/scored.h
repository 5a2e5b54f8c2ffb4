/* SPDX-License-Identifier: MIT
 *
 * scored.h: what the records of one request got, as `ba predict` would print it.
 */
#ifndef SERVE_SCORED_H
#define SERVE_SCORED_H

#include "number.h"
#include "served.h"
#include "text.h"

typedef struct scored_row {
  size_t name;     /* where its name stands in `names` */
  char digest[65]; /* SHA-256 of its letters, or of its values */
  int32_t best;    /* the most probable class; 0 for a model of numbers */
  double score;    /* the margin; with more than two classes that of `best` */
  char score_text[NUMBER_ROOM];
  char
      probability_text[NUMBER_ROOM]; /* of the second of two classes, else of `best`; of a model of numbers the value */
} scored_row;

typedef struct scored {
  const served *by;
  scored_row *rows;
  double *scores, *probabilities; /* as the scorer writes them: outputs and answers a row */
  int64_t count, room;
  text names; /* each ends with a NUL */
} scored;

/* Empties it for another request, and makes room for rows; false without memory. */
void scored_begin(scored *s, const served *by);
bool scored_reserve(scored *s, int64_t more);
/* Adds the row whose scores and probabilities stand at place `count`. */
void scored_add(scored *s, const char *name, size_t length, const char digest[65]);
const char *scored_name(const scored *s, int64_t row);
/* The class, NULL for a model of numbers. */
const char *scored_class(const scored *s, int64_t row);

/* Counts the rows by their classes, for the metrics. */
void scored_count(const scored *s);
/* One object of JSON; no number stands for NaN, which a row without a past may get, but null. */
void scored_json(const scored *s, int64_t row, text *out);
/* A table with a header, as `ba predict` but with commas; or one object of JSON a line. */
void scored_csv(const scored *s, text *out);
void scored_lines(const scored *s, text *out);
void scored_free(scored *s);

#endif
