/* SPDX-License-Identifier: MIT
 *
 * test_evaluate.c: evaluation against scoring record by record, and cross-validation against its folds one by one.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/dataset.h"

static void same_metrics(const ba_metrics *a, const ba_metrics *b, int32_t classes) {
  assert_int_equal(ba_metrics_count(a), ba_metrics_count(b));
  assert_true(ba_metrics_count(a) >= 8);
  for (int32_t i = 0; i < ba_metrics_count(a); i++) {
    const char *name = ba_metrics_name(a, i);
    const double x = ba_metrics_value(a, name), y = ba_metrics_value(b, name);
    assert_string_equal(name, ba_metrics_name(b, i));
    if (!(x == y) && !(isnan(x) && isnan(y))) fail_msg("%s: %.17g and %.17g", name, x, y);
  }
  for (int32_t i = 0; i < classes * classes; i++)
    assert_true(ba_metrics_confusion(a, i / classes, i % classes) == ba_metrics_confusion(b, i / classes, i % classes));
}

/* Probabilities of rows of a dataset through a scorer of its own. */
static void predict(ba_context *context, ba_model *model, ba_dataset *dataset, int64_t row, double *probabilities) {
  ba_records *record = NULL;
  ba_scorer *scorer = NULL;
  OK(context, ba_dataset_records(dataset, row, 1, &record));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, record, NULL, probabilities));
  ba_scorer_destroy(scorer);
  ba_records_release(record);
}

/* With weights 1, 1.25, 1.5, 1.75 and so on. */
static void add_weighted(ba_context *context, ba_dataset *dataset, int64_t rows, int64_t shortest, int64_t longest,
                         int32_t classes, uint64_t seed, int32_t part) {
  ba_records *records = making_classed(context, rows, shortest, longest, classes, seed);
  const char *labels[300];
  double weights[300];
  for (int64_t i = 0; i < rows; i++) {
    labels[i] = making_classes[i % classes];
    weights[i] = 1.0 + (double)((ba_dataset_rows(dataset, BA_PART_ALL) + i) % 4) / 4.0;
  }
  OK(context, ba_dataset_add_records(dataset, records, labels, weights, NULL, part));
  ba_records_release(records);
}

static void test_evaluation_by_hand(void **state) {
  ba_context *context = *state;
  for (int32_t classes = 2; classes <= 3; classes++) {
    ba_dataset *dataset = NULL;
    OK(context, ba_dataset_create(context, NULL, &dataset));
    add_weighted(context, dataset, 90, 0, 30, classes, 3, BA_PART_TRAIN);
    add_weighted(context, dataset, 300, 0, 40, classes, 4, BA_PART_TEST);
    ba_model *model = making_trained(context, "Kmer(k=1..3) | Softmax(max_iter=5)", dataset, NULL);
    double p[300 * 3], weights[300];
    int32_t labels[300];
    for (int64_t i = 0; i < 300; i++) {
      OK(context, ba_dataset_row(dataset, 90 + i, &labels[i], &weights[i], NULL, NULL));
      predict(context, model, dataset, 90 + i, p + i * classes);
    }
    ba_metrics *by_hand = NULL, *metrics = NULL;
    OK(context, ba_metrics_create(context, classes, 300, labels, p, weights, &by_hand));
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      for (int32_t threads = 1; threads < 8; threads += 3) {
        OK(context, ba_context_set_threads(context, threads));
        OK(context, ba_evaluate(context, model, dataset, BA_PART_TEST, NULL, &metrics));
        same_metrics(metrics, by_hand, classes);
        ba_metrics_destroy(metrics);
      }
    }
    ba_metrics_destroy(by_hand);
    ba_model_release(model);
    ba_dataset_destroy(dataset);
  }
}

