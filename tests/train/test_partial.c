/* SPDX-License-Identifier: MIT
 *
 * test_partial.c: trainings whose rows are elsewhere, against the same rows in one process: the same bytes of a model
 * however blocks are dealt out, repeated and shuffled, and when the solver is stopped and restored on the way.
 */
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"

enum { BLOCK = 4096, ROWS = 5 * BLOCK + 700, LETTERS = 24 };

typedef struct sample {
  char letters[ROWS * LETTERS];
  char labels[ROWS][8];
  double weights[ROWS];
} sample;

static sample *make_sample(int32_t classes) {
  sample *s = malloc(sizeof *s);
  uint64_t seed = 5;
  assert_non_null(s);
  for (int64_t i = 0; i < ROWS; i++) {
    const int32_t label = (int32_t)(making_bits(&seed) % (uint64_t)(classes ? classes : 10));
    for (int64_t j = 0; j < LETTERS; j++) {
      const uint64_t bits = making_bits(&seed);
      s->letters[i * LETTERS + j] = "ACGT"[bits % 3 == 0 ? (uint64_t)label % 4 : bits / 3 % 4];
    }
    if (classes)
      snprintf(s->labels[i], sizeof s->labels[i], "c%d", label % 10);
    else
      snprintf(s->labels[i], sizeof s->labels[i], "%d.5", label % 10);
    s->weights[i] = 0.5 + (double)(making_bits(&seed) % 1000) / 700.0;
  }
  return s;
}

static ba_status dataset_of(ba_context *context, const sample *s, int64_t first, int64_t rows, ba_dataset **out) {
  int64_t offsets[BLOCK * 2 + 1];
  const char *labels[BLOCK * 2];
  ba_status status = ba_dataset_create(context, NULL, out);
  for (int64_t from = first; !status && from < first + rows; from += BLOCK * 2) {
    const int64_t n = first + rows - from < BLOCK * 2 ? first + rows - from : BLOCK * 2;
    ba_records *records = NULL;
    for (int64_t i = 0; i <= n; i++) offsets[i] = i * LETTERS;
    for (int64_t i = 0; i < n; i++) labels[i] = s->labels[from + i];
    status = ba_records_create(context, s->letters + from * LETTERS, offsets, n, &records);
    if (!status) status = ba_dataset_add_records(*out, records, labels, s->weights + from, NULL, BA_PART_TRAIN);
    ba_records_release(records);
  }
  return status;
}

static uint8_t *local_bytes(const sample *s, const char *recipe, int32_t threads, int64_t *n) {
  ba_context *context;
  ba_dataset *dataset;
  ba_trainer *trainer;
  ba_model *model;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  OK(context, ba_context_set_threads(context, threads));
  OK(context, dataset_of(context, s, 0, ROWS, &dataset));
  OK(context, ba_trainer_create(context, recipe, dataset, "sketches=off", &trainer));
  while (ba_trainer_step(trainer) == BA_OK) continue;
  OK(context, ba_trainer_finish(trainer, &model));
  uint8_t *bytes = making_bytes(context, model, n);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  ba_context_destroy(context);
  return bytes;
}

