/* SPDX-License-Identifier: MIT
 *
 * blocks.h: whole bgzf blocks, several at once, by the context's threads; and compressed bytes side by side.
 */
#ifndef BAI_SEQ_BLOCKS_H
#define BAI_SEQ_BLOCKS_H

#include "seq/inflater.h"
#include "seq/source.h"

/* The compressed bytes: those that were brought together, then the source's window. Zero-initialise it. */
typedef struct bai_input {
  bai_window carried;
  bai_vector bytes;
} bai_input;

/* Where the next compressed byte is taken. */
static inline bai_window *bai_input_window(bai_input *input, bai_source *source) {
  return input->carried.at < input->carried.end ? &input->carried : &source->window;
}
/* Brings n bytes together in the window; there are fewer at the end, or when no more has been fed. */
ba_status bai_input_gather(bai_input *input, ba_context *context, bai_source *source, int64_t n);
void bai_input_clear(bai_input *input);
void bai_input_close(bai_input *input, ba_context *context);

typedef struct bai_blocks bai_blocks;
ba_status bai_blocks_open(ba_context *context, const bai_block_inflater *inflater, int32_t threads, bai_blocks **out);
/* Takes the whole and good blocks that come next, *taken of them; 0: what comes next is no whole block, or a damaged
 * one. *waiting: more has to be fed to tell. After a cancel nothing is taken. */
ba_status bai_blocks_take(bai_blocks *blocks, ba_context *context, bai_input *input, bai_source *source, int64_t *taken,
                          int32_t *waiting);
/* What the taken blocks gave: *n bytes, *last of them by the last block. Lives until the next take. */
const uint8_t *bai_blocks_plain(const bai_blocks *blocks, int64_t *n, int64_t *last);
void bai_blocks_close(bai_blocks *blocks, ba_context *context);

#endif
