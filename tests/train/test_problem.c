/* SPDX-License-Identifier: MIT
 *
 * test_problem.c: objective and gradient against central differences and plain arithmetic; weights as rows; the same
 * bits for any number of threads.
 */
#include <math.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/problem.h"

typedef struct fixture {
  ba_context *context;
  ba_dataset *dataset;
  bai_plan *plan;
  uint8_t *uses;
  bai_problem *problem;
} fixture;

static ba_status open_problem(fixture *f, const char *recipe, int32_t outputs, int32_t hold_out, int32_t balanced,
                              double l2) {
  const bai_objective objective = {.outputs = outputs, .balanced = balanced, .l2 = l2};
  bai_recipe parsed = {{0, 0, 0}};
  ba_status status = bai_recipe_parse(f->context, recipe, &parsed);
  if (!status) status = bai_plan_create(f->context, bai_recipe_member(&parsed, 0), &f->plan);
  bai_recipe_free(f->context, &parsed);
  if (!status) status = bai_uses_make(f->context, f->dataset, hold_out, 0, 1, &f->uses);
  if (!status) status = bai_problem_create(f->context, f->dataset, f->plan, f->uses, NULL, &objective, &f->problem);
  return status;
}

static void close_problem(fixture *f) {
  bai_problem_destroy(f->problem);
  bai_free(f->context, f->uses);
  bai_plan_destroy(f->plan);
  ba_dataset_destroy(f->dataset);
}

/* Rows of the letters given, all of part train. */
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

static void random_point(double *x, int64_t n, uint64_t seed) {
  for (int64_t i = 0; i < n; i++) x[i] = 2.0 * making_real(&seed);
}

/* Two rows, Kmer(k=1) with counts, by plain arithmetic. */
static void test_by_hand(void **state) {
  static const char *const letters[] = {"AAC", "GTT"}, *const labels[] = {"0", "1"};
  const double weights[] = {1.0, 3.0}, x[] = {0.5, -0.25, 0.125, 1.0, 0.75};
  fixture f = {.context = *state, .dataset = rows_of(*state, 2, letters, labels, weights)};
  OK(*state, open_problem(&f, "Kmer(k=1, value=count, norm=none)", 1, -1, 0, 0.5));
  assert_int_equal(f.problem->parameters, 5);
  double objective, gradient[5];
  OK(*state, bai_problem_evaluate(f.problem, x, &objective, gradient));
  const double m0 = 2 * 0.5 - 0.25 + 0.75, m1 = 0.125 + 2 * 1.0 + 0.75;
  const double s0 = 1.0 / (1.0 + exp(-m0)), s1 = 1.0 / (1.0 + exp(m1)); /* chances of the wrong class */
  const double squares = 0.25 + 0.0625 + 0.015625 + 1.0;
  assert_true(fabs(objective - ((log1p(exp(m0)) + 3 * log1p(exp(-m1))) / 4 + 0.25 * squares)) < 1e-14);
  const double expected[] = {2 * s0 / 4 + 0.5 * 0.5, s0 / 4 - 0.5 * 0.25, -3 * s1 / 4 + 0.5 * 0.125,
                             -6 * s1 / 4 + 0.5 * 1.0, (s0 - 3 * s1) / 4};
  for (int32_t i = 0; i < 5; i++) assert_true(fabs(gradient[i] - expected[i]) < 1e-14);
  close_problem(&f);
}

static void check_gradient(ba_context *context, const char *recipe, int32_t classes, int32_t outputs) {
  fixture f = {.context = context, .dataset = making_data(context, 60, 0, 40, classes, 5)};
  OK(context, open_problem(&f, recipe, outputs, -1, 0, 0.03));
  const int64_t n = f.problem->parameters;
  double x[400], gradient[400], spare[400], up, down, largest = 0.0;
  assert_in_range(n, 1, 400);
  random_point(x, n, 6);
  OK(context, bai_problem_evaluate(f.problem, x, &up, gradient));
  for (int64_t i = 0; i < n; i++) largest = fmax(largest, fabs(gradient[i]));
  for (int64_t i = 0; i < n; i++) {
    const double kept = x[i], h = 1e-5;
    x[i] = kept + h;
    OK(context, bai_problem_evaluate(f.problem, x, &up, spare));
    x[i] = kept - h;
    OK(context, bai_problem_evaluate(f.problem, x, &down, spare));
    x[i] = kept;
    assert_true(fabs((up - down) / (2 * h) - gradient[i]) <= 1e-6 * largest);
  }
  close_problem(&f);
}