/* A worker with a context of its own: the sums of some blocks as bytes. */
static uint8_t *work(const sample *s, const uint8_t *request, int64_t size, int64_t first_block, int64_t blocks,
                     int64_t *n) {
  ba_context *context;
  ba_partial *partial;
  ba_dataset *dataset;
  const int64_t first = first_block * BLOCK, rest = ROWS - first;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  OK(context, ba_partial_create(context, request, size, &partial));
  OK(context, dataset_of(context, s, first, rest < blocks * BLOCK ? rest : blocks * BLOCK, &dataset));
  OK(context, ba_partial_accumulate(partial, dataset, first));
  OK(context, ba_partial_save(partial, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n);
  assert_non_null(bytes);
  OK(context, ba_partial_save(partial, bytes, *n, n));
  ba_dataset_destroy(dataset);
  ba_partial_destroy(partial);
  ba_context_destroy(context);
  return bytes;
}

static uint8_t *ask(ba_context *context, const ba_solver *solver, int64_t *n) {
  OK(context, ba_solver_ask(solver, NULL, 0, n));
  uint8_t *bytes = malloc((size_t)*n);
  assert_non_null(bytes);
  OK(context, ba_solver_ask(solver, bytes, *n, n));
  return bytes;
}

static void open_solver(ba_context *context, const char *recipe, int32_t classes, ba_solver **out) {
  static const char *const names[] = {"c2", "c0", "c1"}, *const two[] = {"c1", "c0"};
  OK(context, ba_solver_create(context, recipe, classes == 3 ? names : classes ? two : NULL, classes, NULL, out));
}

/* Saves the solver and goes on with another one from the bytes. */
static void restart(ba_context *context, const char *recipe, int32_t classes, ba_solver **solver) {
  int64_t n;
  OK(context, ba_solver_save(*solver, NULL, 0, &n));
  uint8_t *bytes = malloc((size_t)n);
  assert_non_null(bytes);
  OK(context, ba_solver_save(*solver, bytes, n, &n));
  ba_solver_destroy(*solver);
  open_solver(context, recipe, classes, solver);
  OK(context, ba_solver_restore(*solver, bytes, n));
  free(bytes);
}

/* Blocks in runs of `width`, in an order that changes from round to round, some of them twice. */
static void train_in_parts(ba_context *context, const sample *s, const char *recipe, int32_t classes, int64_t width,
                           const uint8_t *expected, int64_t expected_size) {
  const int64_t blocks = (ROWS + BLOCK - 1) / BLOCK, parts = (blocks + width - 1) / width;
  ba_solver *solver;
  ba_model *model;
  ba_status status = BA_OK;
  open_solver(context, recipe, classes, &solver);
  for (int64_t round = 0; status == BA_OK; round++) {
    int64_t size, n;
    uint8_t *request = ask(context, solver, &size);
    ba_partial *all;
    OK(context, ba_partial_create(context, request, size, &all));
    for (int64_t i = 0; i < parts + 1; i++) { /* the first one runs again */
      const int64_t part = (i * 5 + round) % parts;
      uint8_t *bytes = work(s, request, size, part * width, width, &n);
      OK(context, ba_partial_add(all, bytes, n));
      free(bytes);
    }
    for (int64_t part = 0; part < parts; part++) {
      uint8_t *bytes = work(s, request, size, part * width, width, &n);
      OK(context, ba_partial_add(all, bytes, n));
      free(bytes);
    }
    assert_int_equal(ba_partial_rows(all), ROWS);
    status = ba_solver_tell(solver, all);
    if (status < 0) fail_msg("%s", ba_context_error_message(context));
    ba_partial_destroy(all);
    free(request);
    if (round % 3 == 1) restart(context, recipe, classes, &solver);
    assert_true(round < 200);
  }
  assert_int_equal(status, BA_END);
  OK(context, ba_solver_finish(solver, &model));
  int64_t n;
  uint8_t *bytes = making_bytes(context, model, &n);
  assert_int_equal(n, expected_size);
  assert_memory_equal(bytes, expected, (size_t)n);
  free(bytes);
  ba_model_release(model);
  ba_solver_destroy(solver);
}

static void check_recipe(ba_context *context, const char *recipe, int32_t classes, int64_t most) {
  sample *s = make_sample(classes);
  int64_t n;
  uint8_t *expected = local_bytes(s, recipe, 3, &n);
  for (int64_t width = 1; width <= most; width++) train_in_parts(context, s, recipe, classes, width, expected, n);
  free(expected);
  free(s);
}

static void test_same_bytes_for_any_partitions(void **state) {
  check_recipe(*state, "Kmer(k=1..2) | Logistic(l2=1e-3, max_iter=7)", 2, 6);
}

static void test_other_models(void **state) {
  check_recipe(*state, "Kmer(k=2, value=freq) | Logistic(l1=1e-3, l2=1e-4, max_iter=5)", 2, 2);
  check_recipe(*state, "Kmer(k=2) + Length() | Softmax(max_iter=4)", 3, 2);
  check_recipe(*state, "Kmer(k=1..2) | Linear(l2=1e-3, max_iter=5)", 0, 2);
  check_recipe(*state, "Kmer(k=1) | Poisson(l2=1e-2, max_iter=4)", 0, 2);
}

static void test_what_does_not_fit(void **state) {
  ba_context *context = *state;
  static const char *const two[] = {"c0", "c1"};
  const char *const recipe = "Kmer(k=2) | Logistic(max_iter=3)";
  ba_solver *solver, *other;
  ba_partial *partial, *late;
  ba_dataset *dataset;
  sample *s = make_sample(2);
  int64_t size, n;
  REFUSED(context, ba_solver_create(context, "Kmer(k=2) | Logistic(solver=tron)", two, 2, NULL, &solver),
          BA_ERR_UNSUPPORTED, "solver=lbfgs");
  REFUSED(context, ba_solver_create(context, "Columns() | Linear()", NULL, 0, NULL, &solver), BA_ERR_UNSUPPORTED,
          "learnt from all rows at once");
  REFUSED(context, ba_solver_create(context, "PositionKmer(k=1) | Logistic()", two, 2, NULL, &solver), BA_ERR_ARGUMENT,
          "length=");
  REFUSED(context, ba_solver_create(context, recipe, two, 1, NULL, &solver), BA_ERR_CLASSES, "at least two");
  open_solver(context, recipe, 2, &solver);
  uint8_t *request = ask(context, solver, &size);
  OK(context, ba_partial_create(context, request, size, &partial));
  REFUSED(context, ba_solver_tell(solver, partial), BA_ERR_ARGUMENT, "there are no rows");
  OK(context, dataset_of(context, s, 0, 2 * BLOCK, &dataset));
  REFUSED(context, ba_partial_accumulate(partial, dataset, 100), BA_ERR_ARGUMENT, "multiple of 4096");
  OK(context, ba_partial_accumulate(partial, dataset, 4 * BLOCK));
  REFUSED(context, ba_solver_tell(solver, partial), BA_ERR_ARGUMENT, "rows from 0 on are not there");
  ba_dataset_destroy(dataset);
  ba_partial_destroy(partial);
  OK(context, ba_partial_create(context, request, size, &partial));
  OK(context, dataset_of(context, s, 0, 100, &dataset)); /* fewer than a block, and more behind it */
  OK(context, ba_partial_accumulate(partial, dataset, 0));
  REFUSED(context, ba_partial_accumulate(partial, dataset, BLOCK), BA_ERR_ARGUMENT,
          "the rows from 0 on are fewer than 4096");
  assert_int_equal(ba_partial_rows(partial), 100);
  assert_int_equal(ba_solver_tell(solver, partial), BA_OK);
  REFUSED(context, ba_solver_tell(solver, partial), BA_ERR_ARGUMENT, "another request");
  uint8_t *next = ask(context, solver, &n);
  OK(context, ba_partial_create(context, next, n, &late));
  REFUSED(context, ba_partial_merge(late, partial), BA_ERR_ARGUMENT, "the same request");
  int64_t saved;
  uint8_t bytes[4096];
  OK(context, ba_partial_save(partial, bytes, sizeof bytes, &saved));
  assert_true(saved <= (int64_t)sizeof bytes);
  REFUSED(context, ba_partial_add(late, bytes, saved), BA_ERR_ARGUMENT, "another request");
  for (int64_t i = 0; i < saved; i++) {
    bytes[i] ^= 1;
    assert_true(ba_partial_add(partial, bytes, saved) < 0);
    bytes[i] ^= 1;
    assert_true(ba_partial_add(partial, bytes, i) < 0);
  }
  for (int64_t i = 0; i < size; i++) {
    ba_partial *none;
    request[i] ^= 1;
    assert_true(ba_partial_create(context, request, size, &none) < 0);
    request[i] ^= 1;
    assert_null(none);
  }
  OK(context, ba_solver_create(context, recipe, two, 2, "seed=2", &other));
  OK(context, ba_solver_save(solver, bytes, sizeof bytes, &saved));
  assert_true(saved <= (int64_t)sizeof bytes);
  REFUSED(context, ba_solver_restore(other, bytes, saved), BA_ERR_ARGUMENT, "another recipe, seed");
  for (int64_t i = 0; i < saved; i++) {
    bytes[i] ^= 1;
    assert_true(ba_solver_restore(solver, bytes, saved) < 0);
    bytes[i] ^= 1;
  }
  OK(context, ba_solver_restore(solver, bytes, saved));
  /* All rows of one class. */
  for (int64_t i = 0; i < 100; i++) memcpy(s->labels[i], "c0", 3);
  ba_dataset_destroy(dataset);
  OK(context, dataset_of(context, s, 0, 100, &dataset));
  OK(context, ba_partial_accumulate(late, dataset, 0));
  REFUSED(context, ba_solver_tell(solver, late), BA_ERR_CLASSES, "1 class(es)");
  ba_dataset_destroy(dataset);
  ba_partial_destroy(late);
  ba_partial_destroy(partial);
  ba_solver_destroy(other);
  ba_solver_destroy(solver);
  free(next);
  free(request);
  free(s);
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const two[] = {"c0", "c1"};
  const sample *s = argument;
  ba_solver *solver = NULL;
  ba_partial *partial = NULL, *other = NULL;
  ba_dataset *dataset = NULL;
  ba_model *model = NULL;
  uint8_t bytes[2048];
  int64_t n = 0;
  ba_status status = ba_solver_create(context, "Kmer(k=1) | Logistic(max_iter=1)", two, 2, NULL, &solver);
  if (!status) status = ba_solver_ask(solver, bytes, sizeof bytes, &n);
  if (!status) status = ba_partial_create(context, bytes, n, &partial);
  if (!status) status = ba_partial_create(context, bytes, n, &other);
  if (!status) status = dataset_of(context, s, 0, 20, &dataset);
  if (!status) status = ba_partial_accumulate(partial, dataset, 0);
  if (!status) status = ba_partial_save(partial, bytes, sizeof bytes, &n);
  if (!status) status = ba_partial_merge(other, partial);
  if (!status) status = ba_partial_add(other, bytes, n);
  if (!status) status = ba_solver_tell(solver, other);
  if (!status) status = ba_solver_save(solver, bytes, sizeof bytes, &n);
  if (!status) status = ba_solver_restore(solver, bytes, n);
  if (!status) status = ba_solver_finish(solver, &model);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
  ba_partial_destroy(partial);
  ba_partial_destroy(other);
  ba_solver_destroy(solver);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  sample *s = make_sample(2);
  assert_true(fault_sweep(life, s) > 60);
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_same_bytes_for_any_partitions, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_other_models, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_does_not_fit, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
