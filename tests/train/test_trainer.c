/* SPDX-License-Identifier: MIT
 *
 * test_trainer.c: whole runs: the same model bytes for any level and number of threads, stopping and its reasons,
 * options, refusals, and what the model says of its training.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "model/busy.h"
#include "model/making.h"
#include "support/fault.h"
#include "train/problem.h"

typedef struct run_case {
  const char *recipe;
  int64_t rows, shortest, longest;
  int32_t classes;
} run_case;

enum { MANY = 3 * 4096 + 1700 };

static const run_case runs[] = {
    {"Kmer(k=1..4) | Logistic(max_iter=6)", MANY, 5, 20, 2},
    {"Kmer(k=1..3, strand=canonical, value=count, norm=l1) | Softmax(max_iter=4)", MANY, 5, 15, 3},
    {"Kmer(k=3, value=freq, norm=none) + Kmer(k=5..6, slots=64) | Softmax(max_iter=4, class_weight=balanced)", MANY, 5,
     15, 2},
    {"Kmer(k=2, value=binary) + PositionKmer(k=1..2, anchor=end) | Logistic(max_iter=4)", MANY, 5, 15, 2},
    {"PositionKmer(k=1..3) | Logistic(max_iter=4)", MANY, 12, 12, 2},
    {"PositionKmer(k=1, anchor=start) + Kmer(k=2) | Softmax(solver=adagrad, epochs=2)", 3000, 5, 15, 3},
    {"Kmer(k=1..4) | Logistic(solver=adagrad, epochs=3)", 3000, 5, 20, 2},
    {"Kmer(k=1..4) | Logistic(solver=ftrl, l1=0.001, epochs=3)", 3000, 5, 20, 2},
    {"Kmer(k=1..4) | Logistic(l1=0.001, max_iter=6)", MANY, 5, 20, 2},
    {"Kmer(k=1..4) | Logistic(solver=tron, max_iter=3)", MANY, 5, 20, 2},
    {"Kmer(k=1..2) | Softmax(solver=tron, max_iter=2)", 5000, 5, 20, 3},
    {"Kmer(k=1..2) | Softmax(l1=0.002, l2=0, max_iter=6)", 5000, 5, 20, 3},
    {"Kmer(k=1..3) | Logistic(max_iter=4) & PositionKmer(k=1, anchor=end) | Softmax(solver=adagrad, epochs=2)", 3000, 5,
     20, 2},
    {"GappedKmer(gap=1..3) + BinnedKmer(k=2, bins=3) + GC() + Length() | Logistic(max_iter=4)", 3000, 5, 20, 2},
    {"SpacedKmer(mask=1101) + NAC() | Logistic(solver=adagrad, epochs=2)", 3000, 5, 20, 2},
    {"Kmer(k=1..2) | Softmax(max_iter=4) & Kmer(k=3) | Softmax(max_iter=3)", 3000, 5, 20, 4},
    {"PseDNC() + DACC(nlag=1) + Kmer(k=2) + Entropy() | Standardize() | Logistic(max_iter=4)", 3000, 5, 20, 2},
    {"ENAC(sliding_window=3) + ANF() | Softmax(max_iter=3) & Subsequence(delta=0.5) | Softmax(max_iter=2)", 3000, 12,
     12, 3},
};

static void test_the_same_bytes(void **state) {
  static const int32_t threads[] = {1, 2, 7};
  ba_context *context = *state;
  for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
    const run_case *c = &runs[i];
    uint8_t *first = NULL;
    int64_t n = 0, m;
    double first_loss = 0.0;
    ba_dataset *dataset = making_data(context, c->rows, c->shortest, c->longest, c->classes, 21);
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      for (int32_t t = 0; t < 3; t++) {
        if (level && t == 1) continue;
        OK(context, ba_context_set_threads(context, threads[t]));
        ba_model *model = making_trained(context, c->recipe, dataset, "seed=5");
        ba_metrics *metrics = NULL;
        uint8_t *bytes = making_bytes(context, model, &m);
        OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics));
        const double loss = ba_metrics_value(metrics, "log_loss");
        if (!first) {
          first = bytes;
          n = m;
          first_loss = loss;
        } else {
          assert_int_equal(m, n);
          assert_memory_equal(bytes, first, (size_t)n);
          SAME_BITS(&loss, &first_loss, 1);
          free(bytes);
        }
        ba_metrics_destroy(metrics);
        ba_model_release(model);
      }
    }
    free(first);
    ba_dataset_destroy(dataset);
  }
}

/* Residues, some rows of letters that are nucleotides too: what the dataset scores is what the letters score. */
static void test_residues(void **state) {
  ba_context *context = *state;
  ba_records *records[] = {making_records(context, 300, 3, 40, "ACDEFGHIKLMNPQRSTVWYacdefghiklmnpqrstvwyXU", 1),
                           making_records(context, 60, 3, 40, "ACGTacgt", 2),
                           making_records(context, 60, 3, 40, "ACGTACGTACGTACGTKL", 3)};
  ba_dataset *dataset = NULL;
  ba_scorer *scorer = NULL;
  ba_metrics *metrics = NULL;
  ba_trainer *out = NULL;
  double probabilities[600], loss = 0.0;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int32_t i = 0; i < 3; i++) OK(context, making_add(dataset, records[i], 2, BA_PART_TRAIN));
  ba_model *model = making_trained(context, "@peptide + PositionKmer(k=1, anchor=end, alphabet=protein) | Logistic()",
                                   dataset, "seed=5");
  OK(context, ba_model_selftest(context, model));
  OK(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  for (int32_t i = 0; i < 3; i++) {
    const int64_t n = ba_records_count(records[i]);
    OK(context, ba_scorer_predict_records(scorer, records[i], NULL, probabilities));
    for (int64_t r = 0; r < n; r++) loss -= log(probabilities[2 * r + r % 2]);
    ba_records_release(records[i]);
  }
  assert_true(fabs(loss / 420 - ba_metrics_value(metrics, "log_loss")) < 1e-9);
  REFUSED(context, ba_trainer_create(context, "Length() + Kmer(k=2) | Logistic()", dataset, NULL, &out), BA_ERR_LETTER,
          "record 1: the sequence holds '");
  REFUSED(context, ba_trainer_create(context, "Length() + Kmer(k=2) | Logistic()", dataset, NULL, &out), BA_ERR_LETTER,
          "but Kmer reads DNA");
  ba_metrics_destroy(metrics);
  ba_model_release(model);
  ba_scorer_destroy(scorer);
  /* A model of nucleotides meets them when it is evaluated. */
  ba_dataset *bases = making_data(context, 40, 5, 9, 2, 1);
  model = making_trained(context, "Kmer(k=1) | Logistic()", bases, "seed=5");
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics), BA_ERR_LETTER,
          "but Kmer reads DNA");
  ba_model_release(model);
  ba_dataset_destroy(bases);
  ba_dataset_destroy(dataset);
}

