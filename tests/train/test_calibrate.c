/* SPDX-License-Identifier: MIT
 *
 * test_calibrate.c: fitted probabilities against their definitions in plain arithmetic, the coverage of conformal sets
 * over many draws, and the model file that holds them.
 */
#include <math.h>
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"
#include "train/selection.h"

/* One letter decides the score: A, C, G, T have these weights. Sequences have length 1, so a dataset is a list of
 * scores with labels. */
static const double letter_weights[] = {-3.0, -0.5, 0.75, 4.0};

static ba_model *letters_model(ba_context *context, int32_t classes) {
  double weights[12], intercepts[3] = {0.0, 0.0, 0.0};
  for (int32_t i = 0; i < 12; i++)
    weights[i] = letter_weights[i % 4] * (i < 4 ? (classes == 2 ? 1.0 : -0.5) : i < 8 ? 0.5 : 0.0);
  ba_model *model = NULL;
  OK(context, making_model_of(context, "Kmer(k=1, value=count, norm=none)", -1, classes, weights, intercepts, &model));
  return model;
}

/* `length` letters a row; the label follows the score by chance. */
static ba_dataset *rows_for(ba_context *context, int64_t n, int32_t length, int32_t classes, uint64_t seed,
                            int32_t weighted) {
  ba_dataset *dataset = NULL;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int64_t i = 0; i < n; i++) {
    char letters[16] = "";
    double score = 0.0;
    for (int32_t j = 0; j < length; j++) {
      const uint64_t pick = making_bits(&seed) % 4;
      letters[j] = "ACGT"[pick];
      score += letter_weights[pick];
    }
    int32_t label = making_real(&seed) < 2.0 / (1.0 + exp(-0.4 * score + 0.3)) - 1.0;
    if (classes == 3 && making_bits(&seed) % 3 == 0) label = 2;
    bai_new_row row = {.letters = letters, .letters_length = length, .name = "", .label = making_classes[label]};
    row.label_length = bai_length(row.label);
    row.weight = weighted ? 0.5 + (double)(making_bits(&seed) % 4) : 1.0;
    OK(context, bai_dataset_add_row(dataset, &row));
  }
  return dataset;
}

typedef struct rows {
  bai_selection all;
  int64_t n;
} rows;

static rows scored(ba_context *context, ba_model *model, ba_dataset *dataset) {
  rows r;
  OK(context, bai_selection_make(context, dataset, BA_PART_ALL, -1, &r.all));
  OK(context, bai_selection_match(context, model, dataset, &r.all));
  OK(context, bai_selection_score(context, model, dataset, &r.all));
  r.n = r.all.count;
  return r;
}

static ba_model *calibrated(ba_context *context, ba_model *model, ba_dataset *dataset, const char *options) {
  ba_model *out = NULL;
  OK(context, ba_calibrate(context, model, dataset, BA_PART_ALL, options, &out));
  return out;
}

static double platt_loss(const rows *r, double a, double b) {
  double mass[2] = {0.0, 0.0}, sum = 0.0;
  for (int64_t i = 0; i < r->n; i++) mass[r->all.labels[i]] += r->all.weights[i];
  const double targets[2] = {1.0 / (mass[0] + 2.0), (mass[1] + 1.0) / (mass[1] + 2.0)};
  for (int64_t i = 0; i < r->n; i++) {
    const double z = a * r->all.scores[i] + b, t = targets[r->all.labels[i]];
    sum += r->all.weights[i] * (t * log1p(exp(-z)) + (1.0 - t) * log1p(exp(z)));
  }
  return sum;
}

static void test_platt_is_the_minimum(void **state) {
  for (int32_t weighted = 0; weighted < 2; weighted++) {
    ba_model *model = letters_model(*state, 2);
    ba_dataset *dataset = rows_for(*state, 500, 3, 2, 5, weighted);
    ba_model *after = calibrated(*state, model, dataset, "method=platt, conformal=no");
    rows r = scored(*state, model, dataset), s = scored(*state, after, dataset);
    const double a = after->calibration.slope, b = after->calibration.intercept, least = platt_loss(&r, a, b);
    uint64_t seed = 3;
    for (int32_t i = 0; i < 200; i++) {
      const double size = i % 2 ? 1e-3 : 0.1;
      assert_true(platt_loss(&r, a + size * making_real(&seed), b + size * making_real(&seed)) >= least);
    }
    for (int64_t i = 0; i < r.n; i++) {
      SAME_BITS(&s.all.scores[i], &r.all.scores[i], 1);
      assert_true(fabs(s.all.probabilities[2 * i + 1] - 1.0 / (1.0 + exp(-a * r.all.scores[i] - b))) < 1e-14);
    }
    bai_selection_free(*state, &r.all);
    bai_selection_free(*state, &s.all);
    ba_model_release(after);
    ba_model_release(model);
    ba_dataset_destroy(dataset);
  }
}

