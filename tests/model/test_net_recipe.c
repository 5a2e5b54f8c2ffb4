/* SPDX-License-Identifier: MIT
 *
 * test_net_recipe.c: models that hold networks: what recipes ask for, the file, and every way to score.
 */
#include "model/net_recipe.h"

#include <math.h>

#include "model/making.h"
#include "support/fault.h"

#define RECIPE "OneHot() | Conv(filters=5, width=6, pool=2, strand=max) | Conv(filters=4, width=3) | MLP(hidden=3)"

/* A model with random parameters. */
static ba_status make(ba_context *context, const char *recipe, int32_t classes, ba_model **out) {
  bai_recipe parsed = {{0, 0, 0}};
  bai_net net;
  char text[2048];
  int64_t length;
  float *parameters = NULL;
  uint64_t seed = 12;
  *out = NULL;
  ba_status status = ba_recipe_canonical(context, recipe, text, sizeof text, &length);
  if (!status) status = bai_recipe_parse(context, recipe, &parsed);
  if (!status) status = bai_net_of_pipeline(context, bai_recipe_member(&parsed, 0), classes == 2 ? 1 : classes, &net);
  if (!status) status = bai_alloc(context, net.copies * net.parameters, 4, &parameters);
  for (int64_t i = 0; !status && i < net.copies * net.parameters; i++) parameters[i] = (float)making_real(&seed) * 0.4f;
  if (!status) {
    const bai_fit fit = {text, making_classes, classes, {-1, NULL, NULL}, NULL, NULL, "{}", 7, parameters};
    status = bai_model_make(context, &fit, out);
  }
  bai_free(context, parameters);
  bai_recipe_free(context, &parsed);
  return status;
}

static void test_sizes(void **state) {
  bai_recipe parsed = {{0, 0, 0}};
  bai_net net;
  OK(*state, bai_recipe_parse(*state, "@conv & @conv_anchored & Kmer(k=2) | Logistic()", &parsed));
  OK(*state, bai_net_of_pipeline(*state, bai_recipe_member(&parsed, 0), 1, &net));
  assert_true(net.layer_count == 2 && net.strands == 2 && net.bins == 1 && net.hidden == 64 && net.copies == 1);
  assert_true(net.layers[0].filters == 96 && net.layers[0].width == 13 && net.layers[0].pool == 2);
  assert_true(net.layers[1].filters == 96 && net.layers[1].width == 5 && net.layers[1].pool == 1);
  /* 13 x 4 x 96 and 5 x 96 x 96 weights, 3 x 96 features; a bias each. */
  assert_int_equal(net.parameters, 4992 + 96 + 46080 + 96 + 288 * 64 + 64 + 64 + 1);
  OK(*state, bai_net_of_pipeline(*state, bai_recipe_member(&parsed, 1), 3, &net));
  assert_true(net.strands == 1 && net.bins == 10 && net.outputs == 3);
  assert_int_equal(net.features, 96 + 2 * 10 * 96);
  OK(*state, bai_net_of_pipeline(*state, bai_recipe_member(&parsed, 2), 1, &net));
  assert_int_equal(net.layer_count, 0);
  bai_recipe_free(*state, &parsed);
}

