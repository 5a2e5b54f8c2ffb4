/* SPDX-License-Identifier: MIT
 *
 * fast.c: the short way for text as it mostly is: plain records of FASTQ and plain lines of FASTA are found, copied and
 * checked in one pass, many in one call. Everything else is left where it stands.
 */
#include <string.h>

#include "seq/letters.h"
#include "seq/parser.h"

/* ---- columns ---- */

static bai_text_column column_of(const bai_vector *bytes, const bai_vector *offsets) {
  return (bai_text_column){.bytes = bytes->data,
                           .ends = (int64_t *)offsets->data + offsets->count,
                           .count = bytes->count,
                           .room = bytes->capacity};
}

/* The columns of the batch as they stand. A name that would fill the batch has no room: the state machine stops in
 * mid-record then. */
static bai_text_columns open_columns(const bai_parser *parser) {
  const ba_records *batch = parser->batch;
  bai_text_columns columns = {.names = column_of(&batch->names, &batch->name_offsets),
                              .letters = column_of(&batch->letters, &batch->offsets),
                              .symbols = column_of(&batch->qualities, &batch->quality_offsets),
                              .wanted = batch->letters.count + BAI_BATCH_LETTERS - parser->done_letters,
                              .refuse_ambiguous = parser->refuse_ambiguous};
  if (parser->skip_quality) columns.symbols.bytes = NULL;
  if (columns.names.room >= BAI_BATCH_NAMES) columns.names.room = BAI_BATCH_NAMES - 1;
  return columns;
}

/* ---- FASTQ ---- */

void bai_fastq_fast(bai_parser *parser, bai_window *window) {
  ba_records *batch = parser->batch;
  bai_text_columns columns = open_columns(parser);
  int64_t most = parser->most - batch->count, room = bai_records_room_left(batch), bytes;
  int64_t taken =
      parser->kernels->cut_records(&columns, window->at, window->end - window->at, most < room ? most : room, &bytes);
  if (taken == 0) return;
  parser->done_letters += columns.letters.count - batch->letters.count;
  parser->done_ambiguous += columns.ambiguous;
  window->at += bytes;
  parser->done_bytes = bai_window_offset(window, window->at);
  parser->record += taken;
  batch->names.count = columns.names.count;
  batch->letters.count = columns.letters.count;
  batch->qualities.count = columns.symbols.count;
  batch->name_offsets.count += taken;
  batch->offsets.count += taken;
  batch->quality_offsets.count += taken;
  batch->count += taken;
}

/* ---- FASTA ---- */

/* Takes the header line; the record before it ends there. Returns 1, or 0 if the line is not taken. */
static int32_t take_header(bai_parser *parser, bai_window *window) {
  ba_records *batch = parser->batch;
  const uint8_t *stop = memchr(window->at, '\n', (size_t)(window->end - window->at));
  if (stop == NULL) return 0;
  if (parser->open) {
    if (bai_records_room_left(batch) == 0) return 0;
    (void)bai_parser_commit(parser, bai_window_offset(window, window->at)); /* there is room, so it cannot fail */
    if (bai_parser_full(parser)) return 0;
  }
  bai_text_column names = open_columns(parser).names;
  int64_t n = stop - window->at - 1;
  if (n + BAI_LETTER_SLACK > names.room - names.count) return 0;
  if (parser->kernels->copy_name(names.bytes + names.count, window->at + 1, n)) return 0;
  batch->names.count += n;
  parser->open = 1;
  window->at = stop + 1;
  return 1;
}

static int32_t take_lines(bai_parser *parser, bai_window *window) {
  bai_vector *letters = &parser->batch->letters;
  bai_text_columns columns = open_columns(parser);
  int64_t bytes;
  columns.wanted =
      parser->chunk > 0 ? bai_records_offsets(parser->batch)[parser->batch->count] + parser->chunk : INT64_MAX;
  if (parser->kernels->join_lines(&columns, window->at, window->end - window->at, &bytes) == 0) return 0;
  window->at += bytes;
  parser->letters += columns.letters.count - letters->count;
  parser->ambiguous += columns.ambiguous;
  letters->count = columns.letters.count;
  return 1;
}

void bai_fasta_fast(bai_parser *parser, bai_window *window) {
  while (window->at < window->end) {
    int32_t taken = 0;
    if (*window->at == '>') {
      taken = take_header(parser, window);
    } else if (parser->open) {
      taken = take_lines(parser, window);
    }
    if (!taken) return;
  }
}
