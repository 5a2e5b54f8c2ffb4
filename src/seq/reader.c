/* SPDX-License-Identifier: MIT
 *
 * reader.c: a source, an inflater where one is needed, and a parser, put together; batches out, and errors that wait
 * until every record before them has been given.
 */
#include "seq/reader.h"

#include <string.h>

#include "seq/filter.h"
#include "seq/hts.h"
#include "seq/inflate.h"
#include "seq/letters.h"
#include "seq/mates.h"

#define HEAD_BYTES 4
#define MOST_INFLATED 1032 /* bytes out of one of deflate's */
#define LEAST_NAME 9       /* bytes of a reference in a BAM header */
#define MOST_RECORDS (1024 * 1024)
#define MOST_KEPT (16 * 1024 * 1024) /* a batch with more room than this is not kept to be used again */
#define SLICE_BYTES (256 * 1024)
#define ROOM_SLACK 4096 /* a full batch passes its limit by part of a record */

typedef struct saved_error {
  ba_status status;
  int64_t record, byte;
  char message[512];
} saved_error;

/* How far the start of the input has been looked at: not at all; its compression is known; its format is known, or
 * will be told by the first byte of text. */
enum { UNSEEN, UNPACKED, KNOWN };

struct ba_reader {
  ba_context *context;
  char *path; /* NULL when the input is not a file */
  bai_source *source;
  int32_t push, state, format, finished;
  int32_t require_end; /* option bgzf_end */
  int32_t map;         /* option mmap */
  bai_hts_options alignments;
  int32_t careful; /* without the fast path */
  int64_t threads; /* of bgzf */
  int32_t inflater;
  bai_inflate *inflate;
  bai_hts *hts;
  bai_mates *mates;         /* instead of a source */
  uint8_t head[HEAD_BYTES]; /* the first bytes, kept until the format is known, then parsed from here */
  int64_t head_count;
  bai_window head_window;
  bai_parser parser;
  bai_filter filter;
  int64_t filtered; /* records of the batch that have been through the filter */
  saved_error error;
  ba_records *last;                           /* the last batch given: used again once nobody else holds it */
  bai_records_room room;                      /* what it held */
  int64_t records, bytes, letters, ambiguous; /* given so far */
};

/* ---- opening and closing ---- */

void ba_reader_close(ba_reader *reader) {
  if (reader == NULL) return;
  ba_context *context = reader->context;
  bai_hts_close(reader->hts, context);
  bai_mates_close(reader->mates, context);
  bai_inflate_close(reader->inflate, context);
  if (reader->source) reader->source->close(reader->source, context);
  ba_records_release(reader->parser.batch);
  ba_records_release(reader->last);
  bai_vector_free(context, &reader->filter.spans);
  bai_free(context, reader->path);
  bai_free(context, reader);
  bai_context_release(context);
}

ba_context *bai_reader_context(const ba_reader *reader) {
  return reader->context;
}

