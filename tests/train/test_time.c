/* SPDX-License-Identifier: MIT
 *
 * test_time.c: points in time against the C library's calendar, and splits that follow them.
 */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"
#include "train/dataset.h"
#include "train/uses.h"

static void test_dates_are_those_of_the_calendar(void **state) {
  (void)state;
  for (int64_t day = -60000; day < 80000; day += 37) {
    const time_t seconds = (time_t)(day * 86400 + 12345);
    struct tm parts;
    char text[64];
    double time;
    assert_non_null(gmtime_r(&seconds, &parts));
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    assert_int_equal(bai_parse_time(text, (int64_t)strlen(text), &time), BAI_TIME_WITH_ZONE);
    assert_true(time == (double)seconds);
    text[10] = 0;
    assert_int_equal(bai_parse_time(text, 10, &time), BAI_TIME_WITHOUT_ZONE);
    assert_true(time == (double)(day * 86400));
  }
}

static void test_forms(void **state) {
  const struct {
    const char *text;
    double time;
  } good[] = {{"0", 0},
              {"-1.5e3", -1500},
              {"1970-01-01", 0},
              {"1970-01-01 00:01", 60},
              {"1970-01-02T00:00:00.25", 86400.25},
              {"1970-01-01T01:00:00+01:00", 0},
              {"1970-01-01T00:00:00-0130", 5400},
              {"2000-02-29", 951782400}};
  static const char *const bad[] = {"",
                                    "nan",
                                    "inf",
                                    "2023-02-29",
                                    "1900-02-29",
                                    "2024-13-01",
                                    "2024-1-01",
                                    "2024-01-32",
                                    "2024-01-00",
                                    "31.05.2024",
                                    "yesterday",
                                    "2024-01-01T",
                                    "2024-01-01T24:00",
                                    "2024-01-01T12:60",
                                    "2024-01-01x",
                                    "2024-01-01T12:00:00.",
                                    "2024-01-01T12:00+99:00",
                                    "2024-01-01T12:00Zz"};
  double time;
  (void)state;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    if (!bai_parse_time(good[i].text, (int64_t)strlen(good[i].text), &time)) fail_msg("%s", good[i].text);
    assert_true(fabs(time - good[i].time) < 1e-9);
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (bai_parse_time(bad[i], (int64_t)strlen(bad[i]), &time)) fail_msg("%s", bad[i]);
}

/* A column is of one kind: the first row decides. */
static void test_kinds_do_not_mix(void **state) {
  static const char *const kinds[] = {"12.5", "2024-05-31 12:00", "2024-05-31T12:00:00+02:00"};
  static const char *const others[] = {"1e9", "2024-06-01", "2024-06-01T00:00Z"};
  double time;
  (void)state;
  for (int32_t first = 0; first < 3; first++) {
    int32_t seen = BAI_TIME_NONE;
    assert_non_null(bai_parse_time_like("never", 5, &seen, &time));
    assert_int_equal(seen, BAI_TIME_NONE);
    assert_null(bai_parse_time_like(kinds[first], (int64_t)strlen(kinds[first]), &seen, &time));
    for (int32_t second = 0; second < 3; second++) {
      const char *expected = bai_parse_time_like(others[second], (int64_t)strlen(others[second]), &seen, &time);
      assert_int_equal(expected == NULL, first == second);
      assert_true(first == second || strstr(expected, "as in the rows before"));
    }
  }
}

/* Row i of n has day (7 i) mod n, so that the order in time is not that of the file; `same` rows share a day. */
static ba_dataset *from_table(ba_context *context, int32_t n, int32_t same) {
  char folder[TEMP_PATH], path[TEMP_PATH], text[8192];
  int32_t used = snprintf(text, sizeof text, "sequence,label,when\n");
  for (int32_t i = 0; i < n; i++)
    used += snprintf(text + used, sizeof text - (size_t)used, "%s,%d,%d\n", i % 2 ? "ACGTACGTAA" : "GGGTACGTCC", i % 2,
                     (7 * i) % n / same);
  ba_dataset *dataset = NULL;
  temp_make(folder);
  temp_write(path, folder, "t.csv", text, used);
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_file(dataset, path, "time=when"));
  temp_remove(folder);
  return dataset;
}

static void test_parts_follow_each_other(void **state) {
  ba_dataset *dataset = from_table(*state, 100, 1);
  OK(*state, ba_dataset_deal(dataset, "by=time, train=0.7, dev=0.1, test=0.2"));
  for (int64_t row = 0; row < 100; row++) {
    const double time = ba_dataset_time(dataset, row);
    int32_t part;
    OK(*state, ba_dataset_row(dataset, row, NULL, NULL, &part, NULL));
    assert_true(time == (double)(7 * row % 100));
    assert_int_equal(part, time < 70 ? BA_PART_TRAIN : time < 80 ? BA_PART_DEV : BA_PART_TEST);
  }
  assert_true(isnan(ba_dataset_time(dataset, 100)) && isnan(ba_dataset_time(NULL, 0)));
  ba_dataset_destroy(dataset);
}

