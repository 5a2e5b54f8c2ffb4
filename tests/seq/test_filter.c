/* SPDX-License-Identifier: MIT
 *
 * Trimming by quality and leaving records out: cases worked out by hand, a slow definition on random reads, the same
 * result however the input is cut, and counts that add up.
 */
#include "seq/filter.h"

#include "pack.h"
#include "support/fault.h"
#include "support/temp.h"

/* Record 1 is the example of cutadapt's manual: qualities 42 40 26 27 8 7 11 4 2 3, of which 10 keeps four. */
static const char reads[] =
    "@a x\nACGTACGTAC\n+\nKI;<)(,%#$\n"
    "@b\nGGNTA\n+\nIIIII\n"
    "@c\nNNNN\n+\n!!!!\n"
    "@d\nACGTTT\n+\n!!IIII\n"
    "@e\n\n+\n\n";

typedef struct expected {
  const char *options, *records;
  int64_t skipped, trimmed, letters;
} expected;

static const expected cases[] = {
    {"", "a x|ACGTACGTAC|KI;<)(,%#$\nb|GGNTA|IIIII\nc|NNNN|!!!!\nd|ACGTTT|!!IIII\ne||\n", 0, 0, 0},
    {"trim_quality=10", "a x|ACGT|KI;<\nb|GGNTA|IIIII\nc||\nd|ACGTTT|!!IIII\ne||\n", 0, 2, 10},
    {"trim_start_quality=10", "a x|ACGTACGTAC|KI;<)(,%#$\nb|GGNTA|IIIII\nc||\nd|GTTT|IIII\ne||\n", 0, 2, 6},
    {"trim_quality=10, trim_start_quality=10, min_length=1", "a x|ACGT|KI;<\nb|GGNTA|IIIII\nd|GTTT|IIII\n", 2, 3, 12},
    {"min_length=6", "a x|ACGTACGTAC|KI;<)(,%#$\nd|ACGTTT|!!IIII\n", 3, 0, 0},
    {"min_length=5, max_length=5", "b|GGNTA|IIIII\n", 4, 0, 0},
    {"max_length=0", "e||\n", 4, 0, 0},
    {"max_ambiguous=0", "a x|ACGTACGTAC|KI;<)(,%#$\nd|ACGTTT|!!IIII\ne||\n", 2, 0, 0},
    {"max_ambiguous=1", "a x|ACGTACGTAC|KI;<)(,%#$\nb|GGNTA|IIIII\nd|ACGTTT|!!IIII\ne||\n", 1, 0, 0},
    /* Record b is all Phred 40, so its mean is 40 and not less. Record d: (2 + 4 / 10^4) / 6 = 0.3334, Phred 4.77. */
    {"min_mean_quality=40", "b|GGNTA|IIIII\ne||\n", 3, 0, 0},
    {"min_mean_quality=41", "e||\n", 4, 0, 0},
    {"min_mean_quality=4, min_length=1, max_length=6", "b|GGNTA|IIIII\nd|ACGTTT|!!IIII\n", 3, 0, 0},
    {"min_mean_quality=5, min_length=1, max_length=6", "b|GGNTA|IIIII\n", 4, 0, 0},
    {"trim_quality=93, min_length=1", "", 5, 4, 25},
};

static const uint8_t *bytes_of(const char *text) {
  return (const uint8_t *)text;
}

static void check_case(const expected *c, const uint8_t *data, int64_t n, int64_t most, int64_t chunk,
                       int32_t careful) {
  ba_context *context;
  ba_reader *reader;
  reading r = {0};
  int64_t trimmed, letters;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_push(context, c->options, &reader), BA_OK);
  if (careful) bai_reader_go_careful(reader);
  for (int64_t at = 0; at < n; at += chunk) {
    assert_int_equal(ba_reader_feed(reader, data + at, n - at < chunk ? n - at : chunk), BA_OK);
    reading_drain(&r, reader, most);
  }
  assert_int_equal(ba_reader_finish(reader), BA_OK);
  reading_drain(&r, reader, most);
  assert_int_equal(ba_reader_skipped(reader), c->skipped);
  ba_reader_trimmed(reader, &trimmed, &letters);
  assert_int_equal(trimmed, c->trimmed);
  assert_int_equal(letters, c->letters);
  reading_end(&r, context, reader);
  assert_string_equal(r.text, c->records);
  assert_int_equal(r.status, BA_END);
  assert_int_equal(r.count + c->skipped, 5);
  int64_t left = 0, ambiguous = 0, field = 0;
  for (const char *at = r.text; *at; at++) {
    if (*at == '\n') field = 0;
    if (*at == '|') {
      field++;
    } else if (field == 1 && *at != '\n') {
      left++;
      ambiguous += *at == 'N';
    }
  }
  assert_int_equal(r.letters, left);
  assert_int_equal(r.ambiguous, ambiguous);
  free(r.text);
  ba_context_destroy(context);
}

