/* SPDX-License-Identifier: MIT
 *
 * golden.c: the golden inputs of a model: made from a seed, never training rows; scored when the model is made and
 * compared bit by bit by the selftest.
 */
#include <string.h>

#include "model/model.h"

#define GOLDEN_INPUTS 32
#define GOLDEN_STREAM UINT64_C(0x676f6c64656e)
#define SPARSE_STREAM UINT64_C(0x737061727365)
#define SPARSE_COLUMNS 16
#define INPUT_STREAM UINT64_C(0x696e70757473)
#define QUALITY_STREAM UINT64_C(0x7175616c697479)

/* Lengths from empty to some hundred, or the one length that the recipe takes. */
static int64_t golden_length(const ba_model *model, int64_t index) {
  for (int32_t m = 0; m < model->member_count; m++)
    if (model->members[m].plan->needs_equal) return model->members[m].plan->fitted_length;
  return index < 4 ? index * 3 : 20 + index * index;
}

/* A model of a table alone has no use for letters. */
static int32_t reads_letters(const ba_model *model) {
  for (int32_t m = 0; m < model->member_count; m++) {
    const bai_plan *plan = model->members[m].plan;
    if (plan->block_count == 0) return 1; /* a network over letters */
    for (int32_t b = 0; b < plan->block_count; b++)
      if (plan->blocks[b].input < 0 && plan->blocks[b].kind != BAI_TERM_SPARSE) return 1;
  }
  return 0;
}

static int32_t refuses_ambiguous(const ba_model *model) {
  for (int32_t m = 0; m < model->member_count; m++)
    for (int32_t b = 0; b < model->members[m].plan->block_count; b++)
      if (model->members[m].plan->blocks[b].refuse_ambiguous) return 1;
  return 0;
}

static void golden_letters(const ba_model *model, uint64_t seed, bai_golden *golden) {
  const bai_alphabet *alphabet =
      &bai_alphabets[model->members[0].plan->protein ? BAI_ALPHABET_PROTEIN : BAI_ALPHABET_DNA];
  const int32_t plain = refuses_ambiguous(model);
  for (int64_t i = 0; i < golden->count; i++) {
    /* Every fourth input is low in complexity, so that counts above one occur. */
    const uint64_t letters = i % 4 == 3 ? 2 : (uint64_t)alphabet->size;
    for (int64_t at = golden->offsets[i]; at < golden->offsets[i + 1]; at++) {
      const uint64_t bits = bai_random(seed, GOLDEN_STREAM, (uint64_t)at);
      uint8_t letter = (uint8_t)alphabet->symbols[bits % letters];
      if (bits >> 40 & 1) letter = (uint8_t)(letter + 32); /* lower case */
      if (!plain && (bits >> 48) % 97 == 0) letter = alphabet->size == 4 ? 'N' : 'X';
      golden->letters[at] = letter;
    }
  }
}

/* Qualities of the golden inputs are not in the file: they follow from the place among all golden letters. One in eight
 * is any from 0 to 41, the others 30 to 41. */
static void golden_symbols(uint8_t *symbols, int64_t first, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    const uint64_t bits = bai_random(0, QUALITY_STREAM, (uint64_t)(first + i));
    symbols[i] = (uint8_t)('!' + (bits % 8 == 0 ? (bits >> 8) % 42 : 30 + (bits >> 8) % 12));
  }
}

/* Numbers from -8 to 8, whatever the column's own are; texts that are known, and none. */
static void golden_inputs(const ba_model *model, uint64_t seed, bai_golden *golden) {
  int64_t at = 0;
  for (int64_t i = 0; i < golden->count; i++) {
    for (int32_t m = 0; m < model->member_count; m++) {
      const bai_inputs *inputs = &model->members[m].plan->inputs;
      for (int64_t n = 0; n < inputs->items.count; n++, at++) {
        const bai_input *input = bai_input_at(inputs, n);
        const uint64_t bits = bai_random(seed, INPUT_STREAM, (uint64_t)at);
        golden->inputs[at] = (double)((int64_t)(bits % 4097) - 2048) / 256.0;
        if (input->kind == BAI_INPUT_TEXT || input->kind > BAI_INPUT_HASH)
          golden->inputs[at] = (double)((int64_t)(bits % (uint64_t)(bai_input_places(input) + 1)) - 1);
      }
    }
  }
}

/* The golden rows with what the members compute, as one series; NULL for a model that reads no table. */
static ba_status derive_golden(ba_context *context, const ba_model *model, double **out) {
  const bai_golden *golden = &model->golden;
  const int64_t width = bai_model_row_inputs(model);
  *out = NULL;
  if (!golden->inputs) return BA_OK;
  ba_status status = bai_alloc_zero(context, golden->count, 8 * width, out);
  for (int64_t i = 0; !status && i < golden->count; i++)
    bai_model_spread(model, golden->inputs + i * golden->input_count, *out + i * width);
  const bai_series_rows rows = {*out, width, golden->count, NULL, NULL};
  return status ? status : bai_model_derive(context, model, &rows);
}

/* Of a model of sparse rows: 16 of its columns, or all, which are not in the file but follow from the place. */
typedef struct golden_sparse {
  uint32_t columns[SPARSE_COLUMNS];
  double values[SPARSE_COLUMNS];
  bai_sparse row;
} golden_sparse;

static void fill_sparse(const ba_model *model, int64_t index, golden_sparse *out) {
  const uint64_t width = (uint64_t)model->members[0].plan->width;
  const uint64_t most = width < SPARSE_COLUMNS ? width : SPARSE_COLUMNS;
  out->row = (bai_sparse){out->columns, out->values, (int64_t)most};
  for (uint64_t i = 0; i < most; i++) {
    const uint64_t from = width / most * i, bits = bai_random(0, SPARSE_STREAM, (uint64_t)index * SPARSE_COLUMNS + i);
    out->columns[i] = (uint32_t)(from + bits % (width / most));
    out->values[i] = (double)((int64_t)(bits >> 40) % 4097 - 2048) / 256.0;
  }
}

