/* SPDX-License-Identifier: MIT
 *
 * inflate.h: gzip and bgzf to plain bytes, all members, to the true end of the input.
 */
#ifndef BAI_SEQ_INFLATE_H
#define BAI_SEQ_INFLATE_H

#include "seq/source.h"

typedef struct bai_inflate bai_inflate;

/* In the order of BAI_INFLATER_WORDS, the values of the reader's option. AUTO takes the fastest that the build has. */
enum { BAI_INFLATER_AUTO, BAI_INFLATER_ZLIB, BAI_INFLATER_ISAL, BAI_INFLATER_LIBDEFLATE };
#define BAI_INFLATER_WORDS "auto|zlib|isal|libdeflate"

/* `threads` inflate bgzf blocks; one that the build lacks is BA_ERR_UNSUPPORTED. */
ba_status bai_inflate_open(ba_context *context, int32_t inflater, int32_t threads, bai_inflate **out);
/* BA_OK, or BA_ERR_UNSUPPORTED with the message, for what bai_inflate_open would say. */
ba_status bai_inflate_check(ba_context *context, int32_t inflater);
/* Sets a new window of plain bytes, or `ended`, or neither (the source has been fed nothing). After damage the bytes
 * before it are given first, then the status; bai_inflate_problem tells what is wrong. */
ba_status bai_inflate_refill(bai_inflate *gz, ba_context *context, bai_source *source);
bai_window *bai_inflate_window(bai_inflate *gz);
/* What is wrong, and at which compressed byte; NULL when the failure was not the stream's (memory, reading). */
const char *bai_inflate_problem(const bai_inflate *gz, int64_t *byte);
/* 1 when the input was bgzf and its last block was not the empty one that marks the end. */
int32_t bai_inflate_lacks_end(const bai_inflate *gz);
void bai_inflate_close(bai_inflate *gz, ba_context *context);

#endif
