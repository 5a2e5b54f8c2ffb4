/* SPDX-License-Identifier: MIT
 *
 * plan.h: what a recipe's features come to. A plan is immutable once its columns are laid out; extractors, trainers
 * and models share the same code on it. A row holds one sequence's features as distinct columns with counts.
 */
#ifndef BAI_FEATURES_PLAN_H
#define BAI_FEATURES_PLAN_H

#include "features/descriptor.h"
#include "features/inputs.h"
#include "features/series.h"

enum { BAI_VALUE_COUNT, BAI_VALUE_FREQ, BAI_VALUE_SQRT, BAI_VALUE_BINARY };
enum { BAI_NORM_L2, BAI_NORM_L1, BAI_NORM_NONE };
enum { BAI_ANCHOR_NONE, BAI_ANCHOR_START, BAI_ANCHOR_END };
enum { BAI_SCALE_NONE, BAI_SCALE_STANDARDIZE, BAI_SCALE_MINMAX };
enum { BAI_MISSING_ERROR, BAI_MISSING_MEAN, BAI_MISSING_INDICATOR };

#define BAI_MOST_PARTS 16

/* Letters of a window that its word is made of, side by side. */
typedef struct bai_word_part {
  int32_t offset, length;
} bai_word_part;

/* One k and gap of one term: a run of columns with a value and a norm of its own. */
typedef struct bai_block {
  bai_term_kind kind;
  const char *name;             /* of the term */
  const bai_alphabet *alphabet; /* NULL: every letter of the sequence counts, in one column */
  int32_t term;                 /* index of the term in the recipe */
  int32_t k;                    /* letters of a word */
  int32_t span;                 /* letters of its window */
  int32_t gap;                  /* between the halves of a word */
  bai_word_part parts[BAI_MOST_PARTS];
  int32_t part_count;
  int32_t canonical;
  int32_t value, norm, anchor;
  int32_t refuse_ambiguous;
  int32_t weighted;          /* quality=weight: counts are in units of 1/BAI_SHARES */
  int64_t per;               /* what counts are divided by where nothing else says */
  int32_t hash_bits;         /* 0: exact */
  int64_t words;             /* columns of one place */
  int64_t bins;              /* places that a sequence is parted into; 0 when it is not */
  int64_t first;             /* its first column in the whole row */
  int64_t width;             /* its number of columns */
  int64_t slots;             /* entries that a count table needs: 0 when nothing is counted */
  int32_t real;              /* its values are real numbers, one a column, and nothing is counted */
  int64_t real_first;        /* of a real block: its first place in row->reals */
  int64_t input;             /* of a term over a table: the first input that it reads; -1 for none */
  int32_t derived;           /* its inputs are computed from others: they stand behind those of the table */
  int32_t missing;           /* what becomes of an input without a value */
  bai_descriptor descriptor; /* of a descriptor; its block is real and has no input */
  uint64_t *rank_bits;       /* canonical and exact: one bit a code, set for canonical codes */
  uint32_t *rank_prefix;
} bai_block;

typedef struct bai_plan {
  ba_context *context;
  bai_block *blocks;
  int32_t block_count;
  int32_t protein;    /* reads residues, not nucleotides */
  const char *reader; /* the first term that reads letters, not only their number; NULL for none */
  int32_t needs_fit;
  int64_t fitted_length; /* of PositionKmer; -1 before fit */
  bai_inputs inputs;     /* columns of a table that it reads */
  bai_series series;     /* what it computes from them, row by row */
  int32_t needs_table;   /* which columns or texts there are is learnt from a table */
  int32_t knows_table;   /* and has been */
  int32_t needs_equal;   /* anchor=none is there: all lengths must be the fitted one */
  const char *fitted;    /* the first term that needs a fitted length, or the first that needs equal ones */
  int64_t width;         /* -1 before a needed fit */
  int64_t most_slots;
  int64_t most_work;     /* doubles that a descriptor needs to work in */
  int32_t both_strands;  /* some block is canonical */
  int32_t needs_quality; /* some block is weighted */
  /* Of real blocks: a missing value becomes fill, and any value x becomes (x - centre) factor. */
  int32_t scaling;    /* BAI_SCALE_ */
  int64_t real_width; /* columns of real blocks; -1 before a needed fit */
  double *fill, *centre, *factor;
} bai_plan;

/* 1 for terms with columns for each position, or of sparse rows, whose number is learnt as a length. */
static inline int32_t bai_kind_by_position(bai_term_kind kind) {
  return kind == BAI_TERM_POSITION_KMER || kind == BAI_TERM_SPARSE || bai_descriptor_by_position(kind);
}