static double tempered_loss(const rows *r, int32_t outputs, double factor) {
  double sum = 0.0;
  for (int64_t i = 0; i < r->n; i++) {
    const double *s = r->all.scores + i * outputs;
    double total = outputs == 1 ? 1.0 : 0.0, own = 0.0;
    for (int32_t o = 0; o < outputs; o++) total += exp(factor * s[o]);
    own = outputs == 1 ? (r->all.labels[i] ? factor * s[0] : 0.0) : factor * s[r->all.labels[i]];
    sum += r->all.weights[i] * (log(total) - own);
  }
  return sum;
}

static void test_temperature_is_the_minimum(void **state) {
  for (int32_t classes = 2; classes <= 3; classes++) {
    ba_model *model = letters_model(*state, classes);
    ba_dataset *dataset = rows_for(*state, 600, 4, classes, 7, 1);
    ba_model *after = calibrated(*state, model, dataset, "method=temperature, conformal=no");
    rows r = scored(*state, model, dataset);
    const double factor = after->calibration.slope, least = tempered_loss(&r, model->outputs, factor);
    assert_true(factor > 0.0);
    for (double step = 1e-4; step < 0.5; step *= 2.0) {
      assert_true(tempered_loss(&r, model->outputs, factor * (1.0 + step)) > least);
      assert_true(tempered_loss(&r, model->outputs, factor * (1.0 - step)) > least);
    }
    bai_selection_free(*state, &r.all);
    ba_model_release(after);
    ba_model_release(model);
    ba_dataset_destroy(dataset);
  }
}

/* The height at score x is the largest over all lower ends of the smallest over all upper ends of the mean between. */
static double max_of_min(const rows *r, double x) {
  double best = -1.0;
  for (int64_t a = 0; a < r->n; a++) {
    const double low = r->all.scores[a];
    if (low > x) continue;
    double least = 2.0;
    for (int64_t b = 0; b < r->n; b++) {
      const double high = r->all.scores[b];
      double sum = 0.0, weight = 0.0;
      if (high < x) continue;
      for (int64_t i = 0; i < r->n; i++) {
        if (r->all.scores[i] < low || r->all.scores[i] > high) continue;
        sum += r->all.weights[i] * r->all.labels[i];
        weight += r->all.weights[i];
      }
      least = fmin(least, sum / weight);
    }
    best = fmax(best, least);
  }
  return best;
}

