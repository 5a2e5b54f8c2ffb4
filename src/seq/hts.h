/* SPDX-License-Identifier: MIT
 *
 * hts.h: SAM, BAM and CRAM through htslib, which is loaded when first needed.
 */
#ifndef BAI_SEQ_HTS_H
#define BAI_SEQ_HTS_H

#include "seq/parser.h"

typedef struct bai_hts bai_hts;

/* What a caller asks of alignments. A record that is left out is counted in the parser. */
typedef struct bai_hts_options {
  char reference[BAI_OPTION_TEXT];         /* a FASTA file for CRAM, or "" */
  char index[BAI_OPTION_TEXT];             /* for ba_index_open: the index, or "" when it is beside the file */
  int32_t unmapped, secondary, duplicates; /* 0: kept; 1: left out; secondary covers supplementary ones too */
  int64_t min_mapping_quality;             /* those below it are left out */
  bai_tags tags;                           /* optional fields to keep */
} bai_hts_options;

/* Reads the descriptor, which stays the caller's, from its start. */
ba_status bai_hts_open(ba_context *context, int32_t descriptor, int32_t format, const bai_hts_options *options,
                       bai_hts **out);
/* Adds records until the batch is full; BA_END at the end of the file. */
ba_status bai_hts_read(bai_hts *hts, bai_parser *parser);
/* Loads the index of the file, a local name. */
ba_status bai_hts_load_index(bai_hts *hts, ba_context *context, const char *path);
/* From now on only the records of the region are read. `indexed` has the index of the same file. */
ba_status bai_hts_fetch(bai_hts *hts, ba_context *context, const bai_hts *indexed, const char *region);
void bai_hts_close(bai_hts *hts, ba_context *context);

#endif