/* Products of the Hessian, and its diagonal, against differences of the gradient. */
static void check_hessian(ba_context *context, const char *recipe, int32_t classes, int32_t outputs) {
  fixture f = {.context = context, .dataset = making_data(context, 60, 0, 40, classes, 5)};
  OK(context, open_problem(&f, recipe, outputs, -1, 0, 0.03));
  const int64_t n = f.problem->parameters;
  const double h = 1e-5;
  double x[400], moved[400], direction[400], product[400], diagonal[400], up[400], down[400], value;
  assert_in_range(n, 1, 400);
  random_point(x, n, 6);
  random_point(direction, n, 7);
  OK(context, bai_problem_product(f.problem, x, direction, product));
  for (int64_t i = 0; i < n; i++) moved[i] = x[i] + h * direction[i];
  OK(context, bai_problem_evaluate(f.problem, moved, &value, up));
  for (int64_t i = 0; i < n; i++) moved[i] = x[i] - h * direction[i];
  OK(context, bai_problem_evaluate(f.problem, moved, &value, down));
  for (int64_t i = 0; i < n; i++) assert_true(fabs((up[i] - down[i]) / (2 * h) - product[i]) <= 1e-7);
  OK(context, bai_problem_diagonal(f.problem, x, diagonal));
  for (int64_t i = 0; i < n; i++) { /* the i-th entry of the product with the i-th axis */
    memset(direction, 0, sizeof direction);
    direction[i] = 1.0;
    OK(context, bai_problem_product(f.problem, x, direction, product));
    assert_true(fabs(product[i] - diagonal[i]) <= 1e-13);
  }
  close_problem(&f);
}

static void test_second_derivatives(void **state) {
  check_hessian(*state, "Kmer(k=1..2, value=freq, norm=l1) + Kmer(k=3, strand=canonical, value=binary)", 2, 1);
  check_hessian(*state, "Kmer(k=1..2, value=sqrt, norm=l2)", 3, 3);
  check_hessian(*state, "Kmer(k=1..2)", 2, 2);
}

static void test_gradients(void **state) {
  check_gradient(*state, "Kmer(k=1..3)", 2, 1);
  check_gradient(*state, "Kmer(k=1..2, value=freq, norm=l1) + Kmer(k=3, strand=canonical, value=binary)", 2, 1);
  check_gradient(*state, "Kmer(k=1..2, value=count, norm=l2) + Kmer(k=4, slots=16)", 3, 3);
  check_gradient(*state, "Kmer(k=1..2)", 2, 2);
  check_gradient(*state, "Kmer(k=2)", 4, 4);
}

/* Objective and gradient of all rows at a fixed point. */
static double evaluate(fixture *f, double *gradient) {
  double x[400], objective;
  assert_in_range(f->problem->parameters, 1, 400);
  random_point(x, f->problem->parameters, 8);
  OK(f->context, bai_problem_evaluate(f->problem, x, &objective, gradient));
  return objective;
}

static void test_a_weight_is_so_many_rows(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA", "CCCGT", "ACGTAC", "ACGTAC", "CCCGT"};
  static const char *const labels[] = {"a", "b", "c", "a", "a", "c"};
  const double weights[] = {3.0, 1.0, 2.0};
  double first[400], second[400];
  fixture f = {.context = *state, .dataset = rows_of(*state, 3, letters, labels, weights)};
  OK(*state, open_problem(&f, "Kmer(k=1..2)", 3, -1, 0, 0.01));
  const double weighted = evaluate(&f, first);
  const int64_t n = f.problem->parameters;
  assert_true(f.problem->weight_total == 6.0);
  close_problem(&f);
  fixture g = {.context = *state, .dataset = rows_of(*state, 6, letters, labels, NULL)};
  OK(*state, open_problem(&g, "Kmer(k=1..2)", 3, -1, 0, 0.01));
  assert_true(fabs(evaluate(&g, second) - weighted) <= 1e-10 * weighted);
  for (int64_t i = 0; i < n; i++) assert_true(fabs(first[i] - second[i]) <= 1e-10);
  close_problem(&g);
}

