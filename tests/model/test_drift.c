/* SPDX-License-Identifier: MIT
 *
 * test_drift.c: bins, the two measures against their formulas, the rate of false alarms, and how soon a shift is seen.
 */
#include <math.h>
#include <stdio.h>

#include "model/drift.h"
#include "model/making.h"
#include "support/fault.h"
#include "train/dataset.h"

/* Rows of 40 to 79 letters; `gc` of 64 letters are G or C. */
static ba_records *rows_of(ba_context *context, int64_t n, int32_t gc, int32_t longer, uint64_t seed) {
  int64_t *offsets = calloc((size_t)n + 1, sizeof *offsets);
  char *letters = malloc((size_t)n * 120);
  assert_true(offsets && letters);
  for (int64_t i = 0; i < n; i++) {
    const int64_t length = 40 + (int64_t)(making_bits(&seed) % 40) + longer;
    for (int64_t j = 0; j < length; j++) {
      const uint64_t bits = making_bits(&seed);
      letters[offsets[i] + j] = (int32_t)(bits % 64) < gc ? "GC"[bits >> 32 & 1] : "AT"[bits >> 32 & 1];
    }
    offsets[i + 1] = offsets[i] + length;
  }
  ba_records *records = NULL;
  OK(context, ba_records_create(context, letters, offsets, n, &records));
  free(offsets);
  free(letters);
  return records;
}

static ba_model *trained(ba_context *context, const char *recipe, const char *options) {
  ba_dataset *dataset = NULL;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  for (int32_t part = BA_PART_TRAIN; part <= BA_PART_DEV; part++) {
    ba_records *records = rows_of(context, part == BA_PART_DEV ? 1500 : 4000, 32, 0, (uint64_t)part + 1);
    OK(context, making_add(dataset, records, 2, part));
    ba_records_release(records);
  }
  ba_model *model = making_trained(context, recipe, dataset, options);
  ba_dataset_destroy(dataset);
  return model;
}

static int32_t any_raised(const ba_scorer *scorer) {
  int32_t raised = 0;
  for (int32_t i = 0; i < ba_scorer_drift_count(scorer); i++)
    raised |= ba_scorer_drift(scorer, i, NULL, NULL, NULL, NULL, NULL);
  return raised;
}

static int32_t raised_by(ba_context *context, ba_scorer *scorer, int64_t n, int32_t gc, int32_t longer, uint64_t seed) {
  ba_records *records = rows_of(context, n, gc, longer, seed);
  ba_scorer_drift_reset(scorer);
  OK(context, ba_scorer_predict_records(scorer, records, NULL, NULL));
  ba_records_release(records);
  return any_raised(scorer);
}

