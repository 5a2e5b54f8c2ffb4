/* SPDX-License-Identifier: MIT
 *
 * series_detect.c: tests for a change of the mean, row by row.
 */
#include <math.h>
#include <string.h>

#include "features/series.h"

/* ---- CUSUM: window, drift, threshold. Page 1954 ---- */

enum { MEAN, SQUARES, UP, DOWN };

static int64_t size_of_cusum(const bai_series_term *t) {
  (void)t;
  return 4;
}

static double above_zero(double x) {
  return x > 0.0 ? x : 0.0;
}

static void update_cusum(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double distance = tick->x[0] - state[MEAN], threshold = t->p[2];
  if ((double)tick->n < t->p[0]) {
    state[MEAN] += distance / (double)(tick->n + 1);
    state[SQUARES] += distance * (tick->x[0] - state[MEAN]);
    return;
  }
  const double z = distance / sqrt(state[SQUARES] / t->p[0]);
  if (!(z - z == 0.0)) return; /* the first rows were all equal */
  out[0] = state[UP] = above_zero(state[UP] + z - t->p[1]);
  out[1] = state[DOWN] = above_zero(state[DOWN] - z - t->p[1]);
  out[2] = out[0] > threshold ? 1.0 : out[1] > threshold ? -1.0 : 0.0;
  if (out[2] != 0.0) state[UP] = state[DOWN] = 0.0;
}

/* ---- PageHinkley: window, delta, threshold, alpha. Page 1954, Hinkley 1971 ---- */

enum { COUNT, PH_MEAN, RISE, LEAST, FALL, MOST, PH_SIZE };

static int64_t size_of_page(const bai_series_term *t) {
  (void)t;
  return PH_SIZE;
}

static void update_page(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double x = tick->x[0], delta = t->p[1], kept = t->p[3];
  state[COUNT] += 1.0;
  state[PH_MEAN] += (x - state[PH_MEAN]) / state[COUNT];
  state[RISE] = kept * state[RISE] + (x - state[PH_MEAN] - delta);
  state[FALL] = kept * state[FALL] + (x - state[PH_MEAN] + delta);
  if (state[COUNT] == 1.0 || state[RISE] < state[LEAST]) state[LEAST] = state[RISE];
  if (state[COUNT] == 1.0 || state[FALL] > state[MOST]) state[MOST] = state[FALL];
  out[0] = state[RISE] - state[LEAST];
  out[1] = state[MOST] - state[FALL];
  const int32_t ready = state[COUNT] >= t->p[0];
  out[2] = ready && out[0] > t->p[2] ? 1.0 : ready && out[1] > t->p[2] ? -1.0 : 0.0;
  if (out[2] != 0.0) memset(state, 0, PH_SIZE * sizeof *state);
}

/* ---- ADWIN: delta, clock. Bifet and Gavalda 2007, "Learning from time-changing data with adaptive windowing" ---- */

#define LEVELS 40    /* buckets of 2^0 to 2^39 numbers */
#define MOST_SAME 5  /* buckets of one size; of one more the two oldest become one of twice the size */
#define LEAST_SIDE 5 /* numbers on each side of a cut */
enum { ROWS, SUM, SPREAD, FIRST_LEVEL };

/* A level: how many buckets, then of each, the oldest first, sum and squares about the mean. */
typedef struct level {
  double count;
  double buckets[2 * (MOST_SAME + 1)];
} level;

static int64_t size_of_adwin(const bai_series_term *t) {
  (void)t;
  return FIRST_LEVEL + LEVELS * (int64_t)(sizeof(level) / sizeof(double));
}

static level *level_of(double *state, int32_t i) {
  return (level *)(void *)(state + FIRST_LEVEL) + i;
}

/* Whatever stands there, a number of buckets that a level can have. */
static int32_t count_of(const level *l) {
  return l->count >= 0.0 && l->count <= MOST_SAME + 1 ? (int32_t)l->count : 0;
}

static void push(level *l, double sum, double spread) {
  const int32_t n = count_of(l);
  if (n > MOST_SAME) return;
  l->buckets[2 * n] = sum;
  l->buckets[2 * n + 1] = spread;
  l->count = n + 1;
}

static void drop_oldest(level *l, int32_t n) {
  const int32_t left = count_of(l) - n;
  memmove(l->buckets, l->buckets + 2 * n, (size_t)(2 * left) * sizeof(double));
  l->count = left;
}