/* A dataset that knows the classes in other numbers, or only one of them, or one more. */
static void test_classes_go_by_name(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 3, 1); /* first, second, third */
  ba_dataset *dataset = NULL;
  ba_metrics *metrics = NULL;
  const char *const labels[] = {"third", "second", "third", "fourth"}, *const letters = "ACGTCCGATTTTGGAC";
  const int64_t offsets[] = {0, 4, 8, 12, 16};
  const double zero_last[] = {1, 1, 1, 0};
  ba_records *records = NULL;
  OK(context, ba_records_create(context, letters, offsets, 4, &records));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_records(dataset, records, labels, zero_last, NULL, BA_PART_TEST));
  OK(context, ba_evaluate(context, model, dataset, BA_PART_TEST, NULL, &metrics));
  double sums[3] = {0};
  for (int32_t a = 0; a < 3; a++)
    for (int32_t p = 0; p < 3; p++) sums[a] += ba_metrics_confusion(metrics, a, p);
  assert_true(sums[0] == 0.0 && sums[1] == 1.0 && sums[2] == 2.0);
  ba_metrics_destroy(metrics);
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TEST));
  int64_t record;
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_TEST, NULL, &metrics), BA_ERR_LABEL,
          "the label \"fourth\" is none of the model's classes; expected \"first\", \"second\" and so on");
  assert_null(metrics);
  ba_context_error_position(context, &record, NULL);
  assert_int_equal(record, 7);
  OK(context, ba_dataset_add_records(dataset, records, labels, zero_last, NULL, BA_PART_DEV));
  OK(context, ba_evaluate(context, model, dataset, BA_PART_DEV, NULL, &metrics)); /* the unknown one is elsewhere */
  ba_metrics_destroy(metrics);
  ba_records_release(records);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