/* Rows of weight zero, of other parts and of the fold left out make no difference at all. */
static void test_rows_that_are_not_there(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA", "CCCGT", "TTTT"}, *const labels[] = {"a", "b", "a", "b"};
  const double weights[] = {1.0, 1.0, 0.0, 1.0};
  double first[400], second[400], third[400];
  fixture f = {.context = *state, .dataset = rows_of(*state, 2, letters, labels, NULL)};
  OK(*state, open_problem(&f, "Kmer(k=1..2)", 1, -1, 0, 0.01));
  const double plain = evaluate(&f, first);
  close_problem(&f);
  fixture g = {.context = *state, .dataset = rows_of(*state, 3, letters, labels, weights)};
  ba_records *more = making_records(*state, 20, 4, 9, "ACGT", 3);
  OK(*state, making_add(g.dataset, more, 2, BA_PART_TEST));
  OK(*state, making_add(g.dataset, more, 2, BA_PART_DEV));
  ba_records_release(more);
  assert_int_equal(ba_dataset_classes(g.dataset), 4); /* a and b, and the test rows' own */
  OK(*state, open_problem(&g, "Kmer(k=1..2)", 1, -1, 0, 0.01));
  assert_true(evaluate(&g, second) == plain);
  SAME_BITS(first, second, 21);
  close_problem(&g);
  fixture h = {.context = *state, .dataset = rows_of(*state, 4, letters, labels, NULL)};
  OK(*state, bai_dataset_hold_folds(h.dataset));
  ((int32_t *)h.dataset->folds.data)[2] = 1;
  ((int32_t *)h.dataset->folds.data)[3] = 1;
  ((int32_t *)h.dataset->folds.data)[0] = 0;
  OK(*state, open_problem(&h, "Kmer(k=1..2)", 1, 1, 0, 0.01));
  assert_true(evaluate(&h, third) == plain);
  SAME_BITS(first, third, 21);
  close_problem(&h);
}

/* balanced: as if every class had the same weight, the whole unchanged. */
static void test_balanced_weights(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA", "CCCGT", "TTTT"}, *const labels[] = {"a", "b", "b", "b"};
  const double weights[] = {2.0, 1.0, 4.0, 1.0}, by_hand[] = {4.0, 4.0 / 6, 16.0 / 6, 4.0 / 6};
  double first[400], second[400];
  fixture f = {.context = *state, .dataset = rows_of(*state, 4, letters, labels, weights)};
  OK(*state, open_problem(&f, "Kmer(k=1..2)", 1, -1, 1, 0.01));
  for (int32_t i = 0; i < 4; i++) assert_true(fabs(f.problem->weights[i] - by_hand[i]) < 1e-15);
  const double balanced = evaluate(&f, first);
  close_problem(&f);
  fixture g = {.context = *state, .dataset = rows_of(*state, 4, letters, labels, by_hand)};
  OK(*state, open_problem(&g, "Kmer(k=1..2)", 1, -1, 0, 0.01));
  assert_true(fabs(evaluate(&g, second) - balanced) < 1e-14);
  for (int32_t i = 0; i < 21; i++) assert_true(fabs(first[i] - second[i]) < 1e-14);
  close_problem(&g);
}

/* A class that only another part has weighs nothing in all, and divides nothing. */
static void test_balanced_without_a_class(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA"}, *const labels[] = {"a", "b"};
  double first[400], second[400];
  fixture f = {.context = *state, .dataset = rows_of(*state, 2, letters, labels, NULL)};
  OK(*state, open_problem(&f, "Kmer(k=1)", 3, -1, 1, 0.01));
  const double plain = evaluate(&f, first);
  close_problem(&f);
  fixture g = {.context = *state, .dataset = rows_of(*state, 2, letters, labels, NULL)};
  ba_records *more = making_records(*state, 5, 4, 9, "ACGT", 3);
  OK(*state, making_add(g.dataset, more, 1, BA_PART_DEV));
  ba_records_release(more);
  OK(*state, open_problem(&g, "Kmer(k=1)", 3, -1, 1, 0.01));
  assert_true(evaluate(&g, second) == plain);
  SAME_BITS(first, second, 15);
  close_problem(&g);
}

