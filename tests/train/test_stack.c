/* SPDX-License-Identifier: MIT
 *
 * test_stack.c: ensembles. The joint score is the sum that the model file says, the weights are the minimum of a
 * function that is computed here with the C library's own logarithm, and a file holds it all.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "train/stack.h"
#include "train/uses.h"

#define FIRST "Kmer(k=1..2, value=count, norm=none) | Logistic(max_iter=6)"
#define SECOND "Kmer(k=4) | Logistic(max_iter=6)"

/* Every third row is dev. */
static ba_dataset *with_dev(ba_context *context, int64_t n, int32_t classes) {
  ba_dataset *dataset = NULL;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int32_t part = BA_PART_TRAIN; part <= BA_PART_DEV; part++) {
    ba_records *records = making_classed(context, part == BA_PART_DEV ? n / 3 : n, 10, 30, classes, (uint64_t)part + 7);
    OK(context, making_add(dataset, records, classes, part));
    ba_records_release(records);
  }
  return dataset;
}

static double *scores_of(ba_context *context, ba_model *model, const ba_records *records) {
  double *scores = malloc((size_t)(ba_records_count(records) * ba_model_outputs(model)) * 8);
  ba_scorer *scorer = NULL;
  assert_non_null(scores);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, scores, NULL));
  ba_scorer_destroy(scorer);
  return scores;
}

/* Members train as they would alone, and their scores add up as the factors and offsets say. */
static void test_the_sum(void **state) {
  ba_context *context = *state;
  for (int32_t classes = 2; classes <= 3; classes++) {
    const char *recipe = classes == 2 ? FIRST " & " SECOND : "Kmer(k=1) | Softmax() & Kmer(k=3) | Softmax(max_iter=5)";
    const char *first = classes == 2 ? FIRST : "Kmer(k=1) | Softmax()";
    const char *second = classes == 2 ? SECOND : "Kmer(k=3) | Softmax(max_iter=5)";
    ba_dataset *dataset = with_dev(context, 300, classes);
    ba_model *joint = making_trained(context, recipe, dataset, NULL);
    ba_model *one = making_trained(context, first, dataset, NULL),
             *two = making_trained(context, second, dataset, NULL);
    ba_records *records = making_records(context, 50, 0, 40, "ACGTN", 3);
    double *s = scores_of(context, joint, records), *a = scores_of(context, one, records);
    double *b = scores_of(context, two, records);
    assert_int_equal(joint->member_count, 2);
    assert_true(joint->factors[0] > 0.0 && joint->factors[1] > 0.0);
    for (int64_t i = 0; i < 50 * ba_model_outputs(joint); i++) {
      const double expected =
          (joint->offsets[i % joint->outputs] + joint->factors[0] * a[i]) + joint->factors[1] * b[i];
      SAME_BITS(&s[i], &expected, 1);
    }
    free(s);
    free(a);
    free(b);
    ba_records_release(records);
    ba_model_release(one);
    ba_model_release(two);
    ba_model_release(joint);
    ba_dataset_destroy(dataset);
  }
}

/* What stack.c says that it minimises, in the unknowns x: weights of scores over their deviation, then the intercept.
 */
static double plain_objective(const double *const scores[2], const double *x, int64_t n) {
  const double mean = (x[0] + x[1]) / 2.0;
  double sum =
      0.5 * (16.0 * ((x[0] - mean) * (x[0] - mean) + (x[1] - mean) * (x[1] - mean)) + x[0] * x[0] + x[1] * x[1]);
  for (int64_t i = 0; i < n; i++) {
    const double score = x[0] * scores[0][i] + x[1] * scores[1][i] + x[2];
    sum += log1p(exp(i % 2 ? -score : score));
  }
  return sum;
}

static void test_the_weights_are_the_minimum(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = with_dev(context, 300, 2);
  ba_records *dev = making_classed(context, 100, 10, 30, 2, BA_PART_DEV + 7);
  ba_model *models[2] = {making_trained(context, FIRST, dataset, NULL), making_trained(context, SECOND, dataset, NULL)};
  double *scores[2], deviations[2];
  uint8_t *uses = NULL;
  bai_stack stack = {0};
  OK(context, bai_uses_make(context, dataset, -1, 1, 1, &uses));
  OK(context, bai_stack_fit(context, models, 2, dataset, uses, &stack));
  assert_int_equal(stack.rows, 100);
  for (int32_t m = 0; m < 2; m++) {
    double sum = 0.0, squares = 0.0;
    scores[m] = scores_of(context, models[m], dev);
    for (int32_t i = 0; i < 100; i++) sum += scores[m][i];
    for (int32_t i = 0; i < 100; i++) squares += (scores[m][i] - sum / 100) * (scores[m][i] - sum / 100);
    deviations[m] = sqrt(squares / 100);
    for (int32_t i = 0; i < 100; i++) scores[m][i] /= deviations[m];
  }
  const double *const both[2] = {scores[0], scores[1]};
  const double x[3] = {stack.factors[0] * deviations[0], stack.factors[1] * deviations[1], stack.offsets[0]};
  const double least = plain_objective(both, x, 100);
  uint64_t seed = 5;
  for (int32_t i = 0; i < 300; i++) {
    const double size = i % 3 == 0 ? 1e-3 : i % 3 == 1 ? 0.05 : 1.0;
    const double near[3] = {x[0] + size * making_real(&seed), x[1] + size * making_real(&seed),
                            x[2] + size * making_real(&seed)};
    assert_true(plain_objective(both, near, 100) > least);
  }
  for (int32_t m = 0; m < 2; m++) {
    free(scores[m]);
    ba_model_release(models[m]);
  }
  bai_stack_free(context, &stack);
  bai_free(context, uses);
  ba_records_release(dev);
  ba_dataset_destroy(dataset);
}

