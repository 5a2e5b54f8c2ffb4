/* SPDX-License-Identifier: MIT
 *
 * arrow_table.c: a table handed out through the Arrow C data interface. Every array holds a reference on the table and
 * points into it, so that a consumer may keep one column and let the others go.
 */
#include <string.h>

#include "array/array.h"
#include "bioanalytics/arrow.h"

typedef struct schema_parts {
  ba_context *context;
  ba_table *table; /* holds the names */
  char format[32]; /* of a fixed size list */
  struct ArrowSchema **list;
  struct ArrowSchema children[];
} schema_parts;

typedef struct array_parts {
  ba_context *context;
  ba_table *table;
  const void *buffers[3];
  struct ArrowArray **list;
  struct ArrowArray children[];
} array_parts;

static const char *format_of(int32_t dtype) {
  static const char *const formats[] = {"g", "f", "l", "i", "I", "C"};
  return formats[dtype - BA_FLOAT64];
}

/* ---- schemas ---- */

static void release_schema(struct ArrowSchema *schema) {
  schema_parts *parts = schema->private_data;
  ba_context *context = parts->context;
  for (int64_t i = 0; i < schema->n_children; i++)
    if (parts->list[i]->release) parts->list[i]->release(parts->list[i]);
  schema->release = NULL;
  ba_table_release(parts->table);
  bai_free(context, parts->list);
  bai_free(context, parts);
  bai_context_release(context);
}

/* A schema whose children have not been made yet. */
static ba_status open_schema(ba_table *table, const char *format, const char *name, int64_t children,
                             struct ArrowSchema *out) {
  ba_context *context = table->context;
  schema_parts *parts;
  struct ArrowSchema **list;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *parts + children * (int64_t)sizeof *out, &parts);
  if (status) return status;
  status = bai_alloc_zero(context, children, (int64_t)sizeof *list, &list);
  if (status) {
    bai_free(context, parts);
    return status;
  }
  parts->context = bai_context_retain(context);
  parts->table = ba_table_retain(table);
  parts->list = list;
  for (int64_t i = 0; i < children; i++) list[i] = &parts->children[i];
  /* Always nullable: whether something is missing changes from table to table, and a schema should not. */
  *out = (struct ArrowSchema){.format = format,
                              .name = name,
                              .flags = ARROW_FLAG_NULLABLE,
                              .n_children = children,
                              .children = children > 0 ? list : NULL,
                              .release = release_schema,
                              .private_data = parts};
  return BA_OK;
}

static ba_status column_schema(ba_table *table, int64_t index, struct ArrowSchema *out) {
  const bai_column *column = bai_table_column(table, index);
  const ba_array *array = column->array;
  const int32_t wide = array && array->ndim == 2;
  ba_status status = open_schema(table, array ? format_of(array->dtype) : "U", column->name, wide, out);
  if (status) return status;
  if (!wide) return BA_OK;
  schema_parts *parts = out->private_data;
  bai_format(parts->format, sizeof parts->format, "+w:%lld", (long long)array->shape[1]);
  out->format = parts->format;
  status = open_schema(table, format_of(array->dtype), "item", 0, out->children[0]);
  if (status) release_schema(out);
  return status;
}

/* ---- arrays ---- */

static void release_array(struct ArrowArray *array) {
  array_parts *parts = array->private_data;
  ba_context *context = parts->context;
  for (int64_t i = 0; i < array->n_children; i++)
    if (parts->list[i]->release) parts->list[i]->release(parts->list[i]);
  array->release = NULL;
  ba_table_release(parts->table);
  bai_free(context, parts->list);
  bai_free(context, parts);
  bai_context_release(context);
}