static ba_trainer *started(ba_context *context, const char *recipe, ba_dataset *dataset, const char *options) {
  ba_trainer *trainer = NULL;
  OK(context, ba_trainer_create(context, recipe, dataset, options, &trainer));
  assert_string_equal(ba_trainer_reason(trainer), "running");
  return trainer;
}

/* At the optimum no entry of the gradient is left, and no other point is lower. */
static void test_converges_to_the_optimum(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 300, 20, 60, 2, 4);
  ba_trainer *trainer = started(context, "Kmer(k=1..3) | Logistic(l2=0.01, tol=1e-8)", dataset, NULL);
  int64_t iterations = -1, passes = -1;
  double objective, slope, dev, last = INFINITY;
  ba_trainer_metrics(trainer, &iterations, &passes, &objective, &slope, &dev);
  assert_true(iterations == 0 && passes == 0 && isnan(objective) && isnan(slope) && isnan(dev));
  ba_status status;
  do {
    status = ba_trainer_step(trainer);
    ba_trainer_metrics(trainer, &iterations, &passes, &objective, &slope, &dev);
    assert_true(objective <= last);
    last = objective;
  } while (status == BA_OK);
  assert_int_equal(status, BA_END);
  assert_string_equal(ba_trainer_reason(trainer),
                      "converged: the largest entry of the gradient fell to tol = 1e-08 of its start");
  assert_true(iterations > 5 && passes > iterations && slope < 1e-8 && isnan(dev));
  assert_int_equal(ba_trainer_step(trainer), BA_END); /* and stays so */
  ba_trainer_metrics(trainer, NULL, NULL, NULL, NULL, NULL);
  ba_model *model = NULL;
  OK(context, ba_trainer_finish(trainer, &model));
  /* The model's own weights, slightly rounded, give the same objective; any other point a higher one. */
  double x[85], value, gradient[85];
  OK(context, ba_model_weights(context, model, 0, x, &x[84]));
  bai_recipe parsed = {{0, 0, 0}};
  bai_plan *plan = NULL;
  uint8_t *uses = NULL;
  bai_problem *problem = NULL;
  OK(context, bai_recipe_parse(context, "Kmer(k=1..3)", &parsed));
  OK(context, bai_plan_create(context, bai_recipe_member(&parsed, 0), &plan));
  OK(context, bai_uses_make(context, dataset, -1, 0, 1, &uses));
  OK(context,
     bai_problem_create(context, dataset, plan, uses, NULL, &(bai_objective){.outputs = 1, .l2 = 0.01}, &problem));
  OK(context, bai_problem_evaluate(problem, x, &value, gradient));
  assert_true(fabs(value - objective) < 1e-12);
  uint64_t seed = 1;
  for (int32_t i = 0; i < 50; i++) {
    double near[85];
    for (int32_t j = 0; j < 85; j++) near[j] = x[j] + 0.01 * making_real(&seed);
    OK(context, bai_problem_evaluate(problem, near, &value, gradient));
    assert_true(value > objective);
  }
  bai_problem_destroy(problem);
  bai_free(context, uses);
  bai_plan_destroy(plan);
  bai_recipe_free(context, &parsed);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

