/* SPDX-License-Identifier: MIT
 *
 * test_extractor_table.c: rows of a table to a matrix: columns, categories by text and by hash, series; what is
 * missing, what must be learnt, and what is refused.
 */
#include <math.h>

#include "model/making.h"
#include "support/fault.h"

enum { ROWS = 6 };
static const double PRICES[ROWS] = {10.0, 20.0, 11.0, NAN, 12.5, 40.0}, HEAT[ROWS] = {1, 2, 3, 4, 5, 6},
                    TIMES[ROWS] = {1, 2, 2, 3, 4, 1};
static const char *const REGIONS[ROWS] = {"north", "south", "", "north", "7.0", "7"};
static const char *const SYMBOLS[ROWS] = {"a", "b", "a", "a", "a", "b"};

static ba_status add_texts(ba_table *table, const char *name, const char *const *texts) {
  char bytes[64];
  int64_t offsets[ROWS + 1] = {0};
  for (int32_t i = 0; i < ROWS; i++) {
    memcpy(bytes + offsets[i], texts[i], strlen(texts[i]));
    offsets[i + 1] = offsets[i] + (int64_t)strlen(texts[i]);
  }
  return ba_table_add_text(table, name, bytes, offsets, NULL);
}

static ba_status add_numbers(ba_context *context, ba_table *table, const char *name, const double *values) {
  const int64_t rows = ROWS;
  ba_array *array;
  ba_status status = ba_array_create(context, BA_FLOAT64, 1, &rows, &array);
  if (status) return status;
  memcpy(ba_array_data_mut(array), values, sizeof(double) * ROWS);
  status = ba_table_add_array(table, name, array, NULL);
  ba_array_release(array);
  return status;
}

static ba_status make_table(ba_context *context, ba_table **out) {
  ba_status status = ba_table_create(context, ROWS, out);
  if (!status) status = add_numbers(context, *out, "price", PRICES);
  if (!status) status = add_numbers(context, *out, "heat", HEAT);
  if (!status) status = add_texts(*out, "region", REGIONS);
  if (!status) status = add_texts(*out, "symbol", SYMBOLS);
  if (!status) status = add_numbers(context, *out, "t", TIMES);
  return status;
}

static void matrix_of(ba_context *context, ba_extractor *extractor, const ba_table *table, const char *options,
                      double *out) {
  ba_array *rows;
  OK(context, ba_extractor_apply_table(extractor, table, options, &rows));
  assert_int_equal(ba_array_ndim(rows), 2);
  assert_int_equal(ba_array_shape(rows, 0), ROWS);
  assert_int_equal(ba_array_shape(rows, 1), ba_extractor_width(extractor));
  memcpy(out, ba_array_data(rows), sizeof(double) * ROWS * (size_t)ba_extractor_width(extractor));
  ba_array_release(rows);
}

static void same_numbers(const double *got, const double *expected, int64_t n) {
  for (int64_t i = 0; i < n; i++)
    if (got[i] != expected[i] && !(isnan(got[i]) && isnan(expected[i])))
      fail_msg("number %lld is %.17g, expected %.17g", (long long)i, got[i], expected[i]);
}

static void name_is(ba_context *context, const ba_extractor *extractor, int64_t column, const char *expected) {
  char name[80];
  int64_t length;
  OK(context, ba_extractor_column_name(extractor, column, name, sizeof name, &length));
  assert_string_equal(name, expected);
}

static void test_columns_and_categories(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_extractor *extractor;
  double rows[ROWS * 8];
  ba_array *none;
  OK(context, make_table(context, &table));
  OK(context,
     ba_extractor_create(context, "Columns(missing=indicator) + Category(column=region) | Standardize()", &extractor));
  assert_int_equal(ba_extractor_width(extractor), -1);
  REFUSED(context, ba_extractor_apply_table(extractor, table, NULL, &none), BA_ERR_FIT, "ba_extractor_fit_table");
  assert_null(none);
  REFUSED(context, ba_extractor_fit_table(extractor, table, "ignore=t|price|heats"), BA_ERR_TABLE,
          "there is no column \"heats\" to ignore");
  assert_int_equal(ba_extractor_width(extractor), -1);
  for (int32_t twice = 0; twice < 2; twice++) OK(context, ba_extractor_fit_table(extractor, table, "ignore=t"));
  const double expected[ROWS * 7] = {10,  1, 0, 0, 0, 1, 0, 20,   2, 0, 0, 0, 0, 1, 11, 3, 0, 0, 0, 0, 0,
                                     NAN, 4, 1, 0, 0, 1, 0, 12.5, 5, 0, 0, 1, 0, 0, 40, 6, 0, 0, 1, 0, 0};
  assert_int_equal(ba_extractor_width(extractor), 7);
  name_is(context, extractor, 2, "price.missing");
  name_is(context, extractor, 4, "region=7");
  name_is(context, extractor, 6, "region=south");
  matrix_of(context, extractor, table, NULL, rows);
  same_numbers(rows, expected, ROWS * 7);
  /* What it learnt stays when another table does not do. */
  ba_table *other;
  OK(context, ba_table_create(context, ROWS, &other));
  REFUSED(context, ba_extractor_fit_table(extractor, other, NULL), BA_ERR_TABLE, "no column \"region\"");
  matrix_of(context, extractor, table, NULL, rows);
  same_numbers(rows, expected, ROWS * 7);
  ba_extractor_destroy(extractor);
  OK(context, ba_extractor_create(context, "Column(column=price)", &extractor));
  REFUSED(context, ba_extractor_apply_table(extractor, table, NULL, &none), BA_ERR_NUMBER,
          "record 4: column \"price\" has no value");
  ba_extractor_destroy(extractor);
  ba_table_release(other);
  ba_table_release(table);
}