static void test_folds_learn_from_the_past(void **state) {
  ba_dataset *dataset = from_table(*state, 90, 3);
  uint8_t *uses = NULL;
  OK(*state, ba_dataset_split(dataset, "by=time, folds=4"));
  OK(*state, bai_uses_make(*state, dataset, 2, 0, 1, &uses));
  double latest = -1.0, first = 1e9;
  for (int64_t row = 0; row < 90; row++) {
    int32_t fold, other;
    OK(*state, ba_dataset_row(dataset, row, NULL, NULL, NULL, &fold));
    if (uses[row] == BAI_USE_TRAIN) latest = fmax(latest, ba_dataset_time(dataset, row));
    if (fold == 2) first = fmin(first, ba_dataset_time(dataset, row));
    assert_int_equal(uses[row] == BAI_USE_TRAIN, fold < 2);
    for (int64_t i = 0; i < row; i++) {
      if (ba_dataset_time(dataset, i) != ba_dataset_time(dataset, row)) continue;
      OK(*state, ba_dataset_row(dataset, i, NULL, NULL, NULL, &other));
      assert_int_equal(fold, other);
    }
  }
  assert_true(latest < first && latest >= 0.0);
  bai_free(*state, uses);
  ba_metrics *metrics = NULL;
  OK(*state, ba_cross_validate(*state, "Kmer(k=1) | Logistic()", dataset, NULL, &metrics));
  int64_t scored = 0;
  for (int64_t row = 0; row < 90; row++) {
    int32_t fold;
    OK(*state, ba_dataset_row(dataset, row, NULL, NULL, NULL, &fold));
    scored += fold > 0;
  }
  assert_true(ba_metrics_value(metrics, "n") == (double)scored && scored < 90);
  ba_trainer *trainer = NULL;
  REFUSED(*state, ba_trainer_create(*state, "Kmer(k=1) | Logistic()", dataset, "hold_out=0", &trainer), BA_ERR_ARGUMENT,
          "nothing comes before the first; expected 1 to 3");
  OK(*state, ba_dataset_split(dataset, "folds=3")); /* and forgets the time */
  OK(*state, ba_trainer_create(*state, "Kmer(k=1) | Logistic()", dataset, "hold_out=0", &trainer));
  ba_trainer_destroy(trainer);
  ba_metrics_destroy(metrics);
  ba_dataset_destroy(dataset);
}

static void test_refusals(void **state) {
  ba_dataset *dataset = from_table(*state, 60, 60);
  REFUSED(*state, ba_dataset_split(dataset, "by=time, folds=2"), BA_ERR_LABEL, "too few different times for 2");
  ba_records *records = making_records(*state, 1, 5, 5, "ACGT", 1);
  OK(*state, making_add(dataset, records, 1, BA_PART_TRAIN));
  REFUSED(*state, ba_dataset_split(dataset, "by=time, folds=2"), BA_ERR_LABEL, "record 61: the row has no time");
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  static const char text[] = "sequence,label,when\nACGT,0,2024-05-31\nACGT,1,soon\n";
  char folder[TEMP_PATH], path[TEMP_PATH];
  temp_make(folder);
  temp_write(path, folder, "t.csv", text, (int64_t)sizeof text - 1);
  OK(*state, ba_dataset_create(*state, NULL, &dataset));
  REFUSED(*state, ba_dataset_add_file(dataset, path, "time=when"), BA_ERR_LABEL, "expected a time");
  assert_non_null(strstr(ba_context_error_message(*state), "found \"soon\""));
  assert_int_equal(ba_dataset_rows(dataset, BA_PART_ALL), 0);
  OK(*state, ba_dataset_add_file(dataset, path, "")); /* nobody asked for times */
  temp_remove(folder);
  ba_dataset_destroy(dataset);
}

static ba_status life(ba_context *context, void *argument) {
  ba_dataset *dataset = NULL;
  double time = 3.0;
  (void)argument;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  bai_new_row row = {.letters = "ACGT", .letters_length = 4, .name = "", .label = "a", .label_length = 1, .weight = 1};
  row.time = &time;
  for (int32_t i = 0; !status && i < 9; i++, time -= 0.25) status = bai_dataset_add_row(dataset, &row);
  if (!status) status = ba_dataset_deal(dataset, "by=time, train=0.5, test=0.5");
  if (!status) status = ba_dataset_split(dataset, "by=time, folds=2");
  ba_dataset_destroy(dataset);
  return status;
}

static void test_allocations_fail(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 12);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_dates_are_those_of_the_calendar),
      cmocka_unit_test(test_forms),
      cmocka_unit_test(test_kinds_do_not_mix),
      cmocka_unit_test_setup_teardown(test_parts_follow_each_other, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_folds_learn_from_the_past, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test(test_allocations_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
