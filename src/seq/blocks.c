/* SPDX-License-Identifier: MIT
 *
 * blocks.c: whole bgzf blocks, several at once. Their sizes are known before they are inflated, so each has its own
 * place in one buffer and threads need not wait for one another. Nothing here words an error: a block that is not good
 * is left to the stream inflater.
 */
#include "seq/blocks.h"

#include <string.h>

#define HEAD_BYTES 18
#define LEAST_BLOCK 28
#define MOST_PLAIN 65536   /* of one block, by the format */
#define MOST_BLOCKS 512    /* at once: 32 MiB of plain bytes */
#define BLOCKS_A_THREAD 16 /* at once, so that starting the threads does not count */
#define CARRY_BYTES (256 * 1024)

/* ---- compressed bytes side by side ---- */

static ba_status carry(bai_input *input, ba_context *context, bai_window *from, int64_t n) {
  bai_vector *bytes = &input->bytes;
  bai_window *carried = &input->carried;
  const int64_t left = carried->end - carried->at;
  if (left > 0 && carried->at != (const uint8_t *)bytes->data) memmove(bytes->data, carried->at, (size_t)left);
  bytes->count = left;
  carried->at = (const uint8_t *)bytes->data;
  carried->end = left > 0 ? carried->at + left : carried->at; /* nothing is there before the first bytes */
  ba_status status = bai_vector_append(context, bytes, from->at, n, 1);
  if (status) return status;
  from->at += n;
  carried->at = (const uint8_t *)bytes->data;
  carried->end = carried->at + bytes->count;
  carried->end_offset = bai_window_offset(from, from->at);
  return BA_OK;
}

ba_status bai_input_gather(bai_input *input, ba_context *context, bai_source *source, int64_t n) {
  bai_window *from = &source->window;
  for (;;) {
    const bai_window *now = bai_input_window(input, source);
    const int64_t lacking = n - (now->end - now->at), there = from->end - from->at;
    ba_status status = BA_OK;
    if (lacking <= 0) return BA_OK;
    if (there > 0) {
      const int64_t wanted = lacking < CARRY_BYTES ? CARRY_BYTES : lacking;
      status = carry(input, context, from, wanted < there ? wanted : there);
    } else if (from->ended) {
      return BA_OK;
    } else {
      status = source->refill(source, context);
      if (!status && from->at == from->end && !from->ended) return BA_OK;
    }
    if (status) return status;
  }
}

void bai_input_clear(bai_input *input) {
  input->carried.at = input->carried.end;
}

void bai_input_close(bai_input *input, ba_context *context) {
  bai_vector_free(context, &input->bytes);
}

/* ---- blocks ---- */

typedef struct block {
  int64_t at, size;        /* in the input's window */
  int64_t plain_at, plain; /* in the buffer */
  int32_t good;
} block;

struct bai_blocks {
  const bai_block_inflater *inflater;
  int32_t threads, opened; /* opened: how many states there are */
  void **states;           /* one a thread */
  const uint8_t *compressed;
  bai_vector plain;
  int64_t given, last;
  int64_t count;
  block block[MOST_BLOCKS];
};

ba_status bai_blocks_open(ba_context *context, const bai_block_inflater *inflater, int32_t threads, bai_blocks **out) {
  bai_blocks *blocks;
  *out = NULL;
  ba_status status = bai_alloc(context, 1, (int64_t)sizeof *blocks, &blocks);
  if (status) return status;
  memset(blocks, 0, offsetof(bai_blocks, block));
  blocks->inflater = inflater;
  blocks->threads = threads;
  status = bai_alloc_zero(context, threads, (int64_t)sizeof *blocks->states, &blocks->states);
  if (status) {
    bai_free(context, blocks);
    return status;
  }
  *out = blocks;
  return BA_OK;
}

void bai_blocks_close(bai_blocks *blocks, ba_context *context) {
  if (blocks == NULL) return;
  for (int32_t i = 0; i < blocks->opened; i++) blocks->inflater->close(blocks->states[i], context);
  bai_free(context, blocks->states);
  bai_vector_free(context, &blocks->plain);
  bai_free(context, blocks);
}

