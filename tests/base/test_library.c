/* SPDX-License-Identifier: MIT
 *
 * test_library.c: libraries loaded by name: the C library, which is there, and names that no system has.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

static int set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static void test_the_first_that_is_there(void **state) {
  const char *const names[] = {"libno-such-thing.so.7", "libc.so.6", "libz.so.1", NULL};
  void *handle = NULL;
  int32_t brought = 7;
  __typeof__(strlen) *call = NULL;
  assert_int_equal(bai_library_open(*state, names, "unused", &handle, &brought), BA_OK);
  assert_non_null(handle);
  assert_int_equal(brought, 0);
  assert_int_equal(bai_library_symbol(handle, "strlen", &call), 1);
  assert_int_equal(call("twelve bytes"), 12);
  assert_int_equal(bai_library_symbol(handle, "no_such_call", &call), 0);
  assert_non_null(call); /* left as it was */
  bai_library_close(handle);
}

static void test_none_is_there(void **state) {
  const char *const names[] = {"libno-such-thing.so.7", "libnor-this.so.1", NULL};
  int there;
  void *handle = &there;
  int32_t brought = 7;
  assert_int_equal(bai_library_open(*state, names, "install %d of it", &handle, &brought), BA_ERR_UNSUPPORTED);
  assert_string_equal(ba_context_error_message(*state), "install %d of it");
  assert_null(handle);
  assert_int_equal(brought, 0);
  bai_library_close(NULL);
}

/* A library that the process did not have stays in it when closed. */
static void test_brought_libraries_stay(void **state) {
  const char *const names[] = {"libutil.so.1", "libresolv.so.2", "libanl.so.1", NULL};
  void *handle = NULL;
  int32_t brought = 0, again = 1;
  for (int32_t i = 0; i < 3 && !brought; i++) {
    const char *const one[] = {names[i], NULL};
    if (bai_library_open(*state, one, "", &handle, &brought) != BA_OK) continue;
    bai_library_close(handle);
    if (!brought) continue;
    assert_int_equal(bai_library_open(*state, one, "", &handle, &again), BA_OK);
    assert_int_equal(again, 0);
    bai_library_close(handle);
  }
  if (!brought) skip();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_first_that_is_there, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_none_is_there, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_brought_libraries_stay, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
