/* SPDX-License-Identifier: MIT
 *
 * test_run.c: networks as members of recipes: the same model for every level and number of threads, copies, ensembles,
 * cross-validation, and memory that runs out. Runs of linear models are tested with the trainer.
 */
#include "train/run.h"

#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"

#define COLUMNS "Kmer(k=1..4) + PositionKmer(k=1, anchor=start) | "
#define NET "OneHot() | Conv(filters=6, width=5, pool=2, strand=max) | Conv(filters=5, width=3) | "

static void check_every_level_and_number_of_threads(ba_context *context, const char *recipe) {
  static const int32_t threads[] = {1, 2, 7};
  ba_dataset *dataset = making_data(context, 300, 20, 40, 3, 5);
  uint8_t *first = NULL;
  int64_t length = 0, n;
  for (int32_t i = 0; i < 3; i++) {
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      OK(context, ba_context_set_threads(context, threads[i]));
      ba_model *model = making_trained(context, recipe, dataset, "seed=4");
      OK(context, ba_model_selftest(context, model));
      uint8_t *bytes = making_bytes(context, model, &n);
      if (first) {
        assert_int_equal(n, length);
        assert_memory_equal(bytes, first, (size_t)n);
        free(bytes);
      } else {
        first = bytes;
        length = n;
      }
      ba_model_release(model);
    }
  }
  free(first);
  OK(context, ba_context_set_threads(context, 1));
  OK(context, ba_context_set_cpu(context, "auto"));
  ba_dataset_destroy(dataset);
}

static void test_same_model_for_every_level_and_number_of_threads(void **state) {
  check_every_level_and_number_of_threads(*state, NET "MLP(hidden=7, epochs=2, class_weight=balanced)");
  check_every_level_and_number_of_threads(
      *state, COLUMNS "MLP(hidden=17, skip=linear, epochs=2, seeds=2, class_weight=balanced)");
}

