/* SPDX-License-Identifier: MIT
 *
 * test_peers.c: our records beside those of kseq.h and of htslib, on the corpora of the fuzz targets, on the
 * conformance files where they are at hand, and on made files. Every disagreement must stand in peers.txt, with its
 * reason, and every line of peers.txt that is about a file at hand must be a disagreement.
 */
#include <dirent.h>

#include "reading.h"
#include "support/temp.h"

#if __has_include(<htslib/kseq.h>) && __has_include(<htslib/sam.h>)
#include "peers.h"

#define CONFORMANCE BA_TEST_SOURCE_DIR "/../shared/data/conformance/biopython-fastq"
#define CORPUS BA_TEST_SOURCE_DIR "/tests/fuzz/corpus/"

static char *listed;
static hts_calls htslib;

/* Ours with the first words of names; for htslib also with the letters that four bits keep. */
static reading ours_for(const reading *full, int32_t packed) {
  reading r = {0};
  int32_t column = 0, word = 1;
  for (const char *at = full->text; *at; at++) {
    if (*at == '\n') {
      column = 0;
      word = 1;
    } else if (*at == '|' && column < 2) {
      column++;
    } else if (column == 0 && (*at == ' ' || *at == '\t')) {
      word = 0;
    }
    const char letter = column == 1 && packed && *at != '|' ? packed_letter(&htslib, *at) : *at;
    if (column > 0 || word || *at == '\n') reading_add(&r, &letter, 1);
  }
  reading_add(&r, "", 0);
  return r;
}

/* A line "peer name kind reason" of peers.txt. */
static int32_t is_listed(const char *peer, const char *name, const char *kind) {
  char line[256];
  const int n = snprintf(line, sizeof line, "\n%s %s %s ", peer, name, kind);
  return n > 0 && strstr(listed, line) != NULL;
}

static int32_t compare(const char *peer, const char *name, const reading *mine, const reading *theirs) {
  static const char *const kinds[] = {"only-we", "only-they", "other"};
  int32_t bad = 0;
  const int32_t we = mine->status == BA_END, they = theirs->status == BA_END;
  const int32_t same = we != they ? 0 : !we || strcmp(mine->text, theirs->text) == 0;
  const int32_t kind = same ? -1 : we && !they ? 0 : they && !we ? 1 : 2;
  for (int32_t i = 0; i < 3; i++) {
    if (is_listed(peer, name, kinds[i]) == (i == kind)) continue;
    print_error("%s %s %s: %s\n", peer, name, kinds[i],
                i == kind ? "not in tests/seq/peers.txt" : "in tests/seq/peers.txt, but not so");
    bad = 1;
  }
  return bad;
}

/* Compares all three on one file; returns how many comparisons went wrong. */
static int32_t try_file(const char *path, const char *name) {
  reading full = read_path(path, ""), theirs = read_by_kseq(path);
  reading mine = ours_for(&full, 0);
  mine.status = full.status;
  int32_t bad = compare("kseq", name, &mine, &theirs);
  free(theirs.text);
  free(mine.text);
  if (htslib.open) {
    theirs = read_by_htslib(&htslib, path);
    mine = ours_for(&full, 1);
    mine.status = full.status;
    bad += compare("htslib", name, &mine, &theirs);
    free(theirs.text);
    free(mine.text);
  }
  free(full.text);
  return bad;
}

/* `skip`: bytes at the start of each file that are no text. */
static int32_t try_folder(const char *folder, const char *label, int64_t skip_bytes) {
  char scratch[TEMP_PATH], copy[TEMP_PATH];
  int32_t bad = 0, files = 0;
  DIR *entries = opendir(folder);
  if (entries == NULL) return -1;
  temp_make(scratch);
  for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
    char path[1024], name[512];
    int64_t n;
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    snprintf(name, sizeof name, "%s/%s", label, entry->d_name);
    uint8_t *data = temp_read(path, &n);
    if (n >= skip_bytes) {
      temp_write(copy, scratch, "file", data + skip_bytes, n - skip_bytes);
      bad += try_file(copy, name);
      files++;
    }
    free(data);
  }
  closedir(entries);
  temp_remove(scratch);
  assert_true(files > 0);
  return bad;
}

static void corpora(void **state) {
  (void)state;
  const int32_t bad = try_folder(CORPUS "sequences", "sequences", 0);
  assert_int_equal(bad + try_folder(CORPUS "push", "push", 1), 0);
}

static void conformance(void **state) {
  (void)state;
  const int32_t bad = try_folder(CONFORMANCE, "conformance", 0);
  if (bad < 0) skip();
  assert_int_equal(bad, 0);
}

/* ---- made files: what all three must read ---- */

static uint32_t seed = 11;

static uint32_t below(uint32_t n) {
  seed = seed * 1664525u + 1013904223u;
  return (seed >> 8) % n;
}

static int64_t put_line(char *to, const char *set, int64_t n, int64_t width, const char *end) {
  int64_t used = 0;
  for (int64_t i = 0; i < n; i++) {
    to[used++] = set[below((uint32_t)strlen(set))];
    if ((i + 1) % width == 0 && i + 1 < n) used += sprintf(to + used, "%s", end);
  }
  return used + sprintf(to + used, "%s", end);
}

static void made_files(void **state) {
  static char text[400000];
  char folder[TEMP_PATH], path[TEMP_PATH];
  (void)state;
  temp_make(folder);
  for (int32_t round = 0; round < 60; round++) {
    const char *end = round % 3 ? "\n" : "\r\n", *set = round % 2 ? "ACGTN" : "acgtACGTRYN";
    const int64_t width = round % 5 == 0 ? 1 + below(70) : 100000;
    int64_t n = 0;
    for (uint32_t records = 1 + below(30); records > 0; records--) {
      const int64_t length = 1 + below(below(9) ? 200 : 5000), name = n + 1;
      n += sprintf(text + n, "%cr%u%s%s", round % 4 < 2 ? '@' : '>', below(1000), below(2) ? " a comment" : "", end);
      const int64_t name_length = n - name;
      n += put_line(text + n, set, length, width, end);
      if (round % 4 >= 2) continue;
      text[n++] = '+';
      if (round % 7 == 0) memcpy(text + n, text + name, (size_t)name_length);
      n += round % 7 == 0 ? name_length : sprintf(text + n, "%s", end);
      n += put_line(text + n, "!IJ@+~5", length, width, end);
    }
    if (round % 6 == 1) n--; /* no end of the last line */
    temp_write(path, folder, "made", text, n);
    assert_int_equal(try_file(path, "made"), 0);
  }
  temp_remove(folder);
}

static int setup(void **state) {
  int64_t n;
  (void)state;
  uint8_t *text = temp_read(BA_TEST_SOURCE_DIR "/tests/seq/peers.txt", &n);
  listed = malloc((size_t)n + 1);
  if (listed == NULL) return 1;
  memcpy(listed, text, (size_t)n);
  listed[n] = 0;
  free(text);
  if (!find_htslib(&htslib)) print_message("libhts.so.3 is not there: kseq.h alone\n");
  return 0;
}

static int teardown(void **state) {
  (void)state;
  free(listed);
  return 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(corpora), cmocka_unit_test(conformance),
                                     cmocka_unit_test(made_files)};
  return cmocka_run_group_tests(tests, setup, teardown);
}

#else

int main(void) {
  print_message("skipped: built without htslib's headers\n");
  return 0;
}

#endif
