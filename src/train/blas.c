/* SPDX-License-Identifier: MIT
 *
 * blas.c: OpenBLAS and LAPACKE; the only file that includes their headers. They are loaded when first needed, because
 * OpenBLAS starts its threads in any process that has it.
 */
#include "train/blas.h"

#ifndef BA_HAVE_BLAS

ba_status bai_blas_open(ba_context *context, bai_blas **out) {
  *out = NULL;
  return bai_fail(context, BA_ERR_UNSUPPORTED, "this build has no OpenBLAS: configure with -DBA_BLAS=ON");
}

void bai_blas_close(ba_context *context, bai_blas *blas) {
  (void)context;
  (void)blas;
}

void bai_blas_add_square(const bai_blas *blas, double *square, int32_t n, const double *rows, int32_t count) {
  (void)blas;
  (void)square;
  (void)n;
  (void)rows;
  (void)count;
}

int32_t bai_blas_solve(const bai_blas *blas, double *square, int32_t n, double *right) {
  (void)blas;
  (void)square;
  (void)n;
  (void)right;
  return 0;
}

ba_status bai_blas_eigen(ba_context *context, const bai_blas *blas, double *square, int32_t n, int32_t count,
                         double *values, double *vectors) {
  (void)blas;
  (void)square;
  (void)n;
  (void)count;
  (void)values;
  (void)vectors;
  return bai_fail(context, BA_ERR_UNSUPPORTED, "this build has no LAPACKE: configure with -DBA_BLAS=ON");
}

#else

#include <cblas.h>
#include <lapacke.h>

#define INSTALL "install the Debian packages libopenblas0 and liblapacke"

struct bai_blas {
  void *openblas, *lapacke;
  __typeof__(cblas_dsyrk) *dsyrk;
  /* The layer below LAPACKE_dposv: that one asks the environment whether to look for NaN. */
  __typeof__(LAPACKE_dposv_work) *dposv;
  __typeof__(LAPACKE_dsyevr_work) *dsyevr;
};

ba_status bai_blas_open(ba_context *context, bai_blas **out) {
  const char *const openblas[] = {"libopenblas.so.0", NULL}, *const lapacke[] = {"liblapacke.so.3", NULL};
  bai_blas *blas;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *blas, &blas);
  if (status) return status;
  status = bai_library_open(context, openblas, "libopenblas.so.0 could not be loaded: " INSTALL, &blas->openblas, NULL);
  if (!status)
    status = bai_library_open(context, lapacke, "liblapacke.so.3 could not be loaded: " INSTALL, &blas->lapacke, NULL);
  if (!status && !(bai_library_symbol(blas->openblas, "cblas_dsyrk", &blas->dsyrk) &&
                   bai_library_symbol(blas->lapacke, "LAPACKE_dposv_work", &blas->dposv) &&
                   bai_library_symbol(blas->lapacke, "LAPACKE_dsyevr_work", &blas->dsyevr)))
    status =
        bai_fail(context, BA_ERR_UNSUPPORTED, "OpenBLAS lacks cblas_dsyrk, or LAPACKE its dposv or dsyevr: " INSTALL);
  if (status) {
    bai_blas_close(context, blas);
    return status;
  }
  *out = blas;
  return BA_OK;
}

void bai_blas_close(ba_context *context, bai_blas *blas) {
  if (!blas) return;
  bai_library_close(blas->lapacke);
  bai_library_close(blas->openblas);
  bai_free(context, blas);
}

void bai_blas_add_square(const bai_blas *blas, double *square, int32_t n, const double *rows, int32_t count) {
  blas->dsyrk(CblasRowMajor, CblasUpper, CblasTrans, n, count, 1.0, rows, n, 1.0, square, n);
}

int32_t bai_blas_solve(const bai_blas *blas, double *square, int32_t n, double *right) {
  /* The upper triangle by rows is the lower one by columns, which saves LAPACKE a copy. */
  return blas->dposv(LAPACK_COL_MAJOR, 'L', n, 1, square, n, right, n) == 0;
}

ba_status bai_blas_eigen(ba_context *context, const bai_blas *blas, double *square, int32_t n, int32_t count,
                         double *values, double *vectors) {
  double best, *work = NULL;
  lapack_int found, whole, *support = NULL, *places = NULL;
  /* The upper triangle by rows is the lower one by columns. Sizes first. */
  lapack_int info = blas->dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', n, square, n, 0.0, 0.0, n - count + 1, n, 0.0, &found,
                                 values, vectors, n, NULL, &best, -1, &whole, -1);
  ba_status status = info ? bai_fail(context, BA_ERR_INTERNAL, "LAPACKE_dsyevr gave %d", (int)info) : BA_OK;
  if (!status) status = bai_alloc(context, 2 * (int64_t)count, sizeof *support, &support);
  if (!status) status = bai_alloc(context, (int64_t)best, 8, &work);
  if (!status) status = bai_alloc(context, whole, sizeof *places, &places);
  if (!status) {
    info = blas->dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'L', n, square, n, 0.0, 0.0, n - count + 1, n, 0.0, &found, values,
                        vectors, n, support, work, (lapack_int)best, places, whole);
    if (info || found != count)
      status = bai_fail(context, BA_ERR_DIVERGED,
                        "the covariance has no %d components (LAPACKE_dsyevr gave %d); expected finite features",
                        (int)count, (int)info);
  }
  bai_free(context, support);
  bai_free(context, work);
  bai_free(context, places);
  return status;
}

#endif
