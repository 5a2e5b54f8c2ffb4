/* SPDX-License-Identifier: MIT
 *
 * drift.c: whether requests still look like the training rows. The model keeps counts of a few quantities in fixed
 * bins, a scorer counts its requests into the same bins, and the two are compared. Counts add up in any order.
 */
#include "model/drift.h"

#include <math.h>
#include <string.h>

/* The chance of an alarm without a drift, over all quantities and both measures. */
#define FALSE_ALARMS 0.01

ba_status bai_drift_open(ba_context *context, int32_t most, bai_drift *drift) {
  const int64_t places = (int64_t)most * BAI_DRIFT_BINS;
  ba_status status = bai_alloc_zero(context, most, 4, &drift->kinds);
  if (!status) status = bai_alloc_zero(context, most, 4, &drift->bins);
  if (!status) status = bai_alloc_zero(context, places, 8, &drift->edges);
  return status ? status : bai_alloc_zero(context, places, 8, &drift->counts);
}

void bai_drift_free(ba_context *context, bai_drift *drift) {
  bai_free(context, drift->kinds);
  bai_free(context, drift->bins);
  bai_free(context, drift->edges);
  bai_free(context, drift->counts);
  memset(drift, 0, sizeof *drift);
}

int32_t bai_drift_bin(const bai_monitor *m, double value) {
  int32_t low = 0, high = m->bins - 1;
  while (low < high) {
    const int32_t middle = low + (high - low) / 2;
    if (value <= m->edges[middle])
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

double bai_gc_share(const char *letters, int64_t length) {
  int64_t gc = 0, known = 0;
  for (int64_t i = 0; i < length; i++) {
    const char c = (char)(letters[i] & ~0x20);
    const int32_t strong = c == 'G' || c == 'C';
    gc += strong;
    known += strong || c == 'A' || c == 'T' || c == 'U';
  }
  return known ? (double)gc / (double)known : 0.0;
}

void bai_drift_count(const bai_drift *drift, const char *letters, int64_t length, const double *scores,
                     int64_t *counts) {
  for (int32_t i = 0; i < drift->count; i++) {
    const bai_monitor m = bai_drift_monitor(drift, i);
    double value = (double)length;
    if (m.kind == BAI_DRIFT_GC) value = bai_gc_share(letters, length);
    if (m.kind >= BAI_DRIFT_SCORE) value = scores[m.kind - BAI_DRIFT_SCORE];
    counts[(int64_t)i * BAI_DRIFT_BINS + bai_drift_bin(&m, value)]++;
  }
}

/* ---- the comparison ---- */

/* z with this much of a normal distribution above it, below 0.5. Abramowitz and Stegun, Handbook of Mathematical
 * Functions, 1964, 26.2.23: off by less than 4.5e-4. */
static double normal_above(const bai_kernels *kernels, double share) {
  double t = share;
  kernels->log_f64(&t, &t, 1);
  t = sqrt(-2.0 * t);
  return t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/* The value that chi-squared exceeds with this chance. Wilson and Hilferty, The Distribution of Chi-Square, 1931. */
static double chi_squared_above(const bai_kernels *kernels, int32_t freedom, double share) {
  const double k = (double)freedom, spread = 2.0 / (9.0 * k);
  const double root = 1.0 - spread + normal_above(kernels, share) * sqrt(spread);
  return k * root * root * root;
}

/* The population stability index, sum over bins of (q - p) log(q / p), with half a count more in every bin. Without a
 * drift it is about chi-squared over bins - 1, times 1/n + 1/N. */
static double stability_index(const bai_kernels *kernels, const bai_monitor *m, const int64_t *counts, double n,
                              double trained) {
  const double total = trained + 0.5 * m->bins, requests = n + 0.5 * m->bins;
  double sum = 0.0;
  for (int32_t b = 0; b < m->bins; b++) {
    const double p = ((double)m->counts[b] + 0.5) / total, q = ((double)counts[b] + 0.5) / requests;
    double ratio = q / p;
    kernels->log_f64(&ratio, &ratio, 1);
    sum += (q - p) * ratio;
  }
  return sum;
}

/* The largest distance of the two distribution functions at the edges of the bins. */
static double kolmogorov_smirnov(const bai_monitor *m, const int64_t *counts, double n, double trained) {
  double p = 0.0, q = 0.0, most = 0.0;
  for (int32_t b = 0; b < m->bins; b++) {
    p += (double)m->counts[b] / trained;
    q += (double)counts[b] / n;
    const double gap = p > q ? p - q : q - p;
    if (gap > most) most = gap;
  }
  return most;
}

void bai_drift_compare(const bai_kernels *kernels, const bai_drift *drift, int32_t index, const int64_t *counts,
                       bai_drift_result *out) {
  const bai_monitor m = bai_drift_monitor(drift, index);
  const double share = FALSE_ALARMS / (2.0 * drift->count);
  int32_t filled = 0; /* bins that training rows or requests are in: empty ones have no freedom */
  int64_t requests = 0, rows = 0;
  for (int32_t b = 0; b < m.bins; b++) {
    requests += counts[b];
    rows += m.counts[b];
    filled += m.counts[b] > 0 || counts[b] > 0;
  }
  *out = (bai_drift_result){.requests = requests};
  if (requests == 0 || rows == 0) return;
  const double n = (double)requests, trained = (double)rows, both = 1.0 / n + 1.0 / trained;
  double half = share / 2.0;
  kernels->log_f64(&half, &half, 1);
  out->psi = stability_index(kernels, &m, counts, n, trained);
  out->psi_limit = chi_squared_above(kernels, filled > 2 ? filled - 1 : 1, share) * both;
  out->ks = kolmogorov_smirnov(&m, counts, n, trained);
  out->ks_limit = sqrt(-0.5 * half * both); /* Smirnov's large-sample limit */
  out->raised = out->psi > out->psi_limit || out->ks > out->ks_limit;
}
