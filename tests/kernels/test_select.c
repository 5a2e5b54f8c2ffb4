/* SPDX-License-Identifier: MIT
 *
 * test_select.c: the levels that this machine has, and the choice of one by name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/kernels.h"
#include "support/levels.h"

static ba_context *context;

static int make_context(void **state) {
  (void)state;
  return ba_context_create(NULL, &context);
}

static int drop_context(void **state) {
  (void)state;
  ba_context_destroy(context);
  return 0;
}

#if defined(__aarch64__)
#define LIST "Features"
#else
#define LIST "flags"
#endif

/* Linux lists what the CPU has and the system lets programs use. -1 without a list, as where an emulator shows that of
 * the machine below it. */
static int32_t system_says(const char *flag) {
  char line[8192];
  int32_t found = -1;
  FILE *file = fopen("/proc/cpuinfo", "r");
  if (!file) return -1;
  while (found <= 0 && fgets(line, sizeof line, file)) {
    if (strncmp(line, LIST, strlen(LIST)) != 0) continue;
    line[strcspn(line, "\n")] = ' ';
    const char *at = strstr(line, flag);
    found = at && at[-1] == ' ' && at[strlen(flag)] == ' ';
  }
  fclose(file);
  return found;
}

static void test_levels_in_order(void **state) {
  (void)state;
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  assert_in_range(count, 1, 3);
  for (int32_t i = 0; i < count; i++) assert_string_equal(levels[i]->name, cpu_levels[i]);
  assert_ptr_equal(levels[0], &bai_kernels_scalar);
#if defined(__aarch64__)
  assert_in_range(count, 1, 2);
  if (count > 1) assert_true(system_says("asimd") != 0 && system_says("crc32") != 0);
#else
  if (count > 1) assert_true(system_says("avx2") != 0 && system_says("bmi2") != 0);
  if (count > 2) assert_true(system_says("avx512bw") != 0 && system_says("avx512vl") != 0);
#endif
}

/* A table with a hole would crash its caller. */
static void test_tables_are_complete(void **state) {
  (void)state;
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  for (int32_t level = 0; level < count; level++) {
    void *entries[sizeof(bai_kernels) / sizeof(void *)];
    memcpy(entries, levels[level], sizeof entries);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) assert_non_null(entries[i]);
  }
}

static void test_default_is_fastest(void **state) {
  (void)state;
  const bai_kernels *levels[3];
  const bai_kernels *fastest = levels[bai_kernels_available(levels) - 1];
  assert_ptr_equal(bai_kernels_of(context), fastest);
  assert_string_equal(ba_context_cpu(context), fastest->name);
  assert_string_equal(ba_context_cpu(NULL), fastest->name);
}

static void test_choice_by_name(void **state) {
  (void)state;
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  for (int32_t i = 0; i < count; i++) {
    assert_int_equal(ba_context_set_cpu(context, levels[i]->name), BA_OK);
    assert_ptr_equal(bai_kernels_of(context), levels[i]);
    assert_string_equal(ba_context_cpu(context), levels[i]->name);
  }
  assert_int_equal(ba_context_set_cpu(context, "Scalar"), BA_OK); /* letter case does not matter */
  assert_string_equal(ba_context_cpu(context), "scalar");
  assert_int_equal(ba_context_set_cpu(context, "auto"), BA_OK);
  assert_ptr_equal(bai_kernels_of(context), levels[count - 1]);
}

static void test_wrong_name(void **state) {
  (void)state;
  assert_int_equal(ba_context_set_cpu(context, "scalar"), BA_OK);
  assert_int_equal(ba_context_set_cpu(context, "avx3"), BA_ERR_ARGUMENT);
  assert_int_equal(ba_context_error_code(context), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context),
                      "cpu level 'avx3'; accepted: auto, scalar, avx2, avx512 or neon");
  assert_int_equal(ba_context_set_cpu(context, ""), BA_ERR_ARGUMENT);
  assert_int_equal(ba_context_set_cpu(context, NULL), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context),
                      "cpu level is NULL; accepted: auto, scalar, avx2, avx512 or neon");
  assert_string_equal(ba_context_cpu(context), "scalar");
  assert_int_equal(ba_context_set_cpu(NULL, "auto"), BA_ERR_ARGUMENT);
}

/* The levels of the other kind of CPU: words that are known, and a list of what may be had instead. */
static void test_levels_of_another_cpu(void **state) {
  (void)state;
#if defined(__aarch64__)
  static const char *const others[2] = {"avx2", "avx512"};
#else
  static const char *const others[2] = {"neon", "NEON"};
#endif
  const bai_kernels *levels[3];
  int32_t count = bai_kernels_available(levels);
  for (int32_t i = 0; i < 2; i++) {
    char expected[200];
    int at = snprintf(expected, sizeof expected, "cpu level %s is not in this build or not in this CPU; accepted: auto",
                      others[i]);
    for (int32_t l = 0; l < count; l++)
      at += snprintf(expected + at, sizeof expected - (size_t)at, ", %s", levels[l]->name);
    assert_int_equal(ba_context_set_cpu(context, "scalar"), BA_OK);
    assert_int_equal(ba_context_set_cpu(context, others[i]), BA_ERR_UNSUPPORTED);
    assert_string_equal(ba_context_error_message(context), expected);
    assert_string_equal(ba_context_cpu(context), "scalar");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_levels_in_order, make_context, drop_context),
      cmocka_unit_test_setup_teardown(test_tables_are_complete, make_context, drop_context),
      cmocka_unit_test_setup_teardown(test_default_is_fastest, make_context, drop_context),
      cmocka_unit_test_setup_teardown(test_choice_by_name, make_context, drop_context),
      cmocka_unit_test_setup_teardown(test_wrong_name, make_context, drop_context),
      cmocka_unit_test_setup_teardown(test_levels_of_another_cpu, make_context, drop_context),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
