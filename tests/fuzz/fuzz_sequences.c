/* SPDX-License-Identifier: MIT
 *
 * fuzz_sequences.c: any bytes to a reader: FASTA, FASTQ, gzip and bgzf, within a memory limit. The records' columns
 * must hold together, and an error must stay.
 */
#include <stdlib.h>

#include "bioanalytics/bioanalytics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int condition) {
  if (!condition) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  ba_context *context;
  ba_reader *reader;
  ba_records *records;
  ba_status status;
  int64_t letters = 0, counted, given = 0, position, bytes;
  if (ba_context_create(NULL, &context)) return 0;
  check(ba_context_set_memory_limit(context, INT64_C(64) << 20) == BA_OK);
  check(ba_reader_open_memory(context, data, (int64_t)size, NULL, &reader) == BA_OK);
  while ((status = ba_reader_next(reader, 7, &records)) == BA_OK) {
    const int64_t count = ba_records_count(records);
    check(count >= 1 && count <= 7);
    for (int64_t i = 0; i < count; i++) {
      int64_t n, m, k;
      check(ba_records_name(records, i, &k) != NULL && k >= 0);
      check(ba_records_sequence(records, i, &n) != NULL && n >= 0);
      ba_records_quality(records, i, &m);
      check(m == 0 || m == n);
      letters += n;
    }
    given += count;
    ba_records_release(records);
  }
  ba_reader_counters(reader, &counted, NULL);
  ba_reader_position(reader, &position, &bytes);
  check(counted == letters && position == given);
  if (status != BA_END) {
    check(ba_context_error_message(context)[0] != 0);
    check(ba_reader_next(reader, 7, &records) == status);
  }
  ba_reader_close(reader);
  ba_context_destroy(context);
  return 0;
}
