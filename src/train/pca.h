/* SPDX-License-Identifier: MIT
 *
 * pca.h: principal components of the training rows, the directions in which they differ most. Their covariance is made
 * and taken apart by OpenBLAS and LAPACKE, so its bits depend on the machine. A model that is linear in them is linear
 * in the columns, and is kept as that.
 */
#ifndef BAI_TRAIN_PCA_H
#define BAI_TRAIN_PCA_H

#include "features/plan.h"
#include "train/uses.h"

#define BAI_PCA_COLUMNS 4096

typedef struct bai_pca {
  int32_t count;
  int64_t width;      /* columns of the rows */
  double *mean;       /* width */
  double *components; /* width x count: what each column gives to each component */
  double *shift;      /* count: the mean's own place among the components */
  double *variances;  /* count, falling */
  double total;       /* the variance of all columns */
  bai_plan *view;     /* one real block of `count` columns */
} bai_pca;

/* `inputs` is the matrix of a plan that reads a table. */
ba_status bai_pca_fit(ba_context *context, const ba_dataset *dataset, const bai_plan *plan, const uint8_t *uses,
                      const double *inputs, int32_t count, bai_pca **out);
void bai_pca_destroy(ba_context *context, bai_pca *pca);
/* The components of the row that was extracted last; `values` has room for the row's entries. */
void bai_pca_project(const bai_pca *pca, const bai_kernels *kernels, const bai_row *row, double *values, double *out);
/* From weights of the components, outputs x count and then the intercepts, to weights of the columns. */
void bai_pca_unfold(const bai_pca *pca, const bai_kernels *kernels, int32_t outputs, const double *weights,
                    double *out);

#endif
