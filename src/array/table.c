/* SPDX-License-Identifier: MIT
 *
 * table.c: named columns of equal length, arrays and texts, shared by reference count.
 */
#include <string.h>

#include "array/array.h"

ba_status bai_table_make(ba_context *context, int64_t rows, ba_table **out) {
  ba_table *table;
  *out = NULL;
  if (rows < 0 || rows == INT64_MAX)
    return bai_fail(context, BA_ERR_ARGUMENT, "table: %lld rows; expected 0 or more", (long long)rows);
  const ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *table, &table);
  if (status) return status;
  table->references = 1;
  table->context = bai_context_retain(context);
  table->rows = rows;
  *out = table;
  return BA_OK;
}

ba_status ba_table_create(ba_context *context, int64_t rows, ba_table **out) {
  if (!out) return BA_ERR_ARGUMENT;
  *out = NULL;
  const ba_status status = bai_enter(context);
  if (status) return status;
  return bai_leave(context, bai_table_make(context, rows, out));
}

void bai_column_free(ba_context *context, bai_column *column) {
  bai_free(context, column->name);
  ba_array_release(column->array);
  bai_vector_free(context, &column->bytes);
  bai_vector_free(context, &column->offsets);
  bai_free(context, column->validity);
  *column = (bai_column){0};
}

ba_table *ba_table_retain(ba_table *table) {
  if (table) atomic_fetch_add(&table->references, 1);
  return table;
}

void ba_table_release(ba_table *table) {
  if (!table || atomic_fetch_sub(&table->references, 1) != 1) return;
  ba_context *context = table->context;
  bai_column *columns = table->columns.data;
  for (int64_t i = 0; i < table->columns.count; i++) bai_column_free(context, &columns[i]);
  bai_vector_free(context, &table->columns);
  bai_free(context, table);
  bai_context_release(context);
}

/* ---- adding ---- */

ba_status bai_table_take(ba_table *table, const char *name, bai_column *column) {
  ba_context *context = table->context;
  const int64_t length = bai_length(name);
  ba_status status = BA_OK;
  if (ba_table_find(table, name) >= 0)
    status = bai_fail(context, BA_ERR_ARGUMENT, "table: column '%s' is there already; expected another name", name);
  if (!status) status = bai_alloc(context, length + 1, 1, &column->name);
  if (!status) {
    memcpy(column->name, name, (size_t)length + 1);
    status = bai_vector_append(context, &table->columns, column, 1, (int64_t)sizeof *column);
  }
  if (status) bai_column_free(context, column);
  *column = (bai_column){0};
  return status;
}

static ba_status copy_validity(const ba_table *table, const uint8_t *validity, bai_column *column) {
  if (!validity) return BA_OK;
  const int64_t n = table->rows / 8 + (table->rows % 8 != 0);
  const ba_status status = bai_alloc(table->context, n, 1, &column->validity);
  if (!status) memcpy(column->validity, validity, (size_t)n);
  return status;
}

static ba_status check_own(const ba_table *table, const char *name) {
  if (!name) return bai_fail(table->context, BA_ERR_ARGUMENT, "table: expected a name for the column, found NULL");
  if (table->references == 1) return BA_OK;
  return bai_fail(table->context, BA_ERR_ARGUMENT, "table: it is shared, so no column can be added");
}

ba_status ba_table_add_array(ba_table *table, const char *name, ba_array *array, const uint8_t *validity) {
  if (!table) return BA_ERR_ARGUMENT;
  ba_context *context = table->context;
  bai_column column = {0};
  ba_status status = bai_enter(context);
  if (status) return status;
  status = check_own(table, name);
  if (!status && (!array || array->shape[0] != table->rows))
    status = bai_fail(context, BA_ERR_ARGUMENT, "table: column '%s' has %lld rows; expected an array of %lld", name,
                      (long long)(array ? array->shape[0] : 0), (long long)table->rows);
  if (!status) status = copy_validity(table, validity, &column);
  if (!status) {
    column.array = ba_array_retain(array);
    status = bai_table_take(table, name, &column);
  }
  bai_column_free(context, &column);
  return bai_leave(context, status);
}

