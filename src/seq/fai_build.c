/* SPDX-License-Identifier: MIT
 *
 * fai_build.c: writes the .fai of a FASTA file, and the .gzi when it is bgzf, as samtools and bgzip do.
 */
#include <string.h>
#include <unistd.h>

#include "bioanalytics/seq.h"
#include "seq/fai.h"
#include "seq/inflate.h"

#define HEADER_BYTES 18 /* of a bgzf block, as every writer makes it */

typedef struct builder {
  ba_context *context;
  bai_vector text, name;
  bai_fai_row row;
  int64_t rows, line;         /* lines from 1 */
  int64_t offset, n;          /* where the line starts; its bytes so far, without a line feed */
  int32_t is_header, named;   /* the line in hand; its first word is complete */
  int32_t open, ended, after; /* a sequence is in hand; no more letters may follow; the last byte was CR */
} builder;

static ba_status uneven(builder *b) {
  return bai_fail(
      b->context, BA_ERR_FORMAT,
      "line %lld: a sequence with lines of several lengths cannot be indexed; expected the same but for the "
      "last (`ba convert --to fasta` writes such a file)",
      (long long)b->line);
}

static ba_status end_row(builder *b) {
  if (!b->open) return BA_OK;
  const bai_fai_row *r = &b->row;
  if (b->name.count == 0) {
    return bai_fail(b->context, BA_ERR_FORMAT, "sequence %lld has no name, which an index needs",
                    (long long)b->rows + 1);
  }
  b->rows++;
  ba_status status = bai_text_add(b->context, &b->text, "%.*s\t%lld\t%lld\t%lld\t%lld\n", (int)b->name.count,
                                  (const char *)b->name.data, (long long)r->letters, (long long)r->offset,
                                  (long long)r->line_letters, (long long)r->line_bytes);
  b->name.count = 0;
  return status;
}

/* `end` bytes ended the line: 0 at the end of the file. */
static ba_status end_line(builder *b, int64_t end) {
  bai_fai_row *r = &b->row;
  int64_t n = b->n;
  if (n > 0 && b->after) n--, end++;
  if (b->is_header) {
    *r = (bai_fai_row){.offset = b->offset + n + end};
    b->open = 1;
    b->ended = 0;
  } else if (!b->open) {
    if (n > 0) return bai_fail(b->context, BA_ERR_FORMAT, "line %lld: expected '>'", (long long)b->line);
  } else if (n == 0) {
    b->ended = 1;
  } else {
    if (b->ended || (r->letters > 0 && n > r->line_letters)) return uneven(b);
    if (r->letters == 0) {
      r->line_letters = n;
      r->line_bytes = n + (end ? end : 1);
    }
    b->ended = n < r->line_letters || n + end != r->line_bytes;
    r->letters += n;
  }
  b->offset += n + end;
  b->line++;
  b->n = b->is_header = b->after = 0;
  return BA_OK;
}

/* A piece of a line without its line feed. */
static ba_status take_piece(builder *b, const uint8_t *at, int64_t n) {
  ba_status status = BA_OK;
  if (n == 0) return BA_OK;
  if (b->after) return bai_fail(b->context, BA_ERR_FORMAT, "line %lld: a CR within it", (long long)b->line);
  if (b->n == 0 && *at == '>') {
    status = end_row(b);
    b->is_header = 1;
    b->named = 0;
  }
  const uint8_t *from = at + (b->n == 0 && b->is_header), *end = at + n;
  b->n += n;
  if (!b->is_header && memchr(at, '\r', (size_t)(n - 1))) {
    return bai_fail(b->context, BA_ERR_FORMAT, "line %lld: a CR within it", (long long)b->line);
  }
  b->after = end[-1] == '\r';
  while (!status && b->is_header && !b->named && from < end) {
    b->named = *from <= ' ';
    if (!b->named) status = bai_vector_append(b->context, &b->name, from, 1, 1);
    from++;
  }
  return status;
}

static ba_status take_window(builder *b, bai_window *window) {
  ba_status status = BA_OK;
  while (!status && window->at < window->end) {
    const uint8_t *stop = memchr(window->at, '\n', (size_t)(window->end - window->at));
    status = take_piece(b, window->at, (stop ? stop : window->end) - window->at);
    if (!status && stop) status = end_line(b, 1);
    window->at = stop ? stop + 1 : window->end;
  }
  return status;
}

