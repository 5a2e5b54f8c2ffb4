/* SPDX-License-Identifier: MIT
 *
 * test_table.c: training on rows of a table and scoring them, against normal equations in long double and by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "base/base.h"
#include "bioanalytics/bioanalytics.h"
#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"

enum { ROWS = 700, NUMBERS = 3 };

/* Numbers of very different sizes, as prices and rates are. */
static double number(int64_t row, int32_t column) {
  static const double centre[NUMBERS] = {40000.0, 0.001, -3.0}, spread[NUMBERS] = {500.0, 0.0001, 2.0};
  return centre[column] +
         spread[column] * ((double)(bai_random(3, (uint64_t)column, (uint64_t)row) % 2001) / 1000.0 - 1);
}

static const char *region(int64_t row) {
  static const char *const names[] = {"north", "east", "", "west"};
  return names[bai_random(4, 0, (uint64_t)row) % 4];
}

static double target(int64_t row) {
  const double noise = (double)(bai_random(5, 0, (uint64_t)row) % 1000) / 1000.0;
  return 0.002 * number(row, 0) + 3000.0 * number(row, 1) - number(row, 2) + noise +
         (region(row)[0] == 'n' ? 2.0 : 0.0);
}

static ba_status add_array(ba_context *context, ba_table *table, const char *name, int64_t rows, int32_t what,
                           const uint8_t *validity) {
  ba_array *array;
  ba_status status = ba_array_create(context, BA_FLOAT64, 1, &rows, &array);
  if (status) return status;
  double *data = ba_array_data_mut(array);
  for (int64_t i = 0; i < rows; i++)
    data[i] = what < NUMBERS ? number(i, what) : what == NUMBERS ? target(i) : target(i) > 87.0;
  status = ba_table_add_array(table, name, array, validity);
  ba_array_release(array);
  return status;
}

static ba_status add_regions(ba_table *table, int64_t rows) {
  char bytes[8 * ROWS];
  int64_t offsets[ROWS + 1] = {0};
  for (int64_t i = 0; i < rows; i++) {
    const char *text = region(i);
    memcpy(bytes + offsets[i], text, strlen(text));
    offsets[i + 1] = offsets[i] + (int64_t)strlen(text);
  }
  return ba_table_add_text(table, "region", bytes, offsets, NULL);
}

/* price, rate, heat, region, y (a number), high (a class). */
static ba_status make_table(ba_context *context, int64_t rows, const uint8_t *validity, ba_table **out) {
  ba_status status = ba_table_create(context, rows, out);
  if (!status) status = add_array(context, *out, "price", rows, 0, NULL);
  if (!status) status = add_array(context, *out, "rate [%]", rows, 1, validity);
  if (!status) status = add_array(context, *out, "heat", rows, 2, NULL);
  if (!status) status = add_regions(*out, rows);
  if (!status) status = add_array(context, *out, "y", rows, NUMBERS, NULL);
  if (!status) status = add_array(context, *out, "high", rows, NUMBERS + 1, NULL);
  return status;
}

/* ---- ridge regression on standardised columns, by normal equations ---- */

enum { COLUMNS = NUMBERS + 3 };

/* A row as the recipe makes it: three scaled numbers, then east, north, west. */
static void row_of(int64_t row, const long double *mean, const long double *deviation, long double *x) {
  static const char *const levels[] = {"east", "north", "west"};
  for (int32_t c = 0; c < NUMBERS; c++) x[c] = (number(row, c) - mean[c]) / deviation[c];
  for (int32_t c = 0; c < 3; c++) x[NUMBERS + c] = strcmp(region(row), levels[c]) == 0;
  x[COLUMNS] = 1;
}

static void solve(long double a[COLUMNS + 1][COLUMNS + 2]) {
  for (int32_t k = 0; k <= COLUMNS; k++) {
    int32_t pivot = k;
    for (int32_t i = k; i <= COLUMNS; i++)
      if (fabsl(a[i][k]) > fabsl(a[pivot][k])) pivot = i;
    for (int32_t j = 0; j < COLUMNS + 2; j++) {
      const long double kept = a[k][j];
      a[k][j] = a[pivot][j];
      a[pivot][j] = kept;
    }
    for (int32_t i = 0; i <= COLUMNS; i++) {
      if (i == k) continue;
      const long double factor = a[i][k] / a[k][k];
      for (int32_t j = k; j < COLUMNS + 2; j++) a[i][j] -= factor * a[k][j];
    }
  }
}

