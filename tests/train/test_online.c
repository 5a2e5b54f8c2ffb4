/* SPDX-License-Identifier: MIT
 *
 * test_online.c: rows that come in batches: the same bits for any batches, batches that fail leave no trace,
 * progressive losses by the models of each moment, going on from a model and from a checkpoint.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"

#define ROWS 90

static char folder[TEMP_PATH];

static int open_folder(void **state) {
  (void)state;
  temp_make(folder);
  return 0;
}

static int close_folder(void **state) {
  (void)state;
  temp_remove(folder);
  return 0;
}

/* Rows with a label each: names of classes, or numbers. */
typedef struct stream {
  ba_context *context;
  ba_records *records;
  char labels[ROWS][24];
  double weights[ROWS];
  int32_t classes; /* 0: numbers */
} stream;

static stream made(ba_context *context, int32_t classes, int64_t shortest, int64_t longest) {
  uint64_t seed = 3;
  stream s = {.context = context, .classes = classes};
  s.records = making_classed(context, ROWS, shortest, longest, classes ? classes : 2, 8);
  for (int32_t i = 0; i < ROWS; i++) {
    if (classes)
      snprintf(s.labels[i], sizeof s.labels[i], "%s", making_classes[i % classes]);
    else
      snprintf(s.labels[i], sizeof s.labels[i], "%d", i % 2 + (int)(making_bits(&seed) % 3));
    s.weights[i] = 0.5 + (double)(making_bits(&seed) % 4);
  }
  return s;
}

/* The rows from `first` to `end` as a dataset of their own. */
static ba_dataset *batch(const stream *s, int64_t first, int64_t end) {
  ba_dataset *dataset = NULL;
  const char *labels[ROWS];
  ba_records *slice = making_slice(s->context, s->records, first, end - first);
  for (int64_t i = first; i < end; i++) labels[i - first] = s->labels[i];
  OK(s->context, ba_dataset_create(s->context, NULL, &dataset));
  OK(s->context, ba_dataset_add_records(dataset, slice, labels, s->weights + first, NULL, BA_PART_TRAIN));
  ba_records_release(slice);
  return dataset;
}

static ba_status update(const stream *s, ba_trainer *trainer, int64_t first, int64_t end) {
  ba_dataset *dataset = batch(s, first, end);
  const ba_status status = ba_trainer_update(trainer, dataset);
  ba_dataset_destroy(dataset);
  return status;
}

/* The classes are declared in an order that is not theirs. */
static ba_trainer *begun(const stream *s, const char *recipe, const ba_model *start, const char *options) {
  static const char *const names[] = {"third", "second", "first"};
  ba_trainer *trainer = NULL;
  OK(s->context, ba_trainer_create_online(s->context, recipe, names + 3 - (s->classes ? s->classes : 3), s->classes,
                                          start, options, &trainer));
  return trainer;
}

static ba_model *finished(const stream *s, ba_trainer *trainer) {
  ba_model *model = NULL;
  OK(s->context, ba_trainer_finish(trainer, &model));
  return model;
}

static uint64_t digest_of(const stream *s, ba_trainer *trainer) {
  ba_model *model = finished(s, trainer);
  const uint64_t digest = model->digest; /* of all bytes of the file */
  ba_model_release(model);
  return digest;
}

static uint64_t in_one(const stream *s, const char *recipe) {
  ba_trainer *trainer = begun(s, recipe, NULL, NULL);
  OK(s->context, update(s, trainer, 0, ROWS));
  const uint64_t digest = digest_of(s, trainer);
  ba_trainer_destroy(trainer);
  return digest;
}

