/* SPDX-License-Identifier: MIT
 *
 * test_resume.c: what a run must not trip over: classes that only held out rows have, a recipe or a label that no model
 * can hold, and cancels, after which it goes on to the same model.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "model/making.h"

#define MOST_CANCELS 40

/* `balanced` divides by the weight of a class; the dev rows here are of a class that no training row has. */
static void test_a_class_of_dev_rows_alone(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 60, 20, 30, 2, 3);
  ba_records *records = making_classed(context, 3, 20, 30, 3, 4);
  ba_trainer *trainer;
  double objective;
  OK(context, making_add(dataset, records, 3, BA_PART_DEV));
  OK(context, ba_trainer_create(context, "Kmer(k=2) | Softmax(class_weight=balanced)", dataset, NULL, &trainer));
  const ba_status status = making_run(trainer);
  if (status != BA_END) fail_msg("%s: %s", ba_status_name(status), ba_context_error_message(context));
  ba_trainer_metrics(trainer, NULL, NULL, &objective, NULL, NULL);
  assert_true(objective > 0.0 && objective < 1.2);
  ba_trainer_destroy(trainer);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

/* Such a model could not be read again, so no time is spent on it. */
static void test_a_recipe_too_long_when_written_out(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 20, 20, 30, 2, 3);
  ba_trainer *trainer = NULL;
  char recipe[1024] = "Kmer(k=1)";
  for (int32_t i = 0; i < 60; i++) strcat(recipe, " + Kmer(k=2)");
  strcat(recipe, " | Logistic()");
  REFUSED(context, ba_trainer_create(context, recipe, dataset, NULL, &trainer), BA_ERR_RECIPE, "at most 4096");
  assert_null(trainer);
  ba_dataset_destroy(dataset);
}

/* The name of a class stands in lines and columns of output. */
static void test_a_label_with_control_bytes(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = NULL;
  ba_records *records = making_classed(context, 2, 20, 30, 2, 3);
  const char *const labels[] = {"plain", "tab\tbed"};
  OK(context, ba_dataset_create(context, NULL, &dataset));
  REFUSED(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN), BA_ERR_LABEL,
          "record 2: the label has a control byte");
  assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), 0);
  assert_int_equal(ba_dataset_classes(dataset), 0);
  ba_dataset_destroy(dataset);
  ba_records_release(records);
}

typedef struct canceller {
  ba_context *context;
  _Atomic int32_t stop;
} canceller;

/* Cancels every half millisecond or so. */
static void *cancel_often(void *argument) {
  canceller *c = argument;
  const struct timespec pause = {0, 500000};
  while (!atomic_load(&c->stop)) {
    ba_context_cancel(c->context);
    nanosleep(&pause, NULL);
  }
  return NULL;
}

/* Steps a run that is cancelled now and then; returns how often. */
static int32_t run_with_cancels(ba_context *context, ba_trainer *trainer) {
  canceller c = {.context = context};
  pthread_t thread;
  int32_t cancels = 0, joined = 0;
  ba_context_cancel(context); /* the first step is always cancelled, before its first row */
  assert_int_equal(ba_trainer_step(trainer), BA_ERR_CANCELLED);
  OK(context, ba_context_reset(context));
  assert_int_equal(pthread_create(&thread, NULL, cancel_often, &c), 0);
  for (;;) {
    const ba_status status = ba_trainer_step(trainer);
    if (status == BA_END) break;
    if (status == BA_ERR_CANCELLED) {
      OK(context, ba_context_reset(context));
      cancels++;
    } else if (status) {
      fail_msg("%s: %s", ba_status_name(status), ba_context_error_message(context));
    }
    if (cancels < MOST_CANCELS || joined) continue;
    atomic_store(&c.stop, 1);
    pthread_join(thread, NULL);
    OK(context, ba_context_reset(context));
    joined = 1;
  }
  atomic_store(&c.stop, 1);
  if (!joined) pthread_join(thread, NULL);
  OK(context, ba_context_reset(context));
  return cancels;
}

static void check_resumed(ba_context *context, const char *recipe) {
  ba_dataset *dataset = making_data(context, 600, 60, 90, 2, 5);
  ba_records *dev = making_classed(context, 300, 60, 90, 2, 6);
  ba_trainer *trainer;
  ba_model *resumed;
  int64_t n, m;
  OK(context, making_add(dataset, dev, 2, BA_PART_DEV));
  ba_model *whole = making_trained(context, recipe, dataset, NULL);
  OK(context, ba_trainer_create(context, recipe, dataset, NULL, &trainer));
  run_with_cancels(context, trainer);
  OK(context, ba_trainer_finish(trainer, &resumed));
  uint8_t *a = making_bytes(context, whole, &n), *b = making_bytes(context, resumed, &m);
  assert_int_equal(n, m);
  assert_memory_equal(a, b, (size_t)n);
  free(a);
  free(b);
  ba_trainer_destroy(trainer);
  ba_model_release(resumed);
  ba_model_release(whole);
  ba_records_release(dev);
  ba_dataset_destroy(dataset);
}

static void test_adagrad_goes_on(void **state) {
  check_resumed(*state, "Kmer(k=1..4) | Logistic(solver=adagrad, epochs=6)");
}

static void test_lbfgs_goes_on(void **state) {
  check_resumed(*state, "Kmer(k=1..4) | Logistic(max_iter=20)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_class_of_dev_rows_alone, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_recipe_too_long_when_written_out, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_label_with_control_bytes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_adagrad_goes_on, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_lbfgs_goes_on, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
