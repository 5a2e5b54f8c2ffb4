/* SPDX-License-Identifier: MIT
 *
 * fuzz_push.c: the same bytes in one piece and fed in random chunks must give the same records and the same end. The
 * first byte seeds the chunks.
 */
#include <stdlib.h>
#include <string.h>

#include "bioanalytics/bioanalytics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition) {
  if (!condition) abort();
}

/* All that a reader gives, as one text: lengths and bytes. */
typedef struct story {
  char *text;
  size_t length, capacity;
} story;

static void add(story *s, const void *bytes, int64_t n) {
  if (s->length + (size_t)n + 8 > s->capacity) {
    s->capacity = 2 * (s->capacity + (size_t)n + 8);
    s->text = realloc(s->text, s->capacity);
    check(s->text != NULL);
  }
  memcpy(s->text + s->length, &n, sizeof n);
  s->length += sizeof n;
  if (n) memcpy(s->text + s->length, bytes, (size_t)n);
  s->length += (size_t)n;
}

static ba_status drain(ba_reader *reader, story *s) {
  ba_records *records;
  ba_status status;
  while ((status = ba_reader_next(reader, 100, &records)) == BA_OK) {
    for (int64_t i = 0; i < ba_records_count(records); i++) {
      int64_t n;
      const char *text = ba_records_name(records, i, &n);
      add(s, text, n);
      text = ba_records_sequence(records, i, &n);
      add(s, text, n);
      text = ba_records_quality(records, i, &n);
      add(s, text, n);
    }
    ba_records_release(records);
  }
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 1) return 0;
  uint32_t random = data[0] + 1u;
  ba_context *context;
  ba_reader *whole, *fed;
  story a = {0}, b = {0};
  if (ba_context_create(NULL, &context)) return 0;
  data++;
  size--;
  check(ba_reader_open_memory(context, data, (int64_t)size, NULL, &whole) == BA_OK);
  const ba_status expected = drain(whole, &a);
  char message[512];
  strncpy(message, ba_context_error_message(context), sizeof message - 1);
  message[sizeof message - 1] = 0;
  check(ba_reader_open_push(context, NULL, &fed) == BA_OK);
  ba_status status = BA_END;
  for (size_t at = 0; at < size && status == BA_END;) {
    random = random * 1664525u + 1013904223u;
    size_t n = 1 + (random >> 16) % (random & 4 ? 3u : 97u);
    if (n > size - at) n = size - at;
    status = ba_reader_feed(fed, data + at, (int64_t)n);
    at += n;
    if (status == BA_OK) status = drain(fed, &b);
  }
  if (status == BA_END) {
    check(ba_reader_finish(fed) == BA_OK);
    status = drain(fed, &b);
  }
  check(status == expected);
  check(strcmp(message, ba_context_error_message(context)) == 0);
  check(a.length == b.length && (a.length == 0 || memcmp(a.text, b.text, a.length) == 0));
  free(a.text);
  free(b.text);
  ba_reader_close(whole);
  ba_reader_close(fed);
  ba_context_destroy(context);
  return 0;
}
