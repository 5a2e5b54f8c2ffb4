/* SPDX-License-Identifier: MIT
 *
 * test_chunks.c: FASTA sequences in pieces. What must come out is cut here from the whole sequences, by the rule in
 * seq.h; and counts of k-mers over pieces add up to those of the whole.
 */
#include "reading.h"
#include "support/fault.h"
#include "support/temp.h"

#include "bioanalytics/arrow.h"
#include "bioanalytics/features.h"

static uint32_t seed = 7;

static uint32_t below(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

/* One sequence and its pieces, as "start more name|letters" lines. */
static void expect_pieces(reading *r, const char *name, const char *letters, int64_t n, int64_t chunk,
                          int64_t overlap) {
  for (int64_t start = 0;; start += chunk - overlap) {
    const int64_t size = n - start < chunk ? n - start : chunk;
    const int32_t more = start + size < n;
    char head[80];
    reading_add(r, head, snprintf(head, sizeof head, "%lld %d %s|", (long long)start, more, name));
    reading_add(r, letters + start, size);
    reading_add(r, "\n", 1);
    if (!more) return;
  }
}

static void note_pieces(reading *r, const ba_records *batch) {
  const int64_t count = ba_records_count(batch);
  for (int64_t i = 0; i < count; i++) {
    int64_t n, length;
    int32_t more;
    const int64_t start = ba_records_piece(batch, i, &more);
    const char *name = ba_records_name(batch, i, &length), *letters = ba_records_sequence(batch, i, &n);
    char head[80];
    reading_add(r, head, snprintf(head, sizeof head, "%lld %d %.*s|", (long long)start, more, (int)length, name));
    reading_add(r, letters, n);
    reading_add(r, "\n", 1);
    assert_true((start == 0 || i == 0) && (!more || i == count - 1));
    r->count += !more;
  }
}

/* Drains what there is; 1 while the reader is not at its end. */
static void drain(reading *r, ba_reader *reader, int64_t most) {
  ba_records *batch;
  while ((r->status = ba_reader_next(reader, most, &batch)) == BA_OK) {
    note_pieces(r, batch);
    int64_t records;
    ba_reader_position(reader, &records, NULL);
    assert_int_equal(records, r->count);
    ba_records_release(batch);
  }
}

static reading read_pieces(const char *text, int64_t n, const char *options, int64_t fed, int32_t careful) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, options, &reader), BA_OK);
  if (careful) bai_reader_go_careful(reader);
  for (int64_t at = 0; at < n; at += fed) {
    assert_int_equal(ba_reader_feed(reader, (const uint8_t *)text + at, n - at < fed ? n - at : fed), BA_OK);
    drain(&r, reader, 1 + below(5));
  }
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  drain(&r, reader, 1 + below(5));
  assert_int_equal(r.status, BA_END);
  ba_reader_counters(reader, &r.letters, &r.ambiguous);
  ba_reader_close(reader);
  ba_context_destroy(context);
  return r;
}

static void pieces_of_sequences(void **state) {
  static const char *const ends[] = {"\n", "\r\n", "\n\n"};
  static char text[60000], letters[9000];
  (void)state;
  for (int64_t round = 0; round < 400; round++) {
    reading expected = {0};
    const int64_t chunk = 1 + below(round % 2 ? 40 : 900), overlap = below((uint32_t)chunk);
    int64_t n = 0, all = 0, ambiguous = 0;
    for (uint32_t records = 1 + below(4); records > 0; records--) {
      const int64_t length = below(3) ? (int64_t)below(3000) : chunk * below(3), width = 1 + below(200);
      char name[16];
      snprintf(name, sizeof name, "s%u", below(1000));
      n += snprintf(text + n, 40, ">%s\n", name);
      for (int64_t i = 0; i < length; i++) {
        letters[i] = "ACGTacgtN"[below(9)];
        ambiguous += letters[i] == 'N';
        text[n++] = letters[i];
        if ((i + 1) % width == 0 || i + 1 == length) n += snprintf(text + n, 4, "%s", ends[round % 3]);
      }
      all += length;
      expect_pieces(&expected, name, letters, length, chunk, overlap);
    }
    char options[64];
    snprintf(options, sizeof options, "chunk=%lld, overlap=%lld", (long long)chunk, (long long)overlap);
    for (int64_t fed = 1; fed < 2 * n; fed = fed * 7 + below(50)) {
      for (int32_t careful = 0; careful < 2; careful++) {
        reading got = read_pieces(text, n, options, fed, careful);
        if (strcmp(got.text, expected.text) != 0) fail_msg("round %lld, fed by %lld", (long long)round, (long long)fed);
        assert_int_equal(got.letters, all);
        assert_int_equal(got.ambiguous, ambiguous);
        free(got.text);
      }
    }
    free(expected.text);
  }
}

