/* SPDX-License-Identifier: MIT
 *
 * recipe_table.c: every term of the recipe language with its keys, types, ranges and defaults. The parser, the
 * canonical text, `ba help recipe` and docs/recipes.md all read this table.
 */
#include <stddef.h>

#include "base/recipe.h"

#define SOLVER_KEYS                                                                                                  \
  {"l2",                                                                                                             \
   BAI_KEY_REAL,                                                                                                     \
   0,                                                                                                                \
   1e9,                                                                                                              \
   NULL,                                                                                                             \
   "0.0001",                                                                                                         \
   "penalty: l2/2 times the sum of the squared weights, beside the mean loss; scikit-learn's C is "                  \
   "1/(l2 rows)"},                                                                                                   \
      {"l1",                                                                                                         \
       BAI_KEY_REAL,                                                                                                 \
       0,                                                                                                            \
       1e9,                                                                                                          \
       NULL,                                                                                                         \
       "0",                                                                                                          \
       "lbfgs, ftrl: penalty beside l2: l1 times the sum of the sizes of the weights; makes many of them zero"},     \
      {"solver",                                                                                                     \
       BAI_KEY_WORD,                                                                                                 \
       0,                                                                                                            \
       0,                                                                                                            \
       "lbfgs|adagrad|newton|tron|ftrl|nag",                                                                         \
       "lbfgs",                                                                                                      \
       "lbfgs: all rows a step, the optimum; adagrad: row by row, early stopping on the dev part; newton: few "      \
       "columns, two classes; above 512 columns (up to 4,096) through OpenBLAS and LAPACKE; tron: Newton steps by "  \
       "conjugate gradients, the optimum for many columns; ftrl: as adagrad, with l1; nag: as adagrad, for columns " \
       "of any scale"},                                                                                              \
      {"tol",                                                                                                        \
       BAI_KEY_REAL,                                                                                                 \
       0,                                                                                                            \
       1,                                                                                                            \
       NULL,                                                                                                         \
       "0.001",                                                                                                      \
       "lbfgs, newton, tron: stop when no entry of the gradient is larger than tol times the largest at the start"}, \
      {"max_iter", BAI_KEY_INTEGER, 1, 1e6, NULL, "300", "lbfgs, newton, tron: the most iterations"},                \
      {"memory", BAI_KEY_INTEGER, 1, 100, NULL, "10", "lbfgs: pairs of vectors kept"},                               \
      {"epochs", BAI_KEY_INTEGER, 1, 1e6, NULL, "20", "adagrad, ftrl, nag: the most passes over the rows"},          \
      {"rate",                                                                                                       \
       BAI_KEY_REAL,                                                                                                 \
       0,                                                                                                            \
       1e3,                                                                                                          \
       NULL,                                                                                                         \
       "0",                                                                                                          \
       "adagrad, ftrl, nag: the learning rate; 0: 0.2, of rows in batches 0.4, of ftrl 0.05"},                       \
      {"patience",                                                                                                   \
       BAI_KEY_INTEGER,                                                                                              \
       1,                                                                                                            \
       1e6,                                                                                                          \
       NULL,                                                                                                         \
       "3",                                                                                                          \
       "adagrad, ftrl, nag: epochs without a better dev loss before it stops"},                                      \
  {                                                                                                                  \
    "numerics", BAI_KEY_WORD, 0, 0, "exact|fast", "exact",                                                           \
        "newton; fast: sums and solution by OpenBLAS and LAPACKE at any width, whose bits depend on the machine"     \
  }

#define CLASS_WEIGHT_KEY \
  { "class_weight", BAI_KEY_WORD, 0, 0, "none|balanced", "none", "balanced: every class weighs the same in all" }
