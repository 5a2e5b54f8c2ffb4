/* SPDX-License-Identifier: MIT
 *
 * Pairs of reads: which names agree, two files and one, compressed or not, in batches of any size; what is wrong must
 * be said with both files and names; mates are filtered together.
 */
#include "seq/mates.h"

#include "pack.h"
#include "support/fault.h"
#include "support/temp.h"

static void names(void **state) {
  static const struct {
    const char *first, *second;
    int32_t agree;
  } cases[] = {
      {"r", "r", 1},
      {"", "", 1},
      {"r", "s", 0},
      {"r", "rr", 0},
      {"r one", "r two", 1},
      {"r\tone", "r", 1},
      {"r/1", "r/2", 1},
      {"r/1 x", "r/2 y", 1},
      {"r/2", "r/1", 0},
      {"r/1", "r/1", 0},
      {"r/2", "r/2", 0},
      {"r/1", "s/2", 0},
      {"r/1", "r", 0},
      {"r/3", "r/3", 1},
      {"r 1:N:0:ACGT", "r 2:N:0:ACGT", 1},
      {"r 1:Y:18:ACGT", "r 2:N:0:", 1},
      {"r 1:N:0:ACGT", "r 1:N:0:ACGT", 0},
      {"r 2:N:0:ACGT", "r 1:N:0:ACGT", 0},
      {"r 1:N:0:ACGT", "r", 1},
      {"r 1:N:0:ACGT", "s 2:N:0:ACGT", 0},
      {"r 1 length=5", "r 1 length=5", 1},
      {"SRR1.7.1", "SRR1.7.2", 1},
      {"SRR1.7.1", "SRR1.8.2", 0},
      {"SRR1.7.2", "SRR1.7.1", 0},
      {"SRR1.1", "SRR1.2", 0},
      {"SRR1.1", "SRR1.1", 1},
      {"a.b.1", "a.b.1", 1},
      {"/1", "/2", 0},
      {"1", "2", 0},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *a = cases[i].first, *b = cases[i].second;
    if (bai_mates_agree(a, (int64_t)strlen(a), b, (int64_t)strlen(b)) != cases[i].agree) fail_msg("%s and %s", a, b);
  }
}

typedef struct files {
  char folder[TEMP_PATH], first[TEMP_PATH], second[TEMP_PATH];
} files;

static void put(files *f, const char *first, const char *second) {
  temp_make(f->folder);
  temp_write(f->first, f->folder, "one.fq", first, (int64_t)strlen(first));
  if (second) temp_write(f->second, f->folder, "two.fq", second, (int64_t)strlen(second));
}

/* path2 NULL: interleaved. */
static reading read_pair(const char *path1, const char *path2, const char *options, int64_t most, int64_t *skipped) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  if (ba_reader_open_pair(context, path1, path2, options, &reader) != BA_OK) {
    fail_msg("%s", ba_context_error_message(context));
  }
  ba_records *batch;
  while ((r.status = ba_reader_next(reader, most, &batch)) == BA_OK) {
    assert_int_equal(ba_records_count(batch) % 2, 0);
    assert_true(ba_records_count(batch) <= most);
    reading_batch(&r, batch);
    ba_records_release(batch);
  }
  if (skipped) *skipped = ba_reader_skipped(reader);
  snprintf(r.message, sizeof r.message, "%s", ba_context_error_message(context));
  ba_context_error_position(context, &r.record, &r.byte);
  ba_reader_counters(reader, &r.letters, &r.ambiguous);
  r.format = ba_reader_format(reader);
  assert_int_equal(ba_reader_next(reader, 2, &batch), r.status);
  assert_string_equal(ba_context_error_message(context), r.message);
  ba_reader_close(reader);
  ba_context_destroy(context);
  reading_add(&r, "", 0);
  return r;
}

static const char one[] = "@a/1\nACGT\n+\nIIII\n@b/1\nNN\n+\n!!\n@c/1 x\n\n+\n\n@d/1\nACNTT\n+\nIIIII\n";
static const char two[] = "@a/2\nGG\n+\n##\n@b/2\nTTTTTT\n+\n~~~~~~\n@c/2 y\nA\n+\nI\n@d/2\nNNN\n+\nIII\n";
static const char both[] =
    "a/1|ACGT|IIII\na/2|GG|##\nb/1|NN|!!\nb/2|TTTTTT|~~~~~~\nc/1 x||\nc/2 y|A|I\nd/1|ACNTT|IIIII\nd/2|NNN|III\n";

