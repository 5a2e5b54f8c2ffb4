/* SPDX-License-Identifier: MIT
 *
 * sparse.h: rows in compressed form from a caller's three arrays.
 */
#ifndef BAI_FEATURES_SPARSE_H
#define BAI_FEATURES_SPARSE_H

#include "array/array.h"
#include "features/plan.h"

typedef struct bai_csr {
  int64_t rows, longest; /* longest: the most numbers of a row */
  const int64_t *starts;
  const uint32_t *columns;
  const double *values;
} bai_csr;

/* BA_ERR_SHAPE, with the row, for arrays that are no compressed rows: starts that fall or lie outside, columns that do
 * not rise. */
ba_status bai_csr_open(ba_context *context, const ba_array *starts, const ba_array *columns, const ba_array *values,
                       bai_csr *out);
bai_sparse bai_csr_row(const bai_csr *csr, int64_t row);

#endif
