/* SPDX-License-Identifier: MIT
 *
 * test_model.c: rounding of weights to integers, and what can be asked of a model.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"

/* The largest e, at most 1000, for which the largest weight times 2^e rounds to no more than 2^31 - 1. */
static int32_t largest_scale(const double *weights, int32_t n) {
  double most = 0.0;
  for (int32_t i = 0; i < n; i++) most = fmax(most, fabs(weights[i]));
  if (most == 0.0) return 0;
  int32_t e = 1000;
  while (rint(ldexp(most, e)) > 2147483647.0) e--;
  return e;
}

/* Four weights on Kmer(k=1) and four on PositionKmer: both blocks get a scale of their own. */
static void check_rounding(ba_context *context, const double weights[8]) {
  ba_model *model = NULL;
  double back[8], intercept = -0.125, got;
  OK(context, making_model_of(context, "Kmer(k=1) + PositionKmer(k=1)", 1, 2, weights, &intercept, &model));
  OK(context, ba_model_weights(context, model, 0, back, &got));
  assert_true(got == intercept);
  for (int32_t b = 0; b < 2; b++) {
    const int32_t e = largest_scale(weights + 4 * b, 4);
    assert_int_equal(model->members[0].exponents[b], e);
    for (int32_t i = 4 * b; i < 4 * b + 4; i++) {
      assert_true((double)model->members[0].weights[i] == rint(ldexp(weights[i], e))); /* rint: ties to even */
      assert_true(back[i] == ldexp((double)model->members[0].weights[i], -e));
      double most = 0.0;
      for (int32_t j = 4 * b; j < 4 * b + 4; j++) most = fmax(most, fabs(weights[j]));
      /* Half a unit, a unit being at most 2^-30 of the largest weight, or half the smallest number that there is. */
      if (e < 1000) assert_true(fabs(back[i] - weights[i]) <= most * 0x1.0000001p-31 + DBL_TRUE_MIN);
    }
  }
  ba_model_release(model);
}

static void test_rounding(void **state) {
  const double big = 1.5 * 0x1p30; /* its scale is 2^0 */
  const double ones = nextafter(1.0, 0.0);
  const double cases[][8] = {
      {big, 0.5, 1.5, 2.5, -big, -0.5, -1.5, -2.5}, /* ties */
      {big, 3.5, -3.5, 0x1.7fffffffffp0, big, 0.49999999999999994, -0.49999999999999994, 0.50000000000000011},
      {ones, -ones, 0.5, 0.0, ones * 0x1p31, 1.0, 0.5, -0.5}, /* a mantissa of ones rounds up */
      {2147483647.0, 1.0, 0.0, -2147483647.0, 2147483647.5, 1.0, 2147483646.5, 0.0},
      {2147483647.25, 0.25, 0.5, 0.75, -2147483647.5, 1.5, 2.5, 3.5},
      {0.0, 0.0, 0.0, 0.0, 0.0, -0.0, 0.0, 0.0},
      {1e-300, -3e-301, 0.0, 1e-307, 5e-324, -1e-323, 0.0, 2.2e-308}, /* beyond the largest scale */
      {1e-290, 1e-291, -1e-292, 0.0, 1e-5, 1e-15, 1e-25, -1e-35},
      {DBL_MAX / 2, -DBL_MAX / 3, 1.0, 0.0, 1e300, -1e299, 1e-300, 5e-324},
      {1.0, -1.0, 0.25, 0.75, -1.0, 0.3, 0.1, 1e-12},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) check_rounding(*state, cases[i]);
  uint64_t seed = 4;
  for (int32_t i = 0; i < 300; i++) {
    double weights[8];
    for (int32_t j = 0; j < 8; j++) weights[j] = ldexp(making_real(&seed), (int32_t)(making_bits(&seed) % 80) - 40);
    check_rounding(*state, weights);
  }
}

