/* SPDX-License-Identifier: MIT
 *
 * test_csv.c: delimited text in chunks of every size: the rules of RFC 4180, and where a wrong byte is reported.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "array/csv.h"
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

/* What a table reads as: every field in [ ], every row in ( ), with the byte where the row starts. */
typedef struct sheet {
  char *text;
  size_t used, room;
  char delimiter;
} sheet;

static void put(sheet *s, const char *bytes, int64_t n) {
  if (s->used + (size_t)n + 1 > s->room) {
    s->room = 2 * (s->used + (size_t)n + 1);
    s->text = realloc(s->text, s->room);
    assert_non_null(s->text);
  }
  if (n > 0) memcpy(s->text + s->used, bytes, (size_t)n);
  s->used += (size_t)n;
  s->text[s->used] = 0;
}

static void put_row(sheet *s, const bai_csv *csv, int32_t with_byte) {
  char start[32];
  if (with_byte) put(s, start, snprintf(start, sizeof start, "%lld", (long long)csv->row_byte));
  put(s, "(", 1);
  for (int64_t i = 0; i < bai_csv_fields(csv); i++) {
    int64_t length;
    const char *field = bai_csv_field(csv, i, &length);
    put(s, "[", 1);
    put(s, field, length);
    put(s, "]", 1);
  }
  put(s, ")", 1);
}

/* Reads n bytes cut at `first` and then every `chunk` bytes; each piece stands in a block of its own size. */
static ba_status read_sheet(ba_context *context, const char *bytes, int64_t n, char delimiter, int64_t first,
                            int64_t chunk, int32_t with_byte, sheet *out) {
  bai_csv csv;
  memset(&csv, 0, sizeof csv);
  csv.delimiter = delimiter;
  out->used = 0;
  put(out, "", 0);
  ba_status status = BA_OK;
  for (int64_t at = 0, size = first; !status && at <= n; at += size, size = chunk) {
    if (size > n - at) size = n - at;
    uint8_t *piece = malloc(size ? (size_t)size : 1);
    assert_non_null(piece);
    if (size) memcpy(piece, bytes + at, (size_t)size);
    const uint8_t *cursor = piece;
    const int32_t last = at + size == n;
    int32_t complete;
    do {
      status = bai_csv_take(context, &csv, &cursor, piece + size, last, &complete);
      if (!status && complete) put_row(out, &csv, with_byte);
    } while (!status && complete);
    if (!status) assert_ptr_equal(cursor, piece + size);
    free(piece);
    if (last) break;
  }
  out->delimiter = csv.delimiter;
  bai_csv_free(context, &csv);
  return status;
}

