/* SPDX-License-Identifier: MIT
 *
 * stream.h: the inside of a stream, for models that score what it was given.
 */
#ifndef BAI_FEATURES_STREAM_H
#define BAI_FEATURES_STREAM_H

#include "bioanalytics/features.h"
#include "features/plan.h"

enum { BAI_STREAM_ROWS, BAI_STREAM_LATE, BAI_STREAM_DUPLICATE, BAI_STREAM_MISSING, BAI_STREAM_COUNTERS };

/* What copies of a stream share. */
typedef struct bai_stream_plan {
  _Atomic int64_t references;
  bai_plan **plans; /* one; of an ensemble one a member, whose inputs, results and states stand one after the other */
  int32_t count;
  int64_t inputs, width, state, scratch;
  uint64_t schema; /* of the recipes' features and the plans' inputs */
} bai_stream_plan;

struct ba_stream {
  ba_context *context;
  bai_stream_plan *shared;
  int32_t late, duplicate; /* policies */
  int64_t most_groups;
  uint64_t model; /* digest of the model that it was opened on; 0: none */
  bai_names groups;
  int32_t last_group; /* of the last row: often that of the next */
  bai_vector states;  /* doubles: of each group how many rows it had, the time of the last, and its state */
  double *scratch;    /* a group's state, then working memory of terms */
  double *row;        /* bai_plan_inputs numbers of each plan, of the last row */
  int32_t has_row;    /* 0: it was left out */
  int64_t counters[BAI_STREAM_COUNTERS];
};

/* Takes the plans over, also when it fails, but not their array. `recipe` is what they were made of. */
ba_status bai_stream_make(ba_context *context, bai_plan *const *plans, const bai_recipe *recipe, const char *options,
                          ba_stream **out);

#endif
