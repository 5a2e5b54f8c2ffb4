/* SPDX-License-Identifier: MIT
 *
 * test_adagrad.c: the updates by plain arithmetic, the penalty's implicit step, order, batches.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/adagrad.h"

typedef struct fixture {
  ba_context *context;
  ba_dataset *dataset;
  bai_plan *plan;
  uint8_t *uses;
  bai_problem *problem;
  bai_adagrad *solver;
  bai_adagrad_kind kind;
  double l2, l1;
  int32_t number; /* squared loss */
} fixture;

static ba_status open_solver(fixture *f, double rate, uint64_t seed) {
  const bai_objective objective = {
      .outputs = 1, .l2 = f->l2, .l1 = f->l1, .loss.kind = f->number ? BAI_LOSS_SQUARED : BAI_LOSS_CLASSES};
  const double start[5] = {0};
  bai_recipe parsed = {{0, 0, 0}};
  ba_status status = bai_recipe_parse(f->context, "Kmer(k=1, value=count, norm=none)", &parsed);
  if (!status) status = bai_plan_create(f->context, bai_recipe_member(&parsed, 0), &f->plan);
  bai_recipe_free(f->context, &parsed);
  if (!status) status = bai_uses_make(f->context, f->dataset, -1, 0, 1, &f->uses);
  if (!status) status = bai_problem_create(f->context, f->dataset, f->plan, f->uses, NULL, &objective, &f->problem);
  if (!status) status = bai_adagrad_create(f->context, f->problem, f->kind, rate, start, seed, &f->solver);
  return status;
}

static void close_solver(fixture *f) {
  bai_adagrad_destroy(f->solver);
  bai_problem_destroy(f->problem);
  bai_free(f->context, f->uses);
  bai_plan_destroy(f->plan);
  ba_dataset_destroy(f->dataset);
}

static ba_status two_rows(ba_context *context, ba_dataset **dataset) {
  static const char *const labels[] = {"0", "1"};
  const int64_t offsets[] = {0, 2, 3};
  const double weights[] = {1.0, 3.0};
  ba_records *records = NULL;
  ba_status status = ba_dataset_create(context, NULL, dataset);
  if (!status) status = ba_records_create(context, "AAC", offsets, 2, &records);
  if (!status) status = ba_dataset_add_records(*dataset, records, labels, weights, NULL, BA_PART_TRAIN);
  ba_records_release(records);
  return status;
}

/* ---- a plain version, a row as five numbers ---- */

typedef struct plain {
  double w[5], squares[5], scale[5], met[5]; /* columns A, C, G, T and the intercept */
  double total, norm, size;
} plain;

/* By bisection, as far as doubles go: the m with m + e^m = margin + e^margin + time. */
static double risen(double margin, double time) {
  double low = margin, high = margin + time;
  for (int32_t i = 0; i < 200; i++) {
    const double middle = (low + high) / 2;
    *(middle - margin + exp(margin) * expm1(middle - margin) < time ? &low : &high) = middle;
  }
  return low - margin;
}

static double common(const plain *s, double rate, int32_t number, int64_t epoch) {
  return s->norm > 0 ? rate * sqrt(s->total / s->norm * (number ? s->size / s->total : 1) / (double)epoch) : 0;
}

static void pull_in(plain *s, int32_t c, double rate, double l2) {
  if (c < 4 && s->squares[c] > 0)
    s->w[c] /= 1 + rate / (s->scale[c] * sqrt(s->squares[c])) * l2 * (s->total - s->met[c]);
}