/* Mean of (y - x w)^2 / 2 plus l2/2 |w|^2, the intercept free. */
static void oracle(double l2, long double *mean, long double *deviation, long double *weights) {
  long double a[COLUMNS + 1][COLUMNS + 2] = {{0}}, x[COLUMNS + 1];
  for (int32_t c = 0; c < NUMBERS; c++) {
    mean[c] = deviation[c] = 0;
    for (int64_t i = 0; i < ROWS; i++) mean[c] += (long double)number(i, c) / ROWS;
    for (int64_t i = 0; i < ROWS; i++) deviation[c] += (number(i, c) - mean[c]) * (number(i, c) - mean[c]) / ROWS;
    deviation[c] = sqrtl(deviation[c]);
  }
  for (int64_t i = 0; i < ROWS; i++) {
    row_of(i, mean, deviation, x);
    for (int32_t r = 0; r <= COLUMNS; r++) {
      for (int32_t c = 0; c <= COLUMNS; c++) a[r][c] += x[r] * x[c] / ROWS;
      a[r][COLUMNS + 1] += x[r] * target(i) / ROWS;
    }
  }
  for (int32_t c = 0; c < COLUMNS; c++) a[c][c] += l2;
  solve(a);
  for (int32_t c = 0; c <= COLUMNS; c++) weights[c] = a[c][COLUMNS + 1] / a[c][c];
}

#define RECIPE "Columns() + Category(column=region) | Standardize() | Linear(l2=0.01, solver=newton, tol=1e-13)"
#define ROLES "target=y, name=high"

static void test_ridge_is_the_exact_one(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  ba_scorer *scorer;
  long double mean[NUMBERS], deviation[NUMBERS], exact[COLUMNS + 1], x[COLUMNS + 1];
  double weights[COLUMNS], intercept, scores[ROWS];
  OK(context, make_table(context, ROWS, NULL, &table));
  OK(context, making_table_model(context, table, RECIPE, ROLES, &model));
  oracle(0.01, mean, deviation, exact);
  assert_int_equal(ba_model_width(model), COLUMNS);
  OK(context, ba_model_weights(context, model, 0, weights, &intercept));
  /* The words of regions are counts with weights of 31 bits, the numbers have doubles. */
  for (int32_t c = 0; c < COLUMNS; c++)
    assert_true(fabs((double)(weights[c] - exact[c])) < (c < NUMBERS ? 1e-9 : 3e-9));
  assert_true(fabs((double)(intercept - exact[COLUMNS])) < 1e-9);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_table(scorer, table, NULL, scores, NULL));
  for (int64_t i = 0; i < ROWS; i++) {
    long double score = 0;
    row_of(i, mean, deviation, x);
    for (int32_t c = 0; c <= COLUMNS; c++) score += x[c] * exact[c];
    assert_true(fabs((double)(scores[i] - score)) < 1e-8);
  }
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_table_release(table);
}

/* Through OpenBLAS, where it is there: the same to its rounding. */
static void test_fast_numerics(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  long double mean[NUMBERS], deviation[NUMBERS], exact[COLUMNS + 1];
  double weights[COLUMNS];
  OK(context, make_table(context, ROWS, NULL, &table));
  const ba_status status =
      making_table_model(context, table,
                         "Columns() + Category(column=region) | Standardize() | Linear(l2=0.01, solver=newton, "
                         "tol=1e-13, numerics=fast)",
                         ROLES, &model);
  if (status == BA_ERR_UNSUPPORTED) {
    assert_non_null(strstr(ba_context_error_message(context), "OpenBLAS"));
  } else {
    OK(context, status);
    oracle(0.01, mean, deviation, exact);
    OK(context, ba_model_weights(context, model, 0, weights, NULL));
    for (int32_t c = 0; c < COLUMNS; c++) assert_true(fabs((double)(weights[c] - exact[c])) < 1e-8);
  }
  ba_model_release(model);
  ba_table_release(table);
}

static void test_similarity_is_of_letters(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_dataset *dataset;
  int64_t counts[9];
  OK(context, make_table(context, ROWS, NULL, &table));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, ROLES));
  assert_int_equal(ba_dataset_split(dataset, "by=similarity, folds=3"), BA_ERR_UNSUPPORTED);
  assert_int_equal(ba_dataset_leakage(dataset, NULL, counts, counts), BA_ERR_UNSUPPORTED);
  OK(context, ba_dataset_split(dataset, "by=random, folds=3"));
  ba_dataset_destroy(dataset);
  ba_table_release(table);
}

static void test_names_of_columns(void **state) {
  static const char *const names[] = {"price", "rate [%]", "heat", "region=east", "region=north", "region=west"};
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  OK(context, make_table(context, ROWS, NULL, &table));
  OK(context, making_table_model(context, table, RECIPE, ROLES, &model));
  for (int64_t i = 0; i < 6; i++) {
    char name[40];
    int64_t length;
    OK(context, ba_model_column_name(context, model, i, name, 40, &length));
    assert_string_equal(name, names[i]);
  }
  ba_model_release(model);
  ba_table_release(table);
}

