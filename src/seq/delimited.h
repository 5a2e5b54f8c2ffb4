/* SPDX-License-Identifier: MIT
 *
 * delimited.h: rows of a CSV or TSV file, plain or gzip, one at a time.
 */
#ifndef BAI_SEQ_DELIMITED_H
#define BAI_SEQ_DELIMITED_H

#include "array/csv.h"
#include "seq/inflate.h"
#include "seq/source.h"

typedef struct bai_delimited {
  ba_context *context;
  bai_source *source;
  bai_inflate *inflate; /* NULL for plain text */
  bai_csv csv;          /* the row that was read last; the header is row 1 */
  int32_t skips;        /* the row could not be read: its rest is left out */
} bai_delimited;

/* "-" is standard input. Closed also after a failure. */
ba_status bai_delimited_open(ba_context *context, const char *path, bai_delimited *out);
/* Reads the next row; BA_END behind the last one. After BA_ERR_TABLE for one row the next call reads the row behind. */
ba_status bai_delimited_next(bai_delimited *text);
void bai_delimited_close(bai_delimited *text);

#endif
