/* SPDX-License-Identifier: MIT
 *
 * test_mutate.c: every effect equals the difference of two scores, to the bit, whatever the recipe, the letters, the
 * CPU level and the length.
 */
#include <math.h>

#include "model/making.h"
#include "support/fault.h"

typedef struct recipe_case {
  const char *recipe;
  int64_t fitted; /* -1: no fit */
  int64_t shortest, longest;
  const char *alphabet;
  int32_t classes;
} recipe_case;

static const recipe_case cases[] = {
    {"Kmer(k=1..4)", -1, 0, 60, "ACGT", 2},
    {"Kmer(k=3, value=count, norm=none)", -1, 0, 40, "ACGTN", 2},
    {"Kmer(k=2, value=freq, norm=none)", -1, 0, 40, "ACGTN", 2},
    {"Kmer(k=2, value=count, norm=l2)", -1, 0, 40, "ACG", 2},
    {"Kmer(k=2, value=freq, norm=l1)", -1, 0, 40, "ACGTN", 3},
    {"Kmer(k=3, value=sqrt, norm=l1)", -1, 0, 40, "AC", 2},
    {"Kmer(k=2..3, value=binary, norm=l2)", -1, 0, 40, "AACG", 2},
    {"Kmer(k=2, value=binary, norm=l1)", -1, 0, 40, "ACGTN", 2},
    {"Kmer(k=2, value=binary, norm=none)", -1, 0, 40, "ACGTN", 2},
    {"Kmer(k=1..6, strand=canonical)", -1, 0, 60, "ACGTN", 2},
    {"Kmer(k=11..12, slots=1024, strand=canonical)", -1, 0, 60, "ACGTn", 2},
    {"Kmer(k=1..3) + PositionKmer(k=1..3)", 30, 30, 30, "ACGTN", 2},
    {"PositionKmer(k=2, anchor=start)", 25, 0, 40, "ACGTN", 2},
    {"PositionKmer(k=3, anchor=end) + Kmer(k=2)", 25, 0, 40, "ACGT", 3},
    {"GappedKmer(k=1..2, gap=1..3) + Length()", -1, 0, 40, "ACGTN", 2},
    {"GappedKmer(k=2, gap=5, strand=canonical, value=count)", -1, 0, 40, "ACGT", 2},
    {"SpacedKmer(mask=1101011, alphabet=ry, value=freq, norm=none)", -1, 0, 40, "ACGTN", 2},
    {"BinnedKmer(k=1..3, bins=4)", -1, 0, 40, "ACGTN", 2},
    {"Kmer(k=1..3) + PositionKmer(k=1, anchor=start) | MLP(hidden=3, skip=linear)", 25, 0, 30, "ACGTN", 2},
    {"Kmer(k=2, strand=canonical) | MLP(hidden=4)", -1, 0, 20, "ACGT", 3},
    {"PseDNC() + Kmer(k=2) + ORF(strand=both)", -1, 0, 30, "ACGTN", 3},
    {"ENAC(sliding_window=3) + ANF() + PositionKmer(k=1)", 20, 20, 20, "ACGTN", 2},
};

/* The definition: both scores by the ordinary way, and their difference. */
static void check_sequence(ba_context *context, ba_scorer *scorer, const ba_model *model, const char *letters,
                           int64_t length) {
  double *effects = malloc((size_t)(4 * length + 1) * 8);
  int64_t *offsets = malloc((size_t)(4 * length + 2) * 8);
  char *changed = malloc((size_t)((4 * length + 1) * length + 1));
  double *scores = malloc((size_t)((4 * length + 1) * model->outputs) * 8);
  ba_records *records = NULL;
  assert_true(effects && offsets && changed && scores);
  for (int64_t i = 0; i <= 4 * length; i++) {
    offsets[i] = i * length;
    memcpy(changed + offsets[i], letters, (size_t)length);
    if (i < 4 * length) changed[offsets[i] + i / 4] = "ACGT"[i % 4];
  }
  offsets[4 * length + 1] = (4 * length + 1) * length;
  OK(context, ba_records_create(context, changed, offsets, 4 * length + 1, &records));
  OK(context, ba_scorer_predict_records(scorer, records, scores, NULL));
  for (int32_t o = 0; o < model->outputs; o++) {
    effects[4 * length] = 0.125;
    OK(context, ba_scorer_mutate(scorer, letters, length, o, effects));
    for (int64_t i = 0; i < 4 * length; i++) {
      const double expected = scores[i * model->outputs + o] - scores[4 * length * model->outputs + o];
      if (!(effects[i] == expected)) fail_msg("effect %d: %.17g, expected %.17g", (int)i, effects[i], expected);
    }
    assert_true(effects[4 * length] == 0.125);
  }
  ba_records_release(records);
  free(effects);
  free(offsets);
  free(changed);
  free(scores);
}