/* ---- the same bits everywhere ---- */

static void predict(ba_context *context, ba_model *model, ba_table *table, double *scores, double *probabilities) {
  ba_scorer *scorer;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_table(scorer, table, NULL, scores, probabilities));
  ba_scorer_destroy(scorer);
}

static void test_same_bits_at_every_level(void **state) {
  ba_context *context = *state;
  ba_table *table;
  uint8_t *first = NULL;
  double scores[ROWS], again[ROWS], chances[2 * ROWS], chances_again[2 * ROWS];
  int64_t length = 0, n = 0;
  OK(context, make_table(context, ROWS, NULL, &table));
  for (int32_t i = 0; i < 3; i++) {
    ba_model *model, *copy;
    if (ba_context_set_cpu(context, cpu_levels[i]) != BA_OK) continue;
    OK(context, making_table_model(context, table, "Columns() + Category(column=region) | Standardize() | Logistic()",
                                   "target=high, name=y", &model));
    OK(context, ba_model_save_memory(context, model, NULL, 0, &n));
    uint8_t *bytes = test_malloc((size_t)n);
    OK(context, ba_model_save_memory(context, model, bytes, n, &n));
    OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &copy));
    predict(context, copy, table, i ? again : scores, i ? chances_again : chances);
    if (i == 0) {
      first = bytes;
      length = n;
    } else {
      assert_int_equal(n, length);
      assert_memory_equal(bytes, first, (size_t)n);
      assert_memory_equal(again, scores, sizeof scores);
      assert_memory_equal(chances_again, chances, sizeof chances);
      test_free(bytes);
    }
    ba_model_release(copy);
    ba_model_release(model);
  }
  test_free(first);
  OK(context, ba_context_set_cpu(context, "auto"));
  ba_table_release(table);
}

/* A row of numbers in the order of the inputs scores as the table does: the named inputs come first. */
static void test_rows_and_single_rows(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  ba_scorer *scorer;
  double scores[ROWS], rows[ROWS * NUMBERS], of_rows[ROWS];
  OK(context, make_table(context, ROWS, NULL, &table));
  OK(context, making_table_model(context, table, "Columns() | Standardize() | Linear()", ROLES, &model));
  predict(context, model, table, scores, NULL);
  for (int64_t i = 0; i < ROWS; i++)
    for (int32_t c = 0; c < NUMBERS; c++) rows[i * NUMBERS + c] = number(i, c);
  const int64_t shape[] = {ROWS, NUMBERS}, strides[] = {8 * NUMBERS, 8};
  ba_array *array;
  OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, strides, rows, NULL, NULL, &array));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict(scorer, array, of_rows, NULL));
  assert_memory_equal(of_rows, scores, sizeof scores);
  const float single[NUMBERS] = {40000.0f, 0.001f, -3.0f};
  const double same[NUMBERS] = {40000.0, (double)0.001f, -3.0};
  double one, other;
  OK(context, ba_scorer_predict_row(scorer, single, NUMBERS, &one, NULL));
  memcpy(rows, same, sizeof same);
  OK(context, ba_scorer_predict(scorer, array, of_rows, NULL));
  other = of_rows[0];
  assert_memory_equal(&one, &other, sizeof one);
  ba_scorer_destroy(scorer);
  ba_array_release(array);
  ba_model_release(model);
  ba_table_release(table);
}

/* One row's scores with its columns listed and without: the same bits, and the same number refused. */
static void expect_same_row(ba_context *context, const ba_model *model, bai_lane *lane, int32_t *refused) {
  const bai_kernels *kernels = bai_kernels_of(context);
  double direct[2] = {0.0, 0.0}, listed[2] = {0.0, 0.0};
  char said[300];
  lane->lists = 0;
  const ba_status status = bai_lane_score_codes(kernels, model, lane, 0, 0, direct);
  if (status) (void)bai_lane_explain(context, lane, status, 1, 0);
  snprintf(said, sizeof said, "%s", status ? ba_context_error_message(context) : "");
  lane->lists = 1;
  assert_int_equal(bai_lane_score_codes(kernels, model, lane, 0, 0, listed), status);
  if (status) (void)bai_lane_explain(context, lane, status, 1, 0);
  assert_string_equal(status ? ba_context_error_message(context) : "", said);
  if (!status) assert_memory_equal(direct, listed, sizeof direct);
  *refused += status != BA_OK;
}

