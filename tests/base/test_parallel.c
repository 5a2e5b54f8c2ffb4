/* SPDX-License-Identifier: MIT
 *
 * test_parallel.c: every index once, the first failure wins, cancel, and no thread left behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/base.h"

#define MOST 5000

typedef struct work {
  ba_context *context;
  _Atomic int32_t times[MOST];
  _Atomic int32_t workers[256];
  int64_t fail_from, slow, cancel_at;
  pthread_t caller;
  _Atomic int32_t wrong; /* worker 0 elsewhere than on the calling thread, or another on it; signals not masked */
} work;

static ba_status count_index(void *argument, int32_t worker, int64_t index) {
  work *w = argument;
  sigset_t mask;
  atomic_fetch_add(&w->times[index], 1);
  atomic_fetch_add(&w->workers[worker], 1);
  if ((worker == 0) != (pthread_equal(w->caller, pthread_self()) != 0)) atomic_fetch_add(&w->wrong, 1);
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  if (sigismember(&mask, SIGTERM) != (worker != 0)) atomic_fetch_add(&w->wrong, 1);
  if (index == w->slow) usleep(20000);
  if (index == w->cancel_at) ba_context_cancel(w->context);
  if (w->fail_from >= 0 && index >= w->fail_from) return (ba_status)(-1000 - index);
  return BA_OK;
}

static ba_status run_work(work *w, int32_t threads, int64_t count) {
  memset(w->times, 0, sizeof w->times);
  memset(w->workers, 0, sizeof w->workers);
  w->caller = pthread_self();
  assert_int_equal(ba_context_set_threads(w->context, threads), BA_OK);
  ba_status status = bai_parallel(w->context, count, count_index, w);
  assert_int_equal(w->wrong, 0);
  return status;
}

static int32_t set_up(void **state) {
  static work w; /* one test at a time */
  memset(&w, 0, sizeof w);
  w.fail_from = w.slow = w.cancel_at = -1;
  *state = &w;
  return ba_context_create(NULL, &w.context);
}

static int32_t tear_down(void **state) {
  ba_context_destroy(((work *)*state)->context);
  return 0;
}

static int32_t thread_count(void) {
  FILE *file = fopen("/proc/self/status", "r");
  char line[200];
  int threads = -1;
  while (file && fgets(line, sizeof line, file)) {
    if (sscanf(line, "Threads: %d", &threads) == 1) break;
  }
  if (file) fclose(file);
  return threads;
}

static void test_every_index_once(void **state) {
  work *w = *state;
  const int32_t threads[] = {1, 2, 3, 16, 256};
  const int64_t counts[] = {0, 1, 2, 15, MOST};
  for (int32_t t = 0; t < 5; t++) {
    for (int32_t c = 0; c < 5; c++) {
      assert_int_equal(run_work(w, threads[t], counts[c]), BA_OK);
      for (int64_t i = 0; i < MOST; i++) assert_int_equal(w->times[i], i < counts[c]);
      for (int32_t i = bai_workers(w->context, counts[c]); i < 256; i++) assert_int_equal(w->workers[i], 0);
    }
  }
}

static void test_workers(void **state) {
  work *w = *state;
  assert_int_equal(bai_workers(w->context, 100), 1);
  ba_context_set_threads(w->context, 8);
  assert_int_equal(bai_workers(w->context, 100), 8);
  assert_int_equal(bai_workers(w->context, 3), 3);
  assert_int_equal(bai_workers(w->context, 0), 1);
  assert_int_equal(bai_workers(w->context, -5), 1);
  assert_int_equal(bai_workers(w->context, INT64_C(1) << 40), 8);
}

static void test_first_failing_index_wins(void **state) {
  work *w = *state;
  /* The first failing index is the slowest: later ones fail long before it. */
  for (int32_t threads = 1; threads <= 8; threads *= 2) {
    w->fail_from = w->slow = 37;
    assert_int_equal(run_work(w, threads, MOST), -1037);
    int32_t beyond = 0;
    for (int64_t i = 0; i < MOST; i++) {
      if (i <= 37) assert_int_equal(w->times[i], 1);
      if (i > 37) beyond += w->times[i];
    }
    /* Each other worker fails at most once, and starts nothing after that. */
    assert_true(beyond < threads);
  }
}

static void test_cancel_stops(void **state) {
  work *w = *state;
  for (int32_t threads = 1; threads <= 4; threads *= 4) {
    w->cancel_at = 10;
    assert_int_equal(run_work(w, threads, MOST), BA_ERR_CANCELLED);
    int32_t ran = 0;
    for (int64_t i = 0; i < MOST; i++) ran += w->times[i];
    assert_true(ran >= 11 && ran < MOST);
    assert_int_equal(ba_context_error_code(w->context), BA_ERR_CANCELLED);
    assert_int_equal(ba_context_reset(w->context), BA_OK);
  }
  /* Too late to leave anything out. */
  w->cancel_at = 10;
  assert_int_equal(run_work(w, 1, 11), BA_OK);
}

static ba_status no_thread_more(void *argument, int32_t worker, int64_t index) {
  (void)index;
  return worker == 0 && thread_count() == *(const int32_t *)argument ? BA_OK : BA_ERR_INTERNAL;
}

static void test_no_thread_is_left_or_needed(void **state) {
  work *w = *state;
  int32_t before = thread_count();
  assert_true(before >= 1);
  assert_int_equal(bai_parallel(w->context, 50, no_thread_more, &before), BA_OK);
  assert_int_equal(run_work(w, 16, MOST), BA_OK);
#if defined(__SANITIZE_THREAD__)
  before++; /* its own, started with the first of ours */
#endif
  /* The system counts a joined thread a moment longer. */
  for (int32_t i = 0; i < 1000 && thread_count() != before; i++) usleep(1000);
  assert_int_equal(thread_count(), before);
}

static void test_signal_mask_is_put_back(void **state) {
  work *w = *state;
  sigset_t mask;
  assert_int_equal(run_work(w, 4, 100), BA_OK);
  pthread_sigmask(SIG_BLOCK, NULL, &mask);
  assert_int_equal(sigismember(&mask, SIGTERM), 0);
}

/* The host may have used up its address space: stacks cannot be had, and the call goes on alone. */
static void test_goes_on_without_threads(void **state) {
  work *w = *state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  (void)w;
  skip(); /* the sanitizers need the address space themselves */
#else
  struct rlimit old_limit, small;
  assert_int_equal(getrlimit(RLIMIT_AS, &old_limit), 0);
  small = old_limit;
  small.rlim_cur = 1 << 20;
  assert_int_equal(setrlimit(RLIMIT_AS, &small), 0);
  ba_status status = run_work(w, 256, MOST);
  assert_int_equal(setrlimit(RLIMIT_AS, &old_limit), 0);
  assert_int_equal(status, BA_OK);
  int32_t refused = 0;
  for (int32_t i = 0; i < 256; i++) refused += w->workers[i] == 0;
  assert_true(refused > 0);
  for (int64_t i = 0; i < MOST; i++) assert_int_equal(w->times[i], 1);
#endif
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(test_no_thread_is_left_or_needed), /* first: no thread has been started yet */
      TEST(test_every_index_once),
      TEST(test_workers),
      TEST(test_first_failing_index_wins),
      TEST(test_cancel_stops),
      TEST(test_signal_mask_is_put_back),
      TEST(test_goes_on_without_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
