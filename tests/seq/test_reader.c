/* SPDX-License-Identifier: MIT
 *
 * The reader as a whole: arguments, a second thread, cancel, memory that runs out, batches that are kept, and errors
 * that wait for the records before them.
 */
#include "seq/reader.h"

#include "pack.h"
#include "support/fault.h"
#include "support/temp.h"

static const char fastq[] = "@a\nACGT\n+\nIIII\n@b\nGGNT\n+b\n!!!!\n@c\nA\n+\n~\n";
static const char fasta[] = ">a\nACGT\nAC\n>b\n>c x\nNNA\n";

static const uint8_t *bytes_of(const char *text) {
  return (const uint8_t *)text;
}

static void wrong_arguments(void **state) {
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_path(context, NULL, "", &reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_path(context, "x", "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_path(NULL, "x", "", &reader), BA_ERR_ARGUMENT);
  assert_null(reader);
  assert_int_equal(ba_reader_open_memory(context, NULL, 1, "", &reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(fasta), -1, "", &reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(fasta), 1, "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_push(context, "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_push(NULL, "", &reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_memory(context, NULL, 0, "ambiguous=maybe", &reader), BA_ERR_RECIPE);
  assert_string_equal(ba_context_error_message(context), "column 11: ambiguous is \"maybe\"; accepted: skip, error");
  assert_int_equal(ba_reader_open_push(context, "colour=red", &reader), BA_ERR_RECIPE);
  assert_null(reader);

  assert_int_equal(ba_reader_open_memory(context, NULL, 0, NULL, &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 0, &batch), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context), "ba_reader_next: most is 0; expected 1 or more");
  assert_int_equal(ba_reader_next(reader, 1, NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_next(NULL, 1, &batch), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_feed(reader, NULL, 0), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_finish(reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_next(reader, 1, &batch), BA_END);
  assert_int_equal(ba_reader_format(reader), BA_FORMAT_UNKNOWN);
  ba_reader_close(reader);

  assert_int_equal(ba_reader_open_push(context, NULL, &reader), BA_OK);
  assert_int_equal(ba_reader_feed(reader, NULL, 1), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_feed(reader, bytes_of(fasta), -1), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_feed(reader, NULL, 0), BA_OK);
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  assert_int_equal(ba_reader_finish(reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_feed(reader, bytes_of(fasta), 1), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context), "ba_reader_feed: ba_reader_finish has been called before");
  assert_int_equal(ba_reader_next(reader, 1, &batch), BA_END);
  ba_reader_close(reader);
  ba_reader_close(NULL);

  int64_t records = 5, bytes = 5;
  ba_reader_position(NULL, &records, &bytes);
  assert_int_equal(records + bytes, 0);
  ba_reader_counters(NULL, &records, &bytes);
  ba_reader_position(NULL, NULL, NULL);
  ba_reader_counters(NULL, NULL, NULL);
  assert_int_equal(ba_reader_format(NULL), BA_FORMAT_UNKNOWN);
  assert_int_equal(ba_reader_feed(NULL, NULL, 0), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_finish(NULL), BA_ERR_ARGUMENT);
  ba_context_destroy(context);
}

static void busy(void **state) {
  const int64_t offsets[] = {0, 1};
  ba_context *context;
  ba_reader *reader, *other;
  ba_records *batch;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, "", &reader), BA_OK);
  assert_int_equal(ba_reader_feed(reader, bytes_of(fastq), (int64_t)strlen(fastq)), BA_OK);
  assert_int_equal(bai_enter(context), BA_OK);
  assert_int_equal(ba_reader_next(reader, 1, &batch), BA_ERR_BUSY);
  assert_int_equal(ba_reader_feed(reader, bytes_of("@"), 1), BA_ERR_BUSY);
  assert_int_equal(ba_reader_finish(reader), BA_ERR_BUSY);
  assert_int_equal(ba_reader_open_path(context, "x", "", &other), BA_ERR_BUSY);
  assert_int_equal(ba_reader_open_memory(context, NULL, 0, "", &other), BA_ERR_BUSY);
  assert_int_equal(ba_reader_open_push(context, "", &other), BA_ERR_BUSY);
  assert_int_equal(ba_records_create(context, "A", offsets, 1, &batch), BA_ERR_BUSY);
  /* The inner call is for those who are in. */
  assert_int_equal(bai_reader_next_inner(reader, 2, &batch), BA_OK);
  assert_int_equal(ba_records_count(batch), 2);
  ba_records_release(batch);
  bai_leave(context, BA_OK);
  assert_int_equal(ba_reader_next(reader, 2, &batch), BA_OK);
  assert_int_equal(ba_records_count(batch), 1);
  ba_records_release(batch);
  ba_reader_close(reader);
  ba_context_destroy(context);
}

/* Records before the error come with BA_OK and no error in the context; then the error, for good. */
static void errors_wait(void **state) {
  static const char text[] = ">a\nA\n>b\nC\n>c\nG?\n>d\nT\n";
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  int64_t record, byte;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(text), (int64_t)strlen(text), "", &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 100, &batch), BA_OK);
  assert_int_equal(ba_records_count(batch), 2);
  assert_int_equal(ba_context_error_code(context), BA_OK);
  assert_string_equal(ba_context_error_message(context), "");
  ba_records_release(batch);
  for (int32_t i = 0; i < 3; i++) {
    assert_int_equal(ba_reader_next(reader, 100, &batch), BA_ERR_FORMAT);
    assert_int_equal(ba_context_error_code(context), BA_ERR_FORMAT);
    assert_string_equal(ba_context_error_message(context),
                        "record 3, byte 14: '?' in a sequence: expected the letters A-Z a-z, '*', '-' or '.'");
    ba_context_error_position(context, &record, &byte);
    assert_int_equal(record, 3);
    assert_int_equal(byte, 14);
  }
  int64_t letters;
  ba_reader_counters(reader, &letters, NULL);
  assert_int_equal(letters, 2);
  ba_reader_close(reader);
  ba_context_destroy(context);
}

/* A batch that somebody holds is never used again, and outlives reader and context. */
static void kept_batches(void **state) {
  ba_context *context;
  ba_reader *reader;
  ba_records *batches[3], *none;
  int64_t n;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(fastq), (int64_t)strlen(fastq), "", &reader), BA_OK);
  for (int32_t i = 0; i < 3; i++) assert_int_equal(ba_reader_next(reader, 1, &batches[i]), BA_OK);
  assert_int_equal(ba_reader_next(reader, 1, &none), BA_END);
  ba_reader_close(reader);
  ba_context_destroy(context);
  static const char *const letters[] = {"ACGT", "GGNT", "A"}, *const symbols[] = {"IIII", "!!!!", "~"};
  for (int32_t i = 0; i < 3; i++) {
    const char *text = ba_records_sequence(batches[i], 0, &n);
    assert_int_equal(n, strlen(letters[i]));
    assert_memory_equal(text, letters[i], strlen(letters[i]));
    text = ba_records_quality(batches[i], 0, &n);
    assert_int_equal(n, strlen(symbols[i]));
    assert_memory_equal(text, symbols[i], strlen(symbols[i]));
    ba_records_release(batches[i]);
  }
}

