/* SPDX-License-Identifier: MIT
 *
 * busy.h: a context whose first allocation inside a call runs a function on a second thread, so that the calls of that
 * thread surely meet a context that is in use.
 */
#ifndef TEST_MODEL_BUSY_H
#define TEST_MODEL_BUSY_H

#include <pthread.h>
#include <stdlib.h>

#include "bioanalytics/base.h"

typedef struct busy {
  int32_t armed, ran; /* set `armed` before the call that allocates */
  void *(*second)(void *argument);
  void *argument;
} busy;

static inline void *busy_allocate(void *user, int64_t bytes) {
  busy *plan = user;
  if (plan->armed) {
    pthread_t thread;
    plan->armed = 0;
    if (pthread_create(&thread, NULL, plan->second, plan->argument) == 0) {
      pthread_join(thread, NULL);
      plan->ran = 1;
    }
  }
  return malloc((size_t)bytes);
}

static inline void busy_release(void *user, void *pointer, int64_t bytes) {
  (void)user;
  (void)bytes;
  free(pointer);
}

static inline ba_status busy_context(busy *plan, ba_context **out) {
  const ba_allocator allocator = {
      .size = (int64_t)sizeof allocator, .user = plan, .allocate = busy_allocate, .release = busy_release};
  return ba_context_create(&allocator, out);
}

#endif
