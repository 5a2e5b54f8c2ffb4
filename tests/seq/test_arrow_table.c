/* SPDX-License-Identifier: MIT
 *
 * test_arrow_table.c: a table through the Arrow C data interface: schemas, buffers, nulls, children moved away, what
 * cannot be given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bioanalytics/arrow.h"
#include "support/fault.h"

static int32_t set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state);
}

static int32_t tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static const int32_t types[] = {BA_FLOAT64, BA_FLOAT32, BA_INT64, BA_INT32, BA_UINT32, BA_UINT8};
static const char *const formats[] = {"g", "f", "l", "i", "I", "C"};
static const char *const names[] = {"a", "b", "c", "d", "e", "f"};

/* Columns a to f of all types, `wide` of 3 rows x 2, `text` with its second value missing. */
static ba_status make(ba_context *context, ba_table **out) {
  const int64_t shape[2] = {3, 2}, offsets[] = {0, 2, 2, 3};
  const uint8_t some[] = {5};
  ba_status status = ba_table_create(context, 3, out);
  for (int32_t i = 0; !status && i < 7; i++) {
    ba_array *array = NULL;
    status = ba_array_create(context, i < 6 ? types[i] : BA_FLOAT32, i < 6 ? 1 : 2, shape, &array);
    if (!status && i == 6)
      for (int32_t j = 0; j < 6; j++) ((float *)ba_array_data_mut(array))[j] = (float)j;
    if (!status) status = ba_table_add_array(*out, i < 6 ? names[i] : "wide", array, NULL);
    ba_array_release(array);
  }
  return status ? status : ba_table_add_text(*out, "text", "\xc3\xa9z", offsets, some);
}

static void schemas_and_buffers(void **state) {
  struct ArrowSchema schema;
  struct ArrowArray array;
  ba_table *table;
  assert_int_equal(make(*state, &table), BA_OK);
  assert_int_equal(ba_table_export(table, &schema, &array), BA_OK);
  assert_string_equal(schema.format, "+s");
  assert_int_equal(schema.n_children, 8);
  assert_int_equal(array.n_children, 8);
  assert_int_equal(array.length, 3);
  for (int32_t i = 0; i < 6; i++) {
    assert_string_equal(schema.children[i]->format, formats[i]);
    assert_string_equal(schema.children[i]->name, names[i]);
    assert_int_equal(schema.children[i]->flags, ARROW_FLAG_NULLABLE);
    assert_int_equal(array.children[i]->n_buffers, 2);
    assert_null(array.children[i]->buffers[0]);
    assert_ptr_equal(array.children[i]->buffers[1], ba_array_data(ba_table_array(table, i)));
  }
  assert_string_equal(schema.children[6]->format, "+w:2");
  assert_string_equal(schema.children[6]->children[0]->format, "f");
  assert_int_equal(array.children[6]->length, 3);
  assert_int_equal(array.children[6]->n_buffers, 1);
  assert_int_equal(array.children[6]->children[0]->length, 6);
  assert_string_equal(schema.children[7]->format, "U");
  assert_int_equal(schema.children[7]->flags, ARROW_FLAG_NULLABLE);
  assert_int_equal(array.children[7]->null_count, 1);
  assert_int_equal(array.children[7]->n_buffers, 3);
  assert_int_equal(((const uint8_t *)array.children[7]->buffers[0])[0], 5);
  /* One child moves out, and lives on when everything else is gone. */
  struct ArrowArray kept = *array.children[6];
  array.children[6]->release = NULL;
  schema.release(&schema);
  array.release(&array);
  assert_null(schema.release);
  assert_null(array.release);
  ba_table_release(table);
  assert_true(((const float *)kept.children[0]->buffers[1])[5] == 5.0f);
  kept.release(&kept);
}

static void what_cannot_be_given(void **state) {
  struct ArrowSchema schema;
  struct ArrowArray array;
  ba_table *table;
  float data[8] = {0};
  const int64_t shape[2] = {2, 2}, stride[2] = {16, 4}, offsets[] = {0, 1, 2};
  ba_array *gaps;
  assert_int_equal(ba_array_wrap(*state, BA_FLOAT32, 2, shape, stride, data, NULL, NULL, &gaps), BA_OK);
  assert_int_equal(ba_table_create(*state, 2, &table), BA_OK);
  assert_int_equal(ba_table_add_array(table, "gaps", gaps, NULL), BA_OK);
  assert_int_equal(ba_table_export(table, &schema, &array), BA_ERR_UNSUPPORTED);
  assert_non_null(strstr(ba_context_error_message(*state), "'gaps' has gaps"));
  assert_null(schema.release);
  assert_null(array.release);
  ba_table_release(table);
  ba_array_release(gaps);
  assert_int_equal(ba_table_create(*state, 2, &table), BA_OK);
  assert_int_equal(ba_table_add_text(table, "t", "a\xff", offsets, NULL), BA_OK);
  assert_int_equal(ba_table_export(table, &schema, &array), BA_ERR_FORMAT);
  assert_non_null(strstr(ba_context_error_message(*state), "record 2: export: column 't': not UTF-8 from byte 0"));
  assert_int_equal(ba_table_export(table, NULL, &array), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_export(table, &schema, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_export(NULL, &schema, &array), BA_ERR_ARGUMENT);
  ba_table_release(table);
}

static ba_status life(ba_context *context, void *argument) {
  struct ArrowSchema schema;
  struct ArrowArray array;
  ba_table *table = NULL;
  (void)argument;
  ba_status status = make(context, &table);
  if (!status) {
    status = ba_table_export(table, &schema, &array);
    if (!status) {
      schema.release(&schema);
      array.release(&array);
    } else {
      assert_null(schema.release);
      assert_null(array.release);
    }
  }
  ba_table_release(table);
  return status;
}

static void allocation_sweep(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(schemas_and_buffers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(what_cannot_be_given, set_up, tear_down),
      cmocka_unit_test(allocation_sweep),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
