/* SPDX-License-Identifier: MIT
 *
 * test_metrics.c: metrics against small cases worked out by hand; tests/oracles/test_metrics.py has the large ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "bioanalytics/bioanalytics.h"
#include "support/fault.h"

#define CLOSE(metrics, name, expected) assert_true(fabs(ba_metrics_value(metrics, name) - (expected)) < 1e-15 * 8)
#define NO_NUMBER(metrics, name) assert_true(isnan(ba_metrics_value(metrics, name)))

static int set_up(void **state) {
  return ba_context_create(NULL, (ba_context **)state) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  ba_context_destroy(*state);
  return 0;
}

static ba_metrics *made(ba_context *context, int32_t classes, int64_t n, const int32_t *labels, const double *p,
                        const double *weights) {
  ba_metrics *metrics = NULL;
  assert_int_equal(ba_metrics_create(context, classes, n, labels, p, weights, &metrics), BA_OK);
  assert_non_null(metrics);
  return metrics;
}

/* Four rows; probabilities of class 1: 0.9 (yes), 0.6 (no), 0.4 (yes), 0.2 (no). */
static const int32_t four_labels[] = {1, 0, 1, 0};
static const double four[] = {0.1, 0.9, 0.4, 0.6, 0.6, 0.4, 0.8, 0.2};

static void test_two_classes(void **state) {
  ba_metrics *m = made(*state, 2, 4, four_labels, four, NULL);
  CLOSE(m, "n", 4.0);
  CLOSE(m, "accuracy", 0.5);
  CLOSE(m, "mcc", 0.0);          /* 1 1 1 1 */
  CLOSE(m, "auroc", 0.75);       /* three of the four pairs stand right */
  CLOSE(m, "auprc", 5.0 / 6.0);  /* (1/1 + 2/3) / 2 */
  CLOSE(m, "brier", 0.77 / 4.0); /* 0.01 + 0.36 + 0.36 + 0.04 */
  CLOSE(m, "log_loss", -(log(0.9) + log(0.4) + log(0.4) + log(0.8)) / 4.0);
  /* Confidences 0.9 right, 0.6 wrong twice, 0.8 right, each value in a bin of its own. */
  CLOSE(m, "ece", (0.1 + 1.2 + 0.2) / 4.0);
  for (int32_t a = 0; a < 2; a++)
    for (int32_t p = 0; p < 2; p++) assert_true(ba_metrics_confusion(m, a, p) == 1.0);
  ba_metrics_destroy(m);
}

static void test_weights_count_as_rows(void **state) {
  const double weights[] = {3.0, 1.0, 2.0, 0.0};
  const int32_t labels[] = {1, 1, 1, 0, 1, 1};
  const double p[] = {0.1, 0.9, 0.1, 0.9, 0.1, 0.9, 0.4, 0.6, 0.6, 0.4, 0.6, 0.4};
  ba_metrics *weighted = made(*state, 2, 4, four_labels, four, weights),
             *repeated = made(*state, 2, 6, labels, p, NULL);
  CLOSE(weighted, "n", 4.0);
  for (int32_t i = 1; i < ba_metrics_count(weighted); i++)
    CLOSE(weighted, ba_metrics_name(weighted, i), ba_metrics_value(repeated, ba_metrics_name(weighted, i)));
  CLOSE(weighted, "accuracy", 0.5);
  CLOSE(weighted, "auroc", 0.6);                       /* 3 of 5 positives before the negative */
  CLOSE(weighted, "auprc", (3.0 + 2.0 * 5 / 6) / 5.0); /* precision 1 at three, 5/6 at two */
  CLOSE(weighted, "mcc", -2.0 / sqrt(40.0));           /* 3 right and 2 wrong of class 1, 1 wrong of class 0 */
  assert_true(ba_metrics_confusion(weighted, 1, 1) == 3.0 && ba_metrics_confusion(weighted, 1, 0) == 2.0);
  assert_true(ba_metrics_confusion(weighted, 0, 1) == 1.0 && ba_metrics_confusion(weighted, 0, 0) == 0.0);
  ba_metrics_destroy(weighted);
  ba_metrics_destroy(repeated);
}

