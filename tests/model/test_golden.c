/* SPDX-License-Identifier: MIT
 *
 * test_golden.c: golden inputs of a model, and the golden file of format 1, which loads and scores to the bit for ever.
 * BA_TEST_WRITE_GOLDEN=FOLDER ./test_model_golden writes format1.ba and format1.tsv there (once a format); the scores
 * in it are those of oracle.h, not of the library.
 */
#include <stdio.h>

#include "model/making.h"
#include "model/oracle.h"
#include "support/temp.h"

#define RECIPE                                                                                                         \
  "Kmer(k=1..3) + Kmer(k=2..4, strand=canonical, value=count, norm=l1) + Kmer(k=3, value=freq, norm=none) + "          \
  "Kmer(k=5..6, slots=64, value=binary) + Kmer(k=9, strand=canonical, slots=32) + PositionKmer(k=1..2, anchor=end) + " \
  "PositionKmer(k=1, anchor=start, norm=none) | Softmax(l2=0.01)"
#define FITTED 12

static const oracle_block blocks[] = {
    {'k', 1, 0, 's', '2', 'n', 0, NULL, NULL, 0, 0}, {'k', 2, 0, 's', '2', 'n', 0, NULL, NULL, 0, 0},
    {'k', 3, 0, 's', '2', 'n', 0, NULL, NULL, 0, 0}, {'k', 2, 1, 'c', '1', 'n', 0, NULL, NULL, 0, 0},
    {'k', 3, 1, 'c', '1', 'n', 0, NULL, NULL, 0, 0}, {'k', 4, 1, 'c', '1', 'n', 0, NULL, NULL, 0, 0},
    {'k', 3, 0, 'f', '0', 'n', 0, NULL, NULL, 0, 0}, {'k', 5, 0, 'b', '2', 'n', 6, NULL, NULL, 0, 0},
    {'k', 6, 0, 'b', '2', 'n', 6, NULL, NULL, 0, 0}, {'k', 9, 1, 's', '2', 'n', 5, NULL, NULL, 0, 0},
    {'p', 1, 0, 'b', '2', 'e', 0, NULL, NULL, 0, 0}, {'p', 2, 0, 'b', '2', 'e', 0, NULL, NULL, 0, 0},
    {'p', 1, 0, 'b', '0', 's', 0, NULL, NULL, 0, 0}};
#define BLOCKS ((int32_t)(sizeof blocks / sizeof *blocks))

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static void oracle_of(const ba_model *model, const char *letters, int64_t length, double *scores) {
  oracle_score(blocks, BLOCKS, FITTED, model->outputs, model->members[0].weights, model->members[0].exponents,
               model->members[0].intercepts, letters, length, scores);
}

static void write_golden(ba_context *context, const char *folder) {
  char path[TEMP_PATH];
  ba_model *model = making_model(context, RECIPE, FITTED, 3, 2026);
  ba_records *records = making_records(context, 60, 1, 90, "ACGTACGTACGTacgtuRN", 1);
  temp_join(path, folder, "format1.ba");
  OK(context, ba_model_save_path(context, model, path));
  temp_join(path, folder, "format1.tsv");
  FILE *table = fopen(path, "w");
  assert_non_null(table);
  fprintf(table, "sequence\tfirst\tsecond\tthird\n");
  for (int64_t i = 0; i < 60; i++) {
    int64_t length;
    double scores[3];
    const char *letters = ba_records_sequence(records, i, &length);
    oracle_of(model, letters, length, scores);
    fprintf(table, "%.*s", (int)length, letters);
    for (int32_t c = 0; c < 3; c++) fprintf(table, "\t%016llx", (unsigned long long)bits_of(scores[c]));
    fprintf(table, "\n");
  }
  fclose(table);
  ba_records_release(records);
  ba_model_release(model);
}

