/* SPDX-License-Identifier: MIT
 *
 * predict_csr.c: the public call that scores sparse rows.
 */
#include "features/sparse.h"
#include "model/scorer.h"

static ba_status score_rows(ba_scorer *scorer, const bai_csr *csr, double *scores, double *probabilities) {
  const ba_model *model = scorer->model;
  const bai_kernels *kernels = bai_kernels_of(scorer->context);
  ba_status status = bai_scorer_reserve(scorer, 1, csr->longest);
  for (int64_t i = 0; !status && i < csr->rows; i++) {
    bai_lane *lane = &scorer->lanes[0];
    const bai_sparse row = bai_csr_row(csr, i);
    double *to = scores ? scores + i * model->outputs : lane->scores;
    lane->sparse = &row;
    lane->symbols = NULL;
    status = bai_lane_score_codes(kernels, model, lane, 0, 0, to);
    if (status) status = bai_lane_explain(scorer->context, lane, status, i + 1, row.count);
    lane->sparse = NULL;
    if (!status && probabilities) bai_model_probabilities(kernels, model, to, probabilities + i * model->answers);
    if (!status && i % 256 == 255) status = bai_check_cancel(scorer->context);
  }
  return status;
}

ba_status ba_scorer_predict_csr(ba_scorer *scorer, const ba_array *row_starts, const ba_array *columns,
                                const ba_array *values, double *scores, double *probabilities) {
  if (!scorer) return BA_ERR_ARGUMENT;
  ba_context *context = scorer->context;
  ba_status status = bai_enter(context);
  if (status) return status;
  bai_csr csr;
  if (!bai_plan_is_sparse(scorer->model->members[0].plan))
    status = bai_fail(context, BA_ERR_UNSUPPORTED, "predict_csr: expected a model of the term Sparse()");
  if (!status) status = bai_csr_open(context, row_starts, columns, values, &csr);
  if (!status) status = score_rows(scorer, &csr, scores, probabilities);
  return bai_leave(context, status);
}
