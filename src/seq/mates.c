/* SPDX-License-Identifier: MIT
 *
 * mates.c: records of two readers, or of one, put side by side as pairs. A pair that does not fit together by name, and
 * a file that ends before the other, are errors that name both sides.
 */
#include "seq/mates.h"

#include <string.h>

#include "seq/letters.h"
#include "seq/reader.h"

#define BATCH_RECORDS 65536
#define MOST_SHOWN 60 /* bytes of a name in a message */

typedef struct side {
  ba_reader *reader;
  char *path;
  ba_records *batch;
  int64_t at;    /* the next record of the batch */
  int64_t taken; /* records of the file */
} side;

struct bai_mates {
  side sides[2];
  int32_t files; /* 1: both mates come from sides[0] */
};

/* ---- names ---- */

/* Bytes up to the first blank. */
static int64_t word(const char *name, int64_t length) {
  int64_t n = 0;
  while (n < length && name[n] != ' ' && name[n] != '\t') n++;
  return n;
}

/* Casava's description, " 1:N:0:ATCACG": which mate it says, or 0 when it is something else. */
static char casava_mate(const char *name, int64_t length) {
  const int64_t at = word(name, length) + 1;
  if (at + 4 > length || (name[at] != '1' && name[at] != '2') || name[at + 1] != ':') return 0;
  return (name[at + 2] == 'Y' || name[at + 2] == 'N') && name[at + 3] == ':' ? name[at] : 0;
}

/* "/1", or ".1" behind a name that has a point before it, as fastq-dump writes mates: the first byte of the ending. 0
 * for other words. */
static char ending(const char *name, int64_t n) {
  if (n < 3 || (name[n - 1] != '1' && name[n - 1] != '2')) return 0;
  if (name[n - 2] == '/') return '/';
  return name[n - 2] == '.' && memchr(name, '.', (size_t)(n - 2)) != NULL ? '.' : 0;
}

int32_t bai_mates_agree(const char *first, int64_t first_length, const char *second, int64_t second_length) {
  const int64_t n = word(first, first_length);
  if (word(second, second_length) != n) return 0;
  const char a = casava_mate(first, first_length), b = casava_mate(second, second_length);
  if (a && b && (a != '1' || b != '2')) return 0;
  const int32_t equal = n == 0 || memcmp(first, second, (size_t)n) == 0;
  const char mark = ending(first, n);
  if (mark == 0 || ending(second, n) != mark) return equal;
  if (equal) return mark == '.'; /* "/1" twice is the same file twice; ".1" can be part of a name */
  return first[n - 1] == '1' && second[n - 1] == '2' && memcmp(first, second, (size_t)n - 1) == 0;
}

/* ---- opening and closing ---- */

static ba_status copy_path(ba_context *context, const char *path, char **out) {
  const int64_t size = bai_length(path) + 1;
  ba_status status = bai_alloc(context, size, 1, out);
  if (!status) memcpy(*out, path, (size_t)size);
  return status;
}

ba_status bai_mates_open(ba_context *context, ba_reader *first, const char *first_path, ba_reader *second,
                         const char *second_path, bai_mates **out) {
  bai_mates *mates;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, (int64_t)sizeof *mates, &mates);
  if (status) {
    ba_reader_close(first);
    ba_reader_close(second);
    return status;
  }
  mates->sides[0].reader = first;
  mates->sides[1].reader = second;
  mates->files = second ? 2 : 1;
  status = copy_path(context, first_path, &mates->sides[0].path);
  if (!status && second) status = copy_path(context, second_path, &mates->sides[1].path);
  if (status) {
    bai_mates_close(mates, context);
    return status;
  }
  *out = mates;
  return BA_OK;
}

void bai_mates_close(bai_mates *mates, ba_context *context) {
  if (mates == NULL) return;
  for (int32_t i = 0; i < 2; i++) {
    ba_records_release(mates->sides[i].batch);
    ba_reader_close(mates->sides[i].reader);
    bai_free(context, mates->sides[i].path);
  }
  bai_free(context, mates);
}

int32_t bai_mates_format(const bai_mates *mates) {
  return ba_reader_format(mates->sides[0].reader);
}

/* ---- reading ---- */

/* Makes sure that the side has a record at hand. */
static ba_status look(side *s) {
  if (s->batch && s->at < s->batch->count) return BA_OK;
  ba_records_release(s->batch);
  s->batch = NULL;
  s->at = 0;
  return bai_reader_next_inner(s->reader, BATCH_RECORDS, &s->batch);
}

static ba_status check_formats(const bai_mates *mates, ba_context *context) {
  const int32_t a = ba_reader_format(mates->sides[0].reader);
  const int32_t b = mates->files == 2 ? ba_reader_format(mates->sides[1].reader) : a;
  const char *path = mates->sides[a > BA_FORMAT_FASTQ ? 0 : mates->files - 1].path;
  if (a > BA_FORMAT_FASTQ || b > BA_FORMAT_FASTQ) {
    return bai_fail(context, BA_ERR_UNSUPPORTED, "%s: pairs are read from FASTQ and FASTA, not from alignments", path);
  }
  if (a != b && a != BA_FORMAT_UNKNOWN && b != BA_FORMAT_UNKNOWN) {
    return bai_fail_at(context, BA_ERR_FORMAT, 1, -1, "one of %s and %s is FASTQ, the other FASTA: expected one format",
                       mates->sides[0].path, mates->sides[1].path);
  }
  return BA_OK;
}

