/* SPDX-License-Identifier: MIT
 *
 * test_series.c: terms over series against their formulas, worked out anew for every row in long double from all rows
 * up to it.
 */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "features/plan.h"
#include "model/making.h"
#include "support/fault.h"

enum { ROWS = 600, COLUMNS = 4 };

typedef long double wide;

/* x, y, z: prices with jumps, ties and steps; t: times with gaps. */
typedef struct sample {
  double x[ROWS], y[ROWS], z[ROWS], t[ROWS];
} sample;

static void make_sample(sample *s) {
  uint64_t seed = 11;
  double price = 40000.0, time = 1.7e9;
  for (int32_t i = 0; i < ROWS; i++) {
    price += i % 97 == 96 ? 3000.0 * making_real(&seed) : floor(8.0 * making_real(&seed)) / 4.0;
    time += 1.0 + floor(3.0 * (1.0 + making_real(&seed)));
    s->x[i] = price;
    s->y[i] = 2.0 + making_real(&seed) + 1e-4 * price;
    s->z[i] = price + 20.0 * making_real(&seed);
    s->t[i] = time;
  }
}

/* ---- the formulas; i is the row, w the window ---- */

typedef wide (*formula)(const sample *s, int64_t i, int64_t w);

#define NONE ((wide)NAN)

static wide mean_of(const double *x, int64_t i, int64_t w) {
  wide sum = 0;
  if (i < w - 1) return NONE;
  for (int64_t j = i - w + 1; j <= i; j++) sum += x[j];
  return sum / w;
}

static wide products(const double *x, const double *y, int64_t i, int64_t w) {
  const wide mx = mean_of(x, i, w), my = mean_of(y, i, w);
  wide sum = 0;
  if (i < w - 1) return NONE;
  for (int64_t j = i - w + 1; j <= i; j++) sum += (x[j] - mx) * (y[j] - my);
  return sum;
}

static wide std_of(const double *x, int64_t i, int64_t w) {
  return sqrtl(products(x, x, i, w) / w);
}

static int by_size(const void *a, const void *b) {
  const wide x = *(const wide *)a, y = *(const wide *)b;
  return (x > y) - (x < y);
}

static wide quantile(wide *numbers, int64_t n, wide q) {
  qsort(numbers, (size_t)n, sizeof *numbers, by_size);
  const wide place = q * (n - 1);
  const int64_t low = (int64_t)floorl(place);
  return low + 1 < n ? numbers[low] + (place - low) * (numbers[low + 1] - numbers[low]) : numbers[n - 1];
}

static wide window_quantile(const double *x, int64_t i, int64_t w, wide q) {
  wide numbers[ROWS];
  if (i < w - 1) return NONE;
  for (int64_t j = 0; j < w; j++) numbers[j] = x[i - j];
  return quantile(numbers, w, q);
}

static wide window_distance(const double *x, int64_t i, int64_t w) {
  wide numbers[ROWS];
  const wide median = window_quantile(x, i, w, 0.5L);
  if (i < w - 1) return NONE;
  for (int64_t j = 0; j < w; j++) numbers[j] = fabsl(x[i - j] - median);
  return quantile(numbers, w, 0.5L);
}

