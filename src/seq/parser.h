/* SPDX-License-Identifier: MIT
 *
 * parser.h: what the FASTA and FASTQ parsers share. A parser is a state machine over pieces of lines, so it gives the
 * same records and errors however the input is cut; bytes go straight from the window into the batch.
 */
#ifndef BAI_SEQ_PARSER_H
#define BAI_SEQ_PARSER_H

#include "kernels/kernels.h"
#include "seq/records.h"
#include "seq/source.h"

/* A batch is full when it holds this many letters, or this many bytes of names, or ends in a piece. With its qualities
 * it has to fit the second-level cache, beside the window. */
#define BAI_BATCH_LETTERS (256 * 1024)
#define BAI_BATCH_NAMES (4 * 1024 * 1024)

typedef struct bai_parser {
  ba_context *context;
  ba_records *batch; /* being filled; its unfinished record stands behind the last offsets */
  int64_t most;      /* records wanted */
  int32_t refuse_ambiguous;
  int32_t needs_quality; /* letters without qualities are an error */
  int32_t skip_quality;  /* symbols are looked at, and not kept */
  int32_t state;         /* of fasta.c or fastq.c; both start at 0 */
  int32_t after_return;  /* the last line ended in CR: an LF may still follow */
  int64_t record;        /* the number, from 1, of the record in hand or of the next one */
  int64_t done_bytes;    /* bytes of input up to the end of the last finished record */
  int64_t chunk;         /* FASTA: letters in a piece, 0 for whole records */
  int64_t overlap;       /* how many of them were in the piece before */

  /* Of the record in hand. */
  int64_t letters, ambiguous; /* letters so far; those other than A C G T U */
  int32_t open;               /* FASTA: its header has been seen */
  int64_t start;              /* FASTA in pieces: letters of its sequence before this piece */
  int64_t sequence_lines, plus_length;
  int64_t symbols, first_line_symbols, quality_at; /* quality symbols so far, in the first line, where they start */

  int64_t skipped; /* records that the options leave out, since the reader was opened */

  /* Of the finished records of the batch. */
  int64_t done_letters, done_ambiguous;

  const bai_kernels *kernels; /* NULL: without the fast path */
} bai_parser;

/* Read records until the window is empty or the batch is full; BA_OK for either. */
ba_status bai_fasta_parse(bai_parser *parser, bai_window *window);
ba_status bai_fastq_parse(bai_parser *parser, bai_window *window);
/* fast.c, for a window that stands between records or at the start of a line: takes records of four plain lines, or
 * plain lines, as long as there are any. What is odd in any way stays for the state machine, which defines the result:
 * the two agree on every input. Only whole lines with room for them in the batch are taken, so these cannot fail. */
void bai_fastq_fast(bai_parser *parser, bai_window *window);
void bai_fasta_fast(bai_parser *parser, bai_window *window);
/* The input is complete: end the last record, or say that it is cut. `end` is the length of the input. */
ba_status bai_fasta_finish(bai_parser *parser, int64_t end);
ba_status bai_fastq_finish(bai_parser *parser, int64_t end);

static inline int32_t bai_parser_full(const bai_parser *parser) {
  const ba_records *batch = parser->batch;
  return batch->count >= parser->most || parser->done_letters >= BAI_BATCH_LETTERS ||
         (batch->count > 0 && batch->names.count >= BAI_BATCH_NAMES) || batch->more;
}

/* A piece of a line: taken from the window, and whether the line ended with it. */
typedef enum bai_kind { BAI_NAME, BAI_SEQUENCE, BAI_QUALITY } bai_kind;
/* Appends the rest of the line, as far as the window has it, to the batch. *ended is 1 when the line's end was
 * reached and taken. */
ba_status bai_parser_take(bai_parser *parser, bai_window *window, bai_kind kind, int32_t *ended);
/* The window stands at a line end: takes it. */
void bai_parser_end_line(bai_parser *parser, bai_window *window);
/* Takes the LF of a CR LF whose CR ended the last line. 1 when the window has a byte to look at. */
int32_t bai_parser_ready(bai_parser *parser, bai_window *window);
/* Ends the record in hand, which took the input up to `end`. */
ba_status bai_parser_commit(bai_parser *parser, int64_t end);
/* BA_ERR_FORMAT at the record in hand: an option needs the qualities that it lacks. */
ba_status bai_parser_lacks_quality(const bai_parser *parser, const char *what);

static inline int32_t bai_at_line_end(const bai_window *window) {
  return *window->at == '\n' || *window->at == '\r';
}

#endif
