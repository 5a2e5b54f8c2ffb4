/* SPDX-License-Identifier: MIT
 *
 * test_killed.c: trainings that write down where they are after each step, in processes which are killed, 100 of them a
 * solver, some in the middle of writing. Each next process goes on from the file; the models have the bytes of a run
 * that nothing ended.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model/making.h"
#include "support/temp.h"

#if defined(__OPTIMIZE__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define KILLS 100
#else
#define KILLS 15
#endif

enum { BATCHES = 12, BATCH = 40 };

/* ---- a process that dies on the way to a file ---- */

/* How many of these calls come before the one that the process does not outlive: a part of it is done. */
static int64_t calls_left = -1;
static uint64_t part_done;

static int32_t is_the_last(void) {
  return calls_left >= 0 && calls_left-- == 0;
}

ssize_t write(int file, const void *data, size_t n) {
  typedef ssize_t (*call)(int, const void *, size_t);
  call real;
  *(void **)&real = dlsym(RTLD_NEXT, "write");
  if (!is_the_last()) return real(file, data, n);
  const ssize_t written = real(file, data, n * (part_done % 101) / 100);
  raise(SIGKILL);
  return written;
}

/* A process that dies takes nothing from the disk's buffers, so there is no need to wait for them. */
int fsync(int file) {
  (void)file;
  if (is_the_last()) raise(SIGKILL);
  return 0;
}

int rename(const char *from, const char *to) {
  typedef int (*call)(const char *, const char *);
  call real;
  *(void **)&real = dlsym(RTLD_NEXT, "rename");
  const int32_t last = is_the_last();
  if (last && part_done % 2) raise(SIGKILL);
  const int status = real(from, to);
  if (last) raise(SIGKILL);
  return status;
}

/* ---- lives ---- */

/* What all of them have from their parent, which trains nothing with it. */
typedef struct stock {
  ba_context *context;
  ba_dataset *dataset, *batches[BATCHES];
} stock;

/* From the file that the life before has left, or from the start; NULL: without a file. 0, or a number that says what
 * went wrong: a process has no test around it. */
typedef int life(const stock *s, const char *recipe, const char *state, ba_model **out);

#define NEED(condition, code)      \
  do {                             \
    if (!(condition)) return code; \
  } while (0)

static int train(const stock *s, const char *recipe, const char *state, ba_model **out) {
  ba_trainer *trainer;
  NEED(ba_trainer_create(s->context, recipe, s->dataset, "seed=4", &trainer) == BA_OK, 10);
  if (state && access(state, F_OK) == 0) NEED(ba_trainer_restore(trainer, state) == BA_OK, 11);
  for (;;) {
    const ba_status status = ba_trainer_step(trainer);
    if (status == BA_END) break;
    NEED(status == BA_OK, 12);
    if (state) NEED(ba_trainer_checkpoint(trainer, state) == BA_OK, 13);
  }
  NEED(ba_trainer_finish(trainer, out) == BA_OK, 14);
  ba_trainer_destroy(trainer);
  return 0;
}

static int train_in_batches(const stock *s, const char *recipe, const char *state, ba_model **out) {
  ba_trainer *trainer;
  int64_t rows = 0;
  NEED(ba_trainer_create_online(s->context, recipe, making_classes, 2, NULL, NULL, &trainer) == BA_OK, 20);
  if (state && access(state, F_OK) == 0) NEED(ba_trainer_restore(trainer, state) == BA_OK, 21);
  ba_trainer_metrics(trainer, &rows, NULL, NULL, NULL, NULL);
  NEED(rows % BATCH == 0, 22);
  for (int64_t i = rows / BATCH; i < BATCHES; i++) {
    NEED(ba_trainer_update(trainer, s->batches[i]) == BA_OK, 23);
    if (state) NEED(ba_trainer_checkpoint(trainer, state) == BA_OK, 24);
  }
  NEED(ba_trainer_finish(trainer, out) == BA_OK, 25);
  ba_trainer_destroy(trainer);
  return 0;
}

static int restore_solver(const stock *s, ba_solver *solver, const char *state) {
  bai_vector bytes = {0, 0, 0};
  NEED(bai_file_read_all(s->context, state, &bytes) == BA_OK, 31);
  NEED(ba_solver_restore(solver, bytes.data, bytes.count) == BA_OK, 32);
  bai_vector_free(s->context, &bytes);
  return 0;
}

/* The driver of workers. */
static int drive(const stock *s, const char *recipe, const char *state, ba_model **out) {
  static uint8_t bytes[1 << 14];
  ba_solver *solver;
  ba_status status = BA_OK;
  int64_t n;
  NEED(ba_solver_create(s->context, recipe, making_classes, 2, NULL, &solver) == BA_OK, 30);
  if (state && access(state, F_OK) == 0) {
    const int failed = restore_solver(s, solver, state);
    NEED(!failed, failed);
  }
  for (;;) {
    ba_partial *partial;
    status = ba_solver_ask(solver, bytes, sizeof bytes, &n);
    if (status == BA_ERR_UNSUPPORTED) break; /* it has stopped, in a life before this one */
    NEED(status == BA_OK && n <= (int64_t)sizeof bytes, 33);
    NEED(ba_partial_create(s->context, bytes, n, &partial) == BA_OK, 34);
    NEED(ba_partial_accumulate(partial, s->dataset, 0) == BA_OK, 35);
    status = ba_solver_tell(solver, partial);
    ba_partial_destroy(partial);
    NEED(status == BA_OK || status == BA_END, 36);
    NEED(ba_solver_save(solver, bytes, sizeof bytes, &n) == BA_OK && n <= (int64_t)sizeof bytes, 37);
    if (state) NEED(bai_file_write_atomic(s->context, state, bytes, n) == BA_OK, 38);
  }
  NEED(ba_solver_finish(solver, out) == BA_OK, 39);
  ba_solver_destroy(solver);
  return 0;
}

