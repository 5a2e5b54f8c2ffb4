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

/* BA_ERR_FIT for one whose columns are not known yet. */
ba_status bai_extractor_check(const ba_extractor *extractor);
/* Writes the entries of the row that was extracted last to a dense row of doubles, or of uint32 counts; `values` has
 * room for all of them. */
void bai_extractor_give(const ba_extractor *extractor, int32_t counts, double *values, void *out);

#endif
