/* SPDX-License-Identifier: MIT
 *
 * test_sharded.c: one training over 1, 2, 7 and 64 workers, whose sums arrive in another order in every round, against
 * the same rows in one process: the same bytes of a model, for every loss. Every other worker packs its rows as soon as
 * it may, and sums what it packed from there on.
 */
#include <math.h>

#include "model/making.h"

enum { BLOCK = 4096, BLOCKS = 66, ROWS = (BLOCKS - 1) * BLOCK + 77, LETTERS = 6, MOST = 64 };

#if defined(__OPTIMIZE__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define TRAININGS 8 /* of each test, at most */
#else
#define TRAININGS 1
#endif

/* Rows of some blocks, in a context of their own, with another number of threads and another CPU level. */
typedef struct worker {
  ba_context *context;
  ba_dataset *dataset;
  int64_t first; /* row */
  int32_t packs;
  uint8_t *packed;
  int64_t packed_size;
} worker;

static char letters[ROWS * LETTERS];
static char labels[ROWS][8];
static double weights[ROWS];

/* Columns of a table: a has values missing here and there, b has none in most blocks, c is far from 0; the target; d
 * has numbers that are float32. */
enum { TABLE_COLUMNS = 5 };
static double numbers[TABLE_COLUMNS][ROWS];

static void make_numbers(void) {
  uint64_t seed = 9;
  for (int64_t i = 0; i < ROWS; i++) {
    const double noise = making_real(&seed), other = making_real(&seed);
    numbers[0][i] = making_bits(&seed) % 5 ? 100.0 * noise : (double)NAN;
    numbers[1][i] = i / BLOCK % 16 == 3 && i % 3 ? 1e-3 * other : (double)NAN;
    numbers[2][i] = 1e4 + noise - other;
    numbers[4][i] = (double)(float)other;
    numbers[3][i] = noise + making_real(&seed) > 0.4;
  }
}

static void make_rows(int32_t classes) {
  uint64_t seed = 5;
  for (int64_t i = 0; i < ROWS; i++) {
    const uint64_t kind = making_bits(&seed) % (classes ? (uint64_t)classes : 10);
    for (int64_t j = 0; j < LETTERS; j++) {
      const uint64_t bits = making_bits(&seed);
      letters[i * LETTERS + j] = "ACGT"[bits % 3 == 0 ? kind % 4 : bits / 3 % 4];
    }
    memcpy(labels[i], classes ? "c0" : "0.5", classes ? 3 : 4);
    labels[i][classes ? 1 : 0] = (char)('0' + kind);
    weights[i] = 0.5 + (double)(making_bits(&seed) % 1000) / 700.0;
  }
}

