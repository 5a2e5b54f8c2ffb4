/* SPDX-License-Identifier: MIT
 *
 * Batches made from memory, their reading, sharing, cutting and growing.
 */
#include "seq/records.h"

#include "reading.h"
#include "support/fault.h"

static ba_context *context_of(void **state) {
  return *state;
}

static int open_context(void **state) {
  ba_context *context;
  if (ba_context_create(NULL, &context) != BA_OK) return -1;
  *state = context;
  return 0;
}

/* Everything must have been given back. */
static int close_context(void **state) {
  int64_t before, after;
  ba_context *fresh;
  if (ba_context_create(NULL, &fresh) != BA_OK) return -1;
  ba_context_memory(fresh, &before, NULL);
  ba_context_destroy(fresh);
  ba_context_memory(*state, &after, NULL);
  ba_context_destroy(*state);
  return before == after ? 0 : -1;
}

static void is_text(const char *text, const int64_t *n, const char *expected) {
  assert_int_equal(*n, strlen(expected));
  assert_memory_equal(text, expected, strlen(expected));
}

static void from_memory(void **state) {
  const int64_t offsets[] = {2, 5, 5, 9};
  ba_records *records;
  int64_t n;
  assert_int_equal(ba_records_create(context_of(state), "xxACGTn-*zz", offsets, 3, &records), BA_OK);
  assert_int_equal(ba_records_count(records), 3);
  is_text(ba_records_sequence(records, 0, &n), &n, "ACG");
  is_text(ba_records_sequence(records, 1, &n), &n, "");
  is_text(ba_records_sequence(records, 2, &n), &n, "Tn-*");
  is_text(ba_records_name(records, 2, &n), &n, "");
  assert_null(ba_records_quality(records, 0, &n));
  assert_int_equal(n, 0);
  const int64_t *columns;
  const char *letters = ba_records_columns(records, &columns);
  const int64_t expected[] = {0, 3, 3, 7};
  assert_memory_equal(columns, expected, sizeof expected);
  is_text(letters, &columns[3], "ACGTn-*");
  assert_null(ba_records_sequence(records, 3, &n));
  assert_int_equal(n, 0);
  n = 7;
  assert_null(ba_records_name(records, -1, &n));
  assert_int_equal(n, 0);
  assert_ptr_equal(ba_records_retain(records), records);
  ba_records_release(records);
  assert_int_equal(ba_records_count(records), 3);
  ba_records_release(records);
}

static void count_call(void *user) {
  ++*(int32_t *)user;
}

/* Letters stay where they are, are not written, and go back once; every length ends the check in another way. */
static void wrapped(void **state) {
  ba_context *context = context_of(state);
  for (int64_t n = 0; n <= 100; n++) {
    const int64_t offsets[] = {3, 3 + n / 2, 3 + n}, falling[] = {3, 2, 2};
    char letters[110], before[110];
    ba_records *records;
    const int64_t *columns;
    int64_t length;
    int32_t released = 0;
    memset(letters, '?', sizeof letters);
    for (int64_t i = 0; i < n; i++) letters[3 + i] = "ACGTNacgtn-*."[i % 13];
    memcpy(before, letters, sizeof letters);
    assert_int_equal(ba_records_wrap(context, letters, offsets, 2, count_call, &released, &records), BA_OK);
    assert_ptr_equal(ba_records_columns(records, &columns), letters + 3);
    assert_int_equal(columns[0], 0);
    assert_int_equal(columns[2], n);
    assert_ptr_equal(ba_records_sequence(records, 1, &length), letters + 3 + n / 2);
    assert_int_equal(length, n - n / 2);
    assert_false(bai_records_recycle(records));
    ba_records_release(ba_records_retain(records));
    assert_int_equal(released, 0);
    ba_records_release(records);
    assert_int_equal(released, 1);
    assert_memory_equal(letters, before, sizeof letters);
    if (n > 0) {
      letters[3 + n - 1] = '1';
      assert_int_equal(ba_records_wrap(context, letters, offsets, 2, count_call, &released, &records), BA_ERR_FORMAT);
      assert_null(records);
    }
    assert_int_equal(ba_records_wrap(context, letters, falling, 2, count_call, &released, &records), BA_ERR_ARGUMENT);
    assert_int_equal(released, 1);
  }
}

