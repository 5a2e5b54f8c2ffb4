/* SPDX-License-Identifier: MIT
 *
 * fault.c: the failing allocator and the sweep over all its failures.
 */
#include "support/fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAGIC UINT64_C(0x6661756c74426c6b)
#define MOST_ROUNDS 200000

/* Before every block; its size keeps the block aligned for any type. */
typedef struct mark {
  _Alignas(max_align_t) uint64_t magic;
  int64_t bytes;
} mark;

static void *fault_allocate(void *user, int64_t bytes) {
  fault *plan = user;
  int64_t number = atomic_fetch_add(&plan->allocations, 1) + 1;
  if (plan->fail_at > 0 && (number == plan->fail_at || (plan->lasting && number > plan->fail_at))) {
    atomic_fetch_add(&plan->failures, 1);
    return NULL;
  }
  if (bytes <= 0) atomic_fetch_add(&plan->wrong, 1);
  uint8_t *raw = malloc(sizeof(mark) + (size_t)bytes);
  if (raw == NULL) return NULL;
  mark m = {.magic = MAGIC, .bytes = bytes};
  memcpy(raw, &m, sizeof m);
  /* Memory is not zero by luck. */
  memset(raw + sizeof m, 0xa5, (size_t)bytes);
  atomic_fetch_add(&plan->blocks, 1);
  atomic_fetch_add(&plan->bytes, bytes);
  return raw + sizeof m;
}

static void fault_release(void *user, void *pointer, int64_t bytes) {
  fault *plan = user;
  if (pointer == NULL) {
    atomic_fetch_add(&plan->wrong, 1);
    return;
  }
  uint8_t *raw = (uint8_t *)pointer - sizeof(mark);
  mark m;
  memcpy(&m, raw, sizeof m);
  if (m.magic != MAGIC || m.bytes != bytes) {
    atomic_fetch_add(&plan->wrong, 1);
    return;
  }
  memset(raw, 0x5a, sizeof m + (size_t)bytes);
  free(raw);
  atomic_fetch_sub(&plan->blocks, 1);
  atomic_fetch_sub(&plan->bytes, bytes);
}

ba_allocator fault_allocator(fault *plan) {
  return (ba_allocator){
      .size = (int64_t)sizeof(ba_allocator), .user = plan, .allocate = fault_allocate, .release = fault_release};
}

/* One round; returns 1 when no failure was met. */
static int32_t run_round(fault_call call, void *argument, int64_t fail_at, int32_t lasting, int64_t *allocations) {
  fault plan = {.fail_at = fail_at, .lasting = lasting};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context = NULL;
  ba_status status = ba_context_create(&allocator, &context);
  if (status == BA_OK) {
    status = call(context, argument);
    int64_t held = 0;
    ba_context_memory(context, &held, NULL);
    if (held != plan.bytes)
      fail_msg("allocation %lld failed: %lld bytes held, %lld counted", (long long)fail_at, (long long)plan.bytes,
               (long long)held);
    if (plan.failures == 0 && status != BA_OK) {
      fail_msg("undisturbed run: %s: %s", ba_status_name(status), ba_context_error_message(context));
    }
    ba_context_destroy(context);
  }
  if (plan.failures > 0 && status != BA_ERR_MEMORY) {
    fail_msg("allocation %lld failed (lasting %d): status %s", (long long)fail_at, lasting, ba_status_name(status));
  }
  if (plan.wrong || plan.blocks || plan.bytes) {
    fail_msg("allocation %lld failed (lasting %d): %lld blocks of %lld bytes left, %lld wrong releases",
             (long long)fail_at, lasting, (long long)plan.blocks, (long long)plan.bytes, (long long)plan.wrong);
  }
  *allocations = plan.allocations;
  return plan.failures == 0;
}

int64_t fault_sweep(fault_call call, void *argument) {
  int64_t allocations = 0;
  for (int32_t lasting = 0; lasting < 2; lasting++) {
    int64_t fail_at = 1;
    while (!run_round(call, argument, fail_at, lasting, &allocations)) {
      if (++fail_at > MOST_ROUNDS) fail_msg("more than %d allocations", MOST_ROUNDS);
    }
  }
  return allocations;
}
