/* SPDX-License-Identifier: MIT
 *
 * fai.c: .fai and .gzi read with every number checked, and a region of a FASTA file as text. An index that does not
 * fit its file is noticed where it is used: letters and line ends must stand where it says.
 */
#include "seq/fai.h"

#include <string.h>
#include <unistd.h>

#include "seq/inflate.h"
#include "seq/letters.h"

#define READ_BYTES (64 * 1024)
#define MOST_NUMBER (INT64_C(1) << 48) /* sums of a few products by line lengths stay far inside of int64_t */
#define FIELDS 5

/* ---- the index files ---- */

static ba_status read_source(ba_context *context, bai_source *source, bai_inflate **inflate, bai_vector *out) {
  bai_window *window = &source->window;
  ba_status status = BA_OK;
  for (;;) {
    status = bai_vector_append(context, out, window->at, window->end - window->at, 1);
    window->at = window->end;
    if (!status && window->ended) return BA_OK;
    if (!status) status = bai_check_cancel(context);
    if (status) return status;
    status = *inflate ? bai_inflate_refill(*inflate, context, source) : source->refill(source, context);
    if (status) return status;
    if (!*inflate && out->count == 0 && window->at < window->end && *window->at == 0x1f) {
      status = bai_inflate_open(context, BAI_INFLATER_AUTO, 1, inflate);
      if (status) return status;
      window = bai_inflate_window(*inflate);
    }
  }
}

ba_status bai_read_plain(ba_context *context, const char *path, bai_vector *out) {
  int32_t descriptor;
  int64_t byte;
  bai_source *source = NULL;
  bai_inflate *inflate = NULL;
  ba_status status = bai_file_open(context, path, &descriptor);
  if (status) return status;
  status = bai_source_open_descriptor(context, descriptor, 0, &source);
  if (source == NULL) bai_file_close(descriptor);
  if (!status) status = read_source(context, source, &inflate, out);
  const char *problem = status && inflate ? bai_inflate_problem(inflate, &byte) : NULL;
  if (problem) status = bai_fail(context, status, "%s: compressed byte %lld: %s", path, (long long)byte, problem);
  bai_inflate_close(inflate, context);
  if (source) source->close(source, context);
  return status;
}

static ba_status wrong_line(ba_context *context, const char *path, int64_t line, const char *what) {
  return bai_fail(context, BA_ERR_FORMAT, "%s: line %lld: %s; expected NAME, LENGTH, OFFSET, LINEBASES, LINEWIDTH",
                  path, (long long)line, what);
}

/* Splits the line at `at`, of n bytes, and ends its name with a NUL. */
static const char *read_row(char *text, int64_t at, int64_t n, bai_fai_row *row) {
  int64_t numbers[FIELDS] = {0}, start[FIELDS + 1] = {at}, fields = 1;
  for (int64_t i = at; i < at + n; i++) {
    if (text[i] == '\t' && fields <= FIELDS) start[fields++] = i + 1;
    if (fields > FIELDS) return "more than five fields";
  }
  if (fields < FIELDS) return "fewer than five fields";
  start[FIELDS] = at + n + 1;
  for (int32_t f = 1; f < FIELDS; f++) {
    if (!bai_parse_i64(text + start[f], start[f + 1] - 1 - start[f], &numbers[f]) || numbers[f] < 0 ||
        numbers[f] > MOST_NUMBER) {
      return "a field that is no length";
    }
  }
  *row = (bai_fai_row){at, start[1] - 1 - at, numbers[1], numbers[2], numbers[3], numbers[4]};
  const int64_t ends = row->line_bytes - row->line_letters;
  if (row->name_length == 0 || memchr(text + at, 0, (size_t)row->name_length)) return "no name";
  if (row->letters > 0 && (row->line_letters == 0 || ends < 0 || ends > 2)) return "lines of an impossible length";
  if (row->letters > row->line_letters && ends == 0) return "lines without an end";
  text[at + row->name_length] = 0;
  return NULL;
}

static uint64_t hash_name(const char *name, int64_t n) {
  return bai_hash_bytes(0, (const uint8_t *)name, n);
}

