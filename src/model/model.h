/* SPDX-License-Identifier: MIT
 *
 * model.h: the inside of a model: one member, or those of an ensemble. Weights are int32 with a power-of-two scale for
 * each output and block; that is what the file holds, and there is no second copy that could differ.
 */
#ifndef BAI_MODEL_H
#define BAI_MODEL_H

#include "bioanalytics/model.h"
#include "features/plan.h"
#include "model/drift.h"
#include "model/net.h"

typedef struct bai_golden {
  int64_t count;
  uint8_t *letters;
  int64_t *offsets; /* count + 1 */
  double *scores;   /* count x outputs */
  double *probabilities;
  int64_t input_count; /* of all members */
  double *inputs;      /* count x input_count; NULL for a model that reads no table */
} bai_golden;

/* One recipe's features and weights, or its network. */
typedef struct bai_member {
  bai_plan *plan;
  /* Sums of weights times values: one an output; of a network over columns one a hidden unit, of all its copies, and
   * with skip one an output behind them. */
  int32_t units;
  int32_t *weights;   /* units x width; of a network over columns width x units */
  int32_t *exponents; /* units x blocks: a weight is its integer times 2^-exponent */
  double *intercepts; /* outputs; before them those of hidden units */
  double *reals;      /* units x real columns: the weights of those */
  bai_net net;        /* hidden 0: none */
  /* Of a network over columns: what its outputs make of its hidden units, hidden x outputs. */
  int32_t hidden;
  double *head;
  double *outputs_of; /* the same, outputs x hidden */
  float *panels;      /* weights of real columns, as kernels.h has them; NULL: there are none, or rows are sparse */
  int32_t narrow;     /* all of these fit: 0 when a weight is too large, or there are none */
  /* A network over letters has no columns, weights or intercepts, but parameters: a copy of it after the other, and
   * tables made from them. */
  float *parameters, *tables;
} bai_member;

/* Weights of one unit, and from the weight of a column to that of the next. */
static inline const int32_t *bai_member_unit(const bai_member *member, int32_t unit) {
  return member->weights + (member->hidden ? unit : unit * member->plan->width);
}
static inline int64_t bai_member_step(const bai_member *member) {
  return member->hidden ? member->units : 1;
}

/* How scores become probabilities beyond the plain sigmoid or softmax. */
enum { BAI_CALIBRATION_NONE, BAI_CALIBRATION_PLATT, BAI_CALIBRATION_TEMPERATURE, BAI_CALIBRATION_ISOTONIC };
#define BAI_CALIBRATION_WORDS "none|platt|temperature|isotonic"

typedef struct bai_calibration {
  int32_t method;
  double slope, intercept; /* platt: sigmoid(slope score + intercept); temperature: scores times slope */
  int64_t knots;           /* isotonic: straight lines between them, level outside */
  double *at, *value;
  /* Of split-conformal sets: 1 minus the probability of the true class, rising. */
  int64_t rows;
  double *strangeness;
} bai_calibration;

struct ba_model {
  _Atomic int64_t references;
  ba_context *context;
  char *recipe; /* canonical, with the model stages */
  int32_t classes, outputs, member_count;
  int32_t answers;  /* columns of its probabilities: one a class; one of a model of numbers, which has no classes */
  int32_t log_link; /* of a model of numbers: 1 when the score is the log of the number, else it is the number */
  bai_member *members;
  /* Of an ensemble; NULL for one member. Its scores are the sum of the members', each times its factor, plus offsets.
   */
  double *factors, *offsets;
  char *class_names;          /* one after the other, each ended by a NUL */
  int64_t class_names_length; /* with the NULs */
  bai_calibration calibration;
  bai_drift drift;
  bai_golden golden;
  char *provenance; /* a JSON object */
  uint64_t digest;  /* of the file's contents */
};

/* What training hands over for a model of one member. Weights are float64, outputs x width. */
typedef struct bai_fit {
  const char *recipe;
  const char *const *class_names;
  int32_t classes;
  bai_fitted fitted; /* of the plan */
  const double *weights;
  const double *intercepts;
  const char *provenance;
  uint64_t seed;
  const float *parameters; /* of a network, a copy after the other, instead of weights and intercepts */
} bai_fit;

#define BAI_MOST_CLASSES 65536 /* what a model file holds */

