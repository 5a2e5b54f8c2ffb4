/* SPDX-License-Identifier: MIT
 *
 * test_numbers.c: models of numbers: gradients and products of the Hessian for every loss, the same bytes for any level
 * and number of threads, the file there and back, weights as rows, labels that are no numbers, and the metrics by hand.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"
#include "train/metrics.h"
#include "train/problem.h"

enum { WIDTH = 85, MOST_TEXT = 32 };

/* The label is three times the share of C and G, or a count near it. */
static ba_dataset *numbered(ba_context *context, int64_t n, int32_t counts, const double *weights, uint64_t seed) {
  ba_dataset *dataset = NULL;
  ba_records *records = making_records(context, n, 30, 50, "ACGT", seed);
  char(*texts)[MOST_TEXT] = calloc((size_t)n, sizeof *texts);
  const char **labels = calloc((size_t)n, sizeof *labels);
  assert_true(texts && labels);
  for (int64_t i = 0; i < n; i++) {
    int64_t length = 0, strong = 0;
    const char *letters = ba_records_sequence(records, i, &length);
    for (int64_t j = 0; j < length; j++) strong += letters[j] == 'C' || letters[j] == 'G';
    const double value = 3.0 * (double)strong / (double)length;
    if (counts)
      snprintf(texts[i], MOST_TEXT, "%d", (int)(value + 2.0 * fabs(making_real(&seed))));
    else
      snprintf(texts[i], MOST_TEXT, "%.9f", value + 0.3 * making_real(&seed));
    labels[i] = texts[i];
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_records(dataset, records, labels, weights, NULL, BA_PART_TRAIN));
  free(labels);
  free(texts);
  ba_records_release(records);
  return dataset;
}

static const bai_loss losses[] = {
    {BAI_LOSS_SQUARED, 0, 0}, {BAI_LOSS_HUBER, 0.2, 0}, {BAI_LOSS_QUANTILE, 0.5, 0.8}, {BAI_LOSS_POISSON, 0, 0}};

typedef struct fixture {
  ba_context *context;
  ba_dataset *dataset;
  bai_plan *plan;
  uint8_t *uses;
  bai_problem *problem;
} fixture;

static void open_problem(fixture *f, const bai_loss *loss, double l2) {
  const bai_objective objective = {.outputs = 1, .l2 = l2, .loss = *loss};
  bai_recipe parsed = {{0, 0, 0}};
  OK(f->context, bai_recipe_parse(f->context, "Kmer(k=1..3)", &parsed));
  OK(f->context, bai_plan_create(f->context, bai_recipe_member(&parsed, 0), &f->plan));
  bai_recipe_free(f->context, &parsed);
  OK(f->context, bai_uses_make(f->context, f->dataset, -1, 0, 1, &f->uses));
  OK(f->context, bai_problem_create(f->context, f->dataset, f->plan, f->uses, NULL, &objective, &f->problem));
  assert_int_equal(f->problem->parameters, WIDTH);
}

static void close_problem(fixture *f) {
  bai_problem_destroy(f->problem);
  bai_free(f->context, f->uses);
  bai_plan_destroy(f->plan);
  ba_dataset_destroy(f->dataset);
}

