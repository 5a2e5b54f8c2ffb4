/* SPDX-License-Identifier: MIT
 *
 * test_arrow_import.c: Arrow arrays made by hand, as the specification lays them out, and our own exports, as tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "bioanalytics/arrow.h"
#include "support/fault.h"

enum { MOST = 16 };

/* A struct array over static memory that counts its releases. */
typedef struct made {
  struct ArrowSchema schema, children[MOST], extra[MOST];
  struct ArrowArray array, columns[MOST], inner[MOST];
  struct ArrowSchema *schema_list[MOST], *extra_list[MOST];
  struct ArrowArray *array_list[MOST], *inner_list[MOST];
  const void *none[1];
  int32_t schemas_released, arrays_released;
} made;

static void release_schema(struct ArrowSchema *schema) {
  ((made *)schema->private_data)->schemas_released++;
  schema->release = NULL;
}

static void release_array(struct ArrowArray *array) {
  ((made *)array->private_data)->arrays_released++;
  array->release = NULL;
}

static void start(made *m, int64_t rows, int64_t offset) {
  memset(m, 0, sizeof *m);
  for (int32_t i = 0; i < MOST; i++) {
    m->schema_list[i] = &m->children[i];
    m->array_list[i] = &m->columns[i];
    m->extra_list[i] = &m->extra[i];
    m->inner_list[i] = &m->inner[i];
  }
  m->schema =
      (struct ArrowSchema){.format = "+s", .children = m->schema_list, .release = release_schema, .private_data = m};
  m->array = (struct ArrowArray){.length = rows,
                                 .offset = offset,
                                 .n_buffers = 1,
                                 .buffers = m->none,
                                 .children = m->array_list,
                                 .release = release_array,
                                 .private_data = m};
}

static void add(made *m, const char *name, const char *format, const void **buffers, int64_t count) {
  const int64_t i = m->schema.n_children++;
  m->array.n_children++;
  m->children[i] = (struct ArrowSchema){.format = format, .name = name};
  m->columns[i] = (struct ArrowArray){.length = m->array.length + m->array.offset,
                                      .n_buffers = count,
                                      .buffers = buffers,
                                      .null_count = buffers[0] ? -1 : 0};
}

static int32_t set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state);
}

static int32_t tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

/* ---- numbers ---- */

static const double doubles[] = {9.0, 1.5, -2.5, NAN};
static const float floats[] = {9.0f, 0.5f, 3.0f, -1.0f};
static const int8_t bytes[] = {0, -128, 127, 5};
static const int16_t shorts[] = {0, -300, 300, 5};
static const uint16_t naturals[] = {0, 65535, 1, 5};
static const uint64_t large[] = {0, UINT64_C(9007199254740993), 2, 3};
static const int32_t days[] = {0, 1, -1, 19000};
static const int64_t thousandths[] = {0, 1500, -250, 3};
static const uint8_t truths[] = {0x06}, valid[] = {0x0B};
static const int32_t lists[] = {0, 0, 1, 2, 3, 4, 5, 6};

static void make_numbers(made *m) {
  static const void *of[10][2];
  static const char *const formats[] = {"g", "f", "c", "s", "S", "L", "tdD", "tsm:UTC", "b", "+w:2"};
  static const char *const names[] = {"g", "f", "c", "s", "S", "L", "date", "time", "truth", "list"};
  const void *data[] = {doubles, floats, bytes, shorts, naturals, large, days, thousandths, truths, NULL};
  static const void *items[2];
  start(m, 3, 1);
  for (int32_t i = 0; i < 10; i++) {
    of[i][0] = i == 1 ? valid : NULL; /* the row of the table at 1 is missing: bits 1, 2, 3 are 1, 0, 1 */
    of[i][1] = data[i];
    add(m, names[i], formats[i], of[i], i == 9 ? 1 : 2);
  }
  items[1] = lists;
  m->extra[0] = (struct ArrowSchema){.format = "i", .name = "item"};
  m->inner[0] = (struct ArrowArray){.length = 8, .n_buffers = 2, .buffers = items};
  m->children[9].n_children = m->columns[9].n_children = 1;
  m->children[9].children = m->extra_list;
  m->columns[9].children = m->inner_list;
}

