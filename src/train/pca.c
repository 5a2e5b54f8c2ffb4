/* SPDX-License-Identifier: MIT
 *
 * pca.c: two passes over the training rows, one for the means and one for the covariance, which goes by blocks of rows;
 * then its largest eigenvectors.
 */
#include "train/pca.h"

#include <math.h>
#include <string.h>

#include "train/blas.h"
#include "train/dataset.h"

#define BLOCK_ROWS 256

typedef struct fitting {
  ba_context *context;
  const bai_kernels *kernels;
  const ba_dataset *dataset;
  const bai_plan *plan;
  const uint8_t *uses;
  const double *inputs;
  bai_row *row;
  double *values; /* of the row's entries */
  double *rows;   /* BLOCK_ROWS x width */
  int32_t filled;
  double *square; /* width x width */
  double weight;
  bai_blas *blas;
  bai_pca *pca;
} fitting;

/* ---- rows ---- */

static ba_status extract(fitting *f, int64_t row) {
  const int64_t length = bai_dataset_length(f->dataset, row);
  bai_sparse sparse;
  const int64_t ambiguous = bai_dataset_load(f->kernels, f->dataset, row, &sparse, f->row);
  f->row->inputs = f->inputs ? f->inputs + row * bai_plan_inputs(f->plan) : NULL;
  const ba_status status = bai_row_extract(f->kernels, f->row, length, ambiguous);
  return status ? bai_row_explain(f->context, f->row, status, row + 1, length) : BA_OK;
}

/* Adds factor times the row to a dense one. */
static void add_row(const bai_row *row, double *values, double factor, double *to) {
  int64_t from = 0;
  for (int32_t b = 0; b < row->plan->block_count; b++) {
    const double scale = factor / bai_row_divisor(row, b);
    bai_row_values(row, b, values);
    for (int64_t i = from; i < row->ends[b]; i++) to[row->columns[i]] += scale * values[i - from];
    from = row->ends[b];
  }
}

static void add_square(fitting *f) {
  bai_blas_add_square(f->blas, f->square, (int32_t)f->pca->width, f->rows, f->filled);
  memset(f->rows, 0, (size_t)(BLOCK_ROWS * f->pca->width) * 8);
  f->filled = 0;
}

/* Means first; then rows less the mean, each times the root of its weight. */
static ba_status pass(fitting *f, int32_t second) {
  const int64_t width = f->pca->width;
  for (int64_t row = 0; row < f->dataset->rows; row++) {
    const double weight = bai_dataset_weight(f->dataset, row);
    if (f->uses[row] != BAI_USE_TRAIN || weight == 0.0) continue;
    ba_status status = extract(f, row);
    if (!status && row % 64 == 0) status = bai_check_cancel(f->context);
    if (status) return status;
    if (!second) {
      add_row(f->row, f->values, weight, f->pca->mean);
      f->weight += weight;
      continue;
    }
    const double root = sqrt(weight / f->weight);
    double *to = f->rows + f->filled * width;
    add_row(f->row, f->values, root, to);
    f->kernels->axpy_f64(to, -root, f->pca->mean, width);
    if (++f->filled == BLOCK_ROWS) add_square(f);
  }
  if (second) add_square(f);
  for (int64_t i = 0; !second && i < width; i++) f->pca->mean[i] /= f->weight;
  return BA_OK;
}

/* ---- components ---- */

/* The eigenvectors come rising, one after the other. Of each the largest entry is made positive. */
static void take_components(bai_pca *pca, const double *values, const double *vectors) {
  for (int32_t c = 0; c < pca->count; c++) {
    const double *vector = vectors + (int64_t)(pca->count - 1 - c) * pca->width;
    double largest = 0.0;
    for (int64_t i = 0; i < pca->width; i++)
      if (fabs(vector[i]) > fabs(largest)) largest = vector[i];
    const double sign = largest < 0.0 ? -1.0 : 1.0;
    pca->variances[c] = values[pca->count - 1 - c] > 0.0 ? values[pca->count - 1 - c] : 0.0;
    for (int64_t i = 0; i < pca->width; i++) pca->components[i * pca->count + c] = sign * vector[i];
  }
  for (int64_t i = 0; i < pca->width; i++)
    for (int32_t c = 0; c < pca->count; c++) pca->shift[c] += pca->mean[i] * pca->components[i * pca->count + c];
}

static ba_status find_components(fitting *f) {
  bai_pca *pca = f->pca;
  double *values = NULL, *vectors = NULL;
  for (int64_t i = 0; i < pca->width; i++) pca->total += f->square[i * pca->width + i];
  if (!(pca->total - pca->total == 0.0))
    return bai_fail(f->context, BA_ERR_NUMBER,
                    "PCA: the variance of the columns is not finite; expected numbers up to about 1e150");
  ba_status status = bai_alloc(f->context, pca->width, 8, &values);
  if (!status) status = bai_alloc(f->context, pca->count * pca->width, 8, &vectors);
  if (!status)
    status = bai_blas_eigen(f->context, f->blas, f->square, (int32_t)pca->width, pca->count, values, vectors);
  if (!status) take_components(pca, values, vectors);
  bai_free(f->context, values);
  bai_free(f->context, vectors);
  return status;
}

