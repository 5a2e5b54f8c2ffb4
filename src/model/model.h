/* SPDX-License-Identifier: MIT
 *
 * model.h: the inside of a model. Weights are int32 with a power-of-two scale for each output and block; that is what
 * the file holds, and there is no second copy that could differ.
 */
#ifndef BAI_MODEL_H
#define BAI_MODEL_H

#include "bioanalytics/model.h"
#include "features/plan.h"

typedef struct bai_golden {
  int64_t count;
  uint8_t *letters;
  int64_t *offsets; /* count + 1 */
  double *scores;   /* count x outputs */
  double *probabilities;
} bai_golden;

struct ba_model {
  _Atomic int64_t references;
  ba_context *context;
  char *recipe; /* canonical, with the model stage */
  bai_plan *plan;
  int32_t classes, outputs;
  char *class_names;          /* one after the other, each ended by a NUL */
  int64_t class_names_length; /* with the NULs */
  int32_t *weights;           /* outputs x width */
  int32_t *exponents;         /* outputs x blocks: a weight is its integer times 2^-exponent */
  double *intercepts;         /* outputs */
  bai_golden golden;
  char *provenance; /* a JSON object */
  uint64_t digest;  /* of the file's contents */
};

/* What training hands over. Weights are float64, outputs x width. */
typedef struct bai_fit {
  const char *recipe;
  const char *const *class_names;
  int32_t classes;
  int64_t fitted_length; /* of the plan; -1 when it needs none */
  const double *weights;
  const double *intercepts;
  const char *provenance;
  uint64_t seed;
} bai_fit;

/* Makes a model: rounds the weights, makes the golden inputs and scores them. Inside a call. */
ba_status bai_model_make(ba_context *context, const bai_fit *fit, ba_model **out);
/* An empty model with the plan of a recipe and room for weights and the rest. */
ba_status bai_model_open(ba_context *context, const char *recipe, int64_t fitted_length, int32_t classes,
                         ba_model **out);

/* golden.c: generated inputs, never training rows. */
ba_status bai_golden_make(ba_context *context, ba_model *model, uint64_t seed);
ba_status bai_golden_check(ba_context *context, const ba_model *model);

/* file.c */
ba_status bai_model_write(ba_context *context, const ba_model *model, bai_vector *bytes, uint64_t *digest);
ba_status bai_model_read(ba_context *context, const uint8_t *data, int64_t length, ba_model **out);

/* score.c: pure, for one thread; bits do not depend on the kernels' level. */
/* The outputs' scores of the sequence in the row; `values` has room for row->entries integers. */
void bai_score_row(const bai_kernels *kernels, const ba_model *model, const bai_row *row, uint32_t *values,
                   double *scores);
/* The integer sum of one output's block times its scale, not yet divided. */
double bai_block_sum(const bai_kernels *kernels, const ba_model *model, int32_t output, int32_t block,
                     const uint32_t *columns, const uint32_t *counts, uint32_t *values, int64_t n);
/* Class probabilities of the outputs' scores. */
void bai_probabilities(const bai_kernels *kernels, int32_t classes, const double *scores, double *probabilities);
/* value times 2^exponent, exact unless it leaves the range of normal numbers. */
double bai_scale_by_power(double value, int32_t exponent);

#endif