static void wraps_nothing(void **state) {
  const int64_t offsets[] = {0, 0}, some[] = {0, 4};
  ba_context *context = context_of(state);
  ba_records *records;
  assert_int_equal(ba_records_wrap(context, NULL, offsets, 1, NULL, NULL, &records), BA_OK);
  assert_int_equal(ba_records_count(records), 1);
  ba_records_release(records);
  assert_int_equal(ba_records_wrap(context, NULL, some, 1, NULL, NULL, &records), BA_ERR_ARGUMENT);
  assert_int_equal(ba_records_wrap(context, "ACGT", NULL, 1, NULL, NULL, &records), BA_ERR_ARGUMENT);
  assert_int_equal(ba_records_wrap(context, "ACGT", some, -1, NULL, NULL, &records), BA_ERR_ARGUMENT);
  assert_int_equal(ba_records_wrap(context, "ACGT", some, 1, NULL, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_records_wrap(NULL, "ACGT", some, 1, NULL, NULL, &records), BA_ERR_ARGUMENT);
}

static void none_at_all(void **state) {
  const int64_t offsets[] = {0};
  ba_records *records;
  int64_t n = 5;
  assert_int_equal(ba_records_create(context_of(state), NULL, offsets, 0, &records), BA_OK);
  assert_int_equal(ba_records_count(records), 0);
  ba_records_release(records);
  ba_records_release(NULL);
  assert_null(ba_records_retain(NULL));
  assert_int_equal(ba_records_count(NULL), 0);
  assert_null(ba_records_sequence(NULL, 0, &n));
  assert_int_equal(n, 0);
  assert_null(ba_records_name(NULL, 0, NULL));
  assert_null(ba_records_quality(NULL, 0, NULL));
  const int64_t *columns = offsets;
  assert_null(ba_records_columns(NULL, &columns));
  assert_null(columns);
  columns = offsets;
  assert_null(ba_records_names(NULL, &columns));
  assert_null(columns);
  columns = offsets;
  assert_null(ba_records_qualities(NULL, &columns));
  assert_null(columns);
}

static void refused(void **state) {
  const int64_t good[] = {0, 2, 4}, falling[] = {0, 3, 2}, negative[] = {-1, 2, 4};
  ba_context *context = context_of(state);
  ba_records *records;
  int64_t record, byte;
  assert_int_equal(ba_records_create(context, "AC?T", good, 2, &records), BA_ERR_FORMAT);
  assert_null(records);
  assert_string_equal(ba_context_error_message(context),
                      "record 2, byte 0: '?' in a sequence: expected the letters A-Z a-z, '*', '-' or '.'");
  ba_context_error_position(context, &record, &byte);
  assert_int_equal(record, 2);
  assert_int_equal(byte, 0);
  assert_int_equal(ba_records_create(context, "ACGT", falling, 2, &records), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context), "offset 2 is 2, before offset 1, which is 3");
  assert_int_equal(ba_records_create(context, "ACGT", negative, 2, &records), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context), "offset 0 is -1: offsets are 0 or more");
  assert_int_equal(ba_records_create(context, NULL, good, 2, &records), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context), "the offsets speak of 4 bytes, but their buffer is NULL");
  assert_int_equal(ba_records_create(context, "ACGT", NULL, 2, &records), BA_ERR_ARGUMENT);
  assert_int_equal(ba_records_create(context, "ACGT", good, -1, &records), BA_ERR_ARGUMENT);
  assert_int_equal(ba_records_create(context, "ACGT", good, 2, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_records_create(NULL, "ACGT", good, 2, &records), BA_ERR_ARGUMENT);
}

static void all_columns(void **state) {
  const int64_t names[] = {0, 1, 3}, letters[] = {0, 2, 3}, symbols[] = {0, 2, 2}, short_by_one[] = {0, 1, 2};
  ba_records *records;
  int64_t n;
  bai_texts name = {"abc", names}, letter = {"ACG", letters}, symbol = {"I!", symbols}, wrong = {"I!", short_by_one};
  assert_int_equal(bai_records_make(context_of(state), name, letter, symbol, 2, &records), BA_OK);
  is_text(ba_records_name(records, 1, &n), &n, "bc");
  is_text(ba_records_quality(records, 0, &n), &n, "I!");
  assert_null(ba_records_quality(records, 1, &n));
  const int64_t *columns;
  is_text(ba_records_names(records, &columns), &names[2], "abc");
  assert_memory_equal(columns, names, sizeof names);
  is_text(ba_records_qualities(records, &columns), &symbols[2], "I!");
  assert_memory_equal(columns, symbols, sizeof symbols);
  ba_records_release(records);
  assert_int_equal(bai_records_make(context_of(state), name, letter, wrong, 2, &records), BA_ERR_FORMAT);
  assert_string_equal(ba_context_error_message(context_of(state)), "record 1: quality has 1 symbols, sequence has 2");
}

