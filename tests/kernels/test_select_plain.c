/* SPDX-License-Identifier: MIT
 *
 * test_select_plain.c: select.c as a build without SIMD compiles it. It is included here, so that this program takes
 * none of it from the library.
 */
#undef BA_HAVE_X86
#undef BA_HAVE_ARM
#include "kernels/select.c"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_scalar_is_all(void **state) {
  (void)state;
  const bai_kernels *levels[3];
  assert_int_equal(bai_kernels_available(levels), 1);
  assert_ptr_equal(levels[0], &bai_kernels_scalar);
}

static void test_missing_levels_are_refused(void **state) {
  (void)state;
  ba_context *context;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_context_set_cpu(context, "avx2"), BA_ERR_UNSUPPORTED);
  assert_string_equal(ba_context_error_message(context),
                      "cpu level avx2 is not in this build or not in this CPU; accepted: auto, scalar");
  assert_int_equal(ba_context_set_cpu(context, "avx512"), BA_ERR_UNSUPPORTED);
  assert_string_equal(ba_context_error_message(context),
                      "cpu level avx512 is not in this build or not in this CPU; accepted: auto, scalar");
  assert_int_equal(ba_context_set_cpu(context, "neon"), BA_ERR_UNSUPPORTED);
  assert_string_equal(ba_context_error_message(context),
                      "cpu level neon is not in this build or not in this CPU; accepted: auto, scalar");
  assert_int_equal(ba_context_set_cpu(context, "sse9"), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_cpu(context), "scalar");
  assert_int_equal(ba_context_set_cpu(context, "auto"), BA_OK);
  assert_string_equal(ba_context_cpu(context), "scalar");
  ba_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scalar_is_all),
      cmocka_unit_test(test_missing_levels_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