/* A member whose scores point the wrong way on the dev rows counts for nothing. */
static void test_no_member_counts_below_zero(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = with_dev(context, 300, 2);
  const double good[] = {0.0, 0.0, 0.0, 0.0};
  ba_model *right = making_trained(context, FIRST, dataset, NULL), *wrong = NULL;
  double weights[20], intercept;
  OK(context, ba_model_weights(context, right, 0, weights, &intercept));
  for (int32_t i = 0; i < 20; i++) weights[i] = -weights[i];
  OK(context, making_model_of(context, FIRST, -1, 2, weights, good, &wrong));
  ba_model *models[2] = {wrong, right};
  uint8_t *uses = NULL;
  bai_stack stack = {0};
  OK(context, bai_uses_make(context, dataset, -1, 1, 1, &uses));
  OK(context, bai_stack_fit(context, models, 2, dataset, uses, &stack));
  assert_true(stack.factors[0] == 0.0 && stack.factors[1] > 0.0);
  bai_stack_free(context, &stack);
  bai_free(context, uses);
  ba_model_release(wrong);
  ba_model_release(right);
  ba_dataset_destroy(dataset);
}

/* The file of an ensemble says format 2; it gives the same bytes and scores back, and none of its lies is taken. */
static void test_the_file(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = with_dev(context, 200, 2);
  ba_model *model =
      making_trained(context, FIRST " & PositionKmer(k=1, anchor=end) | Logistic(max_iter=4)", dataset, NULL);
  ba_model *again = NULL;
  int64_t n, m;
  uint8_t *bytes = making_bytes(context, model, &n);
  assert_true(bytes[8] == 2 && bytes[12] == 2);
  OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &again));
  uint8_t *copy = making_bytes(context, again, &m);
  assert_int_equal(n, m);
  assert_memory_equal(bytes, copy, (size_t)n);
  char text[4096];
  OK(context, ba_model_describe(context, again, text, (int64_t)sizeof text, &m));
  assert_non_null(strstr(text, "\"factors\": ["));
  assert_non_null(strstr(text, "\"format\": 2"));
  ba_model_release(again);
  for (int64_t cut = 0; cut < n; cut += 1 + cut / 50) {
    again = NULL;
    REFUSED(context, ba_model_load_memory(context, bytes, cut, NULL, &again), BA_ERR_MODEL, "model file");
  }
  free(bytes);
  free(copy);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

/* Shares of letters add up to the score without its constant parts; what needs one set of columns says so. */
static void test_attribution_and_refusals(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = with_dev(context, 200, 2);
  ba_model *model = making_trained(context, FIRST " & " SECOND, dataset, NULL);
  ba_scorer *scorer = NULL;
  double shares[24], sum = 0.0, score, row[1] = {0.0};
  static const char letters[] = "ACGTTTACGGANCGTACGATTACA";
  ba_records *record = NULL;
  const int64_t offsets[] = {0, 24}, shape[] = {1, 4}, stride[] = {16, 4};
  static float floats[4];
  OK(context, ba_records_create(context, letters, offsets, 1, &record));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, record, &score, NULL));
  OK(context, ba_scorer_attribute(scorer, letters, 24, 0, shares));
  for (int32_t i = 0; i < 24; i++) sum += shares[i];
  const double constant = model->offsets[0] + model->factors[0] * model->members[0].intercepts[0] +
                          model->factors[1] * model->members[1].intercepts[0];
  assert_true(fabs(sum - (score - constant)) < 1e-9);
  ba_array *rows = NULL;
  OK(context, ba_array_wrap(context, BA_FLOAT32, 2, shape, stride, floats, NULL, NULL, &rows));
  REFUSED(context, ba_scorer_predict(scorer, rows, row, NULL), BA_ERR_UNSUPPORTED, "an ensemble of 2 members");
  REFUSED(context, ba_scorer_predict_row(scorer, floats, 4, row, NULL), BA_ERR_UNSUPPORTED, "an ensemble");
  REFUSED(context, ba_model_weights(context, model, 0, row, NULL), BA_ERR_UNSUPPORTED, "an ensemble");
  int64_t length;
  REFUSED(context, ba_model_column_name(context, model, 0, NULL, 0, &length), BA_ERR_UNSUPPORTED, "an ensemble");
  assert_int_equal(ba_model_width(model), 0);
  ba_extractor *extractor = NULL;
  REFUSED(context, ba_extractor_create(context, FIRST " & " SECOND, &extractor), BA_ERR_RECIPE,
          "an ensemble of 2 members");
  ba_array_release(rows);
  ba_scorer_destroy(scorer);
  ba_records_release(record);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

/* Without dev rows a tenth of the training rows weighs the members; the model says how many. */
static void test_without_dev_rows(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 400, 10, 30, 2, 9);
  ba_model *model = making_trained(context, FIRST " & " SECOND, dataset, NULL);
  assert_non_null(strstr(model->provenance, "\"dev_rows\": 40, "));
  ba_metrics *metrics = NULL;
  OK(context, ba_dataset_split(dataset, "folds=3"));
  OK(context, ba_cross_validate(context, FIRST " & " SECOND, dataset, NULL, &metrics));
  assert_true(ba_metrics_value(metrics, "n") == 400.0);
  ba_metrics_destroy(metrics);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_sum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_weights_are_the_minimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_no_member_counts_below_zero, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_file, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_attribution_and_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_without_dev_rows, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
