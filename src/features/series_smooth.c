/* SPDX-License-Identifier: MIT
 *
 * series_smooth.c: means that forget: exponential ones, and the indicators of Wilder and Appel that are made of them.
 * Starts follow TA-Lib: the mean of the first rows.
 */
#include <math.h>

#include "features/series.h"

#define LOG_2 0.6931471805599453

/* ---- EWMA: stat, window, alpha, halflife, seed ---- */

static double share_of(const bai_series_term *t, const bai_tick *tick) {
  const double span = t->p[1], alpha = t->p[2], halflife = t->p[3];
  if (halflife > 0.0) {
    double kept = -LOG_2 * tick->gap / halflife;
    tick->kernels->exp_f64(&kept, &kept, 1);
    return 1.0 - kept;
  }
  return alpha > 0.0 ? alpha : 2.0 / (span + 1.0);
}

static int64_t size_of_ewma(const bai_series_term *t) {
  (void)t;
  return 2;
}

/* Finch 2009, "Incremental calculation of weighted mean and variance", section 9. While a mean of the first rows is
 * wanted, state[1] is their sum of squares about it. */
static void update_ewma(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t start = t->p[4] != 0.0 ? (int64_t)t->p[1] : 1;
  double *mean = state, *variance = state + 1;
  const double x = tick->x[0], delta = x - *mean;
  if (tick->n < start) {
    *mean += delta / (double)(tick->n + 1);
    *variance += delta * (x - *mean);
    if (tick->n + 1 == start) *variance /= (double)start;
  } else {
    const double share = share_of(t, tick), step = share * delta;
    *mean += step;
    *variance = (1.0 - share) * (*variance + delta * step);
  }
  if (tick->n + 1 >= start) out[0] = t->p[0] != 0.0 ? sqrt(*variance) : *mean;
}

static ba_status check_ewma(ba_context *context, const bai_series_term *t) {
  if (t->p[2] == 0.0 || t->p[3] == 0.0) return BA_OK;
  return bai_fail(context, BA_ERR_RECIPE, "recipe: EWMA has alpha and halflife; expected one of them");
}

/* ---- Wilder ---- */

/* A mean of the first `window` numbers, then m + (x - m) / window; `n` numbers were taken before. */
static void wilder(double *mean, double x, int64_t n, double window) {
  if ((double)n < window)
    *mean += x / window;
  else
    *mean = (*mean * (window - 1.0) + x) / window;
}

enum { LAST, RISE, FALL };

static int64_t size_of_rsi(const bai_series_term *t) {
  (void)t;
  return 3;
}

static void update_rsi(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double change = tick->x[0] - state[LAST];
  state[LAST] = tick->x[0];
  if (tick->n == 0) return;
  wilder(&state[RISE], change > 0.0 ? change : 0.0, tick->n - 1, t->p[0]);
  wilder(&state[FALL], change < 0.0 ? -change : 0.0, tick->n - 1, t->p[0]);
  const double both = state[RISE] + state[FALL];
  if ((double)tick->n >= t->p[0]) out[0] = both > 0.0 ? 100.0 * (state[RISE] / both) : 0.0;
}

static int64_t size_of_atr(const bai_series_term *t) {
  (void)t;
  return 2;
}

static double size_of_number(double x) {
  return x < 0.0 ? -x : x;
}

static void update_atr(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double high = tick->x[0], low = tick->x[1], last = state[0];
  double range = high - low;
  if (size_of_number(high - last) > range) range = size_of_number(high - last);
  if (size_of_number(low - last) > range) range = size_of_number(low - last);
  state[0] = tick->x[2];
  if (tick->n == 0) return;
  wilder(&state[1], range, tick->n - 1, t->p[0]);
  if ((double)tick->n >= t->p[0]) out[0] = state[1];
}

/* ---- MACD: fast, slow, signal ---- */

enum { FAST_MEAN, SLOW_MEAN, SIGNAL_MEAN };

static int64_t size_of_macd(const bai_series_term *t) {
  (void)t;
  return 3;
}

/* Takes one more number into a mean of `span` numbers that starts with the mean of the first ones. */
static void exponential(double *mean, double x, int64_t n, double span) {
  if ((double)n < span)
    *mean += (x - *mean) / (double)(n + 1);
  else
    *mean += 2.0 / (span + 1.0) * (x - *mean);
}

static void update_macd(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double x = tick->x[0];
  const int64_t fast = (int64_t)t->p[0], slow = (int64_t)t->p[1], signal = (int64_t)t->p[2];
  /* The fast mean starts where the slow one has its rows, with those just before. */
  if (tick->n >= slow - fast) exponential(&state[FAST_MEAN], x, tick->n - (slow - fast), t->p[0]);
  exponential(&state[SLOW_MEAN], x, tick->n, t->p[1]);
  if (tick->n < slow - 1) return;
  out[0] = state[FAST_MEAN] - state[SLOW_MEAN];
  exponential(&state[SIGNAL_MEAN], out[0], tick->n - (slow - 1), t->p[2]);
  if (tick->n < slow + signal - 2) return;
  out[1] = state[SIGNAL_MEAN];
  out[2] = out[0] - out[1];
}

static ba_status check_macd(ba_context *context, const bai_series_term *t) {
  if (t->p[0] < t->p[1]) return BA_OK;
  return bai_fail(context, BA_ERR_RECIPE, "recipe: MACD has fast=%g, slow=%g; expected fast below slow", t->p[0],
                  t->p[1]);
}

const bai_series_kind bai_series_smooth[] = {
    {.kind = BAI_TERM_EWMA, .update = update_ewma, .size = size_of_ewma, .check = check_ewma, .needs_past = 1},
    {.kind = BAI_TERM_RSI, .update = update_rsi, .size = size_of_rsi, .needs_past = 1},
    {.kind = BAI_TERM_ATR, .update = update_atr, .size = size_of_atr, .needs_past = 1},
    {.kind = BAI_TERM_MACD,
     .outputs = "macd|signal|histogram",
     .update = update_macd,
     .size = size_of_macd,
     .check = check_macd,
     .needs_past = 1},
    {.update = NULL},
};