static void test_refusals(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 20, 5, 9, 2, 1), *none = NULL;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1);
  ba_metrics *out = NULL;
  OK(context, ba_dataset_create(context, NULL, &none));
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_DEV, NULL, &out), BA_ERR_ARGUMENT, "no rows in part 1");
  REFUSED(context, ba_evaluate(context, model, none, BA_PART_ALL, NULL, &out), BA_ERR_ARGUMENT, "no rows in part -1");
  REFUSED(context, ba_evaluate(context, model, dataset, 3, NULL, &out), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(context, ba_evaluate(context, model, dataset, -2, NULL, &out), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(context, ba_evaluate(context, NULL, dataset, 0, NULL, &out), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(context, ba_evaluate(context, model, NULL, 0, NULL, &out), BA_ERR_ARGUMENT, "dataset");
  REFUSED(context, ba_evaluate(context, model, dataset, 0, NULL, NULL), BA_ERR_ARGUMENT, "place");
  assert_int_equal(ba_evaluate(NULL, model, dataset, 0, NULL, &out), BA_ERR_ARGUMENT);
  const char *recipe = "Kmer(k=1) | Logistic()";
  REFUSED(context, ba_cross_validate(context, recipe, dataset, NULL, &out), BA_ERR_ARGUMENT, "ba_dataset_split first");
  OK(context, ba_dataset_split(dataset, "folds=4"));
  REFUSED(context, ba_cross_validate(context, recipe, dataset, "hold_out=1", &out), BA_ERR_RECIPE, "accepted: seed");
  REFUSED(context, ba_cross_validate(context, "Kmer(k=1)", dataset, NULL, &out), BA_ERR_RECIPE, "has no model");
  REFUSED(context, ba_cross_validate(context, "Kmer(k=11) | Logistic()", dataset, NULL, &out), BA_ERR_LENGTH,
          "at least 11");
  REFUSED(context, ba_cross_validate(context, NULL, dataset, NULL, &out), BA_ERR_ARGUMENT, "expected a recipe");
  REFUSED(context, ba_cross_validate(context, recipe, NULL, NULL, &out), BA_ERR_ARGUMENT, "expected a recipe");
  REFUSED(context, ba_cross_validate(context, recipe, dataset, NULL, NULL), BA_ERR_ARGUMENT, "place");
  assert_int_equal(ba_cross_validate(NULL, recipe, dataset, NULL, &out), BA_ERR_ARGUMENT);
  assert_null(out);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
  ba_dataset_destroy(none);
  /* A length that the model was not fitted on. */
  model = making_model(context, "PositionKmer(k=1)", 5, 2, 1);
  dataset = making_data(context, 3, 5, 5, 2, 1);
  ba_records *longer = making_classed(context, 1, 6, 6, 1, 1);
  OK(context, making_add(dataset, longer, 1, BA_PART_TRAIN));
  int64_t record;
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &out), BA_ERR_LENGTH, "fitted on 5");
  ba_context_error_position(context, &record, NULL);
  assert_int_equal(record, 4);
  ba_records_release(longer);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

/* Trained with each fold left out in turn, and its rows scored. */
static void check_folds(ba_context *context, const char *recipe, int32_t classes, const char *split, int32_t folds) {
  enum { ROWS = 120 };
  ba_dataset *dataset = making_data(context, ROWS, 5, 30, classes, 3);
  ba_records *dev = making_classed(context, 30, 5, 30, classes, 4);
  OK(context, making_add(dataset, dev, classes, BA_PART_DEV));
  OK(context, ba_dataset_split(dataset, split));
  double p[ROWS * 3];
  int32_t labels[ROWS], fold_of[ROWS], predicted = 0;
  for (int64_t i = 0; i < ROWS; i++) OK(context, ba_dataset_row(dataset, i, &labels[i], NULL, NULL, &fold_of[i]));
  for (int32_t fold = 0; fold < folds; fold++) {
    char options[60];
    snprintf(options, sizeof options, "seed=9, hold_out=%d", fold);
    ba_model *model = making_trained(context, recipe, dataset, options);
    for (int64_t i = 0; i < ROWS; i++) {
      if (fold_of[i] != fold) continue;
      predict(context, model, dataset, i, p + i * classes);
      predicted++;
    }
    ba_model_release(model);
  }
  assert_int_equal(predicted, ROWS);
  ba_metrics *by_hand = NULL, *metrics = NULL;
  OK(context, ba_metrics_create(context, classes, ROWS, labels, p, NULL, &by_hand));
  for (int32_t threads = 1; threads < 4; threads++) {
    OK(context, ba_context_set_threads(context, threads));
    OK(context, ba_cross_validate(context, recipe, dataset, "seed=9", &metrics));
    same_metrics(metrics, by_hand, classes);
    assert_true(ba_metrics_value(metrics, "n") == ROWS);
    ba_metrics_destroy(metrics);
  }
  ba_metrics_destroy(by_hand);
  ba_records_release(dev);
  ba_dataset_destroy(dataset);
}

static void test_cross_validation_by_hand(void **state) {
  check_folds(*state, "Kmer(k=1..2) | Logistic(max_iter=20)", 2, "folds=4, seed=2", 4);
  check_folds(*state, "Kmer(k=1..2) | Softmax(max_iter=20)", 3, "folds=3, by=random", 3);
  check_folds(*state, "Kmer(k=1) | Logistic(solver=adagrad, epochs=3)", 2, "folds=2", 2);
}

/* Rows that came after the split belong to no fold: nothing could be said of them. */
static void test_rows_after_the_split(void **state) {
  ba_context *context = *state;
  ba_metrics *metrics = NULL;
  ba_dataset *dataset = making_data(context, 20, 5, 9, 2, 1);
  ba_records *more = making_classed(context, 4, 5, 9, 2, 2);
  int64_t record;
  OK(context, ba_dataset_split(dataset, "folds=2"));
  OK(context, making_add(dataset, more, 2, BA_PART_TEST));
  OK(context, ba_cross_validate(context, "Kmer(k=1) | Logistic()", dataset, NULL, &metrics)); /* test rows may */
  ba_metrics_destroy(metrics);
  OK(context, making_add(dataset, more, 2, BA_PART_TRAIN));
  REFUSED(context, ba_cross_validate(context, "Kmer(k=1) | Logistic()", dataset, NULL, &metrics), BA_ERR_ARGUMENT,
          "ba_dataset_split");
  ba_context_error_position(context, &record, NULL);
  assert_int_equal(record, 25);
  assert_null(metrics);
  OK(context, ba_dataset_split(dataset, "folds=2"));
  OK(context, ba_cross_validate(context, "Kmer(k=1) | Logistic()", dataset, NULL, &metrics));
  assert_true(ba_metrics_value(metrics, "n") == 24.0);
  ba_metrics_destroy(metrics);
  ba_records_release(more);
  ba_dataset_destroy(dataset);
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const labels[] = {"a", "b", "a", "b"};
  const int64_t offsets[] = {0, 4, 9, 14, 20};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_metrics *first = NULL, *second = NULL;
  const char *recipe = "Kmer(k=1) | Logistic(max_iter=1)";
  (void)argument;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCGACGTTGGGCAT", offsets, 4, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_dataset_split(dataset, "folds=2");
  if (!status) status = ba_trainer_create(context, recipe, dataset, NULL, &trainer);
  if (!status) status = ba_trainer_finish(trainer, &model);
  if (!status) status = ba_evaluate(context, model, dataset, BA_PART_TRAIN, "bootstrap=3", &first);
  if (!status) status = ba_cross_validate(context, recipe, dataset, NULL, &second);
  ba_metrics_destroy(first);
  ba_metrics_destroy(second);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 100);
}