static void test_the_file_of_format_1(void **state) {
  const char *folder = getenv("BA_TEST_WRITE_GOLDEN");
  if (folder) write_golden(*state, folder);
  ba_context *context = *state;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  ba_records *record = NULL;
  int64_t n, rows = 0;
  uint8_t *text = temp_read(BA_TEST_SOURCE_DIR "/tests/golden/format1.tsv", &n);
  OK(context, ba_model_load_path(context, BA_TEST_SOURCE_DIR "/tests/golden/format1.ba", "selftest=yes", &model));
  assert_int_equal(ba_model_classes(model), 3);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  char *line = strchr((char *)text, '\n') + 1;
  for (; *line; rows++) {
    char *tab = strchr(line, '\t'), *end = strchr(line, '\n');
    assert_true(tab && end);
    const int64_t offsets[] = {0, tab - line};
    double expected[3], scores[3];
    for (int32_t c = 0; c < 3; c++) {
      const uint64_t bits = strtoull(tab + 1, &tab, 16);
      memcpy(&expected[c], &bits, 8);
    }
    OK(context, ba_records_create(context, line, offsets, 1, &record));
    for (int32_t level = 0; level < 3; level++) {
      if (!making_level(context, level)) continue;
      OK(context, ba_scorer_predict_records(scorer, record, scores, NULL));
      SAME_BITS(scores, expected, 3);
    }
    ba_records_release(record);
    line = end + 1;
  }
  assert_int_equal(rows, 60);
  /* Today's writer still makes these bytes. */
  int64_t size, again;
  uint8_t *file = temp_read(BA_TEST_SOURCE_DIR "/tests/golden/format1.ba", &size);
  uint8_t *bytes = making_bytes(context, model, &again);
  assert_true(size < 65536);
  assert_int_equal(again, size);
  assert_memory_equal(bytes, file, (size_t)size);
  free(bytes);
  free(file);
  free(text);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* 32 inputs of many lengths, with letters of both cases and ambiguous ones; their scores are the oracle's. */
static void test_golden_inputs(void **state) {
  ba_model *model = making_model(*state, RECIPE, FITTED, 3, 5);
  const bai_golden *golden = &model->golden;
  int32_t ambiguous = 0, lower = 0, empty = 0, repeats = 0;
  assert_int_equal(golden->count, 32);
  assert_int_equal(golden->offsets[0], 0);
  for (int64_t i = 0; i < 32; i++) {
    const char *letters = (const char *)golden->letters + golden->offsets[i];
    const int64_t length = golden->offsets[i + 1] - golden->offsets[i];
    double scores[3];
    empty += length == 0;
    int32_t only_two = length > 20;
    for (int64_t at = 0; at < length; at++) {
      assert_non_null(strchr("ACGTacgtN", letters[at]));
      ambiguous += letters[at] == 'N';
      lower += letters[at] >= 'a';
      if (strchr("GTgt", letters[at])) only_two = 0;
    }
    repeats += only_two;
    oracle_of(model, letters, length, scores);
    SAME_BITS(golden->scores + 3 * i, scores, 3);
  }
  assert_true(ambiguous > 20 && lower > 1000 && empty >= 1 && repeats >= 4);
  ba_model_release(model);
}

/* Inputs fit the recipe: of the one length that it takes, without ambiguous letters where it refuses them. */
static void test_inputs_fit_the_recipe(void **state) {
  ba_model *model = making_model(*state, "PositionKmer(k=1..2, ambiguous=error)", 13, 2, 5);
  for (int64_t i = 0; i <= 32; i++) assert_int_equal(model->golden.offsets[i], 13 * i);
  assert_null(memchr(model->golden.letters, 'N', 13 * 32));
  OK(*state, ba_model_selftest(*state, model));
  ba_model_release(model);
  model = making_model(*state, "Kmer(k=1) + Kmer(k=2, ambiguous=error)", -1, 2, 5);
  assert_null(memchr(model->golden.letters, 'N', (size_t)model->golden.offsets[32]));
  ba_model_release(model);
}

/* A model of residues has residues, also other letters. */
static void test_inputs_of_residues(void **state) {
  ba_model *model = making_model(*state, "@peptide + Length()", -1, 2, 5);
  int64_t seen[128] = {0};
  for (int64_t i = 0; i < model->golden.offsets[32]; i++) seen[model->golden.letters[i] & 0x5f]++;
  for (const char *c = "ACDEFGHIKLMNPQRSTVWYX"; *c; c++) assert_true(seen[(uint8_t)*c] > 10);
  OK(*state, ba_model_selftest(*state, model));
  ba_model_release(model);
}

/* The seed decides, and nothing else: neither level nor threads. */
static void test_the_seed_decides(void **state) {
  const double weights[] = {1.0, 2.0, 3.0, -4.0}, intercept = 0.0;
  uint8_t *first = NULL;
  int64_t n = 0, m;
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(*state, level)) continue;
    for (int32_t threads = 1; threads < 8; threads += 6) {
      ba_model *model = NULL;
      OK(*state, ba_context_set_threads(*state, threads));
      OK(*state, making_model_of(*state, "Kmer(k=1)", -1, 2, weights, &intercept, &model));
      uint8_t *bytes = making_bytes(*state, model, &m);
      if (!first) {
        first = bytes;
        n = m;
      } else {
        assert_int_equal(m, n);
        assert_memory_equal(bytes, first, (size_t)n);
        free(bytes);
      }
      ba_model_release(model);
    }
  }
  const bai_fit other = {
      "Kmer(k=1) | Logistic()", making_classes, 2, {-1, NULL, NULL}, weights, &intercept, "{}", 8, NULL};
  ba_model *seven = NULL, *eight = NULL;
  OK(*state, making_model_of(*state, "Kmer(k=1)", -1, 2, weights, &intercept, &seven));
  OK(*state, bai_model_make(*state, &other, &eight));
  assert_memory_not_equal(seven->golden.letters, eight->golden.letters, 100);
  ba_model_release(seven);
  ba_model_release(eight);
  free(first);
}

