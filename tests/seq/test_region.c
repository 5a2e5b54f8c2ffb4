/* SPDX-License-Identifier: MIT
 *
 * test_region.c: texts of regions, their names and ranges, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "seq/region.h"
#include "support/fault.h"

static int32_t knows(void *user, const char *name) {
  static const char *const names[] = {"chr1", "HLA:A*01", "HLA", "HLA:A*01:1-9", ""};
  (void)user;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(names[i], name) == 0) return 1;
  }
  return 0;
}

static void regions(void **state) {
  static const struct {
    const char *text, *name;
    int64_t start, end;
    int32_t whole;
  } cases[] = {
      {"chr1", "chr1", 0, BAI_REGION_END, 1},
      {"chr1:1-2", "chr1", 0, 2, 0},
      {"chr1:1,001-2,000", "chr1", 1000, 2000, 0},
      {"chr1:7", "chr1", 6, BAI_REGION_END, 0},
      {"chr1:7-", "chr1", 6, BAI_REGION_END, 0},
      {"chr1:-7", "chr1", 0, 7, 0},
      {"chr1:7-7", "chr1", 6, 7, 0},
      {"HLA:A*01", "HLA:A*01", 0, BAI_REGION_END, 1},
      {"HLA:A*01:1-9", "HLA:A*01:1-9", 0, BAI_REGION_END, 1}, /* a name, not a range */
      {"HLA:A*01:1-8", "HLA:A*01", 0, 8, 0},
      {"HLA:3", "HLA", 2, BAI_REGION_END, 0},
      {":3", "", 2, BAI_REGION_END, 0},
      {"chr1:1000000000000000", "chr1", 999999999999999, BAI_REGION_END, 0},
  };
  ba_context *context;
  bai_region region;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (bai_region_parse(context, cases[i].text, knows, NULL, &region)) {
      fail_msg("%s: %s", cases[i].text, ba_context_error_message(context));
    }
    assert_string_equal(region.name, cases[i].name);
    assert_int_equal(region.start, cases[i].start);
    assert_int_equal(region.end, cases[i].end);
    assert_int_equal(region.whole, cases[i].whole);
    bai_free(context, region.name);
  }
  assert_int_equal(bai_region_parse(context, "*", knows, NULL, &region), BA_OK);
  assert_null(region.name);
  ba_context_destroy(context);
}

static void wrong_regions(void **state) {
  static const char *const ranges[] = {"chr1:",
                                       "chr1:0",
                                       "chr1:0-5",
                                       "chr1:5-4",
                                       "chr1:x",
                                       "chr1:1-2x",
                                       "chr1:-",
                                       "chr1:1,-2",
                                       "chr1:,1",
                                       "chr1:1--2",
                                       "chr1:-0",
                                       "chr1:1 -2",
                                       "chr1:1000000000000001",
                                       "chr1:99999999999999999999"};
  static const char *const names[] = {"chr2", "chr2:1-2", "chr", "chr1:1:2", "**", "chr1 :1"};
  ba_context *context;
  bai_region region;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
    assert_int_equal(bai_region_parse(context, ranges[i], knows, NULL, &region), BA_ERR_ARGUMENT);
    assert_null(region.name);
    assert_non_null(strstr(ba_context_error_message(context), ranges[i]));
    assert_non_null(strstr(ba_context_error_message(context),
                           "expected chr1, or a range such as chr1:1,001-2,000, counted from 1"));
  }
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    assert_int_equal(bai_region_parse(context, names[i], knows, NULL, &region), BA_ERR_ARGUMENT);
    assert_null(region.name);
    assert_non_null(
        strstr(ba_context_error_message(context), "the file has no such sequence; expected NAME, NAME:START-END or *"));
  }
  ba_context_destroy(context);
}

static ba_status parse_and_free(ba_context *context, void *unused) {
  bai_region region;
  (void)unused;
  ba_status status = bai_region_parse(context, "chr1:5-7", knows, NULL, &region);
  bai_free(context, region.name);
  return status;
}

static void regions_under_memory_faults(void **state) {
  (void)state;
  assert_int_equal(fault_sweep(parse_and_free, NULL), 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(regions), cmocka_unit_test(wrong_regions),
                                     cmocka_unit_test(regions_under_memory_faults)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
