/* SPDX-License-Identifier: MIT
 *
 * test_table_reader.c: CSV and TSV files as tables of texts and numbers; bad rows; failures of memory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

#include "bioanalytics/bioanalytics.h"
#include "support/fault.h"
#include "support/temp.h"

typedef struct fixture {
  ba_context *context;
  char folder[TEMP_PATH], path[TEMP_PATH];
} fixture;

static int set_up(void **state) {
  fixture *f = calloc(1, sizeof *f);
  assert_int_equal(ba_context_create(NULL, &f->context), BA_OK);
  temp_make(f->folder);
  *state = f;
  return 0;
}

static int tear_down(void **state) {
  fixture *f = *state;
  temp_remove(f->folder);
  ba_context_destroy(f->context);
  free(f);
  return 0;
}

static void write_text(fixture *f, const char *text) {
  temp_write(f->path, f->folder, "t.csv", text, (int64_t)strlen(text));
}

static const char table_text[] =
    "day,price,\"name, full\",,open\n"
    "2024-01-02,1.5,\"a \"\"b\"\"\",7,NA\n"
    "2024-01-03,,c,-8,2\n"
    "2024-01-04,1e-3,,9,nan\n";

static void check_number(const ba_table *table, int64_t column, int64_t row, double expected) {
  const double *data = ba_array_data(ba_table_array(table, column));
  const uint8_t *validity = ba_table_validity(table, column);
  assert_non_null(data);
  if (isnan(expected)) {
    assert_true(validity && !(validity[row / 8] >> (row % 8) & 1) && isnan(data[row]));
    return;
  }
  assert_true(!validity || validity[row / 8] >> (row % 8) & 1);
  assert_true(data[row] == expected);
}

static void check_whole(const ba_table *table) {
  static const char *const names[] = {"day", "price", "name, full", "column4", "open"};
  int64_t length;
  assert_int_equal(ba_table_rows(table), 3);
  assert_int_equal(ba_table_columns(table), 5);
  for (int64_t i = 0; i < 5; i++) assert_string_equal(ba_table_name(table, i), names[i]);
  assert_null(ba_table_array(table, 0));
  assert_memory_equal(ba_table_text(table, 0, 1, &length), "2024-01-03", 10);
  assert_int_equal(length, 10);
  check_number(table, 1, 0, 1.5);
  check_number(table, 1, 1, NAN);
  check_number(table, 1, 2, 0.001);
  assert_memory_equal(ba_table_text(table, 2, 0, &length), "a \"b\"", 5);
  assert_null(ba_table_text(table, 2, 2, &length));
  check_number(table, 3, 1, -8.0);
  check_number(table, 4, 0, NAN);
  check_number(table, 4, 1, 2.0);
  check_number(table, 4, 2, NAN);
}

static void whole_tables(void **state) {
  fixture *f = *state;
  ba_table *table;
  write_text(f, table_text);
  assert_int_equal(ba_table_read(f->context, f->path, &table), BA_OK);
  check_whole(table);
  ba_table_release(table);
  char path[TEMP_PATH];
  temp_join(path, f->folder, "t.csv.gz");
  gzFile file = gzopen(path, "wb");
  assert_int_equal(gzwrite(file, table_text, (unsigned)strlen(table_text)), (int)strlen(table_text));
  gzclose(file);
  assert_int_equal(ba_table_read(f->context, path, &table), BA_OK);
  check_whole(table);
  ba_table_release(table);
  write_text(f, "a\tb\n1\tx,y\n");
  assert_int_equal(ba_table_read(f->context, f->path, &table), BA_OK);
  int64_t length;
  assert_memory_equal(ba_table_text(table, 1, 0, &length), "x,y", 3);
  check_number(table, 0, 0, 1.0);
  ba_table_release(table);
  write_text(f, "a,b\n");
  assert_int_equal(ba_table_read(f->context, f->path, &table), BA_OK);
  assert_int_equal(ba_table_rows(table), 0);
  assert_int_equal(ba_table_columns(table), 2);
  ba_table_release(table);
}

/* The texts of all batches are those of the file, whatever the batch. */
static void batches(void **state) {
  fixture *f = *state;
  char text[8192] = "k,v\n";
  for (int32_t i = 0; i < 400; i++) snprintf(text + strlen(text), 32, "%d,%s%d\n", i, i % 7 ? "v" : "", i * i);
  write_text(f, text);
  for (int64_t most = 1; most < 500; most = most * 3 + 1) {
    ba_table_reader *reader;
    ba_table *table;
    int64_t seen = 0;
    ba_status status;
    assert_int_equal(ba_table_reader_open(f->context, f->path, &reader), BA_OK);
    while ((status = ba_table_reader_next(reader, most, &table)) == BA_OK) {
      assert_true(ba_table_rows(table) == most || seen + ba_table_rows(table) == 400);
      for (int64_t i = 0; i < ba_table_rows(table); i++, seen++) {
        char expected[32];
        int64_t length;
        snprintf(expected, sizeof expected, "%s%lld", seen % 7 ? "v" : "", (long long)(seen * seen));
        const char *found = ba_table_text(table, 1, i, &length);
        assert_int_equal(length, strlen(expected));
        assert_memory_equal(found, expected, (size_t)length);
      }
      ba_table_release(table);
    }
    assert_int_equal(status, BA_END);
    assert_int_equal(seen, 400);
    assert_int_equal(ba_table_reader_next(reader, most, &table), BA_END);
    ba_table_reader_close(reader);
  }
}