static void test_three_classes(void **state) {
  const int32_t labels[] = {0, 1, 2, 1};
  const double p[] = {0.7, 0.2, 0.1, 0.5, 0.3, 0.2, 0.0, 0.0, 1.0, 0.1, 0.8, 0.1};
  ba_metrics *m = made(*state, 3, 4, labels, p, NULL);
  CLOSE(m, "accuracy", 0.75);
  /* Rows a class 1 2 1, predicted 2 1 1: (3 * 4 - 5) / sqrt((16 - 6) (16 - 6)). */
  CLOSE(m, "mcc", 0.7);
  CLOSE(m, "auroc", 1.0); /* each class ranks its own rows first */
  CLOSE(m, "auprc", 1.0);
  CLOSE(m, "brier", (0.09 + 0.04 + 0.01 + 0.25 + 0.49 + 0.04 + 0.01 + 0.04 + 0.01) / 4.0);
  CLOSE(m, "log_loss", -(log(0.7) + log(0.3) + log(0.8)) / 4.0);
  CLOSE(m, "ece", (0.3 + 0.5 + 0.0 + 0.2) / 4.0); /* 0.7 and 0.8 are 10.5 and 12 fifteenths */
  assert_true(ba_metrics_confusion(m, 1, 0) == 1.0 && ba_metrics_confusion(m, 0, 1) == 0.0);
  ba_metrics_destroy(m);
}

/* Equal probabilities are one step of the curve, zeros of both signs are equal, and the first of equals is predicted.
 */
static void test_ties(void **state) {
  const int32_t labels[] = {0, 1, 1, 0};
  const double half[] = {0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5}, zeros[] = {1, -0.0, 1, 0.0, 1, -0.0, 1, 0.0};
  const double *both[] = {half, zeros};
  for (int32_t i = 0; i < 2; i++) {
    ba_metrics *m = made(*state, 2, 4, labels, both[i], NULL);
    CLOSE(m, "auroc", 0.5);
    CLOSE(m, "auprc", 0.5);
    assert_true(ba_metrics_confusion(m, 0, 0) == 2.0 && ba_metrics_confusion(m, 1, 0) == 2.0);
    CLOSE(m, "mcc", 0.0);
    ba_metrics_destroy(m);
  }
}

static void test_log_loss_is_clipped(void **state) {
  const int32_t labels[] = {1, 1};
  const double p[] = {1.0, 0.0, 0.0, 1.0};
  ba_metrics *m = made(*state, 2, 2, labels, p, NULL);
  /* -log(2^-52), and -log(1 - 2^-52) = 2^-52 */
  assert_true(fabs(ba_metrics_value(m, "log_loss") - (52.0 * log(2.0) + 0x1p-52) / 2.0) < 1e-13);
  ba_metrics_destroy(m);
}

static void test_what_is_undefined(void **state) {
  const int32_t ones[] = {1, 1, 1, 1};
  const double nothing[] = {0, 0, 0, 0}, no_zeros[] = {1, 0, 1, 0};
  ba_metrics *m = made(*state, 2, 4, ones, four, NULL);
  NO_NUMBER(m, "auroc");
  NO_NUMBER(m, "auprc");
  CLOSE(m, "accuracy", 0.5);
  CLOSE(m, "mcc", 0.0);
  ba_metrics_destroy(m);
  m = made(*state, 2, 4, four_labels, four, no_zeros); /* the other class is there, with no weight */
  NO_NUMBER(m, "auroc");
  NO_NUMBER(m, "auprc");
  ba_metrics_destroy(m);
  const int32_t two_of_three[] = {0, 1};
  const double p[] = {0.7, 0.2, 0.1, 0.1, 0.8, 0.1};
  m = made(*state, 3, 2, two_of_three, p, NULL);
  NO_NUMBER(m, "auroc");
  CLOSE(m, "accuracy", 1.0);
  CLOSE(m, "mcc", 1.0);
  ba_metrics_destroy(m);
  ba_metrics *empty[] = {made(*state, 2, 4, four_labels, four, nothing), made(*state, 2, 0, NULL, NULL, NULL)};
  for (int32_t i = 0; i < 2; i++) {
    CLOSE(empty[i], "n", i == 0 ? 4.0 : 0.0);
    for (int32_t j = 1; j < 8; j++) NO_NUMBER(empty[i], ba_metrics_name(empty[i], j));
    ba_metrics_destroy(empty[i]);
  }
}

