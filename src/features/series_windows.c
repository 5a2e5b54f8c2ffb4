/* SPDX-License-Identifier: MIT
 *
 * series_windows.c: figures of the last w rows. Rows go by blocks of w: a window is the end of one block and the
 * beginning of the next, so it is made from what the beginning has come to and what each end came to, found once a
 * block (van Herk 1992, Gil and Werman 1993). Nothing is ever taken out again, so nothing drifts. Moments are joined as
 * Chan, Golub and LeVeque 1979 do, so none is a difference of large numbers.
 */
#include <math.h>
#include <string.h>

#include "features/series.h"

/* ---- moments of pairs: the second number is another column, or the time ---- */

enum { X, Y, XX, YY, XY, MOMENTS, LAST = MOMENTS, FOUND };

static void one_pair(double *m, double x, double y) {
  m[X] = x;
  m[Y] = y;
  m[XX] = m[YY] = m[XY] = 0.0;
}

/* The moments of na pairs and nb pairs together; those of b have y from a place `shift` further on. */
static void join_pairs(double *out, double na, const double *a, double nb, const double *b, double shift) {
  const double n = na + nb, dx = b[X] - a[X], dy = b[Y] + shift - a[Y], both = na * nb / n;
  double joined[MOMENTS];
  joined[X] = a[X] + dx * (nb / n);
  joined[Y] = a[Y] + dy * (nb / n);
  joined[XX] = a[XX] + b[XX] + dx * dx * both;
  joined[YY] = a[YY] + b[YY] + dy * dy * both;
  joined[XY] = a[XY] + b[XY] + dx * dy * both;
  memcpy(out, joined, sizeof joined);
}

/* A state: the pairs of the block, what its beginning came to, where its y starts, how far that is from where the block
 * before started, and what each end of that came to. */
static int64_t size_of_pairs(int64_t w) {
  return 2 * w + MOMENTS + 2 + w * MOMENTS;
}

/* What the end of the block from each pair on comes to, from the last one backwards. */
static void end_pairs(const double *pairs, int64_t w, double *ends) {
  double one[MOMENTS];
  for (int64_t i = w - 1; i >= 0; i--) {
    one_pair(one, pairs[2 * i], pairs[2 * i + 1]);
    if (i < w - 1) join_pairs(one, 1.0, one, (double)(w - 1 - i), ends + (i + 1) * MOMENTS, 0.0);
    memcpy(ends + i * MOMENTS, one, sizeof one);
  }
}

/* Takes a pair; returns 1 with the moments of the last w pairs and the y of this one as they have it, or 0 before there
 * are so many. `start`: where y of this pair starts, if it is the first of a block. */
static int32_t slide_pairs(double *state, int64_t w, int64_t n, double x, double y, double start, double *out) {
  double *pairs = state, *head = pairs + 2 * w, *base = head + MOMENTS, *ends = base + 2, one[MOMENTS];
  const int64_t at = n % w;
  if (at == 0) {
    base[1] = start - base[0];
    base[0] = start;
  }
  y -= base[0];
  pairs[2 * at] = x;
  pairs[2 * at + 1] = y;
  one_pair(one, x, y);
  if (at == 0)
    memcpy(head, one, sizeof one);
  else
    join_pairs(head, (double)at, head, 1.0, one, 0.0);
  out[LAST] = y;
  if (at == w - 1) {
    memcpy(out, head, sizeof one);
    end_pairs(pairs, w, ends);
  } else if (n >= w) {
    join_pairs(out, (double)(w - 1 - at), ends + (at + 1) * MOMENTS, (double)(at + 1), head, base[1]);
    out[LAST] += base[1];
  }
  return n >= w - 1;
}

/* ---- several rows: those of one block go together ---- */

typedef struct span {
  int64_t from, count; /* among the rows that were given */
  int64_t at;          /* place of the first in its block */
} span;

/* The rows of the next block, or part of it. */
static int32_t next_span(span *s, int64_t w, int64_t n, int64_t rows) {
  s->from += s->count;
  if (s->from >= rows) return 0;
  s->at = (n + s->from) % w;
  s->count = rows - s->from < w - s->at ? rows - s->from : w - s->at;
  return 1;
}

/* ---- moments of numbers ---- */

enum { MEAN, SQUARES };

