/* SPDX-License-Identifier: MIT
 *
 * making.h: random sequences, models with random weights, and small training runs for the tests of the rooms model and
 * train.
 */
#ifndef TEST_MODEL_MAKING_H
#define TEST_MODEL_MAKING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bioanalytics/bioanalytics.h"
#include "model/model.h"
#include "model/net_recipe.h"
#include "support/levels.h"

#define OK(context, call)                                                                            \
  do {                                                                                               \
    const ba_status made_status = (call);                                                            \
    if (made_status != BA_OK)                                                                        \
      fail_msg("%s: %s: %s", #call, ba_status_name(made_status), ba_context_error_message(context)); \
  } while (0)

/* The call fails with this status and a message that has this text in it. */
#define REFUSED(context, call, status, text)                                                         \
  do {                                                                                               \
    const ba_status made_status = (call);                                                            \
    if (made_status != (status) || !strstr(ba_context_error_message(context), text))                 \
      fail_msg("%s: %s: %s", #call, ba_status_name(made_status), ba_context_error_message(context)); \
  } while (0)

#define SAME_BITS(a, b, n) assert_memory_equal(a, b, (size_t)(n)*8)

static inline int making_set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state) == BA_OK ? 0 : -1;
}

static inline int making_tear_down(void **state) {
  int64_t held = 0;
  ba_context *context = *state;
  ba_context_memory(context, &held, NULL);
  if (held != (int64_t)sizeof(struct ba_context)) return -1; /* something was not given back */
  ba_context_destroy(context);
  return 0;
}

/* splitmix64 */
static inline uint64_t making_bits(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
  return z ^ z >> 31;
}

/* From -1 to 1. */
static inline double making_real(uint64_t *state) {
  return (double)(int64_t)making_bits(state) / 9223372036854775808.0;
}

static inline ba_records *making_records(ba_context *context, int64_t n, int64_t shortest, int64_t longest,
                                         const char *alphabet, uint64_t seed) {
  int64_t *offsets = calloc((size_t)n + 1, sizeof *offsets);
  char *letters = malloc((size_t)(n * longest) + 1);
  assert_true(offsets && letters);
  const uint64_t kinds = strlen(alphabet);
  for (int64_t i = 0; i < n; i++) {
    const int64_t length = shortest + (int64_t)(making_bits(&seed) % (uint64_t)(longest - shortest + 1));
    for (int64_t j = 0; j < length; j++) letters[offsets[i] + j] = alphabet[making_bits(&seed) % kinds];
    offsets[i + 1] = offsets[i] + length;
  }
  ba_records *records = NULL;
  OK(context, ba_records_create(context, letters, offsets, n, &records));
  free(offsets);
  free(letters);
  return records;
}

/* A part of a batch. */
static inline ba_records *making_slice(ba_context *context, const ba_records *records, int64_t first, int64_t n) {
  const int64_t *offsets;
  const char *letters = ba_records_columns(records, &offsets);
  ba_records *slice = NULL;
  OK(context, ba_records_create(context, letters, offsets + first, n, &slice));
  return slice;
}

static inline int64_t making_width(ba_context *context, const char *recipe, int64_t length) {
  bai_recipe parsed = {{0, 0, 0}};
  int64_t reals;
  OK(context, bai_recipe_parse(context, recipe, &parsed));
  const int64_t width = bai_plan_width_of(bai_recipe_member(&parsed, 0), &(bai_fitted){length, NULL, NULL}, &reals);
  bai_recipe_free(context, &parsed);
  return width;
}

static const char *const making_classes[] = {"first", "second", "third", "fourth"};

/* A model with the weights given. `length` is the one that PositionKmer was fitted on, else -1. */
static inline ba_status making_model_of(ba_context *context, const char *recipe, int64_t length, int32_t classes,
                                        const double *weights, const double *intercepts, ba_model **out) {
  char text[4096];
  int64_t n = 0;
  memset(text, 0, sizeof text);
  OK(context, ba_recipe_canonical(context, recipe, text, 3000, &n));
  if (!strchr(text, '|'))
    OK(context, ba_recipe_canonical(context, strcat(text, classes == 2 ? " | Logistic()" : " | Softmax()"), text,
                                    (int64_t)sizeof text, &n));
  const bai_fit fit = {
      text, making_classes, classes, {length, NULL, NULL}, weights, intercepts, "{\"made\": \"by a test\"}", 7, NULL};
  return bai_model_make(context, &fit, out);
}

/* A network over columns with random parameters. */
static inline ba_model *making_hidden(ba_context *context, const char *recipe, int64_t length, int32_t classes,
                                      uint64_t seed) {
  bai_recipe parsed = {{0, 0, 0}};
  bai_net net;
  char text[4096];
  int64_t n = 0;
  ba_model *model = NULL;
  OK(context, ba_recipe_canonical(context, recipe, text, (int64_t)sizeof text, &n));
  OK(context, bai_recipe_parse(context, recipe, &parsed));
  OK(context, bai_net_of_pipeline(context, bai_recipe_member(&parsed, 0), classes == 2 ? 1 : classes, &net));
  bai_recipe_free(context, &parsed);
  net.features = making_width(context, recipe, length);
  bai_net_lay_out(&net);
  const int64_t parameters = net.copies * net.parameters;
  float *values = malloc((size_t)parameters * 4);
  assert_non_null(values);
  for (int64_t i = 0; i < parameters; i++) values[i] = (float)making_real(&seed);
  const bai_fit fit = {.recipe = text,
                       .class_names = making_classes,
                       .classes = classes,
                       .fitted = {length, NULL, NULL},
                       .provenance = "{}",
                       .seed = 7,
                       .parameters = values};
  OK(context, bai_model_make(context, &fit, &model));
  free(values);
  return model;
}

