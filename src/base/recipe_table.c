/* SPDX-License-Identifier: MIT
 *
 * recipe_table.c: every term of the recipe language with its keys, types, ranges and defaults. The parser, the
 * canonical text, `ba help recipe` and docs/recipes.md all read this table.
 */
#include <stddef.h>

#include "base/recipe.h"

#define SOLVER_KEYS                                                                                                    \
  {"l2",                                                                                                               \
   BAI_KEY_REAL,                                                                                                       \
   0,                                                                                                                  \
   1e9,                                                                                                                \
   NULL,                                                                                                               \
   "0.0001",                                                                                                           \
   "penalty: l2/2 times the sum of the squared weights, beside the mean loss; scikit-learn's C is "                    \
   "1/(l2 rows)"},                                                                                                     \
      {"l1",                                                                                                           \
       BAI_KEY_REAL,                                                                                                   \
       0,                                                                                                              \
       1e9,                                                                                                            \
       NULL,                                                                                                           \
       "0",                                                                                                            \
       "lbfgs: penalty beside l2: l1 times the sum of the sizes of the weights; makes many of them zero"},             \
      {"solver",                                                                                                       \
       BAI_KEY_WORD,                                                                                                   \
       0,                                                                                                              \
       0,                                                                                                              \
       "lbfgs|adagrad|newton|tron",                                                                                    \
       "lbfgs",                                                                                                        \
       "lbfgs: all rows a step, the optimum; adagrad: row by row, early stopping on the dev part; newton: few "        \
       "columns, two classes; above 512 columns (up to 4,096) through OpenBLAS and LAPACKE; tron: Newton steps by "    \
       "conjugate gradients, the optimum for many columns"},                                                           \
      {"tol",                                                                                                          \
       BAI_KEY_REAL,                                                                                                   \
       0,                                                                                                              \
       1,                                                                                                              \
       NULL,                                                                                                           \
       "0.001",                                                                                                        \
       "lbfgs, newton, tron: stop when no entry of the gradient is larger than tol times the largest at the start"},   \
      {"max_iter", BAI_KEY_INTEGER, 1, 1e6, NULL, "300", "lbfgs, newton, tron: the most iterations"},                  \
      {"memory", BAI_KEY_INTEGER, 1, 100, NULL, "10", "lbfgs: pairs of vectors kept"},                                 \
      {"epochs", BAI_KEY_INTEGER, 1, 1e6, NULL, "20", "adagrad: the most passes over the rows"},                       \
      {"rate", BAI_KEY_REAL, 1e-9, 1e3, NULL, "0.05", "adagrad: the learning rate"},                                   \
      {"patience", BAI_KEY_INTEGER, 1, 1e6, NULL, "3", "adagrad: epochs without a better dev loss before it stops"},   \
      {"class_weight", BAI_KEY_WORD, 0, 0, "none|balanced", "none", "balanced: every class weighs the same in all"}, { \
    NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL                                                                         \
  }

