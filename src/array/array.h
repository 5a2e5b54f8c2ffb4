/* SPDX-License-Identifier: MIT
 *
 * array.h: the inside of an array and of a table, for the rooms to the right.
 */
#ifndef BAI_ARRAY_H
#define BAI_ARRAY_H

#include "base/base.h"
#include "bioanalytics/array.h"

struct ba_array {
  _Atomic int64_t references;
  ba_context *context;
  int32_t dtype, ndim;
  int64_t shape[2], stride[2];
  void *data;
  int32_t foreign; /* wrapped memory */
  ba_release_function release;
  void *user;
};

/* Bytes of one element; 0 for an unknown type. */
int64_t bai_dtype_size(int32_t dtype);
/* Without bai_enter: for calls that are inside already. Contents are zero. */
ba_status bai_array_make(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, ba_array **out);
/* One element as a double; column 0 of an array of one dimension. */
double bai_array_number(const ba_array *array, int64_t row, int64_t column);
/* An array in row-major order over memory of bai_alloc, which it takes over, also when it fails. */
ba_status bai_array_take(ba_context *context, int32_t dtype, int32_t ndim, const int64_t *shape, void *data,
                         ba_array **out);

/* ---- table.c ---- */

/* One column: an array, or the bytes of texts and rows + 1 offsets (int64). */
typedef struct bai_column {
  char *name;
  ba_array *array;
  bai_vector bytes, offsets;
  uint8_t *validity;
} bai_column;

struct ba_table {
  _Atomic int64_t references;
  ba_context *context;
  int64_t rows;
  bai_vector columns; /* bai_column */
};

/* Without bai_enter. */
ba_status bai_table_make(ba_context *context, int64_t rows, ba_table **out);
/* Takes over what the column has but its name, which it copies, and leaves it empty; also when it fails. Lengths are
 * the caller's to get right. */
ba_status bai_table_take(ba_table *table, const char *name, bai_column *column);
/* 1 for a text that stands for a number that is not there: none, NA, N/A, NaN, nan, null, NULL, None. */
int32_t bai_is_missing_number(const char *text, int64_t length);
const bai_column *bai_table_column(const ba_table *table, int64_t column); /* NULL when it is not there */
void bai_column_free(ba_context *context, bai_column *column);

/* Bitmaps, as Arrow has them. */
static inline int32_t bai_bit(const uint8_t *bits, int64_t i) {
  return bits[i / 8] >> (i % 8) & 1;
}
static inline void bai_bit_set(uint8_t *bits, int64_t i) {
  bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << (i % 8));
}

#endif
