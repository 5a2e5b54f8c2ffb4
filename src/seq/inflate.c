/* SPDX-License-Identifier: MIT
 *
 * inflate.c: gzip and bgzf to plain bytes; the only file that knows zlib. zlib checks each member's CRC and length;
 * here members follow one another until the source has truly ended.
 */
#include "seq/inflate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#define OUT_BYTES (128 * 1024)

enum { BETWEEN, INSIDE, PADDING };

struct bai_inflate {
  bai_window window;
  ba_context *context; /* of the call that is running, for the memory hooks */
  z_stream stream;
  gz_header header;
  int32_t state, started, members;
  int32_t bgzf;         /* all members so far are bgzf blocks */
  int64_t member_bytes; /* plain bytes of the member in hand, or of the last one */
  ba_status failed, memory_status;
  const char *problem;
  int64_t problem_at;
  uint8_t extra[6]; /* the start of the member's extra field: "BC", its length 2, the block's size */
  uint8_t buffer[OUT_BYTES];
};

static void *zlib_allocate(void *user, unsigned items, unsigned size) {
  bai_inflate *gz = user;
  void *block;
  ba_status status = bai_alloc(gz->context, items, size, &block);
  if (status) gz->memory_status = status;
  return block;
}

static void zlib_free(void *user, void *block) {
  bai_inflate *gz = user;
  bai_free(gz->context, block);
}

/* zlib's own word for a failure as our status. */
static ba_status memory_failure(bai_inflate *gz) {
  return gz->memory_status ? gz->memory_status : bai_fail(gz->context, BA_ERR_INTERNAL, "zlib could not be started");
}

ba_status bai_inflate_open(ba_context *context, bai_inflate **out) {
  bai_inflate *gz;
  *out = NULL;
  ba_status status = bai_alloc(context, 1, (int64_t)sizeof *gz, &gz);
  if (status) return status;
  memset(gz, 0, offsetof(bai_inflate, buffer));
  gz->context = context;
  gz->bgzf = 1;
  gz->stream.zalloc = zlib_allocate;
  gz->stream.zfree = zlib_free;
  gz->stream.opaque = gz;
  gz->window.at = gz->window.end = gz->buffer;
  if (inflateInit2(&gz->stream, 16 + MAX_WBITS) != Z_OK) {
    status = memory_failure(gz);
    bai_free(context, gz);
    return status;
  }
  gz->started = 1;
  *out = gz;
  return BA_OK;
}

void bai_inflate_close(bai_inflate *gz, ba_context *context) {
  if (gz == NULL) return;
  gz->context = context;
  if (gz->started) inflateEnd(&gz->stream);
  bai_free(context, gz);
}

bai_window *bai_inflate_window(bai_inflate *gz) {
  return &gz->window;
}

const char *bai_inflate_problem(const bai_inflate *gz, int64_t *byte) {
  *byte = gz->problem_at;
  return gz->problem;
}

int32_t bai_inflate_lacks_end(const bai_inflate *gz) {
  return gz->window.ended && gz->members > 0 && gz->bgzf && gz->member_bytes > 0;
}

static ba_status damaged(bai_inflate *gz, ba_status status, int64_t byte, const char *problem) {
  gz->failed = status;
  gz->problem = problem;
  gz->problem_at = byte;
  return status;
}

static void start_member(bai_inflate *gz) {
  inflateReset(&gz->stream);
  gz->header = (gz_header){.extra = gz->extra, .extra_max = sizeof gz->extra};
  memset(gz->extra, 0, sizeof gz->extra);
  inflateGetHeader(&gz->stream, &gz->header);
  gz->member_bytes = 0;
  gz->state = INSIDE;
}

static void end_member(bai_inflate *gz) {
  static const uint8_t mark[4] = {'B', 'C', 2, 0};
  if (memcmp(gz->extra, mark, sizeof mark) != 0) gz->bgzf = 0;
  gz->members++;
  gz->state = BETWEEN;
}

/* Between members, and in the zeros that tapes and some copiers put behind the last one. */
static ba_status look_between(bai_inflate *gz, bai_window *from) {
  if (gz->state == BETWEEN && (gz->members == 0 || *from->at == 0x1f)) {
    start_member(gz);
    return BA_OK;
  }
  gz->state = PADDING;
  while (from->at < from->end && *from->at == 0) from->at++;
  if (from->at == from->end) return BA_OK;
  return damaged(gz, BA_ERR_FORMAT, bai_window_offset(from, from->at),
                 "neither a gzip member nor the end of the file follows the last gzip member");
}

/* One call of zlib; *got is how many plain bytes it gave. */
static ba_status inflate_some(bai_inflate *gz, bai_window *from, int64_t *got) {
  z_stream *stream = &gz->stream;
  int64_t n = from->end - from->at < INT_MAX ? from->end - from->at : INT_MAX;
  stream->next_in = (z_const Bytef *)(uintptr_t)from->at;
  stream->avail_in = (uInt)n;
  stream->next_out = gz->buffer;
  stream->avail_out = OUT_BYTES;
  int code = inflate(stream, Z_NO_FLUSH);
  from->at += n - (int64_t)stream->avail_in;
  *got = OUT_BYTES - (int64_t)stream->avail_out;
  gz->member_bytes += *got;
  if (code == Z_STREAM_END) {
    end_member(gz);
  } else if (code == Z_MEM_ERROR) {
    return gz->failed = memory_failure(gz);
  } else if (code == Z_DATA_ERROR || code == Z_NEED_DICT) {
    return damaged(gz, BA_ERR_CORRUPT, bai_window_offset(from, from->at),
                   stream->msg ? stream->msg : "the gzip stream is damaged");
  } else if (code != Z_OK && code != Z_BUF_ERROR) {
    return gz->failed = bai_fail(gz->context, BA_ERR_INTERNAL, "zlib gave the unknown code %d", code);
  } else if (*got == 0 && n == 0 && from->ended) {
    return damaged(gz, BA_ERR_TRUNCATED, from->end_offset, "the input ends inside a gzip member");
  }
  return BA_OK;
}

ba_status bai_inflate_refill(bai_inflate *gz, ba_context *context, bai_source *source) {
  bai_window *from = &source->window;
  int64_t got = 0;
  gz->context = context;
  gz->window.at = gz->window.end = gz->buffer;
  if (gz->failed) return gz->failed;
  while (got == 0) {
    ba_status status = BA_OK;
    if (from->at == from->end && !from->ended) {
      status = source->refill(source, context);
      if (status) return status;
      if (from->at == from->end && !from->ended) return BA_OK;
    }
    if (gz->state == INSIDE) {
      status = inflate_some(gz, from, &got);
    } else if (from->at < from->end) {
      status = look_between(gz, from);
    } else {
      gz->window.ended = 1;
      return BA_OK;
    }
    /* Bytes before the damage are given first; the next call gives the status. */
    if (status && got == 0) return status;
  }
  gz->window.end = gz->buffer + got;
  gz->window.end_offset += got;
  return BA_OK;
}