const bai_term_spec bai_term_table[] = {
    {BAI_TERM_KMER,
     BAI_ROLE_FEATURE,
     "Kmer",
     "spectrum",
     "Counts of all words of k letters, one block of columns for each k; columns in A, C, G, T order. A k is exact "
     "when "
     "4^k <= slots, else hashed into slots columns. A word with an ambiguous letter is left out.",
     {{"k", BAI_KEY_RANGE, 1, 31, NULL, NULL, "word length, or a range such as 1..8"},
      {"strand", BAI_KEY_WORD, 0, 0, "forward|canonical", "forward",
       "canonical: a word and its reverse complement are one column"},
      {"value", BAI_KEY_WORD, 0, 0, "count|freq|sqrt|binary", "sqrt",
       "what a count c becomes: c, c over all words counted, the square root of c, or 1"},
      {"norm", BAI_KEY_WORD, 0, 0, "l2|l1|none", "l2", "each block of a sequence is divided by this norm"},
      {"slots", BAI_KEY_POWER, 16, 1073741824, NULL, "1048576", "most columns for one k; a power of two"},
      {"ambiguous", BAI_KEY_WORD, 0, 0, "skip|error", "skip", "letters other than A C G T U"},
      {"quality", BAI_KEY_WORD, 0, 0, "ignore|weight", "ignore",
       "weight: a word counts as much as the probability that all its letters are right, by their Phred qualities; not "
       "with value=binary"},
      {NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL}}},
    {BAI_TERM_POSITION_KMER,
     BAI_ROLE_FEATURE,
     "PositionKmer",
     NULL,
     "Which word of k letters stands at each position, one block for each k; columns by position, then word. For "
     "aligned sequences: promoters, splice sites, methylation.",
     {{"k", BAI_KEY_RANGE, 1, 8, NULL, NULL, "word length, or a range such as 1..3"},
      {"anchor", BAI_KEY_WORD, 0, 0, "none|start|end", "none",
       "positions count from the start or the end; none: all sequences must have one length"},
      {"norm", BAI_KEY_WORD, 0, 0, "l2|l1|none", "l2", "each block of a sequence is divided by this norm"},
      {"ambiguous", BAI_KEY_WORD, 0, 0, "skip|error", "skip", "letters other than A C G T U"},
      {NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL}}},
    {BAI_TERM_ONE_HOT,
     BAI_ROLE_FEATURE,
     "OneHot",
     NULL,
     "The letters themselves, for Conv: four numbers each, of which the letter's own is 1. An ambiguous letter is four "
     "zeros, and so is what lies beyond the ends.",
     {{NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL}}},
    {BAI_TERM_CONV,
     BAI_ROLE_CONV,
     "Conv",
     NULL,
     "A convolution and relu; one to four of them between OneHot and MLP. MLP gets the largest value of every filter "
     "of every layer, and of the last layer the mean too.",
     {{"filters", BAI_KEY_INTEGER, 1, 1024, NULL, "96", "filters of the layer"},
      {"width", BAI_KEY_INTEGER, 1, 64, NULL, "13", "positions that a filter sees"},
      {"pool", BAI_KEY_INTEGER, 1, 64, NULL, "1",
       "neighbours of which only the largest goes on to the next layer; 1: all go on"},
      {"strand", BAI_KEY_WORD, 0, 0, "forward|max", "forward",
       "first layer: max reads the reverse complement with the same filters too and takes the larger of both strands"},
      {"bins", BAI_KEY_INTEGER, 1, 256, NULL, "1",
       "last layer: equal parts of the sequence in which the largest and the mean are taken; for aligned sequences"},
      {NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL}}},
    {BAI_TERM_LOGISTIC,
     BAI_ROLE_MODEL,
     "Logistic",
     NULL,
     "Logistic regression for two classes: sum(w loss)/sum(w) + l2/2 |weights|^2, the intercept free.",
     {SOLVER_KEYS}},
    {BAI_TERM_SOFTMAX,
     BAI_ROLE_MODEL,
     "Softmax",
     "Multinomial",
     "Multinomial logistic regression for two or more classes, the same objective with one weight vector a class.",
     {SOLVER_KEYS}},
    {BAI_TERM_MLP,
     BAI_ROLE_MODEL,
     "MLP",
     NULL,
     "A hidden layer with relu over what Conv gives, trained with the convolutions by Adam in batches of 128 rows, the "
     "rate rising and falling once. The best epoch on the dev part is kept; without one, a tenth of the training rows "
     "is set apart for that.",
     {{"hidden", BAI_KEY_INTEGER, 1, 4096, NULL, "64", "hidden units"},
      {"dropout", BAI_KEY_REAL, 0, 0.9, NULL, "0.4",
       "share of the hidden layer's inputs left out by chance in training"},
      {"epochs", BAI_KEY_INTEGER, 1, 1e6, NULL, "12", "passes over the rows; small sets of some thousand rows want 20"},
      {"rate", BAI_KEY_REAL, 1e-9, 1, NULL, "0.003", "the highest learning rate"},
      {"decay", BAI_KEY_REAL, 0, 10, NULL, "0.01", "weights shrink by this times the rate at each step"},
      {"smoothing", BAI_KEY_REAL, 0, 0.5, NULL, "0", "share of a label that is spread over all classes"},
      {"class_weight", BAI_KEY_WORD, 0, 0, "none|balanced", "none", "balanced: every class weighs the same in all"},
      {"seeds", BAI_KEY_INTEGER, 1, 16, NULL, "1", "networks to train from other starts; their outputs are averaged"},
      {NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL}}},
};
const int32_t bai_term_table_count = (int32_t)(sizeof bai_term_table / sizeof bai_term_table[0]);

const bai_preset bai_preset_table[] = {
    {"motif", "Kmer(k=3..10, strand=canonical)", "motifs anywhere, on either strand: binding sites, enhancers"},
    {"anchored", "Kmer(k=1..8) + PositionKmer(k=1..3)", "sequences aligned at a site: promoters, splice sites"},
    {"conv", "OneHot() | Conv(width=13, pool=2, strand=max) | Conv(width=5) | MLP()",
     "a network: motifs anywhere, on either strand, best from 10,000 sequences on"},
    {"conv_anchored", "OneHot() | Conv(width=13, pool=2) | Conv(width=5, bins=10) | MLP()",
     "a network for sequences aligned at a site"},
};
const int32_t bai_preset_table_count = (int32_t)(sizeof bai_preset_table / sizeof bai_preset_table[0]);
