/* SPDX-License-Identifier: MIT
 *
 * test_describe.c: a table described, by hand; and failures of memory. tests/cli compares larger tables with Python.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "bioanalytics/array.h"
#include "support/fault.h"

static const char expected[] =
    "{\"rows\": 5, \"columns\": [{\"name\": \"x\", \"type\": \"number\", \"count\": 3, \"missing\": 1, \"infinite\": "
    "1, "
    "\"mean\": 2, \"sd\": 1, \"min\": 1, \"q05\": 1.1, \"q25\": 1.5, \"median\": 2, \"q75\": 2.5, \"q95\": 2.9, "
    "\"max\": 3, \"histogram\": [1, 0, 0, 0, 0, 1, 0, 0, 0, 1]},\n"
    "{\"name\": \"t\", \"type\": \"text\", \"count\": 4, \"missing\": 1, \"distinct\": 2, \"top\": [{\"text\": "
    "\"a\\\"\", "
    "\"count\": 3}, {\"text\": \"b\", \"count\": 1}]},\n"
    "{\"name\": \"y\", \"type\": \"number\", \"count\": 5, \"missing\": 0, \"infinite\": 0, \"mean\": 3, \"sd\": 0, "
    "\"min\": 3, \"q05\": 3, \"q25\": 3, \"median\": 3, \"q75\": 3, \"q95\": 3, \"max\": 3, \"histogram\": []},\n"
    "{\"name\": \"z\", \"type\": \"rows of numbers\", \"width\": 2}], \"correlated\": [\"x\", \"y\"], \"correlation\": "
    "[[1, null],\n[null, null]]}\n";

static ba_status make(ba_context *context, ba_table **out) {
  const double x[] = {3.0, NAN, 1.0, INFINITY, 2.0};
  const int32_t y[] = {3, 3, 3, 3, 3};
  const int64_t five = 5, pairs[] = {5, 2}, offsets[] = {0, 2, 3, 5, 5, 7};
  ba_array *arrays[3] = {NULL, NULL, NULL};
  ba_status status = ba_table_create(context, 5, out);
  if (!status) status = ba_array_create(context, BA_FLOAT64, 1, &five, &arrays[0]);
  if (!status) status = ba_array_create(context, BA_INT32, 1, &five, &arrays[1]);
  if (!status) status = ba_array_create(context, BA_FLOAT32, 2, pairs, &arrays[2]);
  if (!status) memcpy(ba_array_data_mut(arrays[0]), x, sizeof x);
  if (!status) memcpy(ba_array_data_mut(arrays[1]), y, sizeof y);
  if (!status) status = ba_table_add_array(*out, "x", arrays[0], NULL);
  if (!status) status = ba_table_add_text(*out, "t", "a\"ba\"a\"", offsets, (const uint8_t[]){0x17});
  if (!status) status = ba_table_add_array(*out, "y", arrays[1], NULL);
  if (!status) status = ba_table_add_array(*out, "z", arrays[2], NULL);
  for (int32_t i = 0; i < 3; i++) ba_array_release(arrays[i]);
  return status;
}

static ba_status life(ba_context *context, void *argument) {
  ba_table *table = NULL;
  int64_t length = 0;
  char *text = argument;
  ba_status status = make(context, &table);
  if (!status) status = ba_table_describe(context, table, text, 4000, &length);
  ba_table_release(table);
  return status;
}

static void test_by_hand(void **state) {
  char text[4000];
  ba_context *context;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(life(context, text), BA_OK);
  assert_string_equal(text, expected);
  assert_int_equal(ba_table_describe(context, NULL, text, 4000, &(int64_t){0}), BA_ERR_ARGUMENT);
  ba_context_destroy(context);
}

static void test_every_failing_allocation(void **state) {
  char text[4000];
  (void)state;
  assert_true(fault_sweep(life, text) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_by_hand), cmocka_unit_test(test_every_failing_allocation)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