static void test_stops_at_max_iter_and_finishes_early(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 200, 20, 60, 2, 4);
  ba_trainer *trainer = started(context, "Kmer(k=1..4) | Logistic(max_iter=3, tol=1e-9, l2=0)", dataset, NULL);
  ba_model *start = NULL, *middle = NULL, *end = NULL;
  int64_t iterations;
  double weights[340], intercept;
  OK(context, ba_trainer_finish(trainer, &start)); /* before the first step: all zero */
  OK(context, ba_model_weights(context, start, 0, weights, &intercept));
  for (int32_t i = 0; i < 340; i++) assert_true(weights[i] == 0.0);
  assert_true(intercept == 0.0);
  do {
    OK(context, ba_trainer_step(trainer));
    ba_trainer_metrics(trainer, &iterations, NULL, NULL, NULL, NULL);
  } while (iterations < 1);
  OK(context, ba_trainer_finish(trainer, &middle));
  assert_int_equal(making_run(trainer), BA_END);
  const char *reason = ba_trainer_reason(trainer);
  assert_string_equal(reason,
                      "stopped at max_iter = 3 before it converged; raise max_iter, tol or l2, or scale the features "
                      "(norm=l2)");
  ba_trainer_metrics(trainer, &iterations, NULL, NULL, NULL, NULL);
  assert_int_equal(iterations, 3);
  OK(context, ba_trainer_finish(trainer, &end));
  /* Taking a model in between changed nothing. */
  ba_model *whole = making_trained(context, "Kmer(k=1..4) | Logistic(max_iter=3, tol=1e-9, l2=0)", dataset, NULL);
  assert_true(whole->digest == end->digest && whole->digest != middle->digest);
  ba_model_release(whole);
  ba_model_release(start);
  ba_model_release(middle);
  ba_model_release(end);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

/* Training rows, and dev rows beside them. */
static ba_dataset *data_with_dev(ba_context *context, int64_t rows, int64_t dev_rows, int32_t classes) {
  ba_dataset *dataset = making_data(context, rows, 10, 40, classes, 4);
  ba_records *dev = making_classed(context, dev_rows, 10, 40, classes, 99);
  OK(context, making_add(dataset, dev, classes, BA_PART_DEV));
  ba_records_release(dev);
  return dataset;
}

/* Every solver that stops too early says what would help. */
static void test_advice(void **state) {
  static const char *const recipes[] = {"Kmer(k=2) | Logistic(max_iter=2, tol=0)",
                                        "Kmer(k=2) | Logistic(l1=0.001, max_iter=2, tol=0)",
                                        "Kmer(k=2) | Logistic(solver=newton, max_iter=2, tol=0)",
                                        "Kmer(k=2) | Logistic(solver=tron, max_iter=2, tol=0)",
                                        "Kmer(k=2) | Logistic(solver=adagrad, epochs=2)",
                                        "Kmer(k=2) | Logistic(solver=nag, epochs=2)",
                                        "Kmer(k=2) | Logistic(solver=ftrl, epochs=2)"};
  ba_context *context = *state;
  ba_dataset *dataset = data_with_dev(context, 120, 60, 2);
  for (int32_t i = 0; i < 7; i++) {
    ba_trainer *trainer = started(context, recipes[i], dataset, NULL);
    assert_int_equal(making_run(trainer), BA_END);
    const char *advice = i < 4 ? "before it converged; raise max_iter, tol or l2, or scale the features"
                               : "stopped after epochs = 2, the dev loss still falling; raise epochs or rate";
    if (!strstr(ba_trainer_reason(trainer), advice)) fail_msg("%s: %s", recipes[i], ba_trainer_reason(trainer));
    ba_trainer_destroy(trainer);
  }
  ba_dataset_destroy(dataset);
}

