/* SPDX-License-Identifier: MIT
 *
 * fuzz_reader.c: four targets, fuzz_fasta, fuzz_fastq, fuzz_gzip and fuzz_bgzf, which FUZZ_HEAD tells apart. The bytes
 * get the start of such a file in front, so that none is lost on finding it, and are read in two ways that must agree:
 * with and without the fast path, or by the fastest inflater and by zlib. FASTA is read in pieces as well.
 */
#include <stdlib.h>
#include <string.h>

#include "bioanalytics/bioanalytics.h"
#include "seq/reader.h"

#define FASTA 1
#define FASTQ 2
#define GZIP 3
#define BGZF 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition) {
  if (!condition) abort();
}

/* What a reading came to; the text of pieces is that of the whole, as overlaps are left out. */
typedef struct story {
  uint64_t letters, names, qualities; /* running sums over the bytes, so that their order counts */
  int64_t records, counted, ambiguous, overlap;
  ba_status status;
  char message[512];
} story;

static uint64_t mix(uint64_t sum, const char *bytes, int64_t n) {
  for (int64_t i = 0; i < n; i++) sum = (sum ^ (uint8_t)bytes[i]) * UINT64_C(0x100000001B3);
  return sum;
}

static void note(story *s, const ba_records *records) {
  const int64_t count = ba_records_count(records);
  check(count > 0);
  for (int64_t i = 0; i < count; i++) {
    int64_t n, m;
    int32_t more;
    const int64_t start = ba_records_piece(records, i, &more), again = start > 0 ? s->overlap : 0;
    const char *letters = ba_records_sequence(records, i, &n), *quality = ba_records_quality(records, i, &m);
    check(n >= again && (m == 0 || m == n) && (start == 0 || i == 0) && (!more || i == count - 1));
    s->letters = mix(s->letters, letters + again, n - again);
    s->qualities = mix(s->qualities, quality, m);
    if (more) continue;
    s->letters = mix(s->letters, "|", 1);
    s->qualities = mix(s->qualities, "|", 1);
    const char *name = ba_records_name(records, i, &n);
    s->names = mix(mix(s->names, name, n), "|", 1);
    s->records++;
  }
}

static story tell(const uint8_t *data, int64_t size, const char *options, int64_t overlap, int32_t careful) {
  story s = {.overlap = overlap};
  ba_context *context;
  ba_reader *reader;
  ba_records *records;
  int64_t position;
  check(ba_context_create(NULL, &context) == BA_OK);
  check(ba_reader_open_memory(context, data, size, options, &reader) == BA_OK);
  if (careful) bai_reader_go_careful(reader);
  while ((s.status = ba_reader_next(reader, 9, &records)) == BA_OK) {
    note(&s, records);
    ba_records_release(records);
  }
  strncpy(s.message, ba_context_error_message(context), sizeof s.message - 1);
  check(ba_reader_next(reader, 9, &records) == s.status);
  ba_reader_counters(reader, &s.counted, &s.ambiguous);
  ba_reader_position(reader, &position, NULL);
  check(position == s.records);
  ba_reader_close(reader);
  ba_context_destroy(context);
  return s;
}

static void same(const story *a, const story *b) {
  check(a->status == b->status && strcmp(a->message, b->message) == 0);
  check(a->records == b->records && a->names == b->names);
}

static void same_letters(const story *a, const story *b) {
  check(a->letters == b->letters && a->qualities == b->qualities);
  check(a->counted == b->counted && a->ambiguous == b->ambiguous);
}

static void compare(const uint8_t *text, int64_t size) {
  const int32_t packed = FUZZ_HEAD == GZIP || FUZZ_HEAD == BGZF;
  const story one = tell(text, size, "", 0, 0);
  const story two = tell(text, size, packed ? "inflater=zlib" : "", 0, !packed);
  same(&one, &two);
  same_letters(&one, &two);
  if (FUZZ_HEAD == BGZF) {
    const story threads = tell(text, size, "threads=2", 0, 0);
    same(&one, &threads);
    same_letters(&one, &threads);
  }
  if (FUZZ_HEAD != FASTA) return;
  const story pieces = tell(text, size, "chunk=11, overlap=4", 4, 0),
              slow = tell(text, size, "chunk=11, overlap=4", 4, 1);
  same(&pieces, &slow);
  same_letters(&pieces, &slow);
  same(&one, &pieces);
  if (one.status == BA_END) same_letters(&one, &pieces); /* behind an error the last pieces have been given */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint8_t heads[5][18] = {
      {0}, ">", "@", {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}, {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 6, 0, 'B', 'C', 2}};
  static const size_t lengths[5] = {0, 1, 1, 10, 18};
  const size_t head = lengths[FUZZ_HEAD], block = head + size - 1;
  uint8_t *text = malloc(head + size);
  check(text != NULL);
  memcpy(text, heads[FUZZ_HEAD], head);
  if (size) memcpy(text + head, data, size);
  if (FUZZ_HEAD == BGZF) {
    text[16] = (uint8_t)(block & 255);
    text[17] = (uint8_t)(block >> 8 & 255);
  }
  compare(text, (int64_t)(head + size));
  free(text);
  return 0;
}
