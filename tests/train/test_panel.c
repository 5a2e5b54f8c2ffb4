/* SPDX-License-Identifier: MIT
 *
 * test_panel.c: sparse rows that go by panels come to the bits that they come to one after the other: objectives,
 * gradients, products and diagonals of second derivatives, at every level and for any number of threads.
 */
#include "train/panel.h"

#include "model/making.h"
#include "support/fault.h"
#include "train/run_inside.h"

enum { ROWS = 4096 + 777, MOST_ENTRIES = 60, WIDTH = 3 * BAI_PANEL_COLUMNS + 5, MOST = 3 * (WIDTH + 1) };

typedef struct fixture {
  ba_context *context;
  ba_dataset *dataset;
  uint8_t *uses;
  bai_recipe recipe;
  bai_run *run;
} fixture;

/* Values: 1, a few, or any. Columns lie at the edges of ranges too; some rows have no entries. */
typedef enum values { ONE, FEW, ANY } values;

static double value_of(values kind, uint64_t bits) {
  if (kind == ONE) return 1.0;
  if (kind == FEW) return bits % 16 ? (double)(bits % 16) - 0.3 : -0.0;
  return (double)(bits >> 12) * 0x1p-52 - 0.5;
}

static ba_array *array_of(ba_context *context, int32_t type, int64_t count, const void *data, size_t bytes) {
  ba_array *array;
  OK(context, ba_array_create(context, type, 1, &count, &array));
  memcpy(ba_array_data_mut(array), data, bytes);
  return array;
}

static ba_dataset *rows_of(ba_context *context, int32_t classes, values kind) {
  static int64_t starts[ROWS + 1];
  static uint32_t columns[ROWS * MOST_ENTRIES];
  static double numbers[ROWS * MOST_ENTRIES], weights[ROWS];
  static const char *labels[ROWS];
  static const char *const names[] = {"0", "1", "2"};
  int64_t n = 0;
  for (int64_t i = 0; i < ROWS; i++) {
    const int64_t most = i % 50 ? (int64_t)(bai_random(3, 0, (uint64_t)i) % MOST_ENTRIES) : 0;
    int64_t column = -1;
    for (int64_t e = 0; e < most; e++) {
      const uint64_t bits = bai_random(4, (uint64_t)i, (uint64_t)e);
      column += 1 + (e % 9 ? (int64_t)(bits >> 32) % 700 : BAI_PANEL_COLUMNS - 1 - (column + 1) % BAI_PANEL_COLUMNS);
      if (column >= WIDTH) break;
      columns[n] = (uint32_t)column;
      numbers[n++] = value_of(kind, bits);
    }
    starts[i + 1] = n;
    labels[i] = names[bai_random(5, 0, (uint64_t)i) % (uint64_t)classes];
    weights[i] = i % 7 ? 1.0 : 2.5;
  }
  columns[n - 1] = WIDTH - 1;
  ba_array *arrays[3] = {array_of(context, BA_INT64, ROWS + 1, starts, sizeof starts),
                         array_of(context, BA_UINT32, n, columns, (size_t)n * 4),
                         array_of(context, BA_FLOAT64, n, numbers, (size_t)n * 8)};
  ba_dataset *dataset;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_csr(dataset, arrays[0], arrays[1], arrays[2], labels, weights, NULL, BA_PART_TRAIN));
  for (int32_t i = 0; i < 3; i++) ba_array_release(arrays[i]);
  return dataset;
}

static void open_run(fixture *f, const char *recipe, int32_t classes, values kind) {
  ba_context *context = f->context;
  f->dataset = rows_of(context, classes, kind);
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
  double objective, gradient[MOST], products[2][MOST], diagonal[MOST];
} sums;