static double dev_loss_of(ba_context *context, ba_model *model, ba_dataset *dataset) {
  ba_metrics *metrics = NULL;
  OK(context, ba_evaluate(context, model, dataset, BA_PART_DEV, NULL, &metrics));
  const double loss = ba_metrics_value(metrics, "log_loss");
  ba_metrics_destroy(metrics);
  return loss;
}

/* The model at the end is the one of the best epoch, whatever ended the run. */
static void test_early_stopping_keeps_the_best(void **state) {
  static const char *const recipes[] = {
      "Kmer(k=1..5) | Logistic(solver=adagrad, rate=2, epochs=60, patience=3, l2=0)",
      "Kmer(k=1..5) | Logistic(solver=adagrad, rate=2, epochs=60, patience=1, l2=0)",
      "Kmer(k=1..5) | Logistic(solver=adagrad, rate=2, epochs=9, patience=1000, l2=0)",
      "Kmer(k=1..5) | Logistic(solver=adagrad, rate=1, epochs=25, patience=1000, l2=0)"};
  ba_context *context = *state;
  ba_dataset *dataset = data_with_dev(context, 120, 60, 2);
  for (int32_t i = 0; i < 4; i++) {
    ba_trainer *trainer = started(context, recipes[i], dataset, NULL);
    double best = INFINITY, now, last = 0.0;
    int64_t epochs = 0;
    ba_status status;
    do {
      status = ba_trainer_step(trainer);
      ba_trainer_metrics(trainer, &epochs, NULL, NULL, NULL, &now);
      if (status == BA_OK) last = now;
      best = fmin(best, now);
      ba_model *model = NULL;
      OK(context, ba_trainer_finish(trainer, &model));
      assert_true(fabs(dev_loss_of(context, model, dataset) - best) < 1e-6);
      ba_model_release(model);
    } while (status == BA_OK);
    assert_int_equal(status, BA_END);
    assert_true(now == best);
    if (i != 1) assert_true(last > best); /* the case is what it says; with patience 1 the best is the last but one */
    if (i < 2) {
      char reason[100];
      snprintf(reason, sizeof reason, "stopped early: %d epochs without a better dev loss; the best weights are kept",
               i ? 1 : 3);
      assert_string_equal(ba_trainer_reason(trainer), reason);
      assert_true(epochs < 60);
    } else {
      assert_string_equal(ba_trainer_reason(trainer), i == 2 ? "stopped after epochs = 9; the best weights are kept"
                                                             : "stopped after epochs = 25; the best weights are kept");
    }
    ba_trainer_destroy(trainer);
  }
  /* Without dev rows all epochs are done. */
  ba_dataset *plain = making_data(context, 50, 10, 40, 2, 4);
  ba_trainer *trainer = started(context, recipes[1], plain, NULL);
  double now;
  int64_t epochs;
  assert_int_equal(making_run(trainer), BA_END);
  ba_trainer_metrics(trainer, &epochs, NULL, NULL, NULL, &now);
  assert_true(isnan(now) && epochs == 60);
  assert_string_equal(ba_trainer_reason(trainer), "stopped after epochs = 60; dev rows would say when to stop");
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(plain);
  ba_dataset_destroy(dataset);
}

/* lbfgs gives the dev loss at the end. */
static void test_dev_loss_of_lbfgs(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = data_with_dev(context, 120, 60, 3);
  ba_trainer *trainer = started(context, "Kmer(k=1..2) | Softmax(l2=0.01)", dataset, NULL);
  ba_model *model = NULL;
  double now;
  assert_int_equal(making_run(trainer), BA_END);
  ba_trainer_metrics(trainer, NULL, NULL, NULL, NULL, &now);
  OK(context, ba_trainer_finish(trainer, &model));
  assert_true(fabs(now - dev_loss_of(context, model, dataset)) < 1e-6);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
}