static const struct {
  const char *recipe;
  int32_t classes;
} kinds[] = {
    {"Kmer(k=1..3) | Logistic(solver=adagrad)", 2},
    {"Kmer(k=1..3) + Length(per=1) | Logistic(solver=nag, l2=0.01)", 2},
    {"Kmer(k=1..2) | Logistic(solver=ftrl, l1=0.01)", 2},
    {"Kmer(k=1..2) | Softmax(solver=adagrad)", 3},
    {"Kmer(k=1..2) | Softmax(solver=nag)", 2},
    {"Kmer(k=1..2) | Linear(solver=adagrad)", 0},
    {"Kmer(k=1..2) | Linear(solver=nag, loss=huber, delta=0.5)", 0},
    {"Kmer(k=1..2) | Linear(solver=adagrad, loss=quantile, quantile=0.9, delta=0.1)", 0},
    {"Kmer(k=1..2) | Poisson(solver=adagrad)", 0},
    {"PseDNC() + Kmer(k=2) | Logistic(solver=adagrad)", 2},
};
#define KINDS (int32_t)(sizeof kinds / sizeof *kinds)

/* Batches, levels and threads make no difference, nor do models that are made on the way. */
static void test_any_batches(void **state) {
  for (int32_t k = 0; k < KINDS; k++) {
    stream s = made(*state, kinds[k].classes, 10, 60);
    const uint64_t expected = in_one(&s, kinds[k].recipe);
    uint64_t seed = (uint64_t)k;
    for (int32_t round = 0; round < 6; round++) {
      if (!making_level(*state, round % 3)) continue;
      OK(*state, ba_context_set_threads(*state, 1 + round % 2));
      ba_trainer *trainer = begun(&s, kinds[k].recipe, NULL, NULL);
      for (int64_t first = 0, end; first < ROWS; first = end) {
        end = round == 0 ? first + 1 : first + 1 + (int64_t)(making_bits(&seed) % 40);
        if (end > ROWS) end = ROWS;
        OK(*state, update(&s, trainer, first, end));
        if (round % 2) (void)digest_of(&s, trainer);
      }
      if (digest_of(&s, trainer) != expected) fail_msg("%s: another model in round %d", kinds[k].recipe, (int)round);
      int64_t rows, batches;
      ba_trainer_metrics(trainer, &rows, &batches, NULL, NULL, NULL);
      assert_true(rows == ROWS && batches > 2);
      ba_trainer_destroy(trainer);
    }
    OK(*state, ba_context_set_threads(*state, 1));
    ba_records_release(s.records);
  }
}

static double loss_of(int32_t kind, double score, const double *answers, int32_t label, double target) {
  switch (kind) {
    case 0:
    case 3:
      return -log(answers[label]);
    case 5:
      return (score - target) * (score - target) / 2;
    default:
      return (target > 0 ? target * log(target / exp(score)) : 0) - target + exp(score);
  }
}

/* The loss of each row under the model of the moment before, whose weights have 32 bits. */
static void test_progressive_loss(void **state) {
  static const int32_t looked[] = {0, 3, 5, 8};
  for (size_t l = 0; l < 4; l++) {
    const int32_t k = looked[l];
    stream s = made(*state, kinds[k].classes, 10, 60);
    ba_trainer *trainer = begun(&s, kinds[k].recipe, NULL, NULL);
    double sum = 0, weight = 0, mean, last;
    for (int64_t row = 0; row < ROWS; row++) {
      double scores[4], answers[4];
      ba_records *one = making_slice(*state, s.records, row, 1);
      ba_model *model = finished(&s, trainer);
      ba_scorer *scorer = NULL;
      OK(*state, ba_scorer_create(*state, model, NULL, &scorer));
      OK(*state, ba_scorer_predict_records(scorer, one, scores, answers));
      const double loss = loss_of(k, scores[0], answers, (int32_t)(row % (s.classes ? s.classes : 1)),
                                  s.classes ? 0 : atof(s.labels[row]));
      sum += s.weights[row] * loss;
      weight += s.weights[row];
      OK(*state, update(&s, trainer, row, row + 1));
      ba_trainer_metrics(trainer, NULL, NULL, &mean, NULL, &last);
      if (!(fabs(last - loss) < 1e-5 * (1 + loss)) || !(fabs(mean - sum / weight) < 1e-5 * (1 + mean)))
        fail_msg("%s: row %d: %g, %g; %g, %g", kinds[k].recipe, (int)row, last, loss, mean, sum / weight);
      ba_scorer_destroy(scorer);
      ba_model_release(model);
      ba_records_release(one);
    }
    ba_trainer_destroy(trainer);
    ba_records_release(s.records);
  }
}

