/* SPDX-License-Identifier: MIT
 *
 * test_table.c: tables of arrays and texts: what goes in comes out, missing values, references, refusals.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "array/array.h"
#include "support/fault.h"

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

static ba_array *numbers(ba_context *context, int64_t rows, int64_t columns) {
  const int64_t shape[2] = {rows, columns};
  ba_array *array;
  assert_int_equal(ba_array_create(context, BA_FLOAT32, columns > 0 ? 2 : 1, shape, &array), BA_OK);
  float *data = ba_array_data_mut(array);
  for (int64_t i = 0; i < rows * (columns > 0 ? columns : 1); i++) data[i] = (float)i / 4;
  return array;
}

static void what_goes_in_comes_out(void **state) {
  const int64_t offsets[] = {2, 4, 4, 9};
  const uint8_t some[] = {5};
  ba_table *table;
  assert_int_equal(ba_table_create(*state, 3, &table), BA_OK);
  ba_array *array = numbers(*state, 3, 2);
  assert_int_equal(ba_table_add_array(table, "x", array, some), BA_OK);
  ba_array_release(array);
  assert_int_equal(ba_table_add_text(table, "name", "--abcdefg", offsets, NULL), BA_OK);
  assert_int_equal(ba_table_add_text(table, "note", "--abcdefg", offsets, some), BA_OK);
  assert_int_equal(ba_table_rows(table), 3);
  assert_int_equal(ba_table_columns(table), 3);
  assert_string_equal(ba_table_name(table, 1), "name");
  assert_int_equal(ba_table_find(table, "note"), 2);
  assert_int_equal(ba_table_find(table, "Note"), -1);
  assert_ptr_equal(ba_table_array(table, 0), array);
  assert_true(((const float *)ba_array_data(ba_table_array(table, 0)))[5] == 1.25f);
  assert_int_equal(ba_table_validity(table, 0)[0], 5);
  assert_null(ba_table_validity(table, 1));
  int64_t length;
  const int64_t *found;
  assert_memory_equal(ba_table_text(table, 1, 0, &length), "ab", 2);
  assert_int_equal(length, 2);
  assert_non_null(ba_table_text(table, 1, 1, &length));
  assert_int_equal(length, 0);
  assert_memory_equal(ba_table_text(table, 1, 2, &length), "cdefg", 5);
  assert_null(ba_table_text(table, 2, 1, &length));
  assert_int_equal(length, 0);
  assert_memory_equal(ba_table_texts(table, 1, &found), "abcdefg", 7);
  assert_int_equal(found[0], 0);
  assert_int_equal(found[3], 7);
  ba_table_release(table);
}

static void what_is_not_there(void **state) {
  ba_table *table;
  const int64_t *offsets;
  int64_t length = 7;
  assert_int_equal(ba_table_create(*state, 0, &table), BA_OK);
  const int64_t none[] = {0};
  assert_int_equal(ba_table_add_text(table, "t", NULL, none, NULL), BA_OK);
  assert_non_null(ba_table_texts(table, 0, NULL));
  assert_null(ba_table_text(table, 0, 0, &length));
  assert_int_equal(length, 0);
  for (int64_t c = -1; c < 3; c += 2) {
    assert_null(ba_table_name(table, c));
    assert_null(ba_table_array(table, c));
    assert_null(ba_table_texts(table, c, &offsets));
    assert_null(offsets);
    assert_null(ba_table_validity(table, c));
  }
  assert_null(ba_table_array(table, 0));
  assert_int_equal(ba_table_find(table, NULL), -1);
  assert_int_equal(ba_table_rows(NULL) + ba_table_columns(NULL), 0);
  assert_null(ba_table_name(NULL, 0));
  assert_int_equal(ba_table_find(NULL, "t"), -1);
  assert_null(ba_table_retain(NULL));
  ba_table_release(NULL);
  ba_table_release(table);
}

static void refuse(ba_table *table, ba_context *context, ba_status status, const char *message) {
  assert_int_equal(status, BA_ERR_ARGUMENT);
  if (!strstr(ba_context_error_message(context), message)) fail_msg("%s", ba_context_error_message(context));
  assert_int_equal(ba_table_columns(table), 1);
}

static void refusals(void **state) {
  const int64_t falling[] = {0, 2, 1}, negative[] = {-1, 0, 0}, good[] = {0, 1, 2};
  ba_table *table;
  assert_int_equal(ba_table_create(*state, -1, &table), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_create(*state, INT64_MAX, &table), BA_ERR_ARGUMENT);
  assert_null(table);
  assert_int_equal(ba_table_create(*state, 2, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_create(NULL, 2, &table), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_create(*state, 2, &table), BA_OK);
  ba_array *two = numbers(*state, 2, 0), *three = numbers(*state, 3, 0);
  assert_int_equal(ba_table_add_array(table, "a", two, NULL), BA_OK);
  refuse(table, *state, ba_table_add_array(table, "a", two, NULL), "'a' is there already");
  refuse(table, *state, ba_table_add_array(table, "b", three, NULL), "has 3 rows; expected an array of 2");
  refuse(table, *state, ba_table_add_array(table, "b", NULL, NULL), "expected an array of 2");
  refuse(table, *state, ba_table_add_array(table, NULL, two, NULL), "expected a name");
  refuse(table, *state, ba_table_add_text(table, "b", "ab", falling, NULL), "never falling");
  refuse(table, *state, ba_table_add_text(table, "b", "ab", negative, NULL), "never falling");
  refuse(table, *state, ba_table_add_text(table, "b", "ab", NULL, NULL), "3 offsets");
  refuse(table, *state, ba_table_add_text(table, "b", NULL, good, NULL), "expected bytes");
  refuse(table, *state, ba_table_add_text(table, NULL, "ab", good, NULL), "expected a name");
  assert_int_equal(ba_table_add_text(NULL, "b", "ab", good, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_add_array(NULL, "b", two, NULL), BA_ERR_ARGUMENT);
  assert_ptr_equal(ba_table_retain(table), table);
  refuse(table, *state, ba_table_add_text(table, "b", "ab", good, NULL), "it is shared");
  ba_table_release(table);
  assert_int_equal(ba_table_add_text(table, "b", "ab", good, NULL), BA_OK);
  ba_table_release(table);
  ba_array_release(two);
  ba_array_release(three);
}

static ba_status life(ba_context *context, void *argument) {
  const int64_t shape[1] = {2}, offsets[] = {0, 1, 2};
  const uint8_t some[] = {1};
  ba_table *table = NULL;
  ba_array *array = NULL;
  (void)argument;
  ba_status status = ba_array_create(context, BA_INT64, 1, shape, &array);
  if (!status) status = ba_table_create(context, 2, &table);
  if (!status) status = ba_table_add_array(table, "n", array, some);
  if (!status) status = ba_table_add_text(table, "t", "ab", offsets, some);
  ba_table_release(table);
  ba_array_release(array);
  return status;
}

static void allocation_sweep(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(what_goes_in_comes_out, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_is_not_there, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
      cmocka_unit_test(allocation_sweep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