#define ALPHABET_KEY                                                                                                   \
  {                                                                                                                    \
    "alphabet", BAI_KEY_WORD, 0, 0, "dna|ws|ry|protein|gaac|ctriad", "dna",                                            \
        "dna: A C G T; ws: S (C G), W (A T); ry: R (A G), Y (C T); protein: ACDEFGHIKLMNPQRSTVWY; gaac: GAVLMI, FYW, " \
        "KRH, "                                                                                                        \
        "DE, STCPNQ as 1 to 5; ctriad: AGV, ILFP, YMTS, HNQW, RK, DE, C as 1 to 7. One recipe reads nucleotides or "   \
        "residues, not both"                                                                                           \
  }
#define STRAND_KEY                                                                       \
  {                                                                                      \
    "strand", BAI_KEY_WORD, 0, 0, "forward|canonical", "forward",                        \
        "canonical: a word and its reverse complement are one column; alphabet=dna only" \
  }
#define VALUE_KEY                                                                         \
  {                                                                                       \
    "value", BAI_KEY_WORD, 0, 0, "count|freq|sqrt|binary", "sqrt",                        \
        "what a count c becomes: c, c over all words counted, the square root of c, or 1" \
  }
#define NORM_KEY \
  { "norm", BAI_KEY_WORD, 0, 0, "l2|l1|none", "l2", "each block of a sequence is divided by this norm" }
#define SLOTS_KEY \
  { "slots", BAI_KEY_POWER, 16, 1073741824, NULL, "1048576", "most columns for the words of one block; a power of two" }
#define AMBIGUOUS_KEY \
  { "ambiguous", BAI_KEY_WORD, 0, 0, "skip|error", "skip", "letters other than A C G T U, or than the 20 residues" }
#define QUALITY_KEY                                                                                                   \
  {                                                                                                                   \
    "quality", BAI_KEY_WORD, 0, 0, "ignore|weight", "ignore",                                                         \
        "weight: a word counts as much as the probability that all its letters are right, by their Phred qualities; " \
        "not "                                                                                                        \
        "with value=binary"                                                                                           \
  }
#define COLUMN_KEY \
  { "column", BAI_KEY_NAME, 0, 0, NULL, NULL, "the column's name, as the table has it" }
#define MISSING_KEY                                                                                                  \
  {                                                                                                                  \
    "missing", BAI_KEY_WORD, 0, 0, "error|mean|indicator", "error",                                                  \
        "a row without a value; mean: gets the mean of the training rows; indicator: the same, and a second column " \
        "says 1 where it was missing"                                                                                \
  }
#define END_KEY \
  { NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL }
#define LETTERS_KEY(standard, most, help) \
  { "k", BAI_KEY_INTEGER, 1, most, NULL, standard, help }
#define LAG_KEY(name, help) \
  { name, BAI_KEY_INTEGER, 1, 1000, NULL, "3", help }
#define WEIGHT_KEY(standard) \
  { "weight", BAI_KEY_REAL, 0, 1000, NULL, standard, "how much the correlations weigh beside the composition" }
#define TABLE_KEY(words, standard, help) \
  { "table", BAI_KEY_WORD, 0, 0, words, standard, help }
#define STEP_TABLE_KEY                                                                                \
  TABLE_KEY("chen2013|ilearn2020", "chen2013",                                                        \
            "twist, tilt, roll, shift, slide and rise of dinucleotides: of iRSpot-PseDNC and repDNA " \
            "(chen2013), or of iLearn and iFeatureOmega (ilearn2020), which differ in roll")
#define EIIP_TABLE_KEY TABLE_KEY("nair2006", "nair2006", "A 0.1260, C 0.1340, G 0.0806, T 0.1335")
#define CTD_TABLE_KEY TABLE_KEY("chen2018", "chen2018", "the 13 groupings of residues of iFeature")
#define RESIDUE_TABLE_KEY TABLE_KEY("chou2001", "chou2001", "hydrophobicity, hydrophilicity and mass of the side chain")
#define CONVENTION_KEY                                                                                             \
  {                                                                                                                \
    "convention", BAI_KEY_WORD, 0, 0, "chou|ifeature|propy", "chou",                                               \
        "chou: the composition is shares, as in the papers; ifeature: counts, as in iFeature; propy: all of chou " \
        "in percent"                                                                                               \
  }
