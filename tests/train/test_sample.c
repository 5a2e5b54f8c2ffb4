/* SPDX-License-Identifier: MIT
 *
 * test_sample.c: Newton's steps from samples of the rows come to the optimum of all rows, whatever the rows are like.
 */
#include "train/running.h"
#include "train/tile.h"

enum { ROWS = 40000, WIDTH = 4 };

/* Rows of all kinds; of two classes by the first columns, but for one in ten. */
typedef enum kind { PLAIN, SORTED, WEIGHED, COLLINEAR, RARE_COLUMN, RARE_CLASS, PARTED, KINDS } kind;

static double number_of(kind of, int64_t row, int64_t column) {
  const double noise = (double)(bai_random(3, (uint64_t)column, (uint64_t)row) >> 11) * 0x1p-52 - 1.0;
  if (column == WIDTH) { /* the class */
    const int32_t right = of == PARTED || bai_random(4, 0, (uint64_t)row) % 10 > 0;
    if (of == RARE_CLASS) return bai_random(4, 1, (uint64_t)row) % 2000 == 0;
    return (number_of(of, row, 0) + 0.5 * number_of(of, row, 1) > 0.2) == right;
  }
  if (column > WIDTH) return of == WEIGHED ? (row % 1000 ? 1.0 : 900.0) : 1.0;
  if (of == SORTED && column == 0) return 2.0 * (double)row / ROWS - 1.0;
  if (of == COLLINEAR && column == 2) return 3.0 * number_of(of, row, 0) + 1.0;
  if (of == RARE_COLUMN && column == 3) return row == 17 || row == 18 ? 1000.0 * noise : 0.0;
  return noise;
}

static ba_dataset *table_of(ba_context *context, const void *how) {
  const kind *of = how;
  const int64_t rows = ROWS;
  ba_table *table;
  ba_dataset *dataset;
  OK(context, ba_table_create(context, rows, &table));
  for (int64_t c = 0; c <= WIDTH + 1; c++) {
    ba_array *array;
    char name[8];
    OK(context, ba_array_create(context, BA_FLOAT32, 1, &rows, &array));
    float *data = ba_array_data_mut(array);
    for (int64_t i = 0; i < rows; i++) data[i] = (float)number_of(*of, i, c);
    bai_format(name, sizeof name, c < WIDTH ? "x%d" : c == WIDTH ? "y" : "w", (int)c);
    OK(context, ba_table_add_array(table, name, array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y, weight=w"));
  ba_table_release(table);
  return dataset;
}

/* Trains to the end; the objective never rises. */
static void train(running *f, ba_context *context, kind of, const char *recipe, double *objective, double *point) {
  running_open(f, context, table_of(context, &of), recipe, 11);
  double before = INFINITY;
  ba_status status;
  while ((status = bai_run_advance(f->run)) == BA_OK) {
    assert_true(f->run->standing.objective <= before * (1.0 + 1e-15));
    before = f->run->standing.objective;
    assert_int_equal(f->run->problem->share, 0); /* all rows again */
  }
  assert_int_equal(status, BA_END);
  *objective = f->run->standing.objective;
  memcpy(point, f->run->kind->point(f->run->solver), (WIDTH + 1) * sizeof *point);
}

static void test_optimum(void **state) {
  static const char *const terms[] = {"Logistic(l2=1e-4, tol=1e-10", "Linear(l2=1e-4, tol=1e-10",
                                      "Linear(loss=huber, l2=1e-4, tol=1e-10"};
  for (kind of = PLAIN; of < KINDS; of++) {
    for (size_t t = 0; t < sizeof terms / sizeof *terms; t++) {
      double newton, lbfgs, point[WIDTH + 1];
      char recipe[120];
      running f;
      bai_format(recipe, sizeof recipe, "Columns() | %s, solver=newton)", terms[t]);
      train(&f, *state, of, recipe, &newton, point);
      const int64_t steps = f.run->standing.iterations;
      running_close(&f);
      bai_format(recipe, sizeof recipe, "Columns() | %s, solver=lbfgs)", terms[t]);
      train(&f, *state, of, recipe, &lbfgs, point);
      running_close(&f);
      if (fabs(newton - lbfgs) > 1e-9 * lbfgs || steps > 25)
        print_error("kind %d, %s: %.15g by %d steps, %.15g\n", (int)of, terms[t], newton, (int)steps, lbfgs);
      assert_true(fabs(newton - lbfgs) <= 1e-9 * lbfgs);
      assert_in_range(steps, 1, 25);
    }
  }
}

/* The same bits at every level and for any number of threads. */
static void test_bits(void **state) {
  ba_context *context = *state;
  double first[WIDTH + 1], point[WIDTH + 1], objective;
  int32_t compared = 0;
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
      running f;
      OK(context, ba_context_set_threads(context, threads));
      train(&f, context, WEIGHED, "Columns() | Logistic(l2=1e-3, solver=newton)", &objective, point);
      running_close(&f);
      if (compared++ == 0) memcpy(first, point, sizeof first);
      SAME_BITS(point, first, WIDTH + 1);
    }
  }
  OK(context, ba_context_set_threads(context, 1));
}

/* A sample is of whole groups of rows, about one in so many; smaller samples are parts of larger ones. */
static void test_groups(void **state) {
  ba_context *context = *state;
  const kind of = WEIGHED;
  running f;
  running_open(&f, context, table_of(context, &of), "Columns() | Logistic(solver=newton)", 11);
  bai_problem *p = f.run->problem;
  uint8_t *large = calloc(ROWS, 1);
  const double all = p->weight_total;
  for (int64_t share = 8; share <= 64; share *= 8) {
    int64_t rows = 0, stop;
    double weight = 0.0;
    bai_problem_sample(p, share);
    for (int64_t row = 0; (row = bai_tile_seek(p, row, ROWS, &stop)) < ROWS; row = stop) {
      assert_true(row % 64 == 0 && stop - row == (ROWS - row < 64 ? ROWS - row : 64));
      for (int64_t i = row; i < stop; i++, rows++) {
        weight += p->weights[i];
        assert_true(share == 8 || large[i]);
        large[i] = 1;
      }
    }
    assert_in_range(rows, ROWS / share / 2, 2 * ROWS / share);
    assert_true(fabs(weight - p->weight_total) <= 1e-12 * weight);
  }
  bai_problem_sample(p, 1);
  assert_true(p->weight_total == all);
  free(large);
  running_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_optimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_bits, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_groups, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