static void bad_rows_are_passed_over(void **state) {
  static const char *const messages[] = {"record 3, byte 8: 3 fields; expected 2, as in the header",
                                         "record 5, byte 18: text after a closing quote"};
  fixture *f = *state;
  ba_table_reader *reader;
  ba_table *table;
  write_text(f, "a,b\n1,2\n3,4,5\n6,7\n\"8\"9,x\n10,11\n");
  assert_int_equal(ba_table_reader_open(f->context, f->path, &reader), BA_OK);
  for (int32_t i = 0; i < 2; i++) {
    assert_int_equal(ba_table_reader_next(reader, 100, &table), BA_ERR_TABLE);
    assert_null(table);
    if (!strstr(ba_context_error_message(f->context), strchr(messages[i], ':') + 2))
      fail_msg("%s", ba_context_error_message(f->context));
    int64_t record, byte;
    ba_context_error_position(f->context, &record, &byte);
    assert_int_equal(record, i ? 5 : 3);
  }
  assert_int_equal(ba_table_reader_next(reader, 100, &table), BA_OK);
  assert_int_equal(ba_table_rows(table), 3);
  int64_t length;
  assert_memory_equal(ba_table_text(table, 0, 2, &length), "10", 2);
  ba_table_release(table);
  assert_int_equal(ba_table_reader_next(reader, 100, &table), BA_END);
  ba_table_reader_close(reader);
  assert_int_equal(ba_table_read(f->context, f->path, &table), BA_ERR_TABLE);
  assert_non_null(strstr(ba_context_error_message(f->context), "t.csv"));
  assert_null(table);
}