/* Good rows, then one that cannot be learnt. */
static void try_bad(const stream *s, ba_trainer *trainer, const char *letters, const char *label, double weight,
                    ba_status status, const char *text) {
  ba_dataset *dataset = batch(s, 0, 20);
  const int64_t offsets[] = {0, (int64_t)strlen(letters)};
  ba_records *records = NULL;
  OK(s->context, ba_records_create(s->context, letters, offsets, 1, &records));
  OK(s->context, ba_dataset_add_records(dataset, records, &label, &weight, NULL, BA_PART_TRAIN));
  REFUSED(s->context, ba_trainer_update(trainer, dataset), status, text);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
}

static void test_a_bad_batch_leaves_no_trace(void **state) {
  static const char *const recipes[] = {"Kmer(k=2) + PositionKmer(k=1) | Logistic(solver=adagrad)",
                                        "Kmer(k=2) + PositionKmer(k=1) | Logistic(solver=ftrl)",
                                        "Kmer(k=2) + PositionKmer(k=1) | Linear(solver=nag)"};
  for (int32_t r = 0; r < 3; r++) {
    stream s = made(*state, r < 2 ? 2 : 0, 30, 30);
    ba_trainer *trainer = begun(&s, recipes[r], NULL, "length=30"), *calm = begun(&s, recipes[r], NULL, "length=30");
    const char *label = r < 2 ? "first" : "1", *good = "ACGTACGTACGTACGTACGTACGTACGTAC";
    for (int32_t turn = 0; turn < 2; turn++) {
      OK(*state, update(&s, trainer, 40 * turn, 40 * turn + 40));
      OK(*state, update(&s, calm, 40 * turn, 40 * turn + 40));
      try_bad(&s, trainer, good, "other", 1, BA_ERR_LABEL, r < 2 ? "none of the classes" : "expected a finite number");
      try_bad(&s, trainer, "ACGT", label, 1, BA_ERR_LENGTH, "record 21");
      try_bad(&s, trainer, "MKVLFEMKVLFEMKVLFEMKVLFEMKVLFE", label, 1, BA_ERR_LETTER, "record 21");
      if (r == 2) try_bad(&s, trainer, good, "1e299", 1e300, BA_ERR_DIVERGED, "record 21: the loss is not finite");
      ba_dataset *dataset = batch(&s, 0, 80);
      ba_context_cancel(*state);
      REFUSED(*state, ba_trainer_update(trainer, dataset), BA_ERR_CANCELLED, "cancelled");
      OK(*state, ba_context_reset(*state));
      int64_t used;
      ba_context_memory(*state, &used, NULL);
      for (int64_t more = 64; more < 100000; more *= 2) {
        OK(*state, ba_context_set_memory_limit(*state, used + more));
        const ba_status status = ba_trainer_update(trainer, dataset);
        if (status == BA_OK) { /* the limit is wide enough by now: the calm one learns it too */
          OK(*state, ba_context_set_memory_limit(*state, 0));
          OK(*state, ba_trainer_update(calm, dataset));
          break;
        }
        assert_int_equal(status, BA_ERR_LIMIT);
      }
      OK(*state, ba_context_set_memory_limit(*state, 0));
      ba_dataset_destroy(dataset);
      assert_true(digest_of(&s, trainer) == digest_of(&s, calm));
    }
    ba_trainer_destroy(trainer);
    ba_trainer_destroy(calm);
    ba_records_release(s.records);
  }
}

static void predict(const stream *s, const ba_model *model, double *scores) {
  double answers[4 * ROWS];
  ba_scorer *scorer = NULL;
  OK(s->context, ba_scorer_create(s->context, (ba_model *)(uintptr_t)model, NULL, &scorer));
  OK(s->context, ba_scorer_predict_records(scorer, s->records, scores, answers));
  ba_scorer_destroy(scorer);
}

