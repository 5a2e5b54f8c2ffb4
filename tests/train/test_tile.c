/* SPDX-License-Identifier: MIT
 *
 * test_tile.c: rows of numbers that go by tiles come to the bits that they come to one after the other: objectives,
 * gradients, products and diagonals of second derivatives, at every level and for any number of threads.
 */
#include <math.h>

#include "model/making.h"
#include "train/run_inside.h"
#include "train/tile.h"

enum { ROWS = 4096 + 777, MOST = 500 };

typedef struct fixture {
  ba_context *context;
  ba_dataset *dataset;
  uint8_t *uses;
  bai_recipe recipe;
  bai_run *run;
} fixture;

/* A table of `width` numbers of different sizes, one in 16 missing where `gaps`, a column "y" and weights. */
static ba_dataset *table_of(ba_context *context, int64_t width, int32_t classes, int32_t gaps) {
  int64_t rows = ROWS;
  ba_table *table;
  ba_dataset *dataset;
  OK(context, ba_table_create(context, rows, &table));
  for (int64_t c = 0; c <= width + 1; c++) {
    ba_array *array;
    char name[16];
    OK(context, ba_array_create(context, BA_FLOAT64, 1, &rows, &array));
    double *data = ba_array_data_mut(array);
    for (int64_t i = 0; i < rows; i++) {
      const uint64_t bits = bai_random(7, (uint64_t)c, (uint64_t)i);
      data[i] = (double)(bits >> 12) * 0x1p-52 - 0.5;
      if (c % 3 == 1) data[i] *= 50.0;
      if (c % 5 == 2) data[i] += 3.0;
      if (gaps && bits % 16 == 0) data[i] = (double)NAN;
      if (c == width) data[i] = (double)(bits % (uint64_t)classes);
      if (c > width) data[i] = i % 7 ? 1.0 : 2.5;
    }
    bai_format(name, sizeof name, c < width ? "x%d" : c == width ? "y" : "w", (int)c);
    OK(context, ba_table_add_array(table, name, array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y,weight=w"));
  ba_table_release(table);
  return dataset;
}

static void open_run(fixture *f, const char *recipe, int64_t width, int32_t classes, int32_t gaps) {
  ba_context *context = f->context;
  f->dataset = table_of(context, width, classes, gaps);
  OK(context, bai_uses_make(context, f->dataset, -1, 0, 1, &f->uses));
  for (int64_t i = 0; i < ROWS; i += 11) f->uses[i] = BAI_USE_DEV;
  OK(context, bai_recipe_parse(context, recipe, &f->recipe));
  OK(context, bai_run_create(f->dataset, bai_recipe_member(&f->recipe, 0), f->uses, 1, NULL, &f->run));
}

static void close_run(fixture *f) {
  bai_run_destroy(f->run);
  bai_recipe_free(f->context, &f->recipe);
  bai_free(f->context, f->uses);
  ba_dataset_destroy(f->dataset);
}

typedef struct sums {
  double objective, gradient[MOST], products[2][MOST], diagonal[MOST], square[40 * 40];
} sums;

/* The whole Hessian, whose product with the direction is known. */
static void check_square(bai_problem *p, const double *x, const double *direction, sums *out) {
  const int64_t n = p->parameters;
  const double *square;
  OK(p->context, bai_problem_square(p, x, &square));
  for (int64_t i = 0; i < n; i++) {
    long double product = i < n - 1 ? (long double)p->l2 * direction[i] : 0.0L, size = fabsl(product);
    for (int64_t j = 0; j < n; j++) {
      const double entry = square[i < j ? i * n + j : j * n + i];
      product += (long double)entry * direction[j];
      size += fabsl((long double)entry * direction[j]);
      if (j >= i) out->square[i * n + j] = entry;
    }
    assert_true(fabsl(product - out->products[0][i]) <= 1e-12L * size);
  }
}

/* Of two points: what is kept from the first must not be taken for the second. */
static void sum_up(fixture *f, int32_t dense, sums out[2]) {
  bai_problem *p = f->run->problem;
  uint64_t seed = 5;
  double x[MOST], direction[MOST];
  memset(out, 0, 2 * sizeof *out);
  assert_in_range(p->parameters, 1, MOST);
  p->dense = dense;
  p->curved_known = p->cached = 0;
  for (int32_t round = 0; round < 2; round++) {
    for (int64_t i = 0; i < p->parameters; i++) x[i] = 0.05 * making_real(&seed);
    for (int64_t i = 0; i < p->parameters; i++) direction[i] = making_real(&seed);
    OK(f->context, bai_problem_evaluate(p, x, &out[round].objective, out[round].gradient));
    OK(f->context, bai_problem_product(p, x, direction, out[round].products[0]));
    OK(f->context, bai_problem_diagonal(p, x, out[round].diagonal));
    OK(f->context, bai_problem_product(p, x, direction, out[round].products[1]));
    SAME_BITS(out[round].products[0], out[round].products[1], p->parameters);
    if (p->outputs > 1 || p->parameters > 40) continue;
    check_square(p, x, direction, &out[round]);
  }
}

static void check(ba_context *context, const char *recipe, int64_t width, int32_t classes, int32_t gaps) {
  static sums expected[2], found[2];
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
      fixture f = {.context = context};
      OK(context, ba_context_set_threads(context, threads));
      open_run(&f, recipe, width, classes, gaps);
      assert_true(f.run->problem->dense);
      if (level == 0 && threads == 1) sum_up(&f, 0, expected);
      sum_up(&f, 1, found);
      assert_memory_equal(found, expected, sizeof expected);
      close_run(&f);
    }
  }
  OK(context, ba_context_set_threads(context, 1));
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
  fixture f = {.context = context};
  open_run(&f, "Columns() + Category(column=x0) | Logistic()", 5, 2, 0);
  assert_false(f.run->problem->dense);
  close_run(&f);
}

/* The first row that cannot be used is named, as without tiles. */
static void test_a_number_that_cannot_be_used(void **state) {
  ba_context *context = *state;
  double x[MOST] = {0}, objective, gradient[MOST];
  fixture f = {.context = context};
  open_run(&f, "Columns() | Logistic(solver=tron)", 5, 2, 0); /* lbfgs has read all rows by now */
  f.run->inputs[4500 * 5 + 3] = (double)NAN;
  f.run->inputs[4501 * 5 + 2] = (double)INFINITY;
  for (int32_t dense = 0; dense < 2; dense++) {
    int64_t record;
    f.run->problem->dense = dense;
    REFUSED(context, bai_problem_evaluate(f.run->problem, x, &objective, gradient), BA_ERR_NUMBER, "x3");
    ba_context_error_position(context, &record, NULL);
    assert_int_equal(record, 4501);
  }
  close_run(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_plain_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_scaled_and_filled_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_other_losses, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_goes_by_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_number_that_cannot_be_used, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