static wide f_mean(const sample *s, int64_t i, int64_t w) {
  return mean_of(s->x, i, w);
}
static wide f_sum(const sample *s, int64_t i, int64_t w) {
  return w * mean_of(s->x, i, w);
}
static wide f_std(const sample *s, int64_t i, int64_t w) {
  return std_of(s->x, i, w);
}
static wide f_std1(const sample *s, int64_t i, int64_t w) {
  return sqrtl(products(s->x, s->x, i, w) / (w - 1));
}
static wide f_min(const sample *s, int64_t i, int64_t w) {
  return window_quantile(s->x, i, w, 0);
}
static wide f_max(const sample *s, int64_t i, int64_t w) {
  return window_quantile(s->x, i, w, 1);
}
static wide f_median(const sample *s, int64_t i, int64_t w) {
  return window_quantile(s->x, i, w, 0.5L);
}
static wide f_tenth(const sample *s, int64_t i, int64_t w) {
  return window_quantile(s->x, i, w, (wide)0.1);
}
static wide f_lag(const sample *s, int64_t i, int64_t w) {
  return i < w ? NONE : (wide)s->x[i - w];
}
static wide f_diff(const sample *s, int64_t i, int64_t w) {
  return i < w ? NONE : (wide)s->x[i] - s->x[i - w];
}
static wide f_return(const sample *s, int64_t i, int64_t w) {
  return i < w ? NONE : (wide)s->x[i] / s->x[i - w] - 1;
}
static wide f_log_return(const sample *s, int64_t i, int64_t w) {
  return i < w ? NONE : logl((wide)s->x[i] / s->x[i - w]);
}
static wide f_log(const sample *s, int64_t i, int64_t w) {
  return logl((wide)s->x[i] + w);
}
static wide f_clip(const sample *s, int64_t i, int64_t w) {
  return fminl(fmaxl(s->x[i], 39000), w);
}
static wide f_power(const sample *s, int64_t i, int64_t w) {
  return powl(s->y[i], w);
}
static wide f_root(const sample *s, int64_t i, int64_t w) {
  return powl(s->y[i], 1.0L / w);
}
static wide f_product(const sample *s, int64_t i, int64_t w) {
  return (wide)s->x[i] * s->y[i] + 0 * w;
}
static wide f_ratio(const sample *s, int64_t i, int64_t w) {
  return (wide)s->x[i] / s->y[i] + 0 * w;
}
static wide f_covariance(const sample *s, int64_t i, int64_t w) {
  return products(s->x, s->y, i, w) / w;
}
static wide f_correlation(const sample *s, int64_t i, int64_t w) {
  return products(s->x, s->y, i, w) / sqrtl(products(s->x, s->x, i, w) * products(s->y, s->y, i, w));
}

static wide f_slope(const sample *s, int64_t i, int64_t w) {
  double place[ROWS];
  for (int64_t j = 0; j < ROWS; j++) place[j] = (double)j;
  return products(s->x, place, i, w) / products(place, place, i, w);
}

static wide f_slope_time(const sample *s, int64_t i, int64_t w) {
  return products(s->x, s->t, i, w) / products(s->t, s->t, i, w);
}

static wide theil(const sample *s, int64_t i, int64_t w, int32_t by_time) {
  static wide slopes[ROWS * 20];
  int64_t n = 0;
  if (i < w - 1) return NONE;
  for (int64_t a = i - w + 1; a <= i; a++)
    for (int64_t b = a + 1; b <= i; b++)
      slopes[n++] = ((wide)s->x[b] - s->x[a]) / (by_time ? (wide)s->t[b] - s->t[a] : b - a);
  return quantile(slopes, n, 0.5L);
}

static wide f_theil(const sample *s, int64_t i, int64_t w) {
  return theil(s, i, w, 0);
}
static wide f_theil_time(const sample *s, int64_t i, int64_t w) {
  return theil(s, i, w, 1);
}
static wide f_zscore(const sample *s, int64_t i, int64_t w) {
  return (s->x[i] - mean_of(s->x, i, w)) / std_of(s->x, i, w);
}
static wide f_zscore_past(const sample *s, int64_t i, int64_t w) {
  return i < w ? NONE : (s->x[i] - mean_of(s->x, i - 1, w)) / std_of(s->x, i - 1, w);
}
static wide robust(const sample *s, int64_t i, int64_t at, int64_t w) {
  const wide distance = s->x[i] - window_quantile(s->x, at, w, 0.5L);
  return distance == 0 ? 0 : 0.6744897501960817L * distance / window_distance(s->x, at, w);
}
static wide f_robust(const sample *s, int64_t i, int64_t w) {
  return i < w - 1 ? NONE : robust(s, i, i, w);
}
static wide f_robust_past(const sample *s, int64_t i, int64_t w) {
  return i < w ? NONE : robust(s, i, i - 1, w);
}
static wide f_upper(const sample *s, int64_t i, int64_t w) {
  return mean_of(s->x, i, w) + 2 * std_of(s->x, i, w);
}

static wide f_volatility(const sample *s, int64_t i, int64_t w) {
  wide sum = 0;
  if (i < w) return NONE;
  for (int64_t j = i - w + 1; j <= i; j++) sum += powl(logl((wide)s->x[j] / s->x[j - 1]), 2);
  return sqrtl(sum);
}

static wide f_yearly(const sample *s, int64_t i, int64_t w) {
  return f_volatility(s, i, w) * sqrtl(252.0L / w);
}

static wide f_drawdown(const sample *s, int64_t i, int64_t w) {
  wide most = s->x[i];
  for (int64_t j = w ? i - w + 1 : 0; j <= i; j++)
    if (j >= 0 && s->x[j] > most) most = s->x[j];
  return s->x[i] / most - 1;
}