static void test_columns_need_not_be_listed(void **state) {
  static const char *const recipes[] = {
      "Columns() | Logistic()",
      "Columns() | Standardize() | Linear()",
      "Columns(missing=mean) | MinMax() | Logistic()",
      "Columns(missing=indicator) | Standardize() | MLP(hidden=3, epochs=1)",
      "Column(column=heat) + Column(column=price, missing=indicator) + Columns() | Standardize() | Logistic()",
      "Columns() | Standardize() | Logistic() & Column(column=heat, missing=mean) + Column(column=price) | Logistic()",
      "Columns() + Category(column=region) | Standardize() | Logistic()"};
  static const double odd[] = {NAN, INFINITY, -INFINITY, 1.7e308, -1.7e308, -0.0, 5e-324};
  ba_context *context = *state;
  ba_table *table;
  int32_t refused = 0, rows = 0;
  OK(context, make_table(context, ROWS, NULL, &table));
  for (size_t r = 0; r < sizeof recipes / sizeof recipes[0]; r++) {
    const int32_t classes = !strstr(recipes[r], "Linear");
    bai_lane lane = {0};
    ba_model *model;
    double inputs[16];
    OK(context, making_table_model(context, table, recipes[r], classes ? "target=high, name=y" : ROLES, &model));
    const int64_t width = bai_model_row_inputs(model);
    assert_in_range(width, 1, 16);
    OK(context, bai_lane_reserve(context, model, &lane, 0));
    lane.inputs = inputs;
    for (int32_t level = 0; level < 3; level++) {
      if (ba_context_set_cpu(context, cpu_levels[level]) != BA_OK) continue;
      for (uint64_t i = 0; i < 300; i++, rows++) {
        for (int64_t j = 0; j < width; j++)
          inputs[j] = bai_random(6, i, (uint64_t)j) % 12 ? number((int64_t)i, (int32_t)(j % NUMBERS))
                                                         : odd[bai_random(7, i, (uint64_t)j) % 7];
        expect_same_row(context, model, &lane, &refused);
      }
    }
    lane.inputs = NULL;
    bai_lane_free(context, &lane);
    ba_model_release(model);
  }
  assert_in_range(refused, rows / 20, rows / 2);
  OK(context, ba_context_set_cpu(context, "auto"));
  ba_table_release(table);
}

/* ---- weights, missing values ---- */

static void test_missing_values(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  uint8_t validity[(ROWS + 7) / 8];
  memset(validity, 0xFF, sizeof validity);
  validity[0] = 0xFB; /* the third row has no rate */
  OK(context, make_table(context, ROWS, validity, &table));
  assert_int_equal(making_table_model(context, table, "Columns() | Linear()", ROLES, &model), BA_ERR_NUMBER);
  assert_non_null(strstr(ba_context_error_message(context),
                         "record 3: column \"rate [%]\" has no value; expected a finite number, or missing=mean or "
                         "missing=indicator in the recipe"));
  OK(context,
     making_table_model(context, table, "Columns(missing=indicator) | Standardize() | Linear()", ROLES, &model));
  char name[40];
  int64_t length;
  assert_int_equal(ba_model_width(model), 2 * NUMBERS);
  OK(context, ba_model_column_name(context, model, NUMBERS + 1, name, 40, &length));
  assert_string_equal(name, "rate [%].missing");
  ba_model_release(model);
  /* A row with the mean in the place of what is missing scores the same. */
  OK(context, making_table_model(context, table, "Column(column=\"rate [%]\", missing=mean) | Standardize() | Linear()",
                                 ROLES, &model));
  double scores[ROWS], mean = 0.0, intercept;
  for (int64_t i = 0; i < ROWS; i++) mean += i == 2 ? 0.0 : number(i, 1) / (ROWS - 1);
  predict(context, model, table, scores, NULL);
  OK(context, ba_model_weights(context, model, 0, NULL, &intercept));
  assert_true(fabs(scores[2] - intercept) < 1e-12 * fabs(intercept));
  ba_model_release(model);
  ba_table_release(table);
}

