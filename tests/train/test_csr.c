/* SPDX-License-Identifier: MIT
 *
 * test_csr.c: sparse rows: a model against one of the same numbers as a table; what is refused; failures of memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>

#include "base/base.h"
#include "bioanalytics/bioanalytics.h"
#include "model/making.h"
#include "support/fault.h"

enum { ROWS = 300, COLUMNS = 12 };

/* Two of three numbers are 0. */
static double number(int64_t row, int64_t column) {
  const uint64_t bits = bai_random(21, (uint64_t)column, (uint64_t)row);
  return bits % 3 ? 0.0 : (double)((bits >> 20) % 1000) / 250.0 - 2.0;
}

static double target(int64_t row) {
  return 3.0 * number(row, 0) - number(row, 5) + 0.5 * number(row, COLUMNS - 1) + (double)(row % 7) / 10.0;
}

typedef struct rows {
  ba_array *starts, *columns, *values;
  char texts[ROWS][24];
  const char *labels[ROWS];
} rows;

static ba_status make(ba_context *context, int64_t count, rows *out) {
  int64_t starts[ROWS + 1] = {0}, n = 0;
  uint32_t columns[ROWS * COLUMNS];
  double values[ROWS * COLUMNS];
  for (int64_t i = 0; i < count; i++) {
    for (int64_t c = 0; c < COLUMNS; c++) {
      if (number(i, c) == 0.0) continue;
      columns[n] = (uint32_t)c;
      values[n++] = number(i, c);
    }
    starts[i + 1] = n;
    snprintf(out->texts[i], sizeof out->texts[i], "%.17g", target(i));
    out->labels[i] = out->texts[i];
  }
  const int64_t lengths[] = {count + 1, n, n};
  const int32_t types[] = {BA_INT64, BA_UINT32, BA_FLOAT64};
  const void *data[] = {starts, columns, values};
  ba_array **arrays[] = {&out->starts, &out->columns, &out->values};
  ba_status status = BA_OK;
  for (int32_t i = 0; i < 3; i++) *arrays[i] = NULL;
  for (int32_t i = 0; !status && i < 3; i++) {
    status = ba_array_create(context, types[i], 1, &lengths[i], arrays[i]);
    if (!status) memcpy(ba_array_data_mut(*arrays[i]), data[i], (size_t)lengths[i] * (i == 1 ? 4 : 8));
  }
  return status;
}

static void unmake(rows *r) {
  ba_array_release(r->starts);
  ba_array_release(r->columns);
  ba_array_release(r->values);
}

static ba_status fit(ba_context *context, const char *recipe, ba_dataset *dataset, ba_model **out) {
  ba_trainer *trainer = NULL;
  ba_status status = ba_trainer_create(context, recipe, dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, out);
  ba_trainer_destroy(trainer);
  return status;
}

static ba_status train(ba_context *context, const rows *r, const char *recipe, ba_model **out) {
  ba_dataset *dataset = NULL;
  *out = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status)
    status = ba_dataset_add_csr(dataset, r->starts, r->columns, r->values, r->labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = fit(context, recipe, dataset, out);
  ba_dataset_destroy(dataset);
  return status;
}

/* The same numbers with their zeros, as one column of twelve numbers a row. */
static void train_dense(ba_context *context, const char *recipe, ba_model **out) {
  const int64_t shape[2] = {ROWS, COLUMNS}, count = ROWS;
  ba_array *x, *y;
  ba_table *table;
  ba_dataset *dataset;
  OK(context, ba_array_create(context, BA_FLOAT64, 2, shape, &x));
  OK(context, ba_array_create(context, BA_FLOAT64, 1, &count, &y));
  for (int64_t i = 0; i < ROWS; i++) {
    ((double *)ba_array_data_mut(y))[i] = target(i);
    for (int64_t c = 0; c < COLUMNS; c++) ((double *)ba_array_data_mut(x))[i * COLUMNS + c] = number(i, c);
  }
  OK(context, ba_table_create(context, ROWS, &table));
  OK(context, ba_table_add_array(table, "x", x, NULL));
  OK(context, ba_table_add_array(table, "y", y, NULL));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y"));
  OK(context, fit(context, recipe, dataset, out));
  ba_dataset_destroy(dataset);
  ba_table_release(table);
  ba_array_release(x);
  ba_array_release(y);
}

