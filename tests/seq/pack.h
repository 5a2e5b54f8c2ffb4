/* SPDX-License-Identifier: MIT
 *
 * pack.h: gzip members and bgzf blocks, made with zlib.
 */
#ifndef TEST_SEQ_PACK_H
#define TEST_SEQ_PACK_H

#include <zlib.h>

#include "reading.h"

typedef struct packed {
  uint8_t *data;
  int64_t length;
} packed;

static inline void pack_bytes(packed *p, const void *bytes, int64_t n) {
  p->data = realloc(p->data, (size_t)(p->length + n + 1));
  assert_non_null(p->data);
  memcpy(p->data + p->length, bytes, (size_t)n);
  p->length += n;
}

/* Appends one gzip member; `header` may be NULL. */
static inline void pack_member(packed *p, const char *text, int64_t n, int level, gz_header *header) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
  if (header) assert_int_equal(deflateSetHeader(&z, header), Z_OK);
  uLong most = deflateBound(&z, (uLong)n) + 1024;
  uint8_t *out = malloc(most);
  assert_non_null(out);
  z.next_in = (z_const Bytef *)(uintptr_t)text;
  z.avail_in = (uInt)n;
  z.next_out = out;
  z.avail_out = (uInt)most;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  pack_bytes(p, out, (int64_t)z.total_out);
  deflateEnd(&z);
  free(out);
}

/* Appends one bgzf block: a gzip member whose extra field holds its own size less one. */
static inline void pack_block(packed *p, const char *text, int64_t n) {
  uint8_t extra[6] = {'B', 'C', 2, 0, 0, 0};
  gz_header header = {.extra = extra, .extra_len = 6, .os = 255};
  int64_t start = p->length;
  pack_member(p, text, n, 6, &header);
  int64_t size = p->length - start - 1;
  p->data[start + 16] = (uint8_t)(size & 0xff);
  p->data[start + 17] = (uint8_t)(size >> 8);
}

#endif
