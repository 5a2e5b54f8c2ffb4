/* SPDX-License-Identifier: MIT
 *
 * memory.c: counted, 64-byte aligned allocation for one context, and the growable vector on top of it.
 */
#include <string.h>

#include "base/base.h"

#define ALIGNMENT 64

/* Stands right before the pointer that the caller sees. */
typedef struct block_header {
  void *raw;     /* what the allocator gave */
  int64_t total; /* how many bytes it was asked for */
} block_header;

#define OVERHEAD (ALIGNMENT + (int64_t)sizeof(block_header))

static void raise_peak(ba_context *context, int64_t used) {
  int64_t peak = atomic_load_explicit(&context->memory_peak, memory_order_relaxed);
  while (used > peak && !atomic_compare_exchange_weak(&context->memory_peak, &peak, used)) {
  }
}

ba_status bai_alloc(ba_context *context, int64_t count, int64_t size, void *out) {
  int64_t bytes = 0, total = 0;
  void *none = NULL;
  memcpy(out, &none, sizeof none);
  if (count < 0 || size < 0) {
    return bai_fail(context, BA_ERR_INTERNAL, "a block of %lld items of %lld bytes was asked for", (long long)count,
                    (long long)size);
  }
  if (__builtin_mul_overflow(count, size, &bytes) || __builtin_add_overflow(bytes, OVERHEAD, &total)) {
    return bai_fail(context, BA_ERR_MEMORY, "%lld items of %lld bytes are more than any machine can address",
                    (long long)count, (long long)size);
  }
  int64_t limit = atomic_load_explicit(&context->memory_limit, memory_order_relaxed);
  int64_t held = atomic_load_explicit(&context->memory_used, memory_order_relaxed);
  if (limit > 0 && total > limit - held) {
    return bai_fail(context, BA_ERR_LIMIT, "memory limit: %lld bytes asked for, %lld held, %lld allowed",
                    (long long)total, (long long)held, (long long)limit);
  }
  uint8_t *raw = context->allocator.allocate(context->allocator.user, total);
  if (raw == NULL) {
    return bai_fail(context, BA_ERR_MEMORY, "the allocator refused %lld bytes; %lld are held", (long long)total,
                    (long long)held);
  }
  raise_peak(context, atomic_fetch_add(&context->memory_used, total) + total);
  uintptr_t past = (uintptr_t)(raw + sizeof(block_header)) % ALIGNMENT;
  uint8_t *data = raw + sizeof(block_header) + (past ? ALIGNMENT - past : 0);
  block_header header = {.raw = raw, .total = total};
  memcpy(data - sizeof header, &header, sizeof header);
  memcpy(out, &data, sizeof data);
  return BA_OK;
}

ba_status bai_alloc_zero(ba_context *context, int64_t count, int64_t size, void *out) {
  ba_status status = bai_alloc(context, count, size, out);
  if (status) return status;
  void *data;
  memcpy(&data, out, sizeof data);
  memset(data, 0, (size_t)(count * size));
  return BA_OK;
}

void bai_free(ba_context *context, void *pointer) {
  if (pointer == NULL) return;
  block_header header;
  memcpy(&header, (uint8_t *)pointer - sizeof header, sizeof header);
  context->allocator.release(context->allocator.user, header.raw, header.total);
  atomic_fetch_sub(&context->memory_used, header.total);
}

ba_status bai_vector_reserve(ba_context *context, bai_vector *vector, int64_t extra, int64_t size) {
  int64_t need = 0;
  if (extra < 0 || __builtin_add_overflow(vector->count, extra, &need)) {
    return bai_fail(context, BA_ERR_MEMORY, "%lld items and %lld more are too many to count", (long long)vector->count,
                    (long long)extra);
  }
  if (need <= vector->capacity && vector->data != NULL) return BA_OK;
  int64_t grown = vector->capacity + vector->capacity / 2;
  int64_t capacity = need > grown ? need : grown;
  if (capacity < 8) capacity = 8;
  void *data;
  ba_status status = bai_alloc(context, capacity, size, &data);
  if (status) return status;
  if (vector->count > 0) memcpy(data, vector->data, (size_t)(vector->count * size));
  bai_free(context, vector->data);
  vector->data = data;
  vector->capacity = capacity;
  return BA_OK;
}

ba_status bai_vector_append(ba_context *context, bai_vector *vector, const void *source, int64_t items, int64_t size) {
  ba_status status = bai_vector_reserve(context, vector, items, size);
  if (status) return status;
  if (items > 0) memcpy((uint8_t *)vector->data + vector->count * size, source, (size_t)(items * size));
  vector->count += items;
  return BA_OK;
}

void bai_vector_free(ba_context *context, bai_vector *vector) {
  bai_free(context, vector->data);
  *vector = (bai_vector){0};
}
