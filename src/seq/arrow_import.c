/* SPDX-License-Identifier: MIT
 *
 * arrow_import.c: a struct array of the Arrow C data interface as a table. Numbers of our types stay where they are,
 * and hold the array; other numbers, truths, dates and texts are copied.
 */
#include <string.h>

#include "array/array.h"
#include "bioanalytics/arrow.h"

/* The array that was given, shared by all columns that point into it. */
typedef struct holder {
  _Atomic int64_t references;
  ba_context *context;
  struct ArrowArray array;
} holder;

static void release_holder(void *user) {
  holder *h = user;
  if (atomic_fetch_sub(&h->references, 1) != 1) return;
  ba_context *context = h->context;
  if (h->array.release) h->array.release(&h->array);
  bai_free(context, h);
  bai_context_release(context);
}

/* One column: `first` is the place of the table's first row in its buffers. */
typedef struct source {
  ba_context *context;
  const struct ArrowSchema *schema;
  const struct ArrowArray *array;
  holder *held;
  int64_t rows, first;
} source;

static ba_status refuse(const source *s, const char *what) {
  return bai_fail(s->context, BA_ERR_UNSUPPORTED, "import: column '%s' has Arrow's format \"%s\"; %s",
                  s->schema->name ? s->schema->name : "", s->schema->format, what);
}

/* ---- numbers ---- */

typedef enum shape { SAME, SMALL, WIDE } shape; /* of our own types; copied to int32; copied to float64 */

typedef struct number_format {
  const char *format;
  int32_t dtype, bytes;
  shape shape;
} number_format;

static const number_format number_formats[] = {
    {"g", BA_FLOAT64, 8, SAME}, {"f", BA_FLOAT32, 4, SAME}, {"l", BA_INT64, 8, SAME},    {"i", BA_INT32, 4, SAME},
    {"I", BA_UINT32, 4, SAME},  {"C", BA_UINT8, 1, SAME},   {"c", BA_INT32, 1, SMALL},   {"s", BA_INT32, 2, SMALL},
    {"S", BA_INT32, 2, SMALL},  {"L", BA_FLOAT64, 8, WIDE}, {"tdD", BA_FLOAT64, 4, WIDE}};

static const number_format *find_format(const char *format) {
  for (size_t i = 0; i < sizeof number_formats / sizeof number_formats[0]; i++)
    if (strcmp(number_formats[i].format, format) == 0) return &number_formats[i];
  return NULL;
}

/* A number without a copy; `width` numbers a row, 0 for one dimension. */
static ba_status wrap(const source *s, const struct ArrowArray *values, int64_t first, const number_format *f,
                      int64_t width, ba_array **out) {
  const int64_t lengths[2] = {s->rows, width}, strides[2] = {f->bytes * (width ? width : 1), f->bytes};
  static const uint8_t nothing = 0;
  const uint8_t *data = values->buffers[1] ? (const uint8_t *)values->buffers[1] + first * f->bytes : &nothing;
  ba_status status = bai_array_make(s->context, f->dtype, width ? 2 : 1, (const int64_t[2]){0, width}, out);
  if (status) return status;
  ba_array *array = *out;
  bai_free(s->context, array->data);
  array->data = (void *)(uintptr_t)data; /* foreign memory is never written */
  array->foreign = 1;
  array->release = release_holder;
  array->user = s->held;
  atomic_fetch_add(&s->held->references, 1);
  for (int32_t d = 0; d < array->ndim; d++) {
    array->shape[d] = lengths[d];
    array->stride[d] = strides[d];
  }
  return BA_OK;
}

/* Seconds since 1970 of dates; a whole number above 2^53 is rounded. */
static ba_status copy_numbers(const source *s, const number_format *f, ba_array **out) {
  const ba_status status = bai_array_make(s->context, f->dtype, 1, &s->rows, out);
  if (status) return status;
  const uint8_t *data = s->array->buffers[1];
  for (int64_t i = 0; i < s->rows; i++) {
    const uint8_t *at = data + (s->first + i) * f->bytes;
    const int32_t one = f->bytes == 1;
    if (f->shape == SMALL)
      ((int32_t *)(*out)->data)[i] = one                   ? (int8_t)*at
                                     : f->format[0] == 's' ? (int16_t)bai_get_u16(at)
                                                           : (int32_t)bai_get_u16(at);
    else
      ((double *)(*out)->data)[i] =
          f->bytes == 4 ? 86400.0 * (double)(int32_t)bai_get_u32(at) : (double)bai_get_u64(at);
  }
  return BA_OK;
}

