/* SPDX-License-Identifier: MIT
 *
 * test_tile.c: rows of numbers that go by tiles come to the bits that they come to one after the other: objectives,
 * gradients, products and diagonals of second derivatives, at every level and for any number of threads.
 */
#include "train/tile.h"

#include "train/running.h"

enum { ROWS = 4096 + 777, MOST = 500 };

typedef struct shape {
  int64_t width;
  int32_t classes, gaps;
  enum { WIDE, FLOATS, ROUNDED } numbers; /* columns of float64, of float32, and of float64 with the same numbers */
} shape;

/* A table of `width` numbers of different sizes, one in 16 missing where `gaps`, a column "y" and weights. */
static ba_dataset *table_of(ba_context *context, const void *how) {
  const shape *of = how;
  const int64_t width = of->width, rows = ROWS;
  ba_table *table;
  ba_dataset *dataset;
  OK(context, ba_table_create(context, rows, &table));
  for (int64_t c = 0; c <= width + 1; c++) {
    ba_array *array;
    char name[16];
    const int32_t narrow = of->numbers == FLOATS && c < width;
    OK(context, ba_array_create(context, narrow ? BA_FLOAT32 : BA_FLOAT64, 1, &rows, &array));
    static double room[ROWS];
    double *data = narrow ? room : ba_array_data_mut(array);
    for (int64_t i = 0; i < rows; i++) {
      const uint64_t bits = bai_random(7, (uint64_t)c, (uint64_t)i);
      data[i] = (double)(bits >> 12) * 0x1p-52 - 0.5;
      if (c % 3 == 1) data[i] *= 50.0;
      if (c % 5 == 2) data[i] += 3.0;
      if (of->gaps && bits % 16 == 0) data[i] = (double)NAN;
      if (c == width) data[i] = (double)(bits % (uint64_t)of->classes);
      if (c > width) data[i] = i % 7 ? 1.0 : 2.5;
      if (of->numbers != WIDE) data[i] = (double)(float)data[i];
    }
    float *floats = narrow ? ba_array_data_mut(array) : NULL;
    for (int64_t i = 0; floats && i < rows; i++) floats[i] = (float)data[i];
    bai_format(name, sizeof name, c < width ? "x%d" : c == width ? "y" : "w", (int)c);
    OK(context, ba_table_add_array(table, name, array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y,weight=w"));
  ba_table_release(table);
  return dataset;
}

static int32_t *by_tiles(bai_problem *problem) {
  return &problem->dense;
}

static void check(ba_context *context, const char *recipe, int64_t width, int32_t classes, int32_t gaps) {
  const shape how = {width, classes, gaps, WIDE};
  running_check(context, table_of, &how, recipe, by_tiles);
}

static void test_plain_rows(void **state) {
  check(*state, "Columns() | Logistic(l2=0.01)", 1, 2, 0);
  check(*state, "Columns() | Logistic(l2=0.01)", 37, 2, 0);
  check(*state, "Columns() | Logistic(l2=0.01, class_weight=balanced)", 300, 2, 0);
}

static void test_scaled_and_filled_rows(void **state) {
  check(*state, "Columns() | Standardize() | Logistic()", 33, 2, 0);
  check(*state, "Columns() | MinMax() | Logistic()", 8, 2, 0);
  check(*state, "Columns(missing=mean) | Logistic()", 19, 2, 1);
  check(*state, "Columns(missing=indicator) | Standardize() | Logistic()", 19, 2, 1);
  check(*state,
        "Column(column=x3, missing=mean) + Columns(missing=mean) + Column(column=x0, missing=mean) | Standardize() | "
        "Logistic()",
        19, 2, 1);
}

static void test_other_losses(void **state) {
  check(*state, "Columns() | Softmax()", 33, 3, 0);
  check(*state, "Columns() | Softmax()", 33, 2, 0);
  check(*state, "Columns() | Standardize() | Linear()", 33, 9, 0);
  check(*state, "Columns() | Standardize() | Linear(loss=huber)", 33, 9, 0);
  check(*state, "Columns() | Standardize() | Poisson()", 33, 4, 0);
}

/* Rows of letters, of sparse numbers, and with a category, are none of these. */
static void test_what_goes_by_rows(void **state) {
  ba_context *context = *state;
  const shape five = {5, 2, 0, WIDE};
  running f;
  running_open(&f, context, table_of(context, &five), "Columns() + Category(column=x0) | Logistic()", 11);
  assert_false(f.run->problem->dense);
  running_close(&f);
}

/* Float32 that is read from its table, or copied: the same as without tiles, and as float64 of the same numbers. */
static void test_float32(void **state) {
  static const struct {
    const char *recipe;
    int64_t width;
    int32_t classes, copied;
  } cases[] = {{"Columns() | Logistic(l2=0.01)", 1, 2, 0},
               {"Columns() | Logistic(l2=0.01)", 37, 2, 0},
               {"Columns() | Logistic(l2=0.01, class_weight=balanced)", 256, 2, 0},
               {"Columns() | Logistic(l2=0.01)", 257, 2, 1},
               {"Columns() | Softmax()", 33, 3, 0},
               {"Columns() | Softmax()", 300, 3, 1},
               {"Columns() | Linear()", 16, 9, 0},
               {"Column(column=x0) + Column(column=x1) + Column(column=x2) | Logistic()", 3, 2, 0}};
  ba_context *context = *state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    running f[2];
    double *sums[2];
    const shape floats = {cases[i].width, cases[i].classes, 0, FLOATS},
                same = {floats.width, floats.classes, 0, ROUNDED};
    running_check(context, table_of, &floats, cases[i].recipe, by_tiles);
    for (int32_t wide = 0; wide < 2; wide++) {
      running_open(&f[wide], context, table_of(context, wide ? &same : &floats), cases[i].recipe, 11);
      bai_problem *p = f[wide].run->problem;
      assert_int_equal(p->inputs.columns != NULL, !wide);
      assert_int_equal(p->inputs.floats != NULL, !wide && cases[i].copied);
      assert_int_equal(p->inputs.numbers != NULL, wide);
      sums[wide] = malloc((size_t)running_size(p) * 8);
      running_sums(p, sums[wide]);
    }
    assert_memory_equal(sums[0], sums[1], (size_t)running_size(f[0].run->problem) * 8);
    for (int32_t wide = 0; wide < 2; wide++) {
      free(sums[wide]);
      running_close(&f[wide]);
    }
  }
}

/* The first that is no number is named, whether it would have been copied or not. */
static void test_float32_that_cannot_be_used(void **state) {
  ba_context *context = *state;
  for (int64_t width = 2; width <= 300; width += 298) {
    const shape how = {width, 2, 1, FLOATS};
    int64_t row = 1, column = 0, record; /* row 0 is of the dev part */
    char name[16];
    while (bai_random(7, (uint64_t)column, (uint64_t)row) % 16)
      if (++column == width) column = 0, row += row % 11 == 10 ? 2 : 1;
    bai_format(name, sizeof name, "x%d", (int)column);
    running f;
    running_open(&f, context, table_of(context, &how), "Columns() | Logistic(solver=newton)", 11);
    assert_int_equal(f.run->problem->inputs.columns != NULL, width == 2);
    REFUSED(context, bai_run_advance(f.run), BA_ERR_NUMBER, name);
    ba_context_error_position(context, &record, NULL);
    assert_int_equal(record, row + 1);
    running_close(&f);
  }
}

/* The first row that cannot be used is named, as without tiles. */
static void test_a_number_that_cannot_be_used(void **state) {
  ba_context *context = *state;
  double x[MOST] = {0}, objective, gradient[MOST];
  const shape five = {5, 2, 0, WIDE};
  running f; /* lbfgs would have read all rows by now */
  running_open(&f, context, table_of(context, &five), "Columns() | Logistic(solver=tron)", 11);
  f.run->inputs.numbers[4500 * 5 + 3] = (double)NAN;
  f.run->inputs.numbers[4501 * 5 + 2] = (double)INFINITY;
  for (int32_t dense = 0; dense < 2; dense++) {
    int64_t record;
    f.run->problem->dense = dense;
    REFUSED(context, bai_problem_evaluate(f.run->problem, x, &objective, gradient), BA_ERR_NUMBER, "x3");
    ba_context_error_position(context, &record, NULL);
    assert_int_equal(record, 4501);
  }
  running_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_plain_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_scaled_and_filled_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_other_losses, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_float32, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_float32_that_cannot_be_used, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_goes_by_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_number_that_cannot_be_used, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