/* 1 for a plan of Sparse(), which stands alone: its rows come as columns and values. */
static inline int32_t bai_plan_is_sparse(const bai_plan *plan) {
  return plan->block_count > 0 && plan->blocks[0].kind == BAI_TERM_SPARSE;
}

ba_status bai_plan_create(ba_context *context, const bai_pipeline *recipe, bai_plan **out);
void bai_plan_destroy(bai_plan *plan);
/* The blocks that a recipe comes to. */
int64_t bai_plan_blocks_of(const bai_pipeline *recipe);
/* What a plan learns from data. */
typedef struct bai_fitted {
  int64_t length;           /* of PositionKmer; -1: none */
  const bai_inputs *inputs; /* NULL: none */
  const double *scale;      /* fill, centre and factor of each real column, one after the other; NULL: as they are */
} bai_fitted;
/* The columns that a recipe comes to, without making anything: more than INT32_MAX means too many. A fitted length
 * must be below 2^40. *reals gets how many of them are real. */
int64_t bai_plan_width_of(const bai_pipeline *recipe, const bai_fitted *fitted, int64_t *reals);
/* Lays a plan out as one that learnt this. */
ba_status bai_plan_take_fit(ba_context *context, bai_plan *plan, const bai_fitted *fitted);
/* 1 for a plan of numbers of a table and nothing else. */
int32_t bai_plan_is_numbers(const bai_plan *plan);
/* Whether a column's missing values become its mean. */
int32_t bai_plan_fills(const bai_plan *plan);
/* Takes one sequence's length into the fit; `record` (from 1) is for the message. */
ba_status bai_plan_fit_length(ba_context *context, bai_plan *plan, int64_t length, int64_t record);
/* Lays the columns out; a plan that needs a fit must have had one. */
ba_status bai_plan_lay_out(ba_context *context, bai_plan *plan);
/* BA_ERR_LETTER for a sequence of residues where the plan reads nucleotides; names the letter and the first term. */
ba_status bai_plan_check_letter(ba_context *context, const bai_plan *plan, char foreign, int64_t record);
ba_status bai_plan_column_name(ba_context *context, const bai_plan *plan, int64_t column, bai_vector *text);

/* Numbers of a row of a table: the inputs, and what is computed from them. */
static inline int64_t bai_plan_inputs(const bai_plan *plan) {
  return plan->inputs.items.count + plan->series.width;
}

/* A row in compressed form; columns rise. */
typedef struct bai_sparse {
  const uint32_t *columns;
  const double *values;
  int64_t count;
} bai_sparse;

/* The working memory of one thread, and the features of one sequence. */
typedef struct bai_row {
  ba_context *context;
  const bai_plan *plan;
  int64_t length_capacity; /* the longest sequence there is room for */
  uint8_t *codes;          /* as bai_encode gives them */
  uint32_t *runs;          /* letters up to the next ambiguous one */
  uint64_t *forward, *reverse, *smaller;
  int64_t chunk_start; /* what forward and reverse hold: k-mers of state_k letters that start here */
  int32_t state_k;     /* 0: nothing that can be grown */
  const bai_alphabet *state_alphabet;
  uint32_t *slots; /* one a k-mer kept */
  /* Of a plan that needs qualities. */
  const uint8_t *symbols; /* of the sequence, borrowed; whoever extracts sets it. NULL: it has none */
  uint32_t *right;        /* like forward: the probability that all letters so far are right, in units of 2^-32 */
  uint32_t *shares;       /* like slots: 1 to BAI_SHARES */
  uint32_t *table;        /* all zero between calls */
  int32_t dirty;          /* but for one that was cancelled: bai_row_begin clears it */
  int64_t entries;        /* capacity of columns and counts */
  int32_t rising;         /* set by whoever extracts: columns are to rise within a block */
  uint32_t *columns;
  uint32_t *counts;
  int64_t *ends; /* block b has the entries ends[b - 1] .. ends[b] */
  int64_t *kept; /* k-mers counted in block b */
  int32_t has_ambiguous;
  int64_t length;
  /* Of a plan with real blocks. */
  const double *inputs;     /* bai_plan_inputs of them, borrowed; whoever extracts sets it. NULL: there is no table */
  const bai_sparse *sparse; /* borrowed in the same way; its count is the row's length. NULL: there is none */
  double *reals;            /* the values of real blocks; their counts are the places within the block */
  double *work;             /* of descriptors */
  int32_t numbers;          /* bai_plan_is_numbers: bai_row_reals will do */
  int64_t bad_input;        /* the one that could not be used */
} bai_row;

ba_status bai_row_create(ba_context *context, const bai_plan *plan, int64_t longest, bai_row **out);
/* Makes room for a longer sequence; on failure the row stays as it was. */
ba_status bai_row_reserve(ba_context *context, bai_row *row, int64_t longest);
void bai_row_destroy(bai_row *row);
/* Letters to row->codes; *ambiguous gets how many are no letter of the plan's. BA_ERR_LETTER when they cannot be
 * nucleotides though the plan reads those; records no error. */
