/* SPDX-License-Identifier: MIT
 *
 * series.h: numbers that a plan computes from columns row by row: of the row alone, or of the rows of its series so
 * far. What a series has come to is a run of doubles, the same for tables and for streams: a table is a stream of its
 * rows, so the two cannot differ.
 */
#ifndef BAI_FEATURES_SERIES_H
#define BAI_FEATURES_SERIES_H

#include "features/inputs.h"
#include "kernels/kernels.h"

#define BAI_SERIES_INPUTS 32 /* columns of one term */
#define BAI_SERIES_OUTPUTS 4 /* numbers of one term */

typedef struct bai_series_term bai_series_term;

/* What goes into a term: the words of the key `of`, in its order. */
enum { BAI_OF_VALUE, BAI_OF_DIFFERENCE, BAI_OF_RETURN, BAI_OF_LOG_RETURN };

#define BAI_SERIES_MANY 128  /* rows that a term may be given at once, */
#define BAI_SERIES_COLUMNS 3 /* if it has no more columns than this */

/* What a term is given with a row whose columns all have values; or with several such rows, if its kind takes many. */
typedef struct bai_tick {
  const bai_kernels *kernels;
  const double *x; /* values of its columns, after the key `of`; those of the next row behind them */
  int64_t n;       /* rows that it was given before */
  int64_t rows;    /* how many these are */
  int64_t step;    /* from the results of a row to those of the next */
  double time;     /* NaN: the row has none */
  double gap;      /* time since the row before; 1 where there are no times */
  double *scratch; /* of the size that the kind asks for */
} bai_tick;

/* A state starts as zeros. `out` is NaN before the call, and what is not written, or is not finite, stays missing. */
typedef struct bai_series_kind {
  bai_term_kind kind;
  const char *outputs; /* "upper|middle|lower"; NULL: one without a name */
  void (*update)(const bai_series_term *term, const bai_tick *tick, double *state, double *out);
  int64_t (*size)(const bai_series_term *term);                         /* of a state; NULL: 0 */
  int64_t (*scratch)(const bai_series_term *term);                      /* NULL: 0 */
  ba_status (*check)(ba_context *context, const bai_series_term *term); /* of keys together; NULL: none */
  /* Takes in the state of other rows of the same series; NULL for a kind with a state: there is none that would do. */
  void (*merge)(const bai_series_term *term, double *state, const double *other);
  int32_t of;                                        /* what goes in, of a kind without the key */
  int32_t needs_past;                                /* rows before matter */
  int32_t many;                                      /* takes several rows at once */
  int32_t (*is_single)(const bai_series_term *term); /* but one by one with these keys; NULL: no */
} bai_series_kind;

struct bai_series_term {
  const bai_series_kind *kind;
  bai_term term;
  double p[BAI_TERM_KEYS]; /* the values of its keys but names, of, per and missing, in their order */
  int32_t input_count;
  int64_t inputs[BAI_SERIES_INPUTS]; /* places among the inputs of the plan */
  int32_t of, by_time;               /* its keys of and per */
  int32_t list_count;                /* numbers of its list, -1 for one that is none */
  double list[BAI_SERIES_INPUTS];
  int32_t many;         /* may be given several rows at once */
  int64_t width, first; /* its numbers among those of the plan */
  int64_t state, size;  /* its part of a state */
};

/* All such terms of a plan, in the order of the recipe. */
typedef struct bai_series {
  bai_series_term *terms;
  int32_t count;
  int32_t needs_past;
  int64_t width;   /* numbers of a row */
  int64_t size;    /* doubles of the state of one series */
  int64_t scratch; /* doubles of working memory */
} bai_series;

/* How many numbers a term makes of a row. */
int64_t bai_series_outputs(const bai_term *term);
/* `inputs` must have the columns that the recipe names. Freed also after a failure. */
ba_status bai_series_make(ba_context *context, const bai_pipeline *recipe, const bai_inputs *inputs, bai_series *out);
void bai_series_free(ba_context *context, bai_series *series);
/* One row of a series: takes it into the state and writes series->width numbers, NaN for missing ones. `time` NaN: it
 * has none. Returns how many terms left the row out because a column has no value. */
int32_t bai_series_update(const bai_kernels *kernels, const bai_series *series, const double *inputs, double time,
                          double *state, double *scratch, double *out);
/* The first term whose state cannot be put together from the states of two parts of a series; NULL: all can. */
const bai_series_term *bai_series_whole(const bai_series *series);
/* Takes the state of other rows of the same series into a state; of a series all of whose terms can. */
void bai_series_merge(const bai_series *series, double *state, const double *other);
/* Rows of one series, to the bit as bai_series_update takes them one by one. Returns how many of them some term left
 * out. */
typedef struct bai_series_run {
  const double *inputs; /* of row i from inputs + i * input_step */
  int64_t input_step, input_count;
  const double *times; /* NULL: they have none */
  int64_t rows;
  double *out; /* of row i from out + i * out_step */
  int64_t out_step;
} bai_series_run;
int64_t bai_series_update_run(const bai_kernels *kernels, const bai_series *series, const bai_series_run *run,
                              double *state, double *scratch);
/* Whether numbers can be a state: bai_series_update is safe with them. */
int32_t bai_series_is_state(const bai_series *series, const double *state);
/* Appends what a number is called: "Rolling_close.std.20", "MACD_close.12.26.9.signal". */
ba_status bai_series_name(ba_context *context, const bai_series *series, int64_t output, bai_vector *text);

/* Rows of numbers `stride` apart, each with a plan's inputs and room for what it computes from them behind. */
typedef struct bai_series_rows {
  double *rows;
  int64_t stride, count;
  const int32_t *groups; /* the series of each row, from -1; NULL: one */
  const double *times;   /* the rows of a series go in their order, equal ones as they stand; NULL: all as they stand */
} bai_series_rows;
ba_status bai_series_fill(ba_context *context, const bai_series *series, int64_t inputs, const bai_series_rows *rows);

/* One list a family, ended by update NULL. */
extern const bai_series_kind bai_series_moves[];     /* series_moves.c: the row, and rows some way back */
extern const bai_series_kind bai_series_windows[];   /* series_windows.c: the last rows */
extern const bai_series_kind bai_series_expanding[]; /* series_expanding.c: all rows so far */
extern const bai_series_kind bai_series_smooth[];    /* series_smooth.c: means that forget */
extern const bai_series_kind bai_series_demand[];    /* series_demand.c: forecasts */
extern const bai_series_kind bai_series_detect[];    /* series_detect.c: changes */

#endif
