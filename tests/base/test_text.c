/* SPDX-License-Identifier: MIT
 *
 * test_text.c: the formats against snprintf, JSON strings against the rules of RFC 8259, text results.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <limits.h>
#include <stdio.h>

#include "base/base.h"
#include "support/fault.h"

#define BOTH(...)                                   \
  do {                                              \
    char ours[300], theirs[300];                    \
    int64_t n = bai_format(ours, 300, __VA_ARGS__); \
    int m = snprintf(theirs, 300, __VA_ARGS__);     \
    assert_string_equal(ours, theirs);              \
    assert_int_equal(n, m);                         \
  } while (0)

static void test_formats_like_printf(void **state) {
  (void)state;
  const int32_t values[] = {0, 1, -1, 9, 10, -10, 99, 100, INT_MAX, INT_MIN};
  const long long longs[] = {0, 1, -1, LLONG_MAX, LLONG_MIN, 1000000000000LL};
  for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
    BOTH("<%d> %%", values[i]);
    BOTH("%02x|%08x", (unsigned)values[i], (unsigned)values[i]);
  }
  for (size_t i = 0; i < sizeof longs / sizeof longs[0]; i++) BOTH("%lld %ld", longs[i], (long)longs[i]);
  BOTH("%s and %.*s and %c", "one", 2, "two", 'x');
  BOTH("%s", "");
  BOTH("%g %g %g %g", 0.5, -3.0, 1e22, 0.0001);
  BOTH("plain");
}

static void test_format_cuts(void **state) {
  (void)state;
  char text[8];
  memset(text, '#', sizeof text);
  assert_int_equal(bai_format(text, 5, "abc%d", 12345), 4);
  assert_string_equal(text, "abc1");
  assert_int_equal(text[5], '#');
  assert_int_equal(bai_format(text, 1, "abc"), 0);
  assert_string_equal(text, "");
  assert_int_equal(bai_format(text, 0, "abc"), 0);
  assert_int_equal(bai_format(NULL, 0, "abc"), 0);
}

static void test_text_grows(void **state) {
  (void)state;
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  bai_vector text = {0};
  assert_int_equal(bai_text_add(context, &text, "%s", ""), BA_OK);
  assert_int_equal(text.count, 0);
  assert_string_equal(text.data, "");
  for (int32_t i = 0; i < 1000; i++) assert_int_equal(bai_text_add(context, &text, "%d;%s", i % 10, "ab"), BA_OK);
  assert_int_equal(text.count, 4000);
  assert_int_equal(strlen(text.data), 4000);
  assert_memory_equal((char *)text.data + 3996, "9;ab", 5);
  /* Unlike messages, texts keep their bytes. */
  assert_int_equal(bai_text_add(context, &text, "%s", "\xc3\xa9\n"), BA_OK);
  assert_string_equal((char *)text.data + 4000, "\xc3\xa9\n");
  bai_vector_free(context, &text);
  ba_context_destroy(context);
}

static void check_json(const char *bytes, int64_t n, const char *expected) {
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  bai_vector text = {0};
  assert_int_equal(bai_text_add_json(context, &text, bytes, n), BA_OK);
  assert_string_equal(text.data, expected);
  assert_int_equal(text.count, strlen(expected));
  bai_vector_free(context, &text);
  ba_context_destroy(context);
}

static void test_json(void **state) {
  (void)state;
  check_json("", 0, "");
  check_json("plain /text~\x7f", 13, "plain /text~\x7f");
  check_json("a\"b\\c\n\r\t\b\f", 10, "a\\\"b\\\\c\\n\\r\\t\\b\\f");
  check_json("\0\x01\x1f", 3, "\\u0000\\u0001\\u001f");
  /* Well-formed UTF-8 passes: U+00E9, U+20AC, U+1F9EC, U+10FFFF. */
  check_json("\xc3\xa9\xe2\x82\xac\xf0\x9f\xa7\xac\xf4\x8f\xbf\xbf", 13,
             "\xc3\xa9\xe2\x82\xac\xf0\x9f\xa7\xac\xf4\x8f\xbf\xbf");
  /* Overlong, surrogate, beyond the end, lone continuation, cut short: each bad byte is replaced. */
  check_json("\xc0\xaf", 2, "\\ufffd\\ufffd");
  check_json("\xed\xa0\x80", 3, "\\ufffd\\ufffd\\ufffd");
  check_json("\xf4\x90\x80\x80", 4, "\\ufffd\\ufffd\\ufffd\\ufffd");
  check_json("\xe0\x80\x80z", 4, "\\ufffd\\ufffd\\ufffdz");
  check_json("\xf0\x80\x80\x80", 4, "\\ufffd\\ufffd\\ufffd\\ufffd");
  check_json("\x80\xff", 2, "\\ufffd\\ufffd");
  check_json("\xe2\x82", 2, "\\ufffd\\ufffd");
}

