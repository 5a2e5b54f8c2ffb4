/* SPDX-License-Identifier: MIT
 *
 * Sources that fail by plan, files, pipes, and bytes that are fed.
 */
#include "seq/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "reading.h"
#include "seq/reader.h"
#include "support/temp.h"

static const char text[] = "@a\nACGT\n+\nIIII\n@b\nGGTT\n+b\n!!!!\n@c\nA\n+\n~\n";

/* Gives `step` bytes at a time, says twice in between that there is nothing yet, and fails after `fail_at` bytes. */
typedef struct planned {
  bai_source base;
  int64_t given, step, fail_at;
  int32_t idle, *closed;
} planned;

static ba_status planned_refill(bai_source *base, ba_context *context) {
  planned *source = (planned *)base;
  if (source->idle++ % 3 != 2) return BA_OK;
  int64_t left = (int64_t)strlen(text) - source->given, n = left < source->step ? left : source->step;
  if (source->fail_at >= 0 && source->given >= source->fail_at) {
    return bai_fail(context, BA_ERR_IO, "the disk is gone");
  }
  base->window.at = (const uint8_t *)text + source->given;
  base->window.end = base->window.at + n;
  base->window.end_offset += n;
  base->window.ended = n == 0;
  source->given += n;
  return BA_OK;
}

static void planned_close(bai_source *base, ba_context *context) {
  (void)context;
  ++*((planned *)base)->closed;
}

static reading read_planned(int64_t step, int64_t fail_at) {
  reading r = {0};
  int32_t closed = 0;
  planned source = {.step = step, .fail_at = fail_at, .closed = &closed};
  ba_context *context;
  ba_reader *reader;
  source.base = (bai_source){.refill = planned_refill, .close = planned_close};
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(bai_reader_open_source(context, &source.base, "", &reader), BA_OK);
  /* BA_END stands for "nothing yet" too: ask until the window has ended. */
  do {
    reading_drain(&r, reader, 10);
  } while (r.status == BA_END && !source.base.window.ended);
  if (r.status == BA_END) reading_drain(&r, reader, 10);
  reading_end(&r, context, reader);
  ba_context_destroy(context);
  assert_int_equal(closed, 1);
  return r;
}

static void every_step(void **state) {
  (void)state;
  reading whole = read_memory(text, (int64_t)strlen(text), "", 10);
  for (int64_t step = 1; step < 50; step++) {
    reading got = read_planned(step, -1);
    same_reading(&whole, &got, "step", step);
    free(got.text);
  }
  free(whole.text);
}

static void failing_reads(void **state) {
  static const char records[] = "a|ACGT|IIII\nb|GGTT|!!!!\nc|A|~\n";
  (void)state;
  for (int64_t at = 0; at <= (int64_t)strlen(text); at++) {
    reading got = read_planned(1, at);
    assert_int_equal(got.status, BA_ERR_IO);
    assert_string_equal(got.message, "the disk is gone");
    assert_int_equal(got.length, at >= 40 ? 30 : at >= 31 ? 24 : at >= 15 ? 12 : 0);
    assert_memory_equal(got.text, records, (size_t)got.length);
    free(got.text);
  }
}

static void files(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "reads", text, (int64_t)strlen(text));
  reading whole = read_memory(text, (int64_t)strlen(text), "", 10), got = read_path(path, "");
  same_reading(&whole, &got, "file", 0);
  free(got.text);
  free(whole.text);
  /* A file longer than the buffer, ending exactly with it and one byte to either side. */
  for (int64_t n = 128 * 1024 - 1; n <= 128 * 1024 + 1; n++) {
    char *long_text = malloc((size_t)n);
    assert_non_null(long_text);
    memset(long_text, 'A', (size_t)n);
    memcpy(long_text, ">a\n", 3);
    temp_write(path, folder, "long", long_text, n);
    got = read_path(path, "");
    assert_int_equal(got.status, BA_END);
    assert_int_equal(got.letters, n - 3);
    assert_int_equal(got.bytes, n);
    free(got.text);
    free(long_text);
  }
  temp_remove(folder);
}

/* The file's name stands before the message, the position stays. */
static void named_errors(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH], message[2 * TEMP_PATH];
  ba_context *context;
  ba_reader *reader;
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "bad", ">a\nA\n>b\nA1\n", 11);
  reading got = read_path(path, "");
  snprintf(message, sizeof message,
           "%s: record 2, byte 9: '1' in a sequence: expected the letters A-Z a-z, '*', '-' or '.'", path);
  assert_string_equal(got.message, message);
  assert_int_equal(got.record, 2);
  assert_int_equal(got.byte, 9);
  free(got.text);
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  temp_join(path, folder, "absent");
  assert_int_equal(ba_reader_open_path(context, path, "", &reader), BA_ERR_IO);
  assert_non_null(strstr(ba_context_error_message(context), path));
  assert_null(reader);
  assert_int_equal(ba_reader_open_path(context, folder, "", &reader), BA_ERR_IO);
  assert_int_equal(ba_reader_open_path(context, "https://example.org/x.fa", "", &reader), BA_ERR_UNSUPPORTED);
  assert_string_equal(ba_context_error_message(context),
                      "https://example.org/x.fa: remote names are not read; fetch the file first");
  ba_context_destroy(context);
  temp_remove(folder);
}

