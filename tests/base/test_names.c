/* SPDX-License-Identifier: MIT
 *
 * test_names.c: the dictionary against a plain list: numbers in order of first sight, through every growth.
 */
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/dataset.h"

static void test_first_sight(void **state) {
  bai_names names = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  int32_t index;
  static const char *const texts[] = {"b", "a", "", "ab", "a", "b", "", "ba", "ab"};
  static const int32_t expected[] = {0, 1, 2, 3, 1, 0, 2, 4, 3};
  for (int32_t i = 0; i < 9; i++) {
    OK(*state, bai_names_index(*state, &names, texts[i], (int64_t)strlen(texts[i]), &index));
    assert_int_equal(index, expected[i]);
    assert_string_equal(bai_names_text(&names, index), texts[i]);
  }
  assert_int_equal(names.offsets.count, 5);
  /* Texts need no end of their own. */
  OK(*state, bai_names_index(*state, &names, "abc", 2, &index));
  assert_int_equal(index, 3);
  bai_names_free(*state, &names);
}

static void test_many(void **state) {
  bai_names names = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  int32_t index;
  char text[32];
  for (int32_t round = 0; round < 2; round++) {
    for (int32_t i = 0; i < 20000; i++) {
      const int64_t n = snprintf(text, sizeof text, i % 2 ? "%d" : "name-%06d", i);
      OK(*state, bai_names_index(*state, &names, text, n, &index));
      assert_int_equal(index, i);
    }
  }
  for (int32_t i = 0; i < 20000; i++) {
    snprintf(text, sizeof text, i % 2 ? "%d" : "name-%06d", i);
    assert_string_equal(bai_names_text(&names, i), text);
  }
  bai_names_free(*state, &names);
}

static ba_status life(ba_context *context, void *argument) {
  bai_names names = {{0, 0, 0}, {0, 0, 0}, {0, 0, 0}};
  ba_status status = BA_OK;
  char text[32];
  int32_t index, known = 0;
  (void)argument;
  for (int32_t i = 0; !status && i < 300; i++) {
    const int64_t n = snprintf(text, sizeof text, "%d", i);
    status = bai_names_index(context, &names, text, n, &index);
    if (!status) known++;
  }
  assert_int_equal(names.offsets.count, known); /* a failure adds nothing */
  bai_names_free(context, &names);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_first_sight, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_many, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