static ba_status read_options(ba_reader *reader, const char *options) {
  const double no_limit = (double)BAI_FILTER_NO_LIMIT;
  bai_hts_options *alignments = &reader->alignments;
  bai_filter *filter = &reader->filter;
  char tags[BAI_OPTION_TEXT] = "";
  const bai_option table[] = {
      {.name = "ambiguous", .type = 'w', .words = "skip|error", .value = &reader->parser.refuse_ambiguous},
      {.name = "bgzf_end", .type = 'w', .words = "warn|require", .value = &reader->require_end},
      {.name = "inflater", .type = 'w', .words = BAI_INFLATER_WORDS, .value = &reader->inflater},
      {.name = "threads", .type = 'i', .least = 1, .most = 256, .value = &reader->threads},
      {.name = "chunk", .type = 'i', .most = no_limit, .value = &reader->parser.chunk},
      {.name = "overlap", .type = 'i', .most = no_limit, .value = &reader->parser.overlap},
      {.name = "mmap", .type = 'w', .words = "no|yes", .value = &reader->map},
      {.name = "qualities", .type = 'w', .words = "keep|skip", .value = &reader->parser.skip_quality},
      {.name = "reference", .type = 't', .value = alignments->reference},
      {.name = "unmapped", .type = 'w', .words = "keep|skip", .value = &alignments->unmapped},
      {.name = "secondary", .type = 'w', .words = "keep|skip", .value = &alignments->secondary},
      {.name = "duplicates", .type = 'w', .words = "keep|skip", .value = &alignments->duplicates},
      {.name = "min_mapping_quality", .type = 'i', .most = 254, .value = &alignments->min_mapping_quality},
      {.name = "tags", .type = 't', .value = tags},
      {.name = "index", .type = 't', .value = alignments->index},
      {.name = "trim_quality", .type = 'i', .most = 93, .value = &filter->trim_quality},
      {.name = "trim_start_quality", .type = 'i', .most = 93, .value = &filter->trim_start_quality},
      {.name = "min_length", .type = 'i', .most = no_limit, .value = &filter->min_length},
      {.name = "max_length", .type = 'i', .most = no_limit, .value = &filter->max_length},
      {.name = "max_ambiguous", .type = 'i', .most = no_limit, .value = &filter->max_ambiguous},
      {.name = "min_mean_quality", .type = 'i', .most = 93, .value = &filter->min_mean_quality},
      {.name = "pair_filter", .type = 'w', .words = "any|both", .value = &filter->pair_both},
      {.name = NULL}};
  bai_filter_start(filter);
  ba_status status = bai_options_parse(reader->context, options, table);
  bai_filter_ready(filter);
  reader->parser.needs_quality = bai_filter_needs_quality(filter);
  if (!status && reader->parser.needs_quality && reader->parser.skip_quality) {
    status = bai_fail(reader->context, BA_ERR_RECIPE,
                      "qualities=skip: trim_quality, trim_start_quality and min_mean_quality need them; expected "
                      "qualities=keep");
  }
  if (!status) status = bai_inflate_check(reader->context, reader->inflater);
  return status ? status : bai_tags_parse(reader->context, tags, &alignments->tags);
}

static ba_status check_pieces(const ba_reader *reader) {
  const int64_t chunk = reader->parser.chunk, overlap = reader->parser.overlap;
  if (overlap > 0 && overlap >= chunk) {
    return bai_fail(reader->context, BA_ERR_RECIPE,
                    "overlap=%lld: expected fewer letters than chunk has, which is %lld", (long long)overlap,
                    (long long)chunk);
  }
  if (chunk == 0 || (reader->source && !reader->filter.on)) return BA_OK;
  return bai_fail(reader->context, BA_ERR_RECIPE,
                  "chunk=%lld: pieces of sequences are neither filtered nor paired; expected chunk=0",
                  (long long)chunk);
}

static ba_status open_reader(ba_context *context, bai_source *source, const char *options, ba_reader **out) {
  ba_reader *reader;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *reader, &reader);
  if (status) {
    if (source) source->close(source, context);
    return status;
  }
  reader->context = bai_context_retain(context);
  reader->source = source;
  reader->parser.context = context;
  reader->parser.record = 1;
  reader->threads = context->threads;
  status = read_options(reader, options);
  if (!status) status = check_pieces(reader);
  if (!status && reader->map && source) status = bai_source_map(context, source);
  if (status) {
    ba_reader_close(reader);
    return status;
  }
  *out = reader;
  return BA_OK;
}

ba_status bai_reader_open_source(ba_context *context, bai_source *source, const char *options, ba_reader **out) {
  ba_status status = open_reader(context, source, options, out);
  if (status || (*out)->alignments.index[0] == 0) return status;
  ba_reader_close(*out);
  *out = NULL;
  return bai_fail(context, BA_ERR_RECIPE, "index is an option of ba_index_open; a reader reads the whole file");
}

static ba_status name_reader(ba_reader *reader, const char *path) {
  const int64_t n = bai_length(path) + 1;
  ba_status status = bai_alloc(reader->context, n, 1, &reader->path);
  if (!status) memcpy(reader->path, path, (size_t)n);
  return status;
}

