/* SPDX-License-Identifier: MIT
 *
 * test_path.c: a path of penalties with warm starts: the optima of runs from zero, in fewer passes.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"

static double run_out(ba_trainer *trainer, int64_t *passes) {
  double objective;
  int64_t these;
  assert_int_equal(making_run(trainer), BA_END);
  ba_trainer_metrics(trainer, NULL, &these, &objective, NULL, NULL);
  *passes += these;
  return objective;
}

static void check_path(ba_context *context, const char *recipe, const char *key, const char *const *values) {
  ba_dataset *dataset = making_data(context, 400, 20, 60, 2, 4);
  ba_trainer *path = NULL;
  int64_t warm = 0, cold = 0, n;
  for (int32_t i = 0; i < 5; i++) {
    char text[200], options[40], canonical[2000], described[4000];
    ba_trainer *alone = NULL;
    ba_model *model = NULL;
    snprintf(text, sizeof text, recipe, values[i]);
    snprintf(options, sizeof options, "%s=%s", key, values[i]);
    OK(context, ba_trainer_create(context, text, dataset, NULL, &alone));
    if (i == 0)
      OK(context, ba_trainer_create(context, text, dataset, NULL, &path));
    else
      OK(context, ba_trainer_set(path, options));
    assert_string_equal(ba_trainer_reason(path), "running");
    const double here = run_out(path, &warm), there = run_out(alone, &cold);
    assert_true(fabs(here - there) <= 1e-6 * there);
    /* The model says the penalty that it was trained with. */
    OK(context, ba_trainer_finish(path, &model));
    OK(context, ba_recipe_canonical(context, text, canonical, sizeof canonical, &n));
    OK(context, ba_model_describe(context, model, described, sizeof described, &n));
    assert_non_null(strstr(described, canonical));
    ba_model_release(model);
    ba_trainer_destroy(alone);
  }
  assert_true(warm < cold);
  ba_trainer_destroy(path);
  ba_dataset_destroy(dataset);
}

static void test_paths(void **state) {
  static const char *const l2[] = {"1", "0.1", "0.01", "0.001", "0.0001"};
  static const char *const l1[] = {"0.02", "0.01", "0.005", "0.002", "0"};
  check_path(*state, "Kmer(k=1..3) | Logistic(l2=%s, tol=1e-5, max_iter=1000)", "l2", l2);
  check_path(*state, "Kmer(k=1..3) | Logistic(solver=tron, l2=%s, tol=1e-5)", "l2", l2);
  check_path(*state, "Kmer(k=1..2) | Logistic(solver=newton, l2=%s, tol=1e-5)", "l2", l2);
  check_path(*state, "Kmer(k=1..3) | Logistic(l2=0.001, l1=%s, tol=1e-5, max_iter=2000)", "l1", l1);
}

/* A call that is refused changes nothing. */
static void test_refusals(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 60, 20, 60, 2, 4);
  ba_trainer *trainer = NULL;
  ba_model *before = NULL, *after = NULL;
  OK(context, ba_trainer_create(context, "Kmer(k=2) | Logistic(solver=tron)", dataset, NULL, &trainer));
  assert_int_equal(making_run(trainer), BA_END);
  OK(context, ba_trainer_finish(trainer, &before));
  REFUSED(context, ba_trainer_set(trainer, "l2=-1"), BA_ERR_RECIPE, "l2");
  REFUSED(context, ba_trainer_set(trainer, "tol=1"), BA_ERR_RECIPE, "accepted: l2, l1");
  REFUSED(context, ba_trainer_set(trainer, "l2=0.5, l1=0.1"), BA_ERR_UNSUPPORTED, "tron takes no l1");
  OK(context, ba_trainer_finish(trainer, &after));
  assert_true(before->digest == after->digest);
  assert_int_equal(ba_trainer_step(trainer), BA_END);
  ba_model_release(before);
  ba_model_release(after);
  ba_trainer_destroy(trainer);
  OK(context, ba_trainer_create(context, "Kmer(k=2) | Logistic(solver=adagrad)", dataset, NULL, &trainer));
  REFUSED(context, ba_trainer_set(trainer, "l2=1"), BA_ERR_UNSUPPORTED, "adagrad has no optimum to go on from");
  ba_trainer_destroy(trainer);
  OK(context, ba_trainer_create(context, "Kmer(k=2) | Logistic() & Kmer(k=1) | Logistic()", dataset, NULL, &trainer));
  REFUSED(context, ba_trainer_set(trainer, "l2=1"), BA_ERR_UNSUPPORTED, "an ensemble of 2 members");
  ba_trainer_destroy(trainer);
  assert_int_equal(ba_trainer_set(NULL, NULL), BA_ERR_ARGUMENT);
  ba_dataset_destroy(dataset);
}

