/* SPDX-License-Identifier: MIT
 *
 * test_predict_sequence.c: one sequence at a time comes to the bits of a batch, without memory after the longest.
 */
#include "model/making.h"
#include "seq/records.h"
#include "support/fault.h"

enum { RECORDS = 60, LONGEST = 300 };

/* The records again, with a symbol for each letter. */
static ba_records *with_symbols(ba_context *context, const ba_records *from, char *symbols) {
  const int64_t *offsets = bai_records_offsets(from), n = ba_records_count(from);
  uint64_t seed = 8;
  ba_records *out = NULL;
  for (int64_t i = 0; i < offsets[n]; i++) symbols[i] = (char)('!' + making_bits(&seed) % 94);
  const bai_texts none = {NULL, NULL};
  OK(context, bai_records_make(context, none, (bai_texts){bai_records_letters(from), offsets},
                               (bai_texts){symbols, offsets}, n, &out));
  return out;
}

/* From the longest sequence to the shortest, so that only the first may allocate. */
static void check_one_by_one(ba_context *context, const ba_model *model, ba_scorer *scorer, const ba_records *records,
                             const double *scores, const double *probabilities) {
  const int32_t outputs = ba_model_outputs(model), classes = ba_model_classes(model);
  int64_t held = -1;
  for (int64_t longest = LONGEST; longest >= 0; longest--) {
    for (int64_t r = 0; r < RECORDS; r++) {
      double score[4], chances[4];
      int64_t length, now, peak;
      const char *letters = ba_records_sequence(records, r, &length), *quality = ba_records_quality(records, r, NULL);
      if (length != longest) continue;
      OK(context, ba_scorer_predict_sequence(scorer, letters, length, quality, score, chances));
      SAME_BITS(score, scores + r * outputs, outputs);
      SAME_BITS(chances, probabilities + r * classes, classes);
      OK(context, ba_scorer_predict_sequence(scorer, letters, length, quality, NULL, chances));
      SAME_BITS(chances, probabilities + r * classes, classes);
      ba_context_memory(context, &now, &peak);
      if (held >= 0) assert_int_equal(now, held);
      held = now;
    }
  }
}

static void check(ba_context *context, const char *recipe, int64_t fitted, int32_t classes) {
  static char symbols[RECORDS * LONGEST];
  double scores[RECORDS * 4], probabilities[RECORDS * 4];
  ba_model *model = making_model(context, recipe, fitted, classes, 11);
  ba_records *bare =
      making_records(context, RECORDS, fitted < 0 ? 0 : fitted, fitted < 0 ? LONGEST : fitted, "AACGTACGTacgtuN", 21);
  ba_records *records = with_symbols(context, bare, symbols);
  for (int32_t level = 0; level < 3; level++) {
    ba_scorer *batch, *single;
    if (!making_level(context, level)) continue;
    OK(context, ba_scorer_create(context, model, NULL, &batch));
    OK(context, ba_scorer_create(context, model, NULL, &single));
    OK(context, ba_scorer_predict_records(batch, records, scores, probabilities));
    check_one_by_one(context, model, single, records, scores, probabilities);
    ba_scorer_destroy(single);
    ba_scorer_destroy(batch);
  }
  ba_records_release(records);
  ba_records_release(bare);
  ba_model_release(model);
}

static void test_as_a_batch(void **state) {
  check(*state, "Kmer(k=6)", -1, 2);
  check(*state, "Kmer(k=1..3, strand=canonical) + Length(per=30)", -1, 3);
  check(*state, "Kmer(k=8, slots=256, quality=weight)", -1, 2);
  check(*state, "PositionKmer(k=1..2)", 41, 2);
  check(*state, "PseDNC() + Kmer(k=2)", -1, 4);
  check(*state, "Kmer(k=1..5) | MLP(hidden=5, skip=linear)", -1, 2);
}