/* Softmax of two classes is Logistic with twice the penalty on the difference of its weights. */
static void test_softmax_of_two_classes(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 300, 20, 60, 2, 4);
  ba_model *softmax = making_trained(context, "Kmer(k=1..2) | Softmax(l2=0.02, tol=1e-9)", dataset, NULL);
  ba_model *logistic = making_trained(context, "Kmer(k=1..2) | Logistic(l2=0.01, tol=1e-9)", dataset, NULL);
  double a[20], b[20], p, q;
  assert_int_equal(ba_model_outputs(softmax), 1);
  OK(context, ba_model_weights(context, softmax, 0, a, &p));
  OK(context, ba_model_weights(context, logistic, 0, b, &q));
  for (int32_t i = 0; i < 20; i++) assert_true(fabs(a[i] - b[i]) < 1e-5);
  assert_true(fabs(p - q) < 1e-5);
  ba_model_release(softmax);
  ba_model_release(logistic);
  ba_dataset_destroy(dataset);
}

static void test_provenance(void **state) {
  ba_context *context = *state;
  char text[4000], again[4000];
  int64_t n;
  ba_records *records = making_classed(context, 40, 10, 20, 2, 3);
  for (int32_t round = 0; round < 3; round++) { /* rows in order, backwards, and one changed */
    ba_dataset *dataset = NULL;
    OK(context, ba_dataset_create(context, NULL, &dataset));
    for (int64_t i = 0; i < 40; i++) {
      const int64_t at = round == 1 ? 39 - i : i;
      const char *label = making_classes[at % 2];
      const double weight = round == 2 && i == 7 ? 2.0 : 1.0;
      ba_records *one = making_slice(context, records, at, 1);
      OK(context, ba_dataset_add_records(dataset, one, &label, &weight, NULL, BA_PART_TRAIN));
      ba_records_release(one);
    }
    ba_model *model = making_trained(context, "Kmer(k=1) | Logistic(max_iter=1)", dataset, "seed=77");
    OK(context, ba_model_describe(context, model, text, sizeof text, &n));
    char *from = strstr(text, "\"seed\": 77, \"rows\": 40, \"letters\": "), *to = strstr(text, ", \"iterations\": 1");
    assert_true(from && to && to > from);
    assert_non_null(strstr(text, "\"dev_loss\": null, \"stopped\": \"stopped at max_iter = 1"));
    *to = 0;
    if (round == 0) strcpy(again, from);
    assert_int_equal(strcmp(from, again) == 0, round < 2); /* the digest of the data does not ask for the order */
    ba_model_release(model);
    ba_dataset_destroy(dataset);
  }
  ba_records_release(records);
}

