/* SPDX-License-Identifier: MIT
 *
 * fastq.c: the FASTQ state machine, wrapped lines included: letters until a line begins with '+', then quality symbols
 * until there are as many as letters.
 */
#include <string.h>

#include "seq/letters.h"
#include "seq/parser.h"

enum { BETWEEN, HEADER, SEQUENCE_START, SEQUENCE, AFTER_EMPTY, PLUS, QUALITY_START, QUALITY };

static ba_status expected(bai_parser *parser, bai_window *window, const char *what) {
  char found[8];
  return bai_fail_at(parser->context, BA_ERR_FORMAT, parser->record, bai_window_offset(window, window->at),
                     "expected %s, found %s", what,
                     bai_at_line_end(window) ? "an empty line" : bai_show_byte(found, *window->at));
}

/* When the sequence stood on one line, the first quality line is the one that is wrong. */
static ba_status wrong_count(bai_parser *parser) {
  int64_t symbols =
      parser->sequence_lines == 1 && parser->first_line_symbols > 0 ? parser->first_line_symbols : parser->symbols;
  return bai_fail_at(parser->context, BA_ERR_FORMAT, parser->record, parser->quality_at,
                     "quality has %lld symbols, sequence has %lld", (long long)symbols, (long long)parser->letters);
}

static ba_status finish_record(bai_parser *parser, int64_t end) {
  parser->state = BETWEEN;
  return bai_parser_commit(parser, end);
}

static ba_status between(bai_parser *parser, bai_window *window) {
  if (bai_at_line_end(window)) {
    bai_parser_end_line(parser, window);
    return BA_OK;
  }
  if (*window->at != '@') return expected(parser, window, "'@' at the start of a record");
  window->at++;
  parser->state = HEADER;
  return BA_OK;
}

static ba_status sequence_start(bai_parser *parser, bai_window *window) {
  if (*window->at == '+') {
    window->at++;
    parser->state = PLUS;
  } else if (parser->state == AFTER_EMPTY) {
    return expected(parser, window, "'+' after an empty sequence line");
  } else if (!bai_at_line_end(window)) {
    parser->state = SEQUENCE;
    parser->sequence_lines++;
  } else if (parser->letters == 0) {
    parser->state = AFTER_EMPTY;
    bai_parser_end_line(parser, window);
  } else {
    return expected(parser, window, "letters or '+'");
  }
  return BA_OK;
}

static ba_status wrong_plus(bai_parser *parser, int64_t offset) {
  return bai_fail_at(parser->context, BA_ERR_FORMAT, parser->record, offset,
                     "the '+' line says something else than the '@' line: expected the same name, or nothing");
}

static ba_status plus_line(bai_parser *parser, bai_window *window) {
  const ba_records *batch = parser->batch;
  int64_t name_start = ((const int64_t *)batch->name_offsets.data)[batch->count];
  int64_t name_length = batch->names.count - name_start;
  const char *name = (const char *)batch->names.data + name_start;
  while (window->at < window->end && !bai_at_line_end(window)) {
    if (parser->plus_length == name_length || name[parser->plus_length] != (char)*window->at) {
      return wrong_plus(parser, bai_window_offset(window, window->at));
    }
    parser->plus_length++;
    window->at++;
  }
  if (window->at == window->end) return BA_OK;
  if (parser->plus_length != 0 && parser->plus_length != name_length) {
    return wrong_plus(parser, bai_window_offset(window, window->at));
  }
  bai_parser_end_line(parser, window);
  parser->quality_at = bai_window_offset(window, window->at);
  parser->state = QUALITY_START;
  if (parser->letters > 0) return BA_OK;
  return finish_record(parser, parser->quality_at); /* its empty quality line, if any, counts as a blank one */
}

static ba_status quality_start(bai_parser *parser, bai_window *window) {
  if (bai_at_line_end(window)) {
    if (parser->symbols == 0) parser->quality_at = bai_window_offset(window, window->at);
    return wrong_count(parser);
  }
  parser->state = QUALITY;
  return BA_OK;
}

static ba_status quality_line(bai_parser *parser, bai_window *window) {
  int32_t ended = 0;
  ba_status status = bai_parser_take(parser, window, BAI_QUALITY, &ended);
  if (status) return status;
  if (parser->symbols > parser->letters && !parser->skip_quality) {
    /* Only the count of a line that is too long matters, so its symbols need no room. */
    ba_records *batch = parser->batch;
    batch->qualities.count = ((const int64_t *)batch->quality_offsets.data)[batch->count] + parser->letters;
  }
  if (!ended) return BA_OK;
  if (parser->first_line_symbols == 0) parser->first_line_symbols = parser->symbols;
  if (parser->symbols > parser->letters) return wrong_count(parser);
  parser->state = QUALITY_START;
  if (parser->symbols < parser->letters) return BA_OK;
  return finish_record(parser, bai_window_offset(window, window->at));
}

ba_status bai_fastq_parse(bai_parser *parser, bai_window *window) {
  while (!bai_parser_full(parser) && bai_parser_ready(parser, window)) {
    if (parser->kernels && parser->state == BETWEEN) {
      bai_fastq_fast(parser, window);
      if (window->at == window->end || bai_parser_full(parser)) return BA_OK;
    }
    ba_status status = BA_OK;
    int32_t ended = 0;
    switch (parser->state) {
      case BETWEEN:
        status = between(parser, window);
        break;
      case HEADER:
        status = bai_parser_take(parser, window, BAI_NAME, &ended);
        if (ended) parser->state = SEQUENCE_START;
        break;
      case SEQUENCE_START:
      case AFTER_EMPTY:
        status = sequence_start(parser, window);
        break;
      case SEQUENCE:
        status = bai_parser_take(parser, window, BAI_SEQUENCE, &ended);
        if (ended) parser->state = SEQUENCE_START;
        break;
      case PLUS:
        status = plus_line(parser, window);
        break;
      case QUALITY_START:
        status = quality_start(parser, window);
        break;
      default:
        status = quality_line(parser, window);
        break;
    }
    if (status) return status;
  }
  return BA_OK;
}

ba_status bai_fastq_finish(bai_parser *parser, int64_t end) {
  static const char *const where[] = {"",           "in the '@' line", "before the sequence", "in the sequence",
                                      "before '+'", "in the '+' line", "before the quality",  "in the quality"};
  const ba_records *batch = parser->batch;
  int64_t name_length = batch->names.count - ((const int64_t *)batch->name_offsets.data)[batch->count];
  int32_t state = parser->state, quality = state == QUALITY || state == QUALITY_START;
  int32_t plus_whole = state == PLUS && (parser->plus_length == 0 || parser->plus_length == name_length);
  if (state == BETWEEN) return BA_OK;
  if (quality && parser->symbols > parser->letters) return wrong_count(parser);
  if ((quality && parser->symbols == parser->letters) || (plus_whole && parser->letters == 0)) {
    return finish_record(parser, end);
  }
  if (quality && parser->symbols > 0) {
    return bai_fail_at(parser->context, BA_ERR_TRUNCATED, parser->record, end,
                       "the input ends in the quality: %lld symbols for %lld letters", (long long)parser->symbols,
                       (long long)parser->letters);
  }
  return bai_fail_at(parser->context, BA_ERR_TRUNCATED, parser->record, end, "the input ends %s of a FASTQ record",
                     where[state]);
}
