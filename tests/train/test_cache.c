/* SPDX-License-Identifier: MIT
 *
 * test_cache.c: rows that are kept from pass to pass come back as they were; what does not fit is not there, and makes
 * no difference to a model.
 */
#include "model/making.h"
#include "train/cache.h"

enum { ROWS = 9000 };

static bai_plan *plan_of(ba_context *context, const char *recipe) {
  bai_recipe parsed = {{0, 0, 0}};
  bai_plan *plan;
  OK(context, bai_recipe_parse(context, recipe, &parsed));
  OK(context, bai_plan_create(context, bai_recipe_member(&parsed, 0), &plan));
  bai_recipe_free(context, &parsed);
  return plan;
}

static void test_rows_come_back(void **state) {
  ba_context *context = *state;
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_plan *plan = plan_of(context, "Kmer(k=1..3) + Length()");
  ba_records *records = making_records(context, 20, 0, 200, "ACGTN", 3);
  bai_cache cache;
  bai_row *row;
  int64_t ends[4];
  double divisors[4], kept[4], values[800], expected[800];
  bai_cached found = {NULL, values, kept, ends};
  assert_int_equal(plan->block_count, 4);
  OK(context, bai_row_create(context, plan, 400, &row));
  OK(context, bai_cache_open(context, plan, 2, 10, &cache));
  OK(context, bai_cache_room(context, 0, 10 * bai_row_entries(plan, 200), &cache));
  for (int32_t round = 0; round < 2; round++) /* a second time changes nothing */
    for (int64_t i = 0; i < 20; i++) {
      int64_t length;
      const char *letters = ba_records_sequence(records, i, &length);
      OK(context, bai_row_extract_letters(kernels, row, letters, length));
      int64_t n = 0;
      for (int32_t b = 0; b < 4; n = row->ends[b++]) {
        bai_row_values(row, b, expected + n);
        divisors[b] = bai_row_divisor(row, b);
      }
      bai_cache_put(&cache, i, row, divisors);
      assert_int_equal(bai_cache_get(&cache, i, &found), i < 10 && length <= 255); /* the other block has no room */
      if (i >= 10 || length > 255) continue;
      assert_memory_equal(ends, row->ends, sizeof ends);
      SAME_BITS(kept, divisors, 4);
      assert_memory_equal(found.columns, row->columns, (size_t)n * 4);
      SAME_BITS(values, expected, n);
    }
  bai_cache_close(context, &cache);
  bai_row_destroy(row);
  ba_records_release(records);
  bai_plan_destroy(plan);
}

/* More than 255 of a word, more columns than were asked room for, more than the bounds allow, and rows of other kinds.
 */
static void test_what_is_not_kept(void **state) {
  ba_context *context = *state;
  const bai_kernels *kernels = bai_kernels_of(context);
  bai_plan *plan = plan_of(context, "Kmer(k=1)"), *real = plan_of(context, "PseDNC()");
  bai_cache cache;
  bai_row *row;
  int64_t ends[1];
  double divisor = 1.0, values[300];
  bai_cached found = {NULL, values, &divisor, ends};
  char letters[300];
  memset(letters, 'A', sizeof letters);
  OK(context, bai_row_create(context, plan, 300, &row));
  OK(context, bai_cache_open(context, plan, 3, 4, &cache));
  OK(context, bai_cache_room(context, 0, 4, &cache));
  OK(context, bai_row_extract_letters(kernels, row, letters, 256));
  bai_cache_put(&cache, 0, row, &divisor);
  assert_false(bai_cache_get(&cache, 0, &found));
  OK(context, bai_row_extract_letters(kernels, row, letters, 255));
  bai_cache_put(&cache, 1, row, &divisor);
  assert_true(bai_cache_get(&cache, 1, &found));
  OK(context, bai_cache_room(context, 1, BAI_CACHE_BYTES, &cache));
  bai_cache_put(&cache, 4, row, &divisor);
  assert_false(bai_cache_get(&cache, 4, &found));
  OK(context, ba_context_set_memory_limit(context, 1 << 20));
  OK(context, bai_cache_room(context, 2, 100000, &cache)); /* more than a quarter of it */
  bai_cache_put(&cache, 8, row, &divisor);
  assert_false(bai_cache_get(&cache, 8, &found));
  assert_false(bai_cache_get(&cache, 12, &found)); /* behind the last block */
  OK(context, ba_context_set_memory_limit(context, 0));
  bai_cache_close(context, &cache);
  OK(context, bai_cache_open(context, real, 3, 4, &cache));
  assert_int_equal(cache.count, 0);
  bai_cache_close(context, &cache);
  bai_row_destroy(row);
  bai_plan_destroy(plan);
  bai_plan_destroy(real);
}

static uint8_t *trained(ba_context *context, const char *recipe, int64_t limit, int64_t *n) {
  ba_dataset *dataset = making_data(context, ROWS, 5, 40, 2, 4);
  ba_trainer *trainer;
  ba_model *model;
  OK(context, ba_context_set_memory_limit(context, limit));
  OK(context, ba_trainer_create(context, recipe, dataset, "sketches=off", &trainer));
  while (ba_trainer_step(trainer) == BA_OK) continue;
  OK(context, ba_trainer_finish(trainer, &model));
  OK(context, ba_context_set_memory_limit(context, 0));
  uint8_t *bytes = making_bytes(context, model, n);
  ba_model_release(model);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  return bytes;
}

static void test_the_same_model(void **state) {
  static const char *const recipes[] = {"Kmer(k=1..4) | Logistic(max_iter=4)",
                                        "Kmer(k=5, strand=canonical) | Logistic(solver=tron, max_iter=3)",
                                        "Kmer(k=2) | Logistic(solver=newton, max_iter=3)"};
  ba_context *context = *state;
  for (int32_t r = 0; r < 3; r++) {
    int64_t kept, without;
    uint8_t *first = trained(context, recipes[r], 0, &kept);
    uint8_t *second = trained(context, recipes[r], INT64_C(4) << 20, &without);
    assert_int_equal(kept, without);
    assert_memory_equal(first, second, (size_t)kept);
    free(first);
    free(second);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_rows_come_back, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_is_not_kept, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_the_same_model, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
