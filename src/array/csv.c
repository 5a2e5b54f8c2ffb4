/* SPDX-License-Identifier: MIT
 *
 * csv.c: a state machine over bytes; fields go to one buffer with their ends.
 */
#include "array/csv.h"

/* START: before the first byte of a row; FIELD: in a field; QUOTED: between quotes; CLOSED: after a closing quote;
 * RETURN: after a carriage return; DONE: a row was given. */
enum { START, FIELD_START, FIELD, QUOTED, CLOSED, RETURN, DONE };

static ba_status bad(ba_context *context, const bai_csv *csv, ba_status status, const char *what) {
  return bai_fail_at(context, status, csv->row, csv->byte, "%s", what);
}

static ba_status end_field(ba_context *context, bai_csv *csv) {
  return bai_vector_append(context, &csv->ends, &csv->bytes.count, 1, sizeof(int64_t));
}

static ba_status keep(ba_context *context, bai_csv *csv, char c) {
  return bai_vector_append(context, &csv->bytes, &c, 1, 1);
}

/* The delimiter of the first row: a tab if it has one outside quotes before any comma. */
static int32_t is_delimiter(bai_csv *csv, char c) {
  if (csv->delimiter == 0 && (c == ',' || c == '\t')) csv->delimiter = c;
  return c == csv->delimiter;
}

static ba_status step(ba_context *context, bai_csv *csv, char c) {
  if (c == 0) return bad(context, csv, BA_ERR_TABLE, "a zero byte; expected text");
  if (csv->state == QUOTED) {
    if (c != '"') return keep(context, csv, c);
    csv->state = CLOSED;
    return BA_OK;
  }
  if (csv->state == RETURN && c != '\n')
    return bad(context, csv, BA_ERR_TABLE, "a carriage return inside a row; expected a line feed after it");
  if (c == '\n') {
    csv->state = DONE;
    return end_field(context, csv);
  }
  if (c == '\r') {
    csv->state = RETURN;
    return BA_OK;
  }
  if (is_delimiter(csv, c)) {
    csv->state = FIELD_START;
    return end_field(context, csv);
  }
  if (c == '"' && csv->delimiter != '\t') {
    if (csv->state == CLOSED) {
      csv->state = QUOTED; /* "" inside quotes is one quote */
      return keep(context, csv, c);
    }
    if (csv->state == FIELD_START) {
      csv->state = QUOTED;
      return BA_OK;
    }
    return bad(context, csv, BA_ERR_TABLE, "a quote inside a field; expected the whole field in quotes");
  }
  if (csv->state == CLOSED)
    return bad(context, csv, BA_ERR_TABLE, "text after a closing quote; expected a delimiter or the end of the row");
  csv->state = FIELD;
  return keep(context, csv, c);
}

ba_status bai_csv_take(ba_context *context, bai_csv *csv, const uint8_t **at, const uint8_t *end, int32_t last,
                       int32_t *complete) {
  *complete = 0;
  if (csv->state == DONE) csv->state = START;
  for (;;) {
    if (csv->state == START) {
      while (*at < end && (**at == '\n' || **at == '\r')) {
        ++*at;
        csv->byte++;
      }
      if (*at == end) return BA_OK;
      csv->bytes.count = csv->ends.count = 0;
      csv->row++;
      csv->row_byte = csv->byte;
      csv->state = FIELD_START;
    }
    while (*at < end && csv->state != DONE) {
      const ba_status status = step(context, csv, (char)**at);
      if (status) return status;
      ++*at;
      csv->byte++;
    }
    if (csv->state == DONE) break;
    if (!last) return BA_OK;
    if (csv->state == QUOTED) return bad(context, csv, BA_ERR_TRUNCATED, "the table ends inside quotes");
    const ba_status status = end_field(context, csv);
    if (status) return status;
    csv->state = DONE;
    break;
  }
  *complete = 1;
  return BA_OK;
}

void bai_csv_restart(bai_csv *csv) {
  csv->state = START;
}

void bai_csv_free(ba_context *context, bai_csv *csv) {
  bai_vector_free(context, &csv->bytes);
  bai_vector_free(context, &csv->ends);
}

int64_t bai_csv_fields(const bai_csv *csv) {
  return csv->ends.count;
}

const char *bai_csv_field(const bai_csv *csv, int64_t index, int64_t *length) {
  const int64_t *ends = csv->ends.data;
  const int64_t from = index ? ends[index - 1] : 0;
  *length = ends[index] - from;
  return csv->bytes.data ? (const char *)csv->bytes.data + from : "";
}
