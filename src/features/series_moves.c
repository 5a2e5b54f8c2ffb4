/* SPDX-License-Identifier: MIT
 *
 * series_moves.c: numbers of a row alone, and of a row and the one some way back.
 */
#include <math.h>

#include "features/series.h"

static double log_of(const bai_tick *tick, double x) {
  double y = x > 0.0 ? x : bai_not_a_number();
  tick->kernels->log_f64(&y, &y, 1);
  return y;
}

/* ---- the row alone ---- */

static void update_log(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  (void)state;
  out[0] = log_of(tick, tick->x[0] + t->p[0]);
}

static void update_clip(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  (void)state;
  out[0] = tick->x[0] < t->p[0] ? t->p[0] : tick->x[0] > t->p[1] ? t->p[1] : tick->x[0];
}

static ba_status check_clip(ba_context *context, const bai_series_term *t) {
  if (t->p[0] <= t->p[1]) return BA_OK;
  return bai_fail(context, BA_ERR_RECIPE, "recipe: Clip has low=%g, high=%g; expected low no more than high", t->p[0],
                  t->p[1]);
}

static void update_power(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double x = tick->x[0], p = t->p[0];
  const int64_t whole = (int64_t)p;
  (void)state;
  if ((double)whole == p) {
    double y = 1.0;
    for (int64_t i = 0; i < (whole < 0 ? -whole : whole); i++) y *= x;
    out[0] = whole < 0 ? 1.0 / y : y;
  } else if (p == 0.5) {
    out[0] = x >= 0.0 ? sqrt(x) : bai_not_a_number();
  } else {
    double y = p * log_of(tick, x);
    tick->kernels->exp_f64(&y, &y, 1);
    out[0] = y;
  }
}

static void update_product(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  (void)t;
  (void)state;
  out[0] = tick->x[0] * tick->x[1];
}

static void update_ratio(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  (void)t;
  (void)state;
  out[0] = tick->x[0] / tick->x[1];
}

/* Columns are returns here. */
static void update_portfolio(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  (void)state;
  out[0] = 0.0;
  for (int32_t i = 0; i < t->input_count; i++) out[0] += t->list[i] * tick->x[i];
}

static ba_status check_portfolio(ba_context *context, const bai_series_term *t) {
  if (t->list_count == t->input_count) return BA_OK;
  return bai_fail(context, BA_ERR_RECIPE,
                  "recipe: PortfolioReturn has weights=\"%s\"; expected %d numbers, one a column",
                  bai_term_value(&t->term, "weights")->name, t->input_count);
}

/* ---- some rows back: the state is a ring ---- */

static int64_t size_of_lag(const bai_series_term *t) {
  return (int64_t)t->p[0];
}

/* Puts the row into the ring; returns what stood there, NaN while the ring fills. */
static double past_of(const bai_series_term *t, const bai_tick *tick, double *state) {
  const int64_t lag = (int64_t)t->p[0];
  double *at = state + tick->n % lag;
  const double past = tick->n >= lag ? *at : bai_not_a_number();
  *at = tick->x[0];
  return past;
}

static void update_lag(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  out[0] = past_of(t, tick, state);
}

static void update_difference(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  out[0] = tick->x[0] - past_of(t, tick, state);
}

static void update_return(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  out[0] = tick->x[0] / past_of(t, tick, state) - 1.0;
}

static void update_log_return(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  out[0] = log_of(tick, tick->x[0] / past_of(t, tick, state));
}

const bai_series_kind bai_series_moves[] = {
    {.kind = BAI_TERM_LOG, .update = update_log},
    {.kind = BAI_TERM_CLIP, .update = update_clip, .check = check_clip},
    {.kind = BAI_TERM_POWER, .update = update_power},
    {.kind = BAI_TERM_PRODUCT, .update = update_product},
    {.kind = BAI_TERM_RATIO, .update = update_ratio},
    {.kind = BAI_TERM_PORTFOLIO,
     .of = BAI_OF_RETURN,
     .update = update_portfolio,
     .check = check_portfolio,
     .needs_past = 1},
    {.kind = BAI_TERM_LAG, .update = update_lag, .size = size_of_lag, .needs_past = 1},
    {.kind = BAI_TERM_DIFFERENCE, .update = update_difference, .size = size_of_lag, .needs_past = 1},
    {.kind = BAI_TERM_RETURN, .update = update_return, .size = size_of_lag, .needs_past = 1},
    {.kind = BAI_TERM_LOG_RETURN, .update = update_log_return, .size = size_of_lag, .needs_past = 1},
    {.update = NULL},
};
