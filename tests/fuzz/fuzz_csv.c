/* SPDX-License-Identifier: MIT
 *
 * fuzz_csv.c: delimited text in one piece and byte by byte must give the same rows and the same end.
 */
#include <stdlib.h>
#include <string.h>

#include "array/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition) {
  if (!condition) abort();
}

typedef struct sum {
  uint64_t rows, digest;
  ba_status status;
} sum;

static sum read_rows(ba_context *context, const uint8_t *data, int64_t size, int64_t chunk) {
  bai_csv csv;
  sum total = {0, 0, BA_OK};
  int64_t given = 0;
  const uint8_t *at = data;
  memset(&csv, 0, sizeof csv);
  for (;;) {
    int32_t complete;
    const int32_t last = given == size;
    total.status = bai_csv_take(context, &csv, &at, data + given, last, &complete);
    if (total.status) break;
    if (complete) {
      total.rows++;
      for (int64_t i = 0; i < bai_csv_fields(&csv); i++) {
        int64_t length;
        const char *field = bai_csv_field(&csv, i, &length);
        check(length >= 0);
        total.digest = bai_hash_bytes(total.digest + (uint64_t)i, (const uint8_t *)field, length);
      }
    } else if (last) {
      break;
    } else {
      check(at == data + given); /* all was taken */
      given = size - given < chunk ? size : given + chunk;
    }
  }
  bai_csv_free(context, &csv);
  return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t nothing[1] = {0};
  ba_context *context;
  if (ba_context_create(NULL, &context)) return 0;
  if (size == 0) data = nothing;
  const sum whole = read_rows(context, data, (int64_t)size, (int64_t)size + 1);
  const sum pieces = read_rows(context, data, (int64_t)size, 1);
  check(whole.status == pieces.status && whole.rows == pieces.rows && whole.digest == pieces.digest);
  ba_context_destroy(context);
  return 0;
}
