/* SPDX-License-Identifier: MIT
 *
 * reading.h: drains a reader into one text, "name|letters|quality" and a line feed for each record, so that tests can
 * compare whole readings; and tables of inputs with what must come out.
 */
#ifndef TEST_SEQ_READING_H
#define TEST_SEQ_READING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bioanalytics/seq.h"
#include "seq/reader.h"

typedef struct reading {
  char *text;
  int64_t length, capacity;
  int64_t count, letters, ambiguous, bytes;
  int32_t format;
  ba_status status; /* BA_END or the error */
  char message[512];
  int64_t record, byte;
} reading;

static inline void reading_add(reading *r, const char *bytes, int64_t n) {
  if (r->length + n + 1 > r->capacity) {
    r->capacity = 2 * (r->length + n + 1);
    r->text = realloc(r->text, (size_t)r->capacity);
    assert_non_null(r->text);
  }
  if (n > 0) memcpy(r->text + r->length, bytes, (size_t)n);
  r->length += n;
  r->text[r->length] = 0;
}

static inline void reading_batch(reading *r, const ba_records *batch) {
  int64_t count = ba_records_count(batch), n;
  assert_true(count >= 1);
  for (int64_t i = 0; i < count; i++) {
    const char *text = ba_records_name(batch, i, &n);
    reading_add(r, text, n);
    reading_add(r, "|", 1);
    text = ba_records_sequence(batch, i, &n);
    reading_add(r, text, n);
    reading_add(r, "|", 1);
    text = ba_records_quality(batch, i, &n);
    reading_add(r, text, n);
    reading_add(r, "\n", 1);
  }
  int32_t more;
  ba_records_piece(batch, count - 1, &more);
  r->count += count - more;
}

/* Reads what there is; the status that ended it stays in the reading. */
static inline void reading_drain(reading *r, ba_reader *reader, int64_t most) {
  ba_records *batch;
  while ((r->status = ba_reader_next(reader, most, &batch)) == BA_OK) {
    assert_true(ba_records_count(batch) <= most);
    reading_batch(r, batch);
    ba_records_release(batch);
  }
  assert_null(batch);
}

/* Notes how the reading ended, asks once more to see that the end sticks, and closes the reader. */
static inline void reading_end(reading *r, ba_context *context, ba_reader *reader) {
  ba_records *batch;
  snprintf(r->message, sizeof r->message, "%s", ba_context_error_message(context));
  ba_context_error_position(context, &r->record, &r->byte);
  ba_reader_counters(reader, &r->letters, &r->ambiguous);
  int64_t records;
  ba_reader_position(reader, &records, &r->bytes);
  assert_int_equal(records, r->count);
  r->format = ba_reader_format(reader);
  assert_int_equal(ba_reader_next(reader, 1, &batch), r->status);
  assert_string_equal(ba_context_error_message(context), r->message);
  ba_reader_close(reader);
  reading_add(r, "", 0);
}

static inline reading read_memory(const void *data, int64_t n, const char *options, int64_t most) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, data, n, options, &reader), BA_OK);
  reading_drain(&r, reader, most);
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  return r;
}

/* Feeds `chunk` bytes at a time and drains in between; `careful` is without the fast path. */
static inline reading read_fed(const uint8_t *data, int64_t n, const char *options, int64_t most, int64_t chunk,
                               int32_t careful) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, options, &reader), BA_OK);
  if (careful) bai_reader_go_careful(reader);
  for (int64_t at = 0; at < n; at += chunk) {
    /* A copy of exact size, so that a checker sees a read behind it. */
    int64_t size = n - at < chunk ? n - at : chunk;
    uint8_t *copy = malloc((size_t)size);
    assert_non_null(copy);
    memcpy(copy, data + at, (size_t)size);
    assert_int_equal(ba_reader_feed(reader, copy, size), BA_OK);
    free(copy);
    reading_drain(&r, reader, most);
  }
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  reading_drain(&r, reader, most);
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  return r;
}

static inline reading read_pushed(const uint8_t *data, int64_t n, const char *options, int64_t most, int64_t chunk) {
  return read_fed(data, n, options, most, chunk, 0);
}

static inline reading read_path(const char *path, const char *options) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  if (ba_reader_open_path(context, path, options, &reader) != BA_OK) {
    fail_msg("%s", ba_context_error_message(context));
  }
  reading_drain(&r, reader, 1000);
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  return r;
}

/* Two readings that must not differ in anything. */
static inline void same_reading(const reading *a, const reading *b, const char *what, int64_t number) {
  if (a->status != b->status || strcmp(a->message, b->message) != 0 || a->record != b->record || a->byte != b->byte) {
    fail_msg("%s %lld: '%s' against '%s'", what, (long long)number, a->message, b->message);
  }
  if (a->length != b->length || memcmp(a->text, b->text, (size_t)a->length) != 0) {
    fail_msg("%s %lld: records differ:\n%s--\n%s", what, (long long)number, a->text, b->text);
  }
  assert_int_equal(a->letters, b->letters);
  assert_int_equal(a->ambiguous, b->ambiguous);
  assert_int_equal(a->bytes, b->bytes);
  assert_int_equal(a->format, b->format);
}

/* One input and what must come out, whole and for every chunk size. */
typedef struct expectation {
  const char *input, *records;
  ba_status status;
  const char *message; /* NULL for BA_END */
  const char *options;
} expectation;

/* The input among plain records, so that the fast path has something to take, against the state machine alone. */
static inline void check_both_ways(const char *input, const char *options) {
  static const char *const plain[] = {"@plain\nACGTACGTACGT\n+\nIIIIIIIIIIII\n", ">plain\nACGTACGTACGT\nACGT\n"};
  char text[2048];
  for (int32_t format = 0; format < 2; format++) {
    const char *p = plain[format];
    int64_t n = snprintf(text, sizeof text, "%s%s%s%s%s%s", p, p, input, p, p, p);
    reading careful = read_fed((const uint8_t *)text, n, options, 1000, n, 1);
    for (int64_t chunk = 1; chunk <= n; chunk += 1 + chunk / 4) {
      reading fast = read_fed((const uint8_t *)text, n, options, 1 + chunk % 5, chunk, 0);
      same_reading(&careful, &fast, text, chunk);
      free(fast.text);
    }
    free(careful.text);
  }
}

static inline void check_expectations(const expectation *cases, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const expectation *c = &cases[i];
    int64_t n = (int64_t)strlen(c->input);
    reading whole = read_memory(c->input, n, c->options, 1000);
    if (whole.status != c->status || strcmp(whole.text, c->records) != 0 ||
        (c->message && strcmp(whole.message, c->message) != 0)) {
      fail_msg("case %zu, input\n%s--\ngave status %d, '%s', records\n%s--\nexpected status %d, '%s', records\n%s", i,
               c->input, whole.status, whole.message, whole.text, c->status, c->message ? c->message : "", c->records);
    }
    for (int64_t chunk = 1; chunk <= n + 1; chunk++) {
      reading pushed = read_pushed((const uint8_t *)c->input, n, c->options, 1 + chunk % 3, chunk);
      same_reading(&whole, &pushed, c->input, chunk);
      free(pushed.text);
    }
    free(whole.text);
    check_both_ways(c->input, c->options);
  }
}

#endif