ba_status bai_reader_open_indexed(ba_context *context, bai_source *source, const char *path, const char *options,
                                  ba_reader **out) {
  ba_status status = open_reader(context, source, options, out);
  if (!status) status = name_reader(*out, path);
  if (status) {
    ba_reader_close(*out);
    *out = NULL;
  }
  return status;
}

ba_status bai_reader_open_path(ba_context *context, const char *path, const char *options, ba_reader **out) {
  int32_t descriptor = 0, standard = strcmp(path, "-") == 0;
  bai_source *source;
  ba_status status = BA_OK;
  *out = NULL;
  if (strstr(path, "://") != NULL) {
    return bai_fail(context, BA_ERR_UNSUPPORTED, "%s: remote names are not read; fetch the file first", path);
  }
  if (!standard) status = bai_file_open(context, path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(context, descriptor, standard, &source);
  if (status) {
    if (!standard) bai_file_close(descriptor);
    return status;
  }
  ba_reader *reader;
  status = bai_reader_open_source(context, source, options, &reader);
  if (status) return status;
  status = name_reader(reader, path);
  if (status) {
    ba_reader_close(reader);
    return status;
  }
  *out = reader;
  return BA_OK;
}

ba_status ba_reader_open_path(ba_context *context, const char *path, const char *options, ba_reader **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (path == NULL) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_reader_open_path: expected a path, found NULL");
  } else {
    status = bai_reader_open_path(context, path, options, out);
  }
  return bai_leave(context, status);
}

/* Mates are filtered together, so not by the readers of their files. */
static ba_status open_side(ba_context *context, const char *path, const char *options, ba_reader **out) {
  ba_status status = bai_reader_open_path(context, path, options, out);
  if (!status) (*out)->filter.on = 0;
  return status;
}

static ba_status open_pair(ba_context *context, const char *path1, const char *path2, const char *options,
                           ba_reader **out) {
  ba_reader *first, *second = NULL, *reader;
  if (path2 && strcmp(path1, path2) == 0) {
    return bai_fail(context, BA_ERR_ARGUMENT, "%s holds both mates: expected two files, or one of mates in turn",
                    path1);
  }
  ba_status status = open_side(context, path1, options, &first);
  if (status) return status;
  if (path2) status = open_side(context, path2, options, &second);
  if (!status) status = bai_reader_open_source(context, NULL, options, &reader);
  if (status) {
    ba_reader_close(first);
    ba_reader_close(second);
    return status;
  }
  reader->filter.pairs = 1;
  status = bai_mates_open(context, first, path1, second, path2, &reader->mates);
  if (status) {
    ba_reader_close(reader);
    return status;
  }
  *out = reader;
  return BA_OK;
}

ba_status ba_reader_open_pair(ba_context *context, const char *path1, const char *path2, const char *options,
                              ba_reader **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  if (path1 == NULL) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_reader_open_pair: expected a path, found NULL");
  } else {
    status = open_pair(context, path1, path2, options, out);
  }
  return bai_leave(context, status);
}

ba_status ba_reader_open_memory(ba_context *context, const uint8_t *data, int64_t length, const char *options,
                                ba_reader **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_source *source = NULL;
  if (length < 0 || (data == NULL && length > 0)) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_reader_open_memory: expected data and a length of 0 or more");
  } else {
    status = bai_source_open_memory(context, data, length, &source);
  }
  if (!status) status = bai_reader_open_source(context, source, options, out);
  return bai_leave(context, status);
}

ba_status ba_reader_open_push(ba_context *context, const char *options, ba_reader **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_source *source;
  status = bai_source_open_push(context, &source);
  if (!status) status = bai_reader_open_source(context, source, options, out);
  if (!status) (*out)->push = 1;
  return bai_leave(context, status);
}

static ba_status check_push(const ba_reader *reader, const char *call) {
  if (!reader->push) {
    return bai_fail(reader->context, BA_ERR_ARGUMENT, "%s: this reader was not opened with ba_reader_open_push", call);
  }
  if (reader->source->window.ended) {
    return bai_fail(reader->context, BA_ERR_ARGUMENT, "%s: ba_reader_finish has been called before", call);
  }
  return BA_OK;
}