static void two_files(void **state) {
  files f;
  (void)state;
  put(&f, one, two);
  for (int64_t most = 2; most <= 9; most++) {
    reading r = read_pair(f.first, f.second, "", most, NULL);
    assert_string_equal(r.text, both);
    assert_int_equal(r.status, BA_END);
    assert_int_equal(r.format, BA_FORMAT_FASTQ);
    assert_int_equal(r.letters, 23);
    assert_int_equal(r.ambiguous, 6);
    free(r.text);
  }
  temp_remove(f.folder);
}

/* Thousands of pairs of many lengths, so that the batches of the two files end at different places. */
static void large_files(void **state) {
  enum { PAIRS = 9000, ROOM = PAIRS * 700 };
  files f;
  packed gz[2] = {{0}, {0}};
  char *texts[3], *wanted = malloc(2 * ROOM);
  int64_t n[3] = {0}, m = 0;
  (void)state;
  assert_non_null(wanted);
  for (int32_t t = 0; t < 3; t++) assert_non_null(texts[t] = malloc(2 * ROOM));
  for (int64_t i = 0; i < PAIRS; i++) {
    for (int32_t mate = 0; mate < 2; mate++) {
      char letters[320], symbols[320], record[700];
      const int32_t length = (int32_t)((i * 7919 + mate * 104729) % 300) / (1 + 3 * mate);
      memset(letters, "ACGTN"[i % 5], sizeof letters);
      memset(symbols, '!' + (int)(i % 90), sizeof symbols);
      const int32_t size = snprintf(record, sizeof record, "@r%d %d:N:0:A\n%.*s\n+\n%.*s\n", (int)i, mate + 1, length,
                                    letters, length, symbols);
      memcpy(texts[mate] + n[mate], record, (size_t)size);
      memcpy(texts[2] + n[2], record, (size_t)size);
      n[mate] += size;
      n[2] += size;
      m += sprintf(wanted + m, "r%d %d:N:0:A|%.*s|%.*s\n", (int)i, mate + 1, length, letters, length, symbols);
    }
  }
  temp_make(f.folder);
  temp_write(f.first, f.folder, "mixed", texts[2], n[2]);
  for (int64_t most = 2; most <= 100000; most = most * 37 + 1) {
    reading r = read_pair(f.first, NULL, "", most, NULL);
    assert_int_equal(r.status, BA_END);
    assert_int_equal(r.length, m);
    assert_string_equal(r.text, wanted);
    free(r.text);
  }
  pack_member(&gz[0], texts[0], n[0], 1, NULL);
  for (int64_t at = 0; at < n[1]; at += 60000) pack_block(&gz[1], texts[1] + at, n[1] - at < 60000 ? n[1] - at : 60000);
  temp_write(f.first, f.folder, "one", gz[0].data, gz[0].length);
  temp_write(f.second, f.folder, "two", gz[1].data, gz[1].length);
  reading r = read_pair(f.first, f.second, "threads=2", 1000, NULL);
  assert_int_equal(r.status, BA_END);
  assert_string_equal(r.text, wanted);
  free(r.text);
  temp_remove(f.folder);
  for (int32_t t = 0; t < 3; t++) free(texts[t]);
  free(gz[0].data);
  free(gz[1].data);
  free(wanted);
}

static void interleaved(void **state) {
  files f;
  (void)state;
  put(&f, "@a\nAC\n+\nII\n@a\nG\n+\nI\n@b\nT\n+\nI\n@b\n\n+\n\n", NULL);
  reading r = read_pair(f.first, NULL, "", 3, NULL);
  assert_string_equal(r.text, "a|AC|II\na|G|I\nb|T|I\nb||\n");
  assert_int_equal(r.status, BA_END);
  free(r.text);
  temp_write(f.first, f.folder, "one.fq", ">a/1\nAC\nGT\n>a/2\nN\n", 18);
  r = read_pair(f.first, NULL, "", 10, NULL);
  assert_string_equal(r.text, "a/1|ACGT|\na/2|N|\n");
  assert_int_equal(r.format, BA_FORMAT_FASTA);
  free(r.text);
  temp_write(f.first, f.folder, "one.fq", "", 0);
  r = read_pair(f.first, NULL, "", 10, NULL);
  assert_int_equal(r.status, BA_END);
  assert_int_equal(r.count, 0);
  free(r.text);
  temp_remove(f.folder);
}

