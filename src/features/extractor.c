/* SPDX-License-Identifier: MIT
 *
 * extractor.c: the public extractor: records to dense and sparse matrices of counts or values.
 */
#include "features/extractor.h"

#include <string.h>

#include "array/array.h"
#include "seq/records.h"

ba_status ba_extractor_create(ba_context *context, const char *recipe, ba_extractor **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_recipe parsed = {{0, 0, 0}};
  ba_extractor *extractor = NULL;
  if (!out) status = bai_fail(context, BA_ERR_ARGUMENT, "extractor: expected a place for the result");
  if (!status) *out = NULL;
  if (!status) status = bai_recipe_parse_single(context, recipe, &parsed);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *extractor, &extractor);
  if (!status) {
    extractor->context = bai_context_retain(context);
    status = bai_plan_create(context, bai_recipe_member(&parsed, 0), &extractor->plan);
  }
  bai_recipe_free(context, &parsed);
  if (status)
    ba_extractor_destroy(extractor);
  else
    *out = extractor;
  return bai_leave(context, status);
}

ba_status ba_extractor_fit(ba_extractor *extractor, const ba_records *records) {
  if (!extractor) return BA_ERR_ARGUMENT;
  ba_context *context = extractor->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!records) status = bai_fail(context, BA_ERR_ARGUMENT, "extractor: expected records");
  const int64_t before = extractor->plan->fitted_length;
  const int64_t count = ba_records_count(records);
  for (int64_t i = 0; !status && i < count; i++) {
    int64_t length;
    ba_records_sequence(records, i, &length);
    status = bai_plan_fit_length(context, extractor->plan, length, extractor->fitted_records + i + 1);
  }
  if (!status && count > 0) status = bai_plan_lay_out(context, extractor->plan);
  if (status) {
    extractor->plan->fitted_length = before;
  } else {
    extractor->fitted_records += count;
    bai_row_destroy(extractor->row);
    extractor->row = NULL;
  }
  return bai_leave(context, status);
}

int64_t ba_extractor_width(const ba_extractor *extractor) {
  return extractor ? extractor->plan->width : -1;
}

ba_status bai_extractor_check(const ba_extractor *extractor) {
  const bai_plan *plan = extractor->plan;
  if (plan->width >= 0) return BA_OK;
  if (plan->needs_table)
    return bai_fail(extractor->context, BA_ERR_FIT,
                    "extractor: Columns and Category need ba_extractor_fit_table on a table first");
  return bai_fail(extractor->context, BA_ERR_FIT, "extractor: %s needs ba_extractor_fit on records first",
                  plan->fitted);
}

ba_status ba_extractor_column_name(const ba_extractor *extractor, int64_t column, char *buffer, int64_t capacity,
                                   int64_t *length) {
  if (!extractor) return BA_ERR_ARGUMENT;
  ba_context *context = extractor->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector text = {0, 0, 0};
  status = bai_extractor_check(extractor);
  if (!status && (column < 0 || column >= extractor->plan->width))
    status = bai_fail(context, BA_ERR_ARGUMENT, "column %lld; expected 0 to %lld", (long long)column,
                      (long long)extractor->plan->width - 1);
  if (!status) status = bai_plan_column_name(context, extractor->plan, column, &text);
  if (!status) status = bai_give_text(context, text.data, text.count, buffer, capacity, length);
  bai_vector_free(context, &text);
  return bai_leave(context, status);
}

/* ---- applying ---- */

static ba_status check_output(const ba_extractor *extractor, int32_t output) {
  const bai_plan *plan = extractor->plan;
  if (output != BAI_OUTPUT_VALUES && plan->real_width > 0)
    return bai_fail(extractor->context, BA_ERR_UNSUPPORTED,
                    "extractor: the recipe has descriptors, which count nothing; expected output=values");
  if (output == BAI_OUTPUT_COUNTS8 && plan->needs_quality)
    return bai_fail(extractor->context, BA_ERR_UNSUPPORTED,
                    "extractor: the recipe counts in units of 1/%d (quality=weight); expected output=counts",
                    BAI_SHARES);
  return BA_OK;
}

/* `words` are those of output=, in the order of BAI_OUTPUT. */
static ba_status begin(ba_extractor *extractor, const ba_records *records, const char *options, const char *words,
                       int32_t *output) {
  ba_context *context = extractor->context;
  const bai_option table[] = {{"output", 'w', words, 0, 0, output}, {NULL, 0, NULL, 0, 0, NULL}};
  *output = BAI_OUTPUT_VALUES;
  if (!records) return bai_fail(context, BA_ERR_ARGUMENT, "extractor: expected records");
  if (extractor->plan->inputs.items.count || extractor->plan->needs_table)
    return bai_fail(context, BA_ERR_UNSUPPORTED,
                    "extractor: the recipe reads columns of a table; expected ba_extractor_apply_table");
  ba_status status = bai_options_parse(context, options, table);
  if (!status) status = bai_extractor_check(extractor);
  if (!status) status = check_output(extractor, *output);
  int64_t longest = 0;
  for (int64_t i = 0; i < ba_records_count(records); i++) {
    int64_t length;
    ba_records_sequence(records, i, &length);
    if (length > longest) longest = length;
  }
  if (status) return status;
  if (!extractor->row) return bai_row_create(context, extractor->plan, longest, &extractor->row);
  return bai_row_reserve(context, extractor->row, longest);
}

