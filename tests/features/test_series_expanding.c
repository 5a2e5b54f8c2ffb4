/* SPDX-License-Identifier: MIT
 *
 * test_series_expanding.c: figures of all rows so far: exact sums, whatever the order of the rows and however they are
 * parted into streams that are merged. tests/oracles/test_expanding.py compares them with fractions.
 */
#include <float.h>
#include <math.h>

#include "model/making.h"

#define ALL                                                                                            \
  "Expanding(column=x, stat=sum) + Expanding(column=x) + Expanding(column=x, stat=std, ddof=1) + "     \
  "Expanding(column=x, stat=min) + Expanding(column=x, stat=max) + Expanding(column=x, stat=count) + " \
  "Log(column=x, shift=3)"
enum { WIDTH = 7, ROWS = 3000, PARTS = 5 };

static void sum_of(ba_context *context, const double *rows, int64_t n, double expected) {
  ba_stream *stream;
  double out = NAN;
  OK(context, ba_stream_open(context, "Expanding(column=x, stat=sum)", NULL, &stream));
  for (int64_t i = 0; i < n; i++) OK(context, ba_stream_update(stream, NULL, NAN, &rows[i], 1, &out));
  if (out != expected) fail_msg("sum is %.17g, expected %.17g", out, expected);
  ba_stream_close(stream);
}

static void test_sums_are_exact(void **state) {
  ba_context *context = *state;
  sum_of(context, (double[]){1e100, 1.0, -1e100}, 3, 1.0);
  sum_of(context, (double[]){0x1p400, 0x1p-400, -0x1p400}, 3, 0x1p-400);
  sum_of(context, (double[]){-1.0, 0x1p-53, 0x1p-60, 1.0}, 4, 0x1p-53 + 0x1p-60);
  sum_of(context, (double[]){0.1, -0.1}, 2, 0.0);
  sum_of(context, (double[]){-3.0}, 1, -3.0);
  sum_of(context, (double[]){-4294967296.0, 1.0}, 2, -4294967295.0);
  sum_of(context, (double[]){0x1p-1000, 5.0}, 2, 5.0); /* too small to count */
  sum_of(context, (double[]){1.0, 0x1p52, 0x1p-2, -0x1p52}, 4, 1.25);
  /* Ten tenths are a little more than 1, by the error of 0.1 itself; the nearest double is 1. */
  double tenths[10];
  for (int32_t i = 0; i < 10; i++) tenths[i] = 0.1;
  sum_of(context, tenths, 10, 1.0);
}

static void test_numbers_too_large_are_left_out(void **state) {
  ba_context *context = *state;
  ba_stream *stream;
  const double rows[] = {1.0, 1e200, 5.0, -DBL_MAX, 3.0};
  double out[3];
  OK(context, ba_stream_open(context,
                             "Expanding(column=x) + Expanding(column=x, stat=std) + "
                             "Expanding(column=x, stat=max)",
                             NULL, &stream));
  for (int32_t i = 0; i < 5; i++) {
    OK(context, ba_stream_update(stream, NULL, NAN, &rows[i], 1, out));
    assert_int_equal(isnan(out[0]), i % 2);
    assert_int_equal(isnan(out[1]), i % 2);
  }
  assert_true(out[0] == 3.0);
  assert_true(out[2] == 1e200);
  assert_true(fabs(out[1] - sqrt(8.0 / 3.0)) < 1e-15);
  ba_stream_close(stream);
}

/* A constant has no deviation at all, and one that hardly moves has the right one. */
static void test_deviation_of_nearly_equal_numbers(void **state) {
  ba_context *context = *state;
  ba_stream *stream;
  double out = NAN;
  OK(context, ba_stream_open(context, "Expanding(column=x, stat=std)", NULL, &stream));
  const double x = 0.1;
  for (int32_t i = 0; i < 1000; i++) {
    OK(context, ba_stream_update(stream, NULL, NAN, &x, 1, &out));
    assert_true(out == 0.0);
  }
  for (int32_t i = 0; i < 1000; i++) {
    const double y = 1e9 + (double)(i % 2) * 1e-6 * 8.0;
    OK(context, ba_stream_update(stream, "b", NAN, &y, 1, &out));
  }
  const double step = (1e9 + 8e-6) - 1e9;
  assert_true(fabs(out / (step / 2.0) - 1.0) < 1e-10);
  ba_stream_close(stream);
}

static void open_parts(ba_context *context, ba_stream **parts) {
  for (int32_t p = 0; p < PARTS; p++) OK(context, ba_stream_open(context, ALL, NULL, &parts[p]));
}

static void test_parts_come_to_the_whole(void **state) {
  ba_context *context = *state;
  ba_stream *whole, *parts[PARTS];
  uint64_t seed = 11;
  double out[WIDTH], merged[WIDTH], x = 0.0;
  OK(context, ba_stream_open(context, ALL, NULL, &whole));
  open_parts(context, parts);
  for (int32_t i = 0; i < ROWS; i++) {
    const char *group = i % 3 ? "a" : "b";
    x = making_real(&seed) * pow(10.0, (double)(making_bits(&seed) % 40) - 20.0);
    OK(context, ba_stream_update(whole, group, (double)i, &x, 1, out));
    OK(context, ba_stream_update(parts[making_bits(&seed) % PARTS], group, (double)i, &x, 1, merged));
  }
  for (int32_t p = PARTS - 1; p > 0; p--) OK(context, ba_stream_merge(parts[p / 2], parts[p]));
  assert_int_equal(ba_stream_count(parts[0], "rows"), ROWS);
  assert_int_equal(ba_stream_count(parts[0], "groups"), 2);
  for (int32_t i = 0; i < 10; i++) {
    x = making_real(&seed);
    OK(context, ba_stream_update(whole, i % 2 ? "a" : "b", ROWS + i, &x, 1, out));
    OK(context, ba_stream_update(parts[0], i % 2 ? "a" : "b", ROWS + i, &x, 1, merged));
    SAME_BITS(out, merged, WIDTH);
  }
  /* Times go on from the latest of both. */
  OK(context, ba_stream_update(parts[0], "a", 5.0, &x, 1, merged));
  assert_int_equal(ba_stream_count(parts[0], "late"), 1);
  ba_stream_close(whole);
  for (int32_t p = 0; p < PARTS; p++) ba_stream_close(parts[p]);
}

static void merge_refused(ba_context *context, const char *recipe, const char *message) {
  ba_stream *one, *two;
  double x = 1.0;
  OK(context, ba_stream_open(context, recipe, NULL, &one));
  OK(context, ba_stream_open(context, recipe, NULL, &two));
  OK(context, ba_stream_update(one, "a", 1.0, &x, 1, NULL));
  OK(context, ba_stream_update(two, "a", 2.0, &x, 1, NULL));
  REFUSED(context, ba_stream_merge(one, two), BA_ERR_UNSUPPORTED, message);
  ba_stream_close(one);
  ba_stream_close(two);
}

static void test_terms_that_need_the_order_do_not_merge(void **state) {
  ba_context *context = *state;
  merge_refused(context, "Expanding(column=x) + Lag(column=x)", "what Lag has come to");
  merge_refused(context, "Expanding(column=x, of=return)", "what Expanding has come to");
  merge_refused(context, "Drawdown(column=x)", "what Drawdown has come to");
  merge_refused(context, "EWMA(column=x)", "what EWMA has come to");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_sums_are_exact, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_numbers_too_large_are_left_out, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_deviation_of_nearly_equal_numbers, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_parts_come_to_the_whole, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_terms_that_need_the_order_do_not_merge, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
