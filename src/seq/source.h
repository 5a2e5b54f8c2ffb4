/* SPDX-License-Identifier: MIT
 *
 * source.h: where bytes come from. A source shows a window on its bytes; whoever takes bytes moves `at`. Tests put
 * their own refill in to make reads fail by plan.
 */
#ifndef BAI_SEQ_SOURCE_H
#define BAI_SEQ_SOURCE_H

#include "base/base.h"

typedef struct bai_window {
  const uint8_t *at, *end;
  int64_t end_offset; /* bytes of input up to `end` */
  int32_t ended;      /* nothing comes after `end` */
} bai_window;

/* The offset in the input of a byte of the window. */
static inline int64_t bai_window_offset(const bai_window *window, const uint8_t *byte) {
  return window->end_offset - (window->end - byte);
}

typedef struct bai_source bai_source;
struct bai_source {
  bai_window window;
  int64_t total; /* bytes in all, 0 when unknown */
  /* Called with an empty window. Sets a new one, or `ended`, or neither: nothing has been fed yet. */
  ba_status (*refill)(bai_source *source, ba_context *context);
  void (*close)(bai_source *source, ba_context *context);
  /* Goes back to an offset, with an empty window there. NULL when the bytes that were taken are gone. */
  ba_status (*rewind)(bai_source *source, ba_context *context, int64_t offset);
};

/* Takes over the descriptor; `keep` leaves it open at close (standard input). */
ba_status bai_source_open_descriptor(ba_context *context, int32_t descriptor, int32_t keep, bai_source **out);
/* Maps the file of a source over a descriptor, of which nothing has been read; BA_ERR_UNSUPPORTED for any other. */
ba_status bai_source_map(ba_context *context, bai_source *source);
ba_status bai_source_open_memory(ba_context *context, const uint8_t *data, int64_t length, bai_source **out);
ba_status bai_source_open_push(ba_context *context, bai_source **out);
/* Adds a copy of the bytes to a push source. */
ba_status bai_source_feed(ba_context *context, bai_source *source, const uint8_t *data, int64_t length);
void bai_source_finish(bai_source *source);
/* The descriptor of a source over one, else -1. */
int32_t bai_source_descriptor(const bai_source *source);

#endif
