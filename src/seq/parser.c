/* SPDX-License-Identifier: MIT
 *
 * parser.c: pieces of lines into the columns of a batch. A line ends at LF, CR LF or a lone CR.
 */
#include "seq/parser.h"

#include <string.h>

#include "seq/letters.h"

int32_t bai_parser_ready(bai_parser *parser, bai_window *window) {
  if (parser->after_return && window->at < window->end) {
    parser->after_return = 0;
    if (*window->at == '\n') {
      if (parser->done_bytes == bai_window_offset(window, window->at)) parser->done_bytes++; /* its last line's */
      window->at++;
    }
  }
  return window->at < window->end;
}

void bai_parser_end_line(bai_parser *parser, bai_window *window) {
  parser->after_return = *window->at++ == '\r';
  bai_parser_ready(parser, window);
}

/* The piece's letters have been copied to `text`; *n is cut where the line or the good letters end. */
static ba_status check_letters(bai_parser *parser, uint8_t *text, int64_t *n, int64_t offset) {
  bai_letter_scan found = bai_scan_letters(text, *n);
  if (found.bad >= 0) *n = found.bad;
  if (found.ambiguous > 0 && parser->refuse_ambiguous) {
    int64_t first = bai_first_ambiguous(text, *n);
    return bai_fail_at(parser->context, BA_ERR_LETTER, parser->record, offset + first,
                       "the letter '%c' with ambiguous=error: expected A, C, G, T or U", text[first]);
  }
  parser->letters += *n;
  parser->ambiguous += found.ambiguous;
  if (found.bad >= 0 && text[found.bad] != '\r') {
    return bai_fail_letter(parser->context, parser->record, offset + found.bad, text[found.bad]);
  }
  return BA_OK;
}

static ba_status check_symbols(bai_parser *parser, uint8_t *text, int64_t *n, int64_t offset) {
  int64_t bad = bai_scan_symbols(text, *n);
  if (bad >= 0) *n = bad;
  if (parser->symbols == 0) parser->quality_at = offset;
  parser->symbols += *n;
  if (bad >= 0 && text[bad] != '\r') return bai_fail_symbol(parser->context, parser->record, offset + bad, text[bad]);
  return BA_OK;
}

static ba_status check_name(bai_parser *parser, uint8_t *text, int64_t *n, int64_t offset) {
  int64_t bad = bai_scan_name(text, *n);
  if (bad >= 0) *n = bad;
  if (bad >= 0 && text[bad] != '\r') return bai_fail_name(parser->context, parser->record, offset + bad, text[bad]);
  return BA_OK;
}

ba_status bai_parser_take(bai_parser *parser, bai_window *window, bai_kind kind, int32_t *ended) {
  ba_records *batch = parser->batch;
  bai_vector *column = kind == BAI_NAME ? &batch->names : kind == BAI_SEQUENCE ? &batch->letters : &batch->qualities;
  const uint8_t *from = window->at, *stop = memchr(from, '\n', (size_t)(window->end - from));
  if (stop == NULL) stop = window->end;
  if (stop > from && stop < window->end && stop[-1] == '\r') stop--;
  int64_t n = stop - from, offset = bai_window_offset(window, from);
  *ended = 0;
  if (column->capacity - column->count < n + BAI_LETTER_SLACK) {
    ba_status status = bai_vector_reserve(parser->context, column, n + BAI_LETTER_SLACK, 1);
    if (status) return status;
  }
  uint8_t *text = (uint8_t *)column->data + column->count;
  memcpy(text, from, (size_t)n);
  ba_status status = kind == BAI_NAME       ? check_name(parser, text, &n, offset)
                     : kind == BAI_SEQUENCE ? check_letters(parser, text, &n, offset)
                                            : check_symbols(parser, text, &n, offset);
  if (status) return status;
  if (kind != BAI_QUALITY || !parser->skip_quality) column->count += n;
  window->at = from + n;
  if (window->at < window->end) {
    *ended = 1;
    bai_parser_end_line(parser, window);
  }
  return BA_OK;
}

ba_status bai_parser_commit(bai_parser *parser, int64_t end) {
  ba_status status = bai_records_commit(parser->batch);
  if (status) return status;
  if (parser->batch->count == 1) parser->batch->start = parser->start;
  parser->start = 0;
  parser->done_letters += parser->letters;
  parser->done_ambiguous += parser->ambiguous;
  parser->done_bytes = end;
  parser->record++;
  parser->letters = parser->ambiguous = 0;
  parser->open = 0;
  parser->sequence_lines = parser->plus_length = 0;
  parser->symbols = parser->first_line_symbols = parser->quality_at = 0;
  return BA_OK;
}

ba_status bai_parser_lacks_quality(const bai_parser *parser, const char *what) {
  return bai_fail_at(parser->context, BA_ERR_FORMAT, parser->record, -1,
                     "%s, which trim_quality, trim_start_quality and min_mean_quality need", what);
}