static void join_numbers(double *out, double na, const double *a, double nb, const double *b) {
  const double n = na + nb, d = b[MEAN] - a[MEAN], mean = a[MEAN] + d * (nb / n);
  out[SQUARES] = a[SQUARES] + b[SQUARES] + d * d * (na * nb / n);
  out[MEAN] = mean;
}

static int64_t size_of_numbers(int64_t w) {
  return w + 2 + 2 * w;
}

/* What the end of the block from each number on comes to, from the last one backwards: join_numbers with one number
 * before, whose squares are 0. */
static void end_numbers(const double *numbers, int64_t w, double *ends) {
  double mean = numbers[w - 1], squares = 0.0;
  ends[2 * (w - 1) + MEAN] = mean;
  ends[2 * (w - 1) + SQUARES] = squares;
  for (int64_t i = w - 2; i >= 0; i--) {
    const double d = mean - numbers[i], share = (double)(w - 1 - i) / (double)(w - i);
    mean = numbers[i] + d * share;
    squares += d * d * share;
    ends[2 * i + MEAN] = mean;
    ends[2 * i + SQUARES] = squares;
  }
}

/* What the beginning of the block comes to with each number: join_numbers with one number behind. */
static void begin_numbers(double *head, int64_t at, const double *x, int64_t count, double *restrict out) {
  double mean = head[MEAN], squares = head[SQUARES];
  for (int64_t i = 0; i < count; i++) {
    const double n = (double)(at + i + 1), d = x[i] - mean;
    mean = at + i ? mean + d * (1.0 / n) : x[i];
    squares = at + i ? squares + d * d * ((double)(at + i) / n) : 0.0;
    out[2 * i + MEAN] = mean;
    out[2 * i + SQUARES] = squares;
  }
  head[MEAN] = mean;
  head[SQUARES] = squares;
}

/* Mean, and squares about it, of the last w numbers at each of some rows; before there are so many, of all. */
static void slide_numbers(double *state, int64_t w, int64_t n, const double *x, int64_t rows, double *out) {
  double *numbers = state, *head = numbers + w, *ends = head + 2;
  for (span s = {0, 0, 0}; next_span(&s, w, n, rows);) {
    double *to = out + 2 * s.from;
    memcpy(numbers + s.at, x + s.from, (size_t)s.count * 8);
    begin_numbers(head, s.at, x + s.from, s.count, to);
    for (int64_t i = s.at; n + s.from >= w && i < s.at + s.count && i < w - 1; i++, to += 2)
      join_numbers(to, (double)(w - 1 - i), ends + 2 * (i + 1), (double)(i + 1), to);
    if (s.at + s.count == w) end_numbers(numbers, w, ends);
  }
}

/* ---- the smallest, the largest, and sums ---- */

enum { LEAST, MOST, SUM };

static double fold(int32_t what, double a, double b) {
  if (what == SUM) return a + b;
  return what == LEAST ? (b < a ? b : a) : (b > a ? b : a);
}

static int64_t size_of_fold(int64_t w) {
  return w + 1 + w;
}

/* Always inlined with one `what`, so that its loops have no choice in them. */
static inline void fold_rows(double *state, int32_t what, int64_t w, int64_t n, const double *x, int64_t rows,
                             double *out) {
  double *numbers = state, *head = numbers + w, *ends = head + 1;
  for (span s = {0, 0, 0}; next_span(&s, w, n, rows);) {
    double *to = out + s.from, so_far = s.at ? *head : x[s.from];
    for (int64_t i = 0; i < s.count; i++) {
      numbers[s.at + i] = x[s.from + i];
      if (s.at + i) so_far = fold(what, so_far, x[s.from + i]);
      to[i] = so_far;
    }
    *head = so_far;
    for (int64_t i = 0; n + s.from >= w && i < s.count && s.at + i < w - 1; i++)
      to[i] = fold(what, ends[s.at + i + 1], to[i]);
    if (s.at + s.count < w) continue;
    ends[w - 1] = so_far = numbers[w - 1];
    for (int64_t i = w - 2; i >= 0; i--) ends[i] = so_far = fold(what, numbers[i], so_far);
  }
}

/* At each of some rows; before there are w, of all. */
static void slide_fold(double *state, int32_t what, int64_t w, int64_t n, const double *x, int64_t rows, double *out) {
  if (what == SUM)
    fold_rows(state, SUM, w, n, x, rows, out);
  else if (what == LEAST)
    fold_rows(state, LEAST, w, n, x, rows, out);
  else
    fold_rows(state, MOST, w, n, x, rows, out);
}