ba_status ba_reader_feed(ba_reader *reader, const uint8_t *data, int64_t length) {
  if (reader == NULL) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(reader->context);
  if (status) return status;
  status = check_push(reader, "ba_reader_feed");
  if (!status && (length < 0 || (data == NULL && length > 0))) {
    status = bai_fail(reader->context, BA_ERR_ARGUMENT, "ba_reader_feed: expected data and a length of 0 or more");
  }
  /* Behind an error nothing is read any more, so nothing is kept. */
  if (!status && !reader->error.status) status = bai_source_feed(reader->context, reader->source, data, length);
  return bai_leave(reader->context, status);
}

ba_status ba_reader_finish(ba_reader *reader) {
  if (reader == NULL) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(reader->context);
  if (status) return status;
  status = check_push(reader, "ba_reader_finish");
  if (!status) bai_source_finish(reader->source);
  return bai_leave(reader->context, status);
}

/* ---- errors that stay ---- */

static ba_status keep_error(ba_reader *reader, ba_status status) {
  ba_context *context = reader->context;
  if (reader->path) bai_fail_prefix(context, status, reader->path);
  reader->error.status = status;
  reader->error.record = context->error_record;
  reader->error.byte = context->error_byte;
  memcpy(reader->error.message, context->message, sizeof reader->error.message);
  return status;
}

static ba_status repeat_error(ba_reader *reader) {
  ba_context *context = reader->context;
  context->error = reader->error.status;
  context->error_record = reader->error.record;
  context->error_byte = reader->error.byte;
  memcpy(context->message, reader->error.message, sizeof context->message);
  return reader->error.status;
}

/* The error waits for a later call; this one succeeds. */
static void hide_error(ba_context *context) {
  context->error = BA_OK;
  context->error_record = context->error_byte = -1;
  context->message[0] = 0;
}

/* ---- bytes ---- */

static bai_window *plain_window(ba_reader *reader) {
  if (reader->head_window.at < reader->head_window.end) return &reader->head_window;
  return reader->inflate ? bai_inflate_window(reader->inflate) : &reader->source->window;
}

static ba_status inflate_more(ba_reader *reader) {
  ba_context *context = reader->context;
  ba_status status = bai_inflate_refill(reader->inflate, context, reader->source);
  bai_window *window = bai_inflate_window(reader->inflate);
  if (status) {
    int64_t byte;
    const char *problem = bai_inflate_problem(reader->inflate, &byte);
    if (problem == NULL) return status;
    return bai_fail_at(context, status, reader->parser.record, window->end_offset, "compressed byte %lld: %s",
                       (long long)byte, problem);
  }
  if (!window->ended || !bai_inflate_lacks_end(reader->inflate)) return BA_OK;
  if (reader->require_end) {
    return bai_fail_at(context, BA_ERR_TRUNCATED, reader->parser.record, window->end_offset,
                       "the bgzf end block is missing, so the file may be cut (bgzf_end=warn accepts it)");
  }
  bai_log(context, 0, "%s: the bgzf end block is missing, so the file may be cut",
          reader->path ? reader->path : "input");
  return BA_OK;
}

/* More bytes in the window; it stays empty at the end and when a push reader has been fed nothing. */
static ba_status refill(ba_reader *reader) {
  ba_context *context = reader->context;
  bai_source *source = reader->source;
  bai_progress(context, source->window.end_offset, source->total);
  return reader->inflate ? inflate_more(reader) : source->refill(source, context);
}

/* ---- which format ---- */

static int64_t smaller(int64_t a, int64_t b) {
  return a < b ? a : b;
}

static const char *foreign_format(const uint8_t *head, int64_t n) {
  static const struct {
    const char *magic, *name;
  } known[] = {{"BZh", "bzip2"},
               {"\xfd"
                "7zX",
                "xz"},
               {"\x28\xb5\x2f\xfd", "zstd"},
               {"PK\x03\x04", "zip"}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    int64_t length = bai_length(known[i].magic);
    if (n >= length && memcmp(head, known[i].magic, (size_t)length) == 0) return known[i].name;
  }
  return NULL;
}

