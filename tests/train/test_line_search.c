/* SPDX-License-Identifier: MIT
 *
 * test_line_search.c: the six functions of Moré and Thuente's own table, and functions that are not finite everywhere.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "train/lbfgs.h"

#define DECREASE 1e-4
#define CURVATURE 0.9

typedef void (*function)(double a, double *value, double *slope);

static void first(double a, double *f, double *g) {
  *f = -a / (a * a + 2.0);
  *g = (a * a - 2.0) / ((a * a + 2.0) * (a * a + 2.0));
}

static void second(double a, double *f, double *g) {
  const double b = 0.004;
  *f = pow(a + b, 5.0) - 2.0 * pow(a + b, 4.0);
  *g = 5.0 * pow(a + b, 4.0) - 8.0 * pow(a + b, 3.0);
}

static void third(double a, double *f, double *g) {
  const double b = 0.01, l = 39.0, pi = 3.14159265358979323846;
  const double base = a <= 1.0 - b ? 1.0 - a : a >= 1.0 + b ? a - 1.0 : (a - 1.0) * (a - 1.0) / (2.0 * b) + b / 2.0;
  const double slope = a <= 1.0 - b ? -1.0 : a >= 1.0 + b ? 1.0 : (a - 1.0) / b;
  *f = base + 2.0 * (1.0 - b) / (l * pi) * sin(l * pi / 2.0 * a);
  *g = slope + (1.0 - b) * cos(l * pi / 2.0 * a);
}

/* The fourth to sixth: gamma(b1) sqrt((1 - a)^2 + b2^2) + gamma(b2) sqrt(a^2 + b1^2), gamma(b) = sqrt(1 + b^2) - b. */
static void yuan(double a, double b1, double b2, double *f, double *g) {
  const double y1 = sqrt(1.0 + b1 * b1) - b1, y2 = sqrt(1.0 + b2 * b2) - b2;
  const double r1 = sqrt((1.0 - a) * (1.0 - a) + b2 * b2), r2 = sqrt(a * a + b1 * b1);
  *f = y1 * r1 + y2 * r2;
  *g = y1 * (a - 1.0) / r1 + y2 * a / r2;
}

static void fourth(double a, double *f, double *g) {
  yuan(a, 0.001, 0.001, f, g);
}

static void fifth(double a, double *f, double *g) {
  yuan(a, 0.01, 0.001, f, g);
}

static void sixth(double a, double *f, double *g) {
  yuan(a, 0.001, 0.01, f, g);
}

/* A wall: not a number from 0.75 on, and infinite before that. */
static void walled(double a, double *f, double *g) {
  *f = a >= 0.75 ? (double)NAN : a >= 0.5 ? (double)INFINITY : -a;
  *g = a >= 0.75 ? (double)NAN : a >= 0.5 ? (double)INFINITY : -1.0 + 1e-3 * a;
}

static void barrier(double a, double *f, double *g) {
  *f = -log(1.0 - a) - 5.0 * a;
  *g = 1.0 / (1.0 - a) - 5.0;
}

static void overflowing(double a, double *f, double *g) {
  *f = exp(a * a * a) - 100.0 * a;
  *g = 3.0 * a * a * exp(a * a * a) - 100.0;
}

/* A cliff without curvature before it. */
static void steps(double a, double *f, double *g) {
  *f = a < 1e-6 ? -a : 1e6 * (a - 1e-6) - 1e-6;
  *g = a < 1e-6 ? -1.0 : 1e6;
}

static bai_line_news search(function f, double start, bai_line *line, double *value, double *slope) {
  double value0, slope0;
  bai_line_news news = BAI_LINE_TRY;
  f(0.0, &value0, &slope0);
  assert_true(slope0 < 0.0);
  bai_line_start(line, value0, slope0, start);
  assert_true(line->step == start);
  for (int32_t tries = 0; news == BAI_LINE_TRY; tries++) {
    assert_true(tries < 60); /* it ends */
    assert_true(line->step >= 0.0 && line->step - line->step == 0.0);
    f(line->step, value, slope);
    news = bai_line_tell(line, *value, *slope);
  }
  return news;
}

static void strong_wolfe(function f, double start, int32_t most) {
  bai_line line;
  double value, slope, value0, slope0;
  f(0.0, &value0, &slope0);
  if (search(f, start, &line, &value, &slope) != BAI_LINE_DONE) fail_msg("failed from %g", start);
  assert_true(value <= value0 + DECREASE * line.step * slope0);
  assert_true(fabs(slope) <= CURVATURE * fabs(slope0));
  assert_true(line.tries <= most);
}

/* The paper's four starting steps. */
static void test_the_table_of_the_paper(void **state) {
  static const function functions[] = {first, second, third, fourth, fifth, sixth};
  static const double starts[] = {1e-3, 1e-1, 1e1, 1e3};
  (void)state;
  for (int32_t i = 0; i < 6; i++)
    for (int32_t s = 0; s < 4; s++) strong_wolfe(functions[i], starts[s], 20);
}

static void test_functions_with_walls(void **state) {
  static const double starts[] = {1e-6, 1e-3, 1e-1, 0.4, 1.0, 10.0, 1e3, 1e9};
  (void)state;
  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
    strong_wolfe(barrier, starts[s], 40);
    strong_wolfe(overflowing, starts[s], 40);
  }
}

/* Nothing satisfies the curvature condition before the wall: still a point below the start. */
static void test_a_wall_without_curvature(void **state) {
  static const double starts[] = {1e-3, 0.3, 0.6, 1.0, 100.0};
  (void)state;
  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
    bai_line line;
    double value, slope;
    const bai_line_news news = search(walled, starts[s], &line, &value, &slope);
    if (news == BAI_LINE_DONE) assert_true(value < 0.0 && line.step < 0.5);
  }
}

/* The kink is the minimum; the step comes as near as doubles go, and lowers the value. */
static void test_a_kink(void **state) {
  static const double starts[] = {1e-9, 1e-7, 1e-3, 1.0, 1e3};
  (void)state;
  for (size_t s = 0; s < sizeof starts / sizeof *starts; s++) {
    bai_line line;
    double value, slope;
    assert_int_equal(search(steps, starts[s], &line, &value, &slope), BAI_LINE_DONE);
    assert_true(value < -0.5e-6);
  }
}

/* An exact quadratic from its Newton step is done at once; nothing that only rises is ever accepted. */
static void nan_everywhere(double a, double *f, double *g) {
  *f = a == 0.0 ? 1.0 : (double)NAN;
  *g = a == 0.0 ? -1.0 : (double)NAN;
}

static void rising(double a, double *f, double *g) { /* the slope at 0 lies */
  *f = a;
  *g = a == 0.0 ? -1.0 : 1.0;
}

static void quadratic(double a, double *f, double *g) {
  *f = a * a - 2.0 * a;
  *g = 2.0 * a - 2.0;
}

static void test_the_easy_and_the_hopeless(void **state) {
  bai_line line;
  double value, slope;
  (void)state;
  assert_int_equal(search(quadratic, 1.0, &line, &value, &slope), BAI_LINE_DONE);
  assert_int_equal(line.tries, 1);
  assert_int_equal(search(nan_everywhere, 1.0, &line, &value, &slope), BAI_LINE_FAILED);
  assert_int_equal(search(rising, 1.0, &line, &value, &slope), BAI_LINE_FAILED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_table_of_the_paper),    cmocka_unit_test(test_functions_with_walls),
      cmocka_unit_test(test_a_wall_without_curvature),  cmocka_unit_test(test_a_kink),
      cmocka_unit_test(test_the_easy_and_the_hopeless),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