/* Of two points, after a pass that looks at the rows. */
static void sum_up(const fixture *f, int32_t panelled, sums out[2]) {
  static double x[MOST], direction[MOST];
  bai_problem *p = f->run->problem;
  uint64_t seed = 5;
  memset(out, 0, 2 * sizeof *out);
  memset(x, 0, sizeof x);
  assert_in_range(p->parameters, WIDTH, MOST);
  p->panelled = panelled;
  p->curved_known = 0;
  OK(f->context, bai_problem_evaluate(p, x, &out[0].objective, out[0].gradient));
  for (int32_t round = 0; round < 2; round++) {
    for (int64_t i = 0; i < p->parameters; i++) x[i] = 0.3 * making_real(&seed);
    for (int64_t i = 0; i < p->parameters; i++) direction[i] = making_real(&seed);
    OK(f->context, bai_problem_evaluate(p, x, &out[round].objective, out[round].gradient));
    OK(f->context, bai_problem_product(p, x, direction, out[round].products[0]));
    OK(f->context, bai_problem_diagonal(p, x, out[round].diagonal));
    OK(f->context, bai_problem_product(p, x, direction, out[round].products[1]));
    SAME_BITS(out[round].products[0], out[round].products[1], p->parameters);
  }
  for (int64_t b = 0; b < 2; b++) assert_int_equal(bai_panel_is_made(p, b), panelled);
}

static void check(ba_context *context, const char *recipe, int32_t classes, values kind) {
  static sums expected[2], found[2];
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
      fixture f = {.context = context};
      OK(context, ba_context_set_threads(context, threads));
      open_run(&f, recipe, classes, kind);
      assert_true(f.run->problem->panelled);
      if (level == 0 && threads == 1) sum_up(&f, 0, expected);
      sum_up(&f, 1, found);
      assert_memory_equal(found, expected, sizeof expected);
      close_run(&f);
    }
  }
  OK(context, ba_context_set_threads(context, 1));
}

static void test_of_two_classes(void **state) {
  check(*state, "Sparse() | Logistic(l2=0.01)", 2, ONE);
  check(*state, "Sparse() | Logistic(l2=0.01)", 2, FEW);
  check(*state, "Sparse() | Logistic(l2=0.01, class_weight=balanced)", 2, ANY);
}

static void test_other_losses(void **state) {
  check(*state, "Sparse() | Softmax()", 3, FEW);
  check(*state, "Sparse() | Softmax()", 3, ANY);
  check(*state, "Sparse() | Linear(loss=huber)", 3, ANY);
}

/* Blocks that there is no room for go by rows. */
static void test_without_room(void **state) {
  ba_context *context = *state;
  static sums expected[2], found[2];
  static double x[MOST];
  fixture f = {.context = context};
  open_run(&f, "Sparse() | Logistic()", 2, ANY);
  sum_up(&f, 0, expected);
  f.run->problem->panel_bytes = BAI_PANEL_BYTES - 1;
  f.run->problem->panelled = 1;
  f.run->problem->curved_known = 0;
  uint64_t seed = 5;
  for (int64_t i = 0; i < f.run->problem->parameters; i++) x[i] = 0.3 * making_real(&seed);
  OK(context, bai_problem_evaluate(f.run->problem, x, &found[0].objective, found[0].gradient));
  for (int64_t b = 0; b < 2; b++) assert_false(bai_panel_is_made(f.run->problem, b));
  assert_memory_equal(&found[0].objective, &expected[0].objective, 8);
  SAME_BITS(found[0].gradient, expected[0].gradient, f.run->problem->parameters);
  close_run(&f);
}

/* A training of two rows, by panels from its second pass on. */
static ba_status life(ba_context *context, void *argument) {
  const int64_t starts[] = {0, 1, 3}, lengths[] = {3, 3, 3};
  const uint32_t columns[] = {5, 1, BAI_PANEL_COLUMNS + 7};
  const double numbers[] = {1.0, 2.0, -3.0};
  const void *data[] = {starts, columns, numbers};
  const int32_t types[] = {BA_INT64, BA_UINT32, BA_FLOAT64};
  const char *const labels[] = {"0", "1"};
  ba_array *arrays[3] = {0};
  ba_dataset *dataset = NULL;
  ba_trainer *trainer = NULL;
  ba_status status = BA_OK;
  (void)argument;
  for (int32_t i = 0; !status && i < 3; i++) {
    status = ba_array_create(context, types[i], 1, &lengths[i], &arrays[i]);
    if (!status) memcpy(ba_array_data_mut(arrays[i]), data[i], i == 1 ? 12 : 24);
  }
  if (!status) status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_dataset_add_csr(dataset, arrays[0], arrays[1], arrays[2], labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_trainer_create(context, "Sparse() | Logistic(solver=tron)", dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  for (int32_t i = 0; i < 3; i++) ba_array_release(arrays[i]);
  return status == BA_END ? BA_OK : status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_of_two_classes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_other_losses, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_without_room, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