ba_status bai_fai_load(ba_context *context, const char *path, bai_fai *out) {
  ba_status status = bai_read_plain(context, path, &out->names);
  char *text = out->names.data;
  for (int64_t at = 0, line = 1, n; !status && at < out->names.count; at += n + 1, line++) {
    bai_fai_row row;
    const char *stop = memchr(text + at, '\n', (size_t)(out->names.count - at));
    n = stop ? stop - text - at : out->names.count - at;
    const char *wrong = read_row(text, at, n > 0 && text[at + n - 1] == '\r' ? n - 1 : n, &row);
    if (wrong) return wrong_line(context, path, line, wrong);
    const bai_keyed key = {hash_name(text + row.name, row.name_length), out->rows.count};
    status = bai_vector_append(context, &out->rows, &row, 1, (int64_t)sizeof row);
    if (!status) status = bai_vector_append(context, &out->order, &key, 1, (int64_t)sizeof key);
  }
  if (!status) bai_sort_keyed(out->order.data, out->order.count);
  return status;
}

ba_status bai_fai_load_blocks(ba_context *context, const char *path, bai_fai *out) {
  bai_vector bytes = {0};
  bai_fai_block block = {0, 0}, last;
  ba_status status = bai_read_plain(context, path, &bytes);
  const uint8_t *data = bytes.data;
  const int64_t count = bytes.count / 16;
  if (!status && (bytes.count % 16 != 8 || bai_get_u64(data) != (uint64_t)count)) {
    status = bai_fail(context, BA_ERR_FORMAT, "%s: its size is not 8 bytes and 16 for each block that it counts", path);
  }
  if (!status) status = bai_vector_append(context, &out->blocks, &block, 1, (int64_t)sizeof block);
  for (int64_t i = 0; !status && i < count; i++) {
    const uint64_t packed = bai_get_u64(data + 8 + 16 * i), plain = bai_get_u64(data + 16 + 16 * i);
    last = block;
    block = (bai_fai_block){(int64_t)packed, (int64_t)plain};
    if (packed > MOST_NUMBER || plain > MOST_NUMBER || block.packed <= last.packed || block.plain < last.plain) {
      status =
          bai_fail(context, BA_ERR_FORMAT, "%s: block %lld does not follow the one before it", path, (long long)i + 1);
    } else {
      status = bai_vector_append(context, &out->blocks, &block, 1, (int64_t)sizeof block);
    }
  }
  bai_vector_free(context, &bytes);
  return status;
}

void bai_fai_free(ba_context *context, bai_fai *fai) {
  bai_vector_free(context, &fai->names);
  bai_vector_free(context, &fai->rows);
  bai_vector_free(context, &fai->order);
  bai_vector_free(context, &fai->blocks);
}

const bai_fai_row *bai_fai_find(const bai_fai *fai, const char *name) {
  const bai_keyed *order = fai->order.data;
  const uint64_t key = hash_name(name, bai_length(name));
  int64_t from = 0, to = fai->order.count;
  while (from < to) {
    const int64_t middle = from + (to - from) / 2;
    if (order[middle].key < key) {
      from = middle + 1;
    } else {
      to = middle;
    }
  }
  for (; from < fai->order.count && order[from].key == key; from++) {
    const bai_fai_row *row = (const bai_fai_row *)fai->rows.data + order[from].index;
    if (strcmp((const char *)fai->names.data + row->name, name) == 0) return row;
  }
  return NULL;
}

/* ---- a region as FASTA text ---- */

typedef struct region_source {
  bai_source base;
  bai_source *file;
  bai_inflate *inflate;  /* NULL: the file is plain */
  int64_t skip;          /* plain bytes before the region */
  int64_t left, in_line; /* letters to come, of them in the line in hand */
  bai_fai_row row;
  int32_t titled;
  bai_vector title;
  uint8_t buffer[READ_BYTES + BAI_LETTER_SLACK];
} region_source;

static void region_close(bai_source *base, ba_context *context) {
  region_source *source = (region_source *)base;
  bai_inflate_close(source->inflate, context);
  if (source->file) source->file->close(source->file, context);
  bai_vector_free(context, &source->title);
  bai_free(context, source);
}

static ba_status misfit(ba_context *context, const char *what) {
  return bai_fail_at(context, BA_ERR_FORMAT, 1, -1, "%s: the index does not fit the file; make it again", what);
}

/* The window with the next plain bytes of the file, at least one. */
static ba_status next_plain(region_source *source, ba_context *context, bai_window **out) {
  bai_window *window = source->inflate ? bai_inflate_window(source->inflate) : &source->file->window;
  ba_status status = BA_OK;
  *out = window;
  for (;;) {
    const int64_t n = window->end - window->at < source->skip ? window->end - window->at : source->skip;
    window->at += n;
    source->skip -= n;
    if (window->at < window->end) return BA_OK;
    if (window->ended) return misfit(context, "the file ends before the region does");
    status = bai_check_cancel(context);
    if (!status) {
      status = source->inflate ? bai_inflate_refill(source->inflate, context, source->file)
                               : source->file->refill(source->file, context);
    }
    if (status) break;
  }
  int64_t byte;
  const char *problem = source->inflate ? bai_inflate_problem(source->inflate, &byte) : NULL;
  return problem ? bai_fail_at(context, status, 1, -1, "%s, %lld compressed bytes behind the block of the region",
                               problem, (long long)byte)
                 : status;
}

