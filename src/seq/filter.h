/* SPDX-License-Identifier: MIT
 *
 * filter.h: what a reader does with records before it gives them: ends of low quality are cut off, and records are left
 * out by length, ambiguous letters and quality. It works on parsed batches, so it is the same for every parser.
 */
#ifndef BAI_SEQ_FILTER_H
#define BAI_SEQ_FILTER_H

#include "seq/records.h"

typedef struct bai_filter {
  int64_t trim_quality, trim_start_quality; /* 0: off */
  int64_t min_length, max_length, max_ambiguous, min_mean_quality;
  int32_t pairs;                             /* records 2i and 2i + 1 are mates */
  int32_t pair_both;                         /* mates are left out when both fail, not when any does */
  int32_t on;                                /* an option differs from what bai_filter_start set */
  bai_vector spans;                          /* of bai_span */
  int64_t skipped, trimmed, trimmed_letters; /* records left out; records that lost letters, left out or not */
} bai_filter;

/* More than any length or count. */
#define BAI_FILTER_NO_LIMIT (INT64_C(1) << 53)

/* The values that the options have when they are not given. */
void bai_filter_start(bai_filter *filter);
/* Sets `on`, once the options are read. */
void bai_filter_ready(bai_filter *filter);
/* 1 if records without qualities cannot be judged. */
int32_t bai_filter_needs_quality(const bai_filter *filter);
/* Filters the finished records from `first` on, in place; with pairs there is an even number of them. */
ba_status bai_filter_apply(bai_filter *filter, ba_records *records, int64_t first);

#endif
