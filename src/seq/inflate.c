/* SPDX-License-Identifier: MIT
 *
 * inflate.c: gzip and bgzf to plain bytes; the only file that knows zlib. Each member's CRC and length are checked, and
 * members follow one another until the source has truly ended. Whole bgzf blocks, and bodies of sources that can be
 * read again, go to a faster inflater where there is one; whatever it refuses is done again by zlib.
 */
#include "seq/inflate.h"

#include <limits.h>
#include <string.h>
#include <zlib.h>

#include "seq/blocks.h"
#include "seq/inflater.h"

#define OUT_BYTES (128 * 1024)

/* BODY: inside of a member whose body goes to another inflater than zlib. */
enum { BETWEEN, INSIDE, BODY, PADDING };

struct bai_inflate {
  bai_window window;
  bai_input input;
  bai_blocks *blocks;
  const bai_body_inflater *body; /* NULL: zlib does it */
  void *body_state;
  int64_t member_at;   /* where in the input the member in hand starts */
  int64_t skip;        /* plain bytes of it that were given before zlib took over */
  int32_t by_zlib;     /* the next member is zlib's alone */
  int32_t by_stream;   /* the next member is no whole bgzf block */
  ba_context *context; /* of the call that is running, for the memory hooks */
  z_stream stream;
  gz_header header;
  int32_t state, started;
  int64_t members;
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

/* ---- which inflater ---- */

#if defined(BA_HAVE_ISAL)
#define ISAL_BODY &bai_isal_body
#define ISAL_BLOCKS &bai_isal_blocks
#else
#define ISAL_BODY NULL
#define ISAL_BLOCKS NULL
#endif
#if defined(BA_HAVE_LIBDEFLATE)
#define LIBDEFLATE_BLOCKS &bai_libdeflate_blocks
#else
#define LIBDEFLATE_BLOCKS NULL
#endif

/* NULL: the build lacks it. */
static const bai_block_inflater *choose_blocks(int32_t inflater) {
  const bai_block_inflater *isal = ISAL_BLOCKS, *libdeflate = LIBDEFLATE_BLOCKS;
  if (inflater == BAI_INFLATER_ZLIB) return &bai_zlib_blocks;
  if (inflater == BAI_INFLATER_ISAL) return isal;
  if (inflater == BAI_INFLATER_LIBDEFLATE || libdeflate) return libdeflate;
  return isal ? isal : &bai_zlib_blocks;
}

ba_status bai_inflate_check(ba_context *context, int32_t inflater) {
  if (choose_blocks(inflater)) return BA_OK;
  return bai_fail(context, BA_ERR_UNSUPPORTED, "inflater=%s: this build is without it; auto and zlib are always there",
                  inflater == BAI_INFLATER_ISAL ? "isal" : "libdeflate");
}

ba_status bai_inflate_open(ba_context *context, int32_t inflater, int32_t threads, bai_inflate **out) {
  bai_inflate *gz;
  *out = NULL;
  ba_status status = bai_inflate_check(context, inflater);
  if (status) return status;
  status = bai_alloc(context, 1, (int64_t)sizeof *gz, &gz);
  if (status) return status;
  memset(gz, 0, offsetof(bai_inflate, buffer));
  gz->context = context;
  gz->bgzf = 1;
  if (inflater == BAI_INFLATER_AUTO || inflater == BAI_INFLATER_ISAL) gz->body = ISAL_BODY;
  gz->stream.zalloc = zlib_allocate;
  gz->stream.zfree = zlib_free;
  gz->stream.opaque = gz;
  gz->window.at = gz->window.end = gz->buffer;
  status = bai_blocks_open(context, choose_blocks(inflater), threads, &gz->blocks);
  if (!status && inflateInit2(&gz->stream, 16 + MAX_WBITS) != Z_OK) status = memory_failure(gz);
  if (status) {
    bai_blocks_close(gz->blocks, context);
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
  if (gz->body_state) gz->body->close(gz->body_state, context);
  bai_blocks_close(gz->blocks, context);
  bai_input_close(&gz->input, context);
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

/* ---- members ---- */

static void start_member(bai_inflate *gz, int64_t at) {
  inflateReset(&gz->stream);
  gz->header = (gz_header){.extra = gz->extra, .extra_max = sizeof gz->extra};
  memset(gz->extra, 0, sizeof gz->extra);
  inflateGetHeader(&gz->stream, &gz->header);
  gz->member_bytes = 0;
  gz->member_at = at;
  gz->state = INSIDE;
}

/* `at`: the first byte behind the member. */
static ba_status end_member(bai_inflate *gz, int64_t at) {
  static const uint8_t mark[4] = {'B', 'C', 2, 0};
  gz->members++;
  gz->state = BETWEEN;
  gz->by_zlib = gz->by_stream = 0;
  if (memcmp(gz->extra, mark, sizeof mark) != 0) {
    gz->bgzf = 0;
  } else if (at - gz->member_at != bai_get_u16(gz->extra + 4) + 1) {
    return damaged(gz, BA_ERR_CORRUPT, at, "the bgzf block has another size than its header says");
  }
  return BA_OK;
}

/* Between members, and in the zeros that tapes and some copiers put behind the last one. */
static ba_status look_between(bai_inflate *gz, bai_window *from) {
  if (gz->state == BETWEEN && (gz->members == 0 || *from->at == 0x1f)) {
    start_member(gz, bai_window_offset(from, from->at));
    return BA_OK;
  }
  gz->state = PADDING;
  while (from->at < from->end && *from->at == 0) from->at++;
  if (from->at == from->end) return BA_OK;
  return damaged(gz, BA_ERR_FORMAT, bai_window_offset(from, from->at),
                 "neither a gzip member nor the end of the file follows the last gzip member");
}

/* Bytes that were given before zlib started the member again are not given twice. */
static void skip_given(bai_inflate *gz, int64_t *got) {
  int64_t n = gz->skip < *got ? gz->skip : *got;
  gz->skip -= n;
  *got -= n;
  if (n > 0) memmove(gz->buffer, gz->buffer + n, (size_t)*got);
}

static ba_status start_body(bai_inflate *gz) {
  if (gz->body_state == NULL) {
    ba_status status = gz->body->open(gz->context, &gz->body_state);
    if (status) return gz->failed = status;
  }
  gz->body->start(gz->body_state);
  gz->state = BODY;
  return BA_OK;
}

/* One call of zlib; *got is how many plain bytes it gave. */
static ba_status inflate_some(bai_inflate *gz, bai_window *from, int64_t *got) {
  z_stream *stream = &gz->stream;
  int64_t n = from->end - from->at < INT_MAX ? from->end - from->at : INT_MAX;
  stream->next_in = (z_const Bytef *)(uintptr_t)from->at;
  stream->avail_in = (uInt)n;
  stream->next_out = gz->buffer;
  stream->avail_out = OUT_BYTES;
  /* Behind the header zlib stops once, for another inflater to go on from there. */
  const int32_t hand_over = gz->body && !gz->by_zlib && !gz->header.done;
  int code = inflate(stream, hand_over ? Z_BLOCK : Z_NO_FLUSH);
  from->at += n - (int64_t)stream->avail_in;
  const int64_t inflated = OUT_BYTES - (int64_t)stream->avail_out;
  gz->member_bytes += inflated;
  *got = inflated;
  if (gz->skip > 0) skip_given(gz, got);
  if (hand_over && code == Z_OK && gz->header.done == 1) return start_body(gz);
  if (code == Z_STREAM_END) {
    return end_member(gz, bai_window_offset(from, from->at));
  } else if (code == Z_MEM_ERROR) {
    return gz->failed = memory_failure(gz);
  } else if (code == Z_DATA_ERROR || code == Z_NEED_DICT) {
    return damaged(gz, BA_ERR_CORRUPT, bai_window_offset(from, from->at),
                   stream->msg ? stream->msg : "the gzip stream is damaged");
  } else if (code != Z_OK && code != Z_BUF_ERROR) {
    return gz->failed = bai_fail(gz->context, BA_ERR_INTERNAL, "zlib gave the unknown code %d", code);
  } else if (inflated == 0 && n == 0 && from->ended) {
    return damaged(gz, BA_ERR_TRUNCATED, from->end_offset, "the input ends inside a gzip member");
  }
  return BA_OK;
}

/* One call of the other inflater. What it cannot take, zlib takes from the start of the member. */
static ba_status inflate_body(bai_inflate *gz, bai_source *source, bai_window *from, int64_t *got) {
  const int64_t n = from->end - from->at;
  const uint8_t *start = from->at;
  bai_body_status found = gz->body->inflate(gz->body_state, &from->at, from->end, gz->buffer, OUT_BYTES, got);
  const int32_t stuck = found == BAI_BODY_GOES_ON && *got == 0 && from->at == start && (n > 0 || from->ended);
  if (found == BAI_BODY_DAMAGED || stuck) {
    *got = 0;
    bai_input_clear(&gz->input);
    ba_status status = source->rewind(source, gz->context, gz->member_at);
    if (status) return gz->failed = status;
    gz->skip = gz->member_bytes;
    gz->by_zlib = gz->by_stream = 1;
    gz->state = BETWEEN;
    return BA_OK;
  }
  gz->member_bytes += *got;
  return found == BAI_BODY_ENDED ? end_member(gz, bai_window_offset(from, from->at)) : BA_OK;
}

/* Whole bgzf blocks, if such come next; *waiting: more has to be fed to tell. */
static ba_status inflate_blocks(bai_inflate *gz, bai_source *source, int64_t *got, int32_t *waiting) {
  int64_t blocks = 0, last = 0;
  ba_status status = bai_blocks_take(gz->blocks, gz->context, &gz->input, source, &blocks, waiting);
  if (status || *waiting) return status;
  if (blocks == 0) {
    gz->by_stream = 1;
    return BA_OK;
  }
  gz->members += blocks;
  const uint8_t *plain = bai_blocks_plain(gz->blocks, got, &last);
  if (*got > 0) gz->window.at = plain;
  gz->member_bytes = last;
  return BA_OK;
}

static ba_status inflate_next(bai_inflate *gz, bai_source *source, int64_t *got, int32_t *waiting) {
  bai_window *from = bai_input_window(&gz->input, source);
  if (gz->state == BODY) return inflate_body(gz, source, from, got);
  if (gz->state == INSIDE) return inflate_some(gz, from, got);
  if (from->at == from->end) {
    gz->window.ended = 1;
    return BA_OK;
  }
  if (gz->state == BETWEEN && *from->at == 0x1f && !gz->by_stream) return inflate_blocks(gz, source, got, waiting);
  return look_between(gz, from);
}

ba_status bai_inflate_refill(bai_inflate *gz, ba_context *context, bai_source *source) {
  int64_t got = 0;
  gz->context = context;
  gz->window.at = gz->window.end = gz->buffer;
  if (gz->failed) return gz->failed;
  if (source->rewind == NULL) gz->body = NULL; /* zlib could not have the last word */
  while (got == 0 && !gz->window.ended) {
    int32_t waiting = 0;
    bai_window *from = bai_input_window(&gz->input, source);
    ba_status status = bai_check_cancel(context);
    if (!status && from->at == from->end && !from->ended) {
      status = source->refill(source, context);
      if (!status && from->at == from->end && !from->ended) return BA_OK;
    }
    if (!status) status = inflate_next(gz, source, &got, &waiting);
    /* Bytes before the damage are given first; the next call gives the status. */
    if ((status && got == 0) || waiting) return status;
  }
  gz->window.end = gz->window.at + got;
  gz->window.end_offset += got;
  return BA_OK;
}

/* ---- bgzf blocks by zlib ---- */

typedef struct zlib_blocks {
  z_stream stream;
  ba_context *context; /* NULL while memory may not be taken */
} zlib_blocks;

static void *blocks_allocate(void *user, unsigned items, unsigned size) {
  zlib_blocks *blocks = user;
  void *memory = NULL;
  if (blocks->context && bai_alloc(blocks->context, items, size, &memory)) return NULL;
  return memory;
}

static void blocks_free(void *user, void *memory) {
  zlib_blocks *blocks = user;
  bai_free(blocks->context, memory);
}

static ba_status zlib_blocks_open(ba_context *context, void **state) {
  zlib_blocks *blocks;
  *state = NULL;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *blocks, &blocks);
  if (status) return status;
  blocks->context = context;
  blocks->stream.zalloc = blocks_allocate;
  blocks->stream.zfree = blocks_free;
  blocks->stream.opaque = blocks;
  if (inflateInit2(&blocks->stream, 16 + MAX_WBITS) != Z_OK) {
    status = context->error ? context->error : bai_fail(context, BA_ERR_INTERNAL, "zlib could not be started");
    bai_free(context, blocks);
    return status;
  }
  blocks->context = NULL;
  *state = blocks;
  return BA_OK;
}

static int32_t zlib_blocks_inflate(void *state, const uint8_t *block, int64_t size, uint8_t *plain,
                                   int64_t plain_size) {
  z_stream *stream = &((zlib_blocks *)state)->stream;
  inflateReset(stream);
  stream->next_in = (z_const Bytef *)(uintptr_t)block;
  stream->avail_in = (uInt)size;
  stream->next_out = plain;
  stream->avail_out = (uInt)plain_size;
  return inflate(stream, Z_FINISH) == Z_STREAM_END && stream->avail_in == 0 && stream->avail_out == 0;
}

static void zlib_blocks_close(void *state, ba_context *context) {
  zlib_blocks *blocks = state;
  blocks->context = context;
  inflateEnd(&blocks->stream);
  bai_free(context, blocks);
}

const bai_block_inflater bai_zlib_blocks = {zlib_blocks_open, zlib_blocks_inflate, zlib_blocks_close};
