/* SPDX-License-Identifier: MIT
 *
 * test_split.c: what every split promises: sizes of folds, whole groups, training rows alone, the same folds again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/fault.h"
#include "train/dataset.h"

#define MOST_ROWS 1000

static int set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

/* Rows without letters. Row i has the class class_of(i) and the group group_of(i), NULL for no groups at all. */
typedef const char *(*text_of)(int64_t row);

static ba_status add(ba_context *context, ba_dataset *dataset, int64_t rows, text_of class_of, text_of group_of,
                     int32_t part) {
  static const int64_t offsets[MOST_ROWS + 1];
  const char *labels[MOST_ROWS], *groups[MOST_ROWS];
  ba_records *records = NULL;
  ba_status status = ba_records_create(context, "", offsets, rows, &records);
  for (int64_t i = 0; i < rows; i++) {
    labels[i] = class_of(i);
    groups[i] = group_of ? group_of(i) : NULL;
  }
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, group_of ? groups : NULL, part);
  ba_records_release(records);
  return status;
}

static const char *one_in_seven(int64_t row) {
  return row % 7 == 3 ? "rare" : row % 2 ? "odd" : "even";
}

/* Group g has g + 1 rows: 0, 1 1, 2 2 2, ... up to 12. */
static const char *triangle_group(int64_t row) {
  static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m"};
  int64_t group = 0;
  for (int64_t left = row; left > group; group++) left -= group + 1;
  return names[group % 13];
}

static ba_dataset *made(ba_context *context, int64_t rows, text_of group_of) {
  ba_dataset *dataset = NULL;
  assert_int_equal(ba_dataset_create(context, NULL, &dataset), BA_OK);
  assert_int_equal(add(context, dataset, rows, one_in_seven, group_of, BA_PART_TRAIN), BA_OK);
  return dataset;
}

static int32_t fold_of(ba_dataset *dataset, int64_t row) {
  int32_t fold = -2;
  assert_int_equal(ba_dataset_row(dataset, row, NULL, NULL, NULL, &fold), BA_OK);
  return fold;
}

/* The largest and the smallest fold, counting rows of one class (-1: all) and of the part train. */
static void fold_sizes(ba_dataset *dataset, int32_t folds, int32_t class, int64_t *least, int64_t *most) {
  int64_t sizes[MOST_ROWS] = {0};
  for (int64_t row = 0; row < ba_dataset_rows(dataset, BA_PART_ALL); row++) {
    int32_t label, part, fold;
    assert_int_equal(ba_dataset_row(dataset, row, &label, NULL, &part, &fold), BA_OK);
    if (part != BA_PART_TRAIN) {
      assert_int_equal(fold, -1);
      continue;
    }
    assert_in_range(fold, 0, folds - 1);
    if (class < 0 || class == label) sizes[fold]++;
  }
  *least = *most = sizes[0];
  for (int32_t f = 1; f < folds; f++) {
    if (sizes[f] < *least) *least = sizes[f];
    if (sizes[f] > *most) *most = sizes[f];
  }
}

static void test_stratified_folds_are_even_in_every_class(void **state) {
  const char *options[] = {NULL, "folds=2", "folds=3, seed=9", "by=stratified, folds=10", "folds=301", "seed=0"};
  const int32_t folds[] = {5, 2, 3, 10, 301, 5};
  ba_dataset *dataset = made(*state, 301, NULL);
  for (int32_t i = 0; i < 6; i++) {
    int64_t least, most;
    assert_int_equal(ba_dataset_split(dataset, options[i]), BA_OK);
    assert_int_equal(dataset->folds_made, folds[i]);
    for (int32_t class = -1; class < 3; class ++) {
      fold_sizes(dataset, folds[i], class, &least, &most);
      assert_true(most - least <= 1);
    }
  }
  ba_dataset_destroy(dataset);
}

static void test_random_folds_are_even_in_all(void **state) {
  const int32_t folds[] = {7, 2, 200};
  const char *options[] = {"by=random, folds=7", "by=random, folds=2", "by=random, folds=200"};
  ba_dataset *dataset = made(*state, 200, NULL);
  for (int32_t i = 0; i < 3; i++) {
    int64_t least, most;
    assert_int_equal(ba_dataset_split(dataset, options[i]), BA_OK);
    fold_sizes(dataset, folds[i], -1, &least, &most);
    assert_int_equal(least, 200 / folds[i]);
    assert_int_equal(most, (200 + folds[i] - 1) / folds[i]);
  }
  ba_dataset_destroy(dataset);
}