static ba_status check_offsets(const ba_table *table, const char *name, const char *bytes, const int64_t *offsets) {
  int32_t good = offsets != NULL && offsets[0] >= 0;
  for (int64_t i = 0; good && i < table->rows; i++) good = offsets[i] <= offsets[i + 1];
  if (good && (bytes || offsets[table->rows] == offsets[0])) return BA_OK;
  return bai_fail(table->context, BA_ERR_ARGUMENT,
                  "table: column '%s': expected bytes and %lld offsets, 0 or more and never falling", name,
                  (long long)table->rows + 1);
}

ba_status ba_table_add_text(ba_table *table, const char *name, const char *bytes, const int64_t *offsets,
                            const uint8_t *validity) {
  if (!table) return BA_ERR_ARGUMENT;
  ba_context *context = table->context;
  bai_column column = {0};
  ba_status status = bai_enter(context);
  if (status) return status;
  status = check_own(table, name);
  if (!status) status = check_offsets(table, name, bytes, offsets);
  if (!status) status = copy_validity(table, validity, &column);
  if (!status) {
    const int64_t first = offsets[0];
    status = bai_vector_append(context, &column.offsets, offsets, table->rows + 1, (int64_t)sizeof *offsets);
    if (!status)
      status = bai_vector_append(context, &column.bytes, bytes ? bytes + first : "", offsets[table->rows] - first, 1);
    int64_t *moved = column.offsets.data;
    for (int64_t i = 0; !status && i <= table->rows; i++) moved[i] -= first;
    if (!status) status = bai_table_take(table, name, &column);
  }
  bai_column_free(context, &column);
  return bai_leave(context, status);
}

/* ---- looking ---- */

int32_t bai_is_missing_number(const char *text, int64_t length) {
  static const char *const words[] = {"", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (length == bai_length(words[i]) && memcmp(text, words[i], (size_t)length) == 0) return 1;
  return 0;
}

const bai_column *bai_table_column(const ba_table *table, int64_t column) {
  if (!table || column < 0 || column >= table->columns.count) return NULL;
  return (const bai_column *)table->columns.data + column;
}

int64_t ba_table_rows(const ba_table *table) {
  return table ? table->rows : 0;
}

int64_t ba_table_columns(const ba_table *table) {
  return table ? table->columns.count : 0;
}

const char *ba_table_name(const ba_table *table, int64_t column) {
  const bai_column *found = bai_table_column(table, column);
  return found ? found->name : NULL;
}

int64_t ba_table_find(const ba_table *table, const char *name) {
  if (!name) return -1;
  for (int64_t i = 0; i < ba_table_columns(table); i++)
    if (strcmp(bai_table_column(table, i)->name, name) == 0) return i;
  return -1;
}

ba_array *ba_table_array(const ba_table *table, int64_t column) {
  const bai_column *found = bai_table_column(table, column);
  return found ? found->array : NULL;
}

const char *ba_table_texts(const ba_table *table, int64_t column, const int64_t **offsets) {
  const bai_column *found = bai_table_column(table, column);
  if (found && found->array) found = NULL;
  if (offsets) *offsets = found ? found->offsets.data : NULL;
  if (!found) return NULL;
  return found->bytes.data ? found->bytes.data : "";
}

const char *ba_table_text(const ba_table *table, int64_t column, int64_t row, int64_t *length) {
  const int64_t *offsets;
  const char *bytes = ba_table_texts(table, column, &offsets);
  if (length) *length = 0;
  if (!bytes || row < 0 || row >= table->rows) return NULL;
  const uint8_t *validity = ba_table_validity(table, column);
  if (validity && !bai_bit(validity, row)) return NULL;
  if (length) *length = offsets[row + 1] - offsets[row];
  return bytes + offsets[row];
}

const uint8_t *ba_table_validity(const ba_table *table, int64_t column) {
  const bai_column *found = bai_table_column(table, column);
  return found ? found->validity : NULL;
}
