/* SPDX-License-Identifier: MIT
 *
 * index.c: regions of FASTA, BAM and CRAM files by their indexes, each given as a reader. FASTA goes through our own
 * code, the others through htslib.
 */
#include <string.h>

#include "bioanalytics/seq.h"
#include "seq/fai.h"
#include "seq/hts.h"
#include "seq/inflate.h"
#include "seq/reader.h"
#include "seq/region.h"

#define MOST_PATH 4096

struct ba_index {
  ba_context *context;
  char *path, *options; /* for the readers */
  int32_t format;       /* BA_FORMAT_FASTA, or one of the alignment formats */
  bai_fai fai;
  int32_t descriptor; /* of `hts` */
  bai_hts *hts;       /* holds the index of an alignment file */
};

/* ---- opening ---- */

static ba_status copy_text(ba_context *context, const char *text, char **out) {
  const int64_t n = bai_length(text) + 1;
  ba_status status = bai_alloc(context, n, 1, out);
  if (!status) memcpy(*out, text, (size_t)n);
  return status;
}

static int32_t is_bgzf(const bai_window *window) {
  return window->end - window->at >= 14 && (window->at[3] & 4) && window->at[12] == 'B' && window->at[13] == 'C';
}

/* Looks at the first bytes of the file: its format, and 1 in *packed when it is bgzf, -1 when it is other gzip. */
static ba_status look_at(ba_index *index, bai_source *source, int32_t *packed) {
  ba_context *context = index->context;
  bai_inflate *inflate = NULL;
  bai_window *window = &source->window;
  ba_status status = source->refill(source, context);
  if (!status && window->at < window->end && *window->at == 0x1f) {
    *packed = is_bgzf(window) ? 1 : -1;
    status = bai_inflate_open(context, BAI_INFLATER_AUTO, 1, &inflate);
    if (!status) status = bai_inflate_refill(inflate, context, source);
    if (inflate) window = bai_inflate_window(inflate);
    int64_t byte;
    const char *problem = status && inflate ? bai_inflate_problem(inflate, &byte) : NULL;
    if (problem) status = bai_fail(context, status, "compressed byte %lld: %s", (long long)byte, problem);
  }
  if (!status) {
    index->format = bai_alignment_format(window->at, window->end - window->at);
    if (window->at < window->end && *window->at == '>') index->format = BA_FORMAT_FASTA;
  }
  if (!status && index->format == BA_FORMAT_BAM) {
    status = bai_check_bam_header(context, window->at + 4, window->end - window->at - 4, source->total);
  }
  bai_inflate_close(inflate, context);
  return status;
}

static int32_t exists(const char *path) {
  int32_t descriptor;
  ba_status status = bai_file_open(NULL, path, &descriptor);
  if (!status) bai_file_close(descriptor);
  return !status;
}

/* The first of PATH.ENDING and, with the last ending of PATH replaced, STEM.ENDING that is there. */
static ba_status find_index(const ba_index *index, const char *const *endings, const char *advice, char *found) {
  const char *path = index->path;
  const int64_t n = bai_length(path);
  int64_t stem = n;
  while (stem > 0 && path[stem] != '.' && path[stem] != '/') stem--;
  if (path[stem] != '.') stem = n;
  if (n > MOST_PATH - 8) return bai_fail(index->context, BA_ERR_ARGUMENT, "the name of the file is too long");
  for (int32_t i = 0; endings[i]; i++) {
    bai_format(found, MOST_PATH, "%s.%s", path, endings[i]);
    if (exists(found)) return BA_OK;
    bai_format(found, MOST_PATH, "%.*s.%s", (int)stem, path, endings[i]);
    if (index->format != BA_FORMAT_FASTA && exists(found)) return BA_OK;
  }
  return bai_fail(index->context, BA_ERR_IO, "no index beside the file; %s", advice);
}

static ba_status open_fasta(ba_index *index, int32_t packed, const char *fai) {
  static const char *const endings[] = {"fai", NULL}, *const block_endings[] = {"gzi", NULL};
  char found[MOST_PATH];
  if (packed < 0) {
    return bai_fail(index->context, BA_ERR_UNSUPPORTED,
                    "the file is gzip, which cannot be read from the middle; expected plain FASTA, or bgzf");
  }
  ba_status status = BA_OK;
  if (!fai[0]) {
    status = find_index(index, endings, "make it with `ba index` or `samtools faidx`, or name one with index=", found);
    fai = found;
  }
  if (!status) status = bai_fai_load(index->context, fai, &index->fai);
  if (!status && packed) {
    status = find_index(index, block_endings, "a bgzf file needs FILE.gzi too; make it with `ba index` or `bgzip -r`",
                        found);
    if (!status) status = bai_fai_load_blocks(index->context, found, &index->fai);
  }
  return status;
}

static ba_status open_alignments(ba_index *index, const bai_hts_options *options) {
  static const char *const endings[3][4] = {{"csi", "bai", NULL}, {"bai", "csi", NULL}, {"crai", NULL}};
  char found[MOST_PATH];
  const char *name = options->index;
  ba_status status = BA_OK;
  if (!name[0]) {
    status = find_index(index, endings[index->format - BA_FORMAT_SAM],
                        "make one with `samtools index`, or name it with index=", found);
    name = found;
  }
  if (strstr(name, "://")) {
    return bai_fail(index->context, BA_ERR_UNSUPPORTED, "index %s: remote names are not read", name);
  }
  if (!status) status = bai_file_open(index->context, index->path, &index->descriptor);
  if (!status) status = bai_hts_open(index->context, index->descriptor, index->format, options, &index->hts);
  if (!status) status = bai_hts_load_index(index->hts, index->context, name);
  return status;
}