static void test_losses_far_out(void **state) {
  fixture f = {.context = *state, .dataset = making_data(*state, 4, 5, 9, 2, 1)};
  OK(*state, open_problem(&f, "Kmer(k=1)", 1, -1, 0, 0.0));
  const bai_kernels *kernels = bai_kernels_of(*state);
  double margin = 2000.0;
  assert_true(bai_problem_loss(f.problem, kernels, &margin, 0) == 2000.0);
  assert_true(margin == 1.0);
  margin = 2000.0;
  assert_true(bai_problem_loss(f.problem, kernels, &margin, 1) == 0.0);
  assert_true(margin == 0.0);
  close_problem(&f);
  fixture g = {.context = *state, .dataset = making_data(*state, 9, 5, 9, 3, 1)};
  OK(*state, open_problem(&g, "Kmer(k=1)", 3, -1, 0, 0.0));
  double margins[] = {3000.0, -3000.0, 1000.0};
  assert_true(bai_problem_loss(g.problem, kernels, margins, 1) == 6000.0);
  assert_true(margins[0] == 1.0 && margins[1] == -1.0 && margins[2] == 0.0);
  close_problem(&g);
}

/* The mean loss of a part, weighted; not a number without rows. */
static void test_part_loss(void **state) {
  static const char *const letters[] = {"ACGTAC", "GGGTTAA", "CCCGT"}, *const labels[] = {"0", "1", "1"};
  const double weights[] = {1.0, 3.0, 1.0}, x[] = {0.5, -0.25, 0.125, 1.0, 0.75};
  double all, loss, gradient[5];
  fixture f = {.context = *state, .dataset = rows_of(*state, 3, letters, labels, weights)};
  OK(*state, open_problem(&f, "Kmer(k=1)", 1, -1, 0, 0.0));
  OK(*state, bai_problem_evaluate(f.problem, x, &all, gradient));
  OK(*state, bai_problem_mean_loss(f.problem, x, BAI_USE_TRAIN, &loss));
  assert_true(fabs(all - loss) < 1e-15);
  OK(*state, bai_problem_mean_loss(f.problem, x, BAI_USE_DEV, &loss));
  assert_true(isnan(loss));
  close_problem(&f);
}

/* Seven blocks and a half: the tree has an odd end at every level. Also when the threads change under way. */
static void test_the_same_bits_for_any_threads(void **state) {
  static const int32_t threads[] = {1, 2, 3, 7}, later[] = {1, 2, 3, 7, 16};
  ba_context *context = *state;
  static double x[300], first[300], gradient[300];
  for (int32_t blocks = 2; blocks <= 8; blocks += 3) {
    fixture f = {.context = context, .dataset = making_data(context, blocks * 4096 - 1500, 4, 12, 3, 5)};
    double value = 0.0, objective;
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      for (int32_t t = 0; t < 4; t++) {
        OK(context, ba_context_set_threads(context, threads[t]));
        OK(context, open_problem(&f, "Kmer(k=1..3)", 3, -1, 0, 0.01));
        random_point(x, f.problem->parameters, 3);
        for (int32_t l = 0; l < (level ? 1 : 5); l++) {
          OK(context, ba_context_set_threads(context, level ? threads[t] : later[l]));
          OK(context, bai_problem_evaluate(f.problem, x, &objective, gradient));
          if (level == 0 && t == 0 && l == 0) {
            value = objective;
            memcpy(first, gradient, sizeof first);
          }
          SAME_BITS(&objective, &value, 1);
          SAME_BITS(gradient, first, f.problem->parameters);
        }
        bai_problem_destroy(f.problem);
        bai_plan_destroy(f.plan);
        bai_free(context, f.uses);
      }
    }
    f.problem = NULL;
    f.plan = NULL;
    f.uses = NULL;
    ba_dataset_destroy(f.dataset);
  }
}

