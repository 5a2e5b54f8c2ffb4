/* SPDX-License-Identifier: MIT
 *
 * variant_reading.h: drains variants into one text, a line for each row:
 * chrom|position|id|ref|alt|quality|filter|info|dosage,dosage so that tests can compare whole readings.
 */
#ifndef TEST_SEQ_VARIANT_READING_H
#define TEST_SEQ_VARIANT_READING_H

#include "reading.h"
#include "seq/variants.h"

static inline void row_text(reading *r, const ba_table *table, const char *column, int64_t row) {
  int64_t n;
  const char *text = ba_table_text(table, ba_table_find(table, column), row, &n);
  reading_add(r, text ? text : "(none)", text ? n : 6);
  reading_add(r, "|", 1);
}

static inline void row_number(reading *r, double value, const char *end) {
  char text[64];
  int n = value != value ? snprintf(text, sizeof text, ".%s", end) : snprintf(text, sizeof text, "%.9g%s", value, end);
  reading_add(r, text, n);
}

static inline void row_info(reading *r, const ba_table *table, int64_t row) {
  int64_t columns = ba_table_columns(table);
  for (int64_t c = 0; c < columns; c++)
    if (strncmp(ba_table_name(table, c), "info", 4) == 0) row_text(r, table, ba_table_name(table, c), row);
}

static inline void variants_rows(reading *r, const ba_table *table) {
  const int64_t rows = ba_table_rows(table);
  const ba_array *positions = ba_table_array(table, ba_table_find(table, "position"));
  const int64_t quality = ba_table_find(table, "quality");
  const ba_array *dosage = ba_table_array(table, ba_table_find(table, "dosage"));
  const uint8_t *valid = ba_table_validity(table, quality);
  assert_true(rows >= 1);
  for (int64_t i = 0; i < rows; i++) {
    row_text(r, table, "chrom", i);
    char text[32];
    const int64_t position = ((const int64_t *)ba_array_data(positions))[i];
    reading_add(r, text, snprintf(text, sizeof text, "%lld|", (long long)position));
    row_text(r, table, "id", i);
    row_text(r, table, "ref", i);
    row_text(r, table, "alt", i);
    if (valid && !(valid[i / 8] >> (i % 8) & 1))
      reading_add(r, ".|", 2);
    else
      row_number(r, (double)((const float *)ba_array_data(ba_table_array(table, quality)))[i], "|");
    row_text(r, table, "filter", i);
    row_info(r, table, i);
    const int64_t samples = ba_array_shape(dosage, 1);
    for (int64_t s = 0; s < samples; s++)
      row_number(r, (double)((const float *)ba_array_data(dosage))[i * samples + s], s + 1 < samples ? "," : "");
    reading_add(r, "\n", 1);
  }
  r->count += rows;
}

static inline void variants_drain(reading *r, ba_context *context, ba_variants *variants, int64_t most) {
  ba_table *table;
  while ((r->status = ba_variants_next(variants, most, &table)) == BA_OK) {
    assert_true(ba_table_rows(table) <= most);
    variants_rows(r, table);
    ba_table_release(table);
  }
  assert_null(table);
  snprintf(r->message, sizeof r->message, "%s", ba_context_error_message(context));
  ba_context_error_position(context, &r->record, &r->byte);
  assert_int_equal(ba_variants_next(variants, 1, &table), r->status);
  assert_string_equal(ba_context_error_message(context), r->message);
  r->format = ba_variants_format(variants);
}

/* What an open gave, read to its end; also when it failed. */
static inline reading variants_end(ba_context *context, ba_status status, ba_variants *variants, int64_t most) {
  reading r = {.status = status};
  if (status) {
    assert_null(variants);
    snprintf(r.message, sizeof r.message, "%s", ba_context_error_message(context));
    ba_context_error_position(context, &r.record, &r.byte);
  } else {
    variants_drain(&r, context, variants, most);
  }
  ba_variants_close(variants);
  ba_context_destroy(context);
  reading_add(&r, "", 0);
  return r;
}

static inline reading variants_memory(const void *data, int64_t n, const char *options, int64_t most) {
  ba_context *context;
  ba_variants *variants;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  /* A copy of exact size, so that a checker sees a read behind it. */
  uint8_t *copy = malloc(n > 0 ? (size_t)n : 1);
  assert_non_null(copy);
  if (n > 0) memcpy(copy, data, (size_t)n);
  const ba_status status = ba_variants_open_memory(context, copy, n, options, &variants);
  reading r = variants_end(context, status, variants, most);
  free(copy);
  return r;
}

static inline reading variants_text(const char *text, const char *options) {
  return variants_memory(text, (int64_t)strlen(text), options, 1000);
}

static inline reading variants_path(const char *path, const char *options) {
  ba_context *context;
  ba_variants *variants;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  const ba_status status = ba_variants_open_path(context, path, options, &variants);
  return variants_end(context, status, variants, 1000);
}

/* A source that shows `chunk` bytes at a time, and fails once it has shown `fail_at` (-1: never). */
typedef struct chunk_source {
  bai_source base;
  const uint8_t *data;
  uint8_t *window;
  int64_t length, chunk, fail_at;
} chunk_source;

static inline ba_status chunk_refill(bai_source *base, ba_context *context) {
  chunk_source *source = (chunk_source *)base;
  const int64_t at = base->window.end_offset, left = source->length - at;
  const int64_t n = left < source->chunk ? left : source->chunk;
  if (source->fail_at >= 0 && at >= source->fail_at) return bai_fail(context, BA_ERR_IO, "the disk is gone");
  memcpy(source->window, source->data + at, (size_t)n); /* what was shown before is overwritten */
  base->window.at = source->window;
  base->window.end = source->window + n;
  base->window.end_offset += n;
  base->window.ended = base->window.end_offset == source->length;
  return BA_OK;
}

static inline void chunk_close(bai_source *base, ba_context *context) {
  (void)context;
  free(((chunk_source *)base)->window);
  free(base);
}

static inline reading variants_chunks(const void *data, int64_t n, const char *options, int64_t most, int64_t chunk,
                                      int64_t fail_at) {
  ba_context *context;
  ba_variants *variants;
  chunk_source *source = calloc(1, sizeof *source);
  assert_non_null(source);
  *source = (chunk_source){.base = {.refill = chunk_refill, .close = chunk_close},
                           .data = data,
                           .window = malloc((size_t)chunk),
                           .length = n,
                           .chunk = chunk,
                           .fail_at = fail_at};
  source->base.window.at = source->base.window.end = source->window;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  const ba_status status = bai_variants_open_source(context, &source->base, NULL, options, &variants);
  return variants_end(context, status, variants, most);
}

#endif