static void by_hand(void **state) {
  const int64_t n = (int64_t)strlen(reads);
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int64_t chunk = 1; chunk <= n; chunk += 1 + chunk / 3) {
      check_case(&cases[i], bytes_of(reads), n, 1 + chunk % 4, chunk, chunk % 2 == 0);
    }
    check_case(&cases[i], bytes_of(reads), n, 1000, n, 0);
  }
}

/* The definition without a running sum: the cut at which the sum of (Q - q) to the end is largest and positive, among
 * those from which no sum on the way is below 0; of equals the shortest. */
static int64_t cut_of(const uint8_t *symbols, int64_t n, int64_t quality) {
  int64_t best = 0, cut = 0;
  for (int64_t length = 1; length <= n; length++) {
    int64_t sum = 0;
    for (int64_t i = 0; i < length; i++) sum += quality - (symbols[n - 1 - i] - 33);
    if (sum < 0) break;
    if (sum > best) {
      best = sum;
      cut = length;
    }
  }
  return cut;
}

static uint64_t next_random(uint64_t *seed) {
  *seed = *seed * 6364136223846793005u + 1442695040888963407u;
  return *seed >> 33;
}

/* Random reads, many batches, at every level and by the state machine alone; what must come out is made here. */
static void random_reads(void **state) {
  enum { READS = 4000 };
  uint64_t seed = 7;
  char *text = malloc(READS * 600), *wanted = malloc(READS * 600);
  int64_t n = 0, m = 0, left_out = 0;
  (void)state;
  assert_non_null(text);
  assert_non_null(wanted);
  for (int64_t i = 0; i < READS; i++) {
    const int64_t length = 1 + (int64_t)(next_random(&seed) % 200);
    uint8_t letters[256], symbols[256], back[256];
    for (int64_t at = 0; at < length; at++) {
      letters[at] = (uint8_t) "ACGTNacgt"[next_random(&seed) % 9];
      const int64_t near = at < length / 4 || at > length / 2 ? 12 : 40;
      symbols[at] = (uint8_t)(33 + next_random(&seed) % (uint64_t)near);
    }
    for (int64_t at = 0; at < length; at++) back[at] = symbols[length - 1 - at];
    n += sprintf(text + n, "@r%d\n%.*s\n+\n%.*s\n", (int)i, (int)length, letters, (int)length, symbols);
    int64_t stop = length - cut_of(symbols, length, 15), start = cut_of(back, length, 9);
    if (start >= stop) start = stop = 0;
    if (stop - start < 10 || stop - start > 150) {
      left_out++;
      continue;
    }
    m += sprintf(wanted + m, "r%d|%.*s|%.*s\n", (int)i, (int)(stop - start), letters + start, (int)(stop - start),
                 symbols + start);
  }
  assert_true(left_out > 100 && left_out < READS - 100);
  const char *options = "trim_quality=15, trim_start_quality=9, min_length=10, max_length=150";
  reading whole = read_memory(text, n, options, 100000);
  assert_string_equal(whole.text, wanted);
  const int64_t chunks[] = {1000, 70000, n};
  for (int32_t i = 0; i < 6; i++) {
    reading r = read_fed(bytes_of(text), n, options, i % 2 ? 3 : 700, chunks[i / 2], i % 2);
    same_reading(&whole, &r, "chunk", chunks[i / 2]);
    free(r.text);
  }
  free(whole.text);
  free(text);
  free(wanted);
}

/* An error after records that were left out still counts them. */
static void numbers_of_the_input(void **state) {
  static const char text[] = "@a\nA\n+\nI\n@b\nAC\n+\nII\n@c\nA\n+\nI\n@d\nAC\n+\nI\n@e\nAC\n+\nII\n";
  (void)state;
  reading r = read_memory(text, (int64_t)strlen(text), "min_length=2", 10);
  assert_string_equal(r.text, "b|AC|II\n");
  assert_int_equal(r.status, BA_ERR_FORMAT);
  assert_string_equal(r.message, "record 4, byte 37: quality has 1 symbols, sequence has 2");
  free(r.text);
}

