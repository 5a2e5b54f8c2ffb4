/* SPDX-License-Identifier: MIT
 *
 * hts.c: SAM, BAM and CRAM through htslib; the only file that includes its headers. The library is loaded when first
 * needed, sees an open descriptor and never a name, so it cannot be sent to the network.
 */
#include "seq/hts.h"

#ifndef BA_HAVE_HTSLIB

ba_status bai_hts_open(ba_context *context, int32_t descriptor, int32_t format, const bai_hts_options *options,
                       bai_hts **out) {
  (void)descriptor;
  (void)format;
  (void)options;
  *out = NULL;
  return bai_fail(context, BA_ERR_UNSUPPORTED,
                  "SAM, BAM and CRAM need a build with -DBA_HTSLIB=ON (package libhts-dev) and libhts3 at run time");
}

ba_status bai_hts_read(bai_hts *hts, bai_parser *parser) {
  (void)hts;
  return bai_fail(parser->context, BA_ERR_UNSUPPORTED, "this build has no htslib");
}

ba_status bai_hts_load_index(bai_hts *hts, ba_context *context, const char *path) {
  (void)hts;
  (void)path;
  return bai_fail(context, BA_ERR_UNSUPPORTED, "this build has no htslib");
}

ba_status bai_hts_fetch(bai_hts *hts, ba_context *context, const bai_hts *indexed, const char *region) {
  (void)hts;
  (void)indexed;
  (void)region;
  return bai_fail(context, BA_ERR_UNSUPPORTED, "this build has no htslib");
}

void bai_hts_close(bai_hts *hts, ba_context *context) {
  (void)hts;
  (void)context;
}

#else

#include <htslib/cram.h>
#include <htslib/hfile.h>
#include <htslib/hts.h>
#include <htslib/sam.h>
#include <string.h>
#include <unistd.h>

#include "seq/index_check.h"
#include "seq/letters.h"
#include "seq/region.h"

#define LIBRARY "libhts.so.3"
#define CANCEL_RECORDS 1024 /* how many records between two looks at the cancel flag */

/* Every call that is used, with the type that the header gives it. */
/* clang-format off */
#define CALLS(X)                                                                                                  \
  X(bam_aux_get) X(bam_destroy1) X(bam_init1) X(cram_fd_get_header) X(hclose) X(hdopen) X(hts_check_EOF)          \
  X(hts_close) X(hts_free) X(hts_hopen) X(hts_idx_destroy) X(hts_itr_destroy) X(hts_itr_next)                     \
  X(hts_set_log_level) X(hts_set_opt) X(kputd) X(sam_hdr_count_lines) X(sam_hdr_destroy) X(sam_hdr_line_name)     \
  X(sam_hdr_name2tid) X(sam_hdr_nref) X(sam_hdr_read) X(sam_hdr_remove_tag_id) X(sam_hdr_tid2name) X(sam_index_load3)             \
  X(sam_itr_queryi) X(sam_read1)
/* clang-format on */

typedef struct hts_calls {
#define FIELD(name) __typeof__(name) *name;
  CALLS(FIELD)
#undef FIELD
} hts_calls;

struct bai_hts {
  hts_calls call;
  void *library;
  htsFile *file;
  sam_hdr_t *header;
  bam1_t *record;
  hts_idx_t *index;    /* NULL unless loaded */
  char *index_path;    /* as htslib gets it */
  hts_itr_t *iterator; /* NULL: the whole file is read */
  kstring_t number;    /* where htslib writes a real number */
  int32_t descriptor, format, ended, lacks_end;
  int64_t total;
  bai_hts_options options;
};