static ba_status unknown_format(ba_reader *reader, const bai_window *window) {
  char found[8];
  const char *foreign = foreign_format(reader->head, reader->head_count), *hint = "";
  int64_t offset = bai_window_offset(window, window->at);
  if (foreign) {
    return bai_fail_at(reader->context, BA_ERR_FORMAT, 1, offset,
                       "the input looks like %s, which is not read: expected FASTA or FASTQ, plain, gzip or bgzf",
                       foreign);
  }
  if (*window->at == ';') hint = "; FASTA comment lines are not read";
  if (*window->at == '#') hint = "; tables and annotations are not read here";
  if (*window->at == 0x1f) hint = "; compressed twice?";
  if (*window->at == ' ' || *window->at == '\t') hint = "; spaces may not stand before the first record";
  return bai_fail_at(reader->context, BA_ERR_FORMAT, 1, offset, "expected '>' (FASTA) or '@' (FASTQ), found %s%s",
                     bai_show_byte(found, *window->at), hint);
}

int32_t bai_alignment_format(const uint8_t *head, int64_t n) {
  static const char tags[5][5] = {"@HD\t", "@SQ\t", "@RG\t", "@PG\t", "@CO\t"};
  if (n < HEAD_BYTES) return BA_FORMAT_UNKNOWN;
  if (memcmp(head, "BAM\1", HEAD_BYTES) == 0) return BA_FORMAT_BAM;
  if (memcmp(head, "CRAM", HEAD_BYTES) == 0) return BA_FORMAT_CRAM;
  for (int32_t i = 0; i < 5; i++) {
    if (memcmp(head, tags[i], HEAD_BYTES) == 0) return BA_FORMAT_SAM;
  }
  return BA_FORMAT_UNKNOWN;
}

ba_status bai_check_bam_header(ba_context *context, const uint8_t *plain, int64_t n, int64_t total) {
  const int64_t most = total * MOST_INFLATED;
  const int64_t text = n >= 4 ? bai_get_u32(plain) : 0;
  const int64_t names = n >= text + 8 ? bai_get_u32(plain + 4 + text) : 0;
  if (total == 0 || (text <= most && names <= most / LEAST_NAME)) return BA_OK;
  return bai_fail(context, BA_ERR_CORRUPT,
                  "the BAM header claims %lld bytes of text and %lld references: too many for %lld "
                  "bytes of file",
                  (long long)text, (long long)names, (long long)total);
}

static ba_status open_alignments(ba_reader *reader, int32_t format) {
  static const char *const names[] = {"SAM", "BAM", "CRAM"};
  int32_t descriptor = bai_source_descriptor(reader->source);
  reader->format = format;
  if (descriptor < 0 || reader->path == NULL || strcmp(reader->path, "-") == 0) {
    return bai_fail(reader->context, BA_ERR_UNSUPPORTED,
                    "the input is %s, which is read only from a file opened by its path, not from memory, fed bytes or "
                    "standard input",
                    names[format - BA_FORMAT_SAM]);
  }
  const bai_window *window = plain_window(reader); /* behind the head; empty when nothing was read */
  if (format == BA_FORMAT_BAM) {
    ba_status status =
        bai_check_bam_header(reader->context, window->at, window->end - window->at, reader->source->total);
    if (status) return status;
  }
  return bai_hts_open(reader->context, descriptor, format, &reader->alignments, &reader->hts);
}

ba_status bai_reader_fetch(ba_reader *reader, int32_t format, const bai_hts *indexed, const char *region) {
  reader->state = KNOWN;
  ba_status status = open_alignments(reader, format);
  return status ? status : bai_hts_fetch(reader->hts, reader->context, indexed, region);
}

/* A SAM file may lack its header. Its first line then has a number in the second field and nine tabs before its
 * letters; the first bytes stand in the head, what follows in the window. */