/* Gives 16 bytes a call and cancels in the sixth. */
typedef struct cancelling {
  bai_source base;
  int32_t calls;
} cancelling;

static ba_status cancelling_refill(bai_source *base, ba_context *context) {
  cancelling *source = (cancelling *)base;
  int64_t at = base->window.end_offset, left = (int64_t)strlen(reads) - at;
  if (++source->calls == 6) ba_context_cancel(context);
  base->window.at = bytes_of(reads) + at;
  base->window.end = base->window.at + (left < 16 ? left : 16);
  base->window.end_offset += left < 16 ? left : 16;
  base->window.ended = left == 0;
  return BA_OK;
}

static void leave_open(bai_source *source, ba_context *context) {
  (void)source;
  (void)context;
}

/* The batch of a cancelled call is filtered once, also when its records come one by one. */
static void cancelled(void **state) {
  (void)state;
  for (int64_t most = 1; most <= 3; most++) {
    const expected *c = &cases[3];
    cancelling source = {.base = {.refill = cancelling_refill, .close = leave_open}};
    reading r = {0};
    ba_context *context;
    ba_reader *reader;
    int64_t trimmed, letters;
    assert_int_equal(ba_context_create(NULL, &context), BA_OK);
    assert_int_equal(bai_reader_open_source(context, &source.base, c->options, &reader), BA_OK);
    reading_drain(&r, reader, 9);
    assert_int_equal(r.status, BA_ERR_CANCELLED);
    assert_int_equal(ba_context_reset(context), BA_OK);
    reading_drain(&r, reader, most);
    assert_string_equal(r.text, c->records);
    assert_int_equal(ba_reader_skipped(reader), c->skipped);
    ba_reader_trimmed(reader, &trimmed, &letters);
    assert_int_equal(trimmed, c->trimmed);
    assert_int_equal(letters, c->letters);
    reading_end(&r, context, reader);
    assert_int_equal(r.letters, 13);
    free(r.text);
    ba_context_destroy(context);
  }
}

static void without_qualities(void **state) {
  static const char fasta[] = ">a\nACGT\nAC\n>b\n>c x\nNNA\n>d\nACGTACGTACGT\n";
  static const char message[] =
      "record 1: FASTA has no qualities, which trim_quality, trim_start_quality and min_mean_quality need";
  static const char *const refused[] = {"trim_quality=1", "trim_start_quality=1", "min_mean_quality=1"};
  (void)state;
  reading r = read_memory(fasta, (int64_t)strlen(fasta), "min_length=3, max_length=6, max_ambiguous=1", 10);
  assert_string_equal(r.text, "a|ACGTAC|\n");
  free(r.text);
  for (int64_t chunk = 1; chunk < 20; chunk++) {
    r = read_pushed(bytes_of(fasta), (int64_t)strlen(fasta), "min_length=1, max_length=6", 1 + chunk % 3, chunk);
    assert_string_equal(r.text, "a|ACGTAC|\nc x|NNA|\n");
    assert_int_equal(r.ambiguous, 2);
    free(r.text);
  }
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    r = read_memory(fasta, (int64_t)strlen(fasta), refused[i], 10);
    assert_int_equal(r.status, BA_ERR_FORMAT);
    assert_string_equal(r.message, message);
    assert_int_equal(r.count, 0);
    free(r.text);
  }
}

