/* SPDX-License-Identifier: MIT
 *
 * mlp.c: forward and back for rows of a network over columns. Each number is a sum in one order: of a row's entries in
 * theirs, of a batch's rows in theirs.
 */
#include "train/mlp.h"

#include <string.h>

ba_status bai_mlp_create(ba_context *context, const bai_net *net, bai_problem *problem, int64_t batch, bai_mlp **out) {
  const int64_t rows = batch > problem->lane_count ? batch : problem->lane_count;
  const int64_t width = net->features, entries = problem->lanes[0].row->entries, all = rows * entries;
  const int64_t most = all < width ? all : width, size = sizeof(bai_real);
  bai_mlp *m;
  *out = NULL;
  ba_status status = bai_alloc_zero(context, 1, sizeof *m, &m);
  if (status) return status;
  m->context = context;
  m->net = net;
  m->problem = problem;
  m->entries = entries;
  status = bai_alloc_zero(context, rows, 8, &m->counts);
  if (!status) status = bai_alloc(context, all, 4, &m->columns);
  if (!status) status = bai_alloc(context, all, size, &m->values);
  if (!status) status = bai_alloc(context, all, size, &m->kept);
  if (!status) status = bai_alloc(context, rows * net->units, size, &m->sums);
  if (!status) status = bai_alloc(context, rows * net->hidden, size, &m->hidden);
  if (!status) status = bai_alloc(context, rows * net->outputs, size, &m->outputs);
  if (!status) status = bai_alloc(context, most, 4, &m->met_columns);
  if (!status) status = bai_alloc_zero(context, width, 4, &m->places);
  if (!status) status = bai_alloc(context, most * net->units, size, &m->gradient);
  if (!status) status = bai_alloc(context, most, 8, &m->owed);
  if (!status) status = bai_alloc_zero(context, width, 8, &m->paid);
  if (status)
    bai_mlp_destroy(m);
  else
    *out = m;
  return status;
}

void bai_mlp_destroy(bai_mlp *m) {
  if (!m) return;
  ba_context *context = m->context;
  void *parts[] = {m->counts,  m->columns,     m->values, m->kept,     m->sums, m->hidden,
                   m->outputs, m->met_columns, m->places, m->gradient, m->owed, m->paid};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) bai_free(context, parts[i]);
  bai_free(context, m);
}

ba_status bai_mlp_take(bai_mlp *m, const bai_kernels *kernels, bai_pass_lane *lane, int64_t place, int64_t row) {
  const ba_status status = bai_problem_features(m->problem, kernels, lane, row);
  if (status) return status;
  const int32_t blocks = m->problem->plan->block_count;
  bai_real *values = m->values + place * m->entries;
  int64_t at = 0;
  for (int32_t b = 0; b < blocks; b++)
    for (; at < lane->row->ends[b]; at++) values[at] = (bai_real)(lane->values[at] / lane->divisors[b]);
  m->counts[place] = at;
  memcpy(m->columns + place * m->entries, lane->view.columns, (size_t)at * 4);
  memcpy(m->kept + place * m->entries, values, (size_t)at * sizeof *values);
  return BA_OK;
}

void bai_mlp_forward(bai_mlp *m, const bai_kernels *kernels, const bai_real *parameters, int64_t place) {
  const bai_net *net = m->net;
  const int64_t units = net->units, hidden = net->hidden, n = m->counts[place];
  const uint32_t *columns = m->columns + place * m->entries;
  bai_real *sums = m->sums + place * units, *values = m->hidden + place * hidden,
           *out = m->outputs + place * net->outputs;
  memset(sums, 0, (size_t)units * sizeof *sums);
  BAI_NET_CALL(kernels, gather_rows)(sums, parameters, units, columns, m->kept + place * m->entries, n, hidden);
  if (net->skip) {
    BAI_NET_CALL(kernels, gather_rows)
    (sums + hidden, parameters + hidden, units, columns, m->values + place * m->entries, n, net->outputs);
  }
  for (int64_t j = 0; j < hidden; j++) {
    const bai_real value = sums[j] + parameters[net->hidden_biases + j];
    values[j] = value > 0 ? value : 0;
  }
  memcpy(out, parameters + net->output_biases, (size_t)net->outputs * sizeof *out);
  BAI_NET_CALL(kernels, gemm)
  (out, net->outputs, values, 0, 1, parameters + net->output_weights, net->outputs, 1, hidden, net->outputs);
  for (int64_t o = 0; net->skip && o < net->outputs; o++) out[o] += sums[hidden + o];
}

