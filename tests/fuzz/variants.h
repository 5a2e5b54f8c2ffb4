/* SPDX-License-Identifier: MIT
 *
 * variants.h: what the targets vcf and bcf hold of any input: tables hold together, their size changes nothing, an
 * error stays, strict=yes refuses or gives the same.
 */
#ifndef FUZZ_VARIANTS_H
#define FUZZ_VARIANTS_H

#include <stdlib.h>

#include "base/base.h"
#include "bioanalytics/bioanalytics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void check(int condition) {
  if (!condition) abort();
}

typedef struct sum {
  uint64_t digest;
  int64_t rows, record, byte;
  ba_status status;
} sum;

static inline void add_numbers(const ba_array *array, int64_t rows, sum *total) {
  const int64_t columns = ba_array_ndim(array) == 2 ? ba_array_shape(array, 1) : 1;
  const float *values = ba_array_data(array);
  check(ba_array_shape(array, 0) == rows && columns > 0);
  if (ba_array_dtype(array) != BA_FLOAT32) return;
  for (int64_t i = 0; ba_array_ndim(array) == 2 && i < rows * columns; i++) {
    check(values[i] != values[i] || (values[i] >= 0 && values[i] == (float)(int64_t)values[i]));
    total->digest +=
        bai_random((uint64_t)(total->rows * columns + i), values[i] == values[i] ? (uint64_t)values[i] : 997, 0);
  }
}

static inline void add_table(const ba_table *table, sum *total) {
  const int64_t rows = ba_table_rows(table);
  check(rows >= 1);
  for (int64_t row = 0; row < rows; row++)
    for (int64_t c = 0; c < ba_table_columns(table); c++) {
      int64_t length;
      const char *text = ba_table_text(table, c, row, &length);
      check(length >= 0);
      if (text) total->digest += bai_hash_bytes((uint64_t)(total->rows + row), (const uint8_t *)text, length);
    }
  for (int64_t c = 0; c < ba_table_columns(table); c++)
    if (ba_table_array(table, c)) add_numbers(ba_table_array(table, c), rows, total);
  total->rows += rows;
}

static inline sum read_all(const uint8_t *data, int64_t size, const char *options, int64_t most) {
  sum total = {0, 0, -1, -1, BA_OK};
  ba_context *context;
  ba_variants *variants = NULL;
  ba_table *table;
  if (ba_context_create(NULL, &context)) exit(1);
  check(ba_context_set_memory_limit(context, INT64_C(256) << 20) == BA_OK);
  total.status = ba_variants_open_memory(context, data, size, options, &variants);
  check((total.status == BA_OK) == (variants != NULL));
  while (!total.status && !(total.status = ba_variants_next(variants, most, &table))) {
    check(ba_table_rows(table) <= most);
    add_table(table, &total);
    ba_table_release(table);
  }
  check(total.status == BA_END || ba_context_error_message(context)[0] != 0);
  ba_context_error_position(context, &total.record, &total.byte);
  if (variants) check(ba_variants_next(variants, most, &table) == total.status);
  ba_variants_close(variants);
  ba_context_destroy(context);
  return total;
}

static inline void read_in_all_ways(const uint8_t *data, int64_t size) {
  const sum many = read_all(data, size, NULL, 1000), one = read_all(data, size, NULL, 1);
  check(many.status == one.status && many.rows == one.rows && many.digest == one.digest);
  check(many.record == one.record && many.byte == one.byte);
  const sum strict = read_all(data, size, "strict=yes", 3);
  check(strict.rows <= many.rows);
  if (strict.status == BA_END) check(strict.rows == many.rows && strict.digest == many.digest);
  read_all(data, size, "alleles=split,info=DP:DB", 2);
}

#endif