static void test_rules(void **state) {
  const struct {
    const char *table;
    char delimiter; /* given; 0: to be found */
    const char *rows;
  } cases[] = {
      {"", 0, ""},
      {"\n", 0, ""},
      {"\r\n\n\r\n", 0, ""},
      {"a", 0, "0([a])"},
      {"a\n", 0, "0([a])"},
      {"a\r\n", 0, "0([a])"},
      {"a\r", 0, "0([a])"},
      {"a,b\n1,2\n", 0, "0([a][b])4([1][2])"},
      {"a,b\r\n1,2\r\n", 0, "0([a][b])5([1][2])"},
      {"a,b\n1,2", 0, "0([a][b])4([1][2])"},
      {"\n\na,b\n\n\r\n1,2\n\n", 0, "2([a][b])9([1][2])"},
      {",\n", 0, "0([][])"},
      {"a,\n,b\n", 0, "0([a][])3([][b])"},
      {"a,,", 0, "0([a][][])"},
      {"\"a\",\"b c\"\n", 0, "0([a][b c])"},
      {"\"\"\n", 0, "0([])"},
      {"\"\"\"\"\n", 0, "0([\"])"},
      {"\"say \"\"yes\"\", now\",2\n", 0, "0([say \"yes\", now][2])"},
      {"\"two\nlines\",\"a\r\nb\"\n", 0, "0([two\nlines][a\r\nb])"},
      {"\"a\"\r\n\"b\"", 0, "0([a])5([b])"},
      {" a , b \n", 0, "0([ a ][ b ])"},
      {"a\tb\n1\t2\n", 0, "0([a][b])4([1][2])"},
      {"a\tb,c\n1\t2,3\n", 0, "0([a][b,c])6([1][2,3])"},
      {"a,b\tc\n1,2\t3\n", 0, "0([a][b\tc])6([1][2\t3])"},
      {"name\n1,2\n", 0, "0([name])5([1][2])"},
      {"a\t\"b\"\nsay \"hi\"\t\"\n", 0, "0([a][\"b\"])6([say \"hi\"][\"])"},
      {"\"a\"\tb\n", '\t', "0([\"a\"][b])"},
      {"a\tb,c\n", ',', "0([a\tb][c])"},
      {"a,b\tc\n", '\t', "0([a,b][c])"},
      {"\xc3\xa4,\xff\n", 0, "0([\xc3\xa4][\xff])"},
  };
  sheet got = {0};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const int64_t n = (int64_t)strlen(cases[i].table);
    for (int64_t first = 0; first <= n; first++)
      for (int64_t chunk = 1; chunk <= n + 1; chunk++) {
        const ba_status status = read_sheet(*state, cases[i].table, n, cases[i].delimiter, first, chunk, 1, &got);
        if (status) fail_msg("case %d: %s", (int)i, ba_context_error_message(*state));
        assert_string_equal(got.text, cases[i].rows);
      }
  }
  free(got.text);
}

static void test_refusals(void **state) {
  const struct {
    const char *table;
    int64_t n;
    ba_status status;
    int64_t row, byte;
    const char *text;
  } cases[] = {
      {"a,b\nx\"y,2\n", 10, BA_ERR_TABLE, 2, 5, "a quote inside a field; expected the whole field in quotes"},
      {"a,b\n\n1, \"2\"\n", 12, BA_ERR_TABLE, 2, 8, "a quote inside a field; expected the whole field in quotes"},
      {"\"a\"b,c\n", 7, BA_ERR_TABLE, 1, 3, "text after a closing quote; expected a delimiter or the end of the row"},
      {"a\n\"b\" \n", 7, BA_ERR_TABLE, 2, 5, "text after a closing quote; expected a delimiter or the end of the row"},
      {"a\rb\n", 4, BA_ERR_TABLE, 1, 2, "a carriage return inside a row; expected a line feed after it"},
      {"a,b\n1\r\r\n", 8, BA_ERR_TABLE, 2, 6, "a carriage return inside a row; expected a line feed after it"},
      {"a\r,b\n", 5, BA_ERR_TABLE, 1, 2, "a carriage return inside a row; expected a line feed after it"},
      {"a,b\n1,\0002\n", 9, BA_ERR_TABLE, 2, 6, "a zero byte; expected text"},
      {"\0", 1, BA_ERR_TABLE, 1, 0, "a zero byte; expected text"},
      {"a\n\"b\0c\"\n", 8, BA_ERR_TABLE, 2, 4, "a zero byte; expected text"},
      {"a,\"b", 4, BA_ERR_TRUNCATED, 1, 4, "the table ends inside quotes"},
      {"a\nb\n\"c\n\nd\n", 10, BA_ERR_TRUNCATED, 3, 10, "the table ends inside quotes"},
      {"\"", 1, BA_ERR_TRUNCATED, 1, 1, "the table ends inside quotes"},
  };
  sheet got = {0};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (int64_t first = 0; first <= cases[i].n; first++)
      for (int64_t chunk = 1; chunk <= cases[i].n + 1; chunk++) {
        char message[512];
        int64_t record, byte;
        assert_int_equal(read_sheet(*state, cases[i].table, cases[i].n, 0, first, chunk, 0, &got), cases[i].status);
        ba_context_error_position(*state, &record, &byte);
        assert_int_equal(record, cases[i].row);
        assert_int_equal(byte, cases[i].byte);
        snprintf(message, sizeof message, "record %lld, byte %lld: %s", (long long)cases[i].row,
                 (long long)cases[i].byte, cases[i].text);
        assert_string_equal(ba_context_error_message(*state), message);
      }
  free(got.text);
}

