/* SPDX-License-Identifier: MIT
 *
 * test_checkpoint.c: runs that end at any step and go on from a file give the model of the run that never ended; files
 * that are damaged, hostile, or of another run are refused, and the trainer goes on as if nothing had been.
 */
#include <stdio.h>

#include "model/making.h"
#include "support/fault.h"
#include "support/temp.h"

#define HEADER 64

static char folder[TEMP_PATH];

static int open_folder(void **state) {
  (void)state;
  temp_make(folder);
  return 0;
}

static int close_folder(void **state) {
  (void)state;
  temp_remove(folder);
  return 0;
}

static ba_dataset *small(ba_context *context, uint64_t seed) {
  ba_dataset *dataset = making_data(context, 70, 10, 40, 2, seed);
  ba_records *dev = making_classed(context, 30, 10, 40, 2, 99);
  OK(context, making_add(dataset, dev, 2, BA_PART_DEV));
  ba_records_release(dev);
  return dataset;
}

static ba_trainer *begun(ba_context *context, const char *recipe, ba_dataset *dataset) {
  ba_trainer *trainer = NULL;
  OK(context, ba_trainer_create(context, recipe, dataset, "seed=4", &trainer));
  return trainer;
}

static uint64_t ended(ba_context *context, ba_trainer *trainer) {
  ba_model *model = NULL;
  assert_int_equal(making_run(trainer), BA_END);
  OK(context, ba_trainer_finish(trainer, &model));
  const uint64_t digest = model->digest; /* of all bytes of the file */
  ba_model_release(model);
  return digest;
}

static const char *const recipes[] = {
    "Kmer(k=1..2) | Logistic(tol=1e-7, l2=1e-5, memory=4)",
    "Kmer(k=1..2) | Logistic(tol=1e-7, l1=0.002)",
    "Kmer(k=1) | Logistic(solver=newton, tol=1e-9)",
    "Kmer(k=1..2) | Softmax(solver=tron, tol=1e-9, l2=1e-5)",
    "Kmer(k=1..2) | Logistic(solver=adagrad, epochs=15, patience=4)",
    "Kmer(k=1..2) | Logistic(solver=ftrl, l1=0.001, epochs=15)",
    "Kmer(k=1..2) | Logistic(solver=nag, epochs=15)",
    "Kmer(k=1) | Logistic(max_iter=7) & Kmer(k=2) | Logistic(solver=adagrad, epochs=4)",
    "OneHot() | Conv(filters=5, width=4, strand=max) | Conv(filters=4, width=3) | MLP(hidden=3, epochs=6, seeds=2)",
    "Kmer(k=1..3) | MLP(hidden=3, skip=linear, epochs=6, seeds=2)",
    "Kmer(k=2) | Logistic(max_iter=5) & Kmer(k=1..2) | MLP(hidden=2, epochs=4) & OneHot() | Conv(filters=3, width=3) | "
    "MLP(hidden=2, epochs=3)",
};

/* 100 ends in all for each solver, or one at each step where there are fewer. */
static void test_ends_at_any_step(void **state) {
  ba_context *context = *state;
  char path[TEMP_PATH];
  temp_join(path, folder, "run.check");
  ba_dataset *dataset = small(context, 5);
  for (size_t r = 0; r < sizeof recipes / sizeof *recipes; r++) {
    ba_trainer *whole = begun(context, recipes[r], dataset);
    const uint64_t expected = ended(context, whole);
    uint64_t seed = r;
    ba_trainer_destroy(whole);
    int64_t steps = 0;
    whole = begun(context, recipes[r], dataset);
    while (ba_trainer_step(whole) == BA_OK) steps++;
    ba_trainer_destroy(whole);
    const int64_t ends = steps + 2 < 100 ? steps + 2 : 100;
    for (int64_t i = 0; i < ends; i++) {
      const int64_t stop = ends == 100 ? (int64_t)(making_bits(&seed) % (uint64_t)(steps + 2)) : i;
      ba_trainer *killed = begun(context, recipes[r], dataset), *next = begun(context, recipes[r], dataset);
      for (int64_t s = 0; s < stop; s++) (void)ba_trainer_step(killed);
      OK(context, ba_trainer_checkpoint(killed, path));
      ba_trainer_destroy(killed);
      if (i % 3 == 0) (void)ba_trainer_step(next); /* where it was makes no difference */
      OK(context, ba_trainer_restore(next, path));
      if (ended(context, next) != expected) fail_msg("%s: ended at step %d", recipes[r], (int)stop);
      ba_trainer_destroy(next);
    }
  }
  ba_dataset_destroy(dataset);
}