static void test_refusals(void **state) {
  static const struct {
    const char *recipe, *options, *message;
    ba_status status;
  } cases[] = {
      {"Column(column=prize) | Linear()", ROLES, "there is no column \"prize\"; expected one of: price, rate [%], heat",
       BA_ERR_TABLE},
      {"Column(column=region) | Linear()", ROLES, "column \"region\" has the text", BA_ERR_TABLE},
      {"Columns() | Linear()", "target=z", "there is no column \"z\" for the target", BA_ERR_TABLE},
      {"Columns() | Linear()", "weight=y", "expected target=COLUMN", BA_ERR_ARGUMENT},
      {"Columns() | Linear()", "target=y, weight=heat", "expected a weight of 0 or more", BA_ERR_LABEL},
      {"Columns() | Linear()", "target=region", "expected a value", BA_ERR_LABEL},
      {"Columns() + Kmer(k=2) | Linear()", ROLES, "expected terms over one of them", BA_ERR_RECIPE},
      {"Kmer(k=2) | Linear()", ROLES, "longest training sequence has 0 letters", BA_ERR_LENGTH},
      {"Columns() | Logistic() | Standardize()", ROLES, "a stage after the model", BA_ERR_RECIPE},
      {"Columns() | MinMax() | Standardize() | Linear()", ROLES, "a second scaling", BA_ERR_RECIPE},
  };
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  OK(context, make_table(context, ROWS, NULL, &table));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(making_table_model(context, table, cases[i].recipe, cases[i].options, &model), cases[i].status);
    if (!strstr(ba_context_error_message(context), cases[i].message))
      fail_msg("%s: %s", cases[i].recipe, ba_context_error_message(context));
  }
  OK(context, making_table_model(context, table, "Columns() | MinMax() | Linear()", ROLES, &model));
  ba_scorer *scorer;
  double score;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  assert_int_equal(ba_scorer_mutate(scorer, "ACGT", 4, 0, (double[16]){0}), BA_ERR_UNSUPPORTED);
  assert_int_equal(ba_scorer_attribute(scorer, "ACGT", 4, 0, (double[4]){0}), BA_ERR_UNSUPPORTED);
  assert_int_equal(ba_scorer_scan(scorer, "ACGT", 4, 4, 1, &score, 1, &(int64_t){0}), BA_ERR_UNSUPPORTED);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_table_release(table);
}

/* Numbers without a mean, a deviation or a range in float64 are refused; they would make weights that are none. */
static void test_numbers_beyond_a_scale(void **state) {
  static const struct {
    double low, high;
    const char *recipe;
  } cases[] = {{-1e308, 1.5e308, "Column(column=x) | MinMax() | Linear()"},
               {-1e200, 1e200, "Column(column=x) | Standardize() | Linear()"},
               {1e308, 1.5e308, "Column(column=x, missing=mean) | Linear()"},
               {0, 1e-310, "Column(column=x) | MinMax() | Linear()"}};
  ba_context *context = *state;
  const int64_t rows = 8, stride = 8;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    double x[8];
    ba_array *array;
    ba_table *table;
    ba_model *model;
    for (int64_t r = 0; r < rows; r++) x[r] = r % 2 ? cases[i].high : cases[i].low;
    OK(context, ba_table_create(context, rows, &table));
    OK(context, ba_array_wrap(context, BA_FLOAT64, 1, &rows, &stride, x, NULL, NULL, &array));
    OK(context, ba_table_add_array(table, "x", array, NULL));
    OK(context, add_array(context, table, "y", rows, NUMBERS, NULL));
    assert_int_equal(making_table_model(context, table, cases[i].recipe, "target=y", &model), BA_ERR_NUMBER);
    assert_non_null(strstr(ba_context_error_message(context), "column \"x\" has no mean or scale"));
    ba_array_release(array);
    ba_table_release(table);
  }
}

/* What a row's finite numbers come to behind a scale must be finite, too. */
static void test_rows_beyond_a_scale(void **state) {
  static const struct {
    const char *recipe, *message;
    double rate;
  } cases[] = {{"Column(column=price) + Column(column=\"rate [%]\") | Standardize() | Linear()",
                "record 2: column \"rate [%]\" is too large", 1e305},
               {"Column(column=price) + Power(column=\"rate [%]\", p=3) | Standardize() | Linear()",
                "record 2: column \"Power_rate [%]", 1e102}};
  ba_context *context = *state;
  ba_table *table;
  OK(context, make_table(context, ROWS, NULL, &table));
  for (size_t i = 0; i < 2; i++) {
    double rows[2][2] = {{40000.0, 0.001}, {40000.0, cases[i].rate}}, scores[2];
    const int64_t shape[] = {2, 2}, strides[] = {16, 8};
    ba_array *array;
    ba_model *model;
    ba_scorer *scorer;
    OK(context, making_table_model(context, table, cases[i].recipe, "target=y", &model));
    OK(context, ba_scorer_create(context, model, NULL, &scorer));
    OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, strides, rows, NULL, NULL, &array));
    assert_int_equal(ba_scorer_predict(scorer, array, scores, NULL), BA_ERR_NUMBER);
    assert_non_null(strstr(ba_context_error_message(context), cases[i].message));
    ba_array_release(array);
    ba_scorer_destroy(scorer);
    ba_model_release(model);
  }
  ba_table_release(table);
}

