/* SPDX-License-Identifier: MIT
 *
 * test_series.c: training on terms that look back, against the same numbers as plain columns of a table.
 */
#include <math.h>

#include "model/making.h"
#include "support/fault.h"

enum { ROWS = 400, GROUPS = 3 };

static int64_t group_of(int64_t row) {
  return (int64_t)(bai_random(1, 0, (uint64_t)row) % GROUPS);
}

/* Times are no two alike, and in no order. */
static int64_t time_of(int64_t row) {
  return (row * 157) % ROWS;
}

static double number(int64_t row) {
  return 100.0 + (double)(bai_random(2, 0, (uint64_t)row) % 10000) / 100.0;
}

static double target(int64_t row) {
  return (double)(bai_random(3, 0, (uint64_t)row) % 1000) / 100.0;
}

/* The row of the same group that was `lag` before it in time; -1 for none. */
static int64_t row_before(int64_t row, int64_t lag) {
  for (int64_t found = row;; lag--) {
    int64_t next = -1;
    if (lag == 0) return found;
    for (int64_t i = 0; i < ROWS; i++)
      if (group_of(i) == group_of(row) && time_of(i) < time_of(found) && (next < 0 || time_of(i) > time_of(next)))
        next = i;
    if (next < 0) return -1;
    found = next;
  }
}

static ba_status add(ba_context *context, ba_table *table, const char *name, const double *values, int64_t rows) {
  ba_array *array;
  ba_status status = ba_array_create(context, BA_FLOAT64, 1, &rows, &array);
  if (status) return status;
  memcpy(ba_array_data_mut(array), values, (size_t)rows * 8);
  status = ba_table_add_array(table, name, array, NULL);
  ba_array_release(array);
  return status;
}

/* x, g, t (of dates), y, high; then what Lag and Difference should make of them, NaN where there is nothing. */
static ba_status make_table(ba_context *context, int64_t rows, ba_table **out) {
  static double x[ROWS], g[ROWS], y[ROWS], high[ROWS], lag[ROWS], difference[ROWS];
  char bytes[16 * ROWS];
  int64_t offsets[ROWS + 1] = {0};
  for (int64_t i = 0; i < rows; i++) {
    const int64_t two = row_before(i, 2), one = row_before(i, 1);
    x[i] = number(i);
    g[i] = (double)group_of(i);
    y[i] = target(i);
    high[i] = y[i] > 5.0;
    lag[i] = two < 0 ? NAN : number(two);
    difference[i] = one < 0 ? NAN : number(i) - number(one);
    const int64_t time = time_of(i);
    char date[] = "2024-03-01T00:00";
    date[8] = (char)('0' + (1 + time / 24) / 10);
    date[9] = (char)('0' + (1 + time / 24) % 10);
    date[11] = (char)('0' + time % 24 / 10);
    date[12] = (char)('0' + time % 24 % 10);
    memcpy(bytes + offsets[i], date, 16);
    offsets[i + 1] = offsets[i] + 16;
  }
  ba_status status = ba_table_create(context, rows, out);
  if (!status) status = add(context, *out, "x", x, rows);
  if (!status) status = add(context, *out, "g", g, rows);
  if (!status) status = ba_table_add_text(*out, "t", bytes, offsets, NULL);
  if (!status) status = add(context, *out, "y", y, rows);
  if (!status) status = add(context, *out, "high", high, rows);
  if (!status) status = add(context, *out, "lag", lag, rows);
  if (!status) status = add(context, *out, "difference", difference, rows);
  return status;
}

static void predict(ba_context *context, ba_model *model, ba_table *table, const char *options, double *scores) {
  ba_scorer *scorer;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_table(scorer, table, options, scores, NULL));
  ba_scorer_destroy(scorer);
}

#define SERIES "Lag(column=x, lag=2) + Difference(column=x, missing=indicator) | Standardize() | Linear()"
#define PLAIN \
  "Column(column=lag, missing=mean) + Column(column=difference, missing=indicator) | Standardize() | Linear()"
#define ROLES "target=y, group=g, time=t"

static void test_as_plain_columns(void **state) {
  static const char *const names[] = {"Lag_x.2", "Difference_x.1", "Difference_x.1.missing"};
  ba_context *context = *state;
  ba_table *table;
  ba_model *series, *plain;
  double of_series[ROWS], of_plain[ROWS];
  OK(context, make_table(context, ROWS, &table));
  OK(context, making_table_model(context, table, SERIES, ROLES, &series));
  OK(context, making_table_model(context, table, PLAIN, ROLES, &plain));
  predict(context, series, table, "group=g, time=t", of_series);
  predict(context, plain, table, NULL, of_plain);
  SAME_BITS(of_series, of_plain, ROWS);
  assert_int_equal(ba_model_width(series), 3);
  for (int64_t i = 0; i < 3; i++) {
    char name[40];
    int64_t length;
    OK(context, ba_model_column_name(context, series, i, name, 40, &length));
    assert_string_equal(name, names[i]);
  }
  ba_model_release(series);
  ba_model_release(plain);
  ba_table_release(table);
}

