/* SPDX-License-Identifier: MIT
 *
 * test_threads.c: the library is a guest. Loading it, training and scoring start no thread unless told to, and then
 * join every one before the call returns.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bioanalytics/bioanalytics.h"
#include "support/temp.h"

enum { RECORDS = 20000, LENGTH = 40 };

/* Every thread that this program starts or joins is counted here, on the way to the real call. */
static _Atomic int64_t started, joined;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
  typedef int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
  create real;
  *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
  atomic_fetch_add(&started, 1);
  return real(thread, attributes, run, argument);
}

int pthread_join(pthread_t thread, void **result) {
  typedef int (*join)(pthread_t, void **);
  join real;
  *(void **)&real = dlsym(RTLD_NEXT, "pthread_join");
  int status = real(thread, result);
  if (status == 0) atomic_fetch_add(&joined, 1);
  return status;
}

static int64_t threads_now(void) {
  DIR *tasks = opendir("/proc/self/task");
  assert_non_null(tasks);
  int64_t count = 0;
  for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) count += entry->d_name[0] != '.';
  closedir(tasks);
  return count;
}

/* A sanitizer may keep a thread of its own, so a test compares with what it found at its start. */
typedef struct fixture {
  int64_t threads, started;
  ba_context *context;
  ba_records *records;
  const char *labels[RECORDS];
  char letters[RECORDS * LENGTH];
  int64_t offsets[RECORDS + 1];
} fixture;

static int set_up(void **state) {
  static fixture f;
  memset(&f, 0, sizeof f);
  f.threads = threads_now();
  f.started = atomic_load(&started);
  uint32_t x = 1;
  for (int64_t i = 0; i < RECORDS; i++) {
    f.labels[i] = i % 2 ? "yes" : "no";
    f.offsets[i + 1] = (i + 1) * LENGTH;
    for (int64_t j = 0; j < LENGTH; j++) {
      x = x * 1664525u + 1013904223u;
      f.letters[i * LENGTH + j] = "ACGT"[(x >> 24) % (i % 2 ? 4u : 3u)];
    }
  }
  if (ba_context_create(NULL, &f.context) != BA_OK) return -1;
  *state = &f;
  return ba_records_create(f.context, f.letters, f.offsets, RECORDS, &f.records) == BA_OK ? 0 : -1;
}

static int tear_down(void **state) {
  fixture *f = *state;
  ba_records_release(f->records);
  ba_context_destroy(f->context);
  return 0;
}

/* After a call: every thread that it started was joined, and when it may start none, the system knows of none. (A
 * joined thread may be seen for a moment more, and the thread sanitizer starts one of its own beside the first.) */
static void still_alone(fixture *f) {
  assert_int_equal(atomic_load(&started), atomic_load(&joined));
  if (atomic_load(&started) == f->started) assert_int_equal(threads_now(), f->threads);
}

static ba_model *train(fixture *f, const char *recipe) {
  ba_dataset *dataset = NULL;
  ba_trainer *trainer = NULL;
  ba_model *model = NULL;
  ba_status status;
  assert_int_equal(ba_dataset_create(f->context, NULL, &dataset), BA_OK);
  assert_int_equal(ba_dataset_add_records(dataset, f->records, f->labels, NULL, NULL, BA_PART_TRAIN), BA_OK);
  assert_int_equal(ba_trainer_create(f->context, recipe, dataset, NULL, &trainer), BA_OK);
  still_alone(f);
  while ((status = ba_trainer_step(trainer)) == BA_OK) still_alone(f);
  assert_int_equal(status, BA_END);
  assert_int_equal(ba_trainer_finish(trainer, &model), BA_OK);
  ba_trainer_destroy(trainer);
  ba_dataset_destroy(dataset);
  still_alone(f);
  return model;
}

static void score(fixture *f, ba_model *model) {
  static double scores[RECORDS];
  ba_scorer *scorer = NULL;
  assert_int_equal(ba_scorer_create(f->context, model, NULL, &scorer), BA_OK);
  assert_int_equal(ba_scorer_predict_records(scorer, f->records, scores, NULL), BA_OK);
  still_alone(f);
  ba_scorer_destroy(scorer);
}

/* Not solver=newton above 512 columns: OpenBLAS starts its threads when it is loaded (docs/security.md). */
static void test_training_starts_no_thread(void **state) {
  fixture *f = *state;
  const char *recipes[] = {"Kmer(k=1..3) | Logistic(solver=lbfgs, max_iter=5)",
                           "Kmer(k=1..3) | Logistic(solver=adagrad, epochs=2)",
                           "Kmer(k=2) | Logistic(solver=newton, max_iter=3)", "Kmer(k=2) | Softmax(max_iter=5)"};
  for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++) ba_model_release(train(f, recipes[i]));
  assert_int_equal(atomic_load(&started), f->started);
}

static void test_loading_and_scoring_start_no_thread(void **state) {
  fixture *f = *state;
  char folder[TEMP_PATH], path[TEMP_PATH];
  temp_make(folder);
  temp_join(path, folder, "model.ba");
  ba_model *model = train(f, "Kmer(k=1..3) | Logistic(max_iter=5)"), *loaded = NULL;
  assert_int_equal(ba_model_save_path(f->context, model, path), BA_OK);
  assert_int_equal(ba_model_load_path(f->context, path, "selftest=yes", &loaded), BA_OK);
  still_alone(f);
  score(f, loaded);
  ba_model_release(loaded);
  ba_model_release(model);
  temp_remove(folder);
  assert_int_equal(atomic_load(&started), f->started);
}

/* With threads=2 there are some, which shows that the count above can see them; and none is left. */
static void test_two_threads_are_joined(void **state) {
  fixture *f = *state;
  assert_int_equal(ba_context_set_threads(f->context, 2), BA_OK);
  ba_model *model = train(f, "Kmer(k=1..3) | Logistic(max_iter=5)");
  int64_t training = atomic_load(&started);
  assert_true(training > f->started);
  score(f, model);
  assert_true(atomic_load(&started) > training);
  ba_model_release(model);
}

#ifdef BA_TEST_SHARED_LIBRARY
/* A library that linked Debian's OpenBLAS would start its threads here. */
static void test_opening_the_shared_library_starts_no_thread(void **state) {
  fixture *f = *state;
  void *library = dlopen(BA_TEST_SHARED_LIBRARY, RTLD_NOW | RTLD_LOCAL);
  assert_non_null(library);
  assert_non_null(dlsym(library, "ba_version"));
  still_alone(f);
  assert_int_equal(atomic_load(&started), f->started);
  dlclose(library);
}
#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_training_starts_no_thread, set_up, tear_down),
      cmocka_unit_test_setup_teardown(test_loading_and_scoring_start_no_thread, set_up, tear_down),
#ifdef BA_TEST_SHARED_LIBRARY
      cmocka_unit_test_setup_teardown(test_opening_the_shared_library_starts_no_thread, set_up, tear_down),
#endif
      cmocka_unit_test_setup_teardown(test_two_threads_are_joined, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
