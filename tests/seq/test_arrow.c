/* SPDX-License-Identifier: MIT
 *
 * test_arrow.c: the Arrow stream of a reader, consumed as the C interfaces say: columns equal to the records, children
 * moved away, errors, the end, and release in any order.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bioanalytics/arrow.h"
#include "support/fault.h"

static const char fastq[] = "@r1 first\nACGTN\n+\nIIII!\n@r2\n\n+\n\n@\xc3\xa9\nGG\n+\n~~\n";
static const char fasta[] = ">one two\nAC\nGT\n>\n>last\nNNN";

static int set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state);
}

static int tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static ba_status export(ba_context *context, const char *text, struct ArrowArrayStream *stream) {
  ba_reader *reader;
  ba_status status = ba_reader_open_memory(context, (const uint8_t *)text, (int64_t)strlen(text), NULL, &reader);
  if (status) return status;
  status = ba_reader_export_stream(reader, stream);
  if (status) ba_reader_close(reader);
  return status;
}

static void check_text(const struct ArrowArray *column, int64_t row, const char *expected) {
  const int64_t *offsets = column->buffers[1];
  const char *bytes = column->buffers[2];
  assert_int_equal(offsets[row + 1] - offsets[row], strlen(expected));
  assert_memory_equal(bytes + offsets[row], expected, strlen(expected));
}

static void check_column(const struct ArrowArray *column, int64_t rows) {
  assert_int_equal(column->length, rows);
  assert_int_equal(column->n_buffers, 3);
  assert_int_equal(column->null_count, 0);
  assert_int_equal(column->offset, 0);
  assert_int_equal(column->n_children, 0);
  assert_null(column->buffers[0]);
  assert_null(column->dictionary);
  assert_non_null(column->release);
}

static void check_schema(struct ArrowArrayStream *stream, int64_t columns) {
  static const char *const names[] = {"name", "sequence", "quality"};
  struct ArrowSchema schema;
  assert_int_equal(stream->get_schema(stream, &schema), 0);
  assert_string_equal(schema.format, "+s");
  assert_int_equal(schema.n_children, columns);
  for (int64_t i = 0; i < columns; i++) {
    assert_string_equal(schema.children[i]->format, "U");
    assert_string_equal(schema.children[i]->name, names[i]);
    assert_int_equal(schema.children[i]->flags, 0);
  }
  schema.release(&schema);
  assert_null(schema.release);
}

static void check_end(struct ArrowArrayStream *stream) {
  struct ArrowArray array;
  for (int32_t i = 0; i < 2; i++) {
    assert_int_equal(stream->get_next(stream, &array), 0);
    assert_null(array.release);
  }
}

static void test_fastq_is_a_table(void **state) {
  struct ArrowArrayStream stream;
  struct ArrowArray array;
  assert_int_equal(export(*state, fastq, &stream), BA_OK);
  check_schema(&stream, 3);
  assert_int_equal(stream.get_next(&stream, &array), 0);
  assert_int_equal(array.length, 3);
  assert_int_equal(array.n_children, 3);
  assert_int_equal(array.n_buffers, 1);
  for (int32_t i = 0; i < 3; i++) check_column(array.children[i], 3);
  check_text(array.children[0], 0, "r1 first");
  check_text(array.children[0], 2, "\xc3\xa9");
  check_text(array.children[1], 0, "ACGTN");
  check_text(array.children[1], 1, "");
  check_text(array.children[2], 0, "IIII!");
  check_text(array.children[2], 2, "~~");
  check_end(&stream);
  stream.release(&stream);
  assert_null(stream.release);
  check_text(array.children[1], 2, "GG"); /* a batch outlives its stream */
  array.release(&array);
  assert_null(array.release);
}

static void test_fasta_has_no_quality(void **state) {
  struct ArrowArrayStream stream;
  struct ArrowArray array;
  assert_int_equal(export(*state, fasta, &stream), BA_OK);
  check_schema(&stream, 2);
  assert_int_equal(stream.get_next(&stream, &array), 0);
  assert_int_equal(array.n_children, 2);
  check_text(array.children[0], 0, "one two");
  check_text(array.children[0], 1, "");
  check_text(array.children[1], 0, "ACGT");
  check_text(array.children[1], 2, "NNN");
  array.release(&array);
  stream.release(&stream);
}

static void test_a_child_can_be_moved_away(void **state) {
  struct ArrowArrayStream stream;
  struct ArrowArray array;
  assert_int_equal(export(*state, fastq, &stream), BA_OK);
  assert_int_equal(stream.get_next(&stream, &array), 0);
  struct ArrowArray moved = *array.children[1];
  array.children[1]->release = NULL;
  array.release(&array);
  stream.release(&stream);
  check_text(&moved, 0, "ACGTN");
  moved.release(&moved);
  assert_null(moved.release);
}

