/* SPDX-License-Identifier: MIT
 *
 * fasta.c: the FASTA state machine. A record ends where the next '>' begins a line, or where the input ends.
 */
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

ba_status bai_fasta_parse(bai_parser *parser, bai_window *window) {
  while (!bai_parser_full(parser) && bai_parser_ready(parser, window)) {
    if (parser->kernels && parser->state == LINE_START) {
      bai_fasta_fast(parser, window);
      if (window->at == window->end || bai_parser_full(parser)) return BA_OK;
    }
    int32_t ended = 0;
    ba_status status = parser->state == LINE_START ? line_start(parser, window)
                       : parser->state == HEADER   ? bai_parser_take(parser, window, BAI_NAME, &ended)
                                                   : bai_parser_take(parser, window, BAI_SEQUENCE, &ended);
    if (status) return status;
    if (ended) parser->state = LINE_START;
  }
  return BA_OK;
}

ba_status bai_fasta_finish(bai_parser *parser, int64_t end) {
  return parser->open ? bai_parser_commit(parser, end) : BA_OK;
}
