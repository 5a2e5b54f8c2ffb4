/* SPDX-License-Identifier: MIT
 *
 * test_score.c: scores against the definition in exact integers, to the bit; the power-of-two scale; probabilities.
 */
#include <stdio.h>

#include "model/making.h"
#include "model/oracle.h"

/* The oracle's score; of a network over columns, its units' sums through the hidden layer. */
static void expect(const ba_model *model, const oracle_block *blocks, int32_t n, const char *letters, int64_t length,
                   double *expected) {
  const bai_member *m = &model->members[0];
  const int64_t fitted = m->plan->fitted_length, width = m->plan->width;
  if (!m->hidden) {
    oracle_score(blocks, n, fitted, model->outputs, m->weights, m->exponents, m->intercepts, letters, length, expected);
    return;
  }
  double sums[64];
  static const double none[64];
  int32_t *weights = malloc((size_t)(width * m->units) * 4);
  assert_true(weights && m->units <= 64);
  for (int64_t c = 0; c < width; c++)
    for (int32_t u = 0; u < m->units; u++) weights[u * width + c] = m->weights[c * m->units + u];
  oracle_score(blocks, n, fitted, m->units, weights, m->exponents, none, letters, length, sums);
  for (int32_t o = 0; o < model->outputs; o++) {
    double lanes[16] = {0.0};
    for (int32_t u = 0; u < m->hidden; u++)
      lanes[u % 16] += fmax(sums[u] + m->intercepts[u], 0.0) * m->head[u * model->outputs + o];
    for (int32_t half = 8; half > 0; half /= 2)
      for (int32_t l = 0; l < half; l++) lanes[l] += lanes[l + half];
    expected[o] = lanes[0];
    if (m->units > m->hidden) expected[o] += sums[m->hidden + o];
    expected[o] += m->intercepts[m->hidden + o];
  }
  free(weights);
}

/* Every record's score equals the oracle's. */
static void check_scores(ba_context *context, const ba_model *model, const oracle_block *blocks, int32_t n,
                         const ba_records *records) {
  const int64_t count = ba_records_count(records);
  double *scores = malloc((size_t)(count * model->outputs) * 8), expected[4];
  ba_model *shared = NULL;
  ba_scorer *scorer = NULL;
  assert_non_null(scores);
  assert_int_equal(model->members[0].plan->block_count, n);
  int64_t length;
  uint8_t *bytes = making_bytes(context, model, &length);
  OK(context, ba_model_load_memory(context, bytes, length, NULL, &shared));
  OK(context, ba_scorer_create(context, shared, NULL, &scorer));
  OK(context, ba_scorer_predict_records(scorer, records, scores, NULL));
  for (int64_t i = 0; i < count; i++) {
    const char *letters = ba_records_sequence(records, i, &length);
    expect(model, blocks, n, letters, length, expected);
    SAME_BITS(scores + i * model->outputs, expected, model->outputs);
  }
  ba_scorer_destroy(scorer);
  ba_model_release(shared);
  free(bytes);
  free(scores);
}

static void test_every_value_and_norm(void **state) {
  static const char *const values[] = {"count", "freq", "sqrt", "binary"};
  static const char *const norms[] = {"l2", "l1", "none"};
  ba_records *records = making_records(*state, 60, 0, 80, "AACGTTUacgtuNR", 1);
  ba_records *repeats = making_records(*state, 10, 200, 400, "AAAAAAAAAC", 2);
  for (int32_t v = 0; v < 4; v++) {
    for (int32_t m = 0; m < 3; m++) {
      char recipe[200];
      snprintf(recipe, sizeof recipe,
               "Kmer(k=1..3, value=%s, norm=%s) + Kmer(k=2..3, strand=canonical, value=%s, norm=%s)", values[v],
               norms[m], values[v], norms[m]);
      oracle_block blocks[5];
      for (int32_t b = 0; b < 5; b++)
        blocks[b] =
            (oracle_block){'k', b < 3 ? b + 1 : b - 1, b >= 3, values[v][0], "210"[m], 'n', 0, NULL, NULL, 0, 0};
      ba_model *model = making_model(*state, recipe, -1, 2 + v % 2, (uint64_t)(v * 3 + m));
      check_scores(*state, model, blocks, 5, records);
      check_scores(*state, model, blocks, 5, repeats);
      ba_model_release(model);
    }
  }
  ba_records_release(records);
  ba_records_release(repeats);
}

