/* SPDX-License-Identifier: MIT
 *
 * csr.c: sparse rows as rows of a dataset.
 */
#include <string.h>

#include "features/sparse.h"
#include "train/dataset.h"

static ba_status add_rows(ba_dataset *dataset, const bai_csr *csr, const char *const *labels, const double *weights,
                          const char *const *groups, int32_t part) {
  ba_context *context = dataset->context;
  for (int64_t i = 0; i < csr->rows; i++) {
    const bai_sparse sparse = bai_csr_row(csr, i);
    bai_new_row row = {.letters = "", .letters_length = sparse.count, .name = "", .sparse = &sparse, .part = part};
    row.label = labels[i];
    row.group = groups ? groups[i] : NULL;
    if (!row.label) return bai_fail_at(context, BA_ERR_LABEL, i + 1, -1, "the label is NULL; expected a text");
    row.label_length = bai_length(row.label);
    row.group_length = row.group ? bai_length(row.group) : 0;
    row.weight = weights ? weights[i] : 1.0;
    ba_status status = bai_dataset_add_row(dataset, &row);
    if (!status && i % 4096 == 0) status = bai_check_cancel(context);
    if (status) return status;
  }
  return BA_OK;
}

ba_status ba_dataset_add_csr(ba_dataset *dataset, const ba_array *row_starts, const ba_array *columns,
                             const ba_array *values, const char *const *labels, const double *weights,
                             const char *const *groups, int32_t part) {
  if (!dataset) return BA_ERR_ARGUMENT;
  ba_context *context = dataset->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  const ba_dataset before = *dataset;
  bai_csr csr;
  if (!labels || part < BA_PART_TRAIN || part > BA_PART_TEST)
    status = bai_fail(context, BA_ERR_ARGUMENT, "add_csr: expected labels, and a part from 0 to 2");
  if (!status && (dataset->rows > 0 || dataset->tables.count > 0) && !bai_dataset_is_sparse(dataset))
    status = bai_fail(context, BA_ERR_ARGUMENT, "add_csr: the dataset holds other rows; expected one for sparse rows");
  if (!status) status = bai_csr_open(context, row_starts, columns, values, &csr);
  if (!status) status = add_rows(dataset, &csr, labels, weights, groups, part);
  if (status) bai_dataset_restore(dataset, &before);
  return bai_leave(context, status);
}
