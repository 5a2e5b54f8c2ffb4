/* SPDX-License-Identifier: MIT
 *
 * hts.h: SAM, BAM and CRAM through htslib, which is loaded when first needed.
 */
#ifndef BAI_SEQ_HTS_H
#define BAI_SEQ_HTS_H

#include "seq/parser.h"

typedef struct bai_hts bai_hts;

/* Reads the descriptor, which stays the caller's, from its start. `reference` is a FASTA file for CRAM, or "". */
ba_status bai_hts_open(ba_context *context, int32_t descriptor, int32_t format, const char *reference, bai_hts **out);
/* Adds records until the batch is full; BA_END at the end of the file. */
ba_status bai_hts_read(bai_hts *hts, bai_parser *parser);
void bai_hts_close(bai_hts *hts, ba_context *context);

#endif
