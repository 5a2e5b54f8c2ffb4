/* SPDX-License-Identifier: MIT
 *
 * dataset.h: the inside of a dataset. Bases stand packed, four a byte; what two bits cannot say is a list of
 * exceptions. A row with more than one exception in four letters, such as protein, has five bits a letter instead. Row
 * id is the order in the source. What is the same for all rows, as in most datasets of reads, takes no room: a list of
 * one item a row stays empty while every row has the usual one.
 */
#ifndef BAI_TRAIN_DATASET_H
#define BAI_TRAIN_DATASET_H

#include "bioanalytics/train.h"
#include "features/plan.h"
#include "model/model.h"

/* A letter other than A C G T (U is T), with its case folded up. */
typedef struct bai_exception {
  int64_t position; /* in the row */
  char letter;
} bai_exception;

/* A row that has exceptions, and the first of them. */
typedef struct bai_odd_row {
  int64_t row, first;
} bai_odd_row;

/* A table whose rows a dataset has, and the first of them in the dataset. */
typedef struct bai_dataset_table {
  ba_table *table;
  int64_t first;
} bai_dataset_table;

struct ba_dataset {
  ba_context *context;
  int64_t rows;
  bai_vector packed;        /* bytes; every row starts on a byte */
  int64_t usual_length;     /* of all rows, two bits a base, while there are no places */
  bai_vector places;        /* int64: 8 x first byte + 4 for five bits a letter + length % 4 */
  bai_vector exceptions;    /* bai_exception, by row and position */
  bai_vector odd_rows;      /* bai_odd_row, rising */
  bai_vector odd_starts;    /* int64, of each 64 rows: how many odd rows are before them */
  bai_vector symbols;       /* quality symbols, of the rows that have them */
  bai_vector symbol_starts; /* int64, -1 for none; empty unless keeps_quality */
  bai_vector names;         /* bytes of all names */
  bai_vector name_ends;     /* int64; empty while no row has a name */
  bai_vector labels;        /* int32, order of first sight */
  /* Empty while every row has the usual one: */
  bai_vector weights;      /* double, 1 */
  bai_vector groups;       /* int32, -1 for none */
  bai_vector times;        /* double, NaN for none */
  bai_vector offsets;      /* double, added to the margin, 0 */
  bai_vector parts, folds; /* int32: BA_PART_TRAIN; -1 for no fold */
  bai_vector tables;       /* bai_dataset_table, retained; none in a dataset of sequences */
  bai_vector table_rows;   /* int64, the place of each row in its table; empty in a dataset of sequences */
  bai_vector csr_columns, csr_values, csr_starts; /* uint32, double; int64, rows + 1: of sparse rows */
  bai_names roles;                                /* columns of the tables that are targets, weights and the like */
  bai_names classes, group_names;
  bai_vector class_order; /* int32: class order to order of first sight; made when asked for */
  int64_t longest, bases, ambiguous, left_out, duplicates;
  int32_t folds_made;
  int32_t folds_in_time; /* they follow each other: a fold is tested by what was learnt from those before it */
  int32_t keeps_quality, drops_names;
};

/* One row to add. */
typedef struct bai_new_row {
  const char *letters, *name, *label, *group; /* group NULL for none */
  const char *symbols;                        /* one a letter; NULL for none */
  int64_t letters_length, name_length, label_length, group_length;
  double weight;
  const double *time;   /* NULL for none */
  const double *offset; /* NULL for none */
  int32_t part;
  int64_t table_row;        /* of the last table, where the dataset has one */
  const bai_sparse *sparse; /* NULL for none; letters_length is its count */
} bai_new_row;
ba_status bai_dataset_add_row(ba_dataset *dataset, const bai_new_row *row);
/* What a failed call added goes again. */
void bai_dataset_restore(ba_dataset *dataset, const ba_dataset *before);

