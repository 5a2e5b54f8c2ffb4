/* SPDX-License-Identifier: MIT
 *
 * trainings.c: the bytes of models of sequences, of every solver and loss, and what such models say.
 */
#include "bits/bits.h"

/* Two blocks of rows and a bit, and few. */
enum { MANY = 8400, FEW = 300 };

typedef struct training {
  const char *recipe;
  int32_t classes; /* 0: numbers */
  int32_t scored;  /* with all that it says of odd sequences */
  int64_t rows;
} training;

static const training trainings[] = {
    {"Kmer(k=1..3, strand=canonical) | Logistic(max_iter=8)", 2, 1, MANY},
    {"Kmer(k=1..2) | Logistic(l1=1e-3, max_iter=8)", 2, 0, MANY},
    {"Kmer(k=1..2) | Logistic(solver=tron, max_iter=4, class_weight=balanced)", 2, 0, MANY},
    {"Kmer(k=2, value=freq, norm=none) | Logistic(solver=newton, max_iter=4)", 2, 0, MANY},
    {"Kmer(k=1..2) | Logistic(solver=adagrad, epochs=3)", 2, 0, FEW},
    {"Kmer(k=1..2) | Logistic(solver=nag, epochs=3)", 2, 0, FEW},
    {"Kmer(k=1..2) | Logistic(solver=ftrl, l1=1e-3, epochs=3)", 2, 0, FEW},
    {"Kmer(k=1..2) + Length() | Softmax(max_iter=6)", 4, 1, MANY},
    {"Kmer(k=2) | Softmax(l1=1e-3, max_iter=6)", 3, 0, FEW},
    {"Kmer(k=2) | Softmax(solver=tron, max_iter=4)", 3, 0, MANY},
    {"Kmer(k=2) | Softmax(solver=adagrad, epochs=3)", 3, 0, FEW},
    {"Kmer(k=2) | Softmax(solver=nag, epochs=3)", 3, 0, FEW},
    {"Kmer(k=2) | Softmax(solver=ftrl, epochs=3)", 3, 0, FEW},
    {"GC() + PseDNC() + Kmer(k=2) | Linear(max_iter=8)", 0, 1, FEW},
    {"Kmer(k=2) | Linear(loss=huber, max_iter=8)", 0, 0, MANY},
    {"Kmer(k=2) | Linear(loss=quantile, quantile=0.8, max_iter=8)", 0, 0, MANY},
    {"Kmer(k=2) | Linear(l1=1e-3, max_iter=8)", 0, 0, FEW},
    {"Kmer(k=2) | Linear(solver=newton, max_iter=4)", 0, 0, FEW},
    {"Kmer(k=2) | Linear(solver=tron, loss=huber, max_iter=4)", 0, 0, FEW},
    {"Kmer(k=2) | Linear(solver=adagrad, epochs=3)", 0, 0, FEW},
    {"Kmer(k=2) | Linear(solver=adagrad, loss=huber, epochs=3)", 0, 0, FEW},
    {"Kmer(k=2) | Linear(solver=nag, loss=quantile, epochs=3)", 0, 0, FEW},
    {"Kmer(k=2) | Linear(solver=ftrl, epochs=3)", 0, 0, FEW},
    {"Kmer(k=2) | Poisson(max_iter=8)", 0, 0, MANY},
    {"Kmer(k=2) | Poisson(l1=1e-3, max_iter=8)", 0, 0, FEW},
    {"Kmer(k=2) | Poisson(solver=tron, max_iter=4)", 0, 0, FEW},
    {"Kmer(k=2) | Poisson(solver=newton, max_iter=4)", 0, 0, FEW},
    {"Kmer(k=2) | Poisson(solver=adagrad, epochs=3)", 0, 0, FEW},
    {"Kmer(k=2) | Poisson(solver=nag, epochs=3)", 0, 0, FEW},
    {"Kmer(k=2) | Poisson(solver=ftrl, epochs=3)", 0, 0, FEW},
    {"PositionKmer(k=1..2, anchor=end) + Kmer(k=6, slots=256) | Logistic(max_iter=6)", 2, 1, FEW},
    {"GappedKmer(gap=1..2) + BinnedKmer(k=2, bins=3) + DACC() | Standardize() | Logistic(max_iter=6)", 2, 1, FEW},
    {"PseKNC() + Entropy(k=2) | MinMax() | Softmax(max_iter=6)", 3, 1, FEW},
    {"Kmer(k=1..3) | MLP(hidden=5, skip=linear, epochs=2, seeds=2)", 2, 1, FEW},
    {"Kmer(k=2) | MLP(hidden=4, epochs=2, class_weight=balanced, smoothing=0.1)", 3, 1, FEW},
    {"OneHot() | Conv(filters=5, width=4, strand=max) | Conv(filters=4, width=3) | MLP(hidden=3, epochs=2)", 2, 1, FEW},
    {"OneHot() | Conv(filters=6, width=5, pool=2) | Conv(filters=3, width=3, bins=2) | MLP(hidden=3, epochs=2)", 3, 1,
     FEW},
    {"Kmer(k=2) | Logistic(max_iter=5) & Kmer(k=1..2) | MLP(hidden=2, epochs=2)", 2, 1, FEW},
};

