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
  const int32_t deviation = t->p[0] != 0.0;
  double mean = state[0], variance = state[1];
  int64_t i = 0;
  for (; i < tick->rows && tick->n + i < start; i++, out += tick->step) {
    const double x = tick->x[i], delta = x - mean;
    const int64_t n = tick->n + i + 1;
    mean += delta / (double)n;
    variance += delta * (x - mean);
    if (n == start) variance /= (double)start;
    if (n == start) out[0] = deviation ? sqrt(variance) : mean;
  }
  const double share = i < tick->rows ? share_of(t, tick) : 0.0;
  for (; i < tick->rows; i++, out += tick->step) {
    const double delta = tick->x[i] - mean, step = share * delta;
    mean += step;
    variance = (1.0 - share) * (variance + delta * step);
    out[0] = deviation ? sqrt(variance) : mean;
  }
  state[0] = mean;
  state[1] = variance;
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

static double above_zero(double x) {
  return x > 0.0 ? x : 0.0;
}

static double share_of_rise(double rise, double fall) {
  const double both = rise + fall;
  return both > 0.0 ? 100.0 * (rise / both) : 0.0;
}

static int64_t size_of_rsi(const bai_series_term *t) {
  (void)t;
  return 3;
}

/* Once the means have their first rows, those that are left go through a loop without a choice in it. */
static void update_rsi(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double window = t->p[0], rest = window - 1.0;
  const double *x = tick->x;
  double last = state[LAST], rise = state[RISE], fall = state[FALL];
  int64_t i = 0;
  for (; i < tick->rows && (double)(tick->n + i) <= window; i++) {
    const double change = x[i] - last;
    last = x[i];
    if (tick->n + i == 0) continue;
    wilder(&rise, above_zero(change), tick->n + i - 1, window);
    wilder(&fall, above_zero(-change), tick->n + i - 1, window);
    if ((double)(tick->n + i) == window) out[i * tick->step] = share_of_rise(rise, fall);
  }
  for (; i < tick->rows; i++) {
    const double change = x[i] - last;
    last = x[i];
    rise = (rise * rest + above_zero(change)) / window;
    fall = (fall * rest + above_zero(-change)) / window;
    out[i * tick->step] = share_of_rise(rise, fall);
  }
  state[LAST] = last;
  state[RISE] = rise;
  state[FALL] = fall;
}

static int64_t size_of_atr(const bai_series_term *t) {
  (void)t;
  return 2;
}

/* The larger one, without a branch: which it is cannot be foretold. */
static double larger(double a, double b) {
  return b > a ? b : a;
}

static double true_range(const double *bar, double last) {
  return larger(larger(bar[0] - bar[1], fabs(bar[0] - last)), fabs(bar[1] - last));
}

static void update_atr(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double window = t->p[0], rest = window - 1.0;
  const double *bars = tick->x;
  double last = state[0], mean = state[1];
  int64_t i = 0;
  for (; i < tick->rows && (double)(tick->n + i) <= window; i++) {
    const double range = true_range(bars + 3 * i, last);
    last = bars[3 * i + 2];
    if (tick->n + i == 0) continue;
    wilder(&mean, range, tick->n + i - 1, window);
    if ((double)(tick->n + i) == window) out[i * tick->step] = mean;
  }
  for (; i < tick->rows; i++) {
    mean = (mean * rest + true_range(bars + 3 * i, last)) / window;
    last = bars[3 * i + 2];
    out[i * tick->step] = mean;
  }
  state[0] = last;
  state[1] = mean;
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

/* A row while some of the means still begin. */
static void begin_macd(const bai_series_term *t, int64_t n, double x, double *state, double *out) {
  const int64_t fast = (int64_t)t->p[0], slow = (int64_t)t->p[1], signal = (int64_t)t->p[2];
  /* The fast mean starts where the slow one has its rows, with those just before. */
  if (n >= slow - fast) exponential(&state[FAST_MEAN], x, n - (slow - fast), t->p[0]);
  exponential(&state[SLOW_MEAN], x, n, t->p[1]);
  if (n < slow - 1) return;
  out[0] = state[FAST_MEAN] - state[SLOW_MEAN];
  exponential(&state[SIGNAL_MEAN], out[0], n - (slow - 1), t->p[2]);
  if (n < slow + signal - 2) return;
  out[1] = state[SIGNAL_MEAN];
  out[2] = out[0] - out[1];
}

static void update_macd(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t begun = (int64_t)t->p[1] + (int64_t)t->p[2];
  const double fast = 2.0 / (t->p[0] + 1.0), slow = 2.0 / (t->p[1] + 1.0), signal = 2.0 / (t->p[2] + 1.0);
  int64_t i = 0;
  for (; i < tick->rows && tick->n + i < begun; i++)
    begin_macd(t, tick->n + i, tick->x[i], state, out + i * tick->step);
  double fast_mean = state[FAST_MEAN], slow_mean = state[SLOW_MEAN], signal_mean = state[SIGNAL_MEAN];
  for (; i < tick->rows; i++) {
    double *to = out + i * tick->step;
    fast_mean += fast * (tick->x[i] - fast_mean);
    slow_mean += slow * (tick->x[i] - slow_mean);
    const double macd = fast_mean - slow_mean;
    signal_mean += signal * (macd - signal_mean);
    to[0] = macd;
    to[1] = signal_mean;
    to[2] = macd - signal_mean;
  }
  state[FAST_MEAN] = fast_mean;
  state[SLOW_MEAN] = slow_mean;
  state[SIGNAL_MEAN] = signal_mean;
}

static ba_status check_macd(ba_context *context, const bai_series_term *t) {
  if (t->p[0] < t->p[1]) return BA_OK;
  return bai_fail(context, BA_ERR_RECIPE, "recipe: MACD has fast=%g, slow=%g; expected fast below slow", t->p[0],
                  t->p[1]);
}

/* A half-life is of the time between rows. */
static int32_t ewma_is_timed(const bai_series_term *t) {
  return t->p[3] > 0.0;
}

const bai_series_kind bai_series_smooth[] = {
    {.kind = BAI_TERM_EWMA,
     .update = update_ewma,
     .size = size_of_ewma,
     .check = check_ewma,
     .needs_past = 1,
     .many = 1,
     .is_single = ewma_is_timed},
    {.kind = BAI_TERM_RSI, .update = update_rsi, .size = size_of_rsi, .needs_past = 1, .many = 1},
    {.kind = BAI_TERM_ATR, .update = update_atr, .size = size_of_atr, .needs_past = 1, .many = 1},
    {.kind = BAI_TERM_MACD,
     .outputs = "macd|signal|histogram",
     .update = update_macd,
     .size = size_of_macd,
     .check = check_macd,
     .needs_past = 1,
     .many = 1},
    {.update = NULL},
};
