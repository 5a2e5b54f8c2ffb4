/* SPDX-License-Identifier: MIT
 *
 * variants.h: the inner calls of variants, for tests.
 */
#ifndef BAI_SEQ_VARIANTS_H
#define BAI_SEQ_VARIANTS_H

#include "bioanalytics/seq.h"
#include "seq/source.h"

/* Variants over any source, which they take over, also when they fail. */
ba_status bai_variants_open_source(ba_context *context, bai_source *source, const char *path, const char *options,
                                   ba_variants **out);

#endif