static void insert(double *state, double x) {
  double size = 1.0;
  if (state[ROWS] > 0.0) {
    const double distance = x - state[SUM] / state[ROWS];
    state[SPREAD] += state[ROWS] * distance * distance / (state[ROWS] + 1.0);
  }
  state[ROWS] += 1.0;
  state[SUM] += x;
  push(level_of(state, 0), x, 0.0);
  for (int32_t i = 0; i + 1 < LEVELS && count_of(level_of(state, i)) > MOST_SAME; i++, size *= 2.0) {
    level *l = level_of(state, i);
    const double distance = (l->buckets[0] - l->buckets[2]) / size;
    push(level_of(state, i + 1), l->buckets[0] + l->buckets[2],
         l->buckets[1] + l->buckets[3] + distance * distance * size / 2.0);
    drop_oldest(l, 2);
  }
}

/* Drops the oldest bucket of all, which is of the highest level. */
static void shrink(double *state) {
  int32_t i = LEVELS - 1;
  double size = 1.0;
  while (i > 0 && count_of(level_of(state, i)) == 0) i--;
  for (int32_t j = 0; j < i; j++) size *= 2.0;
  level *l = level_of(state, i);
  if (count_of(l) == 0) return;
  const double sum = l->buckets[0], rows = state[ROWS] - size;
  const double distance = sum / size - (state[SUM] - sum) / rows;
  state[SPREAD] = above_zero(state[SPREAD] - l->buckets[1] - size * rows * distance * distance / state[ROWS]);
  state[ROWS] = rows;
  state[SUM] -= sum;
  drop_oldest(l, 1);
}

/* The same for all cuts of a window. */
static double confidence_of(const bai_tick *tick, const double *state, double delta) {
  double log_rows = state[ROWS], confidence;
  tick->kernels->log_f64(&log_rows, &log_rows, 1);
  confidence = 2.0 * log_rows / delta;
  tick->kernels->log_f64(&confidence, &confidence, 1);
  return confidence;
}

/* How far apart the means of two parts may be by chance. */
static double bound(const double *state, double confidence, double before, double after) {
  const double parts = 1.0 / (before - LEAST_SIDE + 1.0) + 1.0 / (after - LEAST_SIDE + 1.0);
  return sqrt(2.0 * parts * state[SPREAD] / state[ROWS] * confidence) + 2.0 / 3.0 * confidence * parts;
}

/* Looks for a cut between two buckets, from the oldest; returns how the mean changes there, or 0 for none. */
static double find_cut(const bai_tick *tick, double *state, double delta) {
  const double confidence = confidence_of(tick, state, delta);
  double before = 0.0, sum = 0.0, size = 1.0;
  for (int32_t i = 1; i < LEVELS; i++) size *= 2.0;
  for (int32_t i = LEVELS - 1; i >= 0; i--, size /= 2.0) {
    const level *l = level_of(state, i);
    for (int32_t b = 0; b < count_of(l); b++) {
      before += size;
      sum += l->buckets[2 * b];
      const double after = state[ROWS] - before;
      if (before < LEAST_SIDE) continue;
      if (after < LEAST_SIDE) return 0.0;
      const double change = (state[SUM] - sum) / after - sum / before;
      if ((change < 0.0 ? -change : change) > bound(state, confidence, before, after)) return change;
    }
  }
  return 0.0;
}

static void update_adwin(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  double alarm = 0.0;
  insert(state, tick->x[0]);
  const int32_t due = (tick->n + 1) % (int64_t)t->p[1] == 0;
  for (int32_t i = 0; due && i < LEVELS * MOST_SAME; i++) {
    const double change = find_cut(tick, state, t->p[0]);
    if (change == 0.0) break;
    if (alarm == 0.0) alarm = change > 0.0 ? 1.0 : -1.0;
    shrink(state);
  }
  out[0] = state[SUM] / state[ROWS];
  out[1] = state[ROWS];
  out[2] = alarm;
}

const bai_series_kind bai_series_detect[] = {
    {.kind = BAI_TERM_CUSUM,
     .outputs = "up|down|alarm",
     .update = update_cusum,
     .size = size_of_cusum,
     .needs_past = 1},
    {.kind = BAI_TERM_PAGE_HINKLEY,
     .outputs = "up|down|alarm",
     .update = update_page,
     .size = size_of_page,
     .needs_past = 1},
    {.kind = BAI_TERM_ADWIN,
     .outputs = "mean|rows|alarm",
     .update = update_adwin,
     .size = size_of_adwin,
     .needs_past = 1},
    {.update = NULL},
};