/* The file of a run that was cancelled in the middle of an epoch. */
static void end_in_the_middle_of_an_epoch(ba_context *context, const char *recipe) {
  char path[TEMP_PATH];
  temp_join(path, folder, "run.check");
  ba_dataset *dataset = small(context, 5);
  ba_trainer *whole = begun(context, recipe, dataset), *next = begun(context, recipe, dataset);
  const uint64_t expected = ended(context, whole);
  ba_trainer_destroy(whole);
  ba_trainer *killed = begun(context, recipe, dataset);
  OK(context, ba_trainer_step(killed));
  ba_context_cancel(context);
  REFUSED(context, ba_trainer_step(killed), BA_ERR_CANCELLED, "cancelled");
  OK(context, ba_context_reset(context));
  OK(context, ba_trainer_checkpoint(killed, path));
  OK(context, ba_trainer_restore(next, path));
  assert_true(ended(context, next) == expected);
  ba_trainer_destroy(killed);
  ba_trainer_destroy(next);
  ba_dataset_destroy(dataset);
}

static void test_in_the_middle_of_an_epoch(void **state) {
  for (int32_t r = 5; r < 9; r += r == 5 ? 2 : 1) end_in_the_middle_of_an_epoch(*state, recipes[r]);
}

static void write_all(const char *path, const uint8_t *bytes, int64_t n) {
  FILE *file = fopen(path, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(bytes, 1, (size_t)n, file), (size_t)n);
  fclose(file);
}

/* Makes the checksums right again. */
static void seal(uint8_t *bytes, int64_t n) {
  bai_put_u32(bytes + 32, bai_kernels_scalar.crc32c(0, bytes + HEADER, n - HEADER));
  bai_put_u32(bytes + 60, bai_kernels_scalar.crc32c(0, bytes, 60));
}