/* Each bit of the expected numbers counts. */
static void test_any_other_bit_fails(void **state) {
  ba_model *model = making_model(*state, "Kmer(k=1..2)", -1, 3, 5);
  for (int64_t i = 0; i < 32; i += 5) {
    uint64_t bits = bits_of(model->golden.scores[3 * i + 1]);
    const double kept = model->golden.scores[3 * i + 1], likely = model->golden.probabilities[3 * i];
    char expected[40];
    int64_t record;
    bits ^= 1;
    memcpy(&model->golden.scores[3 * i + 1], &bits, 8);
    snprintf(expected, sizeof expected, "golden input %d scores", (int)i + 1);
    REFUSED(*state, ba_model_selftest(*state, model), BA_ERR_SELFTEST, expected);
    ba_context_error_position(*state, &record, NULL);
    assert_int_equal(record, i + 1);
    model->golden.scores[3 * i + 1] = kept;
    bits = bits_of(likely) ^ 1;
    memcpy(&model->golden.probabilities[3 * i], &bits, 8);
    REFUSED(*state, ba_model_selftest(*state, model), BA_ERR_SELFTEST, expected);
    model->golden.probabilities[3 * i] = likely;
  }
  OK(*state, ba_model_selftest(*state, model));
  ba_model_release(model);
}

/* Inputs of a length or with letters that the recipe refuses: a crafted file, not an error of the caller. */
static void test_inputs_that_do_not_fit(void **state) {
  ba_model *model = making_model(*state, "PositionKmer(k=1, ambiguous=error)", 4, 2, 5);
  model->golden.offsets[3]++;
  REFUSED(*state, ba_model_selftest(*state, model), BA_ERR_SELFTEST, "does not fit the recipe");
  model->golden.offsets[3]--;
  model->golden.letters[9] = 'N';
  REFUSED(*state, ba_model_selftest(*state, model), BA_ERR_SELFTEST, "does not fit the recipe");
  ba_model_release(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_the_file_of_format_1, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_golden_inputs, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_inputs_fit_the_recipe, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_inputs_of_residues, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_seed_decides, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_any_other_bit_fails, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_inputs_that_do_not_fit, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
