/* SPDX-License-Identifier: MIT
 *
 * test_context.c: life, confinement to one thread, settings, cancel, progress and log.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "base/base.h"
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

static void test_allocators(void **state) {
  (void)state;
  fault plan = {0};
  ba_allocator good = fault_allocator(&plan), bad = good;
  int32_t place = 0;
  ba_context *context = (ba_context *)(void *)&place;
  assert_int_equal(ba_context_create(NULL, NULL), BA_ERR_ARGUMENT);
  bad.size = 8;
  assert_int_equal(ba_context_create(&bad, &context), BA_ERR_ARGUMENT);
  assert_null(context);
  bad = good;
  bad.allocate = NULL;
  assert_int_equal(ba_context_create(&bad, &context), BA_ERR_ARGUMENT);
  bad = good;
  bad.release = NULL;
  assert_int_equal(ba_context_create(&bad, &context), BA_ERR_ARGUMENT);
  assert_int_equal(plan.allocations, 0);
  good.size += 64; /* a caller built against a later header */
  assert_int_equal(ba_context_create(&good, &context), BA_OK);
  int64_t current = 0, peak = 0;
  ba_context_memory(context, &current, &peak);
  assert_int_equal(current, sizeof(ba_context));
  assert_int_equal(current, plan.bytes);
  assert_int_equal(peak, current);
  ba_context_destroy(context);
  assert_int_equal(plan.blocks, 0);
  assert_int_equal(plan.wrong, 0);
  ba_context_destroy(NULL);
}

static void test_objects_hold_their_context(void **state) {
  (void)state;
  fault plan = {0};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  assert_ptr_equal(bai_context_retain(context), context);
  void *data;
  assert_int_equal(bai_alloc(context, 10, 10, &data), BA_OK);
  ba_context_destroy(context);
  assert_int_equal(plan.blocks, 2);
  bai_free(context, data);
  bai_context_release(context);
  assert_int_equal(plan.blocks, 0);
  assert_int_equal(plan.wrong, 0);
}

static void *try_to_enter(void *argument) {
  static ba_status status; /* read after the join */
  status = ba_context_set_threads(argument, 2);
  return &status;
}

static void test_one_thread_at_a_time(void **state) {
  ba_context *context = *state;
  pthread_t thread;
  void *result;
  assert_int_equal(bai_enter(context), BA_OK);
  bai_fail(context, BA_ERR_SHAPE, "mine");
  assert_int_equal(pthread_create(&thread, NULL, try_to_enter, context), 0);
  pthread_join(thread, &result);
  assert_int_equal(*(ba_status *)result, BA_ERR_BUSY);
  /* The refused call neither took nor touched anything. */
  assert_int_equal(ba_context_error_code(context), BA_ERR_SHAPE);
  assert_string_equal(ba_context_error_message(context), "mine");
  assert_int_equal(context->threads, 1);
  assert_int_equal(bai_enter(context), BA_ERR_BUSY);
  assert_int_equal(bai_leave(context, BA_ERR_SHAPE), BA_ERR_SHAPE);
  assert_int_equal(ba_context_set_threads(context, 2), BA_OK);
  assert_int_equal(ba_context_error_code(context), BA_OK);
  assert_string_equal(ba_context_error_message(context), "");
  assert_int_equal(bai_enter(NULL), BA_ERR_ARGUMENT);
}

static void test_settings(void **state) {
  ba_context *context = *state;
  assert_int_equal(context->threads, 1);
  assert_int_equal(ba_context_set_threads(context, 256), BA_OK);
  assert_int_equal(context->threads, 256);
  assert_int_equal(ba_context_set_threads(context, 0), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context), "threads is 0; accepted: 1 to 256");
  assert_int_equal(ba_context_set_threads(context, 257), BA_ERR_ARGUMENT);
  assert_int_equal(context->threads, 256);
  assert_int_equal(ba_context_set_memory_limit(context, -1), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context), "the memory limit is -1 bytes; accepted: 0 (none) or more");
  assert_int_equal(ba_context_set_threads(NULL, 1), BA_ERR_ARGUMENT);
  assert_int_equal(ba_context_set_memory_limit(NULL, 1), BA_ERR_ARGUMENT);
  assert_int_equal(ba_context_set_log(NULL, NULL, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_context_reset(NULL), BA_ERR_ARGUMENT);
}

static void test_null_context_is_harmless(void **state) {
  (void)state;
  int64_t a = 5, b = 5;
  ba_context_memory(NULL, &a, &b);
  assert_int_equal(a + b, 0);
  a = b = 5;
  ba_context_progress(NULL, &a, &b);
  assert_int_equal(a + b, 0);
  ba_context_error_position(NULL, &a, &b);
  assert_int_equal(a + b, -2);
  ba_context_cancel(NULL);
  assert_int_equal(ba_context_error_code(NULL), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(NULL), "the context is NULL");
}

static void *cancel_it(void *argument) {
  ba_context_cancel(argument);
  return NULL;
}

static void test_cancel_holds_until_reset(void **state) {
  ba_context *context = *state;
  pthread_t thread;
  assert_int_equal(bai_check_cancel(context), BA_OK);
  bai_progress(context, 3, 10);
  assert_int_equal(pthread_create(&thread, NULL, cancel_it, context), 0);
  pthread_join(thread, NULL);
  assert_int_equal(bai_check_cancel(context), BA_ERR_CANCELLED);
  assert_int_equal(bai_check_cancel(context), BA_ERR_CANCELLED);
  assert_int_equal(ba_context_error_code(context), BA_ERR_CANCELLED);
  int64_t done = 0, total = 0;
  ba_context_progress(context, &done, &total);
  assert_int_equal(done, 3);
  assert_int_equal(total, 10);
  assert_int_equal(ba_context_reset(context), BA_OK);
  assert_int_equal(bai_check_cancel(context), BA_OK);
  assert_int_equal(ba_context_error_code(context), BA_OK);
  ba_context_progress(context, &done, &total);
  assert_int_equal(done + total, 0);
}

typedef struct heard {
  int32_t level, times;
  char text[100];
} heard;

static void hear(void *user, int32_t level, const char *message) {
  heard *h = user;
  h->level = level;
  h->times++;
  strncpy(h->text, message, sizeof h->text - 1);
}

static void test_log(void **state) {
  ba_context *context = *state;
  heard h = {0};
  bai_log(context, 0, "nobody hears %d", 1);
  assert_int_equal(ba_context_set_log(context, hear, &h), BA_OK);
  bai_log(context, 2, "%s has %d\n", "a\tb", 7);
  assert_int_equal(h.times, 1);
  assert_int_equal(h.level, 2);
  assert_string_equal(h.text, "a\\x09b has 7\n");
  assert_int_equal(ba_context_set_log(context, NULL, NULL), BA_OK);
  bai_log(context, 0, "x");
  assert_int_equal(h.times, 1);
}

static void test_error_without_words(void **state) {
  ba_context *context = *state;
  bai_fail(context, BA_ERR_FIT, "%s", "");
  assert_string_equal(ba_context_error_message(context), ba_status_text(BA_ERR_FIT));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_allocators),
      cmocka_unit_test(test_objects_hold_their_context),
      cmocka_unit_test_setup_teardown(test_one_thread_at_a_time, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_settings, set_up, tear_down),
      cmocka_unit_test(test_null_context_is_harmless),
      cmocka_unit_test_setup_teardown(test_cancel_holds_until_reset, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_log, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_error_without_words, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