/* Evaluation and ensembles see the same series. */
static void test_evaluation_and_ensembles(void **state) {
  ba_context *context = *state;
  static const char *const recipes[] = {
      "Lag(column=x, lag=2) + Difference(column=x) | Logistic() & Difference(column=x) + Column(column=x) | Logistic()",
      "Column(column=lag, missing=mean) + Column(column=difference, missing=mean) | Logistic() & "
      "Column(column=difference, missing=mean) + Column(column=x) | Logistic()"};
  ba_table *table;
  double scores[2][ROWS], loss[2];
  OK(context, make_table(context, ROWS, &table));
  for (int32_t i = 0; i < 2; i++) {
    ba_model *model;
    ba_dataset *dataset;
    ba_metrics *metrics;
    OK(context, making_table_model(context, table, recipes[i], "target=high, group=g, time=t", &model));
    predict(context, model, table, "group=g, time=t", scores[i]);
    OK(context, ba_dataset_create(context, NULL, &dataset));
    OK(context, ba_dataset_add_table(dataset, table, "target=high, group=g, time=t"));
    OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics));
    loss[i] = ba_metrics_value(metrics, "log_loss");
    ba_metrics_destroy(metrics);
    ba_dataset_destroy(dataset);
    ba_model_release(model);
  }
  SAME_BITS(scores[0], scores[1], ROWS);
  assert_true(loss[0] == loss[1]);
  ba_table_release(table);
}

static void test_same_bits_at_every_level(void **state) {
  ba_context *context = *state;
  ba_table *table;
  double scores[3][ROWS];
  uint8_t *first = NULL;
  int64_t length = 0, n = 0;
  OK(context, make_table(context, ROWS, &table));
  for (int32_t i = 0; i < 3; i++) {
    ba_model *model, *copy;
    if (ba_context_set_cpu(context, cpu_levels[i]) != BA_OK) continue;
    OK(context, making_table_model(
                    context, table,
                    "LogReturn(column=x) + Rolling(column=x, window=5, stat=std) + EWMA(column=x, halflife=3600) + "
                    "RSI(column=x, window=3) + Log(column=x) | Standardize() | Linear()",
                    ROLES, &model));
    OK(context, ba_model_save_memory(context, model, NULL, 0, &n));
    uint8_t *bytes = malloc((size_t)n);
    assert_non_null(bytes);
    OK(context, ba_model_save_memory(context, model, bytes, n, &n));
    OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &copy));
    predict(context, copy, table, "group=g, time=t", scores[i]);
    if (first) {
      assert_int_equal(n, length);
      assert_memory_equal(bytes, first, (size_t)n);
      SAME_BITS(scores[i], scores[0], ROWS);
      free(bytes);
    } else {
      first = bytes;
      length = n;
    }
    ba_model_release(copy);
    ba_model_release(model);
  }
  free(first);
  OK(context, ba_context_set_cpu(context, "auto"));
  ba_table_release(table);
}

/* Dates of a column of texts; as a part of a model they are read again. */
static void test_dates(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model, *copy;
  ba_scorer *scorer;
  ba_array *rows;
  double scores[ROWS], again[ROWS], seconds[ROWS];
  uint8_t bytes[16384];
  int64_t n;
  const int64_t shape[] = {ROWS, 1}, strides[] = {8, 8};
  for (int64_t i = 0; i < ROWS; i++) seconds[i] = 1709251200.0 + 3600.0 * (double)time_of(i);
  OK(context, make_table(context, ROWS, &table));
  OK(context, making_table_model(context, table, "Calendar(column=t) + Cycle(column=t) | Standardize() | Linear()",
                                 "target=y", &model));
  OK(context, ba_model_save_memory(context, model, bytes, sizeof bytes, &n));
  assert_true(n <= (int64_t)sizeof bytes);
  OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &copy));
  predict(context, copy, table, NULL, scores);
  OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, strides, seconds, NULL, NULL, &rows));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict(scorer, rows, again, NULL));
  SAME_BITS(scores, again, ROWS);
  ba_scorer_destroy(scorer);
  ba_array_release(rows);
  ba_model_release(copy);
  ba_model_release(model);
  REFUSED(context, making_table_model(context, table, "Lag(column=t) | Linear()", "target=y", &model), BA_ERR_TABLE,
          "expected a number");
  ba_table_release(table);
}