static ba_status append(ba_context *context, bai_vector *to, const bai_vector *from, const bai_vector *offsets,
                        int64_t at) {
  const int64_t *place = (const int64_t *)offsets->data + at;
  const int64_t n = place[1] - place[0];
  ba_status status = bai_vector_reserve(context, to, n + BAI_LETTER_SLACK, 1);
  if (status || n == 0) return status;
  memcpy((char *)to->data + to->count, (const char *)from->data + place[0], (size_t)n);
  to->count += n;
  return BA_OK;
}

static ba_status take(side *s, bai_parser *parser) {
  ba_context *context = parser->context;
  ba_records *batch = parser->batch;
  const ba_records *from = s->batch;
  const int64_t before = batch->letters.count;
  ba_status status = append(context, &batch->names, &from->names, &from->name_offsets, s->at);
  if (!status) status = append(context, &batch->letters, &from->letters, &from->offsets, s->at);
  if (!status) status = append(context, &batch->qualities, &from->qualities, &from->quality_offsets, s->at);
  if (status) return status;
  parser->letters = batch->letters.count - before;
  parser->ambiguous = bai_scan_letters((uint8_t *)batch->letters.data + before, parser->letters).ambiguous;
  s->at++;
  s->taken++;
  return bai_parser_commit(parser, 0);
}

/* Side `ended` has no record where the other one has `name`. */
static ba_status lacks_mate(const bai_mates *mates, const side *ended, ba_context *context, const char *name,
                            int64_t length) {
  const int32_t shown = (int32_t)(length < MOST_SHOWN ? length : MOST_SHOWN);
  if (mates->files == 1) {
    return bai_fail_at(context, BA_ERR_FORMAT, ended->taken, -1,
                       "%s: \"%.*s\" is the last record and has no mate: expected an even number of records",
                       ended->path, shown, name);
  }
  const side *other = ended == &mates->sides[0] ? &mates->sides[1] : &mates->sides[0];
  return bai_fail_at(context, BA_ERR_FORMAT, ended->taken + 1, -1,
                     "%s ends after %lld records, so \"%.*s\" of %s has no mate: expected as many records in both",
                     ended->path, (long long)ended->taken, shown, name, other->path);
}

static ba_status check_names(const bai_mates *mates, const bai_parser *parser) {
  const side *last = &mates->sides[mates->files - 1];
  int64_t n, m;
  const char *first = ba_records_name(parser->batch, parser->batch->count - 2, &n);
  const char *second = ba_records_name(parser->batch, parser->batch->count - 1, &m);
  if (bai_mates_agree(first, n, second, m)) return BA_OK;
  const char *files = mates->files == 2 ? " and " : "", *other = mates->files == 2 ? last->path : "";
  return bai_fail_at(parser->context, BA_ERR_FORMAT, last->taken, -1,
                     "%s%s%s: \"%.*s\" and \"%.*s\" are not the names of mates", mates->sides[0].path, files, other,
                     (int)(n < MOST_SHOWN ? n : MOST_SHOWN), first, (int)(m < MOST_SHOWN ? m : MOST_SHOWN), second);
}

static ba_status take_first(bai_mates *mates, bai_parser *parser) {
  side *first = &mates->sides[0], *second = &mates->sides[1];
  ba_status status = look(first);
  if (!status) return take(first, parser);
  if (status != BA_END || mates->files == 1) return status;
  status = look(second);
  if (status) return status;
  int64_t n;
  const char *name = ba_records_name(second->batch, second->at, &n);
  return lacks_mate(mates, first, parser->context, name, n);
}

static ba_status take_second(bai_mates *mates, bai_parser *parser) {
  side *s = &mates->sides[mates->files - 1];
  ba_status status = look(s);
  if (status == BA_END) {
    int64_t n;
    const char *name = ba_records_name(parser->batch, parser->batch->count - 1, &n);
    return lacks_mate(mates, s, parser->context, name, n);
  }
  if (!status) status = check_formats(mates, parser->context);
  if (!status) status = take(s, parser);
  return status ? status : check_names(mates, parser);
}

/* The first mate of a pair that does not come to be. */
static void drop_half(bai_parser *parser, int64_t count) {
  const int64_t *offsets = bai_records_offsets(parser->batch);
  const uint8_t *letters = (const uint8_t *)parser->batch->letters.data;
  parser->done_letters -= offsets[parser->batch->count] - offsets[count];
  parser->done_ambiguous -=
      bai_count_ambiguous(letters + offsets[count], offsets[parser->batch->count] - offsets[count]);
  bai_records_cut(parser->batch, count);
}

ba_status bai_mates_read(bai_mates *mates, bai_parser *parser) {
  const ba_records *batch = parser->batch;
  while (batch->count % 2 == 1 || !bai_parser_full(parser)) {
    const int64_t whole = batch->count - batch->count % 2;
    ba_status status = batch->count % 2 == 0 ? take_first(mates, parser) : take_second(mates, parser);
    if (status == BA_ERR_CANCELLED) return status;
    if (status < 0) drop_half(parser, whole);
    if (status) return status;
  }
  return BA_OK;
}