/* Requests are counted as those of records are. */
static void test_drift(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 400, 20, 80, 2, 3);
  ba_model *model = making_trained(context, "Kmer(k=2) | Logistic()", dataset, NULL);
  ba_records *records = making_classed(context, RECORDS, 20, 80, 2, 4);
  ba_scorer *batch, *single;
  OK(context, ba_scorer_create(context, model, "drift=yes", &batch));
  OK(context, ba_scorer_create(context, model, "drift=yes", &single));
  OK(context, ba_scorer_predict_records(batch, records, NULL, NULL));
  for (int64_t r = 0; r < RECORDS; r++) {
    int64_t length;
    const char *letters = ba_records_sequence(records, r, &length);
    OK(context, ba_scorer_predict_sequence(single, letters, length, NULL, NULL, NULL));
  }
  assert_true(ba_scorer_drift_count(single) > 0);
  for (int32_t i = 0; i < ba_scorer_drift_count(single); i++) {
    int64_t requests[2];
    double psi[2], ks[2];
    ba_scorer_drift(batch, i, &requests[0], &psi[0], NULL, &ks[0], NULL);
    ba_scorer_drift(single, i, &requests[1], &psi[1], NULL, &ks[1], NULL);
    assert_int_equal(requests[1], RECORDS);
    assert_int_equal(requests[0], requests[1]);
    SAME_BITS(&psi[1], &psi[0], 1);
    SAME_BITS(&ks[1], &ks[0], 1);
  }
  ba_scorer_destroy(single);
  ba_scorer_destroy(batch);
  ba_records_release(records);
  ba_model_release(model);
  ba_dataset_destroy(dataset);
}

static void test_refused(void **state) {
  ba_context *context = *state;
  ba_model *equal = making_model(context, "PositionKmer(k=1)", 4, 2, 1);
  ba_model *strict = making_model(context, "Kmer(k=2, ambiguous=error, quality=weight)", -1, 2, 1);
  ba_scorer *scorer;
  double score;
  int64_t byte;
  assert_int_equal(ba_scorer_predict_sequence(NULL, "ACGT", 4, NULL, &score, NULL), BA_ERR_ARGUMENT);
  OK(context, ba_scorer_create(context, equal, NULL, &scorer));
  REFUSED(context, ba_scorer_predict_sequence(scorer, NULL, 4, NULL, &score, NULL), BA_ERR_ARGUMENT, "letters");
  REFUSED(context, ba_scorer_predict_sequence(scorer, "ACGT", -1, NULL, &score, NULL), BA_ERR_ARGUMENT, "letters");
  REFUSED(context, ba_scorer_predict_sequence(scorer, "ACG", 3, NULL, &score, NULL), BA_ERR_LENGTH,
          "the sequence has 3 letters");
  REFUSED(context, ba_scorer_predict_sequence(scorer, "LLKV", 4, NULL, &score, NULL), BA_ERR_LETTER, "L");
  ba_scorer_destroy(scorer);
  OK(context, ba_scorer_create(context, strict, NULL, &scorer));
  REFUSED(context, ba_scorer_predict_sequence(scorer, "ACGN", 4, "IIII", &score, NULL), BA_ERR_LETTER, "ambiguous");
  REFUSED(context, ba_scorer_predict_sequence(scorer, "ACGT", 4, NULL, &score, NULL), BA_ERR_QUALITY, "no qualities");
  REFUSED(context, ba_scorer_predict_sequence(scorer, "ACGT", 4, "II\x7fI", &score, NULL), BA_ERR_FORMAT, "0x7f");
  ba_context_error_position(context, NULL, &byte);
  assert_int_equal(byte, 2);
  REFUSED(context, ba_scorer_predict_sequence(scorer, "ACGT", 4, "I I\xffI", &score, NULL), BA_ERR_FORMAT, "0x20");
  OK(context, ba_scorer_predict_sequence(scorer, "ACGT", 4, "!~I5", &score, NULL)); /* and it goes on */
  OK(context, ba_scorer_predict_sequence(scorer, NULL, 0, NULL, &score, NULL));
  ba_scorer_destroy(scorer);
  ba_model_release(equal);
  ba_model_release(strict);
}

static ba_status life(ba_context *context, void *argument) {
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  double chances[2];
  const double weights[16] = {0.5, -1.0}, intercept = 0.25;
  (void)argument;
  const bai_fit fit = {
      "Kmer(k=2) | Logistic()", making_classes, 2, {-1, NULL, NULL}, weights, &intercept, "{}", 7, NULL};
  ba_status status = bai_model_make(context, &fit, &model);
  if (!status) status = ba_scorer_create(context, model, NULL, &scorer);
  if (!status) status = ba_scorer_predict_sequence(scorer, "ACGTAC", 6, NULL, NULL, chances);
  if (!status) status = ba_scorer_predict_sequence(scorer, "ACGTACACGTAC", 12, NULL, NULL, chances);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_as_a_batch, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_drift, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refused, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
