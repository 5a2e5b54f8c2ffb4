/* SPDX-License-Identifier: MIT
 *
 * series_demand.c: forecasts that follow a series from row to row, and what stock to keep for one.
 */
#include <math.h>

#include "bioanalytics/features.h"
#include "features/series.h"

static int64_t size_of_few(const bai_series_term *t) {
  (void)t;
  return 4;
}

/* ---- SES: alpha ---- */

enum { LEVEL, ERRORS, TREND, MEAN };

static void update_ses(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double error = tick->x[0] - state[LEVEL];
  if (tick->n == 0) {
    state[LEVEL] = tick->x[0];
  } else {
    state[LEVEL] += t->p[0] * error;
    state[ERRORS] += error * error;
    out[1] = sqrt(state[ERRORS] / (double)tick->n);
  }
  out[0] = state[LEVEL];
}

/* ---- HoltWinters: alpha, beta, gamma, period, seasonal, horizon. Winters 1960 ---- */

static int64_t size_of_winters(const bai_series_term *t) {
  return 4 + (t->p[3] >= 2.0 ? (int64_t)t->p[3] : 1);
}

/* The first period: its mean, and how its rows differ from that. Returns 0 before it is full. */
static int32_t begin_winters(const bai_series_term *t, const bai_tick *tick, double *state, int64_t period) {
  double *season = state + 4;
  const int32_t times = t->p[4] != 0.0;
  state[MEAN] += (tick->x[0] - state[MEAN]) / (double)(tick->n + 1);
  if (period > 1) season[tick->n] = tick->x[0];
  if (tick->n < period - 1) return 0;
  state[LEVEL] = state[MEAN];
  for (int64_t i = 0; period > 1 && i < period; i++)
    season[i] = times ? season[i] / state[LEVEL] : season[i] - state[LEVEL];
  return 1;
}

static void update_winters(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t period = t->p[3] >= 2.0 ? (int64_t)t->p[3] : 1, n = tick->n;
  const double alpha = t->p[0], beta = t->p[1], gamma = t->p[2], x = tick->x[0];
  const int32_t times = t->p[4] != 0.0;
  const double none = times ? 1.0 : 0.0;
  double *season = state + 4;
  if (n < period && !begin_winters(t, tick, state, period)) return;
  if (n >= period) {
    const double last = state[LEVEL], line = last + state[TREND], now = period > 1 ? season[n % period] : none;
    const double error = x - (times ? line * now : line + now);
    state[LEVEL] = alpha * (times ? x / now : x - now) + (1.0 - alpha) * line;
    state[TREND] = beta * (state[LEVEL] - last) + (1.0 - beta) * state[TREND];
    if (period > 1) season[n % period] = gamma * (times ? x / line : x - line) + (1.0 - gamma) * now;
    state[ERRORS] += error * error;
    out[1] = sqrt(state[ERRORS] / (double)(n - period + 1));
  }
  const double ahead = state[LEVEL] + t->p[5] * state[TREND];
  const double then = period > 1 ? season[(n + (int64_t)t->p[5]) % period] : none;
  out[0] = times ? ahead * then : ahead + then;
}

/* ---- Croston: alpha, variant; TSB: alpha, beta ---- */

enum { DEMAND, BETWEEN, SINCE, KNOWN };
enum { CROSTON, SBA, SBJ };

/* Croston 1972; Syntetos and Boylan 2005; Shale, Boylan and Johnston 2006. */
static void update_croston(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double alpha = t->p[0], x = tick->x[0];
  state[SINCE] += 1.0;
  if (x > 0.0) {
    const double share = state[KNOWN] != 0.0 ? alpha : 1.0;
    state[DEMAND] += share * (x - state[DEMAND]);
    state[BETWEEN] += share * (state[SINCE] - state[BETWEEN]);
    state[SINCE] = 0.0;
    state[KNOWN] = 1.0;
  }
  if (state[KNOWN] == 0.0) return;
  const int32_t variant = (int32_t)t->p[1];
  const double factor = variant == SBA ? 1.0 - alpha / 2.0 : variant == SBJ ? 1.0 - alpha / (2.0 - alpha) : 1.0;
  out[0] = factor * (state[DEMAND] / state[BETWEEN]);
}

/* Teunter, Syntetos and Babai 2011. state[BETWEEN] is the probability of a demand. */
static void update_tsb(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double x = tick->x[0], is_demand = x > 0.0 ? 1.0 : 0.0;
  state[BETWEEN] += (tick->n ? t->p[1] : 1.0) * (is_demand - state[BETWEEN]);
  if (x > 0.0) {
    state[DEMAND] += (state[KNOWN] != 0.0 ? t->p[0] : 1.0) * (x - state[DEMAND]);
    state[KNOWN] = 1.0;
  }
  out[0] = state[BETWEEN] * state[DEMAND];
}

const bai_series_kind bai_series_demand[] = {
    {.kind = BAI_TERM_SES, .outputs = "forecast|error", .update = update_ses, .size = size_of_few, .needs_past = 1},
    {.kind = BAI_TERM_HOLT_WINTERS,
     .outputs = "forecast|error",
     .update = update_winters,
     .size = size_of_winters,
     .needs_past = 1},
    {.kind = BAI_TERM_CROSTON, .update = update_croston, .size = size_of_few, .needs_past = 1},
    {.kind = BAI_TERM_TSB, .update = update_tsb, .size = size_of_few, .needs_past = 1},
    {.update = NULL},
};

/* ---- stock for a normal forecast ---- */

static double density(double z) {
  double y = -0.5 * z * z;
  bai_kernels_scalar.exp_f64(&y, &y, 1);
  return 0.3989422804014327 * y;
}

/* The share of a normal distribution above z. Near the middle the series of Marsaglia 2004, "Evaluating the normal
 * distribution", whose terms are all of one sign; further out the continued fraction of Laplace. */
static double share_above(double z) {
  const double size = z < 0.0 ? -z : z;
  double above = 0.0;
  if (size < 2.5) {
    double sum = size, term = size;
    for (int32_t k = 3; k < 101; k += 2) sum += term *= size * size / k;
    above = 0.5 - density(size) * sum;
  } else if (size < 40.0) {
    double under = size;
    for (int32_t k = 200; k > 0; k--) under = size + k / under;
    above = density(size) / under;
  }
  return z < 0.0 ? 1.0 - above : above;
}

double ba_stockout_probability(double stock, double mean, double deviation) {
  if (!(stock - stock == 0.0 && mean - mean == 0.0 && deviation >= 0.0 && deviation - deviation == 0.0))
    return bai_not_a_number();
  if (deviation == 0.0) return mean > stock ? 1.0 : 0.0;
  return share_above((stock - mean) / deviation);
}

/* The z with a share above it, of 0 < share <= 0.5, by halving: 0 <= z < 40. */
static double z_of_share(double share) {
  double low = 0.0, high = 40.0;
  for (int32_t i = 0; i < 80; i++) {
    const double middle = 0.5 * (low + high);
    if (share_above(middle) > share)
      low = middle;
    else
      high = middle;
  }
  return 0.5 * (low + high);
}

double ba_newsvendor_quantity(double mean, double deviation, double underage, double overage) {
  const double both = underage + overage;
  if (!(mean - mean == 0.0 && deviation >= 0.0 && deviation - deviation == 0.0 && underage > 0.0 && overage > 0.0 &&
        both - both == 0.0))
    return bai_not_a_number();
  const double z = underage > overage ? z_of_share(overage / both) : -z_of_share(underage / both);
  return mean + deviation * z;
}