static void test_numbers(void **state) {
  made m;
  ba_table *table;
  make_numbers(&m);
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_OK);
  assert_true(m.schemas_released == 1 && m.arrays_released == 0 && !m.schema.release && !m.array.release);
  assert_int_equal(ba_table_rows(table), 3);
  assert_int_equal(ba_table_columns(table), 10);
  assert_ptr_equal(ba_array_data(ba_table_array(table, 0)), doubles + 1); /* no copy */
  assert_ptr_equal(ba_array_data(ba_table_array(table, 1)), floats + 1);
  assert_null(ba_table_validity(table, 0));
  assert_int_equal(ba_table_validity(table, 1)[0] & 7, 5);
  assert_memory_equal(ba_array_data(ba_table_array(table, 2)), ((const int32_t[]){-128, 127, 5}), 12);
  assert_memory_equal(ba_array_data(ba_table_array(table, 3)), ((const int32_t[]){-300, 300, 5}), 12);
  assert_memory_equal(ba_array_data(ba_table_array(table, 4)), ((const int32_t[]){65535, 1, 5}), 12);
  assert_memory_equal(ba_array_data(ba_table_array(table, 5)), ((const double[]){9007199254740992.0, 2, 3}), 24);
  assert_memory_equal(ba_array_data(ba_table_array(table, 6)), ((const double[]){86400, -86400, 1641600000.0}), 24);
  assert_memory_equal(ba_array_data(ba_table_array(table, 7)), ((const double[]){1.5, -0.25, 0.003}), 24);
  assert_memory_equal(ba_array_data(ba_table_array(table, 8)), ((const uint8_t[]){1, 1, 0}), 3);
  ba_array *wide = ba_array_retain(ba_table_array(table, 9));
  assert_int_equal(ba_array_shape(wide, 1), 2);
  assert_ptr_equal(ba_array_data(wide), lists + 2);
  ba_table_release(table);
  assert_int_equal(m.arrays_released, 0); /* a column of it lives on */
  ba_array_release(wide);
  assert_int_equal(m.arrays_released, 1);
}

/* ---- texts ---- */

/* A view as the specification lays it out: a length, then 12 bytes of text, or 4 of them, a buffer and a place in it.
 */
static void put_view(uint8_t *at, const char *text, int32_t buffer, int32_t place) {
  const int32_t length = (int32_t)strlen(text);
  memset(at, 0, 16);
  memcpy(at, &length, 4);
  memcpy(at + 4, text, (size_t)(length <= 12 ? length : 4));
  if (length <= 12) return;
  memcpy(at + 8, &buffer, 4);
  memcpy(at + 12, &place, 4);
}

static void test_views(void **state) {
  static const char *const texts[] = {"left out", "", "twelve bytes", "thirteen byte", "a text in the second buffer"};
  static const int64_t sizes[] = {15, 29};
  uint8_t views[5 * 16];
  const void *buffers[] = {NULL, views, "__thirteen byte", "__a text in the second buffer", sizes};
  made m;
  ba_table *table;
  for (int32_t i = 0; i < 5; i++) put_view(views + 16 * i, texts[i], i == 4, 2);
  start(&m, 4, 1);
  add(&m, "views", "vu", buffers, 5);
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_OK);
  for (int32_t i = 0; i < 4; i++) {
    int64_t length;
    const char *text = ba_table_text(table, 0, i, &length);
    assert_int_equal(length, strlen(texts[i + 1]));
    assert_memory_equal(text, texts[i + 1], (size_t)length);
  }
  ba_table_release(table);
  assert_int_equal(m.arrays_released, 1);
}

