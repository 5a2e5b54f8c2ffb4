/* SPDX-License-Identifier: MIT
 *
 * fuzz_alignments.c: any bytes as a file of SAM, BAM or CRAM, through htslib. Columns must hold together, and an error
 * must stay. Without htslib a file is refused, which is tested too.
 */
#include <stdlib.h>

#include "bioanalytics/bioanalytics.h"
#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* htslib 1.16 loses memory when it refuses some files; ours may not. */
const char *__lsan_default_suppressions(void) {
  return "leak:libhts.so";
}

static void check(int condition) {
  if (!condition) abort();
}

static void check_record(const ba_records *records, int64_t i) {
  int64_t n, m, k, reference_length, position;
  int32_t flag, mapping_quality;
  const char *reference;
  check(ba_records_name(records, i, &k) != NULL && k >= 0);
  check(ba_records_sequence(records, i, &n) != NULL && n >= 0);
  ba_records_quality(records, i, &m);
  check(m == 0 || m == n);
  if (ba_records_alignment(records, i, &flag, &reference, &reference_length, &position, &mapping_quality)) {
    check(flag >= 0 && flag < 65536 && position >= -1 && mapping_quality >= 0 && mapping_quality <= 255);
    check(reference != NULL || reference_length == 0);
  }
  check(ba_records_tag(records, i, "NM", &n) != NULL || n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static int descriptor = -1;
  char path[MEMORY_PATH];
  ba_context *context;
  ba_reader *reader;
  ba_records *records;
  ba_status status;
  if (!memory_file(&descriptor, data, size, path) || ba_context_create(NULL, &context)) return 0;
  check(ba_context_set_memory_limit(context, INT64_C(64) << 20) == BA_OK);
  check(ba_reader_open_path(context, path, "tags=NM:XA:XF:XZ:XH:XB:XS:XR:MD", &reader) == BA_OK);
  while ((status = ba_reader_next(reader, 7, &records)) == BA_OK) {
    for (int64_t i = 0; i < ba_records_count(records); i++) check_record(records, i);
    ba_records_release(records);
  }
  if (status != BA_END) {
    check(ba_context_error_message(context)[0] != 0);
    check(ba_reader_next(reader, 7, &records) == status);
  }
  ba_reader_close(reader);
  ba_context_destroy(context);
  return 0;
}
