/* SPDX-License-Identifier: MIT
 *
 * inflater.h: what a library that inflates must offer. zlib is the definition: where another one meets anything that it
 * does not like, zlib does the same bytes again and has the last word, so the errors are always zlib's.
 */
#ifndef BAI_SEQ_INFLATER_H
#define BAI_SEQ_INFLATER_H

#include "base/base.h"

/* Whole bgzf blocks. One state serves one thread at a time; `inflate` allocates nothing and records no error. */
typedef struct bai_block_inflater {
  ba_status (*open)(ba_context *context, void **state);
  /* 1 when the block is one gzip member of just `size` bytes that gives just `plain_size` bytes with the right
   * checksum, else 0. Writes nothing outside of plain[0, plain_size). */
  int32_t (*inflate)(void *state, const uint8_t *block, int64_t size, uint8_t *plain, int64_t plain_size);
  void (*close)(void *state, ba_context *context);
} bai_block_inflater;

typedef enum { BAI_BODY_GOES_ON, BAI_BODY_ENDED, BAI_BODY_DAMAGED } bai_body_status;

/* A gzip member from behind its header, as a stream. */
typedef struct bai_body_inflater {
  ba_status (*open)(ba_context *context, void **state);
  void (*start)(void *state);
  /* Takes bytes from *in and gives *got bytes. ENDED: the checksum and the length have been compared, and *in stands
   * behind them. */
  bai_body_status (*inflate)(void *state, const uint8_t **in, const uint8_t *end, uint8_t *plain, int64_t room,
                             int64_t *got);
  void (*close)(void *state, ba_context *context);
} bai_body_inflater;

/* Each is there in the builds that have the library. */
extern const bai_block_inflater bai_zlib_blocks;       /* inflate.c */
extern const bai_block_inflater bai_isal_blocks;       /* isal.c */
extern const bai_body_inflater bai_isal_body;          /* isal.c */
extern const bai_block_inflater bai_libdeflate_blocks; /* libdeflate.c */

#endif