/* Says what became of a record. */
static ba_status conclude(const ba_extractor *extractor, ba_status status, const char *letters, int64_t length,
                          int64_t index) {
  if (status == BA_ERR_LETTER) {
    const ba_status foreign =
        bai_plan_check_letter(extractor->context, extractor->plan, bai_foreign_letter(letters, length), index + 1);
    if (foreign) return foreign;
  }
  if (status == BA_ERR_LIMIT)
    return bai_fail_at(extractor->context, status, index + 1, -1,
                       "the sequence has a word more than 255 times, the most that output=counts8 can hold; expected "
                       "output=counts");
  if (status) return bai_row_explain(extractor->context, extractor->row, status, index + 1, length);
  return index % 256 ? BA_OK : bai_check_cancel(extractor->context);
}

/* The letters of a record; its qualities go to the row. */
static const char *look_at(ba_extractor *extractor, const ba_records *records, int64_t index, int64_t *length) {
  extractor->row->symbols = (const uint8_t *)ba_records_quality(records, index, NULL);
  return ba_records_sequence(records, index, length);
}

static ba_status extract(ba_extractor *extractor, const ba_records *records, int64_t index) {
  int64_t length;
  const char *letters = look_at(extractor, records, index, &length);
  const ba_status status = bai_row_extract_letters(bai_kernels_of(extractor->context), extractor->row, letters, length);
  return conclude(extractor, status, letters, length, index);
}

static ba_status write(ba_extractor *extractor, const ba_records *records, int64_t index, int32_t output, void *out) {
  int64_t length;
  const char *letters = look_at(extractor, records, index, &length);
  const ba_status status =
      bai_row_write(bai_kernels_of(extractor->context), extractor->row, letters, length, output, out);
  return conclude(extractor, status, letters, length, index);
}

static void block_values(const bai_row *row, int32_t b, double *values) {
  const int64_t n = row->ends[b] - (b ? row->ends[b - 1] : 0);
  const double divisor = bai_row_divisor(row, b);
  bai_row_values(row, b, values);
  for (int64_t i = 0; i < n; i++) values[i] /= divisor;
}

void bai_extractor_give(const ba_extractor *extractor, double *values, double *out) {
  const bai_row *row = extractor->row;
  int64_t from = 0;
  for (int32_t b = 0; b < extractor->plan->block_count; b++) {
    const int64_t to = row->ends[b];
    block_values(row, b, values);
    for (int64_t i = from; i < to; i++) out[row->columns[i]] = values[i - from];
    from = to;
  }
}

/* Rows of memory that nobody has cleared. */
static ba_status fill_rows(ba_extractor *extractor, const ba_records *records, int32_t output, int64_t stride,
                           uint8_t *rows) {
  const int32_t direct = bai_row_is_direct(extractor->plan, output);
  double *values = NULL;
  ba_status status = direct ? BA_OK : bai_alloc(extractor->context, extractor->row->entries, 8, &values);
  for (int64_t i = 0; !status && i < ba_records_count(records); i++) {
    uint8_t *row = rows + i * stride;
    if (direct) {
      status = write(extractor, records, i, output, row);
      continue;
    }
    status = extract(extractor, records, i);
    if (status) break;
    memset(row, 0, (size_t)stride);
    bai_extractor_give(extractor, values, (double *)(void *)row);
  }
  bai_free(extractor->context, values);
  return status;
}

ba_status ba_extractor_apply_records(ba_extractor *extractor, const ba_records *records, const char *options,
                                     ba_array **out) {
  static const int32_t dtypes[] = {BA_FLOAT64, BA_UINT32, BA_UINT8}; /* by BAI_OUTPUT */
  if (!extractor) return BA_ERR_ARGUMENT;
  ba_context *context = extractor->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  int32_t output = BAI_OUTPUT_VALUES;
  uint8_t *rows = NULL;
  if (!out) status = bai_fail(context, BA_ERR_ARGUMENT, "extractor: expected a place for the result");
  if (!status) *out = NULL;
  if (!status) status = begin(extractor, records, options, "values|counts|counts8", &output);
  const int64_t shape[2] = {ba_records_count(records), extractor->plan->width};
  const int64_t stride = shape[1] * bai_dtype_size(dtypes[output]);
  if (!status) extractor->row->rising = 0;
  if (!status) status = bai_alloc(context, shape[0], stride, &rows);
  if (!status) status = fill_rows(extractor, records, output, stride, rows);
  if (status)
    bai_free(context, rows);
  else
    status = bai_array_take(context, dtypes[output], 2, shape, rows, out);
  return bai_leave(context, status);
}