static void test_derivatives(void **state) {
  const double h = 1e-6;
  for (size_t l = 0; l < sizeof losses / sizeof *losses; l++) {
    fixture f = {.context = *state, .dataset = numbered(*state, 70, losses[l].kind == BAI_LOSS_POISSON, NULL, 4)};
    double x[WIDTH], gradient[WIDTH], up[WIDTH], down[WIDTH], direction[WIDTH], product[WIDTH], above, below, value;
    uint64_t seed = 9;
    open_problem(&f, &losses[l], 0.05);
    for (int32_t i = 0; i < WIDTH; i++) x[i] = making_real(&seed);
    for (int32_t i = 0; i < WIDTH; i++) direction[i] = making_real(&seed);
    OK(*state, bai_problem_evaluate(f.problem, x, &value, gradient));
    OK(*state, bai_problem_product(f.problem, x, direction, product));
    for (int32_t i = 0; i < WIDTH; i++) {
      const double kept = x[i];
      x[i] = kept + h;
      OK(*state, bai_problem_evaluate(f.problem, x, &above, up));
      x[i] = kept - h;
      OK(*state, bai_problem_evaluate(f.problem, x, &below, down));
      x[i] = kept;
      assert_true(fabs((above - below) / (2 * h) - gradient[i]) <= 1e-6);
    }
    double moved[WIDTH];
    for (int32_t i = 0; i < WIDTH; i++) moved[i] = x[i] + h * direction[i];
    OK(*state, bai_problem_evaluate(f.problem, moved, &above, up));
    for (int32_t i = 0; i < WIDTH; i++) moved[i] = x[i] - h * direction[i];
    OK(*state, bai_problem_evaluate(f.problem, moved, &below, down));
    for (int32_t i = 0; i < WIDTH; i++) assert_true(fabs((up[i] - down[i]) / (2 * h) - product[i]) <= 1e-6);
    close_problem(&f);
  }
}

static void test_the_same_bytes(void **state) {
  static const char *const recipes[] = {"Kmer(k=1..3) | Linear(max_iter=8)",
                                        "Kmer(k=1..2) | Linear(solver=newton)",
                                        "Kmer(k=1..3) | Linear(loss=huber, delta=0.1, solver=tron, max_iter=3)",
                                        "Kmer(k=1..2) | Linear(loss=quantile, quantile=0.9, delta=0.1, max_iter=8)",
                                        "Kmer(k=1..3) | Linear(l1=0.01, max_iter=8)",
                                        "Kmer(k=1..3) | Poisson(max_iter=8)",
                                        "Kmer(k=1..3) | Poisson(solver=adagrad, epochs=2)"};
  ba_context *context = *state;
  ba_dataset *dataset = numbered(context, 9000, 1, NULL, 4);
  for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) {
    uint64_t digest = 0;
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      for (int32_t threads = 1; threads < 4; threads += 2) {
        OK(context, ba_context_set_threads(context, threads));
        ba_model *model = making_trained(context, recipes[i], dataset, NULL), *again = NULL;
        assert_true(!digest || digest == model->digest);
        digest = model->digest;
        if (level == 0) { /* the file there and back */
          int64_t n, m;
          uint8_t *bytes = making_bytes(context, model, &n), *second;
          OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &again));
          assert_int_equal(ba_model_classes(again), 0);
          assert_int_equal(ba_model_outputs(again), 1);
          assert_null(ba_model_class_name(again, 0));
          second = making_bytes(context, again, &m);
          assert_true(n == m && memcmp(bytes, second, (size_t)n) == 0);
          free(bytes);
          free(second);
          ba_model_release(again);
        }
        ba_model_release(model);
      }
    }
  }
  OK(context, ba_context_set_threads(context, 1));
  ba_dataset_destroy(dataset);
}

