/* SPDX-License-Identifier: MIT
 *
 * csv.h: rows of delimited text from bytes in chunks of any size. CSV as in RFC 4180; in TSV nothing is quoted.
 * (No kept C parser fits the licence and the bounded-memory rule: docs/formats.md.)
 */
#ifndef BAI_ARRAY_CSV_H
#define BAI_ARRAY_CSV_H

#include "base/base.h"

typedef struct bai_csv {
  char delimiter; /* ',' or '\t'; 0: found from the first row */
  int32_t state;
  int64_t row;      /* rows begun, the header is 1 */
  int64_t byte;     /* of the next byte of input */
  int64_t row_byte; /* where the row starts */
  bai_vector bytes; /* the fields of the row, unquoted, one after the other */
  bai_vector ends;  /* int64, where each ends */
} bai_csv;

/* Takes bytes from *at on. *complete is 1 when a whole row is in bytes and ends; the next call starts a new one. `last`
 * says that nothing follows `end`. Blank lines are passed over. */
ba_status bai_csv_take(ba_context *context, bai_csv *csv, const uint8_t **at, const uint8_t *end, int32_t last,
                       int32_t *complete);
/* The next byte begins a row, whatever came before. */
void bai_csv_restart(bai_csv *csv);
void bai_csv_free(ba_context *context, bai_csv *csv);
int64_t bai_csv_fields(const bai_csv *csv);
const char *bai_csv_field(const bai_csv *csv, int64_t index, int64_t *length);

#endif