/* A trainer that goes on from a model scores as the model does, and goes on learning. */
static void test_from_a_model(void **state) {
  for (int32_t k = 0; k < KINDS; k++) {
    stream s = made(*state, kinds[k].classes, 10, 60);
    double before[4 * ROWS], after[4 * ROWS], mean, first;
    ba_trainer *trainer = begun(&s, kinds[k].recipe, NULL, NULL);
    OK(*state, update(&s, trainer, 0, 60));
    ba_model *model = finished(&s, trainer);
    ba_trainer *next = begun(&s, kinds[k].recipe, model, NULL);
    ba_model *same = finished(&s, next);
    const int64_t scores = ROWS * ba_model_outputs(model);
    predict(&s, model, before);
    predict(&s, same, after);
    for (int64_t i = 0; i < scores; i++) assert_true(fabs(before[i] - after[i]) <= 1e-8 * (1 + fabs(before[i])));
    OK(*state, update(&s, next, 60, ROWS));
    ba_model *more = finished(&s, next);
    predict(&s, more, after);
    int64_t moved = 0;
    for (int64_t i = 0; i < scores; i++) moved += before[i] != after[i];
    assert_true(moved > scores / 2);
    /* What it knew helps: new rows cost less than they do a trainer that begins at zero. */
    ba_trainer_metrics(next, NULL, NULL, &mean, NULL, NULL);
    ba_trainer_destroy(trainer);
    trainer = begun(&s, kinds[k].recipe, NULL, NULL);
    OK(*state, update(&s, trainer, 60, ROWS));
    ba_trainer_metrics(trainer, NULL, NULL, &first, NULL, NULL);
    if (k == 0 || k == 3) assert_true(mean < first);
    ba_model_release(model);
    ba_model_release(same);
    ba_model_release(more);
    ba_trainer_destroy(trainer);
    ba_trainer_destroy(next);
    ba_records_release(s.records);
  }
}

static void test_ends_at_any_batch(void **state) {
  char path[TEMP_PATH];
  temp_join(path, folder, "online.check");
  for (int32_t k = 0; k < KINDS; k++) {
    stream s = made(*state, kinds[k].classes, 10, 60);
    const uint64_t expected = in_one(&s, kinds[k].recipe);
    for (int64_t end = 0; end <= ROWS; end += 9) {
      ba_trainer *killed = begun(&s, kinds[k].recipe, NULL, NULL), *next = begun(&s, kinds[k].recipe, NULL, NULL);
      for (int64_t at = 0; at < end; at += 3) OK(*state, update(&s, killed, at, at + 3));
      OK(*state, ba_trainer_checkpoint(killed, path));
      ba_trainer_destroy(killed);
      if (end % 2) OK(*state, update(&s, next, 5, 15)); /* where it was makes no difference */
      OK(*state, ba_trainer_restore(next, path));
      if (end < ROWS) OK(*state, update(&s, next, end, ROWS));
      assert_true(digest_of(&s, next) == expected);
      ba_trainer_destroy(next);
    }
    ba_records_release(s.records);
  }
  stream s = made(*state, 2, 10, 60), other = made(*state, 3, 10, 60);
  ba_trainer *two = begun(&s, "Kmer(k=1) | Softmax(solver=nag)", NULL, NULL);
  ba_trainer *three = begun(&other, "Kmer(k=1) | Softmax(solver=nag)", NULL, NULL);
  OK(*state, ba_trainer_checkpoint(two, path));
  REFUSED(*state, ba_trainer_restore(three, path), BA_ERR_ARGUMENT, "of another recipe");
  ba_trainer_destroy(two);
  ba_trainer_destroy(three);
  ba_records_release(s.records);
  ba_records_release(other.records);
}

