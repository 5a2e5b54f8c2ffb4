/* SPDX-License-Identifier: MIT
 *
 * test_uses.c: which rows train and which choose: parts and folds, and the tenth that is drawn when there is no dev
 * part.
 */
#include "model/making.h"
#include "support/fault.h"
#include "train/uses.h"

static void count(const ba_dataset *dataset, const uint8_t *uses, int64_t counts[3]) {
  counts[0] = counts[1] = counts[2] = 0;
  for (int64_t row = 0; row < dataset->rows; row++) counts[uses[row]]++;
}

static void add(ba_context *context, ba_dataset *dataset, int64_t n, int32_t part, const char *group) {
  ba_records *records = making_records(context, n, 5, 9, "ACGT", (uint64_t)n);
  const char **labels = calloc((size_t)n, sizeof *labels), **groups = calloc((size_t)n, sizeof *groups);
  assert_true(labels && groups);
  for (int64_t i = 0; i < n; i++) {
    labels[i] = making_classes[i % 4 == 0];
    groups[i] = group;
  }
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, group ? groups : NULL, part));
  ba_records_release(records);
  free(labels);
  free(groups);
}

static void test_parts_and_folds(void **state) {
  ba_dataset *dataset = NULL;
  uint8_t *uses = NULL;
  int64_t counts[3];
  OK(*state, ba_dataset_create(*state, NULL, &dataset));
  add(*state, dataset, 40, BA_PART_TRAIN, NULL);
  add(*state, dataset, 7, BA_PART_DEV, NULL);
  add(*state, dataset, 9, BA_PART_TEST, NULL);
  OK(*state, ba_dataset_split(dataset, "folds=4"));
  OK(*state, bai_uses_make(*state, dataset, -1, 1, 1, &uses));
  count(dataset, uses, counts);
  assert_true(counts[BAI_USE_TRAIN] == 40 && counts[BAI_USE_DEV] == 7 && counts[BAI_USE_NONE] == 9);
  bai_free(*state, uses);
  OK(*state, bai_uses_make(*state, dataset, 2, 1, 1, &uses));
  for (int64_t row = 0; row < 40; row++) {
    int32_t fold;
    OK(*state, ba_dataset_row(dataset, row, NULL, NULL, NULL, &fold));
    assert_int_equal(uses[row], fold == 2 ? BAI_USE_NONE : BAI_USE_TRAIN);
  }
  bai_free(*state, uses);
  ba_dataset_destroy(dataset);
}

/* A tenth of each class exactly, where the class has a multiple of ten rows; another seed draws others. */
static void test_a_tenth_is_drawn(void **state) {
  ba_dataset *dataset = NULL;
  uint8_t *uses[3];
  int64_t counts[3], second = 0, differ = 0;
  OK(*state, ba_dataset_create(*state, NULL, &dataset));
  add(*state, dataset, 4000, BA_PART_TRAIN, NULL);
  OK(*state, bai_uses_make(*state, dataset, -1, 0, 1, &uses[0]));
  count(dataset, uses[0], counts);
  assert_int_equal(counts[BAI_USE_TRAIN], 4000);
  OK(*state, bai_uses_make(*state, dataset, -1, 1, 1, &uses[1]));
  OK(*state, bai_uses_make(*state, dataset, -1, 1, 2, &uses[2]));
  count(dataset, uses[1], counts);
  assert_true(counts[BAI_USE_TRAIN] == 3600 && counts[BAI_USE_DEV] == 400);
  for (int64_t row = 0; row < 4000; row++) {
    second += uses[1][row] == BAI_USE_DEV && row % 4 == 0;
    differ += uses[1][row] != uses[2][row];
  }
  assert_int_equal(second, 100);
  assert_true(differ > 500 && differ <= 800);
  for (int32_t i = 0; i < 3; i++) bai_free(*state, uses[i]);
  ba_dataset_destroy(dataset);
}

static void test_groups_stay_whole(void **state) {
  ba_dataset *dataset = NULL;
  uint8_t *uses = NULL;
  int64_t counts[3], dev_groups = 0;
  OK(*state, ba_dataset_create(*state, NULL, &dataset));
  for (int32_t g = 0; g < 60; g++) {
    char name[8] = {'g', (char)('0' + g / 10), (char)('0' + g % 10), 0};
    add(*state, dataset, 12, BA_PART_TRAIN, name);
  }
  OK(*state, bai_uses_make(*state, dataset, -1, 1, 3, &uses));
  for (int32_t g = 0; g < 60; g++) {
    for (int64_t i = 1; i < 12; i++) assert_int_equal(uses[12 * g + i], uses[12 * g]);
    dev_groups += uses[12 * g] == BAI_USE_DEV;
  }
  count(dataset, uses, counts);
  assert_true(dev_groups == 6 && counts[BAI_USE_NONE] == 0); /* 72 rows of 720 */
  bai_free(*state, uses);
  ba_dataset_destroy(dataset);
}

/* Five large groups: one of those with a fifth of the 1,310 rows at most; a single group: rows are drawn. */
static void test_few_groups(void **state) {
  static const int64_t sizes[] = {300, 260, 280, 220, 250};
  ba_dataset *dataset = NULL;
  uint8_t *uses = NULL;
  int64_t counts[3];
  OK(*state, ba_dataset_create(*state, NULL, &dataset));
  for (int32_t g = 0; g < 5; g++) add(*state, dataset, sizes[g], BA_PART_TRAIN, (const char[]){(char)('a' + g), 0});
  OK(*state, bai_uses_make(*state, dataset, -1, 1, 3, &uses));
  count(dataset, uses, counts);
  assert_true(counts[BAI_USE_DEV] == 220 || counts[BAI_USE_DEV] == 250 || counts[BAI_USE_DEV] == 260);
  bai_free(*state, uses);
  ba_dataset_destroy(dataset);
  OK(*state, ba_dataset_create(*state, NULL, &dataset));
  add(*state, dataset, 400, BA_PART_TRAIN, "only");
  OK(*state, bai_uses_make(*state, dataset, -1, 1, 3, &uses));
  count(dataset, uses, counts);
  assert_int_equal(counts[BAI_USE_DEV], 40);
  bai_free(*state, uses);
  ba_dataset_destroy(dataset);
}

static ba_status life(ba_context *context, void *argument) {
  ba_dataset *dataset = NULL;
  uint8_t *uses = NULL;
  (void)argument;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  bai_new_row row = {.letters = "ACGT", .letters_length = 4, .name = "", .label = "a", .label_length = 1, .weight = 1};
  for (int32_t i = 0; !status && i < 20; i++) status = bai_dataset_add_row(dataset, &row);
  if (!status) status = bai_uses_make(context, dataset, -1, 1, 1, &uses);
  bai_free(context, uses);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_allocations_fail(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_parts_and_folds, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_tenth_is_drawn, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_groups_stay_whole, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_few_groups, making_set_up, making_tear_down),
      cmocka_unit_test(test_allocations_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
