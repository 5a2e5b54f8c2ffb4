/* SPDX-License-Identifier: MIT
 *
 * test_conditioning.c: columns that are far from 0 and of very different sizes.
 */
#include "train/conditioning.h"

#include "train/running.h"

#define ROWS 5000
#define WIDTH 6
#define COUNT (WIDTH + 1)

/* Means from -30 to 10, ranges from 0.01 to 100; the last column is the same everywhere. */
static ba_dataset *make_rows(ba_context *context) {
  const int64_t shape[1] = {ROWS};
  ba_dataset *dataset;
  ba_table *table;
  OK(context, ba_table_create(context, ROWS, &table));
  for (int32_t c = 0; c <= WIDTH; c++) {
    ba_array *array;
    char name[8];
    OK(context, ba_array_create(context, BA_FLOAT64, 1, shape, &array));
    double *data = ba_array_data_mut(array);
    for (int64_t i = 0; i < ROWS; i++) {
      const double noise = (double)(bai_random(1, (uint64_t)c, (uint64_t)i) >> 11) * 0x1p-53 - 0.5;
      const double first = (double)(bai_random(1, 0, (uint64_t)i) >> 11) * 0x1p-53 - 0.5;
      const double last = (double)(bai_random(1, WIDTH - 2, (uint64_t)i) >> 11) * 0x1p-53 - 0.5;
      data[i] = c == WIDTH - 1 ? 7.0 : 10.0 * (c - 3) + noise * pow(10.0, c - 2);
      if (c == WIDTH) data[i] = first - last + noise > 0.0;
    }
    bai_format(name, sizeof name, c < WIDTH ? "x%d" : "y", (int)c);
    OK(context, ba_table_add_array(table, name, array, NULL));
    ba_array_release(array);
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=y"));
  ba_table_release(table);
  return dataset;
}

/* There and back, and the gradient against differences of the objective along each variable. */
static void test_variables(void **state) {
  ba_context *context = *state;
  const bai_kernels *kernels = bai_kernels_of(context);
  const double start[COUNT] = {0};
  double plain[COUNT], variables[COUNT], again[COUNT], gradient[COUNT], unused[COUNT];
  running f;
  running_open(&f, context, make_rows(context), "Columns() | Logistic(l2=0.01)", 0);
  bai_problem *problem = f.run->problem;
  bai_conditioning c;
  assert_true(bai_conditioning_suits(problem));
  OK(context, bai_conditioning_open(problem, &c));
  OK(context, bai_conditioning_learn(problem, start, &c));
  for (int32_t i = 0; i < COUNT; i++) variables[i] = 0.3 * sin(i + 1.0);
  bai_conditioning_leave(&c, kernels, variables, plain);
  bai_conditioning_enter(&c, kernels, plain, again);
  for (int32_t i = 0; i < COUNT; i++) assert_true(fabs(again[i] - variables[i]) < 1e-6);
  double objective, above, below;
  OK(context, bai_problem_evaluate(problem, plain, &objective, gradient));
  bai_conditioning_turn(&c, gradient);
  for (int32_t i = 0; i < COUNT; i++) {
    const double step = 1e-4, at = variables[i];
    variables[i] = at + step;
    bai_conditioning_leave(&c, kernels, variables, plain);
    OK(context, bai_problem_evaluate(problem, plain, &above, unused));
    variables[i] = at - step;
    bai_conditioning_leave(&c, kernels, variables, plain);
    OK(context, bai_problem_evaluate(problem, plain, &below, unused));
    variables[i] = at;
    assert_true(fabs((above - below) / (2 * step) - gradient[i]) < 1e-5);
  }
  bai_conditioning_free(context, &c);
  running_close(&f);
}

static double train(ba_context *context, const char *recipe, int64_t *iterations) {
  running f;
  running_open(&f, context, make_rows(context), recipe, 0);
  bai_standing standing = {0};
  for (int32_t i = 0; i < 200 && !standing.stuck && !(standing.slope <= 1e-7 * standing.start_slope && i > 1); i++)
    OK(context, f.run->kind->step(f.run->solver, &standing));
  *iterations = standing.iterations;
  running_close(&f);
  return standing.objective;
}

/* The optimum is Newton's, after a fraction of the iterations that the weights themselves take. */
static void test_iterations(void **state) {
  ba_context *context = *state;
  static const char *const recipes[][3] = {
      {"Columns() | Logistic(l2=1e-5)", "Columns() | Logistic(l2=1e-5, solver=newton)",
       "Column(column=x0) + Column(column=x1) + Column(column=x2) + Column(column=x3) + Column(column=x4) + "
       "Column(column=x5) | Logistic(l2=1e-5)"},
      {"Columns() | Linear(l2=1e-5)", "Columns() | Linear(l2=1e-5, solver=newton)",
       "Column(column=x0) + Column(column=x1) + Column(column=x2) + Column(column=x3) + Column(column=x4) + "
       "Column(column=x5) | Linear(l2=1e-5)"}};
  for (int32_t i = 0; i < 2; i++) {
    int64_t ours, newtons, plain;
    const double found = train(context, recipes[i][0], &ours), best = train(context, recipes[i][1], &newtons);
    (void)train(context, recipes[i][2], &plain);
    if (3 * ours > plain) print_error("%s: %d iterations, plain %d\n", recipes[i][0], (int)ours, (int)plain);
    assert_true(fabs(found - best) <= 1e-9 * fabs(best));
    assert_true(3 * ours <= plain);
  }
}

/* Rows that may be elsewhere. */
static void test_what_it_does_not_suit(void **state) {
  ba_context *context = *state;
  running f;
  running_open(&f, context, make_rows(context), "Column(column=x0) + Column(column=x1) | Logistic()", 0);
  assert_false(bai_conditioning_suits(f.run->problem));
  running_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_variables, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_iterations, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_it_does_not_suit, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