/* Rows of weight 0 are not kept, and a series with holes would be another one. */
static void test_series_with_holes(void **state) {
  ba_context *context = *state;
  const int64_t rows = 20, stride = 8;
  double weights[20];
  ba_array *array;
  ba_table *table;
  ba_model *model;
  for (int64_t i = 0; i < rows; i++) weights[i] = i % 5 ? 1.0 : 0.0;
  OK(context, make_table(context, rows, NULL, &table));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 1, &rows, &stride, weights, NULL, NULL, &array));
  OK(context, ba_table_add_array(table, "w", array, NULL));
  assert_int_equal(making_table_model(context, table, "Lag(column=heat) | Linear()", "target=y, weight=w", &model),
                   BA_ERR_UNSUPPORTED);
  assert_non_null(strstr(ba_context_error_message(context), "4 rows have the weight 0"));
  OK(context, making_table_model(context, table, "Log(column=price) | Linear()", "target=y, weight=w", &model));
  ba_model_release(model);
  OK(context, making_table_model(context, table, "Lag(column=heat) | Linear()", "target=y, ignore=w", &model));
  ba_model_release(model);
  ba_array_release(array);
  ba_table_release(table);
}

static void expect_missing(ba_context *context, ba_status status, const char *call) {
  if (status != BA_ERR_NUMBER ||
      !strstr(ba_context_error_message(context), "record 651: column \"rate [%]\" has no value"))
    fail_msg("%s: %d %s", call, (int)status, ba_context_error_message(context));
}

/* Whichever thread and member meet a missing value, the message names its row and column. */
static void test_missing_values_on_threads(void **state) {
  static const char *const recipes[] = {"Column(column=price) + Column(column=\"rate [%]\") | Logistic()",
                                        "Column(column=price) | Logistic() & Column(column=\"rate [%]\") | Logistic()"};
  ba_context *context = *state;
  uint8_t validity[ROWS / 8 + 1];
  ba_table *whole, *holed;
  ba_dataset *dataset;
  ba_model *model;
  memset(validity, 0xFF, sizeof validity);
  validity[650 / 8] = (uint8_t) ~(1u << 650 % 8);
  OK(context, ba_context_set_threads(context, 4));
  OK(context, make_table(context, ROWS, NULL, &whole));
  OK(context, make_table(context, ROWS, validity, &holed));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, holed, "target=high"));
  for (int32_t i = 0; i < 2; i++) {
    ba_metrics *metrics = NULL;
    for (int32_t again = 0; again < 10; again++)
      expect_missing(context, making_table_model(context, holed, recipes[i], "target=high", &model), "train");
    OK(context, making_table_model(context, whole, recipes[i], "target=high", &model));
    for (int32_t again = 0; again < 10; again++)
      expect_missing(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics), "evaluate");
    ba_model_release(model);
  }
  ba_dataset_destroy(dataset);
  ba_table_release(whole);
  ba_table_release(holed);
}

/* One number of a column of two: the other one is a feature. */
static void test_a_part_of_a_column_as_target(void **state) {
  ba_context *context = *state;
  const int64_t shape[] = {6, 2};
  ba_array *pairs;
  ba_table *table;
  ba_model *model;
  OK(context, ba_array_create(context, BA_FLOAT64, 2, shape, &pairs));
  for (int64_t i = 0; i < 12; i++) ((double *)ba_array_data_mut(pairs))[i] = (double)(i * i % 7);
  OK(context, ba_table_create(context, 6, &table));
  OK(context, add_array(context, table, "heat", 6, 2, NULL));
  OK(context, ba_table_add_array(table, "y", pairs, NULL));
  OK(context, making_table_model(context, table, "Columns() | Linear()", "target=y_0", &model));
  assert_int_equal(ba_model_inputs(model), 2);
  assert_string_equal(ba_model_input_name(model, 0), "heat");
  assert_string_equal(ba_model_input_name(model, 1), "y_1");
  ba_model_release(model);
  ba_table_release(table);
  ba_array_release(pairs);
}

static int64_t held(ba_context *context) {
  int64_t bytes;
  ba_context_memory(context, &bytes, NULL);
  return bytes;
}

