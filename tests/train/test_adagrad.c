/* SPDX-License-Identifier: MIT
 *
 * test_adagrad.c: the updates by plain arithmetic, the penalty's implicit step, order and early stopping.
 */
#include <math.h>

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
  double l1;
} fixture;

static ba_status open_solver(fixture *f, double l2, double rate, uint64_t seed) {
  const bai_objective objective = {.outputs = 1, .l2 = l2, .l1 = f->l1};
  const double start[5] = {0};
  bai_recipe parsed = {{0, 0, 0}};
  ba_status status = bai_recipe_parse(f->context, "Kmer(k=1, value=count, norm=none)", &parsed);
  if (!status) status = bai_plan_create(f->context, bai_recipe_member(&parsed, 0), &f->plan);
  bai_recipe_free(f->context, &parsed);
  if (!status) status = bai_uses_make(f->context, f->dataset, -1, 0, 1, &f->uses);
  if (!status) status = bai_problem_create(f->context, f->dataset, f->plan, f->uses, &objective, &f->problem);
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

/* Rows "AA" (class 0, weight 1) and "C" (class 1, weight 3). Column A is met by the one, column C by the other; the
 * weights are pulled in for all steps since. */
static void test_two_rows_by_hand(void **state) {
  const double l2 = 0.125, rate = 0.5, epsilon = 1e-8;
  fixture f = {.context = *state};
  OK(*state, two_rows(*state, &f.dataset));
  OK(*state, open_solver(&f, l2, rate, 3));
  double w[2] = {0, 0}, b = 0, squares[2] = {0, 0}, b_squares = 0;
  int64_t met[2] = {0, 0}, step = 0;
  int32_t orders = 0;
  for (uint64_t epoch = 1; epoch <= 6; epoch++) {
    const int32_t swapped = bai_random(3, epoch, 1) < bai_random(3, epoch, 0);
    double expected_loss = 0.0, loss;
    orders |= 1 << swapped;
    for (int32_t i = 0; i < 2; i++) {
      const int32_t row = i ^ swapped;
      const double count = row ? 1.0 : 2.0, weight = row ? 3.0 : 1.0;
      step++;
      if (w[row] != 0.0) w[row] /= 1.0 + rate / sqrt(squares[row] + epsilon) * l2 * (double)(step - met[row]);
      met[row] = step;
      const double margin = w[row] * count + b, wrong = row ? -margin : margin;
      expected_loss += weight * log1p(exp(wrong));
      const double slope = (row ? -1.0 : 1.0) / (1.0 + exp(-wrong)) * weight * 2.0 / 4.0; /* mean weight is 1 */
      squares[row] += slope * count * slope * count;
      w[row] -= rate * slope * count / sqrt(squares[row] + epsilon);
      b_squares += slope * slope;
      b -= rate * slope / sqrt(b_squares + epsilon);
    }
    for (int32_t c = 0; c < 2; c++) {
      w[c] /= 1.0 + rate / sqrt(squares[c] + epsilon) * l2 * (double)(step - met[c]);
      met[c] = step;
    }
    OK(*state, bai_adagrad_epoch(f.solver, &loss));
    const double *x = bai_adagrad_point(f.solver);
    assert_true(fabs(loss - expected_loss / 4.0) < 1e-13);
    assert_true(fabs(x[0] - w[0]) < 1e-13 && fabs(x[1] - w[1]) < 1e-13 && fabs(x[4] - b) < 1e-13);
    assert_true(x[2] == 0.0 && x[3] == 0.0); /* never met */
  }
  assert_int_equal(orders, 3); /* both orders were seen */
  close_solver(&f);
}

/* A penalty that would overshoot as an explicit step pulls to zero: what is left is the last step, at most the rate. */
static void test_a_huge_penalty_is_stable(void **state) {
  fixture f = {.context = *state, .dataset = making_data(*state, 50, 10, 20, 2, 1)};
  OK(*state, open_solver(&f, 1e6, 10.0, 1));
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
    fixture f = {.context = *state, .dataset = making_data(*state, 500, 10, 40, 2, 1)};
    OK(*state, open_solver(&f, 1e-3, 0.5, round < 3 ? 7 : 8));
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
  fixture f = {.context = *state, .dataset = making_data(*state, 400, 20, 40, 2, 1)};
  OK(*state, open_solver(&f, 0.05, 0.5, 1));
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
  fixture f = {.context = *state, .kind = BAI_FTRL, .l1 = l1};
  OK(*state, two_rows(*state, &f.dataset));
  OK(*state, open_solver(&f, l2, rate, 3));
  double pulls[3] = {0}, squares[3] = {0}, w[3] = {0}; /* A, C, intercept */
  double step = 0;
  for (uint64_t epoch = 1; epoch <= 6; epoch++) {
    const int32_t swapped = bai_random(3, epoch, 1) < bai_random(3, epoch, 0);
    double loss;
    for (int32_t i = 0; i < 2; i++) {
      const int32_t row = i ^ swapped;
      const double count = row ? 1.0 : 2.0, weight = row ? 3.0 : 1.0;
      step++;
      const double pull = pulls[row], cut = fmax(fabs(pull) - step * l1, 0.0);
      w[row] = -copysign(cut, pull) / (sqrt(squares[row] + epsilon) / rate + step * l2);
      const double margin = w[row] * count + w[2];
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
  fixture f = {.context = *state, .dataset = making_data(*state, 100, 10, 20, 2, 1)};
  OK(*state, open_solver(&f, 1e-3, 0.5, 1));
  double loss;
  OK(*state, bai_adagrad_epoch(f.solver, &loss));
  ba_context_cancel(*state);
  REFUSED(*state, bai_adagrad_epoch(f.solver, &loss), BA_ERR_CANCELLED, "cancelled");
  OK(*state, ba_context_reset(*state));
  OK(*state, bai_adagrad_epoch(f.solver, &loss));
  close_solver(&f);
}

static ba_status life(ba_context *context, void *argument) {
  fixture f = {.context = context};
  double loss;
  (void)argument;
  ba_status status = two_rows(context, &f.dataset);
  if (!status) status = open_solver(&f, 0.1, 0.5, 1);
  if (!status) status = bai_adagrad_epoch(f.solver, &loss);
  close_solver(&f);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_two_rows_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_huge_penalty_is_stable, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_reproducible, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_comes_near_the_optimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_ftrl_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_goes_on_after_a_cancel, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
