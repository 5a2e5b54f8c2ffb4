/* SPDX-License-Identifier: MIT
 *
 * parallel.c: fork and join over a range. Workers live inside one call; none is left when it returns.
 */
#include <pthread.h>
#include <signal.h>

#include "base/base.h"

#define MOST_WORKERS 256

typedef struct shared {
  ba_context *context;
  bai_task task;
  void *argument;
  _Atomic int64_t next;      /* the next index to hand out */
  _Atomic int64_t stop;      /* the smallest failing index; nothing beyond it is started */
  _Atomic int32_t cancelled; /* 1: an index was left out because of a cancel */
} shared;

typedef struct worker {
  shared *work;
  pthread_t thread;
  int32_t number;
  ba_status status; /* of the index `failed` */
  int64_t failed;   /* the smallest failing index of this worker, or `count` */
} worker;

static void lower_stop(shared *work, int64_t index) {
  int64_t stop = atomic_load(&work->stop);
  while (index < stop && !atomic_compare_exchange_weak(&work->stop, &stop, index)) {
  }
}

static void run(worker *w) {
  shared *work = w->work;
  for (;;) {
    int64_t index = atomic_fetch_add(&work->next, 1);
    /* An index before the failing one still runs: it was handed out earlier, and may fail itself. */
    if (index >= atomic_load(&work->stop)) return;
    if (bai_is_cancelled(work->context)) {
      atomic_store(&work->cancelled, 1);
      return;
    }
    ba_status status = work->task(work->argument, w->number, index);
    if (status) {
      w->status = status;
      w->failed = index;
      lower_stop(work, index);
      return;
    }
  }
}

static void *run_thread(void *argument) {
  run(argument);
  return NULL;
}

/* Starts workers 1 ... wanted - 1 and returns how many run, worker 0 included. A system that refuses a thread only
 * makes the call slower. */
static int32_t start_threads(worker *workers, int32_t wanted) {
  sigset_t all, before;
  int32_t running = 1;
  /* New threads inherit the mask: the host's signals stay with the host's threads. */
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0) return running;
  while (running < wanted && pthread_create(&workers[running].thread, NULL, run_thread, &workers[running]) == 0) {
    running++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return running;
}

int32_t bai_workers(const ba_context *context, int64_t count) {
  int32_t most = context->threads < MOST_WORKERS ? context->threads : MOST_WORKERS;
  if (count < most) most = (int32_t)count;
  return most < 1 ? 1 : most;
}

ba_status bai_parallel(ba_context *context, int64_t count, bai_task task, void *argument) {
  shared work = {.context = context, .task = task, .argument = argument};
  worker workers[MOST_WORKERS];
  int32_t wanted = bai_workers(context, count);
  if (count < 0) count = 0;
  atomic_init(&work.next, 0);
  atomic_init(&work.stop, count);
  atomic_init(&work.cancelled, 0);
  for (int32_t i = 0; i < wanted; i++) {
    workers[i] = (worker){.work = &work, .number = i, .status = BA_OK, .failed = count};
  }
  int32_t running = wanted > 1 ? start_threads(workers, wanted) : 1;
  run(&workers[0]);
  for (int32_t i = 1; i < running; i++) pthread_join(workers[i].thread, NULL);
  int64_t first = count;
  ba_status status = BA_OK;
  for (int32_t i = 0; i < running; i++) {
    if (workers[i].failed < first) {
      first = workers[i].failed;
      status = workers[i].status;
    }
  }
  if (!status && atomic_load(&work.cancelled)) status = BA_ERR_CANCELLED;
  if (status == BA_ERR_CANCELLED) bai_check_cancel(context); /* words it */
  return status;
}
