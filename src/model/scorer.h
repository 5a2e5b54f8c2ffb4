/* SPDX-License-Identifier: MIT
 *
 * scorer.h: the inside of a scorer, for the files that score.
 */
#ifndef BAI_MODEL_SCORER_H
#define BAI_MODEL_SCORER_H

#include "array/array.h"
#include "model/model.h"

/* Where answers go: a row of outputs after the other; NULL: they are not wanted. */
typedef struct bai_answers {
  double *scores, *probabilities;
} bai_answers;

/* Rows that a model of one hidden layer over numbers takes together: none, because it is another model; after the way
 * to its columns; or as they stand. */
enum { BAI_GROUP_NONE, BAI_GROUP_MADE, BAI_GROUP_PLAIN };
#define BAI_GROUP_ROWS 56 /* whose sums stay in the cache until outputs are made of them */

typedef struct bai_group {
  int32_t kind, is_open; /* of the model; for this call */
  float *rows;           /* the columns of those that wait, made when first wanted */
  double *sums;
  int64_t count;
} bai_group;

struct ba_scorer {
  ba_context *context;
  ba_model *model;
  bai_lane *lanes;
  int32_t lane_count;
  const bai_kernels *fastest; /* for a context that has not chosen a level: one row is soon done */
  int64_t features;           /* numbers of a row of features; -1 for a model that takes none */
  double *weights64;          /* outputs x width, made when float64 rows are first scored */
  float *weights32;           /* the same as float32, made at once: a single row allocates nothing */
  double *centres;            /* one a unit: what its sum has of the centres of scales */
  double *totals;             /* sums of `group` rows of features by each unit */
  int64_t group;
  double *scores; /* one row of outputs, for such a row */
  double *sums;   /* and of its units */
  bai_group waiting;
  double *inputs; /* of one row of a table with what the members compute; NULL for a model that reads none */
  double *states; /* of the members' series, then working memory for them */
  int64_t state_size;
  double *shares; /* of the call that asks for them: what each column gives to the score of `output` */
  int32_t output;
  int32_t drift;      /* requests are counted */
  int64_t duplicates; /* of the last table: rows with the time of a row before in their group */
};

/* rows.c: what rows of features need, beside the weights of float64. */
ba_status bai_scorer_take_features(ba_scorer *scorer);
/* inputs_rows.c: rows of numbers by a model that reads tables. */
ba_status bai_scorer_predict_inputs(ba_scorer *scorer, const ba_array *rows, double *scores, double *probabilities);
/* A row that is not one of features: of such a model, or one that is refused. */
ba_status bai_scorer_predict_input_row(ba_scorer *scorer, const bai_kernels *kernels, const float *row, int64_t width,
                                       double *scores);
/* hidden_rows.c: the kind of a model's groups; then, for a call of so many rows, room for them. */
int32_t bai_group_fits(const ba_model *model);
ba_status bai_group_begin(ba_scorer *scorer, int64_t rows);
/* Takes the row in scorer->inputs, or returns 0 because it has to go alone, or all have. */
int32_t bai_group_take(ba_scorer *scorer, const bai_kernels *kernels);
/* Scores those that wait, the last of which is the one before row `end`; with `when_full` only when there are enough.
 */
ba_status bai_group_end(ba_scorer *scorer, const bai_kernels *kernels, const bai_answers *answers, int64_t end,
                        int32_t when_full);
/* Scores up to BAI_GROUP_ROWS rows of float32 as they stand; 0 when one of them has to go alone. */
int32_t bai_group_plain(ba_scorer *scorer, const bai_kernels *kernels, const ba_array *rows, int64_t first, int64_t end,
                        const bai_answers *answers);
/* scorer.c: counts the scores of a row of a table, where requests are counted. */
void bai_scorer_watch(ba_scorer *scorer, const double *scores);
/* Scores each window by itself. */
ba_status bai_scorer_windows(ba_scorer *scorer, const char *letters, int64_t window, int64_t step, int64_t count,
                             double *scores);
/* Says why a sequence could not be scored; `record` from 1 on, -1: there is none. */
ba_status bai_scorer_explain(const ba_scorer *scorer, ba_status status, int64_t record, const char *letters,
                             int64_t length);
/* Makes sure of `count` lanes with room for sequences of `longest` letters. */
ba_status bai_scorer_reserve(ba_scorer *scorer, int32_t count, int64_t longest);

#endif