/* Returns the loss of the row before it is learnt; `target` is a number, or the class. */
static double plain_row(const fixture *f, plain *s, const double *x, double target, double weight, double rate,
                        int64_t epoch) {
  const double before = common(s, rate, f->number, epoch);
  double margin = 0, speed = 0;
  for (int32_t c = 0; c < 5; c++) {
    if (x[c] == 0) continue;
    pull_in(s, c, before, f->l2);
    if (f->kind != BAI_NAG) {
      s->scale[c] = 1;
    } else if (x[c] > s->scale[c]) {
      if (s->scale[c] > 0) s->w[c] *= s->scale[c] / x[c];
      s->scale[c] = x[c];
    }
    s->met[c] = s->total;
    s->norm += weight * pow(x[c] / s->scale[c], 2);
    margin += s->w[c] * x[c];
  }
  s->total += weight;
  s->size += weight * target * target;
  const double side = target > 0 ? 1 : -1, rest = margin - target;
  const double slope = f->number ? rest : -side / (1 + exp(side * margin)), now = common(s, rate, f->number, epoch);
  for (int32_t c = 0; c < 5 && slope != 0; c++) {
    if (x[c] == 0) continue;
    s->squares[c] += weight * pow(slope * x[c], 2);
    speed += x[c] * x[c] / (s->scale[c] * sqrt(s->squares[c]));
  }
  const double time = weight * now * speed, far = f->number ? rest * expm1(-time) : side * risen(side * margin, time);
  for (int32_t c = 0; c < 5 && slope != 0; c++)
    if (x[c] != 0) s->w[c] += far / speed * x[c] / (s->scale[c] * sqrt(s->squares[c]));
  return f->number ? rest * rest / 2 : log1p(exp(-side * margin));
}

static ba_status four_rows(ba_context *context, ba_dataset **dataset) {
  static const char *const labels[] = {"1", "0", "0", "1"};
  const int64_t offsets[] = {0, 3, 4, 9, 11};
  const double weights[] = {1.0, 3.0, 0.5, 1.5};
  ba_records *records = NULL;
  ba_status status = ba_dataset_create(context, NULL, dataset);
  if (!status)
    status = ba_records_create(context,
                               "AAC"
                               "A"
                               "CCCCG"
                               "GA",
                               offsets, 4, &records);
  if (!status) status = ba_dataset_add_records(*dataset, records, labels, weights, NULL, BA_PART_TRAIN);
  ba_records_release(records);
  return status;
}

static void check_by_hand(ba_context *context, bai_adagrad_kind kind, int32_t number) {
  static const double rows[4][5] = {{2, 1, 0, 0, 1}, {1, 0, 0, 0, 1}, {0, 4, 1, 0, 1}, {1, 0, 1, 0, 1}};
  static const double targets[] = {1, 0, 0, 1}, weights[] = {1.0, 3.0, 0.5, 1.5}; /* 6 in all */
  const double rate = 0.5;
  fixture f = {.context = context, .kind = kind, .number = number, .l2 = 0.125};
  plain s = {.scale = {0, 0, 0, 0, 1}};
  OK(context, four_rows(context, &f.dataset));
  OK(context, open_solver(&f, rate, 3));
  for (int64_t epoch = 1; epoch <= 6; epoch++) {
    int32_t left = 15;
    double expected = 0, loss;
    while (left) {
      int32_t row = -1;
      for (int32_t r = 0; r < 4; r++)
        if (left >> r & 1 &&
            (row < 0 || bai_random(3, (uint64_t)epoch, (uint64_t)r) < bai_random(3, (uint64_t)epoch, (uint64_t)row)))
          row = r;
      left &= ~(1 << row);
      expected += weights[row] * plain_row(&f, &s, rows[row], targets[row], weights[row] * 4 / 6, rate, epoch);
    }
    OK(context, bai_adagrad_epoch(f.solver, &loss));
    const double *x = bai_adagrad_point(f.solver);
    if (!(fabs(loss - expected / 6) < 1e-12))
      fail_msg("kind %d, number %d, epoch %d: %.17g %.17g", (int)kind, (int)number, (int)epoch, loss, expected / 6);
    plain settled = s; /* the penalty of the rows since, in what is looked at alone */
    for (int32_t c = 0; c < 5; c++) pull_in(&settled, c, common(&s, rate, number, epoch), f.l2);
    for (int32_t c = 0; c < 5; c++)
      if (!(fabs(x[c] - settled.w[c]) < 1e-12))
        fail_msg("kind %d, number %d, epoch %d, column %d: %.17g %.17g", (int)kind, (int)number, (int)epoch, (int)c,
                 x[c], settled.w[c]);
    assert_true(x[3] == 0.0 && x[0] != 0.0 && x[2] != 0.0);
  }
  close_solver(&f);
}

static void test_by_hand(void **state) {
  check_by_hand(*state, BAI_ADAGRAD, 0);
  check_by_hand(*state, BAI_ADAGRAD, 1);
  check_by_hand(*state, BAI_NAG, 0);
  check_by_hand(*state, BAI_NAG, 1);
}