/* A plan of as many numbers, for whoever works with components in the place of columns. */
static ba_status make_view(ba_context *context, int32_t count, bai_plan **out) {
  bai_recipe recipe = {{0, 0, 0}};
  ba_status status = bai_recipe_parse(context, "Columns()", &recipe);
  if (!status) status = bai_plan_create(context, bai_recipe_member(&recipe, 0), out);
  for (int32_t c = 0; !status && c < count; c++) {
    char name[16];
    bai_format(name, sizeof name, "PC%d", c + 1);
    status = bai_inputs_add(context, &(*out)->inputs, name, 0);
  }
  if (!status) (*out)->knows_table = 1;
  if (!status) status = bai_plan_lay_out(context, *out);
  bai_recipe_free(context, &recipe);
  return status;
}

static ba_status open_pca(ba_context *context, const bai_plan *plan, int32_t count, bai_pca **out) {
  *out = NULL;
  if (plan->width > BAI_PCA_COLUMNS || plan->width < count)
    return bai_fail(context, BA_ERR_UNSUPPORTED, "PCA(n=%d): the features have %lld columns; expected %d to %d", count,
                    (long long)plan->width, count, BAI_PCA_COLUMNS);
  ba_status status = bai_alloc_zero(context, 1, sizeof **out, out);
  if (status) return status;
  bai_pca *pca = *out;
  pca->count = count;
  pca->width = plan->width;
  status = bai_alloc_zero(context, pca->width, 8, &pca->mean);
  if (!status) status = bai_alloc_zero(context, pca->width * count, 8, &pca->components);
  if (!status) status = bai_alloc_zero(context, count, 8, &pca->shift);
  if (!status) status = bai_alloc_zero(context, count, 8, &pca->variances);
  return status ? status : make_view(context, count, &pca->view);
}

ba_status bai_pca_fit(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, const uint8_t *uses,
                      const double *inputs, int32_t count, bai_pca **out) {
  fitting f = {.context = context,
               .kernels = bai_kernels_of(context),
               .dataset = dataset,
               .plan = plan,
               .uses = uses,
               .inputs = inputs};
  ba_status status = open_pca(context, plan, count, &f.pca);
  if (!status) status = bai_blas_open(context, &f.blas);
  if (!status) status = bai_row_create(context, plan, dataset->longest, &f.row);
  if (!status) status = bai_alloc(context, f.row->entries, 8, &f.values);
  if (!status) status = bai_alloc_zero(context, BLOCK_ROWS * f.pca->width, 8, &f.rows);
  if (!status) status = bai_alloc_zero(context, f.pca->width * f.pca->width, 8, &f.square);
  if (!status) status = pass(&f, 0);
  if (!status) status = pass(&f, 1);
  if (!status) status = find_components(&f);
  bai_free(context, f.square);
  bai_free(context, f.rows);
  bai_free(context, f.values);
  bai_row_destroy(f.row);
  bai_blas_close(context, f.blas);
  if (status)
    bai_pca_destroy(context, f.pca);
  else
    *out = f.pca;
  return status;
}

void bai_pca_destroy(ba_context *context, bai_pca *pca) {
  if (!pca) return;
  void *parts[] = {pca->mean, pca->components, pca->shift, pca->variances};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_plan_destroy(pca->view);
  bai_free(context, pca);
}

void bai_pca_project(const bai_pca *pca, const bai_kernels *kernels, const bai_row *row, double *values, double *out) {
  int64_t from = 0;
  for (int32_t c = 0; c < pca->count; c++) out[c] = -pca->shift[c];
  for (int32_t b = 0; b < row->plan->block_count; b++) {
    const double divisor = bai_row_divisor(row, b);
    bai_row_values(row, b, values);
    for (int64_t i = from; i < row->ends[b]; i++)
      kernels->axpy_f64(out, values[i - from] / divisor, pca->components + (int64_t)row->columns[i] * pca->count,
                        pca->count);
    from = row->ends[b];
  }
}

void bai_pca_unfold(const bai_pca *pca, const bai_kernels *kernels, int32_t outputs, const double *weights,
                    double *out) {
  for (int32_t o = 0; o < outputs; o++) {
    const double *own = weights + (int64_t)o * pca->count;
    for (int64_t i = 0; i < pca->width; i++)
      out[o * pca->width + i] = kernels->dot_f64(own, pca->components + i * pca->count, pca->count);
    out[outputs * pca->width + o] =
        weights[(int64_t)outputs * pca->count + o] - kernels->dot_f64(own, pca->shift, pca->count);
  }
}