/* The size of a block by its header, in the one form that bgzf has; 0 if it is not one. */
static int64_t declared_size(const uint8_t *head) {
  static const uint8_t magic[4] = {0x1f, 0x8b, 8, 4}, extra[6] = {6, 0, 'B', 'C', 2, 0};
  if (memcmp(head, magic, sizeof magic) != 0 || memcmp(head + 10, extra, sizeof extra) != 0) return 0;
  const int64_t size = (int64_t)bai_get_u16(head + 16) + 1;
  return size >= LEAST_BLOCK ? size : 0;
}

/* Lists the whole blocks that come next. One thread stays within the window, so that bytes are rarely copied. */
static ba_status list_blocks(bai_blocks *blocks, ba_context *context, bai_input *input, bai_source *source,
                             int32_t *waiting) {
  const int64_t wanted = blocks->threads == 1 ? 2 : (int64_t)blocks->threads * BLOCKS_A_THREAD;
  const int64_t most = wanted < MOST_BLOCKS ? wanted : MOST_BLOCKS;
  int64_t at = 0, plain = 0, need = HEAD_BYTES, count = 0;
  *waiting = 0;
  blocks->count = 0;
  while (count < most) {
    if (count == 0 || blocks->threads > 1) {
      ba_status status = bai_input_gather(input, context, source, at + need);
      if (status) return status;
    }
    const bai_window *from = bai_input_window(input, source);
    if (from->end - from->at < at + need) {
      *waiting = count == 0 && !source->window.ended;
      break;
    }
    const int64_t size = declared_size(from->at + at);
    if (size == 0) break;
    if (need < size) {
      need = size;
      continue;
    }
    const int64_t gives = bai_get_u32(from->at + at + size - 4);
    if (gives > MOST_PLAIN) break;
    blocks->block[count++] = (block){.at = at, .size = size, .plain_at = plain, .plain = gives};
    at += size;
    plain += gives;
    need = HEAD_BYTES;
  }
  blocks->compressed = bai_input_window(input, source)->at;
  blocks->count = count;
  return bai_vector_reserve(context, &blocks->plain, plain > 0 ? plain : 1, 1);
}

static ba_status inflate_one(void *argument, int32_t worker, int64_t index) {
  bai_blocks *blocks = argument;
  block *b = &blocks->block[index];
  b->good = blocks->inflater->inflate(blocks->states[worker], blocks->compressed + b->at, b->size,
                                      (uint8_t *)blocks->plain.data + b->plain_at, b->plain);
  return b->good ? BA_OK : BA_ERR_CORRUPT;
}

static ba_status inflate_all(bai_blocks *blocks, ba_context *context) {
  const int32_t threads = context->threads;
  ba_status status = BA_OK;
  context->threads = blocks->threads; /* of the reader, for these blocks */
  const int32_t workers = bai_workers(context, blocks->count);
  while (!status && blocks->opened < workers) {
    status = blocks->inflater->open(context, &blocks->states[blocks->opened]);
    if (!status) blocks->opened++;
  }
  if (!status) status = bai_parallel(context, blocks->count, inflate_one, blocks);
  context->threads = threads;
  return status == BA_ERR_CORRUPT ? BA_OK : status;
}

ba_status bai_blocks_take(bai_blocks *blocks, ba_context *context, bai_input *input, bai_source *source, int64_t *taken,
                          int32_t *waiting) {
  *taken = blocks->given = blocks->last = 0;
  ba_status status = list_blocks(blocks, context, input, source, waiting);
  if (!status && blocks->count > 0) status = inflate_all(blocks, context);
  if (status) return status;
  while (*taken < blocks->count && blocks->block[*taken].good) {
    const block *b = &blocks->block[(*taken)++];
    blocks->given = b->plain_at + b->plain;
    blocks->last = b->plain;
  }
  if (*taken > 0) {
    const block *b = &blocks->block[*taken - 1];
    bai_input_window(input, source)->at += b->at + b->size;
  }
  return BA_OK;
}

const uint8_t *bai_blocks_plain(const bai_blocks *blocks, int64_t *n, int64_t *last) {
  *n = blocks->given;
  *last = blocks->last;
  return (const uint8_t *)blocks->plain.data;
}