static void test_give_text(void **state) {
  (void)state;
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  char buffer[8];
  int64_t length = -1;
  memset(buffer, '#', sizeof buffer);
  assert_int_equal(bai_give_text(context, "hello", 5, NULL, 0, &length), BA_OK);
  assert_int_equal(length, 5);
  assert_int_equal(bai_give_text(context, "hello", 5, buffer, 3, &length), BA_OK);
  assert_int_equal(length, 5);
  assert_string_equal(buffer, "he");
  assert_int_equal(buffer[3], '#');
  assert_int_equal(bai_give_text(context, "hello", 5, buffer, 6, &length), BA_OK);
  assert_string_equal(buffer, "hello");
  assert_int_equal(buffer[6], '#');
  assert_int_equal(bai_give_text(context, "hello", 5, NULL, 6, &length), BA_ERR_ARGUMENT);
  assert_int_equal(bai_give_text(context, "hello", 5, buffer, -1, &length), BA_ERR_ARGUMENT);
  assert_int_equal(bai_give_text(context, "hello", 5, buffer, 6, NULL), BA_ERR_ARGUMENT);
  ba_context_destroy(context);
}

static void test_equal(void **state) {
  (void)state;
  assert_true(bai_equal("Kmer", "kMER"));
  assert_true(bai_equal("", ""));
  assert_false(bai_equal("kmer", "kmers"));
  assert_false(bai_equal("kmers", "kmer"));
  assert_false(bai_equal("[", "{")); /* 32 apart, but no letters */
  assert_false(bai_equal("\xc3", "\xe3"));
  assert_int_equal(bai_length("abc"), 3);
  assert_int_equal(bai_length(NULL), 0);
}

static ba_status write_texts(ba_context *context, void *argument) {
  bai_vector text = {0};
  (void)argument;
  ba_status status = bai_text_add(context, &text, "%s %d", "a text that needs room", 5);
  if (!status) status = bai_text_add_json(context, &text, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", 24);
  bai_vector_free(context, &text);
  return status;
}

/* RFC 3629: overlong forms, surrogates, beyond U+10FFFF and cut sequences are none. */
static void test_utf8(void **state) {
  static const struct {
    const char *text;
    int64_t good;
  } cases[] = {{"", 0},
               {"abc", 3},
               {"\xc3\xa9z", 3},
               {"\xe2\x82\xac", 3},
               {"\xf0\x9f\xa7\xac!", 5},
               {"\xf4\x8f\xbf\xbf", 4},
               {"a\xff", 1},
               {"ab\x80", 2},
               {"\xc0\x80", 0},
               {"\xe0\x80\x80", 0},
               {"a\xed\xa0\x80", 1},
               {"\xf4\x90\x80\x80", 0},
               {"a\xe2\x82", 1}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(bai_utf8_prefix(cases[i].text, (int64_t)strlen(cases[i].text)), cases[i].good);
}

static void test_every_allocation_failing(void **state) {
  (void)state;
  assert_int_equal(fault_sweep(write_texts, NULL), 3);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_formats_like_printf),
      cmocka_unit_test(test_format_cuts),
      cmocka_unit_test(test_text_grows),
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_give_text),
      cmocka_unit_test(test_equal),
      cmocka_unit_test(test_utf8),
      cmocka_unit_test(test_every_allocation_failing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