static void test_refusals(void **state) {
  ba_context *context = *state;
  ba_dataset *two = making_data(context, 20, 5, 9, 2, 1), *three = making_data(context, 21, 5, 9, 3, 1);
  ba_dataset *one = making_data(context, 20, 5, 9, 1, 1), *none = NULL;
  ba_trainer *out = NULL;
  OK(context, ba_dataset_create(context, NULL, &none));
#define CREATE(recipe, dataset, options) ba_trainer_create(context, recipe, dataset, options, &out)
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", one, NULL), BA_ERR_CLASSES, "of the class \"");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", none, NULL), BA_ERR_CLASSES, "no rows");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", three, NULL), BA_ERR_CLASSES,
          "the dataset has 3; expected Softmax");
  REFUSED(context, CREATE("Kmer(k=10..12) | Logistic()", two, NULL), BA_ERR_LENGTH,
          "expected at least 10, as a word of Kmer takes");
  REFUSED(context, CREATE("Kmer(k=2)", two, NULL), BA_ERR_RECIPE, "has no model");
  REFUSED(context, CREATE("Kmer(k=2) | Logit()", two, NULL), BA_ERR_RECIPE, "column 13");
  REFUSED(context, CREATE("Word(k=2) | Logistic()", two, NULL), BA_ERR_RECIPE, "unknown feature term");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic(l2=-1)", two, NULL), BA_ERR_RECIPE, "bad value for l2");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic(l1=0.1, solver=newton)", two, NULL), BA_ERR_UNSUPPORTED,
          "newton takes no l1; expected solver=lbfgs or ftrl");
  REFUSED(context, CREATE("Kmer(k=40) | Logistic()", two, NULL), BA_ERR_RECIPE, "from 1 to 31");
  REFUSED(context, CREATE("PositionKmer(k=1) | Logistic()", two, NULL), BA_ERR_LENGTH, "expected equal lengths");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", two, "seed=-1"), BA_ERR_RECIPE, "seed");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", two, "sed=1"), BA_ERR_RECIPE, "accepted: seed, hold_out");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", two, "hold_out=0"), BA_ERR_ARGUMENT, "0 folds");
  OK(context, ba_dataset_split(two, "folds=2"));
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", two, "hold_out=2"), BA_ERR_ARGUMENT, "2 folds");
  REFUSED(context, CREATE(NULL, two, NULL), BA_ERR_ARGUMENT, "expected a recipe");
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", NULL, NULL), BA_ERR_ARGUMENT, "dataset");
  REFUSED(context, ba_trainer_create(context, "Kmer(k=2) | Logistic()", two, NULL, NULL), BA_ERR_ARGUMENT, "result");
  assert_null(out);
  /* Training rows of one class only, though another part has two; and none at all. */
  ba_records *records = making_records(context, 10, 5, 9, "ACGT", 1);
  OK(context, making_add(none, records, 2, BA_PART_DEV));
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", none, NULL), BA_ERR_CLASSES, "no training rows");
  OK(context, making_add(none, records, 1, BA_PART_TRAIN));
  REFUSED(context, CREATE("Kmer(k=2) | Logistic()", none, NULL), BA_ERR_CLASSES, "hold 1 class");
  /* A letter that the recipe refuses, at the first step. */
  const char *const labels[] = {"first", "second"};
  const int64_t offsets[] = {0, 4, 8};
  ba_records *ambiguous = NULL;
  OK(context, ba_records_create(context, "ACGTACRT", offsets, 2, &ambiguous));
  OK(context, ba_dataset_add_records(two, ambiguous, labels, NULL, NULL, BA_PART_TRAIN));
  OK(context, CREATE("Kmer(k=2, ambiguous=error) | Logistic()", two, NULL));
  REFUSED(context, ba_trainer_step(out), BA_ERR_LETTER, "ambiguous=error");
  REFUSED(context, ba_trainer_finish(out, NULL), BA_ERR_ARGUMENT, "place for the model");
  ba_trainer_destroy(out);
  assert_int_equal(ba_trainer_step(NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_trainer_finish(NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_trainer_create(NULL, "Kmer(k=1) | Logistic()", two, NULL, &out), BA_ERR_ARGUMENT);
  assert_string_equal(ba_trainer_reason(NULL), "no trainer");
  ba_trainer_destroy(NULL);
  ba_records_release(ambiguous);
  ba_records_release(records);
  ba_dataset_destroy(one);
  ba_dataset_destroy(two);
  ba_dataset_destroy(three);
  ba_dataset_destroy(none);
}

static void test_weights_beyond_reason_diverge(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = NULL;
  const char *const labels[] = {"a", "b"};
  const double weights[] = {1e300, 1e300};
  const int64_t offsets[] = {0, 4, 8};
  ba_records *records = NULL;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_records_create(context, "ACGTTTTT", offsets, 2, &records));
  OK(context, ba_dataset_add_records(dataset, records, labels, weights, NULL, BA_PART_TRAIN));
  ba_model *model = making_trained(context, "Kmer(k=1) | Logistic()", dataset, NULL); /* huge, but only their ratio */
  ba_model_release(model);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

/* A cancel stops a step; afterwards the run goes on to the very same model. */
static void test_limit_and_cancel(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 5000, 10, 20, 2, 4);
  const char *recipe = "Kmer(k=1..3) | Logistic(max_iter=4)";
  ba_model *expected = making_trained(context, recipe, dataset, NULL), *model = NULL;
  for (int32_t threads = 1; threads < 4; threads += 2) {
    OK(context, ba_context_set_threads(context, threads));
    ba_trainer *trainer = started(context, recipe, dataset, NULL), *none = NULL;
    OK(context, ba_trainer_step(trainer));
    ba_context_cancel(context);
    REFUSED(context, ba_trainer_step(trainer), BA_ERR_CANCELLED, "cancelled");
    OK(context, ba_context_reset(context));
    int64_t held;
    ba_context_memory(context, &held, NULL);
    OK(context, ba_context_set_memory_limit(context, held + 500));
    REFUSED(context, ba_trainer_create(context, recipe, dataset, NULL, &none), BA_ERR_LIMIT, "limit");
    REFUSED(context, ba_trainer_finish(trainer, &model), BA_ERR_LIMIT, "limit");
    OK(context, ba_context_set_memory_limit(context, 0));
    assert_int_equal(making_run(trainer), BA_END);
    OK(context, ba_trainer_finish(trainer, &model));
    assert_true(model->digest == expected->digest);
    ba_model_release(model);
    ba_trainer_destroy(trainer);
  }
  ba_trainer *adagrad = started(context, "Kmer(k=1..3) | Logistic(solver=adagrad, epochs=2)", dataset, NULL);
  ba_context_cancel(context);
  REFUSED(context, ba_trainer_step(adagrad), BA_ERR_CANCELLED, "cancelled");
  OK(context, ba_context_reset(context));
  assert_int_equal(making_run(adagrad), BA_END);
  ba_trainer_destroy(adagrad);
  ba_model_release(expected);
  ba_dataset_destroy(dataset);
}