static void test_hashed_words(void **state) {
  const oracle_block blocks[] = {{'k', 4, 0, 's', '2', 'n', 6, NULL, NULL, 0, 0},
                                 {'k', 5, 0, 's', '2', 'n', 6, NULL, NULL, 0, 0},
                                 {'k', 2, 1, 'c', '1', 'n', 0, NULL, NULL, 0, 0},
                                 {'k', 3, 1, 'c', '1', 'n', 5, NULL, NULL, 0, 0},
                                 {'k', 31, 1, 'b', '0', 'n', 4, NULL, NULL, 0, 0}};
  ba_model *model = making_model(*state,
                                 "Kmer(k=4..5, slots=64) + Kmer(k=2..3, strand=canonical, slots=32, value=count, "
                                 "norm=l1) + Kmer(k=31, strand=canonical, slots=16, value=binary, norm=none)",
                                 -1, 3, 5);
  ba_records *records = making_records(*state, 60, 0, 150, "ACGTacgtACGTACGTN", 3);
  check_scores(*state, model, blocks, 5, records);
  ba_model_release(model);
  ba_records_release(records);
}

static void test_positions(void **state) {
  const oracle_block blocks[] = {{'p', 1, 0, 'b', '2', 's', 0, NULL, NULL, 0, 0},
                                 {'p', 2, 0, 'b', '2', 's', 0, NULL, NULL, 0, 0},
                                 {'p', 2, 0, 'b', '1', 'e', 0, NULL, NULL, 0, 0},
                                 {'p', 3, 0, 'b', '0', 'e', 0, NULL, NULL, 0, 0},
                                 {'k', 2, 0, 's', '2', 'n', 0, NULL, NULL, 0, 0}};
  ba_model *model = making_model(*state,
                                 "PositionKmer(k=1..2, anchor=start) + PositionKmer(k=2, anchor=end, norm=l1) + "
                                 "PositionKmer(k=3, anchor=end, norm=none) + Kmer(k=2)",
                                 17, 3, 6);
  ba_records *records = making_records(*state, 80, 0, 30, "ACGTuN", 4); /* shorter and longer than the fit */
  check_scores(*state, model, blocks, 5, records);
  ba_model_release(model);
  ba_records_release(records);
  const oracle_block equal[] = {{'p', 1, 0, 'b', '2', 'n', 0, NULL, NULL, 0, 0},
                                {'p', 2, 0, 'b', '2', 'n', 0, NULL, NULL, 0, 0},
                                {'p', 3, 0, 'b', '2', 'n', 0, NULL, NULL, 0, 0}};
  model = making_model(*state, "PositionKmer(k=1..3)", 21, 2, 7);
  records = making_records(*state, 80, 21, 21, "ACGTuN", 4);
  check_scores(*state, model, equal, 3, records);
  ba_model_release(model);
  ba_records_release(records);
  model = making_model(*state, "PositionKmer(k=1..3)", 2, 2, 7); /* too short for k = 3: no column */
  records = making_records(*state, 20, 2, 2, "ACGT", 4);
  check_scores(*state, model, equal, 3, records);
  ba_model_release(model);
  ba_records_release(records);
}