/* ---- the order of the last numbers: a ring, and the same in order ---- */

static int64_t size_of_order(int64_t w) {
  return 2 * w;
}

/* The first place of numbers that are no smaller. Which half it is in becomes a mask, as a branch could not be
 * foretold.
 */
static int64_t place_of(const double *sorted, int64_t n, double x) {
  const double *from = sorted;
  while (n > 1) {
    const int64_t half = n / 2;
    from += half & -(int64_t)(from[half - 1] < x);
    n -= half;
  }
  return from - sorted + (n == 1 && *from < x);
}

/* Brings the numbers of the window into state + w, in order. Only those between the one that goes and the one that
 * comes are moved. */
static int32_t slide_order(double *state, int64_t w, int64_t n, double x) {
  double *ring = state, *sorted = state + w;
  const int64_t count = n < w ? n : w, old = n < w ? n : place_of(sorted, w - 1, ring[n % w]);
  int64_t new = place_of(sorted, count, x);
  if (new > old) {
    memmove(sorted + old, sorted + old + 1, (size_t)(new - 1 - old) * 8);
    new --;
  } else {
    memmove(sorted + new + 1, sorted + new, (size_t)(old - new) * 8);
  }
  sorted[new] = x;
  ring[n % w] = x;
  return n >= w - 1;
}

static double quantile_of(const double *sorted, int64_t n, double q) {
  const double place = q * (double)(n - 1);
  const int64_t low = (int64_t)place;
  if (low >= n - 1) return sorted[n - 1];
  return sorted[low] + (place - (double)low) * (sorted[low + 1] - sorted[low]);
}

/* Distances from the median grow to both sides of it: the middle one, or the mean of the middle two. */
static double median_distance(const double *sorted, int64_t n, double median) {
  int64_t right = place_of(sorted, n, median), left = right - 1;
  double last = 0.0, distance = 0.0;
  for (int64_t i = 0; i <= n / 2; i++) {
    last = distance;
    if (right >= n || (left >= 0 && median - sorted[left] <= sorted[right] - median))
      distance = median - sorted[left--];
    else
      distance = sorted[right++] - median;
  }
  return n % 2 ? distance : 0.5 * (last + distance);
}

/* ---- Rolling: stat, window, quantile, ddof ---- */

enum { STAT_MEAN, STAT_STD, STAT_MIN, STAT_MAX, STAT_SUM, STAT_MEDIAN, STAT_QUANTILE, STAT_SLOPE, STAT_THEIL };
#define MOST_THEIL 256

static int64_t size_of_rolling(const bai_series_term *t) {
  const int64_t w = (int64_t)t->p[1];
  switch ((int32_t)t->p[0]) {
    case STAT_MEAN:
    case STAT_STD:
      return size_of_numbers(w);
    case STAT_MEDIAN:
    case STAT_QUANTILE:
      return size_of_order(w);
    case STAT_SLOPE:
      return size_of_pairs(w);
    case STAT_THEIL:
      return 2 * w;
    default:
      return size_of_fold(w);
  }
}

static int64_t scratch_of_rolling(const bai_series_term *t) {
  return t->p[0] == STAT_THEIL ? (int64_t)(t->p[1] * (t->p[1] - 1.0) / 2.0) : 0;
}

static ba_status check_rolling(ba_context *context, const bai_series_term *t) {
  if (t->p[0] != STAT_THEIL || t->p[1] <= MOST_THEIL) return BA_OK;
  return bai_fail(context, BA_ERR_RECIPE, "recipe: Rolling has stat=theilsen, window=%g; expected at most %d rows",
                  t->p[1], MOST_THEIL);
}

static double place_in_time(const bai_series_term *t, const bai_tick *tick) {
  return t->by_time ? tick->time : (double)tick->n;
}

/* The k-th smallest, from 0: Hoare's selection. */
static double select_number(double *numbers, int64_t n, int64_t k) {
  int64_t low = 0, high = n - 1;
  while (low < high) {
    const double pivot = numbers[(low + high) / 2];
    int64_t i = low - 1, j = high + 1;
    for (;;) {
      do i++;
      while (numbers[i] < pivot);
      do j--;
      while (numbers[j] > pivot);
      if (i >= j) break;
      const double kept = numbers[i];
      numbers[i] = numbers[j];
      numbers[j] = kept;
    }
    if (k <= j)
      high = j;
    else
      low = j + 1;
  }
  return numbers[k];
}