static ba_status open_array(ba_table *table, int64_t length, int64_t buffers, int64_t children,
                            struct ArrowArray *out) {
  ba_context *context = table->context;
  array_parts *parts;
  struct ArrowArray **list;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *parts + children * (int64_t)sizeof *out, &parts);
  if (status) return status;
  status = bai_alloc_zero(context, children, (int64_t)sizeof *list, &list);
  if (status) {
    bai_free(context, parts);
    return status;
  }
  parts->context = bai_context_retain(context);
  parts->table = ba_table_retain(table);
  parts->list = list;
  for (int64_t i = 0; i < children; i++) list[i] = &parts->children[i];
  *out = (struct ArrowArray){.length = length,
                             .n_buffers = buffers,
                             .n_children = children,
                             .buffers = parts->buffers,
                             .children = children > 0 ? list : NULL,
                             .release = release_array,
                             .private_data = parts};
  return BA_OK;
}

static int64_t count_missing(const bai_column *column, int64_t rows) {
  int64_t missing = 0;
  for (int64_t i = 0; column->validity && i < rows; i++) missing += !bai_bit(column->validity, i);
  return missing;
}

static ba_status column_array(ba_table *table, int64_t index, struct ArrowArray *out) {
  const bai_column *column = bai_table_column(table, index);
  const ba_array *array = column->array;
  const int32_t wide = array && array->ndim == 2;
  ba_status status = open_array(table, table->rows, wide ? 1 : array ? 2 : 3, wide, out);
  if (status) return status;
  out->null_count = count_missing(column, table->rows);
  out->buffers[0] = column->validity;
  if (!array) {
    const int64_t *offsets;
    out->buffers[2] = ba_table_texts(table, index, &offsets);
    out->buffers[1] = offsets;
  } else if (!wide) {
    out->buffers[1] = array->data;
  } else {
    status = open_array(table, table->rows * array->shape[1], 2, 0, out->children[0]);
    if (status)
      release_array(out);
    else
      out->children[0]->buffers[1] = array->data;
  }
  return status;
}

/* ---- what Arrow cannot take ---- */

static ba_status check_column(ba_table *table, int64_t index) {
  const bai_column *column = bai_table_column(table, index);
  const ba_array *array = column->array;
  if (array) {
    const int64_t size = bai_dtype_size(array->dtype);
    const int32_t packed =
        array->stride[array->ndim - 1] == size && (array->ndim == 1 || array->stride[0] == size * array->shape[1]);
    return packed ? BA_OK
                  : bai_fail(table->context, BA_ERR_UNSUPPORTED,
                             "export: column '%s' has gaps between its numbers; expected row-major order without any",
                             column->name);
  }
  for (int64_t row = 0; row < table->rows; row++) {
    int64_t length;
    const char *text = ba_table_text(table, index, row, &length);
    const int64_t good = bai_utf8_prefix(text, length);
    if (good < length)
      return bai_fail_at(table->context, BA_ERR_FORMAT, row + 1, -1,
                         "export: column '%s': not UTF-8 from byte %lld of the text on; expected UTF-8", column->name,
                         (long long)good);
  }
  return BA_OK;
}

static ba_status export_table(ba_table *table, struct ArrowSchema *schema, struct ArrowArray *array) {
  const int64_t columns = table->columns.count;
  ba_status status = BA_OK;
  for (int64_t i = 0; !status && i < columns; i++) status = check_column(table, i);
  if (!status) status = open_schema(table, "+s", "", columns, schema);
  if (!status) status = open_array(table, table->rows, 1, columns, array);
  for (int64_t i = 0; !status && i < columns; i++) {
    status = column_schema(table, i, schema->children[i]);
    if (!status) status = column_array(table, i, array->children[i]);
  }
  if (!status) return BA_OK;
  if (schema->release) schema->release(schema);
  if (array->release) array->release(array);
  return status;
}

ba_status ba_table_export(ba_table *table, struct ArrowSchema *schema, struct ArrowArray *array) {
  if (!table) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(table->context);
  if (status) return status;
  if (!schema || !array)
    return bai_leave(table->context,
                     bai_fail(table->context, BA_ERR_ARGUMENT, "export: expected places for the schema and the array"));
  memset(schema, 0, sizeof *schema);
  memset(array, 0, sizeof *array);
  status = export_table(table, schema, array);
  return bai_leave(table->context, status);
}