/* No call may go to the allocator for each record. */
static void allocations(void **state) {
  int64_t n = 0, records = 20000;
  char *text = malloc((size_t)(records * 32));
  fault plan = {0};
  ba_allocator allocator = fault_allocator(&plan);
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  assert_non_null(text);
  for (int64_t i = 0; i < records; i++) n += sprintf(text + n, "@r%06d\nACGTAC\n+\nIIIIII\n", (int)i);
  assert_int_equal(ba_context_create(&allocator, &context), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(text), n, "", &reader), BA_OK);
  for (int64_t given = 0; given < records; given += 1000) {
    int64_t before = plan.allocations;
    assert_int_equal(ba_reader_next(reader, 1000, &batch), BA_OK);
    assert_int_equal(ba_records_count(batch), 1000);
    if (given >= 2000) assert_int_equal(plan.allocations, before);
    ba_records_release(batch);
  }
  ba_reader_close(reader);
  ba_context_destroy(context);
  assert_int_equal(plan.blocks, 0);
  free(text);
}

/* After a cancel and a reset the same records come, none lost and none twice, even when fewer are wanted. */
static void cancelled(void **state) {
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  reading r = {0}, whole = read_memory(fastq, (int64_t)strlen(fastq), "", 9);
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, "", &reader), BA_OK);
  assert_int_equal(ba_reader_feed(reader, bytes_of(fastq), 32), BA_OK);
  ba_context_cancel(context);
  assert_int_equal(ba_reader_next(reader, 9, &batch), BA_ERR_CANCELLED);
  assert_null(batch);
  assert_int_equal(ba_context_reset(context), BA_OK);
  assert_int_equal(ba_reader_feed(reader, bytes_of(fastq) + 32, (int64_t)strlen(fastq) - 32), BA_OK);
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  reading_drain(&r, reader, 1);
  reading_end(&r, context, reader);
  same_reading(&whole, &r, "cancelled", 0);
  free(r.text);
  free(whole.text);
  ba_context_destroy(context);
}