static void update_theil(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t w = (int64_t)t->p[1];
  double *slopes = tick->scratch;
  int64_t count = 0;
  state[2 * (tick->n % w)] = tick->x[0];
  state[2 * (tick->n % w) + 1] = place_in_time(t, tick);
  if (tick->n < w - 1) return;
  for (int64_t i = 0; i < w; i++) {
    for (int64_t j = 0; j < i; j++) {
      const double slope = (state[2 * i] - state[2 * j]) / (state[2 * i + 1] - state[2 * j + 1]);
      if (slope - slope == 0.0) slopes[count++] = slope; /* equal times say nothing */
    }
  }
  if (count == 0) return;
  const double upper = select_number(slopes, count, count / 2);
  out[0] = count % 2 ? upper : 0.5 * (select_number(slopes, count, count / 2 - 1) + upper);
}

static void update_slope(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  double m[FOUND];
  const double place = place_in_time(t, tick);
  if (slide_pairs(state, (int64_t)t->p[1], tick->n, tick->x[0], place, place, m)) out[0] = m[XY] / m[YY];
}

/* The first of some rows with a full window. */
static int64_t first_full(const bai_tick *tick, int64_t w) {
  return tick->n >= w - 1 ? 0 : w - 1 - tick->n;
}

static void update_moments(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  double m[2 * BAI_SERIES_MANY];
  const int64_t w = (int64_t)t->p[1], step = tick->step;
  slide_numbers(state, w, tick->n, tick->x, tick->rows, m);
  for (int64_t i = first_full(tick, w); t->p[0] == STAT_MEAN && i < tick->rows; i++) out[i * step] = m[2 * i + MEAN];
  for (int64_t i = first_full(tick, w); t->p[0] == STAT_STD && i < tick->rows; i++)
    out[i * step] = sqrt(m[2 * i + SQUARES] / ((double)w - t->p[3]));
}

static void update_order(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t w = (int64_t)t->p[1];
  const double q = t->p[0] == STAT_MEDIAN ? 0.5 : t->p[2];
  for (int64_t i = 0; i < tick->rows; i++)
    if (slide_order(state, w, tick->n + i, tick->x[i])) out[i * tick->step] = quantile_of(state + w, w, q);
}

static void update_fold(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  double found[BAI_SERIES_MANY];
  const int64_t w = (int64_t)t->p[1];
  slide_fold(state,
             t->p[0] == STAT_MIN   ? LEAST
             : t->p[0] == STAT_MAX ? MOST
                                   : SUM,
             w, tick->n, tick->x, tick->rows, found);
  for (int64_t i = first_full(tick, w); i < tick->rows; i++) out[i * tick->step] = found[i];
}

static void update_rolling(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  switch ((int32_t)t->p[0]) {
    case STAT_MEAN:
    case STAT_STD:
      update_moments(t, tick, state, out);
      break;
    case STAT_MEDIAN:
    case STAT_QUANTILE:
      update_order(t, tick, state, out);
      break;
    case STAT_SLOPE:
      update_slope(t, tick, state, out);
      break;
    case STAT_THEIL:
      update_theil(t, tick, state, out);
      break;
    default:
      update_fold(t, tick, state, out);
  }
}

/* Slopes are of one row at a time. */
static int32_t rolling_is_single(const bai_series_term *t) {
  return t->p[0] == STAT_SLOPE || t->p[0] == STAT_THEIL;
}

/* ---- two columns: window, ddof ---- */

static int64_t size_of_two(const bai_series_term *t) {
  return size_of_pairs((int64_t)t->p[0]);
}

static void update_correlation(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double *x = tick->x;
  double m[FOUND];
  for (int64_t i = 0; i < tick->rows; i++, x += 2, out += tick->step) {
    if (!slide_pairs(state, (int64_t)t->p[0], tick->n + i, x[0], x[1], 0.0, m)) continue;
    const double r = m[XY] / (sqrt(m[XX]) * sqrt(m[YY]));
    out[0] = r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
  }
}

