/* SPDX-License-Identifier: MIT
 *
 * test_dictionary.c: many texts by number and numbers by text, empty ones and those that begin alike.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "seq/dictionary.h"
#include "support/fault.h"

enum { MANY = 5000 };

/* Number i is written i times 7 in decimal, 0 is empty. */
static bai_span text_of(int64_t i, char text[32]) {
  const int n = i > 0 ? snprintf(text, 32, "%lld", (long long)i * 7) : 0;
  return (bai_span){text, n};
}

static ba_status fill(ba_context *context, void *argument) {
  bai_dictionary dictionary = {.slots = NULL};
  const int64_t count = *(const int64_t *)argument;
  char text[32];
  ba_status status = bai_enter(context);
  for (int64_t i = 0; !status && i < count; i++) {
    assert_int_equal(bai_dictionary_find(&dictionary, text_of(i, text)), -1);
    status = bai_dictionary_add(context, &dictionary, text_of(i, text));
    if (!status) assert_int_equal(bai_dictionary_count(&dictionary), i + 1);
  }
  for (int64_t i = 0; !status && i < count; i++) {
    const bai_span expected = text_of(i, text), found = bai_dictionary_text(&dictionary, i);
    assert_int_equal(bai_dictionary_find(&dictionary, expected), i);
    assert_int_equal(found.n, expected.n);
    assert_memory_equal(found.at, expected.at, (size_t)found.n);
  }
  assert_int_equal(bai_dictionary_find(&dictionary, (bai_span){"7x", 2}), -1);
  bai_dictionary_free(context, &dictionary);
  return bai_leave(context, status);
}

static void many_texts(void **state) {
  int64_t count = MANY;
  ba_context *context;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(fill(context, &count), BA_OK);
  ba_context_destroy(context);
}

static void spans(void **state) {
  static const char *const texts[] = {"", "G", "GT", "GTX", "GX"};
  (void)state;
  for (volatile int64_t n = 0; n < 4; n++) /* the first n bytes of GTX */
    for (int64_t i = 0; i < 5; i++) assert_int_equal(bai_span_is((bai_span){"GTX", n}, texts[i]), i == n);
}

static void allocation_sweep(void **state) {
  int64_t count = 100;
  (void)state;
  assert_true(fault_sweep(fill, &count) > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(many_texts), cmocka_unit_test(spans),
                                     cmocka_unit_test(allocation_sweep)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
