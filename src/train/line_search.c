/* SPDX-License-Identifier: MIT
 *
 * line_search.c: the line search of Moré and Thuente: an interval that holds a good step, cubic and quadratic trial
 * steps, and a first stage on the function less its required decrease.
 */
#include <math.h>

#include "train/lbfgs.h"

#define DECREASE 1e-4 /* sufficient decrease */
#define CURVATURE 0.9 /* how much the slope must flatten */
#define TINY 1e-15    /* relative width at which an interval is exhausted */
#define LONGEST 1e20
#define MOST_TRIES 40

static double smaller(double a, double b) {
  return a < b ? a : b;
}

static double larger(double a, double b) {
  return a > b ? a : b;
}

static double size(double a) {
  return a < 0 ? -a : a;
}

void bai_line_start(bai_line *line, double value, double slope, double step) {
  *line = (bai_line){0};
  line->start_value = line->low_value = line->high_value = value;
  line->start_slope = line->low_slope = line->high_slope = slope;
  line->step = step;
  line->most = 5.0 * step;
  line->width = LONGEST;
  line->width_before = 2.0 * LONGEST;
}

/* The minimiser of the cubic through (a, fa, ga) and (b, fb, gb), as a fraction of the way from a to b. `real` is 0
 * when the cubic has none in the direction of search. */
static double cubic_fraction(double a, double fa, double ga, double b, double fb, double gb, int32_t *real) {
  const double theta = 3.0 * (fa - fb) / (b - a) + ga + gb;
  const double scale = larger(size(theta), larger(size(ga), size(gb)));
  const double inside = (theta / scale) * (theta / scale) - (ga / scale) * (gb / scale);
  double gamma = scale * sqrt(larger(0.0, inside));
  if (b < a) gamma = -gamma;
  const double top = gamma - ga + theta, bottom = gamma - ga + gamma + gb;
  *real = bottom != 0.0 && inside > 0.0;
  return bottom != 0.0 ? top / bottom : 0.5;
}

/* The next trial from the ends of the interval and the last trial (value f, slope g). The four cases of the paper. */
static double trial(const bai_line *line, double f, double g) {
  const double a = line->low, t = line->step;
  int32_t real;
  double next;
  if (f > line->low_value) {
    const double cubic = a + cubic_fraction(a, line->low_value, line->low_slope, t, f, g, &real) * (t - a);
    const double quadratic = a + line->low_slope / ((line->low_value - f) / (t - a) + line->low_slope) / 2.0 * (t - a);
    return size(cubic - a) < size(quadratic - a) ? cubic : cubic + (quadratic - cubic) / 2.0;
  }
  const double cubic = t + cubic_fraction(t, f, g, a, line->low_value, line->low_slope, &real) * (a - t);
  const double secant = t + g / (g - line->low_slope) * (a - t);
  if (g * (line->low_slope < 0 ? -1.0 : 1.0) < 0.0) return size(cubic - t) > size(secant - t) ? cubic : secant;
  if (size(g) <= size(line->low_slope)) {
    const int32_t onward = real && (cubic - t) * (t - a) > 0.0;
    const double far = onward ? cubic : (t > a ? line->most : line->least);
    if (!line->bracketed) {
      next = size(far - t) > size(secant - t) ? far : secant;
      return smaller(larger(next, line->least), line->most);
    }
    next = size(far - t) < size(secant - t) ? far : secant;
    /* Stay well inside the interval. */
    const double limit = t + 0.66 * (line->high - t);
    return t > a ? smaller(limit, next) : larger(limit, next);
  }
  if (line->bracketed)
    return t + cubic_fraction(t, f, g, line->high, line->high_value, line->high_slope, &real) * (line->high - t);
  return t > a ? line->most : line->least;
}

/* Takes the trial into the interval. */
static void narrow(bai_line *line, double f, double g) {
  const int32_t crossed = g * (line->low_slope < 0 ? -1.0 : 1.0) < 0.0;
  if (f > line->low_value) {
    line->high = line->step;
    line->high_value = f;
    line->high_slope = g;
    line->bracketed = 1;
    return;
  }
  if (crossed) {
    line->high = line->low;
    line->high_value = line->low_value;
    line->high_slope = line->low_slope;
    line->bracketed = 1;
  }
  line->low = line->step;
  line->low_value = f;
  line->low_slope = g;
}

/* In the first stage trials come from psi(s) = f(s) - f(0) - DECREASE f'(0) s, which has what the paper needs. */
static double advance(bai_line *line, double f, double g, int32_t modified) {
  const double drop = modified ? DECREASE * line->start_slope : 0.0;
  line->low_value -= drop * line->low;
  line->high_value -= drop * line->high;
  line->low_slope -= drop;
  line->high_slope -= drop;
  f -= drop * line->step;
  g -= drop;
  const double next = trial(line, f, g);
  narrow(line, f, g);
  line->low_value += drop * line->low;
  line->high_value += drop * line->high;
  line->low_slope += drop;
  line->high_slope += drop;
  return next;
}

static void bound(bai_line *line, double next) {
  if (line->bracketed) {
    const double now = size(line->high - line->low);
    if (now >= 0.66 * line->width_before) next = line->low + 0.5 * (line->high - line->low);
    line->width_before = line->width;
    line->width = now;
    line->least = smaller(line->low, line->high);
    line->most = larger(line->low, line->high);
  } else {
    line->least = next + 1.1 * (next - line->low);
    line->most = smaller(LONGEST, next + 4.0 * (next - line->low));
  }
  line->step = smaller(larger(next, 0.0), LONGEST);
  if (line->bracketed && (line->step <= line->least || line->step >= line->most)) line->step = line->low;
}

/* No step satisfies the conditions: the best one that lowers the value, if there is one. */
static bai_line_news settle(bai_line *line, double value) {
  if (!line->settling && line->low > 0.0 && line->low_value < line->start_value && !(value <= line->low_value)) {
    line->settling = 1;
    line->step = line->low;
    return BAI_LINE_TRY;
  }
  return value < line->start_value ? BAI_LINE_DONE : BAI_LINE_FAILED;
}

bai_line_news bai_line_tell(bai_line *line, double value, double slope) {
  line->tries++;
  if (!(value - value == 0.0) || !(slope - slope == 0.0)) { /* not finite: come back towards the good end */
    line->step = line->low + 0.1 * (line->step - line->low);
    return line->tries < MOST_TRIES ? BAI_LINE_TRY : settle(line, line->start_value);
  }
  const double enough = line->start_value + DECREASE * line->step * line->start_slope;
  if (value <= enough && size(slope) <= CURVATURE * -line->start_slope) return BAI_LINE_DONE;
  const int32_t exhausted = line->bracketed && (line->step <= line->least || line->step >= line->most ||
                                                line->most - line->least <= TINY * line->most);
  if (exhausted || line->settling || line->tries >= MOST_TRIES) return settle(line, value);
  if (value <= enough && slope >= 0.0) line->second_stage = 1;
  const int32_t modified = !line->second_stage && value <= line->low_value && value > enough;
  bound(line, advance(line, value, slope, modified));
  return BAI_LINE_TRY;
}
