/* SPDX-License-Identifier: MIT
 *
 * test_solver.c: what every solver must get right at the edges: classes that a plane parts, columns that are the same
 * in all rows, rows of weight zero, no rows at all. Results are finite or there is an error; never a NaN that nobody
 * sees.
 */
#include "train/solver.h"

#include <math.h>
#include <stdio.h>

#include "model/making.h"

static const char *const solvers[] = {"solver=lbfgs", "solver=lbfgs, l1=0.001", "solver=newton",
                                      "solver=tron",  "solver=adagrad",         "solver=ftrl"};
enum { SOLVERS = sizeof solvers / sizeof *solvers };

static ba_dataset *rows_of(ba_context *context, int64_t n, const char *const *letters, const char *const *labels,
                           const double *weights) {
  ba_dataset *dataset = NULL;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int64_t i = 0; i < n; i++) {
    const int64_t offsets[] = {0, (int64_t)strlen(letters[i])};
    ba_records *record = NULL;
    OK(context, ba_records_create(context, letters[i], offsets, 1, &record));
    OK(context, ba_dataset_add_records(dataset, record, labels + i, weights ? weights + i : NULL, NULL, BA_PART_TRAIN));
    ba_records_release(record);
  }
  return dataset;
}

/* The objective where the run ended, and the model's scores of the letters; all of it finite. */
static double run_finite(ba_context *context, ba_dataset *dataset, const char *recipe, int64_t n,
                         const char *const *letters, double *scores) {
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  double objective, weights[100], intercept;
  OK(context, ba_trainer_create(context, recipe, dataset, NULL, &trainer));
  const ba_status status = making_run(trainer);
  if (status != BA_END) fail_msg("%s: %s", recipe, ba_context_error_message(context));
  ba_trainer_metrics(trainer, NULL, NULL, &objective, NULL, NULL);
  assert_true(isfinite(objective) && strstr(ba_trainer_reason(trainer), "nan") == NULL);
  OK(context, ba_trainer_finish(trainer, &model));
  assert_in_range(ba_model_width(model), 1, 100);
  OK(context, ba_model_weights(context, model, 0, weights, &intercept));
  for (int64_t i = 0; i < ba_model_width(model); i++) assert_true(isfinite(weights[i]));
  assert_true(isfinite(intercept));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  for (int64_t i = 0; i < n; i++) {
    const int64_t offsets[] = {0, (int64_t)strlen(letters[i])};
    ba_records *record = NULL;
    OK(context, ba_records_create(context, letters[i], offsets, 1, &record));
    OK(context, ba_scorer_predict_records(scorer, record, &scores[i], NULL));
    assert_true(isfinite(scores[i]));
    ba_records_release(record);
  }
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  return objective;
}

/* Without a penalty there is no minimum; a run goes down for a while, stops, and parts the classes. */
static void test_classes_that_a_plane_parts(void **state) {
  static const char *const letters[] = {"AAAA", "AAAC", "GGGG", "GGGC"}, *const labels[] = {"0", "0", "1", "1"};
  ba_dataset *dataset = rows_of(*state, 4, letters, labels, NULL);
  double scores[4], optimum = 0.0;
  for (int32_t s = 0; s < SOLVERS; s++) {
    char recipe[200];
    snprintf(recipe, sizeof recipe, "Kmer(k=1, value=count, norm=none) | Logistic(l2=0, tol=1e-12, %s)", solvers[s]);
    const double objective = run_finite(*state, dataset, recipe, 4, letters, scores);
    assert_true(objective >= 0.0 && objective < log(2.0));
    assert_true(scores[0] < 0.0 && scores[1] < 0.0 && scores[2] > 0.0 && scores[3] > 0.0);
    /* With one all that go to the optimum meet. */
    snprintf(recipe, sizeof recipe, "Kmer(k=1, value=count, norm=none) | Logistic(l2=0.01, tol=1e-9, %s)", solvers[s]);
    const double bounded = run_finite(*state, dataset, recipe, 4, letters, scores);
    if (s == 0) optimum = bounded;
    if (s == 2 || s == 3) assert_true(fabs(bounded - optimum) < 1e-9);
  }
  ba_dataset_destroy(dataset);
}

