/* SPDX-License-Identifier: MIT
 *
 * test_edges.c: models and scorers at the ends of what can be asked: a section without bytes, counts that no sequence
 * has, and windows longer than memory.
 */
#include "model/making.h"

#define ENTRY 64
#define HUGE_WINDOW (INT64_C(1) << 50)

static void seal(ba_context *context, uint8_t *file, int64_t n) {
  bai_put_u64(file + 32, bai_hash_bytes(UINT64_C(0x6261206d6f64656c), file + 64, n - 64));
  bai_put_u32(file + 60, bai_kernels_of(context)->crc32c(0, file, 60));
}

/* "length" comes last and has no rows: no byte of it is in the file, so none may be read. */
static void test_a_length_without_rows(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1), *loaded = NULL;
  int64_t n;
  uint8_t *file = making_bytes(context, model, &n), moved[ENTRY];
  uint8_t *table = file + 64, *last = table + ENTRY * (int64_t)(bai_get_u32(file + 24) - 1), *entry = table;
  while (strcmp((const char *)entry, "length") != 0) entry += ENTRY;
  memcpy(moved, entry, ENTRY);
  memmove(entry, entry + ENTRY, (size_t)(last - entry));
  memcpy(last, moved, ENTRY);
  bai_put_u64(last + 24, 0);
  bai_put_u64(last + 40, (uint64_t)n);
  bai_put_u64(last + 48, 0);
  bai_put_u32(last + 56, 0);
  seal(context, file, n);
  REFUSED(context, ba_model_load_memory(context, file, n, NULL, &loaded), BA_ERR_MODEL, "length");
  free(file);
  ba_model_release(model);
}

/* A class whose name would move the cursor, or add a column to a table. */
static void test_a_class_name_with_control_bytes(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1), *loaded = NULL;
  int64_t n;
  uint8_t *file = making_bytes(context, model, &n), *entry = file + 64;
  while (strcmp((const char *)entry, "classes") != 0) entry += ENTRY;
  uint8_t *names = file + bai_get_u64(entry + 40);
  names[1] = '\t';
  bai_put_u32(entry + 56, bai_kernels_of(context)->crc32c(0, names, (int64_t)bai_get_u64(entry + 48)));
  seal(context, file, n);
  REFUSED(context, ba_model_load_memory(context, file, n, NULL, &loaded), BA_ERR_MODEL, "classes");
  free(file);
  ba_model_release(model);
}

static void test_counts_of_no_sequence(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1);
  ba_scorer *scorer;
  ba_array *rows;
  const int64_t shape[2] = {2, 4}, strides[2] = {16, 4};
  uint32_t counts[8] = {1, 2, 3, 4, 1, 2, 0, INT32_MAX - 3};
  double scores[2];
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_array_wrap(context, BA_UINT32, 2, shape, strides, counts, NULL, NULL, &rows));
  OK(context, ba_scorer_predict(scorer, rows, scores, NULL));
  counts[7] = UINT32_MAX;
  REFUSED(context, ba_scorer_predict(scorer, rows, scores, NULL), BA_ERR_ARGUMENT, "record 2");
  counts[7] = INT32_MAX - 2;
  REFUSED(context, ba_scorer_predict(scorer, rows, scores, NULL), BA_ERR_ARGUMENT, "record 2");
  ba_array_release(rows);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* A sequence shorter than the window has no windows, whatever the window. */
static void test_a_window_longer_than_memory(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1);
  ba_scorer *scorer;
  int64_t count = -1;
  double score;
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_scorer_scan(scorer, "ACGT", 4, HUGE_WINDOW, 1, &score, 1, &count));
  assert_int_equal(count, 0);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

/* Counts are 32 bits wide, so a longer sequence is refused before anything is made for it. */
static void test_a_sequence_too_long(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1)", -1, 2, 1);
  bai_row *row;
  REFUSED(context, bai_row_create(context, model->members[0].plan, INT64_C(1) << 31, &row), BA_ERR_LIMIT, "2147483647");
  assert_null(row);
  ba_model_release(model);
}

/* One sequence may be a chromosome: a cancel does not wait for its end. */
static void test_a_cancel_within_a_sequence(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "Kmer(k=1..2)", -1, 2, 1);
  ba_scorer *scorer;
  bai_row *row;
  double parts[4];
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, bai_row_create(context, model->members[0].plan, 4, &row));
  assert_int_equal(bai_row_extract_letters(bai_kernels_of(context), row, "ACGT", 4), BA_OK);
  ba_context_cancel(context);
  assert_int_equal(bai_row_extract_letters(bai_kernels_of(context), row, "ACGT", 4), BA_ERR_CANCELLED);
  REFUSED(context, ba_scorer_attribute(scorer, "ACGT", 4, 0, parts), BA_ERR_CANCELLED, "cancelled");
  OK(context, ba_context_reset(context));
  OK(context, ba_scorer_attribute(scorer, "ACGT", 4, 0, parts));
  bai_row_destroy(row);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
}

static void test_counts_of_descriptors(void **state) {
  ba_context *context = *state;
  ba_model *model = making_model(context, "ORF() + NAC()", -1, 2, 1);
  ba_model *strict = making_model(context, "ORF(ambiguous=error)", -1, 2, 1);
  ba_scorer *scorer = NULL;
  ba_array *rows = NULL;
  double scores[4];
  const int64_t shape[] = {1, 7};
  OK(context, ba_scorer_create(context, model, NULL, &scorer));
  OK(context, ba_array_create(context, BA_UINT32, 2, shape, &rows));
  REFUSED(context, ba_scorer_predict(scorer, rows, scores, NULL), BA_ERR_SHAPE, "expected values");
  ba_scorer_destroy(scorer);
  OK(context, ba_scorer_create(context, strict, NULL, &scorer));
  REFUSED(context, ba_scorer_attribute(scorer, "ACGT", 4, 0, scores), BA_ERR_UNSUPPORTED, "expected ambiguous=skip");
  REFUSED(context, ba_scorer_mutate(scorer, "ACNT", 4, 0, scores), BA_ERR_LETTER, "ambiguous=error");
  ba_array_release(rows);
  ba_scorer_destroy(scorer);
  ba_model_release(model);
  ba_model_release(strict);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_length_without_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_class_name_with_control_bytes, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_counts_of_no_sequence, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_window_longer_than_memory, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_sequence_too_long, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_cancel_within_a_sequence, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_counts_of_descriptors, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