static wide ewma(const sample *s, int64_t i, wide alpha, int64_t start) {
  wide mean = i < start - 1 ? NONE : mean_of(s->x, start - 1, start);
  for (int64_t j = start; j <= i; j++) mean = alpha * s->x[j] + (1 - alpha) * mean;
  return mean;
}

static wide f_ewma(const sample *s, int64_t i, int64_t w) {
  return ewma(s, i, 2.0L / (w + 1), 1);
}
static wide f_ema(const sample *s, int64_t i, int64_t w) {
  return ewma(s, i, 2.0L / (w + 1), w);
}
static wide f_ewma_alpha(const sample *s, int64_t i, int64_t w) {
  return ewma(s, i, (wide)0.05, w);
}

/* By weights that halve with every w units of time. */
static wide f_halflife(const sample *s, int64_t i, int64_t w) {
  wide mean = s->x[0];
  for (int64_t j = 1; j <= i; j++) {
    const wide kept = exp2l(-((wide)s->t[j] - s->t[j - 1]) / w);
    mean = (1 - kept) * s->x[j] + kept * mean;
  }
  return mean;
}

/* Weights of all rows so far, and the variance that they give. */
static wide f_ewma_std(const sample *s, int64_t i, int64_t w) {
  const wide alpha = 2.0L / (w + 1), mean = ewma(s, i, alpha, 1);
  wide sum = 0;
  for (int64_t j = 0; j <= i; j++) {
    const wide weight = powl(1 - alpha, i - j) * (j ? alpha : 1);
    sum += weight * (s->x[j] - mean) * (s->x[j] - mean);
  }
  return sqrtl(sum);
}

static wide wilder_of(const sample *s, int64_t i, int64_t w, wide (*number)(const sample *, int64_t)) {
  wide mean = 0;
  for (int64_t j = 1; j <= i; j++) mean = j <= w ? mean + number(s, j) / w : (mean * (w - 1) + number(s, j)) / w;
  return mean;
}

static wide rise(const sample *s, int64_t i) {
  return fmaxl((wide)s->x[i] - s->x[i - 1], 0);
}
static wide fall(const sample *s, int64_t i) {
  return fmaxl((wide)s->x[i - 1] - s->x[i], 0);
}
static wide range(const sample *s, int64_t i) {
  const wide high = s->z[i], low = s->y[i], last = s->x[i - 1];
  return fmaxl(high - low, fmaxl(fabsl(high - last), fabsl(low - last)));
}

static wide f_rsi(const sample *s, int64_t i, int64_t w) {
  const wide up = wilder_of(s, i, w, rise), down = wilder_of(s, i, w, fall);
  return i < w ? NONE : up + down > 0 ? 100 * up / (up + down) : 0;
}

static wide f_atr(const sample *s, int64_t i, int64_t w) {
  return i < w ? NONE : wilder_of(s, i, w, range);
}

/* fast w, slow 2 w */
static wide f_macd(const sample *s, int64_t i, int64_t w) {
  wide fast = mean_of(s->x, 2 * w - 1, w);
  if (i < 2 * w - 1) return NONE;
  for (int64_t j = 2 * w; j <= i; j++) fast += 2.0L / (w + 1) * (s->x[j] - fast);
  return fast - ewma(s, i, 2.0L / (2 * w + 1), 2 * w);
}

static wide f_portfolio(const sample *s, int64_t i, int64_t w) {
  if (i < 1) return NONE + w;
  return 0.75L * ((wide)s->x[i] / s->x[i - 1] - 1) + 0.25L * ((wide)s->y[i] / s->y[i - 1] - 1);
}

/* By the correlation with the shape. */
static wide f_template(const sample *s, int64_t i, int64_t w) {
  static const double shape[] = {0, 2, 3, 1, -1};
  double repeated[ROWS] = {0};
  if (i < w - 1 || std_of(s->x, i, w) == 0) return NONE;
  memcpy(repeated + i - w + 1, shape, sizeof shape);
  const wide r =
      products(s->x, repeated, i, w) / sqrtl(products(s->x, s->x, i, w) * products(repeated, repeated, i, w));
  return sqrtl(2 * w * (1 - r));
}

typedef struct check {
  const char *recipe;
  formula formula;
  int64_t w;
  const char *name; /* of the first column */
  wide slack;       /* the size of what the numbers are differences of, times 1e-12 */
} check;