/* Every row has the same letters: nothing can be learnt but how many rows each class has. */
static void test_columns_that_are_the_same_in_all_rows(void **state) {
  static const char *const letters[] = {"ACGT", "ACGT", "ACGT", "ACGT"}, *const labels[] = {"0", "1", "1", "1"};
  ba_dataset *dataset = rows_of(*state, 4, letters, labels, NULL);
  double scores[4];
  for (int32_t s = 0; s < SOLVERS; s++) {
    char recipe[200];
    for (int32_t penalty = 0; penalty < 2; penalty++) {
      snprintf(recipe, sizeof recipe,
               "Kmer(k=1..2, value=count, norm=none) | Logistic(l2=%s, tol=1e-9, epochs=400, rate=0.5, %s)",
               penalty ? "0.1" : "0", solvers[s]);
      run_finite(*state, dataset, recipe, 4, letters, scores);
      assert_true(fabs(scores[0] - log(3.0)) < (s < 4 ? 1e-6 : 0.3));
    }
  }
  ba_dataset_destroy(dataset);
}

/* A row of weight zero is not there: the same bytes. */
static void test_a_weight_of_zero_is_no_row(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA", "TTTTTT", "CCCGT", "TTTT"};
  static const char *const labels[] = {"a", "b", "b", "a", "b"};
  static const char *const kept[] = {"ACGTAC", "GGGTTAA", "CCCGT", "TTTT"}, *const kept_labels[] = {"a", "b", "a", "b"};
  const double weights[] = {1, 2, 0, 1, 0.5}, kept_weights[] = {1, 2, 1, 0.5};
  ba_dataset *with = rows_of(*state, 5, letters, labels, weights);
  ba_dataset *without = rows_of(*state, 4, kept, kept_labels, kept_weights);
  for (int32_t s = 0; s < SOLVERS; s++) {
    char recipe[200];
    snprintf(recipe, sizeof recipe, "Kmer(k=1..2) | Logistic(l2=0.01, epochs=3, %s)", solvers[s]);
    ba_model *a = making_trained(*state, recipe, with, NULL), *b = making_trained(*state, recipe, without, NULL);
    assert_true(a->digest == b->digest);
    ba_model_release(a);
    ba_model_release(b);
  }
  ba_dataset_destroy(with);
  ba_dataset_destroy(without);
}

static void test_all_weights_are_zero(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA"}, *const labels[] = {"1", "2"};
  const double weights[] = {0, 0};
  ba_dataset *dataset = rows_of(*state, 2, letters, labels, weights);
  ba_trainer *trainer = NULL;
  for (int32_t s = 0; s < SOLVERS; s++) {
    char recipe[200];
    snprintf(recipe, sizeof recipe, "Kmer(k=1) | Logistic(%s)", solvers[s]);
    REFUSED(*state, ba_trainer_create(*state, recipe, dataset, NULL, &trainer), BA_ERR_CLASSES, "no rows");
    snprintf(recipe, sizeof recipe, "Kmer(k=1) | Linear(%s)", solvers[s]);
    REFUSED(*state, ba_trainer_create(*state, recipe, dataset, NULL, &trainer), BA_ERR_LABEL, "no rows");
  }
  ba_dataset_destroy(dataset);
}

/* Labels so large that their squares are not finite: an error that says so, not a model of NaN. */
static void test_numbers_beyond_reason(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA", "CCCGT"}, *const labels[] = {"1e200", "-1e200", "3"};
  ba_dataset *dataset = rows_of(*state, 3, letters, labels, NULL);
  for (int32_t s = 0; s < SOLVERS; s++) {
    char recipe[200];
    ba_trainer *trainer = NULL;
    snprintf(recipe, sizeof recipe, "Kmer(k=1) | Linear(%s)", solvers[s]);
    OK(*state, ba_trainer_create(*state, recipe, dataset, NULL, &trainer));
    REFUSED(*state, making_run(trainer), BA_ERR_DIVERGED, "not finite");
    ba_trainer_destroy(trainer);
  }
  ba_dataset_destroy(dataset);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_classes_that_a_plane_parts, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_columns_that_are_the_same_in_all_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_weight_of_zero_is_no_row, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_all_weights_are_zero, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_numbers_beyond_reason, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
