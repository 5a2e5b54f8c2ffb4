/* SPDX-License-Identifier: MIT
 *
 * oracle.h: htslib itself, loaded at run time, as the second opinion on alignments and indexes.
 */
#ifndef TEST_SEQ_ORACLE_H
#define TEST_SEQ_ORACLE_H

#include <dlfcn.h>
#include <htslib/bgzf.h>
#include <htslib/faidx.h>
#include <htslib/sam.h>
#include <string.h>

/* clang-format off */
#define ORACLE_CALLS(X)                                                                                            \
  X(bam_destroy1) X(bam_init1) X(bgzf_close) X(bgzf_flush) X(bgzf_open) X(bgzf_write) X(fai_build3) X(fai_destroy) \
  X(fai_fetch64) X(fai_load) X(hts_close) X(hts_idx_destroy) X(hts_itr_destroy) X(hts_itr_next) X(hts_open)        \
  X(hts_set_log_level) X(hts_set_opt) X(sam_hdr_destroy) X(sam_hdr_read) X(sam_hdr_tid2name) X(sam_hdr_write)      \
  X(sam_index_build3) X(sam_index_load) X(sam_itr_querys) X(sam_read1) X(sam_write1)
/* clang-format on */

typedef struct oracle {
#define ORACLE_FIELD(name) __typeof__(name) *name;
  ORACLE_CALLS(ORACLE_FIELD)
#undef ORACLE_FIELD
} oracle;

/* 0 when htslib is not on this machine. */
static inline int32_t oracle_open(oracle *o) {
  void *library = dlopen("libhts.so.3", RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), *symbol;
  if (library == NULL) return 0;
#define ORACLE_LOOK_UP(name)      \
  symbol = dlsym(library, #name); \
  if (symbol == NULL) return 0;   \
  memcpy(&o->name, &symbol, sizeof symbol);
  ORACLE_CALLS(ORACLE_LOOK_UP)
#undef ORACLE_LOOK_UP
  o->hts_set_log_level(HTS_LOG_OFF);
  return 1;
}

/* Copies a SAM file to another format by a mode such as "wb", with an index beside it: 0 bai or crai, 14 csi. */
static inline int32_t oracle_convert(const oracle *o, const char *from, const char *to, const char *mode, int shift) {
  htsFile *in = o->hts_open(from, "r"), *out = o->hts_open(to, mode);
  if (in == NULL || out == NULL) return 0;
  sam_hdr_t *header = o->sam_hdr_read(in);
  if (header == NULL) return 0;
  int32_t good = (mode[1] != 'c' || o->hts_set_opt(out, CRAM_OPT_NO_REF, 1) == 0) && o->sam_hdr_write(out, header) == 0;
  bam1_t *record = o->bam_init1();
  while (good && o->sam_read1(in, header, record) >= 0) good = o->sam_write1(out, header, record) >= 0;
  o->bam_destroy1(record);
  o->sam_hdr_destroy(header);
  o->hts_close(in);
  return o->hts_close(out) == 0 && good && o->sam_index_build3(to, NULL, shift, 0) == 0;
}

#endif