/* A learns from rows in order what it would from the same in batches of any sizes, to the bit; a batch with a row that
 * cannot be read teaches nothing. */
static void learn_in_batches(ba_context *context, bai_adagrad_kind kind, const int64_t *ends, double *point) {
  fixture f = {.context = context, .kind = kind, .l2 = 1e-3, .l1 = kind == BAI_FTRL ? 1e-3 : 0};
  f.dataset = making_data(context, 60, 10, 20, 2, 1);
  OK(context, open_solver(&f, 0.0, 7));
  double *weights = f.problem->weights, all[60], loss;
  memcpy(all, weights, sizeof all);
  for (int64_t from = 0; from < 60; from = *ends++) {
    for (int64_t row = 0; row < 60; row++) weights[row] = row >= from && row < *ends ? all[row] : 0.0;
    OK(context, bai_adagrad_learn(f.solver, &loss));
    assert_true(loss > 0.0);
    bai_adagrad_settle(f.solver); /* looking makes no difference */
    weights[0] = 1e300;           /* the margins overflow */
    weights[59] = 1e300;
    ba_context_cancel(context);
    REFUSED(context, bai_adagrad_learn(f.solver, &loss), BA_ERR_CANCELLED, "cancelled");
    OK(context, ba_context_reset(context));
  }
  bai_adagrad_settle(f.solver);
  memcpy(point, bai_adagrad_point(f.solver), 5 * 8);
  close_solver(&f);
}

static void test_batches(void **state) {
  static const int64_t ends[][4] = {{60}, {1, 2, 60}, {20, 40, 59, 60}};
  for (int32_t kind = BAI_ADAGRAD; kind <= BAI_NAG; kind++) {
    double first[5], point[5];
    learn_in_batches(*state, (bai_adagrad_kind)kind, ends[0], first);
    for (int32_t i = 1; i < 3; i++) {
      learn_in_batches(*state, (bai_adagrad_kind)kind, ends[i], point);
      SAME_BITS(first, point, 5);
    }
  }
}

/* A scale of all weights of rows makes no difference to epochs. */
static void test_scale_of_the_weights(void **state) {
  double first[5], loss;
  for (int32_t kind = BAI_ADAGRAD; kind <= BAI_NAG; kind++) {
    for (int32_t round = 0; round < 2; round++) {
      fixture f = {.context = *state, .kind = (bai_adagrad_kind)kind, .l2 = 1e-3};
      OK(*state, four_rows(*state, &f.dataset));
      for (int32_t i = 0; i < 4; i++) ((double *)f.dataset->weights.data)[i] *= round ? 1024.0 : 1.0;
      OK(*state, open_solver(&f, 0.0, 3));
      for (int32_t i = 0; i < 3; i++) OK(*state, bai_adagrad_epoch(f.solver, &loss));
      if (round == 0) memcpy(first, bai_adagrad_point(f.solver), sizeof first);
      SAME_BITS(first, bai_adagrad_point(f.solver), 5);
      close_solver(&f);
    }
  }
}

static void predict(ba_context *context, const char *recipe, ba_dataset *dataset, double *scores) {
  ba_records *records = NULL;
  ba_scorer *scorer = NULL;
  ba_model *model = making_trained(context, recipe, dataset, NULL);
  double answers[200];
  OK(context, ba_dataset_records(dataset, 0, 100, &records));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, scores, answers));
  ba_scorer_destroy(scorer);
  ba_records_release(records);
  ba_model_release(model);
}

/* With nag the scale of a column makes no difference: powers of two to the bit, others to rounding. */
static void test_scale_of_a_column(void **state) {
  double first[100], scores[100], other[100], plain_scores[100];
  ba_dataset *dataset = making_data(*state, 100, 10, 300, 2, 1);
  predict(*state, "Kmer(k=1..2) + Length(per=1) | Logistic(solver=nag, l2=0, epochs=3)", dataset, first);
  predict(*state, "Kmer(k=1..2) + Length(per=4096) | Logistic(solver=nag, l2=0, epochs=3)", dataset, scores);
  predict(*state, "Kmer(k=1..2) + Length(per=1000) | Logistic(solver=nag, l2=0, epochs=3)", dataset, other);
  predict(*state, "Kmer(k=1..2) + Length(per=1000) | Logistic(l2=0, solver=adagrad, epochs=3)", dataset, plain_scores);
  SAME_BITS(first, scores, 100);
  double differ = 0.0;
  for (int32_t i = 0; i < 100; i++) {
    assert_true(fabs(first[i] - other[i]) < 1e-6); /* weights of a model have 32 bits */
    differ = fmax(differ, fabs(first[i] - plain_scores[i]));
  }
  assert_true(differ > 0.01);
  ba_dataset_destroy(dataset);
}