static void test_names(void **state) {
  const char *names[] = {"n", "accuracy", "mcc", "auroc", "auprc", "log_loss", "brier", "ece"};
  ba_metrics *m = made(*state, 2, 4, four_labels, four, NULL);
  assert_int_equal(ba_metrics_count(m), 8);
  for (int32_t i = 0; i < 8; i++) assert_string_equal(ba_metrics_name(m, i), names[i]);
  assert_null(ba_metrics_name(m, -1));
  assert_null(ba_metrics_name(m, 8));
  NO_NUMBER(m, "f1");
  NO_NUMBER(m, NULL);
  assert_true(isnan(ba_metrics_confusion(m, 0, 2)) && isnan(ba_metrics_confusion(m, -1, 0)));
  assert_true(isnan(ba_metrics_confusion(m, 2, 0)) && isnan(ba_metrics_confusion(m, 0, -1)));
  ba_metrics_destroy(m);
  assert_int_equal(ba_metrics_count(NULL), 0);
  assert_null(ba_metrics_name(NULL, 0));
  assert_true(isnan(ba_metrics_value(NULL, "n")) && isnan(ba_metrics_confusion(NULL, 0, 0)));
  ba_metrics_destroy(NULL);
}

static void refused(ba_context *context, int32_t classes, int64_t n, const int32_t *labels, const double *p,
                    const double *weights, int64_t record, const char *message) {
  static char somewhere;
  ba_metrics *m = (ba_metrics *)(void *)&somewhere;
  assert_int_equal(ba_metrics_create(context, classes, n, labels, p, weights, &m), BA_ERR_ARGUMENT);
  assert_null(m);
  assert_string_equal(ba_context_error_message(context), message);
  int64_t at = 0;
  ba_context_error_position(context, &at, NULL);
  assert_int_equal(at, record);
}

/* Two positives at 0.9 and 0.6, two negatives at 0.7 and 0.2: up to 1/2, right to 1/2, up to 1. */
static void test_curves(void **state) {
  const int32_t labels[] = {1, 0, 1, 0};
  const double p[] = {0.1, 0.9, 0.3, 0.7, 0.4, 0.6, 0.8, 0.2};
  ba_metrics *m = NULL;
  double x, y;
  assert_int_equal(ba_metrics_create(*state, 2, 4, labels, p, NULL, &m), BA_OK);
  for (int32_t i = 0; i <= 100; i++) {
    assert_int_equal(ba_metrics_curve(m, "roc", i, &x, &y), 1);
    assert_true(x == i / 100.0 && y == (i < 50 ? 0.5 : 1.0));
  }
  assert_int_equal(ba_metrics_curve(m, "calibration", 9, &x, &y), 1); /* 0.6 */
  assert_true(x == 0.6 && y == 1.0);
  assert_int_equal(ba_metrics_curve(m, "calibration", 10, &x, &y), 1); /* 0.7 */
  assert_true(x == 0.7 && y == 0.0);
  assert_int_equal(ba_metrics_curve(m, "calibration", 8, &x, &y), 0);
  assert_true(isnan(x) && isnan(y));
  assert_int_equal(ba_metrics_curve(m, "roc", 0, NULL, NULL), 1);
  assert_int_equal(ba_metrics_curve(m, "roc", 101, &x, &y), 0);
  assert_int_equal(ba_metrics_curve(m, "calibration", 15, &x, &y), 0);
  assert_int_equal(ba_metrics_curve(m, "roc", -1, &x, &y), 0);
  assert_int_equal(ba_metrics_curve(m, "lift", 0, &x, &y), 0);
  assert_int_equal(ba_metrics_curve(m, NULL, 0, &x, &y), 0);
  assert_int_equal(ba_metrics_curve(NULL, "roc", 0, &x, &y), 0);
  ba_metrics_destroy(m);
  const int32_t same[] = {1, 1, 1, 1};
  assert_int_equal(ba_metrics_create(*state, 2, 4, same, p, NULL, &m), BA_OK);
  assert_int_equal(ba_metrics_curve(m, "roc", 0, &x, &y), 0);
  ba_metrics_destroy(m);
}

