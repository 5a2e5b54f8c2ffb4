/* SPDX-License-Identifier: MIT
 *
 * time.c: points in time as tables write them.
 */
#include "base/base.h"

/* A number of so many digits at the cursor. */
static int32_t digits(const char **at, const char *end, int32_t count, int32_t *value) {
  *value = 0;
  if (end - *at < count) return 0;
  for (int32_t i = 0; i < count; i++) {
    const char c = (*at)[i];
    if (c < '0' || c > '9') return 0;
    *value = 10 * *value + (c - '0');
  }
  *at += count;
  return 1;
}

static int32_t take(const char **at, const char *end, char c) {
  if (*at == end || **at != c) return 0;
  ++*at;
  return 1;
}

/* Days since 1970-01-01 in the Gregorian calendar; -1 day is 1969-12-31. Years run from March, so that a leap day is
 * the last of its year. */
static int64_t days_of(int32_t year, int32_t month, int32_t day) {
  const int64_t y = month > 2 ? year : year - 1, m = month > 2 ? month - 3 : month + 9;
  const int64_t before = 365 * y + y / 4 - y / 100 + y / 400;
  return before + (153 * m + 2) / 5 + day - 1 - 719468;
}

static int32_t is_date(int32_t year, int32_t month, int32_t day) {
  static const int8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (year < 1 || month < 1 || month > 12 || day < 1) return 0;
  const int32_t leap = month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return day <= lengths[month - 1] + leap;
}

/* hh:mm, and if there :ss and a fraction. */
static int32_t parse_clock(const char **at, const char *end, double *seconds) {
  int32_t hour, minute, second = 0;
  double fraction = 0.0, unit = 0.1;
  if (!digits(at, end, 2, &hour) || !take(at, end, ':') || !digits(at, end, 2, &minute)) return 0;
  if (take(at, end, ':')) {
    if (!digits(at, end, 2, &second)) return 0;
    if (take(at, end, '.')) {
      if (*at == end || **at < '0' || **at > '9') return 0;
      for (; *at < end && **at >= '0' && **at <= '9'; ++*at, unit /= 10.0) fraction += unit * (**at - '0');
    }
  }
  *seconds = 3600.0 * hour + 60.0 * minute + second + fraction;
  return hour < 24 && minute < 60 && second < 61;
}

/* Z, +hh:mm or +hhmm; nothing is UTC too. */
static int32_t parse_zone(const char **at, const char *end, double *seconds) {
  int32_t hour, minute;
  *seconds = 0.0;
  if (*at == end || take(at, end, 'Z')) return 1;
  const double sign = **at == '-' ? -1.0 : 1.0;
  if (!take(at, end, '+') && !take(at, end, '-')) return 0;
  if (!digits(at, end, 2, &hour)) return 0;
  take(at, end, ':');
  if (!digits(at, end, 2, &minute) || hour > 15 || minute > 59) return 0;
  *seconds = sign * (3600.0 * hour + 60.0 * minute);
  return 1;
}

int32_t bai_parse_time(const char *text, int64_t length, double *time) {
  const char *at = text, *end = text + length;
  int32_t year, month, day;
  double clock = 0.0, zone = 0.0;
  if (bai_parse_f64(text, length, time)) return *time - *time == 0.0;
  if (!digits(&at, end, 4, &year) || !take(&at, end, '-') || !digits(&at, end, 2, &month) || !take(&at, end, '-') ||
      !digits(&at, end, 2, &day) || !is_date(year, month, day))
    return 0;
  if ((take(&at, end, 'T') || take(&at, end, ' ')) && (!parse_clock(&at, end, &clock) || !parse_zone(&at, end, &zone)))
    return 0;
  *time = 86400.0 * (double)days_of(year, month, day) + clock - zone;
  return at == end;
}
