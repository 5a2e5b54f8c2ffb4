/* SPDX-License-Identifier: MIT
 *
 * python.c: the work that benchmarks/python.py gives the Python package, by C alone. It is a library, so that both
 * sides go in turns in one process; each call gives the seconds of CPU that it took.
 */
#include <stdlib.h>
#include <time.h>

#include "race.h"

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* A scorer of the model in a file. */
BA_API void *bench_open(const char *path);
/* Scores `count` sequences. */
BA_API double bench_score(void *scorer, const char *letters, const int64_t *offsets, int64_t count, double *scores,
                          double *probabilities);
/* Trains on sequences of the classes 0 and 1, and writes the model. */
BA_API double bench_train(const char *recipe, const char *letters, const int64_t *offsets, int64_t count,
                          const int64_t *classes, const char *path);

static void begin(void) {
  if (!race_context) race_check(ba_context_create(NULL, &race_context), "ba_context_create");
}

void *bench_open(const char *path) {
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  begin();
  race_check(ba_model_load_path(race_context, path, NULL, &model), "ba_model_load_path");
  race_check(ba_scorer_create(race_context, model, NULL, &scorer), "ba_scorer_create");
  ba_model_release(model);
  return scorer;
}

double bench_score(void *scorer, const char *letters, const int64_t *offsets, int64_t count, double *scores,
                   double *probabilities) {
  ba_records *records = NULL;
  const double start = now();
  race_check(ba_records_wrap(race_context, letters, offsets, count, NULL, NULL, &records), "ba_records_wrap");
  race_check(ba_scorer_predict_records(scorer, records, scores, probabilities), "ba_scorer_predict_records");
  ba_records_release(records);
  return now() - start;
}

double bench_train(const char *recipe, const char *letters, const int64_t *offsets, int64_t count,
                   const int64_t *classes, const char *path) {
  ba_records *records = NULL;
  ba_dataset *dataset = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_status status = BA_OK;
  begin();
  const double start = now();
  const char **labels = race_allocate(count * (int64_t)sizeof *labels);
  for (int64_t i = 0; i < count; i++) labels[i] = classes[i] ? "1" : "0";
  race_check(ba_records_wrap(race_context, letters, offsets, count, NULL, NULL, &records), "ba_records_wrap");
  race_check(ba_dataset_create(race_context, NULL, &dataset), "ba_dataset_create");
  race_check(ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN), "ba_dataset_add_records");
  race_check(ba_trainer_create(race_context, recipe, dataset, NULL, &trainer), "ba_trainer_create");
  while (!status) status = ba_trainer_step(trainer);
  if (status != BA_END) race_check(status, "ba_trainer_step");
  race_check(ba_trainer_finish(trainer, &model), "ba_trainer_finish");
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  ba_records_release(records);
  free(labels);
  const double seconds = now() - start;
  race_check(ba_model_save_path(race_context, model, path), "ba_model_save_path");
  ba_model_release(model);
  return seconds;
}