/* Numbers a thousand times as large give a thousand times the answers, without another rate. */
static void test_scale_of_the_target(void **state) {
  double scores[2][100];
  for (int32_t round = 0; round < 2; round++) {
    char texts[100][40];
    const char *labels[100];
    uint64_t seed = 5;
    ba_dataset *dataset = NULL;
    ba_records *records = making_records(*state, 100, 20, 60, "ACGT", 3);
    for (int32_t i = 0; i < 100; i++) {
      snprintf(texts[i], sizeof texts[i], "%.17g", (1.0 + making_real(&seed)) * (round ? 1024.0 : 1.0));
      labels[i] = texts[i];
    }
    OK(*state, ba_dataset_create(*state, NULL, &dataset));
    OK(*state, ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN));
    predict(*state, "Kmer(k=1..2) | Linear(solver=adagrad)", dataset, scores[round]);
    ba_records_release(records);
    ba_dataset_destroy(dataset);
  }
  for (int32_t i = 0; i < 100; i++) assert_true(scores[1][i] == 1024.0 * scores[0][i]);
}

/* A penalty that would overshoot as an explicit step pulls to zero: what is left is the last step, at most the rate. */
static void test_a_huge_penalty_is_stable(void **state) {
  fixture f = {.context = *state, .dataset = making_data(*state, 50, 10, 20, 2, 1), .l2 = 1e6};
  OK(*state, open_solver(&f, 10.0, 1));
  double loss;
  for (int32_t i = 0; i < 5; i++) OK(*state, bai_adagrad_epoch(f.solver, &loss));
  for (int32_t c = 0; c < 4; c++) assert_true(fabs(bai_adagrad_point(f.solver)[c]) <= 10.0);
  close_solver(&f);
}

static void test_reproducible(void **state) {
  double first[5], loss, first_loss = 0.0;
  for (int32_t round = 0; round < 4; round++) { /* the last has another seed */
    if (!making_level(*state, round % 3)) continue;
    OK(*state, ba_context_set_threads(*state, round + 1));
    fixture f = {.context = *state, .dataset = making_data(*state, 500, 10, 40, 2, 1), .l2 = 1e-3};
    OK(*state, open_solver(&f, 0.5, round < 3 ? 7 : 8));
    for (int32_t i = 0; i < 3; i++) OK(*state, bai_adagrad_epoch(f.solver, &loss));
    if (round == 0) {
      memcpy(first, bai_adagrad_point(f.solver), sizeof first);
      first_loss = loss;
    }
    assert_int_equal(memcmp(first, bai_adagrad_point(f.solver), sizeof first) == 0, round < 3);
    assert_int_equal(loss == first_loss, round < 3);
    close_solver(&f);
  }
}

/* It goes to the optimum: the gradient of the objective there is small. */
static void test_comes_near_the_optimum(void **state) {
  fixture f = {.context = *state, .dataset = making_data(*state, 400, 20, 40, 2, 1), .l2 = 0.05};
  OK(*state, open_solver(&f, 0.5, 1));
  double loss, start, objective, gradient[5], zero[5] = {0};
  OK(*state, bai_problem_evaluate(f.problem, zero, &start, gradient));
  for (int32_t i = 0; i < 200; i++) OK(*state, bai_adagrad_epoch(f.solver, &loss));
  OK(*state, bai_problem_evaluate(f.problem, bai_adagrad_point(f.solver), &objective, gradient));
  assert_true(objective < start);
  /* The optimum by plain descent with the exact gradient. */
  double x[5] = {0}, best;
  for (int32_t i = 0; i < 4000; i++) {
    OK(*state, bai_problem_evaluate(f.problem, x, &best, gradient));
    for (int32_t c = 0; c < 5; c++) x[c] -= 0.005 * gradient[c];
    if (i % 100 == 0 && fabs(gradient[0]) + fabs(gradient[1]) + fabs(gradient[4]) < 1e-6) break;
  }
  assert_true(objective - best < 0.02 * (start - best));
  close_solver(&f);
}