static void refusals(void **state) {
  fixture *f = *state;
  ba_table_reader *reader;
  ba_table *table;
  write_text(f, "");
  assert_int_equal(ba_table_reader_open(f->context, f->path, &reader), BA_ERR_TABLE);
  assert_non_null(strstr(ba_context_error_message(f->context), "the table is empty; expected a header"));
  write_text(f, "a,a\n1,2\n");
  assert_int_equal(ba_table_read(f->context, f->path, &table), BA_ERR_ARGUMENT);
  assert_non_null(strstr(ba_context_error_message(f->context), "column 'a' is there already"));
  write_text(f, "a,b\n1,\"2\n");
  assert_int_equal(ba_table_read(f->context, f->path, &table), BA_ERR_TRUNCATED);
  assert_int_equal(ba_table_read(f->context, "/nowhere/t.csv", &table), BA_ERR_IO);
  assert_int_equal(ba_table_read(f->context, NULL, &table), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_reader_open(f->context, f->path, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_table_reader_next(NULL, 1, &table), BA_ERR_ARGUMENT);
  ba_table_reader_close(NULL);
}

static void check_reason(const ba_table *rejects, int64_t row, double number, const char *reason) {
  int64_t length;
  const char *text = ba_table_text(rejects, 1, row, &length);
  check_number(rejects, 0, row, number);
  assert_non_null(text);
  if (length < (int64_t)strlen(reason) || memcmp(text, reason, strlen(reason)) != 0)
    fail_msg("%.*s", (int)length, text);
}

static const char mixed_text[] =
    "x,y,kind\n"
    "1,a,1\n"
    "2,b,1\n"
    "3\n"
    "four,c,2\n"
    ",d,new\n"
    "6,5,3\n"
    "7,e,2,8\n"
    "9,f,NA\n";

/* Rows that fit stay as they are, and the others are told with their places in the file. */
static void rows_that_do_not_fit(void **state) {
  fixture *f = *state;
  ba_table *table, *rejects;
  int64_t length;
  write_text(f, mixed_text);
  assert_int_equal(ba_table_read_fitting(f->context, f->path, "texts=kind|other", &table, &rejects), BA_OK);
  assert_int_equal(ba_context_error_code(f->context), BA_OK);
  assert_int_equal(ba_table_rows(table), 5);
  const double x[] = {1, 2, NAN, 6, 9};
  for (int64_t i = 0; i < 5; i++) check_number(table, 0, i, x[i]);
  assert_memory_equal(ba_table_text(table, 1, 3, &length), "5", 1); /* most of y are texts */
  assert_memory_equal(ba_table_text(table, 2, 2, &length), "new", 3);
  assert_int_equal(ba_table_rows(rejects), 3);
  assert_string_equal(ba_table_name(rejects, 0), "row");
  assert_string_equal(ba_table_name(rejects, 1), "reason");
  check_reason(rejects, 0, 3, "record 4, byte 21: 1 fields; expected 3");
  check_reason(rejects, 1, 4, "row 4: column \"x\" has the text \"four\"; expected a number");
  check_reason(rejects, 2, 7, "record 8, byte 45: 4 fields; expected 3");
  ba_table_release(rejects);
  ba_table_release(table);
  assert_int_equal(ba_table_read_fitting(f->context, f->path, NULL, &table, &rejects), BA_OK);
  assert_int_equal(ba_table_rows(table), 4);
  check_reason(rejects, 2, 5, "row 5: column \"kind\" has the text \"new\"");
  check_number(table, 2, 3, NAN);
  ba_table_release(rejects);
  ba_table_release(table);
  write_text(f, "x\n");
  assert_int_equal(ba_table_read_fitting(f->context, f->path, NULL, &table, &rejects), BA_OK);
  assert_int_equal(ba_table_rows(table) + ba_table_rows(rejects), 0);
  ba_table_release(rejects);
  ba_table_release(table);
  assert_int_equal(ba_table_read_fitting(f->context, "/nowhere/t.csv", NULL, &table, &rejects), BA_ERR_IO);
  assert_null(rejects);
  assert_int_equal(ba_table_read_fitting(f->context, f->path, "text=x", &table, &rejects), BA_ERR_RECIPE);
  assert_int_equal(ba_table_read_fitting(f->context, f->path, NULL, &table, NULL), BA_ERR_ARGUMENT);
}

static ba_status sort_out(ba_context *context, void *argument) {
  ba_table *table = NULL, *rejects = NULL;
  const ba_status status = ba_table_read_fitting(context, argument, NULL, &table, &rejects);
  ba_table_release(table);
  ba_table_release(rejects);
  return status;
}

static ba_status life(ba_context *context, void *argument) {
  ba_table *table = NULL;
  ba_table_reader *reader = NULL;
  ba_status status = ba_table_read(context, argument, &table);
  ba_table_release(table);
  if (!status) status = ba_table_reader_open(context, argument, &reader);
  while (!status) {
    status = ba_table_reader_next(reader, 2, &table);
    ba_table_release(table);
  }
  ba_table_reader_close(reader);
  return status == BA_END ? BA_OK : status;
}

static void every_failing_allocation(void **state) {
  fixture *f = *state;
  write_text(f, table_text);
  assert_true(fault_sweep(life, f->path) > 30);
  write_text(f, mixed_text);
  assert_true(fault_sweep(sort_out, f->path) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(whole_tables, set_up, tear_down),
      cmocka_unit_test_setup_teardown(batches, set_up, tear_down),
      cmocka_unit_test_setup_teardown(bad_rows_are_passed_over, set_up, tear_down),
      cmocka_unit_test_setup_teardown(refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(rows_that_do_not_fit, set_up, tear_down),
      cmocka_unit_test_setup_teardown(every_failing_allocation, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