static void check_records(ba_context *context, ba_model *model, const ba_records *records) {
  ba_scorer *scorer = NULL;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  for (int64_t r = 0; r < ba_records_count(records); r++) {
    int64_t length;
    const char *letters = ba_records_sequence(records, r, &length);
    check_sequence(context, scorer, model, letters, length);
  }
  ba_scorer_destroy(scorer);
}

static void test_equal_to_scoring_every_mutant(void **state) {
  ba_context *context = *state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const recipe_case *one = &cases[i];
    ba_model *model = making_model(context, one->recipe, one->fitted, one->classes, i + 1);
    ba_records *records = making_records(context, 12, one->shortest, one->longest, one->alphabet, 40 + i);
    for (int32_t level = 0; level < 3; level++)
      if (making_level(context, level)) check_records(context, model, records);
    ba_records_release(records);
    ba_model_release(model);
  }
}

static void test_network(void **state) {
  ba_context *context = *state;
  ba_dataset *dataset = making_data(context, 40, 10, 30, 2, 3);
  ba_model *model = making_trained(context, "OneHot() | Conv(filters=6, width=5, strand=max) | MLP(hidden=3, epochs=2)",
                                   dataset, "seed=5");
  ba_model *joint = making_trained(
      context, "Kmer(k=1..3) | Logistic() & OneHot() | Conv(filters=4, width=4) | MLP(hidden=2, epochs=2)", dataset,
      "seed=5");
  ba_records *records = making_records(context, 6, 0, 30, "ACGTN", 4);
  for (int32_t level = 0; level < 3; level++) {
    if (!making_level(context, level)) continue;
    check_records(context, model, records);
    check_records(context, joint, records);
  }
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  ba_model_release(model);
  ba_model_release(joint);
}

/* Longer than a chunk of the extraction; effects at random places only. */
static void test_long_sequence(void **state) {
  ba_context *context = *state;
  enum { LENGTH = 20000 };
  ba_model *model = making_model(context, "Kmer(k=3..7, strand=canonical)", -1, 2, 3);
  ba_records *records = making_records(context, 1, LENGTH, LENGTH, "AAACGT", 5);
  ba_scorer *scorer = NULL;
  int64_t length, count;
  const char *letters = ba_records_sequence(records, 0, &length);
  double *effects = malloc(4 * LENGTH * 8), before, after;
  char *changed = malloc(LENGTH);
  assert_true(effects && changed);
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_mutate(scorer, letters, length, 0, effects));
  OK(context, ba_scorer_scan(scorer, letters, length, length, 1, &before, 1, &count));
  uint64_t seed = 9;
  for (int32_t i = 0; i < 200; i++) {
    const int64_t at = i < 100 ? 8192 - 50 + i : (int64_t)(making_bits(&seed) % LENGTH);
    const int32_t to = (int32_t)(making_bits(&seed) % 4);
    memcpy(changed, letters, LENGTH);
    changed[at] = "ACGT"[to];
    OK(context, ba_scorer_scan(scorer, changed, length, length, 1, &after, 1, &count));
    assert_true(effects[4 * at + to] == after - before);
  }
  free(effects);
  free(changed);
  ba_scorer_destroy(scorer);
  ba_records_release(records);
  ba_model_release(model);
}