/* A dataset changes while it is worked with, so it must be of the context that works. */
ba_status bai_dataset_check_context(ba_context *context, const ba_dataset *dataset);
/* Brings class_order up to date. */
ba_status bai_dataset_order_classes(ba_context *context, ba_dataset *dataset);
int32_t bai_dataset_label(const ba_dataset *dataset, int64_t row); /* in class order */
/* The label of a row as a number; BA_ERR_LABEL for one that is none or is below `least`. */
ba_status bai_dataset_number(ba_context *context, const ba_dataset *dataset, int64_t row, double least, double *value);
double bai_dataset_offset(const ba_dataset *dataset, int64_t row); /* 0 for none */
double bai_dataset_weight(const ba_dataset *dataset, int64_t row);
int32_t bai_dataset_part(const ba_dataset *dataset, int64_t row);
int32_t bai_dataset_fold(const ba_dataset *dataset, int64_t row);  /* -1 for none */
int32_t bai_dataset_group(const ba_dataset *dataset, int64_t row); /* -1 for none */
const int32_t *bai_dataset_groups(const ba_dataset *dataset);      /* of all rows; NULL while none has one */
/* Makes `parts` or `folds` a list of all rows, to write to. */
ba_status bai_dataset_hold_parts(ba_dataset *dataset);
ba_status bai_dataset_hold_folds(ba_dataset *dataset);
int64_t bai_dataset_length(const ba_dataset *dataset, int64_t row);
/* 1 for a dataset of sparse rows; a row's length is then how many numbers it has. */
int32_t bai_dataset_is_sparse(const ba_dataset *dataset);
bai_sparse bai_dataset_sparse(const ba_dataset *dataset, int64_t row);
/* Fills a row's codes, and points it to qualities and sparse numbers, which `sparse` holds; returns how many codes are
 * ambiguous. */
int64_t bai_dataset_load(const bai_kernels *kernels, const ba_dataset *dataset, int64_t row, bai_sparse *sparse,
                         bai_row *to);
/* Codes of a row, as bai_encode gives them; returns how many are ambiguous. */
int64_t bai_dataset_codes(const bai_kernels *kernels, const ba_dataset *dataset, int64_t row, int32_t protein,
                          uint8_t *codes);
/* The letter that tells that a row cannot be nucleotides; 0 when it can. */
char bai_dataset_foreign(const ba_dataset *dataset, int64_t row);
/* BA_ERR_LETTER for a row that the plan cannot read. */
ba_status bai_dataset_check_row(ba_context *context, const ba_dataset *dataset, int64_t row, const bai_plan *plan);
int32_t bai_dataset_is_wide(const ba_dataset *dataset, int64_t row); /* five bits a letter */
/* The exceptions of a row, *count of them. */
const bai_exception *bai_dataset_exceptions(const ba_dataset *dataset, int64_t row, int64_t *count);
/* The bytes that hold a row; equal for equal letters, but for exceptions. */
const uint8_t *bai_dataset_packed(const ba_dataset *dataset, int64_t row, int64_t *bytes);

/* Quality symbols of a row, one a letter; NULL when it has none or the dataset does not keep them. */
const uint8_t *bai_dataset_symbols(const ba_dataset *dataset, int64_t row);

/* csv.c: rows of a CSV or TSV file. Columns are names, or numbers from 1; "" means the usual name if it is there. */
typedef struct bai_columns {
  char sequence[BAI_OPTION_TEXT], label[BAI_OPTION_TEXT], name[BAI_OPTION_TEXT], weight[BAI_OPTION_TEXT],
      group[BAI_OPTION_TEXT], split[BAI_OPTION_TEXT], time[BAI_OPTION_TEXT], offset[BAI_OPTION_TEXT];
} bai_columns;
#define BAI_COLUMN_OPTIONS(columns)                                                               \
  {"sequence", 't', NULL, 0, 0, (columns).sequence}, {"label", 't', NULL, 0, 0, (columns).label}, \
      {"name", 't', NULL, 0, 0, (columns).name}, {"weight", 't', NULL, 0, 0, (columns).weight},   \
      {"group", 't', NULL, 0, 0, (columns).group}, {"split", 't', NULL, 0, 0, (columns).split},   \
      {"time", 't', NULL, 0, 0, (columns).time}, {                                                \
    "offset", 't', NULL, 0, 0, (columns).offset                                                   \
  }
ba_status bai_dataset_add_csv(ba_dataset *dataset, const char *path, const bai_columns *columns, int32_t part);

#endif