/* Blocks of 4,096 rows by their own sums, merged as ((0 1) (2 3)) (4): the order is the format's, not the machine's. */
static void test_the_tree(void **state) {
  ba_context *context = *state;
  enum { ROWS = 4 * 4096 + 100 };
  double x[21], whole[21], objective, block[5], sums[5][21];
  fixture f = {.context = context, .dataset = making_data(context, ROWS, 4, 12, 2, 5)};
  OK(context, open_problem(&f, "Kmer(k=1..2)", 1, -1, 0, 0.0));
  random_point(x, 21, 3);
  OK(context, bai_problem_evaluate(f.problem, x, &objective, whole));
  double *kept = malloc(ROWS * 8);
  assert_non_null(kept);
  memcpy(kept, f.problem->weights, ROWS * 8);
  f.problem->weight_total = 1.0;
  for (int64_t b = 0; b < 5; b++) { /* each block alone: the rows of the others weigh nothing */
    for (int64_t i = 0; i < ROWS; i++) f.problem->weights[i] = i / 4096 == b ? kept[i] : 0.0;
    OK(context, bai_problem_evaluate(f.problem, x, &block[b], sums[b]));
  }
  assert_true(((block[0] + block[1]) + (block[2] + block[3]) + block[4]) / ROWS == objective);
  for (int32_t i = 0; i < 21; i++)
    assert_true((1.0 / ROWS) * (((sums[0][i] + sums[1][i]) + (sums[2][i] + sums[3][i])) + sums[4][i]) == whole[i]);
  free(kept);
  close_problem(&f);
}

static void test_errors(void **state) {
  ba_context *context = *state;
  static const char *const letters[] = {"ACGT", "GGNG"}, *const labels[] = {"a", "b"}, *const same[] = {"a", "a"};
  double x[5] = {0}, objective, gradient[5];
  int64_t record;
  fixture f = {.context = context, .dataset = rows_of(context, 2, letters, labels, NULL)};
  OK(context, open_problem(&f, "Kmer(k=1, ambiguous=error)", 1, -1, 0, 0.0));
  REFUSED(context, bai_problem_evaluate(f.problem, x, &objective, gradient), BA_ERR_LETTER, "ambiguous=error");
  ba_context_error_position(context, &record, NULL);
  assert_int_equal(record, 2);
  REFUSED(context, bai_problem_mean_loss(f.problem, x, BAI_USE_TRAIN, &objective), BA_ERR_LETTER, "record 2");
  ba_context_cancel(context);
  REFUSED(context, bai_problem_evaluate(f.problem, x, &objective, gradient), BA_ERR_CANCELLED, "cancelled");
  REFUSED(context, bai_problem_mean_loss(f.problem, x, BAI_USE_TRAIN, &objective), BA_ERR_CANCELLED, "cancelled");
  OK(context, ba_context_reset(context));
  close_problem(&f);
  fixture g = {.context = context, .dataset = rows_of(context, 2, letters, same, NULL)};
  REFUSED(context, open_problem(&g, "Kmer(k=1)", 1, -1, 0, 0.0), BA_ERR_CLASSES, "1 class(es)");
  close_problem(&g);
}

static ba_status life(ba_context *context, void *argument) {
  static const char *const labels[] = {"a", "b"};
  const int64_t offsets[] = {0, 4, 9};
  double x[21] = {0}, objective, gradient[21];
  fixture f = {.context = context};
  ba_records *records = NULL;
  (void)argument;
  ba_status status = ba_dataset_create(context, NULL, &f.dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCG", offsets, 2, &records);
  if (!status) status = ba_dataset_add_records(f.dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = open_problem(&f, "Kmer(k=1..2)", 1, -1, 1, 0.1);
  if (!status) status = bai_problem_evaluate(f.problem, x, &objective, gradient);
  if (!status) status = bai_problem_mean_loss(f.problem, x, BAI_USE_DEV, &objective);
  ba_records_release(records);
  close_problem(&f);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_second_derivatives, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_gradients, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_weight_is_so_many_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_that_are_not_there, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_balanced_weights, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_balanced_without_a_class, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_losses_far_out, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_part_loss, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_same_bits_for_any_threads, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_tree, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_errors, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