/* The batches that rows came in make no difference to the bytes of the model. */
static void test_rows_in_any_batches(void **state) {
  static const int64_t batches[] = {1, 7, 999, 5000};
  ba_context *context = *state;
  ba_records *records = making_classed(context, 5000, 5, 20, 2, 9);
  const char *const recipe = "Kmer(k=1..3) | Logistic(max_iter=3)";
  uint64_t digest = 0;
  for (int32_t b = 0; b < 4; b++) {
    ba_dataset *dataset = NULL;
    OK(context, ba_dataset_create(context, NULL, &dataset));
    for (int64_t at = 0; at < 5000; at += batches[b]) {
      const int64_t n = 5000 - at < batches[b] ? 5000 - at : batches[b];
      ba_records *slice = making_slice(context, records, at, n);
      const char *labels[5000];
      for (int64_t i = 0; i < n; i++) labels[i] = making_classes[(at + i) % 2];
      OK(context, ba_dataset_add_records(dataset, slice, labels, NULL, NULL, BA_PART_TRAIN));
      ba_records_release(slice);
    }
    ba_model *model = making_trained(context, recipe, dataset, NULL);
    if (b == 0) digest = model->digest;
    assert_true(model->digest == digest);
    ba_model_release(model);
    ba_dataset_destroy(dataset);
  }
  ba_records_release(records);
}

static void test_one_context_for_both(void **state) {
  ba_context *context = *state, *other = NULL;
  assert_int_equal(ba_context_create(NULL, &other), BA_OK);
  ba_dataset *dataset = making_data(other, 20, 5, 9, 2, 1);
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1);
  ba_trainer *trainer = NULL;
  ba_metrics *metrics = NULL;
  const char *recipe = "Kmer(k=1) | Logistic()";
  OK(other, ba_dataset_split(dataset, "folds=2"));
  REFUSED(context, ba_trainer_create(context, recipe, dataset, NULL, &trainer), BA_ERR_ARGUMENT, "another context");
  REFUSED(context, ba_evaluate(context, model, dataset, BA_PART_ALL, NULL, &metrics), BA_ERR_ARGUMENT,
          "another context");
  REFUSED(context, ba_cross_validate(context, recipe, dataset, NULL, &metrics), BA_ERR_ARGUMENT, "another context");
  assert_true(trainer == NULL && metrics == NULL);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
  ba_context_destroy(other);
}

typedef struct nuisance {
  ba_context *context;
  _Atomic int32_t done;
} nuisance;

static void *cancel_often(void *argument) {
  nuisance *n = argument;
  const struct timespec pause = {0, 700000};
  while (!atomic_load(&n->done)) {
    ba_context_cancel(n->context);
    nanosleep(&pause, NULL);
  }
  return NULL;
}