static ba_status scan(builder *b, bai_source *source, bai_inflate **inflate) {
  bai_window *window = &source->window;
  ba_status status = BA_OK;
  while (!status && !window->ended) {
    status = bai_check_cancel(b->context);
    if (!status) {
      status = *inflate ? bai_inflate_refill(*inflate, b->context, source) : source->refill(source, b->context);
    }
    if (!status && !*inflate && b->offset == 0 && b->n == 0 && window->at < window->end && *window->at == 0x1f) {
      status = bai_inflate_open(b->context, BAI_INFLATER_AUTO, 1, inflate);
      if (!status) window = bai_inflate_window(*inflate);
      continue;
    }
    bai_progress(b->context, source->window.end_offset, source->total);
    if (!status) status = take_window(b, window);
  }
  if (!status && b->n > 0) status = end_line(b, 0);
  return status ? status : end_row(b);
}

/* The blocks' places, from their headers alone. */
static ba_status list_blocks(ba_context *context, int32_t descriptor, bai_vector *out) {
  uint8_t header[HEADER_BYTES], bytes[16] = {0};
  int64_t got, packed = 0, plain = 0, count = 0;
  ba_status status = bai_vector_append(context, out, bytes, 8, 1);
  while (!status) {
    status = lseek(descriptor, (off_t)packed, SEEK_SET) == packed ? BA_OK : BA_ERR_IO;
    if (!status) status = bai_file_read(context, descriptor, header, HEADER_BYTES, &got);
    if (status || got == 0) break;
    const int64_t size = got == HEADER_BYTES ? bai_get_u16(header + 16) + 1 : 0;
    if (size <= HEADER_BYTES || header[0] != 0x1f || header[10] != 6 || memcmp(header + 12, "BC\2", 4) != 0) {
      return bai_fail(context, BA_ERR_UNSUPPORTED, "compressed byte %lld: no bgzf block; only bgzf can be indexed",
                      (long long)packed);
    }
    status = lseek(descriptor, (off_t)(packed + size - 4), SEEK_SET) >= 0 ? BA_OK : BA_ERR_IO;
    if (!status) status = bai_file_read(context, descriptor, header, 4, &got);
    const int64_t letters = bai_get_u32(header);
    if (!status && packed > 0 && letters > 0) {
      bai_put_u64(bytes, (uint64_t)packed);
      bai_put_u64(bytes + 8, (uint64_t)plain);
      status = bai_vector_append(context, out, bytes, 16, 1);
      count++;
    }
    packed += size;
    plain += letters;
    if (!status) status = bai_check_cancel(context);
  }
  if (!status) bai_put_u64(out->data, (uint64_t)count);
  return status == BA_ERR_IO && !context->error ? bai_fail(context, status, "the file cannot be read again") : status;
}

static ba_status write_beside(ba_context *context, const char *path, const char *ending, const bai_vector *bytes) {
  bai_vector name = {0};
  ba_status status = bai_text_add(context, &name, "%s.%s", path, ending);
  if (!status) status = bai_file_write_atomic(context, name.data, bytes->data, bytes->count);
  bai_vector_free(context, &name);
  return status;
}

static ba_status build(builder *b, const char *path) {
  int32_t descriptor;
  int64_t byte;
  bai_source *source;
  bai_inflate *inflate = NULL;
  bai_vector blocks = {0};
  ba_status status = bai_file_open(b->context, path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(b->context, descriptor, 0, &source);
  if (status) {
    bai_file_close(descriptor);
    return status;
  }
  status = scan(b, source, &inflate);
  const char *problem = status && inflate ? bai_inflate_problem(inflate, &byte) : NULL;
  if (problem) status = bai_fail(b->context, status, "compressed byte %lld: %s", (long long)byte, problem);
  if (!status && b->rows == 0) status = bai_fail(b->context, BA_ERR_FORMAT, "no sequence; expected FASTA");
  if (!status && inflate) status = list_blocks(b->context, descriptor, &blocks);
  if (!status && inflate) status = write_beside(b->context, path, "gzi", &blocks);
  if (!status) status = write_beside(b->context, path, "fai", &b->text);
  bai_vector_free(b->context, &blocks);
  bai_inflate_close(inflate, b->context);
  source->close(source, b->context);
  return status;
}

ba_status ba_index_build(ba_context *context, const char *path) {
  ba_status status = bai_enter(context);
  if (status) return status;
  builder b = {.context = context, .line = 1};
  if (path == NULL) {
    status = bai_fail(context, BA_ERR_ARGUMENT, "ba_index_build: expected a path, found NULL");
  } else if (strstr(path, "://")) {
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "%s: remote names are not read; fetch the file first", path);
  } else {
    status = build(&b, path);
  }
  if (status && status != BA_ERR_MEMORY && path && !strstr(context->message, path)) {
    bai_fail_prefix(context, status, path);
  }
  bai_vector_free(context, &b.text);
  bai_vector_free(context, &b.name);
  return bai_leave(context, status);
}