/* Gaps, seeds, bins and lengths, on nucleotides and on residues. */
static void test_other_words(void **state) {
  static const char residues[] = "ACDEFGHIKLMNPQRSTVWY", every[] = "*";
  const oracle_block dna[] = {
      {'k', 2, 0, 's', '2', 'n', 0, "11", NULL, 0, 0},     {'k', 2, 0, 's', '2', 'n', 0, "101", NULL, 0, 0},
      {'k', 4, 1, 'c', '1', 'n', 0, "110011", NULL, 0, 0}, {'k', 5, 0, 'f', '0', 'n', 0, "1101011", NULL, 0, 0},
      {'k', 4, 1, 's', '2', 'n', 6, "11011", NULL, 0, 0},  {'k', 2, 0, 's', '2', 'n', 0, NULL, NULL, 5, 0},
      {'k', 3, 0, 's', '2', 'n', 4, NULL, NULL, 3, 0}};
  const oracle_block protein[] = {{'k', 1, 0, 'f', '0', 'n', 0, NULL, residues, 0, 0},
                                  {'k', 2, 0, 's', '2', 'n', 0, "1001", residues, 0, 0},
                                  {'k', 3, 0, 's', '2', 'n', 9, NULL, residues, 0, 0},
                                  {'p', 1, 0, 'b', '2', 'e', 0, NULL, residues, 0, 0}};
  const oracle_block length[] = {{'k', 1, 0, 'c', '0', 'n', 0, NULL, every, 0, 30}};
  ba_model *model =
      making_model(*state,
                   "GappedKmer(gap=0..1) + GappedKmer(k=2, gap=2, strand=canonical, value=count, "
                   "norm=l1) + SpacedKmer(mask=1101011, value=freq, norm=none) + SpacedKmer(mask=11011, "
                   "slots=64, strand=canonical) + BinnedKmer(k=2, bins=5) + BinnedKmer(k=3, bins=3, slots=16)",
                   -1, 3, 15);
  assert_int_equal(dna[4].k, 4);
  ba_records *records = making_records(*state, 80, 0, 90, "ACGTacgtACGTACGTN", 3);
  check_scores(*state, model, dna, 7, records);
  ba_model_release(model);
  ba_records_release(records);
  model = making_model(*state,
                       "AAC() + GappedKmer(gap=2, alphabet=protein) + Kmer(k=3, alphabet=protein, slots=512) + "
                       "PositionKmer(k=1, anchor=end, alphabet=protein)",
                       20, 2, 16);
  records = making_records(*state, 80, 0, 60, "ACDEFGHIKLMNPQRSTVWYacdefLLKKXU*", 4);
  check_scores(*state, model, protein, 4, records);
  ba_model_release(model);
  ba_records_release(records);
  model = making_model(*state, "Length(per=30)", -1, 2, 17);
  records = making_records(*state, 30, 0, 6000, "*", 5);
  check_scores(*state, model, length, 1, records);
  ba_model_release(model);
  ba_records_release(records);
}

/* Also where the sums of long sequences leave 64 bits. */
static void test_hidden_layers(void **state) {
  const oracle_block blocks[] = {{'k', 2, 1, 's', '2', 'n', 0, NULL, NULL, 0, 0},
                                 {'k', 5, 0, 'c', '1', 'n', 6, NULL, NULL, 0, 0},
                                 {'p', 1, 0, 'b', '2', 's', 0, NULL, NULL, 0, 0}};
  const char *stages[] = {"MLP(hidden=6, skip=linear)", "MLP(hidden=1)", "MLP(hidden=9, seeds=3)",
                          "MLP(hidden=2, skip=linear, seeds=2)"};
  for (int32_t i = 0; i < 4; i++) {
    char recipe[200];
    snprintf(recipe, sizeof recipe,
             "Kmer(k=2, strand=canonical) + Kmer(k=5, slots=64, value=count, norm=l1) + PositionKmer(k=1, "
             "anchor=start) | %s",
             stages[i]);
    ba_model *model = making_model(*state, recipe, 30, i % 2 ? 2 : 3, 20 + (uint64_t)i);
    ba_records *records = making_records(*state, 60, 0, 60, "ACGTacgtACGTACGTN", 3);
    ba_records *lengthy = making_records(*state, 2, 4000, 9000, "AACGT", 4);
    assert_int_equal(bai_model_format(model), 3);
    check_scores(*state, model, blocks, 3, records);
    check_scores(*state, model, blocks, 3, lengthy);
    ba_records_release(records);
    ba_records_release(lengthy);
    ba_model_release(model);
  }
}