/* With as many folds as rows every row is alone. */
static void test_leave_one_out(void **state) {
  const char *options[] = {"folds=50", "by=random, folds=50"};
  ba_dataset *dataset = made(*state, 50, NULL);
  for (int32_t i = 0; i < 2; i++) {
    int64_t least, most;
    assert_int_equal(ba_dataset_split(dataset, options[i]), BA_OK);
    fold_sizes(dataset, 50, -1, &least, &most);
    assert_int_equal(least, 1);
    assert_int_equal(most, 1);
  }
  ba_dataset_destroy(dataset);
}

static int64_t differing(ba_dataset *a, ba_dataset *b) {
  int64_t count = 0;
  for (int64_t row = 0; row < ba_dataset_rows(a, BA_PART_ALL); row++) count += fold_of(a, row) != fold_of(b, row);
  return count;
}

static void test_the_seed_alone_makes_the_order(void **state) {
  const char *by[] = {"by=stratified, seed=3", "by=random, seed=3"};
  const char *other[] = {"by=stratified, seed=4", "by=random, seed=4"};
  ba_dataset *a = made(*state, 400, NULL), *b = made(*state, 400, NULL);
  for (int32_t i = 0; i < 2; i++) {
    assert_int_equal(ba_dataset_split(a, by[i]), BA_OK);
    assert_int_equal(ba_dataset_split(b, other[i]), BA_OK);
    assert_true(differing(a, b) > 200); /* four of five rows move, on average */
    assert_int_equal(ba_dataset_split(b, by[i]), BA_OK);
    assert_int_equal(differing(a, b), 0);
  }
  ba_dataset_destroy(a);
  ba_dataset_destroy(b);
}

/* Neighbours in the source do not stand in neighbouring folds. */
static void test_the_order_is_not_that_of_the_source(void **state) {
  ba_dataset *dataset = made(*state, 1000, NULL);
  int64_t next = 0;
  assert_int_equal(ba_dataset_split(dataset, "by=random"), BA_OK);
  for (int64_t row = 1; row < 1000; row++) next += (fold_of(dataset, row - 1) + 1) % 5 == fold_of(dataset, row);
  assert_in_range(next, 120, 280); /* 200 by chance, with a deviation of 13 */
  ba_dataset_destroy(dataset);
}

static void test_other_parts_get_no_fold(void **state) {
  int64_t least, most;
  ba_dataset *dataset = made(*state, 30, NULL);
  assert_int_equal(add(*state, dataset, 20, one_in_seven, NULL, BA_PART_DEV), BA_OK);
  assert_int_equal(add(*state, dataset, 20, one_in_seven, NULL, BA_PART_TEST), BA_OK);
  assert_int_equal(add(*state, dataset, 11, one_in_seven, NULL, BA_PART_TRAIN), BA_OK);
  assert_int_equal(fold_of(dataset, 0), -1);
  assert_int_equal(ba_dataset_split(dataset, "folds=4"), BA_OK);
  fold_sizes(dataset, 4, -1, &least, &most);
  assert_int_equal(least, 10);
  assert_int_equal(most, 11);
  ba_dataset_destroy(dataset);
}

/* Sizes 13 12 11 10 9 8 7 6 5 4 3 2 1 on three folds, worked out by hand: 13+8+7+2+1, 12+9+6+3, 11+10+5+4. */
static void test_groups_stay_whole_and_even(void **state) {
  const int32_t expected[] = {0, 0, 1, 2, 2, 1, 0, 0, 1, 2, 2, 1, 0};
  ba_dataset *dataset = made(*state, 91, triangle_group);
  assert_int_equal(ba_dataset_split(dataset, "by=group, folds=3"), BA_OK);
  assert_int_equal(dataset->folds_made, 3);
  for (int64_t row = 0; row < 91; row++)
    assert_int_equal(fold_of(dataset, row), expected[triangle_group(row)[0] - 'a']);
  ba_dataset_destroy(dataset);
}

static const char *ten_groups(int64_t row) {
  static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
  return names[row % 10];
}

/* Groups of one size go out in the order of first sight. */
static void test_equal_groups_go_out_in_order(void **state) {
  const char *options[] = {"by=group, folds=4", "by=group, folds=10", "by=group, folds=3"};
  const int32_t folds[] = {4, 10, 3};
  ba_dataset *dataset = made(*state, 100, ten_groups);
  for (int32_t i = 0; i < 3; i++) {
    assert_int_equal(ba_dataset_split(dataset, options[i]), BA_OK);
    for (int64_t row = 0; row < 100; row++) assert_int_equal(fold_of(dataset, row), row % 10 % folds[i]);
  }
  ba_dataset_destroy(dataset);
}