static ba_status load(ba_context *context, bai_hts *hts) {
  static const char *const names[] = {LIBRARY, NULL};
  int32_t brought;
  ba_status status = bai_library_open(
      context, names, "SAM, BAM and CRAM need htslib, and " LIBRARY " could not be loaded: install the package libhts3",
      &hts->library, &brought);
  if (status) return status;
#define LOOK_UP(name)                                                                                        \
  if (!bai_library_symbol(hts->library, #name, &hts->call.name)) {                                           \
    return bai_fail(context, BA_ERR_UNSUPPORTED, LIBRARY " has no call %s: 1.10 or later is needed", #name); \
  }
  CALLS(LOOK_UP)
#undef LOOK_UP
  /* A host that has htslib already may want its log; only one that we bring ourselves is made silent. */
  if (brought) hts->call.hts_set_log_level(HTS_LOG_OFF);
  return BA_OK;
}

/* A CRAM's header has checksums and addresses by which htslib would fetch references over the network. The decoder
 * looks at its own copy of the header, so that one has to forget them. */
static void forget_remote_references(bai_hts *hts) {
  sam_hdr_t *header = hts->call.cram_fd_get_header(hts->file->fp.cram);
  int n = hts->call.sam_hdr_count_lines(header, "SQ");
  for (int i = 0; i < n; i++) {
    const char *name = hts->call.sam_hdr_line_name(header, "SQ", i);
    if (name == NULL) continue;
    hts->call.sam_hdr_remove_tag_id(header, "SQ", "SN", name, "M5");
    hts->call.sam_hdr_remove_tag_id(header, "SQ", "SN", name, "UR");
  }
}

/* htslib takes what stands before a colon for the name of a service; a path that begins with a point or a slash is a
 * file. */
static ba_status local_name(ba_context *context, const char *path, char **out) {
  const int64_t n = bai_length(path) + 3;
  ba_status status = bai_alloc(context, n, 1, out);
  if (!status) bai_format(*out, n, "%s%s", path[0] == '/' ? "" : "./", path);
  return status;
}

static ba_status open_file(ba_context *context, bai_hts *hts, const char *reference) {
  int copy = dup(hts->descriptor);
  hFILE *stream = copy < 0 ? NULL : hts->call.hdopen(copy, "r");
  if (stream == NULL) {
    if (copy >= 0) close(copy);
    return bai_fail(context, BA_ERR_IO, "htslib could not take the open file");
  }
  hts->file = hts->call.hts_hopen(stream, "input", "r");
  if (hts->file == NULL) {
    (void)!hts->call.hclose(stream);
    return bai_fail(context, BA_ERR_FORMAT, "htslib does not know the format of this file");
  }
  if (hts->format == BA_FORMAT_CRAM && reference[0]) {
    char *name;
    ba_status status = local_name(context, reference, &name);
    if (status) return status;
    int code = hts->call.hts_set_opt(hts->file, CRAM_OPT_REFERENCE, name);
    bai_free(context, name);
    if (code != 0) {
      return bai_fail(context, BA_ERR_IO, "reference %s: expected a FASTA file with its index (.fai)", reference);
    }
  }
  hts->header = hts->call.sam_hdr_read(hts->file);
  if (hts->header == NULL) return bai_fail(context, BA_ERR_FORMAT, "htslib cannot read the header of this file");
  if (hts->format == BA_FORMAT_CRAM) forget_remote_references(hts);
  if (hts->format != BA_FORMAT_SAM) hts->lacks_end = hts->call.hts_check_EOF(hts->file) == 0;
  hts->record = hts->call.bam_init1();
  if (hts->record == NULL) return bai_fail(context, BA_ERR_MEMORY, "htslib is out of memory");
  return BA_OK;
}

ba_status bai_hts_open(ba_context *context, int32_t descriptor, int32_t format, const bai_hts_options *options,
                       bai_hts **out) {
  bai_hts *hts;
  const char *reference = options->reference;
  *out = NULL;
  if (strstr(reference, "://") != NULL) {
    return bai_fail(context, BA_ERR_UNSUPPORTED, "reference %s: remote names are not read", reference);
  }
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *hts, &hts);
  if (status) return status;
  hts->descriptor = descriptor;
  hts->format = format;
  hts->options = *options;
  hts->total = (int64_t)lseek(descriptor, 0, SEEK_END);
  if (hts->total < 0 || lseek(descriptor, 0, SEEK_SET) != 0) {
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "SAM, BAM and CRAM are read only from files, not from pipes");
  }
  if (!status) status = load(context, hts);
  if (!status) status = open_file(context, hts, reference);
  if (status) {
    bai_hts_close(hts, context);
    return status;
  }
  *out = hts;
  return BA_OK;
}

void bai_hts_close(bai_hts *hts, ba_context *context) {
  if (hts == NULL) return;
  if (hts->iterator) hts->call.hts_itr_destroy(hts->iterator);
  if (hts->index) hts->call.hts_idx_destroy(hts->index);
  bai_free(context, hts->index_path);
  if (hts->record) hts->call.bam_destroy1(hts->record);
  if (hts->number.s) hts->call.hts_free(hts->number.s);
  if (hts->header) hts->call.sam_hdr_destroy(hts->header);
  if (hts->file) hts->call.hts_close(hts->file);
  bai_library_close(hts->library);
  bai_free(context, hts);
}

