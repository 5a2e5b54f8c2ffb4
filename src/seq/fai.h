/* SPDX-License-Identifier: MIT
 *
 * fai.h: the index of a FASTA file (.fai), with the block index (.gzi) when it is bgzf; and a stretch of one of its
 * sequences as a source of FASTA text.
 */
#ifndef BAI_SEQ_FAI_H
#define BAI_SEQ_FAI_H

#include "seq/source.h"

typedef struct bai_fai_row {
  int64_t name, name_length; /* in the names */
  int64_t letters, offset;   /* the first letter's, in the plain text */
  int64_t line_letters, line_bytes;
} bai_fai_row;

typedef struct bai_fai_block {
  int64_t packed, plain; /* where a bgzf block starts in the file and in the plain text */
} bai_fai_block;

typedef struct bai_fai {
  bai_vector names;  /* the file's text; each name ends with a NUL */
  bai_vector rows;   /* bai_fai_row */
  bai_vector order;  /* bai_keyed, by the names' hashes */
  bai_vector blocks; /* bai_fai_block; none when the file is plain */
} bai_fai;

/* Appends all bytes of a file, inflated when it is gzip or bgzf. */
ba_status bai_read_plain(ba_context *context, const char *path, bai_vector *out);
/* Zero-initialise `out`; free it in any case. */
ba_status bai_fai_load(ba_context *context, const char *path, bai_fai *out);
ba_status bai_fai_load_blocks(ba_context *context, const char *path, bai_fai *out);
void bai_fai_free(ba_context *context, bai_fai *fai);
/* NULL when there is none; of two with one name the first. */
const bai_fai_row *bai_fai_find(const bai_fai *fai, const char *name);
/* Gives ">TITLE", a line feed and the letters start up to, without, end (inside of the row) on one line. Takes over the
 * descriptor, also when it fails. Line ends of the file must stand where the row says. */
ba_status bai_fai_source(ba_context *context, const bai_fai *fai, const bai_fai_row *row, int64_t start, int64_t end,
                         const char *title, int32_t descriptor, bai_source **out);

#endif
