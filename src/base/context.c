/* SPDX-License-Identifier: MIT
 *
 * context.c: the life of a context, who is inside it, and its settings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define MOST_THREADS 256

static void *system_allocate(void *user, int64_t bytes) {
  (void)user;
  return malloc((size_t)bytes);
}

static void system_release(void *user, void *pointer, int64_t bytes) {
  (void)user;
  (void)bytes;
  free(pointer);
}

static void clear_error(ba_context *context) {
  context->error = BA_OK;
  context->error_record = -1;
  context->error_byte = -1;
  context->message[0] = 0;
}

ba_status ba_context_create(const ba_allocator *allocator, ba_context **out) {
  const ba_allocator system = {
      .size = (int64_t)sizeof(ba_allocator), .allocate = system_allocate, .release = system_release};
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  if (allocator == NULL) allocator = &system;
  if (allocator->size < (int64_t)sizeof(ba_allocator) || !allocator->allocate || !allocator->release) {
    return BA_ERR_ARGUMENT;
  }
  int64_t bytes = (int64_t)sizeof(ba_context);
  ba_context *context = allocator->allocate(allocator->user, bytes);
  if (context == NULL) return BA_ERR_MEMORY;
  memset(context, 0, sizeof *context);
  context->allocator = *allocator;
  context->threads = 1;
  atomic_init(&context->references, 1);
  atomic_init(&context->memory_used, bytes);
  atomic_init(&context->memory_peak, bytes);
  clear_error(context);
  *out = context;
  return BA_OK;
}

void ba_context_destroy(ba_context *context) {
  bai_context_release(context);
}

ba_context *bai_context_retain(ba_context *context) {
  atomic_fetch_add_explicit(&context->references, 1, memory_order_relaxed);
  return context;
}

void bai_context_release(ba_context *context) {
  if (context == NULL || atomic_fetch_sub(&context->references, 1) != 1) return;
  ba_allocator allocator = context->allocator;
  allocator.release(allocator.user, context, (int64_t)sizeof *context);
}

ba_status bai_enter(ba_context *context) {
  if (context == NULL) return BA_ERR_ARGUMENT;
  if (atomic_exchange_explicit(&context->busy, 1, memory_order_acquire)) return BA_ERR_BUSY;
  clear_error(context);
  return BA_OK;
}

ba_status bai_leave(ba_context *context, ba_status status) {
  atomic_store_explicit(&context->busy, 0, memory_order_release);
  return status;
}

ba_status bai_check_cancel(ba_context *context) {
  if (!bai_is_cancelled(context)) return BA_OK;
  return bai_fail(context, BA_ERR_CANCELLED, "cancelled; ba_context_reset makes the context usable again");
}

void bai_progress(ba_context *context, int64_t done, int64_t total) {
  atomic_store_explicit(&context->progress_done, done, memory_order_relaxed);
  atomic_store_explicit(&context->progress_total, total, memory_order_relaxed);
}

void bai_log(ba_context *context, int32_t level, const char *format, ...) {
  if (context->log == NULL) return;
  char line[sizeof context->message];
  va_list list;
  va_start(list, format);
  bai_format_safe_list(line, (int64_t)sizeof line, format, list);
  va_end(list);
  context->log(context->log_user, level, line);
}

ba_status ba_context_set_threads(ba_context *context, int32_t threads) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (threads < 1 || threads > MOST_THREADS) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "threads is %d; accepted: 1 to %d", threads, MOST_THREADS);
  } else {
    context->threads = threads;
  }
  return bai_leave(context, status);
}

ba_status ba_context_set_memory_limit(ba_context *context, int64_t bytes) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (bytes < 0) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "the memory limit is %lld bytes; accepted: 0 (none) or more",
                      (long long)bytes);
  } else {
    atomic_store(&context->memory_limit, bytes);
  }
  return bai_leave(context, status);
}

ba_status ba_context_set_log(ba_context *context, ba_log_function log, void *user) {
  ba_status status = bai_enter(context);
  if (status) return status;
  context->log = log;
  context->log_user = user;
  return bai_leave(context, status);
}

void ba_context_memory(const ba_context *context, int64_t *current, int64_t *peak) {
  if (current) *current = context ? atomic_load(&context->memory_used) : 0;
  if (peak) *peak = context ? atomic_load(&context->memory_peak) : 0;
}

void ba_context_progress(const ba_context *context, int64_t *done, int64_t *total) {
  if (done) *done = context ? atomic_load(&context->progress_done) : 0;
  if (total) *total = context ? atomic_load(&context->progress_total) : 0;
}

void ba_context_cancel(ba_context *context) {
  if (context) atomic_store(&context->cancelled, 1);
}

ba_status ba_context_reset(ba_context *context) {
  ba_status status = bai_enter(context);
  if (status) return status;
  atomic_store(&context->cancelled, 0);
  bai_progress(context, 0, 0);
  return bai_leave(context, BA_OK);
}

ba_status ba_context_error_code(const ba_context *context) {
  return context ? context->error : BA_ERR_ARGUMENT;
}

const char *ba_context_error_message(const ba_context *context) {
  if (context == NULL) return "the context is NULL";
  /* An error without words of its own still says what its status means. */
  return context->error && !context->message[0] ? ba_status_text(context->error) : context->message;
}

void ba_context_error_position(const ba_context *context, int64_t *record, int64_t *byte) {
  if (record) *record = context ? context->error_record : -1;
  if (byte) *byte = context ? context->error_byte : -1;
}