/* A table of random fields, written by the rules here and read back. */
static void test_random_tables(void **state) {
  static const char letters[] = "ab,\t\"\n\r z";
  sheet want = {0}, table = {0}, got = {0};
  for (uint64_t seed = 0; seed < 300; seed++) {
    uint64_t at = 0;
    const char delimiter = seed % 2 ? ',' : '\t';
    want.used = table.used = 0;
    const uint64_t rows = 1 + bai_random(seed, 0, at++) % 6, columns = 1 + bai_random(seed, 0, at++) % 5;
    for (uint64_t r = 0; r < rows; r++) {
      put(&want, "(", 1);
      for (uint64_t c = 0; c < columns; c++) {
        char field[16];
        uint64_t n = bai_random(seed, 0, at++) % 8;
        for (uint64_t i = 0; i < n; i++) field[i] = letters[bai_random(seed, 0, at++) % (sizeof letters - 1)];
        if (delimiter == '\t') /* nothing is quoted there, so these cannot be said */
          for (uint64_t i = 0; i < n; i++)
            if (strchr("\t\n\r", field[i])) field[i] = '-';
        field[n] = 0;
        /* An empty line is no row, so a single empty field needs its quotes; a tab file cannot say it at all. */
        if (columns == 1 && n == 0 && delimiter == '\t') field[n++] = '.';
        field[n] = 0;
        const int32_t quote = delimiter == ',' && (strpbrk(field, ",\"\n\r") != NULL || (columns == 1 && n == 0) ||
                                                   bai_random(seed, 0, at++) % 3 == 0);
        if (c) put(&table, &delimiter, 1);
        if (quote) put(&table, "\"", 1);
        for (uint64_t i = 0; i < n; i++)
          put(&table, quote && field[i] == '"' ? "\"\"" : &field[i], quote && field[i] == '"' ? 2 : 1);
        if (quote) put(&table, "\"", 1);
        put(&want, "[", 1);
        put(&want, field, (int64_t)n);
        put(&want, "]", 1);
      }
      put(&want, ")", 1);
      put(&table, seed % 3 ? "\n" : "\r\n", seed % 3 ? 1 : 2);
    }
    const int64_t chunks[] = {1, 2, 3, 7, 4096};
    for (int32_t k = 0; k < 5; k++) {
      const ba_status status =
          read_sheet(*state, table.text, (int64_t)table.used, delimiter, chunks[k], chunks[k], 0, &got);
      if (status) fail_msg("seed %d: %s", (int)seed, ba_context_error_message(*state));
      assert_string_equal(got.text, want.text);
    }
  }
  free(want.text);
  free(table.text);
  free(got.text);
}

static void test_the_delimiter_is_found_once(void **state) {
  sheet got = {0};
  assert_int_equal(read_sheet(*state, "a\tb\n", 4, 0, 1, 1, 0, &got), BA_OK);
  assert_int_equal(got.delimiter, '\t');
  assert_int_equal(read_sheet(*state, "\"a\tb\",c\n", 8, 0, 1, 1, 0, &got), BA_OK);
  assert_int_equal(got.delimiter, ',');
  assert_string_equal(got.text, "([a\tb][c])");
  free(got.text);
}

static ba_status call_take(ba_context *context, void *argument) {
  (void)argument;
  static const char table[] = "a,b,c\n1,\"two \"\"quoted\"\" words of some length, to grow the buffer\",3\n";
  sheet got = {0};
  const ba_status status = read_sheet(context, table, (int64_t)strlen(table), 0, 5, 5, 0, &got);
  free(got.text);
  return status;
}

static void test_failing_allocations(void **state) {
  (void)state;
  assert_true(fault_sweep(call_take, NULL) > 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_rules, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_random_tables, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_the_delimiter_is_found_once, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_failing_allocations, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
