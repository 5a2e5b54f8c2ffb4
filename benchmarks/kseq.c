/* SPDX-License-Identifier: MIT
 *
 * kseq.c: the peer for parsing: kseq.h over zlib's gzread, as its own documentation shows it.
 */
#include <stdint.h>
#include <zlib.h>

#include <htslib/kseq.h>

#include "parse.h"

KSEQ_INIT(gzFile, gzread)

int bench_kseq(const char *path, int check, struct tally *out) {
  gzFile file = gzopen(path, "rb");
  if (!file) return 0;
  kseq_t *record = kseq_init(file);
  while (kseq_read(record) >= 0) {
    out->records++;
    out->letters += (int64_t)record->seq.l;
    out->names += (int64_t)record->name.l;
    for (size_t i = 0; check && i < record->seq.l; i++) out->sum += (uint8_t)record->seq.s[i] * (i % 251 + 1);
  }
  kseq_destroy(record);
  gzclose(file);
  return 1;
}