/* A second table without a column of the first; and sequences behind a table. */
static void test_datasets_that_do_not_fit(void **state) {
  ba_context *context = *state;
  const int64_t before = held(context);
  ba_table *first, *second;
  ba_dataset *dataset;
  ba_trainer *trainer = NULL;
  ba_records *records;
  OK(context, make_table(context, 20, NULL, &first));
  OK(context, ba_table_create(context, 5, &second));
  OK(context, add_array(context, second, "y", 5, NUMBERS, NULL));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, first, "target=y"));
  OK(context, ba_dataset_add_table(dataset, second, "target=y"));
  assert_int_equal(ba_trainer_create(context, "Category(column=region) | Linear()", dataset, NULL, &trainer),
                   BA_ERR_TABLE);
  assert_non_null(strstr(ba_context_error_message(context), "no column \"region\""));
  OK(context, ba_records_create(context, "ACGT", (int64_t[]){0, 4}, 1, &records));
  assert_int_equal(ba_dataset_add_records(dataset, records, (const char *[]){"1"}, NULL, NULL, BA_PART_TRAIN),
                   BA_ERR_ARGUMENT);
  assert_non_null(strstr(ba_context_error_message(context), "holds rows of a table"));
  assert_int_equal(ba_dataset_add_file(dataset, "some.fa", "class=1"), BA_ERR_ARGUMENT);
  ba_dataset_destroy(dataset);
  /* Sparse rows behind a table without rows, and sequences behind sparse rows. */
  static const char *const label[] = {"1"};
  int64_t starts[] = {0, 1};
  uint32_t column = 3;
  double value = 2.0;
  ba_table *none;
  ba_array *parts[3];
  OK(context, ba_array_wrap(context, BA_INT64, 1, (int64_t[]){2}, (int64_t[]){8}, starts, NULL, NULL, &parts[0]));
  OK(context, ba_array_wrap(context, BA_UINT32, 1, (int64_t[]){1}, (int64_t[]){4}, &column, NULL, NULL, &parts[1]));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 1, (int64_t[]){1}, (int64_t[]){8}, &value, NULL, NULL, &parts[2]));
  OK(context, make_table(context, 0, NULL, &none));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, none, "target=y"));
  assert_int_equal(ba_dataset_add_csr(dataset, parts[0], parts[1], parts[2], label, NULL, NULL, 0), BA_ERR_ARGUMENT);
  ba_dataset_destroy(dataset);
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_csr(dataset, parts[0], parts[1], parts[2], label, NULL, NULL, 0));
  assert_int_equal(ba_dataset_add_records(dataset, records, label, NULL, NULL, BA_PART_TRAIN), BA_ERR_ARGUMENT);
  assert_non_null(strstr(ba_context_error_message(context), "holds sparse rows"));
  assert_int_equal(ba_dataset_add_table(dataset, first, "target=y"), BA_ERR_ARGUMENT);
  ba_dataset_destroy(dataset);
  for (int32_t i = 0; i < 3; i++) ba_array_release(parts[i]);
  ba_table_release(none);
  ba_records_release(records);
  ba_table_release(first);
  ba_table_release(second);
  assert_int_equal(held(context), before);
}

/* A zero weight is absence, and a weight of three is three rows: also for means and deviations. */
static void test_weights_are_repetitions(void **state) {
  ba_context *context = *state;
  ba_table *weighted, *repeated;
  ba_model *one, *other;
  enum { SOME = 40 };
  double times[SOME], x[4 * SOME], y[4 * SOME];
  int64_t n = 0;
  for (int64_t i = 0; i < SOME; i++) {
    times[i] = (double)(i % 4);
    for (int64_t r = 0; r < i % 4; r++, n++) {
      x[n] = number(i, 0);
      y[n] = target(i);
    }
  }
  const int64_t some = SOME, stride = 8;
  ba_array *arrays[3];
  OK(context, ba_table_create(context, some, &weighted));
  OK(context, add_array(context, weighted, "x", some, 0, NULL));
  OK(context, add_array(context, weighted, "y", some, NUMBERS, NULL));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 1, &some, &stride, times, NULL, NULL, &arrays[0]));
  OK(context, ba_table_add_array(weighted, "w", arrays[0], NULL));
  OK(context, ba_table_create(context, n, &repeated));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 1, &n, &stride, x, NULL, NULL, &arrays[1]));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 1, &n, &stride, y, NULL, NULL, &arrays[2]));
  OK(context, ba_table_add_array(repeated, "x", arrays[1], NULL));
  OK(context, ba_table_add_array(repeated, "y", arrays[2], NULL));
  OK(context, making_table_model(context, weighted, "Columns() | Standardize() | Linear(solver=newton)",
                                 "target=y, weight=w", &one));
  OK(context,
     making_table_model(context, repeated, "Columns() | Standardize() | Linear(solver=newton)", "target=y", &other));
  double scores[2][SOME];
  predict(context, one, weighted, scores[0], NULL);
  predict(context, other, weighted, scores[1], NULL);
  for (int64_t i = 0; i < SOME; i++) assert_true(fabs(scores[0][i] - scores[1][i]) < 1e-10 * fabs(scores[0][i]));
  for (int32_t i = 0; i < 3; i++) ba_array_release(arrays[i]);
  ba_model_release(one);
  ba_model_release(other);
  ba_table_release(weighted);
  ba_table_release(repeated);
}