/* A cancel leaves more in the batch than the next call wants. */
static void after_a_cancel(void **state) {
  const char text[] = ">a\nACGTA\n>b\nACGTACGTNN\n";
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, "chunk=4, overlap=2", &reader), BA_OK);
  for (const char *at = text; *at; at++) {
    assert_int_equal(ba_reader_feed(reader, (const uint8_t *)at, 1), BA_OK);
    ba_context_cancel(context);
    assert_int_equal(ba_reader_next(reader, 9, &batch), BA_ERR_CANCELLED);
    ba_context_reset(context);
    drain(&r, reader, 1);
  }
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  drain(&r, reader, 1);
  assert_string_equal(r.text, "0 1 a|ACGT\n2 0 a|GTA\n0 1 b|ACGT\n2 1 b|GTAC\n4 1 b|ACGT\n6 0 b|GTNN\n");
  ba_reader_counters(reader, &r.letters, &r.ambiguous);
  assert_int_equal(r.letters, 15);
  assert_int_equal(r.ambiguous, 2);
  ba_reader_close(reader);
  ba_context_destroy(context);
  free(r.text);
}

static void errors_have_the_place_of_the_whole(void **state) {
  const char text[] = ">a\nACGTACGT\n>b\nACGTACGTAC GT\n";
  (void)state;
  reading whole = read_memory(text, (int64_t)strlen(text), "", 9);
  reading pieces = read_memory(text, (int64_t)strlen(text), "chunk=4, overlap=1", 9);
  assert_int_equal(whole.status, BA_ERR_FORMAT);
  assert_int_equal(pieces.status, whole.status);
  assert_string_equal(pieces.message, whole.message);
  assert_int_equal(pieces.record, 2);
  assert_int_equal(pieces.byte, whole.byte);
  free(whole.text);
  free(pieces.text);
}

static void wrong_options(void **state) {
  static const char *const wrong[] = {"overlap=3", "chunk=5, overlap=5", "chunk=-1", "chunk=4, overlap=9",
                                      "chunk=9, min_length=3"};
  ba_context *context;
  ba_reader *reader;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  for (int32_t i = 0; i < 5; i++) assert_int_equal(ba_reader_open_push(context, wrong[i], &reader), BA_ERR_RECIPE);
  assert_int_equal(ba_reader_open_push(context, "chunk=5, overlap=5", &reader), BA_ERR_RECIPE);
  assert_non_null(strstr(ba_context_error_message(context), "overlap=5: expected fewer letters than chunk has"));
  assert_int_equal(ba_records_piece(NULL, 0, NULL), 0);
  struct ArrowArrayStream stream;
  assert_int_equal(ba_reader_open_push(context, "chunk=5", &reader), BA_OK);
  assert_int_equal(ba_reader_export_stream(reader, &stream), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context),
                      "export: the reader gives pieces of sequences; expected chunk=0");
  ba_reader_close(reader);
  ba_context_destroy(context);
}

/* ---- k-mers ---- */

static void add_counts(ba_extractor *extractor, const ba_records *records, int64_t sign, int64_t *sums, int64_t width) {
  ba_array *rows;
  assert_int_equal(ba_extractor_apply_records(extractor, records, "output=counts", &rows), BA_OK);
  const uint32_t *counts = ba_array_data(rows);
  for (int64_t i = 0; i < ba_records_count(records) * width; i++) sums[i % width] += sign * (int64_t)counts[i];
  ba_array_release(rows);
}

