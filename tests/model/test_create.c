/* SPDX-License-Identifier: MIT
 *
 * test_create.c: models from weights that were fitted elsewhere. Small integers are weights whose scores are exact;
 * otherwise a model that was trained is taken apart and put together again, and has to score the same bits.
 */
#include "making.h"

#include "support/fault.h"

/* An array over the caller's numbers. */
static ba_array *numbers(ba_context *context, const double *values, int64_t rows, int64_t columns) {
  const int64_t shape[2] = {rows, columns}, strides[2] = {columns ? columns * 8 : 8, 8};
  ba_array *array = NULL;
  OK(context, ba_array_wrap(context, BA_FLOAT64, columns ? 2 : 1, shape, strides, (void *)(uintptr_t)values, NULL, NULL,
                            &array));
  return array;
}

static double score_of(ba_context *context, ba_model *model, const char *letters, double *probabilities) {
  const int64_t offsets[] = {0, (int64_t)strlen(letters)};
  ba_records *records = NULL;
  ba_scorer *scorer = NULL;
  double score = 0.0;
  OK(context, ba_records_create(context, letters, offsets, 1, &records));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, &score, probabilities));
  ba_scorer_destroy(scorer);
  ba_records_release(records);
  return score;
}

/* It goes through a file, whose golden inputs it scores. */
static ba_model *through_a_file(ba_context *context, ba_model *model) {
  int64_t n = 0;
  ba_model *again = NULL;
  uint8_t *bytes = making_bytes(context, model, &n);
  OK(context, ba_model_load_memory(context, bytes, n, "selftest=yes", &again));
  free(bytes);
  ba_model_release(model);
  return again;
}

static void test_words(void **state) {
  ba_context *context = *state;
  /* A C G T, then AA AC ... TT. */
  double weights[20] = {1, -2, 3, 4}, intercept = 0.5, probabilities[2];
  for (int32_t i = 0; i < 16; i++) weights[4 + i] = i - 8;
  ba_array *w = numbers(context, weights, 1, 20), *b = numbers(context, &intercept, 1, 0);
  ba_model *model = NULL;
  OK(context, ba_model_create(context, "Kmer(k=1..2, value=count, norm=none) | Logistic()", making_classes, 2, NULL, 0,
                              NULL, w, b, "origin=a test of \"words\"", &model));
  ba_array_release(w);
  ba_array_release(b);
  model = through_a_file(context, model);
  assert_string_equal(ba_model_class_name(model, 1), "second");
  assert_int_equal(ba_model_width(model), 20);
  /* AAGN: 1 + 1 + 3; AA is word 0, AG word 2. */
  assert_true(score_of(context, model, "AAGN", probabilities) == 5.0 + (0 - 8) + (2 - 8) + 0.5);
  assert_true(probabilities[0] > 0.5);
  assert_true(score_of(context, model, "", probabilities) == 0.5);
  char text[2000];
  int64_t n;
  OK(context, ba_model_describe(context, model, text, (int64_t)sizeof text, &n));
  assert_non_null(strstr(text, "\"origin\": \"a test of \\\"words\\\"\""));
  assert_non_null(strstr(text, "\"drift_monitors\": 0"));
  ba_scorer *scorer = NULL;
  REFUSED(context, ba_scorer_create(context, model, "drift=yes", &scorer), BA_ERR_UNSUPPORTED, "drift");
  ba_model_release(model);
}

/* Of numbers the value itself comes out: fill, centre and factor, then weights. */
static void test_columns(void **state) {
  ba_context *context = *state;
  const char *names[] = {"height", "width"};
  const double scale[] = {10, 20, 2, 4, 0.5, 0.25}, weights[] = {3, -5}, intercept = 1.0;
  ba_array *s = numbers(context, scale, 3, 2), *w = numbers(context, weights, 1, 2),
           *b = numbers(context, &intercept, 1, 0);
  ba_model *model = NULL;
  OK(context, ba_model_create(context, "Columns(missing=mean) | Standardize() | Linear()", NULL, 0, names, 2, s, w, b,
                              NULL, &model));
  model = through_a_file(context, model);
  assert_int_equal(ba_model_inputs(model), 2);
  assert_string_equal(ba_model_input_name(model, 1), "width");
  assert_int_equal(ba_model_classes(model), 0);
  const double rows[] = {6, 8, 2, bai_not_a_number()};
  double found[2];
  ba_array *array = numbers(context, rows, 2, 2);
  ba_scorer *scorer = NULL;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict(scorer, array, NULL, found));
  assert_true(found[0] == 3 * 2.0 - 5 * 1.0 + 1.0);
  assert_true(found[1] == 0.0 - 5 * 4.0 + 1.0); /* 20 stands for what is missing */
  ba_scorer_destroy(scorer);
  ba_array_release(array);
  ba_model_release(model);
  ba_array_release(s);
  ba_array_release(w);
  ba_array_release(b);
}