static void test_refusals(void **state) {
  const int32_t high[] = {1, 0, 2, 0}, low[] = {-1, 0, 0, 0};
  double p[8], weights[] = {1, 1, 1, 1};
  refused(*state, 1, 4, high, four, NULL, -1, "metrics: 1 class(es) given, expected 2 or more");
  refused(*state, 2, -1, high, four, NULL, -1, "metrics: -1 rows given, expected 0 or more");
  refused(*state, 2, 4, NULL, four, NULL, -1, "metrics: expected labels and probabilities");
  refused(*state, 2, 4, high, NULL, NULL, -1, "metrics: expected labels and probabilities");
  refused(*state, 2, 4, high, four, NULL, 3, "record 3: the label is 2: expected a class from 0 to 1");
  refused(*state, 2, 4, low, four, NULL, 1, "record 1: the label is -1: expected a class from 0 to 1");
  const double wrong[] = {NAN, -0.25, 1.25, INFINITY};
  const char *texts[] = {"nan", "-0.25", "1.25", "inf"};
  for (int32_t i = 0; i < 4; i++) {
    char message[128] = "record 2: the probability of class 1 is ";
    strcat(strcat(message, texts[i]), ": expected a number from 0 to 1");
    memcpy(p, four, sizeof p);
    p[3] = wrong[i];
    refused(*state, 2, 4, four_labels, p, NULL, 2, message);
  }
  const double wrong_weights[] = {NAN, -1, INFINITY};
  const char *weight_texts[] = {"nan", "-1", "inf"};
  for (int32_t i = 0; i < 3; i++) {
    char message[128] = "record 4: the weight is ";
    strcat(strcat(message, weight_texts[i]), ": expected a finite number from 0 up");
    weights[3] = wrong_weights[i];
    refused(*state, 2, 4, four_labels, four, weights, 4, message);
  }
  assert_int_equal(ba_metrics_create(*state, 2, 4, four_labels, four, NULL, NULL), BA_ERR_ARGUMENT);
  ba_metrics *m = NULL;
  assert_int_equal(ba_metrics_create(NULL, 2, 4, four_labels, four, NULL, &m), BA_ERR_ARGUMENT);
}

static void test_cancelled(void **state) {
  ba_metrics *m = NULL;
  ba_context_cancel(*state);
  assert_int_equal(ba_metrics_create(*state, 2, 4, four_labels, four, NULL, &m), BA_ERR_CANCELLED);
  assert_null(m);
}

static ba_status whole_life(ba_context *context, void *argument) {
  (void)argument;
  ba_metrics *m = NULL;
  const ba_status status = ba_metrics_create(context, 2, 4, four_labels, four, NULL, &m);
  ba_metrics_destroy(m);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(whole_life, NULL) >= 4); /* context, metrics, confusion, ranks */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_two_classes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_weights_count_as_rows, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_three_classes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_ties, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_log_loss_is_clipped, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_what_is_undefined, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_curves, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_cancelled, set_up, tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