void bai_mlp_back(bai_mlp *m, const bai_real *parameters, int64_t place) {
  const bai_net *net = m->net;
  const bai_real *values = m->hidden + place * net->hidden, *slopes = m->outputs + place * net->outputs;
  bai_real *units = m->sums + place * net->units;
  for (int64_t j = 0; j < net->hidden; j++) {
    const bai_real *weights = parameters + net->output_weights + j * net->outputs;
    bai_real slope = 0;
    for (int64_t o = 0; o < net->outputs; o++) slope += weights[o] * slopes[o];
    units[j] = values[j] > 0 ? slope : 0;
  }
  if (net->skip) memcpy(units + net->hidden, slopes, (size_t)net->outputs * sizeof *slopes);
  uint32_t *columns = m->columns + place * m->entries;
  for (int64_t i = 0; i < m->counts[place]; i++) columns[i] = m->places[columns[i]] - 1;
}

/* ---- columns ---- */

static void shrink(bai_mlp *m, bai_real *parameters, uint32_t column, double factor) {
  bai_real *weights = parameters + column * m->net->units;
  for (int64_t j = 0; j < m->net->units; j++) weights[j] *= (bai_real)factor;
}

void bai_mlp_meet(bai_mlp *m, const bai_kernels *kernels, bai_real *parameters, int64_t rows, double decay) {
  for (int64_t r = 0; r < rows; r++) {
    const uint32_t *columns = m->columns + r * m->entries;
    for (int64_t i = 0; i < m->counts[r]; i++) {
      const uint32_t column = columns[i];
      if (m->places[column]) continue;
      m->met_columns[m->met] = column;
      m->owed[m->met] = m->paid[column] - decay;
      m->paid[column] = decay;
      m->places[column] = (uint32_t)++m->met;
    }
  }
  kernels->exp_f64(m->owed, m->owed, m->met);
  for (int64_t i = 0; i < m->met; i++)
    if (m->owed[i] != 1.0) shrink(m, parameters, m->met_columns[i], m->owed[i]);
}

void bai_mlp_leave(bai_mlp *m) {
  for (int64_t i = 0; i < m->met; i++) m->places[m->met_columns[i]] = 0;
  m->met = 0;
}

void bai_mlp_settle(bai_mlp *m, const bai_kernels *kernels, bai_real *parameters, double decay) {
  for (int64_t column = 0; column < m->net->features; column++) {
    double factor = m->paid[column] - decay;
    if (factor == 0.0) continue;
    m->paid[column] = decay;
    kernels->exp_f64(&factor, &factor, 1);
    shrink(m, parameters, (uint32_t)column, factor);
  }
}

/* ---- gradients ---- */

void bai_mlp_gradient(bai_mlp *m, const bai_kernels *kernels, int64_t rows, int64_t first, int64_t end) {
  const bai_net *net = m->net;
  const int64_t units = net->units;
  memset(m->gradient + first * units, 0, (size_t)((end - first) * units) * sizeof *m->gradient);
  for (int64_t r = 0; r < rows; r++) {
    const uint32_t *places = m->columns + r * m->entries;
    const bai_real *slopes = m->sums + r * units;
    BAI_NET_CALL(kernels, scatter_rows)
    (m->gradient, units, places, m->kept + r * m->entries, m->counts[r], slopes, net->hidden, (uint32_t)first,
     (uint32_t)end);
    if (!net->skip) continue;
    BAI_NET_CALL(kernels, scatter_rows)
    (m->gradient + net->hidden, units, places, m->values + r * m->entries, m->counts[r], slopes + net->hidden,
     net->outputs, (uint32_t)first, (uint32_t)end);
  }
}

void bai_mlp_head_gradient(const bai_mlp *m, const bai_kernels *kernels, int64_t rows, bai_real *gradient) {
  const bai_net *net = m->net;
  const int64_t head = net->hidden_biases; /* what the gradient starts with */
  memset(gradient, 0, (size_t)(net->parameters - head) * sizeof *gradient);
  for (int64_t r = 0; r < rows; r++)
    BAI_NET_CALL(kernels, add_rows)(gradient, m->sums + r * net->units, 1, net->hidden);
  BAI_NET_CALL(kernels, gemm)
  (gradient + net->output_weights - head, net->outputs, m->hidden, 1, net->hidden, m->outputs, net->outputs,
   net->hidden, rows, net->outputs);
  BAI_NET_CALL(kernels, add_rows)(gradient + net->output_biases - head, m->outputs, rows, net->outputs);
}