static void test_recipes_that_make_no_network(void **state) {
  static const struct {
    const char *recipe, *message;
  } cases[] = {
      {"OneHot() | Logistic()", "OneHot has no convolution after it; expected OneHot() | Conv(...) | MLP(...)"},
      {"OneHot() | Conv() | Logistic()", "Conv has no MLP after it; expected OneHot() | Conv(...) | MLP(...)"},
      {"OneHot() + Kmer(k=3) | Conv() | MLP()", "OneHot is joined to other features; expected OneHot() | "},
      {"Kmer(k=3) | Conv() | MLP()", "Conv has no letters to read; expected OneHot() | Conv(...) | MLP(...)"},
      {"OneHot() | Conv() | MLP(skip=linear)", "MLP: skip=linear has no columns to read; expected OneHot() | "},
      {"OneHot() | MLP()", "OneHot has no convolution after it; expected OneHot() | Conv(...) | MLP(...)"},
      {"OneHot() | Conv() | Conv() | Conv() | Conv() | Conv() | MLP()", "5 Conv stages; expected at most 4"},
      {"OneHot() | Conv(bins=2) | Conv() | MLP()", "Conv: bins stands before the last layer; expected it in the last"},
      {"OneHot() | Conv() | Conv(strand=max) | MLP()", "Conv: strand=max stands in a later layer; expected it in the"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ba_model *model;
    const bai_fitted fitted = {-1, NULL, NULL};
    REFUSED(*state, bai_model_open(*state, cases[i].recipe, &fitted, 2, &model), BA_ERR_RECIPE, cases[i].message);
    assert_null(model);
  }
  ba_extractor *extractor = NULL;
  REFUSED(*state, ba_extractor_create(*state, "OneHot()", &extractor), BA_ERR_UNSUPPORTED,
          "OneHot has no columns of its own; expected OneHot() | Conv(...) | MLP(...), or other features");
}

static void test_file(void **state) {
  ba_model *model, *again;
  int64_t n, m, length;
  char text[2048];
  OK(*state, make(*state, RECIPE, 2, &model));
  uint8_t *bytes = making_bytes(*state, model, &n);
  OK(*state, ba_model_load_memory(*state, bytes, n, "selftest=yes", &again));
  uint8_t *copy = making_bytes(*state, again, &m);
  assert_int_equal(n, m);
  assert_memory_equal(bytes, copy, (size_t)n);
  OK(*state, ba_model_describe(*state, again, text, sizeof text, &length));
  /* 6 x 4 x 5 + 5, 3 x 5 x 4 + 4, (5 + 8) x 3 + 3, 3 + 1 */
  assert_non_null(strstr(text, "\"features\": 0, \"blocks\": 0, \"weights\": 235, \"length\": null"));
  assert_int_equal(ba_model_width(again), 0);
  ba_model_release(again);
  ba_model_release(model);
  free(copy);
  free(bytes);
}

/* The same bits one by one, in a batch, by windows, at every level and with every number of threads. */
static void test_every_way_to_score(void **state) {
  ba_model *model;
  ba_scorer *scorer;
  for (int32_t classes = 2; classes < 4; classes++) {
    const int64_t outputs = classes == 2 ? 1 : classes;
    ba_records *records = making_records(*state, 150, 0, 60, "ACGTacgtuN", 5);
    double all[3 * 150], some[3 * 150], windows[3 * 200], probabilities[3 * 150];
    const int64_t *offsets;
    const char *letters = ba_records_columns(records, &offsets);
    int64_t count;
    OK(*state, make(*state, RECIPE, classes, &model));
    OK(*state, ba_scorer_create(*state, model, NULL, &scorer));
    OK(*state, ba_scorer_predict_records(scorer, records, all, probabilities));
    for (int64_t i = 0; i < 150; i++) {
      ba_records *one = making_slice(*state, records, i, 1);
      OK(*state, ba_scorer_predict_records(scorer, one, some, NULL));
      SAME_BITS(some, all + i * outputs, outputs);
      ba_records_release(one);
    }
    for (int32_t threads = 1; threads < 8; threads += 3) {
      for (int32_t level = 0; level < 3; level++) {
        if (!making_level(*state, level)) continue;
        OK(*state, ba_context_set_threads(*state, threads));
        OK(*state, ba_scorer_predict_records(scorer, records, some, probabilities));
        SAME_BITS(some, all, 150 * outputs);
      }
    }
    OK(*state, ba_context_set_threads(*state, 1));
    OK(*state, ba_context_set_cpu(*state, "auto"));
    OK(*state, ba_scorer_scan(scorer, letters, 300, 40, 2, windows, 200, &count));
    assert_int_equal(count, 131);
    for (int64_t i = 0; i < count; i += 13) {
      const int64_t ends[] = {0, 40};
      ba_records *one = NULL;
      OK(*state, ba_records_create(*state, letters + 2 * i, ends, 1, &one));
      OK(*state, ba_scorer_predict_records(scorer, one, some, NULL));
      SAME_BITS(some, windows + i * outputs, outputs);
      ba_records_release(one);
    }
    ba_scorer_destroy(scorer);
    ba_model_release(model);
    ba_records_release(records);
  }
}

static double score_of(ba_context *context, ba_scorer *scorer, const char *letters, int64_t n) {
  const int64_t offsets[] = {0, n};
  ba_records *one = NULL;
  double score[4];
  OK(context, ba_records_create(context, letters, offsets, 1, &one));
  OK(context, ba_scorer_predict_records(scorer, one, score, NULL));
  ba_records_release(one);
  return score[0];
}

/* The shares add up, and a sequence of one letter has all of it in its place. */
static void test_attribution(void **state) {
  const char *letters = "ACGTTGCANACGGTACCATTTGCA";
  const int64_t n = (int64_t)strlen(letters);
  ba_model *model;
  ba_scorer *scorer;
  double shares[64], sum = 0.0;
  char hidden[64];
  memset(hidden, 'N', sizeof hidden);
  OK(*state, make(*state, RECIPE, 2, &model));
  OK(*state, ba_scorer_create(*state, model, NULL, &scorer));
  OK(*state, ba_scorer_attribute(scorer, letters, n, 0, shares));
  for (int64_t i = 0; i < n; i++) sum += shares[i];
  assert_true(shares[8] == 0.0 && shares[0] != 0.0); /* N is hidden already */
  const double expected = score_of(*state, scorer, letters, n) - score_of(*state, scorer, hidden, n);
  assert_true(fabs(sum - expected) < 1e-12 && fabs(expected) > 1e-3);
  OK(*state, ba_scorer_attribute(scorer, "G", 1, 0, shares));
  assert_true(shares[0] == score_of(*state, scorer, "G", 1) - score_of(*state, scorer, "N", 1));
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* By hand: hidden units 2 A - 1 and 3 - 2 C, of which the score takes 0.5 and 4 where they are above 0, and C - 8. */
static void test_attribution_through_a_hidden_layer(void **state) {
  ba_context *context = *state;
  const char *recipe = "Kmer(k=1, value=count, norm=none) | MLP(hidden=2, skip=linear)";
  const float parameters[] = {2, 0, 0, 0, -2, 1, 0, 0, 0, 0, 0, 0, -1, 3, 0.5f, 4, -8};
  const bai_fit fit = {.recipe = recipe,
                       .class_names = making_classes,
                       .classes = 2,
                       .fitted = {-1, NULL, NULL},
                       .provenance = "{}",
                       .seed = 7,
                       .parameters = parameters};
  static const struct {
    const char *letters;
    double score, shares[4];
  } by_hand[] = {
      {"AACG", 0.5 * 3 + 4 * 1 + 1 - 8, {1, 1, 1 - 8, 0}},
      {"CATC", 0.5 * 1 + 2 - 8, {1, 1, 0, 1}},
      {"TTTT", 4 * 3 - 8, {0, 0, 0, 0}},
  };
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  OK(context, bai_model_make(context, &fit, &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  for (size_t i = 0; i < sizeof by_hand / sizeof *by_hand; i++) {
    const int64_t offsets[] = {0, 4};
    ba_records *records = NULL;
    double score, shares[4];
    OK(context, ba_records_create(context, by_hand[i].letters, offsets, 1, &records));
    OK(context, ba_scorer_predict_records(scorer, records, &score, NULL));
    OK(context, ba_scorer_attribute(scorer, by_hand[i].letters, 4, 0, shares));
    SAME_BITS(&score, &by_hand[i].score, 1);
    for (int32_t p = 0; p < 4; p++) assert_true(shares[p] == by_hand[i].shares[p]);
    ba_records_release(records);
  }
  double weights[4];
  REFUSED(context, ba_model_weights(context, model, 0, weights, NULL), BA_ERR_UNSUPPORTED,
          "a hidden layer of 2 units, so no column has one weight");
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* Several copies: the mean of what each gives alone. */
static void test_copies(void **state) {
  ba_model *two, *one[2];
  ba_scorer *scorer;
  double mean = 0.0;
  OK(*state, make(*state, "OneHot() | Conv(filters=5, width=6) | MLP(hidden=3, seeds=2)", 2, &two));
  const int64_t parameters = two->members[0].net.parameters;
  for (int32_t c = 0; c < 2; c++) {
    const bai_fit fit = {"OneHot() | Conv(filters=5, width=6) | MLP(hidden=3)",
                         making_classes,
                         2,
                         {-1, NULL, NULL},
                         NULL,
                         NULL,
                         "{}",
                         7,
                         two->members[0].parameters + c * parameters};
    OK(*state, bai_model_make(*state, &fit, &one[c]));
    OK(*state, ba_scorer_create(*state, one[c], NULL, &scorer));
    mean += score_of(*state, scorer, "GATTACAGATTACA", 14) / 2.0;
    ba_scorer_destroy(scorer);
    ba_model_release(one[c]);
  }
  OK(*state, ba_scorer_create(*state, two, NULL, &scorer));
  assert_true(score_of(*state, scorer, "GATTACAGATTACA", 14) == mean);
  ba_scorer_destroy(scorer);
  ba_model_release(two);
}

/* What asks for columns is told that there are none. */
static void test_refusals(void **state) {
  ba_model *model;
  ba_scorer *scorer;
  float row[1] = {0};
  double score, weights[1];
  char name[8];
  int64_t length;
  const char *text = "the model is a network over letters, which has no columns; expected one with columns";
  OK(*state, make(*state, RECIPE, 2, &model));
  OK(*state, ba_scorer_create(*state, model, NULL, &scorer));
  REFUSED(*state, ba_scorer_predict_row(scorer, row, 0, &score, NULL), BA_ERR_UNSUPPORTED, text);
  REFUSED(*state, ba_model_weights(*state, model, 0, weights, NULL), BA_ERR_UNSUPPORTED, text);
  REFUSED(*state, ba_model_column_name(*state, model, 0, name, 8, &length), BA_ERR_UNSUPPORTED, text);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_parameters_that_are_no_numbers(void **state) {
  ba_model *model, *again;
  OK(*state, make(*state, RECIPE, 2, &model));
  const int64_t n = model->members[0].net.parameters;
  float *parameters = malloc((size_t)n * 4);
  assert_non_null(parameters);
  memcpy(parameters, model->members[0].parameters, (size_t)n * 4);
  parameters[n - 1] = (float)INFINITY;
  const bai_fit fit = {RECIPE, making_classes, 2, {-1, NULL, NULL}, NULL, NULL, "{}", 7, parameters};
  REFUSED(*state, bai_model_make(*state, &fit, &again), BA_ERR_DIVERGED, "a weight is not finite");
  free(parameters);
  /* A file that says so is damaged, whoever made its checksums. */
  model->members[0].parameters[3] = (float)NAN;
  int64_t size;
  uint8_t *bytes = making_bytes(*state, model, &size);
  REFUSED(*state, ba_model_load_memory(*state, bytes, size, NULL, &again), BA_ERR_MODEL, "damaged model file: network");
  assert_null(again);
  free(bytes);
  ba_model_release(model);
}

static ba_status whole_life(ba_context *context, void *argument) {
  ba_model *model = NULL, *again = NULL;
  ba_scorer *scorer = NULL;
  uint8_t bytes[16384];
  double shares[16];
  int64_t n;
  (void)argument;
  ba_status status = make(context, RECIPE, 2, &model);
  if (!status) status = ba_model_save_memory(context, model, bytes, sizeof bytes, &n);
  if (!status) status = ba_model_load_memory(context, bytes, n, NULL, &again);
  if (!status) status = ba_scorer_create(context, again, NULL, &scorer);
  if (!status) status = ba_scorer_attribute(scorer, "ACGTACGTACGT", 12, 0, shares);
  ba_scorer_destroy(scorer);
  ba_model_release(again);
  ba_model_release(model);
  return status;
}

static void test_memory_runs_out(void **state) {
  (void)state;
  assert_true(fault_sweep(whole_life, NULL) > 40);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, making_set_up, making_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_sizes),
      TEST(test_recipes_that_make_no_network),
      TEST(test_file),
      TEST(test_every_way_to_score),
      TEST(test_attribution),
      TEST(test_attribution_through_a_hidden_layer),
      TEST(test_copies),
      TEST(test_refusals),
      TEST(test_parameters_that_are_no_numbers),
      cmocka_unit_test(test_memory_runs_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
