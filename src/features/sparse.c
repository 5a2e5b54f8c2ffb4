/* SPDX-License-Identifier: MIT
 *
 * sparse.c: checks compressed rows once, so that whoever reads them need not.
 */
#include "features/sparse.h"

static int32_t is_list(const ba_array *array, int32_t dtype) {
  return array && array->dtype == dtype && array->ndim == 1 && array->stride[0] == bai_dtype_size(dtype);
}

ba_status bai_csr_open(ba_context *context, const ba_array *starts, const ba_array *columns, const ba_array *values,
                       bai_csr *out) {
  if (!is_list(starts, BA_INT64) || !is_list(columns, BA_UINT32) || !is_list(values, BA_FLOAT64) ||
      starts->shape[0] < 1 || columns->shape[0] != values->shape[0])
    return bai_fail(context, BA_ERR_SHAPE,
                    "sparse rows: expected row starts of int64, columns of uint32 and as many values of float64, each "
                    "without gaps");
  *out = (bai_csr){starts->shape[0] - 1, 0, starts->data, columns->data, values->data};
  const int64_t all = columns->shape[0];
  for (int64_t row = 0; row < out->rows; row++) {
    const int64_t from = out->starts[row], to = out->starts[row + 1];
    if (from < 0 || to < from || to > all)
      return bai_fail_at(context, BA_ERR_SHAPE, row + 1, -1,
                         "sparse rows: the row goes from %lld to %lld of %lld numbers; expected starts that never fall",
                         (long long)from, (long long)to, (long long)all);
    for (int64_t i = from; i < to; i++)
      if (out->columns[i] >= INT32_MAX || (i > from && out->columns[i] <= out->columns[i - 1]))
        return bai_fail_at(context, BA_ERR_SHAPE, row + 1, -1,
                           "sparse rows: column %lld; expected columns that rise, below %d", (long long)out->columns[i],
                           INT32_MAX);
    if (to - from > out->longest) out->longest = to - from;
  }
  return BA_OK;
}

bai_sparse bai_csr_row(const bai_csr *csr, int64_t row) {
  const int64_t from = csr->starts[row];
  return (bai_sparse){csr->columns + from, csr->values + from, csr->starts[row + 1] - from};
}