/* Cross-validation along a path: the metrics of as many cross-validations from zero. */
static void test_cross_validation(void **state) {
  static const char *const recipes[] = {"Kmer(k=1..3) | Logistic(l2=%g, tol=1e-6, max_iter=2000)",
                                        "Kmer(k=1..3) | Softmax(solver=tron, l2=%g, tol=1e-8)",
                                        "Kmer(k=1..2) | Logistic(solver=newton, l2=%g, tol=1e-8)",
                                        "Kmer(k=1..2) | Logistic(l1=0.001, l2=%g, tol=1e-6, max_iter=2000)"};
  static const double l2[] = {0.1, 0.01, 0.03, 0.01};
  ba_context *context = *state;
  for (int32_t r = 0; r < 4; r++) {
    ba_dataset *dataset = making_data(context, 200, 20, 60, r == 1 ? 3 : 2, 4);
    ba_metrics *path[4], *alone = NULL;
    char text[200];
    OK(context, ba_dataset_split(dataset, "folds=3"));
    snprintf(text, sizeof text, recipes[r], 5.0); /* the path's penalties are in its place */
    OK(context, ba_cross_validate_path(context, text, dataset, "seed=2", l2, 4, path));
    for (int32_t c = 0; c < 4; c++) {
      snprintf(text, sizeof text, recipes[r], l2[c]);
      OK(context, ba_cross_validate(context, text, dataset, "seed=2", &alone));
      const double here = ba_metrics_value(path[c], "log_loss"), there = ba_metrics_value(alone, "log_loss");
      if (!(fabs(here - there) <= 1e-5 * there)) fail_msg("%s: %.9g, %.9g", text, here, there);
      assert_true(ba_metrics_value(path[c], "n") == 200);
      if (c == 0) assert_true(fabs(here - ba_metrics_value(path[1], "log_loss")) > 1e-3);
      ba_metrics_destroy(alone);
    }
    for (int32_t c = 0; c < 4; c++) ba_metrics_destroy(path[c]);
    ba_dataset_destroy(dataset);
  }
}

static void test_cross_validation_refuses(void **state) {
  const double good[] = {0.1, 0.01}, bad[] = {0.1, -1};
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 60, 20, 60, 2, 4);
  ba_metrics *out[2] = {(ba_metrics *)dataset, (ba_metrics *)dataset};
  const char *recipe = "Kmer(k=1) | Logistic()";
  REFUSED(context, ba_cross_validate_path(context, recipe, dataset, NULL, good, 2, out), BA_ERR_ARGUMENT, "no folds");
  assert_true(out[0] == NULL && out[1] == NULL);
  OK(context, ba_dataset_split(dataset, "folds=3"));
  REFUSED(context, ba_cross_validate_path(context, recipe, dataset, NULL, bad, 2, out), BA_ERR_ARGUMENT, "l2 is -1");
  REFUSED(context, ba_cross_validate_path(context, recipe, dataset, NULL, good, 0, out), BA_ERR_ARGUMENT, "penalties");
  REFUSED(context, ba_cross_validate_path(context, recipe, dataset, NULL, NULL, 1, out), BA_ERR_ARGUMENT, "penalties");
  REFUSED(context, ba_cross_validate_path(context, NULL, dataset, NULL, good, 1, out), BA_ERR_ARGUMENT, "a recipe");
  REFUSED(context, ba_cross_validate_path(context, recipe, NULL, NULL, good, 1, out), BA_ERR_ARGUMENT, "a dataset");
  REFUSED(context, ba_cross_validate_path(context, recipe, dataset, NULL, good, 1, NULL), BA_ERR_ARGUMENT, "a place");
  assert_int_equal(ba_cross_validate_path(NULL, recipe, dataset, NULL, good, 1, out), BA_ERR_ARGUMENT);
  REFUSED(context, ba_cross_validate_path(context, "Kmer(k=1) | Logistic(solver=nag)", dataset, NULL, good, 2, out),
          BA_ERR_UNSUPPORTED, "nag has no optimum");
  REFUSED(
      context,
      ba_cross_validate_path(context, "Kmer(k=1) | Logistic() & Kmer(k=2) | Logistic()", dataset, NULL, good, 2, out),
      BA_ERR_UNSUPPORTED, "an ensemble");
  assert_true(out[0] == NULL && out[1] == NULL);
  ba_dataset_destroy(dataset);
}

static ba_status life_of_folds(ba_context *context, void *argument) {
  static const char *const labels[] = {"a", "b", "a", "b"};
  static const double l2[] = {0.1, 0.01};
  const int64_t offsets[] = {0, 4, 9, 12, 15};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_metrics *out[2] = {NULL, NULL};
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCGACCTTT", offsets, 4, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_dataset_split(dataset, "folds=2");
  if (!status) status = ba_cross_validate_path(context, argument, dataset, NULL, l2, 2, out);
  for (int32_t c = 0; c < 2; c++) ba_metrics_destroy(out[c]);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const labels[] = {"a", "b"};
  const int64_t offsets[] = {0, 4, 9};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCG", offsets, 2, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_trainer_create(context, argument, dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_set(trainer, "l2=0.01");
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, &model);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  char lbfgs[] = "Kmer(k=1) | Logistic(l2=0.1, max_iter=2)";
  (void)state;
  assert_true(fault_sweep(life, lbfgs) > 60);
  assert_true(fault_sweep(life_of_folds, lbfgs) > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_paths, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_cross_validation, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_cross_validation_refuses, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