static ba_dataset *table_of(ba_context *context, int64_t first, int64_t end) {
  static const char *const names[] = {"a", "b", "c", "y", "d", "w"};
  const int64_t shape[1] = {end - first};
  ba_dataset *dataset;
  ba_table *table;
  OK(context, ba_table_create(context, end - first, &table));
  for (int32_t c = 0; c <= TABLE_COLUMNS; c++) {
    const double *from = c < TABLE_COLUMNS ? numbers[c] : weights;
    ba_array *array;
    OK(context, ba_array_create(context, BA_FLOAT64, 1, shape, &array));
    memcpy(ba_array_data_mut(array), from + first, (size_t)(end - first) * 8);
    OK(context, ba_table_add_array(table, names[c], array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y, weight=w"));
  ba_table_release(table);
  return dataset;
}

static ba_dataset *rows_of(ba_context *context, int64_t first, int64_t end, int32_t of_table) {
  if (of_table) return table_of(context, first, end);
  static int64_t offsets[BLOCK + 1];
  static const char *texts[BLOCK];
  ba_dataset *dataset;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int64_t from = first; from < end; from += BLOCK) {
    const int64_t n = end - from < BLOCK ? end - from : BLOCK;
    ba_records *records;
    for (int64_t i = 0; i <= n; i++) offsets[i] = i * LETTERS;
    for (int64_t i = 0; i < n; i++) texts[i] = labels[from + i];
    OK(context, ba_records_create(context, letters + from * LETTERS, offsets, n, &records));
    OK(context, ba_dataset_add_records(dataset, records, texts, weights + from, NULL, BA_PART_TRAIN));
    ba_records_release(records);
  }
  return dataset;
}

static void hire(worker *workers, int64_t count, int32_t of_table) {
  for (int64_t i = 0; i < count; i++) {
    worker *w = &workers[i];
    const int64_t end = (i + 1) * BLOCKS / count * BLOCK;
    w->first = i * BLOCKS / count * BLOCK;
    w->packs = (count + i) % 2 != 0;
    assert_int_equal(ba_context_create(NULL, &w->context), BA_OK);
    OK(w->context, ba_context_set_threads(w->context, 1 + (int32_t)(i % 2)));
    (void)making_level(w->context, (int32_t)(i % 3));
    w->dataset = rows_of(w->context, w->first, end < ROWS ? end : ROWS, of_table);
  }
}

static void dismiss(worker *workers, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    ba_dataset_destroy(workers[i].dataset);
    free(workers[i].packed);
    workers[i].packed = NULL;
    ba_context_destroy(workers[i].context);
  }
}

/* Rounds that learn what features depend on cannot be packed for. */
static ba_status pack(worker *w, ba_partial *partial) {
  const ba_status status = ba_partial_pack(partial, w->dataset, w->first, NULL, 0, &w->packed_size);
  if (status) return status;
  w->packed = malloc((size_t)w->packed_size);
  assert_non_null(w->packed);
  OK(w->context, ba_partial_pack(partial, w->dataset, w->first, w->packed, w->packed_size, &w->packed_size));
  return BA_OK;
}

/* What a worker answers, into `bytes`; returns its size. */
static int64_t answer(worker *w, const uint8_t *request, int64_t size, uint8_t *bytes, int64_t room) {
  ba_partial *partial;
  int64_t n;
  OK(w->context, ba_partial_create(w->context, request, size, &partial));
  if (w->packs && !w->packed) assert_true(pack(w, partial) == BA_OK || !w->packed);
  if (w->packed)
    OK(w->context, ba_partial_accumulate_packed(partial, w->packed, w->packed_size));
  else
    OK(w->context, ba_partial_accumulate(partial, w->dataset, w->first));
  OK(w->context, ba_partial_save(partial, bytes, room, &n));
  assert_true(n <= room);
  ba_partial_destroy(partial);
  return n;
}

/* 0 to count - 1, shuffled anew. */
static void shuffle(int64_t *order, int64_t count, uint64_t *seed) {
  for (int64_t i = 0; i < count; i++) {
    const int64_t j = (int64_t)(making_bits(seed) % (uint64_t)(i + 1));
    order[i] = order[j];
    order[j] = i;
  }
}

static ba_model *train_with(ba_context *context, const char *recipe, const char *const *names, int32_t classes,
                            worker *workers, int64_t count) {
  static uint8_t request[1 << 14], bytes[1 << 17];
  ba_solver *solver;
  ba_model *model;
  ba_status status = BA_OK;
  uint64_t seed = (uint64_t)count;
  OK(context, ba_solver_create(context, recipe, names, classes, NULL, &solver));
  for (int64_t order[MOST] = {0}, n; status == BA_OK;) {
    ba_partial *all;
    OK(context, ba_solver_ask(solver, request, sizeof request, &n));
    assert_true(n <= (int64_t)sizeof request);
    OK(context, ba_partial_create(context, request, n, &all));
    shuffle(order, count, &seed);
    for (int64_t i = 0; i < count; i++)
      OK(context, ba_partial_add(all, bytes, answer(&workers[order[i]], request, n, bytes, sizeof bytes)));
    if (count > 2) /* one of them has run twice */
      OK(context, ba_partial_add(all, bytes, answer(&workers[order[0]], request, n, bytes, sizeof bytes)));
    status = ba_solver_tell(solver, all);
    if (status < 0) fail_msg("%s", ba_context_error_message(context));
    ba_partial_destroy(all);
    ba_solver *next; /* another process goes on */
    OK(context, ba_solver_save(solver, bytes, sizeof bytes, &n));
    assert_true(n <= (int64_t)sizeof bytes);
    OK(context, ba_solver_create(context, recipe, names, classes, NULL, &next));
    OK(context, ba_solver_restore(next, bytes, n));
    ba_solver_destroy(solver);
    solver = next;
  }
  OK(context, ba_solver_finish(solver, &model));
  ba_solver_destroy(solver);
  for (int64_t i = 0; i < count; i++) {
    assert_true(!workers[i].packs || workers[i].packed);
    free(workers[i].packed);
    workers[i].packed = NULL;
  }
  return model;
}

typedef struct training {
  const char *recipe;
  int32_t classes;
} training;

static void check_all(ba_context *context, const training *trainings, size_t all, int32_t of_table) {
  static const int64_t parts[] = {1, 2, 7, 64};
  static const char *const names[] = {"c2", "c0", "c1"}, *const two[] = {"c1", "c0"}, *const numbered[] = {"1", "0"};
  const int32_t classes = trainings->classes;
  static worker workers[MOST];
  uint8_t *expected[TRAININGS];
  int64_t sizes[TRAININGS], n;
  const size_t count = all < TRAININGS ? all : TRAININGS;
  make_rows(classes);
  make_numbers();
  ba_dataset *whole = rows_of(context, 0, ROWS, of_table);
  for (size_t t = 0; t < count; t++) {
    ba_model *model = making_trained(context, trainings[t].recipe, whole, "sketches=off");
    expected[t] = making_bytes(context, model, &sizes[t]);
    ba_model_release(model);
  }
  ba_dataset_destroy(whole);
  for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
    hire(workers, parts[p], of_table);
    for (size_t t = 0; t < count; t++) {
      const char *const *own = of_table ? numbered : classes == 3 ? names : two;
      ba_model *model = train_with(context, trainings[t].recipe, own, trainings[t].classes, workers, parts[p]);
      uint8_t *bytes = making_bytes(context, model, &n);
      if (n != sizes[t] || memcmp(bytes, expected[t], (size_t)n))
        fail_msg("%s: another model by %ld workers", trainings[t].recipe, (long)parts[p]);
      free(bytes);
      ba_model_release(model);
    }
    dismiss(workers, parts[p]);
  }
  for (size_t t = 0; t < count; t++) free(expected[t]);
}