/* A category's slot is that of its text, and 7.0 is 7. */
static void test_hashed_categories(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_extractor *extractor;
  double rows[ROWS * 20];
  OK(context, make_table(context, &table));
  OK(context, ba_extractor_create(
                  context, "CategoryHash(column=region, slots=16) + CategoryHash(column=region, slots=4)", &extractor));
  assert_int_equal(ba_extractor_width(extractor), 20);
  name_is(context, extractor, 3, "region.slot3");
  matrix_of(context, extractor, table, NULL, rows);
  for (int32_t i = 0; i < ROWS; i++) {
    const int64_t length = (int64_t)strlen(REGIONS[i]);
    const int64_t slot = ba_category_slot(REGIONS[i], length, 16), small = ba_category_slot(REGIONS[i], length, 4);
    assert_int_equal(small, slot < 0 ? -1 : slot / 4); /* the highest bits of one hash */
    for (int64_t c = 0; c < 16; c++) assert_true(rows[20 * i + c] == (c == slot));
    for (int64_t c = 0; c < 4; c++) assert_true(rows[20 * i + 16 + c] == (c == small));
  }
  assert_int_equal(ba_category_slot("7.0", 3, 16), ba_category_slot("7", 1, 16));
  assert_int_equal(ba_category_slot("north", 5, 12), -1);
  assert_int_equal(ba_category_slot("north", 5, 1), -1);
  assert_int_equal(ba_category_slot("north", 5, INT64_C(1) << 25), -1);
  assert_int_equal(ba_category_slot(NULL, 5, 16), -1);
  /* Vectors that a format depends on: they may never change. */
  assert_int_equal(ba_category_slot("north", 5, 1 << 24), 11597407);
  assert_int_equal(ba_category_slot("Stra\xc3\x9f"
                                    "e 12",
                                    10, 1 << 24),
                   6360173);
  ba_extractor_destroy(extractor);
  ba_table_release(table);
}

/* Rows of a group in the order of time, and in the places where they stood. */
static void test_series(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_extractor *extractor;
  double rows[ROWS * 2];
  ba_array *none;
  OK(context, make_table(context, &table));
  OK(context, ba_extractor_create(context, "Lag(column=price) + Expanding(column=price, stat=count)", &extractor));
  matrix_of(context, extractor, table, "group=symbol, time=t", rows);
  same_numbers(rows, (double[]){NAN, 1, 40, 2, 10, 2, NAN, NAN, 11, 3, NAN, 1}, ROWS * 2);
  matrix_of(context, extractor, table, NULL, rows);
  same_numbers(rows, (double[]){NAN, 1, 10, 2, 20, 3, NAN, NAN, 11, 4, 12.5, 5}, ROWS * 2);
  REFUSED(context, ba_extractor_apply_table(extractor, table, "time=t, duplicate=error", &none), BA_ERR_NUMBER,
          "record 3: column \"t\" has the time of a row before in its group");
  REFUSED(context, ba_extractor_apply_table(extractor, table, "group=x", &none), BA_ERR_TABLE, "\"x\" for the group");
  REFUSED(context, ba_extractor_apply_table(extractor, table, "time=symbol", &none), BA_ERR_NUMBER,
          "record 1: column \"symbol\" has \"a\"");
  ba_extractor_destroy(extractor);
  ba_table_release(table);
}

static void test_what_does_not_fit(void **state) {
  ba_context *context = *state;
  ba_table *table;
  ba_extractor *extractor;
  ba_array *none;
  ba_records *records = making_records(context, 2, 5, 5, "ACGT", 1);
  OK(context, make_table(context, &table));
  OK(context, ba_extractor_create(context, "Kmer(k=2)", &extractor));
  REFUSED(context, ba_extractor_apply_table(extractor, table, NULL, &none), BA_ERR_UNSUPPORTED, "reads no table");
  REFUSED(context, ba_extractor_fit_table(extractor, table, NULL), BA_ERR_UNSUPPORTED, "reads no table");
  ba_extractor_destroy(extractor);
  OK(context, ba_extractor_create(context, "Columns()", &extractor));
  REFUSED(context, ba_extractor_apply_records(extractor, records, NULL, &none), BA_ERR_UNSUPPORTED,
          "ba_extractor_apply_table");
  REFUSED(context, ba_extractor_apply_table(extractor, NULL, NULL, &none), BA_ERR_ARGUMENT, "expected a table");
  REFUSED(context, ba_extractor_apply_table(extractor, table, NULL, NULL), BA_ERR_ARGUMENT, "place for the result");
  assert_int_equal(ba_extractor_apply_table(NULL, table, NULL, &none), BA_ERR_ARGUMENT);
  assert_int_equal(ba_extractor_fit_table(NULL, table, NULL), BA_ERR_ARGUMENT);
  ba_extractor_destroy(extractor);
  ba_records_release(records);
  ba_table_release(table);
}

static ba_status life(ba_context *context, void *argument) {
  ba_table *table = NULL;
  ba_extractor *extractor = NULL;
  ba_array *rows = NULL;
  (void)argument;
  ba_status status = make_table(context, &table);
  if (!status)
    status =
        ba_extractor_create(context, "Columns(missing=mean) + Category(column=region) + Lag(column=heat)", &extractor);
  if (!status) status = ba_extractor_fit_table(extractor, table, "ignore=t");
  if (!status) status = ba_extractor_apply_table(extractor, table, "group=symbol, time=t", &rows);
  if (!status) status = ba_extractor_fit_table(extractor, table, NULL);
  ba_array_release(rows);
  ba_extractor_destroy(extractor);
  ba_table_release(table);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 40);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_columns_and_categories, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_hashed_categories, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_series, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_does_not_fit, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
