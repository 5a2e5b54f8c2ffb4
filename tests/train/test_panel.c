/* SPDX-License-Identifier: MIT
 *
 * test_panel.c: sparse rows that go by panels come to the bits that they come to one after the other: objectives,
 * gradients, products and diagonals of second derivatives, at every level and for any number of threads.
 */
#include "train/panel.h"

#include "support/fault.h"
#include "train/running.h"

enum { ROWS = 4096 + 777, MOST_ENTRIES = 60, WIDTH = 3 * BAI_PANEL_COLUMNS + 5 };

/* Values: 1, a few, or any. Columns lie at the edges of ranges too; some rows have no entries. */
typedef enum values { ONE, FEW, ANY } values;

typedef struct shape {
  int32_t classes;
  values kind;
} shape;

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

static ba_dataset *rows_of(ba_context *context, const void *how) {
  const shape *of = how;
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
      numbers[n++] = value_of(of->kind, bits);
    }
    starts[i + 1] = n;
    labels[i] = names[bai_random(5, 0, (uint64_t)i) % (uint64_t)of->classes];
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

static int32_t *by_panels(bai_problem *problem) {
  return &problem->panelled;
}

static void check(ba_context *context, const char *recipe, int32_t classes, values kind) {
  const shape how = {classes, kind};
  running_check(context, rows_of, &how, recipe, by_panels);
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

static void check_made(const bai_problem *p, int32_t made) {
  for (int64_t b = 0; b < 2; b++) assert_int_equal(bai_panel_is_made(p, b), made);
}

/* Panels are made where they are wanted, and blocks that there is no room for go by rows. */
static void test_without_room(void **state) {
  ba_context *context = *state;
  const shape any = {2, ANY};
  running f;
  running_open(&f, context, rows_of(context, &any), "Sparse() | Logistic()", 11);
  bai_problem *p = f.run->problem;
  const size_t bytes = (size_t)running_size(p) * 8;
  double *expected = malloc(bytes), *found = malloc(bytes);
  p->panelled = 0;
  running_sums(p, expected);
  check_made(p, 0);
  p->panelled = 1;
  p->panel_bytes = BAI_PANEL_BYTES - 1;
  running_sums(p, found);
  check_made(p, 0);
  assert_memory_equal(found, expected, bytes);
  p->panel_bytes = 0;
  running_sums(p, found);
  check_made(p, 1);
  assert_memory_equal(found, expected, bytes);
  free(expected);
  free(found);
  running_close(&f);
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