/* An integer weight is so many rows, to 1e-10 in the objective. */
static void test_weights_are_rows(void **state) {
  const double weights[] = {3, 1, 2, 1};
  double x[WIDTH], gradient[WIDTH], other[WIDTH], value, repeated;
  uint64_t seed = 5;
  for (int32_t i = 0; i < WIDTH; i++) x[i] = making_real(&seed);
  for (size_t l = 0; l < sizeof losses / sizeof *losses; l++) {
    fixture f = {.context = *state, .dataset = numbered(*state, 4, 1, weights, 4)};
    open_problem(&f, &losses[l], 0.01);
    OK(*state, bai_problem_evaluate(f.problem, x, &value, gradient));
    fixture g = {.context = *state};
    OK(*state, ba_dataset_create(*state, NULL, &g.dataset));
    for (int64_t row = 0; row < 4; row++) {
      ba_records *record = NULL;
      const int32_t label = ((const int32_t *)f.dataset->labels.data)[row];
      const char *text = bai_names_text(&f.dataset->classes, label);
      OK(*state, ba_dataset_records(f.dataset, row, 1, &record));
      for (int32_t w = 0; w < (int32_t)weights[row]; w++)
        OK(*state, ba_dataset_add_records(g.dataset, record, &text, NULL, NULL, BA_PART_TRAIN));
      ba_records_release(record);
    }
    open_problem(&g, &losses[l], 0.01);
    OK(*state, bai_problem_evaluate(g.problem, x, &repeated, other));
    assert_true(fabs(value - repeated) <= 1e-10 * fabs(value));
    for (int32_t i = 0; i < WIDTH; i++) assert_true(fabs(gradient[i] - other[i]) <= 1e-10);
    close_problem(&f);
    close_problem(&g);
  }
}

static void test_labels(void **state) {
  static const struct {
    const char *label, *recipe, *text;
  } cases[] = {{"high", "Kmer(k=1) | Linear()", "record 2: the label is \"high\"; expected a finite number"},
               {"nan", "Kmer(k=1) | Linear()", "expected a finite number"},
               {"-inf", "Kmer(k=1) | Linear()", "expected a finite number"},
               {"1e999", "Kmer(k=1) | Linear()", "expected a finite number"},
               {"-1", "Kmer(k=1) | Poisson()", "the label is \"-1\"; expected a number of 0 or more"}};
  ba_context *context = *state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *const labels[] = {"1.5", cases[i].label, "2"};
    ba_dataset *dataset = NULL;
    ba_trainer *trainer = NULL;
    ba_records *records = making_records(context, 3, 10, 20, "ACGT", 1);
    OK(context, ba_dataset_create(context, NULL, &dataset));
    OK(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN));
    REFUSED(context, ba_trainer_create(context, cases[i].recipe, dataset, NULL, &trainer), BA_ERR_LABEL, cases[i].text);
    ba_records_release(records);
    ba_dataset_destroy(dataset);
  }
  ba_dataset *none = NULL, *dataset = numbered(context, 30, 0, NULL, 1);
  ba_trainer *trainer = NULL;
  OK(context, ba_dataset_create(context, NULL, &none));
  REFUSED(context, ba_trainer_create(context, "Kmer(k=1) | Linear()", none, NULL, &trainer), BA_ERR_LABEL, "no rows");
  REFUSED(context, ba_trainer_create(context, "Kmer(k=1) | Linear() & Kmer(k=2) | Linear()", dataset, NULL, &trainer),
          BA_ERR_UNSUPPORTED, "an ensemble with a model of numbers");
  ba_dataset_destroy(none);
  ba_dataset_destroy(dataset);
}

/* A column of offsets: read when asked for; a slope of one on the margin; only for one margin. */
static void test_offsets(void **state) {
  static const char plain[] = "sequence,label,offset\nACGT,1,10\nACGT,2,20\nGGTT,3,x\n";
  static const char good[] = "sequence,label,offset\nACGT,11,10\nACGT,19,18\nACGT,2,1\n";
  ba_context *context = *state;
  char folder[TEMP_PATH], path[TEMP_PATH];
  ba_dataset *dataset = NULL;
  ba_trainer *trainer = NULL;
  ba_metrics *metrics = NULL;
  double weights[4], intercept;
  temp_make(folder);
  temp_write(path, folder, "t.csv", plain, (int64_t)strlen(plain));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_file(dataset, path, NULL)); /* not asked for */
  REFUSED(context, ba_dataset_add_file(dataset, path, "offset=offset"), BA_ERR_LABEL,
          "expected an offset: a finite number, found \"x\"");
  assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), 3);
  OK(context, ba_trainer_create(context, "Kmer(k=1) | Softmax()", dataset, NULL, &trainer));
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  temp_write(path, folder, "g.csv", good, (int64_t)strlen(good));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_file(dataset, path, "offset=3"));
  REFUSED(context, ba_trainer_create(context, "Kmer(k=1) | Softmax()", dataset, NULL, &trainer), BA_ERR_UNSUPPORTED,
          "Softmax takes no offsets");
  /* The label is the offset and one: nothing but the intercept is left. */
  ba_model *model = making_trained(context, "Kmer(k=1) | Linear(solver=newton, l2=0.1)", dataset, NULL);
  OK(context, ba_model_weights(context, model, 0, weights, &intercept));
  for (int32_t i = 0; i < 4; i++) assert_true(fabs(weights[i]) < 1e-9);
  assert_true(fabs(intercept - 1.0) < 1e-9);
  OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics));
  assert_true(ba_metrics_value(metrics, "rmse") < 1e-8);
  ba_metrics_destroy(metrics);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
  temp_remove(folder);
}