static void test_two_classes(void **state) {
  static const training trainings[] = {{"Kmer(k=2) | Logistic(max_iter=2)", 2},
                                       {"Kmer(k=1) | Logistic(l1=1e-3, max_iter=2)", 2},
                                       {"Kmer(k=1) | Logistic(class_weight=balanced, max_iter=1)", 2},
                                       {"Entropy() + Kmer(k=1) | Standardize() | Logistic(max_iter=1)", 2}};
  check_all(*state, trainings, sizeof trainings / sizeof *trainings, 0);
}

static void test_more_classes(void **state) {
  static const training trainings[] = {{"Kmer(k=1) + Length() | Softmax(max_iter=2)", 3},
                                       {"Kmer(k=1) | Softmax(l1=1e-3, max_iter=2)", 3},
                                       {"Entropy() | MinMax() | Softmax(class_weight=balanced, max_iter=1)", 3}};
  check_all(*state, trainings, sizeof trainings / sizeof *trainings, 0);
}

static void test_numbers(void **state) {
  static const training trainings[] = {{"Kmer(k=1) | Linear(max_iter=2)", 0},
                                       {"Kmer(k=1) | Linear(loss=huber, l1=1e-3, max_iter=2)", 0},
                                       {"Kmer(k=1) | Linear(loss=quantile, quantile=0.7, max_iter=2)", 0},
                                       {"Kmer(k=1) | Poisson(max_iter=2)", 0}};
  check_all(*state, trainings, sizeof trainings / sizeof *trainings, 0);
}

#define INDICATED "Column(column=a, missing=indicator) + Column(column=b, missing=mean) + Column(column=c)"

static void test_tables(void **state) {
  static const training trainings[] = {{INDICATED " | Standardize() | Logistic(class_weight=balanced, max_iter=2)", 2},
                                       {INDICATED " | MinMax() | Logistic(max_iter=1)", 2},
                                       {INDICATED " | Standardize() | Logistic(l1=1e-3, max_iter=1)", 2},
                                       {"Column(column=b, missing=mean) | Softmax(max_iter=1)", 2},
                                       {INDICATED " | Standardize() | Linear(loss=huber, max_iter=1)", 0},
                                       {"Column(column=a, missing=mean) + Column(column=c) | Linear(max_iter=1)", 0},
                                       {"Column(column=d) | Linear(max_iter=1)", 0}};
  check_all(*state, trainings, sizeof trainings / sizeof *trainings, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_two_classes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_more_classes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_numbers, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_tables, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
