/* SPDX-License-Identifier: MIT
 *
 * The conformance files of Cock et al. (2010, doi 10.1093/nar/gkp1137), where they are at hand: every good FASTQ file
 * is read, every error_* file is refused. Digests of the good ones are checked against a second, line-free way to read
 * them, written here from the paper's rules.
 */
#include <dirent.h>

#include "reading.h"
#include "support/temp.h"

#define FOLDER BA_TEST_SOURCE_DIR "/../shared/data/conformance/biopython-fastq"

static int32_t ends_with(const char *name, const char *end) {
  size_t n = strlen(name), m = strlen(end);
  return n >= m && strcmp(name + n - m, end) == 0;
}

/* Takes one line, without its end, out of *at. */
static const char *take_line(const char **at, const char *end, int64_t *n) {
  const char *line = *at, *stop = memchr(line, '\n', (size_t)(end - line));
  if (stop == NULL) stop = end;
  *at = stop < end ? stop + 1 : end;
  *n = stop - line;
  if (*n > 0 && line[*n - 1] == '\r') --*n;
  return line;
}

/* The plain way for files that are known to be good: lines until '+', then lines until the length is reached. */
static reading read_simply(const char *text, int64_t length) {
  reading r = {0};
  const char *at = text, *end = text + length, *line;
  int64_t n;
  while (at < end) {
    line = take_line(&at, end, &n);
    if (n == 0) continue;
    assert_int_equal(line[0], '@');
    reading_add(&r, line + 1, n - 1);
    reading_add(&r, "|", 1);
    int64_t letters = 0, symbols = 0;
    while (at < end && *at != '+') {
      line = take_line(&at, end, &n);
      reading_add(&r, line, n);
      letters += n;
    }
    take_line(&at, end, &n);
    reading_add(&r, "|", 1);
    while (symbols < letters) {
      line = take_line(&at, end, &n);
      reading_add(&r, line, n);
      symbols += n;
    }
    reading_add(&r, "\n", 1);
    r.count++;
  }
  reading_add(&r, "", 0);
  return r;
}

static void check_good(const char *name, const char *path) {
  reading got = read_path(path, "");
  if (got.status != BA_END) fail_msg("%s: %s", name, got.message);
  assert_true(got.count > 0);
  assert_int_equal(got.format, BA_FORMAT_FASTQ);
  int64_t n;
  char *text = (char *)temp_read(path, &n);
  reading expected = read_simply(text, n);
  if (strcmp(expected.text, got.text) != 0) fail_msg("%s: other records than the simple way", name);
  assert_int_equal(expected.count, got.count);
  const int64_t chunks[] = {1, 17, 4096};
  for (int32_t i = 0; i < 3; i++) {
    reading pushed = read_pushed((uint8_t *)text, n, "", 7, chunks[i]);
    assert_int_equal(pushed.status, BA_END);
    assert_string_equal(pushed.text, got.text);
    free(pushed.text);
  }
  free(expected.text);
  free(text);
  free(got.text);
}

static void fastq_files(void **state) {
  DIR *folder = opendir(FOLDER);
  int64_t good = 0, bad = 0;
  (void)state;
  if (folder == NULL) {
    print_message("skipped: the conformance files are not at %s\n", FOLDER);
    skip();
  }
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    char path[1024];
    if (!ends_with(entry->d_name, ".fastq")) continue;
    snprintf(path, sizeof path, "%s/%s", FOLDER, entry->d_name);
    if (strncmp(entry->d_name, "error_", 6) != 0) {
      check_good(entry->d_name, path);
      good++;
      continue;
    }
    reading got = read_path(path, "");
    if (got.status != BA_ERR_FORMAT && got.status != BA_ERR_TRUNCATED) fail_msg("%s was read", entry->d_name);
    assert_true(got.record >= 1 && got.byte >= 0);
    if (strncmp(entry->d_name, "error_trunc_", 12) == 0 && strstr(entry->d_name, "at_") == NULL) {
      assert_int_equal(got.status, BA_ERR_TRUNCATED);
    }
    free(got.text);
    bad++;
  }
  closedir(folder);
  assert_int_equal(bad, 22);
  assert_int_equal(good, 37);
}

/* The same reads plain, in gzip and in bgzf. */
static void packed_files(void **state) {
  static const char *const pairs[][2] = {{"example.fastq", "example.fastq.gz"},
                                         {"example.fastq", "example.fastq.bgz"},
                                         {"example_dos.fastq", "example_dos.fastq.bgz"}};
  DIR *folder = opendir(FOLDER);
  (void)state;
  if (folder == NULL) {
    print_message("skipped: the conformance files are not at %s\n", FOLDER);
    skip();
  }
  closedir(folder);
  for (int32_t i = 0; i < 3; i++) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", FOLDER, pairs[i][0]);
    reading plain = read_path(path, "");
    snprintf(path, sizeof path, "%s/%s", FOLDER, pairs[i][1]);
    reading packed = read_path(path, "bgzf_end=require");
    same_reading(&plain, &packed, "pair", i);
    assert_int_equal(plain.count, 3);
    free(plain.text);
    free(packed.text);
  }
  reading fasta = read_path(FOLDER "/example.fasta", "");
  assert_int_equal(fasta.status, BA_END);
  assert_int_equal(fasta.count, 3);
  assert_int_equal(fasta.letters, 75);
  free(fasta.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(fastq_files), cmocka_unit_test(packed_files)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