ba_status bai_row_encode(const bai_kernels *kernels, bai_row *row, const char *letters, int64_t length,
                         int64_t *ambiguous);
/* Computes columns and counts from row->codes. Allocates nothing and records no error: returns BA_ERR_LENGTH,
 * BA_ERR_LETTER, BA_ERR_QUALITY, BA_ERR_NUMBER or BA_ERR_CANCELLED, which bai_row_explain words. */
ba_status bai_row_extract(const bai_kernels *kernels, bai_row *row, int64_t length, int64_t ambiguous);
ba_status bai_row_explain(ba_context *context, const bai_row *row, ba_status status, int64_t record, int64_t length);
/* The numbers of a row of a table alone, where all blocks of the plan are made of such: 0 when one of them cannot be
 * used, which bai_row_extract then refuses. */
int32_t bai_row_reals(const bai_kernels *kernels, const bai_plan *plan, const double *inputs, double *reals);
/* 1 where those are the inputs as they stand. */
int32_t bai_row_reals_plain(const bai_plan *plan);
/* The same from letters: encodes them into row->codes first. */
ba_status bai_row_extract_letters(const bai_kernels *kernels, bai_row *row, const char *letters, int64_t length);
/* The words of one block of the sequence in the row, in order: row->slots[i] is the column within the block of the word
 * whose window starts at starts[i] (starts may be NULL). Returns how many; after a cancel they may be too few. */
int64_t bai_row_windows(const bai_kernels *kernels, bai_row *row, const bai_block *block, int64_t *starts);

/* Values of one block's entries, and what they are to be divided by. */
void bai_row_values(const bai_row *row, int32_t block, double *values);
double bai_row_divisor(const bai_row *row, int32_t block);
/* The most columns that a sequence of `length` letters has. */
int64_t bai_row_entries(const bai_plan *plan, int64_t length);
/* What keeps a sequence from being extracted; BA_OK for nothing. */
ba_status bai_row_refuses(const bai_row *row, int64_t length, int64_t ambiguous);
int32_t bai_row_cancelled(const bai_row *row);
/* Before bai_row_windows on other codes than those of bai_row_extract. */
void bai_row_begin(bai_row *row, int64_t length, int64_t ambiguous);

/* 1 for a status that bai_row_explain words. */
static inline int32_t bai_row_explains(ba_status status) {
  return status == BA_ERR_LENGTH || status == BA_ERR_LETTER || status == BA_ERR_QUALITY || status == BA_ERR_NUMBER;
}

/* ---- value.c: counts to numbers ---- */

/* What a k-mer of no doubt counts in a weighted block. */
#define BAI_SHARES 256
/* The probability that a letter is right, 1 - 10^(-Q/10), in units of 2^-32, rounded to nearest; Q from 0 to 93. */
extern const uint32_t bai_right_of[94];

/* Roots are kept with this many bits behind the point: they are off by at most 2^-21, 3.4e-7 of the root of two. */
#define BAI_ROOT_BITS 20
/* round(2^20 sqrt(c)), exact. */
uint64_t bai_fixed_sqrt(uint32_t count);
/* What a block's sum of weights times integer values is multiplied with to undo the fixed point: 2^-20, 2^-8 or 1. */
double bai_value_unit(const bai_block *block);
/* The integer value of a count: c, S(c) or 1; of a weighted one S(c / 256), in the same unit. */
uint64_t bai_value_fixed(const bai_block *block, uint32_t count);
/* The same of many; counts must be below 2^24, so that values fit. */
void bai_values_fixed(const bai_block *block, const uint32_t *counts, int64_t n, uint32_t *values);
/* The same as doubles: c, sqrt(c) or 1; c / 256 and its root where weighted. */
void bai_values_double(const bai_block *block, const uint32_t *counts, int64_t n, double *values);
/* What the values of a block are divided by: freq and norm together; 1 for an empty block. From integers alone. Once
 * the context is cancelled it may be any number. */
double bai_block_divisor(const ba_context *context, const bai_block *block, const uint32_t *counts, int64_t n);
/* The integers that a divisor is made from, so that it can follow changes of counts. */
typedef struct bai_totals {
  uint64_t kept, distinct, squares, roots;
} bai_totals;
/* Takes a count in; with `out`, takes one out again. Counts of 0 make no difference. */
void bai_totals_add(const bai_block *block, bai_totals *totals, uint32_t count, int32_t out);
/* Whether the divisor follows more than the number of words. */
int32_t bai_divisor_follows(const bai_block *block);
double bai_totals_divisor(const bai_block *block, const bai_totals *totals);

#endif
