/* SPDX-License-Identifier: MIT
 *
 * lbfgs.h: limited-memory BFGS by reverse communication: ask for a point, tell its objective and gradient.
 */
#ifndef BAI_TRAIN_LBFGS_H
#define BAI_TRAIN_LBFGS_H

#include "kernels/kernels.h"
#include "train/archive.h"

typedef struct bai_lbfgs bai_lbfgs;

/* What a point that was told led to. */
typedef enum bai_lbfgs_news {
  BAI_LBFGS_SEARCHING, /* the line search wants another point */
  BAI_LBFGS_ADVANCED,  /* a new iterate: bai_lbfgs_point and its objective have moved */
  BAI_LBFGS_STUCK      /* no point with a smaller objective can be found in double precision */
} bai_lbfgs_news;

/* `start` is copied; `memory` pairs of vectors are kept. */
ba_status bai_lbfgs_create(ba_context *context, int64_t parameters, int32_t memory, const double *start,
                           bai_lbfgs **out);
void bai_lbfgs_destroy(bai_lbfgs *solver);
/* Writes its state down, or takes it back. */
void bai_lbfgs_archive(bai_lbfgs *solver, bai_archive *archive);
/* The point to evaluate. */
const double *bai_lbfgs_ask(const bai_lbfgs *solver);
/* Its objective and gradient; an objective that is not finite makes the step shorter. */
bai_lbfgs_news bai_lbfgs_tell(bai_lbfgs *solver, const bai_kernels *kernels, double objective, const double *gradient);
/* The best iterate so far, its objective, and the largest entry of its gradient in size. */
const double *bai_lbfgs_point(const bai_lbfgs *solver);
double bai_lbfgs_objective(const bai_lbfgs *solver);
double bai_lbfgs_slope(const bai_lbfgs *solver);
int64_t bai_lbfgs_iterations(const bai_lbfgs *solver);

/* line_search.c: Moré and Thuente, "Line search algorithms with guaranteed sufficient decrease", ACM TOMS 20 (1994). */
typedef struct bai_line {
  double start_value, start_slope;     /* at step 0; the slope is negative */
  double step;                         /* to try next */
  double low, low_value, low_slope;    /* the best end of the interval */
  double high, high_value, high_slope; /* the other end */
  double least, most;                  /* bounds on the next step */
  double width, width_before;
  int32_t bracketed, second_stage, tries;
  int32_t settling; /* nothing better is left: goes back to the best end */
} bai_line;
typedef enum bai_line_news { BAI_LINE_TRY, BAI_LINE_DONE, BAI_LINE_FAILED } bai_line_news;
void bai_line_start(bai_line *line, double value, double slope, double step);
/* Value and slope at line->step. DONE: the strong Wolfe conditions hold (or the best that rounding allows). */
bai_line_news bai_line_tell(bai_line *line, double value, double slope);

#endif