static void refused(ba_dataset *dataset, const char *options, ba_status status, const char *message) {
  ba_context *context = dataset->context;
  assert_int_equal(ba_dataset_split(dataset, options), status);
  assert_string_equal(ba_context_error_message(context), message);
}

static void test_refusals_change_nothing(void **state) {
  ba_dataset *dataset = made(*state, 10, ten_groups), *before = made(*state, 10, ten_groups);
  assert_int_equal(ba_dataset_split(dataset, "folds=2"), BA_OK);
  assert_int_equal(ba_dataset_split(before, "folds=2"), BA_OK);
  refused(dataset, "folds=11", BA_ERR_RECIPE, "folds is 11; expected 2 to the number of training rows, 10");
  refused(dataset, "by=random, folds=11", BA_ERR_RECIPE, "folds is 11; expected 2 to the number of training rows, 10");
  refused(dataset, "by=group, folds=11", BA_ERR_LABEL,
          "folds is 11; expected 2 to the number of groups in the training rows, 10");
  refused(dataset, "folds=1", BA_ERR_RECIPE, "column 7: folds is \"1\"; accepted: an integer from 2 to 2147483647");
  refused(dataset, "by=size", BA_ERR_RECIPE,
          "column 4: by is \"size\"; accepted: stratified, random, group, similarity, time");
  refused(dataset, "fold=2", BA_ERR_RECIPE,
          "column 1: there is no option \"fold\"; accepted: by, folds, seed, k, threshold, scaled");
  assert_int_equal(differing(dataset, before), 0);
  assert_int_equal(dataset->folds_made, 2);
  /* A row without a group, the 11th; in another part it would not matter. */
  assert_int_equal(add(*state, dataset, 1, one_in_seven, NULL, BA_PART_TRAIN), BA_OK);
  refused(dataset, "by=group", BA_ERR_LABEL,
          "record 11: the row has no group; by=group expects one for every training row");
  assert_int_equal(add(*state, before, 1, one_in_seven, NULL, BA_PART_TEST), BA_OK);
  assert_int_equal(ba_dataset_split(before, "by=group"), BA_OK);
  assert_int_equal(fold_of(before, 10), -1);
  ba_dataset_destroy(dataset);
  ba_dataset_destroy(before);
  assert_int_equal(ba_dataset_split(NULL, ""), BA_ERR_ARGUMENT);
}

/* Groups that only other parts have do not count. */
static void test_groups_of_other_parts_do_not_count(void **state) {
  ba_dataset *dataset = NULL;
  assert_int_equal(ba_dataset_create(*state, NULL, &dataset), BA_OK);
  refused(dataset, NULL, BA_ERR_RECIPE, "folds is 5; expected 2 to the number of training rows, 0");
  assert_int_equal(add(*state, dataset, 10, one_in_seven, ten_groups, BA_PART_DEV), BA_OK);
  assert_int_equal(add(*state, dataset, 3, one_in_seven, ten_groups, BA_PART_TRAIN), BA_OK);
  refused(dataset, "by=group, folds=4", BA_ERR_LABEL,
          "folds is 4; expected 2 to the number of groups in the training rows, 3");
  assert_int_equal(ba_dataset_split(dataset, "by=group, folds=3"), BA_OK);
  for (int64_t row = 0; row < 13; row++) assert_int_equal(fold_of(dataset, row), row < 10 ? -1 : row - 10);
  ba_dataset_destroy(dataset);
}

static ba_status whole_life(ba_context *context, void *argument) {
  ba_dataset *dataset = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = add(context, dataset, 20, one_in_seven, ten_groups, BA_PART_TRAIN);
  if (!status) {
    status = ba_dataset_split(dataset, argument);
    if (status) assert_int_equal(bai_dataset_fold(dataset, 0), -1);
  }
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  char stratified[] = "folds=3", group[] = "by=group, folds=3";
  assert_true(fault_sweep(whole_life, stratified) > 10);
  assert_true(fault_sweep(whole_life, group) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_stratified_folds_are_even_in_every_class, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_random_folds_are_even_in_all, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_leave_one_out, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_the_seed_alone_makes_the_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_the_order_is_not_that_of_the_source, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_other_parts_get_no_fold, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_groups_stay_whole_and_even, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_equal_groups_go_out_in_order, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals_change_nothing, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_groups_of_other_parts_do_not_count, set_up, tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