/* By hand: Kmer(k=2, value=count, norm=none) with AC 0.5 and CA -0.25. */
static void test_by_hand(void **state) {
  ba_context *context = *state;
  double weights[16] = {0}, intercept = 3.0, effects[12];
  weights[1] = 0.5;
  weights[4] = -0.25;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  OK(context, making_model_of(context, "Kmer(k=2, value=count, norm=none)", -1, 2, weights, &intercept, &model));
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_mutate(scorer, "acg", 3, 0, effects));
  /* acg scores 0.5. A place: C, G, T lose AC. C place: A, G, T lose it too. G place: A adds CA. */
  const double expected[] = {0, -0.5, -0.5, -0.5, -0.5, 0, -0.5, -0.5, -0.25, 0, 0, 0};
  SAME_BITS(effects, expected, 12);
  OK(context, ba_scorer_mutate(scorer, "ANG", 3, 0, effects));
  const double unknown[] = {0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0, 0};
  SAME_BITS(effects, unknown, 12);
  OK(context, ba_scorer_mutate(scorer, NULL, 0, 0, NULL));
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_ensemble(void **state) {
  ba_context *context = *state;
  ba_model *model = making_joined(context);
  ba_records *records = making_records(context, 12, 0, 50, "ACGTN", 5);
  check_records(context, model, records);
  ba_records_release(records);
  ba_model_release(model);
}

static void test_refused(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=2, ambiguous=error) + PositionKmer(k=2)", 6, 2, 1);
  ba_model *weighted = making_model(context, "Kmer(k=2, quality=weight)", -1, 2, 1);
  ba_model *protein = making_model(context, "Kmer(k=1, alphabet=protein)", -1, 2, 1);
  ba_scorer *scorer = NULL, *other = NULL, *residues = NULL;
  double effects[24];
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_create(context, weighted, NULL, &other));
  OK(context, ba_scorer_create(context, protein, NULL, &residues));
  REFUSED(context, ba_scorer_mutate(residues, "MKV", 3, 0, effects), BA_ERR_UNSUPPORTED, "reads residues");
  REFUSED(context, ba_scorer_mutate(scorer, "ACNTAC", 6, 0, effects), BA_ERR_LETTER, "other than A C G T U");
  REFUSED(context, ba_scorer_mutate(scorer, "ACGTA", 5, 0, effects), BA_ERR_LENGTH, "5 letters");
  REFUSED(context, ba_scorer_mutate(other, "ACGTA", 5, 0, effects), BA_ERR_QUALITY, "no qualities");
  REFUSED(context, ba_scorer_mutate(scorer, "ACGTAC", 6, 1, effects), BA_ERR_ARGUMENT, "output from 0 to 0");
  REFUSED(context, ba_scorer_mutate(scorer, "ACGTAC", 6, -1, effects), BA_ERR_ARGUMENT, "output from 0 to 0");
  REFUSED(context, ba_scorer_mutate(scorer, "ACGTAC", -1, 0, effects), BA_ERR_ARGUMENT, "letters");
  REFUSED(context, ba_scorer_mutate(scorer, NULL, 6, 0, effects), BA_ERR_ARGUMENT, "letters");
  REFUSED(context, ba_scorer_mutate(scorer, "ACGTAC", 6, 0, NULL), BA_ERR_ARGUMENT, "four numbers a letter");
  assert_int_equal(ba_scorer_mutate(NULL, "ACGTAC", 6, 0, effects), BA_ERR_ARGUMENT);
  ba_context_cancel(context);
  REFUSED(context, ba_scorer_mutate(scorer, "ACGTAC", 6, 0, effects), BA_ERR_CANCELLED, "cancelled");
  OK(context, ba_context_reset(context));
  check_sequence(context, scorer, model, "ACGTAC", 6);
  ba_scorer_destroy(scorer);
  ba_scorer_destroy(other);
  ba_model_release(model);
  ba_scorer_destroy(residues);
  ba_model_release(weighted);
  ba_model_release(protein);
}

static ba_status whole_life(ba_context *context, void *argument) {
  ba_scorer *scorer = NULL;
  double effects[80];
  ba_status status = ba_scorer_create(context, argument, NULL, &scorer);
  if (!status) status = ba_scorer_mutate(scorer, "ACGTACGTAANCACGTACGT", 20, 0, effects);
  ba_scorer_destroy(scorer);
  return status;
}

static void test_every_failing_allocation(void **state) {
  ba_model *model = making_joined(*state);
  assert_true(fault_sweep(whole_life, model) > 20);
  ba_model_release(model);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_equal_to_scoring_every_mutant, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_network, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_long_sequence, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_by_hand, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_ensemble, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refused, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