static const check checks[] = {
    {"Lag(column=x, lag=3)", f_lag, 3, "Lag_x.3", 0},
    {"Difference(column=x)", f_diff, 1, "Difference_x.1", 0},
    {"MOM(column=x, lag=17)", f_diff, 17, "Difference_x.17", 0},
    {"Return(column=x)", f_return, 1, "Return_x.1", 1},
    {"LogReturn(column=x, lag=5)", f_log_return, 5, "LogReturn_x.5", 1},
    {"Log(column=x, shift=7)", f_log, 7, "Log_x.7", 0},
    {"Clip(column=x, low=39000, high=41000)", f_clip, 41000, "Clip_x.39000.41000", 0},
    {"Power(column=y, p=3)", f_power, 3, "Power_y.3", 0},
    {"Power(column=y, p=-2)", f_power, -2, "Power_y.-2", 0},
    {"Power(column=y, p=0.5)", f_root, 2, "Power_y.0.5", 0},
    {"Power(column=y, p=0.25)", f_root, 4, "Power_y.0.25", 0},
    {"Product(column=x, column2=y)", f_product, 0, "Product_x_y", 0},
    {"Ratio(column=x, column2=y)", f_ratio, 0, "Ratio_x_y", 0},
    {"Rolling(column=x, window=20)", f_mean, 20, "Rolling_x.mean.20", 0},
    {"Rolling(column=x, window=20, stat=sum)", f_sum, 20, "Rolling_x.sum.20", 0},
    {"Rolling(column=x, timeperiod=2, stat=std)", f_std, 2, "Rolling_x.std.2", 1},
    {"Rolling(column=x, window=50, stat=std, ddof=1)", f_std1, 50, "Rolling_x.std.50.1", 1},
    {"Rolling(column=x, window=7, stat=min)", f_min, 7, "Rolling_x.min.7", 0},
    {"Rolling(column=x, window=31, stat=max)", f_max, 31, "Rolling_x.max.31", 0},
    {"Rolling(column=x, window=15, stat=median)", f_median, 15, "Rolling_x.median.15", 0},
    {"Rolling(column=x, window=16, stat=median)", f_median, 16, "Rolling_x.median.16", 0},
    {"Rolling(column=x, window=33, stat=quantile, quantile=0.1)", f_tenth, 33, "Rolling_x.quantile.33.0.1", 0},
    {"Rolling(column=x, window=12, stat=slope)", f_slope, 12, "Rolling_x.slope.12", 1e3},
    {"Rolling(column=x, window=12, stat=slope, per=time)", f_slope_time, 12, "Rolling_x.slope.12.time", 1e3},
    {"Rolling(column=x, window=9, stat=theilsen)", f_theil, 9, "Rolling_x.theilsen.9", 0},
    {"Rolling(column=x, window=10, stat=theilsen, per=time)", f_theil_time, 10, "Rolling_x.theilsen.10.time", 0},
    {"RollingCovariance(column=x, column2=y, window=25)", f_covariance, 25, "RollingCovariance_x_y.25", 100},
    {"CORREL(column=x, column2=y, window=25)", f_correlation, 25, "RollingCorrelation_x_y.25", 10},
    {"ZScore(column=x)", f_zscore, 20, "ZScore_x.20", 20},
    {"ZScore(column=x, window=12, against=past)", f_zscore_past, 12, "ZScore_x.12.past", 1e2},
    {"RobustZ(column=x, window=21)", f_robust, 21, "RobustZ_x.21", 0},
    {"RobustZ(column=x, window=14, against=past)", f_robust_past, 14, "RobustZ_x.14.past", 0},
    {"BBANDS(column=x)", f_upper, 20, "Bollinger_x.20.upper", 100},
    {"RealisedVolatility(column=x, window=10)", f_volatility, 10, "RealisedVolatility_x.10", 1},
    {"RealizedVolatility(column=x, window=10, periods=252)", f_yearly, 10, "RealisedVolatility_x.10.252", 10},
    {"Drawdown(column=x)", f_drawdown, 0, "Drawdown_x", 1},
    {"Drawdown(column=x, window=40)", f_drawdown, 40, "Drawdown_x.40", 1},
    {"EWMA(column=x, window=9)", f_ewma, 9, "EWMA_x.mean.9", 0},
    {"EWMA(column=x, window=9, seed=mean)", f_ema, 9, "EWMA_x.mean.9.mean", 0},
    {"EWMA(column=x, alpha=0.05)", f_ewma_alpha, 1, "EWMA_x.mean.20.0.05", 0},
    {"EWMA(column=x, halflife=60)", f_halflife, 60, "EWMA_x.mean.20.60", 0},
    {"EWMA(column=x, window=9, stat=std)", f_ewma_std, 9, "EWMA_x.std.9", 1},
    {"RSI(column=x)", f_rsi, 14, "RSI_x.14", 0},
    {"ATR(high=z, low=y, close=x)", f_atr, 14, "ATR_z_y_x.14", 0},
    {"PortfolioReturn(columns=\"x, y\", weights=\"0.75,0.25\")", f_portfolio, 0, "PortfolioReturn.x, y.0.75,0.25", 1},
    {"Template(column=x, shape=\"0, 2, 3, 1, -1\")", f_template, 5, "Template_x.0, 2, 3, 1, -1", 100},
    {"MACD(column=x, fast=6, slow=12)", f_macd, 6, "MACD_x.6.12.9.macd", 100},
};
enum { CHECKS = sizeof checks / sizeof checks[0] };