/* The last letters say something of the class, or the number; weights, and rows of all parts. */
static ba_dataset *make_data(ba_context *context, const training *t) {
  ba_dataset *dataset;
  ba_records *records = making_classed(context, t->rows, 12, 41, t->classes ? t->classes : 4, 77);
  char(*labels)[16] = malloc((size_t)t->rows * sizeof *labels);
  const char **texts = malloc((size_t)t->rows * sizeof *texts);
  double *weights = malloc((size_t)t->rows * 8);
  uint64_t seed = 4;
  assert_true(labels && texts && weights);
  for (int64_t i = 0; i < t->rows; i++) {
    const int32_t kind = (int32_t)(i % (t->classes ? t->classes : 4));
    snprintf(labels[i], sizeof labels[i], t->classes ? "c%d" : "%d.25", t->classes ? kind : kind * kind + (i % 7 == 0));
    texts[i] = labels[i];
    weights[i] = 0.5 + (double)(making_bits(&seed) % 64) / 50.0;
  }
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_records(dataset, records, texts, weights, NULL, BA_PART_TRAIN));
  ba_records *dev = making_slice(context, records, 0, 60);
  OK(context, ba_dataset_add_records(dataset, dev, texts, NULL, NULL, BA_PART_DEV));
  ba_records_release(records);
  ba_records_release(dev);
  free(labels);
  free(texts);
  free(weights);
  return dataset;
}

static void worth(ba_context *context, ba_model *model, ba_dataset *dataset) {
  ba_metrics *metrics;
  OK(context, ba_evaluate(context, model, dataset, BA_PART_DEV, "bootstrap=20", &metrics));
  for (int32_t i = 0; i < ba_metrics_count(metrics); i++) {
    double found[3];
    found[0] = ba_metrics_value(metrics, ba_metrics_name(metrics, i));
    ba_metrics_interval(metrics, ba_metrics_name(metrics, i), &found[1], &found[2]);
    bits_f64(ba_metrics_name(metrics, i), found, 3);
  }
  ba_metrics_destroy(metrics);
}

static void calibrated(ba_context *context, ba_model *model, ba_dataset *dataset) {
  static const char *const methods[] = {"method=platt", "method=temperature", "method=isotonic"};
  for (int32_t i = ba_model_classes(model) == 2 ? 0 : 1; i < (ba_model_classes(model) == 2 ? 3 : 2); i++) {
    ba_model *out;
    OK(context, ba_calibrate(context, model, dataset, BA_PART_DEV, methods[i], &out));
    bits_model(context, methods[i], out);
    worth(context, out, dataset);
    ba_model_release(out);
  }
}