static void test_limit_and_cancel(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 200, 5, 9, 2, 1);
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1);
  ba_metrics *metrics = NULL;
  int64_t held;
  OK(context, ba_dataset_split(dataset, NULL));
  ba_context_memory(context, &held, NULL);
  OK(context, ba_context_set_memory_limit(context, held + 100));
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics), BA_ERR_LIMIT, "limit");
  REFUSED(context, ba_cross_validate(context, "Kmer(k=1) | Logistic()", dataset, NULL, &metrics), BA_ERR_LIMIT,
          "limit");
  OK(context, ba_context_set_memory_limit(context, 0));
  for (int32_t threads = 1; threads < 4; threads += 2) {
    OK(context, ba_context_set_threads(context, threads));
    ba_context_cancel(context);
    REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics), BA_ERR_CANCELLED, "cancelled");
    REFUSED(context, ba_cross_validate(context, "Kmer(k=1) | Logistic()", dataset, NULL, &metrics), BA_ERR_CANCELLED,
            "cancelled");
    assert_null(metrics);
    OK(context, ba_context_reset(context));
    OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics));
    ba_metrics_destroy(metrics);
    metrics = NULL;
  }
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

/* Accuracy by hand for the same draws: row floor(h n / 2^32) for the upper half h of each random number. */
static void test_intervals_are_percentiles_of_draws(void **state) {
  enum { ROWS = 200, DRAWS = 400 };
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, ROWS, 8, 20, 2, 11);
  ba_model *model = making_trained(context, "Kmer(k=1) | Logistic(max_iter=3)", dataset, NULL);
  ba_metrics *metrics = NULL, *again = NULL, *none = NULL;
  ba_records *records = NULL;
  ba_scorer *scorer = NULL;
  double probabilities[2 * ROWS], drawn[DRAWS], low, high, other_low, other_high;
  OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, "bootstrap=400, seed=3", &metrics));
  OK(context, ba_context_set_threads(context, 3));
  OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, "bootstrap=400, seed=3", &again));
  OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &none));
  OK(context, ba_dataset_records(dataset, 0, ROWS, &records));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, NULL, probabilities));
  for (int64_t d = 0; d < DRAWS; d++) {
    int64_t right = 0;
    for (int64_t i = 0; i < ROWS; i++) {
      int32_t label;
      const int64_t row =
          (int64_t)((bai_random(3 ^ UINT64_C(0x626f6f74), (uint64_t)d, (uint64_t)i) >> 32) * ROWS >> 32);
      OK(context, ba_dataset_row(dataset, row, &label, NULL, NULL, NULL));
      right += (probabilities[2 * row + 1] > probabilities[2 * row]) == label;
    }
    drawn[d] = (double)right / ROWS;
  }
  for (int64_t i = 1; i < DRAWS; i++)
    for (int64_t j = i; j > 0 && drawn[j] < drawn[j - 1]; j--) {
      const double swap = drawn[j];
      drawn[j] = drawn[j - 1];
      drawn[j - 1] = swap;
    }
  /* 0.025 x 399 = 9.975, 0.975 x 399 = 389.025 */
  assert_int_equal(ba_metrics_interval(metrics, "accuracy", &low, &high), 1);
  assert_true(fabs(low - (drawn[9] + 0.975 * (drawn[10] - drawn[9]))) < 1e-12);
  assert_true(fabs(high - (drawn[389] + 0.025 * (drawn[390] - drawn[389]))) < 1e-12);
  const double p = ba_metrics_value(metrics, "accuracy"), half = 1.96 * sqrt(p * (1.0 - p) / ROWS);
  assert_true(fabs(low - (p - half)) < 0.02 && fabs(high - (p + half)) < 0.02); /* as the normal approximation says */
  for (int32_t i = 1; i < ba_metrics_count(metrics); i++) {
    const char *name = ba_metrics_name(metrics, i);
    assert_int_equal(ba_metrics_interval(metrics, name, &low, &high), 1);
    assert_int_equal(ba_metrics_interval(again, name, &other_low, &other_high), 1);
    SAME_BITS(&low, &other_low, 1);
    SAME_BITS(&high, &other_high, 1);
    assert_true(low <= ba_metrics_value(metrics, name) && ba_metrics_value(metrics, name) <= high);
    assert_int_equal(ba_metrics_interval(none, name, NULL, &high), 0);
    assert_true(isnan(high));
  }
  assert_int_equal(ba_metrics_interval(metrics, "n", NULL, NULL), 0);
  assert_int_equal(ba_metrics_interval(NULL, "mcc", NULL, NULL), 0);
  ba_metrics_destroy(metrics);
  ba_metrics_destroy(again);
  ba_metrics_destroy(none);
  ba_scorer_destroy(scorer);
  ba_records_release(records);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