/* Steps are epochs; copies follow each other; the reason names the epoch that was kept. */
static void test_steps(void **state) {
  ba_dataset *dataset = making_data(*state, 200, 20, 40, 2, 5);
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  int64_t iterations, passes;
  double objective, gradient, dev;
  OK(*state, ba_trainer_create(*state, NET "MLP(hidden=7, epochs=3, seeds=2)", dataset, "seed=4", &trainer));
  for (int64_t e = 1; e <= 6; e++) {
    assert_int_equal(ba_trainer_step(trainer), e < 6 ? BA_OK : BA_END);
    ba_trainer_metrics(trainer, &iterations, &passes, &objective, &gradient, &dev);
    assert_true(iterations == e && passes == e && objective > 0.0 && objective < 2.0 && isnan(gradient) && dev > 0.0);
  }
  assert_int_equal(ba_trainer_step(trainer), BA_END);
  assert_non_null(strstr(ba_trainer_reason(trainer), "stopped after epochs = 3; the weights of epoch "));
  OK(*state, ba_trainer_finish(trainer, &model));
  const bai_member *member = &model->members[0];
  assert_int_equal(member->net.copies, 2);
  assert_memory_not_equal(member->parameters, member->parameters + member->net.parameters, 100);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

/* Classes that no linear function of single letters tells apart: as many A as C, or not. */
static void test_learns_what_no_linear_function_can(void **state) {
  const char *const features = "Kmer(k=1, value=count, norm=none)",
                    *const models[] = {"Logistic()", "MLP(hidden=8, epochs=60, dropout=0, rate=0.02)"};
  static const char *const labels[] = {"0", "1"};
  ba_dataset *dataset = NULL;
  double losses[2];
  uint64_t seed = 3;
  OK(*state, ba_dataset_create(*state, NULL, &dataset));
  for (int32_t i = 0; i < 400; i++) {
    char letters[8];
    int32_t more = 0;
    for (int32_t j = 0; j < 8; j++) {
      letters[j] = "ACGT"[making_bits(&seed) % 2];
      more += letters[j] == 'A' ? 1 : -1;
    }
    const int64_t offsets[] = {0, 8};
    ba_records *records = NULL;
    OK(*state, ba_records_create(*state, letters, offsets, 1, &records));
    OK(*state, ba_dataset_add_records(dataset, records, &labels[more > -3 && more < 3], NULL, NULL,
                                      i % 4 ? BA_PART_TRAIN : BA_PART_DEV));
    ba_records_release(records);
  }
  for (int32_t i = 0; i < 2; i++) {
    char recipe[100];
    ba_metrics *metrics = NULL;
    snprintf(recipe, sizeof recipe, "%s | %s", features, models[i]);
    ba_model *model = making_trained(*state, recipe, dataset, NULL);
    OK(*state, ba_evaluate(*state, model, dataset, BA_PART_DEV, NULL, &metrics));
    losses[i] = ba_metrics_value(metrics, "log_loss");
    ba_metrics_destroy(metrics);
    ba_model_release(model);
  }
  if (!(losses[0] > 0.5 && losses[1] < 0.4)) fail_msg("log loss %g and %g", losses[0], losses[1]);
  ba_dataset_destroy(dataset);
}

/* A cancel at any moment costs time and nothing else; the decay of columns is made up for later. */
static void test_cancels_change_no_bit(void **state) {
  ba_dataset *dataset = making_data(*state, 200, 20, 40, 2, 5);
  const char *recipe = COLUMNS "MLP(hidden=3, skip=linear, epochs=4)";
  ba_model *whole = making_trained(*state, recipe, dataset, "seed=2"), *model = NULL;
  ba_trainer *trainer = NULL;
  ba_status status = BA_OK;
  OK(*state, ba_trainer_create(*state, recipe, dataset, "seed=2", &trainer));
  while (status != BA_END) {
    ba_context_cancel(*state);
    assert_int_equal(ba_trainer_step(trainer), BA_ERR_CANCELLED);
    ba_context_reset(*state);
    status = ba_trainer_step(trainer);
  }
  OK(*state, ba_trainer_finish(trainer, &model));
  assert_true(model->digest == whole->digest);
  ba_model_release(model);
  ba_model_release(whole);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

/* The usual number of epochs: 6 and more for few rows. */
static void test_usual_epochs(void **state) {
  ba_trainer *trainer = NULL;
  ba_dataset *dataset = making_data(*state, 2222, 4, 6, 2, 5); /* a tenth of each class is set apart: 2,000 train */
  int64_t iterations;
  OK(*state, ba_trainer_create(*state, "OneHot() | Conv(filters=1, width=1) | MLP(hidden=1)", dataset, NULL, &trainer));
  assert_int_equal(making_run(trainer), BA_END);
  ba_trainer_metrics(trainer, &iterations, NULL, NULL, NULL, NULL);
  assert_in_range(iterations, 17, 18);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

/* A network beside a linear member, trained on rows that hold other letters too; folds; the metrics of both. */
static void test_ensemble_and_folds(void **state) {
  ba_dataset *dataset = making_data(*state, 400, 20, 40, 2, 6);
  ba_metrics *metrics = NULL;
  ba_model *model = making_trained(*state, "Kmer(k=2) | Logistic() & " NET "MLP(hidden=7, epochs=3)", dataset, NULL);
  assert_int_equal(model->member_count, 2);
  OK(*state, ba_model_selftest(*state, model));
  OK(*state, ba_evaluate(*state, model, dataset, BA_PART_TRAIN, NULL, &metrics));
  ba_metrics_destroy(metrics);
  ba_model_release(model);
  OK(*state, ba_dataset_split(dataset, "folds=2"));
  OK(*state, ba_cross_validate(*state, NET "MLP(hidden=7, epochs=2)", dataset, NULL, &metrics));
  ba_metrics_destroy(metrics);
  OK(*state, ba_cross_validate(*state, COLUMNS "MLP(hidden=3, epochs=2)", dataset, NULL, &metrics));
  ba_metrics_destroy(metrics);
  ba_dataset_destroy(dataset);
}

static void test_refusals(void **state) {
  ba_dataset *dataset = making_data(*state, 60, 20, 40, 2, 5);
  ba_trainer *trainer = NULL;
  REFUSED(*state, ba_trainer_create(*state, "OneHot() | MLP()", dataset, NULL, &trainer), BA_ERR_RECIPE,
          "OneHot has no convolution after it; expected OneHot() | Conv(...) | MLP(...)");
  REFUSED(*state, ba_trainer_create(*state, "OneHot() | Logistic()", dataset, NULL, &trainer), BA_ERR_RECIPE,
          "OneHot has no convolution after it");
  OK(*state, ba_trainer_create(*state, NET "MLP(rate=1, epochs=50, dropout=0)", dataset, NULL, &trainer));
  ba_status status = making_run(trainer);
  assert_true(status == BA_END || status == BA_ERR_DIVERGED);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

static ba_status whole_life(ba_context *context, void *argument) {
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  const char letters[] = "ACGTACGTACGTAAAACCCCAAAACCCC";
  const int64_t offsets[] = {0, 7, 14, 21, 28};
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, letters, offsets, 4, &records);
  if (!status) status = making_add(dataset, records, 2, BA_PART_TRAIN);
  if (!status) status = ba_trainer_create(context, argument, dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, &model);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_memory_runs_out(void **state) {
  char net[] = "OneHot() | Conv(filters=2, width=3) | MLP(hidden=2, epochs=1, seeds=2)";
  char columns[] = "Kmer(k=1..2) | MLP(hidden=2, skip=linear, epochs=1, seeds=2)";
  (void)state;
  assert_true(fault_sweep(whole_life, net) > 60);
  assert_true(fault_sweep(whole_life, columns) > 60);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, making_set_up, making_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_same_model_for_every_level_and_number_of_threads),
      TEST(test_learns_what_no_linear_function_can),
      TEST(test_cancels_change_no_bit),
      TEST(test_steps),
      TEST(test_usual_epochs),
      TEST(test_ensemble_and_folds),
      TEST(test_refusals),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
