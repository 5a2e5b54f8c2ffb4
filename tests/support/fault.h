/* SPDX-License-Identifier: MIT
 *
 * fault.h: an allocator that counts, fails by plan, and notices leaks and releases of the wrong size.
 */
#ifndef TEST_FAULT_H
#define TEST_FAULT_H

#include <stdatomic.h>
#include <stdint.h>

#include "bioanalytics/base.h"

typedef struct fault {
  /* The plan: the fail_at-th allocation fails (from 1; 0: none), and with `lasting` all that follow it too. */
  int64_t fail_at;
  int32_t lasting;
  /* What happened. */
  _Atomic int64_t allocations; /* asked for, failed ones too */
  _Atomic int64_t failures;
  _Atomic int64_t blocks, bytes; /* held now */
  _Atomic int64_t wrong;         /* releases of something else, or with another size */
} fault;

/* An allocator over `plan`, which must outlive it. */
ba_allocator fault_allocator(fault *plan);

/* What a sweep runs: the whole life of what it makes, up to destroying it. Only statuses are asked of it. */
typedef ba_status (*fault_call)(ba_context *context, void *argument);

/* Runs the call in a fresh context with the n-th allocation failing, n = 1, 2, ..., once only that one and once all
 * from there on, until it passes without a failure. Every run that met a failure must return BA_ERR_MEMORY, and every
 * run must give everything back. Returns the number of allocations of the undisturbed run. */
int64_t fault_sweep(fault_call call, void *argument);

#endif