static void refuse(ba_context *context, const char *recipe, int32_t classes, const char *options, ba_status status,
                   const char *text) {
  static const char *const names[] = {"b", "a", "c", "a"};
  ba_trainer *trainer = NULL;
  REFUSED(context, ba_trainer_create_online(context, recipe, names, classes, NULL, options, &trainer), status, text);
  assert_null(trainer);
}

static void test_refusals(void **state) {
  ba_context *context = *state;
  refuse(context, "Kmer(k=2) | Logistic()", 2, NULL, BA_ERR_UNSUPPORTED, "lbfgs needs all rows at once");
  refuse(context, "OneHot() | Conv() | MLP()", 2, NULL, BA_ERR_UNSUPPORTED, "a network needs all rows");
  refuse(context, "Kmer(k=2) | MLP(hidden=4)", 2, NULL, BA_ERR_UNSUPPORTED, "a network needs all rows");
  refuse(context, "Kmer(k=1) | Logistic(solver=nag) & Kmer(k=2) | Logistic(solver=nag)", 2, NULL, BA_ERR_UNSUPPORTED,
         "an ensemble needs all rows");
  refuse(context, "Kmer(k=2) | Logistic(solver=nag, class_weight=balanced)", 2, NULL, BA_ERR_UNSUPPORTED, "balanced");
  refuse(context, "Columns() | Linear(solver=nag)", 0, NULL, BA_ERR_UNSUPPORTED, "expected Column(column=NAME)");
  refuse(context, "Column(column=x) | Standardize() | Linear(solver=nag)", 0, NULL, BA_ERR_UNSUPPORTED, "solver=nag");
  refuse(context, "PositionKmer(k=2) | Logistic(solver=nag)", 2, NULL, BA_ERR_ARGUMENT, "the option length=");
  refuse(context, "Kmer(k=2) | Logistic(solver=nag)", 1, NULL, BA_ERR_CLASSES, "1 classes are declared");
  refuse(context, "Kmer(k=2) | Logistic(solver=nag)", 3, NULL, BA_ERR_CLASSES, "expected Softmax");
  refuse(context, "Kmer(k=2) | Softmax(solver=nag)", 4, NULL, BA_ERR_LABEL, "declared twice");
  refuse(context, "Kmer(k=2)", 2, NULL, BA_ERR_RECIPE, "has no model");
  refuse(context, "Kmer(k=2) | Logistic(solver=nag)", 2, "hold_out=1", BA_ERR_RECIPE, "accepted: seed, length");
  refuse(context, NULL, 2, NULL, BA_ERR_ARGUMENT, "expected a recipe");
  stream s = made(context, 2, 10, 60), other = made(context, 3, 10, 60);
  const char *const recipe = "Kmer(k=2) | Softmax(solver=nag)";
  ba_trainer *trainer = begun(&s, recipe, NULL, NULL), *rows = NULL;
  ba_dataset *dataset = batch(&s, 0, 9);
  REFUSED(context, ba_trainer_step(trainer), BA_ERR_UNSUPPORTED, "ba_trainer_update");
  REFUSED(context, ba_trainer_update(trainer, NULL), BA_ERR_ARGUMENT, "a batch of rows");
  REFUSED(context, ba_trainer_set(trainer, "l2=1"), BA_ERR_UNSUPPORTED, "no optimum");
  assert_int_equal(ba_trainer_update(NULL, dataset), BA_ERR_ARGUMENT);
  assert_int_equal(ba_trainer_create_online(NULL, recipe, NULL, 0, NULL, NULL, &rows), BA_ERR_ARGUMENT);
  OK(context, ba_trainer_create(context, recipe, dataset, NULL, &rows));
  REFUSED(context, ba_trainer_update(rows, dataset), BA_ERR_UNSUPPORTED, "has rows of its own");
  /* Models that do not fit. */
  ba_model *model = finished(&s, trainer);
  const char *three[] = {"first", "second", "third"}, *renamed[] = {"first", "last"};
  ba_trainer *none = NULL;
  REFUSED(context, ba_trainer_create_online(context, recipe, three, 3, model, NULL, &none), BA_ERR_ARGUMENT,
          "other classes");
  REFUSED(context, ba_trainer_create_online(context, recipe, renamed, 2, model, NULL, &none), BA_ERR_ARGUMENT,
          "other classes");
  REFUSED(context, ba_trainer_create_online(context, "Kmer(k=1) | Softmax(solver=nag)", three, 2, model, NULL, &none),
          BA_ERR_ARGUMENT, "other features");
  REFUSED(context, ba_trainer_create_online(context, "Kmer(k=2) | Logistic(solver=nag)", three, 2, model, NULL, &none),
          BA_ERR_ARGUMENT, "other kinds of answers");
  ba_model_release(model);
  ba_trainer_destroy(rows);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  ba_records_release(s.records);
  ba_records_release(other.records);
}