static ba_status open_index(ba_index *index) {
  ba_context *context = index->context;
  ba_reader *reader; /* reads nothing: it tells what the options say, and keeps the file */
  bai_source *source;
  int32_t descriptor, packed = 0;
  ba_status status = bai_file_open(context, index->path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(context, descriptor, 0, &source);
  if (status) {
    bai_file_close(descriptor);
    return status;
  }
  status = bai_reader_open_indexed(context, source, index->path, index->options, &reader);
  if (status) return status;
  const bai_hts_options *options = bai_reader_alignments(reader);
  status = look_at(index, source, &packed);
  if (!status && index->format == BA_FORMAT_FASTA) {
    status = open_fasta(index, packed, options->index);
  } else if (!status && index->format != BA_FORMAT_UNKNOWN) {
    status = open_alignments(index, options);
  } else if (!status) {
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "regions are fetched from FASTA, BAM, CRAM, and SAM in bgzf");
  }
  ba_reader_close(reader);
  return status;
}

void ba_index_close(ba_index *index) {
  if (index == NULL) return;
  ba_context *context = index->context;
  bai_hts_close(index->hts, context);
  bai_file_close(index->descriptor);
  bai_fai_free(context, &index->fai);
  bai_free(context, index->path);
  bai_free(context, index->options);
  bai_free(context, index);
  bai_context_release(context);
}

/* Puts the file's name before a message that lacks it. */
static ba_status named(const ba_index *index, ba_status status) {
  if (status >= 0 || status == BA_ERR_MEMORY || strstr(index->context->message, index->path)) return status;
  return bai_fail_prefix(index->context, status, index->path);
}

ba_status ba_index_open(ba_context *context, const char *path, const char *options, ba_index **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  ba_index *index = NULL;
  if (path == NULL || strcmp(path, "-") == 0) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_index_open: expected the path of a file");
  } else if (strstr(path, "://")) {
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "%s: remote names are not read; fetch the file first", path);
  }
  if (!status) status = bai_alloc_zero(context, 1, (int64_t)sizeof *index, &index);
  if (status) return bai_leave(context, status);
  index->context = bai_context_retain(context);
  index->descriptor = -1;
  status = copy_text(context, path, &index->path);
  if (!status) status = copy_text(context, options ? options : "", &index->options);
  if (!status) status = named(index, open_index(index));
  if (status) {
    ba_index_close(index);
  } else {
    *out = index;
  }
  return bai_leave(context, status);
}

/* ---- fetching ---- */

static int32_t fai_knows(void *user, const char *name) {
  return bai_fai_find(user, name) != NULL;
}

/* ">NAME", or ">NAME:FIRST-LAST" with the range as it is in the file. */
static ba_status make_title(ba_context *context, const bai_region *region, bai_vector *title) {
  if (region->whole) return bai_text_add(context, title, "%s", region->name);
  return bai_text_add(context, title, "%s:%lld-%lld", region->name, (long long)region->start + 1,
                      (long long)region->end);
}

static ba_status open_region(ba_index *index, bai_region *region, bai_source **out) {
  ba_context *context = index->context;
  bai_vector title = {0};
  int32_t descriptor = -1;
  if (region->name == NULL) {
    return bai_fail(context, BA_ERR_ARGUMENT, "region \"*\" is of alignments; expected the name of a sequence");
  }
  const bai_fai_row *row = bai_fai_find(&index->fai, region->name);
  if (region->end > row->letters) region->end = row->letters;
  if (!region->whole && region->start >= region->end) {
    return bai_fail(context, BA_ERR_ARGUMENT, "the region starts behind the end of %s, which has %lld letters",
                    region->name, (long long)row->letters);
  }
  ba_status status = make_title(context, region, &title);
  if (!status) status = bai_file_open(context, index->path, &descriptor);
  if (!status) {
    status = bai_fai_source(context, &index->fai, row, region->start, region->end, title.data, descriptor, out);
  }
  bai_vector_free(context, &title);
  return status;
}

static ba_status fetch_letters(ba_index *index, const char *text, ba_reader **out) {
  bai_region region;
  bai_source *source;
  ba_status status = bai_region_parse(index->context, text, fai_knows, &index->fai, &region);
  if (status) return status;
  status = open_region(index, &region, &source);
  bai_free(index->context, region.name);
  return status ? status : bai_reader_open_indexed(index->context, source, index->path, index->options, out);
}

static ba_status fetch_alignments(ba_index *index, const char *text, ba_reader **out) {
  bai_source *source;
  int32_t descriptor;
  ba_status status = bai_file_open(index->context, index->path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(index->context, descriptor, 0, &source);
  if (status) {
    bai_file_close(descriptor);
    return status;
  }
  status = bai_reader_open_indexed(index->context, source, index->path, index->options, out);
  if (!status) status = bai_reader_fetch(*out, index->format, index->hts, text);
  if (status) {
    ba_reader_close(*out);
    *out = NULL;
  }
  return status;
}

ba_status ba_index_fetch(ba_index *index, const char *region, ba_reader **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  if (index == NULL) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(index->context);
  if (status) return status;
  if (region == NULL) {
    status = bai_fail(index->context, BA_ERR_ARGUMENT, "ba_index_fetch: expected a region, found NULL");
  } else if (index->format == BA_FORMAT_FASTA) {
    status = fetch_letters(index, region, out);
  } else {
    status = fetch_alignments(index, region, out);
  }
  return bai_leave(index->context, named(index, status));
}