/* ---- regions ---- */

ba_status bai_hts_load_index(bai_hts *hts, ba_context *context, const char *path) {
  ba_status status = hts->index_path ? BA_OK : local_name(context, path, &hts->index_path);
  if (status) return status;
  if (!hts->file->is_bgzf && !hts->file->is_cram) {
    return bai_fail(context, BA_ERR_UNSUPPORTED,
                    "regions are fetched from BAM, CRAM, and SAM in bgzf, not from others");
  }
  status = hts->file->is_cram ? bai_index_check_crai(context, path, hts->call.sam_hdr_nref(hts->header))
                              : bai_index_check_bins(context, path);
  if (status) return status;
  hts->index = hts->call.sam_index_load3(hts->file, "input", hts->index_path, 0);
  if (hts->index) return BA_OK;
  return bai_fail(context, BA_ERR_FORMAT, "htslib cannot read the index %s", path);
}

typedef struct named_header {
  const hts_calls *call;
  sam_hdr_t *header;
} named_header;

static int32_t header_knows(void *user, const char *name) {
  const named_header *named = user;
  return named->call->sam_hdr_name2tid(named->header, name) >= 0;
}

ba_status bai_hts_fetch(bai_hts *hts, ba_context *context, const bai_hts *indexed, const char *text) {
  const int32_t own = hts->format == BA_FORMAT_CRAM; /* its index belongs to one open file */
  named_header named = {&hts->call, hts->header};
  bai_region region;
  ba_status status = bai_region_parse(context, text, header_knows, &named, &region);
  if (!status && own) status = bai_hts_load_index(hts, context, indexed->index_path);
  if (!status) {
    const int tid = region.name ? hts->call.sam_hdr_name2tid(hts->header, region.name) : HTS_IDX_NOCOOR;
    const hts_pos_t end = region.end < HTS_POS_MAX ? region.end : HTS_POS_MAX;
    hts->iterator = hts->call.sam_itr_queryi(own ? hts->index : indexed->index, tid, region.start, end);
    if (hts->iterator == NULL) {
      status = bai_fail(context, BA_ERR_FORMAT, "htslib cannot find the region \"%s\" by the index", text);
    }
  }
  bai_free(context, region.name);
  return status;
}

static int read_next(const bai_hts *hts) {
  htsFile *file = hts->file;
  if (hts->iterator == NULL) return hts->call.sam_read1(file, hts->header, hts->record);
  return hts->call.hts_itr_next(file->is_bgzf ? file->fp.bgzf : NULL, hts->iterator, hts->record, file);
}

/* ---- letters and qualities ---- */

/* '=' (as the reference) is kept, and counts as an ambiguous letter. */
static ba_status count_letters(bai_parser *parser, uint8_t *letters, int64_t n) {
  for (int64_t at = 0; at < n;) {
    bai_letter_scan found = bai_scan_letters(letters + at, n - at);
    parser->ambiguous += found.ambiguous;
    if (found.bad < 0) break;
    parser->ambiguous++;
    at += found.bad + 1;
  }
  parser->letters = n;
  if (parser->ambiguous == 0 || !parser->refuse_ambiguous) return BA_OK;
  int64_t first = bai_first_ambiguous(letters, n);
  return bai_fail_at(parser->context, BA_ERR_LETTER, parser->record, -1,
                     "letter %lld is '%c' with ambiguous=error: expected A, C, G, T or U", (long long)first + 1,
                     letters[first]);
}

static ba_status add_qualities(bai_parser *parser, const bam1_t *record, int64_t n) {
  bai_vector *column = &parser->batch->qualities;
  const uint8_t *values = bam_get_qual(record);
  if (n == 0) return BA_OK;
  if (values[0] == 0xff) { /* none were stored */
    return parser->needs_quality ? bai_parser_lacks_quality(parser, "the record has no qualities") : BA_OK;
  }
  ba_status status = bai_vector_reserve(parser->context, column, n + BAI_LETTER_SLACK, 1);
  if (status) return status;
  uint8_t *symbols = (uint8_t *)column->data + column->count;
  for (int64_t i = 0; i < n; i++) {
    if (values[i] > '~' - '!') {
      return bai_fail_at(parser->context, BA_ERR_FORMAT, parser->record, -1, "quality %lld is %d: expected 0 to 93",
                         (long long)i + 1, values[i]);
    }
    symbols[i] = (uint8_t)(values[i] + '!');
  }
  if (!parser->skip_quality) column->count += n;
  return BA_OK;
}