static void update_covariance(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double *x = tick->x;
  double m[FOUND];
  for (int64_t i = 0; i < tick->rows; i++, x += 2, out += tick->step)
    if (slide_pairs(state, (int64_t)t->p[0], tick->n + i, x[0], x[1], 0.0, m)) out[0] = m[XY] / (t->p[0] - t->p[1]);
}

/* ---- TimeToEmpty: window, z ---- */

/* The u where (a + b u)^2 = z^2 s^2 (1/w + (d + u)^2 / YY): a the level of the line at this row, b its slope, d how far
 * this row is from the mean one. Fieller 1954, "Some problems in interval estimation". */
static void update_time_to_empty(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  double m[FOUND];
  const double w = t->p[0], place = place_in_time(t, tick);
  if (!slide_pairs(state, (int64_t)w, tick->n, tick->x[0], place, place, m)) return;
  const double slope = m[XY] / m[YY], distance = m[LAST] - m[Y], level = m[X] + slope * distance;
  if (!(slope < 0.0)) return;
  out[0] = level > 0.0 ? -level / slope : 0.0;
  const double rest = m[XX] - slope * m[XY];
  const double error = t->p[1] * t->p[1] * (rest > 0.0 ? rest : 0.0) / (w - 2.0);
  const double a = slope * slope - error / m[YY], b = level * slope - error * distance / m[YY];
  const double c = level * level - error * (1.0 / w + distance * distance / m[YY]), under = b * b - a * c;
  if (!(a > 0.0) || !(under >= 0.0)) return;
  const double low = (-b - sqrt(under)) / a, high = (-b + sqrt(under)) / a;
  out[1] = low > 0.0 ? low : 0.0;
  out[2] = high > 0.0 ? high : 0.0;
}

/* ---- scores: window, against. The past of a row is the window that the row before had ---- */

static int64_t size_of_zscore(const bai_series_term *t) {
  return 2 + size_of_numbers((int64_t)t->p[0]);
}

static void update_zscore(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t w = (int64_t)t->p[0];
  double past[2], present[2];
  const int32_t full = tick->n >= w - 1;
  memcpy(past, state, sizeof past);
  slide_numbers(state + 2, w, tick->n, tick->x, 1, present);
  if (full) memcpy(state, present, sizeof present);
  const double *m = t->p[1] != 0.0 ? past : state;
  const double distance = tick->x[0] - m[MEAN];
  if (full && (t->p[1] == 0.0 || tick->n >= w))
    out[0] = distance == 0.0 ? 0.0 : distance / sqrt(m[SQUARES] / (double)w);
}

static int64_t size_of_robust(const bai_series_term *t) {
  return size_of_order((int64_t)t->p[0]);
}

static void update_robust(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t w = (int64_t)t->p[0];
  const int32_t past = t->p[1] != 0.0;
  const double x = tick->x[0];
  if (!past && !slide_order(state, w, tick->n, x)) return;
  if (!past || tick->n >= w) {
    const double median = quantile_of(state + w, w, 0.5), distance = x - median;
    out[0] = distance == 0.0 ? 0.0 : 0.6744897501960817 * distance / median_distance(state + w, w, median);
  }
  if (past) slide_order(state, w, tick->n, x);
}

/* ---- Template: list; the state is a ring ---- */

static int64_t size_of_template(const bai_series_term *t) {
  return t->list_count;
}

static ba_status check_template(ba_context *context, const bai_series_term *t) {
  int32_t changes = 0;
  for (int32_t i = 1; i < t->list_count; i++) changes |= t->list[i] != t->list[0];
  if (t->list_count >= 3 && changes) return BA_OK;
  return bai_fail(context, BA_ERR_RECIPE, "recipe: Template has shape=\"%s\"; expected 3 to 32 numbers, not all equal",
                  bai_term_value(&t->term, "shape")->name);
}

/* Mean and standard deviation of n numbers. */
static void measure(const double *numbers, int64_t n, double *mean, double *deviation) {
  double sum = 0.0, squares = 0.0;
  for (int64_t i = 0; i < n; i++) sum += numbers[i];
  *mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) squares += (numbers[i] - *mean) * (numbers[i] - *mean);
  *deviation = sqrt(squares / (double)n);
}