static void test_weights_that_are_not_finite(void **state) {
  static const double wrong[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
  ba_model *model = NULL;
  for (int32_t i = 0; i < 3; i++) {
    double weights[4] = {1.0, 2.0, 3.0, 4.0}, intercept = 0.0;
    weights[i] = wrong[i];
    REFUSED(*state, making_model_of(*state, "Kmer(k=1)", -1, 2, weights, &intercept, &model), BA_ERR_DIVERGED,
            "finite");
    assert_null(model);
    weights[i] = 1.0;
    REFUSED(*state, making_model_of(*state, "Kmer(k=1)", -1, 2, weights, &wrong[i], &model), BA_ERR_DIVERGED, "finite");
    assert_null(model);
  }
}

/* What rounding can do to a score: half a unit for each of the values, whose sum is at most their number's root. */
static void test_rounding_bound(void **state) {
  enum { WIDTH = 4 + 16 + 64 };
  uint64_t seed = 5;
  double weights[WIDTH], intercept = 0.5;
  for (int32_t i = 0; i < WIDTH; i++) weights[i] = making_real(&seed);
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  ba_array *rows = NULL;
  ba_extractor *extractor = NULL;
  OK(*state, making_model_of(*state, "Kmer(k=1..3)", -1, 2, weights, &intercept, &model));
  ba_records *records = making_records(*state, 50, 3, 200, "ACGT", 8);
  OK(*state, ba_scorer_create(*state, model, NULL, &scorer));
  OK(*state, ba_extractor_create(*state, "Kmer(k=1..3)", &extractor));
  OK(*state, ba_extractor_apply_records(extractor, records, NULL, &rows));
  double scores[50];
  OK(*state, ba_scorer_predict_records(scorer, records, scores, NULL));
  for (int32_t i = 0; i < 50; i++) {
    const double *row = (const double *)ba_array_data(rows) + i * WIDTH;
    double exact = intercept, values = 0.0;
    for (int32_t c = 0; c < WIDTH; c++) {
      exact += row[c] * weights[c];
      values += row[c];
    }
    /* Weights are off by 2^-32 at most here (largest between 1/2 and 1); S(c) by 2^-17 in c's root of 1 or more, and
     * none for squares. */
    assert_true(fabs(scores[i] - exact) <= values * (0x1p-31 + 0x1p-17) + 1e-12);
  }
  ba_array_release(rows);
  ba_extractor_destroy(extractor);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_records_release(records);
}

static void test_what_a_model_says(void **state) {
  ba_context *context = *state;
  const char *recipe =
      "Kmer(k=2, strand=forward, value=sqrt, norm=l2, slots=1048576, ambiguous=skip, quality=ignore, alphabet=dna) + "
      "PositionKmer(k=1, "
      "anchor=end, norm=l2, ambiguous=skip, alphabet=dna) | Softmax(";
  char text[2000], digest[17];
  int64_t n;
  double weights[36], intercept;
  ba_model *model = making_model(context, "Kmer(k=2) + PositionKmer(k=1, anchor=end)", 5, 3, 3);
  assert_memory_equal(ba_model_recipe(model), recipe, strlen(recipe));
  assert_int_equal(ba_model_classes(model), 3);
  assert_int_equal(ba_model_outputs(model), 3);
  assert_int_equal(ba_model_width(model), 16 + 20);
  assert_string_equal(ba_model_class_name(model, 0), "first");
  assert_string_equal(ba_model_class_name(model, 2), "third");
  assert_null(ba_model_class_name(model, 3));
  assert_null(ba_model_class_name(model, -1));
  OK(context, ba_model_column_name(context, model, 1, text, sizeof text, &n));
  assert_string_equal(text, "Kmer_AC");
  OK(context, ba_model_column_name(context, model, 35, text, sizeof text, &n));
  assert_string_equal(text, "PositionKmer_T.pos4");
  REFUSED(context, ba_model_column_name(context, model, 36, text, sizeof text, &n), BA_ERR_ARGUMENT, "0 to 35");
  REFUSED(context, ba_model_column_name(context, model, -1, text, sizeof text, &n), BA_ERR_ARGUMENT, "0 to 35");
  OK(context, ba_model_weights(context, model, 2, NULL, &intercept));
  OK(context, ba_model_weights(context, model, 2, weights, NULL));
  assert_true(intercept == model->members[0].intercepts[2]);
  for (int32_t i = 0; i < 36; i++)
    assert_true(weights[i] == ldexp(model->members[0].weights[72 + i], -model->members[0].exponents[4 + (i >= 16)]));
  REFUSED(context, ba_model_weights(context, model, 3, weights, NULL), BA_ERR_ARGUMENT, "0 to 2");
  REFUSED(context, ba_model_weights(context, model, -1, weights, NULL), BA_ERR_ARGUMENT, "0 to 2");
  OK(context, ba_model_describe(context, model, text, sizeof text, &n));
  assert_int_equal(n, strlen(text));
  snprintf(digest, sizeof digest, "%016llx", (unsigned long long)model->digest);
  assert_non_null(strstr(text, digest));
  assert_non_null(strstr(text,
                         "\"classes\": [\"first\", \"second\", \"third\"], \"features\": 36, \"blocks\": 2, "
                         "\"weights\": 108, \"length\": 5, \"drift_monitors\": 0, \"golden_inputs\": 32"));
  assert_non_null(strstr(text, "\"provenance\": {\"made\": \"by a test\"}}"));
  OK(context, ba_model_describe(context, model, text, 5, &n)); /* cut */
  assert_int_equal(strlen(text), 4);
  ba_model_release(model);
  model = making_model(context, "Kmer(k=1)", -1, 2, 3);
  assert_int_equal(ba_model_outputs(model), 1);
  OK(context, ba_model_describe(context, model, text, sizeof text, &n));
  assert_non_null(strstr(text, "\"length\": null"));
  ba_model_release(model);
}

static void test_null_arguments(void **state) {
  int64_t n;
  char text[10];
  assert_null(ba_model_recipe(NULL));
  assert_null(ba_model_class_name(NULL, 0));
  assert_int_equal(ba_model_classes(NULL), 0);
  assert_int_equal(ba_model_outputs(NULL), 0);
  assert_int_equal(ba_model_width(NULL), 0);
  assert_null(ba_model_retain(NULL));
  ba_model_release(NULL);
  REFUSED(*state, ba_model_describe(*state, NULL, text, 10, &n), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(*state, ba_model_weights(*state, NULL, 0, NULL, NULL), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(*state, ba_model_column_name(*state, NULL, 0, text, 10, &n), BA_ERR_ARGUMENT, "expected a model");
  REFUSED(*state, ba_model_selftest(*state, NULL), BA_ERR_ARGUMENT, "expected a model");
  assert_int_equal(ba_model_describe(NULL, NULL, text, 10, &n), BA_ERR_ARGUMENT);
  assert_int_equal(ba_model_selftest(NULL, NULL), BA_ERR_ARGUMENT);
}

/* A model outlives the caller's hold on its context, and works in another one. */
static void test_shared_over_contexts(void **state) {
  ba_context *other = NULL;
  ba_scorer *scorer = NULL;
  assert_int_equal(ba_context_create(NULL, &other), BA_OK);
  ba_model *model = making_model(other, "Kmer(k=2)", -1, 2, 3);
  ba_context_destroy(other);
  assert_ptr_equal(ba_model_retain(model), model);
  ba_model_release(model);
  OK(*state, ba_model_selftest(*state, model));
  OK(*state, ba_scorer_create(*state, model, NULL, &scorer));
  ba_model_release(model);
  double scores[3];
  ba_records *records = making_records(*state, 3, 5, 9, "ACGT", 1);
  OK(*state, ba_scorer_predict_records(scorer, records, scores, NULL));
  ba_records_release(records);
  ba_scorer_destroy(scorer);
}

static ba_status ask(ba_context *context, void *argument) {
  const double weights[] = {1.0, 2.0, 3.0, -4.0}, intercept = 0.0;
  char text[2000];
  double back[4];
  int64_t n;
  ba_model *model = NULL;
  const bai_fit fit = {
      "Kmer(k=1) | Logistic()", making_classes, 2, {-1, NULL, NULL}, weights, &intercept, "{}", 7, NULL};
  (void)argument;
  ba_status status = bai_model_make(context, &fit, &model);
  if (!status) status = ba_model_describe(context, model, text, sizeof text, &n);
  if (!status) status = ba_model_column_name(context, model, 3, text, sizeof text, &n);
  if (!status) status = ba_model_weights(context, model, 0, back, NULL);
  if (!status) status = ba_model_selftest(context, model);
  ba_model_release(model);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(ask, NULL) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_rounding, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weights_that_are_not_finite, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rounding_bound, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_a_model_says, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_null_arguments, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_shared_over_contexts, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
