/* SPDX-License-Identifier: MIT
 *
 * fuzz_index.c: any bytes as the index of one of the small files of tests/fuzz/indexed: the first byte says of which,
 * then comes a region up to a line feed, then the index. With 'f' (.fai of plain FASTA), 'g' (.fai of bgzf), 'b' (.bai
 * or .csi of BAM), 'c' (.crai of CRAM) and 'z' (.gzi of the bgzf FASTA).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bioanalytics/bioanalytics.h"
#include "memory_file.h"
#include "seq/fai.h"
#include "seq/reader.h"

#define FOLDER BA_TEST_SOURCE_DIR "/tests/fuzz/indexed/"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* htslib 1.16 loses memory when it refuses some files; ours may not. */
const char *__lsan_default_suppressions(void) {
  return "leak:libhts.so";
}

static void check(int condition) {
  if (!condition) abort();
}

static void drain(ba_context *context, ba_reader *reader) {
  ba_records *records;
  ba_status status;
  int64_t letters = 0, n;
  while ((status = ba_reader_next(reader, 7, &records)) == BA_OK) {
    for (int64_t i = 0; i < ba_records_count(records); i++) {
      check(ba_records_sequence(records, i, &n) != NULL);
      letters += n;
    }
    ba_records_release(records);
  }
  check(letters <= 100000); /* the files are small */
  check(status == BA_END || ba_context_error_message(context)[0] != 0);
  ba_reader_close(reader);
}

static void read_region(ba_context *context, ba_index *index, const char *region) {
  ba_reader *reader;
  if (ba_index_fetch(index, region, &reader) == BA_OK) {
    drain(context, reader);
  } else {
    check(ba_context_error_message(context)[0] != 0 && reader == NULL);
  }
}

/* The .gzi has no option that names it, so what loads it is called itself. */
static void read_by_blocks(ba_context *context, const char *blocks) {
  static const char *const names[] = {"c1", "c1:2"};
  bai_fai fai = {0};
  check(bai_fai_load(context, FOLDER "a.fa.gz.fai", &fai) == BA_OK);
  const ba_status status = bai_fai_load_blocks(context, blocks, &fai);
  for (int i = 0; status == BA_OK && i < 2; i++) {
    const bai_fai_row *row = bai_fai_find(&fai, names[i]);
    const int descriptor = open(FOLDER "a.fa.gz", O_RDONLY | O_CLOEXEC);
    bai_source *source;
    ba_reader *reader;
    check(row != NULL && descriptor >= 0);
    if (bai_fai_source(context, &fai, row, i, row->letters, names[i], descriptor, &source) != BA_OK) continue;
    check(bai_reader_open_indexed(context, source, "a", NULL, &reader) == BA_OK);
    drain(context, reader);
  }
  bai_fai_free(context, &fai);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const files[] = {"a.fa", "a.fa.gz", "a.bam", "a.cram"};
  static int descriptor = -1;
  const uint8_t *line = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
  char region[64] = "", index_path[MEMORY_PATH], option[MEMORY_PATH + 16], path[512];
  ba_context *context;
  ba_index *index;
  int file = -1;
  for (int i = 0; size > 0 && i < 5; i++)
    if (data[0] == "fgbcz"[i]) file = i;
  if (file < 0 || line == NULL || line - data > 60 || ba_context_create(NULL, &context)) return 0;
  memcpy(region, data + 1, (size_t)(line - data - 1));
  snprintf(path, sizeof path, FOLDER "%s", files[file % 4]);
  check(ba_context_set_memory_limit(context, INT64_C(64) << 20) == BA_OK);
  const int there = memory_file(&descriptor, line + 1, size - (size_t)(line + 1 - data), index_path);
  if (there && file == 4) {
    read_by_blocks(context, index_path);
  } else if (there) {
    snprintf(option, sizeof option, "index=%s", index_path);
    if (ba_index_open(context, path, option, &index) == BA_OK) {
      read_region(context, index, region);
      read_region(context, index, "c1");
      read_region(context, index, "c1:2:1-4");
      read_region(context, index, "*");
    } else {
      check(ba_context_error_message(context)[0] != 0 && index == NULL);
    }
    ba_index_close(index);
  }
  ba_context_destroy(context);
  return 0;
}