/* Cancels in the middle of passes and epochs; what is asked again goes on, to the very same model. */
static void test_cancels_at_any_time(void **state) {
  static const char *const recipes[] = {"Kmer(k=1..6) | Logistic(max_iter=6)",
                                        "Kmer(k=1..6) | Logistic(solver=adagrad, epochs=4)"};
  ba_context *context = *state;
  ba_dataset *dataset = data_with_dev(context, 3000, 1000, 2);
  for (int32_t i = 0; i < 2; i++) {
    ba_model *expected = making_trained(context, recipes[i], dataset, NULL), *model = NULL;
    ba_trainer *trainer = started(context, recipes[i], dataset, NULL);
    nuisance n = {.context = context};
    pthread_t thread;
    int32_t cancelled = 0;
    ba_status status;
    assert_int_equal(pthread_create(&thread, NULL, cancel_often, &n), 0);
    do {
      status = ba_trainer_step(trainer);
      if (status == BA_ERR_CANCELLED) ba_context_reset(context);
      /* It must end on a slow machine too. */
      if (status == BA_ERR_CANCELLED && ++cancelled == 60) atomic_store(&n.done, 1);
    } while (status == BA_OK || status == BA_ERR_CANCELLED);
    atomic_store(&n.done, 1);
    pthread_join(thread, NULL);
    OK(context, ba_context_reset(context));
    assert_int_equal(status, BA_END);
    assert_true(cancelled > 0);
    OK(context, ba_trainer_finish(trainer, &model));
    assert_true(model->digest == expected->digest);
    ba_model_release(model);
    ba_model_release(expected);
    ba_trainer_destroy(trainer);
  }
  ba_dataset_destroy(dataset);
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const labels[] = {"a", "b", "a", "b"};
  const int64_t offsets[] = {0, 4, 9, 14, 20};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCGACGTTGGGCAT", offsets, 4, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_DEV);
  if (!status) status = ba_trainer_create(context, argument, dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, &model);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  char lbfgs[] = "Kmer(k=1) + PositionKmer(k=1, anchor=end) | Softmax(max_iter=2)";
  char adagrad[] = "Kmer(k=1) | Logistic(solver=adagrad, epochs=2)";
  char ensemble[] = "Kmer(k=1) | Logistic(max_iter=2) & Kmer(k=2) | Logistic(max_iter=2)";
  char sparse[] = "Kmer(k=1) | Logistic(l1=0.1, max_iter=2)";
  (void)state;
  assert_true(fault_sweep(life, sparse) > 60);
  assert_true(fault_sweep(life, lbfgs) > 60);
  assert_true(fault_sweep(life, adagrad) > 60);
  assert_true(fault_sweep(life, ensemble) > 120);
}

typedef struct second {
  ba_context *context;
  ba_dataset *dataset;
  ba_trainer *trainer;
  int32_t wrong;
} second;

static void *call_from_second(void *argument) {
  second *s = argument;
  ba_trainer *trainer;
  ba_model *model;
  ba_dataset *dataset;
  ba_records *records;
  ba_metrics *metrics;
  const ba_status got[] = {ba_trainer_step(s->trainer),
                           ba_trainer_finish(s->trainer, &model),
                           ba_trainer_create(s->context, "Kmer(k=1) | Logistic()", s->dataset, NULL, &trainer),
                           ba_dataset_create(s->context, NULL, &dataset),
                           ba_dataset_add_records(s->dataset, NULL, NULL, NULL, NULL, 0),
                           ba_dataset_add_file(s->dataset, "rows.csv", NULL),
                           ba_dataset_row(s->dataset, 0, NULL, NULL, NULL, NULL),
                           ba_dataset_records(s->dataset, 0, 1, &records),
                           ba_dataset_split(s->dataset, NULL),
                           ba_evaluate(s->context, NULL, s->dataset, 0, NULL, &metrics),
                           ba_cross_validate(s->context, "Kmer(k=1) | Logistic()", s->dataset, NULL, &metrics),
                           ba_metrics_create(s->context, 2, 0, NULL, NULL, NULL, &metrics)};
  for (size_t i = 0; i < sizeof got / sizeof *got; i++) s->wrong += got[i] != BA_ERR_BUSY;
  return NULL;
}

static void test_a_second_thread_is_refused(void **state) {
  (void)state;
  second s = {0};
  busy plan = {.second = call_from_second, .argument = &s};
  ba_model *model = NULL;
  assert_int_equal(busy_context(&plan, &s.context), BA_OK);
  s.dataset = making_data(s.context, 20, 5, 9, 2, 1);
  s.trainer = started(s.context, "Kmer(k=1) | Logistic()", s.dataset, NULL);
  assert_int_equal(making_run(s.trainer), BA_END);
  plan.armed = 1;
  OK(s.context, ba_trainer_finish(s.trainer, &model));
  assert_int_equal(plan.ran, 1);
  assert_int_equal(s.wrong, 0);
  ba_model_release(model);
  ba_trainer_destroy(s.trainer);
  ba_dataset_destroy(s.dataset);
  ba_context_destroy(s.context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_same_bytes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_converges_to_the_optimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_stops_at_max_iter_and_finishes_early, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_advice, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_early_stopping_keeps_the_best, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_dev_loss_of_lbfgs, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_softmax_of_two_classes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_provenance, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_residues, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_weights_beyond_reason_diverge, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_limit_and_cancel, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_in_any_batches, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_one_context_for_both, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_cancels_at_any_time, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
      cmocka_unit_test(test_a_second_thread_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