/* The same two rows by FTRL-proximal: w minimises pulls w + t l1 |w| + (t l2 + root/rate) w^2 / 2. */
static void test_ftrl_by_hand(void **state) {
  const double l2 = 0.125, l1 = 0.01, rate = 0.5, epsilon = 1e-8;
  fixture f = {.context = *state, .kind = BAI_FTRL, .l2 = l2, .l1 = l1};
  OK(*state, two_rows(*state, &f.dataset));
  OK(*state, open_solver(&f, rate, 3));
  double pulls[3] = {0}, squares[3] = {0}, w[3] = {0}; /* A, C, intercept */
  double step = 0;
  for (uint64_t epoch = 1; epoch <= 6; epoch++) {
    const int32_t swapped = bai_random(3, epoch, 1) < bai_random(3, epoch, 0);
    double loss;
    for (int32_t i = 0; i < 2; i++) {
      const int32_t row = i ^ swapped;
      const double count = row ? 1.0 : 2.0, weight = row ? 3.0 : 1.0;
      const double pull = pulls[row], cut = fmax(fabs(pull) - step * l1, 0.0);
      w[row] = -copysign(cut, pull) / (sqrt(squares[row] + epsilon) / rate + step * l2);
      const double margin = w[row] * count + w[2];
      step += weight / 2.0; /* mean weight is 1 */
      const double slope = (row ? -1.0 / (1.0 + exp(margin)) : 1.0 / (1.0 + exp(-margin))) * weight / 2.0;
      for (int32_t k = row; k <= 2; k += 2 - row) {
        const double gradient = k == 2 ? slope : slope * count;
        const double grown = sqrt(squares[k] + gradient * gradient + epsilon) - sqrt(squares[k] + epsilon);
        pulls[k] += gradient - grown / rate * w[k];
        squares[k] += gradient * gradient;
      }
      w[2] = -pulls[2] / (sqrt(squares[2] + epsilon) / rate);
    }
    for (int32_t c = 0; c < 2; c++)
      w[c] =
          -copysign(fmax(fabs(pulls[c]) - step * l1, 0.0), pulls[c]) / (sqrt(squares[c] + epsilon) / rate + step * l2);
    OK(*state, bai_adagrad_epoch(f.solver, &loss));
    const double *x = bai_adagrad_point(f.solver);
    assert_true(fabs(x[0] - w[0]) < 1e-12 && fabs(x[1] - w[1]) < 1e-12 && fabs(x[4] - w[2]) < 1e-12);
    assert_true(x[2] == 0.0 && x[3] == 0.0);
  }
  close_solver(&f);
}

static void test_goes_on_after_a_cancel(void **state) {
  fixture f = {.context = *state, .dataset = making_data(*state, 100, 10, 20, 2, 1), .l2 = 1e-3};
  OK(*state, open_solver(&f, 0.5, 1));
  double loss;
  OK(*state, bai_adagrad_epoch(f.solver, &loss));
  ba_context_cancel(*state);
  REFUSED(*state, bai_adagrad_epoch(f.solver, &loss), BA_ERR_CANCELLED, "cancelled");
  OK(*state, ba_context_reset(*state));
  OK(*state, bai_adagrad_epoch(f.solver, &loss));
  close_solver(&f);
}

static ba_status life(ba_context *context, void *argument) {
  fixture f = {.context = context, .l2 = 0.1};
  double loss;
  (void)argument;
  ba_status status = two_rows(context, &f.dataset);
  if (!status) status = open_solver(&f, 0.5, 1);
  if (!status) status = bai_adagrad_epoch(f.solver, &loss);
  if (!status) status = bai_adagrad_learn(f.solver, &loss);
  close_solver(&f);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_batches, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_scale_of_the_weights, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_scale_of_a_column, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_scale_of_the_target, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_huge_penalty_is_stable, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_reproducible, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_comes_near_the_optimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_ftrl_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_goes_on_after_a_cancel, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