static ba_status score_golden(ba_context *context, const ba_model *model, const bai_kernels *kernels, double *scores,
                              double *probabilities) {
  const bai_golden *golden = &model->golden;
  bai_lane lane = {0};
  int64_t longest = 0;
  for (int64_t i = 0; i < golden->count; i++)
    if (golden->offsets[i + 1] - golden->offsets[i] > longest) longest = golden->offsets[i + 1] - golden->offsets[i];
  uint8_t *symbols = NULL;
  double *inputs = NULL;
  golden_sparse sparse;
  if (bai_plan_is_sparse(model->members[0].plan)) longest = SPARSE_COLUMNS;
  ba_status status = derive_golden(context, model, &inputs);
  if (!status) status = bai_lane_reserve(context, model, &lane, longest);
  if (!status) status = bai_alloc(context, longest, 1, &symbols);
  lane.symbols = symbols;
  for (int64_t i = 0; !status && i < golden->count; i++) {
    const int64_t length = golden->offsets[i + 1] - golden->offsets[i];
    double *score = scores + i * model->outputs;
    golden_symbols(symbols, golden->offsets[i], length);
    if (bai_plan_is_sparse(model->members[0].plan)) {
      fill_sparse(model, i, &sparse);
      lane.sparse = &sparse.row;
    }
    if (inputs) lane.inputs = inputs + i * bai_model_row_inputs(model);
    status = bai_lane_score(kernels, model, &lane, (const char *)golden->letters + golden->offsets[i], length, score);
    if (status) {
      status = bai_lane_explain(context, &lane, status, i + 1, length);
      break;
    }
    bai_model_probabilities(kernels, model, score, probabilities + i * model->answers);
  }
  bai_free(context, inputs);
  bai_free(context, symbols);
  bai_lane_free(context, &lane);
  return status;
}

ba_status bai_golden_make(ba_context *context, ba_model *model, uint64_t seed) {
  bai_golden *golden = &model->golden;
  ba_status status = bai_alloc_zero(context, GOLDEN_INPUTS + 1, 8, &golden->offsets);
  if (status) return status;
  golden->count = GOLDEN_INPUTS;
  for (int64_t i = 0; i < GOLDEN_INPUTS; i++)
    golden->offsets[i + 1] = golden->offsets[i] + (reads_letters(model) ? golden_length(model, i) : 0);
  status = bai_alloc(context, golden->offsets[GOLDEN_INPUTS], 1, &golden->letters);
  if (!status) status = bai_alloc_zero(context, GOLDEN_INPUTS, 8 * (int64_t)model->outputs, &golden->scores);
  if (!status) status = bai_alloc_zero(context, GOLDEN_INPUTS, 8 * (int64_t)model->answers, &golden->probabilities);
  golden->input_count = ba_model_inputs(model);
  if (!status && golden->input_count)
    status = bai_alloc_zero(context, GOLDEN_INPUTS, 8 * golden->input_count, &golden->inputs);
  if (status) return status;
  if (golden->inputs) golden_inputs(model, seed, golden);
  golden_letters(model, seed, golden);
  return bai_golden_score(context, model);
}

ba_status bai_golden_score(ba_context *context, ba_model *model) {
  return score_golden(context, model, bai_kernels_of(context), model->golden.scores, model->golden.probabilities);
}

static ba_status compare(ba_context *context, const ba_model *model, const bai_kernels *kernels, const double *scores,
                         const double *probabilities) {
  const bai_golden *golden = &model->golden;
  for (int64_t i = 0; i < golden->count; i++) {
    const size_t outputs = (size_t)model->outputs * 8, classes = (size_t)model->answers * 8;
    if (memcmp(scores + i * model->outputs, golden->scores + i * model->outputs, outputs) != 0 ||
        memcmp(probabilities + i * model->answers, golden->probabilities + i * model->answers, classes) != 0)
      return bai_fail_at(context, BA_ERR_SELFTEST, i + 1, -1,
                         "selftest: at CPU level %s golden input %lld scores %g and the model file expects %g",
                         kernels->name, (long long)(i + 1), scores[i * model->outputs],
                         golden->scores[i * model->outputs]);
  }
  return BA_OK;
}

ba_status bai_golden_check(ba_context *context, const ba_model *model) {
  const bai_kernels *levels[3];
  const int32_t count = bai_kernels_available(levels);
  double *scores = NULL, *probabilities = NULL;
  ba_status status = bai_alloc_zero(context, model->golden.count, 8 * (int64_t)model->outputs, &scores);
  if (!status) status = bai_alloc_zero(context, model->golden.count, 8 * (int64_t)model->answers, &probabilities);
  for (int32_t level = 0; !status && level < count; level++) {
    status = score_golden(context, model, levels[level], scores, probabilities);
    if (bai_row_explains(status))
      status = bai_fail_prefix(context, BA_ERR_SELFTEST, "selftest: a golden input does not fit the recipe");
    if (!status) status = compare(context, model, levels[level], scores, probabilities);
  }
  bai_free(context, scores);
  bai_free(context, probabilities);
  return status;
}

ba_status ba_model_selftest(ba_context *context, const ba_model *model) {
  ba_status status = bai_enter(context);
  if (status) return status;
  status = model ? bai_golden_check(context, model) : bai_fail(context, BA_ERR_ARGUMENT, "selftest: expected a model");
  return bai_leave(context, status);
}
