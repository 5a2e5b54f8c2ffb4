/* SPDX-License-Identifier: MIT
 *
 * test_error.c: what a failure leaves in the context.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static int32_t set_up(void **state) {
  ba_context *context;
  if (ba_context_create(NULL, &context)) return 1;
  *state = context;
  return 0;
}

static int32_t tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static void check_position(ba_context *context, int64_t record, int64_t byte) {
  int64_t r = 0, b = 0;
  ba_context_error_position(context, &r, &b);
  assert_int_equal(r, record);
  assert_int_equal(b, byte);
}

static void test_status_and_text(void **state) {
  ba_context *context = *state;
  assert_int_equal(ba_context_error_code(context), BA_OK);
  assert_string_equal(ba_context_error_message(context), "");
  check_position(context, -1, -1);
  assert_int_equal(bai_fail(context, BA_ERR_SHAPE, "%d rows, %s", 3, "four names"), BA_ERR_SHAPE);
  assert_int_equal(ba_context_error_code(context), BA_ERR_SHAPE);
  assert_string_equal(ba_context_error_message(context), "3 rows, four names");
  check_position(context, -1, -1);
}

static void test_positions(void **state) {
  ba_context *context = *state;
  bai_fail_at(context, BA_ERR_FORMAT, 1204, 88310, "quality has %lld symbols", 99LL);
  assert_string_equal(ba_context_error_message(context), "record 1204, byte 88310: quality has 99 symbols");
  check_position(context, 1204, 88310);
  bai_fail_at(context, BA_ERR_FORMAT, 7, -1, "x");
  assert_string_equal(ba_context_error_message(context), "record 7: x");
  check_position(context, 7, -1);
  bai_fail_at(context, BA_ERR_FORMAT, -1, 0, "x");
  assert_string_equal(ba_context_error_message(context), "byte 0: x");
  check_position(context, -1, 0);
  bai_fail_at(context, BA_ERR_FORMAT, -1, -1, "x");
  assert_string_equal(ba_context_error_message(context), "x");
  bai_fail(context, BA_ERR_IO, "y");
  check_position(context, -1, -1);
}

static void test_prefix_keeps_the_position(void **state) {
  ba_context *context = *state;
  bai_fail_at(context, BA_ERR_TRUNCATED, 2, 5, "ends early");
  assert_int_equal(bai_fail_prefix(context, BA_ERR_TRUNCATED, "a.fa"), BA_ERR_TRUNCATED);
  assert_string_equal(ba_context_error_message(context), "a.fa: record 2, byte 5: ends early");
  check_position(context, 2, 5);
  assert_int_equal(ba_context_error_code(context), BA_ERR_TRUNCATED);
}

static void test_foreign_bytes_are_shown(void **state) {
  ba_context *context = *state;
  bai_fail(context, BA_ERR_LETTER, "letter %c, text \"%s\", bytes %.*s", '\t', "a\x1b[31m\xff~", 3, "b\0c");
  assert_string_equal(ba_context_error_message(context), "letter \\x09, text \"a\\x1b[31m\\xff~\", bytes b\\x00c");
}

static void test_long_texts_are_cut(void **state) {
  ba_context *context = *state;
  char text[2000];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  bai_fail_at(context, BA_ERR_FORMAT, 1, 2, "%s", text);
  assert_int_equal(strlen(ba_context_error_message(context)), sizeof context->message - 1);
  assert_memory_equal(ba_context_error_message(context), "record 1, byte 2: xxx", 21);
  for (int32_t i = 0; i < 3; i++) bai_fail_prefix(context, BA_ERR_FORMAT, text);
  assert_int_equal(strlen(ba_context_error_message(context)), sizeof context->message - 1);
}

static void test_no_context(void **state) {
  (void)state;
  assert_int_equal(bai_fail(NULL, BA_ERR_ARGUMENT, "x"), BA_ERR_ARGUMENT);
  assert_int_equal(bai_fail_at(NULL, BA_ERR_ARGUMENT, 1, 1, "x"), BA_ERR_ARGUMENT);
  assert_int_equal(bai_fail_prefix(NULL, BA_ERR_IO, "x"), BA_ERR_IO);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_status_and_text, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_positions, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_prefix_keeps_the_position, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_foreign_bytes_are_shown, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_long_texts_are_cut, set_up, tear_down),
      cmocka_unit_test(test_no_context),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
