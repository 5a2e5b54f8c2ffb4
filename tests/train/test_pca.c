/* SPDX-License-Identifier: MIT
 *
 * test_pca.c: components against the covariance in long double, which they must take apart; models linear in them.
 * Where OpenBLAS is not there, the error says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/base.h"
#include "bioanalytics/bioanalytics.h"
#include "model/making.h"
#include "support/fault.h"

enum { ROWS = 600, COLUMNS = 4 };

static double chance(int64_t row, uint64_t stream) {
  return (double)(bai_random(11, stream, (uint64_t)row) % 100003) / 100003.0 - 0.5;
}

/* Two of the four columns follow one hidden number, a third another. */
static double number(int64_t row, int32_t column) {
  const double a = chance(row, 1), b = chance(row, 2);
  if (column == 0) return 30.0 + 5.0 * a;
  if (column == 1) return -3.0 * a + 0.3 * chance(row, 3);
  return column == 2 ? 2.0 * b + 0.1 * chance(row, 4) : chance(row, 5);
}

static double weight(int64_t row) {
  return (double)(row % 3) + 1.0;
}

static double value_of(int64_t row, int32_t what) {
  if (what < COLUMNS) return number(row, what);
  if (what == COLUMNS) return weight(row);
  return number(row, 0) - 2.0 * number(row, 2) + 0.1 * chance(row, 9);
}

static ba_status add_array(ba_context *context, ba_table *table, const char *name, int64_t rows, int32_t what) {
  ba_array *array;
  ba_status status = ba_array_create(context, BA_FLOAT64, 1, &rows, &array);
  if (status) return status;
  for (int64_t i = 0; i < rows; i++) ((double *)ba_array_data_mut(array))[i] = value_of(i, what);
  status = ba_table_add_array(table, name, array, NULL);
  ba_array_release(array);
  return status;
}

static ba_status make_table(ba_context *context, int64_t rows, ba_table **out) {
  static const char *const names[] = {"a", "b", "c", "d", "w", "y"};
  ba_status status = ba_table_create(context, rows, out);
  for (int32_t i = 0; !status && i < 6; i++) status = add_array(context, *out, names[i], rows, i);
  return status;
}

static ba_status make(ba_context *context, const char *recipe, int64_t rows, ba_dataset **dataset, ba_pca **pca) {
  ba_table *table = NULL;
  *pca = NULL;
  *dataset = NULL;
  ba_status status = make_table(context, rows, &table);
  if (!status) status = ba_dataset_create(context, NULL, dataset);
  if (!status) status = ba_dataset_add_table(*dataset, table, "labels=none, weight=w, ignore=y");
  if (!status) status = ba_pca_create(context, recipe, *dataset, pca);
  ba_table_release(table);
  return status;
}

static int32_t is_without_blas(ba_context *context, ba_status status) {
  const char *message = ba_context_error_message(context);
  return status == BA_ERR_UNSUPPORTED &&
         (strstr(message, "OpenBLAS") || strstr(message, "LAPACKE") || strstr(message, "lapacke"));
}

static void covariance(long double mean[COLUMNS], long double square[COLUMNS][COLUMNS]) {
  long double total = 0;
  memset(mean, 0, COLUMNS * sizeof *mean);
  memset(square, 0, COLUMNS * sizeof *square);
  for (int64_t i = 0; i < ROWS; i++) total += weight(i);
  for (int64_t i = 0; i < ROWS; i++)
    for (int32_t c = 0; c < COLUMNS; c++) mean[c] += weight(i) * number(i, c) / total;
  for (int64_t i = 0; i < ROWS; i++)
    for (int32_t a = 0; a < COLUMNS; a++)
      for (int32_t b = 0; b < COLUMNS; b++)
        square[a][b] += weight(i) * (number(i, a) - mean[a]) * (number(i, b) - mean[b]) / total;
}

static void test_takes_the_covariance_apart(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset;
  ba_pca *pca;
  long double mean[COLUMNS], square[COLUMNS][COLUMNS], shares = 0;
  double v[COLUMNS][COLUMNS], scores[ROWS * COLUMNS], before = INFINITY;
  const ba_status status = make(context, "Columns() | PCA(n=4)", ROWS, &dataset, &pca);
  if (!is_without_blas(context, status)) {
    OK(context, status);
    covariance(mean, square);
    OK(context, ba_pca_project(pca, dataset, scores));
    assert_int_equal(ba_pca_count(pca), 4);
    assert_int_equal(ba_pca_width(pca), 4);
    for (int32_t k = 0; k < COLUMNS; k++) {
      double share, largest = 0.0;
      OK(context, ba_pca_loadings(pca, k, v[k]));
      const double variance = ba_pca_variance(pca, k, &share);
      assert_true(variance > 0.0 && variance <= before);
      before = variance;
      shares += share;
      for (int32_t a = 0; a < COLUMNS; a++) {
        long double sum = 0;
        for (int32_t b = 0; b < COLUMNS; b++) sum += square[a][b] * v[k][b];
        assert_true(fabsl(sum - variance * (long double)v[k][a]) < 1e-11);
        if (fabs(v[k][a]) > fabs(largest)) largest = v[k][a];
      }
      assert_true(largest > 0.0);
      for (int32_t other = 0; other <= k; other++) {
        double dot = 0.0;
        for (int32_t a = 0; a < COLUMNS; a++) dot += v[k][a] * v[other][a];
        assert_true(fabs(dot - (other == k)) < 1e-12);
      }
      for (int64_t i = 0; i < ROWS; i++) {
        long double place = 0;
        for (int32_t a = 0; a < COLUMNS; a++) place += (number(i, a) - mean[a]) * v[k][a];
        assert_true(fabs((double)place - scores[i * COLUMNS + k]) < 1e-11);
      }
    }
    assert_true(fabsl(shares - 1.0L) < 1e-12L);
    char name[8];
    int64_t length;
    OK(context, ba_pca_column_name(pca, 2, name, 8, &length));
    assert_string_equal(name, "c");
    assert_true(isnan(ba_pca_variance(pca, 4, NULL)));
  }
  ba_pca_destroy(pca);
  ba_dataset_destroy(dataset);
}

