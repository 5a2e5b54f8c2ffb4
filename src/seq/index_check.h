/* SPDX-License-Identifier: MIT
 *
 * index_check.h: whether an index of alignments may be shown to htslib.
 */
#ifndef BAI_SEQ_INDEX_CHECK_H
#define BAI_SEQ_INDEX_CHECK_H

#include "base/base.h"

/* BA_OK for a whole .bai or .csi, plain or bgzf. */
ba_status bai_index_check_bins(ba_context *context, const char *path);
/* BA_OK for a whole .crai, plain or gzip, of a file with so many references. */
ba_status bai_index_check_crai(ba_context *context, const char *path, int64_t references);

#endif