/* Half of the test rows stand in the training part with one letter changed. */
static void test_low_overlap_leaves_out_what_training_knew(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = NULL;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int32_t part = 0; part < 2; part++) {
    ba_records *records = making_records(context, 60, 80, 80, "ACGT", (uint64_t)part + 50);
    OK(context, making_add(dataset, records, 2, part ? BA_PART_TEST : BA_PART_TRAIN));
    ba_records_release(records);
  }
  ba_records *known = making_records(context, 60, 80, 80, "ACGT", 50), *changed = NULL;
  const int64_t *offsets;
  char *letters = malloc(60 * 80);
  assert_non_null(letters);
  memcpy(letters, ba_records_columns(known, &offsets), 60 * 80);
  for (int32_t i = 0; i < 60; i++) letters[80 * i + 5] = letters[80 * i + 5] == 'A' ? 'C' : 'A';
  OK(context, ba_records_create(context, letters, offsets, 60, &changed));
  OK(context, making_add(dataset, changed, 2, BA_PART_TEST));
  ba_model *model = making_trained(context, "Kmer(k=2) | Logistic(max_iter=2)", dataset, NULL);
  ba_metrics *metrics = NULL;
  OK(context, ba_evaluate(context, model, dataset, BA_PART_TEST, "low_overlap=yes", &metrics));
  assert_true(ba_metrics_value(metrics, "n") == 60.0);
  ba_metrics_destroy(metrics);
  OK(context, ba_evaluate(context, model, dataset, BA_PART_TEST, "low_overlap=yes, threshold=1", &metrics));
  assert_true(ba_metrics_value(metrics, "n") == 120.0);
  ba_metrics_destroy(metrics);
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_TRAIN, "low_overlap=yes", &metrics), BA_ERR_ARGUMENT,
          "expected both");
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_ALL, "low_overlap=yes", &metrics), BA_ERR_ARGUMENT,
          "expected both");
  OK(context, ba_dataset_deal(dataset, "train=0.5, test=0.5"));
  free(letters);
  ba_records_release(known);
  ba_records_release(changed);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_intervals_are_percentiles_of_draws, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_low_overlap_leaves_out_what_training_knew, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_evaluation_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_classes_go_by_name, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_cross_validation_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_after_the_split, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
      cmocka_unit_test_setup_teardown(test_limit_and_cancel, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
