/* SPDX-License-Identifier: MIT
 *
 * fasta.c: the FASTA state machine. A record ends where the next '>' begins a line, or where the input ends.
 */
#include <string.h>

#include "seq/letters.h"
#include "seq/parser.h"

enum { LINE_START, HEADER, SEQUENCE };

static ba_status wrong_start(bai_parser *parser, bai_window *window) {
  int64_t offset = bai_window_offset(window, window->at);
  if (*window->at == ';') {
    return bai_fail_at(parser->context, BA_ERR_FORMAT, parser->record, offset,
                       "a line starts with ';': FASTA comment lines are not read; expected '>' or letters");
  }
  return bai_fail_letter(parser->context, parser->record, offset, *window->at);
}

static ba_status line_start(bai_parser *parser, bai_window *window) {
  uint8_t first = *window->at;
  if (bai_at_line_end(window)) {
    bai_parser_end_line(parser, window);
  } else if (first == '>') {
    if (parser->open) return bai_parser_commit(parser, bai_window_offset(window, window->at));
    parser->open = 1;
    parser->state = HEADER;
    window->at++;
  } else if (first == ';') {
    return wrong_start(parser, window);
  } else {
    parser->state = SEQUENCE;
  }
  return BA_OK;
}

static ba_status repeat_tail(ba_context *context, bai_vector *bytes, int64_t n) {
  ba_status status = bai_vector_reserve(context, bytes, n + BAI_LETTER_SLACK, 1);
  if (status || n == 0) return status;
  uint8_t *end = (uint8_t *)bytes->data + bytes->count;
  memcpy(end, end - n, (size_t)n);
  return BA_OK;
}

/* Ends a piece and starts the next: it has the same name, and the last letters of this one. */
static ba_status cut_piece(bai_parser *parser, bai_window *window) {
  ba_records *batch = parser->batch;
  const int64_t name = batch->names.count - ((const int64_t *)batch->name_offsets.data)[batch->count];
  const int64_t start = parser->start + parser->chunk - parser->overlap;
  ba_status status = repeat_tail(parser->context, &batch->letters, parser->overlap);
  if (!status) status = repeat_tail(parser->context, &batch->names, name);
  if (!status) status = bai_parser_commit(parser, bai_window_offset(window, window->at));
  if (status) return status;
  batch->more = 1;
  batch->letters.count += parser->overlap;
  batch->names.count += name;
  parser->start = start;
  parser->open = 1;
  parser->record--;
  return BA_OK;
}

/* Letters of a line, no more than the piece has room for. */
static ba_status take_letters(bai_parser *parser, bai_window *window, int32_t *ended) {
  const ba_records *batch = parser->batch;
  const int64_t room = parser->chunk - (batch->letters.count - bai_records_offsets(batch)[batch->count]);
  if (parser->chunk == 0 || room >= window->end - window->at || bai_at_line_end(window)) {
    return bai_parser_take(parser, window, BAI_SEQUENCE, ended);
  }
  if (room == 0) return cut_piece(parser, window);
  bai_window part = {.at = window->at, .end = window->at + room};
  part.end_offset = bai_window_offset(window, part.end);
  ba_status status = bai_parser_take(parser, &part, BAI_SEQUENCE, ended);
  window->at = part.at;
  return status;
}

ba_status bai_fasta_parse(bai_parser *parser, bai_window *window) {
  while (!bai_parser_full(parser) && bai_parser_ready(parser, window)) {
    if (parser->kernels && parser->state == LINE_START) {
      bai_fasta_fast(parser, window);
      if (window->at == window->end || bai_parser_full(parser)) return BA_OK;
    }
    int32_t ended = 0;
    ba_status status = parser->state == LINE_START ? line_start(parser, window)
                       : parser->state == HEADER   ? bai_parser_take(parser, window, BAI_NAME, &ended)
                                                   : take_letters(parser, window, &ended);
    if (status) return status;
    if (ended) parser->state = LINE_START;
  }
  return BA_OK;
}

ba_status bai_fasta_finish(bai_parser *parser, int64_t end) {
  return parser->open ? bai_parser_commit(parser, end) : BA_OK;
}
