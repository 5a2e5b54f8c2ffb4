/* SPDX-License-Identifier: MIT
 *
 * region.h: "chr1:1,001-2,000" as a name and a range.
 */
#ifndef BAI_SEQ_REGION_H
#define BAI_SEQ_REGION_H

#include "base/base.h"

#define BAI_REGION_END INT64_MAX

typedef struct bai_region {
  char *name;         /* of the caller, who frees it; NULL: the records without a place ("*") */
  int64_t start, end; /* from 0, without the end; BAI_REGION_END: up to the sequence's end */
  int32_t whole;      /* the text was a name alone */
} bai_region;

/* 1 when there is a sequence of this name. */
typedef int32_t (*bai_region_knows)(void *user, const char *name);

/* NAME, NAME:START, NAME:START-END, NAME:START- and NAME:-END, from 1, with the end; or "*". A name may hold colons:
 * the longest that is known counts. */
ba_status bai_region_parse(ba_context *context, const char *text, bai_region_knows knows, void *user, bai_region *out);

#endif