static void test_sparse_rows(void **state) {
  ba_context *context = *state;
  const double weights[] = {1, 2, 4, -1, 0, 3, 0, 0, 7}, intercepts[] = {0, 1, 2}, values[] = {2, 10};
  const int64_t starts[] = {0, 2}, two[2] = {2, 0}, strides[2] = {8, 0}, narrow[2] = {4, 0};
  uint32_t columns[] = {0, 2};
  ba_array *w = numbers(context, weights, 3, 3), *b = numbers(context, intercepts, 3, 0);
  ba_array *v = numbers(context, values, 2, 0), *a = NULL, *c = NULL;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  double scores[3];
  OK(context,
     ba_model_create(context, "Sparse() | Softmax()", making_classes, 3, NULL, 0, NULL, w, b, "length=3", &model));
  model = through_a_file(context, model);
  OK(context, ba_array_wrap(context, BA_INT64, 1, two, strides, (void *)(uintptr_t)starts, NULL, NULL, &a));
  OK(context, ba_array_wrap(context, BA_UINT32, 1, two, narrow, columns, NULL, NULL, &c));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_predict_csr(scorer, a, c, v, scores, NULL));
  assert_true(scores[0] == 42.0 && scores[1] == 1.0 - 2.0 + 30.0 && scores[2] == 72.0);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_array *arrays[] = {a, c, v, w, b};
  for (int32_t i = 0; i < 5; i++) ba_array_release(arrays[i]);
}

/* Weights of a trained model are rounded already: rounding them once more changes nothing. */
static void put_together_again(ba_context *context, const char *recipe, int32_t classes, const char *options) {
  ba_dataset *dataset = making_data(context, 60, 30, 30, classes, 5);
  ba_model *trained = making_trained(context, recipe, dataset, "seed=3"), *made = NULL;
  const int64_t width = ba_model_width(trained);
  const int32_t outputs = ba_model_outputs(trained);
  double *weights = calloc((size_t)(outputs * width), 8), intercepts[4];
  assert_non_null(weights);
  for (int32_t o = 0; o < outputs; o++)
    OK(context, ba_model_weights(context, trained, o, weights + o * width, &intercepts[o]));
  ba_array *w = numbers(context, weights, outputs, width), *b = numbers(context, intercepts, outputs, 0);
  OK(context, ba_model_create(context, recipe, making_classes, classes, NULL, 0, NULL, w, b, options, &made));
  made = through_a_file(context, made);
  ba_records *records = making_records(context, 20, 30, 30, "ACGTN", 9);
  double scores[2][20 * 4], probabilities[2][20 * 4];
  ba_model *models[] = {trained, made};
  for (int32_t m = 0; m < 2; m++) {
    ba_scorer *scorer = NULL;
    OK(context, ba_scorer_create(context, models[m], NULL, &scorer));
    OK(context, ba_scorer_predict_records(scorer, records, scores[m], probabilities[m]));
    ba_scorer_destroy(scorer);
    ba_model_release(models[m]);
  }
  SAME_BITS(scores[0], scores[1], 20 * outputs);
  SAME_BITS(probabilities[0], probabilities[1], 20 * classes);
  ba_records_release(records);
  ba_array_release(w);
  ba_array_release(b);
  free(weights);
  ba_dataset_destroy(dataset);
}

static void test_trained_models(void **state) {
  put_together_again(*state, "Kmer(k=1..4, strand=canonical) | Logistic()", 2, NULL);
  put_together_again(*state, "Kmer(k=3, value=count, norm=none) + PositionKmer(k=1..2) | Softmax()", 4, "length=30");
  put_together_again(*state, "Length() + PseEIIP() + Kmer(k=2, value=freq) | Logistic()", 2, "");
}

typedef struct call {
  const char *recipe;
  const char *const *names;
  int32_t classes;
  const char *const *columns;
  int64_t column_count;
  const ba_array *scale, *weights, *intercepts;
  const char *options;
} call;

static ba_status make(ba_context *context, const call *c, ba_model **out) {
  return ba_model_create(context, c->recipe, c->names, c->classes, c->columns, c->column_count, c->scale, c->weights,
                         c->intercepts, c->options, out);
}

#define REFUSES(status, text, ...)                                \
  do {                                                            \
    const call wrong = {__VA_ARGS__};                             \
    ba_model *none = NULL;                                        \
    REFUSED(context, make(context, &wrong, &none), status, text); \
    assert_null(none);                                            \
  } while (0)

