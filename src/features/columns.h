/* SPDX-License-Identifier: MIT
 *
 * columns.h: rows of a table as the inputs of a plan.
 */
#ifndef BAI_FEATURES_COLUMNS_H
#define BAI_FEATURES_COLUMNS_H

#include "array/array.h"
#include "features/plan.h"

/* Where one number or text of a row comes from. */
typedef struct bai_place {
  const bai_column *column; /* of the table, which must live as long */
  int64_t at;               /* of an array of two dimensions: which number of the row */
} bai_place;

typedef struct bai_columns_link {
  const bai_inputs *inputs;
  bai_place *places; /* one an input */
} bai_columns_link;

/* Finds the columns by their names; column "x" of two dimensions has numbers "x_0", "x_1" and so on. BA_ERR_TABLE for
 * one that is not there, or is of texts where numbers are wanted and a text of them is none: with the row. */
ba_status bai_columns_find(ba_context *context, const ba_table *table, const bai_inputs *inputs, bai_columns_link *out);
void bai_columns_free(ba_context *context, bai_columns_link *link);
/* Where the columns' numbers stand, if all are float32 that lie side by side, none of them missing; else 0. */
int32_t bai_columns_floats(const bai_columns_link *link, const float **columns);
/* The inputs of a row. */
void bai_columns_read(const bai_columns_link *link, int64_t row, double *inputs);
/* The same of many rows, given by their places; `stride` numbers from one to the next. Columns lie apart in memory, so
 * a few rows of a few columns go at a time. */
void bai_columns_read_rows(const bai_columns_link *link, const int64_t *rows, int64_t count, int64_t stride,
                           double *inputs);

/* One a row, which the caller frees: the number of the text that the row has in a column, -1 for none; and the time.
 * BA_ERR_TABLE for no such column, BA_ERR_NUMBER with the row for no time. */
ba_status bai_columns_groups(ba_context *context, const ba_table *table, const char *name, int32_t **out);
ba_status bai_columns_times(ba_context *context, const ba_table *table, const char *name, double **out);
/* How many rows have a time that a row before had in their group, and the first of them from row `from` on, or -1.
 * `groups` NULL: all rows are one. */
ba_status bai_series_repeats(ba_context *context, const int32_t *groups, const double *times, int64_t rows,
                             int64_t from, int64_t *count, int64_t *first);
/* The same of all rows of a table whose times are from the column `name`; where `refuse`, BA_ERR_NUMBER with the first
 * such row. */
ba_status bai_columns_repeats(ba_context *context, const char *name, const int32_t *groups, const double *times,
                              int64_t rows, int32_t refuse, int64_t *count);

/* Rows of a table that a plan learns from. */
typedef struct bai_table_part {
  const ba_table *table;
  const int64_t *rows; /* their places in the table; NULL: all, as they stand */
  const uint8_t *uses; /* rows of another use than this are left aside; NULL: none */
  uint8_t use;
  int64_t first, count; /* of all parts, for messages */
} bai_table_part;
/* columns_learn.c: which columns of numbers there are, in the first part's table but for those of `roles`, and which
 * texts each category has. The plan is not laid out yet. */
ba_status bai_columns_learn(ba_context *context, const bai_table_part *parts, int64_t count, const bai_names *roles,
                            bai_plan *plan);

/* A place by its name; column NULL when there is none. */
bai_place bai_place_of(const ba_table *table, const char *name);
/* 1 for one of numbers. */
int32_t bai_place_has_numbers(const bai_place *place);
/* NaN for none. */
double bai_place_number(const bai_place *place, int64_t row);
/* The text of a row, NULL for none. A number, and a text that is one, is the shortest text of it, so that a column is
 * the same whether its reader knew that it has numbers or not; it stands in `buffer`. */
const char *bai_place_text(const bai_place *place, int64_t row, char buffer[32], int64_t *length);

#endif