/* ---- optional fields, as SAM text has them ---- */

static ba_status add_real(ba_context *context, bai_hts *hts, double value, bai_vector *text) {
  hts->number.l = 0;
  if (hts->call.kputd(value, &hts->number) < 0) return bai_fail(context, BA_ERR_MEMORY, "htslib is out of memory");
  for (size_t i = 0; i < hts->number.l; i++) {
    if (hts->number.s[i] == ',') hts->number.s[i] = '.'; /* htslib leaves very large and small ones to the locale */
  }
  return bai_vector_append(context, text, hts->number.s, (int64_t)hts->number.l, 1);
}

/* Bytes of a value of this type; 0 for texts, arrays, and types that there are not. */
static int64_t size_of(char type) {
  switch (type) {
    case 'A':
    case 'c':
    case 'C':
      return 1;
    case 's':
    case 'S':
      return 2;
    case 'i':
    case 'I':
    case 'f':
      return 4;
    case 'd':
      return 8;
    default:
      return 0;
  }
}

static ba_status add_value(ba_context *context, bai_hts *hts, char type, const uint8_t *at, bai_vector *text) {
  char digits[32];
  uint32_t bits;
  float real;
  int64_t value = 0;
  switch (type) {
    case 'A':
      return bai_vector_append(context, text, at, 1, 1);
    case 'f':
      bits = bai_get_u32(at);
      memcpy(&real, &bits, sizeof real);
      return add_real(context, hts, (double)real, text);
    case 'd':
      return add_real(context, hts, bai_f64_of_bits(bai_get_u64(at)), text);
    case 'c':
      value = (int8_t)at[0];
      break;
    case 'C':
      value = at[0];
      break;
    case 's':
      value = (int16_t)bai_get_u16(at);
      break;
    case 'S':
      value = bai_get_u16(at);
      break;
    case 'i':
      value = (int32_t)bai_get_u32(at);
      break;
    default:
      value = bai_get_u32(at);
  }
  return bai_vector_append(context, text, digits, bai_format(digits, sizeof digits, "%lld", (long long)value), 1);
}

static ba_status add_array(ba_context *context, bai_hts *hts, const uint8_t *at, const uint8_t *end, bai_vector *text) {
  const char type = (char)at[0];
  const int64_t size = size_of(type), count = bai_get_u32(at + 1);
  if (size == 0 || type == 'A' || count > (end - at - 5) / size) return BA_OK; /* htslib lets no such record through */
  ba_status status = bai_vector_append(context, text, at, 1, 1);
  for (int64_t i = 0; !status && i < count; i++) {
    status = bai_vector_append(context, text, ",", 1, 1);
    if (!status) status = add_value(context, hts, type, at + 5 + i * size, text);
  }
  return status;
}

/* Appends the field; *present stays 0 when the record has none, or a damaged one. */
static ba_status add_tag(ba_context *context, bai_hts *hts, const char *name, bai_vector *text, int32_t *present) {
  const uint8_t *at = hts->call.bam_aux_get(hts->record, name), *end = hts->record->data + hts->record->l_data;
  *present = 0;
  if (at == NULL || at >= end) return BA_OK;
  const char type = (char)*at++;
  if (type == 'Z' || type == 'H') {
    const uint8_t *stop = memchr(at, 0, (size_t)(end - at));
    *present = stop != NULL;
    return stop ? bai_vector_append(context, text, at, stop - at, 1) : BA_OK;
  }
  const int64_t size = type == 'B' ? 5 : size_of(type);
  if (size == 0 || end - at < size) return BA_OK;
  *present = 1;
  return type == 'B' ? add_array(context, hts, at, end, text) : add_value(context, hts, type, at, text);
}

/* ---- records ---- */

static ba_status add_alignment(bai_parser *parser, bai_hts *hts) {
  ba_context *context = parser->context;
  const bam1_core_t *core = &hts->record->core;
  bai_alignments **columns = &parser->batch->alignments;
  ba_status status = *columns ? BA_OK : bai_alignments_open(context, &hts->options.tags, columns);
  if (status) return status;
  const char *reference = core->tid >= 0 ? hts->call.sam_hdr_tid2name(hts->header, core->tid) : NULL;
  uint64_t present = reference != NULL;
  if (reference) {
    status = bai_vector_append(context, &(*columns)->texts[0].bytes, reference, bai_length(reference), 1);
  }
  for (int32_t i = 0; !status && i < hts->options.tags.count; i++) {
    int32_t has;
    status = add_tag(context, hts, hts->options.tags.names[i], &(*columns)->texts[i + 1].bytes, &has);
    present |= (uint64_t)has << (i + 1);
  }
  if (status) return status;
  const bai_alignment row = {
      .flag = core->flag, .mapping_quality = core->qual, .position = core->pos < 0 ? -1 : core->pos};
  return bai_alignments_commit(context, *columns, row, present);
}

