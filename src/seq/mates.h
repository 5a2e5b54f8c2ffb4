/* SPDX-License-Identifier: MIT
 *
 * mates.h: pairs of reads out of two files, or out of one that has them in turn.
 */
#ifndef BAI_SEQ_MATES_H
#define BAI_SEQ_MATES_H

#include "seq/parser.h"

typedef struct bai_mates bai_mates;

/* Takes over the readers, also when it fails; `second` is NULL when one file has both mates. The paths are for
 * messages, and are copied. */
ba_status bai_mates_open(ba_context *context, ba_reader *first, const char *first_path, ba_reader *second,
                         const char *second_path, bai_mates **out);
/* Adds pairs until the batch is full, mates side by side; BA_END at the end of both files. After any status but
 * BA_ERR_CANCELLED the batch has an even number of records. */
ba_status bai_mates_read(bai_mates *mates, bai_parser *parser);
/* The format of the files, once something was read. */
int32_t bai_mates_format(const bai_mates *mates);
void bai_mates_close(bai_mates *mates, ba_context *context);

/* 1 when two header lines can be those of mates 1 and 2. */
int32_t bai_mates_agree(const char *first, int64_t first_length, const char *second, int64_t second_length);

#endif