static void test_texts(void **state) {
  static const int32_t ends[] = {0, 2, 2, 5};
  static const int64_t long_ends[] = {1, 3, 4, 4};
  static const uint8_t keys[] = {1, 0, 1}, some[] = {0x05};
  static const void *small_buffers[] = {some, ends, "abcde"}, *large_buffers[] = {NULL, long_ends, "xyzw"};
  static const void *key_buffers[] = {NULL, keys}, *words[] = {NULL, ends, "noyes"};
  made m;
  ba_table *table;
  int64_t length;
  start(&m, 3, 0);
  add(&m, "small", "u", small_buffers, 3);
  add(&m, "large", "U", large_buffers, 3);
  add(&m, "dictionary", "C", key_buffers, 2);
  m.extra[0] = (struct ArrowSchema){.format = "u"};
  m.inner[0] = (struct ArrowArray){.length = 2, .offset = 1, .n_buffers = 3, .buffers = words};
  m.children[2].dictionary = &m.extra[0];
  m.columns[2].dictionary = &m.inner[0];
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_OK);
  assert_memory_equal(ba_table_text(table, 0, 0, &length), "ab", 2);
  assert_null(ba_table_text(table, 0, 1, &length));
  assert_memory_equal(ba_table_text(table, 0, 2, &length), "cde", 3);
  assert_int_equal(length, 3);
  assert_memory_equal(ba_table_text(table, 1, 0, &length), "yz", 2);
  assert_memory_equal(ba_table_text(table, 1, 1, &length), "w", 1);
  ba_table_text(table, 1, 2, &length);
  assert_int_equal(length, 0);
  assert_memory_equal(ba_table_text(table, 2, 0, &length), "yes", 3);
  ba_table_text(table, 2, 1, &length);
  assert_int_equal(length, 0);
  ba_table_release(table);
  assert_int_equal(m.arrays_released, 1);
}

/* What we give out comes back the same. */
static ba_status round_trip(ba_context *context, void *argument) {
  const int64_t three = 3, offsets[] = {0, 2, 2, 3};
  struct ArrowSchema schema;
  struct ArrowArray array;
  ba_table *table = NULL, *back = NULL;
  ba_array *numbers = NULL;
  ba_status status = ba_table_create(context, 3, &table);
  if (!status) status = ba_array_create(context, BA_FLOAT64, 1, &three, &numbers);
  if (!status) ((double *)ba_array_data_mut(numbers))[1] = 2.5;
  if (!status) status = ba_table_add_array(table, "x", numbers, (const uint8_t[]){6});
  if (!status) status = ba_table_add_text(table, "t", "abc", offsets, (const uint8_t[]){5});
  if (!status) status = ba_table_export(table, &schema, &array);
  if (!status) {
    status = ba_table_import(context, &schema, &array, &back);
    if (status) {
      schema.release(&schema);
      array.release(&array);
    }
  }
  if (!status && argument) {
    int64_t length;
    assert_ptr_equal(ba_array_data(ba_table_array(back, 0)), ba_array_data(numbers));
    assert_int_equal(ba_table_validity(back, 0)[0] & 7, 6);
    assert_memory_equal(ba_table_text(back, 1, 2, &length), "c", 1);
    assert_null(ba_table_text(back, 1, 1, NULL));
  }
  ba_array_release(numbers);
  ba_table_release(table);
  ba_table_release(back);
  return status;
}

static void test_round_trip(void **state) {
  assert_int_equal(round_trip(*state, *state), BA_OK);
  assert_true(fault_sweep(round_trip, NULL) > 15);
}

static void test_refusals(void **state) {
  static const void *buffers[2] = {NULL, doubles};
  made m;
  ba_table *table;
  make_numbers(&m);
  m.children[3].format = "z";
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_ERR_UNSUPPORTED);
  assert_string_equal(ba_context_error_message(*state),
                      "import: column 's' has Arrow's format \"z\"; expected numbers, truths, dates, timestamps, texts "
                      "or lists of a fixed size");
  assert_null(table);
  assert_true(m.schema.release && m.array.release && m.arrays_released == 0);
  m.children[3].format = "s";
  m.extra[0].format = "u";
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_ERR_UNSUPPORTED);
  m.extra[0].format = "i";
  m.schema.format = "g";
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_ERR_ARGUMENT);
  start(&m, 3, 0);
  add(&m, "same", "g", buffers, 2);
  add(&m, "same", "g", buffers, 2);
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_ERR_ARGUMENT);
  assert_int_equal(m.arrays_released, 0);
  assert_int_equal(ba_table_import(*state, NULL, &m.array, &table), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, NULL), BA_ERR_ARGUMENT);
  /* A row that is null as a whole. */
  static const void *rows[] = {valid};
  start(&m, 3, 0);
  add(&m, "x", "g", buffers, 2);
  m.array.buffers = rows;
  m.array.null_count = 1;
  assert_int_equal(ba_table_import(*state, &m.schema, &m.array, &table), BA_ERR_UNSUPPORTED);
  assert_non_null(strstr(ba_context_error_message(*state), "record 3: import: the row is null"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_numbers, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_views, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_texts, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
