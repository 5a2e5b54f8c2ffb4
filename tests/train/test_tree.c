/* SPDX-License-Identifier: MIT
 *
 * test_tree.c: sums of blocks against the recursion that defines their order, and what rows weigh.
 */
#include "train/tree.h"

#include <math.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/weights.h"

enum { MOST = 70 };

static double numbers[MOST];

/* Blocks from `first` to before `end`, under the smallest full tree that has room for them. */
static double sum_of(int64_t first, int64_t end) {
  int64_t half = 1;
  if (end - first == 1) return numbers[first];
  while (2 * half < end - first) half *= 2;
  return sum_of(first, first + half) + sum_of(first + half, end);
}

static ba_status give(void *argument, int64_t block, double *node) {
  const int64_t *fails = argument;
  if (fails && *fails == block) return BA_ERR_NUMBER;
  assert_true(node[0] == 0.0 && node[1] == 0.0 && node[2] == -INFINITY);
  node[0] = numbers[block];
  node[1] = 1.0;
  node[2] = numbers[block];
  return BA_OK;
}

static const bai_shape three = {2, 1};

static void test_any_number_of_blocks(void **state) {
  uint64_t seed = 3;
  double out[3], largest = -INFINITY;
  for (int64_t i = 0; i < MOST; i++) numbers[i] = making_real(&seed) * pow(10.0, (double)(i % 9));
  OK(*state, bai_tree_sum(*state, 0, three, give, NULL, out));
  assert_true(out[0] == 0.0 && out[1] == 0.0 && out[2] == -INFINITY);
  for (int64_t n = 1; n <= MOST; n++) {
    OK(*state, bai_tree_sum(*state, n, three, give, NULL, out));
    const double expected = sum_of(0, n);
    largest = fmax(largest, numbers[n - 1]);
    SAME_BITS(&out[0], &expected, 1);
    assert_true(out[1] == (double)n && out[2] == largest);
  }
}

/* A tree is used again after it was finished, or left half full. */
static void test_again(void **state) {
  ba_context *context = *state;
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_tree tree = {.shape = {1, 0}};
  double *node = NULL;
  for (int64_t n = 5; n < 9; n++) {
    for (int64_t i = 0; i < n; i++) {
      if (!node) OK(context, bai_alloc(context, 1, 8, &node));
      *node = 1.0 + (double)i;
      bai_tree_push(&tree, kernels, &node);
    }
    if (n == 6) {
      tree.count = 0;
      continue;
    }
    bai_tree_finish(&tree, kernels, &node);
    assert_true(*node == (double)(n * (n + 1) / 2));
  }
  bai_free(context, node);
  bai_tree_free(context, &tree);
}

static void test_a_block_that_fails(void **state) {
  double out[3];
  for (int64_t fails = 0; fails < 8; fails++)
    assert_int_equal(bai_tree_sum(*state, 8, three, give, &fails, out), BA_ERR_NUMBER);
}

static ba_status life(ba_context *context, void *argument) {
  double out[3];
  (void)argument;
  return bai_tree_sum(context, 7, three, give, NULL, out);
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) >= 3);
}

/* Three classes, the last of which no row has. */
static void test_balance(void **state) {
  const double sums[] = {7.0, 1.5, 5.5, 0.0};
  double factors[3];
  (void)state;
  bai_weights_balance(sums, 3, factors);
  assert_true(factors[0] == 7.0 / (2.0 * 1.5) && factors[1] == 7.0 / (2.0 * 5.5) && factors[2] == 0.0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_any_number_of_blocks, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_again, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_block_that_fails, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
      cmocka_unit_test(test_balance),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