/* How models are joined: one factor a model, one offset an output. */
typedef struct bai_joint {
  const double *factors, *offsets;
  const char *provenance;
  uint64_t seed;
} bai_joint;

/* Makes a model: rounds the weights, makes the golden inputs and scores them. Inside a call. */
ba_status bai_model_make(ba_context *context, const bai_fit *fit, ba_model **out);
/* Makes an ensemble of models of one member each and of the same classes; takes the members out of them. */
ba_status bai_model_join(ba_context *context, ba_model *const *models, int32_t count, const bai_joint *joint,
                         ba_model **out);
/* An empty model with the plans of a recipe and room for weights and the rest; one fit a member. */
ba_status bai_model_open(ba_context *context, const char *recipe, const bai_fitted *fitted, int32_t classes,
                         ba_model **out);
/* A copy of a model, without its golden scores, to be changed before anyone sees it; then bai_model_complete scores the
 * golden inputs anew and finds the digest. */
ba_status bai_model_copy(ba_context *context, const ba_model *model, ba_model **out);
ba_status bai_model_complete(ba_context *context, ba_model *model);
/* The digest alone, after a change that no score depends on. */
ba_status bai_model_find_digest(ba_context *context, ba_model *model);
/* What a member's scores are made by, from what its file holds. */
void bai_member_prepare(bai_member *member);
/* Numbers of a row of a table: what the members read, and what they compute from it. */
int64_t bai_model_row_inputs(const ba_model *model);
/* Puts the inputs of all members where the row of inputs has them. */
void bai_model_spread(const ba_model *model, const double *inputs, double *row);
/* Computes the rest of such rows; `rows` has those of all members side by side. */
ba_status bai_model_derive(ba_context *context, const ba_model *model, const bai_series_rows *rows);
/* BA_ERR_UNSUPPORTED for a model that reads a table, where a call has sequences. */
ba_status bai_model_check_letters(ba_context *context, const ba_model *model, const char *call);
/* One output's weights by column, of a member that is no network. */
void bai_member_weights(const bai_member *member, int32_t output, double *weights);
/* The only member, where a call needs one with columns; else an error that names the call. */
ba_status bai_model_single(ba_context *context, const ba_model *model, const char *call);

/* create.c: 1 for a text without control bytes: names of classes go into lines and columns of output. */
int32_t bai_is_class_name(const char *text, int64_t length);

/* golden.c: generated inputs, never training rows. */
ba_status bai_golden_make(ba_context *context, ba_model *model, uint64_t seed);
/* Scores the golden inputs that are there anew. */
ba_status bai_golden_score(ba_context *context, ba_model *model);
ba_status bai_golden_check(ba_context *context, const ba_model *model);

/* inputs_file.c: the inputs of a plan as bytes, and back. */
ba_status bai_inputs_write(ba_context *context, const bai_inputs *inputs, bai_vector *bytes);
/* Returns 0 for bytes that are none; *status is then BA_OK. Freed also after a failure. */
int32_t bai_inputs_parse(ba_context *context, const uint8_t *bytes, int64_t n, bai_inputs *out, ba_status *status);

/* file.c */
/* The oldest format that can say what the model has. */
int32_t bai_model_format(const ba_model *model);
ba_status bai_model_write(ba_context *context, const ba_model *model, bai_vector *bytes, uint64_t *digest);
ba_status bai_model_read(ba_context *context, const uint8_t *data, int64_t length, ba_model **out);

/* score.c: what one thread needs to score; bits do not depend on the kernels' level. */
typedef struct bai_lane {
  bai_row **rows;      /* one a member */
  bai_net_room *rooms; /* one a member; empty ones of those that are no networks */
  int32_t row_count;
  const bai_sparse *sparse; /* the row in compressed form, borrowed; NULL: it is none */
  const uint8_t *symbols;   /* qualities of the sequence to score, borrowed; NULL: it has none */
  const double
      *inputs;      /* of all members, with what they compute, one after the other, borrowed; NULL: there is no table */
  uint32_t *values; /* room for the entries of any row */
  int64_t values_capacity;
  int64_t *whole; /* of networks over columns: integer sums of the units, and what they come to */
  double *sums;
  float *narrow;  /* and the real columns of one, as float32 */
  double *scores; /* outputs of the model, for callers that want no scores */
  double *part;   /* outputs of one member */
  int64_t *drift; /* requests in the model's bins; NULL when they are not counted */
  int64_t *steps; /* of members that read words: what each occurrence adds to a root, BAI_MOST_WORDS of them */
  int32_t lists;  /* the caller asks for the rows' columns too */
} bai_lane;

