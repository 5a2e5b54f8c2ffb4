/* SPDX-License-Identifier: MIT
 *
 * extractor.h: the inside of an extractor, for records and for tables.
 */
#ifndef BAI_FEATURES_EXTRACTOR_H
#define BAI_FEATURES_EXTRACTOR_H

#include "bioanalytics/features.h"
#include "features/plan.h"

struct ba_extractor {
  ba_context *context;
  bai_plan *plan;
  bai_row *row; /* made when first needed */
  int64_t fitted_records;
};

/* What an array of features holds: float64 values, uint32 counts or uint8 counts. */
enum { BAI_OUTPUT_VALUES, BAI_OUTPUT_COUNTS, BAI_OUTPUT_COUNTS8 };

/* BA_ERR_FIT for one whose columns are not known yet. */
ba_status bai_extractor_check(const ba_extractor *extractor);
/* Writes the values of the row that was extracted last to a dense row of zeros; `values` has room for all of them. */
void bai_extractor_give(const ba_extractor *extractor, double *values, double *out);

/* ---- dense.c ---- */

/* Whether bai_row_write can write rows of a plan; counts only of one without real columns, and counts in 8 bits of one
 * without weighted words. */
int32_t bai_row_is_direct(const bai_plan *plan, int32_t output);
/* Writes every column of a sequence: to the bit what a list of its columns would give. Returns what bai_row_extract
 * does, and BA_ERR_LIMIT for a count above 255 where that is the largest. */
ba_status bai_row_write(const bai_kernels *kernels, bai_row *row, const char *letters, int64_t length, int32_t output,
                        void *out);

#endif