/* One label for all rows, and letters that are the same in all: the answer is the label. */
static void test_nothing_to_learn(void **state) {
  static const char *const solvers[] = {"lbfgs", "newton", "tron"};
  static const char *const labels[] = {"2", "2", "2"};
  ba_context *context = *state;
  ba_dataset *dataset = NULL;
  const int64_t offsets[] = {0, 4, 8, 12};
  ba_records *records = NULL;
  OK(context, ba_records_create(context, "ACGTACGTACGT", offsets, 3, &records));
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN));
  for (int32_t i = 0; i < 6; i++) {
    char recipe[100];
    double value[3];
    ba_scorer *scorer = NULL;
    snprintf(recipe, sizeof recipe, "Kmer(k=1) | %s(l2=0.5, tol=1e-9, solver=%s)", i % 2 ? "Poisson" : "Linear",
             solvers[i / 2]);
    ba_model *model = making_trained(context, recipe, dataset, NULL);
    OK(context, ba_scorer_create(context, model, NULL, &scorer));
    OK(context, ba_scorer_predict_records(scorer, records, NULL, value));
    for (int32_t r = 0; r < 3; r++) assert_true(fabs(value[r] - 2.0) < 1e-6);
    ba_scorer_destroy(scorer);
    ba_model_release(model);
  }
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