static ba_status add_record(bai_parser *parser, bai_hts *hts) {
  const bam1_t *record = hts->record;
  static const char letter_of[] = "=ACMGRSVTWYHKDBN";
  ba_records *batch = parser->batch;
  int64_t n = record->core.l_qseq, name_length = record->core.l_qname - record->core.l_extranul - 1;
  ba_status status = bai_vector_append(parser->context, &batch->names, bam_get_qname(record), name_length, 1);
  if (!status) status = bai_vector_reserve(parser->context, &batch->letters, n + BAI_LETTER_SLACK, 1);
  if (status) return status;
  uint8_t *letters = (uint8_t *)batch->letters.data + batch->letters.count;
  const uint8_t *packed = bam_get_seq(record);
  for (int64_t i = 0; i < n; i++) letters[i] = (uint8_t)letter_of[bam_seqi(packed, i)];
  batch->letters.count += n;
  status = count_letters(parser, letters, n);
  if (!status) status = add_qualities(parser, record, n);
  if (!status) status = add_alignment(parser, hts);
  return status ? status : bai_parser_commit(parser, parser->done_bytes);
}

static int32_t is_wanted(const bai_hts *hts) {
  const uint16_t flag = hts->record->core.flag;
  if (hts->options.unmapped && (flag & BAM_FUNMAP)) return 0;
  if (hts->options.secondary && (flag & (BAM_FSECONDARY | BAM_FSUPPLEMENTARY))) return 0;
  if (hts->options.duplicates && (flag & BAM_FDUP)) return 0;
  return hts->record->core.qual >= hts->options.min_mapping_quality;
}

static ba_status unreadable(const bai_hts *hts, bai_parser *parser) {
  if (hts->format == BA_FORMAT_SAM) {
    return bai_fail_at(parser->context, BA_ERR_FORMAT, parser->record, -1, "htslib cannot read this SAM line");
  }
  if (hts->lacks_end) {
    return bai_fail_at(parser->context, BA_ERR_TRUNCATED, parser->record, -1,
                       "htslib cannot read this record, and the end block is missing: the file is cut");
  }
  return bai_fail_at(parser->context, BA_ERR_CORRUPT, parser->record, -1,
                     "htslib cannot read this record: the file is damaged%s",
                     hts->format == BA_FORMAT_CRAM ? ", or needs its reference (reference=FILE.fa)" : "");
}

/* Long tags must not make a batch large, as its letters and names may not. */
static int32_t is_full(const bai_parser *parser) {
  const bai_alignments *a = parser->batch->alignments;
  int64_t bytes = 0;
  for (int32_t i = 0; a && i <= a->tags.count; i++) bytes += a->texts[i].bytes.count;
  return bai_parser_full(parser) || (parser->batch->count > 0 && bytes >= BAI_BATCH_NAMES);
}

ba_status bai_hts_read(bai_hts *hts, bai_parser *parser) {
  ba_context *context = parser->context;
  for (int64_t i = 0; !hts->ended && !is_full(parser); i++) {
    ba_status status = i % CANCEL_RECORDS == 0 ? bai_check_cancel(context) : BA_OK;
    if (status) return status;
    int code = read_next(hts);
    if (code < -1) return unreadable(hts, parser);
    if (code >= 0 && !is_wanted(hts)) {
      parser->skipped++;
      parser->record++;
      continue;
    }
    if (code >= 0) {
      status = add_record(parser, hts);
      if (status) return status;
      continue;
    }
    hts->ended = 1;
    if (!hts->lacks_end) break;
    return bai_fail_at(context, BA_ERR_TRUNCATED, parser->record, -1,
                       "the end block of the file is missing: records may be lost behind this one");
  }
  bai_progress(context, (int64_t)lseek(hts->descriptor, 0, SEEK_CUR), hts->total);
  return hts->ended ? BA_END : BA_OK;
}

#endif