static void test_isotonic_is_the_max_of_min(void **state) {
  ba_model *model = letters_model(*state, 2);
  ba_dataset *dataset = rows_for(*state, 120, 3, 2, 9, 1);
  ba_model *after = calibrated(*state, model, dataset, "method=isotonic, conformal=no");
  rows r = scored(*state, model, dataset), s = scored(*state, after, dataset);
  for (int64_t i = 0; i < r.n; i++)
    assert_true(fabs(s.all.probabilities[2 * i + 1] - max_of_min(&r, r.all.scores[i])) < 1e-12);
  /* Half way between two neighbours the height is half way too; outside it stays. */
  const bai_calibration *c = &after->calibration;
  double p[2], x = 0.5 * (c->at[0] + c->at[1]);
  bai_model_probabilities(bai_kernels_of(*state), after, &x, p);
  assert_true(fabs(p[1] - 0.5 * (c->value[0] + c->value[1])) < 1e-12);
  x = -1e9;
  bai_model_probabilities(bai_kernels_of(*state), after, &x, p);
  assert_true(p[1] == c->value[0] && p[0] == 1.0 - p[1]);
  x = 1e9;
  bai_model_probabilities(bai_kernels_of(*state), after, &x, p);
  assert_true(p[1] == c->value[c->knots - 1]);
  bai_selection_free(*state, &r.all);
  bai_selection_free(*state, &s.all);
  ba_model_release(after);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

/* 100 draws of 1,000 rows to calibrate and 1,000 to test: sets at 90 % hold the true class in 89 to 91 % of all. */
static void test_sets_cover_what_they_promise(void **state) {
  static const char *const options[] = {"method=none", "method=platt", "method=isotonic", "method=temperature"};
  for (int32_t o = 0; o < 4; o++) {
    const int32_t classes = o == 3 ? 3 : 2;
    ba_model *model = letters_model(*state, classes);
    int64_t inside = 0, tested = 0, size = 0;
    for (uint64_t draw = 0; draw < 100; draw++) {
      ba_dataset *first = rows_for(*state, o ? 2000 : 1000, 5, classes, 1000 + 2 * draw, 0);
      ba_dataset *second = rows_for(*state, 1000, 5, classes, 1001 + 2 * draw, 0);
      ba_model *after = calibrated(*state, model, first, options[o]);
      assert_true(after->calibration.rows >= 998 && after->calibration.rows <= 1000);
      const double least = ba_model_conformal_threshold(after, 0.9);
      rows r = scored(*state, after, second);
      for (int64_t i = 0; i < r.n; i++) {
        inside += r.all.probabilities[i * classes + r.all.labels[i]] >= least;
        for (int32_t c = 0; c < classes; c++) size += r.all.probabilities[i * classes + c] >= least;
      }
      tested += r.n;
      bai_selection_free(*state, &r.all);
      ba_model_release(after);
      ba_dataset_destroy(first);
      ba_dataset_destroy(second);
    }
    const double coverage = (double)inside / (double)tested;
    /* Level stretches of the isotonic line make ties, which all go in: there it may only be more. */
    if (!(coverage > 0.89 && coverage < (o == 2 ? 0.93 : 0.91))) fail_msg("%s: %g", options[o], coverage);
    assert_true(size < classes * tested); /* not by putting every class in */
    ba_model_release(model);
  }
}

static void test_thresholds(void **state) {
  ba_model *model = letters_model(*state, 2);
  ba_dataset *dataset = rows_for(*state, 19, 2, 2, 4, 0);
  ba_model *after = calibrated(*state, model, dataset, "method=none");
  const double *strange = after->calibration.strangeness;
  assert_int_equal(after->calibration.rows, 19);
  for (int32_t i = 1; i < 19; i++) assert_true(strange[i - 1] <= strange[i]);
  /* (19 + 1) 0.9 = 18, (19 + 1) 0.901 rounds up to 19, (19 + 1) 0.96 to 20: more than there are. */
  assert_true(ba_model_conformal_threshold(after, 0.9) == 1.0 - strange[17]);
  assert_true(ba_model_conformal_threshold(after, 0.901) == 1.0 - strange[18]);
  assert_true(ba_model_conformal_threshold(after, 0.96) == 0.0);
  assert_true(isnan(ba_model_conformal_threshold(after, 0.0)) && isnan(ba_model_conformal_threshold(after, 1.0)));
  assert_true(isnan(ba_model_conformal_threshold(after, NAN)) && isnan(ba_model_conformal_threshold(model, 0.9)));
  assert_true(isnan(ba_model_conformal_threshold(NULL, 0.9)));
  ba_model_release(after);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

static void test_the_file(void **state) {
  static const char *const options[] = {"method=platt", "method=isotonic", "method=temperature, conformal=no",
                                        "method=none"};
  ba_model *model = letters_model(*state, 2);
  ba_dataset *dataset = rows_for(*state, 200, 3, 2, 4, 1);
  for (int32_t o = 0; o < 4; o++) {
    uint8_t *first = NULL;
    int64_t n = 0, m;
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(*state, level)) continue;
      OK(*state, ba_context_set_threads(*state, 1 + 2 * level));
      ba_model *after = calibrated(*state, model, dataset, options[o]), *again = NULL;
      uint8_t *bytes = making_bytes(*state, after, &m);
      if (!first) {
        first = bytes;
        n = m;
      }
      assert_int_equal(m, n);
      assert_memory_equal(bytes, first, (size_t)n);
      assert_int_equal(bytes[8], 2);
      OK(*state, ba_model_load_memory(*state, bytes, n, "selftest=yes", &again));
      uint8_t *copy = making_bytes(*state, again, &m);
      assert_memory_equal(bytes, copy, (size_t)n);
      const double a = ba_model_conformal_threshold(after, 0.8), b = ba_model_conformal_threshold(again, 0.8);
      SAME_BITS(&a, &b, 1);
      /* Without its calibration it is the model of before. */
      ba_model *plain = calibrated(*state, again, dataset, "method=none, conformal=no");
      uint8_t *back = making_bytes(*state, plain, &m), *original = making_bytes(*state, model, &m);
      assert_memory_equal(back, original, (size_t)m);
      free(back);
      free(original);
      free(copy);
      if (bytes != first) free(bytes);
      ba_model_release(plain);
      ba_model_release(again);
      ba_model_release(after);
    }
    free(first);
  }
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

static void test_refusals(void **state) {
  ba_model *three = letters_model(*state, 3), *two = letters_model(*state, 2), *out = NULL;
  ba_dataset *dataset = rows_for(*state, 40, 2, 2, 4, 0);
  REFUSED(*state, ba_calibrate(*state, three, dataset, BA_PART_ALL, "method=platt", &out), BA_ERR_RECIPE,
          "expected temperature");
  REFUSED(*state, ba_calibrate(*state, three, dataset, BA_PART_ALL, NULL, &out), BA_ERR_CLASSES,
          "0 row(s) of the class \"third\"");
  REFUSED(*state, ba_calibrate(*state, two, dataset, BA_PART_DEV, NULL, &out), BA_ERR_CLASSES, "at least two of each");
  REFUSED(*state, ba_calibrate(*state, two, dataset, 7, NULL, &out), BA_ERR_ARGUMENT, "a part");
  REFUSED(*state, ba_calibrate(*state, two, dataset, 0, "method=beta", &out), BA_ERR_RECIPE, "accepted: none, platt");
  REFUSED(*state, ba_calibrate(*state, NULL, dataset, 0, NULL, &out), BA_ERR_ARGUMENT, "a model");
  assert_int_equal(ba_calibrate(NULL, two, dataset, 0, NULL, &out), BA_ERR_ARGUMENT);
  ba_context_cancel(*state);
  REFUSED(*state, ba_calibrate(*state, two, dataset, BA_PART_ALL, NULL, &out), BA_ERR_CANCELLED, "cancelled");
  ba_context_reset(*state);
  assert_null(out);
  ba_model_release(two);
  ba_model_release(three);
  ba_dataset_destroy(dataset);
}

static ba_status life(ba_context *context, void *options) {
  ba_dataset *dataset = NULL;
  ba_model *model = NULL, *out = NULL;
  const double weights[] = {-1.0, 0.5, 1.0, 2.0}, intercept = 0.25;
  const char *const names[] = {"a", "b"};
  const bai_fit fit = {"Kmer(k=1) | Logistic()", names, 2, {-1, NULL, NULL}, weights, &intercept, "{}", 1, NULL};
  ba_status status = bai_model_make(context, &fit, &model);
  if (!status) status = ba_dataset_create(context, NULL, &dataset);
  for (int32_t i = 0; !status && i < 12; i++) {
    bai_new_row row = {.letters = "ACGTTA" + i % 5, .letters_length = 1, .name = "", .label = i % 3 ? "a" : "b"};
    row.label_length = 1;
    row.weight = 1.0;
    status = bai_dataset_add_row(dataset, &row);
  }
  if (!status) status = ba_calibrate(context, model, dataset, BA_PART_ALL, options, &out);
  ba_model_release(out);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_allocations_fail(void **state) {
  char platt[] = "method=platt", isotonic[] = "method=isotonic", temperature[] = "method=temperature";
  (void)state;
  assert_true(fault_sweep(life, platt) > 30);
  assert_true(fault_sweep(life, isotonic) > 30);
  assert_true(fault_sweep(life, temperature) > 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_platt_is_the_minimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_temperature_is_the_minimum, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_isotonic_is_the_max_of_min, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_sets_cover_what_they_promise, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_thresholds, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_file, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test(test_allocations_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