/* Cancels the context in the middle of a batch: in the fifth refill. */
typedef struct cancelling {
  bai_source base;
  int32_t calls;
} cancelling;

static ba_status cancelling_refill(bai_source *base, ba_context *context) {
  cancelling *source = (cancelling *)base;
  int64_t at = base->window.end_offset, left = (int64_t)strlen(fastq) - at;
  if (++source->calls == 5) ba_context_cancel(context);
  base->window.at = bytes_of(fastq) + at;
  base->window.end = base->window.at + (left < 8 ? left : 8);
  base->window.end_offset += left < 8 ? left : 8;
  base->window.ended = left == 0;
  return BA_OK;
}

static void leave_open(bai_source *source, ba_context *context) {
  (void)source;
  (void)context;
}

static void cancelled_within_a_batch(void **state) {
  (void)state;
  for (int64_t most = 1; most <= 3; most++) {
    cancelling source = {.base = {.refill = cancelling_refill, .close = leave_open}};
    reading r = {0}, whole = read_memory(fastq, (int64_t)strlen(fastq), "", 9);
    ba_context *context;
    ba_reader *reader;
    assert_int_equal(ba_context_create(NULL, &context), BA_OK);
    assert_int_equal(bai_reader_open_source(context, &source.base, "", &reader), BA_OK);
    reading_drain(&r, reader, 9);
    assert_int_equal(r.status, BA_ERR_CANCELLED);
    assert_int_equal(r.count, 0);
    assert_int_equal(ba_context_reset(context), BA_OK);
    reading_drain(&r, reader, most);
    reading_end(&r, context, reader);
    same_reading(&whole, &r, "most", most);
    free(r.text);
    free(whole.text);
    ba_context_destroy(context);
  }
}

/* A record that the limit does not allow: the records before it, then BA_ERR_LIMIT, which stays. */
static void memory_limit(void **state) {
  int64_t n = 0, big = 4000000, held;
  char *text = malloc((size_t)big + 100);
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  assert_non_null(text);
  n += sprintf(text, ">a\nACGT\n>b\nGG\n>big\n");
  memset(text + n, 'A', (size_t)big);
  n += big;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_context_set_memory_limit(context, 2000000), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(text), n, "", &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 9, &batch), BA_OK);
  assert_int_equal(ba_records_count(batch), 2);
  ba_records_release(batch);
  assert_int_equal(ba_reader_next(reader, 9, &batch), BA_ERR_LIMIT);
  assert_int_equal(ba_reader_next(reader, 9, &batch), BA_ERR_LIMIT);
  ba_context_memory(context, NULL, &held);
  assert_true(held <= 2000000);
  ba_reader_close(reader);
  assert_int_equal(ba_context_set_memory_limit(context, 0), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(text), n, "", &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 9, &batch), BA_OK);
  assert_int_equal(ba_records_count(batch), 3);
  int64_t length;
  ba_records_sequence(batch, 2, &length);
  assert_int_equal(length, big);
  ba_records_release(batch);
  ba_reader_close(reader);
  ba_context_destroy(context);
  free(text);
}

