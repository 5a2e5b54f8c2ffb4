/* SPDX-License-Identifier: MIT
 *
 * peers.h: kseq.h over zlib, and htslib's own reader of FASTA and FASTQ, each as one text in the form of reading.h.
 * Their headers are not ours to free of warnings.
 */
#ifndef TEST_SEQ_PEERS_H
#define TEST_SEQ_PEERS_H
#pragma GCC system_header

#include <dlfcn.h>
#include <htslib/kseq.h>
#include <htslib/sam.h>
#include <zlib.h>

#include "reading.h"

KSEQ_INIT(gzFile, gzread)

static inline reading read_by_kseq(const char *path) {
  reading r = {0};
  gzFile file = gzopen(path, "rb");
  assert_non_null(file);
  kseq_t *record = kseq_init(file);
  int code;
  while ((code = kseq_read(record)) >= 0) {
    reading_add(&r, record->name.s, (int64_t)record->name.l);
    reading_add(&r, "|", 1);
    reading_add(&r, record->seq.s, (int64_t)record->seq.l);
    reading_add(&r, "|", 1);
    if (record->qual.l > 0) reading_add(&r, record->qual.s, (int64_t)record->qual.l);
    reading_add(&r, "\n", 1);
    r.count++;
  }
  r.status = code == -1 ? BA_END : BA_ERR_FORMAT;
  kseq_destroy(record);
  gzclose(file);
  reading_add(&r, "", 0);
  return r;
}

typedef struct hts_calls {
  __typeof__(hts_open) *open;
  __typeof__(hts_close) *close;
  __typeof__(sam_hdr_read) *header;
  __typeof__(sam_hdr_destroy) *drop;
  __typeof__(sam_read1) *read;
  __typeof__(bam_init1) *make;
  __typeof__(bam_destroy1) *destroy;
  __typeof__(hts_set_log_level) *log;
  const unsigned char *codes; /* of letters */
} hts_calls;

/* 0 where htslib is not installed. */
static inline int32_t find_htslib(hts_calls *calls) {
  void *library = dlopen("libhts.so.3", RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) return 0;
  *calls = (hts_calls){.open = dlsym(library, "hts_open"),
                       .close = dlsym(library, "hts_close"),
                       .header = dlsym(library, "sam_hdr_read"),
                       .drop = dlsym(library, "sam_hdr_destroy"),
                       .read = dlsym(library, "sam_read1"),
                       .make = dlsym(library, "bam_init1"),
                       .destroy = dlsym(library, "bam_destroy1"),
                       .log = dlsym(library, "hts_set_log_level"),
                       .codes = dlsym(library, "seq_nt16_table")};
  calls->log(HTS_LOG_OFF);
  return 1;
}

static inline reading read_by_htslib(const hts_calls *calls, const char *path) {
  static const char letters[] = "=ACMGRSVTWYHKDBN";
  reading r = {.status = BA_ERR_FORMAT};
  htsFile *file = calls->open(path, "r");
  sam_hdr_t *header = file ? calls->header(file) : NULL;
  bam1_t *b = calls->make();
  int code = -2;
  while (header && (code = calls->read(file, header, b)) >= 0) {
    const int64_t n = b->core.l_qseq;
    reading_add(&r, bam_get_qname(b), (int64_t)strlen(bam_get_qname(b)));
    reading_add(&r, "|", 1);
    for (int64_t i = 0; i < n; i++) reading_add(&r, &letters[bam_seqi(bam_get_seq(b), i)], 1);
    reading_add(&r, "|", 1);
    for (int64_t i = 0; i < n && bam_get_qual(b)[0] != 0xff; i++) {
      const char symbol = (char)(bam_get_qual(b)[i] + 33);
      reading_add(&r, &symbol, 1);
    }
    reading_add(&r, "\n", 1);
    r.count++;
  }
  if (code == -1) r.status = BA_END;
  calls->destroy(b);
  if (header) calls->drop(header);
  if (file) calls->close(file);
  reading_add(&r, "", 0);
  return r;
}

/* The letter that four bits keep of one. */
static inline char packed_letter(const hts_calls *calls, char letter) {
  return "=ACMGRSVTWYHKDBN"[calls->codes[(uint8_t)letter]];
}

#endif