/* Timestamps as seconds since 1970: "tsm:Europe/Paris" has thousandths of them. */
static ba_status copy_times(const source *s, ba_array **out) {
  static const char units[] = "smun";
  static const double steps[] = {1.0, 1e3, 1e6, 1e9};
  const char *unit = s->schema->format[2] ? memchr(units, s->schema->format[2], 4) : NULL;
  if (!unit) return refuse(s, "expected seconds, or thousandths, millionths or billionths of them");
  const ba_status status = bai_array_make(s->context, BA_FLOAT64, 1, &s->rows, out);
  const uint8_t *data = s->array->buffers[1];
  for (int64_t i = 0; !status && i < s->rows; i++)
    ((double *)(*out)->data)[i] = (double)(int64_t)bai_get_u64(data + 8 * (s->first + i)) / steps[unit - units];
  return status;
}

static ba_status copy_truths(const source *s, ba_array **out) {
  const ba_status status = bai_array_make(s->context, BA_UINT8, 1, &s->rows, out);
  for (int64_t i = 0; !status && i < s->rows; i++)
    ((uint8_t *)(*out)->data)[i] = (uint8_t)bai_bit(s->array->buffers[1], s->first + i);
  return status;
}

/* "+w:3", a list of three numbers a row. */
static ba_status take_lists(const source *s, ba_array **out) {
  const char *digits = s->schema->format + 3;
  const number_format *f = s->schema->n_children == 1 ? find_format(s->schema->children[0]->format) : NULL;
  int64_t width;
  if (!f || f->shape != SAME || !bai_parse_i64(digits, bai_length(digits), &width) || width < 1)
    return refuse(s, "expected a list of float64, float32, int64, int32, uint32 or uint8");
  const struct ArrowArray *values = s->array->children[0];
  if (values->null_count != 0 && values->buffers[0]) return refuse(s, "expected a list without nulls inside");
  return wrap(s, values, values->offset + s->first * width, f, width, out);
}

/* ---- texts ---- */

/* A text of utf8_view ("vu"): up to 12 bytes stand in the view itself, more of them in one of the buffers behind it. */
static const char *viewed_text(const struct ArrowArray *array, int64_t i, int64_t *length) {
  const uint8_t *at = (const uint8_t *)array->buffers[1] + 16 * i;
  *length = (int32_t)bai_get_u32(at);
  if (*length <= 12) return (const char *)at + 4;
  return (const char *)array->buffers[2 + bai_get_u32(at + 8)] + bai_get_u32(at + 12);
}

/* Text i of an array of utf8 ("u"), large_utf8 ("U") or utf8_view. */
static const char *text_at(const struct ArrowArray *array, char kind, int64_t i, int64_t *length) {
  if (kind == 'v') return viewed_text(array, i, length);
  const int32_t large = kind == 'U';
  const uint8_t *offsets = array->buffers[1];
  const int64_t from = large ? (int64_t)bai_get_u64(offsets + 8 * i) : (int32_t)bai_get_u32(offsets + 4 * i);
  const int64_t to = large ? (int64_t)bai_get_u64(offsets + 8 * i + 8) : (int32_t)bai_get_u32(offsets + 4 * i + 4);
  *length = to - from;
  return (const char *)array->buffers[2] + from;
}

/* 'u', 'U' or 'v' for a format of texts, else 0. */
static char text_kind(const char *format) {
  if ((format[0] == 'u' || format[0] == 'U') && !format[1]) return format[0];
  return strcmp(format, "vu") == 0 ? 'v' : 0;
}

static int32_t is_null(const struct ArrowArray *array, int64_t i) {
  return array->n_buffers > 0 && array->buffers[0] && array->null_count != 0 && !bai_bit(array->buffers[0], i);
}

static int64_t key_at(const source *s, int64_t i) {
  const uint8_t *data = s->array->buffers[1];
  switch (s->schema->format[0]) {
    case 'c':
      return (int8_t)data[i];
    case 'C':
      return data[i];
    case 's':
      return (int16_t)bai_get_u16(data + 2 * i);
    case 'S':
      return bai_get_u16(data + 2 * i);
    case 'i':
      return (int32_t)bai_get_u32(data + 4 * i);
    case 'I':
      return bai_get_u32(data + 4 * i);
    default:
      return (int64_t)bai_get_u64(data + 8 * i);
  }
}