static void test_refusals(void **state) {
  ba_context *context = *state;
  static const char *const twice[] = {"a", "a"}, *const tab[] = {"a", "b\t"}, *const gone[] = {"a", NULL};
  static const char *const xy[] = {"x", "y"};
  static const double zeros[16], infinite[4] = {0, 1.0 / 1e-320 / 1e-320, 0, 0};
  const char *const *two = making_classes;
  ba_array *w = numbers(context, zeros, 1, 4), *b = numbers(context, zeros, 1, 0), *ww = numbers(context, zeros, 1, 2);
  ba_array *w3 = numbers(context, zeros, 3, 4), *bad = numbers(context, infinite, 1, 4);
  ba_array *s = numbers(context, zeros, 3, 2), *b2 = numbers(context, zeros, 2, 0);
  REFUSES(BA_ERR_RECIPE, "column", "Kmer(k=0) | Logistic()", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_RECIPE, "no model", "Kmer(k=1)", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_RECIPE, "ensemble", "Kmer(k=1) | Logistic() & Kmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, w, b,
          NULL);
  REFUSES(BA_ERR_RECIPE, "size", "Kmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, w, b, "size=3");
  REFUSES(BA_ERR_RECIPE, "control", "Kmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, w, b, "origin=a\tb");
  REFUSES(BA_ERR_UNSUPPORTED, "network", "Kmer(k=1) | MLP()", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_UNSUPPORTED, "CategoryHash", "Category(column=x) | Logistic()", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_CLASSES, "expected Softmax", "Kmer(k=1) | Logistic()", two, 3, NULL, 0, NULL, w3, b, NULL);
  REFUSES(BA_ERR_CLASSES, "1 classes", "Kmer(k=1) | Softmax()", two, 1, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_CLASSES, "numbers", "Kmer(k=1) | Poisson()", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_LABEL, "twice", "Kmer(k=1) | Logistic()", twice, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_LABEL, "class 2", "Kmer(k=1) | Logistic()", tab, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_LABEL, "class 2", "Kmer(k=1) | Logistic()", gone, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_SHAPE, "1 x 4 numbers; expected 1 x 16", "Kmer(k=2) | Logistic()", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_SHAPE, "expected 3 x 4", "Kmer(k=1) | Softmax()", two, 3, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_SHAPE, "intercepts: 2 x 1", "Kmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, w, b2, NULL);
  REFUSES(BA_ERR_NUMBER, "row 1, column 2", "Kmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, bad, b, NULL);
  REFUSES(BA_ERR_ARGUMENT, "the option length=", "PositionKmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_ARGUMENT, "no option length=", "Kmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, w, b, "length=4");
  REFUSES(BA_ERR_ARGUMENT, "no Columns()", "Kmer(k=1) | Logistic()", two, 2, xy, 2, NULL, w, b, NULL);
  REFUSES(BA_ERR_ARGUMENT, "stands for", "Columns() | Logistic()", two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_TABLE, "twice", "Columns() | Logistic()", two, 2, twice, 2, NULL, ww, b, NULL);
  REFUSES(BA_ERR_ARGUMENT, "a scale of 3 x 2", "Columns() | Standardize() | Logistic()", two, 2, xy, 2, NULL, ww, b,
          NULL);
  REFUSES(BA_ERR_ARGUMENT, "a scale of 3 x 4", "Columns(missing=indicator) | Logistic()", two, 2, xy, 2, NULL, w, b,
          NULL);
  REFUSES(BA_ERR_SHAPE, "scale: 3 x 2", "Columns(missing=indicator) | Logistic()", two, 2, xy, 2, s, w, b, NULL);
  REFUSES(BA_ERR_ARGUMENT, "expected a recipe", NULL, two, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_ARGUMENT, "expected a recipe", "Kmer(k=1) | Logistic()", NULL, 2, NULL, 0, NULL, w, b, NULL);
  REFUSES(BA_ERR_ARGUMENT, "expected a recipe", "Kmer(k=1) | Logistic()", two, 2, NULL, 0, NULL, NULL, b, NULL);
  ba_array *arrays[] = {w, b, ww, w3, bad, s, b2};
  for (int32_t i = 0; i < 7; i++) ba_array_release(arrays[i]);
}

static ba_status make_and_release(ba_context *context, void *argument) {
  ba_model *model = NULL;
  const ba_status status = make(context, argument, &model);
  ba_model_release(model);
  return status;
}

static void test_every_failing_allocation(void **state) {
  static const char *const xy[] = {"x", "y"};
  static const double zeros[40];
  ba_context *context = *state;
  ba_array *w = numbers(context, zeros, 3, 2), *b = numbers(context, zeros, 3, 0), *s = numbers(context, zeros, 3, 2);
  call c = {"Columns() | Standardize() | Softmax()", making_classes, 3, xy, 2, s, w, b, "origin=a sweep"};
  assert_true(fault_sweep(make_and_release, &c) > 20);
  ba_array_release(w);
  ba_array_release(b);
  ba_array_release(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_words, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_columns, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_sparse_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_trained_models, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
