/* SPDX-License-Identifier: MIT
 *
 * piece.h: some rows of a block as a pass wants them, as bytes: what whoever has rows keeps of them from round to
 * round, where it cannot keep memory of this process. A piece fits a near cache, so that a copy of it costs little.
 */
#ifndef BAI_TRAIN_PIECE_H
#define BAI_TRAIN_PIECE_H

#include "train/problem.h"

#define BAI_PIECE_BYTES (INT64_C(192) << 10) /* a piece ends with the row that goes beyond */

/* How the numbers of rows stand in a piece. */
enum {
  BAI_PIECE_COUNTS,  /* counts below 256, a byte each */
  BAI_PIECE_WIDE,    /* counts of four bytes */
  BAI_PIECE_VALUES,  /* values of eight bytes */
  BAI_PIECE_NUMBERS, /* rows of a table that go by tiles: float64, */
  BAI_PIECE_FLOATS   /* or float32 where that is the same */
};

/* What the rows of a piece are of. */
typedef struct bai_piece_head {
  uint64_t run;    /* a digest of recipe, classes, seed and length */
  int64_t first;   /* number of the first row */
  int32_t rows;    /* of the piece, */
  int32_t all;     /* and of its block */
  int64_t trained; /* training rows, their letters, and their digest */
  int64_t letters;
  uint64_t digest;
} bai_piece_head;

/* A piece that was opened; what it points to is in its bytes. */
struct bai_piece {
  bai_piece_head head;
  int32_t form;
  const uint8_t *uses;
  const int32_t *labels; /* in class order; NULL where numbers are to be found: */
  const double *targets;
  const double *weights, *offsets; /* NULL: 1 and 0 */
  const int64_t *starts;           /* of the entries of each row, and the end of the last */
  const uint32_t *ends;            /* of the blocks of each row, within it */
  const double *divisors;          /* of each row's blocks */
  const uint32_t *columns;         /* of entries; or two bytes each: */
  const uint16_t *narrow;
  const void *numbers;          /* as the form has them */
  double (*table)[256];         /* what counts below 256 stand for, for each kind of value */
  uint32_t *row_columns;        /* room for the longest row */
  double *row_values, *weighed; /* the same; weights of all rows, as the problem has them */
};

/* Sets trained, letters and digest of the rows from one to before another. */
typedef ba_status (*bai_piece_measure)(void *argument, int64_t first, int64_t end, bai_piece_head *head);
/* Appends pieces of the rows that a problem has borrowed. `head` has the run, and the number of the first row. */
ba_status bai_pieces_write(bai_problem *problem, bai_piece_head head, bai_piece_measure measure, void *argument,
                           bai_vector *out);
/* The bytes of the piece that starts there; BA_ERR_CORRUPT when there is no whole one, BA_ERR_ARGUMENT for one of
 * another run. */
ba_status bai_piece_length(ba_context *context, const uint8_t *bytes, int64_t n, uint64_t run, int64_t *length);
/* Opens a piece, whose bytes stand at a multiple of 8. Closed also after a failure. */
ba_status bai_piece_open(const bai_problem *problem, int32_t classes, const uint8_t *bytes, bai_piece *out);
void bai_piece_close(ba_context *context, bai_piece *piece);
/* Puts the rows of a piece in the place of the problem's own, which `own` keeps, until they are put back; `dataset` is
 * made to be of them. */
void bai_piece_lend(const bai_piece *piece, ba_dataset *dataset, bai_problem *problem, bai_problem *own);
/* Points a lane to a row of the piece, as bai_problem_features does. */
void bai_piece_row(const bai_plan *plan, const bai_piece *piece, int64_t row, bai_pass_lane *lane);

#endif