/* With an overlap of the longest k less one, the pieces' counts less those of the overlaps are the whole's. */
static void counts_add_up(void **state) {
  enum { N = 30011, OVERLAP = 3 };
  static char text[N + 8];
  ba_context *context;
  ba_extractor *extractor;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  int64_t n = snprintf(text, sizeof text, ">x\n");
  for (int64_t i = 0; i < N; i++) text[n++] = "ACGTN"[below(97) ? below(4) : 4];
  text[n++] = '\n';
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_extractor_create(context, "Kmer(k=1..4) + Kmer(k=4, strand=canonical)", &extractor), BA_OK);
  const int64_t width = ba_extractor_width(extractor);
  int64_t *whole = calloc((size_t)width, sizeof *whole), *sums = calloc((size_t)width, sizeof *sums);
  assert_non_null(whole);
  assert_non_null(sums);
  assert_int_equal(ba_reader_open_memory(context, (uint8_t *)text, n, "", &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 1, &batch), BA_OK);
  add_counts(extractor, batch, 1, whole, width);
  ba_records_release(batch);
  ba_reader_close(reader);
  assert_int_equal(ba_reader_open_memory(context, (uint8_t *)text, n, "chunk=1000, overlap=3", &reader), BA_OK);
  int64_t pieces = 0;
  for (; ba_reader_next(reader, 1, &batch) == BA_OK; pieces++) {
    add_counts(extractor, batch, 1, sums, width);
    if (ba_records_piece(batch, 0, NULL) > 0) {
      const int64_t offsets[2] = {0, OVERLAP};
      ba_records *shared;
      assert_int_equal(ba_records_create(context, ba_records_sequence(batch, 0, NULL), offsets, 1, &shared), BA_OK);
      add_counts(extractor, shared, -1, sums, width);
      ba_records_release(shared);
    }
    ba_records_release(batch);
  }
  assert_int_equal(pieces, 1 + (N - 1000 + 996) / 997);
  for (int64_t i = 0; i < width; i++) assert_int_equal(sums[i], whole[i]);
  ba_reader_close(reader);
  ba_extractor_destroy(extractor);
  ba_context_destroy(context);
  free(whole);
  free(sums);
}

/* ---- memory ---- */

/* One sequence of `length` letters, fed in parts, with a memory limit that a fraction of it would break. */
static int64_t peak_of(int64_t length, int64_t limit) {
  char line[61 * 512];
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  int64_t current, peak, letters = 0;
  memset(line, 'A', sizeof line);
  for (int64_t i = 60; i < (int64_t)sizeof line; i += 61) line[i] = '\n';
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_context_set_memory_limit(context, limit), BA_OK);
  assert_int_equal(ba_reader_open_push(context, "chunk=65536, overlap=200", &reader), BA_OK);
  assert_int_equal(ba_reader_feed(reader, (const uint8_t *)">chr\n", 5), BA_OK);
  for (int64_t fed = 0; fed < length; fed += 60 * 512) {
    assert_int_equal(ba_reader_feed(reader, (const uint8_t *)line, (int64_t)sizeof line), BA_OK);
    while (ba_reader_next(reader, 100, &batch) == BA_OK) ba_records_release(batch);
  }
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  while (ba_reader_next(reader, 100, &batch) == BA_OK) ba_records_release(batch);
  ba_reader_counters(reader, &letters, NULL);
  assert_true(letters >= length);
  ba_context_memory(context, &current, &peak);
  ba_reader_close(reader);
  ba_context_destroy(context);
  return peak;
}

static void memory_does_not_grow(void **state) {
  (void)state;
  const int64_t small = peak_of(2000000, 2000000), large = peak_of(60000000, 2000000);
  assert_true(large - small < 1024);
}

static ba_status sweep(ba_context *context, void *argument) {
  const char text[] = ">a name\nACGTACGTACGTACGT\nACGTACGT\n>b\nAC\n";
  ba_reader *reader;
  ba_records *batch;
  (void)argument;
  ba_status status =
      ba_reader_open_memory(context, (const uint8_t *)text, (int64_t)strlen(text), "chunk=5, overlap=2", &reader);
  if (status) return status;
  int64_t pieces = 0;
  for (; (status = ba_reader_next(reader, 2, &batch)) == BA_OK; pieces++) ba_records_release(batch);
  if (status == BA_END) assert_int_equal(pieces, 8);
  ba_reader_close(reader);
  return status == BA_END ? BA_OK : status;
}

static void no_memory(void **state) {
  (void)state;
  fault_sweep(sweep, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pieces_of_sequences),
                                     cmocka_unit_test(after_a_cancel),
                                     cmocka_unit_test(errors_have_the_place_of_the_whole),
                                     cmocka_unit_test(wrong_options),
                                     cmocka_unit_test(counts_add_up),
                                     cmocka_unit_test(memory_does_not_grow),
                                     cmocka_unit_test(no_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
