/* SPDX-License-Identifier: MIT
 *
 * recipe.h: the recipe language. One table in recipe_table.c names every term, key, type, range and default.
 */
#ifndef BAI_RECIPE_H
#define BAI_RECIPE_H

#include "base/base.h"

#define BAI_MOST_RECIPE 4096 /* letters */

typedef enum bai_role { BAI_ROLE_FEATURE, BAI_ROLE_SCALE, BAI_ROLE_CONV, BAI_ROLE_MODEL } bai_role;

typedef enum bai_term_kind {
  BAI_TERM_KMER,
  BAI_TERM_POSITION_KMER,
  BAI_TERM_GAPPED_KMER,
  BAI_TERM_SPACED_KMER,
  BAI_TERM_GKM,
  BAI_TERM_BINNED_KMER,
  BAI_TERM_LENGTH,
  BAI_TERM_COLUMN,
  BAI_TERM_COLUMNS,
  BAI_TERM_LOG, /* the first that is computed from columns; see recipe_series.c */
  BAI_TERM_CLIP,
  BAI_TERM_POWER,
  BAI_TERM_PRODUCT,
  BAI_TERM_RATIO,
  BAI_TERM_LAG,
  BAI_TERM_DIFFERENCE,
  BAI_TERM_RETURN,
  BAI_TERM_LOG_RETURN,
  BAI_TERM_ROLLING,
  BAI_TERM_CORRELATION,
  BAI_TERM_COVARIANCE,
  BAI_TERM_ZSCORE,
  BAI_TERM_ROBUST_Z,
  BAI_TERM_BOLLINGER,
  BAI_TERM_VOLATILITY,
  BAI_TERM_DRAWDOWN,
  BAI_TERM_EWMA,
  BAI_TERM_RSI,
  BAI_TERM_MACD,
  BAI_TERM_ATR,
  BAI_TERM_CUSUM,
  BAI_TERM_PAGE_HINKLEY,
  BAI_TERM_ADWIN,
  BAI_TERM_SES,
  BAI_TERM_HOLT_WINTERS,
  BAI_TERM_CROSTON,
  BAI_TERM_TSB,
  BAI_TERM_TIME_TO_EMPTY,
  BAI_TERM_PORTFOLIO,
  BAI_TERM_TEMPLATE,
  BAI_TERM_EXPANDING,
  BAI_TERM_CALENDAR,
  BAI_TERM_CYCLE, /* the last */
  BAI_TERM_CATEGORY,
  BAI_TERM_CATEGORY_HASH,
  BAI_TERM_MISMATCH, /* the first descriptor: real numbers by a formula; they stay together, in this order */
  BAI_TERM_SUBSEQUENCE,
  BAI_TERM_ENAC,
  BAI_TERM_NCP,
  BAI_TERM_ANF,
  BAI_TERM_EIIP,
  BAI_TERM_PSEEIIP,
  BAI_TERM_ZCURVE,
  BAI_TERM_DAC,
  BAI_TERM_DCC,
  BAI_TERM_DACC,
  BAI_TERM_PSEDNC,
  BAI_TERM_PSEKNC,
  BAI_TERM_SCPSEDNC,
  BAI_TERM_MINIMIZER,
  BAI_TERM_ORF,
  BAI_TERM_CODON_USAGE,
  BAI_TERM_ENTROPY,
  BAI_TERM_COMPLEXITY,
  BAI_TERM_CTDC, /* the first of residues only */
  BAI_TERM_CTDT,
  BAI_TERM_CTDD,
  BAI_TERM_PAAC,
  BAI_TERM_APAAC,
  BAI_TERM_BLOSUM62,
  BAI_TERM_ZSCALE, /* the last descriptor */
  BAI_TERM_SPARSE,
  BAI_TERM_ONE_HOT,
  BAI_TERM_STANDARDIZE,
  BAI_TERM_MINMAX,
  BAI_TERM_PCA,
  BAI_TERM_CONV,
  BAI_TERM_LOGISTIC,
  BAI_TERM_SOFTMAX,
  BAI_TERM_MLP,
  BAI_TERM_LINEAR,
  BAI_TERM_POISSON
} bai_term_kind;

/* The type of a key: an integer, an integer range a..b (a alone is a..a), a power of two, a mask (binary digits, the
 * first one a 1), a real, one of some words, a name of the user's, in quotes unless it is a word, or names or numbers
 * with commas between them, in quotes. */
typedef enum bai_key_type {
  BAI_KEY_INTEGER,
  BAI_KEY_RANGE,
  BAI_KEY_POWER,
  BAI_KEY_MASK,
  BAI_KEY_REAL,
  BAI_KEY_WORD,
  BAI_KEY_NAME,
  BAI_KEY_LIST
} bai_key_type;

/* The words of the key alphabet, in its order. All terms of a recipe read nucleotides, or all read residues. */
typedef enum bai_alphabet_word {
  BAI_ALPHABET_DNA,
  BAI_ALPHABET_WS,
  BAI_ALPHABET_RY,
  BAI_ALPHABET_PROTEIN, /* the first that reads residues */
  BAI_ALPHABET_GAAC,
  BAI_ALPHABET_CTRIAD
} bai_alphabet_word;

