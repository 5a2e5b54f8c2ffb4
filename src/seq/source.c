/* SPDX-License-Identifier: MIT
 *
 * source.c: bytes from a descriptor, from memory, or fed by the caller.
 */
#include "seq/source.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Small beside the second-level cache, and large beside what a call of the system costs; a window is also how often a
 * cancel is looked for. */
#define READ_BYTES (256 * 1024)
#define MEMORY_BYTES (256 * 1024)

/* ---- a descriptor ---- */

typedef struct descriptor_source {
  bai_source base;
  int32_t descriptor, keep;
  int64_t start; /* where the descriptor stood when it was given */
  uint8_t *map;  /* `mapped` bytes of the file, or NULL */
  int64_t mapped;
  uint8_t buffer[READ_BYTES];
} descriptor_source;

static ba_status descriptor_refill(bai_source *base, ba_context *context) {
  descriptor_source *source = (descriptor_source *)base;
  int64_t got = 0;
  ba_status status = bai_file_read(context, source->descriptor, source->buffer, READ_BYTES, &got);
  if (status) return status;
  base->window.at = source->buffer;
  base->window.end = source->buffer + got;
  base->window.end_offset += got;
  base->window.ended = got < READ_BYTES;
  return BA_OK;
}

static void descriptor_close(bai_source *base, ba_context *context) {
  descriptor_source *source = (descriptor_source *)base;
  if (source->map) munmap(source->map, (size_t)source->mapped);
  if (!source->keep) bai_file_close(source->descriptor);
  bai_free(context, source);
}

static ba_status descriptor_rewind(bai_source *base, ba_context *context, int64_t offset) {
  descriptor_source *source = (descriptor_source *)base;
  if (lseek(source->descriptor, (off_t)(source->start + offset), SEEK_SET) < 0) {
    return bai_fail(context, BA_ERR_IO, "the file cannot be read again from byte %lld", (long long)offset);
  }
  base->window = (bai_window){.at = source->buffer, .end = source->buffer, .end_offset = offset};
  return BA_OK;
}

ba_status bai_source_open_descriptor(ba_context *context, int32_t descriptor, int32_t keep, bai_source **out) {
  descriptor_source *source;
  struct stat facts;
  *out = NULL;
  ba_status status = bai_alloc(context, 1, (int64_t)sizeof *source, &source);
  if (status) return status;
  source->base = (bai_source){.refill = descriptor_refill, .close = descriptor_close};
  source->base.window.at = source->base.window.end = source->buffer;
  source->descriptor = descriptor;
  source->keep = keep;
  source->map = NULL;
  source->start = -1;
  if (fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode)) {
    source->base.total = (int64_t)facts.st_size;
    source->start = (int64_t)lseek(descriptor, 0, SEEK_CUR);
  }
  if (source->start >= 0) source->base.rewind = descriptor_rewind;
  *out = &source->base;
  return BA_OK;
}

static ba_status mapped_refill(bai_source *base, ba_context *context) {
  const descriptor_source *source = (const descriptor_source *)base;
  bai_window *window = &base->window;
  (void)context;
  const int64_t at = source->start + window->end_offset, left = source->mapped - at;
  const int64_t n = left < MEMORY_BYTES ? left : MEMORY_BYTES;
  window->at = source->map + at;
  window->end = window->at + n;
  window->end_offset += n;
  window->ended = n == left;
  return BA_OK;
}

ba_status bai_source_map(ba_context *context, bai_source *base) {
  descriptor_source *source = (descriptor_source *)base;
  if (base->refill != descriptor_refill || source->start < 0) {
    return bai_fail(context, BA_ERR_UNSUPPORTED,
                    "mmap=yes: the input is no plain file, so it cannot be mapped; expected mmap=no");
  }
  if (base->total <= source->start) return BA_OK; /* nothing to map */
  void *map = mmap(NULL, (size_t)base->total, PROT_READ, MAP_PRIVATE, source->descriptor, 0);
  if (map == MAP_FAILED) {
    return bai_fail(context, BA_ERR_IO, "mmap=yes: the system cannot map these %lld bytes; expected mmap=no",
                    (long long)base->total);
  }
  (void)madvise(map, (size_t)base->total, MADV_SEQUENTIAL);
  source->map = map;
  source->mapped = base->total;
  base->refill = mapped_refill;
  return BA_OK;
}