/* A column may stand by itself and among all of them. */
static void test_columns_named_twice(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model, *copy;
  double scores[ROWS], again[ROWS];
  int64_t n;
  OK(context, make_table(context, ROWS, NULL, &table));
  OK(context, making_table_model(context, table,
                                 "Columns() + Column(column=heat) + Category(column=heat) | Standardize() | Linear()",
                                 ROLES, &model));
  OK(context, ba_model_save_memory(context, model, NULL, 0, &n));
  uint8_t *bytes = test_malloc((size_t)n);
  OK(context, ba_model_save_memory(context, model, bytes, n, &n));
  OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &copy));
  predict(context, model, table, scores, NULL);
  predict(context, copy, table, again, NULL);
  assert_memory_equal(scores, again, sizeof scores);
  test_free(bytes);
  ba_model_release(copy);
  ba_model_release(model);
  ba_table_release(table);
}

/* Texts of a caller may hold anything; names of columns cannot. */
static void test_zero_bytes(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  char bytes[32];
  int64_t offsets[17];
  for (int64_t i = 0; i < 16; i++) {
    memcpy(bytes + 2 * i, i == 9 ? "a\0" : "ab", 2);
    offsets[i] = 2 * i;
  }
  offsets[16] = 32;
  OK(context, ba_table_create(context, 16, &table));
  OK(context, add_array(context, table, "y", 16, NUMBERS, NULL));
  OK(context, ba_table_add_text(table, "t", bytes, offsets, NULL));
  assert_int_equal(making_table_model(context, table, "Category(column=t) | Linear()", "target=y", &model),
                   BA_ERR_TABLE);
  assert_non_null(strstr(ba_context_error_message(context), "record 10: column \"t\" has a zero byte"));
  ba_table_release(table);
}

/* What the columns give adds up to the score without the intercept. */
static void test_shares(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  ba_scorer *scorer;
  double scores[ROWS], shares[ROWS * COLUMNS], intercept;
  OK(context, make_table(context, ROWS, NULL, &table));
  OK(context, making_table_model(context, table, RECIPE, ROLES, &model));
  predict(context, model, table, scores, NULL);
  OK(context, ba_model_weights(context, model, 0, NULL, &intercept));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_attribute_table(scorer, table, NULL, 0, shares));
  for (int64_t i = 0; i < ROWS; i++) {
    double sum = intercept;
    for (int64_t c = 0; c < COLUMNS; c++) sum += shares[i * COLUMNS + c];
    assert_true(fabs(sum - scores[i]) < 1e-9);
  }
  assert_int_equal(ba_scorer_attribute_table(scorer, table, NULL, 1, shares), BA_ERR_ARGUMENT);
  assert_int_equal(ba_scorer_attribute_table(scorer, table, NULL, 0, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_scorer_attribute_table(scorer, NULL, NULL, 0, shares), BA_ERR_ARGUMENT);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  OK(context,
     making_table_model(context, table, "Columns() | Standardize() | MLP(hidden=2, epochs=1)", "target=high", &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  assert_int_equal(ba_scorer_attribute_table(scorer, table, NULL, 0, shares), BA_ERR_UNSUPPORTED);
  assert_non_null(strstr(ba_context_error_message(context), "hidden layer of 2 units"));
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_table_release(table);
}

/* ---- memory ---- */

static ba_status life(ba_context *context, void *argument) {
  ba_table *table = NULL;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  double scores[64], shares[64 * 6];
  (void)argument;
  ba_status status = make_table(context, 64, NULL, &table);
  if (!status)
    status = making_table_model(context, table,
                                "Columns(missing=mean) + Category(column=region) | Standardize() | Linear(max_iter=3)",
                                ROLES, &model);
  if (!status) status = ba_scorer_create(context, model, NULL, &scorer);
  if (!status) status = ba_scorer_predict_table(scorer, table, NULL, scores, NULL);
  if (!status) status = ba_scorer_attribute_table(scorer, table, "", 0, shares);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_table_release(table);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_ridge_is_the_exact_one, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_names_of_columns, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_fast_numerics, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_similarity_is_of_letters, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_same_bits_at_every_level, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_and_single_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_columns_need_not_be_listed, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_missing_values, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_numbers_beyond_a_scale, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_missing_values_on_threads, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_series_with_holes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_beyond_a_scale, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_part_of_a_column_as_target, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_datasets_that_do_not_fit, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weights_are_repetitions, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_zero_bytes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_columns_named_twice, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_shares, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