#define DESCRIPTOR(kind, name, aliases, help, ...)            \
  {                                                           \
    BAI_TERM_##kind, BAI_ROLE_FEATURE, name, aliases, help, { \
      __VA_ARGS__, AMBIGUOUS_KEY, END_KEY                     \
    }                                                         \
  }

const bai_term_spec bai_term_table[] = {
    {BAI_TERM_KMER,
     BAI_ROLE_FEATURE,
     "Kmer",
     "spectrum",
     "Counts of all words of k letters, one block of columns for each k; columns in the order of the alphabet. A k is "
     "exact when its words fit into slots columns, else hashed into slots columns. A word with an ambiguous letter is "
     "left out.",
     {{"k", BAI_KEY_RANGE, 1, 31, NULL, NULL, "word length, or a range such as 1..8"},
      STRAND_KEY,
      VALUE_KEY,
      NORM_KEY,
      SLOTS_KEY,
      AMBIGUOUS_KEY,
      QUALITY_KEY,
      ALPHABET_KEY,
      END_KEY}},
    {BAI_TERM_POSITION_KMER,
     BAI_ROLE_FEATURE,
     "PositionKmer",
     NULL,
     "Which word of k letters stands at each position, one block for each k; columns by position, then word. For "
     "aligned sequences: promoters, splice sites, methylation.",
     {{"k", BAI_KEY_RANGE, 1, 8, NULL, NULL, "word length, or a range such as 1..3"},
      {"anchor", BAI_KEY_WORD, 0, 0, "none|start|end", "none",
       "positions count from the start or the end; none: all sequences must have one length"},
      NORM_KEY,
      AMBIGUOUS_KEY,
      ALPHABET_KEY,
      END_KEY}},
    {BAI_TERM_GAPPED_KMER,
     BAI_ROLE_FEATURE,
     "GappedKmer",
     NULL,
     "Counts of two words of k letters with any gap letters between them, one block for each k and gap: pairs at a "
     "distance. Columns by the 2 k letters, exact or hashed as those of Kmer. Only the two words must be free of "
     "ambiguous letters.",
     {{"k", BAI_KEY_RANGE, 1, 15, NULL, "1", "letters of each of the two words"},
      {"gap", BAI_KEY_RANGE, 0, 1000, NULL, NULL, "letters between them, or a range such as 1..6"},
      STRAND_KEY,
      VALUE_KEY,
      NORM_KEY,
      SLOTS_KEY,
      AMBIGUOUS_KEY,
      QUALITY_KEY,
      ALPHABET_KEY,
      END_KEY}},
    {BAI_TERM_GKM,
     BAI_ROLE_FEATURE,
     "GKM",
     NULL,
     "Gapped k-mers: counts of k letters of every window of l, one block for each choice of k places, in the order of "
     "their numbers; columns as those of SpacedKmer. gkm-SVM's l and k; its d is l - k.",
     {{"l", BAI_KEY_INTEGER, 1, 15, NULL, "8", "letters of a window"},
      {"k", BAI_KEY_INTEGER, 1, 15, NULL, "5", "of which so many count; at most l"},
      VALUE_KEY,
      NORM_KEY,
      SLOTS_KEY,
      AMBIGUOUS_KEY,
      QUALITY_KEY,
      ALPHABET_KEY,
      END_KEY}},
    {BAI_TERM_SPACED_KMER,
     BAI_ROLE_FEATURE,
     "SpacedKmer",
     "SpacedSeed",
     "Counts of the letters under the ones of a mask, a spaced seed; columns by those letters, exact or hashed as "
     "those of Kmer. Only they must be free of ambiguous letters.",
     {{"mask", BAI_KEY_MASK, 1, 31, NULL, NULL, "such as 1101011; strand=canonical needs one that reads the same back"},
      STRAND_KEY,
      VALUE_KEY,
      NORM_KEY,
      SLOTS_KEY,
      AMBIGUOUS_KEY,
      QUALITY_KEY,
      ALPHABET_KEY,
      END_KEY}},
    {BAI_TERM_BINNED_KMER,
     BAI_ROLE_FEATURE,
     "BinnedKmer",
     NULL,
     "Counts of all words of k letters in each of some equal parts of the sequence, one block for each k; columns by "
     "part, then word. A word that starts at p of n letters is in part p bins / n, rounded down: for sequences of "
     "about one frame, of any lengths.",
     {{"k", BAI_KEY_RANGE, 1, 31, NULL, NULL, "word length, or a range such as 1..4"},
      {"bins", BAI_KEY_INTEGER, 1, 65536, NULL, NULL, "parts of a sequence"},
      STRAND_KEY,
      VALUE_KEY,
      NORM_KEY,
      SLOTS_KEY,
      AMBIGUOUS_KEY,
      QUALITY_KEY,
      ALPHABET_KEY,
      END_KEY}},
    {BAI_TERM_LENGTH,
     BAI_ROLE_FEATURE,
     "Length",
     NULL,
     "One column: the letters of the sequence, ambiguous ones too, over per. The count is the length itself.",
     {{"per", BAI_KEY_INTEGER, 1, 1000000000, NULL, "100", "letters that make a value of 1"}, END_KEY}},
    {BAI_TERM_COLUMN,
     BAI_ROLE_FEATURE,
     "Column",
     NULL,
     "A column of numbers of a table.",
     {COLUMN_KEY, MISSING_KEY, END_KEY}},
    {BAI_TERM_COLUMNS,
     BAI_ROLE_FEATURE,
     "Columns",
     NULL,
     "All columns of numbers of the training table, in its order, but those that have another part in it: the target, "
     "the weight and the like.",
     {MISSING_KEY, END_KEY}},
    {BAI_TERM_CATEGORY,
     BAI_ROLE_FEATURE,
     "Category",
     NULL,
     "One column of 0 and 1 for each text that the training rows have in a column, in the order of bytes. A text that "
     "they did not have, or none, is all zeros. 7, 7.0 and 007 are one text.",
     {COLUMN_KEY, END_KEY}},
    {BAI_TERM_CATEGORY_HASH,
     BAI_ROLE_FEATURE,
     "CategoryHash",
     NULL,
     "The same in slots columns, whatever texts there are: a text's column is its hash. Nothing is learnt, so that new "
     "texts, streams and columns of very many texts work; two texts may share a column.",
     {COLUMN_KEY, {"slots", BAI_KEY_POWER, 2, 16777216, NULL, "1024", "columns; a power of two"}, END_KEY}},
    DESCRIPTOR(MISMATCH, "Mismatch", NULL,
               "Counts of all words that differ from a word of the sequence in at most mismatch letters.",
               LETTERS_KEY("3", 8, "letters of a word"),
               {"mismatch", BAI_KEY_INTEGER, 0, 8, NULL, "1", "letters that may differ"}),
    DESCRIPTOR(SUBSEQUENCE, "Subsequence", NULL,
               "For each word, the ways to pick its letters from the sequence in order: one without gaps weighs 1, one "
               "that spans n letters delta^n.",
               LETTERS_KEY("3", 6, "letters of a word"),
               {"delta", BAI_KEY_REAL, 0, 1, NULL, "0", "weight of a letter spanned; 0: words without gaps only"}),
    DESCRIPTOR(ENAC, "ENAC", NULL, "Shares of A C G T in each window, step 1, of sequences of one length.",
               {"sliding_window", BAI_KEY_INTEGER, 1, 1000000, NULL, "5", "letters of a window"}),
    DESCRIPTOR(
        NCP, "NCP", NULL,
        "Nucleotide chemical properties, three columns a position: A 1 1 1, C 0 1 0, G 1 0 0, T 0 0 1. One length.",
        TABLE_KEY("chen2017", "chen2017", "two rings, an amino group, two hydrogen bonds")),
    {BAI_TERM_ANF,
     BAI_ROLE_FEATURE,
     "ANF",
     NULL,
     "Accumulated nucleotide frequency: of the letters up to a position, the share of its own. One length.",
     {AMBIGUOUS_KEY, END_KEY}},
    DESCRIPTOR(EIIP, "EIIP", NULL, "Electron-ion interaction potential of the letter at each position. One length.",
               EIIP_TABLE_KEY),
    DESCRIPTOR(PSEEIIP, "PseEIIP", NULL, "The share of each word of three letters times the sum of their potentials.",
               EIIP_TABLE_KEY),
    DESCRIPTOR(ZCURVE, "ZCurve", NULL,
               "Parameters of the Z curve: purine less pyrimidine (x), amino less keto (y), weak less strong (z), over "
               "all words of k letters, by the letters before the last.",
               LETTERS_KEY("1", 3, "letters of a word"),
               {"phase", BAI_KEY_WORD, 0, 0, "no|yes", "yes", "yes: apart for each of the three positions in a codon"}),
    DESCRIPTOR(DAC, "DAC", NULL,
               "Auto covariance of each property of dinucleotides, lag letters apart, over their mean in the sequence.",
               LAG_KEY("nlag", "lags from 1 to this"), STEP_TABLE_KEY),
    DESCRIPTOR(DCC, "DCC", NULL, "Cross covariance of each two properties of dinucleotides, lag letters apart.",
               LAG_KEY("nlag", "lags from 1 to this"), STEP_TABLE_KEY),
    DESCRIPTOR(DACC, "DACC", NULL, "The columns of DAC, then those of DCC.", LAG_KEY("nlag", "lags from 1 to this"),
               STEP_TABLE_KEY),
    DESCRIPTOR(PSEDNC, "PseDNC", "PCPseDNC",
               "Pseudo dinucleotide composition: shares of dinucleotides, then mean squared differences of the "
               "properties of dinucleotides 1 to lambda letters apart, of one whole.",
               LAG_KEY("lambda", "distances from 1 to this"), WEIGHT_KEY("0.05"), STEP_TABLE_KEY),
    DESCRIPTOR(PSEKNC, "PseKNC", NULL, "PseDNC with words of k letters in the place of dinucleotides.",
               LETTERS_KEY("3", 8, "letters of a word"), LAG_KEY("lambda", "distances from 1 to this"),
               WEIGHT_KEY("0.05"), STEP_TABLE_KEY),
    DESCRIPTOR(SCPSEDNC, "SCPseDNC", NULL,
               "PseDNC with the mean product of each property in the place of differences, six columns a distance. All "
               "are 0 where the whole is below 1/1024.",
               LAG_KEY("lambda", "distances from 1 to this"), WEIGHT_KEY("0.05"), STEP_TABLE_KEY),
    DESCRIPTOR(MINIMIZER, "Minimizer", "Minimizers",
               "Words that are the least of any w neighbouring words of k letters, by order; the first of equals. Each "
               "place counts once.",
               LETTERS_KEY("5", 8, "letters of a word"),
               {"w", BAI_KEY_INTEGER, 1, 1000, NULL, "10", "words of which one is chosen"},
               {"order", BAI_KEY_WORD, 0, 0, "hash|lexicographic", "hash",
                "hash: by the hash of k-mers that docs/numbers.md defines, which favours no letter"},
               {"value", BAI_KEY_WORD, 0, 0, "freq|count", "freq", "share of the places chosen, or how many"}),
    DESCRIPTOR(ORF, "ORF", NULL,
               "Open reading frames, from an ATG to the next stop in its frame: letters of the longest over per, their "
               "share of the sequence, and how many there are.",
               {"strand", BAI_KEY_WORD, 0, 0, "forward|both", "forward", "both: frames of the reverse complement too"},
               {"per", BAI_KEY_INTEGER, 1, 1000000000, NULL, "100", "letters that make a length of 1"}),
    DESCRIPTOR(
        CODON_USAGE, "CodonUsage", NULL, "Codons of one frame, by the standard genetic code.",
        {"frame", BAI_KEY_INTEGER, 0, 2, NULL, "0", "letters before the first codon"},
        {"value", BAI_KEY_WORD, 0, 0, "freq|rscu", "freq",
         "freq: share of all codons; rscu: count over the mean count of the codons of the same residue, or stop"}),
    DESCRIPTOR(ENTROPY, "Entropy", NULL, "Shannon's entropy of the words of k letters, in bits: one column.",
               LETTERS_KEY("1", 16, "letters of a word; at most 65536 words"), ALPHABET_KEY),
    DESCRIPTOR(COMPLEXITY, "Complexity", NULL,
               "Linguistic complexity: the distinct words of 1 to k letters over the most that there could be in so "
               "many letters: one column.",
               LETTERS_KEY("6", 16, "letters of the longest word; at most 65536 words"), ALPHABET_KEY),
    DESCRIPTOR(CTDC, "CTDC", NULL, "Composition: shares of the three groups of residues of each property.",
               CTD_TABLE_KEY),
    DESCRIPTOR(CTDT, "CTDT", NULL, "Transition: shares of the neighbours that are of two groups, for each two.",
               CTD_TABLE_KEY),
    DESCRIPTOR(CTDD, "CTDD", NULL,
               "Distribution: where the first, a quarter, half, three quarters and all of the residues of a group are "
               "reached, in percent of the sequence; 0 for a group without residues.",
               CTD_TABLE_KEY),
    DESCRIPTOR(PAAC, "PAAC", "PseAAC",
               "Pseudo amino acid composition: shares of residues, then mean squared differences of the properties of "
               "residues 1 to lambda apart, of one whole.",
               LAG_KEY("lambda", "distances from 1 to this"), WEIGHT_KEY("0.05"), CONVENTION_KEY, RESIDUE_TABLE_KEY),
    DESCRIPTOR(APAAC, "APAAC", "AmPseAAC",
               "Amphiphilic: PAAC with the mean products of hydrophobicity and of hydrophilicity, two columns a "
               "distance. All are 0 where the whole is below 1/1024.",
               LAG_KEY("lambda", "distances from 1 to this"), WEIGHT_KEY("0.05"), CONVENTION_KEY, RESIDUE_TABLE_KEY),
    DESCRIPTOR(BLOSUM62, "BLOSUM62", NULL, "The row of BLOSUM62 of the residue at each position. One length.",
               TABLE_KEY("henikoff1992", "henikoff1992", "in half bits")),
    DESCRIPTOR(ZSCALE, "ZScale", NULL, "Five z-scales of the residue at each position. One length.",
               TABLE_KEY("sandberg1998", "sandberg1998", "lipophilicity, bulk, polarity, electronics (two)")),
    {BAI_TERM_SPARSE,
     BAI_ROLE_FEATURE,
     "Sparse",
     "CSR",
     "The numbers of rows in compressed form, as libsvm files and ba_dataset_add_csr give them, up to the last column "
     "that a training row has; what other rows have beyond it is left out. They are not scaled.",
     {END_KEY}},
    {BAI_TERM_ONE_HOT,
     BAI_ROLE_FEATURE,
     "OneHot",
     NULL,
     "The letters themselves, for Conv: four numbers each, of which the letter's own is 1. An ambiguous letter is four "
     "zeros, and so is what lies beyond the ends.",
     {{NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL}}},
    {BAI_TERM_STANDARDIZE,
     BAI_ROLE_SCALE,
     "Standardize",
     "StandardScaler",
     "Real numbers less their mean, over their standard deviation (of the population), both of the training rows and "
     "their weights; a column that never changes is divided by 1. Counts and words of sequences and categories stay as "
     "they are: they have a norm of their own.",
     {END_KEY}},
    {BAI_TERM_MINMAX,
     BAI_ROLE_SCALE,
     "MinMax",
     "MinMaxScaler",
     "Real numbers on the scale where the smallest of the training rows is 0 and the largest is 1; the rest as for "
     "Standardize.",
     {END_KEY}},
    {BAI_TERM_PCA,
     BAI_ROLE_SCALE,
     "PCA",
     NULL,
     "The directions in which the training rows differ most, found by OpenBLAS and LAPACKE; for linear models and up "
     "to "
     "4,096 columns. The model is kept with a weight for each column, so its scores have the same bits everywhere; "
     "which "
     "weights were found may differ in the last bits between machines.",
     {{"n", BAI_KEY_INTEGER, 1, 4096, NULL, NULL, "how many directions"}, END_KEY}},
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
     {SOLVER_KEYS, CLASS_WEIGHT_KEY, END_KEY}},
    {BAI_TERM_SOFTMAX,
     BAI_ROLE_MODEL,
     "Softmax",
     "Multinomial",
     "Multinomial logistic regression for two or more classes, the same objective with one weight vector a class.",
     {SOLVER_KEYS, CLASS_WEIGHT_KEY, END_KEY}},
    {BAI_TERM_MLP,
     BAI_ROLE_MODEL,
     "MLP",
     NULL,
     "A hidden layer with relu over what Conv gives, or over the columns of other features; trained, with the "
     "convolutions, by Adam, the rate rising and falling once. The best epoch on the dev part is kept; without one, a "
     "tenth of the training rows is set apart for that.",
     {{"hidden", BAI_KEY_INTEGER, 1, 4096, NULL, "64", "hidden units; over columns 16 are enough"},
      {"skip", BAI_KEY_WORD, 0, 0, "none|linear", "none", "linear: over columns: adds a linear function of them"},
      {"dropout", BAI_KEY_REAL, 0, 0.9, NULL, "0.4",
       "share of the hidden layer's inputs left out by chance in training"},
      {"epochs", BAI_KEY_INTEGER, 0, 1e6, NULL, "0", "passes over the rows; 0: 6 + 24000 / rows, at most 30"},
      {"batch", BAI_KEY_INTEGER, 1, 65536, NULL, "64", "rows a step"},
      {"rate", BAI_KEY_REAL, 1e-9, 1, NULL, "0.003", "the highest learning rate"},
      {"decay", BAI_KEY_REAL, 0, 10, NULL, "0.2",
       "weights shrink by this times the rate at each step, those of columns of sequences by ten times that"},
      {"smoothing", BAI_KEY_REAL, 0, 0.5, NULL, "0", "share of a label that is spread over all classes"},
      {"class_weight", BAI_KEY_WORD, 0, 0, "none|balanced", "none", "balanced: every class weighs the same in all"},
      {"seeds", BAI_KEY_INTEGER, 1, 16, NULL, "1", "networks to train from other starts; their outputs are averaged"},
      {NULL, BAI_KEY_WORD, 0, 0, NULL, NULL, NULL}}},
    {BAI_TERM_LINEAR,
     BAI_ROLE_MODEL,
     "Linear",
     "Ridge",
     "A number from a linear function; labels are numbers. The objective is sum(w loss)/sum(w) + l2/2 |weights|^2, the "
     "intercept free; scikit-learn's alpha of Ridge is l2 rows.",
     {{"loss", BAI_KEY_WORD, 0, 0, "squared|huber|quantile", "squared",
       "squared: half the square, for the mean; huber: a straight line from delta on, for outliers; quantile: for the "
       "quantile"},
      {"delta", BAI_KEY_REAL, 1e-9, 1e9, NULL, "1",
       "in units of the label; huber: where the line begins; quantile: the corner of the loss is rounded over so much, "
       "which lowers it by at most half of that"},
      {"quantile", BAI_KEY_REAL, 0.001, 0.999, NULL, "0.5", "quantile: which one; 0.5 is the median"},
      SOLVER_KEYS,
      END_KEY}},
    {BAI_TERM_POISSON,
     BAI_ROLE_MODEL,
     "Poisson",
     NULL,
     "Counts: the log of the mean is a linear function, the loss half the deviance. Labels are numbers of 0 or more.",
     {SOLVER_KEYS, END_KEY}},
};
const int32_t bai_term_table_count = (int32_t)(sizeof bai_term_table / sizeof bai_term_table[0]);