static void train(ba_context *context, const training *t, const ba_records *odd) {
  ba_dataset *dataset = make_data(context, t);
  ba_model *model = making_trained(context, t->recipe, dataset, NULL);
  bits_model(context, t->recipe, model);
  if (t->scored) bits_scores(context, t->recipe, model, odd);
  worth(context, model, dataset);
  if (t->scored && t->classes) calibrated(context, model, dataset);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

/* ---- other ways to a model ---- */

static void train_in_batches(ba_context *context, const char *solver) {
  static const char *const names[] = {"first", "second", "third"};
  ba_trainer *trainer;
  ba_model *model;
  char recipe[100];
  snprintf(recipe, sizeof recipe, "Kmer(k=1..2) | Softmax(solver=%s)", solver);
  OK(context, ba_trainer_create_online(context, recipe, names, 3, NULL, NULL, &trainer));
  for (uint64_t i = 0; i < 5; i++) {
    ba_dataset *batch = making_data(context, 40, 10, 30, 3, i);
    OK(context, ba_trainer_update(trainer, batch));
    ba_dataset_destroy(batch);
  }
  OK(context, ba_trainer_finish(trainer, &model));
  bits_model(context, recipe, model);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
}

static void train_elsewhere(ba_context *context, const char *recipe) {
  static const char *const names[] = {"first", "second"};
  static uint8_t request[4096], sums[4096];
  int64_t n, m;
  ba_solver *solver;
  ba_model *model;
  ba_status status = BA_OK;
  ba_dataset *dataset = making_data(context, 5000, 10, 30, 2, 9);
  OK(context, ba_solver_create(context, recipe, names, 2, NULL, &solver));
  while (status == BA_OK) {
    ba_partial *partial;
    OK(context, ba_solver_ask(solver, request, sizeof request, &n));
    bits_bytes("request", request, n);
    OK(context, ba_partial_create(context, request, n, &partial));
    OK(context, ba_partial_accumulate(partial, dataset, 0));
    OK(context, ba_partial_save(partial, sums, sizeof sums, &m));
    assert_true(n <= (int64_t)sizeof request && m <= (int64_t)sizeof sums);
    bits_bytes("sums", sums, m);
    status = ba_solver_tell(solver, partial);
    ba_partial_destroy(partial);
  }
  assert_int_equal(status, BA_END);
  OK(context, ba_solver_finish(solver, &model));
  bits_model(context, "solver", model);
  ba_model_release(model);
  ba_solver_destroy(solver);
  ba_dataset_destroy(dataset);
}

static void cross_validate(ba_context *context) {
  static const double path[] = {1e-2, 1e-3};
  ba_metrics *metrics[2];
  ba_dataset *dataset = making_data(context, 200, 20, 40, 2, 11);
  OK(context, ba_dataset_split(dataset, "by=similarity, k=9, folds=3"));
  OK(context, ba_cross_validate_path(context, "Kmer(k=1..2) | Logistic(max_iter=9)", dataset, NULL, path, 2, metrics));
  for (int32_t i = 0; i < 2; i++) {
    const double loss = ba_metrics_value(metrics[i], "log_loss");
    bits_f64("cross-validation", &loss, 1);
    ba_metrics_destroy(metrics[i]);
  }
  ba_dataset_destroy(dataset);
}

void bits_trainings(ba_context *context) {
  ba_records *odd = bits_odd_records(context, "ACGT");
  for (size_t i = 0; i < sizeof trainings / sizeof *trainings; i++) train(context, &trainings[i], odd);
  train_in_batches(context, "adagrad");
  train_in_batches(context, "nag");
  train_in_batches(context, "ftrl");
  train_elsewhere(context, "Kmer(k=1..2) | Logistic(max_iter=3)");
  train_elsewhere(context, "Entropy() + Kmer(k=1) | Standardize() | Logistic(class_weight=balanced, max_iter=3)");
  cross_validate(context);
  ba_records_release(odd);
}
