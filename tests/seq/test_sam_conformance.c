/* SPDX-License-Identifier: MIT
 *
 * The SAM and BAM files of hts-specs, where they are at hand: every good one gives what htslib gives, and of the bad
 * ones those are read that sam_accepted.txt lists, with a reason each.
 */
#include <dirent.h>

#include "reading.h"
#include "support/temp.h"

#if __has_include(<htslib/sam.h>)
#include "oracle.h"

#define FOLDER BA_TEST_SOURCE_DIR "/../shared/data/conformance/hts-specs/"

static void add_columns(reading *r, int32_t flag, const char *reference, int64_t n, int64_t position, int32_t quality) {
  char text[99];
  reading_add(r, text, snprintf(text, sizeof text, "%d|", flag));
  reading_add(r, reference, n);
  reading_add(r, text, snprintf(text, sizeof text, "|%lld|%d\n", (long long)position, quality));
}

/* Each record with its columns, by htslib itself. */
static reading read_theirs(const oracle *o, const char *path) {
  reading r = {0};
  htsFile *in = o->hts_open(path, "r");
  assert_non_null(in);
  sam_hdr_t *header = o->sam_hdr_read(in);
  assert_non_null(header);
  bam1_t *record = o->bam_init1();
  while (o->sam_read1(in, header, record) >= 0) {
    const int32_t n = record->core.l_qseq;
    const uint8_t *symbols = bam_get_qual(record);
    reading_add(&r, bam_get_qname(record), (int64_t)strlen(bam_get_qname(record)));
    reading_add(&r, "|", 1);
    for (int32_t i = 0; i < n; i++) reading_add(&r, &"=ACMGRSVTWYHKDBN"[bam_seqi(bam_get_seq(record), i)], 1);
    reading_add(&r, "|", 1);
    for (int32_t i = 0; i < n && symbols[0] != 0xff; i++) {
      const char symbol = (char)(symbols[i] + 33);
      reading_add(&r, &symbol, 1);
    }
    reading_add(&r, "|", 1);
    const char *reference = record->core.tid >= 0 ? o->sam_hdr_tid2name(header, record->core.tid) : "";
    add_columns(&r, record->core.flag, reference, (int64_t)strlen(reference), record->core.pos, record->core.qual);
    r.count++;
  }
  o->bam_destroy1(record);
  o->sam_hdr_destroy(header);
  o->hts_close(in);
  reading_add(&r, "", 0);
  return r;
}

static reading read_ours(const char *path) {
  reading r = {0};
  ba_context *context;
  ba_reader *reader;
  ba_records *batch;
  assert_int_equal(ba_context_create(NULL, &context), BA_OK);
  assert_int_equal(ba_reader_open_path(context, path, "", &reader), BA_OK);
  while ((r.status = ba_reader_next(reader, 13, &batch)) == BA_OK) {
    for (int64_t i = 0; i < ba_records_count(batch); i++) {
      int64_t n, position;
      int32_t flag, quality;
      const char *text = ba_records_name(batch, i, &n);
      reading_add(&r, text, n);
      reading_add(&r, "|", 1);
      text = ba_records_sequence(batch, i, &n);
      reading_add(&r, text, n);
      reading_add(&r, "|", 1);
      text = ba_records_quality(batch, i, &n);
      reading_add(&r, text, n);
      reading_add(&r, "|", 1);
      assert_int_equal(ba_records_alignment(batch, i, &flag, &text, &n, &position, &quality), 1);
      add_columns(&r, flag, text, n, position, quality);
      r.count++;
    }
    ba_records_release(batch);
  }
  snprintf(r.message, sizeof r.message, "%s", ba_context_error_message(context));
  r.format = ba_reader_format(reader);
  ba_reader_close(reader);
  ba_context_destroy(context);
  reading_add(&r, "", 0);
  return r;
}

/* Opens a folder of files, or skips the test when it, or htslib, is not there. */
static DIR *open_folder(const char *path, oracle *o) {
  DIR *folder = opendir(path);
  if (folder && oracle_open(o)) return folder;
  if (folder) closedir(folder);
  print_message("skipped: no files at %s, or no htslib\n", path);
  skip();
  return NULL;
}

static void good_files(void **state) {
  static const struct {
    const char *folder;
    int32_t files, format;
  } cases[] = {{FOLDER "sam/passed", 82, BA_FORMAT_SAM}, {FOLDER "bam/passed", 2, BA_FORMAT_BAM}};
  (void)state;
  for (size_t c = 0; c < 2; c++) {
    oracle o;
    int32_t files = 0;
    DIR *folder = open_folder(cases[c].folder, &o);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
      char path[2048];
      if (entry->d_name[0] == '.') continue;
      snprintf(path, sizeof path, "%s/%s", cases[c].folder, entry->d_name);
      reading ours = read_ours(path), theirs = read_theirs(&o, path);
      if (strstr(ours.message, "-DBA_HTSLIB=ON")) break; /* this build has no htslib */
      if (ours.status != BA_END) fail_msg("%s: %s", path, ours.message);
      if (strcmp(ours.text, theirs.text) != 0) fail_msg("%s:\n%s--\n%s", path, ours.text, theirs.text);
      assert_int_equal(ours.count, theirs.count);
      assert_int_equal(ours.format, cases[c].format);
      free(ours.text);
      free(theirs.text);
      files++;
    }
    closedir(folder);
    if (files > 0) assert_int_equal(files, cases[c].files);
  }
}

static void bad_files(void **state) {
  oracle o;
  int64_t n;
  int32_t read = 0, refused = 0;
  (void)state;
  DIR *folder = open_folder(FOLDER "sam/failed", &o);
  char *list = (char *)temp_read(BA_TEST_SOURCE_DIR "/tests/seq/sam_accepted.txt", &n);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char path[2048], line[300];
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, FOLDER "sam/failed/%s", entry->d_name);
    snprintf(line, sizeof line, "\n%s ", entry->d_name);
    reading r = read_ours(path);
    free(r.text);
    if (strstr(r.message, "-DBA_HTSLIB=ON")) break;
    const int32_t listed = strstr(list, line) != NULL;
    if (listed && r.status != BA_END) fail_msg("%s is listed, but refused: %s", entry->d_name, r.message);
    if (!listed && r.status == BA_END) fail_msg("%s is read, but not listed", entry->d_name);
    read += listed;
    refused += !listed;
  }
  closedir(folder);
  free(list);
  if (read > 0) assert_int_equal(read, 67);
  if (read > 0) assert_int_equal(refused, 41);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(good_files), cmocka_unit_test(bad_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
  print_message("skipped: the headers of htslib are not installed\n");
  return 0;
}

#endif