/* Rows of numbers are one series; a single row will do where no term looks back. */
static void test_rows(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_model *model;
  ba_scorer *scorer;
  ba_array *rows;
  double of_table[ROWS], of_rows[ROWS], x[ROWS], one;
  const int64_t shape[] = {ROWS, 1}, strides[] = {8, 8};
  for (int64_t i = 0; i < ROWS; i++) x[i] = number(i);
  OK(context, make_table(context, ROWS, &table));
  OK(context, ba_array_wrap(context, BA_FLOAT64, 2, shape, strides, x, NULL, NULL, &rows));
  OK(context, making_table_model(context, table, SERIES, "target=y", &model));
  predict(context, model, table, NULL, of_table);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  for (int32_t again = 0; again < 2; again++) {
    OK(context, ba_scorer_predict(scorer, rows, of_rows, NULL));
    SAME_BITS(of_rows, of_table, ROWS);
  }
  const float single = 128.5f;
  REFUSED(context, ba_scorer_predict_row(scorer, &single, 1, &one, NULL), BA_ERR_UNSUPPORTED, "rows before");
  REFUSED(context, ba_scorer_predict_table(scorer, table, "group=h", of_rows, NULL), BA_ERR_TABLE,
          "there is no column \"h\" for the group");
  REFUSED(context, ba_scorer_predict_table(scorer, table, "time=lag", of_rows, NULL), BA_ERR_NUMBER, "record ");
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  OK(context, making_table_model(context, table, "Power(column=x) + Log(column=x) | Standardize() | Linear()",
                                 "target=y", &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  x[0] = 128.5;
  OK(context, ba_scorer_predict(scorer, rows, of_rows, NULL));
  OK(context, ba_scorer_predict_row(scorer, &single, 1, &one, NULL));
  SAME_BITS(&one, of_rows, 1);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_array_release(rows);
  ba_table_release(table);
}

/* A row's number in a column of the table. */
static double input_of(const char *name, int64_t row) {
  const int64_t before = row_before(row, 2), last = row_before(row, 1);
  if (strcmp(name, "lag") == 0) return before < 0 ? NAN : number(before);
  if (strcmp(name, "difference") == 0) return last < 0 ? NAN : number(row) - number(last);
  return number(row);
}

/* Rows that come one by one score as the whole table does, also from what was saved on the way. */
static void check_streams(ba_context *context, const char *recipe, int64_t inputs) {
  ba_table *table;
  ba_model *model, *other;
  ba_scorer *scorer;
  ba_stream *stream;
  double scores[ROWS], chances[2 * ROWS], one, two[2], row_inputs[8], row_outputs[8];
  OK(context, make_table(context, ROWS, &table));
  OK(context, making_table_model(context, table, recipe, "target=high, group=g, time=t, name=y", &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_table(scorer, table, "group=g, time=t", scores, chances));
  OK(context, ba_model_open_stream(context, model, NULL, &stream));
  OK(context, ba_scorer_predict_stream(scorer, stream, &one, NULL));
  assert_true(one != one);
  for (int64_t time = 0; time < ROWS; time++) {
    int64_t row = 0;
    while (time_of(row) != time) row++;
    const char group[] = {(char)('0' + group_of(row)), 0};
    if (time % 50 == 49) {
      uint8_t bytes[4096];
      int64_t n;
      OK(context, ba_stream_save(stream, bytes, sizeof bytes, &n));
      assert_true(n <= (int64_t)sizeof bytes);
      ba_stream_close(stream);
      OK(context, ba_model_open_stream(context, model, "late=error", &stream));
      OK(context, ba_stream_restore(stream, bytes, n));
    }
    assert_int_equal(ba_stream_inputs(stream), inputs);
    for (int64_t i = 0; i < inputs; i++) row_inputs[i] = input_of(ba_stream_input_name(stream, i), row);
    const double seconds = 3600.0 * (double)time;
    if (time % 2)
      OK(context, ba_stream_update(stream, group, seconds, row_inputs, inputs, NULL));
    else
      OK(context, ba_stream_update_rows(stream, group, &seconds, row_inputs, 1, inputs, row_outputs));
    OK(context, ba_scorer_predict_stream(scorer, stream, &one, two));
    SAME_BITS(&one, scores + row, 1);
    SAME_BITS(two, chances + 2 * row, 2);
  }
  OK(context, making_table_model(context, table, SERIES, ROLES, &other));
  ba_stream_close(stream);
  OK(context, ba_model_open_stream(context, other, NULL, &stream));
  REFUSED(context, ba_scorer_predict_stream(scorer, stream, &one, NULL), BA_ERR_ARGUMENT, "opened on the model");
  ba_stream_close(stream);
  ba_scorer_destroy(scorer);
  ba_model_release(other);
  ba_model_release(model);
  ba_table_release(table);
}

static void test_streams(void **state) {
  check_streams(*state, "Lag(column=x, lag=2) + EWMA(column=x, halflife=7200) + Columns(missing=mean) | Logistic()", 4);
}

/* The members' inputs stand one after the other, and so do what they compute and their states. */
static void test_streams_of_ensembles(void **state) {
  check_streams(*state,
                "Lag(column=x, lag=2) | Logistic() & Columns(missing=mean) | Logistic() & "
                "EWMA(column=x, halflife=7200) + Rolling(column=x, window=5) | MLP(hidden=3, skip=linear, epochs=3)",
                5);
}

/* A window that no series fills; rows of one time in a group, which stay as they stand. */
static void test_windows_and_duplicates(void **state) {
  ba_context *context = *state;
  ba_table *table, *twice;
  ba_model *model;
  ba_scorer *scorer;
  ba_dataset *dataset;
  double scores[6];
  OK(context, make_table(context, ROWS, &table));
  REFUSED(context, making_table_model(context, table, "Rolling(column=x, window=1000) | Linear()", ROLES, &model),
          BA_ERR_LENGTH, "term Rolling(column=\"x\", stat=mean, window=1000,");
  REFUSED(context,
          making_table_model(context, table, "Log(column=x) + Rolling(column=x, window=1000) | Linear()", "target=y",
                             &model),
          BA_ERR_LENGTH, "the longest series has");
  static double x[] = {1, 2, 3, 4, 5, 6}, y[] = {1, 2, 3, 4, 5, 7}, g[] = {0, 1, 0, 1, 0, 0}, t[] = {5, 5, 6, 7, 5, 5};
  double *const columns[] = {x, y, g, t};
  static const char *const names[] = {"x", "y", "g", "t"};
  const int64_t shape[] = {6};
  OK(context, ba_table_create(context, 6, &twice));
  for (int32_t i = 0; i < 4; i++) {
    ba_array *array;
    OK(context, ba_array_create(context, BA_FLOAT64, 1, shape, &array));
    memcpy(ba_array_data_mut(array), columns[i], sizeof x);
    OK(context, ba_table_add_array(twice, names[i], array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, twice, "target=y"));
  assert_int_equal(ba_dataset_duplicates(dataset), 0);
  OK(context, ba_dataset_add_table(dataset, twice, "target=y, group=g, time=t"));
  assert_int_equal(ba_dataset_duplicates(dataset), 2);
  OK(context, ba_dataset_add_table(dataset, twice, "target=y, group=g, time=t")); /* now each is there before */
  assert_int_equal(ba_dataset_duplicates(dataset), 8);
  REFUSED(context, ba_dataset_add_table(dataset, twice, "target=y, group=y, time=t, duplicate=error"), BA_ERR_LABEL,
          "record 1: column \"t\" has \"5\"");
  ba_dataset_destroy(dataset);
  OK(context, making_table_model(context, twice, "Lag(column=x) | Linear()", "target=y, group=g, time=t", &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_table(scorer, twice, "group=g, time=t", scores, NULL));
  assert_int_equal(ba_scorer_duplicates(scorer), 2);
  REFUSED(context, ba_scorer_predict_table(scorer, twice, "group=g, time=t, duplicate=error", scores, NULL),
          BA_ERR_NUMBER, "record 5: column \"t\" has the time of a row before in its group");
  OK(context, ba_scorer_predict_table(scorer, twice, "group=g", scores, NULL));
  assert_int_equal(ba_scorer_duplicates(scorer) + ba_scorer_duplicates(NULL) + ba_dataset_duplicates(NULL), 0);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_table_release(twice);
  ba_table_release(table);
}

static ba_status life(ba_context *context, void *argument) {
  ba_table *table = NULL;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  ba_stream *stream = NULL;
  double scores[32];
  (void)argument;
  ba_status status = make_table(context, 32, &table);
  if (!status) status = making_table_model(context, table, "Lag(column=x) | Linear(max_iter=2)", ROLES, &model);
  if (!status) status = ba_scorer_create(context, model, NULL, &scorer);
  if (!status) status = ba_scorer_predict_table(scorer, table, "group=g, time=t", scores, NULL);
  if (!status) status = ba_model_open_stream(context, model, NULL, &stream);
  if (!status) status = ba_stream_update(stream, "a", 0.0, scores, 1, NULL);
  if (!status) status = ba_scorer_predict_stream(scorer, stream, scores, NULL);
  ba_stream_close(stream);
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
      cmocka_unit_test_setup_teardown(test_as_plain_columns, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_evaluation_and_ensembles, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_same_bits_at_every_level, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_streams, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_streams_of_ensembles, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_dates, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_windows_and_duplicates, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