const bai_shorthand bai_shorthand_table[] = {
    {"NAC", "Kmer", "k=1, value=freq, norm=none"},
    {"DNC", "Kmer", "k=2, value=freq, norm=none"},
    {"TNC", "Kmer", "k=3, value=freq, norm=none"},
    {"RCKmer", "Kmer", "strand=canonical, value=freq, norm=none"},
    {"GC", "Kmer", "k=1, alphabet=ws, value=freq, norm=none"},
    {"CKSNAP", "GappedKmer", "gap=0..3, value=freq, norm=none"},
    {"AAC", "Kmer", "k=1, alphabet=protein, value=freq, norm=none"},
    {"DPC", "Kmer", "k=2, alphabet=protein, value=freq, norm=none"},
    {"TPC", "Kmer", "k=3, alphabet=protein, value=freq, norm=none"},
    {"CKSAAP", "GappedKmer", "gap=0..3, alphabet=protein, value=freq, norm=none"},
    {"GAAC", "Kmer", "k=1, alphabet=gaac, value=freq, norm=none"},
    {"CKSAAGP", "GappedKmer", "gap=0..3, alphabet=gaac, value=freq, norm=none"},
    {"Binary", "PositionKmer", "k=1, norm=none"},
    {"one_hot", "PositionKmer", "k=1, norm=none"},
    {"RevKmer", "Kmer", "strand=canonical, value=freq, norm=none"},
    {"RevcKmer", "Kmer", "strand=canonical, value=freq, norm=none"},
    {"ZCurve9", "ZCurve", "k=1, phase=yes"},
    {"ZCurve12", "ZCurve", "k=2, phase=no"},
    {"ZCurve36", "ZCurve", "k=2, phase=yes"},
    {"ZCurve48", "ZCurve", "k=3, phase=no"},
    {"ZCurve144", "ZCurve", "k=3, phase=yes"},
};
const int32_t bai_shorthand_table_count = (int32_t)(sizeof bai_shorthand_table / sizeof bai_shorthand_table[0]);

