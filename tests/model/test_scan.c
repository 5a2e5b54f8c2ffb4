/* SPDX-License-Identifier: MIT
 *
 * test_scan.c: windows that follow from one another against each window by itself, over many stretches, with and
 * without ambiguous letters, at every CPU level and for any number of threads.
 */
#include "model/making.h"

static const char *const recipes[] = {
    "Kmer(k=6, value=count, norm=none)",
    "Kmer(k=1..3, value=freq, norm=none) + Kmer(k=4, value=count, norm=l1, strand=canonical)",
    "Kmer(k=1..8)",
    "@motif",
    "Kmer(k=9..12, slots=256) + Kmer(k=3, value=count)",
    "Kmer(k=2..4, value=binary) + Kmer(k=5, value=binary, norm=none) + Kmer(k=3, norm=l1)",
    "GappedKmer(k=1..2, gap=0..3) + SpacedKmer(mask=1101011, value=count, norm=none) + GKM(l=6, k=4)",
    "PositionKmer(k=1..3, anchor=start) + Kmer(k=2)",
    "PositionKmer(k=1..2, anchor=end, norm=none) + PositionKmer(k=3, anchor=start, norm=l1)",
    "Kmer(k=1..4, alphabet=ry) + Kmer(k=2, alphabet=ws, value=count)",
    "Length() + Kmer(k=3) + BinnedKmer(k=2, bins=4)", /* does not slide */
};
#define RECIPES ((int32_t)(sizeof recipes / sizeof *recipes))

/* Places are counted from where a model was fitted. */
static ba_model *model_of(ba_context *context, int32_t recipe, int64_t fitted, int32_t classes) {
  return making_model(context, recipes[recipe], strstr(recipes[recipe], "Position") ? fitted : -1, classes, 7);
}

/* Every window as a record. */
static double *each_window(ba_context *context, ba_scorer *scorer, int32_t outputs, const char *letters, int64_t count,
                           int64_t window, int64_t step) {
  enum { BATCH = 500 };
  double *scores = malloc((size_t)(count * outputs) * sizeof *scores);
  char *batch = malloc((size_t)(BATCH * window));
  int64_t offsets[BATCH + 1] = {0};
  assert_true(scores && batch);
  for (int64_t from = 0; from < count; from += BATCH) {
    const int64_t n = count - from < BATCH ? count - from : BATCH;
    ba_records *records;
    for (int64_t i = 0; i < n; i++) {
      memcpy(batch + offsets[i], letters + (from + i) * step, (size_t)window);
      offsets[i + 1] = offsets[i] + window;
    }
    OK(context, ba_records_create(context, batch, offsets, n, &records));
    OK(context, ba_scorer_predict_records(scorer, records, scores + from * outputs, NULL));
    ba_records_release(records);
  }
  free(batch);
  return scores;
}

static void check_scan(ba_context *context, ba_model *model, const char *letters, int64_t length, int64_t window,
                       int64_t step) {
  ba_scorer *scorer;
  const int32_t outputs = ba_model_outputs(model);
  const int64_t count = (length - window) / step + 1;
  int64_t found;
  OK(context, ba_context_set_threads(context, 1));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  double *expected = each_window(context, scorer, outputs, letters, count, window, step);
  double *scores = malloc((size_t)(count * outputs) * sizeof *scores);
  assert_non_null(scores);
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    for (int32_t threads = 1; threads <= 3; threads += 2) {
      OK(context, ba_context_set_threads(context, threads));
      memset(scores, 0xff, (size_t)(count * outputs) * sizeof *scores);
      OK(context, ba_scorer_scan(scorer, letters, length, window, step, scores, count, &found));
      assert_int_equal(found, count);
      SAME_BITS(scores, expected, count * outputs);
    }
  }
  free(scores);
  free(expected);
  ba_scorer_destroy(scorer);
}

static const char *genome(ba_context *context, const char *alphabet, int64_t length, ba_records **out) {
  int64_t n;
  *out = making_records(context, 1, length, length, alphabet, 5);
  return ba_records_sequence(*out, 0, &n);
}

static void test_stretches(void **state) {
  static const int64_t sizes[][2] = {{120, 1}, {120, 7}, {5, 1}, {2, 1}, {3000, 500}};
  static const char *const alphabets[] = {"ACGT", "ACGTACGTACGTacgtacgtacgtACGTACGTACGTacgtacgtacgtN"};
  ba_context *context = *state;
  for (int32_t a = 0; a < 2; a++) {
    ba_records *records;
    const char *letters = genome(context, alphabets[a], 20000, &records);
    for (int32_t r = 0; r < RECIPES; r++) {
      ba_model *model = model_of(context, r, 100, r % 2 ? 3 : 2);
      for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        check_scan(context, model, letters, s == 0 ? 20000 : 9000, sizes[s][0], sizes[s][1]);
      ba_model_release(model);
    }
    ba_records_release(records);
  }
}

/* Ambiguous letters in a run, longer than a window, and one at the end of a stretch. */
static void test_runs_of_ambiguous_letters(void **state) {
  ba_context *context = *state;
  ba_records *records;
  char letters[12000];
  memcpy(letters, genome(context, "ACGT", 12000, &records), sizeof letters);
  memset(letters + 3000, 'N', 700);
  memset(letters + 8190, 'R', 3);
  for (int32_t r = 0; r < RECIPES; r++) {
    ba_model *model = model_of(context, r, 60, 2);
    check_scan(context, model, letters, sizeof letters, 60, 1);
    ba_model_release(model);
  }
  ba_records_release(records);
}

/* Sums of more words than 64 bits hold at all weights, and steps beyond what follows from one another. */
static void test_long_windows(void **state) {
  ba_context *context = *state;
  ba_records *records;
  const char *letters = genome(context, "AAAAAAAAAAAAAAAAC", 80000, &records);
  for (int32_t r = 0; r < 3; r++) {
    ba_model *model = model_of(context, r, -1, 2);
    check_scan(context, model, letters, 80000, 70000, 2500);
    check_scan(context, model, letters, 33000, 32769, 9);
    check_scan(context, model, letters, 80000, 40000, 17000);
    ba_model_release(model);
  }
  ba_records_release(records);
}

static void test_ensembles(void **state) {
  ba_context *context = *state;
  ba_records *records;
  const char *letters = genome(context, "ACGTN", 9000, &records);
  ba_model *model = making_joined(context);
  check_scan(context, model, letters, 9000, 50, 1);
  check_scan(context, model, letters, 9000, 50, 4);
  ba_model_release(model);
  ba_records_release(records);
}

/* Residues are refused with the window, as if each was scored by itself. */
static void test_residues(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=3)", -1, 2, 1);
  ba_scorer *scorer;
  double scores[60];
  int64_t count;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_scan(scorer, "ACGTACGTEACGTACGTACGTACGT", 25, 10, 1, scores, 60, &count));
  REFUSED(context, ba_scorer_scan(scorer, "ACGTACGTEWFLLKEIQDEVSEN", 23, 10, 1, scores, 60, &count), BA_ERR_LETTER,
          "record 5");
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_stretches, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_runs_of_ambiguous_letters, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_long_windows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_ensembles, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_residues, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
