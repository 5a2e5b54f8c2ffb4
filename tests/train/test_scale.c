/* SPDX-License-Identifier: MIT
 *
 * test_scale.c: means, deviations and ranges of columns of several blocks of rows, against sums of long doubles, and
 * against the order of sums that is promised.
 */
#include "train/scale.h"

#include "train/running.h"

enum { BLOCK = 4096, ROWS = 5 * BLOCK + 700, WIDTH = 3, COLUMNS = WIDTH + 1 };

/* Far from 0, with values missing here and there; of any size, nearly all missing in the first block; always there; an
 * indicator of the first. */
static double values[WIDTH][ROWS], weights[ROWS];

static void make_values(void) {
  uint64_t seed = 11;
  for (int64_t i = 0; i < ROWS; i++) {
    values[0][i] = making_bits(&seed) % 7 ? 1e6 + making_real(&seed) : (double)NAN;
    values[1][i] = i < BLOCK && i != 77 ? (double)NAN : making_real(&seed) * pow(10.0, (double)(i % 5));
    values[2][i] = 0.1 + 1e-3 * making_real(&seed);
    weights[i] = 0.5 + (double)(making_bits(&seed) % 1000) / 700.0;
  }
}

static ba_dataset *make_rows(ba_context *context) {
  static const char *const names[] = {"a", "b", "c", "y", "w"};
  const int64_t shape[1] = {ROWS};
  ba_dataset *dataset;
  ba_table *table;
  OK(context, ba_table_create(context, ROWS, &table));
  for (int32_t c = 0; c < WIDTH + 2; c++) {
    ba_array *array;
    OK(context, ba_array_create(context, BA_FLOAT64, 1, shape, &array));
    memcpy(ba_array_data_mut(array), c < WIDTH ? values[c] : c == WIDTH ? values[2] : weights, ROWS * 8);
    OK(context, ba_table_add_array(table, names[c], array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y,weight=w"));
  ba_table_release(table);
  return dataset;
}

#define TERMS "Column(column=a, missing=indicator) + Column(column=b, missing=mean) + Column(column=c)"

/* Every 11th row is not trained on. */
static int32_t is_trained(int64_t row) {
  return row % 11 != 0;
}

static double value_of(int32_t column, int64_t row) {
  static const int32_t places[] = {0, -1, 1, 2}; /* the indicator stands behind its number */
  return places[column] >= 0 ? values[places[column]][row] : values[0][row] != values[0][row];
}

typedef struct moments {
  long double mean, deviation; /* of all rows, missing ones at the mean */
  double least, largest;
} moments;

static moments moments_of(int32_t column) {
  long double sum = 0, weight = 0, all = 0, squares = 0;
  moments m = {0, 0, INFINITY, -INFINITY};
  for (int64_t i = 0; i < ROWS; i++) {
    const double value = value_of(column, i);
    if (!is_trained(i)) continue;
    all += weights[i];
    if (value != value) continue;
    sum += (long double)weights[i] * value;
    weight += weights[i];
    m.least = fmin(m.least, value);
    m.largest = fmax(m.largest, value);
  }
  m.mean = sum / weight;
  for (int64_t i = 0; i < ROWS; i++) {
    const double value = value_of(column, i);
    if (is_trained(i) && value == value) squares += weights[i] * (value - m.mean) * (value - m.mean);
  }
  m.deviation = sqrtl(squares / all);
  return m;
}

static int32_t is_near(long double found, long double expected) {
  return fabsl(found - expected) <= 1e-12L * fabsl(expected);
}

static void test_standardize(void **state) {
  running f;
  make_values();
  running_open(&f, *state, make_rows(*state), TERMS " | Standardize() | Linear()", 11);
  const bai_plan *plan = f.run->plan;
  assert_int_equal(plan->real_width, COLUMNS);
  for (int32_t c = 0; c < COLUMNS; c++) {
    const moments m = moments_of(c);
    assert_true(is_near(plan->fill[c], m.mean) && plan->centre[c] == plan->fill[c]);
    assert_true(is_near(1.0L / plan->factor[c], m.deviation));
  }
  running_close(&f);
}

static void test_ranges(void **state) {
  running f;
  make_values();
  running_open(&f, *state, make_rows(*state), TERMS " | MinMax() | Linear()", 11);
  const bai_plan *plan = f.run->plan;
  for (int32_t c = 0; c < COLUMNS; c++) {
    const moments m = moments_of(c);
    assert_true(is_near(plan->fill[c], m.mean) && plan->centre[c] == m.least);
    assert_true(plan->factor[c] == 1.0 / (m.largest - m.least));
  }
  running_close(&f);
}

/* Rows one after the other within blocks, and blocks as ((0 1) (2 3)) (4 5). */
static double in_order(int32_t column, int32_t of_weights) {
  double sums[6] = {0};
  for (int64_t i = 0; i < ROWS; i++) {
    const double value = value_of(column, i);
    if (is_trained(i) && value == value) sums[i / BLOCK] += of_weights ? weights[i] : weights[i] * value;
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + (sums[4] + sums[5]);
}

static void test_the_order_of_the_sums(void **state) {
  running f;
  make_values();
  running_open(&f, *state, make_rows(*state), TERMS " | Linear()", 11);
  for (int32_t c = 0; c < COLUMNS; c++) {
    const double mean = in_order(c, 0) / in_order(c, 1);
    SAME_BITS(&f.run->plan->fill[c], &mean, 1);
    assert_true(f.run->plan->centre[c] == 0.0 && f.run->plan->factor[c] == 1.0);
  }
  running_close(&f);
}

/* No value at all, one value everywhere, and zeros of both signs. */
static void test_columns_of_one_value(void **state) {
  running f;
  for (int64_t i = 0; i < ROWS; i++) {
    values[0][i] = (double)NAN;
    values[1][i] = 0.1;
    values[2][i] = i % 2 ? 0.0 : -0.0;
    weights[i] = 1.0;
  }
  running_open(&f, *state, make_rows(*state), TERMS " | MinMax() | Linear()", 11);
  const bai_plan *plan = f.run->plan;
  const double zero = 0.0;
  assert_true(plan->fill[0] == 0.0 && plan->centre[0] == 0.0 && plan->factor[0] == 1.0);
  assert_true(plan->centre[1] == 1.0 && plan->factor[1] == 1.0); /* its indicator */
  assert_true(plan->centre[2] == 0.1 && plan->factor[2] == 1.0);
  SAME_BITS(&plan->centre[3], &zero, 1);
  running_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_standardize, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_ranges, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_order_of_the_sums, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_columns_of_one_value, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