/* Makes room for sequences of `longest` letters; on failure the lane stays fit for what it was. */
ba_status bai_lane_reserve(ba_context *context, const ba_model *model, bai_lane *lane, int64_t longest);
void bai_lane_free(ba_context *context, bai_lane *lane);
/* The model's scores of a sequence. Records no error: a status that bai_row_explains, or BA_ERR_CANCELLED, which
 * bai_lane_explain words. */
ba_status bai_lane_score(const bai_kernels *kernels, const ba_model *model, bai_lane *lane, const char *letters,
                         int64_t length, double *scores);
/* The same of a sequence whose codes stand in the first row. */
ba_status bai_lane_score_codes(const bai_kernels *kernels, const ba_model *model, bai_lane *lane, int64_t length,
                               int64_t ambiguous, double *scores);
ba_status bai_lane_explain(ba_context *context, const bai_lane *lane, ba_status status, int64_t record, int64_t length);
/* Member m's scores of the codes in its row. */
ba_status bai_lane_score_member(const bai_kernels *kernels, const ba_model *model, const bai_lane *lane, int32_t m,
                                int64_t length, int64_t ambiguous, double *scores);
/* One member's scores of the columns in a row; of a network over columns, lane->sums are left with its units' sums. */
void bai_member_score(const bai_kernels *kernels, const bai_member *member, int32_t outputs, const bai_lane *lane,
                      const bai_row *row, double *scores);
/* words.c: the same of sequences of up to BAI_MOST_WORDS letters, by a linear member over words alone; the row has
 * begun and no column is listed. */
#define BAI_MOST_WORDS 4096 /* no sum of so many overflows 64 bits */
int32_t bai_member_reads_words(const bai_member *member);
void bai_words_steps(int64_t steps[BAI_MOST_WORDS + 1]);
/* Whether a block's columns are the codes of words that stand side by side. */
int32_t bai_block_is_direct(const bai_block *block);
void bai_member_read(const bai_kernels *kernels, const bai_member *member, int32_t outputs, bai_row *row,
                     const int64_t *steps, double *scores);
/* What each column of a linear member gives to one output's score of the row that was extracted last: with the
 * intercept they add up to it. `values` is room for the row's entries. */
void bai_member_shares(const bai_kernels *kernels, const bai_member *member, int32_t output, const bai_row *row,
                       uint32_t *values, double *shares);
/* The integer sum of one unit's block times its scale, not yet divided; any number once the context is cancelled. */
double bai_block_sum(const ba_context *context, const bai_kernels *kernels, const bai_member *member, int32_t unit,
                     int32_t block, const uint32_t *columns, const uint32_t *counts, uint32_t *values, int64_t n);
/* hidden.c: a network over columns. Memory for what it is scored by, and that from its weights. */
ba_status bai_hidden_open(ba_context *context, bai_member *member);
void bai_hidden_prepare(bai_member *member);
/* Numbers that its units' sums take: some more than units. */
int64_t bai_hidden_sums(const bai_member *member);
/* The sums of a row's real columns, for all units; `room` for as many floats. */
void bai_hidden_row(const bai_kernels *kernels, const bai_member *member, const double *reals, float *room,
                    double *sums);
/* The same of rows of floats, where they and the weights fit: 0, or 1 when one of the rows does not. */
int32_t bai_hidden_rows(const bai_kernels *kernels, const bai_member *member, const float *rows, int64_t stride,
                        int64_t count, double *sums);
/* From the sums of all columns, without intercepts, to the outputs. */
void bai_hidden_head(const bai_kernels *kernels, const bai_member *member, const double *sums, double *scores);
/* calibration.c: class probabilities of a model's scores. */
void bai_model_probabilities(const bai_kernels *kernels, const ba_model *model, const double *scores,
                             double *probabilities);
void bai_calibration_free(ba_context *context, bai_calibration *calibration);
/* Class probabilities of the outputs' scores without a calibration. */
void bai_probabilities(const bai_kernels *kernels, int32_t classes, const double *scores, double *probabilities);

#endif
