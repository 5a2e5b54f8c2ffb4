/* SPDX-License-Identifier: MIT
 *
 * descriptor.h: the terms whose values are real numbers made from the letters of a sequence, by formulas of the field.
 * All is pure: sums run in one order, nothing is allocated, and no value is ever NaN. docs/descriptors.md defines them.
 */
#ifndef BAI_FEATURES_DESCRIPTOR_H
#define BAI_FEATURES_DESCRIPTOR_H

#include "features/alphabet.h"

/* One term with its keys. */
typedef struct bai_descriptor {
  bai_term_kind kind;
  const char *name; /* of the term */
  const bai_alphabet *alphabet;
  int32_t k;      /* letters of a word */
  int32_t lags;   /* nlag=, lambda= */
  int32_t window; /* ENAC: letters; Minimizer: words */
  int32_t most;   /* Mismatch: letters that may differ */
  int32_t phase;  /* ZCurve: 1 when by phase */
  int32_t frame;  /* CodonUsage */
  int32_t choice; /* the index of value=, strand= or convention= */
  int32_t order;  /* the index of order= */
  int32_t table;  /* the index of table= */
  int64_t per;    /* ORF */
  double weight, delta;
} bai_descriptor;

/* 1 for those with columns for each position: all sequences must have the fitted length. */
int32_t bai_descriptor_by_position(bai_term_kind kind);
bai_descriptor bai_descriptor_of(const bai_term *term);
/* BA_ERR_RECIPE for what a key alone cannot say. */
ba_status bai_descriptor_check(ba_context *context, const bai_descriptor *descriptor);
/* Columns; only those by position look at the fitted length, which must be below 2^40. */
int64_t bai_descriptor_width(const bai_descriptor *descriptor, int64_t fitted_length);
/* Doubles of working memory that bai_descriptor_compute needs for any sequence. */
int64_t bai_descriptor_work(const bai_descriptor *descriptor);
/* Writes every column of one sequence to out. By position, out has the columns of `length`. */
void bai_descriptor_compute(const bai_kernels *kernels, const bai_descriptor *descriptor, const uint8_t *codes,
                            int64_t length, double *work, double *out);
ba_status bai_descriptor_column_name(ba_context *context, const bai_descriptor *descriptor, int64_t column,
                                     bai_vector *text);

/* ---- inside ---- */

/* Windows of Minimizer that are looked at together. */
#define BAI_MINIMIZER_PIECE 512

void bai_descriptor_nucleotides(const bai_kernels *kernels, const bai_descriptor *descriptor, const uint8_t *codes,
                                int64_t length, double *work, double *out);
void bai_descriptor_residues(const bai_descriptor *descriptor, const uint8_t *codes, int64_t length, double *work,
                             double *out);

/* A walk over the words of k letters, from left to right; those with an ambiguous letter are left out. */
typedef struct bai_walk {
  const bai_alphabet *alphabet;
  const uint8_t *codes;
  int64_t length, at, run, words;
  int32_t k;
  int64_t start, word; /* of the word found: its first letter and its code */
} bai_walk;
bai_walk bai_walk_begin(const bai_alphabet *alphabet, int32_t k, const uint8_t *codes, int64_t length);
/* 1 and the next word, or 0 at the end. */
int32_t bai_walk_next(bai_walk *walk);
/* size^k, or any number above 65536 where it is above that, as bai_descriptor_check allows no term to be. */
int64_t bai_words(int64_t size, int32_t k);
/* Counts all words of k letters into counts, which it clears first; returns how many. */
int64_t bai_count_words(const bai_alphabet *alphabet, int32_t k, const uint8_t *codes, int64_t length, double *counts);
/* Counts the pairs of words of k letters that start `lag` apart: counts[a size^k + b]; returns how many. */
int64_t bai_count_pairs(const bai_alphabet *alphabet, int32_t k, int64_t lag, const uint8_t *codes, int64_t length,
                        double *counts);
/* A share of a whole, 0 of nothing. */
static inline double bai_share(double part, int64_t whole) {
  return whole ? part / (double)whole : 0.0;
}
/* The last step of the pseudo compositions: out[0 .. parts) / D and out[parts .. all) weight / D, D = 1 + weight times
 * the sum of the latter. All is 0 where D is below 1/1024, as only the types with products can make it. */
void bai_pseudo_finish(double *out, int64_t parts, int64_t all, double weight, double scale);

#endif