int32_t bai_source_descriptor(const bai_source *source) {
  return source->close == descriptor_close ? ((const descriptor_source *)source)->descriptor : -1;
}

/* ---- memory ---- */

typedef struct memory_source {
  bai_source base;
  const uint8_t *data, *end;
} memory_source;

static ba_status memory_refill(bai_source *base, ba_context *context) {
  memory_source *source = (memory_source *)base;
  bai_window *window = &base->window;
  (void)context;
  int64_t left = source->end - window->end, n = left < MEMORY_BYTES ? left : MEMORY_BYTES;
  window->end += n;
  window->end_offset += n;
  window->ended = window->end == source->end;
  return BA_OK;
}

static ba_status memory_rewind(bai_source *base, ba_context *context, int64_t offset) {
  memory_source *source = (memory_source *)base;
  (void)context;
  base->window = (bai_window){.at = source->data + offset, .end = source->data + offset, .end_offset = offset};
  return BA_OK;
}

static void plain_close(bai_source *base, ba_context *context) {
  bai_free(context, base);
}

ba_status bai_source_open_memory(ba_context *context, const uint8_t *data, int64_t length, bai_source **out) {
  static const uint8_t nothing[1] = {0};
  memory_source *source;
  *out = NULL;
  ba_status status = bai_alloc(context, 1, (int64_t)sizeof *source, &source);
  if (status) return status;
  source->base = (bai_source){.refill = memory_refill, .close = plain_close, .total = length, .rewind = memory_rewind};
  source->base.window.at = source->base.window.end = source->data = data ? data : nothing;
  source->end = source->data + length;
  *out = &source->base;
  return BA_OK;
}

/* ---- fed by the caller ---- */

typedef struct push_source {
  bai_source base;
  bai_vector fed;
} push_source;

static ba_status push_refill(bai_source *base, ba_context *context) {
  (void)base;
  (void)context;
  return BA_OK; /* feeding fills the window, finishing ends it */
}

static void push_close(bai_source *base, ba_context *context) {
  push_source *source = (push_source *)base;
  bai_vector_free(context, &source->fed);
  bai_free(context, source);
}

ba_status bai_source_open_push(ba_context *context, bai_source **out) {
  push_source *source;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *source, &source);
  if (status) return status;
  source->base.refill = push_refill;
  source->base.close = push_close;
  *out = &source->base;
  return BA_OK;
}

ba_status bai_source_feed(ba_context *context, bai_source *base, const uint8_t *data, int64_t length) {
  push_source *source = (push_source *)base;
  bai_window *window = &base->window;
  if (length == 0) return BA_OK;
  int64_t used = window->at - (const uint8_t *)source->fed.data, left = window->end - window->at;
  if (source->fed.data == NULL) used = 0;
  /* The front is reused once more than half of the bytes are taken, so that each byte moves at most once. */
  if (used > 0 && left <= used) {
    memmove(source->fed.data, window->at, (size_t)left);
    source->fed.count = left;
    used = 0;
    window->at = (const uint8_t *)source->fed.data;
    window->end = window->at + left;
  }
  ba_status status = bai_vector_append(context, &source->fed, data, length, 1);
  if (status) return status;
  window->at = (const uint8_t *)source->fed.data + used;
  window->end = (const uint8_t *)source->fed.data + source->fed.count;
  window->end_offset += length;
  return BA_OK;
}

void bai_source_finish(bai_source *source) {
  source->window.ended = 1;
}