/* The texts of a column, perhaps those of a dictionary that its numbers point into. */
static ba_status copy_texts(const source *s, bai_column *column) {
  const struct ArrowSchema *of = s->schema->dictionary ? s->schema->dictionary : s->schema;
  const struct ArrowArray *texts = s->schema->dictionary ? s->array->dictionary : s->array;
  const char kind = text_kind(of->format);
  if (!kind || !texts) return refuse(s, "expected a dictionary of texts");
  const int64_t zero = 0;
  ba_status status = bai_vector_append(s->context, &column->offsets, &zero, 1, 8);
  for (int64_t i = 0; !status && i < s->rows; i++) {
    int64_t at = s->first + i, length = 0;
    const char *text = "";
    if (!is_null(s->array, at)) {
      if (s->schema->dictionary) at = texts->offset + key_at(s, at);
      if (!is_null(texts, at)) text = text_at(texts, kind, at, &length);
    }
    status = bai_vector_append(s->context, &column->bytes, text, length, 1);
    if (!status) status = bai_vector_append(s->context, &column->offsets, &column->bytes.count, 1, 8);
    if (!status && i % 4096 == 0) status = bai_check_cancel(s->context);
  }
  return status;
}

/* ---- columns ---- */

static ba_status copy_validity(const source *s, bai_column *column) {
  int32_t any = 0;
  for (int64_t i = 0; !any && i < s->rows; i++) any = is_null(s->array, s->first + i);
  if (!any) return BA_OK;
  const ba_status status = bai_alloc_zero(s->context, s->rows / 8 + 1, 1, &column->validity);
  for (int64_t i = 0; !status && i < s->rows; i++)
    if (!is_null(s->array, s->first + i)) bai_bit_set(column->validity, i);
  return status;
}

static ba_status take_column(const source *s, bai_column *column) {
  const char *format = s->schema->format;
  const number_format *f = s->schema->dictionary ? NULL : find_format(format);
  ba_status status = copy_validity(s, column);
  if (status) return status;
  if (s->schema->dictionary || text_kind(format)) return copy_texts(s, column);
  if (f && f->shape == SAME) return wrap(s, s->array, s->first, f, 0, &column->array);
  if (f) return copy_numbers(s, f, &column->array);
  if (strcmp(format, "b") == 0) return copy_truths(s, &column->array);
  if (format[0] == 't' && format[1] == 's') return copy_times(s, &column->array);
  if (format[0] == '+' && format[1] == 'w' && format[2] == ':') return take_lists(s, &column->array);
  return refuse(s, "expected numbers, truths, dates, timestamps, texts or lists of a fixed size");
}

static ba_status take_columns(ba_context *context, const struct ArrowSchema *schema, holder *held, ba_table **out) {
  const struct ArrowArray *all = &held->array;
  ba_status status = bai_table_make(context, all->length, out);
  for (int64_t i = 0; !status && i < schema->n_children; i++) {
    const source s = {context, schema->children[i], all->children[i],
                      held,    all->length,         all->children[i]->offset + all->offset};
    bai_column column = {0};
    status = take_column(&s, &column);
    if (status)
      bai_column_free(context, &column);
    else
      status = bai_table_take(*out, s.schema->name ? s.schema->name : "", &column);
  }
  for (int64_t i = 0; !status && all->null_count != 0 && all->buffers[0] && i < all->length; i++)
    if (!bai_bit(all->buffers[0], all->offset + i))
      status =
          bai_fail_at(context, BA_ERR_UNSUPPORTED, i + 1, -1, "import: the row is null; expected rows with columns");
  return status;
}

ba_status ba_table_import(ba_context *context, struct ArrowSchema *schema, struct ArrowArray *array, ba_table **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  holder *held = NULL;
  if (out) *out = NULL;
  if (!schema || !array || !out || !schema->release || !array->release)
    status = bai_fail(context, BA_ERR_ARGUMENT, "import: expected a schema, an array and a place for the table");
  if (!status && (strcmp(schema->format, "+s") != 0 || array->n_children != schema->n_children))
    status = bai_fail(context, BA_ERR_ARGUMENT, "import: the format is \"%s\"; expected \"+s\", a struct of columns",
                      schema->format);
  if (!status) status = bai_alloc_zero(context, 1, sizeof *held, &held);
  if (!status) {
    held->references = 1;
    held->context = bai_context_retain(context);
    held->array = *array;
    status = take_columns(context, schema, held, out);
    if (status) {
      ba_table_release(*out);
      *out = NULL;
      held->array.release = NULL; /* it stays the caller's */
    } else {
      array->release = NULL;
      schema->release(schema);
    }
    release_holder(held);
  }
  return bai_leave(context, status);
}