/* Takes the line's end, which must be one. */
static ba_status take_line_end(region_source *source, ba_context *context) {
  const int64_t n = source->row.line_bytes - source->row.line_letters;
  for (int64_t i = 0; i < n; i++) {
    bai_window *window;
    ba_status status = next_plain(source, context, &window);
    if (status) return status;
    if (*window->at++ != (i == n - 1 ? '\n' : '\r')) return misfit(context, "no line end where the index has one");
  }
  return BA_OK;
}

static ba_status region_refill(bai_source *base, ba_context *context) {
  region_source *source = (region_source *)base;
  int64_t used = 0;
  if (!source->titled) {
    source->titled = 1;
    base->window.at = source->title.data;
    base->window.end = base->window.at + source->title.count;
    base->window.end_offset = source->title.count;
    return BA_OK;
  }
  base->window.at = base->window.end = source->buffer;
  while (source->left > 0 && used < READ_BYTES) {
    bai_window *window;
    ba_status status = source->in_line == 0 ? take_line_end(source, context) : BA_OK;
    if (status) return status;
    if (source->in_line == 0) source->in_line = source->row.line_letters;
    status = next_plain(source, context, &window);
    if (status) return status;
    int64_t n = window->end - window->at, room = READ_BYTES - used;
    if (n > room) n = room;
    if (n > source->in_line) n = source->in_line;
    if (n > source->left) n = source->left;
    memcpy(source->buffer + used, window->at, (size_t)n);
    if (bai_scan_letters(source->buffer + used, n).bad >= 0) {
      return misfit(context, "something else than a letter where the index has letters");
    }
    window->at += n;
    used += n;
    source->in_line -= n;
    source->left -= n;
  }
  base->window.end += used;
  base->window.end_offset += used;
  base->window.ended = source->left == 0;
  return BA_OK;
}

/* Where to start in the file, and how many plain bytes to pass over from there. */
static int64_t find_block(const bai_fai *fai, int64_t plain, int64_t *skip) {
  const bai_fai_block *blocks = fai->blocks.data;
  int64_t from = 0, to = fai->blocks.count;
  *skip = 0;
  if (to == 0) return plain;
  while (to - from > 1) {
    const int64_t middle = from + (to - from) / 2;
    if (blocks[middle].plain <= plain) {
      from = middle;
    } else {
      to = middle;
    }
  }
  *skip = plain - blocks[from].plain;
  return blocks[from].packed;
}

ba_status bai_fai_source(ba_context *context, const bai_fai *fai, const bai_fai_row *row, int64_t start, int64_t end,
                         const char *title, int32_t descriptor, bai_source **out) {
  region_source *source;
  *out = NULL;
  ba_status status = bai_alloc(context, 1, (int64_t)sizeof *source, &source);
  if (status) {
    bai_file_close(descriptor);
    return status;
  }
  memset(source, 0, offsetof(region_source, buffer));
  source->base = (bai_source){.refill = region_refill, .close = region_close};
  source->base.window.at = source->base.window.end = source->buffer;
  source->row = *row;
  source->left = end - start;
  const int64_t line = source->left > 0 ? start / row->line_letters : 0;
  const int64_t in_line = source->left > 0 ? start % row->line_letters : 0;
  source->in_line = row->line_letters - in_line;
  const int64_t at = find_block(fai, row->offset + line * row->line_bytes + in_line, &source->skip);
  if (lseek(descriptor, (off_t)at, SEEK_SET) != at) {
    status = misfit(context, "the file ends before the region does"); /* no file can be as long */
  }
  if (!status) status = bai_source_open_descriptor(context, descriptor, 0, &source->file);
  if (!source->file) bai_file_close(descriptor);
  if (!status && fai->blocks.count > 0) status = bai_inflate_open(context, BAI_INFLATER_AUTO, 1, &source->inflate);
  if (!status) status = bai_text_add(context, &source->title, ">%s\n", title);
  if (status) {
    region_close(&source->base, context);
    return status;
  }
  *out = &source->base;
  return BA_OK;
}
