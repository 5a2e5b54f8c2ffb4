/* SPDX-License-Identifier: MIT
 *
 * isal.c: gzip bodies and bgzf blocks by ISA-L; the only file that knows it. Its state is one plain structure, so all
 * of its memory is ours.
 */
#include <limits.h>

#include "seq/inflater.h"

#if defined(BA_HAVE_ISAL)
#include <isa-l/igzip_lib.h>

static ba_status open_state(ba_context *context, void **state) {
  return bai_alloc(context, 1, (int64_t)sizeof(struct inflate_state), state);
}

static void close_state(void *state, ba_context *context) {
  bai_free(context, state);
}

static void start_body(void *state) {
  struct inflate_state *stream = state;
  isal_inflate_init(stream);
  stream->crc_flag = ISAL_GZIP_NO_HDR_VER;
}

static bai_body_status inflate_body(void *state, const uint8_t **in, const uint8_t *end, uint8_t *plain, int64_t room,
                                    int64_t *got) {
  struct inflate_state *stream = state;
  int64_t n = end - *in < INT_MAX ? end - *in : INT_MAX;
  stream->next_in = (uint8_t *)(uintptr_t)*in;
  stream->avail_in = (uint32_t)n;
  stream->next_out = plain;
  stream->avail_out = (uint32_t)room;
  int code = isal_inflate(stream);
  *in += n - (int64_t)stream->avail_in;
  *got = room - (int64_t)stream->avail_out;
  if (code != ISAL_DECOMP_OK) return BAI_BODY_DAMAGED;
  return stream->block_state == ISAL_BLOCK_FINISH ? BAI_BODY_ENDED : BAI_BODY_GOES_ON;
}

const bai_body_inflater bai_isal_body = {open_state, start_body, inflate_body, close_state};

static int32_t inflate_block(void *state, const uint8_t *block, int64_t size, uint8_t *plain, int64_t plain_size) {
  struct inflate_state *stream = state;
  isal_inflate_init(stream);
  stream->crc_flag = ISAL_GZIP;
  stream->next_in = (uint8_t *)(uintptr_t)block;
  stream->avail_in = (uint32_t)size;
  stream->next_out = plain;
  stream->avail_out = (uint32_t)plain_size;
  int code = isal_inflate_stateless(stream);
  return code == ISAL_DECOMP_OK && stream->block_state == ISAL_BLOCK_FINISH && stream->avail_in == 0 &&
         stream->avail_out == 0;
}

const bai_block_inflater bai_isal_blocks = {open_state, inflate_block, close_state};
#endif