static ba_status make_plan(ba_context *context, const char *text, bai_plan **out) {
  bai_recipe recipe = {{0, 0, 0}};
  *out = NULL;
  ba_status status = bai_recipe_parse_single(context, text, &recipe);
  if (!status) status = bai_plan_create(context, bai_recipe_member(&recipe, 0), out);
  bai_recipe_free(context, &recipe);
  return status;
}

/* Rows of inputs with room for what is computed. */
static double *lay_rows(const bai_plan *plan, const sample *s) {
  const int64_t width = bai_plan_inputs(plan);
  double *rows = calloc((size_t)(ROWS * width), 8);
  assert_non_null(rows);
  for (int64_t i = 0; i < ROWS; i++) {
    for (int64_t c = 0; c < plan->inputs.items.count; c++) {
      const char name = bai_input_at(&plan->inputs, c)->name[0];
      rows[i * width + c] = name == 'x' ? s->x[i] : name == 'y' ? s->y[i] : s->z[i];
    }
  }
  return rows;
}

static void test_formulas(void **state) {
  ba_context *context = *state;
  static sample s;
  make_sample(&s);
  for (int32_t c = 0; c < CHECKS; c++) {
    bai_plan *plan;
    bai_vector name = {0, 0, 0};
    OK(context, make_plan(context, checks[c].recipe, &plan));
    OK(context, bai_plan_column_name(context, plan, 0, &name));
    assert_string_equal(name.data, checks[c].name);
    const int64_t width = bai_plan_inputs(plan), at = plan->inputs.items.count;
    double *rows = lay_rows(plan, &s);
    const bai_series_rows all = {rows, width, ROWS, NULL, s.t};
    OK(context, bai_series_fill(context, &plan->series, at, &all));
    int64_t found = 0;
    for (int64_t i = 0; i < ROWS; i++) {
      const double got = rows[i * width + at];
      const wide expected = checks[c].formula(&s, i, checks[c].w);
      const wide most = 1e-11L * fabsl(expected) + checks[c].slack * 1e-12L;
      const int32_t finite = expected - expected == 0;
      found += finite;
      if (finite ? !(fabsl(got - expected) <= most) : got == got)
        fail_msg("%s, row %lld: %.17g, expected %.17Lg", checks[c].recipe, (long long)i, got, expected);
    }
    assert_true(found > ROWS / 2);
    free(rows);
    bai_vector_free(context, &name);
    bai_plan_destroy(plan);
  }
}

