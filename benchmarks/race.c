/* SPDX-License-Identifier: MIT
 *
 * race.c: two sides in turns, and what they run on; see race.h.
 */
#include "race.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_ROUNDS 101

ba_context *race_context;
static uint64_t random_state = UINT64_C(0x9E3779B97F4A7C15);

void race_refuse(const char *what) {
  const char *message = race_context ? ba_context_error_message(race_context) : "";
  fprintf(stderr, "benchmarks: %s: %s\n", what, message);
  exit(1);
}

void race_check(ba_status status, const char *what) {
  if (status != BA_OK) race_refuse(what);
}

void *race_allocate(int64_t bytes) {
  void *room = malloc((size_t)bytes);
  if (!room) race_refuse("no memory");
  return room;
}

double race_cpu(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double race_median(double *values, int32_t count) {
  qsort(values, (size_t)count, sizeof *values, by_size);
  return values[count / 2];
}

uint64_t race_random(void) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state >> 11;
}

race_texts race_make_texts(int64_t count, int64_t length) {
  const char *words[2] = {"TATAAAAG", "CACGTG"};
  race_texts texts = {.count = count, .length = length};
  texts.letters = race_allocate(count * length);
  texts.offsets = race_allocate((count + 1) * 8);
  for (int64_t i = 0; i < count * length; i++) texts.letters[i] = "ACGT"[race_random() & 3];
  for (int64_t i = 0; i <= count; i++) texts.offsets[i] = i * length;
  for (int64_t i = 1; i < count; i += 2)
    for (int32_t w = 0; w < 2; w++) {
      const int64_t size = (int64_t)strlen(words[w]);
      if (size < length)
        memcpy(texts.letters + i * length + (int64_t)(race_random() % (uint64_t)(length - size)), words[w],
               (size_t)size);
    }
  race_check(ba_records_create(race_context, texts.letters, texts.offsets, count, &texts.records), "records");
  return texts;
}

void race_free_texts(race_texts *texts) {
  ba_records_release(texts->records);
  free(texts->letters);
  free(texts->offsets);
}

ba_model *race_train(const race_texts *texts, const char *recipe) {
  const char **labels = race_allocate(texts->count * (int64_t)sizeof *labels);
  ba_dataset *dataset;
  ba_trainer *trainer;
  ba_model *model;
  for (int64_t i = 0; i < texts->count; i++) labels[i] = i % 2 ? "1" : "0";
  race_check(ba_dataset_create(race_context, "", &dataset), recipe);
  race_check(ba_dataset_add_records(dataset, texts->records, labels, NULL, NULL, 0), recipe);
  race_check(ba_trainer_create(race_context, recipe, dataset, "", &trainer), recipe);
  ba_status status;
  while ((status = ba_trainer_step(trainer)) == BA_OK) continue;
  if (status != BA_END) race_refuse(recipe);
  race_check(ba_trainer_finish(trainer, &model), recipe);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  free(labels);
  return model;
}

static double seconds_of(race_side *side, void *state) {
  const double start = race_cpu();
  side(state);
  return race_cpu() - start;
}

race_times race_run(race_side *ours, race_side *theirs, void *state, int32_t rounds) {
  double mine[MOST_ROUNDS], other[MOST_ROUNDS], ratios[MOST_ROUNDS];
  ours(state); /* the first calls of either make room */
  theirs(state);
  for (int32_t i = 0; i < rounds; i++) {
    mine[i] = seconds_of(ours, state);
    other[i] = seconds_of(theirs, state);
    ratios[i] = other[i] / mine[i];
  }
  return (race_times){race_median(mine, rounds), race_median(other, rounds), race_median(ratios, rounds)};
}

double race_alone(race_side *ours, void *state, int32_t rounds) {
  double mine[MOST_ROUNDS];
  ours(state);
  for (int32_t i = 0; i < rounds; i++) mine[i] = seconds_of(ours, state);
  return race_median(mine, rounds);
}

void *race_open(const char *path) {
  return path && path[0] ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
}

void race_symbol(void *library, const char *name, void *function) {
  void *symbol = dlsym(library, name);
  if (!symbol) race_refuse(name);
  memcpy(function, &symbol, sizeof symbol);
}