static void test_equals_dense_rows(void **state) {
  ba_context *context = *state;
  ba_model *sparse, *dense;
  rows r;
  double first[ROWS], again[ROWS], weights[2][COLUMNS], intercepts[2];
  OK(context, make(context, ROWS, &r));
  OK(context, train(context, &r, "Sparse() | Linear(l2=0.01, solver=newton, tol=1e-13)", &sparse));
  train_dense(context, "Columns() | Linear(l2=0.01, solver=newton, tol=1e-13)", &dense);
  assert_int_equal(ba_model_width(sparse), COLUMNS);
  OK(context, ba_model_weights(context, sparse, 0, weights[0], &intercepts[0]));
  OK(context, ba_model_weights(context, dense, 0, weights[1], &intercepts[1]));
  for (int32_t c = 0; c < COLUMNS; c++) assert_true(fabs(weights[0][c] - weights[1][c]) < 1e-12);
  for (int32_t level = 0, compared = 0; level < 3; level++) {
    ba_scorer *scorer;
    if (ba_context_set_cpu(context, cpu_levels[level]) != BA_OK) continue;
    OK(context, ba_scorer_create(context, sparse, NULL, &scorer));
    OK(context, ba_scorer_predict_csr(scorer, r.starts, r.columns, r.values, compared ? again : first, NULL));
    if (compared++) assert_memory_equal(first, again, sizeof first);
    ba_scorer_destroy(scorer);
  }
  OK(context, ba_context_set_cpu(context, "auto"));
  for (int64_t i = 0; i < ROWS; i++) {
    double score = intercepts[0];
    for (int32_t c = 0; c < COLUMNS; c++) score += weights[0][c] * number(i, c);
    assert_true(fabs(score - first[i]) < 1e-12);
  }
  ba_model_release(sparse);
  ba_model_release(dense);
  unmake(&r);
}

static ba_array *list(ba_context *context, int32_t dtype, int64_t n, const void *data, size_t bytes) {
  ba_array *array;
  OK(context, ba_array_create(context, dtype, 1, &n, &array));
  memcpy(ba_array_data_mut(array), data, bytes);
  return array;
}

static void test_refusals(void **state) {
  static const int64_t starts[][3] = {{0, 2, 1}, {0, 2, 9}, {-1, 1, 2}, {0, 2, 4}};
  static const uint32_t columns[] = {1, 3, 5, 5};
  static const double values[] = {1, 2, 3, 4};
  static const char *const messages[] = {"record 2: sparse rows: the row goes from 2 to 1 of 4", "from 2 to 9 of 4",
                                         "record 1: sparse rows: the row goes from -1 to 1",
                                         "record 2: sparse rows: column 5"};
  static const char *const labels[] = {"1", "2"};
  ba_context *context = *state;
  ba_dataset *dataset;
  ba_array *c = list(context, BA_UINT32, 4, columns, sizeof columns),
           *v = list(context, BA_FLOAT64, 4, values, sizeof values);
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int32_t i = 0; i < 4; i++) {
    ba_array *s = list(context, BA_INT64, 3, starts[i], sizeof starts[i]);
    assert_int_equal(ba_dataset_add_csr(dataset, s, c, v, labels, NULL, NULL, BA_PART_TRAIN), BA_ERR_SHAPE);
    if (!strstr(ba_context_error_message(context), messages[i])) fail_msg("%s", ba_context_error_message(context));
    ba_array_release(s);
  }
  assert_int_equal(ba_dataset_add_csr(dataset, v, c, v, labels, NULL, NULL, BA_PART_TRAIN), BA_ERR_SHAPE);
  assert_int_equal(ba_dataset_add_csr(dataset, c, c, v, NULL, NULL, NULL, BA_PART_TRAIN), BA_ERR_ARGUMENT);
  assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), 0);
  ba_dataset_destroy(dataset);
  ba_array_release(c);
  ba_array_release(v);
}

static ba_status life(ba_context *context, void *argument) {
  rows r;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  double scores[40];
  (void)argument;
  ba_status status = make(context, 40, &r);
  if (!status) status = train(context, &r, "Sparse() | Linear(max_iter=2)", &model);
  if (!status) status = ba_scorer_create(context, model, NULL, &scorer);
  if (!status) status = ba_scorer_predict_csr(scorer, r.starts, r.columns, r.values, scores, NULL);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  unmake(&r);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_equals_dense_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