const bai_key_alias bai_key_alias_table[] = {
    {"lamada", "lambda"},
    {"lambdaValue", "lambda"},
    {"kmer", "k"},
    {"timeperiod", "window"},
};
const int32_t bai_key_alias_count = (int32_t)(sizeof bai_key_alias_table / sizeof bai_key_alias_table[0]);

const bai_preset bai_preset_table[] = {
    {"motif", "Kmer(k=3..10, strand=canonical)", "motifs anywhere, on either strand: binding sites, enhancers"},
    {"anchored", "Kmer(k=1..8) + PositionKmer(k=1..3)", "sequences aligned at a site: promoters, splice sites"},
    {"conv", "OneHot() | Conv(width=13, pool=2, strand=max) | Conv(width=5) | MLP()",
     "a network: motifs anywhere, on either strand, best from 10,000 sequences on"},
    {"conv_anchored", "OneHot() | Conv(width=13, pool=2) | Conv(width=5, bins=10) | MLP()",
     "a network for sequences aligned at a site"},
    {"peptide", "Kmer(k=1..3, alphabet=protein) + GappedKmer(k=1, gap=1..6, alphabet=protein)",
     "peptides and proteins"},
};
const int32_t bai_preset_table_count = (int32_t)(sizeof bai_preset_table / sizeof bai_preset_table[0]);