/* Changes instead of values, and columns of one term side by side. */
static void test_changes_and_columns(void **state) {
  ba_context *context = *state;
  static sample s;
  bai_plan *plan, *other;
  make_sample(&s);
  OK(context, make_plan(context,
                        "Return(column=x) + Rolling(column=x, of=return, window=20, stat=std) + Bollinger(column=y) + "
                        "MACD(column=x) + RollingCorrelation(column=x, column2=y, window=9, of=difference)",
                        &plan));
  assert_int_equal(plan->width, 9);
  double *rows = lay_rows(plan, &s);
  const int64_t width = bai_plan_inputs(plan), at = plan->inputs.items.count;
  const bai_series_rows all = {rows, width, ROWS, NULL, NULL};
  OK(context, bai_series_fill(context, &plan->series, at, &all));
  static sample changes;
  for (int64_t i = 1; i < ROWS; i++) {
    changes.x[i - 1] = s.x[i] - s.x[i - 1];
    changes.y[i - 1] = s.y[i] - s.y[i - 1];
  }
  for (int64_t i = 0; i < ROWS; i++) {
    const double *out = rows + i * width + at;
    assert_true((i < 20) == (out[1] != out[1]));
    wide mean = 0, squares = 0;
    for (int64_t j = i - 19; i >= 20 && j <= i; j++) mean += rows[j * width + at] / 20.0L;
    for (int64_t j = i - 19; i >= 20 && j <= i; j++) squares += powl(rows[j * width + at] - mean, 2) / 20.0L;
    if (i >= 20) assert_true(fabsl(out[1] - sqrtl(squares)) < 1e-13L);
    if (i >= 19) assert_true(fabsl(out[3] - mean_of(s.y, i, 20)) < 1e-12L);
    if (i >= 19) assert_true(fabsl(out[2] - out[3] - 2 * std_of(s.y, i, 20)) < 1e-12L);
    if (i >= 19) assert_true(fabsl(out[3] - out[4] - 2 * std_of(s.y, i, 20)) < 1e-12L);
    assert_true((i < 25) == (out[5] != out[5]));
    assert_true((i < 33) == (out[6] != out[6]));
    if (i >= 33) assert_true(out[7] == out[5] - out[6]);
    if (i >= 9) assert_true(fabsl(out[8] - f_correlation(&changes, i - 1, 9)) < 1e-9L);
  }
  free(rows);
  OK(context, make_plan(context, "MACD(column=x, missing=indicator)", &other));
  bai_vector name = {0, 0, 0};
  assert_int_equal(other->width, 6);
  OK(context, bai_plan_column_name(context, other, 5, &name));
  assert_string_equal(name.data, "MACD_x.12.26.9.histogram.missing");
  bai_vector_free(context, &name);
  bai_plan_destroy(other);
  bai_plan_destroy(plan);
}

/* A row without a value is as if it were not there; groups are series of their own; times order them. */
static void test_groups_times_and_gaps(void **state) {
  ba_context *context = *state;
  static sample s;
  make_sample(&s);
  for (int32_t c = 0; c < CHECKS; c++) {
    bai_plan *plan;
    OK(context, make_plan(context, checks[c].recipe, &plan));
    const int64_t width = bai_plan_inputs(plan), at = plan->inputs.items.count;
    double *rows = lay_rows(plan, &s), *mixed = calloc((size_t)(3 * ROWS * width), 8);
    const bai_series_rows all = {rows, width, ROWS, NULL, s.t};
    OK(context, bai_series_fill(context, &plan->series, at, &all));
    static int32_t groups[3 * ROWS];
    static double times[3 * ROWS];
    static int64_t from[3 * ROWS];
    /* Two groups of the same rows, from the last to the first, and rows without a value between them. */
    for (int64_t i = 0; i < 3 * ROWS; i++) {
      from[i] = ROWS - 1 - i / 3;
      groups[i] = i % 3 == 2 ? 4 : (int32_t)(i % 3) * 5 - 1;
      times[i] = s.t[from[i]];
      memcpy(mixed + i * width, rows + from[i] * width, (size_t)at * 8);
      if (i % 3 == 2) mixed[i * width] = NAN;
    }
    const bai_series_rows again = {mixed, width, 3 * ROWS, groups, times};
    OK(context, bai_series_fill(context, &plan->series, at, &again));
    for (int64_t i = 0; i < 3 * ROWS; i++) {
      const double *got = mixed + i * width + at;
      if (i % 3 == 2)
        assert_true(got[0] != got[0]);
      else
        SAME_BITS(got, rows + from[i] * width + at, width - at);
    }
    free(mixed);
    free(rows);
    bai_plan_destroy(plan);
  }
}

/* A million rows near 40,000 that move by cents, with an outlier now and then: nothing drifts. */
static void test_a_million_rows(void **state) {
  ba_context *context = *state;
  enum { N = 1000000, W = 100 };
  bai_plan *plan;
  uint64_t seed = 5;
  OK(context, make_plan(context,
                        "Rolling(column=x, window=100, stat=std) + Rolling(column=x, window=100) + "
                        "Rolling(column=x, window=100, stat=slope) + Rolling(column=x, window=100, stat=sum)",
                        &plan));
  double *rows = malloc(sizeof(double) * 5 * N), *x = malloc(sizeof(double) * N);
  assert_non_null(rows);
  assert_non_null(x);
  for (int64_t i = 0; i < N; i++) x[i] = 40000.0 + 0.01 * making_real(&seed) + (i % 9973 == 0 ? 1e9 : 0.0);
  for (int64_t i = 0; i < N; i++) rows[5 * i] = x[i];
  const bai_series_rows all = {rows, 5, N, NULL, NULL};
  OK(context, bai_series_fill(context, &plan->series, 1, &all));
  static double place[W];
  for (int64_t j = 0; j < W; j++) place[j] = (double)j;
  for (int64_t i = W - 1; i < N; i += 9973 / 4) {
    const double *out = rows + 5 * i + 1;
    const wide deviation = std_of(x, i, W), mean = mean_of(x, i, W);
    const wide slope = products(x + i - W + 1, place, W - 1, W) / products(place, place, W - 1, W);
    assert_true(fabsl(out[0] / deviation - 1) < 1e-9L);
    assert_true(fabsl(out[1] / mean - 1) < 1e-14L);
    assert_true(fabsl(out[2] - slope) < 1e-9L * deviation);
    assert_true(fabsl(out[3] / (W * mean) - 1) < 1e-14L);
  }
  free(rows);
  free(x);
  bai_plan_destroy(plan);
}