/* Rows of alignments stay with their records; the right end of a read on the reverse strand is on the left. */
static void alignments(void **state) {
  static const char text[] =
      "@HD\tVN:1.6\n@SQ\tSN:c\tLN:99\n"
      "short\t0\tc\t1\t9\t2M\t*\t0\t0\tAC\tII\tNM:i:1\n"
      "ahead\t0\tc\t12\t10\t6M\t*\t0\t0\tACGTTA\t!!III#\tNM:i:22\n"
      "gone\t4\t*\t0\t0\t*\t*\t0\t0\t*\t*\tNM:i:3\n"
      "back\t16\tc\t14\t11\t6M\t*\t0\t0\tACGTTA\t!!III#\n"
      "bare\t0\tc\t15\t12\t6M\t*\t0\t0\tACGTTA\t*\n";
  static const struct {
    const char *name, *letters, *tag;
    int32_t flag, quality;
    int64_t position;
  } wanted[] = {{"ahead", "ACGTT", "22", 0, 10, 11}, {"back", "GTTA", NULL, 16, 11, 13}};
  char folder[TEMP_PATH], path[TEMP_PATH];
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  (void)state;
  temp_make(folder);
  temp_write(path, folder, "x.sam", text, (int64_t)strlen(text));
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_path(context, path, "trim_quality=10, min_length=3, tags=NM", &reader), BA_OK);
  const ba_status status = ba_reader_next(reader, 10, &batch);
  if (status != BA_ERR_UNSUPPORTED) {
    assert_int_equal(status, BA_OK);
    assert_int_equal(ba_records_count(batch), 2);
    for (int64_t i = 0; i < 2; i++) {
      int64_t n, position;
      int32_t flag, quality;
      assert_memory_equal(ba_records_name(batch, i, &n), wanted[i].name, strlen(wanted[i].name));
      const char *letters = ba_records_sequence(batch, i, &n);
      assert_int_equal(n, strlen(wanted[i].letters));
      assert_memory_equal(letters, wanted[i].letters, (size_t)n);
      assert_int_equal(ba_records_alignment(batch, i, &flag, NULL, NULL, &position, &quality), 1);
      assert_int_equal(flag, wanted[i].flag);
      assert_int_equal(quality, wanted[i].quality);
      assert_int_equal(position, wanted[i].position);
      const char *tag = ba_records_tag(batch, i, "NM", &n);
      assert_int_equal(n, wanted[i].tag ? strlen(wanted[i].tag) : 0);
      if (wanted[i].tag) assert_memory_equal(tag, wanted[i].tag, (size_t)n);
    }
    assert_int_equal(ba_reader_skipped(reader), 2);
    ba_records_release(batch);
    assert_int_equal(ba_reader_next(reader, 10, &batch), BA_ERR_FORMAT);
    assert_non_null(
        strstr(ba_context_error_message(context), "record 5: the record has no qualities, which trim_qual"));
  }
  ba_reader_close(reader);
  ba_context_destroy(context);
  temp_remove(folder);
  if (status == BA_ERR_UNSUPPORTED) skip();
}

static void options(void **state) {
  ba_context *context;
  ba_reader *reader;
  (void)state;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_memory(context, NULL, 0, "trim_quality=94", &reader), BA_ERR_RECIPE);
  assert_string_equal(ba_context_error_message(context),
                      "column 14: trim_quality is \"94\"; accepted: an integer from 0 to 93");
  assert_int_equal(ba_reader_open_memory(context, NULL, 0, "min_length=-1", &reader), BA_ERR_RECIPE);
  assert_int_equal(ba_reader_open_memory(context, NULL, 0, "pair_filter=none", &reader), BA_ERR_RECIPE);
  static const char *const lacking[] = {"qualities=skip, trim_quality=5", "trim_start_quality=5, qualities=skip",
                                        "min_mean_quality=5, qualities=skip"};
  for (int32_t i = 0; i < 3; i++) {
    assert_int_equal(ba_reader_open_memory(context, NULL, 0, lacking[i], &reader), BA_ERR_RECIPE);
    assert_string_equal(ba_context_error_message(context),
                        "qualities=skip: trim_quality, trim_start_quality and min_mean_quality need them; expected "
                        "qualities=keep");
  }
  int64_t records = 5, letters = 5;
  ba_reader_trimmed(NULL, &records, &letters);
  assert_int_equal(records + letters, 0);
  ba_reader_trimmed(NULL, NULL, NULL);
  ba_context_destroy(context);
}

static ba_status sweep(ba_context *context, void *argument) {
  ba_reader *reader;
  ba_records *batch;
  ba_status status = ba_reader_open_memory(context, bytes_of(reads), (int64_t)strlen(reads), argument, &reader);
  if (status) return status;
  while ((status = ba_reader_next(reader, 2, &batch)) == BA_OK) ba_records_release(batch);
  ba_reader_close(reader);
  return status == BA_END ? BA_OK : status;
}

static void out_of_memory(void **state) {
  char text[] = "trim_quality=10, min_length=5";
  (void)state;
  assert_true(fault_sweep(sweep, text) > 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(by_hand),   cmocka_unit_test(random_reads),      cmocka_unit_test(numbers_of_the_input),
      cmocka_unit_test(cancelled), cmocka_unit_test(without_qualities), cmocka_unit_test(alignments),
      cmocka_unit_test(options),   cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