static int32_t looks_like_sam(const ba_reader *reader, const bai_window *window) {
  uint8_t line[512];
  int64_t n = reader->head_count, tabs = 0, digits = 0;
  int64_t more = smaller((int64_t)sizeof line - n, window->end - window->at);
  memcpy(line, reader->head, (size_t)n);
  if (more > 0) memcpy(line + n, window->at, (size_t)more);
  n += more;
  for (int64_t i = 0; i < n && line[i] != '\n'; i++) {
    if (line[i] == '\t' && ++tabs == 2 && digits == 0) return 0;
    if (line[i] == '\t' || tabs != 1) continue;
    if (line[i] < '0' || line[i] > '9') return 0;
    digits++;
  }
  return tabs >= 9;
}

/* Gathers the first bytes, and decides once there are four of them or no more. The text formats themselves are told
 * apart by the first byte that is not blank, see read_text. */
static ba_status look_at_head(ba_reader *reader) {
  bai_window *window = plain_window(reader);
  while (reader->head_count < HEAD_BYTES && window->at < window->end)
    reader->head[reader->head_count++] = *window->at++;
  if (reader->head_count < HEAD_BYTES && !window->ended) return BA_OK;
  int32_t format = bai_alignment_format(reader->head, reader->head_count);
  reader->state = KNOWN;
  if (format == BA_FORMAT_UNKNOWN && reader->path && looks_like_sam(reader, window)) format = BA_FORMAT_SAM;
  if (format != BA_FORMAT_UNKNOWN) return open_alignments(reader, format);
  int64_t skip = reader->head_count >= 3 && memcmp(reader->head, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
  reader->head_window = (bai_window){
      .at = reader->head + skip, .end = reader->head + reader->head_count, .end_offset = reader->head_count};
  return BA_OK;
}

/* ---- records ---- */

static ba_status read_text(ba_reader *reader, bai_window *window) {
  bai_parser *parser = &reader->parser;
  if (reader->format == BA_FORMAT_UNKNOWN) {
    if (!bai_parser_ready(parser, window)) return BA_OK;
    if (bai_at_line_end(window)) {
      bai_parser_end_line(parser, window);
    } else if (*window->at == '>') {
      reader->format = BA_FORMAT_FASTA;
      if (parser->needs_quality) return bai_parser_lacks_quality(parser, "FASTA has no qualities");
    } else if (*window->at == '@') {
      reader->format = BA_FORMAT_FASTQ;
    } else {
      return unknown_format(reader, window);
    }
    return BA_OK;
  }
  return reader->format == BA_FORMAT_FASTA ? bai_fasta_parse(parser, window) : bai_fastq_parse(parser, window);
}

static ba_status finish_text(ba_reader *reader, int64_t end) {
  ba_status status = BA_OK;
  if (reader->format == BA_FORMAT_FASTA) status = bai_fasta_finish(&reader->parser, end);
  if (reader->format == BA_FORMAT_FASTQ) status = bai_fastq_finish(&reader->parser, end);
  if (status) return status;
  reader->parser.done_bytes = end;
  reader->finished = 1;
  return BA_END;
}

/* A small part of the window at a time, so that a cancel is seen soon. */
static ba_status read_slice(ba_reader *reader, bai_window *window) {
  bai_window slice = *window;
  if (slice.end - slice.at > SLICE_BYTES) {
    slice.end_offset -= slice.end - slice.at - SLICE_BYTES;
    slice.end = slice.at + SLICE_BYTES;
  }
  ba_status status = read_text(reader, &slice);
  window->at = slice.at;
  return status;
}

/* Fills the batch. BA_OK: it is full; BA_END: no more bytes, or none have been fed. */
static ba_status fill(ba_reader *reader) {
  ba_status status = BA_OK;
  if (reader->finished) return BA_END;
  if (reader->mates) {
    status = bai_mates_read(reader->mates, &reader->parser);
    reader->format = bai_mates_format(reader->mates);
    return status;
  }
  while (!status && !bai_parser_full(&reader->parser)) {
    status = bai_check_cancel(reader->context);
    if (status) return status;
    if (reader->hts) return bai_hts_read(reader->hts, &reader->parser);
    bai_window *window = plain_window(reader);
    if (window->at == window->end && !window->ended) {
      status = refill(reader);
      if (status || (window->at == window->end && !window->ended)) return status ? status : BA_END;
    }
    if (reader->state == UNSEEN && window->at < window->end) {
      /* No text file starts with this byte: it is gzip's first one. */
      if (*window->at == 0x1f) {
        status = bai_inflate_open(reader->context, reader->inflater, (int32_t)reader->threads, &reader->inflate);
      }
      reader->state = UNPACKED;
    } else if (reader->state != KNOWN) {
      status = look_at_head(reader);
    } else if (window->at < window->end) {
      status = read_slice(reader, window);
    } else {
      return finish_text(reader, window->end_offset);
    }
  }
  return status;
}

/* Over the letters of the finished records, from one on. */
static int64_t count_ambiguous(const ba_records *batch, int64_t from) {
  return bai_count_ambiguous((const uint8_t *)batch->letters.data + from,
                             bai_records_offsets(batch)[batch->count] - from);
}

/* Filters what came to the batch since it was last filtered. */
static ba_status filter_batch(ba_reader *reader) {
  bai_parser *parser = &reader->parser;
  ba_records *batch = parser->batch;
  if (!reader->filter.on || batch == NULL || batch->count == reader->filtered) return BA_OK;
  ba_status status = bai_filter_apply(&reader->filter, batch, reader->filtered);
  if (status) return status;
  reader->filtered = batch->count;
  parser->done_letters = bai_records_offsets(batch)[batch->count];
  if (parser->done_ambiguous > 0) parser->done_ambiguous = count_ambiguous(batch, 0);
  return BA_OK;
}

/* 1 if bytes of an unfinished record stand behind the finished ones. */
static int32_t has_tail(const ba_records *batch) {
  return batch->letters.count > bai_records_offsets(batch)[batch->count] ||
         batch->names.count > ((const int64_t *)batch->name_offsets.data)[batch->count];
}

/* Fresh memory costs more than the parsing, so the last batch's is used again when its holders are gone. */
static ba_status open_batch(ba_reader *reader, ba_records **out) {
  ba_records *last = reader->last;
  reader->last = NULL;
  if (last && bai_records_recycle(last)) {
    *out = last;
    return BA_OK;
  }
  ba_records_release(last);
  return bai_records_open(reader->context, reader->room, out);
}

/* Gives the finished records of the batch; what is left over moves to a new one: after a cancel the batch can hold more
 * than the next call wants. */
static ba_status deliver(ba_reader *reader, ba_records **out) {
  bai_parser *parser = &reader->parser;
  ba_records *batch = parser->batch, *next = NULL;
  int64_t given = smaller(batch->count, parser->most);
  int64_t letters = parser->done_letters, ambiguous = parser->done_ambiguous;
  reader->room = (bai_records_room){.records = smaller(batch->count, MOST_RECORDS),
                                    .letters = smaller(batch->letters.count, BAI_BATCH_LETTERS + ROOM_SLACK),
                                    .names = smaller(batch->names.count, BAI_BATCH_LETTERS + ROOM_SLACK),
                                    .qualities = smaller(batch->qualities.count, BAI_BATCH_LETTERS + ROOM_SLACK)};
  if (given < batch->count || (has_tail(batch) && !reader->error.status)) {
    ba_status status = open_batch(reader, &next);
    if (status) return status;
    status = bai_records_split(batch, given, next);
    if (status) {
      ba_records_release(next);
      return status;
    }
    if (next->count > 0) {
      const int64_t again = batch->start > 0 ? parser->overlap : 0; /* counted with the piece before */
      letters = batch->letters.count - again;
      ambiguous = count_ambiguous(batch, again);
    }
  }
  parser->batch = next;
  reader->filtered = next ? next->count : 0;
  parser->done_letters -= letters;
  parser->done_ambiguous -= ambiguous;
  reader->records += given - batch->more;
  reader->letters += letters;
  reader->ambiguous += ambiguous;
  reader->bytes = parser->done_bytes;
  ba_records_release(reader->last);
  reader->last =
      batch->letters.capacity <= MOST_KEPT && batch->names.capacity <= MOST_KEPT ? ba_records_retain(batch) : NULL;
  *out = batch;
  return BA_OK;
}

void bai_reader_go_careful(ba_reader *reader) {
  reader->careful = 1;
}

int64_t bai_reader_chunk(const ba_reader *reader) {
  return reader->parser.chunk;
}

int32_t bai_reader_skips_quality(const ba_reader *reader) {
  return reader->parser.skip_quality;
}

const bai_hts_options *bai_reader_alignments(const ba_reader *reader) {
  return &reader->alignments;
}

/* As long as a filter leaves nothing of a full batch. */
static ba_status fill_and_filter(ba_reader *reader) {
  ba_status status = BA_OK;
  do {
    status = fill(reader);
    if (status == BA_ERR_CANCELLED) return status;
    const ba_status filtered = filter_batch(reader);
    if (filtered) return filtered;
  } while (status == BA_OK && reader->parser.batch->count == 0);
  return status;
}

ba_status bai_reader_next_inner(ba_reader *reader, int64_t most, ba_records **out) {
  bai_parser *parser = &reader->parser;
  ba_status status = BA_OK;
  *out = NULL;
  parser->most = most < MOST_RECORDS ? most : MOST_RECORDS;
  if (reader->mates) parser->most -= parser->most % 2;
  parser->kernels = bai_kernels_of(reader->context);
  /* The scalar kernels are slower than the state machines, whose scans the compiler vectorises. */
  if (reader->careful || parser->kernels == &bai_kernels_scalar) parser->kernels = NULL;
  if (!reader->error.status) {
    if (parser->batch == NULL && !reader->finished) {
      status = open_batch(reader, &parser->batch);
    }
    if (!status) status = fill_and_filter(reader);
    if (status == BA_ERR_CANCELLED) return status;
    if (status < 0) keep_error(reader, status);
  }
  if (parser->batch != NULL && parser->batch->count > 0) {
    ba_status given = deliver(reader, out);
    if (!given && reader->error.status) hide_error(reader->context);
    return given;
  }
  reader->bytes = parser->done_bytes;
  return reader->error.status ? repeat_error(reader) : status;
}

ba_status ba_reader_next(ba_reader *reader, int64_t most, ba_records **out) {
  if (out == NULL) return BA_ERR_ARGUMENT;
  *out = NULL;
  if (reader == NULL) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(reader->context);
  if (status) return status;
  const int32_t least = reader->mates ? 2 : 1;
  if (most < least) {
    status = bai_fail(reader->context, BA_ERR_ARGUMENT, "ba_reader_next: most is %lld; expected %d or more%s",
                      (long long)most, least, reader->mates ? ", as pairs are not parted" : "");
  } else {
    status = bai_reader_next_inner(reader, most, out);
  }
  return bai_leave(reader->context, status);
}

/* ---- facts ---- */

int32_t ba_reader_format(const ba_reader *reader) {
  return reader ? reader->format : BA_FORMAT_UNKNOWN;
}

void ba_reader_position(const ba_reader *reader, int64_t *records, int64_t *bytes) {
  if (records) *records = reader ? reader->records : 0;
  if (bytes) *bytes = reader ? reader->bytes : 0;
}

int64_t ba_reader_skipped(const ba_reader *reader) {
  return reader ? reader->parser.skipped + reader->filter.skipped : 0;
}

void ba_reader_trimmed(const ba_reader *reader, int64_t *records, int64_t *letters) {
  if (records) *records = reader ? reader->filter.trimmed : 0;
  if (letters) *letters = reader ? reader->filter.trimmed_letters : 0;
}

void ba_reader_counters(const ba_reader *reader, int64_t *letters, int64_t *ambiguous) {
  if (letters) *letters = reader ? reader->letters : 0;
  if (ambiguous) *ambiguous = reader ? reader->ambiguous : 0;
}
