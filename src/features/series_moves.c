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

/* ---- dates ---- */

#define DAY 86400.0

typedef struct date {
  int64_t days; /* since 1970-01-01 */
  double clock; /* seconds of the day */
  int64_t year, yearday;
  int32_t month, day, leap;
} date;

/* Years run from March, so that a leap day is the last of its year; 400 of them have 146,097 days. Returns 0 for times
 * that are none. */
static int32_t date_of(double time, date *out) {
  if (!(time > -1e13 && time < 1e13)) return 0;
  out->days = (int64_t)(time / DAY);
  while ((double)out->days * DAY > time) out->days--;
  out->clock = time - (double)out->days * DAY;
  const int64_t shifted = out->days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097, of_era = shifted - era * 146097;
  const int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int64_t from_march = of_era - (365 * year + year / 4 - year / 100), month = (5 * from_march + 2) / 153;
  out->day = (int32_t)(from_march - (153 * month + 2) / 5 + 1);
  out->month = (int32_t)(month < 10 ? month + 3 : month - 9);
  out->year = year + era * 400 + (out->month <= 2);
  out->leap = out->year % 4 == 0 && (out->year % 100 != 0 || out->year % 400 == 0);
  out->yearday = out->month > 2 ? from_march + 60 + out->leap : from_march - 305;
  return 1;
}

/* Days since a Monday. */
static int64_t weekday_of(const date *d) {
  return ((d->days + 3) % 7 + 7) % 7;
}

static void update_calendar(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  date d;
  (void)state;
  if (!date_of(tick->x[0], &d)) return;
  const double parts[] = {(double)(int64_t)(d.clock / 3600.0),
                          (double)weekday_of(&d),
                          (double)d.day,
                          (double)d.month,
                          (double)d.yearday,
                          (double)d.year};
  out[0] = parts[(int32_t)t->p[0]];
}

/* Sine and cosine of a share of the whole circle, by their series within an eighth of it. */
static void turn(double share, double *sine, double *cosine) {
  const int32_t quarter = (int32_t)(4.0 * share + 0.5);
  const double x = 6.283185307179586 * (share - 0.25 * quarter), square = x * x;
  double s = 0.0, c = 0.0;
  for (int32_t k = 18; k >= 2; k -= 2) {
    c = (1.0 + c) * -square / (k * (k - 1));
    s = (1.0 + s) * -square / (k * (k + 1));
  }
  s = x * (1.0 + s);
  c = 1.0 + c;
  *sine = quarter % 4 == 0 ? s : quarter % 4 == 1 ? c : quarter % 4 == 2 ? -s : -c;
  *cosine = quarter % 4 == 0 ? c : quarter % 4 == 1 ? -s : quarter % 4 == 2 ? -c : s;
}

static void update_cycle(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  date d;
  (void)state;
  if (!date_of(tick->x[0], &d)) return;
  const double part = d.clock / DAY;
  const double shares[] = {part, ((double)weekday_of(&d) + part) / 7.0,
                           ((double)(d.yearday - 1) + part) / (365.0 + d.leap)};
  turn(shares[(int32_t)t->p[0]], &out[0], &out[1]);
}

const bai_series_kind bai_series_moves[] = {
    {.kind = BAI_TERM_CALENDAR, .update = update_calendar},
    {.kind = BAI_TERM_CYCLE, .outputs = "sin|cos", .update = update_cycle},
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