/* 1,000 runs of 1,000 requests like the training rows raise at most 20 times; shifted ones raise always. */
static void test_alarms(void **state) {
  ba_model *model = trained(*state, "Kmer(k=1..2) | Logistic(max_iter=5)", NULL);
  ba_scorer *scorer = NULL;
  int32_t raised = 0;
  OK(*state, ba_scorer_create(*state, model, "drift=yes", &scorer));
  assert_int_equal(ba_scorer_drift_count(scorer), 3);
  assert_string_equal(ba_scorer_drift_name(scorer, 0), "length");
  assert_string_equal(ba_scorer_drift_name(scorer, 1), "gc");
  assert_string_equal(ba_scorer_drift_name(scorer, 2), "score");
  assert_null(ba_scorer_drift_name(scorer, 3));
  for (uint64_t run = 0; run < 1000; run++) raised += raised_by(*state, scorer, 1000, 32, 0, 100 + run);
  if (raised > 20) fail_msg("%d alarms of 1,000 without a drift", raised);
  for (uint64_t run = 0; run < 20; run++) {
    assert_int_equal(raised_by(*state, scorer, 1000, 35, 0, 7000 + run), 1); /* a twentieth more G and C */
    assert_int_equal(raised_by(*state, scorer, 1000, 32, 5, 8000 + run), 1); /* five letters longer */
  }
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* psi and ks of lengths by plain arithmetic, for any number of threads. */
static void test_measures(void **state) {
  ba_model *model = trained(*state, "Kmer(k=1) | Logistic(max_iter=2)", NULL);
  ba_records *records = rows_of(*state, 700, 30, 3, 5);
  const bai_monitor m = bai_drift_monitor(&model->drift, 0);
  double counts[BAI_DRIFT_BINS] = {0}, psi = 0.0, ks = 0.0, p = 0.0, q = 0.0, total = 0.0;
  for (int64_t i = 0; i < 700; i++) {
    int64_t length;
    int32_t b = 0;
    ba_records_sequence(records, i, &length);
    while (b + 1 < m.bins && (double)length > m.edges[b]) b++;
    counts[b]++;
  }
  for (int32_t b = 0; b < m.bins; b++) total += (double)m.counts[b];
  assert_true(total == 4000.0 && m.counts[0] == 0 && m.counts[m.bins - 1] == 0);
  for (int32_t b = 0; b < m.bins; b++) {
    const double x = ((double)m.counts[b] + 0.5) / (total + 0.5 * m.bins), y = (counts[b] + 0.5) / (700 + 0.5 * m.bins);
    psi += (y - x) * log(y / x);
    p += (double)m.counts[b] / total;
    q += counts[b] / 700;
    ks = fmax(ks, fabs(p - q));
  }
  for (int32_t threads = 1; threads <= 4; threads += 3) {
    ba_scorer *scorer = NULL;
    int64_t requests;
    double found[4];
    OK(*state, ba_context_set_threads(*state, threads));
    OK(*state, ba_scorer_create(*state, model, "drift=yes", &scorer));
    OK(*state, ba_scorer_predict_records(scorer, records, NULL, NULL));
    ba_scorer_drift(scorer, 0, &requests, &found[0], &found[1], &found[2], &found[3]);
    assert_int_equal(requests, 700);
    assert_true(fabs(found[0] - psi) < 1e-12 && fabs(found[2] - ks) < 1e-12);
    /* Three monitors and two measures share 0.01; chi-squared with 16 or 17 degrees passes 40.3 or 41.8 at 1/600. */
    const double both = 1.0 / 700 + 1.0 / 4000;
    assert_true(found[1] > 36.0 * both && found[1] < 42.0 * both);
    assert_true(fabs(found[3] - sqrt(-0.5 * log(0.01 / 12) * both)) < 1e-12);
    ba_scorer_drift_reset(scorer);
    assert_int_equal(ba_scorer_drift(scorer, 0, &requests, NULL, NULL, NULL, NULL), 0);
    assert_int_equal(requests, 0);
    ba_scorer_destroy(scorer);
  }
  ba_records_release(records);
  ba_model_release(model);
}

static void test_bins_and_letters(void **state) {
  const double edges[] = {1.0, 2.0, 4.0};
  const bai_monitor m = {BAI_DRIFT_LENGTH, 4, edges, NULL};
  (void)state;
  assert_int_equal(bai_drift_bin(&m, -5.0), 0);
  assert_int_equal(bai_drift_bin(&m, 1.0), 0);
  assert_int_equal(bai_drift_bin(&m, 1.5), 1);
  assert_int_equal(bai_drift_bin(&m, 4.0), 2);
  assert_int_equal(bai_drift_bin(&m, 4.5), 3);
  assert_true(bai_gc_share("ACGTacgtNN", 10) == 0.5 && bai_gc_share("NN", 2) == 0.0 && bai_gc_share("", 0) == 0.0);
  assert_true(bai_gc_share("GGUu", 4) == 0.5);
}

/* Sketches are in the file, the same for any threads, or not at all; scores do not depend on them. */
static void test_the_file(void **state) {
  ba_model *with = trained(*state, "Kmer(k=2) | Logistic(max_iter=3)", NULL), *again = NULL;
  ba_model *without = trained(*state, "Kmer(k=2) | Logistic(max_iter=3)", "sketches=off");
  ba_scorer *scorer = NULL;
  int64_t n, m;
  uint8_t *bytes = making_bytes(*state, with, &n);
  assert_int_equal(bytes[8], 1); /* an older reader passes them over */
  OK(*state, ba_model_load_memory(*state, bytes, n, "selftest=yes", &again));
  uint8_t *copy = making_bytes(*state, again, &m);
  assert_int_equal(n, m);
  assert_memory_equal(bytes, copy, (size_t)n);
  assert_int_equal(again->drift.count, 3);
  assert_int_equal(without->drift.count, 0);
  assert_memory_equal(with->golden.scores, without->golden.scores, (size_t)with->golden.count * 8);
  REFUSED(*state, ba_scorer_create(*state, without, "drift=yes", &scorer), BA_ERR_UNSUPPORTED, "sketches=on");
  OK(*state, ba_scorer_create(*state, with, NULL, &scorer));
  assert_int_equal(ba_scorer_drift_count(scorer), 0);
  assert_int_equal(ba_scorer_drift(scorer, 0, NULL, NULL, NULL, NULL, NULL), 0);
  ba_scorer_drift_reset(scorer);
  ba_scorer_drift_reset(NULL);
  assert_int_equal(ba_scorer_drift_count(NULL), 0);
  free(bytes);
  free(copy);
  ba_scorer_destroy(scorer);
  ba_model_release(again);
  ba_model_release(with);
  ba_model_release(without);
}

static ba_status life(ba_context *context, void *argument) {
  ba_dataset *dataset = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_scorer *scorer = NULL;
  ba_records *records = NULL;
  const int64_t offsets[] = {0, 3, 7};
  (void)argument;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  for (int32_t i = 0; !status && i < 240; i++) {
    bai_new_row row = {.letters = "ACGTTA" + i % 5, .letters_length = 1, .name = "", .label = i % 3 ? "a" : "b"};
    row.label_length = 1;
    row.weight = 1.0;
    row.part = i % 2 ? BA_PART_DEV : BA_PART_TRAIN;
    status = bai_dataset_add_row(dataset, &row);
  }
  if (!status) status = ba_trainer_create(context, "Kmer(k=1) | Logistic(max_iter=1)", dataset, NULL, &trainer);
  while (!status) status = ba_trainer_step(trainer);
  if (status == BA_END) status = ba_trainer_finish(trainer, &model);
  if (!status) status = ba_scorer_create(context, model, "drift=yes", &scorer);
  if (!status) status = ba_records_create(context, "ACGTTAC", offsets, 2, &records);
  if (!status) status = ba_scorer_predict_records(scorer, records, NULL, NULL);
  ba_records_release(records);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_allocations_fail(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 60);
}

/* Rows of two columns, of which the first says the class but for noise; `shift` moves it. */
static ba_table *numbers_of(ba_context *context, double *values, int64_t n, double shift, uint64_t seed) {
  const int64_t shape[] = {n}, strides[] = {8};
  static const char *const names[] = {"x", "y", "class"};
  ba_table *table = NULL;
  OK(context, ba_table_create(context, n, &table));
  for (int64_t i = 0; i < n; i++) {
    const double x = (double)(making_bits(&seed) % 1000) / 1000.0;
    values[i] = x + shift;
    values[n + i] = (double)(making_bits(&seed) % 1000);
    values[2 * n + i] = (double)(making_bits(&seed) % 1000) / 1000.0 < x;
  }
  for (int32_t c = 0; c < 3; c++) {
    ba_array *column = NULL;
    OK(context, ba_array_wrap(context, BA_FLOAT64, 1, shape, strides, values + c * n, NULL, NULL, &column));
    OK(context, ba_table_add_array(table, names[c], column, NULL));
    ba_array_release(column);
  }
  return table;
}

static int64_t requests_of(const ba_scorer *scorer, int32_t *raised) {
  int64_t requests = 0;
  *raised = ba_scorer_drift(scorer, 0, &requests, NULL, NULL, NULL, NULL);
  return requests;
}

/* Every way to score rows of a table counts them: whole tables, single rows, streams. */
static void check_rows_counted(ba_context *context, const char *recipe) {
  enum { ROWS = 2000 };
  double *values = malloc(3 * ROWS * sizeof *values);
  assert_non_null(values);
  ba_table *table = numbers_of(context, values, ROWS, 0.0, 5), *other;
  ba_dataset *dataset = NULL;
  ba_scorer *scorer = NULL;
  ba_stream *stream = NULL;
  int32_t raised;
  double score;
  OK(context, ba_dataset_create(context, NULL, &dataset));
  OK(context, ba_dataset_add_table(dataset, table, "target=class"));
  ba_table_release(table);
  table = numbers_of(context, values, ROWS, 0.0, 6);
  OK(context, ba_dataset_add_table(dataset, table, "target=class, part=dev"));
  ba_table_release(table);
  ba_model *model = making_trained(context, recipe, dataset, NULL);
  ba_dataset_destroy(dataset);
  OK(context, ba_scorer_create(context, model, "drift=yes", &scorer));
  assert_int_equal(ba_scorer_drift_count(scorer), 1);
  assert_string_equal(ba_scorer_drift_name(scorer, 0), "score");
  table = numbers_of(context, values, ROWS, 0.0, 7);
  OK(context, ba_scorer_predict_table(scorer, table, NULL, NULL, NULL));
  assert_int_equal(requests_of(scorer, &raised), ROWS);
  assert_int_equal(raised, 0);
  OK(context, ba_scorer_predict_row(scorer, (const float[]){0.5F, 2.0F}, 2, NULL, NULL));
  OK(context, ba_model_open_stream(context, model, NULL, &stream));
  OK(context, ba_stream_update(stream, NULL, NAN, (const double[]){0.5, 2.0}, 2, (double[2]){0}));
  OK(context, ba_scorer_predict_stream(scorer, stream, &score, NULL));
  assert_int_equal(requests_of(scorer, &raised), ROWS + 2);
  ba_scorer_drift_reset(scorer);
  other = numbers_of(context, values, ROWS, 0.3, 8);
  OK(context, ba_scorer_predict_table(scorer, other, NULL, NULL, NULL));
  assert_int_equal(requests_of(scorer, &raised), ROWS);
  assert_int_equal(raised, 1);
  ba_stream_close(stream);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_table_release(table);
  ba_table_release(other);
  free(values);
}

static void test_rows_of_tables(void **state) {
  check_rows_counted(*state, "Columns() | Standardize() | Logistic()");
  check_rows_counted(*state, "Columns() | Standardize() | MLP(hidden=4, dropout=0, epochs=3)");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_alarms, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_measures, making_set_up, making_tear_down),
      cmocka_unit_test(test_bins_and_letters),
      cmocka_unit_test_setup_teardown(test_the_file, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_rows_of_tables, making_set_up, making_tear_down),
      cmocka_unit_test(test_allocations_fail),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