/* The pairs before what is wrong, then the error; %1 and %2 are the paths. */
static void wrong_pairs(void **state) {
  static const struct {
    const char *first, *second, *options, *records, *message;
    ba_status status;
    int64_t record, byte;
  } cases[] = {
      {"@a\nA\n+\nI\n@b/1\nA\n+\nI\n", "@a\nC\n+\nI\n@c/2\nA\n+\nI\n", "", "a|A|I\na|C|I\n",
       "record 2: %1 and %2: \"b/1\" and \"c/2\" are not the names of mates", BA_ERR_FORMAT, 2, -1},
      {"@a\nA\n+\nI\n@a\nC\n+\nI\n@b x\nA\n+\nI\n@c\nA\n+\nI\n", NULL, "", "a|A|I\na|C|I\n",
       "record 4: %1: \"b x\" and \"c\" are not the names of mates", BA_ERR_FORMAT, 4, -1},
      {"@a\nA\n+\nI\n@b\nA\n+\nI\n", "@a\nC\n+\nI\n", "", "a|A|I\na|C|I\n",
       "record 2: %2 ends after 1 records, so \"b\" of %1 has no mate: expected as many records in both", BA_ERR_FORMAT,
       2, -1},
      {"", "@a\nC\n+\nI\n", "", "",
       "record 1: %1 ends after 0 records, so \"a\" of %2 has no mate: expected as many records in both", BA_ERR_FORMAT,
       1, -1},
      {"@a\nA\n+\nI\n@a\nC\n+\nI\n@b\nA\n+\nI\n", NULL, "", "a|A|I\na|C|I\n",
       "record 3: %1: \"b\" is the last record and has no mate: expected an even number of records", BA_ERR_FORMAT, 3,
       -1},
      {"@a\nA\n+\nI\n@b\nA\n+\nI\n", "@a\nC\n+\nI\n@b\nA\n+\n\n", "", "a|A|I\na|C|I\n",
       "%2: record 2, byte 16: quality has 0 symbols, sequence has 1", BA_ERR_FORMAT, 2, 16},
      {"@a\nA\n+\nI\n", ">a\nC\n", "", "", "record 1: one of %1 and %2 is FASTQ, the other FASTA: expected one format",
       BA_ERR_FORMAT, 1, -1},
      {"@a\nA\n+\nI\n", "@a\nN\n+\nI\n", "ambiguous=error", "",
       "%2: record 1, byte 3: the letter 'N' with ambiguous=error: expected A, C, G, T or U", BA_ERR_LETTER, 1, 3},
      {">a\nA\n", ">a\nN\n", "trim_quality=3", "",
       "%1: record 1: FASTA has no qualities, which trim_quality, trim_start_quality and min_mean_quality need",
       BA_ERR_FORMAT, 1, -1},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    files f;
    char wanted[2000] = "";
    put(&f, cases[i].first, cases[i].second);
    for (const char *at = cases[i].message; *at; at++) {
      const int32_t path = at[0] == '%' && (at[1] == '1' || at[1] == '2');
      if (path) {
        strcat(wanted, at[1] == '1' ? f.first : f.second);
        at++;
      } else {
        strncat(wanted, at, 1);
      }
    }
    for (int64_t most = 2; most < 8; most += 2) {
      reading r = read_pair(f.first, cases[i].second ? f.second : NULL, cases[i].options, most, NULL);
      assert_string_equal(r.message, wanted);
      assert_int_equal(r.status, cases[i].status);
      assert_string_equal(r.text, cases[i].records);
      assert_int_equal(r.record, cases[i].record);
      assert_int_equal(r.byte, cases[i].byte);
      free(r.text);
    }
    temp_remove(f.folder);
  }
}

