/* SPDX-License-Identifier: MIT
 *
 * test_options.c: what an option text sets, and how a wrong one is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/base.h"

typedef struct values {
  int64_t threads;
  double share;
  int32_t ambiguous;
  char name[BAI_OPTION_TEXT];
} values;

static ba_status parse(ba_context *context, const char *text, values *v) {
  const bai_option options[] = {
      {.name = "threads", .type = 'i', .least = 1, .most = 256, .value = &v->threads},
      {.name = "share", .type = 'r', .least = 0, .most = 0.5, .value = &v->share},
      {.name = "ambiguous", .type = 'w', .words = "skip|error|keep", .value = &v->ambiguous},
      {.name = "name", .type = 't', .value = v->name},
      {.name = NULL},
  };
  return bai_options_parse(context, text, options);
}

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

static void test_all_types(void **state) {
  values v = {.threads = 9};
  assert_int_equal(parse(*state, "threads=2, share = 1e-3 ,ambiguous=ERROR,Name= a b=c ", &v), BA_OK);
  assert_int_equal(v.threads, 2);
  assert_true(v.share == 1e-3);
  assert_int_equal(v.ambiguous, 1);
  assert_string_equal(v.name, "a b=c");
  assert_int_equal(parse(*state, "ambiguous=keep", &v), BA_OK);
  assert_int_equal(v.ambiguous, 2);
  assert_int_equal(parse(*state, "ambiguous=skip, name=", &v), BA_OK);
  assert_int_equal(v.ambiguous, 0);
  assert_string_equal(v.name, "");
}

static void test_missing_keys_keep_their_values(void **state) {
  values v = {.threads = 9, .share = 0.25, .ambiguous = 2, .name = "kept"};
  const char *texts[] = {NULL, "", "  \t", "share=0.25"};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    assert_int_equal(parse(*state, texts[i], &v), BA_OK);
    assert_int_equal(v.threads, 9);
    assert_true(v.share == 0.25);
    assert_int_equal(v.ambiguous, 2);
    assert_string_equal(v.name, "kept");
  }
}

static void test_refusals(void **state) {
  const struct {
    const char *text, *message;
  } cases[] = {
      {"thread=2", "column 1: there is no option \"thread\"; accepted: threads, share, ambiguous, name"},
      {"threads=2, x\x01=3", "column 12: there is no option \"x\\x01\"; accepted: threads, share, ambiguous, name"},
      {"threads=0", "column 9: threads is \"0\"; accepted: an integer from 1 to 256"},
      {"threads=257", "column 9: threads is \"257\"; accepted: an integer from 1 to 256"},
      {"threads=2.5", "column 9: threads is \"2.5\"; accepted: an integer from 1 to 256"},
      {"threads=99999999999999999999",
       "column 9: threads is \"99999999999999999999\"; accepted: an integer from 1 to "
       "256"},
      {" threads = ", "column 12: threads is \"\"; accepted: an integer from 1 to 256"},
      {"share=nan", "column 7: share is \"nan\"; accepted: a number from 0 to 0.5"},
      {"share=0.50001", "column 7: share is \"0.50001\"; accepted: a number from 0 to 0.5"},
      {"share=-1e-300", "column 7: share is \"-1e-300\"; accepted: a number from 0 to 0.5"},
      {"share=0.1x", "column 7: share is \"0.1x\"; accepted: a number from 0 to 0.5"},
      {"ambiguous=ski", "column 11: ambiguous is \"ski\"; accepted: skip, error, keep"},
      {"ambiguous=skip|error", "column 11: ambiguous is \"skip|error\"; accepted: skip, error, keep"},
      {"ambiguous=", "column 11: ambiguous is \"\"; accepted: skip, error, keep"},
      {"threads", "column 1: expected key=value, found \"threads\""},
      {"=2", "column 1: expected key=value, found \"=2\""},
      {"threads=2,", "column 11: expected key=value, found \"\""},
      {"threads=2,,share=0", "column 11: expected key=value, found \"\""},
      {"threads=2, THREADS =3", "column 12: threads is given twice"},
      {"name=threads, threads=2, threads=2", "column 26: threads is given twice"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    values v = {.threads = 9};
    assert_int_equal(parse(*state, cases[i].text, &v), BA_ERR_RECIPE);
    assert_string_equal(ba_context_error_message(*state), cases[i].message);
  }
}

static void test_long_text(void **state) {
  values v = {.threads = 9};
  char text[400] = "name=";
  memset(text + 5, 'x', 255);
  assert_int_equal(parse(*state, text, &v), BA_OK);
  assert_int_equal(strlen(v.name), 255);
  text[260] = 'x';
  assert_int_equal(parse(*state, text, &v), BA_ERR_RECIPE);
  assert_non_null(strstr(ba_context_error_message(*state), "accepted: at most 255 bytes of text"));
  memset(text, 'k', 300);
  strcpy(text + 300, "=1");
  assert_int_equal(parse(*state, text, &v), BA_ERR_RECIPE);
  assert_non_null(strstr(ba_context_error_message(*state), "accepted: threads, share"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_all_types, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_missing_keys_keep_their_values, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_long_text, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