/* Constant rows, zeros, and numbers that no formula takes: missing, never infinite. */
static void test_what_has_no_result(void **state) {
  static const struct {
    const char *recipe;
    double x[4], expected;
  } cases[] = {
      {"Log(column=x)", {1, 1, 1, 0}, NAN},
      {"Log(column=x)", {1, 1, 1, -1}, NAN},
      {"Power(column=x, p=-1)", {1, 1, 1, 0}, NAN},
      {"Power(column=x, p=0.5)", {1, 1, 1, -4}, NAN},
      {"Power(column=x, p=0)", {1, 1, 1, 0}, 1},
      {"Return(column=x)", {1, 1, 0, 1}, NAN},
      {"LogReturn(column=x)", {1, 1, -1, 1}, NAN},
      {"LogReturn(column=x)", {1, 1, 1, INFINITY}, NAN},
      {"ZScore(column=x, window=3)", {5, 5, 5, 5}, 0},
      {"ZScore(column=x, window=2, against=past)", {5, 5, 5, 6}, NAN},
      {"RobustZ(column=x, window=3)", {5, 5, 5, 5}, 0},
      {"RobustZ(column=x, window=3)", {5, 5, 5, 6}, NAN},
      {"CORREL(column=x, column2=x, window=3)", {5, 5, 5, 5}, NAN},
      {"CORREL(column=x, column2=x, window=3)", {1, 2, 3, 5}, 1},
      {"RSI(column=x, window=3)", {5, 5, 5, 5}, 0},
      {"Drawdown(column=x)", {-5, -5, -5, -6}, NAN},
      {"EWMA(column=x, window=3, stat=std)", {5, 5, 5, 5}, 0},
      {"Rolling(column=x, window=3, stat=std)", {5, 5, 5, 5}, 0},
      {"Rolling(column=x, window=3, stat=max)", {9, -1, -2, -3}, -1},
  };
  ba_context *context = *state;
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
    bai_plan *plan;
    double rows[8] = {0};
    OK(context, make_plan(context, cases[c].recipe, &plan));
    for (int32_t i = 0; i < 4; i++) rows[2 * i] = cases[c].x[i];
    const bai_series_rows all = {rows, 2, 4, NULL, NULL};
    OK(context, bai_series_fill(context, &plan->series, 1, &all));
    const double got = rows[7], expected = cases[c].expected;
    if (expected == expected ? fabs(got - expected) > 1e-15 : got == got) fail_msg("%s: %g", cases[c].recipe, got);
    bai_plan_destroy(plan);
  }
}

/* By the C library's calendar and its sine. */
static void test_dates(void **state) {
  ba_context *context = *state;
  bai_plan *plan;
  uint64_t seed = 2;
  OK(context, make_plan(context,
                        "Calendar(column=t) + Calendar(column=t, part=weekday) + Calendar(column=t, part=day) + "
                        "Calendar(column=t, part=month) + Calendar(column=t, part=yearday) + "
                        "Calendar(column=t, part=year) + Cycle(column=t) + Cycle(column=t, period=week) + "
                        "Cycle(column=t, period=year)",
                        &plan));
  assert_int_equal(plan->inputs.items.count, 1);
  assert_int_equal(plan->series.needs_past, 0);
  for (int32_t i = 0; i < 20000; i++) {
    double row[13] = {i < 2 ? 86400.0 * i : floor(6e10 * making_real(&seed))};
    const bai_series_rows one = {row, 13, 1, NULL, NULL};
    const time_t seconds = (time_t)row[0];
    struct tm parts;
    assert_non_null(gmtime_r(&seconds, &parts));
    OK(context, bai_series_fill(context, &plan->series, 1, &one));
    const int year = parts.tm_year + 1900, leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    const double expected[] = {parts.tm_hour,      (parts.tm_wday + 6) % 7, parts.tm_mday,
                               parts.tm_mon + 1.0, parts.tm_yday + 1.0,     year};
    for (int32_t c = 0; c < 6; c++) assert_true(row[1 + c] == expected[c]);
    const wide day = (parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec) / 86400.0L;
    const wide shares[] = {day, (expected[1] + day) / 7, (parts.tm_yday + day) / (365 + leap)};
    for (int32_t c = 0; c < 3; c++) {
      const wide angle = 2 * acosl(-1) * shares[c];
      assert_true(fabsl(row[7 + 2 * c] - sinl(angle)) < 1e-15L && fabsl(row[8 + 2 * c] - cosl(angle)) < 1e-15L);
    }
  }
  bai_vector name = {0, 0, 0};
  OK(context, bai_plan_column_name(context, plan, 9, &name));
  assert_string_equal(name.data, "Cycle_t.week.cos");
  bai_vector_free(context, &name);
  bai_plan_destroy(plan);
}