typedef struct sparse {
  bai_vector columns, values;
  double *scratch;
} sparse;

static ba_status add_sparse_row(ba_context *context, const bai_plan *plan, const bai_row *row, int32_t counts,
                                sparse *out) {
  const int64_t n = plan->block_count ? row->ends[plan->block_count - 1] : 0;
  ba_status status = bai_vector_append(context, &out->columns, row->columns, n, 4);
  if (!status && counts) return bai_vector_append(context, &out->values, row->counts, n, 4);
  int64_t from = 0;
  for (int32_t b = 0; !status && b < plan->block_count; b++) {
    block_values(row, b, out->scratch);
    status = bai_vector_append(context, &out->values, out->scratch, row->ends[b] - from, 8);
    from = row->ends[b];
  }
  return status;
}

/* Room for all that the rows can hold, up to a point: growing means to copy, and to touch fresh memory again. */
static ba_status reserve_rows(const ba_extractor *extractor, const ba_records *records, int32_t counts, sparse *out) {
  const int64_t most = INT64_C(1) << 20;
  int64_t entries = 0;
  for (int64_t i = 0; i < ba_records_count(records) && entries < most; i++) {
    int64_t length;
    ba_records_sequence(records, i, &length);
    entries += bai_row_entries(extractor->plan, length);
  }
  if (entries > most) entries = most;
  ba_status status = bai_vector_reserve(extractor->context, &out->columns, entries, 4);
  if (!status) status = bai_vector_reserve(extractor->context, &out->values, entries, counts ? 4 : 8);
  return status;
}

/* Hands a vector's memory to an array without a copy. */
static ba_status array_of(ba_context *context, int32_t dtype, bai_vector *vector, ba_array **out) {
  const int64_t none = 0;
  ba_status status = bai_array_make(context, dtype, 1, &none, out);
  if (status) return status;
  if (vector->data) {
    bai_free(context, (*out)->data);
    (*out)->data = vector->data;
  }
  (*out)->shape[0] = vector->count;
  vector->data = NULL;
  return BA_OK;
}

static ba_status apply_sparse(ba_extractor *extractor, const ba_records *records, const char *options,
                              ba_array **starts, ba_array **columns, ba_array **values) {
  ba_context *context = extractor->context;
  sparse out = {{0, 0, 0}, {0, 0, 0}, NULL};
  int32_t counts = 0;
  ba_status status = begin(extractor, records, options, "values|counts", &counts);
  if (!status) status = bai_alloc(context, extractor->row->entries, 8, &out.scratch);
  const int64_t n = ba_records_count(records);
  const int64_t shape = n + 1;
  if (!status) status = bai_array_make(context, BA_INT64, 1, &shape, starts);
  if (!status) status = reserve_rows(extractor, records, counts, &out);
  if (!status) extractor->row->rising = 1;
  for (int64_t i = 0; !status && i < n; i++) {
    status = extract(extractor, records, i);
    if (!status) status = add_sparse_row(context, extractor->plan, extractor->row, counts, &out);
    ((int64_t *)(*starts)->data)[i + 1] = out.columns.count;
  }
  if (!status) status = array_of(context, BA_UINT32, &out.columns, columns);
  if (!status) status = array_of(context, counts ? BA_UINT32 : BA_FLOAT64, &out.values, values);
  bai_free(context, out.scratch);
  bai_vector_free(context, &out.columns);
  bai_vector_free(context, &out.values);
  return status;
}

ba_status ba_extractor_apply_records_csr(ba_extractor *extractor, const ba_records *records, const char *options,
                                         ba_array **row_starts, ba_array **columns, ba_array **values) {
  if (!extractor) return BA_ERR_ARGUMENT;
  ba_context *context = extractor->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (!row_starts || !columns || !values)
    return bai_leave(context, bai_fail(context, BA_ERR_ARGUMENT, "extractor: expected places for three results"));
  *row_starts = *columns = *values = NULL;
  status = apply_sparse(extractor, records, options, row_starts, columns, values);
  if (status) {
    ba_array_release(*row_starts);
    ba_array_release(*columns);
    *row_starts = *columns = NULL;
  }
  return bai_leave(context, status);
}

void ba_extractor_destroy(ba_extractor *extractor) {
  if (!extractor) return;
  ba_context *context = extractor->context;
  bai_row_destroy(extractor->row);
  bai_plan_destroy(extractor->plan);
  bai_free(context, extractor);
  bai_context_release(context);
}