/* "-" reads descriptor 0 and leaves it open. */
static void standard_input(void **state) {
  int ends[2], kept = dup(0);
  (void)state;
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], text, strlen(text)), strlen(text));
  close(ends[1]);
  assert_int_equal(dup2(ends[0], 0), 0);
  close(ends[0]);
  reading whole = read_memory(text, (int64_t)strlen(text), "", 10), got = read_path("-", "");
  same_reading(&whole, &got, "standard input", 0);
  char byte;
  assert_int_equal(read(0, &byte, 1), 0);
  if (kept >= 0) dup2(kept, 0);
  close(kept);
  free(got.text);
  free(whole.text);
}

static void progress(void **state) {
  char folder[TEMP_PATH], path[TEMP_PATH];
  int64_t n = 4000000, done, total;
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  char *long_text = malloc((size_t)n);
  (void)state;
  assert_non_null(long_text);
  for (int64_t i = 0; i < n; i += 10) memcpy(long_text + i, ">abc\nACGT\n", 10);
  temp_make(folder);
  temp_write(path, folder, "long", long_text, n);
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_path(context, path, "", &reader), BA_OK);
  for (int64_t given = 0; given < n / 10; given += 20000) {
    assert_int_equal(ba_reader_next(reader, 20000, &batch), BA_OK);
    ba_records_release(batch);
    ba_context_progress(context, &done, &total);
    assert_int_equal(total, n);
    /* At most one buffer of 256 KiB away from what was given. */
    assert_true(done >= (given + 20000) * 10 - 2 * 262144 && done <= (given + 20000) * 10 + 262144);
  }
  ba_reader_close(reader);
  ba_context_destroy(context);
  temp_remove(folder);
  free(long_text);
}

/* ---- mapped files ---- */

static void check_mapped(const char *folder, const char *name, const void *data, int64_t n) {
  char path[TEMP_PATH];
  temp_write(path, folder, name, data, n);
  reading read = read_path(path, ""), mapped = read_path(path, "mmap=yes");
  same_reading(&read, &mapped, name, n);
  free(read.text);
  free(mapped.text);
}

static void mapped_files(void **state) {
  enum { MANY = 700000 };
  char folder[TEMP_PATH];
  char *many = malloc(MANY);
  (void)state;
  assert_non_null(many);
  for (int64_t i = 0; i < MANY; i += 20) memcpy(many + i, "@read\nACGTN\n+\nIIII!\n", 20);
  temp_make(folder);
  check_mapped(folder, "empty", "", 0);
  for (int64_t n = 1; n < 45; n++) check_mapped(folder, "cut", many, n);
  const int64_t sizes[] = {4096, 262144, 262140, 524288, MANY - 7, MANY};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_mapped(folder, "large", many, sizes[i]);
  many[500000] = 7;
  check_mapped(folder, "wrong", many, MANY);
  memset(many + 300000, 'A', 200000);
  many[300001] = ' ';
  check_mapped(folder, "longer than a window", many, MANY);
  const uint8_t gzip[] = {0x1f, 0x8b, 8,    0,   0,   0,    0,    0,    0,    3,    1, 6, 0, 0xf9, 0xff,
                          '>',  'a',  '\n', 'A', 'C', '\n', 0xc8, 0x6b, 0x84, 0x0e, 6, 0, 0, 0};
  for (int64_t n = 1; n <= (int64_t)sizeof gzip; n++) check_mapped(folder, "packed", gzip, n);
  temp_remove(folder);
  free(many);
}

static void what_cannot_be_mapped(void **state) {
  ba_context *context;
  ba_reader *reader;
  char folder[TEMP_PATH], path[TEMP_PATH + 8];
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, "mmap=yes", &reader), BA_ERR_UNSUPPORTED);
  assert_int_equal(ba_reader_open_memory(context, NULL, 0, "mmap=yes", &reader), BA_ERR_UNSUPPORTED);
  temp_make(folder);
  snprintf(path, sizeof path, "%s/pipe", folder);
  assert_int_equal(mkfifo(path, 0600), 0);
  const int both = open(path, O_RDWR); /* so that opening it does not wait */
  assert_true(both >= 0);
  assert_int_equal(ba_reader_open_path(context, path, "mmap=yes", &reader), BA_ERR_UNSUPPORTED);
  assert_string_equal(ba_context_error_message(context),
                      "mmap=yes: the input is no plain file, so it cannot be mapped; expected mmap=no");
  close(both);
  temp_remove(folder);
  ba_context_destroy(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_step),     cmocka_unit_test(failing_reads),
                                     cmocka_unit_test(files),          cmocka_unit_test(named_errors),
                                     cmocka_unit_test(standard_input), cmocka_unit_test(progress),
                                     cmocka_unit_test(mapped_files),   cmocka_unit_test(what_cannot_be_mapped)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