/* In a process of its own, which is ended by itself, by its parent, or by its model. */
static int live(const stock *s, life *way, const char *recipe, const char *state, const char *path, uint64_t seed) {
  int status;
  const int32_t from_outside = seed % 2 == 0;
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    ba_model *model;
    if (ba_context_set_threads(s->context, 1 + (int32_t)(seed / 8 % 3)) != BA_OK) _exit(1);
    if (seed && !from_outside) calls_left = (int64_t)(seed / 32 % 20);
    part_done = seed / 1024;
    const int failed = way(s, recipe, state, &model);
    calls_left = -1;
    if (!failed && ba_model_save_path(s->context, model, path) != BA_OK) _exit(2);
    _exit(failed);
  }
  if (seed && from_outside) {
    usleep((useconds_t)(seed / 1024 % 6000));
    kill(child, SIGKILL);
  }
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}

static void check_model(const char *path, const uint8_t *expected, int64_t n) {
  int64_t m;
  uint8_t *bytes = temp_read(path, &m);
  assert_int_equal(m, n);
  assert_memory_equal(bytes, expected, (size_t)n);
  free(bytes);
}

/* A run that comes to its end begins anew, until there were as many kills as there should be. */
static void kill_many(const stock *s, life *way, const char *recipe) {
  char folder[TEMP_PATH], state[TEMP_PATH], path[TEMP_PATH];
  ba_model *whole;
  int64_t n, kills = 0, models = 0, resumed = 0;
  uint64_t seed = 19;
  const int failed = way(s, recipe, NULL, &whole);
  if (failed) fail_msg("%s: %d, %s", recipe, failed, ba_context_error_message(s->context));
  uint8_t *expected = making_bytes(s->context, whole, &n);
  ba_model_release(whole);
  temp_make(folder);
  temp_join(state, folder, "state");
  temp_join(path, folder, "model");
  while (kills < KILLS || models == 0) {
    resumed += access(state, F_OK) == 0;
    const int status = live(s, way, recipe, state, path, kills < KILLS ? making_bits(&seed) | 1024 : 0);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
      kills++;
      continue;
    }
    if (status) fail_msg("%s: a process ended with %d after %ld kills", recipe, WEXITSTATUS(status), (long)kills);
    check_model(path, expected, n);
    models++;
    unlink(state);
  }
  assert_true(resumed > KILLS / 3);
  temp_remove(folder);
  free(expected);
}

static void with_stock(ba_context *context, life *way, const char *const *recipes, size_t count) {
  stock s = {.context = context};
  s.dataset = making_data(context, 120, 10, 30, 2, 5);
  ba_records *dev = making_classed(context, 40, 10, 30, 2, 99);
  OK(context, making_add(s.dataset, dev, 2, BA_PART_DEV));
  for (uint64_t i = 0; i < BATCHES; i++) s.batches[i] = making_data(context, BATCH, 10, 30, 2, i);
  for (size_t i = 0; i < count; i++) kill_many(&s, way, recipes[i]);
  ba_records_release(dev);
  ba_dataset_destroy(s.dataset);
  for (uint64_t i = 0; i < BATCHES; i++) ba_dataset_destroy(s.batches[i]);
}

static void test_trainers(void **state) {
  static const char *const recipes[] = {
      "Kmer(k=1..2) | Logistic(tol=1e-7, l2=1e-6)",
      "Kmer(k=1..2) | Logistic(tol=1e-7, l1=0.002)",
      "Kmer(k=1) | Logistic(solver=newton, tol=1e-9)",
      "Kmer(k=1..2) | Softmax(solver=tron, tol=1e-9, l2=1e-5)",
      "Kmer(k=1..2) | Logistic(solver=adagrad, epochs=60, patience=60)",
      "Kmer(k=1..2) | Logistic(solver=nag, epochs=60, patience=60)",
      "Kmer(k=1..2) | Logistic(solver=ftrl, l1=0.001, epochs=60, patience=60)",
      "Kmer(k=1..2) | MLP(hidden=3, epochs=30)",
      "OneHot() | Conv(filters=4, width=4, strand=max) | MLP(hidden=3, epochs=30)",
      "Kmer(k=1) | Logistic(max_iter=20, tol=0) & Kmer(k=2) | Logistic(solver=adagrad, epochs=20, patience=20)",
  };
  with_stock(*state, train, recipes, sizeof recipes / sizeof *recipes);
}

static void test_trainers_without_rows(void **state) {
  static const char *const recipes[] = {"Kmer(k=1..2) | Logistic(solver=adagrad)",
                                        "Kmer(k=1..2) | Logistic(solver=nag)", "Kmer(k=1..2) | Logistic(solver=ftrl)"};
  with_stock(*state, train_in_batches, recipes, sizeof recipes / sizeof *recipes);
}

static void test_solvers(void **state) {
  static const char *const recipes[] = {"Kmer(k=1..2) | Logistic(tol=1e-7, l2=1e-6)",
                                        "Kmer(k=1..2) | Softmax(tol=1e-7, l1=0.002)",
                                        "Entropy() + Kmer(k=1..2) | Standardize() | Logistic(tol=1e-9, "
                                        "class_weight=balanced)"};
  with_stock(*state, drive, recipes, sizeof recipes / sizeof *recipes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_trainers, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_trainers_without_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_solvers, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