typedef struct bai_key {
  const char *name;
  bai_key_type type;
  double least, most;   /* numbers: the range allowed; masks: digits */
  const char *words;    /* words: "forward|canonical" */
  const char *standard; /* the default as text; NULL: the key must be given */
  const char *help;
} bai_key;

#define BAI_TERM_KEYS 16

typedef struct bai_term_spec {
  bai_term_kind kind;
  bai_role role;
  const char *name;
  const char *aliases; /* "spectrum|kmers" or NULL */
  const char *help;
  bai_key keys[BAI_TERM_KEYS]; /* ends with name NULL */
} bai_term_spec;

/* A name of the field for a term with some defaults of its own; the canonical text has the term. */
typedef struct bai_shorthand {
  const char *name;
  const char *term;
  const char *keys; /* "k=2, value=freq" */
} bai_shorthand;

/* Another name of a key, in any term; it is no key itself. */
typedef struct bai_key_alias {
  const char *name, *key;
} bai_key_alias;

typedef struct bai_preset {
  const char *name; /* without the @ */
  const char *text;
  const char *help;
} bai_preset;

extern const bai_term_spec bai_term_table[];
extern const int32_t bai_term_table_count;
extern const bai_term_spec bai_series_table[];
extern const int32_t bai_series_table_count;
/* The terms of both tables, one after the other; NULL behind the last. */
const bai_term_spec *bai_term_spec_at(int32_t index);
extern const bai_shorthand bai_shorthand_table[];
extern const int32_t bai_shorthand_table_count;
extern const bai_key_alias bai_key_alias_table[];
extern const int32_t bai_key_alias_count;
extern const bai_preset bai_preset_table[];
extern const int32_t bai_preset_table_count;

#define BAI_COLUMN_NAME 64 /* bytes of a name with its NUL */

typedef struct bai_value {
  int64_t integer; /* integer, power, lower end of a range, a mask's digits as bits, or index of a word */
  int64_t upper;   /* upper end of a range */
  double real;
  char name[BAI_COLUMN_NAME];
} bai_value;

typedef struct bai_term {
  const bai_term_spec *spec;
  bai_value values[BAI_TERM_KEYS]; /* in the order of spec->keys */
} bai_term;

/* One member: features, then their scaling, then convolution stages, then the model. */
typedef struct bai_pipeline {
  bai_vector features; /* of bai_term */
  bai_term scale, pca; /* spec NULL: none */
  bai_vector convs;    /* of bai_term */
  bai_term model;
  int32_t has_model;
} bai_pipeline;

typedef struct bai_recipe {
  bai_vector members; /* of bai_pipeline; one, or those of an ensemble */
} bai_recipe;

#define BAI_MOST_MEMBERS 16

/* Whether the terms of a parsed recipe read residues, not nucleotides. */
int32_t bai_pipeline_reads_protein(const bai_pipeline *pipeline);
/* Parses a recipe; *out must be zero-initialised and is freed with bai_recipe_free, also after a failure. */
ba_status bai_recipe_parse(ba_context *context, const char *text, bai_recipe *out);
void bai_recipe_free(ba_context *context, bai_recipe *recipe);
/* Parses a recipe that must have one member. */
ba_status bai_recipe_parse_single(ba_context *context, const char *text, bai_recipe *out);
static inline const bai_pipeline *bai_recipe_member(const bai_recipe *recipe, int64_t index) {
  return (const bai_pipeline *)recipe->members.data + index;
}
/* The next of the texts between the commas of a list, without the spaces around it; 0 behind the last. Start with *at
 * on the list. */
int32_t bai_list_next(const char **at, const char **text, int64_t *length);
/* The value of a key that the term has. */
const bai_value *bai_term_value(const bai_term *term, const char *key);
/* 1 for a term over the columns of a table, 0 for one over sequences. */
int32_t bai_term_reads_table(const bai_term *term);
/* 1 for a descriptor: a term of real numbers made from letters. */
static inline int32_t bai_kind_is_descriptor(bai_term_kind kind) {
  return kind >= BAI_TERM_MISMATCH && kind <= BAI_TERM_ZSCALE;
}
/* 1 for one over columns whose numbers are computed from them row by row. */
static inline int32_t bai_kind_is_derived(bai_term_kind kind) {
  return kind >= BAI_TERM_LOG && kind <= BAI_TERM_CYCLE;
}
/* 1 for a model of numbers, 0 for one of classes. */
int32_t bai_term_is_value(const bai_term *model);
/* Gives a key of type real that the term has another value. */
void bai_term_set(bai_term *term, const char *key, double value);
/* Appends the canonical text of a term. */
ba_status bai_term_write(ba_context *context, const bai_term *term, bai_vector *text);
/* Appends the canonical text of all members. */
ba_status bai_recipe_write(ba_context *context, const bai_recipe *recipe, bai_vector *text);
/* Appends the canonical text of one member: its features and their scaling, and the other stages when `whole` is 1. */
ba_status bai_pipeline_write(ba_context *context, const bai_pipeline *pipeline, int32_t whole, bai_vector *text);

#endif