/* A model with random weights. */
static inline ba_model *making_model(ba_context *context, const char *recipe, int64_t length, int32_t classes,
                                     uint64_t seed) {
  const int64_t width = making_width(context, recipe, length), outputs = classes == 2 ? 1 : classes;
  if (strstr(recipe, "| MLP(")) return making_hidden(context, recipe, length, classes, seed);
  double *weights = malloc((size_t)(width * outputs + 1) * 8), intercepts[4];
  assert_non_null(weights);
  for (int64_t i = 0; i < width * outputs; i++) weights[i] = making_real(&seed);
  for (int64_t o = 0; o < outputs; o++) intercepts[o] = making_real(&seed);
  ba_model *model = NULL;
  OK(context, making_model_of(context, recipe, length, classes, weights, intercepts, &model));
  free(weights);
  return model;
}

/* An ensemble of two members of weights -1 to 1, with factors. */
static inline ba_model *making_joined(ba_context *context) {
  ba_model *parts[] = {making_model(context, "Kmer(k=1..3)", -1, 2, 1),
                       making_model(context, "PositionKmer(k=1..2, anchor=end)", 20, 2, 2)};
  const double factors[] = {0.7, -1.3}, offset = 0.1;
  const bai_joint joint = {factors, &offset, "{}", 3};
  ba_model *model = NULL;
  OK(context, bai_model_join(context, parts, 2, &joint, &model));
  ba_model_release(parts[0]);
  ba_model_release(parts[1]);
  return model;
}

static inline uint8_t *making_bytes(ba_context *context, const ba_model *model, int64_t *n) {
  OK(context, ba_model_save_memory(context, model, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n);
  assert_non_null(bytes);
  OK(context, ba_model_save_memory(context, model, bytes, *n, n));
  return bytes;
}

/* Adds the records to a dataset, their classes by turns. */
static inline ba_status making_add(ba_dataset *dataset, const ba_records *records, int32_t classes, int32_t part) {
  const int64_t n = ba_records_count(records);
  const char **labels = malloc((size_t)(n + 1) * sizeof *labels);
  assert_non_null(labels);
  for (int64_t i = 0; i < n; i++) labels[i] = making_classes[i % classes];
  const ba_status status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, part);
  free(labels);
  return status;
}

/* Sequences that a model can learn something about: each class has an own mix of letters. */
static inline ba_records *making_classed(ba_context *context, int64_t n, int64_t shortest, int64_t longest,
                                         int32_t classes, uint64_t seed) {
  static const char *const mixes[] = {"AACGT", "ACCGTN", "ACGGT", "ACGTT"};
  int64_t *offsets = calloc((size_t)n + 1, sizeof *offsets);
  char *letters = malloc((size_t)(n * longest) + 1);
  assert_true(offsets && letters);
  for (int64_t i = 0; i < n; i++) {
    const char *mix = mixes[i % classes];
    const int64_t length = shortest + (int64_t)(making_bits(&seed) % (uint64_t)(longest - shortest + 1));
    for (int64_t j = 0; j < length; j++) letters[offsets[i] + j] = mix[making_bits(&seed) % strlen(mix)];
    offsets[i + 1] = offsets[i] + length;
  }
  ba_records *records = NULL;
  OK(context, ba_records_create(context, letters, offsets, n, &records));
  free(offsets);
  free(letters);
  return records;
}

static inline ba_dataset *making_data(ba_context *context, int64_t n, int64_t shortest, int64_t longest,
                                      int32_t classes, uint64_t seed) {
  ba_dataset *dataset = NULL;
  ba_records *records = making_classed(context, n, shortest, longest, classes, seed);
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, making_add(dataset, records, classes, BA_PART_TRAIN));
  ba_records_release(records);
  return dataset;
}

/* Steps until it stops; returns what stopped it. */
static inline ba_status making_run(ba_trainer *trainer) {
  ba_status status;
  do status = ba_trainer_step(trainer);
  while (status == BA_OK);
  return status;
}

static inline ba_model *making_trained(ba_context *context, const char *recipe, ba_dataset *dataset,
                                       const char *options) {
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  OK(context, ba_trainer_create(context, recipe, dataset, options, &trainer));
  const ba_status status = making_run(trainer);
  if (status != BA_END) fail_msg("%s: %s", ba_status_name(status), ba_context_error_message(context));
  OK(context, ba_trainer_finish(trainer, &model));
  ba_trainer_destroy(trainer);
  return model;
}

/* A model of rows of a table; the options name their roles. */
static inline ba_status making_table_model(ba_context *context, ba_table *table, const char *recipe,
                                           const char *options, ba_model **out) {
  ba_dataset *dataset = NULL;
  ba_trainer *trainer = NULL;
  *out = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_dataset_add_table(dataset, table, options);
  if (!status) status = ba_trainer_create(context, recipe, dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, out);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  return status;
}

/* Chooses the n-th CPU level; 0 when this machine does not have it. */
static inline int32_t making_level(ba_context *context, int32_t n) {
  return ba_context_set_cpu(context, cpu_levels[n]) == BA_OK;
}

#endif
