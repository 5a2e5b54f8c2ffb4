/* SPDX-License-Identifier: MIT
 *
 * test_partial.c: trainings whose rows are elsewhere, against the same rows in one process: the same bytes of a model
 * however blocks are dealt out, repeated and shuffled, and when the solver is stopped and restored on the way.
 */
#include <math.h>
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

/* Of classes that are named in one order or another. */
static void open_solver(ba_context *context, const char *recipe, int32_t classes, int32_t order, ba_solver **out) {
  static const char *const names[][3] = {{"c2", "c0", "c1"}, {"c0", "c1", "c2"}};
  static const char *const two[][2] = {{"c1", "c0"}, {"c0", "c1"}};
  OK(context, ba_solver_create(context, recipe,
                               classes == 3 ? names[order]
                               : classes    ? two[order]
                                            : NULL,
                               classes, NULL, out));
}

/* Saves the solver and goes on with another one from the bytes. */
static void restart(ba_context *context, const char *recipe, int32_t classes, ba_solver **solver) {
  int64_t n;
  OK(context, ba_solver_save(*solver, NULL, 0, &n));
  uint8_t *bytes = malloc((size_t)n);
  assert_non_null(bytes);
  OK(context, ba_solver_save(*solver, bytes, n, &n));
  ba_solver_destroy(*solver);
  open_solver(context, recipe, classes, 1, solver);
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
  open_solver(context, recipe, classes, 0, &solver);
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
    if (round % 3 < 2) restart(context, recipe, classes, &solver);
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

static void test_what_is_learnt_from_all_rows(void **state) {
  check_recipe(*state,
               "PseDNC() + Entropy() + Kmer(k=1) | Standardize() | Logistic(l2=1e-3, max_iter=3, "
               "class_weight=balanced)",
               2, 2);
  check_recipe(*state, "Entropy() + GC() | MinMax() | Logistic(l1=1e-3, max_iter=3)", 2, 2);
  check_recipe(*state, "Kmer(k=1) | Standardize() | Logistic(max_iter=3)", 2, 1); /* no real column to scale */
  check_recipe(*state, "Entropy() + Kmer(k=1) | MinMax() | Softmax(max_iter=3, class_weight=balanced)", 3, 2);
  check_recipe(*state, "Entropy() + PseDNC() | Standardize() | Linear(max_iter=3)", 0, 2);
}

/* Means, squares, curvature, then points. */
#define LEARNT "Entropy() + Kmer(k=1) | Standardize() | Logistic(max_iter=2, class_weight=balanced)"

/* Bytes of another version are refused as such, and no other byte may change. */
static void check_versions(ba_context *context, ba_solver *solver, ba_partial *partial, uint8_t *request,
                           int64_t size) {
  uint8_t bytes[4096];
  ba_partial *none;
  int64_t n;
  request[8] ^= 3;
  REFUSED(context, ba_partial_create(context, request, size, &none), BA_ERR_VERSION, "version 1; expected 2");
  request[8] ^= 3;
  for (int64_t i = 0; i < size; i++) {
    request[i] ^= 1;
    assert_true(ba_partial_create(context, request, size, &none) < 0);
    request[i] ^= 1;
    assert_null(none);
  }
  OK(context, ba_partial_save(partial, bytes, sizeof bytes, &n));
  assert_true(n <= (int64_t)sizeof bytes);
  bytes[8] ^= 3;
  REFUSED(context, ba_partial_add(partial, bytes, n), BA_ERR_VERSION, "version 1; expected 2");
  bytes[8] ^= 3;
  for (int64_t i = 0; i < n; i++) {
    bytes[i] ^= 1;
    assert_true(ba_partial_add(partial, bytes, n) < 0);
    bytes[i] ^= 1;
    assert_true(ba_partial_add(partial, bytes, i) < 0);
  }
  OK(context, ba_solver_save(solver, bytes, sizeof bytes, &n));
  assert_true(n <= (int64_t)sizeof bytes);
  bytes[8] ^= 3;
  REFUSED(context, ba_solver_restore(solver, bytes, n), BA_ERR_VERSION, "version 1; expected 2");
  bytes[8] ^= 3;
  for (int64_t i = 0; i < n; i++) {
    bytes[i] ^= 1;
    assert_true(ba_solver_restore(solver, bytes, n) < 0);
    bytes[i] ^= 1;
  }
}

/* In every round, the solver's bytes damaged in all places leave it where it was. */
static void test_damaged_bytes(void **state) {
  ba_context *context = *state;
  sample *s = make_sample(2);
  ba_dataset *dataset;
  ba_solver *solver;
  ba_status status = BA_OK;
  int32_t rounds = 0;
  int64_t size, again, iterations, passes;
  double objective, gradient;
  OK(context, dataset_of(context, s, 0, 900, &dataset));
  open_solver(context, LEARNT, 2, 0, &solver);
  for (; status == BA_OK; rounds++) {
    ba_partial *partial;
    uint8_t *request = ask(context, solver, &size);
    OK(context, ba_partial_create(context, request, size, &partial));
    OK(context, ba_partial_accumulate(partial, dataset, 0));
    check_versions(context, solver, partial, request, size);
    uint8_t *same = ask(context, solver, &again);
    assert_true(again == size && memcmp(same, request, (size_t)size) == 0);
    free(same);
    ba_solver_metrics(solver, &iterations, &passes, &objective, &gradient);
    assert_int_equal(passes, rounds < 3 ? 0 : rounds - 3);
    assert_true(rounds < 4 ? objective != objective : objective == objective);
    status = ba_solver_tell(solver, partial);
    ba_partial_destroy(partial);
    free(request);
  }
  assert_int_equal(status, BA_END);
  assert_true(rounds > 4);
  ba_solver_destroy(solver);
  ba_dataset_destroy(dataset);
  free(s);
}

/* A table of two columns: x as given, y that counts. */
static ba_dataset *numbers_of(ba_context *context, const double *x, int64_t rows) {
  const int64_t shape[1] = {rows};
  ba_dataset *dataset;
  ba_table *table;
  OK(context, ba_table_create(context, rows, &table));
  for (int32_t c = 0; c < 2; c++) {
    ba_array *array;
    OK(context, ba_array_create(context, BA_FLOAT64, 1, shape, &array));
    double *data = ba_array_data_mut(array);
    for (int64_t i = 0; i < rows; i++) data[i] = c ? (double)i : x[i];
    OK(context, ba_table_add_array(table, c ? "y" : "x", array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y"));
  ba_table_release(table);
  return dataset;
}

/* Asks, adds the rows and tells. */
static ba_status run_round(ba_context *context, ba_solver *solver, ba_dataset *dataset, ba_status *added) {
  ba_partial *partial;
  int64_t size;
  uint8_t *request = ask(context, solver, &size);
  OK(context, ba_partial_create(context, request, size, &partial));
  *added = ba_partial_accumulate(partial, dataset, 0);
  const ba_status status = *added ? *added : ba_solver_tell(solver, partial);
  ba_partial_destroy(partial);
  free(request);
  return status;
}

/* Numbers that have no mean, deviation or range: refused where they are told, again and again, until others come; and
 * a row that is no number, where it is added. */
static void test_numbers_without_a_scale(void **state) {
  static const struct {
    const char *scaling;
    int32_t good; /* rounds before the one that fails */
    double x[3];
  } cases[] = {{"Standardize()", 0, {1.6e308, 1.6e308, 1}},
               {"Standardize()", 1, {-1e200, 1e200, 1}},
               {"MinMax()", 0, {-1.2e308, 1.5e308, 1}}};
  ba_context *context = *state;
  const double plain[] = {1, 2, 4}, missing[] = {1, (double)NAN, 3};
  ba_status added;
  for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
    char recipe[80];
    ba_solver *solver;
    ba_trainer *trainer;
    ba_dataset *good = numbers_of(context, plain, 3), *bad = numbers_of(context, cases[c].x, 3),
               *none = numbers_of(context, missing, 3);
    snprintf(recipe, sizeof recipe, "Column(column=x) | %s | Linear(max_iter=2)", cases[c].scaling);
    OK(context, ba_solver_create(context, recipe, NULL, 0, NULL, &solver));
    for (int32_t round = 0; round < cases[c].good; round++) OK(context, run_round(context, solver, bad, &added));
    int64_t size, again;
    uint8_t *before = ask(context, solver, &size);
    for (int32_t round = 0; round < 2; round++) {
      REFUSED(context, run_round(context, solver, bad, &added), BA_ERR_NUMBER,
              "column \"x\" has no mean or scale in float64");
      assert_int_equal(added, BA_OK);
      uint8_t *after = ask(context, solver, &again);
      assert_true(again == size && memcmp(before, after, (size_t)size) == 0);
      free(after);
    }
    REFUSED(context, ba_trainer_create(context, recipe, bad, NULL, &trainer), BA_ERR_NUMBER,
            "column \"x\" has no mean or scale in float64");
    REFUSED(context, run_round(context, solver, none, &added), BA_ERR_NUMBER, "record 2");
    assert_int_equal(added, BA_ERR_NUMBER);
    OK(context, run_round(context, solver, good, &added));
    free(before);
    ba_solver_destroy(solver);
    ba_dataset_destroy(good);
    ba_dataset_destroy(bad);
    ba_dataset_destroy(none);
  }
}

/* Whatever round it is, rows of one class are refused. */
static void test_rows_of_one_class(void **state) {
  ba_context *context = *state;
  sample *s = make_sample(2);
  ba_dataset *dataset, *same;
  ba_solver *solver;
  ba_status added;
  OK(context, dataset_of(context, s, 0, 100, &dataset));
  for (int64_t i = 0; i < 100; i++) memcpy(s->labels[i], "c0", 3);
  OK(context, dataset_of(context, s, 0, 100, &same));
  open_solver(context, LEARNT, 2, 0, &solver);
  for (int32_t round = 0; round < 5; round++) {
    REFUSED(context, run_round(context, solver, same, &added), BA_ERR_CLASSES, "1 class(es)");
    OK(context, run_round(context, solver, dataset, &added));
  }
  ba_solver_destroy(solver);
  ba_dataset_destroy(same);
  ba_dataset_destroy(dataset);
  free(s);
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
          "expected Column(column=NAME) for each");
  REFUSED(context, ba_solver_create(context, "Category(column=x) | Linear()", NULL, 0, NULL, &solver),
          BA_ERR_UNSUPPORTED, "CategoryHash(column=NAME)");
  REFUSED(context, ba_solver_create(context, "PositionKmer(k=1) | Logistic()", two, 2, NULL, &solver), BA_ERR_ARGUMENT,
          "length=");
  REFUSED(context, ba_solver_create(context, recipe, two, 1, NULL, &solver), BA_ERR_CLASSES, "at least two");
  open_solver(context, recipe, 2, 0, &solver);
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
  OK(context, ba_solver_create(context, recipe, two, 2, "seed=2", &other));
  OK(context, ba_solver_save(solver, bytes, sizeof bytes, &saved));
  assert_true(saved <= (int64_t)sizeof bytes);
  REFUSED(context, ba_solver_restore(other, bytes, saved), BA_ERR_ARGUMENT, "another recipe, seed");
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

/* A round from asking to telling, by way of bytes. */
static ba_status live_round(ba_context *context, ba_solver *solver, ba_dataset *dataset) {
  ba_partial *partial = NULL, *other = NULL;
  uint8_t bytes[2048];
  int64_t n = 0;
  ba_status status = ba_solver_ask(solver, bytes, sizeof bytes, &n);
  if (!status) status = ba_partial_create(context, bytes, n, &partial);
  if (!status) status = ba_partial_create(context, bytes, n, &other);
  if (!status) status = ba_partial_accumulate(partial, dataset, 0);
  if (!status) status = ba_partial_save(partial, bytes, sizeof bytes, &n);
  if (!status) status = ba_partial_merge(other, partial);
  if (!status) status = ba_partial_add(other, bytes, n);
  if (!status) status = ba_solver_tell(solver, other);
  if (!status) status = ba_solver_save(solver, bytes, sizeof bytes, &n);
  if (!status) status = ba_solver_restore(solver, bytes, n);
  ba_partial_destroy(partial);
  ba_partial_destroy(other);
  return status;
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const two[] = {"c0", "c1"};
  ba_solver *solver = NULL;
  ba_dataset *dataset = NULL;
  ba_model *model = NULL;
  ba_status status = ba_solver_create(context, LEARNT, two, 2, NULL, &solver);
  if (!status) status = dataset_of(context, argument, 0, 20, &dataset);
  for (int32_t round = 0; !status && round < 4; round++) status = live_round(context, solver, dataset);
  if (!status) status = ba_solver_finish(solver, &model);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
  ba_solver_destroy(solver);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  sample *s = make_sample(2);
  assert_true(fault_sweep(life, s) > 200);
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_same_bytes_for_any_partitions, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_other_models, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_is_learnt_from_all_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_damaged_bytes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_numbers_without_a_scale, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_of_one_class, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_does_not_fit, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