static void filters(void **state) {
  static const struct {
    const char *options, *records;
    int64_t skipped;
  } cases[] = {
      {"min_length=3", "d/1|ACNTT|IIIII\nd/2|NNN|III\n", 6},
      {"min_length=3, pair_filter=any", "d/1|ACNTT|IIIII\nd/2|NNN|III\n", 6},
      {"min_length=3, pair_filter=both",
       "a/1|ACGT|IIII\na/2|GG|##\nb/1|NN|!!\nb/2|TTTTTT|~~~~~~\nd/1|ACNTT|IIIII\nd/2|NNN|III\n", 2},
      {"trim_quality=20, min_length=1, pair_filter=both",
       "a/1|ACGT|IIII\na/2||\nb/1||\nb/2|TTTTTT|~~~~~~\nc/1 x||\nc/2 y|A|I\nd/1|ACNTT|IIIII\nd/2|NNN|III\n", 0},
      {"trim_quality=20, min_length=1", "d/1|ACNTT|IIIII\nd/2|NNN|III\n", 6},
      {"min_length=7", "", 8},
  };
  files f;
  (void)state;
  put(&f, one, two);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int64_t most = 2; most < 12; most += 3) {
      int64_t skipped;
      reading r = read_pair(f.first, f.second, cases[i].options, most, &skipped);
      assert_string_equal(r.text, cases[i].records);
      assert_int_equal(skipped, cases[i].skipped);
      free(r.text);
    }
  }
  temp_remove(f.folder);
}

static void arguments(void **state) {
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  files f;
  (void)state;
  put(&f, one, two);
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_pair(context, f.first, f.second, "", NULL), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_pair(NULL, f.first, f.second, "", &reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_pair(context, NULL, f.second, "", &reader), BA_ERR_ARGUMENT);
  assert_int_equal(ba_reader_open_pair(context, f.first, f.first, "", &reader), BA_ERR_ARGUMENT);
  assert_non_null(strstr(ba_context_error_message(context), "holds both mates: expected two files"));
  assert_int_equal(ba_reader_open_pair(context, f.first, "/no/such", "", &reader), BA_ERR_IO);
  assert_int_equal(ba_reader_open_pair(context, f.first, f.second, "x=1", &reader), BA_ERR_RECIPE);
  assert_null(reader);
  assert_int_equal(ba_reader_open_pair(context, f.first, f.second, NULL, &reader), BA_OK);
  assert_int_equal(ba_reader_next(reader, 1, &batch), BA_ERR_ARGUMENT);
  assert_string_equal(ba_context_error_message(context),
                      "ba_reader_next: most is 1; expected 2 or more, as pairs are not parted");
  assert_int_equal(ba_reader_feed(reader, NULL, 0), BA_ERR_ARGUMENT);
  ba_context_cancel(context);
  assert_int_equal(ba_reader_next(reader, 2, &batch), BA_ERR_CANCELLED);
  assert_int_equal(ba_context_reset(context), BA_OK);
  assert_int_equal(ba_reader_next(reader, 2, &batch), BA_OK);
  assert_int_equal(ba_records_count(batch), 2);
  ba_records_release(batch);
  ba_reader_close(reader);
  ba_context_destroy(context);
  temp_remove(f.folder);
}

static void alignments(void **state) {
  static const char sam[] = "@HD\tVN:1.6\nr1\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\nr1\t4\t*\t0\t0\t*\t*\t0\t0\tAC\tII\n";
  files f;
  (void)state;
  put(&f, sam, NULL);
  reading r = read_pair(f.first, NULL, "", 10, NULL);
  assert_int_equal(r.status, BA_ERR_UNSUPPORTED); /* also where alignments cannot be read at all */
  assert_int_equal(r.count, 0);
  free(r.text);
  temp_remove(f.folder);
}

static ba_status sweep(ba_context *context, void *argument) {
  const files *f = argument;
  ba_reader *reader;
  ba_records *batch;
  ba_status status = ba_reader_open_pair(context, f->first, f->second, "min_length=1", &reader);
  if (status) return status;
  while ((status = ba_reader_next(reader, 2, &batch)) == BA_OK) ba_records_release(batch);
  ba_reader_close(reader);
  return status == BA_END ? BA_OK : status;
}

static void out_of_memory(void **state) {
  files f;
  (void)state;
  put(&f, one, two);
  assert_true(fault_sweep(sweep, &f) > 10);
  temp_remove(f.folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names),       cmocka_unit_test(two_files),   cmocka_unit_test(large_files),
      cmocka_unit_test(interleaved), cmocka_unit_test(wrong_pairs), cmocka_unit_test(filters),
      cmocka_unit_test(arguments),   cmocka_unit_test(alignments),  cmocka_unit_test(out_of_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