/* With the largest weights 140,000 distinct words add up beyond 63 bits. */
static void test_sums_beyond_64_bits(void **state) {
  const oracle_block blocks[] = {{'k', 9, 0, 's', '2', 'n', 0, NULL, NULL, 0, 0},
                                 {'k', 1, 0, 'c', '0', 'n', 0, NULL, NULL, 0, 0}};
  const char *recipe = "Kmer(k=9) + Kmer(k=1, value=count, norm=none)";
  const int64_t width = 262144 + 4;
  double *weights = malloc((size_t)width * 8), intercept = 0.25;
  ba_model *model = NULL;
  assert_non_null(weights);
  for (int64_t i = 0; i < width; i++) weights[i] = 1.999999 - (double)(i % 7) * 1e-6;
  OK(*state, making_model_of(*state, recipe, -1, 2, weights, &intercept, &model));
  assert_true(model->members[0].weights[0] > 2147400000);
  ba_records *random = making_records(*state, 1, 140000, 140000, "ACGT", 9);
  oracle_wide sum = 0;
  int64_t length;
  const char *letters = ba_records_sequence(random, 0, &length);
  uint64_t *counts = calloc(262144, sizeof *counts);
  assert_non_null(counts);
  for (int64_t i = 0; i + 9 <= length; i++) counts[oracle_column(&blocks[0], 0, letters, length, i)]++;
  for (int64_t c = 0; c < 262144; c++) sum += (oracle_wide)model->members[0].weights[c] * oracle_root(counts[c]);
  assert_true(sum > INT64_MAX); /* the case is what it says */
  check_scores(*state, model, blocks, 2, random);
  ba_records_release(random);
  /* On both sides of the switch, and one word many times. */
  const int64_t lengths[] = {4096, 4103, 4104, 4105, 4106, 65536, 65545, 100000};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    ba_records *records = making_records(*state, 1, lengths[i], lengths[i], i % 2 ? "A" : "ACGT", i);
    check_scores(*state, model, blocks, 2, records);
    ba_records_release(records);
  }
  free(counts);
  free(weights);
  ba_model_release(model);
}

static void test_scale_by_power(void **state) {
  (void)state;
  static const double values[] = {1.0, -1.0, 0x1.fffffffffffffp0, 3.0, -2147483647.0, 1.5e-5};
  for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
    for (int32_t e = -990; e <= 990; e++) {
      const double got = bai_scale_by_power(values[v], e), expected = ldexp(values[v], e);
      SAME_BITS(&got, &expected, 1);
    }
  }
  /* Beyond one factor, as tiny and huge weights need. */
  static const int32_t far[] = {1001, 1053, 1074, 2000, 2001, 2040};
  for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
    const double small = ldexp(1.25, -far[i] / 2), big = ldexp(-1.25, far[i] / 2);
    const double up = bai_scale_by_power(small, far[i]), down = bai_scale_by_power(big, -far[i]);
    const double up_expected = ldexp(small, far[i]), down_expected = ldexp(big, -far[i]);
    SAME_BITS(&up, &up_expected, 1);
    SAME_BITS(&down, &down_expected, 1);
  }
  assert_true(bai_scale_by_power(0x1p-1074, 1000) == 0x1p-74);
  assert_true(bai_scale_by_power(0.0, 1000) == 0.0);
}

static void test_probabilities(void **state) {
  static const double scores[] = {0.0, 1.0, -1.0, 3.25, -7.5, 40.0, -40.0, 800.0, -800.0};
  const bai_kernels *kernels = bai_kernels_of(*state);
  double p[3];
  for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
    bai_probabilities(kernels, 2, &scores[i], p);
    const long double expected = 1.0L / (1.0L + expl(-(long double)scores[i]));
    assert_true(fabsl(p[1] - expected) <= 1e-15L * expected + 1e-320L);
    assert_true(fabsl(p[0] - expl(-(long double)scores[i]) * expected) <= 1e-15L);
    for (size_t j = 0; j < sizeof scores / sizeof *scores; j++) {
      const double three[] = {scores[i], scores[j], 0.5};
      bai_probabilities(kernels, 3, three, p);
      long double total = 0.0L;
      for (int32_t c = 0; c < 3; c++) total += expl((long double)three[c]);
      for (int32_t c = 0; c < 3; c++) {
        const long double exact = expl((long double)three[c]) / total;
        assert_true(fabsl(p[c] - exact) <= 2e-15L * exact + 1e-300L);
      }
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_every_value_and_norm, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_hashed_words, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_positions, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_other_words, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_hidden_layers, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_sums_beyond_64_bits, making_set_up, making_tear_down),
      cmocka_unit_test(test_scale_by_power),
      cmocka_unit_test_setup_teardown(test_probabilities, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