static void test_an_empty_input_is_an_empty_table(void **state) {
  struct ArrowArrayStream stream;
  assert_int_equal(export(*state, "", &stream), BA_OK);
  check_schema(&stream, 2);
  check_end(&stream);
  stream.release(&stream);
}

static void test_errors_come_after_the_records_before_them(void **state) {
  struct ArrowArrayStream stream;
  struct ArrowArray array;
  assert_int_equal(export(*state, "@a\nAC\n+\nII\n@b\nACG\n+\nI\n", &stream), BA_OK);
  assert_null(stream.get_last_error(&stream));
  assert_int_equal(stream.get_next(&stream, &array), 0);
  assert_int_equal(array.length, 1);
  array.release(&array);
  assert_int_equal(stream.get_next(&stream, &array), EINVAL);
  assert_null(array.release);
  assert_non_null(strstr(stream.get_last_error(&stream), "record 2"));
  stream.release(&stream);
}

static void test_a_name_that_is_not_utf8_is_refused(void **state) {
  static const char *const bad[] = {"\x80",
                                    "\xc3",
                                    "\xc0\xaf",
                                    "\xe0\x80\xaf",
                                    "\xed\xa0\x80",
                                    "\xf0\x8f\xbf\xbf",
                                    "\xf4\x90\x80\x80",
                                    "\xf5\x80\x80\x80",
                                    "\xe2\x82"};
  static const char *const good[] = {"\xc2\x80",     "\xe0\xa0\x80",     "\xed\x9f\xbf",
                                     "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
  struct ArrowArrayStream stream;
  struct ArrowArray array;
  char text[64];
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    snprintf(text, sizeof text, ">ok\nAC\n>x%s\nGT\n", bad[i]);
    assert_int_equal(export(*state, text, &stream), BA_OK);
    assert_int_equal(stream.get_next(&stream, &array), EINVAL);
    assert_non_null(strstr(stream.get_last_error(&stream), "record 2"));
    assert_non_null(strstr(stream.get_last_error(&stream), "from its byte 1 on"));
    stream.release(&stream);
  }
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    snprintf(text, sizeof text, ">%s\nAC\n", good[i]);
    assert_int_equal(export(*state, text, &stream), BA_OK);
    assert_int_equal(stream.get_next(&stream, &array), 0);
    check_text(array.children[0], 0, good[i]);
    array.release(&array);
    stream.release(&stream);
  }
}

static void test_refusals(void **state) {
  ba_reader *reader;
  struct ArrowArrayStream stream;
  assert_int_equal(ba_reader_export_stream(NULL, &stream), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_memory(*state, (const uint8_t *)"x", 1, NULL, &reader), BA_OK);
  assert_int_equal(ba_reader_export_stream(reader, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_export_stream(reader, &stream), BA_ERR_FORMAT);
  ba_reader_close(reader); /* still the caller's */
  assert_int_equal(ba_reader_open_memory(*state, (const uint8_t *)"@a\nA\n+\nI\n", 9, "qualities=skip", &reader),
                   BA_OK);
  assert_int_equal(ba_reader_export_stream(reader, &stream), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(*state),
                      "export: the reader skips qualities, which are a column of the table; expected qualities=keep");
  ba_reader_close(reader);
}

static void test_objects_may_go_in_any_order(void **state) {
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray array;
  ba_context *context;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(export(context, fastq, &stream), BA_OK);
  ba_context_destroy(context);
  assert_int_equal(stream.get_schema(&stream, &schema), 0);
  assert_int_equal(stream.get_next(&stream, &array), 0);
  stream.release(&stream);
  array.release(&array);
  schema.release(&schema);
}

/* Whatever the stream answers, as a status for the sweep. */
static ba_status status_of(int code) {
  return code == 0 ? BA_OK : code == ENOMEM ? BA_ERR_MEMORY : BA_ERR_INTERNAL;
}

static ba_status consume(ba_context *context, void *argument) {
  struct ArrowArrayStream stream;
  struct ArrowSchema schema;
  struct ArrowArray array;
  (void)argument;
  ba_status status = export(context, fastq, &stream);
  if (status) return status;
  status = status_of(stream.get_schema(&stream, &schema));
  if (!status) schema.release(&schema);
  if (!status) {
    status = status_of(stream.get_next(&stream, &array));
    if (!status) array.release(&array);
  }
  stream.release(&stream);
  return status;
}

static void test_failing_allocations(void **state) {
  (void)state;
  fault_sweep(consume, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_fastq_is_a_table, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_fasta_has_no_quality, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_child_can_be_moved_away, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_an_empty_input_is_an_empty_table, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_errors_come_after_the_records_before_them, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_a_name_that_is_not_utf8_is_refused, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_objects_may_go_in_any_order, set_up, tear_down),
      cmocka_unit_test(test_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