static void update_template(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const int64_t w = t->list_count;
  double mean, deviation, own, spread, sum = 0.0;
  state[tick->n % w] = tick->x[0];
  if (tick->n < w - 1) return;
  measure(state, w, &mean, &deviation);
  measure(t->list, w, &own, &spread);
  /* Rounding alone leaves something of this size where all rows are equal. */
  if (!(deviation > 1e-13 * (mean < 0.0 ? -mean : mean))) return;
  for (int64_t i = 0; i < w; i++) {
    const double here = (state[(tick->n + 1 + i) % w] - mean) / deviation, there = (t->list[i] - own) / spread;
    sum += (here - there) * (here - there);
  }
  out[0] = sqrt(sum);
}

/* ---- Bollinger: window, width; RealisedVolatility: window, periods; Drawdown: window ---- */

static int64_t size_of_bollinger(const bai_series_term *t) {
  return size_of_numbers((int64_t)t->p[0]);
}

static void update_bollinger(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  double m[2 * BAI_SERIES_MANY];
  const int64_t w = (int64_t)t->p[0];
  slide_numbers(state, w, tick->n, tick->x, tick->rows, m);
  for (int64_t i = first_full(tick, w); i < tick->rows; i++) {
    double *to = out + i * tick->step;
    const double mean = m[2 * i + MEAN], width = t->p[1] * sqrt(m[2 * i + SQUARES] / t->p[0]);
    to[0] = mean + width;
    to[1] = mean;
    to[2] = mean - width;
  }
}

static int64_t size_of_volatility(const bai_series_term *t) {
  return size_of_fold((int64_t)t->p[0]);
}

static void update_volatility(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double square = tick->x[0] * tick->x[0];
  const int64_t w = (int64_t)t->p[0];
  double sum = 0.0;
  slide_fold(state, SUM, w, tick->n, &square, 1, &sum);
  if (tick->n >= w - 1) out[0] = sqrt(t->p[1] > 0.0 ? sum / t->p[0] * t->p[1] : sum);
}

static int64_t size_of_drawdown(const bai_series_term *t) {
  return t->p[0] > 0.0 ? size_of_fold((int64_t)t->p[0]) : 1;
}

static void update_drawdown(const bai_series_term *t, const bai_tick *tick, double *state, double *out) {
  const double x = tick->x[0];
  double most = x;
  if (t->p[0] > 0.0) {
    slide_fold(state, MOST, (int64_t)t->p[0], tick->n, &x, 1, &most);
  } else {
    if (tick->n == 0 || x > state[0]) state[0] = x;
    most = state[0];
  }
  if (most > 0.0) out[0] = x / most - 1.0;
}

const bai_series_kind bai_series_windows[] = {
    {.kind = BAI_TERM_ROLLING,
     .update = update_rolling,
     .size = size_of_rolling,
     .scratch = scratch_of_rolling,
     .check = check_rolling,
     .needs_past = 1,
     .many = 1,
     .is_single = rolling_is_single},
    {.kind = BAI_TERM_CORRELATION, .update = update_correlation, .size = size_of_two, .needs_past = 1, .many = 1},
    {.kind = BAI_TERM_COVARIANCE, .update = update_covariance, .size = size_of_two, .needs_past = 1, .many = 1},
    {.kind = BAI_TERM_TIME_TO_EMPTY,
     .outputs = "time|low|high",
     .update = update_time_to_empty,
     .size = size_of_two,
     .needs_past = 1},
    {.kind = BAI_TERM_ZSCORE, .update = update_zscore, .size = size_of_zscore, .needs_past = 1},
    {.kind = BAI_TERM_ROBUST_Z, .update = update_robust, .size = size_of_robust, .needs_past = 1},
    {.kind = BAI_TERM_TEMPLATE,
     .update = update_template,
     .size = size_of_template,
     .check = check_template,
     .needs_past = 1},
    {.kind = BAI_TERM_BOLLINGER,
     .outputs = "upper|middle|lower",
     .update = update_bollinger,
     .size = size_of_bollinger,
     .needs_past = 1,
     .many = 1},
    {.kind = BAI_TERM_VOLATILITY,
     .of = BAI_OF_LOG_RETURN,
     .update = update_volatility,
     .size = size_of_volatility,
     .needs_past = 1},
    {.kind = BAI_TERM_DRAWDOWN, .update = update_drawdown, .size = size_of_drawdown, .needs_past = 1},
    {.update = NULL},
};