/* A full batch ends soon after 256 KiB of letters. */
static void batch_size(void **state) {
  int64_t records = 30000, n = 0, given = 0, length;
  char *text = malloc((size_t)(records * 140));
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  assert_non_null(text);
  for (int64_t i = 0; i < records; i++) {
    n += sprintf(text + n, ">%d\n", (int)i);
    memset(text + n, i % 2 ? 'C' : 'A', 100);
    n += 100;
    text[n++] = '\n';
  }
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, bytes_of(text), n, "", &reader), BA_OK);
  while (ba_reader_next(reader, INT64_MAX, &batch) == BA_OK) {
    int64_t count = ba_records_count(batch);
    given += count;
    assert_true(count == 2622 || given == records); /* 262,144 letters at 100 a record, rounded up */
    for (int64_t i = 0; i < count; i++) {
      const char *letters = ba_records_sequence(batch, i, &length);
      assert_int_equal(length, 100);
      assert_int_equal(letters[0], 'A' + 2 * ((given - count + i) % 2));
    }
    ba_records_release(batch);
  }
  assert_int_equal(given, records);
  ba_reader_close(reader);
  ba_context_destroy(context);
  free(text);
}

typedef struct sweep_input {
  const uint8_t *data;
  int64_t n, chunk; /* chunk 0: from memory; -1: from the path */
  const char *path, *options;
} sweep_input;

static ba_status drain(ba_reader *reader) {
  ba_records *batch;
  ba_status status;
  while ((status = ba_reader_next(reader, 2, &batch)) == BA_OK) ba_records_release(batch);
  return status == BA_END ? BA_OK : status;
}

static ba_status sweep(ba_context *context, void *argument) {
  const sweep_input *in = argument;
  ba_reader *reader = NULL;
  ba_status status = in->chunk < 0    ? ba_reader_open_path(context, in->path, in->options, &reader)
                     : in->chunk == 0 ? ba_reader_open_memory(context, in->data, in->n, in->options, &reader)
                                      : ba_reader_open_push(context, in->options, &reader);
  for (int64_t at = 0; !status && in->chunk > 0 && at < in->n; at += in->chunk) {
    status = ba_reader_feed(reader, in->data + at, in->n - at < in->chunk ? in->n - at : in->chunk);
    if (!status) status = drain(reader);
  }
  if (!status && in->chunk > 0) status = ba_reader_finish(reader);
  if (!status) status = drain(reader);
  ba_reader_close(reader);
  return status;
}

static void out_of_memory(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  packed gz = {0};
  (void)state;
  pack_member(&gz, fastq, 30, 6, NULL);
  pack_block(&gz, fastq + 30, (int64_t)strlen(fastq) - 30);
  temp_make(folder);
  temp_write(path, folder, "reads", gz.data, gz.length);
  const int64_t chunks[] = {-1, 0, 1, 7, 1000};
  for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
    sweep_input in = {.data = gz.data, .n = gz.length, .chunk = chunks[i], .path = path, .options = "ambiguous=skip"};
    assert_true(fault_sweep(sweep, &in) > 10);
    if (chunks[i] < 0) continue;
    in.data = bytes_of(fasta);
    in.n = (int64_t)strlen(fasta);
    assert_true(fault_sweep(sweep, &in) > 5);
  }
  temp_remove(folder);
  free(gz.data);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(wrong_arguments),
                                     cmocka_unit_test(busy),
                                     cmocka_unit_test(errors_wait),
                                     cmocka_unit_test(kept_batches),
                                     cmocka_unit_test(allocations),
                                     cmocka_unit_test(cancelled),
                                     cmocka_unit_test(cancelled_within_a_batch),
                                     cmocka_unit_test(memory_limit),
                                     cmocka_unit_test(batch_size),
                                     cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