/* ---- models ---- */

static ba_status train(ba_context *context, const char *recipe, int64_t rows, double *scores) {
  ba_table *table = NULL;
  ba_dataset *dataset = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  ba_status status = make_table(context, rows, &table);
  if (!status) status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_dataset_add_table(dataset, table, "target=y, weight=w");
  if (!status) status = ba_trainer_create(context, recipe, dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, &model);
  if (!status) status = ba_model_selftest(context, model);
  if (!status) status = ba_scorer_create(context, model, NULL, &scorer);
  if (!status) status = ba_scorer_predict_table(scorer, table, NULL, scores, NULL);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  ba_table_release(table);
  return status;
}

/* All components are another basis of the same columns, so the optimum without a penalty is the same function. */
static void test_all_components_lose_nothing(void **state) {
  ba_context *context = *state;
  double with[ROWS], without[ROWS], few[ROWS], worst = 0.0;
  const ba_status status = train(context, "Columns() | PCA(n=4) | Linear(l2=0, solver=newton, tol=1e-13)", ROWS, with);
  if (is_without_blas(context, status)) return;
  OK(context, status);
  OK(context, train(context, "Columns() | Linear(l2=0, solver=newton, tol=1e-13)", ROWS, without));
  OK(context, train(context, "Columns() | Standardize() | PCA(n=1) | Linear()", ROWS, few));
  for (int64_t i = 0; i < ROWS; i++) {
    assert_true(fabs(with[i] - without[i]) < 1e-7);
    worst = fmax(worst, fabs(few[i] - without[i]));
  }
  assert_true(worst > 0.1);
}

/* A variance that is infinite has no shares. */
static void test_numbers_too_large(void **state) {
  ba_context *context = *state;
  const int64_t rows = 4, stride = 8;
  double x[] = {-1e200, 1e200, 1e200, 0}, y[] = {1, 2, 3, 5};
  ba_array *arrays[2];
  ba_table *table;
  ba_dataset *dataset;
  ba_pca *pca;
  OK(context, ba_table_create(context, rows, &table));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 1, &rows, &stride, x, NULL, NULL, &arrays[0]));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 1, &rows, &stride, y, NULL, NULL, &arrays[1]));
  OK(context, ba_table_add_array(table, "x", arrays[0], NULL));
  OK(context, ba_table_add_array(table, "y", arrays[1], NULL));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "labels=none"));
  const ba_status status = ba_pca_create(context, "Columns() | PCA(n=1)", dataset, &pca);
  if (!is_without_blas(context, status)) {
    assert_int_equal(status, BA_ERR_NUMBER);
    assert_non_null(strstr(ba_context_error_message(context), "the variance of the columns is not finite"));
  }
  ba_pca_destroy(pca);
  ba_dataset_destroy(dataset);
  ba_table_release(table);
  for (int32_t i = 0; i < 2; i++) ba_array_release(arrays[i]);
}

static void test_refusals(void **state) {
  static const struct {
    const char *recipe, *message;
    ba_status status;
  } cases[] = {
      {"Columns()", "expected features and PCA", BA_ERR_RECIPE},
      {"Columns() | PCA(n=2) | Linear()", "and no model", BA_ERR_RECIPE},
      {"Columns() | PCA(n=5)", "the features have 4 columns; expected 5 to 4096", BA_ERR_UNSUPPORTED},
      {"Columns() | PCA(n=2) | Standardize()", "a second scaling, or one behind PCA", BA_ERR_RECIPE},
      {"Columns() | PCA()", "PCA needs n", BA_ERR_RECIPE},
  };
  ba_context *context = *state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ba_dataset *dataset;
    ba_pca *pca;
    assert_int_equal(make(context, cases[i].recipe, ROWS, &dataset, &pca), cases[i].status);
    if (!strstr(ba_context_error_message(context), cases[i].message))
      fail_msg("%s: %s", cases[i].recipe, ba_context_error_message(context));
    assert_null(pca);
    ba_dataset_destroy(dataset);
  }
}

static ba_status life(ba_context *context, void *argument) {
  ba_dataset *dataset;
  ba_pca *pca;
  double scores[80];
  (void)argument;
  ba_status status = make(context, "Columns() | Standardize() | PCA(n=2)", 40, &dataset, &pca);
  if (!status) status = ba_pca_project(pca, dataset, scores);
  ba_pca_destroy(pca);
  ba_dataset_destroy(dataset);
  if (!status) status = train(context, "Columns() | PCA(n=2) | Linear()", 40, scores);
  return is_without_blas(context, status) ? BA_OK : status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_takes_the_covariance_apart, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_all_components_lose_nothing, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_numbers_too_large, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