/* Columns of tables: a column times a power of two gives the same bits. Hashed categories need no look ahead. */
static void test_tables(void **state) {
  ba_context *context = *state;
  double scores[2][40];
  for (int32_t round = 0; round < 2; round++) {
    ba_trainer *trainer = NULL;
    uint64_t seed = 4;
    OK(context, ba_trainer_create_online(context,
                                         "Column(column=x) + Column(column=z) + CategoryHash(column=shop, slots=64) | "
                                         "Linear(solver=nag, l2=0)",
                                         NULL, 0, NULL, NULL, &trainer));
    double mean, last;
    for (int32_t turn = 0; turn < 40; turn++) {
      double x[10], z[10], y[10], shop[10];
      const double *const columns[] = {x, z, y, shop};
      static const char *const names[] = {"x", "z", "y", "shop"};
      const int64_t shape = 10;
      ba_table *table = NULL;
      ba_dataset *dataset = NULL;
      for (int32_t i = 0; i < 10; i++) {
        x[i] = (round ? 4096 : 1) * making_real(&seed);
        z[i] = making_real(&seed);
        shop[i] = (i + turn) % 3;
        y[i] = 2 * x[i] / (round ? 4096 : 1) - z[i] + 3 + (shop[i] == 1 ? 2 : 0);
      }
      OK(context, ba_table_create(context, 10, &table));
      for (int32_t c = 0; c < 4; c++) {
        ba_array *array = NULL;
        OK(context, ba_array_create(context, BA_FLOAT64, 1, &shape, &array));
        memcpy(ba_array_data_mut(array), columns[c], sizeof x);
        OK(context, ba_table_add_array(table, names[c], array, NULL));
        ba_array_release(array);
      }
      OK(context, ba_dataset_create(context, NULL, &dataset));
      OK(context, ba_dataset_add_table(dataset, table, "target=y"));
      OK(context, ba_trainer_update(trainer, dataset));
      ba_trainer_metrics(trainer, NULL, NULL, &mean, NULL, &last);
      scores[round][turn] = last;
      ba_dataset_destroy(dataset);
      ba_table_release(table);
    }
    assert_true(last < 0.01 && mean < 1); /* it found the line */
    ba_trainer_destroy(trainer);
  }
  SAME_BITS(scores[0], scores[1], 40);
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const labels[] = {"a", "b"}, *const names[] = {"b", "a"};
  const int64_t offsets[] = {0, 4, 9};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_trainer *trainer = NULL, *next = NULL;
  ba_model *model = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCG", offsets, 2, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_trainer_create_online(context, argument, names, 2, NULL, NULL, &trainer);
  if (!status) status = ba_trainer_update(trainer, dataset);
  if (!status) status = ba_trainer_finish(trainer, &model);
  if (!status) status = ba_trainer_create_online(context, argument, names, 2, model, NULL, &next);
  if (!status) status = ba_trainer_update(next, dataset);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_trainer_destroy(next);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  char recipe[] = "Kmer(k=1) | Logistic(solver=nag)";
  (void)state;
  assert_true(fault_sweep(life, recipe) > 80);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_any_batches, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_progressive_loss, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_bad_batch_leaves_no_trace, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_from_a_model, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_ends_at_any_batch, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_tables, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, open_folder, close_folder);
}