static void test_stock(void **state) {
  (void)state;
  for (double stock = -20.0; stock <= 200.0; stock += 0.5) {
    const double exact = 0.5 * erfc((stock - 60.0) / 5.0 / sqrt(2.0)), got = ba_stockout_probability(stock, 60.0, 5.0);
    assert_true(fabs(got - exact) <= 2e-13 * exact);
    if (exact < 1e-8 || exact > 1.0 - 1e-8) continue;
    /* The quantity at which so much is the chance to run out. */
    assert_true(fabs(ba_newsvendor_quantity(60.0, 5.0, 1.0 - exact, exact) - stock) < 1e-6);
  }
  assert_true(ba_newsvendor_quantity(60.0, 5.0, 2.0, 2.0) == 60.0);
  assert_true(isnan(ba_newsvendor_quantity(60.0, 5.0, 0.0, 2.0)));
  assert_true(isnan(ba_stockout_probability(1.0, 2.0, -1.0)));
}

static void test_refusals(void **state) {
  ba_context *context = *state;
  bai_plan *plan;
  static const char *const cases[][2] = {
      {"Rolling(column=x)", "Rolling needs window"},
      {"Rolling(column=x, window=1)", "from 2 to 65536"},
      {"Rolling(column=x, window=300, stat=theilsen)", "expected at most 256 rows"},
      {"Clip(column=x, low=2, high=1)", "expected low no more than high"},
      {"EWMA(column=x, alpha=0.5, halflife=3)", "expected one of them"},
      {"MACD(column=x, fast=26, slow=12)", "expected fast below slow"},
      {"Template(column=x, shape=\"1,1,1\")", "expected 3 to 32 numbers, not all equal"},
      {"Template(column=x, shape=\"1,a,1\")", "expected 3 to 32 numbers"},
      {"PortfolioReturn(columns=\"x,y\", weights=\"1\")", "expected 2 numbers, one a column"},
      {"PortfolioReturn(columns=\"x,,y\", weights=\"1\")", "expected names with commas between"},
      {"Lag(column=x) + Kmer(k=2)", "expected terms over one of them"},
      {"RSI(column=x, window=3, timeperiod=3)", "key given twice"},
      {"RSI(column=x, missing=error)", "one of mean|indicator"},
  };
  for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
    REFUSED(context, make_plan(context, cases[c][0], &plan), BA_ERR_RECIPE, cases[c][1]);
}

static ba_status life(ba_context *context, void *argument) {
  (void)argument;
  bai_plan *plan;
  double rows[8] = {1, 0, 2, 0, 3, 0, 4, 0};
  static const int32_t groups[] = {0, 1, 0, 1};
  static const double times[] = {1, 2, 3, 4};
  const bai_series_rows all = {rows, 2, 4, groups, times};
  ba_status status = make_plan(context, "Rolling(column=x, window=5, stat=theilsen)", &plan);
  if (!status) status = bai_series_fill(context, &plan->series, 1, &all);
  bai_plan_destroy(plan);
  return status;
}

static void test_every_failing_allocation(void **state) {
  (void)state;
  assert_true(fault_sweep(life, NULL) > 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_formulas, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_changes_and_columns, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_groups_times_and_gaps, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_a_million_rows, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_what_has_no_result, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_dates, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_stock, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_refusals, making_set_up, making_tear_down),
      cmocka_unit_test_setup_teardown(test_every_failing_allocation, making_set_up, making_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