/* Cut after every record: both parts together are the whole, the unfinished record goes with the second. */
static void split_everywhere(void **state) {
  ba_context *context = context_of(state);
  for (int64_t first = 0; first <= 4; first++) {
    ba_records *a, *b;
    int64_t n;
    assert_int_equal(bai_records_open(context, (bai_records_room){0}, &a), BA_OK);
    assert_int_equal(bai_records_open(context, (bai_records_room){0}, &b), BA_OK);
    for (int64_t i = 0; i < 5; i++) {
      assert_int_equal(bai_vector_append(context, &a->letters, "ACGTA", i, 1), BA_OK);
      assert_int_equal(bai_vector_append(context, &a->qualities, "!!!!!", i, 1), BA_OK);
      assert_int_equal(bai_vector_append(context, &a->names, "nm", i % 3, 1), BA_OK);
      if (i < 4) assert_int_equal(bai_records_commit(a), BA_OK);
    }
    assert_int_equal(bai_records_split(a, first, b), BA_OK);
    assert_int_equal(a->count, first);
    assert_int_equal(b->count, 4 - first);
    for (int64_t i = 0; i < 4; i++) {
      const ba_records *part = i < first ? a : b;
      int64_t at = i < first ? i : i - first;
      ba_records_sequence(part, at, &n);
      assert_int_equal(n, i);
      ba_records_quality(part, at, &n);
      assert_int_equal(n, i);
      ba_records_name(part, at, &n);
      assert_int_equal(n, i % 3);
    }
    assert_int_equal(bai_records_commit(b), BA_OK);
    is_text(ba_records_sequence(b, 4 - first, &n), &n, "ACGT");
    is_text(ba_records_name(b, 4 - first, &n), &n, "n");
    ba_records_release(a);
    ba_records_release(b);
  }
}

static void recycled_only_when_alone(void **state) {
  ba_records *a;
  assert_int_equal(bai_records_open(context_of(state), (bai_records_room){.letters = 100}, &a), BA_OK);
  assert_int_equal(bai_records_commit(a), BA_OK);
  ba_records_retain(a);
  assert_int_equal(bai_records_recycle(a), 0);
  assert_int_equal(a->count, 1);
  ba_records_release(a);
  assert_int_equal(bai_records_recycle(a), 1);
  assert_int_equal(a->count, 0);
  assert_int_equal(a->offsets.count, 1);
  ba_records_release(a);
}

static void outlives_its_context(void **state) {
  const int64_t offsets[] = {0, 4};
  ba_context *context;
  ba_records *records;
  int64_t n;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_records_create(context, "ACGT", offsets, 1, &records), BA_OK);
  ba_context_destroy(context);
  is_text(ba_records_sequence(records, 0, &n), &n, "ACGT");
  ba_records_release(records);
}

static ba_status create_and_split(ba_context *context, void *argument) {
  const int64_t offsets[] = {0, 2, 4};
  ba_records *records, *next = NULL;
  (void)argument;
  ba_status status = ba_records_create(context, "ACGT", offsets, 2, &records);
  if (status) return status;
  status = bai_records_open(context, (bai_records_room){0}, &next);
  if (!status) status = bai_records_split(records, 1, next);
  ba_records_release(next);
  ba_records_release(records);
  return status;
}

static ba_status wrap(ba_context *context, void *argument) {
  const int64_t offsets[] = {0, 2, 4};
  ba_records *records;
  const ba_status status = ba_records_wrap(context, "ACGT", offsets, 2, count_call, argument, &records);
  ba_records_release(records);
  return status;
}

static void out_of_memory(void **state) {
  int32_t released = 0;
  (void)state;
  assert_true(fault_sweep(create_and_split, NULL) >= 8);
  assert_true(fault_sweep(wrap, &released) >= 4);
  assert_int_equal(released, 2); /* a sweep has two rounds, each of which gets through at last */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(from_memory, open_context, close_context),
      cmocka_unit_test_setup_teardown(wrapped, open_context, close_context),
      cmocka_unit_test_setup_teardown(wraps_nothing, open_context, close_context),
      cmocka_unit_test_setup_teardown(none_at_all, open_context, close_context),
      cmocka_unit_test_setup_teardown(refused, open_context, close_context),
      cmocka_unit_test_setup_teardown(all_columns, open_context, close_context),
      cmocka_unit_test_setup_teardown(split_everywhere, open_context, close_context),
      cmocka_unit_test_setup_teardown(recycled_only_when_alone, open_context, close_context),
      cmocka_unit_test(outlives_its_context),
      cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
