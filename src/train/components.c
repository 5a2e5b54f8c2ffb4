/* SPDX-License-Identifier: MIT
 *
 * components.c: the public principal components: of the rows of a dataset, for a look at them.
 */
#include <string.h>

#include "train/dataset.h"
#include "train/run.h"

struct ba_pca {
  ba_context *context;
  const ba_dataset *dataset;
  bai_recipe recipe;
  uint8_t *uses;
  bai_run *run;
};

/* All training rows are learnt from. */
static ba_status choose_rows(ba_pca *pca, const ba_dataset *dataset) {
  const ba_status status = bai_alloc_zero(pca->context, dataset->rows, 1, &pca->uses);
  for (int64_t row = 0; !status && row < dataset->rows; row++)
    pca->uses[row] = bai_dataset_part(dataset, row) == BA_PART_TRAIN ? BAI_USE_TRAIN : BAI_USE_NONE;
  return status;
}

static ba_status make(ba_context *context, const char *recipe, ba_dataset *dataset, ba_pca **out) {
  ba_pca *pca;
  ba_status status = bai_alloc_zero(context, 1, sizeof *pca, &pca);
  if (status) return status;
  pca->context = bai_context_retain(context);
  pca->dataset = dataset;
  status = bai_recipe_parse_single(context, recipe, &pca->recipe);
  const bai_pipeline *pipeline = status ? NULL : bai_recipe_member(&pca->recipe, 0);
  if (!status && (!pipeline->pca.spec || pipeline->has_model))
    status =
        bai_fail(context, BA_ERR_RECIPE, "pca: expected features and PCA, such as Kmer(k=4) | PCA(n=2), and no model");
  if (!status) status = choose_rows(pca, dataset);
  if (!status) status = bai_run_features(dataset, pipeline, pca->uses, &pca->run);
  if (status)
    ba_pca_destroy(pca);
  else
    *out = pca;
  return status;
}

ba_status ba_pca_create(ba_context *context, const char *recipe, ba_dataset *dataset, ba_pca **out) {
  ba_status status = bai_enter(context);
  if (status) return status;
  if (out) *out = NULL;
  if (!recipe || !dataset || !out)
    status = bai_fail(context, BA_ERR_ARGUMENT, "pca: expected a recipe, a dataset and a place for the result");
  if (!status) status = bai_dataset_check_context(context, dataset);
  if (!status) status = make(context, recipe, dataset, out);
  return bai_leave(context, status);
}

void ba_pca_destroy(ba_pca *pca) {
  if (!pca) return;
  ba_context *context = pca->context;
  bai_run_destroy(pca->run);
  bai_free(context, pca->uses);
  bai_recipe_free(context, &pca->recipe);
  bai_free(context, pca);
  bai_context_release(context);
}

int32_t ba_pca_count(const ba_pca *pca) {
  return pca ? bai_run_pca(pca->run)->count : 0;
}

double ba_pca_variance(const ba_pca *pca, int32_t component, double *share) {
  const bai_pca *p = pca ? bai_run_pca(pca->run) : NULL;
  const int32_t known = p && component >= 0 && component < p->count;
  const double variance = known ? p->variances[component] : bai_not_a_number();
  if (share) *share = known && p->total > 0.0 ? variance / p->total : bai_not_a_number();
  return variance;
}

static ba_status project(ba_pca *pca, const ba_dataset *dataset, double *out) {
  ba_context *context = pca->context;
  const bai_kernels *kernels = bai_kernels_of(context);
  const bai_plan *plan = bai_run_plan(pca->run);
  const bai_pca *p = bai_run_pca(pca->run);
  const double *inputs = bai_run_inputs(pca->run);
  bai_row *row;
  double *values = NULL;
  ba_status status = bai_row_create(context, plan, dataset->longest, &row);
  if (!status) status = bai_alloc(context, row->entries, 8, &values);
  for (int64_t i = 0; !status && i < dataset->rows; i++) {
    const int64_t length = bai_dataset_length(dataset, i);
    status = bai_dataset_check_row(context, dataset, i, plan);
    if (status) break;
    bai_sparse sparse;
    const int64_t ambiguous = bai_dataset_load(kernels, dataset, i, &sparse, row);
    row->inputs = inputs ? inputs + i * bai_plan_inputs(plan) : NULL;
    status = bai_row_extract(kernels, row, length, ambiguous);
    if (status)
      status = bai_row_explain(context, row, status, i + 1, length);
    else
      bai_pca_project(p, kernels, row, values, out + i * p->count);
    if (!status && i % 256 == 0) status = bai_check_cancel(context);
  }
  bai_free(context, values);
  bai_row_destroy(row);
  return status;
}

ba_status ba_pca_project(ba_pca *pca, const ba_dataset *dataset, double *scores) {
  if (!pca) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(pca->context);
  if (status) return status;
  if (dataset != pca->dataset || !scores)
    status =
        bai_fail(pca->context, BA_ERR_ARGUMENT, "pca: expected the dataset that it was made of, and room for scores");
  if (!status) status = project(pca, dataset, scores);
  return bai_leave(pca->context, status);
}

ba_status ba_pca_loadings(ba_pca *pca, int32_t component, double *loadings) {
  if (!pca) return BA_ERR_ARGUMENT;
  ba_status status = bai_enter(pca->context);
  if (status) return status;
  const bai_pca *p = bai_run_pca(pca->run);
  if (!loadings || component < 0 || component >= p->count)
    status =
        bai_fail(pca->context, BA_ERR_ARGUMENT, "component %d; expected 0 to %d and room", component, p->count - 1);
  for (int64_t i = 0; !status && i < p->width; i++) loadings[i] = p->components[i * p->count + component];
  return bai_leave(pca->context, status);
}

int64_t ba_pca_width(const ba_pca *pca) {
  return pca ? bai_run_pca(pca->run)->width : 0;
}

ba_status ba_pca_column_name(const ba_pca *pca, int64_t column, char *buffer, int64_t capacity, int64_t *length) {
  if (!pca) return BA_ERR_ARGUMENT;
  ba_context *context = pca->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_vector text = {0, 0, 0};
  if (column < 0 || column >= ba_pca_width(pca))
    status = bai_fail(context, BA_ERR_ARGUMENT, "column %lld; expected 0 to %lld", (long long)column,
                      (long long)ba_pca_width(pca) - 1);
  if (!status) status = bai_plan_column_name(context, bai_run_plan(pca->run), column, &text);
  if (!status) status = bai_give_text(context, text.data, text.count, buffer, capacity, length);
  bai_vector_free(context, &text);
  return bai_leave(context, status);
}