/* By hand: four rows, one of weight 2. */
static void test_metrics_by_hand(void **state) {
  const double targets[] = {1, 2, 4, 4}, predicted[] = {1.5, 1, 3, 5}, weights[] = {1, 2, 1, 1};
  const bai_predictions in = {0, 4, NULL, predicted, weights, targets, 1};
  ba_metrics *m = NULL;
  OK(*state, bai_metrics_make(*state, &in, &m));
  assert_int_equal(ba_metrics_count(m), 6);
  assert_true(ba_metrics_value(m, "n") == 4.0);
  assert_true(fabs(ba_metrics_value(m, "rmse") - sqrt((0.25 + 2 * 1.0 + 1.0 + 1.0) / 5)) < 1e-15);
  assert_true(fabs(ba_metrics_value(m, "mae") - (0.5 + 2 * 1.0 + 1.0 + 1.0) / 5) < 1e-15);
  const double mean = (1 + 2 * 2 + 4 + 4) / 5.0;
  const double spread = (1 - mean) * (1 - mean) + 2 * (2 - mean) * (2 - mean) + 2 * (4 - mean) * (4 - mean);
  assert_true(fabs(ba_metrics_value(m, "r2") - (1 - 4.25 / spread)) < 1e-15);
  /* As five rows: targets 1 2 2 4 4 rank 1 2.5 2.5 4.5 4.5, predictions 1.5 1 1 3 5 rank 3 1.5 1.5 4 5. */
  const double a[] = {1, 2.5, 2.5, 4.5, 4.5}, b[] = {3, 1.5, 1.5, 4, 5};
  double ab = 0, aa = 0, bb = 0, deviance = 0;
  for (int32_t i = 0; i < 5; i++) {
    ab += (a[i] - 3) * (b[i] - 3);
    aa += (a[i] - 3) * (a[i] - 3);
    bb += (b[i] - 3) * (b[i] - 3);
  }
  assert_true(fabs(ba_metrics_value(m, "spearman") - ab / sqrt(aa * bb)) < 1e-15);
  for (int32_t i = 0; i < 4; i++)
    deviance += weights[i] * 2 * (targets[i] * log(targets[i] / predicted[i]) - targets[i] + predicted[i]) / 5;
  assert_true(fabs(ba_metrics_value(m, "deviance") - deviance) < 1e-14);
  assert_true(isnan(ba_metrics_value(m, "auroc")) && ba_metrics_name(m, 6) == NULL);
  assert_true(isnan(ba_metrics_confusion(m, 0, 0)));
  ba_metrics_destroy(m);
  /* A constant has no spread; a mean of zero no deviance; nothing at all is NaN throughout. */
  const double same[] = {2, 2}, zero[] = {0, 3};
  const bai_predictions flat = {0, 2, NULL, zero, NULL, same, 1}, empty = {0, 0, NULL, zero, NULL, same, 0};
  OK(*state, bai_metrics_make(*state, &flat, &m));
  assert_true(isnan(ba_metrics_value(m, "r2")) && isnan(ba_metrics_value(m, "spearman")));
  assert_true(isnan(ba_metrics_value(m, "deviance")) && ba_metrics_value(m, "mae") == 1.5);
  ba_metrics_destroy(m);
  OK(*state, bai_metrics_make(*state, &empty, &m));
  assert_true(ba_metrics_value(m, "n") == 0.0 && isnan(ba_metrics_value(m, "rmse")));
  ba_metrics_destroy(m);
}

/* Every row is predicted once, by a model that has not seen it. */
static void test_cross_validation(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = numbered(context, 200, 0, NULL, 8);
  ba_metrics *folds = NULL, *all = NULL;
  const char *recipe = "Kmer(k=1) | Linear(l2=1e-4, solver=newton)";
  OK(context, ba_dataset_split(dataset, "by=random, folds=5"));
  OK(context, ba_cross_validate(context, recipe, dataset, NULL, &folds));
  ba_model *model = making_trained(context, recipe, dataset, NULL);
  OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, "bootstrap=20", &all));
  double low, high;
  assert_int_equal(ba_metrics_interval(all, "rmse", &low, &high), 1);
  assert_true(low <= high && low > 0.0);
  assert_true(ba_metrics_value(folds, "n") == 200.0 && ba_metrics_value(all, "n") == 200.0);
  assert_true(ba_metrics_value(folds, "rmse") > ba_metrics_value(all, "rmse"));
  assert_true(ba_metrics_value(folds, "rmse") < 1.3 * ba_metrics_value(all, "rmse"));
  ba_metrics_destroy(folds);
  ba_metrics_destroy(all);
  ba_model *calibrated = NULL;
  REFUSED(context, ba_calibrate(context, model, dataset, BA_PART_ALL, NULL, &calibrated), BA_ERR_UNSUPPORTED,
          "no probabilities");
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const labels[] = {"1", "2", "2", "5"};
  const int64_t offsets[] = {0, 4, 9, 14, 20};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_metrics *metrics = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCGACGTTGGGCAT", offsets, 4, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_trainer_create(context, argument, dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, &model);
  if (!status) status = ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics);
  ba_metrics_destroy(metrics);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  char linear[] = "Kmer(k=1) | Linear(max_iter=2)", poisson[] = "Kmer(k=1) | Poisson(solver=tron, max_iter=1)";
  (void)state;
  assert_true(fault_sweep(life, linear) > 60);
  assert_true(fault_sweep(life, poisson) > 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_derivatives, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_same_bytes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weights_are_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_labels, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_offsets, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_nothing_to_learn, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_metrics_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_cross_validation, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