static void refuse_bad_files(ba_context *context, const char *recipe) {
  static uint8_t bad[1 << 16];
  int64_t n = 0;
  char path[TEMP_PATH], other[TEMP_PATH];
  temp_join(path, folder, "good.check");
  temp_join(other, folder, "bad.check");
  ba_dataset *dataset = small(context, 5), *second = small(context, 6);
  ba_trainer *whole = begun(context, recipe, dataset), *trainer = begun(context, recipe, dataset), *stranger = NULL;
  const uint64_t expected = ended(context, whole);
  for (int32_t i = 0; i < 9; i++) OK(context, ba_trainer_step(trainer));
  OK(context, ba_trainer_checkpoint(trainer, path));
  uint8_t *good = temp_read(path, &n);
  assert_true(n > 1000 && n < (int64_t)sizeof bad);
  uint64_t seed = 1;
  for (int32_t i = 0; i < 200; i++) { /* one bit, or cut off */
    const int64_t at = (int64_t)(making_bits(&seed) % (uint64_t)n);
    memcpy(bad, good, (size_t)n);
    bad[at] ^= (uint8_t)(1 << i % 8);
    write_all(other, bad, i % 4 ? n : at);
    const ba_status status = ba_trainer_restore(trainer, other);
    assert_true(status == BA_ERR_FORMAT || status == BA_ERR_CORRUPT);
  }
  for (int64_t i = 0; i < (n - HEADER) / 8; i++) { /* numbers that no run has, with right checksums */
    memcpy(bad, good, (size_t)n);
    memset(bad + HEADER + 8 * i, 0xFF, 8);
    seal(bad, n);
    write_all(other, bad, n);
    const ba_status status = ba_trainer_restore(trainer, other);
    assert_true(status == BA_OK || status == BA_ERR_CORRUPT); /* a double may be anything */
    if (i > 40) i += 10;
  }
  OK(context, ba_trainer_restore(trainer, path));
  memcpy(bad, good, (size_t)n);
  bai_put_u32(bad + 8, 2);
  seal(bad, n);
  write_all(other, bad, n);
  REFUSED(context, ba_trainer_restore(trainer, other), BA_ERR_VERSION, "the checkpoint has format 2");
  write_all(other, (const uint8_t *)"hello", 5);
  REFUSED(context, ba_trainer_restore(trainer, other), BA_ERR_FORMAT, "not a checkpoint");
  REFUSED(context, ba_trainer_restore(trainer, "/nonexistent/x"), BA_ERR_IO, "/nonexistent/x");
  REFUSED(context, ba_trainer_checkpoint(trainer, "/nonexistent/x"), BA_ERR_IO, "/nonexistent/x");
  REFUSED(context, ba_trainer_restore(trainer, NULL), BA_ERR_ARGUMENT, "a path");
  REFUSED(context, ba_trainer_checkpoint(trainer, NULL), BA_ERR_ARGUMENT, "a path");
  assert_int_equal(ba_trainer_restore(NULL, path), BA_ERR_ARGUMENT);
  assert_int_equal(ba_trainer_checkpoint(NULL, path), BA_ERR_ARGUMENT);
  assert_true(ended(context, trainer) == expected); /* none of them left a trace */
  const char *const text = "of another recipe, seed or dataset";
  OK(context, ba_trainer_create(context, recipe, second, "seed=4", &stranger));
  REFUSED(context, ba_trainer_restore(stranger, path), BA_ERR_ARGUMENT, text);
  ba_trainer_destroy(stranger);
  OK(context, ba_trainer_create(context, recipe, dataset, "seed=5", &stranger));
  REFUSED(context, ba_trainer_restore(stranger, path), BA_ERR_ARGUMENT, text);
  ba_trainer_destroy(stranger);
  OK(context, ba_trainer_create(context, recipes[0], dataset, "seed=4", &stranger));
  REFUSED(context, ba_trainer_restore(stranger, path), BA_ERR_ARGUMENT, text);
  ba_trainer_destroy(stranger);
  free(good);
  ba_trainer_destroy(whole);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  ba_dataset_destroy(second);
}

static void test_bad_files(void **state) {
  refuse_bad_files(*state, recipes[3]);
  refuse_bad_files(*state, recipes[7]);
  refuse_bad_files(*state, recipes[8]);
}

typedef struct lived {
  char *path;
  const char *recipe;
} lived;

static ba_status life(ba_context *context, void *argument) {
  const lived *l = argument;
  static const char *const labels[] = {"a", "b"};
  const int64_t offsets[] = {0, 4, 9};
  ba_dataset *dataset = NULL;
  ba_records *records = NULL;
  ba_trainer *trainer = NULL;
  ba_status status = ba_dataset_create(context, NULL, &dataset);
  if (!status) status = ba_records_create(context, "ACGTNACCG", offsets, 2, &records);
  if (!status) status = ba_dataset_add_records(dataset, records, labels, NULL, NULL, BA_PART_TRAIN);
  if (!status) status = ba_trainer_create(context, l->recipe, dataset, NULL, &trainer);
  if (!status) status = ba_trainer_step(trainer);
  if (!status) status = ba_trainer_checkpoint(trainer, l->path);
  if (!status) status = ba_trainer_restore(trainer, l->path);
  ba_trainer_destroy(trainer);
  ba_records_release(records);
  ba_dataset_destroy(dataset);
  return status;
}

static void test_every_failing_allocation(void **state) {
  char path[TEMP_PATH];
  (void)state;
  temp_join(path, folder, "sweep.check");
  lived linear = {path, "Kmer(k=1) | Logistic()"}, network = {path, "Kmer(k=1) | MLP(hidden=1, seeds=2)"};
  assert_true(fault_sweep(life, &linear) > 60);
  assert_true(fault_sweep(life, &network) > 60);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_ends_at_any_step, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_in_the_middle_of_an_epoch, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_bad_files, making_set_up, making_tear_down),
      cmocka_unit_test(test_every_failing_allocation),
  };
  return cmocka_run_group_tests(tests, open_folder, close_folder);
}
