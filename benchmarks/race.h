/* SPDX-License-Identifier: MIT
 *
 * race.h: what the benchmarks in C share: two sides that go in turns, CPU time, medians; letters and models to run on.
 */
#ifndef BENCH_RACE_H
#define BENCH_RACE_H

#include <stdint.h>

#include "bioanalytics/bioanalytics.h"

extern ba_context *race_context;

/* Both end the program, with the context's message, where something did not work. */
void race_refuse(const char *what);
void race_check(ba_status status, const char *what);

void *race_allocate(int64_t bytes);
double race_cpu(void);
double race_median(double *values, int32_t count);
uint64_t race_random(void);

/* Sequences of one length, of random letters; every second one is richer in one of two words, so that there is
 * something to learn. */
typedef struct race_texts {
  char *letters;
  int64_t *offsets, count, length;
  ba_records *records;
} race_texts;

race_texts race_make_texts(int64_t count, int64_t length);
void race_free_texts(race_texts *texts);
ba_model *race_train(const race_texts *texts, const char *recipe);

/* A side of a race; one call is long enough to be timed. */
typedef void race_side(void *state);
typedef struct race_times {
  double ours, theirs, ratio; /* medians: CPU seconds, and theirs over ours */
} race_times;

race_times race_run(race_side *ours, race_side *theirs, void *state, int32_t rounds);
/* The median CPU seconds of one side. */
double race_alone(race_side *ours, void *state, int32_t rounds);

/* The library at a path, or NULL for none; and a function of it, which has to be there. */
void *race_open(const char *path);
void race_symbol(void *library, const char *name, void *function);

#endif
